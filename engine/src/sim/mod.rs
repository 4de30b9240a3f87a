//! Rank 3: the simulator: real TCP/IP stacks (smoltcp) on simulated links, with switches and routers between them.
//!
//! Read [`scenario`] first: what hosts there are and what each does. Then `world`: the clock and what happens when. A `device` is a `host`, which is a stack with its
//! programs, a `switch`, or a `router`; a [`link`] carries frames between them; a `vantage` is where somebody
//! watches; an `endpoint` is what a host's stack holds at a moment. Nothing waits: virtual time jumps from one event to the next. One seed decides every number that
//! a real host would draw at random, so the same seed gives the same bytes.

mod agenda;
mod device;
mod endpoint;
mod host;
mod journal;
pub mod link;
mod offload;
mod port;
mod router;
pub mod scenario;
mod switch;
mod vantage;
mod world;

pub use crate::peers::START;
pub use agenda::Agenda;
pub use endpoint::{Endpoint, Socket, Transport};
pub use journal::{Deed, Note};
pub use link::{Fate, Link};
pub use world::{Judge, Passing, Simulation};

/// A moment of a frame's way over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first bit leaves.
    Leaves,
    /// The last bit has arrived.
    Arrives,
}
