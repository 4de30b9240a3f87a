//! What is remembered of a play: where the learner was, and what was answered.

use crate::ask::Mark;
use serde::{Deserialize, Serialize};

/// A lesson played, or half played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The lesson's id.
    pub lesson: String,
    /// The page, from 0, where it was left.
    pub page: usize,
    /// Whether its last page was left forwards.
    #[serde(default)]
    pub done: bool,
    /// What was answered, in the order of answering; the latest of a question counts.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's name in its lesson.
    pub question: String,
    /// What became of it.
    pub result: Mark,
    /// The misconception that the answer betrayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misconception: Option<String>,
}

impl Record {
    /// What became of a question last.
    pub fn result(&self, question: &str) -> Option<Mark> {
        self.answers.iter().rev().find(|a| a.question == question).map(|a| a.result)
    }
}
