//! Rank 8: the full screen. What it shows is what the views show; what is here is only where it goes, and the keys.
//!
//! Read [`browser`]: packets in a list, the seven layers of one of them, and its bytes. [`menu`] is where a learner who
//! names nothing begins.

pub mod browser;
pub mod menu;
mod paint;
mod screen;
mod text;
