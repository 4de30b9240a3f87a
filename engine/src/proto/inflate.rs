//! Decompression with a bound — DEFLATE (RFC 1951), zlib (RFC 1950), gzip (RFC 1952).
//!
//! A kilobyte can unpack to a megabyte, so nothing here ever writes more than [`MOST`] bytes.

pub(super) use flate2::Decompress;
use flate2::{FlushDecompress, Status};

/// What is kept of one unpacked message.
pub(super) const MOST: usize = 1 << 20;

/// How unpacking ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// All of it is there.
    Whole,
    /// The input ended early; what it gave is there.
    Short,
    /// It would give more than is kept.
    TooMuch,
    /// The input is not what it claims to be.
    Damaged,
    /// It asks for more than there is here: for what.
    Beyond(&'static str),
}

/// Unpacks DEFLATE data, keeping the history in `inflater` for the next call.
pub(super) fn raw(inflater: &mut Decompress, input: &[u8], out: &mut Vec<u8>) -> Unpacked {
    let mut rest = input;
    loop {
        if out.len() >= MOST {
            out.truncate(MOST);
            return Unpacked::TooMuch;
        }
        if out.len() == out.capacity() {
            out.reserve_exact((rest.len().saturating_mul(3)).clamp(256, 1 << 16));
        }
        let (read, written) = (inflater.total_in(), out.len());
        let status = inflater.decompress_vec(rest, out, FlushDecompress::Sync);
        let taken = usize::try_from(inflater.total_in() - read).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or(&[]);
        match status {
            Err(_) => return Unpacked::Damaged,
            Ok(Status::StreamEnd) => break,
            Ok(_) if taken == 0 && out.len() == written => return Unpacked::Short,
            Ok(_) => {}
        }
    }
    if out.len() > MOST {
        out.truncate(MOST);
        return Unpacked::TooMuch;
    }
    Unpacked::Whole
}

/// How often DEFLATE may end and begin again in one message.
const MOST_ENDS: usize = 256;

/// Unpacks one message of a compressed WebSocket (RFC 7692 §7.2.2) behind `history`, the last 32 kB of what was
/// unpacked before it. Its sender took four bytes off the end; they are put back. A last block in the middle ends
/// nothing (§7.2.3.5).
pub(super) fn message(inflater: &mut Decompress, history: &[u8], packed: &[u8], out: &mut Vec<u8>) -> Unpacked {
    let mut rest = packed;
    for _ in 0..MOST_ENDS {
        inflater.reset(false);
        for before in [history, out.get(out.len().saturating_sub(1 << 15)..).unwrap_or(&[])] {
            if !before.is_empty() && inflater.set_dictionary(before).is_err() {
                return Unpacked::Damaged;
            }
        }
        match raw(inflater, rest, out) {
            Unpacked::Whole => {}
            Unpacked::Short => return raw(inflater, &[0, 0, 0xff, 0xff], out),
            failed => return failed,
        }
        let taken = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or(&[]);
        if rest.is_empty() {
            return Unpacked::Whole;
        }
    }
    Unpacked::TooMuch
}

/// How many bytes follow the data of a gzip member: checksum and length (RFC 1952 §2.3.1).
const TRAILER: usize = 8;

/// Unpacks a body that claims to be gzip: one member or several, one after the other (RFC 1952 §2.2). What follows
/// them and is none is left alone, as `gzip` does.
pub(super) fn gzip(input: &[u8], out: &mut Vec<u8>) -> Unpacked {
    let Some(mut data) = gzip_header(input).and_then(|at| input.get(at..)) else { return Unpacked::Damaged };
    let mut inflater = Decompress::new(false);
    for _ in 0..MOST_ENDS {
        let how = raw(&mut inflater, data, out);
        if how != Unpacked::Whole {
            return how;
        }
        let end = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX).saturating_add(TRAILER);
        let rest = data.get(end..).unwrap_or(&[]);
        let Some(next) = gzip_header(rest).and_then(|at| rest.get(at..)) else { return Unpacked::Whole };
        data = next;
        inflater.reset(false);
    }
    Unpacked::TooMuch
}

/// Unpacks a body that claims to be "deflate": zlib by the standard, bare DEFLATE by some servers.
pub(super) fn deflate(input: &[u8], out: &mut Vec<u8>) -> Unpacked {
    match raw(&mut Decompress::new(true), input, out) {
        Unpacked::Damaged => {
            out.clear();
            raw(&mut Decompress::new(false), input, out)
        }
        done => done,
    }
}

/// Where the compressed data starts (RFC 1952 §2.3): after ten bytes and what their flags add.
fn gzip_header(b: &[u8]) -> Option<usize> {
    const CHECK: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let flags = match b.get(..10)? {
        [0x1f, 0x8b, 8, flags, ..] => *flags,
        _ => return None,
    };
    let mut at = 10;
    if flags & EXTRA != 0 {
        let len = b.get(at..at + 2)?;
        at += 2 + usize::from(u16::from_le_bytes(len.try_into().ok()?));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            at += b.get(at..)?.iter().position(|&c| c == 0)? + 1;
        }
    }
    if flags & CHECK != 0 {
        at += 2;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write};
    use std::io::Write;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut e = write::GzEncoder::new(Vec::new(), Compression::best());
        e.write_all(plain).unwrap();
        e.finish().unwrap()
    }

    #[test]
    fn gzip_unpacks_whole_and_short() {
        let mut out = Vec::new();
        let body = packed(b"the same words, the same words");
        assert_eq!(gzip(&body, &mut out), Unpacked::Whole);
        assert_eq!(out, b"the same words, the same words");
        out.clear();
        assert_eq!(gzip(&body[..20], &mut out), Unpacked::Short);
        assert_eq!(gzip(b"GIF89a, not gzip", &mut out), Unpacked::Damaged);
    }

    #[test]
    fn members_of_gzip_follow_each_other() {
        let mut out = Vec::new();
        let two = [packed(b"one "), packed(b"two")].concat();
        assert_eq!(gzip(&two, &mut out), Unpacked::Whole);
        assert_eq!(out, b"one two");
        out.clear();
        assert_eq!(gzip(&[&two[..], b"\0\0\0"].concat(), &mut out), Unpacked::Whole);
        assert_eq!(out, b"one two");
        out.clear();
        assert_eq!(gzip(&two[..two.len() - 10], &mut out), Unpacked::Short);
        out.clear();
        assert_eq!(gzip(&packed(b"").repeat(MOST_ENDS + 1), &mut out), Unpacked::TooMuch);
    }

    #[test]
    fn a_bomb_is_cut_at_the_bound() {
        let mut out = Vec::new();
        assert_eq!(gzip(&packed(&vec![0; 20 << 20]), &mut out), Unpacked::TooMuch);
        assert!(out.len() == MOST && out.capacity() <= MOST + (1 << 16));
    }

    #[test]
    fn deflate_is_zlib_or_bare() {
        let mut z = write::ZlibEncoder::new(Vec::new(), Compression::fast());
        z.write_all(b"zlib zlib").unwrap();
        let mut d = write::DeflateEncoder::new(Vec::new(), Compression::fast());
        d.write_all(b"bare bare").unwrap();
        let mut out = Vec::new();
        assert_eq!(deflate(&z.finish().unwrap(), &mut out), Unpacked::Whole);
        assert_eq!(out, b"zlib zlib");
        out.clear();
        assert_eq!(deflate(&d.finish().unwrap(), &mut out), Unpacked::Whole);
        assert_eq!(out, b"bare bare");
    }
}
