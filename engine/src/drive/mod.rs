//! Rank 7: a lesson, a quiz or puzzles, driven by lines of JSON. An input comes in (`schema/input.json`), what there is to
//! see goes out (`schema/scene.json`, `schema/session.json`); who draws it may be written in any language.
//!
//! Each line that comes in is answered by one line: a scene, or why the input is none (`schema/error.json`).

mod input;

use crate::ask::entry::{keys, mark};
use crate::ask::session::{self, Millis, Session};
use crate::ask::{Grade, Key, Mode, Question, Task};
use crate::lesson::scene::{Request, View};
use crate::lesson::{self, Player};
use crate::model::show;
use crate::tutor::Texts;
use crate::view::ask::complaint;
use crate::view::json;
use crate::view::scene::resolved::{self, Resolved};
pub use input::Wanted;
use std::io::{self, BufRead, Read, Write};

/// The longest line that is read, in bytes.
pub const LONGEST: usize = 1 << 16;

/// Why a line changes nothing. A program may tell the kinds apart; each has a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The line is no input after `schema/input.json`: the program that sent it must be mended.
    NoInput(String),
    /// It is an input, and means nothing now: `inputs` of the scene says which do.
    NotNow(String),
    /// What is asked can't be answered so: the sentence says how.
    NoAnswer(String),
}

impl Refusal {
    /// Its name in `schema/error.json`, and its sentence.
    pub fn told(&self) -> (&'static str, &str) {
        match self {
            Self::NoInput(why) => ("no-input", why),
            Self::NotNow(why) => ("not-now", why),
            Self::NoAnswer(why) => ("no-answer", why),
        }
    }
}

/// What is driven.
pub trait Driven {
    /// Takes an input at a time, in milliseconds.
    ///
    /// # Errors
    /// It means nothing now.
    fn take(&mut self, input: Wanted, now: Millis) -> Result<(), Refusal>;

    /// What there is to see, as a line of JSON.
    fn line(&self) -> String;

    /// Whether the learner is done.
    fn is_over(&self) -> bool;
}

/// Answers each line of `input` until it ends, or the learner is done. `now` tells the milliseconds since the begin.
///
/// # Errors
/// Either of both cannot be used.
pub fn drive(
    driven: &mut dyn Driven,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    now: &dyn Fn() -> Millis,
) -> io::Result<()> {
    let mut line = Vec::new();
    while !driven.is_over() && next_line(input, &mut line)? {
        out.write_all(step(driven, &line, now()).as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// Answers one line with one line: what there is to see then, or why the input is none.
pub fn step(driven: &mut dyn Driven, line: &[u8], now: Millis) -> String {
    let done = understood(line).and_then(|input| driven.take(input, now));
    match done.as_ref().map_err(Refusal::told) {
        Ok(()) => driven.line(),
        Err((code, why)) => json::error(code, why),
    }
}

/// Reads a line, of which what is too long is dropped. Whether there was one.
fn next_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    if (&mut *input).take(most).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    let mut rest = Vec::new();
    while line.len() > LONGEST && line.last() != Some(&b'\n') && rest.last() != Some(&b'\n') {
        rest.clear();
        if (&mut *input).take(most).read_until(b'\n', &mut rest)? == 0 {
            break;
        }
    }
    Ok(true)
}

fn understood(line: &[u8]) -> Result<Wanted, Refusal> {
    if line.len() > LONGEST {
        return Err(Refusal::NoInput(format!("a line has at most {LONGEST} bytes")));
    }
    input::read(line).map_err(|why| {
        let mut text = String::new();
        show::escape_within(why.as_bytes(), 300, &mut text);
        Refusal::NoInput(text)
    })
}

/// The keys of an input that belongs to an answer; `None` for another input. `task` is what can be answered now.
fn answer(input: &Wanted, task: Option<&Task>) -> Option<Result<Vec<Key>, Refusal>> {
    let open = task.map(|task| (task, task.mode()));
    let steps = match (input, open) {
        (Wanted::Submit { answer: Some(line) }, Some((task, _))) => keys(task, line),
        (Wanted::Submit { answer: None }, Some((_, Mode::Order(_) | Mode::Type | Mode::Mark))) => {
            Some(vec![Key::Enter])
        }
        (Wanted::Choose { choice }, Some((_, Mode::Choose(n)))) => place(*choice, n).map(|key| vec![key]),
        (Wanted::Take { item }, Some((_, Mode::Order(n)))) => place(*item, n).map(|key| vec![key]),
        (Wanted::Type { text }, Some((_, Mode::Type))) => {
            Some([Key::Clear].into_iter().chain(text.chars().map(Key::Type)).collect())
        }
        (Wanted::Mark { first, last }, Some((Task::Bytes { frame, .. }, _))) => {
            if first <= last && *last < frame.len() { mark(*first, *last) } else { None }
        }
        (Wanted::Erase {}, Some((_, Mode::Order(_) | Mode::Type))) => Some(vec![Key::Erase]),
        (input, _) if !input.is_answer() => return None,
        (_, None) => return Some(Err(Refusal::NotNow("nothing is asked now".to_owned()))),
        _ => None,
    };
    Some(steps.ok_or_else(|| Refusal::NoAnswer(task.map_or_else(String::new, complaint))))
}

/// The key that chooses what is called so.
fn place(label: usize, of: usize) -> Option<Key> {
    label.checked_sub(1).filter(|&place| place < of).map(Key::Choose)
}

// ---- a lesson

/// A lesson, driven.
pub struct Lesson<'a, 'l> {
    player: &'a mut Player<'l>,
    texts: &'a Texts,
    carry: &'a mut dyn FnMut(Request) -> lesson::Input,
    pictured: bool,
}

impl<'a, 'l> Lesson<'a, 'l> {
    /// A lesson that is played. `carry` carries out what the player asks for.
    pub fn new(
        player: &'a mut Player<'l>,
        texts: &'a Texts,
        carry: &'a mut dyn FnMut(Request) -> lesson::Input,
    ) -> Self {
        Self { player, texts, carry, pictured: false }
    }

    /// With a picture beside each ladder, which is no part of the contract: for a page of ours.
    #[must_use]
    pub const fn pictured(mut self) -> Self {
        self.pictured = true;
        self
    }

    fn step(&mut self, mut input: lesson::Input, now: Millis) {
        while let Some(request) = self.player.step(input, now).request {
            input = (self.carry)(request);
        }
    }
}

impl Driven for Lesson<'_, '_> {
    fn take(&mut self, input: Wanted, now: Millis) -> Result<(), Refusal> {
        use lesson::Input;
        let scene = self.player.look();
        let (audience, view) = (scene.audience, scene.view);
        if let Some(keys) = answer(&input, scene.open) {
            keys?.into_iter().for_each(|key| self.step(Input::Key(key), now));
            return Ok(());
        }
        let input = match input {
            Wanted::Next {} => Input::Next,
            Wanted::Back {} => Input::Back,
            Wanted::First {} => Input::First,
            Wanted::Last {} => Input::Last,
            Wanted::Deeper {} => Input::Deeper,
            Wanted::Layers {} => Input::Layers,
            Wanted::Hint {} => Input::Hint,
            Wanted::Skip {} => Input::Skip,
            Wanted::WhatIf {} => Input::WhatIf,
            Wanted::Quit {} => Input::Quit,
            Wanted::Audience { to } => {
                let to = to.unwrap_or(audience.next());
                let turns = [audience, audience.next(), audience.next().next()].iter().position(|a| *a == to);
                (0..turns.unwrap_or(0)).for_each(|_| self.step(Input::Audience, now));
                return Ok(());
            }
            Wanted::View { to } => return self.turn_to(to, view, now),
            _ => Input::Look,
        };
        self.step(input, now);
        Ok(())
    }

    fn line(&self) -> String {
        if self.pictured {
            return json::data_line(&Resolved::of(&self.player.look(), self.texts).pictured());
        }
        scene_line(self.player, self.texts)
    }

    fn is_over(&self) -> bool {
        self.player.look().over
    }
}

impl Lesson<'_, '_> {
    /// Looks at the packets in another way: the next one, or one that is named.
    fn turn_to(&mut self, to: Option<View>, from: View, now: Millis) -> Result<(), Refusal> {
        self.step(lesson::Input::View, now);
        let Some(to) = to else { return Ok(()) };
        for _ in 0..3 {
            if self.player.look().view == to {
                return Ok(());
            }
            self.step(lesson::Input::View, now);
        }
        for _ in 0..3 {
            if self.player.look().view != from {
                self.step(lesson::Input::View, now);
            }
        }
        Err(Refusal::NotNow("this page has no such view".to_owned()))
    }
}

/// What there is to see of a lesson, as a line of JSON.
pub fn scene_line(player: &Player<'_>, texts: &Texts) -> String {
    json::data_line(&Resolved::of(&player.look(), texts))
}

// ---- a quiz, puzzles

/// Questions, driven.
pub struct Questions<'a> {
    session: &'a mut Session,
    title: &'a str,
    seed: u64,
    told: usize,
    graded: &'a mut dyn FnMut(&Question, &Grade),
}

impl<'a> Questions<'a> {
    /// Questions that are asked; `graded` hears of each answer as it is given. `title` and `seed` are those of their set.
    pub fn new(
        session: &'a mut Session,
        title: &'a str,
        seed: u64,
        graded: &'a mut dyn FnMut(&Question, &Grade),
    ) -> Self {
        Self { session, title, seed, told: 0, graded }
    }

    fn step(&mut self, input: session::Input, now: Millis) {
        self.session.step(input, now);
        while let Some(grade) = self.session.grades().get(self.told) {
            if let Some(question) = self.session.questions().get(grade.question) {
                (self.graded)(question, grade);
            }
            self.told += 1;
        }
    }
}

impl Driven for Questions<'_> {
    fn take(&mut self, input: Wanted, now: Millis) -> Result<(), Refusal> {
        use session::Input;
        self.step(Input::Look, now);
        let scene = self.session.look();
        let open = scene.question.filter(|_| scene.verdict.is_none()).map(|question| &question.task);
        let asks = open.is_some();
        if let Some(keys) = answer(&input, open) {
            keys?.into_iter().for_each(|key| self.step(Input::Key(key), now));
            return Ok(());
        }
        match input {
            Wanted::Look {} => {}
            Wanted::Next {} if asks => return Err(Refusal::NotNow("answer first, or skip".to_owned())),
            Wanted::Next {} => self.step(Input::Next, now),
            Wanted::Skip {} => self.step(Input::Skip, now),
            Wanted::Quit {} => self.step(Input::Quit, now),
            _ => {
                let why = "that is for lessons: a question has choose, type, take, mark, submit, skip, next, quit";
                return Err(Refusal::NotNow(why.to_owned()));
            }
        }
        Ok(())
    }

    fn line(&self) -> String {
        json::data_line(&resolved::quiz(&self.session.look(), self.title, self.seed))
    }

    fn is_over(&self) -> bool {
        self.session.look().over
    }
}

impl std::fmt::Debug for Lesson<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lesson").field("player", &self.player).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Questions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Questions").field("session", &self.session).finish_non_exhaustive()
    }
}
