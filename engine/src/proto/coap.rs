//! CoAP — RFC 7252. HTTP's ideas for things with little memory: GET, PUT and answers in a few bytes of UDP.
//!
//! ```text
//! | version (2) | type (2) | token length (4) | code (8) | message id (16) | token … |
//! | option: delta (4), length (4), more of both, value … | 0xff | payload … |
//! ```

use super::prelude::*;

/// CoAP.
pub static ABOUT: Identity = Identity {
    name: "coap",
    title: "Constrained Application Protocol",
    osi: Osi::Application,
    spec: "RFC 7252",
    fields: FIELDS,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[(0, "Confirmable"), (1, "Non-Confirmable"), (2, "Acknowledgement"), (3, "Reset")];
const CODES: &[(u64, &str)] = &[
    (0, "Empty Message"),
    (1, "GET"),
    (2, "POST"),
    (3, "PUT"),
    (4, "DELETE"),
    (65, "2.01 Created"),
    (66, "2.02 Deleted"),
    (67, "2.03 Valid"),
    (68, "2.04 Changed"),
    (69, "2.05 Content"),
    (128, "4.00 Bad Request"),
    (129, "4.01 Unauthorized"),
    (132, "4.04 Not Found"),
    (133, "4.05 Method Not Allowed"),
    (160, "5.00 Internal Server Error"),
];

/// Media types by their numbers in CoAP (RFC 7252 §12.3).
const FORMATS: &[(u64, &[u8])] = &[(50, b"application/json")];

/// The option that has such a number.
const CONTENT_FORMAT: usize = 12;

/// Marks where the payload begins.
const MARKER: u8 = 0xff;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let token = c.uint(&TOKEN_LENGTH);
    if token > 8 {
        return Err(c.malformed("a token has at most eight bytes"));
    }
    let mut at = 4;
    if token > 0 {
        c.read(&TOKEN, at, token)?;
        at += token;
    }
    let (mut kind, mut format) = (0, None);
    while at < c.len() {
        let first = c.u8(at)?;
        at += 1;
        if first == MARKER {
            return Ok(payload(c, format, at));
        }
        let delta = extended(c, first >> 4, &mut at)?;
        let len = extended(c, first & 0x0f, &mut at)?;
        kind += delta;
        if kind == CONTENT_FORMAT {
            format = Some(c.number(at, len)?);
        }
        let def = match kind {
            3 => Some(&URI_HOST),
            11 => Some(&URI_PATH),
            15 => Some(&URI_QUERY),
            _ => None,
        };
        match def.filter(|_| len > 0) {
            Some(def) => drop(c.read(def, at, len)?),
            None => drop(c.slice(at, len)?),
        }
        at += len;
    }
    Ok(Next::end(c.len()))
}

/// What the payload is: by its format, else bytes, or in an error a text for people (RFC 7252 §5.5.2).
fn payload(c: &Cursor<'_>, format: Option<u64>, at: usize) -> Next {
    const BYTES: u64 = 42;
    const ERRORS: usize = 4;
    let row = FORMATS.iter().find(|(of, _)| Some(*of) == format).and_then(|(_, name)| super::media(name));
    match (row, format) {
        (Some(row), _) => Next::row(row, at),
        (None, Some(BYTES)) => Next::data(at),
        (None, None) if c.uint(&CODE) >> 5 < ERRORS => Next::data(at),
        _ => Next::end(c.len()),
    }
}

/// RFC 7252 §3.1: 13 and 14 mean that one or two bytes more say it.
fn extended(c: &Cursor<'_>, nibble: u8, at: &mut usize) -> Result<usize, Trouble> {
    let (n, len) = match nibble {
        13 => (13 + usize::from(c.u8(*at)?), 1),
        14 => (269 + usize::from(c.u16(*at)?), 2),
        15 => return Err(c.malformed("15 is no length of an option")),
        n => (usize::from(n), 0),
    };
    *at += len;
    Ok(n)
}

/// `GET temperature`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &CODE, out);
    show::parts(packet, layer, &[(" ", &URI_PATH)], out);
}

fields! {
    VERSION = u8_at(0, "coap.version", "Version", "Always 1.").bits(0xc0);
    TYPE = u8_at(0, "coap.type", "Type", "Whether it asks for a confirmation, or is one.").bits(0x30).names(TYPES);
    TOKEN_LENGTH = u8_at(0, "coap.token_len", "Token length", "Bytes of the token.").bits(0x0f);
    CODE = u8_at(1, "coap.code", "Code", "A method, or how it went: 69 is 2.05, Content.").names(CODES);
    MESSAGE_ID = u16_at(2, "coap.mid", "Message ID", "The confirmation repeats it.");
    TOKEN = dynamic(Kind::Bytes, "coap.token", "Token", "The answer repeats it, even when it comes much later.");
    URI_HOST = dynamic(Kind::Text, "coap.opt.uri_host", "Host", "Which host is meant.");
    URI_PATH = dynamic(Kind::Text, "coap.opt.uri_path", "Path", "A piece of the path, between two slashes.");
    URI_QUERY = dynamic(Kind::Text, "coap.opt.uri_query", "Query", "A piece of what is asked for.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(5683)], over: Over::Packet, dissect };

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 5683).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_path_is_an_option() {
        let p = read(228, &datagram(b"\x41\x01\x12\x34t\xb4temp\xff1"));
        assert_eq!((p.octets(&TOKEN), p.octets(&URI_PATH)), (Some(&b"t"[..]), Some(&b"temp"[..])));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn the_format_says_how_the_payload_is_read() {
        let last = |body: &[u8]| read(228, &datagram(body)).layers.last().map(|l| l.proto.name);
        assert_eq!(last(b"\x40\x45\x12\x34\xc1\x32\xff[1]"), Some("json"));
        assert_eq!(last(b"\x40\x45\x12\x34\xc1\x2a\xff[1]"), Some("data"));
        assert_eq!(last(b"\x40\x45\x12\x34\xc0\xffhello"), Some("coap"), "a text");
        assert_eq!(last(b"\x40\x84\x12\x34\xffno such thing"), Some("coap"), "an error in words");
    }

    #[test]
    fn what_is_cut_short_says_so() {
        assert!(read(228, &datagram(b"\x41\x01\x12\x34t\xb9temp")).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
