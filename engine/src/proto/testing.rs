//! What the tests of protocol files share: one frame in, one packet out, nothing remembered.

use super::{Context, Cursor, Ends, NoMemory, Protocol, walk};
use crate::model::{BufferKind, Field, FieldDef, Layer, LinkType, Packet, RawFrame, Span, Trouble, Value, clamp, show};

/// Dissects a whole frame of this link type.
pub(crate) fn read(link: u16, bytes: &[u8]) -> Packet {
    cut(link, bytes, bytes.len())
}

/// Dissects a frame of which the capture kept the first `keep` bytes.
pub(crate) fn cut(link: u16, bytes: &[u8], keep: usize) -> Packet {
    let raw = RawFrame {
        number: 1,
        len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        bytes: bytes.get(..keep).unwrap_or(bytes).to_vec(),
        link: LinkType(link),
        ..RawFrame::default()
    };
    let mut packet = Packet::new();
    walk(&raw, &mut NoMemory::default(), &mut packet);
    packet
}

/// Reads one whole message of a protocol between these ports, as if its carrier had handed it over: one layer.
pub(crate) fn message(row: &'static Protocol, (src_port, dst_port): (u16, u16), bytes: &[u8]) -> Packet {
    let context = Context { ends: Ends { src_port, dst_port, ..Ends::default() }, ..Context::default() };
    let (mut packet, trouble) = layer(bytes, context, |c| (row.dissect)(c).map(drop));
    let span = Span { buf: 0, start: 0, len: clamp(bytes.len()) };
    let fields = 0..clamp(packet.fields.len());
    packet.layers.push(Layer { proto: row.about, span, end: span.len, fields, trouble, quoted: false });
    packet
}

/// What the row reads in a layer of these bytes.
pub(crate) fn value(def: &'static FieldDef, bytes: &[u8]) -> Value {
    layer(bytes, Context::default(), |c| c.put(def).map(drop)).0.fields[0].value
}

/// The fields that `read` writes, and what is wrong with the bytes.
fn layer(
    bytes: &[u8],
    mut context: Context,
    read: impl FnOnce(&mut Cursor<'_>) -> Result<(), Trouble>,
) -> (Packet, Option<Trouble>) {
    let mut packet = Packet::new();
    packet.add_buffer(BufferKind::Frame);
    packet.buffer_mut(0).unwrap().bytes.extend_from_slice(bytes);
    let mut cursor = Cursor {
        bytes,
        buf: 0,
        start: 0,
        own: bytes,
        claimed: bytes.len(),
        claimed_by: None,
        packet: &mut packet,
        memory: &mut NoMemory::default(),
        depth: 0,
        doubt: None,
        segment: &mut super::Segment::default(),
        context: &mut context,
    };
    let trouble = read(&mut cursor).err().or(cursor.doubt);
    (packet, trouble)
}

/// What the layer's summary says.
pub(crate) fn summary(packet: &Packet) -> String {
    let (layer, mut out) = (packet.layers.last().unwrap(), String::new());
    (layer.proto.summary.unwrap())(packet, layer, &mut out);
    out
}

/// The fields of the innermost layer that is called so: the name of each, its value as the views show it, and its
/// place, counted from where the layer begins.
pub(crate) fn fields(packet: &Packet, name: &str) -> Vec<(&'static str, String, std::ops::Range<usize>)> {
    let layer = packet.layers.iter().rfind(|layer| layer.proto.name == name).unwrap();
    let place = |n: u32| (n - layer.span.start) as usize;
    let field = |f: &Field| {
        let mut value = String::new();
        show::value(packet, f, &mut value);
        let span = f.span;
        (f.def.name, value, if span.len == 0 { 0..0 } else { place(span.start)..place(span.end()) })
    };
    packet.fields_of(layer).iter().map(field).collect()
}
