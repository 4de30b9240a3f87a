//! `osi-tutor lesson`: the workshop of those who write lessons.

use super::Failure;
use crate::cli::LessonCommand;
use crate::lesson::{COURSE, check::check};
use std::io::Write;
use std::path::Path;

/// The longest lesson file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// Runs it.
pub(super) fn run(command: &LessonCommand) -> Result<(), Failure> {
    let LessonCommand::Check { path } = command;
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

/// `40-handshake.md` has the id `handshake`.
fn id_of(file: &str) -> &str {
    file.trim_end_matches(".md").split_once('-').map_or(file, |(_, id)| id)
}

/// One lesson file, or all of a folder, in the order of their names. Another file there is a mistake.
fn read(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let no = |p: &Path, e: &dyn std::fmt::Display| Failure::Data(format!("{}: {e}", p.display()));
    let mut paths = vec![path.to_path_buf()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|e| no(path, &e))?;
        paths = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_file()).collect();
        paths.sort();
    }
    let mut files = Vec::new();
    for p in paths {
        let length = p.metadata().map_err(|e| no(&p, &e))?.len();
        if p.extension().is_none_or(|e| e != "md") {
            return Err(no(&p, &"a stray file: lessons end in .md"));
        }
        if length > LONGEST {
            return Err(no(&p, &"a lesson is shorter than 1 MB"));
        }
        let text = std::fs::read_to_string(&p).map_err(|e| no(&p, &e))?;
        files.push((p.display().to_string(), text));
    }
    if files.is_empty() {
        return Err(no(path, &"there is no lesson in this folder"));
    }
    Ok(files)
}
