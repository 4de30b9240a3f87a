//! Whose packet is it? Captured packets of the server's port go to the browser whose connection carried them, and
//! to nobody else.
//!
//! A TCP connection belongs to the session whose id the server names on it (`engineio.sid`), or whose id a request names
//! that the server took: anybody can put anybody's id into a request, and is refused, so such a packet waits for the
//! server's word. Behind a proxy one connection may serve several people, so a packet that carries bytes waits until
//! they are understood: what names no session of ours, or two, is shown to nobody. A connection that became a
//! WebSocket has one owner for good.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;

use super::{Owner, Port};
use crate::flow::Tracker;
use crate::model::{Layer, Packet};
use crate::proto::{engineio, http, tcp};
use crate::tutor::Moment;

/// Connections that are remembered.
const CONNECTIONS: usize = 4096;
/// Packets of one connection that wait until it is known whose they are.
const WAITING: usize = 64;
/// The same of all connections: what waits longest is given up. Visitors that come and go fast leave much behind.
const ALL_WAITING: usize = 1024;

/// Follows the packets of one capture. An entry is what a packet is shown as.
#[derive(Debug)]
pub(super) struct Watch<E> {
    port: Port,
    connections: HashMap<u32, Connection<E>>,
    order: VecDeque<u32>,
    /// The connection of each packet that waits, or has; the oldest first.
    waiting: VecDeque<u32>,
    /// Connections on which a packet waits for the server's word.
    asking: BTreeSet<u32>,
}

#[derive(Debug)]
struct Connection<E> {
    owner: Option<Owner>,
    /// It named a second session: it is a proxy's.
    shared: bool,
    /// It speaks WebSocket now, for its owner alone.
    switched: bool,
    /// What its last request was for.
    traffic: Traffic,
    peer: Option<SocketAddr>,
    waiting: Vec<Waiting<E>>,
}

/// A packet of which it is not known yet whose it is.
#[derive(Debug)]
struct Waiting<E> {
    /// Nothing, where only the session that it names matters.
    entry: Option<E>,
    /// It carries no bytes.
    empty: bool,
    /// The session that its request names.
    asked: Option<String>,
}

/// Which session a packet's bytes name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    /// The server does.
    Said(String),
    /// A request does, or the answer to it.
    Asked(String),
}

/// Whether the server took a request of this session over the connection from there.
pub(super) type Taken<'a> = &'a dyn Fn(SocketAddr, &str) -> bool;

/// What a connection carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Traffic {
    /// A conversation, or nothing yet.
    #[default]
    Talk,
    /// A page. What comes next may be the conversation.
    Page,
    /// The feed of packets itself, for good: to show it would make more of it.
    Feed,
}

/// Describes a packet of a conversation.
pub(super) type Describe<'a, E> = &'a mut dyn FnMut(&Moment<'_>, bool, SocketAddr) -> Option<E>;

impl<E> Watch<E> {
    /// For a server at this port.
    pub(super) fn new(port: Port) -> Self {
        Self {
            port,
            connections: HashMap::new(),
            order: VecDeque::new(),
            waiting: VecDeque::new(),
            asking: BTreeSet::new(),
        }
    }

    /// Takes a packet; what can now be shown, and to whom.
    pub(super) fn packet(
        &mut self,
        packet: &Packet,
        tracker: &Tracker,
        taken: Taken<'_>,
        describe: Describe<'_, E>,
    ) -> Vec<(Owner, E)> {
        let Some((down, peer)) = self.ends(packet, tracker) else { return Vec::new() };
        let Some(conversation) = tracker.current() else { return Vec::new() };
        let (port, number) = (self.port, conversation.number);
        let connection = self.connection(number);
        connection.peer = Some(peer);
        let mut shown = connection.taken_since(taken);
        let Ok(named) = named(packet, down) else { return shown };
        connection.follow(&paths(packet), port);
        let empty = packet.uint(&tcp::LEN).unwrap_or(0) == 0;
        if connection.traffic != Traffic::Talk {
            // A page is no part of the conversation; that the connection was opened for it, is.
            connection.waiting.retain(|w| w.empty && connection.traffic == Traffic::Page);
            return shown;
        }
        connection.switched |= tracker.upgrade(conversation).is_some();
        let (claim, asked) = match named {
            Some(Named::Said(sid)) => (Some(Owner::Session(sid)), None),
            Some(Named::Asked(sid)) if taken(peer, &sid) => (Some(Owner::Session(sid)), None),
            Some(Named::Asked(sid)) => (None, Some(sid)),
            None if port.plain.is_some() && connection.switched => (Some(Owner::Peer(peer)), None),
            None => (None, None),
        };
        if let Some(claim) = &claim {
            connection.claim(claim);
        }
        let sure = claim.or_else(|| {
            let quiet = (empty || connection.switched) && !connection.shared && asked.is_none();
            connection.owner.clone().filter(|_| quiet)
        });
        let entry = describe(&Moment::new(packet, tracker), down, peer);
        if let Some(owner) = sure {
            shown.extend(connection.release(&owner));
            shown.extend(entry.map(|entry| (owner, entry)));
        } else if connection.waiting.len() < WAITING && (entry.is_some() || asked.is_some()) {
            let asks = asked.is_some();
            connection.waiting.push(Waiting { entry, empty, asked });
            if asks {
                self.asking.insert(number);
            }
            self.wait(number);
        }
        shown
    }

    /// One more packet of this connection waits.
    fn wait(&mut self, number: u32) {
        self.waiting.push_back(number);
        if self.waiting.len() > ALL_WAITING
            && let Some(oldest) = self.waiting.pop_front()
            && let Some(connection) = self.connections.get_mut(&oldest)
            && !connection.waiting.is_empty()
        {
            connection.waiting.remove(0);
        }
    }

    /// Nothing comes: what the server has taken since the last packet can be shown.
    pub(super) fn idle(&mut self, taken: Taken<'_>) -> Vec<(Owner, E)> {
        let mut shown = Vec::new();
        self.asking.retain(|number| {
            let Some(connection) = self.connections.get_mut(number) else { return false };
            shown.extend(connection.taken_since(taken));
            connection.waiting.iter().any(|w| w.asked.is_some())
        });
        shown
    }

    /// Whether the server sent it, and the client's address; nothing if it is not of our port.
    fn ends(&self, packet: &Packet, tracker: &Tracker) -> Option<(bool, SocketAddr)> {
        let connection = tracker.connection(tracker.current()?)?;
        let source = packet.uint(&tcp::SRCPORT)?;
        let ends = connection.ends;
        let (client, server) = if ends.dst_port == self.port.number {
            ((ends.src, ends.src_port), ends.dst_port)
        } else {
            ((ends.dst, ends.dst_port), ends.src_port)
        };
        let down = source == u64::from(self.port.number);
        (server == self.port.number).then(|| (down, SocketAddr::new(client.0.ip(), client.1)))
    }

    fn connection(&mut self, number: u32) -> &mut Connection<E> {
        if !self.connections.contains_key(&number) {
            if self.order.len() >= CONNECTIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.connections.remove(&oldest);
            }
            self.order.push_back(number);
        }
        self.connections.entry(number).or_default()
    }
}

impl<E> Default for Connection<E> {
    fn default() -> Self {
        let traffic = Traffic::default();
        Self { owner: None, shared: false, switched: false, traffic, peer: None, waiting: Vec::new() }
    }
}

impl<E> Connection<E> {
    /// Requests for these targets have come.
    fn follow(&mut self, paths: &[&[u8]], port: Port) {
        // The page's files begin with the same letters: /chat.js, /packets.js.
        let at = |path: &[u8], place: &str| {
            path.strip_prefix(place.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'?', ..]))
        };
        let talks = |path: &[u8]| match port.plain {
            Some(place) => at(path, place),
            None => path.starts_with(b"/socket.io/"),
        };
        if self.traffic != Traffic::Feed && !paths.is_empty() {
            self.traffic = match port.feed {
                Some(feed) if paths.iter().any(|path| at(path, feed)) => Traffic::Feed,
                _ if paths.iter().all(|path| talks(path)) => Traffic::Talk,
                _ => Traffic::Page,
            };
        }
    }

    /// The server named its owner, or took a request of his.
    fn claim(&mut self, claim: &Owner) {
        self.shared |= self.owner.as_ref().is_some_and(|owner| owner != claim);
        self.owner = Some(claim.clone());
    }

    /// What has waited for this owner. A request that named somebody else is shown to nobody.
    fn release(&mut self, owner: &Owner) -> Vec<(Owner, E)> {
        let fits = |w: &Waiting<E>| w.asked.as_ref().is_none_or(|sid| *owner == Owner::Session(sid.clone()));
        self.waiting.drain(..).filter(fits).filter_map(|w| Some((owner.clone(), w.entry?))).collect()
    }

    /// What has waited for the server's word, and may be shown now.
    fn taken_since(&mut self, taken: Taken<'_>) -> Vec<(Owner, E)> {
        let Some(peer) = self.peer else { return Vec::new() };
        let asked = self.waiting.iter().find_map(|w| w.asked.as_ref().filter(|sid| taken(peer, sid)));
        let Some(owner) = asked.map(|sid| Owner::Session(sid.clone())) else { return Vec::new() };
        self.claim(&owner);
        self.release(&owner)
    }
}

/// The session that a packet's bytes name, if any does; an error if they name two.
fn named(packet: &Packet, down: bool) -> Result<Option<Named>, ()> {
    let (mut found, mut said) = (None::<&[u8]>, false);
    for layer in &packet.layers {
        let opens = std::ptr::eq(layer.proto, &raw const engineio::ABOUT);
        let sid = if opens {
            // Only the server opens a session.
            packet.octets_in(layer, &engineio::SID).filter(|_| down)
        } else if std::ptr::eq(layer.proto, &raw const http::ABOUT) {
            packet.octets_in(layer, &http::URI_QUERY).and_then(sid)
        } else {
            None
        };
        match (found, sid) {
            (Some(one), Some(other)) if one != other => return Err(()),
            (None, sid) => found = sid,
            _ => {}
        }
        said |= opens && sid.is_some();
    }
    let sid = found.and_then(|sid| std::str::from_utf8(sid).ok()).map(str::to_owned);
    Ok(sid.map(|sid| if said { Named::Said(sid) } else { Named::Asked(sid) }))
}

/// The session in a request's query.
fn sid(query: &[u8]) -> Option<&[u8]> {
    query.split(|&b| b == b'&').find_map(|pair| pair.strip_prefix(b"sid="))
}

/// The targets of the requests that a packet completes.
fn paths(packet: &Packet) -> Vec<&[u8]> {
    let of = |l: &&Layer| std::ptr::eq(l.proto, &raw const http::ABOUT);
    packet.layers.iter().filter(of).filter_map(|l| packet.octets_in(l, &http::URI)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Limits;
    use crate::model::RawFrame;
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    /// A connection from port 50000 to the server at 8080, as a capture sees it.
    struct Wire {
        watch: Watch<u64>,
        tracker: Tracker,
        packet: Packet,
        seq: [u32; 2],
        frame: u64,
        /// Sessions whose requests the server takes.
        taken: Vec<&'static str>,
    }

    impl Wire {
        fn new(plain: bool) -> Self {
            let mut wire = Self {
                watch: Watch::new(Port { number: 8080, plain: plain.then_some("/chat"), feed: Some("/packets") }),
                tracker: Tracker::new(Limits::default()),
                packet: Packet::new(),
                seq: [100, 900],
                frame: 0,
                taken: vec!["aaa", "bbb"],
            };
            assert_eq!(wire.segment(true, b"SYN"), [""; 0]);
            assert_eq!(wire.segment(false, b"SYN"), [""; 0]);
            wire
        }

        /// One segment; whom it and those that waited for it are shown to.
        fn segment(&mut self, up: bool, data: &[u8]) -> Vec<String> {
            let (own, other) = (usize::from(!up), usize::from(up));
            let (syn, data) = if data == b"SYN" { (true, &[][..]) } else { (false, data) };
            let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([127, 0, 0, 1], [127, 0, 0, 1], 64);
            let (from, to) = if up { (50_000, 8080) } else { (8080, 50_000) };
            let mut tcp = ip.tcp(from, to, self.seq[own], 60_000);
            tcp = if syn { tcp.syn() } else { tcp };
            tcp = if syn && up { tcp } else { tcp.ack(self.seq[other]) };
            self.frame += 1;
            let mut raw = RawFrame::whole(self.frame, Vec::new());
            tcp.write(&mut raw.bytes, data).unwrap();
            raw.len = u32::try_from(raw.bytes.len()).unwrap();
            self.seq[own] += u32::try_from(data.len()).unwrap() + u32::from(syn);
            walk(&raw, &mut self.tracker, &mut self.packet);
            let taken = |peer: SocketAddr, sid: &str| peer.port() == 50_000 && self.taken.contains(&sid);
            let mut number = |moment: &Moment<'_>, _, _| Some(moment.packet.number);
            let shown = self.watch.packet(&self.packet, &self.tracker, &taken, &mut number);
            Self::names(shown)
        }

        /// To whom, and the packet's number.
        fn names(shown: Vec<(Owner, u64)>) -> Vec<String> {
            let name = |(owner, packet): (Owner, u64)| match owner {
                Owner::Session(sid) => format!("{sid} {packet}"),
                Owner::Peer(peer) => format!("{peer} {packet}"),
            };
            shown.into_iter().map(name).collect()
        }

        fn get(&mut self, target: &str) -> Vec<String> {
            self.segment(true, format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())
        }

        fn answer(&mut self, body: &str) -> Vec<String> {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
            self.segment(false, (head + body).as_bytes())
        }
    }

    const POLL: &str = "/socket.io/?EIO=4&transport=polling";

    #[test]
    fn what_came_before_the_session_was_named_is_shown_with_its_first_packet() {
        let mut wire = Wire::new(false);
        assert_eq!(wire.get(POLL), [""; 0]);
        assert_eq!(wire.answer("0{\"sid\":\"aaa\"}"), ["aaa 1", "aaa 2", "aaa 3", "aaa 4"]);
        assert_eq!(wire.segment(true, b""), ["aaa 5"], "an acknowledgment of the only owner's");
    }

    #[test]
    fn on_a_connection_that_two_share_each_sees_only_packets_that_name_the_own_session() {
        let mut wire = Wire::new(false);
        wire.get(&format!("{POLL}&sid=aaa"));
        assert_eq!(wire.answer("42[\"said\",{}]"), ["aaa 4"]);
        assert_eq!(wire.get(&format!("{POLL}&sid=bbb")), ["bbb 5"]);
        assert_eq!(wire.answer("42[\"said\",{}]"), ["bbb 6"]);
        assert_eq!(wire.segment(true, b""), [""; 0], "whose this is, nobody can tell");
        let post = format!("POST {POLL}&sid=aaa HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
        assert_eq!(wire.segment(true, &post.as_bytes()[..40]), [""; 0]);
        assert!(wire.segment(true, &post.as_bytes()[40..]).iter().all(|s| s.starts_with("aaa")));
    }

    #[test]
    fn a_page_and_the_feed_itself_are_nobodys() {
        let mut wire = Wire::new(false);
        assert_eq!(wire.get("/"), [""; 0]);
        assert_eq!(wire.answer("<p>"), [""; 0]);
        let shown = wire.get(&format!("{POLL}&sid=aaa"));
        assert_eq!(shown, ["aaa 1", "aaa 2", "aaa 5"], "but that the connection was opened, is");
        let mut script = Wire::new(false);
        assert_eq!(script.get("/packets.js"), [""; 0]);
        assert_eq!(script.answer("const ROWS = 300;"), [""; 0]);
        assert_eq!(script.get(&format!("{POLL}&sid=aaa")), ["aaa 1", "aaa 2", "aaa 5"]);
        let mut script = Wire::new(true);
        assert_eq!(script.get("/chat.js"), [""; 0]);
        assert_eq!(script.answer("say()"), [""; 0]);
        let ask = "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        assert_eq!(script.segment(true, ask.as_bytes()), [""; 0]);
        let yes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        let shown: Vec<String> =
            script.segment(false, yes).iter().map(|s| s.rsplit_once(' ').unwrap().1.to_owned()).collect();
        assert_eq!(shown, ["1", "2", "5", "6"], "a script is not");
        let mut feed = Wire::new(false);
        feed.get("/packets");
        assert_eq!(feed.get(&format!("{POLL}&sid=aaa")), [""; 0], "a feed stays one");
    }

    #[test]
    fn a_request_that_only_names_a_session_is_shown_to_nobody() {
        let mut wire = Wire::new(false);
        wire.taken.clear();
        assert_eq!(wire.get(&format!("{POLL}&sid=aaa")), [""; 0]);
        assert_eq!(wire.segment(false, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), [""; 0]);
        assert_eq!(wire.segment(true, b"0{\"sid\":\"aaa\"}"), [""; 0], "a client opens no session");
        wire.taken.push("bbb");
        let shown = wire.get(&format!("{POLL}&sid=bbb"));
        assert!(shown.iter().all(|s| s.starts_with("bbb")), "{shown:?}");
        assert!(!shown.contains(&"bbb 4".to_owned()), "{shown:?}");
    }

    #[test]
    fn what_waits_longest_is_given_up_when_too_much_waits() {
        let mut wire = Wire::new(false);
        wire.get(POLL);
        let waits = |wire: &Wire| wire.watch.connections.values().map(|c| c.waiting.len()).sum::<usize>();
        assert_eq!(waits(&wire), 3);
        for _ in 0..ALL_WAITING {
            wire.watch.wait(u32::MAX);
        }
        assert_eq!(waits(&wire), 0);
    }

    #[test]
    fn a_packet_waits_for_the_servers_word() {
        let mut wire = Wire::new(false);
        wire.taken.clear();
        assert_eq!(wire.get(&format!("{POLL}&sid=aaa")), [""; 0]);
        assert_eq!(wire.watch.idle(&|_, _| false).len(), 0);
        let shown = wire.watch.idle(&|_, sid| sid == "aaa");
        assert_eq!(Wire::names(shown), ["aaa 1", "aaa 2", "aaa 3"]);
        assert_eq!(wire.segment(false, b""), ["aaa 4"]);
        assert!(wire.watch.asking.is_empty());
    }
}
