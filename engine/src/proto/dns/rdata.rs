//! What the records hold: for each type, one row of parts (RFC 1035 §3.3 and the RFCs named below).

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use super::name::{self, Name};
use crate::model::{FieldDef, Slice, Trouble, Value};
use crate::proto::Cursor;

/// A service's place (RFC 2782); its owner's name is `_service._protocol.name`.
pub(super) const SRV: u16 = 33;
/// EDNS (RFC 6891), a record in form only.
pub(super) const OPT: u16 = 41;

/// A piece of a record's data.
enum Part {
    /// So many bytes, read by the field's kind.
    Fixed(&'static FieldDef, usize),
    /// The same bytes once more, two before this place: their single bits.
    Bits(&'static [&'static FieldDef], usize),
    /// A domain name.
    Name(&'static FieldDef),
    /// A byte of length, and so many bytes.
    Counted(&'static FieldDef, &'static FieldDef),
    /// Such pairs to the end.
    Each(&'static FieldDef, &'static FieldDef),
    /// All that is left.
    Rest(&'static FieldDef),
    /// Something of its own: from here to the end.
    Own(fn(&mut Cursor<'_>, usize, usize, usize) -> Result<(), Trouble>),
}
use Part::{Bits, Counted, Each, Fixed, Own, Rest};

const DIGEST: &[Part] = &[Fixed(&DS_KEY_ID, 2), Fixed(&DS_ALGORITHM, 1), Fixed(&DS_DIGEST_TYPE, 1), Rest(&DS_DIGEST)];
const KEY: &[Part] = &[
    Fixed(&DNSKEY_FLAGS, 2),
    Bits(&[&DNSKEY_ZONE_KEY, &DNSKEY_KEY_REVOKED, &DNSKEY_SECURE_ENTRY_POINT], 2),
    Fixed(&DNSKEY_PROTOCOL, 1),
    Fixed(&DNSKEY_ALGORITHM, 1),
    Rest(&DNSKEY_PUBLIC_KEY),
];
const CERTIFICATE: &[Part] =
    &[Fixed(&TLSA_USAGE, 1), Fixed(&TLSA_SELECTOR, 1), Fixed(&TLSA_MATCHING_TYPE, 1), Rest(&TLSA_DATA)];
const SERVICE: &[Part] = &[Fixed(&SVC_PRIORITY, 2), Part::Name(&SVC_TARGET), Own(parameters)];

/// The types, ascending.
static TYPES: &[(u16, &[Part])] = &[
    (1, &[Fixed(&A, 4)]),
    (2, &[Part::Name(&NS)]),
    (5, &[Part::Name(&CNAME)]),
    (
        6,
        &[
            Part::Name(&SOA_MNAME),
            Part::Name(&SOA_RNAME),
            Fixed(&SOA_SERIAL_NUMBER, 4),
            Fixed(&SOA_REFRESH_INTERVAL, 4),
            Fixed(&SOA_RETRY_INTERVAL, 4),
            Fixed(&SOA_EXPIRE_LIMIT, 4),
            Fixed(&SOA_MINIMUM_TTL, 4),
        ],
    ),
    (10, &[Rest(&NULL)]),
    (12, &[Part::Name(&PTR_DOMAIN_NAME)]),
    (13, &[Counted(&HINFO_CPU_LENGTH, &HINFO_CPU), Counted(&HINFO_OS_LENGTH, &HINFO_OS)]),
    (15, &[Fixed(&MX_PREFERENCE, 2), Part::Name(&MX_MAIL_EXCHANGE)]),
    (16, &[Each(&TXT_LENGTH, &TXT)]),
    (24, SIGNATURE),
    (28, &[Fixed(&AAAA, 16)]),
    (SRV, &[Fixed(&SRV_PRIORITY, 2), Fixed(&SRV_WEIGHT, 2), Fixed(&SRV_PORT, 2), Part::Name(&SRV_TARGET)]),
    (
        35,
        &[
            Fixed(&NAPTR_ORDER, 2),
            Fixed(&NAPTR_PREFERENCE, 2),
            Counted(&NAPTR_FLAGS_LENGTH, &NAPTR_FLAGS),
            Counted(&NAPTR_SERVICE_LENGTH, &NAPTR_SERVICE),
            Counted(&NAPTR_REGEX_LENGTH, &NAPTR_REGEX),
            Part::Name(&NAPTR_REPLACEMENT),
        ],
    ),
    (39, &[Part::Name(&DNAME)]),
    (OPT, &[Own(options)]),
    (43, DIGEST),
    (46, SIGNATURE),
    (47, &[Part::Name(&NSEC_NEXT), Own(type_bitmap)]),
    (48, KEY),
    (
        50,
        &[
            Fixed(&NSEC3_ALGO, 1),
            Fixed(&NSEC3_FLAGS, 1),
            Bits(&[&NSEC3_OPT_OUT], 1),
            Fixed(&NSEC3_ITERATIONS, 2),
            Counted(&NSEC3_SALT_LENGTH, &NSEC3_SALT_VALUE),
            Own(hashed_name),
        ],
    ),
    (
        51,
        &[
            Fixed(&NSEC3_ALGO, 1),
            Fixed(&NSEC3_FLAGS, 1),
            Fixed(&NSEC3_ITERATIONS, 2),
            Counted(&NSEC3_SALT_LENGTH, &NSEC3_SALT_VALUE),
        ],
    ),
    (52, CERTIFICATE),
    (59, DIGEST),
    (60, KEY),
    (64, SERVICE),
    (65, SERVICE),
    (99, &[Each(&SPF_LENGTH, &SPF)]),
    (257, &[Own(authorisation)]),
    (32769, DIGEST),
];

/// Types that have a shape of their own which is not shown here, as old as MD or as rare as HIP.
const KNOWN_BUT_UNREAD: &[u16] = &[
    3, 4, 7, 8, 9, 11, 14, 17, 18, 19, 20, 21, 22, 25, 26, 27, 29, 30, 36, 37, 38, 42, 44, 45, 55, 61, 62, 63, 104,
    105, 106, 107, 108, 109, 249, 250, 65281, 65282,
];

const SIGNATURE: &[Part] = &[
    Fixed(&RRSIG_TYPE_COVERED, 2),
    Fixed(&RRSIG_ALGORITHM, 1),
    Fixed(&RRSIG_LABELS, 1),
    Fixed(&RRSIG_ORIGINAL_TTL, 4),
    Own(signature),
];

/// Reads the `len` bytes of data of a record of this type.
pub(super) fn read(c: &mut Cursor<'_>, kind: u16, base: usize, mut at: usize, len: usize) -> Result<(), Trouble> {
    let end = at + len;
    let parts = match TYPES.binary_search_by_key(&kind, |&(n, _)| n).ok().and_then(|i| TYPES.get(i)) {
        // An update asks for records without giving their data (RFC 2136 §2.4).
        _ if len == 0 => return Ok(()),
        Some((_, parts)) => *parts,
        None if KNOWN_BUT_UNREAD.contains(&kind) => return Ok(()),
        None => &[Rest(&DATA)],
    };
    for part in parts {
        match *part {
            Fixed(def, n) => {
                c.read(def, at, n)?;
                at += n;
            }
            Bits(defs, n) => c.nested(|c| defs.iter().try_for_each(|def| c.read(def, at - n, n).map(drop)))?,
            Part::Name(def) => at += name::put(c, def, base, at)?,
            Counted(count, def) => at += counted(c, count, def, at)?,
            Each(count, def) => {
                while at < end {
                    at += counted(c, count, def, at)?;
                }
            }
            Rest(def) if at < end => {
                c.read(def, at, end - at)?;
                at = end;
            }
            Rest(_) => {}
            Own(body) => {
                c.slice(at.min(end), end.saturating_sub(at))?;
                body(c, base, at, end)?;
                at = end;
            }
        }
    }
    if at > end {
        c.doubt(c.malformed("a record's data is longer than its length says"));
    }
    Ok(())
}

/// Writes the three parts of a service record's name: `_http._tcp.example.org`.
pub(super) fn service_name(c: &mut Cursor<'_>, at: usize, name: Name) {
    let mut rest = name.text;
    for (i, def) in [&SRV_SERVICE, &SRV_PROTO, &SRV_NAME].into_iter().enumerate() {
        let dot = c.packet.bytes(rest).iter().position(|&b| b == b'.').filter(|_| i < 2);
        let len = dot.and_then(|d| u32::try_from(d).ok()).unwrap_or(rest.len);
        c.push(def, at, name.used, Value::Text(Slice { len, ..rest }));
        if dot.is_none() {
            return;
        }
        rest = Slice { start: rest.start + len + 1, len: rest.len - len - 1, ..rest };
    }
}

fn counted(c: &mut Cursor<'_>, count: &'static FieldDef, def: &'static FieldDef, at: usize) -> Result<usize, Trouble> {
    let len = c.read_len(count, at, 1)?;
    c.read(def, at + 1, len)?;
    Ok(1 + len)
}

/// EDNS options (RFC 6891 §6.1.2): code, length, data.
fn options(c: &mut Cursor<'_>, _: usize, mut at: usize, end: usize) -> Result<(), Trouble> {
    while at < end {
        let len = usize::from(c.u16(at + 2)?);
        let (code, data) = (c.u16(at)?, at + 4);
        c.slice(data, len)?;
        c.push(&OPT_, at, 4 + len, Value::None);
        c.nested(|c| {
            c.read(&OPT_CODE, at, 2)?;
            c.read(&OPT_LEN, at + 2, 2)?;
            c.read(&OPT_DATA, data, len)?;
            option(c, code, data, len)
        })?;
        at = data + len;
    }
    Ok(())
}

fn option(c: &mut Cursor<'_>, code: u16, at: usize, len: usize) -> Result<(), Trouble> {
    match (code, len) {
        // RFC 7871 §6
        (8, 4..) => {
            let family = c.read(&OPT_CLIENT_FAMILY, at, 2)?;
            c.read(&OPT_CLIENT_NETMASK, at + 2, 1)?;
            c.read(&OPT_CLIENT_SCOPE, at + 3, 1)?;
            // The address is cut to its prefix; the bytes that are missing are zeros.
            let (def, whole) = if family == 1 { (&OPT_CLIENT_ADDR4, 4) } else { (&OPT_CLIENT_ADDR6, 16) };
            let mut address = [0; 16];
            let given = c.slice(at + 4, (len - 4).min(whole))?;
            address.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
            let value = c.keep(address.get(..whole).unwrap_or(&[]));
            c.push(def, at + 4, given.len(), Value::Bytes(value));
        }
        // RFC 7873 §4
        (10, 8..) => {
            c.read(&OPT_COOKIE_CLIENT, at, 8)?;
            c.read(&OPT_COOKIE_SERVER, at + 8, len - 8)?;
        }
        // RFC 7828 §3.1
        (11, 2) => drop(c.read(&OPT_KEEPALIVE_TIMEOUT, at, 2)?),
        (12, 1..) => drop(c.read(&OPT_PADDING, at, len)?),
        // RFC 8914 §2
        (15, 2..) => {
            c.read(&OPT_ERROR_CODE, at, 2)?;
            if len > 2 {
                c.read(&OPT_ERROR_TEXT, at + 2, len - 2)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The second half of RRSIG (RFC 4034 §3.1): two moments, key, signer, signature.
fn signature(c: &mut Cursor<'_>, base: usize, at: usize, end: usize) -> Result<(), Trouble> {
    for (def, at) in [(&RRSIG_EXPIRATION, at), (&RRSIG_INCEPTION, at + 4)] {
        let seconds = i64::from(c.u32(at)?);
        c.push(def, at, 4, Value::Nanos(seconds * 1_000_000_000));
    }
    c.read(&RRSIG_KEY_TAG, at + 8, 2)?;
    let at = at + 10 + name::put(c, &RRSIG_SIGNERS_NAME, base, at + 10)?;
    if at < end {
        c.read(&RRSIG_SIGNATURE, at, end - at)?;
    }
    Ok(())
}

/// Which types exist (RFC 4034 §4.1.2): windows of 256 types, a bit each.
fn type_bitmap(c: &mut Cursor<'_>, _: usize, mut at: usize, end: usize) -> Result<(), Trouble> {
    while at < end {
        let (window, len) = (u64::from(c.u8(at)?), usize::from(c.u8(at + 1)?));
        for (i, &byte) in c.slice(at + 2, len)?.iter().enumerate() {
            for bit in (0..8u64).filter(|bit| byte & (0x80 >> bit) != 0) {
                c.push(&RESP_TYPE, at + 2 + i, 1, Value::Uint(window << 8 | (i as u64) << 3 | bit));
            }
        }
        at += 2 + len;
    }
    Ok(())
}

/// The end of NSEC3 (RFC 5155 §3.2): the next name's hash, in base 32, and the types.
fn hashed_name(c: &mut Cursor<'_>, base: usize, at: usize, end: usize) -> Result<(), Trouble> {
    let len = c.read_len(&NSEC3_HASH_LENGTH, at, 1)?;
    let mut text = Vec::with_capacity(len * 2);
    for five in c.slice(at + 1, len)?.chunks(5) {
        let bits = five.iter().fold(0u64, |n, &b| n << 8 | u64::from(b)) << (8 * (5 - five.len()));
        let digits = (five.len() * 8).div_ceil(5);
        for i in 0..digits {
            let digit = (bits >> (35 - 5 * i) & 0x1f) as u8;
            text.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
        }
    }
    c.push_text(&NSEC3_HASH_VALUE, at + 1, len, &text);
    type_bitmap(c, base, at + 1 + len, end)
}

/// Service parameters (RFC 9460 §2.2): key, length, value.
fn parameters(c: &mut Cursor<'_>, _: usize, mut at: usize, end: usize) -> Result<(), Trouble> {
    while at < end {
        let (key, len) = (c.u16(at)?, usize::from(c.u16(at + 2)?));
        c.slice(at, 4 + len)?;
        c.push(&SVC_PARAM, at, 4 + len, Value::None);
        c.nested(|c| {
            c.read(&SVC_PARAM_KEY, at, 2)?;
            c.read(&SVC_PARAM_LENGTH, at + 2, 2)?;
            parameter(c, key, at + 4, at + 4 + len)
        })?;
        at += 4 + len;
    }
    Ok(())
}

fn parameter(c: &mut Cursor<'_>, key: u16, mut at: usize, end: usize) -> Result<(), Trouble> {
    let (def, each): (&'static FieldDef, usize) = match key {
        0 => (&SVC_MANDATORY_KEY, 2),
        1 => {
            while at < end {
                at += counted(c, &SVC_ALPN_LENGTH, &SVC_ALPN, at)?;
            }
            return Ok(());
        }
        3 => (&SVC_PORT, 2),
        4 => (&SVC_IPV4HINT, 4),
        5 => (&SVC_ECHCONFIG, end - at),
        6 => (&SVC_IPV6HINT, 16),
        _ => (&SVC_PARAM_VALUE, end - at),
    };
    while at + each.max(1) <= end {
        c.read(def, at, each)?;
        at += each;
    }
    Ok(())
}

/// CAA (RFC 8659 §4.1): flags, a tag, and what the tag says.
fn authorisation(c: &mut Cursor<'_>, _: usize, at: usize, end: usize) -> Result<(), Trouble> {
    c.read(&CAA_FLAGS, at, 1)?;
    c.nested(|c| c.read(&CAA_ISSUER_CRITICAL, at, 1))?;
    let len = usize::from(c.u8(at + 1)?);
    let value = at + 2 + len;
    let whole = end.max(value) - at - 1;
    let def: &'static FieldDef = match c.slice(at + 2, len)? {
        b"issue" => &CAA_ISSUE,
        b"issuewild" => &CAA_ISSUEWILD,
        b"iodef" => &CAA_IODEF,
        _ => &CAA_UNKNOWN,
    };
    c.slice(at + 1, whole)?;
    let text = c.span(value, end.saturating_sub(value));
    c.push(def, at + 1, whole, Value::Text(text));
    c.nested(|c| {
        c.read(&CAA_TAG_LENGTH, at + 1, 1)?;
        c.read(&CAA_TAG, at + 2, len)?;
        c.read(&CAA_VALUE, value, end.saturating_sub(value))
    })?;
    Ok(())
}
