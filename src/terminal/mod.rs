//! Rank 6: the plain player. Keys in, scenes out; nothing but a terminal is needed.

pub mod quiz;

use crate::lesson::{Input, Player};
use crate::view::scene::Stage;
use crossterm::cursor::MoveTo;
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use crossterm::style::Print;
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
};
use crossterm::{execute, queue, terminal};
use std::io::{self, Write};
use std::time::Instant;

/// What the keys do, in one line; the first that fits the terminal is shown.
const KEYS: [&str; 3] = [
    "space next · b back · d deeper · a audience · ↑↓ scroll · q quit",
    "space next · b back · d deeper · a audience · q quit",
    "space next · b back · q quit",
];
/// What stands behind the keys while the page goes on below.
const MORE: &str = "  ↓ more";

/// Plays a lesson in the terminal until the learner leaves. `stage` makes a stage for so many columns.
///
/// # Errors
/// The terminal cannot be used.
pub fn play(player: &mut Player<'_>, stage: &dyn Fn(usize) -> Stage) -> io::Result<()> {
    let _guard = Guard::enter()?;
    let begun = Instant::now();
    let millis = || u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (mut input, mut top) = (Input::Look, 0usize);
    loop {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        let scene = player.step(input, millis());
        if scene.over {
            return Ok(());
        }
        let mut text = String::new();
        stage(usize::from(columns)).draw(&scene, &mut text);
        let room = usize::from(rows).saturating_sub(1).max(1);
        let lines = text.lines().count();
        top = top.min(lines.saturating_sub(room));
        draw(&text, top, room, lines, usize::from(columns))?;
        (input, top) = loop {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
                        return Ok(());
                    }
                    match command(key.code) {
                        Some(Command::Play(input)) => break (input, 0),
                        Some(Command::Scroll(by)) => break (Input::Look, top.saturating_add_signed(by)),
                        Some(Command::Page(by)) => {
                            let by = by * isize::try_from(room.saturating_sub(2)).unwrap_or(1);
                            break (Input::Look, top.saturating_add_signed(by));
                        }
                        None => {}
                    }
                }
                Event::Resize(..) => break (Input::Look, top),
                _ => {}
            }
        };
    }
}

enum Command {
    Play(Input),
    Scroll(isize),
    Page(isize),
}

fn command(key: KeyCode) -> Option<Command> {
    Some(match key {
        KeyCode::Char(' ' | 'n' | 'l') | KeyCode::Enter | KeyCode::Right => Command::Play(Input::Next),
        KeyCode::Char('b' | 'h') | KeyCode::Backspace | KeyCode::Left => Command::Play(Input::Back),
        KeyCode::Char('d') => Command::Play(Input::Deeper),
        KeyCode::Char('a') => Command::Play(Input::Audience),
        KeyCode::Char('q') | KeyCode::Esc => Command::Play(Input::Quit),
        KeyCode::Home | KeyCode::Char('g') => Command::Play(Input::First),
        KeyCode::End | KeyCode::Char('G') => Command::Play(Input::Last),
        KeyCode::Down | KeyCode::Char('j') => Command::Scroll(1),
        KeyCode::Up | KeyCode::Char('k') => Command::Scroll(-1),
        KeyCode::PageDown => Command::Page(1),
        KeyCode::PageUp => Command::Page(-1),
        _ => return None,
    })
}

fn draw(text: &str, top: usize, room: usize, lines: usize, columns: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    queue!(out, MoveTo(0, 0), Clear(ClearType::All))?;
    for (row, line) in text.lines().skip(top).take(room).enumerate() {
        queue!(out, MoveTo(0, u16::try_from(row).unwrap_or(u16::MAX)), Print(line))?;
    }
    queue!(out, MoveTo(0, u16::try_from(room).unwrap_or(u16::MAX)))?;
    // A line that is too long would push the page up by one.
    let more = if top + room < lines { MORE } else { "" };
    if let Some(keys) = KEYS.iter().find(|keys| keys.chars().count() + more.chars().count() <= columns) {
        queue!(out, Print(keys), Print(more))?;
    }
    out.flush()
}

/// The terminal as a player needs it; given back whatever happens.
struct Guard;

impl Guard {
    fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let guard = Self;
        execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, crossterm::cursor::Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), crossterm::cursor::Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
