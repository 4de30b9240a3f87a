//! Buffers that a dissector makes of the bytes it reads: unmasked, dechunked, inflated, decoded. Each knows where its
//! bytes came from.

use super::Cursor;
use crate::model::{BufferKind, FieldDef, Span, Value, clamp};

impl Cursor<'_> {
    /// Adds a buffer of bytes that this dissector uncovered (unmasked, inflated), and gives its id.
    pub fn uncover(&mut self, kind: BufferKind, bytes: &[u8]) -> Option<u8> {
        let id = self.packet.add_buffer(kind)?;
        self.packet.buffer_mut(id)?.bytes.extend_from_slice(bytes);
        Some(id)
    }

    /// Adds a buffer that `fill` writes, and gives its id and length. Reused memory: nothing is allocated
    /// once the buffer has grown.
    pub fn uncover_with(&mut self, kind: BufferKind, fill: impl FnOnce(&mut Vec<u8>)) -> Option<(u8, usize)> {
        let id = self.packet.add_buffer(kind)?;
        let bytes = &mut self.packet.buffer_mut(id)?.bytes;
        fill(bytes);
        Some((id, bytes.len()))
    }

    /// Adds a buffer made from another one: `fill` reads the first and writes the second.
    pub fn uncover_from(
        &mut self,
        kind: BufferKind,
        from: u8,
        fill: impl FnOnce(&[u8], &mut Vec<u8>),
    ) -> Option<(u8, usize)> {
        let source = self.packet.lend(from);
        let made = self.uncover_with(kind, |out| fill(&source, out));
        self.packet.give_back(from, source);
        made
    }

    /// Adds bytes to a buffer that [`Cursor::uncover_with`] added, and gives how many.
    pub fn append(&mut self, id: u8, bytes: &[u8]) -> usize {
        self.packet.buffer_mut(id).map_or(0, |b| {
            b.bytes.extend_from_slice(bytes);
            bytes.len()
        })
    }

    /// The bytes of a span of this layer's buffer, or of one that it uncovered.
    pub fn bytes_of(&self, span: Span) -> &[u8] {
        if span.buf == self.buf {
            return self.bytes.get(span.start as usize..span.end() as usize).unwrap_or(&[]);
        }
        self.packet.bytes(span)
    }

    /// Says that buffer `id` was made of these bytes; after those that were named before.
    pub fn made_of(&mut self, id: u8, of: Span) {
        self.packet.add_sources(id, of);
    }

    /// Writes a field that lies in a buffer which [`Cursor::uncover`] added.
    pub fn push_in(&mut self, def: &'static FieldDef, span: Span, value: Value) {
        if self.packet.wants(def) {
            self.write(def, span, value);
        }
    }

    /// Reads on inside a buffer that [`Cursor::uncover`] added, with a cursor of its own.
    pub fn inside<T>(&mut self, id: u8, body: impl FnOnce(&mut Cursor<'_>) -> T) -> T {
        let bytes = self.packet.lend(id);
        let (depth, mut context, len) = (self.depth, *self.context, bytes.len());
        let mut inner = Cursor {
            bytes: &bytes,
            buf: id,
            start: 0,
            own: &bytes,
            claimed: len,
            claimed_by: None,
            packet: self.packet,
            memory: self.memory,
            depth,
            doubt: None,
            segment: self.segment,
            context: &mut context,
        };
        let done = body(&mut inner);
        self.doubt = self.doubt.or(inner.doubt);
        self.packet.give_back(id, bytes);
        done
    }

    /// Writes a field over all of a buffer that [`Cursor::uncover`] added.
    pub fn push_buffer(&mut self, def: &'static FieldDef, id: u8, len: usize, text: bool) {
        let span = Span { buf: id, start: 0, len: clamp(len) };
        let value = if text { Value::Text(span) } else { Value::Bytes(span) };
        self.push_in(def, span, value);
    }
}
