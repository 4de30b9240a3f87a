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
    fields: PPP_FIELDS,
    summary: None,
};

/// The protocols that set a line up: its options, who dials in, and which network protocols it carries.
static LCP: Identity = control("lcp", "PPP link control", "RFC 1661 §5");
static IPCP: Identity = control("ipcp", "PPP IPv4 control", "RFC 1332");
static IPV6CP: Identity = control("ipv6cp", "PPP IPv6 control", "RFC 5072");

/// The same shape with names of their own, and the secrets themselves.
pub static PAP: Identity = Identity {
    name: "pap",
    title: "PPP password authentication",
    osi: Osi::Link,
    spec: "RFC 1334 §2",
    fields: PAP_FIELDS,
    summary: None,
};
/// A question that only who knows the secret can answer.
pub static CHAP: Identity = Identity {
    name: "chap",
    title: "PPP challenge handshake",
    osi: Osi::Link,
    spec: "RFC 1994",
    fields: CHAP_FIELDS,
    summary: None,
};

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

const PAP_CODES: &[(u64, &str)] = &[(1, "Authenticate request"), (2, "Accepted"), (3, "Refused")];
const CHAP_CODES: &[(u64, &str)] = &[(1, "Challenge"), (2, "Response"), (3, "Success"), (4, "Failure")];

fields! {
    ADDRESS    = dynamic(Kind::Hex(8), "ppp.address", "Address", "Always 0xff: everybody on the line.");
    CONTROL    = dynamic(Kind::Hex(8), "ppp.control", "Control", "Always 3: a plain datagram.");
    PROTO      = dynamic(Kind::Hex(16), "ppp.protocol", "Protocol", "Which protocol the frame carries.").names(PROTOCOLS);
    CODE       = dynamic(Kind::Uint(8), "ppp.code", "Code", "A proposal, or an answer to one.").names(CODES);
    IDENTIFIER = dynamic(Kind::Uint(8), "ppp.identifier", "Identifier", "Which proposal an answer belongs to.");
    LENGTH     = dynamic(Kind::Uint(16), "ppp.length", "Length", "Bytes of this message.");
    DATA       = dynamic(Kind::Bytes, "ppp.data", "Data", "What the message carries, where that is no list of options.");
    PAP_CODE   = u8_at(0, "pap.code", "Code", "A login, or the answer to it.").names(PAP_CODES);
    PAP_ID     = u8_at(1, "pap.identifier", "Identifier", "Which login an answer belongs to.");
    PAP_LENGTH = u16_at(2, "pap.length", "Length", "Bytes of this message.");
    PEER_LENGTH = dynamic(Kind::Uint(8), "pap.peer_id.length", "Name length", "Bytes of the name.");
    PEER       = dynamic(Kind::Text, "pap.peer_id", "Name", "Who dials in.");
    PASSWORD_LENGTH = dynamic(Kind::Uint(8), "pap.password.length", "Password length", "Bytes of the password.");
    PASSWORD   = dynamic(Kind::Text, "pap.password", "Password", "In the clear: anyone on the way can read it.");
    MESSAGE_LENGTH = dynamic(Kind::Uint(8), "pap.message.length", "Message length", "Bytes of the message.");
    MESSAGE    = dynamic(Kind::Text, "pap.message", "Message", "A word to the one who dials in.");
    CHAP_CODE  = u8_at(0, "chap.code", "Code", "A question, its answer, or what came of it.").names(CHAP_CODES);
    CHAP_ID    = u8_at(1, "chap.identifier", "Identifier", "Which question an answer belongs to.");
    CHAP_LENGTH = u16_at(2, "chap.length", "Length", "Bytes of this message.");
    VALUE_SIZE = dynamic(Kind::Uint(8), "chap.value_size", "Value size", "Bytes of the value.");
    VALUE      = dynamic(Kind::Bytes, "chap.value", "Value", "Something random, or its digest together with the secret.");
    NAME       = dynamic(Kind::Text, "chap.name", "Name", "Who asks or answers.");
    CHAP_MESSAGE = dynamic(Kind::Text, "chap.message", "Message", "A word to the one who dials in.");
}
static PPP_FIELDS: &[&FieldDef] = &[&ADDRESS, &CONTROL, &PROTO, &CODE, &IDENTIFIER, &LENGTH, &DATA];
static PAP_FIELDS: &[&FieldDef] =
    &[&PAP_CODE, &PAP_ID, &PAP_LENGTH, &PEER_LENGTH, &PEER, &PASSWORD_LENGTH, &PASSWORD, &MESSAGE_LENGTH, &MESSAGE];
static CHAP_FIELDS: &[&FieldDef] = &[&CHAP_CODE, &CHAP_ID, &CHAP_LENGTH, &VALUE_SIZE, &VALUE, &NAME, &CHAP_MESSAGE];

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
pub static PAP_PROTOCOL: Protocol =
    Protocol { about: &PAP, follows: &[Key::Ppp(0xc023)], over: Over::Packet, dissect: pap };
/// Challenge handshake.
pub static CHAP_PROTOCOL: Protocol =
    Protocol { about: &CHAP, follows: &[Key::Ppp(0xc223)], over: Over::Packet, dissect: chap };
/// IPv4 control.
pub static IPCP_PROTOCOL: Protocol = negotiation(&IPCP, &[Key::Ppp(0x8021)]);
/// IPv6 control.
pub static IPV6CP_PROTOCOL: Protocol = negotiation(&IPV6CP, &[Key::Ppp(0x8057)]);

/// All of them, for the registry.
pub const ROWS: &[&Protocol] =
    &[&PROTOCOL, &LCP_PROTOCOL, &PAP_PROTOCOL, &CHAP_PROTOCOL, &IPCP_PROTOCOL, &IPV6CP_PROTOCOL];

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

const HEADER: usize = 4;

/// The length, which counts the header, too.
fn length(c: &mut Cursor<'_>, def: &'static FieldDef) -> Result<usize, Trouble> {
    let len = c.read_len(def, 2, 2)?;
    if len < HEADER {
        return Err(c.malformed("a length under 4 does not even hold the header"));
    }
    c.limit(len, def);
    Ok(len)
}

/// RFC 1661 §5, shared by all control protocols.
fn negotiate(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let code = c.read(&CODE, 0, 1)?;
    c.read(&IDENTIFIER, 1, 1)?;
    let len = length(c, &LENGTH)?;
    c.slice(0, len)?;
    // Configuring is done by lists of options; an echo begins with a number against loops.
    let from = match code {
        5 | 6 => HEADER,
        9..=11 => HEADER + 4,
        _ => len,
    };
    if len > from {
        c.read(&DATA, from, len - from)?;
    }
    Ok(Next::end(len))
}

/// A text behind the byte that says how long it is; gives where it ends.
fn counted(c: &mut Cursor<'_>, len: &'static FieldDef, text: &'static FieldDef, at: usize) -> Result<usize, Trouble> {
    let size = c.read_len(len, at, 1)?;
    c.read(text, at + 1, size)?;
    Ok(at + 1 + size)
}

/// RFC 1334 §2.2.
fn pap(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const REQUEST: u64 = 1;
    let code = c.put(&PAP_CODE)?;
    c.put(&PAP_ID)?;
    let len = length(c, &PAP_LENGTH)?;
    if code == REQUEST {
        let at = counted(c, &PEER_LENGTH, &PEER, HEADER)?;
        counted(c, &PASSWORD_LENGTH, &PASSWORD, at)?;
    } else if len > HEADER {
        counted(c, &MESSAGE_LENGTH, &MESSAGE, HEADER)?;
    }
    Ok(Next::end(len))
}

/// RFC 1994 §4.
fn chap(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ANSWER: u64 = 2;
    let code = c.put(&CHAP_CODE)?;
    c.put(&CHAP_ID)?;
    let len = length(c, &CHAP_LENGTH)?;
    if code <= ANSWER {
        let at = counted(c, &VALUE_SIZE, &VALUE, HEADER)?;
        if len > at {
            c.read(&NAME, at, len - at)?;
        }
    } else if len > HEADER {
        c.read(&CHAP_MESSAGE, HEADER, len - HEADER)?;
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
        let p = read(9, &[0xc0, 0x21, 5, 7, 0, 6, 5, 5, 0, 0, 0]);
        assert_eq!((p.uint(&CODE), p.uint(&IDENTIFIER), p.octets(&DATA)), (Some(5), Some(7), Some(&[5, 5][..])));
        let options = read(9, &[0xc0, 0x21, 1, 7, 0, 8, 1, 4, 5, 0xd4]);
        assert_eq!((options.uint(&CODE), options.octets(&DATA)), (Some(1), None));
    }

    #[test]
    fn a_password_is_sent_in_the_clear_and_a_challenge_is_not() {
        let p = read(9, b"\xc0\x23\x01\x02\0\x0d\x05alice\x02pw");
        assert_eq!((p.octets(&PEER), p.octets(&PASSWORD)), (Some(&b"alice"[..]), Some(&b"pw"[..])));
        let p = read(9, b"\xc2\x23\x01\x02\0\x0a\x02\x07\x09isp");
        assert_eq!((p.octets(&VALUE), p.octets(&NAME)), (Some(&[7, 9][..]), Some(&b"isp"[..])));
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
