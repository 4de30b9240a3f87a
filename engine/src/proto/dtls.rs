//! DTLS — RFC 6347 (1.2). TLS over datagrams: records say their own number, because they may be lost or overtaken, and
//! handshake messages may be cut into pieces that fit.
//!
//! ```text
//! | content type (8) | version (16) | epoch (16) | sequence number (48) | length (16) | so many bytes … |
//! | handshake type (8) | length (24) | message (16) | piece's offset (24) | piece's length (24) | … |
//! ```

use super::Guess;
use super::prelude::*;

/// DTLS.
pub static ABOUT: Identity = Identity {
    name: "dtls",
    title: "Datagram Transport Layer Security",
    osi: Osi::Presentation,
    spec: "RFC 6347",
    fields: FIELDS,
    summary: Some(summary),
};

const CONTENT_TYPES: &[(u64, &str)] = &[
    (20, "Change Cipher Spec"),
    (21, "Alert"),
    (22, "Handshake"),
    (23, "Application Data"),
    (24, "Heartbeat"),
    (25, "Connection ID"),
];
const VERSIONS: &[(u64, &str)] =
    &[(0x0100, "DTLS 1.0 (OpenSSL pre 0.9.8f)"), (0xfefc, "DTLS 1.3"), (0xfefd, "DTLS 1.2"), (0xfeff, "DTLS 1.0")];
const HANDSHAKES: &[(u64, &str)] = &[
    (0, "Hello Request"),
    (1, "Client Hello"),
    (2, "Server Hello"),
    (3, "Hello Verify Request"),
    (4, "New Session Ticket"),
    (11, "Certificate"),
    (12, "Server Key Exchange"),
    (13, "Certificate Request"),
    (14, "Server Hello Done"),
    (15, "Certificate Verify"),
    (16, "Client Key Exchange"),
    (20, "Finished"),
];
const LEVELS: &[(u64, &str)] = &[(1, "Warning"), (2, "Fatal")];

const U16: Kind = Kind::Uint(16);
const U24: Kind = Kind::Uint(24);
const H16: Kind = Kind::Hex(16);

fields! {
    RECORD       = dynamic(Kind::Flag, "dtls.record", "Record", "One envelope: what kind of content, and how much.");
    CONTENT_TYPE = dynamic(Kind::Uint(8), "dtls.record.content_type", "Content type", "What the record carries.").names(CONTENT_TYPES);
    VERSION      = dynamic(H16, "dtls.record.version", "Version", "Counted downwards: 0xfeff is 1.0, 0xfefd is 1.2.").names(VERSIONS);
    EPOCH        = dynamic(U16, "dtls.record.epoch", "Epoch", "Goes up by one when the keys change; 0 is in the clear.");
    SEQUENCE     = dynamic(Kind::Uint(64), "dtls.record.sequence_number", "Sequence number", "Counts the records of an epoch.");
    LENGTH       = dynamic(U16, "dtls.record.length", "Length", "Bytes of the record's content.");
    CIPHER_SPEC  = dynamic(Kind::Flag, "dtls.change_cipher_spec", "Change cipher spec", "From here on, this sender encrypts.");
    ALERT        = dynamic(Kind::Flag, "dtls.alert_message", "Alert", "Something is over or has gone wrong; it may be encrypted.");
    ALERT_LEVEL  = dynamic(Kind::Uint(8), "dtls.alert_message.level", "Alert level", "Whether the connection can live on.").names(LEVELS);
    ALERT_DESC   = dynamic(Kind::Uint(8), "dtls.alert_message.desc", "Alert description", "What has happened.");
    APP_DATA     = dynamic(Kind::Bytes, "dtls.app_data", "Encrypted application data", "What only the two ends can read.");
    HANDSHAKE    = dynamic(Kind::Flag, "dtls.handshake", "Handshake message", "A step of agreeing on keys; it may be encrypted.");
    HANDSHAKE_TYPE = dynamic(Kind::Uint(8), "dtls.handshake.type", "Handshake type", "Which step of the handshake it is.").names(HANDSHAKES);
    HANDSHAKE_LENGTH = dynamic(U24, "dtls.handshake.length", "Handshake length", "Bytes of the whole message.");
    MESSAGE_SEQ  = dynamic(U16, "dtls.handshake.message_seq", "Message number", "Counts messages; one that is sent again keeps its number.");
    FRAGMENT_OFFSET = dynamic(U24, "dtls.handshake.fragment_offset", "Fragment offset", "Where in the message this piece belongs.");
    FRAGMENT_LENGTH = dynamic(U24, "dtls.handshake.fragment_length", "Fragment length", "Bytes of this piece.");
    HELLO_VERSION = dynamic(H16, "dtls.handshake.version", "Version", "The newest version that the sender can speak.").names(VERSIONS);
    RANDOM       = dynamic(Kind::Bytes, "dtls.handshake.random", "Random", "32 fresh bytes, so that no two sessions have the same keys.");
    SESSION_ID_LENGTH = dynamic(Kind::Uint(8), "dtls.handshake.session_id_length", "Session ID length", "Bytes of the session's id.");
    SESSION_ID   = dynamic(Kind::Bytes, "dtls.handshake.session_id", "Session ID", "Names an earlier session that may be resumed.");
    COOKIE_LENGTH = dynamic(Kind::Uint(8), "dtls.handshake.cookie_length", "Cookie length", "Bytes of the cookie.");
    COOKIE       = dynamic(Kind::Bytes, "dtls.handshake.cookie", "Cookie", "Shows the server that the client's address is no forgery.");
    CIPHER_SUITES_LENGTH = dynamic(U16, "dtls.handshake.cipher_suites_length", "Cipher suites length", "Bytes of the list of cipher suites.");
    CIPHER_SUITE = dynamic(H16, "dtls.handshake.ciphersuite", "Cipher suite", "A set of algorithms: offered by the client, or chosen.");
    EXTENSION_TYPE = dynamic(U16, "dtls.handshake.extension.type", "Extension", "What the extension is about.");
    EXTENSION_LENGTH = dynamic(U16, "dtls.handshake.extension.len", "Extension length", "Bytes of this extension.");
    SERVER_NAME  = dynamic(Kind::Text, "dtls.handshake.extensions_server_name", "Server name", "Whom the client wants to reach, for all to see.");
}

/// The row. Bytes must look like it on its ports, too.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(853), Key::UdpPort(2221), Key::UdpPort(5684), Key::UdpPort(5868)],
    over: Over::Packet,
    dissect,
};

/// The row of other ports.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Datagram(guess), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED];

/// Bytes of a record's header.
const HEADER: usize = 13;

/// Whole records of a known type and version fill the datagram.
fn guess(bytes: &[u8]) -> Guess {
    let mut rest = bytes;
    loop {
        let [20..=25, high, low, _, _, _, _, _, _, _, _, a, b, ..] = *rest else { return Guess::No };
        if !matches!((high, low), (0xfe, 0xff | 0xfd) | (1, 0)) {
            return Guess::No;
        }
        match rest.get(HEADER + usize::from(u16::from_be_bytes([a, b]))..) {
            Some([]) => return Guess::This,
            Some(more) => rest = more,
            None => return Guess::No,
        }
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let mut at = 0;
    while at < c.len() {
        let opened = c.open(&RECORD, at);
        let next = c.nested(|c| record(c, at))?;
        c.close(opened, next);
        at = next;
    }
    Ok(Next::end(c.len()))
}

fn record(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    let kind = c.read(&CONTENT_TYPE, at, 1)?;
    c.read(&VERSION, at + 1, 2)?;
    let epoch = c.read(&EPOCH, at + 3, 2)?;
    c.read(&SEQUENCE, at + 5, 6)?;
    let len = c.read_len(&LENGTH, at + 11, 2)?;
    let body = at + HEADER;
    c.slice(body, len)?;
    match kind {
        _ if len == 0 => {}
        20 => c.push(&CIPHER_SPEC, body, len, Value::None),
        21 => {
            c.push(&ALERT, body, len, Value::None);
            if len == 2 && epoch == 0 {
                c.read(&ALERT_LEVEL, body, 1)?;
                c.read(&ALERT_DESC, body + 1, 1)?;
            }
        }
        22 => handshakes(c, epoch, body, body + len)?,
        23 => drop(c.read(&APP_DATA, body, len)?),
        _ => {}
    }
    Ok(body + len)
}

/// A record may hold several messages, or pieces of them (RFC 6347 §4.2.3).
fn handshakes(c: &mut Cursor<'_>, epoch: u64, mut at: usize, end: usize) -> Result<(), Trouble> {
    while at < end {
        c.push(&HANDSHAKE, at, end - at, Value::None);
        // After the keys have changed, the message is encrypted.
        if epoch > 0 {
            return Ok(());
        }
        let kind = c.read(&HANDSHAKE_TYPE, at, 1)?;
        let whole = c.read(&HANDSHAKE_LENGTH, at + 1, 3)?;
        c.read(&MESSAGE_SEQ, at + 4, 2)?;
        let offset = c.read(&FRAGMENT_OFFSET, at + 6, 3)?;
        let len = c.read_len(&FRAGMENT_LENGTH, at + 9, 3)?;
        let body = at + 12;
        if body + len > end {
            return Err(c.malformed("a piece of a handshake message is longer than its record"));
        }
        if offset == 0 && whole == len as u64 {
            c.nested(|c| message(c, kind, body, body + len))?;
        }
        at = body + len;
    }
    Ok(())
}

fn message(c: &mut Cursor<'_>, kind: u64, at: usize, end: usize) -> Result<(), Trouble> {
    match kind {
        // RFC 6347 §4.2.1: the server asks the client to say it again, with a cookie.
        3 => {
            c.read(&HELLO_VERSION, at, 2)?;
            bytes(c, (&COOKIE_LENGTH, &COOKIE), at + 2).map(drop)
        }
        1 | 2 => {
            c.read(&HELLO_VERSION, at, 2)?;
            c.read(&RANDOM, at + 2, 32)?;
            let mut at = bytes(c, (&SESSION_ID_LENGTH, &SESSION_ID), at + 34)?;
            if kind == 2 {
                c.read(&CIPHER_SUITE, at, 2)?;
                return extensions(c, at + 3, end);
            }
            at = bytes(c, (&COOKIE_LENGTH, &COOKIE), at)?;
            let suites = c.read_len(&CIPHER_SUITES_LENGTH, at, 2)?;
            c.slice(at + 2, suites)?;
            for i in 0..suites / 2 {
                c.read(&CIPHER_SUITE, at + 2 + 2 * i, 2)?;
            }
            at += 2 + suites;
            let compressions = usize::from(c.u8(at)?);
            extensions(c, at + 1 + compressions, end)
        }
        _ => Ok(()),
    }
}

/// A length of one byte, and so many bytes; gives where they end.
fn bytes(
    c: &mut Cursor<'_>,
    (length, def): (&'static FieldDef, &'static FieldDef),
    at: usize,
) -> Result<usize, Trouble> {
    let len = c.read_len(length, at, 1)?;
    if len > 0 {
        c.read(def, at + 1, len)?;
    }
    Ok(at + 1 + len)
}

fn extensions(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    let mut at = at + 2;
    while at + 4 <= end {
        let kind = c.read(&EXTENSION_TYPE, at, 2)?;
        let len = c.read_len(&EXTENSION_LENGTH, at + 2, 2)?;
        if at + 4 + len > end {
            return Err(c.malformed("an extension is longer than its list"));
        }
        // RFC 6066 §3: list length, type, name length, name.
        if kind == 0 && len > 5 {
            let name = usize::from(c.u16(at + 7)?).min(len - 5);
            c.read(&SERVER_NAME, at + 9, name)?;
        }
        at += 4 + len;
    }
    Ok(())
}

/// `Client Hello`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let def = if packet.field_in(layer, &HANDSHAKE_TYPE).is_some() { &HANDSHAKE_TYPE } else { &CONTENT_TYPE };
    show::name(packet, layer, def, out);
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

    const DATA: &[u8] = &[23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 2, 7, 7];

    #[test]
    fn records_must_fill_the_datagram() {
        assert!(guess(&DATA.repeat(2)).is_mine());
        assert!(!guess(&[DATA, &[0]].concat()).is_mine());
        assert!(!guess(&DATA[..14]).is_mine());
        let p = read(228, &datagram(&DATA.repeat(2)));
        assert_eq!((p.all(&APP_DATA).count(), p.uint(&EPOCH)), (2, Some(1)));
    }

    #[test]
    fn a_piece_that_is_longer_than_its_record_is_trouble() {
        let body =
            [&[22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12][..], &[1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 9]].concat();
        let p = read(228, &datagram(&body));
        assert_eq!(p.uint(&HANDSHAKE_TYPE), Some(1));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
