//! WebSocket — RFC 6455. After an HTTP upgrade both sides send frames, whenever they like.
//!
//! ```text
//!  0               1               2               3
//! |F|R|R|R|opcode |M| length (7)  | extended length (16 or 64),   |
//! |I|S|S|S|  (4)  |A| 126: 16 bits | if the 7 bits say so         |
//! |N|V|V|V|       |S| 127: 64 bits |                               |
//! |               |K|             |                               |
//! | masking key (if MASK is set)  | payload …                     |
//! ```
//!
//! §5.2 is the frame, §5.3 the mask, §5.4 fragments, §5.5 control frames, §7.4 close codes. Compressed
//! messages (permessage-deflate) are RFC 7692; what they unpack to is bounded.

use super::Carrier;
use super::inflate::{self, Decompress, Unpacked};
use super::prelude::*;
use super::stream::{Framing, StreamCtx};
use crate::model::{BufferKind, Layer, Packet, Span, show};
use base64::Engine;
use sha1::{Digest, Sha1};

/// WebSocket.
pub static ABOUT: Identity = Identity {
    name: "websocket",
    title: "WebSocket",
    osi: Osi::Application,
    spec: "RFC 6455",
    fields: FIELDS,
    summary: Some(summary),
};

const OPCODES: &[(u64, &str)] =
    &[(0, "Continuation"), (1, "Text"), (2, "Binary"), (8, "Connection Close"), (9, "Ping"), (10, "Pong")];

const CLOSE_CODES: &[(u64, &str)] = &[
    (1000, "Normal Closure"),
    (1001, "Going Away"),
    (1002, "Protocol Error"),
    (1003, "Unsupported Data"),
    (1005, "No Status Received"),
    (1006, "Abnormal Closure"),
    (1007, "Invalid Payload Data"),
    (1008, "Policy Violation"),
    (1009, "Message Too Big"),
    (1010, "Mandatory Extension"),
    (1011, "Internal Error"),
    (1012, "Service Restart"),
    (1013, "Try Again Later"),
    (1014, "Bad Gateway"),
    (1015, "TLS Handshake"),
];

fields! {
    FIN            = bit_at(0, 1, 0x80, "websocket.fin", "Final fragment", "This frame ends its message.");
    RSV            = u8_at(0, "websocket.rsv", "Reserved", "Three bits that only an agreed extension may set.").bits(0x70).hex();
    PMC            = bit_at(0, 1, 0x40, "websocket.pmc", "Compressed", "The message is compressed, as both sides agreed.");
    OPCODE         = u8_at(0, "websocket.opcode", "Opcode", "What the frame is: text, binary, or one that steers the connection.").bits(0x0f).names(OPCODES);
    MASK           = bit_at(1, 1, 0x80, "websocket.mask", "Mask", "The payload is masked; a client must, a server must not.");
    PAYLOAD_LENGTH = u8_at(1, "websocket.payload_length", "Payload length", "Bytes of payload; 126 and 127 mean that a longer number follows.").bits(0x7f);
    LENGTH_EXT_16  = u16_at(2, "websocket.payload_length_ext_16", "Extended length (16 bits)", "Bytes of payload, 126 to 65535.");
    LENGTH_EXT_64  = dynamic(Kind::Uint(64), "websocket.payload_length_ext_64", "Extended length (64 bits)", "Bytes of payload, 65536 and more.");
    MASKING_KEY    = dynamic(Kind::Bytes, "websocket.masking_key", "Masking key", "Four bytes; each payload byte is combined with one of them by XOR.");
    MASKED_PAYLOAD = dynamic(Kind::Flag, "websocket.masked_payload", "Masked payload", "The payload as it crossed the wire.");
    PAYLOAD        = dynamic(Kind::Flag, "websocket.payload", "Payload", "The payload, readable.");
    TEXT           = dynamic(Kind::Text, "websocket.payload.text", "Text", "The message, unmasked and unpacked.");
    CONTINUE       = dynamic(Kind::Bytes, "websocket.payload.continue", "Continuation", "A middle piece of a message.");
    CLOSE          = dynamic(Kind::Flag, "websocket.payload.close", "Close", "Why the sender wants to end the connection.");
    CLOSE_STATUS   = dynamic(Kind::Uint(16), "websocket.payload.close.status_code", "Close code", "The reason as a number; 1000 means that all went well.").names(CLOSE_CODES);
    CLOSE_REASON   = dynamic(Kind::Text, "websocket.payload.close.reason", "Close reason", "The reason in words.");
    PING           = dynamic(Kind::Bytes, "websocket.payload.ping", "Ping", "Bytes that the other side must send back.");
    PONG           = dynamic(Kind::Bytes, "websocket.payload.pong", "Pong", "The bytes of the ping that this answers.");
    UNKNOWN        = dynamic(Kind::Bytes, "websocket.payload.unknown", "Unknown", "Payload of an opcode that no standard defines.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Upgrade("websocket")], over: Over::Stream(frame), dissect };

const CONTINUATION: u64 = 0;
const TEXT_FRAME: u64 = 1;
const BINARY: u64 = 2;
const CLOSE_FRAME: u64 = 8;
const PING_FRAME: u64 = 9;
const PONG_FRAME: u64 = 10;

/// What one direction remembers.
#[derive(Default)]
struct Sending {
    /// The opcode of the message whose fragments are arriving.
    opcode: u64,
    /// Its first frame had RSV1 set.
    compressed: bool,
    /// What has arrived of it.
    kept: Vec<u8>,
    /// It grew beyond what is kept.
    too_much: bool,
    /// The history that compressed messages share (RFC 7692 §7.2.3.2).
    inflater: Option<Box<Decompress>>,
    /// The history is lost; nothing after it can be unpacked.
    broken: bool,
}

/// What the rest of the dissector needs of a frame's header.
#[derive(Clone, Copy)]
struct Header {
    fin: bool,
    rsv1: bool,
    opcode: u64,
    mask: Option<[u8; 4]>,
    len: usize,
    payload: u64,
}

/// What `Sec-WebSocket-Accept` must answer to a key (RFC 6455 §4.2.2): SHA-1 of the key and a fixed text, in base64.
pub fn accept_for(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    base64::engine::general_purpose::STANDARD.encode(digest)
}

/// A frame says its own length.
fn frame(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let Some(h) = Header::read(bytes) else { return Framing::NeedMore };
    // The highest bit of a 64-bit length must be 0 (§5.2).
    if h.payload >> 63 != 0 {
        return Framing::NotMine;
    }
    let whole = h.len.saturating_add(usize::try_from(h.payload).unwrap_or(usize::MAX));
    if whole <= bytes.len() { Framing::Message(whole) } else { Framing::Need(whole) }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let deflate = c.stream().dialogue.upgrade.as_ref().is_some_and(|u| u.extensions.contains("permessage-deflate"));
    for def in [&FIN, &RSV] {
        c.put(def)?;
    }
    if deflate {
        c.put(&PMC)?;
    }
    for def in [&OPCODE, &MASK, &PAYLOAD_LENGTH] {
        c.put(def)?;
    }
    match c.uint(&PAYLOAD_LENGTH) {
        126 => drop(c.put(&LENGTH_EXT_16)?),
        127 => drop(c.read(&LENGTH_EXT_64, 2, 8)?),
        _ => {}
    }
    let Some(h) = Header::read(c.rest(0)) else { return Err(c.missing(c.len() + 1)) };
    if h.mask.is_some() {
        c.read(&MASKING_KEY, h.len - 4, 4)?;
    }
    let len = usize::try_from(h.payload).unwrap_or(usize::MAX);
    let present = len.min(c.len().saturating_sub(h.len));
    if present < len {
        c.doubt(c.missing(h.len.saturating_add(len)));
    }
    check(c, &h);
    if len == 0 && (h.fin && h.opcode != CONTINUATION || h.opcode >= CLOSE_FRAME) {
        let row = if h.opcode == BINARY { inner(c, &h, Carrier::Binary) } else { None };
        return Ok(row.map_or(Next::end(h.len), |row| Next::row(row, h.len).even_empty()));
    }
    let (buffer, at) = match h.mask {
        Some(key) => {
            c.push(&MASKED_PAYLOAD, h.len, present, Value::None);
            let masked = c.slice(h.len, present)?;
            let unmask = |out: &mut Vec<u8>| out.extend(masked.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
            let Some((id, _)) = c.uncover_with(BufferKind::Unmasked, unmask) else {
                return Ok(Next::end(h.len + present));
            };
            (Some(id), 0)
        }
        None => (None, h.len),
    };
    c.push(&PAYLOAD, h.len, present, Value::None);
    let payload = Payload { buffer, at, len: present };
    if h.opcode >= CLOSE_FRAME {
        c.indent(1);
        control(c, &h, &payload);
        c.indent(0);
        return Ok(Next::end(h.len + present));
    }
    Ok(data(c, &h, payload, deflate))
}

/// What RFC 6455 forbids and a careful reader should see.
fn check(c: &mut Cursor<'_>, h: &Header) {
    if h.opcode >= CLOSE_FRAME && (h.payload > 125 || !h.fin) {
        // §5.5
        c.doubt(c.malformed("a control frame is longer than 125 bytes or in pieces"));
    }
    if !matches!(h.opcode, CONTINUATION..=BINARY | CLOSE_FRAME..=PONG_FRAME) {
        c.doubt(c.malformed("no standard defines this opcode"));
    }
}

/// Where readable payload is.
#[derive(Clone, Copy)]
struct Payload {
    buffer: Option<u8>,
    at: usize,
    len: usize,
}

impl Payload {
    fn span(&self, c: &Cursor<'_>, from: usize, len: usize) -> Span {
        let here = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        match self.buffer {
            Some(buf) => Span { buf, start: here(self.at + from), len: here(len) },
            None => c.span(self.at + from, len),
        }
    }

    /// What comes after the frame's header, or in the buffer where the message is.
    fn carry(&self, h: &Header, end: usize, next: impl FnOnce(usize) -> Next) -> Next {
        match self.buffer {
            Some(id) => next(end).within(id),
            None => next(h.len),
        }
    }

    fn put(&self, c: &mut Cursor<'_>, def: &'static FieldDef) {
        let span = self.span(c, 0, self.len);
        let value = match def.kind {
            Kind::Text => Value::Text(span),
            Kind::Flag => Value::None,
            _ => Value::Bytes(span),
        };
        c.push_in(def, span, value);
    }
}

/// RFC 6455 §5.5: close, ping, pong.
fn control(c: &mut Cursor<'_>, h: &Header, payload: &Payload) {
    match h.opcode {
        CLOSE_FRAME => {
            payload.put(c, &CLOSE);
            let code = payload.span(c, 0, 2);
            if payload.len < 2 {
                return c.doubt(c.malformed("a close code needs two bytes"));
            }
            let number = c.bytes_of(code).iter().fold(0, |n, &b| n << 8 | u64::from(b));
            c.push_in(&CLOSE_STATUS, code, Value::Uint(number));
            if payload.len > 2 {
                let reason = payload.span(c, 2, payload.len - 2);
                c.push_in(&CLOSE_REASON, reason, Value::Text(reason));
            }
        }
        PING_FRAME => payload.put(c, &PING),
        PONG_FRAME => payload.put(c, &PONG),
        _ => payload.put(c, &UNKNOWN),
    }
}

/// A message, or a fragment of one (§5.4).
fn data(c: &mut Cursor<'_>, h: &Header, payload: Payload, deflate: bool) -> Next {
    let end = h.len + c.len().saturating_sub(h.len).min(usize::try_from(h.payload).unwrap_or(usize::MAX));
    let mut message = payload;
    let (mut opcode, mut compressed) = (h.opcode, h.rsv1);
    if !h.fin || h.opcode == CONTINUATION {
        match gather(c, h, payload) {
            Gathered::Piece => {
                if h.opcode == CONTINUATION && payload.len > 0 {
                    payload.put(c, &CONTINUE);
                }
                return Next::end(end);
            }
            Gathered::TooMuch => {
                c.doubt(c.malformed("the pieces make a longer message than is kept here"));
                return Next::end(end);
            }
            Gathered::Whole { id, len, opcode: first, compressed: packed } => {
                (opcode, compressed) = (first, packed);
                message = Payload { buffer: Some(id), at: 0, len };
            }
        }
    }
    if deflate && compressed {
        match unpack(c, h, &message) {
            Some(unpacked) => message = unpacked,
            None => return Next::end(end),
        }
    }
    match opcode {
        _ if message.len == 0 => {}
        TEXT_FRAME => {
            c.indent(1);
            message.put(c, &TEXT);
            c.indent(0);
            if let Some(row) = inner(c, h, Carrier::Text) {
                return message.carry(h, end, |header| Next::row(row, header));
            }
        }
        BINARY => {
            let row = inner(c, h, Carrier::Binary);
            return message.carry(h, end, |header| row.map_or(Next::data(header), |row| Next::row(row, header)));
        }
        _ => message.put(c, &UNKNOWN),
    }
    Next::end(end)
}

/// The protocol that the upgrade's target asks for in messages of this kind.
fn inner(c: &mut Cursor<'_>, h: &Header, carrier: Carrier) -> Option<&'static Protocol> {
    c.context.from_client = Some(h.mask.is_some());
    c.upgraded(carrier)
}

/// What a fragment led to.
enum Gathered {
    Piece,
    TooMuch,
    Whole { id: u8, len: usize, opcode: u64, compressed: bool },
}

/// Puts a fragment to those before it.
fn gather(c: &mut Cursor<'_>, h: &Header, payload: Payload) -> Gathered {
    let span = payload.span(c, 0, payload.len);
    c.with_bytes(span, |bytes, ctx| {
        let s: &mut Sending = ctx.side.state();
        if h.opcode != CONTINUATION {
            (s.opcode, s.compressed, s.too_much) = (h.opcode, h.rsv1, false);
            s.kept.clear();
        }
        if s.kept.len() + bytes.len() > inflate::MOST {
            s.too_much = true;
            s.kept = Vec::new();
        } else if !s.too_much {
            s.kept.extend_from_slice(bytes);
        }
    });
    if !h.fin {
        return Gathered::Piece;
    }
    let s: &mut Sending = c.stream().side.state();
    let (opcode, compressed, too_much) = (s.opcode, s.compressed, s.too_much);
    let mut kept = std::mem::take(&mut s.kept);
    if too_much {
        return Gathered::TooMuch;
    }
    let made = c.uncover_with(BufferKind::Reassembled, |out| out.extend_from_slice(&kept));
    kept.clear();
    c.stream().side.state::<Sending>().kept = kept;
    match made {
        Some((id, len)) => Gathered::Whole { id, len, opcode, compressed },
        None => Gathered::TooMuch,
    }
}

/// RFC 7692 §7.2.2: the sender took four bytes off the end; put them back, then inflate.
fn unpack(c: &mut Cursor<'_>, h: &Header, message: &Payload) -> Option<Payload> {
    let span = message.span(c, 0, message.len);
    let side = if h.mask.is_some() { "client_no_context_takeover" } else { "server_no_context_takeover" };
    let forgets = c.stream().dialogue.upgrade.as_ref().is_some_and(|u| u.extensions.contains(side));
    let s: &mut Sending = c.stream().side.state();
    if s.broken {
        return None;
    }
    let mut inflater = s.inflater.take().unwrap_or_else(|| Box::new(Decompress::new(false)));
    if forgets {
        inflater.reset(false);
    }
    let packed: Vec<u8> = c.bytes_of(span).iter().copied().chain([0, 0, 0xff, 0xff]).collect();
    let mut how = Unpacked::Damaged;
    let made = c.uncover_with(BufferKind::Inflated, |out| how = inflate::raw(&mut inflater, &packed, out));
    let s: &mut Sending = c.stream().side.state();
    s.broken = !forgets && matches!(how, Unpacked::TooMuch | Unpacked::Damaged);
    s.inflater = (!s.broken).then_some(inflater);
    match how {
        Unpacked::Damaged => {
            c.doubt(c.malformed("the payload does not unpack"));
            return None;
        }
        Unpacked::TooMuch => c.doubt(c.malformed("the message unpacks to more than is kept here")),
        Unpacked::Whole | Unpacked::Short => {}
    }
    made.map(|(id, len)| Payload { buffer: Some(id), at: 0, len })
}

impl Header {
    /// Reads it where it is whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let &[first, second, ..] = bytes else { return None };
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let number = bytes.get(2..2 + extended)?.iter().fold(0, |n, &b| n << 8 | u64::from(b));
        let masked = second & 0x80 != 0;
        let mask = if masked { Some(bytes.get(2 + extended..6 + extended)?.try_into().ok()?) } else { None };
        Some(Self {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            opcode: u64::from(first & 0x0f),
            mask,
            len: 2 + extended + if masked { 4 } else { 0 },
            payload: if extended == 0 { u64::from(second & 0x7f) } else { number },
        })
    }
}

fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    for f in packet.fields_of(layer) {
        match f.value {
            Value::Uint(n) if *f.def == OPCODE => {
                if let Some(name) = OPCODE.name_of(n) {
                    out.push_str(name);
                } else {
                    out.push_str("Opcode ");
                    show::number(n, out);
                }
            }
            Value::Bool(true) if *f.def == MASK => out.push_str(", masked"),
            Value::Bool(false) if *f.def == FIN => out.push_str("Fragment: "),
            Value::Uint(n) if *f.def == CLOSE_STATUS => {
                out.push(' ');
                show::number(n, out);
            }
            Value::Text(s) if *f.def == TEXT || *f.def == CLOSE_REASON => {
                out.push_str(": ");
                show::escape_within(packet.bytes(s), 200, out);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::Streams;
    use super::*;

    #[test]
    fn the_accept_of_the_standards_own_key_is_the_standards_own() {
        // RFC 6455 §1.3
        assert_eq!(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_frame_says_its_own_length() {
        let mut s = Streams::default();
        let mut ask = |bytes: &[u8]| frame(&mut s.view(true), bytes);
        assert_eq!(ask(&[0x81]), Framing::NeedMore);
        assert_eq!(ask(&[0x81, 0x05]), Framing::Need(7));
        assert_eq!(ask(b"\x81\x05hello\x81\x05world"), Framing::Message(7));
        assert_eq!(ask(b"\x81\x85\x01\x02\x03\x04hello"), Framing::Message(11));
        assert_eq!(ask(&[0x82, 126, 1, 0]), Framing::Need(260));
        assert_eq!(ask(&[0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]), Framing::NotMine);
    }
}
