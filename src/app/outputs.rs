//! What goes where: standard output is one thing's alone, and no file that is read is written over.

use super::Failure;
use crate::cli::{Show, To};
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

/// Whether `-w` takes standard output for itself.
pub(super) fn takes_stdout(show: &Show) -> bool {
    show.write.as_deref().is_some_and(|path| path.as_os_str() == "-")
}

/// Says early what cannot work: two things on one standard output, or a capture that commands a terminal.
pub(super) fn check(show: &Show) -> Result<(), Failure> {
    if !takes_stdout(show) {
        return Ok(());
    }
    let drawn = show.plot.is_some() && show.output.is_none();
    let views = [
        (show.json, "--json"),
        (show.brief, "--brief"),
        (show.hex, "--hex"),
        (show.notes, "--notes"),
        (drawn, "--plot without -o FILE"),
    ];
    if let Some((_, view)) = views.iter().find(|(given, _)| *given) {
        return Err(Failure::Usage(format!(
            "-w - writes the capture to standard output, and {view} would, too; leave one out"
        )));
    }
    if std::io::stdout().is_terminal() {
        let why = "-w - writes a capture, which is no text for a terminal; name a file, or send it into a pipe";
        return Err(Failure::Usage(why.into()));
    }
    Ok(())
}

/// Refuses to write over the file that is read. `-` is standard input where it is read, and standard output where it
/// is written.
pub(super) fn spare(option: &str, to: Option<&Path>, from: &Path) -> Result<(), Failure> {
    if to.is_some_and(|to| same_file(to, from)) {
        return Err(Failure::Usage(format!("{option} names the file that is read; choose another name")));
    }
    Ok(())
}

/// Opens what is written. A file that is there stays, unless it was said otherwise.
pub(super) fn open(to: &To) -> Result<Box<dyn Write>, Failure> {
    if to.output == Path::new("-") {
        return Ok(Box::new(io::stdout()));
    }
    let opened = if to.force { File::create(&to.output) } else { File::create_new(&to.output) };
    Ok(Box::new(opened.map_err(|e| no(&to.output, &e))?))
}

pub(super) fn no(path: &Path, why: &io::Error) -> Failure {
    let path = path.display();
    match why.kind() {
        ErrorKind::BrokenPipe => Failure::ClosedPipe,
        ErrorKind::AlreadyExists => {
            Failure::Data(format!("{path} is there already, and stays as it is; --force writes over it"))
        }
        _ => Failure::Data(format!("{path} could not be written: {why}")),
    }
}

/// Whether both are one file, whatever they are called: the same inode of the same device.
#[cfg(unix)]
fn same_file(to: &Path, from: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let about = |path: &Path, standard: std::os::fd::BorrowedFd<'_>| {
        if path.as_os_str() != "-" {
            return path.metadata();
        }
        std::fs::File::from(standard.try_clone_to_owned()?).metadata()
    };
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let (Ok(to), Ok(from)) = (about(to, stdout.as_fd()), about(from, stdin.as_fd())) else { return false };
    to.is_file() && from.is_file() && (to.dev(), to.ino()) == (from.dev(), from.ino())
}

/// Whether both are one file, as far as its name tells.
#[cfg(not(unix))]
fn same_file(to: &Path, from: &Path) -> bool {
    matches!((to.canonicalize(), from.canonicalize()), (Ok(a), Ok(b)) if a == b && a.is_file())
}
