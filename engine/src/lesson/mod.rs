//! Rank 5: lessons. A file of prose and live fences, the packets it finds, and the player.
//!
//! Read [`mod@format`] (what a lesson file says), then [`find`] (its packets, in any source) and [`player`]
//! (one step after the other, for any view).

pub mod check;
pub mod compute;
mod error;
mod fault;
pub mod find;
pub mod format;
pub mod guide;
pub mod hosts;
pub mod lifelines;
pub mod new;
mod note;
mod parse;
pub mod play;
pub mod player;
mod posed;
mod probe;
pub mod programs;
pub mod progress;
mod reader;
pub mod scene;
mod sheet;
pub mod simulate;
mod stack;
mod stage;
pub mod veil;

pub use find::{Finder, Hit, Trace};
pub use format::{Lesson, LessonError, Page};
pub use player::{Input, Player};
pub use scene::Scene;

/// The lessons that are compiled in, in the order of the course: file name and text. `build.rs` collects them from
/// `lessons/`.
pub const COURSE: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/course.rs"));

/// Other names that people know a lesson by.
const ALIASES: &[(&str, &str)] = &[("http-to-websocket", "upgrade"), ("three-way-handshake", "handshake")];

/// All lessons that are compiled in.
///
/// # Errors
/// One of them is broken; the tests see to it that none is.
pub fn course() -> Result<Vec<Lesson>, LessonError> {
    COURSE.iter().map(|(file, text)| Lesson::parse(file, text)).collect()
}

/// What the front matter of each of them says: a list of the course, in a fraction of the time.
///
/// # Errors
/// As [`course`].
pub fn contents() -> Result<Vec<Lesson>, LessonError> {
    COURSE.iter().map(|(file, text)| Lesson::head(file, text)).collect()
}

/// The lesson of a file of the course, by its id; nothing else is read.
pub fn built_in(id: &str) -> Option<Result<Lesson, LessonError>> {
    let of = |file: &str| file.strip_suffix(".md").and_then(|f| f.split_once('-')).is_some_and(|(_, own)| own == id);
    COURSE.iter().find(|(file, _)| of(file)).map(|(file, text)| Lesson::parse(file, text))
}

/// The id that a name stands for: itself, or what it is an alias of.
pub fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |&(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_say_what_each_lesson_says() {
        let told = |lesson: Lesson| (lesson.id, lesson.title, lesson.osi, lesson.minutes, lesson.source);
        let heads: Vec<_> = contents().unwrap().into_iter().map(told).collect();
        assert_eq!(heads, course().unwrap().into_iter().map(told).collect::<Vec<_>>());
    }
}
