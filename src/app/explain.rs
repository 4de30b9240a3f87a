//! `osi-tutor explain`: a lesson, played on packets.

use super::{Failure, color, live_lesson, reference, store};
use crate::ask::Mark;
use crate::cli::Explain;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::lesson::format::Fence;
use crate::lesson::play::Record;
use crate::lesson::progress::{Begun, Progress};
use crate::lesson::scene::Request;
use crate::lesson::simulate::{self, Outcome};
use crate::lesson::{self, Finder, Input, Lesson, LessonError, Player, Trace};
use crate::model::show::{escape, escape_prose};
use crate::proto::memory::Ends;
use crate::source::file::File;
use crate::source::{Source, Step};
use crate::store::today;
use crate::view::Theme;
use crate::view::scene::Stage;
use crate::view::theme::Color;
use crate::{terminal, tutor};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// Runs it.
pub(super) fn run(args: &Explain, choice: Color) -> Result<(), Failure> {
    let folder = args.lessons.as_deref();
    let Some(name) = args.lesson.as_deref() else { return list(&course(folder)?, folder) };
    let wanted = name.to_lowercase();
    let id = lesson::canonical(&wanted);
    let found = match folder {
        None => lesson::built_in(id).transpose().map_err(|e| Failure::Data(e.to_string()))?,
        Some(_) => course(folder)?.into_iter().find(|l| l.id == id),
    };
    let Some(lesson) = &found else {
        return reference::explain(&wanted, &course(folder)?, args.audience, choice);
    };
    let packets = packets(args, lesson)?;
    let played = if packets.simulated { Played::Simulated(packets.trace.ends()) } else { Played::Captured };
    let mut player = Player::new(lesson, packets.trace, packets.origin, args.audience);
    let mut carry = |request: Request| {
        let Request::WhatIf { page } = request;
        Input::Answer(what_if(lesson, page, args.seed, &played).map(Box::new))
    };
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return play(&mut player, lesson, choice, &mut carry);
    }
    print(&mut player, choice, &mut carry)
}

/// The lessons: the built-in course, or those of a teacher's folder.
fn course(folder: Option<&Path>) -> Result<Vec<Lesson>, Failure> {
    let broken = |e: LessonError| Failure::Data(e.to_string());
    let Some(folder) = folder else { return lesson::course().map_err(broken) };
    let files = super::lesson::read(folder)?;
    files.iter().map(|(file, text)| Lesson::parse(file, text).map_err(broken)).collect()
}

/// What the lesson is played on.
enum Played {
    /// Its own simulation; the ends of its connection there, if it is about one.
    Simulated(Option<Ends>),
    /// What was captured.
    Captured,
}

/// Breaks what a page says, always in the simulation: what was captured cannot be undone.
fn what_if(lesson: &Lesson, page: usize, seed: Option<u64>, played: &Played) -> Result<Outcome, String> {
    let Some(Fence::WhatIf(whatif)) = lesson.pages.get(page).and_then(|p| p.fence.as_ref()) else {
        return Err("there is nothing to break on this page".into());
    };
    let ends = match played {
        Played::Simulated(ends) => *ends,
        Played::Captured => simulate::trace(lesson, seed)?.ends(),
    };
    simulate::what_if(lesson, whatif, ends, seed)
}

/// In a terminal, key by key; where it was left, it goes on the next time.
fn play(
    player: &mut Player<'_>,
    lesson: &Lesson,
    choice: Color,
    carry: &mut dyn FnMut(Request) -> Input,
) -> Result<(), Failure> {
    let (theme, texts) = (Theme::new(color(choice)), texts()?);
    let stage = |columns, rows| Stage::new(theme.clone(), Some((columns, rows)), Arc::clone(&texts));
    let store = store();
    let begun = match store.read() {
        Ok(progress) => progress.lessons.get(&lesson.id).cloned(),
        // A play without progress is better than none; the end says why nothing is kept.
        Err(_) => None,
    };
    if let Some(begun) = begun.filter(|b| b.page > 1 && (b.page as usize) < lesson.pages.len()) {
        let page = usize::try_from(begun.page).unwrap_or(1) - 1;
        player.restore(&Record { lesson: lesson.id.clone(), page, ..Record::default() });
    }
    // How many answers are kept, and why no more could be: that is said when the screen is given back.
    let (mut told, mut kept) = (0, Ok(()));
    let played = terminal::play(player, &stage, carry, &mut |record| {
        if kept.is_ok() {
            kept = store.update(|progress| keep(progress, record, told));
            told = record.answers.len();
        }
    });
    kept.map_err(Failure::from).and(played.map_err(Failure::from))
}

/// Notes the page, and the answers that are new.
fn keep(progress: &mut Progress, record: &Record, told: usize) {
    let (page, day) = (u32::try_from(record.page + 1).unwrap_or(u32::MAX), today());
    progress.record_lesson(&record.lesson, page, record.done, day);
    for answer in record.answers.iter().skip(told).filter(|a| a.result != Mark::Skipped) {
        let question = format!("{}/{}", record.lesson, answer.question);
        let right = answer.result == Mark::Right;
        progress.record_answer(&question, right, answer.misconception.as_deref(), day);
    }
}

/// In a pipe, all of it.
fn print(player: &mut Player<'_>, choice: Color, carry: &mut dyn FnMut(Request) -> Input) -> Result<(), Failure> {
    let stage = Stage::new(Theme::new(color(choice)), None, texts()?);
    let mut out = std::io::stdout().lock();
    loop {
        // Nobody answers here: hints and answers are printed below their questions.
        player.step(Input::Hint, 0);
        player.step(Input::Skip, 0);
        let asked = player.step(Input::WhatIf, 0).request;
        if let Some(request) = asked {
            player.step(carry(request), 0);
        }
        let mut text = String::new();
        stage.draw(&player.look(), &mut text);
        text.push('\n');
        out.write_all(text.as_bytes())?;
        if player.step(Input::Next, 0).over {
            return Ok(out.flush()?);
        }
    }
}

fn texts() -> Result<Arc<tutor::Texts>, Failure> {
    Ok(Arc::new(tutor::Texts::english().map_err(|e| Failure::Data(e.to_string()))?))
}

/// The packets that a lesson plays on.
struct Packets {
    trace: Trace,
    /// In words where they come from.
    origin: String,
    /// They come from the lesson's own simulation.
    simulated: bool,
}

fn packets(args: &Explain, lesson: &Lesson) -> Result<Packets, Failure> {
    let captured = |(trace, origin)| Packets { trace, origin, simulated: false };
    if let Some(path) = &args.read {
        return read(lesson, path).map(captured);
    }
    if let Some(interface) = &args.live {
        return live_lesson::trace(args, lesson, interface.as_deref()).map(captured);
    }
    let trace = simulate::trace(lesson, args.seed).map_err(Failure::Data)?;
    let (name, seed) = (&lesson.source.scenario, args.seed.unwrap_or(lesson.source.seed));
    let at = lesson.source.at.as_ref().map_or(String::new(), |at| format!(", seen by {at}"));
    Ok(Packets { trace, origin: format!("Simulated: {name} (seed {seed}){at}"), simulated: true })
}

/// The lesson's packets in a capture file.
fn read(lesson: &Lesson, path: &Path) -> Result<(Trace, String), Failure> {
    let mut source = File::open(path)?;
    let mut name = String::new();
    escape_prose(&path.to_string_lossy(), &mut name);
    let (trace, ended) = find(lesson, &mut source, &mut || false);
    let (found, all) = (trace.found(), lesson.shows().count());
    // With fewer than half of its packets a conversation is not what the lesson is about.
    if found == 0 || found * 2 < all {
        ended?;
        return Err(Failure::Data(format!(
            "{name} holds no conversation for {id}: at best {found} of its {all} steps are in one; \
             to play it on simulated packets: osi-tutor explain {id}",
            id = lesson.id
        )));
    }
    let stream = trace.stream.map_or(String::new(), |n| format!(", tcp.stream {n}"));
    let lacks = if found < all { format!(" ({found} of {all} steps are in it)") } else { String::new() };
    Ok((trace, format!("From the file {name}{stream}{lacks}")))
}

/// Feeds the finder until a conversation has everything, or the source ends.
pub(super) fn find(
    lesson: &Lesson,
    source: &mut dyn Source,
    stop: &mut dyn FnMut() -> bool,
) -> (Trace, Result<(), Failure>) {
    let mut finder = Finder::new(lesson);
    let mut reader = Reader::new(Limits::default());
    let ended = loop {
        if stop() {
            break Ok(());
        }
        match reader.next(source) {
            Ok(Step::Frame) if finder.take(&reader.packet, &reader.tracker) => break Ok(()),
            Ok(Step::Frame | Step::Idle) => {}
            Ok(Step::End) => break Ok(()),
            Err(e) => break Err(e.into()),
        }
    };
    (finder.finish(), ended)
}

/// The course, one lesson a line, with what was done of it.
fn list(course: &[Lesson], folder: Option<&Path>) -> Result<(), Failure> {
    let progress = store().read().unwrap_or_default();
    let mut out = std::io::stdout().lock();
    let width = course.iter().map(|l| l.id.len()).max().unwrap_or_default();
    for l in course {
        let mut title = String::new();
        escape(l.title.as_bytes(), &mut title);
        let how = match progress.lessons.get(&l.id) {
            Some(Begun { done: Some(_), .. }) => " ✓ done".to_owned(),
            Some(begun) => format!(" … at step {} of {}", begun.page, l.pages.len()),
            None => String::new(),
        };
        writeln!(out, "{:width$}  {title} ({} minutes){how}", l.id, l.minutes)?;
    }
    let next = course.iter().find(|l| progress.lessons.get(&l.id).is_none_or(|b| b.done.is_none())).or(course.first());
    let mut own = String::new();
    if let Some(folder) = folder {
        own.push_str(" --lessons ");
        escape_prose(&folder.to_string_lossy(), &mut own);
    }
    writeln!(out, "\nTo play one: osi-tutor explain {}{own}", next.map_or("NAME", |l| &l.id))?;
    Ok(out.flush()?)
}
