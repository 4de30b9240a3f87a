//! Engine.IO over HTTP: one dialogue over many connections, several packets in one body, and what servers refuse.
//! The connections are made here.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]

use etherparse::PacketBuilder;
use osi_tutor::flow::follow::{Follower, messages};
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{FieldDef, Packet, RawFrame, Trouble, Value};
use osi_tutor::proto::{ConversationKind, engineio, socketio, walk};
use osi_tutor::view::{Theme, brief::Brief};
use std::collections::HashMap;

/// What a client and a server say, over as many connections as they like.
#[derive(Default)]
struct Wire {
    sent: HashMap<(u16, bool), u32>,
    frames: u64,
    tracker: Option<Tracker>,
}

impl Wire {
    fn say(&mut self, port: u16, client: bool, message: &[u8]) -> Packet {
        let mine = *self.sent.entry((port, client)).or_insert(1);
        let theirs = *self.sent.entry((port, !client)).or_insert(1);
        let ([from, to], ports) = if client { ([1, 2], [port, 80]) } else { ([2, 1], [80, port]) };
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
            .tcp(ports[0], ports[1], mine, 60_000)
            .ack(theirs)
            .write(&mut bytes, message)
            .unwrap();
        self.sent.insert((port, client), mine + message.len() as u32);
        self.frames += 1;
        let tracker = self.tracker.get_or_insert_with(|| Tracker::new(Limits::default()));
        let mut packet = Packet::new();
        walk(&RawFrame::whole(self.frames, bytes), tracker, &mut packet);
        packet
    }

    fn asks(&mut self, port: u16, target: &str) -> Packet {
        self.say(port, true, format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())
    }

    fn posts(&mut self, port: u16, target: &str, kind: &str, body: &[u8]) -> Packet {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.say(port, true, &[head.as_bytes(), body].concat())
    }

    fn answers(&mut self, port: u16, status: &str, kind: &str, body: &[u8]) -> Packet {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        self.say(port, false, &[head.as_bytes(), body].concat())
    }
}

const TEXT: &str = "text/plain; charset=UTF-8";
const BYTES: &str = "application/octet-stream";
const FOUR: &str = "/socket.io/?EIO=4&transport=polling&sid=abc";
const THREE: &str = "/socket.io/?EIO=3&transport=polling&sid=abc";

fn texts(p: &Packet, def: &'static FieldDef) -> Vec<String> {
    let bytes = |f: &osi_tutor::model::Field| match f.value {
        Value::Text(s) | Value::Bytes(s) => String::from_utf8_lossy(p.bytes(s)).into_owned(),
        _ => String::new(),
    };
    p.all(def).map(bytes).collect()
}

fn numbers(p: &Packet, def: &'static FieldDef) -> Vec<u64> {
    p.all(def).filter_map(|f| f.value.uint()).collect()
}

fn trouble(p: &Packet) -> Option<Trouble> {
    p.layers.iter().find_map(|l| l.trouble)
}

/// What `follow --as messages` says of a packet: the innermost protocol of each message, and its length.
fn told(p: &Packet) -> Vec<(&'static str, u32)> {
    let mut follower = Follower::new(ConversationKind::Tcp, 0);
    let (transport, _) = follower.belongs(p).unwrap();
    let inner = |m: &osi_tutor::flow::follow::Message| p.layers[m.layers.clone()].last().unwrap().proto.name;
    messages(p, transport).iter().map(|m| (inner(m), m.len)).collect()
}

fn line(p: &Packet) -> String {
    let mut out = String::new();
    Brief::new(Theme::new(false), None).line(p, &mut out);
    out
}

#[test]
fn every_packet_of_a_body_is_a_message_and_stands_in_the_line() {
    let mut w = Wire::default();
    w.asks(4000, FOUR);
    let p = w.answers(4000, "200 OK", TEXT, "40{\"sid\":\"x\"}\u{1e}42[\"one\"]\u{1e}2\u{1e}42[\"two\",2]".as_bytes());
    assert_eq!(told(&p), [("socketio", 13), ("socketio", 10), ("engineio", 2), ("socketio", 12)]);
    let said = line(&p);
    assert!(said.contains("event \"one\" · ENGINEIO Ping · and 1 more"), "{said}");
    w.asks(4000, THREE);
    let p = w.answers(4000, "200 OK", TEXT, "23:0{\"sid\":\"abc\",\"é\":\"\u{1f600}\"}2:409:42[\"two\"]".as_bytes());
    assert_eq!(told(&p).iter().map(|m| m.0).collect::<Vec<_>>(), ["engineio", "socketio", "socketio"]);
    assert!(line(&p).contains("ENGINEIO Open, sid abc · Engine.IO message, Socket.IO connect · "), "{}", line(&p));
    // A body in chunks, too.
    w.asks(4000, FOUR);
    let p = w.say(
        4000,
        false,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n42[\"a\"]\x1e4\r\n7\r\n2[\"bc\"]\r\n0\r\n\r\n",
    );
    assert_eq!(told(&p), [("socketio", 7), ("socketio", 9)]);
}

#[test]
fn attachments_find_their_event_on_whatever_connection_they_come() {
    let bodies: [(&str, &str, &[&[u8]]); 3] = [
        (
            FOUR,
            TEXT,
            &[b"452-[\"up\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]", b"baGk=\x1eb4444"],
        ),
        (
            THREE,
            TEXT,
            &[
                b"70:452-[\"up\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
                b"6:b4aGk=6:b44444",
            ],
        ),
        (
            THREE,
            BYTES,
            &[
                b"\x00\x07\x00\xff452-[\"up\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
                b"\x01\x03\xff\x04hi\x01\x04\xff\x04\xe3\x8e\x38",
            ],
        ),
    ];
    for (target, kind, body) in bodies {
        for client in [true, false] {
            let mut w = Wire::default();
            let mut speak = |port, body: &[u8]| {
                if client {
                    return w.posts(port, target, kind, body);
                }
                w.asks(port, target);
                w.answers(port, "200 OK", kind, body)
            };
            let event = speak(4000, body[0]);
            assert_eq!((texts(&event, &socketio::EVENT), trouble(&event)), (vec!["up".to_owned()], None));
            let p = speak(4001, body[1]);
            assert_eq!(trouble(&p), None);
            assert_eq!(texts(&p, &socketio::ATTACHMENT)[0], "hi");
            assert_eq!(numbers(&p, &socketio::ATTACHMENT_NUMBER), [0, 1]);
            assert_eq!(numbers(&p, &socketio::ATTACHMENTS_LEFT), [1, 0], "complete with the last one");
            assert_eq!(numbers(&p, &socketio::ATTACHMENT_FRAME), [event.number; 2]);
            // One more belongs to nothing.
            let p = speak(4002, body[1]);
            assert!(p.field(&socketio::ATTACHMENT).is_none() && p.field(&engineio::BINARY).is_some());
        }
    }
}

#[test]
fn another_dialogue_another_direction_and_another_server_have_nothing_to_do_with_it() {
    let event = b"451-[\"up\",{\"_placeholder\":true,\"num\":0}]";
    let other = "/socket.io/?EIO=4&transport=polling&sid=other";
    let mut w = Wire::default();
    w.posts(4000, FOUR, TEXT, event);
    assert!(w.posts(4001, other, TEXT, b"baGk=").field(&socketio::ATTACHMENT).is_none());
    w.asks(4002, FOUR);
    assert!(w.answers(4002, "200 OK", TEXT, b"baGk=").field(&socketio::ATTACHMENT).is_none());
    assert!(w.posts(4003, FOUR, TEXT, b"baGk=").field(&socketio::ATTACHMENT).is_some());
}

#[test]
fn jsonp_is_unwrapped_in_both_directions() {
    let target = "/socket.io/?EIO=3&transport=polling&j=0";
    let mut w = Wire::default();
    w.asks(4000, target);
    let body = br#"___eio[0]("20:0{\"sid\":\"abc\",\"\u00e9\":1}2:408:42[\"hi\"]");"#;
    let p = w.answers(4000, "200 OK", "text/javascript; charset=UTF-8", body);
    assert_eq!((trouble(&p), numbers(&p, &engineio::TYPE)), (None, vec![0, 4, 4]));
    assert_eq!((texts(&p, &socketio::EVENT), numbers(&p, &engineio::JSONP)), (vec!["hi".to_owned()], vec![0]));
    let sid = "/socket.io/?EIO=3&transport=polling&j=1&sid=abc";
    let form = "application/x-www-form-urlencoded";
    let p = w.posts(4000, sid, form, br"d=9%3A42%5B%22a%2Bb%22%5D10%3A42%5B%22x%5C%5Cny%22%5D");
    assert_eq!(trouble(&p), None, "{:?}", texts(&p, &engineio::DATA));
    assert_eq!(texts(&p, &socketio::EVENT), ["a+b", "x\ny"]);
    let p = w.answers(4000, "200 OK", "text/html", b"ok");
    assert!(p.field(&engineio::OK).is_some() && trouble(&p).is_none());
    // What is cut short is cut, and no more.
    w.asks(4001, target);
    let p = w.say(4001, false, b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n___eio[0](\"21:0{\\\"sid");
    assert!(p.field(&engineio::JSONP).is_some());
}

#[test]
fn a_refusal_is_read_in_every_form_and_nothing_else_is() {
    let mut w = Wire::default();
    for (target, status, kind, body, code) in [
        (THREE, "400 Bad Request", "application/json", r#"{"code":5,"message":"Unsupported protocol version"}"#, 5),
        (FOUR, "400 Bad Request", "application/json", r#"{"code":1,"message":"Session ID unknown"}"#, 1),
        (FOUR, "403 Forbidden", "application/json", r#"{"code":4,"message":"not on Sundays"}"#, 4),
        (
            "/socket.io/?transport=polling",
            "400 Bad Request",
            "application/json",
            r#"{"message":"Bad request","code":3}"#,
            3,
        ),
        ("/socket.io/?EIO=4&transport=websocket", "400 Bad Request", "text/html", "Transport unknown", 0),
        (
            THREE,
            "400 BAD REQUEST",
            "text/plain",
            "\"The client is using an unsupported version of the Socket.IO or Engine.IO protocols\"",
            5,
        ),
    ] {
        w.asks(4000, target);
        let p = w.answers(4000, status, kind, body.as_bytes());
        assert_eq!((numbers(&p, &engineio::ERROR_CODE), trouble(&p)), (vec![code], None), "{body}");
        assert!(body.contains(&texts(&p, &engineio::ERROR_MESSAGE)[0]));
        assert!(line(&p).contains("Refused: ") && !status.is_empty(), "{}", line(&p));
        assert!(kind != "application/json" || p.layers.iter().any(|l| l.proto.name == "json"), "JSON it is, too");
    }
    for (target, body) in
        [(FOUR, r#"{"code":17,"message":"x"}"#), (FOUR, "no"), ("/api", r#"{"code":1,"message":"x"}"#)]
    {
        w.asks(4000, target);
        let p = w.answers(4000, "400 Bad Request", "application/json", body.as_bytes());
        assert!(p.layer(&engineio::ABOUT).is_none(), "{body}");
    }
}

#[test]
fn a_server_of_version_2_answers_a_client_of_version_4_in_its_own_way() {
    let mut w = Wire::default();
    w.asks(4000, "/socket.io/?EIO=4&transport=polling");
    let p = w.answers(4000, "200 OK", TEXT, b"13:0{\"sid\":\"ab\"}2:40");
    assert!(matches!(trouble(&p), Some(Trouble::Breaks(why)) if why.0.contains("answers in protocol 3")));
    assert_eq!(numbers(&p, &engineio::TYPE), [0, 4]);
    assert_eq!(texts(&p, &engineio::SID)[0], "ab");
}
