//! One packet looked at: its seven layers, unfolded as far as somebody wants, and which bytes each line is.

use crate::flow::reader::Reader;
use crate::model::{Field, Osi, Packet, Span, Value, show};
use crate::proto::udp;
use crate::tutor::{Audience, Moment, Note, Row, Texts, Truth, explain, seven};
use crate::view::brief;
use crate::view::outline::{self, Item};

/// A packet, and what the tutor says of it.
pub struct Look {
    /// Its place among those that are kept.
    pub index: usize,
    /// The packet.
    pub packet: Packet,
    /// The number of its TCP connection, if it is in one.
    pub stream: Option<u32>,
    /// The number of its UDP conversation, if it is in one.
    pub datagrams: Option<u32>,
    /// The seven layers, from the wire up.
    pub rows: [Row; 7],
    notes: Vec<Note>,
}

/// One line of the layers' pane.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLine {
    /// The layer that it belongs to.
    pub osi: Osi,
    /// What it is.
    pub kind: Kind,
    /// How far it is indented, in columns.
    pub indent: usize,
    /// What it says.
    pub text: String,
    /// What is at the right: a field's name, how something is known.
    pub right: String,
    /// It stays one row, cut where the pane ends: unfold it to read on.
    pub folded: bool,
    /// The bytes that it is.
    pub span: Option<Span>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of the seven.
    Layer(Truth),
    /// A protocol on it.
    Protocol,
    /// A field, by its place in the packet.
    Field(usize),
    /// What is said of it.
    Note(Truth),
    /// What is wrong with it.
    Trouble,
    /// Anything else.
    Rest,
}

impl Look {
    /// What there is to see of the packet that was read last.
    pub fn at(index: usize, reader: &Reader, audience: Audience, texts: &Texts) -> Self {
        let moment = Moment::new(&reader.packet, &reader.tracker);
        Self {
            index,
            stream: reader.tracker.current().map(|c| c.number),
            datagrams: reader.packet.uint(&udp::STREAM).and_then(|number| u32::try_from(number).ok()),
            rows: seven(&moment, audience, texts),
            notes: explain(&moment, audience, texts),
            packet: reader.packet.clone(),
        }
    }

    /// The lines, from the wire up or from the program down; of the layers in `open` everything.
    pub fn lines(&self, open: &[Osi]) -> Vec<LayerLine> {
        let mut lines = Vec::new();
        for row in self.rows.iter().rev() {
            let opened = open.contains(&row.osi);
            let span = row.layers.first().and_then(|&i| self.packet.layers.get(i)).map(|l| l.span);
            let line = |kind, indent, text| LayerLine {
                osi: row.osi,
                kind,
                indent,
                text,
                right: String::new(),
                folded: false,
                span: None,
            };
            let text = if row.layers.is_empty() || opened || row.osi == Osi::Physical {
                row.text.clone()
            } else {
                self.short(row)
            };
            lines.push(LayerLine {
                span,
                folded: !opened,
                right: row.truth.name().to_owned(),
                ..line(Kind::Layer(row.truth), 0, text)
            });
            if !opened {
                continue;
            }
            for &at in &row.layers {
                self.protocol(at, row.osi, &mut lines);
            }
        }
        lines
    }

    /// The protocols of a layer, each with what it says in one line.
    fn short(&self, row: &Row) -> String {
        let mut text = String::new();
        for layer in row.layers.iter().filter_map(|&i| self.packet.layers.get(i)) {
            text.push_str(if text.is_empty() { "" } else { " · " });
            show::protocol(layer.proto.name, &mut text);
            text.push(' ');
            brief::summary(&self.packet, layer, &mut text);
        }
        text
    }

    fn protocol(&self, at: usize, osi: Osi, lines: &mut Vec<LayerLine>) {
        let Some(layer) = self.packet.layers.get(at) else { return };
        let line =
            |kind, indent, text| LayerLine { osi, kind, indent, text, right: String::new(), folded: false, span: None };
        let title = line(Kind::Protocol, 2, layer.proto.title.to_owned());
        lines.push(LayerLine { span: Some(layer.span), right: layer.proto.name.to_owned(), ..title });
        for note in self.notes.iter().filter(|n| n.layer == at) {
            lines.push(line(Kind::Note(note.truth), 4, note.text.clone()));
        }
        for item in outline::items(&self.packet, layer) {
            lines.push(match item {
                Item::Field { field, depth, .. } => self.field(field, usize::from(depth), osi),
                Item::NotSet { fields, depth } => {
                    let mut text = String::new();
                    outline::not_set(fields, &mut text);
                    line(Kind::Rest, 4 + 2 * usize::from(depth), text)
                }
                Item::More(n) => {
                    let mut text = String::new();
                    outline::more(n, "field", &mut text);
                    line(Kind::Rest, 4, text)
                }
            });
        }
        if let Some(trouble) = layer.trouble {
            let mut text = String::new();
            outline::trouble(trouble, &mut text);
            lines.push(line(Kind::Trouble, 4, text));
        }
    }

    fn field(&self, field: &Field, depth: usize, osi: Osi) -> LayerLine {
        let mut text = String::from(field.def.label);
        let before = text.len();
        show::value(&self.packet, field, &mut text);
        if text.len() == before {
            text.push_str(match field.value {
                Value::None if field.span.len == 0 => ": yes",
                Value::None => "",
                _ => ": (empty)",
            });
        } else {
            text.insert_str(before, ": ");
        }
        let place = self.packet.fields.iter().position(|f| std::ptr::eq(f, field)).unwrap_or(0);
        LayerLine {
            osi,
            kind: Kind::Field(place),
            indent: 4 + 2 * depth,
            text,
            right: field.def.name.to_owned(),
            folded: false,
            span: (field.span.len > 0).then_some(field.span),
        }
    }

    /// The field of a line.
    pub fn field_at(&self, line: &LayerLine) -> Option<&Field> {
        match line.kind {
            Kind::Field(at) => self.packet.fields.get(at),
            _ => None,
        }
    }

    /// The layer that owns this byte of the frame: the innermost one.
    pub fn owner(&self, buffer: u8, byte: u32) -> Option<Osi> {
        let owns = |span: Span| span.buf == buffer && span.start <= byte && byte < span.end();
        self.packet.layers.iter().rev().find(|l| !l.quoted && owns(l.span)).map(|l| l.proto.osi)
    }
}

/// The line whose bytes fit closest around this one.
pub fn closest(lines: &[LayerLine], buffer: u8, byte: u32) -> Option<usize> {
    let owns = |span: &Span| span.buf == buffer && span.start <= byte && byte < span.end();
    let spans = lines.iter().enumerate().filter_map(|(i, line)| Some((i, line.span.filter(owns)?)));
    spans.min_by_key(|(i, span)| (span.len, usize::MAX - i)).map(|(i, _)| i)
}
