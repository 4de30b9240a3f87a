//! All of a packet, layer by layer, for a screen of 80 columns or more, with colour or without.
//!
//! ```text
//! ── Packet 1 ──────────────────────────────────────────── 0.000000 s ── 58 bytes ──
//! 10.0.0.1 → 10.0.0.2  TCP  40000 → 80 [SYN] Seq=0 Win=64240 Len=0 MSS=1460
//!
//! 2 Data link  ● observed
//!   Ethernet II: who passes the frame to whom on this link.
//!   Ethernet II                                                          bytes 0–13
//!     Destination             02:00:00:00:00:02                             eth.dst
//! ```

use super::drawn::{Drawn, Layers, NARROWEST_GAP, Place, Shape};
use super::ink::Ink;
use super::measure::{repeat, spaces, width, wrap};
use super::outline::{self, Item, buffer_kind};
use super::theme::{Style, Theme, sign};
use super::{brief, hex};
use crate::model::{Field, FieldDef, Layer, Osi, Packet, Value, show};
use crate::proto::frame;
use crate::tutor::{Audience, JUDGEMENT, Moment, Telling, Texts, Told, Truth};
use std::sync::Arc;

/// Where values begin.
const VALUES: usize = 32;
/// Where notes begin.
const NOTES: usize = 4;
/// Narrower than this, nothing could be read.
const NARROWEST: usize = 40;
/// Wider than this, lines become hard to follow.
const WIDEST: usize = 110;
/// What the expanded view shows.
#[derive(Debug)]
pub struct Text {
    pen: Pen,
    texts: Arc<Texts>,
    /// Whether it was said that the seven layers are a judgement; once is enough.
    judged: bool,
    /// What the tutor says of a packet, and what drawing it needs: memory that each packet uses again.
    told: Told,
    layers: Layers,
    scratch: Scratch,
    ink: Ink,
}

/// How it is drawn.
#[derive(Debug)]
struct Pen {
    theme: Theme,
    width: usize,
    options: Options,
    /// What is before a note's first line and before its others, by how we know.
    marks: [[String; 2]; 3],
    /// The heading of each of the seven, by how we know.
    headings: [[String; 3]; 7],
    /// A line across the screen.
    rule: String,
}

/// Where a packet is written to.
struct Page<'a> {
    ink: &'a mut Ink,
    scratch: &'a mut Scratch,
}

#[derive(Debug, Default)]
struct Scratch {
    /// What is drawn now, before it's added.
    draft: String,
    /// A line that is measured before it's drawn.
    line: String,
}

/// Draws the fields of one packet.
struct Hand<'a> {
    pen: &'a Pen,
    packet: &'a Packet,
    /// A line that is measured before it's drawn.
    line: &'a mut String,
}

/// The three ways to know, in the order of [`Pen::marks`].
const TRUTHS: [Truth; 3] = [Truth::Observed, Truth::Inferred, Truth::NotVisible];

/// What the expanded view shows beside fields and values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The bytes, with the fields drawn on them.
    pub hex: bool,
    /// For whom packets are explained. A newcomer is also told what each field is for.
    pub audience: Audience,
}

impl Text {
    /// For a screen of so many columns; `None` is a pipe, which gets 80.
    pub fn new(theme: Theme, columns: Option<usize>, options: Options, texts: Arc<Texts>) -> Self {
        let pen = Pen::new(theme, columns.unwrap_or(80).clamp(NARROWEST, WIDEST), options);
        let (told, layers, scratch, ink) = (Told::default(), Layers::default(), Scratch::default(), Ink::default());
        Self { pen, texts, judged: false, told, layers, scratch, ink }
    }

    /// Keeps what it wrote: for many packets.
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.layers = Layers::new();
        self.told.keep(&self.texts);
        self
    }

    /// Appends a packet, and an empty line after it.
    pub fn packet(&mut self, moment: &Moment<'_>, out: &mut String) {
        let mut ink = std::mem::take(&mut self.ink);
        self.write(moment, &mut ink);
        out.push_str(std::str::from_utf8(ink.bytes()).unwrap_or_default());
        ink.clear(usize::MAX);
        self.ink = ink;
    }

    /// The same as bytes. Most of it was drawn before, and nobody looks again whether it is text.
    pub fn write(&mut self, moment: &Moment<'_>, ink: &mut Ink) {
        let Self { pen, texts, judged, told, layers, scratch, .. } = self;
        let packet = moment.packet;
        let audience = pen.options.audience;
        let mut telling = told.tell(moment, audience, texts);
        let mut page = Page { ink, scratch };
        page.draw(|line, out| pen.heading(packet, line, out));
        let standing = packet.layers.iter().fold(0_u8, |all, layer| all | bit(layer.proto.osi));
        for osi in Osi::ALL {
            pen.row(osi, &mut telling, &mut page);
            if standing & bit(osi) != 0 {
                pen.section(packet, osi, &mut telling, layers, &mut page);
            }
        }
        let disputed = packet.layers.iter().any(|l| l.proto.osi > Osi::Transport && !l.quoted);
        if disputed && !std::mem::replace(judged, true) {
            page.ink.add("\n");
            page.draw(|_, out| pen.paragraph(&texts.plain(JUDGEMENT, audience), 0, "", &pen.theme.faint, out));
        }
        page.ink.add("\n");
    }
}

impl Page<'_> {
    /// Adds what `draw` draws; that may first write a line.
    fn draw(&mut self, draw: impl FnOnce(&mut String, &mut String)) {
        let Scratch { draft, line } = self.scratch;
        draft.clear();
        line.clear();
        draw(line, draft);
        self.ink.add(draft.as_bytes());
    }
}

impl Pen {
    fn new(theme: Theme, width: usize, options: Options) -> Self {
        let marks = TRUTHS.map(|truth| {
            [sign(truth), " "].map(|mark| {
                let mut before = " ".repeat(NOTES);
                theme.truth(truth).around(&mut before, |out| out.extend([mark, " "]));
                before
            })
        });
        let headings = Osi::ALL.map(|osi| {
            TRUTHS.map(|truth| {
                let mut heading = String::from("\n");
                theme.strong.around(&mut heading, |out| theme.layer(osi).paint(&osi.to_string(), out));
                heading.push_str("  ");
                theme.truth(truth).around(&mut heading, |out| out.extend([sign(truth), " ", truth.name()]));
                heading.push('\n');
                heading
            })
        });
        let mut rule = String::new();
        repeat('─', width, &mut rule);
        Self { theme, width, options, marks, headings, rule }
    }

    /// A rule with the packet's number, time and length; under it, what it says in one line.
    fn heading(&self, packet: &Packet, right: &mut String, out: &mut String) {
        right.push(' ');
        let mut lines = "──".len();
        if let Some(Value::Nanos(n)) = packet.field(&frame::TIME_RELATIVE).map(|f| f.value) {
            show::seconds(n, 6, right);
            right.push_str(" s ── ");
            lines += "──".len();
        } else if !packet.time.is_known() {
            right.push_str("no time ── ");
            lines += "──".len();
        }
        outline::bytes(packet.len, right);
        right.push_str(" ──");
        self.theme.strong.around(out, |out| {
            let from = out.len();
            out.push_str("── Packet ");
            show::number(packet.number, out);
            out.push(' ');
            // Three bytes of a line take one column.
            let used = (out.len() - from + right.len()) - (lines + "──".len()) / 3 * 2;
            let rest = self.width.saturating_sub(used);
            out.push_str(self.rule.get(..rest * '─'.len_utf8()).unwrap_or_default());
            out.push_str(right);
        });
        out.push('\n');
        let line = right;
        line.clear();
        brief::sentence(packet, line);
        self.paragraph(line, 0, "", &Style::default(), out);
    }

    /// One of the seven: how we know of it, and what it is here.
    fn row(&self, osi: Osi, telling: &mut Telling<'_>, page: &mut Page<'_>) {
        let row = telling.row(osi);
        if let Some(headings) = self.headings.get(osi as usize - 1) {
            let heading: &String = by_truth(headings, row.map_or(Truth::NotVisible, |row| row.truth));
            page.ink.add(heading);
        }
        let say = |text: &str, out: &mut String| self.paragraph(text, 2, "", &Style::default(), out);
        match row {
            Some(row) => page.ink.add(telling.say(row, say)),
            None => page.draw(|_, out| say("", out)),
        }
    }

    /// The layers that stand on one of the seven.
    fn section(&self, packet: &Packet, osi: Osi, telling: &mut Telling<'_>, layers: &mut Layers, page: &mut Page<'_>) {
        let (standing, more) = outline::layers_at(packet, osi);
        for (index, layer) in standing {
            self.layer(packet, (index, layer), telling, layers, page);
        }
        if more > 0 {
            page.draw(|line, out| self.more(more, "layer", 2, line, out));
        }
    }

    fn layer(
        &self,
        packet: &Packet,
        (index, layer): (usize, &Layer),
        telling: &mut Telling<'_>,
        layers: &mut Layers,
        page: &mut Page<'_>,
    ) {
        let mut kept = layers.of(packet, layer);
        match &mut kept {
            Some((drawn, _)) => {
                let line = &mut page.scratch.line;
                page.ink.add(drawn.name(packet, layer, |out| self.name(packet, layer, line, out)));
            }
            None => page.draw(|line, out| self.name(packet, layer, line, out)),
        }
        telling.notes(index, |truth, text, out| self.note(truth, text, out), |note| page.ink.add(note));
        if self.options.hex {
            page.draw(|_, out| hex::layer(packet, layer, &self.theme, self.width, out));
        } else {
            let Scratch { draft, line } = page.scratch;
            let mut hand = Hand { pen: self, packet, line };
            let mut draw = |field: &Field, depth: u8, out: &mut String| hand.line(field, depth, out);
            let fields = packet.fields_of(layer);
            match kept.as_mut().and_then(|(drawn, shape)| drawn.again(*shape, packet, fields, draft, &mut draw)) {
                Some(again) => page.ink.add(again),
                None => page.draw(|line, out| Hand { pen: self, packet, line }.items(layer, kept, out)),
            }
        }
        if let Some(trouble) = layer.trouble {
            page.draw(|line, out| {
                outline::trouble(trouble, line);
                self.paragraph(line, 4, "! ", &self.theme.alarm, out);
            });
        }
    }

    /// `Internet Protocol version 4                    bytes 14–33`
    fn name(&self, packet: &Packet, layer: &Layer, line: &mut String, out: &mut String) {
        let quoted = if layer.quoted { ", quoted" } else { "" };
        line.clear();
        place_of(packet, layer, line);
        out.push_str("  ");
        self.theme.strong.around(out, |out| out.extend([layer.proto.title, quoted]));
        // What it says of bytes is ASCII but for a dash.
        let dash = if layer.span.len > 1 { '–'.len_utf8() - 1 } else { 0 };
        let used = 2 + width(layer.proto.title) + quoted.len() + line.len() - dash;
        spaces(self.width.saturating_sub(used).max(1), out);
        self.theme.faint.paint(line, out);
        out.push('\n');
    }

    /// A note, behind the mark that says how we know.
    fn note(&self, truth: Truth, text: &str, out: &mut String) {
        let [first, others] = by_truth(&self.marks, truth);
        for (i, line) in wrap(text, self.width.saturating_sub(NOTES + 2)).enumerate() {
            out.push_str(if i == 0 { first } else { others });
            out.push_str(line);
            out.push('\n');
        }
    }

    fn more(&self, n: usize, what: &str, indent: usize, line: &mut String, out: &mut String) {
        line.clear();
        outline::more(n, what, line);
        self.paragraph(line, indent, "", &self.theme.faint, out);
    }

    /// Appends wrapped text, its lines indented, with `mark` before the first.
    fn paragraph(&self, text: &str, indent: usize, mark: &str, style: &Style, out: &mut String) {
        let hang = indent + width(mark);
        for (i, line) in wrap(text, self.width.saturating_sub(hang)).enumerate() {
            spaces(if i == 0 { indent } else { hang }, out);
            style.around(out, |out| {
                out.push_str(if i == 0 { mark } else { "" });
                out.push_str(line);
            });
            out.push('\n');
        }
    }
}

impl Hand<'_> {
    /// Draws the lines of a layer, and keeps them.
    fn items(&mut self, layer: &Layer, mut kept: Option<(&mut Drawn, Shape)>, out: &mut String) {
        let packet = self.packet;
        let of_frame = std::ptr::eq(layer.proto, &raw const frame::ABOUT);
        if let Some((drawn, _)) = &mut kept {
            drawn.begin(packet.fields_of(layer));
        }
        for item in outline::items(packet, layer) {
            match item {
                _ if of_frame && in_heading(packet, &item) => {}
                Item::Field { field, at, depth, .. } => {
                    let place = self.line(field, depth, out);
                    if let Some((drawn, _)) = &mut kept {
                        drawn.drew(at, packet, field, place);
                    }
                }
                Item::NotSet { fields, depth } => {
                    self.line.clear();
                    outline::not_set(fields, self.line);
                    self.pen.paragraph(self.line, indent(depth), "", &self.pen.theme.faint, out);
                }
                Item::More(n) => self.pen.more(n, "field", 4, self.line, out),
            }
        }
        if let Some((drawn, shape)) = kept {
            drawn.keep(shape, out);
        }
    }

    /// `label   value                 filter.name`.
    fn line(&mut self, field: &Field, depth: u8, out: &mut String) -> Place {
        let Self { pen, packet, line } = self;
        let from = out.len();
        spaces(indent(depth), out);
        out.push_str(field.def.label);
        let label = indent(depth) + width(field.def.label);
        let column = (label + 1).max(VALUES);
        spaces(column - label, out);
        let start = out.len();
        let room = pen.width.saturating_sub(column).max(20);
        value(packet, field, out);
        let used = out.get(start..).map_or(0, width);
        let name = field.def.name;
        let mut columns = pen.width.saturating_sub(column + name.len());
        let gap = columns.checked_sub(used).filter(|&gap| gap >= NARROWEST_GAP);
        if let Some(gap) = gap {
            spaces(gap, out);
        } else if used > room {
            columns = 0;
            line.clear();
            line.push_str(out.get(start..).unwrap_or_default());
            out.truncate(start);
            for (i, line) in wrap(line, room).enumerate() {
                if i > 0 {
                    out.push('\n');
                    spaces(column, out);
                }
                out.push_str(line);
            }
        }
        let behind = out.len();
        if gap.is_some() {
            pen.theme.faint.paint(name, out);
        }
        out.push('\n');
        if pen.options.audience == Audience::Newcomer {
            pen.paragraph(field.def.about, indent(depth) + 2, "", &pen.theme.faint, out);
        }
        Place { from, value: start, name: behind, end: out.len(), columns, named: gap.is_some(), depth }
    }
}

/// What a field's line says.
fn value(packet: &Packet, field: &Field, out: &mut String) {
    let from = out.len();
    show::value(packet, field, out);
    if out.len() == from {
        out.push_str(match field.value {
            Value::None if field.span.len == 0 => "yes",
            Value::None => "",
            _ => "(empty)",
        });
    }
}

/// One of the seven as a bit of a set.
const fn bit(osi: Osi) -> u8 {
    1 << (osi as u8 - 1)
}

/// The one that is for what we know in this way.
fn by_truth<T>([observed, inferred, hidden]: &[T; 3], truth: Truth) -> &T {
    match truth {
        Truth::Observed => observed,
        Truth::Inferred => inferred,
        Truth::NotVisible => hidden,
    }
}

/// Whether the packet's heading says it already.
fn in_heading(packet: &Packet, item: &Item<'_>) -> bool {
    let Item::Field { field, .. } = item else { return false };
    let is = |def: &FieldDef| std::ptr::eq(field.def, def);
    [&frame::NUMBER, &frame::TIME_RELATIVE, &frame::LEN].into_iter().any(is)
        || (is(&frame::CAP_LEN) && packet.cap_len == packet.len)
}

fn indent(depth: u8) -> usize {
    4 + 2 * usize::from(depth.min(6))
}

/// Appends where a layer's bytes lie: `bytes 14–33`, or in which buffer.
fn place_of(packet: &Packet, layer: &Layer, out: &mut String) {
    let span = layer.span;
    if span.len == 0 {
        return;
    }
    out.push_str(if span.len == 1 { "byte " } else { "bytes " });
    show::number(u64::from(span.start), out);
    if span.len > 1 {
        out.push('–');
        show::number(u64::from(span.end().saturating_sub(1)), out);
    }
    if let Some(buffer) = packet.buffers().get(usize::from(span.buf)).filter(|_| span.buf > 0) {
        out.push_str(" of the ");
        out.push_str(buffer_kind(buffer.kind));
        out.push_str(" bytes");
    }
}
