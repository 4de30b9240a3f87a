//! IP fragments — RFC 791 §3.2, RFC 8200 §4.5 — put together in any order, within bounds.

use crate::model::{Buffer, Piece, clamp};
use crate::proto::memory::{Address, Fragment};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// What a waiting fragment costs beyond its bytes.
const OVERHEAD: usize = 128;
/// No datagram is longer (a 16-bit length).
const LONGEST: u32 = 65_535;
/// Finished datagrams whose memory is kept for the next ones.
const MOST_SPARE: usize = 4;

/// Fragments that wait for the rest of their datagram. The oldest datagram is given up first.
#[derive(Clone)]
pub(super) struct Pile {
    most: usize,
    used: usize,
    datagrams: HashMap<Key, Datagram>,
    oldest: VecDeque<(Key, u64)>,
    begun: u64,
    spare: Vec<Datagram>,
}

type Key = (Address, Address, u32, u8);

#[derive(Clone, Default)]
struct Datagram {
    begun: u64,
    /// By ascending offset, at most one an offset: 8192 at most.
    pieces: Vec<Waiting>,
    /// The bytes of all pieces, as they came.
    bytes: Vec<u8>,
    cost: usize,
    have: u64,
    total: Option<u32>,
}

/// A piece, and where its bytes begin in [`Datagram::bytes`].
#[derive(Clone, Copy)]
struct Waiting {
    offset: u32,
    begin: usize,
    from: Piece,
}

impl Pile {
    pub(super) fn new(most: usize) -> Self {
        Self { most, used: 0, datagrams: HashMap::new(), oldest: VecDeque::new(), begun: 0, spare: Vec::new() }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.used
    }

    /// Adds a piece. `true` when its datagram is whole now and `whole` holds it.
    pub(super) fn add(&mut self, f: &Fragment, bytes: &[u8], here: Piece, whole: &mut Buffer) -> bool {
        let key = (f.src, f.dst, f.id, f.proto);
        let end = f.offset.saturating_add(here.len);
        if bytes.is_empty() || end > LONGEST || (f.more && !here.len.is_multiple_of(8)) {
            return false;
        }
        let (begun, oldest, spare) = (&mut self.begun, &mut self.oldest, &mut self.spare);
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            *begun += 1;
            oldest.push_back((key, *begun));
            Datagram { begun: *begun, ..spare.pop().unwrap_or_default() }
        });
        if !f.more {
            datagram.total = Some(end);
        }
        self.used += datagram.keep(f.offset, bytes, here);
        let done = datagram.write(whole);
        if done {
            self.remove(key);
        }
        self.shrink();
        done
    }

    fn remove(&mut self, key: Key) {
        let Some(mut d) = self.datagrams.remove(&key) else { return };
        self.used -= d.cost;
        if self.oldest.back().is_some_and(|&(_, begun)| begun == d.begun) {
            self.oldest.pop_back();
        }
        if self.spare.len() < MOST_SPARE && d.bytes.capacity() <= 2 * LONGEST as usize {
            d.pieces.clear();
            d.bytes.clear();
            self.spare.push(Datagram { pieces: d.pieces, bytes: d.bytes, ..Datagram::default() });
        }
    }

    fn shrink(&mut self) {
        // Completed datagrams leave their place in the queue; it is cleared when it grows out of proportion.
        while self.used > self.most || self.oldest.len() > 2 * self.datagrams.len() + 1024 {
            let Some((key, begun)) = self.oldest.pop_front() else { return };
            let current = self.datagrams.get(&key).is_some_and(|d| d.begun == begun);
            if current && self.used > self.most {
                self.remove(key);
            } else if current {
                self.oldest.push_back((key, begun));
                if self.oldest.len() <= 2 * self.datagrams.len() + 1024 {
                    return;
                }
            }
        }
    }
}

impl Datagram {
    /// Keeps a piece, unless one as long lies at its place; gives what that costs. The bytes of a
    /// shorter one stay until the datagram goes, and stay counted.
    fn keep(&mut self, offset: u32, bytes: &[u8], from: Piece) -> usize {
        let place = self.pieces.binary_search_by_key(&offset, |p| p.offset);
        let new = Waiting { offset, begin: self.bytes.len(), from };
        match place {
            Ok(at) => match self.pieces.get_mut(at) {
                Some(old) if old.from.len < from.len => {
                    self.have -= u64::from(old.from.len);
                    *old = new;
                }
                _ => return 0,
            },
            Err(at) => self.pieces.insert(at, new),
        }
        self.bytes.extend_from_slice(bytes);
        self.have += u64::from(from.len);
        let cost = bytes.len() + OVERHEAD;
        self.cost += cost;
        cost
    }

    /// Writes the datagram if no byte is missing. Where pieces overlap, the one that starts first counts.
    fn write(&self, whole: &mut Buffer) -> bool {
        let Some(total) = self.total else { return false };
        if self.have < u64::from(total) {
            return false;
        }
        whole.bytes.clear();
        whole.sources.clear();
        for &Waiting { offset, begin, from } in &self.pieces {
            let bytes = self.bytes.get(begin..begin + from.len as usize).unwrap_or(&[]);
            let at = clamp(whole.bytes.len());
            if offset > at {
                return false;
            }
            let skip = at - offset;
            let Some(new) = bytes.get(skip as usize..).filter(|b| !b.is_empty()) else { continue };
            let len = clamp(new.len()).min(total.saturating_sub(at));
            whole.bytes.extend_from_slice(new.get(..len as usize).unwrap_or(&[]));
            if len > 0 {
                whole.sources.push(Piece { frame: from.frame, start: from.start + skip, len });
            }
        }
        clamp(whole.bytes.len()) == total
    }
}
