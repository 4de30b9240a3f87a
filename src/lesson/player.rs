//! The player: a state machine without a screen. An input and the time go in, a scene comes out; the
//! plain terminal, a full screen and a classroom drive the same one.
//!
//! A question holds back what comes after it until the learner has answered or skipped it. What takes time comes
//! out as a [`Request`]; whoever drives the player carries it out and hands in the answer.

use super::find::{Hit, Trace};
use super::format::{Ask, AskKind, Choice, Example, Fence, Lesson, Page, WhatIf, Worked};
use super::play::{Answer, Mark, Record};
pub use super::scene::{Body, Request, Scene, View};
use super::sheet::{self, Judged, Sheet};
use super::simulate::Outcome;
use crate::ask::Mode;
use crate::tutor::Audience;

/// Milliseconds since the player was started.
pub type Millis = u64;

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
    /// The next audience.
    Audience,
    /// The next way to look at the packets.
    View,
    /// Choose one, from 0; where an order is wanted, take it next.
    Choose(usize),
    /// A character of an answer.
    Type(char),
    /// Take back a character, or what was taken last.
    Erase,
    /// So many bytes on, or back, among those to mark.
    Move(isize),
    /// Begin or end the marking here.
    Anchor,
    /// Judge what was typed, put in order or marked.
    Submit,
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
pub struct Player<'l> {
    pub(super) lesson: &'l Lesson,
    pub(super) trace: Trace,
    pub(super) origin: String,
    pub(super) audience: Audience,
    pub(super) view: View,
    pub(super) page: usize,
    pub(super) deeper: bool,
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
            trace,
            origin,
            audience,
            view: View::Wire,
            page: 0,
            deeper: false,
            sheets: lesson.pages.iter().map(|_| Sheet::default()).collect(),
            answers: Vec::new(),
            done: false,
            notice: None,
            request: None,
            over: false,
            now: 0,
        }
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
            Input::Choose(_)
            | Input::Type(_)
            | Input::Erase
            | Input::Move(_)
            | Input::Anchor
            | Input::Submit
            | Input::Hint
            | Input::Skip => self.answer(&input),
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
        let asks = self.lesson.pages.get(page).is_some_and(|p| p.question.is_some());
        asks && self.sheets.get(page).is_some_and(|s| s.done.is_none()) && self.can_ask(page)
    }

    /// Whether what a question is about is there.
    fn can_ask(&self, page: usize) -> bool {
        match self.lesson.pages.get(page).and_then(|p| p.fence.as_ref()) {
            Some(Fence::Ask(ask)) => match &ask.kind {
                AskKind::Typed(typed) => {
                    let moment = ask.about(&self.trace, page).map(Hit::moment);
                    typed.answer.value(moment.as_ref(), &[], &[]).is_ok()
                }
                AskKind::Mark(_) => ask.span(ask.about(&self.trace, page)).is_some(),
                _ => true,
            },
            Some(Fence::Worked(worked, example)) => {
                worked.values(*example, self.example(worked, *example)).len() == worked.steps.len()
            }
            _ => true,
        }
    }

    /// The packet of an example.
    pub(super) fn example(&self, worked: &Worked, example: usize) -> Option<&Hit> {
        match worked.on.get(example).map(|on| &on.it) {
            Some(Example::Packet(id)) => self.trace.probe(*id),
            _ => None,
        }
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

    // ---- answers

    /// An input that belongs to the question of this page.
    fn answer(&mut self, input: &Input) {
        let page = self.page;
        let lesson = self.lesson;
        let Some(Page { fence: Some(fence), question, .. }) = lesson.pages.get(page) else { return };
        if let Input::Hint = input {
            if let Some(sheet) = self.sheets.get_mut(page) {
                sheet.hint = true;
            }
            return;
        }
        if !self.is_open(page) {
            return;
        }
        if let Input::Skip = input {
            if let Some(sheet) = self.sheets.get_mut(page) {
                sheet.skip();
            }
            self.remember(question.as_deref());
            return;
        }
        let judged = match fence {
            Fence::Ask(ask) => self.ask(ask, input),
            Fence::WhatIf(whatif) => self.predict(whatif, input),
            Fence::Worked(worked, example) => self.work(worked, *example, input),
            Fence::Say(_) | Fence::Show(_) => None,
        };
        if judged == Some(Judged::Done) {
            self.remember(question.as_deref());
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

    fn ask(&mut self, ask: &'l Ask, input: &Input) -> Option<Judged> {
        let page = self.page;
        let of = ask.about(&self.trace, page);
        let length = of.map_or(0, |hit| hit.packet.frame().len());
        let name = self.name();
        let sheet = self.sheets.get_mut(page)?;
        match (&ask.kind, input) {
            (AskKind::Choices(choices) | AskKind::Impossible(choices), Input::Choose(index)) => {
                choose(sheet, choices, *index)
            }
            (AskKind::Typed(typed), Input::Submit) => (!sheet.typed.trim().is_empty()).then(|| sheet.typed(typed, of)),
            (AskKind::Typed(_), _) => write(sheet, input),
            (AskKind::Order(steps), Input::Choose(index)) => {
                let taken = *index < steps.len() && !sheet.chosen.contains(index);
                sheet.again &= !taken;
                sheet.chosen.extend(taken.then_some(*index));
                None
            }
            (AskKind::Order(_), Input::Erase) => {
                sheet.chosen.pop();
                None
            }
            (AskKind::Order(steps), Input::Submit) => {
                let full = sheet.chosen.len() == steps.len();
                full.then(|| sheet.ordered(&sheet::shuffled(steps.len(), &name)))
            }
            (AskKind::Mark(_), Input::Move(by)) => {
                sheet.cursor = sheet.cursor.saturating_add_signed(*by).min(length.saturating_sub(1));
                sheet.again = false;
                None
            }
            (AskKind::Mark(_), Input::Anchor) => {
                sheet.anchor = if sheet.anchor.is_some() { None } else { Some(sheet.cursor) };
                None
            }
            (AskKind::Mark(_), Input::Submit) => Some(sheet.marked(ask.span(of).as_ref())),
            _ => None,
        }
    }

    /// What a shuffle of this page goes by.
    pub(super) fn name(&self) -> String {
        let question = self.lesson.pages.get(self.page).and_then(|p| p.question.as_deref()).unwrap_or("");
        format!("{}/{question}", self.lesson.id)
    }

    fn predict(&mut self, whatif: &'l WhatIf, input: &Input) -> Option<Judged> {
        let sheet = self.sheets.get_mut(self.page)?;
        match input {
            Input::Choose(index) => choose(sheet, &whatif.choices, *index),
            _ => None,
        }
    }

    fn work(&mut self, worked: &'l Worked, example: usize, input: &Input) -> Option<Judged> {
        let hit = match worked.on.get(example).map(|on| &on.it) {
            Some(Example::Packet(id)) => self.trace.probe(*id),
            _ => None,
        };
        let values = worked.values(example, hit);
        let sheet = self.sheets.get_mut(self.page)?;
        match input {
            Input::Submit if sheet.typed.trim().is_empty() => None,
            Input::Submit => Some(sheet.step(worked, example, &values, hit)),
            _ => write(sheet, input),
        }
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
            View::Calls => shown.any(|(show, _)| show.calls.iter().any(Option::is_some)),
        }
    }

    /// What the keys mean on this page.
    pub(super) fn mode(&self) -> Mode {
        if !self.is_open(self.page) {
            return Mode::Read;
        }
        match self.lesson.pages.get(self.page).and_then(|p| p.fence.as_ref()) {
            Some(Fence::Ask(ask)) => match &ask.kind {
                AskKind::Choices(choices) | AskKind::Impossible(choices) => Mode::Choose(choices.len()),
                AskKind::Typed(_) => Mode::Type,
                AskKind::Order(steps) => Mode::Order(steps.len()),
                AskKind::Mark(_) => Mode::Mark,
            },
            Some(Fence::WhatIf(whatif)) => Mode::Choose(whatif.choices.len()),
            Some(Fence::Worked(..)) => Mode::Type,
            _ => Mode::Read,
        }
    }
}

fn choose(sheet: &mut Sheet, choices: &[Choice], index: usize) -> Option<Judged> {
    let choice = choices.get(index)?;
    sheet.choose(index, choice.right, choice.betrays, choice.packet);
    Some(Judged::Done)
}

/// Typing.
fn write(sheet: &mut Sheet, input: &Input) -> Option<Judged> {
    match input {
        Input::Type(c) => sheet.write(*c),
        Input::Erase => drop(sheet.typed.pop()),
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests;
