//! Pages of lines that are ready to be shown, such as the chat's: only what changed since the last one is written.

use super::paint::Paint;
use super::screen::Screen;
use super::text::painted;
use ratatui::text::{Line, Text};
use std::io;

/// The screen, while pages are shown on it.
pub struct Pages {
    screen: Screen,
    paint: Paint,
}

impl Pages {
    /// Takes the screen, with colours or without.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn take(color: bool) -> io::Result<Self> {
        Ok(Self { screen: Screen::take_without_mouse()?, paint: Paint::new(color) })
    }

    /// Draws what `page` gives for so many columns and rows.
    ///
    /// # Errors
    /// The terminal has gone.
    pub fn draw(&mut self, page: &dyn Fn(usize, usize) -> Vec<String>) -> io::Result<()> {
        let paint = self.paint;
        self.screen.draw(|frame| {
            let area = frame.area();
            let lines = page(usize::from(area.width), usize::from(area.height));
            let lines: Vec<Line<'_>> = lines.iter().map(|line| painted(line, paint)).collect();
            frame.render_widget(Text::from(lines), area);
        })
    }
}
