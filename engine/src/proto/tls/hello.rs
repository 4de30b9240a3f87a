//! ClientHello and ServerHello — RFC 8446 §4.1: what one side can, what the other chooses.
//!
//! ```text
//! | version (2) | random (32) | session id (1 + n) | cipher suites (2 + n), or the chosen one (2) |
//! | compression methods (1 + n), or the chosen one (1) | extensions (2 + n)                      |
//! | extension: type (2), length (2), so many bytes …                                             |
//! ```

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use super::fingerprint;
use crate::model::{FieldDef, Trouble, Value};
use crate::proto::Cursor;

/// Who speaks: some extensions are a list from the client, and one choice from the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Client,
    Server,
}

/// TLS 1.3, as `supported_versions` spells it.
const V13: u64 = 0x0304;
/// The first draft of TLS 1.3 whose ServerHello looks like that of TLS 1.2.
const ALIKE: u16 = 22;

/// Which draft of TLS 1.3 a version names: `0x7f12` is the eighteenth (draft-ietf-tls-tls13-18 §4.2.1.1).
fn draft(version: u64) -> Option<u16> {
    u16::try_from(version).ok().filter(|v| v >> 8 == 0x7f).map(|v| v & 0xff)
}

/// Reads a ClientHello.
pub(super) fn client(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    fingerprint::read(c, true, |c| {
        let at = opening(c, at)?;
        let at = session_id(c, at)?;
        let at = list(c, (&CIPHER_SUITES_LENGTH, 2), Some(&CIPHERSUITES), (&CIPHERSUITE, 2), at, end)?;
        let at = list(c, (&COMP_METHODS_LENGTH, 1), Some(&COMP_METHODS), (&COMP_METHOD, 1), at, end)?;
        extensions(c, Speaker::Client, at, end).map(drop)
    })
}

/// What the server has chosen.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    pub(super) v13: bool,
    pub(super) version: u16,
    pub(super) suite: u16,
}

/// Reads a ServerHello.
pub(super) fn server(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<Chosen, Trouble> {
    fingerprint::read(c, false, |c| choice(c, at, end))
}

fn choice(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<Chosen, Trouble> {
    let version = c.u16(at)?;
    let mut at = opening(c, at)?;
    // The early drafts of TLS 1.3 left out what resumption and compression had needed.
    let early = draft(version.into()).is_some_and(|n| n < ALIKE);
    if !early {
        at = session_id(c, at)?;
    }
    let suite = c.u16(at)?;
    c.read(&CIPHERSUITE, at, 2)?;
    at += 2;
    if !early {
        c.read(&COMP_METHOD, at, 1)?;
        at += 1;
    }
    let v13 = extensions(c, Speaker::Server, at, end)? || early;
    Ok(Chosen { v13, version, suite })
}

/// Version and random, which both hellos begin with.
fn opening(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    c.read(&HANDSHAKE_VERSION, at, 2)?;
    c.read(&RANDOM, at + 2, 32)?;
    Ok(at + 34)
}

/// A session id with its length.
fn session_id(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    let len = c.read_len(&SESSION_ID_LENGTH, at, 1)?;
    if len > 32 {
        return Err(c.malformed("a session id is at most 32 bytes long"));
    }
    if len > 0 {
        c.read(&SESSION_ID, at + 1, len)?;
    }
    Ok(at + 1 + len)
}

/// A list: its length in bytes, then items of one size. Gives where it ends.
fn list(
    c: &mut Cursor<'_>,
    (length, width): (&'static FieldDef, usize),
    all: Option<&'static FieldDef>,
    (item, size): (&'static FieldDef, usize),
    at: usize,
    end: usize,
) -> Result<usize, Trouble> {
    let len = c.read_len(length, at, width)?;
    let first = at + width;
    if first + len > end {
        return Err(c.malformed("a list is longer than what holds it"));
    }
    if let Some(all) = all {
        c.push(all, first, len, Value::None);
    }
    c.nested(|c| (0..len / size).try_for_each(|i| c.read(item, first + i * size, size).map(drop)))?;
    Ok(first + len)
}

/// RFC 8446 §4.2. Says whether they choose TLS 1.3.
fn extensions(c: &mut Cursor<'_>, speaker: Speaker, at: usize, end: usize) -> Result<bool, Trouble> {
    if at >= end {
        // Before RFC 3546 there were none.
        return Ok(false);
    }
    let len = c.read_len(&EXTENSIONS_LENGTH, at, 2)?;
    let mut at = at + 2;
    if at + len > end {
        return Err(c.malformed("the extensions are longer than their hello"));
    }
    let end = at + len;
    let mut v13 = false;
    while at < end {
        if at + 4 > end {
            return Err(c.malformed("an extension has no room for its type and length"));
        }
        let (kind, len) = (c.u16(at)?, usize::from(c.u16(at + 2)?));
        let next = at + 4 + len;
        c.read(&EXTENSION_TYPE, at, 2)?;
        c.nested(|c| {
            c.read(&EXTENSION_LEN, at + 2, 2)?;
            if next > end {
                return Err(c.malformed("an extension is longer than its list"));
            }
            v13 |= extension(c, speaker, kind, at + 4, next)?;
            Ok(())
        })?;
        at = next;
    }
    Ok(v13)
}

/// Reads one extension; says whether it is the server's choice of TLS 1.3.
fn extension(c: &mut Cursor<'_>, speaker: Speaker, kind: u16, at: usize, end: usize) -> Result<bool, Trouble> {
    if at == end {
        return Ok(false);
    }
    match (kind, speaker) {
        (0, _) => server_names(c, at, end)?,
        (5, Speaker::Client) => drop(c.read(&STATUS_REQUEST_TYPE, at, 1)?),
        (10, _) => drop(list(c, (&SUPPORTED_GROUPS_LENGTH, 2), None, (&SUPPORTED_GROUP, 2), at, end)?),
        (11, _) => drop(list(c, (&EC_POINT_FORMATS_LENGTH, 1), None, (&EC_POINT_FORMAT, 1), at, end)?),
        (13 | 50, _) => drop(list(c, (&SIG_HASH_ALG_LEN, 2), Some(&SIG_HASH_ALGS), (&SIG_HASH_ALG, 2), at, end)?),
        (16, _) => application_protocols(c, at, end)?,
        (43, Speaker::Client) => drop(list(c, (&SUPPORTED_VERSIONS_LEN, 1), None, (&SUPPORTED_VERSION, 2), at, end)?),
        (43, Speaker::Server) => {
            let version = c.read(&SUPPORTED_VERSION, at, 2)?;
            return Ok(version == V13 || draft(version).is_some());
        }
        (45, Speaker::Client) => drop(list(c, (&PSK_KE_MODES_LENGTH, 1), None, (&PSK_KE_MODE, 1), at, end)?),
        (51, Speaker::Client) => {
            let len = c.read_len(&KEY_SHARE_CLIENT_LENGTH, at, 2)?;
            let stop = end.min(at + 2 + len);
            let mut at = at + 2;
            while at < stop {
                at = key_share(c, at, stop)?;
            }
        }
        // A HelloRetryRequest only names the group that it would like (RFC 8446 §4.2.8).
        (51, Speaker::Server) if end - at == 2 => drop(c.read(&KEY_SHARE_SELECTED_GROUP, at, 2)?),
        (51, Speaker::Server) => drop(key_share(c, at, end)?),
        (65281, _) => {
            let len = c.read_len(&RENEG_INFO_LEN, at, 1)?;
            if len > 0 && at + 1 + len <= end {
                c.read(&RENEG_INFO, at + 1, len)?;
            }
        }
        // QUIC's parameters (RFC 9000 §18), not read here.
        (57 | 0xffa5, _) => {}
        _ => drop(c.read(&EXTENSION_DATA, at, end - at)?),
    }
    Ok(false)
}

/// RFC 6066 §3: which of its names the client calls the server by.
fn server_names(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    c.read(&SERVER_NAME_LIST_LEN, at, 2)?;
    let mut at = at + 2;
    while at + 3 <= end {
        c.read(&SERVER_NAME_TYPE, at, 1)?;
        let len = c.read_len(&SERVER_NAME_LEN, at + 1, 2)?;
        if at + 3 + len > end {
            return Err(c.malformed("a server's name is longer than its extension"));
        }
        c.read(&SERVER_NAME, at + 3, len)?;
        at += 3 + len;
    }
    Ok(())
}

/// RFC 7301 §3.1: the protocols that may follow inside.
fn application_protocols(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    c.read(&ALPN_LEN, at, 2)?;
    let mut at = at + 2;
    while at < end {
        let len = c.read_len(&ALPN_STR_LEN, at, 1)?;
        if at + 1 + len > end {
            return Err(c.malformed("a protocol's name is longer than its extension"));
        }
        c.read(&ALPN_STR, at + 1, len)?;
        at += 1 + len;
    }
    Ok(())
}

/// RFC 8446 §4.2.8: one half of a key agreement. Gives where it ends.
fn key_share(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<usize, Trouble> {
    let len = usize::from(c.u16(at + 2)?);
    if at + 4 + len > end {
        return Err(c.malformed("a key share is longer than its extension"));
    }
    let group = c.u16(at)?;
    c.push(&KEY_SHARE_GROUP, at, 2, Value::Uint(u64::from(group)));
    c.read(&KEY_EXCHANGE_LENGTH, at + 2, 2)?;
    if len > 0 {
        c.read(&KEY_EXCHANGE, at + 4, len)?;
    }
    Ok(at + 4 + len)
}
