//! Questions made from any capture, in one pass, and memory that does not grow with the capture.
//!
//! Here is what all kinds use: a `Draft` is a question before it has its id, the `Pool` keeps a sample of each kind,
//! drawn so that every candidate has the same chance (Vitter's algorithm R, 1985); the text of a question is only made for
//! one that is drawn. The kinds: `fields` (one packet says it all), `segments` (one TCP segment follows from another),
//! `pairs` (a question and its answer), [`puzzle`] (the begin of a connection). [`paper`] conducts them.

mod fields;
mod pairs;
pub mod paper;
pub mod puzzle;
mod segments;

use super::question::{Kind, Proof, Question};
use super::task::{Candidate, Choice, Slip, Task};
use super::value::Value;
use crate::model::{Identity, Layer, Packet, show};
use crate::proto::{ipv4, ipv6, tcp};
use crate::rng::Rng;

/// Appends a packet's line, without its number: who to whom, and what it says. The view gives it.
pub type Line = fn(&Packet, &mut String);

/// The questions so far: of each kind a sample.
struct Pool {
    source: String,
    seed: u64,
    keep: usize,
    samples: Vec<Sample>,
    /// Questions that are wanted in any case: those missed before.
    wanted: Vec<(Kind, u64)>,
    found: Vec<Question>,
}

struct Sample {
    kind: Kind,
    rng: Rng,
    seen: u64,
    kept: Vec<Question>,
}

/// A question before it has its id.
struct Draft {
    pub prompt: String,
    pub shown: Vec<String>,
    pub task: Task,
    pub filter: String,
    /// The frame that proves it.
    pub frame: u64,
    pub line: String,
    pub why: String,
}

impl Pool {
    fn new(source: &str, seed: u64, kinds: &[Kind], keep: usize, wanted: Vec<(Kind, u64)>) -> Self {
        let sample = |&kind: &Kind| Sample { kind, rng: dice(seed, kind, 0), seen: 0, kept: Vec::new() };
        let samples = kinds.iter().map(sample).collect();
        Self { source: source.to_owned(), seed, keep: keep.max(1), samples, wanted, found: Vec::new() }
    }

    /// Offers a candidate about `frame`. `make` is called if it is drawn; `None` says that it was none.
    fn offer(&mut self, kind: Kind, frame: u64, make: impl FnOnce(&mut Rng) -> Option<Draft>) {
        let Some(sample) = self.samples.iter_mut().find(|s| s.kind == kind) else { return };
        let wanted = self.wanted.contains(&(kind, frame));
        let place = if sample.kept.len() < self.keep {
            Some(sample.kept.len())
        } else {
            let place = sample.rng.below(sample.seen + 1);
            usize::try_from(place).ok().filter(|&place| place < self.keep)
        };
        if place.is_none() && !wanted {
            sample.seen += 1;
            return;
        }
        let Some(draft) = make(&mut dice(self.seed, kind, frame)) else { return };
        sample.seen += 1;
        let question = Question {
            id: Question::id_of(&self.source, kind, frame),
            kind,
            prompt: draft.prompt,
            shown: draft.shown,
            task: draft.task,
            proof: Proof { filter: draft.filter, frame: draft.frame, line: draft.line },
            why: draft.why,
        };
        if wanted {
            self.found.push(question);
        } else if let Some(place) = place {
            match sample.kept.get_mut(place) {
                Some(old) => *old = question,
                None => sample.kept.push(question),
            }
        }
    }

    fn finish(mut self) -> (Vec<Question>, Vec<Question>) {
        let by = |q: &Question| (q.kind, q.proof.frame);
        let mut fresh: Vec<Question> = self.samples.into_iter().flat_map(|s| s.kept).collect();
        fresh.sort_by_key(by);
        self.found.sort_by_key(by);
        (self.found, fresh)
    }
}

/// What decides all that is random about one question.
fn dice(seed: u64, kind: Kind, frame: u64) -> Rng {
    Rng::seeded(Rng::seeded(seed ^ ((kind as u64) << 56)).roll() ^ frame)
}

/// A choice between `right` and some `wrong` ones, in a random order. `None` where there is nothing to choose
/// from, or two would say the same.
fn choice(right: &str, wrong: Vec<Choice>, most: usize, rng: &mut Rng) -> Option<Task> {
    let mut choices = vec![Choice { text: right.to_owned(), betrays: None }];
    for one in wrong {
        if choices.len() < most && choices.iter().all(|c| c.text != one.text) {
            choices.push(one);
        }
    }
    if choices.len() < 3 {
        return None;
    }
    rng.shuffle(&mut choices);
    let right = choices.iter().position(|c| c.text == right)?;
    Some(Task::Choose { choices, right })
}

/// One of several packets, in their order. `None` where there is nothing to choose from.
fn one_packet(right: Candidate, wrong: impl IntoIterator<Item = Candidate>, most: usize) -> Option<Task> {
    let number = right.number;
    let mut packets = vec![right];
    for one in wrong {
        if packets.len() < most && packets.iter().all(|p| p.number != one.number) {
            packets.push(one);
        }
    }
    packets.sort_by_key(|p| p.number);
    (packets.len() > 2).then_some(Task::Packet { packets, right: number })
}

/// A number, and wrong ones that betray a misconception.
fn number(right: u64, slips: &[(u64, &'static str)]) -> Task {
    let slips = slips.iter().filter(|(wrong, _)| *wrong != right);
    let slip = |&(wrong, id): &(u64, _)| Slip { answer: Value::Number(wrong.into()), betrays: Some(id) };
    Task::Number { right: right.into(), slips: slips.map(slip).collect() }
}

/// The layer of this protocol, where there is exactly one, not quoted and sound.
fn only<'p>(packet: &'p Packet, proto: &'static Identity) -> Option<&'p Layer> {
    let mut all = packet.layers.iter().filter(|l| std::ptr::eq(l.proto, proto));
    let first = all.next()?;
    (all.next().is_none() && !first.quoted && first.trouble.is_none()).then_some(first)
}

/// A packet's number and line, as questions show it.
fn line_of(packet: &Packet, line: Line) -> String {
    let mut text = String::new();
    line(packet, &mut text);
    numbered(packet.number, &text)
}

fn numbered(number: u64, text: &str) -> String {
    format!("{number:>5}  {text}")
}

/// Address and port of sender and receiver of a segment.
fn ends(packet: &Packet, segment: &Layer) -> Option<[String; 2]> {
    let below = packet.layers.iter().take_while(|l| !std::ptr::eq(*l, segment));
    let network = below
        .filter(|l| std::ptr::eq(l.proto, &raw const ipv4::ABOUT) || std::ptr::eq(l.proto, &raw const ipv6::ABOUT));
    let network = network.last()?;
    let v4 = std::ptr::eq(network.proto, &raw const ipv4::ABOUT);
    let end = |v4_def, v6_def, port| {
        let field = packet.field_in(network, if v4 { v4_def } else { v6_def })?;
        let mut text = String::new();
        text.push_str(if v4 { "" } else { "[" });
        show::value(packet, field, &mut text);
        text.push_str(if v4 { ":" } else { "]:" });
        show::number(packet.uint_in(segment, port)?, &mut text);
        Some(text)
    };
    Some([end(&ipv4::SRC, &ipv6::SRC, &tcp::SRCPORT)?, end(&ipv4::DST, &ipv6::DST, &tcp::DSTPORT)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A draft about a frame, whatever it asks.
    pub(super) fn draft(frame: u64) -> Draft {
        Draft {
            prompt: String::new(),
            shown: Vec::new(),
            task: number(frame, &[]),
            filter: String::new(),
            frame,
            line: String::new(),
            why: String::new(),
        }
    }

    fn sampled(seed: u64, candidates: u64, wanted: Vec<(Kind, u64)>) -> (Vec<u64>, Vec<u64>) {
        let mut pool = Pool::new("x", seed, &[Kind::Ack], 10, wanted);
        (1..=candidates).for_each(|frame| pool.offer(Kind::Ack, frame, |_| Some(draft(frame))));
        let numbers = |list: Vec<Question>| list.iter().map(|q| q.proof.frame).collect();
        let (found, fresh) = pool.finish();
        (numbers(found), numbers(fresh))
    }

    #[test]
    fn a_sample_is_bounded_and_its_seed_decides_it() {
        let (_, first) = sampled(1, 1_000, Vec::new());
        assert_eq!(first.len(), 10);
        assert_eq!(first, sampled(1, 1_000, Vec::new()).1);
        assert_ne!(first, sampled(2, 1_000, Vec::new()).1);
    }

    #[test]
    fn every_candidate_has_the_same_chance() {
        let mut late = 0;
        for seed in 0..400 {
            late += sampled(seed, 100, Vec::new()).1.iter().filter(|&&frame| frame > 50).count();
        }
        // Half of 4,000, within six standard deviations.
        assert!((1_810..2_190).contains(&late), "{late}");
    }

    #[test]
    fn what_was_missed_before_comes_back_in_any_case() {
        for seed in 0..20 {
            assert_eq!(sampled(seed, 1_000, vec![(Kind::Ack, 777), (Kind::Seq, 5)]).0, [777]);
        }
    }
}
