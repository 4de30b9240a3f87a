//! Two timelines side by side: as it was, and what if.
//!
//! ```text
//!     3  0.000512 → TCP [SYN] Seq=0 …   │ the same
//! ── here they part, at 0.004613 s ──────┼───────────────────────────────────────
//!     4  0.004613 ← TCP [SYN, ACK] …    │
//!                                        │    4  1.000512 → TCP [SYN] Seq=0 …
//! ```
//!
//! Frames at one moment stand on one line. [`Merged`] brings two lists into that order.

use super::brief;
use super::measure::{cut, pad, repeat, spaces, width};
use super::theme::{Style, Theme};
use crate::model::{Osi, Packet, Remark, Time, show};
use crate::proto::tcp;
use std::iter::Peekable;
use std::slice::Iter;

const NARROWEST: usize = 60;
const WIDEST: usize = 200;
/// What is said of one frame, at most, in bytes of text.
const LONGEST: usize = 200;

/// One frame of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in its own timeline.
    pub number: u64,
    /// Nanoseconds since the simulation began.
    pub at: i64,
    /// Whether the card that we watch sent it, if one did or received it.
    pub sent: Option<bool>,
    /// The innermost layer that it is about.
    pub osi: Osi,
    /// Protocol and message, in a few words.
    pub text: String,
    /// What befell it.
    pub remark: Option<Remark>,
}

/// Draws both timelines.
#[derive(Debug)]
pub struct Fork {
    theme: Theme,
    /// Columns of each side.
    side: usize,
}

impl Line {
    /// What is to be said of a packet. Time counts from `start`.
    pub fn of(packet: &Packet, start: Time, sent: Option<bool>) -> Self {
        let mut text = String::new();
        let osi = brief::message(packet, &mut text);
        if osi == Osi::Transport
            && let Some(layer) = packet.layer(&tcp::ABOUT)
        {
            text.clear();
            text.push_str("TCP ");
            tcp::gist(packet, layer, &mut text);
        }
        cut(&mut text, 0, LONGEST);
        let at = packet.time.since(start).unwrap_or(0);
        Self { number: packet.number, at, sent, osi, text, remark: packet.remark }
    }
}

impl Fork {
    /// For a screen of so many columns; `None` is a pipe, which gets 100.
    pub fn new(theme: Theme, columns: Option<usize>) -> Self {
        Self { theme, side: (columns.unwrap_or(100).clamp(NARROWEST, WIDEST) - 3) / 2 }
    }

    /// Appends the names of both sides.
    pub fn heading(&self, left: &str, right: &str, out: &mut String) {
        self.row(|out| self.theme.strong.paint(left, out), |out| self.theme.strong.paint(right, out), width(left), out);
    }

    /// Appends a frame that both timelines have. `met` is what befalls it in the second one.
    pub fn same(&self, line: &Line, met: Option<Remark>, out: &mut String) {
        let (text, style) = met.map_or(("the same", &self.theme.faint), |met| (met.sentence(), &self.theme.alarm));
        let mut right = text.to_owned();
        cut(&mut right, 0, self.side);
        let mut left = String::new();
        let used = self.frame(line, &mut left);
        self.row(|out| out.push_str(&left), |out| style.paint(&right, out), used, out);
    }

    /// Appends frames of one moment: of the first timeline, of the second, or of both.
    pub fn frames(&self, left: Option<&Line>, right: Option<&Line>, out: &mut String) {
        let (mut near, mut far) = (String::new(), String::new());
        let used = left.map_or(0, |line| self.frame(line, &mut near));
        if let Some(line) = right {
            self.frame(line, &mut far);
        }
        self.row(|out| out.push_str(&near), |out| out.push_str(&far), used, out);
    }

    /// Appends a rule with a text in it.
    pub fn rule(&self, text: &str, out: &mut String) {
        let mut label = format!("── {text} ");
        cut(&mut label, 0, 2 * self.side + 3);
        let rest = (2 * self.side + 3).saturating_sub(width(&label));
        self.theme.strong.around(out, |out| {
            out.push_str(&label);
            repeat('─', rest, out);
        });
        out.push('\n');
    }

    /// Appends a text on each side; where they differ, the second stands out.
    pub fn texts(&self, left: &str, right: &str, out: &mut String) {
        let (mut near, mut far) = (left.to_owned(), right.to_owned());
        cut(&mut near, 0, self.side);
        cut(&mut far, 0, self.side);
        let style = if left == right { &self.theme.faint } else { &self.theme.inferred };
        self.row(|out| out.push_str(&near), |out| style.paint(&far, out), width(&near), out);
    }

    fn row(&self, left: impl FnOnce(&mut String), right: impl FnOnce(&mut String), used: usize, out: &mut String) {
        left(out);
        spaces(self.side.saturating_sub(used), out);
        out.push_str(" │ ");
        right(out);
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
    }

    /// Appends a frame, cut to its side; gives its columns.
    fn frame(&self, line: &Line, out: &mut String) -> usize {
        let mut head = String::new();
        show::number(line.number, &mut head);
        spaces(4usize.saturating_sub(head.len()), out);
        out.push_str(&head);
        head.clear();
        show::seconds(line.at, 6, &mut head);
        spaces(10usize.saturating_sub(head.len()), out);
        self.theme.faint.paint(&head, out);
        out.push_str(match line.sent {
            Some(true) => " → ",
            Some(false) => " ← ",
            None => " · ",
        });
        let mut text = line.text.clone();
        if line.remark.is_some() {
            text.insert_str(0, "! ");
        }
        cut(&mut text, 0, self.side.saturating_sub(17));
        let style: &Style = if line.remark.is_none() { self.theme.layer(line.osi) } else { &self.theme.alarm };
        style.paint(&text, out);
        pad(&mut head, 0, 10);
        4 + width(&head) + 3 + width(&text)
    }
}

/// Both lists in the order of time: lines of one moment together.
#[derive(Debug)]
pub struct Merged<'l> {
    left: Peekable<Iter<'l, Line>>,
    right: Peekable<Iter<'l, Line>>,
}

impl<'l> Merged<'l> {
    /// Two lists, each in the order of time.
    pub fn new(left: &'l [Line], right: &'l [Line]) -> Self {
        Self { left: left.iter().peekable(), right: right.iter().peekable() }
    }
}

impl<'l> Iterator for Merged<'l> {
    type Item = (Option<&'l Line>, Option<&'l Line>);

    fn next(&mut self) -> Option<Self::Item> {
        let [left, right] = [self.left.peek(), self.right.peek()].map(|line| line.map(|line| line.at));
        let first = left.into_iter().chain(right).min()?;
        Some((self.left.next_if(|line| line.at == first), self.right.next_if(|line| line.at == first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, at: i64, text: &str) -> Line {
        let sent = Some(number % 2 == 1);
        Line { number, at, sent, osi: Osi::Transport, text: text.into(), remark: None }
    }

    #[test]
    fn lines_of_one_moment_stand_together_and_the_rest_in_the_order_of_time() {
        let left = [line(1, 10, "a"), line(2, 30, "b")];
        let right = [line(1, 10, "c"), line(2, 20, "d"), line(3, 40, "e")];
        let pairs: Vec<_> =
            Merged::new(&left, &right).map(|(l, r)| [l, r].map(|x| x.map(|x| x.text.as_str()))).collect();
        let expected = [[Some("a"), Some("c")], [None, Some("d")], [Some("b"), None], [None, Some("e")]];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn both_sides_keep_to_their_columns() {
        for columns in [60, 80, 101] {
            let fork = Fork::new(Theme::new(false), Some(columns));
            let mut out = String::new();
            fork.heading("as it was", "what if", &mut out);
            fork.same(&line(1, 512_000, "TCP [SYN] Seq=0 Win=64240 Len=0 MSS=1460 and more"), None, &mut out);
            fork.same(&line(2, 513_000, "TCP"), Some(Remark::Refused), &mut out);
            fork.rule("here they part, at 0.004613 s", &mut out);
            fork.frames(None, Some(&line(3, 1_000_512_000, "TCP [SYN] Seq=0 Win=64240 Len=0 MSS=1460")), &mut out);
            fork.texts("ESTABLISHED", "SYN-SENT", &mut out);
            assert!(out.lines().all(|line| width(line) <= columns), "{columns}\n{out}");
            let bars: Vec<_> = out.lines().filter_map(|line| line.find(" │ ").map(|at| width(&line[..at]))).collect();
            assert!(bars.len() == 5 && bars.iter().all(|bar| *bar == bars[0]), "{out}");
        }
    }
}
