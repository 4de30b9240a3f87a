//! Text for a full screen: as wide as there is room, as far down as is wanted, and harmless.

use super::paint::Paint;
use crate::model::show;
use crate::view::measure::{cut, pad, width, wrap};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// Cut to this many columns.
pub(super) fn fit(text: &str, width: usize) -> String {
    let mut out = text.to_owned();
    cut(&mut out, 0, width);
    out
}

/// What was typed, or names a file, without anything that a terminal obeys or that turns text round.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::new();
    show::escape_prose(text, &mut out);
    out
}

/// The first row, moved as little as it must so that `at` is in sight.
pub(super) fn scrolled(top: usize, at: usize, rows: usize, all: usize) -> usize {
    let rows = rows.max(1);
    top.min(at).max((at + 1).saturating_sub(rows)).min(all.saturating_sub(rows.min(all)))
}

/// A column: cut or filled, with two blanks after it.
pub(super) fn field(out: &mut String, text: &str, width: usize) {
    let from = out.len();
    out.push_str(text);
    cut(out, from, width);
    pad(out, from, width + 2);
}

/// The page of keys: what each does begins at column `at`, and goes on below where it's too long; the notes after them.
pub(super) fn keys_page<'k>(
    keys: impl Iterator<Item = (&'k str, &'k str)>,
    notes: &[&str],
    at: usize,
    columns: usize,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, does) in keys {
        for (i, part) in wrap(does, columns.saturating_sub(at).max(12)).enumerate() {
            lines.push(format!("{:<at$}{part}", if i == 0 { key } else { "" }));
        }
    }
    lines.push(String::new());
    lines.extend(notes.iter().flat_map(|note| wrap(note, columns)).map(str::to_owned));
    lines
}

/// The keys that a last line names, as far as there is room, the first ones first; never without the last `kept`.
pub(super) fn footer(keys: &[&str], kept: usize, columns: usize) -> String {
    let (rest, last) = keys.split_at(keys.len().saturating_sub(kept));
    let end = last.join(" · ");
    let mut text = String::new();
    for key in rest {
        if width(&text) + width(key) + width(&end) + 6 > columns {
            break;
        }
        text.push_str(key);
        text.push_str(" · ");
    }
    fit(&(text + &end), columns)
}

/// A line that a view painted for a terminal, painted for this screen.
pub(super) fn painted(line: &str, paint: Paint) -> Line<'static> {
    let mut spans = Vec::new();
    let mut pieces = line.split('\x1b');
    spans.extend(pieces.next().filter(|text| !text.is_empty()).map(|text| Span::raw(text.to_owned())));
    for piece in pieces {
        let (codes, text) = piece.split_once('m').unwrap_or(("", piece));
        let codes = codes.trim_start_matches('[').split(';');
        let style = codes.fold(Style::new(), |style, code| match code {
            "1" => style.add_modifier(Modifier::BOLD),
            "2" => style.patch(paint.faint()),
            "31" => style.fg(Color::Red),
            "32" => style.fg(Color::Green),
            // Yellow letters can't be read on a bright projector.
            "33" => style.patch(Paint::inferred()),
            "35" => style.fg(Color::Magenta),
            "36" => style.fg(Color::Cyan),
            "92" => style.fg(Color::LightGreen),
            "94" => style.fg(Color::LightBlue),
            _ => style,
        });
        if !text.is_empty() {
            spans.push(Span::styled(text.to_owned(), style));
        }
    }
    Line::from(spans)
}
