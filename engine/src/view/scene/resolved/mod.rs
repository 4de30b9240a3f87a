//! A scene resolved for one audience, in plain data: what `schema/scene.json` (version 1) describes. A page, append-only
//! text and any program that drives a lesson draw from it; nothing here knows of a screen.
//!
//! Text is plain and free of what commands a terminal. What an open question holds back isn't in it.
//! Read [`Resolved`], then `rows` (packets) and `asked` (questions, and what answers are worth).

mod asked;
mod conversation;
mod rows;

pub use asked::{Evidence, Question, Session, Verdict, quiz};
pub use conversation::{Conversation, before};
pub(super) use rows::value;
pub use rows::{Ends, Hop, Host, Ladder, Lit, Row, Timelines};

use super::super::json;
use super::super::prose::{Block, blocks};
use crate::ask::Mode;
use crate::lesson::Hit;
use crate::lesson::format::Fade;
use crate::lesson::scene::{Body, Offers, Procedure, Scene, Stack, View};
use crate::model::{Osi, show};
use crate::tutor::{Audience, Moment, Texts, Truth, explain, seven};
use serde::Serialize;

/// The version of the contract.
const VERSION: u8 = 1;
/// The most bytes of one buffer that are given.
const MOST_BYTES: usize = 1 << 16;
/// The largest number that any JSON reader keeps: 2^53.
const LARGEST: u64 = 1 << 53;

/// A scene, whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is so or not")]
pub struct Resolved {
    /// The version of the contract.
    pub v: u8,
    /// The lesson's heading.
    pub title: String,
    /// Where the packets come from, in words.
    pub origin: String,
    /// Which page, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// For whom.
    pub audience: &'static str,
    /// How the packets are looked at: `wire`, `states`, `calls`.
    pub view: &'static str,
    /// What the page is about: `prose`, `said`, `shown`, `asked`, `broken`, `worked`.
    pub kind: &'static str,
    /// The page's prose.
    pub prose: Vec<Block>,
    /// The packets so far; on a page of prose alone, too.
    pub ladder: Ladder,
    /// The seven layers of each packet that the page shows.
    pub layers: Vec<Layers>,
    /// Each layer says why, too.
    pub unfolded: bool,
    /// What is said of the packet.
    pub text: Option<String>,
    /// The source lacks what the page needs; `text` says so.
    pub absent: bool,
    /// The fields that the page speaks of.
    pub lit: Vec<Lit>,
    /// The packets in full, where that was asked for.
    pub whole: Vec<Whole>,
    /// They were asked for.
    pub deeper: bool,
    /// A procedure.
    pub work: Option<Work>,
    /// What is asked.
    pub question: Option<Question>,
    /// What breaks, once it was run.
    pub what_if: Option<Timelines>,
    /// A word about the last input.
    pub notice: Option<String>,
    /// How an answer is given now: `read` for none, `choose`, `order`, `type`, `mark`.
    pub mode: &'static str,
    /// The inputs that mean something now, by their names in `schema/input.json`.
    pub inputs: Vec<&'static str>,
    /// The learner is done.
    pub over: bool,
}

/// The seven layers of one packet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layers {
    /// The packet's number.
    pub packet: u64,
    /// All seven, from the wire up.
    pub rows: Vec<Layer>,
}

/// One of the seven.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// 1 to 7.
    pub layer: u8,
    /// Its name.
    pub name: &'static str,
    /// What is there, in a line.
    pub what: String,
    /// The same in few words.
    pub short: String,
    /// How we know: `observed`, `inferred`, `not visible`.
    pub evidence: &'static str,
    /// The page is about it.
    pub lit: bool,
    /// What it is here, or why it can't be seen: of the lit one, and of all where they are unfolded.
    pub why: Option<String>,
}

/// A packet in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Whole {
    /// The packet's number.
    pub packet: u64,
    /// Its fields and notes, as in `schema/packet.json`; numbers above 2^53 are text.
    pub fields: serde_json::Value,
    /// Its bytes: the frame, then what was reassembled, dechunked or inflated.
    pub bytes: Vec<Bytes>,
}

/// Some bytes of a packet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bytes {
    /// Which buffer; 0 is the frame.
    pub buffer: usize,
    /// How many there are.
    pub length: usize,
    /// They, in hexadecimal; of very many, the first 65,536.
    pub hex: String,
}

/// A procedure on one packet, or on values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Work {
    /// What is worked out.
    pub title: String,
    /// How much is left to the learner, in words.
    pub turn: &'static str,
    /// What is given.
    pub given: Vec<Given>,
    /// The steps.
    pub steps: Vec<Step>,
    /// What is said of it at the end.
    pub text: Option<String>,
}

/// A value that is given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Given {
    /// What it is called.
    pub name: String,
    /// It.
    pub value: String,
}

/// One step of a procedure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What is done.
    pub say: String,
    /// How, where the step is worked out and calculates.
    pub formula: Option<String>,
    /// What comes out; null where the learner is to say it.
    pub value: Option<String>,
    /// It is the one to answer now.
    pub current: bool,
}

impl Resolved {
    /// A scene, resolved for its audience.
    pub fn of(scene: &Scene<'_>, texts: &Texts) -> Self {
        let shown = if let Body::Shown(shown) = &scene.body { Some(shown) } else { None };
        let (kind, text) = match &scene.body {
            Body::Prose => ("prose", None),
            Body::Said(text) => ("said", Some(text.clone())),
            Body::Shown(shown) => ("shown", Some(shown.text.clone())),
            Body::Asked(_) => ("asked", None),
            Body::Broken(broken) => ("broken", matches!(broken.outcome, Some(Ok(_))).then(|| broken.text.clone())),
            Body::Worked(_) => ("worked", None),
        };
        let what_if = if let Body::Broken(broken) = &scene.body { Timelines::of(broken) } else { None };
        Self {
            v: VERSION,
            title: scene.title.to_owned(),
            origin: scene.origin.to_owned(),
            page: scene.page,
            pages: scene.pages,
            audience: scene.audience.name(),
            view: view(scene.view),
            kind,
            prose: blocks(scene.prose),
            layers: scene.stacks.iter().map(|stack| layers(stack, scene.unfolded)).collect(),
            unfolded: scene.unfolded,
            text: text.filter(|text| !text.is_empty()),
            absent: shown.is_some_and(|shown| shown.hits.is_empty()),
            lit: shown.map_or_else(Vec::new, |shown| rows::lit(shown)),
            whole: shown.filter(|_| scene.deeper).map_or_else(Vec::new, |shown| {
                shown.hits.iter().map(|hit| whole(hit, scene.audience, texts)).collect()
            }),
            deeper: scene.deeper,
            work: if let Body::Worked(task) = &scene.body { Some(work(task)) } else { None },
            notice: scene.complaint.map(super::super::ask::complaint).or_else(|| scene.notice.map(str::to_owned)),
            mode: mode(scene.mode),
            inputs: inputs(scene.mode, scene.offers),
            over: scene.over,
            ladder: Ladder::of(scene),
            question: asked::of_scene(scene),
            what_if,
        }
    }
}

/// What a look at the packets is called.
const fn view(view: View) -> &'static str {
    match view {
        View::Wire => "wire",
        View::States => "states",
        View::Calls => "calls",
    }
}

/// What a way to answer is called.
const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "read",
        Mode::Choose(_) => "choose",
        Mode::Order(_) => "order",
        Mode::Type => "type",
        Mode::Mark => "mark",
    }
}

/// The inputs that mean something now.
fn inputs(mode: Mode, offers: Offers) -> Vec<&'static str> {
    let answers: &[&str] = match mode {
        Mode::Read => &["next"],
        Mode::Choose(_) => &["choose", "submit"],
        Mode::Order(_) => &["take", "erase", "submit"],
        Mode::Type => &["type", "erase", "submit"],
        Mode::Mark => &["mark", "submit"],
    };
    let offered: [(&[&str], bool); 7] = [
        (&["hint"], offers.hint),
        (&["skip"], offers.skip),
        (&["what-if"], offers.break_it),
        (&["back", "first", "last", "audience"], offers.turn),
        (&["view"], offers.view),
        (&["deeper"], offers.deeper),
        (&["layers"], offers.layers),
    ];
    let offered = offered.into_iter().filter(|(_, is)| *is).flat_map(|(names, _)| names);
    answers.iter().chain(offered).chain(&["look", "quit"]).copied().collect()
}

fn layers(stack: &Stack, unfolded: bool) -> Layers {
    Layers::new(stack.packet, &stack.rows, Some(stack.lit), unfolded)
}

impl Layers {
    /// Of any packet: the highest layer that it shows is lit.
    pub fn of(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> Self {
        let rows = seven(moment, audience, texts);
        let lit = rows.iter().rev().find(|row| row.truth != Truth::NotVisible).map(|row| row.osi);
        Self::new(moment.packet.number, &rows, lit, false)
    }

    /// The same, with what is said of each layer.
    pub fn unfolded(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> Self {
        Self::new(moment.packet.number, &seven(moment, audience, texts), None, true)
    }

    fn new(packet: u64, rows: &[crate::tutor::Row], lit: Option<Osi>, unfolded: bool) -> Self {
        let row = |row: &crate::tutor::Row| Layer {
            layer: row.osi.number(),
            name: row.osi.name(),
            what: row.line.clone(),
            short: row.short.clone(),
            evidence: row.truth.name(),
            lit: Some(row.osi) == lit,
            why: (unfolded || Some(row.osi) == lit).then(|| row.text.clone()),
        };
        Self { packet, rows: rows.iter().map(row).collect() }
    }
}

fn whole(hit: &Hit, audience: Audience, texts: &Texts) -> Whole {
    let moment = hit.moment();
    let mut line = String::new();
    json::line(&hit.packet, Some((&explain(&moment, audience, texts), audience)), &mut line);
    let mut fields = serde_json::from_str(&line).unwrap_or_default();
    readable(&mut fields);
    let bytes = hit.packet.buffers().iter().enumerate().map(|(buffer, held)| Bytes {
        buffer,
        length: held.bytes.len(),
        hex: hex(held.bytes.get(..MOST_BYTES).unwrap_or(&held.bytes)),
    });
    Whole { packet: hit.packet.number, fields, bytes: bytes.collect() }
}

/// Makes text of numbers that a reader with doubles would round.
fn readable(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Number(n) if n.as_u64().is_some_and(|n| n > LARGEST) => *value = Value::String(n.to_string()),
        Value::Number(n) if n.as_i64().is_some_and(|n| n.unsigned_abs() > LARGEST) => {
            *value = Value::String(n.to_string());
        }
        Value::Array(all) => all.iter_mut().for_each(readable),
        Value::Object(all) => all.values_mut().for_each(readable),
        _ => {}
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    show::hex_bytes(bytes, "", &mut text);
    text
}

fn work(task: &Procedure<'_>) -> Work {
    let step = |line: &crate::lesson::scene::Line<'_>| Step {
        say: line.say.clone(),
        formula: super::question::formula(line, task.fade).map(str::to_owned),
        value: line.value.clone(),
        current: line.current,
    };
    Work {
        title: task.title.to_owned(),
        turn: super::question::turn(task.fade),
        given: task.given.iter().map(|(name, value)| Given { name: name.clone(), value: value.clone() }).collect(),
        steps: if task.absent { Vec::new() } else { task.lines.iter().map(step).collect() },
        text: task.text.clone().filter(|_| !task.absent && (task.fade == Fade::Whole || task.verdict.is_none())),
    }
}
