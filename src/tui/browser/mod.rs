//! Packets in a list, the seven layers of one of them, and its bytes: of a capture, a file or a simulation.
//!
//! Read [`Browser`] (what is there, and what a key does to it), then `draw` (where it is on the screen). A thread reads
//! the source, and each of its frames once; what it gives is kept whole, so that pausing loses nothing. What is shown of a
//! frame is read again, from the checkpoint before it. Other threads filter.

pub(super) mod bytes;
mod draw;
mod find;
mod help;
mod job;
mod keys;
mod mouse;
mod own;
mod predict;
mod run;
mod sift;
mod talks;

pub use own::check as check_columns;
pub use run::{rehearse, run};

use crate::browse::pass::{BEFORE, Line, Lines, Walk};
use crate::browse::store::{Batch, Kept, Replay, Store};
use crate::browse::{LayerLine, Look};
use crate::filter::Filter;
use crate::flow::Limits;
use crate::model::Osi;
use crate::source::{Again, Source};
use crate::tutor::{Audience, Texts};
use crate::view::mask::Mask;
use crate::view::measure::width;
use find::{Needle, Seek};
use job::{Job, Outcome, Progress};
use mouse::Places;
use own::Own;
use predict::Prediction;
use sift::Sift;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use talks::Talks;

/// Frames of a block: the most that are read again for a packet's details.
const BLOCK: usize = 8192;
/// Looked-at packets that stay at hand, so that going back one by one is cheap.
const RECENT: usize = 256;
/// Of the packets before one, those that are looked at with it.
const NEAR: usize = 24;

/// How a browser begins.
pub struct Options {
    /// Where the packets come from, in words.
    pub origin: String,
    /// The first filter; empty for none.
    pub filter: String,
    /// Fields that are columns of the list, by their names; empty for none.
    pub columns: String,
    /// For whom packets are explained.
    pub audience: Audience,
    /// The texts.
    pub texts: Texts,
    /// What the memory of connections may hold.
    pub limits: Limits,
    /// Bytes that are kept of frames: their own, unless they stay in a file, and some about each.
    pub room: usize,
    /// Whether there are colours.
    pub color: bool,
    /// The views that a key opens on a whole capture.
    pub views: Views,
}

/// What draws a page about packets that are kept: the lines of the command of the same name, without colours.
pub type View = Arc<dyn Fn(&mut dyn Source, u32, usize) -> Result<String, String> + Send + Sync>;

/// What says what a field means, by its name.
pub type Meaning = Box<dyn Fn(&str) -> Option<String>>;

/// What tells both timelines, with and without a fault, for a width in columns.
pub type Broken = Box<dyn Fn(&str, usize) -> Result<String, String>>;

/// What tells where the packet of a frame, by its number, was seen on its way.
///
/// It asks at each frame that it reads whether it should go on.
pub type Hops = Arc<dyn Fn(u64, &dyn Fn() -> bool) -> Result<String, String> + Send + Sync>;

/// What writes frames into a file that isn't there yet, and says how many.
pub type Keep = Arc<dyn Fn(&mut dyn Source, &Path) -> Result<u64, String> + Send + Sync>;

/// The pages that a key opens, each of a connection or of all packets, for a width in columns.
pub struct Views {
    /// Both ends of a TCP connection.
    pub ladder: View,
    /// What they said.
    pub follow: View,
    /// What both ends of a UDP conversation said.
    pub datagrams: View,
    /// Everything, counted.
    pub stats: View,
    /// A TCP connection over time.
    pub plot: View,
    /// One packet over all links, where they were simulated.
    pub hops: Option<Hops>,
    /// What a field means, by its name.
    pub field: Meaning,
    /// Both timelines of a simulation, with and without a fault; what was captured can't be undone.
    pub broken: Option<Broken>,
    /// Writes frames into a file that isn't there yet.
    pub write: Keep,
}

/// Which part of the screen hears the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pane {
    List,
    Layers,
    Bytes,
}

/// A line that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Filter,
    Columns,
    Find,
    Jump,
    Write,
    Break,
}

/// What is typed, and where the caret is.
#[derive(Debug)]
struct Typing {
    field: Field,
    text: String,
    /// In characters.
    caret: usize,
    /// What is wrong with it.
    wrong: Option<String>,
}

/// A page of text over the screen.
#[derive(Debug)]
struct Page {
    title: String,
    lines: Vec<String>,
    top: usize,
}

/// All that the screen shows, and what keys change.
#[expect(clippy::struct_excessive_bools, reason = "what a key turns on and off, and what became of the source")]
pub struct Browser {
    options: Options,
    store: Store,
    lines: Lines,
    walk: Walk,
    recent: Vec<Look>,
    /// The filter in force, and the one that is being made ready.
    sift: Option<Sift>,
    next: Option<Sift>,
    /// The place in what is shown.
    chosen: usize,
    top: usize,
    follows: bool,
    /// How many were shown when a pause began.
    held: Option<usize>,
    pane: Pane,
    zoomed: bool,
    /// Fewer columns and more space, for a room that looks at it.
    projector: bool,
    /// Who is hidden, while that is wanted; pseudonyms last as long as the program.
    masks: bool,
    mask: RefCell<Mask>,
    open: Vec<Osi>,
    line: usize,
    line_top: usize,
    byte: u32,
    marks: BTreeSet<usize>,
    /// Columns of the list beside the usual ones.
    own: Option<Own>,
    /// What is looked for in the frames, the search that is at work, and the byte that is chosen once its packet is read.
    needle: Option<Needle>,
    seek: Option<Seek>,
    landing: Option<u32>,
    typing: Option<Typing>,
    page: Option<Page>,
    /// What is made behind the screen.
    job: Option<Job>,
    /// The list of conversations, over the packets.
    talks: Option<Talks>,
    /// What is asked of the next packet.
    prediction: Option<Prediction>,
    notice: String,
    /// Nothing more will come.
    ended: bool,
    /// Its link is down.
    down: bool,
    /// What broke the source.
    broken: Option<String>,
    /// The packet whose bytes can't be had any more.
    gone: Option<usize>,
    /// How large the file was when it was read to its end, or when that was told last.
    size: Option<u64>,
    /// How long the making of lines may hold a drawing up.
    patience: Duration,
    /// Frames for which there was no room.
    refused: u64,
    left_out: u64,
    /// Rows of the list at the last drawing; a page is as long.
    rows: usize,
    /// Columns of the screen then.
    columns: usize,
    places: Places,
}

/// What a key asks of the program around the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Wish {
    /// Nothing.
    None,
    /// The end.
    Quit,
    /// To be stopped by the shell, as Ctrl-Z does.
    Suspend,
    /// This text in the clipboard.
    Copy(String),
}

impl Browser {
    #[cfg(test)]
    fn new(options: Options) -> Self {
        Self::over(options, None, BLOCK)
    }

    /// Over frames whose bytes stay in `again`, if anywhere, in blocks of so many.
    fn over(options: Options, again: Option<Arc<dyn Again>>, block: usize) -> Self {
        let store = Store::new(options.limits, again, block);
        let mut new = Self {
            lines: Lines::default(),
            walk: Walk::of(&store),
            store,
            recent: Vec::new(),
            sift: None,
            next: None,
            chosen: 0,
            top: 0,
            follows: false,
            held: None,
            pane: Pane::List,
            zoomed: false,
            projector: false,
            masks: false,
            mask: RefCell::default(),
            open: Vec::new(),
            line: 0,
            line_top: 0,
            byte: 0,
            marks: BTreeSet::new(),
            own: None,
            needle: None,
            seek: None,
            landing: None,
            typing: None,
            page: None,
            job: None,
            talks: None,
            prediction: None,
            notice: String::new(),
            ended: false,
            down: false,
            broken: None,
            gone: None,
            size: None,
            patience: Duration::from_millis(30),
            refused: 0,
            left_out: 0,
            rows: 1,
            columns: 80,
            places: Places::default(),
            options,
        };
        let columns = std::mem::take(&mut new.options.columns);
        if let Err(why) = new.show_columns(&columns) {
            new.notice = why;
        }
        let first = std::mem::take(&mut new.options.filter);
        if !first.is_empty()
            && let Err(why) = new.filter(&first)
        {
            new.notice = why;
        }
        new
    }

    /// The newest packet stays chosen, until somebody looks at another one.
    pub(in crate::tui) fn following(mut self) -> Self {
        self.follows = true;
        self
    }

    /// Frames that came.
    fn take(&mut self, batch: Batch) {
        self.refused += batch.refused;
        self.left_out += batch.left_out;
        self.store.add(batch);
    }

    /// The link of a capture went down, or came back.
    fn link(&mut self, down: bool) {
        self.down = down;
        let told =
            if down { "The link went down; the capture waits for it to come back" } else { "The link came back" };
        self.notice = told.into();
    }

    /// Nothing more will come: at the end, or because the source is broken.
    fn ended(&mut self, broken: Option<String>) {
        (self.ended, self.broken, self.size) = (true, broken, self.store.size());
    }

    /// Says it when the file that was read to its end is another one now.
    fn watch(&mut self) {
        let now = self.store.size();
        let Some((before, now)) = self.size.zip(now).filter(|(before, now)| before != now) else { return };
        self.size = Some(now);
        self.notice = if now > before {
            format!("The file has grown by {} bytes since it was read: open it again to see them", now - before)
        } else {
            // What was read ahead is gone, too.
            (self.walk, self.lines) = (Walk::of(&self.store), Lines::default());
            format!("The file was cut by {} bytes: packets that were there can't be shown", before - now)
        };
    }

    /// Goes on with a filter, and looks at the packet that is chosen, until `until`. Whether something is left to do.
    pub(in crate::tui) fn work(&mut self, until: Instant) -> bool {
        let mut busy = false;
        // The packet that somebody waits for comes first.
        let seen = self.look(until);
        for sift in [&mut self.next, &mut self.sift].into_iter().flatten() {
            busy |= sift.work(&self.store, until);
        }
        busy |= self.finish(until);
        busy |= self.seek_on(until) | self.count_talks(until);
        if self.ended {
            self.watch();
        }
        if self.next.as_ref().is_some_and(|next| next.seen() >= self.store.len()) {
            self.adopt();
        }
        if self.follows && self.held.is_none() {
            self.chosen = self.shown().saturating_sub(1);
        }
        self.chosen = self.chosen.min(self.shown().saturating_sub(1));
        let seen = self.look(until) && seen;
        self.land();
        !seen || busy
    }

    /// Begins something that takes long; what was begun before it is given up.
    fn start(&mut self, title: &str, all: Option<usize>, work: impl FnOnce(&Progress) -> Outcome + Send + 'static) {
        self.job = None;
        self.job = Job::begin(title, all, work);
        if self.job.is_none() {
            self.notice = "There's no thread left for it: the system has too many".into();
        }
    }

    /// Shows what a job came to, unless somebody types or reads something else. Whether it is still at work.
    fn finish(&mut self, until: Instant) -> bool {
        if self.typing.is_some() || self.page.is_some() || self.talks.is_some() || self.prediction.is_some() {
            return false;
        }
        let Some(job) = &self.job else { return false };
        let Some(outcome) = job.wait(until) else { return true };
        let (title, stopped) = (job.title.clone(), job.stopped());
        self.job = None;
        match outcome {
            Outcome::Page(_) if stopped => self.notice = format!("{title}: stopped"),
            Outcome::Page(text) => self.open_page(&title, &text),
            Outcome::Told(text) => self.notice = text,
        }
        false
    }

    /// The new filter is ready: the packet that was chosen stays so, or the next one that is shown.
    fn adopt(&mut self) {
        let place = self.place(self.chosen);
        self.sift = self.next.take();
        if let (Some(place), Some(sift)) = (place, &self.sift) {
            self.chosen = sift.found().partition_point(|&at| (at as usize) < place);
        }
    }

    /// Reads the chosen packet, from the one looked at last or from a checkpoint. `false`: not yet.
    fn look(&mut self, until: Instant) -> bool {
        let Some(index) = self.place(self.chosen) else { return true };
        if self.recent.iter().any(|look| look.index == index) {
            return true;
        }
        self.walk.approach(&self.store, index);
        let near = index.saturating_sub(NEAR);
        while self.walk.next() <= index {
            let at = self.walk.next();
            let far = at + BEFORE < index;
            if !(if far { self.walk.pass(&self.store) } else { self.walk.step(&self.store) }) {
                self.gone = Some(index);
                return true;
            }
            if at + BEFORE >= index {
                self.lines.keep(at, self.walk.packet());
            }
            if at == index || (at >= near && index - near > 1 && self.shows(at)) {
                let look = Look::at(at, self.walk.here(), self.options.audience, &self.options.texts);
                self.recent.retain(|old| old.index != at);
                self.recent.push(look);
                if self.recent.len() > RECENT {
                    self.recent.remove(0);
                }
            }
            if self.walk.next() <= index && self.walk.asks() && Instant::now() >= until {
                return false;
            }
        }
        true
    }

    /// Whether the filter lets this frame through.
    fn shows(&self, index: usize) -> bool {
        self.sift
            .as_ref()
            .is_none_or(|sift| sift.found().binary_search(&u32::try_from(index).unwrap_or(u32::MAX)).is_ok())
    }

    /// The chosen packet, once it was read.
    fn seen(&self) -> Option<&Look> {
        let index = self.place(self.chosen)?;
        self.recent.iter().find(|look| look.index == index)
    }

    /// A frame and its line in the list, as far as that was made.
    fn row(&self, place: usize) -> Option<(Kept, Option<&Line>)> {
        let kept = self.store.get(place)?;
        let line = self.sift.as_ref().and_then(|sift| sift.line(place));
        Some((kept, line.or_else(|| self.lines.get(place))))
    }

    /// Makes the lines of these places in what is shown, as far as there is time.
    fn make_lines(&mut self, shown: std::ops::Range<usize>) {
        let until = Instant::now() + self.patience;
        for at in shown {
            let Some(place) = self.place(at) else { return };
            let kept = self.sift.as_ref().is_some_and(|sift| sift.line(place).is_some());
            if !kept && !self.lines.make(&mut self.walk, &self.store, place, &mut || Instant::now() >= until) {
                return;
            }
        }
    }

    /// The lines of the layers' pane.
    fn lines(&self) -> Vec<LayerLine> {
        self.seen().map(|look| look.lines(&self.open)).unwrap_or_default()
    }

    /// How many packets are shown.
    fn shown(&self) -> usize {
        let all = self.sift.as_ref().map_or(self.store.len(), |sift| sift.found().len());
        all.min(self.held.unwrap_or(all))
    }

    /// The place in the store of the packet that is shown at this place.
    fn place(&self, shown: usize) -> Option<usize> {
        match &self.sift {
            Some(sift) => sift.found().get(shown).map(|&at| at as usize),
            None => (shown < self.store.len()).then_some(shown),
        }
    }

    /// Makes a filter ready; an empty one is none.
    fn filter(&mut self, text: &str) -> Result<(), String> {
        if text.trim().is_empty() {
            let place = self.place(self.chosen);
            (self.sift, self.next) = (None, None);
            self.chosen = place.unwrap_or(0);
            return Ok(());
        }
        // What was tried while it was typed isn't begun again when it's accepted.
        if self.next.as_ref().or(self.sift.as_ref()).is_some_and(|sift| sift.text == text) {
            return Ok(());
        }
        let filter = Filter::parse(text).map_err(|e| e.to_string())?;
        // What was known where somebody looked last makes room for what the threads know.
        self.walk = Walk::of(&self.store);
        self.next = Some(Sift::new(text, filter, &self.store));
        Ok(())
    }

    /// A text as the screen may show it: with pseudonyms, where masks are on.
    fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.masks { self.mask.borrow_mut().text(text).into() } else { text.into() }
    }

    /// Shows a page of text over everything else.
    fn open_page(&mut self, title: &str, text: &str) {
        let lines = text.lines().map(str::to_owned).collect();
        self.page = Some(Page { title: title.to_owned(), lines, top: 0 });
    }

    /// Asks what the next packet will be.
    fn predict(&mut self) {
        let shown = self.chosen + 1;
        let Some(place) = (shown < self.shown()).then(|| self.place(shown)).flatten() else {
            self.notice = "There's no next packet yet.".into();
            return;
        };
        self.prediction = Prediction::new(&self.store, place, shown, self.options.limits);
        if self.prediction.is_none() {
            self.notice = "The packets before don't decide anything about the next one. Try another.".into();
        }
    }

    /// Writes what is shown into a new file.
    fn write(&mut self, path: &str) {
        let (path, write) = (PathBuf::from(path.trim()), Arc::clone(&self.options.views.write));
        let (store, end) = (self.store.clone(), self.shown());
        let chosen = self.sift.as_ref().and_then(|sift| sift.found().get(..end)).map(<[u32]>::to_vec);
        self.start("Write", Some(end), move |progress| {
            let (mut kept, goes) = (Replay::all(&store), || progress.step());
            (kept.chosen, kept.end) = (chosen.as_deref(), end);
            kept.goes = Some(&goes);
            let written = write(&mut kept, &path);
            Outcome::Told(match written {
                Ok(n) if n < end as u64 => format!("Stopped: the first {n} of {end} packets are in {}", path.display()),
                Ok(n) => format!("{n} packets are in {}", path.display()),
                Err(why) => why,
            })
        });
    }
}

/// Columns of a text.
fn columns(text: &str) -> usize {
    width(text)
}

#[cfg(test)]
mod tests;
