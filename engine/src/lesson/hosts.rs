//! Who takes part in a lesson's packets: each host with its name, cards and addresses.
//!
//! A scenario introduces its hosts. Of a capture we know what its packets say of whom they come from: ARP (RFC 826),
//! neighbor discovery (RFC 4861) and DHCP (RFC 2131) tie an address to a card. Where nothing does, an address is all
//! that there is of a host.

use crate::flow::Endpoint;
use crate::model::{FieldDef, Osi, Packet};
use crate::proto::{arp, dhcp, ethernet, icmpv6, ipv4, ipv6};
use crate::sim::scenario::Scenario;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Hosts that are kept.
const MOST_HOSTS: usize = 256;
/// Addresses that are kept of one host.
const MOST_ADDRESSES: usize = 16;
/// A DHCP acknowledgment (RFC 2132 section 9.6).
const DHCP_ACK: u64 = 5;

/// Messages of neighbor discovery, which come from a card of this link: solicitations and advertisements.
const NEIGHBOURS: std::ops::RangeInclusive<u64> = 133..=136;

/// The address of a card.
pub(super) type Card = [u8; 6];

/// The hosts of a lesson's packets.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    known: Vec<Host>,
    /// Who is left of whom: everybody whom a packet comes from or goes to.
    order: Vec<Who>,
    /// Packets are followed from card to card, not from address to address.
    hops: bool,
}

#[derive(Clone, Debug, Default)]
struct Host {
    /// What the scenario calls it; empty where none does.
    name: String,
    /// It sends what others have sent, too.
    forwards: bool,
    cards: Vec<Card>,
    addresses: Vec<IpAddr>,
}

/// One end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A host that is known, by its place.
    Host(usize),
    /// The host with this address.
    Address(IpAddr),
    /// The host with this card.
    Card(Card),
    /// A packet without addresses: the side is all that is known.
    Side(Endpoint),
    /// Everybody on the link.
    Everyone,
}

/// Which end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

impl Hosts {
    /// Nobody yet. A lesson about layers 1 to 3 follows packets from card to card, one about a higher layer from
    /// address to address.
    pub fn new(osi: Osi) -> Self {
        Self { hops: osi <= Osi::Network, ..Self::default() }
    }

    /// Those of a scenario, from left to right by the number of routers between them and the first host.
    pub fn of(scenario: &Scenario, osi: Osi) -> Self {
        let away = distances(scenario);
        let (hosts, switches) = (scenario.hosts.len(), scenario.switches.len());
        let is_switch = |device: usize| (hosts..hosts + switches).contains(&device);
        let mut order: Vec<usize> = (0..away.len()).filter(|&device| !is_switch(device)).collect();
        order.sort_by_key(|&device| away.get(device).copied());
        let names: Vec<&str> = scenario.devices().map(|name| name.as_ref().as_str()).collect();
        let known = order.iter().map(|&device| {
            let cards = scenario.cards(device);
            Host {
                name: names.get(device).copied().unwrap_or_default().to_owned(),
                forwards: device >= hosts,
                cards: cards.iter().map(|card| card.mac.0).collect(),
                addresses: cards.iter().flat_map(|card| card.addresses.as_ref()).map(|a| a.address).collect(),
            }
        });
        let known: Vec<Host> = known.collect();
        Self { order: (0..known.len()).map(Who::Host).collect(), known, ..Self::new(osi) }
    }

    /// Learns from a packet to whom an address belongs.
    pub(super) fn see(&mut self, packet: &Packet) {
        let told = |card, address| octets(packet, card).zip(packet.octets(address).and_then(ip));
        let pair = if packet.layer(&arp::ABOUT).is_some() {
            told(&arp::SRC_MAC, &arp::SRC_IPV4)
        } else if packet.uint(&dhcp::MESSAGE_TYPE) == Some(DHCP_ACK) {
            told(&dhcp::MAC_ADDR, &dhcp::IP_YOUR)
        } else {
            let pair = card_of(packet, End::From).zip(address_of(packet, End::From));
            let neighbour = packet.uint(&icmpv6::TYPE).is_some_and(|kind| NEIGHBOURS.contains(&kind));
            pair.filter(|&(card, _)| neighbour || self.is_introduced(card))
        };
        if let Some((card, ip)) = pair {
            self.tie(card, ip);
        }
    }

    /// Whether the scenario has a host with this card: what that sends is its own.
    fn is_introduced(&self, card: Card) -> bool {
        self.known.iter().any(|host| !host.name.is_empty() && !host.forwards && host.cards.contains(&card))
    }

    fn tie(&mut self, card: Card, ip: IpAddr) {
        if ip.is_unspecified() || card == Card::default() || self.known.iter().any(|h| h.addresses.contains(&ip)) {
            return;
        }
        let full = self.known.len() >= MOST_HOSTS;
        match self.known.iter_mut().find(|host| host.cards.contains(&card)) {
            Some(host) if host.addresses.len() < MOST_ADDRESSES => host.addresses.push(ip),
            None if !full => self.known.push(Host { cards: vec![card], addresses: vec![ip], ..Host::default() }),
            _ => {}
        }
    }

    /// Once all packets are there, each with its sender: who stands left of whom, where no scenario says it. The
    /// client, or the host that spoke first, is left.
    pub(super) fn settle<'p>(&mut self, packets: impl Iterator<Item = (&'p Packet, Option<Endpoint>)>) {
        let mut packets: Vec<_> = packets.collect();
        packets.sort_by_key(|(packet, _)| packet.number);
        for (packet, sender) in packets {
            let [from, to] = self.way(packet, sender);
            let both = if sender == Some(Endpoint::Server) { [to, from] } else { [from, to] };
            for who in both {
                if who != Who::Everyone && !self.order.contains(&who) {
                    self.order.push(who);
                }
            }
        }
    }

    /// Where a packet comes from, and where it goes.
    pub(super) fn way(&self, packet: &Packet, sender: Option<Endpoint>) -> [Who; 2] {
        let side = sender.unwrap_or(Endpoint::Client);
        let other = if side == Endpoint::Client { Endpoint::Server } else { Endpoint::Client };
        let end = |end, side| self.end(packet, end).unwrap_or(Who::Side(side));
        [end(End::From, side), end(End::To, other)]
    }

    fn end(&self, packet: &Packet, end: End) -> Option<Who> {
        let card = card_of(packet, end);
        if card.is_some_and(|[first, ..]| first & 1 == 1) {
            return Some(Who::Everyone);
        }
        let by_card = || card.filter(|card| *card != Card::default()).map(|card| self.owner(card));
        let by_address = || address_of(packet, end).filter(|ip| !ip.is_unspecified()).map(|ip| self.holder(ip));
        if self.hops { by_card().or_else(by_address) } else { by_address().or_else(by_card) }
    }

    fn owner(&self, card: Card) -> Who {
        self.known.iter().position(|host| host.cards.contains(&card)).map_or(Who::Card(card), Who::Host)
    }

    /// The host with an address.
    pub(super) fn holder(&self, ip: IpAddr) -> Who {
        let everyone = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        let host = || self.known.iter().position(|host| host.addresses.contains(&ip));
        if everyone { Who::Everyone } else { host().map_or(Who::Address(ip), Who::Host) }
    }

    /// Whether a scenario introduced them: only then it is known which programs run there.
    pub fn are_introduced(&self) -> bool {
        self.known.iter().any(|host| !host.name.is_empty())
    }

    /// What a scenario calls it; empty where none does.
    pub(super) fn name(&self, who: Who) -> &str {
        let Who::Host(at) = who else { return "" };
        self.known.get(at).map_or("", |host| host.name.as_str())
    }

    /// Whether packets are followed from card to card.
    pub(super) fn hops(&self) -> bool {
        self.hops
    }

    /// The first of its addresses.
    pub(super) fn address(&self, who: Who) -> Option<IpAddr> {
        match who {
            Who::Host(at) => self.known.get(at)?.addresses.first().copied(),
            Who::Address(ip) => Some(ip),
            _ => None,
        }
    }

    /// How far right it stands.
    pub(super) fn place(&self, who: Who) -> usize {
        self.order.iter().position(|own| *own == who).unwrap_or(usize::MAX)
    }
}

/// How many routers are between the first device and each: a router itself counts one, what is beyond it two.
fn distances(scenario: &Scenario) -> Vec<usize> {
    let routers = scenario.hosts.len() + scenario.switches.len();
    let mut away = vec![usize::MAX; scenario.devices().count()];
    let links: Vec<[usize; 2]> =
        scenario.links.iter().filter_map(|link| scenario.ends(link)).map(|ends| ends.map(|end| end.device)).collect();
    let cost = |device: usize| usize::from(device >= routers);
    if let Some(first) = away.first_mut() {
        *first = 0;
    }
    // Each turn reaches at least one device more, or none is left.
    for _ in 0..away.len() {
        for &[a, b] in &links {
            for (near, far) in [(a, b), (b, a)] {
                let Some(way) = away.get(near).and_then(|w| w.checked_add(cost(near) + cost(far))) else { continue };
                if let Some(old) = away.get_mut(far) {
                    *old = way.min(*old);
                }
            }
        }
    }
    away
}

/// The innermost address of one end; what an error of ICMP quotes is another packet's.
pub(super) fn address_of(packet: &Packet, end: End) -> Option<IpAddr> {
    let defs = if end == End::From { [&ipv4::SRC, &ipv6::SRC] } else { [&ipv4::DST, &ipv6::DST] };
    let mut own = packet.layers.iter().rev().filter(|layer| !layer.quoted);
    own.find_map(|layer| defs.iter().find_map(|def| packet.octets_in(layer, def).and_then(ip)))
}

/// The card of one end, where there is Ethernet.
pub(super) fn card_of(packet: &Packet, end: End) -> Option<Card> {
    let def = if end == End::From { &ethernet::SRC } else { &ethernet::DST };
    packet.octets_in(packet.layer(&ethernet::ABOUT)?, def)?.try_into().ok()
}

fn octets(packet: &Packet, def: &'static FieldDef) -> Option<Card> {
    packet.octets(def)?.try_into().ok()
}

/// An address of either version; `None` where the capture cut it.
fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|b| IpAddr::V4(Ipv4Addr::from(b)));
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|b| IpAddr::V6(Ipv6Addr::from(b)))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{built_in, simulate};

    fn names(scenario: &str) -> Vec<String> {
        let scenario = Scenario::ready(scenario).unwrap().unwrap();
        Hosts::of(&scenario, Osi::Application).known.into_iter().map(|host| host.name).collect()
    }

    #[test]
    fn routers_are_between_those_whom_they_connect() {
        assert_eq!(names("routers"), ["client", "near", "far", "server"]);
        assert_eq!(names("dns"), ["client", "resolver", "router", "root", "com", "server"]);
        assert_eq!(names("chat"), ["Ada", "Ben", "Cleo", "server"]);
    }

    #[test]
    fn an_address_that_dhcp_gives_is_its_host_s() {
        let lesson = built_in("web-request").unwrap().unwrap();
        let hosts = simulate::trace(&lesson, None).unwrap().hosts;
        assert_eq!(hosts.name(hosts.holder("192.168.1.100".parse().unwrap())), "laptop");
        assert_eq!(hosts.holder("203.0.113.9".parse().unwrap()), Who::Address("203.0.113.9".parse().unwrap()));
        assert_eq!(hosts.holder("224.0.0.1".parse().unwrap()), Who::Everyone);
    }

    #[test]
    fn in_a_capture_arp_ties_an_address_to_a_card_and_the_first_word_counts() {
        let mut hosts = Hosts::new(Osi::Link);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        hosts.tie([2; 6], ip("192.0.2.1"));
        hosts.tie([2; 6], ip("2001:db8::1"));
        hosts.tie([4; 6], ip("192.0.2.1"));
        hosts.tie([0; 6], ip("127.0.0.1"));
        assert_eq!((hosts.holder(ip("192.0.2.1")), hosts.holder(ip("2001:db8::1"))), (Who::Host(0), Who::Host(0)));
        assert_eq!((hosts.owner([2; 6]), hosts.owner([4; 6])), (Who::Host(0), Who::Card([4; 6])));
        assert_eq!(hosts.known.len(), 1);
        for n in 0..2_000u32 {
            let [a, b, c, d] = n.to_be_bytes();
            hosts.tie([2, 2, a, b, c, d], IpAddr::from([10, b, c, d]));
        }
        assert_eq!(hosts.known.len(), MOST_HOSTS);
    }
}
