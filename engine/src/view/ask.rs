//! What is asked, on paper: every kind of [`Task`], and its answer. Lessons and quizzes print it with the same `Board`.
//!
//! What comes from packets was escaped when its task was made.

use super::Theme;
use super::hex::{self, ROW};
use super::measure::{spaces, width, wrap};
use crate::ask::task::label;
use crate::ask::{Candidate, Mark, Refuted, Task};
use crate::model::show;

/// Rows of bytes that are printed.
const MOST_ROWS: usize = 8;

/// Prints what is asked.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) theme: Theme,
    /// Where sentences are wrapped.
    pub(super) columns: usize,
}

impl Board {
    /// How a question is answered.
    pub(super) fn task(&self, task: &Task, out: &mut String) {
        match task {
            Task::Choose { choices, .. } => self.numbered(choices.iter().map(|choice| &choice.text), out),
            Task::Order { items, .. } => self.numbered(items.iter(), out),
            Task::Bytes { frame, .. } => self.bytes(frame, out),
            Task::Packet { packets, .. } => self.packets(packets, out),
            Task::Blanks { right } => self.numbered(right.iter().map(|(name, _)| name), out),
            Task::Number { .. } | Task::Text { .. } => {}
        }
    }

    fn numbered<'t>(&self, texts: impl Iterator<Item = &'t String>, out: &mut String) {
        for (place, text) in texts.enumerate() {
            self.paragraph(text, &format!("  {}   ", label(place)), out);
        }
    }

    fn packets(&self, packets: &[Candidate], out: &mut String) {
        for packet in packets {
            self.paragraph(&packet.text, &format!("{:>5}  ", packet.number), out);
        }
    }

    /// The first rows of a frame's bytes.
    fn bytes(&self, frame: &[u8], out: &mut String) {
        for (row, bytes) in frame.chunks(ROW).enumerate().take(MOST_ROWS) {
            out.push_str("  ");
            self.theme.faint.paint(&hex::offset((row * ROW) as u64, 4), out);
            out.push_str("  ");
            show::hex_bytes(bytes, " ", out);
            out.push('\n');
        }
    }

    // ---- what it was worth

    /// The right answer.
    pub(super) fn answer(&self, task: Option<&Task>, out: &mut String) {
        let mut first = String::new();
        if let Some(task) = task {
            first.push_str(ANSWER);
            // On paper, answers are the numbers that were written.
            if let Task::Choose { right, .. } = task {
                first.extend([label(*right).as_str(), ". "]);
            }
            first.push_str(&task.answer());
        }
        let mut text = String::new();
        self.paragraph(&first, "", &mut text);
        self.theme.strong.paint(text.trim_end(), out);
        out.push('\n');
        if let Some(Task::Order { items, right }) = task {
            for (place, item) in right.iter().filter_map(|&i| Some((i, items.get(i)?))) {
                self.paragraph(item, &format!("  {}   ", label(place)), out);
            }
        }
    }

    /// The misconception that an answer betrays.
    pub(super) fn belief(&self, belief: Refuted, out: &mut String) {
        self.paragraph(&format!("{BELIEF}{}", belief.claim), "  ", out);
        self.paragraph(belief.refutation, &format!("  {BUT}"), out);
    }

    /// A paragraph behind a mark; its later lines hang below the first.
    pub(super) fn paragraph(&self, text: &str, mark: &str, out: &mut String) {
        for (i, line) in wrap(text, self.columns.saturating_sub(width(mark))).enumerate() {
            if i == 0 {
                out.push_str(mark);
            } else {
                spaces(width(mark), out);
            }
            out.push_str(line);
            out.push('\n');
        }
    }
}

/// What is said before the right answer.
pub const ANSWER: &str = "The answer: ";
/// What is said before a misconception.
pub const BELIEF: &str = "Many believe: ";
/// What is said before what is true.
pub const BUT: &str = "But: ";

/// What is said first of an answer. `again`: another attempt is open; `repaired`: it was the second one.
pub(super) const fn headline(mark: Mark, again: bool, repaired: bool) -> &'static str {
    match mark {
        Mark::Right => "Right.",
        Mark::Wrong if repaired => "Right at the second attempt.",
        Mark::Wrong if again => "Not yet. Once more; a hint may help.",
        Mark::Wrong => "Not quite.",
        Mark::Skipped => "Skipped.",
    }
}

/// Whether the right answer is told: it was not given, and nobody is to try again.
pub(super) fn is_told(mark: Mark, again: bool, repaired: bool) -> bool {
    mark != Mark::Right && !repaired && !again
}

/// What was given is no answer here.
pub fn complaint(task: &Task) -> String {
    format!("That's no answer here. Wanted: {}.", task.how())
}

/// Bytes, sixteen in a row, as lines.
pub fn rows(frame: &[u8]) -> Vec<String> {
    let row = |(row, bytes): (usize, &[u8])| {
        let mut text = format!("{:>4}  ", row * ROW);
        show::hex_bytes(bytes, " ", &mut text);
        text
    };
    frame.chunks(ROW).enumerate().map(row).collect()
}
