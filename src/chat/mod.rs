//! Rank 7: a messaging system that shows its own packets.
//!
//! Read `hub` (who is here and what was said; no network), then [`server`], `socket` (over Socket.IO) and `plain`
//! (over a bare WebSocket), which carry it. `serve::mirror` captures the server's own
//! port and finds whose each packet is; `sight` takes it, `describe` and `peel` make an `entry` of it, and
//! `feed` brings that to the person's page alone.
//! [`join`] is the same chat from a terminal. [`strangers`] lets any bytes in, for tests.

#![cfg_attr(not(feature = "live"), allow(dead_code, reason = "without a capture, nothing is there to peel"))]

mod carrier;
mod describe;
mod entry;
mod feed;
mod hub;
pub mod join;
mod peel;
mod plain;
mod room;
pub mod server;
mod sight;
mod socket;
pub mod standing;
pub mod strangers;
mod words;
