//! `osi-tutor lesson`: the workshop of those who write lessons.

use super::Failure;
use super::lesson_files::{id_of, read};
use crate::cli::LessonCommand;
use crate::lesson::check::{check, hear};
use crate::lesson::guide::GUIDE;
use crate::lesson::new::{is_id, skeleton};
use crate::lesson::{COURSE, Lesson};
use crate::model::show::escape_prose;
use crate::view::lessons::contents;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Runs it.
pub(super) fn run(command: &LessonCommand) -> Result<(), Failure> {
    match command {
        LessonCommand::Check { path, prose } => check_all(path.as_deref(), *prose),
        LessonCommand::New { id, lessons } => new(id, lessons.as_deref().unwrap_or(Path::new("."))),
        LessonCommand::Guide => guide(),
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

/// Writes a lesson to begin with; never over another file.
fn new(id: &str, folder: &Path) -> Result<(), Failure> {
    if !is_id(id) {
        return Err(Failure::Usage(format!(
            "a lesson's id is made of small letters, digits and hyphens, such as my-first-lesson, not '{}'",
            id.escape_debug()
        )));
    }
    let (name, text) = skeleton(id);
    let path = folder.join(name);
    let no = |e: std::io::Error| {
        let path = path.display();
        match e.kind() {
            ErrorKind::AlreadyExists => Failure::Data(format!("{path} is there already, and stays as it is")),
            _ => Failure::Data(format!("{path} could not be written: {e}")),
        }
    };
    // A file that somebody else made in the meantime stays theirs.
    let mut file = File::options().write(true).create_new(true).open(&path).map_err(no)?;
    if let Err(e) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        // Half a lesson would be in the way of the next attempt.
        let _ = std::fs::remove_file(&path);
        return Err(no(e));
    }
    let mut out = std::io::stdout().lock();
    let mut shown = String::new();
    escape_prose(&path.to_string_lossy(), &mut shown);
    writeln!(out, "{shown} is a lesson that passes: change it, then run  osi-tutor lesson check {shown}")?;
    Ok(out.flush()?)
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
