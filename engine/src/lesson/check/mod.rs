//! Checking lessons: prose is checked like code.
//!
//! Each lesson is read, its simulation is run, and each fence must find its packets, with a value for
//! every placeholder; its what-ifs are run, too. Mistakes are found all at once, each with its file, line and a caret.
//! Read [`check`], then `pages` (what needs packets) `prose` (what needs only words) and [`voice`] (how it sounds).

mod pages;
mod prose;
pub mod voice;

use super::error::{LessonError, Source};
use super::format::Lesson;
use std::collections::BTreeMap;

/// Checks lessons that belong together, each a file name and its text. `known` are ids that they may
/// need beside their own. Gives every mistake.
pub fn check(files: &[(String, String)], known: &[&str]) -> Vec<LessonError> {
    let mut wrong = Vec::new();
    let mut lessons = Vec::new();
    for (file, text) in files {
        match Lesson::read(file, text) {
            Ok(lesson) => lessons.push((lesson, Source { file, text })),
            Err(all) => wrong.extend(all),
        }
    }
    needs(&lessons, known, &mut wrong);
    for (lesson, source) in &lessons {
        named(lesson, source, &mut wrong);
        pages::check(lesson, source, &mut wrong);
        prose::check(lesson, source, &mut wrong);
    }
    wrong
}

/// What to say otherwise in lessons, each a file name and its text. A file that is no lesson has no texts.
pub fn hear(files: &[(String, String)]) -> Vec<LessonError> {
    let mut all = Vec::new();
    for (file, text) in files {
        let Ok(lesson) = Lesson::parse(file, text) else { continue };
        let source = Source { file, text };
        for (span, speech) in prose::spoken(&lesson, &source) {
            let words = text.get(span.clone()).unwrap_or("");
            let here = |a: voice::Advice| source.error(span.start + a.at.start..span.start + a.at.end, a.why);
            all.extend(voice::advice(words, speech).into_iter().map(here));
        }
    }
    all
}

/// A file is called by its place in the course and its lesson's id.
fn named(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    let name = source.file.rsplit(['/', '\\']).next().unwrap_or(source.file);
    let stem = name.strip_suffix(".md").unwrap_or(name);
    let fits = stem.split_once('-').is_some_and(|(number, id)| {
        !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && id == lesson.id
    });
    if !fits {
        let why =
            format!("the file of lesson {id} is called by a number and its id, such as 50-{id}.md", id = lesson.id);
        wrong.push(source.error(key(source, "id"), why));
    }
}

/// Ids are unique; what is needed exists, and not in a circle.
fn needs(lessons: &[(Lesson, Source<'_>)], known: &[&str], wrong: &mut Vec<LessonError>) {
    let mut first: BTreeMap<&str, &Lesson> = BTreeMap::new();
    for (lesson, source) in lessons {
        if let Some(other) = first.insert(&lesson.id, lesson) {
            let why = format!("{} has the id {}, too", other.file, lesson.id);
            wrong.push(source.error(key(source, "id"), why));
        }
    }
    for (lesson, source) in lessons {
        let at = || key(source, "needs");
        for (i, need) in lesson.needs.iter().enumerate() {
            if !first.contains_key(need.as_str()) && !known.contains(&need.as_str()) {
                let near = super::reader::nearest(need, first.keys().copied().chain(known.iter().copied()));
                wrong.push(source.error(at(), format!("there is no lesson {need}{near}")));
            }
            if lesson.needs.iter().take(i).any(|other| other == need) {
                wrong.push(source.error(at(), format!("{need} is here twice")));
            }
        }
        // Whoever can be reached from a lesson must not need that lesson.
        let mut reached: Vec<&str> = lesson.needs.iter().map(String::as_str).collect();
        let mut at_index = 0;
        while let Some(id) = reached.get(at_index).copied() {
            at_index += 1;
            let more = first.get(id).into_iter().flat_map(|l| l.needs.iter().map(String::as_str));
            let new: Vec<&str> = more.filter(|n| !reached.contains(n)).collect();
            reached.extend(new);
        }
        if reached.contains(&lesson.id.as_str()) {
            wrong.push(source.error(at(), format!("{} needs itself, by way of others", lesson.id)));
        }
    }
}

/// The line of a key of the front matter.
fn key(source: &Source<'_>, name: &str) -> std::ops::Range<usize> {
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let rest = line.trim_start().strip_prefix(name);
        if rest.is_some_and(|r| r.trim_start().starts_with('=')) {
            return at..at + line.trim_end().len();
        }
        at += line.len();
    }
    0..3
}

#[cfg(test)]
mod tests;
