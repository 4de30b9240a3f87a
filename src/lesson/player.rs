//! The player: a state machine without a screen. An input and the time go in, a scene comes out; the
//! plain terminal, a full screen and a classroom drive the same one.

use super::find::{Hit, Trace};
use super::format::{Lesson, Show};
use crate::tutor::Audience;

/// Milliseconds since the player was started.
pub type Millis = u64;

/// What the learner did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing: time passed, or the screen changed.
    Look,
    /// On to the next page.
    Next,
    /// Back to the page before.
    Back,
    /// To the first page.
    First,
    /// To the last page.
    Last,
    /// More, or less, of the packet: its fields and bytes.
    Deeper,
    /// The next audience.
    Audience,
    /// The end.
    Quit,
}

/// A lesson being played.
#[derive(Debug)]
pub struct Player<'l> {
    lesson: &'l Lesson,
    trace: Trace,
    origin: String,
    audience: Audience,
    page: usize,
    deeper: bool,
    over: bool,
    now: Millis,
}

/// What there is to see now. Data; a view draws it.
#[derive(Debug)]
pub struct Scene<'p> {
    /// The lesson's heading.
    pub title: &'p str,
    /// Where the packets come from, in words.
    pub origin: &'p str,
    /// Which page, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// For whom.
    pub audience: Audience,
    /// The page's prose, Markdown.
    pub prose: &'p str,
    /// The packets of the pages so far, this one's included, oldest first.
    pub so_far: Vec<&'p Hit>,
    /// What this page shows, if it shows anything.
    pub shown: Option<Shown<'p>>,
    /// Whether the packet is to be shown in full.
    pub deeper: bool,
    /// Milliseconds since the start.
    pub now: Millis,
    /// The learner is done.
    pub over: bool,
}

/// What a page shows.
#[derive(Debug)]
pub struct Shown<'p> {
    /// Its packets; empty when the source has none, and the view says so.
    pub hits: &'p [Hit],
    /// The text for this audience, filled from the last of them.
    pub text: String,
    /// What is to be lit, and which packets were looked for.
    pub show: &'p Show,
}

impl<'l> Player<'l> {
    /// At the first page. `origin` says where the packets come from.
    pub fn new(lesson: &'l Lesson, trace: Trace, origin: String, audience: Audience) -> Self {
        Self { lesson, trace, origin, audience, page: 0, deeper: false, over: false, now: 0 }
    }

    /// Takes an input at a time, and gives what there is to see then.
    pub fn step(&mut self, input: Input, now: Millis) -> Scene<'_> {
        self.now = now;
        let last = self.lesson.pages.len().saturating_sub(1);
        match input {
            Input::Look => {}
            Input::Next if self.page >= last => self.over = true,
            Input::Next => self.page += 1,
            Input::Back => self.page = self.page.saturating_sub(1),
            Input::First => self.page = 0,
            Input::Last => self.page = last,
            Input::Deeper => self.deeper = !self.deeper,
            Input::Audience => self.audience = self.audience.next(),
            Input::Quit => self.over = true,
        }
        self.scene()
    }

    fn scene(&self) -> Scene<'_> {
        let page = self.lesson.pages.get(self.page);
        let hits: &[Hit] = self.trace.pages.get(self.page).map_or(&[], Vec::as_slice);
        let mut so_far: Vec<&Hit> = self.trace.pages.iter().take(self.page + 1).flatten().collect();
        so_far.dedup_by_key(|h| h.packet.number);
        let shown = page.and_then(|p| p.show()).map(|show| Shown {
            hits,
            text: show
                .words
                .to(self.audience)
                .zip(hits.last())
                .map_or(String::new(), |(text, hit)| text.fill(&hit.moment())),
            show,
        });
        Scene {
            title: &self.lesson.title,
            origin: &self.origin,
            page: self.page + 1,
            pages: self.lesson.pages.len(),
            audience: self.audience,
            prose: page.map_or("", |p| p.prose.trim()),
            so_far,
            shown,
            deeper: self.deeper,
            now: self.now,
            over: self.over,
        }
    }
}
