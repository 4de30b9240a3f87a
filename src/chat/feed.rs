//! The packet feeds: for each session the packets of its own connections, the last of which are kept for a page that
//! comes to read them.
//!
//! A feed is read over a WebSocket of its own (`/packets`), whose packets are nobody's: shown on the connection that
//! they describe, each would make another.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::hub::{Id, MEMBERS};
use super::watch::{Copies, Owner};

/// Bytes of each feed that are kept for who comes to read it.
const KEPT: usize = 256 << 10;
/// Entries that wait for a reader who is slow; then some are lost, and the reader is told.
const WAITING: usize = 512;
/// Feeds at a time, those of sessions included that have not said hello yet or have gone.
const FEEDS: usize = 2 * MEMBERS;

/// All feeds.
#[derive(Debug)]
pub(super) struct Feeds {
    share: bool,
    state: Mutex<State>,
}

/// What was kept, and what comes.
pub(super) type Reading = (Vec<Arc<str>>, mpsc::Receiver<Arc<str>>);

#[derive(Debug, Default)]
struct State {
    feeds: HashMap<String, Feed>,
    /// The feeds' keys, the oldest first.
    order: VecDeque<String>,
    /// Who opened a connection by WebSocket, in the plain mode.
    peers: HashMap<SocketAddr, String>,
}

#[derive(Debug, Default)]
struct Feed {
    /// The member whose it is; none before the session has said hello.
    member: Option<Id>,
    gone: bool,
    kept: VecDeque<Arc<str>>,
    bytes: usize,
    reader: Option<mpsc::Sender<Arc<str>>>,
    lost: u64,
}

impl Feeds {
    /// No feeds yet. `share` gives everyone's packets to everyone.
    pub(super) fn new(share: bool) -> Self {
        Self { share, state: Mutex::default() }
    }

    /// A session has begun: it may read its feed from now on.
    pub(super) fn open(&self, key: &str, member: Id, peer: Option<SocketAddr>) {
        let mut state = self.state();
        state.feed(key).member = Some(member);
        if let Some(peer) = peer {
            state.peers.insert(peer, key.to_owned());
        }
    }

    /// A session has ended. Its last packets may still come.
    pub(super) fn close(&self, key: &str) {
        if let Some(feed) = self.state().feeds.get_mut(key) {
            feed.gone = true;
        }
    }

    /// Whoever has the key reads the feed: what was kept, then what comes. A later reader takes over.
    pub(super) fn read(&self, key: &str) -> Option<Reading> {
        let mut state = self.state();
        let feed = state.feeds.get_mut(key).filter(|feed| feed.member.is_some())?;
        let (to, from) = mpsc::channel(WAITING);
        feed.reader = Some(to);
        Some((feed.kept.iter().cloned().collect(), from))
    }

    /// A packet for its owner.
    pub(super) fn give(&self, owner: &Owner, entry: &Json) {
        let mut state = self.state();
        let key = match owner {
            Owner::Session(key) => key.clone(),
            Owner::Peer(peer) => match state.peers.get(peer) {
                Some(key) => key.clone(),
                None => return,
            },
        };
        let text: Arc<str> = entry.to_string().into();
        if self.share {
            for (other, feed) in &mut state.feeds {
                if *other != key {
                    feed.send(&text);
                }
            }
        }
        state.feed(&key).give(text);
    }

    /// How many frames carried a message, for its author.
    pub(super) fn tell_copies(&self, copies: &Copies) {
        let text: Arc<str> =
            json!({ "kind": "spread", "message": copies.message, "frames": copies.frames }).to_string().into();
        let mut state = self.state();
        if let Some(feed) = state.feeds.values_mut().find(|f| f.member == Some(copies.from)) {
            feed.give(text);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The feed with this key. Where there are too many, the oldest goes that nobody reads.
    fn feed(&mut self, key: &str) -> &mut Feed {
        if !self.feeds.contains_key(key) {
            if self.order.len() >= FEEDS {
                self.forget();
            }
            self.order.push_back(key.to_owned());
        }
        self.feeds.entry(key.to_owned()).or_default()
    }

    fn forget(&mut self) {
        let idle = |key: &String| self.feeds.get(key).is_none_or(|f| f.gone || f.member.is_none());
        let at = self.order.iter().position(idle).unwrap_or(0);
        if let Some(key) = self.order.remove(at) {
            self.feeds.remove(&key);
            self.peers.retain(|_, of| *of != key);
        }
    }
}

impl Feed {
    fn give(&mut self, text: Arc<str>) {
        self.send(&text);
        self.bytes += text.len();
        self.kept.push_back(text);
        while self.bytes > KEPT
            && let Some(old) = self.kept.pop_front()
        {
            self.bytes -= old.len();
        }
    }

    fn send(&mut self, text: &Arc<str>) {
        let Some(reader) = &self.reader else { return };
        if self.lost > 0 {
            let told: Arc<str> = json!({ "kind": "lost", "packets": self.lost }).to_string().into();
            if reader.try_send(told).is_ok() {
                self.lost = 0;
            }
        }
        match reader.try_send(Arc::clone(text)) {
            Err(mpsc::error::TrySendError::Full(_)) => self.lost += 1,
            Err(mpsc::error::TrySendError::Closed(_)) => self.reader = None,
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(key: &str) -> Owner {
        Owner::Session(key.into())
    }

    #[test]
    fn a_session_reads_what_came_before_it_said_hello_and_nobody_elses() {
        let feeds = Feeds::new(false);
        feeds.give(&session("a"), &json!(1));
        assert!(feeds.read("a").is_none(), "the server does not know that session");
        feeds.open("a", 1, None);
        feeds.open("b", 2, None);
        feeds.give(&session("b"), &json!(2));
        let (kept, mut fresh) = feeds.read("a").unwrap();
        assert_eq!(kept.iter().map(|t| &**t).collect::<Vec<_>>(), ["1"]);
        feeds.give(&session("b"), &json!(3));
        feeds.give(&session("a"), &json!(4));
        assert_eq!(&*fresh.try_recv().unwrap(), "4");
        assert!(fresh.try_recv().is_err());
    }

    #[test]
    fn shared_packets_reach_everyone() {
        let feeds = Feeds::new(true);
        feeds.open("a", 1, None);
        feeds.open("b", 2, None);
        let (_, mut fresh) = feeds.read("a").unwrap();
        feeds.give(&session("b"), &json!(3));
        assert_eq!(&*fresh.try_recv().unwrap(), "3");
    }

    #[test]
    fn a_slow_reader_is_told_how_much_it_lost() {
        let feeds = Feeds::new(false);
        feeds.open("a", 1, None);
        let (_, mut fresh) = feeds.read("a").unwrap();
        for n in 0..WAITING + 3 {
            feeds.give(&session("a"), &json!(n));
        }
        for n in 0..WAITING {
            assert_eq!(*fresh.try_recv().unwrap(), *n.to_string());
        }
        feeds.give(&session("a"), &json!("on"));
        assert_eq!(&*fresh.try_recv().unwrap(), r#"{"kind":"lost","packets":3}"#);
        assert_eq!(&*fresh.try_recv().unwrap(), r#""on""#);
    }

    #[test]
    fn feeds_and_what_they_keep_are_bounded() {
        let feeds = Feeds::new(false);
        feeds.open("mine", 1, None);
        for n in 0..FEEDS + 10 {
            feeds.give(&session(&format!("{n}")), &json!("x".repeat(1000)));
        }
        for _ in 0..1000 {
            feeds.give(&session("mine"), &json!("x".repeat(1000)));
        }
        let state = feeds.state();
        assert_eq!((state.feeds.len(), state.order.len()), (FEEDS, FEEDS));
        assert!(state.feeds["mine"].bytes <= KEPT);
    }

    #[test]
    fn in_the_plain_mode_the_connection_names_the_session() {
        let feeds = Feeds::new(false);
        let peer: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        feeds.open("a", 1, Some(peer));
        feeds.give(&Owner::Peer(peer), &json!(1));
        feeds.give(&Owner::Peer("127.0.0.1:5001".parse().unwrap()), &json!(2));
        assert_eq!(feeds.read("a").unwrap().0.len(), 1);
    }
}
