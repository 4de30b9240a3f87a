//! What the rules say of packets. `every_rule_holds_in_some_packet` makes sure that none is dead.

use super::*;
use crate::flow::Limits;
use crate::model::{BufferKind, Field, Layer, Osi, RawFrame, Span, Time, Value, clamp};
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
        Self { texts: Texts::english(), tracker: Tracker::new(Limits::default()), packet: Packet::new(), frames: 0 }
    }

    /// Looks at one more frame.
    fn see(&mut self, bytes: &[u8]) -> &mut Self {
        self.frames += 1;
        let frame = RawFrame {
            time: Time::new(0, self.frames.cast_signed() * 1_000_000),
            ..RawFrame::whole(self.frames, bytes.to_vec())
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
    w.see(&segment(From::Client, "S", 1000, 0, b"")).see(&segment(From::Client, "R", 1001, 0, b""));
    assert!(!w.rules().contains(&"tcp-rst-refused"), "the client itself gives up: {:?}", w.rules());
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
    assert!(data.contains("bytes 1 to 10") && data.contains("next number after this segment is 11"), "{data}");
    w.see(&segment(From::Server, "A", 5001, 1011, b""));
    let ack = w.says("tcp-ack", Audience::Student);
    assert!(ack.contains("only the number 11") && ack.contains("up to number 10"), "{ack}");
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
    use Truth::{Inferred, NotVisible, Observed};
    let mut w = Watch::new();
    w.open();
    let rows = seven(&w.moment(), Audience::Student, &w.texts);
    assert_eq!(rows.each_ref().map(|r| r.osi), Osi::ALL);
    assert_eq!(
        rows.each_ref().map(|r| r.truth),
        [Inferred, Observed, Observed, Observed, NotVisible, NotVisible, NotVisible]
    );
    assert!(rows.iter().all(|r| !r.text.is_empty()), "{rows:#?}");
    assert!(rows[6].text.contains("carries no data"), "{}", rows[6].text);
    assert!(!w.texts.plain(JUDGEMENT, Audience::Newcomer).is_empty());
}

#[test]
fn a_row_does_not_repeat_the_word_that_stands_before_it() {
    let texts = include_str!("text/seven.toml").to_lowercase();
    assert!(["not visible", "inferred", "observed"].iter().all(|word| !texts.contains(&format!("[\"{word}"))));
}

impl Watch {
    /// The three segments of a handshake; ports 50000 and 80, first bytes 1001 and 5001.
    fn open(&mut self) -> &mut Self {
        self.see(&segment(From::Client, "S", 1000, 0, b""));
        self.see(&segment(From::Server, "SA", 5000, 1001, b""));
        self.see(&segment(From::Client, "A", 1001, 5001, b""))
    }
}

#[test]
fn a_reset_beside_the_awaited_byte_breaks_nothing_off() {
    let mut w = Watch::new();
    w.open().see(&segment(From::Server, "R", 900_000, 0, b""));
    assert!(w.rules().contains(&"tcp-rst-ignored") && !w.rules().contains(&"tcp-rst"), "{:?}", w.rules());
    w.see(&segment(From::Server, "R", 5011, 0, b""));
    assert!(w.rules().contains(&"tcp-rst-challenged") && !w.rules().contains(&"tcp-rst"), "{:?}", w.rules());
    w.see(&segment(From::Client, "S", 77_000, 0, b""));
    assert!(w.rules().contains(&"tcp-syn-challenged") && !w.rules().contains(&"tcp-syn"), "{:?}", w.rules());
}

#[test]
fn when_both_ends_call_at_once_each_is_named_for_its_own_number() {
    let mut w = Watch::new();
    w.see(&segment(From::Client, "S", 1000, 0, b"")).see(&segment(From::Server, "S", 5000, 0, b""));
    let syn = w.says("tcp-syn-crossing", Audience::Student);
    assert!(syn.contains("SYN from 10.0.0.2:80 to 10.0.0.1:50000") && syn.contains("5000"), "{syn}");
    w.see(&segment(From::Client, "SA", 1000, 5001, b""));
    let answer = w.says("tcp-syn-ack-crossing", Audience::Student);
    assert!(answer.contains("10.0.0.1:50000") && answer.contains("1000"), "{answer}");
    assert!(!w.rules().iter().any(|r| r.starts_with("tcp-retransmission")), "{:?}", w.rules());
}

#[test]
fn a_packet_captured_twice_is_called_that_and_no_cause_is_made_up() {
    let mut w = Watch::new();
    let data = segment(From::Client, "PA", 1001, 5001, b"hello");
    w.open().see(&data).see(&data);
    assert!(w.says("tcp-captured-twice", Audience::Student).contains("frame 4"));
    assert!(!w.rules().iter().any(|r| r.contains("retransmission")), "{:?}", w.rules());
}

#[test]
fn a_repetition_of_what_was_never_seen_names_no_first_frame() {
    let mut w = Watch::new();
    w.open().see(&segment(From::Client, "PA", 1011, 5001, b"later"));
    for _ in 0..20 {
        w.see(&segment(From::Server, "PA", 5001, 1001, b"x"));
    }
    w.see(&segment(From::Client, "PA", 1001, 5001, b"0123456789"));
    let said = w.says("tcp-retransmission-unseen", Audience::Student);
    assert!(said.contains("no earlier frame here carries these bytes"), "{said}");
    assert!(!w.rules().contains(&"tcp-retransmission"));
    let rows = seven(&w.moment(), Audience::Student, &w.texts);
    assert!(!rows[6].text.contains("Nothing new"), "nobody has seen these bytes: {}", rows[6].text);
}

#[test]
fn one_address_in_a_frame_for_everybody_is_no_letter_to_one_computer() {
    let mut bytes = segment(From::Client, "S", 1000, 0, b"");
    bytes[..6].fill(0xff);
    let mut w = Watch::new();
    w.see(&bytes);
    assert!(w.rules().contains(&"ip-to-the-link") && !w.rules().contains(&"ip-packet"), "{:?}", w.rules());
}

#[test]
fn a_total_length_of_zero_is_told() {
    let mut bytes = segment(From::Client, "PA", 1001, 5001, b"hello");
    bytes[16..18].fill(0);
    let mut w = Watch::new();
    w.see(&bytes);
    assert!(w.rules().contains(&"ip-len-zero"));
}

/// A packet made of nothing but these fields, for what is hard to provoke on a wire.
fn made(about: &'static Identity, fields: &[(&'static FieldDef, Value)]) -> Packet {
    let mut packet = Packet::new();
    packet.add_buffer(BufferKind::Frame);
    let layer = |proto, fields| Layer { proto, span: Span::default(), end: 0, fields, trouble: None, quoted: false };
    packet.layers.push(layer(&proto::frame::ABOUT, 0..0));
    for &(def, value) in fields {
        packet.fields.push(Field { def, value, span: Span::default(), depth: 0 });
    }
    packet.layers.push(layer(about, 0..u32::try_from(fields.len()).unwrap()));
    packet
}

fn rules_of(packet: &Packet) -> Vec<&'static str> {
    let texts = Texts::english();
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
        // It comes with each of them.
        let fields = [&[(&tcp::ANALYSIS_FLAGS, flag)], *fields].concat();
        let holds = rules_of(&made(&tcp::ABOUT, &fields));
        let analysis: Vec<_> = holds.into_iter().filter(|r| rows.iter().any(|(id, _)| id == r)).collect();
        assert_eq!(analysis, [*rule]);
    }
}

/// Rules that a test above sees hold in a conversation of real segments.
const SEEN_IN_CONVERSATIONS: &[&str] = &[
    "sio-connected",
    "sio-namespace",
    "sio-left",
    "sio-thrown-out",
    "sio-no-namespace",
    "eth-hop",
    "ip-packet",
    "tcp-syn",
    "tcp-syn-ack",
    "tcp-third-ack",
    "tcp-data",
    "tcp-ack",
    "tcp-fin-first",
    "tcp-fin-acked",
    "tcp-fin-second",
    "tcp-last-ack",
    "tcp-rst-refused",
    "tcp-rst",
    "tcp-rst-challenged",
    "tcp-rst-ignored",
    "tcp-syn-crossing",
    "tcp-syn-challenged",
    "tcp-syn-ack-crossing",
    "tcp-captured-twice",
    "ip-len-zero",
    "checksum-offload",
    "checksum-bad",
    "http-accept-expected",
    "http-accept-derived",
    "ws-mask-wrong",
];

/// One made packet a rule: what holds where a field is so.
#[expect(clippy::too_many_lines, reason = "a table: one line a rule")]
fn examples() -> Vec<(&'static str, Packet)> {
    use proto::{
        arp, checksum::Status, dhcp, dns, http, http2, icmp, icmpv6, ipv4, ipv6, ipv6_extension, tcp, tls, udp, vlan,
        websocket,
    };
    let n = Value::Uint;
    let one = |rule, about, fields: &[(&'static FieldDef, Value)]| (rule, made(about, fields));
    let bad = |rule, pending, loopback| {
        let mut p = made(&udp::ABOUT, &[(&udp::CHECKSUM_STATUS, n(Status::Bad as u64))]);
        p.checksum_pending = pending;
        p.interface = Some(std::sync::Arc::new(crate::model::Interface { name: "x0".into(), loopback }));
        (rule, p)
    };
    let sized = |rule, len, cap_len, loopback| {
        let mut p = bad(rule, true, loopback).1;
        (p.len, p.cap_len) = (len, cap_len);
        (rule, p)
    };
    let troubled = |rule, trouble| {
        let mut p = made(&tcp::ABOUT, &[]);
        p.layers[1].trouble = Some(trouble);
        (rule, p)
    };
    let address = |rule, about, def, bytes: &[u8], others: &[(&'static FieldDef, Value)]| {
        let mut fields = vec![(def, Value::Bytes(Span { buf: Span::TEXT, start: 0, len: clamp(bytes.len()) }))];
        fields.extend_from_slice(others);
        let mut p = made(about, &fields);
        p.text.extend_from_slice(bytes);
        (rule, p)
    };
    let zeros = {
        let slice = Value::Bytes(Span { buf: Span::TEXT, start: 0, len: 6 });
        let mut p = made(&proto::ethernet::ABOUT, &[(&proto::ethernet::DST, slice), (&proto::ethernet::SRC, slice)]);
        p.text.extend([0; 6]);
        ("eth-loopback", p)
    };
    let tunnel = |rule, about: &'static Identity| {
        let mut p = made(about, &[]);
        p.layers.insert(
            1,
            Layer { proto: &ipv4::ABOUT, span: Span::default(), end: 0, fields: 0..0, trouble: None, quoted: false },
        );
        (rule, p)
    };
    let carried = |rule, about: &'static Identity| {
        let mut p = made(about, &[]);
        p.layers.push(Layer {
            proto: &ipv4::ABOUT,
            span: Span::default(),
            end: 0,
            fields: 0..0,
            trouble: None,
            quoted: false,
        });
        (rule, p)
    };
    let quotation = {
        let mut p = made(&tcp::ABOUT, &[(&tcp::FLAGS_SYN, Value::Bool(true))]);
        p.layers[1].quoted = true;
        ("quoted", p)
    };
    let comment = {
        let mut p = made(&proto::frame::ABOUT, &[]);
        p.text.push(b'x');
        let value = Value::Text(Span { buf: Span::TEXT, start: 0, len: 1 });
        p.fields.push(Field { def: &proto::frame::COMMENT, value, span: Span::default(), depth: 0 });
        p.layers[1].fields = 0..1;
        ("frame-comment", p)
    };
    let middle = {
        let mut p = made(&tls::ABOUT, &[]);
        p.text.extend_from_slice(b"\xff\xff\xff\xff\xff");
        p.layers[1].span = Span { buf: Span::TEXT, start: 0, len: 5 };
        ("tls-middle", p)
    };
    let extended = {
        let text = |start, len| Value::Text(Span { buf: Span::TEXT, start, len });
        let fields = [(&http2::NAME, text(0, 9)), (&http2::VALUE, text(9, 9)), (&http2::METHOD, text(18, 7))];
        let mut p = made(&http2::ABOUT, &fields.map(|(def, value)| (def as &'static FieldDef, value)));
        p.text.extend_from_slice(b":protocolwebsocketCONNECT");
        ("h2-connect", p)
    };
    let yes = Value::Bool(true);
    let mut rows = vec![
        middle,
        zeros,
        quotation,
        comment,
        bad("checksum-pending", true, false),
        bad("checksum-loopback", false, true),
        sized("frame-larger-than-mtu", 9000, 9000, false),
        sized("frame-large-on-loopback", 9000, 9000, true),
        sized("frame-cut", 100, 60, false),
        troubled("cut-by-capture", crate::model::Trouble::CutByCapture { need: 20, have: 8 }),
        troubled("length-lies", crate::model::Trouble::LengthLies { need: 20, have: 8, claimed_by: None }),
        troubled("malformed", crate::model::Trouble::Malformed(crate::model::Why("it is"))),
        troubled("breaks-rule", crate::model::Trouble::Breaks(crate::model::Why("it does"))),
        troubled("not-all-shown", crate::model::Trouble::Unshown(crate::model::Why("it is too long"))),
        tunnel("ip-tunnel", &ipv4::ABOUT),
        tunnel("ipv6-tunnel", &ipv6::ABOUT),
        carried("eth-rewritten", &proto::ethernet::ABOUT),
        address("ip-broadcast", &ipv4::ABOUT, &ipv4::DST, &[0xff; 4], &[]),
        address("ip-to-the-link", &ipv4::ABOUT, &proto::ethernet::DST, &[0xff; 6], &[]),
        address("dhcp-renew", &dhcp::ABOUT, &dhcp::IP_CLIENT, &[10, 0, 0, 2], &[(&dhcp::MESSAGE_TYPE, n(3))]),
        address("dhcp-settings", &dhcp::ABOUT, &dhcp::IP_YOUR, &[0; 4], &[(&dhcp::MESSAGE_TYPE, n(5))]),
        address("ip-group", &ipv4::ABOUT, &ipv4::DST, &[224, 0, 0, 251], &[]),
        address("ip-inside", &ipv4::ABOUT, &ipv4::DST, &[127, 0, 0, 1], &[]),
        address("ipv6-group", &ipv6::ABOUT, &ipv6::DST, &[0xff; 16], &[]),
        address("ipv6-inside", &ipv6::ABOUT, &ipv6::DST, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], &[]),
        address("eth-broadcast", &proto::ethernet::ABOUT, &proto::ethernet::DST, &[0xff; 6], &[]),
        address("eth-multicast", &proto::ethernet::ABOUT, &proto::ethernet::DST, &[1, 0, 0x5e, 0, 0, 1], &[]),
        address("http-upgrade", &http::ABOUT, &http::UPGRADE, b"websocket", &[(&http::REQUEST, yes)]),
        address("h2-begins", &http2::ABOUT, &http2::MAGIC, b"PRI", &[]),
        address("h2-request", &http2::ABOUT, &http2::METHOD, b"GET", &[]),
        address("h2-data", &http2::ABOUT, &http2::DATA, b"GET", &[]),
        extended,
        one("h2-response", &http2::ABOUT, &[(&http2::STATUS, n(200))]),
        one("h2-packed", &http2::ABOUT, &[(&http2::INDEX, n(2))]),
        one("h2-allows-websocket", &http2::ABOUT, &[(&http2::EXTENDED, n(1))]),
        address("http-encoded", &http::ABOUT, &http::CONTENT_ENCODING, b"gzip", &[]),
        address("dns-alias", &dns::ABOUT, &dns::CNAME, b"a", &[(&dns::FLAGS_RESPONSE, yes)]),
    ];
    for (rule, about, fields) in [
        ("ip-checksum-zero", &ipv4::ABOUT, &[(&ipv4::CHECKSUM_STATUS, n(0)), (&ipv4::CHECKSUM, n(0))][..]),
        ("ip-checksum-bad", &ipv4::ABOUT, &[(&ipv4::CHECKSUM_STATUS, n(0)), (&ipv4::CHECKSUM, n(1))]),
        ("tcp-dsack", &tcp::ABOUT, &[(&tcp::ACK, n(9)), (&tcp::SACK_LE, n(1)), (&tcp::SACK_RE, n(5))]),
        (
            "ipv6-atomic-fragment",
            &ipv6_extension::FRAGHDR,
            &[(&ipv6_extension::FRAGHDR_OFFSET, n(0)), (&ipv6_extension::FRAGHDR_MORE, n(0))],
        ),
        ("ip-last-hop", &ipv4::ABOUT, &[(&ipv4::TTL, n(1))]),
        ("ip-dont-fragment", &ipv4::ABOUT, &[(&ipv4::FLAGS_DF, yes)]),
        ("ip-first-fragment", &ipv4::ABOUT, &[(&ipv4::FLAGS_MF, yes), (&ipv4::FRAG_OFFSET, n(0))]),
        ("ip-fragment", &ipv4::ABOUT, &[(&ipv4::FRAG_OFFSET, n(8))]),
        (
            "ip-fragments",
            ipv4::JOINED.about,
            &[(&ipv4::FRAGMENT, n(1)), (&ipv4::FRAGMENT_COUNT, n(1)), (&ipv4::REASSEMBLED_LENGTH, n(8))],
        ),
        ("ip-options", &ipv4::ABOUT, &[(&ipv4::OPT_TYPE, n(7))]),
        ("ip-congestion", &ipv4::ABOUT, &[(&ipv4::ECN_, n(3))]),
        ("ipv6-packet", &ipv6::ABOUT, &[]),
        (
            "ipv6-fragment",
            &ipv6_extension::FRAGHDR,
            &[(&ipv6_extension::FRAGHDR_OFFSET, n(1)), (&ipv6_extension::FRAGHDR_MORE, yes)],
        ),
        ("ipv6-fragments", ipv6_extension::JOINED.about, &[]),
        ("vlan", &vlan::ABOUT, &[(&vlan::ID, n(5)), (&vlan::PRIORITY, n(0)), (&vlan::DEI, yes)]),
        ("cooked", &proto::sll::ABOUT, &[(&proto::sll::PKTTYPE, n(0))]),
        ("bsd-loopback", &proto::null::ABOUT, &[(&proto::null::FAMILY, n(2))]),
        ("arp-request", &arp::ABOUT, &[(&arp::OPCODE, n(1))]),
        ("arp-reply", &arp::ABOUT, &[(&arp::OPCODE, n(2))]),
        ("arp-gratuitous", &arp::ABOUT, &[(&arp::IS_GRATUITOUS, yes)]),
        ("arp-probe", &arp::ABOUT, &[(&arp::IS_PROBE, yes)]),
        ("icmp-echo", &icmp::ABOUT, &[(&icmp::TYPE, n(8)), (&icmp::IDENT, n(1)), (&icmp::SEQ, n(1))]),
        ("icmp-echo-reply", &icmp::ABOUT, &[(&icmp::TYPE, n(0)), (&icmp::IDENT, n(1)), (&icmp::SEQ, n(1))]),
        ("icmp-too-big", &icmp::ABOUT, &[(&icmp::TYPE, n(3)), (&icmp::CODE, n(4)), (&icmp::MTU, n(576))]),
        ("igmp", &proto::igmp::ABOUT, &[(&proto::igmp::TYPE, n(0x11))]),
        ("tcp-push", &tcp::ABOUT, &[(&tcp::FLAGS_PUSH, yes), (&tcp::LEN, n(1))]),
        ("tcp-fin", &tcp::ABOUT, &[(&tcp::FLAGS_FIN, yes)]),
        ("tcp-sack", &tcp::ABOUT, &[(&tcp::SACK_LE, n(5)), (&tcp::SACK_RE, n(9))]),
        ("tcp-syn-options", &tcp::ABOUT, &[(&tcp::FLAGS_SYN, yes), (&tcp::MSS_VAL, n(1460))]),
        (
            "tcp-segments",
            tcp::JOINED.about,
            &[
                (&tcp::SEGMENT, n(1)),
                (&tcp::SEGMENT, n(2)),
                (&tcp::SEGMENT_COUNT, n(2)),
                (&tcp::REASSEMBLED_LENGTH, n(9)),
            ],
        ),
        ("udp-datagram", &udp::ABOUT, &[(&udp::SRCPORT, n(1)), (&udp::DSTPORT, n(2)), (&udp::LENGTH, n(8))]),
        ("udp-no-checksum", &udp::ABOUT, &[(&udp::CHECKSUM_STATUS, n(3))]),
        ("data-echo", &proto::data::ABOUT, &[(&proto::data::LEN, n(32)), (&icmp::TYPE, n(8))]),
        ("data-piece", &proto::data::ABOUT, &[(&proto::data::LEN, n(8)), (&ipv4::FRAG_OFFSET, n(185))]),
        ("data-unknown", &proto::data::ABOUT, &[(&proto::data::LEN, n(8))]),
        ("dns-truncated", &dns::ABOUT, &[(&dns::FLAGS_TRUNCATED, yes)]),
        ("http-request", &http::ABOUT, &[(&http::REQUEST, yes)]),
        ("http-cookie", &http::ABOUT, &[(&http::COOKIE, Value::None)]),
        ("http-chunked", &http::ABOUT, &[(&http::CHUNK_SIZE, n(3))]),
        ("http-switch", &http::ABOUT, &[(&http::RESPONSE, yes), (&http::CODE, n(101))]),
        ("http-continuation", &http::ABOUT, &[]),
        ("tls-begins", &tls::ABOUT, &[]),
        ("tls-alert", &tls::ABOUT, &[(&tls::ALERT_DESC, n(40)), (&tls::ALERT_LEVEL, n(2))]),
    ] {
        rows.push(one(rule, about, fields));
    }
    rows.push(one("icmp-reassembly-time", &icmp::ABOUT, &[(&icmp::TYPE, n(11)), (&icmp::CODE, n(1))]));
    rows.push(one("icmpv6-reassembly-time", &icmpv6::ABOUT, &[(&icmpv6::TYPE, n(3)), (&icmpv6::CODE, n(1))]));
    for (rule, kind) in [("icmp-unreachable", 3), ("icmp-time-exceeded", 11), ("icmp-redirect", 5)] {
        rows.push(one(rule, &icmp::ABOUT, &[(&icmp::TYPE, n(kind)), (&icmp::CODE, n(0))]));
    }
    for (rule, kind) in [
        ("icmpv6-echo", 128),
        ("icmpv6-echo-reply", 129),
        ("icmpv6-unreachable", 1),
        ("icmpv6-too-big", 2),
        ("icmpv6-time-exceeded", 3),
        ("ndp-router-solicitation", 133),
        ("ndp-router-advertisement", 134),
        ("ndp-solicitation", 135),
        ("ndp-advertisement", 136),
    ] {
        rows.push(one(rule, &icmpv6::ABOUT, &[(&icmpv6::TYPE, n(kind))]));
    }
    for (rule, step) in [
        ("dhcp-discover", 1),
        ("dhcp-offer", 2),
        ("dhcp-request", 3),
        ("dhcp-ack", 5),
        ("dhcp-nak", 6),
        ("dhcp-other", 8),
    ] {
        rows.push(one(rule, &dhcp::ABOUT, &[(&dhcp::MESSAGE_TYPE, n(step))]));
    }
    for (rule, code, answers) in
        [("dns-answer", 0, 1), ("dns-no-data", 0, 0), ("dns-no-such-name", 3, 0), ("dns-failed", 2, 0)]
    {
        let fields = [(&dns::FLAGS_RESPONSE, yes), (&dns::FLAGS_RCODE, n(code)), (&dns::COUNT_ANSWERS, n(answers))];
        rows.push(one(rule, &dns::ABOUT, &fields.map(|(d, v)| (d as &'static FieldDef, v))));
    }
    rows.push(one("dns-question", &dns::ABOUT, &[]));
    rows.push(one("mdns-question", &dns::MDNS, &[]));
    rows.push(one("mdns-answer", &dns::MDNS, &[(&dns::FLAGS_RESPONSE, yes)]));
    rows.push(one("http-response", &http::ABOUT, &[(&http::RESPONSE, yes), (&http::CODE, n(200))]));
    for (rule, opcode) in [
        ("ws-text", 1),
        ("ws-binary", 2),
        ("ws-continuation", 0),
        ("ws-first-piece", 1),
        ("ws-close", 8),
        ("ws-ping", 9),
        ("ws-pong", 10),
    ] {
        rows.push(one(
            rule,
            &websocket::ABOUT,
            &[(&websocket::OPCODE, n(opcode)), (&websocket::FIN, Value::Bool(rule != "ws-first-piece"))],
        ));
    }
    for (rule, def, value) in [
        ("ws-masked", &websocket::MASK, yes),
        ("ws-unmasked", &websocket::MASK, Value::Bool(false)),
        ("ws-compressed", &websocket::PMC, yes),
        ("ws-unmasking", &websocket::MASKED_PAYLOAD, Value::None),
    ] {
        rows.push(one(rule, &websocket::ABOUT, &[(def, value)]));
    }
    rows.extend(dialogues());
    let mut attachment = made(&proto::data::ABOUT, &[(&proto::data::LEN, n(3))]);
    let around = Layer { proto: &proto::socketio::ABOUT, fields: 0..0, ..attachment.layers[0].clone() };
    attachment.layers.insert(1, around);
    rows.push(("data-attachment", attachment));
    for (rule, kind) in
        [("tls-client-hello", 1), ("tls-server-hello", 2), ("tls-certificate", 11), ("tls-handshake", 12)]
    {
        rows.push(one(rule, &tls::ABOUT, &[(&tls::HANDSHAKE_TYPE, n(kind))]));
    }
    for (rule, kind) in
        [("tls-handshake-hidden", 22), ("tls-change-cipher", 20), ("tls-data", 23), ("tls-alert-hidden", 21)]
    {
        rows.push(one(rule, &tls::ABOUT, &[(&tls::RECORD_CONTENT_TYPE, n(kind))]));
    }
    rows
}

/// A packet for each rule of Engine.IO and Socket.IO.
fn dialogues() -> Vec<(&'static str, Packet)> {
    use proto::{engineio as eio, socketio as sio};
    let (n, flag) = (Value::Uint, Value::None);
    let mut rows = Vec::new();
    for (rule, fields) in [
        ("eio-open", &[(&eio::TYPE, n(0))][..]),
        ("eio-close", &[(&eio::TYPE, n(1))]),
        ("eio-ping", &[(&eio::TYPE, n(2)), (&eio::VERSION, n(4))]),
        ("eio-ping-3", &[(&eio::TYPE, n(2)), (&eio::VERSION, n(3))]),
        ("eio-pong", &[(&eio::TYPE, n(3))]),
        ("eio-probe", &[(&eio::TYPE, n(2)), (&eio::PROBE, flag)]),
        ("eio-probed", &[(&eio::TYPE, n(3)), (&eio::PROBE, flag)]),
        ("eio-message", &[(&eio::TYPE, n(4))]),
        ("eio-binary", &[(&eio::TYPE, n(4)), (&eio::BINARY, flag)]),
        ("eio-binary-3", &[(&eio::TYPE, n(4)), (&eio::VERSION, n(3)), (&eio::BINARY, flag)]),
        ("eio-base64", &[(&eio::BASE64, flag)]),
        ("eio-jsonp", &[(&eio::JSONP, n(0))]),
        ("eio-older-server", &[(&eio::TYPE, n(0)), (&eio::VERSION, n(4)), (&eio::LENGTH, n(97))]),
        ("eio-refused-transport", &[(&eio::ERROR_CODE, n(0))]),
        ("eio-refused-sid", &[(&eio::ERROR_CODE, n(1))]),
        ("eio-refused-method", &[(&eio::ERROR_CODE, n(2))]),
        ("eio-refused-request", &[(&eio::ERROR_CODE, n(3))]),
        ("eio-refused-forbidden", &[(&eio::ERROR_CODE, n(4))]),
        ("eio-refused-version", &[(&eio::ERROR_CODE, n(5))]),
        ("eio-upgrade", &[(&eio::TYPE, n(5))]),
        ("eio-noop", &[(&eio::TYPE, n(6))]),
        ("eio-upgrades", &[(&eio::UPGRADES, flag)]),
        ("eio-separator", &[(&eio::SEPARATOR, flag)]),
        ("eio-length", &[(&eio::LENGTH, n(6))]),
        ("eio-taken", &[(&eio::OK, flag)]),
        ("eio-session", &[(&eio::TYPE, n(4)), (&eio::SID, flag)]),
    ] {
        rows.push((rule, made(&eio::ABOUT, fields)));
    }
    for (rule, fields) in [
        ("sio-connect", &[(&sio::TYPE, n(0))][..]),
        ("sio-disconnect", &[(&sio::TYPE, n(1))]),
        ("sio-event", &[(&sio::TYPE, n(2))]),
        ("sio-binary-event", &[(&sio::TYPE, n(5))]),
        ("sio-attachment-last", &[(&sio::ATTACHMENTS_LEFT, n(0))]),
        ("sio-attachment-more", &[(&sio::ATTACHMENTS_LEFT, n(2))]),
        ("sio-ack-wanted", &[(&sio::TYPE, n(2)), (&sio::ACK_ID, n(0))]),
        ("sio-ack", &[(&sio::TYPE, n(3)), (&sio::ACK_ID, n(0))]),
        ("sio-binary", &[(&sio::TYPE, n(5)), (&sio::ATTACHMENTS, n(1))]),
        ("sio-attachment", &[(&sio::ATTACHMENT, flag)]),
        ("sio-error", &[(&sio::TYPE, n(4))]),
    ] {
        rows.push((rule, made(&sio::ABOUT, fields)));
    }
    rows
}

/// Long polling, told over real requests and answers.
#[test]
fn a_dialogue_over_polling_is_told_with_its_sid_and_who_speaks() {
    let mut w = Watch::new();
    w.open();
    let (mut seq, mut ack) = (1001, 5001);
    let mut say = |w: &mut Watch, from, line: &str, body: &str| {
        let message = format!("{line}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let (own, other) = if from == From::Client { (&mut seq, &mut ack) } else { (&mut ack, &mut seq) };
        w.see(&segment(from, "PA", *own, *other, message.as_bytes()));
        *own += u32::try_from(message.len()).unwrap();
    };
    let ask = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1";
    let later = "GET /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1";
    say(&mut w, From::Client, ask, "");
    say(
        &mut w,
        From::Server,
        "HTTP/1.1 200 OK",
        r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}"#,
    );
    let open = w.says("eio-open", Audience::Student);
    assert!(open.contains("sid abc") && open.contains("25000 ms"), "{open}");
    assert!(w.says("eio-upgrades", Audience::Engineer).contains("websocket"));
    say(&mut w, From::Client, "POST /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1", r#"40/a,{"token":1}"#);
    assert!(w.says("sio-connect", Audience::Student).contains(r#"{"token":1}"#));
    assert!(w.rules().contains(&"sio-namespace") && w.says("eio-session", Audience::Newcomer).contains("abc"));
    say(&mut w, From::Server, "HTTP/1.1 200 OK", "ok");
    assert!(w.rules().contains(&"eio-taken"), "{:?}", w.rules());
    say(&mut w, From::Client, later, "");
    say(&mut w, From::Server, "HTTP/1.1 200 OK", "40/a,{\"sid\":\"xyz\"}\u{1e}42/a,7[\"hi\",1]\u{1e}6");
    for rule in ["sio-connected", "sio-event", "sio-ack-wanted", "eio-separator", "eio-noop"] {
        assert!(w.rules().contains(&rule), "{rule}: {:?}", w.rules());
    }
    assert!(w.says("sio-connected", Audience::Student).contains("xyz"));
    let told = |w: &Watch| seven(&w.moment(), Audience::Student, &w.texts);
    let rows = told(&w);
    say(&mut w, From::Client, "POST /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1", "41/a,");
    assert!(w.rules().contains(&"sio-left") && !w.rules().contains(&"sio-thrown-out"));
    say(&mut w, From::Server, "HTTP/1.1 200 OK", "ok");
    say(&mut w, From::Client, later, "");
    say(&mut w, From::Server, "HTTP/1.1 200 OK", "41/a,");
    assert!(w.rules().contains(&"sio-thrown-out") && !w.rules().contains(&"sio-left"));
    say(&mut w, From::Client, later, "");
    say(&mut w, From::Server, "HTTP/1.1 200 OK", "44/b,{\"message\":\"Invalid namespace\"}");
    assert!(w.says("sio-no-namespace", Audience::Student).contains("/b"), "{:?}", w.rules());
    assert_eq!((rows[4].truth, rows[6].truth), (Truth::Inferred, Truth::Observed));
    assert!(rows[4].text.contains("Engine.IO") && rows[4].text.contains("abc"), "{}", rows[4].text);
    assert!(rows[6].text.contains("Socket.IO"), "{}", rows[6].text);
}

#[test]
fn every_rule_holds_in_some_packet() {
    let (examples, texts) = (examples(), Texts::english());
    for (rule, packet) in &examples {
        let moment = Moment { packet, events: &[], connection: None, upgrade: None };
        let heres = (0..packet.layers.len()).filter_map(|i| Here::new(&moment, i));
        let mut holds = Vec::new();
        heres.for_each(|here| texts.holding(&here, |rule, _| holds.push(rule.id)));
        assert!(holds.contains(rule), "{rule}: {holds:?}");
    }
    let verdicts = ["retransmission", "order", "duplicate", "lost", "window", "keep-alive", "reused"];
    for rule in rules() {
        let known = SEEN_IN_CONVERSATIONS.contains(&rule.id)
            || examples.iter().any(|(id, _)| *id == rule.id)
            || verdicts.iter().any(|v| rule.id.starts_with("tcp-") && rule.id.contains(v));
        assert!(known, "no packet shows {}", rule.id);
    }
}
