//! Asking one question after the other: a state machine without a screen or a clock. A key and the time go in, a
//! scene comes out.

use super::entry::{Entry, Key, Mode};
use super::question::Question;
use super::task::Verdict;
use serde::{Deserialize, Serialize};

/// Milliseconds since the session, or a lesson's player, was started.
pub type Millis = u64;

/// What the learner did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing: the screen changed, or the session begins.
    Look,
    /// A step of the answer.
    Key(Key),
    /// On to the next question, once this one is answered.
    Next,
    /// On to the next question without an answer.
    Skip,
    /// The end, whatever is left.
    Quit,
}

/// Questions being asked.
#[derive(Debug)]
pub struct Session {
    questions: Vec<Question>,
    at: usize,
    entry: Entry,
    complaint: bool,
    verdict: Option<Verdict>,
    grades: Vec<Grade>,
    /// When the question was first seen.
    since: Option<Millis>,
    over: bool,
}

/// What an answer was, and what it was worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grade {
    /// Which question, by its place.
    pub question: usize,
    /// The answer as it was given, without spaces around it.
    pub given: String,
    /// What it was worth.
    pub verdict: Verdict,
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
    /// What the keys mean.
    pub mode: Mode,
    /// The answer so far.
    pub entry: &'s Entry,
    /// What was given could not be understood.
    pub complaint: bool,
    /// What the answer was worth, once it is given.
    pub verdict: Option<Verdict>,
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
            entry: Entry::default(),
            complaint: false,
            verdict: None,
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

    /// Takes a whole answer from a sheet of them and goes on; what cannot be understood is wrong, and an empty line no answer.
    pub fn answer(&mut self, given: &str) {
        let wrong = Verdict { right: false, betrays: None, place: None };
        if let Some(question) = self.questions.get(self.at).filter(|_| !given.trim().is_empty()) {
            let verdict = question.task.judge(given).unwrap_or(wrong);
            self.grades.push(Grade { question: self.at, given: given.trim().to_owned(), verdict, millis: 0 });
        }
        self.go_on(None);
    }

    /// Takes an input at a time, and gives what there is to see then.
    pub fn step(&mut self, input: Input, now: Millis) -> Scene<'_> {
        let since = *self.since.get_or_insert(now);
        match (input, self.questions.get(self.at)) {
            (Input::Quit, _) | (Input::Next, None) => self.over = true,
            (Input::Key(key), Some(question)) if self.verdict.is_none() => {
                self.complaint = false;
                if let Some(given) = self.entry.take(&question.task, key) {
                    self.verdict = question.task.judge(&given);
                    self.complaint = self.verdict.is_none();
                    let millis = now.saturating_sub(since);
                    let grade = |verdict| Grade { question: self.at, given, verdict, millis };
                    self.grades.extend(self.verdict.map(grade));
                }
            }
            (Input::Next, _) if self.verdict.is_some() => self.go_on(Some(now)),
            (Input::Skip, Some(_)) if self.verdict.is_none() => self.go_on(Some(now)),
            _ => {}
        }
        self.look()
    }

    /// What there is to see now, without an input.
    pub fn look(&self) -> Scene<'_> {
        let question = self.questions.get(self.at);
        Scene {
            question,
            number: (self.at + 1).min(self.questions.len()),
            of: self.questions.len(),
            mode: question.filter(|_| self.verdict.is_none()).map_or(Mode::Read, |q| q.task.mode()),
            entry: &self.entry,
            complaint: self.complaint,
            verdict: self.verdict,
            grades: &self.grades,
            over: self.over,
        }
    }

    fn go_on(&mut self, now: Option<Millis>) {
        self.at += 1;
        self.entry = Entry::default();
        (self.verdict, self.complaint, self.since) = (None, false, now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::LONGEST;
    use super::super::question::{Kind, Proof};
    use super::super::task::Task;
    use super::*;

    fn session(right: &[i128]) -> Session {
        let question = |&right: &i128| Question {
            id: format!("x/ack-{right}"),
            kind: Kind::Ack,
            prompt: "?".into(),
            shown: Vec::new(),
            task: Task::Number { right, slips: Vec::new() },
            proof: Proof { filter: "tcp".into(), frame: 1, line: String::new() },
            why: String::new(),
        };
        Session::new(right.iter().map(question).collect())
    }

    fn typed(session: &mut Session, text: &str, now: Millis) {
        for c in text.chars() {
            session.step(Input::Key(Key::Type(c)), now);
        }
    }

    fn enter(session: &mut Session, now: Millis) -> Scene<'_> {
        session.step(Input::Key(Key::Enter), now)
    }

    #[test]
    fn an_answer_is_judged_once_and_timed_from_when_its_question_was_seen() {
        let mut session = session(&[12, 7]);
        session.step(Input::Look, 1_000);
        typed(&mut session, "13", 2_000);
        session.step(Input::Key(Key::Erase), 2_000);
        typed(&mut session, "2", 2_000);
        assert_eq!(session.step(Input::Next, 2_000).number, 1, "it is not answered yet");
        let scene = enter(&mut session, 4_500);
        assert!(scene.verdict.is_some_and(|v| v.right) && scene.number == 1 && scene.mode == Mode::Read);
        // Keys after the answer change nothing.
        typed(&mut session, "9", 5_000);
        enter(&mut session, 5_000);
        assert_eq!(session.step(Input::Next, 6_000).number, 2);
        typed(&mut session, "8", 6_000);
        assert!(enter(&mut session, 7_000).verdict.is_some_and(|v| !v.right));
        assert!(session.step(Input::Next, 7_000).question.is_none());
        assert!(session.step(Input::Next, 7_000).over);
        let grades: Vec<_> = session.grades().iter().map(|g| (g.given.as_str(), g.verdict.right, g.millis)).collect();
        assert_eq!(grades, [("12", true, 3_500), ("8", false, 1_000)]);
    }

    #[test]
    fn what_cannot_be_understood_is_no_answer() {
        let mut session = session(&[12]);
        typed(&mut session, "twelve", 0);
        let scene = enter(&mut session, 0);
        assert!(scene.complaint && scene.verdict.is_none() && scene.grades.is_empty());
        assert!(!session.step(Input::Key(Key::Erase), 0).complaint);
    }

    #[test]
    fn a_sheet_of_answers_is_graded_line_by_line() {
        let mut session = session(&[1_000, 2, 3, 4]);
        for line in ["1,000", "two", "", "4"] {
            session.answer(line);
        }
        let grades: Vec<_> = session.grades().iter().map(|g| (g.question, g.verdict.right)).collect();
        assert_eq!(grades, [(0, true), (1, false), (3, true)]);
    }

    #[test]
    fn the_learner_may_skip_or_leave_at_any_time_and_nothing_grows_for_ever() {
        let mut session = session(&[12, 13]);
        assert_eq!(session.step(Input::Skip, 0).number, 2);
        typed(&mut session, &"1".repeat(10_000), 0);
        let scene = session.step(Input::Quit, 0);
        assert!(scene.over && scene.entry.typed.len() == LONGEST && scene.grades.is_empty());
        assert!(Session::new(Vec::new()).step(Input::Next, 0).over);
    }
}
