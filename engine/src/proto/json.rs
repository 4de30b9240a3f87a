//! JSON — RFC 8259. Text that programs exchange: objects of names and values, arrays, strings, numbers.
//!
//! Read by a loop with a stack of bits, never by recursion: a hostile text can nest a million times.

use super::jsontext::{skip_blank, unescape};
use super::prelude::*;

/// JSON.
pub static ABOUT: Identity = Identity {
    name: "json",
    title: "JavaScript Object Notation",
    osi: Osi::Presentation,
    spec: "RFC 8259",
    fields: FIELDS,
    summary: None,
};

fields! {
    OBJECT = dynamic(Kind::Flag, "json.object", "Object", "A collection of names, each with a value.");
    ARRAY  = dynamic(Kind::Flag, "json.array", "Array", "Values in order.");
    KEY    = dynamic(Kind::Text, "json.key", "Name", "What the value after it is called.");
    STRING = dynamic(Kind::Text, "json.value.string", "String", "A text.");
    NUMBER = dynamic(Kind::Text, "json.value.number", "Number", "A number, as it is written.");
    TRUE   = dynamic(Kind::Flag, "json.value.true", "True", "Yes.");
    FALSE  = dynamic(Kind::Flag, "json.value.false", "False", "No.");
    NULL   = dynamic(Kind::Flag, "json.value.null", "Null", "Nothing.");
}

/// The row; bodies of these media types come here.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Media("application/json"),
        Key::Media("application/json-rpc"),
        Key::Media("application/jsonrequest"),
        Key::Media("application/json-patch+json"),
        Key::Media("application/problem+json"),
        Key::Media("application/senml+json"),
        Key::Media("application/sensml+json"),
        Key::Media("application/x-ndjson"),
    ],
    over: Over::Packet,
    dissect,
};

/// How deep values may stand inside each other.
const DEEPEST: usize = 256;
/// How many fields one text may give.
const MOST: usize = 100_000;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value; or the end of the array that has just begun.
    Value { or_end: bool },
    /// A name; or the end of the object that has just begun.
    Name { or_end: bool },
    /// A comma, or the end of what is open.
    More,
}

/// The containers that are open, innermost last.
struct Open {
    /// The field of each, and whether it is an object.
    stack: [(u32, bool); DEEPEST],
    depth: usize,
}

#[expect(clippy::unnecessary_wraps, reason = "every row's function has this shape")]
fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let text = c.rest(0);
    if let Err(why) = read(c, text) {
        c.doubt(if c.is_cut() { c.missing(text.len() + 1) } else { c.malformed(why) });
    }
    c.indent(0);
    Ok(Next::end(text.len()))
}

fn read<'a>(c: &mut Cursor<'a>, text: &'a [u8]) -> Result<(), &'static str> {
    let mut open = Open { stack: [(0, false); DEEPEST], depth: 0 };
    let mut expect = Expect::Value { or_end: false };
    let mut at = 0;
    for _ in 0..MOST {
        at = skip_blank(text, at);
        let Some(&b) = text.get(at) else { return Err("the text ends before its value does") };
        c.indent(u8::try_from(open.depth).unwrap_or(u8::MAX));
        expect = match (expect, b) {
            (Expect::Value { or_end: true }, b']') | (Expect::Name { or_end: true }, b'}') => {
                at += 1;
                open.leave(c, at)
            }
            (Expect::Name { .. }, b'"') => {
                at = string(c, &KEY, text, at)?;
                at = skip_blank(text, at);
                if text.get(at) != Some(&b':') {
                    return Err("a name is not followed by a colon");
                }
                at += 1;
                Expect::Value { or_end: false }
            }
            (Expect::Value { .. }, b'{' | b'[') => {
                let object = b == b'{';
                let field = c.open(if object { &OBJECT } else { &ARRAY }, at);
                open.enter(field, object)?;
                at += 1;
                if object { Expect::Name { or_end: true } } else { Expect::Value { or_end: true } }
            }
            (Expect::Value { .. }, _) => {
                at = scalar(c, text, at)?;
                Expect::More
            }
            (Expect::More, b',') => {
                at += 1;
                match open.innermost() {
                    Some(true) => Expect::Name { or_end: false },
                    Some(false) => Expect::Value { or_end: false },
                    None => return Err("something follows the value"),
                }
            }
            (Expect::More, b'}' | b']') if open.innermost() == Some(b == b'}') => {
                at += 1;
                open.leave(c, at)
            }
            _ => return Err("a comma, a name or an end is missing"),
        };
        if open.depth == 0 && expect == Expect::More {
            // Several values may follow each other, as lines of them do.
            expect = match text.get(skip_blank(text, at)) {
                None => return Ok(()),
                Some(b'{' | b'[') => Expect::Value { or_end: false },
                Some(_) => return Err("something follows the value"),
            };
        }
    }
    Err("the text has more values than are shown here")
}

impl Open {
    fn enter(&mut self, field: usize, object: bool) -> Result<(), &'static str> {
        let slot =
            self.stack.get_mut(self.depth).ok_or("values stand deeper inside each other than is followed here")?;
        *slot = (u32::try_from(field).unwrap_or(u32::MAX), object);
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost container, which ends at `end`.
    fn leave(&mut self, c: &mut Cursor<'_>, end: usize) -> Expect {
        if let Some(&(field, _)) = self.depth.checked_sub(1).and_then(|d| self.stack.get(d)) {
            c.close(field as usize, end);
            self.depth -= 1;
        }
        Expect::More
    }

    /// Whether the innermost container is an object.
    fn innermost(&self) -> Option<bool> {
        self.stack.get(self.depth.checked_sub(1)?).map(|s| s.1)
    }
}

/// A string, a number or a word; gives where it ends.
fn scalar<'a>(c: &mut Cursor<'a>, text: &'a [u8], at: usize) -> Result<usize, &'static str> {
    let rest = text.get(at..).unwrap_or(&[]);
    if rest.first() == Some(&b'"') {
        return string(c, &STRING, text, at);
    }
    for (word, def) in [("true", &TRUE), ("false", &FALSE), ("null", &NULL)] {
        if rest.starts_with(word.as_bytes()) {
            c.push(def, at, word.len(), Value::None);
            return Ok(at + word.len());
        }
    }
    let number = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
    match rest.first() {
        Some(b'0'..=b'9' | b'-') => {
            c.push(&NUMBER, at, number, Value::Text(c.span(at, number)));
            Ok(at + number)
        }
        _ => Err("a value is none of those that JSON knows"),
    }
}

/// A string in quotes; its value is without them, its escapes undone (RFC 8259 §7).
fn string<'a>(c: &mut Cursor<'a>, def: &'static FieldDef, text: &'a [u8], at: usize) -> Result<usize, &'static str> {
    let rest = text.get(at + 1..).unwrap_or(&[]);
    let mut len = 0;
    let mut escaped = false;
    loop {
        len += rest.get(len..).unwrap_or(&[]).iter().take_while(|b| !matches!(b, b'"' | b'\\')).count();
        match rest.get(len) {
            Some(b'"') => break,
            Some(_) => (len, escaped) = (len + 2, true),
            None => return Err("a string has no end"),
        }
    }
    let inner = rest.get(..len).unwrap_or(&[]);
    if escaped {
        let plain = unescape(inner);
        c.push_text(def, at, len + 2, &plain);
    } else {
        c.push(def, at, len + 2, Value::Text(c.span(at + 1, len)));
    }
    Ok(at + len + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape(br#"a\n\u00e9\ud83d\ude00\"\ud800"#), "a\né😀\"\u{fffd}".as_bytes());
    }

    #[test]
    fn media_types_lead_here_by_name() {
        for kind in [&b"application/json"[..], b"Application/JSON; charset=utf-8", b"application/problem+json"] {
            assert!(crate::proto::media(kind).is_some_and(|p| std::ptr::eq(p.about, &raw const ABOUT)), "{kind:?}");
        }
        assert!(crate::proto::media(b"application/vnd.api+json").is_none(), "as Wireshark 4.0 has it");
    }
}
