//! The seven layers of the packets that a page shows, and which of them the page is about.
//!
//! What and why come from [`tutor::seven`](crate::tutor::seven()); the lesson only says which one is lit.

use super::find::Hit;
use super::format::{AskKind, Fence, Lesson, Page};
use super::player::Player;
use super::scene::{Body, Stack, Veil};
use crate::model::{FieldDef, Osi};
use crate::tutor::{Audience, Row, Texts, Truth, seven};
use std::sync::LazyLock;

static TEXTS: LazyLock<Texts> = LazyLock::new(Texts::english);

/// All seven of a packet, from the wire up.
pub(super) fn rows(hit: &Hit, audience: Audience) -> [Row; 7] {
    seven(&hit.moment(), audience, &TEXTS)
}

/// Whether anything is known of a layer here.
pub(super) fn is_there(rows: &[Row; 7], osi: Osi) -> bool {
    rows.iter().any(|row| row.osi == osi && row.truth != Truth::NotVisible)
}

/// The layer that a page is about: what it says; else that of its first lit field; else the lesson's, where the
/// packet has it; else the packet's highest.
fn lit(lesson: &Lesson, page: &Page, hit: &Hit, rows: &[Row; 7]) -> Osi {
    let named = page.layer.as_ref().map(|layer| layer.it);
    let field = || fields(page).find_map(|def| layer_of(hit, def));
    let own = || Some(lesson.osi).filter(|&osi| is_there(rows, osi));
    let highest = || rows.iter().rev().find(|row| row.truth != Truth::NotVisible).map(|row| row.osi);
    named.or_else(field).or_else(own).or_else(highest).unwrap_or(lesson.osi)
}

/// The fields that a page lights.
fn fields(page: &Page) -> impl Iterator<Item = &'static FieldDef> + '_ {
    let (lit, marked) = match &page.fence {
        Some(Fence::Show(show)) => (show.highlight.as_slice(), None),
        Some(Fence::Ask(ask)) => match &ask.kind {
            AskKind::Mark(def) => ([].as_slice(), Some(def.it)),
            _ => ([].as_slice(), None),
        },
        _ => ([].as_slice(), None),
    };
    lit.iter().map(|def| def.it).chain(marked)
}

/// The innermost layer of a packet that has a field.
fn layer_of(hit: &Hit, def: &'static FieldDef) -> Option<Osi> {
    let own = hit.packet.layers.iter().rev().filter(|l| !l.quoted);
    own.filter(|l| hit.packet.field_in(l, def).is_some()).map(|l| l.proto.osi).next()
}

impl Player<'_> {
    /// The stacks of what a page shows now; none of a packet that an open question holds back.
    pub(super) fn stacks(&self, page: &Page, body: &Body<'_>, veil: &Veil) -> Vec<Stack> {
        let hits: Vec<&Hit> = match body {
            Body::Prose | Body::Said(_) => Vec::new(),
            Body::Shown(shown) => shown.hits.iter().collect(),
            Body::Asked(asked) => {
                let told = asked.verdict.as_ref().filter(|told| !told.again);
                told.and_then(|told| told.proof).into_iter().collect()
            }
            Body::Broken(broken) => broken.proof.into_iter().collect(),
            Body::Worked(task) => task.hit.into_iter().collect(),
        };
        let of = |hit: &Hit| {
            let mut rows = rows(hit, self.audience);
            // Once the answer is told, the stack is the proof's.
            let texts = rows.iter_mut().flat_map(|row| [&mut row.short, &mut row.line, &mut row.text]);
            texts.filter(|_| self.is_open(self.page)).for_each(|text| veil.cover(text));
            Some(Stack { packet: hit.packet.number, lit: lit(self.lesson, page, hit, &rows), rows })
        };
        hits.into_iter().filter_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::{Input, course, simulate};

    #[test]
    fn every_packet_of_every_lesson_has_seven_rows_and_the_lit_one_is_there() {
        for lesson in course().unwrap() {
            let trace = simulate::trace(&lesson, None).unwrap();
            let mut player = Player::new(&lesson, trace, String::new(), Audience::Newcomer);
            for _ in Audience::ALL {
                player.step(Input::First, 0);
                for _ in &lesson.pages {
                    player.step(Input::Skip, 0);
                    let scene = player.look();
                    if let Body::Shown(shown) = &scene.body {
                        let numbers: Vec<u64> = shown.hits.iter().map(|hit| hit.packet.number).collect();
                        let stacks: Vec<u64> = scene.stacks.iter().map(|stack| stack.packet).collect();
                        assert_eq!(numbers, stacks, "{}", lesson.id);
                    }
                    for stack in &scene.stacks {
                        let whole = stack.rows.iter().all(|row| !row.text.is_empty() && !row.short.is_empty());
                        assert!(whole && is_there(&stack.rows, stack.lit), "{}: {stack:?}", lesson.id);
                    }
                    player.step(Input::Answer(Err(String::new())), 0);
                    player.step(Input::Next, 0);
                }
                player.step(Input::Audience, 0);
            }
        }
    }

    #[test]
    fn an_open_question_shows_no_packet_beside_those_before_it() {
        let lesson = crate::lesson::built_in("handshake").unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let mut player = Player::new(&lesson, trace, String::new(), Audience::Student);
        assert_eq!(player.step(Input::Next, 0).stacks, []);
        assert_eq!(player.step(Input::Skip, 0).stacks.len(), 1);
    }
}
