//! When a command gives up its rights: at once, or when its sockets are open.

#[cfg(any(feature = "live", feature = "chat"))]
use super::Failure;
use super::error;
use crate::cli::Command;
#[cfg(any(feature = "live", feature = "chat"))]
use crate::rights::Person;
use crate::rights::{self, By, Files, Keep, Needs, Report};
use std::env;
#[cfg(any(feature = "live", feature = "chat"))]
use std::path::Path;

/// Before a command runs. Those that open sockets of their own, or start a program, see to it themselves.
pub(super) fn at_start(command: &Command) {
    let (leaves, sealed) = match command {
        #[cfg(feature = "live")]
        Command::Capture(_) => (false, false),
        #[cfg(feature = "live")]
        Command::Interfaces { .. } => (true, false),
        #[cfg(feature = "chat")]
        Command::Chat(chat) => (matches!(chat, crate::cli::ChatCommand::Join(_)), false),
        #[cfg(feature = "classroom")]
        Command::Class(_) | Command::Play(_) | Command::Doctor { what: Some(_), .. } => {
            (matches!(command, Command::Play(_)), false)
        }
        #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
        Command::LabHelper(_) => (false, false),
        Command::Doctor { .. } | Command::Wireshark(_) => (false, false),
        Command::Extcap(args) => (false, !args.is_lab()),
        // Without a name it is a menu, which starts what is chosen.
        Command::Explain(args) if args.live.is_some() || args.lesson.is_none() => (false, false),
        _ => (true, true),
    };
    if leaves {
        as_caller();
    }
    if sealed {
        seal_all_but_files();
    }
}

/// A second wall around what reads strangers' bytes, with no right to give up: it starts no program and reaches no
/// network. Where it cannot be had, nobody need be told.
pub(super) fn seal_all_but_files() {
    rights::seal(&Needs { files: Files::Any, ..Needs::default() });
}

/// Under sudo, becomes who typed it, so that nothing of root's is left in that user's home. What root alone may read
/// can still be read. Root itself stays root.
pub(super) fn as_caller() {
    let person = rights::choose(None, |name| env::var_os(name)).ok().flatten();
    match person.filter(|person| person.by == By::Caller) {
        Some(person) => tell(&rights::leave(Some(&person), Keep::Reading)),
        // Nothing is left of what the file's own capabilities gave.
        None if !rights::root() => drop(rights::leave(None, Keep::Nothing)),
        None => {}
    }
}

/// Says what could not be had, if anything.
fn tell(report: &Report) {
    if let Some(sentence) = report.sentence() {
        error::tell(&sentence);
    }
}

#[cfg(any(feature = "live", feature = "chat"))]
/// The rights of a command that captures, until they are given up.
#[derive(Debug)]
pub(super) struct Rights {
    person: Option<Person>,
    report: Report,
}

#[cfg(any(feature = "live", feature = "chat"))]
impl Rights {
    /// Whom the command becomes when its sockets are open: the one that `--user` names, else who typed sudo, else
    /// `nobody`. An ordinary user stays the same.
    ///
    /// # Errors
    /// The user who is named cannot be had.
    pub(super) fn of(user: Option<&str>) -> Result<Self, Failure> {
        let person = rights::choose(user, |name| env::var_os(name)).map_err(|e| Failure::Usage(e.to_string()))?;
        Ok(Self { person, report: Report::default() })
    }

    /// All sockets are open: becomes that user, and opens what is to be written, which then is that user's.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn leave<T>(
        &mut self,
        write: Option<&Path>,
        open: impl FnOnce(&Path) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let nobody = self.person.as_ref().is_some_and(|person| person.by == By::Nobody);
        // Into a folder that is root's alone only root can write, and nobody else can have put a link there.
        if let Some(path) = write.filter(|path| nobody && roots_own(path)) {
            let opened = open(path)?;
            self.report.join(rights::leave(self.person.as_ref(), Keep::Nothing));
            return Ok(Some(opened));
        }
        self.report.join(rights::leave(self.person.as_ref(), Keep::Nothing));
        write.map(|path| open(path).map_err(|why| self.refused(why))).transpose()
    }

    /// A file that is written at the end is made now, so that it can be said now that it can't be.
    ///
    /// # Errors
    /// It cannot be written.
    #[cfg(feature = "live")]
    pub(super) fn make(&self, path: &Path) -> Result<(), Failure> {
        let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
        let no = |e| self.refused(Failure::Data(format!("{}: {e}", path.display())));
        opened.map(drop).map_err(no)
    }

    /// Says as whom something could not be written.
    fn refused(&self, why: Failure) -> Failure {
        match (why, &self.person) {
            (Failure::Data(why), Some(person)) => Failure::Data(format!(
                "{why}\nIt is written as the user {name}, not as root: name a folder that {name} may write to, such as /tmp, or \
                 another user with --user NAME",
                name = person.name
            )),
            (why, _) => why,
        }
    }

    /// Everything is open: gives up the rest, and says what could not be had.
    pub(super) fn seal(mut self, needs: &Needs) {
        self.report.join(rights::seal(needs));
        tell(&self.report);
    }
}

/// Whether it is a file, or none yet, in a folder in which only root can change anything.
#[cfg(all(unix, any(feature = "live", feature = "chat")))]
fn roots_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = folder.metadata().is_ok_and(|folder| folder.uid() == 0 && folder.mode() & 0o022 == 0);
    own && path.symlink_metadata().map_or_else(|e| e.kind() == std::io::ErrorKind::NotFound, |file| file.is_file())
}

#[cfg(all(not(unix), any(feature = "live", feature = "chat")))]
fn roots_own(_: &Path) -> bool {
    false
}
