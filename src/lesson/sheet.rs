//! What a learner has written on a page, and what it is worth.

use super::find::{Hit, Trace};
use super::format::{Ask, AskKind, Example, ProbeId, Slip, Typed, Worked};
use super::play::Mark;
use super::simulate::Outcome;
use crate::ask::Value;
use crate::ask::bank::Misconception;
use crate::rng::Rng;
use std::ops::Range;

/// The longest answer that can be typed, in characters.
const LONGEST: usize = 120;
/// Attempts at an answer that is typed.
const TRIES: u8 = 2;

/// One page's answers.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that happened or not")]
pub(super) struct Sheet {
    /// The hint was asked for.
    pub(super) hint: bool,
    /// What is being typed.
    pub(super) typed: String,
    /// The choice, or the order so far.
    pub(super) chosen: Vec<usize>,
    /// The byte under the cursor, and where the marking began.
    pub(super) cursor: usize,
    pub(super) anchor: Option<usize>,
    /// Attempts at the answer that is open.
    tries: u8,
    /// Missing steps that are done.
    pub(super) slots: usize,
    /// An attempt was wrong.
    missed: bool,
    /// The last attempt was right, after one that was not.
    pub(super) repaired: bool,
    /// What the answer was worth; the page is done.
    pub(super) done: Option<Mark>,
    /// What the last attempt betrays.
    pub(super) betrayed: Option<&'static Misconception>,
    /// The packet that contradicts it.
    pub(super) against: Option<ProbeId>,
    /// The last attempt was wrong, and another is open.
    pub(super) again: bool,
    /// The two timelines, or why there are none.
    pub(super) outcome: Option<Result<Box<Outcome>, String>>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// The page is done.
    Done,
    /// The next step is open, or the same one once more.
    Open,
}

impl Sheet {
    pub(super) fn write(&mut self, c: char) {
        if !c.is_control() && self.typed.chars().count() < LONGEST {
            self.typed.push(c);
        }
    }

    pub(super) fn choose(
        &mut self,
        index: usize,
        right: bool,
        betrayed: Option<&'static Misconception>,
        against: Option<ProbeId>,
    ) {
        self.chosen = vec![index];
        (self.betrayed, self.against) = if right { (None, None) } else { (betrayed, against) };
        self.done = Some(if right { Mark::Right } else { Mark::Wrong });
    }

    pub(super) fn skip(&mut self) {
        self.again = false;
        self.done = Some(Mark::Skipped);
    }

    fn finish(&mut self) -> Judged {
        self.done = Some(if self.missed { Mark::Wrong } else { Mark::Right });
        self.again = false;
        Judged::Done
    }

    /// An attempt that is right or not; after the last one, the answer is told.
    fn attempt(&mut self, right: bool, slip: Option<&Slip>) -> Judged {
        if right {
            self.repaired = self.missed;
            return self.finish();
        }
        self.missed = true;
        self.tries += 1;
        if let Some(slip) = slip {
            (self.betrayed, self.against) = (Some(slip.betrays), slip.packet);
        }
        self.again = self.tries < TRIES;
        if self.again { Judged::Open } else { self.finish() }
    }

    /// Judges what was typed.
    pub(super) fn typed(&mut self, typed: &Typed, of: Option<&Hit>) -> Judged {
        let moment = of.map(Hit::moment);
        let value = |e: &super::compute::Expr| e.value(moment.as_ref(), &[], &[]).ok();
        let said = std::mem::take(&mut self.typed);
        let meant = |v: &Value| v.is_meant_by(&said);
        let right = value(&typed.answer).is_some_and(|v| meant(&v))
            || typed.accept.iter().any(|e| value(e).is_some_and(|v| meant(&v)));
        let slip = typed.wrong.iter().find(|s| value(&s.answer).is_some_and(|v| meant(&v)));
        self.attempt(right, slip)
    }

    /// Judges an order.
    pub(super) fn ordered(&mut self, shuffled: &[usize]) -> Judged {
        let right = self.chosen.iter().enumerate().all(|(place, &taken)| shuffled.get(taken) == Some(&place));
        if !right && self.tries + 1 < TRIES {
            self.chosen.clear();
        }
        self.attempt(right, None)
    }

    /// Judges marked bytes.
    pub(super) fn marked(&mut self, right: Option<&Range<usize>>) -> Judged {
        let right = right == Some(&self.marking());
        let judged = self.attempt(right, None);
        if judged == Judged::Open {
            self.anchor = None;
        }
        judged
    }

    /// The bytes that are marked.
    pub(super) fn marking(&self) -> Range<usize> {
        let anchor = self.anchor.unwrap_or(self.cursor);
        anchor.min(self.cursor)..anchor.max(self.cursor) + 1
    }

    /// Judges a step of a procedure.
    pub(super) fn step(&mut self, worked: &Worked, example: usize, values: &[Value], moment: Option<&Hit>) -> Judged {
        let missing: Vec<usize> = (0..worked.steps.len()).filter(|&s| worked.is_missing(example, s)).collect();
        let Some(&step) = missing.get(self.slots) else { return self.finish() };
        let said = std::mem::take(&mut self.typed);
        let is_last = step + 1 == worked.steps.len();
        if values.get(step).is_some_and(|v| v.is_meant_by(&said)) {
            self.again = false;
            self.repaired = self.missed;
            return self.next_slot(missing.len());
        }
        let given: &[(String, String)] = match worked.on.get(example).map(|on| &on.it) {
            Some(Example::Given(pairs)) => pairs,
            _ => &[],
        };
        let moment = moment.map(Hit::moment);
        let meant = |s: &&Slip| s.answer.value(moment.as_ref(), values, given).is_ok_and(|v| v.is_meant_by(&said));
        let slip = worked.wrong.iter().find(meant).filter(|_| is_last);
        (self.missed, self.repaired) = (true, false);
        self.tries += 1;
        if let Some(slip) = slip {
            (self.betrayed, self.against) = (Some(slip.betrays), slip.packet);
        }
        self.again = self.tries < TRIES;
        if self.again { Judged::Open } else { self.next_slot(missing.len()) }
    }

    fn next_slot(&mut self, of: usize) -> Judged {
        self.slots += 1;
        self.tries = 0;
        if self.slots >= of { self.finish() } else { Judged::Open }
    }
}

impl Worked {
    /// What each step gives; fewer where one cannot be computed.
    pub(super) fn values(&self, example: usize, hit: Option<&Hit>) -> Vec<Value> {
        let given: &[(String, String)] = match self.on.get(example).map(|on| &on.it) {
            Some(Example::Given(pairs)) => pairs,
            _ => &[],
        };
        let moment = hit.map(Hit::moment);
        let mut values = Vec::new();
        for step in &self.steps {
            let Ok(value) = step.value.value(moment.as_ref(), &values, given) else { break };
            values.push(value);
        }
        values
    }
}

impl Ask {
    /// The packet that the question speaks of.
    pub(super) fn about<'t>(&self, trace: &'t Trace, page: usize) -> Option<&'t Hit> {
        match self.of {
            Some(id) => trace.probe(id),
            None => trace.shown_before(page),
        }
    }

    /// The right answer in words.
    pub(super) fn answer(&self, of: Option<&Hit>) -> String {
        let moment = of.map(Hit::moment);
        let fill = |t: &crate::tutor::Template| moment.as_ref().map_or_else(|| t.plain(), |m| t.fill(m));
        match &self.kind {
            AskKind::Choices(choices) | AskKind::Impossible(choices) => {
                choices.iter().find(|c| c.right).map_or(String::new(), |c| fill(&c.text))
            }
            AskKind::Typed(typed) => typed.answer.value(moment.as_ref(), &[], &[]).map_or(String::new(), |v| v.shown()),
            AskKind::Order(steps) => steps.iter().map(|s| fill(&s.text)).collect::<Vec<_>>().join(" → "),
            AskKind::Mark(def) => match self.span(of) {
                Some(span) if span.len() == 1 => format!("{}: byte {} of the frame", def.label, span.start),
                Some(span) => format!("{}: bytes {} to {} of the frame", def.label, span.start, span.end - 1),
                None => def.label.to_owned(),
            },
        }
    }

    /// The bytes that are to be marked.
    pub(super) fn span(&self, of: Option<&Hit>) -> Option<Range<usize>> {
        let AskKind::Mark(def) = &self.kind else { return None };
        let field = of?.packet.all(def.it).last()?;
        (field.span.buf == 0 && field.span.len > 0).then(|| field.span.start as usize..field.span.end() as usize)
    }
}

/// The places 0 to `n`, shuffled by a name; never in order.
pub(super) fn shuffled(n: usize, name: &str) -> Vec<usize> {
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

    #[test]
    fn a_second_attempt_is_open_and_the_first_one_counts() {
        let mut sheet = Sheet::default();
        assert_eq!(sheet.attempt(false, None), Judged::Open);
        assert!(sheet.again && sheet.done.is_none());
        assert_eq!(sheet.attempt(true, None), Judged::Done);
        assert_eq!(sheet.done, Some(Mark::Wrong), "it was wrong at first");
        let mut sheet = Sheet::default();
        assert_eq!(sheet.attempt(true, None), Judged::Done);
        assert_eq!(sheet.done, Some(Mark::Right));
    }

    #[test]
    fn bytes_are_marked_from_either_end() {
        let mut sheet = Sheet { cursor: 7, anchor: Some(4), ..Sheet::default() };
        assert_eq!(sheet.marking(), 4..8);
        sheet.cursor = 2;
        assert_eq!(sheet.marking(), 2..5);
        assert_eq!(sheet.marked(Some(&(2..5))), Judged::Done);
    }

    #[test]
    fn no_answer_grows_without_end() {
        let mut sheet = Sheet::default();
        (0..10_000).for_each(|_| sheet.write('x'));
        sheet.write('\u{1b}');
        assert_eq!(sheet.typed.len(), LONGEST);
    }
}
