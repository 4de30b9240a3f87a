//! What the terminal that runs a class shows of it: the same as the teacher's console.

use super::deck::Note;
use super::session::{Phase, Session};
use super::tally::{Advice, Bar, Change, Held, Share};
use super::views::{Clock, Console, Count};

/// A class at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Panel {
    /// The lesson's heading.
    pub title: String,
    /// The slide, by its number.
    pub place: String,
    /// What happens there.
    pub what: String,
    /// Where the class is on it.
    pub phase: Phase,
    /// Members that came in, whether they are still here or not.
    pub joined: usize,
    /// Members who are here, and who have answered.
    pub count: Count,
    /// Members who have lost the connection.
    pub gone: usize,
    /// Nobody new is let in.
    pub locked: bool,
    /// The slide asks something.
    pub asks: bool,
    /// What it asks.
    pub prompt: String,
    /// The right answer in words.
    pub words: Option<String>,
    /// The hint, also before it is shown.
    pub hint: Option<String>,
    /// How many gave each answer, in each vote.
    pub bars: Vec<Bar>,
    /// The misconceptions that the last vote betrays.
    pub held: Vec<Held>,
    /// How many were right in each vote.
    pub shares: Vec<Share>,
    /// Who moved.
    pub change: Option<Change>,
    /// What the last vote suggests.
    pub advice: Option<Advice>,
    /// What the lesson tells the teacher.
    pub note: Option<Note>,
    /// What the next slide is about.
    pub next: Option<String>,
    /// How long this slide, and the class, have been going on.
    pub clock: Option<Clock>,
    /// The keys that do something now, and what.
    pub keys: Vec<(char, &'static str)>,
    /// What was refused, and how often.
    pub refused: Vec<(String, u32)>,
    /// Why the class is not written.
    pub lost: Option<String>,
}

impl Panel {
    /// A class as it is now; what is refused and lost, the hub knows.
    pub fn of(session: &Session, now: crate::ask::session::Millis) -> Self {
        let Console { advice, bars, held, shares, change, hint, words, note, next, clock, gone, .. } =
            session.console(now);
        let shown = session.shown();
        Self {
            title: shown.title.to_owned(),
            place: session.place(),
            what: session.what(),
            phase: shown.phase,
            joined: session.members().count(),
            count: session.count(),
            gone,
            locked: shown.locked,
            asks: shown.task.is_some(),
            prompt: shown.prompt.to_owned(),
            words,
            hint: hint.map(str::to_owned),
            bars,
            held,
            shares,
            change,
            advice,
            note: note.cloned(),
            next: next.map(str::to_owned),
            clock,
            keys: session.open_keys(),
            refused: Vec::new(),
            lost: None,
        }
    }
}
