//! L2TP — RFC 2661: PPP through a tunnel over UDP, for dial-up and for VPNs.
//!
//! ```text
//! | T | L | S | O | P | version (4) | length (16) if L | tunnel (16) | session (16) |
//! | Ns (16), Nr (16) if S | offset (16), so many bytes, if O | PPP frame, or control message |
//! ```

use super::Guess;
use super::prelude::*;

/// L2TP.
pub static ABOUT: Identity = Identity {
    name: "l2tp",
    title: "Layer 2 Tunneling Protocol",
    osi: Osi::Link,
    spec: "RFC 2661",
    fields: FIELDS,
    summary: None,
};

const TYPES: &[(u64, &str)] = &[(0, "Data"), (1, "Control")];

fields! {
    FLAGS   = u16_at(0, "l2tp.flags", "Flags", "Which parts the header has, and its version.").hex();
    TYPE    = u16_at(0, "l2tp.type", "Type", "A frame of the tunnel's users, or a message between its ends.").bits(0x8000).names(TYPES);
    LENGTH_BIT = bit_at(0, 2, 0x4000, "l2tp.length_bit", "Length present", "The header says how long the message is.");
    SEQ_BIT = bit_at(0, 2, 0x0800, "l2tp.seq_bit", "Sequence present", "The header has sequence numbers.");
    OFFSET_BIT = bit_at(0, 2, 0x0200, "l2tp.offset_bit", "Offset present", "The payload begins after an offset.");
    PRIORITY = bit_at(0, 2, 0x0100, "l2tp.priority", "Priority", "The frame should not wait.");
    VERSION = u16_at(0, "l2tp.version", "Version", "2; 3 has another header.").bits(0x000f);
    LENGTH  = dynamic(Kind::Uint(16), "l2tp.length", "Length", "Bytes of the whole message.");
    TUNNEL  = dynamic(Kind::Uint(16), "l2tp.tunnel", "Tunnel", "Which tunnel, in the receiver's numbers.");
    SESSION = dynamic(Kind::Uint(16), "l2tp.session", "Session", "Which call inside the tunnel.");
    NS      = dynamic(Kind::Uint(16), "l2tp.Ns", "Ns", "The number of this message.");
    NR      = dynamic(Kind::Uint(16), "l2tp.Nr", "Nr", "The number that the sender expects next.");
    OFFSET  = dynamic(Kind::Uint(16), "l2tp.offset", "Offset", "Bytes to skip before the payload.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(1701)], over: Over::Datagram(guess), dissect };

fn guess(bytes: &[u8]) -> Guess {
    if matches!(bytes, [_, version, ..] if version & 0x0f == 2) { Guess::This } else { Guess::No }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let flags = c.u16(0)?;
    let has = |bit: u16| flags & bit != 0;
    let mut at = 2;
    if has(0x4000) {
        let len = c.read_len(&LENGTH, at, 2)?;
        c.limit(len, &LENGTH);
        at += 2;
    }
    c.read(&TUNNEL, at, 2)?;
    c.read(&SESSION, at + 2, 2)?;
    at += 4;
    if has(0x0800) {
        c.read(&NS, at, 2)?;
        c.read(&NR, at + 2, 2)?;
        at += 4;
    }
    if has(0x0200) {
        at += 2 + c.read_len(&OFFSET, at, 2)?;
    }
    // PPP without an EtherType of its own is asked for by GRE's number for it.
    Ok(if has(0x8000) { Next::end(c.len()) } else { Next::to(Key::EtherType(0x880b), at) })
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 1701).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_users_frame_is_ppp_and_a_control_message_is_not() {
        let p = read(228, &datagram(&[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21, 0x45]));
        assert_eq!((p.uint(&SESSION), p.layers.last().map(|l| l.proto.name)), (Some(2), Some("ip")));
        let p = read(228, &datagram(&[0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 3, 0, 4]));
        assert_eq!((p.uint(&NR), p.layers.last().map(|l| l.proto.name)), (Some(4), Some("l2tp")));
    }

    #[test]
    fn an_offset_that_lies_is_no_panic() {
        let p = read(228, &datagram(&[2, 2, 0, 1, 0, 2, 0xff, 0xff]));
        assert!(p.layer(&ABOUT).is_some());
    }
}
