//! What is wrong with a fault as it was written.

use super::TABLE;
use crate::filter::FilterError;

/// It is no fault; one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no such fault, or its value is of another kind.
    #[error("{0}")]
    Value(String),
    /// The display filter in it means nothing.
    #[error("{error}")]
    Filter {
        /// The byte of the value where the filter begins.
        at: usize,
        /// What is wrong with the filter.
        error: FilterError,
    },
}

impl FaultError {
    pub(super) fn unknown(name: &str) -> Self {
        let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        Self::Value(format!("there is no fault {}; there are: {}", name.escape_debug(), names.join(", ")))
    }

    /// The same, in a value that begins so many bytes earlier.
    pub(super) fn after(self, bytes: usize) -> Self {
        match self {
            Self::Filter { at, error } => Self::Filter { at: at + bytes, error },
            value @ Self::Value(_) => value,
        }
    }
}
