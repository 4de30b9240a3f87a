//! What is written beside the packets of a capture, as comments that Wireshark shows: what each means in a lesson, and
//! what the lesson asks. A packet that no page shows gets what the tutor says of its innermost layer.

use super::prose::plain;
use crate::ask::task::label;
use crate::ask::{Question, Task};
use crate::lesson::scene::{Body, Scene};
use crate::lesson::{Input, Player};
use crate::tutor::{Audience, Moment, Texts, explain};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a comment begins that asks something.
const ASKS: &str = "Question: ";

/// The comments of a capture, by the number of the packet.
#[derive(Debug, Default)]
pub struct Comments(BTreeMap<u64, Vec<String>>);

impl Comments {
    /// Leafs through a lesson: what is said of a packet belongs to that packet, what is asked to the one before it.
    pub fn of_lesson(player: &mut Player<'_>) -> Self {
        let (mut comments, mut early) = (Self::default(), Vec::new());
        loop {
            comments.page(&player.look(), &mut early);
            player.step(Input::Skip, 0);
            if player.step(Input::WhatIf, 0).request.is_some() {
                // Nobody looks at the second timeline here.
                player.step(Input::Answer(Err(String::new())), 0);
            }
            if player.step(Input::Next, 0).over {
                return comments;
            }
        }
    }

    /// Questions that were made from a capture, each beside the packet that it is about.
    pub fn of_questions(questions: &[Question]) -> Self {
        let mut comments = Self::default();
        for question in questions {
            let Some((.., frame)) = Question::read_id(&question.id) else { continue };
            let mut text = asks(&question.prompt, Some(&question.task));
            for line in &question.shown {
                text.push_str("\n  ");
                text.push_str(line);
            }
            comments.0.entry(frame).or_default().push(text);
        }
        comments
    }

    /// What is said beside a packet, a paragraph a line.
    pub fn beside(&self, moment: &Moment<'_>, audience: Audience, texts: &Texts) -> String {
        let own = self.0.get(&moment.packet.number).map(|all| all.join("\n"));
        match own {
            Some(own) if !own.starts_with(ASKS) => own,
            Some(own) => format!("{}\n{own}", innermost(moment, audience, texts)).trim_start().to_owned(),
            None => innermost(moment, audience, texts),
        }
    }

    /// What a page says. `early` waits for the first packet.
    fn page(&mut self, scene: &Scene<'_>, early: &mut Vec<String>) {
        let asked = match &scene.body {
            Body::Shown(shown) => {
                if let Some(hit) = shown.hits.last() {
                    let all = self.0.entry(hit.packet.number).or_default();
                    let text = plain(&shown.text);
                    if !all.contains(&text) {
                        // What a packet means comes before what is asked about it.
                        let before = all.iter().position(|said| said.starts_with(ASKS)).unwrap_or(all.len());
                        all.insert(before, text);
                    }
                    if !early.is_empty() {
                        let first = shown.hits.first().map_or(hit.packet.number, |hit| hit.packet.number);
                        self.0.entry(first).or_default().append(early);
                    }
                }
                return;
            }
            Body::Asked(asked) => asks(&asked.prompt, asked.task),
            Body::Broken(broken) => asks(&broken.prompt, broken.task),
            Body::Prose | Body::Said(_) | Body::Worked(_) => return,
        };
        match scene.so_far.last() {
            Some(past) => self.0.entry(past.hit.packet.number).or_default().push(asked),
            None => early.push(asked),
        }
    }
}

/// A question with what can be chosen, and without its answer.
fn asks(prompt: &str, task: Option<&Task>) -> String {
    let mut text = format!("{ASKS}{}", plain(prompt));
    let asked = task.map(Task::asked);
    for (place, choice) in asked.iter().flat_map(|asked| &asked.choices).enumerate() {
        let _ = write!(text, "\n  {}  {}", label(place), plain(choice));
    }
    text
}

/// What the tutor says of the innermost layer that it can say something of.
fn innermost(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> String {
    let notes = explain(moment, audience, texts);
    let last = notes.last().map(|note| note.layer);
    let said = notes.iter().filter(|note| Some(note.layer) == last).map(|note| note.text.as_str());
    said.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{self, simulate};

    #[test]
    fn every_packet_that_a_lesson_shows_says_what_it_means_and_questions_hold_no_answer() {
        let lesson = lesson::built_in("handshake").unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let shown: Vec<u64> = trace.pages.iter().filter_map(|hits| hits.last()).map(|hit| hit.packet.number).collect();
        let mut player = Player::new(&lesson, trace, String::new(), Audience::Student);
        let comments = Comments::of_lesson(&mut player);
        for number in &shown {
            assert!(!comments.0[number][0].is_empty(), "{number}");
        }
        let all: Vec<&String> = comments.0.values().flatten().collect();
        let asked: Vec<_> = all.iter().filter(|text| text.starts_with(ASKS)).collect();
        assert!(asked.len() > 3, "{all:?}");
        assert!(asked.iter().any(|text| text.contains("\n  1  SYN")), "{asked:?}");
        assert!(all.iter().any(|text| text.starts_with("SYN. The client")), "{all:?}");
    }
}
