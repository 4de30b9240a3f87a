//! What a router says about packets that it does not pass on — RFC 792, RFC 1812 §4.3, RFC 4443.

use std::net::IpAddr;

use etherparse::icmpv4::{DestUnreachableHeader, TimeExceededCode};
use etherparse::icmpv6::{self, DestUnreachableCode};
use etherparse::{
    Icmpv4Slice, Icmpv4Type, Icmpv6Slice, Icmpv6Type, LaxNetSlice, LaxSlicedPacket, NetSlice, PacketBuilder,
    SlicedPacket, TransportSlice,
};

/// The TTL of packets that the router makes itself.
const TTL: u8 = 64;
/// An error is at most so long, with its IP header (RFC 1812 §4.3.2.3, RFC 4443 §3).
const LONGEST_V4: usize = 576;
const LONGEST_V6: usize = 1280;

/// Why a packet is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its TTL has come to its end here.
    TimeExceeded,
    /// No line of the table fits.
    NoRoute,
    /// Nobody on the last link answers to the address.
    NobodyThere,
    /// It is longer than the next link carries, and must not be cut.
    TooBig(u16),
    /// It was for the router itself, at a port where nobody waits.
    NoPort,
}

impl Refusal {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::TimeExceeded => "time exceeded: its TTL came to an end here",
            Self::NoRoute => "network unreachable: the table has no line for it",
            Self::NobodyThere => "host unreachable: nobody on the link answers to the address",
            Self::TooBig(_) => "too big for the next link, and it must not be cut",
            Self::NoPort => "port unreachable: nobody waits there",
        }
    }

    fn v4(self) -> Icmpv4Type {
        Icmpv4Type::DestinationUnreachable(match self {
            Self::TimeExceeded => return Icmpv4Type::TimeExceeded(TimeExceededCode::TtlExceededInTransit),
            Self::NoRoute => DestUnreachableHeader::Network,
            Self::NobodyThere => DestUnreachableHeader::Host,
            Self::TooBig(next_hop_mtu) => DestUnreachableHeader::FragmentationNeeded { next_hop_mtu },
            Self::NoPort => DestUnreachableHeader::Port,
        })
    }

    fn v6(self) -> Icmpv6Type {
        Icmpv6Type::DestinationUnreachable(match self {
            Self::TimeExceeded => return Icmpv6Type::TimeExceeded(icmpv6::TimeExceededCode::HopLimitExceeded),
            Self::TooBig(mtu) => return Icmpv6Type::PacketTooBig { mtu: mtu.into() },
            Self::NoRoute => DestUnreachableCode::NoRoute,
            Self::NobodyThere => DestUnreachableCode::Address,
            Self::NoPort => DestUnreachableCode::Port,
        })
    }
}

/// A frame with the error about an IP packet, from the router's own address; its link addresses are still empty.
/// `None` where nobody may be told: see [`may_be_told`].
pub(super) fn refuse(packet: &[u8], from: IpAddr, refusal: Refusal) -> Option<Vec<u8>> {
    let to = may_be_told(packet)?;
    let build = PacketBuilder::ethernet2([0; 6], [0; 6]);
    let mut frame = Vec::new();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let quoted = packet.get(..LONGEST_V4 - 28).unwrap_or(packet);
            build.ipv4(from.octets(), to.octets(), TTL).icmpv4(refusal.v4()).write(&mut frame, quoted).ok()?;
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let quoted = packet.get(..LONGEST_V6 - 48).unwrap_or(packet);
            build.ipv6(from.octets(), to.octets(), TTL).icmpv6(refusal.v6()).write(&mut frame, quoted).ok()?;
        }
        _ => return None,
    }
    Some(frame)
}

/// The answer to an echo request to the router, as a frame without link addresses.
pub(super) fn echo_reply(packet: &[u8]) -> Option<Vec<u8>> {
    let parsed = SlicedPacket::from_ip(packet).ok()?;
    let build = PacketBuilder::ethernet2([0; 6], [0; 6]);
    let mut frame = Vec::new();
    match (parsed.net?, parsed.transport?) {
        (NetSlice::Ipv4(ip), TransportSlice::Icmpv4(icmp)) => {
            let Icmpv4Type::EchoRequest(echo) = icmp.icmp_type() else { return None };
            let (from, to) = (ip.header().destination(), ip.header().source());
            let build = build.ipv4(from, to, TTL).icmpv4(Icmpv4Type::EchoReply(echo));
            build.write(&mut frame, icmp.payload()).ok()?;
        }
        (NetSlice::Ipv6(ip), TransportSlice::Icmpv6(icmp)) => {
            let Icmpv6Type::EchoRequest(echo) = icmp.icmp_type() else { return None };
            let (from, to) = (ip.header().destination(), ip.header().source());
            let build = build.ipv6(from, to, TTL).icmpv6(Icmpv6Type::EchoReply(echo));
            build.write(&mut frame, icmp.payload()).ok()?;
        }
        _ => return None,
    }
    Some(frame)
}

/// The reset that answers a TCP segment to the router, where no program waits (RFC 9293 §3.10.7.1).
pub(super) fn reset(packet: &[u8]) -> Option<Vec<u8>> {
    let parsed = SlicedPacket::from_ip(packet).ok()?;
    let TransportSlice::Tcp(tcp) = parsed.transport? else { return None };
    if tcp.rst() {
        return None;
    }
    let build = PacketBuilder::ethernet2([0; 6], [0; 6]);
    let build = match parsed.net? {
        NetSlice::Ipv4(ip) => build.ipv4(ip.header().destination(), ip.header().source(), TTL),
        NetSlice::Ipv6(ip) => build.ipv6(ip.header().destination(), ip.header().source(), TTL),
        NetSlice::Arp(_) => return None,
    };
    let seq = if tcp.ack() { tcp.acknowledgment_number() } else { 0 };
    let build = build.tcp(tcp.destination_port(), tcp.source_port(), seq, 0).rst();
    let taken = u32::try_from(tcp.payload().len()).ok()? + u32::from(tcp.syn()) + u32::from(tcp.fin());
    let build = if tcp.ack() { build } else { build.ack(tcp.sequence_number().wrapping_add(taken)) };
    let mut frame = Vec::new();
    build.write(&mut frame, &[]).ok()?;
    Some(frame)
}

/// Whom an error about a packet goes to. No error is sent about an error, about any fragment but the first, or about
/// what was sent to many or comes from none (RFC 1812 §4.3.2.7, RFC 4443 §2.4 e).
fn may_be_told(packet: &[u8]) -> Option<IpAddr> {
    let parsed = LaxSlicedPacket::from_ip(packet).ok()?;
    let (from, to): (IpAddr, IpAddr) = match &parsed.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            let header = ip.header();
            if header.fragments_offset().value() != 0 || header.destination_addr().is_broadcast() {
                return None;
            }
            (header.source_addr().into(), header.destination_addr().into())
        }
        Some(LaxNetSlice::Ipv6(ip)) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
        _ => return None,
    };
    let is_error = match &parsed.transport {
        Some(TransportSlice::Icmpv4(icmp)) => is_error_v4(icmp),
        Some(TransportSlice::Icmpv6(icmp)) => is_error_v6(icmp),
        _ => false,
    };
    (!is_error && !from.is_unspecified() && !from.is_multicast() && !to.is_multicast()).then_some(from)
}

/// All but questions and answers count as errors (RFC 1122 §3.2.2).
fn is_error_v4(icmp: &Icmpv4Slice<'_>) -> bool {
    !matches!(
        icmp.icmp_type(),
        Icmpv4Type::EchoRequest(_)
            | Icmpv4Type::EchoReply(_)
            | Icmpv4Type::TimestampRequest(_)
            | Icmpv4Type::TimestampReply(_)
    )
}

/// Errors are the types below 128 (RFC 4443 §2.1).
fn is_error_v6(icmp: &Icmpv6Slice<'_>) -> bool {
    icmp.type_u8() < 128
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn udp(to: [u8; 4]) -> Vec<u8> {
        let mut packet = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 10], to, 1).udp(1000, 2000).write(&mut packet, &[7; 900]).unwrap();
        packet
    }

    #[test]
    fn an_error_quotes_the_packet_as_it_came() {
        let packet = udp([198, 51, 100, 7]);
        let frame = refuse(&packet, HERE, Refusal::TooBig(576)).unwrap();
        let parsed = SlicedPacket::from_ethernet(&frame).unwrap();
        let Some(TransportSlice::Icmpv4(icmp)) = parsed.transport else { panic!("no ICMP") };
        let expected = DestUnreachableHeader::FragmentationNeeded { next_hop_mtu: 576 };
        assert_eq!(icmp.icmp_type(), Icmpv4Type::DestinationUnreachable(expected));
        assert_eq!(icmp.payload(), &packet[..548]);
        assert_eq!(frame.len(), 14 + 576);
    }

    #[test]
    fn nobody_is_told_about_an_error_a_later_fragment_or_a_broadcast() {
        let error = refuse(&udp([198, 51, 100, 7]), HERE, Refusal::NoRoute).unwrap();
        assert_eq!(refuse(&error[14..], HERE, Refusal::TimeExceeded), None);
        assert_eq!(refuse(&udp([255; 4]), HERE, Refusal::NoPort), None);
        assert_eq!(refuse(&udp([224, 0, 0, 5]), HERE, Refusal::NoPort), None);
        let frame = [&[0; 14][..], &udp([198, 51, 100, 7])].concat();
        let pieces = super::super::fragment::fragment(&frame, 600).unwrap();
        let told = pieces.iter().map(|piece| refuse(&piece[14..], HERE, Refusal::TimeExceeded).is_some());
        assert_eq!(told.collect::<Vec<_>>(), [true, false]);
    }
}
