#![doc = include_str!("../../../docs/guide/lesson-format.md")]

use super::compute::Expr;
pub use super::error::{LessonError, Placed};
pub use super::probe::{Evidence, Pick, Probe, ProbeId, Proof, Wanted};
use crate::ask::bank::Misconception;
use crate::fault::Faults;
use crate::filter::Filter;
use crate::model::{FieldDef, Osi};
use crate::tutor::{Audience, Template};
use std::ops::Range;
use std::sync::Arc;

/// How many examples of a procedure newcomers work out.
const NEWCOMERS_EXAMPLES: usize = 2;

/// A lesson, ready to be played.
#[derive(Debug)]
pub struct Lesson {
    /// The file it was read from.
    pub file: String,
    /// Its short name.
    pub id: String,
    /// What it teaches, as a heading.
    pub title: String,
    /// The OSI layer that it is mostly about.
    pub osi: Osi,
    /// Ids of the lessons that it builds on.
    pub needs: Vec<String>,
    /// How long it takes.
    pub minutes: u64,
    /// Which packets count.
    pub scope: Scope,
    /// Where its packets come from when nothing else is asked for.
    pub source: DefaultSource,
    /// Its pages, in order.
    pub pages: Vec<Page>,
    /// The packets that questions need, beside those that are shown.
    pub probes: Vec<Probe>,
}

/// Which packets of a source a lesson's filters may select.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of one TCP connection: the first that has all that the lesson shows.
    #[default]
    Conversation,
    /// All.
    Capture,
}

/// The simulation that a lesson plays on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultSource {
    /// A ready scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Whose card sees the packets; `None` is the scenario's first host.
    pub at: Option<String>,
}

/// One page: some prose, and perhaps a live fence.
#[derive(Debug)]
pub struct Page {
    /// Markdown without live fences.
    pub prose: String,
    /// What is live on it.
    pub fence: Option<Fence>,
    /// The OSI layer that it is about; `None`: that of its first lit field.
    pub layer: Option<Placed<Osi>>,
    /// A packet without which nothing of this page is true.
    pub when: Option<ProbeId>,
    /// What the learner's record calls its question, if it asks one.
    pub question: Option<String>,
    /// Not for newcomers.
    pub advanced: bool,
    /// What it tells the teacher of a class.
    pub note: Option<Note>,
    /// The line that opens the fence, in the file.
    pub span: Range<usize>,
}

/// What a page tells its teacher.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// What to say, and what to ask the room.
    pub say: Option<Placed<String>>,
    /// What to draw on the board.
    pub draw: Option<Placed<String>>,
    /// What students answer, and what helps them on.
    pub hear: Vec<Placed<String>>,
    /// How long it takes in a class.
    pub minutes: Option<u64>,
}

impl Note {
    /// Its texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = &Placed<String>> {
        self.say.iter().chain(&self.draw).chain(&self.hear)
    }
}

/// A live fence.
#[derive(Debug)]
pub enum Fence {
    /// Texts without a packet.
    Say(Say),
    /// Packets, and what is said of them.
    Show(Box<Show>),
    /// A question.
    Ask(Box<Ask>),
    /// Something breaks.
    WhatIf(Box<WhatIf>),
    /// A procedure, on one of its packets.
    Worked(Arc<Worked>, usize),
}

/// A text for all audiences, or one for each.
#[derive(Clone, Debug)]
pub struct Words(Vec<Placed<Arc<Template>>>);

/// A `say` fence.
#[derive(Debug)]
pub struct Say {
    /// What is said.
    pub words: Words,
    /// The packet that it speaks of; `None`: the last one shown.
    pub of: Option<ProbeId>,
}

/// A `show` fence: packets of the lesson's conversation, and what is said of them.
#[derive(Debug)]
pub struct Show {
    /// Which packets.
    pub filter: Placed<Filter>,
    /// How many are shown together; the texts speak of the last.
    pub frames: usize,
    /// The fields whose bytes are lit.
    pub highlight: Vec<Placed<&'static FieldDef>>,
    /// The text for each audience.
    pub words: Words,
    /// What client and server know, beside their TCP states.
    pub states: [Option<Placed<Arc<Template>>>; 2],
    /// What the programs at client and server call.
    pub calls: [Option<Placed<Arc<Template>>>; 2],
}

/// An `ask` fence.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub prompt: Words,
    /// The packet that prompt, hint and answer speak of; `None`: the last one shown.
    pub of: Option<ProbeId>,
    /// How it is answered.
    pub kind: AskKind,
    /// The answer is to be read off the packets above, so that they are drawn whole.
    pub read_off: bool,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// Why the answer is right.
    pub why: Words,
    /// What shows that it is.
    pub evidence: Evidence,
}

/// How a question is answered.
#[derive(Debug)]
pub enum AskKind {
    /// One of several choices.
    Choices(Vec<Choice>),
    /// The one of several that never happens.
    Impossible(Vec<Choice>),
    /// A text or a number, computed.
    Typed(Typed),
    /// Steps in their order.
    Order(Vec<Placed<Step>>),
    /// The bytes of a field.
    Mark(Placed<&'static FieldDef>),
    /// One of the packets that were shown.
    Packet(ProbeId),
    /// Several numbers.
    Blanks(Vec<Blank>),
}

/// One of several numbers.
#[derive(Debug)]
pub struct Blank {
    /// What it is called.
    pub text: Placed<Arc<Template>>,
    /// The right one.
    pub answer: Placed<Expr>,
}

/// One of several choices.
#[derive(Debug)]
pub struct Choice {
    /// What it says.
    pub text: Placed<Arc<Template>>,
    /// Whether it is the right one.
    pub right: bool,
    /// The misconception that it betrays.
    pub betrays: Option<&'static Misconception>,
    /// The packet that shows it (a right choice) or contradicts it (a wrong one).
    pub packet: Option<ProbeId>,
    /// In a what-if: the packets of the second timeline that show it.
    pub proof: Option<Placed<Pick>>,
    /// What is said to those who chose it.
    pub why: Option<Words>,
}

/// An answer that is typed.
#[derive(Debug)]
pub struct Typed {
    /// The right answer.
    pub answer: Placed<Expr>,
    /// Whether it is a number.
    pub number: bool,
    /// Other spellings.
    pub accept: Vec<Placed<Expr>>,
    /// Answers that betray a misconception.
    pub wrong: Vec<Slip>,
}

/// A wrong answer that is known to be given.
#[derive(Debug)]
pub struct Slip {
    /// The wrong answer.
    pub answer: Placed<Expr>,
    /// What it betrays.
    pub betrays: &'static Misconception,
    /// The packet that contradicts it.
    pub packet: Option<ProbeId>,
}

/// A step to put in order.
#[derive(Debug)]
pub struct Step {
    /// What it says.
    pub text: Arc<Template>,
    /// The packet that it is.
    pub packet: Option<ProbeId>,
}

/// A `whatif` fence.
#[derive(Debug)]
pub struct WhatIf {
    /// What breaks.
    pub fault: Placed<Faults>,
    /// Whose card sees it; `None`: the lesson's.
    pub at: Option<String>,
    /// What is asked.
    pub prompt: Words,
    /// What can be predicted; may be empty.
    pub choices: Vec<Choice>,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// The packet of the second timeline that the texts speak of.
    pub proof: Placed<Pick>,
    /// What is said when it was seen.
    pub words: Words,
}

/// A `worked` fence.
#[derive(Debug)]
pub struct Worked {
    /// What is worked out.
    pub title: String,
    /// On which packets or values, one a page.
    pub on: Vec<Placed<Example>>,
    /// How.
    pub steps: Vec<WorkedStep>,
    /// Last answers that betray a misconception.
    pub wrong: Vec<Slip>,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// What is said of the first example.
    pub words: Words,
}

/// What a procedure is worked on.
#[derive(Debug)]
pub enum Example {
    /// A packet.
    Packet(ProbeId),
    /// Values for placeholders.
    Given(Vec<(String, String)>),
}

/// One step of a procedure.
#[derive(Debug)]
pub struct WorkedStep {
    /// What is done.
    pub say: Placed<Arc<Template>>,
    /// What comes out.
    pub value: Placed<Expr>,
    /// It is never left to the learner.
    pub given: bool,
}

/// How much of a procedure is left to the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fade {
    /// Nothing.
    Whole,
    /// The last step.
    Last,
    /// All steps.
    All,
}

impl Lesson {
    /// Leaves out what isn't for this audience: newcomers skip advanced pages, and work out two examples of a procedure.
    pub fn cut_for(&mut self, audience: Audience) {
        let long = |page: &Page| matches!(page.fence, Some(Fence::Worked(_, NEWCOMERS_EXAMPLES..)));
        if audience == Audience::Newcomer {
            self.pages.retain(|page| !page.advanced && !long(page));
        }
    }

    /// The place of the page with this number, from 1, or of the one that asks the question of this name.
    pub fn page_called(&self, name: &str) -> Option<usize> {
        let place = match name.parse::<usize>() {
            Ok(number) => number.checked_sub(1)?,
            Err(_) => self.pages.iter().position(|page| page.question.as_deref() == Some(name))?,
        };
        (place < self.pages.len()).then_some(place)
    }

    /// The `show` fences, in order.
    pub fn shows(&self) -> impl Iterator<Item = &Show> {
        self.pages.iter().filter_map(Page::show)
    }
}

impl Page {
    /// A page for everybody, without a question.
    pub(super) fn new(prose: String, fence: Option<Fence>, span: Range<usize>) -> Self {
        Self { prose, fence, layer: None, when: None, question: None, advanced: false, note: None, span }
    }

    /// Its `show` fence, if it has one.
    pub fn show(&self) -> Option<&Show> {
        match &self.fence {
            Some(Fence::Show(show)) => Some(show),
            _ => None,
        }
    }
}

impl Ask {
    /// Its choices, if it has any.
    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            AskKind::Choices(choices) | AskKind::Impossible(choices) => choices,
            _ => &[],
        }
    }

    /// The packets of the steps that are to be put in order, if it has any.
    pub(super) fn steps(&self) -> impl Iterator<Item = ProbeId> + '_ {
        let steps = if let AskKind::Order(steps) = &self.kind { steps.as_slice() } else { &[] };
        steps.iter().filter_map(|step| step.packet)
    }
}

impl Words {
    /// The same for all.
    pub(super) fn one(text: Placed<Template>) -> Self {
        Self(vec![text.map(Arc::new)])
    }

    /// Newcomer, student, engineer; or the last two, and the newcomer reads what the student does.
    pub(super) fn three(texts: Vec<Placed<Template>>) -> Self {
        let mut texts: Vec<_> = texts.into_iter().map(|t| t.map(Arc::new)).collect();
        if let [student, _] = texts.as_slice() {
            texts.insert(0, student.clone());
        }
        Self(texts)
    }

    /// The text for an audience.
    pub fn to(&self, audience: Audience) -> Option<&Template> {
        self.0.get(audience as usize).or(self.0.first()).map(|t| &*t.it)
    }

    /// The texts: one, or one for each audience.
    pub fn all(&self) -> &[Placed<Arc<Template>>] {
        &self.0
    }

    /// Whether each audience has its own.
    pub fn is_three(&self) -> bool {
        self.0.len() == Audience::ALL.len()
    }
}

impl Worked {
    /// How much an example leaves to the learner.
    pub fn fade(&self, example: usize) -> Fade {
        match example {
            0 => Fade::Whole,
            1 => Fade::Last,
            _ => Fade::All,
        }
    }

    /// Whether a step is left to the learner in an example.
    pub fn is_missing(&self, example: usize, step: usize) -> bool {
        let given = self.steps.get(step).is_none_or(|s| s.given);
        match self.fade(example) {
            Fade::Whole => false,
            Fade::Last => step + 1 == self.steps.len() && !given,
            Fade::All => !given,
        }
    }
}
