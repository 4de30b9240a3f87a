//! What happens to a class, on the disk: every input that was taken is a line of a journal before anybody is told so, and
//! each second the whole class is written beside it, in one go. A program that is killed loses nothing it acknowledged;
//! nor does a power cut, as a vote is acknowledged once the disk has its line ([`Lines::sync`]: one for all who wait).
//!
//! ```text
//! deck.json    its slides, written once
//! class.json   the class as it was at input n
//! votes.0      the inputs since, one a line; two files take turns, so that one can be emptied
//! votes.1
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deck::Deck;
use super::session::{Input, Session};
use crate::ask::session::Millis;
use crate::store;

/// The form of the files.
const VERSION: u32 = 2;
/// The longest file that is read, in bytes.
const LONGEST: u64 = 256 << 20;

/// Numbers that a class leaves out when it goes on: a power cut may have taken inputs whose numbers browsers have seen.
const SKIPPED: u64 = 1 << 20;

/// What a class is beside its slides and votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The capture whose packets are browsed.
    pub capture: Option<PathBuf>,
    /// The teacher's secret, which leads the class.
    pub secret: String,
    /// The room code.
    pub code: Option<String>,
    /// Where it was served.
    pub address: std::net::SocketAddr,
    /// After how many minutes there is another room code.
    #[serde(default)]
    pub rotate: Option<u16>,
}

/// A class cannot be kept, or not be read back.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Another program holds the folder.
    #[error("{0}")]
    Held(#[from] store::StoreError),
    /// The system says no.
    #[error("{}: {why}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// There is no class.
    #[error("{}: no class is kept there", .0.display())]
    None(PathBuf),
    /// It is no class of ours.
    #[error("{}: {why}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// What is written each second.
#[derive(Serialize, Deserialize)]
struct Form<S> {
    v: u32,
    origin: Origin,
    /// The last input that is in it.
    input: u64,
    session: S,
}

/// What is written once.
#[derive(Serialize, Deserialize)]
struct Slides<D> {
    v: u32,
    deck: D,
}

/// A line of the journal.
#[derive(Serialize, Deserialize)]
struct Line<I> {
    n: u64,
    at: Millis,
    input: I,
}

/// The files of a running class.
#[derive(Debug)]
pub struct Keep {
    folder: PathBuf,
    origin: Origin,
    journal: Arc<File>,
    /// Journals with lines that a power cut could still take.
    unsynced: Vec<Arc<File>>,
    /// Which of the two journals.
    which: usize,
    /// The number of the last input.
    last: u64,
    /// The last copy is on the disk.
    written: bool,
    /// Other programs wait for it.
    _lock: Option<File>,
}

/// A class that was read back.
#[derive(Debug)]
pub struct Saved {
    /// What it is beside its slides and votes.
    pub origin: Origin,
    session: Session,
    journal: Vec<(u64, Millis, Input)>,
    last: u64,
    folder: PathBuf,
    lock: Option<File>,
}

/// Lines of the journal that are on their way to the disk.
#[derive(Debug)]
pub struct Lines {
    /// The number of the last one.
    pub last: u64,
    files: Vec<Arc<File>>,
}

impl Lines {
    /// Waits until the disk has them: a power cut takes none of them any more.
    ///
    /// # Errors
    /// The system says no.
    pub fn sync(&self) -> io::Result<()> {
        self.files.iter().try_for_each(|file| file.sync_data())
    }
}

/// A class, ready to be written.
#[derive(Debug)]
pub struct Copy {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Copy {
    /// Writes it.
    ///
    /// # Errors
    /// The system says no; the last one is as it was.
    pub fn write(&self) -> io::Result<()> {
        store::replace(&self.path, &self.bytes)
    }
}

fn class(folder: &Path) -> PathBuf {
    folder.join("class.json")
}

fn deck(folder: &Path) -> PathBuf {
    folder.join("deck.json")
}

fn journal(folder: &Path, which: usize) -> PathBuf {
    folder.join(format!("votes.{which}"))
}

/// An empty journal, for its owner's eyes.
fn emptied(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn no(path: PathBuf) -> impl FnOnce(io::Error) -> KeepError {
    move |why| KeepError::Io { path, why }
}

impl Keep {
    /// A new class. One that is there already becomes `class.before.json`.
    ///
    /// # Errors
    /// The folder cannot be had.
    pub fn begin(folder: &Path, origin: Origin, session: &Session) -> Result<Self, KeepError> {
        store::make(folder).map_err(no(folder.to_owned()))?;
        let lock = store::lock(&class(folder))?;
        Self::put_aside(folder)?;
        let slides = serde_json::to_vec(&Slides { v: VERSION, deck: session.deck() });
        let slides = slides.map_err(|e| no(deck(folder))(e.into()))?;
        store::replace(&deck(folder), &slides).map_err(no(deck(folder)))?;
        Self::open(folder, origin, session, 0, lock)
    }

    /// A class that is kept there becomes `class.before.json`: nobody goes on with it.
    ///
    /// # Errors
    /// The system says no.
    pub fn put_aside(folder: &Path) -> Result<(), KeepError> {
        for (path, before) in [(class(folder), "class.before.json"), (deck(folder), "deck.before.json")] {
            let before = folder.join(before);
            if path.exists() {
                fs::rename(path, &before).map_err(no(before))?;
            }
        }
        Ok(())
    }

    fn open(
        folder: &Path,
        origin: Origin,
        session: &Session,
        last: u64,
        lock: Option<File>,
    ) -> Result<Self, KeepError> {
        // The class first, and only then its journals are emptied: what is in them may be needed until it is written.
        let form = Form { v: VERSION, origin: origin.clone(), input: last, session };
        let bytes = serde_json::to_vec(&form).map_err(|e| no(class(folder))(e.into()))?;
        store::replace(&class(folder), &bytes).map_err(no(class(folder)))?;
        let [file, _] = [0, 1].map(|which| emptied(&journal(folder, which)).map_err(no(journal(folder, which))));
        let (journal, folder) = (Arc::new(file?), folder.to_owned());
        // The journals' names, too; where a folder cannot be opened, the system sees to it.
        let _ = File::open(&folder).and_then(|folder| folder.sync_all());
        Ok(Self { folder, origin, journal, unsynced: Vec::new(), which: 0, last, written: true, _lock: lock })
    }

    /// How the class is made again.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// It goes by another room code now.
    pub fn goes_by(&mut self, code: String) {
        self.origin.code = Some(code);
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an input down that was taken.
    ///
    /// # Errors
    /// The system says no.
    pub fn note(&mut self, input: &Input, at: Millis) -> io::Result<()> {
        self.last += 1;
        let mut line = serde_json::to_vec(&Line { n: self.last, at, input })?;
        line.push(b'\n');
        if !self.unsynced.iter().any(|file| Arc::ptr_eq(file, &self.journal)) {
            self.unsynced.push(Arc::clone(&self.journal));
        }
        (&*self.journal).write_all(&line)
    }

    /// The number of the last input that was noted.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The lines that nobody has waited for yet.
    pub fn lines(&mut self) -> Lines {
        Lines { last: self.last, files: std::mem::take(&mut self.unsynced) }
    }

    /// Takes a copy of the class, to be written. If the last one was, the other journal begins.
    ///
    /// # Errors
    /// The journal cannot be emptied.
    pub fn copy(&mut self, session: &Session) -> io::Result<Copy> {
        let form = Form { v: VERSION, origin: self.origin.clone(), input: self.last, session };
        let bytes = serde_json::to_vec(&form)?;
        if self.written {
            let which = 1 - self.which;
            self.journal = Arc::new(emptied(&journal(&self.folder, which))?);
            (self.which, self.written) = (which, false);
        }
        Ok(Copy { path: class(&self.folder), bytes })
    }

    /// The last copy has been written.
    pub fn wrote(&mut self) {
        self.written = true;
    }
}

impl Saved {
    /// Whether a class is kept there.
    pub fn is_there(folder: &Path) -> bool {
        class(folder).is_file()
    }

    /// Reads the class that was kept last.
    ///
    /// # Errors
    /// There is none, another program runs it, or it cannot be understood.
    pub fn read(folder: &Path) -> Result<Self, KeepError> {
        let path = class(folder);
        if !path.is_file() {
            return Err(KeepError::None(folder.to_owned()));
        }
        let lock = store::lock(&path)?;
        Ok(Self { lock, ..Self::look(folder)? })
    }

    /// Reads it only to look at it: it may be running.
    ///
    /// # Errors
    /// There is none, or it cannot be understood.
    pub fn look(folder: &Path) -> Result<Self, KeepError> {
        let path = class(folder);
        if !path.is_file() {
            return Err(KeepError::None(folder.to_owned()));
        }
        let form: Form<Session> = form(&path)?;
        let slides: Slides<Deck> = self::form(&deck(folder))?;
        let session = form.session.resumed(Arc::new(slides.deck)).ok_or_else(|| KeepError::Broken {
            path: path.clone(),
            why: "it has other slides than deck.json beside it".to_owned(),
        })?;
        let mut all = Vec::new();
        for which in [0, 1] {
            let path = journal(folder, which);
            let text = if path.is_file() { read(&path).map_err(no(path))? } else { Vec::new() };
            // A line that was cut was acknowledged to nobody.
            let lines = text.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice::<Line<Input>>(line).ok());
            all.extend(lines.filter(|line| line.n > form.input).map(|line| (line.n, line.at, line.input)));
        }
        all.sort_by_key(|(n, ..)| *n);
        all.dedup_by_key(|(n, ..)| *n);
        let last = all.last().map_or(form.input, |(n, ..)| *n);
        let folder = folder.to_owned();
        Ok(Self { origin: form.origin, session, journal: all, last, folder, lock: None })
    }

    /// Goes on with it: everybody has to come back.
    ///
    /// # Errors
    /// Its journal does not fit, or nothing can be written.
    pub fn resume(self, address: std::net::SocketAddr) -> Result<(Session, Keep), KeepError> {
        let mut session = self.session()?;
        session.all_left();
        let origin = Origin { address, ..self.origin };
        let keep = Keep::open(&self.folder, origin, &session, self.last.saturating_add(SKIPPED), self.lock)?;
        Ok((session, keep))
    }

    /// The class as it was at the last input.
    ///
    /// # Errors
    /// Its journal does not fit.
    pub fn session(&self) -> Result<Session, KeepError> {
        let path = class(&self.folder);
        let mut session = self.session.clone();
        for (n, at, input) in &self.journal {
            session.take(input, *at).map_err(|why| KeepError::Broken {
                path: path.clone(),
                why: format!("input {n} of the journal is refused: {why}"),
            })?;
        }
        Ok(session)
    }
}

/// What a file of ours says, in the form that this program knows.
fn form<F: for<'de> Deserialize<'de>>(path: &Path) -> Result<F, KeepError> {
    /// The one thing that every form has.
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let broken = |why: String| KeepError::Broken { path: path.to_owned(), why };
    let bytes = read(path).map_err(no(path.to_owned()))?;
    let Version { v } = serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))?;
    if v != VERSION {
        return Err(broken(format!("its form is {v}, and this program knows {VERSION}")));
    }
    serde_json::from_slice(&bytes).map_err(|e| broken(e.to_string()))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::deck::Slide;
    use super::super::session::{Command, Done};
    use super::*;
    use crate::ask::{Choice, Task};

    /// A folder, empty, and gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("osi-tutor-class-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn deck() -> Arc<Deck> {
        let choices = ["x", "y"].map(|text| Choice { text: text.into(), betrays: None }).to_vec();
        let slide = Slide { task: Some(Task::Choose { choices, right: 0 }), ..Slide::default() };
        Arc::new(Deck { slides: vec![slide], ..Deck::default() })
    }

    fn origin() -> Origin {
        Origin {
            capture: None,
            secret: "secret".into(),
            code: None,
            address: "127.0.0.1:8080".parse().unwrap(),
            rotate: None,
        }
    }

    fn vote(member: u32) -> Input {
        Input::Vote { member, slide: 0, round: 1, given: "1".into(), sure: true }
    }

    /// A class in which nine have come in; its vote is open.
    fn begun(folder: &Path) -> (Session, Keep) {
        let mut session = Session::new(deck(), 10);
        let mut keep = Keep::begin(folder, origin(), &session).unwrap();
        let join = |n: u32| Input::Join { token: None, fresh: format!("t{n}"), dice: u64::from(n) };
        let commands = [Command::Next, Command::Open].map(Input::Command);
        for input in (0..9).map(join).chain(commands) {
            session.take(&input, 5).unwrap();
            keep.note(&input, 5).unwrap();
        }
        (session, keep)
    }

    #[test]
    fn every_input_that_was_noted_is_there_after_a_kill_at_any_moment() {
        // The kill comes some votes after the copy was taken; the copy was written, or not yet.
        for (votes, written) in [(0, true), (3, true), (3, false), (9, true), (9, false)] {
            let folder = Folder::new(&format!("kill-{votes}-{written}"));
            let (mut session, mut keep) = begun(&folder.0);
            for id in 1..=votes {
                if id == 2 {
                    let copy = keep.copy(&session).unwrap();
                    if written {
                        copy.write().unwrap();
                        keep.wrote();
                    }
                }
                session.take(&vote(id), 9).unwrap();
                keep.note(&vote(id), 9).unwrap();
            }
            drop(keep);
            let saved = Saved::read(&folder.0).unwrap();
            assert_eq!(saved.origin, origin());
            let (mut again, mut keep) = saved.resume(origin().address).unwrap();
            assert_eq!(again.count().answered, votes as usize, "{votes} votes, copy written: {written}");
            assert_eq!(again.count().here, votes as usize, "who has not voted must come back first");
            let back = Input::Join { token: Some("t4".into()), fresh: "t99".into(), dice: 0 };
            assert_eq!(again.take(&back, 10), Ok(Done::Joined(5, false)));
            keep.note(&back, 10).unwrap();
            again.take(&vote(5), 11).unwrap();
            keep.note(&vote(5), 11).unwrap();
            drop(keep);
            let (last, _) = Saved::read(&folder.0).unwrap().resume(origin().address).unwrap();
            assert_eq!(last.count().answered, (votes as usize).max(votes as usize + usize::from(votes < 5)));
        }
    }

    #[test]
    fn a_line_that_was_cut_is_left_out_and_what_is_no_class_is_refused() {
        let folder = Folder::new("cut");
        assert!(matches!(Saved::read(&folder.0), Err(KeepError::None(_))));
        let (_, keep) = begun(&folder.0);
        (&*keep.journal).write_all(b"{\"n\":12,\"at\":5,\"input\":{\"vo").unwrap();
        drop(keep);
        assert_eq!(Saved::read(&folder.0).unwrap().journal.len(), 11);
        let slides = Slides { v: VERSION, deck: Deck::default() };
        fs::write(super::deck(&folder.0), serde_json::to_vec(&slides).unwrap()).unwrap();
        let changed = Saved::read(&folder.0).unwrap_err();
        assert!(changed.to_string().contains("other slides"), "{changed}");
        fs::write(super::deck(&folder.0), r#"{"v":1,"deck":{}}"#).unwrap();
        let old = Saved::read(&folder.0).unwrap_err();
        assert!(old.to_string().contains("its form is 1"), "{old}");
        fs::write(class(&folder.0), "[1,2]").unwrap();
        assert!(matches!(Saved::read(&folder.0), Err(KeepError::Broken { .. })));
    }

    #[test]
    fn lines_are_synced_once_also_those_of_the_journal_before() {
        let folder = Folder::new("sync");
        let (session, mut keep) = begun(&folder.0);
        let lines = keep.lines();
        assert_eq!((lines.last, lines.files.len()), (11, 1));
        lines.sync().unwrap();
        assert_eq!(keep.lines().files.len(), 0, "nothing new");
        keep.note(&vote(1), 9).unwrap();
        keep.copy(&session).unwrap();
        keep.note(&vote(2), 9).unwrap();
        let lines = keep.lines();
        assert_eq!((lines.last, lines.files.len()), (13, 2), "a vote of each journal waits");
    }

    #[test]
    fn a_new_class_puts_the_old_one_aside() {
        let folder = Folder::new("aside");
        drop(begun(&folder.0));
        drop(begun(&folder.0));
        assert!(["class.before.json", "deck.before.json"].iter().all(|name| folder.0.join(name).is_file()));
    }
}
