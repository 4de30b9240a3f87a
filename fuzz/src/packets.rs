//! What a wire or a capture gives: frames, segments, files.

use super::drawn;
use etherparse::PacketBuilder;
use osi_tutor::flow::follow::{Follower, Run, What, messages};
use osi_tutor::flow::{Endpoint, Limits, Tracker};
use osi_tutor::model::{LinkType, Osi, Packet, RawFrame, Span, Time, Value};
use osi_tutor::proto::{ConversationKind, Memory, NoMemory, ipv4, ipv6_extension, walk};
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use osi_tutor::stats::Stats;
use osi_tutor::tutor::{Audience, Moment, Texts};
use osi_tutor::view::text::{Options, Text};
use osi_tutor::view::{Theme, brief::Brief, json};
use std::io::Cursor;
use std::sync::{Arc, LazyLock};

pub static TEXTS: LazyLock<Arc<Texts>> = LazyLock::new(|| Arc::new(Texts::english()));

/// The link types that have a dissector.
pub const LINKS: [u16; 11] = [1, 0, 9, 101, 105, 108, 113, 127, 228, 229, 276];
/// Packets of one input that are shown in full: showing is far slower than reading.
const MOST_SHOWN: u64 = 2;
/// A frame's longest part: what is beyond it is read no differently.
const LONGEST: usize = 2048;
/// Frames that are read of one file.
const MOST_FRAMES: u64 = 5000;

/// One frame: link type (first byte), how much the capture cut off (second), where to cut it (third), bytes.
pub fn frame(data: &[u8]) {
    let [link, cut, at, bytes @ ..] = data else { return };
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    let number = LINKS.get(usize::from(*link)).copied().unwrap_or(u16::from(*link));
    let len = length(bytes.len()).saturating_add(u32::from(*cut));
    let whole = RawFrame { number: 1, len, bytes: bytes.to_vec(), link: LinkType(number), ..RawFrame::default() };
    let mut packet = Packet::new();
    let mut tracker = Tracker::new(Limits::default());
    walk(&whole, &mut tracker, &mut packet);
    check(&packet, &tracker, true);
    let alone = layers(&whole, &mut packet, &mut NoMemory::default());
    let mut part = whole.clone();
    part.bytes.truncate(bytes.len() * usize::from(*at) / 256);
    let some = layers(&part, &mut packet, &mut NoMemory::default());
    assert!(alone.starts_with(&some), "{some:?} is no beginning of {alone:?}");
}

/// The layers up to the transport: above it, and in any datagram of UDP, what a payload is may be guessed from all of
/// it. A first fragment ends them, too: whole, it waits for the others; cut, it will never be joined and is read as
/// far as it goes.
fn layers(frame: &RawFrame, packet: &mut Packet, memory: &mut dyn Memory) -> Vec<&'static str> {
    walk(frame, memory, packet);
    let mut names = Vec::new();
    for layer in packet.layers.iter().take_while(|l| l.proto.osi <= Osi::Transport && !l.quoted) {
        names.push(layer.proto.name);
        let fragment = |def| packet.uint_in(layer, def) == Some(1);
        if layer.proto.name == "udp" || fragment(&ipv4::FLAGS_MF) || fragment(&ipv6_extension::FRAGHDR_MORE) {
            break;
        }
    }
    names
}

/// A stream of bytes in segments: split, doubled, overlapping, in any order. Each segment is four bytes (place,
/// length, whether the receiver acknowledges and whether other bytes are sent than the stream has there); what is
/// left is the stream itself.
pub fn stream(data: &[u8]) {
    let [isn @ .., count, acks] = data.get(..6).unwrap_or_default() else { return };
    let isn = u32::from_be_bytes(isn.try_into().unwrap_or_default());
    let (plan, said) = data.split_at(data.len().min(6 + 4 * usize::from(count % 32)));
    let Some(plan) = plan.get(6..).filter(|_| !said.is_empty()) else { return };
    // Of a stream that nobody claims, segments are shown as they come; HTTP passes over what it does not know; a
    // file's bytes (FTP) are all told, and once.
    let port = [20, 80, 1000, 443][usize::from(acks >> 2 & 3)];
    let mut wire = Wire::new(port);
    wire.send(true, 2, isn, 0, &[]);
    wire.send(false, 0x12, 499, isn.wrapping_add(1), &[]);
    // Which bytes came for each place: those of the stream, others, or both.
    let other: Vec<u8> = said.iter().map(|b| !b).collect();
    let mut came = vec![[false; 2]; said.len()];
    let first = isn.wrapping_add(1);
    for step in plan.chunks_exact(4) {
        let [high, low, length, ack] = *step else { continue };
        let from = usize::from(u16::from_be_bytes([high, low])) % said.len();
        let to = said.len().min(from + usize::from(length));
        let lies = acks & 2 != 0 && ack & 2 != 0;
        came[from..to].iter_mut().for_each(|place| place[usize::from(lies)] = true);
        let payload = if lies { &other[from..to] } else { &said[from..to] };
        wire.send(true, 0x10, first.wrapping_add(self::length(from)), 500, payload);
        if acks & 1 == 1 && ack & 1 == 1 {
            let acked = usize::from(ack) * said.len() / 255;
            wire.send(false, 0x10, 500, first.wrapping_add(self::length(acked)), &[]);
        }
    }
    wire.end();
    // Followed byte by byte, everything is where the sender put it, and what never came is missing.
    let came_so = |at: usize, bytes: &[u8]| {
        let places =
            said.iter().zip(&came).skip(at).map(|(&b, &[truly, lied])| (truly.then_some(b), lied.then_some(!b)));
        at + bytes.len() <= said.len() && bytes.iter().zip(places).all(|(&b, (one, two))| [one, two].contains(&Some(b)))
    };
    let mut at = 0;
    for piece in &wire.heard {
        match piece {
            Ok(bytes) => {
                assert!(came_so(at, bytes), "{bytes:?} never came for {at}");
                at += bytes.len();
            }
            Err(missing) => at += usize::try_from(*missing).expect("no hole is longer than the stream"),
        }
    }
    let anything = |place: &[bool; 2]| place.contains(&true);
    let end = came.iter().rposition(anything).map_or(0, |n| n + 1);
    if acks & 1 == 0 {
        assert_eq!(at, end, "all that came was told");
        let told: usize = wire.heard.iter().flatten().map(Vec::len).sum();
        assert_eq!(told, came.iter().filter(|place| anything(place)).count(), "and told once");
        // The tracker reads on behind a hole, but no byte of a file twice.
        if port == 20 {
            let most = came.iter().filter(|place| anything(place)).count();
            assert!(wire.messages.len() <= most, "more was understood than came");
        }
    }
}

/// A connection through a tracker, and what is heard of it.
struct Wire {
    tracker: Tracker,
    follower: Follower,
    packet: Packet,
    number: u64,
    port: u16,
    heard: Vec<Result<Vec<u8>, u64>>,
    messages: Vec<u8>,
}

impl Wire {
    fn new(port: u16) -> Self {
        Self {
            tracker: Tracker::new(Limits::default()),
            follower: Follower::new(ConversationKind::Tcp, 0),
            packet: Packet::new(),
            number: 0,
            port,
            heard: Vec::new(),
            messages: Vec::new(),
        }
    }

    fn send(&mut self, from_client: bool, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let (src, dst, ports) = if from_client { (1, 2, (40_000, self.port)) } else { (2, 1, (self.port, 40_000)) };
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, src], [10, 0, 0, dst], 64);
        let builder = builder.tcp(ports.0, ports.1, seq, 64_000);
        let builder = if flags & 2 != 0 { builder.syn() } else { builder };
        let builder = if flags & 0x10 != 0 { builder.ack(ack) } else { builder };
        let mut bytes = Vec::new();
        builder.write(&mut bytes, payload).expect("a segment fits");
        self.number += 1;
        let time = Time(self.number.cast_signed() * 1_000_000);
        let frame = RawFrame { time, ..RawFrame::whole(self.number, bytes) };
        walk(&frame, &mut self.tracker, &mut self.packet);
        check(&self.packet, &self.tracker, self.number <= MOST_SHOWN);
        self.follower.packet(&self.packet, &mut |run| hear(&mut self.heard, run));
        let Some((transport, Endpoint::Client)) = self.follower.belongs(&self.packet) else { return };
        for message in messages(&self.packet, transport) {
            let Some(layer) = self.packet.layers.get(message.layers.start) else { continue };
            let span = Span { len: message.len, ..layer.span };
            self.messages.extend_from_slice(self.packet.bytes(span));
        }
    }

    fn end(&mut self) {
        self.follower.end(&mut |run| hear(&mut self.heard, run));
    }
}

fn hear(heard: &mut Vec<Result<Vec<u8>, u64>>, run: Run<'_>) {
    if run.from == Endpoint::Client {
        heard.push(match run.what {
            What::Bytes(bytes) => Ok(bytes.to_vec()),
            What::Missing(n) => Err(n),
        });
    }
}

/// Any bytes as a capture file: an end or an error comes, and every frame can be read.
pub fn file(data: &[u8]) {
    let Ok(mut source) = File::read(Box::new(Cursor::new(data.to_vec())), "a file") else { return };
    let (mut raw, mut packet) = (RawFrame::default(), Packet::new());
    let (mut tracker, mut stats) = (Tracker::new(Limits::default()), Stats::new(16));
    let zipped = data.starts_with(&[0x1f, 0x8b]);
    for number in 1..=MOST_FRAMES {
        match source.next(&mut raw) {
            Ok(Step::Frame) => {}
            Ok(Step::Idle | Step::End) => return,
            Err(error) => return assert!(!error.to_string().is_empty()),
        }
        assert_eq!(raw.number, number, "frames are counted from 1");
        assert!(zipped || raw.bytes.len() <= data.len(), "{} bytes out of {}", raw.bytes.len(), data.len());
        walk(&raw, &mut tracker, &mut packet);
        check(&packet, &tracker, number <= MOST_SHOWN);
        stats.count(&packet);
        assert_eq!(stats.all.frames, number);
    }
}

fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What holds for every packet: spans lie in their buffers, layers hold their fields, every view can show it, and
/// nothing that a terminal obeys comes out.
pub fn check(packet: &Packet, tracker: &Tracker, shown: bool) {
    let inside = |s: Span| {
        let buffer = packet.buffers().get(usize::from(s.buf)).map_or(0, |b| b.bytes.len());
        let len = if s.buf == Span::TEXT { packet.text.len() } else { buffer };
        assert!(s.start as usize + s.len as usize <= len, "{s:?} does not lie in its {len} bytes");
    };
    for layer in &packet.layers {
        inside(layer.span);
        assert!(layer.fields.start <= layer.fields.end && layer.fields.end as usize <= packet.fields.len());
        for field in packet.fields_of(layer) {
            inside(field.span);
            if let Value::Bytes(s) | Value::Text(s) = field.value {
                inside(s);
            }
        }
    }
    let mut line = String::new();
    Brief::new(Theme::new(false), Some(80)).line(packet, &mut line);
    drawn::line(&line);
    if !shown {
        return;
    }
    let mut object = String::new();
    json::line(packet, None, &mut object);
    assert_eq!(drawn::object(object.as_bytes())["v"], 1);
    // One of the views: all of them are reached by other packets.
    let audience = [Audience::Newcomer, Audience::Student, Audience::Engineer][packet.len as usize % 3];
    let mut text = String::new();
    let options = Options { hex: audience == Audience::Engineer, audience };
    let moment = Moment::new(packet, tracker);
    Text::new(Theme::new(false), Some(80), options, TEXTS.clone()).packet(&moment, &mut text);
    drawn::lines(&text);
}
