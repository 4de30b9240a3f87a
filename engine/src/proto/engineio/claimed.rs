//! Bodies that Engine.IO recognises whatever their media type says.
//!
//! ```text
//! ___eio[0]("97:0{…}2:40");           an answer for a script tag (JSONP, protocol 3): a call with the packets as text
//! d=10%3A42%5B%22hi%22%5D             what such a client posts, as a form
//! {"code":1,"message":"Session ID unknown"}   the server refuses
//! ```
//!
//! JSONP lets a page of another origin poll where nothing better works.

use super::{ABOUT, ERROR_CODE, ERROR_MESSAGE, ERRORS, JSONP, POLLING};
use crate::model::BufferKind;
use crate::proto::form;
use crate::proto::jsontext::{decimal, items, skip_blank, unescape, unquote, value_end};
use crate::proto::prelude::*;
use crate::proto::stream::{Framing, StreamCtx};
use crate::proto::{Carrier, media};

/// The row.
pub static CLAIMED: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Query(Carrier::Claimed, &["EIO=4"]),
        Key::Query(Carrier::Claimed, &["EIO=3"]),
        Key::Query(Carrier::Claimed, &["transport=polling"]),
        Key::Query(Carrier::Claimed, &["transport=websocket"]),
    ],
    over: Over::Stream(recognise),
    dissect: |c| Ok(dissect(c)),
};

/// What Python's server (python-engineio) says in other words than the official one, and always as text.
const OTHER_WORDS: &[(u64, &str)] = &[
    (0, "Invalid transport"),
    (1, "Invalid session"),
    (5, "The client is using an unsupported version of the Socket.IO or Engine.IO protocols"),
];

/// What such a body is.
enum Body {
    /// The number of the function that is called, and where its text lies, quotes included.
    Script(std::ops::Range<usize>, std::ops::Range<usize>),
    /// Where the form's value lies.
    Form(std::ops::Range<usize>),
    /// The code, where it and the message lie; a code that only the message tells lies nowhere.
    Refusal { code: u64, code_at: Option<std::ops::Range<usize>>, message: std::ops::Range<usize> },
}

fn recognise(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if Body::read(bytes).is_some() { Framing::Message(bytes.len()) } else { Framing::NotMine }
}

impl Body {
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::script(bytes).or_else(|| Self::form(bytes)).or_else(|| Self::refusal(bytes))
    }

    fn script(bytes: &[u8]) -> Option<Self> {
        const BEFORE: usize = b"___eio[".len();
        let digits = bytes.strip_prefix(b"___eio[")?.iter().take_while(|b| b.is_ascii_digit()).count();
        let from = BEFORE + digits + 2;
        (digits > 0 && bytes.get(BEFORE + digits..from)? == b"](" && bytes.get(from) == Some(&b'"')).then_some(())?;
        let end = value_end(bytes, from).unwrap_or(bytes.len());
        Some(Self::Script(BEFORE..BEFORE + digits, from..end))
    }

    fn form(bytes: &[u8]) -> Option<Self> {
        let value = bytes.strip_prefix(b"d=")?;
        let len = value.iter().position(|&b| b == b'&').unwrap_or(value.len());
        Some(Self::Form(2..2 + len))
    }

    fn refusal(bytes: &[u8]) -> Option<Self> {
        let at = skip_blank(bytes, 0);
        if bytes.get(at) != Some(&b'{') {
            let text = bytes.trim_ascii();
            let message = unquote(text).unwrap_or(text);
            let code = ERRORS.iter().chain(OTHER_WORDS).find(|(_, known)| known.as_bytes() == message)?.0;
            let from = at + usize::from(message.len() < text.len());
            return Some(Self::Refusal { code, code_at: None, message: from..from + message.len() });
        }
        let (mut code, mut message) = (None, None);
        for item in items(bytes, at) {
            let value = bytes.get(item.value.clone())?;
            match bytes.get(item.name)? {
                b"code" => code = decimal(value).filter(|&n| n <= 5).map(|n| (n, item.value)),
                b"message" if value.len() >= 2 => message = unquote(value).map(|_| item.value),
                _ => return None,
            }
        }
        let ((code, code_at), message) = code.zip(message)?;
        Some(Self::Refusal { code, code_at: Some(code_at), message: message.start + 1..message.end - 1 })
    }
}

fn dissect(c: &mut Cursor<'_>) -> Next {
    let body = c.rest(0);
    match Body::read(body) {
        Some(Body::Script(number, text)) => {
            let index = body.get(number.clone()).and_then(decimal).unwrap_or(u64::MAX);
            c.push(&JSONP, number.start, number.len(), Value::Uint(index));
            let quoted = body.get(text).unwrap_or(&[]);
            let Some(inner) = unquote(quoted) else {
                c.doubt(c.missing(body.len() + 1));
                return Next::end(body.len());
            };
            unwrapped(c, body.len(), &unescape(inner))
        }
        Some(Body::Form(value)) => {
            c.push(&JSONP, 0, 1, Value::None);
            let text = plain(body.get(value).unwrap_or(&[]));
            unwrapped(c, body.len(), &text)
        }
        Some(Body::Refusal { code, code_at, message }) => {
            match code_at {
                Some(at) => c.push(&ERROR_CODE, at.start, at.len(), Value::Uint(code)),
                None => c.derive(&ERROR_CODE, Value::Uint(code)),
            }
            c.push(&ERROR_MESSAGE, message.start, message.len(), Value::Text(c.span(message.start, message.len())));
            let kind: &[u8] = if body.first() == Some(&b'{') { b"application/json" } else { b"text/plain" };
            match media(kind) {
                Some(row) => Next::row(row, 0).showing(body.len()),
                None => Next::end(body.len()),
            }
        }
        None => Next::end(body.len()),
    }
}

/// The packets, in a buffer of their own.
fn unwrapped(c: &mut Cursor<'_>, end: usize, packets: &[u8]) -> Next {
    match c.uncover(BufferKind::Decoded, packets) {
        Some(id) => {
            c.made_of(id, c.span(0, end));
            Next::row(&POLLING, end).within(id)
        }
        None => Next::end(end),
    }
}

/// A form's value, with the line ends that the client escaped because browsers change them in forms.
fn plain(value: &[u8]) -> Vec<u8> {
    let decoded: Vec<u8> = form::decoded(value).collect();
    let mut out = Vec::with_capacity(decoded.len());
    let mut at = 0;
    while let Some(rest) = decoded.get(at..).filter(|rest| !rest.is_empty()) {
        let (made, len): (&[u8], usize) = match rest {
            [b'\\', b'\\', b'n', ..] => (b"\\n", 3),
            [b'\\', b'n', ..] => (b"\n", 2),
            _ => (rest.get(..1).unwrap_or(&[]), 1),
        };
        out.extend_from_slice(made);
        at += len;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_the_form_is_claimed() {
        for body in [
            r#"___eio[12]("2:40");"#,
            "d=1%3A2",
            r#"{"code":1,"message":"x"}"#,
            r#"{"message":"Forbidden","code":4}"#,
            "Session ID unknown",
            r#""Invalid session""#,
        ] {
            assert!(Body::read(body.as_bytes()).is_some(), "{body}");
        }
        for body in [
            "",
            "___eio[](\"\")",
            "___eio[0](2)",
            r#"{"code":6,"message":"x"}"#,
            r#"{"code":1}"#,
            r#"{"code":1,"message":"x","more":2}"#,
            r#"{"code":1,"message":2}"#,
            "2probe",
            "not found",
        ] {
            assert!(Body::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn forms_and_line_ends_are_undone() {
        assert_eq!(plain(br"a+b%20%C3%A9%2"), "a b é%2".as_bytes());
        assert_eq!(plain(br"x\ny\\nz\q"), b"x\ny\\nz\\q");
    }
}
