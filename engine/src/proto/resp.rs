//! RESP — the protocol of Redis, version 2. A sign says what an item is: `+` a text, `-` an error, `:` a number, `$` so
//! many bytes, `*` so many items. A command is an array of byte strings: its name, then its arguments.

use super::prelude::*;
use super::words::line;
use super::{Framing, StreamCtx};

/// RESP.
pub static ABOUT: Identity = Identity {
    name: "resp",
    title: "Redis Serialization Protocol",
    osi: Osi::Application,
    spec: "RESP2",
    fields: FIELDS,
    summary: Some(summary),
};

const PORT: u16 = 6379;

fields! {
    STRING      = dynamic(Kind::Text,    "resp.string",             "Text",         "A short answer: OK, PONG.");
    ERROR       = dynamic(Kind::Text,    "resp.error",              "Error",        "What went wrong: the first word is its kind.");
    INTEGER     = dynamic(Kind::Int(64), "resp.integer",            "Number",       "A number: how many there are, or yes and no.");
    BULK        = dynamic(Kind::Flag,    "resp.bulk_string",        "Byte string",  "Bytes of any kind, their number said before.").detail();
    BULK_LENGTH = dynamic(Kind::Int(32), "resp.bulk_string.length", "Bytes",        "How many bytes follow; -1 says that there is nothing.").detail();
    BULK_VALUE  = dynamic(Kind::Bytes,   "resp.bulk_string.value",  "Value",        "A command's name, a key or a value.");
    ARRAY       = dynamic(Kind::Flag,    "resp.array",              "Array",        "Several items: a command and its arguments, or an answer's parts.");
    ARRAY_LENGTH = dynamic(Kind::Int(64), "resp.array.length",      "Items",        "How many items follow; -1 says that there is nothing.").detail();
    FRAGMENT    = dynamic(Kind::Flag,    "resp.fragment",           "Fragment",     "A line that begins with no sign of this protocol.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::TcpPort(PORT)], over: Over::Stream(frame), dissect };

/// How deep arrays may stand in arrays.
const DEEPEST: u8 = 30;

/// All whole items that are here are one message. Never looks at the same line twice.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    // Where the next line starts, and how many items are owed.
    let (mut at, mut left) = if ctx.side.searched > 0 { *ctx.side.state::<(usize, usize)>() } else { (0, 1) };
    let mut whole = 0;
    loop {
        // Nothing more is owed: what was left open when these bytes were last looked at ends here, too.
        if left == 0 {
            if at > bytes.len() {
                break;
            }
            (whole, left) = (at, 1);
        }
        let rest = bytes.get(at..).unwrap_or(&[]);
        let Some(end) = rest.iter().position(|&b| b == b'\n') else { break };
        let count = || count(rest.get(1..end).unwrap_or(&[])).and_then(|n| usize::try_from(n).ok());
        left -= 1;
        at += end + 1;
        match rest.first() {
            Some(b'*') => left = left.saturating_add(count().unwrap_or(0)),
            Some(b'$') => at += count().map_or(0, |n| n.min(usize::MAX / 4) + 2),
            _ => {}
        }
    }
    if whole > 0 {
        return Framing::Message(whole);
    }
    *ctx.side.state() = (at, left);
    ctx.side.searched = bytes.len().max(1);
    if at > bytes.len() { Framing::Begun(at) } else { Framing::Begun(0) }
}

/// A length or a number: digits, perhaps with a sign.
fn count(text: &[u8]) -> Option<i64> {
    // Nearly all are a few digits.
    let digits = text.strip_suffix(b"\r").unwrap_or(text);
    if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
        return Some(digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0')));
    }
    std::str::from_utf8(text.trim_ascii()).ok()?.parse().ok()
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    let mut at = 0;
    while at < len {
        match item(c, at, 0)? {
            Some(end) => at = end,
            None => break,
        }
    }
    Ok(Next::end(len))
}

/// Reads the item that begins at `at`; gives where it ends, if it ends here.
fn item(c: &mut Cursor<'_>, at: usize, depth: u8) -> Result<Option<usize>, Trouble> {
    let rest = c.rest(at);
    let (len, whole) = line(rest);
    if whole == len {
        return Ok(None);
    }
    let text = rest.get(1..len).unwrap_or(&[]);
    let end = at + whole;
    match rest.first() {
        Some(b'+') => c.push(&STRING, at, whole, Value::Text(c.span(at + 1, text.len()))),
        Some(b'-') => c.push(&ERROR, at, whole, Value::Text(c.span(at + 1, text.len()))),
        Some(b':') => c.push(&INTEGER, at, whole, Value::Int(count(text).unwrap_or(0))),
        Some(b'$') => return bulk(c, at, end, count(text).unwrap_or(0)),
        Some(b'*') => return array(c, at, end, count(text).unwrap_or(0), depth),
        _ => c.push(&FRAGMENT, at, whole, Value::None),
    }
    Ok(Some(end))
}

fn bulk(c: &mut Cursor<'_>, at: usize, end: usize, len: i64) -> Result<Option<usize>, Trouble> {
    let size = usize::try_from(len).ok();
    let stop = size.map_or(end, |n| end.saturating_add(n).saturating_add(2));
    if stop > c.len() {
        return Ok(None);
    }
    c.push(&BULK, at, stop - at, Value::None);
    c.nested(|c| {
        c.push(&BULK_LENGTH, at, end - at, Value::Int(len));
        if let Some(n @ 1..) = size {
            c.read(&BULK_VALUE, end, n)?;
        }
        Ok(Some(stop))
    })
}

fn array(c: &mut Cursor<'_>, at: usize, end: usize, count: i64, depth: u8) -> Result<Option<usize>, Trouble> {
    if depth >= DEEPEST {
        return Err(c.malformed("arrays are nested deeper than is followed here"));
    }
    let opened = c.open(&ARRAY, at);
    c.close(opened, end);
    c.nested(|c| {
        c.push(&ARRAY_LENGTH, at, end - at, Value::Int(count));
        let mut end = end;
        for _ in 0..count.max(0) {
            match item(c, end, depth + 1)? {
                Some(next) => end = next,
                None => return Ok(None),
            }
            c.close(opened, end);
        }
        Ok(Some(end))
    })
}

/// Values that [`summary`] tells; of the others it says that there are more.
const OF_A_LINE: i64 = 4;

/// `Request: SET name lesson`, `Response: OK`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let mut shown = 0;
    for f in packet.fields_of(layer) {
        let Some(text) = [&STRING, &ERROR, &INTEGER, &BULK_VALUE].contains(&f.def).then_some(f) else { continue };
        if shown == OF_A_LINE {
            out.push_str(" …");
            return;
        }
        if shown > 0 {
            out.push(' ');
        }
        shown += 1;
        match text.value {
            Value::Text(s) | Value::Bytes(s) => drop(show::escape_within(packet.bytes(s), 30, out)),
            Value::Int(n) => show::signed(n, out),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;
    use crate::proto::Streams;

    fn read(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (40000, PORT), bytes)
    }

    #[test]
    fn a_command_is_an_array_of_byte_strings() {
        let p = read(b"*2\r\n$3\r\nGET\r\n$4\r\nna\r\n\r\n");
        assert_eq!((p.all(&ARRAY).count(), p.all(&BULK_VALUE).count()), (1, 2));
        assert_eq!(summary(&p), "GET na\\r\\n");
    }

    #[test]
    fn answers_are_texts_errors_numbers_or_nothing() {
        let p = read(b"+OK\r\n-ERR no\r\n:-7\r\n$-1\r\n*-1\r\n");
        assert_eq!((p.octets(&STRING), p.octets(&ERROR)), (Some(&b"OK"[..]), Some(&b"ERR no"[..])));
        assert_eq!(p.field(&INTEGER).map(|f| f.value), Some(Value::Int(-7)));
        assert_eq!((p.all(&BULK_VALUE).count(), p.all(&ARRAY_LENGTH).count()), (0, 1));
        assert_eq!(summary(&p), "OK ERR no -7");
    }

    #[test]
    fn a_message_ends_with_its_last_whole_item() {
        let ask = |bytes: &[u8]| frame(&mut Streams::default().view(true), bytes);
        assert_eq!(ask(b"*2\r\n$3\r\nGET\r\n"), Framing::Begun(0));
        assert_eq!(ask(b"$5\r\nab"), Framing::Begun(11));
        assert_eq!(ask(b"+OK\r\n:1\r\n+O"), Framing::Message(9));
    }

    #[test]
    fn a_value_that_comes_in_pieces_ends_with_its_last_piece() {
        let mut streams = Streams::default();
        let mut ask = |bytes: &[u8]| frame(&mut streams.view(true), bytes);
        assert_eq!(ask(b"$5\r\nab"), Framing::Begun(11));
        assert_eq!(ask(b"$5\r\nabcde\r\n"), Framing::Message(11));
        let mut streams = Streams::default();
        let mut ask = |bytes: &[u8]| frame(&mut streams.view(true), bytes);
        assert_eq!(ask(b"$5\r\nab"), Framing::Begun(11));
        assert_eq!(ask(b"$5\r\nabcde\r\n+OK\r\n"), Framing::Message(16));
    }

    #[test]
    fn a_count_that_lies_and_a_tower_of_arrays_end() {
        let p = read(b"*9223372036854775807\r\n+a\r\n");
        assert_eq!(p.all(&STRING).count(), 1);
        assert!(read(&b"*1\r\n".repeat(100)).layers[0].trouble.is_some());
        assert_eq!(read(b"$9223372036854775807\r\nab\r\n").fields.len(), 0);
        assert_eq!(read(b"PING\r\n").all(&FRAGMENT).count(), 1);
    }
}
