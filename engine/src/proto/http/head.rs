//! The head of a message: its first line, its header lines, and what they say about the body.

use super::fields::{Role, header};
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// The longest head that is waited for. Servers refuse far shorter ones (8 to 64 KiB).
pub(super) const LONGEST: usize = 1 << 20;

const METHODS: &[&[u8]] = &[
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    b"NOTIFY",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"M-SEARCH",
    b"SEARCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"MERGE",
    b"MKACTIVITY",
    b"CHECKOUT",
    b"CHECKIN",
    b"UNCHECKOUT",
    b"UPDATE",
    b"LABEL",
    b"MKWORKSPACE",
    b"VERSION-CONTROL",
    b"BASELINE-CONTROL",
    b"POLL",
    b"BPROPFIND",
    b"BPROPPATCH",
    b"BMOVE",
    b"BCOPY",
    b"BDELETE",
    b"CCM_POST",
    b"RPC_CONNECT",
    b"RPC_IN_DATA",
    b"RPC_OUT_DATA",
    b"PING",
];

/// The headers that say how long a body is: of all others, the framing reads no more than where they end.
const TELLING: [&str; 2] = ["Content-Length", "Transfer-Encoding"];

/// What kind of message a first line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Request,
    /// A request that asks nothing (General Event Notification Architecture, `UPnP`).
    Notification,
    Response,
    /// Header lines whose first line is not here.
    Headers,
}

/// A line of the head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Where it starts.
    pub at: usize,
    /// Its bytes without the line's end.
    pub text: &'a [u8],
    /// Bytes with the line's end.
    pub len: usize,
}

/// A header: one line, or several where its value is folded.
#[derive(Clone, Debug)]
pub(super) struct Header<'a> {
    /// Where it starts.
    pub at: usize,
    /// Bytes with all of its lines' ends.
    pub len: usize,
    pub name: &'a [u8],
    /// Where the value starts, and its bytes as they are written.
    pub value_at: usize,
    pub raw: &'a [u8],
    /// The value; a fold is one blank (RFC 9112 §5.2).
    pub value: Cow<'a, [u8]>,
    /// What ends its last line.
    pub line_end: &'a [u8],
    /// The rule that it breaks.
    pub breaks: Option<&'static str>,
}

/// How a body's end is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing says; a request then has no body, a response lasts until the connection closes.
    #[default]
    Unsaid,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// What is said contradicts itself or is no number.
    Bad,
}

/// A first word that is longer is waited for: a header's name perhaps.
const LONGEST_WORD: usize = 64;

/// What kind of message `line` begins, if it begins one.
pub(super) fn opening(line: &[u8]) -> Option<Opening> {
    if line.starts_with(b"HTTP/") || line.starts_with(b"ICY ") {
        return Some(Opening::Response);
    }
    // HTTP/0.9 names no version (RFC 1945 §4.1).
    let method = line.get(..line.iter().position(|&b| b == b' ')?)?;
    match method {
        b"NOTIFY" | b"SUBSCRIBE" | b"UNSUBSCRIBE" => Some(Opening::Notification),
        b"PRI" => None,
        _ if METHODS.contains(&method) => Some(Opening::Request),
        _ => None,
    }
}

/// Whether a line that goes on can't become the first of a message, nor a header: by what ends its first word.
pub(super) fn opens_nothing(line: &[u8]) -> bool {
    let begun = line.get(..LONGEST_WORD).unwrap_or(line);
    match begun.iter().position(|&b| b == b':' || !is_token(&[b])).and_then(|end| begun.get(end)) {
        None | Some(b':') => false,
        Some(b' ' | b'/') => opening(line).is_none(),
        Some(_) => true,
    }
}

/// Whether a first line says which HTTP it is; on a port that promises nothing it must.
pub(super) fn names_version(line: &[u8]) -> bool {
    let says =
        |piece: Option<&[u8]>| piece.and_then(|p| p.get(..7)).is_some_and(|p| p.eq_ignore_ascii_case(b"HTTP/1."));
    says(line.get(..8)) || says(line.len().checked_sub(8).and_then(|at| line.get(at..)))
}

/// An empty line before a message, which a receiver skips (RFC 9112 §2.2).
pub(super) fn leading(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', b'\r' | b'\n', ..] | [b'\n', b'\r' | b'\n', ..] => 0,
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => 0,
    }
}

/// The line that starts at `at`; `None` when no byte is there. The last one may lack its end. A lone CR ends a line,
/// too, as Wireshark has it.
pub(super) fn line(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = bytes.get(at..).filter(|r| !r.is_empty())?;
    let text = memchr2(b'\r', b'\n', rest).and_then(|end| rest.get(..end)).unwrap_or(rest);
    Some(Line { at, text, len: text.len() + line_end(rest, text.len()).len() })
}

/// What ends the line there.
fn line_end(bytes: &[u8], at: usize) -> &[u8] {
    let len = match bytes.get(at..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([b'\r' | b'\n', ..]) => 1,
        _ => 0,
    };
    bytes.get(at..at + len).unwrap_or(&[])
}

/// One past the empty line that ends the head, searched from `from`.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'\r', b'\n', bytes.get(at..)?)?;
        at += line_end(bytes, at).len();
        match bytes.get(at..)? {
            // What a CR ends that comes last is not known yet.
            [] | [b'\r'] => return None,
            [b'\r', b'\n', ..] => return Some(at + 2),
            [b'\r' | b'\n', ..] => return Some(at + 1),
            _ => {}
        }
    }
}

/// The characters of a token (RFC 9110 §5.6.2).
static TOKEN: [bool; 256] = {
    let (mut all, mut b) = ([false; 256], 0u8);
    while b < 0x7f {
        all[b as usize] = b.is_ascii_graphic()
            && !matches!(
                b,
                b'(' | b')'
                    | b'<'
                    | b'>'
                    | b'@'
                    | b','
                    | b';'
                    | b'\\'
                    | b'"'
                    | b'/'
                    | b'['
                    | b']'
                    | b'?'
                    | b'='
                    | b'{'
                    | b'}'
            );
        b += 1;
    }
    all
};

/// Whether every character may stand in a header's name (RFC 9110 §5.6.2).
fn is_token(name: &[u8]) -> bool {
    name.iter().all(|&b| TOKEN.get(usize::from(b)) == Some(&true))
}

/// Whether a line is a header as the standard has it; pieces of other things are not.
pub(super) fn is_header(line: &Line<'_>) -> bool {
    memchr(b':', line.text).and_then(|colon| line.text.get(..colon)).is_some_and(is_token)
}

/// The header that starts at `at`, sound or not; `None` at the empty line that ends them, and where no byte is.
pub(super) fn field(bytes: &[u8], at: usize) -> Option<Header<'_>> {
    let first = line(bytes, at).filter(|l| !l.text.is_empty())?;
    let colon = if goes_on(&first) { None } else { memchr(b':', first.text) };
    let Some((name, rest)) = colon.and_then(|colon| first.text.split_at_checked(colon)) else {
        let breaks = Some("a header line has no name and colon");
        return Some(Header {
            line_end: line_end(bytes, at + first.text.len()),
            at,
            len: first.len,
            name: &[],
            value_at: at,
            raw: first.text,
            value: Cow::Borrowed(first.text),
            breaks,
        });
    };
    let blank = 1 + rest.iter().skip(1).take_while(|b| matches!(b, b' ' | b'\t')).count();
    let value_at = at + name.len() + blank;
    let mut value = Cow::Borrowed(rest.get(blank..).unwrap_or(&[]));
    let (mut len, mut end) = (first.len, at + first.text.len());
    let named = name.trim_ascii_end();
    let mut breaks = match named.len() {
        n if n < name.len() => Some("there is a blank between a header's name and its colon"),
        0 => Some("a header has no name"),
        _ if !is_token(named) => Some("a header's name has characters that no name may have"),
        _ => None,
    };
    while let Some(more) = further(bytes, at + len) {
        let joined = value.to_mut();
        joined.truncate(joined.trim_ascii_end().len());
        let more_text = more.text.trim_ascii();
        if !joined.is_empty() && !more_text.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(more_text);
        (len, end) = (len + more.len, more.at + more.text.len());
        breaks = breaks.or(Some("a header goes on in the next line, which HTTP gave up in 2014"));
    }
    let raw = bytes.get(value_at..end).unwrap_or(&[]);
    let line_end = line_end(bytes, end);
    if line_end == b"\r" && end + 1 < bytes.len() {
        breaks =
            breaks.or(Some("a header line ends with CR alone, which others take for a part of it (RFC 9112 §2.2)"));
    }
    Some(Header { at, len, name: named, value_at, raw, value, line_end, breaks })
}

/// The line that starts at `at`, if it belongs to the header above it.
fn further(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    if matches!(bytes.get(at), Some(b' ' | b'\t')) { line(bytes, at) } else { None }
}

/// Whether a line belongs to the header above it.
fn goes_on(line: &Line<'_>) -> bool {
    matches!(line.text, [b' ' | b'\t', ..])
}

/// The status code of a response's first line.
pub(super) fn code(line: &[u8]) -> Option<u16> {
    let rest = line.get(line.iter().position(|&b| b == b' ')?..)?.trim_ascii_start();
    let digits = rest.get(..3).filter(|d| d.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What a value of `Content-Length` counts (RFC 9110 §8.6).
pub(super) fn length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    // A sign is against the rule, and read all the same by whatever counts on its library for numbers.
    let digits = digits.strip_prefix(b"+").unwrap_or(digits);
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let n: u64 = std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()?;
    i64::try_from(n).ok().map(|_| n)
}

impl Extent {
    /// What one more header line adds.
    pub(super) fn learn(&mut self, role: Role, value: &[u8]) {
        match role {
            // Chunked overrides a length (RFC 9112 §6.3).
            Role::TransferEncoding => {
                let last = value.rsplit(|&b| b == b',').next().unwrap_or(&[]).trim_ascii();
                *self = if last.eq_ignore_ascii_case(b"chunked") { Self::Chunked } else { Self::Unsaid };
            }
            Role::ContentLength if *self != Self::Chunked => {
                *self = match (*self, length(value)) {
                    (Self::Unsaid, Some(n)) => Self::Length(n),
                    (Self::Length(n), Some(m)) if n == m => Self::Length(n),
                    _ => Self::Bad,
                };
            }
            _ => {}
        }
    }

    /// What a whole head says.
    pub(super) fn of(head: &[u8]) -> Self {
        let mut extent = Self::default();
        let mut at = leading(head);
        at += line(head, at).map_or(0, |l| l.len);
        while let Some(line) = line(head, at).filter(|l| !l.text.is_empty()) {
            // Where another line goes on in the next one, that begins with a blank.
            if !TELLING.iter().any(|name| begins_with(line.text, name.as_bytes())) {
                at += line.len;
                continue;
            }
            let Some(field) = field(head, at) else { break };
            at += field.len;
            if let Some((_, role)) = header(field.name) {
                extent.learn(role, &field.value);
            }
        }
        extent
    }
}

/// Whether a line begins with this name, whatever its case.
fn begins_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// Whether a response with this code never has a body (RFC 9110 §6.4.1).
pub(super) fn bodiless(code: u16) -> bool {
    matches!(code, 100..=199 | 204 | 304)
}

#[cfg(test)]
mod tests {
    use super::super::fields::HEADERS;
    use super::*;

    #[test]
    fn what_tells_of_a_body_are_the_headers_that_it_learns_from() {
        let learns = |role: Role| {
            ["chunked", "1"].iter().any(|value| {
                let mut extent = Extent::default();
                extent.learn(role, value.as_bytes());
                extent != Extent::default()
            })
        };
        let telling: Vec<_> = HEADERS.iter().filter(|(_, _, role)| learns(*role)).map(|(name, ..)| *name).collect();
        assert_eq!(telling, TELLING);
    }
}
