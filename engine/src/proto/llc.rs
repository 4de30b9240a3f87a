//! LLC and SNAP — IEEE 802.2, RFC 1042. What an 802.3 or Wi-Fi frame carries where Ethernet II has a type.
//!
//! ```text
//! | DSAP (8) | SSAP (8) | control (8 or 16) | SNAP only: organisation (24) | type (16) |
//! ```

use super::prelude::*;

/// LLC.
pub static ABOUT: Identity = Identity {
    name: "llc",
    title: "Logical-Link Control",
    osi: Osi::Link,
    spec: "IEEE 802.2",
    fields: FIELDS,
    summary: None,
};

const SAPS: &[(u64, &str)] = &[
    (0x00, "Null"),
    (0x06, "IPv4"),
    (0x42, "Spanning tree"),
    (0xaa, "SNAP"),
    (0xe0, "NetWare"),
    (0xf0, "NetBIOS"),
    (0xfe, "ISO network layer"),
    (0xff, "Global"),
];

const KINDS: &[(u64, &str)] = &[(0, "Information"), (1, "Supervisory"), (2, "Information"), (3, "Unnumbered")];

const CISCOS: &[(u64, &str)] = &[
    (0x0104, "PAgP"),
    (0x010b, "PVST+"),
    (0x0111, "UDLD"),
    (0x2000, "CDP"),
    (0x2001, "CGMP"),
    (0x2003, "VTP"),
    (0x2004, "DTP"),
];

const SNAP: u8 = 0xaa;

fields! {
    DSAP     = u8_at(0, "llc.dsap", "Destination SAP", "Which program above the link the frame is for.").hex().names(SAPS);
    DSAP_IG  = bit_at(0, 1, 0x01, "llc.dsap.ig", "Group bit", "The address stands for a group of programs.");
    SSAP     = u8_at(1, "llc.ssap", "Source SAP", "Which program above the link sent the frame.").hex().names(SAPS);
    SSAP_CR  = bit_at(1, 1, 0x01, "llc.ssap.cr", "Response bit", "The frame answers a command.");
    CONTROL  = dynamic(Kind::Hex(16), "llc.control", "Control", "What kind of LLC frame this is; 3 is a plain datagram.");
    FTYPE    = dynamic(Kind::Hex(16), "llc.control.ftype", "Frame type", "Numbered information, supervision, or unnumbered.").names(KINDS);
    OUI      = dynamic(Kind::Uint(24), "llc.oui", "Organisation", "Who defined the type that follows; 0 means an EtherType.");
    TYPE     = dynamic(Kind::Hex(16), "llc.type", "Type", "Which protocol the frame carries.").names(super::numbers::ETHER_TYPES);
    PID      = dynamic(Kind::Hex(16), "llc.pid", "Protocol identifier", "What that organisation calls the protocol.");
    CISCO_PID = dynamic(Kind::Hex(16), "llc.cisco_pid", "Cisco's identifier", "Which of Cisco's protocols the frame carries.").names(CISCOS);
}

/// The row. A cooked capture names LLC by Linux's small number; the others ask for it by that too.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[super::numbers::LLC, Key::Ppp(0x00cf)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    for def in [&DSAP, &DSAP_IG, &SSAP, &SSAP_CR] {
        c.put(def)?;
    }
    let (dsap, ssap) = (c.u8(0)?, c.u8(1)?);
    // Unnumbered frames (both low bits set) have one byte of control, numbered ones two, low byte first.
    let unnumbered = c.u8(2)? & 3 == 3;
    let len = if unnumbered { 1 } else { 2 };
    let control = c.slice(2, len)?.iter().rev().fold(0, |n: u64, &b| n << 8 | u64::from(b));
    c.push(&CONTROL, 2, len, Value::Uint(control));
    let kind = if control & 1 == 0 { 0 } else { control & 3 };
    c.nested(|c| {
        c.push(&FTYPE, 2, len, Value::Uint(kind));
        Ok(())
    })?;
    let header = 2 + len;
    if dsap == SNAP && ssap == SNAP {
        return snap(c, header);
    }
    // Only a datagram, or numbered information, carries a payload of the SAP's protocol.
    if kind == 0 || control & 0xef == 3 {
        return Ok(Next::to(Key::Sap(dsap), header));
    }
    Ok(if c.len() > header { Next::data(header) } else { Next::end(header) })
}

/// RFC 1042: an organisation and its type.
fn snap(c: &mut Cursor<'_>, at: usize) -> Result<Next, Trouble> {
    const ETHERNET: u64 = 0;
    const BRIDGE_TUNNEL: u64 = 0x0000_00f8;
    const APPLE: u64 = 0x0008_0007;
    const CISCO: u64 = 0x0000_000c;
    let oui = c.read(&OUI, at, 3)?;
    let number = c.u16(at + 3)?;
    match oui {
        ETHERNET | BRIDGE_TUNNEL | APPLE => {
            c.read(&TYPE, at + 3, 2)?;
            Ok(Next::to(Key::EtherType(number), at + 5))
        }
        // Per-VLAN spanning tree: the BPDU of 802.1D, and a VLAN behind it.
        CISCO if number == 0x010b => {
            c.read(&CISCO_PID, at + 3, 2)?;
            Ok(Next::to(Key::Sap(0x42), at + 5))
        }
        CISCO => {
            c.read(&CISCO_PID, at + 3, 2)?;
            Ok(Next::to(Key::Cisco(number), at + 5))
        }
        _ => {
            c.read(&PID, at + 3, 2)?;
            Ok(Next::data(at + 5))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn frame(llc: &[u8]) -> Vec<u8> {
        let len = u8::try_from(llc.len()).unwrap_or(0);
        [&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, len], llc].concat()
    }

    #[test]
    fn a_datagram_has_one_byte_of_control() {
        let p = read(1, &frame(&[0x06, 0x06, 0x03, 0xff]));
        assert_eq!((p.uint(&DSAP), p.uint(&CONTROL)), (Some(6), Some(3)));
    }

    #[test]
    fn snap_names_an_ether_type() {
        let p = read(1, &frame(&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd, 0x60]));
        assert_eq!(p.uint(&TYPE), Some(0x86dd));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ipv6"));
    }

    #[test]
    fn an_unknown_service_access_point_survives() {
        let p = read(1, &frame(&[0x7e, 0x7e, 0x03, 1, 2]));
        assert_eq!(p.uint(&SSAP), Some(0x7e));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_header_cut_short_says_so() {
        let p = read(1, &frame(&[0xaa, 0xaa, 0x03, 0]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
