//! A set of questions as a page, as an object, and its grades as rows for a spreadsheet.

use super::Theme;
use super::ask::rows;
use super::csv::cell;
use super::quiz::Sheet;
use crate::ask::{Question, Session};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The first row of a file of grades.
pub const GRADES: &str = "name,question,given,right,seconds\n";

/// Questions, and what they are about.
#[derive(Debug)]
pub struct Set {
    /// Where they come from, in words.
    pub title: String,
    /// What the dice were begun with.
    pub seed: u64,
    /// In the order in which they are asked.
    pub questions: Vec<Question>,
}

/// The questions, or their answers, on a page.
pub fn page(set: &Set, answers: bool, columns: Option<usize>, theme: Theme) -> String {
    let mut text = String::new();
    let what = match (answers, set.questions.len()) {
        (true, 1) => "answer",
        (true, _) => "answers",
        (false, 1) => "question",
        (false, _) => "questions",
    };
    let _ = writeln!(text, "{} (seed {}). {} {what}.\n", set.title, set.seed, set.questions.len());
    let sheet = Sheet::new(theme, columns);
    if answers {
        sheet.key(&set.questions, &mut text);
    } else {
        sheet.paper(&set.questions, &mut text);
    }
    text
}

/// The same as one object; the answers only where they are wanted.
pub fn object(set: &Set, answers: bool) -> Value {
    let one = |q: &Question| {
        let asked = q.task.asked();
        let mut shown = q.shown.clone();
        shown.extend(rows(asked.frame));
        let packets = asked.packets.iter().map(|(number, text)| format!("{number} {text}"));
        let choices: Vec<String> = asked.choices.iter().map(|&text| text.to_owned()).chain(packets).collect();
        let mut value = json!({
            "id": q.id, "kind": q.kind.name(), "prompt": q.prompt, "shown": shown, "form": asked.form, "how": asked.how,
        });
        if !choices.is_empty() {
            value["choices"] = json!(choices);
        }
        if answers {
            value["answer"] = json!(q.task.right());
            value["why"] = json!(q.why);
            value["proof"] =
                json!({ "filter": q.proof.filter, "frame": q.proof.frame, "line": q.proof.line.trim_start() });
        }
        value
    };
    json!({ "v": 1, "source": set.title, "seed": set.seed, "questions": set.questions.iter().map(one).collect::<Vec<_>>() })
}

/// A row for each question: who was asked, what was answered, and whether it is right. Only a terminal's seconds mean
/// anything.
pub fn grades(name: &str, session: &Session, timed: bool) -> String {
    let mut rows = String::new();
    for (index, question) in session.questions().iter().enumerate() {
        let grade = session.grades().iter().find(|g| g.question == index);
        let given = grade.map_or("", |g| g.given.as_str());
        let right = u8::from(grade.is_some_and(|g| g.verdict.right));
        let seconds = grade.filter(|_| timed).map_or(String::new(), |g| (g.millis / 1_000).to_string());
        let _ = writeln!(rows, "{},{},{},{right},{seconds}", cell(name), cell(&question.id), cell(given));
    }
    rows
}
