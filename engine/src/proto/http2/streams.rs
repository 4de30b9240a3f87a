//! Streams: what belongs to one exchange of many. A body is put together from its DATA frames and read by the protocol that
//! reads its media type; the DATA of a stream that was opened for WebSocket (RFC 8441) is read as WebSocket.

use super::fields::{BODY, BODY_LENGTH, LENGTH};
use super::{Part, Sending, flag};
use crate::model::{BufferKind, Span, clamp};
use crate::proto::coding;
use crate::proto::inflate::MOST;
use crate::proto::prelude::*;
use crate::proto::shelf::{Name, Ticket};
use crate::proto::stream::Upgrade;
use crate::proto::{Framing, lookup, media, upgrade};

/// The longest text of a header line that is remembered.
const LONGEST: usize = 1024;

/// What the header lines of one block say that its stream needs.
#[derive(Default)]
pub(super) struct Told {
    pub(super) scheme: Option<Span>,
    pub(super) authority: Option<Span>,
    pub(super) path: Option<Span>,
    method: Option<Span>,
    protocol: Option<Span>,
    status: Option<Span>,
    media_type: Option<Span>,
    encoding: Option<Span>,
    extensions: Option<Span>,
    subprotocol: Option<Span>,
}

/// What is remembered of a stream.
#[derive(Clone, Debug, Default)]
struct Lane {
    /// What an Extended CONNECT asks for, until it is answered.
    wish: Option<Upgrade>,
    /// Who speaks inside, once it was granted.
    tunnel: Option<&'static Protocol>,
    /// What the client sends, and the server.
    ways: [Way; 2],
}

/// One direction of it.
#[derive(Clone, Debug, Default)]
struct Way {
    /// DATA that is not whole yet.
    pieces: Ticket,
    kept: usize,
    /// How many bytes the message has that began in a tunnel, where that is known.
    need: usize,
    media: Option<&'static Protocol>,
    encoding: String,
    /// Something is missing: why.
    lost: Option<&'static str>,
    gaps: u32,
}

const MISSING: &str = "the body can't be put together: bytes before are missing";
const TOO_LONG: &str = "the body is longer than is kept here";
const GIVEN_UP: &str = "the body can't be put together: its beginning was given up when memory was full";

impl Told {
    pub(super) fn line(&mut self, c: &Cursor<'_>, name: Span, value: Span) {
        let slot = match c.bytes_of(name) {
            b":scheme" => &mut self.scheme,
            b":authority" => &mut self.authority,
            b":path" => &mut self.path,
            b":method" => &mut self.method,
            b":protocol" => &mut self.protocol,
            b":status" => &mut self.status,
            b"content-type" => &mut self.media_type,
            b"content-encoding" => &mut self.encoding,
            b"sec-websocket-extensions" => &mut self.extensions,
            b"sec-websocket-protocol" => &mut self.subprotocol,
            _ => return,
        };
        *slot = slot.or(Some(value));
    }

    pub(super) fn connects(&self, c: &Cursor<'_>) -> bool {
        self.method.is_some_and(|span| c.bytes_of(span) == b"CONNECT")
    }
}

fn lossy(c: &Cursor<'_>, text: Option<Span>) -> String {
    let bytes = text.map_or(&[][..], |span| c.bytes_of(span));
    String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes)).into_owned()
}

/// What names a stream of this connection.
fn name(c: &mut Cursor<'_>, stream: u32) -> Option<Name> {
    let conversation = c.context.conversation?;
    let keys = c.shelf().keys();
    Some(Name::new(&keys, ("http2", conversation.number, stream)))
}

/// Whether the client sends this.
fn from_client(c: &mut Cursor<'_>, said: bool) -> bool {
    let ctx = c.stream();
    let agreed = ctx.dialogue.upgrade.as_ref().and_then(|u| u.client_forward);
    agreed.map_or(said, |client| client == ctx.forward)
}

/// Remembers what header lines say of their stream.
pub(super) fn note(c: &mut Cursor<'_>, client: bool, begun: Part, told: &Told) {
    let Some(name) = name(c, begun.stream) else { return };
    let client = from_client(c, client);
    let ends = begun.flags & flag::END_STREAM != 0;
    let gaps = c.stream().side.gaps;
    let reader = told.media_type.and_then(|span| media(c.bytes_of(span))).filter(|row| !row.is_data());
    let encoding = told.encoding.map(|_| lossy(c, told.encoding));
    let connects = client && told.protocol.is_some() && told.connects(c);
    let asks = connects.then(|| Upgrade {
        protocol: lossy(c, told.protocol),
        target: lossy(c, told.path),
        client_forward: Some(true),
        ..Upgrade::default()
    });
    let granted = told.status.is_some_and(|span| c.bytes_of(span).first() == Some(&b'2'));
    let (extensions, subprotocol) = (lossy(c, told.extensions), lossy(c, told.subprotocol));
    if ends && asks.is_none() && !granted && reader.is_none() {
        return;
    }
    let streams = c.shelf().dialogue(name);
    let lane: &mut Lane = streams.dialogue.carrier();
    let way = &mut lane.ways[usize::from(!client)];
    (way.media, way.gaps) = (reader.or(way.media), gaps);
    if let Some(encoding) = encoding {
        way.encoding = encoding;
    }
    if asks.is_some() {
        lane.wish = asks;
    } else if granted
        && !client
        && let Some(wish) = lane.wish.take()
    {
        lane.tunnel = lookup(upgrade(wish.protocol.as_bytes()));
        streams.dialogue.upgrade = Some(Box::new(Upgrade { extensions, subprotocol, ..wish }));
    }
}

/// A piece of a body, or of what a tunnel carries.
pub(super) fn data(c: &mut Cursor<'_>, at: usize, len: usize, stream: u32, flags: u8) -> Next {
    let end = Next::end(c.len());
    let Some(name) = name(c, stream) else { return end };
    let said = c.stream().side.state::<Sending>().client;
    let client = from_client(c, said);
    let gaps = c.stream().side.gaps;
    let span = c.span(at, len);
    let lane: &mut Lane = c.shelf().dialogue(name).dialogue.carrier();
    let tunnel = lane.tunnel;
    let way = &mut lane.ways[usize::from(!client)];
    if way.gaps != gaps {
        way.lost = Some(MISSING);
    }
    let (mut pieces, kept, lost, mut need) = (way.pieces, way.kept, way.lost, way.need);
    let (reader, encoding) = (way.media, std::mem::take(&mut way.encoding));
    let last = flags & flag::END_STREAM != 0;
    let mut why = lost;
    let due = last || tunnel.is_some() && kept + len >= need;
    // What is whole by itself need not be kept.
    let whole = if why.is_some() {
        None
    } else if kept == 0 && due {
        Some((span, false))
    } else {
        if kept == 0 {
            pieces = c.shelf().renew(pieces);
        }
        let before = c.shelf().get(pieces).map(<[u8]>::len);
        let fits = kept + len <= MOST;
        if before != Some(kept) {
            why = Some(GIVEN_UP);
        } else if !fits {
            why = Some(TOO_LONG);
        } else if !c.with_shelf(span, |bytes, shelf| shelf.add(pieces, bytes, MOST)) {
            why = Some(GIVEN_UP);
        }
        if why.is_none() && due { assembled(c, pieces) } else { None }
    };
    let mut left = if why.is_none() { kept + len } else { 0 };
    let mut next = end;
    if let (Some(row), Some((whole, _))) = (tunnel, whole) {
        let used;
        (used, need) = messages(c, row, whole);
        left = (whole.len as usize).saturating_sub(used);
        if used > 0 || kept == 0 {
            pieces = rest(c, pieces, whole, used);
        }
        if used > 0 {
            c.context.dialogue = Some(name);
            c.context.from_client = Some(client);
            next = inner(c, row, whole, used);
        }
    } else if let Some((whole, several)) = whole {
        next = body(c, whole, several, reader, &encoding, end);
        left = 0;
    }
    if last || why.is_some() {
        c.shelf().drop(pieces);
        left = 0;
    }
    if let Some(why) = why.filter(|_| lost.is_none() || last) {
        c.doubt(c.unshown(why));
    }
    let lane: &mut Lane = c.shelf().dialogue(name).dialogue.carrier();
    let way = &mut lane.ways[usize::from(!client)];
    (way.pieces, way.kept, way.lost, way.encoding, way.need) = (pieces, left, why, encoding, need);
    next
}

/// A buffer of all pieces.
fn assembled(c: &mut Cursor<'_>, pieces: Ticket) -> Option<(Span, bool)> {
    let nothing = c.span(0, 0);
    let made = c.uncover_with_shelf(BufferKind::Reassembled, nothing, |_, shelf, out| {
        out.extend_from_slice(shelf.get(pieces).unwrap_or(&[]));
    });
    made.map(|(buf, len)| (Span { buf, start: 0, len: clamp(len) }, true))
}

/// How many bytes of a tunnel are whole messages, and how many the one behind them has: 0 where that isn't known.
fn messages(c: &Cursor<'_>, row: &'static Protocol, whole: Span) -> (usize, usize) {
    let Over::Stream(frame) = row.over else { return (whole.len as usize, 0) };
    let bytes = c.bytes_of(whole);
    let mut streams = crate::proto::Streams::default();
    let mut used = 0;
    while used < bytes.len() {
        match frame(&mut streams.view(true), bytes.get(used..).unwrap_or(&[])) {
            Framing::Message(n) => used += n.max(1),
            Framing::Need(need) => return (used, need),
            _ => return (used, 0),
        }
    }
    (bytes.len(), 0)
}

/// Keeps what comes behind the whole messages.
fn rest(c: &mut Cursor<'_>, pieces: Ticket, whole: Span, used: usize) -> Ticket {
    let pieces = c.shelf().renew(pieces);
    let behind = Span { start: whole.start + clamp(used), len: whole.len.saturating_sub(clamp(used)), ..whole };
    c.with_shelf(behind, |bytes, shelf| shelf.add(pieces, bytes, MOST));
    pieces
}

/// What lies in `whole` up to `used` is read by `row`.
fn inner(c: &mut Cursor<'_>, row: &'static Protocol, whole: Span, used: usize) -> Next {
    let len = c.len();
    if whole.buf != c.buffer() {
        return Next::row(row, len).within_part(whole.buf, whole.start as usize, whole.start as usize + used);
    }
    let at = (whole.start as usize).saturating_sub(c.start());
    c.limit(at + used, &LENGTH);
    Next::row(row, at).showing(len)
}

/// A whole body.
fn body(
    c: &mut Cursor<'_>,
    whole: Span,
    several: bool,
    reader: Option<&'static Protocol>,
    encoding: &str,
    end: Next,
) -> Next {
    if several {
        c.derive(&BODY_LENGTH, Value::Uint(whole.len.into()));
        c.push_in(&BODY, whole, Value::Bytes(whole));
    }
    if whole.len == 0 {
        return end;
    }
    let plain = coding::undo(c, whole, encoding.as_bytes());
    match (plain, reader) {
        (Some(plain), Some(row)) => inner(c, row, plain, plain.len as usize),
        _ => end,
    }
}
