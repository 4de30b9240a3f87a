//! Questions from packets, and what a field means.

use crate::browser::Browser;
use crate::engine::plain;
use osi_tutor_engine::ask::draft::paper::{Maker, fill};
use osi_tutor_engine::ask::draft::puzzle::Puzzler;
use osi_tutor_engine::ask::{Kind, Question};
use osi_tutor_engine::flow::reader::each;
use osi_tutor_engine::flow::{Limits, Tracker};
use osi_tutor_engine::lesson;
use osi_tutor_engine::model::Packet;
use osi_tutor_engine::sim::Simulation;
use osi_tutor_engine::sim::scenario::{READY, Scenario};
use osi_tutor_engine::source::{Source, SourceError};
use osi_tutor_engine::tutor::{Audience, Texts};
use osi_tutor_engine::view::Theme;
use osi_tutor_engine::view::brief::sentence;
use osi_tutor_engine::view::paper::Set;
use osi_tutor_engine::view::reference::{Reference, Topic};
use serde_json::{Value, json};

/// Questions of each kind from one scenario, where all are mixed.
const EACH: usize = 6;
/// Packets of a capture that questions are made from.
const MOST_PACKETS: usize = 20_000;

/// Where questions come from.
pub(crate) enum From<'b> {
    /// Every ready scenario.
    All,
    /// A lesson's packets, or a scenario.
    Named(&'b str),
    /// What is listed.
    Kept(&'b Browser),
}

impl From<'_> {
    fn title(&self) -> String {
        match self {
            Self::All => "Simulated: the ready scenarios".to_owned(),
            Self::Named(name) => format!("Simulated: {}", plain(name)),
            Self::Kept(browser) => browser.origin().to_owned(),
        }
    }

    /// Hands on every packet, of one source after the other; `begin` hears the name of each.
    fn packets(&self, begin: &mut dyn FnMut(&str), take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), String> {
        match self {
            Self::All => READY.iter().try_for_each(|(name, _)| scenario(name, begin, take)),
            Self::Named(name) => scenario(name, begin, take),
            Self::Kept(browser) => {
                begin("capture");
                run(&mut browser.replay(), take)
            }
        }
    }
}

fn scenario(name: &str, begin: &mut dyn FnMut(&str), take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), String> {
    let lesson = lesson::built_in(lesson::canonical(name)).transpose().map_err(|e| e.to_string())?;
    let (wanted, seed) = lesson.as_ref().map_or((name, None), |l| (l.source.scenario.as_str(), Some(l.source.seed)));
    let ready = Scenario::ready(wanted).ok_or_else(|| format!("there is no lesson or scenario {}", plain(name)))?;
    let ready = ready.map_err(|e| e.to_string())?;
    let seed = seed.unwrap_or(ready.seed);
    begin(&format!("{wanted}@{seed}"));
    run(&mut Simulation::new(&ready, seed), take)
}

fn run(source: &mut dyn Source, take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), String> {
    let mut left = MOST_PACKETS;
    each(source, Limits::default(), |packet, tracker| {
        take(packet, tracker);
        left -= 1;
        Ok::<_, SourceError>(left > 0)
    })
    .map_err(|e| plain(&e.to_string()))
}

/// Makes a paper from the packets of every source: `new` begins with one, `take` takes its packets, `finish` ends it.
fn paper<M>(
    from: &From<'_>,
    (seed, count): (u64, usize),
    new: &dyn Fn(&str) -> M,
    take: fn(&mut M, &Packet, &Tracker),
    finish: fn(M) -> (Vec<Question>, Vec<Question>),
) -> Result<Set, String> {
    let makers: std::cell::RefCell<Vec<M>> = std::cell::RefCell::default();
    from.packets(&mut |name| makers.borrow_mut().push(new(name)), &mut |packet, tracker| {
        if let Some(maker) = makers.borrow_mut().last_mut() {
            take(maker, packet, tracker);
        }
    })?;
    let made = makers.into_inner().into_iter().flat_map(|maker| finish(maker).1).collect();
    Ok(Set { title: from.title(), seed, questions: fill(Vec::new(), made, seed, count) })
}

/// A quiz.
pub(crate) fn quiz(from: From<'_>, seed: u64, count: usize) -> Result<Set, String> {
    let keep = if matches!(from, From::All) { EACH } else { count };
    let new = |name: &str| Maker::new(name, seed, &Kind::QUIZ, keep, Vec::new(), sentence);
    paper(&from, (seed, count), &new, Maker::take, Maker::finish)
}

/// Puzzles.
pub(crate) fn puzzles(from: From<'_>, seed: u64, count: usize) -> Result<Set, String> {
    let keep = if matches!(from, From::All) { EACH } else { count };
    let new = |name: &str| Puzzler::new(name, seed, &Kind::PUZZLES, keep, Vec::new(), sentence);
    paper(&from, (seed, count), &new, Puzzler::take, Puzzler::finish)
}

/// What a field means, as `explain FIELD` says it.
pub(crate) fn meaning(name: &str, texts: &Texts) -> Result<Value, String> {
    let topic = Topic::find(name).ok_or_else(|| format!("{} is no field", plain(name)))?;
    let (theme, mut text) = (Theme::default(), String::new());
    Reference { course: &[], audience: Audience::Student, texts, theme: &theme }.draw(topic, &mut text);
    Ok(json!({ "text": text }))
}
