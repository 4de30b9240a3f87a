//! From a fence to what is asked: with the packets found, each question of a page becomes a [`Task`], once for the
//! whole play. A page whose packet the source lacks asks nothing.

use super::find::{Hit, Trace};
use super::format::{Ask, AskKind, Blank, Choice, Example, Fence, Lesson, Page, ProbeId, Slip, Typed, Worked};
use crate::ask::task;
use crate::ask::{Candidate, Task, Value};
use crate::flow::Endpoint;
use crate::rng::Rng;
use crate::tutor::Template;

/// A question with its packets.
#[derive(Debug)]
pub(super) struct Posed {
    pub(super) task: Task,
    /// The packets that contradict its choices or its known wrong answers, by their place.
    pub(super) against: Vec<Option<ProbeId>>,
}

/// What a page asks, one after the other; nothing where its packet is absent.
pub(super) fn posed(lesson: &Lesson, trace: &Trace, index: usize) -> Vec<Posed> {
    let Some(page @ Page { fence: Some(fence), question: Some(question), .. }) = lesson.pages.get(index) else {
        return Vec::new();
    };
    if page.when.is_some_and(|id| trace.probe(id).is_none()) {
        return Vec::new();
    }
    let one = match fence {
        Fence::Ask(ask) => ask.posed(trace, index, &format!("{}/{question}", lesson.id)),
        Fence::WhatIf(whatif) => Some(chosen(&whatif.choices, trace.shown_before(index))),
        Fence::Worked(worked, example) => return worked.posed(trace, *example),
        Fence::Say(_) | Fence::Show(_) => None,
    };
    one.into_iter().collect()
}

/// A text with a packet's values.
pub(super) fn fill(text: &Template, hit: Option<&Hit>) -> String {
    hit.map_or_else(|| text.plain(), |hit| text.fill(&hit.moment()))
}

fn chosen(choices: &[Choice], of: Option<&Hit>) -> Posed {
    let choice = |c: &Choice| task::Choice { text: fill(&c.text, of), betrays: c.betrays.map(|m| m.id.as_str()) };
    let right = choices.iter().position(|c| c.right).unwrap_or(0);
    let task = Task::Choose { choices: choices.iter().map(choice).collect(), right };
    Posed { task, against: choices.iter().map(|c| c.packet).collect() }
}

/// A number or a text, and what is known to be given instead.
fn computed(right: Vec<Value>, number: bool, wrong: &[Slip], value: &dyn Fn(&Slip) -> Option<Value>) -> Posed {
    let known: Vec<(Value, &Slip)> = wrong.iter().filter_map(|slip| Some((value(slip)?, slip))).collect();
    let against = known.iter().map(|(_, slip)| slip.packet).collect();
    let slip = |(answer, slip): (Value, &Slip)| task::Slip { answer, betrays: Some(slip.betrays.id.as_str()) };
    let slips = known.into_iter().map(slip).collect();
    let task = match right[..] {
        [Value::Number(right)] if number => Task::Number { right, slips },
        _ => Task::Text { right, slips },
    };
    Posed { task, against }
}

impl Ask {
    /// The packet that the question speaks of.
    pub(super) fn about<'t>(&self, trace: &'t Trace, page: usize) -> Option<&'t Hit> {
        match self.of {
            Some(id) => trace.probe(id),
            None => trace.shown_before(page),
        }
    }

    fn posed(&self, trace: &Trace, page: usize, name: &str) -> Option<Posed> {
        let of = self.about(trace, page);
        let task = match &self.kind {
            AskKind::Choices(choices) | AskKind::Impossible(choices) => return Some(chosen(choices, of)),
            AskKind::Typed(typed) => return typed.posed(of),
            AskKind::Order(_) if self.steps().any(|id| trace.probe(id).is_none()) => return None,
            AskKind::Order(steps) => {
                let order = shuffled(steps.len(), name);
                let items = order.iter().filter_map(|&i| steps.get(i)).map(|step| fill(&step.text, of)).collect();
                let right = (0..steps.len()).filter_map(|i| order.iter().position(|&o| o == i)).collect();
                Task::Order { items, right }
            }
            AskKind::Mark(def) => {
                let hit = of?;
                let span = hit.packet.all(def.it).last()?.span;
                if span.buf != 0 || span.len == 0 {
                    return None;
                }
                let right = (span.start as usize, span.end() as usize - 1);
                Task::Bytes { frame: hit.packet.frame().to_vec(), right }
            }
            AskKind::Packet(probe) => packet(trace, page, trace.probe(*probe)?)?,
            AskKind::Blanks(blanks) => {
                let moment = of.map(Hit::moment);
                let blank =
                    |b: &Blank| Some((fill(&b.text, of), b.answer.value(moment.as_ref(), &[], &[]).ok()?.number()?));
                Task::Blanks { right: blanks.iter().map(blank).collect::<Option<_>>()? }
            }
        };
        Some(Posed { task, against: Vec::new() })
    }
}

/// One of the packets that were shown, or the right one.
fn packet(trace: &Trace, page: usize, right: &Hit) -> Option<Task> {
    let mut packets: Vec<Candidate> = Vec::new();
    for hit in trace.pages.iter().take(page).flatten().chain([right]) {
        let number = hit.packet.number;
        if packets.iter().all(|p| p.number != number) {
            packets.push(Candidate { number, text: line(hit), betrays: None });
        }
    }
    packets.sort_by_key(|p| p.number);
    (packets.len() > 1).then_some(Task::Packet { packets, right: right.packet.number })
}

/// A packet in one line: who sent it, and what its innermost layer says of itself.
fn line(hit: &Hit) -> String {
    let mut text = match hit.sender {
        Some(Endpoint::Server) => "server: ".to_owned(),
        _ => "client: ".to_owned(),
    };
    let own = hit.packet.layers.iter().filter(|l| !l.quoted);
    if let Some((layer, summary)) = own.rev().find_map(|l| Some((l, l.proto.summary?))) {
        summary(&hit.packet, layer, &mut text);
    }
    text
}

impl Typed {
    fn posed(&self, of: Option<&Hit>) -> Option<Posed> {
        let moment = of.map(Hit::moment);
        let value = |e: &super::compute::Expr| e.value(moment.as_ref(), &[], &[]).ok();
        let accepted = self.accept.iter().filter_map(|e| value(e));
        let right = [value(&self.answer)?].into_iter().chain(accepted).collect();
        Some(computed(right, self.number, &self.wrong, &|slip| value(&slip.answer)))
    }
}

impl Worked {
    /// The packet of an example.
    pub(super) fn hit<'t>(&self, trace: &'t Trace, example: usize) -> Option<&'t Hit> {
        match self.on.get(example).map(|on| &on.it) {
            Some(Example::Packet(id)) => trace.probe(*id),
            _ => None,
        }
    }

    /// The values of an example that is no packet.
    pub(super) fn given(&self, example: usize) -> &[(String, String)] {
        match self.on.get(example).map(|on| &on.it) {
            Some(Example::Given(pairs)) => pairs,
            _ => &[],
        }
    }

    /// The same, where the steps do not say them anyway.
    pub(super) fn unsaid(&self, example: usize) -> &[(String, String)] {
        let given = self.given(example);
        let says =
            |name: &str| self.steps.iter().any(|step| step.given && step.value.written() == format!("{{{name}}}"));
        if given.iter().all(|(name, _)| says(name)) { &[] } else { given }
    }

    /// What each step gives; fewer where one cannot be computed.
    pub(super) fn values(&self, trace: &Trace, example: usize) -> Vec<Value> {
        let moment = self.hit(trace, example).map(Hit::moment);
        let mut values = Vec::new();
        for step in &self.steps {
            let Ok(value) = step.value.value(moment.as_ref(), &values, self.given(example)) else { break };
            values.push(value);
        }
        values
    }

    /// The steps that are left to the learner.
    fn posed(&self, trace: &Trace, example: usize) -> Vec<Posed> {
        let values = self.values(trace, example);
        if values.len() < self.steps.len() {
            return Vec::new();
        }
        let moment = self.hit(trace, example).map(Hit::moment);
        let slip = |slip: &Slip| slip.answer.value(moment.as_ref(), &values, self.given(example)).ok();
        let step = |(at, value): (usize, &Value)| {
            let wrong = if at + 1 == values.len() { &self.wrong[..] } else { &[] };
            self.is_missing(example, at).then(|| computed(vec![value.clone()], true, wrong, &slip))
        };
        values.iter().enumerate().filter_map(step).collect()
    }
}

/// The places 0 to `n`, shuffled by a name; never in order.
fn shuffled(n: usize, name: &str) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    mix(&mut order, name);
    if n > 1 && order.is_sorted() {
        order.rotate_left(1);
    }
    order
}

/// Shuffles by a name, in the same way each time.
pub(super) fn mix<T>(items: &mut [T], name: &str) {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Rng::seeded(seed).shuffle(items);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_the_same_each_time_and_never_in_order() {
        for n in 2..9 {
            for name in ["handshake/q1", "upgrade/q2", ""] {
                let order = shuffled(n, name);
                assert_eq!(order, shuffled(n, name));
                assert!(!order.is_sorted());
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..n).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_first_of_what_is_mixed_comes_to_every_place() {
        let mut places = [0; 3];
        for n in 0..300 {
            let mut items = [true, false, false];
            mix(&mut items, &n.to_string());
            places[items.iter().position(|first| *first).unwrap()] += 1;
        }
        assert!(places.iter().all(|count| (60..140).contains(count)), "{places:?}");
    }
}
