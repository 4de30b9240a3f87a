//! SSL 2's records: a length of 15 bits, no type, no version. Long forbidden (RFC 6176), but the hello of old
//! clients still came in one (RFC 5246 §E.2).
//!
//! ```text
//! | 1 | length (15) | message (1) | version (2) | cipher specs, session id, challenge: lengths (2 each) | …
//! ```

use super::Session;
#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::model::{Trouble, Value};
use crate::proto::Cursor;

const CLIENT_HELLO: u8 = 1;
const MASTER_KEY: u8 = 2;
const SERVER_HELLO: u8 = 4;
const V2: u64 = 2;

/// How far a connection is with SSL 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// It speaks something else, as far as is known.
    #[default]
    Other,
    /// The hellos, which are in the clear.
    Clear,
    /// The client has sent the key: all that follows is encrypted.
    Keyed,
}

/// Whether a ClientHello in SSL 2's form starts here.
pub(super) fn opens(bytes: &[u8]) -> bool {
    match bytes {
        [high, _, CLIENT_HELLO, 0, 2, ..] | [high, _, CLIENT_HELLO, 3, 0..=4, ..] => high & 0x80 != 0,
        _ => false,
    }
}

/// The length of the record that starts here, header included.
pub(super) fn record_size(bytes: &[u8]) -> Option<usize> {
    let &[high, low] = bytes.first_chunk()?;
    // Without the top bit there is a third byte, which counts padding.
    let (header, mask) = if high & 0x80 != 0 { (2, 0x7f) } else { (3, 0x3f) };
    Some(header + usize::from(u16::from_be_bytes([high & mask, low])))
}

/// Reads the record at `at`, and gives where it ends.
pub(super) fn record(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    let size = record_size(c.rest(at)).ok_or_else(|| c.missing(at + 2))?;
    let header = if c.u8(at)? & 0x80 != 0 { 2 } else { 3 };
    c.slice(at, size)?;
    c.push(&RECORD, at, size, Value::None);
    let body = at + header;
    c.nested(|c| {
        c.push(&RECORD_VERSION, at, 0, Value::Uint(V2));
        let kind = if size > header { c.u8(body)? } else { 0 };
        let session = c.stream().dialogue.state::<Session>();
        // Of the messages behind the key, not even the kind is in the clear.
        let clear = header == 2
            && session.v2 != Phase::Keyed
            && (session.v2 == Phase::Other || matches!(kind, CLIENT_HELLO | MASTER_KEY | SERVER_HELLO));
        if !clear || size < header + 9 {
            return Ok(());
        }
        if kind == MASTER_KEY {
            session.v2 = Phase::Keyed;
        }
        c.push(&RECORD_LENGTH, at, header, Value::Uint((size - header) as u64));
        c.read(&HANDSHAKE_TYPE, body, 1)?;
        match kind {
            MASTER_KEY => c.read(&CIPHERSPEC, body + 1, 3).map(drop),
            _ => hello(c, body, kind == CLIENT_HELLO, at + size),
        }
    })?;
    Ok(at + size)
}

/// A ClientHello, or SSL 2's ServerHello.
fn hello(c: &mut Cursor<'_>, body: usize, is_client: bool, end: usize) -> Result<(), Trouble> {
    let at = if is_client { body + 1 } else { body + 3 };
    let version = c.read(&HANDSHAKE_VERSION, at, 2)?;
    if version == V2 {
        c.stream().dialogue.state::<Session>().v2 = Phase::Clear;
    }
    if !is_client {
        return Ok(());
    }
    let specs = c.read_len(&CIPHER_SPEC_LEN, at + 2, 2)?;
    c.read(&SESSION_ID_LENGTH, at + 4, 2)?;
    c.read(&CHALLENGE_LENGTH, at + 6, 2)?;
    let first = at + 8;
    if first + specs > end {
        return Err(c.malformed("the list of ciphers is longer than its hello"));
    }
    (0..specs / 3).try_for_each(|i| c.read(&CIPHERSPEC, first + 3 * i, 3).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_fifteen_bits_or_fourteen() {
        assert_eq!(record_size(b"\x80\x2e"), Some(0x30));
        assert_eq!(record_size(b"\x40\x03"), Some(6));
        assert_eq!(record_size(b"\x80"), None);
    }

    #[test]
    fn a_hello_of_old_clients_is_known_and_other_bytes_are_not() {
        assert!(opens(b"\x80\x2e\x01\x03\x01"));
        assert!(opens(b"\x80\x2e\x01\0\x02"));
        assert!(!opens(b"\x16\x03\x01\0\x2e"));
    }
}
