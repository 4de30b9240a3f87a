//! A packet: one dissected frame, with its layers, its fields and the bytes they were read from.
//!
//! It owns reusable buffers. Buffer 0 is the frame; the others hold bytes that several frames gave
//! (reassembled) or that a dissector uncovered (dechunked, unmasked, inflated). Values and spans are
//! ranges, so a packet has no lifetime and outlives whatever produced it. Reused, it allocates nothing.

use super::Remark;
use super::clamp;
use super::field::{Field, FieldDef, Osi, Slice, Span, Value};
use super::frame::{Interface, LinkType, Time};
use super::reused::Reused;
use super::wanted::Wanted;
use std::ops::Range;
use std::sync::Arc;

/// What a protocol is called and which fields it can give. Everything static that a view needs.
#[derive(Debug)]
pub struct Identity {
    /// Wireshark's filter name: `tcp`.
    pub name: &'static str,
    /// The name in words: `Transmission Control Protocol`.
    pub title: &'static str,
    /// The OSI layer it is counted to.
    pub osi: Osi,
    /// Where it is specified: `RFC 9293`.
    pub spec: &'static str,
    /// Its fields, in Wireshark's order of display.
    pub fields: &'static [&'static FieldDef],
    /// Writes the one line that `--brief` and the ladder show of a layer; `None` lists its first fields.
    pub summary: Option<Summary>,
}

/// Appends one line about a layer, without its protocol's name. Text from the packet goes through
/// [`show::escape`](super::show::escape). Called for every packet: no `format!`.
pub type Summary = fn(&Packet, &Layer, &mut String);

/// One dissected frame.
#[derive(Clone, Debug, Default)]
pub struct Packet {
    /// Ordinal in its capture, from 1.
    pub number: u64,
    /// When it was captured; [`Time::NONE`] where the capture doesn't say.
    pub time: Time,
    /// Length on the wire.
    pub len: u32,
    /// Length stored.
    pub cap_len: u32,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// Where it was captured.
    pub interface: Option<Arc<Interface>>,
    /// Which interface of its file that is, where the file numbers them.
    pub interface_id: Option<u32>,
    /// When the packet that was shown last was captured. The pipeline that shows packets sets it; `clear` keeps it.
    pub last_shown: Option<Time>,
    /// The kernel said that the transport checksum is not yet computed.
    pub checksum_pending: bool,
    /// What a simulated network remarks on its frame.
    pub remark: Option<Remark>,
    /// Which rows are written. The packet's owner sets it; it stays from frame to frame.
    pub wanted: Wanted,
    /// Its layers, outermost first. The first is always `frame`, the facts of the capture itself.
    pub layers: Reused<Layer>,
    /// All fields of all layers, flat; a layer holds a range of them.
    pub fields: Reused<Field>,
    /// Text that dissectors wrote (see [`Span::TEXT`]).
    pub text: Vec<u8>,
    buffers: Vec<Buffer>,
    used: usize,
}

/// One layer of a packet.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Which protocol it is.
    pub proto: &'static Identity,
    /// Its bytes: the header of a protocol that carries another, else the whole message.
    pub span: Span,
    /// Where in the same buffer that which it carries ends: padding and trailers lie behind.
    pub end: u32,
    /// Its fields, as a range of [`Packet::fields`].
    pub fields: Range<u32>,
    /// What was wrong with it, if anything was.
    pub trouble: Option<Trouble>,
    /// It lies in a header that an ICMP error quotes: it was sent before, by somebody else.
    pub quoted: bool,
}

/// Bytes that fields point to, and where they came from.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Which bytes of which frames they were made of, in order; empty for the frame itself, and where that is not
    /// known. Byte for byte the same number only if [`BufferKind::keeps_places`].
    pub sources: Vec<Piece>,
    /// How they came to be.
    pub kind: BufferKind,
}

/// A run of bytes that one frame gave to a buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The number of the frame.
    pub frame: u64,
    /// First byte in that frame.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// How the bytes of a buffer came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BufferKind {
    /// The frame as captured.
    #[default]
    Frame,
    /// Put together from IP fragments.
    Defragmented,
    /// Put together from TCP segments.
    Reassembled,
    /// A body without its chunk sizes (RFC 9112 §7.1).
    Dechunked,
    /// Unmasked WebSocket payload (RFC 6455 §5.3).
    Unmasked,
    /// Decompressed.
    Inflated,
    /// Decoded in another way.
    Decoded,
}

impl BufferKind {
    /// Whether each byte of such a buffer was one byte of a frame. Decompressed and decoded bytes were not.
    pub fn keeps_places(self) -> bool {
        !matches!(self, Self::Inflated | Self::Decoded)
    }
}

/// What was wrong with a layer. The layers and fields read before it stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The capture kept fewer bytes than crossed the wire.
    CutByCapture {
        /// Bytes needed, from the start of the layer.
        need: u32,
        /// Bytes present.
        have: u32,
    },
    /// A length field promises bytes that are not there.
    LengthLies {
        /// Bytes needed, from the start of the layer.
        need: u32,
        /// Bytes present.
        have: u32,
        /// The field that claimed otherwise.
        claimed_by: Option<&'static FieldDef>,
    },
    /// The bytes cannot mean what they say.
    Malformed(Why),
    /// They can be read, and break a rule of their protocol.
    Breaks(Why),
    /// Nothing is wrong with them, but not all is shown here.
    Unshown(Why),
}

/// What is wrong, or what is not shown and why: one sentence without a full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why(pub &'static str);

impl Packet {
    /// An empty packet; reuse it for every frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the last frame, keeping the memory.
    pub fn clear(&mut self) {
        self.layers.clear();
        self.fields.clear();
        self.text.clear();
        for b in self.buffers.iter_mut().take(self.used) {
            // One giant message must not be paid for by every later packet.
            if b.bytes.capacity() > 1 << 20 {
                b.bytes = Vec::new();
            }
            b.bytes.clear();
            b.sources.clear();
        }
        self.used = 0;
    }

    /// Adds an empty buffer and gives its id, or `None` when the packet has no room for one more.
    pub fn add_buffer(&mut self, kind: BufferKind) -> Option<u8> {
        let id = u8::try_from(self.used).ok().filter(|&i| i < Span::TEXT)?;
        if self.buffers.len() == self.used {
            self.buffers.push(Buffer::default());
        }
        let slot = self.buffers.get_mut(self.used)?;
        slot.kind = kind;
        self.used += 1;
        Some(id)
    }

    /// Buffer `id` to write into.
    pub fn buffer_mut(&mut self, id: u8) -> Option<&mut Buffer> {
        self.buffers.get_mut(..self.used)?.get_mut(usize::from(id))
    }

    /// Adds to `into` where the bytes of a span lie in the frames, through the buffer that they are in. Of bytes that
    /// were decompressed or decoded: where all lie that the buffer was made of.
    pub fn sources_of(&self, span: Span, into: &mut Vec<Piece>) {
        let Some(buffer) = self.buffers().get(usize::from(span.buf)).filter(|_| span.len > 0) else { return };
        if span.buf == 0 {
            return into.push(Piece { frame: self.number, start: span.start, len: span.len });
        }
        if !buffer.kind.keeps_places() {
            return into.extend_from_slice(&buffer.sources);
        }
        let mut at = 0_u32;
        for piece in &buffer.sources {
            let (from, to) = (span.start.max(at), span.end().min(at.saturating_add(piece.len)));
            if from < to {
                into.push(Piece { start: piece.start.saturating_add(from - at), len: to - from, ..*piece });
            }
            at = at.saturating_add(piece.len);
        }
    }

    /// Says that buffer `id` was made of the bytes of a span; after those that were named before.
    pub fn add_sources(&mut self, id: u8, of: Span) {
        let Some(buffer) = self.buffer_mut(id).filter(|_| id != of.buf) else { return };
        let mut sources = std::mem::take(&mut buffer.sources);
        self.sources_of(of, &mut sources);
        if let Some(buffer) = self.buffer_mut(id) {
            buffer.sources = sources;
        }
    }

    /// Whether a row is to be written.
    #[inline]
    pub fn wants(&self, def: &FieldDef) -> bool {
        self.wanted.has(def)
    }

    /// Keeps text that is in no buffer, for a value to point to.
    pub fn keep(&mut self, text: &[u8]) -> Slice {
        let start = clamp(self.text.len());
        self.text.extend_from_slice(text);
        Span { buf: Span::TEXT, start, len: clamp(text.len()) }
    }

    /// Takes back a buffer that was just added, for a message that did not come.
    pub(crate) fn drop_buffer_if(&mut self, id: Option<u8>) {
        if id.is_some() {
            self.drop_buffer();
        }
    }

    /// Takes the last buffer back.
    pub fn drop_buffer(&mut self) {
        if self.used > 1 {
            self.used -= 1;
            if let Some(b) = self.buffers.get_mut(self.used) {
                b.bytes.clear();
                b.sources.clear();
            }
        }
    }

    /// The buffers in use; the first is the frame.
    pub fn buffers(&self) -> &[Buffer] {
        self.buffers.get(..self.used).unwrap_or(&[])
    }

    /// The frame's bytes.
    pub fn frame(&self) -> &[u8] {
        self.buffers().first().map_or(&[], |b| &b.bytes)
    }

    /// The bytes of a span or a slice; empty where it does not lie in its buffer.
    #[inline]
    pub fn bytes(&self, s: Slice) -> &[u8] {
        let all: &[u8] = if s.buf == Span::TEXT {
            &self.text
        } else {
            self.buffers().get(usize::from(s.buf)).map_or(&[], |b| &b.bytes)
        };
        all.get(s.start as usize..s.end() as usize).unwrap_or(&[])
    }

    /// The fields of a layer.
    #[inline]
    pub fn fields_of(&self, layer: &Layer) -> &[Field] {
        self.fields.get(layer.fields.start as usize..layer.fields.end as usize).unwrap_or(&[])
    }

    /// The same without the headers that an ICMP error quotes, which others sent; `None` where it quotes nothing.
    pub fn unquoted(&self) -> Option<Self> {
        if !self.layers.iter().any(|layer| layer.quoted) {
            return None;
        }
        let mut own = self.clone();
        own.layers.retain(|layer| !layer.quoted);
        own.fields.clear();
        for layer in &mut own.layers {
            let from = own.fields.len();
            own.fields.extend(self.fields_of(layer).iter().copied());
            let end = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            layer.fields = end(from)..end(own.fields.len());
        }
        Some(own)
    }

    /// The first field of this kind in one layer.
    #[inline]
    pub fn field_in(&self, layer: &Layer, def: &'static FieldDef) -> Option<&Field> {
        self.fields_of(layer).iter().find(|f| std::ptr::eq(f.def, def))
    }

    /// The first field of this kind in one layer, as a number.
    #[inline]
    pub fn uint_in(&self, layer: &Layer, def: &'static FieldDef) -> Option<u64> {
        self.field_in(layer, def)?.value.uint()
    }

    /// The bytes of the first field of this kind in one layer, if it holds bytes or text.
    pub fn octets_in(&self, layer: &Layer, def: &'static FieldDef) -> Option<&[u8]> {
        match self.field_in(layer, def)?.value {
            Value::Bytes(s) | Value::Text(s) => Some(self.bytes(s)),
            _ => None,
        }
    }

    /// The first layer of this protocol that is not a quotation.
    pub fn layer(&self, proto: &'static Identity) -> Option<&Layer> {
        self.layers.iter().find(|l| std::ptr::eq(l.proto, proto) && !l.quoted)
    }

    /// Every field of this kind, outermost first.
    pub fn all<'a>(&'a self, def: &'static FieldDef) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |f| std::ptr::eq(f.def, def))
    }

    /// The first field of this kind.
    pub fn field(&self, def: &'static FieldDef) -> Option<&Field> {
        self.all(def).next()
    }

    /// The first field of this kind, as a number.
    pub fn uint(&self, def: &'static FieldDef) -> Option<u64> {
        self.field(def)?.value.uint()
    }

    /// Whether the first field of this kind is present and true.
    pub fn flag(&self, def: &'static FieldDef) -> bool {
        self.field(def).is_some_and(|f| !matches!(f.value, Value::Bool(false) | Value::Uint(0)))
    }

    /// The bytes of the first field of this kind that holds bytes or text.
    pub fn octets(&self, def: &'static FieldDef) -> Option<&[u8]> {
        match self.field(def)?.value {
            Value::Bytes(s) | Value::Text(s) => Some(self.bytes(s)),
            _ => None,
        }
    }

    /// Lends a buffer's bytes to a dissector, which also needs the packet to write fields to.
    pub(crate) fn lend(&mut self, id: u8) -> Vec<u8> {
        self.buffers.get_mut(usize::from(id)).map(|b| std::mem::take(&mut b.bytes)).unwrap_or_default()
    }

    /// Gives back what [`Packet::lend`] lent.
    pub(crate) fn give_back(&mut self, id: u8, bytes: Vec<u8>) {
        if let Some(b) = self.buffers.get_mut(usize::from(id)) {
            b.bytes = bytes;
        }
    }
}
