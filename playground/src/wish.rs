//! What a page may ask.

use osi_tutor::tutor::Audience;
use serde::Deserialize;

/// A question of the page. Each is answered by one object; `error` in it is a sentence.
#[derive(Debug, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Wish {
    /// The lessons: what there is to begin with.
    Contents {},
    /// Scenarios and faults.
    Worlds {},
    /// A lesson, at a page from 1; the answer is its scene.
    Lesson { lesson: String, seed: Option<u64>, page: Option<usize>, audience: Option<Audience> },
    /// Questions from a lesson's packets, a scenario, or (`capture`) from what is listed; without `from`, from everything.
    Quiz { from: Option<String>, seed: u64, count: Option<usize> },
    /// The same as puzzles.
    Puzzle { from: Option<String>, seed: u64, count: Option<usize> },
    /// The packets of a scenario, with what breaks: a fault's name, then its value.
    Simulate { scenario: String, seed: Option<u64>, at: Option<String>, faults: Vec<String> },
    /// The packets of the file that the page holds.
    Capture { name: String },
    /// Takes in at most so many more packets.
    Read { most: usize },
    /// Only what the filter selects; an empty one is none. It's made ready by `Sift`.
    Filter { filter: String },
    /// Looks through at most so many packets for the filter.
    Sift { most: usize },
    /// Lines of the list, from a place on.
    Rows { from: usize, count: usize },
    /// The place, among those listed, of the packet with this number.
    Find { number: u64 },
    /// The packet at a place, whole; goes through at most so many packets to get there.
    Packet { place: usize, audience: Audience, most: usize },
    /// What a field means.
    Field { name: String },
    /// Begins something that needs every packet: both ends of a connection, what they said, a plot, counts.
    Ladder { stream: u32 },
    /// What both ends said.
    Follow { stream: u32 },
    /// A connection over time.
    Plot { stream: u32, kind: String },
    /// Everything, counted.
    Stats {},
    /// Goes on with it, by at most so many packets.
    Go { most: usize },
}
