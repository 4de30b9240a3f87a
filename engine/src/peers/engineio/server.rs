//! The server's end of Engine.IO: dialogues that outlive their connections.
//!
//! A [`Hub`] holds the dialogues of one server, bounded in number and in what waits to be sent. A [`Line`] is one
//! connection to it: it reads HTTP, answers a poll when there is something to say, takes what is posted, and
//! becomes a WebSocket where that is asked for. The program above is a [`Service`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Handshake, Message, Order, Packet, Transport, query, read_payload, take_payload, write_payload};
use crate::peers::http::{self, Request, Response};
use crate::peers::websocket::{self, Event, Role};
use crate::peers::{Input, Peer, Want, lock};
use crate::rng::Rng;

/// Dialogues of one server at a time.
const MAX_SESSIONS: usize = 1_024;
/// What may wait to be sent in one dialogue, in bytes. Who does not fetch it is forgotten.
const MAX_QUEUE: usize = 1024 * 1024;
/// How long the answer to our closing frame may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// A dialogue of a hub.
pub type Id = u64;

/// The program above: it hears what clients say, and answers with orders.
pub trait Service: Send {
    /// A dialogue has begun.
    fn opened(&mut self, id: Id, orders: &mut Vec<(Id, Order)>);
    /// A client said something.
    fn heard(&mut self, id: Id, message: Message, orders: &mut Vec<(Id, Order)>);
    /// A dialogue has ended, whoever ended it.
    fn closed(&mut self, id: Id, orders: &mut Vec<(Id, Order)>);
}

/// How a server behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The path of its requests.
    pub path: String,
    /// The transports that it speaks.
    pub transports: Vec<Transport>,
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// How long a pong may take.
    pub ping_timeout: Duration,
}

/// The dialogues of one server.
#[derive(Debug)]
pub struct Hub<S> {
    settings: Settings,
    service: S,
    rng: Rng,
    sessions: BTreeMap<Id, Session>,
    sids: BTreeMap<String, Id>,
    next: Id,
    /// Before this moment nothing is due in any dialogue.
    quiet_until: Duration,
}

#[derive(Debug)]
struct Session {
    sid: String,
    transport: Transport,
    queue: VecDeque<Packet>,
    /// The bytes in the queue.
    queued: usize,
    /// A request waits for an answer.
    polled: bool,
    /// A WebSocket was probed: no poll waits any more.
    upgrading: bool,
    /// The service was told that it is over; what is queued may still be fetched.
    over: bool,
    /// What is due next, and when.
    next: Next,
    due: Duration,
}

/// What keeps a dialogue alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Our ping.
    Ping,
    /// The client's pong.
    Pong,
}

/// Why a request is refused, as the protocol's reference server says it.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Transport,
    Session,
    Method,
    Request,
    Version,
    Full,
}

impl<S: Service> Hub<S> {
    /// A server without any dialogue yet. Its random numbers name the dialogues.
    pub fn new(settings: Settings, service: S, rng: Rng) -> Arc<Mutex<Self>> {
        let (sessions, sids) = (BTreeMap::new(), BTreeMap::new());
        Arc::new(Mutex::new(Self { settings, service, rng, sessions, sids, next: 0, quiet_until: Duration::MAX }))
    }

    fn open(&mut self, now: Duration, transport: Transport) -> Result<Id, Refusal> {
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(Refusal::Full);
        }
        let sid = URL_SAFE_NO_PAD.encode(self.rng.bytes::<15>());
        let upgrades = [Transport::WebSocket].into_iter();
        let upgrades = upgrades.filter(|up| *up != transport && self.settings.transports.contains(up)).collect();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let Settings { ping_interval, ping_timeout, .. } = self.settings;
        let (interval, timeout) = (millis(ping_interval), millis(ping_timeout));
        let max_payload = http::MAX_BODY;
        let shake =
            Handshake { sid: sid.clone(), upgrades, ping_interval: interval, ping_timeout: timeout, max_payload };
        // Texts and numbers always become JSON.
        let first = Packet::Open(serde_json::to_string(&shake).unwrap_or_default());
        let id = self.next;
        self.next += 1;
        self.sids.insert(sid.clone(), id);
        let session = Session {
            sid,
            transport,
            queued: first.size(),
            queue: [first].into(),
            polled: false,
            upgrading: false,
            over: false,
            next: Next::Ping,
            due: now + self.settings.ping_interval,
        };
        self.quiet_until = self.quiet_until.min(session.due);
        self.sessions.insert(id, session);
        self.tell(|service, orders| service.opened(id, orders));
        Ok(id)
    }

    /// Lets the service speak, and carries out what it orders.
    fn tell(&mut self, speak: impl FnOnce(&mut S, &mut Vec<(Id, Order)>)) {
        let mut orders = Vec::new();
        speak(&mut self.service, &mut orders);
        for (id, order) in orders {
            match order {
                Order::Say(message) => self.push(id, Packet::Message(message)),
                Order::Close => self.end(id, Some(Packet::Close)),
                Order::HangUp => self.forget(id),
            }
        }
    }

    fn push(&mut self, id: Id, packet: Packet) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.over) else { return };
        session.queued += packet.size();
        session.queue.push_back(packet);
        if session.queued > MAX_QUEUE {
            // As if it had not answered a ping: the next tick forgets it.
            (session.queued, session.next, session.due) = (0, Next::Pong, Duration::ZERO);
            self.quiet_until = Duration::ZERO;
            session.queue.clear();
        }
    }

    /// Ends a dialogue; its last word, if any, can still be fetched.
    fn end(&mut self, id: Id, last: Option<Packet>) {
        let Some(session) = self.sessions.get_mut(&id).filter(|session| !session.over) else { return };
        session.over = true;
        session.queue.extend(last);
        if session.queue.is_empty() {
            self.remove(id);
        }
        self.tell(|service, orders| service.closed(id, orders));
    }

    /// Ends a dialogue at once.
    fn forget(&mut self, id: Id) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.queue.clear();
        }
        self.end(id, None);
        self.remove(id);
    }

    fn remove(&mut self, id: Id) {
        if let Some(session) = self.sessions.remove(&id) {
            self.sids.remove(&session.sid);
        }
    }

    /// Pings whom it is time to ping, and forgets who did not answer.
    fn tick(&mut self, now: Duration) {
        if now < self.quiet_until {
            return;
        }
        let due: Vec<_> = self.sessions.iter().filter(|(_, s)| s.due <= now).map(|(id, s)| (*id, s.next)).collect();
        for (id, next) in due {
            if next == Next::Pong {
                self.forget(id);
                continue;
            }
            self.push(id, Packet::Ping(String::new()));
            if let Some(session) = self.sessions.get_mut(&id) {
                (session.next, session.due) = (Next::Pong, now + self.settings.ping_timeout);
            }
        }
        self.quiet_until = self.sessions.values().map(|session| session.due).min().unwrap_or(Duration::MAX);
    }

    fn take(&mut self, now: Duration, id: Id, packet: Packet) {
        let interval = self.settings.ping_interval;
        match packet {
            Packet::Pong(_) => {
                if let Some(session) = self.sessions.get_mut(&id).filter(|session| session.next == Next::Pong) {
                    (session.next, session.due) = (Next::Ping, now + interval);
                }
            }
            Packet::Message(message) if self.sessions.get(&id).is_some_and(|session| !session.over) => {
                self.tell(|service, orders| service.heard(id, message, orders));
            }
            // A poll that waits is let go with a no-operation.
            Packet::Close => {
                let polled = self.sessions.get(&id).is_some_and(|session| session.polled);
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.queue.clear();
                }
                self.end(id, polled.then_some(Packet::Noop));
            }
            // Only the server pings.
            Packet::Ping(_) => self.forget(id),
            Packet::Open(_) | Packet::Upgrade | Packet::Noop | Packet::Message(_) => {}
        }
    }

    /// What a poll is answered, if it is not to wait. The session is gone: nothing can be answered.
    fn poll(&mut self, id: Id) -> Option<Result<String, Refusal>> {
        let Some(session) = self.sessions.get_mut(&id) else { return Some(Err(Refusal::Session)) };
        if session.queue.is_empty() && !session.upgrading {
            return None;
        }
        session.polled = false;
        let mut packets = take_payload(&mut session.queue, http::MAX_BODY);
        session.queued = session.queued.saturating_sub(packets.iter().map(Packet::size).sum());
        if packets.is_empty() {
            packets.push(Packet::Noop);
        }
        if session.over && session.queue.is_empty() {
            self.remove(id);
        }
        Some(Ok(write_payload(&packets)))
    }

    /// Whether a line with this duty has something to send.
    fn has_news(&self, mode: &Mode) -> bool {
        match mode {
            Mode::Http => false,
            Mode::Poll(id) => self.sessions.get(id).is_none_or(|s| s.upgrading || !s.queue.is_empty()),
            Mode::Socket(socket) if socket.probing => {
                !self.sessions.contains_key(&socket.id) && !socket.talk.is_closing()
            }
            Mode::Socket(socket) => {
                !socket.talk.is_closing() && self.sessions.get(&socket.id).is_none_or(|s| s.over || !s.queue.is_empty())
            }
        }
    }
}

/// One connection to a hub.
#[derive(Debug)]
pub struct Line<S> {
    hub: Arc<Mutex<Hub<S>>>,
    inbox: Vec<u8>,
    mode: Mode,
    /// The dialogue that was spoken of last: its clock wakes us.
    last: Option<Id>,
    /// The client wants no second request on this connection.
    single: bool,
}

#[derive(Debug)]
enum Mode {
    Http,
    /// A request waits for something to be said.
    Poll(Id),
    Socket(Box<Socket>),
}

#[derive(Debug)]
struct Socket {
    id: Id,
    talk: websocket::Session,
    /// The dialogue still goes on by polling.
    probing: bool,
    /// When we stop waiting for the answer to our closing frame.
    until: Option<Duration>,
}

impl<S: Service> Line<S> {
    /// A connection that was accepted for this hub.
    pub fn new(hub: Arc<Mutex<Hub<S>>>) -> Self {
        Self { hub, inbox: Vec::new(), mode: Mode::Http, last: None, single: false }
    }

    /// Answers what can be answered, and says what is wanted next.
    fn go_on(&mut self, now: Duration, hub: &mut Hub<S>, out: &mut Vec<u8>) -> Want {
        loop {
            match &mut self.mode {
                Mode::Socket(_) => return self.frames(now, hub, out),
                Mode::Poll(id) => match hub.poll(*id) {
                    Some(answer) => {
                        reply(answer, "text/plain; charset=UTF-8", out);
                        self.mode = Mode::Http;
                    }
                    // Nobody has that much to ask while an answer is due.
                    None if self.inbox.len() > http::MAX_HEAD + http::MAX_BODY => return self.leave(hub),
                    None => return self.sleep(hub),
                },
                Mode::Http if self.single => return Want::Close,
                Mode::Http => match Request::read(&self.inbox) {
                    Ok(Some((request, used))) => {
                        self.inbox.drain(..used);
                        self.single = request.fields.lists("Connection", "close");
                        self.answer(now, &request, hub, out);
                    }
                    Ok(None) => return self.sleep(hub),
                    Err(_) => {
                        reply(Err(Refusal::Request), "", out);
                        return Want::Close;
                    }
                },
            }
        }
    }

    fn sleep(&self, hub: &Hub<S>) -> Want {
        self.last.and_then(|id| hub.sessions.get(&id)).map_or(Want::Input, |session| Want::Wake(session.due))
    }

    fn answer(&mut self, now: Duration, request: &Request, hub: &mut Hub<S>, out: &mut Vec<u8>) {
        if request.target.split('?').next() != Some(hub.settings.path.as_str()) {
            Response::new(404, "Not Found", "text/plain", b"There is nothing here.\n").write(out);
            return;
        }
        if let Err(refusal) = self.serve(now, request, hub, out) {
            reply(Err(refusal), "", out);
        }
    }

    fn serve(&mut self, now: Duration, request: &Request, hub: &mut Hub<S>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let transport = match query(&request.target, "transport") {
            Some("polling") => Transport::Polling,
            Some("websocket") => Transport::WebSocket,
            _ => return Err(Refusal::Transport),
        };
        if !hub.settings.transports.contains(&transport) {
            return Err(Refusal::Transport);
        }
        if query(&request.target, "EIO") != Some("4") {
            return Err(Refusal::Version);
        }
        let known = match query(&request.target, "sid") {
            Some(sid) => Some(*hub.sids.get(sid).ok_or(Refusal::Session)?),
            None => None,
        };
        if transport == Transport::WebSocket {
            return self.upgrade(now, request, known, hub, out);
        }
        match (request.method.as_str(), known) {
            ("GET", None) => {
                let id = hub.open(now, transport)?;
                self.wait_for(id, hub)
            }
            ("GET", Some(id)) => self.wait_for(id, hub),
            ("POST", Some(id)) => self.post(now, id, &request.content, hub, out),
            _ => Err(Refusal::Method),
        }
    }

    fn wait_for(&mut self, id: Id, hub: &mut Hub<S>) -> Result<(), Refusal> {
        let session = hub.sessions.get_mut(&id).ok_or(Refusal::Session)?;
        if session.transport != Transport::Polling {
            return Err(Refusal::Request);
        }
        if session.polled {
            // Two polls at once: one of them would never be answered.
            hub.forget(id);
            return Err(Refusal::Request);
        }
        session.polled = true;
        (self.mode, self.last) = (Mode::Poll(id), Some(id));
        Ok(())
    }

    fn post(
        &mut self,
        now: Duration,
        id: Id,
        content: &[u8],
        hub: &mut Hub<S>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        if hub.sessions.get(&id).is_none_or(|session| session.transport != Transport::Polling || session.over) {
            return Err(Refusal::Request);
        }
        let Ok(packets) = read_payload(content) else {
            hub.forget(id);
            return Err(Refusal::Request);
        };
        reply(Ok("ok".into()), "text/html", out);
        self.last = Some(id);
        for packet in packets {
            hub.take(now, id, packet);
        }
        Ok(())
    }

    fn upgrade(
        &mut self,
        now: Duration,
        request: &Request,
        known: Option<Id>,
        hub: &mut Hub<S>,
        out: &mut Vec<u8>,
    ) -> Result<(), Refusal> {
        if !websocket::wants_upgrade(request) {
            return Err(Refusal::Request);
        }
        if known.and_then(|id| hub.sessions.get(&id)).is_some_and(|s| s.transport != Transport::Polling || s.upgrading)
        {
            return Err(Refusal::Request);
        }
        let response = match websocket::accept(request) {
            Ok(response) => response,
            Err(refusal) => {
                refusal.write(out);
                return Ok(());
            }
        };
        let id = match known {
            Some(id) => id,
            None => hub.open(now, Transport::WebSocket)?,
        };
        response.write(out);
        let talk = websocket::Session::new(Role::Server, hub.rng.fork());
        self.mode = Mode::Socket(Box::new(Socket { id, talk, probing: known.is_some(), until: None }));
        self.last = Some(id);
        Ok(())
    }

    /// Reads frames, then sends what waits.
    fn frames(&mut self, now: Duration, hub: &mut Hub<S>, out: &mut Vec<u8>) -> Want {
        let Mode::Socket(socket) = &mut self.mode else { return Want::Close };
        for event in socket.talk.receive(&std::mem::take(&mut self.inbox), out) {
            let packet = match event {
                Event::Text(text) => Packet::read(&text).ok(),
                Event::Binary(bytes) => Some(Packet::Message(Message::Binary(bytes))),
                Event::Ping(_) | Event::Pong(_) => continue,
                Event::Close { .. } | Event::Failed(_) => None,
            };
            socket.hear(now, packet, hub, out);
        }
        let session = hub.sessions.get_mut(&socket.id);
        if let Some(session) = session.filter(|_| !socket.probing) {
            session.queued = 0;
            for packet in session.queue.drain(..).filter(|packet| *packet != Packet::Close) {
                packet.send(&mut socket.talk, out);
            }
            if session.over {
                hub.remove(socket.id);
            }
        }
        if socket.talk.is_closed() || socket.until.is_some_and(|until| until <= now) {
            return Want::Close;
        }
        if let Some(session) = hub.sessions.get(&socket.id) {
            return Want::Wake(session.due);
        }
        if !socket.talk.is_closing() {
            socket.talk.close(1000, "", out);
        }
        Want::Wake(*socket.until.get_or_insert(now + FAREWELL))
    }

    /// The connection is gone, and with it the dialogue that hung on it.
    fn leave(&mut self, hub: &mut Hub<S>) -> Want {
        match &self.mode {
            Mode::Http => {}
            Mode::Poll(id) => hub.forget(*id),
            Mode::Socket(socket) => socket.leave(hub),
        }
        self.mode = Mode::Http;
        Want::Close
    }
}

impl Socket {
    fn hear<S: Service>(&mut self, now: Duration, packet: Option<Packet>, hub: &mut Hub<S>, out: &mut Vec<u8>) {
        match packet {
            Some(Packet::Ping(data)) if self.probing && data == "probe" => {
                Packet::Pong(data).send(&mut self.talk, out);
                if let Some(session) = hub.sessions.get_mut(&self.id) {
                    session.upgrading = true;
                }
            }
            Some(Packet::Upgrade) if self.probing => {
                if let Some(session) = hub.sessions.get_mut(&self.id) {
                    (session.transport, session.upgrading) = (Transport::WebSocket, false);
                }
                self.probing = false;
            }
            Some(packet) if !self.probing => hub.take(now, self.id, packet),
            _ => {
                self.leave(hub);
                self.talk.close(1000, "", out);
            }
        }
    }

    /// A WebSocket that was only tried out takes nothing with it.
    fn leave<S: Service>(&self, hub: &mut Hub<S>) {
        match hub.sessions.get_mut(&self.id) {
            Some(session) if self.probing => session.upgrading = false,
            _ => hub.forget(self.id),
        }
    }
}

impl<S: Service> Peer for Line<S> {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        let hub = Arc::clone(&self.hub);
        let mut hub = lock(&hub);
        hub.tick(now);
        match input {
            Input::Bytes(bytes) => self.inbox.extend_from_slice(bytes),
            Input::Ended => return self.leave(&mut hub),
            Input::Opened | Input::Tick => {}
        }
        self.go_on(now, &mut hub, out)
    }

    fn has_news(&self) -> bool {
        lock(&self.hub).has_news(&self.mode)
    }
}

/// Answers a request as the reference server does: refusals are JSON with a number.
fn reply(answer: Result<String, Refusal>, kind: &str, out: &mut Vec<u8>) {
    let mut response = match answer {
        Ok(content) => Response::new(200, "OK", kind, content.as_bytes()),
        Err(Refusal::Full) => Response::new(503, "Service Unavailable", "text/plain", b"Too many dialogues.\n"),
        Err(refusal) => {
            let (code, message) = match refusal {
                Refusal::Transport => (0, "Transport unknown"),
                Refusal::Session => (1, "Session ID unknown"),
                Refusal::Method => (2, "Bad handshake method"),
                Refusal::Version => (5, "Unsupported protocol version"),
                Refusal::Request | Refusal::Full => (3, "Bad request"),
            };
            let content = format!(r#"{{"code":{code},"message":"{message}"}}"#);
            Response::new(400, "Bad Request", "application/json", content.as_bytes())
        }
    };
    response.fields.push("Cache-Control", "no-store");
    response.write(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends each message back as often as it says.
    struct Mirror;

    impl Service for Mirror {
        fn opened(&mut self, _: Id, _: &mut Vec<(Id, Order)>) {}

        fn heard(&mut self, id: Id, message: Message, orders: &mut Vec<(Id, Order)>) {
            match message {
                Message::Text(text) if text == "bye" => orders.push((id, Order::Close)),
                message => orders.extend((0..64).map(|_| (id, Order::Say(message.clone())))),
            }
        }

        fn closed(&mut self, _: Id, _: &mut Vec<(Id, Order)>) {}
    }

    fn hub() -> Arc<Mutex<Hub<Mirror>>> {
        let settings = Settings {
            path: "/engine.io/".into(),
            transports: vec![Transport::Polling, Transport::WebSocket],
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
        };
        Hub::new(settings, Mirror, Rng::seeded(1))
    }

    /// Asks on a connection of its own; gives the line, and what it answered.
    fn ask(hub: &Arc<Mutex<Hub<Mirror>>>, method: &str, sid: &str, content: &str) -> (Line<Mirror>, String) {
        let (mut line, mut out) = (Line::new(Arc::clone(hub)), Vec::new());
        let sid = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
        let length = content.len();
        let head =
            format!("{method} /engine.io/?EIO=4&transport=polling{sid} HTTP/1.1\r\nContent-Length: {length}\r\n\r\n");
        line.step(Duration::ZERO, Input::Bytes((head + content).as_bytes()), &mut out);
        (line, String::from_utf8(out).unwrap())
    }

    fn open(hub: &Arc<Mutex<Hub<Mirror>>>) -> String {
        let (_, answer) = ask(hub, "GET", "", "");
        answer.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap().to_string()
    }

    #[test]
    fn one_dialogue_too_many_is_refused() {
        let hub = hub();
        for _ in 0..MAX_SESSIONS {
            open(&hub);
        }
        assert!(ask(&hub, "GET", "", "").1.starts_with("HTTP/1.1 503 "));
    }

    #[test]
    fn who_does_not_fetch_what_is_said_to_him_is_forgotten() {
        let hub = hub();
        let (greedy, modest) = (open(&hub), open(&hub));
        let long = format!("4{}", "x".repeat(60_000));
        assert!(ask(&hub, "POST", &greedy, &long).1.ends_with("\r\n\r\nok"));
        assert!(ask(&hub, "GET", &greedy, "").1.contains("Session ID unknown"));
        assert!(ask(&hub, "POST", &modest, "4x").1.ends_with("\r\n\r\nok"));
        let (_, answer) = ask(&hub, "GET", &modest, "");
        assert_eq!(answer.matches("4x").count(), 64);
    }

    #[test]
    fn a_second_poll_ends_the_dialogue() {
        let hub = hub();
        let sid = open(&hub);
        let (mut first, answer) = ask(&hub, "GET", &sid, "");
        assert!(answer.is_empty() && !first.has_news());
        assert!(ask(&hub, "GET", &sid, "").1.contains("{\"code\":3,"));
        assert!(first.has_news());
        let mut out = Vec::new();
        first.step(Duration::ZERO, Input::Tick, &mut out);
        assert!(out.starts_with(b"HTTP/1.1 400 "));
    }

    #[test]
    fn a_close_from_either_side_lets_the_poll_go() {
        for (posted, answered) in [("1", "\r\n\r\n6"), ("4bye", "\r\n\r\n1")] {
            let hub = hub();
            let sid = open(&hub);
            let (mut poll, _) = ask(&hub, "GET", &sid, "");
            assert!(ask(&hub, "POST", &sid, posted).1.ends_with("\r\n\r\nok"));
            let mut out = Vec::new();
            assert!(poll.has_news());
            poll.step(Duration::ZERO, Input::Tick, &mut out);
            assert!(String::from_utf8(out).unwrap().ends_with(answered), "{posted}");
            assert!(ask(&hub, "GET", &sid, "").1.contains("Session ID unknown"));
        }
    }

    #[test]
    fn noise_as_a_post_ends_the_dialogue() {
        let hub = hub();
        let sid = open(&hub);
        assert!(ask(&hub, "POST", &sid, "9").1.contains("{\"code\":3,"));
        assert!(ask(&hub, "GET", &sid, "").1.contains("Session ID unknown"));
    }
}
