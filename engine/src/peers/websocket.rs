//! WebSocket as bytes — RFC 6455.
//!
//! ```text
//!  0               8               16                            32
//! |F|R|R|R|opcode |M| length      | longer length, if 126 or 127  |
//! | masking key, if M: always from a client, never from a server  |
//! | payload, each byte XORed with the key's next byte if M        |
//! ```
//!
//! Read the handshake first ([`upgrade`], [`accept`], [`check`]), then [`Frame`], then [`Session`]: what
//! either end may say once HTTP has stepped aside.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::http::{Request, Response};
use crate::proto::websocket::wire::{Header, accept_for, masked};
use crate::rng::Rng;

/// The longest message that we read, over all its frames.
pub const MAX_MESSAGE: usize = 1024 * 1024;

/// The question that asks a web server to speak WebSocket from here on (RFC 6455 §4.1).
pub fn upgrade(target: &str, host: &str, key: &str) -> Request {
    let mut request = Request::get(target, host);
    request.fields.push("Upgrade", "websocket");
    request.fields.push("Connection", "Upgrade");
    request.fields.push("Sec-WebSocket-Key", key);
    request.fields.push("Sec-WebSocket-Version", "13");
    request
}

/// Whether a request asks to change to WebSocket at all.
pub fn wants_upgrade(request: &Request) -> bool {
    request.fields.lists("Upgrade", "websocket") && request.fields.lists("Connection", "Upgrade")
}

/// The server's answer: 101 when the request keeps to RFC 6455 §4.2.1, else what is wrong with it.
///
/// # Errors
/// The response that refuses: 426 for another version, 400 for the rest.
pub fn accept(request: &Request) -> Result<Response, Response> {
    let refuse = |status, reason, why: &str| Response::new(status, reason, "text/plain", why.as_bytes());
    if request.fields.value("Sec-WebSocket-Version") != Some("13") {
        let mut response = refuse(426, "Upgrade Required", "Only version 13 is spoken here.\n");
        response.fields.push("Sec-WebSocket-Version", "13");
        return Err(response);
    }
    let key = request.fields.value("Sec-WebSocket-Key").unwrap_or_default();
    if request.method != "GET" || !BASE64.decode(key).is_ok_and(|bytes| bytes.len() == 16) {
        return Err(refuse(400, "Bad Request", "The key must be 16 bytes in Base64.\n"));
    }
    let mut response = Response { status: 101, reason: "Switching Protocols".into(), ..Response::default() };
    response.fields.push("Upgrade", "websocket");
    response.fields.push("Connection", "Upgrade");
    response.fields.push("Sec-WebSocket-Accept", &accept_for(key));
    Ok(response)
}

/// Whether the server's answer lets us go on (RFC 6455 §4.1).
///
/// # Errors
/// What is missing or wrong.
pub fn check(response: &Response, key: &str) -> Result<(), Error> {
    let fields = &response.fields;
    if response.status != 101 || !fields.lists("Upgrade", "websocket") || !fields.lists("Connection", "Upgrade") {
        return Err(Error::NotSwitched(response.status));
    }
    if fields.value("Sec-WebSocket-Accept") != Some(&accept_for(key)) {
        return Err(Error::WrongAccept);
    }
    Ok(())
}

/// A fresh `Sec-WebSocket-Key`: 16 random bytes in Base64.
pub fn new_key(rng: &mut Rng) -> String {
    BASE64.encode(rng.bytes::<16>())
}

/// What a frame is for (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// One more piece of the message before it.
    Continuation,
    /// Text in UTF-8.
    Text,
    /// Bytes.
    Binary,
    /// "I will say no more."
    Close,
    /// "Are you there?"
    Ping,
    /// "I am here."
    Pong,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// It is the last of its message.
    pub fin: bool,
    /// What it is for.
    pub opcode: Opcode,
    /// The key that its payload was masked with.
    pub mask: Option<[u8; 4]>,
    /// Its payload, unmasked.
    pub payload: Vec<u8>,
}

/// Why a WebSocket connection cannot go on.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The server stayed with HTTP.
    #[error("the server did not switch to WebSocket: it answered {0}")]
    NotSwitched(u16),
    /// The server's proof fits another key.
    #[error("Sec-WebSocket-Accept does not fit the key that we sent")]
    WrongAccept,
    /// A reserved bit is set, though no extension was agreed.
    #[error("a reserved bit is set, but no extension was agreed on")]
    ReservedBit,
    /// The opcode has no meaning.
    #[error("opcode {0:#x} is reserved")]
    Opcode(u8),
    /// A length that would fit into fewer bytes.
    #[error("the length is not in its shortest form")]
    LongLength,
    /// A control frame that is too long or in pieces.
    #[error("a control frame must be whole and at most 125 bytes long")]
    Control,
    /// A client's frame without a mask, or a server's with one.
    #[error("a client's frames must be masked, a server's must not")]
    Masking,
    /// A continuation of nothing, or a new message within another.
    #[error("the pieces of a message are out of order")]
    Order,
    /// A text that is no UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// More than [`MAX_MESSAGE`].
    #[error("a message is longer than {MAX_MESSAGE} bytes")]
    TooLong,
}

impl Opcode {
    /// Its four bits.
    pub fn code(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    /// Control frames may stand between the pieces of a message.
    pub fn is_control(self) -> bool {
        self.code() >= 0x8
    }

    fn from_code(code: u8) -> Result<Self, Error> {
        let all = [Self::Continuation, Self::Text, Self::Binary, Self::Close, Self::Ping, Self::Pong];
        all.into_iter().find(|opcode| opcode.code() == code).ok_or(Error::Opcode(code))
    }
}

impl Error {
    /// The status code that tells the other end (RFC 6455 §7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::Utf8 => 1007,
            Self::TooLong => 1009,
            _ => 1002,
        }
    }
}

impl Frame {
    /// Reads one frame and says how many bytes it took, or `None` while some are missing.
    ///
    /// # Errors
    /// It breaks the standard, or is longer than [`MAX_MESSAGE`].
    pub fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Error> {
        let Some(header) = Header::read(bytes) else { return Ok(None) };
        if header.rsv != 0 {
            return Err(Error::ReservedBit);
        }
        let opcode = Opcode::from_code(header.opcode)?;
        if opcode.is_control() && (!header.fin || header.payload > 125 || header.long_winded) {
            return Err(Error::Control);
        }
        if header.long_winded {
            return Err(Error::LongLength);
        }
        let length = usize::try_from(header.payload).ok().filter(|&n| n <= MAX_MESSAGE).ok_or(Error::TooLong)?;
        let Some(payload) = bytes.get(header.len..header.len + length) else { return Ok(None) };
        let payload = header.mask.map_or_else(|| payload.to_vec(), |mask| masked(payload, mask).collect());
        Ok(Some((Self { fin: header.fin, opcode, mask: header.mask, payload }, header.len + length)))
    }

    /// Appends the frame as bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (opcode, payload) = (self.opcode.code(), self.payload.len() as u64);
        Header { fin: self.fin, opcode, mask: self.mask, payload, ..Header::default() }.write(out);
        match self.mask {
            Some(mask) => out.extend(masked(&self.payload, mask)),
            None => out.extend_from_slice(&self.payload),
        }
    }
}

/// Which end we are: only a client masks (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It asked for the upgrade.
    Client,
    /// It agreed to it.
    Server,
}

/// What the other end said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole text.
    Text(String),
    /// Whole bytes.
    Binary(Vec<u8>),
    /// It asked whether we are there; the pong is written already.
    Ping(Vec<u8>),
    /// It is there.
    Pong(Vec<u8>),
    /// It will say no more; our own close is written already.
    Close {
        /// Why, as a number, if it said so.
        code: Option<u16>,
        /// Why, in words.
        reason: String,
    },
    /// It broke the rules; a close that says so is written already.
    Failed(Error),
}

/// One end of a WebSocket conversation, from the 101 on.
#[derive(Debug)]
pub struct Session {
    role: Role,
    rng: Rng,
    inbox: Vec<u8>,
    partial: Option<(Opcode, Vec<u8>)>,
    close_sent: bool,
    close_received: bool,
    unmasked: bool,
}

impl Session {
    /// A session in this role; a client draws its masks from `rng`.
    pub fn new(role: Role, rng: Rng) -> Self {
        Self { role, rng, inbox: Vec::new(), partial: None, close_sent: false, close_received: false, unmasked: false }
    }

    /// Whether a client leaves its frames unmasked, a fault that the server must not accept.
    pub fn set_unmasked(&mut self, unmasked: bool) {
        self.unmasked = unmasked;
    }

    /// Says a text.
    pub fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        self.send(Opcode::Text, text.as_bytes(), out);
    }

    /// Sends bytes.
    pub fn binary(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.send(Opcode::Binary, bytes, out);
    }

    /// Asks whether the other end is there. Only the first 125 bytes are sent.
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        self.send(Opcode::Ping, payload.get(..125).unwrap_or(payload), out);
    }

    /// Says that we will say no more.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        let mut payload = code.to_be_bytes().to_vec();
        let fits = (0..=reason.len().min(123)).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
        payload.extend_from_slice(reason.get(..fits).unwrap_or_default().as_bytes());
        self.send(Opcode::Close, &payload, out);
        self.close_sent = true;
    }

    /// Takes bytes of the stream, writes the answers that the RFC demands, and says what was heard.
    pub fn receive(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Vec<Event> {
        if self.close_received {
            return Vec::new();
        }
        self.inbox.extend_from_slice(bytes);
        let (mut events, mut used) = (Vec::new(), 0);
        while !self.close_received {
            match Frame::read(self.inbox.get(used..).unwrap_or_default()) {
                Ok(None) => break,
                Ok(Some((frame, length))) => {
                    used += length;
                    match self.hear(frame, out) {
                        Ok(event) => events.extend(event),
                        Err(error) => self.fail(error, &mut events, out),
                    }
                }
                Err(error) => self.fail(error, &mut events, out),
            }
        }
        self.inbox.drain(..used);
        events
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// We said that we will say no more.
    pub fn is_closing(&self) -> bool {
        self.close_sent
    }

    /// Both ends said that they will say no more.
    pub fn is_closed(&self) -> bool {
        self.close_sent && self.close_received
    }

    fn send(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        // RFC 6455 §5.5.1: after a close frame, nothing.
        if self.close_sent {
            return;
        }
        let mask = (self.role == Role::Client && !self.unmasked).then(|| self.rng.bytes());
        Frame { fin: true, opcode, mask, payload: payload.to_vec() }.write(out);
    }

    fn hear(&mut self, frame: Frame, out: &mut Vec<u8>) -> Result<Option<Event>, Error> {
        if frame.mask.is_some() != (self.role == Role::Server) {
            return Err(Error::Masking);
        }
        match frame.opcode {
            Opcode::Ping => {
                self.send(Opcode::Pong, &frame.payload, out);
                Ok(Some(Event::Ping(frame.payload)))
            }
            Opcode::Pong => Ok(Some(Event::Pong(frame.payload))),
            Opcode::Close => self.hear_close(&frame.payload, out).map(Some),
            Opcode::Text | Opcode::Binary if self.partial.is_none() => {
                self.partial = Some((frame.opcode, frame.payload));
                self.complete(frame.fin)
            }
            Opcode::Continuation => {
                let Some((_, message)) = &mut self.partial else { return Err(Error::Order) };
                message.extend_from_slice(&frame.payload);
                self.complete(frame.fin)
            }
            Opcode::Text | Opcode::Binary => Err(Error::Order),
        }
    }

    fn complete(&mut self, fin: bool) -> Result<Option<Event>, Error> {
        if self.partial.as_ref().is_some_and(|(_, message)| message.len() > MAX_MESSAGE) {
            return Err(Error::TooLong);
        }
        match self.partial.take_if(|_| fin) {
            None => Ok(None),
            Some((Opcode::Text, message)) => {
                Ok(Some(Event::Text(String::from_utf8(message).map_err(|_| Error::Utf8)?)))
            }
            Some((_, message)) => Ok(Some(Event::Binary(message))),
        }
    }

    fn hear_close(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<Event, Error> {
        let (code, reason) = match payload {
            [] => (None, ""),
            [_] => return Err(Error::Control),
            [a, b, reason @ ..] => {
                (Some(u16::from_be_bytes([*a, *b])), std::str::from_utf8(reason).map_err(|_| Error::Utf8)?)
            }
        };
        // RFC 6455 §5.5.1: the answer usually repeats the code.
        self.close_received = true;
        self.send(Opcode::Close, payload.get(..2).unwrap_or_default(), out);
        self.close_sent = true;
        Ok(Event::Close { code, reason: reason.into() })
    }

    fn fail(&mut self, error: Error, events: &mut Vec<Event>, out: &mut Vec<u8>) {
        self.close(error.close_code(), "", out);
        self.close_received = true; // RFC 6455 §7.1.7: nothing more is read.
        events.push(Event::Failed(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Session {
        Session::new(Role::Client, Rng::seeded(1))
    }

    fn server() -> Session {
        Session::new(Role::Server, Rng::seeded(2))
    }

    #[test]
    fn a_proper_request_is_accepted_and_its_answer_checks() {
        let key = new_key(&mut Rng::seeded(3));
        let request = upgrade("/chat", "www.example.com", &key);
        assert!(wants_upgrade(&request));
        let response = accept(&request).unwrap();
        assert_eq!(check(&response, &key), Ok(()));
        assert_eq!(check(&response, "another"), Err(Error::WrongAccept));
        assert_eq!(check(&Response::new(200, "OK", "text/plain", b""), &key), Err(Error::NotSwitched(200)));
    }

    #[test]
    fn another_version_and_a_bad_key_are_refused() {
        let mut old = Request::get("/chat", "a");
        old.fields.push("Sec-WebSocket-Version", "8");
        assert_eq!(accept(&old).unwrap_err().status, 426);
        assert_eq!(accept(&upgrade("/chat", "a", "")).unwrap_err().status, 400);
        assert_eq!(accept(&upgrade("/chat", "a", "c2hvcnQ=")).unwrap_err().status, 400);
        assert_eq!(accept(&upgrade("/chat", "a", "no Base64!")).unwrap_err().status, 400);
    }

    #[test]
    fn the_rfcs_examples_read_and_write() {
        // RFC 6455 §5.7: "Hello" unmasked and masked, then a masked pong.
        let examples: [(&[u8], bool, Opcode); 3] = [
            (b"\x81\x05Hello", false, Opcode::Text),
            (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", true, Opcode::Text),
            (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", true, Opcode::Pong),
        ];
        for (bytes, masked, opcode) in examples {
            let (frame, used) = Frame::read(bytes).unwrap().unwrap();
            assert_eq!((frame.mask.is_some(), frame.opcode, used), (masked, opcode, bytes.len()));
            assert_eq!(frame.payload, b"Hello");
            let mut written = Vec::new();
            frame.write(&mut written);
            assert_eq!(written, bytes);
        }
    }

    #[test]
    fn every_length_form_reads_back_from_any_cut() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let frame = Frame { fin: true, opcode: Opcode::Binary, mask: Some([1, 2, 3, 4]), payload: vec![7; length] };
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            for cut in (0..bytes.len()).step_by(1 + length / 50) {
                assert_eq!(Frame::read(&bytes[..cut]), Ok(None));
            }
            assert_eq!(Frame::read(&bytes), Ok(Some((frame, bytes.len()))));
        }
    }

    #[test]
    fn what_the_rfc_forbids_is_named() {
        let cases: [(&[u8], Error); 7] = [
            (b"\xC1\x00", Error::ReservedBit),
            (b"\x83\x00", Error::Opcode(3)),
            (b"\x09\x00", Error::Control),
            (b"\x89\x7E\x00\x7E", Error::Control),
            (b"\x81\x7E\x00\x05", Error::LongLength),
            (b"\x81\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF", Error::LongLength),
            (b"\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", Error::TooLong),
        ];
        for (bytes, error) in cases {
            assert_eq!(Frame::read(bytes), Err(error), "{bytes:x?}");
        }
    }

    #[test]
    fn a_ping_is_answered_with_the_same_bytes() {
        let (mut wire, mut back, mut sink) = (Vec::new(), Vec::new(), Vec::new());
        client().ping(b"there?", &mut wire);
        assert_eq!(server().receive(&wire, &mut back), [Event::Ping(b"there?".to_vec())]);
        assert_eq!(client().receive(&back, &mut sink), [Event::Pong(b"there?".to_vec())]);
        assert!(sink.is_empty());
    }

    #[test]
    fn a_close_is_answered_and_then_nothing_is_said() {
        let (mut client, mut server) = (client(), server());
        let (mut up, mut down) = (Vec::new(), Vec::new());
        client.close(1000, "bye", &mut up);
        assert_eq!(server.receive(&up, &mut down), [Event::Close { code: Some(1000), reason: "bye".into() }]);
        assert!(server.is_closed() && !client.is_closed());
        assert_eq!(client.receive(&down, &mut up), [Event::Close { code: Some(1000), reason: String::new() }]);
        assert!(client.is_closed());
        let before = up.len();
        client.text("too late", &mut up);
        assert_eq!(up.len(), before);
    }

    #[test]
    fn a_message_in_pieces_is_joined_around_a_ping() {
        let mut server = server();
        let mask = Some([9, 8, 7, 6]);
        let mut wire = Vec::new();
        Frame { fin: false, opcode: Opcode::Text, mask, payload: "gr\u{fc}".as_bytes()[..3].to_vec() }.write(&mut wire);
        Frame { fin: true, opcode: Opcode::Ping, mask, payload: vec![] }.write(&mut wire);
        let rest = "gr\u{fc}n".as_bytes()[3..].to_vec();
        Frame { fin: true, opcode: Opcode::Continuation, mask, payload: rest }.write(&mut wire);
        let mut out = Vec::new();
        let heard: Vec<_> = wire.chunks(1).flat_map(|byte| server.receive(byte, &mut out)).collect();
        assert_eq!(heard, [Event::Ping(vec![]), Event::Text("gr\u{fc}n".into())]);
    }

    #[test]
    fn breaking_the_rules_ends_the_session_with_the_right_code() {
        let cases: [(&[u8], Error); 4] = [
            (b"\x81\x00", Error::Masking),
            (b"\x80\x80\0\0\0\0", Error::Order),
            (b"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", Error::Order),
            (b"\x81\x81\0\0\0\0\xFF", Error::Utf8),
        ];
        for (bytes, error) in cases {
            let (mut server, mut out) = (server(), Vec::new());
            assert_eq!(server.receive(bytes, &mut out), [Event::Failed(error)]);
            let (close, _) = Frame::read(&out).unwrap().unwrap();
            assert_eq!((close.opcode, close.payload), (Opcode::Close, error.close_code().to_be_bytes().to_vec()));
            assert!(server.is_closed());
        }
    }

    #[test]
    fn noise_never_panics() {
        let mut rng = Rng::seeded(9);
        for _ in 0..5_000 {
            let (noise, mut out) = (rng.bytes::<24>(), Vec::new());
            for session in [&mut client(), &mut server()] {
                session.receive(&noise, &mut out);
            }
            let _ = (Request::read(&noise), Response::read(&noise, "GET"));
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let mut wire = Vec::new();
        client().close(1000, &"\u{fc}".repeat(100), &mut wire);
        let (close, _) = Frame::read(&wire).unwrap().unwrap();
        assert_eq!(close.payload.len(), 2 + 122);
    }
}
