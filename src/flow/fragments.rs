//! IP fragments — RFC 791 §3.2, RFC 8200 §4.5 — put together in any order, within bounds.

use crate::model::{Buffer, Piece, clamp};
use crate::proto::memory::{Address, Fragment};
use hashbrown::HashMap;
use std::collections::{BTreeMap, VecDeque};

/// What a waiting fragment costs beyond its bytes.
const OVERHEAD: usize = 128;
/// No datagram is longer (a 16-bit length).
const LONGEST: u32 = 65_535;

/// Fragments that wait for the rest of their datagram. The oldest datagram is given up first.
pub(super) struct Pile {
    most: usize,
    used: usize,
    datagrams: HashMap<Key, Datagram>,
    oldest: VecDeque<(Key, u64)>,
    begun: u64,
}

type Key = (Address, Address, u32, u8);

#[derive(Default)]
struct Datagram {
    begun: u64,
    pieces: BTreeMap<u32, (Vec<u8>, Piece)>,
    cost: usize,
    have: u64,
    total: Option<u32>,
}

impl Pile {
    pub(super) fn new(most: usize) -> Self {
        Self { most, used: 0, datagrams: HashMap::new(), oldest: VecDeque::new(), begun: 0 }
    }

    /// Adds a piece. `true` when its datagram is whole now and `whole` holds it.
    pub(super) fn add(&mut self, f: &Fragment, bytes: &[u8], here: Piece, whole: &mut Buffer) -> bool {
        let key = (f.src, f.dst, f.id, f.proto);
        let end = f.offset.saturating_add(here.len);
        if bytes.is_empty() || end > LONGEST || (f.more && !here.len.is_multiple_of(8)) {
            return false;
        }
        let cost = bytes.len() + OVERHEAD;
        let (begun, oldest) = (&mut self.begun, &mut self.oldest);
        let datagram = self.datagrams.entry(key).or_insert_with(|| {
            *begun += 1;
            oldest.push_back((key, *begun));
            Datagram { begun: *begun, ..Datagram::default() }
        });
        if !f.more {
            datagram.total = Some(end);
        }
        if datagram.pieces.get(&f.offset).is_none_or(|(b, _)| b.len() < bytes.len()) {
            if let Some((old, _)) = datagram.pieces.insert(f.offset, (bytes.to_vec(), here)) {
                datagram.have -= old.len() as u64;
                datagram.cost -= old.len() + OVERHEAD;
                self.used -= old.len() + OVERHEAD;
            }
            datagram.have += bytes.len() as u64;
            datagram.cost += cost;
            self.used += cost;
        }
        let done = datagram.write(whole);
        if done {
            self.remove(key);
        }
        self.shrink();
        done
    }

    fn remove(&mut self, key: Key) {
        if let Some(d) = self.datagrams.remove(&key) {
            self.used -= d.cost;
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
    /// Writes the datagram if no byte is missing. Where pieces overlap, the one that starts first counts.
    fn write(&self, whole: &mut Buffer) -> bool {
        let Some(total) = self.total else { return false };
        if self.have < u64::from(total) {
            return false;
        }
        whole.bytes.clear();
        whole.sources.clear();
        for (&offset, (bytes, from)) in &self.pieces {
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
