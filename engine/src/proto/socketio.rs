//! Socket.IO — protocol 5, and 4 over Engine.IO 3 (<https://socket.io/docs/v4/socket-io-protocol/>). Events with a
//! name and arguments, between programs; each travels in one message of Engine.IO.
//!
//! ```text
//! 2["chat","hi"]                           event      type [attachments -] [/namespace ,] [ack id] JSON
//! 2/admin,7["save",1]                      event that wants an acknowledgment with the id 7
//! 3/admin,7["done"]                        that acknowledgment
//! 51-["photo",{"_placeholder":true,"num":0}]   event whose bytes follow in one binary message
//! ```

use super::digit::digits;
use super::jsontext::{decimal, items, put_string, skip_blank, value_end};
use super::prelude::*;
use super::stream::{Framing, StreamCtx};
use crate::model::BufferKind;
use std::ops::Range;

/// Socket.IO.
pub static ABOUT: Identity = Identity {
    name: "socketio",
    title: "Socket.IO",
    osi: Osi::Application,
    spec: "Socket.IO protocol 5",
    fields: FIELDS,
    summary: Some(summary),
};

digits! {
    /// What a packet is for. On the wire it is the packet's first digit.
    pub enum Type {
        /// Let me into this namespace; or: you are in.
        Connect = "Connect",
        /// I leave it.
        Disconnect = "Disconnect",
        /// Something happened.
        Event = "Event",
        /// The answer to an event.
        Ack = "Ack",
        /// You are not let in.
        ConnectError = "Connect error",
        /// An event, and attachments follow.
        BinaryEvent = "Binary event",
        /// An answer, and attachments follow.
        BinaryAck = "Binary ack",
    }
}

fields! {
    TYPE          = dynamic(Kind::Uint(8), "socketio.type", "Type", "What the packet is for, as one digit.").names(TYPES);
    ATTACHMENTS   = dynamic(Kind::Uint(32), "socketio.attachments", "Attachments", "How many binary messages belong to this packet and follow it.");
    NAMESPACE     = dynamic(Kind::Text, "socketio.namespace", "Namespace", "Which of several channels on one connection; / is the one that all have.");
    QUERY         = dynamic(Kind::Text, "socketio.query", "Query", "What an older client adds to the namespace that it asks for.");
    ACK_ID        = dynamic(Kind::Uint(32), "socketio.ack_id", "Ack id", "Ties an acknowledgment to its event; without it, none is wanted.");
    EVENT         = dynamic(Kind::Text, "socketio.event", "Event", "The event's name: socket.on hears it under this name.");
    ARGUMENT      = dynamic(Kind::Text, "socketio.argument", "Argument", "One value that comes with the event or the acknowledgment, as JSON.");
    PLACEHOLDER   = dynamic(Kind::Uint(32), "socketio.placeholder", "Placeholder", "Here belong the bytes of the attachment with this number.");
    AUTH          = dynamic(Kind::Text, "socketio.auth", "Auth", "What the client shows to be let in, as JSON.");
    SID           = dynamic(Kind::Text, "socketio.sid", "Socket id", "Names the client in this namespace; not Engine.IO's session id.");
    PID           = dynamic(Kind::Text, "socketio.pid", "Private id", "With it, a client that was cut off may ask for what it missed.");
    ERROR_MESSAGE = dynamic(Kind::Text, "socketio.error.message", "Error message", "Why the server does not let the client in.");
    ERROR_DATA    = dynamic(Kind::Text, "socketio.error.data", "Error data", "Details that the server adds, as JSON.");
    ATTACHMENT    = dynamic(Kind::Bytes, "socketio.attachment", "Attachment", "Bytes that belong to an event or an acknowledgment.");
    ATTACHMENT_NUMBER = derived(Kind::Uint(32), "socketio.attachment.number", "Attachment number", "Which placeholder these bytes replace; the first is 0.");
    ATTACHMENT_FRAME  = derived(Kind::Frame, "socketio.attachment.frame", "Belongs to frame", "The frame with the event or acknowledgment that these bytes complete.");
    ATTACHMENTS_LEFT  = derived(Kind::Uint(32), "socketio.attachment.left", "Still missing", "How many attachments have yet to come; with the last one the event is complete.");
}

/// A packet: a text message.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Within("engineio")],
    over: Over::Stream(recognise),
    dissect: |c| Ok(dissect(c)),
};

/// An attachment: a binary message.
pub static ATTACHMENT_PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Within("engineio.binary")],
    over: Over::Stream(awaited),
    dissect: |c| Ok(attachment(c)),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &ATTACHMENT_PROTOCOL];

const CONNECT: u64 = Type::Connect as u64;
const DISCONNECT: u64 = Type::Disconnect as u64;
const EVENT_: u64 = Type::Event as u64;
const CONNECT_ERROR: u64 = Type::ConnectError as u64;
const BINARY_EVENT: u64 = Type::BinaryEvent as u64;
const BINARY_ACK: u64 = Type::BinaryAck as u64;

/// Arguments of one packet that are shown.
const MOST_ARGUMENTS: usize = 1000;

/// The attachments that one direction still owes.
#[derive(Clone, Default)]
struct Awaiting {
    /// The frame of the packet that they belong to.
    frame: u64,
    total: u64,
    left: u64,
}

/// Where the parts of a packet stand, up to its JSON.
#[derive(Clone, Debug, Default)]
struct Head {
    kind: u64,
    attachments: Option<(Range<usize>, u64)>,
    namespace: Range<usize>,
    query: Option<Range<usize>>,
    ack_id: Range<usize>,
    json: usize,
}

impl Head {
    fn read(text: &[u8]) -> Option<Self> {
        let kind = u64::from(text.first().filter(|b| (b'0'..=b'6').contains(b))? - b'0');
        let mut head = Self { kind, json: 1, ..Self::default() };
        let digits = |at: usize| text.get(at..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count();
        if matches!(kind, BINARY_EVENT | BINARY_ACK) {
            let end = 1 + digits(1);
            let number = decimal(text.get(1..end)?)?;
            if text.get(end) != Some(&b'-') {
                return None;
            }
            head.attachments = Some((1..end, number));
            head.json = end + 1;
        }
        if text.get(head.json) == Some(&b'/') {
            let rest = text.get(head.json..)?;
            let len = rest.iter().position(|&b| b == b',').unwrap_or(rest.len());
            let path = rest.iter().take(len).position(|&b| b == b'?').unwrap_or(len);
            head.namespace = head.json..head.json + path;
            head.query = (path < len).then(|| head.json + path + 1..head.json + len);
            head.json += (len + 1).min(rest.len());
        }
        head.ack_id = head.json..head.json + digits(head.json);
        head.json = head.ack_id.end;
        Some(head)
    }

    /// Whether what begins here can be the JSON that the type asks for.
    fn fits(&self, text: &[u8]) -> bool {
        let first = text.get(skip_blank(text, self.json)).copied();
        match self.kind {
            CONNECT => matches!(first, None | Some(b'{')),
            DISCONNECT => first.is_none(),
            CONNECT_ERROR => matches!(first, Some(b'{' | b'[' | b'"')),
            _ => first == Some(b'['),
        }
    }
}

/// Engine.IO carries texts of anybody; Socket.IO's are told by their form.
fn recognise(ctx: &mut StreamCtx<'_>, text: &[u8]) -> Framing {
    // A text where an attachment was due: the sender has given the event up.
    *ctx.side.inner::<Awaiting>() = Awaiting::default();
    match Head::read(text) {
        Some(head) if head.fits(text) => Framing::Message(text.len()),
        _ => Framing::NotMine,
    }
}

/// Bytes are Socket.IO's where a packet has announced them.
fn awaited(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.side.inner::<Awaiting>().left > 0 { Framing::Message(bytes.len()) } else { Framing::NotMine }
}

fn dissect(c: &mut Cursor<'_>) -> Next {
    let text = c.rest(0);
    let Some(head) = Head::read(text) else {
        c.doubt(c.malformed("this is no packet of Socket.IO"));
        return Next::end(text.len());
    };
    c.push(&TYPE, 0, 1, Value::Uint(head.kind));
    if let Some((at, number)) = head.attachments.clone() {
        c.push(&ATTACHMENTS, at.start, at.len(), Value::Uint(number));
        let frame = c.frame();
        *c.stream().side.inner() = Awaiting { frame, total: number, left: number };
    }
    if head.namespace.is_empty() {
        let root = c.keep(b"/");
        c.derive(&NAMESPACE, Value::Text(root));
    } else {
        put(c, &NAMESPACE, &head.namespace);
    }
    if let Some(query) = &head.query {
        put(c, &QUERY, query);
    }
    if !head.ack_id.is_empty() {
        match text.get(head.ack_id.clone()).and_then(decimal) {
            Some(id) => c.push(&ACK_ID, head.ack_id.start, head.ack_id.len(), Value::Uint(id)),
            None => c.doubt(c.malformed("the acknowledgment's id is too long to be one")),
        }
    }
    let from = skip_blank(text, head.json);
    let sound = match head.kind {
        CONNECT => from == text.len() || connect(c, text, from),
        DISCONNECT => from == text.len(),
        CONNECT_ERROR => error(c, text, from),
        EVENT_ | BINARY_EVENT => arguments(c, text, from, head.kind, true),
        _ => arguments(c, text, from, head.kind, false),
    };
    if !sound {
        c.doubt(if c.is_cut() {
            c.missing(text.len() + 1)
        } else {
            c.malformed("its JSON is not what the type asks for")
        });
    }
    Next::end(text.len())
}

/// The client shows who it is, or the server gives it a name.
fn connect(c: &mut Cursor<'_>, text: &[u8], from: usize) -> bool {
    if c.context.from_client == Some(true) {
        let end = value_end(text, from).unwrap_or(text.len());
        put(c, &AUTH, &(from..end));
        return items_end(text, from).is_some_and(|end| skip_blank(text, end) == text.len());
    }
    let mut all = items(text, from);
    for item in all.by_ref() {
        match text.get(item.name) {
            Some(b"sid") => string(c, &SID, text, &item.value),
            Some(b"pid") => string(c, &PID, text, &item.value),
            _ => false,
        };
    }
    all.end().is_some_and(|end| skip_blank(text, end) == text.len())
}

/// Protocol 5 sends an object with a message; 4 sends a text, or what data there is.
fn error(c: &mut Cursor<'_>, text: &[u8], from: usize) -> bool {
    if text.get(from) == Some(&b'"') {
        let end = value_end(text, from).filter(|&end| string(c, &ERROR_MESSAGE, text, &(from..end)));
        return end.is_some_and(|end| skip_blank(text, end) == text.len());
    }
    let mut all = items(text, from);
    let mut explained = false;
    for item in all.by_ref() {
        match text.get(item.name) {
            Some(b"message") => explained = string(c, &ERROR_MESSAGE, text, &item.value),
            Some(b"data") => put(c, &ERROR_DATA, &item.value),
            _ => {}
        }
    }
    let end = all.end();
    if let Some(end) = end.filter(|_| !explained) {
        put(c, &ERROR_DATA, &(from..end));
    }
    end.is_some_and(|end| skip_blank(text, end) == text.len())
}

/// A name, where it is an event, and values.
fn arguments(c: &mut Cursor<'_>, text: &[u8], from: usize, kind: u64, named: bool) -> bool {
    if text.get(from) != Some(&b'[') {
        return false;
    }
    let mut all = items(text, from);
    let mut shown = 0;
    for item in all.by_ref() {
        shown += 1;
        if shown > MOST_ARGUMENTS {
            c.doubt(c.unshown("the packet has more arguments than are listed"));
            return true;
        }
        if named && shown == 1 {
            // Events may be numbers, too.
            match text.get(item.value.start) {
                Some(b'"') => drop(string(c, &EVENT, text, &item.value)),
                Some(b'0'..=b'9' | b'-') => put(c, &EVENT, &item.value),
                _ => return false,
            }
            continue;
        }
        put(c, &ARGUMENT, &item.value);
        if matches!(kind, BINARY_EVENT | BINARY_ACK) {
            c.indent(1);
            placeholders(c, text, &item.value);
            c.indent(0);
        }
    }
    (shown > 0 || !named) && all.end().is_some_and(|end| skip_blank(text, end) == text.len())
}

/// Where attachments belong: objects that every sender writes in the same way.
fn placeholders(c: &mut Cursor<'_>, text: &[u8], within: &Range<usize>) {
    const BEFORE: &[u8] = br#"{"_placeholder":true,"num":"#;
    let mut at = within.start;
    while let Some(found) = text.get(at..within.end).and_then(|t| t.iter().position(|&b| b == b'{')) {
        at += found;
        let rest = text.get(at..within.end).unwrap_or(&[]);
        if let Some(after) = rest.strip_prefix(BEFORE) {
            let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
            let len = BEFORE.len() + digits + 1;
            if let (Some(number), Some(b'}')) = (after.get(..digits).and_then(decimal), after.get(digits)) {
                c.push(&PLACEHOLDER, at, len, Value::Uint(number));
            }
        }
        at += 1;
    }
}

/// One attachment: its bytes belong to the packet before.
fn attachment(c: &mut Cursor<'_>) -> Next {
    let len = c.len();
    let awaiting: &mut Awaiting = c.stream().side.inner();
    let (frame, number) = (awaiting.frame, awaiting.total.saturating_sub(awaiting.left));
    awaiting.left = awaiting.left.saturating_sub(1);
    let left = awaiting.left;
    c.push(&ATTACHMENT, 0, len, Value::Bytes(c.span(0, len)));
    c.derive(&ATTACHMENT_NUMBER, Value::Uint(number));
    c.derive(&ATTACHMENT_FRAME, Value::Uint(frame));
    c.derive(&ATTACHMENTS_LEFT, Value::Uint(left));
    // What the bytes mean, only the programs know. Letters that were decoded are no data of the wire.
    if c.buffer_kind() == BufferKind::Decoded { Next::end(len) } else { Next::data(0).showing(len) }
}

fn put(c: &mut Cursor<'_>, def: &'static FieldDef, at: &Range<usize>) {
    c.push(def, at.start, at.len(), Value::Text(c.span(at.start, at.len())));
}

/// Writes a JSON string without its quotes; says whether it is one.
fn string(c: &mut Cursor<'_>, def: &'static FieldDef, text: &[u8], at: &Range<usize>) -> bool {
    put_string(c, def, at.start, text.get(at.clone()).unwrap_or(&[]))
}

/// Where an array or object ends, once its members were looked at.
fn items_end(text: &[u8], from: usize) -> Option<usize> {
    let mut all = items(text, from);
    all.by_ref().for_each(drop);
    all.end()
}

/// `Engine.IO message, Socket.IO event "chat" "hi" in /admin, ack id 7`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let of = |def| packet.uint_in(layer, def);
    if let Some(bytes) = packet.octets_in(layer, &ATTACHMENT) {
        out.push_str("Engine.IO message, Socket.IO attachment ");
        show::number(of(&ATTACHMENT_NUMBER).unwrap_or(0), out);
        out.push_str(" of the packet in frame ");
        show::number(of(&ATTACHMENT_FRAME).unwrap_or(0), out);
        out.push_str(", ");
        show::number(bytes.len() as u64, out);
        return out.push_str(" bytes");
    }
    out.push_str("Engine.IO message, Socket.IO ");
    let name = of(&TYPE).and_then(|n| TYPE.name_of(n)).unwrap_or("packet");
    let from = out.len();
    out.push_str(name);
    if let Some(name) = out.get_mut(from..) {
        name.make_ascii_lowercase();
    }
    for f in packet.fields_of(layer) {
        let Value::Text(text) = f.value else { continue };
        let (before, after) = match f.def {
            d if *d == EVENT || *d == ERROR_MESSAGE => (" \"", "\""),
            d if *d == ARGUMENT || *d == AUTH => (" ", ""),
            d if *d == SID => (", socket id ", ""),
            _ => continue,
        };
        out.push_str(before);
        show::escape_within(packet.bytes(text), 100, out);
        out.push_str(after);
    }
    if let Some(name) = packet.octets_in(layer, &NAMESPACE).filter(|n| *n != b"/") {
        out.push_str(" in ");
        show::escape_within(name, 60, out);
    }
    for (before, def) in [(", ack id ", &ACK_ID), (", attachments: ", &ATTACHMENTS)] {
        if let Some(n) = of(def) {
            out.push_str(before);
            show::number(n, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::Streams;
    use super::*;

    fn head(text: &str) -> Option<(u64, &str, &str, &str, &str)> {
        let h = Head::read(text.as_bytes())?;
        Some((h.kind, &text[h.namespace], h.query.map_or("", |q| &text[q]), &text[h.ack_id], &text[h.json..]))
    }

    #[test]
    fn the_parts_of_a_packet_are_told_apart() {
        assert_eq!(head(r#"2["a"]"#), Some((2, "", "", "", r#"["a"]"#)));
        assert_eq!(head(r#"2/admin,7["a"]"#), Some((2, "/admin", "", "7", r#"["a"]"#)));
        assert_eq!(head("0/admin?token=x"), Some((0, "/admin", "token=x", "", "")));
        assert_eq!(head(r#"52-/n,13["a"]"#), Some((5, "/n", "", "13", r#"["a"]"#)));
        assert_eq!(head("0/,"), Some((0, "/", "", "", "")));
        assert_eq!(head("0/admin?,"), Some((0, "/admin", "", "", "")));
    }

    #[test]
    fn only_what_has_its_form_is_taken_for_it() {
        let mut streams = Streams::default();
        let mut ask = |text: &str| recognise(&mut streams.view(true), text.as_bytes()) == Framing::Message(text.len());
        for text in ["0", r#"0{"a":1}"#, "1", "1/admin,", r#"2["a"]"#, "3/x,1[]", r#"4"no""#, r#"50-["a"]"#, "61-2[]"] {
            assert!(ask(text), "{text}");
        }
        for text in ["", "hello", "7[]", "2", "2{}", r#"5["a"]"#, "5x-[]", "3", "01x", "4", "1[]", r#"{"a":1}"#] {
            assert!(!ask(text), "{text}");
        }
    }

    #[test]
    fn bytes_are_attachments_only_where_a_packet_announced_them() {
        let mut streams = Streams::default();
        assert_eq!(awaited(&mut streams.view(true), b"abc"), Framing::NotMine);
        *streams.view(true).side.inner() = Awaiting { frame: 1, total: 2, left: 1 };
        assert_eq!(awaited(&mut streams.view(true), b"abc"), Framing::Message(3));
        assert_eq!(awaited(&mut streams.view(false), b"abc"), Framing::NotMine);
        // A text between them gives the event up.
        recognise(&mut streams.view(true), br#"2["a"]"#);
        assert_eq!(awaited(&mut streams.view(true), b"abc"), Framing::NotMine);
    }
}
