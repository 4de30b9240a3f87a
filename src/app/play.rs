//! Lessons, quizzes and puzzles at a terminal: on the full screen, or as lines that are only ever added.

use super::lesson_lines::{texts, world};
use super::{Failure, linear as lines_only};
use crate::ask::{Grade, Question, Session};
use crate::lesson::play::Record;
use crate::lesson::scene::Request;
use crate::lesson::{Input, Player};
use crate::linear;
use crate::view::theme::Color;

/// How it is played.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) color: Color,
    /// Lines alone are asked for.
    pub(super) linear: bool,
}

impl How {
    /// Whether lines are only ever added: asked for, or because there is nothing else.
    pub(super) fn is_linear(self) -> bool {
        lines_only(self.linear) || !cfg!(feature = "tui")
    }
}

/// Plays a lesson.
pub(super) fn lesson(
    player: &mut Player<'_>,
    how: How,
    carry: &mut dyn FnMut(Request) -> Input,
    keep: &mut dyn FnMut(&Record),
) -> Result<(), Failure> {
    let texts = texts();
    #[cfg(feature = "tui")]
    if !how.is_linear() {
        let show = crate::tui::player::Show { texts, color: super::color(how.color) };
        return Ok(crate::tui::player::play(player, &show, carry, keep)?);
    }
    let _ = how.color;
    Ok(world(|world| linear::play(player, &texts, world, carry, keep))?)
}

/// Asks questions.
pub(super) fn quiz(
    session: &mut Session,
    (title, seed): (&str, u64),
    how: How,
    graded: &mut dyn FnMut(&Question, &Grade),
) -> Result<(), Failure> {
    #[cfg(feature = "tui")]
    if !how.is_linear() {
        let show = crate::tui::player::Show { texts: texts(), color: super::color(how.color) };
        return Ok(crate::tui::player::ask(session, (title, seed), &show, graded)?);
    }
    let _ = how.color;
    Ok(world(|world| linear::ask(session, (title, seed), world, graded))?)
}
