//! The outline: what there is to show of a packet, in the order in which every view shows it.
//!
//! Layers stand under the OSI layer they are counted to, fields under their layer, and the bits of a field
//! under that field. What is too much for a reader is counted, not shown.

use crate::model::{BufferKind, Field, Layer, Osi, Packet, Trouble, Value, show};

/// Lines of one layer.
const MOST_ITEMS: usize = 150;
/// Layers of one packet.
const MOST_LAYERS: usize = 40;

/// One line of a layer.
#[derive(Debug)]
pub enum Item<'a> {
    /// A field with its value.
    Field {
        /// The field.
        field: &'a Field,
        /// Its place among the layer's fields.
        at: usize,
        /// How far it is indented.
        depth: u8,
        /// Whether it is some of the bits of the field above.
        part: bool,
    },
    /// Bits of the field above that are not set. They say the least, so they share a line.
    NotSet {
        /// The fields that they are among.
        fields: &'a [Field],
        /// How far they are indented.
        depth: u8,
    },
    /// So many more fields that are left out.
    More(usize),
}

/// The layers of a packet that are counted to one OSI layer, with their place in [`Packet::layers`]; and
/// how many more there are.
pub fn layers_at(packet: &Packet, osi: Osi) -> (impl Iterator<Item = (usize, &Layer)>, usize) {
    let (shown, others) = packet.layers.split_at_checked(MOST_LAYERS).unwrap_or((&packet.layers, &[]));
    let shown = shown.iter().enumerate().filter(move |(_, l)| l.proto.osi == osi);
    let more = others.iter().filter(|l| l.proto.osi == osi).count();
    (shown, more)
}

/// The lines of a layer.
pub fn items<'a>(packet: &'a Packet, layer: &Layer) -> Items<'a> {
    Items { fields: packet.fields_of(layer), at: 0, given: 0, above: None, clear: None }
}

/// The lines of a layer, one after the other.
#[derive(Debug)]
pub struct Items<'a> {
    fields: &'a [Field],
    at: usize,
    given: usize,
    above: Option<&'a Field>,
    /// The bits that are not set and not given yet: where the first one is, and their depth.
    clear: Option<(usize, u8)>,
}

impl<'a> Items<'a> {
    /// The bits that are not set, up to field `end`.
    fn not_set(&mut self, end: usize) -> Option<Item<'a>> {
        let (from, depth) = self.clear.take()?;
        Some(Item::NotSet { fields: self.fields.get(from..end).unwrap_or(&[]), depth })
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        while let Some(field) = self.fields.get(self.at).filter(|_| self.given < MOST_ITEMS) {
            if field.def.hidden {
                self.at += 1;
                continue;
            }
            let part = self.above.is_some_and(|a| is_part(field, a));
            let depth = field.depth.saturating_add(u8::from(part));
            if self.clear.is_some_and(|(_, of)| !part || depth != of) {
                self.given += 1;
                return self.not_set(self.at);
            }
            self.at += 1;
            if !part {
                self.above = Some(field);
            } else if is_clear(field) {
                self.clear.get_or_insert((self.at - 1, depth));
                continue;
            }
            self.given += 1;
            return Some(Item::Field { field, at: self.at - 1, depth, part });
        }
        if self.clear.is_some() {
            return self.not_set(self.at);
        }
        let left = self.fields.len() - self.at;
        self.at = self.fields.len();
        (left > 0).then_some(Item::More(left))
    }
}

/// Whether a field is a bit that is not set, and not even that has a name.
fn is_clear(field: &Field) -> bool {
    matches!(field.value, Value::Bool(false)) && field.def.names.is_empty() && !field.def.hidden
}

/// Whether `field` is some of the bits of the field above it.
#[inline]
pub(super) fn is_part(field: &Field, above: &Field) -> bool {
    let mask = field.def.mask();
    if mask == 0 || field.span.len == 0 || !above.span.covers(field.span) {
        return false;
    }
    let whole = above.def.mask();
    let bits = |f: &Field, mask: u64| if mask == 0 { f.span.len.saturating_mul(8) } else { mask.count_ones() };
    let inside = field.span != above.span || whole == 0 || mask & whole == mask;
    inside && bits(field, mask) < bits(above, whole)
}

/// Appends what is wrong with a layer, in one sentence.
pub fn trouble(trouble: Trouble, out: &mut String) {
    match trouble {
        Trouble::CutByCapture { need, have } => {
            out.push_str("The capture was set to keep less: this layer needs ");
            bytes(need, out);
            out.push_str(" and has ");
            show::number(u64::from(have), out);
            out.push('.');
        }
        Trouble::LengthLies { need, have, claimed_by } => {
            out.push_str("This layer needs ");
            bytes(need, out);
            out.push_str(", but only ");
            show::number(u64::from(have), out);
            out.push_str(if have == 1 { " is" } else { " are" });
            out.push_str(" there");
            if let Some(def) = claimed_by {
                out.push_str(", says ");
                out.push_str(def.name);
            }
            out.push('.');
        }
        Trouble::Malformed(why) => {
            out.push_str("The bytes contradict the specification: ");
            out.push_str(why.0);
            out.push('.');
        }
        Trouble::Breaks(why) => {
            out.push_str("This breaks a rule: ");
            out.push_str(why.0);
            out.push('.');
        }
        Trouble::Unshown(why) => {
            out.push_str("Not all of it is shown here: ");
            out.push_str(why.0);
            out.push('.');
        }
    }
}

/// Appends `not set: Urgent, Push`.
pub fn not_set(fields: &[Field], out: &mut String) {
    for (i, field) in fields.iter().filter(|field| is_clear(field)).enumerate() {
        out.push_str(if i == 0 { "not set: " } else { ", " });
        out.push_str(field.def.label);
    }
}

/// Appends that `n` more are left out, and where they can be seen.
pub fn more(n: usize, what: &str, out: &mut String) {
    out.push_str("… and ");
    show::number(n as u64, out);
    out.push_str(" more ");
    out.push_str(what);
    out.push_str(if n == 1 { "; --json shows it" } else { "s; --json shows all" });
}

/// Appends `1 byte`, `2 bytes`.
pub fn bytes(n: u32, out: &mut String) {
    show::number(u64::from(n), out);
    out.push_str(if n == 1 { " byte" } else { " bytes" });
}

/// How the bytes of a buffer came to be, as an adjective.
pub fn buffer_kind(kind: BufferKind) -> &'static str {
    match kind {
        BufferKind::Frame => "captured",
        BufferKind::Defragmented => "defragmented",
        BufferKind::Reassembled => "reassembled",
        BufferKind::Dechunked => "dechunked",
        BufferKind::Unmasked => "unmasked",
        BufferKind::Inflated => "decompressed",
        BufferKind::Decoded => "decoded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RawFrame, clamp};
    use crate::proto::{NoMemory, tcp, walk};

    fn handshake() -> Packet {
        let mut bytes = Vec::new();
        etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp(40_000, 80, 7, 64_240)
            .syn()
            .ack(1)
            .write(&mut bytes, &[])
            .unwrap();
        let raw = RawFrame::whole(1, bytes);
        let mut packet = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut packet);
        packet
    }

    #[test]
    fn bits_stand_under_their_field_and_those_not_set_share_a_line() {
        let packet = handshake();
        let items: Vec<_> = items(&packet, packet.layer(&tcp::ABOUT).unwrap()).collect();
        let depth_of = |def| {
            items.iter().find_map(|i| match i {
                Item::Field { field, depth, .. } if field.def == def => Some(*depth),
                _ => None,
            })
        };
        assert_eq!(depth_of(&tcp::FLAGS), Some(0));
        assert_eq!(depth_of(&tcp::FLAGS_SYN), Some(1));
        assert_eq!(depth_of(&tcp::FLAGS_FIN), None);
        let mut clear = String::new();
        let fields = items.iter().find_map(|i| if let Item::NotSet { fields, .. } = i { Some(*fields) } else { None });
        not_set(fields.unwrap(), &mut clear);
        assert_eq!(clear.matches(", ").count(), 7, "{clear}");
    }

    #[test]
    fn every_field_is_shown_or_counted() {
        let mut packet = handshake();
        let layer = packet.layers.last().unwrap().clone();
        let field = *packet.fields_of(&layer).first().unwrap();
        packet.fields.extend(std::iter::repeat_n(field, 1000));
        let layer = Layer { fields: 0..clamp(packet.fields.len()), ..layer };
        let count = |i: &Item| match i {
            Item::Field { .. } => 1,
            Item::NotSet { fields, .. } => fields.iter().filter(|f| is_clear(f)).count(),
            Item::More(n) => *n,
        };
        let items: Vec<_> = items(&packet, &layer).collect();
        assert!(items.len() <= MOST_ITEMS + 2);
        let visible = packet.fields.iter().filter(|f| !f.def.hidden).count();
        assert_eq!(items.iter().map(count).sum::<usize>(), visible);
    }

    #[test]
    fn a_trouble_is_a_sentence_with_its_numbers() {
        let mut out = String::new();
        trouble(Trouble::LengthLies { need: 20, have: 1, claimed_by: Some(&tcp::HDR_LEN) }, &mut out);
        assert_eq!(out, "This layer needs 20 bytes, but only 1 is there, says tcp.hdr_len.");
    }
}
