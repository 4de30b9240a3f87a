//! Who may see what of a class. Students and stage see the answer once it is revealed, and never who voted how; the
//! console sees what the votes betray before that.

use serde::Serialize;

use super::board::Board;
use super::deck::{Note, Side, Slide};
use super::session::{Command, Id, Phase, Session, Vote};
use super::tally::{Advice, Bar, Change, Held, Share, bars, change, held, others, share};
use crate::ask::session::Millis;
use crate::ask::{Refuted, Task, misconception, task};

/// What everybody may see.
#[derive(Debug, Serialize)]
pub struct Shown<'s> {
    /// The lesson's heading.
    pub title: &'s str,
    /// Which slide, from 1: what a vote names.
    pub slide: usize,
    /// Its number on the way.
    pub place: usize,
    /// How many are on the way.
    pub places: usize,
    /// It asks the question before once more, on other packets.
    pub transfer: bool,
    /// Where the class is on it.
    pub phase: Phase,
    /// Which vote, from 1; 0 before the first.
    pub round: usize,
    /// Nobody new is let in.
    pub locked: bool,
    /// Nothing more is voted on.
    pub over: bool,
    /// What is asked, in words.
    pub prompt: &'s str,
    /// What is asked, without its answer.
    pub task: Option<task::Asked<'s>>,
    /// What each number is called, where several are asked for.
    pub blanks: Vec<&'s str>,
    /// The hint, once it is shown.
    pub hint: Option<&'s str>,
    /// The answer, once it is revealed.
    pub answer: Option<Revealed<'s>>,
    /// The board, at the end.
    pub board: Option<Board>,
}

/// The answer, and what the votes were.
#[derive(Debug, Serialize)]
pub struct Revealed<'s> {
    /// The right answer, as somebody would write it.
    pub right: String,
    /// The same in words.
    pub words: String,
    /// Why it is right.
    pub why: &'s str,
    /// How many gave each answer, in each vote.
    pub bars: Vec<Bar>,
    /// What those who held each of these believe, and why it is wrong.
    pub refuted: Vec<Refuted>,
    /// How many were right in each vote.
    pub shares: Vec<Share>,
    /// Who moved between the first vote and the last.
    pub change: Option<Change>,
}

/// What changes often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Members who are here, or have answered.
    pub here: usize,
    /// Members who have answered.
    pub answered: usize,
}

/// What one member sees of itself.
#[derive(Debug, Serialize)]
pub struct You<'s> {
    /// The pseudonym.
    pub name: &'s str,
    /// The vote in this round, or the last one before it.
    pub given: Option<&'s str>,
    /// Whether the member is sure of it.
    pub sure: Option<bool>,
    /// In which round it was cast.
    pub round: usize,
    /// What it was worth, once the answer is revealed.
    pub told: Option<Told<'s>>,
}

/// What a member's last vote was worth.
#[derive(Debug, Serialize)]
pub struct Told<'s> {
    /// It is right.
    pub right: bool,
    /// What is said to those who answered so.
    pub said: Option<&'s str>,
    /// The misconception that it betrays.
    pub betrays: Option<Refuted>,
}

/// What the teacher sees beside that.
#[derive(Debug, Serialize)]
pub struct Console<'s> {
    /// What the two large buttons do.
    pub buttons: [Option<Command>; 2],
    /// All that can be done now.
    pub can: Vec<Command>,
    /// What the last vote suggests.
    pub advice: Option<Advice>,
    /// How many gave each answer, in each vote.
    pub bars: Vec<Bar>,
    /// The misconceptions that the last vote betrays.
    pub held: Vec<Held>,
    /// Answers that nobody foresaw.
    pub others: Vec<(String, u32)>,
    /// How many were right in each vote.
    pub shares: Vec<Share>,
    /// Who moved.
    pub change: Option<Change>,
    /// The hint, also before it is shown.
    pub hint: Option<&'s str>,
    /// The right answer in words.
    pub words: Option<String>,
    /// What the lesson tells the teacher.
    pub note: Option<&'s Note>,
    /// What the next slide is about.
    pub next: Option<&'s str>,
    /// How long this slide, and the class, have been going on.
    pub clock: Option<Clock>,
    /// Milliseconds since the vote was opened.
    pub since: Option<Millis>,
    /// Hands can be counted now: what was counted.
    pub hands: Option<Vec<u32>>,
    /// Members who have lost the connection.
    pub gone: usize,
}

/// How long something has been going on, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// This slide.
    pub slide: Millis,
    /// The class.
    pub class: Millis,
}

impl Session {
    /// What everybody may see.
    pub fn shown(&self) -> Shown<'_> {
        let on_slide = !matches!(self.phase, Phase::Lobby | Phase::Board);
        let slide = self.slide().filter(|_| on_slide);
        let (task, sheet) = (slide.and_then(|slide| slide.task.as_ref()), self.sheet());
        let blanks = match task {
            Some(Task::Blanks { right }) => right.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        };
        Shown {
            title: &self.deck.title,
            slide: self.at + 1,
            place: self.deck.place(self.at),
            places: self.deck.place(self.deck.slides.len()),
            transfer: slide.is_some_and(|slide| slide.side == Some(Side::Transfer)),
            phase: self.phase,
            round: sheet.filter(|_| on_slide).map_or(0, |sheet| sheet.rounds.len()),
            locked: self.locked,
            over: self.over,
            prompt: slide.map_or("", |slide| &slide.prompt),
            task: task.map(Task::asked),
            blanks,
            hint: slide.filter(|_| sheet.is_some_and(|s| s.hinted || s.revealed)).and_then(|s| s.hint.as_deref()),
            answer: self.revealed().filter(|_| on_slide),
            board: (self.phase == Phase::Board).then(|| self.board()),
        }
    }

    /// The answer, if everybody may see it.
    fn revealed(&self) -> Option<Revealed<'_>> {
        let (slide, sheet) = (self.slide()?, self.sheet().filter(|sheet| sheet.revealed)?);
        let task = slide.task.as_ref()?;
        let bars = bars(task, &sheet.rounds);
        let held_by_some = |bar: &&Bar| bar.cells.iter().any(|cell| cell.count > 0);
        let mut refuted: Vec<Refuted> = Vec::new();
        for misconception in bars.iter().filter(held_by_some).filter_map(|bar| misconception(bar.betrays?)) {
            if refuted.iter().all(|known| known.id != misconception.id) {
                refuted.push(misconception.refuted(self.deck.audience));
            }
        }
        Some(Revealed {
            right: task.right(),
            words: words(task),
            why: &slide.why,
            refuted,
            shares: sheet.rounds.iter().map(|round| share(task, round)).collect(),
            change: self.change(),
            bars,
        })
    }

    fn change(&self) -> Option<Change> {
        match self.sheet()?.rounds.as_slice() {
            [first, .., last] => Some(change(first, last)),
            _ => None,
        }
    }

    /// How many are here, and have answered.
    pub fn count(&self) -> Count {
        let votes = self.sheet().and_then(|sheet| sheet.rounds.last()).map(|round| &round.votes);
        let voted = |id: &Id| votes.is_some_and(|votes| votes.contains_key(id));
        let here = self.members.iter().filter(|(id, member)| member.links > 0 || voted(id)).count();
        Count { here, answered: votes.map_or(0, std::collections::BTreeMap::len) }
    }

    /// What a member sees of itself.
    pub fn you(&self, id: Id) -> Option<You<'_>> {
        let member = self.members.get(&id)?;
        let on_slide = !matches!(self.phase, Phase::Lobby | Phase::Board);
        let sheet = self.sheet().filter(|_| on_slide);
        let mut rounds = sheet.into_iter().flat_map(|sheet| sheet.rounds.iter().enumerate().rev());
        let vote = rounds.find_map(|(at, round)| Some((at + 1, round.votes.get(&id)?)));
        let (round, vote) = vote.map_or((0, None), |(round, vote)| (round, Some(vote)));
        Some(You {
            name: &member.name,
            given: vote.map(|vote| vote.given.as_str()),
            sure: vote.map(|vote| vote.sure),
            round,
            told: vote.filter(|_| self.is_revealed()).map(|vote| self.told(vote)),
        })
    }

    fn told(&self, vote: &Vote) -> Told<'_> {
        let place = vote.verdict.place.filter(|_| matches!(self.task(), Some(Task::Choose { .. })));
        Told {
            right: vote.verdict.right,
            said: self.slide().and_then(|slide| slide.replies.get(place?)?.as_deref()),
            betrays: vote
                .verdict
                .betrays
                .filter(|_| !vote.verdict.right)
                .and_then(misconception)
                .map(|m| m.refuted(self.deck.audience)),
        }
    }

    /// The slide that Next leads to.
    fn next(&self) -> Option<&Slide> {
        let next = match self.phase {
            Phase::Lobby => Some(0),
            Phase::Board => None,
            _ => self.deck.after(self.at),
        };
        self.deck.slides.get(next?)
    }

    /// What the teacher sees beside what everybody sees.
    pub fn console(&self, now: Millis) -> Console<'_> {
        let on_slide = !matches!(self.phase, Phase::Lobby | Phase::Board);
        let (slide, sheet) = (self.slide().filter(|_| on_slide), self.sheet().filter(|_| on_slide));
        let task = slide.and_then(|slide| slide.task.as_ref());
        let rounds = sheet.map_or(&[][..], |sheet| &sheet.rounds);
        let bars = task.map_or_else(Vec::new, |task| bars(task, rounds));
        let last = rounds.last();
        let choices = bars.len();
        Console {
            buttons: self.buttons(),
            can: Command::WORDS.into_iter().filter(|command| self.allows(command)).collect(),
            advice: self.advice().filter(|_| on_slide && self.phase != Phase::Vote),
            held: held(&bars),
            others: task.zip(last).map_or_else(Vec::new, |(task, round)| others(task, round)),
            shares: task.map_or_else(Vec::new, |task| rounds.iter().map(|round| share(task, round)).collect()),
            change: self.change().filter(|_| on_slide),
            hint: slide.and_then(|slide| slide.hint.as_deref()),
            words: task.map(words),
            note: slide.and_then(|slide| slide.note.as_ref()),
            next: self.next().map(|slide| slide.about.as_str()),
            clock: self
                .begun
                .filter(|_| !self.over)
                .map(|begun| Clock { slide: now.saturating_sub(self.came), class: now.saturating_sub(begun) }),
            since: last.filter(|_| self.phase == Phase::Vote).map(|round| now.saturating_sub(round.opened)),
            hands: last.filter(|_| self.allows(&Command::Hands(Vec::new()))).map(|round| {
                let mut hands = round.hands.clone();
                hands.resize(choices, 0);
                hands
            }),
            bars,
            gone: self.members.values().filter(|member| member.links == 0).count(),
        }
    }
}

/// The right answer in words: an order as its items.
fn words(task: &Task) -> String {
    match task {
        Task::Order { items, right } => {
            let item = |&place: &usize| items.get(place).map(String::as_str);
            right.iter().filter_map(item).collect::<Vec<_>>().join(" → ")
        }
        _ => task.answer(),
    }
}
