//! Events: what a frame changed in the conversations.

use super::State;
use crate::proto::memory::Conversation;

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The one that asked for the connection (sent the SYN; where that was not seen, the one with the
    /// higher port).
    Client,
    /// The other one.
    Server,
}

/// Something that a frame changed. Several may happen at one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A connection's first frame.
    Opened {
        /// Which.
        conversation: Conversation,
    },
    /// An endpoint is now in another state, as far as the frames seen so far can tell.
    StateChanged {
        /// Of which connection.
        conversation: Conversation,
        /// Which end.
        endpoint: Endpoint,
        /// The state before.
        from: State,
        /// The state now.
        to: State,
    },
    /// The frame repeats data of an earlier frame.
    Retransmitted {
        /// Of which connection.
        conversation: Conversation,
        /// The frame that carried its first byte before, where that is remembered.
        of: Option<u64>,
        /// No frame of this capture carried it before.
        unseen: bool,
    },
    /// The frame is the same packet as an earlier one: it was captured twice, not sent twice.
    CapturedTwice {
        /// Of which connection.
        conversation: Conversation,
        /// The earlier frame.
        of: u64,
    },
    /// A verdict of `tcp.analysis` on the frame follows from an earlier one.
    Judged {
        /// In which connection.
        conversation: Conversation,
        /// Which verdict: a bit of [`verdict`](crate::proto::tcp::verdict).
        verdict: u32,
        /// The earlier frame: for a repetition, the one that brought the bytes first; for what was overtaken,
        /// the one that overtook it; and so on.
        after: u64,
    },
    /// The receiver doesn't do what the frame asks: a reset or a SYN that it can't trust (RFC 9293
    /// §3.10.7.4, RFC 5961 §3.2 and §4.2).
    Refused {
        /// In which connection.
        conversation: Conversation,
        /// It answers with an ACK that challenges the sender; else it drops the frame in silence.
        challenged: bool,
    },
    /// Both directions now speak another protocol.
    Switched {
        /// Of which connection.
        conversation: Conversation,
        /// Wireshark's name of the new protocol.
        protocol: &'static str,
    },
    /// Both directions are finished, or the connection was reset.
    Closed {
        /// Which.
        conversation: Conversation,
    },
    /// What waited has been given up: memory was full, or what it waited for never came.
    GaveUp {
        /// Of which connection; `None` when it was all of them.
        conversation: Option<Conversation>,
        /// How many bytes were dropped.
        bytes: usize,
        /// Whether memory was full.
        full: bool,
    },
}
