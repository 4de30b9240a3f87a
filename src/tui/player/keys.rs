//! Keys: what each means now, and what the last line and the help page say of them.

use super::Sight;
use super::page::Page;
use crate::ask::{Key, Mode, entry};
use crate::lesson::Input;
use crate::tui::text::{footer as fitted, keys_page};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

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

/// The keys, and what each does.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("Space Enter", "read on; at the end of a page, turn it"),
    ("→ n  ← b Backspace", "the next page; the page before"),
    (":", "go to a page by its number"),
    ("↑ ↓ j k PgUp PgDn Home End g G", "scroll; where something is asked, ↑ ↓ go to a choice"),
    ("1 … 9", "choose; Enter takes the choice that the arrows are on"),
    ("Tab", "go on to the next field: its sentence and its bytes light up"),
    ("Esc", "leave the field that you type into, this page, or a chosen field"),
    ("h", "a hint"),
    ("s", "skip the question"),
    ("x", "break it: run the what-if of this page"),
    ("o", "unfold the layers: what and why of each"),
    ("d", "the packet in full: all fields and bytes"),
    ("v", "another view: the wire, the states of both ends, the programs"),
    ("a", "for whom to explain: newcomer, student, engineer"),
    ("? F1", "this page"),
    ("q", "quit; the next time the lesson goes on here"),
];

/// The help page, for so many columns.
pub(super) fn help(columns: usize) -> Vec<String> {
    const NOTES: [&str; 4] = [
        "Where something is typed, letters are letters: Esc leaves the field, Enter goes back to it.",
        "Bytes are marked with the arrows: Space begins a run, Enter gives it. Or with the mouse.",
        "A click takes a choice, a field or a byte; the wheel scrolls; Shift lets you mark text.",
        "● observed in the bytes, ◐ inferred, ○ not visible here.",
    ];
    let at = if columns < 72 { 20 } else { 32 };
    keys_page(KEYS.iter().copied(), &NOTES, at, columns)
}

/// Which step of an answer a key is: the one table for lessons, quizzes and the browser. `row`: bytes in a row of those to
/// mark.
pub(in crate::tui) fn answer(key: KeyCode, mode: Mode, row: isize) -> Option<Key> {
    Some(match (key, mode) {
        (KeyCode::Char(c), Mode::Type) => Key::Type(c),
        (KeyCode::Backspace, Mode::Type | Mode::Order(_)) => Key::Erase,
        (KeyCode::Enter, Mode::Type | Mode::Order(_) | Mode::Mark) => Key::Enter,

        (KeyCode::Left, Mode::Mark) => Key::Move(-1),
        (KeyCode::Right, Mode::Mark) => Key::Move(1),
        (KeyCode::Up, Mode::Mark) => Key::Move(-row),
        (KeyCode::Down, Mode::Mark) => Key::Move(row),
        (KeyCode::Char(' '), Mode::Mark) => Key::Anchor,

        (KeyCode::Char(c @ '1'..='9'), Mode::Choose(n) | Mode::Order(n)) => {
            let index = (u32::from(c) - u32::from('1')) as usize;
            Key::Choose(Some(index).filter(|&index| index < n)?)
        }
        _ => return None,
    })
}

fn play(input: Input) -> Act {
    Act::Play(vec![input])
}

impl Sight {
    /// A key was pressed while `page` was shown.
    pub(super) fn key(&mut self, key: KeyEvent, page: &Page) -> Act {
        self.notice.clear();
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Act::Leave,
                KeyCode::Char('d') if self.jump.is_none() && self.help.is_none() => Act::Leave,
                KeyCode::Char('z') => Act::Suspend,
                KeyCode::Char('a') if page.offers.turn => play(Input::Audience),
                _ => Act::Look,
            };
        }
        if self.help.is_some() {
            self.helped(key.code);
            return Act::Look;
        }
        if self.jump.is_some() {
            return self.jumped(key.code);
        }
        match key.code {
            KeyCode::Char('?') | KeyCode::F(1) => self.help = Some(0),
            KeyCode::Esc => self.leave(page),
            KeyCode::PageDown => self.scroll(self.pageful()),
            KeyCode::PageUp => self.scroll(-self.pageful()),
            KeyCode::Tab => self.next_field(page, true),
            KeyCode::BackTab => self.next_field(page, false),
            code => {
                return self
                    .chosen(code, page)
                    .or_else(|| self.given(code, page))
                    .unwrap_or_else(|| self.plain(code, page));
            }
        }
        Act::Look
    }

    /// The page that is left, or scrolled.
    fn helped(&mut self, code: KeyCode) {
        let Some(top) = &mut self.help else { return };
        *top = match code {
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Enter => *top + 1,
            KeyCode::Up | KeyCode::Char('k') => top.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => *top + self.rows.max(1),
            KeyCode::PageUp => top.saturating_sub(self.rows.max(1)),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => usize::MAX,
            KeyCode::Esc | KeyCode::Char('q' | '?') | KeyCode::F(1) => return self.help = None,
            _ => *top,
        };
        *top = (*top).min(help(80).len().saturating_sub(1));
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
    fn chosen(&mut self, code: KeyCode, page: &Page) -> Option<Act> {
        if page.choices == 0 || page.mode == Mode::Mark {
            return None;
        }
        let last = page.choices - 1;
        let typing = self.is_typing(page);
        match code {
            KeyCode::Up => self.at = Some(self.at.map_or(last, |at| at.saturating_sub(1))),
            KeyCode::Down => self.at = Some(self.at.map_or(0, |at| (at + 1).min(last))),
            KeyCode::Char('k') if !typing => self.at = Some(self.at.map_or(last, |at| at.saturating_sub(1))),
            KeyCode::Char('j') if !typing => self.at = Some(self.at.map_or(0, |at| (at + 1).min(last))),
            KeyCode::Enter => {
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
    fn given(&mut self, code: KeyCode, page: &Page) -> Option<Act> {
        if page.mode == Mode::Type && self.left {
            if code == KeyCode::Enter {
                self.left = false;
                return Some(Act::Look);
            }
            return None;
        }
        let row = isize::try_from(self.in_row.max(1)).unwrap_or(16);
        answer(code, page.mode, row).map(|key| play(Input::Key(key)))
    }

    /// What a key means where no answer needs it.
    fn plain(&mut self, code: KeyCode, page: &Page) -> Act {
        let offers = page.offers;
        match code {
            KeyCode::Char(' ') | KeyCode::Enter => {
                // What is not read yet comes before the next page.
                if self.here < self.end {
                    self.scroll(self.pageful());
                } else {
                    return play(Input::Next);
                }
            }
            KeyCode::Char('n') | KeyCode::Right => return play(Input::Next),
            KeyCode::Char('b') | KeyCode::Backspace | KeyCode::Left => return play(Input::Back),
            KeyCode::Char('d') if offers.deeper => return play(Input::Deeper),
            KeyCode::Char('o') if offers.layers => return play(Input::Layers),
            KeyCode::Char('a') if offers.turn => return play(Input::Audience),
            KeyCode::Char('v') if offers.view => return play(Input::View),
            KeyCode::Char('h') if offers.hint => return play(Input::Hint),
            KeyCode::Char('h') if page.mode != Mode::Read => self.notice = "There's no other hint here.".into(),
            KeyCode::Char('s') if offers.skip => return play(Input::Skip),
            KeyCode::Char('x' | 'w') => return play(Input::WhatIf),
            KeyCode::Char(':') if offers.turn => self.jump = Some(String::new()),
            KeyCode::Char('q') => return play(Input::Quit),
            KeyCode::Down | KeyCode::Char('j') => self.scroll(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(-1),
            KeyCode::Home | KeyCode::Char('g') => self.scroll(isize::MIN),
            KeyCode::End | KeyCode::Char('G') => self.scroll(isize::MAX),
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
            Mode::Mark => vec!["arrows move", "Space begin here", "Enter done"],
        };
        let free = !typing;
        let all = [
            (free && offers.hint, "h hint"),
            (free && offers.skip, "s skip"),
            (free && offers.turn && page.mode != Mode::Mark, "← back"),
            (free && !page.fields.is_empty(), "Tab fields"),
            (free && offers.layers, "o layers"),
            (free && offers.deeper, "d deeper"),
            (free && offers.view, "v view"),
            (free && offers.turn, "a audience"),
            (free && offers.turn, ": page"),
        ];
        let mut items = answer;
        items.extend(all.iter().filter(|(is, _)| *is).map(|(_, text)| *text));
        items.extend(if typing { ["? help", "Esc q quit"] } else { ["? help", "q quit"] });
        fitted(&items, 2, columns)
    }
}

/// The keys that mark a run of bytes, with the cursor at its end.
pub(super) fn mark(first: usize, last: usize) -> Vec<Input> {
    entry::mark(first, last).unwrap_or_default().into_iter().map(Input::Key).collect()
}
