//! Rank 9: the full screen. What it shows is what the views show; what is here is only where it goes, and the keys.
//!
//! Read [`player`]: lessons and quizzes; [`browser`]: packets in a list, the seven layers of one of them, and its bytes.
//! [`class`] leads a class. [`menu`] is where a learner who names nothing begins; [`pages`] shows lines that others made.

pub mod browser;
#[cfg(feature = "classroom")]
pub mod class;
pub mod menu;
pub mod pages;
mod paint;
pub mod player;
pub mod rehearsal;
mod screen;
mod text;
