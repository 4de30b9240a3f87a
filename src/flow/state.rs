//! The states of a TCP endpoint — RFC 9293 §3.3.2 — as an onlooker can infer them.
//!
//! A capture sees segments, not endpoints. An endpoint that sent a segment is surely past the state
//! that sends it; one that a segment was sent to is taken to have received it.

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

impl State {
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

    /// After the endpoint sends a segment with these flags (RFC 9293 §3.10.4 and §3.10.7).
    pub(super) fn sends(self, syn: bool, fin: bool, rst: bool, ack: bool) -> Self {
        match self {
            _ if rst => Self::Closed,
            Self::Closed if syn && !ack => Self::SynSent,
            Self::Closed | Self::Listen | Self::SynSent if syn && ack => Self::SynReceived,
            // The capture began in the middle of the connection.
            Self::Closed | Self::Listen if !syn => {
                if fin {
                    Self::FinWait1
                } else {
                    Self::Established
                }
            }
            Self::Established | Self::SynReceived if fin => Self::FinWait1,
            Self::CloseWait if fin => Self::LastAck,
            other => other,
        }
    }

    /// After the endpoint receives a segment with these flags; `acks_fin`: it covers this end's FIN,
    /// `acks_syn`: it covers this end's SYN.
    pub(super) fn receives(self, syn: bool, fin: bool, rst: bool, acks_syn: bool, acks_fin: bool) -> Self {
        if rst {
            return Self::Closed;
        }
        let acked = match self {
            Self::Closed | Self::Listen if syn => Self::Listen,
            Self::Closed if !fin => Self::Established,
            Self::SynSent if syn && acks_syn => Self::Established,
            Self::SynSent if syn => Self::SynReceived,
            Self::SynReceived if acks_syn => Self::Established,
            Self::FinWait1 if acks_fin => Self::FinWait2,
            Self::Closing if acks_fin => Self::TimeWait,
            Self::LastAck if acks_fin => Self::Closed,
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
