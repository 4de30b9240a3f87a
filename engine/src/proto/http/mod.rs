//! HTTP/1 — RFC 9110 (what messages mean), RFC 9112 (how they are written). A client asks, a server
//! answers; each message is a first line, header lines, an empty line, and a body.
//!
//! ```text
//! GET /index.html HTTP/1.1          HTTP/1.1 200 OK
//! Host: example.com                 Content-Length: 5
//!                                   
//!                                   hello
//! ```
//!
//! Read `framing.rs` for where a message ends and which request an answer belongs to, `head.rs` for its
//! lines, `body.rs` for what becomes of the body. SSDP (`UPnP` Device Architecture §1) writes the same
//! messages into datagrams.

mod body;
mod fields;
mod framing;
mod head;
mod order;
mod proof;
mod tunnel;

pub use fields::*;
pub use tunnel::PROTOCOL as TUNNEL;

use super::Carrier;
use super::prelude::*;
use crate::model::{Layer, Packet, show};
use fields::{Role, header};
use framing::{Exchange, Method, Request};
use head::{Extent, Header, Line, Opening};
use std::borrow::Cow;

/// HTTP/1.
pub static ABOUT: Identity = Identity {
    name: "http",
    title: "Hypertext Transfer Protocol",
    osi: Osi::Application,
    spec: "RFC 9112",
    fields: FIELDS,
    summary: Some(summary),
};

/// SSDP; its fields are HTTP's.
pub static SSDP_ABOUT: Identity = Identity {
    name: "ssdp",
    title: "Simple Service Discovery Protocol",
    osi: Osi::Application,
    spec: "UPnP Device Architecture 2.0 §1",
    fields: &[],
    summary: Some(summary),
};

/// The row of HTTP. The ports are those that Wireshark gives it.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::TcpPort(80),
        Key::TcpPort(631),
        Key::TcpPort(1900),
        Key::TcpPort(2710),
        Key::TcpPort(2869),
        Key::TcpPort(3128),
        Key::TcpPort(3132),
        Key::TcpPort(3689),
        Key::TcpPort(5985),
        Key::TcpPort(8080),
        Key::TcpPort(8088),
        Key::TcpPort(11371),
    ],
    over: Over::Stream(framing::frame),
    dissect: |c| Ok(message(c, true)),
};

/// The row of HTTP on other ports.
pub static GUESSED: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Guess],
    over: Over::Stream(framing::guess),
    dissect: |c| Ok(message(c, true)),
};

/// The row of SSDP.
pub static SSDP: Protocol = Protocol {
    about: &SSDP_ABOUT,
    follows: &[Key::UdpPort(1900)],
    over: Over::Packet,
    dissect: |c| Ok(message(c, false)),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &GUESSED, &TUNNEL, &SSDP];

/// What the head of a message tells the rest of the dissector.
#[derive(Default)]
struct Told<'a> {
    method: &'a [u8],
    target: &'a [u8],
    code: u16,
    host: Cow<'a, [u8]>,
    content_type: Option<Cow<'a, [u8]>>,
    content_encoding: Cow<'a, [u8]>,
    extent: Extent,
    upgrade: Cow<'a, [u8]>,
    key: Cow<'a, [u8]>,
    extensions: Cow<'a, [u8]>,
    subprotocol: Cow<'a, [u8]>,
}

/// Reads one message; only those on a connection are remembered.
fn message(c: &mut Cursor<'_>, remembers: bool) -> Next {
    let bytes = c.rest(0);
    let start = head::leading(bytes);
    let first = head::line(bytes, start);
    let known = first.and_then(opened);
    // Behind missing bytes, the rest of a head is still one.
    let piece = c.context.continuation;
    let readable = |opening| !piece || opening == Opening::Headers && framing::headers(bytes);
    let Some((first, opening)) = known.filter(|k| readable(k.1)) else { return body::continuation(c) };
    let mut told = Told::default();
    match opening {
        Opening::Response => status_line(c, &first, &mut told),
        Opening::Request | Opening::Notification => request_line(c, &first, &mut told),
        Opening::Headers => {}
    }
    let end = headers(c, bytes, start + first.len, opening, &mut told);
    match opening {
        Opening::Response => c.derive(&RESPONSE, Value::Bool(true)),
        Opening::Request => c.derive(&REQUEST, Value::Bool(true)),
        Opening::Notification => c.derive(&NOTIFICATION, Value::Bool(true)),
        Opening::Headers => {}
    }
    if opening != Opening::Response {
        full_uri(c, &told);
    }
    if opening != Opening::Headers {
        c.derive(&CHAT, Value::None);
        count(c, opening);
    }
    // A request without a length has no body (RFC 9112 §6.3).
    let asks = matches!(opening, Opening::Request | Opening::Notification);
    let bodiless = match opening {
        Opening::Response if remembers => answer(c, &told),
        Opening::Request | Opening::Notification if remembers => ask(c, &told, opening),
        _ => false,
    };
    let bodiless = bodiless || remembers && asks && told.extent == Extent::Unsaid;
    if told.extent == Extent::Bad {
        c.doubt(c.malformed("the lengths that this message gives are no number, or contradict each other"));
    }
    let extent = if bodiless { Extent::Length(0) } else { told.extent };
    c.context.from_client = Some(opening != Opening::Response);
    // An error's body speaks of the error, not what the target asked for.
    let inner =
        if matches!(told.code, 0 | 200) { super::by_query(Carrier::Body, c.kept(c.context.target)) } else { None };
    let claim = super::by_query(Carrier::Claimed, c.kept(c.context.target));
    body::dissect(c, end, extent, told.content_type.as_deref(), &told.content_encoding, [claim, inner])
}

/// A first line and what it begins; header lines without one begin at once.
fn opened(line: Line<'_>) -> Option<(Line<'_>, Opening)> {
    match head::opening(line.text) {
        Some(opening) => Some((line, opening)),
        None => head::is_header(&line).then_some((Line { len: 0, ..line }, Opening::Headers)),
    }
}

/// RFC 9112 §3: method, target, version.
fn request_line<'a>(c: &mut Cursor<'a>, line: &Line<'a>, told: &mut Told<'a>) {
    let text = line.text;
    let method = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
    let rest = text.get(method + 1..).unwrap_or(&[]);
    let version = method + 1 + rest.iter().position(|&b| b == b' ').unwrap_or(rest.len());
    told.method = text.get(..method).unwrap_or(&[]);
    told.target = text.get(method + 1..version).unwrap_or(&[]);
    put(c, &METHOD, line.at, told.method.len());
    let at = line.at + method + 1;
    put(c, &URI, at, told.target.len());
    if let Some(question) = told.target.iter().position(|&b| b == b'?') {
        let depth = 1;
        c.indent(depth);
        put(c, &URI_PATH, at, question);
        put(c, &URI_QUERY, at + question + 1, told.target.len() - question - 1);
        c.indent(depth + 1);
        pieces(c, &URI_PARAMETER, at + question + 1, told.target.get(question + 1..).unwrap_or(&[]), b'&');
        c.indent(0);
    }
    let at = (version + 1).min(text.len());
    put(c, &REQUEST_VERSION, line.at + at, text.len() - at);
}

/// RFC 9112 §4: version, code, reason.
fn status_line<'a>(c: &mut Cursor<'a>, line: &Line<'a>, told: &mut Told<'a>) {
    let version = line.text.iter().position(|&b| b == b' ').unwrap_or(line.text.len());
    put(c, &RESPONSE_VERSION, line.at, version);
    let blanks = |from: usize| line.text.iter().skip(from).take_while(|&&b| b == b' ').count();
    let at = version + blanks(version);
    if let Some(code) = head::code(line.text) {
        told.code = code;
        c.push(&CODE, line.at + at, 3, Value::Uint(u64::from(code)));
    }
    let phrase = at + 3 + blanks(at + 3);
    if phrase < line.text.len() {
        put(c, &PHRASE, line.at + phrase, line.text.len() - phrase);
    }
}

/// Headers that are shown one by one. A head of a megabyte can have 300,000.
const MOST_HEADERS: usize = 10_000;

/// RFC 9112 §5: one field a line, up to an empty line. Gives where the body starts.
fn headers<'a>(c: &mut Cursor<'a>, bytes: &'a [u8], from: usize, opening: Opening, told: &mut Told<'a>) -> usize {
    let [shown, hidden] = match opening {
        Opening::Response => [&RESPONSE_LINE, &RESPONSE_LINES],
        _ => [&REQUEST_LINE, &REQUEST_LINES],
    };
    // Of a notification, which is no request, only lines that nobody knows are shown once more.
    let [shown, hidden] = match opening {
        Opening::Notification => [Some(&OTHER_LINE), None],
        _ => [Some(shown), Some(hidden)],
    };
    let mut at = from;
    let mut rest = None;
    for n in 0_usize.. {
        let Some(field) = head::field(bytes, at) else { break };
        at += field.len;
        if let Some(rule) = field.breaks {
            c.doubt(c.breaks(rule));
        }
        let known = header(field.name);
        if n >= MOST_HEADERS {
            rest = rest.or(Some(field.at));
            if let Some((_, role)) = known {
                told.extent.learn(role, &field.value);
            }
            continue;
        }
        if let Some((def, role)) = known {
            if c.wants(def) {
                let value = text_of(c, &field, false);
                c.push(def, field.at, field.len, value);
            }
            c.indent(1);
            meaning(c, field.clone(), role, told);
            c.indent(0);
        }
        if let Some(def) = if known.is_some() { hidden } else { shown }.filter(|def| c.wants(def)) {
            let line = text_of(c, &field, true);
            c.push(def, field.at, field.len, line);
        }
    }
    if let Some(from) = rest {
        c.doubt(c.unshown("it has more headers than are shown one by one; the rest are shown as one"));
        put(c, shown.unwrap_or(&OTHER_LINE), from, at - from);
    }
    match head::line(bytes, at) {
        Some(end) => at += end.len,
        None => {
            c.doubt(if c.is_cut() { c.missing(bytes.len() + 1) } else { c.malformed("the header lines have no end") });
        }
    }
    at
}

/// A header's text, the whole of it or only its value; a folded one is put into one line.
fn text_of(c: &mut Cursor<'_>, field: &Header<'_>, whole: bool) -> Value {
    let from = if whole { field.at } else { field.value_at };
    match &field.value {
        Cow::Borrowed(_) if whole => Value::Text(c.span(from, field.len)),
        Cow::Borrowed(value) => Value::Text(c.span(from, value.len())),
        Cow::Owned(value) => {
            let name = c.rest(from).get(..field.value_at - from).unwrap_or(&[]);
            let blank: &[u8] = if whole && !name.ends_with(b" ") { b" " } else { b"" };
            Value::Text(c.keep_all([name, blank, value, if whole { field.line_end } else { b"" }]))
        }
    }
}

/// What a header says beyond its text.
fn meaning<'a>(c: &mut Cursor<'a>, field: Header<'a>, role: Role, told: &mut Told<'a>) {
    let Header { at, len, value_at, raw, value, .. } = field;
    told.extent.learn(role, &value);
    match role {
        Role::Host => told.host = value,
        Role::ContentType => told.content_type = Some(value),
        // Several of them are one list (RFC 9110 §5.3).
        Role::ContentEncoding if told.content_encoding.is_empty() => told.content_encoding = value,
        Role::ContentEncoding => {
            let list = told.content_encoding.to_mut();
            list.push(b',');
            list.extend_from_slice(&value);
        }
        Role::Upgrade => told.upgrade = value,
        Role::Key => told.key = value,
        Role::Extensions => told.extensions = value,
        Role::Subprotocol => told.subprotocol = value,
        Role::Cookie => pieces(c, &COOKIE_PAIR, value_at, raw, b';'),
        Role::ContentLength => {
            if let Some(n) = head::length(&value) {
                c.push(&CONTENT_LENGTH, at, len, Value::Uint(n));
            }
        }
        Role::Authorization => proof::read(c, (value_at, raw.len()), &value, true),
        Role::Authenticate => proof::read(c, (value_at, raw.len()), &value, false),
        Role::Plain | Role::TransferEncoding => {}
    }
}

/// Remembers a request, so that its answer finds it. A request may have a body.
fn ask(c: &mut Cursor<'_>, told: &Told<'_>, opening: Opening) -> bool {
    let method = match told.method {
        b"HEAD" => Method::Head,
        b"CONNECT" => Method::Connect,
        _ => Method::Other,
    };
    let asked_for = super::is_asked_for(told.target);
    if asked_for {
        c.context.target = c.keep(told.target);
    }
    let (frame, time) = (c.frame(), c.time());
    let exchange: &mut Exchange = c.stream().dialogue.state();
    exchange.seen = true;
    let remembered = !told.upgrade.is_empty() || method == Method::Connect || asked_for;
    let wish = exchange.wish(remembered, told.target, &told.key);
    let request = Request { frame, time, method, wish };
    let last = exchange.last;
    exchange.ask(request);
    if opening == Opening::Notification {
        exchange.last = last;
    }
    false
}

/// Finds the request of an answer; says whether the answer has no body whatever its head says.
fn answer(c: &mut Cursor<'_>, told: &Told<'_>) -> bool {
    let now = c.time();
    let ctx = c.stream();
    let exchange: &mut Exchange = ctx.dialogue.state();
    let bodiless = exchange.bodiless(told.code);
    let method = exchange.waiting.front().map(|r| r.method);
    let asked = exchange.answered();
    // An interim answer leaves its request waiting (RFC 9110 §15.2).
    let interim = matches!(told.code, 100..=199) && told.code != 101;
    let wish = if interim || exchange.late { None } else { exchange.waiting.pop_front().and_then(|r| r.wish) };
    let mut granted = None;
    if told.code == 101 {
        exchange.switch = Some(super::upgrade(&told.upgrade));
        let wish = wish.unwrap_or_default();
        ctx.dialogue.upgrade = Some(Box::new(super::stream::Upgrade {
            protocol: lossy(&told.upgrade).to_ascii_lowercase(),
            target: wish.target,
            key: wish.key,
            extensions: lossy(&told.extensions),
            subprotocol: lossy(&told.subprotocol),
            client_forward: Some(!ctx.forward),
        }));
    } else if method == Some(Method::Connect) && told.code / 100 == 2 {
        // RFC 9110 §9.3.6: from here on this is a tunnel to the port that the client named.
        let port = wish.and_then(|w| w.target.rsplit(':').next().and_then(|p| p.parse().ok())).unwrap_or(0);
        exchange.switch = Some(Key::Upgrade(tunnel::NAME));
        ctx.dialogue.tunnel = Some(super::stream::Tunnel { port, row: None });
    } else {
        granted = wish;
    }
    if let Some(wish) = granted {
        c.context.target = c.keep(wish.target.as_bytes());
        c.stream().dialogue.state::<Exchange>().spare = Some(wish);
    }
    if let Some((frame, time)) = asked {
        c.derive_duration(&TIME, now.since(time));
        c.derive(&REQUEST_IN, Value::Uint(frame));
    }
    bodiless
}

/// Host and target together, as a browser shows them.
fn full_uri(c: &mut Cursor<'_>, told: &Told<'_>) {
    if told.host.is_empty() || told.target.is_empty() || !c.wants(&FULL_URI) {
        return;
    }
    let absolute = told.method == b"CONNECT" || told.target.windows(3).take(16).any(|w| w == b"://");
    let before: [&[u8]; 2] = if absolute { [b"", b""] } else { [b"http://", &told.host] };
    let slice = c.keep_all(before.into_iter().chain([told.target]));
    c.derive(&FULL_URI, Value::Text(slice));
}

/// Writes each piece of `value` between separators, without the blanks around it.
fn pieces(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, value: &[u8], separator: u8) {
    let mut from = at;
    for piece in value.split(|&b| b == separator) {
        let blank = piece.len() - piece.trim_ascii_start().len();
        let len = piece.trim_ascii().len();
        if len > 0 {
            put(c, def, from + blank, len);
        }
        from += piece.len() + 1;
    }
}

/// Writes a text field that is exactly its bytes.
fn put(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, len: usize) {
    c.push(def, at, len, Value::Text(c.span(at, len)));
}

/// A short text to remember; hostile ones are cut.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).into_owned()
}

fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let mut first = true;
    for f in packet.fields_of(layer) {
        if [&METHOD, &URI, &REQUEST_VERSION, &RESPONSE_VERSION, &CODE, &PHRASE].iter().any(|d| **d == *f.def) {
            if !first {
                out.push(' ');
            }
            first = false;
            match f.value {
                Value::Text(s) => _ = show::escape_within(packet.bytes(s), 200, out),
                _ => show::number(f.value.uint().unwrap_or(0), out),
            }
        }
    }
    if let Some(kind) = packet.octets_in(layer, &CONTENT_TYPE) {
        out.push_str(" (");
        show::escape_within(kind, 60, out);
        out.push(')');
    }
    if first {
        out.push_str("piece of a message");
    }
}

/// Says which request or answer this is, and which came before.
fn count(c: &mut Cursor<'_>, opening: Opening) {
    let number = match opening {
        Opening::Request => &REQUEST_NUMBER,
        Opening::Response => &RESPONSE_NUMBER,
        Opening::Notification | Opening::Headers => return,
    };
    let frame = c.frame();
    let (n, before) = c.stream().dialogue.state::<Exchange>().order.count(opening, frame);
    c.derive(number, Value::Uint(n.into()));
    for (def, before) in [&PREV_REQUEST_IN, &PREV_RESPONSE_IN].into_iter().zip(before) {
        if let Some(frame) = before {
            c.derive(def, Value::Uint(frame));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Field, RawFrame};
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    fn packet(bytes: &[u8]) -> Packet {
        let mut raw = RawFrame::default();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        builder.tcp(4000, 80, 1, 1000).write(&mut raw.bytes, bytes).unwrap();
        raw.len = u32::try_from(raw.bytes.len()).unwrap();
        let mut packet = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut packet);
        packet
    }

    #[test]
    fn a_request_gives_its_parts_and_every_header() {
        let p = packet(b"GET /a?x=1&y=2 HTTP/1.1\r\nHost: h\r\nX-Other: z\r\nAuthorization: Basic YTpi\r\n\r\n");
        assert_eq!(p.octets(&METHOD), Some(&b"GET"[..]));
        assert_eq!(p.octets(&URI), Some(&b"/a?x=1&y=2"[..]));
        assert_eq!(p.all(&URI_PARAMETER).count(), 2);
        assert_eq!(lines(&p), [&b"Host: h\r\n"[..], b"X-Other: z\r\n", b"Authorization: Basic YTpi\r\n"]);
        assert_eq!(p.octets(&AUTHBASIC), Some(&b"a:b"[..]));
        assert_eq!(p.octets(&FULL_URI), Some(&b"http://h/a?x=1&y=2"[..]));
        assert!(p.layers.last().is_some_and(|l| l.trouble.is_none()));
    }

    /// The text of every header line.
    fn lines(p: &Packet) -> Vec<&[u8]> {
        let is_line = |f: &&Field| matches!(f.def.name, "http.request.line" | "http.response.line");
        let text = |f: &Field| if let Value::Text(s) = f.value { p.bytes(s) } else { b"" };
        p.fields.iter().filter(is_line).map(text).collect()
    }

    fn trouble(p: &Packet) -> Option<Trouble> {
        p.layer(&ABOUT).and_then(|l| l.trouble)
    }

    #[test]
    fn a_fold_is_a_blank_and_what_follows_is_shown() {
        let p = packet(b"GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: one \r\n two\r\n\tthree\r\nX-Empty:\r\n  x\r\nX-After: yes\r\n\r\n");
        assert_eq!(p.octets(&USER_AGENT), Some(&b"one two three"[..]));
        let expected = [&b"Host: h\r\n"[..], b"User-Agent: one two three\r\n", b"X-Empty: x\r\n", b"X-After: yes\r\n"];
        assert_eq!(lines(&p), expected);
        assert!(matches!(trouble(&p), Some(Trouble::Breaks(_))));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("http"), "nothing is left over");
    }

    #[test]
    fn an_odd_line_is_shown_and_ends_nothing() {
        for odd in [
            &b" blank first: x\r\n"[..],
            b"no colon here\r\n",
            b"Blank : x\r\n",
            b"X\0Y: z\r\n",
            b"\xe9: 8\r\n",
            b": nameless\r\n",
            b"(x): y\r\n",
        ] {
            let p = packet(&[b"GET / HTTP/1.1\r\n", odd, b"Host: h\r\n\r\n"].concat());
            assert_eq!(lines(&p), [odd, b"Host: h\r\n"], "{odd:?}");
            assert_eq!(p.octets(&HOST), Some(&b"h"[..]), "{odd:?}");
            assert!(matches!(trouble(&p), Some(Trouble::Breaks(_))), "{odd:?}");
        }
        for sound in [&b"X: a\0b\r\n"[..], b"X: \xe9\xff\r\n", b"X: bare\n", b"X:\r\n"] {
            let p = packet(&[b"GET / HTTP/1.1\r\n", sound, b"Host: h\r\n\r\n"].concat());
            assert_eq!(lines(&p), [sound, b"Host: h\r\n"], "{sound:?}");
            assert_eq!(trouble(&p), None, "{sound:?}");
        }
    }

    #[test]
    fn of_very_many_headers_none_is_lost() {
        let many = (0..MOST_HEADERS + 10).map(|n| format!("X-{n}: {n}\r\n")).collect::<Vec<_>>().concat();
        let head = format!("GET / HTTP/1.1\r\n{many}\r\n");
        let p = crate::proto::testing::message(&SSDP, (1, 2), head.as_bytes());
        let shown = lines(&p);
        assert_eq!((shown.len(), shown.concat().len()), (MOST_HEADERS + 1, many.len()));
        assert!(matches!(p.layers.first().and_then(|l| l.trouble), Some(Trouble::Unshown(_))));
    }

    #[test]
    fn a_cr_alone_ends_a_line_as_in_wireshark_and_is_told() {
        let p = packet(b"GET / HTTP/1.1\r\nHost: a\rContent-Length: 3\r\nY: z\r\n\r\nabc");
        assert_eq!(lines(&p), [&b"Host: a\r"[..], b"Content-Length: 3\r\n", b"Y: z\r\n"]);
        assert_eq!((p.octets(&HOST), p.uint(&CONTENT_LENGTH)), (Some(&b"a"[..]), Some(3)));
        assert!(matches!(trouble(&p), Some(Trouble::Breaks(_))), "{:?}", trouble(&p));
        let p = packet(b"HTTP/1.1 200 OK\rServer: x\r\nContent-Length: 2\r\n\r\nab");
        assert_eq!((p.octets(&PHRASE), p.octets(&SERVER)), (Some(&b"OK"[..]), Some(&b"x"[..])));
        // An empty line ends the head, whatever ends it.
        assert_eq!(head::end(b"GET / HTTP/1.1\r\nHost: a\r\r\nY: z\r\n\r\n", 0), Some(26));
        assert_eq!(head::end(b"GET / HTTP/1.1\r\nHost: a\r\n\r", 0), None);
    }

    #[test]
    fn a_folded_line_keeps_its_own_end() {
        let p = packet(b"GET / HTTP/1.1\nHost: a\nX: x\n y\nUser-Agent: b\r\n\tc\n\n");
        assert_eq!(lines(&p), [&b"Host: a\n"[..], b"X: x y\n", b"User-Agent: b c\n"]);
    }

    #[test]
    fn a_chunked_body_is_put_together_in_a_buffer_of_its_own() {
        let p = packet(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assert_eq!(p.octets(&FILE_DATA), Some(&b"abcde"[..]));
        assert_eq!(p.all(&CHUNK_SIZE).count(), 3);
    }

    fn coded(coding: &str, body: &[u8]) -> Packet {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ";
        packet(&[format!("{head}{coding}\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat())
    }

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut e, plain).unwrap();
        e.finish().unwrap()
    }

    #[test]
    fn codings_are_undone_in_turn() {
        let once = deflated(b"[1]");
        for (coding, body) in
            [("deflate", once.clone()), ("deflate, Deflate", deflated(&once)), ("identity,deflate", once)]
        {
            let p = coded(coding, &body);
            assert_eq!(p.octets(&FILE_DATA), Some(&b"[1]"[..]), "{coding}");
            assert_eq!(p.layers.last().map(|l| (l.proto.name, l.trouble)), Some(("json", None)), "{coding}");
        }
    }

    #[test]
    fn brotli_and_zstandard_are_undone_on_top_of_other_codings_too() {
        let br: &[u8] = b"\x0b\x01\x80[1]\x03";
        let zstd: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x19\0\0[1]\x40\xf4\x07\x62";
        for (coding, body) in [
            ("br", br.to_vec()),
            ("zstd", zstd.to_vec()),
            ("br, deflate", deflated(br)),
            ("Zstd, deflate, deflate", deflated(&deflated(zstd))),
        ] {
            let p = coded(coding, &body);
            assert_eq!(p.octets(&FILE_DATA), Some(&b"[1]"[..]), "{coding}");
            assert_eq!(p.layers.last().map(|l| (l.proto.name, l.trouble)), Some(("json", None)), "{coding}");
        }
        let p = coded("br", &br[..5]);
        assert!(matches!(trouble(&p), Some(Trouble::Breaks(_))), "{:?}", trouble(&p));
    }

    #[test]
    fn what_is_not_decoded_here_is_said_and_not_read() {
        for coding in ["gzip, exi", "compress, br", "compress", "dcb", "private", "gzip,gzip,gzip,gzip,gzip"] {
            let p = coded(coding, b"\x0b\x03\x80{}\x03");
            assert!(matches!(trouble(&p), Some(Trouble::Unshown(_))), "{coding}: {:?}", trouble(&p));
            assert!(p.layers.iter().all(|l| l.proto.name != "json"), "{coding}");
        }
    }

    #[test]
    fn a_body_that_is_not_what_its_coding_says_is_not_read() {
        let bad = b"{not so}";
        for (coding, body) in [("gzip", &bad[..]), ("deflate", b"\xff\xff\xff"), ("br", bad), ("zstd", bad)] {
            let p = coded(coding, body);
            assert!(matches!(trouble(&p), Some(Trouble::Breaks(_))), "{coding}");
            assert!(p.layers.iter().all(|l| l.proto.name != "json"), "{coding}");
        }
    }

    #[test]
    fn lengths_that_contradict_each_other_are_reported() {
        let p = packet(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn bytes_without_a_head_are_a_piece_of_a_message() {
        let p = packet(b"\x00\x01 rest of something");
        assert_eq!(p.octets(&FILE_DATA).map(<[u8]>::len), Some(20));
    }
}
