//! `osi-tutor quiz`: questions made from a capture, a lesson's packets or the ready scenarios.

use super::origin::Origin;
use super::paper::{check_input, due, fresh_seed, present};
use super::{Failure, store};
use crate::ask::draft::paper::{Maker, fill, wanted};
use crate::ask::{Kind, Question};
use crate::cli::Quiz;
use crate::sim::scenario::READY;
use crate::store::today;
use crate::view::brief::sentence;
use crate::view::paper::Set;
use crate::view::theme::Color;

/// Questions of each kind from one ready scenario, where all are mixed.
const EACH: usize = 6;

/// Runs it.
pub(super) fn run(args: &Quiz, choice: Color) -> Result<(), Failure> {
    let kinds = if args.kind.is_empty() { Kind::QUIZ.to_vec() } else { args.kind.clone() };
    let paper = &args.paper;
    check_input(args.what.as_deref(), paper)?;
    let store = store();
    let due = due(paper, &store, today());
    let seed = paper.seed.unwrap_or_else(fresh_seed);
    let count = usize::from(paper.count);
    let (set, ended) = match args.what.as_deref() {
        Some(what) => one(Origin::of(what)?, seed, &kinds, count, &due),
        None => (mixed(seed, &kinds, count, &due)?, Ok(())),
    };
    present(set, paper, store, choice, ended)
}

/// Questions missed before, and others.
type Made = (Vec<Question>, Vec<Question>);

/// The questions of a source: those of `due` that are from it, and a sample.
fn sample(mut origin: Origin, seed: u64, kinds: &[Kind], keep: usize, due: &[String]) -> (Made, Result<(), Failure>) {
    let name = origin.name();
    let mut maker = Maker::new(&name, seed, kinds, keep, wanted(&name, due), sentence);
    let ended = origin.packets(&mut |packet, tracker| maker.take(packet, tracker));
    (maker.finish(), ended)
}

fn one(origin: Origin, seed: u64, kinds: &[Kind], count: usize, due: &[String]) -> (Set, Result<(), Failure>) {
    let title = origin.title();
    let ((again, fresh), ended) = sample(origin, seed, kinds, count, due);
    (Set { title, seed, questions: fill(again, fresh, seed, count) }, ended)
}

/// All ready scenarios, and whatever else is due.
fn mixed(seed: u64, kinds: &[Kind], count: usize, due: &[String]) -> Result<Set, Failure> {
    let (mut again, mut fresh) = (Vec::new(), Vec::new());
    let mut names: Vec<(String, Option<u64>)> = READY.iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
    for (source, ..) in due.iter().filter_map(|id| Question::read_id(id)) {
        if let Some((name, seed)) = source.split_once('@')
            && let Ok(seed) = seed.parse()
            && !names.contains(&(name.to_owned(), Some(seed)))
        {
            names.push((name.to_owned(), Some(seed)));
        }
    }
    for (name, own) in names {
        let Some(origin) = Origin::ready(&name, own) else { continue };
        let ((found, others), ended) = sample(origin?, seed, kinds, EACH, due);
        ended?;
        again.extend(found);
        // A seed that only brings back what was missed adds nothing else.
        fresh.extend(others.into_iter().filter(|_| own.is_none()));
    }
    // The same scenario may have come twice.
    again.sort_by(|a, b| a.id.cmp(&b.id));
    again.dedup_by(|a, b| a.id == b.id);
    let title = "Simulated: the ready scenarios".to_owned();
    Ok(Set { title, seed, questions: fill(again, fresh, seed, count) })
}
