//! Whose packet is it? Captured packets of the server's port go to the browser whose connection carried them, and
//! to nobody else.
//!
//! A TCP connection belongs to the session whose id its bytes name (`engineio.sid`). Behind a proxy one connection
//! may serve several people, so a packet that carries bytes waits until they are understood: what names no session
//! of ours, or two, is shown to nobody. A connection that became a WebSocket has one owner for good.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use serde_json::Value as Json;

use super::entry::{self, Talk};
use crate::flow::Tracker;
use crate::model::{Layer, Packet};
use crate::proto::{engineio, http, tcp};
use crate::tutor::{Moment, Texts};

/// Connections that are remembered.
const CONNECTIONS: usize = 4096;
/// Packets of one connection that wait until it is known whose they are.
const WAITING: usize = 64;
/// Messages whose copies are counted.
const COUNTED: usize = 256;

/// Whose a packet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The session with this id.
    Session(String),
    /// Whoever opened the connection from there by WebSocket, in the plain mode.
    Peer(SocketAddr),
}

/// Follows the packets of one capture.
#[derive(Debug)]
pub(super) struct Watch {
    port: u16,
    plain: bool,
    connections: HashMap<u32, Connection>,
    order: VecDeque<u32>,
    copies: VecDeque<Copies>,
}

#[derive(Debug, Default)]
struct Connection {
    owner: Option<Owner>,
    /// It named a second session: it is a proxy's.
    shared: bool,
    /// It speaks WebSocket now, for its owner alone.
    switched: bool,
    /// What its last request was for.
    traffic: Traffic,
    /// With whether it carries no bytes.
    waiting: Vec<(Json, bool)>,
}

/// What a connection carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Traffic {
    /// The chat, or nothing yet.
    #[default]
    Chat,
    /// A page. What comes next may be the chat.
    Page,
    /// The feed of packets itself, for good: to show it would make more of it.
    Feed,
}

/// How many frames carried one message to its readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copies {
    /// The message.
    pub message: u64,
    /// Who said it.
    pub from: u64,
    /// How many frames.
    pub frames: u32,
    /// Since anybody was told.
    fresh: bool,
}

impl Watch {
    /// For a server at this port; `plain` if it speaks no Socket.IO.
    pub(super) fn new(port: u16, plain: bool) -> Self {
        Self { port, plain, connections: HashMap::new(), order: VecDeque::new(), copies: VecDeque::new() }
    }

    /// Takes a packet; what can now be shown, and to whom.
    pub(super) fn packet(&mut self, packet: &Packet, tracker: &Tracker, texts: &Texts) -> Vec<(Owner, Json)> {
        let Some((down, peer)) = self.ends(packet, tracker) else { return Vec::new() };
        let Some(conversation) = tracker.current() else { return Vec::new() };
        let talks = entry::talks(packet);
        if down {
            self.count(&talks);
        }
        let plain = self.plain;
        let connection = self.connection(conversation.number);
        let named = named(packet);
        let Ok(named) = named else { return Vec::new() };
        let paths = paths(packet);
        let mine = |path: &[u8]| path.starts_with(if plain { b"/chat" } else { b"/socket.io/" });
        if connection.traffic != Traffic::Feed && !paths.is_empty() {
            connection.traffic = match &paths {
                _ if paths.iter().any(|path| path.starts_with(b"/packets")) => Traffic::Feed,
                _ if paths.iter().all(|path| mine(path)) => Traffic::Chat,
                _ => Traffic::Page,
            };
        }
        let empty = packet.uint(&tcp::LEN).unwrap_or(0) == 0;
        if connection.traffic != Traffic::Chat {
            // A page is no part of the conversation; that the connection was opened for it, is.
            connection.waiting.retain(|&(_, empty)| empty && connection.traffic == Traffic::Page);
            return Vec::new();
        }
        connection.switched |= tracker.upgrade(conversation).is_some();
        let claim = match (&named, plain) {
            (Some(sid), _) => Some(Owner::Session(sid.clone())),
            (None, true) if connection.switched => Some(Owner::Peer(peer)),
            _ => None,
        };
        if let Some(claim) = &claim {
            connection.shared |= connection.owner.as_ref().is_some_and(|owner| owner != claim);
            connection.owner = Some(claim.clone());
        }
        let sure = claim.or_else(|| {
            let quiet = (empty || connection.switched) && !connection.shared;
            connection.owner.clone().filter(|_| quiet)
        });
        let entry = entry::entry(&Moment::new(packet, tracker), texts, &talks, down, peer.port());
        let Some(owner) = sure else {
            if connection.waiting.len() < WAITING {
                connection.waiting.push((entry, empty));
            }
            return Vec::new();
        };
        let mut all: Vec<_> = connection.waiting.drain(..).map(|(json, _)| (owner.clone(), json)).collect();
        all.push((owner, entry));
        all
    }

    /// The messages that more frames have carried since this was asked last.
    pub(super) fn copies(&mut self) -> Vec<Copies> {
        let fresh = self.copies.iter_mut().filter(|c| c.fresh);
        fresh
            .map(|c| {
                c.fresh = false;
                c.clone()
            })
            .collect()
    }

    /// Whether the server sent it, and the client's address; nothing if it is not of our port.
    fn ends(&self, packet: &Packet, tracker: &Tracker) -> Option<(bool, SocketAddr)> {
        let connection = tracker.connection(tracker.current()?)?;
        let source = packet.uint(&tcp::SRCPORT)?;
        let ends = connection.ends;
        let (client, server) = if ends.dst_port == self.port {
            ((ends.src, ends.src_port), ends.dst_port)
        } else {
            ((ends.dst, ends.dst_port), ends.src_port)
        };
        let down = source == u64::from(self.port);
        (server == self.port).then(|| (down, SocketAddr::new(client.0.ip(), client.1)))
    }

    fn connection(&mut self, number: u32) -> &mut Connection {
        if !self.connections.contains_key(&number) {
            if self.order.len() >= CONNECTIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.connections.remove(&oldest);
            }
            self.order.push_back(number);
        }
        self.connections.entry(number).or_default()
    }

    fn count(&mut self, talks: &[Talk]) {
        for talk in talks.iter().filter(|t| t.event == "said") {
            let (Some(message), Some(from)) = (talk.message, talk.from) else { continue };
            if let Some(copies) = self.copies.iter_mut().rev().find(|c| c.message == message) {
                copies.frames += 1;
                copies.fresh = true;
                continue;
            }
            if self.copies.len() >= COUNTED {
                self.copies.pop_front();
            }
            self.copies.push_back(Copies { message, from, frames: 1, fresh: true });
        }
    }
}

/// The session that a packet's bytes name, if any does; an error if they name two.
fn named(packet: &Packet) -> Result<Option<String>, ()> {
    let mut found: Option<&[u8]> = None;
    for layer in &packet.layers {
        let sid = if std::ptr::eq(layer.proto, &raw const engineio::ABOUT) {
            packet.octets_in(layer, &engineio::SID)
        } else if std::ptr::eq(layer.proto, &raw const http::ABOUT) {
            packet.octets_in(layer, &http::URI_QUERY).and_then(sid)
        } else {
            None
        };
        match (found, sid) {
            (Some(one), Some(other)) if one != other => return Err(()),
            (None, sid) => found = sid,
            _ => {}
        }
    }
    Ok(found.and_then(|sid| std::str::from_utf8(sid).ok()).map(str::to_owned))
}

/// The session in a request's query.
fn sid(query: &[u8]) -> Option<&[u8]> {
    query.split(|&b| b == b'&').find_map(|pair| pair.strip_prefix(b"sid="))
}

/// The targets of the requests that a packet completes.
fn paths(packet: &Packet) -> Vec<&[u8]> {
    let of = |l: &&Layer| std::ptr::eq(l.proto, &raw const http::ABOUT);
    packet.layers.iter().filter(of).filter_map(|l| packet.octets_in(l, &http::URI)).collect()
}
