//! What ICMP errors tell a host about packets that it sent — RFC 792, RFC 4443.
//!
//! smoltcp's sockets do not look at them, but for ICMP's own. So the host reads them beside the stack.

use std::net::{IpAddr, SocketAddr};

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice};
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, Icmpv4DstUnreachable, Icmpv4Message, Icmpv4Packet, Icmpv6Message, Icmpv6Packet,
    IpProtocol, Ipv4Packet, Ipv6Packet,
};

/// An ICMP error about a packet of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) kind: Kind,
    /// From which port our packet came, and where it went.
    pub(super) from_port: u16,
    pub(super) to: SocketAddr,
    pub(super) is_tcp: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its TTL came to an end on the way.
    TimeExceeded,
    /// It could not be delivered.
    Unreachable,
    /// It was longer than the next link carries: that many bytes (RFC 1191 §4, RFC 4443 §3.2).
    TooBig(u16),
}

impl Notice {
    /// Reads the error in this frame, if there is one.
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(frame).ok()?;
        match frame.ethertype() {
            EthernetProtocol::Ipv4 => {
                let ip = Ipv4Packet::new_checked(frame.payload()).ok()?;
                let is_icmp = ip.next_header() == IpProtocol::Icmp && ip.frag_offset() == 0 && !ip.more_frags();
                let icmp = Icmpv4Packet::new_checked(ip.payload()).ok().filter(|_| is_icmp)?;
                let kind = match icmp.msg_type() {
                    Icmpv4Message::TimeExceeded => Kind::TimeExceeded,
                    Icmpv4Message::DstUnreachable => {
                        let too_big = Icmpv4DstUnreachable::from(icmp.msg_code()) == Icmpv4DstUnreachable::FragRequired;
                        if too_big { Kind::TooBig(next_hop_mtu(ip.payload())?) } else { Kind::Unreachable }
                    }
                    _ => return None,
                };
                icmp.verify_checksum().then(|| Self::about(kind, icmp.data())).flatten()
            }
            EthernetProtocol::Ipv6 => {
                let ip = Ipv6Packet::new_checked(frame.payload()).ok()?;
                let is_icmp = ip.next_header() == IpProtocol::Icmpv6;
                let icmp = Icmpv6Packet::new_checked(ip.payload()).ok().filter(|_| is_icmp)?;
                let kind = match icmp.msg_type() {
                    Icmpv6Message::TimeExceeded => Kind::TimeExceeded,
                    Icmpv6Message::DstUnreachable => Kind::Unreachable,
                    Icmpv6Message::PktTooBig => Kind::TooBig(u16::try_from(icmp.pkt_too_big_mtu()).ok()?),
                    _ => return None,
                };
                icmp.verify_checksum(&ip.src_addr(), &ip.dst_addr())
                    .then(|| Self::about(kind, icmp.payload()))
                    .flatten()
            }
            _ => None,
        }
    }

    /// `quoted` is the beginning of the packet that the error is about.
    fn about(kind: Kind, quoted: &[u8]) -> Option<Self> {
        let packet = LaxSlicedPacket::from_ip(quoted).ok()?;
        let to: IpAddr = match packet.net? {
            LaxNetSlice::Ipv4(ip) => ip.header().destination_addr().into(),
            LaxNetSlice::Ipv6(ip) => ip.header().destination_addr().into(),
            LaxNetSlice::Arp(_) => return None,
        };
        let (from_port, to_port, is_tcp) = match packet.transport {
            Some(TransportSlice::Udp(udp)) => (udp.source_port(), udp.destination_port(), false),
            Some(TransportSlice::Tcp(tcp)) => (tcp.source_port(), tcp.destination_port(), true),
            _ => (0, 0, false),
        };
        Some(Self { kind, from_port, to: SocketAddr::new(to, to_port), is_tcp })
    }
}

/// The second half of the header's last word (RFC 1191 §4); smoltcp has no name for it, etherparse has.
fn next_hop_mtu(icmp: &[u8]) -> Option<u16> {
    use etherparse::icmpv4::DestUnreachableHeader;
    match etherparse::Icmpv4Slice::from_slice(icmp).ok()?.icmp_type() {
        etherparse::Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::FragmentationNeeded { next_hop_mtu }) => {
            Some(next_hop_mtu)
        }
        _ => None,
    }
}
