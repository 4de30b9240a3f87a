//! Asking: a state machine without a screen or a clock. A key and the time go in, a scene comes out.

use super::{Judged, Question};

/// Milliseconds since the session was started.
pub type Millis = u64;

/// Characters of an answer that are kept.
const LONGEST: usize = 200;

/// What the learner did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing: the screen changed, or the session begins.
    Look,
    /// A character of the answer.
    Type(char),
    /// The last character was none.
    Erase,
    /// That is the answer; or, where it was shown, on to the next question.
    Enter,
    /// The end, whatever is left.
    Quit,
}

/// Questions being asked.
#[derive(Debug)]
pub struct Session {
    questions: Vec<Question>,
    at: usize,
    typed: String,
    complaint: bool,
    judged: Option<Judged>,
    grades: Vec<Grade>,
    /// When the question was first seen.
    since: Option<Millis>,
    over: bool,
}

/// What an answer was, and what it was worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// Which question, by its place.
    pub question: usize,
    /// The answer as it was given, without spaces around it.
    pub given: String,
    /// What it was worth.
    pub judged: Judged,
    /// How long it took.
    pub millis: Millis,
}

/// What there is to see now.
#[derive(Debug)]
pub struct Scene<'s> {
    /// The question; `None` at the end, where only the result is left.
    pub question: Option<&'s Question>,
    /// Its place, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// What has been typed.
    pub typed: &'s str,
    /// What was typed could not be understood.
    pub complaint: bool,
    /// What the answer was worth, once it is given.
    pub judged: Option<Judged>,
    /// Every answer so far.
    pub grades: &'s [Grade],
    /// The learner is done.
    pub over: bool,
}

impl Session {
    /// Before the first question.
    pub fn new(questions: Vec<Question>) -> Self {
        Self {
            questions,
            at: 0,
            typed: String::new(),
            complaint: false,
            judged: None,
            grades: Vec::new(),
            since: None,
            over: false,
        }
    }

    /// The questions.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Every answer so far.
    pub fn grades(&self) -> &[Grade] {
        &self.grades
    }

    /// Goes on to the next question, answered or not. What was typed and not understood counts as wrong.
    pub fn pass(&mut self) {
        if self.complaint {
            let judged = Judged { right: false, betrays: None };
            self.grades.push(Grade { question: self.at, given: self.typed.trim().to_owned(), judged, millis: 0 });
        }
        self.at += 1;
        self.typed.clear();
        (self.judged, self.complaint, self.since) = (None, false, None);
    }

    /// Takes an input at a time, and gives what there is to see then.
    pub fn step(&mut self, input: Input, now: Millis) -> Scene<'_> {
        let since = *self.since.get_or_insert(now);
        match input {
            Input::Quit => self.over = true,
            Input::Type(c) if self.judged.is_none() && self.question().is_some() => {
                if self.typed.chars().count() < LONGEST && !c.is_control() {
                    self.typed.push(c);
                }
                self.complaint = false;
            }
            Input::Erase if self.judged.is_none() => {
                self.typed.pop();
                self.complaint = false;
            }
            Input::Look | Input::Type(_) | Input::Erase => {}
            Input::Enter if self.question().is_none() => self.over = true,
            Input::Enter if self.judged.is_some() => {
                self.at += 1;
                self.typed.clear();
                self.judged = None;
                self.since = Some(now);
            }
            Input::Enter => self.give(now.saturating_sub(since)),
        }
        Scene {
            question: self.questions.get(self.at),
            number: (self.at + 1).min(self.questions.len()),
            of: self.questions.len(),
            typed: &self.typed,
            complaint: self.complaint,
            judged: self.judged,
            grades: &self.grades,
            over: self.over,
        }
    }

    fn question(&self) -> Option<&Question> {
        self.questions.get(self.at)
    }

    fn give(&mut self, millis: Millis) {
        let judged = self.question().and_then(|q| q.task.judge(&self.typed));
        self.complaint = judged.is_none();
        self.judged = judged;
        if let Some(judged) = judged {
            self.grades.push(Grade { question: self.at, given: self.typed.trim().to_owned(), judged, millis });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Proof, Task};
    use super::*;

    fn session(right: &[u64]) -> Session {
        let question = |&right: &u64| Question {
            id: format!("x/ack-{right}"),
            kind: Kind::Ack,
            prompt: "?".into(),
            shown: Vec::new(),
            task: Task::Number { right, traps: Vec::new() },
            proof: Proof { filter: "tcp".into(), frame: 1, line: String::new() },
            why: String::new(),
        };
        Session::new(right.iter().map(question).collect())
    }

    fn typed(session: &mut Session, text: &str, now: Millis) {
        for c in text.chars() {
            session.step(Input::Type(c), now);
        }
    }

    #[test]
    fn an_answer_is_judged_once_and_timed_from_when_its_question_was_seen() {
        let mut session = session(&[12, 7]);
        session.step(Input::Look, 1_000);
        typed(&mut session, "13", 2_000);
        session.step(Input::Erase, 2_000);
        typed(&mut session, "2", 2_000);
        let scene = session.step(Input::Enter, 4_500);
        assert!(scene.judged.is_some_and(|j| j.right) && scene.number == 1);
        // Keys after the answer change nothing.
        typed(&mut session, "9", 5_000);
        session.step(Input::Erase, 5_000);
        assert_eq!(session.step(Input::Enter, 6_000).number, 2);
        typed(&mut session, "8", 6_000);
        assert!(session.step(Input::Enter, 7_000).judged.is_some_and(|j| !j.right));
        assert!(session.step(Input::Enter, 7_000).question.is_none());
        assert!(session.step(Input::Enter, 7_000).over);
        let grades: Vec<_> = session.grades().iter().map(|g| (g.given.as_str(), g.judged.right, g.millis)).collect();
        assert_eq!(grades, [("12", true, 3_500), ("8", false, 1_000)]);
    }

    #[test]
    fn what_cannot_be_understood_is_no_answer() {
        let mut session = session(&[12]);
        typed(&mut session, "twelve", 0);
        let scene = session.step(Input::Enter, 0);
        assert!(scene.complaint && scene.judged.is_none() && scene.grades.is_empty());
        assert!(!session.step(Input::Erase, 0).complaint);
    }

    #[test]
    fn the_learner_may_leave_at_any_time_and_nothing_grows_for_ever() {
        let mut session = session(&[12]);
        typed(&mut session, &"1".repeat(10_000), 0);
        let scene = session.step(Input::Quit, 0);
        assert!(scene.over && scene.typed.len() == LONGEST);
        assert!(Session::new(Vec::new()).step(Input::Enter, 0).over);
    }
}
