//! Linux cooked captures — `LINKTYPE_LINUX_SLL` and `LINKTYPE_LINUX_SLL2`, by the tcpdump group.
//!
//! ```text
//! v1 | packet type (16) | hardware type (16) | address length (16) | address (64) | protocol (16) |
//! v2 | protocol (16) | 0 (16) | interface (32) | hardware type (16) | packet type (8) | address length (8) | address (64) |
//! ```
//!
//! The kernel writes this header in place of the link's own when one capture listens on all interfaces.

use super::prelude::*;

/// Both versions.
pub static ABOUT: Identity = Identity {
    name: "sll",
    title: "Linux cooked capture",
    osi: Osi::Link,
    spec: "LINKTYPE_LINUX_SLL",
    fields: FIELDS,
    summary: None,
};

const PACKET_TYPES: &[(u64, &str)] =
    &[(0, "Sent to us"), (1, "Broadcast"), (2, "Multicast"), (3, "Sent to another host"), (4, "Sent by us")];

fields! {
    PKTTYPE   = dynamic(Kind::Uint(16), "sll.pkttype", "Packet type", "Whether the packet was for us, for others, or from us.").names(PACKET_TYPES);
    IFINDEX   = dynamic(Kind::Uint(32), "sll.ifindex", "Interface index", "Which interface of the capturing machine saw it.");
    HATYPE    = dynamic(Kind::Uint(16), "sll.hatype", "Hardware type", "What kind of link that interface has.").names(super::numbers::HARDWARE);
    HALEN     = dynamic(Kind::Uint(16), "sll.halen", "Address length", "Bytes of the sender's link address.");
    SRC_ETH   = dynamic(Kind::Ether, "sll.src.eth", "Source", "The card on this link that sent the packet.");
    SRC_IPV4  = dynamic(Kind::Ipv4, "sll.src.ipv4", "Source", "The tunnel's end that sent the packet.");
    SRC_OTHER = dynamic(Kind::Bytes, "sll.src.other", "Source", "The sender's link address.");
    UNUSED    = dynamic(Kind::Bytes, "sll.unused", "Unused", "Space that the address does not fill.");
    ETYPE     = dynamic(Kind::Hex(16), "sll.etype", "Protocol", "Which protocol the packet carries.").names(super::numbers::ETHER_TYPES);
    LTYPE     = dynamic(Kind::Hex(16), "sll.ltype", "Protocol", "A Linux number for what has no EtherType.");
    GRETYPE   = dynamic(Kind::Hex(16), "sll.gretype", "Protocol", "Which protocol the tunnel carries.").names(super::numbers::ETHER_TYPES);
}

/// Version 1.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::Link(113)], over: Over::Packet, dissect: v1 };

/// Version 2.
pub static V2: Protocol = Protocol { about: &ABOUT, follows: &[Key::Link(276)], over: Over::Packet, dissect: v2 };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &V2];

/// The hardware types whose frames the kernel hands over whole, or whose protocol field means something else.
const GRE: u16 = 778;
const RADIOTAP: u16 = 803;
const WIFI: u16 = 801;

fn v1(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.read(&PKTTYPE, 0, 2)?;
    c.read(&HATYPE, 2, 2)?;
    let len = c.read(&HALEN, 4, 2)?;
    address(c, 6, len)?;
    protocol(c, 14, c.u16(2)?, 16)
}

fn v2(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let next = protocol(c, 0, c.u16(8)?, 20)?;
    c.read(&IFINDEX, 4, 4)?;
    c.read(&HATYPE, 8, 2)?;
    c.read(&PKTTYPE, 10, 1)?;
    let len = c.read(&HALEN, 11, 1)?;
    address(c, 12, len)?;
    Ok(next)
}

/// Eight bytes of room; a longer address is cut to them.
fn address(c: &mut Cursor<'_>, at: usize, len: u64) -> Result<(), Trouble> {
    let len = usize::try_from(len.min(8)).unwrap_or(8);
    match len {
        0 => {}
        4 => drop(c.read(&SRC_IPV4, at, 4)?),
        6 => drop(c.read(&SRC_ETH, at, 6)?),
        n => drop(c.read(&SRC_OTHER, at, n)?),
    }
    if len < 8 {
        c.read(&UNUSED, at + len, 8 - len)?;
    }
    Ok(())
}

fn protocol(c: &mut Cursor<'_>, at: usize, hardware: u16, header: usize) -> Result<Next, Trouble> {
    let number = c.u16(at)?;
    match hardware {
        GRE => {
            c.read(&GRETYPE, at, 2)?;
        }
        RADIOTAP => return Ok(Next::to(Key::Link(127), header)),
        WIFI => return Ok(Next::to(Key::Link(105), header)),
        _ => {
            c.read(if number > super::numbers::LONGEST_802_3 { &ETYPE } else { &LTYPE }, at, 2)?;
        }
    }
    Ok(Next::to(Key::EtherType(number), header))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn version_1_names_the_sender_and_what_follows() {
        let p = read(113, &[0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x12, 0x34, 9]);
        assert_eq!((p.uint(&PKTTYPE), p.octets(&SRC_ETH)), (Some(4), Some(&[2, 0, 0, 0, 0, 1][..])));
        assert_eq!(p.uint(&ETYPE), Some(0x1234));
    }

    #[test]
    fn version_2_adds_the_interface() {
        let p = read(276, &[8, 0, 0, 0, 0, 0, 0, 7, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x45]);
        assert_eq!((p.uint(&IFINDEX), p.uint(&HATYPE), p.uint(&ETYPE)), (Some(7), Some(772), Some(0x800)));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
    }

    #[test]
    fn an_address_length_beyond_its_room_does_no_harm() {
        let p = read(113, &[0, 0, 0, 1, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0]);
        assert_eq!(p.octets(&SRC_OTHER).map(<[u8]>::len), Some(8));
    }

    #[test]
    fn a_header_cut_short_says_so() {
        let p = read(276, &[8, 0, 0, 0, 0]);
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
