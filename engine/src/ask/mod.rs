//! Rank 4: what is asked. A lesson's fence, a quiz and a puzzle all make the same [`Task`]s; one judge says what an answer
//! is worth, and one [`mod@bank`] says which misconception it betrays. All of it is plain data without I/O, so that any
//! screen, a class or a web page can ask.
//!
//! Read [`task`] (kinds of question, the judge), then [`entry`] (keys become an answer), [`session`] (one question after
//! the other), and [`draft`] (questions made from any capture).

pub mod bank;
pub mod draft;
pub mod entry;
pub mod question;
pub mod session;
pub mod task;
pub mod value;

pub use bank::{Misconception, Refuted, bank, misconception};
pub use entry::{Entry, Key, Mode};
pub use question::{Kind, Proof, Question};
pub use session::{Grade, Session};
pub use task::{Asked, Candidate, Choice, Mark, Slip, Task, Verdict};
pub use value::Value;
