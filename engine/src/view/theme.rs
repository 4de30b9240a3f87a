//! Colours, behind this one door. Each style is rendered once, at the start.
//!
//! Colour never carries meaning alone: what it says, a word, a sign or a place says too. The sixteen
//! colours of the terminal's own palette are used, because a projector's background may be any.

use crate::model::Osi;
use crate::tutor::Truth;
use colored::{ColoredString, Colorize};

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// In a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What is written before and after a piece of text; both empty without colour.
#[derive(Clone, Debug, Default)]
pub struct Style {
    before: String,
    after: String,
}

/// Every style there is.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    layers: [Style; 7],
    /// Headings.
    pub strong: Style,
    /// What can be skipped at first reading.
    pub faint: Style,
    /// Something is wrong.
    pub alarm: Style,
    /// What the bytes say.
    pub observed: Style,
    /// What follows from them.
    pub inferred: Style,
}

/// The sign for how we know; beside each of the seven rows is its word, too.
pub const fn sign(truth: Truth) -> &'static str {
    match truth {
        Truth::Observed => "●",
        Truth::Inferred => "◐",
        Truth::NotVisible => "○",
    }
}

/// Whether to use colour, as the user and the environment wish.
///
/// `--color` wins, then `NO_COLOR` (no-color.org), then `CLICOLOR_FORCE`, then whether a terminal reads.
pub fn wanted(choice: Color, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let on = |name| variable(name).is_some_and(|v| !v.is_empty() && v != "0");
    match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if variable("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
        Color::Auto if on("CLICOLOR_FORCE") => true,
        Color::Auto => {
            let refused = variable("CLICOLOR").is_some_and(|v| v == "0");
            terminal && !refused && variable("TERM").is_none_or(|t| t != "dumb")
        }
    }
}

impl Theme {
    /// All styles, or none of them.
    pub fn new(color: bool) -> Self {
        if !color {
            return Self::default();
        }
        colored::control::set_override(true);
        #[cfg(windows)]
        let _ = colored::control::set_virtual_terminal(true);
        let style = |paint: fn(&str) -> ColoredString| {
            let sample = paint("x").to_string();
            let (before, after) = sample.split_once('x').unwrap_or_default();
            Style { before: before.to_owned(), after: after.to_owned() }
        };
        Self {
            layers: [
                style(|s| s.bold()),
                style(|s| s.green()),
                style(|s| s.cyan()),
                style(|s| s.magenta()),
                style(|s| s.yellow()),
                style(|s| s.bright_green()),
                style(|s| s.bright_blue()),
            ],
            strong: style(|s| s.bold()),
            faint: style(|s| s.dimmed()),
            alarm: style(|s| s.red().bold()),
            observed: style(|s| s.green()),
            inferred: style(|s| s.yellow()),
        }
    }

    /// The style of how we know.
    pub const fn truth(&self, truth: Truth) -> &Style {
        match truth {
            Truth::Observed => &self.observed,
            Truth::Inferred => &self.inferred,
            Truth::NotVisible => &self.faint,
        }
    }

    /// The style of an OSI layer.
    pub fn layer(&self, osi: Osi) -> &Style {
        let [physical, link, network, transport, session, presentation, application] = &self.layers;
        match osi {
            Osi::Physical => physical,
            Osi::Link => link,
            Osi::Network => network,
            Osi::Transport => transport,
            Osi::Session => session,
            Osi::Presentation => presentation,
            Osi::Application => application,
        }
    }
}

impl Style {
    /// Appends `text` in this style.
    pub fn paint(&self, text: &str, out: &mut String) {
        self.around(out, |out| out.push_str(text));
    }

    /// Appends what `write` appends, in this style.
    pub fn around(&self, out: &mut String, write: impl FnOnce(&mut String)) {
        if self.before.is_empty() {
            return write(out);
        }
        out.push_str(&self.before);
        write(out);
        out.push_str(&self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        let ask = |choice, terminal, set: &'static [(&str, &str)]| {
            wanted(choice, terminal, |n| set.iter().find(|(k, _)| *k == n).map(|(_, v)| (*v).to_owned()))
        };
        assert!(ask(Color::Auto, true, &[]));
        assert!(!ask(Color::Auto, false, &[]));
        assert!(!ask(Color::Auto, true, &[("NO_COLOR", "1")]));
        assert!(ask(Color::Auto, true, &[("NO_COLOR", "")]));
        assert!(ask(Color::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!ask(Color::Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!ask(Color::Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!ask(Color::Auto, true, &[("TERM", "dumb")]));
        assert!(ask(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!ask(Color::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn without_colour_nothing_is_added() {
        let theme = Theme::new(false);
        let mut out = String::new();
        for osi in Osi::ALL {
            theme.layer(osi).paint("a", &mut out);
        }
        theme.alarm.paint("b", &mut out);
        assert_eq!(out, "aaaaaaab");
    }

    #[test]
    fn with_colour_each_style_ends_where_its_text_ends() {
        let theme = Theme::new(true);
        for osi in Osi::ALL {
            let mut out = String::new();
            theme.layer(osi).paint("a", &mut out);
            assert!(out.starts_with("\x1b[") && out.ends_with("a\x1b[0m"), "{out:?}");
        }
    }
}
