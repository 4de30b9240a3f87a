//! Where everything goes: what the class does at the top, then where students come in, or what they answered beside what the
//! lesson tells the teacher; at the bottom what was said last, and the keys.

use super::{Seat, Shown};
use crate::classroom::panel::Panel;
use crate::classroom::session::Phase;
use crate::classroom::tally::{Advice, Bar};
use crate::tty::table::{Does, short};
use crate::tui::paint::Paint;
use crate::tui::text::{fit, footer, safe};
use crate::view::measure::{pad, width, wrap};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// The fewest columns in which answers and notes are side by side.
const WIDE: usize = 100;
/// Columns between two that are side by side.
const GAP: usize = 3;
/// The fewest columns of a text beside the QR code.
const BESIDE: usize = 24;
/// Columns of the longest bar.
const BAR: usize = 16;

/// Lines that grow.
struct Text {
    lines: Vec<Line<'static>>,
    columns: usize,
}

impl Text {
    fn new(columns: usize) -> Self {
        Self { lines: Vec::new(), columns: columns.max(1) }
    }

    /// A paragraph, with its beginning in bold.
    fn say(&mut self, begins: &str, text: &str, style: Style) {
        let whole = format!("{begins}{}", safe(text));
        for (n, part) in wrap(&whole, self.columns).enumerate() {
            let (head, rest) = part.split_at(if n == 0 && part.starts_with(begins) { begins.len() } else { 0 });
            self.lines.push(Line::from(vec![
                Span::styled(head.to_owned(), Paint::strong()),
                Span::styled(rest.to_owned(), style),
            ]));
        }
    }

    fn space(&mut self) {
        if self.lines.last().is_some_and(|line| line.width() > 0) {
            self.lines.push(Line::default());
        }
    }
}

impl Shown {
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, paint: Paint) {
        let area = frame.area();
        let (columns, rows) = (usize::from(area.width), usize::from(area.height));
        if let Some((over, top)) = self.page {
            let lines: Vec<Line<'_>> = self.over(over, columns).into_iter().skip(top).map(Line::raw).collect();
            return frame.render_widget(Paragraph::new(lines), area);
        }
        let Some(seat) = self.seats.get(self.at) else { return };
        let (several, all) = (self.seats.len() > 1, (self.at, self.seats.len()));
        let mut head = head(seat, all, columns, paint);
        let mut keys = keys(&seat.panel, several, columns, if rows >= 20 { 2 } else { 1 });
        let free = rows.saturating_sub(head.len() + keys.len());
        let mut said = usize::from(free > 1);
        let code = seat.qr.len();
        if seat.panel.phase == Phase::Lobby
            && code > free.saturating_sub(said)
            && (1..rows.saturating_sub(1)).contains(&code)
        {
            // The code alone is worth the screen.
            head = vec![Line::styled(
                fit(&format!("{}: {}", seat.panel.place, count(&seat.panel)), columns),
                Paint::strong(),
            )];
            (keys, said) = (self::keys(&seat.panel, several, columns, 1), 0);
        }
        let room = rows.saturating_sub(head.len() + keys.len() + said);
        let body = body(seat, self.projected, (columns, room), paint);
        self.top = self.top.min(body.len().saturating_sub(room));
        let below = body.len().saturating_sub(self.top + room);
        let mut lines = head;
        lines.extend(body.into_iter().skip(self.top).take(room));
        lines.resize(rows.saturating_sub(keys.len() + said), Line::default());
        if said > 0 {
            let last = self.said.back().map(|line| safe(line)).unwrap_or_default();
            let more = if below > 0 { format!("↓ {below} more lines · ") } else { String::new() };
            lines.push(Line::styled(fit(&format!("{more}{last}"), columns), paint.faint()));
        }
        lines.extend(keys.into_iter().map(|line| Line::styled(line, paint.faint())));
        frame.render_widget(Paragraph::new(lines), Rect { height: area.height, ..area });
    }
}

/// What the class is, does, and who is here.
fn head(seat: &Seat, (at, all): (usize, usize), columns: usize, paint: Paint) -> Vec<Line<'static>> {
    let Seat { standing, panel, .. } = seat;
    let class = if all > 1 { format!("class {} of {all}", at + 1) } else { String::new() };
    let mut title = fit(&safe(&standing.title), columns.saturating_sub(width(&class) + 2));
    pad(&mut title, 0, columns.saturating_sub(width(&class)));
    let locked = if panel.locked { " Locked." } else { "" };
    let place = format!("{}: {}.{locked}{}", panel.place, panel.what, clock(panel));
    let mut lines = vec![
        Line::from(vec![Span::styled(title, Paint::strong()), Span::styled(class, paint.faint())]),
        Line::styled(fit(&place, columns), Paint::strong()),
        Line::raw(fit(&count(panel), columns)),
    ];
    if panel.gone > 0 {
        let phones = if panel.gone == 1 { "1 phone".to_owned() } else { format!("{} phones", panel.gone) };
        lines.push(Line::styled(fit(&format!("{phones} lost the connection."), columns), paint.alarm()));
    }
    if let Some(why) = &panel.lost {
        let said = format!("The class can't be written to the disk: {}.", safe(why));
        lines.push(Line::styled(fit(&said, columns), paint.alarm()));
    }
    lines.push(Line::default());
    lines
}

/// Who is here.
fn count(panel: &Panel) -> String {
    let count = panel.count;
    let answered =
        if panel.asks { format!(" · {} of {} answered", count.answered, count.here) } else { String::new() };
    format!("{} joined · {} here{answered}", panel.joined, count.here)
}

/// How long the slide takes, of the time that the lesson gives it.
fn clock(panel: &Panel) -> String {
    let Some(clock) = panel.clock else { return String::new() };
    let time = |millis: u64| format!("{}:{:02}", millis / 60_000, millis / 1_000 % 60);
    let planned = panel.note.as_ref().and_then(|note| note.minutes);
    let of = planned.map(|minutes| format!(" of {minutes}:00")).unwrap_or_default();
    format!(" This slide {}{of}, the class {}.", time(clock.slide), time(clock.class))
}

/// The keys that do something now, in at most `rows` lines; never without the last two.
fn keys(panel: &Panel, several: bool, columns: usize, rows: usize) -> Vec<String> {
    let name =
        |&(key, name): &(char, &str)| if key == '\n' { format!("Enter {name}") } else { format!("{key} {name}") };
    let mut all: Vec<String> = panel.keys.iter().map(name).collect();
    all.extend(several.then(|| "Tab next class".to_owned()));
    all.extend([Does::Projector, Does::Links, Does::Help].map(short));
    all.push("Ctrl-C stop".to_owned());
    let mut lines = Vec::new();
    if rows > 1 {
        let mut line = String::new();
        while all.len() > 2 && width(&line) + width(&all[0]) + 3 <= columns {
            line.push_str(if line.is_empty() { "" } else { " · " });
            line.push_str(&all.remove(0));
        }
        lines.push(line);
    }
    lines.push(footer(&all, 2, columns));
    lines
}

/// What is between, as long as it is.
fn body(seat: &Seat, projected: bool, (columns, rows): (usize, usize), paint: Paint) -> Vec<Line<'static>> {
    let Seat { panel, qr, .. } = seat;
    if panel.phase == Phase::Lobby {
        let code = qr.first().map_or(0, |line| width(line));
        if !qr.is_empty() && qr.len() <= rows && code + GAP + BESIDE <= columns {
            let left = qr.iter().map(|line| Line::styled(line.clone(), paint.code())).collect();
            return beside(left, door(seat, columns - code - GAP, paint), code);
        }
        return door(seat, columns, paint);
    }
    let (votes, lesson) = (votes as fn(&Seat, bool, usize, Paint) -> Vec<Line<'static>>, lesson);
    if columns >= WIDE {
        let left = (columns - GAP) / 2;
        return beside(votes(seat, projected, left, paint), lesson(seat, projected, columns - GAP - left, paint), left);
    }
    let mut lines = votes(seat, projected, columns, paint);
    lines.push(Line::default());
    lines.extend(lesson(seat, projected, columns, paint));
    lines
}

/// Two texts side by side.
fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, columns: usize) -> Vec<Line<'static>> {
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let row = |_| {
        let mut line = left.next().unwrap_or_default();
        let blank = (columns + GAP).saturating_sub(line.width());
        let style = line.style;
        line.spans.iter_mut().for_each(|span| span.style = style.patch(span.style));
        line.style = Style::new();
        line.spans.push(Span::raw(" ".repeat(blank)));
        line.spans.extend(right.next().unwrap_or_default().spans);
        line
    };
    (0..rows).map(row).collect()
}

/// Where students come in, and what was refused there.
fn door(seat: &Seat, columns: usize, paint: Paint) -> Vec<Line<'static>> {
    let (standing, mut text) = (&seat.standing, Text::new(columns));
    let plain = Style::new();
    text.say("", "Students open", plain);
    text.say("  ", &standing.front(), Paint::strong());
    if let Some(code) = &standing.code {
        text.say("", "and type the room code", plain);
        text.say("  ", code, Paint::strong());
    }
    text.space();
    text.say("", "The projector opens", plain);
    text.say("  ", &standing.stage(), plain);
    text.space();
    refused(&seat.panel, &mut text, paint);
    text.lines
}

fn refused(panel: &Panel, text: &mut Text, paint: Paint) {
    for (why, count) in &panel.refused {
        text.say("", &format!("Refused {count}: {why}."), paint.alarm());
    }
}

/// What is asked, and what was answered.
fn votes(seat: &Seat, projected: bool, columns: usize, paint: Paint) -> Vec<Line<'static>> {
    let (panel, mut text) = (&seat.panel, Text::new(columns));
    let plain = Style::new();
    if !panel.prompt.is_empty() {
        text.say("", &panel.prompt, Paint::strong());
    }
    if projected {
        text.space();
        text.say("", "Answers and notes are hidden; P shows them.", paint.faint());
        return text.lines;
    }
    if let Some(words) = &panel.words {
        text.say("Right: ", words, plain);
    }
    text.space();
    if let Some(advice) = panel.advice {
        let said = match advice {
            Advice::Hint => "few are right; give the hint, then vote again.",
            Advice::Discuss => "some are right; let neighbours discuss, then vote again.",
            Advice::Reveal => "show the answer.",
        };
        text.say("Advice: ", said, plain);
    }
    for held in &panel.held {
        text.say(&format!("{} believe: ", held.count), &format!("{} ({} sure)", held.claim, held.sure), plain);
    }
    text.space();
    let all: u32 = panel.bars.iter().filter_map(|bar| bar.cells.last()).map(|cell| cell.count).sum();
    for bar in &panel.bars {
        answer(bar, all, &mut text, paint);
    }
    if let (Some(share), true) = (panel.shares.last(), panel.shares.len() <= 1) {
        text.say("", &format!("{} of {} right", share.right, share.of), plain);
    } else if let (Some(first), Some(last)) = (panel.shares.first(), panel.shares.last()) {
        let said =
            format!("First vote: {} of {} right. Last vote: {} of {}.", first.right, first.of, last.right, last.of);
        text.say("", &said, plain);
    }
    if let Some(change) = panel.change {
        let said = format!("{} moved to the right answer, {} away from it.", change.gained, change.lost);
        text.say("", &said, plain);
    }
    text.lines
}

/// One answer of the last vote: a bar, how many, and of these the sure ones.
fn answer(bar: &Bar, all: u32, text: &mut Text, paint: Paint) {
    let Some(cell) = bar.cells.last() else { return };
    let part = |count: u32| (BAR * count as usize).checked_div(all as usize).unwrap_or(0);
    let (sure, rest) = (part(cell.sure), part(cell.count).saturating_sub(part(cell.sure)));
    let mut drawn = format!("{}{}", "█".repeat(sure), "▒".repeat(rest));
    pad(&mut drawn, 0, BAR);
    let mark = if bar.right { "✓ " } else { "" };
    let number = format!("{drawn} {:>4}  ", cell.count);
    let room = text.columns.saturating_sub(width(&number));
    let said = fit(&format!("{mark}{}", safe(&bar.text)), room);
    let style = if bar.right { paint.right() } else { Style::new() };
    text.lines.push(Line::from(vec![Span::raw(fit(&number, text.columns)), Span::styled(said, style)]));
}

/// What the lesson tells the teacher, what comes, where students come in, what was refused.
fn lesson(seat: &Seat, projected: bool, columns: usize, paint: Paint) -> Vec<Line<'static>> {
    let (panel, mut text) = (&seat.panel, Text::new(columns));
    let plain = Style::new();
    if !projected {
        if let Some(note) = &panel.note {
            for (begins, said) in [("Say: ", &note.say), ("Draw: ", &note.draw)] {
                if let Some(said) = said {
                    text.say(begins, said, plain);
                }
            }
            note.hear.iter().for_each(|said| text.say("You will hear: ", said, plain));
            text.space();
        }
        panel.hint.iter().for_each(|hint| text.say("Hint: ", hint, plain));
        panel.next.iter().for_each(|next| text.say("Next: ", next, plain));
        text.space();
    }
    let code = seat.standing.code.as_ref().map(|code| format!(" · room code {code}")).unwrap_or_default();
    text.say("Students open ", &format!("{}{code}", seat.standing.front()), plain);
    refused(panel, &mut text, paint);
    text.lines
}
