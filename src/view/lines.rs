//! What was written of fields, kept for a while: most fields of a packet say what they said in a packet before it.

use crate::model::{Field, FieldDef, Packet, Span, Value};

/// Lines that are kept; a power of two.
const KEPT: usize = 2048;
/// Lines of one row side by side: a field often says one thing in one direction and another in the other.
const VALUES: usize = 4;
/// Bytes of the longest line that is kept.
const LONGEST: usize = 160;

/// What fields' lines looked like.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<Line>);

#[derive(Debug)]
struct Line {
    of: Option<What>,
    text: String,
}

/// Everything that a field's line depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct What {
    /// The row, as a number: each is static.
    row: usize,
    span: Span,
    depth: u8,
    /// Which kind of value, and how many bytes it has.
    kind: u8,
    value: [u64; 2],
}

impl Lines {
    pub(super) fn new() -> Self {
        Self((0..KEPT).map(|_| Line { of: None, text: String::with_capacity(LONGEST) }).collect())
    }

    /// Appends a field's line: as it was, if it's kept, else as `write` appends it.
    pub(super) fn line(
        &mut self,
        packet: &Packet,
        (field, depth): (&Field, u8),
        out: &mut String,
        write: impl FnOnce(&mut String),
    ) {
        let what = What::of(packet, field, depth);
        let Some((what, kept)) = what.and_then(|what| Some((what, self.0.get_mut(what.place())?))) else {
            return write(out);
        };
        if kept.of == Some(what) {
            return out.push_str(&kept.text);
        }
        let from = out.len();
        write(out);
        if let Some(line) = out.get(from..).filter(|line| line.len() <= LONGEST) {
            kept.of = Some(what);
            kept.text.clear();
            kept.text.push_str(line);
        }
    }
}

impl What {
    /// `None` for a value that is too long to be compared.
    fn of(packet: &Packet, field: &Field, depth: u8) -> Option<Self> {
        let number = |kind, n| (kind, [n, 0]);
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
        let [a, b] = self.value;
        // The upper bits of a product depend on all bits below them (Fibonacci hashing).
        let mixed = (a ^ b.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        (self.row / size_of::<FieldDef>() * VALUES + usize::try_from(mixed).unwrap_or(0) % VALUES) % KEPT
    }
}

/// As many bytes as are compared.
const OCTETS: u8 = 16;

fn octets(kind: u8, bytes: &[u8]) -> Option<(u8, [u64; 2])> {
    let mut all = [0; OCTETS as usize];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let (low, high) = all.split_at(8);
    let word = |half: &[u8]| half.try_into().map_or(0, u64::from_ne_bytes);
    Some((kind + u8::try_from(bytes.len()).ok()?, [word(low), word(high)]))
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
                lines.line(&packet, (&field, depth), &mut out, |out| out.push_str(&n.to_string()));
                assert_eq!(out, n.to_string(), "round {round}");
            }
        }
        let field = Field { def: &tcp::SRCPORT, value: Value::Uint(80), span: Span::default(), depth: 0 };
        let (mut out, mut written) = (String::new(), 0);
        for _ in 0..2 {
            lines.line(&packet, (&field, 0), &mut out, |out| {
                written += 1;
                out.push('a');
            });
        }
        assert_eq!((out.as_str(), written), ("aa", 1));
    }

    #[test]
    fn what_is_long_is_written_each_time() {
        let mut packet = Packet::new();
        let id = packet.add_buffer(BufferKind::Frame).unwrap();
        packet.buffer_mut(id).unwrap().bytes.extend([b'a'; 17]);
        let field = |len, def| Field {
            def,
            value: Value::Text(Span { buf: 0, start: 0, len }),
            span: Span::default(),
            depth: 0,
        };
        let (mut lines, mut written) = (Lines::new(), 0);
        for (field, line) in [(field(17, &http::HOST), 1), (field(16, &http::SERVER), LONGEST + 1)] {
            for _ in 0..2 {
                lines.line(&packet, (&field, 0), &mut String::new(), |out| {
                    written += 1;
                    out.extend(std::iter::repeat_n('a', line));
                });
            }
        }
        assert_eq!(written, 4);
    }
}
