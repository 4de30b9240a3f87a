//! Asking questions in a terminal: keys in, one question at a time.

use super::draw;
use super::keys::{Command, command, line};
use crate::ask::session::Input;
use crate::ask::{Grade, Mode, Question, Session};
use crate::lesson;
use crate::lesson::scene::Offers;
use crate::tty::{Keys, Screen};
use crate::view::quiz::Sheet;
use crossterm::event::{Event, KeyEvent, KeyEventKind};
use crossterm::terminal;
use std::io;
use std::time::Instant;

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
        let (columns, rows) = terminal::size().map_or((80, 24), |(c, r)| (usize::from(c), usize::from(r)));
        let now = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let scene = session.step(input, now);
        let (over, mode) = (scene.over, scene.mode);
        let mut text = String::new();
        sheet(columns).scene(&scene, &mut text);
        while let Some(grade) = session.grades().get(told) {
            if let Some(question) = session.questions().get(grade.question) {
                graded(question, grade);
            }
            told += 1;
        }
        if over {
            return Ok(());
        }
        // Of what does not fit, the end is shown: there is the answer.
        let room = rows.saturating_sub(1).max(1);
        let top = text.lines().count().saturating_sub(room);
        let offers = Offers { skip: mode != Mode::Read, ..Offers::default() };
        draw(&text, top, room, &line(mode, offers, columns))?;
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
    match command(key, mode)? {
        Command::Leave | Command::Play(lesson::Input::Quit) => Some(Input::Quit),
        Command::Play(lesson::Input::Next) => Some(Input::Next),
        Command::Play(lesson::Input::Skip) => Some(Input::Skip),
        Command::Play(lesson::Input::Key(step)) => Some(Input::Key(step)),
        _ => None,
    }
}
