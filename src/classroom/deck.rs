//! The slides of a class: a lesson's pages, each with what may be seen before the answer, after it, and when something
//! broke. They are made once, before anybody comes in.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::ask::{Key, Mode, Task};
use crate::lesson::player::{Input, Player};
use crate::lesson::scene::{Body, Request, Scene};
use crate::lesson::{self, Lesson};
use crate::tutor::{Audience, Texts};
use crate::view::scene::resolved::Resolved;

/// Questions of one page, at most.
const MOST_OF_A_PAGE: usize = 32;
/// How much of a slide is said of it beforehand, in letters.
const PREVIEW: usize = 140;

/// All slides of a class.
#[derive(Default, Serialize, Deserialize)]
pub struct Deck {
    /// What it was made from, as somebody would type it: a lesson's name, a file.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// For whom it speaks.
    pub audience: Audience,
    /// The teacher browses: its slides are the packets of a capture.
    pub browsed: bool,
    /// One for each page, or for each question of it.
    pub slides: Vec<Slide>,
}

/// One slide. The scenes are what a page of the browser draws.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slide {
    /// What is asked, in words.
    pub prompt: String,
    /// What is asked, with its answer; `None`: the slide only shows.
    pub task: Option<Task>,
    /// The hint.
    pub hint: Option<String>,
    /// Why the answer is right.
    pub why: String,
    /// What is said to those who chose each choice.
    pub replies: Vec<Option<String>>,
    /// Before the answer: what gives it away is veiled.
    pub scene: Json,
    /// After it.
    pub revealed: Json,
    /// Both timelines, where something can be broken.
    pub outcome: Option<Json>,
    /// What only the teacher reads.
    pub note: Option<Note>,
    /// What comes, in a line: for the teacher, who sees it one slide before.
    pub about: String,
    /// It is beside the way from slide to slide.
    pub side: Option<Side>,
    /// Which page of the lesson it belongs to, from 1.
    pub page: usize,
}

/// Why a slide is left out by who goes on from slide to slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It asks what the slide before it asks, on other packets. Open once that one's answer is shown.
    Transfer,
    /// It asks about the packet of a slide before it.
    About,
}

/// What only the teacher reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What to say.
    pub say: Option<String>,
    /// What to draw on the board.
    pub draw: Option<String>,
    /// What students answer, and what helps them on.
    pub hear: Vec<String>,
    /// How long it takes.
    pub minutes: Option<u64>,
}

impl fmt::Debug for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deck").field("name", &self.name).field("slides", &self.slides.len()).finish_non_exhaustive()
    }
}

impl Deck {
    /// Plays a lesson from its first page to its last. `carry` carries out what the player wants done.
    pub fn of(
        lesson: &Lesson,
        player: &mut Player<'_>,
        texts: &Texts,
        carry: &mut dyn FnMut(Request) -> Input,
    ) -> Self {
        let draw = |scene: &Scene<'_>| serde_json::to_value(Resolved::of(scene, texts).pictured()).unwrap_or_default();
        let (title, audience) = {
            let scene = player.look();
            (scene.title.to_owned(), scene.audience)
        };
        let mut slides = Vec::new();
        loop {
            let (begins, at) = (slides.len(), player.look().page);
            page(player, &draw, carry, &mut slides);
            let own = slides.get_mut(begins..).unwrap_or_default();
            for slide in own.iter_mut() {
                slide.page = at;
            }
            if let Some(first) = own.first_mut() {
                first.note = lesson.pages.get(at.wrapping_sub(1)).and_then(|page| page.note.as_ref()).map(Note::of);
            }
            let scene = player.step(Input::Next, 0);
            if scene.over || scene.page == at {
                return Self { name: lesson.id.clone(), title, audience, browsed: false, slides };
            }
        }
    }

    /// Puts the same question on other packets after each question of which the answer follows from the packets: those of
    /// `other`, which is the same lesson played on another seed.
    #[must_use]
    pub fn with_transfers(mut self, other: Self) -> Self {
        let mut others: HashMap<(usize, usize), Slide> = keyed(other.slides).collect();
        let mut slides = Vec::new();
        for (key, slide) in keyed(self.slides) {
            let again = others.remove(&key).filter(|again| is_transfer(&slide, again));
            slides.push(slide);
            slides.extend(again.map(|again| Slide { side: Some(Side::Transfer), note: None, outcome: None, ..again }));
        }
        self.slides = slides;
        self
    }

    /// The slide after this one on the way; side ways are left out.
    pub fn after(&self, at: usize) -> Option<usize> {
        let mut rest = self.slides.iter().enumerate().skip(at + 1);
        rest.find(|(_, slide)| slide.side.is_none()).map(|(place, _)| place)
    }

    /// The number of a slide on the way, from 1; one beside it has that of the slide before.
    pub fn place(&self, at: usize) -> usize {
        self.slides.iter().take(at + 1).filter(|slide| slide.side.is_none()).count()
    }

    /// What a report calls the question of a slide.
    pub fn asked(&self, at: usize) -> String {
        let Some(slide) = self.slides.get(at) else { return String::new() };
        let other = if slide.side == Some(Side::Transfer) { " (on other packets)" } else { "" };
        format!("{}{other}", slide.prompt)
    }

    /// The slides that ask.
    pub fn questions(&self) -> usize {
        self.slides.iter().filter(|slide| slide.task.is_some()).count()
    }
}

impl Note {
    fn of(note: &lesson::format::Note) -> Self {
        let text = |text: &lesson::format::Placed<String>| text.it.clone();
        Self {
            say: note.say.as_ref().map(text),
            draw: note.draw.as_ref().map(text),
            hear: note.hear.iter().map(text).collect(),
            minutes: note.minutes,
        }
    }
}

/// Slides, each with its page and its number on that page.
fn keyed(slides: Vec<Slide>) -> impl Iterator<Item = ((usize, usize), Slide)> {
    let mut last = (0, 0);
    slides.into_iter().map(move |slide| {
        last = if slide.page == last.0 { (last.0, last.1 + 1) } else { (slide.page, 0) };
        (last, slide)
    })
}

/// Whether the second asks what the first asks, and knowing the first one's answer is not enough.
fn is_transfer(first: &Slide, again: &Slide) -> bool {
    let (Some(one), Some(other)) = (&first.task, &again.task) else { return false };
    one.form() == other.form()
        && match (one, other) {
            (Task::Choose { .. } | Task::Order { .. }, _) => one != other,
            _ => one.right() != other.right(),
        }
}

/// What is on a page, in a line: what it asks, says, or begins with.
fn about(scene: &Json) -> String {
    let text = scene.get("text").and_then(Json::as_str).map(str::to_owned);
    let spans = scene.pointer("/prose/0/spans").and_then(Json::as_array);
    let prose = || spans.map(|spans| spans.iter().filter_map(|span| span.get("text")?.as_str()).collect::<String>());
    preview(&text.or_else(prose).unwrap_or_default())
}

/// The begin of a text.
pub(super) fn preview(text: &str) -> String {
    let cut: String = text.chars().take(PREVIEW).collect();
    if cut.len() < text.len() { format!("{}…", cut.trim_end()) } else { cut }
}

/// The slides of the page that the player is at. Afterwards nothing of it is open.
fn page(
    player: &mut Player<'_>,
    draw: &dyn Fn(&Scene<'_>) -> Json,
    carry: &mut dyn FnMut(Request) -> Input,
    slides: &mut Vec<Slide>,
) {
    let begins = slides.len();
    for _ in 0..MOST_OF_A_PAGE {
        let Some(task) = player.question().cloned() else { break };
        let (scene, replies) = (draw(&player.look()), player.replies());
        player.step(Input::Hint, 0);
        let (prompt, hint) = asked(&player.look().body);
        answer(player, &task);
        let after = player.look();
        let (why, revealed) = (why(&after.body), draw(&after));
        let about = preview(&prompt);
        slides.push(Slide { prompt, task: Some(task), hint, why, replies, scene, revealed, about, ..Slide::default() });
    }
    if slides.len() == begins {
        let scene = draw(&player.look());
        slides.push(Slide { about: about(&scene), scene: scene.clone(), revealed: scene, ..Slide::default() });
    }
    // A prediction that was made is carried out without being asked for.
    let request = player.look().request.or_else(|| player.step(Input::WhatIf, 0).request);
    if let (Some(request), Some(slide)) = (request, slides.last_mut()) {
        let scene = player.step(carry(request), 0);
        if slide.why.is_empty() {
            slide.why = why(&scene.body);
        }
        slide.outcome = Some(draw(&scene));
    }
}

/// What a page asks, and its hint.
fn asked(body: &Body<'_>) -> (String, Option<String>) {
    match body {
        Body::Asked(asked) => (asked.prompt.clone(), asked.hint.clone()),
        Body::Broken(broken) => (broken.prompt.clone(), broken.hint.clone()),
        Body::Worked(work) => {
            let step = work.lines.iter().find(|line| line.current);
            (step.map_or_else(|| work.title.to_owned(), |step| step.say.clone()), work.hint.clone())
        }
        Body::Prose | Body::Said(_) | Body::Shown(_) => (String::new(), None),
    }
}

/// Why the answer is right, once it was told.
fn why(body: &Body<'_>) -> String {
    match body {
        Body::Asked(asked) => asked.verdict.as_ref().map(|told| told.why.clone()).unwrap_or_default(),
        Body::Broken(broken) => broken.text.clone(),
        Body::Worked(work) => work.text.clone().unwrap_or_default(),
        Body::Prose | Body::Said(_) | Body::Shown(_) => String::new(),
    }
}

/// Answers the open question: the steps before the last one rightly, so that the next is asked; the last is skipped.
fn answer(player: &mut Player<'_>, task: &Task) {
    let left = match player.look().body {
        Body::Worked(work) => work.lines.iter().filter(|line| line.value.is_none()).count(),
        _ => 1,
    };
    if left > 1 && task.mode() == Mode::Type {
        for c in task.right().chars() {
            player.step(Input::Key(Key::Type(c)), 0);
        }
        player.step(Input::Key(Key::Enter), 0);
    } else {
        player.step(Input::Skip, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{self, simulate};

    fn deck(id: &str) -> Deck {
        seeded(id, None)
    }

    fn seeded(id: &str, seed: Option<u64>) -> Deck {
        let lesson = lesson::built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, seed).unwrap();
        let ends = trace.ends();
        let mut player = Player::new(&lesson, trace, String::new(), Audience::Student);
        let mut carry = |request: Request| {
            let Request::WhatIf { page } = request;
            let Some(lesson::format::Fence::WhatIf(whatif)) = &lesson.pages[page].fence else { panic!("no what-if") };
            Input::Answer(simulate::what_if(&lesson, whatif, ends, seed).map(Box::new))
        };
        Deck::of(&lesson, &mut player, &Texts::english(), &mut carry)
    }

    #[test]
    fn every_question_of_every_lesson_becomes_a_slide_with_its_answer() {
        for lesson in lesson::course().unwrap() {
            let deck = deck(&lesson.id);
            assert!(deck.questions() > 0 && deck.slides.len() >= lesson.pages.len(), "{}", lesson.id);
            for slide in &deck.slides {
                let Some(task) = &slide.task else { continue };
                assert!(!slide.prompt.is_empty(), "{}: {task:?}", lesson.id);
                assert_eq!(task.judge(&task.right()).map(|v| v.right), Some(true), "{}", lesson.id);
            }
        }
    }

    #[test]
    fn the_handshake_asks_breaks_and_gives_each_step_of_its_procedure() {
        let deck = deck("handshake");
        assert!(deck.slides.iter().filter(|slide| slide.outcome.is_some()).count() == 2, "two what-ifs");
        let forms: Vec<&str> = deck.slides.iter().filter_map(|s| s.task.as_ref()).map(Task::form).collect();
        for form in ["choice", "number", "order", "range"] {
            assert!(forms.contains(&form), "{forms:?}");
        }
        let flags = deck.slides.iter().find(|slide| slide.prompt.contains("Which flags does the server set")).unwrap();
        assert!(flags.replies.iter().flatten().any(|reply| reply.contains("wouldn't learn")), "{:?}", flags.replies);
        assert!(flags.hint.is_some() && flags.why.contains("One segment carries both"), "{}", flags.why);
    }

    #[test]
    fn what_follows_from_the_packets_is_asked_again_on_others_and_what_does_not_is_not() {
        let plain = deck("handshake");
        let deck = seeded("handshake", None).with_transfers(seeded("handshake", Some(8)));
        let again: Vec<usize> =
            (0..deck.slides.len()).filter(|&at| deck.slides[at].side == Some(Side::Transfer)).collect();
        assert!(!again.is_empty());
        for at in again {
            let (first, again) = (&deck.slides[at - 1], &deck.slides[at]);
            assert!(first.side.is_none() && first.page == again.page, "it follows the question that it repeats");
            assert!(!matches!(first.task, Some(Task::Order { .. })), "an order is the same on every seed: {first:?}");
            assert!(first.task != again.task && first.prompt.get(..20) == again.prompt.get(..20), "{}", again.prompt);
            assert_eq!((deck.place(at), deck.after(at - 1)), (deck.place(at - 1), deck.after(at)));
        }
        let way: Vec<&Slide> = deck.slides.iter().filter(|slide| slide.side.is_none()).collect();
        assert_eq!(way, plain.slides.iter().collect::<Vec<_>>(), "nothing else has changed");
        let number =
            deck.slides.iter().filter(|slide| slide.prompt.contains("Which raw acknowledgment number")).count();
        assert_eq!(number, 2);
    }

    #[test]
    fn a_deck_that_was_written_is_read_back_as_it_was() {
        let deck = deck("upgrade");
        let back: Deck = serde_json::from_str(&serde_json::to_string(&deck).unwrap()).unwrap();
        assert_eq!((&back.slides, &back.title, back.audience), (&deck.slides, &deck.title, deck.audience));
    }

    #[test]
    fn the_teacher_reads_a_note_and_nobody_else_does() {
        for id in ["handshake", "upgrade", "ports-and-sockets"] {
            let deck = deck(id);
            let notes: Vec<&Note> = deck.slides.iter().filter_map(|slide| slide.note.as_ref()).collect();
            assert!(notes.len() > 3 && notes.iter().any(|note| note.minutes.is_some()), "{id}");
            for text in notes.iter().flat_map(|note| note.say.iter().chain(&note.draw).chain(&note.hear)) {
                for slide in &deck.slides {
                    let seen = serde_json::to_string(&(&slide.scene, &slide.revealed, &slide.outcome)).unwrap();
                    assert!(!seen.contains(text), "{id}: {text}");
                }
            }
        }
    }
}
