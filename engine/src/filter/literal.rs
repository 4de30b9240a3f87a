//! Values as people write them, read by the type of the field they are compared with.

use super::names::View;
use crate::model::{FieldDef, Kind, Time};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The type of a term's values. Numbers of every width are one type, and so are runs of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// There or not: no value.
    Present,
    Bool,
    /// A number, and the largest that fits.
    Number {
        most: u64,
    },
    Bytes,
    Text,
    Ether,
    Ipv4,
    Ipv6,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// A date and time of day.
    Date,
}

/// A value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    /// A number, a truth value (0 or 1), or nanoseconds.
    Int(i128),
    Bytes(Vec<u8>),
    Text(Vec<u8>),
    /// An address of which so many leading bits count.
    Net(Vec<u8>, u8),
}

/// How a value was written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written<'a> {
    Word(&'a str),
    Quoted(&'a [u8]),
    Char(u8),
}

impl Type {
    pub(super) const fn of(kind: Kind, view: View) -> Self {
        match (view, kind) {
            (View::Payload, _) | (_, Kind::Bytes) => Self::Bytes,
            (View::Text, _) | (_, Kind::Text) => Self::Text,
            (View::Date, _) => Self::Date,
            (_, Kind::Flag) => Self::Present,
            (View::Bit(_), _) | (_, Kind::Bool) => Self::Bool,
            (_, Kind::Uint(bits) | Kind::Hex(bits)) => Self::Number { most: widest(bits) },
            (_, Kind::Int(bits)) => Self::Number { most: widest(bits) >> 1 },
            (_, Kind::Frame) => Self::Number { most: u32::MAX as u64 },
            (_, Kind::Ether) => Self::Ether,
            (_, Kind::Ipv4) => Self::Ipv4,
            (_, Kind::Ipv6) => Self::Ipv6,
            (_, Kind::Duration | Kind::Moment) => Self::Seconds,
            (_, Kind::Millis) => Self::Millis,
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Number { .. })
    }

    /// Whether its values are spans of time.
    pub(super) const fn is_span(self) -> bool {
        matches!(self, Self::Seconds | Self::Millis)
    }

    /// Whether its values are bytes, of which slices can be taken.
    pub(super) const fn is_bytes(self) -> bool {
        matches!(self, Self::Bytes | Self::Ether | Self::Ipv4 | Self::Ipv6)
    }

    /// Whether values of both can be compared.
    pub(super) fn goes_with(self, other: Self) -> bool {
        let loose = |t: Self| if t == Self::Ether { Self::Bytes } else { t };
        self.is_number() && other.is_number() || loose(self) == loose(other)
    }

    /// In words, after "not" or "is".
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Present => "a field without a value",
            Self::Bool => "a truth value such as 1 or 0",
            Self::Number { .. } => "a number",
            Self::Bytes => "a run of bytes such as 08:00 or \"text\"",
            Self::Text => "text in double quotes",
            Self::Ether => "a MAC address such as 02:00:00:00:00:01",
            Self::Ipv4 => "an IPv4 address or network such as 10.0.0.0/8",
            Self::Ipv6 => "an IPv6 address or network such as fe80::/10",
            Self::Seconds => "a number of seconds such as 0.25",
            Self::Millis => "a number of milliseconds such as 0.25",
            Self::Date => "a date such as \"2024-02-29 12:00:00\"",
        }
    }

    /// Reads a value of this type. The error is a sentence without its subject, the value.
    pub(super) fn read(self, written: Written<'_>, fields: &[&FieldDef]) -> Result<Constant, String> {
        let wrong = || format!("is not {}", self.words());
        match self {
            Self::Present => Err("cannot be compared with a field that is only there or not".to_owned()),
            Self::Number { most } => number_or_name(written, most, fields).map(Constant::Int),
            Self::Bool => truth(written, fields).map(|b| Constant::Int(b.into())).ok_or_else(wrong),
            Self::Text => Ok(Constant::Text(match written {
                Written::Word(w) => w.as_bytes().to_vec(),
                Written::Quoted(q) => q.to_vec(),
                Written::Char(c) => vec![c],
            })),
            Self::Bytes => bytes(written).map(Constant::Bytes).ok_or_else(wrong),
            Self::Ether => match bytes(written) {
                Some(b) if b.len() == 6 && !matches!(written, Written::Quoted(_)) => Ok(Constant::Bytes(b)),
                _ => Err(wrong()),
            },
            Self::Ipv4 => net(written, 32, |w| w.parse().ok().map(|a: Ipv4Addr| a.octets().to_vec())).ok_or_else(wrong),
            Self::Ipv6 => {
                net(written, 128, |w| w.parse().ok().map(|a: Ipv6Addr| a.octets().to_vec())).ok_or_else(wrong)
            }
            Self::Seconds => match written {
                Written::Word(w) => seconds(w).map(Constant::Int).ok_or_else(wrong),
                _ => Err(wrong()),
            },
            Self::Millis => match written {
                Written::Word(w) => seconds(w).map(|n| Constant::Int(n / 1000)).ok_or_else(wrong),
                _ => Err(wrong()),
            },
            Self::Date => match written {
                Written::Quoted(q) => std::str::from_utf8(q).ok().and_then(date).map(Constant::Int).ok_or_else(wrong),
                Written::Word(w) => date(w).map(Constant::Int).ok_or_else(wrong),
                Written::Char(_) => Err(wrong()),
            },
        }
    }
}

const fn widest(bits: u8) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// Decimal, `0x` hexadecimal, `0b` binary, or octal after a leading zero.
fn number(word: &str) -> Option<u64> {
    let lower = word.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => match lower.strip_prefix("0b") {
            Some(binary) => (binary, 2),
            None if lower.len() > 1 && lower.starts_with('0') => (lower.as_str(), 8),
            None => (lower.as_str(), 10),
        },
    };
    // `from_str_radix` would take a sign.
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

fn number_or_name(written: Written<'_>, most: u64, fields: &[&FieldDef]) -> Result<i128, String> {
    let word = match written {
        Written::Char(c) => return Ok(i128::from(c)),
        Written::Word(w) => match number(w) {
            Some(n) if n <= most => return Ok(i128::from(n)),
            Some(_) => return Err(format!("is too large for this field: at most {most}")),
            None => w.as_bytes(),
        },
        Written::Quoted(q) => q,
    };
    let names = || fields.iter().flat_map(|def| def.names);
    let same = names().find(|(_, n)| n.as_bytes() == word);
    let found = same.or_else(|| names().find(|(_, n)| n.as_bytes().eq_ignore_ascii_case(word)));
    match found {
        Some(&(n, _)) => Ok(i128::from(n)),
        None if names().next().is_some() => Err("is neither a number nor the name of one of its values".to_owned()),
        None => Err("is not a number".to_owned()),
    }
}

fn truth(written: Written<'_>, fields: &[&FieldDef]) -> Option<bool> {
    let word = match written {
        Written::Char(c) => return Some(c != 0),
        Written::Word(w) => match number(w) {
            Some(n) => return Some(n != 0),
            None => w.as_bytes(),
        },
        Written::Quoted(q) => q,
    };
    let named = fields.iter().flat_map(|def| def.names).find(|(_, n)| n.as_bytes().eq_ignore_ascii_case(word));
    let usual = [(1, "True"), (1, "Set"), (0, "False"), (0, "Not set")];
    named.or_else(|| usual.iter().find(|(_, n)| n.as_bytes().eq_ignore_ascii_case(word))).map(|&(n, _)| n != 0)
}

/// `00:11:22`, `00-11-22`, `0.1.0.d`, `ffff.ffff`, `0011`, `7`, `0xff`; a quoted text is its bytes.
fn bytes(written: Written<'_>) -> Option<Vec<u8>> {
    let word = match written {
        Written::Quoted(q) => return Some(q.to_vec()),
        Written::Char(c) => return Some(vec![c]),
        Written::Word(w) => w,
    };
    let single = word.strip_prefix("0x").filter(|hex| hex.len() <= 2);
    let word = single.unwrap_or(word);
    let mut out = Vec::with_capacity(word.len() / 2 + 1);
    let whole = !word.contains([':', '.', '-']);
    for group in word.split([':', '.', '-']) {
        let fits = group.len() == 1 || group.len() % 2 == 0 && (whole || matches!(group.len(), 2 | 4));
        if group.is_empty() || !fits {
            return None;
        }
        for pair in group.as_bytes().chunks(2) {
            let digit = |b: &u8| char::from(*b).to_digit(16);
            let value = pair.iter().try_fold(0, |n, b| Some(n * 16 + digit(b)?))?;
            out.push(u8::try_from(value).ok()?);
        }
    }
    Some(out)
}

/// An address, or with `/bits` a network.
fn net(written: Written<'_>, most: u8, address: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Constant> {
    let Written::Word(word) = written else { return None };
    match word.split_once('/') {
        None => address(word).map(Constant::Bytes),
        Some((base, bits)) => {
            let bits = bits.parse().ok().filter(|&b: &u8| b <= most)?;
            Some(Constant::Net(address(base)?, bits))
        }
    }
}

/// Seconds with up to nine decimals, as nanoseconds.
fn seconds(word: &str) -> Option<i128> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 18 || fraction.len() > 9 {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * 1_000_000_000 + nanos)
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `2020-07-04T12:34:56.5`, with a space for the `T`, or `Jul 4, 2020 12:34:56.5`; `Z`, `UTC` or an
/// offset may follow, and without one it is UTC. As nanoseconds since 1970.
fn date(text: &str) -> Option<i128> {
    let text = text.trim();
    let (day, rest) = if let Some((month_day, rest)) = text.split_once(',') {
        let (month, day) = month_day.split_once(' ')?;
        let (year, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        let (month, _) = (1..).zip(MONTHS).find(|(_, m)| m.eq_ignore_ascii_case(month))?;
        (days(digits(year)?, month, digits(day.trim())?)?, rest)
    } else {
        let (date, rest) = text.split_once(['T', ' ']).unwrap_or((text, ""));
        let mut parts = date.splitn(3, '-');
        let mut part = || parts.next().and_then(digits);
        (days(part()?, part()?, part()?)?, rest)
    };
    let (clock, offset) = zone(rest.trim())?;
    let mut parts = clock.splitn(3, ':');
    let hour = parts.next().filter(|h| !h.is_empty()).map_or(Some(0), digits).filter(|&h| h < 24)?;
    let minute = parts.next().map_or(Some(0), digits).filter(|&m| m < 60)?;
    let nanos = parts.next().map_or(Some(0), seconds).filter(|&s| s < 61_000_000_000)?;
    let secs = day * 86_400 + hour * 3_600 + minute * 60 - offset;
    let time = i128::from(Time::new(secs, 0).0);
    Some(time + nanos)
}

fn digits(text: &str) -> Option<i64> {
    let short = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if short { text.parse().ok() } else { None }
}

/// The time of day and, in seconds, how far its zone is ahead of UTC.
fn zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix('Z').or_else(|| text.strip_suffix("UTC")) {
        return Some((clock.trim_end(), 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let (clock, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let plain: String = offset.chars().filter(char::is_ascii_digit).collect();
    let n = digits(&plain).filter(|_| plain.len() == 4)?;
    Some((clock.trim_end(), sign * (n / 100 * 3_600 + n % 100 * 60)))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years that begin in March, so that the leap day is the last of its year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5;
    Some(before + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_every_spelling_of_wireshark() {
        let read = |w| bytes(Written::Word(w));
        for same in ["00:0d", "00-0d", "0.d", "000d", "0:d"] {
            assert_eq!(read(same), Some(vec![0, 0x0d]), "{same}");
        }
        assert_eq!(read("ffff.0001"), Some(vec![0xff, 0xff, 0, 1]));
        assert_eq!(read("7"), Some(vec![7]));
        assert_eq!(read("0xff"), Some(vec![0xff]));
        for none in ["", "0x100", "123", "00:", "gg", "00:123"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn dates_count_from_1970() {
        for same in [
            "2004-09-26 23:18:04.954975",
            "2004-09-26T23:18:04.954975Z",
            "2004-09-27T01:18:04.954975+02:00",
            "Sep 26, 2004 23:18:04.954975",
            "Sep 26, 2004 23:18:04.954975 UTC",
        ] {
            assert_eq!(date(same), Some(1_096_240_684_954_975_000), "{same}");
        }
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("1969-12-31 23:59:59"), Some(-1_000_000_000));
        for none in ["2023-02-29", "2024-13-01", "yesterday", "", "2024-01-01 25:00"] {
            assert_eq!(date(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_come_in_four_bases() {
        for same in ["10", "012", "0xa", "0b1010"] {
            assert_eq!(number(same), Some(10), "{same}");
        }
        for none in ["", "+1", "1e3", "08", "0x"] {
            assert_eq!(number(none), None, "{none}");
        }
    }
}
