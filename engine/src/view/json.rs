//! JSON, one object a packet, to the contract of `schema/packet.json` (version 1).
//!
//! Names, values, offsets and lengths are Wireshark's. Text is escaped so far that no byte of a packet
//! can steer a terminal; a decoder gives back what was sent, with U+FFFD for what is not UTF-8.

use super::around::{Around, Known};
use super::ink::{Ink, Pen};
use crate::model::short::Short;
use crate::model::{BufferKind, Field, FieldDef, Identity, Kind, Layer, Packet, Span, Trouble, Value, show};
use crate::proto::frame;
use crate::tutor::{Audience, Note};
use serde::Serialize;

/// Bytes of the longest value in hexadecimal that is put together in one piece.
const PIECE: usize = 16;
/// Bytes of the longest text that is.
const SHORT: usize = 64;
/// Bytes of a text that are written one by one, behind one that can't be copied. None becomes more than six.
const AT_ONCE: usize = 32;

/// Writes one packet after the other, and remembers what it wrote around their values.
#[derive(Debug, Default)]
pub struct Writer(Known);

/// Appends the packet's object and a newline.
pub fn line(packet: &Packet, notes: Option<(&[Note], Audience)>, out: &mut String) {
    let mut ink = Ink::default();
    Writer::new().line(packet, notes, &mut ink);
    out.push_str(&String::from_utf8_lossy(ink.bytes()));
}

impl Writer {
    /// One that has written nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same as [`line()`].
    pub fn line(&mut self, packet: &Packet, notes: Option<(&[Note], Audience)>, out: &mut Ink) {
        out.add("{\"v\":1,\"frame\":{");
        if let Some(facts) = packet.layers.first() {
            self.fields(packet, facts, (fact, comma), out);
        }
        out.take_back(b',');
        out.add("},\"layers\":[");
        for l in packet.layers.iter().filter(|l| !std::ptr::eq(l.proto, &raw const frame::ABOUT)) {
            self.layer(packet, l, out);
        }
        end_list(out);
        buffers(packet, out);
        if let Some((notes, audience)) = notes {
            explanations(notes, audience, out);
        }
        out.add("}\n");
    }

    /// One of several layers, with a comma behind it.
    fn layer(&mut self, packet: &Packet, l: &Layer, out: &mut Ink) {
        let Some(around) = self.0.of(l.proto, layer) else { return };
        around.see(&l.span, u8::from(l.quoted), |short| {
            place(l.span, short);
            if l.quoted {
                short.put(b",\"quoted\":true");
            }
        });
        around.write(out, |_| {});
        if let Some(t) = &l.trouble {
            trouble(t, out);
        }
        out.short(|pen| pen.put(b",\"fields\":["));
        self.fields(packet, l, (field, behind), out);
        end_list(out);
        out.short(|pen| pen.put(b"},"));
    }

    /// The fields of a layer, each with a comma behind it.
    fn fields(&mut self, packet: &Packet, l: &Layer, (before, behind): Texts, out: &mut Ink) {
        for f in packet.fields_of(l) {
            let Some(around) = self.0.of(f.def, before) else { return };
            around.see(&f.span, f.depth, |short| behind(f, short));
            match f.value {
                Value::Text(s) => text(packet.bytes(s), around, out),
                Value::Bytes(s) => bytes(packet.bytes(s), f.def.kind, around, out),
                Value::Nanos(n) => nanos(n, f.def.kind, around, out),
                // What nearly all are, and therefore here.
                Value::Uint(n) => around.write(out, |pen| pen.number(n)),
                Value::Bool(false) => around.write(out, |pen| pen.put(b"false")),
                Value::None | Value::Bool(true) => around.write(out, |pen| pen.put(b"true")),
                Value::Int(n) => around.write(out, |pen| pen.signed(n)),
            }
        }
    }
}

/// What writes the texts before and behind a value.
type Texts = (fn(&'static FieldDef) -> Short, fn(&Field, &mut Short));

/// Ends a list of which each item has a comma behind it.
fn end_list(out: &mut Ink) {
    out.take_back(b',');
    out.short(|pen| pen.put(b"]"));
}

// ---- what stands around a value

/// Texts put together.
fn joined(parts: &[&str]) -> Short {
    let mut short = Short::new();
    for part in parts {
        short.add(part.as_bytes());
    }
    short
}

/// A fact of the capture goes without its prefix.
fn fact(def: &'static FieldDef) -> Short {
    joined(&["\"", def.name.strip_prefix("frame.").unwrap_or(def.name), "\":"])
}

fn comma(_: &Field, short: &mut Short) {
    short.put(b",");
}

/// One of several fields.
fn field(def: &'static FieldDef) -> Short {
    joined(&["{\"name\":\"", def.name, "\",\"value\":"])
}

fn behind(f: &Field, short: &mut Short) {
    if f.span.len > 0 {
        place(f.span, short);
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
}

/// What a layer of this protocol begins with.
fn layer(proto: &'static Identity) -> Short {
    let mut short = joined(&["{\"osi\":"]);
    short.number(u64::from(proto.osi.number()));
    short.add(joined(&[",\"protocol\":\"", proto.name, "\",\"name\":\"", proto.title, "\""]).bytes());
    short
}

#[inline]
fn place(span: Span, short: &mut Short) {
    short.put(b",\"offset\":");
    short.number(u64::from(span.start));
    short.put(b",\"length\":");
    short.number(u64::from(span.len));
    if span.buf != 0 {
        short.put(b",\"buffer\":");
        short.number(u64::from(span.buf));
        short.put(b",\"reassembled\":true");
    }
}

// ---- values

#[inline(never)]
fn nanos(n: i64, kind: Kind, around: &Around, out: &mut Ink) {
    around.quoted(out, |pen| if kind == Kind::Millis { pen.millis(n) } else { pen.seconds(n, 9) });
}

#[inline(never)]
fn bytes(bytes: &[u8], kind: Kind, around: &Around, out: &mut Ink) {
    match (kind, bytes.len(), bytes.first_chunk(), bytes.first_chunk()) {
        (Kind::Ipv4, 4, Some(four), _) => around.quoted(out, |pen| pen.ipv4(*four)),
        (Kind::Ipv6, 16, _, Some(sixteen)) => around.quoted(out, |pen| pen.ipv6(*sixteen)),
        (_, ..=PIECE, ..) => around.quoted(out, |pen| pen.octets(bytes)),
        _ => {
            out.short(|pen| {
                pen.again(&around.before);
                pen.put(b"\"");
            });
            for piece in bytes.chunks(PIECE) {
                out.short(|pen| {
                    pen.octets(piece);
                    pen.put(b":");
                });
            }
            out.take_back(b':');
            out.short(|pen| {
                pen.put(b"\"");
                pen.again(&around.behind);
            });
        }
    }
}

fn text(bytes: &[u8], around: &Around, out: &mut Ink) {
    if bytes.len() <= SHORT && harmless_at_first(bytes) == bytes.len() {
        return around.quoted(out, |pen| pen.add(bytes));
    }
    out.short(|pen| pen.again(&around.before));
    string(bytes, out);
    out.short(|pen| pen.again(&around.behind));
}

fn trouble(t: &Trouble, out: &mut Ink) {
    out.add(",\"trouble\":{\"kind\":\"");
    match t {
        Trouble::CutByCapture { need, have } => {
            out.add("cut by capture\",\"need\":");
            out.number(u64::from(*need));
            out.add(",\"have\":");
            out.number(u64::from(*have));
        }
        Trouble::LengthLies { need, have, claimed_by } => {
            out.add("length lies\",\"need\":");
            out.number(u64::from(*need));
            out.add(",\"have\":");
            out.number(u64::from(*have));
            if let Some(def) = claimed_by {
                out.add(",\"claimed_by\":\"");
                out.add(def.name);
                out.add("\"");
            }
        }
        Trouble::Malformed(why) => {
            out.add("malformed\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Breaks(why) => {
            out.add("breaks a rule\",\"why\":");
            string(why.0.as_bytes(), out);
        }
        Trouble::Unshown(why) => {
            out.add("not all shown\",\"why\":");
            string(why.0.as_bytes(), out);
        }
    }
    out.add("}");
}

/// The buffers other than the frame, with the frames that gave their bytes.
fn buffers(packet: &Packet, out: &mut Ink) {
    let Some(others) = packet.buffers().get(1..).filter(|b| !b.is_empty()) else { return };
    out.add(",\"buffers\":[");
    for (i, b) in others.iter().enumerate() {
        out.add(if i > 0 { ",{\"id\":" } else { "{\"id\":" });
        out.number(i as u64 + 1);
        out.add(",\"kind\":\"");
        out.add(kind(b.kind));
        out.add("\",\"length\":");
        out.number(b.bytes.len() as u64);
        out.add(",\"sources\":[");
        for (i, s) in b.sources.iter().enumerate() {
            if i > 0 {
                out.add(",");
            }
            out.add("[");
            out.number(s.frame);
            out.add(",");
            out.number(u64::from(s.start));
            out.add(",");
            out.number(u64::from(s.len));
            out.add("]");
        }
        out.add("]}");
    }
    out.add("]");
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
fn explanations(notes: &[Note], audience: Audience, out: &mut Ink) {
    out.add(",\"notes\":[");
    let mut first = true;
    for note in notes {
        let Some(layer) = note.layer.checked_sub(1) else { continue };
        out.add(if first { "{\"layer\":" } else { ",{\"layer\":" });
        first = false;
        out.number(layer as u64);
        for (key, text) in [("audience", audience.name()), ("truth", note.truth.name()), ("text", &note.text)] {
            out.add(",\"");
            out.add(key);
            out.add("\":");
            string(text.as_bytes(), out);
        }
        out.add(",\"because\":[");
        for (i, def) in note.because.iter().enumerate() {
            if i > 0 {
                out.add(",");
            }
            string(def.name.as_bytes(), out);
        }
        out.add("]}");
    }
    out.add("]");
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
    let mut out = Ink::default();
    for c in line.chars() {
        // Quotes and backslashes are the library's; beyond strings there are no others of these.
        out.short(|pen| match c {
            '"' | '\\' => pen.put(&[c as u8]),
            _ => escaped(c, pen),
        });
    }
    String::from_utf8_lossy(out.bytes()).into_owned()
}

/// Appends a JSON string. Plain ASCII, nearly all there is, is copied at once, or run by run.
fn string(bytes: &[u8], out: &mut Ink) {
    out.add("\"");
    let mut rest = bytes;
    while !rest.is_empty() {
        let (stays, odd) = rest.split_at(harmless_at_first(rest));
        out.add(stays);
        rest = odd;
        out.short(|pen| {
            let end = odd.len().saturating_sub(AT_ONCE);
            while rest.len() > end {
                rest = first_escaped(rest, pen);
            }
        });
    }
    out.add("\"");
}

/// Adds the first character as it stands in a JSON string; gives what is behind it.
#[inline]
fn first_escaped<'a>(bytes: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
    let Some((&first, rest)) = bytes.split_first() else { return bytes };
    let (text, len) = ALONE[usize::from(first)];
    if len == 0 {
        return wide(bytes, pen);
    }
    pen.some(&text, len);
    rest
}

/// The same of one that may be wider than a byte.
fn wide<'a>(bytes: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
    // None is longer than four bytes, nor is what is left of one.
    let four = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    let Some(chunk) = four.utf8_chunks().next() else { return bytes };
    let len = if let Some(c) = chunk.valid().chars().next() {
        escaped(c, pen);
        c.len_utf8()
    } else {
        pen.put(b"\xef\xbf\xbd");
        chunk.invalid().len()
    };
    bytes.get(len..).unwrap_or_default()
}

/// How many of the first bytes are plain ASCII or Latin letters and signs of two bytes: TCP's flags have dots among them.
fn harmless_at_first(bytes: &[u8]) -> usize {
    let mut count = 0;
    loop {
        count += show::plain_at_first(bytes.get(count..).unwrap_or_default(), b'"');
        let (pairs, _) = bytes.get(count..).unwrap_or_default().as_chunks::<2>();
        // From U+00AE to U+034E nothing is hidden.
        let latin = |&&pair: &&[u8; 2]| matches!(pair, [0xc2, 0xae..=0xbf] | [0xc3..=0xcc, 0x80..=0xbf]);
        match pairs.iter().take_while(latin).count() {
            0 => return count,
            letters => count += 2 * letters,
        }
    }
}

/// Adds a character as it stands in a JSON string.
fn escaped(c: char, pen: &mut Pen<'_>) {
    match u8::try_from(c) {
        Ok(byte @ ..=0x7f) => _ = first_escaped(&[byte], pen),
        _ if c.is_control() || show::is_deceptive(c) => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                pen.put(b"\\u");
                unit.to_be_bytes().into_iter().for_each(|byte| pen.hex(byte));
            }
        }
        _ => pen.add(c.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Each byte as it stands in a JSON string, if that's known without the next, and how long that is.
static ALONE: [([u8; 8], u8); 256] = {
    let (mut all, mut n) = ([([0; 8], 0); 256], 0u8);
    loop {
        let [high, low] = Short::digits_of(n);
        all[n as usize] = match n {
            b'"' | b'\\' => ([b'\\', n, 0, 0, 0, 0, 0, 0], 2),
            b'\n' => (*b"\\n      ", 2),
            b'\r' => (*b"\\r      ", 2),
            b'\t' => (*b"\\t      ", 2),
            b' '..=b'~' => ([n, 0, 0, 0, 0, 0, 0, 0], 1),
            ..=0x7f => ([b'\\', b'u', b'0', b'0', high, low, 0, 0], 6),
            // No character begins with these (RFC 3629 §4): U+FFFD.
            0x80..=0xc1 | 0xf5.. => (*b"\xef\xbf\xbd     ", 3),
            _ => ([0; 8], 0),
        };
        if n == u8::MAX {
            break all;
        }
        n += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::RawFrame;
    use crate::proto::walk;
    use etherparse::PacketBuilder;
    use proptest::prelude::*;

    #[test]
    fn one_that_remembers_writes_what_one_without_memory_writes() {
        let (mut packet, mut tracker, mut writer) = (Packet::new(), Tracker::new(Limits::default()), Writer::new());
        for number in 1..=40 {
            let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
            let mut bytes = Vec::new();
            let says = format!("GET /{} HTTP/1.1\r\nHost: \"{}\"\r\n\r\n", number % 3, "x".repeat(number as usize));
            ip.tcp(4000, 80, 1 + 100 * number % 700, 1000).write(&mut bytes, says.as_bytes()).unwrap();
            walk(&RawFrame::whole(number.into(), bytes), &mut tracker, &mut packet);
            let (mut fresh, mut ink) = (String::new(), Ink::default());
            line(&packet, None, &mut fresh);
            writer.line(&packet, None, &mut ink);
            assert_eq!(fresh.as_bytes(), ink.bytes());
            let read: serde_json::Value = serde_json::from_str(&fresh).unwrap();
            assert_eq!(read["frame"]["number"], number);
        }
    }

    #[test]
    fn what_stands_before_a_value_has_room_for_every_name() {
        for protocol in crate::proto::REGISTRY {
            assert!(layer(protocol.about).bytes().ends_with(format!("{}\"", protocol.about.title).as_bytes()));
            for def in protocol.about.fields {
                let text = String::from_utf8(field(def).bytes().to_vec()).unwrap();
                assert_eq!(text, format!("{{\"name\":\"{}\",\"value\":", def.name));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_not_utf8_is_replaced_as_the_standard_library_replaces_it(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[ -~]{0,20}".prop_map(String::into_bytes),
                    any::<char>().prop_map(|c| c.to_string().into_bytes()),
                    prop::collection::vec(any::<u8>(), 0..80),
                    prop::sample::select(vec![&b"\xf0\x9f"[..], b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xf4\x90", b"\0\x7f"])
                        .prop_map(<[u8]>::to_vec),
                ],
                0..12,
            ),
        ) {
            let (bytes, mut out) = (pieces.concat(), Ink::default());
            string(&bytes, &mut out);
            let out = std::str::from_utf8(out.bytes()).unwrap();
            prop_assert!(!out.contains(|c: char| c.is_control() || c == '\u{202e}'), "{out:?}");
            prop_assert_eq!(serde_json::from_str::<String>(out).unwrap(), String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn text_is_written_so_that_a_decoder_gives_it_back() {
        for text in [
            "plain",
            "",
            "a \"word\" and a \\",
            "zwölf · Äpfel\n\t\u{202e}\u{1}\u{7f}",
            "\"",
            "·······A···S",
            "a·\n·b\u{ad}c\u{ae}",
            "12345678\"",
            "世界",
        ] {
            let mut out = Ink::default();
            string(text.as_bytes(), &mut out);
            let out = std::str::from_utf8(out.bytes()).unwrap();
            assert_eq!(serde_json::from_str::<String>(out).unwrap(), text, "{out}");
            assert!(!out.contains(|c: char| c.is_control() || c == '\u{202e}'), "{out:?}");
        }
        let mut out = Ink::default();
        string(b"a\xffb\xfe", &mut out);
        assert_eq!(out.bytes(), "\"a\u{fffd}b\u{fffd}\"".as_bytes());
    }
}
