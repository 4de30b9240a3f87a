//! Layers as they were drawn last: most of a layer looks as it did in a packet before it.

use super::lines::keep;
use super::outline::is_part;
use crate::model::{BufferKind, Field, Layer, Packet, Span, Value};
use std::ptr;

/// Layers that are kept; a power of two, several times the kinds of layers that a capture usually has.
const KEPT: usize = 128;
/// Fields of the longest layer that is kept.
const MOST_FIELDS: usize = 128;
/// Bytes of the longest text of a layer that is kept.
const LONGEST: usize = 1 << 13;
/// Bytes of the longest value that is compared: TCP's flags as letters and dots.
const OCTETS: usize = 24;

/// Layers, each in a place that follows from its fields.
#[derive(Debug, Default)]
pub(super) struct Layers(Vec<Drawn>);

/// What there was to draw: a layer's rows, and which of its bits are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape(u64);

/// A layer as it was drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// Its first line, and all that this depends on.
    name: String,
    named: Option<Named>,
    /// Each of its fields, and the lines of all of them.
    shape: Option<Shape>,
    lines: Vec<Line>,
    text: String,
}

/// The protocol as a number (each is static), the layer's bytes and how they came to be, and whether it's a quotation.
type Named = (usize, Span, BufferKind, bool);

/// A field, and where it was drawn.
#[derive(Clone, Copy, Debug)]
struct Line {
    field: Field,
    /// What its value pointed to.
    octets: [u8; OCTETS],
    /// `None` for one that has no line.
    place: Option<Place>,
    /// For a field that may be some of the bits of the field above: which that is, and how they lie.
    below: Option<(usize, Lies)>,
}

/// Where a field lies, seen from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lies {
    together: bool,
    by: u32,
    /// Bytes of the other, and of its own.
    lens: [u32; 2],
}

/// Where in a text a field's line is, and which of it depends on the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) from: usize,
    /// From here to `name` it does.
    pub(super) value: usize,
    pub(super) name: usize,
    pub(super) end: usize,
    /// Columns from `value` to `name`; none where the name has no room.
    pub(super) columns: usize,
    pub(super) depth: u8,
}

/// Who draws fields of one packet.
pub(super) trait Draw {
    /// Appends a value, and the gap between it and the name; `false` where it takes more columns than these.
    fn value(&mut self, field: &Field, columns: usize, out: &mut String) -> bool;
    /// Appends a whole line.
    fn line(&mut self, field: &Field, depth: u8, out: &mut String) -> Place;
}

impl Layers {
    pub(super) fn new() -> Self {
        Self((0..KEPT).map(|_| Drawn::default()).collect())
    }

    /// What was drawn of such a layer, or is to be kept there.
    pub(super) fn of(&mut self, packet: &Packet, layer: &Layer) -> Option<(&mut Drawn, Shape)> {
        let fields = packet.fields_of(layer);
        if self.0.is_empty() || fields.len() > MOST_FIELDS {
            return None;
        }
        // That all of a frame was captured is said by one line less.
        let mut shape = ptr::from_ref(layer.proto).addr() as u64 ^ u64::from(packet.cap_len == packet.len);
        for field in fields {
            let row = ptr::from_ref(field.def).addr() as u64 ^ u64::from(field.value == Value::Bool(true));
            shape = (shape.rotate_left(5) ^ row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        // The upper bits of a product depend on all bits below them (Fibonacci hashing).
        let place = usize::try_from(shape >> 48).unwrap_or(0) % KEPT;
        Some((self.0.get_mut(place)?, Shape(shape)))
    }
}

impl Drawn {
    /// Appends a layer's first line: as it was, or else as `write` appends it.
    pub(super) fn name(&mut self, packet: &Packet, layer: &Layer, out: &mut String, write: impl FnOnce(&mut String)) {
        let made = packet.buffers().get(usize::from(layer.span.buf)).map_or(BufferKind::Frame, |buffer| buffer.kind);
        let named = Some((ptr::from_ref(layer.proto).addr(), layer.span, made, layer.quoted));
        if self.named == named {
            return out.push_str(&self.name);
        }
        let from = out.len();
        write(out);
        keep(out.get(from..).unwrap_or_default(), &mut self.name);
        self.named = named;
    }

    /// Appends the lines of these fields as they were, but for those that say something else now. `false`, and nothing, if
    /// other fields were drawn.
    pub(super) fn again(
        &mut self,
        shape: Shape,
        packet: &Packet,
        fields: &[Field],
        draw: &mut impl Draw,
        out: &mut String,
    ) -> bool {
        if self.shape != Some(shape) || self.lines.len() != fields.len() {
            return false;
        }
        let from = out.len();
        // How much of the text was copied or drawn again, and how far what follows has moved.
        let (mut done, mut shift) = (0, 0_usize);
        for (field, line) in fields.iter().zip(&mut self.lines) {
            let said = line.says(packet, field);
            let like = ptr::eq(line.field.def, field.def) && line.field.depth == field.depth;
            // A bit that is set is drawn elsewhere than one that is not.
            let moved = line.below.is_some_and(|(above, lies)| {
                !said && matches!(field.value, Value::Bool(_))
                    || fields.get(above).is_none_or(|above| Lies::seen_from(above, field) != lies)
            });
            if !like || moved {
                out.truncate(from);
                self.shape = None;
                return false;
            }
            if said && shift == 0 {
                continue;
            }
            let Some(place) = &mut line.place else { continue };
            let old = *place;
            place.shift(shift);
            if said {
                continue;
            }
            out.push_str(self.text.get(done..old.value).unwrap_or_default());
            if draw.value(field, old.columns, out) {
                done = old.name;
                shift = (out.len() - from).wrapping_sub(done);
                (place.name, place.end) = (old.name.wrapping_add(shift), old.end.wrapping_add(shift));
            } else {
                out.truncate(from + place.from);
                *place = draw.line(field, old.depth, out).after(from);
                done = old.end;
                shift = (out.len() - from).wrapping_sub(done);
            }
            line.keep(packet, field);
        }
        out.push_str(self.text.get(done..).unwrap_or_default());
        if done > 0 {
            self.keep(shape, out.get(from..).unwrap_or_default());
        }
        true
    }

    /// Forgets what was drawn: these fields are drawn now.
    pub(super) fn begin(&mut self, fields: &[Field]) {
        self.shape = None;
        self.lines.clear();
        let mut above = None;
        for (at, field) in fields.iter().enumerate() {
            let masked = !field.def.hidden && field.def.mask() != 0;
            let below = above.and_then(|above: usize| Some((above, fields.get(above)?)));
            let part = masked && below.is_some_and(|(_, above)| is_part(field, above));
            if !part && !field.def.hidden {
                above = Some(at);
            }
            let below = below.filter(|_| masked).map(|(at, above)| (at, Lies::seen_from(above, field)));
            self.lines.push(Line { field: *field, octets: [0; OCTETS], place: None, below });
        }
    }

    /// Field `at` of these was drawn.
    pub(super) fn drew(&mut self, at: usize, packet: &Packet, place: Place) {
        if let Some(line) = self.lines.get_mut(at) {
            let field = line.field;
            line.keep(packet, &field);
            line.place = Some(place);
        }
    }

    /// Keeps what was drawn since [`Drawn::begin`].
    pub(super) fn keep(&mut self, shape: Shape, text: &str) {
        self.shape = (text.len() <= LONGEST).then_some(shape);
        if self.shape.is_some() {
            keep(text, &mut self.text);
        }
    }
}

impl Line {
    /// Whether the field says what it said. A value that is too long to be compared says something else.
    #[inline]
    fn says(&self, packet: &Packet, field: &Field) -> bool {
        match (self.field.value, field.value) {
            (Value::Bytes(old), Value::Bytes(new)) | (Value::Text(old), Value::Text(new)) => {
                old.len == new.len
                    && self.octets.get(..new.len as usize).is_some_and(|octets| octets == packet.bytes(new))
            }
            // One that lies in no bytes says "yes".
            (Value::None, Value::None) => (self.field.span.len == 0) == (field.span.len == 0),
            (old, new) => old == new,
        }
    }

    fn keep(&mut self, packet: &Packet, field: &Field) {
        (self.field.value, self.field.span) = (field.value, field.span);
        if let Value::Bytes(slice) | Value::Text(slice) = field.value {
            let bytes = packet.bytes(slice);
            if let Some(octets) = self.octets.get_mut(..bytes.len()) {
                octets.copy_from_slice(bytes);
            }
        }
    }
}

impl Lies {
    #[inline]
    fn seen_from(above: &Field, field: &Field) -> Self {
        let (above, own) = (above.span, field.span);
        Self { together: above.buf == own.buf, by: own.start.wrapping_sub(above.start), lens: [above.len, own.len] }
    }
}

impl Place {
    /// The same, counted from `from`.
    pub(super) fn after(mut self, from: usize) -> Self {
        self.shift(from.wrapping_neg());
        self
    }

    #[inline]
    fn shift(&mut self, by: usize) {
        for at in [&mut self.from, &mut self.value, &mut self.name, &mut self.end] {
            *at = at.wrapping_add(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::{FieldDef, RawFrame};
    use crate::proto::{NoMemory, ipv4, tcp, walk};
    use crate::tutor::{Audience, Moment, Texts};
    use crate::view::Theme;
    use crate::view::text::{Options, Text};
    use etherparse::{PacketBuilder, TcpOptionElement};
    use std::sync::Arc;

    /// Segments and requests that differ in flags, options, and the lengths of what they say.
    fn frames() -> Vec<Vec<u8>> {
        let long = "x".repeat(90);
        let requests = ["", "a.example", "another.example", "", long.as_str(), "a\tb", "b\tc", "größe"];
        let mut frames = Vec::new();
        for (n, host) in (0..).zip(requests.into_iter().cycle().take(48)) {
            let builder =
                PacketBuilder::ethernet2([2, 0, 0, 0, 0, n as u8], [2; 6]).ipv4([10, 0, n as u8, 1], [10; 4], 9);
            let segment = builder.tcp([80, 40_000][n % 2], [9, 50_000][n % 5 / 3], n as u32 * 99, 60);
            let segment = if n % 3 == 0 { segment.psh() } else { segment.ack(n as u32) };
            let options = [TcpOptionElement::MaximumSegmentSize(n as u16 * 300)];
            let segment = segment.options(&options[..n % 7 / 5]).unwrap();
            let request = format!("GET /{host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {}\r\n\r\n", n * n);
            let mut bytes = Vec::new();
            segment.write(&mut bytes, if n % 4 == 0 { &[] } else { request.as_bytes() }).unwrap();
            frames.push(bytes);
        }
        frames
    }

    #[test]
    fn a_layer_drawn_again_looks_as_if_it_were_drawn_for_the_first_time() {
        let texts = Arc::new(Texts::english());
        for (audience, color) in [(Audience::Student, false), (Audience::Newcomer, true)] {
            let text = || {
                let options = Options { audience, ..Options::default() };
                Text::new(Theme::new(color), Some(80), options, Arc::clone(&texts))
            };
            let (mut kept, mut anew) = (text().keeping(), text());
            let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
            for (number, bytes) in (1..).zip(frames().into_iter().chain(frames())) {
                walk(&RawFrame::whole(number, bytes), &mut tracker, &mut packet);
                let (mut again, mut first) = (String::new(), String::new());
                kept.packet(&Moment::new(&packet, &tracker), &mut again);
                anew.packet(&Moment::new(&packet, &tracker), &mut first);
                assert_eq!(again, first);
            }
        }
    }

    /// Draws the name of a field, and counts.
    struct Counting(usize);

    impl Draw for Counting {
        fn value(&mut self, field: &Field, _: usize, out: &mut String) -> bool {
            self.0 += 1;
            out.push_str(field.def.name);
            true
        }

        fn line(&mut self, field: &Field, depth: u8, out: &mut String) -> Place {
            let from = out.len();
            self.value(field, 0, out);
            Place { from, value: from, name: out.len(), end: out.len(), columns: 0, depth }
        }
    }

    #[test]
    fn other_fields_are_not_taken_for_those_that_were_drawn() {
        let mut packet = Packet::new();
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [2; 6])
            .ipv4([9; 4], [10; 4], 9)
            .tcp(80, 90, 7, 8)
            .write(&mut bytes, &[])
            .unwrap();
        walk(&RawFrame::whole(1, bytes), &mut NoMemory::default(), &mut packet);
        let fields = packet.fields_of(packet.layer(&tcp::ABOUT).unwrap()).to_vec();
        let at = |def: &FieldDef| fields.iter().position(|field| field.def == def).unwrap();
        let (port, syn) = (at(&tcp::SRCPORT), at(&tcp::FLAGS_SYN));
        let changed = |change: fn(&mut Field), at: usize| {
            let mut fields = fields.clone();
            change(&mut fields[at]);
            fields
        };
        let again = |other: &[Field]| {
            let (mut drawn, mut draw, mut out) = (Drawn::default(), Counting(0), String::new());
            drawn.begin(&fields);
            for (at, field) in fields.iter().enumerate() {
                let place = draw.line(field, 0, &mut out);
                drawn.drew(at, &packet, place);
            }
            drawn.keep(Shape(7), &out);
            draw.0 = 0;
            let (mut new, before) = (String::new(), out.len());
            let done = drawn.again(Shape(7), &packet, other, &mut draw, &mut new);
            assert_eq!(new.len(), if done { before } else { 0 });
            done.then_some(draw.0)
        };
        assert_eq!(again(&fields), Some(0));
        assert_eq!(again(&changed(|port| port.value = Value::Uint(81), port)), Some(1));
        assert_eq!(again(&changed(|port| port.def = &ipv4::TTL, port)), None);
        assert_eq!(again(&changed(|port| port.depth += 1, port)), None);
        assert_eq!(again(&changed(|syn| syn.value = Value::Bool(true), syn)), None);
        assert_eq!(again(&changed(|syn| syn.span.start += 40, syn)), None);
        assert_eq!(again(&fields[1..]), None);
    }
}
