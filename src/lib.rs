//! See, in real packets, how the network works.
//!
//! The order of the modules is the order of their ranks: a file may import only lower ranks or its
//! own folder, and `tests/layers.rs` holds it to that. `ARCHITECTURE.md` draws the pipeline.

pub mod model;
pub mod proto;
#[cfg(not(target_family = "wasm"))]
pub mod rights;
pub mod rng;
pub mod source;
#[cfg(not(target_family = "wasm"))]
pub mod tty;

pub mod filter;
pub mod flow;
pub mod peers;

pub mod sim;
pub mod stats;
pub mod tutor;

#[cfg(feature = "lab")]
pub mod lab;

pub mod lesson;

pub mod view;

#[cfg(all(feature = "chat", not(target_family = "wasm")))]
pub mod chat;
#[cfg(not(target_family = "wasm"))]
pub mod cli;
#[cfg(not(target_family = "wasm"))]
pub mod terminal;

#[cfg(not(target_family = "wasm"))]
pub mod app;
