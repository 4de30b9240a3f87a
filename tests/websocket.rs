//! WebSocket frames on a connection made here: what RFC 6455 forbids is named and read all the same, compressed
//! messages are inflated whatever their sender chose (RFC 7692), and what that takes is bounded.

#![expect(clippy::cast_possible_truncation, reason = "a test's packets are small")]

use etherparse::PacketBuilder;
use flate2::{Compress, Compression, FlushCompress};
use osi_tutor::flow::{Event, Limits, Tracker};
use osi_tutor::model::{FieldDef, Packet, RawFrame, Trouble, Value};
use osi_tutor::proto::{walk, websocket};

/// A connection whose handshake is done.
struct Line {
    port: u16,
    sent: [u32; 2],
}

struct Reader {
    tracker: Tracker,
    packet: Packet,
    frames: u64,
}

impl Reader {
    fn new(limits: Limits) -> Self {
        Self { tracker: Tracker::new(limits), packet: Packet::new(), frames: 0 }
    }

    /// Connects, with these extensions agreed on.
    fn connect(&mut self, port: u16, extensions: &str) -> Line {
        let mut line = Line { port, sent: [0; 2] };
        self.say(&mut line, true, b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        let extensions = match extensions {
            "" => String::new(),
            some => format!("Sec-WebSocket-Extensions: {some}\r\n"),
        };
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{extensions}\r\n"
        );
        self.say(&mut line, false, answer.as_bytes());
        line
    }

    fn say(&mut self, line: &mut Line, client: bool, payload: &[u8]) -> &Packet {
        let [from, to] = if client { [1, 2] } else { [2, 1] };
        let ports = if client { [line.port, 80] } else { [80, line.port] };
        let [mine, theirs] = if client { [0, 1] } else { [1, 0] };
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
            .tcp(ports[0], ports[1], 1 + line.sent[mine], 60_000)
            .ack(1 + line.sent[theirs])
            .write(&mut bytes, payload)
            .unwrap();
        line.sent[mine] += payload.len() as u32;
        self.frames += 1;
        walk(&RawFrame::whole(self.frames, bytes), &mut self.tracker, &mut self.packet);
        &self.packet
    }

    fn given_up(&self) -> bool {
        self.tracker.events().iter().any(|e| matches!(e, Event::GaveUp { full: true, .. }))
    }
}

/// A frame: first byte, payload; masked for a client. The mask is zero, so that the payload stays readable.
fn frame(client: bool, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = if client { 0x80 } else { 0 };
    let mut bytes = match payload.len() {
        n @ 0..126 => vec![first, mask | n as u8],
        n => [&[first, mask | 0x7e][..], &(n as u16).to_be_bytes()].concat(),
    };
    if client {
        bytes.extend([0; 4]);
    }
    bytes.extend(payload);
    bytes
}

fn trouble(p: &Packet) -> Option<Trouble> {
    p.layers.iter().find_map(|l| l.trouble)
}

/// The rule that a packet breaks.
fn broken(p: &Packet) -> Option<&'static str> {
    match trouble(p)? {
        Trouble::Breaks(why) => Some(why.0),
        other => panic!("{other:?}"),
    }
}

fn texts(p: &Packet, def: &'static FieldDef) -> Vec<String> {
    let bytes = |f: &osi_tutor::model::Field| match f.value {
        Value::Text(s) | Value::Bytes(s) => String::from_utf8_lossy(p.bytes(s)).into_owned(),
        _ => String::new(),
    };
    p.all(def).map(bytes).collect()
}

/// A compressed message as RFC 7692 §7.2.1 makes it.
fn deflated(compress: &mut Compress, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() + 1000);
    compress.compress_vec(plain, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

#[test]
fn each_rule_that_a_frame_breaks_is_named_and_the_frame_is_read() {
    let long = [&[0x81, 126, 0, 2][..], b"hi"].concat();
    let longer = [&[0x81, 127, 0, 0, 0, 0, 0, 0, 0, 2][..], b"hi"].concat();
    let rows: &[(bool, Vec<u8>, &str)] = &[
        (false, frame(true, 0x81, b"hi"), "the server must not mask its frames (RFC 6455 §5.1)"),
        (true, frame(false, 0x81, b"hi"), "the client must mask its frames (RFC 6455 §5.1)"),
        (false, frame(false, 0xc1, b"hi"), "a reserved bit is set"),
        (false, frame(false, 0x91, b"hi"), "a reserved bit is set"),
        (true, frame(true, 0xa9, b"hi"), "a reserved bit is set"),
        (false, frame(false, 0x83, b"hi"), "the opcodes 3 to 7 and 11 to 15 are reserved (RFC 6455 §5.2)"),
        (false, frame(false, 0x8b, b"hi"), "the opcodes 3 to 7 and 11 to 15 are reserved (RFC 6455 §5.2)"),
        (false, long, "the length is not written in the fewest bytes (RFC 6455 §5.2)"),
        (false, longer, "the length is not written in the fewest bytes (RFC 6455 §5.2)"),
        (false, vec![0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 2], "the highest bit of a 64-bit length must be 0"),
        (false, frame(false, 0x89, &[b'x'; 126]), "a control frame may carry at most 125 bytes (RFC 6455 §5.5)"),
        (false, frame(false, 0x09, b"hi"), "a control frame must not be fragmented (RFC 6455 §5.5)"),
        (false, frame(false, 0x80, b"hi"), "this continues no message whose beginning is in this capture"),
        (false, frame(false, 0x81, b"\xff\xfehi"), "text must be valid UTF-8 (RFC 6455 §8.1)"),
        (false, frame(false, 0x81, b"hi\xc3"), "text must be valid UTF-8 (RFC 6455 §8.1)"),
        (false, frame(false, 0x88, b"\x03\xe8hi\xff"), "text must be valid UTF-8 (RFC 6455 §8.1)"),
        (false, frame(false, 0x88, b"\x03"), "a close code needs two bytes (RFC 6455 §5.5.1)"),
        (true, frame(true, 0x88, b"\x03\xed"), "1005 says that no code came"),
        (false, frame(false, 0x88, b"\x03\xee"), "1006 says that no close frame came"),
        (false, frame(false, 0x88, b"\x03\xf7"), "1015 says that TLS failed"),
        (false, frame(false, 0x88, b"\x03\xe7"), "close codes below 1000 are not used (RFC 6455 §7.4.2)"),
        (false, frame(false, 0x88, b"\x07\xd0"), "reserved for later standards (RFC 6455 §7.4.2)"),
        (false, frame(false, 0x88, b"\x13\x88"), "close codes end at 4999 (RFC 6455 §7.4.2)"),
    ];
    for (client, bytes, rule) in rows {
        let mut reader = Reader::new(Limits::default());
        let mut line = reader.connect(4000, "");
        let p = reader.say(&mut line, *client, bytes);
        let why = broken(p).unwrap_or_else(|| panic!("{rule}: {bytes:02x?}"));
        assert!(why.contains(rule), "{why}: {bytes:02x?}");
        assert!(p.field(&websocket::OPCODE).is_some_and(|f| f.value.uint() == Some(u64::from(bytes[0] & 15))));
    }
}

#[test]
fn what_is_right_breaks_no_rule() {
    let mut reader = Reader::new(Limits::default());
    let mut line = reader.connect(4000, "");
    for (client, bytes) in [
        (true, frame(true, 0x81, "grüße".as_bytes())),
        (false, frame(false, 0x82, b"\xff\xfe")),
        (false, frame(false, 0x01, b"\xc3")),
        (false, frame(false, 0x89, b"between")),
        (false, frame(false, 0x80, b"\xa9")),
        (true, frame(true, 0x82, &[0xff; 126])),
        (true, frame(true, 0x88, b"\x0f\xa0bye")),
        (true, frame(true, 0x8a, b"a pong may follow")),
        (false, frame(false, 0x88, b"")),
    ] {
        assert_eq!(trouble(reader.say(&mut line, client, &bytes)), None, "{bytes:02x?}");
    }
}

#[test]
fn what_came_before_decides_about_the_order_of_frames() {
    let mut reader = Reader::new(Limits::default());
    let mut line = reader.connect(4000, "");
    assert_eq!(broken(reader.say(&mut line, false, &frame(false, 0x01, b"one "))), None);
    let p = reader.say(&mut line, false, &frame(false, 0x81, b"another"));
    assert!(broken(p).is_some_and(|why| why.contains("§5.4")));
    assert_eq!(texts(p, &websocket::TEXT), ["another"]);
    let p = reader.say(&mut line, false, &frame(false, 0x80, b"message"));
    assert_eq!((broken(p), texts(p, &websocket::TEXT)), (None, vec!["one message".to_owned()]));
    assert_eq!(broken(reader.say(&mut line, true, &frame(true, 0x88, b"\x03\xe8"))), None);
    assert!(broken(reader.say(&mut line, true, &frame(true, 0x81, b"late"))).is_some_and(|w| w.contains("§5.5.1")));
    assert_eq!(broken(reader.say(&mut line, false, &frame(false, 0x81, b"the other side may"))), None);
}

#[test]
fn the_bytes_of_every_fragment_are_shown_in_its_frame_and_the_message_with_the_last() {
    let mut reader = Reader::new(Limits::default());
    let mut line = reader.connect(4000, "");
    let p = reader.say(&mut line, true, &frame(true, 0x01, b"Hel"));
    assert_eq!(texts(p, &websocket::FRAGMENT), ["Hel"]);
    let mut brief = String::new();
    let layer = p.layer(&websocket::ABOUT).unwrap();
    (layer.proto.summary.unwrap())(p, layer, &mut brief);
    assert_eq!(brief, "Fragment: Text, masked: Hel");
    let p = reader.say(&mut line, true, &frame(true, 0x00, b"lo "));
    assert_eq!(texts(p, &websocket::CONTINUE), ["lo "]);
    let p = reader.say(&mut line, true, &frame(true, 0x80, b"you"));
    assert_eq!(texts(p, &websocket::TEXT), ["Hello you"]);
    // A message of empty fragments is empty, and no rule is broken.
    for first in [0x01, 0x00, 0x80] {
        assert_eq!(trouble(reader.say(&mut line, true, &frame(true, first, b""))), None);
    }
}

const DEFLATE: &str = "permessage-deflate";

#[test]
fn compressed_messages_are_read_whatever_their_sender_chose() {
    let plain = [&b"the same words, the same words, "[..]; 3].map(<[u8]>::to_vec);
    for (extensions, window, forget) in [
        (DEFLATE, 15, false),
        ("permessage-deflate; client_max_window_bits=9; server_max_window_bits=9", 9, false),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", 15, true),
        ("permessage-deflate; server_no_context_takeover", 12, true),
        ("permessage-deflate;client_no_context_takeover", 12, true),
    ] {
        for client in [true, false] {
            let mut reader = Reader::new(Limits::default());
            let mut line = reader.connect(4000, extensions);
            let mut compress = Compress::new_with_window_bits(Compression::default(), false, window);
            for plain in &plain {
                if forget {
                    compress.reset();
                }
                let bytes = frame(client, 0xc1, &deflated(&mut compress, plain));
                let p = reader.say(&mut line, client, &bytes);
                assert_eq!(trouble(p), None, "{extensions} {client}");
                assert_eq!(texts(p, &websocket::TEXT), [String::from_utf8_lossy(plain)]);
            }
        }
    }
}

/// RFC 7692 §7.2.3: the examples, with what may be between them.
#[test]
fn the_examples_of_the_standard_are_inflated() {
    let hello: &[(&str, &[u8])] = &[
        ("one block", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("the same, told by the first", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ("no compression", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("a last block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        ("a last block, and nothing behind it", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("two blocks", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]),
        ("after a last block, the history stands", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        (
            "two last blocks, the second told by the first",
            &[0xf3, 0x48, 0x05, 0x00, 0xcb, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        ),
    ];
    let mut reader = Reader::new(Limits::default());
    let mut line = reader.connect(4000, DEFLATE);
    for (what, packed) in hello {
        let p = reader.say(&mut line, false, &frame(false, 0xc1, packed));
        assert_eq!((trouble(p), texts(p, &websocket::TEXT)), (None, vec!["Hello".to_owned()]), "{what}");
    }
    // In fragments, with a ping between them and RSV1 on the first one alone.
    let p = reader.say(&mut line, false, &frame(false, 0x41, &[0xf2, 0x48, 0xcd]));
    assert_eq!(trouble(p), None);
    assert_eq!(trouble(reader.say(&mut line, false, &frame(false, 0x89, b""))), None);
    let p = reader.say(&mut line, false, &frame(false, 0x80, &[0xc9, 0xc9, 0x07, 0x00]));
    assert_eq!((trouble(p), texts(p, &websocket::TEXT)), (None, vec!["Hello".to_owned()]));
    // RSV1 on a later fragment has no meaning (RFC 7692 §6.1).
    reader.say(&mut line, false, &frame(false, 0x01, b"a"));
    assert!(broken(reader.say(&mut line, false, &frame(false, 0xc0, b"b"))).is_some());
}

#[test]
fn what_cannot_be_inflated_says_why_and_is_called_malformed_once() {
    let mut reader = Reader::new(Limits::default());
    let mut line = reader.connect(4000, DEFLATE);
    let p = reader.say(&mut line, false, &frame(false, 0xc1, b"\x07\xff\xff"));
    assert!(matches!(trouble(p), Some(Trouble::Malformed(_))));
    let p = reader.say(&mut line, false, &frame(false, 0xc1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));
    assert!(matches!(trouble(p), Some(Trouble::Unshown(why)) if why.0.contains("refers to a message")));
    assert_eq!(trouble(reader.say(&mut line, false, &frame(false, 0x81, b"plain"))), None);
    // Never more work than the message is worth: a last block in every two bytes.
    let ends = [3_u8, 0].repeat(30_000);
    let p = reader.say(&mut line, true, &frame(true, 0xc1, &ends));
    assert!(matches!(trouble(p), Some(Trouble::Unshown(_))), "{:?}", trouble(p));
}

#[test]
fn histories_and_fragments_share_a_bound_and_the_oldest_is_given_up_and_said() {
    let limits = Limits { bytes_kept: 64 << 10, ..Limits::default() };
    let mut reader = Reader::new(limits);
    let (mut given_up, mut lines) = (0, Vec::new());
    for port in 2000..4000 {
        let mut line = reader.connect(port, DEFLATE);
        let mut compress = Compress::new(Compression::default(), false);
        let plain = format!("message {port}, and this message is a message like every message");
        for client in [true, false] {
            let p = reader.say(&mut line, client, &frame(client, 0xc1, &deflated(&mut compress, plain.as_bytes())));
            assert_eq!((trouble(p), texts(p, &websocket::TEXT)), (None, vec![plain.clone()]));
            given_up += u32::from(reader.given_up());
            compress.reset();
        }
        lines.push(line);
    }
    assert!(given_up > 1000, "it is told: {given_up}");
    let again = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let p = reader.say(&mut lines[0], true, &frame(true, 0xc1, &again));
    assert!(matches!(trouble(p), Some(Trouble::Unshown(why)) if why.0.contains("its history was given up")));
    let p = reader.say(lines.last_mut().unwrap(), true, &frame(true, 0xc1, &again));
    assert_eq!((trouble(p), texts(p, &websocket::TEXT)), (None, vec!["Hello".to_owned()]));
    // The pieces of a message are on the same shelf.
    let mut line = reader.connect(5000, "");
    reader.say(&mut line, true, &frame(true, 0x01, &vec![b'x'; 40_000]));
    reader.say(&mut line, true, &frame(true, 0x00, &vec![b'x'; 40_000]));
    let p = reader.say(&mut line, true, &frame(true, 0x80, b"end"));
    assert!(matches!(trouble(p), Some(Trouble::Unshown(why)) if why.0.contains("given up")));
    assert_eq!(p.layers.iter().filter(|l| l.proto.name == "websocket").count(), 1);
}
