//! What there is to see of a lesson: data, with nothing of a screen in it. Any view draws it.

use super::find::Hit;
use super::format::{Fade, Show};
use super::hosts::Hosts;
use super::simulate::Outcome;
use crate::ask::session::Millis;
use crate::ask::{Entry, Mark, Misconception, Mode, Task};
use crate::model::{FieldDef, Osi};
use crate::tutor::{Audience, Row};
use serde::Deserialize;

/// What there is to see now.
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
    /// How the packets are looked at.
    pub view: View,
    /// The page's prose, Markdown.
    pub prose: &'p str,
    /// Who takes part: gives lines to the packets of any picture.
    pub hosts: &'p Hosts,
    /// The packets of the pages so far, oldest first, each with its page's programs and states.
    pub so_far: Vec<Past<'p>>,
    /// What the page is about.
    pub body: Body<'p>,
    /// The seven layers of each packet that the page shows, in its order.
    pub stacks: Vec<Stack>,
    /// Whether each layer's what and why is to be shown, too.
    pub unfolded: bool,
    /// What an open question holds back of the packets above it.
    pub veil: Veil,
    /// Whether the packet is to be shown in full.
    pub deeper: bool,
    /// Which keys mean something now.
    pub mode: Mode,
    /// What is to be answered now.
    pub open: Option<&'p Task>,
    /// What the learner may do beside going on.
    pub offers: Offers,
    /// A word to the learner about the last input.
    pub notice: Option<&'static str>,
    /// What was given is no answer to this.
    pub complaint: Option<&'p Task>,
    /// What the player wants done before it goes on.
    pub request: Option<Request>,
    /// Milliseconds since the start.
    pub now: Millis,
    /// The learner is done.
    pub over: bool,
}

/// How the packets are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// As they cross the wire.
    #[default]
    Wire,
    /// As the two ends' states.
    States,
    /// As the calls of the two programs.
    Calls,
}

/// What the learner may do beside going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that can be offered")]
pub struct Offers {
    /// Ask for a hint.
    pub hint: bool,
    /// Go on without an answer.
    pub skip: bool,
    /// Break something.
    pub break_it: bool,
    /// Turn pages back, or change the audience.
    pub turn: bool,
    /// Look at it in another way.
    pub view: bool,
    /// See the packet in full.
    pub deeper: bool,
    /// See what and why of each layer.
    pub layers: bool,
}

/// Something that takes time, and is done by whoever drives the player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Run the what-if of this page (from 0), and hand in what came out.
    WhatIf {
        /// Whose fence says what breaks.
        page: usize,
    },
}

/// The seven layers of one packet.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// The packet's number.
    pub packet: u64,
    /// The layer that the page is about.
    pub lit: Osi,
    /// All seven, from the wire up: what is there, how we know, and why.
    pub rows: [Row; 7],
}

/// What an open question holds back of the packets above it: what would answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Veil {
    /// The states of both ends.
    pub states: bool,
    /// The packets themselves.
    pub rows: bool,
    /// These words and numbers.
    pub words: Vec<String>,
}

/// A packet of a page so far.
#[derive(Clone, Copy, Debug)]
pub struct Past<'p> {
    /// The packet.
    pub hit: &'p Hit,
    /// The page's fence.
    pub show: &'p Show,
    /// It belongs to the page that is shown.
    pub is_new: bool,
}

/// What a page is about.
#[derive(Debug)]
pub enum Body<'p> {
    /// Its prose alone.
    Prose,
    /// A text.
    Said(String),
    /// Packets.
    Shown(Shown<'p>),
    /// A question.
    Asked(Asked<'p>),
    /// Something breaks.
    Broken(Broken<'p>),
    /// A procedure.
    Worked(Procedure<'p>),
}

/// What a page shows.
#[derive(Debug)]
pub struct Shown<'p> {
    /// Its packets; empty when the source has none, and the text says so.
    pub hits: &'p [Hit],
    /// The text for this audience, filled from the last of them; or which step is missing, why, and how to get it.
    pub text: String,
    /// What is to be lit, and which packets were looked for.
    pub show: &'p Show,
}

/// A question.
#[derive(Debug)]
pub struct Asked<'p> {
    /// What is asked.
    pub prompt: String,
    /// How it is answered; `None`: the source lacks its packet.
    pub task: Option<&'p Task>,
    /// The answer so far.
    pub entry: &'p Entry,
    /// The hint, once it was asked for.
    pub hint: Option<String>,
    /// What the answer was worth, once it was given.
    pub verdict: Option<Told<'p>>,
}

/// What an answer was worth.
#[derive(Debug)]
pub struct Told<'p> {
    /// Right, wrong or skipped.
    pub mark: Mark,
    /// What was asked.
    pub task: Option<&'p Task>,
    /// The answer, as it was given; empty where there is none.
    pub given: &'p str,
    /// What is said to those who answered so.
    pub said: Option<String>,
    /// The misconception that the answer betrays.
    pub betrayed: Option<&'static Misconception>,
    /// The packet that contradicts the answer.
    pub against: Option<&'p Hit>,
    /// Why the right answer is right.
    pub why: String,
    /// The packet that shows it.
    pub proof: Option<&'p Hit>,
    /// The fields of that packet that hold the answer, where it was to be typed.
    pub shown: Vec<&'static FieldDef>,
    /// The standard that says it.
    pub spec: Option<&'p str>,
    /// It was not the last attempt: another one is open, and nothing else is told.
    pub again: bool,
    /// The last attempt was right, after one that was not.
    pub repaired: bool,
}

/// Something breaks.
#[derive(Debug)]
pub struct Broken<'p> {
    /// What is asked.
    pub prompt: String,
    /// What can be predicted, if anything.
    pub task: Option<&'p Task>,
    /// What was predicted.
    pub entry: &'p Entry,
    /// The hint, once it was asked for.
    pub hint: Option<String>,
    /// What was predicted, and what it was worth.
    pub verdict: Option<Told<'p>>,
    /// Both timelines, once they were run; or why they could not be.
    pub outcome: Option<Result<&'p Outcome, &'p str>>,
    /// The packet that the text speaks of.
    pub proof: Option<&'p Hit>,
    /// What is said of it.
    pub text: String,
}

/// A procedure on one packet.
#[derive(Debug)]
pub struct Procedure<'p> {
    /// What is worked out.
    pub title: &'p str,
    /// How much is left to the learner.
    pub fade: Fade,
    /// The packet.
    pub hit: Option<&'p Hit>,
    /// Or the values.
    pub given: &'p [(String, String)],
    /// The steps.
    pub lines: Vec<Line<'p>>,
    /// The answer so far.
    pub entry: &'p Entry,
    /// The hint, once it was asked for.
    pub hint: Option<String>,
    /// What the last attempt was worth.
    pub verdict: Option<Told<'p>>,
    /// What is said of it.
    pub text: Option<String>,
    /// The source lacks the packet.
    pub absent: bool,
}

/// One step of a procedure.
#[derive(Debug)]
pub struct Line<'p> {
    /// What is done.
    pub say: String,
    /// How, as an expression.
    pub formula: &'p str,
    /// What comes out; `None`: the learner is to say it.
    pub value: Option<String>,
    /// It is the one to answer now.
    pub current: bool,
}
