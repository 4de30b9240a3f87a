//! Where the parts of a page go. On a wide screen the seven layers and the bytes have a column beside the page; on any,
//! what is asked stays in sight while what is above it scrolls.

use super::Sight;
use super::keys;
use super::page::{Dump, Ground, Page, Part};
use super::rows::{Of, Row};
use crate::ask::Mode;
use crate::tui::browser::bytes::per_row;
use crate::tui::paint::Paint;
use crate::tui::text::{fit, safe, scrolled};
use crate::view::hex;
use crate::view::measure::{width, wrap};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::cell::RefCell;

/// From so many columns on, layers and bytes are beside the page.
const WIDE: usize = 100;
/// Columns of a page on a wide screen, and what is beside it: bytes, eight or sixteen in a row.
const PAGE: usize = 76;
const BESIDE: std::ops::RangeInclusive<usize> = 38..=44;
const WIDER: usize = 160;
const BROAD: usize = 72;
/// Columns of a page that a room reads.
const FOR_A_ROOM: usize = 72;
/// From so many rows on, there is one free below the title.
const AIRY: u16 = 30;
/// Rows of what is said that must be in sight below a picture that stays.
const SAID: usize = 10;
/// Columns of a row of bytes before its first byte.
pub(super) const OFFSET: usize = 5;

/// Where things were at the last drawing.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// What each row of the screen is of, at the left and at the right.
    pub(super) left: Vec<Of>,
    pub(super) right: Vec<Of>,
    /// The first row of both, and where the right part begins.
    pub(super) top: u16,
    pub(super) side: u16,
    /// The bytes: where their rows are, the first one's offset, how many in a row.
    pub(super) bytes: Rect,
    pub(super) first: usize,
    pub(super) in_row: usize,
}

/// A page's rows by how they move.
struct Sheet<'p> {
    /// Stays at the top.
    above: &'p [Row],
    /// Scrolls.
    flow: Vec<&'p Row>,
    /// Stays at the bottom.
    below: &'p [Row],
    /// Where in what scrolls the newest begins.
    newest: usize,
}

impl Sight {
    /// Where a page is drawn on a screen of so many columns and rows.
    pub(super) fn ground(&self, columns: u16, rows: u16) -> Ground<'_> {
        let (all, rows) = (usize::from(columns), usize::from(rows.saturating_sub(if rows >= AIRY { 3 } else { 2 })));
        let side = match all {
            _ if self.projector => 0,
            WIDER.. => BROAD,
            WIDE.. => all.saturating_sub(PAGE + 2).clamp(*BESIDE.start(), *BESIDE.end()),
            _ => 0,
        };
        let columns = if side > 0 { all - side - 2 } else { all };
        let columns = columns.clamp(10, if self.projector { FOR_A_ROOM } else { 110 });
        Ground {
            paint: self.paint,
            theme: &self.theme,
            texts: &self.texts,
            columns,
            rows,
            all,
            side,
            hand: super::Hand { rows: rows.saturating_sub(10), ..self.hand() },
            byte: self.byte,
            mask: self.masks.then(|| self.mask.get_or_init(RefCell::default)),
            spaced: self.projector,
        }
    }

    /// Draws a page.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>, page: &Page) {
        let area = frame.area();
        self.places = Places::default();
        if area.height < 3 || area.width < 4 {
            let text = fit(&page.title, usize::from(area.width));
            return frame.render_widget(Line::styled(text, Paint::strong()), area);
        }
        let columns = usize::from(area.width);
        frame.render_widget(title(page, columns, self.paint), Rect { height: 1, ..area });
        // Where there is room, the title is alone.
        let above = if area.height >= AIRY { 2 } else { 1 };
        let body = Rect { y: area.y + above, height: area.height - above - 1, ..area };
        self.places.top = body.y;
        (self.rows, self.columns) = (usize::from(body.height), columns);
        if let Some(top) = self.help {
            let lines = keys::help(columns).into_iter().skip(top).map(|line| Line::raw(fit(&line, columns)));
            frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), body);
        } else {
            let side = self.ground(area.width, area.height).side;
            let left = if side > 0 { area.width - u16::try_from(side).unwrap_or(0) - 2 } else { area.width };
            self.draw_page(frame, Rect { width: left, ..body }, page, side > 0);
            if side > 0 {
                self.draw_beside(frame, Rect { x: left + 2, width: area.width - left - 2, ..body }, page);
            }
        }
        self.draw_footer(frame, Rect { y: area.y + area.height - 1, height: 1, ..area }, page);
    }

    fn draw_page(&mut self, frame: &mut Frame<'_>, area: Rect, page: &Page, wide: bool) {
        let rows = usize::from(area.height);
        let sheet = Sheet::of(page, rows, wide);
        let stays = |rows: &[Row]| if rows.is_empty() { 0 } else { rows.len() + 1 };
        self.room = rows.saturating_sub(stays(sheet.above) + stays(sheet.below)).max(1);
        self.end = sheet.flow.len().saturating_sub(self.room);
        self.here = self.top.unwrap_or(sheet.newest).min(self.end);
        if std::mem::take(&mut self.follow)
            && let Some(at) = sheet.flow.iter().rposition(|row| self.is_here(row.of, page.mode))
        {
            self.here = scrolled(self.here, at, self.room, sheet.flow.len());
        }
        self.top = self.top.map(|_| self.here);
        let empty = Row::default();
        let gap = |rows: &[Row]| usize::from(!rows.is_empty());
        let mut shown: Vec<&Row> = sheet.above.iter().collect();
        shown.extend(std::iter::repeat_n(&empty, gap(sheet.above)));
        shown.extend(sheet.flow.iter().skip(self.here).take(self.room));
        if !sheet.below.is_empty() {
            shown.resize((rows - sheet.below.len().min(rows)).min(shown.len() + 1), &empty);
            shown.extend(sheet.below);
        }
        self.places.left = shown.iter().map(|row| row.of).collect();
        self.in_row = per_row(self.ground(frame.area().width, frame.area().height).columns) as usize;
        let lines: Vec<Line<'static>> = shown.into_iter().map(|row| self.lit(row)).collect();
        frame.render_widget(Paragraph::new(lines), area);
    }

    /// Whether a row is where the last key went to.
    fn is_here(&self, of: Of, mode: Mode) -> bool {
        match of {
            Of::Choice(at) => Some(at) == self.at,
            Of::Typed => mode == Mode::Type && self.at.is_none(),
            _ => false,
        }
    }

    /// A row, lit where it is chosen.
    fn lit(&self, row: &Row) -> Line<'static> {
        let chosen = match row.of {
            Of::Choice(at) => self.at == Some(at),
            Of::Field(at) => self.field == Some(at),
            _ => false,
        };
        let line = row.line.clone();
        if chosen { line.patch_style(Paint::selected(true)) } else { line }
    }

    // ---- beside the page

    /// The seven layers, and under them the bytes.
    fn draw_beside(&mut self, frame: &mut Frame<'_>, area: Rect, page: &Page) {
        let rows = usize::from(area.height);
        let mut lines: Vec<Line<'static>> = page.layers.iter().map(|row| row.line.clone()).take(rows).collect();
        self.places.side = area.x;
        self.places.right = page.layers.iter().map(|row| row.of).collect();
        let above = lines.len() + usize::from(!lines.is_empty());
        if let Some(dump) = page.dump.as_ref().filter(|_| rows > above + 3) {
            lines.push(Line::default());
            let width = usize::from(area.width);
            let head = if dump.what.is_empty() { "Bytes".to_owned() } else { format!("Bytes · {}", safe(&dump.what)) };
            let head: Vec<&str> = wrap(&head, width).take(2).collect();
            let used = lines.len() + 2;
            lines.extend(head.iter().map(|part| Line::styled((*part).to_owned(), Paint::strong())));
            // The bytes stay where they are, however long their heading is.
            lines.resize(used, Line::default());
            let in_row = if width > OFFSET + 16 * 4 { 16 } else { 8 };
            let shown = rows_of(dump, in_row, rows.saturating_sub(used));
            let y = u16::try_from(used).unwrap_or(0);
            self.places.bytes = Rect { y: area.y + y, height: area.height.saturating_sub(y), ..area };
            (self.places.first, self.places.in_row) = (shown.start * in_row, in_row);
            lines.extend(shown.map(|row| byte_row(dump, row * in_row, in_row, self.paint)));
        }
        frame.render_widget(Paragraph::new(lines), area);
    }

    // ---- the last line

    fn draw_footer(&self, frame: &mut Frame<'_>, area: Rect, page: &Page) {
        let columns = usize::from(area.width);
        if !self.notice.is_empty() {
            return frame.render_widget(Line::styled(fit(&self.notice, columns), Paint::strong()), area);
        }
        let asked = self.jump.as_ref().map(|typed| format!("Page: {typed}▁   "));
        let more = match (self.help.is_none() && self.here > 0, self.help.is_none() && self.here < self.end) {
            (true, true) => "  ↑↓ more",
            (true, false) => "  ↑ more",
            (false, true) => "  ↓ more",
            (false, false) => "",
        };
        let before = asked.unwrap_or_default();
        let room = columns.saturating_sub(width(&before) + width(more));
        let keys = self.footer(page, room);
        let gap = " ".repeat(room.saturating_sub(width(&keys)));
        let spans = vec![
            Span::styled(before, Paint::strong()),
            Span::styled(keys + &gap, self.paint.faint()),
            Span::styled(more, Paint::strong()),
        ];
        frame.render_widget(Line::from(spans), area);
    }
}

impl<'p> Sheet<'p> {
    fn of(page: &'p Page, rows: usize, wide: bool) -> Self {
        static GAP: std::sync::LazyLock<Row> = std::sync::LazyLock::new(Row::default);
        let find = |wanted: Part| page.parts.iter().position(|(part, rows)| *part == wanted && !rows.is_empty());
        let rows_of = |at: Option<usize>| at.and_then(|at| page.parts.get(at)).map_or(&[][..], |(_, rows)| rows);
        let whole: usize = page.parts.iter().map(|(_, rows)| rows.len() + usize::from(!rows.is_empty())).sum();
        // What is asked stays, where something can be read above it.
        let asked = find(Part::Asked).filter(|_| page.mode != Mode::Read && whole > rows);
        let asked = asked.filter(|at| rows_of(Some(*at)).len() + 4 <= rows);
        let left = rows.saturating_sub(rows_of(asked).len() + 1);
        let picture = find(Part::Picture).filter(|_| wide);
        let flow = whole - rows_of(picture).len() - rows_of(asked).len();
        let picture = picture.filter(|at| rows_of(Some(*at)).len() + 1 + flow.min(SAID) <= left);
        let (mut rows, mut newest) = (Vec::new(), None);
        for (at, (_, part)) in page.parts.iter().enumerate() {
            if Some(at) == asked || Some(at) == picture || part.is_empty() {
                continue;
            }
            if !rows.is_empty() {
                rows.push(&*GAP);
            }
            if page.newest.is_some_and(|first| first <= at) {
                newest = newest.or(Some(rows.len()));
            }
            rows.extend(part);
        }
        Self { above: rows_of(picture), flow: rows, below: rows_of(asked), newest: newest.unwrap_or(0) }
    }
}

/// The title, and at the right which page it is.
fn title(page: &Page, columns: usize, paint: Paint) -> Line<'static> {
    let place = fit(&page.place, columns);
    let title = fit(&safe(&page.title), columns.saturating_sub(width(&place) + 2));
    let origin = if page.origin.is_empty() { String::new() } else { format!("  ·  {}", safe(&page.origin)) };
    let origin = fit(&origin, columns.saturating_sub(width(&title) + width(&place) + 2));
    let gap = " ".repeat(columns.saturating_sub(width(&title) + width(&origin) + width(&place)));
    Line::from(vec![
        Span::styled(title, Paint::strong()),
        Span::styled(origin + &gap, paint.faint()),
        Span::styled(place, paint.faint()),
    ])
}

/// Which rows of bytes are in sight: those that are chosen, or lit, and one above them.
fn rows_of(dump: &Dump, in_row: usize, height: usize) -> std::ops::Range<usize> {
    let all = dump.bytes.len().div_ceil(in_row);
    let lit = dump.lit.iter().filter(|lit| !lit.is_empty()).map(|lit| lit.start).min();
    let at = if dump.chosen.is_empty() { lit.unwrap_or(0) } else { dump.chosen.start };
    let first = if all <= height { 0 } else { (at / in_row).saturating_sub(1).min(all.saturating_sub(height)) };
    first..all.min(first + height)
}

fn byte_row(dump: &Dump, first: usize, in_row: usize, paint: Paint) -> Line<'static> {
    let bytes = dump.bytes.get(first..dump.bytes.len().min(first + in_row)).unwrap_or(&[]);
    let style = |at: usize| {
        if dump.chosen.contains(&at) {
            Paint::selected(true)
        } else if dump.lit.iter().any(|lit| lit.contains(&at)) {
            Paint::selected(false).patch(Paint::strong())
        } else {
            Style::new()
        }
    };
    let veiled = |at: usize| u32::try_from(at).is_ok_and(|at| dump.hidden.iter().any(|range| range.contains(&at)));
    let mut spans = vec![Span::styled(format!("{} ", hex::offset(first as u64, 4)), paint.faint())];
    for (at, &byte) in (first..).zip(bytes) {
        spans.push(Span::styled(hex::digits(byte, veiled(at)), style(at)));
        spans.push(Span::raw(" "));
    }
    spans.push(Span::raw(" ".repeat((in_row - bytes.len()) * 3 + 1)));
    spans.extend(
        (first..).zip(bytes).map(|(at, &byte)| Span::styled(hex::shown(byte, veiled(at)).to_string(), style(at))),
    );
    Line::from(spans)
}
