//! Questions and puzzles: each is verified on every capture, from the bytes; and the program that asks them.
//!
//! "Verified" means: the proof, run over the whole capture, selects the one frame that it claims; the answer is
//! computed anew from that frame's bytes; and what is offered as wrong is wrong.

mod common;

use common::captures;
use osi_tutor::ask::draft::paper::Maker;
use osi_tutor::ask::draft::puzzle::Puzzler;
use osi_tutor::ask::{Candidate, Choice, Kind, Question, Task, bank};
use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Layer, Packet, RawFrame, Value};
use osi_tutor::proto::walk;
use osi_tutor::sim::scenario::{READY, Scenario};
use osi_tutor::sim::{Fate, Simulation};
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

// ---- captures

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name)
}

/// A capture, or a simulation: scenario, seed, and which frame with data gets lost (0: none).
fn open(name: &str) -> Box<dyn Source> {
    let Some((scenario, numbers)) = name.split_once('@') else { return Box::new(File::open(&capture(name)).unwrap()) };
    let (seed, lost) = numbers.split_once('-').unwrap_or((numbers, "0"));
    let (seed, lost): (u64, u32) = (seed.parse().unwrap(), lost.parse().unwrap());
    let scenario = Scenario::ready(scenario).unwrap().unwrap();
    let mut data = 0;
    let fault = move |frame: &RawFrame| {
        data += u32::from(frame.bytes.len() > 60);
        if frame.bytes.len() > 60 && data == lost { Fate::Drop } else { Fate::Deliver }
    };
    Box::new(Simulation::new(&scenario, seed).with_fault(Box::new(fault)))
}

/// Every capture of the tests, and every ready scenario.
fn sources() -> Vec<String> {
    let mut all: Vec<String> = captures().iter().map(|f| f.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    all.extend(READY.iter().map(|(name, _)| format!("{name}@1")));
    all
}

/// More sources of what few captures hold: lost frames, Socket.IO, names.
fn more() -> Vec<(String, Kind)> {
    let lost = ["two-hosts", "chat"].into_iter().flat_map(|name| (1..=24).map(move |n| format!("{name}@1-{n}")));
    let chats =
        ["chat", "polling", "socketio"].into_iter().flat_map(|name| (2..=4).map(move |n| format!("{name}@{n}")));
    let names = ["dns", "web-request"].into_iter().flat_map(|name| (2..=4).map(move |n| format!("{name}@{n}")));
    let mut all: Vec<(String, Kind)> = lost.map(|name| (name, Kind::Retransmission)).collect();
    all.extend(chats.map(|name| (name, Kind::Socketio)));
    all.extend(names.map(|name| (name, Kind::Name)));
    all
}

/// All its packets, and what was asked about them.
fn asked(name: &str, seed: u64, kinds: &[Kind]) -> (BTreeMap<u64, Packet>, Vec<Question>) {
    let line = |packet: &Packet, out: &mut String| out.push_str(&packet.number.to_string());
    let mut maker = Maker::new(name, seed, kinds, 4, Vec::new(), line);
    let mut packets = BTreeMap::new();
    each(name, &mut |packet, tracker| {
        maker.take(packet, tracker);
        packets.insert(packet.number, packet.clone());
    });
    (packets, maker.finish().1)
}

fn each(name: &str, take: &mut dyn FnMut(&Packet, &Tracker)) {
    let (mut source, mut tracker) = (open(name), Tracker::new(Limits::default()));
    let (mut frame, mut packet) = (RawFrame::default(), Packet::new());
    // A capture that is cut short ends with an error; what came before counts.
    while let Ok(Step::Frame) = source.next(&mut frame) {
        walk(&frame, &mut tracker, &mut packet);
        take(&packet, &tracker);
    }
}

// ---- reading bytes again, without the fields

/// The layer of this protocol, and its bytes up to the end of the frame.
fn layer<'p>(packet: &'p Packet, name: &str) -> (&'p Layer, &'p [u8]) {
    let layer = packet.layers.iter().find(|l| l.proto.name == name).expect(name);
    assert_eq!(layer.span.buf, 0, "the layer lies in the frame itself");
    (layer, &packet.frame()[layer.span.start as usize..])
}

fn be(bytes: &[u8], at: usize, len: usize) -> u64 {
    bytes[at..at + len].iter().fold(0, |n, &b| n << 8 | u64::from(b))
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(half(bytes, at)) << 16 | u32::from(half(bytes, at + 2))
}

/// Sequence number, acknowledgment number, header length, flags, window, all as on the wire.
struct Tcp {
    seq: u32,
    ack: u32,
    header: usize,
    flags: u16,
    window: u64,
}

fn tcp_of(packet: &Packet) -> Tcp {
    let (_, b) = layer(packet, "tcp");
    Tcp {
        seq: word(b, 4),
        ack: word(b, 8),
        header: usize::from(b[12] >> 4) * 4,
        flags: half(b, 12) & 0xfff,
        window: be(b, 14, 2),
    }
}

/// Bytes of data, by the IP header's length.
fn data_len(packet: &Packet) -> usize {
    let header = tcp_of(packet).header;
    if packet.layers.iter().any(|l| l.proto.name == "ip") {
        let (_, b) = layer(packet, "ip");
        return usize::from(half(b, 2)) - usize::from(b[0] & 15) * 4 - header;
    }
    let (ip, b) = layer(packet, "ipv6");
    let extensions = (layer(packet, "tcp").0.span.start - ip.span.start) as usize - 40;
    usize::from(half(b, 4)) - extensions - header
}

/// What a segment uses up.
fn used(packet: &Packet) -> u32 {
    let ends = tcp_of(packet).flags & 3;
    u32::try_from(data_len(packet)).unwrap() + u32::from(ends != 0)
}

/// The numbers that follow a word in the prompt.
fn after(prompt: &str, word: &str) -> Vec<u64> {
    let of = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    prompt.split(word).skip(1).filter_map(of).collect()
}

fn frames(question: &Question) -> Vec<u64> {
    let mut all = after(&question.prompt, "rame ");
    all.dedup();
    all
}

// ---- verifying

/// The one frame that the proof selects.
fn proven<'p>(question: &Question, packets: &'p BTreeMap<u64, Packet>) -> &'p Packet {
    let filter = Filter::parse(&question.proof.filter).unwrap_or_else(|e| panic!("{}: {e}", question.id));
    let found: Vec<u64> = packets.values().filter(|p| filter.matches(p)).map(|p| p.number).collect();
    assert_eq!(found, [question.proof.frame], "{}: {}", question.id, question.proof.filter);
    &packets[&question.proof.frame]
}

fn verify(question: &Question, packets: &BTreeMap<u64, Packet>) {
    let id = &question.id;
    let packet = proven(question, packets);
    assert!(!question.prompt.is_empty() && !question.why.is_empty(), "{id}");
    assert_eq!(question.task.judge(&question.task.right()).map(|j| j.right), Some(true), "{id}");
    match &question.task {
        Task::Choose { choices, right } => {
            for (i, choice) in choices.iter().enumerate() {
                let same = choices.iter().filter(|c| c.text == choice.text).count();
                assert!(same == 1 && (i != *right || choice.betrays.is_none()), "{id}: {choices:?}");
            }
            verify_choice(question, packet, packets, choices, *right);
        }
        Task::Number { right, slips } => {
            assert!(slips.iter().all(|slip| slip.answer.number() != Some(*right)), "{id}: a slip is right");
            assert_eq!(*right, i128::from(number(question, packet, packets)), "{id}: {}", question.prompt);
        }
        Task::Bytes { frame, right } => {
            assert!(packet.frame().starts_with(frame) && right.1 < frame.len(), "{id}");
            verify_range(question, packet, *right);
        }
        Task::Packet { packets: all, right } => {
            assert_eq!(*right, packet.number, "{id}");
            assert!(all.is_sorted_by(|a, b| a.number < b.number), "{id}: {all:?}");
            assert!(all.iter().all(|p| p.number != *right || p.betrays.is_none()), "{id}");
            verify_reply(question, packets, all, *right);
        }
        Task::Text { right, .. } => verify_name(question, packet, &right[0].to_string()),
        Task::Order { .. } | Task::Blanks { .. } => panic!("{id} is a puzzle"),
    }
}

/// The right number, computed from bytes.
fn number(question: &Question, packet: &Packet, packets: &BTreeMap<u64, Packet>) -> u64 {
    let told = frames(question);
    match question.kind {
        Kind::Ack => {
            let asked = &packets[&told[0]];
            let next = tcp_of(asked).seq.wrapping_add(used(asked));
            assert_eq!(tcp_of(packet).ack, next, "{}: it acknowledges just that segment", question.id);
            let begin = after(&question.prompt, "sequence number ")[0];
            begin + u64::from(used(asked))
        }
        Kind::Seq => {
            let before = &packets[&told[0]];
            assert_eq!(tcp_of(packet).seq, tcp_of(before).seq.wrapping_add(used(before)), "{}", question.id);
            after(&question.prompt, "sequence number ")[0] + u64::from(used(before))
        }
        Kind::Window => {
            let syn = &packets[&told[0]];
            assert_eq!(tcp_of(syn).flags & 2, 2, "{}", question.id);
            let b = layer(syn, "tcp").1;
            // Kind 3, length 3, shift: somewhere among the options.
            let options = &b[20..tcp_of(syn).header];
            let shift = options.windows(3).find(|w| w[..2] == [3, 3]).expect("a window scale option")[2];
            tcp_of(packet).window << shift.min(14)
        }
        Kind::Hops => {
            let v4 = packet.layers.iter().any(|l| l.proto.name == "ip");
            let left = if v4 { layer(packet, "ip").1[8] } else { layer(packet, "ipv6").1[7] };
            after(&question.prompt, "began with ")[0] - u64::from(left)
        }
        Kind::Length => {
            let (_, b) = layer(packet, "ip");
            let rest = be(b, 2, 2) - u64::from(b[0] & 15) * 4;
            let tcp = packet.layers.iter().any(|l| l.proto.name == "tcp");
            rest - if tcp { tcp_of(packet).header as u64 } else { 8 }
        }
        Kind::Header => tcp_of(packet).header as u64,
        other => panic!("{other} has no number"),
    }
}

/// Where fields lie in their headers (RFC 791, 8200, 9293, 768; IEEE 802.3).
const PLACES: &[(&str, &str, u32, u32)] = &[
    ("eth.dst", "eth", 0, 5),
    ("eth.src", "eth", 6, 11),
    ("eth.type", "eth", 12, 13),
    ("ip.ttl", "ip", 8, 8),
    ("ip.proto", "ip", 9, 9),
    ("ip.src", "ip", 12, 15),
    ("ip.dst", "ip", 16, 19),
    ("ipv6.hlim", "ipv6", 7, 7),
    ("ipv6.src", "ipv6", 8, 23),
    ("ipv6.dst", "ipv6", 24, 39),
    ("tcp.srcport", "tcp", 0, 1),
    ("tcp.dstport", "tcp", 2, 3),
    ("tcp.seq_raw", "tcp", 4, 7),
    ("tcp.window_size_value", "tcp", 14, 15),
    ("udp.srcport", "udp", 0, 1),
    ("udp.dstport", "udp", 2, 3),
    ("udp.length", "udp", 4, 5),
];

fn verify_range(question: &Question, packet: &Packet, right: (usize, usize)) {
    let field = question.proof.filter.split(" && ").nth(1).unwrap();
    let (_, proto, first, last) = PLACES.iter().find(|(name, ..)| *name == field).expect(field);
    let start = layer(packet, proto).0.span.start;
    assert_eq!(right, ((start + first) as usize, (start + last) as usize), "{}: {}", question.id, question.prompt);
}

fn verify_choice(
    question: &Question,
    packet: &Packet,
    packets: &BTreeMap<u64, Packet>,
    choices: &[Choice],
    right: usize,
) {
    let id = &question.id;
    let wrong = || choices.iter().enumerate().filter(|&(i, _)| i != right).map(|(_, c)| c.text.as_str());
    let text = choices[right].text.as_str();
    match question.kind {
        Kind::Flags => {
            let names = [(1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK")];
            let bits = |text: &str| {
                text.split(", ").map(|n| names.iter().find(|(_, name)| *name == n).unwrap().0).sum::<u16>()
            };
            let flags = tcp_of(packet).flags;
            assert_eq!(bits(text), flags, "{id}");
            assert!(wrong().all(|w| bits(w) != flags), "{id}");
        }
        Kind::Layer => {
            let field = question.proof.filter.split(" && ").nth(1).unwrap();
            let osi = match field.split('.').next().unwrap() {
                "eth" => 2,
                "ip" | "ipv6" => 3,
                "tcp" | "udp" => 4,
                "dns" | "http" => 7,
                other => panic!("{other}"),
            };
            assert!(text.starts_with(&format!("layer {osi}, ")), "{id}: {text}");
            assert!(wrong().all(|w| !w.starts_with(&format!("layer {osi}, "))), "{id}");
        }
        Kind::Retransmission => verify_repeated(question, packet, packets, &wrong().collect::<Vec<_>>()),
        Kind::Mac => {
            let (_, b) = layer(packet, "eth");
            let mac = |at: usize| b[at..at + 6].iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
            assert_eq!(text, mac(6), "{id}");
            assert!(wrong().all(|w| w != mac(6)), "{id}");
        }
        Kind::Websocket => {
            let layer = packet.layers.iter().find(|l| l.proto.name == "websocket").unwrap();
            let bytes = packet.bytes(layer.span);
            let said = decode(bytes[0], bytes[1]);
            assert!(said.iter().all(|part| text.split(", ").any(|t| t == *part)), "{id}: {text}, {said:?}");
            for w in wrong() {
                let all = said.iter().all(|part| w.split(", ").any(|t| t == *part));
                assert!(!all || w.contains("encrypted"), "{id}: {w}");
            }
        }
        Kind::Socketio => {
            let outer = packet.fields.iter().find(|f| f.def.name == "engineio.type").unwrap();
            let inner = packet.fields.iter().find(|f| f.def.name == "socketio.type").unwrap();
            let digit = |f: &osi_tutor::model::Field| char::from(packet.bytes(f.span)[0]);
            let (outer, inner) = (digit(outer), digit(inner));
            assert!(
                text.starts_with("Engine.IO: ") && text.contains(&format!("({outer}), in it Socket.IO")),
                "{id}: {text}"
            );
            assert!(text.ends_with(&format!("({inner})")), "{id}: {text}");
            assert!(question.prompt.contains(&format!("digits {outer}{inner}")), "{id}");
            assert!(wrong().all(|w| !w.starts_with("Engine.IO: ")), "{id}");
        }
        other => panic!("{other} has no choices"),
    }
}

/// The bytes that are shown stand in the frame, and their labels spell the name.
fn verify_name(question: &Question, packet: &Packet, name: &str) {
    let hex: Vec<u8> = question.shown[0].split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    assert!(packet.frame().windows(hex.len()).any(|bytes| bytes == hex), "{}", question.id);
    let spelled: Vec<u8> =
        name.split('.').flat_map(|l| [&[u8::try_from(l.len()).unwrap()], l.as_bytes()].concat()).collect();
    assert_eq!(hex, [&spelled[..], &[0]].concat(), "{}", question.id);
}

/// One packet answers, and none of the others.
fn verify_reply(question: &Question, packets: &BTreeMap<u64, Packet>, all: &[Candidate], right: u64) {
    let (id, asked) = (&question.id, frames(question)[0]);
    let names = ["dns.response_to", "http.request_in", "icmp.resp_to", "icmpv6.resp_to"];
    let answers = |p: &Packet| p.fields.iter().any(|f| names.contains(&f.def.name) && f.value == Value::Uint(asked));
    assert!(all.iter().all(|p| answers(&packets[&p.number]) == (p.number == right)), "{id}: {all:?}");
    // Nobody else in the whole capture answers it, unless it says the same again.
    let again = |p: &Packet| p.fields.iter().any(|f| f.def.name.starts_with("dns.retransmit"));
    assert_eq!(packets.values().filter(|p| !again(p) && answers(p)).count(), 1, "{id}");
}

/// The same bytes from the same number on; and the others carry other bytes.
fn verify_repeated(question: &Question, packet: &Packet, packets: &BTreeMap<u64, Packet>, wrong: &[&str]) {
    let id = &question.id;
    let data = |p: &Packet| {
        let (_, b) = layer(p, "tcp");
        b[tcp_of(p).header..][..data_len(p)].to_vec()
    };
    let again = &packets[&frames(question)[0]];
    assert!(again.number > packet.number && tcp_of(again).seq == tcp_of(packet).seq, "{id}");
    if packet.len == packet.cap_len && again.len == again.cap_len {
        assert_eq!(data(again), data(packet), "{id}: the same bytes");
    }
    for w in wrong.iter().filter(|w| !w.starts_with("none")) {
        let other = &packets[&after(w, "frame ")[0]];
        let (a, b) = (tcp_of(other).seq, tcp_of(again).seq);
        let apart = |from: u32, to: u32, len: usize| to.wrapping_sub(from) as usize >= len;
        assert!(apart(a, b, data_len(other)) && apart(b, a, data_len(again)), "{id}: {w} overlaps");
    }
}

/// RFC 6455 §5.2, by hand.
fn decode(first: u8, second: u8) -> [String; 4] {
    let opcode = match first & 15 {
        0 => "continuation",
        1 => "text",
        2 => "binary",
        8 => "connection close",
        9 => "ping",
        10 => "pong",
        _ => "reserved",
    };
    let fin = if first >> 7 == 1 { "the last of its message" } else { "more of its message follows" };
    let length = match second & 127 {
        126 => "the length follows in two bytes".to_owned(),
        127 => "the length follows in eight bytes".to_owned(),
        1 => "1 byte of payload".to_owned(),
        n => format!("{n} bytes of payload"),
    };
    [opcode.to_owned(), fin.to_owned(), if second >> 7 == 1 { "masked" } else { "not masked" }.to_owned(), length]
}

#[test]
fn every_question_on_every_capture_is_proven_and_its_wrong_answers_are_wrong() {
    let mut tally: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    let plain = sources().into_iter().map(|name| (name, Kind::QUIZ.to_vec()));
    for (name, kinds) in plain.chain(more().into_iter().map(|(name, kind)| (name, vec![kind]))) {
        let mut here: BTreeMap<Kind, usize> = BTreeMap::new();
        let (packets, questions) = asked(&name, 1, &kinds);
        for question in &questions {
            verify(question, &packets);
            *here.entry(question.kind).or_default() += 1;
        }
        for (kind, n) in here {
            let entry = tally.entry(kind).or_default();
            *entry = (entry.0 + 1, entry.1 + n);
        }
    }
    for (kind, (captures, questions)) in &tally {
        println!("{kind}: {questions} questions on {captures} captures");
    }
    for kind in Kind::QUIZ {
        let captures = tally.get(&kind).map_or(0, |t| t.0);
        assert!(captures >= 10, "{kind} was verified on {captures} captures only");
    }
}

/// The line that a puzzle shows of a packet, from its bytes: flags, relative numbers, length.
fn told(packet: &Packet) -> String {
    let field = |name: &str| packet.fields.iter().find(|f| f.def.name == name).and_then(|f| f.value.uint()).unwrap();
    let t = tcp_of(packet);
    let ack = if t.flags & 16 == 0 { String::new() } else { format!(" Ack={}", field("tcp.ack")) };
    format!("Seq={}{ack} Len={}", field("tcp.seq"), data_len(packet))
}

fn verify_puzzle(question: &Question, packets: &BTreeMap<u64, Packet>) {
    let id = &question.id;
    let filter = Filter::parse(&question.proof.filter).unwrap_or_else(|e| panic!("{id}: {e}"));
    let found: Vec<&Packet> = packets.values().filter(|p| filter.matches(p)).collect();
    match &question.task {
        Task::Order { items, right } => {
            // In the right order, each line is that of the captured packet.
            assert_eq!((found.len(), found[0].number), (items.len(), question.proof.frame), "{id}");
            for (packet, &i) in found.iter().zip(right) {
                assert!(items[i].ends_with(&told(packet)), "{id}: {} is not {}", items[i], told(packet));
            }
        }
        Task::Blanks { right } => {
            let packet = proven(question, packets);
            let (t, b) = (tcp_of(packet), layer(packet, "tcp").1);
            let numbers: Vec<u64> = right.iter().map(|(_, n)| u64::try_from(*n).unwrap()).collect();
            let field = |name: &str| packet.fields.iter().find(|f| f.def.name == name).and_then(|f| f.value.uint());
            assert_eq!(numbers[0], be(b, 2, 2), "{id}");
            assert_eq!(Some(numbers[1]), field("tcp.seq"), "{id}");
            assert_eq!(Some(numbers[2]), field("tcp.ack"), "{id}");
            // What the blanks are filled from: who sent before, and how far.
            let stream = field("tcp.stream");
            let before = |sport: u64| {
                packets.values().filter(move |p| p.number < packet.number).filter(move |p| {
                    let f = |name: &str| p.fields.iter().find(|f| f.def.name == name).and_then(|f| f.value.uint());
                    f("tcp.stream") == stream && f("tcp.srcport") == Some(sport)
                })
            };
            let end = |p: &Packet| tcp_of(p).seq.wrapping_add(used(p));
            assert_eq!(before(be(b, 0, 2)).map(end).next_back(), Some(t.seq), "{id}");
            assert_eq!(before(be(b, 2, 2)).map(end).next_back(), Some(t.ack), "{id}");
        }
        Task::Packet { packets: all, right } => {
            assert_eq!(proven(question, packets).number, *right, "{id}");
            assert!(question.why.contains("ALTERED"), "{id}");
            for Candidate { number, text, .. } in all {
                let as_captured = text.contains(&told(&packets[number]));
                if number == right {
                    assert!(!as_captured || text.contains("FIN, SYN"), "{id}: {text} was not altered");
                } else {
                    assert!(as_captured, "{id}: {text} was altered, too");
                }
            }
        }
        Task::Choose { .. } | Task::Number { .. } | Task::Bytes { .. } | Task::Text { .. } => {
            panic!("{id} is no puzzle")
        }
    }
}

#[test]
fn every_puzzle_on_every_capture_is_solved_by_the_captured_packets() {
    let mut tally: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for name in sources() {
        let mut puzzler = Puzzler::new(&name, 1, &Kind::PUZZLES, 10, Vec::new(), |_, _| {});
        let mut packets = BTreeMap::new();
        each(&name, &mut |packet, tracker| {
            puzzler.take(packet, tracker);
            packets.insert(packet.number, packet.clone());
        });
        let mut here: BTreeMap<Kind, usize> = BTreeMap::new();
        for question in puzzler.finish().1 {
            verify_puzzle(&question, &packets);
            *here.entry(question.kind).or_default() += 1;
        }
        for (kind, n) in here {
            let entry = tally.entry(kind).or_default();
            *entry = (entry.0 + 1, entry.1 + n);
        }
    }
    for kind in Kind::PUZZLES {
        let (captures, puzzles) = tally.get(&kind).copied().unwrap_or_default();
        println!("{kind}: {puzzles} puzzles on {captures} captures");
        assert!(captures >= 10, "{kind}");
    }
}

#[test]
fn every_misconception_that_a_question_names_stands_in_the_bank() {
    for id in bank::belief::ALL {
        assert!(bank::misconception(id).is_some(), "{id}");
    }
}

#[test]
fn the_same_seed_sets_the_same_paper() {
    for name in ["http.pcapng", "two-hosts@1"] {
        let (one, two, other) =
            (asked(name, 7, &Kind::QUIZ).1, asked(name, 7, &Kind::QUIZ).1, asked(name, 8, &Kind::QUIZ).1);
        assert_eq!(one, two);
        assert_ne!(one, other);
    }
}

// ---- the program

struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("osi-tutor-quiz-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        command.args(arguments).env("XDG_STATE_HOME", &self.0);
        spawn(command, input)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn spawn(mut command: Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A program that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn in_a_pipe_the_paper_is_printed_without_its_answers() {
    let home = Home::new("paper");
    let file = capture("http.pcapng");
    let file = file.to_str().unwrap();
    let paper = home.run(&["quiz", file, "--seed", "3", "--count", "6"], "");
    let out = text(&paper.stdout);
    assert_eq!((paper.status.code(), text(&paper.stderr).as_str()), (Some(0), ""));
    assert!(out.contains("── 6 of 6 ──") && !out.contains("7 of") && !out.contains("Proof"), "{out}");
    assert_eq!(paper.stdout, home.run(&["quiz", file, "--seed", "3", "--count", "6"], "").stdout);
    let key = text(&home.run(&["quiz", file, "--seed", "3", "--count", "6", "--answers"], "").stdout);
    assert_eq!(key.matches("Proof: frame.number == ").count(), 6, "{key}");
}

#[test]
fn the_paper_as_json_holds_answers_only_when_they_are_wanted() {
    let home = Home::new("json");
    let read = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&home.run(arguments, "").stdout).expect("JSON")
    };
    let paper = read(&["quiz", "two-hosts", "--seed", "3", "--json"]);
    let key = read(&["quiz", "two-hosts", "--seed", "3", "--json", "--answers"]);
    let list = paper["questions"].as_array().unwrap();
    assert_eq!(list.len(), 10);
    for (question, with) in list.iter().zip(key["questions"].as_array().unwrap()) {
        assert!(question.get("answer").is_none() && question.get("why").is_none(), "{question}");
        assert!(with["answer"].is_string() && with["proof"]["filter"].is_string(), "{with}");
        assert_eq!(question["id"], with["id"]);
    }
}

#[test]
fn answers_from_a_file_are_graded_into_csv() {
    let home = Home::new("csv");
    let key = home.run(&["quiz", "two-hosts", "--seed", "3", "--json", "--answers", "--count", "5"], "");
    let key: serde_json::Value = serde_json::from_slice(&key.stdout).unwrap();
    let mut answers: Vec<String> =
        key["questions"].as_array().unwrap().iter().map(|q| q["answer"].as_str().unwrap().to_owned()).collect();
    // A number may be written as in a lesson.
    for answer in &mut answers {
        *answer = answer.parse::<u64>().map_or_else(|_| answer.clone(), |n| format!("{n:#b}"));
    }
    answers[1] = "no idea, \"really\"".to_owned();
    answers[2] = String::new();
    answers.truncate(4);
    let grades = home.0.join("grades.csv");
    let arguments = ["quiz", "two-hosts", "--seed", "3", "--count", "5", "--csv"];
    let with = |csv: &str| {
        let all = [&arguments[..], &[csv, "--name", "Ann, the first"]].concat();
        home.run(&all, &answers.join("\n"))
    };
    let out = text(&with("-").stdout);
    let rows: Vec<&str> = out.lines().collect();
    assert_eq!(rows[0], "name,question,given,right,seconds");
    let right: Vec<bool> = rows[1..].iter().map(|row| row.ends_with(",1,")).collect();
    assert_eq!(right, [true, false, false, true, false], "{out}");
    assert!(rows[2].starts_with("\"Ann, the first\",") && rows[2].contains("\"no idea, \"\"really\"\"\""), "{out}");
    // A second pupil's grades follow the first one's.
    assert_eq!(with(grades.to_str().unwrap()).status.code(), Some(0));
    assert_eq!(with(grades.to_str().unwrap()).status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&grades).unwrap().lines().count(), 11);
    // Grading other people's papers is no progress of one's own.
    assert!(!home.0.join("osi-tutor").exists());
}

#[test]
fn mistakes_are_told_in_one_sentence_with_their_exit_code() {
    let home = Home::new("mistakes");
    let arp = capture("stp.pcap");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["quiz", "handshak"], 2, "Did you mean handshake?"),
        (&["quiz", "no/such.pcap"], 1, "no/such.pcap"),
        (&["quiz", "-", "--csv", "-"], 2, "standard input cannot give both"),
        (&["quiz", "--kind", "poetry"], 2, "possible values: flags"),
        (&["quiz", "--count", "0"], 2, "0 is not in 1..=500"),
        (&["quiz", "--name", "Ann"], 2, "--csv"),
        (&["quiz", arp.to_str().unwrap(), "--kind", "ack"], 1, "nothing here decides a question of this kind"),
        (&["progress", "--reset"], 2, "--yes goes ahead"),
        (&["progress", "--yes"], 2, "--reset"),
    ];
    for (arguments, code, why) in cases {
        let done = home.run(arguments, "");
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(*code), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_mistake() {
    let home = Home::new("pipe");
    let mut child = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
        .args(["quiz", "--count", "200", "--answers"])
        .env("XDG_STATE_HOME", &home.0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(0), ""));
}

#[test]
fn without_a_home_everything_works_but_nothing_is_kept() {
    for arguments in [&["quiz", "--seed", "1"][..], &["quiz"], &["progress"], &["progress", "--json"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        command.args(arguments).env_clear();
        let done = spawn(command, "");
        assert_eq!(done.status.code(), Some(0), "{arguments:?}: {}", text(&done.stderr));
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
    command.arg("progress").env_clear();
    assert!(text(&spawn(command, "").stdout).contains("neither XDG_STATE_HOME nor HOME"));
}

#[test]
fn progress_is_read_reset_and_a_broken_file_is_kept() {
    let home = Home::new("progress");
    let folder = home.0.join("osi-tutor");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("progress.json");
    std::fs::write(&file, "{\"version\": 1, \"wrong\": 1, \"cards\": {\"two-hosts@1/ack-9\": {\"stage\": 0, \"due\": 1, \"missed\": 1}}, \"misconceptions\": {\"\\u001b[2Jx\": {\"times\": 1, \"last\": 1, \"open\": [\"two-hosts@1/ack-9\"]}}}").unwrap();
    let out = text(&home.run(&["progress"], "").stdout);
    assert!(
        out.contains("1 question that you missed is due") && out.contains("two-hosts@1/ack-9: osi-tutor quiz"),
        "{out}"
    );
    assert!(out.contains("\\x1b[2Jx") && !out.contains('\u{1b}'), "{out}");
    let json: serde_json::Value = serde_json::from_slice(&home.run(&["progress", "--json"], "").stdout).unwrap();
    assert_eq!(json["due"][0], "two-hosts@1/ack-9");
    assert_eq!(home.run(&["progress", "--reset", "--yes"], "").status.code(), Some(0));
    assert!(!file.exists());
    std::fs::write(&file, "not mine").unwrap();
    let done = home.run(&["progress"], "");
    assert!(done.status.success() && text(&done.stderr).contains("progress.json.broken-1"), "{}", text(&done.stderr));
    assert_eq!(std::fs::read_to_string(folder.join("progress.json.broken-1")).unwrap(), "not mine");
}

#[test]
fn what_was_missed_comes_back_first_and_a_seed_leaves_it_out() {
    let home = Home::new("due");
    let file = capture("http.pcapng");
    let file = file.to_str().unwrap();
    let key = home.run(&["quiz", file, "--seed", "3", "--json", "--kind", "ack"], "");
    let key: serde_json::Value = serde_json::from_slice(&key.stdout).unwrap();
    let question = &key["questions"][3];
    let folder = home.0.join("osi-tutor");
    std::fs::create_dir_all(&folder).unwrap();
    let card = serde_json::json!({ "version": 1, "cards": { question["id"].as_str().unwrap(): { "stage": 0, "due": 1, "missed": 1 } } });
    std::fs::write(folder.join("progress.json"), card.to_string()).unwrap();
    let prompt: String = question["prompt"].as_str().unwrap().split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    let out = text(&home.run(&["quiz", file, "--count", "2"], "").stdout);
    let first = out.split("── 2 of 2").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(first.contains(&prompt), "{prompt}\n{out}");
    let one = home.run(&["quiz", file, "--seed", "9"], "").stdout;
    assert_eq!(one, Home::new("due-none").run(&["quiz", file, "--seed", "9"], "").stdout);
}
