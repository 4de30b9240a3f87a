//! Certificates — RFC 5280, in DER (X.690): who somebody is, until when, and for which names it holds.
//!
//! ```text
//! | tag (1) | length (1, or 1 + n) | so many bytes, which may be such elements again |
//! certificate: { { [0] version, serial, algorithm, issuer, validity, subject, key, [3] extensions }, …, signature }
//! ```
//!
//! Only what a reader looks for is shown: the names, the serial number, the dates. No element is read twice, and
//! none is looked into deeper than the drawing says, so the work is bounded by the bytes.

#[allow(clippy::wildcard_imports, reason = "the rows of this protocol, each used once")]
use super::fields::*;
use crate::model::{FieldDef, Trouble, Value};
use crate::proto::Cursor;

const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const TELETEX: u8 = 0x14;
const IA5: u8 = 0x16;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const BMP: u8 = 0x1e;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// Days from the first of March of the year 0 to 1970, and one.
const UNTIL_1970: i64 = 719_469;

/// An element: what it is, and where its contents are.
#[derive(Clone, Copy)]
struct Element {
    tag: u8,
    at: usize,
    end: usize,
}

impl Element {
    /// The element that begins at `at`, inside what ends at `end`.
    fn read(c: &Cursor<'_>, at: usize, end: usize) -> Result<Self, Trouble> {
        let (tag, short) = (c.u8(at)?, c.u8(at + 1)?);
        let (len, at) = match short {
            0..=0x7f => (usize::from(short), at + 2),
            0x81..=0x84 => {
                let width = usize::from(short & 0x7f);
                let len = usize::try_from(c.number(at + 2, width)?).unwrap_or(usize::MAX / 2);
                (len, at + 2 + width)
            }
            // X.690 §10.1: DER has no open ends.
            _ => return Err(c.malformed("a length in a certificate is not written as DER wants it")),
        };
        if at + len > end {
            return Err(c.malformed("a part of a certificate is longer than what holds it"));
        }
        Ok(Self { tag, at, end: at + len })
    }

    /// Shows every element inside to `see`.
    fn each(
        self,
        c: &mut Cursor<'_>,
        mut see: impl FnMut(&mut Cursor<'_>, Self) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let mut at = self.at;
        while at < self.end {
            let inner = Self::read(c, at, self.end)?;
            see(c, inner)?;
            at = inner.end;
        }
        Ok(())
    }

    fn bytes<'a>(self, c: &Cursor<'a>) -> &'a [u8] {
        c.rest(self.at).get(..self.end - self.at).unwrap_or(&[])
    }

    fn show(self, c: &mut Cursor<'_>, def: &'static FieldDef) -> Result<(), Trouble> {
        c.read(def, self.at, self.end - self.at).map(drop)
    }
}

/// Reads the certificate that lies between `at` and `end`.
pub(super) fn read(c: &mut Cursor<'_>, at: usize, end: usize) -> Result<(), Trouble> {
    let whole = Element::read(c, at, end)?;
    let signed = Element::read(c, whole.at, whole.end)?;
    if (whole.tag, signed.tag) != (SEQUENCE, SEQUENCE) {
        return Err(c.malformed("a certificate does not begin as one"));
    }
    // Until the key, everything has its place; only the version may be left out.
    let mut place = 0;
    signed.each(c, |c, part| {
        match (part.tag, place) {
            (0xa0, 0) => {
                let version = Element::read(c, part.at, part.end)?;
                return if version.tag == INTEGER { version.show(c, &CERTIFICATE_VERSION) } else { Ok(()) };
            }
            (INTEGER, 0) => part.show(c, &SERIAL_NUMBER)?,
            (SEQUENCE, 2 | 4) => name(c, part)?,
            (SEQUENCE, 3) => part.each(c, time)?,
            (0xa3, 6..) => Element::read(c, part.at, part.end)?.each(c, extension)?,
            _ => {}
        }
        place += 1;
        Ok(())
    })
}

/// RFC 5280 §4.1.2.4: a name is a list of sets of attributes, most often one in each.
fn name(c: &mut Cursor<'_>, name: Element) -> Result<(), Trouble> {
    name.each(c, |c, set| if set.tag == SET { set.each(c, attribute) } else { Ok(()) })
}

/// RFC 5280 §A.1: its kind says which sort of text it may be.
fn attribute(c: &mut Cursor<'_>, pair: Element) -> Result<(), Trouble> {
    if pair.tag != SEQUENCE {
        return Ok(());
    }
    let kind = Element::read(c, pair.at, pair.end)?;
    let text = Element::read(c, kind.end, pair.end)?;
    let def = match (kind.bytes(c), text.tag) {
        ([0x55, 4, 6], PRINTABLE) => &COUNTRY_NAME,
        ([0x55, 4, 5 | 46], PRINTABLE) => &PRINTABLE_ATTRIBUTE,
        // An address for mail (RFC 2985 §5.2.1), and a part of a DNS name (RFC 4519 §2.4).
        (b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" | b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", IA5) => &IA5_STRING,
        ([0x55, 4, 3 | 4 | 7..=13 | 15..=19 | 41..=44 | 51 | 54 | 65], tag) => match tag {
            UTF8 => &UTF8_STRING,
            PRINTABLE => &PRINTABLE_STRING,
            TELETEX => &TELETEX_STRING,
            BMP => {
                wide(c, text);
                return Ok(());
            }
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    text.show(c, def)
}

/// Two bytes a character, the higher first.
fn wide(c: &mut Cursor<'_>, text: Element) {
    let units = text.bytes(c).chunks_exact(2).map(|pair| pair.iter().fold(0, |n, &b| n << 8 | u16::from(b)));
    let start = c.start_text();
    for unit in char::decode_utf16(units) {
        c.add_text(unit.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]).as_bytes());
    }
    let value = Value::Text(c.end_text(start));
    c.push(&BMP_STRING, text.at, text.end - text.at, value);
}

/// RFC 5280 §4.1.2.5: two digits of the year until 2049, then four.
fn time(c: &mut Cursor<'_>, time: Element) -> Result<(), Trouble> {
    let (bytes, len) = (time.bytes(c), time.end - time.at);
    match (time.tag, bytes) {
        (UTC_TIME, &[y0, y1, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, b'Z']) => {
            let century: &[u8] = if y0 < b'5' { b"20" } else { b"19" };
            let spelled = c.keep_all([
                century,
                &[y0, y1, b'-', m0, m1, b'-', d0, d1, b' ', h0, h1, b':', n0, n1, b':', s0, s1],
                b" (UTC)",
            ]);
            c.push(&UTC_TIME_TEXT, time.at, len, Value::Text(spelled));
            Ok(())
        }
        (UTC_TIME, _) => time.show(c, &UTC_TIME_TEXT),
        (GENERALIZED_TIME, [moment @ .., b'Z']) if moment.len() == 14 => {
            let nanos = seconds(moment).and_then(|s| s.checked_mul(1_000_000_000));
            c.push(&GENERALIZED, time.at, len, nanos.map_or(Value::None, Value::Nanos));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Seconds since 1970 of fourteen digits: year, month, day, hour, minute, second.
fn seconds(digits: &[u8]) -> Option<i64> {
    let number = |from: usize, to: usize| {
        let digits = digits.get(from..to)?;
        digits.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    // Years that begin in March end with the day that comes and goes.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day;
    Some((days - UNTIL_1970) * 86400 + number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?)
}

/// RFC 5280 §4.2: a kind, whether it must be understood, and a string that holds an element.
fn extension(c: &mut Cursor<'_>, extension: Element) -> Result<(), Trouble> {
    let kind = Element::read(c, extension.at, extension.end)?;
    let mut value = Element::read(c, kind.end, extension.end)?;
    if value.tag == 1 {
        value = Element::read(c, value.end, extension.end)?;
    }
    if kind.tag != OBJECT || value.at == value.end {
        return Ok(());
    }
    let inner = Element::read(c, value.at, value.end)?;
    match kind.bytes(c) {
        // Other names of the subject, and of the issuer.
        [0x55, 29, 17 | 18] => inner.each(c, general_name),
        // Where withdrawn certificates are listed: points with [0] { [0] { names } }.
        [0x55, 29, 31 | 46] => inner.each(c, |c, point| {
            point.each(c, |c, part| match part.tag {
                0xa0 => part.each(c, |c, full| if full.tag == 0xa0 { full.each(c, general_name) } else { Ok(()) }),
                _ => Ok(()),
            })
        }),
        // Names that the issuer may give out: [0] and [1] with { { name } }.
        [0x55, 29, 30] => inner.each(c, |c, trees| trees.each(c, |c, tree| tree.each(c, general_name))),
        // Who vouches: [1] { names }.
        [0x55, 29, 35] => inner.each(c, |c, part| if part.tag == 0xa1 { part.each(c, general_name) } else { Ok(()) }),
        // Where more about the issuer is: pairs of a kind and a name.
        b"\x2b\x06\x01\x05\x05\x07\x01\x01" => inner.each(c, |c, pair| pair.each(c, general_name)),
        _ => Ok(()),
    }
}

/// RFC 5280 §4.2.1.6: its tag says which sort of name it is.
fn general_name(c: &mut Cursor<'_>, one: Element) -> Result<(), Trouble> {
    match (one.tag, one.end - one.at) {
        (0x81, _) => one.show(c, &MAIL_NAME),
        (0x82, _) => one.show(c, &DNS_NAME),
        (0x86, _) => one.show(c, &URI_NAME),
        (0x87, 4) => one.show(c, &IPV4_NAME),
        (0x87, 16) => one.show(c, &IPV6_NAME),
        (0xa4, 1..) => {
            let inner = Element::read(c, one.at, one.end)?;
            name(c, inner)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Packet, Value};
    use crate::proto::testing;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let inner = parts.concat();
        let mut out = vec![tag, 0x82];
        out.extend_from_slice(&u16::try_from(inner.len()).unwrap().to_be_bytes());
        out.extend_from_slice(&inner);
        out
    }

    fn certificate() -> Vec<u8> {
        let name = |tag, text: &[u8]| {
            let pair = element(SEQUENCE, &[&element(OBJECT, &[&[0x55, 4, 3]]), &element(tag, &[text])]);
            element(SEQUENCE, &[&element(SET, &[&pair])])
        };
        let times = [element(UTC_TIME, &[b"491231235959Z"]), element(GENERALIZED_TIME, &[b"20500301000000Z"])];
        let other = element(SEQUENCE, &[&element(0x82, &[b"a.example"]), &element(0x87, &[&[192, 0, 2, 1]])]);
        let extension = element(SEQUENCE, &[&element(OBJECT, &[&[0x55, 29, 17]]), &element(4, &[&other])]);
        let signed = element(
            SEQUENCE,
            &[
                &element(INTEGER, &[&[7]]),
                &element(SEQUENCE, &[]),
                &name(UTF8, b"issuer"),
                &element(SEQUENCE, &[&times.concat()]),
                &name(BMP, &[0x20, 0xac]),
                &element(SEQUENCE, &[]),
                &element(0xa3, &[&element(SEQUENCE, &[&extension])]),
            ],
        );
        element(SEQUENCE, &[&signed])
    }

    /// The certificate alone in its message.
    fn in_a_message(certificate: &[u8]) -> Packet {
        let sized = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[1..], bytes].concat();
        let message = [&[11][..], &sized(&sized(&sized(certificate)))].concat();
        testing::message(&super::super::BARE, (443, 50000), &message)
    }

    #[test]
    fn names_number_and_dates_are_shown() {
        let p = in_a_message(&certificate());
        assert_eq!(p.octets(&UTF8_STRING), Some(&b"issuer"[..]));
        assert_eq!(p.octets(&BMP_STRING), Some("€".as_bytes()));
        assert_eq!(p.octets(&UTC_TIME_TEXT), Some(&b"2049-12-31 23:59:59 (UTC)"[..]));
        assert_eq!(p.octets(&DNS_NAME), Some(&b"a.example"[..]));
        assert_eq!(p.all(&IPV4_NAME).count(), 1);
        assert_eq!(p.all(&GENERALIZED).next().map(|f| f.value), Some(Value::Nanos(2_529_705_600_000_000_000)));
        assert!(p.layers.iter().all(|l| l.trouble.is_none()));
    }

    #[test]
    fn a_certificate_cut_or_lying_anywhere_is_trouble_at_most() {
        let whole = certificate();
        for at in 0..whole.len() {
            let _ = in_a_message(&whole[..at]);
            for wrong in [0, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = wrong;
                let _ = in_a_message(&bytes);
            }
        }
        let p = in_a_message(&whole[..whole.len() - 1]);
        assert!(p.layers.iter().any(|l| l.trouble.is_some()));
    }

    #[test]
    fn a_moment_is_counted_from_1970() {
        assert_eq!(seconds(b"19700101000000"), Some(0));
        assert_eq!(seconds(b"20240229120000"), Some(1_709_208_000));
        assert_eq!(seconds(b"2024022912000x"), None);
    }
}
