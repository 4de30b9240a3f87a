//! What is remembered of a play: where the learner was, and what was answered.

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

/// How an answer was judged: by the first attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Right at the first attempt.
    Right,
    /// Wrong at the first attempt.
    Wrong,
    /// The learner did not want to answer.
    Skipped,
}

impl Record {
    /// What became of a question last.
    pub fn result(&self, question: &str) -> Option<Mark> {
        self.answers.iter().rev().find(|a| a.question == question).map(|a| a.result)
    }
}
