//! Styles of the full screen: one accent, the terminal's own sixteen colours, and without colour still a meaning.

use crate::model::Osi;
use crate::tutor::Truth;
use ratatui::style::{Color, Modifier, Style};

/// Every style there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    color: bool,
}

impl Paint {
    /// With colours, or without.
    pub(super) fn new(color: bool) -> Self {
        Self { color }
    }

    fn colored(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// What can be skipped at first reading.
    pub(super) fn faint(self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// Headings.
    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Something is wrong, or unusual.
    pub(super) fn alarm(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The line or byte that is selected, in the pane that hears the keys or in another one.
    pub(super) fn selected(focus: bool) -> Style {
        if focus {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::UNDERLINED)
        }
    }

    /// A layer's own colour: the same as in every other view.
    pub(super) fn layer(self, osi: Osi) -> Style {
        let color = match osi {
            Osi::Physical => return Self::strong(),
            Osi::Link => Color::Green,
            Osi::Network => Color::Cyan,
            Osi::Transport => Color::Magenta,
            Osi::Session => Color::Yellow,
            Osi::Presentation => Color::LightGreen,
            Osi::Application => Color::LightBlue,
        };
        self.colored(color)
    }

    /// What isn't in the bytes, but follows from them, where it is the matter itself: states.
    pub(super) fn inferred() -> Style {
        Self::strong()
    }

    /// It is right, or it was seen.
    pub(super) fn right(self) -> Style {
        self.colored(Color::Green).add_modifier(Modifier::BOLD)
    }

    /// A QR code: dark on light, as all readers take it, whatever the terminal's own colours are.
    #[cfg(feature = "classroom")]
    pub(super) fn code(self) -> Style {
        if self.color { Style::new().fg(Color::White).bg(Color::Black) } else { Style::new() }
    }

    /// How something is known.
    pub(super) fn truth(self, truth: Truth) -> Style {
        match truth {
            Truth::Observed => self.colored(Color::Green),
            Truth::Inferred => self.colored(Color::Yellow),
            Truth::NotVisible => self.faint(),
        }
    }
}
