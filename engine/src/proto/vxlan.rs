//! Tunnels that carry Ethernet frames over UDP: VXLAN — RFC 7348, Geneve — RFC 8926. One data centre, many networks.
//!
//! ```text
//! VXLAN:  | flags (16) | group policy (16) | network identifier (24) | reserved (8) | frame … |
//! Geneve: | version (2), words of options (6) | flags (8) | EtherType (16) | network identifier (24) | reserved (8) |
//! ```

use super::Guess;
use super::numbers::ETHER_TYPES;
use super::prelude::*;

/// VXLAN.
pub static ABOUT: Identity = Identity {
    name: "vxlan",
    title: "Virtual eXtensible Local Area Network",
    osi: Osi::Link,
    spec: "RFC 7348",
    fields: ALL_FIELDS,
    summary: None,
};

/// Geneve.
pub static GENEVE: Identity = Identity {
    name: "geneve",
    title: "Generic Network Virtualization Encapsulation",
    osi: Osi::Link,
    spec: "RFC 8926",
    fields: GENEVE_FIELDS,
    summary: None,
};

const CARRIED: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6"), (3, "Ethernet"), (4, "NSH"), (5, "MPLS")];

fields! {
    FLAGS  = u16_at(0, "vxlan.flags", "Flags", "Whether the network identifier counts.").hex();
    FLAG_G = bit_at(0, 2, 0x8000, "vxlan.flag_g", "Group policy", "The frame belongs to a group with its own rules.");
    FLAG_I = bit_at(0, 2, 0x0800, "vxlan.flag_i", "Identifier present", "The network identifier counts; it always should.");
    GBP    = u16_at(2, "vxlan.gbp", "Group policy ID", "Which group the frame belongs to.");
    VNI    = u24_at(4, "vxlan.vni", "Network identifier", "Which of 16 million virtual networks the frame belongs to.");
    RESERVED = u8_at(7, "vxlan.reserved8", "Reserved", "Zero.");
    GPE_VERSION = u8_at(0, "vxlan.ver", "Version", "0 so far.").bits(0x30);
    GPE_I  = u8_at(0, "vxlan.i_bit", "Identifier present", "The network identifier counts.").bits(0x08);
    GPE_P  = u8_at(0, "vxlan.p_bit", "Protocol present", "The next protocol counts.").bits(0x04);
    GPE_O  = u8_at(0, "vxlan.o_bit", "Control", "The packet is for the tunnel's end itself.").bits(0x01);
    GPE_RESERVED = u16_at(1, "vxlan.reserved_16", "Reserved", "Zero.");
    GPE_NEXT = u8_at(3, "vxlan.next_proto", "Next protocol", "What the tunnel carries.").names(CARRIED);
    GENEVE_VERSION = u8_at(0, "geneve.version", "Version", "Always 0 so far.").bits(0xc0);
    GENEVE_FLAGS = u8_at(1, "geneve.flags", "Flags", "Who should look at the options.").hex();
    GENEVE_OAM = bit_at(1, 1, 0x80, "geneve.flags.oam", "Control", "The packet is for the tunnel's end itself.");
    GENEVE_CRITICAL = bit_at(1, 1, 0x40, "geneve.flags.critical", "Critical", "There are options that must be understood.");
    GENEVE_PROTO = u16_at(2, "geneve.proto_type", "Protocol type", "What the tunnel carries.").hex().names(ETHER_TYPES);
    GENEVE_VNI = u24_at(4, "geneve.vni", "Network identifier", "Which virtual network the frame belongs to.");
    GENEVE_RESERVED = u8_at(7, "geneve.reserved", "Reserved", "Zero.");
    GENEVE_OPTIONS = dynamic(Kind::Bytes, "geneve.options", "Options", "What the ends of the tunnel tell each other about the frame.");
}
static GENEVE_FIELDS: &[&FieldDef] = &[
    &GENEVE_VERSION,
    &GENEVE_FLAGS,
    &GENEVE_OAM,
    &GENEVE_CRITICAL,
    &GENEVE_PROTO,
    &GENEVE_VNI,
    &GENEVE_RESERVED,
    &GENEVE_OPTIONS,
];
static VXLAN_FIELDS: &[&FieldDef] = &[&FLAGS, &FLAG_G, &FLAG_I, &GBP, &VNI, &RESERVED];
/// Those of either.
static ALL_FIELDS: &[&FieldDef] =
    &[&FLAGS, &FLAG_G, &FLAG_I, &GBP, &GPE_VERSION, &GPE_I, &GPE_P, &GPE_O, &GPE_RESERVED, &GPE_NEXT, &VNI, &RESERVED];

/// The row of VXLAN.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(4789)], over: Over::Packet, dissect: vxlan };

/// The row of Geneve.
pub static GENEVE_PROTOCOL: Protocol =
    Protocol { about: &GENEVE, follows: &[Key::UdpPort(6081)], over: Over::Datagram(guess_geneve), dissect: geneve };

/// Ethernet inside a tunnel has this EtherType (RFC 7348 does not say one, GRE and Geneve do).
const BRIDGED: Key = Key::EtherType(0x6558);

fn vxlan(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(VXLAN_FIELDS)?;
    Ok(Next::to(BRIDGED, 8))
}

/// The row of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), which carries more than Ethernet.
pub static GPE_PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(4790)], over: Over::Packet, dissect: gpe };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GPE_PROTOCOL, &GENEVE_PROTOCOL];

fn gpe(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.read(&FLAGS, 0, 1)?;
    c.nested(|c| [&GPE_VERSION, &GPE_I, &GPE_P, &GPE_O].into_iter().try_for_each(|def| c.put(def).map(drop)))?;
    for def in [&GPE_RESERVED, &GPE_NEXT, &VNI, &RESERVED] {
        c.put(def)?;
    }
    Ok(match c.u8(3)? {
        1 => Next::to(Key::EtherType(0x0800), 8),
        2 => Next::to(Key::EtherType(0x86dd), 8),
        3 => Next::to(BRIDGED, 8),
        5 => Next::to(Key::EtherType(0x8847), 8),
        _ => Next::data(8),
    })
}

fn guess_geneve(bytes: &[u8]) -> Guess {
    if bytes.len() >= 8 { Guess::This } else { Guess::No }
}

fn geneve(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(GENEVE_FIELDS)?;
    let options = 4 * usize::from(c.u8(0)? & 0x3f);
    if options > 0 {
        c.read(&GENEVE_OPTIONS, 8, options)?;
    }
    Ok(Next::to(Key::EtherType(c.u16(2)?), 8 + options))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn tunnel(port: u16, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, port).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_frame_stands_inside() {
        let frame = [&[8, 0, 0, 0, 0, 1, 2, 0][..], &[2; 12], &[8, 6, 0, 1]].concat();
        let p = read(228, &tunnel(4789, &frame));
        assert_eq!((p.uint(&VNI), p.layers.last().map(|l| l.proto.name)), (Some(0x102), Some("arp")));
    }

    #[test]
    fn the_generic_form_names_what_it_carries() {
        for (next, name) in [(1, "ip"), (2, "ipv6"), (3, "eth"), (5, "mpls"), (9, "data")] {
            let p = read(228, &tunnel(4790, &[0x0c, 0, 0, next, 0, 1, 2, 0, 0x45, 0]));
            assert_eq!((p.uint(&VNI), p.layers.get(4).map(|l| l.proto.name)), (Some(0x102), Some(name)));
        }
    }

    #[test]
    fn options_stand_before_what_is_carried() {
        let p = read(228, &tunnel(6081, &[1, 0, 8, 0, 0, 0, 9, 0, 1, 2, 3, 4, 0x45]));
        assert_eq!((p.uint(&GENEVE_VNI), p.octets(&GENEVE_OPTIONS)), (Some(9), Some(&[1, 2, 3, 4][..])));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
        let p = read(228, &tunnel(6081, &[9, 0, 8, 0, 0, 0, 9, 0]));
        assert!(p.layer(&GENEVE).is_some_and(|l| l.trouble.is_some()));
    }
}
