//! What proves who asks (RFC 9110 §11.6). Basic carries a name and a password (RFC 7617). NTLM and Negotiate (RFC 4559)
//! carry messages of NTLM ([MS-NLMP] §2.2.1), bare or inside SPNEGO (RFC 4178 §4.2), which lets both choose a mechanism.

use super::fields::{
    AUTHBASIC, GSS_OID, NTLM_DOMAIN, NTLM_FLAGS, NTLM_HOST, NTLM_IDENTIFIER, NTLM_TYPE, NTLM_USER, SPNEGO_CHOSEN,
    SPNEGO_OFFERED,
};
use crate::proto::prelude::*;
use base64::Engine as _;

/// Letters that are decoded; the tickets of Kerberos are long.
const LONGEST: usize = 64 << 10;
/// Mechanisms that are shown of an offer.
const MOST: usize = 16;
/// Bytes of an object identifier that are shown.
const LONGEST_OID: usize = 64;
/// SPNEGO itself.
const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
/// How each message of NTLM begins.
const NTLM: &[u8] = b"NTLMSSP\0";

/// Where the header's value is.
type Place = (usize, usize);

/// Reads the value of a header: a scheme, a blank, and base64. `basic`, where a name and a password may be in it.
pub(super) fn read(c: &mut Cursor<'_>, place: Place, value: &[u8], basic: bool) {
    let end = value.iter().position(|&b| b == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    let coded = rest.trim_ascii();
    let is = |name: &[u8]| scheme.eq_ignore_ascii_case(name);
    if coded.is_empty() || coded.len() > LONGEST || !(basic && is(b"basic") || is(b"ntlm") || is(b"negotiate")) {
        return;
    }
    let Ok(plain) = base64::engine::general_purpose::STANDARD.decode(coded) else { return };
    if is(b"basic") {
        c.push_text(&AUTHBASIC, place.0, place.1, &plain);
    } else {
        token(c, place, &plain);
    }
}

/// NTLM, or SPNEGO around it.
fn token(c: &mut Cursor<'_>, place: Place, bytes: &[u8]) {
    match der(bytes) {
        _ if bytes.starts_with(NTLM) => ntlm(c, place, bytes),
        Some((0x60, inner, _)) => {
            let Some((6, mechanism, rest)) = der(inner) else { return };
            c.push_text(&GSS_OID, place.0, place.1, oid(mechanism).as_bytes());
            if mechanism == SPNEGO
                && let Some((0xa0, init, _)) = der(rest)
            {
                negotiation(c, place, init);
            }
        }
        Some((0xa1, response, _)) => negotiation(c, place, response),
        _ => {}
    }
}

/// The parts of an offer, or of the answer to one: of an offer the first part is a list.
fn negotiation(c: &mut Cursor<'_>, place: Place, bytes: &[u8]) {
    let Some((0x30, mut parts, _)) = der(bytes) else { return };
    while let Some((tag, part, rest)) = der(parts) {
        parts = rest;
        match (tag, der(part)) {
            (0xa0, Some((0x30, mut list, _))) => {
                for _ in 0..MOST {
                    let Some((6, mechanism, rest)) = der(list) else { break };
                    c.push_text(&SPNEGO_OFFERED, place.0, place.1, oid(mechanism).as_bytes());
                    list = rest;
                }
            }
            (0xa1, Some((6, mechanism, _))) => {
                c.push_text(&SPNEGO_CHOSEN, place.0, place.1, oid(mechanism).as_bytes());
            }
            (0xa2, Some((4, inner, _))) if inner.starts_with(NTLM) => ntlm(c, place, inner),
            _ => {}
        }
    }
}

/// One message of NTLM.
fn ntlm(c: &mut Cursor<'_>, place: Place, bytes: &[u8]) {
    let (at, len) = place;
    let number = |at: usize| bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let Some(kind) = number(8) else { return };
    c.push_text(&NTLM_IDENTIFIER, at, len, b"NTLMSSP");
    c.push(&NTLM_TYPE, at, len, Value::Uint(kind.into()));
    let flags = match kind {
        1 => number(12),
        2 => number(20),
        3 => number(60),
        _ => None,
    };
    if let Some(flags) = flags {
        c.push(&NTLM_FLAGS, at, len, Value::Uint(flags.into()));
    }
    if kind != 3 {
        return;
    }
    for (def, from) in [(&NTLM_DOMAIN, 28), (&NTLM_USER, 36), (&NTLM_HOST, 44)] {
        let (Some(size), Some(start)) = (number(from), number(from + 4)) else { return };
        // The lower half is the length; the upper one is what was allocated.
        let text = bytes.get(start as usize..).and_then(|rest| rest.get(..(size & 0xffff) as usize)).unwrap_or(&[]);
        let text = if flags.is_some_and(|flags| flags & 1 == 1) {
            let units = text.chunks_exact(2).map(|pair| pair.iter().rev().fold(0, |n, &b| n << 8 | u16::from(b)));
            char::decode_utf16(units).map(|sign| sign.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        } else {
            String::from_utf8_lossy(text).into_owned()
        };
        if !text.is_empty() {
            c.push_text(def, at, len, text.as_bytes());
        }
    }
}

/// The first value in DER (X.690 §8.1, §10): its tag, its content, and what follows.
fn der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (long, rest) = rest.split_at_checked(usize::from(first & 3))?;
            (long.iter().fold(0, |n, &b| n << 8 | usize::from(b)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

/// An object identifier as it is written: `1.3.6.1.5.5.2` (X.690 §8.19).
fn oid(bytes: &[u8]) -> String {
    let (mut text, mut number) = (String::new(), 0_u64);
    for &byte in bytes.iter().take(LONGEST_OID) {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if text.is_empty() {
                let first = (number / 40).min(2);
                text = format!("{first}.{}", number - first * 40);
            } else {
                text = format!("{text}.{number}");
            }
            number = 0;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::PROTOCOL;
    use super::*;
    use crate::proto::testing::message;

    /// The fields that a header with this token has.
    fn proof(scheme: &str, token: &[u8]) -> Packet {
        let coded = base64::engine::general_purpose::STANDARD.encode(token);
        message(&PROTOCOL, (40000, 80), format!("GET / HTTP/1.1\r\nAuthorization: {scheme} {coded}\r\n\r\n").as_bytes())
    }

    fn hello() -> Vec<u8> {
        [NTLM, &[1, 0, 0, 0, 7, 0x82, 8, 0xa2], &[0; 16]].concat()
    }

    #[test]
    fn a_message_of_ntlm_is_read_bare_and_inside_spnego() {
        let own = [0x06, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
        let wrap = |tag: u8, parts: &[&[u8]]| {
            let inner = parts.concat();
            [&[tag, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
        };
        let list = wrap(0xa0, &[&wrap(0x30, &[&own])]);
        let init = wrap(0xa0, &[&wrap(0x30, &[&list, &wrap(0xa2, &[&wrap(4, &[&hello()])])])]);
        let offer = wrap(0x60, &[&wrap(6, &[SPNEGO]), &init]);
        for (scheme, token) in [("NTLM", hello()), ("Negotiate", hello()), ("negotiate", offer.clone())] {
            let p = proof(scheme, &token);
            assert_eq!((p.uint(&NTLM_TYPE), p.uint(&NTLM_FLAGS)), (Some(1), Some(0xa208_8207)), "{scheme}");
        }
        let p = proof("Negotiate", &offer);
        assert_eq!(p.octets(&GSS_OID), Some(&b"1.3.6.1.5.5.2"[..]));
        assert_eq!(p.octets(&SPNEGO_OFFERED), Some(&b"1.3.6.1.4.1.311.2.2.10"[..]));
        for cut in 0..offer.len() {
            proof("Negotiate", &offer[..cut]);
        }
    }

    #[test]
    fn an_answer_names_who_asks() {
        let names: [&[u8]; 3] = [b"L\0A\0B\0", b"b\0o\0b\0", b"P\0C\0"];
        let mut token = [NTLM, &[3, 0, 0, 0], &[0; 16]].concat();
        let mut start = 64;
        for name in names {
            let len = u8::try_from(name.len()).unwrap();
            token.extend([len, 0, len, 0, start, 0, 0, 0]);
            start += len;
        }
        token.extend([0; 8]);
        token.extend([1, 0, 0, 0]);
        token.extend(names.concat());
        let p = proof("NTLM", &token);
        assert_eq!(p.octets(&NTLM_DOMAIN), Some(&b"LAB"[..]));
        assert_eq!((p.octets(&NTLM_USER), p.octets(&NTLM_HOST)), (Some(&b"bob"[..]), Some(&b"PC"[..])));
    }
}
