//! The head of a message: its first line, its header lines, and what they say about the body.

use super::fields::{Role, header};
use memchr::memchr;

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
    b"SOURCE",
];

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

/// The line that starts at `at`; `None` when no byte is there. The last one may lack its end.
pub(super) fn line(bytes: &[u8], at: usize) -> Option<Line<'_>> {
    let rest = bytes.get(at..).filter(|r| !r.is_empty())?;
    let len = memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
    let text = rest.get(..len).unwrap_or(rest);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    Some(Line { at, text: text.strip_suffix(b"\r").unwrap_or(text), len })
}

/// One past the empty line that ends the head, searched from `from`.
pub(super) fn end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'\n', bytes.get(at..)?)? + 1;
        match bytes.get(at..) {
            Some([b'\n', ..]) => return Some(at + 1),
            Some([b'\r', b'\n', ..]) => return Some(at + 2),
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

/// A header line's name and the place of its value in the line; `None` where no token and colon begin it
/// (RFC 9110 §5.6.2).
pub(super) fn split<'a>(line: &Line<'a>) -> Option<(&'a [u8], usize, &'a [u8])> {
    let colon = memchr(b':', line.text)?;
    let (name, rest) = line.text.split_at_checked(colon)?;
    if !name.iter().all(|&b| TOKEN.get(usize::from(b)) == Some(&true)) {
        return None;
    }
    let blank = 1 + rest.iter().skip(1).take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some((name, colon + blank, rest.get(blank..).unwrap_or(&[])))
}

/// The status code of a response's first line.
pub(super) fn code(line: &[u8]) -> Option<u16> {
    let rest = line.get(line.iter().position(|&b| b == b' ')? + 1..)?;
    let digits = rest.get(..3).filter(|d| d.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What a value of `Content-Length` counts (RFC 9110 §8.6).
pub(super) fn length(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
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
        while let Some(l) = line(head, at).filter(|l| !l.text.is_empty()) {
            at += l.len;
            let Some((name, _, value)) = split(&l) else { break };
            if let Some((_, role)) = header(name) {
                extent.learn(role, value);
            }
        }
        extent
    }
}

/// Whether a response with this code never has a body (RFC 9110 §6.4.1).
pub(super) fn bodiless(code: u16) -> bool {
    matches!(code, 100..=199 | 204 | 304)
}
