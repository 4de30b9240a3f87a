//! PIM — RFC 7761. Routers ask each other for multicast groups that somebody behind them wants.
//!
//! ```text
//! | version (4) | type (4) | reserved (8) | checksum (16) | … |
//! ```

use super::prelude::*;

/// PIM.
pub static ABOUT: Identity = Identity {
    name: "pim",
    title: "Protocol Independent Multicast",
    osi: Osi::Network,
    spec: "RFC 7761",
    fields: FIELDS,
    summary: None,
};

const TYPES: &[(u64, &str)] = &[
    (0, "Hello"),
    (1, "Register"),
    (2, "Register-stop"),
    (3, "Join/Prune"),
    (4, "Bootstrap"),
    (5, "Assert"),
    (6, "Graft"),
    (7, "Graft-Ack"),
    (8, "Candidate-RP-Advertisement"),
    (9, "State-Refresh"),
];

/// A Register carries the whole packet that shall reach the group (RFC 7761 §4.9.3).
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const REGISTER: u8 = 0x21;
    c.fixed(FIELDS)?;
    if c.u8(0)? != REGISTER || c.len() <= 8 {
        return Ok(Next::end(c.len()));
    }
    Ok(match c.u8(8)? >> 4 {
        4 => Next::to(Key::EtherType(0x0800), 8),
        6 => Next::to(Key::EtherType(0x86dd), 8),
        _ => Next::end(c.len()),
    })
}

fields! {
    VERSION = u8_at(0, "pim.version", "Version", "Always 2.").bits(0xf0);
    TYPE = u8_at(0, "pim.type", "Type", "A greeting, a request to join, a packet on its way to the group's root.").bits(0x0f).names(TYPES);
    CHECKSUM = u16_at(2, "pim.cksum", "Checksum", "Detects damage on the way.").hex();
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(103)], over: Over::Packet, dissect };

/// The row of version 1, which came in IGMP.
pub static V1_PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Igmp(0x14)],
    over: Over::Packet,
    dissect: |c| {
        c.put(&CHECKSUM)?;
        c.read(&VERSION, 4, 1)?;
        Ok(Next::end(c.len()))
    },
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &V1_PROTOCOL];

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [224, 0, 0, 5], 1).write(&mut out, IpNumber(103), body).unwrap();
        out
    }

    #[test]
    fn a_registered_packet_is_read_on() {
        let p = read(228, &packet(&[0x21, 0, 0, 0, 0, 0, 0, 0, 0x45]));
        assert_eq!((p.uint(&TYPE), p.layers.last().map(|l| l.proto.name)), (Some(1), Some("ip")));
    }

    #[test]
    fn a_header_cut_short_says_so() {
        assert!(read(228, &packet(&[0x20])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
