//! What a rule may look at: one layer, the layers around it, and the moment they belong to.

use super::Moment;
use super::index::Index;
use crate::flow::{Connection, Endpoint, Event, State};
use crate::model::{Field, FieldDef, Identity, Layer, Osi, Packet, Value, clamp};
use crate::proto::{ipv4, ipv6};
use std::ops::Range;

/// One layer at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// The moment.
    pub moment: &'a Moment<'a>,
    /// The layer.
    pub layer: &'a Layer,
    /// Its place in the packet.
    pub index: usize,
    /// Where the packet's fields are, if somebody has noted it.
    fields: Option<&'a Index>,
}

impl<'a> Here<'a> {
    /// Layer `index` of this moment's packet.
    pub fn new(moment: &'a Moment<'a>, index: usize) -> Option<Self> {
        Some(Self { moment, layer: moment.packet.layers.get(index)?, index, fields: None })
    }

    /// The same, of a packet whose fields are noted.
    pub(super) fn noted(moment: &'a Moment<'a>, index: usize, fields: &'a Index) -> Option<Self> {
        Some(Self { fields: Some(fields), ..Self::new(moment, index)? })
    }

    /// The packet.
    pub fn packet(&self) -> &'a Packet {
        self.moment.packet
    }

    /// The connection, where there is one.
    pub fn connection(&self) -> Option<Connection> {
        self.moment.connection
    }

    // ---- this layer's fields

    /// This layer's fields of one kind, in order.
    pub fn own(&self, def: &'static FieldDef) -> impl Iterator<Item = &'a Field> + use<'a> {
        self.among(self.layer.fields.clone(), def)
    }

    /// The fields of one kind in a range of [`Packet::fields`], in order.
    fn among(&self, range: Range<u32>, def: &'static FieldDef) -> impl Iterator<Item = &'a Field> + use<'a> {
        let (all, index) = (self.packet().fields.get(..).unwrap_or(&[]), self.fields);
        let mut next = index.map_or(range.start, |index| index.first(def));
        std::iter::from_fn(move || {
            loop {
                let (at, field) = (next, all.get(next as usize).filter(|_| next < range.end)?);
                next = index.map_or(at + 1, |index| index.after(at));
                if std::ptr::eq(field.def, def) && at >= range.start {
                    return Some(field);
                }
            }
        })
    }

    /// The first field of one kind in a range of [`Packet::fields`].
    #[inline]
    fn first_among(&self, range: Range<u32>, def: &'static FieldDef) -> Option<&'a Field> {
        let Some(index) = self.fields else { return self.among(range, def).next() };
        let mut at = index.first(def);
        // Most rows that are asked for are in no packet of this kind: their chain is empty.
        while at < range.end
            && let Some(field) = self.packet().fields.get(at as usize)
        {
            if std::ptr::eq(field.def, def) && at >= range.start {
                return Some(field);
            }
            at = index.after(at);
        }
        None
    }

    /// The first field of one kind in another layer.
    pub(super) fn first_in(&self, layer: &Layer, def: &'static FieldDef) -> Option<&'a Field> {
        self.first_among(layer.fields.clone(), def)
    }

    /// This layer's first field of one kind.
    #[inline]
    fn first(&self, def: &'static FieldDef) -> Option<&'a Field> {
        self.first_among(self.layer.fields.clone(), def)
    }

    /// The first field of one kind in the whole packet.
    #[inline]
    pub(super) fn anywhere(&self, def: &'static FieldDef) -> Option<&'a Field> {
        self.first_among(0..clamp(self.packet().fields.len()), def)
    }

    /// Whether this layer has such a field.
    #[inline]
    pub fn has(&self, def: &'static FieldDef) -> bool {
        self.first(def).is_some()
    }

    /// Whether this layer has such a field, and it is true.
    #[inline]
    pub fn is(&self, def: &'static FieldDef) -> bool {
        self.uint(def).is_some_and(|n| n != 0)
    }

    /// This layer's first such field, as a number.
    #[inline]
    pub fn uint(&self, def: &'static FieldDef) -> Option<u64> {
        self.first(def)?.value.uint()
    }

    /// The bytes of this layer's first such field that holds bytes or text.
    #[inline]
    pub fn octets(&self, def: &'static FieldDef) -> Option<&'a [u8]> {
        octets(self.packet(), self.first(def)?)
    }

    /// Whether this layer's first such field is this text, in any case of letters.
    pub fn says(&self, def: &'static FieldDef, text: &str) -> bool {
        self.octets(def).is_some_and(|b| b.eq_ignore_ascii_case(text.as_bytes()))
    }

    /// This layer's field of that kind, else that of the nearest layer around it.
    pub fn field(&self, def: &'static FieldDef) -> Option<&'a Field> {
        if let Some(own) = self.first(def) {
            return Some(own);
        }
        if self.fields.is_some() && self.anywhere(def).is_none() {
            return None;
        }
        self.outer().find_map(|l| self.first_in(l, def))
    }

    // ---- the layers around it

    /// The layers before this one, the nearest first.
    pub fn outer(&self) -> impl Iterator<Item = &'a Layer> + use<'a> {
        self.packet().layers.get(..self.index).unwrap_or(&[]).iter().rev()
    }

    /// The layers after this one.
    pub fn inner(&self) -> impl Iterator<Item = &'a Layer> + use<'a> {
        self.packet().layers.get(self.index + 1..).unwrap_or(&[]).iter()
    }

    /// Whether a layer of this protocol comes somewhere after this one.
    pub fn carries(&self, about: &'static Identity) -> bool {
        self.inner().any(|l| std::ptr::eq(l.proto, about))
    }

    /// Whether a layer of this protocol comes somewhere before this one.
    pub fn inside(&self, about: &'static Identity) -> bool {
        self.outer().any(|l| std::ptr::eq(l.proto, about))
    }

    /// Whether something of layers 5 to 7 comes after this one.
    pub fn carries_application(&self) -> bool {
        self.inner().any(|l| l.proto.osi >= Osi::Session)
    }

    /// Whether the frame was captured on a loopback interface, as far as its source or its bytes say.
    pub fn on_loopback(&self) -> bool {
        let packet = self.packet();
        let told = packet.interface.as_ref().is_some_and(|i| i.loopback || i.name == "lo" || i.name == "lo0");
        told || self.loopback_addresses()
    }

    /// Whether the innermost IP addresses lie in 127.0.0.0/8, or are `::1`.
    fn loopback_addresses(&self) -> bool {
        let address = |def| self.anywhere(def).and_then(|field| octets(self.packet(), field));
        let v4 = |def| address(def).is_some_and(|b| b.first() == Some(&127));
        let v6 = |def| address(def).is_some_and(|b| matches!(b, [zeros @ .., 1] if zeros == [0; 15]));
        (v4(&ipv4::SRC) && v4(&ipv4::DST)) || (v6(&ipv6::SRC) && v6(&ipv6::DST))
    }

    // ---- what it did to the connection

    /// Whether one of this packet's events is such a one.
    pub fn happened(&self, on: impl Fn(&Event) -> bool) -> bool {
        self.moment.events.iter().any(on)
    }

    /// Whether this packet moved an end of its connection to another state for which this holds.
    pub fn moved(&self, on: impl Fn(Endpoint, State, State) -> bool) -> bool {
        self.moment.events.iter().any(|e| match e {
            Event::StateChanged { endpoint, from, to, .. } => on(*endpoint, *from, *to),
            _ => false,
        })
    }
}

/// The fields that name a packet's two ends.
pub(super) static ADDRESSES: &[(&FieldDef, &FieldDef)] = &[(&ipv4::SRC, &ipv4::DST), (&ipv6::SRC, &ipv6::DST)];

/// The bytes of a field that holds bytes or text.
#[inline]
pub(super) fn octets<'a>(packet: &'a Packet, field: &Field) -> Option<&'a [u8]> {
    match field.value {
        Value::Bytes(s) | Value::Text(s) => Some(packet.bytes(s)),
        _ => None,
    }
}
