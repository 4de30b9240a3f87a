//! Layers as they were drawn last: most of a layer looks as it did in a packet before it.

use super::outline::is_part;
use crate::model::short::Short;
use crate::model::{BufferKind, Field, FieldDef, Layer, Packet, Span, Value, show};
use std::ptr;

/// Layers that are kept; a power of two, several times the kinds of layers that a capture usually has.
const KEPT: usize = 1024;
/// Fields of the longest layer that is kept.
const MOST_FIELDS: usize = 96;
/// Bytes of the longest text of a layer that is kept.
const LONGEST: usize = 1 << 13;
/// Bytes by which memory grows.
const STEP: usize = 256;
/// The fewest columns between a value and its name.
pub(super) const NARROWEST_GAP: usize = 2;
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
    text: Vec<u8>,
}

/// The protocol as a number (each is static), the layer's bytes and how they came to be, and whether it's a quotation.
type Named = (usize, Span, BufferKind, bool);

/// A field, and where it was drawn.
#[derive(Clone, Debug)]
struct Line {
    def: &'static FieldDef,
    depth: u8,
    said: Said,
    /// What the value pointed to.
    octets: [u8; OCTETS],
    /// `None` for one that has no line.
    place: Option<Place>,
    /// For a field that may be some of the bits of the field above: which that is, and how they lie.
    below: Option<(usize, Lies)>,
}

/// A value as a number: which kind it is of, and the number, or how many bytes it points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Said(u8, u64);

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
    /// Columns from `value` to where a name begins; none where the value takes several lines, or a name never has room.
    pub(super) columns: usize,
    /// Whether there is the name: a long value leaves no room for it.
    pub(super) named: bool,
    pub(super) depth: u8,
}

/// Who draws a field: its whole line.
pub(super) type Draw<'d> = dyn FnMut(&Field, u8, &mut String) -> Place + 'd;

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
        let is_there = |place: usize| self.0.get(place).is_some_and(|drawn| drawn.shape == Some(Shape(shape)));
        let other = place ^ 1;
        if !is_there(place) && other < self.0.len() {
            // Two share two places: the one that was not seen for longer makes room.
            self.0.swap(place, other);
        }
        Some((self.0.get_mut(place)?, Shape(shape)))
    }
}

impl Drawn {
    /// A layer's first line: as it was, or else as `write` appends it.
    pub(super) fn name(&mut self, packet: &Packet, layer: &Layer, write: impl FnOnce(&mut String)) -> &str {
        let made = packet.buffers().get(usize::from(layer.span.buf)).map_or(BufferKind::Frame, |buffer| buffer.kind);
        let named = Some((ptr::from_ref(layer.proto).addr(), layer.span, made, layer.quoted));
        if self.named != named {
            self.name.clear();
            write(&mut self.name);
            self.named = named;
        }
        &self.name
    }

    /// The lines of these fields as they were, but for those that say something else now; `None` if other fields were
    /// drawn.
    pub(super) fn again(
        &mut self,
        shape: Shape,
        packet: &Packet,
        fields: &[Field],
        draft: &mut String,
        draw: &mut Draw<'_>,
    ) -> Option<&[u8]> {
        // What is not drawn to its end is not to be used again.
        if self.shape.take() != Some(shape) || self.lines.len() != fields.len() {
            return None;
        }
        // How far what follows has moved.
        let mut shift = 0_usize;
        for (field, line) in fields.iter().zip(&mut self.lines) {
            if !ptr::eq(line.def, field.def) || line.depth != field.depth {
                return None;
            }
            if line.is_unseen() {
                continue;
            }
            if line.below.is_some_and(|(above, lies)| !lies.are(fields.get(above), field)) {
                return None;
            }
            let said = line.says(packet, field);
            if said && shift == 0 {
                continue;
            }
            // A bit that is set is drawn elsewhere than one that is not.
            if !said && line.below.is_some() && matches!(field.value, Value::Bool(_)) {
                return None;
            }
            let Some(place) = &mut line.place else { continue };
            place.shift(shift);
            if said {
                continue;
            }
            if !place.put(packet, field, &mut self.text) {
                draft.clear();
                let new = draw(field, place.depth, draft);
                let old = std::mem::replace(place, new);
                place.shift(old.from);
                match self.text.get_mut(old.from..old.end) {
                    Some(room) if room.len() == draft.len() => room.copy_from_slice(draft.as_bytes()),
                    _ => _ = self.text.splice(old.from..old.end, draft.bytes()),
                }
                shift = shift.wrapping_add(place.end).wrapping_sub(old.end);
            }
            line.keep(packet, field);
        }
        if self.text.len() <= LONGEST {
            self.shape = Some(shape);
        }
        Some(&self.text)
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
            let (def, depth, said, octets) = (field.def, field.depth, Said::by(field), [0; OCTETS]);
            self.lines.push(Line { def, depth, said, octets, place: None, below });
        }
    }

    /// Field `at` of these was drawn.
    pub(super) fn drew(&mut self, at: usize, packet: &Packet, field: &Field, place: Place) {
        if let Some(line) = self.lines.get_mut(at) {
            line.keep(packet, field);
            line.place = Some(place);
        }
    }

    /// Keeps what was drawn since [`Drawn::begin`].
    pub(super) fn keep(&mut self, shape: Shape, text: &str) {
        self.text.clear();
        if text.len() <= LONGEST {
            self.shape = Some(shape);
            self.text.reserve(text.len().next_multiple_of(STEP));
            self.text.extend_from_slice(text.as_bytes());
        }
    }
}

impl Said {
    #[inline]
    fn by(field: &Field) -> Self {
        match field.value {
            // One that lies in no bytes says "yes".
            Value::None => Self(0, u64::from(field.span.len == 0)),
            Value::Bool(b) => Self(1, u64::from(b)),
            Value::Uint(n) => Self(2, n),
            Value::Int(n) => Self(3, n.cast_unsigned()),
            Value::Nanos(n) => Self(4, n.cast_unsigned()),
            Value::Bytes(slice) => Self(5, u64::from(slice.len)),
            Value::Text(slice) => Self(6, u64::from(slice.len)),
        }
    }
}

impl Line {
    /// Whether nothing depends on what the field says: it's hidden, or the heading has it.
    #[inline]
    const fn is_unseen(&self) -> bool {
        self.place.is_none() && self.below.is_none()
    }

    /// Whether the field says what it said. A value that is too long to be compared says something else.
    #[inline]
    fn says(&self, packet: &Packet, field: &Field) -> bool {
        self.said == Said::by(field)
            && match field.value {
                Value::Bytes(slice) | Value::Text(slice) => {
                    self.octets.get(..slice.len as usize).is_some_and(|octets| octets == packet.bytes(slice))
                }
                _ => true,
            }
    }

    fn keep(&mut self, packet: &Packet, field: &Field) {
        self.said = Said::by(field);
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

    #[inline]
    fn are(self, above: Option<&Field>, field: &Field) -> bool {
        above.is_some_and(|above| Self::seen_from(above, field) == self)
    }
}

impl Place {
    /// Puts a value in the place of another; `false` where it's not as simple as that.
    fn put(&self, packet: &Packet, field: &Field, text: &mut [u8]) -> bool {
        let Some(room) = text.get_mut(self.value..self.name) else { return false };
        let mut short = Short::new();
        match field.value {
            Value::Text(slice) => match packet.bytes(slice) {
                b"" => return false,
                text if text.len() > room.len() || show::plain_at_first(text, b'\\') < text.len() => return false,
                text => short.add(text),
            },
            _ => match show::short(packet, field, &mut short) {
                Some("") => {}
                Some(name) if !name.is_ascii() || usize::from(short.len()) + " ()".len() + name.len() > room.len() => {
                    return false;
                }
                Some(name) => {
                    short.put(b" (");
                    short.add(name.as_bytes());
                    short.put(b")");
                }
                None => return false,
            },
        }
        let len = usize::from(short.len());
        let has_room = len + NARROWEST_GAP <= self.columns;
        // Signs that are wider or longer than one byte need a look at the whole line, and so do values that take several.
        let is_simple = if self.named {
            has_room && room.len() == self.columns
        } else {
            let most = self.columns + field.def.name.len();
            self.columns > 0 && !has_room && room.len() == len && len <= most
        };
        match short.padded(room.len()).filter(|_| is_simple) {
            Some(value) => room.copy_from_slice(value),
            None => return false,
        }
        true
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
        for (n, host) in (0_u8..).zip(requests.into_iter().cycle().take(48)) {
            let (port, peer) = ([80, 40_000][usize::from(n % 2)], [9, 50_000][usize::from(n % 5 / 3)]);
            let ip = PacketBuilder::ethernet2([2, 0, 0, 0, 0, n], [2; 6]).ipv4([10, 0, n, 1], [10; 4], 9);
            let segment = ip.tcp(port, peer, u32::from(n) * 99, 60);
            let segment = if n % 3 == 0 { segment.psh() } else { segment.ack(n.into()) };
            let options = [TcpOptionElement::MaximumSegmentSize(u16::from(n) * 300)];
            let segment = segment.options(&options[..usize::from(n % 7 / 5)]).unwrap();
            let agent = u32::from(n) * u32::from(n);
            let request = format!("GET /{host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n");
            let mut bytes = Vec::new();
            segment.write(&mut bytes, if n % 4 == 0 { &[] } else { request.as_bytes() }).unwrap();
            frames.push(bytes);
        }
        frames
    }

    #[test]
    fn a_layer_drawn_again_looks_as_if_it_were_drawn_for_the_first_time() {
        let texts = Arc::new(Texts::english());
        let screens = [(Audience::Student, false, 80), (Audience::Newcomer, true, 80), (Audience::Student, false, 54)];
        for (audience, color, columns) in screens {
            let text = || {
                let options = Options { audience, ..Options::default() };
                Text::new(Theme::new(color), Some(columns), options, Arc::clone(&texts))
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

    /// Draws the name of a field.
    fn draw(field: &Field, depth: u8, out: &mut String) -> Place {
        let from = out.len();
        out.push_str(field.def.name);
        Place { from, value: from, name: out.len(), end: out.len(), columns: 0, named: true, depth }
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
            let (mut drawn, mut out, mut count) = (Drawn::default(), String::new(), 0);
            drawn.begin(&fields);
            for (at, field) in fields.iter().enumerate() {
                drawn.drew(at, &packet, field, draw(field, 0, &mut out));
            }
            drawn.keep(Shape(7), &out);
            let new = drawn.again(Shape(7), &packet, other, &mut String::new(), &mut |field, depth, out| {
                count += 1;
                draw(field, depth, out)
            });
            assert!(new.is_none_or(|new| new == out.as_bytes()));
            new.is_some().then_some(count)
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
