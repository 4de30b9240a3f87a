//! HTTP/2 — RFC 9113. Requests and answers side by side on one connection: each is a stream of frames.
//!
//! ```text
//! | length (24) | type (8) | flags (8) | reserved (1) | stream (31) | so many bytes …
//! ```
//!
//! A client begins with a fixed text (§3.4) that no HTTP/1 server can take for a request. The header lines are
//! packed by HPACK (RFC 7541), which is not undone here.

use super::prelude::*;
use super::{Framing, StreamCtx};

/// HTTP/2.
pub static ABOUT: Identity = Identity {
    name: "http2",
    title: "Hypertext Transfer Protocol version 2",
    osi: Osi::Application,
    spec: "RFC 9113",
    fields: FIELDS,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (0, "DATA"),
    (1, "HEADERS"),
    (2, "PRIORITY"),
    (3, "RST_STREAM"),
    (4, "SETTINGS"),
    (5, "PUSH_PROMISE"),
    (6, "PING"),
    (7, "GOAWAY"),
    (8, "WINDOW_UPDATE"),
    (9, "CONTINUATION"),
];

const SETTINGS: &[(u64, &str)] = &[
    (1, "Header table size"),
    (2, "Enable push"),
    (3, "Max concurrent streams"),
    (4, "Initial window size"),
    (5, "Max frame size"),
    (6, "Max header list size"),
    (8, "Extended CONNECT"),
];

const ERRORS: &[(u64, &str)] = &[
    (0, "NO_ERROR"),
    (1, "PROTOCOL_ERROR"),
    (2, "INTERNAL_ERROR"),
    (3, "FLOW_CONTROL_ERROR"),
    (4, "SETTINGS_TIMEOUT"),
    (5, "STREAM_CLOSED"),
    (6, "FRAME_SIZE_ERROR"),
    (7, "REFUSED_STREAM"),
    (8, "CANCEL"),
    (9, "COMPRESSION_ERROR"),
    (10, "CONNECT_ERROR"),
    (11, "ENHANCE_YOUR_CALM"),
    (12, "INADEQUATE_SECURITY"),
    (13, "HTTP_1_1_REQUIRED"),
];

const U32: Kind = Kind::Uint(32);

fields! {
    MAGIC    = dynamic(Kind::Text, "http2.magic", "Magic", "The fixed text that a client begins with.");
    LENGTH   = u24_at(0, "http2.length", "Length", "Bytes of the frame behind its header.");
    TYPE     = u8_at(3, "http2.type", "Type", "What the frame is for.").names(TYPES);
    FLAGS    = u8_at(4, "http2.flags", "Flags", "What is said of the frame: the last of its stream, for one.").hex();
    RESERVED = u32_at(5, "http2.r", "Reserved", "Unused, 0.").bits(0x8000_0000).hex();
    STREAMID = u32_at(5, "http2.streamid", "Stream", "Which exchange it belongs to; 0 is the connection.").bits(0x7fff_ffff);
    SETTING  = dynamic(Kind::Uint(16), "http2.settings.id", "Setting", "Which limit or ability of the sender.").names(SETTINGS);
    TABLE_SIZE  = dynamic(U32, "http2.settings.header_table_size", "Header table size", "Bytes for header lines that need not be repeated.");
    PUSH        = dynamic(U32, "http2.settings.enable_push", "Enable push", "Whether the server may send what was not asked for.");
    STREAMS     = dynamic(U32, "http2.settings.max_concurrent_streams", "Most streams", "How many exchanges may be open at once.");
    WINDOW      = dynamic(U32, "http2.settings.initial_window_size", "Initial window", "How many bytes a new stream may send before it must wait.");
    FRAME_SIZE  = dynamic(U32, "http2.settings.max_frame_size", "Largest frame", "The longest frame that the sender takes.");
    LIST_SIZE   = dynamic(U32, "http2.settings.max_header_list_size", "Largest header list", "The most bytes of header lines that the sender takes.");
    INCREMENT = dynamic(U32, "http2.window_update.window_size_increment", "Increment", "How many more bytes may be sent.").bits(0x7fff_ffff);
    RST_ERROR = dynamic(U32, "http2.rst_stream.error", "Error", "Why the stream ends at once.").names(ERRORS);
    LAST      = dynamic(U32, "http2.goaway.last_stream_id", "Last stream", "The last stream that was looked at.").bits(0x7fff_ffff);
    AWAY_ERROR = dynamic(U32, "http2.goaway.error", "Error", "Why the connection ends.").names(ERRORS);
    PING      = dynamic(Kind::Bytes, "http2.ping", "Ping", "Eight bytes that come back.");
    DATA      = dynamic(Kind::Bytes, "http2.data.data", "Data", "A piece of a body.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Upgrade("h2c")], over: Over::Stream(frame), dissect };

/// RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADER: usize = 9;

fn frame(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.starts_with(PREFACE) {
        return Framing::Message(PREFACE.len());
    }
    if PREFACE.starts_with(bytes) {
        return Framing::Need(PREFACE.len());
    }
    let Some(&[a, b, c]) = bytes.first_chunk() else { return Framing::NeedMore };
    let whole = HEADER + (u32::from_be_bytes([0, a, b, c]) as usize);
    if whole <= bytes.len() { Framing::Message(whole) } else { Framing::Need(whole) }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    if c.rest(0).starts_with(PREFACE) {
        c.read(&MAGIC, 0, PREFACE.len())?;
        return Ok(Next::end(len));
    }
    for def in [&LENGTH, &TYPE, &FLAGS, &RESERVED, &STREAMID] {
        c.put(def)?;
    }
    let body = len - HEADER;
    match c.u8(3)? {
        0 if body > 0 => drop(c.read(&DATA, HEADER, body)?),
        3 => drop(c.read(&RST_ERROR, HEADER, 4)?),
        4 => settings(c, len)?,
        6 => drop(c.read(&PING, HEADER, 8)?),
        7 => {
            c.read(&LAST, HEADER, 4)?;
            c.read(&AWAY_ERROR, HEADER + 4, 4)?;
        }
        8 => drop(c.read(&INCREMENT, HEADER, 4)?),
        _ => {}
    }
    Ok(Next::end(len))
}

/// RFC 9113 §6.5.1: which, and how much.
fn settings(c: &mut Cursor<'_>, len: usize) -> Result<(), Trouble> {
    let mut at = HEADER;
    while at + 6 <= len {
        let def = match c.read(&SETTING, at, 2)? {
            1 => &TABLE_SIZE,
            2 => &PUSH,
            3 => &STREAMS,
            4 => &WINDOW,
            5 => &FRAME_SIZE,
            6 => &LIST_SIZE,
            _ => {
                at += 6;
                continue;
            }
        };
        c.read(def, at + 2, 4)?;
        at += 6;
    }
    Ok(())
}

/// `HEADERS, stream 1`.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    fn ask(bytes: &[u8]) -> Framing {
        frame(&mut Streams::default().view(true), bytes)
    }

    #[test]
    fn the_preface_comes_alone_and_frames_say_their_length() {
        assert_eq!(ask(PREFACE), Framing::Message(24));
        assert_eq!(ask(b"PRI * H"), Framing::Need(24));
        assert_eq!(ask(b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01"), Framing::Message(13));
        assert_eq!(ask(b"\0\0\x04\x08"), Framing::Need(13));
        assert_eq!(ask(b"\0\0"), Framing::NeedMore);
    }
}
