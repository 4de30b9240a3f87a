//! Keys: what each means now, and what the last line and the help page say of them.

use super::Sight;
use super::page::Page;
use crate::ask::{Key, Mode, entry};
use crate::lesson::Input;
use crate::tty::table::{Does, meaning, on, short};
use crate::tui::text::{footer as fitted, keys_page, scrolled_by};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is said when who it was is hidden, and when it's shown again.
const MASKED: &str = "Addresses and names have pseudonyms";
const SHOWN: &str = "Addresses and names are shown as they are";
/// The same for a projector.
const FOR_A_ROOM: &str = "For a projector: one column, with space between its rows as far as they fit";
const FOR_ONE: &str = "As for one who sits before it";

/// What a key or the mouse comes to.
#[derive(Debug)]
pub(super) enum Act {
    /// The screen looks different now, at most.
    Look,
    /// The player gets these.
    Play(Vec<Input>),
    /// To this page.
    Jump(usize),
    Leave,
    Suspend,
}

/// The help page, for so many columns.
pub(super) fn help(columns: usize) -> Vec<String> {
    const NOTES: [&str; 4] = [
        "Where something is typed, letters are letters: Esc leaves the field, Enter goes back to it.",
        "Bytes are marked with the arrows: * begins a run, Enter gives it. Or with the mouse.",
        "A click takes a choice, a field or a byte; the wheel scrolls; Shift lets you mark text.",
        "● observed in the bytes, ◐ inferred, ○ not visible here.",
    ];
    keys_page(on::LESSON, &NOTES, columns)
}

/// Which step of an answer a key is: for lessons, quizzes and the browser. `row`: bytes in a row of those to mark.
pub(in crate::tui) fn answer(key: KeyEvent, mode: Mode, row: isize) -> Option<Key> {
    if let (KeyCode::Char(c), Mode::Type, false) = (key.code, mode, is_control(key)) {
        return Some(Key::Type(c));
    }
    Some(match (meaning(key, on::LESSON)?, mode) {
        (Does::Erase, Mode::Type | Mode::Order(_)) => Key::Erase,
        (Does::Empty, Mode::Type | Mode::Order(_)) => Key::Clear,
        (Does::Take, Mode::Type | Mode::Order(_) | Mode::Mark) => Key::Enter,

        (Does::Back, Mode::Mark) => Key::Move(-1),
        (Does::On, Mode::Mark) => Key::Move(1),
        (Does::Up, Mode::Mark) => Key::Move(-row),
        (Does::Down, Mode::Mark) => Key::Move(row),
        (Does::Mark, Mode::Mark) => Key::Anchor,

        (Does::Pick(number), Mode::Choose(n) | Mode::Order(n)) => {
            Key::Choose(Some(usize::from(number) - 1).filter(|&index| index < n)?)
        }
        _ => return None,
    })
}

fn is_control(key: KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL)
}

fn play(input: Input) -> Act {
    Act::Play(vec![input])
}

impl Sight {
    /// A key was pressed while `page` was shown.
    pub(super) fn key(&mut self, key: KeyEvent, page: &Page) -> Act {
        self.notice.clear();
        let does = meaning(key, if self.help.is_some() { on::TEXT } else { on::LESSON });
        match does {
            Some(Does::End) => return Act::Leave,
            Some(Does::Suspend) => return Act::Suspend,
            _ => {}
        }
        if let Some(top) = self.help {
            self.help = scrolled_by(does, top, self.rows, help(self.columns).len().saturating_sub(1));
            return Act::Look;
        }
        if self.jump.is_some() {
            return self.jumped(key.code);
        }
        let letter = matches!(key.code, KeyCode::Char(_)) && !is_control(key);
        match does {
            Some(Does::Help) => self.help = Some(0),
            Some(Does::Leave) => self.leave(page),
            Some(Does::PageDown) => self.scroll(self.pageful()),
            Some(Does::PageUp) => self.scroll(-self.pageful()),
            Some(Does::Next) => self.next_field(page, true),
            Some(Does::Before) => self.next_field(page, false),
            does => {
                let does = does.filter(|_| !letter || !self.is_typing(page));
                return does
                    .and_then(|does| self.chosen(does, page))
                    .or_else(|| self.given(key, page))
                    .or_else(|| does.map(|does| self.plain(does, page)))
                    .unwrap_or(Act::Look);
            }
        }
        Act::Look
    }

    /// The number of a page is being typed.
    fn jumped(&mut self, code: KeyCode) -> Act {
        let Some(text) = &mut self.jump else { return Act::Look };
        match code {
            KeyCode::Char(c) if c.is_ascii_digit() && text.len() < 4 => text.push(c),
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Esc => self.jump = None,
            KeyCode::Enter => {
                let number = text.parse().ok();
                self.jump = None;
                if let Some(number) = number {
                    return Act::Jump(number);
                }
            }
            _ => {}
        }
        Act::Look
    }

    /// Esc: out of the field that is typed into, then from the chosen field.
    fn leave(&mut self, page: &Page) {
        if page.mode == Mode::Type && !self.left {
            self.left = true;
        } else if self.field.is_some() || self.byte.is_some() || self.at.is_some() {
            (self.field, self.byte, self.at) = (None, None, None);
        } else {
            self.notice = "q quits".into();
        }
    }

    /// Whether what is typed goes into a field.
    pub(super) fn is_typing(&self, page: &Page) -> bool {
        page.mode == Mode::Type && !self.left
    }

    /// A key that goes to a choice, or takes the one that it is on.
    fn chosen(&mut self, does: Does, page: &Page) -> Option<Act> {
        if page.choices == 0 || page.mode == Mode::Mark {
            return None;
        }
        let last = page.choices - 1;
        match does {
            Does::Up => self.at = Some(self.at.map_or(last, |at| at.saturating_sub(1))),
            Does::Down => self.at = Some(self.at.map_or(0, |at| (at + 1).min(last))),
            Does::Take => {
                let at = self.at.filter(|_| !page.typed && page.taken < page.choices)?;
                return Some(self.take(at, page));
            }
            _ => return None,
        }
        Some(Act::Look)
    }

    /// The choice at a place is taken.
    pub(super) fn take(&mut self, at: usize, page: &Page) -> Act {
        self.at = Some(at);
        match page.mode {
            Mode::Choose(_) | Mode::Order(_) => play(Input::Key(Key::Choose(at))),
            Mode::Type => {
                let number = page.packets.get(at).map_or(String::new(), u64::to_string);
                let typed = number.chars().map(Key::Type);
                let keys = std::iter::once(Key::Clear).chain(typed).map(Input::Key);
                Act::Play(keys.collect())
            }
            Mode::Read | Mode::Mark => Act::Look,
        }
    }

    /// A key that is a step of the answer.
    fn given(&mut self, key: KeyEvent, page: &Page) -> Option<Act> {
        if page.mode == Mode::Type && self.left {
            if meaning(key, on::LESSON) == Some(Does::Take) {
                self.left = false;
                return Some(Act::Look);
            }
            return None;
        }
        let row = isize::try_from(self.in_row.max(1)).unwrap_or(16);
        answer(key, page.mode, row).map(|key| play(Input::Key(key)))
    }

    /// What a key means where no answer needs it.
    fn plain(&mut self, does: Does, page: &Page) -> Act {
        let offers = page.offers;
        match does {
            Does::Read | Does::Take => {
                // What is not read yet comes before the next page.
                if self.here < self.end {
                    self.scroll(self.pageful());
                } else {
                    return play(Input::Next);
                }
            }
            Does::ReadBack if self.here > 0 => self.scroll(-self.pageful()),
            Does::On => return play(Input::Next),
            Does::Back | Does::ReadBack => return play(Input::Back),
            Does::Deeper if offers.deeper => return play(Input::Deeper),
            Does::Layers if offers.layers => return play(Input::Layers),
            Does::Audience if offers.turn => return play(Input::Audience),
            Does::View if offers.view => return play(Input::View),
            Does::Hint if offers.hint => return play(Input::Hint),
            Does::Hint if page.mode != Mode::Read => self.notice = "There's no other hint here.".into(),
            Does::Skip if offers.skip => return play(Input::Skip),
            Does::Break => return play(Input::WhatIf),
            Does::GoTo if offers.turn => self.jump = Some(String::new()),
            Does::Mask => {
                self.masks = !self.masks;
                self.notice = if self.masks { MASKED } else { SHOWN }.into();
            }
            Does::Projector => {
                self.projector = !self.projector;
                self.notice = if self.projector { FOR_A_ROOM } else { FOR_ONE }.into();
            }
            Does::Quit => return play(Input::Quit),
            Does::Down => self.scroll(1),
            Does::Up => self.scroll(-1),
            Does::First => self.scroll(isize::MIN),
            Does::Last => self.scroll(isize::MAX),
            _ => {}
        }
        Act::Look
    }

    /// The next field of the page, or the one before; after the last one, none.
    fn next_field(&mut self, page: &Page, on: bool) {
        let all = page.fields.len();
        self.byte = None;
        self.field = match (self.field, on) {
            _ if all == 0 => None,
            (None, true) => Some(0),
            (None, false) => Some(all - 1),
            (Some(at), true) => Some(at + 1).filter(|&at| at < all),
            (Some(at), false) => at.checked_sub(1),
        };
    }

    /// The rows of a page, but for one that stays in sight.
    fn pageful(&self) -> isize {
        isize::try_from(self.room.saturating_sub(1).max(1)).unwrap_or(1)
    }

    /// Rows down, or up.
    pub(super) fn scroll(&mut self, by: isize) {
        self.top = Some(self.here.saturating_add_signed(by).min(self.end));
    }

    /// What the keys do, in one line of at most so many columns.
    pub(super) fn footer(&self, page: &Page, columns: usize) -> String {
        if self.help.is_some() {
            return fitted(&["↑↓ PgUp PgDn scroll", "Esc back"], 1, columns);
        }
        if self.jump.is_some() {
            return fitted(&["a page's number, then Enter", "Esc back"], 1, columns);
        }
        let (offers, typing) = (page.offers, self.is_typing(page));
        let next = if offers.break_it { "Space run it" } else { "Space next" };
        let pick = format!("1-{} or ↑↓ Enter choose", page.choices);
        let order = format!("1-{} in your order", page.choices);
        let answer: Vec<&str> = match page.mode {
            Mode::Read if self.here < self.end => vec!["Space read on"],
            Mode::Read => vec![next],
            Mode::Choose(_) => vec![&pick],
            Mode::Order(_) if page.taken == page.choices => vec!["Enter done", "Backspace undo"],
            Mode::Order(_) if page.taken > 0 => vec![&order, "Backspace undo"],
            Mode::Order(_) => vec![&order],
            Mode::Type if !typing => vec!["Enter type"],
            Mode::Type if page.choices > 0 => vec!["type or ↑↓ Enter, then Enter"],
            Mode::Type => vec!["type, then Enter"],
            Mode::Mark => vec!["arrows move", "* begin here", "Enter done"],
        };
        let all = [
            (offers.hint, Does::Hint),
            (offers.skip, Does::Skip),
            (offers.turn && page.mode != Mode::Mark, Does::Back),
            (!page.fields.is_empty(), Does::Next),
            (offers.layers, Does::Layers),
            (offers.deeper, Does::Deeper),
            (offers.view, Does::View),
            (offers.turn, Does::Audience),
            (offers.turn, Does::GoTo),
        ];
        let mut items: Vec<String> = answer.into_iter().map(str::to_owned).collect();
        items.extend(all.into_iter().filter(|(is, _)| *is && !typing).map(|(_, does)| short(does)));
        let quit = short(Does::Quit);
        items.extend([short(Does::Help), if typing { format!("Esc {quit}") } else { quit }]);
        fitted(&items, 2, columns)
    }
}

/// The keys that mark a run of bytes, with the cursor at its end.
pub(super) fn mark(first: usize, last: usize) -> Vec<Input> {
    entry::mark(first, last).unwrap_or_default().into_iter().map(Input::Key).collect()
}
