//! ICMP echo: is somebody there? — RFC 792, RFC 4443 §4.1.

use std::net::IpAddr;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::socket::icmp::{Endpoint, PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{Icmpv4Packet, Icmpv4Repr, Icmpv6Packet, Icmpv6Repr};

use super::card::Card;
use crate::sim::scenario;

/// How long the last reply is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Ping {
    pub(super) card: usize,
    pub(super) handle: SocketHandle,
    to: IpAddr,
    /// Tells this ping's replies from others'.
    identifier: u16,
    plan: scenario::Ping,
    sent: u16,
    heard: u16,
    next: Duration,
}

impl Ping {
    pub(super) fn new(card: usize, on: &mut Card, to: IpAddr, identifier: u16, plan: scenario::Ping) -> Self {
        let room = (usize::from(plan.size) + 64) * 4;
        let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 16], vec![0; room]);
        let mut socket = Socket::new(buffer(), buffer());
        // It fails where it is bound already.
        let _ = socket.bind(Endpoint::Ident(identifier));
        let handle = on.sockets.add(socket);
        Self { card, handle, to, identifier, plan, sent: 0, heard: 0, next: Duration::ZERO }
    }

    pub(super) fn run(&mut self, now: Duration, card: &mut Card) -> bool {
        let source = card.source(self.to);
        let socket = card.sockets.get_mut::<Socket<'_>>(self.handle);
        while socket.recv().is_ok() {
            self.heard += 1;
        }
        if self.next > now || self.sent == u16::from(self.plan.count) {
            return false;
        }
        // The pattern that ping fills its requests with.
        let data: Vec<u8> = (0..self.plan.size).map(|i| i.to_be_bytes()[1]).collect();
        let (ident, seq_no) = (self.identifier, self.sent + 1);
        let checksums = ChecksumCapabilities::default();
        let sent = match (self.to, source) {
            (IpAddr::V4(_), _) => {
                let request = Icmpv4Repr::EchoRequest { ident, seq_no, data: &data };
                let into = socket.send(request.buffer_len(), self.to.into());
                into.map(|bytes| request.emit(&mut Icmpv4Packet::new_unchecked(bytes), &checksums))
            }
            (IpAddr::V6(to), Some(IpAddr::V6(from))) => {
                let request = Icmpv6Repr::EchoRequest { ident, seq_no, data: &data };
                let into = socket.send(request.buffer_len(), self.to.into());
                into.map(|bytes| request.emit(&from, &to, &mut Icmpv6Packet::new_unchecked(bytes), &checksums))
            }
            (IpAddr::V6(_), _) => Ok(()),
        };
        self.sent += 1;
        let last = self.sent == u16::from(self.plan.count);
        self.next = now + if last { PATIENCE } else { Duration::from_millis(self.plan.every_ms.into()) };
        sent.is_ok()
    }

    pub(super) fn wake(&self, now: Duration) -> Option<Duration> {
        (!self.is_over(now)).then_some(self.next)
    }

    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.sent == u16::from(self.plan.count) && (self.heard >= self.sent || self.next <= now)
    }
}
