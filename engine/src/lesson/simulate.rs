//! Playing a lesson on its simulation: its packets, and what becomes of them when something breaks.
//!
//! `world` is the one place where a lesson's source and fault become a simulated world.

use super::find::{Finder, Hit, Trace};
use super::format::{DefaultSource, Fence, Lesson, Pick, Scope, WhatIf};
use super::hosts::Hosts;
use crate::fault::{Faults, Report};
use crate::flow::reader::each;
use crate::flow::{Limits, Tracker};
use crate::model::{Osi, Packet};
use crate::proto::memory::Ends;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::source::SourceError;

/// Packets of a timeline that are kept.
const MOST_PACKETS: usize = 600;

/// Two timelines: as it was, and with the fault.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The conversation without the fault.
    pub before: Vec<Hit>,
    /// The conversation with it.
    pub after: Vec<Hit>,
    /// Up to here, both are alike.
    pub parted: usize,
    /// How many frames met the fault; a fault of the world meets none by itself.
    pub met: u64,
    /// Who takes part.
    pub hosts: Hosts,
}

impl Outcome {
    /// The packet of the second timeline that is meant; not before both part.
    pub fn find(&self, pick: &Pick) -> Option<&Hit> {
        let nth = usize::try_from(pick.nth).unwrap_or(usize::MAX).saturating_sub(1);
        self.after.iter().skip(self.parted).filter(|hit| pick.matches(&hit.packet)).nth(nth)
    }
}

/// Runs a lesson's simulation and finds its packets. `seed` is another than the lesson's own.
///
/// # Errors
/// The scenario, or the host that looks, does not exist; a sentence.
pub fn trace(lesson: &Lesson, seed: Option<u64>) -> Result<Trace, String> {
    let source = DefaultSource { seed: seed.unwrap_or(lesson.source.seed), ..lesson.source.clone() };
    search(lesson, &mut broken(&source, &Faults::default())?)
}

/// A source's world with faults in it, before anything has happened; frames are numbered as one without them shows them.
///
/// # Errors
/// The scenario, the host that looks, or a frame that a fault names does not exist; a sentence.
pub fn broken(source: &DefaultSource, faults: &Faults) -> Result<Simulation, String> {
    let mut faults = faults.clone();
    if faults.by_number() {
        faults.find(world(source, &Faults::default(), None)?.0)?;
    }
    Ok(world(source, &faults, None)?.0)
}

/// Loses one more frame: the one with this number in the capture of the world that these faults make.
///
/// # Errors
/// There is no such frame; a sentence.
pub fn lose(source: &DefaultSource, faults: &mut Faults, number: u64) -> Result<(), String> {
    let mut more = Faults::default();
    more.add("drop", &number.to_string()).map_err(|error| error.to_string())?;
    more.find(broken(source, faults)?)?;
    *faults = std::mem::take(faults).and(more);
    Ok(())
}

/// Finds a lesson's packets in a world that is run to its end.
///
/// # Errors
/// The world cannot be read; a sentence.
pub fn search(lesson: &Lesson, world: &mut Simulation) -> Result<Trace, String> {
    let mut finder = Finder::new(lesson).among(hosts(lesson));
    run(world, |packet, tracker| {
        finder.take(packet, tracker);
        true
    })?;
    Ok(finder.finish())
}

/// The hosts of a lesson's scenario, by name; nobody where there is no such scenario.
pub fn hosts(lesson: &Lesson) -> Hosts {
    let scenario = Scenario::ready(&lesson.source.scenario).and_then(Result::ok);
    scenario.map_or_else(|| Hosts::new(lesson.osi), |scenario| Hosts::of(&scenario, lesson.osi))
}

/// What a lesson is played on.
#[derive(Clone, Copy, Debug)]
pub enum Played {
    /// Its own simulation; the ends of its connection there, if it is about one.
    Simulated(Option<Ends>),
    /// What was captured.
    Captured,
}

impl Played {
    /// Breaks what a page says, always in the simulation: what was captured can't be undone.
    ///
    /// # Errors
    /// There is nothing to break, or the world can't be made so; a sentence.
    pub fn what_if(self, lesson: &Lesson, page: usize, seed: Option<u64>) -> Result<Outcome, String> {
        let Some(Fence::WhatIf(whatif)) = lesson.pages.get(page).and_then(|p| p.fence.as_ref()) else {
            return Err("there is nothing to break on this page".into());
        };
        let ends = match self {
            Self::Simulated(ends) => ends,
            Self::Captured => trace(lesson, seed)?.ends(),
        };
        what_if(lesson, whatif, ends, seed)
    }
}

/// Runs a lesson's simulation twice, without and with a fault. `ends` are those of the lesson's conversation.
///
/// # Errors
/// The world cannot be made so; a sentence.
pub fn what_if(lesson: &Lesson, whatif: &WhatIf, ends: Option<Ends>, seed: Option<u64>) -> Result<Outcome, String> {
    let at = whatif.at.clone().or_else(|| lesson.source.at.clone());
    let source = DefaultSource { seed: seed.unwrap_or(lesson.source.seed), at, ..lesson.source.clone() };
    let ends = match lesson.scope {
        Scope::Capture => None,
        Scope::Conversation => ends,
    };
    both(world(&source, &Faults::default(), None)?.0, world(&source, &whatif.fault, ends)?, ends, hosts(lesson))
}

/// Runs a source twice: as its own faults make it, and with more of them. All its packets are looked at.
///
/// # Errors
/// The world cannot be made so; a sentence.
pub fn compare(source: &DefaultSource, faults: &Faults, more: &Faults) -> Result<Outcome, String> {
    let (mut faults, mut more) = (faults.clone(), more.clone());
    // Frames are numbered as the packets that are seen.
    more.find(broken(source, &faults)?)?;
    faults.find(world(source, &Faults::default(), None)?.0)?;
    let scenario = Scenario::ready(&source.scenario).and_then(Result::ok);
    let hosts = scenario.map_or_else(Hosts::default, |scenario| Hosts::of(&scenario, Osi::Application));
    both(world(source, &faults, None)?.0, world(source, &faults.and(more), None)?, None, hosts)
}

/// Runs two worlds, the second with what a report counts.
fn both(
    mut as_it_was: Simulation,
    (mut simulation, report): (Simulation, Report),
    ends: Option<Ends>,
    mut hosts: Hosts,
) -> Result<Outcome, String> {
    let before = timeline(&mut as_it_was, ends, &mut hosts)?;
    let mut after = timeline(&mut simulation, ends, &mut hosts)?;
    let alike = |(a, b): &(&Hit, &Hit)| a.packet.frame() == b.packet.frame() && a.packet.remark == b.packet.remark;
    let parted = before.iter().zip(&after).take_while(alike).count();
    hold_back(&mut after);
    hosts.settle(before.iter().chain(&after).map(|hit| (&hit.packet, hit.sender)));
    Ok(Outcome { before, after, parted, met: report.met(), hosts })
}

/// The world of a lesson, with what breaks in it.
fn world(source: &DefaultSource, faults: &Faults, ends: Option<Ends>) -> Result<(Simulation, Report), String> {
    let name = &source.scenario;
    let ready = Scenario::ready(name)
        .ok_or_else(|| format!("there is no scenario {name}; to see all: osi-tutor simulate --list"))?;
    let mut scenario = ready.map_err(|e| e.to_string())?;
    faults.apply(&mut scenario)?;
    let mut simulation = Simulation::new(&scenario, source.seed);
    if let Some(at) = &source.at {
        let places: Vec<&str> = scenario.devices().map(|name| name.as_ref().as_str()).collect();
        simulation = simulation.seen_from(&scenario, at).ok_or_else(|| {
            format!("there is no place {at} in {name} to look from; there are {}, and all", places.join(", "))
        })?;
    }
    Ok(faults.put_into(simulation, source.seed, ends))
}

/// The packets of a conversation, or all.
fn timeline(simulation: &mut Simulation, ends: Option<Ends>, hosts: &mut Hosts) -> Result<Vec<Hit>, String> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut first = None;
    run(simulation, |packet, tracker| {
        hosts.see(packet);
        if ends.is_none_or(|ends| tracker.is_at(ends)) {
            let source = first.get_or_insert_with(|| Hit::source(packet));
            hits.push(Hit::new(packet, tracker, source.as_deref()));
        }
        hits.len() < MOST_PACKETS
    })?;
    Ok(hits)
}

/// Hands over every packet with the tracker behind it, until nobody wants more.
fn run(simulation: &mut Simulation, mut take: impl FnMut(&Packet, &Tracker) -> bool) -> Result<(), String> {
    each(simulation, Limits::default(), |packet, tracker| Ok::<_, SourceError>(take(packet, tracker)))
        .map_err(|e| e.to_string())
}

/// An onlooker takes what was sent for received. Here we know better: whoever waits for a lost segment stays in
/// the state it was in, until another segment of that sender gets through.
fn hold_back(hits: &mut [Hit]) {
    let mut held = [None, None];
    for hit in hits {
        let lost = hit.is_lost();
        let (Some(from), Some(states), Some(before)) = (hit.sender, &mut hit.states, &mut hit.before) else { continue };
        let receiver = 1 - (from as usize);
        for (state, held) in before.iter_mut().zip(held) {
            *state = held.unwrap_or(*state);
        }
        if lost {
            held[receiver] = held[receiver].or(Some(before[receiver]));
        } else {
            held[receiver] = None;
        }
        for (state, held) in states.iter_mut().zip(held) {
            *state = held.unwrap_or(*state);
        }
    }
}
