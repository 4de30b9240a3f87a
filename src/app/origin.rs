//! Where the packets of questions come from: a capture, a lesson, or a ready scenario.

use super::Failure;
use crate::flow::reader::each;
use crate::flow::{Limits, Tracker};
use crate::lesson::{self, Lesson};
use crate::model::near::nearest;
use crate::model::{Packet, show};
use crate::sim::Simulation;
use crate::sim::scenario::{READY, Scenario};
use crate::source::Source;
use crate::source::file::File;
use std::path::Path;

/// Where the packets come from.
pub(super) enum Origin {
    /// A capture, and what its ids call it.
    File(File, String),
    /// A ready scenario with a seed.
    Scenario(Box<Scenario>, String, u64),
}

impl Origin {
    /// A lesson's or a ready scenario's packets, or a capture.
    pub(super) fn of(what: &Path) -> Result<Self, Failure> {
        let name = what.to_string_lossy().into_owned();
        let course = lesson::course().map_err(|e| Failure::Data(e.to_string()))?;
        let id = name.to_lowercase();
        if let Some(Lesson { source, .. }) = course.iter().find(|l| l.id == lesson::canonical(&id)) {
            return Self::ready(&source.scenario, Some(source.seed)).unwrap_or_else(|| {
                Err(Failure::Data(format!("lesson {id} wants an unknown scenario, {}", source.scenario)))
            });
        }
        if let Some(found) = Self::ready(&id, None) {
            return found;
        }
        let plain = what.extension().is_none() && what.components().count() == 1 && name != "-";
        if plain && !what.exists() {
            let known = course.iter().map(|l| l.id.as_str()).chain(READY.iter().map(|(name, _)| *name));
            let hint = nearest(&id, known).map_or(String::new(), |known| format!(" Did you mean {known}?"));
            return Err(Failure::Usage(format!(
                "there is no capture, lesson or scenario {name}.{hint} Lessons: osi-tutor explain; scenarios: osi-tutor simulate --list"
            )));
        }
        let file = File::open(what)?;
        let short = what.file_name().map_or_else(|| name.clone(), |n| n.to_string_lossy().into_owned());
        Ok(Self::File(file, short))
    }

    /// A ready scenario, with its own seed or another.
    pub(super) fn ready(name: &str, seed: Option<u64>) -> Option<Result<Self, Failure>> {
        let scenario = Scenario::ready(name)?;
        Some(scenario.map_err(|e| Failure::Data(e.to_string())).map(|s| {
            let seed = seed.unwrap_or(s.seed);
            Self::Scenario(Box::new(s), name.to_owned(), seed)
        }))
    }

    /// What ids call it: a file's name, or a scenario with its seed.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(_, name) => name.clone(),
            Self::Scenario(_, name, seed) => format!("{name}@{seed}"),
        }
    }

    /// Where the packets come from, in words.
    pub(super) fn title(&self) -> String {
        let mut title = match self {
            Self::File(..) => "From the file ".to_owned(),
            Self::Scenario(..) => "Simulated: ".to_owned(),
        };
        show::escape(self.name().as_bytes(), &mut title);
        title
    }

    /// Hands on every frame, dissected, with its bytes. What came before damage is handed on, too.
    pub(super) fn packets(&mut self, take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), Failure> {
        match self {
            Self::File(file, _) => packets(file, take),
            Self::Scenario(scenario, _, seed) => packets(&mut Simulation::new(scenario, *seed), take),
        }
    }
}

fn packets(source: &mut dyn Source, take: &mut dyn FnMut(&Packet, &Tracker)) -> Result<(), Failure> {
    each(source, Limits::default(), |packet, tracker| {
        take(packet, tracker);
        Ok(true)
    })
}
