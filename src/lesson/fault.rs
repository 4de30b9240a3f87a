//! What may break in a what-if, beside single frames: the faults of the world, by their key.
//!
//! A lesson names them as data; the program maps them onto the simulator in one function.

use super::error::Placed;
use super::reader::Scalar;
use crate::filter::Filter;

/// Every key, and what it does.
pub const WORLD: &[(&str, &str)] = &[
    ("mtu", "the longest IP packet that every link carries, in bytes: { mtu = 576 }"),
    ("rate", "how many kbit every link carries in a second: { rate = 64 }"),
    ("link", "beside mtu or rate: the one link that is meant, such as \"client-server\""),
    ("silent", "this host says nothing any more: { silent = \"server\" }"),
    ("at_ms", "beside silent: from this millisecond on"),
    ("not_reading", "the programs on this host read nothing: { not_reading = \"server\" }"),
    ("wrong_accept", "the server derives a wrong Sec-WebSocket-Accept: { wrong_accept = true }"),
    ("unmasked", "the client sends its WebSocket frames unmasked: { unmasked = true }"),
];

/// What breaks.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Anything else that was said of it: `rate`, `mtu` and the like may stand together.
    pub more: Vec<(Placed<String>, Scalar)>,
}

/// What happens to frames, or to the world.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// Something happens to frames on their way.
    Frames {
        /// What.
        what: FrameFault,
        /// To those that match, in the lesson's conversation.
        filter: Box<Placed<Filter>>,
        /// To which of them; `None`: to each.
        nth: Option<u64>,
    },
    /// The world itself is another one: see [`Fault::more`].
    World,
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum FrameFault {
    Drop,
    /// It is late by so many milliseconds.
    Delay(u32),
    Duplicate,
    Corrupt,
    Reorder,
}
