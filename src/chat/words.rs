//! The chat's own words: its events; and what a stranger says, made harmless: names, rooms and texts that others
//! will see.
//!
//! Characters that are invisible or turn the direction of reading go; what remains is text, and a page shows it as
//! text. Nothing is escaped here: that is the job of the view that shows it.

use crate::model::show::{is_deceptive, is_mark};

/// The events, by name. The page's JavaScript writes the same names.
pub(super) mod event {
    /// Up: who one is, and into which room one wants.
    pub(in crate::chat) const JOIN: &str = "join";
    /// Up: a message.
    pub(in crate::chat) const SAY: &str = "say";
    /// Up and down: somebody is writing, or has stopped.
    pub(in crate::chat) const TYPING: &str = "typing";
    /// Down: the first one, with the session's key and whether its packets are captured.
    pub(in crate::chat) const WELCOME: &str = "welcome";
    /// Down: a message that somebody in the room said.
    pub(in crate::chat) const SAID: &str = "said";
    /// Down: somebody came into the room.
    pub(in crate::chat) const JOINED: &str = "joined";
    /// Down: somebody left it.
    pub(in crate::chat) const LEFT: &str = "left";
    /// Down: what was asked for is refused, and why.
    pub(in crate::chat) const REFUSED: &str = "refused";
    /// No event: the answer to one.
    pub(in crate::chat) const ACK: &str = "ack";
}

/// Letters of a name, and of a room's name.
pub(super) const NAME: usize = 24;
/// Letters of a message.
pub(super) const TEXT: usize = 1000;
/// Marks that may stack on one letter.
const MARKS: usize = 2;

/// A name for a person or a room: one line, visible, of at most [`NAME`] letters. `None` if nothing is left.
pub(super) fn name(text: &str) -> Option<String> {
    line(text, NAME)
}

/// A message: one line of at most [`TEXT`] letters. `None` if nothing is left, or if it is longer.
pub(super) fn message(text: &str) -> Option<String> {
    if text.chars().count() > TEXT {
        return None;
    }
    line(text, TEXT)
}

/// One line of visible text; runs of blanks become one.
fn line(text: &str, most: usize) -> Option<String> {
    let (mut out, mut letters, mut blank, mut marks) = (String::new(), 0, false, 0);
    for c in text.chars() {
        if c.is_whitespace() {
            blank = letters > 0;
            continue;
        }
        if c.is_control() || is_deceptive(c) {
            continue;
        }
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS {
            continue;
        }
        if blank && letters + 1 < most {
            out.push(' ');
            letters += 1;
        }
        blank = false;
        if letters == most {
            break;
        }
        out.push(c);
        letters += 1;
    }
    (letters > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_left_with_its_visible_letters() {
        let cases = [
            ("Ada", Some("Ada")),
            ("  Ada \n Lovelace\t", Some("Ada Lovelace")),
            ("\u{1b}[31mred\u{7}", Some("[31mred")),
            ("\u{202e}abc\u{202c}", Some("abc")),
            ("A\u{200b}d\u{ad}a", Some("Ada")),
            ("\u{200b}\u{3164}\u{feff}", None),
            ("", None),
            ("<b>&\"'", Some("<b>&\"'")),
            ("C:\\x", Some("C:\\x")),
            ("Zoë 李 عمر", Some("Zoë 李 عمر")),
        ];
        for (given, wanted) in cases {
            assert_eq!(name(given).as_deref(), wanted, "{given:?}");
        }
    }

    #[test]
    fn towers_of_marks_are_cut_down() {
        // Latin, Hebrew, Thai.
        for mark in ["\u{301}", "\u{5b8}", "\u{e49}"] {
            let tower = format!("a{}b", mark.repeat(50));
            assert_eq!(name(&tower).unwrap().chars().count(), 4, "{mark:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_a_long_message_is_refused() {
        assert_eq!(name(&"x".repeat(500)).unwrap().len(), NAME);
        let spaced = name(&"a ".repeat(500)).unwrap();
        assert!(spaced.chars().count() <= NAME && !spaced.ends_with(' '), "{spaced:?}");
        assert!(message(&"x".repeat(TEXT)).is_some());
        assert_eq!(message(&"x".repeat(TEXT + 1)), None);
    }
}
