//! What is wrong with a filter: where, why, and what was probably meant.

use std::fmt;
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

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
        self.suggestion = nearest(word, candidates).map(str::to_owned);
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

    /// Two lines: the filter, and under it a caret at the word to blame.
    pub fn caret(&self) -> String {
        let shown = |range: Range<usize>| plain(self.source.get(range).unwrap_or(""));
        let before = shown(0..self.span.start).width();
        let under = shown(self.span.clone()).width().saturating_sub(1);
        format!("{}\n{:before$}^{}", plain(&self.source), "", "~".repeat(under))
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

/// The text with each control character as a question mark, so that columns stay columns.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The candidate with the fewest typing slips from `word`, if they are fewer than a third of it.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let slips = |name: &str| strsim::osa_distance(&word, &name.to_ascii_lowercase());
    let most = (word.len() / 3).max(1);
    candidates
        .filter(|name| name.len().abs_diff(word.len()) <= most)
        .map(|name| (slips(name), name))
        .filter(|&(n, _)| n <= most)
        .min_by_key(|&(n, _)| n)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_the_word_even_after_wide_characters() {
        let e = Fault::new(&(9..12), "x").in_source("\"字\" == foo\x1b");
        assert_eq!(e.caret(), "\"字\" == foo?\n        ^~~");
    }

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        let names = ["tcp.port", "udp.port", "tcp.flags.syn"];
        assert_eq!(nearest("tcp.prot", names.into_iter()), Some("tcp.port"));
        assert_eq!(nearest("TCP.Port", names.into_iter()), Some("tcp.port"));
        assert_eq!(nearest("weather", names.into_iter()), None);
    }
}
