//! Making the scene: what a player knows, put together for a view. Nothing is drawn here.

use super::find::Hit;
use super::format::{Ask, AskKind, Choice, Fence, Page, ProbeId, Show, Wanted, WhatIf, Words, Worked};
use super::player::{Player, View};
use super::posed::fill;
use super::scene::{Asked, Body, Broken, Line, Offers, Past, Procedure, Scene, Shown, Told};
use super::sheet::Sheet;
use super::veil::places;
use crate::ask::{Mark, Task, Value};
use crate::model::{Field, FieldDef};

impl Player<'_> {
    pub(super) fn scene(&self) -> Scene<'_> {
        let page = self.lesson.pages.get(self.page);
        let mode = self.mode();
        let body = page.map_or(Body::Prose, |p| self.body(p));
        let veil = self.veil(page);
        let stacks = page.map_or_else(Vec::new, |p| self.stacks(p, &body, &veil));
        Scene {
            title: &self.lesson.title,
            origin: &self.origin,
            page: self.page + 1,
            pages: self.lesson.pages.len(),
            audience: self.audience,
            view: if self.has_view(self.view) { self.view } else { View::Wire },
            prose: page.filter(|p| self.lacks(p).is_none()).map_or("", |p| p.prose.trim()),
            hosts: &self.trace.hosts,
            so_far: self.so_far(),
            offers: self.offers(page, !stacks.is_empty()),
            stacks,
            veil,
            unfolded: self.unfolded,
            body,
            deeper: self.deeper,
            mode,
            open: self.open(),
            notice: self.notice,
            complaint: self.complaint(),
            request: self.request,
            now: self.now,
            over: self.over,
        }
    }

    /// The question that was given what is no answer to it.
    fn complaint(&self) -> Option<&Task> {
        let sheet = self.sheets.get(self.page).filter(|sheet| sheet.complaint)?;
        self.posed.get(self.page)?.get(sheet.slot).map(|posed| &posed.task)
    }

    fn offers(&self, page: Option<&Page>, layers: bool) -> Offers {
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
            turn: true,
            break_it: breaks && !open && sheet.is_some_and(|s| s.outcome.is_none()),
            view: shows && [View::States, View::Calls].into_iter().any(|v| self.has_view(v)),
            deeper: shows,
            layers,
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
        if let Some(lacks) = self.lacks(page) {
            return Body::Said(lacks);
        }
        let Some((fence, sheet)) = page.fence.as_ref().zip(self.sheets.get(self.page)) else { return Body::Prose };
        match fence {
            Fence::Say(say) => {
                let of = say.of.map_or_else(|| self.trace.shown_before(self.page), |id| self.trace.probe(id));
                Body::Said(self.told(&say.words, of))
            }
            Fence::Show(show) => {
                let hits: &[Hit] = self.trace.pages.get(self.page).map_or(&[], Vec::as_slice);
                let text = hits.last().map_or_else(|| self.absent(show), |hit| self.told(&show.words, Some(hit)));
                Body::Shown(Shown { hits, text, show })
            }
            Fence::Ask(ask) => Body::Asked(self.asked(ask, sheet)),
            Fence::WhatIf(whatif) => Body::Broken(self.broken(whatif, sheet)),
            Fence::Worked(worked, example) => Body::Worked(self.procedure(worked, *example, sheet)),
        }
    }

    /// What the source lacks for a page that needs it, and how to get it.
    fn lacks(&self, page: &Page) -> Option<String> {
        let missing = |id: &ProbeId| self.trace.probe(*id).is_none();
        let asks = match &page.fence {
            Some(Fence::Ask(ask)) => ask.of.filter(missing).or_else(|| ask.steps().find(missing)),
            _ => None,
        };
        let unmet = page
            .when
            .filter(missing)
            .map(|id| (id, "What this page says doesn't hold for this capture: it has no packet with"));
        let (id, what) =
            unmet.or_else(|| Some((asks?, "This page asks about a packet that this capture lacks: one with")))?;
        let wanted = self.lesson.probes.get(id).and_then(|probe| match &probe.what {
            Wanted::Pick(pick) => Some(pick.filter.to_string()),
            Wanted::Answer { .. } => None,
        });
        let lesson = &self.lesson.id;
        Some(format!(
            "{what} {}. To get one: osi-tutor explain {lesson} --live, from this machine's kernel, or \
             without --live from the simulation.",
            wanted.unwrap_or_default()
        ))
    }

    /// Which step has no packet in this source, why, and how to get one.
    fn absent(&self, show: &Show) -> String {
        let so_far = self.lesson.pages.iter().take(self.page + 1);
        let title = so_far.rev().find_map(|page| last_heading(&page.prose)).unwrap_or(&self.lesson.title);
        format!(
            "This step of \u{201c}{title}\u{201d} is missing: in the lesson's order, no packet of this capture matches \
             {filter}. To get one: osi-tutor explain {id} --live, from this machine's kernel; \
             osi-tutor explain {id}, from the simulation; or osi-tutor capture lo -w FILE, while programs of yours send it.",
            filter = show.filter.it,
            id = self.lesson.id
        )
    }

    /// What is said of a packet: only sentences whose values it has.
    fn told(&self, words: &Words, hit: Option<&Hit>) -> String {
        words.to(self.audience).map_or(String::new(), |text| text.told(hit.map(Hit::moment).as_ref()))
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
        let task = self.task();
        let proof = ask.evidence.packet.and_then(|id| self.trace.probe(id));
        let said = ask.choices().get(sheet.entry.taken.first().copied().unwrap_or(usize::MAX));
        let verdict = mark(sheet).map(|mark| Told {
            said: said.and_then(|c| c.why.as_ref()).map(|why| self.words(why, self.against(sheet).or(of))),
            against: self.against(sheet),
            why: self.why(ask, proof, of),
            shown: proof.map_or_else(Vec::new, |proof| self.holding(ask, proof)),
            proof,
            spec: ask.evidence.spec.as_deref(),
            ..Told::new(mark, task, sheet)
        });
        Asked {
            prompt: self.words(&ask.prompt, of),
            task,
            entry: &sheet.entry,
            hint: self.hint(ask.hint.as_ref(), of, sheet),
            verdict,
        }
    }

    /// What is said to those who choose each choice of this page, in their order.
    pub fn replies(&self) -> Vec<Option<String>> {
        let before = self.trace.shown_before(self.page);
        let (choices, of) = match self.lesson.pages.get(self.page).and_then(|page| page.fence.as_ref()) {
            Some(Fence::Ask(ask)) => (ask.choices(), ask.about(&self.trace, self.page)),
            Some(Fence::WhatIf(whatif)) => (&whatif.choices[..], before),
            _ => return Vec::new(),
        };
        let against = |choice: &Choice| choice.packet.and_then(|id| self.trace.probe(id)).filter(|_| !choice.right);
        choices.iter().map(|c| c.why.as_ref().map(|why| self.words(why, against(c).or(of)))).collect()
    }

    /// The fields of the proof that hold the answer, of those that question and proof name.
    fn holding(&self, ask: &Ask, proof: &Hit) -> Vec<&'static FieldDef> {
        let (AskKind::Typed(typed), Some(Task::Number { right, .. })) = (&ask.kind, self.task()) else {
            return Vec::new();
        };
        let wanted = ask.evidence.packet.and_then(|id| self.lesson.probes.get(id)).map(|probe| &probe.what);
        let proof_says = match wanted {
            Some(Wanted::Answer { proof, .. }) => proof.written(),
            _ => "",
        };
        let named = |text: &str, name: &str| places(text, name).next().is_some();
        let holds = |field: &&Field| field.value.uint().is_some_and(|n| i128::from(n) == *right);
        let is_named =
            |field: &&Field| named(proof_says, field.def.name) || named(typed.answer.written(), field.def.name);
        let mut all: Vec<&'static FieldDef> = Vec::new();
        for layer in proof.packet.layers.iter().filter(|layer| !layer.quoted) {
            for field in proof.packet.fields_of(layer).iter().filter(holds).filter(is_named) {
                if !all.iter().any(|def| std::ptr::eq(*def, field.def)) {
                    all.push(field.def);
                }
            }
        }
        all
    }

    /// Why the answer is right, said of the packet that proves it: never of another one.
    fn why(&self, ask: &Ask, proof: Option<&Hit>, of: Option<&Hit>) -> String {
        if ask.evidence.packet.is_some() && proof.is_none() {
            let id = &self.lesson.id;
            return format!("No packet of this capture shows why. The simulation has one: osi-tutor explain {id}");
        }
        self.told(&ask.why, proof.or(of))
    }

    /// What this page asks.
    fn task(&self) -> Option<&Task> {
        self.posed.get(self.page)?.first().map(|posed| &posed.task)
    }

    /// The packet that contradicts the answer.
    fn against(&self, sheet: &Sheet) -> Option<&Hit> {
        self.trace.probe(sheet.against?)
    }

    // ---- what-ifs

    fn broken<'p>(&'p self, whatif: &'p WhatIf, sheet: &'p Sheet) -> Broken<'p> {
        let of = self.trace.shown_before(self.page);
        let outcome = sheet.outcome.as_ref().map(|o| o.as_ref().map(|o| &**o).map_err(String::as_str));
        let run = outcome.and_then(Result::ok);
        let proof = run.and_then(|o| o.find(&whatif.proof));
        let said = whatif.choices.get(sheet.entry.taken.first().copied().unwrap_or(usize::MAX));
        let task = self.task();
        // The second timeline shows the proof.
        let verdict = sheet.done.filter(|_| run.is_some()).map(|mark| Told {
            said: said.and_then(|c| c.why.as_ref()).map(|why| self.words(why, of)),
            ..Told::new(mark, task, sheet)
        });
        Broken {
            prompt: self.words(&whatif.prompt, of),
            task,
            entry: &sheet.entry,
            hint: self.hint(whatif.hint.as_ref(), of, sheet),
            verdict,
            outcome,
            proof,
            text: proof.map_or(String::new(), |hit| self.words(&whatif.words, Some(hit))),
        }
    }

    // ---- procedures

    fn procedure<'p>(&'p self, worked: &'p Worked, example: usize, sheet: &'p Sheet) -> Procedure<'p> {
        let hit = worked.hit(&self.trace, example);
        let values = worked.values(&self.trace, example);
        let (mut missing, mut lines) = (0, Vec::new());
        for (index, step) in worked.steps.iter().enumerate() {
            let hidden = worked.is_missing(example, index);
            let told = !hidden || missing < sheet.slot || sheet.done.is_some();
            lines.push(Line {
                say: fill(&step.say, hit),
                formula: step.value.written(),
                value: values.get(index).filter(|_| told).map(Value::shown),
                current: hidden && missing == sheet.slot && sheet.done.is_none(),
            });
            missing += usize::from(hidden);
        }
        let verdict = mark(sheet).map(|mark| Told {
            against: self.against(sheet),
            ..Told::new(mark, self.posed.get(self.page).and_then(|p| p.last()).map(|p| &p.task), sheet)
        });
        Procedure {
            title: &worked.title,
            fade: worked.fade(example),
            hit,
            given: worked.unsaid(example),
            lines,
            entry: &sheet.entry,
            hint: self.hint(worked.hint.as_ref(), hit, sheet),
            verdict,
            text: (example == 0).then(|| self.words(&worked.words, hit)),
            absent: values.len() < worked.steps.len(),
        }
    }
}

/// The last heading of some Markdown; a comment in a block of code is none.
fn last_heading(prose: &str) -> Option<&str> {
    let (mut code, mut last) = (false, None);
    for line in prose.lines() {
        code ^= line.starts_with("```");
        let marks = line.len() - line.trim_start_matches('#').len();
        if !code && marks > 0 {
            last = line.get(marks..).and_then(|rest| rest.strip_prefix(' ')).map(str::trim).or(last);
        }
    }
    last
}

/// What the last attempt was worth, if there was one.
fn mark(sheet: &Sheet) -> Option<Mark> {
    sheet.done.or(sheet.again.then_some(Mark::Wrong))
}

impl<'p> Told<'p> {
    /// What the answers of a page say by themselves.
    fn new(mark: Mark, task: Option<&'p Task>, sheet: &'p Sheet) -> Self {
        Self {
            mark,
            task,
            given: &sheet.given,
            said: None,
            betrayed: sheet.betrayed,
            against: None,
            why: String::new(),
            proof: None,
            shown: Vec::new(),
            spec: None,
            again: sheet.again,
            repaired: sheet.repaired,
        }
    }
}
