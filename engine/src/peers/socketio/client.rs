//! A client of a Socket.IO chat that follows a script.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{default_path, default_transports};
use super::{Decoder, Kind, Packet};
use crate::peers::engineio::client::{Call, Line, Pilot};
use crate::peers::engineio::{Message, Order, Transport};
use crate::rng::Rng;

/// Events that nobody has waited for yet; more are forgotten.
const MAX_HEARD: usize = 256;

/// One thing that the client does, after the one before it is done.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Asks to be let into the main namespace, and waits for the answer.
    Connect,
    /// The same, with a name: `auth: { name }`.
    ConnectAs(String),
    /// Asks to be let into another namespace, and waits for the answer, be it a refusal.
    ConnectTo(String),
    /// Sends an event: its name, then its arguments.
    Emit(Vec<Value>),
    /// The same, and waits for the acknowledgment.
    Ask(Vec<Value>),
    /// Asks to be let into a room, and waits for the acknowledgment.
    Join(String),
    /// Says something to the room.
    Say(String),
    /// Sends bytes, written in hexadecimal, as an event `picture` with an attachment.
    Picture(String),
    /// Waits until an event of this name is heard that no earlier `hear` has taken.
    Hear(String),
    /// Waits so many milliseconds.
    WaitMs(u64),
    /// Says goodbye: leaves the namespace, then ends the dialogue.
    Disconnect,
    /// Closes all connections without a word.
    HangUp,
}

/// A visit to a Socket.IO server.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The name for the `Host` field.
    pub host: String,
    /// The path of the requests.
    #[serde(default = "default_path")]
    pub path: String,
    /// The transports, in the order in which they are tried: polling and then an upgrade, or one alone.
    #[serde(default = "default_transports")]
    pub transports: Vec<Transport>,
    /// What the client does, in order. At its end it hangs up.
    pub script: Vec<Act>,
}

impl Visit {
    /// The first connection of the visit; it asks for the others.
    pub fn begin(self, rng: Rng) -> Line<Script> {
        let Self { host, path, transports, script } = self;
        Line::new(Call { host, path, transports }, Script::new(script), rng)
    }
}

/// A script, and how far it has come.
#[derive(Debug)]
pub struct Script {
    acts: VecDeque<Act>,
    decoder: Decoder,
    heard: VecDeque<String>,
    /// The answer to a connect has come.
    connected: bool,
    acked: Option<u64>,
    next_id: u64,
    /// The act in hand has begun: when a pause ends, or which acknowledgment is waited for.
    begun: Option<Begun>,
    open: bool,
}

#[derive(Clone, Copy, Debug)]
enum Begun {
    Connect,
    Ask(u64),
    Wait(Duration),
}

impl Script {
    fn new(acts: Vec<Act>) -> Self {
        Self {
            acts: acts.into(),
            decoder: Decoder::default(),
            heard: VecDeque::new(),
            connected: false,
            acked: None,
            next_id: 0,
            begun: None,
            open: false,
        }
    }

    /// Begins an act, or goes on with it: whether it is done, and until when it wants to wait.
    fn act(&mut self, act: &Act, now: Duration, orders: &mut Vec<Order>) -> (bool, Option<Duration>) {
        match act {
            Act::Connect => self.connect("/", None, orders),
            Act::ConnectAs(name) => self.connect("/", Some(json!({ "name": name })), orders),
            Act::ConnectTo(namespace) => self.connect(namespace, None, orders),
            Act::Emit(event) => {
                say(&Packet { data: Some(event.clone().into()), ..Packet::bare(Kind::Event, "/") }, orders)
            }
            Act::Ask(event) => self.ask(event.clone(), orders),
            Act::Join(room) => self.ask(vec!["join".into(), room.as_str().into()], orders),
            Act::Say(text) => say(&Packet::event("say", vec![text.as_str().into()]), orders),
            Act::Picture(hex) => say(&Packet::binary_event("picture", from_hex(hex)), orders),
            Act::Hear(event) => {
                let at = self.heard.iter().position(|heard| heard == event);
                (at.and_then(|at| self.heard.remove(at)).is_some(), None)
            }
            Act::WaitMs(ms) => {
                let until = match self.begun {
                    Some(Begun::Wait(until)) => until,
                    _ => now.saturating_add(Duration::from_millis(*ms)),
                };
                self.begun = Some(Begun::Wait(until));
                (until <= now, Some(until))
            }
            Act::Disconnect => {
                say(&Packet::bare(Kind::Disconnect, "/"), orders);
                orders.push(Order::Close);
                (true, None)
            }
            Act::HangUp => {
                orders.push(Order::HangUp);
                (true, None)
            }
        }
    }

    fn connect(&mut self, namespace: &str, auth: Option<Value>, orders: &mut Vec<Order>) -> (bool, Option<Duration>) {
        if self.begun.replace(Begun::Connect).is_none() {
            self.connected = false;
            say(&Packet { data: auth, ..Packet::bare(Kind::Connect, namespace) }, orders);
        }
        (self.connected, None)
    }

    fn ask(&mut self, event: Vec<Value>, orders: &mut Vec<Order>) -> (bool, Option<Duration>) {
        if let Some(Begun::Ask(id)) = self.begun {
            return (self.acked == Some(id), None);
        }
        let id = self.next_id;
        self.next_id += 1;
        self.begun = Some(Begun::Ask(id));
        say(&Packet { id: Some(id), data: Some(event.into()), ..Packet::bare(Kind::Event, "/") }, orders);
        (false, None)
    }
}

impl Pilot for Script {
    fn opened(&mut self) {
        self.open = true;
    }

    fn heard(&mut self, message: Message) {
        let Ok(Some(packet)) = self.decoder.take(message) else { return };
        match packet.kind {
            Kind::Connect | Kind::ConnectError => self.connected = true,
            Kind::Ack => self.acked = packet.id,
            Kind::Event => {
                if let Some((name, _)) = packet.named().filter(|_| self.heard.len() < MAX_HEARD) {
                    self.heard.push_back(name.into());
                }
            }
            // The server sends us away.
            Kind::Disconnect => self.acts.clear(),
        }
    }

    fn go_on(&mut self, now: Duration, orders: &mut Vec<Order>) -> Option<Duration> {
        if !self.open {
            return None;
        }
        while let Some(act) = self.acts.pop_front() {
            let last = matches!(act, Act::Disconnect | Act::HangUp);
            let (done, wake) = self.act(&act, now, orders);
            if !done {
                self.acts.push_front(act);
                return wake;
            }
            self.begun = None;
            if last {
                self.open = false;
                return None;
            }
        }
        self.open = false;
        orders.push(Order::HangUp);
        None
    }
}

fn say(packet: &Packet, orders: &mut Vec<Order>) -> (bool, Option<Duration>) {
    orders.extend(packet.write().into_iter().map(Order::Say));
    (true, None)
}

/// Bytes from pairs of hexadecimal digits; whatever is no pair is left out.
fn from_hex(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len()).step_by(2).filter_map(|at| hex.get(at..at + 2));
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
