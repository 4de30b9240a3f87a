//! Rank 7: lessons, quizzes and packets as lines that are only ever added: for screen readers, for terminals that can do
//! nothing else, for paper. No cursor moves, nothing is drawn, nothing is in columns.
//!
//! What is said comes from the same scenes as every screen's (`view::scene::resolved`). Read `text`
//! (a scene as sentences), `packet` (a packet of a capture), then [`play`] and [`ask`](fn@ask),
//! which read an answer or a command from each line.

mod command;
mod packet;
mod text;

pub use packet::packet;

use crate::ask::entry::keys;
use crate::ask::session::{self, Millis, Session};
use crate::ask::{Grade, Question, Task};
use crate::lesson::play::Record;
use crate::lesson::scene::Request;
use crate::lesson::{Input, Player};
use crate::tutor::Texts;
use crate::view::ask::complaint;
use crate::view::plain::plain;
use crate::view::scene::resolved::{self, Resolved};
use command::{Command, Line};
use std::io::{self, BufRead, Read, Write};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 1 << 12;

/// What a lesson needs of the world around it.
pub struct World<'w> {
    /// Where answers and commands come from, line by line.
    pub input: &'w mut dyn BufRead,
    /// Where everything goes.
    pub out: &'w mut dyn Write,
    /// Tells the milliseconds since the begin.
    pub now: &'w dyn Fn() -> Millis,
}

/// Plays a lesson until the learner leaves, or the input ends. `carry` carries out what the player asks for; `keep`
/// hears of each page that was turned and each answer.
///
/// # Errors
/// Input or output cannot be used.
pub fn play(
    player: &mut Player<'_>,
    texts: &Texts,
    world: &mut World<'_>,
    carry: &mut dyn FnMut(Request) -> Input,
    keep: &mut dyn FnMut(&Record),
) -> io::Result<()> {
    let mut told: Option<Resolved> = None;
    let mut kept = player.record();
    let mut line = String::new();
    loop {
        let scene = Resolved::of(&player.look(), texts);
        if scene.over {
            return Ok(());
        }
        write(world.out, &text::scene(&scene, told.as_ref(), true))?;
        let task = player.look().open.cloned();
        write(world.out, &command::prompt(&scene.inputs, task.as_ref()))?;
        told = Some(scene);
        let input = loop {
            if !next_line(world.input, &mut line)? {
                return write(world.out, "\n");
            }
            let inputs = told.as_ref().map_or(&[][..], |scene| &scene.inputs);
            match command::read(&line, task.as_ref(), inputs) {
                Line::Empty if task.is_none() => break Some(Command::Lesson(Input::Next)),
                Line::Command(Command::Help) => write(world.out, &command::help(inputs, task.as_ref()))?,
                Line::Command(command) => break Some(command),
                Line::Answer(given) => match task.as_ref().and_then(|task| Some((task, keys(task, given)?))) {
                    Some((_, keys)) => {
                        for key in keys {
                            step(player, Input::Key(key), (world.now)(), carry);
                        }
                        break None;
                    }
                    None => write(world.out, &refusal(task.as_ref()))?,
                },
                Line::Empty => write(world.out, &refusal(task.as_ref()))?,
            }
            write(world.out, &command::prompt(inputs, task.as_ref()))?;
        };
        match input {
            None | Some(Command::Help) => {}
            Some(Command::Again) => told = None,
            Some(Command::Packets) => {
                let scene = Resolved::of(&player.look(), texts);
                write(world.out, &text::packets(&scene.ladder))?;
            }
            Some(Command::Lesson(input)) => step(player, input, (world.now)(), carry),
        }
        let record = player.record();
        if record != kept {
            keep(&record);
            kept = record;
        }
    }
}

/// A lesson's page as it is, for a pipe; the first one says where the packets come from.
pub fn page(player: &Player<'_>, texts: &Texts) -> String {
    let scene = Resolved::of(&player.look(), texts);
    text::scene(&scene, None, scene.page == 1)
}

/// Asks questions until all is answered, the learner leaves, or the input ends. `title` and `seed` are those of their set;
/// `graded` hears of each answer as it is given.
///
/// # Errors
/// Input or output cannot be used.
pub fn ask(
    session: &mut Session,
    (title, seed): (&str, u64),
    world: &mut World<'_>,
    graded: &mut dyn FnMut(&Question, &Grade),
) -> io::Result<()> {
    let (mut told, mut known) = (0, None);
    let mut line = String::new();
    session.step(session::Input::Look, (world.now)());
    loop {
        let scene = session.look();
        if scene.over || scene.question.is_none() {
            // The caller says how it went.
            return Ok(());
        }
        let seen = resolved::quiz(&scene, title, seed);
        let task = scene.question.filter(|_| scene.verdict.is_none()).map(|question| question.task.clone());
        write(world.out, &text::session(&seen, known.as_ref()))?;
        write(world.out, &command::prompt(&seen.inputs, task.as_ref()))?;
        let input = loop {
            if !next_line(world.input, &mut line)? {
                return write(world.out, "\n");
            }
            match command::read(&line, task.as_ref(), &seen.inputs) {
                Line::Empty | Line::Command(Command::Lesson(Input::Next)) if task.is_none() => {
                    break vec![session::Input::Next];
                }
                Line::Answer(given) => {
                    if let Some(keys) = task.as_ref().and_then(|task| keys(task, given)) {
                        break keys.into_iter().map(session::Input::Key).collect();
                    }
                    write(world.out, &refusal(task.as_ref()))?;
                }
                Line::Command(Command::Lesson(Input::Skip)) => break vec![session::Input::Skip],
                Line::Command(Command::Lesson(Input::Quit)) => break vec![session::Input::Quit],
                Line::Command(Command::Again) => write(world.out, &text::session(&seen, None))?,
                Line::Command(Command::Help) => write(world.out, &command::help(&seen.inputs, task.as_ref()))?,
                Line::Command(_) | Line::Empty => write(world.out, &refusal(task.as_ref()))?,
            }
            write(world.out, &command::prompt(&seen.inputs, task.as_ref()))?;
        };
        known = Some(seen);
        for input in input {
            session.step(input, (world.now)());
        }
        while let Some(grade) = session.grades().get(told) {
            if let Some(question) = session.questions().get(grade.question) {
                graded(question, grade);
            }
            told += 1;
        }
    }
}

/// Questions for a pipe: each as it is, or with its answer.
pub fn paper(questions: Vec<Question>, (title, seed): (&str, u64), answers: bool) -> String {
    let mut session = Session::new(questions);
    let mut out = plain(&format!("{title} (seed {seed}).\n"));
    for _ in 0..session.questions().len() {
        let task = session.look().question.map(|question| question.task.clone());
        let given = task.as_ref().filter(|_| answers).and_then(|task| keys(task, &task.right()));
        for key in given.unwrap_or_default() {
            session.step(session::Input::Key(key), 0);
        }
        let mut seen = resolved::quiz(&session.look(), title, seed);
        if let (Some(verdict), Some(task)) = (seen.question.as_mut().and_then(|q| q.verdict.as_mut()), &task) {
            // Nobody has answered: what is right is told.
            (verdict.headline, verdict.answer) = ("", Some(task.answer()));
        }
        out.push_str(&text::session(&seen, None));
        session.step(if answers { session::Input::Next } else { session::Input::Skip }, 0);
    }
    out
}

fn step(player: &mut Player<'_>, mut input: Input, now: Millis, carry: &mut dyn FnMut(Request) -> Input) {
    while let Some(request) = player.step(input, now).request {
        input = carry(request);
    }
}

/// That what was typed is no answer.
fn refusal(task: Option<&Task>) -> String {
    match task {
        Some(task) => plain(&(complaint(task) + "\n")),
        None => "Nothing is asked now.\n".to_owned(),
    }
}

fn write(out: &mut dyn Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Reads a line, of which what is too long is dropped. Whether there was one.
fn next_line(input: &mut dyn BufRead, line: &mut String) -> io::Result<bool> {
    let mut read = Vec::new();
    if (&mut *input).take(LONGEST).read_until(b'\n', &mut read)? == 0 {
        return Ok(false);
    }
    let mut rest = read.clone();
    while rest.last() != Some(&b'\n') {
        rest.clear();
        if (&mut *input).take(LONGEST).read_until(b'\n', &mut rest)? == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&read).trim().clone_into(line);
    Ok(true)
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
