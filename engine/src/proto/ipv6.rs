//! IPv6 — RFC 8200. Addresses enough for everything, and a header of fixed length.
//!
//! ```text
//!  0       4               12                                    31
//! | vers. | traffic class | flow label                            |
//! | payload length                | next header   | hop limit     |
//! | source address (128)                                          |
//! | destination address (128)                                     |
//! ```
//!
//! What IPv4 keeps in options is in extension headers behind it: see `ipv6_extension`.

use super::memory::Address;
use super::numbers::{DSCP, ECN, PROTOCOLS, ip_version};
use super::prelude::*;

/// IPv6.
pub static ABOUT: Identity = Identity {
    name: "ipv6",
    title: "Internet Protocol Version 6",
    osi: Osi::Network,
    spec: "RFC 8200",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    VERSION = u8_at(0, "ipv6.version", "Version", "Which version of IP: always 6 here.").bits(0xf0).detail();
    IP_VERSION = ip_version("The same four bits, by the name that both versions share.").hidden();
    TCLASS  = u32_at(0, "ipv6.tclass", "Traffic class", "How urgently routers should treat the packet.").bits(0x0ff0_0000).hex().detail();
    TCLASS_DSCP = u32_at(0, "ipv6.tclass.dscp", "Code point", "Which class of service it asks for.").bits(0x0fc0_0000).names(DSCP).detail();
    TCLASS_ECN  = u32_at(0, "ipv6.tclass.ecn", "Congestion notification", "Lets a router say that it is congested without a loss.").bits(0x0030_0000).names(ECN).detail();
    FLOW    = u24_at(1, "ipv6.flow", "Flow label", "Routers keep packets with one label on one path.").bits(0x0f_ffff).hex().detail();
    PLEN    = u16_at(4, "ipv6.plen", "Payload length", "Bytes after this header, extension headers included.").detail();
    NXT     = u8_at(6, "ipv6.nxt", "Next header", "What follows: an extension header or a transport.").names(PROTOCOLS).detail();
    HLIM    = u8_at(7, "ipv6.hlim", "Hop limit", "Each router takes one off; at zero the packet is dropped.").detail();
    SRC     = ipv6_at(8, "ipv6.src", "Source address", "The host that sent the packet.");
    DST     = ipv6_at(24, "ipv6.dst", "Destination address", "The host that the packet is for.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::EtherType(0x86dd), Key::IpProto(41), Key::Link(229), Key::Ppp(0x0057)],
    over: Over::Packet,
    dissect,
};

const HEADER: usize = 40;
/// The next header of a packet in which nothing follows (RFC 8200 §4.7).
const NOTHING: u8 = 59;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&VERSION)?;
    c.put(&IP_VERSION)?;
    if c.u8(0)? >> 4 != 6 {
        c.doubt(c.malformed("an IPv6 header starts with the digit 6"));
        return Ok(Next::data(0));
    }
    c.put(&TCLASS)?;
    c.nested(|c| {
        c.put(&TCLASS_DSCP)?;
        c.put(&TCLASS_ECN)
    })?;
    for def in [&FLOW, &PLEN, &NXT, &HLIM, &SRC, &DST] {
        c.put(def)?;
    }
    c.context.ends.src = address(c, 8)?;
    c.context.ends.dst = address(c, 24)?;
    // 0 is a jumbogram (RFC 2675) or left to the card by segmentation offload: the frame's length counts.
    match c.u16(4)? {
        0 if c.u8(6)? == NOTHING => c.limit(HEADER, &PLEN),
        0 => {}
        len => c.limit(HEADER + usize::from(len), &PLEN),
    }
    let next = c.u8(6)?;
    c.context.ip_proto = next;
    c.context.ip_id = 0;
    Ok(Next::to(Key::IpProto(next), HEADER))
}

fn address(c: &Cursor<'_>, at: usize) -> Result<Address, Trouble> {
    Ok(Address::v6(c.slice(at, 16)?.try_into().unwrap_or_default()))
}

/// `carries 59 (No next header)`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(&next) = packet.bytes(layer.span).get(6) {
        out.push_str("carries ");
        show::number_of(&NXT, next.into(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, read};
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram() -> Vec<u8> {
        let (src, dst) = ([0xfe; 16], [0x20; 16]);
        let mut out = Vec::new();
        PacketBuilder::ipv6(src, dst, 64).udp(5000, 9).write(&mut out, b"hi").unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn a_whole_datagram_is_read_back() {
        let p = read(229, &datagram());
        assert_eq!((p.uint(&NXT), p.uint(&HLIM), p.uint(&PLEN)), (Some(17), Some(64), Some(10)));
        assert_eq!(p.octets(&DST), Some(&[0x20; 16][..]));
        assert!(p.layers.iter().any(|l| l.proto.name == "udp") && p.layers.iter().all(|l| l.trouble.is_none()));
    }

    #[test]
    fn a_cut_anywhere_keeps_the_layers_before_it() {
        for keep in 0..datagram().len() {
            let p = cut(229, &datagram(), keep);
            assert!(p.layers.iter().any(|l| l.trouble.is_some()) || keep == 0 || p.layers.len() > 2, "{keep}");
        }
    }

    #[test]
    fn a_payload_length_beyond_the_frame_is_a_lie() {
        let mut frame = datagram();
        frame[4] = 0xff;
        frame.truncate(44);
        assert!(read(229, &frame).layers.iter().any(|l| matches!(l.trouble, Some(Trouble::LengthLies { .. }))));
    }

    #[test]
    fn an_unknown_next_header_is_data() {
        let mut frame = datagram();
        frame[6] = 253;
        assert_eq!(read(229, &frame).layers.last().map(|l| l.proto.name), Some("data"));
    }
}
