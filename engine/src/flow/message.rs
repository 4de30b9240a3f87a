//! The framing loop: one direction's bytes in order, cut into messages by the protocol that speaks on it.
//!
//! A message that lies in one segment is given out as a range of it, without a copy. Only what began in
//! an earlier segment waits here.
//!
//! What lies behind bytes that have not come is `hole`'s.

use super::Fetch;
use super::stream::{Arrival, Budget, Stream};
use crate::model::{Buffer, Piece, Seq, clamp};
use crate::proto::memory::Segment;
use crate::proto::tcp::flag;
use crate::proto::{Delivery, Framing, Gap, Key, Over, Place, Protocol, StreamCtx, data, guesses, lookup};
use std::ops::{ControlFlow, Range};

/// Fewer bytes than these do not tell whose a stream of an unknown port is.
const FEWEST_TO_GUESS: usize = 8;
/// Fewer bytes than these are kept in a checkpoint: they cost as much as to say where they are.
const FEWEST_TO_LEAVE_OUT: usize = 1024;
/// The length of a message that ends where the stream ends.
pub(super) const UNTIL_CLOSE: usize = usize::MAX;

/// The messages of one direction.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub(super) struct Messages {
    pub(super) stream: Stream,
    /// The beginning of a message whose end has not come.
    pub(super) pending: Vec<u8>,
    pub(super) sources: Vec<Piece>,
    /// How long that message will be, where its protocol knows; else 0.
    pub(super) need: usize,
    /// How much of `pending` its protocol has been shown.
    pub(super) shown: usize,
    /// What is left of the present segment's new bytes; `None` between segments.
    pub(super) run: Option<Range<usize>>,
    /// The protocol has been told that the sender closed.
    pub(super) closed: bool,
    /// It could not be said where the next message begins: nothing more is read.
    pub(super) lost: bool,
    /// What is missing before the next bytes.
    pub(super) gap: Gap,
    /// What is in front of the holes behind which reading went on, the oldest first.
    pub(super) left: Vec<Left>,
    /// The hole that the present segment fills, if any: it has changed places with what is read now.
    pub(super) filling: Option<usize>,
    pub(super) given_up: Option<usize>,
    /// Bytes of the present message were given up.
    pub(super) beheaded: bool,
    /// Some segments were not in their frame's own bytes: what waits may not be found there again.
    pub(super) hidden: bool,
    /// Bytes that wait, and are to be read again from their frames.
    pub(super) left_out: usize,
}

/// A segment that comes in: its header, its data, and what its connection knows about it.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) segment: &'a Segment,
    pub(super) payload: &'a [u8],
    /// Where the payload is.
    pub(super) here: Piece,
    /// What the other end has acknowledged of this direction, if anything.
    pub(super) acked: Option<Seq>,
    /// It seems to bring nothing that was not sent before.
    pub(super) repeats: bool,
}

impl<'a> Incoming<'a> {
    /// One of which the connection has not said anything yet.
    pub(super) fn new(segment: &'a Segment, payload: &'a [u8], here: Piece) -> Self {
        Self { segment, payload, here, acked: None, repeats: false }
    }

    /// It closes its direction.
    pub(super) fn closes(&self) -> bool {
        self.segment.flags & flag::FIN != 0
    }
}

/// What a segment brings.
pub(super) enum Brought {
    /// These bytes are next, if any.
    Run(Range<usize>),
    /// All its bytes are behind a hole. `true`: it will not be filled.
    Beyond(bool),
}

/// What the protocol said about the bytes it was shown.
pub(super) enum Answer {
    Wait(usize),
    /// The same; the frame that brought its first bytes shows whose they are.
    Begun(usize, &'static Protocol),
    Message(usize, Option<&'static Protocol>),
    /// This number of bytes belongs to no message.
    Skip(usize),
    /// All of them are what is left of something not understood.
    Rest(Option<&'static Protocol>),
}

/// Who speaks on a connection, and its ports, the lower first.
pub(super) struct Speaker<'a> {
    pub(super) protocol: &'a mut Option<&'static Protocol>,
    pub(super) ports: (u16, u16),
}

/// The stream in front of a hole, as it was when reading went on behind it.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) stream: Stream,
    pub(super) pending: Vec<u8>,
    pub(super) sources: Vec<Piece>,
    pub(super) need: usize,
    pub(super) shown: usize,
    /// The number of the byte at which reading went on.
    pub(super) until: Seq,
    /// How many bytes its protocol had searched, and will search again, because segments filled this hole.
    pub(super) in_vain: usize,
}

impl Left {
    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.pending.len() + self.stream.waiting()
    }
}

impl Messages {
    /// Of a stream whose first byte has this number.
    pub(super) fn new(first: Seq) -> Self {
        Self {
            stream: Stream::new(first),
            pending: Vec::new(),
            sources: Vec::new(),
            need: 0,
            shown: 0,
            run: None,
            closed: false,
            lost: false,
            gap: Gap::None,
            left: Vec::new(),
            filling: None,
            given_up: None,
            beheaded: false,
            hidden: false,
            left_out: 0,
        }
    }

    /// The same without the bytes that can be read again; `None` where that wouldn't save much.
    pub(super) fn lighter(&self) -> Option<Self> {
        let waits: usize = self.sources.iter().map(|piece| piece.len as usize).sum();
        if self.hidden || self.pending.len() < FEWEST_TO_LEAVE_OUT || waits != self.pending.len() {
            return None;
        }
        Some(Self {
            pending: Vec::new(),
            left_out: waits,
            stream: self.stream.clone(),
            sources: self.sources.clone(),
            run: self.run.clone(),
            left: self.left.clone(),
            ..*self
        })
    }

    /// Reads those bytes again. What can't be read is given up.
    pub(super) fn refill(&mut self, fetch: Fetch<'_>, budget: &mut Budget) {
        let wanted = std::mem::take(&mut self.left_out);
        if wanted == 0 {
            return;
        }
        self.pending.reserve_exact(wanted);
        let all = self.sources.iter().all(|&piece| fetch(piece, &mut self.pending));
        if !all || self.pending.len() != wanted {
            self.pending.resize(wanted, 0);
            self.forget_waiting(budget);
        }
    }

    /// Bytes that it takes, but for those that are in the frames.
    pub(super) fn size(&self) -> usize {
        let waits = if self.hidden || self.pending.len() < FEWEST_TO_LEAVE_OUT { self.pending.len() } else { 0 };
        size_of::<Self>() + waits + self.stream.waiting() + self.sources.len() * size_of::<Piece>()
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        let left: usize = self.left.iter().map(Left::waiting).sum();
        self.pending.len() + self.stream.waiting() + left
    }

    /// Gives up all that waits.
    pub(super) fn forget_waiting(&mut self, budget: &mut Budget) {
        budget.release(self.waiting());
        self.left = Vec::new();
        self.stream.forget_early();
        self.beheaded |= !self.pending.is_empty();
        self.pending = Vec::new();
        self.sources.clear();
        (self.need, self.shown) = (0, 0);
    }

    /// How many bytes were given up since this was asked last.
    pub(super) fn take_given_up(&mut self) -> Option<usize> {
        self.given_up.take()
    }

    /// See [`Memory::deliver`](crate::proto::Memory::deliver).
    pub(super) fn deliver(
        &mut self,
        incoming: Incoming<'_>,
        speaker: &mut Speaker<'_>,
        whole: &mut Buffer,
        ctx: &mut StreamCtx<'_>,
        budget: &mut Budget,
    ) -> Option<Delivery> {
        if self.run.is_none()
            && let ControlFlow::Break(at_once) = self.opens(incoming, ctx, speaker, budget)
        {
            return at_once;
        }
        let Incoming { payload, here, .. } = incoming;
        ctx.late = self.filling.is_some();
        loop {
            ctx.side.gaps = ctx.side.gaps.saturating_add(u32::from(std::mem::take(&mut self.beheaded)));
            let run = self.run.clone().unwrap_or(0..0);
            if self.pending.is_empty() && !run.is_empty() {
                let window = payload.get(run.clone()).unwrap_or(&[]);
                ctx.gap = std::mem::take(&mut self.gap);
                let answer = speaker.ask(ctx, window);
                ctx.gap = Gap::None;
                match answer {
                    Answer::Message(n, row) => {
                        self.run = Some(run.start + n..run.end);
                        return Some(Delivery::message(row, Place::Payload(run.start..run.start + n)));
                    }
                    Answer::Rest(row) => {
                        self.run = Some(run.end..run.end);
                        return Some(Delivery::rest(row, Place::Payload(run)));
                    }
                    Answer::Skip(n) => {
                        self.run = Some(run.start + n..run.end);
                        continue;
                    }
                    Answer::Wait(need) => {
                        (self.need, self.shown) = (need, window.len());
                        self.keep(payload, run, here, ctx, budget);
                        continue;
                    }
                    Answer::Begun(need, row) => {
                        (self.need, self.shown) = (need, window.len());
                        self.keep(payload, run.clone(), here, ctx, budget);
                        if run.start > 0 {
                            continue;
                        }
                        return Some(Delivery::rest(Some(row), Place::Payload(run)));
                    }
                }
            }
            let arrived = run.clone();
            if !self.more(payload, run, here, budget) {
                return self.finish(here, ctx, speaker, whole, budget);
            }
            self.shown = self.pending.len();
            match speaker.ask(ctx, &self.pending) {
                // It could not be told how long the message is, so its protocol was asked, and shows itself, again.
                Answer::Begun(need, row) if self.need == 0 && !arrived.is_empty() => {
                    self.need = need;
                    self.pass_over(ctx, budget);
                    return Some(Delivery::rest(Some(row), Place::Payload(arrived)));
                }
                Answer::Wait(need) | Answer::Begun(need, _) => {
                    self.need = need;
                    self.pass_over(ctx, budget);
                }
                Answer::Skip(n) => drop(self.give(n, here, None, false, whole, budget)),
                Answer::Message(n, row) => return Some(self.give(n, here, row, false, whole, budget)),
                Answer::Rest(row) => return Some(self.give(self.pending.len(), here, row, true, whole, budget)),
            }
        }
    }

    /// Keeps the beginning of a message, if all of it can ever be kept.
    fn keep(&mut self, payload: &[u8], run: Range<usize>, here: Piece, ctx: &mut StreamCtx<'_>, budget: &mut Budget) {
        if !self.pass_over(ctx, budget) {
            self.append(payload, run, here, budget);
        }
    }

    /// Takes in a segment that is asked about for the first time. Breaks off where there is nothing more to say about it.
    fn opens(
        &mut self,
        incoming: Incoming<'_>,
        ctx: &mut StreamCtx<'_>,
        speaker: &mut Speaker<'_>,
        budget: &mut Budget,
    ) -> ControlFlow<Option<Delivery>> {
        self.hidden |= !incoming.segment.in_frame;
        let unknown = speaker.is_unknown(ctx) && self.pending.is_empty();
        let unclaimed = if unknown { self.unclaimed(incoming, ctx, speaker) } else { None };
        if unclaimed.is_some() || (unknown && speaker.is_unknown(ctx)) {
            return ControlFlow::Break(unclaimed);
        }
        match self.arrive(incoming, ctx, budget) {
            Brought::Run(run) => self.run = Some(run),
            Brought::Beyond(lost) => {
                self.run = Some(0..0);
                let unread = self.beyond(incoming, lost, ctx, speaker, budget);
                return unread.map_or(ControlFlow::Continue(()), |piece| ControlFlow::Break(Some(piece)));
            }
        }
        ControlFlow::Continue(())
    }

    /// A segment of a stream that no protocol has claimed yet: its bytes are shown as they come, in
    /// whatever order, but for those sent again. Nothing, where a protocol claims them now: the stream
    /// then begins here.
    fn unclaimed(
        &mut self,
        incoming: Incoming<'_>,
        ctx: &mut StreamCtx<'_>,
        speaker: &mut Speaker<'_>,
    ) -> Option<Delivery> {
        let payload = incoming.payload;
        if payload.is_empty() || incoming.repeats {
            return None;
        }
        let seq = incoming.segment.first();
        if let Answer::Rest(None) = speaker.ask(ctx, payload) {
            self.stream.pass(seq + clamp(payload.len()));
            // Asked again for this segment, there is nothing more to say.
            self.run = Some(0..0);
            return Some(Delivery::rest(None, Place::Payload(0..payload.len())));
        }
        self.stream = Stream::new(seq);
        None
    }

    /// A new segment: which of its bytes are next.
    fn arrive(&mut self, incoming: Incoming<'_>, ctx: &mut StreamCtx<'_>, budget: &mut Budget) -> Brought {
        let Incoming { payload, here, acked, .. } = incoming;
        let seq = incoming.segment.first();
        let gone = |stream: &Stream| acked.is_some_and(|acked| stream.lacks(acked) > 0);
        if !self.left.is_empty()
            && let Some(filled) = self.fill(seq, payload, here, gone, ctx, budget)
        {
            return filled;
        }
        if self.lost {
            return Brought::Run(0..0);
        }
        if let Some(hole) = self.stream.hole_before(seq).filter(|_| !payload.is_empty()) {
            let missing = gone(&self.stream);
            return self.interrupted(hole, missing, incoming, ctx, budget);
        }
        match self.stream.arrive(seq, incoming.closes(), payload, here, None, budget) {
            Arrival::InOrder(range) => Brought::Run(range),
            Arrival::Nothing | Arrival::Hole(_) => Brought::Run(0..0),
        }
    }

    /// Adds bytes to what waits: from the segment, then from what came too early. `false`: none left.
    fn more(&mut self, payload: &[u8], run: Range<usize>, here: Piece, budget: &mut Budget) -> bool {
        if self.pending.len() > self.shown || (self.shown > 0 && self.pending.is_empty()) {
            return !self.pending.is_empty();
        }
        if !run.is_empty() {
            let wanted = if self.need > self.pending.len() { self.need - self.pending.len() } else { run.len() };
            let part = run.start..run.end.min(run.start + wanted);
            self.append(payload, part, here, budget);
            return !self.pending.is_empty();
        }
        let before = self.pending.len();
        if !self.stream.take_early(&mut self.pending, &mut self.sources, budget) {
            return false;
        }
        if !budget.take(self.pending.len() - before) {
            self.give_up_keeping_order(before, budget);
        }
        !self.pending.is_empty()
    }

    fn append(&mut self, payload: &[u8], part: Range<usize>, here: Piece, budget: &mut Budget) {
        let end = self.run.as_ref().map_or(part.end, |r| r.end);
        self.run = Some(part.end..end);
        if self.pending.len() + part.len() > budget.most_a_stream() || !budget.take(part.len()) {
            self.give_up(budget);
            // Neither do these bytes wait, the first of their message perhaps.
            *self.given_up.get_or_insert(0) += part.len();
            self.beheaded = true;
            return;
        }
        let Some(bytes) = payload.get(part.clone()) else { return };
        let start = here.start + u32::try_from(part.start).unwrap_or(0);
        let len = u32::try_from(part.len()).unwrap_or(0);
        if self.sources.capacity() == 0 {
            // Most messages have few pieces, and some wait long for the second.
            self.sources.reserve_exact(1);
        } else {
            self.make_room(bytes.len());
        }
        self.pending.extend_from_slice(bytes);
        self.sources.push(Piece { frame: here.frame, start, len });
    }

    /// Gives out the first `n` bytes of what waits. Bytes of the present segment behind them go back to it.
    fn give(
        &mut self,
        n: usize,
        here: Piece,
        row: Option<&'static Protocol>,
        continuation: bool,
        whole: &mut Buffer,
        budget: &mut Budget,
    ) -> Delivery {
        let n = n.clamp(1, self.pending.len());
        whole.bytes.clear();
        whole.sources.clear();
        whole.bytes.extend_from_slice(self.pending.get(..n).unwrap_or(&[]));
        let mut left = u32::try_from(n).unwrap_or(u32::MAX);
        self.sources.retain_mut(|p| {
            let used = p.len.min(left);
            left -= used;
            if used > 0 {
                whole.sources.push(Piece { len: used, ..*p });
            }
            (p.start, p.len) = (p.start + used, p.len - used);
            p.len > 0
        });
        if let ([last], Some(run)) = (self.sources.as_slice(), &mut self.run)
            && last.frame == here.frame
            && (last.start + last.len) as usize == here.start as usize + run.start
        {
            run.start -= last.len as usize;
            budget.release(self.pending.len());
            self.pending.clear();
            self.sources.clear();
        } else {
            budget.release(n);
            self.pending.drain(..n);
        }
        (self.need, self.shown) = (0, 0);
        Delivery { protocol: row, place: Place::Whole, continuation, last: false }
    }

    /// Nothing is left of this segment. If the sender has closed, what waits may be a whole message.
    fn finish(
        &mut self,
        here: Piece,
        ctx: &mut StreamCtx<'_>,
        speaker: &mut Speaker<'_>,
        whole: &mut Buffer,
        budget: &mut Budget,
    ) -> Option<Delivery> {
        self.run = None;
        self.turn_back(ctx);
        if !self.stream.ended() || self.closed {
            return None;
        }
        self.closed = true;
        if self.pending.is_empty() {
            return None;
        }
        ctx.ended = true;
        match speaker.ask(ctx, &self.pending) {
            Answer::Wait(_) | Answer::Begun(..) | Answer::Skip(_) => None,
            Answer::Message(n, row) => {
                // Asked again for this segment, there is nothing more to say.
                self.run = Some(0..0);
                Some(self.give(n, here, row, false, whole, budget))
            }
            Answer::Rest(row) => {
                self.run = Some(0..0);
                Some(self.give(self.pending.len(), here, row, true, whole, budget))
            }
        }
    }

    pub(super) fn give_up(&mut self, budget: &mut Budget) {
        self.give_up_keeping_order(self.pending.len(), budget);
    }

    /// Drops what waits, of which `counted` bytes are in the budget.
    fn give_up_keeping_order(&mut self, counted: usize, budget: &mut Budget) {
        if !self.pending.is_empty() {
            *self.given_up.get_or_insert(0) += self.pending.len();
            self.beheaded = true;
            budget.release(counted);
            self.pending = Vec::new();
            self.sources.clear();
        }
        (self.need, self.shown) = (0, 0);
    }
}

impl Speaker<'_> {
    /// Nobody has claimed this stream, and neither a port nor another connection names anybody.
    fn is_unknown(&self, ctx: &StreamCtx<'_>) -> bool {
        self.protocol.is_none() && ctx.dialogue.announced.is_none() && self.by_port().is_none()
    }

    /// The protocol of a port, the lower one first.
    fn by_port(&self) -> Option<&'static Protocol> {
        [self.ports.0, self.ports.1].into_iter().find_map(|p| lookup(Key::TcpPort(p)))
    }

    /// Shows the speaking protocol the bytes from the start of the next message.
    pub(super) fn ask(&mut self, ctx: &mut StreamCtx<'_>, window: &[u8]) -> Answer {
        // A switch may lead to another switch, but not for ever.
        for _ in 0..4 {
            let Some(row) = *self.protocol else { return self.guess(ctx, window) };
            match framing(row, ctx, window) {
                Framing::Switch(key) => {
                    *self.protocol = Some(lookup(key).unwrap_or(&data::PROTOCOL));
                    ctx.side.searched = 0;
                }
                Framing::NotMine => return Answer::Rest(Some(row)),
                other => return answer(other, row, window.len(), ctx),
            }
        }
        Answer::Rest(None)
    }

    /// Who might speak: the protocol of a port, else one that knows these bytes for its own.
    fn guess(&mut self, ctx: &mut StreamCtx<'_>, window: &[u8]) -> Answer {
        let named = ctx.dialogue.announced.into_iter().chain(self.by_port()).map(|row| (row, true));
        for (row, named) in named.chain(guesses().map(|row| (row, false))) {
            ctx.side.searched = 0;
            let said = framing(row, ctx, window);
            let vague = matches!(said, Framing::NeedMore | Framing::Need(_)) && window.len() < FEWEST_TO_GUESS;
            if said != Framing::NotMine && (named || !vague) {
                *self.protocol = Some(row);
                // TLS from the first byte on a port that others use: what a later message may switch to, the first may.
                if matches!(said, Framing::Switch(_)) {
                    return self.ask(ctx, window);
                }
                return answer(said, row, window.len(), ctx);
            }
        }
        ctx.side.searched = 0;
        Answer::Rest(None)
    }
}

fn framing(row: &'static Protocol, ctx: &mut StreamCtx<'_>, window: &[u8]) -> Framing {
    match row.over {
        Over::Stream(frame) => frame(ctx, window),
        // A protocol that does not frame itself takes each segment for a message.
        Over::Packet | Over::Datagram(_) => Framing::Message(window.len()),
    }
}

fn answer(framing: Framing, row: &'static Protocol, len: usize, ctx: &mut StreamCtx<'_>) -> Answer {
    match framing {
        Framing::Message(n) => {
            ctx.side.searched = 0;
            Answer::Message(n.clamp(1, len.max(1)), Some(row))
        }
        Framing::UntilClose if ctx.ended => Answer::Message(len, Some(row)),
        Framing::UntilClose => Answer::Wait(UNTIL_CLOSE),
        Framing::NeedMore => Answer::Wait(0),
        Framing::Need(n) => Answer::Wait(n),
        Framing::Begun(n) => Answer::Begun(n, row),
        Framing::Skip(n) => {
            ctx.side.searched = 0;
            Answer::Skip(n.clamp(1, len.max(1)))
        }
        Framing::Foreign => Answer::Rest(None),
        Framing::Switch(_) | Framing::NotMine | Framing::Middle => Answer::Rest(Some(row)),
    }
}
