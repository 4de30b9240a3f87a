//! Domain names — RFC 1035 §3.1 and §4.1.4: labels, and pointers to labels that stand earlier.
//!
//! ```text
//! | 0 0 | length (6) | so many bytes …       a label; length 0 is the root and ends the name
//! | 1 1 | offset, from the message's start (14) |   the rest of the name is there
//! ```
//!
//! A pointer may point anywhere, also to itself. So a name is given a budget: a real one has at most
//! 255 bytes and 127 labels.

use crate::model::{FieldDef, Slice, Span, Trouble, Value, clamp};
use crate::proto::Cursor;

/// How many pointers of one name are followed.
const MOST_POINTERS: usize = 127;
/// How long a name's text may grow; four times what RFC 1035 §3.1 allows.
const LONGEST: usize = 1024;

/// A name as it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// Bytes that it takes where it is (a pointer takes two).
    pub(super) used: usize,
    /// Its labels with dots between them; `<Root>` where there is none.
    pub(super) text: Slice,
    /// How many labels.
    pub(super) labels: usize,
}

/// Reads the name at `at`; pointers count from `base`.
pub(super) fn read(c: &mut Cursor<'_>, base: usize, at: usize) -> Result<Name, Trouble> {
    let start = c.packet.text.len();
    let (mut from, mut used, mut pointers, mut labels) = (at, None, 0, 0);
    loop {
        let head = c.u8(from)?;
        let len = usize::from(head & 0x3f);
        match head >> 6 {
            0 if len == 0 => break,
            0 => {
                let label = c.slice(from + 1, len)?;
                if labels > 0 {
                    c.packet.text.push(b'.');
                }
                c.packet.text.extend_from_slice(label);
                labels += 1;
                from += 1 + len;
                if c.packet.text.len() - start > LONGEST {
                    return Err(c.malformed("a domain name is far longer than the 255 bytes that one may have"));
                }
            }
            3 => {
                let target = base + usize::from(c.u16(from)? & 0x3fff);
                used = used.or_else(|| Some(from + 2 - at));
                pointers += 1;
                if pointers > MOST_POINTERS || target == from {
                    c.doubt(c.malformed("a domain name's pointers lead round in a circle"));
                    c.packet.text.truncate(start);
                    c.packet.text.extend_from_slice(b"<Name contains a pointer that loops>");
                    labels = 1;
                    break;
                }
                from = target;
            }
            _ => return Err(c.malformed("a label starts with two bits that mean neither a length nor a pointer")),
        }
    }
    if labels == 0 {
        c.packet.text.extend_from_slice(b"<Root>");
    }
    let text = Slice { buf: Span::TEXT, start: clamp(start), len: clamp(c.packet.text.len() - start) };
    Ok(Name { used: used.unwrap_or_else(|| from + 1 - at), text, labels })
}

/// Reads the name at `at` and writes it as `def`; gives the bytes it takes.
pub(super) fn put(c: &mut Cursor<'_>, def: &'static FieldDef, base: usize, at: usize) -> Result<usize, Trouble> {
    let name = read(c, base, at)?;
    c.push(def, at, name.used, Value::Text(name.text));
    Ok(name.used)
}
