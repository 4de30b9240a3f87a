//! A lesson's questions on paper and for other programs: a worksheet to print, and Moodle's GIFT.

pub mod gift;
pub mod worksheet;

use crate::ask::bank::Belief;
use crate::ask::{Task, misconception};
use crate::tutor::Audience;

/// A question, with all that its answers deserve.
#[derive(Debug)]
pub struct Item<'q> {
    /// What is asked.
    pub prompt: &'q str,
    /// How it is answered.
    pub task: &'q Task,
    /// Why the answer is right.
    pub why: &'q str,
    /// What is said to those who choose each choice.
    pub replies: &'q [Option<String>],
}

impl Item<'_> {
    /// What is said to a wrong choice: the lesson's own words, or the misconception that it betrays.
    fn reply(&self, place: usize, betrays: Option<Belief>, audience: Audience) -> String {
        let own = self.replies.get(place).cloned().flatten();
        match (own, betrays) {
            (Some(own), None) => own,
            (own, Some(id)) => {
                format!("{}{}", refutation(id, audience), own.map_or(String::new(), |own| format!(" {own}")))
            }
            (None, None) => String::new(),
        }
    }
}

/// What people believe who answer so, and why it is wrong.
fn refutation(id: Belief, audience: Audience) -> String {
    misconception(id).map_or(String::new(), |found| {
        let why = if audience == Audience::Newcomer { found.plainly() } else { &found.refutation };
        format!("A common belief: \u{201c}{}\u{201d} {why}", found.claim)
    })
}
