//! GRE — RFC 2784, with key and sequence number (RFC 2890) and PPTP's version 1 (RFC 2637 §4.1). A tunnel for anything.
//!
//! ```text
//! | C | R | K | S | … | version (3) | protocol type (16) |
//! | C: checksum (16), offset (16) | K: key (32) | S: sequence number (32) | version 1, A: acknowledgment (32) |
//! ```

use super::prelude::*;

/// GRE.
pub static ABOUT: Identity = Identity {
    name: "gre",
    title: "Generic Routing Encapsulation",
    osi: Osi::Network,
    spec: "RFC 2784",
    fields: FIELDS,
    summary: None,
};

fields! {
    FLAGS    = u16_at(0, "gre.flags_and_version", "Flags and version", "Which optional parts follow.").hex();
    CHECKSUM_BIT = bit_at(0, 2, 0x8000, "gre.flags.checksum", "Checksum present", "A checksum follows.");
    ROUTING_BIT  = bit_at(0, 2, 0x4000, "gre.flags.routing", "Routing present", "A route follows; no longer used.");
    KEY_BIT  = bit_at(0, 2, 0x2000, "gre.flags.key", "Key present", "A key follows.");
    SEQUENCE_BIT = bit_at(0, 2, 0x1000, "gre.flags.sequence_number", "Sequence present", "A sequence number follows.");
    VERSION  = u16_at(0, "gre.flags.version", "Version", "0, or 1 for PPTP.").bits(0x0007);
    PROTO    = u16_at(2, "gre.proto", "Protocol type", "Which protocol the tunnel carries.").hex().names(super::numbers::ETHER_TYPES);
    CHECKSUM = dynamic(Kind::Hex(16), "gre.checksum", "Checksum", "Detects damage on the way.");
    OFFSET   = dynamic(Kind::Uint(16), "gre.offset", "Offset", "Which stop of the route is next.");
    KEY      = dynamic(Kind::Hex(32), "gre.key", "Key", "Which of several tunnels between two ends this is.");
    PAYLOAD_LENGTH = dynamic(Kind::Uint(16), "gre.key.payload_length", "Payload length", "Bytes that the tunnel carries (PPTP).");
    CALL_ID  = dynamic(Kind::Uint(16), "gre.key.call_id", "Call", "Which call of the two ends this belongs to (PPTP).");
    SEQUENCE = dynamic(Kind::Uint(32), "gre.sequence_number", "Sequence number", "Puts the tunnel's packets back in order.");
    ROUTE_FAMILY = dynamic(Kind::Uint(16), "gre.routing.address_family", "Address family", "Which kind of addresses the route has; 0 ends it.");
    ROUTE_OFFSET = dynamic(Kind::Uint(8), "gre.routing.sre_offset", "Offset", "Which address of this entry is next.");
    ROUTE_LENGTH = dynamic(Kind::Uint(8), "gre.routing.src_length", "Entry length", "Bytes of this entry's addresses.");
    ROUTE    = dynamic(Kind::Bytes, "gre.routing.information", "Route", "The addresses that the packet visits.");
    REDIRECTION = dynamic(Kind::Flag, "gre.wccp.redirect_header", "Redirection", "Why a router sends this packet to a cache.");
    ACK      = dynamic(Kind::Uint(32), "gre.ack_number", "Acknowledgment", "The last packet that the other end received (PPTP).");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::IpProto(47), Key::UdpPort(4754)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&FLAGS)?;
    c.nested(|c| {
        for def in [&CHECKSUM_BIT, &ROUTING_BIT, &KEY_BIT, &SEQUENCE_BIT, &VERSION] {
            c.put(def)?;
        }
        Ok(())
    })?;
    c.put(&PROTO)?;
    let (flags, number) = (c.u16(0)?, c.u16(2)?);
    let (has, pptp) = (|bit: u16| flags & bit != 0, flags & 7 == 1);
    let mut at = 4;
    if has(0x8000) || has(0x4000) {
        c.read(&CHECKSUM, at, 2)?;
        c.read(&OFFSET, at + 2, 2)?;
        at += 4;
    }
    if has(0x2000) {
        if pptp {
            c.read(&PAYLOAD_LENGTH, at, 2)?;
            c.read(&CALL_ID, at + 2, 2)?;
        } else {
            c.read(&KEY, at, 4)?;
        }
        at += 4;
    }
    if has(0x1000) {
        c.read(&SEQUENCE, at, 4)?;
        at += 4;
    }
    if pptp && has(0x0080) {
        c.read(&ACK, at, 4)?;
        at += 4;
    }
    if has(0x4000) {
        at = route(c, at)?;
    }
    // A cache's redirection puts four bytes before the packet; its first version none.
    if number == WCCP && c.u8(at).is_ok_and(|b| b >> 4 != 4) {
        c.read(&REDIRECTION, at, 4)?;
        return Ok(Next::to(Key::EtherType(0x0800), at + 4));
    }
    Ok(Next::to(Key::EtherType(if number == WCCP { 0x0800 } else { number }), at))
}

const WCCP: u16 = 0x883e;

/// RFC 1701: entries of family (16), offset (8), length (8) and data; the last one is empty. Gives where they end.
fn route(c: &mut Cursor<'_>, mut at: usize) -> Result<usize, Trouble> {
    loop {
        let family = c.read(&ROUTE_FAMILY, at, 2)?;
        c.read(&ROUTE_OFFSET, at + 2, 1)?;
        let len = c.read_len(&ROUTE_LENGTH, at + 3, 1)?;
        at += 4;
        if family == 0 && len == 0 {
            return Ok(at);
        }
        if len > 0 {
            c.read(&ROUTE, at, len)?;
        }
        at += len;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn tunnel(gre: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .write(&mut out, IpNumber::GRE, gre)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn optional_parts_come_in_order() {
        let p = read(228, &tunnel(&[0xb0, 0, 8, 0, 0xab, 0xcd, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0x45]));
        assert_eq!((p.uint(&CHECKSUM), p.uint(&KEY), p.uint(&SEQUENCE)), (Some(0xabcd), Some(7), Some(9)));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
    }

    #[test]
    fn an_unknown_protocol_is_data() {
        assert_eq!(read(228, &tunnel(&[0, 0, 0x12, 0x34, 1])).layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_promised_key_that_is_missing_is_a_lie() {
        let p = read(228, &tunnel(&[0x20, 0, 8, 0, 0]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
