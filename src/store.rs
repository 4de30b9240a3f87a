//! Rank 6: where progress is kept: one JSON file, in the place that the system has for it.
//!
//! It is written beside the old one and then renamed, so a crash leaves one of the two, whole. Programs that
//! run at the same time take turns by a lock. What cannot be read is moved aside, never overwritten.

use crate::lesson::progress::{Day, Progress, VERSION};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 16 << 20;
/// How long to wait for another program's turn, and how long between two looks.
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);
/// How many unreadable files may lie aside.
const MOST_ASIDE: u32 = 1_000;

/// The file with a learner's progress.
#[derive(Debug)]
pub struct Store {
    /// `None` where the system names no place for it.
    path: Option<PathBuf>,
    /// Who is told what went wrong without ending anything.
    tell: fn(&str),
}

/// Progress cannot be read or kept.
#[derive(Debug, Error)]
#[error("{}: {why}", path.display())]
pub struct StoreError {
    path: PathBuf,
    why: String,
}

/// Today, as progress counts days.
pub fn today() -> Day {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() / 86_400)
}

/// The file's place: `$XDG_STATE_HOME/osi-tutor` or `~/.local/state/osi-tutor`; on macOS and Windows, where
/// programs keep such data there. `XDG_STATE_HOME` counts everywhere. A relative path is none (XDG Base
/// Directory Specification).
fn place(system: &str, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let folder = path("XDG_STATE_HOME").or_else(|| match system {
        "windows" => path("LOCALAPPDATA"),
        "macos" => Some(path("HOME")?.join("Library").join("Application Support")),
        _ => Some(path("HOME")?.join(".local").join("state")),
    })?;
    Some(folder.join("osi-tutor").join("progress.json"))
}

impl Store {
    /// The store of the user who runs the program. `tell` hears what went wrong without ending anything.
    pub fn open(tell: fn(&str)) -> Self {
        let home = crate::rights::home(|name| std::env::var_os(name)).map(PathBuf::into_os_string);
        let variable = |name: &str| home.clone().filter(|_| name == "HOME").or_else(|| std::env::var_os(name));
        Self { path: place(std::env::consts::OS, variable), tell }
    }

    /// The folder in which it is, made if it can be: what a program that may open nothing else needs.
    #[cfg(any(feature = "live", feature = "classroom"))]
    pub fn folder(&self) -> Option<&Path> {
        self.path()?.parent().filter(|folder| make(folder).is_ok())
    }

    /// Where it is, if the system names a place.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What is known so far; nothing, where nothing was kept.
    ///
    /// # Errors
    /// It cannot be read, or a newer version of the program wrote it.
    pub fn read(&self) -> Result<Progress, StoreError> {
        let Some(path) = &self.path else { return Ok(Progress::default()) };
        let broken = match load(path)? {
            Loaded::None => return Ok(Progress::default()),
            Loaded::Progress(progress) => return Ok(progress),
            Loaded::Broken(why) => why,
        };
        // Another program may have mended it meanwhile: look again in one's own turn.
        let _lock = lock(path)?;
        match load(path)? {
            Loaded::Progress(progress) => Ok(progress),
            Loaded::None => Ok(Progress::default()),
            Loaded::Broken(_) => {
                aside(path, &broken, self.tell)?;
                Ok(Progress::default())
            }
        }
    }

    /// Changes what is known: reads, changes and writes in one turn, so that nothing gets lost between programs.
    ///
    /// # Errors
    /// It cannot be read or written, or a newer version of the program wrote it.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) -> Result<(), StoreError> {
        let Some(path) = &self.path else { return Ok(()) };
        if let Some(folder) = path.parent() {
            make(folder).map_err(|e| no(folder, &e))?;
        }
        let _lock = lock(path)?;
        let mut progress = match load(path)? {
            Loaded::Progress(progress) => progress,
            Loaded::None => Progress::default(),
            Loaded::Broken(why) => {
                aside(path, &why, self.tell)?;
                Progress::default()
            }
        };
        change(&mut progress);
        write(path, &progress).map_err(|e| no(path, &e))
    }

    /// Notes an answer. Where it cannot be kept, that is said once, and the program goes on.
    pub fn record_answer(&mut self, question: &str, right: bool, betrays: Option<&str>, day: Day) {
        if let Err(failure) = self.update(|p| p.record_answer(question, right, betrays, day)) {
            self.give_up(&failure);
        }
    }

    /// Forgets everything. Whether there was anything.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn reset(&self) -> Result<bool, StoreError> {
        let Some(path) = self.path.as_ref().filter(|p| p.exists()) else { return Ok(false) };
        let _lock = lock(path)?;
        match fs::remove_file(path) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(no(path, &e)),
        }
    }

    /// Stops keeping anything, and says why.
    fn give_up(&mut self, failure: &StoreError) {
        (self.tell)(&format!("osi-tutor: progress is not kept: {failure}"));
        self.path = None;
    }
}

fn no(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError { path: path.to_owned(), why: error.to_string() }
}

enum Loaded {
    None,
    Progress(Progress),
    /// It is not what was written here, and why.
    Broken(String),
}

fn load(path: &Path) -> Result<Loaded, StoreError> {
    if is_special(path) {
        return Ok(Loaded::Broken("it is no regular file".to_owned()));
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Loaded::None),
        Err(e) => return Err(no(path, &e)),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|e| no(path, &e))?;
    if bytes.len() as u64 > LONGEST {
        return Ok(Loaded::Broken("it is too long".to_owned()));
    }
    let value: serde_json::Value = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        Err(e) => return Ok(Loaded::Broken(e.to_string())),
    };
    // A list would be taken for the values of the keys, in their order.
    if !value.is_object() {
        return Ok(Loaded::Broken("it holds no object".to_owned()));
    }
    let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if version > u64::from(VERSION) && value.get("lessons").is_some() {
        let why = format!("a newer osi-tutor wrote it (form {version}, this one knows {VERSION}); it is left as it is");
        return Err(no(path, &why));
    }
    match serde_json::from_value::<Progress>(value) {
        Ok(progress) if progress.version == VERSION => Ok(Loaded::Progress(progress)),
        Ok(progress) => Ok(Loaded::Broken(format!("its version is {}", progress.version))),
        Err(e) => Ok(Loaded::Broken(e.to_string())),
    }
}

/// Whether something else than a file or folder is there: a pipe would be waited for, a device has no end.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Moves a file aside that cannot be understood, and says so.
fn aside(path: &Path, why: &str, tell: fn(&str)) -> Result<(), StoreError> {
    let name = |n: u32| PathBuf::from(format!("{}.broken-{n}", path.display()));
    let free = (1..=MOST_ASIDE).map(name).find(|p| !p.exists());
    let Some(to) = free else { return Err(no(path, &"it cannot be read, and no name is free to keep it under")) };
    fs::rename(path, &to).map_err(|e| no(path, &e))?;
    tell(&format!(
        "osi-tutor: {} is not a progress file ({why}): it is kept as {}, and progress starts again",
        path.display(),
        to.display()
    ));
    Ok(())
}

/// Makes a folder that only its owner may read.
///
/// # Errors
/// The system says no.
pub fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Waits for one's turn with a file. The lock ends with the value.
///
/// # Errors
/// Another program holds it.
pub fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let path = PathBuf::from(format!("{}.lock", path.display()));
    if is_special(&path) {
        return Err(no(&path, &"it is no regular file; remove it"));
    }
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(|e| no(&path, &e))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                std::thread::sleep(LOOK);
                waited += LOOK;
            }
            Err(TryLockError::WouldBlock) => return Err(no(&path, &"another osi-tutor holds it; try again")),
            // A file system without locks: the rename still keeps the file whole.
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
}

fn write(path: &Path, progress: &Progress) -> std::io::Result<()> {
    let mut text = serde_json::to_vec_pretty(progress).map_err(std::io::Error::other)?;
    text.push(b'\n');
    replace(path, &text)
}

/// Writes a file for its owner's eyes beside the old one, to the disk, and into its place: a crash leaves one of the two, whole.
///
/// # Errors
/// It cannot be written; the old one is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = PathBuf::from(format!("{}.new-{}", path.display(), std::process::id()));
    let written = (|| {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
        return written;
    }
    // The folder's entry, too; where a folder cannot be opened, the system sees to it.
    if let Some(folder) = path.parent().and_then(|p| File::open(p).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of one's own, empty, and gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("osi-tutor-store-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn store(&self) -> Store {
            Store { path: Some(self.0.join("state").join("progress.json")), tell: |_| {} }
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_place_is_what_each_system_says() {
        let at = |system, set: &'static [(&str, &str)]| {
            place(system, |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into()))
        };
        let home: &[_] = &[("HOME", "/home/a")];
        let file = |folder: &str| Some(Path::new(folder).join("osi-tutor/progress.json"));
        assert_eq!(at("linux", home), file("/home/a/.local/state"));
        assert_eq!(at("macos", home), file("/home/a/Library/Application Support"));
        assert_eq!(at("linux", &[("HOME", "/home/a"), ("XDG_STATE_HOME", "/s")]), file("/s"));
        assert_eq!(at("linux", &[("HOME", "/home/a"), ("XDG_STATE_HOME", "s")]), file("/home/a/.local/state"));
        assert_eq!(at("linux", &[]), None);
        assert_eq!(at("linux", &[("HOME", "")]), None);
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_left() {
        let folder = Folder::new("written");
        let store = folder.store();
        assert_eq!(store.read().unwrap(), Progress::default());
        store.update(|p| p.record_answer("a/ack-1", false, Some("ack-means-arrived"), 3)).unwrap();
        store.update(|p| p.record_lesson("arp", 2, true, 4)).unwrap();
        let progress = store.read().unwrap();
        assert!(progress.cards.contains_key("a/ack-1") && progress.lessons["arp"].done == Some(4));
        let mut left: Vec<_> = fs::read_dir(folder.0.join("state")).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["progress.json", "progress.json.lock"]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_aside() {
        let folder = Folder::new("broken");
        let store = folder.store();
        let path = store.path().unwrap().to_owned();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let texts: [&[u8]; 5] = [b"", b"{\"version\": 1", b"\xff\x1b[2J", b"[1]", b"{\"version\": 1, \"mine\": 2}"];
        for (n, text) in (1..).zip(texts) {
            fs::write(&path, text).unwrap();
            if n % 2 == 0 {
                assert_eq!(store.read().unwrap(), Progress::default());
            } else {
                store.update(|p| p.record_lesson("arp", 1, false, 4)).unwrap();
                assert_eq!(store.read().unwrap().lessons.len(), 1);
            }
            assert_eq!(fs::read(format!("{}.broken-{n}", path.display())).unwrap(), text);
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_left_as_it_is() {
        let folder = Folder::new("newer");
        let store = folder.store();
        let path = store.path().unwrap().to_owned();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = "{\"version\": 2, \"lessons\": {}, \"classes\": []}";
        fs::write(&path, text).unwrap();
        assert!(store.read().is_err());
        assert!(store.update(|p| p.record_lesson("arp", 1, false, 4)).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn updates_at_the_same_time_are_all_kept() {
        let folder = Folder::new("together");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = folder.store();
                scope.spawn(move || {
                    for i in 0..10 {
                        store.update(|p| p.record_answer(&format!("t{thread}/ack-{i}"), false, None, 1)).unwrap();
                    }
                });
            }
        });
        assert_eq!(folder.store().read().unwrap().cards.len(), 40);
    }

    #[test]
    fn without_a_place_nothing_is_kept_and_nothing_fails() {
        let mut store = Store { path: None, tell: |_| {} };
        store.record_answer("q", false, None, 1);
        assert_eq!(store.read().unwrap(), Progress::default());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_once() {
        let folder = Folder::new("no-place");
        fs::write(folder.0.join("state"), "a file where a folder should be").unwrap();
        let mut store = folder.store();
        store.record_answer("q", false, None, 1);
        assert!(store.path().is_none());
    }
}
