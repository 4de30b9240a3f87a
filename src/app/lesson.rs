//! `osi-tutor lesson`: the workshop of those who write lessons.

use super::lesson_files::{id_of, read};
use super::{Failure, lesson_writes};
use crate::cli::LessonCommand;
use crate::lesson::check::{check, hear};
use crate::lesson::guide::GUIDE;
use crate::lesson::{COURSE, Lesson};
use crate::view::lessons::contents;
use std::io::Write;
use std::path::Path;

/// Runs it.
pub(super) fn run(command: &LessonCommand) -> Result<(), Failure> {
    match command {
        LessonCommand::Check { path, prose } => check_all(path.as_deref(), *prose),
        LessonCommand::New { id, lessons } => lesson_writes::new(id, lessons.as_deref().unwrap_or(Path::new("."))),
        LessonCommand::Guide => guide(),
        LessonCommand::Files { id, folder } => lesson_writes::programs_into(id, folder),
        LessonCommand::List { lessons } => list(lessons.as_deref()),
    }
}

fn check_all(path: Option<&Path>, prose: bool) -> Result<(), Failure> {
    let own: Vec<(String, String)> = COURSE.iter().map(|(f, t)| ((*f).to_owned(), (*t).to_owned())).collect();
    let (files, known) = match path {
        None => (own, Vec::new()),
        Some(path) => (read(path)?, COURSE.iter().map(|(file, _)| id_of(file)).collect()),
    };
    let wrong = check(&files, &known);
    let advice = if prose { hear(&files) } else { Vec::new() };
    let mut out = std::io::stdout().lock();
    for one in &advice {
        writeln!(out, "{one}")?;
    }
    if wrong.is_empty() {
        let what = if files.len() == 1 { "lesson is" } else { "lessons are" };
        let heard = match (prose, advice.len()) {
            (false, _) => String::new(),
            (true, 0) => " The texts read well.".to_owned(),
            (true, 1) => " The texts could read better in 1 place.".to_owned(),
            (true, n) => format!(" The texts could read better in {n} places."),
        };
        writeln!(out, "{} {what} sound.{heard}", files.len())?;
        return Ok(out.flush()?);
    }
    let all: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    Err(Failure::Data(all.join("\n")))
}

/// What a lesson file may hold.
fn guide() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(GUIDE.as_bytes())?;
    Ok(out.flush()?)
}

/// Every lesson, with what is in it.
fn list(folder: Option<&Path>) -> Result<(), Failure> {
    let files = match folder {
        Some(folder) => read(folder)?,
        None => COURSE.iter().map(|(f, t)| ((*f).to_owned(), (*t).to_owned())).collect(),
    };
    let mut lessons = Vec::new();
    for (file, text) in &files {
        lessons.push(Lesson::parse(file, text).map_err(|e| Failure::Data(e.to_string()))?);
    }
    let mut out = std::io::stdout().lock();
    out.write_all(contents(&lessons).as_bytes())?;
    Ok(out.flush()?)
}
