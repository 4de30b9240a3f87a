//! Text for a full screen: as wide as there is room, as far down as is wanted, and harmless.

use crate::model::show;
use crate::view::measure::{cut, pad};

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
