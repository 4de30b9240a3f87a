//! Content codings of HTTP (RFC 9110 §8.4): how a body was compressed, and how that is undone.

use super::Cursor;
use super::compressed;
use super::inflate::{self, Unpacked};
use crate::model::{BufferKind, Span, clamp};

/// What can be done about a content coding.
#[derive(Clone, Copy)]
enum Coding {
    None,
    Undo(fn(&[u8], &mut Vec<u8>) -> Unpacked),
    Not(&'static str),
}

/// Content codings (RFC 9110 §8.4; the IANA registry).
static CODINGS: &[(&str, Coding)] = &[
    ("", Coding::None),
    ("identity", Coding::None),
    ("gzip", Coding::Undo(inflate::gzip)),
    ("x-gzip", Coding::Undo(inflate::gzip)),
    ("deflate", Coding::Undo(inflate::deflate)),
    ("br", Coding::Undo(compressed::brotli)),
    ("zstd", Coding::Undo(compressed::zstd)),
    ("compress", Coding::Not("the body is compressed with LZW (compress), which is not decoded here")),
    ("x-compress", Coding::Not("the body is compressed with LZW (compress), which is not decoded here")),
    ("dcb", Coding::Not("the body is compressed with Brotli and a dictionary, which is not decoded here")),
    ("dcz", Coding::Not("the body is compressed with Zstandard and a dictionary, which is not decoded here")),
    ("exi", Coding::Not("the body is XML in binary (EXI), which is not decoded here")),
    ("aes128gcm", Coding::Not("the body is encrypted (RFC 8188)")),
];

/// Codings on top of each other that are undone.
const MOST_CODINGS: usize = 4;

fn coding(name: &[u8]) -> Coding {
    let row = CODINGS.iter().find(|(n, _)| name.trim_ascii().eq_ignore_ascii_case(n.as_bytes()));
    row.map_or(Coding::Not("the body has a content coding that is not known here"), |row| row.1)
}

/// Undoes `Content-Encoding` (RFC 9110 §8.4), the last coding first; `None` where it cannot be undone here. What
/// cannot be undone as a whole is left as it is.
pub(super) fn undo(c: &mut Cursor<'_>, mut body: Span, encoding: &[u8]) -> Option<Span> {
    let codings = || encoding.rsplit(|&b| b == b',').map(coding);
    let mut why = codings().find_map(|coding| if let Coding::Not(why) = coding { Some(why) } else { None });
    if codings().filter(|coding| matches!(coding, Coding::Undo(_))).count() > MOST_CODINGS {
        why = why.or(Some("the body has more content codings than are undone here"));
    }
    if let Some(why) = why {
        c.doubt(c.unshown(why));
        return None;
    }
    for coding in codings() {
        if let Coding::Undo(method) = coding {
            body = one(c, body, method)?;
        }
    }
    Some(body)
}

fn one(c: &mut Cursor<'_>, body: Span, method: fn(&[u8], &mut Vec<u8>) -> Unpacked) -> Option<Span> {
    let mut how = Unpacked::Damaged;
    let (at, len) = (body.start as usize, body.len as usize);
    let unpacked = if body.buf == c.buffer() {
        let packed = c.slice(at.saturating_sub(c.start()), len).unwrap_or(&[]);
        c.uncover_with(BufferKind::Inflated, |out| how = method(packed, out))
    } else {
        c.uncover_from(BufferKind::Inflated, body.buf, |bytes, out| {
            how = method(bytes.get(at..at + len).unwrap_or(&[]), out);
        })
    };
    if let Some((id, _)) = unpacked {
        c.made_of(id, body);
    }
    match how {
        Unpacked::Whole => {}
        Unpacked::Short => c.doubt(c.breaks("the compressed body ends too early")),
        Unpacked::TooMuch => c.doubt(c.unshown("the body unpacks to more than is kept here")),
        Unpacked::Damaged => c.doubt(c.breaks("the body is not what its Content-Encoding says")),
        Unpacked::Beyond(why) => c.doubt(c.unshown(why)),
    }
    match unpacked {
        Some((buf, len)) if len > 0 && !matches!(how, Unpacked::Damaged | Unpacked::Beyond(_)) => {
            Some(Span { buf, start: 0, len: clamp(len) })
        }
        _ => None,
    }
}
