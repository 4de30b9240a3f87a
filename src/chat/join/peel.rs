//! Peeling in the terminal: one step a key, the bytes of each in the same dump.
//!
//! ```text
//! 0040  13 93[81 bd 36 7b 2b 37]34 32   ..6{+742      brackets, and colour, stand around the step's bytes
//! ```

use super::escaped;
use super::keys::Typed;
use crate::chat::entry::{self, Captured};
use crate::model::{Osi, show};
use crate::view::Theme;
use crate::view::hex::{self, ROW};
use crate::view::measure::wrap;

/// Rows of the dump.
const ROWS: usize = 10;
/// Packets of one message.
const MOST: usize = 32;
/// Steps of one packet.
const STEPS: usize = 32;
/// Sentences of one step.
const SENTENCES: usize = 8;
/// Ranges of bytes of one step.
const RANGES: usize = 64;

/// The packets of a message, which of them is open, and how deep.
#[derive(Clone, Debug)]
pub(super) struct Peel {
    packets: Vec<Packet>,
    at: usize,
    step: usize,
}

#[derive(Clone, Debug)]
struct Packet {
    title: String,
    bytes: Vec<u8>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
struct Step {
    short: String,
    title: String,
    osi: u8,
    says: Vec<String>,
    own: Vec<[usize; 2]>,
    /// Readable bytes, laid over those of the packet.
    over: (usize, Vec<u8>),
}

impl Peel {
    /// The packets that carried a message: by its number, and on the way up by the tag that we gave to it.
    pub(super) fn of_message<'a>(
        packets: impl Iterator<Item = &'a Captured>,
        id: Option<u64>,
        tag: Option<u64>,
    ) -> Option<Self> {
        let same = |of: Option<u64>, wanted| of.is_some() && of == wanted;
        let of = |packet: &Captured| {
            let peel = packet.peels.iter().find(|peel| same(peel.message, id) || same(peel.tag, tag))?;
            Some(Packet::new(packet, peel))
        };
        Self::new(packets.filter_map(of).take(MOST).collect())
    }

    /// The last packet that carries data.
    pub(super) fn of_last<'a>(mut packets: impl DoubleEndedIterator<Item = &'a Captured>) -> Option<Self> {
        let packet = packets.rfind(|packet| !packet.bare)?;
        Self::new(packet.peels.first().map(|peel| Packet::new(packet, peel)).into_iter().collect())
    }

    fn new(packets: Vec<Packet>) -> Option<Self> {
        let sound = !packets.is_empty() && packets.iter().all(|p| !p.steps.is_empty());
        sound.then_some(Self { packets, at: 0, step: 0 })
    }

    /// Takes a key; false closes.
    pub(super) fn key(&mut self, key: &Typed) -> bool {
        let steps = self.packets.get(self.at).map_or(0, |p| p.steps.len());
        match key {
            Typed::Down | Typed::Enter | Typed::Char('j') => {
                self.step = (self.step + 1).min(steps.saturating_sub(1));
            }
            Typed::Up | Typed::Char('k') => self.step = self.step.saturating_sub(1),
            Typed::Right => self.turn((self.at + 1).min(self.packets.len() - 1)),
            Typed::Left => self.turn(self.at.saturating_sub(1)),
            Typed::Escape | Typed::Peel | Typed::Char('q') => return false,
            _ => {}
        }
        true
    }

    fn turn(&mut self, to: usize) {
        if to != self.at {
            (self.at, self.step) = (to, 0);
        }
    }

    /// The page, at most so large.
    pub(super) fn lines(&self, columns: usize, rows: usize, theme: &Theme) -> Vec<String> {
        let Some(packet) = self.packets.get(self.at) else { return Vec::new() };
        let Some(step) = packet.steps.get(self.step) else { return Vec::new() };
        let mut lines = Vec::new();
        let which = format!("{} ({} of {})", packet.title, self.at + 1, self.packets.len());
        lines.push(painted(&which, |t, out| theme.strong.paint(t, out)));
        let names = packet.steps.iter().enumerate();
        let path: Vec<String> =
            names.map(|(i, s)| if i == self.step { format!("[{}]", s.short) } else { s.short.clone() }).collect();
        lines.extend(wrap(&path.join(" > "), columns).map(str::to_owned));
        lines.push(String::new());
        let style = Osi::ALL.into_iter().find(|o| o.number() == step.osi).map(|o| theme.layer(o));
        let heading = format!("Layer {}  {}", step.osi, step.title);
        lines.push(painted(&heading, |t, out| match style {
            Some(style) => style.paint(t, out),
            None => out.push_str(t),
        }));
        packet.dump(step, theme, &mut lines);
        for text in &step.says {
            lines.extend(wrap(text, columns).map(str::to_owned));
        }
        lines.truncate(rows);
        lines
    }
}

fn painted(text: &str, paint: impl Fn(&str, &mut String)) -> String {
    let mut out = String::new();
    paint(text, &mut out);
    out
}

impl Packet {
    fn new(packet: &Captured, peel: &entry::Peel) -> Self {
        let way = if packet.down { "server → you" } else { "you → server" };
        Self {
            title: format!("Packet {}, {way}, port {}, {} bytes", packet.n, packet.port, packet.len),
            bytes: packet.hex.clone(),
            steps: peel.steps.iter().take(STEPS).map(Step::new).collect(),
        }
    }

    /// The rows of bytes around the step's first one.
    fn dump(&self, step: &Step, theme: &Theme, lines: &mut Vec<String>) {
        let mut bytes = self.bytes.clone();
        for (place, byte) in bytes.iter_mut().skip(step.over.0).zip(&step.over.1) {
            *place = *byte;
        }
        let first = step.own.first().map_or(0, |range| range[0]) / ROW;
        let total = bytes.len().div_ceil(ROW);
        let from = first.saturating_sub(1).min(total.saturating_sub(ROWS));
        for row in from..total.min(from + ROWS) {
            lines.push(step.row(&bytes, row * ROW, theme));
        }
        if total > from + ROWS {
            lines.push(format!("      … {} bytes more", bytes.len() - (from + ROWS) * ROW));
        }
    }
}

impl Step {
    fn new(step: &entry::Step) -> Self {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let summary = Some(&step.summary).filter(|s| !s.is_empty());
        let says = summary.into_iter().chain(step.says.iter().map(|s| &s.text));
        let over = step.over.as_ref().map_or((usize::MAX, Vec::new()), |over| (place(over.at), over.hex.clone()));
        Self {
            short: escaped(&step.short),
            title: escaped(&step.title),
            osi: step.osi,
            says: says.take(SENTENCES).map(|text| escaped(text)).collect(),
            own: step.own.iter().take(RANGES).map(|range| range.map(place)).collect(),
            over,
        }
    }

    fn owns(&self, at: usize) -> bool {
        self.own.iter().any(|&[from, to]| from <= at && at < to)
    }

    /// `0040  13 93[81 bd]…  text`.
    fn row(&self, bytes: &[u8], from: usize, theme: &Theme) -> String {
        let row = bytes.get(from..bytes.len().min(from + ROW)).unwrap_or_default();
        let mut out = String::new();
        theme.faint.paint(&hex::offset(from as u64, 4), &mut out);
        out.push(' ');
        for i in 0..=ROW {
            let at = from + i;
            let (own, before) = (i < row.len() && self.owns(at), i > 0 && self.owns(at - 1));
            out.push(match (own, before) {
                (true, false) => '[',
                (false, true) if i <= row.len() => ']',
                _ => ' ',
            });
            let Some(&byte) = row.get(i) else {
                out.push_str(if i < ROW { "  " } else { "" });
                continue;
            };
            let style = if own { &theme.observed } else { &theme.faint };
            style.around(&mut out, |out| show::hex_bytes(&[byte], "", out));
        }
        out.push_str("  ");
        for (i, &byte) in row.iter().enumerate() {
            let style = if self.owns(from + i) { &theme.observed } else { &theme.faint };
            style.around(&mut out, |out| out.push(hex::character(byte)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::entry::Over;

    fn packet() -> Captured {
        let step = |short: &str, own: [u32; 2]| entry::Step {
            short: short.into(),
            osi: 7,
            own: vec![own],
            ..entry::Step::default()
        };
        let over = Some(Over { at: 2, hex: b"AB".to_vec() });
        let steps = vec![entry::Step { over, ..step("Event", [2, 4]) }, step("WEBSOCKET", [1, 4])];
        let peel = entry::Peel { tag: Some(3), steps, ..entry::Peel::default() };
        let hex = vec![0x00, 0x81, 0xff, 0xee, 0xff];
        Captured { n: 9, port: 5000, len: 5, hex, peels: vec![peel], ..Captured::default() }
    }

    #[test]
    fn a_step_lights_its_bytes_and_lays_readable_ones_over_them() {
        let mut peel = Peel::of_message([&packet()].into_iter(), None, Some(3)).unwrap();
        let theme = Theme::new(false);
        let first = peel.lines(80, 24, &theme).join("\n");
        assert!(first.contains("[Event] > WEBSOCKET"), "{first}");
        assert!(first.contains("0000  00 81[41 42]ff"), "{first}");
        assert!(peel.key(&Typed::Down));
        let second = peel.lines(80, 24, &theme).join("\n");
        assert!(second.contains("0000  00[81 ff ee]ff"), "{second}");
        assert!(!peel.key(&Typed::Escape));
    }

    #[test]
    fn a_page_fits_its_place() {
        let peel = Peel::of_last([&packet()].into_iter()).unwrap();
        assert!(peel.lines(80, 5, &Theme::new(false)).len() <= 5);
    }

    #[test]
    fn whatever_the_server_says_is_borne() {
        let step = entry::Step { own: vec![[9, 1], [0, u32::MAX]], ..entry::Step::default() };
        for steps in [vec![], vec![step]] {
            let peel = entry::Peel { steps, ..entry::Peel::default() };
            let packet = Captured { hex: vec![1], peels: vec![peel], ..Captured::default() };
            if let Some(peel) = Peel::of_last([&packet].into_iter()) {
                peel.lines(80, 24, &Theme::new(false));
            }
        }
    }
}
