//! A class, without a network, a clock or a screen: who is here, what was voted, and what the teacher may do next.
//!
//! [`Session::take`] takes an [`Input`] and the time. What comes of it is in [`views`](super::views). An input that was
//! taken always gives the same class again, so that a list of them is a journal.
//!
//! The flow of a slide that asks (Smith et al. 2009: predict alone, discuss, predict again):
//!
//! ```text
//! look ─open─► vote ─close─► closed ─reveal─► revealed ─what-if─► what-if
//!               ▲               │ discuss         └─transfer─► look, on other packets
//!               └────again── discuss
//! ```

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deck::{Deck, Side, Slide};
use super::names;
use crate::ask::entry::LONGEST;
use crate::ask::session::Millis;
use crate::ask::{Task, Verdict};

/// Members that a class has room for, unless it is told otherwise.
pub const MEMBERS: usize = 1_000;
/// Votes on one question.
pub const ROUNDS: usize = 6;
/// The most hands that can be counted for one choice.
pub const HANDS: u32 = 10_000;
/// The longest token, in bytes.
pub const TOKEN: usize = 64;

/// A member's number. Given in order, and never twice.
pub type Id = u32;

/// Where the class is on its slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the first slide: people come in.
    #[default]
    Lobby,
    /// The slide is shown; nothing is voted on.
    Look,
    /// Everybody votes alone.
    Vote,
    /// The vote is closed, and nobody has seen what was right.
    Closed,
    /// Neighbours talk.
    Discuss,
    /// The answer is shown.
    Revealed,
    /// Both timelines are shown.
    WhatIf,
    /// After the last slide: what was believed, and what is left of it.
    Board,
}

/// What the teacher wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Let everybody vote.
    Open,
    /// End the vote.
    Close,
    /// Show the hint.
    Hint,
    /// Let neighbours talk.
    Discuss,
    /// Vote again.
    Again,
    /// Show the answer.
    Reveal,
    /// Show what happens if something breaks.
    WhatIf,
    /// To the next slide; after the last one, to the board.
    Next,
    /// To the slide before.
    Back,
    /// To the same question on other packets.
    Transfer,
    /// To this slide, from 0.
    Go(usize),
    /// Hands that were counted, for each choice in order. They take the place of those counted before.
    Hands(Vec<u32>),
    /// Let nobody new in.
    Lock,
    /// Let them in again.
    Unlock,
    /// To the board, for good.
    End,
}

impl Command {
    /// All that are one word, in the order in which they are offered.
    pub const WORDS: [Self; 13] = [
        Self::Open,
        Self::Close,
        Self::Hint,
        Self::Discuss,
        Self::Again,
        Self::Reveal,
        Self::WhatIf,
        Self::Transfer,
        Self::Next,
        Self::Back,
        Self::Lock,
        Self::Unlock,
        Self::End,
    ];
}

/// Something that happens to a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Somebody comes in, or comes back.
    Join {
        /// The token of a member who comes back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The token that a new member gets: nobody can guess it.
        fresh: String,
        /// What the new member's pseudonym is drawn from.
        dice: u64,
    },
    /// A connection of a member is gone.
    Leave {
        /// Whose.
        member: Id,
    },
    /// A member votes, or votes differently.
    Vote {
        /// Who.
        member: Id,
        /// On which slide, from 0.
        slide: usize,
        /// In which round, from 1.
        round: usize,
        /// The answer, as [`Task::judge`] takes it.
        given: String,
        /// Whether the member is sure of it.
        sure: bool,
    },
    /// The teacher wants something.
    Command(Command),
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// This member is here; a new one, or not.
    Joined(Id, bool),
    /// A connection is gone.
    Went,
    /// The vote counts.
    Counted,
    /// Everybody sees something else now.
    Moved,
    /// Only the console sees a difference.
    Noted,
}

/// Why an input was not taken. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no room.
    #[error("the class is full")]
    Full,
    /// The teacher has locked the class.
    #[error("the class is locked; ask your teacher")]
    Locked,
    /// No member has this number, or the token is no token.
    #[error("you are not in this class; load the page again")]
    Stranger,
    /// The vote that is meant is not open.
    #[error("this vote is closed")]
    Closed,
    /// The answer cannot be understood.
    #[error("this is no answer to the question; write {0}")]
    Unclear(String),
    /// The teacher cannot do this now.
    #[error("this can't be done now")]
    NotNow,
    /// Hands that cannot be counted so.
    #[error("hands are counted for each choice, {0} numbers of at most {HANDS}")]
    Hands(usize),
}

/// A class.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    #[serde(skip)]
    pub(super) deck: Arc<Deck>,
    /// How many may be here.
    most: usize,
    pub(super) members: BTreeMap<Id, Member>,
    last: Id,
    #[serde(skip)]
    by_token: HashMap<String, Id>,
    /// The slide, from 0.
    pub(super) at: usize,
    pub(super) phase: Phase,
    pub(super) sheets: Vec<Sheet>,
    pub(super) locked: bool,
    /// Nothing more is voted on.
    pub(super) over: bool,
    /// When the first slide was shown.
    pub(super) begun: Option<Millis>,
    /// When this slide was shown.
    pub(super) came: Millis,
    /// The time of the last input.
    now: Millis,
}

/// Somebody who votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    /// The pseudonym.
    pub(super) name: String,
    /// What the page shows to come back.
    pub(super) token: String,
    /// Connections that are open.
    pub(super) links: u32,
}

/// What happened on a slide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Sheet {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rounds: Vec<Round>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) hinted: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) revealed: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) broken: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it on so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// One vote of the class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) votes: BTreeMap<Id, Vote>,
    /// Hands for each choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) hands: Vec<u32>,
    /// When it was opened.
    pub(super) opened: Millis,
}

/// One member's vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vote {
    pub(super) given: String,
    pub(super) sure: bool,
    pub(super) verdict: Verdict,
}

impl Session {
    /// A class before its first slide, with room for `most` members.
    pub fn new(deck: Arc<Deck>, most: usize) -> Self {
        let sheets = vec![Sheet::default(); deck.slides.len()];
        Self {
            deck,
            most,
            members: BTreeMap::new(),
            last: 0,
            by_token: HashMap::new(),
            at: 0,
            phase: Phase::Lobby,
            sheets,
            locked: false,
            over: false,
            begun: None,
            came: 0,
            now: 0,
        }
    }

    /// Goes on with a class that was read back; `None` where its slides are others. Everybody has to come back.
    #[must_use]
    pub fn resumed(mut self, deck: Arc<Deck>) -> Option<Self> {
        if self.sheets.len() != deck.slides.len() || self.at >= deck.slides.len().max(1) {
            return None;
        }
        self.deck = deck;
        self.by_token = self.members.iter().map(|(&id, member)| (member.token.clone(), id)).collect();
        Some(self)
    }

    /// Nobody is connected any more.
    pub fn all_left(&mut self) {
        self.members.values_mut().for_each(|member| member.links = 0);
    }

    /// Takes an input at a time, in milliseconds since the class began.
    ///
    /// # Errors
    /// Why it is not taken; then nothing has changed.
    pub fn take(&mut self, input: &Input, now: Millis) -> Result<Done, Refused> {
        let done = match input {
            Input::Join { token, fresh, dice } => self.join(token.as_deref(), fresh, *dice),
            Input::Leave { member } => {
                let member = self.members.get_mut(member).ok_or(Refused::Stranger)?;
                member.links = member.links.saturating_sub(1);
                Ok(Done::Went)
            }
            Input::Vote { member, slide, round, given, sure } => self.vote(*member, (*slide, *round), given, *sure),
            Input::Command(command) => self.command(command, now),
        }?;
        self.now = now.max(self.now);
        Ok(done)
    }

    /// The time of the last input.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Where the class is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The number of the slide, from 0.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The slides.
    pub fn deck(&self) -> &Deck {
        &self.deck
    }

    /// How many may be here.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Members by number.
    pub fn members(&self) -> impl Iterator<Item = Id> {
        self.members.keys().copied()
    }

    /// The token and the pseudonym of a member.
    pub fn member(&self, id: Id) -> Option<(&str, &str)> {
        self.members.get(&id).map(|member| (member.token.as_str(), member.name.as_str()))
    }

    /// Whether this is a member's token.
    pub fn knows(&self, token: &str) -> bool {
        self.by_token.contains_key(token)
    }

    /// The slide that is shown.
    pub(super) fn slide(&self) -> Option<&Slide> {
        self.deck.slides.get(self.at)
    }

    pub(super) fn sheet(&self) -> Option<&Sheet> {
        self.sheets.get(self.at)
    }

    pub(super) fn task(&self) -> Option<&Task> {
        self.slide()?.task.as_ref()
    }

    /// Whether the answer of this slide may be seen by all.
    pub fn is_revealed(&self) -> bool {
        self.sheet().is_some_and(|sheet| sheet.revealed)
    }

    /// Whether the answer of this slide, from 1, may be seen by all.
    pub fn is_revealed_at(&self, slide: usize) -> bool {
        let sheet = slide.checked_sub(1).and_then(|slide| self.sheets.get(slide));
        sheet.is_some_and(|sheet| sheet.revealed)
    }

    /// What a member voted on this slide, from 1, in this round, from 1; and whether it was sure.
    pub fn voted(&self, member: Id, slide: usize, round: usize) -> Option<(&str, bool)> {
        let sheet = self.sheets.get(slide.checked_sub(1)?)?;
        let vote = sheet.rounds.get(round.checked_sub(1)?)?.votes.get(&member)?;
        Some((&vote.given, vote.sure))
    }

    // ---- members

    fn join(&mut self, token: Option<&str>, fresh: &str, dice: u64) -> Result<Done, Refused> {
        let known = token.and_then(|token| self.by_token.get(token)).copied();
        if let Some((id, member)) = known.and_then(|id| Some((id, self.members.get_mut(&id)?))) {
            member.links = member.links.saturating_add(1);
            return Ok(Done::Joined(id, false));
        }
        if self.locked {
            return Err(Refused::Locked);
        }
        if fresh.is_empty() || fresh.len() > TOKEN || self.by_token.contains_key(fresh) {
            return Err(Refused::Stranger);
        }
        if self.members.len() >= self.most && !self.make_room() {
            return Err(Refused::Full);
        }
        let name = names::deal(dice, |name| self.members.values().any(|member| member.name == name));
        self.last += 1;
        self.members.insert(self.last, Member { name, token: fresh.to_owned(), links: 1 });
        self.by_token.insert(fresh.to_owned(), self.last);
        Ok(Done::Joined(self.last, true))
    }

    /// Forgets the first member who has gone without ever voting; whether there was one.
    fn make_room(&mut self) -> bool {
        let voted = |id: &Id| self.sheets.iter().flat_map(|s| &s.rounds).any(|round| round.votes.contains_key(id));
        let gone = self.members.iter().find(|(id, member)| member.links == 0 && !voted(id)).map(|(&id, _)| id);
        let Some(member) = gone.and_then(|id| self.members.remove(&id)) else { return false };
        self.by_token.remove(&member.token);
        true
    }

    // ---- votes

    fn vote(&mut self, member: Id, (slide, round): (usize, usize), given: &str, sure: bool) -> Result<Done, Refused> {
        if !self.members.contains_key(&member) {
            return Err(Refused::Stranger);
        }
        let open = self.phase == Phase::Vote && slide == self.at;
        let task = self.deck.slides.get(slide).and_then(|slide| slide.task.as_ref());
        let sheet = self.sheets.get_mut(slide).filter(|sheet| open && round == sheet.rounds.len());
        let (Some(task), Some(round)) = (task, sheet.and_then(|sheet| sheet.rounds.last_mut())) else {
            return Err(Refused::Closed);
        };
        let given = given.trim();
        let sound = given.chars().take(LONGEST + 1).count() <= LONGEST && !given.chars().any(char::is_control);
        let verdict = if sound { task.judge(given) } else { None };
        let verdict = verdict.ok_or_else(|| Refused::Unclear(task.how()))?;
        round.votes.insert(member, Vote { given: given.to_owned(), sure, verdict });
        Ok(Done::Counted)
    }

    // ---- the teacher

    /// Whether the teacher can do this now.
    pub fn allows(&self, command: &Command) -> bool {
        use Phase::{Board, Closed, Discuss, Lobby, Look, Revealed, Vote};
        let (phase, sheet) = (self.phase, self.sheet());
        let on_slide = !matches!(phase, Lobby | Board);
        let asks = on_slide && self.task().is_some() && sheet.is_some_and(|sheet| !sheet.revealed);
        let again = asks && sheet.is_some_and(|sheet| (1..ROUNDS).contains(&sheet.rounds.len()));
        if self.over {
            return false;
        }
        match command {
            Command::Open => asks && phase == Look,
            Command::Close => phase == Vote,
            Command::Hint => {
                asks && sheet.is_some_and(|sheet| !sheet.hinted) && self.slide().is_some_and(|s| s.hint.is_some())
            }
            Command::Discuss => again && matches!(phase, Vote | Closed),
            Command::Again => again && matches!(phase, Closed | Discuss),
            Command::Reveal => asks,
            Command::WhatIf => {
                let breaks = self.slide().is_some_and(|slide| slide.outcome.is_some());
                breaks && !asks && matches!(phase, Look | Revealed)
            }
            Command::Next => phase != Board && !self.deck.slides.is_empty(),
            Command::Back => phase != Lobby && !(phase == Look && self.at == 0),
            Command::Transfer => {
                let beside = self.deck.slides.get(self.at + 1).and_then(|slide| slide.side);
                matches!(phase, Revealed | Phase::WhatIf) && beside == Some(Side::Transfer)
            }
            Command::Go(to) => self.deck.slides.get(*to).is_some_and(|slide| {
                let first = to.checked_sub(1).and_then(|first| self.sheets.get(first));
                slide.side != Some(Side::Transfer) || first.is_some_and(|sheet| sheet.revealed)
            }),
            Command::Hands(_) => {
                let choose = matches!(self.task(), Some(Task::Choose { .. }));
                asks && choose && matches!(phase, Vote | Closed | Discuss)
            }
            Command::Lock => !self.locked,
            Command::Unlock => self.locked,
            Command::End => true,
        }
    }

    fn command(&mut self, command: &Command, now: Millis) -> Result<Done, Refused> {
        if !self.allows(command) {
            return Err(Refused::NotNow);
        }
        match command {
            Command::Open | Command::Again => {
                let round = Round { opened: now, ..Round::default() };
                self.with_sheet(|sheet| sheet.rounds.push(round));
                self.phase = Phase::Vote;
            }
            Command::Close => self.phase = Phase::Closed,
            Command::Hint => self.with_sheet(|sheet| sheet.hinted = true),
            Command::Discuss => self.phase = Phase::Discuss,
            Command::Reveal => {
                self.with_sheet(|sheet| sheet.revealed = true);
                self.phase = Phase::Revealed;
            }
            Command::WhatIf => {
                self.with_sheet(|sheet| sheet.broken = true);
                self.phase = Phase::WhatIf;
            }
            Command::Next => match self.deck.after(self.at) {
                _ if self.phase == Phase::Lobby => self.go(0, now),
                Some(next) => self.go(next, now),
                None => self.phase = Phase::Board,
            },
            Command::Back => self.go(self.before(), now),
            Command::Transfer => self.go(self.at + 1, now),
            Command::Go(to) => self.go(*to, now),
            Command::Hands(hands) => return self.count_hands(hands),
            Command::Lock | Command::Unlock => self.locked = *command == Command::Lock,
            Command::End => (self.over, self.phase) = (true, Phase::Board),
        }
        Ok(Done::Moved)
    }

    fn with_sheet(&mut self, change: impl FnOnce(&mut Sheet)) {
        if let Some(sheet) = self.sheets.get_mut(self.at) {
            change(sheet);
        }
    }

    /// The slide that Back leads to: beside the way only where something was asked there.
    fn before(&self) -> usize {
        let end = if self.phase == Phase::Board { self.at + 1 } else { self.at };
        let mut slides = self.deck.slides.iter().zip(&self.sheets).take(end);
        slides.rposition(|(slide, sheet)| slide.side.is_none() || !sheet.rounds.is_empty()).unwrap_or(0)
    }

    /// To a slide, as it was left.
    fn go(&mut self, slide: usize, now: Millis) {
        self.begun.get_or_insert(now);
        (self.at, self.came) = (slide, now);
        self.phase = match self.sheet() {
            Some(sheet) if sheet.broken => Phase::WhatIf,
            Some(sheet) if sheet.revealed => Phase::Revealed,
            Some(sheet) if !sheet.rounds.is_empty() => Phase::Closed,
            _ => Phase::Look,
        };
    }

    fn count_hands(&mut self, hands: &[u32]) -> Result<Done, Refused> {
        let Some(Task::Choose { choices, .. }) = self.task() else { return Err(Refused::NotNow) };
        let wanted = choices.len();
        if hands.len() != wanted || hands.iter().any(|&count| count > HANDS) {
            return Err(Refused::Hands(wanted));
        }
        let hands = hands.to_vec();
        self.with_sheet(|sheet| {
            if let Some(round) = sheet.rounds.last_mut() {
                round.hands = hands;
            }
        });
        Ok(Done::Noted)
    }
}

#[cfg(test)]
mod tests;
