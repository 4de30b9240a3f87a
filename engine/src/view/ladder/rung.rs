//! One row of a ladder: texts at their columns, and the lines wherever nothing covers them.

use super::super::measure::{spaces, width};
use super::super::theme::Style;

/// A row in the making.
pub(super) struct Rung<'r> {
    bars: &'r [usize],
    parts: Vec<(usize, String, Option<&'r Style>)>,
}

impl<'r> Rung<'r> {
    /// An empty row with lines at these columns.
    pub(super) fn new(bars: &'r [usize]) -> Self {
        Self { bars, parts: Vec::new() }
    }

    /// Puts a text in a style.
    pub(super) fn put(&mut self, at: usize, text: &str, style: &'r Style) {
        self.parts.push((at, text.to_owned(), Some(style)));
    }

    /// Puts a text as it is.
    pub(super) fn raw(&mut self, at: usize, text: &str) {
        self.parts.push((at, text.to_owned(), None));
    }

    /// Puts a text beside a line, on the side where another line is.
    pub(super) fn beside(&mut self, bar: usize, other: usize, text: &str, style: &'r Style) {
        if text.is_empty() {
            return;
        }
        let at = if other >= bar { bar + 2 } else { bar.saturating_sub(1 + width(text)) };
        self.put(at, text, style);
    }

    /// Appends the row from its first column on.
    pub(super) fn draw(self, out: &mut String) {
        let first = self.bars.first().copied().unwrap_or(0);
        spaces(first, out);
        self.finish(out);
    }

    /// Appends the row from its first line on: what is before that is there already.
    pub(super) fn finish(mut self, out: &mut String) {
        self.parts.sort_by_key(|(at, ..)| *at);
        let mut at = self.bars.first().copied().unwrap_or(0);
        for (begin, text, style) in &self.parts {
            if *begin < at {
                continue;
            }
            self.fill(at, *begin, out);
            match style {
                Some(style) => style.paint(text, out),
                None => out.push_str(text),
            }
            at = begin + width(text);
        }
        self.fill(at, self.bars.last().map_or(0, |last| last + 1), out);
        out.push('\n');
    }

    fn fill(&self, from: usize, to: usize, out: &mut String) {
        let mut at = from;
        for &bar in self.bars.iter().filter(|bar| (from..to).contains(bar)) {
            spaces(bar - at, out);
            out.push('│');
            at = bar + 1;
        }
        spaces(to.saturating_sub(at), out);
    }
}
