//! What one direction of a TCP connection looks like from outside, and the verdicts on its segments.
//!
//! The verdicts are Wireshark's heuristics ("TCP Analysis" in its User's Guide), so that everybody who
//! opens the same capture there reads the same words. They are suspicions: an onlooker cannot know why
//! bytes come twice. "Direction" below is the segment's own, "reverse" the other one.

use super::event::Event;
use super::message::Messages;
use super::past::Past;
use super::pause::{Pause, Spare};
use super::recent::{Last, Print, Recent, within};
use super::sending::{DuplicateAcks, NONE, Sending, Sent};
use crate::model::{Seq, Time};
use crate::proto::memory::{Conversation, Segment};
use crate::proto::tcp::{flag, verdict};
use std::sync::Arc;

/// Out of order rather than retransmitted, where no round trip was measured: 3 ms.
const OUT_OF_ORDER_NANOS: i64 = 3_000_000;
/// A fast retransmission follows the duplicate ACK within 20 ms.
const FAST_NANOS: i64 = 20_000_000;

/// A shift that is not known.
pub(super) const UNKNOWN: i8 = -1;

/// What is remembered of one direction. There may be a million of them, so each byte counts.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    pub sending: Sending,
    /// Its messages, while something waits in them.
    messages: Option<Arc<Messages>>,
    ack_time: Time,
    /// What relative sequence numbers count from.
    base: Seq,
    /// One past the highest byte sent without a hole before it.
    contiguous: Seq,
    /// One past the highest byte sent, whatever a reset claimed.
    sent: Seq,
    /// The last acknowledgment number that this direction carried.
    pub ack: Seq,
    /// The frame that carried that number first.
    ack_frame: Past,
    /// Its last segment.
    pub frame: Past,
    last: Last,
    /// Bytes since the last segment that asked to be handed on at once (PSH).
    pushed: u32,
    /// The number of its FIN.
    fin: Seq,
    /// The number of the next byte of its messages, while nothing waits.
    paused: Seq,
    /// The last window as sent.
    window: u16,
    verdicts: u16,
    is: u16,
    /// Shift of its windows; -1 unknown, -2 not in use.
    pub shift: i8,
}

/// What may hold of a direction, as bits of `is`.
mod is {
    /// Anything but its window's shift is known of it.
    pub(super) const KNOWN: u16 = 1;
    /// It has told a window.
    pub(super) const WINDOW_TOLD: u16 = 2;
    /// A SYN was the last that told a window: that one is never scaled.
    pub(super) const WINDOW_UNSCALED: u16 = 4;
    pub(super) const HOLE: u16 = 8;
    /// Its last segment asked to be handed on at once.
    pub(super) const PUSHED: u16 = 16;
    pub(super) const FINISHED: u16 = 32;
    /// Its SYN was seen: its stream begins there, whatever comes first.
    pub(super) const SYN_SEEN: u16 = 64;
    /// A message has begun, and nothing waits now.
    pub(super) const PAUSED: u16 = 128;
    /// Bytes of the next message were given up.
    pub(super) const BEHEADED: u16 = 256;
    /// Some of its segments were not in their frame's own bytes.
    pub(super) const HIDDEN: u16 = 512;
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
    pub original: Option<Past>,
    /// No frame carried that byte before.
    pub unseen: bool,
    /// The frame that was this very packet.
    pub twin: Option<Past>,
    /// Whether Wireshark keeps anything of this segment: it then tells the initial round trip, too.
    pub told: bool,
    /// Earlier frames that a verdict may follow from.
    pub earlier: Earlier,
}

/// Frames before the one that is judged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Earlier {
    /// The one with the direction's highest number, and its last one.
    highest: Past,
    last: Past,
    /// The other direction's.
    other_highest: Past,
    other_last: Past,
    /// The one in which the other direction's last acknowledgment came first.
    other_ack: Past,
}

/// One of those frames.
type Pick = fn(&Earlier) -> Past;

/// Which earlier frame each verdict follows from. A retransmission's is told by `tcp.analysis.rto_frame`.
const FOLLOWS: &[(u32, Pick)] = &[
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

impl Findings {
    /// Adds them as events.
    pub(super) fn tell(&self, c: Conversation, frame: u64, events: &mut Vec<Event>) {
        if self.verdicts & verdict::RETRANSMISSION != 0 {
            let of = self.original.map(|of| of.frame(frame));
            events.push(Event::Retransmitted { conversation: c, of, unseen: self.unseen });
        }
        if let Some(of) = self.twin {
            events.push(Event::CapturedTwice { conversation: c, of: of.frame(frame) });
        }
        if self.verdicts != 0 {
            for (verdict, earlier) in FOLLOWS {
                let after = earlier(&self.earlier);
                if self.verdicts & verdict != 0 && after != Past::NONE {
                    events.push(Event::Judged { conversation: c, verdict: *verdict, after: after.frame(frame) });
                }
            }
        }
    }
}

impl Direction {
    /// One that has sent nothing yet.
    pub(super) fn new(shift: i8, base: Option<Seq>) -> Self {
        Self {
            sending: Sending::new(),
            messages: None,
            ack_time: Time::default(),
            base: base.unwrap_or(NONE),
            contiguous: NONE,
            sent: NONE,
            ack: NONE,
            ack_frame: Past::NONE,
            frame: Past::NONE,
            last: Last::default(),
            pushed: 0,
            fin: NONE,
            paused: NONE,
            window: 0,
            verdicts: 0,
            is: if base.is_some() { is::KNOWN } else { 0 },
            shift,
        }
    }

    /// Whether anything but its window's shift is known of it.
    pub(super) fn is_known(&self) -> bool {
        self.is(is::KNOWN)
    }

    /// What relative sequence numbers count from, once known.
    pub(super) fn base(&self) -> Option<Seq> {
        self.is_known().then_some(self.base)
    }

    /// Whether a segment of it was seen.
    pub(super) fn has_sent(&self) -> bool {
        self.is(is::WINDOW_TOLD)
    }

    /// When its last segment came.
    pub(super) fn time(&self) -> Time {
        self.ack_time
    }

    /// The relative numbers count from here now.
    pub(super) fn rebase(&mut self, base: Seq) {
        self.base = base;
        self.sending.rebase();
    }

    /// The SYN was sent once more. What a reset in between seemed to have sent does not count
    /// (RFC 9293 §3.10.7.1 numbers it after the ACK that it answers).
    pub(super) fn starts_over(&mut self) {
        self.sending.goes_back(self.contiguous);
    }

    /// Its SYN is seen.
    pub(super) fn begins(&mut self) {
        self.set(is::SYN_SEEN, true);
    }

    /// Whether its SYN was seen.
    pub(super) fn has_begun(&self) -> bool {
        self.is(is::SYN_SEEN)
    }

    /// The number of its FIN, once one was seen.
    pub(super) fn fin(&self) -> Option<Seq> {
        self.is(is::FINISHED).then_some(self.fin)
    }

    /// Its messages, while something waits in them.
    pub(super) fn messages(&self) -> Option<&Messages> {
        self.messages.as_deref()
    }

    /// The same, to change them.
    pub(super) fn messages_mut(&mut self) -> Option<&mut Messages> {
        self.messages.as_mut().map(Arc::make_mut)
    }

    /// Whether a message has begun.
    pub(super) fn has_stream(&self) -> bool {
        self.messages.is_some() || self.is(is::PAUSED)
    }

    /// Its messages go on, or begin at the byte of this number.
    pub(super) fn listen(&mut self, first: Seq, spare: &mut Spare) -> &mut Messages {
        let next = if self.is(is::PAUSED) { self.paused } else { first };
        let at = Pause { next, beheaded: self.is(is::BEHEADED), hidden: self.is(is::HIDDEN) };
        self.is &= !(is::PAUSED | is::BEHEADED | is::HIDDEN);
        let resumes = self.messages.is_none();
        let messages = Arc::make_mut(self.messages.get_or_insert_with(|| spare.take()));
        if resumes {
            messages.resume(at);
        }
        messages
    }

    /// If nothing waits in its messages, they make room; whether they did.
    pub(super) fn pause(&mut self, spare: &mut Spare) -> bool {
        let Some(Pause { next, beheaded, hidden }) = self.messages().and_then(Messages::pause) else { return false };
        self.paused = next;
        self.set(is::PAUSED, true);
        self.set(is::BEHEADED, beheaded);
        self.set(is::HIDDEN, hidden);
        if let Some(messages) = self.messages.take() {
            spare.put(messages);
        }
        true
    }

    /// Its messages wait, in no more room than they need.
    pub(super) fn wait(&mut self) {
        if self.messages().is_some_and(Messages::is_roomy) {
            self.messages_mut().map(Messages::slim);
        }
    }

    /// Leaves out waiting bytes that are in the frames, where that saves much.
    pub(super) fn lighten(&mut self) {
        if let Some(lighter) = self.messages().and_then(Messages::lighter) {
            self.messages = Some(Arc::new(lighter));
        }
    }

    /// Its messages are over.
    pub(super) fn forget_messages(&mut self) {
        self.messages = None;
        self.is &= !(is::PAUSED | is::BEHEADED | is::HIDDEN);
    }

    /// It ends at this number, unless it has ended already.
    pub(super) fn ends(&mut self, fin: Seq) {
        if !self.is(is::FINISHED) {
            self.fin = fin;
            self.set(is::FINISHED, true);
        }
    }

    /// Whether its last segment seems to bring nothing new: Wireshark does not read it again.
    pub(super) fn only_repeats(&self) -> bool {
        let verdicts = u32::from(self.verdicts);
        let again = verdicts & (verdict::RETRANSMISSION | verdict::FAST_RETRANSMISSION) == verdict::RETRANSMISSION;
        again || verdicts & verdict::OUT_OF_ORDER != 0
    }

    /// Whether a segment brings bytes behind all that were sent: no earlier one was the same.
    fn is_news(&self, s: &Segment) -> bool {
        s.len > 0 && s.flags & flag::RST == 0 && self.sent != NONE && !self.sent.is_after(s.seq)
    }

    fn is(&self, what: u16) -> bool {
        self.is & what != 0
    }

    fn set(&mut self, what: u16, holds: bool) {
        self.is = if holds { self.is | what } else { self.is & !what };
    }

    fn had(&self, verdict: u32) -> bool {
        u32::from(self.verdicts) & verdict != 0
    }

    fn know(&mut self, base: Seq) {
        if !self.is_known() {
            self.base = base;
            self.set(is::KNOWN, true);
        }
    }

    /// The last window as sent; before the first one, more than any segment can say.
    fn window(&self) -> u32 {
        if self.is(is::WINDOW_TOLD) { self.window.into() } else { u32::MAX }
    }

    fn multiplied(&self) -> u32 {
        let shift = if self.is(is::WINDOW_UNSCALED) || self.shift < 0 { 0 } else { self.shift.clamp(0, 14) };
        self.window().wrapping_shl(shift.unsigned_abs().into())
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
    let unscaled = rev.is(is::WINDOW_UNSCALED);
    let window = if rev.shift == -1 && !unscaled { rev.window().saturating_mul(1 << 14) } else { rev.multiplied() };
    match beyond {
        n if n <= sent => Reset::Exact,
        n if n < window => Reset::Inside,
        _ => Reset::Outside,
    }
}

/// Windows are scaled only when both SYNs offered it (RFC 7323 §2.2).
pub(super) fn scale(fwd: &mut Direction, rev: &mut Direction, s: &Segment) {
    if s.flags & flag::SYN == 0 {
        return;
    }
    if let Some(shift) = s.window_scale {
        fwd.shift = i8::try_from(shift.min(14)).unwrap_or(14);
    }
    if fwd.shift == -1 || (s.flags & flag::ACK != 0 && rev.shift == -2) {
        (fwd.shift, rev.shift) = (-2, -2);
    }
}

/// Judges a segment and takes note of it; `found` is empty before.
pub(super) fn analyse(
    fwd: &mut Direction,
    rev: &mut Direction,
    s: &Segment,
    rtt: Option<i64>,
    (frame, now): (u64, Time),
    recent: &mut Recent,
    found: &mut Findings,
) {
    let syn = s.flags & flag::SYN != 0;
    fwd.know(if syn { s.seq } else { s.seq - 1 });
    if s.flags & flag::ACK != 0 {
        rev.know(s.ack - 1);
        rev.set(is::HOLE, false);
    }
    let past = Past::of(frame);
    let print = Print::of(s, past, now);
    if !fwd.is_news(s) {
        found.twin = recent.twin(fwd.last, &print, fwd.frame.is_after(rev.frame));
    }
    judge_alone(fwd, rev, s, frame, found);
    if s.ack != fwd.ack {
        fwd.ack_frame = past;
        fwd.sending.set_duplicate_acks(DuplicateAcks::Counted(0));
    }
    if rev.contiguous != NONE && s.ack.is_after(rev.contiguous) && s.flags & flag::ACK != 0 {
        overtake(rev, found);
    }
    judge_repetition(fwd, rev, s, rtt, (frame, now), found);
    if found.verdicts != 0 {
        found.earlier = Earlier {
            highest: fwd.sending.next_frame(),
            last: fwd.frame,
            other_highest: rev.sending.next_frame(),
            other_last: rev.frame,
            other_ack: rev.ack_frame,
        };
    }
    if found.verdicts & verdict::RETRANSMISSION != 0 {
        let covers = |u: &Sent| !{ u.seq }.is_after(s.seq) && { u.next }.is_after(s.seq);
        let waiting = fwd.sending.unacked().find(covers).map(|u| u.frame);
        found.original = waiting.or_else(|| recent.first_with(fwd.last, s.seq));
        // What was acknowledged is forgotten, so nobody can say whether it was seen.
        let forgotten = rev.ack.is_after(s.seq) && rev.ack != NONE || fwd.sending.has_forgotten();
        found.unseen = found.original.is_none() && !forgotten;
    }
    recent.add(&mut fwd.last, print);
    note(fwd, s, past, now, found.verdicts);
    found.acks = rev.sending.acknowledge(s.ack).map(|sent| ({ sent.frame }.frame(frame), now.since(sent.time)));
    let flying = s.len != 0 && !fwd.is(is::HOLE) && !fwd.sending.is_acknowledged();
    if flying {
        let before = if fwd.is(is::PUSHED) { 0 } else { fwd.pushed };
        fwd.pushed = before.saturating_add(s.len);
        fwd.set(is::PUSHED, s.flags & flag::PSH != 0);
        let pushed = fwd.pushed;
        found.bytes_in_flight = in_flight(fwd, rev, s).map(|n| (n, pushed));
    }
    found.told |= found.verdicts != 0 || found.acks.is_some() || flying;
}

/// More was acknowledged than this direction was seen to send.
fn overtake(rev: &mut Direction, found: &mut Findings) {
    found.told = true;
    if rev.sending.next().is_after(rev.contiguous) {
        rev.contiguous = rev.sending.next();
        found.verdicts |= verdict::ACK_LOST_SEGMENT;
        return;
    }
    if rev.sending.duplicate_acks() == DuplicateAcks::Counted(0) {
        found.verdicts |= verdict::ACK_LOST_SEGMENT;
    }
    rev.sending.set_duplicate_acks(DuplicateAcks::Overtaken);
}

/// The verdicts that compare a segment with what its own direction and the reverse said last.
fn judge_alone(fwd: &mut Direction, rev: &Direction, s: &Segment, frame: u64, found: &mut Findings) {
    let special = s.flags & (flag::SYN | flag::FIN | flag::RST) != 0;
    let window = u32::from(s.window);
    let next = fwd.sending.next();
    let expected = s.seq == next;
    if s.len == 1 && expected && rev.window() == 0 {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE;
        return;
    }
    if window == 0 && !special {
        found.verdicts |= verdict::ZERO_WINDOW;
    }
    if next != NONE && s.seq.is_after(next) && s.flags & flag::RST == 0 {
        found.verdicts |= verdict::LOST_SEGMENT;
        fwd.set(is::HOLE, true);
    }
    if s.len <= 1 && s.seq == next - 1 && !special {
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
    let same_window = window == fwd.window();
    if window != 0 && !same_window && same_ack {
        found.verdicts |= verdict::WINDOW_UPDATE;
    }
    if window != 0 && same_window && same_ack && rev.had(verdict::KEEP_ALIVE) {
        found.verdicts |= verdict::KEEP_ALIVE_ACK;
        return;
    }
    if window == 0 && same_window && same_ack && rev.had(verdict::ZERO_WINDOW_PROBE) {
        found.verdicts |= verdict::ZERO_WINDOW_PROBE_ACK;
        return;
    }
    // RFC 8684 §3.4.1: with an option of Multipath TCP it is no signal of loss.
    if window != 0 && same_window && same_ack && !s.multipath {
        let so_far = if let DuplicateAcks::Counted(n) = fwd.sending.duplicate_acks() { n } else { 0 };
        fwd.sending.set_duplicate_acks(DuplicateAcks::Counted(so_far + 1));
        found.verdicts |= verdict::DUPLICATE_ACK;
        found.duplicate_ack = Some((so_far + 1, fwd.ack_frame.frame(frame)));
    }
}

/// Data (or a SYN or FIN) that does not go beyond what was sent before: sent again, or overtaken?
fn judge_repetition(
    fwd: &Direction,
    rev: &Direction,
    s: &Segment,
    rtt: Option<i64>,
    (frame, now): (u64, Time),
    found: &mut Findings,
) {
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
    let next = fwd.sending.next();
    let advances = next == NONE || !next.is_after(s.seq) || (s.len > 1 && next - 1 == s.seq);
    if advances {
        return;
    }
    let asked_for = !matches!(rev.sending.duplicate_acks(), DuplicateAcks::Counted(0 | 1));
    if asked_for && rev.ack == s.seq && within(now, rev.ack_time, FAST_NANOS) {
        found.verdicts |= verdict::FAST_RETRANSMISSION | verdict::RETRANSMISSION;
        return;
    }
    let one = u32::from(s.flags & (flag::SYN | flag::FIN) != 0);
    if within(now, fwd.sending.next_time(), rtt.unwrap_or(OUT_OF_ORDER_NANOS)) && next != end + one {
        found.verdicts |= verdict::OUT_OF_ORDER;
        return;
    }
    found.verdicts |= verdict::RETRANSMISSION;
    // The timer runs for the oldest unacknowledged segment (RFC 6298 §5).
    let oldest = fwd.sending.unacked().next();
    let original = oldest.map_or((fwd.sending.next_time(), fwd.sending.next_frame()), |u| (u.time, u.frame));
    let passed = now.since(original.0).filter(|passed| *passed != 0);
    found.rto = passed.map(|passed| (passed, original.1.frame(frame)));
}

/// Remembers what the segment said.
fn note(fwd: &mut Direction, s: &Segment, frame: Past, now: Time, verdicts: u32) {
    let occupies_one = s.flags & (flag::SYN | flag::FIN) != 0;
    let end = s.seq + s.len + u32::from(occupies_one);
    let probe = verdicts & verdict::ZERO_WINDOW_PROBE != 0;
    let reaches = (fwd.sending.next() == NONE || end.is_after(fwd.sending.next())) && !probe;
    if s.len > 0 || occupies_one {
        fwd.sending.sends(Sent { time: now, frame, seq: s.seq, next: end }, reaches, fwd.base);
    } else if reaches {
        fwd.sending.reaches(end, frame, now);
    }
    if (fwd.contiguous == NONE || s.seq == fwd.contiguous) && !probe {
        fwd.contiguous = fwd.sending.next();
    }
    if s.flags & flag::RST == 0 && (fwd.sent == NONE || end.is_after(fwd.sent)) {
        fwd.sent = end;
    }
    fwd.frame = frame;
    fwd.window = s.window;
    fwd.set(is::WINDOW_TOLD, true);
    match s.flags & (flag::SYN | flag::ACK) {
        0 => {}
        kinds => fwd.set(is::WINDOW_UNSCALED, kinds != flag::ACK),
    }
    fwd.ack = s.ack;
    fwd.ack_time = now;
    let sacked = s.sacks.iter().fold(0, |sum, (from, to)| (*to - *from).wrapping_add(sum));
    fwd.sending.set_sacked(sacked);
    fwd.verdicts = u16::try_from(verdicts).unwrap_or(u16::MAX);
}

/// From the first byte that is not acknowledged to the last one sent, without what was acknowledged
/// selectively. A FIN of this segment is no byte.
fn in_flight(fwd: &mut Direction, rev: &Direction, s: &Segment) -> Option<u32> {
    let (first, last) = fwd.sending.reach(fwd.base()?)?;
    let n = last.wrapping_sub(first).wrapping_sub(rev.sending.sacked());
    // A SYN or a FIN of this segment is no byte.
    let one = u32::from(s.flags & (flag::SYN | flag::FIN) != 0);
    Some(n).filter(|&n| n > 0 && n < 2_000_000_000).map(|n| n - one).filter(|&n| n > 0)
}
