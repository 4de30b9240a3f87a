//! What one direction of a TCP connection looks like from outside, and the verdicts on its segments.
//!
//! The verdicts are Wireshark's heuristics ("TCP Analysis" in its User's Guide), so that everybody who
//! opens the same capture there reads the same words. They are suspicions: an onlooker cannot know why
//! bytes come twice. "Direction" below is the segment's own, "reverse" the other one.

use crate::model::{Seq, Time};
use crate::proto::memory::Segment;
use crate::proto::tcp::{flag, verdict};

/// The most unacknowledged segments that a direction remembers.
const MOST_UNACKED: usize = 10_000;
/// Out of order rather than retransmitted, where no round trip was measured: 3 ms.
const OUT_OF_ORDER_NANOS: i64 = 3_000_000;
/// A fast retransmission follows the duplicate ACK within 20 ms.
const FAST_NANOS: i64 = 20_000_000;
/// One packet that is captured twice comes again within 10 ms: no sender repeats itself so soon.
const TWICE_NANOS: i64 = 10_000_000;

/// No number yet, as in Wireshark: one sequence number of four thousand million is taken for none.
pub(super) const NONE: Seq = Seq(0);

/// What is remembered of one direction.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    /// What relative sequence numbers count from.
    pub base: Option<Seq>,
    /// One past the highest byte sent.
    pub next: Seq,
    next_frame: u64,
    next_time: Time,
    /// Its last segment.
    pub frame: u64,
    /// One past the highest byte sent without a hole before it.
    contiguous: Seq,
    /// The last acknowledgment number that this direction carried.
    pub ack: Seq,
    ack_time: Time,
    /// The frame that carried that number first.
    ack_frame: u64,
    duplicate_acks: DuplicateAcks,
    /// The last window as sent; before the first one, more than any segment can say.
    window: u32,
    /// A SYN was the last that told a window: that one is never scaled.
    window_unscaled: bool,
    /// Shift of its windows; -1 unknown, -2 not in use.
    pub shift: i8,
    pub verdicts: u32,
    unacked: Unacked,
    /// Bytes that its last segment acknowledged selectively.
    sacked: u32,
    hole: bool,
    /// Bytes since the last segment that asked to be handed on at once (PSH), and whether the last one asked.
    pushed: (u32, bool),
    /// One past the highest byte sent, whatever a reset claimed.
    sent: Seq,
    /// Its last packets, to know one that was captured twice.
    recent: [Print; 4],
}

/// What tells a packet from another that says the same.
#[derive(Clone, Copy, Debug, Default)]
struct Print {
    frame: u64,
    time: Time,
    ip_id: u16,
    seq: Seq,
    ack: Seq,
    len: u32,
    flags: u16,
    window: u16,
    checksum: u16,
}

impl Print {
    fn of(s: &Segment, frame: u64, time: Time) -> Self {
        let &Segment { ip_id, seq, ack, len, flags, window, checksum, .. } = s;
        Self { frame, time, ip_id, seq, ack, len, flags, window, checksum }
    }

    fn is_again(&self, o: &Self, quiet: bool) -> bool {
        let equal = (self.seq, self.ack, self.len, self.flags) == (o.seq, o.ack, o.len, o.flags)
            && (self.window, self.checksum, self.ip_id) == (o.window, o.checksum, o.ip_id);
        // Without an identification, equal bare ACKs may answer different segments.
        let sure = self.ip_id != 0 || quiet || self.len > 0 || self.flags & (flag::SYN | flag::FIN) != 0;
        self.frame != 0 && equal && sure && within(o.time, self.time, TWICE_NANOS)
    }
}

/// How often in a row an ACK was repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DuplicateAcks {
    Counted(u32),
    /// The other end acknowledged what was never seen. Until this end says something new, that is told
    /// once; and whatever is repeated meanwhile counts as asked for.
    Overtaken,
}

/// The segments that were not acknowledged yet, the oldest first.
#[derive(Clone, Debug, Default)]
struct Unacked {
    segments: Vec<Sent>,
    /// The first and the last number among them, relative; `None` where it must be counted anew.
    reach: Option<(u32, u32)>,
    /// The acknowledgment that they were last compared with, if nothing came since.
    compared: Option<Seq>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    frame: u64,
    time: Time,
    seq: Seq,
    next: Seq,
}

/// What the analysis of one segment found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub verdicts: u32,
    pub acks: Option<(u64, Option<i64>)>,
    pub bytes_in_flight: Option<(u32, u32)>,
    pub duplicate_ack: Option<(u32, u64)>,
    pub rto: Option<(i64, u64)>,
    /// The frame that carried a repetition's first byte first.
    pub original: Option<u64>,
    /// No frame carried that byte before.
    pub unseen: bool,
    /// The frame that was this very packet.
    pub twin: Option<u64>,
    /// Whether Wireshark keeps anything of this segment: it then tells the initial round trip, too.
    pub told: bool,
    /// Earlier frames that a verdict may follow from.
    pub earlier: Earlier,
}

/// Frames before the one that is judged; 0 where there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Earlier {
    /// The one with the direction's highest number, and its last one.
    highest: u64,
    last: u64,
    /// The other direction's.
    other_highest: u64,
    other_last: u64,
    /// The one in which the other direction's last acknowledgment came first.
    other_ack: u64,
}

/// One of those frames.
type Pick = fn(&Earlier) -> u64;

/// Which earlier frame each verdict follows from. A retransmission's is told by `tcp.analysis.rto_frame`.
pub(super) const FOLLOWS: &[(u32, Pick)] = &[
    (verdict::FAST_RETRANSMISSION, |e| e.other_ack),
    (verdict::SPURIOUS_RETRANSMISSION, |e| e.other_ack),
    (verdict::OUT_OF_ORDER, |e| e.highest),
    (verdict::LOST_SEGMENT, |e| e.highest),
    (verdict::ACK_LOST_SEGMENT, |e| e.other_highest),
    (verdict::ZERO_WINDOW, |e| e.other_highest),
    (verdict::ZERO_WINDOW_PROBE, |e| e.other_last),
    (verdict::ZERO_WINDOW_PROBE_ACK, |e| e.other_last),
    (verdict::WINDOW_UPDATE, |e| e.last),
    (verdict::WINDOW_FULL, |e| e.other_last),
    (verdict::KEEP_ALIVE, |e| e.highest),
    (verdict::KEEP_ALIVE_ACK, |e| e.other_last),
];

/// Whether verdicts say that a segment seems to bring nothing new: Wireshark does not read it again.
pub(super) fn only_repeats(verdicts: u32) -> bool {
    let again = verdicts & (verdict::RETRANSMISSION | verdict::FAST_RETRANSMISSION) == verdict::RETRANSMISSION;
    again || verdicts & verdict::OUT_OF_ORDER != 0
}

impl Direction {
    pub(super) fn new() -> Self {
        Self {
            base: None,
            next: NONE,
            next_frame: 0,
            next_time: Time::default(),
            frame: 0,
            contiguous: NONE,
            ack: NONE,
            ack_time: Time::default(),
            ack_frame: 0,
            duplicate_acks: DuplicateAcks::Counted(0),
            window: u32::MAX,
            window_unscaled: false,
            shift: -1,
            verdicts: 0,
            unacked: Unacked::default(),
            sacked: 0,
            hole: false,
            pushed: (0, false),
            sent: NONE,
            recent: [Print::default(); 4],
        }
    }

    /// Whether anything but its window's shift is known of it.
    pub(super) fn is_known(&self) -> bool {
        self.base.is_some()
    }

    /// The relative numbers count from here now.
    pub(super) fn rebase(&mut self, base: Seq) {
        self.base = Some(base);
        self.unacked.reach = None;
    }

    /// The SYN was sent once more. What a reset in between seemed to have sent does not count
    /// (RFC 9293 §3.10.7.1 numbers it after the ACK that it answers).
    pub(super) fn starts_over(&mut self) {
        self.next = self.contiguous;
    }

    fn multiplied(&self) -> u32 {
        let shift = if self.window_unscaled || self.shift < 0 { 0 } else { self.shift.clamp(0, 14) };
        self.window.wrapping_shl(shift.unsigned_abs().into())
    }
}

impl Unacked {
    fn add(&mut self, sent: Sent, base: Seq) {
        if self.segments.len() >= MOST_UNACKED {
            return;
        }
        let (first, last) = (sent.seq - base, sent.next - base);
        self.reach = match self.reach {
            Some((a, b)) => Some((a.min(first), b.max(last))),
            None if self.segments.is_empty() => Some((first, last)),
            None => None,
        };
        if self.segments.capacity() == 0 {
            // Most connections of a flood never have a second one.
            self.segments.reserve_exact(1);
        }
        self.segments.push(sent);
        self.compared = None;
    }

    /// Takes off what `ack` covers. Gives the oldest segment that ends exactly there.
    fn acknowledge(&mut self, ack: Seq) -> Option<Sent> {
        if self.segments.is_empty() || self.compared == Some(ack) {
            return None;
        }
        let (mut exact, mut changed) = (None, false);
        self.segments.retain_mut(|u| {
            if u.next == ack {
                exact.get_or_insert(*u);
            }
            let keep = u.next.is_after(ack);
            if keep && ack.is_after(u.seq) {
                (u.seq, changed) = (ack, true);
            }
            changed |= !keep;
            keep
        });
        if changed {
            self.reach = None;
        }
        self.compared = Some(ack);
        exact
    }

    /// The first and the last number among them, relative to `base`.
    fn reach(&mut self, base: Seq) -> Option<(u32, u32)> {
        if self.reach.is_none() {
            let first = self.segments.iter().map(|u| u.seq - base).min()?;
            let last = self.segments.iter().map(|u| u.next - base).max()?;
            self.reach = Some((first, last));
        }
        self.reach
    }
}

/// Where a reset's number lies, as the receiver sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reset {
    /// At the next byte that it may expect; also where nothing tells.
    Exact,
    /// Elsewhere in its window.
    Inside,
    /// Outside.
    Outside,
}

/// Where a reset of direction `fwd` lies (RFC 9293 §3.10.7.4). The receiver expects a byte between its last
/// ACK and what was sent last: an onlooker can't see how much has arrived.
pub(super) fn reset(fwd: &Direction, rev: &Direction, s: &Segment) -> Reset {
    if rev.ack == NONE || !rev.is_known() {
        return Reset::Exact;
    }
    let beyond = s.seq - rev.ack;
    let sent = if fwd.sent != NONE && fwd.sent.is_after(rev.ack) { fwd.sent - rev.ack } else { 0 };
    // A window that was never scaled before this capture may be the largest there is.
    let window =
        if rev.shift == -1 && !rev.window_unscaled { rev.window.saturating_mul(1 << 14) } else { rev.multiplied() };
    match beyond {
        n if n <= sent => Reset::Exact,
        n if n < window => Reset::Inside,
        _ => Reset::Outside,
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
    fwd.base.get_or_insert(if syn { s.seq } else { s.seq - 1 });
    if s.flags & flag::ACK != 0 {
        rev.base.get_or_insert(s.ack - 1);
        rev.hole = false;
    }
    let mut found = Findings {
        earlier: Earlier {
            highest: fwd.next_frame,
            last: fwd.frame,
            other_highest: rev.next_frame,
            other_last: rev.frame,
            other_ack: rev.ack_frame,
        },
        ..Findings::default()
    };
    let print = Print::of(s, frame, now);
    let quiet = fwd.frame > rev.frame;
    found.twin = fwd.recent.iter().rev().find(|earlier| earlier.is_again(&print, quiet)).map(|p| p.frame);
    judge_alone(fwd, rev, s, &mut found);
    if s.ack != fwd.ack {
        fwd.ack_frame = frame;
        fwd.duplicate_acks = DuplicateAcks::Counted(0);
    }
    if rev.contiguous != NONE && s.ack.is_after(rev.contiguous) && s.flags & flag::ACK != 0 {
        overtake(rev, &mut found);
    }
    judge_repetition(fwd, rev, s, rtt, now, &mut found);
    if found.verdicts & verdict::RETRANSMISSION != 0 {
        let mut sent = fwd.unacked.segments.iter();
        let waiting = sent.find(|u| !u.seq.is_after(s.seq) && u.next.is_after(s.seq)).map(|u| u.frame);
        let mut recent = fwd.recent.iter().filter(|p| p.frame != 0 && p.flags & flag::RST == 0);
        let same = |p: &&Print| p.seq == s.seq && (p.len > 0 || p.flags & (flag::SYN | flag::FIN) != 0);
        found.original = waiting.or_else(|| recent.find(same).map(|p| p.frame));
        // What was acknowledged is forgotten, so nobody can say whether it was seen.
        let forgotten = rev.ack.is_after(s.seq) && rev.ack != NONE || fwd.unacked.segments.len() >= MOST_UNACKED;
        found.unseen = found.original.is_none() && !forgotten;
    }
    note(fwd, s, frame, now, found.verdicts);
    found.acks = rev.unacked.acknowledge(s.ack).map(|sent| (sent.frame, now.since(sent.time)));
    let flying = s.len != 0 && !fwd.hole && !fwd.unacked.segments.is_empty();
    if flying {
        let before = if fwd.pushed.1 { 0 } else { fwd.pushed.0 };
        fwd.pushed = (before.saturating_add(s.len), s.flags & flag::PSH != 0);
        let pushed = fwd.pushed.0;
        found.bytes_in_flight = in_flight(fwd, rev, s).map(|n| (n, pushed));
    }
    found.told |= found.verdicts != 0 || found.acks.is_some() || flying;
    found
}

/// More was acknowledged than this direction was seen to send.
fn overtake(rev: &mut Direction, found: &mut Findings) {
    found.told = true;
    if rev.next.is_after(rev.contiguous) {
        rev.contiguous = rev.next;
        found.verdicts |= verdict::ACK_LOST_SEGMENT;
        return;
    }
    if rev.duplicate_acks == DuplicateAcks::Counted(0) {
        found.verdicts |= verdict::ACK_LOST_SEGMENT;
    }
    rev.duplicate_acks = DuplicateAcks::Overtaken;
}

/// The verdicts that compare a segment with what its own direction and the reverse said last.
fn judge_alone(fwd: &mut Direction, rev: &mut Direction, s: &Segment, found: &mut Findings) {
    let special = s.flags & (flag::SYN | flag::FIN | flag::RST) != 0;
    let window = u32::from(s.window);
    let expected = s.seq == fwd.next;
    if s.len == 1 && expected && rev.window == 0 {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE;
        return;
    }
    if window == 0 && !special {
        found.verdicts |= verdict::ZERO_WINDOW;
    }
    if fwd.next != NONE && s.seq.is_after(fwd.next) && s.flags & flag::RST == 0 {
        found.verdicts |= verdict::LOST_SEGMENT;
        fwd.hole = true;
    }
    if s.len <= 1 && s.seq == fwd.next - 1 && !special {
        found.verdicts |= verdict::KEEP_ALIVE;
    }
    if s.len > 0 && rev.shift != -1 && s.seq + s.len == rev.ack + rev.multiplied() && !special {
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
    if window == 0 && same_window && same_ack && rev.verdicts & verdict::ZERO_WINDOW_PROBE != 0 {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE_ACK;
        return;
    }
    // RFC 8684 §3.4.1: with an option of Multipath TCP it is no signal of loss.
    if window != 0 && same_window && same_ack && !s.multipath {
        let so_far = if let DuplicateAcks::Counted(n) = fwd.duplicate_acks { n } else { 0 };
        fwd.duplicate_acks = DuplicateAcks::Counted(so_far + 1);
        found.verdicts |= verdict::DUPLICATE_ACK;
        found.duplicate_ack = Some((so_far + 1, fwd.ack_frame));
    }
}

/// Data (or a SYN or FIN) that does not go beyond what was sent before: sent again, or overtaken?
fn judge_repetition(fwd: &Direction, rev: &Direction, s: &Segment, rtt: Option<i64>, now: Time, found: &mut Findings) {
    let occupies = s.len > 0 || s.flags & (flag::SYN | flag::FIN) != 0;
    if !occupies || found.verdicts & verdict::KEEP_ALIVE != 0 {
        return;
    }
    let end = s.seq + s.len;
    if s.len > 0 && rev.ack != NONE && !end.is_after(rev.ack) {
        found.verdicts |= verdict::SPURIOUS_RETRANSMISSION | verdict::RETRANSMISSION;
        return;
    }
    // A segment that starts at an unanswered probe's byte and brings more is new.
    let advances = fwd.next == NONE || !fwd.next.is_after(s.seq) || (s.len > 1 && fwd.next - 1 == s.seq);
    if advances {
        return;
    }
    let asked_for = !matches!(rev.duplicate_acks, DuplicateAcks::Counted(0 | 1));
    if asked_for && rev.ack == s.seq && within(now, rev.ack_time, FAST_NANOS) {
        found.verdicts |= verdict::FAST_RETRANSMISSION | verdict::RETRANSMISSION;
        return;
    }
    let one = u32::from(s.flags & (flag::SYN | flag::FIN) != 0);
    if within(now, fwd.next_time, rtt.unwrap_or(OUT_OF_ORDER_NANOS)) && fwd.next != end + one {
        found.verdicts |= verdict::OUT_OF_ORDER;
        return;
    }
    found.verdicts |= verdict::RETRANSMISSION;
    // The timer runs for the oldest unacknowledged segment (RFC 6298 §5).
    let original = fwd.unacked.segments.first().map_or((fwd.next_time, fwd.next_frame), |u| (u.time, u.frame));
    found.rto = now.since(original.0).filter(|passed| *passed != 0).map(|passed| (passed, original.1));
}

/// Whether less than `nanos` have passed since; a clock that went back says no. Without times, nothing speaks
/// against it.
fn within(now: Time, since: Time, nanos: i64) -> bool {
    now.since(since).is_none_or(|passed| (0..nanos).contains(&passed))
}

/// Remembers what the segment said.
fn note(fwd: &mut Direction, s: &Segment, frame: u64, now: Time, verdicts: u32) {
    let occupies_one = s.flags & (flag::SYN | flag::FIN) != 0;
    let mut end = s.seq + s.len;
    if s.len > 0 || occupies_one {
        end = end + u32::from(occupies_one);
        fwd.unacked.add(Sent { frame, time: now, seq: s.seq, next: end }, fwd.base.unwrap_or_default());
    }
    let probe = verdicts & verdict::ZERO_WINDOW_PROBE != 0;
    if (fwd.next == NONE || end.is_after(fwd.next)) && !probe {
        (fwd.next, fwd.next_frame, fwd.next_time) = (end, frame, now);
    }
    if (fwd.contiguous == NONE || s.seq == fwd.contiguous) && !probe {
        fwd.contiguous = fwd.next;
    }
    if s.flags & flag::RST == 0 && (fwd.sent == NONE || end.is_after(fwd.sent)) {
        fwd.sent = end;
    }
    fwd.frame = frame;
    fwd.recent.rotate_left(1);
    if let Some(last) = fwd.recent.last_mut() {
        *last = Print::of(s, frame, now);
    }
    fwd.window = u32::from(s.window);
    match s.flags & (flag::SYN | flag::ACK) {
        0 => {}
        flag::ACK => fwd.window_unscaled = false,
        _ => fwd.window_unscaled = true,
    }
    fwd.ack = s.ack;
    fwd.ack_time = now;
    fwd.sacked = s.sacks.iter().fold(0, |sum, (from, to)| (*to - *from).wrapping_add(sum));
    fwd.verdicts = verdicts;
}

/// From the first byte that is not acknowledged to the last one sent, without what was acknowledged
/// selectively. A FIN of this segment is no byte.
fn in_flight(fwd: &mut Direction, rev: &Direction, s: &Segment) -> Option<u32> {
    let (first, last) = fwd.unacked.reach(fwd.base?)?;
    let n = last.wrapping_sub(first).wrapping_sub(rev.sacked);
    // A SYN or a FIN of this segment is no byte.
    let one = u32::from(s.flags & (flag::SYN | flag::FIN) != 0);
    Some(n).filter(|&n| n > 0 && n < 2_000_000_000).map(|n| n - one).filter(|&n| n > 0)
}
