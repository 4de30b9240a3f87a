//! Streams: how a protocol over TCP says where its messages end, and what it may remember.
//!
//! A dissector over a stream sees whole messages. Its framing function is asked first, with the
//! bytes from the start of the next message; it looks, and says what it needs. It never waits.

use super::{Key, Protocol};
use std::any::Any;
use std::fmt;
use std::ops::Range;

/// What a framing function says about the bytes it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The message has begun; how long it will be cannot be told yet.
    NeedMore,
    /// The message will be this many bytes, more than are here.
    Need(usize),
    /// As [`Framing::Need`] (0: it cannot be told), but the protocol shows itself on the frame that begins the
    /// message, as Wireshark has it.
    Begun(usize),
    /// The first so many bytes are nobody's: no layer shows them.
    Skip(usize),
    /// The first so many bytes are one message (at least 1).
    Message(usize),
    /// The message ends where the stream ends.
    UntilClose,
    /// From here on, both directions are another protocol.
    Switch(Key),
    /// These bytes are not mine.
    NotMine,
    /// Though I speak here, these bytes are nobody's: they are shown as data.
    Foreign,
    /// I speak here, but no message begins with these bytes: what comes before them is missing.
    Middle,
}

/// What is missing before the bytes that a framing function is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gap {
    /// Nothing.
    #[default]
    None,
    /// A piece of the message before: it will not be shown.
    Message,
    /// Nobody knows what and how much. Only what surely begins a message may be taken for one.
    Unknown,
}

/// How to find a message's end. Looks at the bytes; keeps what it must remember in the context.
pub type Frame = fn(&mut StreamCtx<'_>, &[u8]) -> Framing;

/// A message that a segment completed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who dissects it; `None` for bytes that no protocol claims.
    pub protocol: Option<&'static Protocol>,
    /// Where its bytes are.
    pub place: Place,
    /// It is what is left of a message whose beginning was not seen or not understood.
    pub continuation: bool,
    /// Nothing is left of the segment behind it.
    pub last: bool,
}

impl Delivery {
    /// A message.
    pub fn message(protocol: Option<&'static Protocol>, place: Place) -> Self {
        Self { protocol, place, continuation: false, last: false }
    }

    /// What is left of one.
    pub fn rest(protocol: Option<&'static Protocol>, place: Place) -> Self {
        Self { protocol, place, continuation: true, last: false }
    }
}

/// Where a delivered message's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the segment's payload.
    Payload(Range<usize>),
    /// In the buffer that was offered, put together from several segments.
    Whole,
}

/// What one conversation's protocols remember.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    /// Shared by both directions.
    pub dialogue: Dialogue,
    /// The direction of the first packet, and the other one.
    pub sides: [Side; 2],
}

/// What both directions share.
#[derive(Clone, Debug, Default)]
pub struct Dialogue {
    /// What an upgrade (RFC 9110 §7.8) agreed on, once one happened.
    pub upgrade: Option<Box<Upgrade>>,
    /// The tunnel that an answer to CONNECT opened (RFC 9110 §9.3.6), once one did.
    pub tunnel: Option<Tunnel>,
    /// Who speaks here, where another connection announced it.
    pub announced: Option<&'static Protocol>,
    slot: Slot,
    /// What a protocol remembers that carries another one: the inner one's visits leave it alone.
    carrier: Slot,
    inner: Slot,
}

/// A tunnel through a proxy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tunnel {
    /// The port that the client named.
    pub port: u16,
    /// Who speaks inside, once known.
    pub row: Option<&'static Protocol>,
}

/// What an upgrade agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upgrade {
    /// The new protocol's name in lower case: `websocket`.
    pub protocol: String,
    /// The request target that asked for it.
    pub target: String,
    /// `Sec-WebSocket-Key` of the request, as sent.
    pub key: String,
    /// `Sec-WebSocket-Extensions` of the answer.
    pub extensions: String,
    /// `Sec-WebSocket-Protocol` of the answer.
    pub subprotocol: String,
    /// Whether the one that asked for it sends in the direction of the conversation's first packet, where known.
    pub client_forward: Option<bool>,
}

/// What one direction remembers.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// How far a framing function has searched the message that has begun, so that it never
    /// searches the same bytes twice. Set to 0 for each new message.
    pub searched: usize,
    /// How often bytes of it were missing: what refers to them can't be read.
    pub gaps: u32,
    slot: Slot,
    inner: Slot,
}

/// A typed place for whatever one protocol remembers; another protocol's visit empties it.
#[derive(Debug, Default)]
struct Slot(Option<Box<dyn Kept>>);

/// What a protocol may remember: anything that can be copied, so that what is remembered at one frame can be gone
/// back to.
pub trait Memo: Any + Send + Sync + Clone + Default {}

impl<T: Any + Send + Sync + Clone + Default> Memo for T {}

/// A [`Memo`] of whatever type.
trait Kept: Any + Send + Sync {
    fn copy(&self) -> Box<dyn Kept>;
}

impl<T: Memo> Kept for T {
    fn copy(&self) -> Box<dyn Kept> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for dyn Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a protocol remembers")
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        Self(self.0.as_deref().map(Kept::copy))
    }
}

/// What a framing function and a dissector over a stream may see and keep.
#[derive(Debug)]
pub struct StreamCtx<'a> {
    /// Shared by both directions.
    pub dialogue: &'a mut Dialogue,
    /// This direction.
    pub side: &'a mut Side,
    /// The other direction.
    pub other: &'a mut Side,
    /// Whether this direction is that of the conversation's first packet.
    pub forward: bool,
    /// Whether the sender has closed: no byte will follow.
    pub ended: bool,
    /// What is missing before the bytes.
    pub gap: Gap,
    /// Whether the bytes came so late that later ones have been read before them.
    pub late: bool,
    /// The frame being dissected.
    pub frame: u64,
    /// When it was captured.
    pub time: crate::model::Time,
}

impl Streams {
    /// Whether nothing is remembered.
    pub fn is_blank(&self) -> bool {
        let Dialogue { upgrade, tunnel, announced, slot, carrier, inner } = &self.dialogue;
        let forgot = |side: &Side| {
            side.searched == 0 && side.gaps == 0 && [&side.slot, &side.inner].iter().all(|s| s.0.is_none())
        };
        upgrade.is_none()
            && tunnel.is_none()
            && announced.is_none()
            && [slot, carrier, inner].iter().all(|slot| slot.0.is_none())
            && self.sides.iter().all(forgot)
    }

    /// The view of one direction.
    pub fn view(&mut self, forward: bool) -> StreamCtx<'_> {
        let [a, b] = &mut self.sides;
        let (side, other) = if forward { (a, b) } else { (b, a) };
        StreamCtx {
            dialogue: &mut self.dialogue,
            side,
            other,
            forward,
            ended: false,
            gap: Gap::None,
            late: false,
            frame: 0,
            time: crate::model::Time::default(),
        }
    }
}

impl Slot {
    fn holds<T: Memo>(&self) -> bool {
        self.0.as_deref().is_some_and(|kept| (kept as &dyn Any).is::<T>())
    }

    fn get<T: Memo>(&mut self) -> &mut T {
        if !self.holds::<T>() {
            self.0 = Some(Box::<T>::default());
        }
        match self.0.as_deref_mut().and_then(|kept| (kept as &mut dyn Any).downcast_mut()) {
            Some(t) => t,
            // The line above has just put a T there.
            None => unreachable!("a slot holds what was put into it"),
        }
    }
}

impl Dialogue {
    /// Whether protocol state `T` has been made.
    pub fn holds<T: Memo>(&self) -> bool {
        self.slot.holds::<T>()
    }

    /// What the carrier of another protocol remembers of both directions; a fresh one at first.
    pub fn carrier<T: Memo>(&mut self) -> &mut T {
        self.carrier.get()
    }

    /// Empties the place of protocol state: another connection begins inside this one.
    pub fn forget(&mut self) {
        self.slot = Slot::default();
    }

    /// What protocol state `T` is shared by both directions; a fresh one at first.
    pub fn state<T: Memo>(&mut self) -> &mut T {
        self.slot.get()
    }

    /// The same for a protocol that lives inside the messages of another.
    pub fn inner<T: Memo>(&mut self) -> &mut T {
        self.inner.get()
    }
}

impl Side {
    /// What protocol state `T` this direction holds; a fresh one at first.
    pub fn state<T: Memo>(&mut self) -> &mut T {
        self.slot.get()
    }

    /// The same for a protocol that lives inside the messages of another.
    pub fn inner<T: Memo>(&mut self) -> &mut T {
        self.inner.get()
    }
}
