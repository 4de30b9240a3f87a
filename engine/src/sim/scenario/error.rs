//! What is wrong with a scenario, and where: file, line, column, the line itself, and a caret.

use std::fmt;
use std::ops::Range;

/// Why a scenario cannot be used. Its text has several lines: a caret stands under the place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    file: String,
    line: usize,
    column: usize,
    message: String,
    /// The line, and how many characters of it are meant.
    text: String,
    width: usize,
}

impl Error {
    /// `span` is what is meant, in bytes of `text`.
    pub(super) fn at(file: &str, text: &str, span: Range<usize>, message: &str) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let whole = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let meant = text.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            file: file.into(),
            line: before.matches('\n').count() + 1,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
            message: message.trim_end().replace('\n', "; "),
            text: whole.into(),
            width: meant.chars().count().max(1),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, .. } = self;
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        writeln!(f, "  {}", self.text.replace(|c: char| c.is_control(), " "))?;
        write!(f, "  {:>column$}{}", "^", "^".repeat(self.width - 1))
    }
}
