//! MIME multipart — RFC 2046 §5.1: several bodies in one, between lines that none of them holds.
//!
//! ```text
//! --boundary
//! Content-Type: text/plain          header lines of the part, perhaps none
//!
//! body of the part
//! --boundary--                      the end
//! ```

use super::prelude::*;

/// Multipart.
pub static ABOUT: Identity = Identity {
    name: "mime_multipart",
    title: "MIME Multipart",
    osi: Osi::Presentation,
    spec: "RFC 2046",
    fields: FIELDS,
    summary: None,
};

fields! {
    FIRST    = dynamic(Kind::Text, "mime_multipart.first_boundary", "First boundary", "The line that begins the first part; every part begins so.");
    PART     = dynamic(Kind::Text, "mime_multipart.part", "Part", "One body among several, with its own header lines.");
    LAST     = dynamic(Kind::Text, "mime_multipart.last_boundary", "Last boundary", "The same line with two more hyphens ends the whole.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::Media("multipart/form-data"),
        Key::Media("multipart/mixed"),
        Key::Media("multipart/related"),
        Key::Media("multipart/alternative"),
        Key::Media("multipart/byteranges"),
        Key::Media("multipart/digest"),
        Key::Media("multipart/x-mixed-replace"),
    ],
    over: Over::Packet,
    dissect,
};

/// How many parts are looked at.
const MOST: usize = 1000;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let first = bytes.iter().position(|&b| b == b'\n').map_or(bytes.len(), |i| i + 1);
    let boundary = bytes.get(..first).unwrap_or(&[]).trim_ascii_end();
    if !boundary.starts_with(b"--") || boundary.len() < 3 {
        return Ok(Next::data(0));
    }
    c.read(&FIRST, 0, first)?;
    // The first part that no other protocol here reads is shown behind this layer.
    let mut unread = None;
    let mut at = first;
    for _ in 0..MOST {
        let Some(end) = find(bytes, at, boundary) else { break };
        c.read(&PART, at, end - at)?;
        unread = unread.or_else(|| body(bytes.get(at..end).unwrap_or(&[])).map(|from| (at + from, end)));
        let after = end + boundary.len() + 2;
        if bytes.get(after..).is_some_and(|b| b.starts_with(b"--")) {
            c.read(&LAST, end, bytes.len() - end)?;
            break;
        }
        let rest = bytes.get(after..).unwrap_or(&[]);
        at = after + rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
    }
    Ok(match unread {
        Some((from, end)) => {
            c.limit(end, &PART);
            Next::data(from)
        }
        None => Next::end(bytes.len()),
    })
}

/// Where the line break before the next boundary stands.
fn find(bytes: &[u8], from: usize, boundary: &[u8]) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|&b| b == b'\r')?;
        match bytes.get(at..)?.strip_prefix(b"\r\n") {
            Some(rest) if rest.starts_with(boundary) => return Some(at),
            _ => at += 1,
        }
    }
}

/// Where the body of a part starts, if its header lines give no type that is read elsewhere.
fn body(part: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(line) = part.get(at..).filter(|rest| !rest.is_empty()) {
        let len = line.iter().position(|&b| b == b'\n').map_or(line.len(), |i| i + 1);
        let text = line.get(..len).unwrap_or(&[]).trim_ascii();
        at += len;
        if text.is_empty() {
            return (at < part.len()).then_some(at);
        }
        let typed = text.get(..13).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type:"));
        let value = text.get(13..).unwrap_or(&[]).trim_ascii();
        if typed && !value.get(..24).is_some_and(|v| v.eq_ignore_ascii_case(b"application/octet-stream")) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_before_the_next_boundary() {
        assert_eq!(find(b"abc\r\n--X--", 0, b"--X"), Some(3));
        assert_eq!(find(b"abc\r\n--Y\r\n--X", 0, b"--X"), Some(8));
        assert_eq!(find(b"abc", 0, b"--X"), None);
    }

    #[test]
    fn a_part_that_names_no_type_is_shown_as_it_is() {
        assert_eq!(body(b"Content-Disposition: form-data\r\n\r\nhi"), Some(34));
        assert_eq!(body(b"Content-Type: text/plain\r\n\r\nhi"), None);
        assert_eq!(body(b"content-type: application/octet-stream\r\n\r\nhi"), Some(42));
    }
}
