//! Peeling: a packet from what a person meant down to the link, one layer a step, with the bytes of each step marked
//! in the frame.
//!
//! The steps of a chat message are: its room (no byte of it is on the wire), the event, Socket.IO, Engine.IO, the
//! WebSocket frame unmasked and as it was sent (or the HTTP message), TCP, IP, the link. Of a packet without a
//! message, the steps begin at its innermost layer.

use super::entry::{Over, Says, Step};
use crate::model::{BufferKind, Layer, Osi, Packet, Span, Value, show};
use crate::proto::{frame, socketio, websocket};
use crate::tutor::{Note, Truth};
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

/// Where bytes lie in the frame, and how many lie in other frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places {
    /// First byte, and one past the last.
    here: Vec<[u32; 2]>,
    /// The number of another frame, and how many of the bytes it brought.
    elsewhere: Vec<(u64, u32)>,
}

/// The steps from layer `top` (a place in [`Packet::layers`]) down, as the feed carries them.
pub(super) fn steps(packet: &Packet, top: usize, message: bool, notes: &[Note]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
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
                let says = "The client combined each byte with one of four key bytes (XOR). Once more gives it back.";
                steps.push(Step {
                    title: "WebSocket, mask taken off".into(),
                    short: "WebSocket, unmasked".into(),
                    says: vec![Says { truth: Truth::Observed, text: says.into() }],
                    ..step(packet, index, layer, notes)
                });
            }
        }
        steps.push(step(packet, index, layer, notes));
    }
    // Readable bytes are laid over the masked ones for every step above the frame as it was sent.
    if let Some((at, bytes)) = over {
        let end = steps.iter().rposition(|s| s.proto == websocket::ABOUT.name).unwrap_or(0);
        for step in steps.iter_mut().take(end) {
            step.over = Some(Over { at, hex: bytes.to_vec() });
        }
    }
    steps
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
fn room() -> Step {
    let says = "Only the server knows who is in which room. It sends this event once for each connection there; \
                no byte names the room.";
    above("Room", Places::default(), Says { truth: Truth::NotVisible, text: says.into() })
}

/// A step above all protocols: what the application means.
fn above(name: &str, own: Places, says: Says) -> Step {
    Step {
        title: name.into(),
        short: name.into(),
        osi: Osi::Application.number(),
        own: own.here,
        elsewhere: own.elsewhere,
        says: vec![says],
        ..Step::default()
    }
}

/// The event's name and what comes with it.
fn event(packet: &Packet, index: usize) -> Option<Step> {
    let layer = packet.layers.get(index)?;
    let spans: Vec<Span> = if std::ptr::eq(layer.proto, &raw const socketio::ABOUT) {
        let wanted = [&socketio::EVENT, &socketio::ARGUMENT];
        packet.fields_of(layer).iter().filter(|f| wanted.contains(&f.def)).map(|f| f.span).collect()
    } else {
        vec![packet.field_in(layer, &websocket::TEXT)?.span]
    };
    let (mut own, mut text) = (Places::default(), String::new());
    for span in spans {
        own.add(packet, span);
        if !text.is_empty() {
            text.push(' ');
        }
        show::escape_within(packet.bytes(span), 200, &mut text);
    }
    Some(above("Event", own, Says { truth: Truth::Observed, text }))
}

/// One layer: its bytes, what it carries, what there is to say.
fn step(packet: &Packet, index: usize, layer: &Layer, notes: &[Note]) -> Step {
    let (mut own, mut holds) = (Places::default(), Places::default());
    own.add(packet, layer.span);
    let inside = Span { start: layer.span.end(), len: layer.end.saturating_sub(layer.span.end()), ..layer.span };
    holds.add(packet, inside);
    let mut summary = String::new();
    brief::summary(packet, layer, &mut summary);
    let mut short = layer.proto.title.to_owned();
    if short.len() > SHORT {
        short.clear();
        show::protocol(layer.proto.name, &mut short);
    }
    let of = notes.iter().filter(|n| n.layer == index).take(NOTES);
    Step {
        proto: layer.proto.name.to_owned(),
        title: layer.proto.title.to_owned(),
        short,
        osi: layer.proto.osi.number(),
        summary,
        own: own.here,
        holds: holds.here,
        elsewhere: own.elsewhere,
        says: of.map(|n| Says { truth: n.truth, text: n.text.clone() }).collect(),
        fields: fields(packet, layer),
        over: None,
    }
}

/// Label, name and value of a layer's first fields.
fn fields(packet: &Packet, layer: &Layer) -> Vec<[String; 3]> {
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
        rows.push([field.def.label.to_owned(), field.def.name.to_owned(), value]);
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
    places.add(packet, masked.span);
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

impl Places {
    /// Adds where a span lies.
    fn add(&mut self, packet: &Packet, span: Span) {
        let mut pieces = Vec::new();
        packet.sources_of(span, &mut pieces);
        for piece in pieces.into_iter().filter(|piece| piece.len > 0) {
            if piece.frame == packet.number {
                self.push([piece.start, piece.start.saturating_add(piece.len)]);
            } else {
                self.elsewhere.push((piece.frame, piece.len));
            }
        }
    }

    fn push(&mut self, range: [u32; 2]) {
        match self.here.last_mut() {
            Some(last) if last[1] == range[0] => last[1] = range[1],
            _ => self.here.push(range),
        }
    }
}
