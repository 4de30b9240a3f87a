//! What is wrong with a filter: where, why, and what was probably meant.

use crate::model::near;
use crate::model::show::is_deceptive;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// How many characters of a long filter are shown before the word to blame, of that word, and after it.
const AROUND: usize = 48;

/// A filter that means nothing. Its [`Display`](fmt::Display) is one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    source: String,
    span: Range<usize>,
    message: String,
    suggestion: Option<String>,
}

/// An error that does not know its source yet.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(span: &Range<usize>, message: impl Into<String>) -> Self {
        Self { span: span.clone(), message: message.into(), suggestion: None }
    }

    /// Suggests the candidate that is nearest to `word`, if one is near.
    pub(super) fn near<'a>(mut self, word: &str, candidates: impl Iterator<Item = &'a str>) -> Self {
        self.suggestion = near::nearest(word, candidates).map(str::to_owned);
        self
    }

    pub(super) fn in_source(self, source: &str) -> FilterError {
        FilterError { source: source.to_owned(), span: self.span, message: self.message, suggestion: self.suggestion }
    }
}

impl FilterError {
    /// The bytes of the filter that are to blame; empty at its end if something is missing there.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The name that was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }

    /// Two lines: the filter, and under it a caret at the word to blame. Of a long filter, what stands
    /// around that word.
    pub fn caret(&self) -> String {
        let part = |range: Range<usize>| self.source.get(range).unwrap_or("");
        let (before, word) = (part(0..self.span.start), part(self.span.clone()));
        let after = part(self.span.end..self.source.len());
        let far = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(i, _)| i);
        let dots = if far > 0 { "…" } else { "" };
        let before = plain(dots) + &plain(before.get(far..).unwrap_or(""));
        let (word, after) = (plain(&brief(word)), plain(&brief(after)));
        let under = "~".repeat(word.width().saturating_sub(1));
        format!("{before}{word}{after}\n{:width$}^{under}", "", width = before.width())
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.message))?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

/// The text with each control character as a question mark, so that columns stay columns, and so each that
/// hides or turns the direction of writing.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_deceptive(c) { '?' } else { c }).collect()
}

/// The beginning of a long text.
pub(super) fn brief(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(AROUND) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or("")).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_the_word_even_after_wide_characters() {
        let e = Fault::new(&(9..12), "x").in_source("\"字\" == foo\x1b");
        assert_eq!(e.caret(), "\"字\" == foo?\n        ^~~");
        let e = Fault::new(&(8..14), "x").in_source(r#"matches "\d\u{202e}""#);
        assert!(e.caret().starts_with(r#"matches "\d\u{202e}""#), "{}", e.caret());
    }

    #[test]
    fn of_a_long_filter_the_part_around_the_word_is_shown() {
        let e = Fault::new(&(100_000..100_003), "x").in_source(&("a".repeat(100_000) + "foo" + &"b".repeat(100_000)));
        let caret = e.caret();
        assert!(caret.len() < 300 && caret.contains("afoob"), "{caret}");
    }
}
