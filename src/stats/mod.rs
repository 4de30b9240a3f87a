//! Rank 3: counts over many packets. Which protocol inside which, who talked to whom, and who talked at all.
//!
//! Frames and bytes are counted as tshark's `-z io,phs`, `-z conv,…` and `-z endpoints,…` count them: a frame's
//! length is that on the wire, a tunnelled header counts like any other, a header that an ICMP error quotes
//! does not. Every table is bounded; what finds no room is counted as left out. [`series`] follows one TCP
//! connection over time.

pub mod series;

use crate::model::{FieldDef, Identity, Layer, Osi, Packet, Time, Trouble};
use crate::proto::memory::Address;
use crate::proto::{data, ethernet, frame, icmp, icmpv6, ipsec, ipv4, ipv6, ipv6_extension, tcp, udp};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Rows of a table of conversations or endpoints.
const MOST_ROWS: usize = 1 << 16;
/// Places in the hierarchy.
const MOST_NODES: usize = 4096;
/// Layers of one frame that the hierarchy tells apart; many messages in one segment are many layers.
const DEEPEST: usize = 48;

/// Frames and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many frames.
    pub frames: u64,
    /// How many bytes they had on the wire.
    pub bytes: u64,
}

/// What has been counted.
#[derive(Debug)]
pub struct Stats {
    /// All frames.
    pub all: Count,
    /// Frames in which something of an OSI layer was read, layer 1 first. Layer 1 is never in the bytes.
    pub layers: [Count; 7],
    /// When the first frame was captured, and the last.
    pub span: Option<(Time, Time)>,
    /// Which protocol inside which. The first node is the frame itself.
    pub tree: Vec<Node>,
    /// What found no room in the hierarchy.
    pub tree_left_out: Count,
    /// One for each [`Kind`].
    pub conversations: [Table<Conversation>; 5],
    /// One for each [`Kind`].
    pub endpoints: [Table<Endpoint>; 5],
    pairs: [HashMap<Pair, Known>; 5],
    ends: [HashMap<End, usize>; 5],
    most_rows: usize,
}

/// Both ends, the smaller first, and the number of the stream: where both directions meet.
type Pair = (End, End, Option<u32>);

/// Where the rows of a conversation are: its own, and those of its ends, the smaller first, as far as there was room.
#[derive(Clone, Copy, Debug)]
struct Known {
    conversation: usize,
    ends: [Option<usize>; 2],
}

/// A place in the hierarchy of protocols.
#[derive(Debug)]
pub struct Node {
    /// Which protocol.
    pub proto: &'static Identity,
    /// The frames that have it there.
    pub count: Count,
    /// What is inside it, as indices into [`Stats::tree`], in order of first frame.
    pub children: Vec<usize>,
}

/// Rows in the order of their first frame.
#[derive(Debug)]
pub struct Table<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// What found no room.
    pub left_out: Count,
}

/// What kind of address a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the protocols'")]
pub enum Kind {
    Ethernet,
    Ipv4,
    Ipv6,
    Tcp,
    Udp,
}

/// One end: a MAC address, an IP address, or that and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum End {
    Mac([u8; 6]),
    Ip(Address),
    Port(Address, u16),
}

/// What two ends sent each other.
#[derive(Clone, Copy, Debug)]
pub struct Conversation {
    /// Who sent the first frame, and the other one.
    pub ends: [End; 2],
    /// Its number (`tcp.stream`, `udp.stream`).
    pub stream: Option<u32>,
    /// What each of them sent.
    pub sent: [Count; 2],
    /// When the first and the last frame with a time were captured.
    pub span: Option<(Time, Time)>,
}

/// What one end sent and got.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Who.
    pub end: End,
    /// What it sent.
    pub sent: Count,
    /// What was sent to it.
    pub received: Count,
}

impl Kind {
    /// Every kind, in the order of the tables.
    pub const ALL: [Self; 5] = [Self::Ethernet, Self::Ipv4, Self::Ipv6, Self::Tcp, Self::Udp];

    /// The protocol whose addresses they are.
    pub fn about(self) -> &'static Identity {
        match self {
            Self::Ethernet => &ethernet::ABOUT,
            Self::Ipv4 => &ipv4::ABOUT,
            Self::Ipv6 => &ipv6::ABOUT,
            Self::Tcp => &tcp::ABOUT,
            Self::Udp => &udp::ABOUT,
        }
    }
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.frames += 1;
        self.bytes += bytes;
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { frames: self.frames + other.frames, bytes: self.bytes + other.bytes }
    }
}

impl Conversation {
    /// What both sent.
    pub fn total(&self) -> Count {
        let [a, b] = self.sent;
        a.plus(b)
    }
}

impl Endpoint {
    /// What it sent and got.
    pub fn total(&self) -> Count {
        self.sent.plus(self.received)
    }
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), left_out: Count::default() }
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self::new(MOST_ROWS)
    }
}

impl Stats {
    /// The fields that are counted.
    pub const FIELDS: &[&FieldDef] = &[
        &ethernet::SRC,
        &ethernet::DST,
        &ipv4::SRC,
        &ipv4::DST,
        &ipv6::SRC,
        &ipv6::DST,
        &tcp::SRCPORT,
        &tcp::DSTPORT,
        &tcp::STREAM,
        &udp::SRCPORT,
        &udp::DSTPORT,
        &udp::STREAM,
    ];

    /// Nanoseconds from the first time of all to a conversation's first, and from that to its last.
    pub fn when(&self, conversation: &Conversation) -> Option<[i64; 2]> {
        let ((begin, _), (first, last)) = (self.span?, conversation.span?);
        Some([first.since(begin)?, last.since(first)?])
    }

    /// Tables of at most so many rows.
    pub fn new(most_rows: usize) -> Self {
        let root = Node { proto: &frame::ABOUT, count: Count::default(), children: Vec::new() };
        Self {
            all: Count::default(),
            layers: [Count::default(); 7],
            span: None,
            tree: vec![root],
            tree_left_out: Count::default(),
            conversations: Default::default(),
            endpoints: Default::default(),
            pairs: Default::default(),
            ends: Default::default(),
            most_rows,
        }
    }

    /// Counts a packet.
    pub fn count(&mut self, packet: &Packet) {
        let bytes = u64::from(packet.len);
        self.all.add(bytes);
        extend(&mut self.span, packet.time);
        let real = |l: &&Layer| !l.quoted && !std::ptr::eq(l.proto, &raw const frame::ABOUT);
        let there = packet.layers.iter().filter(real).fold(0_u8, |all, l| all | 1 << l.proto.osi.number());
        for (osi, count) in Osi::ALL.into_iter().zip(&mut self.layers) {
            if there >> osi.number() & 1 != 0 {
                count.add(bytes);
            }
        }
        self.place(packet, bytes);
        let mut addresses = None;
        for layer in packet.layers.iter().filter(|l| is_there(l)) {
            if let Some((kind, [from, to], stream)) = ends(packet, layer, &mut addresses) {
                self.talk(kind, from, to, stream, packet.time, bytes);
            }
        }
    }

    /// Counts a frame at every place of the hierarchy that it has: each layer below the one before.
    fn place(&mut self, packet: &Packet, bytes: u64) {
        let mut at = 0;
        let layers = packet.layers.iter().skip(1).filter(|l| is_there(l));
        let mut before: Option<&Layer> = None;
        let layers = layers.filter(|l| !is_part(before.replace(l), l));
        if let Some(root) = self.tree.first_mut() {
            root.count.add(bytes);
        }
        for (depth, layer) in layers.enumerate() {
            let known = self.tree.get(at).and_then(|node| {
                node.children
                    .iter()
                    .copied()
                    .find(|&i| self.tree.get(i).is_some_and(|n| std::ptr::eq(n.proto, layer.proto)))
            });
            let Some(next) = known.or_else(|| self.grow(at, layer.proto)).filter(|_| depth < DEEPEST) else {
                return self.tree_left_out.add(bytes);
            };
            at = next;
            if let Some(node) = self.tree.get_mut(at) {
                node.count.add(bytes);
            }
        }
    }

    fn grow(&mut self, parent: usize, proto: &'static Identity) -> Option<usize> {
        let new = self.tree.len();
        if new >= MOST_NODES {
            return None;
        }
        self.tree.get_mut(parent)?.children.push(new);
        self.tree.push(Node { proto, count: Count::default(), children: Vec::new() });
        Some(new)
    }

    fn talk(&mut self, kind: Kind, from: End, to: End, stream: Option<u32>, time: Time, bytes: u64) {
        let i = kind as usize;
        let (Some(pairs), Some(table)) = (self.pairs.get_mut(i), self.conversations.get_mut(i)) else { return };
        let (Some(known), Some(endpoints)) = (self.ends.get_mut(i), self.endpoints.get_mut(i)) else { return };
        let (low, high) = (from.min(to), from.max(to));
        let place = match pairs.entry((low, high, stream)) {
            Entry::Occupied(at) => Some(*at.get()),
            Entry::Vacant(_) if table.rows.len() >= self.most_rows => None,
            Entry::Vacant(at) => {
                table.rows.push(Conversation { ends: [from, to], stream, sent: [Count::default(); 2], span: None });
                let [first, second] = [from, to].map(|end| endpoint(known, end, endpoints, self.most_rows));
                let ends = if from == low { [first, second] } else { [second, first] };
                Some(*at.insert(Known { conversation: table.rows.len() - 1, ends }))
            }
        };
        match place.and_then(|place| table.rows.get_mut(place.conversation)) {
            Some(conversation) => {
                let [first, second] = &mut conversation.sent;
                (if conversation.ends == [from, to] { first } else { second }).add(bytes);
                extend(&mut conversation.span, time);
            }
            None => table.left_out.add(bytes),
        }
        let ends = match place {
            Some(Known { ends: [low, high], .. }) if from > to => [high, low],
            Some(Known { ends, .. }) => ends,
            None => [from, to].map(|end| endpoint(known, end, endpoints, self.most_rows)),
        };
        for (at, sends) in ends.into_iter().zip([true, false]) {
            match at.and_then(|at| endpoints.rows.get_mut(at)) {
                Some(endpoint) if sends => endpoint.sent.add(bytes),
                Some(endpoint) => endpoint.received.add(bytes),
                None => endpoints.left_out.add(bytes),
            }
        }
    }
}

/// Extends a span to this time, if it is one.
fn extend(span: &mut Option<(Time, Time)>, time: Time) {
    if time.is_known() {
        *span = Some((span.map_or(time, |(first, _)| first), time));
    }
}

/// A quoted header was sent before, by somebody else; and half an Ethernet header is none.
fn is_there(layer: &Layer) -> bool {
    let short = matches!(layer.trouble, Some(Trouble::CutByCapture { .. } | Trouble::LengthLies { .. }));
    !layer.quoted && (!short || !std::ptr::eq(layer.proto, &raw const ethernet::ABOUT))
}

/// Whether a layer is told as a part of the one before it: which frames gave the bytes, an IPv6 extension
/// header (the authentication header among them), what an echo carries. Wireshark shows those inside their layer, too.
fn is_part(before: Option<&Layer>, layer: &Layer) -> bool {
    let is = |l: &Layer, about: &'static Identity| std::ptr::eq(l.proto, about);
    let extensions = [
        &ipv6_extension::PROTOCOL,
        &ipv6_extension::ROUTING_PROTOCOL,
        &ipv6_extension::FRAGHDR_PROTOCOL,
        &ipv6_extension::DSTOPTS_PROTOCOL,
    ];
    let extends = |l: &Layer| is(l, &ipv6::ABOUT) || extensions.iter().any(|row| is(l, row.about));
    [tcp::JOINED.about, ipv4::JOINED.about, ipv6_extension::JOINED.about].iter().any(|about| is(layer, about))
        || extensions.iter().any(|row| is(layer, row.about))
        || (is(layer, &ipsec::AH) && before.is_some_and(extends))
        || (is(layer, &data::ABOUT) && before.is_some_and(|b| is(b, &icmp::ABOUT) || is(b, &icmpv6::ABOUT)))
}

/// The row of an end, made where there is room for another.
fn endpoint(known: &mut HashMap<End, usize>, end: End, table: &mut Table<Endpoint>, most: usize) -> Option<usize> {
    match known.entry(end) {
        Entry::Occupied(at) => Some(*at.get()),
        Entry::Vacant(_) if table.rows.len() >= most => None,
        Entry::Vacant(place) => {
            table.rows.push(Endpoint { end, sent: Count::default(), received: Count::default() });
            Some(*place.insert(table.rows.len() - 1))
        }
    }
}

/// Sender and receiver as a layer tells them. `addresses` carries those of the last IP header on to the transport.
fn ends(packet: &Packet, layer: &Layer, addresses: &mut Option<[Address; 2]>) -> Option<(Kind, [End; 2], Option<u32>)> {
    let kind = Kind::ALL.into_iter().find(|k| std::ptr::eq(k.about(), layer.proto))?;
    let octets = |def: &'static FieldDef| packet.octets_in(layer, def);
    let uint = |def: &'static FieldDef| packet.uint_in(layer, def);
    match kind {
        Kind::Ethernet => {
            let mac = |def| Some(End::Mac(octets(def)?.try_into().ok()?));
            Some((kind, [mac(&ethernet::SRC)?, mac(&ethernet::DST)?], None))
        }
        Kind::Ipv4 => {
            let ip = |def| Some(Address::v4(octets(def)?.try_into().ok()?));
            *addresses = ip(&ipv4::SRC).zip(ip(&ipv4::DST)).map(|(a, b)| [a, b]);
            Some((kind, (*addresses)?.map(End::Ip), None))
        }
        Kind::Ipv6 => {
            let ip = |def| Some(Address::v6(octets(def)?.try_into().ok()?));
            *addresses = ip(&ipv6::SRC).zip(ip(&ipv6::DST)).map(|(a, b)| [a, b]);
            Some((kind, (*addresses)?.map(End::Ip), None))
        }
        // A TCP header that is not all there belongs to no conversation, in Wireshark as here.
        Kind::Tcp if matches!(layer.trouble, Some(Trouble::CutByCapture { .. } | Trouble::LengthLies { .. })) => None,
        Kind::Tcp | Kind::Udp => {
            let [src, dst] = (*addresses)?;
            let (from, to, stream) = if kind == Kind::Tcp {
                (&tcp::SRCPORT, &tcp::DSTPORT, &tcp::STREAM)
            } else {
                (&udp::SRCPORT, &udp::DSTPORT, &udp::STREAM)
            };
            let port = |def, address| Some(End::Port(address, uint(def)?.try_into().ok()?));
            let stream = uint(stream).and_then(|n| n.try_into().ok());
            Some((kind, [port(from, src)?, port(to, dst)?], stream))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::RawFrame;
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    fn datagram(from: u8, to: u8, ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let packet = PacketBuilder::ethernet2([from; 6], [to; 6]).ipv4([10, 0, 0, from], [10, 0, 0, to], 64);
        packet.udp(ports.0, ports.1).write(&mut bytes, payload).unwrap();
        bytes
    }

    fn counted(most: usize, frames: &[Vec<u8>]) -> Stats {
        let (mut stats, mut tracker, mut packet) = (Stats::new(most), Tracker::new(Limits::default()), Packet::new());
        for (number, bytes) in (1..).zip(frames) {
            walk(&RawFrame::whole(number, bytes.clone()), &mut tracker, &mut packet);
            stats.count(&packet);
        }
        stats
    }

    #[test]
    fn both_directions_of_a_conversation_are_one_row_and_each_end_has_its_own() {
        let stats = counted(
            9,
            &[
                datagram(1, 2, (4000, 9999), b"abc"),
                datagram(2, 1, (9999, 4000), b"defg"),
                datagram(1, 2, (4000, 9999), b""),
                datagram(3, 2, (4000, 9999), b""),
            ],
        );
        assert_eq!(stats.all, Count { frames: 4, bytes: 4 * 42 + 7 });
        let [eth, ip, ipv6, tcp, udp] = &stats.conversations;
        assert_eq!([eth.rows.len(), ip.rows.len(), ipv6.rows.len(), tcp.rows.len(), udp.rows.len()], [2, 2, 0, 0, 2]);
        let first = udp.rows[0];
        assert_eq!((first.sent[0], first.sent[1]), (Count { frames: 2, bytes: 87 }, Count { frames: 1, bytes: 46 }));
        assert_eq!(first.stream, Some(0));
        let ends: Vec<_> = stats.endpoints[Kind::Udp as usize].rows.iter().map(|e| e.total().frames).collect();
        assert_eq!(ends, [3, 4, 1]);
    }

    #[test]
    fn the_hierarchy_counts_each_protocol_where_it_stands() {
        let stats = counted(9, &[datagram(1, 2, (4000, 9999), b"abc"), datagram(1, 2, (4000, 9999), b"")]);
        let names: Vec<_> = stats.tree.iter().map(|n| (n.proto.name, n.count.frames)).collect();
        assert_eq!(names, [("frame", 2), ("eth", 2), ("ip", 2), ("udp", 2), ("data", 1)]);
        let layers: Vec<_> = stats.layers.iter().map(|c| c.frames).collect();
        assert_eq!(layers, [0, 2, 2, 2, 0, 0, 1]);
    }

    #[test]
    fn what_finds_no_room_is_counted_as_left_out() {
        let frames: Vec<_> = (0..9).map(|n| datagram(1, 2, (4000 + n, 9999), b"")).collect();
        let stats = counted(4, &frames);
        let (udp, ends) = (&stats.conversations[Kind::Udp as usize], &stats.endpoints[Kind::Udp as usize]);
        assert_eq!((udp.rows.len(), udp.left_out), (4, Count { frames: 5, bytes: 5 * 42 }));
        assert_eq!((ends.rows.len(), ends.left_out.frames), (4, 6));
    }
}
