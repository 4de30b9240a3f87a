//! Questions about TCP: what one segment says follows from those before it.
//!
//! Of each connection the last segments are remembered, and of connections the last ones: a capture of any
//! length takes no more memory than that.

use super::{Draft, Line, Pool, choice, ends, line_of, number, numbered, only};
use crate::ask::bank::belief;
use crate::ask::question::Kind;
use crate::ask::task::Choice;
use crate::flow::Tracker;
use crate::model::{FieldDef, Layer, Packet, Value, show};
use crate::proto::ethernet;
use crate::proto::tcp::{self, flag};
use std::collections::{HashMap, VecDeque};

/// Connections that are remembered.
const MOST_TALKS: usize = 4096;
/// Segments of each that are remembered.
const MOST_SEGMENTS: usize = 64;
/// The flags that a question may be about; a segment with others is not asked for.
const ORDINARY: u16 = flag::FIN | flag::SYN | flag::RST | flag::PSH | flag::ACK;

/// Verdicts after which sequence numbers do not simply go on.
static ODD: [&FieldDef; 8] = [
    &tcp::RETRANSMISSION,
    &tcp::FAST_RETRANSMISSION,
    &tcp::SPURIOUS_RETRANSMISSION,
    &tcp::OUT_OF_ORDER,
    &tcp::LOST_SEGMENT,
    &tcp::KEEP_ALIVE,
    &tcp::ZERO_WINDOW_PROBE,
    &tcp::REUSED_PORTS,
];

/// A segment, as far as questions look back on it. Numbers are relative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub number: u64,
    pub stream: u32,
    pub forward: bool,
    pub seq: u32,
    /// One past what it uses up.
    pub next: u32,
    pub ack: u32,
    pub len: u32,
    pub flags: u16,
    /// It repeats, overtakes, or asks whether anybody is there.
    pub odd: bool,
}

/// Source and destination card of a frame.
type Cards = ([u8; 6], [u8; 6]);

/// One connection.
#[derive(Debug, Default)]
struct Connection {
    seen: VecDeque<Seen>,
    /// The window shift that each direction announced, and in which frame.
    shifts: [Option<(u64, u8)>; 2],
    /// The last frame of each direction, its source and its destination card.
    cards: [Option<(u64, Cards)>; 2],
}

/// The connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    connections: HashMap<u32, Connection>,
    order: VecDeque<u32>,
}

/// The packet a question is made from.
struct Now<'p> {
    packet: &'p Packet,
    layer: &'p Layer,
    seen: Seen,
    line: Line,
}

impl Seen {
    pub(super) fn new(packet: &Packet, layer: &Layer, stream: u32, forward: bool) -> Option<Self> {
        let of = |def| u32::try_from(packet.uint_in(layer, def)?).ok();
        Some(Self {
            number: packet.number,
            stream,
            forward,
            seq: of(&tcp::SEQ)?,
            next: of(&tcp::NXTSEQ)?,
            ack: of(&tcp::ACK)?,
            len: of(&tcp::LEN)?,
            flags: u16::try_from(of(&tcp::FLAGS)?).ok()?,
            odd: ODD.iter().any(|def| packet.field_in(layer, def).is_some()),
        })
    }

    /// Whether it has these of the ordinary flags, PSH aside, and no other flag at all.
    fn is(&self, flags: u16) -> bool {
        self.flags & !flag::PSH == flags
    }

    /// Whether it uses up numbers.
    pub(super) fn consumes(&self) -> bool {
        self.next != self.seq
    }

    /// What it uses up, in words.
    fn load(&self) -> String {
        let bytes = match self.len {
            0 => String::new(),
            1 => "1 byte of data".to_owned(),
            n => format!("{n} bytes of data"),
        };
        let mark = match self.flags & (flag::SYN | flag::FIN) {
            flag::SYN => "SYN",
            flag::FIN => "FIN",
            _ => "",
        };
        match (bytes.is_empty(), mark.is_empty()) {
            (false, false) => format!("{bytes} and {mark}"),
            (false, true) => bytes,
            (true, false) => format!("{mark} and no data"),
            (true, true) => "no data".to_owned(),
        }
    }

    /// As a line: `   12  a → b  TCP  [PSH, ACK] Seq=1 Ack=1 Len=77`.
    pub(super) fn told(&self, ends: [&str; 2]) -> String {
        numbered(self.number, &self.text(ends))
    }

    /// The same without its number.
    pub(super) fn text(&self, [from, to]: [&str; 2]) -> String {
        let ack = if self.flags & flag::ACK == 0 { String::new() } else { format!(" Ack={}", self.ack) };
        format!("{from} → {to}  TCP  [{}] Seq={}{ack} Len={}", flags(self.flags), self.seq, self.len)
    }
}

/// The names of flags: `SYN, ACK`.
fn flags(set: u16) -> String {
    let names = [
        (flag::FIN, "FIN"),
        (flag::SYN, "SYN"),
        (flag::RST, "RST"),
        (flag::PSH, "PSH"),
        (flag::ACK, "ACK"),
        (flag::URG, "URG"),
        (flag::ECE, "ECE"),
        (flag::CWR, "CWR"),
    ];
    names.iter().filter(|(bit, _)| set & bit != 0).map(|&(_, name)| name).collect::<Vec<_>>().join(", ")
}

impl Connections {
    /// Takes a packet; gives its segment, where it is one of a connection.
    pub(super) fn take(&mut self, packet: &Packet, tracker: &Tracker, line: Line, pool: &mut Pool) -> Option<Seen> {
        let conversation = tracker.current()?;
        let layer = only(packet, &tcp::ABOUT)?;
        let seen = Seen::new(packet, layer, conversation.number, conversation.forward)?;
        if !self.connections.contains_key(&seen.stream) {
            if self.order.len() == MOST_TALKS {
                self.order.pop_front().and_then(|old| self.connections.remove(&old));
            }
            self.order.push_back(seen.stream);
        }
        let connection = self.connections.entry(seen.stream).or_default();
        let now = Now { packet, layer, seen, line };
        if !seen.odd && seen.flags & !ORDINARY == 0 {
            now.offer_flags(connection, pool);
            now.offer_numbers(connection, pool);
        }
        now.offer_repeated(connection, pool);
        now.offer_window(connection, pool);
        now.offer_card(connection, pool);
        now.remember(connection);
        Some(seen)
    }

    /// The last segment of the other direction that acknowledges all of `asked` and carries no data.
    pub(super) fn bare_ack(&self, asked: &Seen) -> Option<Seen> {
        let connection = self.connections.get(&asked.stream)?;
        let is = |s: &&Seen| {
            s.number > asked.number
                && s.forward != asked.forward
                && s.is(flag::ACK)
                && s.len == 0
                && s.ack == asked.next
        };
        connection.seen.iter().find(is).copied()
    }
}

impl Now<'_> {
    /// Address and port of sender and receiver.
    fn ends(&self) -> Option<[String; 2]> {
        ends(self.packet, self.layer)
    }

    fn line(&self) -> String {
        line_of(self.packet, self.line)
    }

    fn remember(&self, connection: &mut Connection) {
        if connection.seen.len() == MOST_SEGMENTS {
            connection.seen.pop_front();
        }
        connection.seen.push_back(self.seen);
        let side = usize::from(self.seen.forward);
        if self.seen.flags & flag::SYN != 0 {
            let shift = self.packet.uint_in(self.layer, &tcp::WSCALE_SHIFT).and_then(|s| u8::try_from(s).ok());
            connection.shifts[side] = shift.map(|shift| (self.seen.number, shift));
        }
        connection.cards[side] = self.cards().map(|cards| (self.seen.number, cards));
    }

    fn cards(&self) -> Option<Cards> {
        let ether = only(self.packet, &ethernet::ABOUT)?;
        let card = |def| self.packet.octets_in(ether, def)?.try_into().ok();
        Some((card(&ethernet::SRC)?, card(&ethernet::DST)?))
    }

    /// Which flags? Only where what happens decides them.
    fn offer_flags(&self, connection: &Connection, pool: &mut Pool) {
        let (m, Some(before)) = (self.seen, connection.seen.back()) else { return };
        let answers = before.forward != m.forward && m.ack == before.next && !before.odd;
        let (story, wrong): (&str, &[(&str, Option<&'static str>)]) = match m.flags {
            f if f == flag::SYN | flag::ACK && answers && before.is(flag::SYN) => (
                "Frame {b} asks for a connection. The other side takes it. Which flags does its answer, frame {m}, set?",
                &[("ACK", Some(belief::HELLO)), ("SYN", None), ("FIN, ACK", None)],
            ),
            f if f == flag::RST | flag::ACK && answers && before.is(flag::SYN) => (
                "Frame {b} asks for a connection, and nobody listens on that port. Which flags does the answer, frame {m}, set?",
                &[("SYN, ACK", None), ("FIN, ACK", None), ("SYN", None)],
            ),
            flag::ACK if answers && m.len == 0 && before.is(flag::SYN | flag::ACK) => (
                "Frame {b} takes the connection. Which flags does the reply to it, frame {m}, set?",
                &[("SYN, ACK", None), ("SYN", None), ("FIN, ACK", None)],
            ),
            f if f == flag::FIN | flag::ACK && m.len == 0 && !before.is(flag::SYN) => (
                "The sender of frame {m} has sent everything. With this frame it ends its direction in order. Which flags does the frame set?",
                &[("FIN", None), ("RST, ACK", None), ("SYN, FIN", None)],
            ),
            _ => return,
        };
        pool.offer(Kind::Flags, m.number, |rng| {
            let [from, to] = self.ends()?;
            let sender =
                if before.forward == m.forward { [from.as_str(), to.as_str()] } else { [to.as_str(), from.as_str()] };
            let wrong = wrong.iter().map(|&(text, betrays)| Choice { text: text.to_owned(), betrays }).collect();
            Some(Draft {
                prompt: story.replace("{b}", &before.number.to_string()).replace("{m}", &m.number.to_string()),
                shown: vec![before.told(sender)],
                task: choice(&flags(m.flags), wrong, 4, rng)?,
                filter: format!("frame.number == {} && tcp.flags == {:#x}", m.number, m.flags),
                frame: m.number,
                line: self.line(),
                why: why_flags(m.flags).to_owned(),
            })
        });
    }

    /// Which acknowledgment, and which sequence number?
    fn offer_numbers(&self, connection: &Connection, pool: &mut Pool) {
        let m = self.seen;
        let acked = self.packet.uint_in(self.layer, &tcp::ACKS_FRAME);
        let segment = connection.seen.iter().find(|s| Some(s.number) == acked && s.forward != m.forward);
        if let Some(&n) = segment.filter(|n| m.ack == n.next && n.consumes() && !n.odd && m.flags & flag::RST == 0) {
            pool.offer(Kind::Ack, m.number, |_| self.ack(n));
        }
        let before = connection.seen.iter().rev().find(|s| s.forward == m.forward);
        let goes_on = |p: &&Seen| m.seq == p.next && !p.odd && (p.consumes() || m.len > 0) && p.flags & flag::RST == 0;
        if let Some(&p) = before.filter(goes_on) {
            pool.offer(Kind::Seq, m.number, |_| self.seq(p));
        }
    }

    fn ack(&self, n: Seen) -> Option<Draft> {
        let [from, to] = self.ends()?;
        let right = u64::from(n.next);
        let slips = [
            (u64::from(n.next.wrapping_sub(1)), belief::ACK_ARRIVED),
            (u64::from(n.seq.wrapping_add(1)), belief::COUNTS_PACKETS),
        ];
        let mark = if n.flags & (flag::SYN | flag::FIN) == 0 { "" } else { " SYN and FIN each use up one number." };
        Some(Draft {
            prompt: format!(
                "Frame {} begins at sequence number {} and carries {}. Frame {} acknowledges it and everything before it. Which acknowledgment number does it carry?",
                n.number,
                n.seq,
                n.load(),
                self.seen.number
            ),
            shown: vec![n.told([&to, &from])],
            task: number(right, &slips),
            filter: format!(
                "frame.number == {} && tcp.ack == {right} && tcp.analysis.acks_frame == {}",
                self.seen.number, n.number
            ),
            frame: self.seen.number,
            line: self.line(),
            why: format!(
                "{} + {} = {right}: the number of the next byte that is expected, not of the last that arrived (RFC 9293 §3.4).{mark}",
                n.seq,
                n.next.wrapping_sub(n.seq)
            ),
        })
    }

    fn seq(&self, p: Seen) -> Option<Draft> {
        let [from, to] = self.ends()?;
        let right = u64::from(p.next);
        let used = p.next.wrapping_sub(p.seq);
        Some(Draft {
            prompt: format!(
                "Frame {} begins at sequence number {} and carries {}. Its sender's next segment is frame {}, and nothing is repeated. Which sequence number does it begin with?",
                p.number,
                p.seq,
                p.load(),
                self.seen.number
            ),
            shown: vec![p.told([&from, &to])],
            task: number(right, &[(u64::from(p.seq.wrapping_add(1)), belief::COUNTS_PACKETS)]),
            filter: format!("frame.number == {} && tcp.seq == {right}", self.seen.number),
            frame: self.seen.number,
            line: self.line(),
            why: match used {
                0 => format!(
                    "Frame {} used up no number, so counting goes on at {right}: packets do not count, bytes do.",
                    p.number
                ),
                _ => format!(
                    "{} + {used} = {right}: every byte has a number, and SYN and FIN use up one each (RFC 9293 §3.4).",
                    p.seq
                ),
            },
        })
    }

    /// Which frame brought these bytes first? Only where exactly one did.
    fn offer_repeated(&self, connection: &Connection, pool: &mut Pool) {
        let m = self.seen;
        let is = |def| self.packet.field_in(self.layer, def).is_some();
        let again = is(&tcp::RETRANSMISSION) || is(&tcp::FAST_RETRANSMISSION) || is(&tcp::SPURIOUS_RETRANSMISSION);
        if !again || m.len == 0 || is(&tcp::KEEP_ALIVE) {
            return;
        }
        let same_way = || connection.seen.iter().filter(|s| s.forward == m.forward && s.len > 0);
        // Serial arithmetic is not needed: relative numbers of a few segments do not wrap; where they do, nothing fits.
        let overlaps = |s: &&Seen| s.seq < m.next && m.seq < s.next;
        let mut first = same_way().filter(overlaps);
        let (Some(&n), None) = (first.next(), first.next()) else { return };
        if (n.seq, n.len, n.odd) != (m.seq, m.len, false) {
            return;
        }
        let others: Vec<Seen> = same_way().filter(|s| !overlaps(s)).copied().collect();
        if others.is_empty() {
            return;
        }
        pool.offer(Kind::Retransmission, m.number, |rng| {
            let text = |s: &Seen| format!("frame {}, which begins at {}", s.number, s.seq);
            let mut others = others;
            rng.shuffle(&mut others);
            let mut wrong: Vec<Choice> =
                others.iter().take(2).map(|s| Choice { text: text(s), betrays: None }).collect();
            wrong.push(Choice { text: "none: these bytes are new".to_owned(), betrays: None });
            Some(Draft {
                prompt: format!(
                    "Frame {} carries {} bytes from sequence number {} on, and they were sent before. Which frame carried them first?",
                    m.number, m.len, m.seq
                ),
                shown: vec![self.line()],
                task: choice(&text(&n), wrong, 4, rng)?,
                filter: format!("frame.number == {} && tcp.stream == {} && tcp.seq == {} && tcp.len == {}", n.number, m.stream, m.seq, m.len),
                frame: n.number,
                line: { let [from, to] = self.ends()?; n.told([&from, &to]) },
                why: format!("Both begin at {} and end before {}: the same numbers are the same bytes.", m.seq, m.next),
            })
        });
    }

    /// How many bytes is a scaled window?
    fn offer_window(&self, connection: &Connection, pool: &mut Pool) {
        let m = self.seen;
        let of = |def| self.packet.uint_in(self.layer, def);
        let Some((syn, shift)) = connection.shifts[usize::from(m.forward)] else { return };
        let factor = match self.packet.field_in(self.layer, &tcp::WINDOW_SCALE).map(|f| f.value) {
            Some(Value::Int(factor)) if factor > 1 => u64::try_from(factor).unwrap_or(0),
            _ => return,
        };
        let (Some(field), Some(window)) = (of(&tcp::WINDOW_SIZE_VALUE), of(&tcp::WINDOW_SIZE)) else { return };
        if m.flags & flag::SYN != 0 || field == 0 || 1 << shift.min(14) != factor || window != field * factor {
            return;
        }
        pool.offer(Kind::Window, m.number, |_| {
            let [from, _] = self.ends()?;
            Some(Draft {
                prompt: format!(
                    "In its SYN, frame {syn}, {from} announced a window shift of {shift}. The window field of its frame {} holds {field}. How many bytes can it take in?",
                    m.number
                ),
                shown: Vec::new(),
                task: number(window, &[]),
                filter: format!("frame.number == {} && tcp.window_size == {window}", m.number),
                frame: m.number,
                line: self.line(),
                why: format!("A shift of {shift} multiplies by {factor}: {field} × {factor} = {window} (RFC 7323 §2.2)."),
            })
        });
    }

    /// Which card does the answer come from?
    fn offer_card(&self, connection: &Connection, pool: &mut Pool) {
        let m = self.seen;
        let Some((number, (from, to))) = connection.cards[usize::from(!m.forward)] else { return };
        // One hop, two different cards, the same way back.
        if self.cards() != Some((to, from)) || from == to || from[0] & 1 == 1 || to[0] & 1 == 1 {
            return;
        }
        pool.offer(Kind::Mac, m.number, |rng| {
            let [speaker, listener] = self.ends()?;
            let text = |card: [u8; 6]| {
                let mut text = String::new();
                show::mac(&card, &mut text);
                text
            };
            let right = text(to);
            let mut wrong: Vec<Choice> = [from, [0xff; 6], [0; 6]]
                .into_iter()
                .filter(|&card| card != to)
                .map(|card| Choice { text: text(card), betrays: None })
                .collect();
            wrong.dedup_by(|a, b| a.text == b.text);
            Some(Draft {
                prompt: format!(
                    "Frame {number} goes from {listener} to {speaker}: on this link from card {} to card {right}. Frame {} goes the other way. Which source MAC address does it carry?",
                    text(from),
                    m.number
                ),
                shown: Vec::new(),
                task: choice(&right, wrong, 4, rng)?,
                filter: format!("frame.number == {} && eth.src == {right}", m.number),
                frame: m.number,
                line: self.line(),
                why: "On each link a frame names that link's two ends. Whether the card is the far host's or the next router's, no frame says.".to_owned(),
            })
        });
    }
}

fn why_flags(set: u16) -> &'static str {
    match set {
        f if f == flag::SYN | flag::ACK => {
            "Two directions, two counters: it acknowledges the first SYN and sends its own, in one segment (RFC 9293 §3.5)."
        }
        f if f == flag::RST | flag::ACK => {
            "A SYN to a port where nobody listens is answered with a reset (RFC 9293 §3.5.2)."
        }
        flag::ACK => "The other side's SYN is acknowledged, too; its own one already was (RFC 9293 §3.5).",
        _ => {
            "FIN says that no more data comes this way; from the SYN's answer on, every segment acknowledges (RFC 9293 §3.6)."
        }
    }
}
