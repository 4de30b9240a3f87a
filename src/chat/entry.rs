//! One captured packet as the page and the terminal show it: a line, what it means, its bytes, and its layers to
//! peel.

use serde_json::{Value as Json, json};

use super::peel;
use crate::model::{Layer, Packet};
use crate::proto::{engineio, socketio, tcp, websocket};
use crate::tutor::{self, Audience, Moment, Note, Texts};
use crate::view::brief;

/// Bytes of a frame that are given.
const MOST_BYTES: usize = 4096;
/// Messages of one packet that can be peeled.
const MOST_TALKS: usize = 4;
/// Letters of a message's data that are read.
const LONGEST: usize = 16 << 10;

/// What a packet carries of the chat: an event or an acknowledgment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Talk {
    /// Its innermost layer, by place.
    pub layer: usize,
    /// The event's name; `ack` for an acknowledgment.
    pub event: String,
    /// The number that the server gave to the message.
    pub message: Option<u64>,
    /// The number that its author gave to it.
    pub tag: Option<u64>,
    /// Who said it.
    pub from: Option<u64>,
}

/// The events and acknowledgments in a packet.
pub(super) fn talks(packet: &Packet) -> Vec<Talk> {
    let plain = !packet.layers.iter().any(|l| std::ptr::eq(l.proto, &raw const engineio::ABOUT));
    let of = |(index, layer): (usize, &Layer)| {
        if std::ptr::eq(layer.proto, &raw const socketio::ABOUT) {
            over_socketio(packet, index, layer)
        } else if plain && std::ptr::eq(layer.proto, &raw const websocket::ABOUT) {
            over_websocket(packet, index, layer)
        } else {
            None
        }
    };
    packet.layers.iter().enumerate().filter_map(of).take(MOST_TALKS).collect()
}

fn over_socketio(packet: &Packet, layer: usize, of: &Layer) -> Option<Talk> {
    let event = match packet.uint_in(of, &socketio::TYPE)? {
        2 => String::from_utf8_lossy(packet.octets_in(of, &socketio::EVENT)?).into_owned(),
        3 => "ack".to_owned(),
        _ => return None,
    };
    let data = packet.octets_in(of, &socketio::ARGUMENT).and_then(json);
    Some(Talk::new(layer, event, data.as_ref()))
}

/// Our own framing: `{"event":…,"data":…}` or `{"ack":…,"data":…}`.
fn over_websocket(packet: &Packet, layer: usize, of: &Layer) -> Option<Talk> {
    let whole = json(packet.octets_in(of, &websocket::TEXT)?)?;
    let event = whole.get("event").and_then(Json::as_str).unwrap_or("ack").to_owned();
    Some(Talk::new(layer, event, whole.get("data")))
}

fn json(bytes: &[u8]) -> Option<Json> {
    if bytes.len() > LONGEST { None } else { serde_json::from_slice(bytes).ok() }
}

impl Talk {
    fn new(layer: usize, event: String, data: Option<&Json>) -> Self {
        let number = |key| data.and_then(|d| d.get(key)).and_then(Json::as_u64);
        let message = if event == "said" || event == "ack" { number("id") } else { None };
        Self { layer, event, message, tag: number("tag"), from: number("from") }
    }
}

/// A packet, ready to be shown. `down` if the server sent it; `port` is the client's.
pub(super) fn entry(moment: &Moment<'_>, texts: &Texts, talks: &[Talk], down: bool, port: u16) -> Json {
    let packet = moment.packet;
    let notes = tutor::explain(moment, Audience::Student, texts);
    let mut line = String::new();
    brief::sentence(packet, &mut line);
    let line = line.split_once("  ").map_or(line.as_str(), |(_, rest)| rest);
    let last = packet.layers.len().saturating_sub(1);
    let mut peels: Vec<Json> = talks
        .iter()
        .map(|talk| {
            let steps = peel::steps(packet, talk.layer, talk.event != "ack", &notes);
            json!({ "event": talk.event, "message": talk.message, "tag": talk.tag, "steps": steps })
        })
        .collect();
    if peels.is_empty() {
        peels.push(json!({ "steps": peel::steps(packet, last, false, &notes) }));
    }
    let bytes = packet.frame();
    json!({
        "kind": "packet", "n": packet.number, "time": packet.time.to_string(), "down": down, "port": port,
        "len": packet.len, "line": line, "why": why(&notes), "hex": peel::hex(bytes.get(..MOST_BYTES).unwrap_or(bytes)),
        "peels": peels, "bare": is_bare(packet),
    })
}

/// Whether a segment carries no data, and opens or ends nothing: a bare acknowledgment, of which there are many.
fn is_bare(packet: &Packet) -> bool {
    let says = [&tcp::FLAGS_SYN, &tcp::FLAGS_FIN, &tcp::FLAGS_RESET].into_iter().any(|flag| packet.flag(flag));
    packet.uint(&tcp::LEN) == Some(0) && !says
}

/// The one note that says most: that a checksum is wrong, else the innermost layer's first. That nobody verified a
/// checksum, every packet on loopback could say.
fn why(notes: &[Note]) -> &str {
    const WRONG: [&str; 2] = ["checksum-bad", "ip-checksum-bad"];
    const USUAL: [&str; 3] = ["checksum-pending", "checksum-loopback", "checksum-offload"];
    if let Some(wrong) = notes.iter().find(|note| WRONG.contains(&note.rule)) {
        return &wrong.text;
    }
    let place = |note: &Note| match note.anchor {
        tutor::Anchor::Layer(index) => index,
        tutor::Anchor::Osi(_) => 0,
    };
    let innermost = notes.iter().map(place).max();
    let mut of = notes.iter().filter(|n| Some(place(n)) == innermost && !USUAL.contains(&n.rule));
    of.next().map_or("", |n| n.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Limits, Tracker};
    use crate::model::{RawFrame, Time};
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    /// The entry of a segment: its flags and data; `wrong` spoils its checksum.
    fn told(syn: bool, data: &[u8], wrong: bool) -> Json {
        let to = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let segment = to.tcp(40_000, 80, 1, 1000);
        let mut bytes = Vec::new();
        if syn { segment.syn() } else { segment.ack(1) }.write(&mut bytes, data).unwrap();
        bytes[50] ^= u8::from(wrong);
        let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
        walk(&RawFrame { time: Time(1), ..RawFrame::whole(1, bytes) }, &mut tracker, &mut packet);
        entry(&Moment::new(&packet, &tracker), &Texts::english().unwrap(), &[], false, 40_000)
    }

    #[test]
    fn a_bare_acknowledgment_is_one_that_carries_and_opens_nothing() {
        assert_eq!(told(false, b"", false)["bare"], true);
        assert_eq!(told(true, b"", false)["bare"], false);
        assert_eq!(told(false, b"hello", false)["bare"], false);
    }

    #[test]
    fn a_wrong_checksum_is_told_and_an_unverified_one_is_not() {
        let why = |entry: Json| entry["why"].as_str().unwrap().to_owned();
        assert!(why(told(false, b"hello", true)).contains("hecksum"), "{}", why(told(false, b"hello", true)));
        assert!(!why(told(false, b"hello", false)).contains("hecksum"));
    }
}
