//! Holes in a stream: bytes that have not come. They may come later, or never, as the capture lost them.
//!
//! So nothing waits for that: where the present message ends, by its length, or where another surely begins, reading
//! goes on at once. What was left in front of the hole is kept; the segment that fills it completes that message.
//! Other bytes behind a hole are shown as what they are, and wait.

use super::message::{Answer, Brought, Incoming, Left, Messages, Speaker, UNTIL_CLOSE};
use super::stream::{Arrival, Budget, Stream};
use crate::model::{Piece, Seq, clamp};
use crate::proto::{Delivery, Gap, Place, StreamCtx};

/// Behind a hole, a message that claims to be longer than this is none.
const LONGEST_UNSURE: usize = 1 << 16;
/// More than this is not kept of a message that a hole interrupts and whose length is unknown: it is read once more
/// when the hole is filled.
const MOST_TO_READ_AGAIN: usize = 1 << 17;
/// What is in front of a hole is dropped once this many bytes were searched for it in vain.
const MOST_IN_VAIN: usize = 1 << 23;
/// How many holes may wait for their bytes at a time.
const MOST_HOLES: usize = 16;

impl Messages {
    /// Fills a hole that was left: the message in front of it goes on. A hole that its receiver has acknowledged is
    /// given up.
    pub(super) fn fill(
        &mut self,
        seq: Seq,
        payload: &[u8],
        here: Piece,
        gone: impl Fn(&Stream) -> bool,
        ctx: &mut StreamCtx<'_>,
        budget: &mut Budget,
    ) -> Option<Brought> {
        let over = |l: &Left| l.in_vain > MOST_IN_VAIN || gone(&l.stream) || !l.until.is_after(l.stream.next());
        while let Some(over) = self.left.iter().position(over) {
            self.drop_left(over, budget);
        }
        let end = seq + clamp(payload.len());
        let which = self.left.iter().position(|l| l.until.is_after(seq) && end.is_after(l.stream.next()))?;
        let until = self.left.get(which)?.until;
        self.turn(which, ctx);
        self.filling = Some(which);
        let new = ((until - seq) as usize).min(payload.len());
        let payload = payload.get(..new).unwrap_or(payload);
        Some(Brought::Run(match self.stream.arrive(seq, false, payload, here, None, budget) {
            Arrival::InOrder(range) => range,
            Arrival::Nothing | Arrival::Hole(_) => 0..0,
        }))
    }

    /// What is in front of a hole, and what is read now, change places. Both are read from the start of their message.
    fn turn(&mut self, which: usize, ctx: &mut StreamCtx<'_>) {
        let Some(left) = self.left.get_mut(which) else { return };
        std::mem::swap(&mut self.stream, &mut left.stream);
        std::mem::swap(&mut self.pending, &mut left.pending);
        std::mem::swap(&mut self.sources, &mut left.sources);
        std::mem::swap(&mut self.need, &mut left.need);
        std::mem::swap(&mut self.shown, &mut left.shown);
        left.in_vain = left.in_vain.saturating_add(std::mem::take(&mut ctx.side.searched));
    }

    /// Nothing is left of a segment that filled a hole.
    pub(super) fn turn_back(&mut self, ctx: &mut StreamCtx<'_>) {
        if let Some(which) = self.filling.take() {
            self.turn(which, ctx);
        }
    }

    /// A segment behind a hole, of which the message that has begun tells whether it is a piece of that.
    pub(super) fn interrupted(
        &mut self,
        hole: u32,
        missing: bool,
        incoming: Incoming<'_>,
        ctx: &mut StreamCtx<'_>,
        budget: &mut Budget,
    ) -> Brought {
        let Incoming { payload, here, .. } = incoming;
        let (seq, fin) = (incoming.segment.first(), incoming.closes());
        if self.pending.is_empty() || self.need <= self.pending.len() {
            return Brought::Beyond(missing);
        }
        let (left, hole) = (self.need - self.pending.len(), hole as usize);
        if left < hole {
            // It ends in the hole, and other messages may, too.
            return Brought::Beyond(missing);
        }
        let own = (left - hole).min(payload.len());
        let piece = payload.get(..own).unwrap_or(payload);
        let kept = !missing && (own == 0 || self.stream.keep(seq, piece, here, budget));
        if left - hole <= payload.len() {
            if fin {
                self.stream.closes(seq + clamp(payload.len()));
            }
            self.go_on(seq + clamp(own), Gap::Message, kept, ctx, budget);
            return Brought::Run(match self.stream.arrive(seq, fin, payload, here, None, budget) {
                Arrival::InOrder(range) => range,
                Arrival::Nothing | Arrival::Hole(_) => 0..0,
            });
        }
        if !kept {
            self.jump_to_the_end(left, ctx, budget);
        }
        Brought::Run(0..0)
    }

    /// Passes over the message that has begun, if it is longer than what may wait: reading goes on where it ends, if that can
    /// be told.
    pub(super) fn pass_over(&mut self, ctx: &mut StreamCtx<'_>, budget: &mut Budget) -> bool {
        if self.need == UNTIL_CLOSE || self.need <= budget.most_a_stream() || self.filling.is_some() {
            return false;
        }
        // All that is left of the segment is a piece of it.
        let piece = self.run.as_mut().map_or(0, |run| std::mem::replace(&mut run.start, run.end).abs_diff(run.end));
        *self.given_up.get_or_insert(0) += piece;
        self.jump_to_the_end(self.need.saturating_sub(self.pending.len() + piece), ctx, budget);
        true
    }

    /// Reading goes on after so many bytes, where the message ends.
    fn jump_to_the_end(&mut self, left: usize, ctx: &mut StreamCtx<'_>, budget: &mut Budget) {
        let end = u32::try_from(left).ok().filter(|&left| left < 1 << 31);
        self.lost = end.is_none();
        let at = self.stream.next() + end.unwrap_or(0);
        self.go_on(at, Gap::Message, false, ctx, budget);
    }

    /// Reads on at the byte of this number. What is in front of the hole is kept, where it may yet be completed.
    fn go_on(&mut self, at: Seq, gap: Gap, keep: bool, ctx: &mut StreamCtx<'_>, budget: &mut Budget) {
        let known = self.need > self.pending.len();
        let behind = self.stream.split(at, budget);
        let stream = std::mem::replace(&mut self.stream, behind);
        if keep && (known || self.pending.len() <= MOST_TO_READ_AGAIN) {
            if self.left.len() >= MOST_HOLES {
                self.drop_left(0, budget);
            }
            let (pending, sources) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.sources));
            self.left.push(Left {
                stream,
                pending,
                sources,
                need: self.need,
                shown: self.shown,
                until: at,
                in_vain: 0,
            });
        } else {
            budget.release(stream.waiting());
            self.give_up(budget);
        }
        (self.need, self.shown, self.gap) = (0, 0, gap);
        ctx.side.searched = 0;
        ctx.side.gaps = ctx.side.gaps.saturating_add(1);
    }

    fn drop_left(&mut self, which: usize, budget: &mut Budget) {
        let mut left = self.left.remove(which);
        budget.release(left.waiting());
        if !left.pending.is_empty() {
            *self.given_up.get_or_insert(0) += left.pending.len();
        }
        if self.pending.capacity() == 0 {
            // The room that it had serves the next message.
            left.pending.clear();
            left.sources.clear();
            (self.pending, self.sources) = (left.pending, left.sources);
        }
    }

    /// A segment behind a hole of which nothing is known: reading goes on where a message surely begins. Else its
    /// bytes are shown as they are, and wait for the hole to be filled, unless it will not be.
    pub(super) fn beyond(
        &mut self,
        incoming: Incoming<'_>,
        lost: bool,
        ctx: &mut StreamCtx<'_>,
        speaker: &mut Speaker<'_>,
        budget: &mut Budget,
    ) -> Option<Delivery> {
        let Incoming { payload, here, repeats, .. } = incoming;
        let (seq, fin) = (incoming.segment.first(), incoming.closes());
        let end = seq + clamp(payload.len());
        let searched = std::mem::take(&mut ctx.side.searched);
        ctx.gap = Gap::Unknown;
        let answer = if repeats && !lost { Answer::Skip(0) } else { speaker.ask(ctx, payload) };
        ctx.gap = Gap::None;
        let unread = match answer {
            Answer::Message(..) | Answer::Wait(0) | Answer::Begun(0, _) => None,
            Answer::Wait(n) | Answer::Begun(n, _) if n <= LONGEST_UNSURE.max(payload.len()) => None,
            Answer::Wait(_) | Answer::Skip(_) => Some(None),
            Answer::Begun(_, row) => Some(Some(Some(row))),
            Answer::Rest(row) => Some(Some(row)),
        };
        let Some(row) = unread else {
            if fin {
                self.stream.closes(end);
            }
            self.go_on(seq, Gap::Unknown, !lost, ctx, budget);
            let _ = self.stream.arrive(seq, fin, payload, here, None, budget);
            self.run = Some(0..payload.len());
            return None;
        };
        ctx.side.searched = searched;
        if fin {
            self.stream.closes(end);
        }
        if lost || !self.stream.keep(seq, payload, here, budget) {
            self.go_on(end, Gap::Unknown, false, ctx, budget);
        }
        let row = row.filter(|_| !repeats)?;
        Some(Delivery::rest(row, Place::Payload(0..payload.len())))
    }
}
