//! ARP — RFC 826, and its reverse, RARP — RFC 903. Who on this link has that IP address?
//!
//! ```text
//! | hardware type (16)  | protocol type (16)                       |
//! | hw size (8) | protocol size (8) | opcode (16)                  |
//! | sender hardware | sender protocol | target hardware | target protocol |
//! ```

use super::prelude::*;

/// ARP.
pub static ABOUT: Identity = Identity {
    name: "arp",
    title: "Address Resolution Protocol",
    osi: Osi::Link,
    spec: "RFC 826",
    fields: FIELDS,
    summary: Some(summary),
};

const OPCODES: &[(u64, &str)] = &[
    (1, "Request"),
    (2, "Reply"),
    (3, "Reverse request"),
    (4, "Reverse reply"),
    (8, "Inverse request"),
    (9, "Inverse reply"),
];

fields! {
    HW_TYPE    = u16_at(0, "arp.hw.type", "Hardware type", "What kind of link the hardware addresses belong to.").names(super::numbers::HARDWARE);
    PROTO_TYPE = u16_at(2, "arp.proto.type", "Protocol type", "Which protocol's addresses are asked for.").hex().names(super::numbers::ETHER_TYPES);
    HW_SIZE    = u8_at(4, "arp.hw.size", "Hardware size", "Bytes of a hardware address.");
    PROTO_SIZE = u8_at(5, "arp.proto.size", "Protocol size", "Bytes of a protocol address.");
    OPCODE     = u16_at(6, "arp.opcode", "Opcode", "A question or an answer.").names(OPCODES);
    IS_GRATUITOUS   = derived(Kind::Bool, "arp.isgratuitous", "Gratuitous", "Nobody asked: the sender announces itself.");
    IS_ANNOUNCEMENT = derived(Kind::Bool, "arp.isannouncement", "Announcement", "The sender claims this address from now on.");
    IS_PROBE        = derived(Kind::Bool, "arp.isprobe", "Probe", "The sender checks that nobody has the address yet.");
    SRC_HW     = dynamic(Kind::Bytes, "arp.src.hw", "Sender hardware address", "The sender's link address.");
    SRC_MAC    = dynamic(Kind::Ether, "arp.src.hw_mac", "Sender MAC", "The sender's card.");
    SRC_PROTO  = dynamic(Kind::Bytes, "arp.src.proto", "Sender protocol address", "The sender's address.");
    SRC_IPV4   = dynamic(Kind::Ipv4, "arp.src.proto_ipv4", "Sender IP", "The sender's address.");
    DST_HW     = dynamic(Kind::Bytes, "arp.dst.hw", "Target hardware address", "The link address that is asked for or spoken to.");
    DST_MAC    = dynamic(Kind::Ether, "arp.dst.hw_mac", "Target MAC", "The card asked for (still zero) or spoken to.");
    DST_PROTO  = dynamic(Kind::Bytes, "arp.dst.proto", "Target protocol address", "The address whose owner is asked for.");
    DST_IPV4   = dynamic(Kind::Ipv4, "arp.dst.proto_ipv4", "Target IP", "The address whose owner is asked for.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::EtherType(0x0806), Key::EtherType(0x8035)], over: Over::Packet, dissect };

/// The same opcode for both directions of the older pair, RARP.
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let (hw, proto) = (usize::from(c.u8(4)?), usize::from(c.u8(5)?));
    let end = 8 + 2 * (hw + proto);
    let (src, dst) = (8 + hw, 8 + 2 * hw + proto);
    let mac = hw == 6 && matches!(c.u16(0)?, 1 | 6);
    let ipv4 = proto == 4 && c.u16(2)? == 0x0800;
    let opcode = c.u16(6)?;
    if ipv4 && matches!(opcode, REQUEST | REPLY) {
        announce(c, opcode, hw, src, dst)?;
    }
    for (def_mac, def_hw, def_ipv4, def_proto, at) in
        [(&SRC_MAC, &SRC_HW, &SRC_IPV4, &SRC_PROTO, 8), (&DST_MAC, &DST_HW, &DST_IPV4, &DST_PROTO, 8 + hw + proto)]
    {
        if hw > 0 {
            c.read(if mac { def_mac } else { def_hw }, at, hw)?;
        }
        if proto > 0 {
            c.read(if ipv4 { def_ipv4 } else { def_proto }, at + hw, proto)?;
        }
    }
    Ok(Next::end(end))
}

/// RFC 5227: a probe has no sender address yet; an announcement asks for the sender's own.
fn announce(c: &mut Cursor<'_>, opcode: u16, hw: usize, src: usize, dst: usize) -> Result<(), Trouble> {
    let same = c.slice(src, 4)? == c.slice(dst, 4)?;
    let zero = |b: &[u8]| b.iter().all(|&b| b == 0);
    if same {
        c.derive(&IS_GRATUITOUS, Value::Bool(true));
        if opcode == REQUEST && zero(c.slice(dst - hw, hw)?) {
            c.derive(&IS_ANNOUNCEMENT, Value::Bool(true));
        }
    } else if opcode == REQUEST && zero(c.slice(src, 4)?) && zero(c.slice(dst - hw, hw)?) {
        c.derive(&IS_PROBE, Value::Bool(true));
    }
    Ok(())
}

/// `Who has 192.0.2.80? Tell 192.0.2.10`, `192.0.2.80 is at 02:00:00:00:00:50`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let is = |def| packet.uint_in(layer, def) == Some(1);
    match packet.uint_in(layer, &OPCODE) {
        _ if is(&IS_PROBE) => show::parts(packet, layer, &[("Does anybody have ", &DST_IPV4)], out),
        Some(1) if is(&IS_ANNOUNCEMENT) || is(&IS_GRATUITOUS) => {
            show::parts(packet, layer, &[("", &SRC_IPV4), (" is mine, says ", &SRC_MAC)], out);
        }
        Some(1) => show::parts(packet, layer, &[("Who has ", &DST_IPV4), ("? Tell ", &SRC_IPV4)], out),
        Some(2) => show::parts(packet, layer, &[("", &SRC_IPV4), (" is at ", &SRC_MAC)], out),
        _ => show::name(packet, layer, &OPCODE, out),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{ArpHardwareId, ArpOperation, ArpPacket, EtherType, PacketBuilder};

    fn ask(from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
        let arp = ArpPacket::new(
            ArpHardwareId::ETHERNET,
            EtherType::IPV4,
            ArpOperation::REQUEST,
            &[2, 0, 0, 0, 0, 1],
            &from,
            &[0; 6],
            &to,
        );
        let mut out = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [0xff; 6])
            .arp(arp.unwrap_or_else(|e| panic!("{e}")))
            .write(&mut out)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn a_request_is_read_back() {
        let p = read(1, &ask([192, 0, 2, 1], [192, 0, 2, 2]));
        assert_eq!((p.uint(&OPCODE), p.octets(&DST_IPV4)), (Some(1), Some(&[192, 0, 2, 2][..])));
        assert_eq!(p.octets(&SRC_MAC), Some(&[2, 0, 0, 0, 0, 1][..]));
        assert!(!p.flag(&IS_GRATUITOUS) && p.layers.iter().all(|l| l.trouble.is_none()));
    }

    #[test]
    fn asking_for_ones_own_address_is_an_announcement() {
        let p = read(1, &ask([192, 0, 2, 1], [192, 0, 2, 1]));
        assert!(p.flag(&IS_GRATUITOUS) && p.flag(&IS_ANNOUNCEMENT) && !p.flag(&IS_PROBE));
    }

    #[test]
    fn asking_without_an_address_is_a_probe() {
        assert!(read(1, &ask([0; 4], [192, 0, 2, 1])).flag(&IS_PROBE));
    }

    #[test]
    fn sizes_that_promise_too_much_are_a_lie() {
        let mut frame = ask([192, 0, 2, 1], [192, 0, 2, 2]);
        frame[18] = 255;
        let p = read(1, &frame);
        assert_eq!(p.uint(&HW_SIZE), Some(255));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_unknown_opcode_and_an_unknown_protocol_survive() {
        let p = read(1, &[&[0xff; 12][..], &[8, 6, 0, 15, 0x12, 0x34, 1, 2, 0, 99, 1, 2, 3, 4, 5, 6]].concat());
        assert_eq!((p.uint(&OPCODE), p.octets(&DST_PROTO)), (Some(99), Some(&[5, 6][..])));
    }
}
