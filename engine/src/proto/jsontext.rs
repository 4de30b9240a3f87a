//! The shape of a JSON text (RFC 8259): where each value starts and ends, for protocols that put one into
//! their messages. A tool, no protocol; `json.rs` is that.

use super::Cursor;
use crate::model::{FieldDef, Value};
use std::ops::Range;

/// The members of an array or an object, one after the other.
pub(super) struct Items<'a> {
    text: &'a [u8],
    at: usize,
    object: bool,
    state: State,
}

/// One member, as ranges of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its name without quotes; only in an object.
    pub name: Range<usize>,
    /// Its value, as it is written.
    pub value: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    First,
    Going,
    Ended,
    Broken,
}

/// Past blanks (RFC 8259 §2).
pub(super) fn skip_blank(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or(&[]);
    at + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// The members of what begins at `at`; none where that is neither array nor object.
pub(super) fn items(text: &[u8], at: usize) -> Items<'_> {
    let state = if matches!(text.get(at), Some(b'[' | b'{')) { State::First } else { State::Broken };
    Items { text, at: at + 1, object: text.get(at) == Some(&b'{'), state }
}

/// Where the value that begins at `at` ends; `None` where the text ends before it.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at),
        b'[' | b'{' => container_end(text, at),
        _ => {
            let word = |b: &&u8| matches!(b, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.');
            let len = text.get(at..)?.iter().take_while(word).count();
            (len > 0).then_some(at + len)
        }
    }
}

fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        end += text.get(end..)?.iter().take_while(|b| !matches!(b, b'"' | b'\\')).count();
        match text.get(end)? {
            b'"' => return Some(end + 1),
            _ => end += 2,
        }
    }
}

/// Counts what is open instead of descending: a hostile text can nest a million times.
fn container_end(text: &[u8], at: usize) -> Option<usize> {
    let (mut end, mut open) = (at, 0_usize);
    loop {
        match text.get(end)? {
            b'"' => {
                end = string_end(text, end)?;
                continue;
            }
            b'[' | b'{' => open += 1,
            b']' | b'}' => open -= 1,
            _ => {}
        }
        end += 1;
        if open == 0 {
            return Some(end);
        }
    }
}

impl Items<'_> {
    /// Where the container ends, once all members were taken; `None` where it is broken.
    pub(super) fn end(&self) -> Option<usize> {
        (self.state == State::Ended).then_some(self.at)
    }

    fn step(&mut self) -> Option<Item> {
        let close = if self.object { b'}' } else { b']' };
        let mut at = skip_blank(self.text, self.at);
        match (self.state, *self.text.get(at)?) {
            (State::First | State::Going, b) if b == close => {
                (self.state, self.at) = (State::Ended, at + 1);
                return None;
            }
            (State::First, _) => {}
            (State::Going, b',') => at = skip_blank(self.text, at + 1),
            _ => return None,
        }
        let mut name = at..at;
        if self.object {
            let end = (self.text.get(at) == Some(&b'"')).then(|| string_end(self.text, at))??;
            name = at + 1..end - 1;
            at = skip_blank(self.text, end);
            if self.text.get(at) != Some(&b':') {
                return None;
            }
            at = skip_blank(self.text, at + 1);
        }
        let end = value_end(self.text, at)?;
        (self.state, self.at) = (State::Going, end);
        Some(Item { name, value: at..end })
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if matches!(self.state, State::Ended | State::Broken) {
            return None;
        }
        let item = self.step();
        if item.is_none() && self.state != State::Ended {
            self.state = State::Broken;
        }
        item
    }
}

/// A whole number of at most ten digits.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    let sound = (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    sound.then(|| digits.iter().fold(0, |n, &d| n * 10 + u64::from(d - b'0')))
}

/// What is between a string's quotes.
pub(super) fn unquote(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

/// Writes the JSON string at `at` as a field over what is between its quotes; says whether it is one.
pub(super) fn put_string(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, value: &[u8]) -> bool {
    let Some(inner) = unquote(value) else { return false };
    if inner.contains(&b'\\') {
        c.push_text(def, at + 1, inner.len(), &unescape(inner));
    } else {
        c.push(def, at + 1, inner.len(), Value::Text(c.span(at + 1, inner.len())));
    }
    true
}

/// A string's text, its escapes undone (RFC 8259 §7).
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&b) = text.get(at) {
        if b != b'\\' {
            out.push(b);
            at += 1;
            continue;
        }
        let escape = text.get(at + 1).copied().unwrap_or(b'\\');
        at += 2;
        match escape {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'u' => {
                let (c, len) = unicode(text.get(at..).unwrap_or(&[]));
                at += len;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
    }
    out
}

/// The character after `\u`, and how many bytes it took; two escapes make one beyond the first 65,536.
fn unicode(text: &[u8]) -> (char, usize) {
    let unit = |from: usize| {
        let digits = text.get(from..from + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, 0) };
    let second = if text.get(4..6) == Some(b"\\u") { unit(6) } else { None };
    let both = second.and_then(|s| char::decode_utf16([first, s]).next()?.ok()).filter(|c| c.len_utf16() == 2);
    match both {
        Some(c) => (c, 10),
        None => (char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER), 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> (Vec<&str>, Option<usize>) {
        let mut all = items(text.as_bytes(), 0);
        let values = all.by_ref().map(|i| &text[i.value]).collect();
        (values, all.end())
    }

    #[test]
    fn members_are_found_whatever_stands_in_them() {
        let text = r#"[ "a\"]", [1,[2]], {"b":"}"} ,null,-1.5e3 ] rest"#;
        let (found, end) = values(text);
        assert_eq!(found, [r#""a\"]""#, "[1,[2]]", r#"{"b":"}"}"#, "null", "-1.5e3"]);
        assert_eq!(end.map(|e| &text[e..]), Some(" rest"));
        assert_eq!(values("[]"), (vec![], Some(2)));
        let text = br#"{"sid":"x", "n" : 1}"#;
        let names: Vec<_> = items(text, 0).map(|i| &text[i.name]).collect();
        assert_eq!(names, [&b"sid"[..], b"n"]);
    }

    #[test]
    fn a_text_that_ends_too_early_or_lacks_a_sign_is_broken() {
        for text in ["[", "[1", "[1,", "[\"a", "[\"a\\", "[[1]", "[1 2]", "{1:2}", "{\"a\" 2}", "1", ""] {
            assert_eq!(values(text).1, None, "{text}");
        }
    }
}
