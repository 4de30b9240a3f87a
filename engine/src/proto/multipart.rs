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
use crate::model::{Span, clamp};

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
    PREAMBLE = dynamic(Kind::Bytes, "mime_multipart.preamble", "Preamble", "The text before the first part; readers of MIME skip it.");
    BOUNDARY = dynamic(Kind::Text, "mime_multipart.boundary", "Boundary", "The line that ends a part and begins the next one.");
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
    TRAILER  = dynamic(Kind::Bytes, "mime_multipart.trailer", "Trailer", "The text after the last part; readers of MIME skip it.");
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

/// How many parts are looked at in one go; behind one that somebody reads, it begins anew.
const MOST: usize = 1000;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let bytes = c.rest(0);
    let media = c.context.media;
    let mut boundary = [0; LONGEST + 2];
    let Some(boundary) = named(c.kept(media), &mut boundary) else {
        c.doubt(c.breaks("a multipart type names the line between its parts (RFC 2046 §5.1.1)"));
        return Ok(Next::data(0));
    };
    let essence = c.kept(media).iter().position(|&b| b == b';').unwrap_or(media.len as usize);
    let essence = Value::Text(Span { len: clamp(essence), ..media });
    let Some((before, first)) = delimiter(bytes, 0, boundary) else {
        c.push(&MEDIA, 0, bytes.len(), essence);
        c.doubt(c.breaks("no line of the body is the boundary that its type names"));
        return Ok(Next::data(0));
    };
    // A body that begins with a line's end goes on behind a part that another protocol has read.
    let goes_on = before == 0 && first.at > before;
    let mut here = if goes_on { (before, first) } else { (first.at, first) };
    if !goes_on {
        c.push(&MEDIA, 0, bytes.len(), essence);
        if first.at > 0 {
            c.read(&PREAMBLE, 0, first.at)?;
        }
    }
    for part in 0..MOST {
        let (from, line) = here;
        if line.last && (part > 0 || goes_on) {
            c.read(&LAST, from, line.end - from)?;
            if line.end < bytes.len() {
                c.read(&TRAILER, line.end, bytes.len() - line.end)?;
            }
            return Ok(Next::end(bytes.len()));
        }
        c.read(if part == 0 && !goes_on { &FIRST } else { &BOUNDARY }, from, line.end - from)?;
        let next = delimiter(bytes, line.end, boundary);
        let Some((end, _)) = next.filter(|_| !line.last) else { break };
        c.read(&PART, line.end, end - line.end)?;
        let text = bytes.get(line.end..end).unwrap_or(&[]);
        c.nested(|c| {
            headers(c, line.end, text);
            Ok(())
        })?;
        if let Some((row, at)) = reader(text) {
            let at = line.end + at;
            return Ok(row.map_or(Next::data(at), |row| Next::row(row, at)).more(end));
        }
        if let Some(found) = next {
            here = found;
        }
    }
    Ok(Next::end(bytes.len()))
}

/// A boundary has 70 letters at most.
const LONGEST: usize = 70;

/// The line between the parts, as the media type names it.
fn named<'b>(media: &[u8], out: &'b mut [u8; LONGEST + 2]) -> Option<&'b [u8]> {
    let mut parameters = media.split(|&b| b == b';').skip(1).map(<[u8]>::trim_ascii);
    let value = parameters.find_map(|p| {
        let (name, value) = p.split_at_checked(p.iter().position(|&b| b == b'=')?)?;
        name.trim_ascii().eq_ignore_ascii_case(b"boundary").then(|| value.get(1..).unwrap_or(&[]).trim_ascii())
    })?;
    let value = value.strip_prefix(b"\"").map_or(value, |v| v.split(|&b| b == b'"').next().unwrap_or(v));
    let line = out.get_mut(..value.len() + 2).filter(|line| line.len() > 2)?;
    line.split_at_mut(2).0.copy_from_slice(b"--");
    line.split_at_mut(2).1.copy_from_slice(value);
    Some(line)
}

/// A line between parts: where its hyphens are, where the next line begins, and whether it is the last one.
#[derive(Clone, Copy)]
struct Boundary {
    at: usize,
    end: usize,
    last: bool,
}

/// The next such line, and where the line's end before it is, which belongs to it.
fn delimiter(bytes: &[u8], from: usize, boundary: &[u8]) -> Option<(usize, Boundary)> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        if let Some(behind) = rest.strip_prefix(boundary) {
            let last = behind.starts_with(b"--");
            let text = bytes.get(from..at).unwrap_or(&[]);
            let before = text.strip_suffix(b"\n").map_or(text, |t| t.strip_suffix(b"\r").unwrap_or(t));
            let end = at + super::words::line(rest).1;
            return Some((from + before.len(), Boundary { at, end, last }));
        }
        at += super::words::line(rest).1;
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

/// Who reads the body of a part, and where it starts: whoever its header lines name, or nobody where they say nothing.
/// Text that is shown with its part needs no reader.
fn reader(part: &[u8]) -> Option<(Option<&'static Protocol>, usize)> {
    let (mut at, mut named) = (0, None);
    loop {
        let rest = part.get(at..).filter(|rest| !rest.is_empty())?;
        let len = line(rest);
        let text = rest.get(..len).unwrap_or(&[]).trim_ascii();
        if text.is_empty() {
            // A part may have no header lines at all (RFC 2046 §5.1); then, as in Wireshark, all of it is its body.
            at += if at > 0 { len } else { 0 };
            break;
        }
        at += len;
        if text.get(..13).is_some_and(|name| name.eq_ignore_ascii_case(b"content-type:")) {
            named = Some(text.get(13..).unwrap_or(&[]).trim_ascii());
        }
    }
    let plain = |of: &[u8]| of.get(..24).is_some_and(|v| v.eq_ignore_ascii_case(b"application/octet-stream"));
    let row = match named.filter(|of| !plain(of)) {
        None => None,
        Some(of) => Some(crate::proto::media(of).filter(|row| row.about.name != ABOUT.name)?),
    };
    (at < part.len()).then_some((row, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_between_parts_takes_the_end_of_the_line_before_with_it() {
        let found = |bytes: &[u8]| delimiter(bytes, 0, b"--X").map(|(from, l)| (from, l.at, l.end, l.last));
        assert_eq!(found(b"abc\r\n--X--"), Some((3, 5, 10, true)));
        assert_eq!(found(b"abc\r\n--Y\r\n--X\r\nd"), Some((8, 10, 15, false)));
        assert_eq!(found(b"--X\na"), Some((0, 0, 4, false)));
        assert_eq!(found(b"abc--X"), None);
    }

    #[test]
    fn the_media_type_names_the_line_between_parts() {
        let is = |media: &[u8], line: Option<&[u8]>| assert_eq!(named(media, &mut [0; LONGEST + 2]), line);
        is(b"multipart/mixed; boundary=cut", Some(b"--cut"));
        is(b"multipart/mixed;charset=x; BOUNDARY = \"a b\"; z=1", Some(b"--a b"));
        is(b"multipart/mixed", None);
        is(b"multipart/mixed; boundary=", None);
        is(&[&b"multipart/mixed; boundary="[..], &[b'x'; 71]].concat(), None);
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
        let who = |part: &[u8]| reader(part).map(|(row, at)| (row.map_or("data", |row| row.about.name), at));
        assert_eq!(who(b"Content-Disposition: form-data\r\n\r\nhi"), Some(("data", 34)));
        assert_eq!(who(b"Content-Type: text/plain\r\n\r\nhi"), None);
        assert_eq!(who(b"content-type: application/octet-stream\r\n\r\nhi"), Some(("data", 42)));
        assert_eq!(who(b"Content-Type: application/json\r\n\r\n{}"), Some(("json", 34)));
        assert_eq!(who(b"Content-Type: application/json\r\n\r\n"), None);
    }
}
