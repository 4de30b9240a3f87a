//! What dissectors need from earlier packets, as one trait. `flow::Tracker` implements it;
//! [`NoMemory`] serves fuzzing and single frames.
//!
//! It is called in the middle of the walk, because Wireshark's order demands it: fragments join
//! before the transport header is read, stream numbers sit among the transport's fields, and an
//! application message is dissected on the frame that completes it.

use super::Protocol;
use super::shelf::Shelf;
use super::stream::{Delivery, StreamCtx, Streams};
use crate::model::{Buffer, Piece, Seq, Time};

/// An IP address of either version; IPv4 is mapped (`::ffff:0:0/96`), so both compare as one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(pub u128);

/// Who talks to whom: innermost addresses, and ports where the transport has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ends {
    /// Sender's address.
    pub src: Address,
    /// Receiver's address.
    pub dst: Address,
    /// Sender's port (an echo's identifier counts as one).
    pub src_port: u16,
    /// Receiver's port.
    pub dst_port: u16,
}

/// What kind of conversation; each kind is numbered on its own, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the protocols'")]
pub enum ConversationKind {
    Tcp,
    Udp,
    Icmp,
}

/// A handle to a conversation that a memory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// What kind.
    pub kind: ConversationKind,
    /// Its number among its kind, from 0 in order of first packet (`tcp.stream`).
    pub number: u32,
    /// Where the memory keeps it.
    pub slot: u32,
    /// Whether this packet goes the way of the conversation's first packet.
    pub forward: bool,
}

/// A piece of a datagram. Two pieces with equal keys belong together.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    /// Sender's address.
    pub src: Address,
    /// Receiver's address.
    pub dst: Address,
    /// Identification.
    pub id: u32,
    /// The protocol of the whole (IPv4); 0 in IPv6, whose key lacks it (RFC 8200 §4.5).
    pub proto: u8,
    /// Where the piece lies, in bytes.
    pub offset: u32,
    /// More pieces follow it.
    pub more: bool,
    /// Captured when.
    pub time: Time,
}

/// A TCP header, as far as the connection's memory needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    /// Sequence number on the wire.
    pub seq: Seq,
    /// Acknowledgment number on the wire.
    pub ack: Seq,
    /// All twelve flag bits.
    pub flags: u16,
    /// Window on the wire, unscaled.
    pub window: u16,
    /// Payload bytes, as the headers promise them.
    pub len: u32,
    /// Window scale option of a SYN.
    pub window_scale: Option<u8>,
    /// MSS option of a SYN.
    pub mss: Option<u16>,
    /// SACK-permitted option of a SYN.
    pub sack_permitted: bool,
    /// Its SACK blocks: first byte, and one past the last (RFC 2018 §3); unused ones are empty.
    pub sacks: [(Seq, Seq); 4],
    /// Checksum on the wire.
    pub checksum: u16,
    /// Identification of the IPv4 packet; 0 where there is none.
    pub ip_id: u16,
    /// It lies in its frame's own bytes, not in what was made of them.
    pub in_frame: bool,
    /// It carries an option of Multipath TCP: such an ACK is no loss signal (RFC 8684 §3.4.1).
    pub multipath: bool,
}

/// What earlier packets say about a segment. Numbers are relative; durations are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct TcpFacts {
    /// The connection.
    pub conversation: Conversation,
    /// What `tcp.seq` counts from.
    pub seq_base: Seq,
    /// What `tcp.ack` counts from (also what this side's SACK edges count from).
    pub ack_base: Seq,
    /// Shift of this side's window: -1 unknown (no SYN seen), -2 not in use, else the shift count.
    pub window_shift: i8,
    /// Since the connection's first frame.
    pub time_relative: Option<i64>,
    /// Since the connection's previous frame.
    pub time_delta: Option<i64>,
    /// SYN to the client's first ACK, once both were seen.
    pub initial_rtt: Option<i64>,
    /// Which `tcp.analysis` verdicts hold, as `tcp::verdict` bits.
    pub verdicts: u32,
    /// The frame whose segment this acknowledges, and how long ago it was sent.
    pub acks: Option<(u64, Option<i64>)>,
    /// Bytes sent this way, this segment included: those not acknowledged, and those since the last segment with PSH.
    pub bytes_in_flight: Option<(u32, u32)>,
    /// Ordinal of a duplicate ACK, and the frame that it duplicates.
    pub duplicate_ack: Option<(u32, u64)>,
    /// Whether Wireshark has an analysis of it to show.
    pub told: bool,
    /// It has a FIN, and the other end was the first to send one.
    pub other_closed: bool,
    /// Both ends agreed on Accurate ECN (RFC 9768): three flags are a counter.
    pub accurate_ecn: bool,
    /// For a retransmission: since the original, and its frame.
    pub rto: Option<(i64, u64)>,
    /// What earlier packets have shown of the connection, as `tcp::complete` bits.
    pub completeness: u8,
}

/// What dissectors remember from packet to packet. Everything behind it is bounded.
pub trait Memory {
    /// Nanoseconds since the frame before, and since the first frame that has a time.
    fn clock(&mut self, now: Time) -> (Option<i64>, Option<i64>);

    /// Puts a fragment by. `true` when it completed its datagram: `whole` then holds it with its sources.
    fn defragment(&mut self, fragment: &Fragment, bytes: &[u8], here: Piece, whole: &mut Buffer) -> bool;

    /// The conversation of these ends, begun when it is new. `None` when nothing is remembered.
    fn converse(&mut self, kind: ConversationKind, ends: &Ends, frame: u64, time: Time) -> Option<Conversation>;

    /// Takes note that a conversation goes on. Nanoseconds since its first packet, and since the one before.
    fn pace(&mut self, conversation: Conversation, time: Time, counts: bool) -> (Option<i64>, Option<i64>);

    /// Takes note of a TCP segment.
    fn segment(&mut self, ends: &Ends, segment: &Segment, frame: u64, time: Time) -> Option<TcpFacts>;

    /// What is known of the connection of a segment that an ICMP error quotes, numbers as they were sent.
    fn glimpse(&mut self, ends: &Ends, time: Time) -> Option<TcpFacts>;

    /// The next message that the payload of this segment completes. Asked until it says that one is the last, or `None`.
    ///
    /// `payload` is the same slice at every call. A message that lies in it wholly comes as a range of
    /// it; one that began earlier is copied into `whole` with its sources.
    fn deliver(
        &mut self,
        conversation: Conversation,
        segment: &Segment,
        payload: &[u8],
        here: Piece,
        whole: &mut Buffer,
    ) -> Option<Delivery>;

    /// What the last message says is read.
    fn delivered(&mut self);

    /// Who has claimed this conversation, whatever its ports say.
    fn claimed(&self, conversation: Conversation) -> Option<&'static Protocol>;

    /// From here on, this conversation's datagrams are read by `row`.
    fn claim(&mut self, conversation: Conversation, row: &'static Protocol);

    /// The next packet in this conversation begins a new one, as Wireshark counts SNMP's.
    fn renumber(&mut self, conversation: Conversation);

    /// Conversations that begin at this address and port from now on are read by `row`: the port was announced
    /// (TFTP's answer, a call's media, FTP's files).
    fn expect(&mut self, address: Address, port: u16, row: &'static Protocol);

    /// Where the protocols of all conversations keep bytes.
    fn shelf(&mut self) -> &mut Shelf;

    /// What this conversation's protocols remember; a scratch one for `None`.
    fn context(&mut self, conversation: Option<Conversation>) -> StreamCtx<'_>;
}

/// A memory that remembers nothing: every frame is the first.
#[derive(Debug, Default)]
pub struct NoMemory {
    scratch: Streams,
    shelf: Shelf,
}

impl Memory for NoMemory {
    fn clock(&mut self, now: Time) -> (Option<i64>, Option<i64>) {
        let alone = now.since(now);
        (alone, alone)
    }

    fn defragment(&mut self, _: &Fragment, _: &[u8], _: Piece, _: &mut Buffer) -> bool {
        false
    }

    fn converse(&mut self, _: ConversationKind, _: &Ends, _: u64, _: Time) -> Option<Conversation> {
        None
    }

    fn pace(&mut self, _: Conversation, _: Time, _: bool) -> (Option<i64>, Option<i64>) {
        (None, None)
    }

    fn segment(&mut self, _: &Ends, _: &Segment, _: u64, _: Time) -> Option<TcpFacts> {
        None
    }

    fn glimpse(&mut self, _: &Ends, _: Time) -> Option<TcpFacts> {
        None
    }

    fn deliver(&mut self, _: Conversation, _: &Segment, _: &[u8], _: Piece, _: &mut Buffer) -> Option<Delivery> {
        None
    }

    fn delivered(&mut self) {}

    fn claimed(&self, _: Conversation) -> Option<&'static Protocol> {
        None
    }

    fn claim(&mut self, _: Conversation, _: &'static Protocol) {}

    fn renumber(&mut self, _: Conversation) {}

    fn expect(&mut self, _: Address, _: u16, _: &'static Protocol) {}

    fn shelf(&mut self) -> &mut Shelf {
        &mut self.shelf
    }

    fn context(&mut self, _: Option<Conversation>) -> StreamCtx<'_> {
        self.scratch = Streams::default();
        self.scratch.view(true)
    }
}

impl Address {
    /// From four bytes.
    #[inline]
    pub fn v4(b: [u8; 4]) -> Self {
        Self(0xffff_0000_0000 | u128::from(u32::from_be_bytes(b)))
    }

    /// From sixteen bytes.
    pub fn v6(b: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(b))
    }

    /// As the standard library's type.
    pub fn ip(self) -> std::net::IpAddr {
        std::net::Ipv6Addr::from(self.0).to_canonical()
    }

    /// The four bytes of an IPv4 address.
    pub fn octets_v4(self) -> Option<[u8; 4]> {
        let low = u32::try_from(self.0 & u128::from(u32::MAX)).ok()?;
        self.is_v4().then_some(low.to_be_bytes())
    }

    /// Whether it is an IPv4 address.
    pub fn is_v4(self) -> bool {
        self.0 >> 32 == 0xffff
    }
}

impl Ends {
    /// The same, seen from the other end.
    #[must_use]
    pub fn flipped(self) -> Self {
        Self { src: self.dst, dst: self.src, src_port: self.dst_port, dst_port: self.src_port }
    }
}
