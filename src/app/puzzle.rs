//! `osi-tutor puzzle`: puzzles made from a capture, a lesson's packets or a ready scenario.

use super::quiz::{self, Set};
use super::{Failure, store};
use crate::ask::Kind;
use crate::ask::draft::puzzle::Puzzler;
use crate::cli::Puzzle;
use crate::store::today;
use crate::view::brief::sentence;
use crate::view::theme::Color;

/// Runs it.
pub(super) fn run(args: &Puzzle, choice: Color) -> Result<(), Failure> {
    let kinds = if args.kind.is_empty() { Kind::PUZZLES.to_vec() } else { args.kind.clone() };
    let paper = &args.paper;
    quiz::check_input(Some(&args.what), paper)?;
    let store = store();
    let due = quiz::due(paper, &store, today());
    let seed = paper.seed.unwrap_or_else(quiz::fresh_seed);
    let count = usize::from(paper.count);
    let mut origin = quiz::origin(&args.what)?;
    let wanted = quiz::wanted(&origin.name(), &due);
    let title = origin.title();
    let mut puzzler = Puzzler::new(&origin.name(), seed, &kinds, count, wanted, sentence);
    let ended = origin.packets(&mut |packet, tracker| puzzler.take(packet, tracker));
    let (again, fresh) = puzzler.finish();
    quiz::present(Set { title, seed, questions: quiz::paper(again, fresh, seed, count) }, paper, store, choice, ended)
}
