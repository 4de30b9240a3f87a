//! How a stream is cut into messages, where that is known.

use crate::proto::prelude::*;
use crate::proto::{Framing, StreamCtx};

pub(super) const VNC_START: u8 = 0;
pub(super) const BITTORRENT_START: u8 = 1;
pub(super) const DNP3_START: u8 = 2;
/// How bytes begin that are surely of one protocol.
const STARTS: [&[u8]; 3] = [b"RFB 003.", b"\x13BitTorrent protocol", b"\x05\x64"];

/// So many bytes make a message.
fn whole(size: usize, bytes: &[u8]) -> Framing {
    match size {
        0 => Framing::Message(bytes.len()),
        n if n > bytes.len() => Framing::Need(n),
        n => Framing::Message(n),
    }
}

/// The number of `width` bytes at `at`; `None` while they are not here.
fn number(bytes: &[u8], at: usize, width: usize, little: bool) -> Option<usize> {
    let digits = bytes.get(at..at + width)?;
    let add = |n: usize, b: &u8| n << 8 | usize::from(*b);
    Some(if little { digits.iter().rev().fold(0, add) } else { digits.iter().fold(0, add) })
}

/// A length of `WIDTH` bytes stands at `AT`; with `ADD` it counts the whole message.
pub(super) fn by_length<const AT: usize, const WIDTH: usize, const ADD: usize, const LITTLE: bool>(
    _: &mut StreamCtx<'_>,
    bytes: &[u8],
) -> Framing {
    let shortest = (AT + WIDTH).max(ADD);
    number(bytes, AT, WIDTH, LITTLE).map_or(Framing::NeedMore, |n| whole(n.saturating_add(ADD).max(shortest), bytes))
}

/// What is here is a message once it holds a whole line.
pub(super) fn by_line(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.get(ctx.side.searched..).unwrap_or(&[]).contains(&b'\n') {
        return Framing::Message(bytes.len());
    }
    ctx.side.searched = bytes.len();
    Framing::NeedMore
}

/// Text until the two agree on TLS, whose first record no text looks like.
pub(super) fn text_then_tls(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ => Framing::Message(bytes.len()),
    }
}

/// RFC 6120 §5: stanzas of XML, until `<proceed/>` answers `<starttls/>`.
pub(super) fn xmpp(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let proceeds: &mut bool = ctx.dialogue.state();
    if *proceeds {
        return Framing::Switch(Key::TcpPort(443));
    }
    *proceeds = bytes.starts_with(b"<proceed");
    Framing::Message(bytes.len())
}

/// A length of three bytes and a number stand before each packet; the client's first one may ask for TLS (its flag
/// `CLIENT_SSL`, and nothing behind the 32 bytes that all first packets share).
pub(super) fn mysql(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    const SSL: usize = 0x0800;
    const ASKS: usize = 4 + 32;
    let secure: &mut bool = ctx.dialogue.state();
    if *secure {
        return Framing::Switch(Key::TcpPort(443));
    }
    let Some(size) = number(bytes, 0, 3, true) else { return Framing::NeedMore };
    let asks = size + 4 == ASKS && bytes.get(3) == Some(&1) && number(bytes, 4, 4, true).is_some_and(|n| n & SSL != 0);
    *secure = asks && bytes.len() >= ASKS;
    whole(size + 4, bytes)
}

/// Bytes that begin as no others do.
pub(super) fn starts<const WHICH: u8>(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let start = STARTS.get(usize::from(WHICH)).copied().unwrap_or(&[]);
    // RFC 6143 §7.1.1: `RFB 003.008` and a line feed.
    let whole = WHICH != VNC_START
        || matches!(bytes.get(8..12), Some([digits @ .., b'\n']) if digits.iter().all(u8::is_ascii_digit));
    if *ctx.dialogue.state::<bool>() || whole && bytes.starts_with(start) {
        *ctx.dialogue.state::<bool>() = true;
        return Framing::Message(bytes.len());
    }
    Framing::NotMine
}

/// RFC 1006 §6: version 3, a reserved byte, the length of the whole.
pub(super) fn tpkt(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [3, 0, high, low, ..] => whole(usize::from(u16::from_be_bytes([*high, *low])).max(4), bytes),
        [3] | [3, 0] | [3, 0, _] => Framing::NeedMore,
        // RDP goes on in TLS, or in its own short form.
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ if reads_as_text(bytes) => Framing::NotMine,
        _ => Framing::Message(bytes.len()),
    }
}

/// Lines of another protocol on a port whose own messages are binary.
fn reads_as_text(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes.iter().take(4).all(|b| b.is_ascii_graphic() || *b == b' ')
}

/// RFC 5531 §11: the top bit says that a record is whole. A call or an answer of version 2 follows.
pub(super) fn rpc(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let Some(mark) = number(bytes, 0, 4, false) else { return Framing::NotMine };
    let known = *ctx.dialogue.state::<bool>();
    let call = number(bytes, 8, 4, false) == Some(0) && number(bytes, 12, 4, false) == Some(2);
    let opens = call && mark >> 31 == 1 && mark & 0x7fff_ffff < 1 << 20;
    if !known && !opens {
        return Framing::NotMine;
    }
    *ctx.dialogue.state::<bool>() = true;
    whole(4 + (mark & 0x7fff_ffff), bytes)
}

/// RFC 1002 §4.3.1: a type, flags, 17 bits of length. Anything else is a piece of a message.
pub(super) fn nbss(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0 | 0x81..=0x85, 0 | 1, _, _, ..] => whole(4 + (number(bytes, 1, 3, false).unwrap_or(0) & 0x1_ffff), bytes),
        [0 | 0x81..=0x85] | [0 | 0x81..=0x85, 0 | 1] | [0 | 0x81..=0x85, 0 | 1, _] => Framing::NeedMore,
        _ => Framing::Message(bytes.len()),
    }
}

/// RFC 4271 §4.1: sixteen bytes of ones, the length of the whole, a type.
pub(super) fn bgp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.iter().take(16).any(|&b| b != 0xff) {
        return Framing::Message(bytes.len());
    }
    number(bytes, 16, 2, false).map_or(Framing::NeedMore, |n| whole(n.max(19), bytes))
}

/// A BER sequence (X.690 §8.1) says its length.
pub(super) fn ber(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0x30, short @ 0..=0x7f, ..] => whole(2 + usize::from(*short), bytes),
        [0x30, long @ 0x81..=0x84, ..] => {
            let width = usize::from(long & 0x7f);
            number(bytes, 2, width, false).map_or(Framing::NeedMore, |n| whole(2 + width + n, bytes))
        }
        [0x30] => Framing::NeedMore,
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ if reads_as_text(bytes) => Framing::NotMine,
        _ => Framing::Message(bytes.len()),
    }
}

/// Transaction (2), protocol (2, zero), length of the rest (2).
pub(super) fn modbus(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 2, 2, false), number(bytes, 4, 2, false)) {
        (Some(0), Some(n @ 2..=254)) => whole(6 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// RFC 5036 §3.1: version 1, the length of the rest.
pub(super) fn ldp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), number(bytes, 2, 2, false)) {
        (Some(1), Some(n @ 6..)) => whole(4 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// The length of the whole (2), checksums, a type of at most 14 or so.
pub(super) fn tns(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), bytes.get(4)) {
        (Some(n @ 8..), Some(1..=15)) => whole(n, bytes),
        _ => Framing::NotMine,
    }
}

/// RFC 2637 §1.4: the length of the whole, a type, a magic number.
pub(super) fn pptp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), bytes.get(4..8)) {
        (Some(n @ 12..), Some(b"\x1a\x2b\x3c\x4d")) => whole(n, bytes),
        _ => Framing::Message(bytes.len()),
    }
}

/// A mark, then a length in little-endian order.
pub(super) fn edonkey(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (bytes.first(), number(bytes, 1, 4, true)) {
        (Some(0xe3 | 0xc5 | 0xd4), Some(n)) => whole(5 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// A start without a type, or a type; the length counts itself and what follows.
pub(super) fn pgsql(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let typed = usize::from(bytes.first().is_some_and(|&b| b != 0));
    match bytes {
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        // The answer to a wish for TLS is one letter.
        [b'S' | b'N'] => Framing::Message(1),
        _ => number(bytes, typed, 4, false).map_or(Framing::NeedMore, |n| whole(typed + n.max(4), bytes)),
    }
}

/// A header of eight bytes, then frames: type (1), channel (2), length (4), so many bytes, an end (1).
pub(super) fn amqp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [b'A', b'M', b'Q', b'P', ..] => whole(8, bytes),
        [1..=8, ..] => number(bytes, 3, 4, false).map_or(Framing::NeedMore, |n| whole(n.saturating_add(8), bytes)),
        _ => number(bytes, 0, 4, false).map_or(Framing::NeedMore, |n| whole(n.max(8), bytes)),
    }
}

/// C706 §12.6.3: version 5, a type, the byte order, the length of the fragment.
pub(super) fn dcerpc(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let [5, 0 | 1, 0..=19, _, order @ (0x10 | 0x11 | 0 | 1), 0..=3, ..] = bytes else { return Framing::NotMine };
    match number(bytes, 8, 2, order & 0x10 != 0) {
        Some(n @ 16..) => whole(n, bytes),
        _ => Framing::NotMine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Streams;
    use crate::proto::named::ROWS;
    use crate::proto::stream::Frame;

    /// How the streams of this protocol are cut.
    fn framing(name: &str) -> Frame {
        let mut rows = ROWS.iter().filter(|row| row.about.name == name);
        rows.find_map(|row| if let Over::Stream(frame) = row.over { Some(frame) } else { None }).unwrap()
    }

    fn ask(name: &str, bytes: &[u8]) -> Framing {
        framing(name)(&mut Streams::default().view(true), bytes)
    }

    #[test]
    fn a_length_is_waited_for_and_then_so_many_bytes() {
        assert_eq!(ask("kerberos", b"\0\0\0"), Framing::NeedMore);
        assert_eq!(ask("kerberos", b"\0\0\0\x02a"), Framing::Need(6));
        assert_eq!(ask("kerberos", b"\0\0\0\x02abc"), Framing::Message(6));
        assert_eq!(ask("mysql", b"\x02\0\0\0ab"), Framing::Message(6));
        assert_eq!(ask("ldap", b"\x30\x82\x01\0"), Framing::Need(260));
        assert_eq!(ask("bgp", &[0xff; 18]), Framing::Need(0xffff));
        assert_eq!(ask("pgsql", b"Q\0\0\0\x05;"), Framing::Message(6));
    }

    #[test]
    fn tls_begins_where_both_have_agreed_on_it() {
        let mut talk = Streams::default();
        let mut ask = |forward, bytes: &[u8]| xmpp(&mut talk.view(forward), bytes);
        assert_eq!(ask(true, b"<starttls/>"), Framing::Message(11));
        assert_eq!(ask(false, b"<proceed/>"), Framing::Message(10));
        assert_eq!(ask(true, b"\x16\x03\x01"), Framing::Switch(Key::TcpPort(443)));
        let mut talk = Streams::default();
        let mut ask = |bytes: &[u8]| mysql(&mut talk.view(true), bytes);
        let asks = [b"\x20\0\0\x01\x85\xae\0\0".as_slice(), &[0; 28]].concat();
        assert_eq!(ask(&[b"\x20\0\0\x01\x85\xa6\0\0".as_slice(), &[0; 28]].concat()), Framing::Message(36));
        assert_eq!(ask(&asks), Framing::Message(36));
        assert_eq!(ask(b"\x16\x03\x01\0\x04abcd"), Framing::Switch(Key::TcpPort(443)));
    }

    #[test]
    fn what_does_not_begin_as_it_must_is_not_taken() {
        for row in ["mbtcp", "dnp3", "dcerpc", "rpc", "vnc", "bittorrent", "tns"] {
            for bytes in [&b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"hello world\r\n", b""] {
                assert_eq!(ask(row, bytes), Framing::NotMine, "{row} {bytes:?}");
            }
        }
        assert_eq!(ask("dnp3", b"\x05\x64\x05"), Framing::Message(3));
    }
}
