//! BSD loopback — `LINKTYPE_NULL` and `LINKTYPE_LOOP`, by the tcpdump group. What `lo0` gives on macOS and the BSDs.
//!
//! ```text
//! | address family (32): in the capturing machine's byte order (NULL), or network byte order (LOOP) |
//! ```
//!
//! IPv6 has a number of its own on each system: 24, 28 or 30.

use super::prelude::*;

/// Both forms.
pub static ABOUT: Identity = Identity {
    name: "null",
    title: "BSD loopback",
    osi: Osi::Link,
    spec: "LINKTYPE_NULL",
    fields: FIELDS,
    summary: None,
};

const FAMILIES: &[(u64, &str)] =
    &[(2, "IPv4"), (7, "OSI"), (23, "IPX"), (24, "IPv6 (NetBSD)"), (28, "IPv6 (FreeBSD)"), (30, "IPv6 (macOS)")];

fields! {
    FAMILY = dynamic(Kind::Uint(32), "null.family", "Family", "Which kind of address the packet carries.").names(FAMILIES);
    TYPE   = dynamic(Kind::Hex(16), "null.type", "Type", "Which protocol the packet carries.").names(super::numbers::ETHER_TYPES);
}

/// In the byte order of whoever captured.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Link(0)], over: Over::Packet, dissect: host_order };

/// In network byte order.
pub static LOOP: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Link(108)], over: Over::Packet, dissect: network_order };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &LOOP];

fn host_order(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let n = c.u32(0)?;
    // Families are small: a number whose upper half is not empty was written the other way round.
    Ok(family(c, if n > 0xffff { n.swap_bytes() } else { n }))
}

fn network_order(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let n = c.u32(0)?;
    Ok(family(c, n))
}

fn family(c: &mut Cursor<'_>, n: u32) -> Next {
    let def = if n > u32::from(super::numbers::LONGEST_802_3) { &TYPE } else { &FAMILY };
    c.push(def, 0, 4, Value::Uint(u64::from(n)));
    match (n, u16::try_from(n)) {
        (2, _) => Next::to(Key::EtherType(0x0800), 4),
        (7, _) => Next::to(Key::Sap(0xfe), 4),
        (24 | 28 | 30, _) => Next::to(Key::EtherType(0x86dd), 4),
        (_, Ok(n @ 0x600..)) => Next::to(Key::EtherType(n), 4),
        _ => Next::data(4),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn either_byte_order_is_understood() {
        for bytes in [[2, 0, 0, 0, 0x45], [0, 0, 0, 2, 0x45]] {
            let p = read(0, &bytes);
            assert_eq!(p.uint(&FAMILY), Some(2));
            assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
        }
    }

    #[test]
    fn the_loop_form_is_in_network_order() {
        assert_eq!(read(108, &[0, 0, 0, 24, 0x60]).layers.last().map(|l| l.proto.name), Some("ipv6"));
    }

    #[test]
    fn an_unknown_family_survives() {
        let p = read(0, &[0xee, 0, 0, 0, 1]);
        assert_eq!(p.uint(&FAMILY), Some(0xee));
    }

    #[test]
    fn three_bytes_are_too_few() {
        assert!(read(0, &[2, 0, 0]).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
