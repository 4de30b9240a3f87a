//! UDP — RFC 768. A datagram: two ports, a length, a checksum, and no promise.
//!
//! ```text
//!  0                 16                31
//! | source port     | destination port  |
//! | length          | checksum          |
//! ```

use super::checksum::{self, Status};
use super::memory::ConversationKind;
use super::prelude::*;

/// UDP.
pub static ABOUT: Identity = Identity {
    name: "udp",
    title: "User Datagram Protocol",
    osi: Osi::Transport,
    spec: "RFC 768",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    SRCPORT  = u16_at(0, "udp.srcport",  "Source port",      "Which program on the sender spoke.");
    DSTPORT  = u16_at(2, "udp.dstport",  "Destination port", "Which program should listen.");
    LENGTH   = u16_at(4, "udp.length",   "Length",           "Header and data together, in bytes.");
    CHECKSUM = u16_at(6, "udp.checksum", "Checksum",         "Detects damage on the way.").hex().detail();
    CHECKSUM_STATUS = derived(Kind::Uint(8),  "udp.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS).detail();
    STREAM          = derived(Kind::Uint(32), "udp.stream",          "Stream index",    "Which UDP conversation of this capture, counted from 0.").detail();
    TIME_RELATIVE   = derived(Kind::Duration, "udp.time_relative",   "Since first frame",    "Seconds since this conversation's first frame.").hidden().detail();
    TIME_DELTA      = derived(Kind::Duration, "udp.time_delta",      "Since previous frame", "Seconds since this conversation's previous frame.").hidden().detail();
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(17)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let (src, dst, len) = (c.u16(0)?, c.u16(2)?, c.uint(&LENGTH));
    // A length of 0 in a jumbogram means: all that the IP header promises (RFC 2675 §4).
    if len >= 8 {
        c.limit(len, &LENGTH);
    } else if len != 0 || c.context.ends.src.is_v4() {
        return Err(c.malformed("a UDP length under 8 does not even hold the header"));
    }
    c.context.ends.src_port = src;
    c.context.ends.dst_port = dst;
    let absent = c.u16(6)? == 0;
    // An ICMP error need not quote all of the datagram.
    let partial = c.context.quoted && len > c.len();
    c.compute(&CHECKSUM_STATUS, |c| {
        let status = match absent {
            false if partial => Status::Unverified,
            false => checksum::transport(c, 17),
            true if c.context.ends.src.is_v4() || c.context.quoted => Status::NotPresent,
            true => Status::Illegal,
        };
        Value::Uint(status as u64)
    });
    if let Some(talk) = c.converse(ConversationKind::Udp) {
        c.derive(&STREAM, Value::Uint(u64::from(talk.number)));
        if !c.context.quoted {
            // A datagram without data is not counted, and its conversation's times are not shown with it.
            let counts = c.promised() > 8;
            let (first, before) = c.memory.pace(talk, c.time(), counts);
            c.derive_duration(&TIME_RELATIVE, first.filter(|_| counts));
            c.derive_duration(&TIME_DELTA, before.filter(|_| counts));
        }
    }
    Ok(Next::ports(src, dst, 8))
}

/// `5353 → 53 Len=28`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let of = |def| packet.uint_in(layer, def).unwrap_or(0);
    show::number(of(&SRCPORT), out);
    out.push_str(" → ");
    show::number(of(&DSTPORT), out);
    out.push_str(" Len=");
    show::number(of(&LENGTH).saturating_sub(8), out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, fields, read};
    use super::*;
    use etherparse::PacketBuilder;

    /// Where UDP begins: behind Ethernet and IPv4.
    const BEGIN: usize = 14 + 20;

    fn datagram(data: &[u8]) -> Vec<u8> {
        let ip =
            PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let mut bytes = Vec::new();
        ip.udp(40_000, 40_001).write(&mut bytes, data).unwrap();
        bytes
    }

    /// The same with another value in its header.
    fn with(at: usize, value: u16, data: &[u8]) -> Packet {
        let mut bytes = datagram(data);
        bytes[BEGIN + at..BEGIN + at + 2].copy_from_slice(&value.to_be_bytes());
        read(1, &bytes)
    }

    fn trouble(packet: &Packet) -> Option<Trouble> {
        packet.layer(&ABOUT).unwrap().trouble
    }

    #[test]
    fn each_field_has_its_value_and_its_place() {
        let packet = read(1, &datagram(b"data"));
        let told = fields(&packet, "udp");
        let told: Vec<_> = told.iter().map(|(name, value, place)| (*name, value.as_str(), place.clone())).collect();
        let expected = [
            ("udp.srcport", "40000", 0..2),
            ("udp.dstport", "40001", 2..4),
            ("udp.length", "12", 4..6),
            ("udp.checksum", "0x6a8d", 6..8),
            ("udp.checksum.status", "1 (Good)", 0..0),
        ];
        assert_eq!(told, expected);
        assert_eq!(trouble(&packet), None);
    }

    #[test]
    fn a_datagram_that_is_cut_anywhere_keeps_what_was_read() {
        let bytes = datagram(b"data");
        for keep in 0..bytes.len() {
            let packet = cut(1, &bytes, keep);
            let Some(layer) = packet.layer(&ABOUT) else {
                assert!(keep <= BEGIN, "{keep}");
                continue;
            };
            let whole = |def: &'static FieldDef, ends: usize| {
                assert_eq!(packet.field_in(layer, def).is_some(), keep >= BEGIN + ends, "{} of {keep}", def.name);
            };
            for (def, ends) in [(&SRCPORT, 2), (&DSTPORT, 4), (&LENGTH, 6), (&CHECKSUM, 8)] {
                whole(def, ends);
            }
            let cut = packet.layers.iter().any(|l| matches!(l.trouble, Some(Trouble::CutByCapture { .. })));
            assert!(cut || keep >= BEGIN + 8, "{keep}");
        }
    }

    #[test]
    fn a_length_that_cannot_hold_the_header_is_said() {
        let packet = with(4, 7, b"data");
        assert!(matches!(trouble(&packet), Some(Trouble::Malformed(why)) if why.0.contains("under 8")));
        assert_eq!(packet.uint(&LENGTH), Some(7), "what was read is kept");
    }

    #[test]
    fn a_checksum_is_right_wrong_or_absent() {
        let status = |sum| with(6, sum, b"data").uint(&CHECKSUM_STATUS);
        assert_eq!(read(1, &datagram(b"data")).uint(&CHECKSUM_STATUS), Some(Status::Good as u64));
        assert_eq!(status(0x1234), Some(Status::Bad as u64));
        assert_eq!(status(0), Some(Status::NotPresent as u64));
    }
}
