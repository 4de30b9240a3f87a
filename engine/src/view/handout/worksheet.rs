//! A worksheet: one HTML file to print, without anything from elsewhere. What is asked, room to answer, and on request
//! the key of answers.

use super::Item;
use crate::ask::Task;
use crate::ask::task::label;
use crate::view::ask::rows;
use crate::view::picture::Escaped;
use std::fmt::Write as _;

/// What the file looks like, on a screen and on paper.
const STYLE: &str = "body{font:12pt/1.45 serif;max-width:42em;margin:2em auto;padding:0 1em;color:#000;background:#fff}\
h1{font-size:1.5em}ol.asked>li{margin:0 0 1.4em;break-inside:avoid}\
pre{font:9.5pt/1.35 monospace;overflow-x:auto}.room{border-bottom:1px solid #000;display:inline-block;min-width:12em}\
ul{list-style:none;padding:0}.box{display:inline-block;width:.9em;height:.9em;border:1px solid #000;margin-right:.6em;vertical-align:-.1em}\
.line{border-bottom:1px solid #000;height:1.8em}.key{break-before:page}.from{font-size:.85em}\
@media print{body{margin:0;max-width:none}}";

/// What stands at its head.
#[derive(Debug)]
pub struct Head<'h> {
    /// The lesson's heading.
    pub title: &'h str,
    /// Which packets it is about, in words.
    pub from: &'h str,
}

/// The whole file; with the key, where `answers` says so.
pub fn worksheet(head: &Head<'_>, items: &[Item<'_>], answers: bool) -> String {
    let (title, from) = (Escaped(head.title), Escaped(head.from));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p>Name: <span class=\"room\"></span> Date: <span class=\"room\"></span></p>\n<ol class=\"asked\">\n"
    );
    for item in items {
        let _ = writeln!(out, "<li><p>{}</p>", lines(&item.prompt));
        room(item.task, &mut out);
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
    if answers {
        out.push_str("<section class=\"key\">\n<h2>Answers</h2>\n<ol>\n");
        for item in items {
            let _ = writeln!(out, "<li><strong>{}</strong> {}</li>", lines(&right(item.task)), lines(item.why));
        }
        out.push_str("</ol>\n</section>\n");
    }
    let _ = write!(out, "<p class=\"from\">{from}</p>\n</body>\n</html>\n");
    out
}

/// Room to answer.
fn room(task: &Task, out: &mut String) {
    match task {
        Task::Choose { choices, .. } => boxes(choices.iter().map(|choice| choice.text.clone()), out),
        Task::Packet { packets, .. } => {
            boxes(packets.iter().map(|packet| format!("{}  {}", packet.number, packet.text)), out);
        }
        Task::Order { items, .. } => {
            out.push_str("<p>Number them, the first is 1.</p>\n");
            boxes(items.iter().cloned(), out);
        }
        Task::Bytes { frame, .. } => {
            let shown = rows(frame).join("\n");
            let _ = writeln!(out, "<pre>{}</pre>\n<p>Mark the bytes above, counted from 0.</p>", preserved(&shown));
        }
        Task::Blanks { right } => {
            out.push_str("<ul>\n");
            for (name, _) in right {
                let _ = writeln!(out, "<li>{} <span class=\"room\"></span></li>", lines(name));
            }
            out.push_str("</ul>\n");
        }
        Task::Number { .. } | Task::Text { .. } => out.push_str("<div class=\"line\"></div>\n"),
    }
}

fn boxes(texts: impl Iterator<Item = String>, out: &mut String) {
    out.push_str("<ul>\n");
    for text in texts {
        let _ = writeln!(out, "<li><span class=\"box\"></span>{}</li>", lines(&text));
    }
    out.push_str("</ul>\n");
}

/// The right answer, for the teacher who marks the sheet.
fn right(task: &Task) -> String {
    match task {
        Task::Order { items, right } => {
            let place = |at: usize| right.iter().position(|&item| item == at).unwrap_or(0);
            let numbers: Vec<String> = (0..items.len()).map(|at| label(place(at))).collect();
            format!("From the top: {}.", numbers.join(", "))
        }
        other => format!("{}.", other.answer().trim_end_matches('.')),
    }
}

/// Text in which nothing is markup; its lines stay lines.
fn lines(text: &str) -> String {
    text.trim().lines().map(|line| Escaped(line).to_string()).collect::<Vec<_>>().join("<br>")
}

fn preserved(text: &str) -> String {
    text.lines().map(|line| Escaped(line).to_string()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Choice;

    #[test]
    fn nothing_that_is_told_is_markup_and_the_key_comes_only_when_asked_for() {
        let choice = |text: &str| Choice { text: text.into(), betrays: None };
        let choose = Task::Choose { choices: vec![choice("<b>no</b>"), choice("yes & \"so\"")], right: 1 };
        let order = Task::Order { items: vec!["b".into(), "c".into(), "a".into()], right: vec![2, 0, 1] };
        let item = |task| Item { prompt: "<script>alert(1)</script>".into(), task, why: "<i>", replies: &[] };
        let head = Head { title: "</title><script>", from: "a<b" };
        for answers in [false, true] {
            let out = worksheet(&head, &[item(&choose), item(&order)], answers);
            assert!(!out.contains("<script") && !out.contains("<b>") && !out.contains("<i>"), "{out}");
            assert_eq!(out.contains("<strong>yes &amp; &quot;so&quot;.</strong>"), answers);
            assert_eq!(out.contains("From the top: 2, 3, 1."), answers);
            assert!(!out.contains("http"), "it needs nothing from elsewhere");
        }
    }
}
