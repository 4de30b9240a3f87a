//! What is asked: how it is answered, the answer so far, what that was worth; procedures, step by step.

use super::rows::{Of, Writer};
use crate::ask::Mark;
use crate::tui::browser::bytes::per_row;
use crate::tui::paint::Paint;
use crate::view::ask::{ANSWER, BELIEF, BUT};
use crate::view::hex;
use crate::view::measure::{spaces, width, wrap};
use crate::view::scene::resolved::{Evidence, Lit, Question, Step, Verdict, Work};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::fmt::Write as _;
use std::ops::Range;

/// Where the values of fields begin.
const VALUES: usize = 30;
/// The fewest rows of bytes to be marked that are in sight.
const FEW_ROWS: usize = 6;

/// How an answer stands on this screen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hand {
    /// Which choice the arrows are on.
    pub(super) at: Option<usize>,
    /// What is typed goes into the field.
    pub(super) typing: bool,
    /// The byte under the cursor.
    pub(super) cursor: usize,
    /// Rows that bytes may have.
    pub(super) rows: usize,
    /// The field that is chosen.
    pub(super) field: Option<usize>,
}

impl Writer<'_> {
    /// A question, and the answer so far.
    pub(super) fn question(&mut self, asked: &Question, hand: Hand) {
        self.say("? ", &asked.prompt, Paint::strong(), Of::Text);
        self.gap();
        self.answer(asked, hand);
    }

    /// How it is answered, and the answer so far.
    pub(super) fn answer(&mut self, asked: &Question, hand: Hand) {
        let told = asked.verdict.as_ref().filter(|told| !told.again);
        for (place, item) in asked.items.iter().enumerate() {
            let mut text = item.text.clone();
            let order = asked.taken.iter().position(|taken| *taken == item.label).filter(|_| is_order(asked));
            if let Some(number) = order {
                let _ = write!(text, "  (number {} of your order)", number + 1);
            }
            let (sign, style) = if is_order(asked) { (" ", Style::new()) } else { self.sign(asked, told, &item.label) };
            let here = if hand.at == Some(place) { "▸" } else { " " };
            self.say(&format!(" {here}{} {sign} ", item.label), &text, style, Of::Choice(place));
        }
        for (place, packet) in asked.packets.iter().enumerate() {
            let here = if hand.at == Some(place) { "▸" } else { " " };
            let number = packet.packet.to_string();
            let given = |told: &Verdict| told.given.iter().any(|part| part.text == number);
            let (sign, style) = match told {
                Some(told) if told.right.as_ref() == Some(&number) => ("✓", self.paint.right()),
                Some(told) if given(told) => ("✗", self.paint.alarm()),
                _ => (" ", Style::new()),
            };
            self.say(&format!("{here}{number:>4} {sign} "), &packet.text, style, Of::Choice(place));
        }
        for (number, name) in (1..).zip(&asked.blanks) {
            self.say(&format!("  {number}   "), name, Style::new(), Of::Text);
        }
        if let Some(bytes) = &asked.bytes {
            self.bytes(bytes, asked, hand);
        }
        match (asked.form, told) {
            (Some("order"), None) if asked.open => {
                self.gap();
                let taken = asked.taken.iter().map(|taken| Span::styled(format!("{taken} "), Paint::strong()));
                let spans = std::iter::once(Span::raw("  Your order: ")).chain(taken).chain([Span::raw("▁")]);
                self.push(spans.collect(), Of::Text);
            }
            (Some("number" | "text" | "packet" | "blanks"), None) if asked.open => {
                if !asked.packets.is_empty() || !asked.blanks.is_empty() {
                    self.gap();
                }
                self.field_to_type("  Your answer: ", &asked.typed, hand.typing);
            }
            _ => {}
        }
        if let Some(note) = asked.note {
            self.say("! ", note, Style::new(), Of::Text);
        }
    }

    /// How a choice stands: what is right, what was taken.
    fn sign(&self, asked: &Question, told: Option<&Verdict>, label: &str) -> (&'static str, Style) {
        let taken = asked.taken.first().is_some_and(|taken| taken == label);
        match told {
            Some(told) if told.right.as_deref() == Some(label) => ("✓", self.paint.right()),
            Some(_) if taken => ("✗", self.paint.alarm()),
            None if taken => ("●", Paint::strong()),
            _ => (" ", Style::new()),
        }
    }

    /// What was given, each part with whether it is right.
    fn given(&mut self, told: &Verdict) {
        if told.given.is_empty() {
            return;
        }
        let mut spans = vec![Span::raw("  Your answer: ")];
        for part in &told.given {
            let (sign, style) =
                if part.right { (" ✓  ", self.paint.right()) } else { (" ✗  ", self.paint.alarm()) };
            spans.extend([Span::styled(part.text.clone(), Paint::strong()), Span::styled(sign, style)]);
        }
        if spans.iter().map(Span::width).sum::<usize>() <= self.columns {
            return self.push(Line::from(spans), Of::Text);
        }
        let text: String = spans.iter().skip(1).map(|span| span.content.as_ref()).collect();
        self.say("  Your answer: ", text.trim_end(), Style::new(), Of::Text);
    }

    /// Where something is typed. Of a long answer, its end is in sight.
    fn field_to_type(&mut self, before: &str, typed: &str, typing: bool) {
        let after = if typing { "▁" } else { "   (Enter: type here again)" };
        let room = self.columns.saturating_sub(width(before) + width(after));
        let mut shown = typed.to_owned();
        while width(&shown) > room && !shown.is_empty() {
            shown.remove(0);
        }
        let after = if typing { Span::raw(after) } else { Span::styled(after, self.paint.faint()) };
        self.push(
            Line::from(vec![Span::raw(before.to_owned()), Span::styled(shown, Paint::strong()), after]),
            Of::Typed,
        );
    }

    /// Bytes to be marked, as many rows as there is room for, around the cursor. What is marked is in brackets.
    fn bytes(&mut self, all: &str, asked: &Question, hand: Hand) {
        let all: Vec<u8> =
            (0..all.len() / 2).filter_map(|at| u8::from_str_radix(all.get(2 * at..2 * at + 2)?, 16).ok()).collect();
        let told = asked.verdict.as_ref().filter(|told| !told.again).and_then(|told| told.right.as_deref());
        let right = told.and_then(run);
        let mine = asked.marked.map(|[first, last]| first..last + 1);
        let marked = right.clone().or(mine.clone()).unwrap_or(0..0);
        let hidden = self.mask.map_or_else(Vec::new, |mask| mask.borrow().raw(&all));
        let in_row = per_row(self.columns) as usize;
        let count = all.len().div_ceil(in_row);
        let most = hand.rows.max(FEW_ROWS);
        let here = if told.is_some() { marked.start } else { hand.cursor } / in_row;
        let top = here.saturating_sub(most / 2).min(count.saturating_sub(most));
        let mut head = String::from("      ");
        for column in 0..in_row {
            let _ = write!(head, "{column:>2x} ");
        }
        self.push(Line::styled(head, self.paint.faint()), Of::Text);
        for row in (top..count).take(most) {
            let first = row * in_row;
            let of_row = all.get(first..all.len().min(first + in_row)).unwrap_or(&[]);
            let mut spans = vec![Span::styled(format!("{} ", hex::offset(first as u64, 4)), self.paint.faint())];
            let mut text = Vec::new();
            for (at, &byte) in (first..).zip(of_row) {
                let is_in = marked.contains(&at);
                let opens = is_in && (at == marked.start || at == first);
                let closes = at > first && at == marked.end && !marked.is_empty();
                let style = if is_in { Paint::selected(true) } else { Style::new() };
                spans.push(Span::raw(match (closes, opens) {
                    (true, _) => "]",
                    (_, true) => "[",
                    _ => " ",
                }));
                let veiled = hidden.iter().any(|range| range.contains(&at));
                spans.push(Span::styled(hex::digits(byte, veiled), style));
                text.push(Span::styled(hex::shown(byte, veiled).to_string(), style));
            }
            let end = first + of_row.len();
            spans.push(Span::raw(if end > first && marked.contains(&(end - 1)) { "]" } else { " " }));
            spans.push(Span::raw(" ".repeat((in_row - of_row.len()) * 3 + 1)));
            spans.extend(text);
            self.push(Line::from(spans), Of::Mark(first));
        }
        if count > most {
            let last = (all.len() - 1).min((top + most) * in_row - 1);
            let text = format!("      bytes {} to {last} of {}; the arrows go on", top * in_row, all.len());
            self.push(Line::styled(text, self.paint.faint()), Of::Text);
        }
        self.gap();
        let place = |run: &Range<usize>| match run.len() {
            1 => format!("byte {}", run.start),
            _ => format!("bytes {} to {}", run.start, run.end.saturating_sub(1)),
        };
        match (&right, &mine) {
            (Some(right), _) => {
                self.say("  ", &format!("Right: {}, counted from 0", place(right)), Style::new(), Of::Text);
            }
            (None, Some(mine)) => {
                self.say("  ", &format!("Marked: {}, counted from 0", place(mine)), Style::new(), Of::Text);
            }
            (None, None) => {}
        }
    }

    // ---- what it was worth

    pub(super) fn hint(&mut self, hint: Option<&str>) {
        if let Some(hint) = hint {
            self.gap();
            self.say("Hint: ", hint, Style::new(), Of::Text);
        }
    }

    /// What an answer was worth. `arrows`: the packet against it, and the proof, as they are drawn.
    pub(super) fn verdict(&mut self, told: &Verdict, arrows: &[String; 2], hand: Hand) {
        self.gap();
        let right = told.repaired || told.mark == Mark::Right.name();
        let wrong = !right && told.mark == Mark::Wrong.name();
        let (sign, style) = match (right, wrong) {
            (true, _) => ("✓ ", self.paint.right()),
            (_, true) => ("✗ ", self.paint.alarm()),
            _ => ("", Paint::strong()),
        };
        let answer = told.answer.as_ref().map_or(String::new(), |answer| format!(" {ANSWER}{answer}"));
        self.say("", &format!("{sign}{}{answer}", told.headline), style, Of::Text);
        self.given(told);
        for item in &told.order {
            self.say(&format!("  {}   ", item.label), &item.text, Style::new(), Of::Text);
        }
        let [against, proof] = arrows;
        if let Some(said) = &told.said {
            self.say("  ", said, Style::new(), Of::Text);
        }
        if let Some(belief) = &told.misconception {
            self.say("  ", &format!("{BELIEF}{}", belief.claim), Style::new(), Of::Text);
            self.say(&format!("  {BUT}"), belief.refutation, Style::new(), Of::Text);
        }
        self.evidence(told.against.as_ref(), against, hand);
        if let Some(why) = &told.why {
            self.say("  ", why, Style::new(), Of::Text);
        }
        self.evidence(told.proof.as_ref(), proof, hand);
        if let Some(spec) = &told.spec {
            self.say("  ", &format!("See {spec}."), Style::new(), Of::Text);
        }
    }

    /// A packet that shows something, and its fields.
    fn evidence(&mut self, shown: Option<&Evidence>, arrow: &str, hand: Hand) {
        let Some(shown) = shown else { return };
        self.say("  ", &format!("{}:", shown.text), self.paint.faint(), Of::Text);
        self.painted(arrow);
        self.fields(&shown.fields, hand);
    }

    /// Fields: name, value, and what filters call it; of the chosen one, its bytes.
    pub(super) fn fields(&mut self, fields: &[Lit], hand: Hand) {
        for (place, field) in fields.iter().enumerate() {
            let values = VALUES.min(self.columns / 2);
            let room = self.columns.saturating_sub(values);
            let mut head = format!("▸ {}", field.label);
            spaces(values.saturating_sub(width(&head)), &mut head);
            for (number, part) in wrap(&field.value, room).enumerate() {
                let before = if number == 0 { head.clone() } else { " ".repeat(values) };
                let mut spans = vec![Span::raw(before), Span::styled(part.to_owned(), Paint::strong())];
                let used = width(part) + width(field.field);
                if number == 0 && width(&field.value) + width(field.field) + 2 <= room {
                    spans.push(Span::raw(" ".repeat(room.saturating_sub(used))));
                    spans.push(Span::styled(field.field, self.paint.faint()));
                }
                self.push(Line::from(spans), Of::Field(place));
            }
            if hand.field == Some(place) && field.length > 0 {
                let hidden = self.hides(&field.value);
                let mut text = String::new();
                for (at, digit) in field.hex.chars().enumerate() {
                    if at > 0 && at % 2 == 0 {
                        text.push(' ');
                    }
                    text.push(if hidden { '·' } else { digit });
                }
                let head = format!("    {}: ", place_of(field));
                self.say(&head, &text, Style::new(), Of::Field(place));
            }
        }
    }

    // ---- procedures

    /// A procedure: its steps, and what is said of them.
    pub(super) fn steps(&mut self, work: &Work, typed: &str, hand: Hand) {
        for given in &work.given {
            self.say("  Given: ", &format!("{} = {}", given.name, given.value), Style::new(), Of::Text);
        }
        for (number, step) in (1..).zip(&work.steps) {
            self.step(number, step);
            if step.current {
                self.field_to_type("     = ", typed, hand.typing);
            }
            if let Some(formula) = &step.formula {
                self.say("     = ", formula, self.paint.faint(), Of::Text);
            }
        }
    }

    fn step(&mut self, number: usize, step: &Step) {
        let mark = format!("  {number}  ");
        let style = if step.current { Paint::strong() } else { Style::new() };
        let value = match &step.value {
            Some(value) => value.as_str(),
            None if step.current => return self.say(&mark, &step.say, style, Of::Text),
            None => "…",
        };
        let column = self.columns.saturating_sub(28).max(30);
        if width(&mark) + width(&step.say) < column && column + width(value) <= self.columns {
            let gap = column - width(&mark) - width(&step.say);
            let spans =
                vec![Span::raw(mark + &step.say + &" ".repeat(gap)), Span::styled(value.to_owned(), Paint::strong())];
            return self.push(Line::from(spans), Of::Text);
        }
        self.say(&mark, &step.say, style, Of::Text);
        self.say("       ", value, Paint::strong(), Of::Text);
    }
}

/// Where a field's bytes are.
pub(super) fn place_of(field: &Lit) -> String {
    match field.length {
        0 => String::new(),
        1 => format!("byte {}", field.offset),
        length => format!("bytes {} to {}", field.offset, field.offset + length - 1),
    }
}

fn is_order(asked: &Question) -> bool {
    asked.form == Some("order")
}

/// The bytes of a right answer such as `12-13`.
fn run(text: &str) -> Option<Range<usize>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(first.parse().ok()?..last.parse::<usize>().ok()? + 1)
}
