//! A mail that comes in pieces, put together: over SMTP, and over POP. Its bytes are kept on the shelf, with the frames
//! that brought them.

use super::prelude::*;
use super::shelf::Ticket;
use crate::model::{BufferKind, Span, clamp};

/// A longer mail is not put together, and none of more pieces.
const LONGEST: usize = 8 << 20;
const MOST_PIECES: usize = 10_000;
/// What is kept of a piece: its frame and its length.
const PIECE: usize = 12;

/// What is here of a mail.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pieces {
    /// Its bytes, and how many of them each frame brought.
    bytes: Ticket,
    frames: Ticket,
    /// There is something of it, or there was.
    begun: bool,
    /// How often bytes of this direction were missing when it began.
    gaps: u32,
}

/// The fields that say from which frames it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The whole of it.
    pub(super) all: &'static FieldDef,
    /// A frame.
    pub(super) one: &'static FieldDef,
    /// How many frames.
    pub(super) count: &'static FieldDef,
    /// Bytes.
    pub(super) length: &'static FieldDef,
}

impl Pieces {
    /// Whether there is something of it.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Nothing is kept of it from here on.
    pub(super) fn forget(&mut self, c: &mut Cursor<'_>) {
        c.shelf().drop(self.bytes);
        c.shelf().drop(self.frames);
        *self = Self::default();
    }

    /// Puts by `len` bytes from `at` on. The first piece may be empty.
    pub(super) fn add(&mut self, c: &mut Cursor<'_>, at: usize, len: usize) {
        if !self.begun {
            self.gaps = c.stream().side.gaps;
            (self.bytes, self.frames) = (c.shelf().renew(self.bytes), c.shelf().renew(self.frames));
        }
        if len == 0 {
            return;
        }
        self.begun = true;
        let (frame, span, own) = (c.frame().to_be_bytes(), c.span(at, len), *self);
        c.with_shelf(span, |bytes, shelf| {
            let kept = |shelf: &mut super::shelf::Shelf, ticket| shelf.get(ticket).map_or(0, <[u8]>::len);
            if kept(shelf, own.bytes) + len > LONGEST || kept(shelf, own.frames) >= MOST_PIECES * PIECE {
                shelf.drop(own.bytes);
                shelf.drop(own.frames);
            }
            shelf.add(own.bytes, bytes, LONGEST);
            shelf.add(own.frames, &frame, MOST_PIECES * PIECE);
            shelf.add(own.frames, &clamp(len).to_be_bytes(), MOST_PIECES * PIECE);
        });
    }

    /// The mail in a buffer of its own, and from which frames it is. Nothing where it was empty, or is not kept.
    pub(super) fn whole(self, c: &mut Cursor<'_>, fields: &Fields) -> Option<u8> {
        let gaps = c.stream().side.gaps;
        if !self.begun {
            return None;
        }
        let nothing = c.span(0, 0);
        let made = c.uncover_with_shelf(BufferKind::Reassembled, nothing, |_, shelf, out| {
            out.extend_from_slice(shelf.get(self.bytes).unwrap_or(&[]));
            shelf.drop(self.bytes);
        });
        let pieces = c.shelf().get(self.frames).map(<[u8]>::to_vec).unwrap_or_default();
        c.shelf().drop(self.frames);
        let Some((id, len)) = made.filter(|(_, len)| *len > 0) else {
            c.doubt(c.unshown("the mail is longer than is kept here"));
            return None;
        };
        if gaps != self.gaps {
            c.doubt(c.unshown("pieces of the mail are missing in this capture"));
        }
        let span = |start, len| Span { buf: id, start, len };
        c.push_in(fields.all, span(0, clamp(len)), Value::None);
        let (mut start, mut count) = (0_u32, 0);
        let done = c.nested(|c| {
            for piece in pieces.chunks_exact(PIECE) {
                let (Some(frame), Some(len)) = (piece.first_chunk::<8>(), piece.last_chunk::<4>()) else { break };
                let len = u32::from_be_bytes(*len);
                c.push_in(fields.one, span(start, len), Value::Uint(u64::from_be_bytes(*frame)));
                (start, count) = (start.saturating_add(len), count + 1);
            }
            c.derive(fields.count, Value::Uint(count));
            c.derive(fields.length, Value::Uint(len as u64));
            Ok(())
        });
        done.ok().map(|()| id)
    }
}
