//! The bytes of a layer, with its fields drawn on them. Brackets and letters say which byte is whose, so
//! it reads the same without colour.
//!
//! ```text
//!     0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00        ..............
//!           └───────a───────┘ └───────b───────┘ └─c─┘
//!     a  Destination           02:00:00:00:00:02
//!     b  Source                02:00:00:00:00:01
//!     c  Type                  0x0800 (IPv4)
//! ```

use super::measure::{cut, pad, repeat, spaces};
use super::outline::bytes as count;
use super::theme::{Style, Theme};
use crate::model::{Field, Layer, Osi, Packet, Value, show};

/// Bytes in a row.
const ROW: usize = 16;
/// Bytes of one layer that are drawn.
const MOST_BYTES: usize = 16 * ROW;
/// Fields of one layer that are drawn; those behind them count as unlabelled.
const MOST_FIELDS: usize = 200;
/// What the fields are called on the bytes.
const KEYS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// The layers whose colours take turns on the fields.
const TURNS: [Osi; 4] = [Osi::Network, Osi::Session, Osi::Transport, Osi::Link];

/// Which field owns which of the drawn bytes, and the letters of the fields.
struct Drawing<'a> {
    fields: &'a [Field],
    bytes: &'a [u8],
    /// For each byte the place of its field, if one claims it.
    owner: Vec<Option<usize>>,
    /// The fields that own bytes, in the order of their first byte.
    keyed: Vec<usize>,
}

/// Appends the bytes of a layer and the legend to them, at most `width` columns wide.
pub fn layer(packet: &Packet, layer: &Layer, theme: &Theme, width: usize, out: &mut String) {
    let drawing = Drawing::new(packet, layer);
    for row in 0..drawing.bytes.len().div_ceil(ROW) {
        drawing.row(row * ROW, layer.span.start as usize, theme, out);
    }
    let more = layer.span.len.saturating_sub(u32::try_from(drawing.bytes.len()).unwrap_or(u32::MAX));
    if more > 0 {
        out.push_str("    … and ");
        count(more, out);
        out.push_str(" more\n");
    }
    drawing.legend(packet, theme, width, out);
}

impl<'a> Drawing<'a> {
    fn new(packet: &'a Packet, layer: &Layer) -> Self {
        let fields = packet.fields_of(layer);
        let fields = fields.get(..MOST_FIELDS).unwrap_or(fields);
        let all = packet.bytes(layer.span);
        let bytes = all.get(..MOST_BYTES).unwrap_or(all);
        // A byte belongs to the smallest field that covers it; of equals, to the first.
        let mut owner: Vec<Option<usize>> = vec![None; bytes.len()];
        for (i, field) in fields.iter().enumerate().filter(|(_, f)| layer.span.covers(f.span)) {
            let from = (field.span.start - layer.span.start) as usize;
            let to = from.saturating_add(field.span.len as usize).min(bytes.len());
            for cell in owner.get_mut(from..to).into_iter().flatten() {
                let smaller = |old: usize| fields.get(old).is_none_or(|o| field.span.len < o.span.len);
                if cell.is_none_or(smaller) {
                    *cell = Some(i);
                }
            }
        }
        let mut keyed: Vec<usize> = Vec::new();
        for &i in owner.iter().flatten() {
            if keyed.last() != Some(&i) && !keyed.contains(&i) {
                keyed.push(i);
            }
        }
        Self { fields, bytes, owner, keyed }
    }

    fn key(&self, field: usize) -> Option<usize> {
        self.keyed.iter().position(|&k| k == field)
    }

    fn owner(&self, byte: usize) -> Option<usize> {
        self.owner.get(byte).copied().flatten()
    }

    /// A row of bytes, and under it the brackets.
    fn row(&self, from: usize, offset: usize, theme: &Theme, out: &mut String) {
        let to = (from + ROW).min(self.bytes.len());
        spaces(4, out);
        let mut place = String::new();
        show::hex((offset + from) as u64, 4, &mut place);
        theme.faint.paint(place.get(2..).unwrap_or(""), out);
        out.push_str("  ");
        let mut brackets = String::new();
        let mut at = from;
        while at < to {
            let owner = self.owner(at);
            let end = (at..to).find(|&i| self.owner(i) != owner).unwrap_or(to);
            let key = owner.and_then(|o| self.key(o));
            let style = style(theme, key);
            let run = self.bytes.get(at..end).unwrap_or(&[]);
            style.around(out, |out| show::hex_bytes(run, " ", out));
            out.push(' ');
            let opens = at == 0 || self.owner(at - 1) != owner;
            let closes = end == self.bytes.len() || self.owner(end) != owner;
            style.around(&mut brackets, |out| bracket(key, 3 * (end - at) - 1, opens, closes, out));
            brackets.push(' ');
            at = end;
        }
        spaces(3 * (ROW - (to - from)) + 1, out);
        for &b in self.bytes.get(from..to).unwrap_or(&[]) {
            out.push(if (b' '..=b'~').contains(&b) { char::from(b) } else { '.' });
        }
        out.push('\n');
        spaces(6 + place.len() - 2, out);
        out.push_str(brackets.trim_end());
        out.push('\n');
    }

    /// A line for each field; fields of the same bytes, and parts of bytes, stand under one letter.
    fn legend(&self, packet: &Packet, theme: &Theme, width: usize, out: &mut String) {
        let mut last = None;
        for (i, field) in self.fields.iter().enumerate() {
            if field.span.len == 0 {
                continue;
            }
            let key = self.key(i);
            let shared = last.is_some_and(|l: &Field| l.span.covers(field.span));
            if key.is_some() {
                last = Some(field);
            }
            spaces(4, out);
            let from = out.len();
            style(theme, key).around(out, |out| out.push(key.map_or(' ', letter)));
            let line = out.len();
            out.push_str(if key.is_none() && shared { "    " } else { "  " });
            describe(packet, field, line, out);
            cut(out, line, width.saturating_sub(5));
            debug_assert!(out.len() > from, "a line of the legend names its field");
            out.push('\n');
        }
        let computed: Vec<&Field> = self.fields.iter().filter(|f| f.span.len == 0).collect();
        if !computed.is_empty() {
            spaces(4, out);
            theme.faint.paint("=  computed, not in these bytes:", out);
            out.push('\n');
        }
        for field in computed {
            let line = out.len();
            spaces(7, out);
            describe(packet, field, line, out);
            cut(out, line, width);
            out.push('\n');
        }
    }
}

fn describe(packet: &Packet, field: &Field, line: usize, out: &mut String) {
    out.push_str(field.def.label);
    if !matches!(field.value, Value::None) {
        out.push(' ');
        pad(out, line, 28);
        show::value(packet, field, out);
    }
}

fn style(theme: &Theme, key: Option<usize>) -> &Style {
    match key.and_then(|k| TURNS.get(k % TURNS.len())) {
        Some(&osi) => theme.layer(osi),
        None => &theme.faint,
    }
}

fn letter(key: usize) -> char {
    KEYS.get(key).map_or('*', |&b| char::from(b))
}

/// `└──a──┘`, open where the field goes on in another row.
fn bracket(key: Option<usize>, width: usize, opens: bool, closes: bool, out: &mut String) {
    let Some(key) = key else { return spaces(width, out) };
    let inner = width.saturating_sub(if width > 2 { 3 } else { 2 });
    out.push(if opens { '└' } else { '─' });
    repeat('─', inner / 2, out);
    out.push(letter(key));
    repeat('─', inner - inner / 2, out);
    if width > 2 {
        out.push(if closes { '┘' } else { '─' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};

    fn drawn(payload: &[u8], index: usize) -> String {
        let mut bytes = Vec::new();
        etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .udp(40_000, 40_001)
            .write(&mut bytes, payload)
            .unwrap();
        let raw = RawFrame { number: 1, len: bytes.len() as u32, bytes, ..RawFrame::default() };
        let (mut packet, mut out) = (Packet::new(), String::new());
        walk(&raw, &mut NoMemory::default(), &mut packet);
        layer(&packet, &packet.layers[index], &Theme::new(false), 80, &mut out);
        out
    }

    #[test]
    fn each_byte_shows_by_its_bracket_whose_it_is() {
        let expected = "    \
    0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00        ..............
          └───────a───────┘ └───────b───────┘ └─c─┘
    a  Destination               02:00:00:00:00:02
    b  Source                    02:00:00:00:00:01
    c  Type                      0x0800 (IPv4)
";
        assert_eq!(drawn(&[], 1), expected);
    }

    #[test]
    fn a_field_that_goes_on_in_the_next_row_leaves_its_bracket_open() {
        let out = drawn(&[7; 40], 4);
        let brackets: Vec<&str> = out.lines().filter(|l| l.contains("─a─")).map(str::trim).collect();
        assert_eq!(brackets.len(), 3);
        assert!(brackets[0].starts_with('└') && brackets[0].ends_with('─'));
        assert!(brackets[1].starts_with('─') && brackets[1].ends_with('─'));
        assert!(brackets[2].starts_with('─') && brackets[2].ends_with('┘'));
    }

    #[test]
    fn a_giant_layer_is_cut_and_says_by_how_much() {
        let out = drawn(&[7; 1400], 4);
        assert!(out.contains("… and 1144 bytes more\n"), "{out}");
        assert!(out.lines().count() < 40);
    }
}
