//! Rank 2: where scenario traffic comes from.
//!
//! Read [`scenario`] first: what hosts there are and what each does. [`apps`] holds the programs that
//! talk, written without any I/O; [`sim`] lets them talk over simulated wires. [`rng`] is the dice that
//! both share. Nothing here, `lab` apart, knows a thread, a socket or a wall clock.

pub mod apps;
#[cfg(feature = "lab")]
pub mod lab;
pub mod rng;
pub mod scenario;
pub mod sim;

/// How a remark on a frame begins that says what a kernel knew of a connection; only the live lab makes such.
pub const KERNEL: &str = "kernel TCP_INFO of ";
