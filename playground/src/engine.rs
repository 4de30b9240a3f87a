//! What is open, and who answers what.

use crate::Capture;
use crate::browser::Browser;
use crate::papers;
use crate::tasks::Task;
use crate::wish::{Ask, Wish};
use crate::world::World;
use osi_tutor_engine::ask::Session;
use osi_tutor_engine::drive;
use osi_tutor_engine::fault;
use osi_tutor_engine::lesson::play::Record;
use osi_tutor_engine::lesson::scene::Request;
use osi_tutor_engine::lesson::simulate::{self, Played};
use osi_tutor_engine::lesson::{self, Input, Lesson, Player};
use osi_tutor_engine::model::near::nearest;
use osi_tutor_engine::model::show;
use osi_tutor_engine::sim::scenario::{READY, Scenario};
use osi_tutor_engine::source::file::File;
use osi_tutor_engine::tutor::{Audience, Texts};
use osi_tutor_engine::view::json::to_line;
use osi_tutor_engine::view::paper::Set;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The longest question, in bytes.
const LONGEST: usize = 1 << 16;
/// Questions of a paper, unless the page says how many.
const QUESTIONS: usize = 10;
/// The most questions of a paper.
const MOST_QUESTIONS: usize = 100;

/// Everything that the page talks with.
#[derive(Default)]
pub(crate) struct Engine {
    open: Option<Open>,
    browser: Option<Browser>,
    /// What is simulated in it.
    world: Option<World>,
    task: Option<Task>,
    texts: Option<Texts>,
    /// Lessons that were opened, each cut for an audience. There are few, and a player borrows one: they stay.
    lessons: HashMap<(String, Audience), &'static Lesson>,
}

/// What is driven.
enum Open {
    Lesson { player: Box<Player<'static>>, lesson: &'static Lesson, played: Played, seed: Option<u64> },
    Questions { session: Box<Session>, title: String, seed: u64 },
}

impl Engine {
    /// Answers a question of the page.
    pub(crate) fn ask(&mut self, question: &[u8]) -> String {
        let wish = if question.len() > LONGEST {
            Err(format!("a question has at most {LONGEST} bytes"))
        } else {
            serde_json::from_slice(question).map_err(|why| plain(&why.to_string()))
        };
        match wish.and_then(|wish| self.fulfil(wish)) {
            Ok(answer) => answer,
            Err(why) => to_line(&json!({ "error": why })),
        }
    }

    /// Drives what is open.
    pub(crate) fn drive(&mut self, line: &[u8], now: u64) -> String {
        let texts = english(&mut self.texts);
        match &mut self.open {
            Some(Open::Lesson { player, lesson, played, seed }) => {
                let mut carry = |request: Request| {
                    let Request::WhatIf { page } = request;
                    Input::Answer(played.what_if(lesson, page, *seed).map(Box::new))
                };
                drive::step(&mut drive::Lesson::new(player, texts, &mut carry).pictured(), line, now)
            }
            Some(Open::Questions { session, title, seed }) => {
                drive::step(&mut drive::Questions::new(session, title, *seed, &mut |_, _| {}), line, now)
            }
            None => to_line(&json!({ "error": "nothing is open that could be driven" })),
        }
    }

    fn fulfil(&mut self, wish: Wish) -> Result<String, String> {
        let answer = match wish.ask {
            Ask::Contents => contents()?,
            Ask::Worlds => worlds()?,
            Ask::Lesson => return self.lesson(&wish.lesson, wish.seed, wish.page.unwrap_or(1), wish.audience),
            Ask::Quiz => return self.questions(&wish, papers::quiz),
            Ask::Puzzle => return self.questions(&wish, papers::puzzles),
            Ask::Simulate => {
                (self.browser, self.world) = (None, None);
                let world = World::new(&wish.scenario, wish.seed, wish.at, &wish.faults)?;
                let new = world.browser()?;
                let answer = new.about();
                (self.browser, self.world) = (Some(new), Some(world));
                answer
            }
            Ask::Capture => {
                (self.browser, self.world) = (None, None);
                self.task = None;
                let name = plain(&wish.name);
                let file = File::read(Box::new(Capture), &wish.name)
                    .map_err(|e| format!("this file can't be opened: {}", plain(&e.to_string())))?;
                let new = Browser::new(format!("From the file {name}"), Box::new(file));
                let answer = new.about();
                self.browser = Some(new);
                answer
            }
            Ask::Read => self.browser()?.read(wish.most),
            Ask::Filter => self.browser()?.filter(&wish.filter),
            Ask::Sift => self.browser()?.sift(wish.most),
            Ask::Rows => self.browser()?.rows(wish.place, wish.count.unwrap_or(0), wish.most),
            Ask::Find => self.browser()?.find(wish.number),
            Ask::Packet => {
                let texts = english(&mut self.texts);
                self.browser.as_mut().ok_or_else(nothing)?.packet(wish.place, wish.audience, texts, wish.most)?
            }
            Ask::Field => papers::meaning(&wish.name, english(&mut self.texts))?,
            Ask::Ladder => self.begin(Task::ladder(wish.stream))?,
            Ask::Follow => self.begin(Task::follow(wish.stream))?,
            Ask::Plot => {
                let origin = self.browser()?.origin().to_owned();
                self.begin(Task::plot(wish.stream, &wish.kind, origin)?)?
            }
            Ask::Hops => self.world()?.hops(wish.number)?,
            Ask::WhatIf => self.world()?.what_if(&wish.faults)?,
            Ask::Stats => self.begin(Task::stats())?,
            Ask::Go => {
                let Some(browser) = &self.browser else { return Err(nothing()) };
                let task = self.task.as_mut().ok_or("nothing was begun")?;
                let told = task.go(browser, wish.most)?;
                if told.get("seen").is_none() {
                    self.task = None;
                }
                told
            }
        };
        Ok(to_line(&answer))
    }

    fn browser(&mut self) -> Result<&mut Browser, String> {
        self.browser.as_mut().ok_or_else(nothing)
    }

    fn world(&self) -> Result<&World, String> {
        self.world
            .as_ref()
            .ok_or_else(|| "these packets were captured: only what is simulated can run again".to_owned())
    }

    fn begin(&mut self, task: Task) -> Result<Value, String> {
        let of = self.browser()?.len();
        self.task = Some(task);
        Ok(json!({ "seen": 0, "of": of }))
    }

    /// Opens a lesson; its scene.
    fn lesson(&mut self, id: &str, seed: Option<u64>, page: usize, audience: Audience) -> Result<String, String> {
        let id = lesson::canonical(id).to_owned();
        let lesson = match self.lessons.get(&(id.clone(), audience)) {
            Some(lesson) => *lesson,
            None => {
                let mut found = lesson::built_in(&id).ok_or_else(|| no_lesson(&id))?.map_err(|e| e.to_string())?;
                found.cut_for(audience);
                let kept: &'static Lesson = Box::leak(Box::new(found));
                self.lessons.insert((id.clone(), audience), kept);
                kept
            }
        };
        let trace = simulate::trace(lesson, seed)?;
        let played = Played::Simulated(trace.ends());
        let at = lesson.source.at.as_ref().map_or(String::new(), |at| format!(", seen by {at}"));
        let origin = format!("Simulated: {} (seed {}){at}", lesson.source.scenario, seed.unwrap_or(lesson.source.seed));
        let mut player = Player::new(lesson, trace, origin, audience);
        if page > 1 {
            player.restore(&Record { lesson: id, page: page - 1, ..Record::default() });
        }
        self.open = Some(Open::Lesson { player: Box::new(player), lesson, played, seed });
        Ok(self.drive(br#"{"input":"look"}"#, 0))
    }

    /// Opens a paper; its first question.
    fn questions(
        &mut self,
        wish: &Wish,
        make: fn(papers::From<'_>, u64, usize) -> Result<Set, String>,
    ) -> Result<String, String> {
        let from = match wish.from.as_deref() {
            None => papers::From::All,
            Some("capture") => papers::From::Kept(self.browser.as_ref().ok_or_else(nothing)?),
            Some(name) => papers::From::Named(name),
        };
        let count = wish.count.unwrap_or(QUESTIONS).clamp(1, MOST_QUESTIONS);
        let Set { title, seed, questions } = make(from, wish.seed.unwrap_or(1), count)?;
        if questions.is_empty() {
            return Err(format!("{title}: nothing here decides a question; try another capture or scenario"));
        }
        self.open = Some(Open::Questions { session: Box::new(Session::new(questions)), title, seed });
        Ok(self.drive(br#"{"input":"look"}"#, 0))
    }
}

/// The texts, read when somebody wants them.
fn english(kept: &mut Option<Texts>) -> &Texts {
    kept.get_or_insert_with(Texts::english)
}

fn nothing() -> String {
    "no packets are open".to_owned()
}

/// Text from outside that is said again.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    show::escape_within(text.as_bytes(), 300, &mut out);
    out
}

fn no_lesson(id: &str) -> String {
    let known: Vec<&str> = lesson::COURSE
        .iter()
        .filter_map(|(file, _)| file.strip_suffix(".md")?.split_once('-'))
        .map(|(_, id)| id)
        .collect();
    let hint = nearest(id, known.iter().copied()).map_or(String::new(), |near| format!(" Did you mean {near}?"));
    format!("there is no lesson {}.{hint}", plain(id))
}

/// The lessons.
fn contents() -> Result<Value, String> {
    let lessons = lesson::contents().map_err(|e| e.to_string())?;
    let lessons: Vec<Value> = lessons
        .iter()
        .map(|l| json!({ "id": l.id, "title": l.title, "layer": l.osi.number(), "minutes": l.minutes, "seed": l.source.seed.to_string(), "scenario": l.source.scenario }))
        .collect();
    Ok(json!({ "lessons": lessons }))
}

/// What can be simulated, and what can break.
fn worlds() -> Result<Value, String> {
    let mut scenarios = Vec::new();
    for (name, _) in READY {
        let Some(scenario) = Scenario::ready(name) else { continue };
        let scenario = scenario.map_err(|e| e.to_string())?;
        let places: Vec<&str> = scenario.devices().map(|name| name.as_ref().as_str()).collect();
        scenarios.push(
            json!({ "name": name, "about": scenario.about, "seed": scenario.seed.to_string(), "places": places }),
        );
    }
    let faults: Vec<Value> = fault::TABLE
        .iter()
        .map(|row| json!({ "name": row.name, "value": row.value, "help": row.help, "example": row.example }))
        .collect();
    Ok(json!({ "scenarios": scenarios, "faults": faults, "which": fault::WHICH }))
}
