//! Who on a link has which link address: ARP for IPv4 (RFC 826), neighbor discovery for IPv6 (RFC 4861 §7).
//!
//! A packet for a neighbour whose link address is not known waits while the router asks. Nobody answers three
//! times: the packets that wait come back, and their senders are told.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, Icmpv6Packet,
    Icmpv6Repr, IpProtocol, Ipv6Packet, Ipv6Repr, NdiscNeighborFlags, NdiscRepr,
};

use crate::sim::port::Frame;
use crate::sim::scenario::{Mac, Prefix};

/// How long an answer is waited for, and how often one asks (RFC 4861 §10).
const PATIENCE: Duration = Duration::from_secs(1);
const TRIES: u8 = 3;
/// How long an answer holds.
const HOLDS: Duration = Duration::from_mins(1);
/// How many packets wait for one neighbour; one more pushes out the oldest.
const WAITING: usize = 32;
/// How many neighbours are known or asked for.
const MEMORY: usize = 1024;

/// A card as its neighbours see it.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) mac: Mac,
    pub(super) prefixes: Vec<Prefix>,
    pub(super) mtu: u16,
}

#[derive(Debug, Default)]
pub(super) struct Neighbours {
    table: BTreeMap<(usize, IpAddr), State>,
}

#[derive(Debug)]
enum State {
    Known { mac: EthernetAddress, since: Duration },
    Asked { tries: u8, until: Duration, waiting: VecDeque<Frame> },
}

/// What a look-up comes to.
#[derive(Debug)]
pub(super) enum Found {
    /// The frame may leave, to this link address.
    Known(EthernetAddress, Frame),
    /// It waits; the question is to be sent.
    Ask(Vec<u8>),
    /// It waits for the answer to an earlier question.
    Wait,
    /// There is no way to ask.
    Never(Frame),
}

impl Card {
    /// Its address in the network of another, or else its first of that family.
    pub(super) fn address(&self, towards: IpAddr) -> Option<IpAddr> {
        let family = || self.prefixes.iter().filter(|prefix| prefix.address.is_ipv4() == towards.is_ipv4());
        let near = family().find(|prefix| prefix.network().contains(towards));
        near.or_else(|| family().next()).map(|prefix| prefix.address)
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.prefixes.iter().any(|prefix| prefix.address == address)
    }

    fn hardware(&self) -> EthernetAddress {
        EthernetAddress(self.mac.0)
    }
}

impl Neighbours {
    /// Looks up who is next; a frame whose receiver is not known stays here.
    pub(super) fn find(&mut self, now: Duration, at: usize, card: &Card, next: IpAddr, frame: Frame) -> Found {
        match self.table.get_mut(&(at, next)) {
            Some(State::Known { mac, since }) if now.saturating_sub(*since) < HOLDS => {
                return Found::Known(*mac, frame);
            }
            Some(State::Asked { waiting, .. }) => {
                if waiting.len() >= WAITING {
                    waiting.pop_front();
                }
                waiting.push_back(frame);
                return Found::Wait;
            }
            _ => {}
        }
        let Some(question) = question(card, next) else { return Found::Never(frame) };
        self.make_room();
        let state = State::Asked { tries: 1, until: now + PATIENCE, waiting: [frame].into() };
        self.table.insert((at, next), state);
        Found::Ask(question)
    }

    /// The table has an end: the neighbour that was heard of least lately is forgotten.
    fn make_room(&mut self) {
        if self.table.len() < MEMORY {
            return;
        }
        let age = |state: &State| match state {
            State::Known { since, .. } => *since,
            State::Asked { until, .. } => *until,
        };
        if let Some(oldest) = self.table.iter().min_by_key(|(key, state)| (age(state), **key)).map(|(key, _)| *key) {
            self.table.remove(&oldest);
        }
    }

    /// Somebody is known now; gives what waited.
    fn learn(&mut self, now: Duration, at: usize, who: IpAddr, mac: EthernetAddress) -> VecDeque<Frame> {
        if !mac.is_unicast() {
            return VecDeque::new();
        }
        if !self.table.contains_key(&(at, who)) {
            self.make_room();
        }
        match self.table.insert((at, who), State::Known { mac, since: now }) {
            Some(State::Asked { waiting, .. }) => waiting,
            _ => VecDeque::new(),
        }
    }

    /// ARP or neighbor discovery arrives. Gives the answer, if one is due, and what waited for this word, with its
    /// receiver.
    pub(super) fn hear(&mut self, now: Duration, at: usize, card: &Card, frame: &[u8]) -> Heard {
        let heard = EthernetFrame::new_checked(frame).ok().and_then(|frame| match frame.ethertype() {
            EthernetProtocol::Arp => self.hear_arp(now, at, card, frame.payload()),
            _ => self.hear_ndisc(now, at, card, frame.payload()),
        });
        heard.unwrap_or_default()
    }

    fn hear_arp(&mut self, now: Duration, at: usize, card: &Card, packet: &[u8]) -> Option<Heard> {
        let ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr: mac,
            source_protocol_addr: who,
            target_protocol_addr,
            ..
        } = ArpRepr::parse(&ArpPacket::new_checked(packet).ok()?).ok()?
        else {
            return None;
        };
        // Only what is meant for us, from somebody on this link.
        let on_link = card.prefixes.iter().any(|prefix| prefix.network().contains(who.into()));
        if !card.has(target_protocol_addr.into()) || !on_link {
            return None;
        }
        let released = self.learn(now, at, who.into(), mac);
        let answer = (operation == ArpOperation::Request).then(|| {
            let reply = ArpRepr::EthernetIpv4 {
                operation: ArpOperation::Reply,
                source_hardware_addr: card.hardware(),
                source_protocol_addr: target_protocol_addr,
                target_hardware_addr: mac,
                target_protocol_addr: who,
            };
            arp(card, mac, &reply)
        });
        Some(Heard { answer, released, mac: Some(mac) })
    }

    fn hear_ndisc(&mut self, now: Duration, at: usize, card: &Card, packet: &[u8]) -> Option<Heard> {
        let ip = Ipv6Packet::new_checked(packet).ok()?;
        let icmp = Icmpv6Packet::new_checked(ip.payload()).ok()?;
        let (from, to) = (ip.src_addr(), ip.dst_addr());
        let Icmpv6Repr::Ndisc(message) = Icmpv6Repr::parse(&from, &to, &icmp, &ChecksumCapabilities::default()).ok()?
        else {
            return None;
        };
        let ethernet = |raw: smoltcp::wire::RawHardwareAddress| {
            raw.as_bytes().try_into().ok().map(|bytes: [u8; 6]| EthernetAddress(bytes))
        };
        match message {
            NdiscRepr::NeighborAdvert { target_addr, lladdr: Some(raw), .. } => {
                let mac = ethernet(raw)?;
                Some(Heard { answer: None, released: self.learn(now, at, target_addr.into(), mac), mac: Some(mac) })
            }
            NdiscRepr::NeighborSolicit { target_addr, lladdr: Some(raw) } if card.has(target_addr.into()) => {
                let mac = ethernet(raw)?;
                let released = self.learn(now, at, from.into(), mac);
                let advert = NdiscRepr::NeighborAdvert {
                    flags: NdiscNeighborFlags::ROUTER | NdiscNeighborFlags::SOLICITED | NdiscNeighborFlags::OVERRIDE,
                    target_addr,
                    lladdr: Some(card.hardware().into()),
                };
                Some(Heard { answer: Some(ndisc(card, mac, target_addr, from, advert)), released, mac: Some(mac) })
            }
            _ => None,
        }
    }

    /// Asks again where nobody has answered, and gives up after the last try.
    pub(super) fn tick(&mut self, now: Duration, cards: &[Card]) -> Due {
        let mut due = Due::default();
        let late: Vec<_> = self.table.iter().filter(|(_, state)| is_late(state, now)).map(|(key, _)| *key).collect();
        for (at, next) in late {
            let Some(State::Asked { tries, until, waiting }) = self.table.get_mut(&(at, next)) else { continue };
            let again = cards.get(at).and_then(|card| question(card, next)).filter(|_| *tries < TRIES);
            if let Some(question) = again {
                *tries += 1;
                *until = now + PATIENCE;
                due.questions.push((at, question));
            } else {
                due.failed.extend(std::mem::take(waiting));
                self.table.remove(&(at, next));
            }
        }
        due
    }

    /// When the next answer is overdue.
    pub(super) fn wake(&self) -> Option<Duration> {
        let until = self.table.values().filter_map(|state| match state {
            State::Asked { until, .. } => Some(*until),
            State::Known { .. } => None,
        });
        until.min()
    }
}

/// What ARP or neighbor discovery brought.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// A frame for who asked.
    pub(super) answer: Option<Vec<u8>>,
    /// What waited for this neighbour, and its link address.
    pub(super) released: VecDeque<Frame>,
    pub(super) mac: Option<EthernetAddress>,
}

/// What time brought.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Questions to be sent again, each with its card.
    pub(super) questions: Vec<(usize, Vec<u8>)>,
    /// What waited in vain.
    pub(super) failed: Vec<Frame>,
}

fn is_late(state: &State, now: Duration) -> bool {
    matches!(state, State::Asked { until, .. } if *until <= now)
}

/// Who has this address?
fn question(card: &Card, next: IpAddr) -> Option<Vec<u8>> {
    match (next, card.address(next)?) {
        (IpAddr::V4(next), IpAddr::V4(own)) => {
            let request = ArpRepr::EthernetIpv4 {
                operation: ArpOperation::Request,
                source_hardware_addr: card.hardware(),
                source_protocol_addr: own,
                target_hardware_addr: EthernetAddress([0; 6]),
                target_protocol_addr: next,
            };
            Some(arp(card, EthernetAddress::BROADCAST, &request))
        }
        (IpAddr::V6(next), IpAddr::V6(own)) => {
            let [.., a, b, c] = next.octets();
            // The group of all who may have the address (RFC 4291 §2.7.1), and its link address (RFC 2464 §7).
            let group = Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c]);
            let to = EthernetAddress([0x33, 0x33, 0xff, a, b, c]);
            let solicit = NdiscRepr::NeighborSolicit { target_addr: next, lladdr: Some(card.hardware().into()) };
            Some(ndisc(card, to, own, group, solicit))
        }
        _ => None,
    }
}

fn arp(card: &Card, to: EthernetAddress, message: &ArpRepr) -> Vec<u8> {
    let mut bytes = ethernet(card, to, EthernetProtocol::Arp, message.buffer_len());
    let mut frame = EthernetFrame::new_unchecked(bytes.as_mut_slice());
    message.emit(&mut ArpPacket::new_unchecked(frame.payload_mut()));
    bytes
}

fn ndisc(card: &Card, to_mac: EthernetAddress, from: Ipv6Addr, to: Ipv6Addr, message: NdiscRepr<'_>) -> Vec<u8> {
    let message = Icmpv6Repr::Ndisc(message);
    // No router lets it pass: only a neighbour can have sent it (RFC 4861 §3.1).
    let header = Ipv6Repr {
        src_addr: from,
        dst_addr: to,
        next_header: IpProtocol::Icmpv6,
        payload_len: message.buffer_len(),
        hop_limit: 255,
    };
    let length = header.buffer_len() + message.buffer_len();
    let mut bytes = ethernet(card, to_mac, EthernetProtocol::Ipv6, length);
    let mut frame = EthernetFrame::new_unchecked(bytes.as_mut_slice());
    let mut packet = Ipv6Packet::new_unchecked(frame.payload_mut());
    header.emit(&mut packet);
    let icmp = &mut Icmpv6Packet::new_unchecked(packet.payload_mut());
    message.emit(&from, &to, icmp, &ChecksumCapabilities::default());
    bytes
}

/// A frame with its header, and room for so many bytes behind it.
fn ethernet(card: &Card, to: EthernetAddress, ethertype: EthernetProtocol, length: usize) -> Vec<u8> {
    let header = EthernetRepr { src_addr: card.hardware(), dst_addr: to, ethertype };
    let mut bytes = vec![0; header.buffer_len() + length];
    header.emit(&mut EthernetFrame::new_unchecked(bytes.as_mut_slice()));
    bytes
}
