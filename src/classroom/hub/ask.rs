//! What a hub asks of the class, and what it hears: all that its connections can do to it goes through here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::classroom::session::{Id, Input};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ask {
    /// Something happens to the class.
    Take(Input),
    /// A member shows everybody the packet of a vote.
    Volunteer {
        /// Who.
        member: Id,
        /// The vote, to the letter.
        text: String,
        /// Its packet, without addresses.
        shown: Json,
    },
    /// Is this a member's token?
    Knows(String),
    /// What does a stage see, or a console (`true`)?
    Look(bool),
    /// Which packets does this display filter select?
    Select(String),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// A student is in.
    Joined(Joined),
    /// Whether it is a member's token.
    Known(bool),
    /// What a stage or a console sees first.
    Seen(Json),
    /// The packets.
    Selected(Vec<u64>),
}

/// A student who is in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Joined {
    /// The number.
    pub(super) member: Id,
    /// What the page shows to come back.
    pub(super) token: String,
    /// What the student sees of itself.
    pub(super) you: Json,
    /// What all students see. Many come at a time, and see the same.
    #[serde(skip)]
    pub(super) page: Arc<Json>,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub(super) enum No {
    /// The class says so.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers: who holds the class is out of reach.
    #[error("the computer that holds the class doesn't answer; try again in a moment")]
    Lost,
}

/// What is heard.
pub(super) type Reply = Result<Answer, No>;
