//! What a class is about: a lesson, a quiz, or a capture to browse.

use super::origin::Origin;
use super::{Failure, error, explain};
use crate::ask::Kind;
use crate::ask::draft::paper::{Maker, fill};
use crate::classroom::deck::Deck;
use crate::classroom::shelf::{Drawn, MOST, Shelf};
use crate::cli::Class;
use crate::lesson::player::{Input, Player, Request};
use crate::lesson::simulate::Played;
use crate::lesson::{self, Lesson, simulate};
use crate::tutor::{Audience, Moment, Texts};
use crate::view::brief::sentence;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Slides, and the packets that the teacher browses, if any.
pub(super) struct Made {
    pub(super) deck: Deck,
    pub(super) packets: Option<Shelf>,
}

/// What was asked for.
pub(super) fn made(args: &Class, what: &Path) -> Result<Made, Failure> {
    if args.quiz {
        return quiz(what, args);
    }
    if capture(args, what).is_some() {
        return browse(what, args.audience);
    }
    let (name, folder) = (what.to_string_lossy(), args.lessons.as_deref());
    let own = deck(&name, folder, args.audience, args.seed)?;
    let seed = args.seed.map_or_else(|| lesson_named(&name, folder).map(|lesson| lesson.source.seed), Ok)?;
    // The same questions on the next seed's packets, where that plays.
    let deck = match deck(&name, folder, args.audience, Some(seed.wrapping_add(1))) {
        Ok(other) => own.with_transfers(other),
        Err(_) => own,
    };
    Ok(Made { deck, packets: None })
}

/// The capture that is to be browsed: a file, no lesson's name.
pub(super) fn capture<'a>(args: &Class, what: &'a Path) -> Option<&'a Path> {
    let file = what.extension().is_some() || what.components().count() > 1;
    Some(what).filter(|_| file && !args.quiz)
}

fn lesson_named(name: &str, folder: Option<&Path>) -> Result<Lesson, Failure> {
    let wanted = name.to_lowercase();
    let id = lesson::canonical(&wanted);
    let found = explain::course(folder)?.into_iter().find(|lesson| lesson.id == id);
    found.ok_or_else(|| Failure::Usage(format!("there is no lesson {name}; to see all: osi-tutor explain")))
}

/// The slides of a lesson, on its own simulation.
pub(super) fn deck(name: &str, folder: Option<&Path>, audience: Audience, seed: Option<u64>) -> Result<Deck, Failure> {
    let mut lesson = lesson_named(name, folder)?;
    lesson.cut_for(audience);
    let trace = simulate::trace(&lesson, seed).map_err(Failure::Data)?;
    let played = Played::Simulated(trace.ends());
    let origin = format!("Simulated: {} (seed {})", lesson.source.scenario, seed.unwrap_or(lesson.source.seed));
    let mut player = Player::new(&lesson, trace, origin, audience);
    let mut carry = |request: Request| {
        let Request::WhatIf { page } = request;
        Input::Answer(played.what_if(&lesson, page, seed).map(Box::new))
    };
    Ok(Deck::of(&lesson, &mut player, &Texts::english(), &mut carry))
}

/// Questions from a capture, a lesson's packets or a scenario. A second pass draws the packets that prove them.
fn quiz(what: &Path, args: &Class) -> Result<Made, Failure> {
    if what.as_os_str() == "-" {
        return Err(Failure::Usage(
            "a class needs a capture that can be read twice; save it to a file first".to_owned(),
        ));
    }
    let (mut origin, seed) = (Origin::of(what)?, args.seed.unwrap_or(1));
    let (name, title, count) = (origin.name(), origin.title(), usize::from(args.count));
    let kinds = if args.kind.is_empty() { Kind::QUIZ.to_vec() } else { args.kind.clone() };
    let mut maker = Maker::new(&name, seed, &kinds, count, Vec::new(), sentence);
    let ended = origin.packets(&mut |packet, tracker| maker.take(packet, tracker));
    let (again, fresh) = maker.finish();
    let questions = fill(again, fresh, seed, count);
    if questions.is_empty() {
        ended?;
        return Err(Failure::Data(format!("{title}: nothing here decides a question; try another --kind or capture")));
    }
    damaged(ended);
    let (mut drawn, texts) = (BTreeMap::new(), Texts::english());
    let proofs: BTreeSet<u64> = questions.iter().map(|question| question.proof.frame).collect();
    let _ = Origin::of(what)?.packets(&mut |packet, tracker| {
        if proofs.contains(&packet.number) {
            drawn.insert(packet.number, Drawn::of(&Moment::new(packet, tracker), args.audience, &texts));
        }
    });
    Ok(Made { deck: Deck::of_quiz(&title, args.audience, questions, &drawn), packets: None })
}

/// The packets of a capture, and everything that can be asked about each.
fn browse(what: &Path, audience: Audience) -> Result<Made, Failure> {
    let mut origin = Origin::of(what)?;
    let (title, texts) = (origin.title(), Texts::english());
    let mut maker = Maker::new(&origin.name(), 1, &Kind::QUIZ, MOST, Vec::new(), sentence);
    let (mut drawn, mut packets) = (BTreeMap::new(), Shelf::default());
    let ended = origin.packets(&mut |packet, tracker| {
        if packets.put(packet) {
            maker.take(packet, tracker);
            drawn.insert(packet.number, Drawn::of(&Moment::new(packet, tracker), audience, &texts));
        }
    });
    if packets.is_empty() {
        ended?;
        return Err(Failure::Data(format!("{title}: there is no packet to show")));
    }
    damaged(ended);
    if packets.cut {
        error::tell(&format!("The class browses the first {} packets; the capture has more.", packets.len()));
    }
    let deck = Deck::of_capture(&title, audience, maker.finish().1, &drawn);
    Ok(Made { deck, packets: Some(packets) })
}

/// The packets of a capture, to be filtered.
pub(super) fn shelf(path: &Path) -> Result<Shelf, Failure> {
    let mut packets = Shelf::default();
    let ended = Origin::of(path)?.packets(&mut |packet, _| {
        packets.put(packet);
    });
    if packets.is_empty() { ended.map(|()| packets) } else { Ok(packets) }
}

/// What came before the damage is taught.
fn damaged(ended: Result<(), Failure>) {
    if let Err(Failure::Data(why) | Failure::Usage(why)) = ended {
        error::tell(&format!("The capture ends early: {why}"));
    }
}
