//! Rank 7: one packet looked at, without a screen: its seven layers, unfolded as far as somebody wants, and which bytes each
//! line is; and what becomes of a simulated one ([`hops`]). The full screen and the playground show it.

pub mod hops;
mod look;

pub use look::{Kind, LayerLine, Look, closest};
