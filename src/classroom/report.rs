//! What is left of a class: numbers, as text, CSV (RFC 4180) or HTML. Small numbers are hidden, so that nobody can tell who
//! said what: a count of 1 to 4 is `< 5`. Where a group has only one such count, the next smallest is hidden as well, or it
//! could be worked out from the others.

use std::fmt::Write as _;

use super::session::Session;
use super::tally::{Bar, bars, change};
use crate::model::show;

/// Counts below this are hidden.
const FEW: u32 = 5;
/// How a count reads that is hidden for itself, and for another's sake.
const HIDDEN: &str = "< 5";
const BESIDE: &str = "not shown";

/// One line of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about: `answer`, `moved`, `misconception`.
    pub about: &'static str,
    /// The slide, from 1; 0 for the whole class.
    pub slide: usize,
    /// What was asked, or nothing.
    pub asked: String,
    /// Which vote, from 1; 0 for all.
    pub vote: usize,
    /// What is counted.
    pub what: String,
    /// How many, or that they are few.
    pub count: String,
}

/// Everything that may be told of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The lesson's heading.
    pub title: String,
    /// Its lines.
    pub rows: Vec<Row>,
}

/// The counts of one group as they may be told.
fn told(counts: &[u32]) -> Vec<String> {
    let few = |&n: &u32| (1..FEW).contains(&n);
    let alone = counts.iter().filter(|n| few(n)).count() == 1;
    let beside = counts.iter().enumerate().filter(|(_, n)| **n >= FEW).min_by_key(|(_, n)| **n).map(|(at, _)| at);
    let one = |(at, n): (usize, &u32)| match n {
        n if few(n) => HIDDEN.to_owned(),
        _ if alone && beside == Some(at) => BESIDE.to_owned(),
        n => n.to_string(),
    };
    counts.iter().enumerate().map(one).collect()
}

impl Report {
    /// Of the questions whose answer was revealed.
    pub fn of(session: &Session) -> Self {
        let mut rows = Vec::new();
        let slides = session.deck().slides.iter().zip(&session.sheets).enumerate();
        for (at, (slide, sheet)) in slides.filter(|(_, (_, sheet))| sheet.revealed) {
            let Some(task) = &slide.task else { continue };
            let row = |about, vote, what: String, count| Row {
                about,
                slide: session.deck().place(at),
                asked: session.deck().asked(at),
                vote,
                what,
                count,
            };
            let bars = bars(task, &sheet.rounds);
            for vote in 0..sheet.rounds.len() {
                let counts: Vec<u32> =
                    bars.iter().map(|bar| bar.cells.get(vote).map_or(0, |cell| cell.count)).collect();
                let lines = bars.iter().zip(told(&counts));
                rows.extend(lines.map(|(bar, count)| row("answer", vote + 1, answer(bar), count)));
            }
            if let [first, .., last] = sheet.rounds.as_slice() {
                let change = change(first, last);
                let whats = ["to the right answer", "away from it", "right both times", "wrong both times"];
                let counts = told(&[change.gained, change.lost, change.stayed, change.missed]);
                rows.extend(whats.iter().zip(counts).map(|(what, count)| row("moved", 0, (*what).to_owned(), count)));
            }
        }
        for held in session.board().rows {
            let whats = ["met", "moved", "remaining"];
            // What was met is what moved and what remains: where one of these is hidden, so is all.
            let parts = told(&[held.moved, held.remaining]);
            let open = parts.iter().all(|part| part.parse::<u32>().is_ok());
            let met = match held.met {
                met if open => met.to_string(),
                ..FEW => HIDDEN.to_owned(),
                _ => BESIDE.to_owned(),
            };
            let counts = [vec![met], parts].concat();
            rows.extend(whats.iter().zip(counts).map(|(what, count)| Row {
                about: "misconception",
                slide: 0,
                asked: held.claim.to_owned(),
                vote: 0,
                what: (*what).to_owned(),
                count,
            }));
        }
        Self { title: session.deck().title.clone(), rows }
    }

    /// As text.
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.title);
        let mut before = None;
        for row in &self.rows {
            let key = (row.about, row.slide, &row.asked, row.vote);
            if before != Some(key) {
                let about = match (row.about, row.vote) {
                    ("answer", vote) => format!("{}. {} — vote {vote}", row.slide, row.asked),
                    ("moved", _) => format!("{}. who moved, first vote to last", row.slide),
                    _ => format!("Believed: {}", row.asked),
                };
                let _ = write!(out, "\n{about}\n");
                before = Some(key);
            }
            let _ = writeln!(out, "  {:>9}  {}", row.count, row.what);
        }
        if self.rows.is_empty() {
            out.push_str("\nNo answer was revealed, so there is nothing to report.\n");
        }
        let mut sound = String::new();
        show::escape_prose(&out, &mut sound);
        sound
    }

    /// As CSV, with a line of names.
    pub fn csv(&self) -> String {
        let mut out = "about,slide,asked,vote,what,count\r\n".to_owned();
        for row in &self.rows {
            let (slide, vote) = (row.slide.to_string(), row.vote.to_string());
            let cells = [row.about, &slide, &row.asked, &vote, &row.what, &row.count].map(cell);
            let _ = write!(out, "{}\r\n", cells.join(","));
        }
        out
    }

    /// As a page without anything from elsewhere.
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; \
             padding: 0 1rem }} th, td {{ text-align: start; padding: .2rem .6rem; vertical-align: top }}</style>\n\
             <h1>{title}</h1>\n<table>\n<thead><tr><th scope=\"col\">About</th><th scope=\"col\">Vote</th>\
             <th scope=\"col\">What</th><th scope=\"col\">Count</th></tr></thead>\n<tbody>\n"
        );
        for row in &self.rows {
            let slide = if row.slide == 0 { String::new() } else { format!("{}. ", row.slide) };
            let vote = if row.vote == 0 { String::new() } else { row.vote.to_string() };
            let cells = [&format!("{slide}{}", row.asked), &vote, &row.what, &row.count].map(|text| escaped(text));
            let _ = writeln!(out, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
        }
        out.push_str("</tbody>\n</table>\n</html>\n");
        out
    }
}

/// An answer, and whether it is right.
fn answer(bar: &Bar) -> String {
    if bar.right { format!("{} (right)", bar.text) } else { bar.text.clone() }
}

/// A cell of CSV. What a spreadsheet would take for a formula gets an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::deck::{Deck, Slide};
    use super::super::session::{Command, Input};
    use super::*;
    use crate::ask::bank::belief;
    use crate::ask::{Choice, Task};
    use std::sync::Arc;

    fn report(votes: &[(&str, u32)]) -> Report {
        let choice = |(text, betrays): (&str, _)| Choice { text: text.into(), betrays };
        let choices = [("=x <b>", None), ("y, \"z\"", Some(belief::HELLO)), ("w", None)].map(choice).to_vec();
        let task = Some(Task::Choose { choices, right: 0 });
        let slide = Slide { prompt: "Which?".into(), task, ..Slide::default() };
        let mut session = Session::new(Arc::new(Deck { slides: vec![slide], ..Deck::default() }), 100);
        let mut say = |input: Input| session.take(&input, 0).unwrap();
        let all: Vec<&str> = votes.iter().flat_map(|(given, n)| vec![*given; *n as usize]).collect();
        for n in 0..all.len() as u64 {
            say(Input::Join { token: None, fresh: format!("t{n}"), dice: n });
        }
        for command in [Command::Next, Command::Open] {
            say(Input::Command(command));
        }
        for (n, given) in all.iter().enumerate() {
            let member = u32::try_from(n).unwrap() + 1;
            say(Input::Vote { member, slide: 0, round: 1, given: (*given).into(), sure: false });
        }
        say(Input::Command(Command::Reveal));
        Report::of(&session)
    }

    fn counts(report: &Report, about: &str) -> Vec<String> {
        report.rows.iter().filter(|row| row.about == about).map(|row| row.count.clone()).collect()
    }

    #[test]
    fn few_are_hidden_and_cannot_be_worked_out() {
        assert_eq!(counts(&report(&[("1", 12), ("2", 9)]), "answer"), ["12", "9", "0"]);
        assert_eq!(counts(&report(&[("1", 12), ("2", 9), ("3", 2)]), "answer"), ["12", "not shown", "< 5"]);
        assert_eq!(counts(&report(&[("1", 12), ("2", 4), ("3", 1)]), "answer"), ["12", "< 5", "< 5"]);
        assert_eq!(counts(&report(&[("2", 9)]), "misconception"), ["9", "0", "9"]);
        assert_eq!(counts(&report(&[("2", 3)]), "misconception"), ["< 5", "0", "< 5"]);
    }

    #[test]
    fn no_answer_breaks_out_of_its_cell() {
        let report = report(&[("1", 6)]);
        assert!(report.csv().contains("\"'=x <b> (right)\""), "{}", report.csv());
        assert!(report.csv().contains("\"y, \"\"z\"\"\""), "{}", report.csv());
        assert!(report.html().contains("=x &lt;b&gt; (right)") && !report.html().contains("<b>"));
        assert!(report.text().contains("        6  =x <b> (right)"), "{}", report.text());
    }
}
