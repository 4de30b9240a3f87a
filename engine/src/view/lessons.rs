//! Lessons, one a line: for who plays them, and for who writes them.

use crate::ask::{Mark, misconception};
use crate::lesson::Lesson;
use crate::lesson::format::Fence;
use crate::lesson::play::Record;
use crate::lesson::progress::{Begun, Progress};
use crate::model::show::{escape, escape_prose};
use std::fmt::Write as _;
use std::path::Path;

/// A course, one lesson a line, with what was done of it. `folder` is where a teacher keeps it.
pub fn course(course: &[Lesson], progress: &Progress, folder: Option<&Path>) -> String {
    let mut out = String::new();
    let width = course.iter().map(|l| l.id.len()).max().unwrap_or_default();
    for l in course {
        let mut title = String::new();
        escape(l.title.as_bytes(), &mut title);
        let how = done(l, progress);
        let gap = if how.is_empty() { "" } else { " " };
        let _ = writeln!(out, "{:width$}  {title} ({} minutes){gap}{how}", l.id, l.minutes);
    }
    let next = course.iter().find(|l| progress.lessons.get(&l.id).is_none_or(|b| b.done.is_none())).or(course.first());
    let mut own = String::new();
    if let Some(folder) = folder {
        own.push_str(" --lessons ");
        escape_prose(&folder.to_string_lossy(), &mut own);
    }
    let _ = writeln!(out, "\nTo play one: osi-tutor explain {}{own}", next.map_or("NAME", |l| &l.id));
    out
}

/// What was done of a lesson; empty where that's nothing.
pub fn done(lesson: &Lesson, progress: &Progress) -> String {
    match progress.lessons.get(&lesson.id) {
        Some(Begun { done: Some(_), .. }) => "✓ done".to_owned(),
        Some(begun) => format!("… at step {} of {}", begun.page, lesson.pages.len()),
        None => String::new(),
    }
}

/// What is said when a lesson was played to its end: how it went, what was believed, and what comes next.
pub fn ending(lesson: &Lesson, record: &Record, next: Option<&Lesson>) -> String {
    let mut out = String::new();
    let asked: Vec<&str> = lesson.pages.iter().filter_map(|page| page.question.as_deref()).collect();
    let results: Vec<Mark> = asked.iter().filter_map(|question| record.result(question)).collect();
    let right = results.iter().filter(|mark| **mark == Mark::Right).count();
    let _ = write!(out, "The end of {}", lesson.id);
    if !asked.is_empty() {
        let _ = write!(out, ": {right} of {} questions right at the first attempt", asked.len());
    }
    out.push_str(".\n");
    let mut met: Vec<&str> = record.answers.iter().filter_map(|answer| answer.misconception.as_deref()).collect();
    met.dedup();
    for m in met.into_iter().filter_map(misconception) {
        let _ = writeln!(out, "  You met: {} That's wrong. osi-tutor explain misconception:{}", m.claim, m.id);
    }
    if let Some(next) = next {
        let mut title = String::new();
        escape(next.title.as_bytes(), &mut title);
        let _ = writeln!(out, "Next: {title} ({} minutes)\n  osi-tutor explain {}", next.minutes, next.id);
    }
    out
}

/// The lessons with what is in each.
pub fn contents(lessons: &[Lesson]) -> String {
    let mut out = String::new();
    let width = lessons.iter().map(|l| l.id.len()).max().unwrap_or_default().max(2);
    let _ = writeln!(out, "{:width$}  steps  questions  what-ifs  minutes  title", "id");
    for l in lessons {
        let questions = l.pages.iter().filter(|p| p.question.is_some()).count();
        let whatifs = l.pages.iter().filter(|p| matches!(p.fence, Some(Fence::WhatIf(_)))).count();
        let mut title = String::new();
        escape(l.title.as_bytes(), &mut title);
        let steps = l.pages.len();
        let _ = writeln!(out, "{:width$}  {steps:5}  {questions:9}  {whatifs:8}  {:7}  {title}", l.id, l.minutes);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_says_what_was_done_and_what_comes_next() {
        let lessons = crate::lesson::course().unwrap();
        let [first, second, ..] = lessons.as_slice() else { panic!("there are lessons") };
        let mut progress = Progress::default();
        progress.record_lesson(&first.id, 3, true, 20_000);
        progress.record_lesson(&second.id, 2, false, 20_000);
        let text = course(&lessons, &progress, Some(Path::new("/a\u{1b}")));
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with(&first.id) && lines[0].ends_with(" ✓ done"), "{text}");
        assert!(lines[1].ends_with(&format!(" … at step 2 of {}", second.pages.len())), "{text}");
        assert!(text.ends_with(&format!("osi-tutor explain {} --lessons /a\\x1b\n", second.id)), "{text}");
        assert_eq!(contents(&lessons).lines().count(), lessons.len() + 1);
    }
}
