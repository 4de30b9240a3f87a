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
    MEDIA    = dynamic(Kind::Text, "mime_multipart.type", "Type", "What the parts are to each other: mixed, alternatives, a form's fields.");
    FIRST    = dynamic(Kind::Text, "mime_multipart.first_boundary", "First boundary", "The line that begins the first part; every part begins so.");
    PART     = dynamic(Kind::Text, "mime_multipart.part", "Part", "One body among several, with its own header lines.");
    TYPE        = dynamic(Kind::Text, "mime_multipart.header.content-type", "Content type", "What kind of data the part is.");
    DISPOSITION = dynamic(Kind::Text, "mime_multipart.header.content-disposition", "Content disposition", "The form field that the part fills, or the file that it is.");
    TRANSFER    = dynamic(Kind::Text, "mime_multipart.header.content-transfer-encoding", "Transfer encoding", "How the part was made fit for mail: base64, for one.");
    ENCODING    = dynamic(Kind::Text, "mime_multipart.header.content-encoding", "Content encoding", "How the part was packed.");
    PART_LENGTH = dynamic(Kind::Text, "mime_multipart.header.content-length", "Content length", "How many bytes the part has.");
    LANGUAGE    = dynamic(Kind::Text, "mime_multipart.header.content-language", "Content language", "Which language the part is in.");
    CONTENT_ID  = dynamic(Kind::Text, "mime_multipart.header.content-id", "Content ID", "A name by which other parts mention this one.");
    DESCRIPTION = dynamic(Kind::Text, "mime_multipart.header.content-description", "Description", "What the part is, in words.");
    LAST     = dynamic(Kind::Text, "mime_multipart.last_boundary", "Last boundary", "The same line with two more hyphens ends the whole.");
}

/// The header lines that have a field.
static HEADERS: &[(&str, &FieldDef)] = &[
    ("content-type", &TYPE),
    ("content-disposition", &DISPOSITION),
    ("content-transfer-encoding", &TRANSFER),
    ("content-encoding", &ENCODING),
    ("content-length", &PART_LENGTH),
    ("content-language", &LANGUAGE),
    ("content-id", &CONTENT_ID),
    ("content-description", &DESCRIPTION),
];

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
    let media = c.context.media;
    if media.len > 0 {
        c.push(&MEDIA, 0, bytes.len(), Value::Text(media));
    }
    c.read(&FIRST, 0, first)?;
    // The first part that no other protocol here reads is shown behind this layer.
    let mut unread = None;
    let mut at = first;
    for _ in 0..MOST {
        let Some(end) = find(bytes, at, boundary) else { break };
        c.read(&PART, at, end - at)?;
        c.nested(|c| {
            headers(c, at, bytes.get(at..end).unwrap_or(&[]));
            Ok(())
        })?;
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

/// How many header lines of a part are looked at.
const MOST_HEADERS: usize = 100;

/// Writes the header lines that have a field, up to the empty line.
fn headers(c: &mut Cursor<'_>, from: usize, part: &[u8]) {
    let mut at = 0;
    for _ in 0..MOST_HEADERS {
        let Some(rest) = part.get(at..).filter(|rest| !rest.is_empty()) else { return };
        let len = line(rest);
        let text = rest.get(..len).unwrap_or(&[]);
        if text.trim_ascii().is_empty() {
            return;
        }
        let colon = text.iter().position(|&b| b == b':').unwrap_or(0);
        let name = text.get(..colon).unwrap_or(&[]).trim_ascii();
        if let Some((_, def)) = HEADERS.iter().find(|(of, _)| name.eq_ignore_ascii_case(of.as_bytes())) {
            let start = c.start_text();
            compact(text.get(colon + 1..).unwrap_or(&[]).trim_ascii(), |piece| c.add_text(piece));
            let value = Value::Text(c.end_text(start));
            // As in Wireshark, the last one has the empty line, too.
            let after = rest.get(len..).unwrap_or(&[]);
            let empty = if after.starts_with(b"\r\n") { 2 } else { 0 };
            c.push(def, from + at, len + empty, value);
        }
        at += len;
    }
}

/// The length of the line that begins here; lines that begin with a blank go on with the one before.
fn line(rest: &[u8]) -> usize {
    let mut len = 0;
    loop {
        let more = rest.get(len..).unwrap_or(&[]);
        len += more.iter().position(|&b| b == b'\n').map_or(more.len(), |i| i + 1);
        if !matches!(rest.get(len), Some(b' ' | b'\t')) {
            return len;
        }
    }
}

/// Gives a value without the blanks beside its separators, as Wireshark shows it; what is in quotes stays as it is.
fn compact(value: &[u8], mut give: impl FnMut(&[u8])) {
    let blank = |b: &u8| b.is_ascii_whitespace();
    let separates = |b: Option<&u8>| matches!(b, None | Some(b';' | b',' | b'=' | b'/' | b':'));
    let (mut quoted, mut last) = (false, None);
    for (i, b) in value.iter().enumerate() {
        quoted ^= *b == b'"' && last != Some(&b'\\');
        if !quoted && blank(b) {
            let after = value.get(i + 1..).unwrap_or(&[]).first();
            // Of several blanks, the last one decides.
            if separates(last) || separates(after) || after.is_some_and(blank) {
                continue;
            }
            give(b" ");
        } else {
            give(std::slice::from_ref(b));
        }
        last = Some(b);
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
    fn a_header_of_a_part_has_no_blanks_beside_its_separators() {
        let said = |value: &[u8]| {
            let mut out = Vec::new();
            compact(value, |piece| out.extend_from_slice(piece));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said(b"form-data; name=\"a; b\"; \r\n filename = x"), "form-data;name=\"a; b\";filename=x");
        assert_eq!(said(b"two  words"), "two words");
        assert_eq!(line(b"a: b;\r\n c\r\nd: e\r\n"), 11);
    }

    #[test]
    fn a_part_that_names_no_type_is_shown_as_it_is() {
        assert_eq!(body(b"Content-Disposition: form-data\r\n\r\nhi"), Some(34));
        assert_eq!(body(b"Content-Type: text/plain\r\n\r\nhi"), None);
        assert_eq!(body(b"content-type: application/octet-stream\r\n\r\nhi"), Some(42));
    }
}
