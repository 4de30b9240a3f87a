//! Questions as text: a paper to print, its key, and one question in a terminal.
//!
//! What comes from packets was escaped when its question was made.

use super::Theme;
use super::measure::{cut, repeat, spaces, width, wrap};
use crate::ask::session::Scene;
use crate::ask::task::label;
use crate::ask::{Grade, Mode, Question, Task, Verdict, misconception};
use crate::model::show;
use std::fmt::Write as _;

/// Columns before what stands with a question.
const INDENT: usize = 4;

/// Draws questions.
#[derive(Debug)]
pub struct Sheet {
    theme: Theme,
    /// Where sentences are wrapped.
    columns: usize,
    /// Whether lines of packets are cut there, too; in a pipe they are whole.
    cuts: bool,
}

impl Sheet {
    /// For a screen of so many columns, or a pipe.
    pub fn new(theme: Theme, columns: Option<usize>) -> Self {
        Self { theme, columns: columns.unwrap_or(80).clamp(40, 110), cuts: columns.is_some() }
    }

    /// Appends a paper without its answers.
    pub fn paper(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.question(question, number, questions.len(), out);
            out.push('\n');
        }
    }

    /// Appends the answers to a paper.
    pub fn key(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.heading(question, number, questions.len(), out);
            self.answer(question, out);
            out.push('\n');
        }
    }

    /// Appends what there is to see of a session now.
    pub fn scene(&self, scene: &Scene<'_>, out: &mut String) {
        let Some(question) = scene.question else { return self.result(scene.grades, scene.of, out) };
        self.question(question, scene.number, scene.of, out);
        let Some(judged) = scene.verdict else {
            out.push_str("\nYour answer: ");
            self.theme.strong.paint(&typed(scene), out);
            out.push_str("_\n");
            if scene.complaint {
                self.paragraph(&format!("That is no answer here. Wanted: {}.", question.task.how()), 0, out);
            }
            return;
        };
        out.push('\n');
        self.judgement(judged, scene.grades.last().map_or("", |g| g.given.as_str()), out);
        self.answer(question, out);
    }

    /// Appends how it went.
    pub fn result(&self, grades: &[Grade], of: usize, out: &mut String) {
        let right = grades.iter().filter(|g| g.verdict.right).count();
        self.theme.strong.paint(&format!("{right} of {} right", grades.len()), out);
        if grades.len() < of {
            let _ = write!(out, ", {} not answered", of - grades.len());
        }
        out.push_str(".\n");
        if right < grades.len() {
            self.paragraph(
                "What was missed comes back after 1, 2, 4, 8 and 16 days. What is waiting: osi-tutor progress.",
                0,
                out,
            );
        }
    }

    fn heading(&self, question: &Question, number: usize, of: usize, out: &mut String) {
        let left = format!("── {number} of {of} ── {} ", question.kind);
        self.theme.strong.around(out, |out| {
            out.push_str(&left);
            repeat('─', self.columns.saturating_sub(width(&left)), out);
        });
        out.push('\n');
    }

    fn question(&self, question: &Question, number: usize, of: usize, out: &mut String) {
        self.heading(question, number, of, out);
        self.paragraph(&question.prompt, 0, out);
        if !question.shown.is_empty() {
            out.push('\n');
        }
        for line in &question.shown {
            self.line("", line, out);
        }
        let lettered: Vec<&str> = match &question.task {
            Task::Choose { choices, .. } => choices.iter().map(|c| c.text.as_str()).collect(),
            Task::Order { items, .. } => items.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        out.push('\n');
        for (index, text) in lettered.into_iter().enumerate() {
            self.line(&format!("{} ", label(index)), text, out);
        }
        match &question.task {
            Task::Packet { packets, .. } => {
                for packet in packets {
                    self.line("", &format!("{:>5}  {}", packet.number, packet.text), out);
                }
            }
            Task::Bytes { frame, .. } => rows(frame).iter().for_each(|row| self.line("", row, out)),
            _ => {}
        }
        self.theme.faint.around(out, |out| self.paragraph(&format!("Answer with {}.", question.task.how()), 0, out));
    }

    fn judgement(&self, judged: Verdict, given: &str, out: &mut String) {
        if judged.right {
            self.theme.observed.paint("✓ Right", out);
        } else {
            self.theme.alarm.paint("✗ Wrong", out);
        }
        out.push_str(": ");
        out.push_str(given);
        out.push('\n');
        if let Some(belief) = judged.betrays.and_then(misconception) {
            self.paragraph(&format!("Often believed: {} {}", belief.claim, belief.refutation), 0, out);
        }
    }

    /// The right answer, why, and what proves it.
    fn answer(&self, question: &Question, out: &mut String) {
        let mut text = format!("Answer: {}", question.task.right());
        match &question.task {
            Task::Choose { choices, right } => {
                text.push_str(". ");
                text.push_str(choices.get(*right).map_or("", |c| c.text.trim_start()));
            }
            Task::Blanks { right } => {
                let names: Vec<&str> = right.iter().map(|(name, _)| name.as_str()).collect();
                text.push_str(" (");
                text.push_str(&names.join(", "));
                text.push(')');
            }
            _ => {}
        }
        self.paragraph(&text, 0, out);
        if let Task::Order { items, right } = &question.task {
            for (label, item) in right.iter().filter_map(|&i| Some((label(i), items.get(i)?))) {
                self.line(&format!("{label} "), item, out);
            }
        }
        self.paragraph(&question.why, 0, out);
        self.theme.inferred.paint("Proof: ", out);
        out.push_str(&question.proof.filter);
        out.push('\n');
        self.line("", &question.proof.line, out);
    }

    /// A line of its own, indented; in a terminal it is cut.
    fn line(&self, mark: &str, text: &str, out: &mut String) {
        let from = out.len();
        spaces(if mark.is_empty() { INDENT } else { INDENT - 2 }, out);
        out.push_str(mark);
        out.push_str(text);
        if self.cuts {
            cut(out, from, self.columns);
        }
        out.push('\n');
    }

    fn paragraph(&self, text: &str, indent: usize, out: &mut String) {
        for line in wrap(text, self.columns.saturating_sub(indent)) {
            spaces(indent, out);
            out.push_str(line);
            out.push('\n');
        }
    }
}

/// What was typed, taken or marked so far.
fn typed(scene: &Scene<'_>) -> String {
    match scene.mode {
        Mode::Mark => format!("{}-{}", scene.entry.marked().start, scene.entry.marked().end - 1),
        Mode::Order(_) => scene.entry.taken.iter().map(|&i| label(i)).collect::<Vec<_>>().join(" "),
        _ => scene.entry.typed.clone(),
    }
}

/// Bytes, sixteen in a row.
pub fn rows(frame: &[u8]) -> Vec<String> {
    let row = |(row, bytes): (usize, &[u8])| {
        let mut text = format!("{:>4}  ", row * 16);
        show::hex_bytes(bytes, " ", &mut text);
        text
    };
    frame.chunks(16).enumerate().map(row).collect()
}
