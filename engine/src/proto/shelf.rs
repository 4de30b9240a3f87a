//! Bytes that protocols keep from packet to packet: what was unpacked last (the history of a compressed stream), or
//! the pieces of a message. All of them share one bound, whoever keeps them: when it is full, those go that nobody
//! asked for in a while, roughly: a hand goes round and takes what was not used since it came by last. Dialogues
//! that go on from one connection to the next (Engine.IO over polling) are remembered here as well, by their name.

use super::inflate::Decompress;
use super::{Context, Cursor, Memory, StreamCtx, Streams};
use crate::model::{BufferKind, Packet, Span};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// What an entry costs beyond its bytes. It bounds their number, too.
const OVERHEAD: usize = 128;
/// What a dialogue costs, with what its protocols remember.
const DIALOGUE: usize = 1024;

/// Where everything that is kept stands. A copy shares what neither has changed since.
#[derive(Debug)]
pub struct Shelf {
    most: usize,
    used: usize,
    entries: Vec<Arc<Entry>>,
    /// About how many bytes were changed since somebody asked.
    changed: usize,
    free: Vec<u32>,
    hand: usize,
    next: u32,
    given_up: Option<usize>,
    dialogues: HashMap<Name, Ticket>,
    keys: RandomState,
    /// Of a dialogue for which there is no room.
    scratch: Streams,
    /// One decompressor serves all streams: what tells them apart is their history.
    inflater: Option<Box<Decompress>>,
    /// Where the parts of what is being edited begin.
    starts: Vec<u32>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Whose it is; 0 is nobody's.
    number: u32,
    /// It was used since the hand came by.
    used: bool,
    bytes: Vec<u8>,
    dialogue: Option<(Name, Box<Streams>)>,
}

/// Names a dialogue: a hash of what its protocol knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name(u64);

/// Names what one protocol keeps. The bytes may be gone when it comes back for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    place: u32,
    number: u32,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new(1 << 20)
    }
}

impl Shelf {
    /// An empty one for so many bytes.
    pub fn new(most: usize) -> Self {
        let (entries, free) = (Vec::new(), Vec::new());
        let (dialogues, keys) = (HashMap::new(), RandomState::new());
        let (given_up, scratch, inflater, starts) = (None, Streams::default(), None, Vec::new());
        Self {
            most,
            used: 0,
            entries,
            changed: 0,
            free,
            hand: 0,
            next: 0,
            given_up,
            dialogues,
            keys,
            scratch,
            inflater,
            starts,
        }
    }

    /// What is kept under this ticket, unless it was given up.
    pub fn get(&mut self, ticket: Ticket) -> Option<&[u8]> {
        let entry = self.entry(ticket)?;
        entry.used = true;
        Some(&entry.bytes)
    }

    /// About how many bytes have changed since this was asked last, of those that a copy shares.
    pub fn changed(&mut self) -> usize {
        std::mem::take(&mut self.changed)
    }

    /// What names dialogues.
    pub fn keys(&self) -> RandomState {
        self.keys.clone()
    }

    /// What the protocols of a dialogue remember.
    pub fn dialogue(&mut self, name: Name) -> &mut Streams {
        let known = self.dialogues.get(&name).copied().filter(|&t| self.entry(t).is_some());
        let ticket = known.unwrap_or_else(|| self.begin(name));
        let entry = self.entries.get_mut(ticket.place as usize).filter(|e| e.number == ticket.number);
        if let Some(Entry { used, dialogue: Some((_, streams)), .. }) = entry.map(Arc::make_mut) {
            *used = true;
            return streams;
        }
        self.scratch = Streams::default();
        &mut self.scratch
    }

    fn begin(&mut self, name: Name) -> Ticket {
        let ticket = self.open();
        if let Some(entry) = self.entry(ticket) {
            entry.dialogue = Some((name, Box::default()));
            self.dialogues.insert(name, ticket);
            self.used = self.used.saturating_add(DIALOGUE);
            self.make_room(ticket);
        }
        ticket
    }

    /// Keeps nothing yet under a new ticket.
    pub fn open(&mut self) -> Ticket {
        self.next = self.next.wrapping_add(1).max(1);
        let number = self.next;
        let new = Entry { number, used: true, ..Entry::default() };
        let place = if let Some(place) = self.free.pop() {
            if let Some(entry) = self.entries.get_mut(place as usize) {
                *entry = Arc::new(new);
            }
            place
        } else {
            self.entries.push(Arc::new(new));
            u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
        };
        self.used = self.used.saturating_add(OVERHEAD);
        let ticket = Ticket { place, number };
        self.make_room(ticket);
        ticket
    }

    /// The same ticket with nothing under it, or a new one where what was kept is gone.
    pub fn renew(&mut self, ticket: Ticket) -> Ticket {
        match self.entry(ticket) {
            Some(entry) => {
                entry.bytes.clear();
                ticket
            }
            None => self.open(),
        }
    }

    /// Adds bytes, and keeps only the last `most` of all. Says whether there was room.
    pub fn add(&mut self, ticket: Ticket, bytes: &[u8], most: usize) -> bool {
        let Some(entry) = self.entry(ticket) else { return false };
        let before = entry.bytes.capacity();
        entry.used = true;
        let bytes = bytes.get(bytes.len().saturating_sub(most)..).unwrap_or(bytes);
        let over = (entry.bytes.len() + bytes.len()).saturating_sub(most);
        entry.bytes.drain(..over.min(entry.bytes.len()));
        if entry.bytes.capacity() < entry.bytes.len() + bytes.len() {
            let wanted = (entry.bytes.len() + bytes.len()).next_power_of_two().min(most.next_power_of_two());
            entry.bytes.reserve_exact(wanted - entry.bytes.len());
        }
        entry.bytes.extend_from_slice(bytes);
        let after = entry.bytes.capacity();
        self.used = self.used.saturating_sub(before).saturating_add(after);
        self.make_room(ticket);
        self.entry(ticket).is_some()
    }

    /// Changes the bytes in place, with the help of scratch; `None` where they were given up.
    pub(super) fn edit<T>(&mut self, ticket: Ticket, with: impl FnOnce(&mut Vec<u8>, &mut Vec<u32>) -> T) -> Option<T> {
        let mut starts = std::mem::take(&mut self.starts);
        let Some(entry) = self.entry(ticket) else {
            self.starts = starts;
            return None;
        };
        entry.used = true;
        let before = entry.bytes.capacity();
        let done = with(&mut entry.bytes, &mut starts);
        let after = entry.bytes.capacity();
        self.starts = starts;
        self.used = self.used.saturating_sub(before).saturating_add(after);
        self.make_room(ticket);
        Some(done)
    }

    /// Keeps the bytes no longer, and says how many they were.
    pub fn drop(&mut self, ticket: Ticket) -> usize {
        let Some(entry) = self.entry(ticket) else { return 0 };
        entry.number = 0;
        let bytes = std::mem::take(&mut entry.bytes);
        let dialogue = entry.dialogue.take();
        self.free.push(ticket.place);
        if let Some((name, _)) = dialogue {
            self.dialogues.remove(&name);
            self.used = self.used.saturating_sub(DIALOGUE);
        }
        self.used = self.used.saturating_sub(OVERHEAD + bytes.capacity());
        bytes.len()
    }

    /// How many bytes were given up since this was asked last.
    pub fn take_given_up(&mut self) -> Option<usize> {
        self.given_up.take()
    }

    /// The decompressor, and what is kept under a ticket.
    pub(super) fn inflater(&mut self, ticket: Option<Ticket>) -> (&mut Decompress, &[u8]) {
        let history = match ticket.and_then(|t| self.entries.get(t.place as usize).filter(|e| e.number == t.number)) {
            Some(entry) => entry.bytes.as_slice(),
            None => &[],
        };
        (self.inflater.get_or_insert_with(|| Box::new(Decompress::new(false))), history)
    }

    fn entry(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        let of = |e: &&mut Arc<Entry>| e.number != 0 && e.number == ticket.number;
        let entry = self.entries.get_mut(ticket.place as usize).filter(of)?;
        if Arc::strong_count(entry) > 1 {
            self.changed += OVERHEAD + entry.bytes.capacity() + if entry.dialogue.is_some() { DIALOGUE } else { 0 };
        }
        Some(Arc::make_mut(entry))
    }

    /// Gives up what was not used for longest, until the rest fits. `here` goes last.
    fn make_room(&mut self, here: Ticket) {
        // Each entry is passed twice at most: the first time takes its mark off.
        for _ in 0..2 * self.entries.len() {
            if self.used <= self.most {
                return;
            }
            let place = self.hand % self.entries.len().max(1);
            self.hand = place + 1;
            let Some(entry) = self.entries.get_mut(place).filter(|e| e.number != 0) else { continue };
            if entry.used {
                Arc::make_mut(entry).used = false;
                continue;
            }
            if entry.number == here.number {
                continue;
            }
            self.give_up(place);
        }
        if self.used > self.most {
            self.give_up(here.place as usize);
        }
    }

    fn give_up(&mut self, place: usize) {
        let Some(entry) = self.entries.get(place).filter(|e| e.number != 0) else { return };
        let ticket = Ticket { place: u32::try_from(place).unwrap_or(u32::MAX), number: entry.number };
        *self.given_up.get_or_insert(0) += self.drop(ticket);
    }
}

impl Clone for Shelf {
    fn clone(&self) -> Self {
        Self {
            most: self.most,
            used: self.used,
            entries: self.entries.clone(),
            changed: 0,
            free: self.free.clone(),
            hand: self.hand,
            next: self.next,
            given_up: self.given_up,
            dialogues: self.dialogues.clone(),
            keys: self.keys.clone(),
            scratch: Streams::default(),
            inflater: None,
            starts: Vec::new(),
        }
    }
}

impl Clone for Entry {
    fn clone(&self) -> Self {
        // What is counted is the room that was taken, so the copy takes as much.
        let mut bytes = Vec::with_capacity(self.bytes.capacity());
        bytes.extend_from_slice(&self.bytes);
        Self { number: self.number, used: self.used, bytes, dialogue: self.dialogue.clone() }
    }
}

impl Name {
    /// By these, in this order.
    pub fn new(keys: &RandomState, of: impl std::hash::Hash) -> Self {
        Self(keys.hash_one(of))
    }
}

impl Cursor<'_> {
    /// What this conversation's protocols remember. A scratch one where nothing may be remembered.
    pub fn stream(&mut self) -> StreamCtx<'_> {
        remembered(self.memory, self.context, self.packet)
    }

    /// Shows the bytes of a span to what this conversation's protocols remember.
    pub fn with_bytes<T>(&mut self, span: Span, see: impl FnOnce(&[u8], StreamCtx<'_>) -> T) -> T {
        let bytes = if span.buf == self.buf {
            self.bytes.get(span.start as usize..span.end() as usize).unwrap_or(&[])
        } else {
            self.packet.bytes(span)
        };
        see(bytes, remembered(self.memory, self.context, self.packet))
    }

    /// Where the protocols of all conversations keep bytes.
    pub fn shelf(&mut self) -> &mut Shelf {
        self.memory.shelf()
    }

    /// Shows the bytes of a span to it.
    pub fn with_shelf<T>(&mut self, span: Span, see: impl FnOnce(&[u8], &mut Shelf) -> T) -> T {
        let bytes = if span.buf == self.buf {
            self.bytes.get(span.start as usize..span.end() as usize).unwrap_or(&[])
        } else {
            self.packet.bytes(span)
        };
        see(bytes, self.memory.shelf())
    }

    /// Adds a buffer made from the bytes of a span and what is kept: `fill` reads both and writes it.
    pub fn uncover_with_shelf(
        &mut self,
        kind: BufferKind,
        from: Span,
        fill: impl FnOnce(&[u8], &mut Shelf, &mut Vec<u8>),
    ) -> Option<(u8, usize)> {
        let range = from.start as usize..from.end() as usize;
        let id = self.packet.add_buffer(kind)?;
        if from.buf == self.buf {
            let bytes = self.bytes.get(range).unwrap_or(&[]);
            fill(bytes, self.memory.shelf(), &mut self.packet.buffer_mut(id)?.bytes);
        } else {
            let source = self.packet.lend(from.buf);
            let bytes = source.get(range).unwrap_or(&[]);
            if let Some(buffer) = self.packet.buffer_mut(id) {
                fill(bytes, self.memory.shelf(), &mut buffer.bytes);
            }
            self.packet.give_back(from.buf, source);
        }
        self.packet.add_sources(id, from);
        Some((id, self.packet.buffer_mut(id)?.bytes.len()))
    }
}

/// What the protocols of this conversation remember, or of the dialogue that it belongs to.
pub(super) fn remembered<'m>(memory: &'m mut dyn Memory, context: &Context, packet: &Packet) -> StreamCtx<'m> {
    let Some(name) = context.dialogue else { return memory.context(context.conversation) };
    let mut ctx = memory.shelf().dialogue(name).view(context.from_client == Some(true));
    (ctx.frame, ctx.time) = (packet.number, packet.time);
    ctx
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_only_its_end_where_that_is_wanted() {
        let mut shelf = Shelf::new(1 << 20);
        let (a, b) = (shelf.open(), shelf.open());
        assert!(shelf.add(a, b"abc", 5) && shelf.add(b, b"other", 100) && shelf.add(a, b"defg", 5));
        assert_eq!(shelf.get(a), Some(&b"cdefg"[..]));
        assert!(shelf.add(a, b"0123456789", 5));
        assert_eq!(shelf.get(a), Some(&b"56789"[..]));
        assert_eq!(shelf.drop(a), 5);
        assert!(shelf.get(a).is_none());
        assert_eq!(shelf.get(b), Some(&b"other"[..]));
        let c = shelf.open();
        assert_eq!(shelf.get(c), Some(&b""[..]), "a place is used again, its bytes aren't");
        assert!(shelf.get(a).is_none() && shelf.get(Ticket::default()).is_none());
    }

    #[test]
    fn the_bound_holds_and_what_nobody_used_goes_first() {
        let mut shelf = Shelf::new(4 * (OVERHEAD + 1024));
        let all: Vec<Ticket> = (0..4).map(|_| shelf.open()).collect();
        for &t in &all {
            assert!(shelf.add(t, &[7; 1000], 32768));
        }
        assert_eq!(shelf.take_given_up(), None);
        // The hand takes all marks off, and comes back to the first.
        let new = shelf.open();
        assert_eq!(shelf.take_given_up(), Some(1000));
        assert!(shelf.get(all[0]).is_none() && shelf.get(all[1]).is_some());
        assert!(shelf.add(new, &[7; 1000], 32768));
        shelf.open();
        assert!(shelf.get(all[1]).is_some() && shelf.get(all[2]).is_none(), "the second was used again");
        for _ in 0..10_000 {
            let t = shelf.open();
            shelf.add(t, b"x", 32768);
            assert!(shelf.used <= shelf.most && shelf.entries.len() < 40);
        }
        // Dialogues are found by their names, and forgotten like the rest.
        let keys = shelf.keys();
        for n in 0..10_000_u32 {
            shelf.dialogue(Name::new(&keys, n)).dialogue.state::<u32>().clone_from(&n);
            assert!(shelf.used <= shelf.most && shelf.dialogues.len() < 5);
        }
        assert_eq!(*shelf.dialogue(Name::new(&keys, 9_999_u32)).dialogue.state::<u32>(), 9_999);
        assert_eq!(*shelf.dialogue(Name::new(&keys, 1_u32)).dialogue.state::<u32>(), 0);
        // What is larger than all goes at once.
        let t = shelf.open();
        assert!(!shelf.add(t, &vec![0; 1 << 16], 1 << 16) && shelf.used <= shelf.most);
    }
}
