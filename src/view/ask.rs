//! What is asked, on a screen or on paper: every kind of [`Task`], the answer so far, and what it is worth. Lessons and
//! quizzes draw it with the same `Board`.
//!
//! What comes from packets was escaped when its task was made.

use super::Theme;
use super::hex::{self, ROW};
use super::measure::{spaces, width, wrap};
use crate::ask::task::label;
use crate::ask::{Candidate, Choice, Entry, Mark, Refuted, Task};
use crate::model::show;

/// Rows of bytes that are drawn around the cursor.
const MOST_ROWS: usize = 8;

/// Draws what is asked.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) theme: Theme,
    /// Where sentences are wrapped.
    pub(super) columns: usize,
    /// It is printed: nobody can answer here.
    pub(super) printed: bool,
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// It can be given.
    Open,
    /// It was given, and may not be told yet.
    Given,
    /// The right one is told.
    Told,
}

impl Board {
    /// How a question is answered, and the answer so far.
    pub(super) fn task(&self, task: &Task, entry: &Entry, stand: Stand, out: &mut String) {
        match task {
            Task::Choose { choices, right } => self.choices(choices, *right, entry, stand, out),
            Task::Order { items, .. } => self.order(items, entry, out),
            Task::Bytes { frame, right } => return self.bytes(frame, *right, entry, stand, out),
            Task::Packet { packets, .. } => self.packets(packets, out),
            Task::Blanks { right } => {
                for (place, (name, _)) in right.iter().enumerate() {
                    self.paragraph(name, &format!("  {}   ", label(place)), out);
                }
            }
            Task::Number { .. } | Task::Text { .. } => {}
        }
        if stand == Stand::Told && !self.printed && !entry.typed.is_empty() {
            let mut given = String::new();
            show::escape(entry.typed.trim().as_bytes(), &mut given);
            self.paragraph(&given, "  Your answer: ", out);
        }
        if stand != Stand::Open || self.printed {
            return;
        }
        match task {
            Task::Order { .. } => {
                out.push('\n');
                let order: Vec<String> = entry.taken.iter().map(|&taken| label(taken)).collect();
                self.field("Your order: ", &order.join(" "), out);
            }
            Task::Packet { .. } | Task::Blanks { .. } => {
                out.push('\n');
                self.field("Your answer: ", &entry.typed, out);
            }
            Task::Number { .. } | Task::Text { .. } => self.field("Your answer: ", &entry.typed, out),
            Task::Choose { .. } | Task::Bytes { .. } => {}
        }
    }

    fn choices(&self, choices: &[Choice], right: usize, entry: &Entry, stand: Stand, out: &mut String) {
        for (place, choice) in choices.iter().enumerate() {
            let taken = entry.taken.first() == Some(&place);
            let sign = match stand {
                _ if self.printed => ' ',
                Stand::Told if place == right => '✓',
                Stand::Told if taken => '✗',
                Stand::Given | Stand::Open if taken => '●',
                _ => ' ',
            };
            self.paragraph(&choice.text, &format!("  {} {sign} ", label(place)), out);
        }
    }

    fn order(&self, items: &[String], entry: &Entry, out: &mut String) {
        for (place, item) in items.iter().enumerate() {
            let mut text = item.clone();
            if let Some(taken) = entry.taken.iter().position(|&t| t == place) {
                text.extend(["  (number ", &label(taken), " of your order)"]);
            }
            self.paragraph(&text, &format!("  {}   ", label(place)), out);
        }
    }

    fn packets(&self, packets: &[Candidate], out: &mut String) {
        for packet in packets {
            self.paragraph(&packet.text, &format!("{:>5}  ", packet.number), out);
        }
    }

    /// What is being typed, with a cursor.
    pub(super) fn field(&self, before: &str, typed: &str, out: &mut String) {
        let mut shown = String::new();
        show::escape(typed.as_bytes(), &mut shown);
        // Of a long answer, its end is in sight.
        let room = self.columns.saturating_sub(before.len() + 4);
        while width(&shown) > room {
            shown.remove(0);
        }
        out.push_str("  ");
        out.push_str(before);
        self.theme.strong.paint(&shown, out);
        out.push_str("▁\n");
    }

    /// The bytes of a frame around the cursor; what is marked is in brackets.
    fn bytes(&self, frame: &[u8], (first, last): (usize, usize), entry: &Entry, stand: Stand, out: &mut String) {
        let told = stand == Stand::Told;
        let right = first..last.saturating_add(1);
        let rows = frame.len().div_ceil(ROW);
        let here = if told { first } else { entry.cursor } / ROW;
        let top = here.saturating_sub(MOST_ROWS / 2).min(rows.saturating_sub(MOST_ROWS));
        // In print the answer is below, and nothing is marked.
        let marked = match stand {
            _ if self.printed => 0..0,
            Stand::Told => right,
            Stand::Open | Stand::Given => entry.marked(),
        };
        for row in (top..rows).take(MOST_ROWS) {
            out.push_str("  ");
            self.theme.faint.paint(&hex::offset((row * ROW) as u64, 4), out);
            out.push(' ');
            let bytes = frame.get(row * ROW..).unwrap_or(&[]);
            for (at, byte) in (row * ROW..).zip(bytes.iter().take(ROW)) {
                let opens = !marked.is_empty() && (at == marked.start || (at == row * ROW && marked.contains(&at)));
                // The gap behind the last marked byte closes the bracket.
                let closes = at > row * ROW && at == marked.end && !marked.is_empty();
                out.push(if closes {
                    ']'
                } else if opens {
                    '['
                } else {
                    ' '
                });
                let text = format!("{byte:02x}");
                if marked.contains(&at) { self.theme.strong.paint(&text, out) } else { out.push_str(&text) }
            }
            let end = row * ROW + bytes.len().min(ROW);
            if !marked.is_empty() && marked.end >= end && marked.contains(&(end - 1)) {
                out.push(']');
            }
            out.push('\n');
        }
        if self.printed {
            return;
        }
        out.push('\n');
        let place = match marked.len() {
            1 => format!("byte {}", marked.start),
            _ => format!("bytes {} to {}", marked.start, marked.end.saturating_sub(1)),
        };
        let who = if told { "Right: " } else { "Marked: " };
        self.paragraph(&format!("{who}{place}, counted from 0"), "  ", out);
    }

    // ---- what it was worth

    /// What an answer is worth; the right one is told where it was not given. `again`: another attempt is open;
    /// `repaired`: it was the second one.
    pub(super) fn mark(&self, mark: Mark, again: bool, repaired: bool, task: Option<&Task>, out: &mut String) {
        let (style, sign) = match mark {
            _ if self.printed => (&self.theme.strong, ""),
            Mark::Right => (&self.theme.observed, "✓ "),
            Mark::Wrong if repaired => (&self.theme.observed, "✓ "),
            Mark::Wrong => (&self.theme.alarm, "✗ "),
            Mark::Skipped => (&self.theme.strong, ""),
        };
        let mut first = sign.to_owned();
        if !self.printed {
            first.extend([headline(mark, again, repaired), " "]);
        }
        let told = task.filter(|_| self.printed || is_told(mark, again, repaired));
        if let Some(task) = told {
            first.push_str(ANSWER);
            // On paper, answers are the numbers that were written.
            if self.printed
                && let Task::Choose { right, .. } = task
            {
                first.extend([label(*right).as_str(), ". "]);
            }
            first.push_str(&task.answer());
        }
        let mut text = String::new();
        self.paragraph(&first, "", &mut text);
        style.paint(text.trim_end(), out);
        out.push('\n');
        if let Some(Task::Order { items, right }) = told {
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
