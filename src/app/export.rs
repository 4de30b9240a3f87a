//! `osi-tutor export`: packets, questions and notes for other programs and for paper.

use super::annotate::Annotated;
use super::origin::Origin;
use super::outputs::{no, open, spare};
use super::{Failure, pictures, playground};
#[cfg(feature = "classroom")]
use super::{annotate::signed, class_deck};
use crate::cli::{ExportCommand, To};
use crate::fault::Faults;
use crate::lesson::{self, format::DefaultSource};
use crate::sim::scenario::Scenario;
use crate::source::file::Writer;
use crate::tutor::Audience;
use crate::view::csv;
#[cfg(feature = "classroom")]
use crate::{
    classroom::deck::Deck,
    cli::Handout,
    view::handout::{Item, cards::cards, gift::gift, prompt, worksheet},
};
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// Runs it.
pub(super) fn run(command: &ExportCommand) -> Result<(), Failure> {
    match command {
        ExportCommand::Pcapng { what, to, seed, audience } => pcapng(what, to, *seed, *audience),
        ExportCommand::Csv { what, to } => rows(what, to),
        ExportCommand::Html(args) => playground::html(args),
        ExportCommand::Scorm(args) => playground::scorm(args),
        ExportCommand::Svg { what, to, draw } => {
            let text = pictures::svg(what, draw)?;
            spare("-o", Some(&to.output), what)?;
            open(to)?.write_all(text.as_bytes()).map_err(|e| no(&to.output, &e))
        }
        #[cfg(feature = "classroom")]
        ExportCommand::Gift(handout) => {
            let deck = deck(handout)?;
            let name = handout.lesson.to_lowercase();
            let text = gift(lesson::canonical(&name), &deck.title, handout.told.audience, &items(&deck));
            open(&handout.to)?.write_all(text.as_bytes()).map_err(|e| no(&handout.to.output, &e))
        }
        #[cfg(feature = "classroom")]
        ExportCommand::Worksheet { handout, answers } => {
            let deck = deck(handout)?;
            let seed = handout.told.seed.map_or(String::new(), |seed| format!(" --seed {seed}"));
            let next = format!("its packets: osi-tutor explain {}{seed}", deck.name);
            let from = signed(handout.told.audience, &next);
            let head = worksheet::Head { title: &deck.title, from: &from };
            let text = worksheet::worksheet(&head, &items(&deck), *answers);
            open(&handout.to)?.write_all(text.as_bytes()).map_err(|e| no(&handout.to.output, &e))
        }
        #[cfg(feature = "classroom")]
        ExportCommand::Cards { to } => open(to)?.write_all(cards().as_bytes()).map_err(|e| no(&to.output, &e)),
    }
}

/// A capture that explains itself.
fn pcapng(what: &Path, to: &To, seed: Option<u64>, audience: Audience) -> Result<(), Failure> {
    if to.output == Path::new("-") && io::stdout().is_terminal() {
        let why = "a capture is no text for a terminal; name a file with -o, or send it into a pipe";
        return Err(Failure::Usage(why.to_owned()));
    }
    let name = what.to_string_lossy().to_lowercase();
    let none = Faults::default();
    let lesson = lesson::built_in(lesson::canonical(&name)).transpose().map_err(|e| Failure::Data(e.to_string()))?;
    let scenario = Scenario::ready(&name).transpose().map_err(|e| Failure::Data(e.to_string()))?;
    let annotated = match (lesson, scenario) {
        (Some(mut lesson), _) => Annotated::lesson(&mut lesson, seed, audience, &none)?,
        (_, Some(scenario)) => {
            let source = DefaultSource { seed: seed.unwrap_or(scenario.seed), scenario: name, at: None };
            Annotated::scenario(&source, audience, &none)?
        }
        _ => Annotated::file(what, seed.unwrap_or(1), audience)?,
    };
    spare("-o", Some(&to.output), what)?;
    // Whether it may be written over is asked here; the writer itself replaces what is there.
    drop(open(to)?);
    let mut writer = Writer::about(&to.output, &annotated.about)?;
    annotated.write(&mut writer)
}

/// A row a packet.
fn rows(what: &Path, to: &To) -> Result<(), Failure> {
    let mut origin = Origin::of(what)?;
    spare("-o", Some(&to.output), what)?;
    let mut out = io::BufWriter::new(open(to)?);
    let mut written = out.write_all(csv::COLUMNS.as_bytes());
    let mut row = String::new();
    let ended = origin.packets(&mut |packet, _| {
        row.clear();
        csv::row(packet, &mut row);
        if written.is_ok() {
            written = out.write_all(row.as_bytes());
        }
    });
    written.and_then(|()| out.flush()).map_err(|e| no(&to.output, &e))?;
    ended
}

#[cfg(feature = "classroom")]
fn deck(handout: &Handout) -> Result<Deck, Failure> {
    class_deck::deck(&handout.lesson, None, handout.told.audience, handout.told.seed)
}

/// Its questions.
#[cfg(feature = "classroom")]
fn items(deck: &Deck) -> Vec<Item<'_>> {
    let asks = deck.slides.iter().filter_map(|slide| Some((slide, slide.task.as_ref()?)));
    asks.map(|(slide, task)| Item {
        prompt: prompt(&slide.prompt, &slide.scene),
        task,
        why: &slide.why,
        replies: &slide.replies,
    })
    .collect()
}
