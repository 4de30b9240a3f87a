//! The client's end of Engine.IO: one dialogue over as many connections as its transports need.
//!
//! By polling, one [`Line`] always has a question pending, and a second one posts. To move to a WebSocket, a third
//! is opened and tried (`2probe`, `3probe`); the polls stop, `5` is said, and the first two close. The program above
//! is a [`Pilot`]; what the lines share is a `Dialogue`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Handshake, Message, Order, Packet, Transport, read_payload, take_payload, write_payload};
use crate::peers::http::{self, Request, Response};
use crate::peers::websocket::{self, Event, Role, Session};
use crate::peers::{Input, Peer, Want, lock};
use crate::rng::Rng;

/// Where to call, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name for the `Host` field.
    pub host: String,
    /// The path of the requests.
    pub path: String,
    /// The transports, in the order in which they are tried.
    pub transports: Vec<Transport>,
}

/// The program above: it hears, and orders.
pub trait Pilot: Send {
    /// The dialogue has begun.
    fn opened(&mut self);
    /// The server said something.
    fn heard(&mut self, message: Message);
    /// Does what can be done now, and says when there is more to do though nothing is heard.
    fn go_on(&mut self, now: Duration, orders: &mut Vec<Order>) -> Option<Duration>;
}

/// How far a dialogue has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Polling,
    /// By polling, while a WebSocket is tried.
    Probing,
    /// The WebSocket works: the polls come to their end.
    Pausing,
    Socket,
    /// Goodbye is to be said.
    Closing(Transport),
    Over,
}

/// What the lines of a dialogue share.
#[derive(Debug)]
struct Dialogue<P> {
    call: Call,
    pilot: P,
    rng: Rng,
    stage: Stage,
    sid: String,
    queue: VecDeque<Packet>,
    /// Lines that shall be opened.
    wanted: Vec<Duty>,
    posting_line: bool,
    polling: bool,
    posting: bool,
    /// When the pilot wants to go on, and when the server has been silent for too long.
    wake: Option<Duration>,
    patience: Duration,
    silent: Option<Duration>,
    /// Counts changes, so that each line can tell whether there is something new.
    changes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    Poll,
    Post,
    Socket,
}

/// One connection of a dialogue.
#[derive(Debug)]
pub struct Line<P> {
    dialogue: Arc<Mutex<Dialogue<P>>>,
    duty: Duty,
    inbox: Vec<u8>,
    /// The key of a WebSocket that is asked for.
    key: String,
    talk: Option<Session>,
    seen: u64,
}

impl<P: Pilot> Dialogue<P> {
    fn change(&mut self, stage: Stage) {
        if self.stage != stage && self.stage != Stage::Over {
            self.stage = stage;
            self.changes += 1;
        }
    }

    fn push(&mut self, packet: Packet) {
        self.queue.push_back(packet);
        self.changes += 1;
        if !self.posting_line
            && matches!(self.stage, Stage::Polling | Stage::Probing | Stage::Closing(Transport::Polling))
        {
            self.posting_line = true;
            self.wanted.push(Duty::Post);
        }
    }

    fn take(&mut self, now: Duration, packet: Packet) {
        match packet {
            Packet::Open(data) => self.open(now, &data),
            Packet::Ping(data) => {
                self.silent = Some(now + self.patience);
                self.push(Packet::Pong(data));
            }
            Packet::Message(message) => self.pilot.heard(message),
            Packet::Close => self.change(Stage::Over),
            Packet::Pong(_) | Packet::Upgrade | Packet::Noop => {}
        }
    }

    fn open(&mut self, now: Duration, data: &str) {
        let Ok(shake) = serde_json::from_str::<Handshake>(data) else { return self.change(Stage::Over) };
        let first = self.call.transports.first();
        self.sid = shake.sid;
        // Such long pauses are no pauses; the sum stays far below what a clock can hold.
        self.patience = Duration::from_millis(shake.ping_interval.min(1 << 40) + shake.ping_timeout.min(1 << 40));
        self.silent = Some(now + self.patience);
        if first == Some(&Transport::WebSocket) {
            self.change(Stage::Socket);
        } else if self.call.transports.contains(&Transport::WebSocket) && shake.upgrades.contains(&Transport::WebSocket)
        {
            self.change(Stage::Probing);
            self.wanted.push(Duty::Socket);
        } else {
            self.change(Stage::Polling);
        }
        self.pilot.opened();
    }

    /// Lets the pilot do what it can, and carries out what it orders.
    fn go_on(&mut self, now: Duration) {
        self.wake = None;
        if self.silent.take_if(|at| *at <= now).is_some() {
            return self.change(Stage::Over);
        }
        if matches!(self.stage, Stage::Opening | Stage::Over | Stage::Closing(_)) {
            return;
        }
        let mut orders = Vec::new();
        self.wake = self.pilot.go_on(now, &mut orders);
        for order in orders {
            match order {
                Order::Say(message) => self.push(Packet::Message(message)),
                Order::HangUp => self.change(Stage::Over),
                Order::Close if matches!(self.stage, Stage::Socket) => {
                    self.change(Stage::Closing(Transport::WebSocket));
                }
                Order::Close => {
                    self.change(Stage::Closing(Transport::Polling));
                    self.push(Packet::Close);
                }
            }
        }
    }

    fn target(&self, transport: Transport) -> String {
        let (path, name) = (&self.call.path, transport.name());
        let sid = if self.sid.is_empty() { String::new() } else { format!("&sid={}", self.sid) };
        format!("{path}?EIO=4&transport={name}{sid}")
    }

    fn want(&self) -> Want {
        [self.wake, self.silent].into_iter().flatten().min().map_or(Want::Input, Want::Wake)
    }
}

impl<P: Pilot> Line<P> {
    /// The first connection of a dialogue.
    pub fn new(call: Call, pilot: P, rng: Rng) -> Self {
        let duty = if call.transports.first() == Some(&Transport::WebSocket) { Duty::Socket } else { Duty::Poll };
        let dialogue = Dialogue {
            call,
            pilot,
            rng,
            stage: Stage::Opening,
            sid: String::new(),
            queue: VecDeque::new(),
            wanted: Vec::new(),
            posting_line: false,
            polling: false,
            posting: false,
            wake: None,
            patience: Duration::ZERO,
            silent: None,
            changes: 0,
        };
        Self::beside(Arc::new(Mutex::new(dialogue)), duty)
    }

    fn beside(dialogue: Arc<Mutex<Dialogue<P>>>, duty: Duty) -> Self {
        Self { dialogue, duty, inbox: Vec::new(), key: String::new(), talk: None, seen: 0 }
    }

    /// The response that has arrived, if it is whole; anything but a good one ends the dialogue.
    fn response(&mut self, dialogue: &mut Dialogue<P>) -> Option<Response> {
        match Response::read(&self.inbox, "GET") {
            Ok(None) => None,
            Ok(Some((response, used))) if response.status == 200 => {
                self.inbox.drain(..used);
                Some(response)
            }
            _ => {
                dialogue.change(Stage::Over);
                None
            }
        }
    }

    fn poll(&mut self, now: Duration, dialogue: &mut Dialogue<P>, out: &mut Vec<u8>) -> Want {
        if let Some(response) = self.response(dialogue) {
            dialogue.polling = false;
            dialogue.changes += 1;
            match read_payload(&response.content) {
                Ok(packets) => packets.into_iter().for_each(|packet| dialogue.take(now, packet)),
                Err(_) => dialogue.change(Stage::Over),
            }
            dialogue.go_on(now);
        }
        match dialogue.stage {
            Stage::Opening | Stage::Polling | Stage::Probing if !dialogue.polling => {
                dialogue.polling = true;
                Request::get(&dialogue.target(Transport::Polling), &dialogue.call.host).write(out);
            }
            Stage::Socket | Stage::Over => return Want::Close,
            // The last answer is waited for.
            _ => {}
        }
        dialogue.want()
    }

    fn post(&mut self, dialogue: &mut Dialogue<P>, out: &mut Vec<u8>) -> Want {
        if self.response(dialogue).is_some() {
            dialogue.posting = false;
            dialogue.changes += 1;
            if dialogue.queue.is_empty() && dialogue.stage == Stage::Closing(Transport::Polling) {
                dialogue.change(Stage::Over);
            }
        }
        match dialogue.stage {
            Stage::Polling | Stage::Probing | Stage::Closing(Transport::Polling)
                if !dialogue.posting && !dialogue.queue.is_empty() =>
            {
                dialogue.posting = true;
                let packets = take_payload(&mut dialogue.queue, http::MAX_BODY);
                let content = write_payload(&packets).into_bytes();
                let mut request = Request::get(&dialogue.target(Transport::Polling), &dialogue.call.host);
                request.method = "POST".into();
                request.fields.push("Content-Type", "text/plain;charset=UTF-8");
                request.fields.push("Content-Length", &content.len().to_string());
                request.content = content;
                request.write(out);
            }
            Stage::Socket | Stage::Over => return Want::Close,
            _ => {}
        }
        dialogue.want()
    }

    fn socket(&mut self, now: Duration, dialogue: &mut Dialogue<P>, out: &mut Vec<u8>) -> Want {
        let Some(talk) = &mut self.talk else {
            return match Response::read(&self.inbox, "GET") {
                Ok(None) => dialogue.want(),
                Ok(Some((response, used))) if websocket::check(&response, &self.key).is_ok() => {
                    self.inbox.drain(..used);
                    let mut talk = Session::new(Role::Client, dialogue.rng.fork());
                    if dialogue.stage == Stage::Probing {
                        Packet::Ping("probe".into()).send(&mut talk, out);
                    }
                    self.talk = Some(talk);
                    self.socket(now, dialogue, out)
                }
                _ => lose(dialogue),
            };
        };
        for event in talk.receive(&std::mem::take(&mut self.inbox), out) {
            let packet = match event {
                Event::Text(text) => Packet::read(&text).ok(),
                Event::Binary(bytes) => Some(Packet::Message(Message::Binary(bytes))),
                Event::Ping(_) | Event::Pong(_) => continue,
                Event::Close { .. } | Event::Failed(_) => None,
            };
            match packet {
                Some(Packet::Pong(data)) if data == "probe" && dialogue.stage == Stage::Probing => {
                    dialogue.change(Stage::Pausing);
                }
                Some(packet) => dialogue.take(now, packet),
                None => {
                    lose(dialogue);
                }
            }
        }
        dialogue.go_on(now);
        if dialogue.stage == Stage::Pausing && !dialogue.polling && !dialogue.posting {
            Packet::Upgrade.send(talk, out);
            dialogue.change(Stage::Socket);
        }
        match dialogue.stage {
            Stage::Socket | Stage::Closing(Transport::WebSocket) => {
                for packet in dialogue.queue.drain(..) {
                    packet.send(talk, out);
                }
                if dialogue.stage != Stage::Socket && !talk.is_closing() {
                    talk.close(1000, "", out);
                }
            }
            // The server closes TCP (RFC 6455 §7.1.1); who hangs up does not wait for that.
            Stage::Over if !talk.is_closed() => return Want::Close,
            Stage::Polling | Stage::Closing(Transport::Polling) => return Want::Close,
            _ => {}
        }
        dialogue.want()
    }
}

/// The WebSocket fails. While it was only tried, the dialogue goes on by polling.
fn lose<P: Pilot>(dialogue: &mut Dialogue<P>) -> Want {
    let back = matches!(dialogue.stage, Stage::Probing | Stage::Pausing);
    dialogue.change(if back { Stage::Polling } else { Stage::Over });
    Want::Close
}

impl<P: Pilot + 'static> Peer for Line<P> {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        let dialogue = Arc::clone(&self.dialogue);
        let mut dialogue = lock(&dialogue);
        match input {
            Input::Bytes(bytes) => self.inbox.extend_from_slice(bytes),
            Input::Ended if self.duty == Duty::Socket => return lose(&mut dialogue),
            Input::Ended => {
                dialogue.change(Stage::Over);
                return Want::Close;
            }
            Input::Opened if self.duty == Duty::Socket => {
                self.key = websocket::new_key(&mut dialogue.rng);
                websocket::upgrade(&dialogue.target(Transport::WebSocket), &dialogue.call.host, &self.key).write(out);
            }
            Input::Opened | Input::Tick => {}
        }
        dialogue.go_on(now);
        let want = match self.duty {
            Duty::Poll => self.poll(now, &mut dialogue, out),
            Duty::Post => self.post(&mut dialogue, out),
            Duty::Socket => self.socket(now, &mut dialogue, out),
        };
        self.seen = dialogue.changes;
        want
    }

    fn has_news(&self) -> bool {
        lock(&self.dialogue).changes != self.seen
    }

    fn another(&mut self) -> Option<Box<dyn Peer + Send>> {
        let duty = lock(&self.dialogue).wanted.pop()?;
        Some(Box::new(Self::beside(Arc::clone(&self.dialogue), duty)))
    }
}
