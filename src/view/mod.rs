//! Rank 6: views. They arrange what the lower rooms found, and find nothing themselves.
//!
//! Read [`outline`] (the one thing every view shows), then [`text`] (all of a packet), [`hex`] (its bytes,
//! labelled), [`brief`] (one line a packet), [`ladder`] (one connection, both ends), [`follow`] (what they said)
//! [`stats`] (counts)
//! [`plot`] (one connection over time), [`fork`] (two
//! timelines), [`hops`] (one packet over several links) and [`ask`](mod@ask) (any question). [`theme`] holds the colours; [`measure`] knows how wide text is. Everything is
//! appended to a `String`.

pub mod ask;
pub mod brief;
pub mod follow;
pub mod fork;
pub mod hex;
pub mod hops;
pub mod json;
pub mod ladder;
pub mod measure;
pub mod outline;
pub mod plot;
pub mod prose;
pub mod quiz;
pub mod scene;
pub mod stats;
pub mod text;
pub mod theme;

pub use theme::{Style, Theme};
