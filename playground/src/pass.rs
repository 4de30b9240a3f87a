//! Passes over the frames: one that reads each for its line, and one for each filter. They go on while nothing else
//! is to do, so that keys are always heard.

use crate::store::{Said, Store};
use osi_tutor::filter::{Filter, is_unusual};
use osi_tutor::flow::Limits;
use osi_tutor::flow::reader::Reader;
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::view::brief;

/// Reads each frame once, when it comes, and says its line.
pub(crate) struct Index {
    reader: Reader,
    said: Said,
}

impl Index {
    /// One that has read nothing.
    pub(crate) fn new(limits: Limits) -> Self {
        let mut reader = Reader::new(limits);
        reader.packet.summary_only = true;
        Self { reader, said: Said::default() }
    }

    /// Reads the next frame and keeps it. `false`: there is no room.
    pub(crate) fn take(&mut self, frame: &RawFrame, store: &mut Store) -> bool {
        self.reader.look(frame);
        let packet = &self.reader.packet;
        let said = &mut self.said;
        for part in [&mut said.source, &mut said.destination, &mut said.protocol, &mut said.message] {
            part.clear();
        }
        brief::ends_of(packet, &mut said.source, &mut said.destination);
        let osi = brief::subject_of(packet, &mut said.protocol, &mut said.message);
        said.osi = Some(osi);
        said.odd = is_unusual(packet);
        store.keep(frame, said)
    }
}

/// Frames of the store in their order, with all that the frames before them have taught.
pub(crate) struct Walk {
    reader: Reader,
    next: usize,
    limits: Limits,
}

impl Walk {
    /// At the first frame.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { reader: Reader::new(limits), next: 0, limits }
    }

    /// Begins again.
    pub(crate) fn rewind(&mut self) {
        self.reader = Reader::new(self.limits);
        self.next = 0;
    }

    /// The place of the frame that is read next.
    pub(crate) fn next(&self) -> usize {
        self.next
    }

    /// Reads the next frame, if there is one.
    pub(crate) fn step(&mut self, store: &Store) -> bool {
        let read = store.frame(self.next, &mut self.reader.frame);
        if read {
            self.reader.read();
            self.next += 1;
        }
        read
    }

    /// The frame that was read last, and what is known after it.
    pub(crate) fn here(&self) -> &Reader {
        &self.reader
    }

    /// The frame that was read last.
    pub(crate) fn packet(&self) -> &Packet {
        &self.reader.packet
    }
}

/// Which frames a filter selects.
pub(crate) struct Sift {
    filter: Filter,
    walk: Walk,
    found: Vec<usize>,
}

impl Sift {
    /// At the first frame.
    pub(crate) fn new(filter: Filter, limits: Limits) -> Self {
        let mut walk = Walk::new(limits);
        walk.reader.packet.summary_only = !filter.reads_details();
        Self { filter, walk, found: Vec::new() }
    }

    /// Looks at the next frame, if there is one.
    pub(crate) fn step(&mut self, store: &Store) -> bool {
        let at = self.walk.next();
        if !self.walk.step(store) {
            return false;
        }
        if self.filter.matches(self.walk.packet()) {
            self.found.push(at);
        }
        true
    }

    /// How many frames were looked at.
    pub(crate) fn seen(&self) -> usize {
        self.walk.next()
    }

    /// The places of those selected so far.
    pub(crate) fn found(&self) -> &[usize] {
        &self.found
    }
}
