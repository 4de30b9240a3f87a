//! What RFC 6455 forbids. The frames can be read all the same; a strict receiver fails the connection (§7.1.7).

use super::wire::Header;
use super::{BINARY, CLOSE_FRAME, CONTINUATION, RSV1, Sending};
use crate::model::Span;
use crate::proto::{Cursor, StreamCtx};

/// §5.5.1: the body of a close frame is empty, or begins with two bytes of code.
pub(super) const SHORT_CLOSE: &str = "a close code needs two bytes (RFC 6455 §5.5.1)";

/// Looks at a frame's header and at what came before it. Says whether the client sent the frame, where the
/// handshake tells.
pub(super) fn header(c: &mut Cursor<'_>, h: &Header) -> Option<bool> {
    let ctx = c.stream();
    let forward = ctx.forward;
    let upgrade = ctx.dialogue.upgrade.as_ref();
    // What else was agreed on may use what RFC 6455 reserves (§5.2).
    let agreed = upgrade.map(|u| {
        let mut all = u.extensions.split(',').map(|e| e.split(';').next().unwrap_or("").trim());
        let deflate = u.extensions.contains("permessage-deflate");
        (deflate, all.any(|name| !name.is_empty() && name != "permessage-deflate"))
    });
    let from_client = upgrade.and_then(|u| u.client_forward).map(|client| client == forward);
    let s: &mut Sending = ctx.side.state();
    let (open, closed, missing) = (s.begun.is_some(), s.closed, s.missing);
    s.missing &= matches!(h.opcode, CONTINUATION | CLOSE_FRAME..) && !(h.opcode == CONTINUATION && h.fin);
    s.closed |= h.opcode == CLOSE_FRAME;
    let control = h.opcode >= CLOSE_FRAME;
    let free = match agreed {
        Some((_, true)) | None => 7,
        Some((true, _)) if !control && h.opcode != CONTINUATION => RSV1,
        Some(_) => 0,
    };
    let other = agreed.is_none_or(|(_, other)| other);
    let reserved = matches!(h.opcode, 3..=7 | 11..);
    let broken = [
        (h.payload >> 63 != 0, "the highest bit of a 64-bit length must be 0 (RFC 6455 §5.2)"),
        (h.rsv & !free != 0, "a reserved bit is set that no agreed extension gives a meaning (RFC 6455 §5.2)"),
        (reserved && !other, "the opcodes 3 to 7 and 11 to 15 are reserved (RFC 6455 §5.2)"),
        (h.long_winded, "the length is not written in the fewest bytes (RFC 6455 §5.2)"),
        (control && h.payload > 125, "a control frame may carry at most 125 bytes (RFC 6455 §5.5)"),
        (control && !h.fin, "a control frame must not be fragmented (RFC 6455 §5.5)"),
        (from_client == Some(true) && h.mask.is_none(), "the client must mask its frames (RFC 6455 §5.1)"),
        (from_client == Some(false) && h.mask.is_some(), "the server must not mask its frames (RFC 6455 §5.1)"),
        (closed && !control, "no message may follow the sender's close frame (RFC 6455 §5.5.1)"),
        (
            open && matches!(h.opcode, 1..=BINARY),
            "a message begins before the last one of this side has ended (RFC 6455 §5.4)",
        ),
        (
            !open && !missing && h.opcode == CONTINUATION,
            "this continues no message whose beginning is in this capture (RFC 6455 §5.4)",
        ),
    ];
    if let Some((_, rule)) = broken.iter().find(|(is, _)| *is) {
        c.doubt(c.breaks(rule));
    }
    from_client
}

/// Whether frames that break no rule begin here one after the other, as far as the bytes go.
pub(super) fn chain(ctx: &StreamCtx<'_>, mut bytes: &[u8]) -> bool {
    let upgrade = ctx.dialogue.upgrade.as_ref();
    let from_client = upgrade.and_then(|u| u.client_forward).map(|client| client == ctx.forward);
    let rsv = upgrade.map_or(0, |u| if u.extensions.is_empty() { 0 } else { 7 });
    loop {
        let Some(h) = Header::read(bytes) else { return bytes.len() < 2 };
        let control = h.opcode >= CLOSE_FRAME;
        let sound = matches!(h.opcode, 0..=BINARY | CLOSE_FRAME..=10)
            && h.rsv & !rsv == 0
            && from_client.is_none_or(|client| client == h.mask.is_some())
            && !h.long_winded
            && h.payload >> 32 == 0
            && !(control && (h.payload > 125 || !h.fin));
        if !sound {
            return false;
        }
        let whole = h.len.saturating_add(usize::try_from(h.payload).unwrap_or(usize::MAX));
        match bytes.get(whole..) {
            Some(rest) => bytes = rest,
            None => return true,
        }
    }
}

/// §5.6, §8.1: text is UTF-8. Of what was cut, the end says nothing.
pub(super) fn text(c: &mut Cursor<'_>, text: Span, whole: bool) {
    let bad = |error: std::str::Utf8Error| whole || error.error_len().is_some();
    if std::str::from_utf8(c.bytes_of(text)).is_err_and(bad) {
        c.doubt(c.breaks("text must be valid UTF-8 (RFC 6455 §8.1)"));
    }
}

/// §7.4: which codes may cross the wire.
pub(super) fn close_code(c: &mut Cursor<'_>, code: u64) {
    let rule = match code {
        1005 => "1005 says that no code came, so it is never sent (RFC 6455 §7.4.1)",
        1006 => "1006 says that no close frame came, so it is never sent (RFC 6455 §7.4.1)",
        1015 => "1015 says that TLS failed, so it is never sent (RFC 6455 §7.4.1)",
        0..=999 => "close codes below 1000 are not used (RFC 6455 §7.4.2)",
        1004 | 1016..=2999 => "this close code is reserved for later standards (RFC 6455 §7.4.2)",
        5000.. => "close codes end at 4999 (RFC 6455 §7.4.2)",
        _ => return,
    };
    c.doubt(c.breaks(rule));
}
