//! The cursor: the only code that indexes packet bytes.
//!
//! A dissector gets one, positioned at the first byte of its layer. All offsets it uses count from
//! there. Every read can fail, and the failure says who is to blame: the capture, which kept too few
//! bytes, or a length field that promised too many.

mod made;
mod patch;
mod remember;

pub use patch::{New, PatchError, Takes, patch};

use super::memory::{Conversation, Ends, Memory, Segment};
use super::shelf::{Name, remembered};
use crate::model::{At, BufferKind, Field, FieldDef, Group, Kind, Packet, Slice, Span, Trouble, Value, Why, clamp};

/// What the layers around this one have settled. Copied inward; an inner layer never changes an outer one's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// The innermost IP addresses, and once known the ports.
    pub ends: Ends,
    /// The transport's number in the innermost IP header (the pseudo-header needs it).
    pub ip_proto: u8,
    /// The identification in the innermost IPv4 header; 0 in IPv6.
    pub ip_id: u16,
    /// Whether this is a header that an ICMP error quotes: it never touches [`Memory`].
    pub quoted: bool,
    /// The conversation that the transport layer found.
    pub conversation: Option<Conversation>,
    /// The key that led to this layer's protocol, as a number (its EtherType, IP protocol or port).
    pub via: u32,
    /// The bytes are what is left of a message whose beginning was not seen or not understood.
    pub continuation: bool,
    /// The target of the request that this message belongs to, where a protocol asks for it ([`Key::Query`]).
    ///
    /// [`Key::Query`]: super::Key::Query
    pub target: Slice,
    /// The media type of these bytes, where what carries them names it.
    pub media: Slice,
    /// Whether the client speaks, where the messages around this one say so.
    pub from_client: Option<bool>,
    /// The dialogue that this message belongs to, where it goes on from one connection to the next.
    pub dialogue: Option<Name>,
}

/// A position in a packet's bytes, and the packet to write fields to.
pub struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) buf: u8,
    /// First byte of this layer.
    pub(super) start: usize,
    /// The bytes from there on that are present and belong to this layer.
    pub(super) own: &'a [u8],
    /// One past the last byte that the enclosing layers promise; at least the last one that is present.
    pub(super) claimed: usize,
    /// Who promised it.
    pub(super) claimed_by: Option<&'static FieldDef>,
    pub(super) packet: &'a mut Packet,
    pub(super) memory: &'a mut dyn Memory,
    pub(super) depth: u8,
    pub(super) doubt: Option<Trouble>,
    pub(super) segment: &'a mut Segment,
    /// What the layers around this one have settled.
    pub context: &'a mut Context,
}

impl<'a> Cursor<'a> {
    // ---- asking

    /// Bytes present in this layer, its payload included.
    #[inline]
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether no byte is present.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the enclosing layers promise, present or not.
    #[inline]
    pub fn promised(&self) -> usize {
        self.claimed.saturating_sub(self.start)
    }

    /// Whether the capture kept fewer bytes than were promised.
    #[inline]
    pub fn is_cut(&self) -> bool {
        self.claimed > self.end()
    }

    /// Where this layer starts in its buffer.
    #[inline]
    pub fn start(&self) -> usize {
        self.start
    }

    /// One past the last byte that is present and belongs to this layer, in its buffer.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.start + self.own.len()
    }

    /// Which buffer this layer lies in; 0 is the frame.
    #[inline]
    pub fn buffer(&self) -> u8 {
        self.buf
    }

    /// How the bytes of that buffer came to be.
    pub fn buffer_kind(&self) -> BufferKind {
        self.packet.buffers().get(usize::from(self.buf)).map_or(BufferKind::Frame, |b| b.kind)
    }

    /// The number of the frame being dissected.
    #[inline]
    pub fn frame(&self) -> u64 {
        self.packet.number
    }

    /// When the frame was captured.
    #[inline]
    pub fn time(&self) -> crate::model::Time {
        self.packet.time
    }

    /// Whether the kernel said that the transport checksum is not yet computed.
    #[inline]
    pub fn checksum_pending(&self) -> bool {
        self.packet.checksum_pending
    }

    // ---- reading

    /// `len` bytes at `at`, or whose fault it is that they are missing.
    #[inline]
    pub fn slice(&self, at: usize, len: usize) -> Result<&'a [u8], Trouble> {
        let end = at.saturating_add(len);
        self.own.get(at..end).ok_or_else(|| self.missing(end))
    }

    /// Everything present from `at` on; empty past the end.
    #[inline]
    pub fn rest(&self, at: usize) -> &'a [u8] {
        self.own.get(at..).unwrap_or(&[])
    }

    /// One byte.
    #[inline]
    pub fn u8(&self, at: usize) -> Result<u8, Trouble> {
        self.array(at).map(u8::from_be_bytes)
    }

    /// Two bytes, network byte order.
    #[inline]
    pub fn u16(&self, at: usize) -> Result<u16, Trouble> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// Four bytes, network byte order.
    #[inline]
    pub fn u32(&self, at: usize) -> Result<u32, Trouble> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// The first bytes of the layer.
    #[inline]
    pub fn head<const N: usize>(&self) -> Result<&'a [u8; N], Trouble> {
        self.own.first_chunk().ok_or_else(|| self.missing(N))
    }

    #[inline]
    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Trouble> {
        self.slice(at, N)?.first_chunk().copied().ok_or_else(|| self.missing(at.saturating_add(N)))
    }

    /// Up to eight bytes, network byte order.
    #[inline]
    pub fn number(&self, at: usize, len: usize) -> Result<u64, Trouble> {
        Ok(big_endian(self.slice(at, len)?))
    }

    /// The value of a fixed row, unscaled and unmasked as the row says; 0 where its bytes are missing.
    #[inline]
    pub fn uint(&self, def: &'static FieldDef) -> usize {
        let At::Fixed { start, len, mask, scale } = def.at else { return 0 };
        let raw = self.number(usize::from(start), usize::from(len)).unwrap_or(0);
        usize::try_from(masked(raw, mask) * u64::from(scale)).unwrap_or(usize::MAX)
    }

    /// The trouble of needing `need` bytes from the start of this layer.
    #[cold]
    pub fn missing(&self, need: usize) -> Trouble {
        let have = clamp(self.len());
        let need32 = clamp(need);
        if need <= self.promised() {
            Trouble::CutByCapture { need: need32, have }
        } else {
            Trouble::LengthLies { need: need32, have, claimed_by: self.claimed_by }
        }
    }

    /// The trouble of bytes that cannot mean what they say.
    pub fn malformed(&self, why: &'static str) -> Trouble {
        Trouble::Malformed(Why(why))
    }

    /// The trouble of bytes that can be read and break a rule.
    pub fn breaks(&self, rule: &'static str) -> Trouble {
        Trouble::Breaks(Why(rule))
    }

    /// The trouble of bytes that are not all shown here.
    pub fn unshown(&self, why: &'static str) -> Trouble {
        Trouble::Unshown(Why(why))
    }

    /// Something is wrong, but what follows can still be read: the layer keeps the first such trouble.
    pub fn doubt(&mut self, trouble: Trouble) {
        self.doubt = self.doubt.or(Some(trouble));
    }

    // ---- writing

    /// Reads and writes every row of `defs` that has a fixed place, in order. A row whose bytes are
    /// missing ends it: the rows before it stand.
    pub fn fixed(&mut self, defs: &'static [&'static FieldDef]) -> Result<(), Trouble> {
        let mut passed = 0;
        for def in defs {
            if let At::Fixed { start, len, mask, scale } = def.at {
                let (start, len) = (usize::from(start), usize::from(len));
                if self.packet.wants(def) {
                    let number = masked(big_endian(self.slice(start, len)?), mask).wrapping_mul(u64::from(scale));
                    self.add_row(def, start, len, number);
                } else {
                    passed = passed.max(start + len);
                }
            }
        }
        // Rows that are not wanted must be there all the same.
        self.slice(0, passed).map(|_| ())
    }

    /// The same of rows that stand together: where none of them is wanted, they cost no more than one.
    #[inline]
    pub fn group(&mut self, group: &'static Group) -> Result<(), Trouble> {
        if self.packet.wanted.has_any(group) {
            return self.fixed(group.rows);
        }
        self.slice(0, group.reach).map(|_| ())
    }

    /// Whether a row is to be written: see [`Packet::wants`].
    #[inline]
    pub fn wants(&self, def: &FieldDef) -> bool {
        self.packet.wants(def)
    }

    /// Whether one of these rows is wanted.
    #[inline]
    pub fn wants_any(&mut self, group: &'static Group) -> bool {
        self.packet.wanted.has_any(group)
    }

    /// Reads and writes one fixed row, and gives its number; 0 where it is none.
    #[expect(
        clippy::inline_always,
        reason = "measured: what the row says is known here, and an unwanted one costs a look"
    )]
    #[inline(always)]
    pub fn put(&mut self, def: &'static FieldDef) -> Result<u64, Trouble> {
        let At::Fixed { start, len, mask, scale } = def.at else { return Ok(0) };
        self.row(def, usize::from(start), usize::from(len), mask, scale)
    }

    /// Reads and writes a row of `len` bytes that lies at `at`, by its kind; gives its number.
    #[expect(clippy::inline_always, reason = "measured: as above")]
    #[inline(always)]
    pub fn read(&mut self, def: &'static FieldDef, at: usize, len: usize) -> Result<u64, Trouble> {
        self.row(def, at, len, def.mask(), 1)
    }

    #[expect(clippy::inline_always, reason = "measured: as above")]
    #[inline(always)]
    fn row(&mut self, def: &'static FieldDef, at: usize, len: usize, mask: u64, scale: u8) -> Result<u64, Trouble> {
        let bytes = self.slice(at, len)?;
        let number = match def.kind {
            Kind::Text | Kind::Bytes | Kind::Ether | Kind::Ipv4 | Kind::Ipv6 => 0,
            _ => masked(big_endian(bytes), mask).wrapping_mul(u64::from(scale)),
        };
        if self.packet.wants(def) {
            self.write_row(def, at, len, number);
        }
        Ok(number)
    }

    /// Reads and writes a row that says how long something is, and gives that length. One that no memory
    /// could hold counts as half of all addresses: sums with it stay numbers.
    pub fn read_len(&mut self, def: &'static FieldDef, at: usize, len: usize) -> Result<usize, Trouble> {
        self.read(def, at, len).map(|n| usize::try_from(n).unwrap_or(usize::MAX).min(usize::MAX / 2))
    }

    /// A row that is wanted, and lies at `at`.
    #[inline(never)]
    fn write_row(&mut self, def: &'static FieldDef, at: usize, len: usize, number: u64) {
        self.add_row(def, at, len, number);
    }

    /// Where most fields of all packets are written: inlined, so that [`Cursor::fixed`] is one loop.
    #[expect(clippy::inline_always, reason = "measured: a tenth of all time was spent in calling it")]
    #[inline(always)]
    fn add_row(&mut self, def: &'static FieldDef, at: usize, len: usize, number: u64) {
        let span = self.span(at, len);
        let value = match def.kind {
            Kind::Text => Value::Text(span),
            Kind::Bytes | Kind::Ether | Kind::Ipv4 | Kind::Ipv6 => Value::Bytes(span),
            Kind::Bool => Value::Bool(number != 0),
            Kind::Flag => Value::None,
            Kind::Int(bits) => Value::Int(sign_extend(number, bits)),
            _ => Value::Uint(number),
        };
        self.packet.fields.push_with(|| Field { def, value, span, depth: self.depth });
    }

    /// Writes a field with a value that is not simply the bytes at `at`.
    #[expect(clippy::inline_always, reason = "measured: see `Cursor::write`")]
    #[inline(always)]
    pub fn push(&mut self, def: &'static FieldDef, at: usize, len: usize, value: Value) {
        if self.packet.wants(def) {
            self.write(def, self.span(at, len), value);
        }
    }

    /// Writes a field that is computed here, if it is wanted at all.
    #[expect(clippy::inline_always, reason = "measured: mostly it isn't")]
    #[inline(always)]
    pub fn compute(&mut self, def: &'static FieldDef, value: impl FnOnce(&mut Self) -> Value) {
        if self.packet.wants(def) {
            let value = value(self);
            self.derive(def, value);
        }
    }

    /// Writes a field that was computed.
    #[expect(clippy::inline_always, reason = "measured: see `Cursor::write`")]
    #[inline(always)]
    pub fn derive(&mut self, def: &'static FieldDef, value: Value) {
        if self.packet.wants(def) {
            self.write(def, Span { buf: self.buf, ..Span::default() }, value);
        }
    }

    /// A field that is wanted. Most are given in pieces that fit into registers: one that is put together first, and then
    /// copied, is waited for (measured: a twentieth of all time).
    #[expect(clippy::inline_always, reason = "measured: the kind of value is mostly known where it is made")]
    #[inline(always)]
    fn write(&mut self, def: &'static FieldDef, span: Span, value: Value) {
        let Span { buf, start, len } = span;
        let place = [start, len];
        match value {
            Value::None => self.write_as(def, buf, place, |()| Value::None, ()),
            Value::Bool(b) => self.write_as(def, buf, place, Value::Bool, b),
            Value::Uint(n) => self.write_as(def, buf, place, Value::Uint, n),
            Value::Int(n) => self.write_as(def, buf, place, Value::Int, n),
            Value::Nanos(n) => self.write_as(def, buf, place, Value::Nanos, n),
            Value::Bytes(s) => self.write_slice(def, buf, place, Value::Bytes, s.buf, [s.start, s.len]),
            Value::Text(s) => self.write_slice(def, buf, place, Value::Text, s.buf, [s.start, s.len]),
        }
    }

    #[inline(never)]
    fn write_as<T>(
        &mut self,
        def: &'static FieldDef,
        buf: u8,
        [start, len]: [u32; 2],
        kind: impl FnOnce(T) -> Value,
        value: T,
    ) {
        let (span, depth) = (Span { buf, start, len }, self.depth);
        self.packet.fields.push_with(|| Field { def, value: kind(value), span, depth });
    }

    #[inline(never)]
    fn write_slice(
        &mut self,
        def: &'static FieldDef,
        buf: u8,
        [start, len]: [u32; 2],
        kind: impl FnOnce(Slice) -> Value,
        of: u8,
        [from, count]: [u32; 2],
    ) {
        let (span, depth, slice) = (Span { buf, start, len }, self.depth, Slice { buf: of, start: from, len: count });
        self.packet.fields.push_with(|| Field { def, value: kind(slice), span, depth });
    }

    /// Writes how long something took, where the capture has times.
    #[inline]
    pub fn derive_duration(&mut self, def: &'static FieldDef, nanos: Option<i64>) {
        if let Some(nanos) = nanos {
            self.derive(def, Value::Nanos(nanos));
        }
    }

    /// Writes a text field whose text the dissector made itself (a decompressed name).
    pub fn push_text(&mut self, def: &'static FieldDef, at: usize, len: usize, text: &[u8]) {
        if self.packet.wants(def) {
            let value = Value::Text(self.keep(text));
            self.write(def, self.span(at, len), value);
        }
    }

    /// Keeps bytes in the packet's text arena, for a value that is not in any buffer.
    pub fn keep(&mut self, text: &[u8]) -> Slice {
        self.packet.keep(text)
    }

    /// The protocol that the upgrade's target asks for by its query; inner layers learn the target.
    pub fn upgraded(&mut self, carrier: super::Carrier) -> Option<&'static super::Protocol> {
        let upgrade = remembered(self.memory, self.context, self.packet).dialogue.upgrade.as_ref()?;
        let row = super::by_query(carrier, upgrade.target.as_bytes())?;
        self.context.target = self.packet.keep(upgrade.target.as_bytes());
        Some(row)
    }

    /// Bytes that were kept or that lie in a buffer which is not being read.
    pub fn kept(&self, slice: Slice) -> &[u8] {
        self.packet.bytes(slice)
    }

    /// Keeps several pieces of text as one.
    pub fn keep_all<'t>(&mut self, parts: impl IntoIterator<Item = &'t [u8]>) -> Slice {
        let start = clamp(self.packet.text.len());
        let mut len = 0;
        for part in parts {
            self.packet.text.extend_from_slice(part);
            len += part.len();
        }
        Span { buf: Span::TEXT, start, len: clamp(len) }
    }

    /// Begins a text that is put together piece by piece: [`Cursor::add_text`], then [`Cursor::end_text`].
    pub fn start_text(&self) -> u32 {
        clamp(self.packet.text.len())
    }

    /// Adds a piece to it.
    pub fn add_text(&mut self, piece: &[u8]) {
        self.packet.text.extend_from_slice(piece);
    }

    /// Adds a number to it, in decimal.
    pub fn add_number(&mut self, n: u64) {
        let (mut digits, mut at, mut rest) = ([0; 20], 20, n);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10).to_le_bytes()[0];
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        self.packet.text.extend_from_slice(&digits[at..]);
    }

    /// The text that was begun at `start`.
    pub fn end_text(&self, start: u32) -> Slice {
        Span { buf: Span::TEXT, start, len: clamp(self.packet.text.len()).saturating_sub(start) }
    }

    /// The next number of a field among those that were read from index `first` on, and its own index.
    pub fn value_from(&self, first: usize, def: &'static FieldDef) -> Option<(usize, u64)> {
        let fields = self.packet.fields.iter().enumerate().skip(first);
        fields.filter(|(_, f)| f.def == def).find_map(|(at, f)| f.value.uint().map(|n| (at, n)))
    }

    /// How many fields there are: the index of the next one.
    pub fn next_field(&self) -> usize {
        self.packet.fields.len()
    }

    /// The fields that `body` writes stand one level deeper, inside the field before them.
    pub fn nested<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.depth = self.depth.saturating_add(1);
        let done = body(self);
        self.depth -= 1;
        done
    }

    /// Lets `body` write every row, wanted or not: something is made of them.
    pub fn with_all_rows<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let wanted = std::mem::take(&mut self.packet.wanted);
        let done = body(self);
        self.packet.wanted = wanted;
        done
    }

    /// A span of this layer's buffer.
    #[inline]
    pub fn span(&self, at: usize, len: usize) -> Span {
        Span { buf: self.buf, start: clamp(self.start.wrapping_add(at)), len: clamp(len) }
    }

    /// `by` says that this layer, payload included, ends `len` bytes from its start. A promise beyond
    /// the enclosing layer's is a lie that is remembered for whoever misses those bytes.
    pub fn limit(&mut self, len: usize, by: &'static FieldDef) {
        let claimed = self.start.saturating_add(len).min(self.claimed);
        self.claimed = claimed;
        self.claimed_by = Some(by);
        let present = claimed.saturating_sub(self.start).min(self.own.len());
        self.own = self.own.get(..present).unwrap_or(self.own);
    }

    /// Writes a field whose end is not known yet; [`Cursor::close`] sets it.
    pub fn open(&mut self, def: &'static FieldDef, at: usize) -> usize {
        if !self.packet.wants(def) {
            return usize::MAX;
        }
        self.push(def, at, 0, Value::None);
        self.packet.fields.len() - 1
    }

    /// Ends a field that [`Cursor::open`] began: it reaches up to `end`.
    pub fn close(&mut self, opened: usize, end: usize) {
        let end = clamp(self.start.saturating_add(end));
        if let Some(f) = self.packet.fields.get_mut(opened) {
            f.span.len = end.saturating_sub(f.span.start);
        }
    }

    /// The same, and only now is its value known.
    pub fn close_with(&mut self, opened: usize, end: usize, value: Value) {
        self.close(opened, end);
        if let Some(f) = self.packet.fields.get_mut(opened) {
            f.value = value;
        }
    }

    /// How deep the next field will be indented.
    pub fn indent(&mut self, depth: u8) {
        self.depth = depth;
    }
}

/// A number in network byte order. Most are one, two or four bytes long, and read at once.
#[inline]
fn big_endian(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_be_bytes([a, b])),
        [a, b, c, d] => u64::from(u32::from_be_bytes([a, b, c, d])),
        _ => bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b)),
    }
}

#[inline]
fn masked(raw: u64, mask: u64) -> u64 {
    if mask == 0 { raw } else { (raw & mask) >> mask.trailing_zeros() }
}

fn sign_extend(n: u64, bits: u8) -> i64 {
    let shift = 64 - u32::from(bits.clamp(1, 64));
    (n << shift).cast_signed() >> shift
}
