//! What a host's stack holds at a moment: its sockets, its routes, whom it knows.
//!
//! States, ends, queues, addresses and routes are the stack's own. smoltcp does not show its table of neighbours and
//! its timers: the former is [`Endpoint::neighbours`], inferred from the answers that the host has received; of the
//! latter only the next moment at which it wants to act is known.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::sim::scenario::{Mac, Prefix};

/// A host at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which device of the scenario.
    pub device: usize,
    /// Its sockets, connections first.
    pub sockets: Vec<Socket>,
    /// Its addresses: what is in their networks is on its link.
    pub addresses: Vec<Prefix>,
    /// Whom it sends the rest to.
    pub gateways: Vec<IpAddr>,
    /// Whose link address it knows. Inferred: from the ARP and neighbor messages that it received.
    pub neighbours: Vec<(IpAddr, Mac)>,
    /// When it wants to act next although nothing arrives, since the start. Inferred: the stack tells when, not why.
    pub acts_at: Option<Duration>,
}

/// A socket of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Over which transport protocol.
    pub transport: Transport,
    /// Its own end; the address is unspecified while it takes any.
    pub local: SocketAddr,
    /// The other end, if it has one.
    pub remote: Option<SocketAddr>,
    /// Bytes that the program has said and the other end has not acknowledged, or for UDP, not yet sent.
    pub send_queue: usize,
    /// Bytes that have arrived and the program has not read.
    pub receive_queue: usize,
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, in this state (RFC 9293 §3.3.2), as the RFC spells it.
    Tcp(&'static str),
    /// UDP.
    Udp,
}

impl Transport {
    /// Its name, as Wireshark's filters have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The state of a connection.
    pub fn state(self) -> Option<&'static str> {
        match self {
            Self::Tcp(state) => Some(state),
            Self::Udp => None,
        }
    }
}

impl Socket {
    /// The same as its text, but of its own end the port alone: on a host, the address says little.
    pub fn brief(&self) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            write!(f, "{} :{}", self.state(), self.local.port())?;
            if let Some(remote) = self.remote {
                write!(f, " – {remote}")?;
            }
            self.queues(f)
        })
    }

    fn state(&self) -> &'static str {
        self.transport.state().unwrap_or("UDP")
    }

    fn queues(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.send_queue > 0 {
            write!(f, ", {} to send or unacknowledged", self.send_queue)?;
        }
        if self.receive_queue > 0 {
            write!(f, ", {} unread", self.receive_queue)?;
        }
        Ok(())
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.remote {
            Some(remote) if !self.local.ip().is_unspecified() => {
                write!(f, "{} {} – {remote}", self.state(), self.local)?;
                self.queues(f)
            }
            _ => self.brief().fmt(f),
        }
    }
}
