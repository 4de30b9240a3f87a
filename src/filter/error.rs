//! What is wrong with a filter: where, why, and what was probably meant.

use crate::model::show::is_deceptive;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use unicode_width::UnicodeWidthStr;

/// How many characters of a long filter are shown before the word to blame, of that word, and after it.
const AROUND: usize = 48;
/// A word longer than this is no name mistyped.
const LONGEST_NAME: usize = 80;

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

/// The name that was probably meant: the one with the fewest typing slips, up to a third of the word; but
/// rather than several slips, a part that was left out (`tcp.syn`, `syn`) or an end (`tcp.window`).
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_NAME {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let names: Vec<_> = candidates.collect();
    let shortest = |fits: &dyn Fn(&str) -> bool| names.iter().copied().filter(|n| fits(n)).min_by_key(|n| n.len());
    let (first, last) = (word.split('.').next().unwrap_or(""), word.rsplit('.').next().unwrap_or(""));
    let ends_alike = |name: &str| name.strip_suffix(last).is_some_and(|rest| rest.ends_with('.'));
    let begins_alike = |name: &str| name.strip_prefix(first).is_some_and(|rest| rest.starts_with('.'));
    let few = typed(&word, &names, 1);
    let inner = || shortest(&|n| ends_alike(n) && (first == last || begins_alike(n)));
    let longer = || shortest(&|n| word.len() > 3 && n.starts_with(&word));
    few.or_else(inner).or_else(longer).or_else(|| typed(&word, &names, (word.len() / 3).max(1)))
}

/// The candidate with the fewest typing slips from `word`, if it has not more than `most`; of several, the
/// one that begins and ends most alike.
fn typed<'a>(word: &str, names: &[&'a str], most: usize) -> Option<&'a str> {
    let alike = |name: &str| {
        let from_start = word.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let from_end = word.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
        from_start + from_end
    };
    let slips = |name: &str| strsim::osa_distance(word, &name.to_ascii_lowercase());
    let near = names.iter().filter(|name| name.len().abs_diff(word.len()) <= most).map(|name| (slips(name), *name));
    near.filter(|&(n, _)| n <= most).min_by_key(|&(n, name)| (n, Reverse(alike(name)))).map(|(_, name)| name)
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
        for part in ["tcp.syn", "syn", "tcp.flags.sym", "tcp.flag.syn"] {
            assert_eq!(nearest(part, names.into_iter()), Some("tcp.flags.syn"), "{part}");
        }
        assert_eq!(nearest("icmp6", ["icmp", "icmpv6"].into_iter()), Some("icmpv6"));
    }

    #[test]
    fn of_a_long_filter_the_part_around_the_word_is_shown() {
        let e = Fault::new(&(100_000..100_003), "x").in_source(&("a".repeat(100_000) + "foo" + &"b".repeat(100_000)));
        let caret = e.caret();
        assert!(caret.len() < 300 && caret.contains("afoob"), "{caret}");
    }
}
