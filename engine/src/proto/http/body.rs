//! The body: taken out of its chunks, unpacked, and handed to whoever reads its media type.

use super::fields::{CHUNK_SIZE, FILE_DATA, TRAILER};
use super::framing::chunk_size;
use super::head::{self, Extent};
use crate::model::{BufferKind, Span};
use crate::proto::Framing;
use crate::proto::coding;
use crate::proto::prelude::*;

/// Where a body's bytes are.
#[derive(Clone, Copy)]
struct Body {
    /// The buffer that was uncovered; `None` in the message itself.
    buffer: Option<u8>,
    at: usize,
    len: usize,
}

impl Body {
    fn span(self, c: &Cursor<'_>) -> Span {
        match self.buffer {
            Some(buf) => Span { buf, start: 0, len: u32::try_from(self.len).unwrap_or(u32::MAX) },
            None => c.span(self.at, self.len),
        }
    }
}

/// A piece of a message whose head is not here.
pub(super) fn continuation(c: &mut Cursor<'_>) -> Next {
    let len = c.len();
    // Of the middle of a message that somebody quotes there is nothing to say.
    if c.context.quoted {
        return Next::end(len);
    }
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
    if !c.wants(&FILE_DATA) && reader.or(claim).is_none() && media_type.is_some() {
        // Undoing its coding would be for nothing: 2.6 % of all instructions of `--brief` on mixed captures.
        return Next::end(whole);
    }
    let packed = body.span(c);
    let Some(span) = coding::undo(c, packed, encoding) else {
        return match body.buffer {
            Some(id) => Next::data(at).within(id),
            None => Next::data(at),
        };
    };
    c.push_in(&FILE_DATA, span, Value::Text(span));
    let knows = |c: &mut Cursor<'_>, row: &Protocol| match row.over {
        Over::Stream(look) => c.with_bytes(span, |bytes, mut ctx| matches!(look(&mut ctx, bytes), Framing::Message(_))),
        _ => false,
    };
    let reader = claim.filter(|row| knows(c, row)).or(reader);
    let next = match (reader, media_type) {
        (Some(row), named) => {
            c.context.media = c.keep(named.unwrap_or(&[]));
            Next::row(row, at)
        }
        (None, Some(_)) => return Next::end(whole),
        (None, None) => Next::data(at),
    };
    if span.buf == c.buffer() { next } else { next.within(span.buf) }
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
        if let Some((id, len)) = &mut plain {
            *len += c.append(*id, data);
            c.made_of(*id, c.span(at, data.len()));
        }
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
