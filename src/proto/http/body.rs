//! The body: taken out of its chunks, unpacked, and handed to whoever reads its media type.

use super::fields::{CHUNK_SIZE, FILE_DATA, TRAILER};
use super::framing::chunk_size;
use super::head::{self, Extent};
use crate::model::{BufferKind, Span};
use crate::proto::Framing;
use crate::proto::inflate::{self, Unpacked};
use crate::proto::prelude::*;

/// Where a body's bytes are.
#[derive(Clone, Copy)]
struct Body {
    /// The buffer that was uncovered; `None` in the message itself.
    buffer: Option<u8>,
    at: usize,
    len: usize,
}

/// A piece of a message whose head is not here.
pub(super) fn continuation(c: &mut Cursor<'_>) -> Next {
    let len = c.len();
    c.push(&FILE_DATA, 0, len, Value::Text(c.span(0, len)));
    Next::data(0)
}

/// Reads the body, which starts at `at`. Its media type decides who reads it, else the request's target
/// (`inner`); first of all whoever recognises it (`claim`).
pub(super) fn dissect(
    c: &mut Cursor<'_>,
    at: usize,
    extent: Extent,
    media_type: Option<&[u8]>,
    encoding: &[u8],
    [claim, inner]: [Option<&'static Protocol>; 2],
) -> Next {
    let present = c.len().saturating_sub(at);
    let body = match extent {
        Extent::Chunked => dechunk(c, at),
        Extent::Length(n) => {
            let n = usize::try_from(n).unwrap_or(usize::MAX);
            if n > present {
                c.doubt(c.missing(at.saturating_add(n)));
            }
            Body { buffer: None, at, len: n.min(present) }
        }
        Extent::Unsaid | Extent::Bad => Body { buffer: None, at, len: present },
    };
    let whole = if extent == Extent::Chunked { c.len() } else { at + body.len };
    if body.len == 0 {
        return Next::end(whole);
    }
    // That bytes are bytes says less than what the request asked for.
    let named = media_type.and_then(crate::proto::media);
    let reader = named.filter(|row| !row.is_data()).or(inner).or(named);
    if c.summary_only() && reader.or(claim).is_none() && media_type.is_some() {
        // A line says nothing of what nobody reads.
        return Next::end(whole);
    }
    let Some(body) = unpack(c, body, encoding) else {
        return match body.buffer {
            Some(id) => Next::data(at).within(id),
            None => Next::data(at),
        };
    };
    let span = match body.buffer {
        Some(buf) => Span { buf, start: 0, len: u32::try_from(body.len).unwrap_or(u32::MAX) },
        None => c.span(body.at, body.len),
    };
    c.push_in(&FILE_DATA, span, Value::Text(span));
    let knows = |c: &mut Cursor<'_>, row: &Protocol| match row.over {
        Over::Stream(look) => c.with_bytes(span, |bytes, mut ctx| matches!(look(&mut ctx, bytes), Framing::Message(_))),
        _ => false,
    };
    let reader = claim.filter(|row| knows(c, row)).or(reader);
    let next = match (reader, media_type) {
        (Some(row), _) => Next::row(row, at),
        (None, Some(_)) => return Next::end(whole),
        (None, None) => Next::data(at),
    };
    match body.buffer {
        Some(id) => next.within(id),
        None => next,
    }
}

/// RFC 9112 §7.1: size, data, size, data …, 0, trailer lines, an empty line.
fn dechunk(c: &mut Cursor<'_>, from: usize) -> Body {
    let bytes = c.rest(0);
    let mut at = from;
    let mut plain = c.uncover_with(BufferKind::Dechunked, |_| {});
    while let Some(line) = head::line(bytes, at) {
        let Some(size) = chunk_size(line.text) else {
            c.doubt(c.malformed("a chunk does not begin with its size"));
            break;
        };
        c.push(&CHUNK_SIZE, line.at, line.len, Value::Uint(size as u64));
        at += line.len;
        if size == 0 {
            trailers(c, bytes, at);
            break;
        }
        let end = at.saturating_add(size);
        let data = bytes.get(at..end.min(bytes.len())).unwrap_or(&[]);
        plain = plain.map(|(id, len)| (id, len + c.append(id, data)));
        if end > bytes.len() {
            c.doubt(c.missing(end));
            break;
        }
        at = end + usize::from(bytes.get(end) == Some(&b'\r'));
        at += usize::from(bytes.get(at) == Some(&b'\n'));
    }
    let (buffer, len) = plain.map_or((None, 0), |(id, len)| (Some(id), len));
    Body { buffer, at: 0, len }
}

fn trailers(c: &mut Cursor<'_>, bytes: &[u8], from: usize) {
    let mut at = from;
    while let Some(line) = head::line(bytes, at).filter(|l| !l.text.is_empty()) {
        at += line.len;
    }
    if at > from {
        c.push(&TRAILER, from, at - from, Value::Text(c.span(from, at - from)));
    }
}

/// Undoes `Content-Encoding` (RFC 9110 §8.4); `None` where it cannot be undone here.
fn unpack(c: &mut Cursor<'_>, body: Body, encoding: &[u8]) -> Option<Body> {
    let method: fn(&[u8], &mut Vec<u8>) -> Unpacked = match encoding.trim_ascii() {
        e if e.eq_ignore_ascii_case(b"gzip") || e.eq_ignore_ascii_case(b"x-gzip") => inflate::gzip,
        e if e.eq_ignore_ascii_case(b"deflate") => inflate::deflate,
        e if e.is_empty() || e.eq_ignore_ascii_case(b"identity") => return Some(body),
        // Brotli is not undone here; Wireshark undoes it, and so shows no raw bytes.
        e if e.eq_ignore_ascii_case(b"br") => return Some(body),
        _ => return None,
    };
    let mut how = Unpacked::Damaged;
    let unpacked = if let Some(id) = body.buffer {
        c.uncover_from(BufferKind::Inflated, id, |packed, out| how = method(packed, out))
    } else {
        let packed = c.slice(body.at, body.len).unwrap_or(&[]);
        c.uncover_with(BufferKind::Inflated, |out| how = method(packed, out))
    };
    match how {
        Unpacked::Whole => {}
        Unpacked::Short => c.doubt(c.malformed("the packed body ends too early")),
        Unpacked::TooMuch => c.doubt(c.malformed("the body unpacks to more than is kept here")),
        Unpacked::Damaged => c.doubt(c.malformed("the body does not unpack as its encoding says")),
    }
    match unpacked {
        Some((id, len)) if len > 0 && how != Unpacked::Damaged => Some(Body { buffer: Some(id), at: 0, len }),
        _ => None,
    }
}
