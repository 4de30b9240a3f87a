//! What can be captured on, by its name.

use crate::app::Failure;
use crate::lesson::format::DefaultSource;
use crate::lesson::{self, Lesson};
use crate::sim::scenario::Scenario;
use crate::view::extcap as view;

/// What is captured on.
pub(super) enum Interface {
    Lesson(Box<Lesson>),
    Scenario(DefaultSource),
    #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
    Lab,
}

impl Interface {
    /// The one of this name.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn of(name: &str) -> Result<Self, Failure> {
        #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
        if name == view::LAB {
            return Ok(Self::Lab);
        }
        if let Some((scenario, Ok(ready))) =
            name.strip_prefix(view::SCENARIO).and_then(|s| Some((s, Scenario::ready(s)?)))
        {
            return Ok(Self::Scenario(DefaultSource { scenario: scenario.to_owned(), seed: ready.seed, at: None }));
        }
        if let Some(Ok(lesson)) = name.strip_prefix(view::PREFIX).and_then(lesson::built_in) {
            return Ok(Self::Lesson(Box::new(lesson)));
        }
        let name = name.escape_debug();
        Err(Failure::Usage(format!("there is no interface '{name}'; to see all: osi-tutor extcap --extcap-interfaces")))
    }

    /// Its own packets.
    pub(super) fn source(&self) -> DefaultSource {
        match self {
            Self::Lesson(lesson) => lesson.source.clone(),
            Self::Scenario(source) => source.clone(),
            #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
            Self::Lab => DefaultSource::default(),
        }
    }

    /// What can be set of it.
    pub(super) fn options(&self) -> Result<String, Failure> {
        #[cfg(all(feature = "lab", feature = "live", target_os = "linux"))]
        if let Self::Lab = self {
            let lessons = super::lab::lessons()?;
            let named: Vec<_> = lessons.iter().map(|lesson| (lesson.id.as_str(), lesson.title.as_str())).collect();
            return Ok(view::lab_options(&named));
        }
        Ok(view::options(self.source().seed))
    }
}
