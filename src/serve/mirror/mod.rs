//! A server that listens to itself: it captures the packets of its own port, and finds out whose each of them is, so that
//! a program can show them to that person, and to nobody else.
//!
//! `capture` reads the interfaces, `veil` hides cookies before anybody reads them, [`Taken`] knows what the server let
//! in, and `watch` says whose a packet is. What is shown of it is up to the program: it [`Shows`].

#[cfg(feature = "live")]
mod capture;
mod taken;
#[cfg(feature = "live")]
mod veil;
#[cfg(feature = "live")]
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::tutor::Moment;

#[cfg(feature = "live")]
pub use capture::Captures;
pub use taken::Taken;

/// Whose a packet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The session with this id.
    Session(String),
    /// The client that opened the connection from there by WebSocket, where there are no sessions.
    Peer(SocketAddr),
}

/// The port that is watched, and what is asked for there.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// The path of the conversation, where it goes over a plain WebSocket and not over Socket.IO.
    pub plain: Option<&'static str>,
    /// The path by which packets are read: to show those would make more of them.
    pub feed: Option<&'static str>,
}

/// What a program makes of the packets that its server sees of itself.
pub trait Shows: Send + 'static {
    /// A packet, as it is shown.
    type Entry;

    /// A packet of a conversation: what is shown of it, if anything. `down` if the server sent it; `peer` is the client.
    fn describe(&mut self, moment: &Moment<'_>, down: bool, peer: SocketAddr) -> Option<Self::Entry>;

    /// It is known whose a packet is.
    fn give(&mut self, owner: &Owner, entry: Self::Entry);

    /// No packet comes right now.
    fn idle(&mut self) {}

    /// An interface gives no more packets, and why.
    fn broken(&mut self, why: &str);
}

/// The sockets that capture.
#[cfg(feature = "live")]
pub type Sockets = Vec<crate::source::live::Live>;

/// Opens what captures, on each interface that packets to this address can cross.
///
/// # Errors
/// Why nothing can be captured, in one sentence.
#[cfg(feature = "live")]
pub fn sockets(ip: IpAddr) -> Result<Sockets, String> {
    Captures::open(ip).map_err(|e| e.to_string())
}

/// Begins to capture. Each interface has its own thread, and its own `show`.
#[cfg(feature = "live")]
pub fn start<S: Shows>(sockets: Sockets, port: Port, taken: &Arc<Taken>, show: impl Fn() -> S) -> Captures {
    Captures::start(sockets, port, taken, show)
}

/// Without the feature `live`.
#[cfg(not(feature = "live"))]
pub type Sockets = Captures;

/// What a program that cannot capture captures.
#[cfg(not(feature = "live"))]
#[derive(Debug)]
pub struct Captures {
    /// The interfaces.
    pub names: Vec<String>,
}

/// It can't.
///
/// # Errors
/// Always.
#[cfg(not(feature = "live"))]
pub fn sockets(_: IpAddr) -> Result<Sockets, String> {
    Err("this program was built without the capture of live packets".to_owned())
}

/// Nothing begins.
#[cfg(not(feature = "live"))]
pub fn start<S: Shows>(nothing: Sockets, _: Port, _: &Arc<Taken>, _: impl Fn() -> S) -> Captures {
    nothing
}
