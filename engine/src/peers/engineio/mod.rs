//! Engine.IO, protocol 4: packets over whatever connection there is — <https://socket.io/docs/v4/engine-io-protocol/>.
//!
//! ```text
//! 4hello                 a packet: one digit for its type, then its data
//! 4hello <1e> 2 <1e> baGk=   the content of an HTTP message: packets between separators; `b` is Base64
//! ```
//!
//! A dialogue begins over HTTP: the client asks (`GET`), and the server answers when it has something to say
//! (long polling); what the client says goes by `POST`. If both can, they move to a WebSocket, where each frame
//! is one packet. [`server`] is one end, [`client`] the other; what they carry is for somebody above to say.

pub mod client;
pub mod server;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};

use super::websocket::Session;
use crate::proto::engineio::{BINARY_MARK, BORDER, Type};

/// The separator of packets in the content of an HTTP message.
/// More packets than these in one content are refused.
const MAX_PACKETS: usize = 1_000;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// `0`: the server's first word, a [`Handshake`] as JSON.
    Open(String),
    /// `1`: no more will come.
    Close,
    /// `2`: the server asks whether the client is there; `2probe` is the client's question over a new WebSocket.
    Ping(String),
    /// `3`: the answer, with the same data.
    Pong(String),
    /// `4`: what it is all about.
    Message(Message),
    /// `5`: from here on, this WebSocket.
    Upgrade,
    /// `6`: nothing; it answers a poll that shall not wait longer.
    Noop,
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// What a program above wants done with a dialogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send this.
    Say(Message),
    /// Say goodbye.
    Close,
    /// End it without a word.
    HangUp,
}

/// How the bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP: one question pending, one more for each thing to say.
    Polling,
    /// A WebSocket.
    WebSocket,
}

/// The data of [`Packet::Open`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshake {
    /// The dialogue's id: each later request names it.
    pub sid: String,
    /// The transports that the client may move to.
    pub upgrades: Vec<Transport>,
    /// From one ping to the next, in milliseconds.
    pub ping_interval: u64,
    /// How long a pong may take, in milliseconds.
    pub ping_timeout: u64,
    /// The longest content of an HTTP message that the server takes, in bytes.
    pub max_payload: usize,
}

/// Why bytes are no packets.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// There is no type.
    #[error("a packet is empty: it lacks its type")]
    Empty,
    /// There is no such type, or its data make no sense.
    #[error("no packet begins with this character, or it must stand alone")]
    Type,
    /// Not Base64, or not UTF-8.
    #[error("a packet's data cannot be read")]
    Data,
    /// More than `MAX_PACKETS`.
    #[error("more than {MAX_PACKETS} packets come in one body")]
    TooMany,
}

impl Transport {
    /// Its name in a query: `transport=polling`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
        }
    }
}

impl Packet {
    /// A message with this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Message(Message::Text(text.into()))
    }

    /// Reads a packet that is written as text.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, Error> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(Error::Empty)?;
        let data = chars.as_str();
        let alone = |packet| if data.is_empty() { Ok(packet) } else { Err(Error::Type) };
        match Type::of(kind) {
            Some(Type::Open) => Ok(Self::Open(data.into())),
            Some(Type::Close) => alone(Self::Close),
            Some(Type::Ping) => Ok(Self::Ping(data.into())),
            Some(Type::Pong) => Ok(Self::Pong(data.into())),
            Some(Type::Message) => Ok(Self::text(data)),
            Some(Type::Upgrade) => alone(Self::Upgrade),
            Some(Type::Noop) => alone(Self::Noop),
            None if kind == char::from(BINARY_MARK) => {
                BASE64.decode(data).map(|bytes| Self::Message(Message::Binary(bytes))).map_err(|_| Error::Data)
            }
            None => Err(Error::Type),
        }
    }

    /// The packet as text; bytes become Base64.
    pub fn write(&self) -> String {
        let (kind, data) = match self {
            Self::Open(data) => (Type::Open, data.as_str()),
            Self::Close => (Type::Close, ""),
            Self::Ping(data) => (Type::Ping, data.as_str()),
            Self::Pong(data) => (Type::Pong, data.as_str()),
            Self::Message(Message::Text(data)) => (Type::Message, data.as_str()),
            Self::Message(Message::Binary(bytes)) => {
                return format!("{}{}", char::from(BINARY_MARK), BASE64.encode(bytes));
            }
            Self::Upgrade => (Type::Upgrade, ""),
            Self::Noop => (Type::Noop, ""),
        };
        format!("{}{data}", kind.digit())
    }

    /// Sends it as one frame of a WebSocket: bytes stay bytes, without a type.
    pub fn send(&self, session: &mut Session, out: &mut Vec<u8>) {
        match self {
            Self::Message(Message::Binary(bytes)) => session.binary(bytes, out),
            _ => session.text(&self.write(), out),
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        1 + match self {
            Self::Open(data) | Self::Ping(data) | Self::Pong(data) | Self::Message(Message::Text(data)) => data.len(),
            Self::Message(Message::Binary(bytes)) => bytes.len().div_ceil(3) * 4,
            Self::Close | Self::Upgrade | Self::Noop => 0,
        }
    }
}

/// Reads the content of an HTTP message.
///
/// # Errors
/// One of its packets is none.
pub fn read_payload(content: &[u8]) -> Result<Vec<Packet>, Error> {
    let text = std::str::from_utf8(content).map_err(|_| Error::Data)?;
    if text.matches(char::from(BORDER)).nth(MAX_PACKETS - 1).is_some() {
        return Err(Error::TooMany);
    }
    text.split(char::from(BORDER)).map(Packet::read).collect()
}

/// Writes packets as the content of an HTTP message.
pub fn write_payload(packets: &[Packet]) -> String {
    packets.iter().map(Packet::write).collect::<Vec<_>>().join(&char::from(BORDER).to_string())
}

/// Takes from the front of a queue what fits into one content: at least one packet, if there is any.
fn take_payload(queue: &mut std::collections::VecDeque<Packet>, most: usize) -> Vec<Packet> {
    let (mut packets, mut size) = (Vec::new(), 0);
    while let Some(packet) = queue.front() {
        size += packet.size() + 1;
        if !packets.is_empty() && (size > most || packets.len() == MAX_PACKETS) {
            break;
        }
        packets.extend(queue.pop_front());
    }
    packets
}

/// A value in a target's query: `EIO` in `/socket.io/?EIO=4&transport=polling`.
fn query<'a>(target: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = target.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn all() -> Vec<Packet> {
        vec![
            Packet::Open("{}".into()),
            Packet::Close,
            Packet::Ping(String::new()),
            Packet::Ping("probe".into()),
            Packet::Pong("probe".into()),
            Packet::text("2[\"ü\",1]"),
            Packet::text(""),
            Packet::Message(Message::Binary(vec![0, 30, 255])),
            Packet::Upgrade,
            Packet::Noop,
        ]
    }

    #[test]
    fn what_we_write_we_read() {
        for packet in all() {
            assert_eq!(Packet::read(&packet.write()), Ok(packet));
        }
        assert_eq!(read_payload(write_payload(&all()).as_bytes()), Ok(all()));
    }

    #[test]
    fn the_protocols_own_example_reads() {
        let packets = read_payload(b"4hello\x1e2\x1e4world\x1ebAQIDBA==").unwrap();
        let binary = Packet::Message(Message::Binary(vec![1, 2, 3, 4]));
        assert_eq!(packets, [Packet::text("hello"), Packet::Ping(String::new()), Packet::text("world"), binary]);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for (text, error) in [("", Error::Empty), ("7", Error::Type), ("1x", Error::Type), ("b!", Error::Data)] {
            assert_eq!(Packet::read(text), Err(error), "{text}");
        }
        assert_eq!(read_payload(b"4a\x1e"), Err(Error::Empty));
        assert_eq!(read_payload(b"4\xff"), Err(Error::Data));
        assert_eq!(read_payload(&b"4\x1e".repeat(2_000)), Err(Error::TooMany));
        let mut rng = Rng::seeded(4);
        for _ in 0..5_000 {
            let _ = read_payload(&rng.bytes::<12>());
        }
    }

    #[test]
    fn a_content_is_cut_between_packets() {
        let mut queue: std::collections::VecDeque<_> = (0..5).map(|_| Packet::text("0123456789")).collect();
        let counts: Vec<_> = std::iter::from_fn(|| Some(take_payload(&mut queue, 25).len())).take(4).collect();
        assert_eq!(counts, [2, 2, 1, 0]);
        queue.push_back(Packet::text("longer than all that is allowed"));
        assert_eq!(take_payload(&mut queue, 5).len(), 1);
    }

    #[test]
    fn a_query_is_searched_by_name() {
        let target = "/socket.io/?EIO=4&transport=polling&sid=a=b";
        assert_eq!(query(target, "EIO"), Some("4"));
        assert_eq!(query(target, "sid"), Some("a=b"));
        assert_eq!((query(target, "IO"), query("/x", "EIO")), (None, None));
    }
}
