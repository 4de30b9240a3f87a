//! See, in real packets, how the network works: the program. Its engine reads packets and explains them; here it meets
//! people, browsers and this machine.
//!
//! The order of the modules is the order of their ranks: a file may import only lower ranks or its
//! own folder, and `tests/layers.rs` holds it to that. `ARCHITECTURE.md` draws the pipeline.

pub use osi_tutor_engine::{
    ask, browse, drive, fault, filter, flow, lesson, linear, model, peers, proto, rng, sim, source, stats, tutor, view,
};

pub mod rights;
pub mod tty;

#[cfg(feature = "lab")]
pub mod lab;

#[cfg(feature = "web")]
pub mod page;
#[cfg(feature = "web")]
pub mod serve;
pub mod store;

pub mod machine;

#[cfg(feature = "chat")]
pub mod chat;
#[cfg(feature = "classroom")]
pub mod classroom;
pub mod cli;
#[cfg(feature = "playground")]
pub mod site;

#[cfg(feature = "tui")]
pub mod tui;

pub mod app;
