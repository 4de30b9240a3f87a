//! HTTP/2 over TCP, from the first byte on: header lines by HPACK, streams side by side, WebSocket in one of them.

use etherparse::PacketBuilder;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{LinkType, Packet, RawFrame, Trouble};
use osi_tutor::proto::{http2, json, walk, websocket};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// A connection on loopback: what both sides send, one segment each.
struct Line {
    tracker: Tracker,
    next: [u32; 2],
    port: u16,
    number: u64,
}

impl Line {
    fn new() -> Self {
        Self::on(3000, Limits::default())
    }

    fn on(port: u16, limits: Limits) -> Self {
        let mut line = Self { tracker: Tracker::new(limits), next: [1, 1], port, number: 0 };
        line.segment(0, 0, true, b"");
        line.segment(1, 0, true, b"");
        line
    }

    /// With the fixed text and both sides' settings behind it.
    fn opened() -> Self {
        let mut line = Self::new();
        line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
        line.server(&frame(SETTINGS, 0, 0, b"\0\x08\0\0\0\x01"));
        line
    }

    fn client(&mut self, bytes: &[u8]) -> Packet {
        self.side(0, bytes)
    }

    fn server(&mut self, bytes: &[u8]) -> Packet {
        self.side(1, bytes)
    }

    fn side(&mut self, side: usize, bytes: &[u8]) -> Packet {
        let seq = self.next[side];
        self.next[side] += u32::try_from(bytes.len()).unwrap();
        self.segment(side, seq, false, bytes)
    }

    fn segment(&mut self, side: usize, seq: u32, syn: bool, bytes: &[u8]) -> Packet {
        let ends = [([192, 0, 2, 1], 40000), ([192, 0, 2, 2], self.port)];
        let (from, to) = (ends[side], ends[1 - side]);
        let builder = PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, seq, 64000);
        let builder = if syn { builder.syn() } else { builder.psh() };
        let builder = if syn && side == 0 { builder } else { builder.ack(self.next[1 - side]) };
        let mut out = Vec::new();
        builder.write(&mut out, bytes).unwrap();
        self.number += 1;
        let len = u32::try_from(out.len()).unwrap();
        let raw = RawFrame { number: self.number, len, bytes: out, link: LinkType(101), ..RawFrame::default() };
        let mut packet = Packet::new();
        walk(&raw, &mut self.tracker, &mut packet);
        packet
    }
}

fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&len[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// A line that goes into the table.
fn kept(name: &str, value: &str) -> Vec<u8> {
    let part = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [&[0x40][..], &part(name), &part(value)].concat()
}

fn texts(p: &Packet, def: &'static osi_tutor::model::FieldDef) -> Vec<String> {
    let text = |f: &osi_tutor::model::Field| match f.value {
        osi_tutor::model::Value::Text(s) | osi_tutor::model::Value::Bytes(s) => {
            String::from_utf8_lossy(p.bytes(s)).into_owned()
        }
        _ => String::new(),
    };
    p.all(def).map(text).collect()
}

fn lines(p: &Packet) -> Vec<String> {
    let names = texts(p, &http2::NAME);
    names.iter().zip(texts(p, &http2::VALUE)).map(|(n, v)| format!("{n}={v}")).collect()
}

fn trouble(p: &Packet) -> Option<String> {
    p.layers.iter().find_map(|l| l.trouble).map(|t| match t {
        Trouble::Unshown(why) | Trouble::Breaks(why) | Trouble::Malformed(why) => why.0.to_owned(),
        other => format!("{other:?}"),
    })
}

#[test]
fn each_side_has_a_table_of_its_own_and_lines_of_it_are_sent_as_numbers() {
    let mut line = Line::opened();
    let get = [&[0x82, 0x86][..], &kept(":path", "/a"), &kept(":authority", "example.org")].concat();
    let p = line.client(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &get));
    assert_eq!(lines(&p), [":method=GET", ":scheme=http", ":path=/a", ":authority=example.org"]);
    assert_eq!(texts(&p, &http2::FULL_URI), ["http://example.org/a"]);
    assert_eq!(p.uint(&http2::COUNT), Some(4));
    let p = line.server(&frame(HEADERS, END_HEADERS, 1, &[&[0x88][..], &kept("server", "s")].concat()));
    assert_eq!(lines(&p), [":status=200", "server=s"]);
    assert_eq!((p.uint(&http2::STATUS), trouble(&p)), (Some(200), None));
    // 62 is the newest line of each side's own table.
    let p = line.client(&frame(HEADERS, END_HEADERS | END_STREAM, 3, &[0x82, 0x86, 0xbf, 0xbe]));
    assert_eq!(lines(&p), [":method=GET", ":scheme=http", ":path=/a", ":authority=example.org"]);
    let p = line.server(&frame(HEADERS, END_HEADERS, 3, &[0x88, 0xbe]));
    assert_eq!(lines(&p), [":status=200", "server=s"]);
}

#[test]
fn a_block_goes_on_in_continuations_behind_filling_and_priority() {
    let mut line = Line::opened();
    let block = [&[0x82][..], &kept(":path", "/long"), &kept("x", "1")].concat();
    let (first, rest) = block.split_at(5);
    let body = [&[2, 0x80, 0, 0, 5, 9][..], first, &[0, 0]].concat();
    let p = line.client(&frame(HEADERS, PADDED | PRIORITY, 1, &body));
    assert_eq!((p.uint(&http2::PAD_LENGTH), p.uint(&http2::DEPENDENCY)), (Some(2), Some(5)));
    assert_eq!((p.uint(&http2::WEIGHT_REAL), p.flag(&http2::EXCLUSIVE), lines(&p).len()), (Some(10), true, 0));
    let p = line.client(&frame(CONTINUATION, 0, 1, &rest[..3]));
    assert_eq!((lines(&p).len(), trouble(&p)), (0, None));
    let p = line.client(&frame(CONTINUATION, END_HEADERS, 1, &rest[3..]));
    assert_eq!(lines(&p), [":method=GET", ":path=/long", "x=1"]);
    // A promise is a request, on the server's table.
    let promise = [&[0, 0, 0, 2, 0x82][..], &kept(":path", "/style")].concat();
    let p = line.server(&frame(PUSH_PROMISE, END_HEADERS, 1, &promise));
    assert_eq!(
        (p.uint(&http2::PROMISED), lines(&p)),
        (Some(2), vec![":method=GET".to_owned(), ":path=/style".to_owned()])
    );
    let filled = line.client(&frame(HEADERS, PADDED | END_HEADERS, 3, &[9, 0x82]));
    assert!(trouble(&filled).is_some_and(|why| why.contains("longer than the frame")), "{:?}", trouble(&filled));
}

#[test]
fn behind_an_error_or_a_hole_no_line_is_claimed() {
    let mut line = Line::opened();
    line.client(&frame(HEADERS, END_HEADERS, 1, &kept("secret", "1")));
    let p = line.client(&frame(HEADERS, END_HEADERS, 3, &[0x82, 0xff, 0x01]));
    assert!(trouble(&p).is_some_and(|why| why.contains("isn't in the table")), "{:?}", trouble(&p));
    let p = line.client(&frame(HEADERS, END_HEADERS, 5, &[0x82, 0xbe]));
    assert_eq!(lines(&p).len(), 0);
    assert!(trouble(&p).is_some_and(|why| why.contains("the table isn't known")), "{:?}", trouble(&p));
    // The other side's table is whole.
    let p = line.server(&frame(HEADERS, END_HEADERS, 5, &[0x88]));
    assert_eq!((lines(&p), trouble(&p)), (vec![":status=200".to_owned()], None));
    // A segment of the server's is missing, and the client has it.
    line.next[1] += 100;
    line.client(&frame(SETTINGS, END_STREAM, 0, b""));
    line.server(&frame(HEADERS, END_HEADERS, 7, &[0x88]));
    line.client(&frame(SETTINGS, END_STREAM, 0, b""));
    let p = line.server(&frame(HEADERS, END_HEADERS, 9, &[0x88]));
    assert_eq!(lines(&p).len(), 0);
    assert!(trouble(&p).is_some_and(|why| why.contains("bytes before them are missing")), "{:?}", trouble(&p));
}

#[test]
fn behind_a_frame_that_was_given_up_no_line_is_claimed() {
    let mut line = Line::on(3000, Limits { bytes_a_stream: 100, ..Limits::default() });
    line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    let long = frame(HEADERS, END_HEADERS, 1, &[kept("a", "1"), kept("b", &"x".repeat(120))].concat());
    // Too much of it waits for its end.
    line.client(&long[..110]);
    line.client(&long[110..]);
    let p = line.client(&frame(HEADERS, END_HEADERS, 3, &[0x82, 0xbe]));
    assert_eq!((p.uint(&http2::TYPE), lines(&p).len()), (Some(1), 0));
    assert!(trouble(&p).is_some_and(|why| why.contains("bytes before them are missing")), "{:?}", trouble(&p));
}

#[test]
fn what_a_side_says_first_tells_whether_its_beginning_is_here() {
    // A server begins with its settings, never with a ping (RFC 9113 §3.4).
    let mut line = Line::new();
    line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    line.server(&frame(6, 0, 0, &[0; 8]));
    let p = line.server(&frame(HEADERS, END_HEADERS, 1, &[0x88, 0xbe]));
    assert!(trouble(&p).is_some_and(|why| why.contains("beginning isn't in this capture")), "{:?}", trouble(&p));
}

#[test]
fn what_is_shown_of_one_frame_is_bounded() {
    let mut line = Line::opened();
    let p = line.client(&frame(HEADERS, END_HEADERS, 1, &[&[0x20; 3000][..], &[0x82]].concat()));
    assert_eq!(p.all(&http2::TABLE_UPDATE).count(), 200);
    assert!(trouble(&p).is_some_and(|why| why.contains("more header lines than are shown")), "{:?}", trouble(&p));
    let p = line.client(&frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 1].repeat(4000)));
    assert_eq!(p.all(&http2::SETTING).count(), 2730);
    assert!(trouble(&p).is_some_and(|why| why.contains("more settings than are shown")), "{:?}", trouble(&p));
}

#[test]
fn a_side_that_begins_in_the_middle_is_not_decoded() {
    let mut line = Line::new();
    line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    let p = line.server(&frame(HEADERS, END_HEADERS, 1, &[0x88]));
    assert_eq!(lines(&p).len(), 0);
    assert!(trouble(&p).is_some_and(|why| why.contains("beginning isn't in this capture")), "{:?}", trouble(&p));
}

#[test]
fn tables_are_given_up_when_memory_is_full_and_then_nothing_is_claimed() {
    let mut line = Line::on(3000, Limits { bytes_kept: 0, ..Limits::default() });
    line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    line.client(&frame(HEADERS, END_HEADERS, 1, &kept("a", "1")));
    let p = line.client(&frame(HEADERS, END_HEADERS, 3, &[0xbe]));
    assert_eq!(lines(&p).len(), 0);
    assert!(trouble(&p).is_some_and(|why| why.contains("memory")), "{:?}", trouble(&p));
}

#[test]
fn a_body_is_put_together_from_its_stream_and_read() {
    let mut line = Line::opened();
    for stream in [1, 3] {
        line.client(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &[0x82]));
        line.server(&frame(
            HEADERS,
            END_HEADERS,
            stream,
            &[&[0x88][..], &kept("content-type", "application/json")].concat(),
        ));
    }
    line.server(&frame(0, 0, 1, b"{\"a\":"));
    let p = line.server(&frame(0, PADDED | END_STREAM, 3, b"\x03[1]\0\0\0"));
    assert!(p.layer(&json::ABOUT).is_some_and(|l| p.bytes(l.span) == b"[1]"), "{:?}", trouble(&p));
    let p = line.server(&frame(0, END_STREAM, 1, b"true}"));
    assert!(p.layer(&json::ABOUT).is_some_and(|l| p.bytes(l.span) == b"{\"a\":true}"));
    assert_eq!(p.uint(&http2::BODY_LENGTH), Some(10));
    // Brotli on top.
    let coded = [&[0x88, 0xbe][..], &kept("content-encoding", "br")].concat();
    line.server(&frame(HEADERS, END_HEADERS, 5, &coded));
    let p = line.server(&frame(0, END_STREAM, 5, b"\x0b\x01\x80[1]\x03"));
    assert!(p.layer(&json::ABOUT).is_some_and(|l| p.bytes(l.span) == b"[1]"), "{:?}", trouble(&p));
}

/// Opens a WebSocket on stream 1 to this path.
fn connect(line: &mut Line, path: &str) {
    let ask = [kept(":method", "CONNECT"), kept(":protocol", "websocket"), kept(":path", path)].concat();
    let p = line.client(&frame(HEADERS, END_HEADERS, 1, &ask));
    assert_eq!(lines(&p)[1], ":protocol=websocket");
    line.server(&frame(HEADERS, END_HEADERS, 1, &[0x88]));
}

fn masked(text: &[u8]) -> Vec<u8> {
    let mut all = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 1, 2, 3, 4];
    all.extend(text.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(b, k)| b ^ k));
    all
}

#[test]
fn the_data_of_an_extended_connect_is_websocket_over_the_bounds_of_frames() {
    let mut line = Line::opened();
    connect(&mut line, "/chat");
    let (first, second) = (masked(b"one"), masked(b"two"));
    let three = [first, second, masked(b"three")].concat();
    // Two messages and the beginning of a third in one frame; another stream between.
    let p = line.client(&frame(0, 0, 1, &three[..20]));
    assert_eq!(texts(&p, &websocket::TEXT), ["one", "two"]);
    let other = line.client(&frame(HEADERS, END_HEADERS | END_STREAM, 3, &[0x82]));
    assert!(other.layer(&websocket::ABOUT).is_none());
    let p = line.client(&frame(0, 0, 1, &three[20..]));
    assert_eq!((texts(&p, &websocket::TEXT), trouble(&p)), (vec!["three".to_owned()], None));
    // The server's frames are not masked; a close that comes in pieces.
    let p = line.server(&frame(0, 0, 1, b"\x81\x02hi\x88"));
    assert_eq!((texts(&p, &websocket::TEXT), trouble(&p)), (vec!["hi".to_owned()], None));
    let p = line.server(&frame(0, END_STREAM, 1, b"\x02\x03\xe8"));
    assert_eq!(p.uint(&websocket::CLOSE_STATUS), Some(1000));
    // An unmasked frame of the client's breaks the rule here, too.
    let p = line.client(&frame(0, 0, 1, b"\x81\x01x"));
    assert!(trouble(&p).is_some_and(|why| why.contains("client must mask")), "{:?}", trouble(&p));
}

#[test]
fn socket_io_is_read_inside() {
    let mut line = Line::opened();
    connect(&mut line, "/socket.io/?EIO=4&transport=websocket");
    let p = line.server(&frame(0, 0, 1, b"\x81\x0d42[\"hello\",1]"));
    let names: Vec<_> = p.layers.iter().map(|l| l.proto.name).collect();
    assert!(names.ends_with(&["http2", "websocket", "engineio", "socketio"]), "{names:?}");
    assert_eq!(trouble(&p), None);
}

#[test]
fn a_connect_that_is_refused_opens_nothing() {
    let mut line = Line::opened();
    let ask = [kept(":method", "CONNECT"), kept(":protocol", "websocket"), kept(":path", "/")].concat();
    line.client(&frame(HEADERS, END_HEADERS, 1, &ask));
    line.server(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x8d]));
    let p = line.client(&frame(0, 0, 1, &masked(b"one")));
    assert!(p.layer(&websocket::ABOUT).is_none());
}

#[test]
fn an_upgrade_of_http_1_leads_to_it() {
    let mut line = Line::on(80, Limits::default());
    line.client(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n");
    let p = line.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    assert!(p.layers.iter().any(|l| l.proto.name == "http"));
    let settings = line.server(&frame(SETTINGS, 0, 0, b""));
    assert_eq!(settings.uint(&http2::TYPE), Some(4));
    let p = line.client(&[PREFACE, &frame(SETTINGS, 0, 0, b"")].concat());
    assert_eq!(p.uint(&http2::TYPE), Some(4));
    let p = line.server(&frame(HEADERS, END_HEADERS, 1, &[0x88]));
    assert_eq!((lines(&p), trouble(&p)), (vec![":status=200".to_owned()], None));
    let p = line.client(&frame(HEADERS, END_HEADERS | END_STREAM, 3, &[0x82, 0x84]));
    assert_eq!(lines(&p), [":method=GET", ":path=/"]);
}

#[test]
fn hostile_frames_keep_all_bounds() {
    let mut seed = 3_u32;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    let mut line = Line::opened();
    connect(&mut line, "/chat");
    for n in 0..3000 {
        let len = random() % 60;
        let body: Vec<u8> = (0..len).map(|_| random().to_le_bytes()[0]).collect();
        let bytes = frame(random().to_le_bytes()[0] % 10, random().to_le_bytes()[1], random() % 5, &body);
        line.side(n % 2, &bytes);
    }
}
