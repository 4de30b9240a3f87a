//! What a program may send: `schema/input.json`, version 1.

use crate::lesson::scene::View;
use crate::tutor::Audience;
use serde::Deserialize;

/// Reads an input, after `schema/input.json`.
///
/// # Errors
/// It is none: what was wrong, with the place.
pub(super) fn read(line: &[u8]) -> Result<Wanted, String> {
    serde_json::from_slice(line).map_err(|why| why.to_string())
}

/// What a program that drives a lesson or a quiz may send: the names are those of [`Input`](crate::lesson::Input).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "input", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Wanted {
    /// What is there to see?
    Look {},
    /// On to the next page, or question.
    Next {},
    /// Back to the page before.
    Back {},
    /// To the first page.
    First {},
    /// To the last page that can be seen.
    Last {},
    /// More, or less, of the packet: its fields and bytes.
    Deeper {},
    /// What and why of each of the seven layers, or only which.
    Layers {},
    /// Another audience.
    Audience {
        /// Which; without it, the next one.
        to: Option<Audience>,
    },
    /// Another look at the packets.
    View {
        /// Which; without it, the next one.
        to: Option<View>,
    },
    /// This choice is the answer.
    Choose {
        /// Which, from 1.
        choice: usize,
    },
    /// What is typed so far, all of it.
    Type {
        /// The text.
        text: String,
    },
    /// Take this next, where an order is wanted.
    Take {
        /// Which, from 1.
        item: usize,
    },
    /// Take back a character, or what was taken last.
    Erase {},
    /// Mark these bytes.
    Mark {
        /// The first, from 0.
        first: usize,
        /// The last.
        last: usize,
    },
    /// What was typed, taken or marked is the answer.
    Submit {
        /// The whole answer in one line, instead.
        answer: Option<String>,
    },
    /// A hint.
    Hint {},
    /// Go on without an answer.
    Skip {},
    /// Run the what-if of this page.
    WhatIf {},
    /// The end.
    Quit {},
}

impl Wanted {
    /// Whether it is a step of an answer.
    pub const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Choose { .. }
                | Self::Type { .. }
                | Self::Take { .. }
                | Self::Erase {}
                | Self::Mark { .. }
                | Self::Submit { .. }
        )
    }
}
