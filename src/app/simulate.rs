//! `osi-tutor simulate`: the packets of simulated hosts.

use super::outputs::{check, spare};
use super::pace::{Pace, Paced};
use super::scenario::{find, list};
use super::what_if::{self, Question};
use super::{Failure, columns, endpoints, error, faults, hops, show};
use crate::cli::Simulate;
use crate::fault::{Faults, Report};
use crate::model::show::escape;
use crate::sim::Simulation;
use crate::sim::scenario::Scenario;
use crate::view::Theme;
use crate::view::fork::Fork;
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
    let pace = args.pace.as_deref().map(Pace::by_keys).transpose()?;
    let seed = args.seed.unwrap_or(scenario.seed);
    let recipe = Recipe { scenario, faults, seed, at: args.at.clone() };
    let mut origin = String::from("Simulated: ");
    escape(recipe.scenario.title.as_bytes(), &mut origin);
    let origin = format!("{origin} (seed {seed}). No packet here crosses a real wire.");
    if !args.show.json {
        // Where nobody reads it, nothing is lost.
        let _ = writeln!(std::io::stderr(), "{origin}");
    }
    if let Some(which) = &args.hops {
        return hops::run(args, which, &recipe.scenario, &|| Ok(recipe.as_it_was()?.0), color);
    }
    let (json, count, theme) = (args.show.json, args.show.count, Theme::new(super::color(color)));
    if !args.what_if.is_empty() {
        let form = (!json).then(|| Fork::new(theme, columns()));
        let (text, report) = recipe.both(&args.what_if, count, form.as_ref())?;
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        faults::tell(&report);
        return Ok(());
    }
    let (mut simulation, report) = recipe.as_it_was()?;
    if args.endpoints {
        endpoints::run(&mut simulation, &recipe.names(), (json, count), &theme)?;
    } else if let Some(pace) = pace {
        if pace == Pace::Step {
            error::tell("Any key shows the next packet; q ends.");
        }
        show::run(&mut Paced::new(Box::new(simulation), pace), &args.show, &origin, color, &mut || false)?;
    } else {
        #[cfg(feature = "tui")]
        if super::browse::wanted(&args.show) && args.show.write.is_none() {
            super::browse::run(Box::new(simulation), false, Some(recipe.made()), &args.show, &origin, color)?;
            faults::tell(&report);
            return Ok(());
        }
        show::run(&mut simulation, &args.show, &origin, color, &mut || false)?;
    }
    faults::tell(&report);
    Ok(())
}

/// How the same world is made, as often as it is wanted.
struct Recipe {
    scenario: Scenario,
    faults: Faults,
    seed: u64,
    at: Option<String>,
}

impl Recipe {
    /// The names of the devices, in their order.
    fn names(&self) -> Vec<&str> {
        self.scenario.devices().map(|name| name.as_ref().as_str()).collect()
    }

    /// The world before anything has happened, seen from a place.
    fn world(&self, scenario: &Scenario) -> Result<Simulation, Failure> {
        let world = Simulation::new(scenario, self.seed);
        let Some(place) = self.at.as_deref() else { return Ok(world) };
        world.seen_from(scenario, place).ok_or_else(|| Failure::Usage(no_place(scenario, place)))
    }

    /// The world with its faults; frames are numbered as one without them shows them.
    fn as_it_was(&self) -> Result<(Simulation, Report), Failure> {
        let mut faults = self.faults.clone();
        faults.find(self.world(&self.scenario)?).map_err(Failure::Usage)?;
        Ok(faults.put_into(self.world(&self.scenario)?, self.seed, None))
    }

    /// The same with these faults, too.
    fn broken(&self, more: &Faults) -> Result<(Simulation, Report), Failure> {
        let (mut both, mut more, mut changed) = (self.faults.clone(), more.clone(), self.scenario.clone());
        faults::apply(&more, &mut changed)?;
        both.find(self.world(&self.scenario)?).map_err(Failure::Usage)?;
        more.find(self.as_it_was()?.0).map_err(Failure::Usage)?;
        Ok(both.and(more).put_into(self.world(&changed)?, self.seed, None))
    }

    /// What the full screen tells of it.
    #[cfg(feature = "tui")]
    fn made(self) -> super::browse::Made {
        let [recipe, ours] = std::array::repeat(std::sync::Arc::new(self));
        let hops = move |number, on: &dyn Fn() -> bool| hops::page(number, &ours.scenario, &|| ours.as_it_was(), on);
        let form = |columns| Fork::new(Theme::default(), Some(columns));
        let broken = move |asked: &str, columns| Ok(recipe.both(&[asked.to_owned()], None, Some(&form(columns)))?.0);
        super::browse::Made { broken: Box::new(broken), hops: Box::new(hops) }
    }

    /// Both timelines: as it was, and with what is asked. Without a form, as JSON.
    fn both(&self, asked: &[String], count: Option<u64>, form: Option<&Fork>) -> Result<(String, Report), Failure> {
        let more = faults::what_if(asked)?;
        let (as_it_was, what_if) = (|| self.as_it_was(), || self.broken(&more));
        let question = Question { asked, names: self.names(), as_it_was: &as_it_was, what_if: &what_if, count };
        what_if::tell(&question, form)
    }
}

fn no_place(scenario: &Scenario, place: &str) -> String {
    let mut text = String::from("no host, switch, router, card or link here is called '");
    escape(place.as_bytes(), &mut text);
    for (at, known) in places(scenario).iter().enumerate() {
        text.push_str(if at == 0 { "'; there are: " } else { ", " });
        escape(known.as_bytes(), &mut text);
    }
    text
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
