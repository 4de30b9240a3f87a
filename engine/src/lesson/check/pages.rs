//! What packets show: whether each fence finds its own, and whether each answer is right.

use super::key;
use crate::ask::Value;
use crate::lesson::compute::Expr;
use crate::lesson::error::{LessonError, Source};
use crate::lesson::find::{Hit, Trace};
use crate::lesson::format::{
    Ask, AskKind, Choice, Example, Fence, Lesson, Page, Placed, ProbeId, Show, Slip, Typed, Wanted, WhatIf, Words,
    Worked,
};
use crate::lesson::posed::{fill, posed};
use crate::lesson::simulate;
use crate::lesson::stack::{is_there, rows};
use crate::lesson::veil::{places, spellings, words};
use crate::model::{FieldDef, Kind, Span};
use crate::tutor::{Audience, Moment, Template};
use std::sync::Arc;

/// Of a what-if's proof that finds nothing.
const NOT_AFTER: &str =
    "this selects no packet of the second timeline, which is searched from the first packet that differs";

/// One lesson on its packets.
struct Checker<'a> {
    lesson: &'a Lesson,
    source: &'a Source<'a>,
    trace: Trace,
    wrong: &'a mut Vec<LessonError>,
}

pub(super) fn check(lesson: &Lesson, source: &Source<'_>, wrong: &mut Vec<LessonError>) {
    let trace = match simulate::trace(lesson, None) {
        Ok(trace) => trace,
        Err(why) => return wrong.push(source.error(key(source, "source"), why)),
    };
    let mut checker = Checker { lesson, source, trace, wrong };
    for (index, page) in lesson.pages.iter().enumerate() {
        checker.page(index, page);
    }
}

impl Checker<'_> {
    fn say(&mut self, span: std::ops::Range<usize>, why: impl Into<String>) {
        let error = self.source.error(span, why);
        if !self.wrong.contains(&error) {
            self.wrong.push(error);
        }
    }

    fn page(&mut self, index: usize, page: &Page) {
        let before = self.trace.shown_before(index).cloned();
        match &page.fence {
            None => {}
            Some(Fence::Say(say)) => {
                let hit = self.of(say.of, before.as_ref());
                self.words(&say.words, hit.as_ref());
            }
            Some(Fence::Show(show)) => self.show(index, show),
            Some(Fence::Ask(ask)) => self.ask(index, ask, before.as_ref()),
            Some(Fence::WhatIf(whatif)) => self.whatif(whatif, before.as_ref()),
            Some(Fence::Worked(worked, example)) => self.worked(worked, *example),
        }
        page.when.and_then(|id| self.probe(id));
        self.layer(index, page);
        self.gives_away(index, page);
    }

    /// No page says its own answer: neither its prose nor what is asked has the right text or number in it.
    fn gives_away(&mut self, index: usize, page: &Page) {
        let (asked, of) = match &page.fence {
            Some(Fence::Ask(ask)) => (ask.prompt.all(), ask.about(&self.trace, index)),
            Some(Fence::WhatIf(whatif)) => (whatif.prompt.all(), self.trace.shown_before(index)),
            // What is said of its steps, the learner calculates with.
            Some(Fence::Worked(..)) => (&[][..], None),
            _ => return,
        };
        let prompts: Vec<String> = asked.iter().map(|text| fill(&text.it, of)).collect();
        let answers: Vec<String> = posed(self.lesson, &self.trace, index).iter().flat_map(words).collect();
        let given = |answer: &String| {
            let spelled = spellings(answer.clone());
            let texts = prompts.iter().chain([&page.prose]);
            texts.into_iter().any(|text| spelled.iter().any(|s| places(text, s).next().is_some()))
        };
        for answer in answers.iter().filter(|answer| given(answer)) {
            self.say(
                page.span.clone(),
                format!("the page gives its answer away: {answer} is in what is asked, or in the prose above it"),
            );
        }
    }

    /// A layer that a page names is there in its packet: seen, or at least inferred.
    fn layer(&mut self, index: usize, page: &Page) {
        let (Some(layer), Some(fence)) = (&page.layer, &page.fence) else { return };
        let hit = match fence {
            Fence::Say(_) => None,
            Fence::Show(_) => self.trace.pages.get(index).and_then(|hits| hits.last()),
            Fence::Ask(ask) => ask.evidence.packet.and_then(|id| self.trace.probe(id)),
            // The second timeline is of the same conversation.
            Fence::WhatIf(_) => self.trace.shown_before(index),
            Fence::Worked(worked, example) => worked.hit(&self.trace, *example),
        };
        let Some(hit) = hit else { return };
        if !is_there(&rows(hit, Audience::Student), layer.it) {
            let why =
                format!("packet {} shows nothing of the {} layer", hit.packet.number, layer.name().to_lowercase());
            self.say(layer.span.clone(), why);
        }
    }

    /// The packet of a probe, else the one that was shown last; a probe that finds nothing is a mistake.
    fn of(&mut self, probe: Option<ProbeId>, before: Option<&Hit>) -> Option<Hit> {
        match probe {
            None => before.cloned(),
            Some(id) => self.probe(id),
        }
    }

    fn probe(&mut self, id: ProbeId) -> Option<Hit> {
        let found = self.trace.probe(id).cloned();
        let probe = self.lesson.probes.get(id)?;
        if found.is_none() && probe.needed {
            let source = self.running();
            match &probe.what {
                Wanted::Pick(pick) => {
                    let nth = if pick.nth > 1 { format!(" {} times", pick.nth) } else { String::new() };
                    self.say(pick.span.clone(), format!("this selects no packet{nth} of the conversation in {source}"));
                }
                Wanted::Answer { proof, of, answer } => {
                    let value = self.trace.probe(*of).and_then(|h| answer.value(Some(&h.moment()), &[], &[]).ok());
                    let value = value.map_or(String::new(), |v| format!(" (the answer is {v})"));
                    self.say(
                        proof.span.clone(),
                        format!("this selects no packet after the one asked about{value} in {source}"),
                    );
                }
            }
        }
        found
    }

    fn running(&self) -> String {
        let source = &self.lesson.source;
        format!("scenario {}, seed {}", source.scenario, source.seed)
    }

    // ---- texts

    fn words(&mut self, words: &Words, hit: Option<&Hit>) {
        let three = words.is_three();
        for (text, audience) in words.all().iter().zip(Audience::ALL) {
            let whose = if three { format!("the {audience}'s text") } else { "this text".to_owned() };
            self.template(text, hit.map(Hit::moment).as_ref(), &whose);
        }
    }

    fn template(&mut self, text: &Placed<Arc<Template>>, moment: Option<&Moment<'_>>, whose: &str) {
        let (lacks, number) = match moment {
            Some(moment) => (text.lacks(moment), format!("packet {}, which it speaks of,", moment.packet.number)),
            None => (text.placeholders(), "no packet was shown yet: it".to_owned()),
        };
        for name in lacks {
            self.say(text.span.clone(), format!("{whose} mentions {{{name}}}, and {number} lacks it"));
        }
    }

    // ---- show

    fn show(&mut self, index: usize, show: &Show) {
        let found = self.trace.pages.get(index).cloned().unwrap_or_default();
        if found.len() < show.frames {
            let why = format!(
                "this selects {} of {} packets, in order, of the conversation in {}",
                found.len(),
                show.frames,
                self.running()
            );
            self.say(show.filter.span.clone(), why);
        }
        let Some(hit) = found.last() else { return };
        self.words(&show.words, Some(hit));
        for text in show.states.iter().chain(&show.calls).flatten() {
            self.template(text, Some(&hit.moment()), "this text");
        }
        for def in &show.highlight {
            if hit.packet.field(def.it).is_none() {
                self.say(
                    def.span.clone(),
                    format!("{} should be lit, but packet {} lacks it", def.name, hit.packet.number),
                );
            }
        }
    }

    // ---- ask

    fn ask(&mut self, index: usize, ask: &Ask, before: Option<&Hit>) {
        let of = self.of(ask.of, before);
        self.words(&ask.prompt, of.as_ref());
        if let Some(hint) = &ask.hint {
            self.words(hint, of.as_ref());
        }
        let shown = ask.evidence.packet.and_then(|id| self.probe(id));
        self.words(&ask.why, shown.as_ref().or(of.as_ref()));
        match &ask.kind {
            AskKind::Choices(choices) => self.choices(choices, of.as_ref()),
            AskKind::Impossible(choices) => {
                self.choices(choices, of.as_ref());
                for choice in choices.iter().filter(|c| c.right) {
                    if let Some(hit) = choice.packet.and_then(|id| self.trace.probe(id)) {
                        let why = format!("this should be impossible, but packet {} does it", hit.packet.number);
                        self.say(choice.text.span.clone(), why);
                    }
                }
            }
            AskKind::Typed(typed) => self.typed(typed, of.as_ref()),
            AskKind::Order(steps) => {
                let mut last = 0;
                for step in steps {
                    self.template(
                        &Placed { it: Arc::clone(&step.text), span: step.span.clone() },
                        of.as_ref().map(Hit::moment).as_ref(),
                        "this text",
                    );
                    let Some(hit) = step.packet.and_then(|id| self.probe(id)) else { continue };
                    if hit.packet.number <= last {
                        let why = format!("packet {} comes before the step above it, packet {last}", hit.packet.number);
                        self.say(step.span.clone(), why);
                    }
                    last = hit.packet.number;
                }
            }
            AskKind::Packet(right) => {
                if self.probe(*right).is_some() && posed(self.lesson, &self.trace, index).is_empty() {
                    let why = "no other packet was shown before, so that there is nothing to choose from";
                    self.say(self.lesson.pages.get(index).map_or(0..0, |page| page.span.clone()), why);
                }
            }
            AskKind::Blanks(blanks) => {
                let moment = of.as_ref().map(Hit::moment);
                for blank in blanks {
                    self.template(&blank.text, moment.as_ref(), "this blank");
                    match blank.answer.value(moment.as_ref(), &[], &[]) {
                        Ok(value) if value.number().is_some() => self.decimal(&blank.answer),
                        Ok(value) => self.say(blank.answer.span.clone(), format!("this is no number but {value}")),
                        Err(why) => self.say(blank.answer.span.clone(), why),
                    }
                }
            }
            AskKind::Mark(def) => {
                let Some(hit) = &of else { return };
                let field = hit.packet.all(def.it).last();
                let there = field.is_some_and(|f| f.span.buf == 0 && f.span != Span::default() && f.span.len > 0);
                if !there {
                    let why = format!("{} has no bytes in packet {}", def.name, hit.packet.number);
                    self.say(def.span.clone(), why);
                }
            }
        }
    }

    fn choices(&mut self, choices: &[Choice], of: Option<&Hit>) {
        for choice in choices {
            self.template(&choice.text, of.map(Hit::moment).as_ref(), "this choice");
            let packet = choice.packet.and_then(|id| self.probe(id));
            if let Some(why) = &choice.why {
                self.words(why, packet.as_ref().or(of));
            }
        }
    }

    fn typed(&mut self, typed: &Typed, of: Option<&Hit>) {
        let moment = of.map(Hit::moment);
        let answer = match typed.answer.value(moment.as_ref(), &[], &[]) {
            Ok(value) => value,
            Err(why) => return self.say(typed.answer.span.clone(), format!("the answer cannot be computed: {why}")),
        };
        if typed.number && answer.number().is_none() {
            self.say(typed.answer.span.clone(), format!("this is no number but {answer}; fill asks for a text"));
        }
        if typed.number {
            self.decimal(&typed.answer);
        }
        for other in &typed.accept {
            if let Err(why) = other.value(moment.as_ref(), &[], &[]) {
                self.say(other.span.clone(), why);
            }
        }
        self.slips(&typed.wrong, &answer, moment.as_ref(), &[], &[]);
    }

    /// A field that everybody reads in hexadecimal isn't asked for, and told, in decimal.
    fn decimal(&mut self, answer: &Placed<Expr>) {
        if let Some(FieldDef { name, kind: Kind::Hex(bits), .. }) = answer.field() {
            let digits = bits.div_ceil(4);
            let why = format!(
                "{name} is read in hexadecimal, and this would be told in decimal; write fill = \"join('0x', hex({{{name}}}, {digits}))\""
            );
            self.say(answer.span.clone(), why);
        }
    }

    fn slips(
        &mut self,
        slips: &[Slip],
        answer: &Value,
        moment: Option<&Moment<'_>>,
        steps: &[Value],
        given: &[(String, String)],
    ) {
        for slip in slips {
            match slip.answer.value(moment, steps, given) {
                Err(why) => self.say(slip.answer.span.clone(), why),
                Ok(value) if value == *answer => {
                    self.say(slip.answer.span.clone(), format!("this wrong answer, {value}, is the right one"));
                }
                Ok(_) => {}
            }
            if let Some(id) = slip.packet {
                self.probe(id);
            }
        }
    }

    // ---- whatif and worked

    fn whatif(&mut self, whatif: &WhatIf, before: Option<&Hit>) {
        self.words(&whatif.prompt, before);
        if let Some(hint) = &whatif.hint {
            self.words(hint, before);
        }
        for choice in &whatif.choices {
            self.template(&choice.text, before.map(Hit::moment).as_ref(), "this choice");
            if let Some(why) = &choice.why {
                self.words(why, before);
            }
        }
        let outcome = match simulate::what_if(self.lesson, whatif, self.trace.ends(), None) {
            Ok(outcome) => outcome,
            Err(why) => return self.say(whatif.fault.span.clone(), why),
        };
        if whatif.fault.of_frames() > 0 && outcome.met == 0 {
            return self.say(whatif.fault.span.clone(), "no packet of the conversation meets this fault");
        }
        if outcome.parted >= outcome.after.len() {
            self.say(
                whatif.fault.span.clone(),
                "nothing is different with this fault, as seen from here; another `at` may see it",
            );
        }
        for proof in whatif.choices.iter().filter_map(|c| c.proof.as_ref()) {
            if outcome.find(proof).is_none() {
                self.say(proof.span.clone(), NOT_AFTER);
            }
        }
        match outcome.find(&whatif.proof) {
            Some(hit) => self.words(&whatif.words, Some(hit)),
            None => self.say(whatif.proof.span.clone(), NOT_AFTER),
        }
    }

    fn worked(&mut self, worked: &Worked, example: usize) {
        let Some(on) = worked.on.get(example) else { return };
        let (hit, given) = match &on.it {
            Example::Packet(id) => match self.probe(*id) {
                Some(hit) => (Some(hit), Vec::new()),
                None => return,
            },
            Example::Given(pairs) => (None, pairs.clone()),
        };
        let moment = hit.as_ref().map(Hit::moment);
        let mut values = Vec::new();
        for step in &worked.steps {
            if let Some(moment) = &moment {
                self.template(&step.say, Some(moment), "this step");
            }
            match step.value.value(moment.as_ref(), &values, &given) {
                Ok(value) => values.push(value),
                Err(why) => return self.say(step.value.span.clone(), format!("this step cannot be computed: {why}")),
            }
        }
        // Where nothing is asked, a wrong answer may happen to be the right one.
        let asked = worked.is_missing(example, worked.steps.len().saturating_sub(1));
        if let Some(answer) = values.last().cloned().filter(|_| asked) {
            self.slips(&worked.wrong, &answer, moment.as_ref(), &values, &given);
        }
        if example == 0 {
            self.words(&worked.words, hit.as_ref());
            if let Some(hint) = &worked.hint {
                self.words(hint, hit.as_ref());
            }
        }
    }
}
