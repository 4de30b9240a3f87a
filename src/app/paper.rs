//! What quizzes and puzzles share: who is asked again, and how a paper is asked, printed or graded.

use super::play::{self, How};
use super::{Failure, color, columns, lesson_lines};
use crate::ask::{Grade, Question, Session};
use crate::cli::Paper;
use crate::drive;
use crate::lesson::progress::Day;
use crate::linear;
use crate::rng::Rng;
use crate::store::{Store, today};
use crate::view::Theme;
use crate::view::json::to_line;
use crate::view::paper::{self, GRADES, Set};
use crate::view::quiz::Sheet;
use crate::view::theme::Color;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The longest answer that is read from a file, in bytes.
const LONGEST_ANSWER: u64 = 1 << 12;

/// The questions that come back today. A paper with a seed is everyone's: nobody's own questions are mixed in.
pub(super) fn due(paper: &Paper, store: &Store, day: Day) -> Vec<String> {
    if paper.seed.is_some() || paper.answers || paper.json || paper.drive || paper.csv.is_some() {
        return Vec::new();
    }
    match store.read() {
        Ok(progress) => progress.due(day).into_iter().map(str::to_owned).collect(),
        Err(e) => {
            Failure::from(e).report();
            Vec::new()
        }
    }
}

/// Says early what cannot work: two things on one standard input.
pub(super) fn check_input(what: Option<&Path>, paper: &Paper) -> Result<(), Failure> {
    if (paper.csv.is_some() || paper.drive) && what.is_some_and(|w| w == Path::new("-")) {
        let why = "standard input cannot give both the capture and the answers; put the capture into a file";
        return Err(Failure::Usage(why.to_owned()));
    }
    what.map_or(Ok(()), |from| super::outputs::spare("--csv", paper.csv.as_deref(), from))
}

/// A seed that nobody chose, short enough to be read out.
pub(super) fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    Rng::seeded(u64::try_from(now % u128::from(u64::MAX)).unwrap_or(0)).below(1_000_000)
}

/// Asks, prints or grades, as it was wanted. `ended` is how the source ended.
pub(super) fn present(
    set: Set,
    asked: &Paper,
    mut store: Store,
    choice: Color,
    ended: Result<(), Failure>,
) -> Result<(), Failure> {
    if set.questions.is_empty() {
        ended?;
        return Err(Failure::Data(format!(
            "{}: nothing here decides a question of this kind; try another --kind, or another capture",
            set.title
        )));
    }
    if asked.drive {
        let (title, seed) = (set.title, set.seed);
        let mut session = Session::new(set.questions);
        lesson_lines::run(&mut drive::Questions::new(&mut session, &title, seed, &mut |_, _| {}))?;
        return ended;
    }
    let theme = Theme::new(color(choice));
    let tty = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if tty && !asked.answers && !asked.json {
        let (title, seed) = (set.title, set.seed);
        let mut session = Session::new(set.questions);
        let mut graded = |question: &Question, grade: &Grade| {
            store.record_answer(&question.id, grade.verdict.right, grade.verdict.betrays, today());
        };
        let how = How { color: choice, linear: asked.linear };
        play::quiz(&mut session, (&title, seed), how, &mut graded)?;
        let mut text = String::new();
        Sheet::new(theme, Some(columns().unwrap_or(80))).result(session.grades(), session.questions().len(), &mut text);
        std::io::stdout().write_all(text.as_bytes())?;
        if let Some(path) = &asked.csv {
            grades(path, &asked.name, &session, true)?;
        }
        return ended;
    }
    if let Some(path) = &asked.csv {
        let mut session = Session::new(set.questions);
        answers(&mut session)?;
        grades(path, &asked.name, &session, false)?;
        return ended;
    }
    let text = if asked.json {
        to_line(&paper::object(&set, asked.answers))
    } else if super::linear(asked.linear) {
        linear::paper(set.questions, (&set.title, set.seed), asked.answers)
    } else {
        paper::page(&set, asked.answers, columns(), theme)
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    ended
}

/// Reads answers from standard input, one a line; an empty line, or one that cannot be understood, is wrong.
fn answers(session: &mut Session) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    for _ in 0..session.questions().len() {
        let mut line = Vec::new();
        let no = |e: std::io::Error| Failure::Data(format!("standard input could not be read: {e}"));
        if (&mut input).take(LONGEST_ANSWER).read_until(b'\n', &mut line).map_err(no)? == 0 {
            break;
        }
        if !line.ends_with(b"\n") && line.len() as u64 == LONGEST_ANSWER {
            return Err(Failure::Data(format!("an answer is shorter than {LONGEST_ANSWER} bytes: one answer a line")));
        }
        session.answer(&String::from_utf8_lossy(&line));
    }
    Ok(())
}

/// Adds the grades to a file, or writes them to standard output. Only a terminal's seconds mean anything.
fn grades(path: &Path, name: &str, session: &Session, timed: bool) -> Result<(), Failure> {
    let rows = paper::grades(name, session, timed);
    if path == Path::new("-") {
        let mut out = std::io::stdout().lock();
        out.write_all((GRADES.to_owned() + &rows).as_bytes())?;
        return Ok(out.flush()?);
    }
    let no = |e: std::io::Error| Failure::Data(format!("{}: {e}", path.display()));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).map_err(no)?;
    let empty = file.metadata().map_err(no)?.len() == 0;
    let text = if empty { GRADES.to_owned() + &rows } else { rows };
    file.write_all(text.as_bytes()).map_err(no)
}
