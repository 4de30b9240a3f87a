//! Which frames a filter selects, found part by part.

use super::pass::{Line, Walk};
use super::store::Store;
use crate::filter::Filter;
use std::collections::HashMap;
use std::ops::Range;

/// Lines that are kept of each block: where a filter selects few packets, they are all that the list shows.
const LINES: usize = 64;

/// What is wanted, and whether its details must be read to know.
#[derive(Clone)]
pub struct Wanted {
    filter: Filter,
    details: bool,
}

impl Wanted {
    /// What a filter selects.
    pub fn by(filter: Filter) -> Self {
        Self { details: filter.reads_details(), filter }
    }

    /// Reads the next frame, as far as it matters, if there is one.
    pub fn read(&self, walk: &mut Walk, store: &Store) -> bool {
        if self.details { walk.step(store) } else { walk.pass(store) }
    }
}

/// What was found in some frames.
pub struct Part {
    /// Those that were looked at.
    pub frames: Range<usize>,
    found: Vec<u32>,
    lines: Vec<(u32, Line)>,
}

impl Part {
    /// Nothing yet of these frames.
    pub fn new(frames: Range<usize>) -> Self {
        Self { frames, found: Vec::new(), lines: Vec::new() }
    }

    /// Looks at the frames that `found` has not seen, at most to the end of their block, as long as it `goes`.
    pub fn after(
        found: &Found,
        wanted: &Wanted,
        walk: &mut Walk,
        store: &Store,
        goes: &mut dyn FnMut(&Walk) -> bool,
    ) -> Self {
        let end = store.len().min((found.done / found.block + 1) * found.block);
        let mut part = Self::new(found.done..found.done);
        walk.approach(store, found.done);
        while part.frames.end < end {
            let at = walk.next();
            if !wanted.read(walk, store) {
                // Its bytes are gone: no filter can say anything about the rest.
                part.frames.end = store.len();
                break;
            }
            if at == part.frames.end {
                part.take(wanted, at, walk);
                part.frames.end += 1;
            }
            if !goes(walk) {
                break;
            }
        }
        part
    }

    /// Takes the frame that was read last, if it's wanted.
    pub fn take(&mut self, wanted: &Wanted, at: usize, walk: &Walk) -> bool {
        let Some(at) = u32::try_from(at).ok().filter(|_| wanted.filter.matches(walk.packet())) else { return false };
        if self.lines.len() < LINES {
            self.lines.push((at, Line::of(walk.packet())));
        }
        self.found.push(at);
        true
    }
}

/// All that was found so far.
pub struct Found {
    places: Vec<u32>,
    lines: HashMap<u32, Line>,
    done: usize,
    block: usize,
}

impl Found {
    /// Nothing yet in a store.
    pub fn new(store: &Store) -> Self {
        Self { places: Vec::new(), lines: HashMap::new(), done: 0, block: store.block() }
    }

    /// Takes what was found in the frames that come next.
    pub fn add(&mut self, part: Part) {
        // Of a block that comes in several parts, the first lines are enough.
        let first = part.frames.start / self.block * self.block;
        let before = self.places.len() - self.places.partition_point(|&at| (at as usize) < first);
        self.lines.extend(part.lines.into_iter().take(LINES.saturating_sub(before)));
        self.done = part.frames.end;
        self.places.extend(part.found);
    }

    /// How many frames were looked at.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The places of those that were selected.
    pub fn places(&self) -> &[u32] {
        &self.places
    }

    /// The line of a frame that was selected, if it was kept.
    pub fn line(&self, at: usize) -> Option<&Line> {
        self.lines.get(&u32::try_from(at).ok()?)
    }
}
