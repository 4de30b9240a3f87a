//! The interface osi-tutor-lab of Wireshark: a lesson on this machine's kernel, in a network of its own.

use crate::app::annotate::{Annotated, signed};
use crate::app::{Failure, live_lesson, rights};
use crate::lab::Plan;
use crate::lesson::{self, Lesson, Player, find, simulate};
use crate::model::RawFrame;
use crate::sim::scenario::Scenario;
use crate::source::{Source, SourceError, Step, live};
use crate::tutor::Audience;
use crate::view::comments::Comments;
use std::vec::IntoIter;

/// Packets of a lab that are kept; what is more is left out.
const MOST: usize = 20_000;

/// Frames that have come, once more from the first.
struct Kept(IntoIter<RawFrame>);

/// The lessons that can be played on a kernel.
pub(super) fn lessons() -> Result<Vec<Lesson>, Failure> {
    let course = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
    let plays = |lesson: &Lesson| {
        let scenario = Scenario::ready(&lesson.source.scenario).and_then(Result::ok);
        scenario.is_some_and(|s| Plan::new(&s, lesson.source.seed, lesson.source.at.as_deref()).is_ok())
    };
    Ok(course.into_iter().filter(plays).collect())
}

/// The lesson's packets from the kernel, with what the lesson says and asks.
pub(super) fn annotated(name: &str, audience: Audience, drop: &str) -> Result<Annotated, Failure> {
    let none =
        || Failure::Usage(format!("there is no lesson '{}'; to see all: osi-tutor explain", name.escape_debug()));
    let mut lesson = lesson::built_in(name).ok_or_else(none)?.map_err(|e| Failure::Data(e.to_string()))?;
    lesson.cut_for(audience);
    let lesson = &lesson;
    let faults: &[_] = if drop.is_empty() { &[] } else { &[("--drop", drop)] };
    let mut lab = live_lesson::start(lesson, faults)?;
    let (mut frames, mut frame) = (Vec::new(), RawFrame::default());
    while frames.len() < MOST && !live::interrupted() {
        match lab.next(&mut frame)? {
            Step::Frame => frames.push(frame.clone()),
            Step::Idle => {}
            Step::End => break,
        }
    }
    // The lab was built with the rights that there were, and is over.
    rights::as_caller();
    rights::seal_all_but_files();
    let again = || Kept(frames.clone().into_iter());
    let (trace, ended) = find::search(lesson, simulate::hosts(lesson), &mut again(), &mut || false);
    ended?;
    let comments = Comments::of_lesson(&mut Player::new(lesson, trace, String::new(), audience));
    let broken = if drop.is_empty() { "" } else { ", with a fault" };
    let about = format!(
        "Lesson {id}: {}\nOn this machine's kernel, in a private network: {}{broken}.\n{}",
        lesson.title,
        lesson.source.scenario,
        signed(audience, &format!("to answer the questions: osi-tutor explain {id} --live", id = lesson.id)),
        id = lesson.id,
    );
    Ok(Annotated { source: Box::new(again()), comments, about, audience })
}

impl Source for Kept {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        let Some(next) = self.0.next() else { return Ok(Step::End) };
        *frame = next;
        Ok(Step::Frame)
    }
}
