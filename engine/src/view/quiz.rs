//! Questions as text: a paper to print, its key, and how a quiz went.
//!
//! What comes from packets was escaped when its question was made.

use super::Theme;
use super::ask::Board;
use super::measure::{cut, repeat, spaces, width};
use crate::ask::{Grade, Question};
use std::fmt::Write as _;

/// Columns before what belongs to a question.
const INDENT: usize = 4;

/// Draws questions.
#[derive(Debug)]
pub struct Sheet {
    /// On a screen, lines of packets are cut; in a pipe they are whole.
    board: Board,
    is_screen: bool,
}

impl Sheet {
    /// For a screen of so many columns, or a pipe.
    pub fn new(theme: Theme, columns: Option<usize>) -> Self {
        let is_screen = columns.is_some();
        Self { board: Board { theme, columns: columns.unwrap_or(80).clamp(40, 110) }, is_screen }
    }

    /// Appends a paper without its answers.
    pub fn paper(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.question(question, number, questions.len(), out);
            self.board.task(&question.task, out);
            let how = format!("Answer with {}.", question.task.how());
            self.board.theme.faint.around(out, |out| self.board.paragraph(&how, "", out));
            out.push('\n');
        }
    }

    /// Appends the answers to a paper.
    pub fn key(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.heading(question, number, questions.len(), out);
            self.board.answer(Some(&question.task), out);
            self.proof(question, out);
            out.push('\n');
        }
    }

    /// Appends how it went.
    pub fn result(&self, grades: &[Grade], of: usize, out: &mut String) {
        let text = result(grades, of);
        let (first, later) = text.split_once('\n').unwrap_or((&text, ""));
        let count = first.find([',', '.']).unwrap_or(first.len());
        self.board.theme.strong.paint(first.get(..count).unwrap_or(first), out);
        out.push_str(first.get(count..).unwrap_or(""));
        out.push('\n');
        if !later.is_empty() {
            self.board.paragraph(later, "", out);
        }
    }

    fn heading(&self, question: &Question, number: usize, of: usize, out: &mut String) {
        let left = format!("── {number} of {of} ── {} ", question.kind);
        self.board.theme.strong.around(out, |out| {
            out.push_str(&left);
            repeat('─', self.board.columns.saturating_sub(width(&left)), out);
        });
        out.push('\n');
    }

    fn question(&self, question: &Question, number: usize, of: usize, out: &mut String) {
        self.heading(question, number, of, out);
        self.board.paragraph(&question.prompt, "", out);
        if !question.shown.is_empty() {
            out.push('\n');
        }
        for line in &question.shown {
            self.line(line, out);
        }
        out.push('\n');
    }

    /// Why the right answer is right, and what proves it.
    fn proof(&self, question: &Question, out: &mut String) {
        self.board.paragraph(&question.why, "  ", out);
        out.push_str("  ");
        self.board.theme.inferred.paint("Proof: ", out);
        out.push_str(&question.proof.filter);
        out.push('\n');
        self.line(&question.proof.line, out);
    }

    /// A line of its own, indented; in a terminal it is cut.
    fn line(&self, text: &str, out: &mut String) {
        let from = out.len();
        spaces(INDENT, out);
        out.push_str(text);
        if self.is_screen {
            cut(out, from, self.board.columns);
        }
        out.push('\n');
    }
}

/// How it went; in a second line, what comes of it.
pub(super) fn result(grades: &[Grade], of: usize) -> String {
    let right = grades.iter().filter(|g| g.verdict.right).count();
    let mut out = format!("{right} of {} right", grades.len());
    if grades.len() < of {
        let _ = write!(out, ", {} not answered", of - grades.len());
    }
    out.push('.');
    if right < grades.len() {
        out.push_str("\nWhat was missed comes back after 1, 2, 4, 8 and 16 days. What is waiting: osi-tutor progress.");
    }
    out
}
