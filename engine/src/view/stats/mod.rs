//! Counts as tables: numbers at the right, names at the left, exact bytes with a rounded size beside them.

mod object;

pub use object::object;

use super::measure::{pad, spaces, width};
use super::theme::Theme;
use crate::model::{Osi, show};
use crate::stats::{Count, End, Kind, Stats};
use std::cmp::Reverse;
use std::net::SocketAddr;

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Which protocol inside which.
    Hierarchy,
    /// In how many frames something of each OSI layer was seen.
    Layers,
    /// Who talked to whom.
    Conversations,
    /// Who talked.
    Endpoints,
}

impl Table {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Hierarchy, Self::Layers, Self::Conversations, Self::Endpoints];
}

/// A table in the making: a heading, and rows of as many cells.
struct Sheet {
    heads: Vec<&'static str>,
    /// Columns from the first that are text, and stand at the left.
    texts: usize,
    rows: Vec<Vec<String>>,
}

/// How much there was, then each of these tables; `most` rows of each kind of conversation or endpoint.
pub fn text(stats: &Stats, tables: &[Table], most: usize, columns: Option<usize>, theme: &Theme) -> String {
    let mut out = String::new();
    total(stats, theme, &mut out);
    for table in Table::ALL.into_iter().filter(|table| stats.all.frames > 0 && tables.contains(table)) {
        match table {
            Table::Hierarchy => hierarchy(stats, theme, &mut out),
            Table::Layers => layers(stats, theme, &mut out),
            Table::Conversations => conversations(stats, most, columns, theme, &mut out),
            Table::Endpoints => endpoints(stats, most, theme, &mut out),
        }
    }
    out
}

/// Appends how much there was.
fn total(stats: &Stats, theme: &Theme, out: &mut String) {
    theme.strong.around(out, |out| {
        grouped(stats.all.frames, out);
        out.push_str(if stats.all.frames == 1 { " frame, " } else { " frames, " });
        bytes(stats.all.bytes, out);
        match stats.span.and_then(|(first, last)| last.since(first)) {
            Some(lasted) => {
                out.push_str(", ");
                show::seconds(lasted, 6, out);
                out.push_str(" s");
            }
            None if stats.all.frames > 0 => out.push_str(", no times"),
            None => {}
        }
    });
    out.push('\n');
}

/// Appends which protocol is inside which.
fn hierarchy(stats: &Stats, theme: &Theme, out: &mut String) {
    title("Protocols, in the order in which a frame has them", theme, out);
    let mut sheet = Sheet::new(&["protocol", "frames", "%", "bytes", "size"], 1);
    // Depth first; the deepest place is bounded by the layers of a packet.
    let mut open = vec![(0usize, 0usize)];
    while let Some((at, depth)) = open.pop() {
        let Some(node) = stats.tree.get(at) else { continue };
        let mut name = String::new();
        spaces(2 * depth, &mut name);
        name.push_str(node.proto.name);
        let mut cells = vec![name];
        cells.extend(numbers(node.count, stats.all));
        sheet.rows.push(cells);
        open.extend(node.children.iter().rev().map(|&child| (child, depth + 1)));
    }
    sheet.write(theme, out);
    left_out(stats.tree_left_out, out);
}

/// Appends in how many frames something of each OSI layer was read.
fn layers(stats: &Stats, theme: &Theme, out: &mut String) {
    title("OSI layers, by the frames in which something of them was read", theme, out);
    let mut sheet = Sheet::new(&["layer", "frames", "%", "bytes", "size"], 1);
    for (osi, count) in Osi::ALL.into_iter().zip(stats.layers).rev() {
        if osi == Osi::Physical {
            continue;
        }
        let mut cells = vec![format!("{} {}", osi.number(), osi.name())];
        cells.extend(numbers(count, stats.all));
        sheet.rows.push(cells);
    }
    sheet.write(theme, out);
    theme.faint.paint("  Layer 1 is in no capture: every frame crossed it, and none shows it.", out);
    out.push('\n');
}

/// Columns that the whole table of conversations wants.
const WHOLE: usize = 110;

/// Appends who talked to whom, most bytes first; `most` rows of each kind. On a terminal of fewer than
/// 110 columns, sizes and times are left out.
fn conversations(stats: &Stats, most: usize, terminal: Option<usize>, theme: &Theme, out: &mut String) {
    let whole = terminal.is_none_or(|columns| columns >= WHOLE);
    for (kind, table) in Kind::ALL.into_iter().zip(&stats.conversations) {
        if table.rows.is_empty() {
            continue;
        }
        let mut rows: Vec<_> = table.rows.iter().collect();
        rows.sort_by_key(|c| Reverse(c.total().bytes));
        title_of(kind, "conversations", rows.len(), most, theme, out);
        let numbered = matches!(kind, Kind::Tcp | Kind::Udp);
        let mut heads = vec!["A", "B", "A→B frames", "bytes", "B→A frames", "bytes"];
        if whole {
            heads.extend(["size", "start s", "lasted s"]);
        }
        if numbered {
            heads.push("stream");
        }
        let mut sheet = Sheet::new(&heads, 2);
        for c in rows.into_iter().take(most) {
            let mut cells: Vec<String> = c.ends.into_iter().map(end).collect();
            for sent in c.sent {
                cells.extend([made(|out| grouped(sent.frames, out)), made(|out| grouped(sent.bytes, out))]);
            }
            if whole {
                cells.push(made(|out| size(c.total().bytes, out)));
                match stats.when(c) {
                    Some(times) => cells.extend(times.map(|nanos| made(|out| show::seconds(nanos, 6, out)))),
                    None => cells.extend(["-", "-"].map(str::to_owned)),
                }
            }
            if numbered {
                cells.push(c.stream.map_or(String::new(), |n| n.to_string()));
            }
            sheet.rows.push(cells);
        }
        sheet.write(theme, out);
        left_out(table.left_out, out);
    }
}

/// Appends who talked, most bytes first; `most` rows of each kind.
fn endpoints(stats: &Stats, most: usize, theme: &Theme, out: &mut String) {
    for (kind, table) in Kind::ALL.into_iter().zip(&stats.endpoints) {
        if table.rows.is_empty() {
            continue;
        }
        let mut rows: Vec<_> = table.rows.iter().collect();
        rows.sort_by_key(|e| Reverse(e.total().bytes));
        title_of(kind, "endpoints", rows.len(), most, theme, out);
        let mut sheet = Sheet::new(&["end", "sent frames", "bytes", "received frames", "bytes", "size"], 1);
        for e in rows.into_iter().take(most) {
            let mut cells = vec![end(e.end)];
            for part in [e.sent, e.received] {
                cells.extend([made(|out| grouped(part.frames, out)), made(|out| grouped(part.bytes, out))]);
            }
            cells.push(made(|out| size(e.total().bytes, out)));
            sheet.rows.push(cells);
        }
        sheet.write(theme, out);
        left_out(table.left_out, out);
    }
}

/// An end as people write it: `192.0.2.1:80`, `[2001:db8::1]:80`, `02:00:00:00:00:01`.
pub fn end(end: End) -> String {
    match end {
        End::Mac(bytes) => made(|out| show::mac(&bytes, out)),
        End::Ip(address) => address.ip().to_string(),
        End::Port(address, port) => SocketAddr::new(address.ip(), port).to_string(),
    }
}

impl Sheet {
    fn new(heads: &[&'static str], texts: usize) -> Self {
        Self { heads: heads.to_vec(), texts, rows: Vec::new() }
    }

    fn write(&self, theme: &Theme, out: &mut String) {
        let widest = |(i, head): (usize, &&str)| {
            let cells = self.rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell));
            cells.max().unwrap_or(0).max(width(head))
        };
        let columns: Vec<usize> = self.heads.iter().enumerate().map(widest).collect();
        let line = |cells: &mut dyn Iterator<Item = &str>, out: &mut String| {
            for (i, (cell, &column)) in cells.zip(&columns).enumerate() {
                out.push_str("  ");
                let from = out.len();
                if i >= self.texts {
                    spaces(column.saturating_sub(width(cell)), out);
                    out.push_str(cell);
                } else {
                    out.push_str(cell);
                    pad(out, from, column);
                }
            }
        };
        theme.faint.around(out, |out| line(&mut self.heads.iter().copied(), out));
        out.push('\n');
        for row in &self.rows {
            line(&mut row.iter().map(String::as_str), out);
            out.push('\n');
        }
    }
}

fn title(words: &str, theme: &Theme, out: &mut String) {
    out.push('\n');
    theme.strong.paint(words, out);
    out.push('\n');
}

/// `TCP conversations: 12, the 10 largest`
fn title_of(kind: Kind, what: &str, all: usize, most: usize, theme: &Theme, out: &mut String) {
    let name = match kind {
        Kind::Ethernet => "Ethernet",
        Kind::Ipv4 => "IPv4",
        Kind::Ipv6 => "IPv6",
        Kind::Tcp => "TCP",
        Kind::Udp => "UDP",
    };
    let mut words = format!("{name} {what}: ");
    grouped(all as u64, &mut words);
    if all > most {
        words.push_str(", the ");
        grouped(most as u64, &mut words);
        words.push_str(" largest");
    }
    title(&words, theme, out);
}

fn left_out(count: Count, out: &mut String) {
    if count.frames > 0 {
        out.push_str("  and ");
        grouped(count.frames, out);
        out.push_str(" frames (");
        size(count.bytes, out);
        out.push_str(") of others, for which there was no room\n");
    }
}

/// Frames, their share of all, bytes, and the rounded size.
fn numbers(count: Count, all: Count) -> [String; 4] {
    [
        made(|out| grouped(count.frames, out)),
        made(|out| share(count.frames, all.frames, out)),
        made(|out| grouped(count.bytes, out)),
        made(|out| size(count.bytes, out)),
    ]
}

fn made(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}

/// A share in per cent, with one decimal.
fn share(part: u64, all: u64, out: &mut String) {
    let tenths = u64::try_from((u128::from(part) * 2000 / u128::from(all.max(1))).div_ceil(2)).unwrap_or(u64::MAX);
    show::number(tenths / 10, out);
    out.push('.');
    show::number(tenths % 10, out);
}

/// A number with a comma before every three digits.
pub fn grouped(n: u64, out: &mut String) {
    let digits = n.to_string();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
}

/// `3,212 bytes (3.2 kB)`
fn bytes(n: u64, out: &mut String) {
    grouped(n, out);
    out.push_str(if n == 1 { " byte" } else { " bytes" });
    if n >= 1000 {
        out.push_str(" (");
        size(n, out);
        out.push(')');
    }
}

/// A size in units of a thousand, with one decimal where that says something: `512 B`, `3.2 kB`, `40 MB`.
fn size(n: u64, out: &mut String) {
    let (mut unit, mut scale) = ("B", 1u128);
    for bigger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        // What would round up to a thousand is one of the next unit.
        if u128::from(n) * 2 < scale * 1999 {
            break;
        }
        (unit, scale) = (bigger, scale * 1000);
    }
    let rounded = |by: u128| u64::try_from((u128::from(n) * by * 2 + scale) / (scale * 2)).unwrap_or(u64::MAX);
    let tenths = rounded(10);
    if tenths >= 100 || scale == 1 {
        show::number(rounded(1), out);
    } else {
        show::number(tenths / 10, out);
        out.push('.');
        show::number(tenths % 10, out);
    }
    out.push(' ');
    out.push_str(unit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_and_numbers_grouped() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (3212, "3.2 kB"),
            (9_999, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (40_123_456, "40 MB"),
            (u64::MAX, "18 EB"),
        ];
        for (n, expected) in cases {
            assert_eq!(made(|out| size(n, out)), expected, "{n}");
        }
        let group = |n| made(|out| grouped(n, out));
        assert_eq!([group(7), group(999), group(1000), group(1_234_567)], ["7", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn shares_have_one_decimal() {
        let of = |a, b| made(|out| share(a, b, out));
        assert_eq!([of(1, 3), of(2, 3), of(3, 3), of(0, 0)], ["33.3", "66.7", "100.0", "0.0"]);
    }

    #[test]
    fn numbers_stand_at_the_right_and_names_at_the_left() {
        let mut sheet = Sheet::new(&["name", "n"], 1);
        sheet.rows = vec![vec!["a".into(), "1".into()], vec!["longer".into(), "1,000".into()]];
        let mut out = String::new();
        sheet.write(&Theme::new(false), &mut out);
        assert_eq!(out, "  name        n\n  a           1\n  longer  1,000\n");
    }
}
