//! `osi-tutor simulate`: the packets of simulated hosts.

use super::outputs::{check, spare};
use super::pace::{Pace, Paced};
use super::scenario::{find, list};
use super::what_if::{self, Question};
use super::{Failure, endpoints, error, faults, hops, show};
use crate::cli::Simulate;
use crate::fault::{Faults, Report};
use crate::model::show::escape;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::view::Theme;
use crate::view::theme::Color;
use std::io::Write;

/// Runs it.
pub(super) fn run(args: &Simulate, color: Color) -> Result<(), Failure> {
    let Some(wanted) = args.scenario.as_deref().filter(|_| !args.list) else { return list() };
    spare("-w", args.show.write.as_deref(), wanted)?;
    spare("-o", args.show.output.as_deref(), wanted)?;
    check(&args.show)?;
    let mut scenario = find(wanted)?;
    let faults = faults::of_options(&args.faults)?;
    faults::apply(&faults, &mut scenario)?;
    let scenario = scenario;
    let pace = args.pace.as_deref().map(Pace::read).transpose()?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let make = || world(&scenario, seed, args.at.as_deref());
    let as_it_was = || faulty(&make, faults.clone(), seed);
    let names: Vec<&str> = scenario.devices().map(|name| name.as_ref().as_str()).collect();
    let mut origin = String::from("Simulated: ");
    escape(scenario.title.as_bytes(), &mut origin);
    let origin = format!("{origin} (seed {seed}). No packet here crosses a real wire.");
    if !args.show.json {
        // Where nobody reads it, nothing is lost.
        let _ = writeln!(std::io::stderr(), "{origin}");
    }
    if let Some(which) = &args.hops {
        return hops::run(args, which, &scenario, &|| Ok(as_it_was()?.0), color);
    }
    let (json, count, theme) = (args.show.json, args.show.count, Theme::new(super::color(color)));
    if !args.what_if.is_empty() {
        let more = faults::what_if(&args.what_if)?;
        let mut changed = scenario.clone();
        faults::apply(&more, &mut changed)?;
        let what_if = || {
            let (mut both, mut more) = (faults.clone(), more.clone());
            both.find(make()?).map_err(Failure::Usage)?;
            more.find(as_it_was()?.0).map_err(Failure::Usage)?;
            Ok(both.and(more).put_into(world(&changed, seed, args.at.as_deref())?, seed, None))
        };
        let asked = &args.what_if;
        let question = Question { asked, names, as_it_was: &as_it_was, what_if: &what_if, count };
        return what_if::run(&question, json, theme);
    }
    let (mut simulation, report) = as_it_was()?;
    if args.endpoints {
        endpoints::run(&mut simulation, &names, (json, count), &theme)?;
    } else if let Some(pace) = pace {
        if pace == Pace::Step {
            error::tell("Any key shows the next packet; q ends.");
        }
        show::run(&mut Paced::new(&mut simulation, pace), &args.show, &origin, color, &mut || false)?;
    } else {
        #[cfg(feature = "tui")]
        if super::browse::wanted(&args.show) && args.show.write.is_none() {
            super::browse::run(Box::new(simulation), false, &args.show, &origin, color)?;
            faults::tell(&report);
            return Ok(());
        }
        show::run(&mut simulation, &args.show, &origin, color, &mut || false)?;
    }
    faults::tell(&report);
    Ok(())
}

/// A world with faults; frames are numbered as one without them shows them.
fn faulty(
    make: &dyn Fn() -> Result<Simulation, Failure>,
    mut faults: Faults,
    seed: u64,
) -> Result<(Simulation, Report), Failure> {
    faults.find(make()?).map_err(Failure::Usage)?;
    Ok(faults.put_into(make()?, seed, None))
}

/// The world before anything has happened, seen from a place.
fn world(scenario: &Scenario, seed: u64, at: Option<&str>) -> Result<Simulation, Failure> {
    let world = Simulation::new(scenario, seed);
    let Some(place) = at else { return Ok(world) };
    world.seen_from(scenario, place).ok_or_else(|| {
        let mut text = String::from("no host, switch, router, card or link here is called '");
        escape(place.as_bytes(), &mut text);
        for (at, known) in places(scenario).iter().enumerate() {
            text.push_str(if at == 0 { "'; there are: " } else { ", " });
            escape(known.as_bytes(), &mut text);
        }
        Failure::Usage(text)
    })
}

/// Every name that `--at` knows.
fn places(scenario: &Scenario) -> Vec<String> {
    let mut all = Vec::new();
    for (device, name) in scenario.devices().enumerate() {
        all.push(name.as_ref().clone());
        if let cards @ [_, _, ..] = scenario.cards(device) {
            all.extend(cards.iter().map(|card| format!("{}:{}", name.as_ref(), card.name.as_ref())));
        }
    }
    all.extend(scenario.links.iter().map(|link| link.name.clone()));
    all.push("all".into());
    all
}
