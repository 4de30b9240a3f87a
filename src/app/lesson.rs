//! `osi-tutor lesson`: the workshop of those who write lessons.

use super::Failure;
use crate::cli::LessonCommand;
use crate::lesson::check::check;
use crate::lesson::guide::GUIDE;
use crate::lesson::new::{is_id, skeleton};
use crate::lesson::{COURSE, Lesson};
use crate::model::show::escape_prose;
use crate::view::lessons::contents;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The longest lesson file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Runs it.
pub(super) fn run(command: &LessonCommand) -> Result<(), Failure> {
    match command {
        LessonCommand::Check { path } => check_all(path.as_deref()),
        LessonCommand::New { id, lessons } => new(id, lessons.as_deref().unwrap_or(Path::new("."))),
        LessonCommand::Guide => guide(),
        LessonCommand::List { lessons } => list(lessons.as_deref()),
    }
}

fn check_all(path: Option<&Path>) -> Result<(), Failure> {
    let own: Vec<(String, String)> = COURSE.iter().map(|(f, t)| ((*f).to_owned(), (*t).to_owned())).collect();
    let (files, known) = match path {
        None => (own, Vec::new()),
        Some(path) => (read(path)?, COURSE.iter().map(|(file, _)| id_of(file)).collect()),
    };
    let wrong = check(&files, &known);
    if wrong.is_empty() {
        let mut out = std::io::stdout().lock();
        let what = if files.len() == 1 { "lesson is" } else { "lessons are" };
        writeln!(out, "{} {what} sound.", files.len())?;
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

/// `40-handshake.md` has the id `handshake`.
fn id_of(file: &str) -> &str {
    file.trim_end_matches(".md").split_once('-').map_or(file, |(_, id)| id)
}

/// What a lesson file's name begins with: its place in the course.
fn number(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.split_once('-')?.0.parse().ok()
}

/// One lesson file, or all of a folder, in the order of their numbers. Another file there is a mistake.
pub(super) fn read(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let no = |p: &Path, e: &dyn std::fmt::Display| Failure::Data(format!("{}: {e}", p.display()));
    let mut paths = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|e| no(path, &e))?;
        // The course's own folder holds the bank of misconceptions, too.
        let bank = |p: &PathBuf| p.file_name().is_some_and(|name| name == "misconceptions.toml");
        paths = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file() && !bank(p)).collect();
        paths.sort_by_key(|p| (number(p), p.clone()));
    }
    let mut files = Vec::new();
    for p in paths {
        if p.extension().is_none_or(|e| e != "md") {
            return Err(no(&p, &"a stray file: lessons end in .md"));
        }
        if !p.metadata().map_err(|e| no(&p, &e))?.is_file() {
            return Err(no(&p, &"it is no ordinary file"));
        }
        // A link may lead to something without an end, whose length says 0.
        let mut text = String::new();
        let file = File::open(&p).map_err(|e| no(&p, &e))?;
        file.take(LONGEST + 1).read_to_string(&mut text).map_err(|e| no(&p, &e))?;
        if text.len() as u64 > LONGEST {
            return Err(no(&p, &"a lesson is shorter than 1 MB"));
        }
        // Editors of other systems begin with a mark, and end lines with two characters.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        files.push((p.display().to_string(), text));
    }
    if files.is_empty() {
        return Err(no(path, &"there is no lesson in this folder"));
    }
    Ok(files)
}
