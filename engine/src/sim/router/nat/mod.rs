//! Network address and port translation: many hosts behind one address — RFC 3022, RFC 5508 for ICMP.
//!
//! A packet from inside gets the outside card's address and a port of its own; the table remembers for whom.
//! What comes back to that address and port goes to the host inside, also an ICMP error that only quotes the
//! packet. What nobody inside asked for finds no line in the table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::Ipv4Addr;
use std::time::Duration;

use etherparse::{
    Icmpv4Slice, Icmpv4Type, IpNumber, LaxNetSlice, LaxSlicedPacket, TcpHeaderSlice, TransportSlice, UdpHeaderSlice,
};
use smoltcp::wire::{Icmpv4Packet, IpProtocol, Ipv4Packet, TcpPacket, UdpPacket};

use super::checksum::{update, update_long};

/// How many dialogues it remembers; one more takes the place of the one silent for longest.
const MEMORY: usize = 4096;
/// For how long a silent dialogue is remembered (RFC 5382 REQ-5, RFC 4787 REQ-5, RFC 5508 REQ-1).
const TCP_IDLE: Duration = Duration::from_mins(124);
const UDP_IDLE: Duration = Duration::from_mins(2);
const ICMP_IDLE: Duration = Duration::from_mins(1);
/// Where the ports begin that it gives where the host's own is taken.
const FIRST_PORT: u16 = 1024;

#[derive(Debug)]
pub(super) struct Nat {
    pub(super) inside: usize,
    pub(super) outside: usize,
    address: Ipv4Addr,
    /// By what is seen outside, the line of the table.
    lines: HashMap<Outside, Line>,
    /// The same by what is seen inside.
    ports: HashMap<Inside, u16>,
    /// Who gets the later fragments of a packet, which have no ports.
    fragments: Vec<(FragmentKey, Ipv4Addr)>,
    next_port: u16,
}

/// A dialogue as the world outside sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Outside {
    protocol: u8,
    port: u16,
    remote: (Ipv4Addr, u16),
}

/// The same dialogue inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Inside {
    protocol: u8,
    own: (Ipv4Addr, u16),
    remote: (Ipv4Addr, u16),
}

#[derive(Clone, Copy, Debug)]
struct Line {
    own: (Ipv4Addr, u16),
    heard: Duration,
}

/// Source, destination, protocol, identification (RFC 791 §3.2).
type FragmentKey = (Ipv4Addr, Ipv4Addr, u8, u16);

/// Who talks to whom. An ICMP echo's identifier stands for the port of the one who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flow {
    protocol: u8,
    from: (Ipv4Addr, u16),
    to: (Ipv4Addr, u16),
}

/// Which end of a packet gets another address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    From,
    To,
}

/// What a packet from outside needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inbound {
    /// The host inside that it is for.
    pub(super) to: Ipv4Addr,
    change: Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The receiver's address and port.
    Receiver(u16),
    /// The receiver's address, and in the packet that an ICMP error quotes the sender's.
    Quoted(u16),
    /// The receiver's address alone: a later fragment.
    Address,
}

impl Nat {
    pub(super) fn new(inside: usize, outside: usize, address: Ipv4Addr) -> Self {
        let (lines, ports) = (HashMap::new(), HashMap::new());
        Self { inside, outside, address, lines, ports, fragments: Vec::new(), next_port: FIRST_PORT }
    }

    /// For whom inside a packet from outside is; `None` where nobody asked for it.
    pub(super) fn inbound(&mut self, now: Duration, packet: &[u8]) -> Option<Inbound> {
        let ip = Ipv4Packet::new_checked(packet).ok().filter(|ip| ip.dst_addr() == self.address)?;
        let key = (ip.src_addr(), ip.dst_addr(), ip.next_header().into(), ip.ident());
        if ip.frag_offset() != 0 {
            let to = self.fragments.iter().find(|(known, _)| *known == key)?.1;
            return Some(Inbound { to, change: Change::Address });
        }
        if let Some(quoted) = quoted(packet) {
            let line = self.line(now, quoted.protocol, quoted.from.1, quoted.to)?;
            return Some(Inbound { to: line.0, change: Change::Quoted(line.1) });
        }
        let flow = flow(packet)?;
        let line = self.line(now, flow.protocol, flow.to.1, flow.from)?;
        if ip.more_frags() {
            self.remember_fragments(key, line.0);
        }
        Some(Inbound { to: line.0, change: Change::Receiver(line.1) })
    }

    /// Writes the host inside into a packet from outside.
    pub(super) fn translate_in(packet: &mut [u8], inbound: Inbound) -> Option<()> {
        match inbound.change {
            Change::Receiver(port) => rewrite(packet, End::To, inbound.to, Some(port)),
            Change::Address => rewrite(packet, End::To, inbound.to, None),
            Change::Quoted(port) => {
                rewrite_quoted(packet, End::From, (inbound.to, port))?;
                rewrite(packet, End::To, inbound.to, None)
            }
        }
    }

    /// Writes the router's outside address, and a port of its own, into a packet from inside. `None` where the packet
    /// has nothing that could be told apart outside.
    pub(super) fn translate_out(&mut self, now: Duration, packet: &mut [u8]) -> Option<()> {
        let ip = Ipv4Packet::new_checked(&*packet).ok()?;
        let (fragment, first) = (ip.frag_offset() != 0, ip.more_frags());
        let key = (ip.src_addr(), ip.dst_addr(), ip.next_header().into(), ip.ident());
        if fragment {
            self.fragments.iter().find(|(known, _)| *known == key)?;
            return rewrite(packet, End::From, self.address, None);
        }
        if let Some(quoted) = quoted(packet) {
            // The host inside refuses a packet that was translated for it.
            let inside = Inside { protocol: quoted.protocol, own: quoted.to, remote: quoted.from };
            let port = *self.ports.get(&inside)?;
            rewrite_quoted(packet, End::To, (self.address, port))?;
            return rewrite(packet, End::From, self.address, None);
        }
        let flow = flow(packet)?;
        let inside = Inside { protocol: flow.protocol, own: flow.from, remote: flow.to };
        let port = match self.ports.get(&inside) {
            Some(port) => *port,
            None => self.new_line(now, inside)?,
        };
        if let Some(line) = self.lines.get_mut(&inside.outside(port)) {
            line.heard = now;
        }
        if first {
            self.remember_fragments(key, flow.from.0);
        }
        rewrite(packet, End::From, self.address, Some(port))
    }

    fn line(&mut self, now: Duration, protocol: u8, port: u16, remote: (Ipv4Addr, u16)) -> Option<(Ipv4Addr, u16)> {
        let outside = Outside { protocol, port, remote };
        let line = self.lines.get_mut(&outside)?;
        if now.saturating_sub(line.heard) >= idle(protocol) {
            self.forget(outside);
            return None;
        }
        line.heard = now;
        Some(line.own)
    }

    /// A new line: with the host's own port where it is free, else with the next free one.
    fn new_line(&mut self, now: Duration, inside: Inside) -> Option<u16> {
        if self.lines.len() >= MEMORY {
            let oldest = self.lines.iter().min_by_key(|(outside, line)| (line.heard, **outside)).map(|(key, _)| *key);
            self.forget(oldest?);
        }
        let mut port = inside.own.1;
        // There are more ports than lines.
        for _ in 0..=MEMORY {
            if let Entry::Vacant(free) = self.lines.entry(inside.outside(port)) {
                free.insert(Line { own: inside.own, heard: now });
                self.ports.insert(inside, port);
                return Some(port);
            }
            port = self.next_port;
            self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_PORT);
        }
        None
    }

    fn forget(&mut self, outside: Outside) {
        if let Some(line) = self.lines.remove(&outside) {
            let Outside { protocol, remote, .. } = outside;
            self.ports.remove(&Inside { protocol, own: line.own, remote });
        }
    }

    fn remember_fragments(&mut self, key: FragmentKey, own: Ipv4Addr) {
        if self.fragments.len() >= 64 {
            self.fragments.remove(0);
        }
        self.fragments.retain(|(known, _)| *known != key);
        self.fragments.push((key, own));
    }
}

impl Inside {
    fn outside(self, port: u16) -> Outside {
        Outside { protocol: self.protocol, port, remote: self.remote }
    }
}

fn idle(protocol: u8) -> Duration {
    match IpNumber(protocol) {
        IpNumber::TCP => TCP_IDLE,
        IpNumber::UDP => UDP_IDLE,
        _ => ICMP_IDLE,
    }
}

/// Who talks to whom in this packet, whole, cut, or the first of its fragments.
fn flow(packet: &[u8]) -> Option<Flow> {
    let parsed = LaxSlicedPacket::from_ip(packet).ok()?;
    let Some(LaxNetSlice::Ipv4(ip)) = parsed.net else { return None };
    let (header, payload) = (ip.header(), ip.payload());
    let (from, to) = match payload.ip_number {
        IpNumber::TCP => {
            let tcp = TcpHeaderSlice::from_slice(payload.payload).ok()?;
            (tcp.source_port(), tcp.destination_port())
        }
        IpNumber::UDP => {
            let udp = UdpHeaderSlice::from_slice(payload.payload).ok()?;
            (udp.source_port(), udp.destination_port())
        }
        IpNumber::ICMP => match Icmpv4Slice::from_slice(payload.payload).ok()?.icmp_type() {
            Icmpv4Type::EchoRequest(echo) => (echo.id, 0),
            Icmpv4Type::EchoReply(echo) => (0, echo.id),
            _ => return None,
        },
        _ => return None,
    };
    let protocol = payload.ip_number.0;
    Some(Flow { protocol, from: (header.source_addr(), from), to: (header.destination_addr(), to) })
}

/// The same of the packet that an ICMP error quotes.
fn quoted(packet: &[u8]) -> Option<Flow> {
    let parsed = LaxSlicedPacket::from_ip(packet).ok()?;
    let TransportSlice::Icmpv4(icmp) = parsed.transport? else { return None };
    match icmp.icmp_type() {
        Icmpv4Type::DestinationUnreachable(_) | Icmpv4Type::TimeExceeded(_) | Icmpv4Type::ParameterProblem(_) => {
            flow(icmp.payload())
        }
        _ => None,
    }
}

/// Writes an address, and a port where one is given, into one end of a packet; the quotation in an ICMP error may
/// be cut. Every checksum over them is brought up to date.
fn rewrite(packet: &mut [u8], end: End, address: Ipv4Addr, port: Option<u16>) -> Option<()> {
    let length = usize::from(Ipv4Packet::new_checked(&*packet).map_or_else(
        // A quotation is shorter than it says; its header is whole.
        |_| LaxSlicedPacket::from_ip(packet).ok().and_then(|p| p.net).map_or(0, |_| 20),
        |ip| u16::from(ip.header_len()),
    ));
    let (header, body) = packet.split_at_mut_checked(length).filter(|(header, _)| header.len() >= 20)?;
    let mut ip = Ipv4Packet::new_unchecked(header);
    let old = if end == End::From { ip.src_addr() } else { ip.dst_addr() };
    let is_first = ip.frag_offset() == 0;
    let checksum = update_long(ip.checksum(), old.to_bits(), address.to_bits());
    match end {
        End::From => ip.set_src_addr(address),
        End::To => ip.set_dst_addr(address),
    }
    ip.set_checksum(checksum);
    let pseudo = |sum: u16| update_long(sum, old.to_bits(), address.to_bits());
    match ip.next_header() {
        IpProtocol::Tcp if is_first && body.len() >= 8 => rewrite_tcp(body, end, port, pseudo),
        IpProtocol::Udp if is_first && body.len() >= 8 => {
            let mut udp = UdpPacket::new_unchecked(body);
            let had = if end == End::From { udp.src_port() } else { udp.dst_port() };
            let port = port.unwrap_or(had);
            match end {
                End::From => udp.set_src_port(port),
                End::To => udp.set_dst_port(port),
            }
            // Zero says that there is no checksum (RFC 768); one that comes out as zero is sent as all ones.
            if udp.checksum() != 0 {
                let sum = update(pseudo(udp.checksum()), had, port);
                udp.set_checksum(if sum == 0 { 0xffff } else { sum });
            }
        }
        IpProtocol::Icmp if is_first && body.len() >= 8 => {
            let mut icmp = Icmpv4Packet::new_unchecked(body);
            if let Some(port) = port {
                // An echo has no pseudo-header.
                let sum = update(icmp.checksum(), icmp.echo_ident(), port);
                icmp.set_echo_ident(port);
                icmp.set_checksum(sum);
            }
        }
        _ => {}
    }
    Some(())
}

fn rewrite_tcp(body: &mut [u8], end: End, port: Option<u16>, pseudo: impl Fn(u16) -> u16) {
    // A quotation may end before the checksum.
    let has_checksum = body.len() >= 20;
    let mut tcp = TcpPacket::new_unchecked(body);
    let had = if end == End::From { tcp.src_port() } else { tcp.dst_port() };
    let port = port.unwrap_or(had);
    match end {
        End::From => tcp.set_src_port(port),
        End::To => tcp.set_dst_port(port),
    }
    if has_checksum {
        let sum = update(pseudo(tcp.checksum()), had, port);
        tcp.set_checksum(sum);
    }
}

/// The same in the packet that an ICMP error quotes; the error's own checksum covers it (RFC 5508 §4).
fn rewrite_quoted(packet: &mut [u8], end: End, to: (Ipv4Addr, u16)) -> Option<()> {
    let length = usize::from(Ipv4Packet::new_checked(&*packet).ok()?.header_len());
    let (_, body) = packet.split_at_mut_checked(length)?;
    let mut icmp = Icmpv4Packet::new_checked(body).ok()?;
    if !icmp.verify_checksum() {
        return None;
    }
    rewrite(icmp.data_mut(), end, to.0, Some(to.1))?;
    icmp.fill_checksum();
    Some(())
}

#[cfg(test)]
mod tests;
