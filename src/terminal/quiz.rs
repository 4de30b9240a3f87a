//! Asking questions in a terminal: keys in, one question at a time.

use super::keys::{Command, command};
use crate::ask::session::Input;
use crate::ask::{Grade, Key, Mode, Question, Session};
use crate::lesson::Input as Step;
use crate::tty::{Keys, Screen};
use crate::view::quiz::Sheet;
use crossterm::cursor::MoveTo;
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use crossterm::style::Print;
use crossterm::terminal::{self, Clear, ClearType};
use crossterm::{execute, queue};
use std::io::{self, Write};
use std::time::Instant;

/// What the keys do while a question waits, and once it is answered.
const HELP: [&str; 2] = ["enter answer · tab skip · esc end", "enter next · esc end"];

/// Asks until all is answered, the learner leaves, or the terminal goes away. `sheet` draws for so many columns; `graded` hears of each
/// answer as it is given.
///
/// # Errors
/// The terminal cannot be used.
pub fn ask(
    session: &mut Session,
    sheet: &dyn Fn(usize) -> Sheet,
    graded: &mut dyn FnMut(&Question, &Grade),
) -> io::Result<()> {
    let keys = Keys::new()?;
    let _screen = Screen::take()?;
    let begun = Instant::now();
    let (mut input, mut told) = (Input::Look, 0);
    loop {
        let (columns, rows) = terminal::size().unwrap_or((80, 24));
        let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let scene = session.step(input, now);
        let (over, mode) = (scene.over, scene.mode);
        let mut text = String::new();
        sheet(usize::from(columns)).scene(&scene, &mut text);
        while let Some(grade) = session.grades().get(told) {
            if let Some(question) = session.questions().get(grade.question) {
                graded(question, grade);
            }
            told += 1;
        }
        if over {
            return Ok(());
        }
        draw(&text, rows, mode == Mode::Read)?;
        input = loop {
            let Some(event) = keys.next() else { return Ok(()) };
            match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if let Some(input) = meaning(key, mode) {
                        break input;
                    }
                }
                Event::Resize(..) => break Input::Look,
                _ => {}
            }
        };
    }
}

/// A key means what it means in a lesson.
fn meaning(key: KeyEvent, mode: Mode) -> Option<Input> {
    Some(match command(key, mode)? {
        Command::Leave | Command::Play(Step::Quit) => Input::Quit,
        Command::Play(Step::Next) => Input::Next,
        Command::Play(Step::Skip) => Input::Skip,
        Command::Play(Step::Choose(index)) => Input::Answer(Key::Choose(index)),
        Command::Play(Step::Type(c)) => Input::Answer(Key::Type(c)),
        Command::Play(Step::Erase) => Input::Answer(Key::Erase),
        Command::Play(Step::Move(by)) => Input::Answer(Key::Move(by)),
        Command::Play(Step::Anchor) => Input::Answer(Key::Anchor),
        Command::Play(Step::Submit) => Input::Answer(Key::Enter),
        _ => return None,
    })
}

/// Of what does not fit, the end is shown: there is the answer.
fn draw(text: &str, rows: u16, answered: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let room = usize::from(rows).saturating_sub(1).max(1);
    let skip = text.lines().count().saturating_sub(room);
    execute!(out, MoveTo(0, 0), Clear(ClearType::All))?;
    for (row, line) in (0..).zip(text.lines().skip(skip).take(room)) {
        queue!(out, MoveTo(0, row), Print(line))?;
    }
    queue!(out, MoveTo(0, rows.saturating_sub(1)), Print(HELP[usize::from(answered)]))?;
    out.flush()
}
