//! Lesson files from a disk: one, or all of a folder. Strangers wrote them.

use super::Failure;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest lesson file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// `40-handshake.md` has the id `handshake`.
pub(super) fn id_of(file: &str) -> &str {
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
