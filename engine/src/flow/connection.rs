//! One TCP connection, as far as its segments have told.

use super::event::Endpoint;
use super::state::State;
use crate::model::Seq;
use crate::proto::Protocol;
use crate::proto::memory::Ends;

/// What is known of a TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The client's address and port first.
    pub ends: Ends,
    /// The states, by RFC 9293, of client and server: inferred from the segments.
    pub states: [State; 2],
    /// Whether the conversation's first packet came from the client.
    pub client_first: bool,
    /// Both ends sent a SYN of their own: neither is a server (RFC 9293 §3.5, figure 7).
    pub simultaneous: bool,
    /// What the relative sequence numbers of client and server count from, once seen.
    pub(super) initial: [Option<Seq>; 2],
    pub(super) protocol: Option<&'static Protocol>,
}

impl Connection {
    /// What the relative sequence numbers of an endpoint count from, once seen.
    pub fn initial_sequence(&self, of: Endpoint) -> Option<Seq> {
        let [client, server] = self.initial;
        if of == Endpoint::Client { client } else { server }
    }

    /// The protocol that its streams carry, once known: Wireshark's name.
    pub fn protocol(&self) -> Option<&'static str> {
        self.protocol.map(|p| p.about.name)
    }

    /// Which endpoint sends in a conversation's direction.
    pub fn sender(&self, forward: bool) -> Endpoint {
        if forward == self.client_first { Endpoint::Client } else { Endpoint::Server }
    }
}
