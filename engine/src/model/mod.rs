//! Rank 0: the words that every other room speaks.
//!
//! Read [`frame`] (bytes as they came), then [`field`] (what a protocol's field is and what one
//! packet's field holds), then [`packet`] (a dissected frame), then [`show`] (how a value is written).

pub mod field;
pub mod frame;
mod linktype;
pub mod near;
pub mod packet;
mod remark;
mod reused;
mod seq;
pub(crate) mod short;
pub mod show;
pub mod wanted;

pub use field::{At, End, Field, FieldDef, Kind, Osi, Slice, Span, Value};
pub use frame::{Interface, KERNEL, LinkType, RawFrame, Time};
pub use packet::{Buffer, BufferKind, Identity, Layer, Packet, Piece, Summary, Trouble, Why};
pub use remark::Remark;
pub use reused::Reused;
pub use seq::Seq;
pub use wanted::{Group, Wanted};

/// A length or an offset as the 32 bits that a [`Span`] holds. No buffer is longer.
#[inline]
pub fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
