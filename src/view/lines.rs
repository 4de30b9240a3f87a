//! What was written, kept for a while: most of a packet was said of a packet before it.

use crate::model::{Field, FieldDef, Packet, Span, Value};

/// Lines that are kept; a power of two.
const KEPT: usize = 2048;
/// Lines of one row side by side: a field often says one thing in one direction and another in the other.
const VALUES: usize = 4;
/// Bytes of the longest line that is kept.
const LONGEST: usize = 160;

/// What lines of fields looked like.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<Line>);

#[derive(Debug)]
struct Line {
    of: Option<What>,
    text: String,
    /// Where the value begins.
    value: usize,
}

/// Everything that a line depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct What {
    /// The row, as a number: each is static.
    row: usize,
    span: Span,
    depth: u8,
    /// Which kind of value, and how many bytes it has.
    kind: u8,
    value: [u64; 3],
}

impl Lines {
    pub(super) fn new() -> Self {
        let line = || Line { of: None, text: String::with_capacity(LONGEST), value: 0 };
        Self((0..KEPT).map(|_| line()).collect())
    }

    /// Appends a field's line: as it was, if it's kept, else as `write` appends it. That is told what stands before the
    /// value, if that is known, and gives how many bytes it is.
    pub(super) fn field(
        &mut self,
        packet: &Packet,
        (field, depth): (&Field, u8),
        out: &mut String,
        write: impl FnOnce(&mut String, Option<&str>) -> usize,
    ) {
        self.line(What::of_field(packet, field, depth), out, write);
    }

    fn line(&mut self, what: Option<What>, out: &mut String, write: impl FnOnce(&mut String, Option<&str>) -> usize) {
        let Some((what, kept)) = what.and_then(|what| Some((what, self.0.get_mut(what.place())?))) else {
            write(out, None);
            return;
        };
        if kept.of == Some(what) {
            return out.push_str(&kept.text);
        }
        let same_row = kept.of.is_some_and(|of| (of.row, of.depth) == (what.row, what.depth));
        let stays = if same_row { kept.value } else { 0 };
        let from = out.len();
        let value = write(out, kept.text.get(..stays).filter(|before| !before.is_empty()));
        if out.len() - from <= LONGEST {
            kept.text.truncate(stays);
            kept.text.push_str(out.get(from + stays..).unwrap_or_default());
            (kept.of, kept.value) = (Some(what), value);
        }
    }
}

/// Kinds of paragraphs that are told apart; a power of two, several times what a capture usually has.
const KINDS: usize = 256;
/// Paragraphs of one kind side by side.
const SIDES: usize = 4;
/// Bytes of the longest paragraph that is kept.
const LONGEST_WRAPPED: usize = 4096;
/// Bytes by which their memory grows.
const STEP: usize = 256;

/// What paragraphs looked like when they were wrapped.
#[derive(Debug, Default)]
pub(super) struct Paragraphs(Vec<Paragraph>);

#[derive(Debug, Default)]
struct Paragraph {
    kind: usize,
    text: String,
    wrapped: String,
}

impl Paragraphs {
    pub(super) fn new() -> Self {
        Self((0..KINDS * SIDES).map(|_| Paragraph::default()).collect())
    }

    /// Appends a text as it was wrapped, if that is kept, else as `write` appends it. One kind looks always the same.
    pub(super) fn wrapped(&mut self, kind: usize, text: &str, out: &mut String, write: impl FnOnce(&mut String)) {
        let place = kind.wrapping_mul(0x9e37_79b9) / KINDS % KINDS * SIDES;
        let Some(kept) = self.0.get_mut(place..place + SIDES) else { return write(out) };
        if let Some(known) = kept.iter().find(|known| known.kind == kind && known.text == text) {
            return out.push_str(&known.wrapped);
        }
        let from = out.len();
        write(out);
        let wrapped = out.get(from..).unwrap_or_default();
        if wrapped.len() <= LONGEST_WRAPPED {
            // The eldest makes room.
            kept.rotate_right(1);
            if let Some(first) = kept.first_mut() {
                first.kind = kind;
                keep(text, &mut first.text);
                keep(wrapped, &mut first.wrapped);
            }
        }
    }
}

/// Writes a text in the place of another, whose memory grows in steps.
pub(super) fn keep(text: &str, into: &mut String) {
    into.clear();
    if into.capacity() < text.len() {
        into.reserve(text.len().next_multiple_of(STEP) + STEP);
    }
    into.push_str(text);
}

impl What {
    /// `None` for a value that is too long to be compared.
    fn of_field(packet: &Packet, field: &Field, depth: u8) -> Option<Self> {
        let number = |kind, n| (kind, [n, 0, 0]);
        let (kind, value) = match field.value {
            Value::None => number(0, 0),
            Value::Bool(b) => number(1, u64::from(b)),
            Value::Uint(n) => number(2, n),
            Value::Int(n) => number(3, n.cast_unsigned()),
            Value::Nanos(n) => number(4, n.cast_unsigned()),
            Value::Bytes(slice) => octets(5, packet.bytes(slice))?,
            Value::Text(slice) => octets(6 + OCTETS, packet.bytes(slice))?,
        };
        Some(Self { row: std::ptr::from_ref(field.def).addr(), span: field.span, depth, kind, value })
    }

    fn place(&self) -> usize {
        let [a, b, c] = self.value;
        // The upper bits of a product depend on all bits below them (Fibonacci hashing).
        let mixed = (a ^ b.rotate_left(32) ^ c.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        (self.row / size_of::<FieldDef>() * VALUES + usize::try_from(mixed).unwrap_or(0) % VALUES) % KEPT
    }
}

/// As many bytes as are compared: TCP's flags as letters and dots.
const OCTETS: u8 = 24;

fn octets(kind: u8, bytes: &[u8]) -> Option<(u8, [u64; 3])> {
    let mut all = [0; OCTETS as usize];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let word = |at: usize| all.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes);
    Some((kind + u8::try_from(bytes.len()).ok()?, [word(0), word(8), word(16)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BufferKind, Span};
    use crate::proto::{http, ipv4, tcp};

    #[test]
    fn a_line_is_kept_until_the_field_says_something_else() {
        let mut packet = Packet::new();
        let id = packet.add_buffer(BufferKind::Frame).unwrap();
        packet.buffer_mut(id).unwrap().bytes.extend(b"abcdefghijklmnopqrstuvwxyz");
        let slice = |start, len| Span { buf: 0, start, len };
        let (text, bytes) = (|start, len| Value::Text(slice(start, len)), |len| Value::Bytes(slice(0, len)));
        let different = [
            (&tcp::SRCPORT, 0, Value::Uint(80)),
            (&tcp::SRCPORT, 0, Value::Uint(81)),
            (&tcp::SRCPORT, 1, Value::Uint(80)),
            (&tcp::DSTPORT, 0, Value::Uint(80)),
            (&tcp::DSTPORT, 0, Value::Int(80)),
            (&ipv4::SRC, 0, bytes(4)),
            (&ipv4::SRC, 0, bytes(5)),
            (&http::HOST, 0, text(0, 4)),
            (&http::HOST, 0, text(1, 4)),
            (&http::HOST, 0, text(0, 16)),
        ];
        let mut lines = Lines::new();
        for round in 0..3 {
            for (n, (def, depth, value)) in different.into_iter().enumerate() {
                let field = Field { def, value, span: Span::default(), depth: 0 };
                let mut out = String::new();
                let before = format!("{}{depth}:", def.name);
                lines.field(&packet, (&field, depth), &mut out, |out, known| {
                    assert!(known.is_none_or(|known| known == before), "{known:?}");
                    out.push_str(known.unwrap_or(&before));
                    out.push_str(&n.to_string());
                    before.len()
                });
                assert_eq!(out, format!("{before}{n}"), "round {round}");
            }
        }
        let field = Field { def: &tcp::SRCPORT, value: Value::Uint(80), span: Span::default(), depth: 0 };
        let (mut out, mut written) = (String::new(), 0);
        for _ in 0..2 {
            lines.field(&packet, (&field, 0), &mut out, |out, _| {
                written += 1;
                out.push('a');
                0
            });
        }
        assert_eq!((out.as_str(), written), ("aa", 1));
    }

    #[test]
    fn a_paragraph_is_kept_by_its_kind_and_its_text() {
        let (mut paragraphs, mut written) = (Paragraphs::new(), 0);
        let long = "a".repeat(LONGEST_WRAPPED + 1);
        for _ in 0..2 {
            for (kind, text) in [(1, "one"), (1, "two"), (2, "one"), (1 + (KINDS << 8), "one"), (3, long.as_str())] {
                let mut out = String::new();
                paragraphs.wrapped(kind, text, &mut out, |out| {
                    written += 1;
                    out.extend([&kind.to_string(), text]);
                });
                assert_eq!(out, format!("{kind}{text}"));
            }
        }
        assert_eq!(written, 6, "only the long one is written again");
        for n in 0..2 * SIDES {
            paragraphs.wrapped(1, &n.to_string(), &mut String::new(), |out| out.push('a'));
        }
        paragraphs.wrapped(1, "two", &mut String::new(), |_| written += 1);
        assert_eq!(written, 7, "the eldest are forgotten");
    }

    #[test]
    fn what_is_long_is_written_each_time() {
        let mut packet = Packet::new();
        let id = packet.add_buffer(BufferKind::Frame).unwrap();
        packet.buffer_mut(id).unwrap().bytes.extend([b'a'; 25]);
        let field = |len, def| Field {
            def,
            value: Value::Text(Span { buf: 0, start: 0, len }),
            span: Span::default(),
            depth: 0,
        };
        let (mut lines, mut written) = (Lines::new(), 0);
        for (field, line) in [(field(25, &http::HOST), 1), (field(16, &http::SERVER), LONGEST + 1)] {
            for _ in 0..2 {
                lines.field(&packet, (&field, 0), &mut String::new(), |out, _| {
                    written += 1;
                    out.extend(std::iter::repeat_n('a', line));
                    0
                });
            }
        }
        assert_eq!(written, 4);
    }
}
