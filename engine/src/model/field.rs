//! Fields: a static row for what a field *is* ([`FieldDef`]), and what one packet holds ([`Field`]).
//!
//! A row is written once, beside the protocol that owns it, and everything else (help, filters,
//! JSON, the expanded view) loops over rows. Names are Wireshark's filter names, verbatim.

use std::fmt;

/// The seven layers of ISO/IEC 7498-1. TCP/IP was not built from them; the mapping is a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum Osi {
    Physical = 1,
    Link = 2,
    Network = 3,
    Transport = 4,
    Session = 5,
    Presentation = 6,
    Application = 7,
}

/// One kind of field: name, meaning, type, place. `static`, and compared by address.
#[derive(Debug)]
pub struct FieldDef {
    /// Wireshark's filter name, verbatim: `tcp.flags.syn`.
    pub name: &'static str,
    /// A short label for people: `Synchronise`.
    pub label: &'static str,
    /// How its value is typed and shown.
    pub kind: Kind,
    /// Where it lies.
    pub at: At,
    /// One beginner sentence, at most 90 characters.
    pub about: &'static str,
    /// Names of its values, ascending by value; empty where numbers speak for themselves.
    pub names: &'static [(u64, &'static str)],
    /// No one-line summary mentions it (see [`super::Wanted::line`]).
    pub detail: bool,
    /// Stands for another name of the same value, which filters and JSON know and no page repeats.
    pub hidden: bool,
    /// Which end of the packet it names, where it holds the address of one.
    pub end: Option<End>,
    /// What [`super::Wanted`] knows it by.
    pub(super) marks: u64,
}

/// An end of a packet, as one layer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where the packet comes from.
    Source,
    /// Where it goes to.
    Destination,
}

/// The end that a row names. A layer of the link or the network names its addresses after itself: `ip.src`, `eth.dst`,
/// `sll.src.eth`.
const fn end_of(name: &str, kind: Kind) -> Option<End> {
    if !matches!(kind, Kind::Ether | Kind::Ipv4 | Kind::Ipv6) {
        return None;
    }
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest
        && *first != b'.'
    {
        rest = others;
    }
    match rest {
        b".src" | b".src.eth" | b".src.ipv4" | b".src.ipv6" => Some(End::Source),
        b".dst" | b".dst.eth" | b".dst.ipv4" | b".dst.ipv6" => Some(End::Destination),
        _ => None,
    }
}

/// The mark that every row has.
pub(super) const ANY: u64 = 1 << 63;
/// The mark of a row that a line mentions.
pub(super) const TOLD: u64 = 1 << 62;

/// The marks of a row: by its name, so that few others have all of them.
const fn marks_of(name: &str, detail: bool) -> u64 {
    // FNV-1a.
    let (bytes, mut hash, mut i) = (name.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    ANY | if detail { 0 } else { TOLD } | (1 << ((hash >> 32) % 62))
}

/// The type of a field's value, after Wireshark's `FT_` types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Present or not; holds no value (`FT_NONE`).
    Flag,
    /// True or false.
    Bool,
    /// Unsigned, of so many bits (8, 16, 24, 32, 64), usually read in decimal.
    Uint(u8),
    /// Unsigned, usually read in hexadecimal.
    Hex(u8),
    /// Signed, of so many bits.
    Int(u8),
    /// Raw bytes.
    Bytes,
    /// Text; its bytes may be anything.
    Text,
    /// A MAC address (6 bytes).
    Ether,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A span of time, in nanoseconds.
    Duration,
    /// A span of time, in nanoseconds; Wireshark counts it in milliseconds (`FT_DOUBLE`).
    Millis,
    /// A moment ([`super::Time`]).
    Moment,
    /// The number of another frame (`FT_FRAMENUM`).
    Frame,
}

/// Where a field lies in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Always at the same place, `len` bytes from `start`; the value is the bits under `mask`
    /// (all of them when 0), shifted down, times `scale`.
    Fixed {
        /// First byte, from the start of the layer.
        start: u16,
        /// Bytes that hold it.
        len: u8,
        /// Which bits; 0 means all.
        mask: u64,
        /// What one unit counts; 1 unless the wire counts in words (`ip.hdr_len`: 4).
        scale: u8,
    },
    /// Somewhere that depends on the packet; `mask` as above.
    Dynamic {
        /// Which bits; 0 means all.
        mask: u64,
    },
    /// Not in the bytes: computed from them or from other packets.
    Derived,
}

/// A run of bytes in one of a packet's buffers. Buffer 0 is the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Which buffer; 0 is the frame.
    pub buf: u8,
    /// First byte, from the start of the buffer.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

/// Bytes or text that a value points to: in a buffer, or ([`Slice::TEXT`]) in the packet's text arena.
pub type Slice = Span;

/// What a field holds. Small and without lifetimes: bytes and text are ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing but its presence.
    #[default]
    None,
    /// True or false.
    Bool(bool),
    /// An unsigned number.
    Uint(u64),
    /// A signed number.
    Int(i64),
    /// Nanoseconds: a duration, or a moment since 1970.
    Nanos(i64),
    /// Bytes, read by the field's [`Kind`] (an address is its bytes).
    Bytes(Slice),
    /// Text; the bytes may be anything, so a view must escape them.
    Text(Slice),
}

/// One field of one packet.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// What it is.
    pub def: &'static FieldDef,
    /// What it holds.
    pub value: Value,
    /// The bytes it was read from; empty for a derived field.
    pub span: Span,
    /// How deep it is indented: 0, or more inside an option or a record.
    pub depth: u8,
}

impl Osi {
    /// All seven, from the wire up.
    pub const ALL: [Self; 7] = [
        Self::Physical,
        Self::Link,
        Self::Network,
        Self::Transport,
        Self::Session,
        Self::Presentation,
        Self::Application,
    ];

    /// Its number, 1 to 7.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Its name in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Physical => "Physical",
            Self::Link => "Data link",
            Self::Network => "Network",
            Self::Transport => "Transport",
            Self::Session => "Session",
            Self::Presentation => "Presentation",
            Self::Application => "Application",
        }
    }
}

impl Span {
    /// The pseudo-buffer of text that a dissector wrote itself (a decompressed DNS name).
    pub const TEXT: u8 = u8::MAX;

    /// One past its last byte.
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.len)
    }

    /// Whether `other` lies inside it, in the same buffer.
    pub const fn covers(self, other: Self) -> bool {
        self.buf == other.buf && self.start <= other.start && other.end() <= self.end()
    }
}

impl Value {
    /// As an unsigned number, where it is one (true counts as 1).
    pub const fn uint(self) -> Option<u64> {
        match self {
            Self::Uint(n) => Some(n),
            Self::Bool(b) => Some(b as u64),
            _ => None,
        }
    }
}

impl PartialEq for FieldDef {
    /// Rows are `static`: the same row is the same address.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl FieldDef {
    /// The bits of its bytes that hold it; 0 means all.
    pub const fn mask(&self) -> u64 {
        match self.at {
            At::Fixed { mask, .. } | At::Dynamic { mask } => mask,
            At::Derived => 0,
        }
    }

    /// What `value` is called, if it has a name.
    pub fn name_of(&self, value: u64) -> Option<&'static str> {
        let i = self.names.binary_search_by_key(&value, |&(v, _)| v).ok()?;
        self.names.get(i).map(|&(_, n)| n)
    }

    /// Reads it as hexadecimal.
    #[must_use]
    pub const fn hex(mut self) -> Self {
        self.kind = match self.kind {
            Kind::Uint(bits) => Kind::Hex(bits),
            other => other,
        };
        self
    }

    /// Gives names to values; ascending.
    #[must_use]
    pub const fn names(mut self, names: &'static [(u64, &'static str)]) -> Self {
        self.names = names;
        self
    }

    /// Is left out where only a one-line summary is wanted.
    #[must_use]
    pub const fn detail(self) -> Self {
        self.detailed(true)
    }

    /// A summary mentions it, hidden as it is.
    #[must_use]
    pub const fn told(self) -> Self {
        self.detailed(false)
    }

    /// Is another name of the value beside it; summaries mention that one.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self.detailed(true)
    }

    const fn detailed(mut self, detail: bool) -> Self {
        self.detail = detail;
        self.marks = marks_of(self.name, detail);
        self
    }

    /// Takes the bits under `mask` only.
    #[must_use]
    pub const fn bits(mut self, new: u64) -> Self {
        self.at = match self.at {
            At::Fixed { start, len, scale, .. } => At::Fixed { start, len, mask: new, scale },
            At::Dynamic { .. } => At::Dynamic { mask: new },
            At::Derived => At::Derived,
        };
        self
    }

    /// Counts in units of `unit` (header lengths are words of 4 bytes on the wire).
    #[must_use]
    pub const fn scaled(mut self, unit: u8) -> Self {
        if let At::Fixed { start, len, mask, .. } = self.at {
            self.at = At::Fixed { start, len, mask, scale: unit };
        }
        self
    }

    /// Has another type than its size suggests (Wireshark's `FT_` type of that field).
    #[must_use]
    pub const fn typed(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self.end = end_of(self.name, kind);
        self
    }
}

/// The constructors that a protocol's `fields!` block uses.
pub mod row {
    use super::{At, FieldDef, Kind, end_of, marks_of};

    const fn fixed(start: u16, len: u8, kind: Kind, t: (&'static str, &'static str, &'static str)) -> FieldDef {
        FieldDef {
            name: t.0,
            label: t.1,
            kind,
            at: At::Fixed { start, len, mask: 0, scale: 1 },
            about: t.2,
            names: &[],
            detail: false,
            hidden: false,
            end: end_of(t.0, kind),
            marks: marks_of(t.0, false),
        }
    }

    /// One byte at `start`.
    pub const fn u8_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 1, Kind::Uint(8), (name, label, about))
    }

    /// Two bytes at `start`, network byte order.
    pub const fn u16_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 2, Kind::Uint(16), (name, label, about))
    }

    /// Three bytes at `start`, network byte order.
    pub const fn u24_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 3, Kind::Uint(24), (name, label, about))
    }

    /// Four bytes at `start`, network byte order.
    pub const fn u32_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 4, Kind::Uint(32), (name, label, about))
    }

    /// One bit of the `len` bytes at `start`; `mask` has exactly one bit.
    pub const fn bit_at(
        start: u16,
        len: u8,
        mask: u64,
        name: &'static str,
        label: &'static str,
        about: &'static str,
    ) -> FieldDef {
        fixed(start, len, Kind::Bool, (name, label, about)).bits(mask)
    }

    /// A MAC address at `start`.
    pub const fn mac_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 6, Kind::Ether, (name, label, about))
    }

    /// An IPv4 address at `start`.
    pub const fn ipv4_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 4, Kind::Ipv4, (name, label, about))
    }

    /// An IPv6 address at `start`.
    pub const fn ipv6_at(start: u16, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        fixed(start, 16, Kind::Ipv6, (name, label, about))
    }

    /// Somewhere that depends on the packet.
    pub const fn dynamic(kind: Kind, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        FieldDef { at: At::Dynamic { mask: 0 }, ..fixed(0, 0, kind, (name, label, about)) }
    }

    /// Not in the bytes: computed.
    pub const fn derived(kind: Kind, name: &'static str, label: &'static str, about: &'static str) -> FieldDef {
        FieldDef { at: At::Derived, ..fixed(0, 0, kind, (name, label, about)) }
    }
}

impl fmt::Display for Osi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}
