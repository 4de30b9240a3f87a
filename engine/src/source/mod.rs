//! Rank 1: where frames come from.

pub mod file;
#[cfg(feature = "live")]
pub mod live;

use crate::model::RawFrame;
use std::sync::Arc;

/// Something that gives frames, one after the other.
pub trait Source {
    /// Writes the next frame into `frame`, or says why there is none.
    ///
    /// # Errors
    /// A damaged or unreadable source. What was read before it stands.
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError>;

    /// How many frames were left out before the last one: they came faster than they could be shown.
    fn left_out(&mut self) -> u64 {
        0
    }

    /// Where the bytes of its frames can be read again, if they stay somewhere.
    fn again(&self) -> Option<Arc<dyn Again>> {
        None
    }

    /// Where they are there, of the last frame.
    fn place(&self) -> u64 {
        0
    }

    /// Whether nothing can come for now: the link is down.
    fn down(&self) -> bool {
        false
    }

    /// Whether the last frame is one of those that are wanted, where the source has chosen already.
    fn chosen(&self) -> Option<bool> {
        None
    }
}

/// Bytes that stay where they are, and can be read at any time.
pub trait Again: Send + Sync {
    /// Fills `into` with what is at `at`; says how many bytes there are, fewer at the end.
    ///
    /// # Errors
    /// They can't be read.
    fn read(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize>;

    /// How many bytes there are now, where that can be told.
    fn size(&self) -> Option<u64>;
}

/// What a source answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame was written.
    Frame,
    /// Nothing now, but something may come: a live source woke up for its caller's sake.
    Idle,
    /// There will be no more.
    End,
}

/// Why a source gave up.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system said no.
    #[error("{what}: {error}")]
    Io {
        /// What was tried, with the name of the file or interface.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is no capture at all.
    #[error("{what}")]
    NotACapture {
        /// One clear sentence, without a full stop, that names the file.
        what: String,
    },
    /// The capture ends in the middle of a packet. What came before it is good.
    #[error("the capture is cut short after packet {after}: {why}")]
    CutShort {
        /// The number of the last good packet.
        after: u64,
        /// What was wrong.
        why: String,
    },
    /// A capture's structure is broken. What came before it is good.
    #[error("the capture is damaged after packet {after}: {why}")]
    Damaged {
        /// The number of the last good packet.
        after: u64,
        /// What was wrong.
        why: String,
    },
}
