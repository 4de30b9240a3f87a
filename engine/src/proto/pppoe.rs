//! PPP over Ethernet — RFC 2516. How many DSL lines dial in: discovery finds a concentrator, a session carries PPP.
//!
//! ```text
//! | version (4) | type (4) | code (8) | session (16) | payload length (16) | payload … |
//! ```

use super::prelude::*;

/// Discovery.
pub static DISCOVERY: Identity = Identity {
    name: "pppoed",
    title: "PPP over Ethernet, discovery",
    osi: Osi::Link,
    spec: "RFC 2516 §5",
    fields: FIELDS,
    summary: None,
};

/// Session.
pub static SESSION: Identity = Identity {
    name: "pppoes",
    title: "PPP over Ethernet, session",
    osi: Osi::Link,
    spec: "RFC 2516 §6",
    fields: &[],
    summary: None,
};

const CODES: &[(u64, &str)] = &[
    (0x00, "Session data"),
    (0x07, "Offer (PADO)"),
    (0x09, "Initiation (PADI)"),
    (0x19, "Request (PADR)"),
    (0x65, "Confirmation (PADS)"),
    (0xa7, "Termination (PADT)"),
];

fields! {
    VERSION = u8_at(0, "pppoe.version", "Version", "Always 1.").bits(0xf0);
    TYPE    = u8_at(0, "pppoe.type", "Type", "Always 1.").bits(0x0f);
    CODE    = u8_at(1, "pppoe.code", "Code", "Which step of discovery this is; 0 in a session.").hex().names(CODES);
    SESSION_ID = u16_at(2, "pppoe.session_id", "Session", "Which dialled-in line the frame belongs to.").hex();
    PAYLOAD_LENGTH = u16_at(4, "pppoe.payload_length", "Payload length", "Bytes after this header.");
    SERVICE_NAME = dynamic(Kind::Text, "pppoed.tags.service_name", "Service name", "The service that is asked for or offered.");
    AC_NAME      = dynamic(Kind::Text, "pppoed.tags.ac_name", "Concentrator", "The name of the provider's machine.");
    HOST_UNIQ    = dynamic(Kind::Bytes, "pppoed.tags.host_uniq", "Host's mark", "Comes back in the answer, so that the host knows it.");
    AC_COOKIE    = dynamic(Kind::Bytes, "pppoed.tags.ac_cookie", "Cookie", "Proves that the host received the offer.");
}

/// Discovery.
pub static PROTOCOL: Protocol =
    Protocol { about: &DISCOVERY, follows: &[Key::EtherType(0x8863)], over: Over::Packet, dissect: discovery };

/// Session.
pub static SESSION_PROTOCOL: Protocol =
    Protocol { about: &SESSION, follows: &[Key::EtherType(0x8864)], over: Over::Packet, dissect: session };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &SESSION_PROTOCOL];

const HEADER: usize = 6;

fn session(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    header(c)?;
    // PPP has no EtherType in a session; GRE's number for it serves as the key.
    Ok(Next::to(Key::EtherType(0x880b), HEADER))
}

fn header(c: &mut Cursor<'_>) -> Result<(), Trouble> {
    c.fixed(FIELDS)?;
    let len = c.uint(&PAYLOAD_LENGTH);
    c.limit(HEADER + len, &PAYLOAD_LENGTH);
    Ok(())
}

/// RFC 2516 §5.6, appendix A: a list of type (16), length (16), data.
fn discovery(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    header(c)?;
    let end = HEADER + c.uint(&PAYLOAD_LENGTH);
    let mut at = HEADER;
    while at < end {
        let (kind, len) = (c.u16(at)?, usize::from(c.u16(at + 2)?));
        let def = match kind {
            0x0000 => break,
            0x0101 => Some(&SERVICE_NAME),
            0x0102 => Some(&AC_NAME),
            0x0103 => Some(&HOST_UNIQ),
            0x0104 => Some(&AC_COOKIE),
            _ => None,
        };
        c.slice(at + 4, len)?;
        if let Some(def) = def.filter(|_| len > 0) {
            c.read(def, at + 4, len)?;
        }
        at += 4 + len;
    }
    Ok(Next::end(end))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn frame(kind: u8, rest: &[u8]) -> Vec<u8> {
        [&[0xff; 12][..], &[0x88, kind], rest].concat()
    }

    #[test]
    fn discovery_lists_its_tags() {
        let p = read(1, &frame(0x63, &[0x11, 7, 0, 0, 0, 8, 1, 2, 0, 4, b'B', b'R', b'A', b'S', 0, 0]));
        assert_eq!((p.uint(&CODE), p.octets(&AC_NAME)), (Some(7), Some(&b"BRAS"[..])));
    }

    #[test]
    fn a_session_carries_ppp_and_padding_is_left_out() {
        let p = read(1, &frame(0x64, &[0x11, 0, 0, 9, 0, 3, 0, 0x57, 0x60, 0, 0, 0]));
        assert_eq!(p.uint(&SESSION_ID), Some(9));
        let names: Vec<_> = p.layers.iter().map(|l| l.proto.name).skip(2).collect();
        assert_eq!(names, ["pppoes", "ppp", "ipv6"]);
    }

    #[test]
    fn a_tag_that_leaves_the_frame_is_a_lie() {
        let p = read(1, &frame(0x63, &[0x11, 9, 0, 0, 0, 8, 1, 3, 0xff, 0xff, 1, 2]));
        assert!(p.layer(&DISCOVERY).is_some_and(|l| l.trouble.is_some()));
    }
}
