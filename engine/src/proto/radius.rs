//! RADIUS — RFC 2865. A switch, a Wi-Fi or a dial-in server asks a central one whether somebody may come in.
//!
//! ```text
//! | code (8) | id (8) | length (16) | authenticator (128) | attribute: type (8), length (8), value … |
//! ```

use super::Guess;
use super::prelude::*;
use crate::model::BufferKind;

/// RADIUS.
pub static ABOUT: Identity = Identity {
    name: "radius",
    title: "RADIUS Protocol",
    osi: Osi::Application,
    spec: "RFC 2865",
    fields: FIELDS,
    summary: Some(summary),
};

const CODES: &[(u64, &str)] = &[
    (1, "Access-Request"),
    (2, "Access-Accept"),
    (3, "Access-Reject"),
    (4, "Accounting-Request"),
    (5, "Accounting-Response"),
    (11, "Access-Challenge"),
    (12, "Status-Server"),
    (40, "Disconnect-Request"),
    (41, "Disconnect-ACK"),
    (42, "Disconnect-NAK"),
    (43, "CoA-Request"),
    (44, "CoA-ACK"),
    (45, "CoA-NAK"),
];

/// RFC 2865 §3: a known code, and at least the header.
fn guess(bytes: &[u8]) -> Guess {
    let Some(&[code, _, high, low]) = bytes.first_chunk() else { return Guess::No };
    let known = CODES.iter().any(|&(n, _)| n == u64::from(code));
    if known && u16::from_be_bytes([high, low]) >= 20 { Guess::This } else { Guess::No }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const NAME: u64 = 1;
    /// A piece of EAP (RFC 3579 §3.1).
    const EAP_MESSAGE: u64 = 79;
    const EAP: Key = Key::Ppp(0xc227);
    c.fixed(FIELDS)?;
    c.read(&AUTHENTICATOR, 4, 16)?;
    let end = c.uint(&LENGTH);
    let (mut at, mut eap) = (20, false);
    while at + 2 <= end {
        let kind = c.read(&AVP_TYPE, at, 1)?;
        let len = c.read_len(&AVP_LENGTH, at + 1, 1)?;
        if len < 2 {
            return Err(c.malformed("an attribute is shorter than its own header"));
        }
        c.slice(at, len)?;
        if kind == NAME && len > 2 {
            c.read(&USER_NAME, at + 2, len - 2)?;
        }
        eap |= kind == EAP_MESSAGE;
        at += len;
    }
    if !eap {
        return Ok(Next::end(c.len()));
    }
    // An attribute is short: a message of EAP may take several.
    let attributes = c.rest(0).get(20..end).unwrap_or(&[]);
    let whole = c.uncover_with(BufferKind::Decoded, |out| {
        let mut rest = attributes;
        while let [kind, len, ..] = *rest {
            let (this, others) = rest.split_at(usize::from(len).clamp(2, rest.len()));
            if u64::from(kind) == EAP_MESSAGE {
                out.extend_from_slice(this.get(2..).unwrap_or(&[]));
            }
            rest = others;
        }
    });
    let len = c.len();
    Ok(whole.map_or(Next::end(len), |(buffer, _)| Next::to(EAP, len).within(buffer)))
}

/// `Access-Request alice`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &CODE, out);
    show::parts(packet, layer, &[(" ", &USER_NAME)], out);
}

fields! {
    CODE = u8_at(0, "radius.code", "Code", "What is asked or answered.").names(CODES);
    ID = u8_at(1, "radius.id", "Identifier", "The answer repeats it.");
    LENGTH = u16_at(2, "radius.length", "Length", "Bytes of the whole message.");
    AUTHENTICATOR = dynamic(Kind::Bytes, "radius.authenticator", "Authenticator", "In an answer: proves that the server knows the shared secret.");
    AVP_TYPE = dynamic(Kind::Uint(8), "radius.avp.type", "Attribute type", "What the attribute says; 1 is the user's name.");
    AVP_LENGTH = dynamic(Kind::Uint(8), "radius.avp.length", "Attribute length", "Bytes of the attribute, type and length counted.");
    USER_NAME = dynamic(Kind::Text, "radius.User_Name", "User name", "Who wants to come in.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::UdpPort(1645),
        Key::UdpPort(1646),
        Key::UdpPort(1700),
        Key::UdpPort(1812),
        Key::UdpPort(1813),
        Key::UdpPort(3799),
    ],
    over: Over::Datagram(guess),
    dissect,
};

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 1812).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_users_name_is_an_attribute() {
        let p = read(228, &datagram(&[&[1, 7, 0, 25][..], &[9; 16], &[1, 5, b'b', b'o', b'b']].concat()));
        assert_eq!((p.uint(&ID), p.octets(&USER_NAME)), (Some(7), Some(&b"bob"[..])));
    }

    #[test]
    fn what_is_cut_short_says_so() {
        assert!(read(228, &datagram(&[1, 7, 0, 20])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
