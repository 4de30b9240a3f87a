//! POP — RFC 1939. Mail is fetched in lines of text: a verb goes out, `+OK` or `-ERR` comes back, and after some verbs
//! more lines, until one that is a single dot.

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

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let asks = c.context.ends.dst_port == PORT;
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
    c.read(whole, 0, at)?;
    c.nested(|c| {
        let (end, next) = word(text, 0);
        if end > 0 {
            c.read(first, 0, end)?;
        }
        if next < len { c.read(rest, next, len - next).map(drop) } else { Ok(()) }
    })?;
    while at < bytes.len() && !c.summary_only() {
        let (_, len) = line(c.rest(at));
        c.read(more, at, len)?;
        at += len;
    }
    Ok(Next::end(bytes.len()))
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
    fn a_line_without_an_end_is_read_as_it_is() {
        let p = message(&PROTOCOL, (40000, PORT), b"US");
        assert_eq!((p.octets(&COMMAND), p.octets(&PARAMETER)), (Some(&b"US"[..]), None));
    }
}
