//! Halves of keys and tickets before TLS 1.3, which hides them: RFC 5246 §7.4, RFC 8422 §5.4, RFC 5077 §3.3.
//!
//! ```text
//! ServerKeyExchange: | curve type (1) = 3 | curve (2) | n (1) | point … | algorithm (2), from 1.2 on | n (2) | signature … |
//! ClientKeyExchange: | n (1) | point … |
//! NewSessionTicket:  | seconds (4) | n (2) | ticket … |
//! ```

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::model::{FieldDef, Trouble};
use crate::proto::Cursor;

const NEW_SESSION_TICKET: u64 = 4;
const SERVER_KEY_EXCHANGE: u64 = 12;
const CLIENT_KEY_EXCHANGE: u64 = 16;
const NAMED_CURVE_TYPE: u64 = 3;
const V12: u16 = 0x0303;

/// Reads one of these messages; `chosen` are version and cipher suite.
pub(super) fn read(
    c: &mut Cursor<'_>,
    kind: u64,
    (version, suite): (u16, u16),
    at: usize,
    end: usize,
) -> Result<(), Trouble> {
    // How the two agree on a key is told by the suite's name only.
    let agreement = CIPHERSUITE.name_of(u64::from(suite)).unwrap_or_default();
    let by_curve = agreement.starts_with("TLS_ECDHE_RSA_") || agreement.starts_with("TLS_ECDHE_ECDSA_");
    match kind {
        NEW_SESSION_TICKET => {
            c.read(&TICKET_LIFETIME, at, 4)?;
            counted(c, (&TICKET_LENGTH, 2), &TICKET, at + 4, end).map(drop)
        }
        SERVER_KEY_EXCHANGE if by_curve => {
            if c.read(&CURVE_TYPE, at, 1)? != NAMED_CURVE_TYPE {
                return Ok(());
            }
            c.read(&NAMED_CURVE, at + 1, 2)?;
            let mut at = counted(c, (&SERVER_POINT_LEN, 1), &SERVER_POINT, at + 3, end)?;
            if version >= V12 {
                c.read(&SIG_HASH_ALG, at, 2)?;
                at += 2;
            }
            counted(c, (&SIG_LEN, 2), &SIG, at, end).map(drop)
        }
        CLIENT_KEY_EXCHANGE if by_curve => counted(c, (&CLIENT_POINT_LEN, 1), &CLIENT_POINT, at, end).map(drop),
        _ => Ok(()),
    }
}

/// A length, and so many bytes. Gives where they end.
fn counted(
    c: &mut Cursor<'_>,
    (length, width): (&'static FieldDef, usize),
    def: &'static FieldDef,
    at: usize,
    end: usize,
) -> Result<usize, Trouble> {
    let len = c.read_len(length, at, width)?;
    let first = at + width;
    if first + len > end {
        return Err(c.malformed("a part of a key exchange is longer than its message"));
    }
    if len > 0 {
        c.read(def, first, len)?;
    }
    Ok(first + len)
}
