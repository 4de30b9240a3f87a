//! Questions in plain data: what is asked, what was answered, and what that was worth. An open question's
//! right answer isn't in it.

use super::super::question::{LACKS_PACKET, LACKS_STEP, THINK, evidence};
use super::rows::{self, Ladder, Lit};
use super::{VERSION, hex, mode};
use crate::ask::session;
use crate::ask::task::label;
use crate::ask::{Entry, Kind, Mark, Mode, Refuted, Task, misconception};
use crate::lesson::Hit;
use crate::lesson::format::Fade;
use crate::lesson::scene::{Body, Scene, Told};
use crate::model::{FieldDef, show};
use crate::tutor::Audience;
use crate::view::ask::{complaint, headline, is_told};
use serde::Serialize;

/// What is asked, and the answer so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Question {
    /// The name of its kind, such as `choice`; null where nothing can be answered, and `note` says why.
    pub form: Option<&'static str>,
    /// What is asked.
    pub prompt: String,
    /// How to write an answer, in a few words.
    pub how: Option<String>,
    /// What can be chosen, or put in order.
    pub items: Vec<Item>,
    /// The packets to choose from.
    pub packets: Vec<Packet>,
    /// The numbers that are wanted, by name.
    pub blanks: Vec<String>,
    /// The bytes to mark, in hexadecimal.
    pub bytes: Option<String>,
    /// It can be answered now.
    pub open: bool,
    /// What is typed.
    pub typed: String,
    /// What was taken, in its order, by its label.
    pub taken: Vec<String>,
    /// The first and the last byte that are marked.
    pub marked: Option<[usize; 2]>,
    /// Something to be said beside it.
    pub note: Option<&'static str>,
    /// The hint, once it was asked for.
    pub hint: Option<String>,
    /// What the answer was worth.
    pub verdict: Option<Verdict>,
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is called: 1 for the first.
    pub label: String,
    /// What it says.
    pub text: String,
}

/// One packet that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packet {
    /// Its number.
    pub packet: u64,
    /// What it is, in a line.
    pub text: String,
}

/// What an answer was worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// `right`, `wrong`, `skipped`: by the first attempt.
    pub mark: &'static str,
    /// It was not the last attempt.
    pub again: bool,
    /// The last attempt was right, after one that was not.
    pub repaired: bool,
    /// What is said first.
    pub headline: &'static str,
    /// What was given: one part, or the parts of an order or of several numbers. Empty for a choice, and where nothing was given.
    pub given: Vec<Given>,
    /// The right answer as it would be written; null while another attempt is open.
    pub right: Option<String>,
    /// The same in words, where it was not given.
    pub answer: Option<String>,
    /// Of an order: the items as they should be, where that was not given.
    pub order: Vec<Item>,
    /// What is said to those who answered so.
    pub said: Option<String>,
    /// The misconception that the answer betrays.
    pub misconception: Option<Refuted>,
    /// The packet that contradicts the answer.
    pub against: Option<Evidence>,
    /// Why the right answer is right.
    pub why: Option<String>,
    /// The packet that shows it.
    pub proof: Option<Evidence>,
    /// The section of a standard that says it.
    pub spec: Option<String>,
}

/// A part of what was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// It, as it was given.
    pub text: String,
    /// Whether it is right, at its place.
    pub right: bool,
}

/// A packet that shows something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// What it is here.
    pub text: String,
    /// The packet.
    pub ladder: Ladder,
    /// Its fields that show it.
    pub fields: Vec<Lit>,
}

impl Question {
    /// A task and the answer so far; `open`: it can be answered now.
    fn of(prompt: &str, task: Option<&Task>, entry: &Entry, open: bool) -> Self {
        let prompt = prompt.to_owned();
        let Some(task) = task else { return Self { prompt, ..Self::default() } };
        let asked = task.asked();
        let item = |(place, text): (usize, &&str)| Item { label: label(place), text: (*text).to_owned() };
        let mut typed = String::new();
        show::escape(entry.typed.as_bytes(), &mut typed);
        let marked = entry.marked();
        Self {
            form: Some(asked.form),
            prompt,
            items: asked.choices.iter().enumerate().map(item).collect(),
            packets: asked.packets.iter().map(|&(packet, text)| Packet { packet, text: text.to_owned() }).collect(),
            blanks: match task {
                Task::Blanks { right } => right.iter().map(|(name, _)| name.clone()).collect(),
                _ => Vec::new(),
            },
            bytes: matches!(task, Task::Bytes { .. }).then(|| hex(asked.frame)),
            how: Some(asked.how),
            open,
            typed,
            taken: entry.taken.iter().map(|&place| label(place)).collect(),
            marked: matches!(task, Task::Bytes { .. }).then(|| [marked.start, marked.end.saturating_sub(1)]),
            ..Self::default()
        }
    }
}

impl Verdict {
    fn of((mark, again, repaired): (Mark, bool, bool), task: Option<&Task>, given: &str) -> Self {
        let told = task.filter(|_| is_told(mark, again, repaired));
        let item =
            |place: &usize, items: &[String]| Some(Item { label: label(*place), text: items.get(*place)?.clone() });
        Self {
            mark: mark.name(),
            again,
            repaired,
            headline: headline(mark, again, repaired),
            given: task.map_or_else(Vec::new, |task| parts(task, given)),
            right: task.filter(|_| !again).map(Task::right),
            answer: told.map(Task::answer),
            order: match told {
                Some(Task::Order { items, right }) => right.iter().filter_map(|place| item(place, items)).collect(),
                _ => Vec::new(),
            },
            said: None,
            misconception: None,
            against: None,
            why: None,
            proof: None,
            spec: None,
        }
    }
}

/// The parts of an answer, free of what commands a terminal.
fn parts(task: &Task, given: &str) -> Vec<Given> {
    if matches!(task, Task::Choose { .. }) {
        return Vec::new();
    }
    let part = |(given, right): (String, bool)| {
        let mut text = String::new();
        show::escape(given.as_bytes(), &mut text);
        Given { text, right }
    };
    task.parts(given).into_iter().map(part).collect()
}

/// What the page asks.
pub(super) fn of_scene(scene: &Scene<'_>) -> Option<Question> {
    let open = scene.open.is_some();
    let told = |told: &Option<Told<'_>>| told.as_ref().map(|told| verdict(scene, told));
    match &scene.body {
        Body::Prose | Body::Said(_) | Body::Shown(_) => None,
        Body::Asked(asked) => Some(Question {
            hint: asked.hint.clone(),
            note: asked.task.is_none().then_some(LACKS_PACKET),
            verdict: told(&asked.verdict),
            ..Question::of(&asked.prompt, asked.task, asked.entry, open)
        }),
        Body::Broken(broken) => Some(Question {
            hint: broken.hint.clone(),
            note: (broken.task.is_none() && broken.outcome.is_none()).then_some(THINK),
            verdict: told(&broken.verdict),
            ..Question::of(&broken.prompt, broken.task, broken.entry, open)
        }),
        Body::Worked(work) if work.absent => {
            Some(Question { prompt: work.title.to_owned(), note: Some(LACKS_STEP), ..Question::default() })
        }
        Body::Worked(work) => {
            let current = work.lines.iter().find(|line| line.current).map(|line| line.say.as_str());
            let verdict = work.verdict.as_ref().filter(|v| v.again || work.fade != Fade::Whole);
            let question = Question::of(current.unwrap_or(work.title), scene.open, work.entry, open);
            let verdict = verdict.map(|told| self::verdict(scene, told));
            (open || verdict.is_some()).then(|| Question { hint: work.hint.clone(), verdict, ..question })
        }
    }
}

fn verdict(scene: &Scene<'_>, told: &Told<'_>) -> Verdict {
    let proof = |hit: &Hit, what, shown: &[&'static FieldDef]| Evidence {
        text: evidence(hit, what),
        ladder: Ladder::one(scene, hit),
        fields: shown.iter().filter_map(|def| rows::of(hit, def)).collect(),
    };
    let belief = told.betrayed.filter(|_| !told.repaired);
    let mut verdict = Verdict::of((told.mark, told.again, told.repaired), told.task, told.given);
    verdict.said.clone_from(&told.said);
    verdict.misconception = belief.map(|belief| belief.refuted(scene.audience));
    let same = |hit: &&Hit| told.proof.is_none_or(|proof| proof.packet.number != hit.packet.number);
    let against = told.against.filter(same);
    // While another attempt is open, the packet would tell the answer.
    verdict.against = against.filter(|_| belief.is_some() && !told.again).map(|hit| proof(hit, "against it", &[]));
    let own = belief.filter(|_| against.is_none()).and_then(|belief| belief.spec.clone());
    if !told.again {
        verdict.why = Some(told.why.clone()).filter(|why| !why.is_empty());
        verdict.proof = told.proof.map(|hit| proof(hit, "the proof", &told.shown));
    }
    let spec = told.spec.filter(|_| !told.again && told.proof.is_none()).map(str::to_owned);
    verdict.spec = spec.or(own);
    verdict
}

// ---- quizzes and puzzles

/// A session of a quiz or of puzzles, in plain data: what `schema/session.json` (version 1) describes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Session {
    /// The version of the contract.
    pub v: u8,
    /// Where the questions come from, in words.
    pub title: String,
    /// What the dice were begun with.
    pub seed: String,
    /// Which question, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// The question's name, once it is answered.
    pub id: Option<String>,
    /// What the question is about.
    pub kind: Option<&'static str>,
    /// Lines that stand with it: packets, or bytes.
    pub shown: Vec<String>,
    /// What is asked; null at the end.
    pub question: Option<Question>,
    /// What selects the packet that shows the answer, and that packet, once it is answered.
    pub proof: Option<Proof>,
    /// How it went, at the end.
    pub result: Option<String>,
    /// What was given cannot be understood.
    pub notice: Option<String>,
    /// How an answer is given now: `read` for none, `choose`, `order`, `type`, `mark`.
    pub mode: &'static str,
    /// The inputs that mean something now, by their names in `schema/input.json`.
    pub inputs: Vec<&'static str>,
    /// The learner is done.
    pub over: bool,
}

/// What shows that an answer is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// A display filter that selects the packet.
    pub filter: String,
    /// The packet's number.
    pub packet: u64,
    /// The packet in one line.
    pub line: String,
}

/// What there is to see of a quiz: `title` and `seed` are those of its set.
pub fn quiz(scene: &session::Scene<'_>, title: &str, seed: u64) -> Session {
    let asked = scene.question.map(|question| {
        let open = scene.verdict.is_none();
        let mut asked = Question::of(&question.prompt, Some(&question.task), scene.entry, open);
        asked.verdict = scene.verdict.map(|given| {
            let mark = if given.right { Mark::Right } else { Mark::Wrong };
            let answer = scene.grades.last().map_or("", |grade| &grade.given);
            let mut verdict = Verdict::of((mark, false, false), Some(&question.task), answer);
            verdict.misconception =
                given.betrays.and_then(misconception).map(|belief| belief.refuted(Audience::Student));
            verdict.why = Some(question.why.clone());
            verdict
        });
        asked
    });
    let told = scene.question.filter(|_| scene.verdict.is_some());
    let answers = super::inputs(
        scene.mode,
        crate::lesson::scene::Offers { skip: scene.mode != Mode::Read, ..Default::default() },
    );
    Session {
        v: VERSION,
        title: title.to_owned(),
        seed: seed.to_string(),
        number: scene.number,
        of: scene.of,
        // Its name has a packet's number, which may be the answer.
        id: told.map(|question| question.id.clone()),
        kind: scene.question.map(|question| Kind::name(question.kind)),
        shown: scene.question.map_or_else(Vec::new, |question| question.shown.clone()),
        question: asked,
        proof: told.map(|question| Proof {
            filter: question.proof.filter.clone(),
            packet: question.proof.frame,
            line: question.proof.line.trim_start().to_owned(),
        }),
        result: scene.question.is_none().then(|| crate::view::quiz::result(scene.grades, scene.of)),
        notice: scene.question.filter(|_| scene.complaint).map(|question| complaint(&question.task)),
        mode: mode(scene.mode),
        inputs: answers,
        over: scene.over,
    }
}
