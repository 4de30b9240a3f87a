//! Rank 7: one packet looked at, without a screen: its seven layers, unfolded as far as somebody wants, and which bytes each
//! line is. The full screen and the playground show it.

mod look;

pub use look::{Kind, LayerLine, Look, closest};
