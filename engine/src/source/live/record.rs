//! A capture that waits for nobody: a thread of its own owns the socket and the file, and hands on what the screen can
//! follow. What is too much for the screen is left out there and counted; the file has it all.
//!
//! Read [`record`], then [`Screen`], the source of what is shown. Between them are two shelves of frames: the thread
//! fills one while the screen empties the other. Neither grows beyond a bound, and both are used again and again.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Live;
use crate::model::{Interface, LinkType, RawFrame, Time};
use crate::source::file::Writer;
use crate::source::{Source, SourceError, Step};

/// How many frames may wait for the screen, twice over.
const MOST_FRAMES: usize = 1 << 15;
/// How many bytes of frames may wait for the screen, twice over.
const MOST_BYTES: usize = 16 << 20;
/// The screen is told at the latest after so many frames.
const ROUND: usize = 1 << 10;
/// How long frames gather in the kernel before the next are fetched: one by one they would cost far more.
const GATHER: Duration = Duration::from_millis(2);
/// How long the thread goes on fetching what the kernel still holds when it is told to end.
const REST: Duration = Duration::from_millis(200);
/// It ends when the kernel has been silent for so long.
const LATE: Duration = Duration::from_millis(50);
/// How long to wait for a thread that was told to end; a pipe that nobody empties may hold it for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// Says which frames are wanted.
pub type Choice = Box<dyn FnMut(&RawFrame) -> bool + Send>;

/// What the thread shall do with the frames.
pub struct Wish {
    /// Where to write them.
    pub write: Option<Writer>,
    /// Makes the choice of frames, in the thread that uses it; without one all are wanted.
    pub choose: Option<Box<dyn FnOnce() -> Choice + Send>>,
    /// End after so many: written where they are written, else handed to the screen.
    pub count: Option<u64>,
    /// Whether anybody looks.
    pub screen: bool,
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    /// Frames that came.
    pub captured: u64,
    /// Frames that were wanted: written, if anything was.
    pub wanted: u64,
    /// Wanted frames after the last one that the screen took.
    pub unseen: u64,
    /// Frames that the kernel threw away, as far as the system tells.
    pub dropped: Option<u64>,
    /// How often the link went down or came back.
    pub changes: u32,
    /// The interface was removed.
    pub gone: bool,
    /// The thread did not end in time: it waits for whoever should read what it writes.
    pub stuck: bool,
}

/// The frames for the screen, as a source.
pub struct Screen {
    shared: Arc<Shared>,
    shelf: Shelf,
    /// How many frames of the shelf were given.
    given: usize,
    chosen: bool,
    left_out: u64,
    /// Frames were given since the last [`Step::Idle`].
    fresh: bool,
}

/// What steers a recording.
pub struct Reins {
    shared: Arc<Shared>,
}

/// What the thread and the screen share.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
    stop: AtomicBool,
    changes: AtomicU32,
}

#[derive(Default)]
struct State {
    shelf: Shelf,
    /// Wanted frames that found no room since the last one that did.
    left_out: u64,
    ended: bool,
    error: Option<SourceError>,
    sum: Sum,
}

/// Frames, one behind the other.
#[derive(Default)]
struct Shelf {
    heads: Vec<Head>,
    bytes: Vec<u8>,
}

/// What is known of a frame, and where its bytes end.
struct Head {
    number: u64,
    time: Time,
    len: u32,
    link: LinkType,
    interface: Option<Arc<Interface>>,
    checksum_pending: bool,
    wanted: bool,
    /// Wanted frames that were left out before it.
    left_out: u64,
    start: usize,
    end: usize,
}

/// Begins to record what `live` gives. From here on it is the thread's.
///
/// # Errors
/// The system has no thread left.
pub fn record(live: Live, wish: Wish) -> std::io::Result<(Screen, Reins)> {
    let shared = Arc::new(Shared::default());
    let theirs = Arc::clone(&shared);
    thread::Builder::new().name("record".into()).spawn(move || {
        let mut recorder = Recorder { live, shared: &theirs, sum: Sum::default() };
        let done = recorder.run(wish);
        recorder.end(done.err());
    })?;
    let screen = Screen {
        shared: Arc::clone(&shared),
        shelf: Shelf::default(),
        given: 0,
        chosen: true,
        left_out: 0,
        fresh: false,
    };
    Ok((screen, Reins { shared }))
}

impl Reins {
    /// Asks the thread to end, and does not wait for that. What the kernel still holds is recorded.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// How often the link went down or came back so far. It is down while the number is odd.
    pub fn changes(&self) -> u32 {
        self.shared.changes.load(Ordering::Relaxed)
    }

    /// Ends the recording, and says what became of it; with the error that the screen was not asked for.
    pub fn end(self, screen: Option<&Screen>) -> (Sum, Option<SourceError>) {
        self.stop();
        let waits = |state: &mut State| !state.ended;
        let state = self.shared.state();
        let waited = self.shared.news.wait_timeout_while(state, PATIENCE, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut sum = state.sum;
        sum.stuck = !state.ended;
        sum.changes = self.changes();
        sum.unseen = state.left_out + state.shelf.wanted(0) + screen.map_or(0, |s| s.shelf.wanted(s.given));
        (sum, state.error.take())
    }
}

impl Source for Screen {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        if self.given == self.shelf.heads.len()
            && let Some(step) = self.fetch()?
        {
            return Ok(step);
        }
        let Some(head) = self.shelf.heads.get_mut(self.given) else { return Ok(Step::Idle) };
        self.given += 1;
        self.fresh = true;
        self.chosen = head.wanted;
        self.left_out = self.left_out.saturating_add(head.left_out);
        frame.number = head.number;
        frame.time = head.time;
        frame.len = head.len;
        frame.link = head.link;
        frame.interface = head.interface.take();
        frame.checksum_pending = head.checksum_pending;
        frame.remark = None;
        frame.comment.clear();
        frame.bytes.clear();
        frame.bytes.extend_from_slice(self.shelf.bytes.get(head.start..head.end).unwrap_or(&[]));
        Ok(Step::Frame)
    }

    fn left_out(&mut self) -> u64 {
        mem::take(&mut self.left_out)
    }

    fn chosen(&self) -> Option<bool> {
        Some(self.chosen)
    }

    fn down(&self) -> bool {
        !self.shared.changes.load(Ordering::Relaxed).is_multiple_of(2)
    }
}

impl Screen {
    /// Takes what the thread has filled. `None` says that there are frames.
    fn fetch(&mut self) -> Result<Option<Step>, SourceError> {
        self.shelf.clear();
        self.given = 0;
        let mut state = self.shared.state();
        if state.shelf.heads.is_empty() && !state.ended {
            // Who shows what came wants to hand it on before the wait.
            if mem::take(&mut self.fresh) {
                return Ok(Some(Step::Idle));
            }
            let empty = |state: &mut State| state.shelf.heads.is_empty() && !state.ended;
            let waited = self.shared.news.wait_timeout_while(state, super::WAIT, empty);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        mem::swap(&mut state.shelf, &mut self.shelf);
        if !self.shelf.heads.is_empty() {
            return Ok(None);
        }
        if !state.ended {
            return Ok(Some(Step::Idle));
        }
        state.error.take().map_or(Ok(Some(Step::End)), Err)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    /// Puts a frame down; `false` when there is no room.
    fn put(&mut self, frame: &RawFrame, wanted: bool, left_out: u64) -> bool {
        let (start, end) = (self.bytes.len(), self.bytes.len().saturating_add(frame.bytes.len()));
        if self.heads.len() >= MOST_FRAMES || end > MOST_BYTES {
            return false;
        }
        self.bytes.extend_from_slice(&frame.bytes);
        self.heads.push(Head {
            number: frame.number,
            time: frame.time,
            len: frame.len,
            link: frame.link,
            interface: frame.interface.clone(),
            checksum_pending: frame.checksum_pending,
            wanted,
            left_out,
            start,
            end,
        });
        true
    }

    /// How many wanted frames stand there from `given` on, those counted that were left out between them.
    fn wanted(&self, given: usize) -> u64 {
        let rest = self.heads.get(given..).unwrap_or(&[]);
        rest.iter().map(|head| u64::from(head.wanted) + head.left_out).sum()
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
    }
}

/// The thread.
struct Recorder<'s> {
    live: Live,
    shared: &'s Shared,
    sum: Sum,
}

impl Recorder<'_> {
    fn run(&mut self, wish: Wish) -> Result<(), SourceError> {
        let Wish { mut write, choose, count, screen } = wish;
        let mut choose = choose.map(|make| make());
        let mut frame = RawFrame::default();
        let (mut since, mut stopping, mut handed) = (0_usize, None, 0);
        let done = loop {
            if self.shared.stop.load(Ordering::Relaxed) {
                let until = *stopping.get_or_insert_with(|| Instant::now() + REST);
                if Instant::now() >= until {
                    break Ok(());
                }
            }
            match self.live.next(&mut frame) {
                Ok(Step::Frame) => {}
                Ok(Step::Idle) => {
                    self.shared.changes.store(self.live.changes(), Ordering::Relaxed);
                    // What came before the word to end may be a little late.
                    if stopping.is_some_and(|until: Instant| Instant::now() + REST >= until + LATE) {
                        break Ok(());
                    }
                    if mem::take(&mut since) > 0 {
                        self.shared.news.notify_all();
                        if let Err(e) = write.as_mut().map_or(Ok(()), Writer::flush) {
                            break Err(e);
                        }
                        thread::sleep(GATHER);
                    }
                    continue;
                }
                Ok(Step::End) => break Ok(()),
                Err(e) => break Err(e),
            }
            since += 1;
            let wanted = choose.as_mut().is_none_or(|choose| choose(&frame));
            self.sum.wanted += u64::from(wanted);
            if let Some(w) = write.as_mut().filter(|_| wanted)
                && let Err(e) = w.write(&frame)
            {
                break Err(e);
            }
            if screen {
                handed += u64::from(self.hand_on(&frame, wanted));
                if since.is_multiple_of(ROUND) {
                    self.shared.news.notify_all();
                }
            }
            let counted = if write.is_some() || !screen { self.sum.wanted } else { handed };
            if count.is_some_and(|count| counted >= count) {
                break Ok(());
            }
        };
        done.and(write.as_mut().map_or(Ok(()), Writer::flush))
    }

    /// Lays a frame out for the screen; `false` when there is no room.
    fn hand_on(&self, frame: &RawFrame, wanted: bool) -> bool {
        let mut state = self.shared.state();
        let left_out = state.left_out;
        let room = state.shelf.put(frame, wanted, left_out);
        if room {
            state.left_out = 0;
        } else {
            state.left_out += u64::from(wanted);
        }
        room
    }

    fn end(mut self, error: Option<SourceError>) {
        let mut state = self.shared.state();
        self.sum.captured = self.live.captured();
        self.sum.dropped = self.live.dropped();
        self.sum.gone = self.live.gone();
        self.shared.changes.store(self.live.changes(), Ordering::Relaxed);
        state.sum = self.sum;
        state.error = error;
        state.ended = true;
        drop(state);
        self.shared.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(shared: &Arc<Shared>) -> Screen {
        let shared = Arc::clone(shared);
        Screen { shared, shelf: Shelf::default(), given: 0, chosen: true, left_out: 0, fresh: false }
    }

    #[test]
    fn what_finds_no_room_on_the_screen_is_counted_at_the_next_frame_that_does() {
        let shared = Arc::new(Shared::default());
        let mut screen = screen(&shared);
        let mut number = 0;
        let mut give = |n: usize| {
            let mut state = shared.state();
            for _ in 0..n {
                number += 1;
                let left_out = state.left_out;
                let room = state.shelf.put(&RawFrame::whole(number, vec![1; 60]), true, left_out);
                state.left_out = if room { 0 } else { left_out + 1 };
            }
        };
        give(MOST_FRAMES + 12);
        let mut frame = RawFrame::default();
        for n in 1..=MOST_FRAMES {
            assert_eq!(screen.next(&mut frame).unwrap(), Step::Frame);
            assert_eq!((frame.number, screen.left_out()), (n as u64, 0));
        }
        assert_eq!(screen.next(&mut frame).unwrap(), Step::Idle, "what came is shown before the wait");
        give(2);
        assert_eq!(screen.next(&mut frame).unwrap(), Step::Frame);
        assert_eq!((frame.number, screen.left_out()), (MOST_FRAMES as u64 + 13, 12));
        assert_eq!(screen.next(&mut frame).unwrap(), Step::Frame);
        assert_eq!(screen.left_out(), 0);
    }

    #[test]
    fn large_frames_are_bounded_by_their_bytes() {
        let mut shelf = Shelf::default();
        let frame = RawFrame::whole(1, vec![0; 65_000]);
        let held = (0..MOST_FRAMES).take_while(|_| shelf.put(&frame, true, 0)).count();
        assert_eq!(held, MOST_BYTES / 65_000);
        assert!(shelf.bytes.len() <= MOST_BYTES);
    }
}
