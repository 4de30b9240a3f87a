//! STUN — RFC 8489, and TURN, RFC 8656. A host behind a NAT learns which address others see, or borrows a relay's.
//!
//! ```text
//! | 0 0 | type (14) | length (16) | magic cookie (32) | transaction id (96) |
//! | attribute: type (16), length (16), value, padded to 32 bits … |
//! ```

use super::Guess;
use super::prelude::*;

/// STUN.
pub static ABOUT: Identity = Identity {
    name: "stun",
    title: "Session Traversal Utilities for NAT",
    osi: Osi::Application,
    spec: "RFC 8489",
    fields: FIELDS,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (0x0001, "Binding Request"),
    (0x0003, "Allocate Request"),
    (0x0004, "Refresh Request"),
    (0x0008, "CreatePermission Request"),
    (0x0009, "Channel-Bind Request"),
    (0x0011, "Binding Indication"),
    (0x0016, "Send Indication"),
    (0x0017, "Data Indication"),
    (0x0101, "Binding Success Response"),
    (0x0103, "Allocate Success Response"),
    (0x0104, "Refresh Success Response"),
    (0x0108, "CreatePermission Success Response"),
    (0x0109, "Channel-Bind Success Response"),
    (0x0111, "Binding Error Response"),
    (0x0113, "Allocate Error Response"),
    (0x0114, "Refresh Error Response"),
    (0x0118, "CreatePermission Error Response"),
    (0x0119, "Channel-Bind Error Response"),
];

const CLASSES: &[(u64, &str)] = &[(0, "Request"), (1, "Indication"), (16, "Success Response"), (17, "Error Response")];

const METHODS: &[(u64, &str)] = &[
    (1, "Binding"),
    (3, "Allocate"),
    (4, "Refresh"),
    (6, "Send"),
    (7, "Data"),
    (8, "CreatePermission"),
    (9, "Channel-Bind"),
];

const ATTRIBUTES: &[(u64, &str)] = &[
    (0x0001, "MAPPED-ADDRESS"),
    (0x0006, "USERNAME"),
    (0x0008, "MESSAGE-INTEGRITY"),
    (0x0009, "ERROR-CODE"),
    (0x000a, "UNKNOWN-ATTRIBUTES"),
    (0x000c, "CHANNEL-NUMBER"),
    (0x000d, "LIFETIME"),
    (0x0012, "XOR-PEER-ADDRESS"),
    (0x0013, "DATA"),
    (0x0014, "REALM"),
    (0x0015, "NONCE"),
    (0x0016, "XOR-RELAYED-ADDRESS"),
    (0x0019, "REQUESTED-TRANSPORT"),
    (0x0020, "XOR-MAPPED-ADDRESS"),
    (0x0024, "PRIORITY"),
    (0x0025, "USE-CANDIDATE"),
    (0x8022, "SOFTWARE"),
    (0x8028, "FINGERPRINT"),
    (0x8029, "ICE-CONTROLLED"),
    (0x802a, "ICE-CONTROLLING"),
    (0x802b, "RESPONSE-ORIGIN"),
    (0x802c, "OTHER-ADDRESS"),
];

const FAMILIES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6")];

fields! {
    CHANNEL = dynamic(Kind::Hex(16), "stun.channel", "Channel", "A short name for a peer, so that each packet needs 4 bytes only.");
    TYPE    = dynamic(Kind::Hex(16), "stun.type", "Message type", "What is asked or answered.").names(TYPES);
    CLASS   = dynamic(Kind::Hex(16), "stun.type.class", "Class", "A request, an answer, an error, or an indication.").bits(0x0110).names(CLASSES);
    METHOD  = dynamic(Kind::Hex(16), "stun.type.method", "Method", "What is asked for; Binding asks for the sender's public address.").bits(0x3eef).names(METHODS);
    LENGTH  = dynamic(Kind::Uint(16), "stun.length", "Length", "Bytes after the header.");
    COOKIE  = dynamic(Kind::Bytes, "stun.cookie", "Magic cookie", "Always the same number: by it STUN is told from other protocols.");
    ID      = dynamic(Kind::Bytes, "stun.id", "Transaction ID", "The answer repeats it.");
    ATT_TYPE = dynamic(Kind::Hex(16), "stun.att.type", "Attribute type", "What the attribute says.").names(ATTRIBUTES);
    ATT_LENGTH = dynamic(Kind::Uint(16), "stun.att.length", "Attribute length", "Bytes of its value, without the filling.");
    FAMILY  = dynamic(Kind::Uint(8), "stun.att.family", "Family", "Which version of IP the address is of.").names(FAMILIES);
    PORT    = dynamic(Kind::Uint(16), "stun.att.port", "Port", "The port that the other side sees.");
    IPV4    = dynamic(Kind::Ipv4, "stun.att.ipv4", "Address", "The address that the other side sees.");
    IPV6    = dynamic(Kind::Ipv6, "stun.att.ipv6", "Address", "The address that the other side sees.");
    PORT_XORD = dynamic(Kind::Bytes, "stun.att.port-xord", "Port, masked", "Combined with the cookie, so that no NAT rewrites it.");
    IPV4_XORD = dynamic(Kind::Bytes, "stun.att.ipv4-xord", "Address, masked", "Combined with the cookie, so that no NAT rewrites it.");
    IPV6_XORD = dynamic(Kind::Bytes, "stun.att.ipv6-xord", "Address, masked", "Combined with cookie and id, so that no NAT rewrites it.");
    USERNAME = dynamic(Kind::Text, "stun.att.username", "User name", "Who asks.");
    REALM   = dynamic(Kind::Text, "stun.att.realm", "Realm", "Where the user name is known.");
    NONCE   = dynamic(Kind::Text, "stun.att.nonce", "Nonce", "The server's fresh word, which the client's proof must include.");
    SOFTWARE = dynamic(Kind::Text, "stun.att.software", "Software", "What the sender runs.");
    HMAC    = dynamic(Kind::Bytes, "stun.att.hmac", "Integrity", "Proves that the sender knows the password.");
    CRC     = dynamic(Kind::Hex(32), "stun.att.crc32", "Fingerprint", "Tells STUN from other protocols on the same port.");
    PRIORITY = dynamic(Kind::Uint(32), "stun.att.priority", "Priority", "How much the sender would like this path.");
    LIFETIME = dynamic(Kind::Uint(32), "stun.att.lifetime", "Lifetime", "Seconds for which the relay keeps the address.");
    ERROR_CLASS = dynamic(Kind::Uint(8), "stun.att.error.class", "Error class", "The hundreds of the error code.").bits(0x07);
    ERROR   = dynamic(Kind::Uint(8), "stun.att.error", "Error code", "The rest of the error code.");
    REASON  = dynamic(Kind::Text, "stun.att.error.reason", "Reason", "The error in words.");
    TRANSPORT = dynamic(Kind::Hex(8), "stun.att.transp", "Transport", "How the relay should carry the data: 0x11 is UDP.");
    TIE_BREAKER = dynamic(Kind::Bytes, "stun.att.tie-breaker", "Tie breaker", "Where both ends want to decide, the greater number does.");
    VALUE   = dynamic(Kind::Bytes, "stun.value", "Value", "What an attribute holds that is not read any further.");
}

/// The row of other ports.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Datagram(guess), dissect };

/// The row of its own port, and of a conversation that it has begun: a relay's channels belong to it, too.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(3478)], over: Over::Datagram(guess_followed), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED];

const HEADER: usize = 20;
const CHANNEL_HEADER: usize = 4;
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// RFC 8489 §5: two zero bits, the cookie, and a length that is right.
fn guess(bytes: &[u8]) -> Guess {
    let [0..=0x3f, _, high, low, a, b, c, d, ..] = *bytes else { return Guess::No };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if [a, b, c, d] == MAGIC && bytes.len() == HEADER + len { Guess::Follow(&PROTOCOL) } else { Guess::No }
}

/// The same, or a channel's data (RFC 8656 §12.4): a first byte above 0x3f, and a length that is right.
fn guess_followed(bytes: &[u8]) -> Guess {
    match *bytes {
        [0x40..=0xff, _, high, low, ..] => {
            let len = CHANNEL_HEADER + usize::from(u16::from_be_bytes([high, low]));
            if bytes.len() == len || bytes.len() == len.next_multiple_of(4) { Guess::This } else { Guess::No }
        }
        _ => guess(bytes),
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    if c.u8(0)? >= 0x40 {
        c.read(&CHANNEL, 0, 2)?;
        let len = c.read_len(&LENGTH, 2, 2)?;
        c.limit(CHANNEL_HEADER + len, &LENGTH);
        return Ok(Next::data(CHANNEL_HEADER));
    }
    c.read(&TYPE, 0, 2)?;
    c.nested(|c| {
        c.read(&CLASS, 0, 2)?;
        c.read(&METHOD, 0, 2)
    })?;
    let len = c.read_len(&LENGTH, 2, 2)?;
    c.read(&COOKIE, 4, 4)?;
    c.read(&ID, 8, 12)?;
    let end = HEADER + len;
    let (mut at, mut data) = (HEADER, None);
    while at + 4 <= end {
        let (kind, len) = (c.u16(at)?, usize::from(c.u16(at + 2)?));
        c.read(&ATT_TYPE, at, 2)?;
        c.nested(|c| {
            c.read(&ATT_LENGTH, at + 2, 2)?;
            c.slice(at + 4, len)?;
            attribute(c, kind, at + 4, len)
        })?;
        if kind == DATA && len > 0 {
            data = Some((at + 4, len));
        }
        at += 4 + len.next_multiple_of(4);
    }
    // What a relay carries for others is a datagram of theirs.
    let Some((at, len)) = data else { return Ok(Next::end(end)) };
    c.limit(at + len, &ATT_LENGTH);
    Ok(Next::data(at).showing(end))
}

/// The attribute that holds what a relay carries (RFC 8656 §18.4).
const DATA: u16 = 0x0013;

/// RFC 8489 §14.
fn attribute(c: &mut Cursor<'_>, kind: u16, at: usize, len: usize) -> Result<(), Trouble> {
    let text = |def| (len > 0).then_some(def);
    let def = match kind {
        0x0001 | 0x802b | 0x802c if len >= 8 => return address(c, at, len, false),
        0x0012 | 0x0016 | 0x0020 if len >= 8 => return address(c, at, len, true),
        0x0006 => text(&USERNAME),
        0x0014 => text(&REALM),
        0x0015 => text(&NONCE),
        0x8022 => text(&SOFTWARE),
        0x0008 => text(&HMAC),
        0x8028 if len == 4 => Some(&CRC),
        0x0024 if len == 4 => Some(&PRIORITY),
        0x000d if len == 4 => Some(&LIFETIME),
        0x0019 if len == 4 => return c.read(&TRANSPORT, at, 1).map(drop),
        0x8029 | 0x802a if len == 8 => Some(&TIE_BREAKER),
        0x0009 if len >= 4 => {
            c.read(&ERROR_CLASS, at + 2, 1)?;
            c.read(&ERROR, at + 3, 1)?;
            return if len > 4 { c.read(&REASON, at + 4, len - 4).map(drop) } else { Ok(()) };
        }
        _ => text(&VALUE),
    };
    def.map_or(Ok(()), |def| c.read(def, at, len).map(drop))
}

/// §14.1, and masked: §14.2.
fn address(c: &mut Cursor<'_>, at: usize, len: usize, masked: bool) -> Result<(), Trouble> {
    let family = c.read(&FAMILY, at + 1, 1)?;
    let (size, plain, xord) = match family {
        1 => (4, &IPV4, &IPV4_XORD),
        2 if len >= 20 => (16, &IPV6, &IPV6_XORD),
        _ => return Ok(()),
    };
    if !masked {
        c.read(&PORT, at + 2, 2)?;
        return c.read(plain, at + 4, size).map(drop);
    }
    c.read(&PORT_XORD, at + 2, 2)?;
    c.push(&PORT, at + 2, 2, Value::Uint(u64::from(c.u16(at + 2)? ^ 0x2112)));
    c.read(xord, at + 4, size)?;
    let mut address = [0; 16];
    for ((out, byte), mask) in address.iter_mut().zip(c.slice(at + 4, size)?).zip(c.slice(4, 16)?) {
        *out = byte ^ mask;
    }
    let kept = c.keep(address.get(..size).unwrap_or(&[]));
    c.push(plain, at + 4, size, Value::Bytes(kept));
    Ok(())
}

/// `Binding Success Response 192.0.2.1:50000`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(f) = packet.field_in(layer, &TYPE) {
        show::value(packet, f, out);
    }
    for (def, before) in [(&IPV4, " "), (&IPV6, " "), (&PORT, ":")] {
        if let Some(f) = packet.field_in(layer, def) {
            out.push_str(before);
            show::value(packet, f, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 50001).write(&mut out, body).unwrap();
        out
    }

    /// The example of RFC 5769 §2.2, its attributes cut down to the address.
    #[test]
    fn a_masked_address_is_shown_unmasked() {
        let mut body = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
        body.extend([0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]);
        body.extend([0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        let p = read(228, &datagram(&body));
        assert_eq!((p.uint(&PORT), p.octets(&IPV4)), (Some(32853), Some(&[192, 0, 2, 1][..])));
    }

    #[test]
    fn what_is_longer_than_its_length_is_none() {
        let body = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 13]].concat();
        assert!(read(228, &datagram(&body)).layer(&ABOUT).is_none());
    }

    #[test]
    fn an_attribute_that_is_longer_than_the_message_is_trouble() {
        let body = [&[0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12], &[0, 6, 0, 9]].concat();
        assert!(read(228, &datagram(&body)).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
