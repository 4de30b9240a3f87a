//! A picture of who sends what to whom: a line for each, time downwards, an arrow for each packet.

use super::{Anchor, COLUMN, Picture, SMALL_COLUMN, Text, columns, lines, pixels};
use crate::view::measure::{cut_front, width};
use std::fmt::Write;

/// The place of the first line: number and time are before it.
const MARGIN: usize = 84;
/// After the last line.
const RIGHT: usize = 20;
/// Between two lines alone, and the least between more.
const GAP: usize = 400;
const LEAST_GAP: usize = 150;
/// Lines of text, large and small.
const LARGE: usize = 18;
const SMALL: usize = 16;
/// The most lines that one text takes.
const MOST_LINES: usize = 4;
/// No file grows beyond that, in bytes.
const LONGEST: usize = 2 << 20;

/// Why an arrow is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    None,
    /// It belongs to the page.
    New,
    /// It proves something.
    Lit,
}

/// An arrow, and what belongs to it.
pub(super) struct Arrow<'a> {
    /// The packet's number and time.
    pub number: Option<u64>,
    pub time: &'a str,
    /// The lines; to nobody alone is to all.
    pub from: usize,
    pub to: Option<usize>,
    /// What it is.
    pub label: &'a str,
    /// What is said below it, each in a class.
    pub below: Vec<(&'static str, String)>,
    /// It ends on its way.
    pub lost: bool,
    pub mark: Mark,
}

/// A picture in the making.
pub(super) struct Sequence {
    bars: Vec<usize>,
    top: usize,
    y: usize,
    bands: String,
    body: String,
}

impl Sequence {
    /// Each line has a heading of some texts, the first of them its name.
    pub(super) fn new(heads: &[Vec<String>]) -> Self {
        let gaps = heads.len().max(2) - 1;
        let gap = (GAP / gaps).max(LEAST_GAP);
        let bars: Vec<usize> = (0..=gaps).map(|at| MARGIN + at * gap).collect();
        let mut drawn = Self { bars, top: 0, y: 0, bands: String::new(), body: String::new() };
        let rows = heads.iter().map(Vec::len).max().unwrap_or_default();
        // The outer ones have a half of the gap, and those between both halves.
        let room = if gaps == 1 { gap / 2 + MARGIN / 2 } else { gap - 10 };
        for (at, head) in heads.iter().enumerate() {
            for (row, text) in head.iter().enumerate() {
                let class = if row == 0 { "p-bold" } else { "p-small p-faint" };
                let mut text = text.clone();
                cut_front(&mut text, columns(room, if row == 0 { COLUMN } else { SMALL_COLUMN }));
                let (x, anchor) = match at {
                    0 => (drawn.bar(0).saturating_sub(if gaps == 1 { 4 } else { 30 }), Anchor::Start),
                    _ if at == gaps => (drawn.bar(at) + 14, Anchor::End),
                    _ => (drawn.bar(at), Anchor::Middle),
                };
                drawn.text(class, x, 14 + row * SMALL, &text, anchor);
            }
        }
        drawn.top = rows * SMALL + 8;
        drawn.y = drawn.top;
        drawn
    }

    fn bar(&self, line: usize) -> usize {
        self.bars.get(line).or(self.bars.last()).copied().unwrap_or(MARGIN)
    }

    fn last(&self) -> usize {
        self.bar(usize::MAX)
    }

    /// Nothing more is drawn: the picture is large enough.
    pub(super) const fn is_full(&self) -> bool {
        self.body.len() >= LONGEST
    }

    fn text(&mut self, class: &str, x: usize, y: usize, text: &str, anchor: Anchor) {
        let _ = write!(self.body, "{}", Text { class, x, y, line: text, anchor });
    }

    /// A remark over all lines.
    pub(super) fn note(&mut self, text: &str) {
        let room = self.last() - MARGIN - 16;
        for line in lines(text, room, SMALL_COLUMN, MOST_LINES) {
            self.y += SMALL;
            self.text("p-small p-faint p-over", MARGIN + 8, self.y, &line, Anchor::Start);
        }
        self.y += 4;
    }

    /// Texts at two lines, such as the states of both ends.
    pub(super) fn beside(&mut self, ends: [usize; 2], texts: [Option<&str>; 2], class: &str) {
        let class = format!("p-small p-over {class}");
        let (near, far) = (self.bar(ends[0]), self.bar(ends[1]));
        let room = near.abs_diff(far).saturating_sub(20);
        let both: usize = texts.iter().flatten().map(|text| pixels(width(text) + 1, SMALL_COLUMN)).sum();
        // Beside each other, where both fit; else below each other.
        let (room, is_row) = if both <= room { (room, true) } else { (room * 9 / 10, false) };
        let begin = self.y;
        let mut lowest = begin;
        for ((at, other), text) in [(near, far), (far, near)].into_iter().zip(texts) {
            let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
            let mut y = if is_row { begin } else { lowest };
            let (x, anchor) = if other >= at { (at + 8, Anchor::Start) } else { (at - 8, Anchor::End) };
            for line in lines(text, room, SMALL_COLUMN, MOST_LINES) {
                y += SMALL;
                self.text(&class, x, y, &line, anchor);
            }
            lowest = lowest.max(y);
        }
        self.y = lowest;
    }

    /// A packet.
    pub(super) fn arrow(&mut self, arrow: &Arrow<'_>) {
        let from = self.bar(arrow.from);
        let to = arrow.to.map_or_else(|| self.outermost(from), |to| self.bar(to));
        let (begin, right) = (self.y + 4, to >= from);
        self.y = begin;
        // Where there are more lines than two, a text goes on over those that have no part in it.
        let (x, room, anchor) = if right {
            (from + 10, (self.last() - from).saturating_sub(20), Anchor::Start)
        } else {
            (from - 10, (from - MARGIN).saturating_sub(20), Anchor::End)
        };
        let short = self.last() - MARGIN;
        let (x, room, anchor) = if room * 2 >= short || arrow.to == Some(arrow.from) {
            (x, room.max(100), anchor)
        } else if right {
            (self.last() - 10, self.last() - MARGIN - 20, Anchor::End)
        } else {
            (MARGIN + 10, self.last() - MARGIN - 20, Anchor::Start)
        };
        for line in lines(arrow.label, room, COLUMN, MOST_LINES) {
            self.y += LARGE;
            self.text("p-over", x, self.y, &line, anchor);
        }
        self.y += 9;
        if let Some(number) = arrow.number {
            self.text("p-bold", 2, self.y - 4, &number.to_string(), Anchor::Start);
        }
        self.text("p-small p-faint", 2, self.y + 11, arrow.time, Anchor::Start);
        self.shaft(from, to, arrow);
        self.y += 4;
        for (class, text) in &arrow.below {
            for line in lines(text, room, SMALL_COLUMN, MOST_LINES) {
                self.y += SMALL;
                self.text(&format!("p-small p-over {class}"), x, self.y, &line, anchor);
            }
        }
        self.y += 8;
        if arrow.mark != Mark::None {
            let class = if arrow.mark == Mark::Lit { "p-lit" } else { "p-new" };
            let (wide, high) = (self.last() + RIGHT - 2, self.y - begin);
            let _ = writeln!(
                self.bands,
                "<rect class=\"{class}\" x=\"1\" y=\"{begin}\" width=\"{wide}\" height=\"{high}\" rx=\"4\"/>"
            );
        }
    }

    /// Where a packet for everybody goes: to the outermost line on the wider side.
    fn outermost(&self, from: usize) -> usize {
        if from - MARGIN > self.last() - from { MARGIN } else { self.last() }
    }

    fn shaft(&mut self, from: usize, to: usize, arrow: &Arrow<'_>) {
        let y = self.y;
        if from == to {
            // Both ends share a line.
            let _ = writeln!(self.body, "<path class=\"p-arrow\" d=\"M{from} {y}h14v8h-10\"/>");
            return;
        }
        if arrow.lost {
            let end = usize::midpoint(from, to);
            let (left, right, up, down) = (end - 6, end + 6, y - 6, y + 6);
            let _ = writeln!(self.body, "<path class=\"p-arrow\" d=\"M{from} {y}H{end}\"/>");
            let _ = writeln!(
                self.body,
                "<path class=\"p-cross\" d=\"M{left} {up}L{right} {down}M{left} {down}L{right} {up}\"/>"
            );
            return;
        }
        self.line(from, to);
        // Those on the sender's other side get it, too.
        let other = if to > from { MARGIN } else { self.last() };
        if arrow.to.is_none() && other != from {
            self.line(from, other);
        }
    }

    /// A line with its head.
    fn line(&mut self, from: usize, to: usize) {
        let y = self.y;
        let (back, up, down) = (if to > from { to - 9 } else { to + 9 }, y - 5, y + 5);
        let _ = writeln!(self.body, "<path class=\"p-arrow\" d=\"M{from} {y}H{back}\"/>");
        let _ = writeln!(self.body, "<path class=\"p-full\" d=\"M{to} {y}L{back} {up}V{down}Z\"/>");
    }

    /// The whole.
    pub(super) fn finish(self, title: String, about: String) -> Picture {
        let (width, height) = (self.last() + RIGHT, self.y + 12);
        let mut body = self.bands;
        for bar in &self.bars {
            let _ = writeln!(body, "<path class=\"p-bar\" d=\"M{bar} {}V{height}\"/>", self.top);
        }
        body.push_str(&self.body);
        Picture { title, about, width, height, body }
    }
}
