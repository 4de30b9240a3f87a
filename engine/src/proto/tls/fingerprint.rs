//! JA3 and JA3S: the numbers of a hello in its own order, and their MD5 sum. Programs of one kind send the same, whatever
//! their names say; that is all it is good for (<https://github.com/salesforce/ja3>).
//!
//! ```text
//! client: version,cipher-cipher-…,extension-extension-…,group-group-…,point format-…
//! server: version,cipher,extension-extension-…
//! ```

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::model::{FieldDef, Slice, Trouble, Value};
use crate::proto::Cursor;
use md5::{Digest as _, Md5};

/// What a client's and a server's hello are told by, in this order.
const CLIENT: &[&FieldDef] = &[&CIPHERSUITE, &EXTENSION_TYPE, &SUPPORTED_GROUP, &EC_POINT_FORMAT];
const SERVER: &[&FieldDef] = &[&CIPHERSUITE, &EXTENSION_TYPE];

/// Reads a hello, and adds both fields to it where they are wanted: they are made of others.
pub(super) fn read<T>(
    c: &mut Cursor<'_>,
    is_client: bool,
    hello: impl FnOnce(&mut Cursor<'_>) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let (full, hash) = if is_client { (&JA3_FULL, &JA3) } else { (&JA3S_FULL, &JA3S) };
    if !c.wants(full) && !c.wants(hash) {
        return hello(c);
    }
    let first = c.next_field();
    let done = c.with_all_rows(hello)?;
    add(c, first, is_client, (full, hash));
    Ok(done)
}

/// Adds both fields to a hello that was read; its fields begin with the one of this index.
fn add(c: &mut Cursor<'_>, first: usize, is_client: bool, (full, hash): (&'static FieldDef, &'static FieldDef)) {
    let lists = if is_client { CLIENT } else { SERVER };
    let start = c.start_text();
    each(c, first, &HANDSHAKE_VERSION);
    for list in lists {
        c.add_text(b",");
        each(c, first, list);
    }
    let text = c.end_text(start);
    c.derive(full, Value::Text(text));
    let sum = digits(c, text);
    c.derive(hash, Value::Text(sum));
}

/// Adds the values of a field, with hyphens between.
fn each(c: &mut Cursor<'_>, first: usize, def: &'static FieldDef) {
    let (mut at, mut some) = (first, false);
    while let Some((index, n)) = c.value_from(at, def) {
        at = index + 1;
        if !is_grease(n) {
            c.add_text(if some { b"-" } else { b"" });
            c.add_number(n);
            some = true;
        }
    }
}

/// The MD5 sum of a text in hexadecimal digits.
fn digits(c: &mut Cursor<'_>, text: Slice) -> Slice {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let sum = Md5::digest(c.kept(text));
    let start = c.start_text();
    for byte in sum {
        c.add_text(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    c.end_text(start)
}

/// A number that means nothing, sent so that servers learn to pass over what they do not know (RFC 8701).
fn is_grease(n: u64) -> bool {
    n & 0x0f0f == 0x0a0a && n >> 8 == n & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_numbers_are_grease() {
        let all: Vec<u64> = (0..=0xffff).filter(|&n| is_grease(n)).collect();
        assert_eq!((all.len(), all[0], all[15]), (16, 0x0a0a, 0xfafa));
    }
}
