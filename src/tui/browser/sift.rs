//! Which frames a filter selects. Blocks that are complete are read by as many threads as there are processors, each block from
//! its checkpoint; what comes after them is read here, as it comes.

use crate::browse::pass::{Line, Walk};
use crate::browse::sift::{Found, Part, Wanted};
use crate::browse::store::Store;
use crate::filter::Filter;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

/// Complete blocks that are worth other threads.
const WORTH: usize = 2;
/// Blocks of one share of a thread.
const LARGEST: usize = 16;
/// More threads than these don't help.
const THREADS: usize = 8;

/// A filter, and what it has selected so far.
pub(super) struct Sift {
    pub(super) text: String,
    filter: Wanted,
    walk: Walk,
    found: Found,
    team: Option<Team>,
    /// No thread could be had.
    alone: bool,
}

/// Threads at work on blocks.
struct Team {
    parts: Receiver<Part>,
    /// Parts that came before others that are in front of them.
    early: BTreeMap<usize, Part>,
    end: usize,
    /// Frames that they have looked at.
    seen: Arc<AtomicUsize>,
    found: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Sift {
    pub(super) fn new(text: &str, filter: Filter, store: &Store) -> Self {
        Self {
            text: text.to_owned(),
            filter: Wanted::by(filter),
            walk: Walk::of(store),
            found: Found::new(store),
            team: None,
            alone: false,
        }
    }

    /// Goes on until `until`. Whether something is left to do.
    pub(super) fn work(&mut self, store: &Store, until: Instant) -> bool {
        loop {
            if self.team.is_some() {
                if !self.hear(until) {
                    return true;
                }
            } else if self.found.done() >= store.len() {
                return false;
            } else if !self.alone && store.len() / store.block() >= self.found.done() / store.block() + WORTH {
                self.team = Some(self.call(store));
            } else if !self.go_on(store, until) {
                return self.found.done() < store.len();
            }
        }
    }

    /// Reads the frames after the last complete block. `false`: there is no time, or no frame.
    fn go_on(&mut self, store: &Store, until: Instant) -> bool {
        let mut goes = true;
        let part = Part::after(&self.found, &self.filter, &mut self.walk, store, &mut |walk| {
            goes = !walk.asks() || Instant::now() < until;
            goes
        });
        self.found.add(part);
        goes
    }

    /// Lets threads look at all complete blocks.
    fn call(&self, store: &Store) -> Team {
        let end = store.len() / store.block() * store.block();
        let (send, parts) = channel();
        let [next, seen, found] = [self.found.done(), self.found.done(), self.found.places().len()]
            .map(|from| Arc::new(AtomicUsize::new(from)));
        let stop = Arc::new(AtomicBool::new(false));
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        for _ in 0..threads {
            let hand = Hand {
                store: store.clone(),
                filter: self.filter.clone(),
                end,
                threads,
                next: Arc::clone(&next),
                seen: Arc::clone(&seen),
                found: Arc::clone(&found),
                stop: Arc::clone(&stop),
                send: send.clone(),
            };
            // Without threads the frames are read here: the parts end at once, and nothing was done.
            let _ = std::thread::Builder::new().name("filter".into()).spawn(move || hand.work());
        }
        Team { parts, early: BTreeMap::new(), end, seen, found, stop }
    }

    /// Takes what the threads have found. Whether they are done.
    fn hear(&mut self, until: Instant) -> bool {
        loop {
            let Some(team) = &mut self.team else { return true };
            if let Some(part) = team.early.remove(&self.found.done()) {
                let end = team.end;
                self.found.add(part);
                if self.found.done() >= end {
                    self.team = None;
                }
                continue;
            }
            match team.parts.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(part) => drop(team.early.insert(part.frames.start, part)),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => {
                    (self.team, self.alone) = (None, true);
                    return true;
                }
            }
        }
    }

    /// How many frames were looked at.
    pub(super) fn seen(&self) -> usize {
        self.found.done().max(self.team.as_ref().map_or(0, |team| team.seen.load(Ordering::Relaxed)))
    }

    /// How many were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.places().len().max(self.team.as_ref().map_or(0, |team| team.found.load(Ordering::Relaxed)))
    }

    /// The places of those selected so far.
    pub(super) fn found(&self) -> &[u32] {
        self.found.places()
    }

    /// The line of a frame that was selected, if it was kept.
    pub(super) fn line(&self, at: usize) -> Option<&Line> {
        self.found.line(at)
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// One of the threads.
struct Hand {
    store: Store,
    filter: Wanted,
    end: usize,
    threads: usize,
    next: Arc<AtomicUsize>,
    seen: Arc<AtomicUsize>,
    found: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    send: Sender<Part>,
}

impl Hand {
    fn work(self) {
        let (mut walk, block) = (Walk::of(&self.store), self.store.block());
        while let Some(share) = self.next_share() {
            let mut at = share.start;
            while at < share.end && !self.stop.load(Ordering::Relaxed) {
                let frames = at..(at / block + 1) * block;
                at = frames.end;
                // Nobody may want to know any more.
                if self.send.send(self.look_at(frames, &mut walk)).is_err() {
                    return;
                }
            }
        }
    }

    fn look_at(&self, frames: Range<usize>, walk: &mut Walk) -> Part {
        let mut part = Part::new(frames.clone());
        walk.approach(&self.store, frames.start);
        while walk.next() < frames.end {
            let at = walk.next();
            // What can't be read any more isn't selected.
            if self.stop.load(Ordering::Relaxed) || !self.filter.read(walk, &self.store) {
                break;
            }
            if at >= frames.start {
                self.seen.fetch_add(1, Ordering::Relaxed);
                if part.take(&self.filter, at, walk) {
                    self.found.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        part
    }

    /// The next blocks that nobody has: fewer towards the end, so that all threads are done at the same time.
    fn next_share(&self) -> Option<Range<usize>> {
        let to = |at: usize| share(at, self.end, self.store.block(), self.threads);
        let free = |at| (at < self.end && !self.stop.load(Ordering::Relaxed)).then(|| to(at));
        let at = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        Some(at..to(at))
    }
}

/// Where the share of a thread ends that takes what begins at `at`: at the end of a block. To begin at a checkpoint costs
/// time, so shares are large; what a thread learns on its way takes memory, so they aren't larger.
pub(super) fn share(at: usize, end: usize, block: usize, threads: usize) -> usize {
    let first = at / block;
    let blocks = (end / block).saturating_sub(first) / (2 * threads);
    (first + blocks.clamp(1, LARGEST)) * block
}
