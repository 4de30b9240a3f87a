//! Puzzles made from any capture with TCP: put packets in order, fill blanked fields, find the impossible one.
//!
//! They are questions as those of a [`paper`](super::paper), made from the first packets of each connection. Only what the
//! packets themselves decide is asked: an order where each packet follows from another, blanks that the packets
//! before them fill, and one altered packet that a checker finds to be the only impossible one.

use super::segments::Seen;
use super::{Draft, Line, Pool, ends, line_of, one_packet, only};
use crate::ask::question::{Kind, Question};
use crate::ask::task::{Candidate, Task};
use crate::flow::{Limits, Tracker};
use crate::model::{Layer, Packet, RawFrame};
use crate::proto::checksum::{add, fold};
use crate::proto::tcp::{self, flag};
use crate::proto::{NoMemory, ipv4, ipv6, patch, walk};
use crate::rng::Rng;
use std::collections::{HashMap, VecDeque};

/// Packets of a connection that puzzles are made from.
const RUN: usize = 8;
/// Connections whose first packets are kept at the same time.
const MOST_RUNS: usize = 1024;
/// The largest frame that is kept, in bytes.
const LARGEST: usize = 2048;
/// Packets to put in order.
const ORDERED: std::ops::RangeInclusive<usize> = 4..=6;
/// How often an alteration is tried.
const TRIES: usize = 24;

/// Makes puzzles from the packets of one capture.
pub struct Puzzler {
    pool: Pool,
    line: Line,
    runs: HashMap<u32, Option<Vec<RawFrame>>>,
    order: VecDeque<u32>,
}

/// A packet of a run.
struct Piece {
    frame: RawFrame,
    packet: Packet,
    seen: Seen,
    /// Sender and receiver.
    ends: [String; 2],
    /// What the relative numbers count from: sequence, acknowledgment.
    base: [u32; 2],
    /// Bytes that the sender can take in.
    window: u32,
}

impl Puzzler {
    /// For a capture that ids call `source`; keeps at most `keep` puzzles of each of `kinds`, and all of `wanted`.
    pub fn new(source: &str, seed: u64, kinds: &[Kind], keep: usize, wanted: Vec<(Kind, u64)>, line: Line) -> Self {
        let pool = Pool::new(source, seed, kinds, keep, wanted);
        Self { pool, line, runs: HashMap::new(), order: VecDeque::new() }
    }

    /// Takes a packet, right after `tracker` served its walk.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) {
        let (Some(conversation), Some(layer)) = (tracker.current(), only(packet, &tcp::ABOUT)) else { return };
        let stream = conversation.number;
        if !self.runs.contains_key(&stream) {
            if self.order.len() == MOST_RUNS
                && let Some(old) = self.order.pop_front()
                && let Some(Some(run)) = self.runs.remove(&old)
            {
                self.offer(&run);
            }
            // Whoever comes back after it was forgotten is in the middle of its connection: that is no beginning.
            self.order.push_back(stream);
            self.runs.insert(stream, Some(Vec::new()));
        }
        let Some(slot) = self.runs.get_mut(&stream) else { return };
        let Some(run) = slot else { return };
        let whole = packet.cap_len == packet.len && packet.frame().len() <= LARGEST && layer.span.buf == 0;
        if whole {
            run.push(RawFrame {
                number: packet.number,
                time: packet.time,
                len: packet.len,
                bytes: packet.frame().to_vec(),
                link: packet.link,
                interface: packet.interface.clone(),
                interface_id: packet.interface_id,
                remark: None,
                comment: String::new(),
                checksum_pending: packet.checksum_pending,
            });
        }
        if (!whole || run.len() == RUN)
            && let Some(run) = slot.take()
        {
            self.offer(&run);
        }
    }

    /// Those missed before that were found again, and a sample of the others.
    pub fn finish(mut self) -> (Vec<Question>, Vec<Question>) {
        for stream in std::mem::take(&mut self.order) {
            if let Some(Some(run)) = self.runs.remove(&stream) {
                self.offer(&run);
            }
        }
        self.pool.finish()
    }

    fn offer(&mut self, run: &[RawFrame]) {
        let pieces = dissect(run);
        let Some(first) = pieces.first().map(|p| p.seen.number) else { return };
        let line = self.line;
        self.pool.offer(Kind::Order, first, |rng| order(&pieces, line, rng));
        self.pool.offer(Kind::Blanks, first, |rng| blanks(&pieces, line, rng));
        self.pool.offer(Kind::Impossible, first, |rng| impossible(&pieces, line, rng));
    }
}

/// Reads a run by itself, up to the first packet that does not simply go on.
fn dissect(run: &[RawFrame]) -> Vec<Piece> {
    let mut tracker = Tracker::new(Limits::default());
    let mut pieces = Vec::new();
    for frame in run {
        let mut packet = Packet::new();
        walk(frame, &mut tracker, &mut packet);
        let Some(piece) = piece(frame, packet, &tracker).filter(|p| !p.seen.odd) else { break };
        pieces.push(piece);
    }
    pieces
}

fn piece(frame: &RawFrame, packet: Packet, tracker: &Tracker) -> Option<Piece> {
    let conversation = tracker.current()?;
    let layer = only(&packet, &tcp::ABOUT)?;
    let seen = Seen::new(&packet, layer, conversation.number, conversation.forward)?;
    let of = |def| u32::try_from(packet.uint_in(layer, def)?).ok();
    let base = [of(&tcp::SEQ_RAW)?.wrapping_sub(seen.seq), of(&tcp::ACK_RAW)?.wrapping_sub(seen.ack)];
    let window = of(&tcp::WINDOW_SIZE)?;
    let ends = ends(&packet, layer)?;
    Some(Piece { frame: frame.clone(), packet, seen, ends, base, window })
}

impl Piece {
    fn ends(&self) -> [&str; 2] {
        [&self.ends[0], &self.ends[1]]
    }

    fn line(&self, line: Line) -> String {
        line_of(&self.packet, line)
    }

    fn has(&self, flags: u16) -> bool {
        self.seen.flags & flags == flags
    }
}

// ---- order

/// Whether `q` can only come after `p`.
fn follows(p: &Seen, q: &Seen) -> bool {
    let acks = |s: &Seen| s.flags & flag::ACK != 0;
    if p.forward == q.forward {
        (p.consumes() && q.seq == p.next) || (acks(p) && acks(q) && q.seq == p.seq && q.ack > p.ack)
    } else {
        p.consumes() && acks(q) && q.ack == p.next
    }
}

/// The longest chain of packets of which each follows from the one before; of several, the one that ends first.
fn chain(pieces: &[Piece]) -> Vec<&Piece> {
    let mut best: Vec<Vec<&Piece>> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let before = best.iter().take(at).filter(|c| c.last().is_some_and(|p| follows(&p.seen, &piece.seen)));
        let mut own: Vec<&Piece> = before.rev().max_by_key(|c| c.len()).cloned().unwrap_or_default();
        own.push(piece);
        best.push(own);
    }
    best.into_iter().rev().max_by_key(Vec::len).unwrap_or_default()
}

/// Packets of which each follows from the one before: so there is one order only.
fn order(pieces: &[Piece], line: Line, rng: &mut Rng) -> Option<Draft> {
    let mut run = chain(pieces);
    run.truncate(*ORDERED.end());
    let length = run.len();
    if length < *ORDERED.start() {
        return None;
    }
    let mut places: Vec<usize> = (0..length).collect();
    rng.shuffle(&mut places);
    let items: Vec<String> = places.iter().filter_map(|&i| run.get(i)).map(|p| p.seen.text(p.ends())).collect();
    let right = (0..length).filter_map(|i| places.iter().position(|&p| p == i)).collect();
    let numbers: Vec<String> = run.iter().map(|p| p.seen.number.to_string()).collect();
    let first = run.first()?;
    Some(Draft {
        prompt: format!("These {length} packets of one connection were shuffled; others of it are left out. In which order were they captured?"),
        shown: Vec::new(),
        task: Task::Order { items, right },
        filter: format!("frame.number in {{{}}}", numbers.join(", ")),
        frame: first.seen.number,
        line: first.line(line),
        why: "Each packet needs the one before it: it acknowledges what that one brought, or goes on where that one ended.".to_owned(),
    })
}

// ---- blanks

/// A packet whose numbers follow from those before it.
fn blanks(pieces: &[Piece], line: Line, rng: &mut Rng) -> Option<Draft> {
    let next_of = |until: usize, forward: bool| {
        let sent = pieces.get(..until).unwrap_or_default().iter().filter(|p| p.seen.forward == forward);
        sent.map(|p| p.seen.next).max()
    };
    let follows = |&at: &usize| {
        let Some(m) = pieces.get(at).map(|p| p.seen) else { return false };
        let expected = (next_of(at, m.forward), next_of(at, !m.forward));
        m.flags & flag::ACK != 0 && m.flags & flag::RST == 0 && expected == (Some(m.seq), Some(m.ack))
    };
    let mut fit: Vec<usize> = (0..pieces.len()).filter(follows).collect();
    rng.shuffle(&mut fit);
    let at = *fit.first()?;
    let piece = pieces.get(at)?;
    let (m, [from, to]) = (piece.seen, &piece.ends);
    let layer = only(&piece.packet, &tcp::ABOUT)?;
    let port = piece.packet.uint_in(layer, &tcp::DSTPORT)?;
    let host = to.rsplit_once(':').map_or(to.as_str(), |(host, _)| host);
    let mut shown: Vec<String> = pieces.get(..at)?.iter().map(|p| p.seen.told(p.ends())).collect();
    shown.push(format!("{:>5}  {from} → {host}:____  TCP  Seq=____ Ack=____ Len={}", m.number, m.len));
    Some(Draft {
        prompt: format!(
            "Three numbers of frame {} are blanked. Everything before it has arrived, and nothing is repeated. Which are they?",
            m.number
        ),
        shown,
        task: Task::Blanks {
            right: vec![
                ("destination port".to_owned(), port.into()),
                ("sequence number".to_owned(), m.seq.into()),
                ("acknowledgment number".to_owned(), m.ack.into()),
            ],
        },
        filter: format!(
            "frame.number == {} && tcp.dstport == {port} && tcp.seq == {} && tcp.ack == {}",
            m.number, m.seq, m.ack
        ),
        frame: m.number,
        line: piece.line(line),
        why: format!(
            "The port is the one that the other side sends from. The sequence number goes on where this sender ended ({}), the acknowledgment number is the next byte that it expects ({}).",
            m.seq, m.ack
        ),
    })
}

// ---- the impossible packet

/// What is changed in a packet.
#[derive(Clone, Copy)]
enum Alteration {
    /// It acknowledges so many bytes that nobody sent.
    AckBeyond(u32),
    /// It begins so far behind the receiver's window.
    SeqBeyond(u32),
    /// It opens and ends its direction at once.
    SynAndFin,
    /// It answers a SYN without counting it.
    SynUncounted,
}

/// Which packets of a run from its SYN on cannot be, by what the others say.
fn cannot_be(run: &[(Seen, u32)]) -> Vec<usize> {
    let mut wrong = Vec::new();
    // By direction: one past the highest byte sent, and the right edge of what the other end can take in.
    let (mut sent, mut edge) = ([None::<u32>; 2], [None::<u32>; 2]);
    for (index, (s, window)) in run.iter().enumerate() {
        let (own, other) = (usize::from(s.forward), usize::from(!s.forward));
        let acks = s.flags & flag::ACK != 0;
        let opens_and_ends = s.flags & (flag::SYN | flag::FIN) == flag::SYN | flag::FIN;
        let unsent = acks && sent[other].is_none_or(|end| s.ack > end);
        let uncounted = acks && s.flags & flag::SYN != 0 && sent[other] != Some(s.ack);
        let outside = edge[own].is_some_and(|edge| s.next > edge.saturating_add(1));
        if opens_and_ends || unsent || uncounted || outside {
            wrong.push(index);
            // Its own numbers count all the same, or all that acknowledge them would be wrong, too.
            if !outside {
                sent[own] = sent[own].max(Some(s.next));
            }
            continue;
        }
        sent[own] = sent[own].max(Some(s.next));
        if acks {
            edge[other] = edge[other].max(Some(s.ack.saturating_add(*window)));
        }
    }
    wrong
}

fn impossible(pieces: &[Piece], line: Line, rng: &mut Rng) -> Option<Draft> {
    let whole = pieces.len() >= 5 && pieces[0].seen.flags == flag::SYN && pieces[1].has(flag::SYN | flag::ACK);
    let plain: Vec<(Seen, u32)> = pieces.iter().map(|p| (p.seen, p.window)).collect();
    if !whole || !cannot_be(&plain).is_empty() {
        return None;
    }
    for _ in 0..TRIES {
        let kind = match rng.below(4) {
            0 => Alteration::AckBeyond(1_000 + u32::try_from(rng.below(8_000)).unwrap_or(0)),
            1 => Alteration::SeqBeyond(100_000 + u32::try_from(rng.below(900_000)).unwrap_or(0)),
            2 => Alteration::SynAndFin,
            _ => Alteration::SynUncounted,
        };
        let at = 1 + usize::try_from(rng.below(pieces.len() as u64 - 1)).unwrap_or(0);
        let mut edge = 0;
        for p in pieces.iter().take(at).filter(|p| p.seen.forward != pieces[at].seen.forward) {
            edge = edge.max(p.seen.ack.saturating_add(p.window));
        }
        let Some(altered) = altered(&pieces[at], kind, edge) else { continue };
        let mut run = plain.clone();
        run[at].0 = altered;
        // The checker must find this one, and no other.
        if cannot_be(&run) != [at] {
            continue;
        }
        return told(pieces, at, &altered, kind, line);
    }
    None
}

/// Changes the bytes of a packet, makes its checksum right again, and reads it anew. `None` where that cannot be done.
fn altered(piece: &Piece, kind: Alteration, edge: u32) -> Option<Seen> {
    let layer = only(&piece.packet, &tcp::ABOUT)?;
    let (start, end) = (layer.span.start as usize, layer.end as usize);
    let mut frame = piece.frame.clone();
    let syn = piece.has(flag::SYN);
    let segment = frame.bytes.get_mut(start..end)?;
    let [seq, ack] = piece.base;
    match kind {
        Alteration::AckBeyond(by) if !syn && piece.has(flag::ACK) => {
            patch(&tcp::ACK_RAW, segment, piece.seen.ack.checked_add(by)?.wrapping_add(ack))
        }
        Alteration::SeqBeyond(by) if !syn && piece.seen.consumes() => {
            patch(&tcp::SEQ_RAW, segment, edge.checked_add(by)?.wrapping_add(seq))
        }
        Alteration::SynUncounted if syn && piece.has(flag::ACK) => {
            patch(&tcp::ACK_RAW, segment, piece.seen.ack.checked_sub(1)?.wrapping_add(ack))
        }
        Alteration::SynAndFin if !syn && !piece.has(flag::RST) => {
            patch(&tcp::FLAGS_SYN, segment, true).and_then(|()| patch(&tcp::FLAGS_FIN, segment, true))
        }
        _ => return None,
    }
    .ok()?;
    sum_again(segment, &piece.packet, layer)?;
    frame.checksum_pending = false;
    let mut packet = Packet::new();
    walk(&frame, &mut NoMemory::default(), &mut packet);
    let layer = only(&packet, &tcp::ABOUT)?;
    // Status 1: a receiver would take it.
    if packet.uint_in(layer, &tcp::CHECKSUM_STATUS) != Some(1) {
        return None;
    }
    let raw = Seen::new(&packet, layer, piece.seen.stream, piece.seen.forward)?;
    Some(Seen {
        seq: raw.seq.wrapping_sub(seq),
        next: raw.next.wrapping_sub(seq),
        ack: raw.ack.wrapping_sub(ack),
        ..raw
    })
}

/// Writes the checksum that a segment of the packet should have (RFC 9293 §3.1, RFC 8200 §8.1).
fn sum_again(segment: &mut [u8], packet: &Packet, layer: &Layer) -> Option<()> {
    let below = packet.layers.iter().take_while(|l| !std::ptr::eq(*l, layer));
    let ends = |ip: &Layer| {
        let of = |source, destination| Some([packet.octets_in(ip, source)?, packet.octets_in(ip, destination)?]);
        of(&ipv4::SRC, &ipv4::DST).or_else(|| of(&ipv6::SRC, &ipv6::DST))
    };
    let addresses = below.filter_map(ends).last()?;
    patch(&tcp::CHECKSUM, segment, 0_u16).ok()?;
    let pseudo = addresses.iter().fold(segment.len() as u64 + 6, |sum, address| add(sum, address));
    patch(&tcp::CHECKSUM, segment, !fold(add(pseudo, segment))).ok()
}

fn told(pieces: &[Piece], at: usize, altered: &Seen, kind: Alteration, line: Line) -> Option<Draft> {
    let piece = &pieces[at];
    let m = piece.seen;
    let candidate =
        |p: &Piece, seen: &Seen| Candidate { number: seen.number, text: seen.text(p.ends()), betrays: None };
    let others = pieces.iter().map(|p| candidate(p, &p.seen));
    let (what, why, field) = match kind {
        Alteration::AckBeyond(_) => (
            format!("acknowledgment number from {} to {}", m.ack, altered.ack),
            "it acknowledges bytes that the other side never sent (RFC 9293 §3.10.7.4)",
            format!("tcp.ack == {}", m.ack),
        ),
        Alteration::SynUncounted => (
            format!("acknowledgment number from {} to {}", m.ack, altered.ack),
            "a SYN uses up one number, so its answer must acknowledge that number (RFC 9293 §3.4)",
            format!("tcp.ack == {}", m.ack),
        ),
        Alteration::SeqBeyond(_) => (
            format!("sequence number from {} to {}", m.seq, altered.seq),
            "it begins far behind the window that the other side offered (RFC 9293 §3.4)",
            format!("tcp.seq == {}", m.seq),
        ),
        Alteration::SynAndFin => (
            format!("flags from {:#05x} to {:#05x}", m.flags, altered.flags),
            "no single segment opens and ends its direction (RFC 9293 §3.5, §3.6)",
            format!("tcp.flags == {:#05x}", m.flags),
        ),
    };
    Some(Draft {
        prompt: "One packet of this connection was altered, so that it cannot be. Its checksum is right anyway. Which one is it?".to_owned(),
        shown: Vec::new(),
        task: one_packet(candidate(piece, altered), others, RUN)?,
        filter: format!("frame.number == {} && {field}", m.number),
        frame: m.number,
        line: piece.line(line),
        why: format!("Frame {} is ALTERED, its {what}. That cannot be: {why}. Below it is as it was captured.", m.number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(forward: bool, seq: u32, next: u32, ack: u32, flags: u16) -> (Seen, u32) {
        (Seen { number: 1, stream: 0, forward, seq, next, ack, len: next - seq, flags, odd: false }, 1_000)
    }

    fn run() -> Vec<(Seen, u32)> {
        vec![
            seen(true, 0, 1, 0, flag::SYN),
            seen(false, 0, 1, 1, flag::SYN | flag::ACK),
            seen(true, 1, 1, 1, flag::ACK),
            seen(true, 1, 78, 1, flag::ACK | flag::PSH),
            seen(false, 1, 1, 78, flag::ACK),
        ]
    }

    #[test]
    fn a_sound_run_holds_nothing_impossible_and_each_alteration_one_thing() {
        assert_eq!(cannot_be(&run()), [0; 0]);
        let alter = |at: usize, change: &dyn Fn(&mut Seen)| {
            let mut run = run();
            change(&mut run[at].0);
            cannot_be(&run)
        };
        assert_eq!(alter(4, &|s| s.ack = 79), [4]);
        assert_eq!(alter(1, &|s| s.ack = 0), [1]);
        assert_eq!(alter(2, &|s| s.flags |= flag::SYN | flag::FIN), [2]);
        assert_eq!(alter(3, &|s| (s.seq, s.next) = (5_000, 5_077)), [3, 4]);
    }

    #[test]
    fn a_packet_follows_what_it_acknowledges_or_continues() {
        let run: Vec<Seen> = run().into_iter().map(|(s, _)| s).collect();
        assert!(run.windows(2).take(2).all(|w| follows(&w[0], &w[1])));
        // A bare ACK and the data after it have the same numbers: either could come first.
        assert!(!follows(&run[2], &run[3]));
        assert!(follows(&run[3], &run[4]));
        assert!(!follows(&run[4], &run[3]));
    }
}
