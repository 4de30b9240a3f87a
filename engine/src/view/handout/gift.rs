//! A lesson's questions in Moodle's GIFT (<https://docs.moodle.org/en/GIFT_format>): right and wrong answers, and with each
//! wrong one the misconception that it betrays.
//!
//! Moodle has no question for an order or for bytes to mark: an order becomes pairs to match, bytes a short answer.

use super::{Item, refutation};
use crate::ask::task::{Slip, label};
use crate::ask::{Task, Value};
use crate::tutor::Audience;
use crate::view::ask::rows;
use std::fmt::Write as _;

/// The whole file. `name` is the lesson's, and titles begin with it.
pub fn gift(name: &str, title: &str, audience: Audience, items: &[Item<'_>]) -> String {
    let mut out = format!("// {}\n", one_line(title));
    let _ = writeln!(out, "$CATEGORY: osi-tutor/{}\n", one_line(name));
    for (number, item) in (1..).zip(items) {
        let _ = write!(out, "::{} {number:02}::[plain]{}", escaped(name), escaped(&item.prompt));
        question(item, audience, &mut out);
        out.push_str("}\n\n");
    }
    out
}

/// How it is answered; what is asked stands before it.
fn question(item: &Item<'_>, audience: Audience, out: &mut String) {
    let why = escaped(item.why);
    match item.task {
        Task::Choose { choices, right } => {
            out.push_str(" {\n");
            for (place, choice) in choices.iter().enumerate() {
                let is_right = place == *right;
                let said = if is_right { item.why.to_owned() } else { item.reply(place, choice.betrays, audience) };
                answer(if is_right { "=" } else { "~" }, &choice.text, &said, out);
            }
        }
        Task::Packet { packets, right } => {
            out.push_str(" {\n");
            for packet in packets {
                let is_right = packet.number == *right;
                let said = match packet.betrays {
                    _ if is_right => item.why.to_owned(),
                    betrays => betrays.map_or(String::new(), |id| refutation(id, audience)),
                };
                answer(if is_right { "=" } else { "~" }, &format!("{}  {}", packet.number, packet.text), &said, out);
            }
        }
        Task::Number { right, slips } => {
            out.push_str(" {#\n");
            answer("=", &right.to_string(), item.why, out);
            wrong(slips, audience, out);
        }
        Task::Text { right, slips } => {
            out.push_str(" {\n");
            for value in right {
                answer("=", &value.to_string(), item.why, out);
            }
            wrong(slips, audience, out);
        }
        Task::Order { items, right } => {
            let _ = writeln!(out, "\\nWhich is first, which second, and so on? {{");
            for (place, &at) in right.iter().enumerate() {
                let text = items.get(at).map_or("", String::as_str).replace("->", "\u{2192}");
                let _ = writeln!(out, "\t={} -> {}", escaped(&text), label(place));
            }
            let _ = writeln!(out, "\t####{why}");
        }
        Task::Bytes { frame, right: (first, last) } => {
            let shown = escaped(&rows(frame).join("\n"));
            let _ = writeln!(out, "\\n{shown}\\nAnswer with {}. {{", escaped(&item.task.how()));
            answer("=", &item.task.right(), item.why, out);
            answer("=", &format!("{first}..{last}"), item.why, out);
        }
        Task::Blanks { .. } => {
            let _ = writeln!(out, "\\nAnswer with {}. {{", escaped(&item.task.how()));
            answer("=", &item.task.right(), item.why, out);
        }
    }
}

fn answer(sign: &str, text: &str, said: &str, out: &mut String) {
    let _ = write!(out, "\t{sign}{}", escaped(text));
    if !said.is_empty() {
        let _ = write!(out, "#{}", escaped(said));
    }
    out.push('\n');
}

/// Wrong answers that are known: worth nothing, and told why.
fn wrong(slips: &[Slip], audience: Audience, out: &mut String) {
    for slip in slips {
        let said = slip.betrays.map_or(String::new(), |id| refutation(id, audience));
        let value = match &slip.answer {
            Value::Number(n) => n.to_string(),
            other => other.to_string(),
        };
        answer("=%0%", &value, &said, out);
    }
}

/// Text in which nothing commands Moodle: `~ = # { } :` and the backslash stand for themselves, lines are written as
/// `\n`, and control characters are gone.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Choice;
    use crate::ask::bank::belief;

    #[test]
    fn nothing_that_is_told_commands_moodle() {
        let choices = ["a} ~=#{}:\n::x::", "right"].map(|text| Choice { text: text.into(), betrays: None }).to_vec();
        let task = Task::Choose { choices, right: 1 };
        let item = Item { prompt: "What is {x}?\n// no".into(), task: &task, why: "Because = it is.", replies: &[] };
        let out = gift("a", "t\n$CATEGORY: x", Audience::Student, &[item]);
        let wanted = "// t $CATEGORY: x\n$CATEGORY: osi-tutor/a\n\n::a 01::[plain]What is \\{x\\}?\\n// no {\n\
                      \t~a\\} \\~\\=\\#\\{\\}\\:\\n\\:\\:x\\:\\:\n\t=right#Because \\= it is.\n}\n\n";
        assert_eq!(out, wanted);
    }

    #[test]
    fn a_wrong_answer_names_the_misconception() {
        let slips = vec![Slip { answer: Value::Number(1), betrays: Some(belief::COUNTS_PACKETS) }];
        let task = Task::Number { right: 78, slips };
        let item = Item { prompt: "Which?".into(), task: &task, why: "", replies: &[] };
        let out = gift("a", "t", Audience::Student, &[item]);
        assert!(out.contains("{#\n\t=78\n\t=%0%1#A common belief\\: \u{201c}"), "{out}");
    }
}
