//! What one direction has sent: how far it came, and which segments were not acknowledged yet.
//!
//! Most directions wait for two acknowledgments at most. The last segment sent is then known without being written
//! down twice: it is the one that reached the highest number.

use super::past::Past;
use crate::model::{Seq, Time};
use std::sync::Arc;

/// The most unacknowledged segments that a direction remembers.
const MOST_UNACKED: usize = 10_000;

/// Segments for which room is made at once.
const FEW_UNACKED: usize = 8;

/// No number yet, as in Wireshark: one sequence number of four thousand million is taken for none.
pub(super) const NONE: Seq = Seq(0);

/// The segments of all connections that wait for their acknowledgment, and the most that may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unacked {
    pub count: usize,
    most: usize,
}

impl Unacked {
    /// None wait yet.
    pub(super) fn new(most: usize) -> Self {
        Self { count: 0, most }
    }

    /// This many wait no longer.
    pub(super) fn release(&mut self, count: usize) {
        self.count = self.count.saturating_sub(count);
    }

    /// In one connection, `now` wait instead of `before`; whether they are too many by that.
    pub(super) fn is_exceeded_by(&mut self, before: usize, now: usize) -> bool {
        self.count += now;
        self.release(before);
        now > before && self.count > self.most
    }
}

/// How far a direction came, and what of it is not acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    next_time: Time,
    next_frame: Past,
    next: Seq,
    /// Where the segment begins that reached `next`, while it is the newest that waits; else `next`.
    newest: Seq,
    /// The oldest that waits, unless it's empty.
    oldest: Sent,
    rest: Option<Arc<Rest>>,
}

/// A segment that uses up sequence numbers.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, packed(4))]
pub(super) struct Sent {
    pub time: Time,
    pub frame: Past,
    pub seq: Seq,
    pub next: Seq,
}

/// What most directions have no need of.
#[derive(Clone, Debug, Default)]
struct Rest {
    /// All that wait, once they are more than two, as far as there was room; the oldest first.
    segments: Vec<Sent>,
    /// The first and the last number among them, relative; `None` where it must be counted anew.
    reach: Option<(u32, u32)>,
    /// The acknowledgment that they were last compared with, if nothing came since.
    compared: Option<Seq>,
    duplicate_acks: DuplicateAcks,
    /// Bytes that its last segment acknowledged selectively.
    sacked: u32,
    /// When a segment of it was quoted, if none came since.
    quoted: Option<Time>,
    /// There was no room for some.
    has_forgotten: bool,
}

/// How often in a row an ACK was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DuplicateAcks {
    Counted(u32),
    /// The other end acknowledged what was never seen. Until this end says something new, that is told
    /// once; and whatever is repeated meanwhile counts as asked for.
    Overtaken,
}

impl Default for DuplicateAcks {
    fn default() -> Self {
        Self::Counted(0)
    }
}

impl Sending {
    pub(super) fn new() -> Self {
        Self {
            next_time: Time::default(),
            next_frame: Past::NONE,
            next: NONE,
            newest: NONE,
            oldest: Sent::default(),
            rest: None,
        }
    }

    /// One past the highest byte sent.
    pub(super) fn next(&self) -> Seq {
        self.next
    }

    /// The frame that reached it.
    pub(super) fn next_frame(&self) -> Past {
        self.next_frame
    }

    /// When that was.
    pub(super) fn next_time(&self) -> Time {
        self.next_time
    }

    pub(super) fn duplicate_acks(&self) -> DuplicateAcks {
        self.rest.as_ref().map_or(DuplicateAcks::Counted(0), |rest| rest.duplicate_acks)
    }

    pub(super) fn set_duplicate_acks(&mut self, acks: DuplicateAcks) {
        if self.duplicate_acks() != acks {
            self.rest().duplicate_acks = acks;
        }
    }

    /// Bytes that the last segment acknowledged selectively.
    pub(super) fn sacked(&self) -> u32 {
        self.rest.as_ref().map_or(0, |rest| rest.sacked)
    }

    pub(super) fn set_sacked(&mut self, sacked: u32) {
        if self.sacked() != sacked {
            self.rest().sacked = sacked;
        }
    }

    /// When a segment of it was quoted, if none came since.
    pub(super) fn quoted(&self) -> Option<Time> {
        self.rest.as_ref().and_then(|rest| rest.quoted)
    }

    pub(super) fn set_quoted(&mut self, quoted: Option<Time>) {
        if self.quoted() != quoted {
            self.rest().quoted = quoted;
        }
    }

    fn rest(&mut self) -> &mut Rest {
        Arc::make_mut(self.rest.get_or_insert_default())
    }

    /// All that wait, the oldest first.
    pub(super) fn unacked(&self) -> impl Iterator<Item = Sent> {
        let few = [self.oldest, self.newest()].into_iter().filter(|sent| !sent.is_empty());
        few.chain(self.many().iter().copied())
    }

    /// Whether none waits.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.oldest.is_empty() && self.newest == self.next && self.many().is_empty()
    }

    /// Whether some that wait may have been forgotten.
    pub(super) fn has_forgotten(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| rest.has_forgotten)
    }

    /// How many are written down, beside the two that are known without.
    #[inline]
    pub(super) fn written(&self) -> usize {
        self.many().len()
    }

    /// Forgets the newer half of those that are written down, if they aren't few; gives how many.
    pub(super) fn forget_half(&mut self) -> usize {
        if self.written() <= FEW_UNACKED {
            return 0;
        }
        let rest = self.rest();
        let kept = rest.segments.len() / 2;
        let forgotten = rest.segments.drain(kept..).len();
        rest.segments.shrink_to_fit();
        (rest.reach, rest.has_forgotten) = (None, true);
        forgotten
    }

    /// Bytes that it takes beside itself.
    pub(super) fn size(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| size_of::<Rest>() + rest.segments.capacity() * size_of::<Sent>())
    }

    /// Once there are more than two, all; else none.
    fn many(&self) -> &[Sent] {
        self.rest.as_ref().map_or(&[], |rest| &rest.segments)
    }

    fn newest(&self) -> Sent {
        Sent { time: self.next_time, frame: self.next_frame, seq: self.newest, next: self.next }
    }

    /// Counts on from another number.
    pub(super) fn goes_back(&mut self, next: Seq) {
        if next != self.next {
            self.settle();
            (self.next, self.newest) = (next, next);
        }
    }

    /// The relative numbers count from elsewhere now.
    pub(super) fn rebase(&mut self) {
        if let Some(rest) = self.rest.as_mut().filter(|rest| rest.reach.is_some()) {
            Arc::make_mut(rest).reach = None;
        }
    }

    /// A segment that uses up numbers waits for its acknowledgment; it `reaches` the highest number yet.
    pub(super) fn sends(&mut self, sent: Sent, reaches: bool, base: Seq) {
        self.settle();
        let alone = reaches && self.many().is_empty();
        if !alone {
            self.put(sent, base);
        }
        if reaches {
            self.reaches(sent.next, sent.frame, sent.time);
        }
        if alone {
            self.newest = sent.seq;
        }
    }

    /// A segment that uses up no numbers reaches the highest one yet.
    pub(super) fn reaches(&mut self, next: Seq, frame: Past, time: Time) {
        self.settle();
        (self.next, self.newest, self.next_frame, self.next_time) = (next, next, frame, time);
    }

    /// Writes the newest one down, before what it is known by changes.
    fn settle(&mut self) {
        let newest = self.newest();
        if !newest.is_empty() {
            self.newest = self.next;
            self.put(newest, NONE);
        }
    }

    /// Writes one down, behind the others.
    fn put(&mut self, sent: Sent, base: Seq) {
        let few = self.many().is_empty();
        if few && self.oldest.is_empty() {
            self.oldest = sent;
            return;
        }
        let oldest = if few { Some(std::mem::take(&mut self.oldest)) } else { None };
        let rest = self.rest();
        if let Some(oldest) = oldest {
            rest.segments.reserve(FEW_UNACKED);
            rest.segments.push(oldest);
            rest.reach = None;
        }
        rest.add(sent, base);
    }

    /// Takes off what `ack` covers. Gives the oldest segment that ends exactly there.
    pub(super) fn acknowledge(&mut self, ack: Seq) -> Option<Sent> {
        if !self.many().is_empty() {
            let rest = self.rest.as_mut().filter(|rest| rest.compared != Some(ack))?;
            return Arc::make_mut(rest).acknowledge(ack);
        }
        if self.newest == self.next && self.oldest.is_empty() {
            return None;
        }
        let (mut exact, mut newest) = (None, self.newest());
        if !self.oldest.is_empty() && !self.oldest.outlasts(ack, &mut exact) {
            self.oldest = Sent::default();
        }
        if !newest.is_empty() {
            self.newest = if newest.outlasts(ack, &mut exact) { newest.seq } else { self.next };
        }
        exact
    }

    /// The first and the last number among those that wait, relative to `base`.
    pub(super) fn reach(&mut self, base: Seq) -> Option<(u32, u32)> {
        if self.many().is_empty() {
            let newest = (self.newest - base, self.next - base);
            if self.oldest.is_empty() {
                return (self.newest != self.next).then_some(newest);
            }
            let oldest = ({ self.oldest.seq } - base, { self.oldest.next } - base);
            let none = self.newest == self.next;
            return Some(if none { oldest } else { (oldest.0.min(newest.0), oldest.1.max(newest.1)) });
        }
        if let Some(known) = self.rest.as_ref().and_then(|rest| rest.reach) {
            return Some(known);
        }
        let first = self.unacked().map(|sent| { sent.seq } - base).min()?;
        let last = self.unacked().map(|sent| { sent.next } - base).max()?;
        self.rest().reach = Some((first, last));
        Some((first, last))
    }
}

impl Sent {
    /// There is none: every one uses up a number.
    fn is_empty(&self) -> bool {
        let Self { seq, next, .. } = *self;
        seq == next
    }

    /// Whether some of it still waits after an acknowledgment; that is then what is left of it.
    fn outlasts(&mut self, ack: Seq, exact: &mut Option<Self>) -> bool {
        let (seq, next) = (self.seq, self.next);
        if next == ack {
            exact.get_or_insert(*self);
        }
        let keep = next.is_after(ack);
        if keep && ack.is_after(seq) {
            self.seq = ack;
        }
        keep
    }
}

impl Rest {
    fn add(&mut self, sent: Sent, base: Seq) {
        if self.segments.len() >= MOST_UNACKED {
            self.has_forgotten = true;
            return;
        }
        let (first, last) = ({ sent.seq } - base, { sent.next } - base);
        self.reach = match self.reach {
            Some((a, b)) => Some((a.min(first), b.max(last))),
            None if self.segments.is_empty() => Some((first, last)),
            None => None,
        };
        self.segments.push(sent);
        self.compared = None;
    }

    fn acknowledge(&mut self, ack: Seq) -> Option<Sent> {
        let (mut exact, mut changed) = (None, false);
        self.segments.retain_mut(|sent| {
            let before = sent.seq;
            let keep = sent.outlasts(ack, &mut exact);
            changed |= !keep || { sent.seq } != before;
            keep
        });
        if changed {
            self.reach = None;
        }
        self.compared = Some(ack);
        exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// The same in one list, as simply as can be.
    #[derive(Default)]
    struct Plain {
        next: (Seq, Past, Time),
        segments: Vec<Sent>,
    }

    fn told(sent: Sent) -> (u64, i64, u32, u32) {
        ({ sent.frame }.frame(u64::MAX >> 32), { sent.time }.0, { sent.seq }.0, { sent.next }.0)
    }

    #[test]
    fn whatever_is_sent_and_acknowledged_the_same_waits_as_in_one_list() {
        for seed in 0..400 {
            let mut dice = Rng::seeded(seed);
            let (mut sending, mut plain) = (Sending::new(), Plain::default());
            let base = Seq(u32::MAX - 40);
            let mut top = base;
            for n in 1..60 {
                let (frame, time) = (Past::of(n), Time(n.cast_signed() * 10));
                let from = top - u32::try_from(dice.below(3) * 5).unwrap();
                match dice.below(8) {
                    0..4 => {
                        let next = from + 5;
                        let sent = Sent { time, frame, seq: from, next };
                        let reaches = n == 1 || next.is_after(top);
                        sending.sends(sent, reaches, base);
                        plain.segments.push(sent);
                        if reaches {
                            plain.next = (next, frame, time);
                            top = next;
                        }
                    }
                    4..6 => {
                        let (ack, mut exact) = (from - 2 + u32::try_from(dice.below(3)).unwrap(), None);
                        plain.segments.retain_mut(|sent| sent.outlasts(ack, &mut exact));
                        assert_eq!(sending.acknowledge(ack).map(told), exact.map(told));
                    }
                    6 => {
                        sending.reaches(top, frame, time);
                        plain.next = (top, frame, time);
                    }
                    _ => {
                        top = from;
                        sending.goes_back(from);
                        plain.next.0 = from;
                    }
                }
                assert_eq!((sending.next(), sending.next_frame(), sending.next_time()), plain.next);
                assert!(sending.unacked().map(told).eq(plain.segments.iter().map(|&sent| told(sent))), "{seed} {n}");
                let first = plain.segments.iter().map(|sent| { sent.seq } - base).min();
                let last = plain.segments.iter().map(|sent| { sent.next } - base).max();
                assert_eq!(sending.reach(base), first.zip(last));
                assert_eq!(sending.is_acknowledged(), plain.segments.is_empty());
            }
        }
    }
}
