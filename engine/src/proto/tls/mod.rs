//! TLS — RFC 8446 (1.3), RFC 5246 (1.2). Records that carry a handshake in the clear, then secrets.
//!
//! ```text
//! | content type (1) | version (2) | length (2) | so many bytes …          a record
//! | handshake type (1) | length (3) | so many bytes …                     a handshake message
//! ```
//!
//! A record may hold several handshake messages, and one message may span several records
//! (RFC 8446 §5.1): handshakes are put together before they are read. Read `hello.rs` next.

mod certificate;
mod codes;
mod exchange;
mod fields;
mod fingerprint;
mod hello;
mod v2;

pub use fields::*;

use super::prelude::*;
use super::stream::StreamCtx;
use super::{Framing, Gap};
use crate::model::{BufferKind, Field, Layer, Packet, show};

/// TLS.
pub static ABOUT: Identity = Identity {
    name: "tls",
    title: "Transport Layer Security",
    osi: Osi::Presentation,
    spec: "RFC 8446",
    fields: FIELDS,
    summary: Some(summary),
};

/// The row. The ports are those on which Wireshark expects TLS from the first byte on.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::TcpPort(324),
        Key::TcpPort(443),
        Key::TcpPort(465),
        Key::TcpPort(636),
        Key::TcpPort(802),
        Key::TcpPort(853),
        Key::TcpPort(993),
        Key::TcpPort(995),
        Key::TcpPort(1300),
        Key::TcpPort(2221),
        Key::TcpPort(2443),
        Key::TcpPort(3249),
        Key::TcpPort(3250),
        Key::TcpPort(3251),
        Key::TcpPort(3252),
        Key::TcpPort(3496),
        Key::TcpPort(5061),
        Key::TcpPort(5671),
        Key::TcpPort(5684),
        Key::TcpPort(5868),
        Key::TcpPort(8883),
        Key::TcpPort(11207),
        Key::TcpPort(19999),
        Key::TcpPort(27017),
    ],
    over: Over::Stream(frame),
    dissect,
};

/// Handshake messages without records, in order: QUIC's.
pub static BARE: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Handshake], over: Over::Packet, dissect: dissect_bare };

/// The row for other ports: only bytes that look like nothing else are taken for TLS.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Stream(guess), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED, &BARE];

/// Bytes of a record's header.
const HEADER: usize = 5;
/// A record's contents are at most 2^14 bytes, and what encryption adds (RFC 5246 §6.2.3).
const LONGEST_RECORD: usize = (1 << 14) + 2048;
/// A handshake message longer than this is not put together.
const LONGEST_HANDSHAKE: usize = 1 << 18;

/// Records and messages that one line names.
const MOST_ITEMS: usize = 6;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What one direction remembers.
#[derive(Clone, Debug, Default)]
struct Sender {
    /// The beginning of a handshake message whose end has not come.
    begun: Vec<u8>,
    /// It has sent ChangeCipherSpec: its handshake messages are encrypted from there on.
    encrypts: bool,
}

/// What both directions share.
#[derive(Clone, Debug, Default)]
struct Session {
    /// A record has been seen.
    known: bool,
    /// Bytes were taken for the rest of a record whose start was lost.
    claimed: bool,
    /// Whether they speak SSL 2, whose records have another header.
    v2: v2::Phase,
    /// The server has chosen TLS 1.3.
    v13: bool,
    /// The version and the cipher suite that the server has chosen before 1.3; 0 until then.
    version: u16,
    suite: u16,
}

/// All whole records that are here are one message, as one segment often brings several.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.gap != Gap::None {
        ctx.side.state::<Sender>().begun.clear();
    }
    let unsure = ctx.gap == Gap::Unknown && !chain(bytes);
    let session: &mut Session = ctx.dialogue.state();
    if unsure && session.v2 == v2::Phase::Other && (session.known || !v2::opens(bytes)) {
        return match stray(session, bytes) {
            Framing::Message(_) => Framing::Middle,
            other => other,
        };
    }
    let mut whole = 0;
    loop {
        let rest = bytes.get(whole..).unwrap_or(&[]);
        let size = match record_size(rest) {
            _ if session.v2 != v2::Phase::Other || !session.known && v2::opens(rest) => match v2::record_size(rest) {
                Some(size) => size,
                None if whole > 0 => return Framing::Message(whole),
                None => return Framing::Begun(0),
            },
            Some(Ok(size)) => size,
            Some(Err(())) | None if whole > 0 => return Framing::Message(whole),
            Some(Err(())) if rest.len() >= HEADER => return stray(session, rest),
            _ => return Framing::Begun(0),
        };
        if size > rest.len() {
            return if whole == 0 { Framing::Begun(size) } else { Framing::Message(whole) };
        }
        session.known = true;
        whole += size;
    }
}

/// Whether records begin here one after the other, as far as the bytes go.
fn chain(mut bytes: &[u8]) -> bool {
    loop {
        match record_size(bytes) {
            Some(Ok(size)) => match bytes.get(size..) {
                Some(rest) => bytes = rest,
                None => return true,
            },
            Some(Err(())) => return false,
            None => return true,
        }
    }
}

/// What starts with no record: text is another protocol's, other bytes may be of a record whose start was lost.
fn stray(session: &mut Session, bytes: &[u8]) -> Framing {
    let ours = session.known || session.claimed;
    // As Wireshark decides: four letters in a row, where each is one of 256 in a cipher's bytes.
    let text = bytes.iter().take(4).all(|&b| b == b' ' || b.is_ascii_graphic());
    if text {
        return if ours { Framing::Foreign } else { Framing::NotMine };
    }
    session.claimed = true;
    Framing::Message(bytes.len())
}

/// The same, for a stream whose port promises nothing.
fn guess(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if !ctx.dialogue.holds::<Session>() || !ctx.dialogue.state::<Session>().known {
        let opens = matches!(bytes, [HANDSHAKE | APPLICATION_DATA, 3, _, high, low, ..] if *high > 0 || *low > 0)
            && matches!(record_size(bytes), Some(Ok(_)));
        if !opens {
            return Framing::NotMine;
        }
    }
    ctx.dialogue.state::<Session>().known = true;
    frame(ctx, bytes)
}

/// The length of the record that starts here; `None` while too little is here to tell.
fn record_size(bytes: &[u8]) -> Option<Result<usize, ()>> {
    let kind = *bytes.first()?;
    // Content types: RFC 8446 §B.1, heartbeat: RFC 6520.
    let plausible = (CHANGE_CIPHER_SPEC..=24).contains(&kind) && bytes.get(1).is_none_or(|&major| major == 3);
    if !plausible {
        return Some(Err(()));
    }
    let [_, _, minor, high, low] = *bytes.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([high, low]));
    Some(if minor > 4 || len > LONGEST_RECORD { Err(()) } else { Ok(HEADER + len) })
}

/// Whether these bytes can be the first ones of a record.
pub fn begins_a_record(bytes: &[u8]) -> bool {
    matches!(record_size(bytes), None | Some(Ok(_))) || v2::opens(bytes)
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    let mut at = 0;
    while at < len && !c.context.continuation {
        if c.stream().dialogue.state::<Session>().v2 != v2::Phase::Other || at == 0 && v2::opens(c.rest(0)) {
            at = v2::record(c, at)?;
            continue;
        }
        if matches!(record_size(c.rest(at)), Some(Err(()))) {
            // The middle of a record whose start was not captured, or no TLS at all: nothing here tells which.
            break;
        }
        at = record(c, at)?;
    }
    Ok(Next::end(len))
}

/// QUIC puts the messages together itself (RFC 9001 §4.1.3); what is left of the last one comes later.
fn dissect_bare(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    let mut at = 0;
    while at < len {
        let rest = c.slice(at, len - at)?;
        let Some(n) = handshake_size(rest).filter(|&n| n <= rest.len()) else {
            c.push(&HANDSHAKE_PROTOCOL, at, len - at, Value::None);
            break;
        };
        handshake(c, at, n)?;
        at += n;
    }
    Ok(Next::end(len))
}

/// Reads the record at `at`, and gives where it ends.
fn record(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    let (kind, len) = (c.u8(at)?, usize::from(c.u16(at + 3)?));
    if c.context.quoted {
        // A quotation is rarely whole; of a piece of a record there is nothing to say.
        c.slice(at + HEADER, len)?;
    }
    let opened = c.open(&RECORD, at);
    let body = at + HEADER;
    c.nested(|c| {
        // TLS 1.3 hides the true type inside (RFC 8446 §5.2).
        let disguised = kind == APPLICATION_DATA && c.stream().dialogue.state::<Session>().v13;
        c.read(if disguised { &RECORD_OPAQUE_TYPE } else { &RECORD_CONTENT_TYPE }, at, 1)?;
        c.read(&RECORD_VERSION, at + 1, 2)?;
        c.read(&RECORD_LENGTH, at + 3, 2)?;
        c.slice(body, len)?;
        match kind {
            _ if len == 0 => Ok(()),
            CHANGE_CIPHER_SPEC => {
                c.stream().side.state::<Sender>().encrypts = true;
                c.push(&CHANGE_CIPHER_SPEC_, body, len, Value::None);
                Ok(())
            }
            ALERT => alert(c, body, len),
            HANDSHAKE => handshakes(c, body, len),
            APPLICATION_DATA => c.read(&APP_DATA, body, len).map(drop),
            _ => Ok(()),
        }
    })?;
    c.close(opened, body + len);
    Ok(body + len)
}

/// RFC 8446 §6. An encrypted alert is longer than two bytes.
fn alert(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    c.push(&ALERT_MESSAGE, at, len, Value::None);
    let known = |def: &FieldDef, n: u8| def.name_of(u64::from(n)).is_some();
    if len == 2 && known(&ALERT_LEVEL, c.u8(at)?) {
        c.nested(|c| {
            c.read(&ALERT_LEVEL, at, 1)?;
            c.read(&ALERT_DESC, at + 1, 1)
        })?;
    }
    Ok(())
}

/// Reads the handshake messages of one record; the end of the last one may be in the next record.
fn handshakes(c: &mut Cursor<'_>, mut at: usize, len: usize) -> Result<(), Trouble> {
    let end = at + len;
    let memory = c.stream();
    let sender = memory.side.state::<Sender>();
    let encrypts = sender.encrypts;
    if !sender.begun.is_empty() {
        at = continued(c, at, end)?;
    }
    while at < end {
        let rest = c.slice(at, end - at)?;
        let whole = handshake_size(rest).filter(|&n| n <= rest.len());
        let known = HANDSHAKE_TYPE.name_of(u64::from(c.u8(at)?)).is_some();
        match whole {
            // A cipher's bytes rarely look like one message of a known type that just fits.
            Some(n) if !encrypts || known && n == rest.len() => {
                handshake(c, at, n)?;
                at += n;
            }
            _ => {
                c.push(&HANDSHAKE_PROTOCOL, at, end - at, Value::None);
                if !encrypts {
                    c.stream().side.state::<Sender>().begun.extend_from_slice(rest);
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Goes on with a message that an earlier record began, and gives where its end was.
fn continued(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<usize, Trouble> {
    let bytes = c.slice(at, end - at)?;
    let memory = c.stream();
    let begun = &mut memory.side.state::<Sender>().begun;
    let had = begun.len();
    begun.extend_from_slice(bytes);
    let whole = handshake_size(begun);
    if whole.is_some_and(|n| n > LONGEST_HANDSHAKE) || begun.len() > 2 * LONGEST_HANDSHAKE {
        begun.clear();
        return Err(c.malformed("a handshake message is longer than is put together here"));
    }
    let Some(n) = whole.filter(|&n| n <= begun.len()) else {
        c.push(&HANDSHAKE_PROTOCOL, at, end - at, Value::None);
        return Ok(end);
    };
    let mut message = std::mem::take(begun);
    message.truncate(n);
    if let Some(id) = c.uncover(BufferKind::Decoded, &message) {
        c.made_of(id, c.span(at, n.saturating_sub(had)));
        c.inside(id, |c| handshake(c, 0, n))?;
    }
    Ok(at + n.saturating_sub(had))
}

/// The length of the handshake message that starts here, header included.
fn handshake_size(bytes: &[u8]) -> Option<usize> {
    let &[_, high, middle, low] = bytes.first_chunk()?;
    Some(4 + (u32::from_be_bytes([0, high, middle, low]) as usize))
}

/// Whether these bytes are the first ones of a longer message. A cipher's bytes hardly ever look like that.
fn begins_a_message(bytes: &[u8]) -> bool {
    let known = bytes.first().is_some_and(|&b| HANDSHAKE_TYPE.name_of(b.into()).is_some());
    known && handshake_size(bytes).is_some_and(|n| n > bytes.len() && n <= LONGEST_HANDSHAKE)
}

/// Reads a whole handshake message (RFC 8446 §4).
fn handshake(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    c.push(&HANDSHAKE_PROTOCOL, at, len, Value::None);
    c.nested(|c| {
        let kind = c.read(&HANDSHAKE_TYPE, at, 1)?;
        c.read(&HANDSHAKE_LENGTH, at + 1, 3)?;
        let (body, end) = (at + 4, at + len);
        let done = match kind {
            1 => hello::client(c, body, end),
            2 => hello::server(c, body, end).map(|chosen| {
                let memory = c.stream();
                let session = memory.dialogue.state::<Session>();
                session.v13 |= chosen.v13;
                (session.version, session.suite) = (chosen.version, chosen.suite);
            }),
            4 | 12 | 16 => {
                let Session { v13, version, suite, .. } = *c.stream().dialogue.state();
                if v13 { Ok(()) } else { exchange::read(c, kind, (version, suite), body, end) }
            }
            11 => certificates(c, body, end),
            _ => Ok(()),
        };
        // A message that ends too early hurts nobody but itself: the next one's place is known.
        if let Err(trouble) = done {
            c.doubt(trouble);
        }
        Ok(())
    })
}

/// RFC 5246 §7.4.2: the server's certificate first, then those that vouch for it.
fn certificates(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    let all = c.read_len(&CERTIFICATES_LENGTH, at, 3)?;
    if at + 3 + all != end {
        return Err(c.malformed("a list of certificates does not fill its message"));
    }
    let mut at = at + 3;
    c.nested(|c| {
        while at < end {
            let len = c.read_len(&CERTIFICATE_LENGTH, at, 3)?;
            if at + 3 + len > end {
                return Err(c.malformed("a certificate is longer than its list"));
            }
            c.read(&CERTIFICATE, at + 3, len)?;
            if let Err(trouble) = c.nested(|c| certificate::read(c, at + 3, at + 3 + len)) {
                c.doubt(trouble);
            }
            at += 3 + len;
        }
        Ok(())
    })
}

/// `Client Hello (example.org), Change Cipher Spec, Encrypted Handshake Message`: each record, and what can be read.
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let fields = packet.fields_of(layer);
    let mut items = Items { out, shown: 0 };
    if !fields.iter().any(|f| [&RECORD, &HANDSHAKE_PROTOCOL].contains(&f.def)) {
        items.out.push_str(if begins_a_record(packet.bytes(layer.span)) {
            "a record begins, its end comes later"
        } else {
            "no record begins here"
        });
        return;
    }
    let mut from = 0;
    while from < fields.len() {
        let rest = fields.get(from..).unwrap_or_default();
        let to = rest.iter().skip(1).position(|f| f.def == &RECORD).map_or(rest.len(), |n| n + 1);
        items.record(packet, rest.get(..to).unwrap_or_default());
        from += to;
    }
}

/// What a line says of records, with commas between.
struct Items<'a> {
    out: &'a mut String,
    shown: usize,
}

impl Items<'_> {
    /// Room for one item more; nothing is said beyond the sixth.
    fn item(&mut self) -> Option<&mut String> {
        self.shown += 1;
        match self.shown {
            1 => {}
            2..=MOST_ITEMS => self.out.push_str(", "),
            n => {
                self.out.push_str(if n == MOST_ITEMS + 1 { ", …" } else { "" });
                return None;
            }
        }
        Some(self.out)
    }

    fn say(&mut self, text: &str) {
        if let Some(out) = self.item() {
            out.push_str(text);
        }
    }

    /// The fields of one record, or of handshake messages without one.
    fn record(&mut self, packet: &Packet, fields: &[Field]) {
        let find = |def: &FieldDef| fields.iter().find(|f| f.def == def).and_then(|f| f.value.uint());
        let named = |f: &Field| f.value.uint().and_then(|n| f.def.name_of(n));
        let kind = find(&RECORD_CONTENT_TYPE).or_else(|| find(&RECORD_OPAQUE_TYPE));
        let messages = fields.iter().filter(|f| f.def == &HANDSHAKE_TYPE).count();
        for f in fields {
            if f.def == &HANDSHAKE_TYPE {
                self.say(named(f).unwrap_or("Unknown handshake message"));
            } else if f.def == &SERVER_NAME && self.shown <= MOST_ITEMS {
                self.out.push_str(" (");
                show::value(packet, f, self.out);
                self.out.push(')');
            }
        }
        match kind.map(|n| u8::try_from(n).unwrap_or(0)) {
            Some(ALERT) => {
                let desc = fields.iter().find(|f| f.def == &ALERT_DESC).map(|f| named(f).unwrap_or("unknown"));
                self.say(if desc.is_some() { "Alert: " } else { "Encrypted Alert" });
                self.out.push_str(desc.filter(|_| self.shown <= MOST_ITEMS).unwrap_or_default());
            }
            Some(HANDSHAKE) if messages == 0 => {
                let body = fields.iter().find(|f| f.def == &HANDSHAKE_PROTOCOL).map(|f| packet.bytes(f.span));
                let begins = body.is_some_and(begins_a_message);
                self.say(if begins { "a handshake message begins" } else { "Encrypted Handshake Message" });
            }
            Some(HANDSHAKE) => {}
            Some(n) => self.say(RECORD_CONTENT_TYPE.name_of(n.into()).unwrap_or("Unknown record")),
            None if messages == 0 && find(&RECORD_VERSION) == Some(2) => self.say("Encrypted Data"),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;

    fn ask(bytes: &[u8]) -> Framing {
        frame(&mut Streams::default().view(true), bytes)
    }

    #[test]
    fn whole_records_are_one_message_and_a_begun_one_waits() {
        assert_eq!(ask(b"\x16\x03"), Framing::Begun(0));
        assert_eq!(ask(b"\x16\x03\x01\0\x04ab"), Framing::Begun(9));
        assert_eq!(ask(b"\x15\x03\x03\0\x02\x01\0\x17\x03\x03\0\x01x\x17\x03"), Framing::Message(13));
    }

    #[test]
    fn text_is_not_mine_and_other_bytes_are_what_is_left_of_a_record() {
        assert_eq!(ask(b"GET / HTTP/1.1"), Framing::NotMine);
        assert_eq!(ask(b"\x16\x05\x01\0\x04"), Framing::Message(5));
        assert_eq!(ask(b"\x16\x03\x01\xff\xff"), Framing::Message(5));
    }

    #[test]
    fn what_is_no_record_is_not_called_malformed_and_text_is_nobodys() {
        let mut streams = Streams::default();
        let mut ask = |bytes: &[u8]| frame(&mut streams.view(true), bytes);
        assert_eq!(ask(b"\xef\x01\x02\x03\x04\x05"), Framing::Message(6));
        assert_eq!(ask(b"some text"), Framing::Foreign);
        assert_eq!(ask(b"\x17\x03\x03\0\x01x"), Framing::Message(6));
        let mut frame = Vec::new();
        etherparse::PacketBuilder::ethernet2([0; 6], [0; 6])
            .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .tcp(50_000, 443, 1, 1)
            .write(&mut frame, b"\xef\x01\x02\x03\x04\x05")
            .unwrap();
        let mut packet = Packet::new();
        let raw = crate::model::RawFrame::whole(1, frame);
        crate::proto::walk(&raw, &mut crate::proto::NoMemory::default(), &mut packet);
        let layer = packet.layer(&ABOUT).unwrap();
        let mut out = String::new();
        summary(&packet, layer, &mut out);
        assert_eq!((layer.trouble, out.as_str()), (None, "no record begins here"));
    }

    #[test]
    fn records_of_ssl_2_follow_each_other() {
        let mut streams = Streams::default();
        streams.dialogue.state::<Session>().v2 = v2::Phase::Clear;
        assert_eq!(frame(&mut streams.view(true), b"\x80\x02ab\x80\x01c"), Framing::Message(7));
    }

    #[test]
    fn a_port_that_promises_nothing_needs_a_handshake_or_application_data() {
        let ask = |bytes: &[u8]| guess(&mut Streams::default().view(true), bytes);
        assert_eq!(ask(b"\x16\x03\x01\0\x04"), Framing::Begun(9));
        for bytes in [&b"\x14\x03\x03\0\x01\x01"[..], b"\x16\x03\x01\0\0", b"\x16\x03\x01", b"\xff\xff\xff\xff\xff"] {
            assert_eq!(ask(bytes), Framing::NotMine, "{bytes:?}");
        }
    }

    #[test]
    fn code_tables_ascend() {
        for def in FIELDS {
            assert!(def.names.is_sorted_by(|a, b| a.0 < b.0), "{}", def.name);
        }
    }
}
