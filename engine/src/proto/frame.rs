//! The frame itself: facts of the capture, not of the bytes. It stands for layer 1, of which a
//! capture sees nothing but that bits arrived, when, and through which interface.

use super::memory::Memory;
use super::prelude::*;
use crate::model::{Field, Layer, Packet, RawFrame, Span, clamp};

/// The frame.
pub static ABOUT: Identity =
    Identity { name: "frame", title: "Frame", osi: Osi::Physical, spec: "capture file", fields: FIELDS, summary: None };

fields! {
    INTERFACE_NAME = derived(Kind::Text,     "frame.interface_name", "Interface",       "Which interface of the capturing machine saw it.").detail();
    TIME_EPOCH     = derived(Kind::Moment,   "frame.time_epoch",     "Time",            "When it was captured; counted in seconds since 1970.").detail();
    TIME_DELTA     = derived(Kind::Duration, "frame.time_delta",     "Since previous",  "Seconds since the packet before it in this capture.").detail();
    TIME_RELATIVE  = derived(Kind::Duration, "frame.time_relative",  "Since first",     "Seconds since the first packet of this capture.");
    NUMBER         = derived(Kind::Uint(32), "frame.number",         "Number",          "Its place in the capture, counted from 1.").detail();
    LEN            = derived(Kind::Uint(32), "frame.len",            "Length",          "How many bytes it had on the wire.").detail();
    CAP_LEN        = derived(Kind::Uint(32), "frame.cap_len",        "Captured length", "How many of its bytes the capture kept.").detail();
    COMMENT        = derived(Kind::Text,     "frame.comment",        "Comment",         "A note that somebody stored beside the packet.").detail();
}

/// The row; nothing leads to it, the walk begins with it.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[], over: Over::Packet, dissect: |c| Ok(Next::end(c.len())) };

/// Writes the frame's layer.
pub(super) fn describe(raw: &RawFrame, memory: &mut dyn Memory, packet: &mut Packet) {
    let (delta, relative) = memory.clock(raw.time);
    let epoch = raw.time.is_known().then_some(raw.time.0);
    let span = Span::default();
    let cap_len = packet.cap_len;
    let mut push = |def: &'static FieldDef, value: Value| {
        if packet.wants(def) {
            packet.fields.push_with(|| Field { def, value, span, depth: 0 });
        }
    };
    for (def, nanos) in [(&TIME_EPOCH, epoch), (&TIME_DELTA, delta), (&TIME_RELATIVE, relative)] {
        if let Some(nanos) = nanos {
            push(def, Value::Nanos(nanos));
        }
    }
    push(&NUMBER, Value::Uint(raw.number));
    push(&LEN, Value::Uint(u64::from(raw.len)));
    push(&CAP_LEN, Value::Uint(u64::from(cap_len)));
    if packet.wants(&INTERFACE_NAME) {
        text(packet, &INTERFACE_NAME, raw.interface.as_ref().map_or("", |i| i.name.as_str()));
    }
    if packet.wants(&COMMENT) {
        text(packet, &COMMENT, &raw.comments());
    }
    let fields = clamp(packet.fields.len());
    let span = Span { buf: 0, start: 0, len: packet.cap_len };
    let layer = || Layer { proto: &ABOUT, span, end: span.end(), fields: 0..fields, trouble: None, quoted: false };
    packet.layers.push_with(layer);
}

fn text(packet: &mut Packet, def: &'static FieldDef, text: &str) {
    if !text.is_empty() {
        let value = Value::Text(packet.keep(text.as_bytes()));
        packet.fields.push(Field { def, value, span: Span::default(), depth: 0 });
    }
}
