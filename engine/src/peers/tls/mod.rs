//! TLS 1.3 (RFC 8446) around any program: what the program says is sealed, what arrives is opened.
//!
//! Read [`Tls::step`]. The program inside notices nothing: its connection stands when the handshake is done, and ends
//! when the other end says `close_notify`. Outside, a handshake, records, alerts. rustls speaks the protocol, without
//! any I/O; `provider` gives it its cryptography and its dice, `identity` its certificates. One seed makes one
//! conversation, byte for byte, keys included. So whoever knows the seed can read it: this is for lessons.

mod identity;
mod provider;

use std::time::Duration;

use rustls::Error;
use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

pub use identity::{Certificate, Name};

use super::{Input, Peer, Want};
use crate::rng::Rng;

/// A program that talks through TLS.
pub struct Tls {
    role: Role,
    rng: Rng,
    /// The program inside, and what it wants; nothing before the handshake is done.
    peer: Box<dyn Peer + Send>,
    want: Option<Want>,
    /// `None` before the connection stands.
    session: Option<Session>,
    stage: Stage,
    /// What went wrong first.
    failure: Option<Error>,
    /// Bytes from the wire that make no whole message yet.
    inbox: Vec<u8>,
    /// What was in them, and the program has not read.
    heard: Vec<u8>,
    end: End,
    /// `close_notify` is said.
    closed: bool,
}

/// Which end this is.
#[derive(Clone, Debug)]
enum Role {
    Client(Name),
    Server(Certificate),
}

/// What rustls knows of the connection.
enum Session {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

/// How far the connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Handshake,
    Open,
    /// Something was wrong, here or there. An alert says what.
    Failed,
}

/// Whether the other end will say more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    No,
    Yes,
    /// It will not, and the program knows.
    Told,
}

/// What TLS did in one turn.
enum Turn {
    /// Something; there may be more to do.
    More,
    /// The same, and the other end will say no more.
    Ended,
    /// Nothing more before something arrives; the handshake is done.
    Open,
    /// Nothing more before something arrives.
    Waits,
    /// There may be an alert to send.
    Failed(Error),
}

impl Tls {
    /// A client inside TLS, which wants to talk to the server of this name and to no other.
    pub fn client(name: Name, peer: Box<dyn Peer + Send>, rng: Rng) -> Self {
        Self::new(Role::Client(name), peer, rng)
    }

    /// A server inside TLS, which shows this certificate.
    pub fn server(certificate: Certificate, peer: Box<dyn Peer + Send>, rng: Rng) -> Self {
        Self::new(Role::Server(certificate), peer, rng)
    }

    /// What went wrong, here or at the other end, in rustls' words.
    pub fn failure(&self) -> Option<String> {
        self.failure.as_ref().map(Error::to_string)
    }

    fn new(role: Role, peer: Box<dyn Peer + Send>, rng: Rng) -> Self {
        let (inbox, heard) = (Vec::new(), Vec::new());
        let (want, session, failure, stage, end, closed) = (None, None, None, Stage::Handshake, End::No, false);
        Self { role, rng, peer, want, session, stage, failure, inbox, heard, end, closed }
    }

    /// Makes ready for a handshake.
    fn begin(&mut self, now: Duration) {
        let session = provider::at(now, &mut self.rng, || match &self.role {
            Role::Client(name) => identity::client(name).map(Session::Client),
            Role::Server(certificate) => identity::server(*certificate).map(Session::Server),
        });
        match session {
            Ok(session) => self.session = Some(session),
            Err(error) => (self.stage, self.failure) = (Stage::Failed, Some(error)),
        }
    }

    /// Lets TLS read what has arrived and answer it; once the handshake is done, seals what the program said and,
    /// where it will say no more, `close_notify`.
    fn turn(&mut self, now: Duration, said: &[u8], close: bool, out: &mut Vec<u8>) {
        let Some(session) = &mut self.session else { return };
        loop {
            let (inbox, heard) = (&mut self.inbox, &mut self.heard);
            let (read, turn) = provider::at(now, &mut self.rng, || match session {
                Session::Client(client) => act(client.process_tls_records(inbox), heard, said, close, out),
                Session::Server(server) => act(server.process_tls_records(inbox), heard, said, close, out),
            });
            self.inbox.drain(..read.min(self.inbox.len()));
            match turn {
                // The alert went out. What stands in the inbox is not looked at again.
                _ if self.stage == Stage::Failed => return,
                Turn::Ended if self.end == End::No => self.end = End::Yes,
                Turn::More | Turn::Ended => {}
                // Once more: what rustls has to say comes first, and that is the alert, if there is one.
                Turn::Failed(error) => (self.stage, self.failure) = (Stage::Failed, Some(error)),
                Turn::Open if self.stage == Stage::Handshake => return self.stage = Stage::Open,
                Turn::Open | Turn::Waits => return,
            }
        }
    }

    /// Tells the program all that has happened; appends what it says.
    fn run(&mut self, now: Duration, is_tick: bool, said: &mut Vec<u8>) {
        if self.want.is_none() {
            self.tell(now, Input::Opened, said);
        } else if is_tick {
            self.tell(now, Input::Tick, said);
        }
        if self.reads() && !self.heard.is_empty() {
            let heard = std::mem::take(&mut self.heard);
            self.tell(now, Input::Bytes(&heard), said);
        }
        if self.reads() && self.heard.is_empty() && self.end == End::Yes {
            self.end = End::Told;
            self.tell(now, Input::Ended, said);
        }
    }

    fn tell(&mut self, now: Duration, input: Input<'_>, said: &mut Vec<u8>) {
        if !self.is_done() {
            self.want = Some(self.peer.step(now, input, said));
        }
    }

    fn is_done(&self) -> bool {
        matches!(self.want, Some(Want::Close | Want::Abort))
    }

    fn reads(&self) -> bool {
        !self.is_done() && !matches!(self.want, None | Some(Want::Hold(_)))
    }

    /// There will be no conversation, or no more of it. A program that has heard the beginning hears of the end.
    fn give_up(&mut self, now: Duration) -> Want {
        if self.want.is_some() && self.end != End::Told {
            self.end = End::Told;
            self.tell(now, Input::Ended, &mut Vec::new());
        }
        Want::Close
    }
}

impl Peer for Tls {
    /// An end without `close_notify` may be an attacker's (RFC 8446 §6.1). The program is told of an end all the same,
    /// as browsers do: what it speaks says where its messages end.
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        if self.stage == Stage::Failed {
            return Want::Close;
        }
        match input {
            Input::Opened => self.begin(now),
            Input::Bytes(bytes) => self.inbox.extend_from_slice(bytes),
            Input::Ended if self.end == End::No => self.end = End::Yes,
            Input::Ended | Input::Tick => {}
        }
        self.turn(now, &[], false, out);
        let mut said = Vec::new();
        if self.stage == Stage::Open {
            self.run(now, input == Input::Tick, &mut said);
            let close = !self.closed && matches!(self.want, Some(Want::Close | Want::Finish));
            self.closed |= close;
            if !said.is_empty() || close {
                self.turn(now, &said, close, out);
            }
        }
        match (self.stage, self.want) {
            (Stage::Failed, _) => self.give_up(now),
            (Stage::Open, Some(want)) => want,
            _ if self.end == End::No => Want::Input,
            _ => Want::Close,
        }
    }

    fn no_delay(&self) -> bool {
        self.peer.no_delay()
    }

    fn has_news(&self) -> bool {
        self.reads() && self.peer.has_news()
    }

    /// Over TLS, too, to the same server.
    fn another(&mut self) -> Option<Box<dyn Peer + Send>> {
        let peer = self.peer.another()?;
        Some(Box::new(Self::new(self.role.clone(), peer, self.rng.fork())))
    }
}

/// One turn of rustls: what it read goes to `heard`, what it says to `out`. Gives how many bytes of the inbox it is done
/// with.
fn act<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    heard: &mut Vec<u8>,
    said: &[u8],
    close: bool,
    out: &mut Vec<u8>,
) -> (usize, Turn) {
    let mut read = status.discard;
    let turn = match status.state {
        Ok(ConnectionState::EncodeTlsData(mut message)) => sealed(append(out, |room| {
            message.encode(room).map_err(|error| match error {
                EncodeError::InsufficientSize(size) => Some(size.required_size),
                EncodeError::AlreadyEncoded => None,
            })
        })),
        Ok(ConnectionState::TransmitTlsData(messages)) => {
            messages.done();
            Turn::More
        }
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            while let Some(Ok(record)) = traffic.next_record() {
                heard.extend_from_slice(record.payload);
                read += record.discard;
            }
            Turn::More
        }
        Ok(ConnectionState::WriteTraffic(mut traffic)) => {
            let size = |error| match error {
                EncryptError::InsufficientSize(size) => Some(size.required_size),
                EncryptError::EncryptExhausted => None,
            };
            let all = (said.is_empty() || append(out, |room| traffic.encrypt(said, room).map_err(size)))
                && (!close || append(out, |room| traffic.queue_close_notify(room).map_err(size)));
            if all { Turn::Open } else { Turn::Failed(Error::EncryptError) }
        }
        Ok(ConnectionState::PeerClosed) => Turn::Ended,
        // Nobody here asks for early data.
        Ok(_) => Turn::Waits,
        Err(error) => Turn::Failed(error),
    };
    (read, turn)
}

fn sealed(is_done: bool) -> Turn {
    if is_done { Turn::More } else { Turn::Failed(Error::EncryptError) }
}

/// Appends what `write` writes. Where the room is too small, it says how much it needs. Says whether it did.
fn append(out: &mut Vec<u8>, mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<usize>>) -> bool {
    let (start, mut size) = (out.len(), 0);
    loop {
        out.resize(start + size, 0);
        match write(out.get_mut(start..).unwrap_or_default()) {
            Err(Some(needed)) if needed > size => size = needed,
            result => {
                out.truncate(start + result.unwrap_or_default());
                return result.is_ok();
            }
        }
    }
}

#[cfg(test)]
mod tests;
