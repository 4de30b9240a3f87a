//! Text for a full screen: as wide as there is room, as far down as is wanted, and harmless.

use super::paint::Paint;
use crate::model::show;
use crate::tty::table::{Does, rows};
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

/// The page of a screen's keys: what each does begins in one column, and goes on below where it's too long; the notes
/// after them.
pub(super) fn keys_page(screen: u8, notes: &[&str], columns: usize) -> Vec<String> {
    let at = if columns < 72 { 17 } else { 20 };
    let mut lines = Vec::new();
    for row in rows(screen) {
        let names = row.names();
        for (i, part) in wrap(row.says, columns.saturating_sub(at).max(12)).enumerate() {
            lines.push(format!("{:<at$}{part}", if i == 0 { names.as_str() } else { "" }));
        }
    }
    lines.push(String::new());
    lines.extend(notes.iter().flat_map(|note| wrap(note, columns)).map(str::to_owned));
    lines
}

/// Where a page of text begins after a key: `top` before it, with `rows` in sight, `last` at most. `None`: it's left.
pub(super) fn scrolled_by(does: Option<Does>, top: usize, rows: usize, last: usize) -> Option<usize> {
    let rows = rows.max(1);
    Some(match does {
        Some(Does::Up) => top.saturating_sub(1),
        Some(Does::Down | Does::Take) => (top + 1).min(last),
        Some(Does::PageUp | Does::ReadBack) => top.saturating_sub(rows),
        Some(Does::PageDown | Does::Read) => (top + rows).min(last),
        Some(Does::First) => 0,
        Some(Does::Last) => last,
        Some(Does::Leave | Does::Quit | Does::Help) => return None,
        _ => top,
    })
}

/// The keys that a last line names, as far as there is room, the first ones first; never without the last `kept`.
pub(super) fn footer<S: AsRef<str>>(keys: &[S], kept: usize, columns: usize) -> String {
    let (rest, last) = keys.split_at(keys.len().saturating_sub(kept));
    let end = last.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" · ");
    let mut text = String::new();
    for key in rest.iter().map(AsRef::as_ref) {
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
