//! What the votes on one question say: how many gave each answer, which misconception that betrays, what to do next,
//! and who moved between the first vote and the last.

use std::collections::BTreeMap;

use serde::Serialize;

use super::session::{Command, Id, Phase, Round, Session};
use crate::ask::bank::Belief;
use crate::ask::{Task, Verdict, misconception};

/// Below this share of right answers, a hint; above the other, the answer; between them, talk (Smith et al. 2009).
const HINT_BELOW: u32 = 30;
const REVEAL_ABOVE: u32 = 70;
/// How many unforeseen answers the console shows.
const OTHERS: usize = 5;

/// How many gave an answer in one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// All.
    pub count: u32,
    /// Those who are sure.
    pub sure: u32,
}

/// One answer, and how many gave it in each round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The answer.
    pub text: String,
    /// It is right.
    pub right: bool,
    /// The misconception that it betrays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub betrays: Option<Belief>,
    /// One for each round.
    pub cells: Vec<Cell>,
}

/// What the last vote suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// Few are right: give a hint, vote again.
    Hint,
    /// Some are right: let neighbours talk, vote again.
    Discuss,
    /// Most are right, or it was voted on twice: show the answer.
    Reveal,
}

/// Who moved between the first vote and the last: those who took part in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Wrong, then right.
    pub gained: u32,
    /// Right, then wrong.
    pub lost: u32,
    /// Right both times.
    pub stayed: u32,
    /// Wrong both times.
    pub missed: u32,
}

/// How many were right, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Right answers.
    pub right: u32,
    /// All answers.
    pub of: u32,
}

impl Share {
    /// In per cent, rounded down; `None` without an answer.
    pub fn percent(self) -> Option<u32> {
        self.right.saturating_mul(100).checked_div(self.of)
    }
}

/// The answers that a question knows, without counts.
fn answers(task: &Task) -> Vec<Bar> {
    let bar = |text: String, right, betrays| Bar { text, right, betrays, cells: Vec::new() };
    match task {
        Task::Choose { choices, right } => {
            choices.iter().enumerate().map(|(i, c)| bar(c.text.clone(), i == *right, c.betrays)).collect()
        }
        Task::Packet { packets, right } => {
            packets.iter().map(|p| bar(format!("{}: {}", p.number, p.text), p.number == *right, p.betrays)).collect()
        }
        Task::Number { slips, .. } | Task::Text { slips, .. } => {
            let known = slips.iter().map(|slip| bar(slip.answer.shown(), false, slip.betrays));
            let other = bar("another answer".to_owned(), false, None);
            [bar(task.answer(), true, None)].into_iter().chain(known).chain([other]).collect()
        }
        Task::Order { .. } | Task::Bytes { .. } | Task::Blanks { .. } => {
            vec![bar(task.answer(), true, None), bar("another answer".to_owned(), false, None)]
        }
    }
}

/// Which of [`answers`] a verdict is about.
fn place(task: &Task, verdict: &Verdict, of: usize) -> usize {
    match (task, verdict.place) {
        (Task::Choose { .. } | Task::Packet { .. }, Some(place)) => place,
        _ if verdict.right => 0,
        (_, Some(slip)) => slip + 1,
        (_, None) => of.saturating_sub(1),
    }
}

/// Whether an answer to this question can betray that.
pub(super) fn can_betray(task: &Task, belief: Belief) -> bool {
    answers(task).iter().any(|bar| bar.betrays == Some(belief))
}

/// Every known answer, and how many gave it in each of these rounds.
pub(super) fn bars(task: &Task, rounds: &[Round]) -> Vec<Bar> {
    let mut bars = answers(task);
    for round in rounds {
        let mut cells = vec![Cell::default(); bars.len()];
        for vote in round.votes.values() {
            if let Some(cell) = cells.get_mut(place(task, &vote.verdict, bars.len())) {
                cell.count += 1;
                cell.sure += u32::from(vote.sure);
            }
        }
        for (cell, hands) in cells.iter_mut().zip(&round.hands) {
            cell.count += hands;
        }
        bars.iter_mut().zip(cells).for_each(|(bar, cell)| bar.cells.push(cell));
    }
    bars
}

/// How many were right in a round.
pub(super) fn share(task: &Task, round: &Round) -> Share {
    let bars = bars(task, std::slice::from_ref(round));
    let count = |bar: &Bar| bar.cells.first().map_or(0, |cell| cell.count);
    Share { right: bars.iter().filter(|bar| bar.right).map(count).sum(), of: bars.iter().map(count).sum() }
}

/// What was given by most, of what nobody foresaw. For the console alone: members typed it.
pub(super) fn others(task: &Task, round: &Round) -> Vec<(String, u32)> {
    let mut counts = BTreeMap::<&str, u32>::new();
    for vote in round.votes.values().filter(|vote| !vote.verdict.right && vote.verdict.place.is_none()) {
        *counts.entry(&vote.given).or_default() += 1;
    }
    if matches!(task, Task::Choose { .. } | Task::Packet { .. }) {
        return Vec::new();
    }
    let mut all: Vec<(String, u32)> = counts.into_iter().map(|(given, n)| (given.to_owned(), n)).collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    all.truncate(OTHERS);
    all
}

/// Who moved between two rounds.
pub(super) fn change(first: &Round, last: &Round) -> Change {
    let mut change = Change::default();
    let both = |(id, before): (&Id, _)| Some((before, last.votes.get(id)?));
    for (before, after) in first.votes.iter().filter_map(both) {
        let before: &super::session::Vote = before;
        *match (before.verdict.right, after.verdict.right) {
            (false, true) => &mut change.gained,
            (true, false) => &mut change.lost,
            (true, true) => &mut change.stayed,
            (false, false) => &mut change.missed,
        } += 1;
    }
    change
}

impl Session {
    /// What the last vote suggests; `None` before there is one.
    pub fn advice(&self) -> Option<Advice> {
        let (task, sheet) = (self.task()?, self.sheet().filter(|sheet| !sheet.revealed)?);
        let percent = share(task, sheet.rounds.last()?).percent()?;
        Some(match percent {
            _ if sheet.rounds.len() > 1 => Advice::Reveal,
            ..HINT_BELOW => Advice::Hint,
            HINT_BELOW..=REVEAL_ABOVE => Advice::Discuss,
            _ => Advice::Reveal,
        })
    }

    /// What the two large buttons of the console do: what comes next, and the other way.
    pub fn buttons(&self) -> [Option<Command>; 2] {
        use Command::{Again, Back, Close, Discuss, End, Hint, Next, Open, Reveal, Transfer, WhatIf};
        let wanted: &[Command] = match (self.phase, self.advice()) {
            (Phase::Lobby, _) => &[Next],
            (Phase::Look, _) => &[Open, WhatIf, Next, Back],
            (Phase::Vote, _) => &[Close, Hint, Reveal],
            (Phase::Closed, Some(Advice::Hint)) => &[Hint, Again, Reveal, Next],
            (Phase::Closed, Some(Advice::Discuss)) => &[Discuss, Reveal, Next],
            (Phase::Closed, _) => &[Reveal, Again, Next],
            (Phase::Discuss, _) => &[Again, Reveal],
            (Phase::Revealed | Phase::WhatIf, _) => &[WhatIf, Next, Transfer, Back],
            (Phase::Board, _) => &[End, Back],
        };
        let mut can = wanted.iter().filter(|command| self.allows(command)).cloned();
        [can.next(), can.next()]
    }
}

/// A misconception that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Its name in the bank.
    pub id: Belief,
    /// What they believe.
    pub claim: &'static str,
    /// How many.
    pub count: u32,
    /// How many of these are sure of it.
    pub sure: u32,
}

/// Who betrayed which misconception in the last of these rounds; the most frequent first.
pub(super) fn held(bars: &[Bar]) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for bar in bars {
        let (Some(claim), Some(cell)) = (bar.betrays.and_then(misconception), bar.cells.last()) else { continue };
        let at = all.iter().position(|held| held.id == claim.id).unwrap_or_else(|| {
            all.push(Held { id: &claim.id, claim: &claim.claim, count: 0, sure: 0 });
            all.len() - 1
        });
        if let Some(held) = all.get_mut(at) {
            held.count += cell.count;
            held.sure += cell.sure;
        }
    }
    all.retain(|held| held.count > 0);
    all.sort_by_key(|held| std::cmp::Reverse(held.count));
    all
}
