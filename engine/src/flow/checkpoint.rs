//! What a tracker knew at one frame, kept, so that reading can begin there again.
//!
//! Of two ways to look at a frame far inside a capture this is the one chosen. Reading again only that frame's
//! conversation would need less memory, but a conversation isn't closed: fragments, announced ports, compressed histories,
//! the numbers of conversations, what was given up for lack of room all depend on other packets, and one download may be
//! the whole capture. A copy of everything is right by construction, and cheap: it shares whatever hasn't changed since with
//! the tracker itself ([`Held`](super::held::Held), `Arc`).
//!
//! The bytes of messages that aren't whole yet are the most of it. They are in the frames, so a checkpoint leaves them out,
//! and reads them there again.

use super::{Limits, Tracker};
use crate::model::Piece;

/// A tracker as it was.
#[derive(Clone)]
pub struct Checkpoint(Tracker);

/// Appends the bytes of a piece of an earlier frame; `false` where they can't be had any more.
pub type Fetch<'a> = &'a mut dyn FnMut(Piece, &mut Vec<u8>) -> bool;

impl Tracker {
    /// What is known now, and about how many bytes keeping the checkpoint before has cost: what has changed since.
    pub fn checkpoint(&mut self) -> (Checkpoint, usize) {
        self.conversations.share();
        self.recent.share();
        let mut copy = self.clone();
        copy.events.clear();
        for &(slot, since) in &self.queue {
            copy.conversations.lighten(slot, since);
        }
        copy.conversations.share();
        let cost = self.conversations.changed()
            + self.recent.changed()
            + self.shelf.changed()
            + self.fragments.waiting()
            + self.queue.len() * 8;
        (Checkpoint(copy), cost)
    }
}

impl Checkpoint {
    /// Nothing is known yet.
    pub fn first(limits: Limits) -> Self {
        Self(Tracker::new(limits))
    }

    /// A tracker that goes on from here.
    pub fn resume(&self, fetch: Fetch<'_>) -> Tracker {
        let mut tracker = self.0.clone();
        tracker.conversations.find_again();
        let queue = std::mem::take(&mut tracker.queue);
        for &(slot, since) in &queue {
            let c = tracker.conversations.at(slot).filter(|(_, talking)| talking.queued == since).map(|(c, _)| c);
            if let Some(track) = c.and_then(|c| tracker.conversations.get_mut(c)?.track_mut()) {
                track.refill(fetch, &mut tracker.waiting);
            }
        }
        tracker.queue = queue;
        tracker
    }
}
