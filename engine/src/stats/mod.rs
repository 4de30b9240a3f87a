//! Rank 3: counts over many packets. Which protocol inside which, who talked to whom, and who talked at all.
//!
//! Frames and bytes are counted as tshark's `-z io,phs`, `-z conv,…` and `-z endpoints,…` count them: a frame's
//! length is that on the wire, a tunnelled header counts like any other, a header that an ICMP error quotes
//! does not. Every table is bounded; what finds no room is counted as left out. [`series`] follows one TCP
//! connection over time.

pub mod series;

use crate::model::{FieldDef, Identity, Layer, Packet, Time, Trouble};
use crate::proto::memory::Address;
use crate::proto::{data, ethernet, frame, icmp, icmpv6, ipsec, ipv4, ipv6, ipv6_extension, tcp, udp};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// Rows of a table of conversations or endpoints.
const MOST_ROWS: usize = 1 << 16;
/// Places in the hierarchy.
const MOST_NODES: usize = 4096;
/// Steps of all ways through the hierarchy, parts of a layer among them.
const MOST_STEPS: usize = 4 * MOST_NODES;
/// Places for ways that were taken lately.
const LATELY: usize = 32;
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
    steps: Vec<Step>,
    ways: [Ways; 5],
    ends: [HashMap<End, u32>; 5],
    most_rows: usize,
}

/// A step of the way that frames take through their layers: a protocol behind certain others. Frames take few ways, so what
/// a layer means to the hierarchy is found out once for each.
#[derive(Debug)]
struct Step {
    /// Its place in the hierarchy; one that is told as a part of the protocol before it has the place of that.
    node: usize,
    part: bool,
    kind: Option<Kind>,
    next: Vec<(&'static Identity, usize)>,
}

/// How far a frame has gone.
#[derive(Default)]
struct Place<'a> {
    step: usize,
    depth: usize,
    before: Option<&'a Layer>,
    /// There was no room for the next step.
    lost: bool,
}

/// Who sends to whom: MAC addresses, or IP addresses and perhaps ports with the number of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    from: u128,
    to: u128,
    ports: [u16; 2],
    stream: Option<u32>,
}

/// All ways of one kind.
#[derive(Debug, Default)]
struct Ways {
    known: HashMap<Way, Rows>,
    /// Those taken lately: most frames take one of them.
    lately: [Option<(Way, Rows)>; LATELY],
}

/// Where the frames of one way are counted: in their conversation, as those of its second end or its first, and at their
/// sender and receiver, as far as there was room.
#[derive(Clone, Copy, Debug)]
struct Rows {
    conversation: u32,
    back: bool,
    ends: [Option<u32>; 2],
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

    fn of(proto: &'static Identity) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| std::ptr::eq(kind.about(), proto))
    }

    /// Who sent it, to whom, and in which stream.
    fn fields(self) -> [&'static FieldDef; 3] {
        match self {
            // They have no streams.
            Self::Ethernet => [&ethernet::SRC, &ethernet::DST, &ethernet::DST],
            Self::Ipv4 => [&ipv4::SRC, &ipv4::DST, &ipv4::DST],
            Self::Ipv6 => [&ipv6::SRC, &ipv6::DST, &ipv6::DST],
            Self::Tcp => [&tcp::SRCPORT, &tcp::DSTPORT, &tcp::STREAM],
            Self::Udp => [&udp::SRCPORT, &udp::DSTPORT, &udp::STREAM],
        }
    }

    /// Both ends of a way, the sender first.
    fn ends(self, way: Way) -> [End; 2] {
        let [src, dst] = way.ports;
        [(way.from, src), (way.to, dst)].map(|(address, port)| match self {
            Self::Ethernet => {
                let [.., a, b, c, d, e, f] = address.to_be_bytes();
                End::Mac([a, b, c, d, e, f])
            }
            Self::Ipv4 | Self::Ipv6 => End::Ip(Address(address)),
            Self::Tcp | Self::Udp => End::Port(Address(address), port),
        })
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
            steps: vec![Step { node: 0, part: false, kind: None, next: Vec::new() }],
            ways: Default::default(),
            ends: Default::default(),
            most_rows,
        }
    }

    /// Counts a packet.
    pub fn count(&mut self, packet: &Packet) {
        let bytes = u64::from(packet.len);
        self.all.add(bytes);
        extend(&mut self.span, packet.time);
        if let Some(root) = self.tree.first_mut() {
            root.count.add(bytes);
        }
        let (mut seen, mut place, mut addresses) = (0_u8, Place::default(), None);
        for layer in packet.layers.iter().skip(1).filter(|l| !l.quoted) {
            seen |= 1 << layer.proto.osi.number();
            let short = matches!(layer.trouble, Some(Trouble::CutByCapture { .. } | Trouble::LengthLies { .. }));
            if short && std::ptr::eq(layer.proto, &raw const ethernet::ABOUT) {
                // Half an Ethernet header is none.
                continue;
            }
            let kind = self.descend(&mut place, layer, bytes);
            // A TCP header that is not all there belongs to no conversation, in Wireshark as here.
            if let Some(kind) = kind.filter(|kind| !short || *kind != Kind::Tcp)
                && let Some(way) = way(packet, layer, kind, &mut addresses)
            {
                self.talk(kind, way, packet.time, bytes);
            }
        }
        while let Some(count) = self.layers.get_mut((seen.trailing_zeros() as usize).wrapping_sub(1)) {
            count.add(bytes);
            seen &= seen - 1;
        }
        if place.lost {
            self.tree_left_out.add(bytes);
        }
    }

    /// Counts a frame at the next place of the hierarchy that it has, below the one before. Which addresses the layer has.
    fn descend<'a>(&mut self, place: &mut Place<'a>, layer: &'a Layer, bytes: u64) -> Option<Kind> {
        let before = place.before.replace(layer);
        if !place.lost {
            let steps = self.steps.get(place.step).map_or(&[][..], |step| &step.next);
            let known = steps.iter().find(|(proto, _)| std::ptr::eq(*proto, layer.proto)).map(|&(_, step)| step);
            let next = known.or_else(|| self.step(place.step, before, layer));
            if let Some((next, step)) = next.and_then(|next| Some((next, self.steps.get(next)?))) {
                place.step = next;
                place.depth += usize::from(!step.part);
                place.lost = place.depth > DEEPEST;
                if !place.lost
                    && !step.part
                    && let Some(node) = self.tree.get_mut(step.node)
                {
                    node.count.add(bytes);
                }
                return step.kind;
            }
            place.lost = true;
        }
        Kind::of(layer.proto)
    }

    /// The step to a layer that nobody has taken yet; `None` where there is no room.
    fn step(&mut self, at: usize, before: Option<&Layer>, layer: &Layer) -> Option<usize> {
        let (new, from) = (self.steps.len(), self.steps.get(at)?.node);
        let part = is_part(before, layer);
        let node = if part { from } else { self.child(from, layer.proto)? };
        if new >= MOST_STEPS {
            return None;
        }
        self.steps.get_mut(at)?.next.push((layer.proto, new));
        self.steps.push(Step { node, part, kind: Kind::of(layer.proto), next: Vec::new() });
        Some(new)
    }

    /// The place of a protocol inside another.
    fn child(&mut self, parent: usize, proto: &'static Identity) -> Option<usize> {
        let is = |&&i: &&usize| self.tree.get(i).is_some_and(|n| std::ptr::eq(n.proto, proto));
        let known = self.tree.get(parent)?.children.iter().find(is).copied();
        known.or_else(|| self.grow(parent, proto))
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

    fn talk(&mut self, kind: Kind, way: Way, time: Time, bytes: u64) {
        let known = self.ways.get_mut(kind as usize).and_then(|ways| ways.rows(&way));
        let rows = known.or_else(|| self.meet(kind, way));
        let i = kind as usize;
        let (Some(table), Some(endpoints)) = (self.conversations.get_mut(i), self.endpoints.get_mut(i)) else { return };
        match rows.and_then(|rows| Some((rows.back, table.rows.get_mut(rows.conversation as usize)?))) {
            Some((back, conversation)) => {
                let [first, second] = &mut conversation.sent;
                (if back { second } else { first }).add(bytes);
                extend(&mut conversation.span, time);
            }
            None => table.left_out.add(bytes),
        }
        let [from, to] = match (rows, self.ends.get_mut(i)) {
            (None, Some(known)) => kind.ends(way).map(|end| endpoint(known, end, endpoints, self.most_rows)),
            (rows, _) => rows.map_or([None; 2], |rows| rows.ends),
        };
        match from.and_then(|at| endpoints.rows.get_mut(at as usize)) {
            Some(endpoint) => endpoint.sent.add(bytes),
            None => endpoints.left_out.add(bytes),
        }
        match to.and_then(|at| endpoints.rows.get_mut(at as usize)) {
            Some(endpoint) => endpoint.received.add(bytes),
            None => endpoints.left_out.add(bytes),
        }
    }

    /// The rows for a way that no frame went yet; `None` where there is no room for another conversation.
    fn meet(&mut self, kind: Kind, way: Way) -> Option<Rows> {
        let i = kind as usize;
        let (ways, table) = (self.ways.get_mut(i)?, self.conversations.get_mut(i)?);
        let rows = if let Some(&Rows { conversation, back, ends: [from, to] }) = ways.known.get(&way.back()) {
            Rows { conversation, back: !back, ends: [to, from] }
        } else {
            if table.rows.len() >= self.most_rows {
                return None;
            }
            let (known, endpoints, ends) = (self.ends.get_mut(i)?, self.endpoints.get_mut(i)?, kind.ends(way));
            let conversation = u32::try_from(table.rows.len()).ok()?;
            table.rows.push(Conversation { ends, stream: way.stream, sent: [Count::default(); 2], span: None });
            let ends = ends.map(|end| endpoint(known, end, endpoints, self.most_rows));
            Rows { conversation, back: false, ends }
        };
        ways.known.insert(way, rows);
        Some(rows)
    }
}

impl Ways {
    #[inline]
    fn rows(&mut self, way: &Way) -> Option<Rows> {
        let lately = self.lately.get_mut(way.place())?;
        if let Some((known, rows)) = lately
            && known == way
        {
            return Some(*rows);
        }
        let rows = *self.known.get(way)?;
        *lately = Some((*way, rows));
        Some(rows)
    }
}

impl Way {
    /// Its place among those taken lately, by what is different nearly always.
    #[inline]
    fn place(&self) -> usize {
        let ([from, ..], [to, ..], [src, dst]) = (self.from.to_le_bytes(), self.to.to_le_bytes(), self.ports);
        (3 * (usize::from(from) + usize::from(src)) + usize::from(to) + usize::from(dst)) % LATELY
    }

    /// The other direction.
    fn back(self) -> Self {
        let Self { from, to, ports: [src, dst], stream } = self;
        Self { from: to, to: from, ports: [dst, src], stream }
    }
}

impl Hash for Way {
    /// Three numbers: the derived way is twice as long.
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let [src, dst] = self.ports.map(u64::from);
        hasher.write_u128(self.from);
        hasher.write_u128(self.to);
        hasher.write_u64(src << 48 | dst << 32 | u64::from(self.stream.unwrap_or(u32::MAX)));
    }
}

/// Extends a span to this time, if it is one.
fn extend(span: &mut Option<(Time, Time)>, time: Time) {
    if time.is_known() {
        *span = Some((span.map_or(time, |(first, _)| first), time));
    }
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
fn endpoint(known: &mut HashMap<End, u32>, end: End, table: &mut Table<Endpoint>, most: usize) -> Option<u32> {
    match known.entry(end) {
        Entry::Occupied(at) => Some(*at.get()),
        Entry::Vacant(_) if table.rows.len() >= most => None,
        Entry::Vacant(place) => {
            let at = u32::try_from(table.rows.len()).ok()?;
            table.rows.push(Endpoint { end, sent: Count::default(), received: Count::default() });
            Some(*place.insert(at))
        }
    }
}

/// Sender and receiver as a layer tells them. `addresses` carries those of the last IP header on to the transport.
fn way(packet: &Packet, layer: &Layer, kind: Kind, addresses: &mut Option<[u128; 2]>) -> Option<Way> {
    let [src, dst, stream] = kind.fields();
    let octets = |def: &'static FieldDef| packet.octets_in(layer, def);
    let uint = |def: &'static FieldDef| packet.uint_in(layer, def);
    let between = |[from, to]: [u128; 2]| Way { from, to, ports: [0; 2], stream: None };
    match kind {
        Kind::Ethernet => {
            let mac = |def| {
                let [a, b, c, d, e, f] = <[u8; 6]>::try_from(octets(def)?).ok()?;
                Some(u128::from(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
            };
            Some(between([mac(src)?, mac(dst)?]))
        }
        Kind::Ipv4 => {
            let ip = |def| Some(Address::v4(octets(def)?.try_into().ok()?).0);
            *addresses = ip(src).zip(ip(dst)).map(|(a, b)| [a, b]);
            addresses.map(between)
        }
        Kind::Ipv6 => {
            let ip = |def| Some(Address::v6(octets(def)?.try_into().ok()?).0);
            *addresses = ip(src).zip(ip(dst)).map(|(a, b)| [a, b]);
            addresses.map(between)
        }
        Kind::Tcp | Kind::Udp => {
            let port = |def| uint(def)?.try_into().ok();
            let stream = uint(stream).and_then(|n| n.try_into().ok());
            Some(Way { ports: [port(src)?, port(dst)?], stream, ..between((*addresses)?) })
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
