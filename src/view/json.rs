//! JSON, one object a packet, to the contract of `schema/packet.json` (version 1).
//!
//! Names, values, offsets and lengths are Wireshark's. Text is escaped so far that no byte of a packet
//! can steer a terminal; a decoder gives back what was sent, with U+FFFD for what is not UTF-8.

use crate::model::short::Short;
use crate::model::{BufferKind, Field, Kind, Layer, Packet, Slice, Span, Trouble, Value};
use crate::proto::frame;
use crate::tutor::{Audience, Note};
use serde::Serialize;
use std::io::Write;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the packet's object and a newline.
pub fn line(packet: &Packet, notes: Option<(&[Note], Audience)>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"v\":1,\"frame\":{");
    head(packet, out);
    out.extend_from_slice(b"},\"layers\":[");
    let layers = packet.layers.iter().filter(|l| !std::ptr::eq(l.proto, &raw const frame::ABOUT));
    for (i, l) in layers.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        layer(packet, l, out);
    }
    out.push(b']');
    buffers(packet, out);
    if let Some((notes, audience)) = notes {
        explanations(notes, audience, out);
    }
    out.extend_from_slice(b"}\n");
}

/// The facts of the capture: the fields of the `frame` layer, without their prefix.
fn head(packet: &Packet, out: &mut Vec<u8>) {
    let Some(l) = packet.layers.first() else { return };
    for (i, f) in packet.fields_of(l).iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.push(b'"');
        let name = f.def.name;
        out.extend_from_slice(name.strip_prefix("frame.").unwrap_or(name).as_bytes());
        out.extend_from_slice(b"\":");
        value(packet, f, out);
    }
}

fn layer(packet: &Packet, l: &Layer, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"osi\":");
    number(u64::from(l.proto.osi.number()), out);
    out.extend_from_slice(b",\"protocol\":\"");
    out.extend_from_slice(l.proto.name.as_bytes());
    out.extend_from_slice(b"\",\"name\":\"");
    out.extend_from_slice(l.proto.title.as_bytes());
    out.push(b'"');
    place(l.span, out);
    if l.quoted {
        out.extend_from_slice(b",\"quoted\":true");
    }
    if let Some(t) = &l.trouble {
        trouble(t, out);
    }
    out.extend_from_slice(b",\"fields\":[");
    for (i, f) in packet.fields_of(l).iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        field(packet, f, out);
    }
    out.extend_from_slice(b"]}");
}

fn field(packet: &Packet, f: &Field, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"name\":\"");
    out.extend_from_slice(f.def.name.as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    value(packet, f, out);
    if f.span.len > 0 {
        place(f.span, out);
        let mask = f.def.mask();
        if mask != 0 {
            out.extend_from_slice(b",\"mask\":");
            number(mask, out);
        }
    }
    if f.depth > 0 {
        out.extend_from_slice(b",\"depth\":");
        number(u64::from(f.depth), out);
    }
    out.push(b'}');
}

fn place(span: Span, out: &mut Vec<u8>) {
    let mut short = Short::new();
    short.put(b",\"offset\":");
    short.number(u64::from(span.start));
    short.put(b",\"length\":");
    short.number(u64::from(span.len));
    out.extend_from_slice(short.as_bytes());
    if span.buf != 0 {
        out.extend_from_slice(b",\"buffer\":");
        number(u64::from(span.buf), out);
        out.extend_from_slice(b",\"reassembled\":true");
    }
}

fn trouble(t: &Trouble, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"trouble\":{\"kind\":\"");
    match t {
        Trouble::CutByCapture { need, have } => {
            out.extend_from_slice(b"cut by capture\",\"need\":");
            number(u64::from(*need), out);
            out.extend_from_slice(b",\"have\":");
            number(u64::from(*have), out);
        }
        Trouble::LengthLies { need, have, claimed_by } => {
            out.extend_from_slice(b"length lies\",\"need\":");
            number(u64::from(*need), out);
            out.extend_from_slice(b",\"have\":");
            number(u64::from(*have), out);
            if let Some(def) = claimed_by {
                out.extend_from_slice(b",\"claimed_by\":\"");
                out.extend_from_slice(def.name.as_bytes());
                out.push(b'"');
            }
        }
        Trouble::Malformed(why) => {
            out.extend_from_slice(b"malformed\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Breaks(why) => {
            out.extend_from_slice(b"breaks a rule\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Unshown(why) => {
            out.extend_from_slice(b"not all shown\",\"why\":");
            string(why.0.as_bytes(), out);
        }
    }
    out.push(b'}');
}

/// The buffers other than the frame, with the frames that gave their bytes.
fn buffers(packet: &Packet, out: &mut Vec<u8>) {
    let Some(others) = packet.buffers().get(1..).filter(|b| !b.is_empty()) else { return };
    out.extend_from_slice(b",\"buffers\":[");
    for (i, b) in others.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",{\"id\":" } else { b"{\"id\":" });
        number(i as u64 + 1, out);
        out.extend_from_slice(b",\"kind\":\"");
        out.extend_from_slice(kind(b.kind).as_bytes());
        out.extend_from_slice(b"\",\"length\":");
        number(b.bytes.len() as u64, out);
        out.extend_from_slice(b",\"sources\":[");
        for (i, s) in b.sources.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            out.push(b'[');
            number(s.frame, out);
            out.push(b',');
            number(u64::from(s.start), out);
            out.push(b',');
            number(u64::from(s.len), out);
            out.push(b']');
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

const fn kind(kind: BufferKind) -> &'static str {
    match kind {
        BufferKind::Frame => "frame",
        BufferKind::Defragmented => "defragmented",
        BufferKind::Reassembled => "reassembled",
        BufferKind::Dechunked => "dechunked",
        BufferKind::Unmasked => "unmasked",
        BufferKind::Inflated => "inflated",
        BufferKind::Decoded => "decoded",
    }
}

/// What the tutor says of the layers. The contract's layers begin behind the frame's.
fn explanations(notes: &[Note], audience: Audience, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"notes\":[");
    let mut first = true;
    for note in notes {
        let Some(layer) = note.layer.checked_sub(1) else { continue };
        out.extend_from_slice(if first { b"{\"layer\":" } else { b",{\"layer\":" });
        first = false;
        number(layer as u64, out);
        for (key, text) in [("audience", audience.name()), ("truth", note.truth.name()), ("text", &note.text)] {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            string(text.as_bytes(), out);
        }
        out.extend_from_slice(b",\"because\":[");
        for (i, def) in note.because.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            string(def.name.as_bytes(), out);
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

fn value(packet: &Packet, f: &Field, out: &mut Vec<u8>) {
    match f.value {
        Value::None | Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Uint(n) => number(n, out),
        Value::Int(n) => out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
        Value::Nanos(n) if f.def.kind == Kind::Millis => {
            let mut short = Short::new();
            short.put(b"\"");
            short.millis(n);
            short.put(b"\"");
            out.extend_from_slice(short.as_bytes());
        }
        Value::Nanos(n) => {
            let mut short = Short::new();
            short.put(b"\"");
            short.seconds(n, 9, 0);
            short.put(b"\"");
            out.extend_from_slice(short.as_bytes());
        }
        Value::Text(s) => string(packet.bytes(s), out),
        Value::Bytes(s) => bytes(packet, f.def.kind, s, out),
    }
}

fn bytes(packet: &Packet, kind: Kind, s: Slice, out: &mut Vec<u8>) {
    let bytes = packet.bytes(s);
    out.push(b'"');
    match (kind, bytes) {
        (Kind::Ipv4, &[a, b, c, d]) => {
            let mut short = Short::new();
            short.ipv4([a, b, c, d]);
            out.extend_from_slice(short.as_bytes());
        }
        (Kind::Ipv6, _) if bytes.len() == 16 => {
            let address: [u8; 16] = bytes.try_into().unwrap_or_default();
            // Writing to a vector cannot fail.
            let _ = write!(out, "{}", std::net::Ipv6Addr::from(address));
        }
        _ => {
            out.reserve(bytes.len() * 3);
            // Sixteen at a time, each with a colon behind it.
            for piece in bytes.chunks(16) {
                let mut text = [b':'; 48];
                for (b, place) in piece.iter().zip(text.chunks_exact_mut(3)) {
                    if let [high, low, _] = place {
                        (*high, *low) = (HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]);
                    }
                }
                out.extend_from_slice(text.get(..3 * piece.len()).unwrap_or_default());
            }
            if !bytes.is_empty() {
                out.pop();
            }
        }
    }
    out.push(b'"');
}

fn number(n: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

/// A value that a library writes, as a line of output with nothing in it that commands a terminal or hides.
pub fn to_line(value: &serde_json::Value) -> String {
    harmless(&value.to_string()) + "\n"
}

/// The same of plain data.
pub fn data_line(data: &impl Serialize) -> String {
    serde_json::to_string(data).map_or_else(|_| String::new(), |line| harmless(&line) + "\n")
}

/// Why a line that came in is no input, as a line of output: `schema/error.json`. `code` is the same for the same cause.
pub fn error(code: &str, why: &str) -> String {
    to_line(&serde_json::json!({ "v": 1, "code": code, "error": why }))
}

/// A line of JSON that a library has written, with what commands a terminal or hides as `\u202e`: the same value.
fn harmless(line: &str) -> String {
    let mut out = Vec::with_capacity(line.len() + 1);
    for c in line.chars() {
        // Quotes and backslashes are the library's; beyond strings there are no others of these.
        if matches!(c, ' '..='~') { out.push(c as u8) } else { escaped(c, &mut out) }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// A JSON string. Plain ASCII, nearly all there is, is copied run by run.
fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = bytes;
    while !rest.is_empty() {
        let plain =
            rest.iter().position(|&b| !(b' '..=b'~').contains(&b) || b == b'"' || b == b'\\').unwrap_or(rest.len());
        let (run, odd) = rest.split_at(plain);
        out.extend_from_slice(run);
        rest = odd;
        if rest.is_empty() {
            break;
        }
        let end =
            rest.iter().position(|&b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\').unwrap_or(rest.len());
        let (strange, next) = rest.split_at(end);
        for chunk in strange.utf8_chunks() {
            chunk.valid().chars().for_each(|c| escaped(c, out));
            if !chunk.invalid().is_empty() {
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        rest = next;
    }
    out.push(b'"');
}

fn escaped(c: char, out: &mut Vec<u8>) {
    match c {
        '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        c if c.is_control() || crate::model::show::is_deceptive(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                for shift in [12u8, 8, 4, 0] {
                    out.push(HEX.get(usize::from(*unit >> shift & 0xf)).copied().unwrap_or(b'0'));
                }
            }
        }
        c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}
