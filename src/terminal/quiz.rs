//! Asking questions in a terminal, one at a time, with the keys of a lesson.

use super::{Seen, drive};
use crate::ask::session::Input;
use crate::ask::{Grade, Mode, Question, Session};
use crate::lesson;
use crate::lesson::scene::Offers;
use crate::view::quiz::Sheet;
use std::io;

/// Asks until all is answered, the learner leaves, or the terminal goes away. `sheet` draws for a number of columns; `graded` hears of each
/// answer as it is given.
///
/// # Errors
/// The terminal cannot be used.
pub fn ask(
    session: &mut Session,
    sheet: &dyn Fn(usize) -> Sheet,
    graded: &mut dyn FnMut(&Question, &Grade),
) -> io::Result<()> {
    let mut told = 0;
    drive(&mut |input, now, (columns, _)| {
        let scene = session.step(meaning(&input), now);
        let seen = (!scene.over).then(|| {
            let mut text = String::new();
            sheet(columns).scene(&scene, &mut text);
            // Of what does not fit, the end is shown: there is the answer.
            let page = scene.number + usize::from(scene.question.is_none());
            let offers = Offers { skip: scene.mode != Mode::Read, ..Offers::default() };
            Seen { text, focus: usize::MAX, page, mode: scene.mode, offers }
        });
        while let Some(grade) = session.grades().get(told) {
            if let Some(question) = session.questions().get(grade.question) {
                graded(question, grade);
            }
            told += 1;
        }
        seen
    })
}

/// What a lesson's input means here.
fn meaning(input: &lesson::Input) -> Input {
    match input {
        lesson::Input::Quit => Input::Quit,
        lesson::Input::Next => Input::Next,
        lesson::Input::Skip => Input::Skip,
        lesson::Input::Key(key) => Input::Key(*key),
        _ => Input::Look,
    }
}
