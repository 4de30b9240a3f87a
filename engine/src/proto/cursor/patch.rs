//! A row of the field table writes, too: what [`Cursor::put`](super::Cursor::put) reads, [`patch`] puts there. So nobody
//! else needs to know where a field lies.

use super::{big_endian, masked, sign_extend};
use crate::model::{At, FieldDef, Kind};

/// What a field shall hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New<'v> {
    /// A number, as the field shows it; true is 1.
    Number(i128),
    /// Bytes: an address, or text.
    Bytes(&'v [u8]),
}

/// Why a field cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// It lies elsewhere in each packet, or not in its bytes.
    #[error("{0} can't be written: it has no fixed place in its header")]
    NoPlace(&'static str),
    /// The layer ends before it.
    #[error("{name} can't be written: it needs {need} bytes of its header, and {have} are here")]
    Short {
        /// The field.
        name: &'static str,
        /// Bytes from the start of the layer to the field's end.
        need: usize,
        /// Bytes that are here.
        have: usize,
    },
    /// The number has more bits than the field.
    #[error("{name} holds {least} to {most}, not {value}")]
    Range {
        /// The field.
        name: &'static str,
        /// The smallest number that it can hold.
        least: i128,
        /// The largest.
        most: i128,
        /// What it should have held.
        value: i128,
    },
    /// The number lies between two of the units that the wire counts in, or between two bits of the field.
    #[error("{name} can't hold {value}: the wire has a number for every {unit} only")]
    Unit {
        /// The field.
        name: &'static str,
        /// What the wire counts in.
        unit: u8,
        /// What it should have held.
        value: i128,
    },
    /// It takes bytes, and just so many; or it takes a number, and got bytes.
    #[error("{name} takes {takes}")]
    Kind {
        /// The field.
        name: &'static str,
        /// What it takes.
        takes: Takes,
    },
}

/// What a field is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A number, or true and false.
    Number,
    /// So many bytes.
    Bytes(usize),
    /// Nothing: it's only there or not.
    Nothing,
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number => f.write_str("a number, not bytes"),
            Self::Bytes(len) => write!(f, "{len} bytes"),
            Self::Nothing => f.write_str("no value: it's there or not"),
        }
    }
}

/// Writes `value` into a layer that begins with `bytes`, and leaves all other bits as they are. A checksum over them is
/// the caller's to renew.
pub fn patch<'v>(def: &FieldDef, bytes: &mut [u8], value: impl Into<New<'v>>) -> Result<(), PatchError> {
    let name = def.name;
    let At::Fixed { start, len, mask, scale } = def.at else { return Err(PatchError::NoPlace(name)) };
    let (start, len, have) = (usize::from(start), usize::from(len), bytes.len());
    let short = PatchError::Short { name, need: start + len, have };
    let place = bytes.get_mut(start..start + len).ok_or(short)?;
    match (def.kind, value.into()) {
        (Kind::Flag, _) => Err(PatchError::Kind { name, takes: Takes::Nothing }),
        (Kind::Text | Kind::Bytes | Kind::Ether | Kind::Ipv4 | Kind::Ipv6, new) => match new {
            New::Bytes(new) if new.len() == len => {
                place.copy_from_slice(new);
                Ok(())
            }
            _ => Err(PatchError::Kind { name, takes: Takes::Bytes(len) }),
        },
        (_, New::Bytes(_)) => Err(PatchError::Kind { name, takes: Takes::Number }),
        (_, New::Number(value)) => {
            let all = u64::MAX.checked_shr(64_u32.saturating_sub(8 * u32::from(clamped(len)))).unwrap_or(0);
            let mask = if mask == 0 { all } else { mask & all };
            let raw = big_endian(place) & !mask | raw(def, mask, scale, masked(big_endian(place), mask), value)?;
            let bytes = raw.to_be_bytes();
            place
                .copy_from_slice(bytes.get(bytes.len().saturating_sub(len)..).filter(|b| b.len() == len).ok_or(short)?);
            Ok(())
        }
    }
}

/// The bits under `mask` that say `value`; `old` is what they say now.
fn raw(def: &FieldDef, mask: u64, scale: u8, old: u64, value: i128) -> Result<u64, PatchError> {
    let (name, unit) = (def.name, scale.max(1));
    let most = masked(mask, mask);
    let (least, most) = match def.kind {
        Kind::Bool => (0, 1),
        Kind::Int(bits) => {
            let half = 1_i128 << (bits.clamp(1, 64) - 1);
            (-half, half - 1)
        }
        _ => (0, i128::from(most) * i128::from(unit)),
    };
    if value < least || value > most {
        return Err(PatchError::Range { name, least, most, value });
    }
    if value % i128::from(unit) != 0 {
        return Err(PatchError::Unit { name, unit, value });
    }
    // Several bits that are one truth stay as they are where they say it already.
    if def.kind == Kind::Bool && (old != 0) == (value != 0) {
        return Ok(old << mask.trailing_zeros());
    }
    let units = u64::try_from(value / i128::from(unit)).unwrap_or_else(|_| negative(value / i128::from(unit)));
    let shifted = units << mask.trailing_zeros() & mask;
    let said = masked(shifted, mask).wrapping_mul(u64::from(unit));
    let same = match def.kind {
        Kind::Int(bits) => i128::from(sign_extend(said, bits)) == value,
        _ => i128::from(said) == value,
    };
    if same { Ok(shifted) } else { Err(PatchError::Unit { name, unit, value }) }
}

/// In two's complement.
fn negative(value: i128) -> u64 {
    i64::try_from(value).unwrap_or(0).cast_unsigned()
}

fn clamped(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX).min(8)
}

macro_rules! numbers {
    ($($from:ty),*) => {$(
        impl From<$from> for New<'_> {
            fn from(number: $from) -> Self {
                Self::Number(i128::from(number))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i32, i64, bool);

impl<'v> From<&'v [u8]> for New<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::proto::testing::value;
    use crate::proto::{identities, ipv4, tcp, udp};
    use crate::rng::Rng;

    #[test]
    fn what_every_row_writes_it_reads_and_no_other_bit_changes() {
        let mut rng = Rng::seeded(1);
        let mut written = 0;
        for def in identities().flat_map(|i| i.fields).copied() {
            let At::Fixed { start, len, mask, scale } = def.at else { continue };
            let end = usize::from(start) + usize::from(len);
            for _ in 0..8 {
                let mut bytes: Vec<u8> = (0..end + 4).map(|_| rng.roll().to_be_bytes()[0]).collect();
                let (before, kept) = (bytes.clone(), mask);
                let octets: Vec<u8> = (0..len).map(|_| rng.roll().to_be_bytes()[0]).collect();
                let raw = masked(big_endian(&octets), mask);
                let expected = match def.kind {
                    Kind::Flag => continue,
                    Kind::Text | Kind::Bytes | Kind::Ether | Kind::Ipv4 | Kind::Ipv6 => {
                        patch(def, &mut bytes, &octets[..]).unwrap();
                        assert_eq!(&bytes[usize::from(start)..end], octets, "{}", def.name);
                        written += 1;
                        continue;
                    }
                    Kind::Bool => Value::Bool(raw & 1 != 0),
                    Kind::Int(bits) => Value::Int(sign_extend(raw, bits)),
                    _ => Value::Uint(raw * u64::from(scale)),
                };
                match expected {
                    Value::Bool(b) => patch(def, &mut bytes, b),
                    Value::Int(n) => patch(def, &mut bytes, n),
                    Value::Uint(n) => patch(def, &mut bytes, n),
                    _ => continue,
                }
                .unwrap();
                assert_eq!(value(def, &bytes), expected, "{}", def.name);
                let field = usize::from(start)..end;
                let other = if kept == 0 { 0 } else { !kept };
                assert_eq!(
                    big_endian(&bytes[field.clone()]) & other,
                    big_endian(&before[field.clone()]) & other,
                    "{}: its neighbours' bits",
                    def.name
                );
                assert_eq!(bytes[..field.start], before[..field.start]);
                assert_eq!(bytes[field.end..], before[field.end..]);
                written += 1;
            }
        }
        assert!(written > 2_000, "{written}");
    }

    #[test]
    fn what_cannot_be_written_is_said_and_changes_nothing() {
        let no = |def: &FieldDef, len: usize, value: New<'_>| {
            let mut bytes = vec![0x5a; len];
            let error = patch(def, &mut bytes, value).unwrap_err();
            assert_eq!(bytes, vec![0x5a; len]);
            error.to_string()
        };
        assert_eq!(no(&ipv4::TTL, 20, 256_u32.into()), "ip.ttl holds 0 to 255, not 256");
        assert_eq!(no(&ipv4::TTL, 20, (-1_i32).into()), "ip.ttl holds 0 to 255, not -1");
        assert_eq!(no(&ipv4::HDR_LEN, 20, 64_u8.into()), "ip.hdr_len holds 0 to 60, not 64");
        assert_eq!(
            no(&ipv4::HDR_LEN, 20, 22_u8.into()),
            "ip.hdr_len can't hold 22: the wire has a number for every 4 only"
        );
        assert_eq!(no(&tcp::FLAGS_SYN, 20, 2_u8.into()), "tcp.flags.syn holds 0 to 1, not 2");
        assert_eq!(no(&ipv4::SRC, 20, 1_u8.into()), "ip.src takes 4 bytes");
        assert_eq!(no(&ipv4::SRC, 20, (&[1_u8, 2][..]).into()), "ip.src takes 4 bytes");
        assert_eq!(no(&ipv4::TTL, 20, (&[1_u8][..]).into()), "ip.ttl takes a number, not bytes");
        assert_eq!(
            no(&udp::LENGTH, 5, 8_u8.into()),
            "udp.length can't be written: it needs 6 bytes of its header, and 5 are here"
        );
        for def in [&tcp::SEQ, &tcp::STREAM] {
            assert_eq!(
                no(def, 20, 0_u8.into()),
                format!("{} can't be written: it has no fixed place in its header", def.name)
            );
        }
    }
}
