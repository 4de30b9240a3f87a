//! SIP — RFC 3261. Calls are made, answered and ended in messages of text like HTTP's: a request's line or a status,
//! headers, an empty line, and often a description of the media (SDP).

use super::prelude::*;
use super::words::{line, number, word};
use super::{Framing, Guess, StreamCtx};

/// SIP.
pub static ABOUT: Identity = Identity {
    name: "sip",
    title: "Session Initiation Protocol",
    osi: Osi::Application,
    spec: "RFC 3261",
    fields: FIELDS,
    summary: Some(summary),
};

const PORT: u16 = 5060;
const U32: Kind = Kind::Uint(32);

fields! {
    REQUEST_LINE = dynamic(Kind::Text, "sip.Request-Line", "Request line",  "What is asked, of whom.").detail();
    METHOD       = dynamic(Kind::Text, "sip.Method",       "Method",        "INVITE calls, ACK confirms, BYE hangs up, REGISTER says where one is.");
    URI          = dynamic(Kind::Text, "sip.r-uri",        "Request URI",   "Who should do it.");
    URI_USER     = dynamic(Kind::Text, "sip.r-uri.user",   "User",          "The user or the number that is called.").detail();
    URI_HOST     = dynamic(Kind::Text, "sip.r-uri.host",   "Host",          "At which machine or domain.").detail();
    URI_PORT     = dynamic(Kind::Text, "sip.r-uri.port",   "Port",          "At which port.").detail();
    STATUS_LINE  = dynamic(Kind::Text, "sip.Status-Line",  "Status line",   "How it goes, as a number and in words.");
    STATUS_CODE  = dynamic(U32,        "sip.Status-Code",  "Status code",   "1: under way, 2: done, 3: elsewhere, 4 to 6: not done.");
    HEADERS      = dynamic(Kind::Text, "sip.msg_hdr",      "Headers",       "All headers, as they were sent.").detail();
    VIA          = dynamic(Kind::Text, "sip.Via",          "Via",           "The way that the request took, and the answer goes back.").detail();
    FROM         = dynamic(Kind::Text, "sip.From",         "From",          "Who calls.").detail();
    TO           = dynamic(Kind::Text, "sip.To",           "To",            "Who is called.").detail();
    FROM_ADDRESS = dynamic(Kind::Text, "sip.from.addr",    "From address",  "The caller's address.").detail();
    TO_ADDRESS   = dynamic(Kind::Text, "sip.to.addr",      "To address",    "The address of who is called.").detail();
    FROM_TAG     = dynamic(Kind::Text, "sip.from.tag",     "From tag",      "The caller's mark of this dialogue.").detail();
    TO_TAG       = dynamic(Kind::Text, "sip.to.tag",       "To tag",        "The callee's mark of this dialogue.").detail();
    CALL_ID      = dynamic(Kind::Text, "sip.Call-ID",      "Call ID",       "The same in all messages of one call.").detail();
    CSEQ         = dynamic(Kind::Text, "sip.CSeq",         "Sequence",      "Counts the requests of a call; the answer repeats it.").detail();
    CSEQ_NUMBER  = dynamic(U32,        "sip.CSeq.seq",     "Sequence number", "The count.").detail();
    CSEQ_METHOD  = dynamic(Kind::Text, "sip.CSeq.method",  "Sequence method", "What was asked.");
    CONTACT      = dynamic(Kind::Text, "sip.Contact",      "Contact",       "Where to reach this side directly from now on.").detail();
    MAX_FORWARDS = dynamic(U32,        "sip.Max-Forwards", "Max forwards",  "How many more proxies it may pass.").detail();
    EXPIRES      = dynamic(U32,        "sip.Expires",      "Expires",       "How long it holds, in seconds.").detail();
    USER_AGENT   = dynamic(Kind::Text, "sip.User-Agent",   "User agent",    "The software of who asks.").detail();
    SERVER       = dynamic(Kind::Text, "sip.Server",       "Server",        "The software of who answers.").detail();
    SUBJECT      = dynamic(Kind::Text, "sip.Subject",      "Subject",       "What the call is about.").detail();
    ALLOW        = dynamic(Kind::Text, "sip.Allow",        "Allow",         "Which methods this side understands.").detail();
    AUTHORIZATION = dynamic(Kind::Text, "sip.Authorization", "Authorization", "The proof of who one is.").detail();
    AUTHENTICATE = dynamic(Kind::Text, "sip.WWW-Authenticate", "Authenticate", "The server wants proof, of this kind.").detail();
    CONTENT_TYPE = dynamic(Kind::Text, "sip.Content-Type", "Content type",  "What the body is.").detail();
    CONTENT_LENGTH = dynamic(U32,      "sip.Content-Length", "Content length", "Bytes of the body.").detail();
    BODY         = dynamic(Kind::Flag, "sip.msg_body",     "Body",          "What the message carries.").detail();
}

/// In datagrams: on its port and on any other, what does not begin as SIP is not SIP.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(PORT), Key::Guess],
    over: Over::Datagram(|bytes| if opens(bytes) { Guess::This } else { Guess::No }),
    dissect,
};

/// Over TCP.
pub static OVER_TCP: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Stream(frame), dissect };

/// Over TCP, on a port that promises nothing.
pub static GUESSED: Protocol = Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Stream(guess), dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&OVER_TCP, &GUESSED, &PROTOCOL];

/// Each header's name, its short form (RFC 3261 §7.3.3), and its row.
static NAMES: &[(&[u8], &[u8], &FieldDef)] = &[
    (b"via", b"v", &VIA),
    (b"from", b"f", &FROM),
    (b"to", b"t", &TO),
    (b"call-id", b"i", &CALL_ID),
    (b"cseq", b"", &CSEQ),
    (b"contact", b"m", &CONTACT),
    (b"max-forwards", b"", &MAX_FORWARDS),
    (b"expires", b"", &EXPIRES),
    (b"user-agent", b"", &USER_AGENT),
    (b"server", b"", &SERVER),
    (b"subject", b"s", &SUBJECT),
    (b"allow", b"", &ALLOW),
    (b"authorization", b"", &AUTHORIZATION),
    (b"www-authenticate", b"", &AUTHENTICATE),
    (b"content-type", b"c", &CONTENT_TYPE),
    (b"content-length", b"l", &CONTENT_LENGTH),
];

/// RFC 3261 §7: a version first, or a method, a URI and a version.
fn opens(bytes: &[u8]) -> bool {
    // Every method and the version begin with a capital: most bytes are told apart by their first one.
    if !bytes.first().is_some_and(u8::is_ascii_uppercase) {
        return false;
    }
    let begun = bytes.get(..2000).unwrap_or(bytes);
    if begun.starts_with(b"SIP/2.0 ") {
        return true;
    }
    // Two words tell most other texts apart, before the end of a line is looked for.
    let (method, uri) = word(begun, 0);
    let (end, _) = word(begun, uri);
    let is_target = |target: &[u8]| target.len() >= 3 && target.contains(&b':');
    if method == 0 || !begun.get(uri..end).is_some_and(is_target) {
        return false;
    }
    let (len, _) = line(begun);
    let text = begun.get(..len).unwrap_or(&[]);
    let (end, version) = word(text, uri);
    text.get(uri..end).is_some_and(is_target) && text.get(version..) == Some(b"SIP/2.0")
}

/// Headers up to an empty line, then so many bytes as they say (RFC 3261 §18.3). Empty lines between messages keep a
/// connection alive (RFC 5626 §3.5.1).
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let gap = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    if gap > 0 {
        return Framing::Skip(gap);
    }
    let from = ctx.side.searched.saturating_sub(3);
    let found = bytes.get(from..).unwrap_or(&[]).windows(4).position(|w| w == b"\r\n\r\n");
    let Some(end) = found.map(|at| from + at + 4) else {
        ctx.side.searched = bytes.len();
        let begun = bytes.contains(&b'\n') && !opens(bytes);
        return if begun { Framing::Message(bytes.len()) } else { Framing::NeedMore };
    };
    ctx.side.searched = end;
    if !opens(bytes) {
        return Framing::Message(bytes.len());
    }
    let mut body = 0;
    let mut rest = bytes.get(..end).unwrap_or(&[]);
    while let (len, whole @ 1..) = line(rest) {
        let text = rest.get(..len).unwrap_or(&[]);
        if let Some((def, value)) = header(text)
            && def == &CONTENT_LENGTH
        {
            body = number::<u32>(text.get(value..).unwrap_or(&[]).trim_ascii()).map_or(0, |n| n as usize);
        }
        rest = rest.get(whole..).unwrap_or(&[]);
    }
    let size = end.saturating_add(body);
    if size > bytes.len() { Framing::Need(size) } else { Framing::Message(size) }
}

fn guess(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if *ctx.dialogue.state::<bool>() || opens(bytes) {
        *ctx.dialogue.state::<bool>() = true;
        return frame(ctx, bytes);
    }
    Framing::NotMine
}

/// Which header a line is, and where its value begins.
fn header(text: &[u8]) -> Option<(&'static FieldDef, usize)> {
    let colon = text.iter().position(|&b| b == b':')?;
    let name = text.get(..colon)?.trim_ascii();
    let is = |other: &[u8]| !other.is_empty() && name.eq_ignore_ascii_case(other);
    let (.., def) = NAMES.iter().find(|(long, short, _)| is(long) || is(short))?;
    let gap = text.get(colon + 1..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some((def, colon + 1 + gap))
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    if !opens(bytes) {
        return Ok(Next::end(bytes.len()));
    }
    let (len, mut at) = line(bytes);
    first_line(c, bytes.get(..len).unwrap_or(&[]))?;
    let headers = c.open(&HEADERS, at);
    let (start, mut sdp) = (at, false);
    c.indent(1);
    while let (len, whole @ 1..) = line(c.rest(at)) {
        if len == 0 {
            at += whole;
            break;
        }
        // RFC 3261 §7.3.1: a line that begins with a space goes on with the header before it.
        let (mut len, mut end) = (len, at + whole);
        while matches!(c.rest(end).first(), Some(b' ' | b'\t')) {
            let (more, whole) = line(c.rest(end));
            (len, end) = (end - at + more, end + whole);
        }
        let text = c.rest(at).get(..len).unwrap_or(&[]);
        if let Some((def, value)) = header(text) {
            sdp |= def == &CONTENT_TYPE && is_sdp(text.get(value..).unwrap_or(&[]));
            one(c, def, at, end - at, (at + value, text.get(value..).unwrap_or(&[])))?;
        }
        at = end;
    }
    c.indent(0);
    let text = c.span(start, at - start);
    c.close_with(headers, at, Value::Text(text));
    if at < bytes.len() {
        c.push(&BODY, at, bytes.len() - at, Value::None);
        if sdp {
            return Ok(Next::to(Key::Media("application/sdp"), at).showing(bytes.len()));
        }
    }
    Ok(Next::end(bytes.len()))
}

fn is_sdp(value: &[u8]) -> bool {
    let kind = value.split(|&b| b == b';').next().unwrap_or(&[]);
    kind.trim_ascii().eq_ignore_ascii_case(b"application/sdp")
}

fn first_line(c: &mut Cursor<'_>, text: &[u8]) -> Result<(), Trouble> {
    let (end, next) = word(text, 0);
    let (second, _) = word(text, next);
    if text.starts_with(b"SIP/") {
        c.read(&STATUS_LINE, 0, text.len())?;
        if let Some(code) = number::<u32>(text.get(next..second).unwrap_or(&[])) {
            c.nested(|c| {
                c.push(&STATUS_CODE, next, second - next, Value::Uint(u64::from(code)));
                Ok(())
            })?;
        }
        return Ok(());
    }
    c.read(&REQUEST_LINE, 0, text.len())?;
    c.nested(|c| {
        c.read(&METHOD, 0, end)?;
        c.read(&URI, next, second - next)?;
        c.nested(|c| uri(c, next, text.get(next..second).unwrap_or(&[])))
    })
}

/// RFC 3261 §19.1: `sip:user@host:port;parameters`.
fn uri(c: &mut Cursor<'_>, at: usize, uri: &[u8]) -> Result<(), Trouble> {
    let Some(colon) = uri.iter().position(|&b| b == b':') else { return Ok(()) };
    let is_sip = [&b"sip"[..], b"sips"].iter().any(|s| uri.get(..colon).is_some_and(|u| u.eq_ignore_ascii_case(s)));
    if !is_sip {
        return Ok(());
    }
    let mut from = colon + 1;
    if let Some(user) = uri.get(from..).unwrap_or(&[]).iter().position(|&b| b == b'@') {
        if user > 0 {
            c.read(&URI_USER, at + from, user)?;
        }
        from += user + 1;
    }
    let rest = uri.get(from..).unwrap_or(&[]);
    let end = rest.iter().position(|b| matches!(b, b';' | b'?' | b'>')).unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or(&[]);
    // An IPv6 address is in brackets, and has colons of its own.
    let bracket = rest.iter().position(|&b| b == b']').unwrap_or(0);
    let port = rest.get(bracket..).unwrap_or(&[]).iter().position(|&b| b == b':').map(|i| bracket + i);
    let host = port.unwrap_or(rest.len());
    if host > 0 {
        c.read(&URI_HOST, at + from, host)?;
    }
    match port {
        Some(colon) if colon + 1 < rest.len() => {
            c.read(&URI_PORT, at + from + colon + 1, rest.len() - colon - 1).map(drop)
        }
        _ => Ok(()),
    }
}

/// Writes one header: the line that it fills, its value and the parts of that.
fn one(
    c: &mut Cursor<'_>,
    def: &'static FieldDef,
    at: usize,
    whole: usize,
    (from, value): (usize, &[u8]),
) -> Result<(), Trouble> {
    if def.kind == U32 {
        if let Some(n) = number::<u32>(value.trim_ascii()) {
            c.push(def, at, whole, Value::Uint(u64::from(n)));
        }
        return Ok(());
    }
    c.push(def, at, whole, Value::Text(c.span(from, value.len())));
    c.nested(|c| match def {
        _ if def == &CSEQ => {
            let (end, next) = word(value, 0);
            if let Some(n) = number::<u32>(value.get(..end).unwrap_or(&[])) {
                c.push(&CSEQ_NUMBER, from, end, Value::Uint(u64::from(n)));
            }
            if next < value.len() { c.read(&CSEQ_METHOD, from + next, value.len() - next).map(drop) } else { Ok(()) }
        }
        _ if def == &FROM => party(c, from, value, &FROM_ADDRESS, &FROM_TAG),
        _ if def == &TO => party(c, from, value, &TO_ADDRESS, &TO_TAG),
        _ => Ok(()),
    })
}

/// RFC 3261 §20.10: a name and an address in angle brackets, or the address alone; then parameters.
fn party(
    c: &mut Cursor<'_>,
    from: usize,
    value: &[u8],
    address: &'static FieldDef,
    tag: &'static FieldDef,
) -> Result<(), Trouble> {
    let open = value.iter().position(|&b| b == b'<').map_or(0, |i| i + 1);
    let rest = value.get(open..).unwrap_or(&[]);
    let stop = if open > 0 { b'>' } else { b';' };
    let len = rest.iter().position(|&b| b == stop).unwrap_or(rest.len());
    if rest.get(..len).is_some_and(|a| a.contains(&b':')) {
        c.read(address, from + open, len)?;
    }
    let mut at = open + len;
    for part in rest.get(len..).unwrap_or(&[]).split(|&b| b == b';') {
        let gap = part.iter().take_while(|&&b| b == b' ').count();
        if part.get(gap..gap + 4).is_some_and(|p| p.eq_ignore_ascii_case(b"tag=")) && part.len() > gap + 4 {
            c.read(tag, from + at + gap + 4, part.len() - gap - 4)?;
        }
        at += part.len() + 1;
    }
    Ok(())
}

/// `Request: INVITE sip:bob@example.com`, `Status: 200 OK (INVITE)`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(status) = packet.octets_in(layer, &STATUS_LINE) {
        out.push_str("Status: ");
        show::escape_within(status.strip_prefix(b"SIP/2.0 ").unwrap_or(status), 80, out);
        if let Some(method) = packet.octets_in(layer, &CSEQ_METHOD) {
            out.push_str(" (");
            show::escape_within(method, 20, out);
            out.push(')');
        }
    } else if packet.field_in(layer, &METHOD).is_some() {
        out.push_str("Request: ");
        show::parts(packet, layer, &[("", &METHOD), (" ", &URI)], out);
    } else {
        out.push_str("Continuation");
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;
    use crate::proto::Streams;

    const CALL: &[u8] = b"INVITE sip:bob@[2001:db8::1]:5070;x=y SIP/2.0\r\nv: SIP/2.0/UDP a\r\nFrom: \"A\" <sip:a@example>;tag=7\r\nTo:sip:b@example\r\n c\r\nCSeq: 3 INVITE\r\nl: 4\r\n\r\nbody";

    fn read(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (PORT, PORT), bytes)
    }

    #[test]
    fn a_request_names_its_target_and_both_parties() {
        let p = read(CALL);
        let parts = [&METHOD, &URI_USER, &URI_HOST, &URI_PORT, &FROM_ADDRESS, &FROM_TAG, &CSEQ_METHOD]
            .map(|d| p.octets(d).unwrap());
        assert_eq!(parts, [&b"INVITE"[..], b"bob", b"[2001:db8::1]", b"5070", b"sip:a@example", b"7", b"INVITE"]);
        assert_eq!((p.octets(&TO), p.uint(&CONTENT_LENGTH)), (Some(&b"sip:b@example\r\n c"[..]), Some(4)));
        assert_eq!(summary(&p), "Request: INVITE sip:bob@[2001:db8::1]:5070;x=y");
    }

    #[test]
    fn an_answer_says_how_it_goes() {
        let p = read(b"SIP/2.0 486 Busy Here\r\nCSeq: 3 INVITE\r\n\r\n");
        assert_eq!((p.uint(&STATUS_CODE), summary(&p)), (Some(486), "Status: 486 Busy Here (INVITE)".to_owned()));
    }

    #[test]
    fn over_tcp_a_message_has_a_body_and_empty_lines_are_nobody_s() {
        let ask = |bytes: &[u8]| frame(&mut Streams::default().view(true), bytes);
        assert_eq!(ask(CALL), Framing::Message(CALL.len()));
        assert_eq!(ask(&CALL[..CALL.len() - 2]), Framing::Need(CALL.len()));
        assert_eq!(ask(&CALL[..60]), Framing::NeedMore);
        assert_eq!(ask(b"\r\n\r\n"), Framing::Skip(4));
        assert_eq!(ask(b"GET / HTTP/1.1\r\n\r\n"), Framing::Message(18));
    }

    #[test]
    fn what_does_not_begin_as_sip_is_not_sip() {
        for bytes in
            [&b""[..], b"\0\0\0\0", b"\r\n\r\n", b"GET / HTTP/1.1\r\n", b"INVITE bob SIP/2.0", b"hello world again"]
        {
            assert!(!opens(bytes));
            assert!(matches!(guess(&mut Streams::default().view(true), bytes), Framing::NotMine));
        }
    }

    #[test]
    fn a_message_cut_anywhere_is_read_as_far_as_it_goes() {
        for len in 0..CALL.len() {
            assert!(read(&CALL[..len]).layers[0].trouble.is_none());
        }
        for odd in [
            &b"SIP/2.0 \r\nFrom:\r\nCSeq:\r\n:\r\n"[..],
            b"A b:@ SIP/2.0\r\nTo:<\r\nl: 99999999999\r\n",
            b"A sip:@: SIP/2.0",
        ] {
            assert!(read(odd).layers[0].trouble.is_none());
        }
    }
}
