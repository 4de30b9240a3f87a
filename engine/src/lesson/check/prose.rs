//! What words alone show: audiences that share a sentence, and misconceptions that are taught as facts.

use super::voice::Speech;
use crate::ask::bank::bank;
use crate::lesson::error::{LessonError, Placed, Source};
use crate::lesson::format::{AskKind, Choice, Fence, Lesson, Note, Page, Words};
use crate::lesson::reader::{UNSEEN, is_unseen};
use crate::tutor::{Audience, Template};
use pulldown_cmark::{Event, Parser};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Sentences of fewer words may stand in texts of several audiences, on different pages.
const SHORT: usize = 4;

pub(super) fn check(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    sentences(lesson, source, wrong);
    claims(lesson, source, wrong);
    references(lesson, source, wrong);
}

/// No character reference (`&#27;`, `&rlm;`) stands for something that commands a terminal or hides.
fn references(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    let mut at = 0;
    for page in &lesson.pages {
        let span = prose(source, &page.prose, &mut at);
        let decoded = Parser::new(&page.prose).any(|event| match event {
            Event::Text(text) | Event::Code(text) => text.contains(|c| c != '\n' && is_unseen(c)),
            _ => false,
        });
        if decoded {
            wrong.push(source.error(span, UNSEEN));
        }
    }
}

/// The texts of a page that may be written for each audience.
fn words(page: &Page) -> Vec<&Words> {
    let mut all = Vec::new();
    let mut choices: &[Choice] = &[];
    match &page.fence {
        Some(Fence::Say(say)) => all.push(&say.words),
        Some(Fence::Show(show)) => all.push(&show.words),
        Some(Fence::Ask(ask)) => {
            all.extend([&ask.prompt, &ask.why]);
            all.extend(&ask.hint);
            choices = ask.choices();
        }
        Some(Fence::WhatIf(whatif)) => {
            all.extend([&whatif.prompt, &whatif.words]);
            all.extend(&whatif.hint);
            choices = &whatif.choices;
        }
        // A procedure's examples share its texts: once is enough.
        Some(Fence::Worked(worked, example)) if *example == 0 => {
            all.push(&worked.words);
            all.extend(&worked.hint);
        }
        None | Some(Fence::Worked(..)) => {}
    }
    all.extend(choices.iter().filter_map(|c| c.why.as_ref()));
    all
}

/// The bytes of all texts of a lesson, in the file's order, and what each is for.
pub(super) fn spoken(lesson: &Lesson, source: &Source<'_>) -> Vec<(Range<usize>, Speech)> {
    let mut at = 0;
    let mut all = Vec::new();
    for page in &lesson.pages {
        // Every second part is code, which is no speech.
        for part in page.prose.split("```").step_by(2).map(str::trim).filter(|part| !part.is_empty()) {
            let first = prose(source, part, &mut at);
            all.push((first.start..first.start + part.len(), Speech::Statement));
        }
        let asked = asked(page);
        for words in words(page) {
            let asks = asked.iter().any(|asked| std::ptr::eq(*asked, words));
            let speech = if asks { Speech::Instruction } else { Speech::Statement };
            all.extend(words.all().iter().map(|text| (text.span.clone(), speech)));
        }
        all.extend(lines(page).into_iter().map(|span| (span, Speech::Statement)));
        let notes = page.note.iter().flat_map(Note::texts);
        all.extend(notes.map(|text| (text.span.clone(), Speech::Instruction)));
    }
    all
}

/// The texts of a page that ask for something, or help to do it.
fn asked(page: &Page) -> Vec<&Words> {
    match &page.fence {
        Some(Fence::Ask(ask)) => ask.hint.iter().chain([&ask.prompt]).collect(),
        Some(Fence::WhatIf(whatif)) => whatif.hint.iter().chain([&whatif.prompt]).collect(),
        Some(Fence::Worked(worked, _)) => worked.hint.iter().collect(),
        _ => Vec::new(),
    }
}

/// The short texts of a page: choices, steps, blanks.
fn lines(page: &Page) -> Vec<Range<usize>> {
    let choices = |choices: &[Choice]| choices.iter().map(|c| c.text.span.clone()).collect();
    match &page.fence {
        Some(Fence::Ask(ask)) => match &ask.kind {
            AskKind::Order(steps) => steps.iter().map(|step| step.span.clone()).collect(),
            AskKind::Blanks(blanks) => blanks.iter().map(|blank| blank.text.span.clone()).collect(),
            _ => choices(ask.choices()),
        },
        Some(Fence::WhatIf(whatif)) => choices(&whatif.choices),
        Some(Fence::Worked(worked, 0)) => worked.steps.iter().map(|step| step.say.span.clone()).collect(),
        _ => Vec::new(),
    }
}

/// No two audiences share a sentence.
fn sentences(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    let mut anywhere: HashMap<String, Audience> = HashMap::new();
    for words in lesson.pages.iter().flat_map(words).filter(|w| w.is_three()) {
        let mut here: HashMap<String, Audience> = HashMap::new();
        for (audience, text) in Audience::ALL.into_iter().zip(words.all()) {
            // On an advanced page the newcomer has no text, and so the student's.
            if words.all().iter().any(|other| !std::ptr::eq(other, text) && Arc::ptr_eq(&other.it, &text.it)) {
                continue;
            }
            for sentence in text.sentences() {
                let long = sentence.split_whitespace().count() >= SHORT;
                let elsewhere = if long { anywhere.insert(sentence.clone(), audience) } else { None };
                let other = here.insert(sentence.clone(), audience).or(elsewhere).filter(|o| *o != audience);
                if let Some(other) = other {
                    let why = format!("the {other} and the {audience} share a sentence: {sentence}");
                    wrong.push(source.error(text.span.clone(), why));
                }
            }
        }
    }
}

/// No misconception of the bank is taught as a fact. Wrong choices may say them: that is what they are for.
fn claims(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    let mut at = 0;
    for page in &lesson.pages {
        let spoken = words(page).into_iter().flat_map(Words::all).map(said);
        let prose = Placed { it: page.prose.clone(), span: prose(source, &page.prose, &mut at) };
        for text in spoken.chain([prose]) {
            for m in bank() {
                if let Some(phrase) = m.is_taught_by(&text.it) {
                    let why =
                        format!("this teaches the misconception {} as a fact: \"{phrase}\". {}", m.id, m.refutation);
                    wrong.push(source.error(text.span.clone(), why));
                }
            }
        }
    }
}

fn said(text: &Placed<Arc<Template>>) -> Placed<String> {
    Placed { it: text.it.sentences().join(" "), span: text.span.clone() }
}

/// Where a page's prose stands in the file; pages are asked for in order.
fn prose(source: &Source<'_>, prose: &str, at: &mut usize) -> Range<usize> {
    let first = prose.trim().lines().next().unwrap_or("");
    let found = source.text.get(*at..).filter(|_| !first.is_empty()).and_then(|rest| rest.find(first));
    let Some(found) = found else { return *at..*at };
    *at += found;
    *at..*at + first.len()
}
