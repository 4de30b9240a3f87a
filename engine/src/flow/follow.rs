//! One conversation read along: what both ends said, byte by byte, in order.
//!
//! It keeps streams of its own beside those of the tracker, because it wants every byte, told by the frame
//! that brought it, while the tracker wants messages. What comes too early waits, within bounds; what never
//! came is told as missing, once the receiver has acknowledged it or the capture is over.

use super::Endpoint;
use super::stream::{Arrival, Budget, Stream};
use crate::model::{FieldDef, Identity, Layer, Packet, Piece, Seq, clamp};
use crate::proto::memory::{Address, ConversationKind, Ends, Segment};
use crate::proto::tcp::flag;
use crate::proto::{ipv4, ipv6, tcp, udp};
use std::ops::Range;

/// Bytes that may wait behind a hole in one direction.
const MOST_WAITING: usize = 16 << 20;

/// Follows one conversation through a capture.
#[derive(Debug)]
pub struct Follower {
    kind: ConversationKind,
    wanted: u32,
    seen: u32,
    /// The client's address and port first, once its first packet came.
    ends: Option<Ends>,
    sides: [Side; 2],
    budget: Budget,
    early: Vec<u8>,
    sources: Vec<Piece>,
}

/// What one end has said.
#[derive(Debug, Default)]
struct Side {
    stream: Option<Stream>,
    /// What its receiver has acknowledged last.
    acked: Option<Seq>,
}

/// A part of what one end said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Who said it.
    pub from: Endpoint,
    /// The frame that brought it; for missing bytes, the one that gave them up (0: the capture's end).
    pub frame: u64,
    /// What it is.
    pub what: What<'a>,
}

/// What a [`Run`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// The next bytes.
    Bytes(&'a [u8]),
    /// So many bytes crossed the wire, and this capture lacks them.
    Missing(u64),
}

/// A message that a packet completes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its layers, as indices into [`Packet::layers`].
    pub layers: Range<usize>,
    /// Its bytes; of one of several packets in a body, that packet's.
    pub len: u32,
    /// The buffer that it was put together in; `None` when this frame alone brought it.
    pub joined: Option<u8>,
}

/// Called with each run, in order.
pub type Hear<'a> = dyn FnMut(Run<'_>) + 'a;

impl Follower {
    /// Of the conversation that Wireshark calls `tcp.stream` or `udp.stream` number `wanted`.
    pub fn new(kind: ConversationKind, wanted: u32) -> Self {
        let budget = Budget::new(2 * MOST_WAITING, MOST_WAITING);
        let (early, sources) = (Vec::new(), Vec::new());
        Self { kind, wanted, seen: 0, ends: None, sides: Default::default(), budget, early, sources }
    }

    /// How many conversations of this kind there were until now.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// Both ends, the client first, once a packet of the conversation came.
    pub fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// Takes a packet that a tracker has numbered. Where it belongs to the conversation: the index of its
    /// transport layer, and who sent it.
    pub fn belongs(&mut self, packet: &Packet) -> Option<(usize, Endpoint)> {
        let (about, number): (&Identity, &'static FieldDef) = match self.kind {
            ConversationKind::Tcp => (&tcp::ABOUT, &tcp::STREAM),
            ConversationKind::Udp => (&udp::ABOUT, &udp::STREAM),
            ConversationKind::Icmp => return None,
        };
        let mut found = None;
        for (i, layer) in packet.layers.iter().enumerate() {
            if !std::ptr::eq(layer.proto, about) || layer.quoted {
                continue;
            }
            let Some(stream) = packet.uint_in(layer, number).and_then(|n| u32::try_from(n).ok()) else { continue };
            self.seen = self.seen.max(stream.saturating_add(1));
            if stream == self.wanted {
                found = Some((i, layer));
            }
        }
        let (i, layer) = found?;
        let ends = self.ends_of(packet, i, layer)?;
        let client = match self.ends {
            Some(known) => known,
            None if self.opens(packet, layer, ends) => ends,
            None => ends.flipped(),
        };
        self.ends = Some(client);
        let forward = (client.src, client.src_port) == (ends.src, ends.src_port);
        Some((i, if forward { Endpoint::Client } else { Endpoint::Server }))
    }

    /// Tells what the packet brings into order. Whether it belongs to the conversation.
    pub fn packet(&mut self, packet: &Packet, hear: &mut Hear<'_>) -> bool {
        let Some((i, from)) = self.belongs(packet) else { return false };
        let Some(layer) = packet.layers.get(i) else { return false };
        let all = packet.buffers().get(usize::from(layer.span.buf)).map_or(&[][..], |b| &b.bytes);
        let payload = all.get(layer.span.end() as usize..layer.end as usize).unwrap_or(&[]);
        if self.kind == ConversationKind::Udp {
            if !payload.is_empty() {
                hear(Run { from, frame: packet.number, what: What::Bytes(payload) });
            }
        } else if layer.trouble.is_none() || !payload.is_empty() {
            self.segment(from, &segment(packet, layer), payload, packet.number, hear);
        }
        true
    }

    /// The capture is over: what still waits is told, and what is missing before it.
    pub fn end(&mut self, hear: &mut Hear<'_>) {
        for from in [Endpoint::Client, Endpoint::Server] {
            while let Some(missing) = self.side(from).stream.as_mut().and_then(|s| s.pass_over(None)) {
                hear(Run { from, frame: 0, what: What::Missing(missing) });
                self.take_early(from, hear);
            }
            let side = self.side(from);
            let unseen = side.acked.zip(side.stream.as_ref()).map_or(0, |(acked, s)| s.lacks(acked));
            if unseen > 0 {
                hear(Run { from, frame: 0, what: What::Missing(unseen) });
            }
        }
    }

    /// Tells what a segment brings into order.
    pub fn segment(&mut self, from: Endpoint, s: &Segment, payload: &[u8], frame: u64, hear: &mut Hear<'_>) {
        let to = if from == Endpoint::Client { Endpoint::Server } else { Endpoint::Client };
        if s.flags & flag::ACK != 0 {
            self.side(to).acked = Some(s.ack);
            while let Some(missing) = self.side(to).stream.as_mut().and_then(|stream| stream.pass_over(Some(s.ack))) {
                hear(Run { from: to, frame, what: What::Missing(missing) });
                self.take_early(to, hear);
            }
        }
        let syn = s.flags & flag::SYN != 0;
        if !syn && payload.is_empty() && s.flags & flag::FIN == 0 {
            return;
        }
        let seq = s.first();
        let [client, server] = &mut self.sides;
        let side = if from == Endpoint::Client { client } else { server };
        let stream = side.stream.get_or_insert_with(|| Stream::new(seq));
        let here = Piece { frame, start: 0, len: clamp(payload.len()) };
        let cut = s.len.saturating_sub(here.len);
        let fin = s.flags & flag::FIN != 0 && cut == 0;
        match stream.arrive(seq, fin, payload, here, None, &mut self.budget) {
            Arrival::InOrder(range) => {
                hear(Run { from, frame, what: What::Bytes(payload.get(range).unwrap_or(&[])) });
                // What the capture cut off will come no more, unless it was sent again.
                let missing = if cut > 0 { stream.jump(seq + s.len) } else { 0 };
                if missing > 0 {
                    hear(Run { from, frame, what: What::Missing(missing) });
                }
            }
            Arrival::Hole(missing) => hear(Run { from, frame, what: What::Missing(missing.into()) }),
            Arrival::Nothing => {}
        }
        self.take_early(from, hear);
    }

    fn take_early(&mut self, from: Endpoint, hear: &mut Hear<'_>) {
        let [client, server] = &mut self.sides;
        let side = if from == Endpoint::Client { client } else { server };
        let Some(stream) = &mut side.stream else { return };
        while stream.take_early(&mut self.early, &mut self.sources, &mut self.budget) {
            let frame = self.sources.last().map_or(0, |p| p.frame);
            hear(Run { from, frame, what: What::Bytes(&self.early) });
            self.early.clear();
            self.sources.clear();
        }
    }

    fn side(&mut self, of: Endpoint) -> &mut Side {
        let [client, server] = &mut self.sides;
        if of == Endpoint::Client { client } else { server }
    }

    /// Addresses from the nearest IP header before the transport layer, ports from that.
    fn ends_of(&self, packet: &Packet, i: usize, layer: &Layer) -> Option<Ends> {
        let (src_port, dst_port) = match self.kind {
            ConversationKind::Tcp => (&tcp::SRCPORT, &tcp::DSTPORT),
            _ => (&udp::SRCPORT, &udp::DSTPORT),
        };
        let port = |def| packet.uint_in(layer, def).and_then(|n| u16::try_from(n).ok());
        let before = packet.layers.get(..i)?.iter().rev();
        let (src, dst) = before.into_iter().find_map(|l| {
            let octets = |def| packet.octets_in(l, def);
            let v4 = |def| Some(Address::v4(octets(def)?.try_into().ok()?));
            let v6 = |def| Some(Address::v6(octets(def)?.try_into().ok()?));
            v4(&ipv4::SRC).zip(v4(&ipv4::DST)).or_else(|| v6(&ipv6::SRC).zip(v6(&ipv6::DST)))
        })?;
        Some(Ends { src, dst, src_port: port(src_port)?, dst_port: port(dst_port)? })
    }

    /// Whether the conversation's first packet comes from the client: by the SYN, else by the higher port.
    fn opens(&self, packet: &Packet, layer: &Layer, ends: Ends) -> bool {
        if self.kind == ConversationKind::Udp {
            return true;
        }
        match segment(packet, layer).flags & (flag::SYN | flag::ACK) {
            flag::SYN => true,
            flags if flags & flag::SYN != 0 => false,
            _ => ends.src_port >= ends.dst_port,
        }
    }
}

/// The messages that a packet completes above its transport layer, which has index `transport`.
pub fn messages(packet: &Packet, transport: usize) -> Vec<Message> {
    let mut found: Vec<Message> = Vec::new();
    let Some(below) = packet.layers.get(transport) else { return found };
    let mut taken = below.span.end();
    let mut joined = None;
    for (i, layer) in packet.layers.iter().enumerate().skip(transport + 1) {
        if layer.quoted {
            break;
        }
        if std::ptr::eq(layer.proto, tcp::JOINED.about) {
            joined = Some(layer.span.buf);
            continue;
        }
        let (here, end) = (layer.span.buf == below.span.buf, layer.end.max(layer.span.end()));
        if joined == Some(layer.span.buf) {
            found.push(Message { layers: i..i + 1, len: end.saturating_sub(layer.span.start), joined: joined.take() });
        } else if here && layer.span.start >= taken {
            taken = end;
            found.push(Message { layers: i..i + 1, len: end.saturating_sub(layer.span.start), joined: None });
        } else if let Some(last) = found.last_mut() {
            last.layers.end = i + 1;
        }
    }
    found.into_iter().flat_map(|message| parts(packet, message)).collect()
}

/// The packets that stand behind each other in one message (the body of an HTTP message may hold several): a layer
/// that begins where an earlier one of its protocol has ended begins the next. Each is told with its own length.
fn parts(packet: &Packet, message: Message) -> Vec<Message> {
    let all = packet.layers.get(message.layers.clone()).unwrap_or(&[]);
    let behind = |a: &Layer, b: &Layer| {
        std::ptr::eq(a.proto, b.proto) && a.span.buf == b.span.buf && b.span.start >= a.span.end().max(a.span.start + 1)
    };
    // Where each begins, and the layer that says so.
    let mut begins: Vec<(usize, &Layer)> = Vec::new();
    for (i, layer) in all.iter().enumerate() {
        let from = begins.last().map_or(0, |&(at, _)| at);
        if let Some(first) = all.get(from..i).unwrap_or(&[]).iter().find(|l| behind(l, layer)) {
            if begins.is_empty() {
                begins.push((0, first));
            }
            begins.push((i, layer));
        }
    }
    if begins.is_empty() {
        return vec![message];
    }
    let ends = begins.iter().skip(1).map(|&(at, layer)| (at, layer.span.start));
    let last = begins.last().map_or(0, |(_, layer)| layer.end.max(layer.span.end()));
    let ends = ends.chain([(all.len(), last)]);
    let (offset, joined) = (message.layers.start, message.joined);
    let part = |(&(from, layer), (to, end)): (&(usize, &Layer), (usize, u32))| Message {
        layers: offset + from..offset + to,
        len: end.saturating_sub(layer.span.start),
        joined,
    };
    begins.iter().zip(ends).map(part).collect()
}

/// What the stream needs of a TCP header, read back from its fields.
fn segment(packet: &Packet, layer: &Layer) -> Segment {
    let of = |def| packet.uint_in(layer, def).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let flags = u16::try_from(of(&tcp::FLAGS)).unwrap_or(0);
    Segment {
        seq: Seq(of(&tcp::SEQ_RAW)),
        ack: Seq(of(&tcp::ACK_RAW)),
        flags,
        len: of(&tcp::LEN),
        ..Segment::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds segments (from, seq, flags, ack, payload) and gives what was heard, as text.
    fn heard(segments: &[(Endpoint, u32, u16, u32, &str)]) -> String {
        let mut follower = Follower::new(ConversationKind::Tcp, 0);
        let mut out: Vec<String> = Vec::new();
        let mut hear = |run: Run<'_>| {
            let who = if run.from == Endpoint::Client { '>' } else { '<' };
            match run.what {
                What::Bytes(b) => out.push(format!("{who}{}:{}", run.frame, String::from_utf8_lossy(b))),
                What::Missing(n) => out.push(format!("{who}{}:[{n}]", run.frame)),
            }
        };
        for (frame, &(from, seq, flags, ack, payload)) in (1..).zip(segments) {
            let s = Segment { seq: Seq(seq), ack: Seq(ack), flags, len: clamp(payload.len()), ..Segment::default() };
            follower.segment(from, &s, payload.as_bytes(), frame, &mut hear);
        }
        follower.end(&mut hear);
        out.join(" ")
    }

    const A: u16 = flag::ACK;
    use Endpoint::{Client, Server};

    #[test]
    fn both_directions_are_told_in_order_with_the_frame_of_each_byte() {
        let said = heard(&[
            (Client, 99, flag::SYN, 0, ""),
            (Server, 499, flag::SYN | A, 100, ""),
            (Client, 103, A, 500, "def"),
            (Client, 100, A, 500, "abc"),
            (Client, 100, A, 500, "abcdefg"),
            (Server, 500, A, 107, "ok"),
        ]);
        assert_eq!(said, ">4:abc >3:def >5:g <6:ok");
    }

    #[test]
    fn bytes_that_the_receiver_acknowledged_but_nobody_captured_are_told_missing() {
        let said = heard(&[
            (Client, 99, flag::SYN, 0, ""),
            (Client, 112, A, 500, "late"),
            (Server, 500, A, 105, "ok"),
            (Server, 502, A, 116, ""),
        ]);
        assert_eq!(said, ">3:[5] <3:ok >4:[7] >2:late");
    }

    #[test]
    fn at_the_end_of_the_capture_what_waits_is_told_and_what_is_missing_behind_it() {
        assert_eq!(heard(&[(Client, 99, flag::SYN, 0, ""), (Client, 102, A, 1, "x")]), ">0:[2] >2:x");
        assert_eq!(heard(&[(Client, 99, flag::SYN, 0, ""), (Server, 1, A, 150, "")]), ">0:[50]");
        // One more than the bytes is the FIN, which may not have been captured either.
        assert_eq!(heard(&[(Client, 99, flag::SYN, 0, ""), (Server, 1, A, 101, "")]), "");
    }

    #[test]
    fn a_direction_alone_waits_for_nothing_that_nobody_acknowledged() {
        let high = 0xf000_0000;
        let said = heard(&[(Client, high, A, 0, "a"), (Client, high + 2, A, 0, "c"), (Client, high + 1, A, 0, "b")]);
        assert_eq!(said, ">1:a >3:b >2:c");
    }
}
