//! The programs that talk, without any I/O: bytes and a clock go in, bytes come out.
//!
//! Read [`http`] and [`websocket`], the two languages, then [`web`], the browser and the web server that
//! speak them. The same code runs on simulated wires, on real sockets and behind a chat's keyboard: it
//! never reads, writes or waits, so each of these can carry it.

pub mod http;
pub mod web;
pub mod websocket;

use std::net::SocketAddr;
use std::time::Duration;

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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Lets two peers talk until both want to close; gives the bytes each way. Segments have `size` bytes.
    pub(crate) fn talk(client: &mut dyn Peer, server: &mut dyn Peer, size: usize) -> (Vec<u8>, Vec<u8>) {
        let mut now = Duration::ZERO;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let (mut up_read, mut down_read) = (0, 0);
        let mut wants = [client.step(now, Input::Opened, &mut up), server.step(now, Input::Opened, &mut down)];
        for _ in 0..10_000 {
            if wants == [Want::Close; 2] {
                return (up, down);
            }
            if wants[1] != Want::Close && up_read < up.len() {
                let end = up.len().min(up_read + size);
                wants[1] = server.step(now, Input::Bytes(&up[up_read..end]), &mut down);
                up_read = end;
            } else if wants[0] != Want::Close && down_read < down.len() {
                let end = down.len().min(down_read + size);
                wants[0] = client.step(now, Input::Bytes(&down[down_read..end]), &mut up);
                down_read = end;
            } else if wants[0] == Want::Close {
                wants[1] = server.step(now, Input::Ended, &mut down);
            } else if wants[1] == Want::Close {
                wants[0] = client.step(now, Input::Ended, &mut up);
            } else {
                let wake = |want: Want| if let Want::Wake(at) = want { Some(at) } else { None };
                now = wants.into_iter().filter_map(wake).min().expect("both wait for each other for ever");
                if wake(wants[0]) == Some(now) {
                    wants[0] = client.step(now, Input::Tick, &mut up);
                }
                if wake(wants[1]) == Some(now) {
                    wants[1] = server.step(now, Input::Tick, &mut down);
                }
            }
        }
        panic!("they never come to an end");
    }
}
