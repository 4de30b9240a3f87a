//! HTTP/2 — RFC 9113. Requests and answers side by side on one connection: each is a stream of frames.
//!
//! ```text
//! | length (24) | type (8) | flags (8) | reserved (1) | stream (31) | that many bytes …
//! ```
//!
//! A client begins with a fixed text (§3.4) that no HTTP/1 server can take for a request. The header lines are
//! packed by HPACK (`hpack.rs`), which both sides can undo only from the beginning on. A stream that is opened by
//! an Extended CONNECT (RFC 8441) carries WebSocket.

mod fields;
mod headers;
mod streams;

pub use fields::*;

use super::hpack::Table;
use super::prelude::*;
use super::shelf::Ticket;
use super::{Framing, Gap, StreamCtx};

/// HTTP/2.
pub static ABOUT: Identity = Identity {
    name: "http2",
    title: "Hypertext Transfer Protocol version 2",
    osi: Osi::Application,
    spec: "RFC 9113",
    fields: FIELDS,
    summary: Some(summary),
};

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Upgrade("h2c")], over: Over::Stream(frame), dissect };

/// The row of HTTP/2 on other ports: it begins with its fixed text, which nothing else does.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Stream(guess), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED];

/// RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD: usize = 9;

/// The types of frames (§6).
mod kind {
    pub(super) const DATA: u64 = 0;
    pub(super) const HEADERS: u64 = 1;
    pub(super) const PRIORITY: u64 = 2;
    pub(super) const RST_STREAM: u64 = 3;
    pub(super) const SETTINGS: u64 = 4;
    pub(super) const PUSH_PROMISE: u64 = 5;
    pub(super) const PING: u64 = 6;
    pub(super) const GOAWAY: u64 = 7;
    pub(super) const WINDOW_UPDATE: u64 = 8;
    pub(super) const CONTINUATION: u64 = 9;
}

/// Their flags.
mod flag {
    pub(super) const ACK: u8 = 1;
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;
    pub(super) const PADDED: u8 = 8;
    pub(super) const PRIORITY: u8 = 32;
}

/// Which flags have a meaning in which type, as Wireshark lists them.
static FLAG_ROWS: [&[&FieldDef]; 10] = [
    &[&UNUSED_DATA, &PADDED, &END_STREAM],
    &[&UNUSED_HEADERS, &WITH_PRIORITY, &PADDED, &END_HEADERS, &END_STREAM],
    &[&UNUSED],
    &[&UNUSED],
    &[&UNUSED_SETTINGS, &ACK_SETTINGS],
    &[&UNUSED_PUSH, &PADDED, &END_HEADERS],
    &[&UNUSED_PING, &ACK_PING],
    &[&UNUSED],
    &[&UNUSED],
    &[&UNUSED_CONTINUATION, &END_HEADERS],
];

/// What one direction remembers.
#[derive(Clone, Debug, Default)]
struct Sending {
    /// It sent the fixed text.
    client: bool,
    /// Its beginning, or any frame since, was seen.
    begun: bool,
    /// The table of header lines, and where its bytes are kept.
    table: Table,
    lines: Option<Ticket>,
    /// Why the table isn't known.
    lost: Option<&'static str>,
    /// The holes of its bytes that were noticed.
    gaps: u32,
    /// Header lines that go on in the next frame: how they began.
    open: Option<Part>,
    pieces: Option<Ticket>,
    /// The largest table that it lets the other side have, as far as it said.
    allows: Option<usize>,
}

/// What a frame says of the header lines that it brings.
#[derive(Clone, Copy, Debug)]
struct Part {
    stream: u32,
    flags: u8,
    /// The lines begin here.
    first: bool,
    /// They're a request that the server makes up: they say nothing of this stream.
    promise: bool,
}

/// The connection began with the fixed text.
#[derive(Clone, Debug, Default)]
struct Opened;

fn guess(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if PREFACE.starts_with(bytes.get(..PREFACE.len()).unwrap_or(bytes)) {
        ctx.dialogue.state::<Opened>();
        return frame(ctx, bytes);
    }
    if ctx.dialogue.holds::<Opened>() { frame(ctx, bytes) } else { Framing::NotMine }
}

fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.starts_with(PREFACE) {
        return Framing::Message(PREFACE.len());
    }
    if PREFACE.starts_with(bytes) {
        return Framing::Need(PREFACE.len());
    }
    let Some(&[a, b, c]) = bytes.first_chunk() else { return Framing::NeedMore };
    let len = u32::from_be_bytes([0, a, b, c]) as usize;
    // Behind a hole a frame may begin anywhere.
    if ctx.side.gaps > 0 || ctx.gap != Gap::None {
        let Some(&[_, _, _, kind, _, first, ..]) = bytes.first_chunk::<HEAD>() else { return Framing::NeedMore };
        if first & 0x80 != 0 || kind > 0x10 || len > LARGEST {
            return Framing::Foreign;
        }
    }
    let whole = HEAD + len;
    if whole <= bytes.len() { Framing::Message(whole) } else { Framing::Need(whole) }
}

/// Longer frames need an agreement that nearly nobody makes (§4.2): 16 kB is usual.
const LARGEST: usize = 1 << 17;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    if c.rest(0).starts_with(PREFACE) {
        c.read(&MAGIC, 0, PREFACE.len())?;
        let ctx = c.stream();
        // A connection begins here, and so do its tables.
        *ctx.side.state() = Sending { client: true, begun: true, gaps: ctx.side.gaps, ..Sending::default() };
        return Ok(Next::end(len));
    }
    for def in [&LENGTH, &TYPE, &FLAGS] {
        c.put(def)?;
    }
    let (kind, flags) = (c.u8(3)?, c.u8(4)?);
    c.indent(1);
    for def in FLAG_ROWS.get(usize::from(kind)).copied().unwrap_or(&[&UNUSED]) {
        c.put(def)?;
    }
    c.indent(0);
    c.put(&RESERVED)?;
    let stream = u32::try_from(c.put(&STREAMID)?).unwrap_or(0);
    let kind = u64::from(kind);
    let side: &mut Sending = c.stream().side.state();
    // A server begins with its settings (§3.4).
    side.begun |= kind == kind::SETTINGS && flags & flag::ACK == 0;
    match kind {
        kind::DATA => return data(c, len, stream, flags),
        kind::HEADERS | kind::PUSH_PROMISE => lines(c, len, kind, stream, flags)?,
        kind::CONTINUATION => {
            c.push(&CONTINUED, HEAD, len - HEAD, Value::Text(c.span(HEAD, len - HEAD)));
            headers::block(c, HEAD, len - HEAD, Part { stream, flags, first: false, promise: false });
        }
        kind::PRIORITY => urgency(c, HEAD)?,
        kind::RST_STREAM => drop(c.read(&RST_ERROR, HEAD, 4)?),
        kind::SETTINGS => settings(c, len, flags)?,
        kind::PING => drop(c.read(if flags & flag::ACK == 0 { &PING } else { &PONG }, HEAD, 8)?),
        kind::GOAWAY => {
            c.read(&LAST_RESERVED, HEAD, 4)?;
            c.read(&LAST, HEAD, 4)?;
            c.read(&AWAY_ERROR, HEAD + 4, 4)?;
            if len > HEAD + 8 {
                c.read(&AWAY_DATA, HEAD + 8, len - HEAD - 8)?;
            }
        }
        kind::WINDOW_UPDATE => {
            c.read(&INCREMENT_RESERVED, HEAD, 4)?;
            c.read(&INCREMENT, HEAD, 4)?;
        }
        _ => {}
    }
    Ok(Next::end(len))
}

/// How many bytes of filling there are, and where what they fill begins (§6.1).
fn padding(c: &mut Cursor<'_>, len: usize, flags: u8) -> Result<(usize, usize), Trouble> {
    let padded = usize::from(flags & flag::PADDED != 0);
    let filling = if padded == 1 { c.read_len(&PADDING, HEAD, 1)? } else { 0 };
    c.push(&PAD_LENGTH, HEAD, padded, Value::Uint(filling as u64));
    if HEAD + padded + filling > len {
        return Err(c.malformed("the filling is longer than the frame (RFC 9113 §6.1)"));
    }
    Ok((filling, HEAD + padded))
}

fn data(c: &mut Cursor<'_>, len: usize, stream: u32, flags: u8) -> Result<Next, Trouble> {
    let (filling, at) = padding(c, len, flags)?;
    let body = len.saturating_sub(at + filling);
    c.push(&DATA, at, body, Value::Bytes(c.span(at, body)));
    if filling > 0 {
        c.read(&DATA_PADDING, at + body, filling)?;
    }
    Ok(streams::data(c, at, body, stream, flags))
}

/// Header lines of a request or an answer (§6.2), or of a request that the server makes up (§6.6).
fn lines(c: &mut Cursor<'_>, len: usize, kind: u64, stream: u32, flags: u8) -> Result<(), Trouble> {
    let (filling, mut at) = padding(c, len, flags)?;
    let promise = kind == kind::PUSH_PROMISE;
    if promise {
        c.read(&PROMISE_RESERVED, at, 4)?;
        c.read(&PROMISED, at, 4)?;
        at += 4;
    } else if flags & flag::PRIORITY != 0 {
        urgency(c, at)?;
        at += 5;
    }
    let Some(body) = len.checked_sub(at + filling) else {
        return Err(c.malformed("the filling is longer than the frame (RFC 9113 §6.1)"));
    };
    let (block, filled) = if promise { (&PROMISE_BLOCK, &PROMISE_PADDING) } else { (&BLOCK, &BLOCK_PADDING) };
    c.push(block, at, body, Value::Bytes(c.span(at, body)));
    headers::block(c, at, body, Part { stream, flags, first: true, promise });
    if filling > 0 {
        c.read(filled, at + body, filling)?;
    }
    Ok(())
}

/// How urgent a stream is (RFC 7540 §6.3; RFC 9113 does without).
fn urgency(c: &mut Cursor<'_>, at: usize) -> Result<(), Trouble> {
    c.read(&EXCLUSIVE, at, 4)?;
    c.read(&DEPENDENCY, at, 4)?;
    let weight = c.read(&WEIGHT, at + 4, 1)?;
    c.push(&WEIGHT_REAL, at + 4, 1, Value::Uint(weight + 1));
    Ok(())
}

/// As many settings as fill a frame of the usual size (§4.2); more aren't shown.
const MOST_SETTINGS: usize = (1 << 14) / 6;

/// RFC 9113 §6.5.1: which, and how much.
fn settings(c: &mut Cursor<'_>, len: usize, flags: u8) -> Result<(), Trouble> {
    let (mut at, mut allows) = (HEAD, 0);
    while at + 6 <= len {
        if at >= HEAD + 6 * MOST_SETTINGS {
            c.doubt(c.unshown("there are more settings than are shown here"));
            break;
        }
        c.push(&SETTING_GROUP, at, 6, Value::None);
        c.indent(1);
        let def = match c.read(&SETTING, at, 2)? {
            1 => &TABLE_SIZE,
            2 => &PUSH,
            3 => &STREAMS,
            4 => &WINDOW,
            5 => &FRAME_SIZE,
            6 => &LIST_SIZE,
            8 => &EXTENDED,
            _ => &OTHER_SETTING,
        };
        let size = c.read_len(def, at + 2, 4)?;
        if *def == TABLE_SIZE {
            allows = size;
        }
        c.indent(0);
        at += 6;
    }
    if flags & flag::ACK == 0 {
        let side: &mut Sending = c.stream().side.state();
        side.allows = Some(side.allows.unwrap_or(0).max(allows));
    }
    Ok(())
}

/// `HEADERS, stream 1: GET /page`.
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let Some(kind) = packet.uint_in(layer, &TYPE) else {
        return out.push_str("Magic");
    };
    match TYPE.name_of(kind) {
        Some(name) => out.push_str(name),
        None => show::number(kind, out),
    }
    out.push_str(", stream ");
    show::number(packet.uint_in(layer, &STREAMID).unwrap_or(0), out);
    let mut sign = ": ";
    for def in [&METHOD, &PATH] {
        if let Some(text) = packet.octets_in(layer, def) {
            out.push_str(sign);
            show::escape_within(text, 200, out);
            sign = " ";
        }
    }
    if let Some(status) = packet.uint_in(layer, &STATUS) {
        out.push_str(sign);
        show::number(status, out);
    }
}

#[cfg(test)]
mod tests;
