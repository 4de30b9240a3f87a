//! What the rules say of packets. `every_rule_holds_in_some_packet` makes sure that none is dead.

use super::*;
use crate::flow::Limits;
use crate::model::{BufferKind, Field, Layer, RawFrame, Span, Time, Value};
use crate::proto::{self, walk};

/// Packets one after the other, and what is said of the last one.
struct Watch {
    texts: Texts,
    tracker: Tracker,
    packet: Packet,
    frames: u64,
}

impl Watch {
    fn new() -> Self {
        Self {
            texts: Texts::english().unwrap(),
            tracker: Tracker::new(Limits::default()),
            packet: Packet::new(),
            frames: 0,
        }
    }

    /// Looks at one more frame.
    fn see(&mut self, bytes: &[u8]) -> &mut Self {
        self.frames += 1;
        let frame = RawFrame {
            number: self.frames,
            time: Time::new(0, i64::try_from(self.frames).unwrap() * 1_000_000),
            len: u32::try_from(bytes.len()).unwrap(),
            bytes: bytes.to_vec(),
            ..RawFrame::default()
        };
        walk(&frame, &mut self.tracker, &mut self.packet);
        self
    }

    fn moment(&self) -> Moment<'_> {
        Moment::new(&self.packet, &self.tracker)
    }

    /// Which rules hold, from the wire up.
    fn rules(&self) -> Vec<&'static str> {
        explain(&self.moment(), Audience::Student, &self.texts).into_iter().map(|n| n.rule).collect()
    }

    /// What one rule says.
    fn says(&self, rule: &str, audience: Audience) -> String {
        let notes = explain(&self.moment(), audience, &self.texts);
        let note = notes.into_iter().find(|n| n.rule == rule);
        note.unwrap_or_else(|| panic!("{rule} does not hold, but {:?} do", self.rules())).text
    }
}

/// Who sends a segment of the connection that the tests use.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Client,
    Server,
}

/// A segment from 10.0.0.1:50000 to 10.0.0.2:80, or back.
fn segment(from: From, flags: &str, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    use etherparse::PacketBuilder;
    let (a, b) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ((from_mac, to_mac), (src, dst), (sport, dport)) = match from {
        From::Client => ((a, b), ([10, 0, 0, 1], [10, 0, 0, 2]), (50_000, 80)),
        From::Server => ((b, a), ([10, 0, 0, 2], [10, 0, 0, 1]), (80, 50_000)),
    };
    let mut tcp = PacketBuilder::ethernet2(from_mac, to_mac).ipv4(src, dst, 64).tcp(sport, dport, seq, 1000);
    for flag in flags.chars() {
        tcp = match flag {
            'S' => tcp.syn(),
            'F' => tcp.fin(),
            'R' => tcp.rst(),
            'P' => tcp.psh(),
            _ => tcp.ack(ack),
        };
    }
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, data).unwrap();
    bytes
}

#[test]
fn the_handshake_is_told_with_both_numbers_and_both_states() {
    let mut w = Watch::new();
    w.see(&segment(From::Client, "S", 1000, 0, b""));
    let syn = w.says("tcp-syn", Audience::Student);
    assert!(syn.contains("10.0.0.1:50000") && syn.contains("1000") && syn.contains("1001"), "{syn}");
    assert!(syn.contains("SYN-SENT"), "{syn}");
    w.see(&segment(From::Server, "SA", 5000, 1001, b""));
    let syn_ack = w.says("tcp-syn-ack", Audience::Student);
    assert!(syn_ack.contains("1001") && syn_ack.contains("5000") && syn_ack.contains("SYN-RECEIVED"), "{syn_ack}");
    w.see(&segment(From::Client, "A", 1001, 5001, b""));
    let third = w.says("tcp-third-ack", Audience::Student);
    assert!(third.contains("5001") && third.contains("Client ESTABLISHED, server ESTABLISHED"), "{third}");
    assert!(!w.rules().contains(&"tcp-ack"));
}

#[test]
fn a_refused_connection_differs_from_one_that_is_broken_off() {
    let mut w = Watch::new();
    w.see(&segment(From::Client, "S", 1000, 0, b"")).see(&segment(From::Server, "RA", 0, 1001, b""));
    assert!(w.rules().contains(&"tcp-rst-refused"));
    let mut w = Watch::new();
    w.open().see(&segment(From::Server, "R", 5001, 0, b""));
    assert!(w.rules().contains(&"tcp-rst") && !w.rules().contains(&"tcp-rst-refused"));
}

#[test]
fn closing_is_told_step_by_step() {
    let mut w = Watch::new();
    let mut told = Vec::new();
    w.open();
    for (from, flags, seq, ack) in [
        (From::Client, "FA", 1001, 5001),
        (From::Server, "A", 5001, 1002),
        (From::Server, "FA", 5001, 1002),
        (From::Client, "A", 1002, 5002),
    ] {
        w.see(&segment(from, flags, seq, ack, b""));
        told.extend(w.rules().into_iter().filter(|r| r.starts_with("tcp-")));
    }
    assert_eq!(told, ["tcp-fin-first", "tcp-fin-acked", "tcp-fin-second", "tcp-last-ack"]);
}

#[test]
fn data_is_told_by_its_byte_numbers_and_a_bare_ack_by_the_next_one() {
    let mut w = Watch::new();
    w.open().see(&segment(From::Client, "PA", 1001, 5001, b"0123456789"));
    let data = w.says("tcp-data", Audience::Student);
    assert!(data.contains("bytes 1 to 10") && data.contains("next new byte will be 11"), "{data}");
    w.see(&segment(From::Server, "A", 5001, 1011, b""));
    let ack = w.says("tcp-ack", Audience::Student);
    assert!(ack.contains("only the number 11") && ack.contains("up to byte 10"), "{ack}");
}

/// RFC 6455 §1.3 and §5.7: the standard's own key and its own masked frame.
#[test]
fn the_upgrade_is_derived_and_a_frame_unmasked_on_the_real_bytes() {
    let mut w = Watch::new();
    let ask = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let answer = |accept: &str| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
    };
    w.open().see(&segment(From::Client, "PA", 1001, 5001, ask));
    let expected = w.says("http-accept-expected", Audience::Student);
    assert!(expected.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{expected}");
    let next = 1001 + u32::try_from(ask.len()).unwrap();
    w.see(&segment(From::Server, "PA", 5001, next, answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").as_bytes()));
    let derived = w.says("http-accept-derived", Audience::Student);
    for part in [
        "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
        "b37a4f2cc0624f1690f64606cf385945b2bec4ea",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo= matches it",
    ] {
        assert!(derived.contains(part), "{derived}");
    }
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let back = 5001 + u32::try_from(answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").len()).unwrap();
    w.see(&segment(From::Client, "PA", next, back, &hello));
    let steps = w.says("ws-unmasking", Audience::Engineer);
    assert!(steps.contains("0x7f ^ 0x37 = 0x48 'H', 0x9f ^ 0xfa = 0x65 'e'"), "{steps}");
    assert!(w.says("ws-text", Audience::Newcomer).contains("\"Hello\""));
    assert!(w.rules().contains(&"ws-masked") && !w.rules().contains(&"ws-mask-wrong"));
    w.see(&segment(From::Server, "PA", back, next + 11, &hello));
    assert!(w.rules().contains(&"ws-mask-wrong"));
}

#[test]
fn an_accept_that_does_not_match_is_called_so() {
    let mut w = Watch::new();
    let ask = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n";
    let next = 1001 + u32::try_from(ask.len()).unwrap();
    w.open().see(&segment(From::Client, "PA", 1001, 5001, ask)).see(&segment(From::Server, "PA", 5001, next, answer));
    assert!(
        w.says("http-accept-derived", Audience::Engineer).contains("AAAA") || {
            w.says("http-accept-derived", Audience::Student).contains("AAAA does not match it")
        }
    );
}

#[test]
fn an_offloaded_checksum_is_an_artefact_and_no_fault() {
    let mut bytes = segment(From::Client, "S", 1000, 0, b"");
    // What Linux leaves there: the pseudo-header's sum alone.
    let addresses = proto::checksum::add(0, &bytes[26..34]);
    let half = proto::checksum::fold(addresses + 6 + 20);
    bytes[50..52].copy_from_slice(&half.to_be_bytes());
    let mut w = Watch::new();
    w.see(&bytes);
    assert!(w.rules().contains(&"checksum-offload") && !w.rules().contains(&"checksum-bad"));
    bytes[50] ^= 0x55;
    w.see(&bytes);
    assert!(w.rules().contains(&"checksum-bad"));
}

#[test]
fn seven_rows_say_what_is_seen_inferred_and_hidden() {
    let mut w = Watch::new();
    w.open();
    let rows = seven(&w.moment(), Audience::Student, &w.texts);
    assert_eq!(rows.each_ref().map(|r| r.osi), Osi::ALL);
    use Truth::{Inferred, NotVisible, Observed};
    assert_eq!(
        rows.each_ref().map(|r| r.truth),
        [Inferred, Observed, Observed, Observed, NotVisible, NotVisible, NotVisible]
    );
    assert!(rows.iter().all(|r| !r.text.is_empty()), "{rows:#?}");
    assert!(rows[6].text.contains("carries no data"), "{}", rows[6].text);
    assert!(!w.texts.plain(JUDGEMENT, Audience::Newcomer).is_empty());
}

impl Watch {
    /// The three segments of a handshake; ports 50000 and 80, first bytes 1001 and 5001.
    fn open(&mut self) -> &mut Self {
        self.see(&segment(From::Client, "S", 1000, 0, b""));
        self.see(&segment(From::Server, "SA", 5000, 1001, b""));
        self.see(&segment(From::Client, "A", 1001, 5001, b""))
    }
}

/// A packet made of nothing but these fields, for what is hard to provoke on a wire.
fn made(about: &'static Identity, fields: &[(&'static FieldDef, Value)]) -> Packet {
    let mut packet = Packet::new();
    packet.add_buffer(BufferKind::Frame);
    let layer = |proto, fields| Layer { proto, span: Span::default(), fields, trouble: None, quoted: false };
    packet.layers.push(layer(&proto::frame::ABOUT, 0..0));
    for &(def, value) in fields {
        packet.fields.push(Field { def, value, span: Span::default(), depth: 0 });
    }
    packet.layers.push(layer(about, 0..u32::try_from(fields.len()).unwrap()));
    packet
}

fn rules_of(packet: &Packet) -> Vec<&'static str> {
    let texts = Texts::english().unwrap();
    let moment = Moment { packet, events: &[], connection: None, upgrade: None };
    explain(&moment, Audience::Engineer, &texts).into_iter().map(|n| n.rule).collect()
}

#[test]
fn each_verdict_of_the_analysis_has_its_rule() {
    use proto::tcp;
    let flag = Value::None;
    let n = Value::Uint(7);
    let rows: &[(&str, &[(&'static FieldDef, Value)])] = &[
        ("tcp-retransmission", &[(&tcp::RETRANSMISSION, flag)]),
        (
            "tcp-fast-retransmission",
            &[(&tcp::RETRANSMISSION, flag), (&tcp::FAST_RETRANSMISSION, flag), (&tcp::SEQ, n), (&tcp::RTO_FRAME, n)],
        ),
        ("tcp-spurious-retransmission", &[(&tcp::RETRANSMISSION, flag), (&tcp::SPURIOUS_RETRANSMISSION, flag)]),
        ("tcp-out-of-order", &[(&tcp::OUT_OF_ORDER, flag), (&tcp::SEQ, n)]),
        (
            "tcp-duplicate-ack",
            &[
                (&tcp::DUPLICATE_ACK, flag),
                (&tcp::DUPLICATE_ACK_NUM, n),
                (&tcp::DUPLICATE_ACK_FRAME, n),
                (&tcp::ACK, n),
            ],
        ),
        ("tcp-lost-segment", &[(&tcp::LOST_SEGMENT, flag), (&tcp::SEQ, n)]),
        ("tcp-ack-lost-segment", &[(&tcp::ACK_LOST_SEGMENT, flag), (&tcp::ACK, n)]),
        ("tcp-zero-window", &[(&tcp::ZERO_WINDOW, flag)]),
        ("tcp-zero-window-probe", &[(&tcp::ZERO_WINDOW_PROBE, flag), (&tcp::SEQ, n)]),
        ("tcp-zero-window-probe-ack", &[(&tcp::ZERO_WINDOW_PROBE_ACK, flag), (&tcp::ACK, n), (&tcp::WINDOW_SIZE, n)]),
        ("tcp-window-update", &[(&tcp::WINDOW_UPDATE, flag), (&tcp::ACK, n), (&tcp::WINDOW_SIZE, n)]),
        ("tcp-window-full", &[(&tcp::WINDOW_FULL, flag), (&tcp::BYTES_IN_FLIGHT, n)]),
        ("tcp-keep-alive", &[(&tcp::KEEP_ALIVE, flag)]),
        ("tcp-keep-alive-ack", &[(&tcp::KEEP_ALIVE_ACK, flag), (&tcp::ACK, n)]),
        ("tcp-reused-ports", &[(&tcp::REUSED_PORTS, flag)]),
    ];
    for (rule, fields) in rows {
        let holds = rules_of(&made(&tcp::ABOUT, fields));
        let analysis: Vec<_> = holds.into_iter().filter(|r| rows.iter().any(|(id, _)| id == r)).collect();
        assert_eq!(analysis, [*rule]);
    }
}
