//! The frames of an Initial packet — RFC 9000 §19. Few kinds may stand there (§12.4).

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::model::{FieldDef, Trouble, Value};
use crate::proto::Cursor;

const PADDING: u64 = 0x00;
const PING: u64 = 0x01;
const ACK: u64 = 0x02;
const ACK_ECN: u64 = 0x03;
const CRYPTO: u64 = 0x06;
const CLOSE: u64 = 0x1c;
const CLOSE_BY_APP: u64 = 0x1d;

/// A number whose first two bits say how long it is (RFC 9000 §16), and its length.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = 1 << (first >> 6);
    let rest = bytes.get(1..len)?;
    Some((rest.iter().fold(u64::from(first & 0x3f), |n, &b| n << 8 | u64::from(b)), len))
}

/// A piece of the handshake: where it belongs, and its bytes.
type Piece<'a> = (u64, &'a [u8]);

/// Steps over one frame: a piece of the handshake if it is one, and what follows it.
pub(super) fn next(bytes: &[u8]) -> Option<(Option<Piece<'_>>, &[u8])> {
    let mut rest = bytes;
    let kind = pull(&mut rest)?;
    match kind {
        PADDING => rest = rest.get(rest.iter().take_while(|&&b| b == 0).count()..)?,
        PING => {}
        ACK | ACK_ECN => {
            for _ in 0..2 {
                pull(&mut rest)?;
            }
            let more = pull(&mut rest)?.saturating_mul(2).saturating_add(if kind == ACK { 1 } else { 4 });
            for _ in 0..more {
                pull(&mut rest)?;
            }
        }
        CRYPTO => {
            let offset = pull(&mut rest)?;
            let len = usize::try_from(pull(&mut rest)?).ok()?;
            let (data, after) = rest.split_at_checked(len)?;
            return Some((Some((offset, data)), after));
        }
        // A close ends the packet's interest, and other frames may not stand here.
        _ => return None,
    }
    Some((None, rest))
}

fn pull(bytes: &mut &[u8]) -> Option<u64> {
    let (n, len) = varint(bytes)?;
    *bytes = bytes.get(len..)?;
    Some(n)
}

/// Writes the fields of all frames; the cursor stands on the decrypted payload.
pub(super) fn all(c: &mut Cursor<'_>) -> Result<(), Trouble> {
    let mut at = 0;
    while at < c.len() {
        let frame = c.open(&FRAME, at);
        at = c.nested(|c| one(c, at))?;
        c.close(frame, at);
    }
    Ok(())
}

fn one(c: &mut Cursor<'_>, start: usize) -> Result<usize, Trouble> {
    let (kind, mut at) = number(c, &FRAME_TYPE, start)?;
    match kind {
        PADDING => {
            let len = 1 + c.rest(at).iter().take_while(|&&b| b == 0).count();
            c.push(&PADDING_LENGTH, start, 0, Value::Uint(len as u64));
            at = start + len;
        }
        PING => {}
        ACK | ACK_ECN => at = ack(c, kind == ACK_ECN, at)?,
        CRYPTO => {
            (_, at) = number(c, &CRYPTO_OFFSET, at)?;
            let len;
            (len, at) = number(c, &CRYPTO_LENGTH, at)?;
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            c.slice(at, len)?;
            c.push(&CRYPTO_DATA, at, len, Value::None);
            at += len;
        }
        CLOSE | CLOSE_BY_APP => at = close(c, kind == CLOSE, at)?,
        _ => return Err(c.malformed("a frame of this type does not belong into an Initial packet")),
    }
    Ok(at)
}

/// RFC 9000 §19.3.
fn ack(c: &mut Cursor<'_>, ecn: bool, at: usize) -> Result<usize, Trouble> {
    let (_, at) = number(c, &ACK_LARGEST, at)?;
    let (_, at) = number(c, &ACK_DELAY, at)?;
    let (ranges, at) = number(c, &ACK_RANGE_COUNT, at)?;
    let (_, mut at) = number(c, &ACK_FIRST_RANGE, at)?;
    for _ in 0..ranges {
        (_, at) = number(c, &ACK_GAP, at)?;
        (_, at) = number(c, &ACK_RANGE, at)?;
    }
    if ecn {
        for def in [&ACK_ECT0, &ACK_ECT1, &ACK_CE] {
            (_, at) = number(c, def, at)?;
        }
    }
    Ok(at)
}

/// RFC 9000 §19.19.
fn close(c: &mut Cursor<'_>, transport: bool, mut at: usize) -> Result<usize, Trouble> {
    (_, at) = number(c, if transport { &CLOSE_CODE } else { &CLOSE_APP }, at)?;
    if transport {
        (_, at) = number(c, &CLOSE_FRAME, at)?;
    }
    let (len, at) = number(c, &CLOSE_REASON_LENGTH, at)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > 0 {
        c.read(&CLOSE_REASON, at, len)?;
    }
    Ok(at.saturating_add(len))
}

/// Writes a number of variable length; gives it and where it ends.
pub(super) fn number(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize) -> Result<(u64, usize), Trouble> {
    let Some((n, len)) = varint(c.rest(at)) else { return Err(c.missing(c.len() + 1)) };
    c.push(def, at, len, Value::Uint(n));
    Ok((n, at + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000 §A.1.
    #[test]
    fn numbers_say_their_own_length() {
        assert_eq!(varint(&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c]), Some((151_288_809_941_952_652, 8)));
        assert_eq!(varint(&[0x9d, 0x7f, 0x3e, 0x7d]), Some((494_878_333, 4)));
        assert_eq!(varint(&[0x40, 0x25]), Some((37, 2)));
        assert_eq!(varint(&[0x40]), None);
    }

    #[test]
    fn pieces_of_the_handshake_are_found_between_other_frames() {
        let bytes = [1, 0, 0, 0, 6, 5, 2, b'a', b'b', 2, 9, 0, 1, 0, 0, 0, 6, 0, 9, b'c'];
        let (none, rest) = next(&bytes).unwrap();
        assert_eq!(none, None);
        let (_, rest) = next(rest).unwrap();
        let (piece, rest) = next(rest).unwrap();
        assert_eq!(piece, Some((5, &b"ab"[..])));
        let (ack, rest) = next(rest).unwrap();
        assert_eq!(ack, None);
        assert_eq!(next(rest), None, "its length lies");
    }
}
