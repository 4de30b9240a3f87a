//! What the chat makes of the packets that its server sees of itself: each becomes an entry of its owner's feed, and the
//! frames that carry a message to its readers are counted for who said it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use super::describe::{self, Talk};
use super::entry::Captured;
use super::feed::{Copies, Feeds};
use super::words::event;
use crate::serve::mirror::{Owner, Shows};
use crate::tutor::{Moment, Texts};

/// Messages whose copies are counted.
const COUNTED: usize = 256;

/// What one capture sees.
#[derive(Debug)]
pub(super) struct Sight {
    feeds: Arc<Feeds>,
    texts: Arc<Texts>,
    copies: VecDeque<Copies>,
}

impl Sight {
    /// It goes into these feeds.
    pub(super) fn new(feeds: Arc<Feeds>, texts: Arc<Texts>) -> Self {
        Self { feeds, texts, copies: VecDeque::new() }
    }

    fn count(&mut self, talks: &[Talk]) {
        for talk in talks.iter().filter(|t| t.event == event::SAID) {
            let (Some(message), Some(from)) = (talk.message, talk.from) else { continue };
            if let Some(copies) = self.copies.iter_mut().rev().find(|c| c.message == message) {
                copies.frames += 1;
                copies.fresh = true;
                continue;
            }
            if self.copies.len() >= COUNTED {
                self.copies.pop_front();
            }
            self.copies.push_back(Copies { message, from, frames: 1, fresh: true });
        }
    }

    /// The messages that more frames have carried since this was asked last.
    fn fresh(&mut self) -> Vec<Copies> {
        let fresh = self.copies.iter_mut().filter(|c| c.fresh);
        fresh
            .map(|c| {
                c.fresh = false;
                c.clone()
            })
            .collect()
    }
}

impl Shows for Sight {
    type Entry = Box<Captured>;

    fn describe(&mut self, moment: &Moment<'_>, down: bool, peer: SocketAddr) -> Option<Box<Captured>> {
        let talks = describe::talks(moment.packet);
        if down {
            self.count(&talks);
        }
        Some(Box::new(describe::captured(moment, &self.texts, &talks, down, peer.port())))
    }

    fn give(&mut self, owner: &Owner, packet: Box<Captured>) {
        self.feeds.give(owner, packet);
    }

    fn idle(&mut self) {
        self.fresh().iter().for_each(|copies| self.feeds.tell_copies(copies));
    }

    fn broken(&mut self, why: &str) {
        self.feeds.tell_broken(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_message_are_counted_on_their_way_out() {
        let mut sight = Sight::new(Arc::new(Feeds::new(false)), Arc::new(Texts::english()));
        let said = Talk { event: event::SAID.into(), message: Some(7), from: Some(2), ..Talk::default() };
        for _ in 0..3 {
            sight.count(std::slice::from_ref(&said));
        }
        sight.count(&[Talk { event: event::TYPING.into(), ..said }]);
        let told = |copies: Vec<Copies>| copies.iter().map(|c| (c.message, c.from, c.frames)).collect::<Vec<_>>();
        assert_eq!(told(sight.fresh()), [(7, 2, 3)]);
        assert_eq!(told(sight.fresh()), [], "nothing new");
    }
}
