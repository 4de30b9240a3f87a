//! A question on the screen: what is asked, how it is answered, and what the answer was worth.

use super::super::measure::{cut, pad, spaces, width, wrap};
use super::Stage;
use crate::lesson::Hit;
use crate::lesson::format::Fade;
use crate::lesson::play::Mark;
use crate::lesson::scene::{Asked, How, Line, Opt, Scene, Task, Verdict};
use crate::model::show;
use std::ops::Range;

/// Bytes in a row.
const ROW: usize = 16;
/// Rows of bytes that are drawn around the cursor.
const MOST_ROWS: usize = 8;

impl Stage {
    /// A question. Gives the byte where its newest part begins.
    pub(super) fn asked(&self, scene: &Scene<'_>, asked: &Asked<'_>, out: &mut String) -> usize {
        if !scene.so_far.is_empty() && !matches!(asked.how, How::Mark { .. }) {
            self.ladder(&scene.so_far, out);
            out.push('\n');
        }
        let begins = out.len();
        self.prompt(&asked.prompt, out);
        match &asked.how {
            How::Choose(options) => self.options(options, out),
            How::Type { typed, .. } => {
                if scene.mode != crate::ask::Mode::Read {
                    self.field("Your answer: ", typed, out);
                } else if asked.verdict.is_none() {
                    self.paragraph("This capture lacks the packet that the question is about.", "! ", out);
                }
            }
            How::Order { items, taken } => self.order(items, taken, asked.verdict.as_ref(), out),
            How::Mark { hit, cursor, marked, right } => self.bytes(hit, *cursor, marked, right.as_ref(), out),
        }
        let told = out.len();
        self.hint(asked.hint.as_deref(), out);
        if let Some(verdict) = &asked.verdict {
            self.verdict(scene, verdict, out);
            return told;
        }
        self.notice(scene, out);
        begins
    }

    pub(super) fn prompt(&self, prompt: &str, out: &mut String) {
        let mut text = String::new();
        self.paragraph(prompt, "? ", &mut text);
        self.theme.strong.paint(text.trim_end(), out);
        out.push_str("\n\n");
    }

    pub(super) fn notice(&self, scene: &Scene<'_>, out: &mut String) {
        if let Some(notice) = scene.notice {
            out.push('\n');
            self.paragraph(notice, "! ", out);
        }
    }

    pub(super) fn hint(&self, hint: Option<&str>, out: &mut String) {
        if let Some(hint) = hint {
            if !out.ends_with("\n\n") {
                out.push('\n');
            }
            self.paragraph(hint, "Hint: ", out);
        }
    }

    pub(super) fn options(&self, options: &[Opt], out: &mut String) {
        for (number, option) in (1..).zip(options) {
            let sign = match (option.right, option.chosen) {
                _ if self.printed => ' ',
                (Some(true), _) => '✓',
                (Some(false), true) => '✗',
                (None, true) => '●',
                _ => ' ',
            };
            let mark = format!("  {number} {sign} ");
            self.paragraph(&option.text, &mark, out);
        }
    }

    /// What is being typed, with a cursor.
    fn field(&self, before: &str, typed: &str, out: &mut String) {
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

    fn order(&self, items: &[String], taken: &[usize], verdict: Option<&Verdict<'_>>, out: &mut String) {
        for (number, item) in items.iter().enumerate() {
            let place = taken.iter().position(|&t| t == number);
            let mark = format!("  {}   ", number + 1);
            let mut text = item.clone();
            if let Some(place) = place {
                text.extend(["  (number ", &(place + 1).to_string(), " of your order)"]);
            }
            self.paragraph(&text, &mark, out);
        }
        if verdict.is_none_or(|v| v.again) {
            let order: Vec<String> = taken.iter().map(|t| (t + 1).to_string()).collect();
            out.push('\n');
            self.field("Your order: ", &order.join(" "), out);
        }
    }

    // ---- what it was worth

    /// What an answer was worth, and why.
    pub(super) fn verdict(&self, scene: &Scene<'_>, verdict: &Verdict<'_>, out: &mut String) {
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
        let (style, word) = match verdict.mark {
            _ if self.printed => (&self.theme.strong, ""),
            Mark::Right => (&self.theme.observed, "✓ Right. "),
            Mark::Wrong if verdict.repaired => (&self.theme.observed, "✓ Right at the second attempt. "),
            Mark::Wrong if verdict.again => (&self.theme.alarm, "✗ Not yet. Once more; a hint may help."),
            Mark::Wrong => (&self.theme.alarm, "✗ Not quite. "),
            Mark::Skipped => (&self.theme.strong, "Skipped. "),
        };
        let mut first = word.to_owned();
        let told = self.printed || (verdict.mark != Mark::Right && !verdict.repaired);
        if !verdict.again && !verdict.answer.is_empty() && told {
            first.push_str("The answer: ");
            first.push_str(&verdict.answer);
        }
        let mut text = String::new();
        self.paragraph(&first, "", &mut text);
        style.paint(text.trim_end(), out);
        out.push('\n');
        if let Some(said) = &verdict.said {
            self.paragraph(said, "  ", out);
        }
        if let Some(m) = verdict.betrayed.filter(|_| !verdict.repaired) {
            self.paragraph(&format!("Many believe: {}", m.claim), "  ", out);
            self.paragraph(&m.refutation, "  But: ", out);
            let same = |hit: &&Hit| verdict.proof.is_none_or(|proof| proof.packet.number != hit.packet.number);
            match (verdict.against.filter(same), &m.spec) {
                // While another attempt is open, the packet would tell the answer.
                (Some(hit), _) if !verdict.again => self.evidence("against it", scene, hit, out),
                (None, Some(spec)) => self.paragraph(&format!("See {spec}."), "  ", out),
                _ => {}
            }
        }
        if verdict.again {
            return;
        }
        if !verdict.why.is_empty() {
            self.paragraph(&verdict.why, "  ", out);
        }
        match (verdict.proof, verdict.spec) {
            (Some(hit), _) => self.evidence("the proof", scene, hit, out),
            (None, Some(spec)) => self.paragraph(&format!("See {spec}."), "  ", out),
            (None, None) => {}
        }
    }

    /// One packet, as an arrow, and what it is here.
    fn evidence(&self, what: &str, scene: &Scene<'_>, hit: &Hit, out: &mut String) {
        self.theme.faint.paint(&format!("  Packet {} is {what}:\n", hit.packet.number), out);
        let mut ladder = super::Ladder::new(self.theme.clone(), Some(self.columns));
        if let Some(first) = scene.so_far.first() {
            ladder.since(&first.hit.packet);
        }
        ladder.packet(&hit.packet, super::side(hit), out);
    }

    // ---- bytes to mark

    /// The bytes of a frame around the cursor; what is marked stands in brackets.
    fn bytes(&self, hit: &Hit, cursor: usize, marked: &Range<usize>, right: Option<&Range<usize>>, out: &mut String) {
        let frame = hit.packet.frame();
        let rows = frame.len().div_ceil(ROW);
        let here = right.map_or(cursor, |r| r.start) / ROW;
        let first = here.saturating_sub(MOST_ROWS / 2).min(rows.saturating_sub(MOST_ROWS));
        // In print the answer stands below, and nothing is marked.
        let marked = if self.printed { &(0..0) } else { right.unwrap_or(marked) };
        for row in (first..rows).take(MOST_ROWS) {
            out.push_str("  ");
            let mut offset = String::new();
            show::hex((row * ROW) as u64, 4, &mut offset);
            self.theme.faint.paint(offset.trim_start_matches("0x"), out);
            out.push(' ');
            let bytes = frame.get(row * ROW..).unwrap_or(&[]);
            for (at, byte) in (row * ROW..).zip(bytes.iter().take(ROW)) {
                let before = if (at == marked.start && !marked.is_empty()) || (at == row * ROW && marked.contains(&at))
                {
                    '['
                } else {
                    ' '
                };
                // The gap behind the last marked byte closes the bracket.
                out.push(if at > row * ROW && at == marked.end && !marked.is_empty() { ']' } else { before });
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
        let place = if marked.len() == 1 {
            format!("byte {}", marked.start)
        } else {
            format!("bytes {} to {}", marked.start, marked.end.saturating_sub(1))
        };
        let who = if right.is_some() { "Right: " } else { "Marked: " };
        self.paragraph(&format!("{who}{place}, counted from 0"), "  ", out);
    }

    // ---- procedures

    /// A procedure. Gives the byte where its newest part begins.
    pub(super) fn worked(&self, scene: &Scene<'_>, task: &Task<'_>, out: &mut String) -> Option<usize> {
        let turn = match task.fade {
            Fade::Whole => "worked out",
            Fade::Last => "the last step is yours",
            Fade::All => "your turn",
        };
        let mut title = String::new();
        self.paragraph(&format!("{} ({turn})", task.title), "", &mut title);
        self.theme.strong.paint(title.trim_end(), out);
        out.push_str("\n\n");
        if let Some(hit) = task.hit {
            self.rungs(None, &[hit], out);
            out.push('\n');
        }
        for (name, value) in task.given {
            self.paragraph(&format!("{name} = {value}"), "  Given: ", out);
        }
        if task.absent {
            self.paragraph("This capture lacks the packet for this step.", "! ", out);
            return None;
        }
        let begins = out.len();
        for (number, line) in (1..).zip(&task.lines) {
            self.step(number, line, task, out);
        }
        let told = out.len();
        self.hint(task.hint.as_deref(), out);
        if let Some(verdict) = task.verdict.as_ref().filter(|v| v.again || task.fade != Fade::Whole) {
            self.verdict(scene, verdict, out);
            return Some(told);
        }
        if let Some(text) = &task.text {
            out.push('\n');
            self.paragraph(text, "", out);
        }
        self.notice(scene, out);
        Some(begins)
    }

    fn step(&self, number: usize, line: &Line<'_>, task: &Task<'_>, out: &mut String) {
        let mark = format!("  {number}  ");
        let column = self.columns.saturating_sub(28).max(30);
        let from = out.len();
        let value = line.value.as_deref();
        let fits = width(&line.say) + width(&mark) < column && value.is_none_or(|v| width(v) + column <= self.columns);
        if fits {
            out.push_str(&mark);
            out.push_str(&line.say);
            pad(out, from, column);
        } else {
            self.paragraph(&line.say, &mark, out);
        }
        match value {
            Some(value) => {
                let room = self.columns.saturating_sub(if fits { column } else { 7 });
                for (i, part) in wrap(value, room).enumerate() {
                    if i > 0 {
                        out.push('\n');
                    }
                    if !fits || i > 0 {
                        spaces(if fits { column } else { 7 }, out);
                    }
                    self.theme.strong.paint(part, out);
                }
                out.push('\n');
            }
            None if line.current => {
                if fits {
                    out.push('\n');
                }
                self.field("   = ", task.typed, out);
            }
            None => out.push_str(if fits { "…\n" } else { "       …\n" }),
        }
        if task.fade == Fade::Whole && line.formula.contains(['(', '+', '-', '*', '/', '&', '^']) {
            let mut formula = format!("     = {}", line.formula);
            cut(&mut formula, 0, self.columns);
            self.theme.faint.paint(&formula, out);
            out.push('\n');
        }
    }
}
