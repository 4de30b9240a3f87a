//! The frames that came, kept whole, and one line about each. Nothing is dissected twice for the list.

use osi_tutor::model::{Interface, LinkType, Osi, RawFrame, Remark, Time};
use osi_tutor::source::{Source, SourceError, Step};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of one chunk; a frame that is longer gets its own.
const CHUNK: usize = 1 << 20;

/// All frames, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Store {
    frames: Vec<Kept>,
    chunks: Vec<Vec<u8>>,
    lines: Vec<String>,
    /// What few frames have.
    rare: HashMap<usize, Rare>,
    places: Vec<Place>,
    /// Bytes of frames and lines.
    used: usize,
    most: usize,
}

/// A frame, beside its bytes and its line.
#[derive(Clone, Copy, Debug)]
struct Kept {
    number: u64,
    time: Time,
    chunk: u32,
    at: u32,
    stored: u32,
    len: u32,
    place: u32,
    row: Row,
}

/// The line about a frame: where its text is, and what it is about.
#[derive(Clone, Copy, Debug)]
struct Row {
    chunk: u32,
    at: u32,
    /// Bytes of source, destination and protocol; the rest is the message.
    parts: [u8; 3],
    len: u16,
    osi: Osi,
    odd: bool,
}

/// Where frames were captured, and what they begin with.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    link: LinkType,
    interface: Option<Arc<Interface>>,
    id: Option<u32>,
}

#[derive(Debug)]
struct Rare {
    remark: Option<Remark>,
    comment: String,
    checksum_pending: bool,
}

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListLine<'a> {
    /// Its number in the capture.
    pub(crate) number: u64,
    /// When it was captured.
    pub(crate) time: Time,
    /// Who sent it.
    pub(crate) source: &'a str,
    /// Whom it is for.
    pub(crate) destination: &'a str,
    /// The protocol that the message is of.
    pub(crate) protocol: &'a str,
    /// Bytes on the wire.
    pub(crate) len: u32,
    /// What it says.
    pub(crate) message: &'a str,
    /// The layer of its protocol.
    pub(crate) osi: Osi,
    /// Something about it is unusual.
    pub(crate) odd: bool,
}

/// What is said of a frame: the parts of its line.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Who sent it.
    pub(crate) source: String,
    /// Whom it is for.
    pub(crate) destination: String,
    /// The protocol that the message is of.
    pub(crate) protocol: String,
    /// What it says.
    pub(crate) message: String,
    /// The layer of its protocol.
    pub(crate) osi: Option<Osi>,
    /// Something about it is unusual.
    pub(crate) odd: bool,
}

impl Store {
    /// Keeps at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        let empty = Vec::new;
        Self {
            frames: empty(),
            chunks: Vec::new(),
            lines: Vec::new(),
            rare: HashMap::new(),
            places: Vec::new(),
            used: 0,
            most,
        }
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Keeps a frame and its line. `false`: there is no room for it.
    pub(crate) fn keep(&mut self, frame: &RawFrame, said: &Said) -> bool {
        let parts = [&said.source, &said.destination, &said.protocol].map(|part| u8::try_from(part.len()).unwrap_or(0));
        let text = said.message.len().min(usize::from(u16::MAX / 2));
        let needs = frame.bytes.len() + text + size_of::<Kept>();
        if self.used + needs > self.most || self.frames.len() >= u32::MAX as usize {
            return false;
        }
        self.used += needs;
        let (chunk, at) = place(&mut self.chunks, frame.bytes.len());
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.extend_from_slice(&frame.bytes);
        }
        let row = self.line(parts, said);
        let link = Place { link: frame.link, interface: frame.interface.clone(), id: frame.interface_id };
        let known = self.places.iter().rposition(|p| *p == link);
        let known = known.unwrap_or_else(|| {
            self.places.push(link);
            self.places.len() - 1
        });
        if frame.remark.is_some() || frame.checksum_pending || !frame.comment.is_empty() {
            let rare =
                Rare { remark: frame.remark, comment: frame.comment.clone(), checksum_pending: frame.checksum_pending };
            self.rare.insert(self.frames.len(), rare);
        }
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.frames.push(Kept {
            number: frame.number,
            time: frame.time,
            chunk,
            at,
            stored: short(frame.bytes.len()),
            len: frame.len,
            place: short(known),
            row,
        });
        true
    }

    fn line(&mut self, parts: [u8; 3], said: &Said) -> Row {
        let mut text = String::new();
        for (part, len) in [&said.source, &said.destination, &said.protocol].into_iter().zip(parts) {
            if len > 0 {
                text.push_str(part);
            }
        }
        text.push_str(&said.message);
        let mut end = text.len().min(usize::from(u16::MAX / 2));
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        if self.lines.last().is_none_or(|chunk| chunk.len() + text.len() > CHUNK) {
            self.lines.push(String::with_capacity(CHUNK.min(self.most)));
        }
        let chunk = self.lines.len().saturating_sub(1);
        let at = self.lines.last().map_or(0, String::len);
        if let Some(lines) = self.lines.last_mut() {
            lines.push_str(&text);
        }
        Row {
            chunk: u32::try_from(chunk).unwrap_or(u32::MAX),
            at: u32::try_from(at).unwrap_or(u32::MAX),
            parts,
            len: u16::try_from(text.len()).unwrap_or(u16::MAX),
            osi: said.osi.unwrap_or(Osi::Physical),
            odd: said.odd,
        }
    }

    /// The line of a frame, by its place.
    pub(crate) fn get(&self, index: usize) -> Option<ListLine<'_>> {
        let kept = self.frames.get(index)?;
        let row = kept.row;
        let begin = row.at as usize;
        let text = self.lines.get(row.chunk as usize)?.get(begin..begin + usize::from(row.len))?;
        let (source, rest) = text.split_at_checked(usize::from(row.parts[0]))?;
        let (destination, rest) = rest.split_at_checked(usize::from(row.parts[1]))?;
        let (protocol, message) = rest.split_at_checked(usize::from(row.parts[2]))?;
        let Kept { number, time, len, .. } = *kept;
        Some(ListLine { number, time, source, destination, protocol, len, message, osi: row.osi, odd: row.odd })
    }

    /// Writes a frame as it came.
    pub(crate) fn frame(&self, index: usize, frame: &mut RawFrame) -> bool {
        let found = self.frames.get(index).and_then(|kept| {
            let at = kept.at as usize;
            let bytes = self.chunks.get(kept.chunk as usize)?.get(at..at + kept.stored as usize)?;
            Some((kept, bytes, self.places.get(kept.place as usize)?))
        });
        let Some((kept, bytes, place)) = found else { return false };
        let rare = self.rare.get(&index);
        frame.number = kept.number;
        frame.time = kept.time;
        frame.len = kept.len;
        frame.bytes.clear();
        frame.bytes.extend_from_slice(bytes);
        frame.link = place.link;
        frame.interface.clone_from(&place.interface);
        frame.interface_id = place.id;
        frame.remark = rare.and_then(|r| r.remark);
        frame.comment.clear();
        frame.comment.push_str(rare.map_or("", |r| &r.comment));
        frame.checksum_pending = rare.is_some_and(|r| r.checksum_pending);
        true
    }

    /// The place of the frame with this number, or of the first one after it.
    pub(crate) fn find(&self, number: u64) -> usize {
        self.frames.partition_point(|kept| kept.number < number)
    }
}

/// Where the next `len` bytes go.
fn place(chunks: &mut Vec<Vec<u8>>, len: usize) -> (u32, u32) {
    if chunks.last().is_none_or(|chunk| chunk.len() + len > CHUNK) {
        chunks.push(Vec::new());
    }
    let at = chunks.last().map_or(0, Vec::len);
    (u32::try_from(chunks.len().saturating_sub(1)).unwrap_or(u32::MAX), u32::try_from(at).unwrap_or(u32::MAX))
}

/// Frames of a store again, as a source.
#[derive(Debug)]
pub(crate) struct Replay<'a> {
    store: &'a Store,
    chosen: Option<&'a [usize]>,
    left: Range<usize>,
}

impl<'a> Replay<'a> {
    /// Those of a range; with `chosen`, of the frames that are named there by their places.
    pub(crate) fn of(store: &'a Store, chosen: Option<&'a [usize]>, range: Range<usize>) -> Self {
        Self { store, chosen, left: range }
    }
}

impl Source for Replay<'_> {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        let next = self.left.next();
        let place = next.and_then(|next| self.chosen.map_or(Some(next), |chosen| chosen.get(next).copied()));
        let is_there = place.is_some_and(|place| self.store.frame(place, frame));
        Ok(if is_there { Step::Frame } else { Step::End })
    }
}
