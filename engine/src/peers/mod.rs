//! Rank 2: the programs that talk, without any I/O: bytes and a clock go in, bytes come out.
//!
//! Read [`http`] and [`websocket`], the two languages, then [`web`], the browser and the web server that
//! speak them. [`engineio`] speaks both at once, and [`socketio`] speaks above it. [`bulk`] and [`datagrams`] send the
//! same messages over TCP and over UDP; [`dns`] and [`dhcp`] answer what a host must know first. [`tls`] wraps any of those that use TCP. The same code runs on simulated wires, on real sockets and behind a chat's keyboard: it
//! never reads, writes or waits, so each of these can carry it.

pub mod bulk;
pub mod datagrams;
pub mod dhcp;
pub mod dns;
pub mod engineio;
pub mod http;
pub mod socketio;
pub mod tls;
pub mod web;
pub mod websocket;

use crate::model::Time;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When every simulation begins: 2026-01-01T00:00:00Z.
pub const START: Time = Time(1_767_225_600_000_000_000);

/// One end of a conversation over a byte stream.
///
/// Its carrier calls [`Peer::step`] whenever something happens and sends what was put into `out`.
pub trait Peer {
    /// Takes one input, appends what is to be sent, and says what it wants next.
    ///
    /// `now` is the time since any fixed moment, the same for peers that share something; it never goes back.
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want;

    /// Whether something that it shares with other peers has something new to say, though nothing arrived here.
    /// The carrier then steps it with [`Input::Tick`].
    fn has_news(&self) -> bool {
        false
    }

    /// Whether short messages leave at once (`TCP_NODELAY`), as browsers and web servers want it. Otherwise a
    /// short one waits while earlier bytes are not acknowledged (Nagle's algorithm, RFC 9293 §3.7.4).
    fn no_delay(&self) -> bool {
        true
    }

    /// Another connection to the same server that the program wants now, as the peer that will hold it. Each is
    /// given once. The carrier asks after each step, until there is none, and opens what it got.
    fn another(&mut self) -> Option<Box<dyn Peer + Send>> {
        None
    }
}

/// One program at a UDP port.
pub trait DatagramPeer {
    /// Takes one input, appends the datagrams to be sent, and says what it wants next.
    ///
    /// `now` is the time since any fixed moment; it never goes back.
    fn step(&mut self, now: Duration, input: Heard<'_>, out: &mut Vec<Datagram>) -> Want;
}

/// What happened at a UDP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The port is open. It comes once, first.
    Opened,
    /// A datagram arrived, whole.
    Datagram {
        /// Who sent it.
        from: SocketAddr,
        /// What it carries.
        bytes: &'a [u8],
    },
    /// The moment of a [`Want::Wake`] has come.
    Tick,
}

/// A datagram to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Where to.
    pub to: SocketAddr,
    /// What it carries.
    pub bytes: Vec<u8>,
}

/// What happened to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The connection stands. It comes once, first.
    Opened,
    /// Bytes arrived, cut anywhere: a stream knows no messages.
    Bytes(&'a [u8]),
    /// The other end will send no more.
    Ended,
    /// The moment of a [`Want::Wake`] has come.
    Tick,
}

/// What a peer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The other end's next word.
    Input,
    /// The same, or this moment, whichever comes first.
    Wake(Duration),
    /// The same, or the moment when the system has taken all that was said. Then comes a [`Input::Tick`]: so a long
    /// transfer need never be held in memory as a whole.
    Drain,
    /// This moment only. Until then the program reads nothing: what arrives stays with the system, whose window
    /// (RFC 9293 §3.8.6) then closes. At that moment comes a [`Input::Tick`].
    Hold(Duration),
    /// The other end's next word. Send what there is, then say that no more will come (FIN), and go on listening:
    /// half a connection stays open (RFC 9293 §3.6).
    Finish,
    /// Nothing more: send what there is, then close. Whatever still arrives is not looked at.
    Close,
    /// Nothing more, at once: what was not yet sent is thrown away, and an RST tells the other end (RFC 9293 §3.5.2).
    Abort,
}

/// What several peers share. Whoever panicked with it in hand left it whole enough: it is data only.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One connection: a client's peer and a server's, and the bytes that each has said.
    struct Wire {
        peers: [Box<dyn Peer + Send>; 2],
        said: [Vec<u8>; 2],
        read: [usize; 2],
        wants: [Want; 2],
        told: [bool; 2],
    }

    impl Wire {
        fn new(now: Duration, client: Box<dyn Peer + Send>, server: Box<dyn Peer + Send>) -> Self {
            let (mut peers, mut said) = ([client, server], [Vec::new(), Vec::new()]);
            let wants = [0, 1].map(|end| peers[end].step(now, Input::Opened, &mut said[end]));
            Self { peers, said, read: [0; 2], wants, told: [false; 2] }
        }

        /// Gives one end whatever there is for it now; says whether there was anything.
        fn run(&mut self, end: usize, now: Duration, size: usize) -> bool {
            let (said, other) = (&self.said[1 - end], self.wants[1 - end]);
            let (from, over) = (self.read[end], matches!(other, Want::Close | Want::Abort | Want::Finish));
            let until = said.len().min(from + size);
            let bytes = said[from..until].to_vec();
            let due = match self.wants[end] {
                Want::Wake(at) | Want::Hold(at) => at <= now,
                want => want == Want::Drain,
            };
            let holds = matches!(self.wants[end], Want::Hold(_));
            let input = match self.wants[end] {
                Want::Close | Want::Abort => return false,
                _ if !holds && !bytes.is_empty() => Input::Bytes(&bytes),
                _ if due || self.peers[end].has_news() => Input::Tick,
                Want::Hold(_) => return false,
                _ if over && !std::mem::replace(&mut self.told[end], true) => Input::Ended,
                _ => return false,
            };
            self.read[end] += if matches!(input, Input::Bytes(_)) { bytes.len() } else { 0 };
            self.wants[end] = self.peers[end].step(now, input, &mut self.said[end]);
            true
        }
    }

    /// Lets clients talk to a server, over as many connections as they want, until nobody waits for any moment.
    /// Gives the bytes each way of each connection. Segments have `size` bytes.
    pub(crate) fn meet(
        clients: Vec<Box<dyn Peer + Send>>,
        mut accept: impl FnMut() -> Box<dyn Peer + Send>,
        size: usize,
    ) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut now = Duration::ZERO;
        let mut wires: Vec<_> = clients.into_iter().map(|client| Wire::new(now, client, accept())).collect();
        for _ in 0..100_000 {
            let mut busy = false;
            for at in 0..wires.len() {
                busy |= wires[at].run(0, now, size) | wires[at].run(1, now, size);
                while let Some(client) = wires[at].peers[0].another() {
                    wires.push(Wire::new(now, client, accept()));
                    busy = true;
                }
            }
            let over = wires.iter().all(|wire| wire.wants.iter().all(|want| matches!(want, Want::Close | Want::Abort)));
            if !busy {
                let wakes = wires.iter().flat_map(|wire| wire.wants).filter_map(|want| match want {
                    Want::Wake(at) | Want::Hold(at) => Some(at),
                    _ => None,
                });
                match wakes.min().filter(|_| !over) {
                    Some(at) => now = now.max(at),
                    None => {
                        return wires.into_iter().map(|wire| (wire.said[0].clone(), wire.said[1].clone())).collect();
                    }
                }
            }
        }
        let state: Vec<_> =
            wires.iter().map(|wire| (wire.wants, wire.peers.each_ref().map(|peer| peer.has_news()))).collect();
        panic!("they never come to an end: {now:?} {state:?}");
    }

    /// Lets two peers talk until both want to close; gives the bytes each way. Segments have `size` bytes.
    pub(crate) fn talk(
        client: impl Peer + Send + 'static,
        server: impl Peer + Send + 'static,
        size: usize,
    ) -> (Vec<u8>, Vec<u8>) {
        let mut server: Option<Box<dyn Peer + Send>> = Some(Box::new(server));
        let accept = || server.take().expect("one connection");
        meet(vec![Box::new(client)], accept, size).remove(0)
    }
}
