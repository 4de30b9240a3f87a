//! The last segments of all connections, to know one that was captured twice, or brought a byte first.
//!
//! They lie in one ring: four segments take more room than all else that is remembered of a direction. A direction
//! knows where its last one is, and that knows where the one before it is.

use super::held::Held;
use super::past::Past;
use crate::model::{Seq, Time};
use crate::proto::memory::Segment;
use crate::proto::tcp::flag;

/// How many are remembered of all connections.
const MOST: u32 = 1 << 17;
/// How many are looked at of one direction.
const MOST_OF_ONE: usize = 4;
/// One packet that is captured twice comes again within 10 ms: no sender repeats itself so soon.
const TWICE_NANOS: i64 = 10_000_000;

/// The ring. A copy shares what neither has changed since.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    segments: Held<Told, 1024>,
    /// How many there were; it begins anew at 0.
    count: u32,
}

/// Where in the ring a direction's last segment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Last(u32);

/// A segment, and the place of the one before it of its direction.
#[derive(Clone, Copy, Debug)]
struct Told {
    before: Last,
    print: Print,
}

/// What tells a packet from another that says the same.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(super) struct Print {
    time: Time,
    frame: Past,
    seq: Seq,
    ack: Seq,
    len: u32,
    ip_id: u16,
    flags: u16,
    window: u16,
    checksum: u16,
}

impl Print {
    pub(super) fn of(s: &Segment, frame: Past, time: Time) -> Self {
        let &Segment { ip_id, seq, ack, len, flags, window, checksum, .. } = s;
        Self { time, frame, seq, ack, len, ip_id, flags, window, checksum }
    }

    fn is_again(&self, o: &Self, quiet: bool) -> bool {
        let (a, b) = (*self, *o);
        if a.seq != b.seq || a.frame == Past::NONE {
            return false;
        }
        let equal = (a.ack, a.len, a.flags) == (b.ack, b.len, b.flags)
            && (a.window, a.checksum, a.ip_id) == (b.window, b.checksum, b.ip_id);
        // Without an identification, equal bare ACKs may answer different segments.
        let sure = a.ip_id != 0 || quiet || a.len > 0 || a.flags & (flag::SYN | flag::FIN) != 0;
        equal && sure && within(b.time, a.time, TWICE_NANOS)
    }

    /// Whether it brought the bytes that begin at this number.
    fn brought(&self, seq: Seq) -> bool {
        let it = *self;
        let counts = it.frame != Past::NONE && it.flags & flag::RST == 0;
        it.seq == seq && counts && (it.len > 0 || it.flags & (flag::SYN | flag::FIN) != 0)
    }
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { segments: Held::new(), count: 0 }
    }

    fn get(&self, at: Last) -> Option<&Told> {
        let known = at.0 != 0 && self.count.wrapping_sub(at.0) < MOST;
        if known { self.segments.get((at.0.wrapping_sub(1) % MOST) as usize) } else { None }
    }

    /// The frame of a direction's segment that is this very packet: of several, the last.
    pub(super) fn twin(&self, last: Last, print: &Print, quiet: bool) -> Option<Past> {
        let mut at = last;
        for _ in 0..MOST_OF_ONE {
            let told = self.get(at)?;
            if told.print.is_again(print, quiet) {
                return Some(told.print.frame);
            }
            at = told.before;
        }
        None
    }

    /// The frame of a direction's segment that brought the bytes from this number on: of several, the first.
    pub(super) fn first_with(&self, last: Last, seq: Seq) -> Option<Past> {
        let (mut at, mut found) = (last, None);
        for _ in 0..MOST_OF_ONE {
            let Some(told) = self.get(at) else { break };
            if told.print.brought(seq) {
                found = Some(told.print.frame);
            }
            at = told.before;
        }
        found
    }

    /// Takes note of a direction's next segment.
    pub(super) fn add(&mut self, last: &mut Last, print: Print) {
        let told = Told { before: *last, print };
        let place = (self.count % MOST) as usize;
        self.count = self.count.wrapping_add(1).max(1);
        *last = Last(self.count);
        if place >= self.segments.len() {
            self.segments.push(told);
        } else if let Some(old) = self.segments.get_mut(place) {
            *old = told;
        }
    }

    /// See [`Held::share`].
    pub(super) fn share(&mut self) {
        self.segments.share();
    }

    /// About how many bytes were changed since this was asked last, if a copy is made each time.
    pub(super) fn changed(&mut self) -> usize {
        self.segments.changed()
    }
}

/// Whether less than `nanos` have passed since; a clock that went back says no. Without times, nothing speaks
/// against it.
pub(super) fn within(now: Time, since: Time, nanos: i64) -> bool {
    now.since(since).is_none_or(|passed| (0..nanos).contains(&passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(seq: u32) -> Print {
        let segment = Segment { seq: Seq(seq), len: 1, ..Segment::default() };
        Print::of(&segment, Past::of(u64::from(seq)), Time::NONE)
    }

    #[test]
    fn four_of_a_direction_are_looked_at_whatever_lies_between_them() {
        let (mut recent, mut one, mut other) = (Recent::new(), Last::default(), Last::default());
        for n in 1..=6 {
            recent.add(&mut one, print(n));
            recent.add(&mut other, print(n + 100));
        }
        let seen = |seq| recent.twin(one, &print(seq), false).map(|frame| frame.frame(1000));
        assert_eq!([2, 3, 6, 103].map(seen), [None, Some(3), Some(6), None]);
        assert_eq!(recent.twin(Last::default(), &print(6), false), None);
    }

    #[test]
    fn what_was_overwritten_is_not_taken_for_what_was_there() {
        let (mut recent, mut one, mut other) = (Recent::new(), Last::default(), Last::default());
        recent.add(&mut one, print(7));
        for _ in 0..MOST - 1 {
            recent.add(&mut other, print(7));
        }
        assert!(recent.first_with(one, Seq(7)).is_some());
        recent.add(&mut other, print(7));
        assert_eq!(recent.first_with(one, Seq(7)), None);
        assert_eq!(recent.segments.len(), MOST as usize);
    }
}
