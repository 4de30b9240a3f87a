//! Rank 2: where scenario traffic comes from.
//!
//! Read [`apps`] first: the programs that talk, written without any I/O. [`rng`] is the dice that they
//! and the simulator share. Nothing here, `lab` apart, knows a thread, a socket or a wall clock.

pub mod apps;
#[cfg(feature = "lab")]
pub mod lab;
pub mod rng;
