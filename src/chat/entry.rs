//! What a feed of packets carries: entries, each as one JSON text. The server writes them; the page and the terminal
//! read them. `schema/feed.json` describes them to everybody else.

use serde::{Deserialize, Serialize};

use crate::tutor::Truth;

/// One text of a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Entry {
    /// A packet.
    Packet(Box<Captured>),
    /// In how many frames a message went out.
    Spread {
        /// The number that the server gave to the message.
        message: u64,
        /// Frames that have carried it so far.
        frames: u32,
    },
    /// The reader was too slow: the oldest entries are gone.
    Lost {
        /// Entries.
        packets: u64,
    },
    /// A capture has ended, and why; no more packets come from its interface.
    Broken {
        /// One sentence.
        why: String,
    },
}

/// A captured packet: a line, what it means, its bytes, and its layers to peel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Captured {
    /// Its number in the capture, from 1.
    pub n: u64,
    /// Seconds since 1970.
    pub time: String,
    /// The server sent it.
    pub down: bool,
    /// The client's port.
    pub port: u16,
    /// Bytes on the wire.
    pub len: u32,
    /// The innermost layer in one line.
    pub line: String,
    /// What that means, in a sentence.
    pub why: String,
    /// A segment without data that opens and ends nothing: an acknowledgment, of which there are many.
    pub bare: bool,
    /// The first bytes of the frame.
    #[serde(with = "hex")]
    pub hex: Vec<u8>,
    /// Once for each message in it; at least one.
    pub peels: Vec<Peel>,
}

/// A packet taken apart from one message down to the link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Peel {
    /// The event's name; `ack` for an acknowledgment; none where there is no message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// On its way down: the number that the server gave to the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<u64>,
    /// On its way up: the number that its author gave to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u64>,
    /// From what a person meant down to the link.
    pub steps: Vec<Step>,
}

/// One layer of a peel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    /// The protocol's name in filters; empty above all protocols.
    pub proto: String,
    /// Its full name.
    pub title: String,
    /// A name for a list.
    pub short: String,
    /// The layer, 1 to 7.
    pub osi: u8,
    /// What the layer says, in one line; may be empty.
    #[serde(default)]
    pub summary: String,
    /// Its own bytes in the frame: the first of each range, and one past the last.
    pub own: Vec<[u32; 2]>,
    /// The bytes that it carries.
    pub holds: Vec<[u32; 2]>,
    /// Bytes of it that came in other packets: which, and how many.
    #[serde(default)]
    pub elsewhere: Vec<(u64, u32)>,
    /// What there is to say of it.
    pub says: Vec<Says>,
    /// Label, name and value of its first fields.
    #[serde(default)]
    pub fields: Vec<[String; 3]>,
    /// Readable bytes to lay over those of the frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// A sentence about a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Says {
    /// How it is known.
    pub truth: Truth,
    /// The sentence.
    pub text: String,
}

/// Bytes and their place in the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Over {
    /// The place of the first.
    pub at: u32,
    /// The bytes.
    #[serde(with = "hex")]
    pub hex: Vec<u8>,
}

impl Entry {
    /// Reads a text of a feed; none if it is no entry that we know.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text of the feed.
    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Bytes as hexadecimal digits, two each.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::model::show;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let mut out = String::with_capacity(2 * bytes.len());
        show::hex_bytes(bytes, "", &mut out);
        to.serialize_str(&out)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let digit = |b: u8| char::from(b).to_digit(16);
        let byte = |two: &[u8]| match two {
            [a, b] => u8::try_from(digit(*a)? << 4 | digit(*b)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.ok_or_else(|| D::Error::custom("an even number of hexadecimal digits is wanted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let step = Step {
            short: "TCP".into(),
            osi: 4,
            own: vec![[34, 54]],
            says: vec![Says { truth: Truth::NotVisible, text: "\"<b>\u{1b}".into() }],
            over: Some(Over { at: 2, hex: vec![0, 255] }),
            ..Step::default()
        };
        let peel = Peel { event: Some("said".into()), message: Some(7), steps: vec![step], ..Peel::default() };
        let packet = Captured { n: 1, hex: vec![1, 0xab], peels: vec![peel], ..Captured::default() };
        let entries = [
            Entry::Packet(Box::new(packet)),
            Entry::Spread { message: 7, frames: 2 },
            Entry::Lost { packets: 3 },
            Entry::Broken { why: "eth0 was removed".into() },
        ];
        for entry in entries {
            assert_eq!(Entry::read(&entry.write()), Some(entry));
        }
    }

    #[test]
    fn what_is_no_entry_is_none() {
        for text in ["", "7", "[]", r#"{"kind":"news"}"#, r#"{"kind":"spread","message":-1,"frames":"x"}"#] {
            assert_eq!(Entry::read(text), None, "{text}");
        }
        let odd = Entry::Packet(Box::new(Captured { hex: vec![1], ..Captured::default() })).write();
        assert_eq!(Entry::read(&odd.replace("01", "0g")), None);
        assert_eq!(Entry::read(&odd.replace("01", "012")), None);
    }
}
