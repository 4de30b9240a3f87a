//! The flags of a segment: as bits, in letters, and what they do to the connection.

use super::super::memory::{Segment, TcpFacts};
use super::super::prelude::*;
use super::{
    CONNECTION_FIN, CONNECTION_FIN_ACTIVE, CONNECTION_FIN_PASSIVE, CONNECTION_RST, CONNECTION_SYN, CONNECTION_SYNACK,
    FLAG_BITS, FLAGS, FLAGS_ACE, FLAGS_AE, FLAGS_CWR, FLAGS_ECE, FLAGS_STR, HDR_LEN, WINDOW_SIZE_VALUE, flag,
};
use crate::model::Slice;

/// Of the flags under the mask, exactly these are set.
static CONNECTION: &[(u16, u16, &FieldDef)] = &[
    (flag::FIN, flag::FIN, &CONNECTION_FIN),
    (flag::RST, flag::RST, &CONNECTION_RST),
    (flag::SYN | flag::ACK, flag::SYN, &CONNECTION_SYN),
    (flag::SYN | flag::ACK, flag::SYN | flag::ACK, &CONNECTION_SYNACK),
];

/// The rows from the header's length to the window. With Accurate ECN three flags are one number.
#[inline]
pub(super) fn dissect(c: &mut Cursor<'_>, segment: &Segment, facts: Option<&TcpFacts>) -> Result<(), Trouble> {
    let counter = facts.filter(|f| f.accurate_ecn).map(|_| usize::from(segment.flags >> 6 & 7));
    c.put(&HDR_LEN)?;
    c.push(&FLAGS, 12, 2, Value::Uint(segment.flags.into()));
    if c.wants_any(&FLAG_BITS) {
        bits(c, counter)?;
    }
    c.put(&WINDOW_SIZE_VALUE)?;
    c.compute(&FLAGS_STR, |c| Value::Text(letters(c, segment, counter)));
    if segment.flags & (flag::SYN | flag::FIN | flag::RST) == 0 {
        return Ok(());
    }
    for (mask, set, def) in CONNECTION {
        if segment.flags & mask == *set {
            c.derive(def, Value::None);
        }
    }
    if segment.flags & flag::FIN != 0
        && let Some(facts) = facts.filter(|_| !c.context.quoted)
    {
        c.derive(if facts.other_closed { &CONNECTION_FIN_PASSIVE } else { &CONNECTION_FIN_ACTIVE }, Value::None);
    }
    Ok(())
}

/// The flags one by one; or three of them as a counter.
fn bits(c: &mut Cursor<'_>, counter: Option<usize>) -> Result<(), Trouble> {
    let Some(counter) = counter else { return c.fixed(FLAG_BITS.rows) };
    let is = |def: &'static FieldDef, other: &'static FieldDef| std::ptr::eq(def, other);
    for &def in FLAG_BITS.rows {
        if is(def, &FLAGS_AE) {
            c.push(&FLAGS_ACE, 12, 2, Value::Uint(counter as u64));
        } else if !is(def, &FLAGS_CWR) && !is(def, &FLAGS_ECE) {
            c.put(def)?;
        }
    }
    Ok(())
}

/// Those that nearly all segments have, in letters.
static USUAL: [(u16, &str); 5] = [
    (flag::ACK, "·······A····"),
    (flag::ACK | flag::PSH, "·······AP···"),
    (flag::SYN, "··········S·"),
    (flag::SYN | flag::ACK, "·······A··S·"),
    (flag::FIN | flag::ACK, "·······A···F"),
];

/// The flags in letters, `·······AP···`; with Accurate ECN, a counter among them.
fn letters(c: &mut Cursor<'_>, segment: &Segment, counter: Option<usize>) -> Slice {
    if let Some((_, letters)) = USUAL.iter().find(|(flags, _)| *flags == segment.flags && counter.is_none()) {
        return c.keep(letters.as_bytes());
    }
    let (mut letters, mut len) = ([0; 24], 0);
    for (i, letter) in b"RRRACEUAPRSF".iter().enumerate() {
        let shown = match (segment.flags >> (11 - i) & 1, counter) {
            (_, Some(counter)) if i == 4 => b"01234567".get(counter).copied().unwrap_or(b'?'),
            (_, Some(_)) if (3..6).contains(&i) => b'-',
            (1, _) => *letter,
            _ => 0,
        };
        let bytes: &[u8] = if shown == 0 { "·".as_bytes() } else { &[shown] };
        for (to, from) in letters.iter_mut().skip(len).zip(bytes) {
            *to = *from;
        }
        len += bytes.len();
    }
    c.keep(letters.get(..len).unwrap_or(&[]))
}
