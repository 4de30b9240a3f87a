//! Small tunnels, each a few bytes before what it carries: `EtherIP` — RFC 3378, LISP — RFC 9300, ERSPAN and TZSP, which
//! copy a wire's frames to somebody who watches.

use super::prelude::*;

/// `EtherIP`.
pub static ETHERIP: Identity = Identity {
    name: "etherip",
    title: "Ethernet over IP",
    osi: Osi::Network,
    spec: "RFC 3378",
    fields: ETHERIP_FIELDS,
    summary: None,
};

/// LISP's data packets.
pub static LISP: Identity = Identity {
    name: "lisp-data",
    title: "Locator/ID Separation Protocol (Data)",
    osi: Osi::Network,
    spec: "RFC 9300",
    fields: LISP_FIELDS,
    summary: None,
};

/// ERSPAN.
pub static ERSPAN: Identity = Identity {
    name: "erspan",
    title: "Encapsulated Remote Switch Packet ANalysis",
    osi: Osi::Link,
    spec: "draft-foschiano-erspan",
    fields: ERSPAN_FIELDS,
    summary: None,
};

/// TZSP.
pub static TZSP: Identity = Identity {
    name: "tzsp",
    title: "Tazmen Sniffer Protocol",
    osi: Osi::Link,
    spec: "TZSP",
    fields: TZSP_FIELDS,
    summary: None,
};

fields! {
    ETHERIP_VERSION = u16_at(0, "etherip.ver", "Version", "Always 3.").bits(0xf000);
    LISP_NONCE = u24_at(1, "lisp-data.nonce", "Nonce", "The answer repeats it: both ends can be reached.").typed(Kind::Hex(24));
    LISP_IID   = dynamic(Kind::Uint(24), "lisp-data.iid", "Instance ID", "Which of several networks the packet belongs to.");
    ERSPAN_VERSION = u16_at(0, "erspan.version", "Version", "1 is type II, with a header of eight bytes.").bits(0xf000);
    ERSPAN_VLAN = u16_at(0, "erspan.vlan", "VLAN", "The VLAN that the frame was seen in.").bits(0x0fff);
    ERSPAN_SESSION = u16_at(2, "erspan.spanid", "Session", "Which of the switch's copies this is.").bits(0x03ff);
    TZSP_VERSION = u8_at(0, "tzsp.version", "Version", "Always 1.");
    TZSP_TYPE  = u8_at(1, "tzsp.type", "Type", "0: a frame that was received.");
    TZSP_ENCAP = u16_at(2, "tzsp.encap", "Encapsulation", "What kind of frame follows: 1 is Ethernet, 18 is Wi-Fi.");
}
static ETHERIP_FIELDS: &[&FieldDef] = &[&ETHERIP_VERSION];
static LISP_FIELDS: &[&FieldDef] = &[&LISP_NONCE, &LISP_IID];
static ERSPAN_FIELDS: &[&FieldDef] = &[&ERSPAN_VERSION, &ERSPAN_VLAN, &ERSPAN_SESSION];
static TZSP_FIELDS: &[&FieldDef] = &[&TZSP_VERSION, &TZSP_TYPE, &TZSP_ENCAP];

const ETHERNET: Key = Key::EtherType(0x6558);

/// The row of `EtherIP`.
pub static ETHERIP_PROTOCOL: Protocol = Protocol {
    about: &ETHERIP,
    follows: &[Key::IpProto(97)],
    over: Over::Packet,
    dissect: |c| c.fixed(ETHERIP_FIELDS).map(|()| Next::to(ETHERNET, 2)),
};

/// The row of LISP.
pub static LISP_PROTOCOL: Protocol =
    Protocol { about: &LISP, follows: &[Key::UdpPort(4341)], over: Over::Packet, dissect: lisp };

/// The row of ERSPAN, which comes inside GRE.
pub static ERSPAN_PROTOCOL: Protocol =
    Protocol { about: &ERSPAN, follows: &[Key::EtherType(0x88be)], over: Over::Packet, dissect: erspan };

/// The row of TZSP.
pub static TZSP_PROTOCOL: Protocol =
    Protocol { about: &TZSP, follows: &[Key::UdpPort(37008)], over: Over::Packet, dissect: tzsp };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&ETHERIP_PROTOCOL, &LISP_PROTOCOL, &ERSPAN_PROTOCOL, &TZSP_PROTOCOL];

fn lisp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const INSTANCE: u8 = 0x08;
    c.fixed(LISP_FIELDS)?;
    if c.u8(0)? & INSTANCE != 0 {
        c.read(&LISP_IID, 4, 3)?;
    }
    Ok(match c.u8(8)? >> 4 {
        4 => Next::to(Key::EtherType(0x0800), 8),
        6 => Next::to(Key::EtherType(0x86dd), 8),
        _ => Next::data(8),
    })
}

/// Type I has no header at all: the frame is directly in GRE.
fn erspan(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    if c.u8(0)? >> 4 != 1 {
        return Ok(Next::to(ETHERNET, 0));
    }
    c.fixed(ERSPAN_FIELDS)?;
    Ok(Next::to(ETHERNET, 8))
}

fn tzsp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    c.fixed(TZSP_FIELDS)?;
    let mut at = 4;
    // Tags: a number, a length, so many bytes; two of them have no length.
    loop {
        match c.u8(at)? {
            END => break,
            PADDING => at += 1,
            _ => at += 2 + usize::from(c.u8(at + 1)?),
        }
    }
    Ok(match c.u16(2)? {
        1 => Next::to(ETHERNET, at + 1),
        18 => Next::to(Key::Link(105), at + 1),
        _ => Next::data(at + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use etherparse::PacketBuilder;

    fn last(port: u16, head: &[u8]) -> Option<&'static str> {
        let body = [head, &[2; 12], &[8, 6, 0, 1]].concat();
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, port).write(&mut out, &body).unwrap();
        read(228, &out).layers.last().map(|l| l.proto.name)
    }

    #[test]
    fn tags_are_stepped_over() {
        assert_eq!(last(37008, &[1, 0, 0, 1, 0, 10, 2, 7, 7, 1]), Some("arp"));
        assert_eq!(last(37008, &[1, 0, 0, 99, 1]), Some("data"));
        assert_eq!(last(37008, &[1, 0, 0, 1, 10, 255]), Some("tzsp"));
    }

    #[test]
    fn what_is_not_ip_stays_data() {
        assert_eq!(last(4341, &[0x80, 0, 0, 1, 0, 0, 0, 0]), Some("data"));
    }
}
