//! Rank 2: conversations, and what only the packets before can say.
//!
//! Read [`Tracker`] (the memory that the walk calls), then `track` (one TCP connection), `tcp` (loss analysis), `stream`
//! (bytes in order), `message` (where one message ends), `pause` (directions in which nothing waits), `hole` (what never
//! came) and `fragments`. [`follow`] reads one conversation along;
//! `checkpoint` keeps what was known at a frame.

mod checkpoint;
mod connection;
mod event;
pub mod follow;
mod fragments;
mod held;
mod hole;
mod message;
mod past;
mod pause;
pub mod reader;
mod recent;
mod sending;
mod state;
mod stream;
mod table;
mod tcp;
mod track;

pub use checkpoint::{Checkpoint, Fetch};
pub use connection::Connection;
pub use event::{Endpoint, Event};
pub use state::State;

use crate::model::{Buffer, Piece, Time};
use crate::proto::memory::{Address, Conversation, ConversationKind, Ends, Fragment, Memory, Segment, TcpFacts};
use crate::proto::shelf::Shelf;
use crate::proto::stream::Upgrade;
use crate::proto::{
    Delivery, Protocol, StreamCtx, Streams,
    tcp::{flag, verdict},
};
use hashbrown::HashMap;
use message::Incoming;
use past::Past;
use pause::Spare;
use recent::Recent;
use sending::Unacked;
use std::collections::VecDeque;
use std::sync::Arc;
use table::{Of, Removed, Table, Talking};
use track::{Delivering, Noting, Track, When};

/// How much a tracker may remember. What is oldest is given up first, and [`Event::GaveUp`] says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Conversations of all kinds.
    pub conversations: usize,
    /// Bytes that wait in one direction of one connection.
    pub bytes_a_stream: usize,
    /// Bytes that wait in all connections, with what is remembered for their sake. The more of the conversations there are
    /// that there may be, the less may wait: half as much at last.
    pub bytes_in_streams: usize,
    /// Bytes of IP fragments that wait for the rest.
    pub bytes_in_fragments: usize,
    /// Bytes that protocols keep from packet to packet: histories of compressed streams, pieces of messages.
    pub bytes_kept: usize,
    /// Segments of all connections that are remembered until they are acknowledged: 20 bytes each. Beyond, the newest of
    /// a direction with many are forgotten.
    pub unacknowledged: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversations: 1 << 20,
            bytes_a_stream: 16 << 20,
            bytes_in_streams: 96 << 20,
            bytes_in_fragments: 32 << 20,
            bytes_kept: 32 << 20,
            unacknowledged: 1 << 21,
        }
    }
}

impl Limits {
    /// The same in another size: so many bytes may wait in all, a fifth of them as fragments, and a fifth
    /// are what protocols keep.
    #[must_use]
    pub fn waiting(self, bytes: usize) -> Self {
        let bytes_in_fragments = bytes / 5;
        let bytes_kept = bytes / 5;
        let bytes_in_streams = bytes - bytes_in_fragments - bytes_kept;
        let bytes_a_stream = self.bytes_a_stream.min(bytes_in_streams);
        Self { bytes_a_stream, bytes_in_streams, bytes_in_fragments, bytes_kept, ..self }
    }

    /// Bytes that may wait in all.
    pub fn bytes(&self) -> usize {
        self.bytes_in_streams + self.bytes_in_fragments + self.bytes_kept
    }
}

/// Remembers what the frames so far have said.
#[derive(Clone)]
pub struct Tracker {
    /// The first time that a frame had.
    first: Time,
    last: Time,
    frame: u64,
    time: Time,
    conversations: Table,
    recent: Recent,
    fragments: fragments::Pile,
    waiting: stream::Budget,
    unacked: Unacked,
    /// The places of conversations in which bytes wait, and the frame since when; the longest first.
    queue: VecDeque<(u32, Past)>,
    events: Vec<Event>,
    /// Who reads what begins at an announced address and port.
    expected: HashMap<(Address, u16), Announced>,
    /// The connection of the last frame's innermost segment.
    current: Option<Conversation>,
    scratch: Streams,
    /// For a conversation whose protocols have remembered nothing yet: nothing is in it.
    blank: Streams,
    spare: Spare,
    shelf: Shelf,
}

/// What was announced for an address and port.
#[derive(Clone, Copy)]
struct Announced {
    row: &'static Protocol,
    /// Datagrams from there, or to there from where nothing was announced, count as a conversation: its number.
    number: Option<u32>,
}

/// More announced ports than these are not remembered.
const MOST_EXPECTED: usize = 1 << 12;

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(limits: Limits) -> Self {
        Self {
            first: Time::NONE,
            last: Time::default(),
            frame: 0,
            time: Time::default(),
            conversations: Table::new(limits.conversations),
            recent: Recent::new(),
            fragments: fragments::Pile::new(limits.bytes_in_fragments),
            waiting: stream::Budget::new(limits.bytes_in_streams, limits.bytes_a_stream),
            unacked: Unacked::new(limits.unacknowledged),
            queue: VecDeque::new(),
            events: Vec::new(),
            expected: HashMap::new(),
            current: None,
            scratch: Streams::default(),
            blank: Streams::default(),
            spare: Spare::default(),
            shelf: Shelf::new(limits.bytes_kept),
        }
    }

    /// What the last frame changed.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The TCP connection that the last frame belongs to, and the frame's direction in it.
    pub fn current(&self) -> Option<Conversation> {
        self.current
    }

    /// Whether the last frame belongs to the TCP connection of these ends.
    pub fn is_at(&self, ends: Ends) -> bool {
        self.current.and_then(|current| self.connection(current)).is_some_and(|connection| connection.ends == ends)
    }

    /// What an upgrade in this conversation agreed on, once one happened.
    pub fn upgrade(&self, conversation: Conversation) -> Option<&Upgrade> {
        self.conversations.get(conversation)?.streams.as_ref()?.dialogue.upgrade.as_deref()
    }

    /// The TCP connection behind a handle.
    pub fn connection(&self, conversation: Conversation) -> Option<Connection> {
        let talking = self.conversations.get(conversation)?;
        Some(talking.track()?.look(talking.ends()))
    }

    fn find(&mut self, kind: ConversationKind, ends: &Ends) -> Conversation {
        let Some(c) = self.conversations.find(kind, ends) else { return self.begin(kind, ends, None) };
        if self.expected.is_empty() || !self.conversations.get(c).is_some_and(Talking::was_announced) {
            return c;
        }
        let number = self.announced_number(kind, ends);
        number.map_or(c, |number| self.conversations.turn(c, number))
    }

    /// Of ends that were announced: the number of the conversation that they count as.
    fn announced_number(&mut self, kind: ConversationKind, ends: &Ends) -> Option<u32> {
        if kind != ConversationKind::Udp || self.expected.is_empty() {
            return None;
        }
        let mut ends = [(ends.src, ends.src_port), (ends.dst, ends.dst_port)].into_iter();
        let end = ends.find(|end| self.expected.contains_key(end))?;
        let announced = self.expected.get_mut(&end)?;
        Some(*announced.number.get_or_insert_with(|| self.conversations.next_number(kind)))
    }

    /// Begins a conversation, over an earlier one of the same ends if there is one.
    fn begin(&mut self, kind: ConversationKind, ends: &Ends, before: Option<Conversation>) -> Conversation {
        let announced = self.announced_number(kind, ends);
        let (c, removed) = self.conversations.begin_as(kind, ends, before, announced);
        self.waiting.narrow(self.conversations.len(), self.conversations.most());
        if let Some(Removed { conversation, talking, crowded }) = removed {
            let bytes = talking.track().map_or(0, Track::waiting);
            let waits = talking.track().is_some_and(|track| track.waits_since != Past::NONE);
            self.waiting.release(bytes + if waits { stream::SURROUNDINGS } else { 0 });
            self.unacked.release(talking.track().map_or(0, Track::unacked));
            if crowded {
                self.events.push(Event::GaveUp { conversation: Some(conversation), bytes, full: true });
            }
        }
        if announced.is_some() {
            let ends = [(ends.dst, ends.dst_port), (ends.src, ends.src_port)];
            let claimed = ends.iter().find_map(|end| self.expected.get(end)).map(|announced| announced.row);
            if let Some(talking) = self.conversations.get_mut(c) {
                talking.announce();
                if let Of::Datagrams(datagrams) = &mut talking.of {
                    datagrams.claimed = claimed;
                }
            }
        }
        c
    }

    /// Makes room for so many bytes to wait in a conversation: what has waited longest in another is given up.
    fn make_room(&mut self, bytes: usize, here: Conversation) {
        while !self.waiting.has_room(bytes)
            && let Some((slot, since)) = self.queue.pop_front()
        {
            let Some((oldest, _)) = self.conversations.at(slot).filter(|(_, talking)| talking.queued == since) else {
                continue;
            };
            let Some(talking) = self.conversations.get_mut(oldest) else { continue };
            talking.queued = Past::NONE;
            let Of::Tcp(track) = &mut talking.of else { continue };
            let now = track.waits_since;
            if slot == here.slot || now == Past::NONE {
                continue;
            }
            if now.is_after(since) {
                // What waited then has gone on, and other bytes came.
                talking.queued = now;
                self.queue.push_back((slot, now));
                continue;
            }
            track.waits_since = Past::NONE;
            let bytes = track.forget_waiting(&mut self.waiting);
            self.waiting.release(stream::SURROUNDINGS);
            if !track.has_told() && talking.streams.as_ref().is_some_and(|s| s.dialogue.announced.is_none()) {
                // All that its protocols know is of the message that is given up.
                talking.streams = None;
            }
            self.events.push(Event::GaveUp { conversation: Some(oldest), bytes, full: true });
        }
    }

    /// Takes note of whether bytes wait in a conversation, after a segment that changed that.
    fn count_waiting(&mut self, c: Conversation, waits: bool, frame: u64) {
        let Some(talking) = self.conversations.get_mut(c) else { return };
        let Of::Tcp(track) = &mut talking.of else { return };
        if !waits {
            track.waits_since = Past::NONE;
            self.waiting.release(stream::SURROUNDINGS);
        } else if track.waits_since == Past::NONE {
            track.waits_since = Past::of(frame);
            self.waiting.charge(stream::SURROUNDINGS);
        }
        if waits && talking.queued == Past::NONE {
            talking.queued = track.waits_since;
            self.queue.push_back((c.slot, talking.queued));
            self.shorten_queue();
        }
    }

    /// Whom another one replaced leaves its place in the queue; such places are cleared when they are the most.
    fn shorten_queue(&mut self) {
        if self.queue.len() > 2 * self.conversations.len() + 1024 {
            let conversations = &self.conversations;
            self.queue.retain(|&(slot, since)| conversations.at(slot).is_some_and(|(_, t)| t.queued == since));
        }
    }
}

impl Memory for Tracker {
    fn clock(&mut self, now: Time) -> (Option<i64>, Option<i64>) {
        self.events.clear();
        self.current = None;
        self.time = now;
        self.frame += 1;
        if !self.first.is_known() {
            self.first = now;
        }
        let delta = now.since(if self.frame == 1 { now } else { self.last });
        self.last = now;
        (delta, now.since(self.first))
    }

    fn defragment(&mut self, fragment: &Fragment, bytes: &[u8], here: Piece, whole: &mut Buffer) -> bool {
        self.fragments.add(fragment, bytes, here, whole)
    }

    fn converse(&mut self, kind: ConversationKind, ends: &Ends, _frame: u64, _time: Time) -> Option<Conversation> {
        Some(self.find(kind, ends))
    }

    fn pace(&mut self, conversation: Conversation, time: Time, counts: bool) -> (Option<i64>, Option<i64>) {
        self.conversations.get_mut(conversation).map_or((None, None), |talking| talking.pace(time, counts))
    }

    fn segment(&mut self, ends: &Ends, segment: &Segment, frame: u64, time: Time) -> Option<TcpFacts> {
        let mut c = self.find(ConversationKind::Tcp, ends);
        let begins = segment.flags & (flag::SYN | flag::ACK) == flag::SYN;
        let known = if begins { self.conversations.get(c).and_then(Talking::track) } else { None };
        let known = known.filter(|known| known.is_reused_by(segment, c.forward));
        let (reused, mut earlier) = (known.is_some(), None);
        if let Some(known) = known {
            let after = known.last_frame().frame(frame);
            earlier = if known.has_ended() { None } else { self.connection(c) };
            c = self.begin(ConversationKind::Tcp, ends, Some(c));
            self.events.push(Event::Judged { conversation: c, verdict: verdict::REUSED_PORTS, after });
        }
        self.current = Some(c);
        let talking = self.conversations.get_mut(c)?;
        if talking.track().is_none() {
            let mut new = Track::new(time);
            if let Some(earlier) = earlier {
                new.inherit(&earlier, ends);
            }
            if !self.expected.is_empty() {
                let of = |address, port| self.expected.get(&(address, port)).map(|announced| announced.row);
                if let Some(row) = of(ends.dst, ends.dst_port).or_else(|| of(ends.src, ends.src_port)) {
                    talking.streams_mut().dialogue.announced = Some(row);
                    new.was_announced();
                }
            }
            talking.of = Of::Tcp(new);
        }
        let ports = talking.ports();
        let when = When { frame, time };
        let track = talking.track_mut()?;
        let to = Noting { recent: &mut self.recent, events: &mut self.events, unacked: &mut self.unacked };
        Some(track.segment((c, ports), segment, when, reused, to))
    }

    fn glimpse(&mut self, ends: &Ends, time: Time) -> Option<TcpFacts> {
        let c = self.find(ConversationKind::Tcp, ends);
        let talking = self.conversations.get_mut(c)?;
        if talking.track().is_none() {
            talking.of = Of::Tcp(Track::new(time));
        }
        Some(talking.track_mut()?.glimpse(c, time))
    }

    fn deliver(
        &mut self,
        c: Conversation,
        segment: &Segment,
        payload: &[u8],
        here: Piece,
        whole: &mut Buffer,
    ) -> Option<Delivery> {
        let bytes = payload.len() + stream::OVERHEAD;
        if !self.waiting.has_room(bytes + stream::SURROUNDINGS) {
            let track = self.conversations.get(c).and_then(Talking::track);
            let waits = track.is_some_and(|track| track.waits_since != Past::NONE);
            self.make_room(if waits { bytes } else { bytes + stream::SURROUNDINGS }, c);
        }
        self.delivered();
        let (frame, time) = (here.frame, self.time);
        if payload.is_empty() && segment.flags & flag::FIN == 0 {
            let Of::Tcp(track) = &self.conversations.get(c)?.of else { return None };
            if !track.is_over() && track.waits_since == Past::NONE && !track.waits() {
                // A bare ACK, and nothing waits for it: this connection need not be touched.
                return None;
            }
        }
        let talking = self.conversations.get_mut(c)?;
        let ports = talking.ports();
        let Of::Tcp(track) = &mut talking.of else { return None };
        let finished = track.is_silent() && track.protocol().is_some();
        if finished || (!track.has_stream(c.forward) && payload.is_empty()) {
            return None;
        }
        let streams = talking.streams.as_mut().map_or(&mut self.blank, Arc::make_mut);
        let mut ctx = streams.view(c.forward);
        (ctx.frame, ctx.time) = (frame, time);
        let incoming = Incoming::new(segment, payload, here);
        let to = Delivering { budget: &mut self.waiting, events: &mut self.events, spare: &mut self.spare };
        let delivery = track.deliver((c, ports), incoming, whole, &mut ctx, to);
        if talking.streams.is_none() && !self.blank.is_blank() {
            talking.streams = Some(Arc::new(std::mem::take(&mut self.blank)));
        }
        if delivery.as_ref().is_none_or(|message| message.last) {
            if track.is_over() {
                // Nothing new can be said: what still comes is a repetition.
                self.waiting.release(track.forget_streams());
                talking.streams = None;
            }
            let (waits, before) = (track.waits(), track.waits_since != Past::NONE);
            if waits != before || (waits && talking.queued == Past::NONE) {
                self.count_waiting(c, waits, frame);
            }
        }
        delivery
    }

    fn delivered(&mut self) {
        if let Some(bytes) = self.shelf.take_given_up() {
            self.events.push(Event::GaveUp { conversation: None, bytes, full: true });
        }
    }

    fn claimed(&self, conversation: Conversation) -> Option<&'static Protocol> {
        match &self.conversations.get(conversation)?.of {
            Of::Datagrams(datagrams) => datagrams.claimed,
            Of::Tcp(_) => None,
        }
    }

    fn claim(&mut self, conversation: Conversation, row: &'static Protocol) {
        if let Some(Of::Datagrams(datagrams)) = self.conversations.get_mut(conversation).map(|talking| &mut talking.of)
        {
            datagrams.claimed = Some(row);
        }
    }

    fn renumber(&mut self, conversation: Conversation) {
        if let Some(t) = self.conversations.get_mut(conversation) {
            t.renumber();
        }
    }

    fn expect(&mut self, address: Address, port: u16, row: &'static Protocol) {
        // What is announced again begins anew, as far as numbers go.
        if self.expected.len() < MOST_EXPECTED {
            self.expected.insert((address, port), Announced { row, number: None });
        }
    }

    fn shelf(&mut self) -> &mut Shelf {
        &mut self.shelf
    }

    fn context(&mut self, conversation: Option<Conversation>) -> StreamCtx<'_> {
        let (frame, time) = (self.frame, self.time);
        let mut ctx = if let Some((c, talking)) = conversation.and_then(|c| Some((c, self.conversations.get_mut(c)?))) {
            talking.streams_mut().view(c.forward)
        } else {
            self.scratch = Streams::default();
            self.scratch.view(true)
        };
        (ctx.frame, ctx.time) = (frame, time);
        ctx
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seq;

    /// A tracker of little memory, and the frame that is next.
    struct Little(Tracker, u64);

    impl Little {
        /// A segment of client number `n`, whose stream began at 100. The bytes given up, with whose they were.
        fn says(&mut self, n: u16, seq: u32, text: &[u8]) -> Vec<(u32, usize)> {
            let ends =
                Ends { src: Address::v4([10, 0, 0, 1]), dst: Address::v4([10, 0, 0, 2]), src_port: n, dst_port: 80 };
            let len = u32::try_from(text.len()).unwrap();
            let segment = Segment { seq: Seq(seq), len, flags: flag::ACK, ..Segment::default() };
            let here = Piece { frame: self.1, start: 0, len };
            self.1 += 1;
            self.0.clock(Time::default());
            let facts = self.0.segment(&ends, &segment, here.frame, Time::default()).unwrap();
            while self.0.deliver(facts.conversation, &segment, text, here, &mut Buffer::default()).is_some() {}
            let given_up = |event: &Event| match *event {
                Event::GaveUp { conversation: Some(c), bytes, full: true } => Some((c.number, bytes)),
                _ => None,
            };
            self.0.events().iter().filter_map(given_up).collect()
        }
    }

    #[test]
    fn what_has_waited_longest_is_given_up_first() {
        let half = [b"GET / HTTP/1.1\r\nHost: ".as_slice(), &[b'x'; 300]].concat();
        let two = 2 * (half.len() + stream::SURROUNDINGS) + stream::OVERHEAD + 8;
        let mut little = Little(Tracker::new(Limits::default().waiting(5 * two / 3)), 1);
        assert_eq!(little.says(1, 100, &half), []);
        assert_eq!(little.says(2, 100, &half), []);
        assert_eq!(little.says(3, 100, &half), [(0, half.len())], "the first connection's");
        let first = little.0.conversations.at(0).unwrap().1;
        assert!(first.streams.is_none() && first.track().unwrap().waiting() == 0, "nothing is left of what it said");
        assert_eq!(
            little.says(2, 100 + u32::try_from(half.len()).unwrap(), b"\r\n\r\n"),
            [],
            "the second one's message could be completed"
        );
    }

    #[test]
    fn a_message_longer_than_what_may_wait_is_passed_over_and_the_next_one_is_read() {
        let limits = Limits { bytes_a_stream: 2000, ..Limits::default() };
        let (mut tracker, mut seq) = (Tracker::new(limits), 100_u32);
        let ends = Ends { src: Address::v4([10, 0, 0, 1]), src_port: 5, dst_port: 80, ..Ends::default() };
        let mut says = |text: &[u8]| {
            let len = u32::try_from(text.len()).unwrap();
            let segment = Segment { seq: Seq(seq), len, flags: flag::ACK, ..Segment::default() };
            seq += len;
            tracker.clock(Time::default());
            let c = tracker.segment(&ends, &segment, 1, Time::default()).unwrap().conversation;
            let (here, mut whole, mut messages) = (Piece { frame: 1, start: 0, len }, Buffer::default(), 0);
            while let Some(delivery) = tracker.deliver(c, &segment, text, here, &mut whole) {
                messages += usize::from(!delivery.continuation);
            }
            (messages, tracker.conversations.get(c).and_then(Talking::track).unwrap().waiting())
        };
        let next = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
        // What fits waits; of what doesn't, nothing does, whether its length is known from its first segment or its second.
        for (head, body, waits) in [
            (&["POST / HTTP/1.1\r\nContent-Length: 1500\r\n\r\n"][..], 1500, true),
            (&["POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n"], 5000, false),
            (&["POST / HTTP/1.1\r\nContent-", "Length: 5000\r\n\r\n"], 5000, false),
        ] {
            for part in head {
                says(part.as_bytes());
            }
            let body = vec![b'x'; body];
            let (before, last) = body.split_at(body.len() - 100);
            for part in before.chunks(700) {
                let (messages, waiting) = says(part);
                assert_eq!((messages, waiting > 0), (0, waits), "{head:?}");
            }
            // The last segment of one message begins the next.
            let messages = says(&[last, next].concat()).0;
            assert_eq!(messages, if waits { 2 } else { 1 }, "{head:?}");
            assert_eq!(says(next), (1, 0), "{head:?}");
        }
    }

    #[test]
    fn segments_that_nobody_acknowledges_are_not_remembered_for_ever() {
        const CONNECTIONS: u16 = 20;
        let limits = Limits { unacknowledged: 100, ..Limits::default() };
        let mut tracker = Tracker::new(limits);
        let mut frame = 0;
        let mut sends = |tracker: &mut Tracker, port: u16, seq: u32, flags: u16| {
            frame += 1;
            let ends = Ends { src: Address::v4([10, 0, 0, 1]), src_port: port, dst_port: 80, ..Ends::default() };
            let segment = Segment { seq: Seq(seq), len: 10, flags, ..Segment::default() };
            tracker.clock(Time::default());
            tracker.segment(&ends, &segment, frame, Time::default());
            let unseen = |event: &Event| matches!(event, Event::Retransmitted { unseen: true, .. });
            tracker.events().iter().any(unseen)
        };
        let remembered = |tracker: &Tracker| {
            let all = (0..u32::from(CONNECTIONS)).filter_map(|slot| tracker.conversations.at(slot)?.1.track());
            all.map(Track::unacked).sum::<usize>()
        };
        for turn in 0..60 {
            for port in 0..CONNECTIONS {
                sends(&mut tracker, port, 100 + turn * 10, flag::ACK);
                assert_eq!(tracker.unacked.count, remembered(&tracker));
                assert!(tracker.unacked.count <= 100 + 8 * usize::from(CONNECTIONS), "{}", tracker.unacked.count);
            }
        }
        let repeated = (0..60).map(|turn| sends(&mut tracker, 3, 100 + turn * 10, flag::ACK));
        assert_eq!(repeated.filter(|unseen| *unseen).count(), 0, "each was seen, remembered or not");
        for port in 0..CONNECTIONS {
            sends(&mut tracker, port, 7, flag::SYN);
        }
        assert_eq!((tracker.unacked.count, remembered(&tracker)), (0, 0), "other connections began");
    }

    #[test]
    fn a_table_that_is_full_says_whom_it_forgets() {
        let mut little = Little(Tracker::new(Limits { conversations: 2, ..Limits::default() }), 1);
        let counts = [1, 2, 3].map(|n| little.says(n, 100, b"GET / HT").len());
        assert_eq!(counts, [0, 0, 1]);
    }
}
