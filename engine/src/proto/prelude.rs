//! What nearly every protocol file needs.

pub(crate) use super::{Cursor, Key, Next, Over, Protocol, fields};
pub(crate) use crate::model::field::row::*;
pub(crate) use crate::model::{FieldDef, Group, Identity, Kind, Layer, Osi, Packet, Trouble, Value, show};
