//! A simulation that can be run again: with something else that breaks, or looking at every link.

use crate::browser::Browser;
use crate::engine::plain;
use osi_tutor_engine::browse::hops::{Way, Which, follow};
use osi_tutor_engine::fault::{FaultError, Faults};
use osi_tutor_engine::lesson::format::DefaultSource;
use osi_tutor_engine::lesson::simulate;
use osi_tutor_engine::model::near::nearest;
use osi_tutor_engine::sim::Simulation;
use osi_tutor_engine::sim::scenario::{READY, Scenario};
use osi_tutor_engine::view::scene::resolved::Timelines;
use osi_tutor_engine::view::{Theme, hops, picture};
use serde_json::{Value, json};

/// The most faults of a simulation.
const MOST_FAULTS: usize = 20;

/// How it is made.
pub(crate) struct World {
    source: DefaultSource,
    faults: Faults,
    /// The scenario with what the faults change in it.
    scenario: Scenario,
    origin: String,
}

impl World {
    pub(crate) fn new(name: &str, seed: Option<u64>, at: Option<String>, asked: &[String]) -> Result<Self, String> {
        let ready = Scenario::ready(name).ok_or_else(|| {
            let hint = nearest(name, READY.iter().map(|(ready, _)| *ready));
            let hint = hint.map_or(String::new(), |near| format!(" Did you mean {near}?"));
            format!("there is no scenario {}.{hint}", plain(name))
        })?;
        let mut scenario = ready.map_err(|e| e.to_string())?;
        let faults = read(asked)?;
        faults.apply(&mut scenario).map_err(|why| plain(&why))?;
        let seed = seed.unwrap_or(scenario.seed);
        let seen = at.as_deref().map_or(String::new(), |at| format!(", seen by {}", plain(at)));
        let broken = if faults.is_empty() { String::new() } else { format!(", with {}", plain(&asked.join(", "))) };
        let origin = format!("Simulated: {name} (seed {seed}){seen}{broken}");
        Ok(Self { source: DefaultSource { scenario: name.to_owned(), seed, at }, faults, scenario, origin })
    }

    fn run(&self) -> Result<Simulation, String> {
        simulate::broken(&self.source, &self.faults).map_err(|why| plain(&why))
    }

    /// Its packets, to be looked at.
    pub(crate) fn browser(&self) -> Result<Browser, String> {
        Ok(Browser::new(self.origin.clone(), Box::new(self.run()?)))
    }

    /// A packet on its way.
    pub(crate) fn hops(&self, number: u64) -> Result<Value, String> {
        let worlds = [self.run()?, self.run()?];
        let way =
            follow(&Which::Number(number), &self.scenario, worlds, &|| true).map_err(|why| plain(&why.to_string()))?;
        let Way { frame, steps, .. } = way;
        let stations = hops::stations(&steps, &self.scenario);
        let mut text = String::new();
        hops::text(&steps, &stations, &Theme::default(), &mut text);
        let drawn = picture::hops::draw(frame, &steps, &stations);
        Ok(json!({ "picture": drawn.inline(), "title": drawn.title, "text": text }))
    }

    /// Both timelines.
    pub(crate) fn what_if(&self, asked: &[String]) -> Result<Value, String> {
        let outcome = simulate::compare(&self.source, &self.faults, &read(asked)?).map_err(|why| plain(&why))?;
        if outcome.parted == outcome.before.len() && outcome.parted == outcome.after.len() {
            let same = format!("In their first {} packets both are alike: nothing here changes.", outcome.parted);
            return Ok(json!({ "same": same }));
        }
        Ok(json!({ "what_if": Timelines::parted(&outcome).pictured() }))
    }
}

/// Faults as the page writes them: a name, then its value.
fn read(asked: &[String]) -> Result<Faults, String> {
    let mut faults = Faults::default();
    for text in asked.iter().take(MOST_FAULTS) {
        let (name, value) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        faults.add(name, value.trim()).map_err(|error| match error {
            FaultError::Filter { error, .. } => error.to_string(),
            FaultError::Value(why) => plain(&why),
        })?;
    }
    Ok(faults)
}
