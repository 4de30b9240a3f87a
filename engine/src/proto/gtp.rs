//! GTP — 3GPP TS 29.281: the mobile network carries its users' IP packets in UDP, from tower to Internet.
//!
//! ```text
//! | version (3) | PT | 0 | E | S | PN | type (8) | length (16) | tunnel (32) |
//! | if E, S or PN: sequence (16), N-PDU (8), next extension (8) | extension: words (8), …, next (8) | IP packet |
//! ```

use super::Guess;
use super::prelude::*;

/// GTP.
pub static ABOUT: Identity = Identity {
    name: "gtp",
    title: "GPRS Tunneling Protocol",
    osi: Osi::Network,
    spec: "3GPP TS 29.281",
    fields: FIELDS,
    summary: None,
};

/// GTP version 2.
pub static V2: Identity = Identity {
    name: "gtpv2",
    title: "GPRS Tunneling Protocol V2",
    osi: Osi::Network,
    spec: "3GPP TS 29.274",
    fields: V2_FIELDS,
    summary: None,
};

const MESSAGES: &[(u64, &str)] = &[
    (1, "Echo request"),
    (2, "Echo response"),
    (16, "Create PDP context request"),
    (17, "Create PDP context response"),
    (18, "Update PDP context request"),
    (19, "Update PDP context response"),
    (20, "Delete PDP context request"),
    (21, "Delete PDP context response"),
    (26, "Error indication"),
    (254, "End marker"),
    (255, "T-PDU"),
];

fields! {
    FLAGS   = u8_at(0, "gtp.flags", "Flags", "The version, and which optional parts follow.").hex();
    MESSAGE = u8_at(1, "gtp.message", "Message type", "255 carries a user's packet.").hex().names(MESSAGES);
    LENGTH  = u16_at(2, "gtp.length", "Length", "Bytes after the first eight.");
    TEID    = u32_at(4, "gtp.teid", "Tunnel", "Which user's tunnel this is, in the receiver's numbers.").hex();
    SEQUENCE = dynamic(Kind::Hex(16), "gtp.seq_number", "Sequence number", "Puts packets back in order.");
    NPDU    = dynamic(Kind::Hex(8), "gtp.npdu_number", "N-PDU number", "Used while a user moves between towers.");
    NEXT    = dynamic(Kind::Hex(8), "gtp.ext_hdr.next", "Next extension", "Which extension header follows; 0 for none.");
    V2_FLAGS = u8_at(0, "gtpv2.flags", "Flags", "The version, and whether a tunnel is named.").hex();
    V2_MESSAGE = u8_at(1, "gtpv2.message_type", "Message type", "What is asked or answered.");
    V2_LENGTH = u16_at(2, "gtpv2.msg_length", "Length", "Bytes after the first four.");
}
static V1_FIELDS: &[&FieldDef] = &[&FLAGS, &MESSAGE, &LENGTH, &TEID];
static V2_FIELDS: &[&FieldDef] = &[&V2_FLAGS, &V2_MESSAGE, &V2_LENGTH];

/// The row: control, and users' packets.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(2123), Key::UdpPort(2152)],
    over: Over::Datagram(guess),
    dissect,
};

/// The row of version 2.
pub static V2_PROTOCOL: Protocol = Protocol {
    about: &V2,
    follows: &[],
    over: Over::Packet,
    dissect: |c| c.fixed(V2_FIELDS).map(|()| Next::end(c.len())),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &V2_PROTOCOL];

fn guess(bytes: &[u8]) -> Guess {
    match bytes {
        [0x0e | 0x0f | 0x1e | 0x1f | 0x30..=0x37 | 0x40..=0x5f, _, _, _, ..] => Guess::This,
        _ => Guess::No,
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const USER_PACKET: u8 = 255;
    let flags = c.u8(0)?;
    if flags >> 5 == 2 {
        return Ok(Next::instead(&V2_PROTOCOL));
    }
    let mut at = if flags >> 5 == 1 {
        c.fixed(V1_FIELDS)?;
        8
    } else {
        // Version 0 has a header of twenty bytes, with the tunnel at its end (GSM 09.60).
        for def in [&FLAGS, &MESSAGE, &LENGTH] {
            c.put(def)?;
        }
        c.read(&SEQUENCE, 4, 2)?;
        c.slice(0, 20)?;
        20
    };
    if at == 8 && flags & 7 != 0 {
        // All three have their place as soon as one of them counts (TS 29.281 §5.1).
        c.slice(at, 4)?;
        if flags & 2 != 0 {
            c.read(&SEQUENCE, at, 2)?;
        }
        if flags & 1 != 0 {
            c.read(&NPDU, at + 2, 1)?;
        }
        let mut next = if flags & 4 != 0 { c.read(&NEXT, at + 3, 1)? } else { 0 };
        at += 4;
        while next != 0 {
            let len = 4 * usize::from(c.u8(at)?);
            if len == 0 {
                return Err(c.malformed("an extension header has no length"));
            }
            next = c.read(&NEXT, at + len - 1, 1)?;
            at += len;
        }
    }
    if c.u8(1)? != USER_PACKET || at >= c.len() {
        return Ok(Next::end(c.len()));
    }
    Ok(match c.u8(at)? >> 4 {
        4 => Next::to(Key::EtherType(0x0800), at),
        6 => Next::to(Key::EtherType(0x86dd), at),
        _ => Next::data(at),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 2152).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_users_packet_is_found_behind_extensions() {
        let p = read(228, &datagram(&[0x34, 255, 0, 9, 0, 0, 0, 7, 0, 1, 0, 0x85, 1, 0, 9, 0, 0x45]));
        assert_eq!((p.uint(&TEID), p.layers.last().map(|l| l.proto.name)), (Some(7), Some("ip")));
    }

    #[test]
    fn an_extension_without_length_is_trouble() {
        let p = read(228, &datagram(&[0x34, 255, 0, 9, 0, 0, 0, 7, 0, 1, 0, 0x85, 0, 0, 9, 0, 0x45]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn version_two_is_another_protocol() {
        let p = read(228, &datagram(&[0x48, 1, 0, 4, 0, 0, 0, 0]));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("gtpv2"));
    }
}
