//! Engine.IO and Socket.IO against the official codecs of npm, in both versions: `socketio/generate.js` makes
//! seeded packets and says what the official decoders read in them; the same bytes go through WebSocket frames
//! or HTTP bodies, in segments, and our fields must say the same.
//!
//! It needs Node and `npm ci` in `tests/socketio`. Without them it prints SKIPPED; under `REQUIRE_PEERS=1` it fails.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]

mod common;

use common::skipped;
use etherparse::PacketBuilder;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Field, FieldDef, Layer, Packet, RawFrame, Time, Value};
use osi_tutor::peers::engineio::{self as codec, Message};
use osi_tutor::peers::socketio::{self as codec_above, Decoder, Kind};
use osi_tutor::proto::{engineio, socketio, walk};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const SEED: &str = "20260101";
const CASES: &str = "4000";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    eio: u8,
    transport: String,
    client: bool,
    chunked: bool,
    wire: Vec<Wire>,
    packets: Vec<Told>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    text: Option<String>,
    hex: Option<String>,
}

/// What the official decoders say of one Engine.IO packet.
#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Told {
    r#type: i64,
    data: Option<String>,
    binary: Option<String>,
    /// The Socket.IO decoder does not take it.
    refused: bool,
    socket: Option<Socket>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Socket {
    r#type: i64,
    nsp: String,
    id: Option<u64>,
    data: Option<Json>,
    attachments: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socketio")
}

/// What the generator prints, or why it cannot run.
fn generated() -> Result<String, String> {
    if !folder().join("node_modules").is_dir() {
        return Err("tests/socketio has no node_modules (npm ci there brings them)".into());
    }
    let run = Command::new("node").arg(folder().join("generate.js")).args([SEED, CASES]).output();
    let run = run.map_err(|e| format!("node does not run: {e}"))?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Ok(String::from_utf8(run.stdout).expect("JSON is UTF-8"))
}

/// What the generator prints. Without it, the test says so and is skipped, or fails.
fn generated_or_skipped() -> Option<String> {
    match generated() {
        Ok(lines) => Some(lines),
        Err(why) => {
            skipped(&why);
            None
        }
    }
}

#[test]
fn every_packet_of_the_official_codecs_is_read_as_they_read_it() {
    let Some(lines) = generated_or_skipped() else { return };
    let (mut packets, mut differences, mut seen) = (0, String::new(), [[0; 7]; 2]);
    for (number, line) in lines.lines().enumerate() {
        let case: Case = serde_json::from_str(line).expect("the generator writes what is declared above");
        let ours = read(&case);
        packets += case.packets.len();
        if ours.len() != case.packets.len() {
            _ = writeln!(differences, "case {number}: {} packets, theirs {}\n  {line}", ours.len(), case.packets.len());
        }
        for (ours, theirs) in ours.iter().zip(&case.packets) {
            seen[0][usize::try_from(theirs.r#type).expect("a known type")] += 1;
            if let Some(socket) = &theirs.socket {
                seen[1][usize::try_from(socket.r#type).expect("a known type")] += 1;
            }
            if let Some(what) = differs(ours, theirs) {
                _ = writeln!(differences, "case {number}: {what}\n  ours   {ours:?}\n  theirs {theirs:?}");
            }
        }
    }
    let cut: String = differences.chars().take(6000).collect();
    assert!(differences.is_empty(), "{} differences\n{cut}", differences.matches("case ").count());
    assert!(packets > 8000 && seen.as_flattened().iter().all(|&n| n > 50), "{packets} packets: {seen:?}");
    println!("{packets} packets, no difference; Engine.IO and Socket.IO types: {seen:?}");
}

#[test]
fn our_programs_codec_reads_what_the_official_codecs_read() {
    let Some(lines) = generated_or_skipped() else { return };
    let (mut packets, mut differences) = (0, String::new());
    for (number, line) in lines.lines().enumerate() {
        let case: Case = serde_json::from_str(line).expect("the generator writes what is declared above");
        if case.eio != 4 {
            continue;
        }
        let ours = read_by_codec(&case);
        assert_eq!(ours.len(), case.packets.len(), "case {number}: {line}");
        packets += ours.len();
        for (ours, theirs) in ours.iter().zip(&case.packets) {
            // The decoder takes an event or an acknowledgment without its array; our programs do not.
            let bare = theirs.socket.as_ref().is_some_and(|socket| socket.data.is_none() && socket.r#type > 1);
            if (ours.refused && bare) || ours == theirs {
                continue;
            }
            _ = writeln!(differences, "case {number}\n  ours   {ours:?}\n  theirs {theirs:?}");
        }
    }
    let cut: String = differences.chars().take(6000).collect();
    assert!(differences.is_empty(), "{} differences\n{cut}", differences.matches("case ").count());
    assert!(packets > 4000, "{packets} packets");
}

/// Reads a case with the codec of our own programs, and says what it holds as the official decoders do.
fn read_by_codec(case: &Case) -> Vec<Told> {
    let packets: Vec<_> = match case.transport.as_str() {
        "polling" => codec::read_payload(&bytes(&case.wire[0])).expect("they are packets"),
        _ => case.wire.iter().map(packet_of).collect(),
    };
    let (mut decoder, mut found, mut waiting) = (Decoder::default(), Vec::<Told>::new(), 0);
    for packet in packets {
        let mut told = Told { r#type: kind_of(&packet), ..Told::default() };
        match &packet {
            codec::Packet::Open(data) | codec::Packet::Ping(data) | codec::Packet::Pong(data) => {
                told.data = Some(data.clone()).filter(|data| !data.is_empty());
            }
            codec::Packet::Message(Message::Text(data)) => told.data = Some(data.clone()).filter(|d| !d.is_empty()),
            codec::Packet::Message(Message::Binary(data)) => told.binary = Some(hex(data)),
            _ => {}
        }
        let is_text = told.data.is_some();
        let at = found.len();
        found.push(told);
        let codec::Packet::Message(message) = packet else { continue };
        // An empty message is none of Socket.IO's, for either of us.
        if message == Message::Text(String::new()) {
            continue;
        }
        match decoder.take(message) {
            Ok(Some(packet)) => found[if is_text { at } else { waiting }].socket = Some(socket_of(&packet)),
            Ok(None) if is_text => waiting = at,
            Ok(None) => {}
            Err(_) => found[at].refused = true,
        }
    }
    found
}

fn packet_of(wire: &Wire) -> codec::Packet {
    match &wire.text {
        Some(text) => codec::Packet::read(text).expect("it is a packet"),
        None => codec::Packet::Message(Message::Binary(bytes(wire))),
    }
}

fn kind_of(packet: &codec::Packet) -> i64 {
    match packet {
        codec::Packet::Open(_) => 0,
        codec::Packet::Close => 1,
        codec::Packet::Ping(_) => 2,
        codec::Packet::Pong(_) => 3,
        codec::Packet::Message(_) => 4,
        codec::Packet::Upgrade => 5,
        codec::Packet::Noop => 6,
    }
}

fn socket_of(packet: &codec_above::Packet) -> Socket {
    let binary = !packet.attachments.is_empty();
    let r#type = match packet.kind {
        Kind::Connect => 0,
        Kind::Disconnect => 1,
        Kind::Event => 2 + 3 * i64::from(binary),
        Kind::Ack => 3 + 3 * i64::from(binary),
        Kind::ConnectError => 4,
    };
    let attachments = packet.attachments.iter().map(|bytes| hex(bytes)).collect();
    Socket { r#type, nsp: packet.namespace.clone(), id: packet.id, data: packet.data.clone(), attachments }
}

/// A JSON value that a program may send.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        ".{0,20}".prop_map(|text| Json::from(text.replace('\u{1e}', ""))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..4)
                .prop_map(|all| Json::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_our_programs_write_our_dissectors_read(
        name in "[a-zé ]{1,12}",
        arguments in prop::collection::vec(any_json(), 0..4),
        id in prop::option::of(0_u64..1_000_000),
        picture in prop::option::of(prop::collection::vec(any::<u8>(), 1..60)),
        namespace in prop_oneof![Just("/"), Just("/admin")],
        polling in any::<bool>(),
        client in any::<bool>(),
    ) {
        let event = match picture {
            Some(bytes) => codec_above::Packet::binary_event(&name, bytes),
            None => codec_above::Packet::event(&name, arguments),
        };
        let event = codec_above::Packet { id, namespace: namespace.into(), ..event };
        let packets: Vec<_> = event.write().into_iter().map(codec::Packet::Message).collect();
        let wire = if polling {
            vec![Wire { text: Some(codec::write_payload(&packets)), hex: None }]
        } else {
            let frames = packets.iter().map(|packet| match packet {
                codec::Packet::Message(Message::Binary(bytes)) => Wire { text: None, hex: Some(hex(bytes)) },
                packet => Wire { text: Some(packet.write()), hex: None },
            });
            frames.collect()
        };
        let transport = if polling { "polling" } else { "websocket" }.into();
        let case = Case { eio: 4, transport, client, chunked: false, wire, packets: Vec::new() };
        let found = read(&case);
        prop_assert_eq!(found.len(), packets.len());
        prop_assert_eq!(found[0].socket.as_ref(), Some(&socket_of(&event)));
    }
}

/// A case of one text over a WebSocket, from the server.
fn texts(all: &[&str]) -> Case {
    let wire = all.iter().map(|text| Wire { text: Some((*text).into()), hex: None }).collect();
    Case { eio: 4, transport: "websocket".into(), client: false, chunked: false, wire, packets: Vec::new() }
}

#[test]
fn a_websocket_whose_target_names_no_known_version_is_not_engine_io() {
    let case = texts(&["42[\"chat\",\"hi\"]"]);
    for query in [
        "",
        "?EIO=5&transport=websocket",
        "?EIO=4&transport=polling",
        "?transport=websocket",
        "?EIO=44&transport=websocket",
    ] {
        assert_eq!(carry(&case, &format!("/socket.io/{query}")).found, [], "{query}");
    }
    assert_eq!(carry(&case, "/socket.io/?EIO=4&transport=websocket").found.len(), 1);
}

#[test]
fn the_sid_of_the_open_packet_is_remembered_on_a_websocket_that_begins_the_dialogue() {
    let w = carry(&texts(&["0{\"sid\":\"first\"}", "2"]), "/socket.io/?EIO=4&transport=websocket");
    assert_eq!(w.packet.octets(&engineio::SID), Some(&b"first"[..]));
    assert_eq!(w.packet.uint(&engineio::TYPE), Some(2));
}

/// What differs, if anything does.
fn differs(ours: &Told, theirs: &Told) -> Option<&'static str> {
    if ours.r#type != theirs.r#type {
        return Some("type");
    }
    if ours.data != theirs.data || ours.binary != theirs.binary {
        return Some("data");
    }
    match (&ours.socket, &theirs.socket) {
        // What the decoder refuses may look like a packet with damage; then the layer says so.
        (Some(_), None) if theirs.refused => None,
        // The decoders take an event or an acknowledgment without its array.
        (None, Some(theirs)) if theirs.data.is_none() && theirs.r#type > 1 => None,
        // Of a server's answer to a connect, only its two names are shown.
        (Some(ours), Some(theirs)) if ours.r#type == 0 && ours.data != theirs.data => {
            let named = |s: &Socket, name| s.data.as_ref().and_then(|d| d.get(name)).filter(|v| v.is_string()).cloned();
            ["sid", "pid"].iter().any(|name| named(ours, name) != named(theirs, name)).then_some("connect")
        }
        (Some(ours), Some(theirs)) if ours.r#type == 4 && ours.data != theirs.data => {
            let whole = theirs.data.clone().unwrap_or_default();
            let message = whole.get("message").filter(|m| m.is_string());
            let shown = match message {
                Some(message) => serde_json::json!({ "message": message, "data": whole.get("data") }),
                None => serde_json::json!({ "message": null, "data": whole }),
            };
            let ours = ours.data.as_ref();
            let named = |name| ours.and_then(|d| d.get(name)).unwrap_or(&Json::Null);
            (named("message") != &shown["message"] || named("data") != &shown["data"]).then_some("connect error")
        }
        (Some(ours), Some(theirs)) => [
            (ours.r#type != theirs.r#type, "type of Socket.IO"),
            ((&ours.nsp, ours.id) != (&theirs.nsp, theirs.id), "namespace or id"),
            (ours.data != theirs.data, "arguments"),
            (ours.attachments != theirs.attachments, "attachments"),
        ]
        .into_iter()
        .find_map(|(differs, what)| differs.then_some(what)),
        (ours, theirs) => (ours != theirs).then_some("whether it is Socket.IO"),
    }
}

// ---- the wire

/// A connection that carries one case.
struct Wires {
    tracker: Tracker,
    packet: Packet,
    frame: u64,
    /// The next sequence number of client and server.
    seq: [u32; 2],
    found: Vec<Told>,
    /// The packet that the attachments to come belong to.
    waiting: usize,
}

fn read(case: &Case) -> Vec<Told> {
    carry(case, &format!("/socket.io/?EIO={}&transport={}&sid=abc", case.eio, case.transport)).found
}

/// Sends a case over a connection whose requests have this target.
fn carry(case: &Case, target: &str) -> Wires {
    let mut w = Wires {
        tracker: Tracker::new(Limits::default()),
        packet: Packet::new(),
        frame: 0,
        seq: [1000, 5000],
        found: Vec::new(),
        waiting: 0,
    };
    w.segment(true, "S", b"");
    w.segment(false, "SA", b"");
    w.segment(true, "A", b"");
    if case.transport == "websocket" {
        w.say(true, format!("GET {target} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").as_bytes());
        w.say(false, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        for wire in &case.wire {
            w.say(case.client, &frame(wire, case.client));
        }
    } else {
        let wire = &case.wire[0];
        let kind = if wire.text.is_some() { "text/plain; charset=UTF-8" } else { "application/octet-stream" };
        let body = body(wire, case.chunked);
        if case.client {
            w.say(true, &[format!("POST {target} HTTP/1.1\r\nContent-Type: {kind}\r\n").as_bytes(), &body].concat());
        } else {
            w.say(true, format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes());
            w.say(false, &[format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n").as_bytes(), &body].concat());
        }
    }
    w
}

fn bytes(wire: &Wire) -> Vec<u8> {
    match (&wire.text, &wire.hex) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (_, Some(hex)) => (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect(),
        _ => Vec::new(),
    }
}

/// A WebSocket frame (RFC 6455 §5.2); a client's is masked.
fn frame(wire: &Wire, client: bool) -> Vec<u8> {
    let payload = bytes(wire);
    let mut out = vec![if wire.text.is_some() { 0x81 } else { 0x82 }];
    let mask = if client { 0x80 } else { 0 };
    if payload.len() < 126 {
        out.push(mask | payload.len() as u8);
    } else if let Ok(len) = u16::try_from(payload.len()) {
        out.push(mask | 0x7e);
        out.extend_from_slice(&len.to_be_bytes());
    } else {
        out.push(mask | 0x7f);
        out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    }
    let key = if client { [0x12, 0x34, 0x56, 0x78] } else { [0; 4] };
    if client {
        out.extend_from_slice(&key);
    }
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
    out
}

/// The rest of a message, from the header that says how long its body is.
fn body(wire: &Wire, chunked: bool) -> Vec<u8> {
    let bytes = bytes(wire);
    if !chunked {
        return [format!("Content-Length: {}\r\n\r\n", bytes.len()).as_bytes(), &bytes].concat();
    }
    let mut out = b"Transfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in bytes.chunks(100) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

impl Wires {
    /// Sends bytes in segments that no border respects.
    fn say(&mut self, client: bool, bytes: &[u8]) {
        for piece in bytes.chunks(777) {
            self.segment(client, "PA", piece);
        }
    }

    fn segment(&mut self, client: bool, flags: &str, data: &[u8]) {
        let (own, other) = (usize::from(!client), usize::from(client));
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]);
        let (ip, ports) = if client {
            (builder.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64), (50_000, 80))
        } else {
            (builder.ipv4([10, 0, 0, 2], [10, 0, 0, 1], 64), (80, 50_000))
        };
        let mut tcp = ip.tcp(ports.0, ports.1, self.seq[own], 64_000);
        for flag in flags.chars() {
            tcp = match flag {
                'S' => tcp.syn(),
                'P' => tcp.psh(),
                _ => tcp.ack(self.seq[other]),
            };
        }
        self.seq[own] += data.len() as u32 + u32::from(flags.starts_with('S'));
        self.frame += 1;
        let mut raw = RawFrame { time: Time::new(0, 0), ..RawFrame::whole(self.frame, Vec::new()) };
        tcp.write(&mut raw.bytes, data).expect("it fits");
        raw.len = raw.bytes.len() as u32;
        walk(&raw, &mut self.tracker, &mut self.packet);
        self.collect();
    }

    /// What the layers of this packet say.
    fn collect(&mut self) {
        let p = &self.packet;
        for layer in &p.layers {
            if std::ptr::eq(layer.proto, &raw const engineio::ABOUT) {
                let kind = p.uint_in(layer, &engineio::TYPE).map_or(-1, u64::cast_signed);
                let data = text(p, layer, &engineio::DATA);
                let binary = p.octets_in(layer, &engineio::BINARY).map(hex);
                self.found.push(Told { r#type: kind, data, binary, ..Told::default() });
                check_spans(p, layer);
            } else if std::ptr::eq(layer.proto, &raw const socketio::ABOUT) {
                if let Some(bytes) = p.octets_in(layer, &socketio::ATTACHMENT) {
                    let number = p.uint_in(layer, &socketio::ATTACHMENT_NUMBER).expect("it has a number");
                    let event = self.found[self.waiting].socket.as_mut().expect("its event came before");
                    assert_eq!(usize::try_from(number).ok(), Some(event.attachments.len()));
                    event.attachments.push(hex(bytes));
                    continue;
                }
                let socket = packet(p, layer);
                if let Some(last) = self.found.last_mut() {
                    last.socket = Some(socket);
                }
                self.waiting = self.found.len() - 1;
                check_spans(p, layer);
            }
        }
    }
}

/// A Socket.IO packet as the official decoder would give it.
fn packet(p: &Packet, layer: &Layer) -> Socket {
    let json = |f: &Field| serde_json::from_str::<Json>(&shown(p, f)).unwrap_or(Json::String("no JSON".into()));
    let kind = p.uint_in(layer, &socketio::TYPE).expect("it has a type").cast_signed();
    let mut nsp = text(p, layer, &socketio::NAMESPACE).expect("it has a namespace");
    if let Some(query) = text(p, layer, &socketio::QUERY) {
        nsp = format!("{nsp}?{query}");
    }
    let mut list: Vec<Json> = Vec::new();
    let mut object = serde_json::Map::new();
    let mut whole = None;
    for f in p.fields_of(layer) {
        let name = |def: &'static FieldDef| std::ptr::eq(f.def, def);
        let string = || Json::String(shown(p, f));
        if name(&socketio::EVENT) {
            // A name between quotes is a text; a number is one.
            let quoted = f.span.start > 0 && before(p, f) == Some(b'"');
            list.push(if quoted { string() } else { json(f) });
        } else if name(&socketio::ARGUMENT) {
            list.push(json(f));
        } else if name(&socketio::AUTH) {
            whole = Some(json(f));
        } else if name(&socketio::SID) {
            object.insert("sid".into(), string());
        } else if name(&socketio::PID) {
            object.insert("pid".into(), string());
        } else if name(&socketio::ERROR_MESSAGE) {
            if is_mere_text(p, layer, f) {
                whole = Some(string());
            } else {
                object.insert("message".into(), string());
            }
        } else if name(&socketio::ERROR_DATA) {
            object.insert("data".into(), json(f));
        }
    }
    let listed = matches!(kind, 2 | 3 | 5 | 6).then_some(Json::Array(list));
    let data = listed.or(whole).or_else(|| (!object.is_empty()).then_some(Json::Object(object)));
    Socket { r#type: kind, nsp, id: p.uint_in(layer, &socketio::ACK_ID), data, attachments: Vec::new() }
}

/// The byte before a field.
fn before(p: &Packet, f: &Field) -> Option<u8> {
    let buffer = p.buffers().get(usize::from(f.span.buf))?;
    buffer.bytes.get((f.span.start as usize).checked_sub(1)?).copied()
}

/// Whether an error is a mere text: its packet ends right behind it.
fn is_mere_text(p: &Packet, layer: &Layer, f: &Field) -> bool {
    let buffer = &p.buffers()[usize::from(f.span.buf)].bytes;
    f.span.end() + 1 == layer.span.end() && buffer.get(layer.span.end() as usize - 1) == Some(&b'"')
}

fn shown(p: &Packet, f: &Field) -> String {
    match f.value {
        Value::Text(s) | Value::Bytes(s) => String::from_utf8_lossy(p.bytes(s)).into_owned(),
        _ => String::new(),
    }
}

fn text(p: &Packet, layer: &Layer, def: &'static FieldDef) -> Option<String> {
    p.field_in(layer, def).map(|f| shown(p, f))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        _ = write!(out, "{b:02x}");
        out
    })
}

/// Numbers that are written as digits lie on exactly these digits.
fn check_spans(p: &Packet, layer: &Layer) {
    let decimal =
        [&socketio::TYPE, &socketio::ATTACHMENTS, &socketio::ACK_ID, &engineio::PING_INTERVAL, &engineio::MAX_PAYLOAD];
    for f in p.fields_of(layer).iter().filter(|f| decimal.iter().any(|d| std::ptr::eq(*d, f.def))) {
        let written = std::str::from_utf8(p.bytes(f.span)).ok().and_then(|s| s.parse().ok());
        assert_eq!(written, f.value.uint(), "{}", f.def.name);
    }
}
