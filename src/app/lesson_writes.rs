//! What `osi-tutor lesson` writes: a lesson to begin with, and the programs of one.

use super::Failure;
use crate::lesson::new::{is_id, skeleton};
use crate::lesson::{canonical, programs};
use crate::model::show::escape_prose;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a lesson to begin with; never over another file.
pub(super) fn new(id: &str, folder: &Path) -> Result<(), Failure> {
    if !is_id(id) {
        return Err(Failure::Usage(format!(
            "a lesson's id is made of small letters, digits and hyphens, such as my-first-lesson, not '{}'",
            id.escape_debug()
        )));
    }
    let (name, text) = skeleton(id);
    make(folder)?;
    let path = folder.join(name);
    write_new(&path, &text)?;
    let mut out = std::io::stdout().lock();
    let mut shown = String::new();
    escape_prose(&path.to_string_lossy(), &mut shown);
    writeln!(out, "{shown} is a lesson that passes: change it, then run  osi-tutor lesson check {shown}")?;
    Ok(out.flush()?)
}

/// Makes a folder, unless it's there.
fn make(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| Failure::Data(format!("{} could not be made: {e}", folder.display())))
}

/// Writes a file that is not there yet.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let no = |e: std::io::Error| {
        let path = path.display();
        match e.kind() {
            ErrorKind::AlreadyExists => Failure::Data(format!("{path} is there already, and stays as it is")),
            _ => Failure::Data(format!("{path} could not be written: {e}")),
        }
    };
    // A file that somebody else made in the meantime stays theirs.
    let mut file = File::options().write(true).create_new(true).open(path).map_err(no)?;
    if let Err(e) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        // Half a file would be in the way of the next attempt.
        let _ = std::fs::remove_file(path);
        return Err(no(e));
    }
    Ok(())
}

/// Writes a lesson's programs into a folder; nothing is written if one of them is there.
pub(super) fn programs_into(id: &str, folder: &Path) -> Result<(), Failure> {
    let files: Vec<(&str, &str)> = programs::programs(canonical(id)).collect();
    if files.is_empty() {
        let known = programs::lessons().join(", ");
        return Err(Failure::Usage(format!("'{}' has no files; these lessons have: {known}", id.escape_debug())));
    }
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok()) {
        let path = folder.join(name);
        return Err(Failure::Data(format!(
            "{} is there already: nothing was written. Choose another folder",
            path.display()
        )));
    }
    make(folder)?;
    let mut out = std::io::stdout().lock();
    for (name, text) in files {
        let path = folder.join(name);
        write_new(&path, text)?;
        let mut shown = String::new();
        escape_prose(&path.to_string_lossy(), &mut shown);
        writeln!(out, "{shown}")?;
    }
    Ok(out.flush()?)
}
