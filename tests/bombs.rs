//! Inputs that are made to cost as much as they can: each at n and at twice n. Time grows no faster than the input
//! (twice as much work, not four times), and what is held at a time stays within a bound that does not grow.
//!
//! Memory is what the thread allocates, counted; time is what the thread had of a processor, so that a busy machine
//! changes little.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]

#[path = "../fuzz/src/bounds.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of a library, of which one function is asked")]
mod bounds;

use etherparse::PacketBuilder;
use flate2::{Compress, Compression, FlushCompress, write::GzEncoder};
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Interface, Packet, RawFrame, Time, Wanted};
use osi_tutor::proto::walk;
use osi_tutor::source::file::{File, Writer};
use osi_tutor::source::{Source, Step};
use osi_tutor::view::{Theme, brief::Brief, json};
use std::io::{Cursor, Write as _};
use std::sync::Arc;

const MB: usize = 1 << 20;
/// How many times as long twice the input may take: 2, and room for noise. Quadratic work takes 4.
const SLOWER: u64 = 3;
/// What takes less than this, in nanoseconds, is too short to compare.
const SHORT: u64 = 3_000_000;
/// A machine that does something else is asked again.
const ATTEMPTS: usize = 5;

/// Nanoseconds for which this thread has had a processor; `None` where the system does not tell.
fn worked() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        use rustix::time::{ClockId, clock_gettime};
        let now = clock_gettime(ClockId::ThreadCPUTime);
        u64::try_from(now.tv_sec * 1_000_000_000 + now.tv_nsec).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// Runs a bomb at n and 2n.
fn explode<T>(name: &str, n: usize, allowed: usize, make: impl Fn(usize) -> T, run: impl Fn(&T)) {
    let (one, two) = (make(n), make(2 * n));
    let held = bounds::most(|| run(&two));
    assert!(held <= allowed, "{name}: {held} bytes at once; {allowed} are allowed");
    let time = |input: &T| {
        let before = worked()?;
        run(input);
        Some(worked()? - before)
    };
    let mut best = [u64::MAX; 2];
    for _ in 0..ATTEMPTS {
        let (Some(once), Some(twice)) = (time(&one), time(&two)) else {
            println!("SKIPPED: the time of {name}: this system does not tell a thread's own");
            return;
        };
        println!("{name}: {once} ns, {twice} ns, {held} bytes");
        best = [best[0].min(once), best[1].min(twice)];
        if best[1] < SHORT || best[1] < SLOWER * best[0] {
            return;
        }
    }
    panic!("{name}: {} ns for {n}, {} ns for twice as much", best[0], best[1]);
}

// ---- what reads them

/// Everything that `read --brief` and `read --json` do with frames.
fn read(frames: &[Vec<u8>]) {
    read_within(&Limits::default(), frames);
}

fn read_within(limits: &Limits, frames: &[Vec<u8>]) {
    let (mut tracker, mut packet) = (Tracker::new(*limits), Packet::new());
    let mut raw = RawFrame::default();
    for (number, bytes) in (1..).zip(frames) {
        raw.number = number;
        raw.len = bytes.len() as u32;
        raw.bytes.clone_from(bytes);
        walk(&raw, &mut tracker, &mut packet);
        show(&packet);
    }
}

fn show(packet: &Packet) {
    let (mut line, mut object) = (String::new(), String::new());
    Brief::new(Theme::new(false), Some(80)).line(packet, &mut line);
    json::line(packet, None, &mut object);
    assert!(!line.is_empty() && !object.is_empty());
}

fn read_file(bytes: &[u8]) {
    let Ok(mut source) = File::read(Box::new(Cursor::new(bytes.to_vec())), "a file") else { return };
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    let mut raw = RawFrame::default();
    while matches!(source.next(&mut raw), Ok(Step::Frame)) {
        walk(&raw, &mut tracker, &mut packet);
        show(&packet);
    }
}

// ---- what they are made of

/// One end's words on a connection that begins in the middle.
struct Line {
    port: u16,
    server: u16,
    sent: [u32; 2],
    frames: Vec<Vec<u8>>,
}

impl Line {
    fn new(port: u16, server: u16) -> Self {
        Self { port, server, sent: [0; 2], frames: Vec::new() }
    }

    fn at(&mut self, client: bool, place: u32, payload: &[u8]) {
        let (from, to) = if client { (1, 2) } else { (2, 1) };
        let ports = if client { (self.port, self.server) } else { (self.server, self.port) };
        let theirs = self.sent[usize::from(client)];
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
            .tcp(ports.0, ports.1, 1 + place, 60_000)
            .ack(1 + theirs)
            .write(&mut bytes, payload)
            .unwrap();
        self.frames.push(bytes);
    }

    fn say(&mut self, client: bool, payload: &[u8]) {
        for piece in payload.chunks(1400) {
            let place = self.sent[usize::from(!client)];
            self.at(client, place, piece);
            self.sent[usize::from(!client)] += piece.len() as u32;
        }
    }

    /// The handshake of a WebSocket, with these extensions.
    fn upgrade(mut self, extensions: &str) -> Self {
        self.say(true, b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extensions}\r\n"
        );
        self.say(false, answer.as_bytes());
        self
    }
}

/// An unmasked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    match payload.len() {
        n @ 0..126 => [&[first, n as u8][..], payload].concat(),
        n @ 126..0x1_0000 => [&[first, 126][..], &(n as u16).to_be_bytes(), payload].concat(),
        n => [&[first, 127][..], &(n as u64).to_be_bytes(), payload].concat(),
    }
}

fn datagram(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    builder.udp(40_000, port).write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv4 around a payload.
fn ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = (20 + payload.len()).min(65_535) as u16;
    let mut head = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    head[2..4].copy_from_slice(&len.to_be_bytes());
    [head, payload.to_vec()].concat()
}

fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &kind.to_be_bytes(), payload].concat()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn http(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A block of a pcapng file.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &len, body, &len].concat()
}

fn section() -> Vec<u8> {
    let version = [0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
    block(0x0a0d_0d0a, &[&version[..], &[0xff; 8]].concat())
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [&code.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn interface(options: &[u8]) -> Vec<u8> {
    block(1, &[&[1, 0, 0, 0, 0, 0, 4, 0][..], options].concat())
}

// ---- protocols in protocols

#[test]
fn headers_in_headers() {
    let nested = |n: usize| vec![ethernet(0x0800, &(0..n).fold(vec![0; 8], |inner, _| ip(4, &inner)))];
    explode("IP in IP", 800, MB, nested, |frames| read(frames));
    let gre = |n: usize| {
        vec![ethernet(0x0800, &(0..n).fold(vec![0; 8], |inner, _| ip(47, &[&[0, 0, 8, 0][..], &inner].concat())))]
    };
    explode("GRE", 800, MB, gre, |frames| read(frames));
    let vlan = |n: usize| vec![ethernet(0x8100, &[0, 1, 0x81, 0].repeat(n))];
    explode("VLAN", 8_000, MB, vlan, |frames| read(frames));
    let mpls = |n: usize| vec![ethernet(0x8847, &[0, 0, 0x10, 64].repeat(n))];
    explode("MPLS", 8_000, MB, mpls, |frames| read(frames));
    let options = |n: usize| {
        let head = [&[0x60, 0, 0, 0, 0xff, 0xff, 0, 64][..], &[1; 16], &[2; 16]].concat();
        vec![ethernet(0x86dd, &[head, [0, 0, 1, 4, 0, 0, 0, 0].repeat(n)].concat())]
    };
    explode("IPv6 options", 2_000, 2 * MB, options, |frames| read(frames));
}

#[test]
fn options_of_multipath_tcp() {
    // Each segment's options are full: of addresses that are gone, or of the shortest options.
    for (name, option) in [("one long", [&[30, 40, 0x40][..], &[7; 37]].concat()), ("many short", [30, 2].repeat(20))] {
        let full = |n: usize| {
            let mut segment = vec![0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0xf0, 0x10, 4, 0, 0, 0, 0, 0];
            segment.extend(&option);
            vec![ethernet(0x0800, &ip(6, &segment)); n]
        };
        explode(&format!("MPTCP: {name}"), 1_000, 4 * MB, full, |frames| read(frames));
    }
}

#[test]
fn names_that_point_at_names() {
    let head = |answers: usize| [&[0, 1, 0x81, 0x80, 0, 0][..], &(answers as u16).to_be_bytes(), &[0; 4]].concat();
    // Each name points to the one before.
    let chain = |n: usize| {
        let mut message = head(n);
        let mut before: Option<u16> = None;
        for _ in 0..n {
            let here = message.len() as u16;
            message.extend([1, b'a']);
            match before {
                Some(place) => message.extend((0xc000_u16 | place).to_be_bytes()),
                None => message.push(0),
            }
            message.extend([0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
            before = Some(here & 0x3fff);
        }
        vec![datagram(53, &message)]
    };
    explode("DNS: a chain of names", 500, 4 * MB, chain, |frames| read(frames));
    let circle = |n: usize| vec![datagram(53, &[head(n), [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0].repeat(n)].concat())];
    explode("DNS: names in a circle", 1_000, 4 * MB, circle, |frames| read(frames));
}

#[test]
fn structures_without_an_end() {
    let json = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        line.say(false, &frame(0x81, &["42[".as_bytes(), "[".repeat(n).as_bytes()].concat()));
        line.frames
    };
    explode("JSON: depth", 20_000, 12 * MB, json, |frames| read(frames));
    let tags = |n: usize| (0..n).map(|_| datagram(161, &[0x30, 0x82, 0xff, 0xff].repeat(100))).collect::<Vec<_>>();
    explode("SNMP: depth", 200, MB, tags, |frames| read(frames));
    let attachments = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        (0..n)
            .for_each(|_| line.say(false, &frame(0x81, b"4599999999999999-[\"x\",{\"_placeholder\":true,\"num\":0}]")));
        (0..n).for_each(|_| line.say(false, &frame(0x82, &[0; 100])));
        line.frames
    };
    explode("Socket.IO: attachments", 500, 4 * MB, attachments, |frames| read(frames));
}

// ---- streams

#[test]
fn segments_in_the_worst_order() {
    let backwards = |n: usize| {
        let mut line = Line::new(40_000, 80);
        (0..n).rev().for_each(|place| line.at(true, place as u32, b"x"));
        line.frames
    };
    explode("TCP: one byte each, backwards", 4_000, 16 * MB, backwards, |frames| read(frames));
    let holes = |n: usize| {
        let mut line = Line::new(40_000, 80);
        (0..n).for_each(|place| line.at(true, 2 * place as u32 + 1, b"x"));
        (0..n).for_each(|place| line.at(true, 2 * place as u32, b"x"));
        line.frames
    };
    explode("TCP: every second byte", 3_000, 16 * MB, holes, |frames| read(frames));
    let shuffled = |n: usize| {
        let mut line = Line::new(40_000, 80);
        (0..n).for_each(|place| line.at(true, (place * 7919 % n) as u32, b"x"));
        line.frames
    };
    explode("TCP: one byte each, shuffled", 4_000, 16 * MB, shuffled, |frames| read(frames));
    let bytewise = |n: usize| {
        let mut line = Line::new(40_000, 443);
        let record = [&[22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xfb][..], &[0; 0x3ffb]].concat();
        record.iter().cycle().take(n).for_each(|byte| line.say(true, &[*byte]));
        line.frames
    };
    explode("TLS: a byte a segment", 4_000, 8 * MB, bytewise, |frames| read(frames));
}

#[test]
fn conversations_without_an_end() {
    let limits = Limits { bytes_in_streams: 2 * MB, bytes_kept: 2 * MB, conversations: 1 << 12, ..Limits::default() };
    let open = |n: usize| {
        let half = |i: usize| {
            let mut line = Line::new(i as u16, 80);
            line.say(true, &[b"GET /".as_slice(), &[b'a'; 900]].concat());
            line.frames.remove(0)
        };
        (0..n).map(half).collect::<Vec<_>>()
    };
    explode("HTTP: half a request on each", 5_000, 16 * MB, open, |frames| read_within(&limits, frames));
    let packed = |n: usize| {
        let mut all = Vec::new();
        for i in 0..n {
            let mut line = Line::new(i as u16, 80).upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n");
            for client in [true, false] {
                let mut compress = Compress::new(Compression::best(), false);
                let mut out = Vec::with_capacity(200);
                compress.compress_vec(&[b'x'; 100], &mut out, FlushCompress::Sync).unwrap();
                out.truncate(out.len() - 4);
                line.say(client, &frame(0xc1, &out));
            }
            all.append(&mut line.frames);
        }
        all
    };
    explode("WebSocket: a history for each", 400, 12 * MB, packed, |frames| read_within(&limits, frames));
    let fragments = |n: usize| {
        let piece = |i: usize| {
            let mut bytes = ethernet(0x0800, &ip(17, &[0; 1000]));
            bytes[18..20].copy_from_slice(&(i as u16).to_be_bytes());
            bytes[20..22].copy_from_slice(&[0x20, 1]);
            bytes
        };
        (0..n).map(piece).collect::<Vec<_>>()
    };
    let limits = Limits { bytes_in_fragments: 2 * MB, ..Limits::default() };
    explode("IP: first fragments", 5_000, 8 * MB, fragments, |frames| read_within(&limits, frames));
}

/// A part of the million that `benches/growth.py` measures. There are 300 bytes for each, and what is the same for any
/// number of them.
#[test]
fn many_conversations_are_small() {
    const MANY: u32 = 50_000;
    let all = |limits: Limits, data: &[u8]| {
        bounds::most(|| {
            let (mut tracker, mut packet, mut raw) = (Tracker::new(limits), Packet::new(), RawFrame::default());
            packet.wanted = Wanted::line(Vec::new());
            for payload in [&[][..], data].iter().take(if data.is_empty() { 1 } else { 2 }) {
                for n in 0..MANY {
                    let [_, a, b, c] = n.to_be_bytes();
                    let ends = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, a, b, c], [192, 0, 2, 80], 64);
                    let segment = ends.tcp(40_000, 80, 1000 + u32::from(!payload.is_empty()), 60_000);
                    let segment = if payload.is_empty() { segment.syn() } else { segment.ack(1) };
                    raw.bytes.clear();
                    segment.write(&mut raw.bytes, payload).unwrap();
                    raw.number += 1;
                    raw.time = Time(raw.number.cast_signed() * 1000);
                    raw.len = raw.bytes.len() as u32;
                    walk(&raw, &mut tracker, &mut packet);
                }
            }
        })
    };
    let same = 6 * MB;
    let fits = |what: &str, bytes: usize| {
        println!("{what}: {} bytes each", bytes.saturating_sub(same) / MANY as usize);
        assert!(bytes <= 300 * MANY as usize + same, "{what}: {bytes} bytes");
    };
    fits("a SYN alone", all(Limits::default(), b""));
    // As full as a million of them are with the limits of the program.
    let limits = Limits { conversations: MANY as usize, ..Limits::default() };
    let limits = Limits { bytes_in_streams: limits.bytes_in_streams / 20, ..limits };
    fits("half a request", all(limits, &[b"GET /".as_slice(), &[b'a'; 95]].concat()));
}

#[test]
fn messages_without_an_end() {
    let head = |n: usize| {
        let mut line = Line::new(40_000, 80);
        line.say(true, &[b"GET / HTTP/1.1\r\n".to_vec(), b"A: b\r\n".repeat(n)].concat());
        line.frames
    };
    explode("HTTP: headers", 30_000, 16 * MB, head, |frames| read(frames));
    let chunks = |n: usize| {
        let mut line = Line::new(40_000, 80);
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        line.say(false, &[head, b"1\r\nx\r\n".repeat(n)].concat());
        line.frames
    };
    explode("HTTP: chunks of one byte", 20_000, 8 * MB, chunks, |frames| read(frames));
    let requests = |n: usize| {
        let mut line = Line::new(40_000, 80);
        line.say(true, &b"GET / HTTP/1.1\r\n\r\n".repeat(n));
        line.frames
    };
    explode("HTTP: requests without answers", 10_000, 16 * MB, requests, |frames| read(frames));
    let pieces = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        line.say(false, &frame(0x01, b"a"));
        (0..n).for_each(|_| line.say(false, &frame(0x00, b"b")));
        line.frames
    };
    explode("WebSocket: pieces of a message", 4_000, 8 * MB, pieces, |frames| read(frames));
    let pings = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        line.say(false, &[0x89, 0].repeat(n));
        line.frames
    };
    explode("WebSocket: empty pings", 10_000, 16 * MB, pings, |frames| read(frames));
    let huge = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        line.say(false, &[&[0x82, 127, 0x7f][..], &[0xff; 7]].concat());
        line.say(false, &[0; 100].repeat(n));
        line.frames
    };
    explode("WebSocket: a frame of 2^63 bytes", 5_000, 40 * MB, huge, |frames| read(frames));
    let polls = |n: usize| {
        let body = "4x\u{1e}".repeat(n);
        let mut line = Line::new(40_000, 80);
        line.say(true, b"GET /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\nHost: h\r\n\r\n");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
        line.say(false, &[head.as_bytes(), body.as_bytes()].concat());
        line.frames
    };
    explode("Engine.IO: a body of packets", 4_000, 32 * MB, polls, |frames| read(frames));
}

#[test]
fn bytes_that_unpack_to_far_more() {
    let bodies = |packed: Vec<u8>| {
        move |n: usize| {
            let mut line = Line::new(40_000, 80);
            (0..n).for_each(|_| line.say(false, &packed));
            line.frames
        }
    };
    let zeros = vec![0; 2 * MB];
    explode("gzip", 2, 24 * MB, bodies(http("gzip", &gzip(&zeros))), |frames| read(frames));
    explode("gzip in gzip", 2, 24 * MB, bodies(http("gzip, gzip", &gzip(&gzip(&zeros)))), |frames| read(frames));
    // 20 MB of zeros; 256 frames, and tiny ones, each with a window of 8 MB.
    let brotli: &[u8] = b"\xcb\xff\xff\x3f\xf8\x27\0\xe2\xb1\x40\x20\xf7\xfe\x8f\xff\xff\x7f\xf0\x4f\0\xc4\x61\x11\x80\xee\xfd\x5f\xfe\xff\xff\xe0\x9f\0\x88\xc3\x02\0\xdd\xfb\x1f";
    explode("Brotli", 2, 40 * MB, bodies(http("br", brotli)), |frames| read(frames));
    let blocks = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x68][..], &[2, 0, 16, b'x'].repeat(200)].concat();
    explode("Zstandard", 2, 40 * MB, bodies(http("zstd", &blocks)), |frames| read(frames));
    let tiny: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x68, 9, 0, 0, b'x'];
    explode("Zstandard: many frames", 20, 40 * MB, bodies(http("zstd", &tiny.repeat(256))), |frames| read(frames));
    explode("Zstandard: many bodies", 500, 40 * MB, bodies(http("zstd", tiny)), |frames| read(frames));
    explode("Brotli: many bodies", 500, 40 * MB, bodies(http("br", b"\x0b\x01\x80[1]\x03")), |frames| read(frames));
    let deflate = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        for _ in 0..n {
            let mut compress = Compress::new(Compression::best(), false);
            let mut out = Vec::with_capacity(MB);
            compress.compress_vec(&zeros, &mut out, FlushCompress::Sync).unwrap();
            out.truncate(out.len() - 4);
            line.say(false, &frame(0xc1, &out));
        }
        line.frames
    };
    explode("WebSocket: deflate", 2, 24 * MB, deflate, |frames| read(frames));
    let file = |n: usize| {
        let frame = [&[0; 8][..], &[60, 0, 0, 0, 60, 0, 0, 0], &[0; 60]].concat();
        let head = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
        gzip(&[&head[..], &frame.repeat(n)].concat())
    };
    explode("a packed file", 5_000, 2 * MB, file, |bytes| read_file(bytes));
}

#[test]
fn holes_without_an_end() {
    // What is in front of a hole is a head, or chunks, of which nobody knows the end. Byte by byte the hole is filled,
    // and what was behind it goes on: both are read again each time.
    let filled = |front: &'static [u8], behind: &'static [u8]| {
        move |n: usize| {
            let (long, hole) = (60_000 / front.len() * front.len(), n as u32);
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut line = Line::new(40_000, 80);
            line.say(false, &[head, &front.repeat(long / front.len())[..]].concat());
            let from = line.sent[1];
            line.sent[1] += hole;
            line.say(false, &[head, &behind.repeat(100 * n / behind.len())[..]].concat());
            for place in 0..hole {
                line.at(false, from + place, &front[place as usize % front.len()..][..1]);
                line.say(false, &behind[place as usize % behind.len()..][..1]);
            }
            line.frames
        }
    };
    let chunks = b"1\r\nx\r\n";
    explode("a hole in chunks, filled bytewise", 1_500, 16 * MB, filled(chunks, chunks), |frames| read(frames));
    // Much waits far behind, and nearer, message by message, each behind a hole of its own.
    let far = |n: usize| {
        let mut line = Line::new(40_000, 80);
        line.say(true, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        line.say(false, b"HTTP/1.1 204 No Content\r\n\r\n");
        (0..n as u32).for_each(|i| line.at(false, 10_000_000 + 2 * i, b"\x01"));
        (0..n as u32).for_each(|i| line.at(false, 100 + 60 * i, b"HTTP/1.1 204 No Content\r\n\r\n"));
        line.frames
    };
    explode("many holes, and much behind them", 4_000, 16 * MB, far, |frames| read(frames));
    // Half a frame of a WebSocket, a hole, and the next half frame.
    let halves = |n: usize| {
        let mut line = Line::new(40_000, 80).upgrade("");
        for _ in 0..n {
            line.say(false, &[0x82, 126, 0x20, 0, 1, 2, 3]);
            line.sent[1] += 0x1fff;
        }
        line.frames
    };
    explode("a hole in every message", 4_000, 16 * MB, halves, |frames| read(frames));
}

// ---- HTTP/2

/// A frame of HTTP/2.
fn h2(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// A connection of HTTP/2 on which the client says all this.
fn h2_says(frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut line = Line::new(40_000, 3000);
    line.say(true, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &h2(4, 0, 0, b"")[..]].concat());
    line.say(false, &h2(4, 0, 0, b"\0\x08\0\0\0\x01"));
    frames.into_iter().for_each(|frame| line.say(true, &frame));
    line.frames
}

#[test]
fn header_lines_without_an_end() {
    // Nobody says that the lines are whole.
    let flood = |n: usize| h2_says([h2(1, 0, 1, &[0x82])].into_iter().chain((0..n).map(|_| h2(9, 0, 1, &[0x86; 20]))));
    explode("HTTP/2: CONTINUATION", 2_000, 16 * MB, flood, |frames| read(frames));
    let empty = |n: usize| h2_says([h2(1, 0, 1, &[0x82])].into_iter().chain((0..n).map(|_| h2(9, 0, 1, b""))));
    explode("HTTP/2: empty CONTINUATION", 2_000, 16 * MB, empty, |frames| read(frames));
    // The table is as large as it may be, and full of the shortest lines; each block names one.
    let table = |n: usize| {
        let full = [&[0x3f, 0xe1, 0xff, 0x03][..], &b"\x40\0\0".repeat(2_000)].concat();
        h2_says([h2(1, 4, 1, &full)].into_iter().chain((0..n).map(|_| h2(1, 4, 3, &[0xbe]))))
    };
    explode("HTTP/2: a full table", 500, 16 * MB, table, |frames| read(frames));
    let grows = |n: usize| h2_says((0..n).map(|_| h2(1, 4, 1, &[&b"\x40\x01a\x7f\x49"[..], &[b'x'; 200]].concat())));
    explode("HTTP/2: lines for the table", 2_000, 16 * MB, grows, |frames| read(frames));
    let named = |n: usize| {
        let long = [&b"\x40\x01a\x7f\x81\x1e"[..], &[b'x'; 3968]].concat();
        h2_says([h2(1, 4, 1, &long)].into_iter().chain((0..n).map(|_| h2(1, 4, 3, &[0xbe; 60]))))
    };
    explode("HTTP/2: a long line, named again and again", 60, 16 * MB, named, |frames| read(frames));
    let sizes = |n: usize| h2_says((0..n).map(|_| h2(1, 4, 1, &[0x20; 4_000])));
    explode("HTTP/2: sizes of the table", 40, 16 * MB, sizes, |frames| read(frames));
    // Huffman's shortest sign has five bits, its longest thirty.
    for (name, sign) in [("short", [0x18, 0xc6, 0x31, 0x8c, 0x63]), ("long", [0xff, 0xff, 0xfe, 0x7f, 0xff])] {
        let packed = |n: usize| {
            let text = [&[0x00, 0x01, b'a', 0xff, 0xe1, 0x1d][..], &sign.repeat(768)].concat();
            h2_says((0..n).map(|_| h2(1, 4, 1, &text)))
        };
        explode(&format!("HTTP/2: Huffman, {name}"), 60, 16 * MB, packed, |frames| read(frames));
    }
    let settings = |n: usize| h2_says([h2(4, 0, 0, &[0, 3, 0, 0, 0, 1].repeat(n))]);
    explode("HTTP/2: settings", 20_000, 16 * MB, settings, |frames| read(frames));
}

#[test]
fn streams_without_an_end() {
    let limits = Limits { bytes_kept: 2 * MB, ..Limits::default() };
    let json = b"\x82\x00\x0ccontent-type\x10application/json";
    let streams = |n: usize| h2_says((0..n as u32).map(|i| h2(1, 4, 2 * i + 1, json)));
    explode("HTTP/2: streams", 2_500, 16 * MB, streams, |frames| read_within(&limits, frames));
    let data = |n: usize| h2_says((0..n as u32).map(|i| h2(0, 0, 2 * i + 1, &[b'['; 400])));
    explode("HTTP/2: a piece on each stream", 2_500, 16 * MB, data, |frames| read_within(&limits, frames));
    let pieces = |n: usize| h2_says((0..n).map(|_| h2(0, 0, 1, b"[")));
    explode("HTTP/2: a body of one byte each", 4_000, 16 * MB, pieces, |frames| read(frames));
    // A message of WebSocket in a stream, byte by byte, and messages that come with the beginning of the next.
    let tunnel = |first: &'static [u8], each: Vec<u8>| {
        move |n: usize| {
            let mut line = Line::new(40_000, 3000);
            line.say(true, &[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &h2(4, 0, 0, b"")[..]].concat());
            line.say(false, &h2(4, 0, 0, b"\0\x08\0\0\0\x01"));
            line.say(true, &h2(1, 4, 1, b"\x02\x07CONNECT\x00\x09:protocol\x09websocket\x04\x01/"));
            line.say(false, &h2(1, 4, 1, &[0x88]));
            line.say(false, &h2(0, 0, 1, first));
            (0..n).for_each(|_| line.say(false, &h2(0, 0, 1, &each)));
            line.frames
        }
    };
    let long = tunnel(&[0x82, 127, 0, 0, 0, 0, 0, 0x0f, 0, 0], vec![7; 20]);
    explode("HTTP/2: a long message of WebSocket", 6_000, 16 * MB, long, |frames| read(frames));
    let overlapping = tunnel(&[0x82, 5], [&[7; 5][..], &[0x82, 5]].concat());
    explode("HTTP/2: messages over the bounds of frames", 5_000, 16 * MB, overlapping, |frames| read(frames));
}

// ---- files

#[test]
fn files_that_promise_much() {
    let name = option(2, &vec![0xff; 65_532]);
    let names = |n: usize| [section(), interface(&name).repeat(n)].concat();
    explode("names of interfaces", 60, 20 * MB, names, |bytes| read_file(bytes));
    let packet =
        block(6, &[&[0; 12][..], &[4, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4], &option(1, &vec![0xff; 65_532])].concat());
    let comments = |n: usize| [section(), interface(&[]), packet.repeat(n)].concat();
    explode("comments", 40, 16 * MB, comments, |bytes| read_file(bytes));
    let interfaces = |n: usize| [section(), interface(&[]).repeat(n)].concat();
    explode("interfaces", 50_000, 40 * MB, interfaces, |bytes| read_file(bytes));
    let sections = |n: usize| [section(), interface(&[])].concat().repeat(n);
    explode("sections", 20_000, 8 * MB, sections, |bytes| read_file(bytes));
    // 4 GB are promised; what is there is read.
    let long = |n: usize| {
        let head = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0];
        [&head[..], &[0; 8], &[0xff; 8], &vec![0; n]].concat()
    };
    explode("a packet of 4 GB", MB, 40 * MB, long, |bytes| read_file(bytes));
}

#[test]
fn as_many_interfaces_as_packets_are_written() {
    let path = std::env::temp_dir().join(format!("osi-tutor-bombs-{}", std::process::id()));
    let make = |n: usize| {
        let frame = |i: usize| RawFrame {
            time: Time(i.cast_signed() as i64),
            interface: Some(Arc::new(Interface { name: format!("if{i}"), loopback: false })),
            ..RawFrame::whole(i as u64 + 1, vec![0; 60])
        };
        (0..n).map(frame).collect::<Vec<_>>()
    };
    let write = |frames: &Vec<RawFrame>| {
        let mut writer = Writer::create(&path).unwrap();
        for frame in frames {
            writer.write(frame).unwrap();
        }
        writer.flush().unwrap();
    };
    explode("-w with an interface a packet", 10_000, 16 * MB, make, write);
    std::fs::remove_file(&path).unwrap();
}
