//! Passes over the frames: one that reads each when it comes, and those that read some of them again.

use super::store::{Batch, Packer, Store, Window};
use crate::filter::is_unusual;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::{Osi, Packet, RawFrame, Wanted};
use crate::view::{brief, mask};
use std::collections::HashMap;

/// Lines that are kept: more than any screen shows.
const LINES: usize = 1 << 13;
/// Of the frames before one, those whose lines are made with it.
pub const BEFORE: usize = 128;
/// After so many frames it is asked whether there is time for more.
pub const ASK: usize = 64;

/// Reads each frame once, when it comes.
pub struct Index {
    reader: Reader,
    packer: Packer,
    block: usize,
    taken: usize,
    full: bool,
}

impl Index {
    /// Keeps at most `room` bytes; those of frames, too, unless they stay where they are.
    pub fn new(limits: Limits, room: usize, stays: bool, block: usize) -> Self {
        let mut reader = Reader::new(limits);
        reader.packet.wanted = Wanted::line(Vec::new());
        Self { reader, packer: Packer::new(room, stays), block, taken: 0, full: false }
    }

    /// Reads the next frame, whose bytes stay at `at`, and puts it into a batch, if there is room.
    pub fn take(&mut self, frame: &RawFrame, at: u64, batch: &mut Batch) {
        self.full = self.full || !self.packer.pack(frame, at, batch);
        if self.full {
            batch.refused += 1;
            return;
        }
        if self.taken.is_multiple_of(self.block) {
            let (checkpoint, cost) = self.reader.tracker.checkpoint();
            batch.start(checkpoint, cost);
        }
        self.taken += 1;
        self.reader.look(frame);
        if is_unusual(&self.reader.packet) {
            batch.odd();
        }
    }
}

/// Frames of the store in their order, with all that the frames before them have taught.
pub struct Walk {
    reader: Reader,
    window: Window,
    next: usize,
}

impl Walk {
    /// One that has read nothing.
    pub fn of(store: &Store) -> Self {
        Self { reader: Reader::new(store.limits()), window: Window::default(), next: 0 }
    }

    /// Goes to the last checkpoint before a frame, unless it is nearer already.
    pub fn approach(&mut self, store: &Store, to: usize) {
        let at = store.checkpoint_before(to);
        if self.next > to || self.next < at {
            // What is known here goes first: there is no room for both.
            self.reader = Reader::new(store.limits());
            self.reader = Reader::resume(store.resume(at));
            self.next = at;
        }
    }

    /// The place of the frame that is read next.
    pub fn next(&self) -> usize {
        self.next
    }

    /// Reads the next frame, if there is one.
    pub fn step(&mut self, store: &Store) -> bool {
        self.read(store, false)
    }

    /// The same without the details that no line and no later frame needs.
    pub fn pass(&mut self, store: &Store) -> bool {
        self.read(store, true)
    }

    fn read(&mut self, store: &Store, brief: bool) -> bool {
        self.reader.packet.wanted = if brief { Wanted::line(Vec::new()) } else { Wanted::all() };
        let read = store.frame(self.next, &mut self.reader.frame, &mut self.window);
        if read {
            self.reader.read();
            self.next += 1;
        }
        read
    }

    /// Whether it's time to ask if there is time for more: that may take longer than a step.
    pub fn asks(&self) -> bool {
        self.next.is_multiple_of(ASK)
    }

    /// The frame that was read last, and what is known after it.
    pub fn here(&self) -> &Reader {
        &self.reader
    }

    /// The frame that was read last.
    pub fn packet(&self) -> &Packet {
        &self.reader.packet
    }
}

/// What the list says of a packet.
#[derive(Clone, Debug)]
pub struct Line {
    /// Source, destination, protocol, message.
    text: Box<str>,
    /// Bytes of the first three.
    parts: [u8; 3],
    /// The layer of its protocol.
    pub osi: Osi,
    /// The names without dots that its fields say, for the masks.
    pub names: Vec<String>,
}

impl Line {
    /// Of the packet that was read last.
    pub fn of(packet: &Packet) -> Self {
        let [mut text, mut destination, mut protocol, mut message] = [const { String::new() }; 4];
        brief::ends_of(packet, &mut text, &mut destination);
        let osi = brief::subject_of(packet, &mut protocol, &mut message);
        let mut parts = [0; 3];
        for (part, added) in parts.iter_mut().zip([text.len(), destination.len(), protocol.len()]) {
            *part = u8::try_from(added).unwrap_or(0);
        }
        // Addresses and names of protocols are short; what isn't would take the place of the next.
        if [&text, &destination, &protocol].iter().all(|part| u8::try_from(part.len()).is_ok()) {
            text.extend([destination, protocol, message]);
        } else {
            (text, parts) = (message, [0; 3]);
        }
        Self { text: text.into(), parts, osi, names: mask::names(packet) }
    }

    /// Source, destination, protocol, message.
    pub fn columns(&self) -> [&str; 4] {
        let (mut rest, mut columns) = (&*self.text, [""; 4]);
        for (column, part) in columns.iter_mut().zip(self.parts) {
            (*column, rest) = rest.split_at_checked(usize::from(part)).unwrap_or(("", rest));
        }
        columns[3] = rest;
        columns
    }
}

/// The lines that were made last.
#[derive(Default)]
pub struct Lines {
    kept: HashMap<usize, Line>,
}

impl Lines {
    /// The line of a frame, if it was made.
    pub fn get(&self, index: usize) -> Option<&Line> {
        self.kept.get(&index)
    }

    /// Keeps the line of a frame. Whoever walks to a frame that is shown passes those before it, which are shown, too.
    pub fn keep(&mut self, index: usize, packet: &Packet) {
        if self.kept.len() >= LINES {
            self.kept.clear();
        }
        self.kept.entry(index).or_insert_with(|| Line::of(packet));
    }

    /// Makes the line of a frame, as long as it isn't `late`. `false`: there was no time.
    pub fn make(&mut self, walk: &mut Walk, store: &Store, index: usize, late: &mut dyn FnMut() -> bool) -> bool {
        if self.kept.contains_key(&index) {
            return true;
        }
        walk.approach(store, index);
        while walk.next() <= index {
            let here = walk.next();
            if !walk.pass(store) {
                return true;
            }
            if here + BEFORE >= index {
                self.keep(here, walk.packet());
            }
            if walk.next() <= index && walk.asks() && late() {
                return false;
            }
        }
        true
    }
}
