//! MQTT — versions 3.1, 3.1.1 and 5.0 (OASIS). Devices publish short messages under topics; a broker passes each on to
//! whoever has subscribed to its topic.
//!
//! ```text
//! | type (4) | flags (4) | length (7 bits a byte, the lowest first, 4 bytes at most) | so many bytes … |
//! CONNECT:   | n (2) | "MQTT" | version (1) | flags (1) | keep alive (2) | n (2) | client id | will, name, password |
//! PUBLISH:   | n (2) | topic | id (2), with QoS | message |
//! SUBSCRIBE: | id (2) | { n (2) | topic | QoS (1) } … |
//! ```

use super::prelude::*;
use super::{Framing, Gap, StreamCtx};

/// MQTT.
pub static ABOUT: Identity = Identity {
    name: "mqtt",
    title: "MQ Telemetry Transport",
    osi: Osi::Application,
    spec: "MQTT 3.1.1",
    fields: FIELDS,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Connect Command"),
    (2, "Connect Ack"),
    (3, "Publish Message"),
    (4, "Publish Ack"),
    (5, "Publish Received"),
    (6, "Publish Release"),
    (7, "Publish Complete"),
    (8, "Subscribe Request"),
    (9, "Subscribe Ack"),
    (10, "Unsubscribe Request"),
    (11, "Unsubscribe Ack"),
    (12, "Ping Request"),
    (13, "Ping Response"),
    (14, "Disconnect Req"),
    (15, "Authentication Exchange"),
];
const QOS: &[(u64, &str)] = &[
    (0, "At most once delivery (Fire and Forget)"),
    (1, "At least once delivery (Acknowledged deliver)"),
    (2, "Exactly once delivery (Assured Delivery)"),
    (3, "Reserved"),
];
const GRANTED: &[(u64, &str)] = &[
    (0, "At most once delivery (Fire and Forget)"),
    (1, "At least once delivery (Acknowledged deliver)"),
    (2, "Exactly once delivery (Assured Delivery)"),
    (128, "Failure"),
];
const VERSIONS: &[(u64, &str)] = &[(3, "MQTT v3.1"), (4, "MQTT v3.1.1"), (5, "MQTT v5.0")];
const VERDICTS: &[(u64, &str)] = &[
    (0, "Connection Accepted"),
    (1, "Connection Refused: unacceptable protocol version"),
    (2, "Connection Refused: identifier rejected"),
    (3, "Connection Refused: server unavailable"),
    (4, "Connection Refused: bad user name or password"),
    (5, "Connection Refused: not authorized"),
];
const REASONS: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Granted QoS 1"),
    (2, "Granted QoS 2"),
    (4, "Disconnect with Will Message"),
    (16, "No matching subscribers"),
    (17, "No subscription existed"),
    (24, "Continue authentication"),
    (25, "Re-authenticate"),
    (128, "Unspecified error"),
    (129, "Malformed Packet"),
    (130, "Protocol Error"),
    (131, "Implementation specific error"),
    (132, "Unsupported Protocol Version"),
    (133, "Client Identifier not valid"),
    (134, "Bad User Name or Password"),
    (135, "Not authorized"),
    (136, "Server unavailable"),
    (137, "Server busy"),
    (138, "Banned"),
    (139, "Server shutting down"),
    (141, "Keep Alive timeout"),
    (142, "Session taken over"),
    (143, "Topic Filter invalid"),
    (144, "Topic Name invalid"),
    (145, "Packet Identifier in use"),
    (149, "Packet too large"),
    (151, "Quota exceeded"),
];
const U8: Kind = Kind::Uint(8);
const U16: Kind = Kind::Uint(16);

fields! {
    HEADER_FLAGS = dynamic(Kind::Hex(8), "mqtt.hdrflags", "Header flags", "What kind of message it is, and how to handle it.").detail();
    TYPE        = dynamic(U8, "mqtt.msgtype", "Message type", "What the sender wants: connect, publish, subscribe and so on.").bits(0xf0).names(TYPES);
    RESERVED    = dynamic(U8, "mqtt.hdr_reserved", "Reserved", "Four bits that say nothing in this kind of message.").bits(0x0f).detail();
    DUP         = dynamic(Kind::Bool, "mqtt.dupflag", "Duplicate", "The message is sent once more, as nobody has confirmed it.").bits(0x08).detail();
    QOS_LEVEL   = dynamic(U8, "mqtt.qos", "Quality of service", "How sure the sender wants to be that it arrives.").bits(0x06).names(QOS).detail();
    RETAIN      = dynamic(Kind::Bool, "mqtt.retain", "Retain", "The broker keeps it for those who subscribe later.").bits(0x01).detail();
    RETAIN_RESERVED = dynamic(U8, "mqtt.retain_reserved", "Reserved", "A bit that says nothing in this kind of message.").bits(0x01).detail();
    LENGTH      = dynamic(Kind::Uint(64), "mqtt.len", "Length", "Bytes that follow.").detail();
    PROTOCOL_LEN = dynamic(U16, "mqtt.proto_len", "Name length", "Bytes of the protocol's name.").detail();
    PROTOCOL_NAME = dynamic(Kind::Text, "mqtt.protoname", "Protocol name", "MQTT; before version 3.1.1, MQIsdp.").detail();
    VERSION     = dynamic(U8, "mqtt.ver", "Version", "Which version the client speaks.").names(VERSIONS).detail();
    CONNECT_FLAGS = dynamic(Kind::Hex(8), "mqtt.conflags", "Connect flags", "Which parts the request has, and how the session begins.").detail();
    HAS_USER    = dynamic(Kind::Bool, "mqtt.conflag.uname", "User name", "A user name follows.").bits(0x80).detail();
    HAS_PASSWORD = dynamic(Kind::Bool, "mqtt.conflag.passwd", "Password", "A password follows.").bits(0x40).detail();
    WILL_RETAIN = dynamic(Kind::Bool, "mqtt.conflag.retain", "Will retain", "The broker keeps the last will for later subscribers.").bits(0x20).detail();
    WILL_QOS    = dynamic(U8, "mqtt.conflag.qos", "Will quality", "How sure the delivery of the last will should be.").bits(0x18).names(QOS).detail();
    WILL_FLAG   = dynamic(Kind::Bool, "mqtt.conflag.willflag", "Will", "A message follows that is published if the client is lost.").bits(0x04).detail();
    CLEAN       = dynamic(Kind::Bool, "mqtt.conflag.cleansess", "Clean session", "Nothing of an earlier session is remembered.").bits(0x02).detail();
    FLAG_RESERVED = dynamic(Kind::Bool, "mqtt.conflag.reserved", "Reserved", "Always 0.").bits(0x01).detail();
    KEEP_ALIVE  = dynamic(U16, "mqtt.kalive", "Keep alive", "The client promises to send something at least this often, in seconds.").detail();
    CLIENT_ID_LEN = dynamic(U16, "mqtt.clientid_len", "Client ID length", "Bytes of the client's id.").detail();
    CLIENT_ID   = dynamic(Kind::Text, "mqtt.clientid", "Client ID", "What the client calls itself.");
    WILL_TOPIC_LEN = dynamic(U16, "mqtt.willtopic_len", "Will topic length", "Bytes of the last will's topic.").detail();
    WILL_TOPIC  = dynamic(Kind::Text, "mqtt.willtopic", "Will topic", "Under which topic the last will is published.").detail();
    WILL_LEN    = dynamic(U16, "mqtt.willmsg_len", "Will length", "Bytes of the last will.").detail();
    WILL        = dynamic(Kind::Bytes, "mqtt.willmsg", "Will", "What is published if the client is lost.").detail();
    USERNAME_LEN = dynamic(U16, "mqtt.username_len", "User name length", "Bytes of the user name.").detail();
    USERNAME    = dynamic(Kind::Text, "mqtt.username", "User name", "Who the client is.").detail();
    PASSWORD_LEN = dynamic(U16, "mqtt.passwd_len", "Password length", "Bytes of the password.").detail();
    PASSWORD    = dynamic(Kind::Text, "mqtt.passwd", "Password", "The password, for all on the way to read.").detail();
    ACK_FLAGS   = dynamic(Kind::Hex(8), "mqtt.conack.flags", "Acknowledge flags", "How the session begins.").detail();
    ACK_RESERVED = dynamic(Kind::Bool, "mqtt.conack.flags.reserved", "Reserved", "Always 0.").bits(0xfe).detail();
    SESSION_PRESENT = dynamic(Kind::Bool, "mqtt.conack.flags.sp", "Session present", "The broker still knows an earlier session.").bits(0x01).detail();
    VERDICT     = dynamic(U8, "mqtt.conack.val", "Return code", "Whether the client may stay.").names(VERDICTS);
    CONNECT_REASON = dynamic(U8, "mqtt.connack.reason_code", "Reason", "Whether the client may stay.").names(REASONS);
    TOPIC_LEN   = dynamic(U16, "mqtt.topic_len", "Topic length", "Bytes of the topic.").detail();
    TOPIC       = dynamic(Kind::Text, "mqtt.topic", "Topic", "What the message is about; + and # stand for anything.");
    MESSAGE_ID  = dynamic(U16, "mqtt.msgid", "Message ID", "The answer repeats it.");
    SUB_QOS     = dynamic(U8, "mqtt.sub.qos", "Requested quality", "How sure the subscriber wants to be.").names(QOS).detail();
    GRANTED_QOS = dynamic(U8, "mqtt.suback.qos", "Granted quality", "What the broker grants; 128 refuses.").names(GRANTED).detail();
    MESSAGE     = dynamic(Kind::Bytes, "mqtt.msg", "Message", "What is published.").detail();
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(1883)], over: Over::Stream(frame), dissect };

const CONNECT: u64 = 1;
const CONNACK: u64 = 2;
const PUBLISH: u64 = 3;
const SUBSCRIBE: u64 = 8;
const SUBACK: u64 = 9;
const UNSUBSCRIBE: u64 = 10;

/// The version that the client asked for; 0 where that was not seen.
#[derive(Clone, Copy, Debug, Default)]
struct Version(u8);

/// The number that the bytes behind the first one spell, and how many they are.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.get(1..)?;
    let last = digits.iter().take(4).position(|b| b & 0x80 == 0)?;
    let n = digits.iter().take(last + 1).rev().fold(0, |n: usize, b| n << 7 | usize::from(b & 0x7f));
    Some((n, last + 1))
}

fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.gap == Gap::Unknown && !chain(bytes) {
        return Framing::Foreign;
    }
    match length(bytes) {
        Some((n, width)) if 1 + width + n > bytes.len() => Framing::Need(1 + width + n),
        Some((n, width)) => Framing::Message(1 + width + n),
        None if bytes.len() < 5 => Framing::NeedMore,
        None => Framing::Message(bytes.len()),
    }
}

/// Whether packets begin here one after the other, as far as the bytes go: a type, the flags that it must have
/// (§2.1.3), and a length.
fn chain(mut bytes: &[u8]) -> bool {
    while let [first, _, ..] = bytes {
        let fits = match first >> 4 {
            3 => first & 6 != 6,
            6 | 8 | 10 => first & 0xf == 2,
            kind => kind > 0 && first.trailing_zeros() >= 4,
        };
        match length(bytes).filter(|_| fits) {
            Some((n, width)) => bytes = bytes.get(1 + width + n..).unwrap_or(&[]),
            None => return false,
        }
    }
    true
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let Version(version) = *c.stream().dialogue.state();
    let kind = u64::from(c.u8(0)? >> 4);
    c.read(&HEADER_FLAGS, 0, 1)?;
    let flags: &[&FieldDef] = match kind {
        PUBLISH => &[&TYPE, &DUP, &QOS_LEVEL, &RETAIN],
        6 | SUBSCRIBE | UNSUBSCRIBE if version == 3 => &[&TYPE, &DUP, &QOS_LEVEL, &RETAIN_RESERVED],
        _ => &[&TYPE, &RESERVED],
    };
    c.nested(|c| flags.iter().try_for_each(|def| c.read(def, 0, 1).map(drop)))?;
    let Some((n, width)) = length(c.rest(0)) else {
        return Err(c.malformed("a length has more than four bytes"));
    };
    c.push(&LENGTH, 1, width, Value::Uint(n as u64));
    let (at, end) = (1 + width, c.len());
    match kind {
        CONNECT => connect(c, at)?,
        CONNACK => {
            c.read(&ACK_FLAGS, at, 1)?;
            if version != 3 {
                c.nested(|c| {
                    c.read(&ACK_RESERVED, at, 1)?;
                    c.read(&SESSION_PRESENT, at, 1)
                })?;
            }
            c.read(if version == 5 { &CONNECT_REASON } else { &VERDICT }, at + 1, 1)?;
        }
        PUBLISH => {
            let mut at = text(c, (&TOPIC_LEN, &TOPIC), at)?;
            if c.u8(0)? & 6 != 0 {
                c.read(&MESSAGE_ID, at, 2)?;
                at += 2;
            }
            at = properties(c, version, at);
            c.read(&MESSAGE, at, end.saturating_sub(at))?;
        }
        SUBSCRIBE | UNSUBSCRIBE => {
            c.read(&MESSAGE_ID, at, 2)?;
            let mut at = properties(c, version, at + 2);
            while at < end {
                at = text(c, (&TOPIC_LEN, &TOPIC), at)?;
                if kind == SUBSCRIBE {
                    if version != 5 {
                        c.read(&SUB_QOS, at, 1)?;
                    }
                    at += 1;
                }
            }
        }
        SUBACK => {
            c.read(&MESSAGE_ID, at, 2)?;
            let first = properties(c, version, at + 2);
            if version != 5 {
                (first..end).try_for_each(|at| c.read(&GRANTED_QOS, at, 1).map(drop))?;
            }
        }
        4..=7 | 11 => drop(c.read(&MESSAGE_ID, at, 2)?),
        _ => {}
    }
    Ok(Next::end(end))
}

/// MQTT 3.1.1 §3.1: what is here is told by the flags, in this order.
fn connect(c: &mut Cursor<'_>, at: usize) -> Result<(), Trouble> {
    let at = text(c, (&PROTOCOL_LEN, &PROTOCOL_NAME), at)?;
    let (version, flags) = (c.u8(at)?, c.u8(at + 1)?);
    *c.stream().dialogue.state() = Version(version);
    c.read(&VERSION, at, 1)?;
    c.read(&CONNECT_FLAGS, at + 1, 1)?;
    let bits = [&HAS_USER, &HAS_PASSWORD, &WILL_RETAIN, &WILL_QOS, &WILL_FLAG, &CLEAN, &FLAG_RESERVED];
    c.nested(|c| bits.into_iter().try_for_each(|def| c.read(def, at + 1, 1).map(drop)))?;
    c.read(&KEEP_ALIVE, at + 2, 2)?;
    let at = properties(c, version, at + 4);
    let mut at = text(c, (&CLIENT_ID_LEN, &CLIENT_ID), at)?;
    if flags & 0x04 != 0 {
        at = properties(c, version, at);
        at = text(c, (&WILL_TOPIC_LEN, &WILL_TOPIC), at)?;
        at = text(c, (&WILL_LEN, &WILL), at)?;
    }
    if flags & 0x80 != 0 && at < c.len() {
        at = text(c, (&USERNAME_LEN, &USERNAME), at)?;
    }
    if flags & 0x40 != 0 && at < c.len() {
        text(c, (&PASSWORD_LEN, &PASSWORD), at)?;
    }
    Ok(())
}

/// A length of two bytes and a text. Gives where it ends.
fn text(
    c: &mut Cursor<'_>,
    (length, def): (&'static FieldDef, &'static FieldDef),
    at: usize,
) -> Result<usize, Trouble> {
    let len = usize::from(c.u16(at)?);
    c.read(length, at, 2)?;
    if len > 0 || def == &CLIENT_ID {
        c.read(def, at + 2, len)?;
    }
    Ok(at + 2 + len)
}

/// Version 5 has properties here, which are passed over. Gives where they end.
fn properties(c: &Cursor<'_>, version: u8, at: usize) -> usize {
    if version != 5 {
        return at;
    }
    // `length` passes over one byte.
    length(c.rest(at.saturating_sub(1))).map_or(at, |(n, width)| at + width + n)
}

/// `Publish Message (id=1) [lesson/1]`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &TYPE, out);
    show::parts(packet, layer, &[(" (id=", &MESSAGE_ID)], out);
    if packet.field_in(layer, &MESSAGE_ID).is_some() {
        out.push(')');
    }
    for (def, before) in [(&CLIENT_ID, " "), (&TOPIC, " ")] {
        if let Some(text) = packet.octets_in(layer, def).filter(|text| !text.is_empty()) {
            out.push_str(before);
            show::escape_within(text, 60, out);
        }
    }
    for def in [&VERDICT, &CONNECT_REASON] {
        if packet.field_in(layer, def).is_some() {
            out.push_str(", ");
            show::name(packet, layer, def, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;
    use crate::proto::Streams;

    fn read(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (40000, 1883), bytes)
    }

    #[test]
    fn a_client_says_who_it_is_and_leaves_a_will() {
        let p = read(b"\x10\x1f\0\x04MQTT\x04\xc6\0\x3c\0\x02id\0\x01w\0\x04gone\0\x02me\0\x02pw");
        assert_eq!((p.octets(&CLIENT_ID), p.octets(&WILL)), (Some(&b"id"[..]), Some(&b"gone"[..])));
        assert_eq!((p.octets(&USERNAME), p.octets(&PASSWORD)), (Some(&b"me"[..]), Some(&b"pw"[..])));
        assert_eq!(summary(&p), "Connect Command id");
    }

    #[test]
    fn a_message_has_an_id_only_with_a_promise() {
        let p = read(b"\x30\x06\0\x01thi!");
        assert_eq!((p.uint(&MESSAGE_ID), p.octets(&MESSAGE)), (None, Some(&b"hi!"[..])));
        let p = read(b"\x32\x06\0\x01t\0\x07!");
        assert_eq!((p.uint(&MESSAGE_ID), p.octets(&MESSAGE)), (Some(7), Some(&b"!"[..])));
        assert_eq!(summary(&p), "Publish Message (id=7) t");
    }

    #[test]
    fn every_topic_of_a_subscription_is_shown_and_every_grant() {
        let p = read(b"\x82\x0a\0\x01\0\x01a\x01\0\x01b\x02");
        assert_eq!((p.all(&TOPIC).count(), p.all(&SUB_QOS).count()), (2, 2));
        assert_eq!(read(b"\x90\x04\0\x01\0\x80").all(&GRANTED_QOS).count(), 2);
    }

    #[test]
    fn a_text_longer_than_its_message_is_trouble_and_an_unknown_code_is_a_value() {
        assert!(read(b"\x30\x03\0\x09t").layers[0].trouble.is_some());
        assert!(read(b"\x10\x02\0\x04").layers[0].trouble.is_some());
        assert_eq!(read(b"\x20\x02\0\x63").uint(&VERDICT), Some(0x63));
    }

    #[test]
    fn a_length_is_waited_for_and_never_longer_than_four_bytes() {
        let ask = |bytes: &[u8]| frame(&mut Streams::default().view(true), bytes);
        assert_eq!((ask(b"\x30"), ask(b"\x30\x80\x01")), (Framing::NeedMore, Framing::Need(131)));
        assert_eq!(ask(b"\x30\xff\xff\xff\xff"), Framing::Message(5));
        assert!(read(b"\x30\xff\xff\xff\xff").layers[0].trouble.is_some());
    }
}
