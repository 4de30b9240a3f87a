//! `osi-tutor puzzle`: puzzles made from a capture, a lesson's packets or a ready scenario.

use super::origin::Origin;
use super::paper::{check_input, due, fresh_seed, present};
use super::{Failure, store};
use crate::ask::Kind;
use crate::ask::draft::paper::{fill, wanted};
use crate::ask::draft::puzzle::Puzzler;
use crate::cli::Puzzle;
use crate::store::today;
use crate::view::brief::sentence;
use crate::view::paper::Set;
use crate::view::theme::Color;

/// Runs it.
pub(super) fn run(args: &Puzzle, choice: Color) -> Result<(), Failure> {
    let kinds = if args.kind.is_empty() { Kind::PUZZLES.to_vec() } else { args.kind.clone() };
    let paper = &args.paper;
    check_input(Some(&args.what), paper)?;
    let store = store();
    let due = due(paper, &store, today());
    let seed = paper.seed.unwrap_or_else(fresh_seed);
    let count = usize::from(paper.count);
    let mut origin = Origin::of(&args.what)?;
    let wanted = wanted(&origin.name(), &due);
    let title = origin.title();
    let mut puzzler = Puzzler::new(&origin.name(), seed, &kinds, count, wanted, sentence);
    let ended = origin.packets(&mut |packet, tracker| puzzler.take(packet, tracker));
    let (again, fresh) = puzzler.finish();
    present(Set { title, seed, questions: fill(again, fresh, seed, count) }, paper, store, choice, ended)
}
