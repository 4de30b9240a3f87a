//! One direction's bytes in order, whatever order its segments came in.
//!
//! Bytes beyond a hole wait until the hole is filled, or until the receiver acknowledges them anyway:
//! then it has the missing bytes and only this capture lacks them.

use crate::model::{Piece, Seq, clamp};
use std::collections::BTreeMap;

/// What a waiting segment costs beyond its bytes.
pub(super) const OVERHEAD: usize = 96;
/// What a conversation costs in which anything waits, beyond that: its stream, and what its protocols remember of the
/// message that has begun.
pub(super) const SURROUNDINGS: usize = 768;
/// When this many segments wait behind one hole, it won't be filled.
const MOST_WAITING: usize = 1 << 16;

/// How many bytes wait in all streams, and how many may: in all, and in one.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    used: usize,
    most: usize,
    most_at_first: usize,
    most_a_stream: usize,
}

/// The reassembly of one direction.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// The next byte in order.
    next: Seq,
    /// How many bytes came before it.
    offset: u64,
    /// What came too early, by its offset.
    early: BTreeMap<u64, Early>,
    held: usize,
    /// The number of the sender's FIN.
    fin: Option<Seq>,
}

#[derive(Clone, Debug)]
struct Early {
    bytes: Vec<u8>,
    from: Piece,
}

/// What a segment's arrival means for the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// These bytes of the payload are next.
    InOrder(std::ops::Range<usize>),
    /// Nothing new comes into order.
    Nothing,
    /// A hole is given up: so many bytes are missing before what is taken next.
    Hole(u32),
}

impl Budget {
    pub(super) fn new(most: usize, most_a_stream: usize) -> Self {
        Self { used: 0, most, most_at_first: most, most_a_stream }
    }

    /// How many bytes may wait in one stream.
    pub(super) fn most_a_stream(&self) -> usize {
        self.most_a_stream
    }

    /// The fuller the table of conversations, the less may wait: half when it is full.
    pub(super) fn narrow(&mut self, conversations: usize, most: usize) {
        let half = self.most_at_first as u64 / 2 * conversations as u64 / (most as u64).max(1);
        self.most = self.most_at_first.saturating_sub(usize::try_from(half).unwrap_or(usize::MAX));
    }

    /// Counts bytes that wait in any case.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.used += bytes;
    }

    #[cfg(test)]
    fn used(&self) -> usize {
        self.used
    }

    /// Whether so many bytes more may wait.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.used.saturating_add(bytes) <= self.most
    }

    /// Whether so many bytes more may wait; counts them if so.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let fits = self.used + bytes <= self.most;
        if fits {
            self.used += bytes;
        }
        fits
    }

    pub(super) fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }
}

impl Stream {
    /// Begins at the byte of this number.
    pub(super) fn new(next: Seq) -> Self {
        Self { next, offset: 0, early: BTreeMap::new(), held: 0, fin: None }
    }

    /// Whether nothing is known but the number of the next byte.
    pub(super) fn is_idle(&self) -> bool {
        self.early.is_empty() && self.held == 0 && self.fin.is_none()
    }

    /// Goes on at the byte of this number, as one that is idle.
    pub(super) fn restart(&mut self, next: Seq) {
        (self.next, self.offset) = (next, 0);
    }

    /// The number of the next byte.
    pub(super) fn next(&self) -> Seq {
        self.next
    }

    /// How many bytes are missing before the byte of this number.
    pub(super) fn hole_before(&self, seq: Seq) -> Option<u32> {
        seq.is_after(self.next).then(|| seq - self.next)
    }

    /// Ends in front of the byte of this number. What goes on there is given out, with what waits for it.
    pub(super) fn split(&mut self, at: Seq, budget: &mut Budget) -> Self {
        let ahead = self.offset + u64::from(at - self.next);
        // Both count from the same byte, so what waits behind is not touched: there may be much of it.
        let mut behind = Self { next: at, offset: ahead, early: self.early.split_off(&ahead), held: 0, fin: self.fin };
        let whole = std::mem::take(&mut self.held);
        let mut front = 0;
        for (key, early) in &mut self.early {
            let before = early.bytes.len();
            front += before + OVERHEAD;
            early.bytes.truncate(usize::try_from(ahead - key).unwrap_or(usize::MAX));
            self.held += early.bytes.len() + OVERHEAD;
            budget.release(before - early.bytes.len());
        }
        behind.held = whole.saturating_sub(front);
        behind
    }

    /// The sender's FIN has this number.
    pub(super) fn closes(&mut self, end: Seq) {
        self.fin = Some(end);
    }

    /// Bytes up to this number have gone by without being kept.
    pub(super) fn pass(&mut self, end: Seq) {
        if end.is_after(self.next) {
            self.advance(end - self.next);
        }
    }

    /// Drops what came too early. The caller has taken it off the budget.
    pub(super) fn forget_early(&mut self) {
        self.early.clear();
        self.held = 0;
    }

    /// Bytes that wait, with their overhead.
    pub(super) fn waiting(&self) -> usize {
        self.held
    }

    /// The sender has closed and every byte before that was taken.
    pub(super) fn ended(&self) -> bool {
        self.fin == Some(self.next)
    }

    /// A segment arrives. What is too early is kept, within `budget`.
    pub(super) fn arrive(
        &mut self,
        seq: Seq,
        fin: bool,
        payload: &[u8],
        here: Piece,
        acked: Option<Seq>,
        budget: &mut Budget,
    ) -> Arrival {
        let len = clamp(payload.len());
        let end = seq + len;
        if fin {
            self.fin = Some(end);
        }
        if seq.is_after(self.next) {
            self.keep(seq, payload, here, budget);
            let given_up = acked.is_some_and(|acked| acked.is_after(self.next))
                || self.early.len() > MOST_WAITING
                || self.held > budget.most_a_stream;
            return if given_up { self.skip() } else { Arrival::Nothing };
        }
        if end.is_after(self.next) {
            let known = self.next - seq;
            self.advance(len - known);
            return Arrival::InOrder(known as usize..payload.len());
        }
        Arrival::Nothing
    }

    /// What came too early and is next now: appended to `into` with its source.
    pub(super) fn take_early(&mut self, into: &mut Vec<u8>, sources: &mut Vec<Piece>, budget: &mut Budget) -> bool {
        while let Some(entry) = self.early.first_entry() {
            let at = *entry.key();
            if at > self.offset {
                return false;
            }
            let early = entry.remove();
            let cost = early.bytes.len() + OVERHEAD;
            self.held = self.held.saturating_sub(cost);
            budget.release(cost);
            let known = usize::try_from(self.offset - at).unwrap_or(usize::MAX);
            let Some(new) = early.bytes.get(known..).filter(|b| !b.is_empty()) else { continue };
            into.extend_from_slice(new);
            let len = clamp(new.len());
            sources.push(Piece { frame: early.from.frame, start: early.from.start.saturating_add(clamp(known)), len });
            self.advance(len);
            return true;
        }
        false
    }

    /// Bytes wait behind a hole of which the receiver has acknowledged something: how much of it is given
    /// up for lost. `None` acknowledges everything.
    pub(super) fn pass_over(&mut self, acked: Option<Seq>) -> Option<u64> {
        let hole = self.early.keys().next()?.saturating_sub(self.offset);
        let lost = acked.map_or(hole, |acked| hole.min(self.lacks(acked)));
        if lost == 0 {
            return None;
        }
        self.advance(u32::try_from(lost).unwrap_or(u32::MAX));
        Some(lost)
    }

    /// How many bytes are missing between what was taken and what was acknowledged. The sender's FIN is none.
    pub(super) fn lacks(&self, acked: Seq) -> u64 {
        if !acked.is_after(self.next) {
            return 0;
        }
        let all = acked - self.next;
        match self.fin {
            Some(fin) => all.min(fin - self.next).into(),
            // One more may be a FIN that nobody captured.
            None if all == 1 => 0,
            None => all.into(),
        }
    }

    /// Goes on at the byte of this number: how many are left out.
    pub(super) fn jump(&mut self, to: Seq) -> u64 {
        if !to.is_after(self.next) {
            return 0;
        }
        let left_out = to - self.next;
        self.advance(left_out);
        left_out.into()
    }

    /// Keeps bytes that came too early. `false`: no room, or too many segments wait for the hole to be filled.
    pub(super) fn keep(&mut self, seq: Seq, payload: &[u8], here: Piece, budget: &mut Budget) -> bool {
        let at = self.offset + u64::from(seq - self.next);
        let cost = payload.len() + OVERHEAD;
        let longer = self.early.get(&at).is_none_or(|e| e.bytes.len() < payload.len());
        if payload.is_empty() || !longer {
            return true;
        }
        if self.held + cost > budget.most_a_stream + OVERHEAD || !budget.take(cost) {
            return false;
        }
        self.held += cost;
        if let Some(old) = self.early.insert(at, Early { bytes: payload.to_vec(), from: here }) {
            let cost = old.bytes.len() + OVERHEAD;
            self.held = self.held.saturating_sub(cost);
            budget.release(cost);
        }
        self.early.len() <= MOST_WAITING
    }

    /// Gives the hole up.
    fn skip(&mut self) -> Arrival {
        let Some(&at) = self.early.keys().next() else { return Arrival::Nothing };
        let missing = u32::try_from(at - self.offset).unwrap_or(u32::MAX);
        self.advance(missing);
        Arrival::Hole(missing)
    }

    fn advance(&mut self, by: u32) {
        self.next = self.next + by;
        self.offset += u64::from(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(order: &[(u32, &[u8])]) -> Vec<u8> {
        let mut budget = Budget::new(1 << 20, 1 << 20);
        let mut stream = Stream::new(Seq(0xffff_fff1));
        let (mut out, mut sources) = (Vec::new(), Vec::new());
        for (offset, bytes) in order {
            let seq = Seq(0xffff_fff1) + *offset;
            match stream.arrive(seq, false, bytes, Piece::default(), Some(Seq(0xffff_fff1)), &mut budget) {
                Arrival::InOrder(range) => out.extend_from_slice(&bytes[range]),
                Arrival::Nothing => {}
                Arrival::Hole(_) => unreachable!("nothing was acknowledged"),
            }
            while stream.take_early(&mut out, &mut sources, &mut budget) {}
        }
        assert_eq!(budget.used(), stream.waiting());
        out
    }

    #[test]
    fn any_order_gives_the_same_bytes_across_the_wrap_of_sequence_numbers() {
        let whole = b"abcdefghijklmnopqrstuvwxyz";
        let pieces: [(u32, &[u8]); 4] =
            [(0, &whole[..7]), (7, &whole[7..20]), (15, &whole[15..22]), (22, &whole[22..])];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
            assert_eq!(feed(&order.map(|i| pieces[i])), whole);
        }
    }

    #[test]
    fn bytes_sent_twice_count_once() {
        assert_eq!(feed(&[(0, b"abc"), (0, b"abc"), (1, b"bcde"), (0, b"a")]), b"abcde");
    }

    #[test]
    fn a_hole_is_given_up_when_the_receiver_has_acknowledged_it() {
        let mut budget = Budget::new(1 << 20, 1 << 20);
        let mut stream = Stream::new(Seq(100));
        assert_eq!(
            stream.arrive(Seq(110), false, b"xyz", Piece::default(), Some(Seq(113)), &mut budget),
            Arrival::Hole(10)
        );
        let (mut out, mut sources) = (Vec::new(), Vec::new());
        assert!(stream.take_early(&mut out, &mut sources, &mut budget));
        assert_eq!(out, b"xyz");
    }
}
