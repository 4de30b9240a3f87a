//! Traceroute: which routers are on the way?
//!
//! A datagram's TTL falls by one at each router; the one that finds it at its end says so (RFC 1812
//! §5.3.1). So one sends the first with TTL 1, the second with 2, until the target itself answers that
//! nobody waits at that port.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::udp::{Socket, UdpMetadata};

use super::card::Card;
use super::dialogue::udp_socket;
use super::notice::{Kind, Notice};

/// Nobody waits there, as a rule; each probe goes one port higher.
const FIRST_PORT: u16 = 33_434;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// What each probe carries.
const PROBE: &[u8] = b"how far do you get, little probe";

pub(super) struct Trace {
    pub(super) card: usize,
    pub(super) handle: SocketHandle,
    to: IpAddr,
    from_port: u16,
    hop: u8,
    max_hops: u8,
    /// When the probe under way is given up; nothing while none is.
    until: Option<Duration>,
    over: bool,
}

impl Trace {
    pub(super) fn new(card: usize, on: &mut Card, to: IpAddr, from_port: u16, max_hops: u8) -> Self {
        let mut socket = udp_socket();
        // It fails for port 0 only.
        let _ = socket.bind(from_port);
        let handle = on.sockets.add(socket);
        Self { card, handle, to, from_port, hop: 0, max_hops, until: None, over: false }
    }

    /// Somebody on the way, or the target, says something about a packet of ours.
    pub(super) fn notice(&mut self, notice: &Notice) {
        let port = FIRST_PORT + u16::from(self.hop.saturating_sub(1));
        if notice.to != SocketAddr::new(self.to, port) || notice.from_port != self.from_port {
            return;
        }
        self.until = None;
        self.over |= notice.kind != Kind::TimeExceeded;
    }

    pub(super) fn run(&mut self, now: Duration, card: &mut Card) -> bool {
        if self.over || self.until.is_some_and(|until| until > now) {
            return false;
        }
        if self.hop >= self.max_hops {
            self.over = true;
            return false;
        }
        let port = FIRST_PORT + u16::from(self.hop);
        self.hop += 1;
        self.until = Some(now + PATIENCE);
        let socket = card.sockets.get_mut::<Socket<'_>>(self.handle);
        socket.set_hop_limit(Some(self.hop));
        socket.send_slice(PROBE, UdpMetadata::from(SocketAddr::new(self.to, port))).is_ok()
    }

    pub(super) fn wake(&self) -> Option<Duration> {
        self.until.filter(|_| !self.over)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}
