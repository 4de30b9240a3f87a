//! One conversation read along: each turn under a heading, every line marked with who said it.
//!
//! ```text
//! ── client → server ── frame 15 ─────────────────────
//! → GET /chat HTTP/1.1
//! → Host: www.example.com
//!   45 bytes in frame 15
//! ```
//!
//! An arrow begins each line of the conversation and nothing else, so that no text in it can
//! pass for a heading or for a remark of ours.

mod transcript;

pub use transcript::{Shape, Transcript};

use super::brief;
use super::hex::{self, ROW};
use super::measure::{cut, repeat, spaces, width};
use super::theme::{Style, Theme};
use crate::flow::Endpoint;
use crate::flow::follow::{Message, Run, What};
use crate::model::{Osi, Packet, show};

const WIDEST: usize = 100;
/// Frames that are named one by one.
const MOST_FRAMES: usize = 6;

/// How what was said is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Text; what is none is escaped.
    Text,
    /// Offset, hexadecimal, text.
    Hex,
}

/// The view of one conversation. It prints as it goes and keeps no more than a character.
#[derive(Debug)]
pub struct Follow {
    theme: Theme,
    columns: usize,
    /// The terminal's width; a pipe has none and gets whole lines.
    width: Option<usize>,
    how: How,
    turn: Option<Turn>,
    /// Where the next byte of client and server stands in its stream.
    offsets: [u64; 2],
    /// The start of a character, or of a line's end, whose rest is in the next frame.
    carry: Vec<u8>,
    fresh_line: bool,
}

/// What one end says before the other one answers.
#[derive(Debug)]
struct Turn {
    from: Endpoint,
    bytes: u64,
    first: u64,
    last: u64,
    frames: u64,
}

impl Follow {
    /// For a screen of so many columns; `None` is a pipe.
    pub fn new(theme: Theme, width: Option<usize>, how: How) -> Self {
        let columns = width.unwrap_or(80).clamp(20, WIDEST);
        Self { theme, columns, width, how, turn: None, offsets: [0; 2], carry: Vec::new(), fresh_line: true }
    }

    /// Appends which conversation it is, and who its ends are.
    pub fn heading(&self, kind: &str, stream: u32, [client, server]: [&str; 2], out: &mut String) {
        self.theme.strong.around(out, |out| {
            out.push_str(kind);
            out.push_str(" stream ");
            show::number(u64::from(stream), out);
        });
        for (who, end) in [(Endpoint::Client, client), (Endpoint::Server, server)] {
            out.push('\n');
            self.style(who).around(out, |out| {
                out.push_str(arrow(who));
                out.push(' ');
                out.push_str(name(who));
                out.push_str("  ");
                out.push_str(end);
            });
        }
        out.push('\n');
    }

    /// Appends what came next.
    pub fn run(&mut self, run: Run<'_>, out: &mut String) {
        self.turn_to(run.from, run.frame, out);
        match run.what {
            What::Bytes(bytes) => {
                if let Some(turn) = &mut self.turn {
                    turn.bytes += bytes.len() as u64;
                    turn.frames += u64::from(turn.last != run.frame);
                    (turn.first, turn.last) = (if turn.first == 0 { run.frame } else { turn.first }, run.frame);
                }
                match self.how {
                    How::Text => self.text(run.from, bytes, out),
                    How::Hex => self.hex(run.from, bytes, out),
                }
                *self.offset(run.from) += bytes.len() as u64;
            }
            What::Missing(n) => {
                self.end_line(run.from, out);
                self.theme.alarm.around(out, |out| {
                    out.push_str("  [");
                    show::number(n, out);
                    out.push_str(if n == 1 { " byte missing" } else { " bytes missing" });
                    out.push_str(": not in this capture]");
                });
                out.push('\n');
                *self.offset(run.from) += n;
            }
        }
    }

    /// Appends the end of the last turn.
    pub fn end(&mut self, out: &mut String) {
        let Some(turn) = self.turn.take() else { return };
        self.end_line(turn.from, out);
        self.theme.faint.around(out, |out| turn.sum(out));
        out.push('\n');
    }

    /// Appends a line for a message: its frames, who said it, protocol, size and meaning.
    pub fn message(&self, packet: &Packet, from: Endpoint, message: &Message, out: &mut String) {
        let start = out.len();
        let mut number = String::new();
        show::number(packet.number, &mut number);
        spaces(5usize.saturating_sub(number.len()), out);
        out.push_str(&number);
        out.push_str("  ");
        out.push_str(arrow(from));
        out.push(' ');
        out.push_str(name(from));
        out.push_str("  ");
        number.clear();
        size(message.len, &mut number);
        spaces(9usize.saturating_sub(number.len()), out);
        out.push_str(&number);
        out.push_str("  ");
        let mut used = width(out.get(start..).unwrap_or(""));
        let mut said = String::new();
        if let Some(layer) = subject(packet, message) {
            let mut protocol = String::new();
            show::protocol(layer.proto.name, &mut protocol);
            used += width(&protocol) + 2;
            self.theme.layer(layer.proto.osi).paint(&protocol, out);
            out.push_str("  ");
            brief::summary(packet, layer, &mut said);
        }
        sources(packet, message, &mut said);
        if let Some(width) = self.width {
            cut(&mut said, 0, width.saturating_sub(used));
        }
        out.push_str(&said);
        out.push('\n');
    }

    fn turn_to(&mut self, from: Endpoint, frame: u64, out: &mut String) {
        if self.turn.as_ref().is_some_and(|t| t.from == from) {
            return;
        }
        self.end(out);
        out.push('\n');
        let mut text = String::from("── ");
        text.push_str(name(from));
        text.push_str(" → ");
        text.push_str(name(other(from)));
        text.push_str(" ── ");
        if frame == 0 {
            text.push_str("at the end of the capture ");
        } else {
            text.push_str("frame ");
            show::number(frame, &mut text);
            text.push(' ');
        }
        let rest = self.columns.saturating_sub(width(&text));
        repeat('─', rest, &mut text);
        self.style(from).paint(&text, out);
        out.push('\n');
        self.turn = Some(Turn { from, bytes: 0, first: 0, last: 0, frames: 0 });
        self.fresh_line = true;
    }

    /// Lines end where the text's own lines do; everything else that is no plain text is escaped.
    fn text(&mut self, from: Endpoint, bytes: &[u8], out: &mut String) {
        let mut all = std::mem::take(&mut self.carry);
        all.extend_from_slice(bytes);
        let keep = unfinished(&all);
        self.carry = all.split_off(all.len() - keep);
        for part in all.split_inclusive(|&b| b == b'\n') {
            let line = part.strip_suffix(b"\n");
            let line_ends = line.is_some();
            let line = line.map_or(part, |l| l.strip_suffix(b"\r").unwrap_or(l));
            self.words(from, line, out);
            if line_ends {
                if self.fresh_line {
                    self.style(from).paint(arrow(from), out);
                }
                out.push('\n');
                self.fresh_line = true;
            }
        }
    }

    /// Appends a piece of a line.
    fn words(&mut self, from: Endpoint, line: &[u8], out: &mut String) {
        if line.is_empty() {
            return;
        }
        let fresh = std::mem::replace(&mut self.fresh_line, false);
        self.style(from).around(out, |out| {
            if fresh {
                out.push_str(arrow(from));
                out.push(' ');
            }
            show::escape(line, out);
        });
    }

    fn hex(&mut self, from: Endpoint, bytes: &[u8], out: &mut String) {
        let offset = *self.offset(from);
        for (at, row) in (0..).step_by(ROW).zip(bytes.chunks(ROW)) {
            self.style(from).around(out, |out| {
                out.push_str(arrow(from));
                out.push(' ');
                out.push_str(&hex::offset(offset + at, 8));
                out.push_str("  ");
                show::hex_bytes(row, " ", out);
                spaces(3 * (ROW - row.len()) + 2, out);
                out.extend(row.iter().copied().map(hex::character));
            });
            out.push('\n');
        }
    }

    /// Ends a line that its text has not ended, and writes what waited for its rest.
    fn end_line(&mut self, from: Endpoint, out: &mut String) {
        let carry = std::mem::take(&mut self.carry);
        self.words(from, &carry, out);
        if !self.fresh_line {
            out.push('\n');
            self.fresh_line = true;
        }
    }

    fn offset(&mut self, of: Endpoint) -> &mut u64 {
        let [client, server] = &mut self.offsets;
        if of == Endpoint::Client { client } else { server }
    }

    fn style(&self, of: Endpoint) -> &Style {
        self.theme.layer(if of == Endpoint::Client { Osi::Network } else { Osi::Session })
    }
}

impl Turn {
    /// `45 bytes in frame 15`, `5120 bytes in 4 frames, 15 to 20`
    fn sum(&self, out: &mut String) {
        out.push_str("  ");
        show::number(self.bytes, out);
        out.push_str(if self.bytes == 1 { " byte" } else { " bytes" });
        if self.frames > 1 {
            out.push_str(" in ");
            show::number(self.frames, out);
            out.push_str(" frames, ");
            show::number(self.first.min(self.last), out);
            out.push_str(" to ");
            show::number(self.first.max(self.last), out);
        } else if self.frames == 1 {
            out.push_str(" in frame ");
            show::number(self.first, out);
        }
    }
}

/// The layer of a message that its line is about: the innermost that can say something.
pub fn subject<'a>(packet: &'a Packet, message: &Message) -> Option<&'a crate::model::Layer> {
    let layers = packet.layers.get(message.layers.clone())?;
    layers.iter().rev().find(|l| l.proto.summary.is_some() && l.proto.osi > Osi::Transport).or_else(|| layers.first())
}

/// The frames that gave a message's bytes, if there was more than one.
fn sources(packet: &Packet, message: &Message, out: &mut String) {
    let Some(buffer) = message.joined.and_then(|id| packet.buffers().get(usize::from(id))) else { return };
    let mut frames: Vec<u64> = buffer.sources.iter().map(|p| p.frame).collect();
    frames.dedup();
    out.push_str(" [from frames ");
    for (i, &frame) in frames.iter().take(MOST_FRAMES).enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        show::number(frame, out);
    }
    if frames.len() > MOST_FRAMES {
        out.push_str(" and ");
        show::number((frames.len() - MOST_FRAMES) as u64, out);
        out.push_str(" more");
    }
    out.push(']');
}

/// How many bytes at the end may be the beginning of a character, or of a line's end.
fn unfinished(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let tail = bytes.get(bytes.len().saturating_sub(3)..).unwrap_or(bytes);
    let lead = tail.iter().rev().position(|&b| b >= 0xc0);
    let Some(after) = lead.filter(|&n| tail.iter().rev().take(n).all(|&b| b & 0xc0 == 0x80)) else { return 0 };
    let wants = match tail.get(tail.len() - 1 - after) {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        _ => 2,
    };
    if after + 1 < wants { after + 1 } else { 0 }
}

fn size(n: u32, out: &mut String) {
    show::number(u64::from(n), out);
    out.push_str(if n == 1 { " byte" } else { " B" });
}

/// Which way an end's words go.
const fn arrow(of: Endpoint) -> &'static str {
    match of {
        Endpoint::Client => "→",
        Endpoint::Server => "←",
    }
}

/// What an end is called.
pub const fn name(of: Endpoint) -> &'static str {
    match of {
        Endpoint::Client => "client",
        Endpoint::Server => "server",
    }
}

const fn other(of: Endpoint) -> Endpoint {
    match of {
        Endpoint::Client => Endpoint::Server,
        Endpoint::Server => Endpoint::Client,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Endpoint::{Client, Server};

    fn shown(how: How, runs: &[(Endpoint, u64, What<'_>)]) -> String {
        let mut view = Follow::new(Theme::new(false), Some(48), how);
        let mut out = String::new();
        for &(from, frame, what) in runs {
            view.run(Run { from, frame, what }, &mut out);
        }
        view.end(&mut out);
        out
    }

    #[test]
    fn every_line_says_who_said_it_and_each_turn_where_it_came_from() {
        let said = [
            (Client, 4, What::Bytes(b"GET / HTTP/1.1\r\nHo")),
            (Client, 5, What::Bytes(b"st: a\r")),
            (Client, 9, What::Bytes(b"\n\r\n")),
            (Server, 10, What::Bytes("caf\u{e9}".as_bytes())),
        ];
        let expected = "
── client → server ── frame 4 ──────────────────
→ GET / HTTP/1.1
→ Host: a
→
  27 bytes in 3 frames, 4 to 9

── server → client ── frame 10 ─────────────────
← café
  5 bytes in frame 10
";
        assert_eq!(shown(How::Text, &said), expected);
    }

    #[test]
    fn nothing_that_is_said_can_pass_for_a_remark_or_command_a_terminal() {
        let evil =
            "\x1b]0;x\x07\u{202e}\r\n  [9 bytes missing: not in this capture]\n── server → client ── frame 1 ──\rX";
        let out = shown(How::Text, &[(Client, 1, What::Bytes(evil.as_bytes()))]);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[2], "→ \\x1b]0;x\\x07\\u{202e}");
        assert!(lines[3].starts_with("→   [9") && lines[4].starts_with("→ ── server"), "{out}");
        assert!(lines[4].ends_with("──\\rX") && out.chars().all(|c| c == '\n' || !c.is_control()), "{out}");
    }

    #[test]
    fn a_character_in_two_frames_is_whole_and_half_a_one_is_escaped() {
        let euro = "€".as_bytes();
        let (head, tail) = euro.split_at(1);
        let out = shown(How::Text, &[(Client, 1, What::Bytes(head)), (Client, 2, What::Bytes(tail))]);
        assert!(out.contains("→ €\n"), "{out}");
        let out = shown(How::Text, &[(Client, 1, What::Bytes(head)), (Server, 2, What::Bytes(tail))]);
        assert!(out.contains("→ \\xe2\n") && out.contains("← \\x82\\xac\n"), "{out}");
        assert_eq!(["a", "€", "aé"].map(|t| unfinished(t.as_bytes())), [0; 3]);
        assert_eq!([&b"\xf0\x9f\x98"[..], b"\xc3", b"a\xe2\x82", b"\x80\x80", b"x\r"].map(unfinished), [3, 1, 2, 0, 1]);
    }

    #[test]
    fn missing_bytes_are_told_and_counted_in_the_offsets() {
        let said = [
            (Client, 4, What::Bytes(b"abcdefghijklmnopq")),
            (Client, 6, What::Missing(12)),
            (Client, 6, What::Bytes(b"\x00z")),
        ];
        let expected = "
── client → server ── frame 4 ──────────────────
→ 00000000  61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70  abcdefghijklmnop
→ 00000010  71                                               q
  [12 bytes missing: not in this capture]
→ 0000001d  00 7a                                            .z
  19 bytes in 2 frames, 4 to 6
";
        assert_eq!(shown(How::Hex, &said), expected);
    }
}
