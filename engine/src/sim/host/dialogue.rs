//! A program at a UDP port. On a host with several cards it has a socket on each.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket, UdpMetadata};

use super::card::Card;
use crate::peers::{Datagram, DatagramPeer, Heard, Want};

/// What a socket keeps in each direction, in datagrams and bytes.
const DATAGRAMS: usize = 256;
const BYTES: usize = 256 * 1024;

pub(super) struct Dialogue {
    /// One socket a card, in the order of the cards.
    handles: Vec<SocketHandle>,
    peer: Box<dyn DatagramPeer + Send>,
    want: Option<Want>,
    outbox: Vec<Datagram>,
    /// Where the last datagram came in, and to which address: answers to everyone leave there.
    last: (usize, Option<IpAddr>),
}

impl Dialogue {
    pub(super) fn new(cards: &mut [Card], port: u16, peer: Box<dyn DatagramPeer + Send>) -> Self {
        let bound = |card: &mut Card| {
            let mut socket = udp_socket();
            // It fails for port 0 only.
            let _ = socket.bind(port);
            card.sockets.add(socket)
        };
        Self { handles: cards.iter_mut().map(bound).collect(), peer, want: None, outbox: Vec::new(), last: (0, None) }
    }

    /// Moves datagrams between stack and program; says whether the stack has something new to do.
    pub(super) fn run(&mut self, now: Duration, cards: &mut [Card]) -> bool {
        if self.want.is_none() {
            self.step(now, Heard::Opened);
        }
        if matches!(self.want, Some(Want::Wake(at)) if at <= now) {
            self.step(now, Heard::Tick);
        }
        let mut busy = false;
        for at in 0..self.handles.len() {
            // A datagram is taken out before the program may answer to it.
            while let Some((bytes, from, to)) = self.hear(at, cards) {
                self.last = (at, to);
                self.step(now, Heard::Datagram { from, bytes: &bytes });
                busy = true;
            }
        }
        for datagram in std::mem::take(&mut self.outbox) {
            busy |= self.send(&datagram, cards);
        }
        busy
    }

    fn hear(&self, at: usize, cards: &mut [Card]) -> Option<(Vec<u8>, SocketAddr, Option<IpAddr>)> {
        let socket = cards.get_mut(at)?.sockets.get_mut::<Socket<'_>>(*self.handles.get(at)?);
        let (bytes, about) = socket.recv().ok()?;
        let from = SocketAddr::new(about.endpoint.addr.into(), about.endpoint.port);
        Some((bytes.to_vec(), from, about.local_address.map(Into::into)))
    }

    fn send(&self, datagram: &Datagram, cards: &mut [Card]) -> bool {
        let to = datagram.to;
        let to_all = to.ip().is_multicast() || matches!(to.ip(), IpAddr::V4(v4) if v4.is_broadcast());
        let chosen = if to_all { Some(self.last.0) } else { super::card_towards(cards, to.ip()) };
        let Some(card) = chosen.and_then(|at| cards.get_mut(at).zip(self.handles.get(at))) else { return false };
        let (card, handle) = card;
        let mut about = UdpMetadata::from(to);
        // An answer comes from the address that was asked, as long as that is the host's own.
        about.local_address = self.last.1.map(Into::into).filter(|own| card.interface.has_ip_addr(*own));
        if about.local_address.is_some_and(|own| IpAddr::from(own).is_ipv4() != to.is_ipv4()) {
            about.local_address = None;
        }
        card.sockets.get_mut::<Socket<'_>>(*handle).send_slice(&datagram.bytes, about).is_ok()
    }

    fn step(&mut self, now: Duration, input: Heard<'_>) {
        if self.want != Some(Want::Close) {
            self.want = Some(self.peer.step(now, input, &mut self.outbox));
        }
    }

    pub(super) fn wake(&self) -> Option<Duration> {
        match self.want {
            Some(Want::Wake(at)) => Some(at),
            _ => None,
        }
    }

    /// Its program wants nothing more, and all was sent.
    pub(super) fn is_over(&self, cards: &[Card]) -> bool {
        let sent = |(card, handle): (&Card, &SocketHandle)| card.sockets.get::<Socket<'_>>(*handle).send_queue() == 0;
        self.want == Some(Want::Close) && cards.iter().zip(&self.handles).all(sent)
    }

    /// Gives its sockets back.
    pub(super) fn close(&self, cards: &mut [Card]) {
        for (card, handle) in cards.iter_mut().zip(&self.handles) {
            card.sockets.remove(*handle);
        }
    }
}

/// A UDP socket with room for a burst.
pub(super) fn udp_socket() -> Socket<'static> {
    let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; DATAGRAMS], vec![0; BYTES]);
    Socket::new(buffer(), buffer())
}
