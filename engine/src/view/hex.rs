//! The bytes of a layer, with its fields drawn on them. Brackets and letters say which byte is whose, so
//! it reads the same without colour.
//!
//! ```text
//!     0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00        ..............
//!           └───────a───────┘ └───────b───────┘ └─c─┘
//!     a  Destination                 02:00:00:00:00:02
//!     b  Source                      02:00:00:00:00:01
//!     c  Type                        0x0800 (IPv4)
//! ```

use super::measure::{cut, pad, repeat, spaces};
use super::outline::{self, Item, buffer_kind, bytes as count};
use super::theme::{Style, Theme};
use crate::model::{Field, Layer, Osi, Packet, Span, Value, show};

/// Bytes in a row, in every view.
pub const ROW: usize = 16;
/// Bytes of one layer that are drawn.
const MOST_BYTES: usize = 16 * ROW;
/// Buffers beside the layer's own that are drawn.
const MOST_BUFFERS: usize = 3;
/// What the fields are called on the bytes.
const KEYS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// The layers whose colours take turns on the fields.
const TURNS: [Osi; 4] = [Osi::Network, Osi::Session, Osi::Transport, Osi::Link];

/// Which field owns which of the drawn bytes, and the letters of the fields.
struct Drawing<'a> {
    items: Vec<Item<'a>>,
    /// The layer's own bytes, then those that it uncovered (unmasked, decompressed).
    regions: Vec<Region<'a>>,
    /// The fields that own bytes, in the order of their first byte.
    keyed: Vec<&'a Field>,
}

/// A run of bytes in one buffer.
struct Region<'a> {
    span: Span,
    bytes: &'a [u8],
    /// For each byte the field that claims it, if one does.
    owner: Vec<Option<&'a Field>>,
}

/// Where a row begins, in hexadecimal: at least so many digits.
pub fn offset(at: u64, digits: usize) -> String {
    let mut out = String::new();
    show::hex(at, digits, &mut out);
    out.split_off("0x".len())
}

/// A byte's two digits; of one that is hidden, dots.
pub fn digits(byte: u8, hidden: bool) -> String {
    if hidden { "··".to_owned() } else { format!("{byte:02x}") }
}

/// A byte as a character; of one that is hidden, a dot.
pub fn shown(byte: u8, hidden: bool) -> char {
    if hidden { '·' } else { character(byte) }
}

/// A byte as the right half of a row shows it: ASCII that can be printed, else a dot.
pub fn character(byte: u8) -> char {
    if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' }
}

/// Appends the bytes of a layer and the legend to them, at most `width` columns wide.
pub fn layer(packet: &Packet, layer: &Layer, theme: &Theme, width: usize, out: &mut String) {
    let drawing = Drawing::new(packet, layer);
    for region in &drawing.regions {
        // A layer whose fields are all computed (the frame itself) owns no byte.
        if region.owner.iter().all(Option::is_none) {
            continue;
        }
        if let Some(buffer) = packet.buffers().get(usize::from(region.span.buf)).filter(|_| region.span.buf > 0) {
            spaces(4, out);
            theme.faint.paint(buffer_kind(buffer.kind), out);
            theme.faint.paint(" bytes:", out);
            out.push('\n');
        }
        for row in 0..region.bytes.len().div_ceil(ROW) {
            drawing.row(region, row * ROW, theme, out);
        }
        let more = region.span.len.saturating_sub(u32::try_from(region.bytes.len()).unwrap_or(u32::MAX));
        if more > 0 {
            out.push_str("    … and ");
            count(more, out);
            out.push_str(" more\n");
        }
    }
    drawing.legend(packet, theme, width, out);
}

impl<'a> Region<'a> {
    /// A byte belongs to the smallest field that covers it; of equals, to the first.
    fn new(packet: &'a Packet, span: Span, items: &[Item<'a>]) -> Self {
        let all = packet.bytes(span);
        let bytes = all.get(..MOST_BYTES).unwrap_or(all);
        let mut owner: Vec<Option<&Field>> = vec![None; bytes.len()];
        for item in items {
            let Item::Field { field, part: false, .. } = *item else { continue };
            if !span.covers(field.span) {
                continue;
            }
            let from = (field.span.start - span.start) as usize;
            let to = from.saturating_add(field.span.len as usize).min(bytes.len());
            for cell in owner.get_mut(from..to).into_iter().flatten() {
                if cell.is_none_or(|old| field.span.len < old.span.len) {
                    *cell = Some(field);
                }
            }
        }
        Self { span, bytes, owner }
    }

    /// Whether two bytes belong to the same field, or both to none.
    fn together(&self, a: usize, b: usize) -> bool {
        match (self.owner.get(a).copied().flatten(), self.owner.get(b).copied().flatten()) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

/// Adds bytes of a layer that lie behind what it carries: a trailer, an extension. Neighbours share a region.
fn behind(layer: Span, field: Span, spans: &mut Vec<Span>) {
    if field.len == 0 || layer.buf != 0 || field.buf != 0 || field.start < layer.end() {
        return;
    }
    let near = |s: &&mut Span| s.buf == field.buf && s.start <= field.start && field.start <= s.end();
    if let Some(span) = spans.iter_mut().skip(1).find(near) {
        span.len = span.len.max(field.end() - span.start);
    } else if spans.len() <= MOST_BUFFERS {
        spans.push(field);
    }
}

impl<'a> Drawing<'a> {
    fn new(packet: &'a Packet, layer: &Layer) -> Self {
        let items: Vec<_> = outline::items(packet, layer).collect();
        let mut spans = vec![layer.span];
        for field in packet.fields_of(layer) {
            let known = field.span.len == 0 || spans.iter().any(|s| s.buf == field.span.buf);
            if let Some(buffer) = packet.buffers().get(usize::from(field.span.buf)).filter(|_| !known)
                && spans.len() <= MOST_BUFFERS
            {
                let len = u32::try_from(buffer.bytes.len()).unwrap_or(u32::MAX);
                spans.push(Span { buf: field.span.buf, start: 0, len });
            }
            behind(layer.span, field.span, &mut spans);
        }
        let regions: Vec<Region<'_>> = spans.into_iter().map(|span| Region::new(packet, span, &items)).collect();
        let mut keyed: Vec<&Field> = Vec::new();
        for field in regions.iter().flat_map(|r| r.owner.iter().flatten()) {
            if !keyed.iter().rev().any(|k| std::ptr::eq(*k, *field)) {
                keyed.push(field);
            }
        }
        Self { items, regions, keyed }
    }

    fn key(&self, field: &Field) -> Option<usize> {
        self.keyed.iter().position(|k| std::ptr::eq(*k, field))
    }

    /// A row of bytes, and under it the brackets.
    fn row(&self, region: &Region<'_>, from: usize, theme: &Theme, out: &mut String) {
        let to = (from + ROW).min(region.bytes.len());
        spaces(4, out);
        let place = offset(u64::from(region.span.start) + from as u64, 4);
        theme.faint.paint(&place, out);
        out.push_str("  ");
        let mut brackets = String::new();
        let mut labelled = false;
        let mut at = from;
        while at < to {
            let end = (at..to).find(|&i| !region.together(at, i)).unwrap_or(to);
            let key = region.owner.get(at).copied().flatten().and_then(|o| self.key(o));
            let style = style(theme, key);
            let run = region.bytes.get(at..end).unwrap_or(&[]);
            style.around(out, |out| show::hex_bytes(run, " ", out));
            out.push(' ');
            let opens = at == 0 || !region.together(at - 1, at);
            let closes = end == region.bytes.len() || !region.together(at, end);
            style.around(&mut brackets, |out| bracket(key, 3 * (end - at) - 1, opens, closes, out));
            brackets.push(' ');
            labelled |= key.is_some();
            at = end;
        }
        spaces(3 * (ROW - (to - from)) + 1, out);
        out.extend(region.bytes.get(from..to).unwrap_or(&[]).iter().copied().map(character));
        out.push('\n');
        if labelled {
            spaces(4 + place.len() + 2, out);
            out.push_str(brackets.trim_end());
            out.push('\n');
        }
    }

    /// A line for each field; what owns no byte of its own is under the letter before it.
    fn legend(&self, packet: &Packet, theme: &Theme, width: usize, out: &mut String) {
        let computed = |item: &Item<'_>| matches!(item, Item::Field { field, .. } if field.span.len == 0);
        for item in self.items.iter().filter(|i| !computed(i)) {
            let key = if let Item::Field { field, .. } = item { self.key(field) } else { None };
            spaces(4, out);
            style(theme, key).around(out, |out| out.push(key.map_or(' ', letter)));
            describe(packet, item, width.saturating_sub(5), out);
        }
        let mut heading = Some("    =  computed, not read from these bytes:\n").filter(|_| !self.keyed.is_empty());
        for item in self.items.iter().filter(|i| computed(i)) {
            theme.faint.paint(heading.take().unwrap_or(""), out);
            spaces(5, out);
            describe(packet, item, width.saturating_sub(5), out);
        }
    }
}

/// Appends the rest of a line of the legend: label and value.
fn describe(packet: &Packet, item: &Item<'_>, width: usize, out: &mut String) {
    let line = out.len();
    match item {
        Item::Field { field, depth, .. } => {
            spaces(2 + 2 * usize::from((*depth).min(6)), out);
            out.push_str(field.def.label);
            if !matches!(field.value, Value::None) {
                out.push(' ');
                pad(out, line, 30);
                show::value(packet, field, out);
            }
        }
        Item::NotSet { fields, depth } => {
            spaces(2 + 2 * usize::from((*depth).min(6)), out);
            outline::not_set(fields, out);
        }
        Item::More(n) => outline::more(*n, "field", out),
    }
    cut(out, line, width);
    out.push('\n');
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
        let raw = RawFrame::whole(1, bytes);
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
    a  Destination                 02:00:00:00:00:02
    b  Source                      02:00:00:00:00:01
    c  Type                        0x0800 (IPv4)
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
