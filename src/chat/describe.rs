//! Describes one captured packet: what it carries of the chat, and its [`Captured`] for the feed.

use serde_json::Value as Json;

use super::entry::{Captured, Peel};
use super::peel;
use super::words::event;
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
    let name = match socketio::Type::of_value(packet.uint_in(of, &socketio::TYPE)?)? {
        socketio::Type::Event => String::from_utf8_lossy(packet.octets_in(of, &socketio::EVENT)?).into_owned(),
        socketio::Type::Ack => event::ACK.to_owned(),
        _ => return None,
    };
    let data = packet.octets_in(of, &socketio::ARGUMENT).and_then(json);
    Some(Talk::new(layer, name, data.as_ref()))
}

/// Our own framing: `{"event":…,"data":…}` or `{"ack":…,"data":…}`.
fn over_websocket(packet: &Packet, layer: usize, of: &Layer) -> Option<Talk> {
    let whole = json(packet.octets_in(of, &websocket::TEXT)?)?;
    let name = whole.get("event").and_then(Json::as_str).unwrap_or(event::ACK).to_owned();
    Some(Talk::new(layer, name, whole.get("data")))
}

fn json(bytes: &[u8]) -> Option<Json> {
    if bytes.len() > LONGEST { None } else { serde_json::from_slice(bytes).ok() }
}

impl Talk {
    fn new(layer: usize, name: String, data: Option<&Json>) -> Self {
        let number = |key| data.and_then(|d| d.get(key)).and_then(Json::as_u64);
        let (message, tag) = match name.as_str() {
            event::SAID | event::ACK => (number("id"), None),
            event::SAY => (None, number("tag")),
            _ => (None, None),
        };
        Self { layer, event: name, message, tag, from: number("from") }
    }
}

/// A packet, ready to be shown. `down` if the server sent it; `port` is the client's.
pub(super) fn captured(moment: &Moment<'_>, texts: &Texts, talks: &[Talk], down: bool, port: u16) -> Captured {
    let packet = moment.packet;
    let notes = tutor::explain(moment, Audience::Student, texts);
    let mut line = String::new();
    brief::sentence(packet, &mut line);
    // The protocol's name is in the step's title.
    line.drain(..line.find("  ").map_or(0, |at| at + 2));
    let last = packet.layers.len().saturating_sub(1);
    let of = |talk: &Talk| Peel {
        event: Some(talk.event.clone()),
        message: talk.message,
        tag: talk.tag,
        steps: peel::steps(packet, talk.layer, talk.event != event::ACK, &notes),
    };
    let mut peels: Vec<Peel> = talks.iter().map(of).collect();
    if peels.is_empty() {
        peels.push(Peel { steps: peel::steps(packet, last, false, &notes), ..Peel::default() });
    }
    let bytes = packet.frame();
    Captured {
        n: packet.number,
        time: packet.time.to_string(),
        down,
        port,
        len: packet.len,
        line,
        why: why(&notes).to_owned(),
        bare: is_bare(packet),
        hex: bytes.get(..MOST_BYTES).unwrap_or(bytes).to_vec(),
        peels,
    }
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
    let innermost = notes.iter().map(|note| note.layer).max();
    let mut of = notes.iter().filter(|n| Some(n.layer) == innermost && !USUAL.contains(&n.rule));
    of.next().map_or("", |n| n.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::*;
    use crate::flow::{Limits, Tracker, reader};
    use crate::model::{RawFrame, Time};
    use crate::proto::walk;
    use etherparse::PacketBuilder;

    /// The contract that `schema/feed.json` gives to other readers.
    fn schema() -> jsonschema::Validator {
        let schema = serde_json::from_str(include_str!("../../schema/feed.json")).expect("the schema is JSON");
        jsonschema::meta::validate(&schema).expect("the schema is a schema");
        jsonschema::validator_for(&schema).expect("the schema can be used")
    }

    #[test]
    fn every_entry_obeys_the_schema_and_is_read_as_it_was_written() {
        let (schema, texts, mut events) = (schema(), Texts::english(), 0);
        let check = |entry: Entry| {
            let text = entry.write();
            let faults: Vec<_> = schema
                .iter_errors(&serde_json::from_str(&text).unwrap())
                .map(|e| format!("{}: {e}", e.instance_path))
                .collect();
            assert!(faults.is_empty(), "{faults:?}\n{text}");
            assert_eq!(Entry::read(&text), Some(entry));
        };
        for name in ["socketio.pcapng", "websocket.pcap", "websocket-deflate.pcap", "http-segments.pcap", "any.pcap"] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name);
            let mut file = crate::source::file::File::open(&path).unwrap();
            reader::each(&mut file, Limits::default(), |packet, tracker| {
                let talks = talks(packet);
                events += talks.len();
                let moment = Moment::new(packet, tracker);
                check(Entry::Packet(Box::new(captured(&moment, &texts, &talks, packet.number % 2 == 0, 40_000))));
                Ok::<_, crate::source::SourceError>(true)
            })
            .unwrap();
        }
        assert!(events > 5, "{events}");
        check(Entry::Spread { message: 7, frames: 2 });
        check(Entry::Lost { packets: 3 });
        check(Entry::Broken { why: "eth0 was removed".into() });
    }

    /// After a change that is meant: `INSTA_UPDATE=always`, and read the difference.
    #[test]
    fn a_message_by_polling_and_one_by_websocket_are_told_as_they_were_before() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut file = crate::source::file::File::open(&root.join("tests/captures/socketio.pcapng")).unwrap();
        let (texts, mut told) = (Texts::english(), Vec::new());
        reader::each(&mut file, Limits::default(), |packet, tracker| {
            let talks = talks(packet);
            if !talks.is_empty() {
                let entry = captured(&Moment::new(packet, tracker), &texts, &talks, false, 40_000);
                told.push(serde_json::from_str::<serde_json::Value>(&Entry::Packet(Box::new(entry)).write()).unwrap());
            }
            Ok::<_, crate::source::SourceError>(true)
        })
        .unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(root.join("tests/feed"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            for (name, entry) in [("first", told.first()), ("last", told.last())] {
                insta::assert_snapshot!(name, serde_json::to_string_pretty(&entry).unwrap());
            }
        });
    }

    /// The entry of a segment: its flags and data; `wrong` spoils its checksum.
    fn told(syn: bool, data: &[u8], wrong: bool) -> Captured {
        let to = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let segment = to.tcp(40_000, 80, 1, 1000);
        let mut bytes = Vec::new();
        if syn { segment.syn() } else { segment.ack(1) }.write(&mut bytes, data).unwrap();
        bytes[50] ^= u8::from(wrong);
        let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
        walk(&RawFrame { time: Time(1), ..RawFrame::whole(1, bytes) }, &mut tracker, &mut packet);
        captured(&Moment::new(&packet, &tracker), &Texts::english(), &[], false, 40_000)
    }

    #[test]
    fn a_bare_acknowledgment_is_one_that_carries_and_opens_nothing() {
        assert!(told(false, b"", false).bare);
        assert!(!told(true, b"", false).bare);
        assert!(!told(false, b"hello", false).bare);
    }

    #[test]
    fn a_wrong_checksum_is_told_and_an_unverified_one_is_not() {
        let wrong = told(false, b"hello", true).why;
        assert!(wrong.contains("hecksum"), "{wrong}");
        assert!(!told(false, b"hello", false).why.contains("hecksum"));
    }
}
