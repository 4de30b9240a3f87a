//! One TCP connection of a source as a ladder, packet by packet.

use super::rows::{Host, Ladder, Row, states};
use crate::flow::{Connection, Endpoint, Event, State, Tracker};
use crate::model::{Packet, Remark, Time, show};
use crate::proto::{Address, tcp};
use crate::view::ladder;
use std::net::SocketAddr;

/// Packets that are kept.
const MOST_ROWS: usize = 1000;
/// What is said of a connection of which the begin isn't there.
const MIDWAY: &str = "The connection was opened before the capture began.";

/// A connection in the making.
#[derive(Clone, Debug, Default)]
pub struct Conversation {
    stream: u32,
    first: Option<Time>,
    /// Its packets so far.
    pub ladder: Ladder,
    /// How many more there were than are kept.
    pub left_out: u64,
    /// How many connections were seen.
    pub streams: u32,
}

impl Conversation {
    /// Of the connection with this number (`tcp.stream`).
    pub fn new(stream: u32) -> Self {
        Self { stream, ..Self::default() }
    }

    /// Takes the next packet of the source; those of others are only counted.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) {
        let Some(conversation) = tracker.current() else { return };
        let Some(connection) = tracker.connection(conversation) else { return };
        self.streams = self.streams.max(conversation.number.saturating_add(1));
        if conversation.number != self.stream {
            return;
        }
        if self.ladder.rows.len() >= MOST_ROWS {
            self.left_out += 1;
            return;
        }
        let is_first = self.ladder.rows.is_empty();
        let mut row = self.row(packet, connection.sender(conversation.forward) == Endpoint::Server);
        row.states = states(Some(connection.states));
        if is_first {
            let ends = connection.ends;
            self.ladder.hosts = vec![host(ends.src, ends.src_port), host(ends.dst, ends.dst_port)];
            if packet.flag(&tcp::FLAGS_SYN) {
                row.before = states(Some(before(tracker, &connection)));
            } else {
                self.ladder.remark = Some(MIDWAY);
            }
        }
        self.ladder.rows.push(row);
    }

    fn row(&mut self, packet: &Packet, from_server: bool) -> Row {
        let first = *self.first.get_or_insert(packet.time);
        let (mut line, mut time) = (String::new(), String::new());
        ladder::says(packet, &mut line);
        match packet.time.since(first) {
            Some(nanos) => show::seconds(nanos, 6, &mut time),
            None => time.push('-'),
        }
        let (messages, more) = ladder::messages(packet, false);
        let from = usize::from(from_server);
        Row {
            packet: packet.number,
            time,
            from,
            to: Some(1 - from),
            line,
            messages: messages.into_iter().map(|(_, text)| text).chain(more).collect(),
            remark: packet.remark.map(|remark| remark.to_string()),
            lost: packet.remark.is_some_and(Remark::is_loss),
            talk: Some([0, 1]),
            ..Row::default()
        }
    }
}

/// The states of both ends before this packet, client then server.
pub fn before(tracker: &Tracker, connection: &Connection) -> [State; 2] {
    let [mut client, mut server] = connection.states;
    for event in tracker.events().iter().rev() {
        match *event {
            Event::StateChanged { endpoint: Endpoint::Client, from, .. } => client = from,
            Event::StateChanged { endpoint: Endpoint::Server, from, .. } => server = from,
            _ => {}
        }
    }
    [client, server]
}

fn host(address: Address, port: u16) -> Host {
    let place = SocketAddr::new(address.ip(), port).to_string();
    Host { name: place, addresses: vec![address.ip().to_string()], ports: vec![port] }
}
