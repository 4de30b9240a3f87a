//! JSON, one object a packet, to the contract of `schema/packet.json` (version 1).
//!
//! Names, values, offsets and lengths are Wireshark's. Text is escaped so far that no byte of a packet
//! can steer a terminal; a decoder gives back what was sent, with U+FFFD for what is not UTF-8.

use super::lines::Lines;
use crate::model::short::Short;
use crate::model::{BufferKind, Field, Identity, Kind, Layer, Packet, Span, Trouble, Value, show};
use crate::proto::frame;
use crate::tutor::{Audience, Note};
use serde::Serialize;

/// Layers whose beginnings are remembered; more than any capture has.
const LAYERS: usize = 256;

/// Writes one packet after the other, and remembers what it wrote: most fields say what they said before.
#[derive(Debug, Default)]
pub struct Writer {
    fields: Lines,
    layers: Vec<(Option<&'static Identity>, String)>,
}

/// Appends the packet's object and a newline.
pub fn line(packet: &Packet, notes: Option<(&[Note], Audience)>, out: &mut String) {
    Writer::default().line(packet, notes, out);
}

impl Writer {
    /// One that has written nothing yet.
    pub fn new() -> Self {
        Self { fields: Lines::new(), layers: vec![(None, String::new()); LAYERS] }
    }

    /// The same as [`line()`].
    pub fn line(&mut self, packet: &Packet, notes: Option<(&[Note], Audience)>, out: &mut String) {
        out.push_str("{\"v\":1,\"frame\":{");
        head(packet, out);
        out.push_str("},\"layers\":[");
        for l in packet.layers.iter().filter(|l| !std::ptr::eq(l.proto, &raw const frame::ABOUT)) {
            self.layer(packet, l, out);
        }
        end_list(out);
        buffers(packet, out);
        if let Some((notes, audience)) = notes {
            explanations(notes, audience, out);
        }
        out.push_str("}\n");
    }

    /// One of several layers, with a comma behind it.
    fn layer(&mut self, packet: &Packet, l: &Layer, out: &mut String) {
        let at = std::ptr::from_ref(l.proto).addr() / size_of::<Identity>() % LAYERS;
        match self.layers.get_mut(at) {
            None => begin(l.proto, out),
            Some((known, text)) => {
                if !known.is_some_and(|known| std::ptr::eq(known, l.proto)) {
                    *known = Some(l.proto);
                    text.clear();
                    begin(l.proto, text);
                }
                out.push_str(text);
            }
        }
        let mut short = Short::new();
        place(l.span, &mut short, out);
        short.append_to(out);
        if l.quoted {
            out.push_str(",\"quoted\":true");
        }
        if let Some(t) = &l.trouble {
            trouble(t, out);
        }
        out.push_str(",\"fields\":[");
        for f in packet.fields_of(l) {
            self.fields.field(packet, (f, f.depth), out, |out, before| field(packet, f, before, out));
        }
        end_list(out);
        out.push_str("},");
    }
}

/// Ends a list of which each item has a comma behind it.
fn end_list(out: &mut String) {
    if out.ends_with(',') {
        out.pop();
    }
    out.push(']');
}

/// The facts of the capture: the fields of the `frame` layer, without their prefix.
fn head(packet: &Packet, out: &mut String) {
    let Some(l) = packet.layers.first() else { return };
    for (i, f) in packet.fields_of(l).iter().enumerate() {
        out.push_str(if i > 0 { ",\"" } else { "\"" });
        let name = f.def.name;
        out.push_str(name.strip_prefix("frame.").unwrap_or(name));
        let mut short = Short::new();
        short.put(b"\":");
        value(packet, f, &mut short, out);
        short.append_to(out);
    }
}

/// What a layer of this protocol begins with.
fn begin(proto: &Identity, out: &mut String) {
    out.push_str("{\"osi\":");
    number(u64::from(proto.osi.number()), out);
    out.push_str(",\"protocol\":\"");
    out.push_str(proto.name);
    out.push_str("\",\"name\":\"");
    out.push_str(proto.title);
    out.push('"');
}

/// One of several fields, with a comma behind it. What stands before its value may be known; gives how long that is.
fn field(packet: &Packet, f: &Field, before: Option<&str>, out: &mut String) -> usize {
    let from = out.len();
    if let Some(before) = before {
        out.push_str(before);
    } else {
        out.push_str("{\"name\":\"");
        out.push_str(f.def.name);
        out.push_str("\",\"value\":");
    }
    let begin = out.len() - from;
    let mut short = Short::new();
    value(packet, f, &mut short, out);
    if f.span.len > 0 {
        place(f.span, &mut short, out);
        let mask = f.def.mask();
        if mask != 0 {
            short.put(b",\"mask\":");
            short.number(mask);
        }
    }
    if f.depth > 0 {
        short.put(b",\"depth\":");
        short.number(u64::from(f.depth));
    }
    short.put(b"},");
    short.append_to(out);
    begin
}

/// Adds a place to a text; what has no room any more goes to `out`.
fn place(span: Span, short: &mut Short, out: &mut String) {
    short.put(b",\"offset\":");
    short.number(u64::from(span.start));
    short.put(b",\"length\":");
    short.number(u64::from(span.len));
    if span.buf != 0 {
        short.move_to(out);
        short.put(b",\"buffer\":");
        short.number(u64::from(span.buf));
        short.put(b",\"reassembled\":true");
    }
}

fn trouble(t: &Trouble, out: &mut String) {
    out.push_str(",\"trouble\":{\"kind\":\"");
    match t {
        Trouble::CutByCapture { need, have } => {
            out.push_str("cut by capture\",\"need\":");
            number(u64::from(*need), out);
            out.push_str(",\"have\":");
            number(u64::from(*have), out);
        }
        Trouble::LengthLies { need, have, claimed_by } => {
            out.push_str("length lies\",\"need\":");
            number(u64::from(*need), out);
            out.push_str(",\"have\":");
            number(u64::from(*have), out);
            if let Some(def) = claimed_by {
                out.push_str(",\"claimed_by\":\"");
                out.push_str(def.name);
                out.push('"');
            }
        }
        Trouble::Malformed(why) => {
            out.push_str("malformed\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Breaks(why) => {
            out.push_str("breaks a rule\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Unshown(why) => {
            out.push_str("not all shown\",\"why\":");
            string(why.0.as_bytes(), out);
        }
    }
    out.push('}');
}

/// The buffers other than the frame, with the frames that gave their bytes.
fn buffers(packet: &Packet, out: &mut String) {
    let Some(others) = packet.buffers().get(1..).filter(|b| !b.is_empty()) else { return };
    out.push_str(",\"buffers\":[");
    for (i, b) in others.iter().enumerate() {
        out.push_str(if i > 0 { ",{\"id\":" } else { "{\"id\":" });
        number(i as u64 + 1, out);
        out.push_str(",\"kind\":\"");
        out.push_str(kind(b.kind));
        out.push_str("\",\"length\":");
        number(b.bytes.len() as u64, out);
        out.push_str(",\"sources\":[");
        for (i, s) in b.sources.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            out.push('[');
            number(s.frame, out);
            out.push(',');
            number(u64::from(s.start), out);
            out.push(',');
            number(u64::from(s.len), out);
            out.push(']');
        }
        out.push_str("]}");
    }
    out.push(']');
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
fn explanations(notes: &[Note], audience: Audience, out: &mut String) {
    out.push_str(",\"notes\":[");
    let mut first = true;
    for note in notes {
        let Some(layer) = note.layer.checked_sub(1) else { continue };
        out.push_str(if first { "{\"layer\":" } else { ",{\"layer\":" });
        first = false;
        number(layer as u64, out);
        for (key, text) in [("audience", audience.name()), ("truth", note.truth.name()), ("text", &note.text)] {
            out.push_str(",\"");
            out.push_str(key);
            out.push_str("\":");
            string(text.as_bytes(), out);
        }
        out.push_str(",\"because\":[");
        for (i, def) in note.because.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            string(def.name.as_bytes(), out);
        }
        out.push_str("]}");
    }
    out.push(']');
}

/// Adds a value to a text; what has no room there goes to `out`.
fn value(packet: &Packet, f: &Field, short: &mut Short, out: &mut String) {
    match f.value {
        Value::None | Value::Bool(true) => short.put(b"true"),
        Value::Bool(false) => short.put(b"false"),
        Value::Uint(n) => short.number(n),
        Value::Int(n) => {
            if n < 0 {
                short.put(b"-");
            }
            short.number(n.unsigned_abs());
        }
        Value::Nanos(n) => {
            short.put(b"\"");
            if f.def.kind == Kind::Millis {
                short.millis(n);
            } else {
                short.seconds(n, 9, 0);
            }
            short.put(b"\"");
        }
        Value::Text(s) => {
            short.move_to(out);
            string(packet.bytes(s), out);
        }
        Value::Bytes(s) => bytes(packet.bytes(s), f.def.kind, short, out),
    }
}

fn bytes(bytes: &[u8], kind: Kind, short: &mut Short, out: &mut String) {
    short.put(b"\"");
    match (kind, <[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Kind::Ipv4, Ok(four), _) => short.ipv4(four),
        (Kind::Ipv6, _, Ok(sixteen)) => {
            short.move_to(out);
            show::ipv6(sixteen, out);
        }
        _ => {
            short.move_to(out);
            show::hex_bytes(bytes, ":", out);
        }
    }
    short.put(b"\"");
}

fn number(n: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(n));
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
    let mut out = String::with_capacity(line.len() + 1);
    for c in line.chars() {
        // Quotes and backslashes are the library's; beyond strings there are no others of these.
        if matches!(c, ' '..='~') { out.push(c) } else { escaped(c, &mut out) }
    }
    out
}

/// A JSON string. Plain ASCII, nearly all there is, is copied at once, or run by run.
fn string(bytes: &[u8], out: &mut String) {
    out.push('"');
    if show::is_plain(bytes, b'"') {
        out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
        return out.push('"');
    }
    let plain = |b: &u8| matches!(b, b' '..=b'~' if !matches!(b, b'"' | b'\\'));
    for run in bytes.chunk_by(|a, b| plain(a) == plain(b)) {
        if run.first().is_some_and(plain) {
            out.push_str(std::str::from_utf8(run).unwrap_or_default());
            continue;
        }
        for chunk in run.utf8_chunks() {
            chunk.valid().chars().for_each(|c| escaped(c, out));
            if !chunk.invalid().is_empty() {
                out.push('\u{fffd}');
            }
        }
    }
    out.push('"');
}

fn escaped(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() || show::is_deceptive(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                show::hex_bytes(&unit.to_be_bytes(), "", out);
            }
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::RawFrame;
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    #[test]
    fn one_that_remembers_writes_what_one_without_memory_writes() {
        let (mut packet, mut tracker, mut writer) = (Packet::new(), Tracker::new(Limits::default()), Writer::new());
        for number in 1..=40 {
            let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
            let mut bytes = Vec::new();
            let says = format!("GET /{} HTTP/1.1\r\nHost: \"{}\"\r\n\r\n", number % 3, "x".repeat(number as usize));
            ip.tcp(4000, 80, 1 + 100 * number % 700, 1000).write(&mut bytes, says.as_bytes()).unwrap();
            walk(&RawFrame::whole(number.into(), bytes), &mut tracker, &mut packet);
            let (mut fresh, mut remembered) = (String::new(), String::new());
            line(&packet, None, &mut fresh);
            writer.line(&packet, None, &mut remembered);
            assert_eq!(fresh, remembered);
            let read: serde_json::Value = serde_json::from_str(&fresh).unwrap();
            assert_eq!(read["frame"]["number"], number);
        }
    }

    #[test]
    fn text_is_written_so_that_a_decoder_gives_it_back() {
        for text in
            ["plain", "", "a \"word\" and a \\", "zwölf · Äpfel\n\t\u{202e}\u{1}\u{7f}", "\"", "12345678\"", "世界"]
        {
            let mut out = String::new();
            string(text.as_bytes(), &mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text, "{out}");
            assert!(!out.contains(|c: char| c.is_control() || c == '\u{202e}'), "{out:?}");
        }
        let mut out = String::new();
        string(b"a\xffb\xfe", &mut out);
        assert_eq!(out, "\"a\u{fffd}b\u{fffd}\"");
    }
}
