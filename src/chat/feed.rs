//! The packet feeds: for each session the packets of its own connections, the last of which are kept for a page that
//! comes to read them.
//!
//! A feed is read over a WebSocket of its own (`/packets`), whose packets are nobody's: shown on the connection that
//! they describe, each would make another. A reader reads what is kept, at its own pace: who is slow loses the oldest,
//! and is told how many.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::entry::{Captured, Entry};
use super::hub::{Id, MEMBERS};
use crate::serve::mirror::Owner;

/// Bytes of each feed that are kept for who comes to read it.
const KEPT: usize = 256 << 10;
/// Feeds at a time of members who are here, or were and still read.
const FEEDS: usize = 2 * MEMBERS;
/// Feeds at a time of sessions that have not said hello yet, and what all of these may hold in bytes: many never do.
const UNNAMED: usize = 256;
const UNNAMED_BYTES: usize = 4 << 20;
/// Sessions that are remembered after their end, so that late packets do not begin their feeds anew.
const GONE: usize = 4096;
/// How long after its end the last packets of a session may come.
const LAST: Duration = Duration::from_secs(5);

/// All feeds.
#[derive(Debug)]
pub(super) struct Feeds {
    share: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<String, Feed>,
    /// The keys of sessions that have not said hello, the oldest first.
    unnamed: VecDeque<String>,
    /// Who opened a connection by WebSocket, in the plain mode.
    peers: HashMap<SocketAddr, String>,
    gone: Recent<String>,
    /// Readers that there have been.
    readers: u64,
    /// The captures that broke, as entries: each is told to every member.
    broken: Vec<Arc<str>>,
}

/// How many frames carried one message to its readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copies {
    /// The message.
    pub message: u64,
    /// Who said it.
    pub from: u64,
    /// How many frames.
    pub frames: u32,
    /// Since anybody was told.
    pub fresh: bool,
}

/// The last few of many.
#[derive(Debug, Default)]
struct Recent<T> {
    set: HashSet<T>,
    order: VecDeque<T>,
}

#[derive(Debug, Default)]
struct Feed {
    /// The member whose it is; none before the session has said hello.
    member: Option<Id>,
    gone: bool,
    kept: VecDeque<Arc<str>>,
    bytes: usize,
    /// The number of the first entry that is kept.
    first: u64,
    /// Its reader: which one, and how it is told that something came.
    reader: Option<(u64, Arc<Notify>)>,
}

/// Reads a feed.
#[derive(Debug)]
pub(super) struct Reader {
    feeds: Arc<Feeds>,
    key: String,
    number: u64,
    /// The next entry's number.
    next: u64,
    came: Arc<Notify>,
}

/// What there is for a reader.
enum Found {
    Entry(Arc<str>),
    /// Nothing yet; whether much can still come.
    Nothing(bool),
    /// Another reader took over, or the feed has gone.
    Over,
}

impl Feeds {
    /// No feeds yet. `share` gives everyone's packets to everyone.
    pub(super) fn new(share: bool) -> Self {
        Self { share, state: Mutex::default() }
    }

    /// A session has begun: it may read its feed from now on.
    pub(super) fn open(&self, key: &str, member: Id, peer: Option<SocketAddr>) {
        let mut state = self.state();
        let broken = state.broken.clone();
        if let Some(feed) = state.feed(key) {
            feed.member = Some(member);
            for text in broken {
                feed.give(text);
            }
        }
        state.unnamed.retain(|other| other != key);
        if let Some(peer) = peer {
            state.peers.insert(peer, key.to_owned());
        }
    }

    /// A session has ended. Its last packets may still come, for who reads them.
    pub(super) fn close(&self, key: &str) {
        let mut state = self.state();
        state.gone.add(key.to_owned(), GONE);
        if let Some(feed) = state.feeds.get_mut(key) {
            feed.gone = true;
            match &feed.reader {
                Some((_, came)) => came.notify_one(),
                None => state.forget(key),
            }
        }
    }

    /// Whoever has the key reads the feed: what was kept, then what comes. A later reader takes over.
    pub(super) fn read(self: &Arc<Self>, key: &str) -> Option<Reader> {
        let mut state = self.state();
        state.readers += 1;
        let number = state.readers;
        let feed = state.feeds.get_mut(key).filter(|feed| feed.member.is_some() && !feed.gone)?;
        let came = Arc::new(Notify::new());
        if let Some((_, before)) = feed.reader.replace((number, Arc::clone(&came))) {
            before.notify_one();
        }
        Some(Reader { feeds: Arc::clone(self), key: key.to_owned(), number, next: feed.first, came })
    }

    /// A packet for its owner.
    pub(super) fn give(&self, owner: &Owner, packet: Box<Captured>) {
        let mut state = self.state();
        let key = match owner {
            Owner::Session(key) => key.clone(),
            Owner::Peer(peer) => match state.peers.get(peer) {
                Some(key) => key.clone(),
                None => return,
            },
        };
        let text = text(&Entry::Packet(packet));
        if self.share {
            let others = state.feeds.iter_mut().filter(|(other, feed)| **other != key && feed.member.is_some());
            others.for_each(|(_, feed)| feed.give(Arc::clone(&text)));
        }
        if let Some(feed) = state.feed(&key) {
            let named = feed.member.is_some();
            feed.give(text);
            if !named {
                state.bound_unnamed();
            }
        }
    }

    /// How many frames carried a message, for its author.
    pub(super) fn tell_copies(&self, copies: &Copies) {
        let text = text(&Entry::Spread { message: copies.message, frames: copies.frames });
        let mut state = self.state();
        if let Some(feed) = state.feeds.values_mut().find(|f| f.member == Some(copies.from)) {
            feed.give(text);
        }
    }

    /// A capture has broken: everybody who reads packets, now or later, is told that some are missing.
    pub(super) fn tell_broken(&self, why: &str) {
        let text = text(&Entry::Broken { why: why.to_owned() });
        let mut state = self.state();
        state.broken.push(Arc::clone(&text));
        state.feeds.values_mut().filter(|feed| feed.member.is_some()).for_each(|feed| feed.give(Arc::clone(&text)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(entry: &Entry) -> Arc<str> {
    entry.write().into()
}

impl State {
    /// The feed with this key; none for a session that has gone. Where there are too many, the oldest goes of those
    /// that have not said hello.
    fn feed(&mut self, key: &str) -> Option<&mut Feed> {
        if !self.feeds.contains_key(key) {
            if self.gone.set.contains(key) || self.feeds.len() >= FEEDS {
                return None;
            }
            if self.unnamed.len() >= UNNAMED
                && let Some(oldest) = self.unnamed.pop_front()
            {
                self.forget(&oldest);
            }
            self.unnamed.push_back(key.to_owned());
        }
        Some(self.feeds.entry(key.to_owned()).or_default())
    }

    /// The oldest feeds of sessions that have not said hello go while these hold too much.
    fn bound_unnamed(&mut self) {
        let held = |state: &Self| -> usize {
            state.unnamed.iter().filter_map(|key| state.feeds.get(key)).map(|feed| feed.bytes).sum()
        };
        while held(self) > UNNAMED_BYTES
            && let Some(oldest) = self.unnamed.pop_front()
        {
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &str) {
        self.feeds.remove(key);
        self.unnamed.retain(|other| other != key);
        self.peers.retain(|_, of| of != key);
    }
}

impl<T: Clone + Eq + std::hash::Hash> Recent<T> {
    fn add(&mut self, one: T, most: usize) {
        if !self.set.insert(one.clone()) {
            return;
        }
        self.order.push_back(one);
        if self.order.len() > most
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
    }
}

impl Feed {
    fn give(&mut self, text: Arc<str>) {
        self.bytes += text.len();
        self.kept.push_back(text);
        while self.bytes > KEPT
            && let Some(old) = self.kept.pop_front()
        {
            self.bytes -= old.len();
            self.first += 1;
        }
        if let Some((_, came)) = &self.reader {
            came.notify_one();
        }
    }
}

impl Reader {
    /// The next entry, as soon as there is one; nothing when the feed is over.
    pub(super) async fn next(&mut self) -> Option<Arc<str>> {
        loop {
            match self.look() {
                Found::Entry(text) => return Some(text),
                Found::Over => return None,
                Found::Nothing(true) => self.came.notified().await,
                Found::Nothing(false) => timeout(LAST, self.came.notified()).await.ok()?,
            }
        }
    }

    fn look(&mut self) -> Found {
        let state = self.feeds.state();
        let Some(feed) = state.feeds.get(&self.key) else { return Found::Over };
        if feed.reader.as_ref().is_none_or(|&(number, _)| number != self.number) {
            return Found::Over;
        }
        if self.next < feed.first {
            let packets = feed.first - self.next;
            self.next = feed.first;
            return Found::Entry(text(&Entry::Lost { packets }));
        }
        let at = usize::try_from(self.next - feed.first).unwrap_or(usize::MAX);
        match feed.kept.get(at) {
            Some(text) => {
                self.next += 1;
                Found::Entry(Arc::clone(text))
            }
            None => Found::Nothing(!feed.gone),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.feeds.state();
        let Some(feed) = state.feeds.get_mut(&self.key) else { return };
        if feed.reader.as_ref().is_some_and(|&(number, _)| number == self.number) {
            feed.reader = None;
            if feed.gone {
                let key = std::mem::take(&mut self.key);
                state.forget(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(key: &str) -> Owner {
        Owner::Session(key.into())
    }

    fn feeds(share: bool) -> Arc<Feeds> {
        Arc::new(Feeds::new(share))
    }

    fn packet(n: u64) -> Box<Captured> {
        Box::new(Captured { n, ..Captured::default() })
    }

    /// What a reader finds without waiting: the numbers of packets, and other entries as they are.
    fn rest(reader: &mut Reader) -> Vec<String> {
        std::iter::from_fn(|| match reader.look() {
            Found::Entry(text) => Some(match Entry::read(&text) {
                Some(Entry::Packet(packet)) => packet.n.to_string(),
                _ => (*text).to_owned(),
            }),
            Found::Nothing(_) | Found::Over => None,
        })
        .collect()
    }

    #[test]
    fn a_session_reads_what_came_before_it_said_hello_and_nobody_elses() {
        let feeds = feeds(false);
        feeds.give(&session("a"), packet(1));
        assert!(feeds.read("a").is_none(), "the server does not know that session");
        feeds.open("a", 1, None);
        feeds.open("b", 2, None);
        feeds.give(&session("b"), packet(2));
        let mut reader = feeds.read("a").unwrap();
        assert_eq!(rest(&mut reader), ["1"]);
        feeds.give(&session("b"), packet(3));
        feeds.give(&session("a"), packet(4));
        assert_eq!(rest(&mut reader), ["4"]);
    }

    #[test]
    fn a_capture_that_breaks_is_told_to_those_here_and_to_those_who_come() {
        let feeds = feeds(false);
        feeds.open("a", 1, None);
        feeds.tell_broken("the interface went away");
        feeds.open("b", 2, None);
        for key in ["a", "b"] {
            let read = rest(&mut feeds.read(key).unwrap());
            assert_eq!(read, [r#"{"kind":"broken","why":"the interface went away"}"#], "{key}");
        }
    }

    #[test]
    fn shared_packets_reach_everyone() {
        let feeds = feeds(true);
        feeds.open("a", 1, None);
        feeds.open("b", 2, None);
        let mut reader = feeds.read("a").unwrap();
        feeds.give(&session("b"), packet(3));
        assert_eq!(rest(&mut reader), ["3"]);
    }

    #[test]
    fn a_slow_reader_is_told_how_much_it_lost_and_keeps_no_more_than_others() {
        let feeds = feeds(false);
        feeds.open("a", 1, None);
        let mut reader = feeds.read("a").unwrap();
        let entry = Box::new(Captured { line: "x".repeat(1024), ..Captured::default() });
        for _ in 0..300 {
            feeds.give(&session("a"), entry.clone());
        }
        let read = rest(&mut reader);
        assert!(read[0].starts_with(r#"{"kind":"lost","packets":"#), "{read:?}");
        assert!((200..257).contains(&read.len()), "{}", read.len());
        assert!(feeds.state().feeds["a"].bytes <= KEPT);
    }

    #[test]
    fn sessions_that_never_say_hello_hold_little_together() {
        let feeds = feeds(false);
        let entry = Box::new(Captured { line: "x".repeat(4096), ..Captured::default() });
        for n in 0..200 {
            for _ in 0..20 {
                feeds.give(&session(&n.to_string()), entry.clone());
            }
        }
        feeds.open("199", 1, None);
        assert_eq!(rest(&mut feeds.read("199").unwrap()).len(), 20, "the last are all there");
        let state = feeds.state();
        assert!(state.feeds.values().map(|feed| feed.bytes).sum::<usize>() <= UNNAMED_BYTES + KEPT);
        assert_eq!(state.feeds.len(), state.unnamed.len() + 1);
    }

    #[test]
    fn a_later_reader_takes_over() {
        let feeds = feeds(false);
        feeds.open("a", 1, None);
        let mut first = feeds.read("a").unwrap();
        let mut second = feeds.read("a").unwrap();
        feeds.give(&session("a"), packet(1));
        assert!(matches!(first.look(), Found::Over));
        drop(first);
        assert_eq!(rest(&mut second), ["1"]);
    }

    #[test]
    fn feeds_are_bounded_and_those_of_sessions_that_have_gone_go() {
        let feeds = feeds(false);
        feeds.open("mine", 1, None);
        for n in 0..FEEDS + 10 {
            feeds.give(&session(&format!("{n}")), packet(1));
        }
        assert_eq!(feeds.state().feeds.len(), UNNAMED + 1);
        for n in 0..GONE + 10 {
            let key = format!("visit {n}");
            feeds.open(&key, 2, None);
            feeds.close(&key);
            feeds.give(&session(&key), packet(1));
        }
        let state = feeds.state();
        assert_eq!((state.feeds.len(), state.gone.order.len()), (UNNAMED, GONE));
    }

    #[test]
    fn a_reader_hears_the_last_packets_of_its_session() {
        let feeds = feeds(false);
        feeds.open("a", 1, None);
        let mut reader = feeds.read("a").unwrap();
        feeds.close("a");
        feeds.give(&session("a"), packet(9));
        assert_eq!(rest(&mut reader), ["9"]);
        drop(reader);
        assert!(feeds.state().feeds.is_empty());
    }

    #[test]
    fn in_the_plain_mode_the_connection_names_the_session() {
        let feeds = feeds(false);
        let peer: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        feeds.open("a", 1, Some(peer));
        feeds.give(&Owner::Peer(peer), packet(1));
        feeds.give(&Owner::Peer("127.0.0.1:5001".parse().unwrap()), packet(2));
        assert_eq!(rest(&mut feeds.read("a").unwrap()), ["1"]);
    }
}
