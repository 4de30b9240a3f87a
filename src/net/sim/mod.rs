//! The simulator: real TCP/IP stacks (smoltcp) on simulated wires.
//!
//! Read `world` first: the clock and what happens when. A `host` is a stack with its programs; a
//! `wire` carries frames. Nothing waits: virtual time jumps from one event to the next. One seed
//! decides every number that a real host would draw at random, so the same seed gives the same bytes.

mod host;
mod wire;
mod world;

pub use world::{Fate, Fault, START, Simulation};
