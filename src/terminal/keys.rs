//! Keys: what each means now, and the one line that says so.

use crate::ask::{Key, Mode};
use crate::lesson::Input;
use crate::lesson::scene::Offers;
use crate::view::measure::width;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Bytes in a row of those to mark.
const ROW: isize = 16;

/// What a key does.
pub(super) enum Command {
    Play(Input),
    Scroll(isize),
    Page(isize),
    Leave,
}

/// What a key means while `mode` holds.
pub(super) fn command(key: KeyEvent, mode: Mode) -> Option<Command> {
    let play = |input| Some(Command::Play(input));
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Command::Leave),
            KeyCode::Char('a') => play(Input::Audience),
            _ => None,
        };
    }
    match (key.code, mode) {
        (KeyCode::Esc, _) => play(Input::Quit),
        (KeyCode::Tab, _) => play(Input::Skip),
        (KeyCode::Char('?'), _) => play(Input::Hint),
        (KeyCode::PageDown, _) => Some(Command::Page(1)),
        (KeyCode::PageUp, _) => Some(Command::Page(-1)),
        (KeyCode::Home, _) => play(Input::First),
        (KeyCode::End, _) => play(Input::Last),

        (key, mode) => answer(key, mode).map_or_else(|| plain(key), |step| play(Input::Key(step))),
    }
}

/// Which step of an answer a key is: the one table for lessons, quizzes and the full screen.
pub(crate) fn answer(key: KeyCode, mode: Mode) -> Option<Key> {
    Some(match (key, mode) {
        (KeyCode::Char(c), Mode::Type) => Key::Type(c),
        (KeyCode::Backspace, Mode::Type | Mode::Order(_)) => Key::Erase,
        (KeyCode::Enter, Mode::Type | Mode::Order(_) | Mode::Mark) => Key::Enter,

        (KeyCode::Left, Mode::Mark) => Key::Move(-1),
        (KeyCode::Right, Mode::Mark) => Key::Move(1),
        (KeyCode::Up, Mode::Mark) => Key::Move(-ROW),
        (KeyCode::Down, Mode::Mark) => Key::Move(ROW),
        (KeyCode::Char(' '), Mode::Mark) => Key::Anchor,

        (KeyCode::Char(c @ '1'..='9'), Mode::Choose(n) | Mode::Order(n)) => {
            let index = (u32::from(c) - u32::from('1')) as usize;
            Key::Choose(Some(index).filter(|&index| index < n)?)
        }
        _ => return None,
    })
}

/// What a key means where no answer needs it.
fn plain(key: KeyCode) -> Option<Command> {
    Some(match key {
        KeyCode::Char(' ' | 'n' | 'l') | KeyCode::Enter | KeyCode::Right => Command::Play(Input::Next),
        KeyCode::Char('b') | KeyCode::Backspace | KeyCode::Left => Command::Play(Input::Back),
        KeyCode::Char('d') => Command::Play(Input::Deeper),
        KeyCode::Char('o') => Command::Play(Input::Layers),
        KeyCode::Char('a') => Command::Play(Input::Audience),
        KeyCode::Char('v') => Command::Play(Input::View),
        KeyCode::Char('h') => Command::Play(Input::Hint),
        KeyCode::Char('s') => Command::Play(Input::Skip),
        KeyCode::Char('w') => Command::Play(Input::WhatIf),
        KeyCode::Char('q') => Command::Play(Input::Quit),
        KeyCode::Char('g') => Command::Play(Input::First),
        KeyCode::Char('G') => Command::Play(Input::Last),
        KeyCode::Down | KeyCode::Char('j') => Command::Scroll(1),
        KeyCode::Up | KeyCode::Char('k') => Command::Scroll(-1),
        _ => return None,
    })
}

/// Whether a key reads on to the end of the page before it turns it.
pub(super) fn reads_on(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(' ') | KeyCode::Enter)
}

/// Whether the page stays where it was scrolled to.
pub(super) fn stays(input: &Input) -> bool {
    matches!(input, Input::Look | Input::Layers | Input::Audience | Input::View)
}

/// What the keys do, in one line of at most `columns` columns: what matters least is left out first.
pub(super) fn line(mode: Mode, offers: Offers, columns: usize) -> String {
    let (typing, reading) = (mode == Mode::Type, mode == Mode::Read);
    // Where something is typed, letters are letters.
    let or = |letter, other| if typing { other } else { letter };
    let next = if offers.break_it { "space run it" } else { "space next" };
    let answer = match mode {
        Mode::Read => next.to_owned(),
        Mode::Choose(n) => format!("1-{n} choose"),
        Mode::Type => "type, then Enter".to_owned(),
        Mode::Order(n) => format!("1-{n} in your order, then Enter"),
        Mode::Mark => "arrows move · space begin here · Enter done".to_owned(),
    };
    // How much each matters, and whether it is offered.
    let mut items = vec![
        (9, true, answer.as_str()),
        (4, matches!(mode, Mode::Order(_)), "⌫ undo"),
        (7, offers.hint, or("h hint", "? hint")),
        (6, offers.skip, or("s skip", "Tab skip")),
        (5, offers.turn, or("b back", "← back")),
        (4, reading && offers.view, "v other view"),
        (5, reading && offers.deeper, "d deeper"),
        (5, offers.layers && !typing, "o layers"),
        (3, offers.turn && matches!(mode, Mode::Read | Mode::Choose(_)), "a audience"),
        (2, !matches!(mode, Mode::Order(_) | Mode::Mark), "↑↓ scroll"),
        (8, true, or("q quit", "Esc quit")),
    ];
    items.retain(|(_, offered, _)| *offered);
    loop {
        let text = items.iter().map(|(_, _, text)| *text).collect::<Vec<_>>().join(" · ");
        if width(&text) <= columns {
            return text;
        }
        let Some(least) = items.iter().enumerate().min_by_key(|(_, (matters, ..))| *matters).map(|(i, _)| i) else {
            return String::new();
        };
        items.remove(least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: KeyCode, mode: Mode) -> Option<Input> {
        match command(KeyEvent::new(code, KeyModifiers::NONE), mode) {
            Some(Command::Play(input)) => Some(input),
            _ => None,
        }
    }

    #[test]
    fn where_something_is_typed_letters_are_letters() {
        for c in ['q', 's', 'h', 'b', ' ', '1', 'ä'] {
            assert!(matches!(press(KeyCode::Char(c), Mode::Type), Some(Input::Key(Key::Type(t))) if t == c), "{c}");
        }
        assert!(matches!(press(KeyCode::Char('?'), Mode::Type), Some(Input::Hint)));
        assert!(matches!(press(KeyCode::Tab, Mode::Type), Some(Input::Skip)));
        assert!(matches!(press(KeyCode::Esc, Mode::Type), Some(Input::Quit)));
    }

    #[test]
    fn every_key_that_the_last_line_names_means_something() {
        let offers =
            Offers { hint: true, skip: true, break_it: false, view: true, deeper: true, layers: true, turn: true };
        for mode in [Mode::Read, Mode::Choose(4), Mode::Type, Mode::Order(3), Mode::Mark] {
            let text = line(mode, offers, 200);
            for word in text.split(" · ").filter_map(|item| item.split(' ').next()).filter(|w| w.chars().count() == 1)
            {
                let key = match word {
                    "⌫" => KeyCode::Backspace,
                    "←" => KeyCode::Left,
                    letter => KeyCode::Char(letter.chars().next().unwrap()),
                };
                assert!(command(KeyEvent::new(key, KeyModifiers::NONE), mode).is_some(), "{mode:?}: {word}");
            }
            assert!(width(&line(mode, offers, 40)) <= 40);
        }
    }

    #[test]
    fn only_choices_that_exist_can_be_chosen() {
        assert!(matches!(press(KeyCode::Char('3'), Mode::Choose(3)), Some(Input::Key(Key::Choose(2)))));
        assert!(press(KeyCode::Char('4'), Mode::Choose(3)).is_none());
        assert!(press(KeyCode::Char('1'), Mode::Read).is_none());
    }

    #[test]
    fn arrows_scroll_but_where_bytes_are_marked() {
        let down = KeyEvent::new(KeyCode::Down, KeyModifiers::NONE);
        assert!(matches!(command(down, Mode::Read), Some(Command::Scroll(1))));
        assert!(matches!(command(down, Mode::Mark), Some(Command::Play(Input::Key(Key::Move(ROW))))));
    }
}
