//! The conversations of all packets, counted a few packets at a time while keys are heard. Enter filters by the chosen one.

use super::Browser;
use crate::browse::pass::Walk;
use crate::model::show;
use crate::stats::{Conversation, Kind, Stats};
use crate::tty::table::{Does, short};
use crate::tui::paint::Paint;
use crate::tui::text::{field, fit, scrolled};
use crate::view::measure::{spaces, width};
use crate::view::stats::{end, grouped};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::Instant;

/// Packets that are counted before the clock is asked again.
const ASK: usize = 32;
/// What each part lists.
const PARTS: [(&str, &[Kind]); 3] = [("TCP", &[Kind::Tcp]), ("UDP", &[Kind::Udp]), ("IP", &[Kind::Ipv4, Kind::Ipv6])];
/// Columns of an end, at most, and of the numbers.
const END: usize = 45;
const NUMBER: usize = 9;

/// The list.
pub(super) struct Talks {
    walk: Walk,
    stats: Stats,
    part: usize,
    /// In each part, which is chosen, and the first in sight.
    at: [usize; 3],
    top: usize,
}

impl Talks {
    fn rows(&self, part: usize) -> impl Iterator<Item = (Kind, &Conversation)> {
        let kinds = PARTS.get(part).map_or(&[][..], |(_, kinds)| kinds);
        kinds
            .iter()
            .flat_map(|&kind| self.stats.conversations.get(kind as usize).into_iter().map(move |table| (kind, table)))
            .flat_map(|(kind, table)| table.rows.iter().map(move |row| (kind, row)))
    }

    fn chosen(&self) -> usize {
        self.at.get(self.part).copied().unwrap_or(0)
    }

    /// The filter that lets the chosen one through.
    fn filter(&self) -> Option<String> {
        let (kind, talk) = self.rows(self.part).nth(self.chosen())?;
        let [a, b] = talk.ends.map(end);
        Some(match (kind, talk.stream) {
            (Kind::Tcp, Some(stream)) => format!("tcp.stream == {stream}"),
            (Kind::Udp, Some(stream)) => format!("udp.stream == {stream}"),
            (Kind::Ipv6, _) => format!("ipv6.addr == {a} && ipv6.addr == {b}"),
            _ => format!("ip.addr == {a} && ip.addr == {b}"),
        })
    }
}

impl Browser {
    /// Begins to count.
    pub(super) fn open_talks(&mut self) {
        let walk = Walk::of(&self.store);
        self.talks = Some(Talks { walk, stats: Stats::default(), part: 0, at: [0; 3], top: 0 });
    }

    /// Counts on until `until`. Whether packets are left.
    pub(super) fn count_talks(&mut self, until: Instant) -> bool {
        let Some(talks) = &mut self.talks else { return false };
        for counted in 1.. {
            if talks.walk.next() >= self.store.len() || !talks.walk.step(&self.store) {
                return false;
            }
            talks.stats.count(talks.walk.packet());
            if counted % ASK == 0 && Instant::now() >= until {
                return true;
            }
        }
        false
    }

    /// A key while they're shown.
    pub(super) fn talked(&mut self, does: Option<Does>) {
        let page = self.rows.saturating_sub(3).max(1);
        let Some(talks) = &mut self.talks else { return };
        let last = talks.rows(talks.part).count().saturating_sub(1);
        let at = talks.chosen();
        let to = match does {
            Some(Does::Up) => at.saturating_sub(1),
            Some(Does::Down) => at + 1,
            Some(Does::PageUp | Does::ReadBack) => at.saturating_sub(page),
            Some(Does::PageDown | Does::Read) => at + page,
            Some(Does::First) => 0,
            Some(Does::Last) => last,
            Some(Does::Next | Does::On) => return (talks.part, talks.top) = ((talks.part + 1) % PARTS.len(), 0),
            Some(Does::Before | Does::Back) => {
                return (talks.part, talks.top) = ((talks.part + PARTS.len() - 1) % PARTS.len(), 0);
            }
            Some(Does::Take) => {
                if let Some(filter) = talks.filter() {
                    self.talks = None;
                    self.notice = format!("Filtered: {filter}. Esc shows all packets again");
                    let _ = self.filter(&filter);
                }
                return;
            }
            Some(Does::Leave | Does::Quit) => return self.talks = None,
            Some(Does::Mask) => return self.mask_or_show(),
            Some(Does::Projector) => return self.projector = !self.projector,
            _ => at,
        };
        if let Some(at) = talks.at.get_mut(talks.part) {
            *at = to.min(last);
        }
    }

    /// Draws the list, and what the keys do in the last line.
    pub(super) fn draw_talks(&mut self, frame: &mut Frame<'_>, area: Rect, footer: Rect, paint: Paint) {
        let (Some(talks), columns) = (&self.talks, usize::from(area.width)) else { return };
        let mut head = vec![Span::styled("Conversations", Paint::strong())];
        for (part, (name, _)) in PARTS.iter().enumerate() {
            let style = if part == talks.part { Paint::selected(true) } else { paint.faint() };
            head.extend([Span::raw("  "), Span::styled(format!(" {name} {} ", talks.rows(part).count()), style)]);
        }
        let (counted, all) = (talks.walk.next(), self.store.len());
        if counted < all {
            head.push(Span::styled(format!("  {counted} of {all} packets counted"), paint.faint()));
        }
        let shown = usize::from(area.height.saturating_sub(3));
        let rows = talks.rows(talks.part).count();
        let (chosen, part) = (talks.chosen().min(rows.saturating_sub(1)), talks.part);
        let top = scrolled(talks.top, chosen, shown, rows);
        let seen: Vec<&Conversation> = talks.rows(part).map(|(_, row)| row).skip(top).take(shown).collect();
        let ends: Vec<[String; 2]> =
            seen.iter().map(|talk| talk.ends.map(|e| self.masked(&end(e)).into_owned())).collect();
        let widest = ends.iter().flatten().map(|end| width(end)).max().unwrap_or(0).clamp(9, END);
        // Columns are left out rather than cut.
        let numbers: &[&str] = match columns.saturating_sub(2 * (widest + 2)) {
            room if room >= 6 * (NUMBER + 1) + 8 => &["Packets", "Bytes", "to B", "to A", "Start", "Lasted"],
            room if room >= 2 * (NUMBER + 1) => &["Packets", "Bytes"],
            room if room > NUMBER => &["Packets"],
            _ => &[],
        };
        let mut text = String::new();
        field(&mut text, "A", widest);
        field(&mut text, "B", widest);
        for name in numbers {
            right(name, &mut text);
        }
        let mut lines = vec![Line::from(head), Line::default(), Line::styled(fit(&text, columns), paint.faint())];
        for (place, (talk, [a, b])) in (top..).zip(seen.into_iter().zip(&ends)) {
            let mut text = String::new();
            field(&mut text, a, widest);
            field(&mut text, b, widest);
            let seconds = |nanos: i64| {
                let mut out = String::new();
                show::seconds(nanos, 3, &mut out);
                out
            };
            let [start, lasted] = talks.stats.when(talk).map_or(["–".into(), "–".into()], |both| both.map(seconds));
            let count = |n: u64| {
                let mut out = String::new();
                grouped(n, &mut out);
                out
            };
            let [to_b, to_a] = talk.sent.map(|sent| count(sent.bytes));
            let all = [count(talk.total().frames), count(talk.total().bytes), to_b, to_a, start, lasted];
            all.iter().take(numbers.len()).for_each(|number| right(number, &mut text));
            let line = Line::raw(fit(&text, columns));
            lines.push(if place == chosen { line.style(Paint::selected(true)) } else { line });
        }
        if rows == 0 {
            let none = format!("No conversation over {}.", PARTS.get(part).map_or("", |(name, _)| name));
            lines.push(Line::styled(none, paint.faint()));
        }
        frame.render_widget(Paragraph::new(lines), area);
        if self.notice.is_empty() {
            let keys = format!("↑↓ choose · Enter filter by it · Tab TCP, UDP, IP · {}", short(Does::Leave));
            let mut row = String::new();
            field(&mut row, &keys, usize::from(footer.width));
            frame.render_widget(Line::styled(fit(&row, usize::from(footer.width)), paint.faint()), footer);
        }
        if let Some(talks) = &mut self.talks {
            talks.top = top;
        }
    }
}

/// A number or its heading, at the right of its column.
fn right(text: &str, out: &mut String) {
    spaces(NUMBER.saturating_sub(width(text)), out);
    out.extend([text, " "]);
}
