//! Conversations as scripts: who sends what, and what the tracker makes of it.
//!
//! A line of `flow/*.script` is a segment, and behind `=>` everything that followed from it:
//!
//! ```text
//! client SYN seq=100                => SYN-SENT LISTEN, opened
//! server SYN ACK seq=300 ack=101    => SYN-SENT SYN-RECEIVED
//! client ACK seq=101 ack=301 "GET"  => ESTABLISHED ESTABLISHED, http
//! ```
//!
//! First the states of client and server, then the events, the verdicts (`tcp.analysis.…`, without that
//! prefix), and the layers above TCP. Each line must match wholly. The server's port is 80; `port=443` names another.
//! Time moves by 10 ms a line; `wait 500` adds so many. After a deliberate change, `BLESS=1 cargo test --test flow` writes the
//! right sides anew: read the difference before you keep it.

use etherparse::PacketBuilder;
use osi_tutor::flow::{Event, Limits, Tracker};
use osi_tutor::model::{Kind, Osi, Packet, RawFrame, Time};
use osi_tutor::proto::{tcp, walk};
use std::fmt::Write;
use std::path::Path;

const CLIENT: ([u8; 4], u16) = ([192, 0, 2, 1], 40_000);
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 2], 80);

struct Script {
    tracker: Tracker,
    packet: Packet,
    number: u64,
    millis: i64,
}

/// Builds the segment of a line's left side.
fn segment(line: &str) -> Vec<u8> {
    let (words, payload) = match line.split_once('"') {
        Some((words, text)) => (words, unescape(text.rsplit_once('"').expect("a text ends with a quote").0)),
        None => (line, Vec::new()),
    };
    let mut words = words.split_whitespace();
    let (mut from, mut to) = match words.next() {
        Some("client") => (CLIENT, SERVER),
        Some("server") => (SERVER, CLIENT),
        other => panic!("{other:?} is nobody: {line}"),
    };
    let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4(from.0, to.0, 64);
    let (mut seq, mut ack, mut flags) = (0, None, Vec::new());
    for word in words {
        match word.split_once('=') {
            Some(("seq", n)) => seq = n.parse().expect("a number"),
            Some(("ack", n)) => ack = Some(n.parse().expect("a number")),
            Some(("port", n)) => {
                let server = if from == CLIENT { &mut to } else { &mut from };
                server.1 = n.parse().expect("a port");
            }
            _ => flags.push(word),
        }
    }
    let mut tcp = packet.tcp(from.1, to.1, seq, 64_000);
    for flag in flags {
        tcp = match flag {
            "SYN" => tcp.syn(),
            "FIN" => tcp.fin(),
            "RST" => tcp.rst(),
            "ACK" => tcp.ack(ack.expect("an ACK has a number")),
            other => panic!("{other} is no flag: {line}"),
        };
    }
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, &payload).expect("a segment fits");
    bytes
}

/// `\r`, `\n` and `\x81` in a text.
fn unescape(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        let (byte, used) = match after.as_bytes() {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            _ => (u8::from_str_radix(&after[1..3], 16).expect("two hexadecimal digits"), 3),
        };
        out.push(byte);
        rest = &after[used..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

impl Script {
    fn send(&mut self, line: &str) -> String {
        self.number += 1;
        self.millis += 10;
        let bytes = segment(line);
        let (number, time, len) = (self.number, Time(self.millis * 1_000_000), u32::try_from(bytes.len()).unwrap());
        walk(&RawFrame { number, time, len, bytes, ..RawFrame::default() }, &mut self.tracker, &mut self.packet);
        self.outcome()
    }

    fn outcome(&self) -> String {
        let connection = self.tracker.current().and_then(|c| self.tracker.connection(c)).expect("a connection");
        let mut out = format!("{} {}", connection.states[0], connection.states[1]);
        for event in self.tracker.events() {
            match event {
                // The states themselves stand in front.
                Event::StateChanged { .. } | Event::Judged { .. } => {}
                Event::Opened { .. } => out.push_str(", opened"),
                Event::Retransmitted { of: Some(n), .. } => _ = write!(out, ", repeats {n}"),
                Event::Retransmitted { of: None, unseen: true, .. } => out.push_str(", repeats what was not seen"),
                Event::Retransmitted { of: None, .. } => out.push_str(", repeats"),
                Event::CapturedTwice { of, .. } => _ = write!(out, ", captured twice ({of})"),
                Event::Refused { challenged: true, .. } => out.push_str(", challenged"),
                Event::Refused { challenged: false, .. } => out.push_str(", ignored"),
                Event::Switched { protocol, .. } => _ = write!(out, ", switched to {protocol}"),
                Event::Closed { .. } => out.push_str(", closed"),
                Event::GaveUp { bytes, .. } => _ = write!(out, ", gave up {bytes}"),
            }
        }
        let tcp = self.packet.layer(&tcp::ABOUT).expect("a TCP layer");
        for field in self.packet.fields_of(tcp) {
            if let Some(verdict) = field
                .def
                .name
                .strip_prefix("tcp.analysis.")
                .filter(|_| field.def.kind == Kind::Flag && !field.def.hidden)
            {
                _ = write!(out, ", {verdict}");
            }
        }
        for layer in
            self.packet.layers.iter().filter(|l| l.proto.osi > Osi::Transport || l.proto.name == "tcp.segments")
        {
            _ = write!(out, ", {}", layer.proto.name);
        }
        out
    }
}

/// Plays a script, and gives it back with the outcomes that were found.
fn play(text: &str) -> String {
    let tracker = Tracker::new(Limits::default());
    let mut script = Script { tracker, packet: Packet::new(), number: 0, millis: 0 };
    let mut out = String::new();
    for line in text.lines() {
        let left = line.split("=>").next().unwrap_or_default().trim_end();
        if left.is_empty() || left.starts_with('#') {
            out.push_str(line);
        } else if let Some(millis) = left.strip_prefix("wait ") {
            script.millis += millis.parse::<i64>().expect("milliseconds");
            out.push_str(line);
        } else {
            let outcome = script.send(left);
            _ = write!(out, "{left:<40} => {outcome}");
        }
        out.push('\n');
    }
    out
}

#[test]
fn every_script_ends_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow");
    let mut scripts: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    scripts.sort();
    assert!(scripts.len() >= 10, "the scripts are there");
    for path in scripts {
        let expected = std::fs::read_to_string(&path).unwrap();
        let found = play(&expected);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, found).unwrap();
            continue;
        }
        for (n, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(squeezed(found), squeezed(expected), "{} line {}", path.display(), n + 1);
        }
    }
}
