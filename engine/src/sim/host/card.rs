//! A network card and the TCP/IP stack on it.
//!
//! smoltcp takes an interface's MTU once, when it is made. So that path MTU discovery (RFC 1191, RFC 8201)
//! can lower it, [`Card::set_mtu`] makes the interface anew, and lets it hear again what it knew of its
//! neighbours. [`Card::may_ask`] does the same, because smoltcp asks for no second neighbour within a second.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::time::Instant;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetFrame, EthernetProtocol, Icmpv6Message, Icmpv6Packet,
    IpAddress, IpCidr, IpProtocol, Ipv4Packet, Ipv6Packet,
};

use crate::sim::offload;
use crate::sim::port::{ETHERNET_HEADER, Frame, Port};
use crate::sim::scenario::{self, Mac, Prefix};

/// Frames about neighbours that are kept, so that they can be heard again, and neighbours that were asked for.
const NEIGHBOURS: usize = 64;
/// For how long smoltcp asks for nobody after it has asked.
const SILENCE: Duration = Duration::from_secs(1);

pub(super) struct Card {
    pub(super) port: Port,
    pub(super) interface: Interface,
    pub(super) sockets: SocketSet<'static>,
    mac: Mac,
    prefixes: Vec<Prefix>,
    gateways: Vec<IpAddr>,
    heard: VecDeque<Vec<u8>>,
    /// Who was asked for, and when.
    asked: VecDeque<(IpAddr, Duration)>,
    seed: u64,
    /// The identification of the next packet that may be fragmented; `None` where none may.
    next_id: Option<u16>,
}

impl Card {
    pub(super) fn new(plan: &scenario::Card, mtu: u16, gateways: &[IpAddr], seed: u64) -> Self {
        let mut port = Port::new(mtu);
        let interface = interface(plan.mac, &mut port, Instant::ZERO, seed);
        let mut card = Self {
            port,
            interface,
            sockets: SocketSet::new(Vec::new()),
            mac: plan.mac,
            prefixes: plan.addresses.as_ref().clone(),
            gateways: gateways.to_vec(),
            heard: VecDeque::new(),
            asked: VecDeque::new(),
            seed,
            next_id: None,
        };
        card.configure();
        card
    }

    /// Allows routers to fragment what is not TCP; the first such packet gets this identification.
    pub(super) fn allow_fragments(&mut self, first_id: u16) {
        self.next_id = Some(first_id);
    }

    /// Gives it other IPv4 settings: what DHCP says.
    pub(super) fn set_ipv4(&mut self, prefix: Option<Prefix>, gateway: Option<IpAddr>) {
        self.prefixes.retain(|prefix| prefix.address.is_ipv6());
        self.gateways.retain(IpAddr::is_ipv6);
        self.prefixes.extend(prefix);
        self.gateways.extend(gateway);
        self.configure();
    }

    fn configure(&mut self) {
        let prefixes = &self.prefixes;
        self.interface.update_ip_addrs(|addresses| {
            addresses.clear();
            for prefix in prefixes {
                // A scenario has no more addresses than the stack has room for.
                let _ = addresses.push(IpCidr::new(prefix.address.into(), prefix.length));
            }
        });
        let routes = self.interface.routes_mut();
        routes.remove_default_ipv4_route();
        routes.remove_default_ipv6_route();
        for gateway in &self.gateways {
            // There is room for two.
            let _ = match gateway {
                IpAddr::V4(v4) => routes.add_default_ipv4_route(*v4),
                IpAddr::V6(v6) => routes.add_default_ipv6_route(*v6),
            };
        }
    }

    pub(super) fn mtu(&self) -> u16 {
        self.port.mtu
    }

    /// Sends packets of at most this length from now on.
    pub(super) fn set_mtu(&mut self, mtu: u16, now: Duration) {
        self.port.mtu = mtu;
        self.renew(now);
    }

    /// Allows the stack to ask for a neighbour of whom nothing is known, although it has just asked for another.
    pub(super) fn may_ask(&mut self, to: IpAddr, now: Duration) {
        let on_link = self.prefixes.iter().any(|prefix| prefix.network().contains(to));
        let gateway = || self.gateways.iter().copied().find(|gateway| gateway.is_ipv4() == to.is_ipv4());
        let Some(next) = Some(to).filter(|_| on_link).or_else(gateway) else { return };
        let is_known = self.asked.iter().any(|(asked, _)| *asked == next);
        if !is_known && self.asked.back().is_some_and(|(_, at)| now < *at + SILENCE) {
            self.renew(now);
        }
    }

    /// Makes the interface anew.
    fn renew(&mut self, now: Duration) {
        self.seed = self.seed.wrapping_add(1);
        self.interface = interface(self.mac, &mut self.port, instant(now), self.seed);
        self.configure();
        let mut quiet = Port::new(self.port.mtu);
        quiet.received.extend(self.heard.iter().cloned());
        self.interface.poll(instant(now), &mut quiet, &mut SocketSet::new(Vec::new()));
    }

    /// Whether a frame carries this card's address, or that of many.
    pub(super) fn is_meant(&self, frame: &[u8]) -> bool {
        let to = EthernetFrame::new_checked(frame).map(|frame| frame.dst_addr());
        to.is_ok_and(|to| !to.is_unicast() || to == EthernetAddress(self.mac.0))
    }

    /// A frame arrives for the stack. A damaged segment is thrown away.
    pub(super) fn receive(&mut self, frame: Frame) {
        if frame.is_damaged && !offload::is_sound(&frame.bytes) {
            return;
        }
        if is_about_neighbours(&frame.bytes) {
            if self.heard.len() == NEIGHBOURS {
                self.heard.pop_front();
            }
            self.heard.push_back(frame.bytes.clone());
        }
        self.port.received.push_back(frame.bytes);
    }

    pub(super) fn poll(&mut self, now: Duration) {
        let before = self.port.sent.len();
        self.interface.poll(instant(now), &mut self.port, &mut self.sockets);
        for frame in self.port.sent.iter_mut().skip(before) {
            if let Some(next_id) = &mut self.next_id {
                may_be_fragmented(&mut frame.bytes, next_id);
            }
            if let Some(asked) = asks_for(&frame.bytes) {
                if self.asked.len() == NEIGHBOURS {
                    self.asked.pop_front();
                }
                self.asked.push_back((asked, now));
            }
        }
    }

    /// The frames about neighbours that it has received, oldest first.
    pub(super) fn heard(&self) -> impl Iterator<Item = &[u8]> {
        self.heard.iter().map(Vec::as_slice)
    }

    /// Whether it has an IPv4 address.
    pub(super) fn has_ipv4(&self) -> bool {
        self.prefixes.iter().any(|prefix| prefix.address.is_ipv4())
    }

    /// Its address that speaks to this one.
    pub(super) fn source(&self, to: IpAddr) -> Option<IpAddr> {
        let speaks = self.prefixes.iter().any(|prefix| prefix.address.is_ipv4() == to.is_ipv4());
        let address: IpAddress = to.into();
        speaks.then(|| self.interface.get_source_address(&address)).flatten().map(Into::into)
    }

    /// How well it suits an address: the length of the prefix that they share, 0 for the way over a gateway.
    pub(super) fn suits(&self, to: IpAddr) -> Option<u8> {
        let own = self.prefixes.iter().filter(|prefix| prefix.network().contains(to));
        let own = own.map(|prefix| prefix.length.max(1)).max();
        own.or_else(|| self.gateways.iter().any(|g| g.is_ipv4() == to.is_ipv4()).then_some(0))
    }
}

fn interface(mac: Mac, port: &mut Port, now: Instant, seed: u64) -> Interface {
    let mut config = Config::new(EthernetAddress(mac.0).into());
    config.random_seed = seed;
    Interface::new(config, port, now)
}

/// ARP, or IPv6 neighbor discovery.
fn is_about_neighbours(frame: &[u8]) -> bool {
    let Ok(frame) = EthernetFrame::new_checked(frame) else { return false };
    match frame.ethertype() {
        EthernetProtocol::Arp => true,
        EthernetProtocol::Ipv6 => Ipv6Packet::new_checked(frame.payload())
            .is_ok_and(|ip| ip.next_header() == IpProtocol::Icmpv6 && ip.hop_limit() == 255),
        _ => false,
    }
}

/// Whom an ARP request or a neighbor solicitation asks for.
fn asks_for(frame: &[u8]) -> Option<IpAddr> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    // Both go to a group.
    if frame.dst_addr().is_unicast() {
        return None;
    }
    match frame.ethertype() {
        EthernetProtocol::Arp => match ArpRepr::parse(&ArpPacket::new_checked(frame.payload()).ok()?).ok()? {
            ArpRepr::EthernetIpv4 { operation: ArpOperation::Request, target_protocol_addr, .. } => {
                Some(target_protocol_addr.into())
            }
            _ => None,
        },
        EthernetProtocol::Ipv6 => {
            let ip = Ipv6Packet::new_checked(frame.payload()).ok()?;
            let icmp =
                Icmpv6Packet::new_checked(ip.payload()).ok().filter(|_| ip.next_header() == IpProtocol::Icmpv6)?;
            (icmp.msg_type() == Icmpv6Message::NeighborSolicit).then(|| icmp.target_addr().into())
        }
        _ => None,
    }
}

/// The stack forbids all fragmentation (DF). Where a host does not want that, its datagrams get DF clear and
/// an identification, as RFC 6864 §4.3 asks for.
fn may_be_fragmented(frame: &mut [u8], next_id: &mut u16) {
    let is_ipv4 = EthernetFrame::new_checked(&*frame).is_ok_and(|frame| frame.ethertype() == EthernetProtocol::Ipv4);
    let Some(packet) = frame.get_mut(ETHERNET_HEADER..).filter(|_| is_ipv4) else { return };
    let Ok(mut ip) = Ipv4Packet::new_checked(packet) else { return };
    if ip.dont_frag() && ip.next_header() != IpProtocol::Tcp {
        ip.set_dont_frag(false);
        ip.set_ident(*next_id);
        ip.fill_checksum();
        *next_id = next_id.wrapping_add(1).max(1);
    }
}

pub(super) fn instant(now: Duration) -> Instant {
    Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
