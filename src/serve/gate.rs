//! The gate before Socket.IO: each Engine.IO session is known here, and what it says is looked at before anything
//! of it is kept.
//!
//! A session says hello a few times at most, and never while it is here; binary messages, which nobody here needs,
//! are refused with the session that sends them, by polling and by WebSocket alike. Sessions are bounded in number:
//! where there are too many, the oldest goes that has not come in, of the address that holds most of these.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value as Json;
use tokio::time::timeout;

use super::{Judge, Peer};
use crate::proto::engineio::{self, BINARY_MARK, BORDER};
use crate::proto::socketio;

/// A namespace without members. Engine.IO keeps a session for a while that has ended without any.
pub const NOWHERE: &str = "/nowhere";
/// How long a session may take to end.
const END: Duration = Duration::from_millis(200);
/// How long a browser may take from its handshake to its connect. Until then socketioxide keeps a session,
/// even one that has ended.
pub const HELLO: Duration = Duration::from_secs(5);
/// How often a session may say hello: the code of the room may be mistyped.
const HELLOS: u8 = 5;
/// The bytes that a hello begins with: a message of Engine.IO that carries a connect of Socket.IO.
const CARRIES: u8 = engineio::Type::Message.byte();
const CONNECT: u8 = socketio::Type::Connect.byte();
/// What announces bytes.
const BINARY_EVENT: u8 = socketio::Type::BinaryEvent.byte();
const BINARY_ACK: u8 = socketio::Type::BinaryAck.byte();
/// What Engine.IO reads of a request's head.
const NEEDED: [HeaderName; 6] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
];
/// Bytes of a value that it may need.
const LONGEST: usize = 256;
/// Where Socket.IO is asked for.
const PATH: &str = "/socket.io";

/// Who is told that a session's request was taken over a connection from this address: its packets are the session's.
pub type Took = Box<dyn Fn(SocketAddr, &str) + Send + Sync>;

/// Who is told why a session was cut that never came in.
pub type Cut = Box<dyn Fn(&'static str) + Send + Sync>;

/// All sessions of Engine.IO.
pub struct Sessions {
    /// How many may be here.
    members: usize,
    /// Bytes of one message.
    message: usize,
    took: Took,
    cut: Cut,
    table: Mutex<Table>,
    /// How many are in memory.
    remain: AtomicUsize,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    /// The oldest first.
    all: BTreeMap<u64, Weak<Session>>,
    by_sid: HashMap<String, u64>,
}

/// One session. It is kept by the request that began it, which Engine.IO keeps as long as the session lasts.
#[derive(Debug)]
pub struct Session {
    number: u64,
    address: SocketAddr,
    /// Its id, where it began by polling.
    sid: OnceLock<String>,
    began: Instant,
    hellos: AtomicU8,
    /// A member of the chat.
    here: AtomicBool,
    /// The connection of its WebSocket.
    carrier: Mutex<Option<Peer>>,
    /// To whom what is refused of it is told.
    owner: OnceLock<usize>,
    sessions: Arc<Sessions>,
}

/// The session of a request: an extension.
#[derive(Clone, Debug)]
pub struct Pass(Arc<Session>);

/// Judges what a session says by WebSocket. The connection must not keep the session.
#[derive(Debug)]
struct Words(Weak<Session>);

/// Of a request for Socket.IO, what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    version: String,
    transport: &'static str,
    sid: Option<String>,
}

/// Lets a request through, or not.
pub async fn check(
    State(sessions): State<Arc<Sessions>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return next.run(request).await;
    }
    let Some(asked) = Asked::read(request.uri().query().unwrap_or_default()) else {
        return refuse(0, "Transport unknown");
    };
    // Both shall understand the same, however it was put.
    *request.uri_mut() = asked.uri();
    lighten(&mut request);
    let Some(sid) = &asked.sid else {
        return if request.method() == Method::GET {
            sessions.begin(&asked, &peer, request, next).await
        } else {
            refuse(2, "Bad handshake method")
        };
    };
    let Some(session) = sessions.find(sid) else { return refuse(1, "Session ID unknown") };
    if asked.transport == "websocket" {
        peer.judge(Arc::new(Words(Arc::downgrade(&session))));
        session.carried_by(&peer);
    } else if request.method() == Method::POST {
        let (head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, sessions.message).await else { return refuse(3, "Bad request") };
        if !body.split(|&b| b == BORDER).all(|packet| session.takes(packet)) {
            sessions.end(&session, &next).await;
            session.forget();
            return refuse(3, "Bad request");
        }
        request = Request::from_parts(head, body.into());
    }
    // What the server refuses, it does at once; an answer that keeps it waiting was taken.
    let mut answer = std::pin::pin!(next.run(request));
    tokio::select! {
        biased;
        answer = &mut answer => {
            if !answer.status().is_client_error() {
                sessions.took(&session, &peer, sid);
            }
            answer
        }
        () = std::future::ready(()) => {
            sessions.took(&session, &peer, sid);
            answer.await
        }
    }
}

/// Engine.IO keeps the head of the request that began a session, and each of its values keeps the buffer that all of
/// it was read into. What Engine.IO asks for stays, in bytes of its own.
fn lighten(request: &mut Request) {
    let headers = request.headers_mut();
    let mut kept = HeaderMap::with_capacity(NEEDED.len());
    for name in NEEDED {
        let own = headers.get(&name).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok());
        if let Some(value) = own.filter(|value| value.len() <= LONGEST) {
            kept.insert(name, value);
        }
    }
    *headers = kept;
}

/// An error as Engine.IO words it.
fn refuse(code: u8, message: &str) -> Response {
    let body = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("members", &self.members).finish_non_exhaustive()
    }
}

impl Sessions {
    /// None yet. `members` may be here, and a message may have `message` bytes.
    pub fn new(members: usize, message: usize, took: Took, cut: Cut) -> Arc<Self> {
        Arc::new(Self { members, message, took, cut, table: Mutex::default(), remain: AtomicUsize::new(0) })
    }

    /// Sessions at a time: as many may be on their way in or out as may be here.
    fn most(&self) -> usize {
        2 * self.members
    }

    /// Sessions at a time of which something is still in memory, those included that have just ended.
    fn most_remains(&self) -> usize {
        4 * self.members
    }

    /// A session begins.
    async fn begin(self: &Arc<Self>, asked: &Asked, peer: &Peer, mut request: Request, next: Next) -> Response {
        while let Some(oldest) = self.one_too_many() {
            self.end(&oldest, &next).await;
            oldest.forget();
            (self.cut)("too many sessions: one that had not come in was cut");
        }
        if self.remain.load(Ordering::Acquire) >= self.most_remains() {
            return (StatusCode::SERVICE_UNAVAILABLE, "too many sessions begin right now; try again\n").into_response();
        }
        let session = self.open(peer.address);
        request.extensions_mut().insert(Pass(Arc::clone(&session)));
        if asked.transport == "websocket" {
            peer.judge(Arc::new(Words(Arc::downgrade(&session))));
            session.carried_by(peer);
            return next.run(request).await;
        }
        let (head, body) = next.run(request).await.into_parts();
        let body = to_bytes(body, self.message).await.unwrap_or_default();
        if let Some(sid) = opened(&body) {
            self.table().by_sid.insert(sid.clone(), session.number);
            self.took(&session, peer, &sid);
            let _ = session.sid.set(sid);
        }
        Response::from_parts(head, body.into())
    }

    fn open(self: &Arc<Self>, address: SocketAddr) -> Arc<Session> {
        let mut table = self.table();
        table.next += 1;
        self.remain.fetch_add(1, Ordering::AcqRel);
        let session = Arc::new(Session {
            number: table.next,
            address,
            sid: OnceLock::new(),
            began: Instant::now(),
            hellos: AtomicU8::new(0),
            here: AtomicBool::new(false),
            carrier: Mutex::default(),
            owner: OnceLock::new(),
            sessions: Arc::clone(self),
        });
        let number = table.next;
        table.all.insert(number, Arc::downgrade(&session));
        session
    }

    fn find(&self, sid: &str) -> Option<Arc<Session>> {
        let table = self.table();
        table.all.get(table.by_sid.get(sid)?)?.upgrade()
    }

    /// Whom a new session takes the place of, if there is none free.
    fn one_too_many(&self) -> Option<Arc<Session>> {
        let table = self.table();
        if table.all.len() < self.most() {
            return None;
        }
        let all: Vec<Arc<Session>> = table.all.values().filter_map(Weak::upgrade).collect();
        // A session that is dropped here wants the table.
        drop(table);
        let mut held: HashMap<IpAddr, (usize, &Arc<Session>)> = HashMap::new();
        for session in all.iter().filter(|session| !session.here.load(Ordering::Acquire)) {
            held.entry(session.address.ip().to_canonical()).or_insert((0, session)).0 += 1;
        }
        let of = held.into_values().max_by_key(|&(count, session)| (count, std::cmp::Reverse(session.number)));
        of.map(|(_, session)| Arc::clone(session))
    }

    /// Ends a session: as its own client would, and where it has a connection, by cutting it.
    async fn end(&self, session: &Session, next: &Next) {
        if let Some(sid) = session.sid.get() {
            let asked = Asked { version: "4".to_owned(), transport: "polling", sid: Some(sid.clone()) };
            let hello = format!("40{NOWHERE},");
            for (method, body) in [(Method::POST, hello.as_str()), (Method::GET, ""), (Method::POST, "1")] {
                let request = Request::builder().method(method).uri(asked.uri()).body(Body::from(body.to_owned()));
                if let Ok(request) = request {
                    let _ = timeout(END, next.clone().run(request)).await;
                }
            }
        }
        if let Some(peer) = session.carrier().take() {
            peer.hang_up();
        }
    }

    /// A request of this session was taken over this connection: its packets are the session's.
    fn took(&self, session: &Session, peer: &Peer, sid: &str) {
        let of = |address: SocketAddr| {
            let ip = address.ip().to_canonical();
            if ip.is_loopback() { None } else { Some(ip) }
        };
        // Whoever lures somebody else into naming his session is not shown what they send.
        if of(session.address) == of(peer.address) {
            (self.took)(peer.address, sid);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Whether it may say this. At most the first two bytes matter.
    fn takes(&self, packet: &[u8]) -> bool {
        match packet {
            // A hello; while it is here, or too often.
            [CARRIES, CONNECT, ..] => {
                let before =
                    self.hellos.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| Some(n.saturating_add(1)));
                !self.here.load(Ordering::Acquire) && before.is_ok_and(|n| n < HELLOS)
            }
            // Binary: Engine.IO's, and what announces it in Socket.IO.
            [BINARY_MARK, ..] | [CARRIES, BINARY_EVENT | BINARY_ACK, ..] => false,
            _ => true,
        }
    }

    fn carrier(&self) -> MutexGuard<'_, Option<Peer>> {
        self.carrier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its WebSocket goes over this connection.
    fn carried_by(&self, peer: &Peer) {
        self.owner.get().into_iter().for_each(|&owner| peer.belongs_to(owner));
        *self.carrier() = Some(peer.clone());
    }

    /// Whether its time to say hello passed without one, as it ends after so long.
    fn was_mute(&self, lasted: Duration) -> bool {
        self.hellos.load(Ordering::Acquire) == 0 && lasted >= HELLO
    }

    /// It counts no longer, however long Engine.IO takes to let go of it.
    fn forget(&self) {
        let mut table = self.sessions.table();
        table.all.remove(&self.number);
        if let Some(sid) = self.sid.get() {
            table.by_sid.remove(sid);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.was_mute(self.began.elapsed()) {
            (self.sessions.cut)("a session said no hello in time: it was cut");
        }
        self.forget();
        self.sessions.remain.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pass {
    /// The session has come in, or gone.
    pub fn is_here(&self, here: bool) {
        self.0.here.store(here, Ordering::Release);
    }

    /// Names its owner: what is refused on its connection is told with this number. The first one counts.
    pub fn belongs_to(&self, owner: usize) {
        let _ = self.0.owner.set(owner);
        self.0.carrier().iter().for_each(|peer| peer.belongs_to(owner));
    }

    /// Cuts its connection, if it has one of its own.
    pub fn hang_up(&self) {
        if let Some(peer) = self.0.carrier().take() {
            peer.hang_up();
        }
    }
}

impl Judge for Words {
    fn takes_binary(&self) -> bool {
        false
    }

    fn takes_text(&self, begins: &[u8]) -> bool {
        self.0.upgrade().is_some_and(|session| session.takes(begins))
    }
}

impl Asked {
    /// Of a query, the first pair with each key.
    fn read(query: &str) -> Option<Self> {
        let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        let sound =
            |text: &str| text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        let transport = ["polling", "websocket"].into_iter().find(|&t| value("transport") == Some(t))?;
        let version = value("EIO").filter(|v| sound(v)).unwrap_or("0").to_owned();
        // What cannot be an id is none that is known.
        let sid = value("sid").map(|sid| if sound(sid) { sid.to_owned() } else { String::new() });
        Some(Self { version, transport, sid })
    }

    fn uri(&self) -> Uri {
        let Self { version, transport, sid } = self;
        let sid = sid.as_ref().map(|sid| format!("&sid={sid}")).unwrap_or_default();
        format!("{PATH}/?EIO={version}&transport={transport}{sid}").parse().unwrap_or_default()
    }
}

/// The id in the answer that opens a session.
fn opened(body: &Bytes) -> Option<String> {
    let open: Json = serde_json::from_slice(body.strip_prefix(b"0")?).ok()?;
    open.get("sid")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Arc<Session> {
        Sessions::new(1000, 16 << 10, Box::new(|_, _| {}), Box::new(|_| {})).open("192.0.2.1:5000".parse().unwrap())
    }

    #[test]
    fn binary_and_a_second_hello_of_a_member_are_refused() {
        let session = session();
        for packet in ["b", "bAAAA", "451-[\"x\"]", "460-1[]"] {
            assert!(!session.takes(packet.as_bytes()), "{packet}");
        }
        assert!(session.takes(b"40"));
        session.here.store(true, Ordering::Release);
        for packet in ["42[\"say\",{}]", "2", "3", "41", "1", "5", "2probe", "4", ""] {
            assert!(session.takes(packet.as_bytes()), "{packet}");
        }
        assert!(!session.takes(b"40"));
    }

    #[test]
    fn a_code_may_be_mistyped_a_few_times_in_one_session() {
        let session = session();
        assert_eq!((0..9).filter(|_| session.takes(b"40{\"code\":\"x\"}")).count(), usize::from(HELLOS));
    }

    #[test]
    fn only_who_let_the_time_pass_without_a_hello_was_mute() {
        let session = session();
        assert!(session.was_mute(HELLO) && !session.was_mute(HELLO / 2), "who leaves at once is no trouble");
        session.takes(b"40");
        assert!(!session.was_mute(HELLO));
    }

    #[test]
    fn a_request_is_understood_in_one_way_only() {
        let sid = |query| Asked::read(query).map(|asked| asked.uri().to_string());
        let uri = |rest: &str| Some(format!("/socket.io/?EIO=4&transport=polling{rest}"));
        assert_eq!(sid("EIO=4&transport=polling&t=1"), uri(""));
        assert_eq!(sid("sid=abc_-&EIO=4&transport=polling&sid=other"), uri("&sid=abc_-"));
        assert_eq!(sid("EIO=4&transport=polling&sid=a%20b"), uri("&sid="));
        assert_eq!(sid("EIO=4&transport=polling&sid="), uri("&sid="));
        assert_eq!(sid("EIO=4&transport=carrier-pigeon"), None);
        assert_eq!(sid(""), None);
    }

    #[test]
    fn where_there_are_too_many_the_flood_loses_its_own() {
        let sessions = Sessions::new(1000, 16 << 10, Box::new(|_, _| {}), Box::new(|_| {}));
        let at = |ip: &str| sessions.open(format!("{ip}:5000").parse().unwrap());
        let guest = at("192.0.2.1");
        let flood: Vec<_> = (1..sessions.most()).map(|_| at("192.0.2.66")).collect();
        flood[0].here.store(true, Ordering::Release);
        assert_eq!(sessions.one_too_many().map(|s| s.number), Some(flood[1].number));
        drop(flood);
        assert!(sessions.one_too_many().is_none() && guest.number == 1);
    }
}
