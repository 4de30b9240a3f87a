//! IMAP — RFC 3501. Mail is read where it lies, in lines of text. Each request begins with a tag of the client's own, and
//! the answer that ends it repeats the tag; lines that begin with a star come before that, or unasked.

use super::prelude::*;
use super::words::{line, number, word};
use super::{Framing, StreamCtx};
use crate::model::{BufferKind, Time};

/// IMAP.
pub static ABOUT: Identity = Identity {
    name: "imap",
    title: "Internet Message Access Protocol",
    osi: Osi::Application,
    spec: "RFC 3501",
    fields: FIELDS,
    summary: Some(summary),
};

const PORT: u16 = 143;

fields! {
    IS_REQUEST  = derived(Kind::Bool, "imap.isrequest",         "Is a request",  "Whether the client speaks.").hidden().told();
    LINE        = dynamic(Kind::Text, "imap.line",              "Line",          "One line, as it was said.");
    REQUEST     = dynamic(Kind::Text, "imap.request",           "Request",       "What the client says.");
    RESPONSE    = dynamic(Kind::Text, "imap.response",          "Response",      "What the server answers.");
    REQUEST_TAG = dynamic(Kind::Text, "imap.request_tag",       "Request tag",   "The client's mark of this request; the answer repeats it.");
    RESPONSE_TAG = dynamic(Kind::Text, "imap.response_tag",     "Response tag",  "Which request this answers; + asks for more.");
    TAG         = dynamic(Kind::Text, "imap.tag",               "Tag",           "The mark that ties an answer to its request.").hidden();
    UID         = dynamic(Kind::Bool, "imap.request.command.uid", "By UID",      "Mails are named by numbers that never change.");
    COMMAND     = dynamic(Kind::Text, "imap.request.command",   "Command",       "What the client wants done: LOGIN, SELECT, FETCH and so on.");
    STATUS      = dynamic(Kind::Text, "imap.response.status",   "Status",        "OK: done. NO: refused. BAD: not understood.");
    RESPONSE_COMMAND = dynamic(Kind::Text, "imap.response.command", "First word", "The word after the status: often the command that is done.");
    ANY_COMMAND = dynamic(Kind::Text, "imap.command",           "Command",       "The command of a request, or the one that an answer names.").hidden();
    FOLDER      = dynamic(Kind::Text, "imap.request.folder",    "Mailbox",       "Which mailbox the command is about.");
    USERNAME    = dynamic(Kind::Text, "imap.request.username",  "User name",     "Who the client is.");
    PASSWORD    = dynamic(Kind::Text, "imap.request.password",  "Password",      "The password, for all on the way to read.");
    RESPONSE_TO = derived(Kind::Frame, "imap.response_to",      "Answers frame", "The frame with the request of the same tag.");
    TIME        = derived(Kind::Duration, "imap.time",          "Time",          "How long the answer took.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Stream(frame), dissect };

/// A longer tag is not remembered; real ones have a letter and a number.
const LONGEST_TAG: usize = 16;

/// A request whose answer has not come.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    tag: [u8; LONGEST_TAG],
    len: usize,
    frame: u64,
    time: Time,
}

/// The latest requests; the oldest makes room.
#[derive(Clone, Debug, Default)]
struct Talk {
    asked: [Asked; 8],
    next: usize,
}

/// Whole lines, those of a mail inside an answer to FETCH included. After STARTTLS (RFC 3501 §6.2.1) come TLS records.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if matches!(bytes, [0x16, 3, 0..=4, ..]) {
        return Framing::Switch(Key::TcpPort(443));
    }
    // The first line of a message was perhaps searched before.
    let mut from = std::mem::replace(&mut ctx.side.searched, bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let begin = at.max(std::mem::take(&mut from));
        let Some(end) = bytes.get(begin..).unwrap_or(&[]).iter().position(|&b| b == b'\n') else { break };
        let next = begin + end + 1;
        let text = bytes.get(at..next).unwrap_or(&[]);
        // RFC 3501 §4.3: so many bytes follow the line, and then the rest of the answer, up to the bracket.
        let whole = match literal(text) {
            Some(size) => next.saturating_add(size).saturating_add(1),
            None => next,
        };
        if whole > bytes.len() {
            ctx.side.searched = 0;
            return if at == 0 { Framing::Begun(whole) } else { Framing::Message(at) };
        }
        at = if whole > next { whole - 1 } else { next };
    }
    if at == 0 { Framing::NeedMore } else { Framing::Message(at) }
}

/// How many bytes of a mail follow this line of an answer to FETCH.
fn literal(text: &[u8]) -> Option<usize> {
    text.strip_prefix(b"* ")?;
    text.windows(5).any(|w| w.eq_ignore_ascii_case(b"FETCH")).then_some(())?;
    let open = text.iter().rposition(|&b| b == b'{')?;
    let rest = text.get(open + 1..)?;
    number::<u32>(rest.split(|&b| b == b'}').next()?).map(|n| n as usize)
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let asks = c.context.ends.dst_port == PORT;
    c.derive(&IS_REQUEST, Value::Bool(asks));
    let (mut at, mut mail) = (0, None);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or(&[]);
        let (len, whole) = line(rest);
        let text = rest.get(..len).unwrap_or(&[]);
        let size = literal(text).filter(|size| (1..=rest.len() - whole).contains(size));
        if let (Some(id), Some(_)) = (mail, size) {
            // The next mail, with the answer that brings it.
            return Ok(Next::to(Key::Media("message/rfc822"), at).within(id).more(at));
        }
        c.read(&LINE, at, whole)?;
        if rest.first() != Some(&b'*') && len > 0 {
            c.nested(|c| if asks { request(c, at, text) } else { response(c, at, text) })?;
        }
        at += whole;
        if let Some(size) = size {
            mail = uncovered(c, at, size);
            at += size;
        } else if literal(text).is_some() {
            // Its mail has only begun.
            break;
        }
    }
    Ok(match mail {
        Some(id) => Next::to(Key::Media("message/rfc822"), at).within(id),
        None => Next::end(at),
    })
}

/// The mail inside an answer, in a buffer of its own.
fn uncovered(c: &mut Cursor<'_>, at: usize, len: usize) -> Option<u8> {
    let bytes = c.slice(at, len).ok()?;
    let id = c.uncover(BufferKind::Reassembled, bytes)?;
    c.made_of(id, c.span(at, len));
    Some(id)
}

/// The tag, under both of its names; gives where the word behind it begins.
fn tag(c: &mut Cursor<'_>, at: usize, text: &[u8], def: &'static FieldDef) -> Result<usize, Trouble> {
    let (end, next) = word(text, 0);
    if end > 0 {
        c.read(def, at, end)?;
        c.read(&TAG, at, end)?;
    }
    Ok(next)
}

fn request(c: &mut Cursor<'_>, at: usize, text: &[u8]) -> Result<(), Trouble> {
    c.read(&REQUEST, at, text.len())?;
    let first = tag(c, at, text, &REQUEST_TAG)?;
    let (mut from, (mut end, mut next)) = (first, word(text, first));
    if end == from {
        return Ok(());
    }
    remember(c, text);
    let of = |from: usize, end: usize| text.get(from..end).unwrap_or(&[]);
    let by_uid = of(from, end).eq_ignore_ascii_case(b"UID");
    if by_uid {
        c.push(&UID, at + from, end - from, Value::Bool(true));
        c.read(&ANY_COMMAND, at + from, end - from)?;
        (from, (end, next)) = (next, word(text, next));
    }
    if end > from {
        c.read(&COMMAND, at + from, end - from)?;
    }
    if !by_uid {
        c.read(&ANY_COMMAND, at + from, end - from)?;
    }
    let is = |names: &[&[u8]]| names.iter().any(|name| of(from, end).eq_ignore_ascii_case(name));
    let with_folder: &[&[u8]] = &[
        b"SELECT",
        b"EXAMINE",
        b"CREATE",
        b"DELETE",
        b"RENAME",
        b"SUBSCRIBE",
        b"UNSUBSCRIBE",
        b"STATUS",
        b"APPEND",
        b"SEARCH",
    ];
    if is(with_folder) {
        quoted(c, at, text, next, &FOLDER)?;
    } else if is(&[b"COPY"]) {
        quoted(c, at, text, word(text, next).1, &FOLDER)?;
    } else if is(&[b"LOGIN"]) {
        let password = quoted(c, at, text, next, &USERNAME)?;
        argument(c, at, text, password, &PASSWORD)?;
    }
    Ok(())
}

/// One argument with its quotation marks, if it has some. Gives where the next one begins.
fn quoted(c: &mut Cursor<'_>, at: usize, text: &[u8], from: usize, def: &'static FieldDef) -> Result<usize, Trouble> {
    let rest = text.get(from..).unwrap_or(&[]);
    let marked = rest.first() == Some(&b'"');
    let closing = rest.iter().skip(1).position(|&b| b == b'"').filter(|_| marked);
    let len = closing.map_or_else(|| word(text, from).0.saturating_sub(from), |len| len + 2);
    if len > 0 {
        c.read(def, at + from, len)?;
    }
    Ok(word(text, from + len).1)
}

/// One argument; its quotation marks are not shown. Gives where the next one begins.
fn argument(c: &mut Cursor<'_>, at: usize, text: &[u8], from: usize, def: &'static FieldDef) -> Result<usize, Trouble> {
    let quoted = text.get(from) == Some(&b'"');
    let rest = text.get(from + 1..).unwrap_or(&[]);
    if let Some(len) = rest.iter().position(|&b| b == b'"').filter(|_| quoted) {
        c.push(def, at + from, len + 2, Value::Text(c.span(at + from + 1, len)));
        return Ok(word(text, from + len + 2).1);
    }
    let (end, next) = word(text, from);
    if end > from {
        c.read(def, at + from, end - from)?;
    }
    Ok(next)
}

fn response(c: &mut Cursor<'_>, at: usize, text: &[u8]) -> Result<(), Trouble> {
    c.read(&RESPONSE, at, text.len())?;
    let from = tag(c, at, text, &RESPONSE_TAG)?;
    let (end, next) = word(text, from);
    if end > from {
        c.read(&STATUS, at + from, end - from)?;
    }
    let (end, _) = word(text, next);
    if end > next {
        c.read(&RESPONSE_COMMAND, at + next, end - next)?;
        c.read(&ANY_COMMAND, at + next, end - next)?;
    }
    let (now, name) = (c.time(), tag_of(text));
    let asked = &mut c.stream().dialogue.state::<Talk>().asked;
    let found = asked.iter_mut().find(|a| a.frame > 0 && Some((a.tag, a.len)) == name).map(std::mem::take);
    if let Some(asked) = found {
        c.derive(&RESPONSE_TO, Value::Uint(asked.frame));
        c.derive_duration(&TIME, now.since(asked.time));
    }
    Ok(())
}

/// The tag at the start of a line, in a place of its own size.
fn tag_of(text: &[u8]) -> Option<([u8; LONGEST_TAG], usize)> {
    let (len, _) = word(text, 0);
    let mut tag = [0; LONGEST_TAG];
    for (to, from) in tag.get_mut(..len)?.iter_mut().zip(text) {
        *to = from.to_ascii_lowercase();
    }
    Some((tag, len))
}

fn remember(c: &mut Cursor<'_>, text: &[u8]) {
    let Some((tag, len)) = tag_of(text) else { return };
    let (frame, time) = (c.frame(), c.time());
    let memory = c.stream();
    let talk = memory.dialogue.state::<Talk>();
    if let Some(place) = talk.asked.get_mut(talk.next) {
        *place = Asked { tag, len, frame, time };
    }
    talk.next = (talk.next + 1) % talk.asked.len();
}

/// `Request a3 SELECT INBOX`, `Response * 3 EXISTS`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    out.push_str(if packet.uint_in(layer, &IS_REQUEST) == Some(1) { "Request" } else { "Response" });
    let said = packet.octets_in(layer, &REQUEST).or_else(|| packet.octets_in(layer, &RESPONSE));
    if let Some(said) = said.or_else(|| packet.octets_in(layer, &LINE)) {
        out.push(' ');
        show::escape_within(said.trim_ascii_end(), 80, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;
    use crate::proto::Streams;

    fn ask(bytes: &[u8]) -> Framing {
        frame(&mut Streams::default().view(true), bytes)
    }

    #[test]
    fn a_request_has_a_tag_a_command_and_arguments() {
        let p = message(&PROTOCOL, (40000, PORT), b"a2 LOGIN joe \"se cret\"\r\n");
        assert_eq!((p.octets(&REQUEST_TAG), p.octets(&COMMAND)), (Some(&b"a2"[..]), Some(&b"LOGIN"[..])));
        assert_eq!((p.octets(&USERNAME), p.octets(&PASSWORD)), (Some(&b"joe"[..]), Some(&b"se cret"[..])));
        assert_eq!(summary(&p), "Request a2 LOGIN joe \"se cret\"");
        let p = message(&PROTOCOL, (40000, PORT), b"a4 uid copy 1 Trash\r\n");
        assert_eq!((p.octets(&COMMAND), p.octets(&FOLDER)), (Some(&b"copy"[..]), Some(&b"Trash"[..])));
    }

    #[test]
    fn lines_with_a_star_stand_before_the_answer() {
        let p = message(&PROTOCOL, (PORT, 40000), b"* 3 EXISTS\r\na3 OK done\r\n");
        assert_eq!((p.all(&LINE).count(), p.octets(&STATUS)), (2, Some(&b"OK"[..])));
        assert_eq!(summary(&p), "Response a3 OK done");
    }

    #[test]
    fn a_mail_inside_an_answer_is_waited_for() {
        let text = b"* 1 FETCH (BODY[] {12}\r\nSubject: a\r\n)\r\na7 OK\r\n";
        assert_eq!(ask(&text[..30]), Framing::Begun(37));
        assert_eq!(ask(text), Framing::Message(text.len()));
        assert_eq!(message(&PROTOCOL, (PORT, 40000), text).all(&LINE).count(), 3);
    }

    #[test]
    fn a_line_is_waited_for_and_a_lie_about_a_mail_s_size_hurts_nobody() {
        assert_eq!(ask(b"a8 NOO"), Framing::NeedMore);
        assert_eq!(ask(b"a8 NOOP\r\na9"), Framing::Message(9));
        let huge = b"* 1 FETCH ({18446744073709551615}\r\n";
        assert_eq!(ask(huge), Framing::Message(huge.len()));
        assert_eq!(message(&PROTOCOL, (PORT, 40000), huge).all(&LINE).count(), 1);
        assert_eq!(message(&PROTOCOL, (40000, PORT), b"\r\n \r\na\r\na UID\r\n").all(&LINE).count(), 4);
    }
}
