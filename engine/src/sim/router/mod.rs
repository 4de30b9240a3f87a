//! A router: it reads up to the IP header, and passes packets on towards their network — RFC 1812.
//!
//! Frames and a clock go in, frames come out; it never waits. [`Router::receive`] tells the way of a packet:
//! is it for me, has its TTL come to an end, which line of the `table` fits, must it be cut (`fragment`), who
//! is next on the link (`neighbours`). What cannot go on is answered by `icmp`. With `nat` it also reads the
//! ports behind the IP header.

mod checksum;
mod fragment;
mod icmp;
mod nat;
mod neighbours;
mod table;

use std::net::IpAddr;
use std::time::Duration;

use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet, IpProtocol};
use smoltcp::wire::{Ipv4Packet, Ipv6Packet};

use super::journal::{Deed, Journal};
use super::port::{ETHERNET_HEADER, Frame};
use crate::sim::scenario::{self, Place, Scenario};
use icmp::Refusal;
use nat::{Inbound, Nat};
use neighbours::{Card, Found, Neighbours};
use table::{Table, Way};

/// How long it needs for a frame.
pub(super) const NEEDS: Duration = Duration::from_micros(15);

pub(super) struct Router {
    cards: Vec<Card>,
    table: Table,
    neighbours: Neighbours,
    nat: Option<Nat>,
}

/// Where frames go that leave now, and where it is noted what was done.
struct Out<'a> {
    frames: &'a mut Vec<(usize, Frame)>,
    journal: &'a mut Journal,
}

/// What the router reads of an IP header.
#[derive(Clone, Copy, Debug)]
struct Header {
    to: IpAddr,
    from: IpAddr,
    ttl: u8,
    length: usize,
    may_be_cut: bool,
}

impl Router {
    /// The router at this place of the scenario.
    pub(super) fn new(scenario: &Scenario, at: usize, plan: &scenario::Router) -> Self {
        let cards = plan.cards.iter().enumerate().map(|(card, own)| Card {
            mac: own.mac,
            prefixes: own.addresses.as_ref().clone(),
            mtu: scenario.mtu(Place { device: at, card }),
        });
        let cards: Vec<_> = cards.collect();
        let card = |name: &str| plan.cards.iter().position(|card| card.name.as_ref() == name);
        let nat = plan.nat.as_ref().and_then(|nat| {
            let (inside, outside) = (card(nat.inside.as_ref())?, card(nat.outside.as_ref())?);
            let mut addresses = cards.get(outside)?.prefixes.iter().map(|prefix| prefix.address);
            let address = addresses.find_map(|address| if let IpAddr::V4(v4) = address { Some(v4) } else { None })?;
            Some(Nat::new(inside, outside, address))
        });
        Self { cards, table: Table::new(plan), neighbours: Neighbours::default(), nat }
    }

    /// A frame arrives at a card; what leaves goes into `out`.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        card: usize,
        mut frame: Frame,
        out: &mut Vec<(usize, Frame)>,
        journal: &mut Journal,
    ) {
        let mut out = Out { frames: out, journal };
        let Some(own) = self.cards.get(card) else { return };
        let Ok(header) = EthernetFrame::new_checked(frame.bytes.as_slice()) else { return };
        let (to, ethertype) = (header.dst_addr(), header.ethertype());
        if to.is_unicast() && to != EthernetAddress(own.mac.0) {
            return out.journal.note(frame.id, Deed::Dropped("its link address is another card's"));
        }
        let is_for_many = !to.is_unicast();
        if ethertype == EthernetProtocol::Arp || ethertype == EthernetProtocol::Ipv6 && is_ndisc(&frame.bytes) {
            out.journal.note(frame.id, Deed::Answered);
            return self.meet(now, card, &frame, &mut out);
        }
        let read = frame.bytes.get(ETHERNET_HEADER..).and_then(|packet| read(ethertype, packet));
        let Some(header) = read.filter(|_| !is_for_many) else {
            return out.journal.note(frame.id, Deed::Dropped("it is no sound IP packet for one receiver"));
        };
        // What Ethernet filled a short frame up with is no part of the packet (RFC 894).
        frame.bytes.truncate(ETHERNET_HEADER + header.length);
        self.pass_on(now, card, frame, header, &mut out);
    }

    /// ARP or neighbor discovery.
    fn meet(&mut self, now: Duration, card: usize, frame: &Frame, out: &mut Out<'_>) {
        let heard = self.neighbours.hear(now, card, &self.cards[card], &frame.bytes);
        out.frames.extend(heard.answer.map(|bytes| (card, Frame::new(bytes))));
        if let Some(mac) = heard.mac {
            for mut waited in heard.released {
                address(&mut waited.bytes, &self.cards[card], mac);
                out.frames.push((card, waited));
            }
        }
    }

    /// An IP packet arrives: it is for this router, goes on, or is refused.
    fn pass_on(&mut self, now: Duration, card: usize, mut frame: Frame, header: Header, out: &mut Out<'_>) {
        let packet = &frame.bytes[ETHERNET_HEADER..];
        let inbound = self.nat.as_mut().filter(|nat| nat.outside == card).and_then(|nat| nat.inbound(now, packet));
        if inbound.is_none() && self.cards.iter().any(|own| own.has(header.to)) {
            return self.answer(now, card, &frame, out);
        }
        // A link-local address means nothing on another link (RFC 4291 §2.5.6).
        if is_link_local(header.from) || is_link_local(header.to) || header.to.is_multicast() {
            return out.journal.note(frame.id, Deed::Dropped("it must not leave its link"));
        }
        if header.ttl <= 1 {
            return self.refuse(now, card, &frame, Refusal::TimeExceeded, out);
        }
        let to = inbound.map_or(header.to, |inbound| inbound.to.into());
        let Some(way) = self.table.way(to) else { return self.refuse(now, card, &frame, Refusal::NoRoute, out) };
        let mtu = self.cards[way.card].mtu;
        let is_long = header.length > usize::from(mtu);
        if is_long && !header.may_be_cut {
            return self.refuse(now, card, &frame, Refusal::TooBig(mtu), out);
        }
        if !self.translate(now, card, way, inbound, &mut frame, out) {
            return out.journal.note(frame.id, Deed::Dropped("its address cannot be translated"));
        }
        age(&mut frame.bytes);
        out.journal.note(frame.id, Deed::Routed { next: way.next, prefix: way.prefix });
        let pieces = if is_long { fragment::fragment(&frame.bytes, mtu) } else { None };
        let Some(pieces) = pieces else { return self.send(now, way, frame, out) };
        out.journal.note(frame.id, Deed::Fragmented(pieces.len()));
        for bytes in pieces {
            self.send(now, way, Frame { bytes, ..frame }, out);
        }
    }

    /// Translates addresses where it has to; says whether the packet may go on.
    fn translate(
        &mut self,
        now: Duration,
        card: usize,
        way: Way,
        inbound: Option<Inbound>,
        frame: &mut Frame,
        out: &mut Out<'_>,
    ) -> bool {
        let Some(nat) = &mut self.nat else { return true };
        let packet = &mut frame.bytes[ETHERNET_HEADER..];
        let is_ipv4 = way.next.is_ipv4();
        let done = match inbound {
            Some(inbound) => Nat::translate_in(packet, inbound),
            None if is_ipv4 && nat.inside == card && nat.outside == way.card => nat.translate_out(now, packet),
            None => return true,
        };
        if done.is_some() {
            out.journal.note(frame.id, Deed::Translated);
        }
        done.is_some()
    }

    /// A packet for the router itself: it answers pings, and says that nobody waits at its ports.
    fn answer(&mut self, now: Duration, card: usize, frame: &Frame, out: &mut Out<'_>) {
        out.journal.note(frame.id, Deed::Answered);
        let packet = &frame.bytes[ETHERNET_HEADER..];
        if let Some(bytes) = icmp::echo_reply(packet).or_else(|| icmp::reset(packet)) {
            return self.originate(now, bytes, out);
        }
        if is_udp(packet) {
            self.refuse(now, card, frame, Refusal::NoPort, out);
        }
    }

    /// Tells the sender why a packet goes no further.
    fn refuse(&mut self, now: Duration, card: usize, frame: &Frame, refusal: Refusal, out: &mut Out<'_>) {
        out.journal.note(frame.id, Deed::Refused(refusal.words()));
        let Some(packet) = frame.bytes.get(ETHERNET_HEADER..) else { return };
        let Some(sender) = sender(packet) else { return };
        let Some(from) = self.cards.get(card).and_then(|own| own.address(sender)) else { return };
        if let Some(bytes) = icmp::refuse(packet, from, refusal) {
            self.originate(now, bytes, out);
        }
    }

    /// Sends a packet of its own.
    fn originate(&mut self, now: Duration, bytes: Vec<u8>, out: &mut Out<'_>) {
        let way = bytes.get(ETHERNET_HEADER..).and_then(receiver).and_then(|to| self.table.way(to));
        if let Some(way) = way {
            self.send(now, way, Frame::new(bytes), out);
        }
    }

    /// Sends a frame to the next hop, once its link address is known.
    fn send(&mut self, now: Duration, way: Way, frame: Frame, out: &mut Out<'_>) {
        let card = &self.cards[way.card];
        let id = frame.id;
        match self.neighbours.find(now, way.card, card, way.next, frame) {
            Found::Known(mac, mut frame) => {
                address(&mut frame.bytes, card, mac);
                out.frames.push((way.card, frame));
            }
            Found::Ask(bytes) => {
                out.journal.note(id, Deed::Waits { next: way.next });
                out.frames.push((way.card, Frame::new(bytes)));
            }
            Found::Wait => out.journal.note(id, Deed::Waits { next: way.next }),
            Found::Never(frame) => out.journal.note(frame.id, Deed::Dropped("the card has no address to ask from")),
        }
    }

    /// Asks again for neighbours, and gives up on those that never answered.
    pub(super) fn tick(&mut self, now: Duration, out: &mut Vec<(usize, Frame)>, journal: &mut Journal) {
        let due = self.neighbours.tick(now, &self.cards);
        out.extend(due.questions.into_iter().map(|(card, bytes)| (card, Frame::new(bytes))));
        let mut out = Out { frames: out, journal };
        for frame in due.failed {
            // The sender is told by the card that it is reached over.
            let sender = frame.bytes.get(ETHERNET_HEADER..).and_then(sender);
            let card = sender.and_then(|sender| self.table.way(sender)).map(|way| way.card);
            if let Some(card) = card {
                self.refuse(now, card, &frame, Refusal::NobodyThere, &mut out);
            }
        }
    }

    /// When a neighbour's answer is overdue.
    pub(super) fn wake(&self) -> Option<Duration> {
        self.neighbours.wake()
    }

    /// Nothing waits here.
    pub(super) fn is_done(&self) -> bool {
        self.neighbours.wake().is_none()
    }
}

/// Reads the IP header; `None` where it is not sound (RFC 1812 §5.2.2).
fn read(ethertype: EthernetProtocol, packet: &[u8]) -> Option<Header> {
    match ethertype {
        EthernetProtocol::Ipv4 => {
            let ip = Ipv4Packet::new_checked(packet).ok().filter(|ip| ip.version() == 4 && ip.verify_checksum())?;
            Some(Header {
                to: ip.dst_addr().into(),
                from: ip.src_addr().into(),
                ttl: ip.hop_limit(),
                length: usize::from(ip.total_len()),
                may_be_cut: !ip.dont_frag(),
            })
        }
        EthernetProtocol::Ipv6 => {
            let ip = Ipv6Packet::new_checked(packet).ok().filter(|ip| ip.version() == 6)?;
            Some(Header {
                to: ip.dst_addr().into(),
                from: ip.src_addr().into(),
                ttl: ip.hop_limit(),
                length: ip.total_len(),
                may_be_cut: false,
            })
        }
        _ => None,
    }
}

/// Takes one from TTL or hop limit (RFC 1812 §5.3.1, RFC 8200 §3); IPv4's checksum follows.
fn age(frame: &mut [u8]) {
    let Some(packet) = frame.get_mut(ETHERNET_HEADER..) else { return };
    if let Ok(mut ip) = Ipv4Packet::new_checked(&mut *packet)
        && ip.version() == 4
    {
        // TTL and protocol share a word.
        let word = |ttl: u8, protocol: IpProtocol| u16::from_be_bytes([ttl, protocol.into()]);
        let (old, protocol) = (ip.hop_limit(), ip.next_header());
        let new = old.saturating_sub(1);
        let checksum = checksum::update(ip.checksum(), word(old, protocol), word(new, protocol));
        ip.set_hop_limit(new);
        ip.set_checksum(checksum);
    } else if let Ok(mut ip) = Ipv6Packet::new_checked(packet) {
        ip.set_hop_limit(ip.hop_limit().saturating_sub(1));
    }
}

/// Writes the link addresses of this hop.
fn address(frame: &mut [u8], card: &Card, to: EthernetAddress) {
    if let Ok(mut frame) = EthernetFrame::new_checked(frame) {
        frame.set_src_addr(EthernetAddress(card.mac.0));
        frame.set_dst_addr(to);
    }
}

/// Neighbor discovery: it comes from a neighbour, so its hop limit is whole (RFC 4861 §6.1).
fn is_ndisc(frame: &[u8]) -> bool {
    let Some(ip) = frame.get(ETHERNET_HEADER..).and_then(|packet| Ipv6Packet::new_checked(packet).ok()) else {
        return false;
    };
    let kind = |ip: &Ipv6Packet<&[u8]>| Icmpv6Packet::new_checked(ip.payload()).map(|icmp| icmp.msg_type());
    ip.version() == 6
        && ip.next_header() == IpProtocol::Icmpv6
        && ip.hop_limit() == 255
        && matches!(kind(&ip), Ok(Icmpv6Message::NeighborSolicit | Icmpv6Message::NeighborAdvert))
}

fn ends(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    read(EthernetProtocol::Ipv4, packet)
        .or_else(|| read(EthernetProtocol::Ipv6, packet))
        .map(|header| (header.from, header.to))
}

fn sender(packet: &[u8]) -> Option<IpAddr> {
    ends(packet).map(|(from, _)| from)
}

fn receiver(packet: &[u8]) -> Option<IpAddr> {
    ends(packet).map(|(_, to)| to)
}

fn is_udp(packet: &[u8]) -> bool {
    Ipv4Packet::new_checked(packet).is_ok_and(|ip| ip.version() == 4 && ip.next_header() == IpProtocol::Udp)
        || Ipv6Packet::new_checked(packet).is_ok_and(|ip| ip.version() == 6 && ip.next_header() == IpProtocol::Udp)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}
