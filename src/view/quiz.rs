//! Questions as text: a paper to print, its key, and one question in a terminal.
//!
//! What comes from packets was escaped when its question was made.

use super::Theme;
use super::ask::{Board, Stand, complaint};
use super::measure::{cut, repeat, spaces, width};
use crate::ask::session::Scene;
use crate::ask::{Entry, Grade, Mark, Question, misconception};
use crate::tutor::Audience;
use std::fmt::Write as _;

/// Columns before what belongs to a question.
const INDENT: usize = 4;

/// Draws questions.
#[derive(Debug)]
pub struct Sheet {
    /// On a screen, lines of packets are cut; in a pipe they are whole.
    board: Board,
}

impl Sheet {
    /// For a screen of so many columns, or a pipe.
    pub fn new(theme: Theme, columns: Option<usize>) -> Self {
        let printed = columns.is_none();
        Self { board: Board { theme, columns: columns.unwrap_or(80).clamp(40, 110), printed } }
    }

    /// Appends a paper without its answers.
    pub fn paper(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.question(question, number, questions.len(), out);
            self.board.task(&question.task, &Entry::default(), Stand::Open, out);
            let how = format!("Answer with {}.", question.task.how());
            self.board.theme.faint.around(out, |out| self.board.paragraph(&how, "", out));
            out.push('\n');
        }
    }

    /// Appends the answers to a paper.
    pub fn key(&self, questions: &[Question], out: &mut String) {
        for (number, question) in (1..).zip(questions) {
            self.heading(question, number, questions.len(), out);
            self.board.mark(Mark::Right, false, false, Some(&question.task), out);
            self.proof(question, out);
            out.push('\n');
        }
    }

    /// Appends what there is to see of a session now.
    pub fn scene(&self, scene: &Scene<'_>, out: &mut String) {
        let Some(question) = scene.question else { return self.result(scene.grades, scene.of, out) };
        let stand = if scene.verdict.is_some() { Stand::Told } else { Stand::Open };
        self.question(question, scene.number, scene.of, out);
        self.board.task(&question.task, scene.entry, stand, out);
        out.push('\n');
        let Some(verdict) = scene.verdict else {
            if scene.complaint {
                self.board.paragraph(&complaint(&question.task), "! ", out);
            }
            return;
        };
        let mark = if verdict.right { Mark::Right } else { Mark::Wrong };
        self.board.mark(mark, false, false, Some(&question.task), out);
        if let Some(belief) = verdict.betrays.and_then(misconception) {
            self.board.belief(belief.refuted(Audience::Student), out);
        }
        self.proof(question, out);
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
        if !self.board.printed {
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
