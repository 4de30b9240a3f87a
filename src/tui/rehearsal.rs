//! The full screen without a terminal: what happens is given, and each picture is handed to the judge. Tests and the
//! fuzz target play with it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// What happens at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// A key; those without a character have one of [`KEYS`].
    Key(char),
    /// A letter with Ctrl.
    Control(char),
    /// A click, in a column and a row.
    Click(u16, u16),
    /// The mouse is drawn there.
    Drag(u16, u16),
    /// The wheel turns there, down or up.
    Wheel(u16, u16, bool),
    /// The screen has so many columns and rows now.
    Size(u16, u16),
}

/// Keys without a character, each by a sign of its own.
pub const KEYS: [(char, KeyCode); 17] = [
    ('⏎', KeyCode::Enter),
    ('⎋', KeyCode::Esc),
    ('⇥', KeyCode::Tab),
    ('⇤', KeyCode::BackTab),
    ('⌫', KeyCode::Backspace),
    ('⌦', KeyCode::Delete),
    ('↑', KeyCode::Up),
    ('↓', KeyCode::Down),
    ('←', KeyCode::Left),
    ('→', KeyCode::Right),
    ('⇞', KeyCode::PageUp),
    ('⇟', KeyCode::PageDown),
    ('⇱', KeyCode::Home),
    ('⇲', KeyCode::End),
    ('⓵', KeyCode::F(1)),
    ('⓶', KeyCode::F(2)),
    ('⓬', KeyCode::F(12)),
];

impl Happens {
    /// The key, if it is one.
    pub(super) fn key(self) -> Option<KeyEvent> {
        match self {
            Self::Key(sign) => {
                let named = KEYS.iter().find(|(its, _)| *its == sign).map(|(_, code)| *code);
                Some(KeyEvent::new(named.unwrap_or(KeyCode::Char(sign)), KeyModifiers::NONE))
            }
            Self::Control(letter) => Some(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)),
            _ => None,
        }
    }

    /// What the mouse did, if it did something.
    pub(super) fn mouse(self) -> Option<MouseEvent> {
        let (kind, column, row) = match self {
            Self::Click(column, row) => (MouseEventKind::Down(MouseButton::Left), column, row),
            Self::Drag(column, row) => (MouseEventKind::Drag(MouseButton::Left), column, row),
            Self::Wheel(column, row, true) => (MouseEventKind::ScrollDown, column, row),
            Self::Wheel(column, row, false) => (MouseEventKind::ScrollUp, column, row),
            _ => return None,
        };
        Some(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
    }
}

/// A screen that is nowhere.
#[derive(Debug)]
pub(super) struct Nowhere(Terminal<TestBackend>);

impl Nowhere {
    /// Of the usual size.
    pub(super) fn new() -> Self {
        Self::of(80, 24)
    }

    fn of(columns: u16, rows: u16) -> Self {
        let Ok(terminal) = Terminal::new(TestBackend::new(columns.max(1), rows.max(1)));
        Self(terminal)
    }

    /// Takes another size, if that's what happens.
    pub(super) fn hears(&mut self, happens: Happens) {
        if let Happens::Size(columns, rows) = happens {
            *self = Self::of(columns, rows);
        }
    }

    /// Draws, and shows the picture to `judge`.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>), judge: &mut dyn FnMut(&[Vec<String>])) {
        let Ok(_) = self.0.draw(draw);
        judge(&cells(self.0.backend().buffer()));
    }
}

/// What each cell of each row shows; the one after a wide character shows nothing.
fn cells(buffer: &Buffer) -> Vec<Vec<String>> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| row.iter().map(|cell| cell.symbol().to_owned()).collect()).collect()
}
