//! What the mouse does: a click chooses what is under it, the wheel goes through what is under it.

use super::{Browser, Pane, bytes};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

/// Lines that a turn of the wheel goes.
const NOTCH: i64 = 3;
/// Columns of a row of bytes before its first byte.
const OFFSET: u16 = 6;

/// Where things were at the last drawing.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) list: Rect,
    pub(super) layers: Rect,
    pub(super) bytes: Rect,
    /// Which line of the layers each row of theirs is of.
    pub(super) lines: Vec<usize>,
}

impl Browser {
    /// The mouse was used.
    pub(in crate::tui) fn mouse(&mut self, event: MouseEvent) {
        if self.typing.is_some() || self.prediction.is_some() || self.talks.is_some() {
            return;
        }
        let at = Position { x: event.column, y: event.row };
        let under =
            [(self.places.list, Pane::List), (self.places.layers, Pane::Layers), (self.places.bytes, Pane::Bytes)];
        let under = under.into_iter().find(|(area, _)| area.contains(at));
        let notches = match event.kind {
            MouseEventKind::ScrollUp => -NOTCH,
            MouseEventKind::ScrollDown => NOTCH,
            MouseEventKind::Down(MouseButton::Left) if self.page.is_none() => {
                if let Some((area, pane)) = under {
                    self.click(pane, at.x - area.x, at.y - area.y);
                }
                return;
            }
            _ => return,
        };
        if let Some(page) = &mut self.page {
            let last = page.lines.len().saturating_sub(1);
            let top = i64::try_from(page.top).unwrap_or(i64::MAX).saturating_add(notches);
            page.top = usize::try_from(top.max(0)).unwrap_or(0).min(last);
        } else if let Some((_, pane)) = under {
            let before = std::mem::replace(&mut self.pane, pane);
            self.go(if pane == Pane::Bytes { notches * i64::from(self.per_row()) } else { notches });
            self.pane = before;
        }
    }

    /// A click into a part, at a place within it; row 0 is its heading.
    fn click(&mut self, pane: Pane, x: u16, y: u16) {
        let before = self.pane;
        let cursor = self.byte_cursor();
        self.pane = pane;
        let Some(row) = usize::from(y).checked_sub(1) else { return };
        match pane {
            Pane::List => {
                let at = self.top + row / self.spacing();
                if at < self.shown() {
                    self.choose(at);
                }
            }
            Pane::Layers => {
                let Some(&line) = self.places.lines.get(row) else { return };
                // A second click on a line is Enter.
                if line == self.line && before == Pane::Layers {
                    return self.enter();
                }
                self.line = line;
                self.show_bytes();
            }
            Pane::Bytes => {
                let (per_row, height) = (self.per_row(), usize::from(self.places.bytes.height.saturating_sub(1)));
                let Some(look) = self.seen() else { return };
                let span = self.lines().get(self.line).and_then(|line| line.span);
                let rows = bytes::rows(look, span, cursor, per_row, height);
                let Some((row, column)) = rows.get(row).zip(x.checked_sub(OFFSET).map(u32::from)) else { return };
                // The digits, a space, the characters.
                let place = if column < per_row * 3 { column / 3 } else { column.saturating_sub(per_row * 3 + 1) };
                if (place as usize) < row.bytes.len() {
                    self.walk_bytes(i64::from(row.offset + place) - i64::from(self.byte));
                }
            }
        }
    }

    /// Bytes in a row at the last drawing.
    pub(super) fn per_row(&self) -> u32 {
        bytes::per_row(usize::from(self.places.bytes.width))
    }
}
