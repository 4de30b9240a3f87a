//! Rank 0: the words that every other room speaks.
//!
//! Read [`frame`] (bytes as they came), then [`field`] (what a protocol's field is and what one
//! packet's field holds), then [`packet`] (a dissected frame), then [`show`] (how a value is written).

pub mod field;
pub mod frame;
mod linktype;
pub mod packet;
mod remark;
pub(crate) mod short;
pub mod show;

pub use field::{At, Field, FieldDef, Identity, Kind, Osi, Slice, Span, Summary, Value, clamp};
pub use frame::{Interface, KERNEL, LinkType, RawFrame, Time};
pub use packet::{Buffer, BufferKind, Layer, Packet, Piece, Trouble, Why};
pub use remark::Remark;
