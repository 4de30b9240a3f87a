//! VLAN tags — IEEE 802.1Q (one tag) and 802.1ad (a service tag outside the customer's, "QinQ").
//!
//! ```text
//! | priority (3) | DEI (1) | VLAN identifier (12) | EtherType, or length of an 802.3 frame (16) |
//! ```
//!
//! A tag sits between the source address and the EtherType, so one cable can carry several LANs.

use super::prelude::*;

/// 802.1Q.
pub static ABOUT: Identity = Identity {
    name: "vlan",
    title: "802.1Q Virtual LAN",
    osi: Osi::Link,
    spec: "IEEE 802.1Q §9.6",
    fields: FIELDS,
    summary: Some(summary),
};

/// 802.1ad; Wireshark gives its tag names of its own.
pub static SERVICE: Identity = Identity {
    name: "ieee8021ad",
    title: "802.1ad service tag",
    osi: Osi::Link,
    spec: "IEEE 802.1Q §9.6",
    fields: SERVICE_FIELDS,
    summary: None,
};

const PRIORITIES: &[(u64, &str)] = &[
    (0, "Best effort"),
    (1, "Background"),
    (2, "Excellent effort"),
    (3, "Critical applications"),
    (4, "Video"),
    (5, "Voice"),
    (6, "Internetwork control"),
    (7, "Network control"),
];

fields! {
    PRIORITY = u16_at(0, "vlan.priority", "Priority", "Which frames a busy switch sends first.").bits(0xe000).names(PRIORITIES);
    DEI      = bit_at(0, 2, 0x1000, "vlan.dei", "Drop eligible", "A congested switch may drop this frame first.");
    ID       = u16_at(0, "vlan.id", "VLAN identifier", "Which virtual LAN the frame belongs to.").bits(0x0fff);
    ETYPE    = dynamic(Kind::Hex(16), "vlan.etype", "Type", "Which protocol follows the tag.").names(super::numbers::ETHER_TYPES);
    LEN      = dynamic(Kind::Uint(16), "vlan.len", "Length", "How many bytes follow; such a frame has no type.");
    TRAILER  = dynamic(Kind::Bytes, "vlan.trailer", "Trailer", "Bytes after the packet that no header accounts for.").detail();
}

/// The service tag's priority.
pub static SERVICE_PRIORITY: FieldDef =
    u8_at(0, "ieee8021ad.priority", "Priority", "Which frames a busy switch sends first.").bits(0xe0).names(PRIORITIES);
/// The service tag's drop eligibility.
pub static SERVICE_DEI: FieldDef =
    u8_at(0, "ieee8021ad.dei", "Drop eligible", "A congested switch may drop this frame first.").bits(0x10);
/// The service tag's VLAN.
pub static SERVICE_ID: FieldDef =
    u16_at(0, "ieee8021ad.id", "Service VLAN", "Which customer of the provider the frame belongs to.").bits(0x0fff);
/// What follows the service tag. The odd name is Wireshark's.
pub static SERVICE_ETYPE: FieldDef =
    u16_at(2, "ieee8021ah.etype", "Type", "Which protocol follows the tag.").hex().names(super::numbers::ETHER_TYPES);
static SERVICE_FIELDS: &[&FieldDef] = &[&SERVICE_PRIORITY, &SERVICE_DEI, &SERVICE_ID, &SERVICE_ETYPE];

/// The row; 0x9100 is what switches used before 802.1ad.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::EtherType(0x8100), Key::EtherType(0x9100)], over: Over::Packet, dissect };

/// The row of the service tag.
pub static SERVICE_PROTOCOL: Protocol =
    Protocol { about: &SERVICE, follows: &[Key::EtherType(0x88a8)], over: Over::Packet, dissect: service };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &SERVICE_PROTOCOL];

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let number = c.u16(2)?;
    if number > super::numbers::LONGEST_802_3 {
        c.read(&ETYPE, 2, 2)?;
        return Ok(Next::to(Key::EtherType(number), 4));
    }
    c.read(&LEN, 2, 2)?;
    c.limit(4 + usize::from(number), &LEN);
    Ok(Next::to(super::numbers::LLC, 4))
}

fn service(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(SERVICE_FIELDS)?;
    Ok(Next::to(Key::EtherType(c.u16(2)?), 4))
}

/// `VLAN 10 carries 0x88cc (LLDP)`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::parts(packet, layer, &[("VLAN ", &ID), (" carries ", &ETYPE)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

    #[test]
    fn a_tag_is_split_into_priority_eligibility_and_identifier() {
        let p = read(1, &[&MACS[..], &[0x81, 0, 0xf0, 0x0d, 0x12, 0x34, 0]].concat());
        assert_eq!((p.uint(&PRIORITY), p.flag(&DEI), p.uint(&ID)), (Some(7), true, Some(13)));
        assert_eq!(p.uint(&ETYPE), Some(0x1234));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_service_tag_holds_a_customer_tag() {
        let p = read(1, &[&MACS[..], &[0x88, 0xa8, 0, 200, 0x81, 0, 7, 0xd1, 8, 6]].concat());
        assert_eq!((p.uint(&SERVICE_ID), p.uint(&ID)), (Some(200), Some(2001)));
    }

    #[test]
    fn a_tag_cut_short_keeps_what_was_read() {
        let p = read(1, &[&MACS[..], &[0x81, 0, 0x20, 1]].concat());
        assert_eq!(p.uint(&ID), Some(1));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
