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
//! §5.2 is the frame, §5.3 the mask, §5.4 fragments, §5.5 control frames, §7.4 close codes; `rules.rs` names
//! what breaks them. Compressed messages (permessage-deflate) are RFC 7692; what they unpack to is bounded.

mod rules;
pub mod wire;

use super::Carrier;
use super::inflate::{self, Unpacked};
use super::prelude::*;
use super::shelf::Ticket;
use super::stream::{Framing, Gap, StreamCtx};
use crate::model::{BufferKind, Layer, Packet, Span, clamp, show};
use wire::Header;

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
    FRAGMENT       = dynamic(Kind::Bytes, "websocket.payload.fragment", "Fragment", "The first piece of a message; the frame with its last one shows it whole.");
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

const CONTINUATION: u8 = 0;
const TEXT_FRAME: u8 = 1;
const BINARY: u8 = 2;
const CLOSE_FRAME: u8 = 8;
const PING_FRAME: u8 = 9;
const PONG_FRAME: u8 = 10;

/// What one direction remembers.
#[derive(Clone, Default)]
struct Sending {
    /// A message whose last fragment has not come.
    begun: Option<Begun>,
    /// What has arrived of it.
    pieces: Ticket,
    /// What compressed messages refer to (RFC 7692 §7.2.3.2).
    history: History,
    /// Frames are missing: a fragment may continue one of them.
    missing: bool,
    /// A close frame was sent: no message may follow.
    closed: bool,
}

/// What a message's first fragment says of all.
#[derive(Clone, Copy)]
struct Begun {
    opcode: u8,
    /// RSV1 was set.
    compressed: bool,
    /// It grew beyond what is kept.
    too_much: bool,
}

/// What was unpacked last in one direction.
#[derive(Clone, Copy, Default)]
enum History {
    #[default]
    Empty,
    Kept(Ticket),
    /// Nothing after it can be unpacked.
    Lost(&'static str),
}

/// How far back a compressed message can refer (RFC 7692 §7.1.2.1: 15 bits).
const WINDOW: usize = 1 << 15;

/// A frame says its own length.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.gap == Gap::Unknown && !rules::chain(ctx, bytes) {
        return Framing::Foreign;
    }
    if ctx.gap != Gap::None {
        let s: &mut Sending = ctx.side.state();
        s.missing = true;
        (s.begun, s.history) = (None, History::Lost("bytes before it are missing, and it may refer to them"));
    }
    let Some(h) = Header::read(bytes) else { return Framing::NeedMore };
    // The highest bit of a 64-bit length must be 0 (§5.2).
    if h.payload >> 63 != 0 {
        return Framing::NotMine;
    }
    let whole = h.len.saturating_add(usize::try_from(h.payload).unwrap_or(usize::MAX));
    if whole <= bytes.len() { Framing::Message(whole) } else { Framing::Need(whole) }
}

/// A frame; behind it may come more, where the carrier does not tell them apart.
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = Header::read(c.rest(0)).and_then(|h| h.len.checked_add(usize::try_from(h.payload).ok()?));
    match len.filter(|&len| len < c.len()) {
        Some(len) => {
            c.limit(len, &PAYLOAD_LENGTH);
            one(c).map(|next| next.more(len))
        }
        None => one(c),
    }
}

fn one(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
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
    let known = rules::header(c, &h);
    // Where the handshake does not tell, the mask says it: only a client masks.
    c.context.from_client = Some(known.unwrap_or(h.mask.is_some()));
    if h.mask.is_some() {
        c.read(&MASKING_KEY, h.len - 4, 4)?;
    }
    let len = usize::try_from(h.payload).unwrap_or(usize::MAX);
    let present = len.min(c.len().saturating_sub(h.len));
    if present < len {
        c.doubt(c.missing(h.len.saturating_add(len)));
    }
    let whole = present == len;
    if len == 0 && (h.fin && h.opcode != CONTINUATION || h.opcode >= CLOSE_FRAME) {
        let row = if h.opcode == BINARY { c.upgraded(Carrier::Binary) } else { None };
        return Ok(row.map_or(Next::end(h.len), |row| Next::row(row, h.len).even_empty()));
    }
    let (buffer, at) = match h.mask {
        Some(key) => {
            c.push(&MASKED_PAYLOAD, h.len, present, Value::None);
            let masked = c.slice(h.len, present)?;
            let unmask = |out: &mut Vec<u8>| out.extend(wire::masked(masked, key));
            let Some((id, _)) = c.uncover_with(BufferKind::Unmasked, unmask) else {
                return Ok(Next::end(h.len + present));
            };
            c.made_of(id, c.span(h.len, present));
            (Some(id), 0)
        }
        None => (None, h.len),
    };
    c.push(&PAYLOAD, h.len, present, Value::None);
    let payload = Payload { buffer, at, len: present };
    if h.opcode >= CLOSE_FRAME {
        c.indent(1);
        control(c, &h, &payload, whole);
        c.indent(0);
        return Ok(Next::end(h.len + present));
    }
    Ok(data(c, &h, payload, deflate, whole))
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
fn control(c: &mut Cursor<'_>, h: &Header, payload: &Payload, whole: bool) {
    match h.opcode {
        CLOSE_FRAME => {
            payload.put(c, &CLOSE);
            let code = payload.span(c, 0, 2);
            if payload.len < 2 {
                if whole {
                    c.doubt(c.breaks(rules::SHORT_CLOSE));
                }
                return;
            }
            let number = c.bytes_of(code).iter().fold(0, |n, &b| n << 8 | u64::from(b));
            c.push_in(&CLOSE_STATUS, code, Value::Uint(number));
            if payload.len > 2 {
                let reason = payload.span(c, 2, payload.len - 2);
                c.push_in(&CLOSE_REASON, reason, Value::Text(reason));
                rules::text(c, reason, whole);
            }
            rules::close_code(c, number);
        }
        PING_FRAME => payload.put(c, &PING),
        PONG_FRAME => payload.put(c, &PONG),
        _ => payload.put(c, &UNKNOWN),
    }
}

/// A message, or a fragment of one (§5.4).
fn data(c: &mut Cursor<'_>, h: &Header, payload: Payload, deflate: bool, whole: bool) -> Next {
    let end = h.len + c.len().saturating_sub(h.len).min(usize::try_from(h.payload).unwrap_or(usize::MAX));
    let mut message = payload;
    let (mut opcode, mut compressed) = (h.opcode, h.rsv & RSV1 != 0);
    if !h.fin || h.opcode == CONTINUATION {
        match gather(c, h, payload) {
            Gathered::Piece => {
                if payload.len > 0 {
                    c.indent(1);
                    payload.put(c, if h.opcode == CONTINUATION { &CONTINUE } else { &FRAGMENT });
                    c.indent(0);
                }
                return Next::end(end);
            }
            Gathered::Lost(why) => {
                c.doubt(c.unshown(why));
                if payload.len > 0 {
                    payload.put(c, &CONTINUE);
                }
                return Next::end(end);
            }
            Gathered::Whole { id, len, opcode: first, compressed: packed } => {
                (opcode, compressed) = (first, packed);
                message = Payload { buffer: Some(id), at: 0, len };
            }
        }
    }
    if deflate && compressed {
        match unpack(c, &message) {
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
            let all = message.span(c, 0, message.len);
            rules::text(c, all, whole);
            if let Some(row) = c.upgraded(Carrier::Text) {
                return message.carry(h, end, |header| Next::row(row, header));
            }
        }
        BINARY => {
            let row = c.upgraded(Carrier::Binary);
            return message.carry(h, end, |header| row.map_or(Next::data(header), |row| Next::row(row, header)));
        }
        CONTINUATION => message.put(c, &CONTINUE),
        _ => message.put(c, &UNKNOWN),
    }
    Next::end(end)
}

/// What a fragment led to.
enum Gathered {
    Piece,
    /// The message cannot be put together.
    Lost(&'static str),
    Whole {
        id: u8,
        len: usize,
        opcode: u8,
        compressed: bool,
    },
}

/// Puts a fragment to those before it.
fn gather(c: &mut Cursor<'_>, h: &Header, payload: Payload) -> Gathered {
    let mut s = std::mem::take(c.stream().side.state::<Sending>());
    if h.opcode != CONTINUATION {
        s.begun = Some(Begun { opcode: h.opcode, compressed: h.rsv & RSV1 != 0, too_much: false });
        s.pieces = c.shelf().renew(s.pieces);
    }
    let (span, pieces) = (payload.span(c, 0, payload.len), s.pieces);
    let over = c.with_shelf(span, |bytes, shelf| {
        let before = shelf.get(pieces).map_or(0, <[u8]>::len);
        let too_much = before + bytes.len() > inflate::MOST;
        if too_much {
            shelf.drop(pieces);
        } else {
            shelf.add(pieces, bytes, inflate::MOST);
        }
        too_much
    });
    if let Some(begun) = &mut s.begun {
        begun.too_much |= over;
    }
    let begun = if h.fin { s.begun.take() } else { s.begun };
    *c.stream().side.state() = s;
    if !h.fin {
        return Gathered::Piece;
    }
    let Some(Begun { opcode, compressed, too_much }) = begun else {
        return Gathered::Lost("the message's first fragment is not in this capture");
    };
    if c.shelf().get(pieces).is_none() {
        return Gathered::Lost(if too_much {
            "the fragments make a longer message than is kept here"
        } else {
            "the message's first fragments were given up, because memory was full"
        });
    }
    let nothing = c.span(0, 0);
    let made = c.uncover_with_shelf(BufferKind::Reassembled, nothing, |_, shelf, out| {
        out.extend_from_slice(shelf.get(pieces).unwrap_or(&[]));
        shelf.renew(pieces);
    });
    match made {
        Some((id, len)) => Gathered::Whole { id, len, opcode, compressed },
        None => Gathered::Lost("the frame brings more messages than are put together here"),
    }
}

/// RFC 7692 §7.2.2: what the message stands for, told by what came before it.
fn unpack(c: &mut Cursor<'_>, message: &Payload) -> Option<Payload> {
    let span = message.span(c, 0, message.len);
    let side =
        if c.context.from_client == Some(true) { "client_no_context_takeover" } else { "server_no_context_takeover" };
    let forgets = c.stream().dialogue.upgrade.as_ref().is_some_and(|u| u.extensions.contains(side));
    let history = if forgets { History::Empty } else { c.stream().side.state::<Sending>().history };
    let ticket = match history {
        History::Lost(why) => {
            c.doubt(c.unshown(why));
            return None;
        }
        History::Kept(ticket) if c.shelf().get(ticket).is_none() => {
            c.stream().side.state::<Sending>().history = History::Lost(GIVEN_UP);
            c.doubt(c.unshown(GIVEN_UP));
            return None;
        }
        History::Kept(ticket) => Some(ticket),
        History::Empty => None,
    };
    let mut how = Unpacked::Damaged;
    let made = c.uncover_with_shelf(BufferKind::Inflated, span, |packed, shelf, out| {
        let (inflater, history) = shelf.inflater(ticket);
        how = inflate::message(inflater, history, packed, out);
    });
    if !forgets {
        let now = match how {
            Unpacked::Damaged | Unpacked::Beyond(_) => {
                History::Lost("it refers to a message that could not be inflated")
            }
            Unpacked::TooMuch => History::Lost("it refers to a message that is too long to be kept here"),
            Unpacked::Whole | Unpacked::Short => {
                let ticket = ticket.unwrap_or_else(|| c.shelf().open());
                let all = made.map_or_else(Span::default, |(buf, len)| Span { buf, start: 0, len: clamp(len) });
                c.with_shelf(all, |bytes, shelf| shelf.add(ticket, bytes, WINDOW));
                History::Kept(ticket)
            }
        };
        c.stream().side.state::<Sending>().history = now;
    }
    match how {
        Unpacked::Damaged | Unpacked::Beyond(_) => {
            c.doubt(c.malformed("the payload cannot be inflated (RFC 7692 §7.2.2)"));
            return None;
        }
        Unpacked::TooMuch => c.doubt(c.unshown("the message unpacks to more than is kept here")),
        Unpacked::Whole | Unpacked::Short => {}
    }
    made.map(|(id, len)| Payload { buffer: Some(id), at: 0, len })
}

/// RSV1, the only one of the reserved bits that has a meaning: compressed (RFC 7692 §6).
const RSV1: u8 = 4;

const GIVEN_UP: &str = "it cannot be inflated: its history was given up, because memory was full";

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
            Value::Bytes(s) if *f.def == FRAGMENT && is_plain_text(packet, layer) => {
                out.push_str(": ");
                show::escape_within(packet.bytes(s), 200, out);
            }
            Value::Text(s) if *f.def == TEXT || *f.def == CLOSE_REASON => {
                out.push_str(": ");
                show::escape_within(packet.bytes(s), 200, out);
            }
            _ => {}
        }
    }
}

/// Whether a fragment is readable as it is.
fn is_plain_text(packet: &Packet, layer: &Layer) -> bool {
    packet.uint_in(layer, &OPCODE) == Some(u64::from(TEXT_FRAME)) && packet.uint_in(layer, &RSV) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::super::stream::Streams;
    use super::*;

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
