//! The program behind the terminal's Socket.IO: what is typed goes out as events, what is heard comes in; and the
//! reader of the packet feed. Both are peers without I/O that `lab` carries over real sockets.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::mpsc;

use crate::chat::entry::Entry;
use crate::peers::engineio::client::Pilot;
use crate::peers::engineio::{Message, Order};
use crate::peers::http::Response;
use crate::peers::socketio::{Decoder, Kind, Packet};
use crate::peers::websocket::{self, Event, Role, Session};
use crate::peers::{Input, Peer, Want};
use crate::rng::Rng;

/// How often what is typed is looked for.
const LOOK: Duration = Duration::from_millis(40);

/// What came over the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// An event, and what came with it.
    Event(String, Json),
    /// The answer to the event with this number.
    Answer(u64, Json),
    /// The server said goodbye, or refused us; why.
    Ended(String),
    /// A Socket.IO packet that this program sent (true) or heard, as text.
    Seen(bool, String),
    /// An entry of the packet feed.
    Entry(Entry),
}

/// What is to be said; shared by the keyboard and the connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Outbox(Arc<Mutex<Words>>);

#[derive(Debug, Default)]
struct Words {
    queue: VecDeque<(String, Json)>,
    leave: bool,
    /// The number of the next event; the answer names it.
    next: u64,
}

impl Outbox {
    /// Puts an event to the others; the number that its answer will have.
    pub(super) fn say(&self, event: &str, data: Json) -> u64 {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.queue.push_back((event.to_owned(), data));
        words.next + words.queue.len() as u64 - 1
    }

    /// Says goodbye after everything else.
    pub(super) fn leave(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).leave = true;
    }
}

/// The program.
#[derive(Debug)]
pub(super) struct Client {
    to: mpsc::Sender<Heard>,
    outbox: Outbox,
    /// What is shown at the door.
    pass: Option<Json>,
    decoder: Decoder,
    asked: bool,
    connected: bool,
    over: bool,
}

impl Client {
    /// A program that says what is in the outbox, and tells what it hears.
    /// `code` is what the chat asks for at its door.
    pub(super) fn new(to: mpsc::Sender<Heard>, outbox: Outbox, code: Option<&str>) -> Self {
        let pass = code.map(|code| serde_json::json!({ "code": code }));
        Self { to, outbox, pass, decoder: Decoder::default(), asked: false, connected: false, over: false }
    }

    /// Tells. Where nobody keeps up, it is lost: a terminal shows the last things anyway.
    fn tell(&self, heard: Heard) {
        let _ = self.to.try_send(heard);
    }

    fn send(&self, packet: &Packet, orders: &mut Vec<Order>) {
        for message in packet.write() {
            if let Message::Text(text) = &message {
                self.tell(Heard::Seen(true, text.clone()));
            }
            orders.push(Order::Say(message));
        }
    }
}

impl Pilot for Client {
    fn opened(&mut self) {}

    fn heard(&mut self, message: Message) {
        if let Message::Text(text) = &message {
            self.tell(Heard::Seen(false, text.clone()));
        }
        let Ok(Some(packet)) = self.decoder.take(message) else { return };
        match packet.kind {
            Kind::Connect => self.connected = true,
            Kind::Event => {
                if let Some((name, arguments)) = packet.named() {
                    self.tell(Heard::Event(name.to_owned(), arguments.first().cloned().unwrap_or_default()));
                }
            }
            Kind::Ack => {
                let first = packet.data.as_ref().and_then(|d| d.get(0)).cloned().unwrap_or_default();
                self.tell(Heard::Answer(packet.id.unwrap_or_default(), first));
            }
            Kind::Disconnect => self.tell(Heard::Ended("the server said goodbye".to_owned())),
            Kind::ConnectError => {
                let why = packet.data.as_ref().and_then(|d| d.get("message")).and_then(Json::as_str);
                self.tell(Heard::Ended(why.unwrap_or("the server refuses").to_owned()));
            }
        }
    }

    fn go_on(&mut self, now: Duration, orders: &mut Vec<Order>) -> Option<Duration> {
        if !std::mem::replace(&mut self.asked, true) {
            let hello = Packet { data: self.pass.clone(), ..Packet::bare(Kind::Connect, "/") };
            self.send(&hello, orders);
        }
        let outbox = self.outbox.clone();
        let mut words = outbox.0.lock().unwrap_or_else(PoisonError::into_inner);
        while self.connected
            && let Some((event, data)) = words.queue.pop_front()
        {
            let packet = Packet { id: Some(words.next), ..Packet::event(&event, vec![data]) };
            words.next += 1;
            self.send(&packet, orders);
        }
        if words.leave && !std::mem::replace(&mut self.over, true) {
            self.send(&Packet::bare(Kind::Disconnect, "/"), orders);
            orders.push(Order::Close);
        }
        Some(now + LOOK)
    }
}

/// Reads the feed of our own packets.
#[derive(Debug)]
pub(super) struct FeedReader {
    host: String,
    session_id: String,
    key: String,
    rng: Rng,
    inbox: Vec<u8>,
    session: Option<Session>,
    to: mpsc::Sender<Heard>,
}

impl FeedReader {
    /// For the session with this id.
    pub(super) fn new(host: String, session_id: String, mut rng: Rng, to: mpsc::Sender<Heard>) -> Self {
        let key = websocket::new_key(&mut rng);
        Self { host, session_id, key, rng, inbox: Vec::new(), session: None, to }
    }

    fn hear(&mut self, out: &mut Vec<u8>) -> Want {
        if self.session.is_none() {
            match Response::read(&self.inbox, "GET") {
                Ok(None) => return Want::Input,
                Ok(Some((response, used))) if websocket::check(&response, &self.key).is_ok() => {
                    self.inbox.drain(..used);
                    let session = self.session.insert(Session::new(Role::Client, self.rng.fork()));
                    session.text(&self.session_id, out);
                }
                _ => return Want::Close,
            }
        }
        let Some(session) = &mut self.session else { return Want::Close };
        for event in session.receive(&std::mem::take(&mut self.inbox), out) {
            match event {
                Event::Text(text) => {
                    if let Some(entry) = Entry::read(&text) {
                        let _ = self.to.try_send(Heard::Entry(entry));
                    }
                }
                Event::Close { .. } | Event::Failed(_) => return Want::Close,
                Event::Binary(_) | Event::Ping(_) | Event::Pong(_) => {}
            }
        }
        if self.to.is_closed() { Want::Close } else { Want::Input }
    }
}

impl Peer for FeedReader {
    fn step(&mut self, _: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        match input {
            Input::Opened => {
                websocket::upgrade("/packets", &self.host, &self.key).write(out);
                Want::Input
            }
            Input::Bytes(bytes) => {
                self.inbox.extend_from_slice(bytes);
                self.hear(out)
            }
            Input::Tick => Want::Input,
            Input::Ended => Want::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_outbox_numbers_events_as_they_are_sent() {
        let (to, mut heard) = mpsc::channel(100);
        let outbox = Outbox::default();
        let mut client = Client::new(to, outbox.clone(), None);
        assert_eq!([outbox.say("join", json!({})), outbox.say("say", json!({ "text": "x" }))], [0, 1]);
        let mut orders = Vec::new();
        client.go_on(Duration::ZERO, &mut orders);
        assert_eq!(orders, [Order::Say(Message::Text("0".into()))], "nothing before the namespace lets us in");
        client.heard(Message::Text("0{\"sid\":\"a\"}".into()));
        orders.clear();
        client.go_on(Duration::ZERO, &mut orders);
        let texts = ["20[\"join\",{}]", "21[\"say\",{\"text\":\"x\"}]"].map(|t| Order::Say(Message::Text(t.into())));
        assert_eq!(orders, texts);
        client.heard(Message::Text("31[{\"id\":7}]".into()));
        let all: Vec<Heard> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
        assert!(all.contains(&Heard::Answer(1, json!({ "id": 7 }))), "{all:?}");
    }

    #[test]
    fn goodbye_comes_last() {
        let (to, _heard) = mpsc::channel(100);
        let outbox = Outbox::default();
        let mut client = Client::new(to, outbox.clone(), None);
        client.heard(Message::Text("0".into()));
        outbox.say("say", json!("x"));
        outbox.leave();
        let mut orders = Vec::new();
        client.go_on(Duration::ZERO, &mut orders);
        assert_eq!(orders.last(), Some(&Order::Close));
        assert_eq!(orders[orders.len() - 2], Order::Say(Message::Text("1".into())));
    }
}
