//! The states of a TCP endpoint — RFC 9293 §3.3.2 — as an onlooker can infer them.
//!
//! A capture sees segments, not endpoints. An endpoint that sent a segment is surely past the state
//! that sends it; one that a segment was sent to is taken to have received it.

use crate::proto::tcp::flag;
use std::fmt;

/// A state, spelled as the RFC spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum State {
    #[default]
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

/// Which of the receiver's own signs a segment acknowledges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Covers {
    pub(super) syn: bool,
    pub(super) fin: bool,
}

impl State {
    /// All of them, in the order of a connection's life.
    pub const ALL: [Self; 11] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// The RFC's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN-SENT",
            Self::SynReceived => "SYN-RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::CloseWait => "CLOSE-WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST-ACK",
            Self::TimeWait => "TIME-WAIT",
        }
    }

    /// After the endpoint sends a segment with these flags, which acknowledges so much of the other
    /// end's (RFC 9293 §3.10.4 and §3.10.7).
    pub(super) fn sends(self, flags: u16, covers: Covers) -> Self {
        let has = |bit| flags & bit != 0;
        let (syn, fin, ack) = (has(flag::SYN), has(flag::FIN), has(flag::ACK));
        match self {
            _ if has(flag::RST) => Self::Closed,
            // From LISTEN too: both ends called at once (RFC 9293 §3.5, figure 7).
            Self::Closed | Self::Listen if syn && !ack => Self::SynSent,
            Self::Closed | Self::Listen | Self::SynSent if syn && ack => Self::SynReceived,
            // The capture began in the middle of the connection, or lacks the other end's answer.
            Self::Closed | Self::Listen | Self::SynSent if !syn => {
                if fin {
                    Self::FinWait1
                } else {
                    Self::Established
                }
            }
            Self::Established | Self::SynReceived if fin => Self::FinWait1,
            Self::CloseWait if fin && covers.fin => Self::LastAck,
            // Sent before the other end's FIN came: both close at once (RFC 9293 §3.6, figure 13).
            Self::CloseWait if fin => Self::Closing,
            other => other,
        }
    }

    /// After the endpoint receives a segment with these flags, which acknowledges so much of its own.
    pub(super) fn receives(self, flags: u16, covers: Covers) -> Self {
        let (syn, fin) = (flags & flag::SYN != 0, flags & flag::FIN != 0);
        if flags & flag::RST != 0 {
            return Self::Closed;
        }
        let acked = match self {
            Self::Closed | Self::Listen if syn => Self::Listen,
            Self::Closed if !fin => Self::Established,
            Self::SynSent if syn && covers.syn => Self::Established,
            Self::SynSent if syn => Self::SynReceived,
            Self::SynReceived if covers.syn => Self::Established,
            Self::FinWait1 if covers.fin => Self::FinWait2,
            Self::Closing if covers.fin => Self::TimeWait,
            Self::LastAck if covers.fin => Self::Closed,
            other => other,
        };
        match acked {
            _ if !fin => acked,
            Self::FinWait1 => Self::Closing,
            Self::FinWait2 => Self::TimeWait,
            Self::Established | Self::SynReceived | Self::Closed => Self::CloseWait,
            other => other,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
