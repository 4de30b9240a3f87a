//! In the steady state, one more packet allocates nothing, and neither does explaining it in full text: counted over
//! the six situations that join, split or nest packets. Every frame is made before the count begins.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]
#![expect(unsafe_code, reason = "a global allocator that counts is an unsafe trait to implement")]

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6Header, PacketBuilder};
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Packet, RawFrame, Time};
use osi_tutor::proto::walk;
use osi_tutor::tutor::{Moment, Texts};
use osi_tutor::view::{Theme, text};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count() {
    // A thread that ends may still allocate; nobody counts it.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `GlobalAlloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

// ---- the harness

const CLIENT: [u8; 4] = [192, 0, 2, 1];
const SERVER: [u8; 4] = [192, 0, 2, 2];
const PORT: u16 = 50_000;

/// Who watches: one tracker, one packet, one page of text, reused.
struct Watch {
    tracker: Tracker,
    packet: Packet,
    text: text::Text,
    page: String,
    number: u64,
}

impl Watch {
    fn new() -> Self {
        let texts = std::sync::Arc::new(Texts::english());
        let text = text::Text::new(Theme::new(false), None, text::Options::default(), texts).keeping();
        let tracker = Tracker::new(Limits::default());
        Self { tracker, packet: Packet::new(), text, page: String::new(), number: 0 }
    }

    /// Walks frames, writes each as text, and gives the number of allocations; `see` looks at each packet and must not
    /// allocate.
    fn walk(&mut self, frames: &[Vec<u8>], mut see: impl FnMut(&Packet)) -> usize {
        let mut raw = Vec::new();
        for bytes in frames {
            self.number += 1;
            let (number, len) = (self.number, bytes.len() as u32);
            let time = Time(number.cast_signed() * 1_000_000);
            raw.push(RawFrame { number, time, len, bytes: bytes.clone(), ..RawFrame::default() });
        }
        let before = ALLOCATIONS.get();
        for frame in &raw {
            walk(frame, &mut self.tracker, &mut self.packet);
            self.page.clear();
            self.text.packet(&Moment::new(&self.packet, &self.tracker), &mut self.page);
            see(&self.packet);
        }
        ALLOCATIONS.get() - before
    }
}

/// Walks the rounds of a conversation. In each of the last ones, so many layers of this name must
/// appear and nothing be allocated.
fn steady(name: &str, layers: usize, round: impl Fn(u32) -> Vec<Vec<u8>>) {
    let mut watch = Watch::new();
    for n in 0..WARM_UP {
        watch.walk(&round(n), |_| ());
    }
    for n in WARM_UP..WARM_UP + 8 {
        let mut found = 0;
        let allocated = watch.walk(&round(n), |p| found += p.layers.iter().filter(|l| l.proto.name == name).count());
        assert_eq!(found, layers, "round {n}: this is not the situation that it is meant to be");
        assert_eq!(allocated, 0, "round {n}");
    }
}

/// Rounds after which every buffer has its size.
const WARM_UP: u32 = 32;

fn ethernet() -> etherparse::PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
}

fn segment(from_client: bool, seq: u32, ack: u32, payload: &[u8]) -> Vec<u8> {
    let (src, dst) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    let (sport, dport) = if from_client { (PORT, 80) } else { (80, PORT) };
    let mut bytes = Vec::new();
    let packet = ethernet().ipv4(src, dst, 64).tcp(sport, dport, seq, 64_000).ack(ack).psh();
    packet.write(&mut bytes, payload).unwrap();
    bytes
}

/// A question's answer with so many addresses, all of the compressed name at byte 12.
fn dns_answer(id: u16, addresses: u16) -> Vec<u8> {
    let mut dns = Vec::new();
    for n in [id, 0x8180, 1, addresses, 0, 0] {
        dns.extend_from_slice(&n.to_be_bytes());
    }
    dns.extend_from_slice(b"\x03www\x07example\x00\x00\x01\x00\x01");
    for n in 0..addresses {
        dns.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, n as u8]);
    }
    dns
}

fn udp(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let mut udp = Vec::new();
    for n in [src, dst, payload.len() as u16 + 8, 0] {
        udp.extend_from_slice(&n.to_be_bytes());
    }
    udp.extend_from_slice(payload);
    udp
}

fn ipv4(header: &Ipv4Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    header.write(&mut bytes).unwrap();
    bytes.extend_from_slice(payload);
    bytes
}

const REQUEST: &[u8] = b"GET /a HTTP/1.1\r\nHost: example\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"n\": 1}";

// ---- six situations

#[test]
fn dns_over_fragments() {
    steady("dns", 1, |n| {
        let datagram = udp(53, 40_000, &dns_answer(n as u16, 120));
        let piece = |from: usize, to: usize, more| {
            let mut ip = Ipv4Header::new((to - from) as u16, 64, IpNumber::UDP, SERVER, CLIENT).unwrap();
            ip.identification = n as u16;
            ip.dont_fragment = false;
            ip.more_fragments = more;
            ip.fragment_offset = IpFragOffset::try_new(from as u16 / 8).unwrap();
            ip.header_checksum = ip.calc_header_checksum();
            ipv4(&ip, &datagram[from..to])
        };
        vec![piece(0, 1480, true), piece(1480, datagram.len(), false)]
    });
}

#[test]
fn pipelined_http() {
    let (requests, responses) = (REQUEST.repeat(2), RESPONSE.repeat(2));
    steady("http", 4, |n| {
        let (seq, ack) = (1 + n * requests.len() as u32, 1 + n * responses.len() as u32);
        let asked = segment(true, seq, ack, &requests);
        vec![asked, segment(false, ack, seq + requests.len() as u32, &responses)]
    });
}

/// A dialogue of Socket.IO that only polls: two packets a body, one of them bytes as letters.
#[test]
fn socket_io_over_polling() {
    const ASK: &[u8] = b"GET /socket.io/?EIO=4&transport=polling&sid=abc HTTP/1.1\r\nHost: example\r\n\r\n";
    let body = "42[\"chat\",{\"n\":1}]\u{1e}451-[\"photo\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQID";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    steady("socketio", 3, |n| {
        let (seq, ack) = (1 + n * ASK.len() as u32, 1 + n * head.len() as u32);
        vec![segment(true, seq, ack, ASK), segment(false, ack, seq + ASK.len() as u32, head.as_bytes())]
    });
}

#[test]
fn http_messages_across_segments() {
    steady("http", 2, |n| {
        let (seq, ack) = (1 + n * REQUEST.len() as u32, 1 + n * RESPONSE.len() as u32);
        let done = seq + REQUEST.len() as u32;
        let mut frames = vec![segment(true, seq, ack, &REQUEST[..10]), segment(true, seq + 10, ack, &REQUEST[10..])];
        frames.extend([segment(false, ack, done, &RESPONSE[..30]), segment(false, ack + 30, done, &RESPONSE[30..])]);
        frames
    });
}

/// A segment that overtakes another is copied, and its copy is freed when its turn has come: two
/// allocations each (its bytes, its place in the order). Few segments do that.
#[test]
fn a_segment_that_overtakes_another() {
    let mut watch = Watch::new();
    for n in 0..WARM_UP + 8 {
        let (seq, ack) = (1 + n * REQUEST.len() as u32, 1 + n * RESPONSE.len() as u32);
        let done = seq + REQUEST.len() as u32;
        let late = segment(false, ack, done, &RESPONSE[..30]);
        let frames = [segment(true, seq, ack, REQUEST), segment(false, ack + 30, done, &RESPONSE[30..]), late];
        let mut found = 0;
        let allocated = watch.walk(&frames, |p| found += p.layers.iter().filter(|l| l.proto.name == "http").count());
        // The request, the piece that came too early, and the whole answer. Nothing says that the first piece is early.
        assert_eq!(found, if n == 0 { 2 } else { 3 }, "round {n}");
        assert!(n < WARM_UP || allocated <= 2, "round {n}: {allocated}");
    }
}

const UPGRADE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi";

/// The frames of an upgrade whose answer brings the first WebSocket frame along.
fn upgrade(seq: u32, ack: u32) -> Vec<Vec<u8>> {
    vec![segment(true, seq, ack, UPGRADE), segment(false, ack, seq + UPGRADE.len() as u32, SWITCHING)]
}

/// A new connection is new memory: its states, its streams, what the upgrade agreed on. So this
/// situation cannot be free. What it costs is bounded here, and what follows on it is free (below).
#[test]
fn an_upgrade_with_the_first_frame_in_its_segment() {
    let mut watch = Watch::new();
    for n in 0..WARM_UP + 8 {
        let isn = 1_000_000 * n;
        let mut frames = Vec::new();
        for (from_client, build) in [(true, 0), (false, 1)] {
            let mut bytes = Vec::new();
            let (src, dst) = if from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
            let (sport, dport) = if from_client { (PORT, 80) } else { (80, PORT) };
            let syn = ethernet().ipv4(src, dst, 64).tcp(sport, dport, isn, 64_000).syn();
            let syn = if build == 1 { syn.ack(isn + 1) } else { syn };
            syn.write(&mut bytes, &[]).unwrap();
            frames.push(bytes);
        }
        frames.extend(upgrade(isn + 1, isn + 1));
        let (mut http, mut websocket) = (0, 0);
        let allocated = watch.walk(&frames, |p| {
            http += p.layers.iter().filter(|l| l.proto.name == "http").count();
            websocket += p.layers.iter().filter(|l| l.proto.name == "websocket").count();
        });
        assert_eq!((http, websocket), (2, 1), "round {n}");
        // The connection, its two streams, what HTTP and WebSocket remember of either side, the strings of
        // the upgrade, and now and then a table that grows.
        assert!(n < WARM_UP || allocated <= 32, "round {n}: {allocated}");
    }
}

#[test]
fn two_websocket_frames_in_a_segment() {
    let (text, masked) = (b"\x81\x08{\"n\": 1}\x89\x02hi", b"\x81\x85\x01\x02\x03\x04igohn\x8a\x80\x01\x02\x03\x04");
    steady("websocket", 4, |n| {
        let opening = upgrade(1, 1);
        let (seq, ack) = (1 + UPGRADE.len() as u32, 1 + SWITCHING.len() as u32);
        if n == 0 {
            return opening;
        }
        let (seq, ack) = (seq + (n - 1) * masked.len() as u32, ack + (n - 1) * text.len() as u32);
        vec![segment(false, ack, seq, text), segment(true, seq, ack + text.len() as u32, masked)]
    });
}

#[test]
fn ipv6_in_ipv4() {
    steady("http", 2, |n| {
        let mut inner = Vec::new();
        let seq = 1 + n * REQUEST.len() as u32;
        let packet = PacketBuilder::ipv6([0x20; 16], [0x21; 16], 64)
            .tcp(PORT, 80, seq, 64_000)
            .ack(1 + n * RESPONSE.len() as u32);
        packet.write(&mut inner, REQUEST).unwrap();
        assert_eq!(inner.len(), Ipv6Header::LEN + 20 + REQUEST.len());
        let mut ip = Ipv4Header::new(inner.len() as u16, 64, IpNumber::IPV6, CLIENT, SERVER).unwrap();
        ip.header_checksum = ip.calc_header_checksum();
        // The answer: a request that waits for one would be remembered.
        let mut back = Vec::new();
        let packet = PacketBuilder::ipv6([0x21; 16], [0x20; 16], 64);
        let packet = packet.tcp(80, PORT, 1 + n * RESPONSE.len() as u32, 64_000).ack(seq + REQUEST.len() as u32);
        packet.write(&mut back, RESPONSE).unwrap();
        let mut ip_back = Ipv4Header::new(back.len() as u16, 64, IpNumber::IPV6, SERVER, CLIENT).unwrap();
        ip_back.header_checksum = ip_back.calc_header_checksum();
        vec![ipv4(&ip, &inner), ipv4(&ip_back, &back)]
    });
}

#[test]
fn tcp_quoted_by_icmp() {
    steady("tcp", 1, |n| {
        let quoted = segment(true, n, 1, b"hello");
        let mut bytes = Vec::new();
        let unreachable = etherparse::icmpv4::DestUnreachableHeader::Port;
        let packet =
            ethernet().ipv4(SERVER, CLIENT, 64).icmpv4(etherparse::Icmpv4Type::DestinationUnreachable(unreachable));
        packet.write(&mut bytes, &quoted[14..]).unwrap();
        vec![bytes]
    });
}
