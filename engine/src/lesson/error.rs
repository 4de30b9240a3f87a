//! Mistakes in what people write, each with its file, its line and a caret under the words to blame.

use std::fmt;
use std::ops::Range;

/// The most of a line that is shown beside a caret.
const MOST: usize = 160;

/// A mistake in a lesson file: where it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LessonError {
    file: String,
    /// From 1.
    line: usize,
    why: String,
    text: String,
    caret: String,
}

/// A file being read; it knows how to point at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
}

/// Something, and the bytes of the file where it was written.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// What was written.
    pub it: T,
    /// Where.
    pub span: Range<usize>,
}

impl LessonError {
    /// The line of the mistake, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for LessonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n{}\n{}", self.file, self.line, self.why, self.text, self.caret)
    }
}

impl std::error::Error for LessonError {}

impl<T> Placed<T> {
    /// The same place, with something else.
    pub(super) fn map<U>(self, other: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { it: other(self.it), span: self.span }
    }
}

impl<T> std::ops::Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.it
    }
}

impl<'t> Source<'t> {
    /// The front matter, and where the body begins.
    pub(super) fn halves(&self) -> Result<(&'t str, usize), LessonError> {
        let Some(body) = self.text.strip_prefix("+++\n") else {
            let why = "a lesson begins with a line +++ and its front matter (osi-tutor lesson new ID writes one)";
            return Err(self.error(0..1, why));
        };
        let Some(end) = body.find("\n+++\n") else {
            return Err(self.error(0..3, "the front matter has no closing line +++"));
        };
        Ok((body.get(..=end).unwrap_or(""), 4 + end + 5))
    }

    /// Line (from 1) and column (from 0) of a byte.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let column = before.rfind('\n').map_or(before, |i| before.get(i + 1..).unwrap_or("")).chars().count();
        (before.matches('\n').count() + 1, column)
    }

    /// A mistake at some bytes of the file.
    pub(super) fn error(&self, span: Range<usize>, why: impl Into<String>) -> LessonError {
        let (line, column) = self.position(span.start);
        let whole = self.text.lines().nth(line - 1).unwrap_or("");
        let meant = self.text.get(span).map_or(1, |s| s.lines().next().unwrap_or("").chars().count().max(1));
        // Of a long line, what stands around the place.
        let skip = if column + meant.min(MOST / 2) > MOST { column.saturating_sub(MOST / 4) } else { 0 };
        let dots = if skip > 0 { "…" } else { "" };
        let text: String = dots.chars().chain(whole.chars().skip(skip)).take(MOST).collect();
        let column = column - skip + dots.chars().count();
        let width = meant.min(MOST.saturating_sub(column)).max(1);
        let caret = format!("{}{}", " ".repeat(column), "^".repeat(width));
        LessonError { file: self.file.to_owned(), line, why: why.into(), text, caret }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_the_words_to_blame() {
        let text = "one\ntwo wrong three\n";
        let said = Source { file: "x.md", text }.error(8..13, "no").to_string();
        assert_eq!(said, "x.md:2: no\ntwo wrong three\n    ^^^^^");
    }

    #[test]
    fn of_a_long_line_only_what_stands_around_the_place_is_shown() {
        let text = format!("{}wrong{}", "x".repeat(5_000), "y".repeat(5_000));
        let said = Source { file: "x.md", text: &text }.error(5_000..5_005, "no").to_string();
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= MOST));
        let at = lines[1].chars().position(|c| c == 'w');
        assert_eq!(at, lines[2].chars().position(|c| c == '^'));
    }
}
