//! `osi-tutor explain`: a lesson, played on packets.

use super::{Failure, color, columns, live_lesson};
use crate::cli::{Audience, Color, Explain};
use crate::flow::{Limits, Tracker};
use crate::lesson::{self, Finder, Input, Lesson, Player, Trace};
use crate::model::{Packet, RawFrame};
use crate::net::scenario::Scenario;
use crate::net::sim::Simulation;
use crate::proto::walk;
use crate::source::file::File;
use crate::source::{Source, Step};
use crate::view::Theme;
use crate::view::scene::Stage;
use crate::{terminal, tutor};
use std::io::{IsTerminal, Write};
use std::sync::Arc;

/// Runs it.
pub(super) fn run(args: &Explain, choice: Color) -> Result<(), Failure> {
    let course = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
    let Some(name) = args.lesson.as_deref() else { return list(&course) };
    let wanted = name.to_lowercase();
    let Some(lesson) = course.iter().find(|l| l.id == lesson::canonical(&wanted)) else {
        return Err(unknown(&wanted, &course));
    };
    let (trace, origin) = trace(args, lesson)?;
    let player = Player::new(lesson, trace, origin, audience(args.audience));
    play(player, choice)
}

/// In a terminal, key by key; in a pipe, all of it.
fn play(mut player: Player<'_>, choice: Color) -> Result<(), Failure> {
    let theme = Theme::new(color(choice));
    let texts = Arc::new(tutor::Texts::english().map_err(|e| Failure::Data(e.to_string()))?);
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        let stage = |columns| Stage::new(theme.clone(), Some(columns), Arc::clone(&texts));
        return terminal::play(&mut player, &stage).map_err(Failure::from);
    }
    let stage = Stage::new(theme, columns(), texts);
    let mut out = std::io::stdout().lock();
    let mut input = Input::Look;
    loop {
        let scene = player.step(input, 0);
        if scene.over {
            return Ok(out.flush()?);
        }
        let mut text = String::new();
        stage.draw(&scene, &mut text);
        text.push('\n');
        out.write_all(text.as_bytes())?;
        input = Input::Next;
    }
}

/// The lesson's packets, and in words where they come from.
fn trace(args: &Explain, lesson: &Lesson) -> Result<(Trace, String), Failure> {
    if let Some(path) = &args.read {
        let mut source = File::open(path)?;
        let name = path.display();
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
        return Ok((trace, format!("Captured: {name}{stream}{lacks}")));
    }
    if let Some(interface) = &args.live {
        return live_lesson::trace(args, lesson, interface.as_deref());
    }
    let wanted = &lesson.source;
    let seed = args.seed.unwrap_or(wanted.seed);
    let scenario = Scenario::ready(&wanted.scenario)
        .ok_or_else(|| Failure::Data(format!("lesson {} wants an unknown scenario, {}", lesson.id, wanted.scenario)))?
        .map_err(|e| Failure::Data(e.to_string()))?;
    let (trace, ended) = find(lesson, &mut Simulation::new(&scenario, seed), &mut || false);
    ended?;
    Ok((trace, format!("Simulated: {} (seed {seed})", wanted.scenario)))
}

/// Feeds the finder until a conversation has everything, or the source ends.
pub(super) fn find(
    lesson: &Lesson,
    source: &mut dyn Source,
    stop: &mut dyn FnMut() -> bool,
) -> (Trace, Result<(), Failure>) {
    let mut finder = Finder::new(lesson);
    let mut tracker = Tracker::new(Limits::default());
    let (mut frame, mut packet) = (RawFrame::default(), Packet::new());
    let ended = loop {
        if stop() {
            break Ok(());
        }
        match source.next(&mut frame) {
            Ok(Step::Frame) => {
                walk(&frame, &mut tracker, &mut packet);
                if finder.take(&packet, &tracker) {
                    break Ok(());
                }
            }
            Ok(Step::Idle) => {}
            Ok(Step::End) => break Ok(()),
            Err(e) => break Err(e.into()),
        }
    };
    (finder.finish(), ended)
}

fn audience(choice: Audience) -> tutor::Audience {
    match choice {
        Audience::Newcomer => tutor::Audience::Newcomer,
        Audience::Student => tutor::Audience::Student,
        Audience::Engineer => tutor::Audience::Engineer,
    }
}

/// The course, one lesson a line.
fn list(course: &[Lesson]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let width = course.iter().map(|l| l.id.len()).max().unwrap_or_default();
    for l in course {
        writeln!(out, "{:width$}  {} ({} minutes)", l.id, l.title, l.minutes)?;
    }
    writeln!(out, "\nTo play one: osi-tutor explain {}", course.first().map_or("NAME", |l| &l.id))?;
    Ok(out.flush()?)
}

fn unknown(name: &str, course: &[Lesson]) -> Failure {
    let near = course
        .iter()
        .map(|l| (strsim::jaro_winkler(&l.id, name), &l.id))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.map_or(String::new(), |(_, id)| format!(" Did you mean {id}?"));
    Failure::Usage(format!("there is no lesson {name}.{hint} To see all: osi-tutor explain"))
}
