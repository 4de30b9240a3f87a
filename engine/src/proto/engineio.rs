//! Engine.IO — protocols 3 and 4 (<https://socket.io/docs/v4/engine-io-protocol/>). One dialogue over whatever
//! lets it through: HTTP requests first (long polling), then, once tested, a WebSocket.
//!
//! ```text
//! 0{"sid":"…"}  open     over a WebSocket, one packet a message; a binary message is data of type 4
//! 1             close    over polling, several in one body:
//! 2  2probe     ping       protocol 4   4hello␞4world␞bAQID      parted by 0x1e; b: base64, always of type 4
//! 3  3probe     pong       protocol 3   6:4hello6:4world         after their length in UTF-16 units
//! 4hello        message    protocol 3   00 06 ff 4hello  01 …    or in bytes: kind, decimal digits, ff
//! 5             upgrade
//! 6             noop
//! ```
//!
//! The version and the transport stand in the request's target: `/socket.io/?EIO=4&transport=polling`.
//! In protocol 3 the client sends the pings, in 4 the server. What a message (4) holds is not Engine.IO's affair.

mod claimed;

pub use claimed::CLAIMED;

use super::digit::digits;
use super::jsontext::{decimal, items, put_string, skip_blank, unquote};
use super::prelude::*;
use super::shelf::Name;
use super::{Carrier, within};
use crate::model::{BufferKind, Slice, Span};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Engine.IO.
pub static ABOUT: Identity = Identity {
    name: "engineio",
    title: "Engine.IO",
    osi: Osi::Session,
    spec: "Engine.IO protocol 4",
    fields: FIELDS,
    summary: Some(summary),
};

digits! {
    /// What a packet is for. On the wire it is the packet's first digit.
    pub enum Type {
        /// The server names the dialogue.
        Open = "Open",
        /// One side ends it.
        Close = "Close",
        /// Are you there?
        Ping = "Ping",
        /// I am.
        Pong = "Pong",
        /// Something for the layer above.
        Message = "Message",
        /// From here on by the better transport.
        Upgrade = "Upgrade",
        /// Ends a waiting request.
        Noop = "Noop",
    }
}

/// What a binary message begins with where it is written as text.
pub const BINARY_MARK: u8 = b'b';
/// What separates the packets of one body, in protocol 4.
pub const BORDER: u8 = 0x1e;

const ERRORS: &[(u64, &str)] = &[
    (0, "Transport unknown"),
    (1, "Session ID unknown"),
    (2, "Bad handshake method"),
    (3, "Bad request"),
    (4, "Forbidden"),
    (5, "Unsupported protocol version"),
];

fields! {
    VERSION       = derived(Kind::Uint(8), "engineio.version", "Protocol version", "Which Engine.IO is spoken; in 3 the client sends the pings, in 4 the server.");
    TRANSPORT     = derived(Kind::Text, "engineio.transport", "Transport", "What carries the packets: polling (HTTP requests) or websocket.");
    SEPARATOR     = dynamic(Kind::Flag, "engineio.separator", "Separator", "The byte 0x1e, which parts the packets of one body.");
    KIND          = dynamic(Kind::Uint(8), "engineio.kind", "Kind", "Whether the packet that follows is text or binary.").names(&[(0, "Text"), (1, "Binary")]);
    LENGTH        = dynamic(Kind::Uint(32), "engineio.length", "Length", "How long the packet that follows is; protocol 4 needs no such number.");
    TYPE          = dynamic(Kind::Uint(8), "engineio.type", "Type", "What the packet is for, as one digit.").names(TYPES);
    DATA          = dynamic(Kind::Text, "engineio.data", "Data", "What the packet carries, as text.");
    SID           = dynamic(Kind::Text, "engineio.sid", "Session id", "Names the dialogue, whatever carries it; the server chooses it.");
    UPGRADES      = dynamic(Kind::Text, "engineio.upgrades", "Upgrade", "A better transport that the server offers.");
    PING_INTERVAL = dynamic(Kind::Uint(32), "engineio.ping_interval", "Ping interval", "Milliseconds from one ping to the next.");
    PING_TIMEOUT  = dynamic(Kind::Uint(32), "engineio.ping_timeout", "Ping timeout", "Milliseconds to wait for an answer before the other side counts as gone.");
    MAX_PAYLOAD   = dynamic(Kind::Uint(32), "engineio.max_payload", "Largest payload", "How many bytes the server takes in one request.");
    PROBE         = dynamic(Kind::Flag, "engineio.probe", "Probe", "This ping or pong tests whether the new transport works.");
    BASE64        = dynamic(Kind::Text, "engineio.base64", "Base64", "Bytes written as letters, because the body is text.");
    BINARY        = dynamic(Kind::Bytes, "engineio.binary", "Binary data", "The bytes that the packet carries.");
    JSONP         = dynamic(Kind::Uint(32), "engineio.jsonp", "JSONP", "The packets travel in a script or a form; the number tells which function is called.");
    ERROR_CODE    = dynamic(Kind::Uint(8), "engineio.error.code", "Error code", "Why the server refuses, as a number.").names(ERRORS);
    ERROR_MESSAGE = dynamic(Kind::Text, "engineio.error.message", "Error message", "Why the server refuses, in words.");
    OK            = dynamic(Kind::Flag, "engineio.ok", "Received", "The server has taken the packets of this request.");
}

/// Packets in the bodies of HTTP messages.
pub static POLLING: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Query(Carrier::Body, &["EIO=4", "transport=polling"]),
        Key::Query(Carrier::Body, &["EIO=3", "transport=polling"]),
    ],
    over: Over::Packet,
    dissect: |c| Ok(polling(c)),
};

/// A packet in a text message of a WebSocket.
pub static TEXT_MESSAGE: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Query(Carrier::Text, &["EIO=4", "transport=websocket"]),
        Key::Query(Carrier::Text, &["EIO=3", "transport=websocket"]),
    ],
    over: Over::Packet,
    dissect: |c| {
        let request = Request::new(c);
        let len = c.len();
        Ok(text(c, request, 0, len))
    },
};

/// Data in a binary message of a WebSocket.
pub static BINARY_MESSAGE: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Query(Carrier::Binary, &["EIO=4", "transport=websocket"]),
        Key::Query(Carrier::Binary, &["EIO=3", "transport=websocket"]),
    ],
    over: Over::Packet,
    dissect: |c| {
        let request = Request::new(c);
        let len = c.len();
        Ok(binary(c, request, 0, len))
    },
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&POLLING, &CLAIMED, &TEXT_MESSAGE, &BINARY_MESSAGE];

const OPEN: u64 = Type::Open as u64;
const PING: u64 = Type::Ping as u64;
const PONG: u64 = Type::Pong as u64;
const MESSAGE: u64 = Type::Message as u64;

/// Letters as senders write them; whether they fill up with `=` is their affair.
const LETTERS: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What the request's target says of the dialogue.
#[derive(Clone, Copy)]
struct Request {
    version: u8,
    /// The path asks for plain Engine.IO, so that a message's text is the application's own.
    plain: bool,
    /// The dialogue, where each packet may come over another connection.
    dialogue: Option<Name>,
}

/// The id of the dialogue on this connection, for a WebSocket whose target does not name it.
#[derive(Clone, Default)]
struct Session {
    sid: Vec<u8>,
    /// The frame in which a server of version 2 answers a client of version 4.
    older: u64,
}

/// Ids are 20 letters; one that is much longer is not remembered.
const LONGEST_SID: usize = 64;

impl Request {
    /// Reads the target, and writes what it says.
    fn new(c: &mut Cursor<'_>) -> Self {
        let target = c.context.target;
        let all = c.kept(target);
        let part = |name: &str| {
            let query = all.iter().position(|&b| b == b'?').map_or(all.len(), |at| at + 1);
            let mut at = query;
            all.get(query..)?.split(|&b| b == b'&').find_map(|pair| {
                let from = at + name.len();
                at += pair.len() + 1;
                let value = pair.strip_prefix(name.as_bytes())?;
                let start = target.start.saturating_add(u32::try_from(from).ok()?);
                Some(Span { start, len: u32::try_from(value.len()).ok()?, ..target })
            })
        };
        let version = if part("EIO=").is_some_and(|v| c.kept(v) == b"3") { 3 } else { 4 };
        let plain = all.starts_with(b"/engine.io");
        let (transport, sid) = (part("transport="), part("sid="));
        c.derive(&VERSION, Value::Uint(u64::from(version)));
        if let Some(transport) = transport {
            c.derive(&TRANSPORT, Value::Text(transport));
        }
        let mut dialogue = None;
        match sid {
            Some(sid) => {
                c.derive(&SID, Value::Text(sid));
                let polling = transport.is_some_and(|t| c.kept(t) == b"polling");
                dialogue = polling.then(|| dialogue_of(c, sid));
            }
            None => remembered(c),
        }
        Self { version, plain, dialogue }
    }

    /// Who reads what a message holds.
    fn inside(self, c: &mut Cursor<'_>, kind: &str, span: Span) -> Option<&'static Protocol> {
        if self.plain {
            return None;
        }
        c.context.dialogue = self.dialogue;
        c.with_bytes(span, |bytes, mut ctx| within(kind, bytes, &mut ctx))
    }
}

/// What names a dialogue: the server, and the id that it chose.
fn dialogue_of(c: &mut Cursor<'_>, sid: Slice) -> Name {
    let (keys, ends) = (c.shelf().keys(), c.context.ends);
    let server = if c.context.from_client == Some(true) { ends } else { ends.flipped() };
    Name::new(&keys, (server.dst, server.dst_port, c.kept(sid)))
}

/// The id that an open packet on this connection gave.
fn remembered(c: &mut Cursor<'_>) {
    let mut sid = [0; LONGEST_SID];
    let known = &c.stream().dialogue.inner::<Session>().sid;
    let len = known.len();
    let Some(room) = sid.get_mut(..len).filter(|_| len > 0) else { return };
    room.copy_from_slice(known);
    let kept = sid.get(..len).map(|sid| c.keep(sid));
    // The open packet itself says it.
    if let Some(sid) = kept.filter(|_| c.rest(0).first() != Some(&b'0')) {
        c.derive(&SID, Value::Text(sid));
    }
}

/// One packet of a body; the next layer reads on where it ends.
fn polling(c: &mut Cursor<'_>) -> Next {
    let request = Request::new(c);
    let body = c.rest(0);
    if body == b"ok" && c.context.from_client == Some(false) {
        c.push(&OK, 0, 2, Value::None);
        return Next::end(2);
    }
    if request.version == 4 && c.context.from_client == Some(false) {
        let frame = c.frame();
        let opens = answers_in_3(body);
        let session = c.stream().dialogue.inner::<Session>();
        session.older = if opens { frame } else { session.older };
        if session.older == frame {
            if opens {
                c.doubt(c.breaks("the client asked for protocol 4, and the server answers in protocol 3"));
            }
            return by_units(c, Request { version: 3, ..request });
        }
    }
    match (request.version, body) {
        (3, [kind @ (0 | 1), ..]) => by_bytes(c, request, *kind),
        (3, _) => by_units(c, request),
        _ => by_border(c, request),
    }
}

/// A server of version 2 takes no notice of the version that is asked for, and sends its open packet with a length.
fn answers_in_3(body: &[u8]) -> bool {
    let digits = body.iter().take_while(|b| b.is_ascii_digit()).count();
    digits >= 2 && body.get(digits..).is_some_and(|after| after.starts_with(b":0{"))
}

/// Protocol 4: a packet ends where the next border or the body ends.
fn by_border(c: &mut Cursor<'_>, request: Request) -> Next {
    let body = c.rest(0);
    let at = usize::from(body.first() == Some(&BORDER));
    if at == 1 {
        c.push(&SEPARATOR, 0, 1, Value::None);
    }
    let content = body.get(at..).unwrap_or(&[]);
    let len = content.iter().position(|&b| b == BORDER).unwrap_or(content.len());
    part(c, at + len, |c| text(c, request, at, len))
}

/// Protocol 3: decimal digits, a colon, and so many UTF-16 units of text.
fn by_units(c: &mut Cursor<'_>, request: Request) -> Next {
    let body = c.rest(0);
    let digits = body.iter().take_while(|b| b.is_ascii_digit()).count();
    let Some(units) = decimal(body.get(..digits).unwrap_or(&[])).filter(|_| body.get(digits) == Some(&b':')) else {
        return stray(c, 0, body.len());
    };
    c.push(&LENGTH, 0, digits, Value::Uint(units));
    let at = digits + 1;
    let (len, missing) = utf16(body.get(at..).unwrap_or(&[]), units);
    if missing > 0 {
        short(c, at.saturating_add(len).saturating_add(usize::try_from(missing).unwrap_or(usize::MAX)));
    }
    part(c, at + len, |c| text(c, request, at, len))
}

/// Protocol 3, for clients that take bytes: kind, one byte a decimal digit, 0xff, and so many bytes.
fn by_bytes(c: &mut Cursor<'_>, request: Request, kind: u8) -> Next {
    let body = c.rest(0);
    let digits = body.get(1..).unwrap_or(&[]).iter().take_while(|&&b| b < 10).count();
    let at = digits + 2;
    let number = body
        .get(1..=digits)
        .unwrap_or(&[])
        .iter()
        .fold(0_u64, |n, &d| n.saturating_mul(10).saturating_add(u64::from(d)));
    if digits == 0 || body.get(at - 1) != Some(&0xff) {
        return stray(c, 0, body.len());
    }
    c.push(&KIND, 0, 1, Value::Uint(u64::from(kind)));
    c.push(&LENGTH, 1, digits, Value::Uint(number));
    let (present, wanted) = (body.len() - at, usize::try_from(number).unwrap_or(usize::MAX));
    if wanted > present {
        short(c, at.saturating_add(wanted));
    }
    let len = wanted.min(present);
    part(c, at + len, |c| if kind == 0 { text(c, request, at, len) } else { binary(c, request, at, len) })
}

/// Reads a packet that ends at `end`; what follows there is the next one.
fn part(c: &mut Cursor<'_>, end: usize, read: impl FnOnce(&mut Cursor<'_>) -> Next) -> Next {
    let more = end < c.len();
    let next = read(c);
    if more { next.more(end) } else { next }
}

/// A length promises more than there is.
fn short(c: &mut Cursor<'_>, need: usize) {
    let lie = |n| u32::try_from(n).unwrap_or(u32::MAX);
    let trouble = Trouble::LengthLies { need: lie(need), have: lie(c.len()), claimed_by: Some(&LENGTH) };
    c.doubt(if c.is_cut() { c.missing(need) } else { trouble });
}

/// Bytes that are no packet: an answer wrapped for a script tag (JSONP), or damage.
fn stray(c: &mut Cursor<'_>, at: usize, len: usize) -> Next {
    c.push(&DATA, at, len, Value::Text(c.span(at, len)));
    c.doubt(c.malformed("this is no packet of Engine.IO"));
    Next::end(at + len)
}

/// A packet written as text.
fn text(c: &mut Cursor<'_>, request: Request, at: usize, len: usize) -> Next {
    let packet = c.slice(at, len).unwrap_or(&[]);
    let (from, rest) = (at + 1, len.saturating_sub(1));
    let kind = match packet.first() {
        Some(digit @ b'0'..=b'9') => u64::from(digit - b'0'),
        Some(&BINARY_MARK) => return letters(c, request, at, len),
        Some(_) => return stray(c, at, len),
        None => {
            c.doubt(c.malformed("the packet is empty: it lacks its type"));
            return Next::end(at);
        }
    };
    c.push(&TYPE, at, 1, Value::Uint(kind));
    if kind > Type::Noop as u64 {
        c.doubt(c.malformed("Engine.IO has no packet of this type"));
    }
    let span = c.span(from, rest);
    if rest > 0 {
        c.push(&DATA, from, rest, Value::Text(span));
    }
    match kind {
        OPEN => open(c, from, packet.get(1..).unwrap_or(&[])),
        PING | PONG if packet.get(1..) == Some(b"probe") => c.push(&PROBE, from, rest, Value::None),
        MESSAGE => {
            if let Some(row) = request.inside(c, ABOUT.name, span) {
                return Next::row(row, from);
            }
        }
        _ => {}
    }
    Next::end(from + rest)
}

/// What the server says at the beginning.
fn open(c: &mut Cursor<'_>, at: usize, text: &[u8]) {
    c.indent(1);
    let mut all = items(text, skip_blank(text, 0));
    for item in all.by_ref() {
        let value = text.get(item.value.clone()).unwrap_or(&[]);
        let from = at + item.value.start;
        let number = decimal(value).map(Value::Uint);
        let def = match text.get(item.name) {
            Some(b"sid") => {
                put_string(c, &SID, from, value);
                let sid = unquote(value).filter(|sid| sid.len() <= LONGEST_SID).unwrap_or(&[]);
                let known = &mut c.stream().dialogue.inner::<Session>().sid;
                known.clear();
                known.extend_from_slice(sid);
                continue;
            }
            Some(b"upgrades") => {
                for upgrade in items(value, 0) {
                    let name = value.get(upgrade.value.clone()).unwrap_or(&[]);
                    put_string(c, &UPGRADES, from + upgrade.value.start, name);
                }
                continue;
            }
            Some(b"pingInterval") => &PING_INTERVAL,
            Some(b"pingTimeout") => &PING_TIMEOUT,
            Some(b"maxPayload") => &MAX_PAYLOAD,
            _ => continue,
        };
        match number {
            Some(number) => c.push(def, from, value.len(), number),
            None => c.doubt(c.malformed("a number of the open packet is none")),
        }
    }
    if all.end().is_none() {
        c.doubt(c.malformed("an open packet must hold a JSON object"));
    }
    c.indent(0);
}

/// Binary data as text: `b` and base64; protocol 3 has the type between.
fn letters(c: &mut Cursor<'_>, request: Request, at: usize, len: usize) -> Next {
    let packet = c.slice(at, len).unwrap_or(&[]);
    c.push(&KIND, at, 1, Value::Uint(1));
    let (mut from, mut kind) = (at + 1, MESSAGE);
    match (request.version, packet.get(1)) {
        (3, Some(digit @ b'0'..=b'9')) => {
            kind = u64::from(digit - b'0');
            c.push(&TYPE, from, 1, Value::Uint(kind));
            from += 1;
        }
        (3, _) => return stray(c, at, len),
        // Protocol 4 writes no type: only messages can be binary.
        _ => c.derive(&TYPE, Value::Uint(kind)),
    }
    let coded = packet.get(from - at..).unwrap_or(&[]);
    c.push(&BASE64, from, coded.len(), Value::Text(c.span(from, coded.len())));
    let mut right = true;
    let made = c.uncover_with(BufferKind::Decoded, |out| right = LETTERS.decode_vec(coded, out).is_ok());
    if !right {
        c.doubt(c.malformed("this is no base64"));
    }
    let Some((id, bytes)) = made.filter(|_| right) else { return Next::end(at + len) };
    c.made_of(id, c.span(from, coded.len()));
    c.push_buffer(&BINARY, id, bytes, false);
    let span = Span { buf: id, start: 0, len: u32::try_from(bytes).unwrap_or(u32::MAX) };
    match request.inside(c, BINARY_DATA, span).filter(|_| kind == MESSAGE) {
        Some(row) => Next::row(row, at + len).within(id),
        None => Next::end(at + len),
    }
}

/// What [`Key::Within`] calls a binary message.
const BINARY_DATA: &str = "engineio.binary";

/// Binary data as it is; protocol 3 has the type before it, as a byte and not as a digit.
fn binary(c: &mut Cursor<'_>, request: Request, at: usize, len: usize) -> Next {
    let (mut from, mut kind) = (at, MESSAGE);
    if request.version == 3 {
        let Some(&first) = c.rest(at).first() else {
            c.doubt(c.malformed("the packet is empty: it lacks its type"));
            return Next::end(at);
        };
        kind = u64::from(first);
        c.push(&TYPE, at, 1, Value::Uint(kind));
        from += 1;
        if kind > Type::Noop as u64 {
            c.doubt(c.malformed("Engine.IO has no packet of this type"));
        }
    } else {
        c.derive(&TYPE, Value::Uint(kind));
    }
    let span = c.span(from, at + len - from);
    c.push(&BINARY, from, at + len - from, Value::Bytes(span));
    match request.inside(c, BINARY_DATA, span).filter(|_| kind == MESSAGE) {
        Some(row) => Next::row(row, from).even_empty(),
        None => Next::data(from),
    }
}

/// How many bytes so many UTF-16 units of this text take, and how many units are missing.
fn utf16(text: &[u8], units: u64) -> (usize, u64) {
    let (mut at, mut left) = (0, units);
    while left > 0 {
        let (len, takes) = match text.get(at) {
            None => break,
            Some(0..=0xbf) => (1, 1),
            Some(0xc0..=0xdf) => (2, 1),
            Some(0xe0..=0xef) => (3, 1),
            Some(0xf0..) => (4, 2),
        };
        at += len;
        left = left.saturating_sub(takes);
    }
    (at.min(text.len()), left)
}

/// `Open, sid Xyz, ping every 25000 ms` or `Ping` or `Message hello`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(message) = packet.octets_in(layer, &ERROR_MESSAGE) {
        out.push_str("Refused: ");
        show::escape_within(message, 200, out);
        out.push_str(" (code ");
        show::number(packet.uint_in(layer, &ERROR_CODE).unwrap_or(0), out);
        return out.push(')');
    }
    if packet.field_in(layer, &JSONP).is_some() {
        return out.push_str("JSONP");
    }
    if packet.field_in(layer, &OK).is_some() {
        return out.push_str("ok: the packets were taken");
    }
    let of = |def| packet.uint_in(layer, def);
    match of(&TYPE) {
        Some(n) => match TYPE.name_of(n) {
            Some(name) => out.push_str(name),
            None => show::number(n, out),
        },
        None => out.push_str("no packet"),
    }
    if packet.field_in(layer, &PROBE).is_some() {
        return out.push_str(" (probe)");
    }
    if let (Some(OPEN), Some(sid)) = (of(&TYPE), packet.octets_in(layer, &SID)) {
        out.push_str(", sid ");
        show::escape_within(sid, 40, out);
        if let Some(ms) = of(&PING_INTERVAL) {
            out.push_str(", ping every ");
            show::number(ms, out);
            out.push_str(" ms");
        }
        return;
    }
    if let Some(data) = packet.octets_in(layer, &DATA) {
        out.push(' ');
        show::escape_within(data, 200, out);
    }
    if let Some(binary) = packet.octets_in(layer, &BINARY) {
        out.push_str(", binary, ");
        show::number(binary.len() as u64, out);
        out.push_str(" bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::super::socketio;
    use super::super::testing::{cut, read};
    use super::*;
    use etherparse::PacketBuilder;

    fn frame(target: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("POST {target} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        builder.tcp(4000, 80, 1, 1000).write(&mut bytes, &[head.as_bytes(), body].concat()).unwrap();
        bytes
    }

    fn posted(target: &str, body: &[u8]) -> Packet {
        read(1, &frame(target, "text/plain;charset=UTF-8", body))
    }

    const FOUR: &str = "/socket.io/?EIO=4&transport=polling&sid=abc";
    const THREE: &str = "/socket.io/?EIO=3&transport=polling&sid=abc";

    fn types(p: &Packet) -> Vec<u64> {
        p.all(&TYPE).filter_map(|f| f.value.uint()).collect()
    }

    fn texts<'p>(p: &'p Packet, def: &'static FieldDef) -> Vec<&'p str> {
        let slice = |f: &crate::model::Field| match f.value {
            Value::Text(s) | Value::Bytes(s) => std::str::from_utf8(p.bytes(s)).unwrap(),
            _ => "",
        };
        p.all(def).map(slice).collect()
    }

    fn troubled(p: &Packet) -> bool {
        p.layers.iter().any(|l| l.trouble.is_some())
    }

    #[test]
    fn the_packets_of_a_body_are_layers_one_behind_the_other() {
        let p = posted(FOUR, "2\u{1e}42[\"é\",1]\u{1e}6".as_bytes());
        assert!(!troubled(&p));
        assert_eq!(types(&p), [2, 4, 6]);
        assert_eq!(p.all(&SEPARATOR).count(), 2);
        assert_eq!(texts(&p, &socketio::EVENT), ["é"]);
        assert_eq!(texts(&p, &SID), ["abc"; 3]);
        // Each field lies on its own bytes.
        for f in p.all(&TYPE) {
            assert_eq!(p.bytes(f.span), f.value.uint().unwrap().to_string().as_bytes());
        }
        let event = p.field(&socketio::EVENT).unwrap();
        assert_eq!(p.bytes(event.span), "é".as_bytes());
        let names: Vec<_> = p.layers.iter().map(|l| l.proto.name).skip_while(|n| *n != "http").collect();
        assert_eq!(names, ["http", "engineio", "engineio", "socketio", "engineio"]);
    }

    #[test]
    fn protocol_3_counts_utf_16_units_or_bytes() {
        let p = posted(THREE, "4:4\u{1f600}é1:24:4abc".as_bytes());
        assert_eq!((types(&p), troubled(&p)), (vec![4, 2, 4], false));
        assert_eq!(texts(&p, &DATA), ["\u{1f600}é", "abc"]);
        let p = posted(THREE, b"\x00\x05\xff4abcd\x01\x03\xff\x04hi");
        assert_eq!((types(&p), troubled(&p)), (vec![4, 4], false));
        assert_eq!((texts(&p, &DATA), texts(&p, &BINARY)), (vec!["abcd"], vec!["hi"]));
    }

    #[test]
    fn base64_is_undone_in_both_versions() {
        let p = posted(FOUR, b"baGk=");
        assert_eq!((types(&p), texts(&p, &BINARY)), (vec![4], vec!["hi"]));
        let p = posted(THREE, b"6:b4aGk=");
        assert_eq!((types(&p), texts(&p, &BINARY)), (vec![4], vec!["hi"]));
        assert!(troubled(&posted(FOUR, b"b!!")));
    }

    #[test]
    fn an_open_packet_names_the_dialogue() {
        let p = posted(
            "/socket.io/?EIO=4&transport=polling",
            br#"0{"sid":"a-b","upgrades":["websocket","x"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#,
        );
        assert_eq!((texts(&p, &SID), texts(&p, &UPGRADES)), (vec!["a-b"], vec!["websocket", "x"]));
        assert_eq!((p.uint(&PING_INTERVAL), p.uint(&MAX_PAYLOAD)), (Some(25000), Some(1000)));
        assert_eq!(p.bytes(p.field(&PING_TIMEOUT).unwrap().span), b"20000");
        assert!(troubled(&posted(FOUR, br#"0{"sid":"#)));
    }

    #[test]
    fn only_a_known_version_over_its_transport_is_engine_io() {
        for query in
            ["", "?EIO=5&transport=polling", "?EIO=4", "?EIO=4&transport=websocket", "?xEIO=4&transport=polling"]
        {
            assert!(posted(&format!("/socket.io/{query}"), b"2probe").layer(&ABOUT).is_none(), "{query}");
        }
        // A media type that somebody else reads decides.
        assert!(read(1, &frame(FOUR, "application/json", br#"{"code":1}"#)).layer(&ABOUT).is_none());
        // The path of plain Engine.IO: its messages are the application's own.
        let p = posted("/engine.io/?EIO=4&transport=polling", br#"42["a"]"#);
        assert!(p.layer(&ABOUT).is_some() && p.layer(&socketio::ABOUT).is_none());
    }

    #[test]
    fn damage_is_reported_and_what_was_read_stands() {
        for body in [&b"9:4abc"[..], b"x", b"\x01\xff", b"\x01\x09\xff\x04a"] {
            assert!(troubled(&posted(THREE, body)), "{body:?}");
        }
        for body in [&b"4a\x1e"[..], b"7what", b"hello", b"0", b"b!"] {
            assert!(troubled(&posted(FOUR, body)), "{body:?}");
        }
        let p = posted(FOUR, br#"42["a","#);
        assert!(troubled(&p) && texts(&p, &socketio::EVENT) == ["a"]);
        let whole = frame(FOUR, "text/plain", b"2\x1e42[\"a\",{\"b\":[1,2]}]\x1ebaGk=");
        for keep in 0..whole.len() {
            cut(1, &whole, keep);
        }
        let many = posted(FOUR, &b"2\x1e".repeat(1200));
        assert!(types(&many).len() == 1000 && troubled(&many));
    }

    #[test]
    fn lengths_are_utf_16_units_and_what_is_missing_is_said() {
        assert_eq!(utf16("a\u{1f600}b".as_bytes(), 3), (5, 0));
        assert_eq!(utf16("é".as_bytes(), 5), (2, 4));
        assert_eq!(utf16(&[0xf0], 2), (1, 0));
    }
}
