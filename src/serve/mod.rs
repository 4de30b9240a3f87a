//! Rank 5: a web server on this machine's real sockets, with the care that any server needs that a browser can reach.
//! Chat, class and playground are served by it.
//!
//! Read [`serve`], then [`origin`] (who may ask), `stream` (how long and how much one connection may talk), `line` (who
//! goes when there are too many) and `frames` (how long a WebSocket message may get, and how it may begin). What is
//! served is the caller's: a [`Router`] of axum. Over Socket.IO, [`gate`] stands before the sessions and [`words`] keeps what
//! each says in order; [`code`] keeps strangers out, [`allowance`] slows down who says too much, [`mirror`] captures the
//! server's own packets for those whose they are, and [`ending`] ends it.

pub mod allowance;
pub mod code;
pub mod ending;
mod frames;
pub mod gate;
mod line;
pub mod mirror;
pub mod origin;
mod reach;
mod stream;
pub mod words;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::rights;
use line::{Line, Lines, Phase};

pub use frames::{Frames, Judge, Refused};
pub use origin::{Friends, Hosts};
pub use reach::{Routes, own_address, reach};
pub use stream::Stream;

/// What a page of ours may do in a browser: load its own scripts and styles, talk to its own server, nothing else
/// (Content Security Policy Level 3).
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                          base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// [`POLICY`] for a page that may speak to these servers as well.
pub fn policy(others: &[SocketAddr]) -> String {
    const OWN: &str = "connect-src 'self'";
    let all = others.iter().fold(OWN.to_owned(), |all, at| all + " ws://" + &at.to_string());
    POLICY.replacen(OWN, &all, 1)
}

/// After the system gave no connection (it is out of descriptors, say), it is asked again so much later.
const PAUSE: Duration = Duration::from_millis(200);

/// What one connection, and all together, may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at a time. The next one takes the place of one that is idle, or of a request that is half here.
    pub connections: usize,
    /// The head of a request is here within this time.
    pub head: Duration,
    /// So is its body.
    pub body: Duration,
    /// A connection on which nothing arrives for so long is closed.
    pub silence: Duration,
    /// So is one whose peer reads nothing of what waits for it.
    pub deafness: Duration,
    /// Bytes of a request's body, and of a WebSocket message, that a client sends.
    pub message: usize,
}

/// What the one who serves should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The most connections are open, and idle ones go to make room.
    Full(usize),
    /// Something was refused, and why; on a connection of this owner, if it has one.
    Refused(&'static str, Option<usize>),
}

/// Whose connection a request came over: its extension `ConnectInfo<Peer>`.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it comes from.
    pub address: SocketAddr,
    line: Arc<Line>,
}

impl Peer {
    /// Names who judges what the client says once it speaks WebSocket. The first one counts.
    pub fn judge(&self, judge: Arc<dyn Judge>) {
        let _ = self.line.judge.set(judge);
    }

    /// Names the connection's owner: what is refused on it is told with this number. The first one counts.
    pub fn belongs_to(&self, owner: usize) {
        let _ = self.line.owner.set(owner);
    }

    /// Ends the connection, whatever is under way.
    pub fn hang_up(&self) {
        self.line.hang_up();
    }
}

/// A listener that keeps to its bounds.
struct Gate<F> {
    listener: TcpListener,
    bounds: Bounds,
    seats: Arc<Semaphore>,
    lines: Arc<Lines>,
    full: F,
}

/// How many connections, up to so many, this process may hold: it asks the system for as many open files.
pub fn room(connections: usize) -> usize {
    /// What else is open.
    const OTHERS: usize = 64;
    let files = rights::open_files((connections + OTHERS) as u64);
    files.map_or(connections, |files| {
        usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHERS).clamp(1, connections)
    })
}

/// Serves `router` until the future is dropped. Each answer carries [`POLICY`], unless it has another, and its kin; each
/// request is first judged by [`origin`], and whole before anybody sees it. `full` is called when somebody goes because
/// there are too many, `refused` when somebody is cut off, or gets no answer, for what it sent.
///
/// # Errors
/// The system takes the port away.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    hosts: Hosts,
    bounds: Bounds,
    full: impl FnMut() + Send + 'static,
    refused: impl Fn(&'static str, Option<usize>) + Send + Sync + 'static,
) -> io::Result<()> {
    let hosts = Arc::new(hosts);
    let router = router
        .layer(middleware::from_fn_with_state(bounds, whole))
        .layer(middleware::from_fn_with_state(hosts, origin::check))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn(phases))
        .into_make_service_with_connect_info::<Peer>();
    let (seats, lines) = (Arc::new(Semaphore::new(bounds.connections)), Arc::new(Lines::telling(refused)));
    axum::serve(Gate { listener, bounds, seats, lines, full }, router).await
}

/// Tells the stream what it is about. A connection whose request was refused is not used again.
async fn phases(ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    peer.line.enter(Phase::Answer);
    let mut response = next.run(request).await;
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    peer.line.enter(if switches { Phase::Switched } else { Phase::Idle });
    if response.status().is_client_error() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Waits until all of a request is here.
async fn whole(
    State(bounds): State<Bounds>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let long = || (StatusCode::PAYLOAD_TOO_LARGE, "this is longer than anybody needs\n").into_response();
    // What it says of its length is enough to refuse it.
    if request.body().size_hint().lower() > bounds.message as u64 {
        return long();
    }
    peer.line.enter(Phase::Body);
    let (head, body) = request.into_parts();
    match timeout(bounds.body, axum::body::to_bytes(body, bounds.message)).await {
        Ok(Ok(body)) => {
            peer.line.enter(Phase::Answer);
            next.run(Request::from_parts(head, body.into())).await
        }
        Ok(Err(_)) => long(),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the rest of the request did not come\n").into_response(),
    }
}

/// Tells a browser what this page may not do, and what nobody else may do with it.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // A page that needs another policy has said so.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    let fields = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

impl<F: FnMut() + Send + 'static> Gate<F> {
    /// A seat for one more; somebody else's, where all are taken.
    async fn seat(&mut self) -> Option<OwnedSemaphorePermit> {
        let seats = Arc::clone(&self.seats);
        if let Ok(seat) = Arc::clone(&seats).try_acquire_owned() {
            return Some(seat);
        }
        (self.full)();
        // Who is busy, or talks, is left alone.
        if !self.lines.shed() {
            return None;
        }
        timeout(PAUSE, seats.acquire_owned()).await.ok()?.ok()
    }
}

impl<F: FnMut() + Send + 'static> Listener for Gate<F> {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            let Ok((stream, from)) = self.listener.accept().await else {
                // Out of descriptors, say.
                (self.full)();
                self.lines.shed();
                sleep(PAUSE).await;
                continue;
            };
            let Some(seat) = self.seat().await else { continue };
            // Each message shall leave at once, in a segment of its own, so that a capture shows it so.
            let _ = stream.set_nodelay(true);
            return (Stream::new(stream, self.bounds, self.lines.open(from), seat), from);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl<F: FnMut() + Send + 'static> Connected<IncomingStream<'_, Gate<F>>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate<F>>) -> Self {
        Self { address: *stream.remote_addr(), line: Arc::clone(stream.io().line()) }
    }
}
