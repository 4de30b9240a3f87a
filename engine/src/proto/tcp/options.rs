//! The options of a segment — RFC 9293 §3.2, RFC 7323, RFC 2018; Multipath TCP's is `mptcp`'s.

use super::super::memory::{Segment, TcpFacts};
use super::super::prelude::*;
use super::{
    HAS_ACC_ECN, HAS_AO, HAS_CC, HAS_CCECHO, HAS_CCNEW, HAS_ECHO, HAS_ECHOREPLY, HAS_EOL, HAS_EXPERIMENTAL, HAS_MD5,
    HAS_MSS, HAS_NOP, HAS_QS, HAS_RVBD_PROBE, HAS_RVBD_TRPY, HAS_SACK, HAS_SCPS, HAS_SCPSCOR, HAS_SCPSREC, HAS_SNACK,
    HAS_TFO, HAS_TIMESTAMP, HAS_UNKNOWN, HAS_USER_TO, HAS_WSCALE, MSS_VAL, OPTION_KIND, OPTION_LEN, OPTIONS, SACK_LE,
    SACK_PERM, SACK_RE, TSECR, TSVAL, WSCALE_MULTIPLIER, WSCALE_SHIFT,
};
use crate::model::Seq;

/// What each kind is called.
pub(super) const KINDS: &[(u64, &str)] = &[
    (0, "End of options"),
    (1, "No operation"),
    (2, "Maximum segment size"),
    (3, "Window scale"),
    (4, "SACK permitted"),
    (5, "SACK"),
    (8, "Timestamps"),
    (19, "MD5 signature"),
    (28, "User timeout"),
    (29, "Authentication"),
    (30, "Multipath TCP"),
    (34, "Fast open"),
    (253, "Experiment 1"),
    (254, "Experiment 2"),
];

/// The field that says that an option of this kind is there; SACK permitted and Multipath TCP have their own.
fn present(kind: u64) -> &'static FieldDef {
    match kind {
        0 => &HAS_EOL,
        1 => &HAS_NOP,
        2 => &HAS_MSS,
        3 => &HAS_WSCALE,
        5 => &HAS_SACK,
        6 => &HAS_ECHO,
        7 => &HAS_ECHOREPLY,
        8 => &HAS_TIMESTAMP,
        11 => &HAS_CC,
        12 => &HAS_CCNEW,
        13 => &HAS_CCECHO,
        19 => &HAS_MD5,
        20 => &HAS_SCPS,
        21 => &HAS_SNACK,
        22 => &HAS_SCPSREC,
        23 => &HAS_SCPSCOR,
        27 => &HAS_QS,
        28 => &HAS_USER_TO,
        29 => &HAS_AO,
        34 => &HAS_TFO,
        76 => &HAS_RVBD_PROBE,
        78 => &HAS_RVBD_TRPY,
        172 | 174 => &HAS_ACC_ECN,
        253 | 254 => &HAS_EXPERIMENTAL,
        _ => &HAS_UNKNOWN,
    }
}

/// The rows of options that [`note`] calls plain.
pub(super) static PLAIN: Group =
    Group::of(&[&OPTIONS, &HAS_EOL, &HAS_NOP, &HAS_TIMESTAMP, &OPTION_KIND, &OPTION_LEN, &TSVAL, &TSECR]);

/// Looks ahead at the options that the connection's memory needs. Whether no line would tell any of them:
/// all are sound, and no more than timestamps and filling.
pub(super) fn note(bytes: &[u8], segment: &mut Segment) -> bool {
    use etherparse::{TcpOptionElement as E, TcpOptionsIterator};
    if let [] | [1, 1, 8, 10, _, _, _, _, _, _, _, _] = bytes {
        return true;
    }
    let mut plain = true;
    for element in TcpOptionsIterator::from_slice(bytes) {
        let Ok(element) = element else { return false };
        plain &= matches!(element, E::Noop | E::Timestamp(..));
        match element {
            E::MaximumSegmentSize(mss) => segment.mss = Some(mss),
            E::WindowScale(shift) => segment.window_scale = Some(shift),
            E::SelectiveAcknowledgementPermitted => segment.sack_permitted = true,
            E::SelectiveAcknowledgement(first, others) => {
                for (block, sack) in segment.sacks.iter_mut().zip([Some(first)].into_iter().chain(others).flatten()) {
                    *block = (Seq(sack.0), Seq(sack.1));
                }
            }
            E::Noop | E::Timestamp(..) => {}
        }
    }
    plain
}

/// Whether the options hold one of this kind.
pub(super) fn carries(mut bytes: &[u8], kind: u8) -> bool {
    loop {
        match *bytes {
            [0, ..] | [] => return false,
            [1, ref rest @ ..] => bytes = rest,
            [found, ..] if found == kind => return true,
            [_, len, ..] => match bytes.get(usize::from(len.max(2))..) {
                Some(rest) => bytes = rest,
                None => return false,
            },
            [_] => return false,
        }
    }
}

/// RFC 9293 §3.1: a list of kind (1), length (1), data; kinds 0 and 1 have no length.
pub(super) fn dissect(c: &mut Cursor<'_>, header: usize, facts: Option<&TcpFacts>) -> Result<(), Trouble> {
    let ack_base = facts.map_or(Seq(0), |f| f.ack_base);
    let mut at = 20;
    if header > at {
        c.push(&OPTIONS, at, header - at, Value::Bytes(c.span(at, header - at)));
    }
    while at < header {
        let kind = u64::from(c.u8(at)?);
        if kind <= 1 {
            c.push(present(kind), at, 1, Value::None);
            c.read(&OPTION_KIND, at, 1)?;
            at += 1;
            // Kind 0 ends the list; the zeros that fill the header up are shown as more of the same.
            if kind == 0 && at < header && c.u8(at)? != 0 {
                return Ok(());
            }
            continue;
        }
        if at + 1 >= header {
            c.doubt(c.malformed("an option has no room for its length"));
            return Ok(());
        }
        let len = usize::from(c.u8(at + 1)?);
        if len < 2 || at + len > header {
            c.doubt(c.malformed("an option's length does not fit into the header"));
            return Ok(());
        }
        if !matches!(kind, 4 | 30) {
            c.push(present(kind), at, len, Value::None);
        }
        c.read(&OPTION_KIND, at, 1)?;
        c.nested(|c| {
            c.read(&OPTION_LEN, at + 1, 1)?;
            option(c, kind, at, len, ack_base)
        })?;
        at += len;
    }
    Ok(())
}

fn option(c: &mut Cursor<'_>, kind: u64, at: usize, len: usize, ack_base: Seq) -> Result<(), Trouble> {
    match (kind, len) {
        (2, 4) => {
            c.read(&MSS_VAL, at + 2, 2)?;
        }
        (3, 3) => {
            let shift = c.read(&WSCALE_SHIFT, at + 2, 1)?;
            // RFC 7323 §2.3: a shift above 14 counts as 14.
            c.push(&WSCALE_MULTIPLIER, at + 2, 1, Value::Uint(1 << shift.min(14)));
        }
        (4, 2) => c.push(&SACK_PERM, at, 2, Value::None),
        (5, _) => {
            for block in (at + 2..at + len).step_by(8) {
                if block + 8 > at + len {
                    break;
                }
                for (def, edge) in [(&SACK_LE, block), (&SACK_RE, block + 4)] {
                    let n = Seq(c.u32(edge)?) - ack_base;
                    c.push(def, edge, 4, Value::Uint(u64::from(n)));
                }
            }
        }
        (30, _) => return super::mptcp::dissect(c, at, len),
        (8, 10) => {
            c.read(&TSVAL, at + 2, 4)?;
            c.read(&TSECR, at + 6, 4)?;
        }
        _ => {}
    }
    Ok(())
}
