//! Where everything is on the screen. No boxes: a title line over each part, and space.

use super::job::Job;
use super::{Browser, Field, Pane, bytes, columns, help};
use crate::browse::pass::Line as Said;
use crate::browse::{Kind, LayerLine as Row};
use crate::model::{Time, show};
use crate::tui::paint::Paint;
use crate::tui::text::{field, fit, safe, scrolled};
use crate::tutor::Truth;
use crate::view::hex;
use crate::view::measure::{spaces, wrap};
use crate::view::outline::buffer_kind;
use crate::view::theme::sign;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::borrow::Cow;
use std::fmt::Write as _;

/// From here on bytes are beside the layers, not below them.
const WIDE: u16 = 110;
/// Columns of where packets come from, at least.
const ORIGIN: usize = 16;
/// The fewest columns of the layers beside rows of sixteen bytes.
const LAYERS: u16 = 45;
/// Columns of an address, at most.
const ADDRESS: usize = 23;

impl Browser {
    /// Draws all of it.
    pub(in crate::tui) fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.height < 3 || area.width < 10 {
            return;
        }
        let paint = Paint::new(self.options.color);
        let [title, rest, footer] = split(area);
        frame.render_widget(Paragraph::new(self.title(usize::from(title.width))), title);
        frame.render_widget(Paragraph::new(self.footer(paint, usize::from(footer.width))), footer);
        self.rows = usize::from(rest.height.saturating_sub(1));
        self.columns = usize::from(area.width);
        if self.page.is_some() {
            return self.draw_page_of_text(frame, rest);
        }
        if self.talks.is_some() {
            return self.draw_talks(frame, rest, footer, paint);
        }
        let width = usize::from(rest.width);
        if let Some((lines, keys)) = self.prediction.as_mut().map(|prediction| prediction.page(width, paint)) {
            let mut drawn = vec![Line::styled(fit("The next packet: what do you expect?", width), Paint::strong())];
            // Where there is too little room, the end is shown: there is the answer.
            let above = lines.len().saturating_sub(self.rows);
            let masked = |line: Line<'static>| {
                if self.masks { Line::raw(fit(&self.masked(&line.to_string()), width)) } else { line }
            };
            drawn.extend(lines.into_iter().skip(above).map(masked));
            frame.render_widget(Paragraph::new(drawn), rest);
            // Over the usual keys: all of that row.
            let mut row = String::new();
            field(&mut row, &keys, width);
            return frame.render_widget(Line::styled(row, paint.faint()), footer);
        }
        let [list, layers, dump] = if self.projector { self.few_panes(rest) } else { self.panes(rest) };
        (self.places.list, self.places.layers, self.places.bytes) = (list, layers, dump);
        if list.height > 0 {
            self.draw_list(frame, list, paint);
        }
        if layers.height > 0 {
            self.draw_layers(frame, layers, paint);
        }
        if dump.height > 0 {
            self.draw_bytes(frame, dump, paint);
        }
    }

    /// Where the three parts are: the list above; layers and bytes beside each other, or one below the other.
    fn panes(&self, area: Rect) -> [Rect; 3] {
        let none = Rect { height: 0, ..area };
        if self.zoomed || area.height < 9 {
            return match self.pane {
                Pane::List => [area, none, none],
                Pane::Layers => [none, area, none],
                Pane::Bytes => [none, none, area],
            };
        }
        let height = if area.width >= WIDE { area.height * 2 / 5 } else { area.height / 3 };
        let list = Rect { height, ..area };
        let below = Rect { y: area.y + height, height: area.height - height, ..area };
        if area.width >= WIDE {
            // Sixteen bytes in a row are worth that layers wrap, as long as they can be read.
            let width = if below.width >= bytes::WHOLE + 2 + LAYERS {
                below.width - bytes::WHOLE - 2
            } else {
                below.width - (below.width / 2 + 8)
            };
            let left = Rect { width, ..below };
            return [list, left, Rect { x: below.x + width + 2, width: below.width - width - 2, ..below }];
        }
        let dump = if below.height > 14 { 5 } else { 4 };
        let layers = Rect { height: below.height - dump, ..below };
        [list, layers, Rect { y: below.y + layers.height, height: dump, ..below }]
    }

    /// For a room: the list, and below it what hears the keys, else the layers.
    fn few_panes(&self, area: Rect) -> [Rect; 3] {
        let none = Rect { height: 0, ..area };
        if self.zoomed || area.height < 9 {
            return self.panes(area);
        }
        let list = Rect { height: area.height * 2 / 5, ..area };
        let below = Rect { y: area.y + list.height, height: area.height - list.height, ..area };
        if self.pane == Pane::Bytes { [list, none, below] } else { [list, below, none] }
    }

    fn title(&self, width: usize) -> Line<'static> {
        let count = |n: usize| if n == 1 { "1 packet".to_owned() } else { format!("{n} packets") };
        let mut parts = vec![match &self.sift {
            Some(sift) => format!("{}, {} shown by {}", count(self.store.len()), self.shown(), sift.text),
            None => count(self.store.len()),
        }];
        if let Some(next) = &self.next {
            parts.push(format!("filtering: {} of {}, {} so far", next.seen(), self.store.len(), next.count()));
        }
        parts.extend(self.job.as_ref().map(Job::told));
        if let Some(seek) = &self.seek {
            parts.push(format!("searching: {} to go", seek.left()));
        }
        if self.refused + self.left_out > 0 {
            parts.push(format!("{} more not kept", self.refused + self.left_out));
        }
        parts.extend(self.held.map(|held| {
            let all = self.sift.as_ref().map_or(self.store.len(), |sift| sift.found().len());
            match all.saturating_sub(held) {
                0 => "paused".to_owned(),
                waiting => format!("paused, {waiting} more wait"),
            }
        }));
        parts.extend(self.down.then(|| "link down".to_owned()));
        match &self.broken {
            Some(why) => parts.push(why.clone()),
            None => parts.extend(self.ended.then(|| "the end".to_owned())),
        }
        parts.extend(self.masks.then(|| "masked".to_owned()));
        // Where they come from, somebody typed: the name of a file is told as it is.
        let state = safe(&self.masked(&parts.join("  ·  ")));
        // Of a long name its begin is enough: how it stands is news.
        let origin = fit(&safe(&self.options.origin), width.saturating_sub(columns(&state) + 5).max(ORIGIN));
        Line::styled(fit(&format!("{origin}  ·  {state}"), width), Paint::strong())
    }

    fn footer(&self, paint: Paint, width: usize) -> Line<'static> {
        if let Some(typing) = &self.typing {
            let ask = match typing.field {
                Field::Filter => "Filter: ",
                Field::Columns => "Columns: ",
                Field::Find => "Find text or bytes: ",
                Field::Jump => "Packet number: ",
                Field::Write => "Write the packets shown to: ",
                Field::Break => "What if (Tab changes it): ",
            };
            let (before, after): (String, String) =
                (typing.text.chars().take(typing.caret).collect(), typing.text.chars().skip(typing.caret).collect());
            let mut rest = after.chars();
            let under = rest.next().unwrap_or(' ').to_string();
            let mut spans = vec![
                Span::styled(ask, Paint::strong()),
                Span::raw(safe(&before)),
                Span::styled(safe(&under), Paint::selected(true)),
                Span::raw(safe(rest.as_str())),
            ];
            if let Some(wrong) = &typing.wrong {
                spans.push(Span::styled(format!("   {}", safe(wrong)), paint.alarm()));
            }
            return Line::from(spans);
        }
        if !self.notice.is_empty() {
            return Line::styled(fit(&safe(&self.masked(&self.notice)), width), Paint::strong());
        }
        let keys = if self.page.is_some() {
            "↑↓ PgUp PgDn scroll · Esc back".to_owned()
        } else {
            help::footer(width, !self.ended)
        };
        Line::styled(fit(&keys, width), paint.faint())
    }

    fn draw_page_of_text(&self, frame: &mut Frame<'_>, area: Rect) {
        let Some(page) = &self.page else { return };
        let width = usize::from(area.width);
        let mut lines = vec![Line::styled(fit(&safe(&page.title), width), Paint::strong())];
        lines.extend(page.lines.iter().skip(page.top).take(self.rows).map(|line| {
            let shown = if self.masks { self.mask.borrow_mut().columns(line).into() } else { Cow::from(line) };
            Line::raw(fit(&shown, width))
        }));
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_list(&mut self, frame: &mut Frame<'_>, area: Rect, paint: Paint) {
        // A room reads a list with space between its rows.
        let rows = usize::from(area.height.saturating_sub(1)) / self.spacing();
        let shown = self.shown();
        self.top = scrolled(self.top, self.chosen, rows, shown);
        // Columns are left out rather than cut.
        let (narrow, small) = (area.width < 100 || self.projector, area.width < 72 || self.projector);
        self.make_lines(self.top..shown.min(self.top + rows));
        self.learn(self.top..shown.min(self.top + rows));
        let ends = [0, 1].map(|end| {
            let seen = (self.top..shown.min(self.top + rows)).filter_map(|at| self.row(self.place(at)?)?.1);
            seen.map(|line| columns(&self.masked(line.columns()[end]))).max().unwrap_or(0).clamp(11, ADDRESS)
        });
        let mut head = String::from(if small { "    No. " } else { "    No.       Time  " });
        field(&mut head, "Source", ends[0]);
        field(&mut head, "Destination", ends[1]);
        field(&mut head, "Protocol", 9);
        let used = columns(&head) + if narrow { 0 } else { 8 };
        let places: Vec<usize> = (self.top..shown.min(self.top + rows)).filter_map(|at| self.place(at)).collect();
        let own = self.own_columns(&places, usize::from(area.width).saturating_sub(used));
        for (name, width, _) in &own {
            field(&mut head, name, *width);
        }
        head.push_str(if narrow { "Info" } else { "Length  Info" });
        let style = if self.pane == Pane::List { Paint::strong() } else { paint.faint() };
        let mut lines = vec![Line::styled(fit(&head, usize::from(area.width)), style)];
        let first = self.store.get(0).map_or(Time::NONE, |kept| kept.time);
        for at in self.top..shown.min(self.top + rows) {
            let Some((place, kept, line)) =
                self.place(at).and_then(|p| self.row(p).map(|(kept, line)| (p, kept, line)))
            else {
                break;
            };
            let [source, destination, protocol, message] = line.map_or(["…", "", "", ""], Said::columns);
            let mark = if self.marks.contains(&place) {
                '★'
            } else if kept.odd {
                '!'
            } else {
                ' '
            };
            let mut text = format!("{mark}{:>6} ", kept.number);
            if !small {
                let time = since(first, kept.time);
                spaces(10_usize.saturating_sub(columns(&time)), &mut text);
                text.extend([time.as_str(), "  "]);
            }
            field(&mut text, &self.masked(source), ends[0]);
            field(&mut text, &self.masked(destination), ends[1]);
            let before = text.len();
            field(&mut text, protocol, 9);
            let name = text.split_off(before);
            let mut rest = String::new();
            for (_, width, values) in &own {
                field(&mut rest, values.get(at - self.top).map_or("", String::as_str), *width);
            }
            if !narrow {
                let _ = write!(rest, "{:>6}  ", kept.len);
            }
            rest.push_str(&self.masked(message));
            let room = usize::from(area.width).saturating_sub(columns(&text) + columns(&name));
            let mut row = Line::from(vec![
                Span::raw(text),
                Span::styled(name, line.map_or(Style::new(), |line| paint.layer(line.osi))),
                Span::raw(fit(&rest, room)),
            ]);
            if at == self.chosen {
                row = row.style(Paint::selected(self.pane == Pane::List));
            } else if kept.odd {
                row = row.style(paint.alarm());
            }
            lines.push(row);
            lines.extend((1..self.spacing()).map(|_| Line::default()));
        }
        if shown == 0 {
            let why = if self.store.is_empty() { "No packet yet." } else { "No packet passes the filter." };
            lines.push(Line::styled(why, paint.faint()));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }

    /// Rows of the list for each packet.
    pub(super) fn spacing(&self) -> usize {
        if self.projector { 2 } else { 1 }
    }

    /// What is shown next says which names have no dots.
    fn learn(&self, shown: std::ops::Range<usize>) {
        if self.masks {
            let mut mask = self.mask.borrow_mut();
            let lines = shown.filter_map(|at| self.row(self.place(at)?)?.1);
            lines.for_each(|line| mask.learn(&line.names));
            if let Some(look) = self.seen() {
                mask.learn(&crate::view::mask::names(&look.packet));
            }
        }
    }

    fn draw_layers(&mut self, frame: &mut Frame<'_>, area: Rect, paint: Paint) {
        let style = if self.pane == Pane::Layers { Paint::strong() } else { paint.faint() };
        let mut lines = self.lines();
        for line in lines.iter_mut().filter(|_| self.masks) {
            line.text = self.masked(&line.text).into_owned();
        }
        for line in lines.iter_mut().filter(|_| self.projector) {
            line.right.clear();
        }
        let width = usize::from(area.width);
        let head = match self.place(self.chosen) {
            Some(place) if lines.is_empty() && self.gone == Some(place) => "Seven layers  no longer in the file",
            Some(_) if lines.is_empty() => "Seven layers  reading …",
            _ => "Seven layers",
        };
        let mut drawn = vec![Line::styled(head, style)];
        let rows = usize::from(area.height.saturating_sub(1));
        self.line = self.line.min(lines.len().saturating_sub(1));
        // Long lines take several rows: scroll by rows.
        let (chosen, pane) = (self.line, self.pane);
        let wrapped: Vec<(usize, Line<'static>)> = lines
            .iter()
            .enumerate()
            .flat_map(|(at, row)| {
                let lit = at == chosen && pane != Pane::List;
                let style = Paint::selected(pane == Pane::Layers);
                rows_of(row, width, paint).into_iter().map(move |line| (at, if lit { line.style(style) } else { line }))
            })
            .collect();
        let first = wrapped.iter().position(|(at, _)| *at == self.line).unwrap_or(0);
        let last = wrapped.iter().rposition(|(at, _)| *at == self.line).unwrap_or(0);
        self.line_top = scrolled(scrolled(self.line_top, last, rows, wrapped.len()), first, rows, wrapped.len());
        let (places, shown) = wrapped.into_iter().skip(self.line_top).take(rows).unzip::<_, _, Vec<_>, Vec<_>>();
        self.places.lines = places;
        drawn.extend(shown);
        frame.render_widget(Paragraph::new(drawn), area);
    }

    fn draw_bytes(&self, frame: &mut Frame<'_>, area: Rect, paint: Paint) {
        let style = if self.pane == Pane::Bytes { Paint::strong() } else { paint.faint() };
        let Some(look) = self.seen() else {
            return frame.render_widget(Paragraph::new(Line::styled("Bytes", style)), area);
        };
        let lines = self.lines();
        let line = lines.get(self.line);
        let span = line.and_then(|line| line.span);
        let mut head = String::from("Bytes");
        if let Some(buffer) =
            span.and_then(|s| look.packet.buffers().get(usize::from(s.buf))).filter(|_| span.is_some_and(|s| s.buf > 0))
        {
            head.extend([", ", buffer_kind(buffer.kind)]);
        }
        if let (Some(line), Some(span)) = (line, span) {
            let last = span.end().saturating_sub(1);
            let _ = write!(head, "  ·  {} to {last}: {}", span.start, self.masked(&line.text));
        }
        let mut drawn = vec![Line::styled(fit(&head, usize::from(area.width)), style)];
        let per_row = bytes::per_row(usize::from(area.width));
        let height = usize::from(area.height.saturating_sub(1));
        let hidden = match span.map_or(0, |span| span.buf) {
            buffer if self.masks => self.mask.borrow_mut().bytes(&look.packet, buffer),
            _ => Vec::new(),
        };
        for row in bytes::rows(look, span, self.byte_cursor(), per_row, height) {
            let mut spans = vec![Span::styled(format!("{:04x}  ", row.offset), paint.faint())];
            let veiled = |at: u32| hidden.iter().any(|range| range.contains(&at));
            let lit = |at: u32, on: bool| {
                let cursor = self.pane == Pane::Bytes && at == self.byte;
                if cursor {
                    Paint::selected(true)
                } else if on {
                    Paint::selected(false).patch(Paint::strong())
                } else {
                    Style::new()
                }
            };
            for (&(byte, on), at) in row.bytes.iter().zip(row.offset..) {
                spans.push(Span::styled(hex::digits(byte, veiled(at)), lit(at, on)));
                spans.push(Span::raw(" "));
            }
            let gap = (per_row as usize).saturating_sub(row.bytes.len()) * 3 + 1;
            spans.push(Span::raw(" ".repeat(gap)));
            for (&(byte, on), at) in row.bytes.iter().zip(row.offset..) {
                spans.push(Span::styled(hex::shown(byte, veiled(at)).to_string(), lit(at, on)));
            }
            drawn.push(Line::from(spans));
        }
        frame.render_widget(Paragraph::new(drawn), area);
    }
}

/// Seconds from one time to another, where both are known.
fn since(first: Time, time: Time) -> String {
    let mut text = String::new();
    match (first.is_known(), time.is_known()) {
        (true, true) => show::seconds(time.0.saturating_sub(first.0), 6, &mut text),
        _ => text.push('–'),
    }
    text
}

/// The rows of one line of the layers: its text wrapped, and at the right a name, if there is room.
fn rows_of(row: &Row, width: usize, paint: Paint) -> Vec<Line<'static>> {
    let (mark, style) = match row.kind {
        Kind::Layer(truth) => {
            (format!("{} {:<13}{} ", row.osi.number(), row.osi.name(), sign(truth)), paint.layer(row.osi))
        }
        Kind::Note(truth) => (sign(truth).to_owned() + " ", paint.truth(truth)),
        Kind::Trouble => ("! ".to_owned(), paint.alarm()),
        Kind::Protocol => (String::new(), Paint::strong()),
        Kind::Field(_) | Kind::Rest => (String::new(), Style::new()),
    };
    let body = match row.kind {
        Kind::Protocol => Paint::strong(),
        Kind::Trouble => paint.alarm(),
        Kind::Rest | Kind::Layer(Truth::NotVisible) => paint.faint(),
        _ => Style::new(),
    };
    let hang = row.indent + columns(&mark);
    let room = width.saturating_sub(hang).max(10);
    let text = if row.folded { fit(&row.text, room) } else { row.text.clone() };
    let mut lines = Vec::new();
    for (i, part) in wrap(&text, room).enumerate() {
        let mut spans = vec![Span::raw(" ".repeat(if i == 0 { row.indent } else { hang }))];
        if i == 0 && !mark.is_empty() {
            spans.push(Span::styled(mark.clone(), style));
        }
        spans.push(Span::styled(part.to_owned(), body));
        let used = hang + columns(part);
        if i == 0
            && let Some(gap) =
                width.checked_sub(used + columns(&row.right)).filter(|gap| *gap >= 2 && !row.right.is_empty())
        {
            spans.push(Span::raw(" ".repeat(gap)));
            spans.push(Span::styled(row.right.clone(), paint.faint()));
        }
        lines.push(Line::from(spans));
    }
    lines
}

/// Title, the room between, footer.
fn split(area: Rect) -> [Rect; 3] {
    let title = Rect { height: 1, ..area };
    let footer = Rect { y: area.y + area.height - 1, height: 1, ..area };
    [title, Rect { y: area.y + 1, height: area.height - 2, ..area }, footer]
}
