//! What the page may ask for, as JSON: a name (`ask`), and beside it what that one needs.

use osi_tutor_engine::tutor::Audience;
use serde::Deserialize;

/// What is asked for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// The lessons: what there is to begin with.
    Contents,
    /// Scenarios and faults.
    Worlds,
    /// A `lesson`, with its `seed` or another, at a `page` from 1; the answer is its scene.
    Lesson,
    /// Questions: `count` of them, `from` a lesson's packets, a scenario, or (`capture`) from what is listed; without `from`,
    /// from everything.
    Quiz,
    /// The same as puzzles.
    Puzzle,
    /// The packets of a `scenario`, with what breaks: of `faults`, each is a fault's name, then its value.
    Simulate,
    /// The packets of the file that the page holds, by its `name`.
    Capture,
    /// Takes in at most `most` more packets.
    Read,
    /// Only what the `filter` selects; an empty one is none. It's made ready by `Sift`.
    Filter,
    /// Looks through at most `most` packets for the filter.
    Sift,
    /// `count` lines of the list, from the `place` on; goes through at most `most` packets to get there.
    Rows,
    /// The place, among those listed, of the packet with this `number`.
    Find,
    /// The packet at a `place`, whole; goes through at most `most` packets to get there.
    Packet,
    /// What the field of this `name` means.
    Field,
    /// Begins something that needs every packet: both ends of a `stream`.
    Ladder,
    /// What both ends of a `stream` said.
    Follow,
    /// A `stream` over time; `kind` says what of it.
    Plot,
    /// The packet with this `number` on its way over every link: of a simulation.
    Hops,
    /// Both timelines of a simulation: as it is, and with the `faults`, too.
    WhatIf,
    /// Everything, counted.
    Stats,
    /// Goes on with it, by at most `most` packets.
    Go,
}

/// A question. It's one struct for all of them: an enum whose variants have their own fields makes the engine 30 kB larger.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    pub(crate) ask: Ask,
    #[serde(default)]
    pub(crate) lesson: String,
    #[serde(default)]
    pub(crate) scenario: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) filter: String,
    #[serde(default)]
    pub(crate) kind: String,
    pub(crate) from: Option<String>,
    pub(crate) at: Option<String>,
    #[serde(default)]
    pub(crate) faults: Vec<String>,
    #[serde(default)]
    pub(crate) audience: Audience,
    pub(crate) seed: Option<u64>,
    pub(crate) page: Option<usize>,
    pub(crate) count: Option<usize>,
    #[serde(default)]
    pub(crate) place: usize,
    #[serde(default)]
    pub(crate) most: usize,
    #[serde(default)]
    pub(crate) number: u64,
    #[serde(default)]
    pub(crate) stream: u32,
}
