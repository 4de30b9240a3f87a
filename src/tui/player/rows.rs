//! Rows of a page in the making: text is wrapped, and each row knows what a click on it means.

use crate::tui::paint::Paint;
use crate::tui::text::painted;
use crate::view::mask::Mask;
use crate::view::measure::{spaces, width, wrap};
use crate::view::prose::{Block, Look, Span as Run};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::cell::RefCell;
use std::ops::Range;

/// What a row is of: what a click on it means, and when it is lit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Of {
    /// Nothing that could be chosen.
    #[default]
    Text,
    /// A choice, an item of an order, a packet to choose: its place.
    Choice(usize),
    /// A field that the page speaks of: its place.
    Field(usize),
    /// Bytes to be marked: the first one of the row.
    Mark(usize),
    /// Where something is typed.
    Typed,
    /// A layer.
    Layer,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) line: Line<'static>,
    pub(super) of: Of,
}

/// Writes rows.
#[derive(Debug)]
pub(super) struct Writer<'m> {
    pub(super) paint: Paint,
    pub(super) columns: usize,
    pub(super) rows: Vec<Row>,
    /// Who is hidden, where that is wanted.
    pub(super) mask: Option<&'m RefCell<Mask>>,
}

/// The styles of parts of a text.
pub(super) type Styles = Vec<(Range<usize>, Style)>;

impl<'m> Writer<'m> {
    pub(super) fn new(paint: Paint, columns: usize, mask: Option<&'m RefCell<Mask>>) -> Self {
        Self { paint, columns, rows: Vec::new(), mask }
    }

    /// The rows, without empty ones at the end.
    pub(super) fn done(mut self) -> Vec<Row> {
        while self.rows.last().is_some_and(|row| row.line.width() == 0) {
            self.rows.pop();
        }
        self.rows
    }

    pub(super) fn push(&mut self, line: Line<'static>, of: Of) {
        let line = match self.mask {
            Some(mask) => masked(line, &mut mask.borrow_mut()),
            None => line,
        };
        self.rows.push(Row { line, of });
    }

    /// Whether a text says who it was, and so is hidden.
    pub(super) fn hides(&self, text: &str) -> bool {
        self.mask.is_some_and(|mask| mask.borrow_mut().text(text) != text)
    }

    /// An empty row, unless there is one already, or nothing above it.
    pub(super) fn gap(&mut self) {
        if self.rows.last().is_some_and(|row| row.line.width() > 0) {
            self.rows.push(Row::default());
        }
    }

    /// A paragraph after a mark; its later rows hang below the first.
    pub(super) fn say(&mut self, mark: &str, text: &str, style: Style, of: Of) {
        self.styled((mark, style), text, &vec![(0..text.len(), style)], of);
    }

    /// A paragraph of text as it is.
    pub(super) fn text(&mut self, text: &str) {
        self.say("", text, Style::new(), Of::Text);
    }

    /// A paragraph with parts in styles of their own, one after the other.
    pub(super) fn styled(&mut self, mark: (&str, Style), text: &str, styles: &Styles, of: Of) {
        let Some(mask) = self.mask else { return self.wrapped(mark, text, styles, of) };
        // Before it's wrapped: half an address at the end of a row would be found by nobody.
        let (mut shown, mut own, mut at) = (String::new(), Styles::new(), 0);
        let put = |shown: &mut String, range: Range<usize>| {
            shown.push_str(&mask.borrow_mut().text(text.get(range).unwrap_or("")));
        };
        for (range, style) in styles.iter().filter(|(range, _)| !range.is_empty()) {
            put(&mut shown, at..range.start.max(at));
            let from = shown.len();
            put(&mut shown, range.start.max(at)..range.end);
            own.push((from..shown.len(), *style));
            at = range.end;
        }
        put(&mut shown, at..text.len());
        self.wrapped(mark, &shown, &own, of);
    }

    fn wrapped(&mut self, (mark, style): (&str, Style), text: &str, styles: &Styles, of: Of) {
        let mut from = 0;
        for (number, part) in wrap(text, self.columns.saturating_sub(width(mark))).enumerate() {
            let mut spans = Vec::new();
            if number == 0 && !mark.is_empty() {
                spans.push(Span::styled(mark.to_owned(), style));
            } else if number > 0 {
                let mut hang = String::new();
                spaces(width(mark), &mut hang);
                spans.push(Span::raw(hang));
            }
            // Wrapping leaves out spaces, and nothing else.
            let at = text.get(from..).and_then(|rest| rest.find(part)).map_or(from, |place| from + place);
            from = at + part.len();
            spans.extend(cut_by(text, at..from, styles));
            self.push(Line::from(spans), of);
        }
    }

    /// What a view painted for a terminal.
    pub(super) fn painted(&mut self, text: &str) {
        for line in text.lines() {
            self.push(painted(line, self.paint), Of::Text);
        }
    }

    /// Prose: the lesson's own words, in which no packet has a part.
    pub(super) fn prose(&mut self, blocks: &[Block]) {
        let mask = self.mask.take();
        for block in blocks {
            self.gap();
            match block {
                Block::Heading { spans } => self.runs("", spans, Paint::strong()),
                Block::Paragraph { spans } => self.runs("", spans, Style::new()),
                Block::List { items } => items.iter().for_each(|item| self.runs("• ", item, Style::new())),
                // What is wrapped no longer runs when it is copied.
                Block::Code { text } => {
                    for line in text.lines() {
                        self.push(Line::raw(format!("    {line}").trim_end().to_owned()), Of::Text);
                    }
                }
            }
        }
        self.gap();
        self.mask = mask;
    }

    fn runs(&mut self, mark: &str, runs: &[Run], style: Style) {
        let (mut text, mut styles) = (String::new(), Vec::new());
        for run in runs {
            let from = text.len();
            text.push_str(&run.text);
            let own = if run.style == Look::Plain { Style::new() } else { Paint::strong() };
            styles.push((from..text.len(), style.patch(own)));
        }
        // Where runs meet, a space may be there twice.
        self.styled((mark, style), &text, &styles, Of::Text);
    }
}

/// A line with pseudonyms. Its styles are kept, unless one begins within an address.
fn masked(line: Line<'static>, mask: &mut Mask) -> Line<'static> {
    let whole = line.to_string();
    let wanted = mask.columns(&whole);
    if wanted == whole {
        return line;
    }
    let own = |span: &Span<'static>| Span::styled(mask.columns(&span.content), span.style);
    let spans: Vec<Span<'static>> = line.spans.iter().map(own).collect();
    let said: String = spans.iter().map(|span| span.content.as_ref()).collect();
    if said.trim_end() == wanted.trim_end() { Line::from(spans).style(line.style) } else { Line::raw(wanted) }
}

/// The part of a text, in the styles that it has there.
fn cut_by(text: &str, part: Range<usize>, styles: &Styles) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut at = part.start;
    for (range, style) in styles {
        let (begin, end) = (range.start.clamp(at, part.end), range.end.clamp(at, part.end));
        if begin < end {
            spans.extend(text.get(at..begin).filter(|t| !t.is_empty()).map(|t| Span::raw(t.to_owned())));
            spans.extend(text.get(begin..end).map(|t| Span::styled(t.to_owned(), *style)));
            at = end;
        }
    }
    spans.extend(text.get(at..part.end).filter(|t| !t.is_empty()).map(|t| Span::raw(t.to_owned())));
    spans
}
