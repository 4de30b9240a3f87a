//! Peeling: a packet from what a person meant down to the link, one layer a step, with the bytes of each step marked
//! in the frame.
//!
//! The steps of a chat message are: its room (no byte of it is on the wire), the event, Socket.IO, Engine.IO, the
//! WebSocket frame unmasked and as it was sent (or the HTTP message), TCP, IP, the link. Of a packet without a
//! message, the steps begin at its innermost layer.

use serde_json::{Value as Json, json};

use crate::model::{BufferKind, Layer, Packet, Span, Value, show};
use crate::proto::{frame, socketio, websocket};
use crate::tutor::{Anchor, Note};
use crate::view::brief;
use crate::view::outline::{self, Item};

/// Fields of a layer that a step lists.
const FIELDS: usize = 12;
/// Notes of a layer that a step tells.
const NOTES: usize = 3;
/// Bytes of readable text that are laid over the frame.
const OVERLAY: usize = 4096;
/// A title of at most so many letters is short enough for a list.
const SHORT: usize = 12;
/// How deep buffers may be made of buffers.
const DEPTH: usize = 4;

/// Where bytes lie in the frame, and how many lie in other frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places {
    /// First byte, and one past the last.
    here: Vec<[u32; 2]>,
    /// The number of another frame, and how many of the bytes it brought.
    elsewhere: Vec<(u64, u32)>,
}

/// The steps from layer `top` (a place in [`Packet::layers`]) down, as the page and the terminal take them.
pub(super) fn steps(packet: &Packet, top: usize, message: bool, notes: &[Note]) -> Vec<Json> {
    let mut steps = Vec::new();
    let mut over = None;
    let chain = chain(packet, top);
    if message && let Some(&innermost) = chain.first() {
        steps.push(room());
        steps.extend(event(packet, innermost));
    }
    for index in chain {
        let Some(layer) = packet.layers.get(index) else { continue };
        if std::ptr::eq(layer.proto, &raw const websocket::ABOUT) {
            over = over.or_else(|| overlay(packet, layer));
            if over.is_some() {
                let mut step = step(packet, index, notes);
                put(&mut step, "title", "WebSocket, mask taken off".into());
                put(&mut step, "short", "WebSocket, unmasked".into());
                let says = "The client combined each byte with one of four key bytes (XOR). Once more gives it back.";
                put(&mut step, "says", json!([{ "truth": "observed", "text": says }]));
                steps.push(step);
            }
        }
        steps.push(step(packet, index, notes));
    }
    // Readable bytes are laid over the masked ones for every step above the frame as it was sent.
    if let Some((at, bytes)) = over {
        let end = steps.iter().rposition(|s| s["proto"] == "websocket").unwrap_or(0);
        for step in steps.iter_mut().take(end) {
            put(step, "over", json!({ "at": at, "hex": hex(bytes) }));
        }
    }
    steps
}

fn put(step: &mut Json, key: &str, value: Json) {
    if let Some(map) = step.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// The layers that carry layer `top`, innermost first. Of several messages of one protocol, only the last before it.
fn chain(packet: &Packet, top: usize) -> Vec<usize> {
    let mut chain: Vec<usize> = Vec::new();
    for (index, layer) in packet.layers.iter().enumerate().take(top + 1).rev() {
        let is_frame = std::ptr::eq(layer.proto, &raw const frame::ABOUT);
        let known = chain.iter().filter_map(|&i| packet.layers.get(i)).any(|l| std::ptr::eq(l.proto, layer.proto));
        if !is_frame && !known && !layer.quoted {
            chain.push(index);
        }
    }
    chain
}

/// The step that no byte shows.
fn room() -> Json {
    let says = "Only the server knows who is in which room. It sends this event once for each connection there; \
                no byte names the room.";
    json!({ "proto": "", "title": "Room", "short": "Room", "osi": 7, "own": [], "holds": [], "says": [{ "truth": "not visible", "text": says }] })
}

/// The event's name and what comes with it.
fn event(packet: &Packet, index: usize) -> Option<Json> {
    let layer = packet.layers.get(index)?;
    let spans: Vec<Span> = if std::ptr::eq(layer.proto, &raw const socketio::ABOUT) {
        let wanted = [&socketio::EVENT, &socketio::ARGUMENT];
        packet.fields_of(layer).iter().filter(|f| wanted.contains(&f.def)).map(|f| f.span).collect()
    } else {
        vec![packet.field_in(layer, &websocket::TEXT)?.span]
    };
    let (mut own, mut text) = (Places::default(), String::new());
    for span in spans {
        own.add(packet, span, DEPTH);
        if !text.is_empty() {
            text.push(' ');
        }
        show::escape_within(packet.bytes(span), 200, &mut text);
    }
    let says = json!([{ "truth": "observed", "text": text }]);
    Some(
        json!({ "proto": "", "title": "Event", "short": "Event", "osi": 7, "own": own.here, "holds": [], "elsewhere": own.elsewhere, "says": says }),
    )
}

/// One layer: its bytes, what it carries, what there is to say.
fn step(packet: &Packet, index: usize, notes: &[Note]) -> Json {
    let Some(layer) = packet.layers.get(index) else { return Json::Null };
    let (mut own, mut holds) = (Places::default(), Places::default());
    own.add(packet, layer.span, DEPTH);
    let inside = Span { start: layer.span.end(), len: layer.end.saturating_sub(layer.span.end()), ..layer.span };
    holds.add(packet, inside, DEPTH);
    let mut summary = String::new();
    brief::summary(packet, layer, &mut summary);
    let mut short = layer.proto.title.to_owned();
    if short.len() > SHORT {
        short.clear();
        brief::protocol_name(layer.proto.name, &mut short);
    }
    let of = notes.iter().filter(|n| n.anchor == Anchor::Layer(index)).take(NOTES);
    let says: Vec<Json> = of.map(|n| json!({ "truth": n.truth.name(), "text": n.text })).collect();
    json!({
        "proto": layer.proto.name, "short": short, "title": layer.proto.title, "osi": layer.proto.osi.number(), "summary": summary,
        "own": own.here, "holds": holds.here, "elsewhere": own.elsewhere, "says": says, "fields": fields(packet, layer),
    })
}

/// Label, name and value of a layer's first fields.
fn fields(packet: &Packet, layer: &Layer) -> Vec<Json> {
    let mut rows = Vec::new();
    for item in outline::items(packet, layer) {
        let Item::Field { field, .. } = item else { continue };
        if matches!(field.value, Value::None) {
            continue;
        }
        if rows.len() == FIELDS {
            break;
        }
        let mut value = String::new();
        show::value(packet, field, &mut value);
        rows.push(json!([field.def.label, field.def.name, value]));
    }
    rows
}

/// The unmasked payload of a WebSocket frame, and where in the captured frame it belongs. `None` if it was not
/// masked, or lies in several frames.
fn overlay<'a>(packet: &'a Packet, layer: &Layer) -> Option<(u32, &'a [u8])> {
    let masked = packet.field_in(layer, &websocket::MASKED_PAYLOAD)?;
    let unmasked =
        packet.fields_of(layer).iter().map(|f| f.span.buf).find(|&b| kind(packet, b) == BufferKind::Unmasked)?;
    let mut places = Places::default();
    places.add(packet, masked.span, DEPTH);
    let bytes = &packet.buffers().get(usize::from(unmasked))?.bytes;
    match (places.here.as_slice(), places.elsewhere.as_slice()) {
        (&[[start, end]], []) if (end - start) as usize == bytes.len() && bytes.len() <= OVERLAY => {
            Some((start, bytes))
        }
        _ => None,
    }
}

fn kind(packet: &Packet, buffer: u8) -> BufferKind {
    packet.buffers().get(usize::from(buffer)).map_or(BufferKind::Frame, |b| b.kind)
}

/// Bytes as hexadecimal digits, two each.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    show::hex_bytes(bytes, "", &mut out);
    out
}

impl Places {
    /// Adds where a span lies, through the buffers that were made of the frame.
    fn add(&mut self, packet: &Packet, span: Span, depth: usize) {
        if span.len == 0 || depth == 0 {
            return;
        }
        if span.buf == 0 {
            return self.push([span.start, span.end()]);
        }
        let Some(buffer) = packet.buffers().get(usize::from(span.buf)) else { return };
        if buffer.kind == BufferKind::Unmasked {
            let made = packet
                .layers
                .iter()
                .find(|l| packet.fields_of(l).iter().any(|f| f.span.buf == span.buf) && l.span.buf != span.buf);
            if let Some(masked) = made.and_then(|l| packet.field_in(l, &websocket::MASKED_PAYLOAD)) {
                let start = masked.span.start.saturating_add(span.start);
                self.add(packet, Span { start, len: span.len, buf: masked.span.buf }, depth - 1);
            }
            return;
        }
        let mut at = 0_u32;
        for piece in &buffer.sources {
            let (from, to) = (span.start.max(at), span.end().min(at.saturating_add(piece.len)));
            if from < to && piece.frame == packet.number {
                let start = piece.start.saturating_add(from - at);
                self.push([start, start.saturating_add(to - from)]);
            } else if from < to {
                self.elsewhere.push((piece.frame, to - from));
            }
            at = at.saturating_add(piece.len);
        }
    }

    fn push(&mut self, range: [u32; 2]) {
        match self.here.last_mut() {
            Some(last) if last[1] == range[0] => last[1] = range[1],
            _ => self.here.push(range),
        }
    }
}
