//! `osi-tutor explain`: a lesson, played on packets.

use super::lesson_lines as lines;
use super::lesson_packets::Packets;
use super::play::{self, How};
use super::{Failure, error, menu, reference, store};
use crate::cli::Explain;
use crate::lesson::play::Record;
use crate::lesson::scene::Request;
use crate::lesson::simulate::Played;
use crate::lesson::{self, Input, Lesson, LessonError, Player};
use crate::store::today;
use crate::view::lessons as view;
use crate::view::plain::plain;
use crate::view::theme::Color;
use std::io::IsTerminal;
use std::path::Path;

/// Runs it.
pub(super) fn run(args: &Explain, choice: Color) -> Result<(), Failure> {
    let folder = args.lessons.as_deref();
    let Some(name) = args.lesson.as_deref() else { return menu::course(&course(folder)?, args, choice) };
    let wanted = name.to_lowercase();
    let id = lesson::canonical(&wanted);
    let found = match folder {
        None => lesson::built_in(id).transpose().map_err(|e| Failure::Data(e.to_string()))?,
        Some(_) => course(folder)?.into_iter().find(|l| l.id == id),
    };
    let found = found.map(|mut lesson| {
        lesson.cut_for(args.audience);
        lesson
    });
    let Some(lesson) = &found else {
        return reference::explain(&wanted, &course(folder)?, args, choice);
    };
    let from = args.from.as_deref().map(|from| page(lesson, from)).transpose()?;
    let packets = Packets::of(args, lesson)?;
    let played = if packets.simulated { Played::Simulated(packets.trace.ends()) } else { Played::Captured };
    let mut player = Player::new(lesson, packets.trace, packets.origin, args.audience);
    if args.layers {
        player.step(Input::Layers, 0);
    }
    if let Some(page) = from {
        player.restore(&Record { lesson: lesson.id.clone(), page, ..Record::default() });
    }
    let mut carry = |request: Request| {
        let Request::WhatIf { page } = request;
        Input::Answer(played.what_if(lesson, page, args.seed).map(Box::new))
    };
    if args.drive {
        return lines::drive(&mut player, &mut carry);
    }
    if !args.scenes && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        let how = How { color: choice, linear: args.linear };
        return at_terminal(&mut player, lesson, from.is_none(), how, &mut carry);
    }
    if !args.scenes {
        player = player.printed();
    }
    lines::print(&mut player, args, choice, &mut carry)
}

/// The lessons: the built-in course, or those of a teacher's folder.
pub(super) fn course(folder: Option<&Path>) -> Result<Vec<Lesson>, Failure> {
    let broken = |e: LessonError| Failure::Data(e.to_string());
    let Some(folder) = folder else { return lesson::course().map_err(broken) };
    let files = super::lesson_files::read(folder)?;
    files.iter().map(|(file, text)| Lesson::parse(file, text).map_err(broken)).collect()
}

/// The page that is named by its number, or by its question: from 0.
fn page(lesson: &Lesson, wanted: &str) -> Result<usize, Failure> {
    lesson.page_called(wanted).ok_or_else(|| {
        let names: Vec<&str> = lesson.pages.iter().filter_map(|page| page.question.as_deref()).collect();
        let last = lesson.pages.len();
        Failure::Usage(format!(
            "the lesson {} has no page '{}' for this audience: --from takes 1 to {last}, or a question's name: {}",
            lesson.id,
            wanted.escape_debug(),
            names.join(", ")
        ))
    })
}

/// In a terminal, key by key; where it was left, it goes on the next time, if that `resumes`.
fn at_terminal(
    player: &mut Player<'_>,
    lesson: &Lesson,
    resumes: bool,
    how: How,
    carry: &mut dyn FnMut(Request) -> Input,
) -> Result<(), Failure> {
    let store = store();
    let begun = match store.read() {
        Ok(progress) => progress.lessons.get(&lesson.id).cloned(),
        // A play without progress is better than none; the end says why nothing is kept.
        Err(_) => None,
    };
    if let Some(begun) = begun.filter(|b| resumes && b.page > 1 && (b.page as usize) < lesson.pages.len()) {
        let page = usize::try_from(begun.page).unwrap_or(1) - 1;
        player.restore(&Record { lesson: lesson.id.clone(), page, ..Record::default() });
    }
    // How many answers are kept, and why no more could be: that is said when the screen is given back.
    let (mut told, mut kept) = (0, Ok(()));
    let mut keep = |record: &Record| {
        if kept.is_ok() {
            kept = store.update(|progress| progress.record_play(record, told, today()));
            told = record.answers.len();
        }
    };
    let played = play::lesson(player, how, carry, &mut keep);
    kept.map_err(Failure::from).and(played)?;
    let record = player.record();
    if record.done {
        let next = course(None)?.into_iter().skip_while(|l| l.id != lesson.id).nth(1);
        let ending = view::ending(lesson, &record, next.as_ref());
        error::tell(if how.is_linear() { plain(&ending) } else { ending }.trim_end());
    }
    Ok(())
}
