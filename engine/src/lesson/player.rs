//! The player: a state machine without a screen. An input and the time go in, a scene comes out; the
//! plain terminal, a full screen and a classroom drive the same one.
//!
//! A question holds back what comes after it until the learner has answered or skipped it. What takes time comes
//! out as a [`Request`]; whoever drives the player carries it out and hands in the answer.

use super::find::Trace;
use super::format::{Fence, Lesson};
use super::play::{Answer, Record};
use super::posed::{Posed, posed};
pub use super::scene::{Body, Request, Scene, View};
use super::sheet::Sheet;
use super::simulate::Outcome;
use crate::ask::session::Millis;
use crate::ask::{Key, Mark, Mode, Task};
use crate::tutor::Audience;

/// What is said where a step was missed twice, and the next one is asked.
const PASSED: &str = "Not quite: the right value is there now. Go on with the next step.";

/// What the learner did, or what a request came to.
#[derive(Clone, Debug)]
pub enum Input {
    /// Nothing: time passed, or the screen changed.
    Look,
    /// On to the next page.
    Next,
    /// Back to the page before.
    Back,
    /// To the first page.
    First,
    /// To the last page that can be seen: the first one with an open question, or the end.
    Last,
    /// More, or less, of the packet: its fields and bytes.
    Deeper,
    /// What and why of each of the seven layers, or only which.
    Layers,
    /// The next audience.
    Audience,
    /// The next way to look at the packets.
    View,
    /// A step of the answer.
    Key(Key),
    /// A hint.
    Hint,
    /// Go on without an answer.
    Skip,
    /// Run the what-if of this page.
    WhatIf,
    /// What a request came to, or why it could not be carried out.
    Answer(Result<Box<Outcome>, String>),
    /// The end.
    Quit,
}

/// A lesson being played.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is so or not")]
pub struct Player<'l> {
    pub(super) lesson: &'l Lesson,
    pub(super) trace: Trace,
    pub(super) origin: String,
    pub(super) audience: Audience,
    pub(super) view: View,
    pub(super) page: usize,
    pub(super) deeper: bool,
    pub(super) unfolded: bool,
    /// It is printed: nobody answers.
    pub(super) printed: bool,
    /// What each page asks.
    pub(super) posed: Vec<Vec<Posed>>,
    pub(super) sheets: Vec<Sheet>,
    answers: Vec<Answer>,
    done: bool,
    pub(super) notice: Option<&'static str>,
    pub(super) request: Option<Request>,
    pub(super) over: bool,
    pub(super) now: Millis,
}

impl<'l> Player<'l> {
    /// At the first page. `origin` says where the packets come from.
    pub fn new(lesson: &'l Lesson, trace: Trace, origin: String, audience: Audience) -> Self {
        Self {
            lesson,
            posed: (0..lesson.pages.len()).map(|page| posed(lesson, &trace, page)).collect(),
            trace,
            origin,
            audience,
            view: View::Wire,
            page: 0,
            deeper: false,
            unfolded: false,
            printed: false,
            sheets: lesson.pages.iter().map(|_| Sheet::default()).collect(),
            answers: Vec::new(),
            done: false,
            notice: None,
            request: None,
            over: false,
            now: 0,
        }
    }

    /// For print: the rows above a question hold its answer back although it is told below them.
    #[must_use]
    pub fn printed(self) -> Self {
        Self { printed: true, ..self }
    }

    /// Takes an input at a time, and gives what there is to see then.
    pub fn step(&mut self, input: Input, now: Millis) -> Scene<'_> {
        self.now = now;
        self.notice = None;
        self.take(input);
        self.scene()
    }

    /// What the player looks at now, without an input.
    pub fn look(&self) -> Scene<'_> {
        self.scene()
    }

    /// What is to be remembered of this play.
    pub fn record(&self) -> Record {
        Record { lesson: self.lesson.id.clone(), page: self.page, done: self.done, answers: self.answers.clone() }
    }

    /// Goes on where a play of the same lesson was left: what was asked before that page counts as passed. A record
    /// of a lesson that has changed since is used as far as it fits.
    pub fn restore(&mut self, record: &Record) {
        if record.lesson != self.lesson.id {
            return;
        }
        self.answers.clone_from(&record.answers);
        let last = self.lesson.pages.len().saturating_sub(1);
        self.page = record.page.min(last);
        for (index, (page, sheet)) in self.lesson.pages.iter().zip(&mut self.sheets).enumerate() {
            let answered = page.question.as_deref().and_then(|q| record.result(q));
            sheet.done = answered.or((index < self.page && page.question.is_some()).then_some(Mark::Skipped));
        }
    }

    fn take(&mut self, input: Input) {
        let last = self.lesson.pages.len().saturating_sub(1);
        match input {
            Input::Look => {}
            Input::Next => self.next(last),
            Input::Back => self.go(self.page.saturating_sub(1)),
            Input::First => self.go(0),
            Input::Last => {
                let held = (self.page..=last).find(|&p| self.is_open(p)).unwrap_or(last);
                self.go(held);
            }
            Input::Layers => self.unfolded = !self.unfolded,
            Input::Deeper => self.deeper = !self.deeper,
            Input::Audience => self.audience = self.audience.next(),
            Input::View => self.view = self.next_view(),
            Input::Quit => self.over = true,
            Input::WhatIf => self.ask_to_run(),
            Input::Answer(outcome) => {
                if let Some(Request::WhatIf { page }) = self.request.take()
                    && let Some(sheet) = self.sheets.get_mut(page)
                {
                    sheet.outcome = Some(outcome);
                }
            }
            Input::Key(_) | Input::Hint | Input::Skip => self.answer(&input),
        }
    }

    fn go(&mut self, page: usize) {
        if page != self.page {
            self.page = page;
            self.deeper = false;
            self.request = None;
        }
    }

    fn next(&mut self, last: usize) {
        if self.is_open(self.page) {
            self.notice = Some("Answer first; then you will see. Or skip it.");
        } else if self.is_unseen(self.page) {
            self.ask_to_run();
        } else if self.page >= last {
            (self.over, self.done) = (true, true);
        } else {
            self.go(self.page + 1);
        }
    }

    /// Whether a page asks something that was not answered; one whose packet the source lacks asks nothing.
    pub(super) fn is_open(&self, page: usize) -> bool {
        let asks = self.posed.get(page).is_some_and(|posed| !posed.is_empty());
        asks && self.sheets.get(page).is_some_and(|s| s.done.is_none())
    }

    /// Whether a page breaks something, and nobody has seen what comes of it.
    fn is_unseen(&self, page: usize) -> bool {
        let breaks = matches!(self.lesson.pages.get(page).and_then(|p| p.fence.as_ref()), Some(Fence::WhatIf(_)));
        breaks && self.sheets.get(page).is_some_and(|s| s.outcome.is_none())
    }

    fn ask_to_run(&mut self) {
        if self.is_open(self.page) {
            self.notice = Some("Predict first: what will happen? Or skip it.");
        } else if self.is_unseen(self.page) {
            self.request = Some(Request::WhatIf { page: self.page });
        }
    }

    /// What is asked now: the open question of this page, with its answer.
    pub fn question(&self) -> Option<&Task> {
        let slot = self.sheets.get(self.page)?.slot;
        self.posed.get(self.page)?.get(slot).filter(|_| self.is_open(self.page)).map(|posed| &posed.task)
    }

    // ---- answers

    /// An input that belongs to the question of this page.
    fn answer(&mut self, input: &Input) {
        let page = self.page;
        let open = self.is_open(page);
        let lesson = self.lesson;
        let question = lesson.pages.get(page).and_then(|p| p.question.as_deref());
        let (Some(sheet), Some(posed)) = (self.sheets.get_mut(page), self.posed.get(page)) else { return };
        match input {
            Input::Hint => sheet.hint = true,
            Input::Skip if open => sheet.skip(),
            Input::Key(key) if open => sheet.take(posed, *key),
            _ => {}
        }
        if sheet.passed && sheet.done.is_none() && matches!(input, Input::Key(Key::Enter)) {
            self.notice = Some(PASSED);
        }
        if open && sheet.done.is_some() {
            self.remember(question);
        }
    }

    /// Writes the answer of this page into the record, and runs a what-if that was predicted.
    fn remember(&mut self, question: Option<&str>) {
        let Some(sheet) = self.sheets.get(self.page) else { return };
        if let (Some(question), Some(result)) = (question, sheet.done) {
            let misconception = sheet.betrayed.filter(|_| result == Mark::Wrong).map(|m| m.id.clone());
            self.answers.push(Answer { question: question.to_owned(), result, misconception });
        }
        self.ask_to_run();
    }

    // ---- looks

    /// The next view that shows something on this page.
    fn next_view(&self) -> View {
        let all = [View::Wire, View::States, View::Calls];
        let at = all.iter().position(|v| *v == self.view).unwrap_or(0);
        let after = all.iter().cycle().skip(at + 1).take(all.len());
        after.copied().find(|v| self.has_view(*v)).unwrap_or(View::Wire)
    }

    /// Whether a view shows something of the pages so far.
    pub(super) fn has_view(&self, view: View) -> bool {
        let shown = self.lesson.pages.iter().zip(&self.trace.pages).take(self.page + 1);
        let mut shown = shown.filter_map(|(p, hits)| Some((p.show()?, hits)));
        match view {
            View::Wire => true,
            View::States => shown
                .any(|(show, hits)| hits.iter().any(|h| h.states.is_some()) || show.states.iter().any(Option::is_some)),
            View::Calls => {
                self.trace.hosts.are_introduced() && shown.any(|(show, _)| show.calls.iter().any(Option::is_some))
            }
        }
    }

    /// What the keys mean on this page.
    pub(super) fn mode(&self) -> Mode {
        self.open().map_or(Mode::Read, Task::mode)
    }

    /// What this page asks now.
    pub(super) fn open(&self) -> Option<&Task> {
        let posed = self.posed.get(self.page).filter(|_| self.is_open(self.page))?;
        let sheet = self.sheets.get(self.page)?;
        posed.get(sheet.slot).map(|posed| &posed.task)
    }
}

#[cfg(test)]
mod tests;
