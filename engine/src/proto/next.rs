//! What a dissector says comes after its header: [`Next`].

use super::{Key, Protocol};
use crate::model::{FieldDef, Identity, clamp};

/// What a dissector says comes after its header.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    pub(super) to: To,
    pub(super) header: usize,
    /// Nothing below is said.
    pub(super) plain: bool,
    /// Lengths are of 32 bits: each packet hands several of these on.
    pub(super) buffer: Option<u8>,
    pub(super) joined: Option<&'static Joined>,
    /// Of that buffer, only these bytes.
    pub(super) part: Option<(u32, u32)>,
    pub(super) more: Option<u32>,
    pub(super) empty: bool,
    pub(super) shown: Option<u32>,
}

/// The kinds of what may follow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    End,
    Key(Key),
    Ports(u16, u16),
    Stream(&'static Joined),
    Row(&'static Protocol),
    Instead(&'static Protocol),
    Data,
}

/// The layer that tells from which frames a buffer was put together.
#[derive(Debug)]
pub struct Joined {
    /// What the layer is called.
    pub about: &'static Identity,
    /// One for each frame.
    pub frame: &'static FieldDef,
    /// How many.
    pub count: &'static FieldDef,
    /// How many bytes in all.
    pub length: &'static FieldDef,
}

impl Next {
    #[inline]
    const fn new(to: To, header: usize) -> Self {
        Self { to, header, plain: true, buffer: None, joined: None, part: None, more: None, empty: false, shown: None }
    }

    /// Nothing follows; this layer is `len` bytes long.
    pub const fn end(len: usize) -> Self {
        Self::new(To::End, len)
    }

    /// After `header` bytes follows whoever follows `key`, or plain data if nobody does.
    pub const fn to(key: Key, header: usize) -> Self {
        Self::new(To::Key(key), header)
    }

    /// After `header` bytes of a datagram follows whoever follows one of its ports, the lower first.
    pub const fn ports(src: u16, dst: u16, header: usize) -> Self {
        Self::new(To::Ports(src, dst), header)
    }

    /// After `header` bytes follows a piece of a stream ([`Cursor::carry`](super::Cursor::carry) says which);
    /// messages that it completes come next.
    pub const fn stream(header: usize, joined: &'static Joined) -> Self {
        Self::new(To::Stream(joined), header)
    }

    /// After `header` bytes follows this protocol.
    pub const fn row(row: &'static Protocol, header: usize) -> Self {
        Self::new(To::Row(row), header)
    }

    /// The bytes are another protocol's, which only they tell: this one leaves no layer behind. It has written nothing,
    /// and changed nothing in the context.
    pub const fn instead(row: &'static Protocol) -> Self {
        Self::new(To::Instead(row), 0)
    }

    /// After `header` bytes follows what no protocol here claims.
    pub const fn data(header: usize) -> Self {
        Self::new(To::Data, header)
    }

    /// What follows is the whole of buffer `id`, and not the bytes behind this header.
    #[must_use]
    pub const fn buffer(mut self, id: u8, joined: &'static Joined) -> Self {
        (self.plain, self.buffer, self.joined) = (false, Some(id), Some(joined));
        self
    }

    /// What follows is the whole of buffer `id`, which this dissector uncovered itself.
    #[must_use]
    pub const fn within(mut self, id: u8) -> Self {
        (self.plain, self.buffer, self.joined) = (false, Some(id), None);
        self
    }

    /// What follows are the bytes of buffer `id` from `start` to `end`.
    #[must_use]
    pub fn within_part(mut self, id: u8, start: usize, end: usize) -> Self {
        (self.plain, self.buffer, self.joined) = (false, Some(id), None);
        self.part = Some((clamp(start), clamp(end)));
        self
    }

    /// All this was about the first `len` bytes; behind them the same protocol reads on.
    #[must_use]
    pub fn more(mut self, len: usize) -> Self {
        (self.plain, self.more) = (false, Some(clamp(len)));
        self
    }

    /// It follows even where no byte is left for it: an empty message is a message.
    #[must_use]
    pub const fn even_empty(mut self) -> Self {
        (self.plain, self.empty) = (false, true);
        self
    }

    /// The first `len` bytes are this layer's own, although what follows reads them once more.
    #[must_use]
    pub fn showing(mut self, len: usize) -> Self {
        (self.plain, self.shown) = (false, Some(clamp(len)));
        self
    }

    /// The same payload for another key.
    #[must_use]
    pub const fn key(mut self, key: Key) -> Self {
        self.to = To::Key(key);
        self
    }
}
