//! What one direction of a TCP connection looks like from outside, and the verdicts on its segments.
//!
//! The verdicts are Wireshark's heuristics ("TCP Analysis" in its User's Guide), so that everybody who
//! opens the same capture there reads the same words. They are suspicions: an onlooker cannot know why
//! bytes come twice. "Direction" below is the segment's own, "reverse" the other one.

use crate::model::Time;
use crate::proto::memory::Segment;
use crate::proto::tcp::{flag, verdict};

/// The most unacknowledged segments that a direction remembers.
const MOST_UNACKED: usize = 4096;
/// Out of order rather than retransmitted, where no round trip was measured: 3 ms.
const OUT_OF_ORDER_NANOS: i64 = 3_000_000;
/// A fast retransmission follows the duplicate ACK within 20 ms.
const FAST_NANOS: i64 = 20_000_000;

/// What is remembered of one direction. A sequence number of 0 stands for "none yet", as in Wireshark.
#[derive(Clone, Debug, Default)]
pub(super) struct Direction {
    /// What relative sequence numbers count from.
    pub base: Option<u32>,
    /// Its SYN was seen, so the base is no guess.
    synchronised: bool,
    /// One past the highest byte sent.
    pub next: u32,
    next_frame: u64,
    next_time: Time,
    /// One past the highest byte sent without a hole before it.
    contiguous: u32,
    /// The last acknowledgment number that this direction carried.
    pub ack: u32,
    ack_time: Time,
    /// The frame that carried that number first.
    ack_frame: u64,
    duplicate_acks: u32,
    window: u32,
    window_unscaled: bool,
    /// Shift of its windows; -1 unknown, -2 not in use.
    pub shift: i8,
    verdicts: u32,
    unacked: Vec<Unacked>,
    /// The blocks that its last segment acknowledged selectively.
    sacks: [(u32, u32); 4],
    hole: bool,
}

#[derive(Clone, Copy, Debug)]
struct Unacked {
    frame: u64,
    time: Time,
    seq: u32,
    next: u32,
}

/// What the analysis of one segment found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub verdicts: u32,
    pub acks: Option<(u64, i64)>,
    pub bytes_in_flight: Option<u32>,
    pub duplicate_ack: Option<(u32, u64)>,
    pub rto: Option<(i64, u64)>,
}

/// `a` comes after `b` in sequence space (RFC 9293 §3.4).
pub(super) fn after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

impl Direction {
    pub(super) fn new() -> Self {
        Self { shift: -1, ..Self::default() }
    }

    fn multiplied(&self) -> u32 {
        let shift = if self.window_unscaled || self.shift < 0 { 0 } else { self.shift.clamp(0, 14) };
        self.window << shift
    }
}

/// Judges a segment and takes note of it.
pub(super) fn analyse(
    fwd: &mut Direction,
    rev: &mut Direction,
    s: &Segment,
    rtt: Option<i64>,
    frame: u64,
    now: Time,
) -> Findings {
    let syn = s.flags & flag::SYN != 0;
    if fwd.base.is_none() || (syn && !fwd.synchronised) {
        fwd.base = Some(if syn { s.seq } else { s.seq.wrapping_sub(1) });
    }
    fwd.synchronised |= syn;
    if s.flags & flag::ACK != 0 {
        rev.base.get_or_insert(s.ack.wrapping_sub(1));
        rev.hole = false;
    }
    let mut found = Findings::default();
    judge_alone(fwd, rev, s, &mut found);
    if s.ack != fwd.ack {
        fwd.ack_frame = frame;
        fwd.duplicate_acks = 0;
    }
    if rev.contiguous != 0 && after(s.ack, rev.contiguous) && s.flags & flag::ACK != 0 {
        found.verdicts |= verdict::ACK_LOST_SEGMENT;
        rev.contiguous = rev.next;
    }
    judge_repetition(fwd, rev, s, rtt, now, &mut found);
    note(fwd, s, frame, now, found.verdicts);
    acknowledge(rev, s, now, &mut found);
    if s.len != 0 && !fwd.hole {
        found.bytes_in_flight = in_flight(fwd, rev, s);
    }
    found
}

/// The verdicts that compare a segment with what its own direction and the reverse said last.
fn judge_alone(fwd: &mut Direction, rev: &mut Direction, s: &Segment, found: &mut Findings) {
    let special = s.flags & (flag::SYN | flag::FIN | flag::RST) != 0;
    let window = u32::from(s.window);
    let expected = s.seq == fwd.next;
    if s.len == 1 && expected && rev.window == 0 && rev.base.is_some() && rev.ack != 0 {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE;
        return;
    }
    if window == 0 && !special {
        found.verdicts |= verdict::ZERO_WINDOW;
    }
    if fwd.next != 0 && after(s.seq, fwd.next) && s.flags & flag::RST == 0 {
        found.verdicts |= verdict::LOST_SEGMENT;
        fwd.hole = true;
    }
    if s.len <= 1 && s.seq == fwd.next.wrapping_sub(1) && fwd.next != 0 && !special {
        found.verdicts |= verdict::KEEP_ALIVE;
    }
    if s.len > 0 && rev.shift != -1 && s.seq.wrapping_add(s.len) == rev.ack.wrapping_add(rev.multiplied()) && !special {
        found.verdicts |= verdict::WINDOW_FULL;
    }
    // What follows repeats the last segment of its direction: no data, same place.
    if s.len != 0 || !expected || special {
        return;
    }
    let same_ack = s.ack == fwd.ack;
    let same_window = window == fwd.window;
    if window != 0 && !same_window && same_ack {
        found.verdicts |= verdict::WINDOW_UPDATE;
    }
    if window != 0 && same_window && same_ack && rev.verdicts & verdict::KEEP_ALIVE != 0 {
        found.verdicts |= verdict::KEEP_ALIVE_ACK;
        return;
    }
    let consumed = s.ack == fwd.ack.wrapping_add(1);
    if window == 0 && same_window && (same_ack || consumed) && rev.verdicts & verdict::ZERO_WINDOW_PROBE != 0 {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE_ACK;
        if consumed {
            (rev.next, rev.contiguous) = (s.ack, s.ack);
        }
        return;
    }
    if window != 0 && same_window && same_ack {
        fwd.duplicate_acks += 1;
        found.verdicts |= verdict::DUPLICATE_ACK;
        found.duplicate_ack = Some((fwd.duplicate_acks, fwd.ack_frame));
    }
}

/// Data (or a SYN or FIN) that does not go beyond what was sent before: sent again, or overtaken?
fn judge_repetition(fwd: &Direction, rev: &Direction, s: &Segment, rtt: Option<i64>, now: Time, found: &mut Findings) {
    let occupies = s.len > 0 || s.flags & (flag::SYN | flag::FIN) != 0;
    if !occupies || found.verdicts & verdict::KEEP_ALIVE != 0 {
        return;
    }
    let end = s.seq.wrapping_add(s.len);
    if s.len > 0 && rev.ack != 0 && !after(end, rev.ack) {
        found.verdicts |= verdict::SPURIOUS_RETRANSMISSION | verdict::RETRANSMISSION;
        return;
    }
    // A segment that starts at an unanswered probe's byte and brings more is new.
    let advances = fwd.next == 0 || !after(fwd.next, s.seq) || (s.len > 1 && fwd.next.wrapping_sub(1) == s.seq);
    if advances {
        return;
    }
    if rev.duplicate_acks >= 2 && rev.ack == s.seq && now.since(rev.ack_time) < FAST_NANOS {
        found.verdicts |= verdict::FAST_RETRANSMISSION | verdict::RETRANSMISSION;
        return;
    }
    let one = u32::from(s.flags & (flag::SYN | flag::FIN) != 0);
    if now.since(fwd.next_time) < rtt.unwrap_or(OUT_OF_ORDER_NANOS) && fwd.next != end.wrapping_add(one) {
        found.verdicts |= verdict::OUT_OF_ORDER;
        return;
    }
    found.verdicts |= verdict::RETRANSMISSION;
    // The timer runs for the oldest unacknowledged segment (RFC 6298 §5).
    let original = fwd.unacked.first().map_or((fwd.next_time, fwd.next_frame), |u| (u.time, u.frame));
    found.rto = Some((now.since(original.0), original.1));
}

/// Remembers what the segment said.
fn note(fwd: &mut Direction, s: &Segment, frame: u64, now: Time, verdicts: u32) {
    let occupies_one = s.flags & (flag::SYN | flag::FIN) != 0;
    let mut end = s.seq.wrapping_add(s.len);
    if s.len > 0 || occupies_one {
        end = end.wrapping_add(u32::from(occupies_one));
        if fwd.unacked.len() < MOST_UNACKED {
            fwd.unacked.push(Unacked { frame, time: now, seq: s.seq, next: end });
        }
    }
    let probe = verdicts & verdict::ZERO_WINDOW_PROBE != 0;
    if (fwd.next == 0 || after(end, fwd.next)) && !probe {
        (fwd.next, fwd.next_frame, fwd.next_time) = (end, frame, now);
    }
    if (fwd.contiguous == 0 || s.seq == fwd.contiguous) && !probe {
        fwd.contiguous = fwd.next;
    }
    fwd.window = u32::from(s.window);
    fwd.window_unscaled = s.flags & flag::SYN != 0;
    fwd.ack = s.ack;
    fwd.ack_time = now;
    fwd.sacks = s.sacks;
    fwd.verdicts = verdicts;
}

/// Takes the segments that this one acknowledges off the reverse direction's list.
fn acknowledge(rev: &mut Direction, s: &Segment, now: Time, found: &mut Findings) {
    rev.unacked.retain_mut(|u| {
        if u.next == s.ack {
            // Of several that end there, the one that was sent first.
            found.acks.get_or_insert((u.frame, now.since(u.time)));
            return false;
        }
        if !after(u.next, s.ack) {
            return false;
        }
        if after(s.ack, u.seq) {
            u.seq = s.ack;
        }
        true
    });
}

/// From the first byte that is not acknowledged to the last one sent, without what was acknowledged
/// selectively. A FIN of this segment is no byte.
fn in_flight(fwd: &Direction, rev: &Direction, s: &Segment) -> Option<u32> {
    let base = fwd.base?;
    let first = fwd.unacked.iter().map(|u| u.seq.wrapping_sub(base)).min()?;
    let last = fwd.unacked.iter().map(|u| u.next.wrapping_sub(base)).max()?;
    let fin = u32::from(s.flags & flag::FIN != 0);
    let sacked = rev.sacks.iter().fold(0u32, |sum, (from, to)| sum.wrapping_add(to.wrapping_sub(*from)));
    let n = last.wrapping_sub(first).wrapping_sub(fin).wrapping_sub(sacked);
    Some(n).filter(|&n| n > 0 && n < 2_000_000_000)
}
