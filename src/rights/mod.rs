//! Rank 1: giving up rights. A program that reads what strangers send should be able to do little else.
//!
//! Two steps, both for good. [`leave`] makes the program an ordinary user without capabilities; [`seal`] lets the
//! kernel refuse every file, connection and program that was not named. Between the two, what is to be written is
//! opened, so that it belongs to that user. Read `person` for whom the program becomes, `linux` for the steps, and
//! `calls` for what may still be asked of the kernel.
//!
//! credentials(7), capabilities(7), landlock(7), seccomp(2). Other systems keep their rights, and [`Report`] says so.

#[cfg(all(
    target_os = "linux",
    feature = "rights",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod calls;
#[cfg(all(target_os = "linux", feature = "rights"))]
mod linux;
mod person;

pub use person::{By, NoPerson, Person, choose, home};

use std::path::PathBuf;

/// Raises the number of files that this process may hold open, as far as the system lets it. Gives the limit that now
/// holds; `None` where the system doesn't say.
pub fn open_files(wanted: u64) -> Option<u64> {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
        let files = wanted.min(most).max(now);
        setrlimit(Resource::RLIMIT_NOFILE, files, most).ok()?;
        Some(files)
    }
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    {
        let _ = wanted;
        None
    }
}

/// What a program still needs when it has given up the rest. The default is nothing: what is open stays open, but
/// nothing else can be opened, reached or started.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Which files.
    pub files: Files,
    /// The TCP ports, over IPv4, to which it makes connections.
    pub connect: Vec<u16>,
}

/// Files, and folders with all that they hold.
#[derive(Clone, Debug)]
pub enum Files {
    /// Whatever its user may open.
    Any,
    /// These alone.
    Only {
        /// To read.
        read: Vec<PathBuf>,
        /// To read and to change.
        write: Vec<PathBuf>,
    },
}

impl Default for Files {
    fn default() -> Self {
        Self::Only { read: Vec::new(), write: Vec::new() }
    }
}

/// What could not be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was refused, and why; each a few words.
    pub missing: Vec<String>,
    /// The version of landlock that holds.
    pub landlock: Option<u32>,
    /// Whether the kernel filters what is asked of it.
    pub seccomp: bool,
}

impl Report {
    /// In one sentence, what could not be had, if anything.
    pub fn sentence(&self) -> Option<String> {
        let missing = self.missing.join("; ");
        (!missing.is_empty()).then(|| format!("This program keeps rights that it does not need: {missing}."))
    }

    /// Takes up another step's.
    pub fn join(&mut self, other: Self) {
        self.missing.extend(other.missing);
        self.landlock = other.landlock.or(self.landlock);
        self.seccomp |= other.seccomp;
    }
}

/// What a user keeps of root's capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None.
    Nothing,
    /// To read any file: who typed sudo before a command may want it to read what root alone may.
    Reading,
}

/// Becomes `person`, without other groups, and gives up every capability but what `keep` says; nothing that is
/// started from here on gains any. Without a person, the user stays the same. Call it before a second thread runs.
pub fn leave(person: Option<&Person>, keep: Keep) -> Report {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    return linux::leave(person, keep);
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    {
        let _ = (person, keep);
        nowhere()
    }
}

/// Lets the kernel refuse everything beyond `needs` to this thread and those that it starts; the filter of system
/// calls holds for all threads.
pub fn seal(needs: &Needs) -> Report {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    return linux::seal(needs);
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    {
        let _ = needs;
        nowhere()
    }
}

/// Whether the program runs as root.
pub fn root() -> bool {
    #[cfg(all(target_os = "linux", feature = "rights"))]
    return nix::unistd::Uid::effective().is_root();
    #[cfg(not(all(target_os = "linux", feature = "rights")))]
    false
}

/// Only Linux is known here. Elsewhere the system's own means apply, and nobody is alarmed at each start.
#[cfg(not(all(target_os = "linux", feature = "rights")))]
fn nowhere() -> Report {
    Report::default()
}
