//! What a learner has done: lessons, answers, misconceptions, and when a missed question comes back.
//!
//! Data without a clock or a file: the day comes in, what there is to review goes out. A missed question
//! comes back after 1, 2, 4, 8 and 16 days (after Leitner, 1972); a wrong answer begins anew.

use super::play::Record;
use crate::ask::Mark;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the stored form that is written and read here.
pub const VERSION: u32 = 1;
/// Days until a question comes back, by how often in a row it was answered right since it was missed.
pub const INTERVALS: [u64; 5] = [1, 2, 4, 8, 16];
/// Questions that wait at most; beyond it, the one that is due last is forgotten.
const MOST_CARDS: usize = 5_000;
/// Bytes of an id that is kept; a longer one is not kept at all.
const LONGEST_ID: usize = 300;

/// Days since 1970-01-01 (UTC).
pub type Day = u64;

/// Everything that is known of a learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The version of the form: [`VERSION`].
    pub version: u32,
    /// How many answers were right.
    #[serde(default)]
    pub right: u64,
    /// How many were wrong.
    #[serde(default)]
    pub wrong: u64,
    /// Lessons that were begun, by id.
    #[serde(default)]
    pub lessons: BTreeMap<String, Begun>,
    /// Questions that were missed and wait to come back, by id.
    #[serde(default)]
    pub cards: BTreeMap<String, Card>,
    /// Misconceptions that an answer betrayed, by id.
    #[serde(default)]
    pub misconceptions: BTreeMap<String, Met>,
}

/// A lesson that was begun.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// The page where the learner was last, from 1.
    pub page: u32,
    /// When it was played last.
    pub last: Day,
    /// When it was first played to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Day>,
}

/// A question that was missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// How often it was answered right since, each time when it was due.
    pub stage: u32,
    /// When it comes back.
    pub due: Day,
    /// How often it was missed.
    pub missed: u32,
}

/// A misconception that an answer betrayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Met {
    /// How often.
    pub times: u32,
    /// When it was last.
    pub last: Day,
    /// The questions that betrayed it and were not answered right since. None: it is overcome.
    #[serde(default)]
    pub open: BTreeSet<String>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            version: VERSION,
            right: 0,
            wrong: 0,
            lessons: BTreeMap::new(),
            cards: BTreeMap::new(),
            misconceptions: BTreeMap::new(),
        }
    }
}

impl Progress {
    /// Notes that a lesson was left at `page` (from 1), and whether it was played to its end.
    pub fn record_lesson(&mut self, id: &str, page: u32, done: bool, day: Day) {
        if id.len() > LONGEST_ID {
            return;
        }
        let lesson = self.lessons.entry(id.to_owned()).or_default();
        (lesson.page, lesson.last) = (page, day);
        if done {
            lesson.done = lesson.done.or(Some(day));
        }
    }

    /// Notes the page that a play has come to, and its answers; the first `told` of them were noted before.
    pub fn record_play(&mut self, record: &Record, told: usize, day: Day) {
        let page = u32::try_from(record.page + 1).unwrap_or(u32::MAX);
        self.record_lesson(&record.lesson, page, record.done, day);
        for answer in record.answers.iter().skip(told).filter(|a| a.result != Mark::Skipped) {
            let question = format!("{}/{}", record.lesson, answer.question);
            let right = answer.result == Mark::Right;
            self.record_answer(&question, right, answer.misconception.as_deref(), day);
        }
    }

    /// Notes an answer, and the misconception that it betrays.
    pub fn record_answer(&mut self, question: &str, right: bool, betrays: Option<&str>, day: Day) {
        if right {
            self.right = self.right.saturating_add(1);
        } else {
            self.wrong = self.wrong.saturating_add(1);
        }
        if question.len() > LONGEST_ID {
            return;
        }
        if right {
            self.answered_right(question, day);
        } else {
            let missed = self.cards.get(question).map_or(0, |c| c.missed).saturating_add(1);
            self.cards.insert(question.to_owned(), Card { stage: 0, due: day.saturating_add(INTERVALS[0]), missed });
            if self.cards.len() > MOST_CARDS {
                let last = self.cards.iter().max_by_key(|(_, c)| c.due).map(|(id, _)| id.clone());
                last.and_then(|id| self.cards.remove(&id));
            }
        }
        if let Some(id) = betrays.filter(|id| !right && id.len() <= LONGEST_ID) {
            let met = self.misconceptions.entry(id.to_owned()).or_default();
            (met.times, met.last) = (met.times.saturating_add(1), day);
            if met.open.len() < MOST_CARDS {
                met.open.insert(question.to_owned());
            }
        }
    }

    fn answered_right(&mut self, question: &str, day: Day) {
        for met in self.misconceptions.values_mut() {
            met.open.remove(question);
        }
        let Some(card) = self.cards.get_mut(question) else { return };
        // Right on the same day says little: only what was due goes on to the next interval.
        if day < card.due {
            return;
        }
        card.stage = card.stage.saturating_add(1);
        let interval = usize::try_from(card.stage).ok().and_then(|stage| INTERVALS.get(stage));
        match interval {
            Some(days) => card.due = day.saturating_add(*days),
            None => drop(self.cards.remove(question)),
        }
    }

    /// The questions that are due on this day, those that have waited longest first.
    pub fn due(&self, day: Day) -> Vec<&str> {
        let mut due: Vec<_> = self.cards.iter().filter(|(_, c)| c.due <= day).collect();
        due.sort_by_key(|&(id, c)| (c.due, id));
        due.into_iter().map(|(id, _)| id.as_str()).collect()
    }

    /// The next day on which something is due, where nothing is due before `day`.
    pub fn next_due(&self, day: Day) -> Option<Day> {
        self.cards.values().map(|c| c.due).filter(|&due| due > day).min()
    }
}

impl Met {
    /// Every question that betrayed it was answered right since.
    pub fn is_overcome(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_question_comes_back_after_1_2_4_8_and_16_days_and_then_no_more() {
        let mut progress = Progress::default();
        progress.record_answer("q", false, None, 100);
        let mut day = 100;
        for interval in INTERVALS {
            assert_eq!(progress.due(day), [""; 0]);
            day += interval;
            assert!(progress.due(day - 1).is_empty());
            assert_eq!(progress.due(day), ["q"], "{interval}");
            progress.record_answer("q", true, None, day);
        }
        assert!(progress.cards.is_empty());
        assert_eq!((progress.right, progress.wrong), (5, 1));
    }

    #[test]
    fn right_before_it_is_due_does_not_count_and_wrong_begins_anew() {
        let mut progress = Progress::default();
        progress.record_answer("q", false, None, 100);
        progress.record_answer("q", true, None, 100);
        assert_eq!(progress.due(101), ["q"]);
        progress.record_answer("q", true, None, 101);
        progress.record_answer("q", false, None, 103);
        assert_eq!(progress.cards["q"], Card { stage: 0, due: 104, missed: 2 });
    }

    #[test]
    fn a_misconception_is_overcome_when_all_that_betrayed_it_is_answered_right() {
        let mut progress = Progress::default();
        progress.record_answer("a", false, Some("ack-means-arrived"), 1);
        progress.record_answer("b", false, Some("ack-means-arrived"), 1);
        progress.record_answer("a", true, None, 2);
        assert!(!progress.misconceptions["ack-means-arrived"].is_overcome());
        progress.record_answer("b", true, None, 2);
        let met = &progress.misconceptions["ack-means-arrived"];
        assert!(met.is_overcome() && met.times == 2);
    }

    #[test]
    fn a_lesson_that_was_done_once_stays_done() {
        let mut progress = Progress::default();
        progress.record_lesson("arp", 3, false, 10);
        assert_eq!(progress.lessons["arp"].done, None);
        progress.record_lesson("arp", 9, true, 11);
        progress.record_lesson("arp", 1, false, 12);
        assert_eq!(progress.lessons["arp"], Begun { page: 1, last: 12, done: Some(11) });
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let mut progress = Progress::default();
        for i in 0..MOST_CARDS as u64 + 50 {
            progress.record_answer(&format!("q{i}"), false, None, i);
        }
        progress.record_answer(&"long".repeat(1_000), false, Some(&"x".repeat(1_000)), 1);
        assert_eq!((progress.cards.len(), progress.misconceptions.len()), (MOST_CARDS, 0));
        progress.record_answer("late", false, None, Day::MAX);
        assert_eq!(progress.next_due(Day::MAX), None);
    }
}
