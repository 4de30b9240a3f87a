//! Rank 2: conversations, and what only the packets before can say.
//!
//! Read [`Tracker`] (the memory that the walk calls), then `tcp` (states and loss analysis), `stream`
//! (bytes in order), `message` (where one message ends) and `fragments`.

mod connection;
mod event;
mod fragments;
mod message;
mod state;
mod stream;
mod tcp;

pub use connection::Connection;
pub use event::{Endpoint, Event};
pub use state::State;

use crate::model::{Buffer, Piece, Time};
use crate::proto::memory::{Address, Conversation, Ends, Fragment, Memory, Segment, Talk, TcpFacts};
use crate::proto::stream::Upgrade;
use crate::proto::{Delivery, Protocol, StreamCtx, Streams, tcp::flag};
use hashbrown::HashMap;

/// How much a tracker may remember. What is oldest is given up first, and [`Event::GaveUp`] says so.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Conversations of all kinds.
    pub conversations: usize,
    /// Bytes that wait in one direction of one connection.
    pub bytes_a_stream: usize,
    /// Bytes that wait in all connections.
    pub bytes_in_streams: usize,
    /// Bytes of IP fragments that wait for the rest.
    pub bytes_in_fragments: usize,
}

/// How many announced connections are remembered; beyond it, all are forgotten.
const MOST_ANNOUNCED: usize = 4096;

impl Default for Limits {
    fn default() -> Self {
        Self {
            conversations: 1 << 20,
            bytes_a_stream: 16 << 20,
            bytes_in_streams: 128 << 20,
            bytes_in_fragments: 32 << 20,
        }
    }
}

/// Remembers what the frames so far have said.
pub struct Tracker {
    limits: Limits,
    first: Option<Time>,
    last: Time,
    frame: u64,
    time: Time,
    numbers: [u32; 3],
    slots: HashMap<ConversationKey, u32>,
    conversations: Vec<Talking>,
    fragments: fragments::Pile,
    waiting: stream::Budget,
    events: Vec<Event>,
    /// Connections that others announced, by the end that was named.
    announced: HashMap<(Address, u16), &'static Protocol>,
    /// The connection of the last frame's innermost segment.
    current: Option<Conversation>,
    scratch: Streams,
}

/// Both ends, the smaller first, so that both directions find the same conversation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ConversationKey {
    addresses: [Address; 2],
    ports: [u16; 2],
    kind: Talk,
}

/// A conversation of any kind.
struct Talking {
    /// Whether the first packet went from the low end to the high one.
    low_first: bool,
    number: u32,
    /// What its protocols remember; made when one first asks.
    streams: Option<Box<Streams>>,
    connection: Option<Box<Connection>>,
}

impl Tracker {
    /// A tracker that has seen nothing.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            first: None,
            last: Time::default(),
            frame: 0,
            time: Time::default(),
            numbers: [0; 3],
            slots: HashMap::new(),
            conversations: Vec::new(),
            fragments: fragments::Pile::new(limits.bytes_in_fragments),
            waiting: stream::Budget::new(limits.bytes_in_streams, limits.bytes_a_stream),
            events: Vec::new(),
            announced: HashMap::new(),
            current: None,
            scratch: Streams::default(),
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

    /// What an upgrade in this conversation agreed on, once one happened.
    pub fn upgrade(&self, conversation: Conversation) -> Option<&Upgrade> {
        self.conversations.get(conversation.slot as usize)?.streams.as_ref()?.dialogue.upgrade.as_ref()
    }

    /// The TCP connection behind a handle.
    pub fn connection(&self, conversation: Conversation) -> Option<&Connection> {
        self.conversations.get(conversation.slot as usize)?.connection.as_deref()
    }

    fn find(&mut self, kind: Talk, ends: &Ends) -> Conversation {
        let (low_first, key) = ConversationKey::of(kind, ends);
        if let Some(&slot) = self.slots.get(&key)
            && let Some(t) = self.conversations.get(slot as usize)
        {
            return Conversation { kind, number: t.number, slot, forward: t.low_first == low_first };
        }
        self.begin(kind, ends)
    }

    /// Begins a conversation, over an earlier one of the same ends if there is one.
    fn begin(&mut self, kind: Talk, ends: &Ends) -> Conversation {
        let (low_first, key) = ConversationKey::of(kind, ends);
        if self.conversations.len() >= self.limits.conversations {
            self.forget_all();
        }
        let slot = u32::try_from(self.conversations.len()).unwrap_or(u32::MAX);
        let number = self.next_number(kind);
        self.slots.insert(key, slot);
        self.conversations.push(Talking { low_first, number, streams: None, connection: None });
        Conversation { kind, number, slot, forward: true }
    }

    fn next_number(&mut self, kind: Talk) -> u32 {
        let Some(n) = self.numbers.get_mut(kind as usize) else { return 0 };
        let number = *n;
        *n = n.saturating_add(1);
        number
    }

    /// Out of room, a flood is most likely: the table begins anew, the numbers go on.
    fn forget_all(&mut self) {
        let bytes = self.waiting.used();
        self.slots.clear();
        self.conversations.clear();
        self.waiting.reset();
        self.events.push(Event::GaveUp { conversation: None, bytes });
    }
}

impl ConversationKey {
    fn of(kind: Talk, ends: &Ends) -> (bool, Self) {
        let (a, b) = ((ends.src, ends.src_port), (ends.dst, ends.dst_port));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        (a <= b, Self { addresses: [low.0, high.0], ports: [low.1, high.1], kind })
    }
}

impl Memory for Tracker {
    fn clock(&mut self, now: Time) -> (i64, i64) {
        self.events.clear();
        self.current = None;
        self.time = now;
        self.frame += 1;
        let first = *self.first.get_or_insert(now);
        let delta = if self.frame == 1 { 0 } else { now.since(self.last) };
        self.last = now;
        (delta, now.since(first))
    }

    fn defragment(&mut self, fragment: &Fragment, bytes: &[u8], here: Piece, whole: &mut Buffer) -> bool {
        self.fragments.add(fragment, bytes, here, whole)
    }

    fn converse(&mut self, kind: Talk, ends: &Ends, _frame: u64, _time: Time) -> Option<Conversation> {
        Some(self.find(kind, ends))
    }

    fn segment(&mut self, ends: &Ends, segment: &Segment, frame: u64, time: Time) -> Option<TcpFacts> {
        let mut c = self.find(Talk::Tcp, ends);
        let known = self.conversations.get(c.slot as usize).and_then(|t| t.connection.as_deref());
        let reused = segment.flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN
            && known.is_some_and(|k| k.is_reused_by(segment, c.forward));
        if reused {
            if let Some(t) = self.conversations.get_mut(c.slot as usize) {
                t.streams = None;
                if let Some(old) = t.connection.take() {
                    self.waiting.release(old.waiting());
                }
            }
            c = self.begin(Talk::Tcp, ends);
        }
        self.current = Some(c);
        let talking = self.conversations.get_mut(c.slot as usize)?;
        if talking.connection.is_none() && !self.announced.is_empty() {
            let of = |address, port| self.announced.get(&(address, port)).copied();
            if let Some(row) = of(ends.dst, ends.dst_port).or_else(|| of(ends.src, ends.src_port)) {
                talking.streams.get_or_insert_with(Box::default).dialogue.announced = Some(row);
            }
        }
        let connection = talking.connection.get_or_insert_with(|| Box::new(Connection::new(*ends, time)));
        Some(connection.segment(c, segment, frame, time, reused, &mut self.events))
    }

    fn deliver(
        &mut self,
        c: Conversation,
        segment: &Segment,
        payload: &[u8],
        here: Piece,
        whole: &mut Buffer,
    ) -> Option<Delivery> {
        let (frame, time) = (here.frame, self.time);
        let talking = self.conversations.get_mut(c.slot as usize)?;
        let connection = talking.connection.as_deref_mut()?;
        if connection.is_silent() || (!connection.has_stream(c.forward) && payload.is_empty()) {
            return None;
        }
        let streams = talking.streams.get_or_insert_with(Box::default);
        let mut ctx = streams.view(c.forward);
        (ctx.frame, ctx.time) = (frame, time);
        let delivery =
            connection.deliver(c, segment, payload, here, whole, &mut ctx, &mut self.waiting, &mut self.events);
        if delivery.is_none() && connection.is_over() {
            // Nothing new can be said: what still comes is a repetition.
            self.waiting.release(connection.forget_streams());
            talking.streams = None;
        }
        delivery
    }

    fn expect(&mut self, address: Address, port: u16, row: &'static Protocol) {
        if self.announced.len() >= MOST_ANNOUNCED {
            self.announced.clear();
        }
        self.announced.insert((address, port), row);
    }

    fn context(&mut self, conversation: Option<Conversation>) -> StreamCtx<'_> {
        let (frame, time) = (self.frame, self.time);
        let mut ctx = if let Some((c, talking)) =
            conversation.and_then(|c| Some((c, self.conversations.get_mut(c.slot as usize)?)))
        {
            talking.streams.get_or_insert_with(Box::default).view(c.forward)
        } else {
            self.scratch = Streams::default();
            self.scratch.view(true)
        };
        (ctx.frame, ctx.time) = (frame, time);
        ctx
    }
}
