//! What a learner has answered on a page, and what it is worth.

use super::format::ProbeId;
use super::posed::Posed;
use super::simulate::Outcome;
use crate::ask::{Entry, Key, Mark, Misconception, Task, misconception};

/// Attempts at an answer; a choice has one.
const TRIES: u8 = 2;

/// One page's answers.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that happened or not")]
pub(super) struct Sheet {
    /// The hint was asked for.
    pub(super) hint: bool,
    /// The answer in the making.
    pub(super) entry: Entry,
    /// What was given is no answer of the kind that is wanted.
    pub(super) complaint: bool,
    /// Which of the page's questions is open.
    pub(super) slot: usize,
    /// Attempts at it.
    tries: u8,
    /// An attempt was wrong.
    missed: bool,
    /// The last attempt was right, after one that was not.
    pub(super) repaired: bool,
    /// What the answer was worth; the page is done.
    pub(super) done: Option<Mark>,
    /// What the last attempt betrays.
    pub(super) betrayed: Option<&'static Misconception>,
    /// The packet that contradicts it.
    pub(super) against: Option<ProbeId>,
    /// The last attempt, as it was given.
    pub(super) given: String,
    /// It was wrong, was the last one at its step, and the next step is open.
    pub(super) passed: bool,
    /// The last attempt was wrong, and another is open.
    pub(super) again: bool,
    /// The two timelines, or why there are none.
    pub(super) outcome: Option<Result<Box<Outcome>, String>>,
}

impl Sheet {
    pub(super) fn skip(&mut self) {
        self.again = false;
        self.done = Some(Mark::Skipped);
    }

    /// Takes a step of the answer to the question that is open.
    pub(super) fn take(&mut self, posed: &[Posed], key: Key) {
        let Some(Posed { task, against }) = posed.get(self.slot).filter(|_| self.done.is_none()) else { return };
        self.complaint = false;
        let Some(given) = self.entry.take(task, key) else { return };
        let Some(verdict) = task.judge(&given) else {
            self.complaint = true;
            return;
        };
        (self.given, self.passed) = (given, false);
        self.repaired = verdict.right && self.missed;
        self.missed |= !verdict.right;
        self.tries += 1;
        if let Some(betrayed) = verdict.betrays.and_then(misconception) {
            self.betrayed = Some(betrayed);
        }
        if let (false, Some(place)) = (verdict.right, verdict.place) {
            self.against = against.get(place).copied().flatten();
        }
        let tries = if matches!(task, Task::Choose { .. }) { 1 } else { TRIES };
        self.again = !verdict.right && self.tries < tries;
        let last = self.slot + 1 >= posed.len();
        if self.again {
            self.entry.clear();
        } else if last {
            self.done = Some(if self.missed { Mark::Wrong } else { Mark::Right });
            self.slot += 1;
        } else {
            (self.slot, self.tries, self.entry) = (self.slot + 1, 0, Entry::default());
            self.passed = !verdict.right;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(sheet: &mut Sheet, posed: &[Posed], text: &str) {
        text.chars().for_each(|c| sheet.take(posed, Key::Type(c)));
        sheet.take(posed, Key::Enter);
    }

    fn numbers(right: &[i128]) -> Vec<Posed> {
        let posed = |&right: &i128| Posed { task: Task::Number { right, slips: Vec::new() }, against: Vec::new() };
        right.iter().map(posed).collect()
    }

    #[test]
    fn a_second_attempt_is_open_and_the_first_one_counts() {
        let (posed, mut sheet) = (numbers(&[1_000]), Sheet::default());
        typed(&mut sheet, &posed, "999");
        assert!(sheet.again && sheet.done.is_none() && sheet.entry.typed.is_empty());
        typed(&mut sheet, &posed, "1,000");
        assert_eq!((sheet.done, sheet.repaired), (Some(Mark::Wrong), true), "it was wrong at first");
        let mut sheet = Sheet::default();
        typed(&mut sheet, &posed, "0x3e8");
        assert_eq!((sheet.done, sheet.repaired), (Some(Mark::Right), false));
    }

    #[test]
    fn what_is_no_answer_is_no_attempt() {
        let (posed, mut sheet) = (numbers(&[7]), Sheet::default());
        typed(&mut sheet, &posed, "seven");
        assert!(sheet.complaint && !sheet.again && sheet.done.is_none());
        (0..5).for_each(|_| sheet.take(&posed, Key::Erase));
        typed(&mut sheet, &posed, "7");
        assert_eq!((sheet.done, sheet.complaint), (Some(Mark::Right), false));
    }

    #[test]
    fn the_steps_of_a_page_are_asked_one_after_the_other() {
        let (posed, mut sheet) = (numbers(&[1, 2]), Sheet::default());
        for text in ["9", "9", "2"] {
            typed(&mut sheet, &posed, text);
        }
        assert_eq!((sheet.done, sheet.slot), (Some(Mark::Wrong), 2));
    }
}
