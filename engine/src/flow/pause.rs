//! Directions in which nothing waits: of their messages, only where the next one begins is kept.

use super::message::Messages;
use crate::model::{Piece, Seq};
use crate::proto::Gap;
use std::sync::Arc;

/// Bytes of room that messages may have while they wait for the direction that goes on next.
const MOST_SPARE_ROOM: usize = 1 << 16;
/// Bytes of room that nothing waits in yet.
const MOST_ROOM: usize = 256;
/// Pieces for which room is made at once.
const FEW_PIECES: usize = 4;
/// How many messages wait for the direction that goes on next.
const MOST_SPARE: usize = 4;

/// What is kept of a direction while nothing waits in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    /// The number of the next byte.
    pub next: Seq,
    pub beheaded: bool,
    pub hidden: bool,
}

/// Messages that paused, for the directions that go on next: so that takes no memory each time.
#[derive(Debug, Default)]
pub(super) struct Spare(Vec<Arc<Messages>>);

impl Clone for Spare {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Spare {
    /// Messages that are to [resume](Messages::resume) where a direction paused.
    pub(super) fn take(&mut self) -> Arc<Messages> {
        self.0.pop().unwrap_or_else(|| Arc::new(Messages::new(Seq(0))))
    }

    /// Takes messages that pause.
    pub(super) fn put(&mut self, messages: Arc<Messages>) {
        if self.0.len() < MOST_SPARE && Arc::strong_count(&messages) == 1 && !messages.is_large() {
            self.0.push(messages);
        }
    }
}

impl Messages {
    /// What to keep of it, if nothing waits and nothing else is to be said.
    pub(super) fn pause(&self) -> Option<Pause> {
        let Self { stream, pending, need, shown, run, closed, lost, gap, left, filling, given_up, left_out, .. } = self;
        let waits =
            !pending.is_empty() || !left.is_empty() || filling.is_some() || (*need, *shown, *left_out) != (0, 0, 0);
        let says = run.as_ref().is_some_and(|run| !run.is_empty())
            || given_up.is_some()
            || *closed
            || *lost
            || *gap != Gap::None;
        let idle = stream.is_idle() && !waits && !says;
        idle.then(|| Pause { next: stream.next(), beheaded: self.beheaded, hidden: self.hidden })
    }

    /// Goes on where a direction paused, as one that pauses itself.
    pub(super) fn resume(&mut self, at: Pause) {
        self.stream.restart(at.next);
        self.run = None;
        (self.beheaded, self.hidden) = (at.beheaded, at.hidden);
    }

    /// Makes room for another piece. Pieces that come one by one may be small, and room made for each costs more than they
    /// do; of room that is spare, each page costs more than to copy it a few times.
    pub(super) fn make_room(&mut self, bytes: usize) {
        if self.sources.len() == self.sources.capacity() {
            self.sources.reserve_exact(self.sources.len() + FEW_PIECES);
        }
        let all = self.pending.len() + bytes;
        if all > self.pending.capacity() {
            self.pending.reserve_exact(bytes + all / 2);
        }
    }

    /// Whether it takes much more room than what waits needs.
    pub(super) fn is_roomy(&self) -> bool {
        self.pending.capacity() > 2 * self.pending.len() + MOST_ROOM
            || self.sources.capacity() > 2 * self.sources.len() + MOST_ROOM / size_of::<Piece>()
    }

    /// Whether it takes more room than most messages need.
    fn is_large(&self) -> bool {
        self.pending.capacity() + self.sources.capacity() * size_of::<Piece>() > MOST_SPARE_ROOM
    }

    /// Takes no more room than what waits needs.
    pub(super) fn slim(&mut self) {
        self.pending.shrink_to_fit();
        self.sources.shrink_to_fit();
    }
}
