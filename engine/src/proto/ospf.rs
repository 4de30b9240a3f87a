//! OSPF — RFC 2328 (version 2), RFC 5340 (version 3). Routers tell each other who their neighbours are; each one then knows
//! the whole map and computes the shortest paths.
//!
//! ```text
//! | version (8) | type (8) | length (16) | router (32) | area (32) | checksum (16) | authentication … |
//! ```

use super::prelude::*;

/// OSPF.
pub static ABOUT: Identity = Identity {
    name: "ospf",
    title: "Open Shortest Path First",
    osi: Osi::Network,
    spec: "RFC 2328",
    fields: FIELDS,
    summary: Some(summary),
};

const MESSAGES: &[(u64, &str)] =
    &[(1, "Hello Packet"), (2, "DB Description"), (3, "LS Request"), (4, "LS Update"), (5, "LS Acknowledge")];

const AUTHENTICATIONS: &[(u64, &str)] = &[(0, "None"), (1, "Password"), (2, "Cryptographic")];

/// `Hello Packet`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &MSG, out);
}

fields! {
    VERSION = u8_at(0, "ospf.version", "Version", "2 for IPv4, 3 for IPv6.");
    MSG = u8_at(1, "ospf.msg", "Message type", "A greeting, or a piece of the map.").names(MESSAGES);
    LENGTH = u16_at(2, "ospf.packet_length", "Packet length", "Bytes of the whole packet.");
    ROUTER = ipv4_at(4, "ospf.srcrouter", "Source router", "The name of the router that speaks, written like an address.");
    AREA = ipv4_at(8, "ospf.area_id", "Area", "Which part of the network the packet is about; 0.0.0.0 is its backbone.");
    CHECKSUM = u16_at(12, "ospf.checksum", "Checksum", "Detects damage on the way.").hex();
    AUTH_TYPE = dynamic(Kind::Uint(16), "ospf.auth.type", "Authentication", "How the sender proves who it is; version 2 only.").names(AUTHENTICATIONS);
    INSTANCE = dynamic(Kind::Uint(8), "ospf.instance_id", "Instance", "Which of several runs on the same wire; version 3 only.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(89)], over: Over::Packet, dissect };

/// Both versions begin alike; behind the checksum they differ (RFC 5340 §A.3.1).
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    match c.u8(0)? {
        2 => drop(c.read(&AUTH_TYPE, 14, 2)?),
        3 => drop(c.read(&INSTANCE, 14, 1)?),
        _ => {}
    }
    Ok(Next::end(c.len()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [224, 0, 0, 5], 1).write(&mut out, IpNumber(89), body).unwrap();
        out
    }

    #[test]
    fn the_header_names_router_and_area() {
        let p = read(228, &packet(&[2, 1, 0, 44, 192, 0, 2, 9, 0, 0, 0, 1, 0xab, 0xcd]));
        assert_eq!(
            (p.uint(&MSG), p.octets(&ROUTER), p.octets(&AREA)),
            (Some(1), Some(&[192, 0, 2, 9][..]), Some(&[0, 0, 0, 1][..]))
        );
    }

    #[test]
    fn a_header_cut_short_says_so() {
        assert!(read(228, &packet(&[2, 1, 0])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
