//! `simulate --what-if`: the same world twice, once with one more fault, side by side up to where they part.

use super::Failure;
use crate::fault::Report;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::Time;
use crate::sim::{Endpoint, Moment, START, Simulation};
use crate::source::Step;
use crate::view::fork::{Fork, Line};
use crate::view::json::to_line;
use crate::view::what_if::Timelines;

/// Frames of each timeline that are shown after they have parted, unless more are asked for.
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

/// Tells both timelines, as text in a form or as JSON; and which faults met what.
pub(super) fn tell(question: &Question<'_>, form: Option<&Fork>) -> Result<(String, Report), Failure> {
    let mut worlds = [World::new((question.as_it_was)()?), World::new((question.what_if)()?)];
    let mut timelines = Timelines::new(question.asked, &question.names);
    compare(&mut worlds, &mut timelines, question.count.unwrap_or(AFTER))?;
    if let Some(at) = timelines.parted {
        timelines.beliefs = Some([believed(question.as_it_was, at)?, believed(question.what_if, at)?]);
    }
    let text = form.map_or_else(|| to_line(&timelines.object()), |form| timelines.text(form));
    let [_, far] = worlds;
    Ok((text, far.report))
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

    /// Whether both have come to the same frame at the same moment.
    fn is_at_the_same(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.reader.frame, &other.reader.frame);
        own.time == theirs.time && own.bytes == theirs.bytes
    }

    fn line(&self) -> Line {
        let sent = self.simulation.passing().moment == Moment::Leaves;
        Line::of(&self.reader.packet, START, Some(sent))
    }
}

/// Runs both worlds to their ends: side by side while they are the same, then one after the other.
fn compare(worlds: &mut [World; 2], timelines: &mut Timelines<'_>, most: u64) -> Result<(), Failure> {
    loop {
        let [near, far] = worlds;
        let more = [near.next()?, far.next()?];
        if more != [true; 2] || !near.is_at_the_same(far) {
            break timelines.parted =
                worlds.iter().zip(more).filter(|(_, more)| *more).map(|(it, _)| it.reader.frame.time).min();
        }
        let [was, met] = [&*near, far].map(|world| world.reader.packet.remark);
        timelines.add_same(near.line(), met.filter(|_| met != was));
    }
    for (side, world) in worlds.iter_mut().enumerate() {
        while !world.over {
            timelines.add_apart(side, world.line(), most);
            world.next()?;
        }
    }
    Ok(())
}
