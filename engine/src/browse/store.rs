//! The frames that came: 32 bytes about each, and their own bytes where they can't be read again from a file.
//!
//! They are in blocks. At the beginning of a block is a checkpoint, from which its frames can be read with everything that
//! the frames before have taught. A copy of a store is cheap, and keeps what it has: a thread may work on it.

use crate::flow::{Checkpoint, Limits, Tracker};
use crate::model::{Interface, LinkType, Piece, RawFrame, Remark, Time};
use crate::source::{Again, Source, SourceError, Step};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes that checkpoints may take, about. With more, every second one goes.
const CHECKPOINTS: usize = 64 << 20;
/// Bytes that are read from a file together: of frames that follow each other, and of others.
const AHEAD: usize = 1 << 18;
const ALONE: usize = 1 << 12;
/// Bytes between frames that are worth reading rather than passing over.
const NEAR: u64 = 1 << 16;

/// All frames, in the order in which they came.
#[derive(Clone)]
pub struct Store {
    blocks: Vec<Arc<Block>>,
    /// What is known at the beginning of each block.
    starts: Vec<Option<Arc<Checkpoint>>>,
    places: Vec<Place>,
    again: Option<Arc<dyn Again>>,
    limits: Limits,
    len: usize,
    /// Frames of a block.
    block: usize,
    /// Each block whose number this divides may have a checkpoint.
    stride: usize,
    /// Bytes of checkpoints, about.
    weight: usize,
}

#[derive(Clone, Default)]
struct Block {
    frames: Vec<Kept>,
    bytes: Vec<u8>,
    rare: HashMap<usize, Rare>,
}

/// A frame, beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// When it was captured.
    pub time: Time,
    /// Where its bytes are: in the file, or in its block.
    at: u64,
    /// Bytes on the wire.
    pub len: u32,
    stored: u32,
    /// Its number in the capture.
    pub number: u32,
    place: u16,
    /// Something about it is unusual.
    pub odd: bool,
    rare: bool,
}

/// Where frames were captured, and what they begin with.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    link: LinkType,
    interface: Option<Arc<Interface>>,
    id: Option<u32>,
}

/// What few frames have.
#[derive(Clone, Debug)]
struct Rare {
    remark: Option<Remark>,
    comment: String,
    checksum_pending: bool,
}

/// Frames on their way into the store.
#[derive(Default)]
pub struct Batch {
    frames: Vec<Kept>,
    bytes: Vec<u8>,
    rare: Vec<Rare>,
    /// Those that weren't known before.
    places: Vec<Place>,
    /// In the order of their blocks, with what each costs.
    starts: Vec<(Checkpoint, usize)>,
    /// Frames for which there was no room.
    pub refused: u64,
    /// Frames that came too fast.
    pub left_out: u64,
}

/// Makes batches: what it must know of the frames before.
pub struct Packer {
    places: Vec<Place>,
    /// The last frame's.
    place: usize,
    used: usize,
    most: usize,
    /// The bytes stay where they are.
    stays: bool,
}

/// The part of a file that was read last.
#[derive(Default)]
pub struct Window {
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Where in the file it ends.
    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }
}

impl Batch {
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Frames in it.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// What is known before the next frame, at the beginning of a block.
    pub fn start(&mut self, checkpoint: Checkpoint, cost: usize) {
        self.starts.push((checkpoint, cost));
    }

    /// The last frame is unusual.
    pub fn odd(&mut self) {
        if let Some(last) = self.frames.last_mut() {
            last.odd = true;
        }
    }
}

impl Packer {
    /// Keeps at most `most` bytes.
    pub fn new(most: usize, stays: bool) -> Self {
        Self { places: Vec::new(), place: 0, used: 0, most, stays }
    }

    /// Puts a frame into a batch; `at` is where its bytes stay. `false`: there is no room, and never will be.
    pub fn pack(&mut self, frame: &RawFrame, at: u64, batch: &mut Batch) -> bool {
        let bytes = if self.stays { 0 } else { frame.bytes.len() };
        let rare = frame.remark.is_some() || frame.checksum_pending || !frame.comment.is_empty();
        let needs = bytes + size_of::<Kept>() + if rare { size_of::<Rare>() + frame.comment.len() } else { 0 };
        if self.used + needs > self.most {
            self.used = self.most;
            return false;
        }
        self.used += needs;
        let at = if self.stays { at } else { batch.bytes.len() as u64 };
        if !self.stays {
            batch.bytes.extend_from_slice(&frame.bytes);
        }
        if rare {
            let (remark, comment) = (frame.remark, frame.comment.clone());
            batch.rare.push(Rare { remark, comment, checksum_pending: frame.checksum_pending });
        }
        self.find_place(frame, batch);
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        batch.frames.push(Kept {
            time: frame.time,
            at,
            len: frame.len,
            stored: short(frame.bytes.len()),
            number: u32::try_from(frame.number).unwrap_or(u32::MAX),
            place: u16::try_from(self.place).unwrap_or(u16::MAX),
            odd: false,
            rare,
        });
        true
    }

    fn find_place(&mut self, frame: &RawFrame, batch: &mut Batch) {
        let is = |p: &Place| p.link == frame.link && p.id == frame.interface_id && p.interface == frame.interface;
        if self.places.get(self.place).is_some_and(is) {
            return;
        }
        self.place = self.places.iter().rposition(is).unwrap_or_else(|| {
            let new = Place { link: frame.link, interface: frame.interface.clone(), id: frame.interface_id };
            self.places.push(new.clone());
            batch.places.push(new);
            self.places.len() - 1
        });
    }
}

impl Store {
    /// An empty one, of frames whose bytes stay in `again`, if anywhere.
    pub fn new(limits: Limits, again: Option<Arc<dyn Again>>, block: usize) -> Self {
        Self {
            blocks: Vec::new(),
            starts: Vec::new(),
            places: Vec::new(),
            again,
            limits,
            len: 0,
            block,
            stride: 1,
            weight: 0,
        }
    }

    /// Whether no frame has come.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Frames of a block.
    pub fn block(&self) -> usize {
        self.block
    }

    /// How many bytes the file has now that keeps those of the frames.
    pub fn size(&self) -> Option<u64> {
        self.again.as_ref()?.size()
    }

    /// Takes a batch in.
    pub fn add(&mut self, batch: Batch) {
        let Batch { frames, bytes, rare, places, starts, .. } = batch;
        self.places.extend(places);
        let (mut rare, mut starts) = (rare.into_iter(), starts.into_iter());
        for mut kept in frames {
            if self.len.is_multiple_of(self.block) {
                let start = starts.next();
                self.begin(start);
            }
            let at = self.len % self.block;
            let Some(block) = self.blocks.last_mut() else { return };
            let block = Arc::make_mut(block);
            if self.again.is_none() {
                let from = usize::try_from(kept.at).unwrap_or(usize::MAX);
                let bytes = bytes.get(from..from.saturating_add(kept.stored as usize)).unwrap_or(&[]);
                kept.at = block.bytes.len() as u64;
                block.bytes.extend_from_slice(bytes);
            }
            if kept.rare
                && let Some(rare) = rare.next()
            {
                block.rare.insert(at, rare);
            }
            block.frames.push(kept);
            self.len += 1;
        }
    }

    fn begin(&mut self, start: Option<(Checkpoint, usize)>) {
        // The one before is whole: it needn't have room for more.
        if let Some(block) = self.blocks.last_mut().and_then(Arc::get_mut) {
            block.bytes.shrink_to_fit();
        }
        let wanted = self.blocks.len().is_multiple_of(self.stride);
        self.blocks.push(Arc::default());
        let start = start.filter(|_| wanted);
        self.weight += start.as_ref().map_or(0, |(_, cost)| *cost);
        self.starts.push(start.map(|(checkpoint, _)| Arc::new(checkpoint)));
        if self.weight > CHECKPOINTS {
            self.stride *= 2;
            let stride = self.stride;
            for (_, start) in self.starts.iter_mut().enumerate().filter(|(at, _)| !at.is_multiple_of(stride)) {
                *start = None;
            }
            // What both neighbours share stays; how much that is, nobody counted.
            self.weight = self.weight * 5 / 8;
        }
    }

    /// What is known of a frame without reading it.
    pub fn get(&self, index: usize) -> Option<Kept> {
        self.blocks.get(index / self.block)?.frames.get(index % self.block).copied()
    }

    /// Writes a frame as it came. `false`: it isn't here, or its bytes are no longer in the file.
    pub fn frame(&self, index: usize, frame: &mut RawFrame, window: &mut Window) -> bool {
        let Some(block) = self.blocks.get(index / self.block) else { return false };
        let at = index % self.block;
        let Some(kept) = block.frames.get(at) else { return false };
        let Some(place) = self.places.get(usize::from(kept.place)) else { return false };
        frame.bytes.clear();
        match self.bytes(block, kept, AHEAD, window) {
            Some(bytes) => frame.bytes.extend_from_slice(bytes),
            None => return false,
        }
        frame.number = u64::from(kept.number);
        frame.time = kept.time;
        frame.len = kept.len;
        frame.link = place.link;
        if frame.interface != place.interface {
            frame.interface.clone_from(&place.interface);
        }
        frame.interface_id = place.id;
        let rare = if kept.rare { block.rare.get(&at) } else { None };
        frame.remark = rare.and_then(|r| r.remark);
        frame.comment.clear();
        frame.comment.push_str(rare.map_or("", |r| &r.comment));
        frame.checksum_pending = rare.is_some_and(|r| r.checksum_pending);
        true
    }

    fn bytes<'a>(&self, block: &'a Block, kept: &Kept, ahead: usize, window: &'a mut Window) -> Option<&'a [u8]> {
        let stored = kept.stored as usize;
        let Some(again) = &self.again else {
            let at = usize::try_from(kept.at).ok()?;
            return block.bytes.get(at..at + stored);
        };
        let inside = kept.at.checked_sub(window.at).and_then(|from| usize::try_from(from).ok());
        if let Some(from) = inside.filter(|from| from + stored <= window.bytes.len()) {
            return window.bytes.get(from..from + stored);
        }
        window.at = kept.at;
        window.bytes.resize(stored.max(ahead), 0);
        let have = again.read(kept.at, &mut window.bytes).unwrap_or(0);
        window.bytes.truncate(have);
        window.bytes.get(..stored)
    }

    /// The place of the nearest checkpoint before a frame.
    pub fn checkpoint_before(&self, index: usize) -> usize {
        let block = (index / self.block).min(self.starts.len().saturating_sub(1));
        let with = (0..=block).rev().find(|&at| self.starts.get(at).is_some_and(Option::is_some));
        with.unwrap_or(0) * self.block
    }

    /// What is known at a checkpoint.
    pub fn resume(&self, at: usize) -> Tracker {
        let Some(Some(start)) = self.starts.get(at / self.block) else { return Tracker::new(self.limits) };
        let mut window = Window::default();
        start.resume(&mut |piece: Piece, into: &mut Vec<u8>| {
            let mut part = |window: &mut Window| {
                let index = self.find(piece.frame);
                let block = self.blocks.get(index / self.block)?;
                let kept = block.frames.get(index % self.block).filter(|k| u64::from(k.number) == piece.frame)?;
                // The next piece of the same stream is near, as a rule.
                let near = kept.at.checked_sub(window.end()).is_some_and(|gap| gap < NEAR);
                let bytes = self.bytes(block, kept, if near { AHEAD } else { ALONE }, window)?;
                let from = piece.start as usize;
                into.extend_from_slice(bytes.get(from..from + piece.len as usize)?);
                Some(())
            };
            part(&mut window).is_some()
        })
    }

    /// The place of the frame with this number, or of the first one after it.
    pub fn find(&self, number: u64) -> usize {
        let before = |kept: &Kept| u64::from(kept.number) < number;
        let block = self.blocks.partition_point(|block| block.frames.last().is_some_and(before));
        block * self.block + self.blocks.get(block).map_or(0, |block| block.frames.partition_point(before))
    }

    /// What the memory of connections may hold.
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

/// Frames of a store again, as a source.
pub struct Replay<'a> {
    store: &'a Store,
    /// The places of those that are wanted; `None` for all.
    pub chosen: Option<&'a [u32]>,
    /// The place among them of the one that comes next, and one past the last.
    pub next: usize,
    /// See `next`.
    pub end: usize,
    /// Hears of each frame, and says whether to go on.
    pub goes: Option<&'a dyn Fn() -> bool>,
    window: Window,
}

impl<'a> Replay<'a> {
    /// All of them.
    pub fn all(store: &'a Store) -> Self {
        Self { store, chosen: None, next: 0, end: store.len(), goes: None, window: Window::default() }
    }
}

impl Source for Replay<'_> {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        let place = self.chosen.map_or(Some(self.next), |chosen| chosen.get(self.next).map(|&at| at as usize));
        let window = &mut self.window;
        let is_there = self.next < self.end
            && self.goes.is_none_or(|goes| goes())
            && place.is_some_and(|place| self.store.frame(place, frame, window));
        self.next += usize::from(is_there);
        Ok(if is_there { Step::Frame } else { Step::End })
    }
}
