//! The ladder: one connection with the client on the left, the server on the right, and time downwards.
//!
//! ```text
//!                 │ CLOSED                                          LISTEN │
//!    1  0.000000  ├─ [SYN] Seq=0 Win=64240 Len=0 MSS=1460 ───────────────▶│
//!                 │ SYN-SENT                                  SYN-RECEIVED │
//! ```
//!
//! States are printed when they change, beside the line of the end that has them. What an application
//! says is under the arrow that completes it.

use super::brief;
use super::measure::{cut, repeat, spaces, width};
use super::theme::{Style, Theme};
use crate::model::{Osi, Packet, Remark, Time, show};
use crate::proto::tcp;
use std::net::SocketAddr;

/// Columns before the client's line: number, time, and the gaps around them.
const MARGIN: usize = 18;
const NARROWEST: usize = 60;
const WIDEST: usize = 120;
/// Messages of one packet that are shown.
const MOST_MESSAGES: usize = 4;

/// A ladder in the making.
#[derive(Debug)]
pub struct Ladder {
    theme: Theme,
    /// Columns between the two lines.
    lane: usize,
    first: Option<Time>,
    states: [String; 2],
    /// It was said which side is the client's.
    named: bool,
}

/// Which side of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The other one.
    Server,
}

impl Ladder {
    /// For a screen of so many columns; `None` is a pipe, which gets 80.
    pub fn new(theme: Theme, columns: Option<usize>) -> Self {
        let lane = columns.unwrap_or(80).clamp(NARROWEST, WIDEST) - MARGIN - 2;
        Self { theme, lane, first: None, states: [String::new(), String::new()], named: false }
    }

    /// Appends the heading: which stream, and who the ends are.
    pub fn heading(&self, stream: u32, client: &str, server: &str, out: &mut String) {
        self.theme.strong.around(out, |out| {
            out.push_str("TCP stream ");
            show::number(u64::from(stream), out);
        });
        out.push('\n');
        for [left, right] in [["client", "server"], [client, server]] {
            spaces(MARGIN, out);
            opposite(left, right, self.lane + 2, &self.theme.strong, out);
            out.push('\n');
        }
    }

    /// Counts time from this packet, which may not be drawn.
    pub fn since(&mut self, first: &Packet) {
        self.first = Some(first.time);
    }

    /// Appends who is on which side, and at which address and port; what follows is of that connection.
    pub fn ends(&mut self, [client, server]: [SocketAddr; 2], out: &mut String) {
        self.states = [String::new(), String::new()];
        let roles = ["client".to_owned(), "server".to_owned()];
        let both = [roles, [client.to_string(), server.to_string()]];
        // Whose side is whose need be said once only.
        for [left, right] in both.into_iter().skip(usize::from(std::mem::replace(&mut self.named, true))) {
            spaces(MARGIN, out);
            opposite(&left, &right, self.lane + 2, &self.theme.strong, out);
            out.push('\n');
        }
    }

    /// Appends how many frames of the conversation are left out between two rows.
    pub fn left_out(&self, frames: u64, out: &mut String) {
        if frames > 0 {
            let text = format!("… {frames} {} left out", if frames == 1 { "frame" } else { "frames" });
            self.rung([&text, ""], &self.theme.faint, out);
        }
    }

    /// Appends that the connection began before the capture did, so that nobody knows its first states.
    pub fn midway(&self, out: &mut String) {
        self.rung(["… opened before the capture began", ""], &self.theme.faint, out);
    }

    /// Appends both ends' states, where they are not what was last shown.
    pub fn states(&mut self, client: &str, server: &str, out: &mut String) {
        let mut news = [client, server];
        for (old, new) in self.states.iter_mut().zip(&mut news) {
            if old == new {
                *new = "";
            } else {
                (*new).clone_into(old);
            }
        }
        if news.iter().any(|s| !s.is_empty()) {
            self.rung(news, &self.theme.inferred, out);
        }
    }

    /// Appends a packet of the connection: its arrow, and under it the messages that it completes.
    pub fn packet(&mut self, packet: &Packet, from: Side, out: &mut String) {
        let segment = packet.layer(&tcp::ABOUT);
        let first = *self.first.get_or_insert(packet.time);
        let first = if first.is_known() { first } else { *self.first.insert(packet.time) };
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

        let mut label = String::from(" ");
        let mut osi = Osi::Transport;
        match segment {
            Some(layer) => tcp::gist(packet, layer, &mut label),
            // What is no segment is told by its innermost layer.
            None => osi = innermost(packet, &mut label),
        }
        cut(&mut label, 0, self.lane.saturating_sub(6));
        label.push(' ');
        let line = self.lane.saturating_sub(2 + width(&label));
        // What was lost did not arrive: its arrow ends on the way.
        let lost = packet.remark.is_some_and(Remark::is_loss).then_some(line / 2);
        let style = self.theme.layer(osi);
        match from {
            Side::Client => {
                out.push_str("├─");
                style.paint(&label, out);
                if let Some(way) = lost {
                    repeat('─', way, out);
                    self.theme.alarm.paint("✗", out);
                    spaces(line - way, out);
                    out.push('│');
                } else {
                    repeat('─', line, out);
                    out.push_str("▶│");
                }
            }
            Side::Server => {
                if let Some(way) = lost {
                    out.push('│');
                    spaces(line - way, out);
                    self.theme.alarm.paint("✗", out);
                    repeat('─', way, out);
                } else {
                    out.push_str("│◀");
                    repeat('─', line, out);
                }
                style.paint(&label, out);
                out.push_str("─┤");
            }
        }
        out.push('\n');
        if segment.is_some() {
            self.messages(packet, from, out);
        }
    }

    /// Appends a remark on the last packet, at its sender's side.
    pub fn remark(&self, remark: &str, from: Side, out: &mut String) {
        let mut text = String::from("✗ ");
        show::escape_within(remark.as_bytes(), self.lane, &mut text);
        cut(&mut text, 0, self.lane.saturating_sub(2));
        let sides = if from == Side::Client { [text.as_str(), ""] } else { ["", text.as_str()] };
        self.rung(sides, &self.theme.alarm, out);
    }

    fn messages(&self, packet: &Packet, from: Side, out: &mut String) {
        let said = |osi| osi > Osi::Transport;
        let messages = packet.layers.iter().filter(|l| said(l.proto.osi) && !l.quoted && l.proto.summary.is_some());
        let more = messages.clone().count().saturating_sub(MOST_MESSAGES);
        let mut rung = |text: &str, style: &Style| {
            let sides = if from == Side::Client { [text, ""] } else { ["", text] };
            self.rung(sides, style, out);
        };
        let mut text = String::new();
        for layer in messages.take(MOST_MESSAGES) {
            text.clear();
            show::protocol(layer.proto.name, &mut text);
            text.push_str("  ");
            brief::summary(packet, layer, &mut text);
            cut(&mut text, 0, self.lane.saturating_sub(2));
            rung(&text, self.theme.layer(layer.proto.osi));
        }
        if more > 0 {
            text.clear();
            text.push_str("… and ");
            show::number(more as u64, &mut text);
            text.push_str(if more == 1 { " more message" } else { " more messages" });
            rung(&text, &self.theme.faint);
        }
    }

    /// A line without an arrow: something to say of either end, between both lines.
    fn rung(&self, [left, right]: [&str; 2], style: &Style, out: &mut String) {
        spaces(MARGIN, out);
        out.push_str("│ ");
        opposite(left, right, self.lane - 2, style, out);
        out.push_str(" │\n");
    }
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

/// One text at the left, one at the right.
fn opposite(left: &str, right: &str, columns: usize, style: &Style, out: &mut String) {
    style.paint(left, out);
    let gap = columns.saturating_sub(width(left) + width(right));
    spaces(if left.is_empty() || right.is_empty() { gap } else { gap.max(1) }, out);
    style.paint(right, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

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
        let mut ladder = Ladder::new(Theme::new(false), Some(columns));
        let mut out = String::new();
        ladder.heading(0, "10.0.0.1:40000", "10.0.0.2:9", &mut out);
        ladder.states("CLOSED", "LISTEN", &mut out);
        ladder.packet(&segment(1, true, false), Side::Client, &mut out);
        ladder.states("SYN-SENT", "SYN-RECEIVED", &mut out);
        ladder.packet(&segment(2, false, true), Side::Server, &mut out);
        ladder.states("ESTABLISHED", "SYN-RECEIVED", &mut out);
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
        let ladder = || Ladder::new(Theme::new(false), Some(80));
        for side in [Side::Client, Side::Server] {
            let mut packet = segment(1, side == Side::Client, true);
            packet.remark = Some(Remark::Lost);
            let mut out = String::new();
            ladder().packet(&packet, side, &mut out);
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
