//! EIGRP — RFC 7868. Routers tell their neighbours how far everything is, and only what has changed.
//!
//! ```text
//! | version (8) | opcode (8) | checksum (16) | flags (32) | sequence (32) | acknowledgment (32) |
//! | virtual router (16) | autonomous system (16) | type (16), length (16), value … |
//! ```

use super::prelude::*;

/// EIGRP.
pub static ABOUT: Identity = Identity {
    name: "eigrp",
    title: "Enhanced Interior Gateway Routing Protocol",
    osi: Osi::Network,
    spec: "RFC 7868",
    fields: FIELDS,
    summary: None,
};

const OPCODES: &[(u64, &str)] =
    &[(1, "Update"), (2, "Request"), (3, "Query"), (4, "Reply"), (5, "Hello"), (10, "SIA-Query"), (11, "SIA-Reply")];

fields! {
    VERSION = u8_at(0, "eigrp.version", "Version", "Always 2.");
    OPCODE = u8_at(1, "eigrp.opcode", "Opcode", "A greeting, a question, an answer or news.").names(OPCODES);
    FLAGS = u32_at(4, "eigrp.flags", "Flags", "Whether the neighbours have only just met.").hex();
    SEQ = u32_at(8, "eigrp.seq", "Sequence", "The number of this message; 0 needs no acknowledgment.");
    ACK = u32_at(12, "eigrp.ack", "Acknowledge", "The last message that has arrived.");
    VRID = u16_at(16, "eigrp.vrid", "Virtual router", "Which of a router's several tables is meant.");
    AS = u16_at(18, "eigrp.as", "Autonomous system", "Routers of one number talk to each other.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::IpProto(88)],
    over: Over::Packet,
    dissect: |c| c.fixed(FIELDS).map(|()| Next::end(c.len())),
};

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [224, 0, 0, 5], 1).write(&mut out, IpNumber(88), body).unwrap();
        out
    }

    #[test]
    fn the_header_names_the_system() {
        let p = read(228, &packet(&[2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100]));
        assert_eq!((p.uint(&OPCODE), p.uint(&AS)), (Some(5), Some(100)));
    }

    #[test]
    fn a_header_cut_short_says_so() {
        assert!(read(228, &packet(&[2, 5, 0])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
