//! A question on the screen: what is asked, how it is answered, and what the answer was worth.

use super::super::measure::{cut, pad, spaces, width, wrap};
use super::Stage;
use crate::ask::Task;
use crate::lesson::Hit;
use crate::lesson::format::Fade;
use crate::lesson::scene::{Asked, Line, Procedure, Scene, Told};

/// What is said where the source lacks a question's packet, or a procedure's.
pub(super) const LACKS_PACKET: &str = "This capture lacks the packet that the question is about.";
pub(super) const LACKS_STEP: &str = "This capture lacks the packet for this step.";
/// What is said where nothing can be predicted before something breaks.
pub(super) const THINK: &str = "Think about it first; then run it.";

/// How much of a procedure is left to the learner.
pub(super) const fn turn(fade: Fade) -> &'static str {
    match fade {
        Fade::Whole => "worked out",
        Fade::Last => "the last step is yours",
        Fade::All => "your turn",
    }
}

/// How a step is worked out, where that is told and calculates.
pub(super) fn formula<'l>(line: &Line<'l>, fade: Fade) -> Option<&'l str> {
    let calculates = line.formula.contains(['(', '+', '-', '*', '/', '&', '^']);
    (fade == Fade::Whole && calculates).then_some(line.formula)
}

/// What a packet is here.
pub(super) fn evidence(hit: &Hit, what: &str) -> String {
    format!("Packet {} is {what}", hit.packet.number)
}

impl Stage {
    /// A question.
    pub(super) fn asked(&self, scene: &Scene<'_>, asked: &Asked<'_>, out: &mut String) {
        if !scene.so_far.is_empty() && !matches!(asked.task, Some(Task::Bytes { .. })) {
            self.ladder(scene, out);
            out.push('\n');
        }
        self.prompt(&asked.prompt, out);
        match asked.task {
            Some(task) => self.board.task(task, out),
            None => self.board.paragraph(LACKS_PACKET, "! ", out),
        }
        self.hint(asked.hint.as_deref(), out);
        if let Some(verdict) = &asked.verdict {
            self.verdict(scene, verdict, out);
        }
    }

    pub(super) fn prompt(&self, prompt: &str, out: &mut String) {
        let mut text = String::new();
        self.board.paragraph(prompt, "? ", &mut text);
        self.board.theme.strong.paint(text.trim_end(), out);
        out.push_str("\n\n");
    }

    pub(super) fn hint(&self, hint: Option<&str>, out: &mut String) {
        if let Some(hint) = hint {
            if !out.ends_with("\n\n") {
                out.push('\n');
            }
            self.board.paragraph(hint, "Hint: ", out);
        }
    }

    // ---- what it was worth

    /// What an answer was worth, and why.
    pub(super) fn verdict(&self, scene: &Scene<'_>, verdict: &Told<'_>, out: &mut String) {
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
        self.board.answer(verdict.task, out);
        if let Some(said) = &verdict.said {
            self.board.paragraph(said, "  ", out);
        }
        if let Some(m) = verdict.betrayed.filter(|_| !verdict.repaired) {
            self.board.belief(m.refuted(scene.audience), out);
            let same = |hit: &&Hit| verdict.proof.is_none_or(|proof| proof.packet.number != hit.packet.number);
            match (verdict.against.filter(same), &m.spec) {
                // While another attempt is open, the packet would tell the answer.
                (Some(hit), _) if !verdict.again => self.evidence("against it", scene, hit, out),
                (None, Some(spec)) => self.board.paragraph(&format!("See {spec}."), "  ", out),
                _ => {}
            }
        }
        if verdict.again {
            return;
        }
        if !verdict.why.is_empty() {
            self.board.paragraph(&verdict.why, "  ", out);
        }
        match (verdict.proof, verdict.spec) {
            (Some(hit), _) => {
                self.evidence("the proof", scene, hit, out);
                for def in &verdict.shown {
                    self.field(hit, def, out);
                }
                self.stacks(scene, out);
            }
            (None, Some(spec)) => self.board.paragraph(&format!("See {spec}."), "  ", out),
            (None, None) => {}
        }
    }

    /// One packet, as an arrow, and what it is here.
    fn evidence(&self, what: &str, scene: &Scene<'_>, hit: &Hit, out: &mut String) {
        self.board.theme.faint.paint(&format!("  {}:\n", evidence(hit, what)), out);
        self.one(scene, hit, out);
    }

    /// One packet, as an arrow.
    pub(super) fn one(&self, scene: &Scene<'_>, hit: &Hit, out: &mut String) {
        let first = scene.so_far.first().map(|past| past.hit);
        let (mut ladder, picture) = self.lines(scene.hosts, first, &[hit]);
        ladder.names(&picture.lines, out);
        for way in &picture.ways {
            ladder.packet(&hit.packet, way, out);
        }
    }

    // ---- procedures

    /// A procedure.
    pub(super) fn worked(&self, scene: &Scene<'_>, task: &Procedure<'_>, out: &mut String) {
        let turn = turn(task.fade);
        let mut title = String::new();
        self.board.paragraph(&format!("{} ({turn})", task.title), "", &mut title);
        self.board.theme.strong.paint(title.trim_end(), out);
        out.push_str("\n\n");
        if let Some(hit) = task.hit {
            self.rungs(scene.hosts, None, &[hit], &scene.veil, out);
            self.stacks(scene, out);
            out.push('\n');
        }
        for (name, value) in task.given {
            self.board.paragraph(&format!("{name} = {value}"), "  Given: ", out);
        }
        if task.absent {
            return self.board.paragraph(LACKS_STEP, "! ", out);
        }
        for (number, line) in (1..).zip(&task.lines) {
            self.step(number, line, task.fade, out);
        }
        self.hint(task.hint.as_deref(), out);
        if let Some(verdict) = task.verdict.as_ref().filter(|v| v.again || task.fade != Fade::Whole) {
            return self.verdict(scene, verdict, out);
        }
        if let Some(text) = &task.text {
            out.push('\n');
            self.board.paragraph(text, "", out);
        }
    }

    fn step(&self, number: usize, line: &Line<'_>, fade: Fade, out: &mut String) {
        let mark = format!("  {number}  ");
        let column = self.board.columns.saturating_sub(28).max(30);
        let from = out.len();
        let value = line.value.as_deref();
        let fits =
            width(&line.say) + width(&mark) < column && value.is_none_or(|v| width(v) + column <= self.board.columns);
        if fits {
            out.push_str(&mark);
            out.push_str(&line.say);
            pad(out, from, column);
        } else {
            self.board.paragraph(&line.say, &mark, out);
        }
        match value {
            Some(value) => {
                let room = self.board.columns.saturating_sub(if fits { column } else { 7 });
                for (i, part) in wrap(value, room).enumerate() {
                    if i > 0 {
                        out.push('\n');
                    }
                    if !fits || i > 0 {
                        spaces(if fits { column } else { 7 }, out);
                    }
                    self.board.theme.strong.paint(part, out);
                }
                out.push('\n');
            }
            None => out.push_str(if fits { "…\n" } else { "       …\n" }),
        }
        if let Some(formula) = formula(line, fade) {
            let mut formula = format!("     = {formula}");
            cut(&mut formula, 0, self.board.columns);
            self.board.theme.faint.paint(&formula, out);
            out.push('\n');
        }
    }
}
