//! Playing a lesson on its simulation: its packets, and what becomes of them when something breaks.
//!
//! `world` is the one place where a lesson's source and fault become a simulated world.

use super::find::{Finder, Hit, Trace};
use super::format::{DefaultSource, Fault, FaultKind, FrameFault, Lesson, Pick, Scalar, Scope, WhatIf};
use crate::flow::reader::each;
use crate::flow::{Limits, Tracker};
use crate::model::{Packet, RawFrame};
use crate::proto::memory::Ends;
use crate::proto::walk;
use crate::sim::scenario::Scenario;
use crate::sim::{Fate, Simulation};
use crate::source::SourceError;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    let mut simulation = world(&source, None)?.0;
    let mut finder = Finder::new(lesson);
    run(&mut simulation, |packet, tracker| {
        finder.take(packet, tracker);
        true
    })?;
    Ok(finder.finish())
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
    let before = timeline(&mut world(&source, None)?.0, ends)?;
    let (mut simulation, met) = world(&source, Some((&whatif.fault, ends)))?;
    let mut after = timeline(&mut simulation, ends)?;
    let alike = |(a, b): &(&Hit, &Hit)| a.packet.frame() == b.packet.frame() && a.remark() == b.remark();
    let parted = before.iter().zip(&after).take_while(alike).count();
    hold_back(&mut after);
    Ok(Outcome { before, after, parted, met: met.load(Ordering::Relaxed) })
}

/// A world, and how many frames have met the fault so far.
fn world(
    source: &DefaultSource,
    fault: Option<(&Fault, Option<Ends>)>,
) -> Result<(Simulation, Arc<AtomicU64>), String> {
    let name = &source.scenario;
    let ready = Scenario::ready(name)
        .ok_or_else(|| format!("there is no scenario {name}; to see all: osi-tutor simulate --list"))?;
    let mut scenario = ready.map_err(|e| e.to_string())?;
    if let Some((fault, _)) = fault {
        change(&mut scenario, fault)?;
    }
    let mut simulation = Simulation::new(&scenario, source.seed);
    if let Some(at) = &source.at {
        let places: Vec<&str> = scenario.devices().map(|name| name.as_ref().as_str()).collect();
        simulation = simulation.seen_from(&scenario, at).ok_or_else(|| {
            format!("there is no place {at} in {name} to look from; there are {}, and all", places.join(", "))
        })?;
    }
    let met = Arc::new(AtomicU64::new(0));
    let Some((fault, ends)) = fault else { return Ok((simulation, met)) };
    if let FaultKind::Frames { what, filter, nth } = &fault.kind {
        let fate = match *what {
            FrameFault::Drop => Fate::Drop,
            FrameFault::Delay(ms) => Fate::Delay(Duration::from_millis(ms.into())),
            FrameFault::Duplicate => Fate::Duplicate,
            FrameFault::Corrupt => Fate::Corrupt,
            FrameFault::Reorder => Fate::Overtake,
        };
        let (filter, nth, mut seen) = (filter.it.clone(), *nth, 0);
        let (mut tracker, mut packet, count) = (Tracker::new(Limits::default()), Packet::new(), Arc::clone(&met));
        simulation = simulation.with_fault(Box::new(move |frame: &RawFrame| {
            walk(frame, &mut tracker, &mut packet);
            let ours = ends.is_none_or(|ends| belongs(&tracker, ends));
            if !ours || !filter.matches(&packet) {
                return Fate::Deliver;
            }
            seen += 1;
            if nth.is_some_and(|nth| nth != seen) {
                return Fate::Deliver;
            }
            count.fetch_add(1, Ordering::Relaxed);
            fate
        }));
    }
    Ok((simulation, met))
}

/// Makes the world another one: the faults of [`WORLD`](super::fault::WORLD), by their key.
fn change(scenario: &mut Scenario, fault: &Fault) -> Result<(), String> {
    let of = |key: &str| fault.more.iter().find(|(k, _)| k.it == key).map(|(_, value)| value);
    let wanted = |key: &str, what: &str| format!("{key} wants {what}");
    let link = match of("link") {
        None => None,
        Some(Scalar::Text(link)) => Some(link.as_str()),
        Some(_) => return Err(wanted("link", "the name of a link")),
    };
    for (key, value) in &fault.more {
        match (key.it.as_str(), value) {
            ("mtu", Scalar::Number(n)) => {
                scenario.set_mtu(link, u16::try_from(*n).map_err(|_| wanted("mtu", "bytes, such as 576"))?)?;
            }
            ("rate", Scalar::Number(n)) => {
                let kbit = u32::try_from(*n).ok().and_then(NonZeroU32::new);
                scenario.set_rate(link, kbit.ok_or_else(|| wanted("rate", "kbit in a second, such as 64"))?)?;
            }
            ("silent", Scalar::Text(host)) => {
                let at = match of("at_ms") {
                    None => 0,
                    Some(Scalar::Number(n)) => u32::try_from(*n).map_err(|_| wanted("at_ms", "milliseconds"))?,
                    Some(_) => return Err(wanted("at_ms", "milliseconds")),
                };
                scenario.set_silent(host, at)?;
            }
            ("not_reading", Scalar::Text(host)) => scenario.set_not_reading(host)?,
            ("wrong_accept", Scalar::Flag(true)) => scenario.set_wrong_accept()?,
            ("unmasked", Scalar::Flag(true)) => scenario.set_unmasked()?,
            ("link", _) if of("mtu").or(of("rate")).is_some() => {}
            ("at_ms", _) if of("silent").is_some() => {}
            (key, _) => {
                let about = super::fault::WORLD.iter().find(|(k, _)| *k == key).map_or("", |(_, about)| *about);
                return Err(format!("{key} is wrong here: {about}"));
            }
        }
    }
    Ok(())
}

/// Whether the last packet belongs to the connection of these ends.
fn belongs(tracker: &Tracker, ends: Ends) -> bool {
    let connection = tracker.current().and_then(|c| tracker.connection(c));
    connection.is_some_and(|c| {
        (c.ends.src, c.ends.src_port, c.ends.dst, c.ends.dst_port) == (ends.src, ends.src_port, ends.dst, ends.dst_port)
    })
}

/// The packets of a conversation, or all.
fn timeline(simulation: &mut Simulation, ends: Option<Ends>) -> Result<Vec<Hit>, String> {
    let mut hits: Vec<Hit> = Vec::new();
    let mut first = None;
    run(simulation, |packet, tracker| {
        if ends.is_none_or(|ends| belongs(tracker, ends)) {
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
