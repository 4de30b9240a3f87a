//! What the user does: keys of a terminal, or lines of a pipe. A thread of its own waits for them.

use std::io::{self, BufRead as _};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use crate::tty::table::{Does, meaning, on};
use crate::tty::{Heard, Keys};

/// Something typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A letter.
    Char(char),
    /// The last letter goes.
    Backspace,
    /// All letters go.
    Clear,
    /// The line is done.
    Enter,
    /// Up, down, left, right.
    Up,
    /// See [`Typed::Up`].
    Down,
    /// See [`Typed::Up`].
    Left,
    /// See [`Typed::Up`].
    Right,
    /// Peel the chosen message.
    Peel,
    /// Show packets without data, or hide them.
    Bare,
    /// Back.
    Escape,
    /// Which keys are there?
    Help,
    /// A whole line, from a pipe.
    Line(String),
    /// The user leaves.
    Leave,
    /// The terminal has another size.
    Resize,
}

/// How often to look whether anybody still waits for keys.
const LOOK: Duration = Duration::from_millis(200);
/// Keys that wait to be taken.
const WAITING: usize = 256;
/// Letters of one line of a pipe; more are cut off.
const LONGEST: usize = 8192;

/// The keys of the terminal. One that is gone is a user who leaves.
pub(super) fn of_terminal(keys: Keys) -> mpsc::Receiver<Typed> {
    let (to, from) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        while !to.is_closed() {
            let (key, last) = match keys.within(LOOK) {
                Heard::Event(event) => match typed(&event) {
                    Some(key) => (key, false),
                    None => continue,
                },
                Heard::Nothing => continue,
                Heard::Gone => (Typed::Leave, true),
            };
            if to.blocking_send(key).is_err() || last {
                return;
            }
        }
    });
    from
}

/// The lines of standard input.
pub(super) fn of_lines() -> mpsc::Receiver<Typed> {
    let (to, from) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        loop {
            line.clear();
            match input.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            line.truncate(LONGEST);
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.blocking_send(Typed::Line(text)).is_err() {
                return;
            }
        }
    });
    from
}

fn typed(event: &Event) -> Option<Typed> {
    let key = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => *key,
        Event::Resize(..) => return Some(Typed::Resize),
        _ => return None,
    };
    if let (KeyCode::Char(c), false) = (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
        return Some(Typed::Char(c));
    }
    Some(match meaning(key, on::CHAT)? {
        Does::End => Typed::Leave,
        Does::Peel => Typed::Peel,
        Does::Bare => Typed::Bare,
        Does::Empty => Typed::Clear,
        Does::Erase => Typed::Backspace,
        Does::Take => Typed::Enter,
        Does::Up => Typed::Up,
        Does::Down => Typed::Down,
        Does::Back => Typed::Left,
        Does::On => Typed::Right,
        Does::Leave => Typed::Escape,
        Does::Help => Typed::Help,
        _ => return None,
    })
}
