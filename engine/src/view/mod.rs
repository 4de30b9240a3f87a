//! Rank 6: views. They arrange what the lower rooms found, and find nothing themselves.
//!
//! Read [`outline`] (the one thing every view shows), then [`text`] (all of a packet), [`hex`] (its bytes,
//! labelled), [`brief`] (one line a packet), [`ladder`] (one connection, both ends), [`follow`] (what they said),
//! [`stats`] (counts), [`plot`] (one connection over time), [`fork`] (two timelines), [`what_if`] (what stands in them),
//! [`hops`] (one packet over several links), [`endpoints`] (what hosts hold), [`ask`](mod@ask) (any question),
//! [`fields`] and [`reference`](mod@reference) (what can be looked up), [`lessons`], [`progress`] and [`paper`] (what there is to learn,
//! what was learnt, what is asked), [`tally`] (what is said besides packets), [`comments`] (what is said beside packets in a file),
//! [`picture`] (ladder, layers, hops and plots as SVG), [`extcap`] (what Wireshark asks), [`csv`] and [`handout`] (for spreadsheets, paper and Moodle). [`plain`](mod@plain) says signs in words; [`mask`] hides who it was; [`theme`] holds the colours; [`measure`] knows how wide text is.
//! Everything is appended to a `String`, packets' objects by [`json`] to [`ink`]; every other view has its own.

mod around;
pub mod ask;
pub mod brief;
pub mod comments;
pub mod csv;
mod drawn;
pub mod endpoints;
pub mod extcap;
pub mod fields;
pub mod follow;
pub mod fork;
pub mod handout;
pub mod hex;
pub mod hops;
pub mod ink;
#[cfg(feature = "live")]
pub mod interfaces;
pub mod json;
pub mod ladder;
pub mod lessons;
pub mod mask;
pub mod measure;
pub mod outline;
pub mod paper;
pub mod picture;
pub mod plain;
pub mod plot;
pub mod progress;
pub mod prose;
pub mod quiz;
pub mod reference;
pub mod scene;
pub mod stats;
pub mod tally;
pub mod text;
pub mod theme;
pub mod what_if;

pub use theme::{Style, Theme};
