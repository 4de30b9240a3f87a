//! What an owner knows of the hubs: who is here, which members they carry, and which of their questions are done. Without
//! I/O; times are told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::post::{Comes, HUBS, Links};
use crate::classroom::hub::ask::Reply;
use crate::classroom::session::Id;

/// A hub that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(4);
/// Questions of a hub that are under way, or whose answer it may not have.
pub(super) const WAITING: u64 = 8_192;
/// Members of one class that a hub brings along.
const MEMBERS: usize = 10_000;
/// The longest name of a hub.
const NAME: usize = 64;

/// The hubs.
#[derive(Debug, Default)]
pub(super) struct Book {
    hubs: BTreeMap<String, Hub>,
}

#[derive(Debug)]
struct Hub {
    turn: u32,
    at: SocketAddr,
    /// When it was last heard.
    heard: Duration,
    /// Its questions that are answered, or are being so.
    done: BTreeMap<u64, Option<Reply>>,
    low: u64,
    /// Its members, by class.
    links: Vec<Links>,
}

/// What to do with a question.
#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    /// Do it.
    New,
    /// It is done; this was the answer.
    Done(Reply),
    /// Nothing: it is being done, or it is no question.
    Nothing,
}

/// A hub that has gone, and its members.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) at: SocketAddr,
    pub(super) links: Vec<Links>,
}

impl Book {
    /// A hub comes, or comes again. What it carried before, to be let go of; `None`: it is here already in this turn, or a
    /// later one.
    pub(super) fn comes(
        &mut self,
        name: &str,
        turn: u32,
        comes: &Comes,
        now: Duration,
    ) -> Result<Option<Gone>, String> {
        let known = self.hubs.get(name);
        if known.is_some_and(|hub| hub.turn >= turn) {
            return Ok(None);
        }
        if known.is_none() && self.hubs.len() >= HUBS {
            return Err(format!("a class has at most {HUBS} computers beside its own"));
        }
        if name.len() > NAME || comes.members.iter().any(|links| links.len() > MEMBERS) {
            return Err("this is more than a class holds".to_owned());
        }
        let hub = Hub { turn, at: comes.at, heard: now, done: BTreeMap::new(), low: 0, links: Vec::new() };
        let before = self.hubs.insert(name.to_owned(), hub);
        Ok(Some(before.map_or(Gone { at: comes.at, links: Vec::new() }, |hub| Gone { at: hub.at, links: hub.links })))
    }

    /// Whether a hub is here in this turn. It lives, and has all answers below `low`.
    pub(super) fn hears(&mut self, name: &str, turn: u32, low: u64, now: Duration) -> bool {
        let Some(hub) = self.hubs.get_mut(name).filter(|hub| hub.turn == turn) else { return false };
        hub.heard = now;
        hub.low = hub.low.max(low);
        hub.done = hub.done.split_off(&hub.low);
        true
    }

    /// What to do with a question.
    pub(super) fn judge(&mut self, name: &str, number: u64) -> Judged {
        let Some(hub) = self.hubs.get_mut(name) else { return Judged::Nothing };
        if !(hub.low..hub.low.saturating_add(WAITING)).contains(&number) {
            return Judged::Nothing;
        }
        match hub.done.get(&number) {
            Some(Some(reply)) => Judged::Done(reply.clone()),
            Some(None) => Judged::Nothing,
            None => {
                hub.done.insert(number, None);
                Judged::New
            }
        }
    }

    /// A question is answered. It may be asked again.
    pub(super) fn did(&mut self, (name, turn): (&str, u32), number: u64, reply: &Reply) {
        let hub = self.hubs.get_mut(name).filter(|hub| hub.turn == turn);
        if let Some(done) = hub.and_then(|hub| hub.done.get_mut(&number)) {
            *done = Some(reply.clone());
        }
    }

    /// A question need not be remembered: it changes nothing, and its answer is long.
    pub(super) fn forget(&mut self, (name, turn): (&str, u32), number: u64) {
        if let Some(hub) = self.hubs.get_mut(name).filter(|hub| hub.turn == turn) {
            hub.done.remove(&number);
        }
    }

    /// A hub has another connection of a member.
    pub(super) fn joined(&mut self, name: &str, class: usize, member: Id) {
        if let Some(hub) = self.hubs.get_mut(name) {
            if hub.links.len() <= class {
                hub.links.resize_with(class + 1, Links::new);
            }
            *hub.links[class].entry(member).or_default() += 1;
        }
    }

    /// A hub has one less. `false`: it had none, and nobody goes.
    pub(super) fn left(&mut self, name: &str, class: usize, member: Id) -> bool {
        let links = self.hubs.get_mut(name).and_then(|hub| hub.links.get_mut(class));
        let Some((links, left)) = links.and_then(|links| links.get(&member).copied().map(|n| (links, n - 1))) else {
            return false;
        };
        if left == 0 {
            links.remove(&member);
        } else {
            links.insert(member, left);
        }
        true
    }

    /// The hubs that have gone. They are forgotten.
    pub(super) fn silent(&mut self, now: Duration) -> Vec<Gone> {
        let is_gone = |hub: &Hub| now.saturating_sub(hub.heard) > SILENCE;
        let gone = self.hubs.extract_if(.., |_, hub| is_gone(hub));
        gone.map(|(_, hub)| Gone { at: hub.at, links: hub.links }).collect()
    }

    /// All were out of reach; from now on they are listened for.
    pub(super) fn pardon(&mut self, now: Duration) {
        self.hubs.values_mut().for_each(|hub| hub.heard = now);
    }

    /// The hubs, each with its turn and where phones find it.
    pub(super) fn hubs(&self) -> Vec<(String, u32, SocketAddr)> {
        self.hubs.iter().map(|(name, hub)| (name.clone(), hub.turn, hub.at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classroom::hub::ask::Answer;

    const NOW: Duration = Duration::from_secs(100);

    fn comes() -> Comes {
        Comes { at: "192.0.2.7:8080".parse().unwrap(), members: Vec::new() }
    }

    fn book() -> Book {
        let mut book = Book::default();
        book.comes("a", 1, &comes(), NOW).unwrap().unwrap();
        book
    }

    #[test]
    fn a_question_that_is_asked_again_is_answered_again_and_not_done_again() {
        let mut book = book();
        assert_eq!(book.judge("a", 1), Judged::New);
        assert_eq!(book.judge("a", 1), Judged::Nothing, "it is being done");
        book.did(("a", 1), 1, &Ok(Answer::Done));
        assert_eq!(book.judge("a", 1), Judged::Done(Ok(Answer::Done)));
        assert!(book.hears("a", 1, 2, NOW));
        assert_eq!(book.judge("a", 1), Judged::Nothing, "the hub has its answer");
        assert_eq!(book.judge("a", 2 + WAITING), Judged::Nothing, "nobody asks so much at once");
        assert_eq!(book.judge("b", 2), Judged::Nothing, "nobody knows this hub");
        assert_eq!(book.judge("a", 2), Judged::New);
        book.forget(("a", 1), 2);
        assert_eq!(book.judge("a", 2), Judged::New, "it may be done again");
    }

    #[test]
    fn a_hub_that_comes_again_begins_anew_and_its_past_is_over() {
        let mut book = book();
        book.joined("a", 1, 7);
        assert_eq!(book.judge("a", 1), Judged::New);
        assert_eq!(book.comes("a", 1, &comes(), NOW), Ok(None), "once a turn");
        let gone = book.comes("a", 2, &comes(), NOW).unwrap().unwrap();
        assert_eq!(gone.links, [Links::new(), Links::from([(7, 1)])]);
        assert!(!book.hears("a", 1, 0, NOW), "an earlier turn is over");
        book.did(("a", 1), 1, &Ok(Answer::Done));
        assert_eq!(book.judge("a", 1), Judged::New);
        assert_eq!(book.comes("a", 1, &comes(), NOW), Ok(None));
    }

    #[test]
    fn a_hub_lets_go_only_of_whom_it_carries() {
        let mut book = book();
        assert!(!book.left("a", 0, 7) && !book.left("b", 0, 7));
        book.joined("a", 0, 7);
        book.joined("a", 0, 7);
        assert_eq!([0, 0, 0, 1].map(|class| book.left("a", class, 7)), [true, true, false, false]);
    }

    #[test]
    fn a_silent_hub_is_gone_with_its_members_and_there_are_only_so_many() {
        let mut book = book();
        book.joined("a", 0, 7);
        assert!(book.silent(NOW + SILENCE).is_empty());
        book.pardon(NOW + SILENCE);
        assert!(book.silent(NOW + 2 * SILENCE).is_empty());
        let gone = book.silent(NOW + 3 * SILENCE);
        assert_eq!(gone, [Gone { at: comes().at, links: vec![Links::from([(7, 1)])] }]);
        assert!(book.hubs().is_empty());
        for n in 0..HUBS {
            assert!(book.comes(&n.to_string(), 1, &comes(), NOW).is_ok());
        }
        assert!(book.comes("one more", 1, &comes(), NOW).is_err());
        assert!(book.comes("0", 2, &comes(), NOW).is_ok());
        let many = Comes { members: vec![(0..20_000).map(|id| (id, 1)).collect()], ..comes() };
        assert!(book.comes("1", 2, &many, NOW).is_err());
    }
}
