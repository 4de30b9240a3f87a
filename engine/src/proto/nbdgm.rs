//! NetBIOS datagrams — RFC 1002 §4.4: how Windows machines announced themselves and browsed the network.
//!
//! ```text
//! | type (8) | flags (8) | id (16) | source address (32) | source port (16) | length (16) | offset (16) |
//! | source name | destination name | what the datagram carries, most often SMB |
//! ```

use super::prelude::*;

/// NetBIOS datagrams.
pub static ABOUT: Identity = Identity {
    name: "nbdgm",
    title: "NetBIOS Datagram Service",
    osi: Osi::Session,
    spec: "RFC 1002",
    fields: FIELDS,
    summary: None,
};

/// SMB inside such a datagram: a mail slot.
pub static MAILSLOT: Identity = Identity {
    name: "smb",
    title: "SMB (Server Message Block Protocol)",
    osi: Osi::Application,
    spec: "MS-CIFS",
    fields: &[],
    summary: None,
};

const TYPES: &[(u64, &str)] = &[
    (0x10, "Direct_unique datagram"),
    (0x11, "Direct_group datagram"),
    (0x12, "Broadcast datagram"),
    (0x13, "Datagram error"),
    (0x14, "Datagram query request"),
    (0x15, "Datagram positive query response"),
    (0x16, "Datagram negative query response"),
];

fields! {
    TYPE        = u8_at(0, "nbdgm.type", "Type", "For one machine, for a group, or for all.").names(TYPES);
    FLAGS       = u8_at(1, "nbdgm.flags", "Flags", "Whether this is a piece of a longer datagram.").hex();
    FIRST       = bit_at(1, 1, 0x02, "nbdgm.first", "First", "This is the first piece.");
    MORE        = bit_at(1, 1, 0x01, "nbdgm.next", "More", "Other pieces follow.");
    ID          = u16_at(2, "nbdgm.dgram_id", "Datagram ID", "Pieces of one datagram have the same number.").hex();
    SOURCE      = ipv4_at(4, "nbdgm.src.ip", "Source address", "Who sent it, as he himself sees it.");
    SOURCE_PORT = u16_at(8, "nbdgm.src.port", "Source port", "From which port.");
    LENGTH      = dynamic(Kind::Uint(16), "nbdgm.dgram_len", "Length", "Bytes of the names and of what follows.");
    OFFSET      = dynamic(Kind::Uint(16), "nbdgm.pkt_offset", "Offset", "Where in a longer datagram this piece belongs.");
    ERROR       = dynamic(Kind::Uint(8), "nbdgm.error_code", "Error", "Why the datagram could not be delivered.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(138)], over: Over::Packet, dissect };

/// The row of SMB in a datagram.
pub static MAILSLOT_PROTOCOL: Protocol =
    Protocol { about: &MAILSLOT, follows: &[], over: Over::Packet, dissect: |c| Ok(Next::end(c.len())) };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &MAILSLOT_PROTOCOL];

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    match c.u8(0)? {
        0x10..=0x12 => {
            c.read(&LENGTH, 10, 2)?;
            c.read(&OFFSET, 12, 2)?;
            let at = name(c, 14)?;
            let at = name(c, at)?;
            if at >= c.len() {
                return Ok(Next::end(c.len()));
            }
            let smb = c.rest(at).starts_with(b"\xffSMB");
            return Ok(if smb { Next::row(&MAILSLOT_PROTOCOL, at) } else { Next::data(at) });
        }
        0x13 => drop(c.read(&ERROR, 10, 1)?),
        _ => {}
    }
    Ok(Next::end(c.len()))
}

/// Steps over a name, which is written like DNS's (RFC 1001 §14.1); a pointer of two bytes ends one, too.
fn name(c: &Cursor<'_>, mut at: usize) -> Result<usize, Trouble> {
    loop {
        match c.u8(at)? {
            0 => return Ok(at + 1),
            0xc0.. => return Ok(at + 2),
            len => at += 1 + usize::from(len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(138, 138).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn what_follows_the_names_is_told_by_its_mark() {
        let head = [0x11, 2, 0, 7, 192, 0, 2, 1, 0, 138, 0, 9, 0, 0, 2, b'A', b'B', 0, 1, b'C', 0];
        let p = read(228, &datagram(&[&head[..], b"\xffSMB\x25"].concat()));
        assert_eq!((p.uint(&ID), p.layers.last().map(|l| l.proto.name)), (Some(7), Some("smb")));
        let p = read(228, &datagram(&[&head[..], b"zz"].concat()));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_name_without_an_end_is_trouble() {
        let p = read(228, &datagram(&[0x11, 2, 0, 7, 192, 0, 2, 1, 0, 138, 0, 9, 0, 0, 32, b'A']));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
