//! Keys: what each means now, and the one line that says so.

use crate::ask::Mode;
use crate::lesson::Input;
use crate::lesson::scene::Scene;
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

        (KeyCode::Char(c), Mode::Type) => play(Input::Type(c)),
        (KeyCode::Backspace, Mode::Type | Mode::Order(_)) => play(Input::Erase),
        (KeyCode::Enter, Mode::Type | Mode::Order(_) | Mode::Mark) => play(Input::Submit),

        (KeyCode::Left, Mode::Mark) => play(Input::Move(-1)),
        (KeyCode::Right, Mode::Mark) => play(Input::Move(1)),
        (KeyCode::Up, Mode::Mark) => play(Input::Move(-ROW)),
        (KeyCode::Down, Mode::Mark) => play(Input::Move(ROW)),
        (KeyCode::Char(' '), Mode::Mark) => play(Input::Anchor),

        (KeyCode::Char(c @ '1'..='9'), Mode::Choose(n) | Mode::Order(n)) => {
            let index = (u32::from(c) - u32::from('1')) as usize;
            (index < n).then_some(Command::Play(Input::Choose(index)))
        }
        _ => plain(key.code),
    }
}

/// What a key means where no answer needs it.
fn plain(key: KeyCode) -> Option<Command> {
    Some(match key {
        KeyCode::Char(' ' | 'n' | 'l') | KeyCode::Enter | KeyCode::Right => Command::Play(Input::Next),
        KeyCode::Char('b') | KeyCode::Backspace | KeyCode::Left => Command::Play(Input::Back),
        KeyCode::Char('d') => Command::Play(Input::Deeper),
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

/// Whether the page stays where it was scrolled to.
pub(super) fn stays(input: &Input) -> bool {
    matches!(input, Input::Look | Input::Audience | Input::View)
}

/// What the keys do, in one line of at most so many columns: what matters least is left out first.
pub(super) fn line(scene: &Scene<'_>, columns: usize) -> String {
    let offers = &scene.offers;
    let mut items: Vec<(u8, String)> = Vec::new();
    let mut item = |matters: u8, offered: bool, text: &str| {
        if offered {
            items.push((matters, text.to_owned()));
        }
    };
    match scene.mode {
        Mode::Read => {
            item(9, true, if offers.break_it { "space run it" } else { "space next" });
            item(6, true, "b back");
            item(4, offers.view, "v other view");
            item(5, offers.deeper, "d deeper");
            item(3, true, "a audience");
            item(2, true, "↑↓ scroll");
            item(8, true, "q quit");
        }
        Mode::Choose(n) => {
            item(9, true, &format!("1-{n} choose"));
            item(7, offers.hint, "h hint");
            item(6, true, "s skip");
            item(5, true, "b back");
            item(3, true, "a audience");
            item(2, true, "↑↓ scroll");
            item(8, true, "q quit");
        }
        Mode::Type => {
            item(9, true, "type, then Enter");
            item(7, offers.hint, "? hint");
            item(6, true, "Tab skip");
            item(5, true, "← back");
            item(2, true, "↑↓ scroll");
            item(8, true, "Esc quit");
        }
        Mode::Order(n) => {
            item(9, true, &format!("1-{n} in your order, then Enter"));
            item(4, true, "⌫ undo");
            item(7, offers.hint, "h hint");
            item(6, true, "s skip");
            item(5, true, "b back");
            item(8, true, "q quit");
        }
        Mode::Mark => {
            item(9, true, "arrows move");
            item(9, true, "space begin here");
            item(9, true, "Enter done");
            item(7, offers.hint, "h hint");
            item(6, true, "s skip");
            item(5, true, "b back");
            item(8, true, "q quit");
        }
    }
    loop {
        let text = items.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" · ");
        if width(&text) <= columns {
            return text;
        }
        let Some(least) = items.iter().enumerate().min_by_key(|(_, (matters, _))| *matters).map(|(i, _)| i) else {
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
            assert!(matches!(press(KeyCode::Char(c), Mode::Type), Some(Input::Type(t)) if t == c), "{c}");
        }
        assert!(matches!(press(KeyCode::Char('?'), Mode::Type), Some(Input::Hint)));
        assert!(matches!(press(KeyCode::Tab, Mode::Type), Some(Input::Skip)));
        assert!(matches!(press(KeyCode::Esc, Mode::Type), Some(Input::Quit)));
    }

    #[test]
    fn only_choices_that_exist_can_be_chosen() {
        assert!(matches!(press(KeyCode::Char('3'), Mode::Choose(3)), Some(Input::Choose(2))));
        assert!(press(KeyCode::Char('4'), Mode::Choose(3)).is_none());
        assert!(press(KeyCode::Char('1'), Mode::Read).is_none());
    }

    #[test]
    fn arrows_scroll_but_where_bytes_are_marked() {
        let down = KeyEvent::new(KeyCode::Down, KeyModifiers::NONE);
        assert!(matches!(command(down, Mode::Read), Some(Command::Scroll(1))));
        assert!(matches!(command(down, Mode::Mark), Some(Command::Play(Input::Move(ROW)))));
    }
}
