//! The ladder: a line for each host, time downwards, and an arrow for each packet.
//!
//! ```text
//!                 │ CLOSED                                          LISTEN │
//!    1  0.000000  ├─ [SYN] Seq=0 Win=64240 Len=0 MSS=1460 ───────────────▶│
//!                 │ SYN-SENT                                  SYN-RECEIVED │
//! ```
//!
//! States are printed when they change, beside the line of the end that has them. What an application
//! says is under the arrow that completes it. What does not fit into an arrow between near lines goes on below it.
//! Who is on which line is data: [`lifelines`](crate::lesson::lifelines).

mod rung;

use super::brief;
use super::measure::{cut, cut_front, spaces, width, wrap};
use super::theme::{Style, Theme};
use crate::flow::Endpoint;
use crate::lesson::lifelines::{Lifeline, Talk, Way};
use crate::model::{Layer, Osi, Packet, Remark, Time, show};
use crate::proto::tcp;
use rung::Rung;

/// Columns before the first line: number, time, and the gaps around them.
const MARGIN: usize = 18;
const NARROWEST: usize = 60;
const WIDEST: usize = 120;
/// The fewest columns between two lines.
const NEAREST: usize = 14;
/// Messages of one packet that are shown.
const MOST_MESSAGES: usize = 4;

/// A ladder in the making.
#[derive(Debug)]
pub struct Ladder {
    theme: Theme,
    /// The columns of the lines.
    bars: Vec<usize>,
    first: Option<Time>,
    /// What was last shown of each connection's ends.
    states: Vec<(u32, [String; 2])>,
}

/// The way of a packet of one connection, with its client on the left.
pub fn across(sender: Endpoint) -> Way {
    let (from, to) = if sender == Endpoint::Client { (0, 1) } else { (1, 0) };
    Way { from, to: Some(to), talk: Some(Talk { stream: 0, client: 0, server: 1 }), ..Way::default() }
}

/// How many lines fit on a screen, by its columns.
pub fn most_lines(columns: usize) -> usize {
    (columns.clamp(NARROWEST, WIDEST) - MARGIN - 1) / (NEAREST + 1) + 1
}

impl Ladder {
    /// For a number of lines and a width in columns; `None` is a pipe, which gets 80.
    pub fn new(theme: Theme, columns: Option<usize>, lines: usize) -> Self {
        let room = columns.unwrap_or(80).clamp(NARROWEST, WIDEST) - MARGIN - 1;
        let gaps = lines.max(2) - 1;
        let bars = (0..=gaps).map(|at| MARGIN + at * room / gaps).collect();
        Self { theme, bars, first: None, states: Vec::new() }
    }

    /// Appends the heading of one connection: which stream, and who the ends are.
    pub fn heading(&self, stream: u32, client: &str, server: &str, out: &mut String) {
        self.theme.strong.around(out, |out| {
            out.push_str("TCP stream ");
            show::number(u64::from(stream), out);
        });
        out.push('\n');
        self.heads(&["client".to_owned(), "server".to_owned()], out);
        self.heads(&[client.to_owned(), server.to_owned()], out);
    }

    /// Appends who is on which line, and at which addresses and ports.
    pub fn head(&self, lines: &[Lifeline], out: &mut String) {
        let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
        if names.iter().any(|name| !name.is_empty()) {
            self.heads(&names, out);
        }
        let (whole, parts): (Vec<String>, Vec<[String; 2]>) =
            lines.iter().map(|line| place(&line.addresses, &line.ports)).unzip();
        if self.heads_fit(&whole) {
            return self.heads(&whole, out);
        }
        for row in 0..2 {
            let texts: Vec<String> = parts.iter().map(|both| both[row].clone()).collect();
            if texts.iter().any(|text| !text.is_empty()) {
                self.heads(&texts, out);
            }
        }
    }

    /// Appends the names of all lines, but where they are the usual two.
    pub fn names(&self, lines: &[Lifeline], out: &mut String) {
        if matches!(lines, [client, server] if client.name == "client" && server.name == "server") {
            return;
        }
        let name = |line: &Lifeline| {
            if line.name.is_empty() { place(&line.addresses, &line.ports).0 } else { line.name.clone() }
        };
        self.heads(&lines.iter().map(name).collect::<Vec<_>>(), out);
    }

    /// Counts time from this packet, which may not be drawn.
    pub fn since(&mut self, first: &Packet) {
        self.first = Some(first.time);
    }

    /// Appends how many frames of the conversation are left out between two rows.
    pub fn left_out(&self, frames: u64, out: &mut String) {
        if let Some(text) = left_out(frames) {
            self.note(&text, out);
        }
    }

    /// Appends that the connection began before the capture did, so that nobody knows its first states.
    pub fn midway(&self, out: &mut String) {
        self.note("… opened before the capture began", out);
    }

    fn note(&self, text: &str, out: &mut String) {
        let mut rung = Rung::new(&self.bars);
        rung.put(self.bar(0) + 2, text, &self.theme.faint);
        rung.draw(out);
    }

    /// Appends the states of a connection's ends, client then server, where they are not what was last shown.
    pub fn states(&mut self, talk: Talk, states: [&str; 2], out: &mut String) {
        let Some(at) = self.states.iter().position(|(stream, _)| *stream == talk.stream) else {
            self.states.push((talk.stream, states.map(str::to_owned)));
            return self.both(talk, states, out);
        };
        let mut news = states;
        for (old, new) in self.states.iter_mut().skip(at).take(1).flat_map(|(_, old)| old).zip(&mut news) {
            if old == new {
                *new = "";
            } else {
                (*new).clone_into(old);
            }
        }
        if news.iter().any(|s| !s.is_empty()) {
            self.both(talk, news, out);
        }
    }

    fn both(&self, talk: Talk, [client, server]: [&str; 2], out: &mut String) {
        let (near, far) = (self.bar(talk.client), self.bar(talk.server));
        let room = near.abs_diff(far).saturating_sub(3);
        let mut rung = Rung::new(&self.bars);
        let style = &self.theme.inferred;
        rung.beside(near, far, client, style);
        if width(client) + width(server) + 1 > room && !client.is_empty() {
            rung.draw(out);
            rung = Rung::new(&self.bars);
        }
        rung.beside(far, near, server, style);
        rung.draw(out);
    }

    fn bar(&self, line: usize) -> usize {
        self.bars.get(line).or(self.bars.last()).copied().unwrap_or(MARGIN)
    }

    /// Where a packet ends: at its line, or at the outermost line on the wider side.
    fn ends(&self, way: &Way) -> (usize, usize) {
        let from = self.bar(way.from);
        let to = way.to.map_or_else(
            || {
                let (left, right) = (self.bar(0), self.bar(usize::MAX));
                if from - left > right - from { left } else { right }
            },
            |to| self.bar(to),
        );
        (from, to)
    }

    /// Appends a packet: its arrow, and under it the messages that it completes.
    pub fn packet(&mut self, packet: &Packet, way: &Way, out: &mut String) {
        let first = *self.first.get_or_insert(packet.time);
        let first = if first.is_known() { first } else { *self.first.insert(packet.time) };
        let mut label = String::new();
        if let Some(who) = who(&way.who) {
            label.push_str(&who);
            label.push_str("  ");
        }
        let osi = says(packet, &mut label);
        self.margin(packet, first, out);
        let lost = packet.remark.is_some_and(Remark::is_loss);
        self.arrow(way, &label, lost, self.theme.layer(osi), out);
        let (messages, more) = messages(packet, self.bars.len() > 2);
        for (osi, text) in &messages {
            self.aside(way, text, self.theme.layer(*osi), out);
        }
        if let Some(more) = more {
            self.aside(way, &more, &self.theme.faint, out);
        }
        if let Some(hop) = &way.hop {
            let [[from, to], [card, next]] = [&hop.addresses, &hop.cards];
            self.aside(way, &format!("{from} → {to}"), &self.theme.faint, out);
            self.aside(way, &format!("TTL {}  {card} → {next}", hop.ttl), &self.theme.faint, out);
        }
    }

    fn margin(&self, packet: &Packet, first: Time, out: &mut String) {
        let mut margin = String::new();
        show::number(packet.number, &mut margin);
        spaces(5usize.saturating_sub(margin.len()), out);
        out.push_str(&margin);
        margin.clear();
        match packet.time.since(first) {
            Some(nanos) => show::seconds(nanos, 6, &mut margin),
            None => margin.push('-'),
        }
        spaces(11usize.saturating_sub(margin.len()), out);
        self.theme.faint.paint(&margin, out);
        out.push_str("  ");
    }

    /// The arrow, after its margin. What was lost did not arrive: its arrow ends on the way.
    fn arrow(&self, way: &Way, label: &str, lost: bool, style: &Style, out: &mut String) {
        let (from, to) = self.ends(way);
        let mut rung = Rung::new(&self.bars);
        if from == to {
            // Both ends share a line.
            rung.put(from + 2, label, style);
            return rung.finish(out);
        }
        let (fits, rest) = parted(label, from.abs_diff(to).saturating_sub(7));
        let shown = if fits.is_empty() { String::new() } else { format!(" {fits} ") };
        let right = to > from;
        // Between label and head.
        let free = if right { from + 2 + width(&shown)..to - 1 } else { to + 2..from - 1 - width(&shown) };
        let half = free.len() / 2;
        let shaft = match (lost, right) {
            (false, _) => free.clone(),
            (true, true) => free.start..free.start + half,
            (true, false) => free.end - half..free.end,
        };
        rung.raw(shaft.start, &self.shaft(shaft.clone()));
        let passes = way.to.is_none();
        if right {
            rung.raw(from, if passes && from > self.bar(0) { "┼─" } else { "├─" });
            rung.put(from + 2, &shown, style);
        } else {
            rung.put(free.end, &shown, style);
            rung.raw(from - 1, if passes && from < self.bar(usize::MAX) { "─┼" } else { "─┤" });
        }
        match (lost, right) {
            (true, true) => rung.put(shaft.end, "✗", &self.theme.alarm),
            (true, false) => rung.put(shaft.start - 1, "✗", &self.theme.alarm),
            (false, true) => rung.raw(to - 1, "▶"),
            (false, false) => rung.raw(to + 1, "◀"),
        }
        if passes && !lost {
            self.other_side(from, right, &mut rung);
        }
        rung.finish(out);
        if !rest.is_empty() {
            self.aside(way, rest, style, out);
        }
    }

    /// A piece of an arrow, which crosses the lines that it only passes.
    fn shaft(&self, columns: std::ops::Range<usize>) -> String {
        columns.map(|at| if self.bars.contains(&at) { '┼' } else { '─' }).collect()
    }

    /// What goes to everybody goes to those on the sender's other side, too.
    fn other_side(&self, from: usize, right: bool, rung: &mut Rung<'_>) {
        let (left, far) = (self.bar(0), self.bar(usize::MAX));
        if right && from > left {
            rung.raw(left + 1, &format!("◀{}", self.shaft(left + 2..from)));
        } else if !right && from < far {
            rung.raw(from + 1, &format!("{}▶", self.shaft(from + 1..far - 1)));
        }
    }

    /// Appends a remark on the last packet, at its sender's side.
    pub fn remark(&self, remark: &str, way: &Way, out: &mut String) {
        let mut text = String::from("✗ ");
        show::escape_within(remark.as_bytes(), WIDEST, &mut text);
        self.aside(way, &text, &self.theme.alarm, out);
    }

    /// Appends what belongs to an arrow, below it, at its sender's side. What is longer than the arrow goes on beside
    /// it, over lines that have no part in it.
    fn aside(&self, way: &Way, text: &str, style: &Style, out: &mut String) {
        let (from, to) = self.ends(way);
        let (left, right) = (self.bar(0) + 2, self.bar(usize::MAX) - 1);
        let mut text = text.to_owned();
        cut(&mut text, 0, right - left);
        let at = if to >= from { from + 2 } else { (from - 1).saturating_sub(width(&text)) };
        let mut rung = Rung::new(&self.bars);
        rung.put(at.min(right - width(&text)).max(left), &text, style);
        rung.draw(out);
    }

    /// A text at each line: the first begins there, the last ends there, those between are in the middle.
    fn heads(&self, texts: &[String], out: &mut String) {
        let mut texts = texts.to_vec();
        if !self.heads_fit(&texts) {
            // The tail of an address tells it from others.
            let room = (self.bar(usize::MAX) + 2 - self.bar(0)) / texts.len().max(1) - 1;
            for text in &mut texts {
                cut_front(text, room);
            }
        }
        let mut at = 0;
        let last = self.bar(usize::MAX) + 1;
        let mut after: usize = texts.iter().filter(|text| !text.is_empty()).map(|text| width(text) + 1).sum();
        for (place, text) in self.heads_at(&texts).into_iter().zip(&texts).filter(|(_, text)| !text.is_empty()) {
            let begin = place.min((last + 1).saturating_sub(after)).max(if at > 0 { at + 1 } else { 0 });
            spaces(begin - at, out);
            self.theme.strong.paint(text, out);
            (at, after) = (begin + width(text), after - width(text) - 1);
        }
        out.push('\n');
    }

    /// Where each head begins.
    fn heads_at(&self, texts: &[String]) -> Vec<usize> {
        let last = texts.len().saturating_sub(1);
        let begin = |(at, text): (usize, &String)| match at {
            0 => self.bar(0),
            _ if at == last => (self.bar(at) + 1).saturating_sub(width(text)),
            _ => self.bar(at).saturating_sub(width(text) / 2),
        };
        texts.iter().enumerate().map(begin).collect()
    }

    fn heads_fit(&self, texts: &[String]) -> bool {
        let places = self.heads_at(texts);
        let ends = places.iter().zip(texts).map(|(at, text)| at + width(text));
        ends.zip(places.iter().skip(1)).all(|(end, next)| end < *next)
    }
}

/// What of a label fits into an arrow, and what goes on below it. Neither a word nor the flags are torn.
fn parted(label: &str, room: usize) -> (&str, &str) {
    let first = wrap(label, room).next().unwrap_or_default();
    let rest = label.get(first.len()..).unwrap_or_default();
    let whole = rest.is_empty() || (rest.starts_with(' ') && first.rfind('[') <= first.rfind(']'));
    if whole { (first, rest.trim_start()) } else { ("", label) }
}

/// Address and ports of a line: in one text, and in two.
pub(super) fn place(addresses: &[String], numbers: &[u16]) -> (String, [String; 2]) {
    let address = match addresses {
        [only] => only.clone(),
        all => all.join(", "),
    };
    let mut ports: Vec<String> = numbers.iter().take(2).map(|port| format!(":{port}")).collect();
    if numbers.len() > 2 {
        ports.push("…".to_owned());
    }
    let ports = ports.join(" ");
    let whole = match addresses {
        [only] if only.contains(':') && numbers.len() == 1 => format!("[{only}]{ports}"),
        [_] if numbers.len() == 1 => format!("{address}{ports}"),
        _ => format!("{address} {ports}").trim().to_owned(),
    };
    (whole, [address, ports])
}

/// Who sent a packet and who receives it, where its lines are shared.
pub(super) fn who(ends: &[Option<String>; 2]) -> Option<String> {
    match ends {
        [None, None] => None,
        [Some(from), None] => Some(format!("{from} →")),
        [None, Some(to)] => Some(format!("→ {to}")),
        [Some(from), Some(to)] => Some(format!("{from} → {to}")),
    }
}

/// Appends what stands on a packet's arrow; gives the OSI layer that it counts to.
pub(super) fn says(packet: &Packet, out: &mut String) -> Osi {
    let Some(segment) = packet.layer(&tcp::ABOUT) else {
        // What is no segment is told by its innermost layer.
        return innermost(packet, out);
    };
    tcp::gist(packet, segment, out);
    Osi::Transport
}

/// What stands under the arrow of a segment: each message that it completes, and how many more there are. `many`: among
/// many lines, only the innermost protocol speaks, for those that carry it say the same once more.
pub(super) fn messages(packet: &Packet, many: bool) -> (Vec<(Osi, String)>, Option<String>) {
    if packet.layer(&tcp::ABOUT).is_none() {
        return (Vec::new(), None);
    }
    let all = packet.layers.iter().filter(|l| l.proto.osi > Osi::Transport && !l.quoted && l.proto.summary.is_some());
    let innermost = all.clone().next_back().map(|layer| layer.proto).filter(|_| many);
    let all = all.filter(|layer| innermost.is_none_or(|proto| std::ptr::eq(proto, layer.proto)));
    let more = all.clone().count().saturating_sub(MOST_MESSAGES);
    let text = |layer: &Layer| {
        let mut text = String::new();
        show::protocol(layer.proto.name, &mut text);
        text.push_str("  ");
        brief::summary(packet, layer, &mut text);
        (layer.proto.osi, text)
    };
    let more = (more > 0).then(|| format!("… and {more} more {}", if more == 1 { "message" } else { "messages" }));
    (all.take(MOST_MESSAGES).map(text).collect(), more)
}

/// How many frames of the conversation are left out, in words; `None` for none.
pub(super) fn left_out(frames: u64) -> Option<String> {
    (frames > 0).then(|| format!("… {frames} {} left out", if frames == 1 { "frame" } else { "frames" }))
}

/// Appends what a packet's innermost layer says; gives the OSI layer that it counts to.
fn innermost(packet: &Packet, label: &mut String) -> Osi {
    let said = packet.layers.iter().rev().filter(|l| !l.quoted);
    let Some(layer) = said.clone().find(|l| l.proto.summary.is_some()).or_else(|| said.clone().next()) else {
        return Osi::Link;
    };
    show::protocol(layer.proto.name, label);
    label.push_str("  ");
    brief::summary(packet, layer, label);
    layer.proto.osi
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    const TALK: Talk = Talk { stream: 0, client: 0, server: 1 };

    fn segment(number: u64, from_client: bool, ack: bool) -> Packet {
        let mut bytes = Vec::new();
        let (src, dst, ports) = if from_client { (1, 2, (40_000, 9)) } else { (2, 1, (9, 40_000)) };
        let builder = PacketBuilder::ethernet2([2; 6], [3; 6])
            .ipv4([10, 0, 0, src], [10, 0, 0, dst], 64)
            .tcp(ports.0, ports.1, 7, 64_240)
            .syn();
        let builder = if ack { builder.ack(8) } else { builder };
        builder.write(&mut bytes, &[]).unwrap();
        let raw = RawFrame { time: Time::new(5, number.cast_signed() * 1000), ..RawFrame::whole(number, bytes) };
        let mut packet = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut packet);
        packet
    }

    fn handshake(columns: usize) -> String {
        let mut ladder = Ladder::new(Theme::new(false), Some(columns), 2);
        let mut out = String::new();
        ladder.heading(0, "10.0.0.1:40000", "10.0.0.2:9", &mut out);
        ladder.states(TALK, ["CLOSED", "LISTEN"], &mut out);
        ladder.packet(&segment(1, true, false), &across(Endpoint::Client), &mut out);
        ladder.states(TALK, ["SYN-SENT", "SYN-RECEIVED"], &mut out);
        ladder.packet(&segment(2, false, true), &across(Endpoint::Server), &mut out);
        ladder.states(TALK, ["ESTABLISHED", "SYN-RECEIVED"], &mut out);
        out
    }

    #[test]
    fn arrows_point_from_the_sender_and_states_stand_beside_their_end() {
        let expected = "\
TCP stream 0
                  client                                                  server
                  10.0.0.1:40000                                      10.0.0.2:9
                  │ CLOSED                                              LISTEN │
    1   0.000000  ├─ [SYN] Seq=7 Win=64240 Len=0 ─────────────────────────────▶│
                  │ SYN-SENT                                      SYN-RECEIVED │
    2   0.000001  │◀────────────────── [SYN, ACK] Seq=7 Ack=8 Win=64240 Len=0 ─┤
                  │ ESTABLISHED                                                │
";
        assert_eq!(handshake(80), expected);
    }

    #[test]
    fn the_arrow_of_a_lost_segment_ends_on_its_way() {
        let ladder = || Ladder::new(Theme::new(false), Some(80), 2);
        for side in [Endpoint::Client, Endpoint::Server] {
            let mut packet = segment(1, side == Endpoint::Client, true);
            packet.remark = Some(Remark::Lost);
            let mut out = String::new();
            ladder().packet(&packet, &across(side), &mut out);
            assert!(out.contains('✗') && !out.contains(['▶', '◀']) && width(out.trim_end()) == 80, "{out}");
        }
    }

    #[test]
    fn every_line_is_as_wide_as_the_screen() {
        for columns in NARROWEST..WIDEST {
            for line in handshake(columns).lines().skip(1) {
                assert_eq!(width(line), columns, "{line}");
            }
        }
    }
}
