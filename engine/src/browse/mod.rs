//! Rank 7: packets looked at, without a screen: kept ([`store`]), their lines made when they're shown ([`pass`]), filtered ([`sift`]);
//! one with its seven layers, unfolded as far as somebody wants, and which bytes each line is; and what becomes of a simulated
//! one ([`hops`]). The full screen and the playground show it.

pub mod hops;
mod look;
pub mod pass;
pub mod sift;
pub mod store;

pub use look::{Kind, LayerLine, Look, closest};
