//! What a line that was typed means: an answer, or a command.
//!
//! A whole word is a command everywhere; a letter alone is one unless a text is asked for. `=` before it makes an answer
//! of anything.

use crate::ask::Task;
use crate::lesson::Input;
use crate::view::plain::plain;
use std::fmt::Write as _;

/// What was typed.
#[derive(Debug)]
pub(super) enum Line<'t> {
    Empty,
    Command(Command),
    Answer(&'t str),
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Command {
    /// Something that the lesson knows.
    Lesson(Input),
    /// The page once more.
    Again,
    /// The packets so far.
    Packets,
    /// Which commands there are.
    Help,
}

/// A command: its word, its letter, the input that must be offered for it, and what it does in words.
struct Row {
    word: &'static str,
    letter: char,
    input: Option<&'static str>,
    about: &'static str,
    make: fn() -> Command,
}

const ROWS: &[Row] = &[
    row("next", 'n', Some("next"), "goes on, as Enter alone does", || Command::Lesson(Input::Next)),
    row("hint", 'h', Some("hint"), "gives a hint", || Command::Lesson(Input::Hint)),
    row("skip", 's', Some("skip"), "gives the question up", || Command::Lesson(Input::Skip)),
    row("what if", 'w', Some("what-if"), "runs what breaks", || Command::Lesson(Input::WhatIf)),
    row("back", 'b', Some("back"), "goes to the page before", || Command::Lesson(Input::Back)),
    row("first", 'f', Some("first"), "goes to the first page", || Command::Lesson(Input::First)),
    row("last", 'l', Some("last"), "goes to the last page that you may see", || Command::Lesson(Input::Last)),
    row("packets", 'p', Some("back"), "says all packets so far", || Command::Packets),
    row("layers", 'o', Some("layers"), "says more, or less, of the seven layers", || Command::Lesson(Input::Layers)),
    row("deeper", 'd', Some("deeper"), "says all of the packet: fields and bytes", || Command::Lesson(Input::Deeper)),
    row("view", 'v', Some("view"), "turns to states, to calls, and back to packets", || Command::Lesson(Input::View)),
    row("audience", 'a', Some("audience"), "speaks to newcomers, students or engineers", || {
        Command::Lesson(Input::Audience)
    }),
    row("repeat", 'r', None, "says the page once more", || Command::Again),
    row("quit", 'q', Some("quit"), "ends it; what you have done is kept", || Command::Lesson(Input::Quit)),
    row("help", '?', None, "lists the commands", || Command::Help),
];

const fn row(
    word: &'static str,
    letter: char,
    input: Option<&'static str>,
    about: &'static str,
    make: fn() -> Command,
) -> Row {
    Row { word, letter, input, about, make }
}

impl Row {
    /// Whether it means something now.
    fn is_offered(&self, inputs: &[&str]) -> bool {
        self.input.is_none_or(|input| inputs.contains(&input))
    }
}

/// Reads a line.
pub(super) fn read<'t>(line: &'t str, task: Option<&Task>, inputs: &[&str]) -> Line<'t> {
    if line.is_empty() {
        return Line::Empty;
    }
    if let Some(answer) = line.strip_prefix('=') {
        return Line::Answer(answer.trim());
    }
    let word = line.to_lowercase().replace('-', " ");
    let is_text = matches!(task, Some(Task::Text { .. }));
    let named = |row: &&Row| word == row.word || (word.chars().eq([row.letter]) && (!is_text || row.letter == '?'));
    match ROWS.iter().find(named).filter(|row| row.is_offered(inputs)) {
        Some(row) => Line::Command((row.make)()),
        None => Line::Answer(line),
    }
}

/// What can be typed now, in a line.
pub(super) fn prompt(inputs: &[&str], task: Option<&Task>) -> String {
    let first = match task {
        Some(task) => format!("Type {}, then Enter.", task.how()),
        None if inputs.contains(&"what-if") => "Enter runs it.".to_owned(),
        None => "Enter goes on.".to_owned(),
    };
    plain(&format!("{first} ? lists the commands.\n"))
}

/// The commands that mean something now.
pub(super) fn help(inputs: &[&str], task: Option<&Task>) -> String {
    let is_text = matches!(task, Some(Task::Text { .. }));
    let mut out = String::from("Commands:\n");
    for row in ROWS.iter().filter(|row| row.is_offered(inputs)) {
        if is_text && row.letter != '?' {
            let _ = writeln!(out, "{} {}.", row.word, row.about);
        } else {
            let _ = writeln!(out, "{} or {} {}.", row.word, row.letter, row.about);
        }
    }
    if is_text {
        out.push_str("An answer that is one of these words begins with =.\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_letters_are_unlike_each_other() {
        for (i, row) in ROWS.iter().enumerate() {
            assert!(ROWS.iter().skip(i + 1).all(|other| other.word != row.word && other.letter != row.letter));
        }
    }

    #[test]
    fn a_letter_is_an_answer_where_text_is_asked_for() {
        let text = Task::Text { right: Vec::new(), slips: Vec::new() };
        let number = Task::Number { right: 1, slips: Vec::new() };
        assert!(matches!(read("s", Some(&text), &["skip"]), Line::Answer("s")));
        assert!(matches!(read("skip", Some(&text), &["skip"]), Line::Command(_)));
        assert!(matches!(read("=skip", Some(&text), &["skip"]), Line::Answer("skip")));
        assert!(matches!(read("s", Some(&number), &["skip"]), Line::Command(_)));
        assert!(matches!(read("?", Some(&text), &[]), Line::Command(Command::Help)));
        assert!(matches!(read("hint", Some(&number), &["skip"]), Line::Answer("hint")), "it isn't offered");
        assert!(matches!(read("What-If", None, &["what-if"]), Line::Command(_)));
    }
}
