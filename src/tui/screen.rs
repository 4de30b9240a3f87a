//! The terminal that is drawn on, through [`crate::tty`], which gives it back whatever happens.

use crate::tty;
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use std::io::{self, BufWriter, Stdout};

/// The whole screen. Only what changed since the last picture is written.
pub(super) struct Screen {
    // Dropped in this order: what is still buffered is written before the screen is given back.
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    _taken: tty::Screen,
}

impl Screen {
    /// Takes it.
    ///
    /// # Errors
    /// There is no terminal.
    pub(super) fn take() -> io::Result<Self> {
        Self::on(tty::Screen::take_with_mouse()?)
    }

    /// The same, but the mouse goes on to select text.
    ///
    /// # Errors
    /// There is no terminal.
    pub(super) fn take_without_mouse() -> io::Result<Self> {
        Self::on(tty::Screen::take()?)
    }

    fn on(taken: tty::Screen) -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 15, io::stdout())))?;
        Ok(Self { terminal, _taken: taken })
    }

    /// Draws a picture.
    ///
    /// # Errors
    /// The terminal has gone.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(picture).map(|_| ())
    }

    /// The next picture is drawn whole: something else has written on the screen.
    ///
    /// # Errors
    /// The terminal has gone.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}
