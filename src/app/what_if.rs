//! `simulate --what-if`: the same world twice, once with one more fault, side by side up to where they part.

use super::{Failure, columns, faults};
use crate::fault::Report;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::{Remark, Time, show};
use crate::sim::{Endpoint, Moment, START, Simulation};
use crate::source::Step;
use crate::view::Theme;
use crate::view::fork::{Fork, Line, Merged};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::Write;

/// Frames that are shown before the timelines part.
const BEFORE: usize = 6;
/// Frames of each timeline that are shown after that, unless more are asked for.
const AFTER: u64 = 20;

/// How both worlds are told and made.
pub(super) struct Question<'q> {
    /// What is asked, as it was typed.
    pub asked: &'q [String],
    /// The names of the devices, in their order.
    pub names: Vec<&'q str>,
    /// Makes the world as it was, before anything has happened.
    pub as_it_was: &'q dyn Fn() -> Result<(Simulation, Report), Failure>,
    /// Makes the same with the fault.
    pub what_if: &'q dyn Fn() -> Result<(Simulation, Report), Failure>,
    /// How many frames of each are shown after they have parted.
    pub count: Option<u64>,
}

/// A world under way, and what its capture has shown so far.
struct World {
    simulation: Simulation,
    report: Report,
    reader: Reader,
    over: bool,
}

/// Both timelines, as far as they are shown.
#[derive(Default)]
struct Timelines {
    /// How many frames they have in common, and the last of these, each with what befell it in the second.
    same: u64,
    common: VecDeque<(Line, Option<Remark>)>,
    /// What each shows after they have parted, and how many frames it has in all.
    apart: [Vec<Line>; 2],
    frames: [u64; 2],
    lasted: [i64; 2],
    /// When they part.
    parted: Option<Time>,
}

/// Runs it.
pub(super) fn run(question: &Question<'_>, as_json: bool, theme: Theme) -> Result<(), Failure> {
    let (mut near, mut far) = (World::new((question.as_it_was)()?), World::new((question.what_if)()?));
    let most = question.count.unwrap_or(AFTER);
    let timelines = Timelines::of(&mut near, &mut far, most)?;
    let beliefs = match timelines.parted {
        Some(at) => Some([believed(question.as_it_was, at)?, believed(question.what_if, at)?]),
        None => None,
    };
    let text = if as_json {
        object(question, &timelines, beliefs.as_ref()).to_string() + "\n"
    } else {
        timelines.text(question, beliefs.as_ref(), &Fork::new(theme, columns()))
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    faults::tell(&far.report);
    Ok(())
}

/// What each host believes at a moment, just after what happened then.
fn believed(make: &dyn Fn() -> Result<(Simulation, Report), Failure>, at: Time) -> Result<Vec<Endpoint>, Failure> {
    let (mut simulation, _) = make()?;
    simulation.pass(at);
    Ok(simulation.endpoints())
}

impl World {
    fn new((simulation, report): (Simulation, Report)) -> Self {
        // Both worlds' bytes are compared.
        Self { simulation, report, reader: Reader::new(Limits::default()).keeping(), over: false }
    }

    /// The next frame, if there is one.
    fn next(&mut self) -> Result<bool, Failure> {
        while !self.over {
            match self.reader.next(&mut self.simulation)? {
                Step::Frame => return Ok(true),
                Step::Idle => {}
                Step::End => self.over = true,
            }
        }
        Ok(false)
    }

    fn line(&self) -> Line {
        let sent = self.simulation.passing().moment == Moment::Leaves;
        Line::of(&self.reader.packet, START, Some(sent))
    }
}

impl Timelines {
    fn of(near: &mut World, far: &mut World, most: u64) -> Result<Self, Failure> {
        let mut all = Self::default();
        let mut worlds = [near, far];
        loop {
            let mut more = [false; 2];
            for (world, more) in worlds.iter_mut().zip(&mut more) {
                *more = world.next()?;
            }
            let [near, far] = &worlds;
            if more != [true; 2]
                || near.reader.frame.time != far.reader.frame.time
                || near.reader.frame.bytes != far.reader.frame.bytes
            {
                let times = worlds.iter().zip(more).filter(|(_, more)| *more).map(|(world, _)| world.reader.frame.time);
                all.parted = times.min();
                for (side, world) in worlds.iter_mut().enumerate() {
                    all.rest(side, world, more[side], most)?;
                }
                return Ok(all);
            }
            all.same += 1;
            if all.common.len() == BEFORE {
                all.common.pop_front();
            }
            let [was, met] = [near, far].map(|world| world.reader.packet.remark);
            all.common.push_back((near.line(), met.filter(|_| met != was)));
            for (side, world) in worlds.iter().enumerate() {
                all.count(side, world);
            }
        }
    }

    fn count(&mut self, side: usize, world: &World) {
        self.frames[side] += 1;
        self.lasted[side] = world.reader.frame.time.since(START).unwrap_or(0);
    }

    /// What one timeline goes on with.
    fn rest(&mut self, side: usize, world: &mut World, mut more: bool, most: u64) -> Result<(), Failure> {
        while more {
            self.count(side, world);
            if (self.apart[side].len() as u64) < most {
                self.apart[side].push(world.line());
            }
            more = world.next()?;
        }
        Ok(())
    }

    fn text(&self, question: &Question<'_>, beliefs: Option<&[Vec<Endpoint>; 2]>, fork: &Fork) -> String {
        let mut out = String::new();
        fork.heading("as it was", &format!("what if: {}", question.asked.join(", ").escape_debug()), &mut out);
        let hidden = self.same - self.common.len() as u64;
        if hidden > 0 {
            fork.texts(&format!("… {hidden} frames"), "the same", &mut out);
        }
        for (line, met) in &self.common {
            fork.same(line, *met, &mut out);
        }
        let Some([near, far]) = beliefs else {
            fork.rule("they never part", &mut out);
            return out;
        };
        let mut at = String::new();
        show::seconds(self.parted.and_then(|at| at.since(START)).unwrap_or(0), 6, &mut at);
        fork.rule(&format!("here they part, at {at} s; what each host's stack holds then"), &mut out);
        for (left, right) in near.iter().zip(far) {
            endpoint(question, left, right, fork, &mut out);
        }
        fork.rule("what followed", &mut out);
        for (left, right) in Merged::new(&self.apart[0], &self.apart[1]) {
            fork.frames(left, right, &mut out);
        }
        let [near, far] = [0, 1].map(|side| self.summary(side));
        fork.texts(&near, &far, &mut out);
        out
    }

    /// How one timeline ends.
    fn summary(&self, side: usize) -> String {
        let hidden = self.frames[side].saturating_sub(self.same + self.apart[side].len() as u64);
        let mut text = if hidden > 0 { format!("… and {hidden} more; ") } else { String::new() };
        show::number(self.frames[side], &mut text);
        text.push_str(" frames in ");
        show::seconds(self.lasted[side], 3, &mut text);
        text.push_str(" s");
        text
    }
}

/// A host's sockets in both worlds.
fn endpoint(question: &Question<'_>, left: &Endpoint, right: &Endpoint, fork: &Fork, out: &mut String) {
    let name = |endpoint: &Endpoint| {
        let mut text = String::new();
        show::escape(question.names.get(endpoint.device).map_or("", |name| name).as_bytes(), &mut text);
        text
    };
    let sockets = |endpoint: &Endpoint| {
        let mut all: Vec<String> = endpoint.sockets.iter().map(|socket| socket.brief().to_string()).collect();
        if all.is_empty() {
            all.push("no connection".to_owned());
        }
        all
    };
    let (near, far) = (sockets(left), sockets(right));
    fork.texts(&name(left), &name(right), out);
    for at in 0..near.len().max(far.len()) {
        let side = |all: &[String]| all.get(at).map_or(String::new(), |text| format!("  {text}"));
        fork.texts(&side(&near), &side(&far), out);
    }
}

/// Everything as one object, after `schema/what-if.json`.
fn object(question: &Question<'_>, timelines: &Timelines, beliefs: Option<&[Vec<Endpoint>; 2]>) -> Value {
    let line = |line: &Line| {
        json!({ "number": line.number, "time_relative": seconds(line.at), "sent": line.sent, "text": line.text,
                "remark": sentence(line.remark) })
    };
    let sides = ["as_it_was", "what_if"];
    let both = |value: &dyn Fn(usize) -> Value| {
        Value::Object(sides.iter().enumerate().map(|(side, name)| ((*name).to_owned(), value(side))).collect())
    };
    json!({
        "v": 1,
        "asked": question.asked,
        "same": timelines.same,
        "parted": timelines.parted.and_then(|at| at.since(START)).map(seconds),
        "before": timelines.common.iter().map(|(common, met)| {
            let mut value = line(common);
            value["met"] = json!(sentence(*met));
            value
        }).collect::<Vec<_>>(),
        "endpoints": beliefs.map(|beliefs| both(&|side| {
            Value::Array(beliefs.get(side).into_iter().flatten().map(|it| believes(question, it)).collect())
        })),
        "after": both(&|side| Value::Array(timelines.apart[side].iter().map(line).collect())),
        "frames": both(&|side| json!(timelines.frames[side])),
        "lasted": both(&|side| json!(seconds(timelines.lasted[side]))),
    })
}

fn believes(question: &Question<'_>, endpoint: &Endpoint) -> Value {
    super::endpoints::object(question.names.get(endpoint.device).map_or("", |name| name), endpoint)
}

fn seconds(nanos: i64) -> String {
    let mut text = String::new();
    show::seconds(nanos, 9, &mut text);
    text
}

/// What befell a frame; empty where nothing did.
fn sentence(remark: Option<Remark>) -> &'static str {
    remark.map_or("", Remark::sentence)
}
