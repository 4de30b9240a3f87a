//! A web server on this machine's real sockets, with the care that any server needs that a browser can reach.
//!
//! Read [`serve`], then [`origin`] (who may ask), `stream` (how long and how much one connection may talk) and
//! `frames` (how long a WebSocket message may get). What is served is the caller's: a [`Router`] of axum.

mod frames;
pub mod origin;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

pub use origin::Hosts;
pub use stream::Stream;

/// What a page of ours may do in a browser: load its own scripts and styles, talk to its own server, nothing else
/// (Content Security Policy Level 3).
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                          base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// After the system gave no connection (it is out of descriptors, say), it is asked again so much later.
const PAUSE: Duration = Duration::from_millis(200);

/// What one connection, and all together, may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Connections at a time; the next ones wait in the kernel's queue.
    pub connections: usize,
    /// A connection on which nothing arrives for so long is closed.
    pub silence: Duration,
    /// Bytes of one WebSocket message that a client sends.
    pub message: usize,
}

/// Whose connection a request came over: its extension `ConnectInfo<Peer>`.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where it comes from.
    pub address: SocketAddr,
    switched: Arc<AtomicBool>,
}

/// A listener that keeps to its bounds.
#[derive(Debug)]
struct Gate {
    listener: TcpListener,
    bounds: Bounds,
    seats: Arc<Semaphore>,
}

/// Serves `router` until the future is dropped. Each answer carries [`POLICY`] and its kin; each request is first
/// judged by [`origin`].
///
/// # Errors
/// The system takes the port away.
pub async fn serve(listener: TcpListener, router: Router, hosts: Hosts, bounds: Bounds) -> io::Result<()> {
    let hosts = Arc::new(hosts);
    let router = router
        .layer(middleware::from_fn(switch))
        .layer(middleware::map_response(harden))
        .layer(middleware::from_fn_with_state(hosts, origin::check))
        .into_make_service_with_connect_info::<Peer>();
    let gate = Gate { listener, bounds, seats: Arc::new(Semaphore::new(bounds.connections)) };
    axum::serve(gate, router).await
}

/// Tells the stream when it is handed over to WebSocket.
async fn switch(ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        peer.switched.store(true, Ordering::Release);
    }
    response
}

/// Tells a browser what this page may not do, and what nobody else may do with it.
async fn harden(mut response: Response) -> Response {
    let fields = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

impl Listener for Gate {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        loop {
            let Ok(seat) = Arc::clone(&self.seats).acquire_owned().await else {
                // Nobody closes the semaphore.
                sleep(PAUSE).await;
                continue;
            };
            match self.listener.accept().await {
                Ok((stream, from)) => {
                    // Each message shall leave at once, in a segment of its own, so that a capture shows it so.
                    let _ = stream.set_nodelay(true);
                    return (Stream::new(stream, self.bounds, seat), from);
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Gate>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        Self { address: *stream.remote_addr(), switched: Arc::clone(stream.io().switch()) }
    }
}
