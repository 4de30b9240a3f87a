//! What a host's stack holds, for those who look at it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use smoltcp::socket::Socket as Any;
use smoltcp::socket::tcp::State;
use smoltcp::wire::{
    ArpOperation, ArpPacket, ArpRepr, EthernetFrame, EthernetProtocol, Icmpv6Packet, IpProtocol, Ipv6Packet, NdiscRepr,
};

use super::Host;
use super::card::Card;
use crate::sim::endpoint::{Endpoint, Socket, Transport};
use crate::sim::scenario::{Mac, Prefix};

impl Host {
    /// Everything at this moment. `device` is its place in the scenario.
    pub(in crate::sim) fn endpoint(&mut self, device: usize, now: Duration) -> Endpoint {
        let mut endpoint = Endpoint {
            device,
            sockets: Vec::new(),
            addresses: Vec::new(),
            gateways: Vec::new(),
            neighbours: Vec::new(),
            acts_at: self.wake(now),
        };
        for card in &mut self.cards {
            card.describe(&mut endpoint);
        }
        // A listener has a socket on each card; the program sees one.
        endpoint.sockets.sort_by_key(|socket| (socket.remote.is_none(), socket.local.port(), socket.remote));
        endpoint.sockets.dedup_by(|a, b| a.remote.is_none() && a == b);
        endpoint
    }
}

impl Card {
    fn describe(&mut self, endpoint: &mut Endpoint) {
        endpoint.sockets.extend(self.sockets.iter().filter_map(|(_, socket)| describe(socket)));
        let own = self.interface.ip_addrs().iter();
        endpoint.addresses.extend(own.map(|own| Prefix { address: own.address().into(), length: own.prefix_len() }));
        let routes = self.interface.routes();
        let gateways = [routes.get_default_ipv4_route(), routes.get_default_ipv6_route()];
        endpoint.gateways.extend(gateways.into_iter().flatten().map(|route| IpAddr::from(route.via_router)));
        for (address, mac) in self.heard().filter_map(neighbour) {
            endpoint.neighbours.retain(|(known, _)| *known != address);
            endpoint.neighbours.push((address, mac));
        }
    }
}

fn describe(socket: &Any<'_>) -> Option<Socket> {
    let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    match socket {
        Any::Tcp(tcp) => {
            let local = tcp.local_endpoint().map(|end| SocketAddr::new(end.addr.into(), end.port));
            let listens = tcp.listen_endpoint();
            let local = local.unwrap_or(SocketAddr::new(any.ip(), listens.port));
            let remote = tcp.remote_endpoint().map(|end| SocketAddr::new(end.addr.into(), end.port));
            let transport = Transport::Tcp(name(tcp.state()));
            Some(Socket { transport, local, remote, send_queue: tcp.send_queue(), receive_queue: tcp.recv_queue() })
        }
        Any::Udp(udp) => {
            let own = udp.endpoint();
            let local = SocketAddr::new(own.addr.map_or(any.ip(), IpAddr::from), own.port);
            let (send_queue, receive_queue) = (udp.send_queue(), udp.recv_queue());
            Some(Socket { transport: Transport::Udp, local, remote: None, send_queue, receive_queue })
        }
        _ => None,
    }
}

/// A state as RFC 9293 §3.3.2 spells it.
fn name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Listen => "LISTEN",
        State::SynSent => "SYN-SENT",
        State::SynReceived => "SYN-RECEIVED",
        State::Established => "ESTABLISHED",
        State::FinWait1 => "FIN-WAIT-1",
        State::FinWait2 => "FIN-WAIT-2",
        State::CloseWait => "CLOSE-WAIT",
        State::Closing => "CLOSING",
        State::LastAck => "LAST-ACK",
        State::TimeWait => "TIME-WAIT",
    }
}

/// Who says in this frame which link address he has (RFC 826; RFC 4861 §4.4).
fn neighbour(frame: &[u8]) -> Option<(IpAddr, Mac)> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    match frame.ethertype() {
        EthernetProtocol::Arp => {
            let ArpRepr::EthernetIpv4 { operation, source_hardware_addr, source_protocol_addr, .. } =
                ArpRepr::parse(&ArpPacket::new_checked(frame.payload()).ok()?).ok()?
            else {
                return None;
            };
            let says = matches!(operation, ArpOperation::Reply | ArpOperation::Request);
            says.then(|| (source_protocol_addr.into(), Mac(source_hardware_addr.0)))
        }
        EthernetProtocol::Ipv6 => {
            let ip = Ipv6Packet::new_checked(frame.payload()).ok()?;
            if ip.next_header() != IpProtocol::Icmpv6 {
                return None;
            }
            let NdiscRepr::NeighborAdvert { target_addr, lladdr: Some(address), .. } =
                NdiscRepr::parse(&Icmpv6Packet::new_checked(ip.payload()).ok()?).ok()?
            else {
                return None;
            };
            Some((target_addr.into(), Mac(address.as_bytes().try_into().ok()?)))
        }
        _ => None,
    }
}
