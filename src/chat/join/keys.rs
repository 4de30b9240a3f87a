//! What the user does: keys of a terminal, or lines of a pipe. A thread of its own waits for them.

use std::io::{self, BufRead as _};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute};
use tokio::sync::mpsc;

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
    /// A whole line, from a pipe.
    Line(String),
    /// The user leaves.
    Leave,
    /// The terminal has another size.
    Resize,
}

/// Keys that wait to be taken.
const WAITING: usize = 256;
/// Letters of one line of a pipe; more are cut off.
const LONGEST: usize = 8192;

/// The keys of the terminal.
pub(super) fn of_terminal() -> mpsc::Receiver<Typed> {
    let (to, from) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        while !to.is_closed() {
            let typed = match event::poll(Duration::from_millis(200)) {
                Ok(false) => continue,
                Ok(true) => event::read().map(typed),
                Err(e) => Err(e),
            };
            let (key, last) = match typed {
                Ok(Some(key)) => (key, false),
                Ok(None) => continue,
                // The terminal is gone.
                Err(_) => (Typed::Leave, true),
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

fn typed(event: Event) -> Option<Typed> {
    let key = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key,
        Event::Resize(..) => return Some(Typed::Resize),
        _ => return None,
    };
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Some(Typed::Leave),
            KeyCode::Char('p') => Some(Typed::Peel),
            KeyCode::Char('u') => Some(Typed::Clear),
            _ => None,
        };
    }
    Some(match key.code {
        KeyCode::Char(c) => Typed::Char(c),
        KeyCode::Backspace => Typed::Backspace,
        KeyCode::Enter => Typed::Enter,
        KeyCode::Up => Typed::Up,
        KeyCode::Down => Typed::Down,
        KeyCode::Left => Typed::Left,
        KeyCode::Right => Typed::Right,
        KeyCode::Tab => Typed::Bare,
        KeyCode::F(2) => Typed::Peel,
        KeyCode::Esc => Typed::Escape,
        _ => return None,
    })
}

/// The terminal as the screen needs it; given back whatever happens.
#[derive(Debug)]
pub(super) struct Guard;

impl Guard {
    pub(super) fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let guard = Self;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
