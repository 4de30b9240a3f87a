//! The slides of a class: a lesson's pages, each with what may be seen before the answer, after it, and when something
//! broke. They are made once, before anybody comes in.

use std::fmt;

use serde_json::Value as Json;

use crate::ask::{Key, Mode, Task};
use crate::lesson::player::{Input, Player};
use crate::lesson::scene::{Body, Request, Scene};
use crate::tutor::{Audience, Texts};
use crate::view::scene::resolved::Resolved;

/// Questions of one page, at most.
const MOST_OF_A_PAGE: usize = 32;

/// All slides of a class.
#[derive(Default)]
pub struct Deck {
    /// What it was made from, as somebody would type it: a lesson's name.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// For whom it speaks.
    pub audience: Audience,
    /// One for each page, or for each question of it.
    pub slides: Vec<Slide>,
}

/// One slide. The scenes are what a page of the browser draws.
#[derive(Clone, Debug, Default)]
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
}

impl fmt::Debug for Deck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deck").field("name", &self.name).field("slides", &self.slides.len()).finish_non_exhaustive()
    }
}

impl Deck {
    /// Plays a lesson from its first page to its last. `carry` carries out what the player wants done.
    pub fn of(name: &str, player: &mut Player<'_>, texts: &Texts, carry: &mut dyn FnMut(Request) -> Input) -> Self {
        let draw = |scene: &Scene<'_>| serde_json::to_value(Resolved::of(scene, texts)).unwrap_or_default();
        let (title, audience) = {
            let scene = player.look();
            (scene.title.to_owned(), scene.audience)
        };
        let mut slides = Vec::new();
        loop {
            page(player, &draw, carry, &mut slides);
            let page = player.look().page;
            let scene = player.step(Input::Next, 0);
            if scene.over || scene.page == page {
                return Self { name: name.to_owned(), title, audience, slides };
            }
        }
    }

    /// The slides that ask.
    pub fn questions(&self) -> usize {
        self.slides.iter().filter(|slide| slide.task.is_some()).count()
    }
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
        slides.push(Slide { prompt, task: Some(task), hint, why, replies, scene, revealed, outcome: None });
    }
    if slides.len() == begins {
        let scene = draw(&player.look());
        slides.push(Slide { scene: scene.clone(), revealed: scene, ..Slide::default() });
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
        let lesson = lesson::built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let ends = trace.ends();
        let mut player = Player::new(&lesson, trace, String::new(), Audience::Student);
        let mut carry = |request: Request| {
            let Request::WhatIf { page } = request;
            let Some(lesson::format::Fence::WhatIf(whatif)) = &lesson.pages[page].fence else { panic!("no what-if") };
            Input::Answer(simulate::what_if(&lesson, whatif, ends, None).map(Box::new))
        };
        Deck::of(id, &mut player, &Texts::english().unwrap(), &mut carry)
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
}
