//! Rank 8: a lesson for a room full of phones: everybody predicts, then all see.
//!
//! Read [`session`] (who is here, what was voted, what the teacher may do next; no network, no clock), then [`tally`]
//! and [`board`] (what the votes say) and [`views`] (who may see what of it) and
//! [`desk`] and [`panel`] (the keys of the terminal, and what it shows). [`deck`] makes a lesson's slides, [`shelf`] a
//! quiz's and a capture's; [`keep`] writes what happens to the disk, and [`report`] says what is left of it; [`hub`] carries it all to browsers.
//! [`wire`] shows each student the packet of their vote.

pub mod board;
pub mod codes;
pub mod deck;
pub mod desk;
pub mod hub;
pub mod keep;
mod names;
pub mod panel;
pub mod qr;
pub mod report;
pub mod session;
pub mod shelf;
pub mod tally;
pub mod views;
pub mod wire;
