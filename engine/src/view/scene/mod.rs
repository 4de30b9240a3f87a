//! One scene of a lesson: prose, the ladder so far, what is said of the packet, and what is lit; or a question,
//! what breaks, a procedure. Read [`Stage::draw`], then `question` (answers and what they are worth), `ends` (states
//! and programs) and `broken` (two timelines).

mod broken;
mod ends;
mod layers;
mod question;
pub mod resolved;

pub use broken::{WITH_THE_FAULT, WITHOUT_THE_FAULT};

use super::ask::Board;
use super::ladder::{self, Ladder};
use super::measure::{cut, pad, repeat, spaces, width, wrap};
use super::text::{Options, Text};
use super::{Theme, prose};
use crate::ask::Task;
use crate::flow::State;
use crate::lesson::Hit;
use crate::lesson::hosts::Hosts;
use crate::lesson::lifelines::{Lifeline, Lifelines};
use crate::lesson::scene::{Body, Scene, Shown, Veil, View};
use crate::model::{Field, FieldDef};
use crate::tutor::Texts;
use std::sync::Arc;

/// Packets of the ladder that are printed; older ones are on the pages before.
const MOST_RUNGS: usize = 4;
/// Where values begin.
const VALUES: usize = 30;
/// What is said where an open question holds back the packets.
const WITHHELD: &str = "(Packets held back: they would answer the question.)";
/// What is said of the states of both ends.
const STATES_ARE_INFERRED: &str = "States are inferred: a capture sees segments, not endpoints.";

/// Draws scenes.
#[derive(Debug)]
pub struct Stage {
    board: Board,
    rungs: usize,
    /// Of layers, a line is enough: a key unfolds them.
    is_line: bool,
    texts: Arc<Texts>,
}

impl Stage {
    /// For a pipe or paper, in 80 columns.
    pub fn new(theme: Theme, texts: Arc<Texts>) -> Self {
        Self { board: Board { theme, columns: 80 }, rungs: MOST_RUNGS, is_line: false, texts }
    }

    /// Whether there is little room below each other.
    fn is_low(&self) -> bool {
        self.rungs < MOST_RUNGS
    }

    /// For a part of a screen, with so many columns; of older packets, so many are drawn.
    pub fn part(theme: Theme, columns: usize, rungs: usize, texts: Arc<Texts>) -> Self {
        Self { board: Board { theme, columns: columns.clamp(40, 110) }, rungs, is_line: true, texts }
    }

    /// Appends a scene, whole, as it is printed.
    pub fn draw(&self, scene: &Scene<'_>, out: &mut String) {
        self.heading(scene, out);
        if !scene.prose.is_empty() {
            prose::markdown(scene.prose, self.board.columns, &self.board.theme, out);
            out.push('\n');
        }
        match &scene.body {
            Body::Prose => {}
            Body::Said(text) => self.board.paragraph(text, "", out),
            Body::Shown(shown) => self.shown(scene, shown, out),
            Body::Asked(asked) => self.asked(scene, asked, out),
            Body::Broken(broken) => self.broken(scene, broken, out),
            Body::Worked(task) => self.worked(scene, task, out),
        }
    }

    fn heading(&self, scene: &Scene<'_>, out: &mut String) {
        let mut title = scene.title.to_owned();
        let right = format!(" {} ── {} of {} ──", scene.audience, scene.page, scene.pages);
        cut(&mut title, 0, self.board.columns.saturating_sub(width(&right) + 6));
        let left = format!("── {title} ");
        let rule = self.board.columns.saturating_sub(width(&left) + width(&right));
        self.board.theme.strong.around(out, |out| {
            out.push_str(&left);
            repeat('─', rule, out);
            out.push_str(&right);
        });
        out.push('\n');
        self.board.theme.faint.paint(scene.origin, out);
        out.push_str("\n\n");
    }

    fn shown(&self, scene: &Scene<'_>, shown: &Shown<'_>, out: &mut String) {
        self.look(scene, out);
        out.push('\n');
        if shown.hits.is_empty() {
            return self.board.paragraph(&shown.text, "! ", out);
        }
        self.stacks(scene, out);
        out.push('\n');
        self.board.paragraph(&shown.text, "", out);
        self.lit(shown, out);
        if scene.hosts.are_introduced() {
            self.program(shown, scene, out);
        }
        self.deeper(scene, shown, out);
    }

    /// What a scene shows of its packets, for a screen that places everything else itself; empty where it shows none.
    pub fn picture(&self, scene: &Scene<'_>) -> String {
        let mut out = String::new();
        match &scene.body {
            Body::Prose | Body::Said(_) => {}
            Body::Shown(_) => self.look(scene, &mut out),
            Body::Asked(asked) if scene.so_far.is_empty() || matches!(asked.task, Some(Task::Bytes { .. })) => {}
            Body::Asked(_) => self.ladder(scene, &mut out),
            Body::Broken(broken) => {
                if let Some(Ok(outcome)) = broken.outcome {
                    self.timelines(outcome, broken.proof, &mut out);
                }
            }
            Body::Worked(task) => {
                if let Some(hit) = task.hit {
                    self.rungs(scene.hosts, None, &[hit], &scene.veil, &mut out);
                }
            }
        }
        out
    }

    /// One packet of a scene, as an arrow.
    pub fn arrow_of(&self, scene: &Scene<'_>, hit: &Hit) -> String {
        let mut out = String::new();
        self.one(scene, hit, &mut out);
        out
    }

    /// The seven layers of its packets, below each other.
    pub fn layers(&self, scene: &Scene<'_>) -> String {
        let mut out = String::new();
        self.stacks(scene, &mut out);
        out
    }

    /// The packets that a scene shows, whole; empty where that was not asked for.
    pub fn whole(&self, scene: &Scene<'_>) -> String {
        let mut out = String::new();
        if let Body::Shown(shown) = &scene.body {
            self.deeper(scene, shown, &mut out);
        }
        out
    }

    /// The packets, in the view that is wanted.
    fn look(&self, scene: &Scene<'_>, out: &mut String) {
        match scene.view {
            View::Wire => self.ladder(scene, out),
            View::States => self.states(scene, out),
            View::Calls => self.calls(scene.hosts, &scene.so_far, out),
        }
    }

    fn deeper(&self, scene: &Scene<'_>, shown: &Shown<'_>, out: &mut String) {
        if !scene.deeper {
            return;
        }
        let options = Options { hex: true, audience: scene.audience };
        let columns = Some(self.board.columns);
        let mut text = Text::new(self.board.theme.clone(), columns, options, Arc::clone(&self.texts));
        for hit in shown.hits {
            out.push('\n');
            text.packet(&hit.moment(), out);
        }
    }

    /// The packets so far, with both endpoints' states.
    fn ladder(&self, scene: &Scene<'_>, out: &mut String) {
        let (past, veil) = (&scene.so_far, &scene.veil);
        if veil.rows {
            return self.board.paragraph(WITHHELD, "", out);
        }
        let new = past.iter().filter(|p| p.is_new).count().max(1);
        let rungs = self.rungs.max(new).min(past.len());
        let hits: Vec<&Hit> = past.iter().map(|p| p.hit).collect();
        let recent = hits.get(hits.len() - rungs..).unwrap_or(&hits);
        self.rungs(scene.hosts, hits.first().copied(), recent, veil, out);
    }

    /// A ladder for some packets: its lines, and who is on them.
    fn lines(&self, hosts: &Hosts, first: Option<&Hit>, hits: &[&Hit]) -> (Ladder, Lifelines) {
        let picture = hosts.lifelines(hits, ladder::most_lines(self.board.columns));
        let mut ladder = Ladder::new(self.board.theme.clone(), Some(self.board.columns), picture.lines.len());
        if let Some(first) = first {
            ladder.since(&first.packet);
        }
        (ladder, picture)
    }

    /// Some packets, one below the other, but for what an open question holds back; time counts from `first`.
    fn rungs(&self, hosts: &Hosts, first: Option<&Hit>, hits: &[&Hit], veil: &Veil, out: &mut String) {
        self.rungs_below(&[], hosts, first, hits, veil, out);
    }

    /// The same below a ladder: where its lines are the same ones, they aren't named again. Gives the lines.
    fn rungs_below(
        &self,
        above: &[Lifeline],
        hosts: &Hosts,
        first: Option<&Hit>,
        hits: &[&Hit],
        veil: &Veil,
        out: &mut String,
    ) -> Vec<Lifeline> {
        let (mut ladder, picture) = self.lines(hosts, first, hits);
        let begin = out.len();
        if picture.lines != above {
            ladder.head(&picture.lines, out);
        }
        // Among many lines, states are drawn where they change.
        let quiet = |hit: &Hit| veil.states || (picture.lines.len() > 2 && hit.before == hit.states);
        let mut before: Option<&Hit> = None;
        let mut talks = Vec::new();
        for (hit, way) in hits.iter().zip(&picture.ways) {
            if let Some(left_out) = before.and_then(|b| hit.place.checked_sub(b.place + 1)) {
                ladder.left_out(left_out, out);
            }
            let states = |states: Option<[State; 2]>| {
                way.talk.zip(states).filter(|_| !quiet(hit)).map(|(talk, both)| (talk, both.map(State::name)))
            };
            if let Some((talk, both)) = states(hit.before).filter(|(talk, _)| !talks.contains(&talk.stream)) {
                talks.push(talk.stream);
                ladder.states(talk, both, out);
            }
            ladder.packet(&hit.packet, way, out);
            if let Some(said) = hit.said() {
                ladder.remark(said, way, out);
            }
            if let Some((talk, both)) = states(hit.states) {
                ladder.states(talk, both, out);
            }
            before = Some(hit);
        }
        cover(out, begin, veil);
        picture.lines
    }

    /// The fields that the page speaks of: name, value, and where their bytes are.
    fn lit(&self, shown: &Shown<'_>, out: &mut String) {
        let Some(hit) = shown.hits.last() else { return };
        let found: Vec<&Field> = shown.show.highlight.iter().filter_map(|def| innermost(hit, def.it)).collect();
        if found.is_empty() {
            return;
        }
        out.push('\n');
        for field in found {
            self.value(hit, field, out);
        }
    }

    /// A field of a packet, if it has it: name, value, and what filters call it.
    fn field(&self, hit: &Hit, def: &'static FieldDef, out: &mut String) {
        if let Some(field) = innermost(hit, def) {
            self.value(hit, field, out);
        }
    }

    fn value(&self, hit: &Hit, field: &Field, out: &mut String) {
        let from = out.len();
        out.push_str("▸ ");
        out.push_str(field.def.label);
        pad(out, from, VALUES);
        let value = resolved::value(hit, field);
        let room = self.board.columns.saturating_sub(VALUES);
        for (i, line) in wrap(&value, room).enumerate() {
            if i > 0 {
                out.push('\n');
                spaces(VALUES, out);
            }
            self.board.theme.strong.paint(line, out);
        }
        if width(&value) + field.def.name.len() + 2 <= room {
            spaces(room - width(&value) - field.def.name.len(), out);
            self.board.theme.faint.paint(field.def.name, out);
        }
        out.push('\n');
    }
}

/// Covers words in the heads of a ladder that begins at byte `from`, and between its lines; numbers and times before
/// them stay.
fn cover(out: &mut String, from: usize, veil: &Veil) {
    if veil.words.is_empty() {
        return;
    }
    let drawn = out.split_off(from.min(out.len()));
    for line in drawn.split_inclusive('\n') {
        let at = line.find(['├', '│']).unwrap_or(0);
        let (margin, rest) = line.split_at(at);
        let mut rest = rest.to_owned();
        veil.cover(&mut rest);
        out.push_str(margin);
        out.push_str(&rest);
    }
}

fn innermost<'h>(hit: &'h Hit, def: &'static FieldDef) -> Option<&'h Field> {
    hit.packet.all(def).last()
}
