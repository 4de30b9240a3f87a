//! Checking lessons: prose is checked like code.
//!
//! Each lesson is read, its simulation is run, and each fence must find its packets, with a value for
//! every placeholder. Mistakes are found all at once, each with its file, line and a caret.

use super::find::{Finder, Trace};
use super::format::{Lesson, LessonError};
use crate::flow::{Limits, Tracker};
use crate::model::{Packet, RawFrame};
use crate::net::scenario::Scenario;
use crate::net::sim::Simulation;
use crate::proto::walk;
use crate::source::{Source, Step};
use crate::tutor::Audience;
use std::collections::{BTreeMap, HashMap};

/// Checks lessons that belong together, each a file name and its text. `known` are ids that they may
/// need beside their own. Gives every mistake.
pub fn check(files: &[(String, String)], known: &[&str]) -> Vec<LessonError> {
    let mut wrong = Vec::new();
    let mut lessons = Vec::new();
    for (file, text) in files {
        match Lesson::parse(file, text) {
            Ok(lesson) => lessons.push((lesson, text)),
            Err(e) => wrong.push(e),
        }
    }
    needs(&lessons, known, &mut wrong);
    for (lesson, text) in &lessons {
        packets(lesson, text, &mut wrong);
        sentences(lesson, text, &mut wrong);
    }
    wrong
}

/// Ids are unique; what is needed exists, and not in a circle.
fn needs(lessons: &[(Lesson, &String)], known: &[&str], wrong: &mut Vec<LessonError>) {
    let mut first: BTreeMap<&str, &Lesson> = BTreeMap::new();
    for (lesson, text) in lessons {
        if let Some(other) = first.insert(&lesson.id, lesson) {
            wrong.push(front(lesson, text, "id", format!("{} has the id {}, too", other.file, lesson.id)));
        }
    }
    for (lesson, text) in lessons {
        for need in &lesson.needs {
            if !first.contains_key(need.as_str()) && !known.contains(&need.as_str()) {
                wrong.push(front(lesson, text, "needs", format!("there is no lesson {need}")));
            }
        }
        // Whoever can be reached from a lesson must not need that lesson.
        let mut reached: Vec<&str> = lesson.needs.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(id) = reached.get(at).copied() {
            at += 1;
            let more = first.get(id).into_iter().flat_map(|l| l.needs.iter().map(String::as_str));
            let new: Vec<&str> = more.filter(|n| !reached.contains(n)).collect();
            reached.extend(new);
        }
        if reached.contains(&lesson.id.as_str()) {
            wrong.push(front(lesson, text, "needs", format!("{} needs itself, by way of others", lesson.id)));
        }
    }
}

/// Every fence finds its packets in the lesson's own simulation, and each text its values.
fn packets(lesson: &Lesson, text: &str, wrong: &mut Vec<LessonError>) {
    let trace = match simulate(lesson) {
        Ok(trace) => trace,
        Err(why) => return wrong.push(front(lesson, text, "source", why)),
    };
    for (page, found) in lesson.pages.iter().zip(&trace.pages) {
        let Some(show) = &page.show else { continue };
        let at = |why| LessonError::at_line(&lesson.file, text, show.line, why);
        if found.len() < show.frames {
            wrong.push(at(format!(
                "the filter {} selects {} of {} packets in scenario {}, seed {}",
                show.filter,
                found.len(),
                show.frames,
                lesson.source.scenario,
                lesson.source.seed
            )));
        }
        let Some(hit) = found.last() else { continue };
        for audience in Audience::ALL {
            for name in show.text(audience).lacks(&hit.moment()) {
                wrong.push(at(format!(
                    "the {audience}'s text mentions {{{name}}}, which packet {} lacks",
                    hit.packet.number
                )));
            }
        }
        for def in &show.highlight {
            if hit.packet.field(def).is_none() {
                wrong.push(at(format!("{} is to be lit, and packet {} lacks it", def.name, hit.packet.number)));
            }
        }
    }
}

/// No two audiences share a sentence.
fn sentences(lesson: &Lesson, text: &str, wrong: &mut Vec<LessonError>) {
    for show in lesson.shows() {
        let mut seen: HashMap<String, Audience> = HashMap::new();
        for audience in Audience::ALL {
            for sentence in show.text(audience).sentences() {
                if let Some(other) = seen.insert(sentence.clone(), audience).filter(|o| *o != audience) {
                    let why = format!("the {other} and the {audience} share a sentence: {sentence}");
                    wrong.push(LessonError::at_line(&lesson.file, text, show.line, why));
                }
            }
        }
    }
}

fn simulate(lesson: &Lesson) -> Result<Trace, String> {
    let name = &lesson.source.scenario;
    let scenario =
        Scenario::ready(name).ok_or_else(|| format!("there is no scenario {name}"))?.map_err(|e| e.to_string())?;
    let mut source = Simulation::new(&scenario, lesson.source.seed);
    let (mut tracker, mut finder) = (Tracker::new(Limits::default()), Finder::new(lesson));
    let (mut frame, mut packet) = (RawFrame::default(), Packet::new());
    while source.next(&mut frame).map_err(|e| e.to_string())? == Step::Frame {
        walk(&frame, &mut tracker, &mut packet);
        if finder.take(&packet, &tracker) {
            break;
        }
    }
    Ok(finder.finish())
}

/// A mistake in the front matter, at the line of a key.
fn front(lesson: &Lesson, text: &str, key: &str, why: String) -> LessonError {
    let line = text.lines().position(|l| l.trim_start().starts_with(key)).map_or(1, |i| i + 1);
    LessonError::at_line(&lesson.file, text, line, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOW: &str = "```show\nfilter = \"tcp.flags.syn == 1\"\nnewcomer = \"One.\"\nstudent = \"Two {tcp.seq}.\"\nengineer = \"Three.\"\n```\n";

    fn lesson(id: &str, needs: &str, body: &str) -> (String, String) {
        let front = format!(
            "+++\nid = \"{id}\"\ntitle = \"T\"\nosi = \"transport\"\nneeds = [{needs}]\nminutes = 1\nsource = {{ scenario = \"two-hosts\", seed = 7 }}\n+++\n"
        );
        (format!("10-{id}.md"), front + body)
    }

    fn says(files: &[(String, String)]) -> String {
        check(files, &[]).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_course_is_without_a_mistake() {
        let files: Vec<_> = super::super::COURSE.iter().map(|(f, t)| ((*f).to_owned(), (*t).to_owned())).collect();
        assert_eq!(says(&files), "");
    }

    #[test]
    fn a_sound_lesson_passes_and_each_mistake_is_named() {
        assert_eq!(says(&[lesson("a", "", SHOW)]), "");
        assert!(says(&[lesson("a", "\"b\"", SHOW)]).contains("10-a.md:5: there is no lesson b"));
        assert!(says(&[lesson("a", "\"b\"", SHOW), lesson("b", "\"a\"", SHOW)]).contains("a needs itself"));
        assert!(says(&[lesson("a", "", SHOW), lesson("a", "", SHOW)]).contains("has the id a, too"));
        let no_packet = SHOW.replace("tcp.flags.syn == 1", "dns");
        assert!(says(&[lesson("a", "", &no_packet)]).contains("selects 0 of 1 packets"));
        let no_value = SHOW.replace("{tcp.seq}", "{dns.id}");
        assert!(says(&[lesson("a", "", &no_value)]).contains("mentions {dns.id}"));
        let shared = SHOW.replace("Two {tcp.seq}.", "One.");
        assert!(says(&[lesson("a", "", &shared)]).contains("share a sentence: One"));
    }
}
