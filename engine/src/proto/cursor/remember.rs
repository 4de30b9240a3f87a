//! What a cursor asks the memory, and tells it. Of a quotation nothing is remembered.

use super::super::memory::{Address, Conversation, ConversationKind, Fragment, Segment, TcpFacts};
use super::super::{Joined, Key, Next, Protocol, lookup};
use super::Cursor;
use crate::model::{BufferKind, Piece, clamp};

impl Cursor<'_> {
    /// Gives a fragment to the memory. When it completes the datagram, what to dissect next.
    ///
    /// Gives `None` while pieces are missing, or where nothing may be remembered (a quotation).
    pub fn defragment(
        &mut self,
        fragment: &Fragment,
        payload: usize,
        len: usize,
        joined: &'static Joined,
    ) -> Option<Next> {
        if self.context.quoted {
            return None;
        }
        let bytes = self.slice(payload, len).ok()?;
        let id = self.packet.add_buffer(BufferKind::Defragmented)?;
        let number = self.packet.number;
        let whole = self.packet.buffer_mut(id)?;
        let here = Piece { frame: number, start: clamp(self.start + payload), len: clamp(len) };
        if self.memory.defragment(fragment, bytes, here, whole) {
            return Some(Next::end(payload).buffer(id, joined));
        }
        self.packet.drop_buffer();
        None
    }

    /// Finds the conversation of these ends and moves the context into it.
    ///
    /// A quotation only learns the conversation's number, as in Wireshark: what it says is past, and
    /// nothing of it is remembered.
    pub fn converse(&mut self, kind: ConversationKind) -> Option<Conversation> {
        let c = self.memory.converse(kind, &self.context.ends, self.packet.number, self.packet.time)?;
        if !self.context.quoted {
            self.context.conversation = Some(c);
        }
        Some(c)
    }

    /// Tells the memory of a TCP segment and gets what only earlier packets can say about it.
    #[inline]
    pub fn segment(&mut self, segment: &Segment) -> Option<TcpFacts> {
        if self.context.quoted {
            return None;
        }
        let facts = self.memory.segment(&self.context.ends, segment, self.packet.number, self.packet.time);
        if let Some(facts) = &facts {
            self.context.conversation = Some(facts.conversation);
        }
        facts
    }

    /// The piece of a stream that [`Next::stream`] is about.
    #[inline]
    pub fn carry(&mut self, segment: Segment) {
        *self.segment = segment;
    }

    /// Finds the connection of a segment that an ICMP error quotes. It is not counted among its segments.
    pub fn glimpse(&mut self) -> Option<TcpFacts> {
        self.memory.glimpse(&self.context.ends, self.packet.time)
    }

    /// The next packet in this conversation begins a new one: see
    /// [`Memory::renumber`](crate::proto::Memory::renumber).
    pub fn renumber(&mut self) {
        if let Some(conversation) = self.context.conversation.filter(|_| !self.context.quoted) {
            self.memory.renumber(conversation);
        }
    }

    /// What begins at this address and port from now on is read by `row`.
    pub fn expect(&mut self, address: Address, port: u16, row: &'static Protocol) {
        if !self.context.quoted {
            self.memory.expect(address, port, row);
        }
    }

    /// What begins at this address and port from now on is what is called so: see [`Key::Announced`].
    pub fn announce(&mut self, address: Address, port: u16, name: &'static str) {
        if let Some(row) = lookup(Key::Announced(name)) {
            self.expect(address, port, row);
        }
    }
}
