//! What the mouse does: a click takes what is under it, the wheel scrolls.

use super::Sight;
use super::draw::OFFSET;
use super::keys::{self, Act};
use super::page::Page;
use super::rows::Of;
use crate::ask::Mode;
use crate::lesson::Input;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that a turn of the wheel goes.
const NOTCH: isize = 3;

impl Sight {
    /// The mouse was used while `page` was shown.
    pub(super) fn mouse(&mut self, event: MouseEvent, page: &Page) -> Act {
        if self.help.is_some() || self.jump.is_some() {
            return Act::Look;
        }
        let of = self.under(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.scroll(-NOTCH),
            MouseEventKind::ScrollDown => self.scroll(NOTCH),
            MouseEventKind::Down(MouseButton::Left) => return self.click(of, event, page),
            MouseEventKind::Drag(MouseButton::Left) => {
                if let (Some(from), Some(byte)) =
                    (self.byte, self.marked(of, event.column).filter(|_| page.mode == Mode::Mark))
                {
                    return Act::Play(keys::mark(from.min(byte), from.max(byte)));
                }
            }
            _ => {}
        }
        Act::Look
    }

    /// What is under a place of the screen.
    fn under(&self, column: u16, row: u16) -> Of {
        let right = self.places.side > 0 && column >= self.places.side;
        let rows = if right { &self.places.right } else { &self.places.left };
        usize::from(row)
            .checked_sub(usize::from(self.places.top))
            .and_then(|row| rows.get(row))
            .copied()
            .unwrap_or_default()
    }

    fn click(&mut self, of: Of, event: MouseEvent, page: &Page) -> Act {
        self.notice.clear();
        match of {
            Of::Choice(at) if at < page.choices => return self.take(at, page),
            Of::Field(at) => (self.field, self.byte) = (Some(at).filter(|_| self.field != Some(at)), None),
            Of::Typed => self.left = false,
            Of::Layer if page.offers.layers => return Act::Play(vec![Input::Layers]),
            Of::Mark(_) if page.mode == Mode::Mark => {
                if let Some(byte) = self.marked(of, event.column) {
                    self.byte = Some(byte);
                    return Act::Play(keys::mark(byte, byte));
                }
            }
            _ if self.places.bytes.contains(Position { x: event.column, y: event.row }) => self.click_byte(event, page),
            _ => {}
        }
        Act::Look
    }

    /// Which byte of those to mark is in a column.
    fn marked(&self, of: Of, column: u16) -> Option<usize> {
        let Of::Mark(first) = of else { return None };
        // A bracket before each byte; one after the last.
        let at = in_columns(usize::from(column), self.in_row, 2)?;
        Some(first + at)
    }

    /// A byte beside the page: the field that it is of is chosen, if the page speaks of it.
    fn click_byte(&mut self, event: MouseEvent, page: &Page) {
        let bytes = self.places.bytes;
        let row = usize::from(event.row - bytes.y);
        let Some(at) = in_columns(usize::from(event.column - bytes.x), self.places.in_row, 1) else { return };
        let byte = self.places.first + row * self.places.in_row + at;
        let all = page.dump.as_ref().map_or(0, |dump| dump.bytes.len());
        if byte >= all {
            return;
        }
        let of = |field: &crate::view::scene::resolved::Lit| {
            (field.offset as usize..(field.offset + field.length) as usize).contains(&byte)
        };
        self.field = page.fields.iter().position(of);
        self.byte = Some(byte).filter(|_| self.field.is_none());
    }
}

/// Which byte of a row is in a column: by its digits, or by its character, which are so many columns after them.
fn in_columns(column: usize, in_row: usize, gap: usize) -> Option<usize> {
    let column = column.checked_sub(OFFSET)?;
    let at = if column < in_row * 3 { column / 3 } else { column.checked_sub(in_row * 3 + gap)? };
    (at < in_row).then_some(at)
}
