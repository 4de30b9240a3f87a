//! What a learner has done, what was believed, what to review next.

use crate::ask::{self, Kind, Question};
use crate::lesson;
use crate::lesson::progress::{Day, Progress};
use crate::model::{Time, show};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// Rows of a list that are shown; the object has all.
const MOST: usize = 12;
/// Why there is no place for it.
pub const NOWHERE: &str = "neither XDG_STATE_HOME nor HOME says where progress may be kept; set one of them";

/// All of it on a page. `path` is where it is kept.
pub fn page(progress: &Progress, path: Option<&Path>, day: Day) -> String {
    let mut out = String::new();
    lessons(progress, &mut out);
    let answers = progress.right + progress.wrong;
    if answers > 0 {
        let _ = writeln!(out, "\nAnswers        {} of {answers} right", progress.right);
    }
    if !progress.misconceptions.is_empty() {
        out.push_str("\nMisconceptions\n");
        for (id, met) in progress.misconceptions.iter().take(MOST) {
            let mark = if met.is_overcome() { "✓ overcome" } else { "✗ open    " };
            let times = if met.times == 1 { "once".to_owned() } else { format!("{} times", met.times) };
            let _ = writeln!(out, "  {mark}  {}, met {times}, last {}", clean(id), date(met.last));
            if let Some(known) = ask::misconception(id).filter(|_| !met.is_overcome()) {
                let _ = writeln!(out, "              osi-tutor explain {}", known.lesson);
            }
        }
        more(progress.misconceptions.len(), &mut out);
    }
    next(progress, day, &mut out);
    match path {
        Some(path) => {
            let _ = writeln!(out, "\nKept in {}", clean_path(&path.to_string_lossy()));
        }
        None => {
            let _ = writeln!(out, "\nNothing is kept: {NOWHERE}.");
        }
    }
    out
}

/// All of it as one object.
pub fn object(progress: &Progress, path: Option<&Path>, day: Day) -> Value {
    let mut value = serde_json::to_value(progress).unwrap_or_default();
    value["today"] = json!(day);
    value["due"] = json!(progress.due(day));
    value["path"] = json!(path.map(|p| p.to_string_lossy()));
    value
}

/// A day as a date.
fn date(day: Day) -> String {
    let mut text = String::new();
    show::moment(Time::new(i64::try_from(day.saturating_mul(86_400)).unwrap_or(i64::MAX), 0), &mut text);
    text.chars().take(10).collect()
}

/// Text that a file may have put there.
fn clean(text: &str) -> String {
    let mut out = String::new();
    show::escape_within(text.as_bytes(), 60, &mut out);
    out
}

fn clean_path(path: &str) -> String {
    let mut out = String::new();
    show::escape(path.as_bytes(), &mut out);
    out
}

fn more(all: usize, out: &mut String) {
    if all > MOST {
        let _ = writeln!(out, "  and {} more", all - MOST);
    }
}

fn lessons(progress: &Progress, out: &mut String) {
    let course: Vec<String> = lesson::course().map(|c| c.into_iter().map(|l| l.id).collect()).unwrap_or_default();
    let done = course.iter().filter(|id| progress.lessons.get(*id).is_some_and(|l| l.done.is_some())).count();
    let _ = writeln!(out, "Lessons        {done} of {} done", course.len());
    let own = progress.lessons.keys().filter(|id| !course.contains(id));
    for id in course.iter().chain(own) {
        let Some(lesson) = progress.lessons.get(id) else { continue };
        let how = match lesson.done {
            Some(day) => format!("✓ done on {}", date(day)),
            None => format!("begun, page {}, last on {}", lesson.page, date(lesson.last)),
        };
        let _ = writeln!(out, "  {:<24} {how}", clean(id));
    }
}

/// What to do now.
fn next(progress: &Progress, day: Day, out: &mut String) {
    out.push_str("\nNext\n");
    // A lesson's own questions come back when it is played again.
    let course = lesson::course().unwrap_or_default();
    let of_lesson =
        |id: &&str| course.iter().find(|l| id.strip_prefix(l.id.as_str()).is_some_and(|r| r.starts_with('/')));
    let (missed, due): (Vec<&str>, Vec<&str>) = progress.due(day).into_iter().partition(|id| of_lesson(id).is_some());
    let mut again: Vec<&str> = missed.iter().filter_map(of_lesson).map(|l| l.id.as_str()).collect();
    again.dedup();
    for id in &again {
        let count = missed.iter().filter(|m| of_lesson(m).is_some_and(|l| l.id == **id)).count();
        let what = if count == 1 { "1 question".to_owned() } else { format!("{count} questions") };
        let _ = writeln!(out, "  {what} that you missed in a lesson: osi-tutor explain {id}");
    }
    if !due.is_empty() {
        let what = if due.len() == 1 {
            "1 question that you missed is".to_owned()
        } else {
            format!("{} questions that you missed are", due.len())
        };
        let _ = writeln!(out, "  {what} due");
        for id in due.iter().take(MOST) {
            let _ = writeln!(out, "    {}: {}", clean(id), comes_back(id));
        }
        more(due.len(), out);
    } else if let Some(next) = progress.next_due(day) {
        let _ = writeln!(out, "  nothing is due before {}", date(next));
    }
    let open = course.iter().find(|l| progress.lessons.get(&l.id).is_none_or(|p| p.done.is_none()));
    if let Some(lesson) = open {
        let _ = writeln!(out, "  lesson {}: osi-tutor explain {}", lesson.id, lesson.id);
    }
    if due.is_empty() {
        out.push_str("  new questions: osi-tutor quiz\n");
    }
}

/// The command that asks a question again.
fn comes_back(id: &str) -> String {
    match Question::read_id(id) {
        Some((source, kind, _)) if Kind::PUZZLES.contains(&kind) => format!("osi-tutor puzzle {}", place(source)),
        Some((source, ..)) if source.contains('@') => "osi-tutor quiz".to_owned(),
        Some((source, ..)) => format!("osi-tutor quiz {}", place(source)),
        None => "play its lesson again".to_owned(),
    }
}

/// A source as the command line names it: a scenario without its seed, or a file's name.
fn place(source: &str) -> String {
    clean(source.split_once('@').map_or(source, |(scenario, _)| scenario))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_says_is_escaped_and_what_is_due_names_its_command() {
        let mut progress = Progress::default();
        progress.record_lesson("\u{1b}[31mred", 2, false, 20_000);
        progress.record_answer("two-hosts@7/ack-4", false, None, 20_000);
        let text = page(&progress, Some(Path::new("/a\u{1b}b")), 20_100);
        assert!(!text.contains('\u{1b}') && text.contains("\\x1b[31mred"), "{text}");
        assert!(text.contains("1 question that you missed is due\n") && text.contains(": osi-tutor quiz\n"), "{text}");
        assert!(text.contains("begun, page 2, last on 2024-10-04"), "{text}");
        assert!(page(&progress, None, 20_100).ends_with(&format!("Nothing is kept: {NOWHERE}.\n")));
        assert_eq!(object(&progress, None, 20_100)["due"], json!(["two-hosts@7/ack-4"]));
    }
}
