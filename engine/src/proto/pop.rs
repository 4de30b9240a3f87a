//! POP — RFC 1939. Mail is fetched in lines of text: a verb goes out, `+OK` or `-ERR` comes back, and after some verbs
//! more lines, until one that is a single dot. A mail that comes in several segments is put together and read.

use super::pieces::{Fields, Pieces};
use super::prelude::*;
use super::words::{line, word};
use super::{Framing, StreamCtx};

/// POP.
pub static ABOUT: Identity = Identity {
    name: "pop",
    title: "Post Office Protocol",
    osi: Osi::Application,
    spec: "RFC 1939",
    fields: FIELDS,
    summary: Some(summary),
};

const PORT: u16 = 110;

fields! {
    RESPONSE    = dynamic(Kind::Text, "pop.response",             "Response",      "What the server says.");
    INDICATOR   = dynamic(Kind::Text, "pop.response.indicator",   "Indicator",     "+OK: it is done. -ERR: it is not.");
    DESCRIPTION = dynamic(Kind::Text, "pop.response.description", "Description",   "The same in words, or the numbers asked for.");
    RESPONSE_DATA = dynamic(Kind::Text, "pop.response.data",      "Line",          "A line of what was asked for: of a list, or of a mail.").detail();
    FRAGMENTS   = dynamic(Kind::Flag, "pop.data.fragments",       "Mail",          "It follows the answer to RETR or TOP, ends here with a dot, and is read below as a whole.");
    FRAGMENT    = dynamic(Kind::Frame, "pop.data.fragment",       "Piece",         "A frame that carried a piece of the mail.").detail();
    FRAGMENT_COUNT = derived(Kind::Uint(32), "pop.data.fragment.count", "Pieces",  "How many frames the mail came in.");
    MAIL_LENGTH = derived(Kind::Uint(32), "pop.data.reassembled.length", "Length of the mail", "Its head, an empty line, its text and the dot that ends it, in bytes.");
    REQUEST     = dynamic(Kind::Text, "pop.request",              "Request",       "What the client says.");
    COMMAND     = dynamic(Kind::Text, "pop.request.command",      "Command",       "What the client wants done: USER, PASS, LIST, RETR and so on.");
    PARAMETER   = dynamic(Kind::Text, "pop.request.parameter",    "Parameter",     "With what: a name, a password in the clear, a mail's number.");
    REQUEST_DATA = dynamic(Kind::Text, "pop.request.data",        "Further line",  "What else the client says in the same go.").detail();
}

/// The row. Each segment is read for itself, as Wireshark does.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Stream(frame), dissect };

/// Text until the two agree on TLS (RFC 2595 §4), whose first record no text looks like.
fn frame(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ => Framing::Message(bytes.len()),
    }
}

/// From which frames a mail is.
static PIECES: Fields = Fields { all: &FRAGMENTS, one: &FRAGMENT, count: &FRAGMENT_COUNT, length: &MAIL_LENGTH };

/// What one connection remembers.
#[derive(Clone, Copy, Debug, Default)]
struct Talk {
    /// The client's last command was RETR or TOP: a mail follows the answer.
    asked: bool,
    /// The lines of a mail are coming.
    coming: bool,
    mail: Pieces,
    /// The last bytes before what comes next of it.
    tail: [u8; 4],
}

impl Talk {
    /// Where the mail ends in these bytes: behind a dot that has its line for itself (RFC 1939 §3).
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut last = [0; 5];
        last[1..].copy_from_slice(&self.tail);
        let end = bytes.iter().position(|&byte| {
            last.rotate_left(1);
            last[4] = byte;
            last == *b"\r\n.\r\n"
        });
        self.tail.copy_from_slice(&last[1..]);
        self.coming = end.is_none();
        end.map(|at| at + 1)
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let asks = c.context.ends.dst_port == PORT;
    let mut talk = *c.stream().dialogue.state::<Talk>();
    if !asks && talk.coming {
        return Ok(mail(c, talk));
    }
    if !asks && !bytes.starts_with(b"+OK") && !bytes.starts_with(b"-ERR") {
        // What is left of an answer that began in an earlier segment.
        return Ok(Next::end(bytes.len()));
    }
    let (whole, first, rest, more) = if asks {
        (&REQUEST, &COMMAND, &PARAMETER, &REQUEST_DATA)
    } else {
        (&RESPONSE, &INDICATOR, &DESCRIPTION, &RESPONSE_DATA)
    };
    let (len, mut at) = line(bytes);
    let text = bytes.get(..len).unwrap_or(&[]);
    if asks {
        talk.mail.forget(c);
        let (end, _) = word(text, 0);
        let verb = text.get(..end).unwrap_or(&[]);
        talk = Talk { asked: [&b"RETR"[..], b"TOP"].iter().any(|v| verb.eq_ignore_ascii_case(v)), ..Talk::default() };
    } else if talk.asked {
        talk = Talk { coming: text.starts_with(b"+OK"), tail: *b"\0\0\r\n", ..Talk::default() };
        let lines = bytes.get(at..).unwrap_or(&[]);
        if talk.coming && talk.end(lines).is_none() {
            talk.mail.add(c, at, lines.len());
        }
    }
    *c.stream().dialogue.state::<Talk>() = talk;
    c.read(whole, 0, at)?;
    c.nested(|c| {
        let (end, next) = word(text, 0);
        if end > 0 {
            c.read(first, 0, end)?;
        }
        if next < len { c.read(rest, next, len - next).map(drop) } else { Ok(()) }
    })?;
    while at < bytes.len() {
        let (_, len) = line(c.rest(at));
        c.read(more, at, len)?;
        at += len;
    }
    Ok(Next::end(bytes.len()))
}

/// What comes of a mail. As in Wireshark, the line that ends it is read with it.
fn mail(c: &mut Cursor<'_>, mut talk: Talk) -> Next {
    let bytes = c.rest(0);
    let end = talk.end(bytes);
    let len = end.unwrap_or(bytes.len());
    let next = if end.is_some() && !talk.mail.has_begun() {
        Next::to(Key::Media("message/rfc822"), 0).more(len)
    } else {
        talk.mail.add(c, 0, len);
        let whole = end.and_then(|_| std::mem::take(&mut talk.mail).whole(c, &PIECES));
        let read = whole.map(|id| Next::to(Key::Media("message/rfc822"), len).within(id).more(len));
        read.unwrap_or_else(|| Next::end(len).more(len))
    };
    *c.stream().dialogue.state::<Talk>() = talk;
    next
}

/// `Request RETR 1`, `Response +OK 120 octets`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if packet.field_in(layer, &REQUEST).is_some() {
        out.push_str("Request");
        show::parts(packet, layer, &[(" ", &COMMAND), (" ", &PARAMETER)], out);
    } else if packet.field_in(layer, &RESPONSE).is_some() {
        out.push_str("Response");
        show::parts(packet, layer, &[(" ", &INDICATOR), (" ", &DESCRIPTION)], out);
    } else {
        out.push_str("More of an answer");
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;

    #[test]
    fn a_verb_and_its_parameter_go_out() {
        let p = message(&PROTOCOL, (40000, PORT), b"PASS a  b\r\nSTAT\r\n");
        assert_eq!((p.octets(&COMMAND), p.octets(&PARAMETER)), (Some(&b"PASS"[..]), Some(&b"a  b"[..])));
        assert_eq!(p.octets(&REQUEST_DATA), Some(&b"STAT\r\n"[..]));
        assert_eq!(summary(&p), "Request PASS a  b");
    }

    #[test]
    fn an_answer_s_lines_follow_it_and_a_piece_of_one_says_nothing() {
        let p = message(&PROTOCOL, (PORT, 40000), b"+OK\r\n1 120\r\n.\r\n");
        assert_eq!((p.octets(&INDICATOR), p.all(&RESPONSE_DATA).count()), (Some(&b"+OK"[..]), 2));
        let p = message(&PROTOCOL, (PORT, 40000), b"2 200\r\n.\r\n");
        assert_eq!((p.fields.len(), summary(&p)), (0, "More of an answer".to_owned()));
    }

    #[test]
    fn a_mail_ends_with_a_dot_on_a_line_of_its_own_wherever_it_is_cut() {
        let mail = b"Subject: x\r\n\r\n..\r\na.\r\n.\r\n+OK";
        for cut in 0..mail.len() {
            let mut talk = Talk { coming: true, tail: *b"\0\0\r\n", ..Talk::default() };
            let (first, second) = mail.split_at(cut);
            let end = talk.end(first).or_else(|| talk.end(second).map(|at| cut + at));
            assert_eq!((end, talk.coming), (Some(mail.len() - 3), false), "cut at {cut}");
        }
        assert_eq!(Talk { tail: *b"\0\0\r\n", ..Talk::default() }.end(b".\r\n"), Some(3));
    }

    #[test]
    fn a_line_without_an_end_is_read_as_it_is() {
        let p = message(&PROTOCOL, (40000, PORT), b"US");
        assert_eq!((p.octets(&COMMAND), p.octets(&PARAMETER)), (Some(&b"US"[..]), None));
    }
}
