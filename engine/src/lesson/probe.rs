//! The packets that questions need, beside those that a lesson shows: how each is found.

use super::compute::Expr;
use super::error::Placed;
use crate::filter::Filter;
use crate::model::Packet;

/// A packet of the conversation: which of those that match.
#[derive(Clone, Debug)]
pub struct Pick {
    /// What it must match.
    pub filter: Filter,
    /// The n-th that does, from 1.
    pub nth: u64,
}

/// The place of a probe in [`Lesson::probes`](super::format::Lesson::probes).
pub type ProbeId = usize;

/// A packet that a question needs.
#[derive(Debug)]
pub struct Probe {
    /// Which.
    pub what: Wanted,
    /// Whether it must be there when the lesson plays on its own source.
    pub needed: bool,
}

/// How a probe finds its packet.
#[derive(Debug)]
pub enum Wanted {
    /// By a filter.
    Pick(Box<Placed<Pick>>),
    /// By a filter that mentions the answer, which is computed from another packet.
    Answer {
        /// The filter; `{answer}` stands in it.
        proof: Placed<Proof>,
        /// The packet it is computed from.
        of: ProbeId,
        /// How.
        answer: Expr,
    },
}

/// A filter in which `{answer}` may stand for a computed answer.
#[derive(Clone, Debug)]
pub struct Proof(String);

/// What shows that an answer is right.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// A packet of this conversation.
    pub packet: Option<ProbeId>,
    /// A section of a standard.
    pub spec: Option<String>,
}

impl Pick {
    /// Whether a packet matches; which of the matching ones is meant, the caller counts.
    pub fn matches(&self, packet: &Packet) -> bool {
        self.filter.matches(packet)
    }
}

impl Proof {
    /// A filter's text, which may mention `{answer}`.
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether it mentions the answer.
    pub(super) fn mentions_answer(text: &str) -> bool {
        text.contains("{answer}")
    }

    /// The filter for an answer.
    pub fn with(&self, answer: &str) -> Option<Filter> {
        let quoted = answer.replace('\\', "\\\\").replace('"', "\\\"");
        Filter::parse(&self.0.replace("{answer}", &quoted)).ok()
    }

    /// As it was written.
    pub fn written(&self) -> &str {
        &self.0
    }
}
