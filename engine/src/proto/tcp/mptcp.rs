//! The option of Multipath TCP — RFC 8684 §3, and RFC 6824 for version 0: one connection over several paths
//! ("subflows"), each a TCP connection of its own. What an option does, its subtype says:
//!
//! ```text
//!  0       8       16  20      24      32
//! | kind 30| length |subtype| by subtype …
//! ```

use super::super::prelude::*;
use super::{
    MPTCP_ACK_PRESENT, MPTCP_ACK8, MPTCP_ADDRESS_HMAC, MPTCP_ADDRESS_ID, MPTCP_BACKUP, MPTCP_CHECKSUM,
    MPTCP_CHECKSUM_REQUIRED, MPTCP_DATA_ACK, MPTCP_DATA_FIN, MPTCP_DATA_SEQ, MPTCP_DSN_PRESENT, MPTCP_DSN8, MPTCP_ECHO,
    MPTCP_EXTENSIBILITY, MPTCP_FLAGS, MPTCP_HMAC, MPTCP_IP_VERSION, MPTCP_IPV4, MPTCP_IPV6, MPTCP_LENGTH,
    MPTCP_NO_MORE, MPTCP_NONCE, MPTCP_PORT, MPTCP_REASON, MPTCP_RECEIVER_KEY, MPTCP_REMOVED, MPTCP_RESERVED,
    MPTCP_RESERVED_FLAGS, MPTCP_SENDER_KEY, MPTCP_SHA1, MPTCP_SHA256, MPTCP_SHORT_HMAC, MPTCP_SUBFLOW_SEQ,
    MPTCP_SUBTYPE, MPTCP_T, MPTCP_TOKEN, MPTCP_U, MPTCP_V, MPTCP_VERSION, MPTCP_W,
};

const CAPABLE: u64 = 0;
const JOIN: u64 = 1;
const DATA: u64 = 2;
const ADD_ADDRESS: u64 = 3;
const REMOVE_ADDRESS: u64 = 4;
const PRIORITY: u64 = 5;
const FAIL: u64 = 6;
const FAST_CLOSE: u64 = 7;
const RESET: u64 = 8;

/// What each subtype does.
pub(super) const SUBTYPES: &[(u64, &str)] = &[
    (CAPABLE, "MP_CAPABLE: can use several paths"),
    (JOIN, "MP_JOIN: this path joins a connection"),
    (DATA, "DSS: which data this is, and what has arrived"),
    (ADD_ADDRESS, "ADD_ADDR: another address"),
    (REMOVE_ADDRESS, "REMOVE_ADDR: addresses that are gone"),
    (PRIORITY, "MP_PRIO: how much this path is wanted"),
    (FAIL, "MP_FAIL: a checksum was wrong"),
    (FAST_CLOSE, "MP_FASTCLOSE: the whole connection ends immediately"),
    (RESET, "MP_TCPRST: why this path is reset"),
];

/// A flag of one bit.
pub(super) const SET: &[(u64, &str)] = &[(0, "not set"), (1, "set")];

/// RFC 8684 §3.6.
pub(super) const REASONS: &[(u64, &str)] = &[
    (0, "unspecified error"),
    (1, "an error specific to Multipath TCP"),
    (2, "lack of resources"),
    (3, "administratively prohibited"),
    (4, "too much outstanding data"),
    (5, "unacceptable performance"),
    (6, "middlebox interference"),
];

/// The option's bytes, read one after the other; what it has no room for is not there.
struct Rest {
    at: usize,
    end: usize,
}

impl Rest {
    fn room(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The next `len` bytes, if they are there.
    fn take(&mut self, c: &mut Cursor<'_>, def: &'static FieldDef, len: usize) -> Result<(), Trouble> {
        if self.room() >= len {
            c.read(def, self.at, len)?;
            self.at += len;
        }
        Ok(())
    }

    fn all(&mut self, c: &mut Cursor<'_>, rows: &[(&'static FieldDef, usize)]) -> Result<(), Trouble> {
        rows.iter().try_for_each(|&(def, len)| self.take(c, def, len))
    }
}

/// Reads the option of `len` bytes at `at`; kind and length have been read.
pub(super) fn dissect(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    if len < 3 {
        return Ok(());
    }
    let subtype = c.read(&MPTCP_SUBTYPE, at + 2, 1)?;
    let mut rest = Rest { at: at + 3, end: at + len };
    match subtype {
        CAPABLE => capable(c, at, &mut rest),
        JOIN => join(c, at, len, &mut rest),
        DATA => data(c, &mut rest),
        ADD_ADDRESS => address(c, at, &mut rest),
        REMOVE_ADDRESS => {
            c.push(&MPTCP_REMOVED, at + 2, 1, Value::Uint(rest.room() as u64));
            while rest.room() > 0 {
                rest.take(c, &MPTCP_ADDRESS_ID, 1)?;
            }
            Ok(())
        }
        PRIORITY => {
            flags(c, at + 2, &[&MPTCP_BACKUP])?;
            rest.take(c, &MPTCP_ADDRESS_ID, 1)
        }
        FAIL | FAST_CLOSE if len >= 4 => {
            c.push(&MPTCP_RESERVED, at + 2, 2, Value::Uint(u64::from(c.u16(at + 2)? & 0x0fff)));
            rest.at += 1;
            rest.take(c, if subtype == FAIL { &MPTCP_DATA_SEQ } else { &MPTCP_RECEIVER_KEY }, 8)
        }
        RESET => {
            flags(c, at + 2, &[&MPTCP_U, &MPTCP_V, &MPTCP_W, &MPTCP_T])?;
            rest.take(c, &MPTCP_REASON, 1)
        }
        _ => Ok(()),
    }
}

/// A byte of flags, and each of them.
fn flags(c: &mut Cursor<'_>, at: usize, each: &[&'static FieldDef]) -> Result<(), Trouble> {
    c.read(&MPTCP_FLAGS, at, 1)?;
    c.nested(|c| each.iter().try_for_each(|def| c.read(def, at, 1).map(drop)))
}

/// §3.1: both sides say that they can, and exchange keys. The client's first data may come with it.
fn capable(c: &mut Cursor<'_>, at: usize, rest: &mut Rest) -> Result<(), Trouble> {
    let version = c.read(&MPTCP_VERSION, at + 2, 1)?;
    if rest.room() == 0 {
        return Ok(());
    }
    let bits = u64::from(c.u8(rest.at)?);
    let (all, unused): (&[&'static FieldDef], u64) = if version == 0 {
        (&[&MPTCP_CHECKSUM_REQUIRED, &MPTCP_EXTENSIBILITY, &MPTCP_SHA1], 0x3e)
    } else {
        (&[&MPTCP_CHECKSUM_REQUIRED, &MPTCP_EXTENSIBILITY, &MPTCP_NO_MORE, &MPTCP_SHA256], 0x1e)
    };
    flags(c, rest.at, all)?;
    c.nested(|c| {
        c.push(&MPTCP_RESERVED_FLAGS, rest.at, 1, Value::Uint((bits & unused) >> 1));
        Ok(())
    })?;
    rest.at += 1;
    rest.all(c, &[(&MPTCP_SENDER_KEY, 8), (&MPTCP_RECEIVER_KEY, 8), (&MPTCP_LENGTH, 2), (&MPTCP_CHECKSUM, 2)])
}

/// §3.2: a new path joins a connection, in three steps, each of a length of its own.
fn join(c: &mut Cursor<'_>, at: usize, len: usize, rest: &mut Rest) -> Result<(), Trouble> {
    match len {
        12 | 16 => {
            flags(c, at + 2, &[&MPTCP_BACKUP])?;
            rest.take(c, &MPTCP_ADDRESS_ID, 1)?;
            let proof = if len == 12 { (&MPTCP_TOKEN, 4) } else { (&MPTCP_SHORT_HMAC, 8) };
            rest.all(c, &[proof, (&MPTCP_NONCE, 4)])
        }
        24 => {
            c.push(&MPTCP_RESERVED, at + 2, 2, Value::Uint(u64::from(c.u16(at + 2)? & 0x0fff)));
            rest.at += 1;
            rest.take(c, &MPTCP_HMAC, 20)
        }
        _ => Ok(()),
    }
}

/// §3.3: an acknowledgment for all paths, and where this segment's data belongs.
fn data(c: &mut Cursor<'_>, rest: &mut Rest) -> Result<(), Trouble> {
    if rest.room() == 0 {
        return Ok(());
    }
    let bits = c.u8(rest.at)?;
    flags(c, rest.at, &[&MPTCP_DATA_FIN, &MPTCP_DSN8, &MPTCP_DSN_PRESENT, &MPTCP_ACK8, &MPTCP_ACK_PRESENT])?;
    rest.at += 1;
    let width = |long: u8| if bits & long == 0 { 4 } else { 8 };
    if bits & 0x01 != 0 {
        rest.take(c, &MPTCP_DATA_ACK, width(0x02))?;
    }
    if bits & 0x04 != 0 {
        let mapping = [(&MPTCP_DATA_SEQ, width(0x08)), (&MPTCP_SUBFLOW_SEQ, 4), (&MPTCP_LENGTH, 2)];
        rest.all(c, &mapping)?;
        rest.take(c, &MPTCP_CHECKSUM, 2)?;
    }
    Ok(())
}

/// §3.4.1: version 0 names the version of IP, version 1 whether it is an echo.
fn address(c: &mut Cursor<'_>, at: usize, rest: &mut Rest) -> Result<(), Trouble> {
    let low = c.u8(at + 2)? & 0x0f;
    c.read(if low > 1 { &MPTCP_IP_VERSION } else { &MPTCP_ECHO }, at + 2, 1)?;
    rest.take(c, &MPTCP_ADDRESS_ID, 1)?;
    let address = if low == 6 || low != 4 && rest.room() >= 16 { (&MPTCP_IPV6, 16) } else { (&MPTCP_IPV4, 4) };
    rest.take(c, address.0, address.1)?;
    if rest.room() % 8 == 2 {
        rest.take(c, &MPTCP_PORT, 2)?;
    }
    rest.take(c, &MPTCP_ADDRESS_HMAC, 8)
}

#[cfg(test)]
mod tests {
    use super::super::PROTOCOL;
    use crate::model::Value;
    use crate::proto::testing::message;

    const KEYS: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9];
    const KEY: u64 = 0x0102_0304_0506_0708;

    /// What an option of these bytes, without kind and length, says that is not 0: each row's name and number.
    fn rows(option: &[u8]) -> Vec<(&'static str, u64)> {
        let small = |n: usize| u8::try_from(n).unwrap();
        let mut options = [&[30, small(option.len()) + 2][..], option].concat();
        options.resize(options.len().next_multiple_of(4), 1);
        let header = small(20 + options.len()) / 4 * 16;
        let head = [0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, header, 0x10, 4, 0, 0, 0, 0, 0];
        let packet = message(&PROTOCOL, (40_000, 80), &[&head[..], &options].concat());
        assert_eq!(packet.layers[0].trouble, None, "{option:?}");
        let number = |value: Value| match value {
            Value::Bool(is) => is.into(),
            Value::Bytes(span) => u64::from(span.len),
            other => other.uint().unwrap_or(u64::MAX),
        };
        let all = packet.fields.iter().filter(|f| f.def.name.contains("mptcp"));
        let named = all.map(|f| (f.def.name.rsplit("mptcp.").next().unwrap(), number(f.value)));
        named.filter(|(_, n)| *n != 0).collect()
    }

    #[test]
    fn keys_are_exchanged_and_the_first_data_may_come_along() {
        let bits = [("version", 1), ("flags", 0x81), ("checksumreq.flags", 1), ("sha256.flag", 1)];
        assert_eq!(rows(&[0x01, 0x81]), bits);
        let all = [&[0x01, 0x81], KEYS, &[0, 5, 0xab, 0xcd]].concat();
        let more = [("sendkey", KEY), ("recvkey", 9), ("datalvllen", 5), ("checksum", 0xabcd)];
        assert_eq!(rows(&all), [&bits[..], &more].concat());
        let old = [("flags", 0x21), ("sha1.flag", 1), ("reserved.flag", 0x10), ("sendkey", KEY)];
        assert_eq!(rows(&[&[0, 0x21], &KEYS[..8]].concat()), old);
    }

    #[test]
    fn a_path_joins_in_three_steps() {
        let asks =
            [("subtype", 1), ("flags", 0x11), ("backup.flag", 1), ("addrid", 3), ("recvtok", 7), ("sendrand", 8)];
        assert_eq!(rows(&[0x11, 3, 0, 0, 0, 7, 0, 0, 0, 8]), asks);
        let answers = [("subtype", 1), ("flags", 0x10), ("addrid", 3), ("sendtrunchmac", KEY), ("sendrand", 9)];
        assert_eq!(rows(&[&[0x10, 3], &KEYS[..8], &[0, 0, 0, 9]].concat()), answers);
        assert_eq!(rows(&[&[0x10, 0], &[5; 20][..]].concat()), [("subtype", 1), ("sendhmac", 20)]);
        assert_eq!(rows(&[0x10, 3]), [("subtype", 1)], "no step is that short");
    }

    #[test]
    fn numbers_have_four_bytes_or_eight() {
        let flags = [("dseqn8.flag", 1), ("dseqnpresent.flag", 1), ("dataack8.flag", 1), ("dataackpresent.flag", 1)];
        let numbers = [("rawdataack", KEY), ("rawdataseqno", 9), ("subflowseqno", 1), ("datalvllen", 5)];
        let long = [&[("subtype", 2), ("flags", 0x0f)][..], &flags, &numbers].concat();
        assert_eq!(rows(&[&[0x20, 0x0f], KEYS, &[0, 0, 0, 1, 0, 5]].concat()), long);
        let short = [
            ("subtype", 2),
            ("flags", 0x15),
            ("datafin.flag", 1),
            ("dseqnpresent.flag", 1),
            ("dataackpresent.flag", 1),
            ("rawdataack", 1),
            ("rawdataseqno", 2),
            ("subflowseqno", 3),
            ("datalvllen", 4),
            ("checksum", 5),
        ];
        assert_eq!(rows(&[0x20, 0x15, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 4, 0, 5]), short);
        assert_eq!(rows(&[0x20]), [("subtype", 2)], "what is cut says nothing");
    }

    #[test]
    fn addresses_come_with_ports_and_proofs_and_go() {
        let (four, port) = ([192, 0, 2, 1], [0x1f, 0x90]);
        let of =
            |rows: Vec<(&'static str, u64)>| rows.into_iter().filter(|r| !r.0.starts_with("ip")).collect::<Vec<_>>();
        let proven = [("subtype", 3), ("addrid", 3), ("addaddrtrunchmac", KEY)];
        assert_eq!(of(rows(&[&[0x30, 3], &four[..], &KEYS[..8]].concat())), proven);
        assert_eq!(of(rows(&[&[0x30, 3], &[0x20; 16][..], &KEYS[..8]].concat())), proven);
        let ported = [("subtype", 3), ("addrid", 3), ("port", 8080), ("addaddrtrunchmac", KEY)];
        assert_eq!(of(rows(&[&[0x30, 3], &four[..], &port, &KEYS[..8]].concat())), ported);
        assert_eq!(of(rows(&[&[0x31, 3], &four[..], &port].concat()))[1], ("echo", 1));
        assert_eq!(rows(&[&[0x34, 3], &four[..]].concat())[1], ("ipver", 4));
        assert_eq!(rows(&[0x40, 3, 4]), [("subtype", 4), ("rm_addr.count", 2), ("addrid", 3), ("addrid", 4)]);
    }

    #[test]
    fn a_path_is_put_back_given_up_and_reset() {
        assert_eq!(rows(&[0x51, 7]), [("subtype", 5), ("flags", 0x51), ("backup.flag", 1), ("addrid", 7)]);
        assert_eq!(rows(&[&[0x60, 0], &KEYS[..8]].concat()), [("subtype", 6), ("rawdataseqno", KEY)]);
        assert_eq!(rows(&[&[0x70, 0], &KEYS[..8]].concat()), [("subtype", 7), ("recvkey", KEY)]);
        assert_eq!(rows(&[0x81, 6]), [("subtype", 8), ("flags", 0x81), ("flag_T.flag", 1), ("rst_reason", 6)]);
        assert_eq!(rows(&[0x90, 0]), [("subtype", 9)], "an unknown one is only named");
    }
}
