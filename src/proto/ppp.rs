//! PPP — RFC 1661, framed as RFC 1662 or carried by PPPoE. Two ends of a line; control protocols set it up first.
//!
//! ```text
//! | RFC 1662 only: address 0xff (8), control 0x03 (8) | protocol (16, or 8 if odd) | payload … |
//! ```

use super::prelude::*;

/// PPP.
pub static ABOUT: Identity = Identity {
    name: "ppp",
    title: "Point-to-Point Protocol",
    osi: Osi::Link,
    spec: "RFC 1661",
    fields: FIELDS,
    summary: None,
};

/// The protocols that set a line up: its options, who dials in, and which network protocols it carries.
static LCP: Identity = control("lcp", "PPP link control", "RFC 1661 §5");
static PAP: Identity = control("pap", "PPP password authentication", "RFC 1334 §2");
static CHAP: Identity = control("chap", "PPP challenge handshake", "RFC 1994");
static IPCP: Identity = control("ipcp", "PPP IPv4 control", "RFC 1332");
static IPV6CP: Identity = control("ipv6cp", "PPP IPv6 control", "RFC 5072");

const fn control(name: &'static str, title: &'static str, spec: &'static str) -> Identity {
    Identity { name, title, osi: Osi::Link, spec, fields: &[], summary: None }
}

const PROTOCOLS: &[(u64, &str)] = &[
    (0x0021, "IPv4"),
    (0x0057, "IPv6"),
    (0x0281, "MPLS unicast"),
    (0x8021, "IPv4 control"),
    (0x8057, "IPv6 control"),
    (0x80fd, "Compression control"),
    (0xc021, "Link control"),
    (0xc023, "Password authentication"),
    (0xc223, "Challenge handshake"),
];

const CODES: &[(u64, &str)] = &[
    (1, "Configure request"),
    (2, "Configure acknowledged"),
    (3, "Configure: other values"),
    (4, "Configure rejected"),
    (5, "Terminate request"),
    (6, "Terminate acknowledged"),
    (7, "Code rejected"),
    (8, "Protocol rejected"),
    (9, "Echo request"),
    (10, "Echo reply"),
    (11, "Discard request"),
];

fields! {
    ADDRESS    = dynamic(Kind::Hex(8), "ppp.address", "Address", "Always 0xff: everybody on the line.");
    CONTROL    = dynamic(Kind::Hex(8), "ppp.control", "Control", "Always 3: a plain datagram.");
    PROTO      = dynamic(Kind::Hex(16), "ppp.protocol", "Protocol", "Which protocol the frame carries.").names(PROTOCOLS);
    CODE       = dynamic(Kind::Uint(8), "ppp.code", "Code", "A proposal, or an answer to one.").names(CODES);
    IDENTIFIER = dynamic(Kind::Uint(8), "ppp.identifier", "Identifier", "Which proposal an answer belongs to.");
    LENGTH     = dynamic(Kind::Uint(16), "ppp.length", "Length", "Bytes of this message.");
    DATA       = dynamic(Kind::Bytes, "ppp.data", "Data", "The options, or whatever else the message carries.");
}

/// The row. PPPoE and GRE ask for it by GRE's number.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Link(9), Key::Link(50), Key::EtherType(0x880b)],
    over: Over::Packet,
    dissect,
};

/// Link control.
pub static LCP_PROTOCOL: Protocol = negotiation(&LCP, &[Key::Ppp(0xc021)]);
/// Password authentication.
pub static PAP_PROTOCOL: Protocol = negotiation(&PAP, &[Key::Ppp(0xc023)]);
/// Challenge handshake.
pub static CHAP_PROTOCOL: Protocol = negotiation(&CHAP, &[Key::Ppp(0xc223)]);
/// IPv4 control.
pub static IPCP_PROTOCOL: Protocol = negotiation(&IPCP, &[Key::Ppp(0x8021)]);
/// IPv6 control.
pub static IPV6CP_PROTOCOL: Protocol = negotiation(&IPV6CP, &[Key::Ppp(0x8057)]);

const fn negotiation(about: &'static Identity, follows: &'static [Key]) -> Protocol {
    Protocol { about, follows, over: Over::Packet, dissect: negotiate }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let mut at = 0;
    if c.u8(0)? == 0xff {
        c.read(&ADDRESS, 0, 1)?;
        c.read(&CONTROL, 1, 1)?;
        at = 2;
    }
    // RFC 1661 §6.5: the first byte of a protocol is even, the last one odd, so one byte may do.
    let len = if c.u8(at)? & 1 == 1 { 1 } else { 2 };
    let number = c.read(&PROTO, at, len)?;
    Ok(Next::to(Key::Ppp(u16::try_from(number).unwrap_or(0)), at + len))
}

/// RFC 1661 §5, shared by all control protocols.
fn negotiate(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.read(&CODE, 0, 1)?;
    c.read(&IDENTIFIER, 1, 1)?;
    let len = usize::try_from(c.read(&LENGTH, 2, 2)?).unwrap_or(0);
    if len < 4 {
        return Err(c.malformed("a length under 4 does not even hold the header"));
    }
    c.limit(len, &LENGTH);
    if len > 4 {
        c.read(&DATA, 4, len - 4)?;
    }
    Ok(Next::end(len))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn framing_and_a_short_protocol_number_are_optional() {
        for frame in [&[0xff, 3, 0, 0x21, 0x45][..], &[0x21, 0x45], &[0, 0x21, 0x45]] {
            let p = read(9, frame);
            assert_eq!(p.uint(&PROTO), Some(0x21));
            assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
        }
    }

    #[test]
    fn a_control_message_keeps_to_its_length() {
        let p = read(9, &[0xc0, 0x21, 1, 7, 0, 6, 5, 5, 0, 0, 0]);
        assert_eq!((p.uint(&CODE), p.uint(&IDENTIFIER), p.octets(&DATA)), (Some(1), Some(7), Some(&[5, 5][..])));
    }

    #[test]
    fn a_control_length_beyond_the_frame_is_a_lie() {
        let p = read(9, &[0xc0, 0x21, 1, 7, 0xff, 0xff, 5]);
        assert!(p.layers.last().is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_unknown_protocol_survives() {
        assert_eq!(read(9, &[0x12, 0x35, 1]).layers.last().map(|l| l.proto.name), Some("data"));
    }
}
