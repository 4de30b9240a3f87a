//! Making the scene: what a player knows, put together for a view. Nothing is drawn here.

use super::find::Hit;
use super::format::{Ask, AskKind, Choice, Example, Fence, Page, WhatIf, Words, Worked};
use super::player::{Player, View};
use super::scene::{Asked, Body, Broken, How, Line, Offers, Opt, Past, Scene, Shown, Task, Verdict};
use super::sheet::{Sheet, shuffled};
use crate::ask::Value;
use crate::tutor::Template;

impl Player<'_> {
    pub(super) fn scene(&self) -> Scene<'_> {
        let page = self.lesson.pages.get(self.page);
        let mode = self.mode();
        Scene {
            title: &self.lesson.title,
            origin: &self.origin,
            page: self.page + 1,
            pages: self.lesson.pages.len(),
            audience: self.audience,
            view: if self.has_view(self.view) { self.view } else { View::Wire },
            prose: page.map_or("", |p| p.prose.trim()),
            so_far: self.so_far(),
            body: page.map_or(Body::Prose, |p| self.body(p)),
            deeper: self.deeper,
            mode,
            offers: self.offers(page),
            notice: self.notice,
            request: self.request,
            now: self.now,
            over: self.over,
        }
    }

    fn offers(&self, page: Option<&Page>) -> Offers {
        let (open, sheet) = (self.is_open(self.page), self.sheets.get(self.page));
        let hint = match page.and_then(|p| p.fence.as_ref()) {
            Some(Fence::Ask(ask)) => ask.hint.is_some(),
            Some(Fence::WhatIf(whatif)) => whatif.hint.is_some(),
            Some(Fence::Worked(worked, _)) => worked.hint.is_some(),
            _ => false,
        };
        let breaks = matches!(page.and_then(|p| p.fence.as_ref()), Some(Fence::WhatIf(_)));
        let shows = page.is_some_and(|p| p.show().is_some());
        Offers {
            hint: hint && open && sheet.is_some_and(|s| !s.hint),
            skip: open,
            break_it: breaks && !open && sheet.is_some_and(|s| s.outcome.is_none()),
            view: shows && [View::States, View::Calls].into_iter().any(|v| self.has_view(v)),
            deeper: shows,
        }
    }

    fn so_far(&self) -> Vec<Past<'_>> {
        let mut all: Vec<Past<'_>> = Vec::new();
        for (index, (page, hits)) in self.lesson.pages.iter().zip(&self.trace.pages).enumerate().take(self.page + 1) {
            let Some(show) = page.show() else { continue };
            for hit in hits {
                all.retain(|past| past.hit.packet.number != hit.packet.number);
                all.push(Past { hit, show, is_new: index == self.page });
            }
        }
        all
    }

    fn body<'p>(&'p self, page: &'p Page) -> Body<'p> {
        let Some((fence, sheet)) = page.fence.as_ref().zip(self.sheets.get(self.page)) else { return Body::Prose };
        match fence {
            Fence::Say(say) => {
                let of = say.of.map_or_else(|| self.trace.shown_before(self.page), |id| self.trace.probe(id));
                Body::Said(self.words(&say.words, of))
            }
            Fence::Show(show) => {
                let hits: &[Hit] = self.trace.pages.get(self.page).map_or(&[], Vec::as_slice);
                let text = hits.last().map_or(String::new(), |hit| self.words(&show.words, Some(hit)));
                Body::Shown(Shown { hits, text, show })
            }
            Fence::Ask(ask) => Body::Asked(self.asked(ask, sheet)),
            Fence::WhatIf(whatif) => Body::Broken(self.broken(whatif, sheet)),
            Fence::Worked(worked, example) => Body::Worked(self.task(worked, *example, sheet)),
        }
    }

    fn words(&self, words: &Words, hit: Option<&Hit>) -> String {
        words.to(self.audience).map_or(String::new(), |text| fill(text, hit))
    }

    fn hint(&self, hint: Option<&Words>, hit: Option<&Hit>, sheet: &Sheet) -> Option<String> {
        hint.filter(|_| sheet.hint).map(|hint| self.words(hint, hit))
    }

    // ---- questions

    fn asked<'p>(&'p self, ask: &'p Ask, sheet: &'p Sheet) -> Asked<'p> {
        let of = ask.about(&self.trace, self.page);
        let told = sheet.done.is_some();
        let how = match &ask.kind {
            AskKind::Choices(choices) | AskKind::Impossible(choices) => How::Choose(options(choices, of, sheet, told)),
            AskKind::Typed(typed) => How::Type { typed: &sheet.typed, number: typed.number },
            AskKind::Order(steps) => {
                let order = shuffled(steps.len(), &self.name());
                let items = order.iter().filter_map(|&i| steps.get(i)).map(|s| fill(&s.text, of));
                How::Order { items: items.collect(), taken: &sheet.chosen }
            }
            AskKind::Mark(_) => match of {
                None => How::Type { typed: "", number: false },
                Some(hit) => How::Mark {
                    hit,
                    cursor: sheet.cursor,
                    marked: sheet.marking(),
                    right: ask.span(of).filter(|_| told),
                },
            },
        };
        Asked {
            prompt: self.words(&ask.prompt, of),
            how,
            hint: self.hint(ask.hint.as_ref(), of, sheet),
            verdict: self.verdict(ask, of, sheet),
        }
    }

    fn verdict<'p>(&'p self, ask: &'p Ask, of: Option<&'p Hit>, sheet: &'p Sheet) -> Option<Verdict<'p>> {
        let mark = sheet.done.or(sheet.again.then_some(super::play::Mark::Wrong))?;
        let proof = ask.evidence.packet.and_then(|id| self.trace.probe(id));
        let chosen = sheet.chosen.first().and_then(|&i| ask.choices().get(i));
        let against = sheet.against.and_then(|id| self.trace.probe(id));
        Some(Verdict {
            mark,
            answer: ask.answer(of),
            said: chosen.and_then(|c| c.why.as_ref()).map(|why| self.words(why, against.or(of))),
            betrayed: sheet.betrayed,
            against,
            why: self.words(&ask.why, proof.or(of)),
            proof,
            spec: ask.evidence.spec.as_deref(),
            again: sheet.again,
            repaired: sheet.repaired,
        })
    }

    // ---- what-ifs

    fn broken<'p>(&'p self, whatif: &'p WhatIf, sheet: &'p Sheet) -> Broken<'p> {
        let of = self.trace.shown_before(self.page);
        let outcome = sheet.outcome.as_ref().map(|o| o.as_ref().map(|o| &**o).map_err(String::as_str));
        let run = outcome.and_then(Result::ok);
        let proof = run.and_then(|o| o.find(&whatif.proof));
        let chosen = sheet.chosen.first().and_then(|&i| whatif.choices.get(i));
        let right = whatif.choices.iter().find(|c| c.right);
        let verdict = sheet.done.filter(|_| run.is_some()).map(|mark| Verdict {
            mark,
            answer: right.map_or(String::new(), |c| fill(&c.text, of)),
            said: chosen.and_then(|c| c.why.as_ref()).map(|why| self.words(why, of)),
            betrayed: sheet.betrayed,
            against: None,
            why: String::new(),
            // The second timeline shows it.
            proof: None,
            spec: None,
            again: false,
            repaired: false,
        });
        Broken {
            prompt: self.words(&whatif.prompt, of),
            options: options(&whatif.choices, of, sheet, verdict.is_some()),
            hint: self.hint(whatif.hint.as_ref(), of, sheet),
            verdict,
            outcome,
            proof,
            text: proof.map_or(String::new(), |hit| self.words(&whatif.words, Some(hit))),
        }
    }

    // ---- procedures

    fn task<'p>(&'p self, worked: &'p Worked, example: usize, sheet: &'p Sheet) -> Task<'p> {
        let hit = self.example(worked, example);
        let given: &[(String, String)] = match worked.on.get(example).map(|on| &on.it) {
            Some(Example::Given(pairs)) => pairs,
            _ => &[],
        };
        let values = worked.values(example, hit);
        let (mut missing, mut lines) = (0, Vec::new());
        for (index, step) in worked.steps.iter().enumerate() {
            let hidden = worked.is_missing(example, index);
            let told = !hidden || missing < sheet.slots || sheet.done.is_some();
            lines.push(Line {
                say: fill(&step.say, hit),
                formula: step.value.written(),
                value: values.get(index).filter(|_| told).map(Value::shown),
                current: hidden && missing == sheet.slots && sheet.done.is_none(),
            });
            missing += usize::from(hidden);
        }
        let verdict = sheet.done.or(sheet.again.then_some(super::play::Mark::Wrong)).map(|mark| Verdict {
            mark,
            answer: values.last().map_or(String::new(), Value::shown),
            said: None,
            betrayed: sheet.betrayed,
            against: sheet.against.and_then(|id| self.trace.probe(id)),
            why: String::new(),
            proof: None,
            spec: None,
            again: sheet.again,
            repaired: sheet.repaired,
        });
        Task {
            title: &worked.title,
            fade: worked.fade(example),
            hit,
            given,
            lines,
            typed: &sheet.typed,
            hint: self.hint(worked.hint.as_ref(), hit, sheet),
            verdict,
            text: (example == 0).then(|| self.words(&worked.words, hit)),
            absent: values.len() < worked.steps.len(),
        }
    }
}

/// A text with a packet's values.
fn fill(text: &Template, hit: Option<&Hit>) -> String {
    hit.map_or_else(|| text.plain(), |hit| text.fill(&hit.moment()))
}

fn options(choices: &[Choice], of: Option<&Hit>, sheet: &Sheet, told: bool) -> Vec<Opt> {
    let option = |(index, choice): (usize, &Choice)| Opt {
        text: fill(&choice.text, of),
        chosen: sheet.chosen.first() == Some(&index),
        right: told.then_some(choice.right),
    };
    choices.iter().enumerate().map(option).collect()
}
