//! LLDP — IEEE 802.1AB, and Cisco's older CDP. A switch, a router or a telephone tells its neighbour on the wire what it
//! is and which of its ports this is.
//!
//! ```text
//! LLDP: | type (7) | length (9) | value … | … | 0 (16) |
//! CDP:  | version (8) | lifetime (8) | checksum (16) | type (16) | length (16), these four bytes counted | value … |
//! ```

use super::prelude::*;

/// LLDP.
pub static ABOUT: Identity = Identity {
    name: "lldp",
    title: "Link Layer Discovery Protocol",
    osi: Osi::Link,
    spec: "IEEE 802.1AB",
    fields: LLDP_FIELDS,
    summary: Some(summary),
};

/// CDP.
pub static CDP: Identity = Identity {
    name: "cdp",
    title: "Cisco Discovery Protocol",
    osi: Osi::Link,
    spec: "Cisco",
    fields: CDP_FIELDS,
    summary: Some(cdp_summary),
};

const TYPES: &[(u64, &str)] = &[
    (0, "End"),
    (1, "Chassis id"),
    (2, "Port id"),
    (3, "Time to live"),
    (4, "Port description"),
    (5, "System name"),
    (6, "System description"),
    (7, "System capabilities"),
    (8, "Management address"),
    (127, "Organisation-specific"),
];

const CDP_TYPES: &[(u64, &str)] = &[
    (1, "Device id"),
    (2, "Addresses"),
    (3, "Port id"),
    (4, "Capabilities"),
    (5, "Software version"),
    (6, "Platform"),
    (9, "VTP domain"),
    (10, "Native VLAN"),
    (11, "Duplex"),
    (22, "Management addresses"),
];

const PORT_KINDS: &[(u64, &str)] = &[
    (1, "Interface alias"),
    (2, "Port component"),
    (3, "MAC address"),
    (4, "Network address"),
    (5, "Interface name"),
    (6, "Agent circuit id"),
    (7, "Locally assigned"),
];

fields! {
    TYPE     = dynamic(Kind::Uint(16), "lldp.tlv.type", "Type", "What this entry says.").bits(0xfe00).names(TYPES);
    LENGTH   = dynamic(Kind::Uint(16), "lldp.tlv.len", "Length", "Bytes of the entry.").bits(0x01ff);
    CHASSIS_MAC = dynamic(Kind::Ether, "lldp.chassis.id.mac", "Chassis", "The device, named by one of its addresses.");
    PORT_KIND = dynamic(Kind::Uint(8), "lldp.port.subtype", "Port id subtype", "What the port is named by.").names(PORT_KINDS);
    PORT_ID  = dynamic(Kind::Text, "lldp.port.id", "Port", "Which port of the device this wire leads to.");
    PORT_MAC = dynamic(Kind::Ether, "lldp.port.id.mac", "Port", "Which port of the device this wire leads to.");
    TTL      = dynamic(Kind::Uint(16), "lldp.time_to_live", "Time to live", "Seconds for which the neighbour may believe it.");
    PORT_DESC = dynamic(Kind::Text, "lldp.port.desc", "Port description", "What somebody has called the port.");
    NAME     = dynamic(Kind::Text, "lldp.tlv.system.name", "System name", "The device's own name.");
    DESC     = dynamic(Kind::Text, "lldp.tlv.system.desc", "System description", "Maker, model and software.");
    CAPABILITIES = dynamic(Kind::Hex(16), "lldp.tlv.system_cap", "Capabilities", "What the device can be: bridge, router, telephone.");
    ENABLED  = dynamic(Kind::Hex(16), "lldp.tlv.enable_system_cap", "Enabled", "What of it is switched on.");
    CDP_VERSION = u8_at(0, "cdp.version", "Version", "1 or 2.");
    CDP_TTL  = u8_at(1, "cdp.ttl", "Time to live", "Seconds for which the neighbour may believe it.");
    CDP_CHECKSUM = u16_at(2, "cdp.checksum", "Checksum", "Detects damage on the way.").hex();
    CDP_TYPE = dynamic(Kind::Hex(16), "cdp.tlv.type", "Type", "What this entry says.").names(CDP_TYPES);
    CDP_LENGTH = dynamic(Kind::Uint(16), "cdp.tlv.len", "Length", "Bytes of the entry, its header counted.");
    CDP_DEVICE = dynamic(Kind::Text, "cdp.deviceid", "Device", "The device's own name.");
    CDP_PORT = dynamic(Kind::Text, "cdp.portid", "Port", "Which port of the device this wire leads to.");
    CDP_PLATFORM = dynamic(Kind::Text, "cdp.platform", "Platform", "The device's model.");
    CDP_SOFTWARE = dynamic(Kind::Text, "cdp.software_version", "Software", "What the device runs.");
    CDP_CAPABILITIES = dynamic(Kind::Hex(32), "cdp.capabilities", "Capabilities", "What the device is: router, switch, telephone.");
}
static LLDP_FIELDS: &[&FieldDef] = &[
    &TYPE,
    &LENGTH,
    &CHASSIS_MAC,
    &PORT_KIND,
    &PORT_ID,
    &PORT_MAC,
    &TTL,
    &PORT_DESC,
    &NAME,
    &DESC,
    &CAPABILITIES,
    &ENABLED,
];
static CDP_FIELDS: &[&FieldDef] = &[
    &CDP_VERSION,
    &CDP_TTL,
    &CDP_CHECKSUM,
    &CDP_TYPE,
    &CDP_LENGTH,
    &CDP_DEVICE,
    &CDP_PORT,
    &CDP_PLATFORM,
    &CDP_SOFTWARE,
    &CDP_CAPABILITIES,
];

/// The row of LLDP.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::EtherType(0x88cc), Key::EtherType(0x8942)],
    over: Over::Packet,
    dissect: lldp,
};

/// The row of CDP.
pub static CDP_PROTOCOL: Protocol =
    Protocol { about: &CDP, follows: &[Key::Cisco(0x2000)], over: Over::Packet, dissect: cdp };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &CDP_PROTOCOL];

fn lldp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const MAC: u8 = 4;
    const PORT_MAC_KIND: u64 = 3;
    let mut at = 0;
    loop {
        let kind = c.read(&TYPE, at, 2)?;
        let len = c.read_len(&LENGTH, at, 2)?;
        at += 2;
        c.slice(at, len)?;
        let text = match kind {
            0 => return Ok(Next::end(at + len)),
            1 if len == 7 && c.u8(at)? == MAC => {
                c.read(&CHASSIS_MAC, at + 1, 6)?;
                None
            }
            2 if len > 1 => match c.read(&PORT_KIND, at, 1)? {
                PORT_MAC_KIND if len == 7 => {
                    c.read(&PORT_MAC, at + 1, 6)?;
                    None
                }
                PORT_MAC_KIND | 4 => None,
                _ => {
                    c.read(&PORT_ID, at + 1, len - 1)?;
                    None
                }
            },
            3 if len >= 2 => {
                c.read(&TTL, at, 2)?;
                None
            }
            4 => Some(&PORT_DESC),
            5 => Some(&NAME),
            6 => Some(&DESC),
            7 if len >= 4 => {
                c.read(&CAPABILITIES, at, 2)?;
                c.read(&ENABLED, at + 2, 2)?;
                None
            }
            _ => None,
        };
        if let Some(def) = text {
            c.read(def, at, len)?;
        }
        at += len;
    }
}

fn cdp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(CDP_FIELDS)?;
    let mut at = 4;
    while at + 4 <= c.len() {
        let kind = c.read(&CDP_TYPE, at, 2)?;
        let len = c.read_len(&CDP_LENGTH, at + 2, 2)?;
        if len < 4 {
            return Err(c.malformed("an entry is shorter than its own header"));
        }
        c.slice(at, len)?;
        let def = match kind {
            1 => &CDP_DEVICE,
            3 => &CDP_PORT,
            4 if len == 8 => &CDP_CAPABILITIES,
            5 => &CDP_SOFTWARE,
            6 => &CDP_PLATFORM,
            _ => {
                at += len;
                continue;
            }
        };
        if len > 4 {
            c.read(def, at + 4, len - 4)?;
        }
        at += len;
    }
    Ok(Next::end(c.len()))
}

/// `switch Gi0/1`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::parts(packet, layer, &[("", &NAME), (" ", &PORT_ID)], out);
}

/// `router Eth0/1`
fn cdp_summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::parts(packet, layer, &[("", &CDP_DEVICE), (" ", &CDP_PORT)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn entries_come_until_the_end_mark() {
        let frame =
            [&[2; 12][..], &[0x88, 0xcc, 2, 7, 4, 2, 0, 0, 0, 0, 1, 4, 3, 5, b'G', b'1', 6, 2, 0, 120, 0, 0, 9]];
        let p = read(1, &frame.concat());
        assert_eq!((p.uint(&TTL), p.octets(&PORT_ID)), (Some(120), Some(&b"G1"[..])));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_none()));
    }

    #[test]
    fn entries_without_an_end_are_trouble() {
        let p = read(1, &[&[2; 12][..], &[0x88, 0xcc, 2, 9, 4]].concat());
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn cisco_s_entries_count_their_own_header() {
        let body = [0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180, 0, 0, 0, 1, 0, 6, b'R', b'1', 0, 9, 0, 3];
        let p = read(1, &[&[2; 12][..], &[0, 22], &body].concat());
        assert_eq!(p.octets(&CDP_DEVICE), Some(&b"R1"[..]));
        assert!(p.layer(&CDP).is_some_and(|l| l.trouble.is_some()), "the last entry is shorter than its header");
    }
}
