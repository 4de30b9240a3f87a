//! A small chat on Socket.IO: rooms, names, and messages that go in once and out many times.
//!
//! In the words of a server in JavaScript: `io.on("connection", socket => …)` with `socket.on("join")`, `"leave"`,
//! `"say"` and `"picture"`. What is said goes to everybody in the speaker's rooms (`io.to(room).emit("message")`), to
//! everybody at all while he is in none. Any other event is answered with its own arguments, if an answer is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Decoder, Kind, Packet};
use crate::peers::engineio::server::{self as engineio, Hub, Id, Line, Service};
use crate::peers::engineio::{Message, Order, Transport};
use crate::rng::Rng;

/// Rooms that one client can be in.
const MAX_ROOMS: usize = 16;
/// Characters of a name.
const MAX_NAME: usize = 40;

/// A Socket.IO server, as a scenario describes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The path of its requests.
    #[serde(default = "default_path")]
    pub path: String,
    /// The transports that it speaks.
    #[serde(default = "default_transports")]
    pub transports: Vec<Transport>,
    /// From one ping to the next, in milliseconds.
    #[serde(default = "default_interval")]
    pub ping_interval_ms: u32,
    /// How long a pong may take, in milliseconds.
    #[serde(default = "default_timeout")]
    pub ping_timeout_ms: u32,
    /// What each newcomer hears, as an event `welcome`.
    pub greeting: Option<String>,
}

pub(super) fn default_path() -> String {
    "/socket.io/".into()
}

pub(super) fn default_transports() -> Vec<Transport> {
    vec![Transport::Polling, Transport::WebSocket]
}

fn default_interval() -> u32 {
    25_000
}

fn default_timeout() -> u32 {
    20_000
}

impl Default for Site {
    fn default() -> Self {
        Self {
            path: default_path(),
            transports: default_transports(),
            ping_interval_ms: default_interval(),
            ping_timeout_ms: default_timeout(),
            greeting: None,
        }
    }
}

/// A chat server: each connection that it accepts becomes a [`Line`] of the same hub.
#[derive(Clone, Debug)]
pub struct Server(Arc<Mutex<Hub<Chat>>>);

impl Server {
    /// A chat without anybody in it. Its random numbers name the clients.
    pub fn new(site: &Site, mut rng: Rng) -> Self {
        let settings = engineio::Settings {
            path: site.path.clone(),
            transports: site.transports.clone(),
            ping_interval: Duration::from_millis(site.ping_interval_ms.max(1).into()),
            ping_timeout: Duration::from_millis(site.ping_timeout_ms.max(1).into()),
        };
        let chat = Chat { greeting: site.greeting.clone(), rng: rng.fork(), members: BTreeMap::new() };
        Self(Hub::new(settings, chat, rng))
    }

    /// The peer of a connection that was accepted.
    pub fn accept(&self) -> Line<Chat> {
        Line::new(Arc::clone(&self.0))
    }
}

/// Who is there, and in which rooms.
#[derive(Debug)]
pub struct Chat {
    greeting: Option<String>,
    rng: Rng,
    members: BTreeMap<Id, Member>,
}

#[derive(Debug, Default)]
struct Member {
    decoder: Decoder,
    /// Its id in the main namespace, once it is in.
    sid: Option<String>,
    name: String,
    rooms: BTreeSet<String>,
}

type Orders = Vec<(Id, Order)>;

impl Chat {
    fn read(&mut self, id: Id, packet: &Packet, orders: &mut Orders) {
        if packet.namespace != "/" {
            if packet.kind == Kind::Connect {
                let data = Some(json!({ "message": "Invalid namespace" }));
                say(id, &Packet { data, ..Packet::bare(Kind::ConnectError, &packet.namespace) }, orders);
            }
            return;
        }
        let Some(member) = self.members.get(&id) else { return };
        match packet.kind {
            Kind::Connect if member.sid.is_none() => self.connect(id, packet.data.as_ref(), orders),
            Kind::Disconnect => self.leave_all(id, orders),
            Kind::Event if member.sid.is_some() => self.event(id, packet, orders),
            _ => {}
        }
    }

    fn connect(&mut self, id: Id, auth: Option<&Value>, orders: &mut Orders) {
        let sid = URL_SAFE_NO_PAD.encode(self.rng.bytes::<15>());
        let name = auth.and_then(|auth| auth.get("name")).and_then(Value::as_str);
        let name = name.unwrap_or_else(|| sid.get(..6).unwrap_or_default()).chars().take(MAX_NAME).collect();
        say(id, &Packet { data: Some(json!({ "sid": sid })), ..Packet::bare(Kind::Connect, "/") }, orders);
        if let Some(greeting) = &self.greeting {
            say(id, &Packet::event("welcome", vec![greeting.as_str().into()]), orders);
        }
        if let Some(member) = self.members.get_mut(&id) {
            (member.sid, member.name) = (Some(sid), name);
        }
    }

    fn event(&mut self, id: Id, packet: &Packet, orders: &mut Orders) {
        let Some((event, arguments)) = packet.named() else { return };
        let text = arguments.first().and_then(Value::as_str).unwrap_or_default();
        let answer = match event {
            "join" => self.join(id, text, orders),
            "leave" => {
                self.leave(id, text, orders);
                json!({ "room": text })
            }
            "say" => {
                let message = json!({ "from": self.name(id), "text": text });
                json!({ "heard_by": self.tell(id, &Packet::event("message", vec![message]), orders) })
            }
            "picture" if packet.attachments.len() == 1 => {
                let picture = Packet { id: None, ..packet.clone() };
                json!({ "seen_by": self.tell(id, &picture, orders) })
            }
            _ => Value::Array(arguments.to_vec()),
        };
        if let Some(number) = packet.id {
            let answer = if answer.is_array() { answer } else { Value::Array(vec![answer]) };
            // An echo of attachments would need them again.
            let data = if packet.attachments.is_empty() || event == "picture" { answer } else { json!([]) };
            say(id, &Packet { id: Some(number), data: Some(data), ..Packet::bare(Kind::Ack, "/") }, orders);
        }
    }

    fn join(&mut self, id: Id, room: &str, orders: &mut Orders) -> Value {
        let room: String = room.chars().take(MAX_NAME).collect();
        let Some(member) = self.members.get_mut(&id) else { return Value::Null };
        if room.is_empty() || (member.rooms.len() >= MAX_ROOMS && !member.rooms.contains(&room)) {
            return json!({ "error": "no such room, or too many" });
        }
        if member.rooms.insert(room.clone()) {
            self.announce("joined", id, &room, orders);
        }
        let members = self.members.values().filter(|member| member.rooms.contains(&room)).count();
        json!({ "room": room, "members": members })
    }

    fn leave(&mut self, id: Id, room: &str, orders: &mut Orders) {
        if self.members.get_mut(&id).is_some_and(|member| member.rooms.remove(room)) {
            self.announce("left", id, room, orders);
        }
    }

    fn leave_all(&mut self, id: Id, orders: &mut Orders) {
        let Some(member) = self.members.get_mut(&id) else { return };
        member.sid = None;
        for room in std::mem::take(&mut member.rooms) {
            self.announce("left", id, &room, orders);
        }
    }

    fn name(&self, id: Id) -> &str {
        self.members.get(&id).map_or("", |member| &member.name)
    }

    /// Tells the others in a room that somebody came or went.
    fn announce(&self, event: &str, id: Id, room: &str, orders: &mut Orders) {
        let packet = Packet::event(event, vec![room.into(), self.name(id).into()]);
        for (other, member) in &self.members {
            if *other != id && member.rooms.contains(room) {
                say(*other, &packet, orders);
            }
        }
    }

    /// Sends to everybody in the sender's rooms, or to everybody; says to how many.
    fn tell(&self, id: Id, packet: &Packet, orders: &mut Orders) -> usize {
        let Some(sender) = self.members.get(&id) else { return 0 };
        let near = |member: &Member| sender.rooms.is_empty() || !sender.rooms.is_disjoint(&member.rooms);
        let mut count = 0;
        for (other, _) in self.members.iter().filter(|(_, member)| member.sid.is_some() && near(member)) {
            say(*other, packet, orders);
            count += 1;
        }
        count
    }
}

impl Service for Chat {
    fn opened(&mut self, id: Id, _: &mut Orders) {
        self.members.insert(id, Member::default());
    }

    fn heard(&mut self, id: Id, message: Message, orders: &mut Orders) {
        let Some(member) = self.members.get_mut(&id) else { return };
        match member.decoder.take(message) {
            Ok(Some(packet)) => self.read(id, &packet, orders),
            Ok(None) => {}
            // The reference server, too, ends a dialogue that it cannot read.
            Err(_) => orders.push((id, Order::Close)),
        }
    }

    fn closed(&mut self, id: Id, orders: &mut Orders) {
        self.leave_all(id, orders);
        self.members.remove(&id);
    }
}

fn say(id: Id, packet: &Packet, orders: &mut Orders) {
    orders.extend(packet.write().into_iter().map(|message| (id, Order::Say(message))));
}

#[cfg(test)]
mod tests {
    use super::super::client::{Act, Visit};
    use super::*;
    use crate::peers::tests::meet;
    use crate::peers::{Input, Peer as _, Want};

    use Transport::{Polling, WebSocket};

    fn visit(transports: &[Transport], script: Vec<Act>) -> Visit {
        Visit { host: "a".into(), path: default_path(), transports: transports.into(), script }
    }

    /// What each connection said, both ways, as text.
    fn run(site: &Site, visits: Vec<Visit>, size: usize) -> Vec<(String, String)> {
        let server = Server::new(site, Rng::seeded(1));
        let begin =
            |(at, visit): (u64, Visit)| Box::new(visit.begin(Rng::seeded(at))) as Box<dyn crate::peers::Peer + Send>;
        let clients = (10..).zip(visits).map(begin).collect();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let lines = meet(clients, || Box::new(server.accept()), size);
        lines.into_iter().map(|(up, down)| (text(up), text(down))).collect()
    }

    fn greeted() -> Site {
        Site { greeting: Some("Hello!".into()), ..Site::default() }
    }

    fn chat() -> Vec<Act> {
        vec![
            Act::ConnectAs("Ada".into()),
            Act::Hear("welcome".into()),
            Act::Join("lab".into()),
            Act::Say("first".into()),
            Act::Hear("message".into()),
            Act::WaitMs(100),
            Act::Ask(vec!["echo".into(), 7.into()]),
            Act::Picture("00ff".into()),
            Act::Hear("picture".into()),
            Act::WaitMs(10),
            Act::Disconnect,
        ]
    }

    fn in_order(text: &str, words: &[&str]) {
        let mut rest = text;
        for word in words {
            let at = rest.find(word).unwrap_or_else(|| panic!("{word:?} is not in {rest:?} of {text:?}"));
            rest = &rest[at + word.len()..];
        }
    }

    #[test]
    fn a_chat_by_polling_takes_two_connections() {
        let lines = run(&greeted(), vec![visit(&[Polling], chat())], 1460);
        assert_eq!(lines.len(), 2);
        let (polls, posts) = (&lines[0], &lines[1]);
        in_order(&polls.0, &["GET /socket.io/?EIO=4&transport=polling HTTP", "transport=polling&sid="]);
        in_order(
            &polls.1,
            &[
                "0{\"sid\":\"",
                "\"upgrades\":[\"websocket\"]",
                "40{\"sid\":\"",
                "42[\"welcome\",\"Hello!\"]",
                "430[{\"members\":1,",
                "42[\"message\",{\"from\":\"Ada\",\"text\":\"first\"}]",
                "431[7]",
                "451-[\"picture\",",
                "\u{1e}bAP8=",
                "\r\n\r\n6",
            ],
        );
        in_order(
            &posts.0,
            &[
                "POST ",
                "40{\"name\":\"Ada\"}",
                "420[\"join\",\"lab\"]",
                "42[\"say\",\"first\"]",
                "421[\"echo\",7]",
                "451-[\"picture\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAP8=",
                "41\u{1e}1",
            ],
        );
        assert_eq!(posts.0.matches("POST ").count(), posts.1.matches("\r\n\r\nok").count());
    }

    #[test]
    fn polling_then_an_upgrade_moves_the_dialogue() {
        let lines = run(&greeted(), vec![visit(&[Polling, WebSocket], chat())], 1460);
        assert!((2..=3).contains(&lines.len()), "{lines:#?}");
        let socket = lines.iter().find(|(up, _)| up.contains("Upgrade: websocket")).unwrap();
        in_order(&socket.1, &["101 Switching", "\u{6}3probe"]);
        let everything: String = lines.iter().map(|(_, down)| down.as_str()).collect();
        for word in ["40{\"sid\"", "430[", "42[\"message\"", "431[7]", "451-"] {
            assert_eq!(everything.matches(word).count(), 1, "{word} in {everything}");
        }
    }

    #[test]
    fn a_websocket_alone_is_one_connection() {
        for size in [1, 1460] {
            let lines = run(&greeted(), vec![visit(&[WebSocket], chat())], size);
            assert_eq!(lines.len(), 1);
            in_order(
                &lines[0].1,
                &["101 ", "0{\"sid\":\"", "\"upgrades\":[]", "40{", "42[\"welcome\"", "431[7]", "451-[\"picture\""],
            );
        }
    }

    #[test]
    fn one_message_in_is_one_out_to_each_in_the_room() {
        let listener = || vec![Act::Connect, Act::Join("lab".into()), Act::Hear("message".into()), Act::Disconnect];
        let elsewhere = vec![Act::Connect, Act::Join("hall".into()), Act::WaitMs(500), Act::HangUp];
        let mut speaker = listener();
        speaker.insert(2, Act::WaitMs(50));
        speaker.insert(3, Act::Say("to all".into()));
        let visits = [speaker, listener(), listener(), elsewhere].map(|script| visit(&[WebSocket], script));
        let lines = run(&Site::default(), visits.into(), 1460);
        let heard: Vec<_> = lines.iter().map(|(_, down)| down.matches("\"to all\"").count()).collect();
        assert_eq!(heard, [1, 1, 1, 0]);
        assert!(lines[0].1.contains("42[\"joined\",\"lab\",\"") || lines[2].1.contains("42[\"joined\",\"lab\",\""));
    }

    #[test]
    fn the_server_pings_and_forgets_who_does_not_answer() {
        let site = Site { ping_interval_ms: 100, ping_timeout_ms: 50, ..Site::default() };
        for transports in [&[Polling][..], &[WebSocket], &[Polling, WebSocket]] {
            let script = vec![Act::Connect, Act::WaitMs(350), Act::Ask(vec!["still there".into()]), Act::Disconnect];
            let lines = run(&site, vec![visit(transports, script)], 1460);
            let everything: String = lines.iter().map(|(_, down)| down.as_str()).collect();
            assert!(everything.contains("430[]"), "{everything}");
        }
        // A client that only polls, and never posts a pong.
        let (server, mut out) = (Server::new(&site, Rng::seeded(3)), Vec::new());
        let mut line = server.accept();
        let get = |sid: &str| format!("GET /socket.io/?EIO=4&transport=polling{sid} HTTP/1.1\r\n\r\n");
        line.step(Duration::ZERO, Input::Bytes(get("").as_bytes()), &mut out);
        let text = String::from_utf8(std::mem::take(&mut out)).unwrap();
        let sid = text.split("\"sid\":\"").nth(1).unwrap().split('"').next().unwrap().to_string();
        let want = line.step(Duration::ZERO, Input::Bytes(get(&format!("&sid={sid}")).as_bytes()), &mut out);
        assert_eq!((want, out.len()), (Want::Wake(Duration::from_millis(100)), 0));
        line.step(Duration::from_millis(100), Input::Tick, &mut out);
        assert!(out.ends_with(b"\r\n\r\n2"));
        line.step(Duration::from_millis(150), Input::Bytes(get(&format!("&sid={sid}")).as_bytes()), &mut out);
        assert!(out.ends_with(br#"{"code":1,"message":"Session ID unknown"}"#));
    }

    #[test]
    fn what_is_asked_wrongly_is_refused_as_the_reference_server_does() {
        let server = Server::new(&Site::default(), Rng::seeded(3));
        let cases = [
            ("GET /socket.io/?EIO=4&transport=pigeon", 0),
            ("GET /socket.io/?EIO=4&transport=polling&sid=nobody", 1),
            ("POST /socket.io/?EIO=4&transport=polling", 2),
            ("GET /socket.io/?EIO=4&transport=websocket", 3),
            ("GET /socket.io/?EIO=3&transport=polling", 5),
        ];
        for (line, code) in cases {
            let mut out = Vec::new();
            server.accept().step(Duration::ZERO, Input::Bytes(format!("{line} HTTP/1.1\r\n\r\n").as_bytes()), &mut out);
            let text = String::from_utf8(out).unwrap();
            assert!(
                text.starts_with("HTTP/1.1 400 ") && text.contains(&format!("{{\"code\":{code},")),
                "{line}: {text}"
            );
        }
        let mut out = Vec::new();
        server.accept().step(Duration::ZERO, Input::Bytes(b"GET /else HTTP/1.1\r\n\r\n"), &mut out);
        assert!(out.starts_with(b"HTTP/1.1 404 "));
    }

    #[test]
    fn another_namespace_is_refused_and_noise_harms_nobody() {
        let script = vec![Act::ConnectTo("/admin".into()), Act::Connect, Act::Disconnect];
        let lines = run(&Site::default(), vec![visit(&[WebSocket], script)], 1460);
        in_order(&lines[0].1, &["44/admin,{\"message\":\"Invalid namespace\"}", "40{\"sid\""]);
        let (server, mut rng) = (Server::new(&Site::default(), Rng::seeded(3)), Rng::seeded(4));
        for _ in 0..500 {
            let (mut line, mut out) = (server.accept(), Vec::new());
            line.step(Duration::ZERO, Input::Bytes(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"), &mut out);
            let text = String::from_utf8_lossy(&rng.bytes::<12>()).into_owned();
            crate::peers::websocket::Session::new(crate::peers::websocket::Role::Client, rng.fork())
                .text(&format!("4{text}"), &mut out);
            let at = out.iter().rposition(|byte| *byte == 0x81).unwrap_or(0);
            let frame = out.split_off(at);
            line.step(Duration::ZERO, Input::Bytes(&frame), &mut out);
            line.step(Duration::ZERO, Input::Ended, &mut out);
        }
    }
}
