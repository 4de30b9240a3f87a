//! Socket.IO, protocol 5: named events, acknowledgments and namespaces above Engine.IO —
//! <https://socket.io/docs/v4/socket-io-protocol/>.
//!
//! ```text
//! 2 /admin, 13 ["say","hello"]      type, namespace (none: the main one), id of an acknowledgment, JSON
//! 51-["picture",{"_placeholder":true,"num":0}]      one attachment follows, in a message of its own
//! ```
//!
//! In a capture another digit stands before: Engine.IO's 4 for a message. So `42["say"]` is no number 42.
//! [`server`] is a small chat with rooms; [`client`] follows a script.

pub mod client;
pub mod server;

use serde_json::{Value, json};

use super::engineio::Message;
use crate::proto::socketio::Type;

/// Attachments of one packet, and their bytes in all.
const MAX_ATTACHMENTS: usize = 16;
const MAX_ATTACHED: usize = 1024 * 1024;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `0`: let me into this namespace; or: you are in, and this is your id.
    Connect,
    /// `1`: I leave it.
    Disconnect,
    /// `2`: something happened; `5` where attachments follow.
    Event,
    /// `3`: the answer to the event with this id; `6` where attachments follow.
    Ack,
    /// `4`: you are not let in.
    ConnectError,
}

/// One packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// What it is for.
    pub kind: Kind,
    /// Where: `/` is the main namespace.
    pub namespace: String,
    /// Which acknowledgment is asked for, or given.
    pub id: Option<u64>,
    /// For an event its name and arguments, for an acknowledgment its arguments, else an object or nothing.
    /// A placeholder stands for each attachment, as on the wire.
    pub data: Option<Value>,
    /// Bytes that JSON cannot hold.
    pub attachments: Vec<Vec<u8>>,
}

/// Why a message is no packet.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The first digit, the namespace or a number is wrong.
    #[error("the head of a packet cannot be read")]
    Head,
    /// What must be JSON is none, or JSON of another kind.
    #[error("the data of a packet do not fit its type")]
    Data,
    /// Bytes where a packet was expected, or the other way round.
    #[error("an attachment is missing, or belongs to nothing")]
    Attachment,
    /// More than `MAX_ATTACHMENTS`, or more than `MAX_ATTACHED` bytes.
    #[error("a packet has too many attachments")]
    TooMany,
}

/// Puts packets and their attachments together again.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A packet, and how many attachments it still waits for.
    waiting: Option<(Packet, usize)>,
}

impl Packet {
    /// A packet without id, data or attachments.
    pub fn bare(kind: Kind, namespace: &str) -> Self {
        Self { kind, namespace: namespace.into(), id: None, data: None, attachments: Vec::new() }
    }

    /// An event of the main namespace.
    pub fn event(name: &str, arguments: Vec<Value>) -> Self {
        let data = std::iter::once(Value::from(name)).chain(arguments).collect::<Vec<_>>();
        Self { data: Some(data.into()), ..Self::bare(Kind::Event, "/") }
    }

    /// An event that carries bytes.
    pub fn binary_event(name: &str, bytes: Vec<u8>) -> Self {
        let place = json!({ "_placeholder": true, "num": 0 });
        Self { attachments: vec![bytes], ..Self::event(name, vec![place]) }
    }

    /// The messages that carry it: the packet, then each attachment.
    pub fn write(&self) -> Vec<Message> {
        let kind = match (self.kind, self.attachments.is_empty()) {
            (Kind::Connect, _) => Type::Connect,
            (Kind::Disconnect, _) => Type::Disconnect,
            (Kind::Event, true) => Type::Event,
            (Kind::Ack, true) => Type::Ack,
            (Kind::ConnectError, _) => Type::ConnectError,
            (Kind::Event, false) => Type::BinaryEvent,
            (Kind::Ack, false) => Type::BinaryAck,
        };
        let mut text = String::from(kind.digit());
        if matches!(kind, Type::BinaryEvent | Type::BinaryAck) {
            text.push_str(&self.attachments.len().to_string());
            text.push('-');
        }
        if self.namespace != "/" {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            text.push_str(&id.to_string());
        }
        if let Some(data) = &self.data {
            text.push_str(&data.to_string());
        }
        let mut messages = vec![Message::Text(text)];
        messages.extend(self.attachments.iter().cloned().map(Message::Binary));
        messages
    }

    /// An event's name and arguments.
    pub fn named(&self) -> Option<(&str, &[Value])> {
        match self.data.as_ref()?.as_array()?.split_first()? {
            (Value::String(name), arguments) if self.kind == Kind::Event => Some((name, arguments)),
            _ => None,
        }
    }

    /// Reads a packet without its attachments, and says how many will follow.
    fn read(text: &str) -> Result<(Self, usize), Error> {
        let mut chars = text.chars();
        let digit = chars.next().ok_or(Error::Head)?;
        let (kind, binary) = match Type::of(digit).ok_or(Error::Head)? {
            Type::Connect => (Kind::Connect, false),
            Type::Disconnect => (Kind::Disconnect, false),
            Type::Event => (Kind::Event, false),
            Type::Ack => (Kind::Ack, false),
            Type::ConnectError => (Kind::ConnectError, false),
            Type::BinaryEvent => (Kind::Event, true),
            Type::BinaryAck => (Kind::Ack, true),
        };
        let mut rest = chars.as_str();
        let mut count = 0;
        if binary {
            let (number, behind) = rest.split_once('-').ok_or(Error::Head)?;
            count = number.parse().map_err(|_| Error::Head)?;
            rest = behind;
        }
        if count > MAX_ATTACHMENTS {
            return Err(Error::TooMany);
        }
        let mut packet = Self::bare(kind, "/");
        if rest.starts_with('/') {
            let (namespace, behind) = rest.split_once(',').unwrap_or((rest, ""));
            packet.namespace = namespace.into();
            rest = behind;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, data) = rest.split_at(digits);
        if !id.is_empty() {
            packet.id = Some(id.parse().map_err(|_| Error::Head)?);
        }
        if !data.is_empty() {
            packet.data = Some(serde_json::from_str(data).map_err(|_| Error::Data)?);
        }
        if packet.fits() { Ok((packet, count)) } else { Err(Error::Data) }
    }

    /// Whether the data are of the kind that the type demands.
    fn fits(&self) -> bool {
        match (self.kind, &self.data) {
            (Kind::Disconnect, None)
            | (Kind::Connect, None | Some(Value::Object(_)))
            | (Kind::ConnectError, Some(Value::Object(_) | Value::String(_)))
            | (Kind::Ack, Some(Value::Array(_))) => true,
            // The official decoder takes a number for a name, too.
            (Kind::Event, Some(Value::Array(data))) => {
                data.first().is_some_and(|name| name.is_string() || name.is_number())
            }
            _ => false,
        }
    }
}

impl Decoder {
    /// Takes one message; gives the packet that is now whole.
    ///
    /// # Errors
    /// The message is no packet. A packet that waited for attachments is lost.
    pub fn take(&mut self, message: Message) -> Result<Option<Packet>, Error> {
        match (message, self.waiting.take()) {
            (Message::Text(text), None) => {
                let (packet, count) = Packet::read(&text)?;
                if count == 0 {
                    return Ok(Some(packet));
                }
                self.waiting = Some((packet, count));
                Ok(None)
            }
            (Message::Binary(bytes), Some((mut packet, count))) => {
                packet.attachments.push(bytes);
                if packet.attachments.iter().map(Vec::len).sum::<usize>() > MAX_ATTACHED {
                    return Err(Error::TooMany);
                }
                if count == 1 {
                    return Ok(Some(packet));
                }
                self.waiting = Some((packet, count - 1));
                Ok(None)
            }
            _ => Err(Error::Attachment),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn read(text: &str) -> Result<Option<Packet>, Error> {
        Decoder::default().take(Message::Text(text.into()))
    }

    #[test]
    fn the_protocols_own_examples_read_and_write() {
        let examples = [
            "0",
            "0/admin,",
            r#"0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}"#,
            "1",
            "1/admin,",
            r#"2["foo"]"#,
            r#"2/admin,["bar"]"#,
            r#"212["foo"]"#,
            r#"3/admin,13["bar"]"#,
            r#"4{"message":"Not authorized"}"#,
        ];
        for text in examples {
            let packet = read(text).unwrap().unwrap();
            assert_eq!(packet.write(), [Message::Text(text.into())]);
        }
        let packet = read(r#"212["foo",{"a":1}]"#).unwrap().unwrap();
        assert_eq!((packet.named(), packet.id), (Some(("foo", &[json!({ "a": 1 })][..])), Some(12)));
    }

    #[test]
    fn attachments_come_behind_their_event() {
        let packet = Packet { id: Some(7), ..Packet::binary_event("picture", vec![1, 2]) };
        let messages = packet.write();
        assert_eq!(messages[0], Message::Text(r#"51-7["picture",{"_placeholder":true,"num":0}]"#.into()));
        let mut decoder = Decoder::default();
        assert_eq!(decoder.take(messages[0].clone()), Ok(None));
        assert_eq!(decoder.take(messages[1].clone()), Ok(Some(packet)));
        assert_eq!(decoder.take(messages[1].clone()), Err(Error::Attachment));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        let cases = [
            ("", Error::Head),
            ("9", Error::Head),
            ("51", Error::Head),
            ("599-[\"a\"]", Error::TooMany),
            ("2", Error::Data),
            ("2[null]", Error::Data),
            ("2{}", Error::Data),
            ("31{}", Error::Data),
            ("1{}", Error::Data),
            ("2[\"a\"", Error::Data),
            ("299999999999999999999[\"a\"]", Error::Head),
        ];
        for (text, error) in cases {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert_eq!(read(&format!("2[\"a\",{}", "[".repeat(100_000))), Err(Error::Data), "too deep is no crash");
        let mut rng = Rng::seeded(5);
        for _ in 0..5_000 {
            let _ = read(&String::from_utf8_lossy(&rng.bytes::<12>()));
        }
    }
}
