//! From a capture to a paper: one pass, and memory that does not grow with the capture.
//!
//! Each kind keeps a sample of its candidates, drawn so that every one has the same chance (Vitter's
//! algorithm R, 1985). The text of a question is only made for a candidate that is drawn.

use super::pairs::Messages;
use super::segments::Talks;
use super::{Choice, Kind, Question, Task, fields};
use crate::flow::Tracker;
use crate::model::Packet;
use crate::rng::Rng;

/// Appends a packet's line, without its number: who to whom, and what it says. The view gives it.
pub type Line = fn(&Packet, &mut String);

/// Makes questions from the packets of one capture.
pub struct Maker {
    pool: Pool,
    line: Line,
    talks: Talks,
    messages: Messages,
}

/// The questions so far: of each kind a sample.
pub(crate) struct Pool {
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
pub(crate) struct Draft {
    pub prompt: String,
    pub shown: Vec<String>,
    pub task: Task,
    pub filter: String,
    /// The frame that proves it.
    pub frame: u64,
    pub line: String,
    pub why: String,
}

impl Maker {
    /// For a capture that ids call `source`. Keeps at most `keep` questions of each of `kinds`, and all of `wanted`
    /// (kind and frame) that it meets.
    pub fn new(source: &str, seed: u64, kinds: &[Kind], keep: usize, wanted: Vec<(Kind, u64)>, line: Line) -> Self {
        Self {
            pool: Pool::new(source, seed, kinds, keep, wanted),
            line,
            talks: Talks::default(),
            messages: Messages::default(),
        }
    }

    /// Takes a packet, right after `tracker` served its walk.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) {
        fields::take(packet, self.line, &mut self.pool);
        let segment = self.talks.take(packet, tracker, self.line, &mut self.pool);
        self.messages.take(packet, segment, &self.talks, self.line, &mut self.pool);
    }

    /// Those missed before that were found again, and a sample of the others; both by kind, then by frame.
    pub fn finish(mut self) -> (Vec<Question>, Vec<Question>) {
        self.messages.finish(&self.talks, &mut self.pool);
        self.pool.finish()
    }
}

impl Pool {
    pub(crate) fn new(source: &str, seed: u64, kinds: &[Kind], keep: usize, wanted: Vec<(Kind, u64)>) -> Self {
        let sample = |&kind: &Kind| Sample { kind, rng: dice(seed, kind, 0), seen: 0, kept: Vec::new() };
        let samples = kinds.iter().map(sample).collect();
        Self { source: source.to_owned(), seed, keep: keep.max(1), samples, wanted, found: Vec::new() }
    }

    /// Offers a candidate about `frame`. `make` is called if it is drawn; `None` says that it was none.
    pub(crate) fn offer(&mut self, kind: Kind, frame: u64, make: impl FnOnce(&mut Rng) -> Option<Draft>) {
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
            proof: super::Proof { filter: draft.filter, frame: draft.frame, line: draft.line },
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

    pub(crate) fn finish(mut self) -> (Vec<Question>, Vec<Question>) {
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
pub(super) fn choice(right: &str, wrong: Vec<Choice>, most: usize, rng: &mut Rng) -> Option<Task> {
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
    Some(Task::Choice { choices, right })
}

/// Draws a paper of at most `count` from the pool: one kind after the other, so that all get their turn.
pub fn choose(pool: Vec<Question>, seed: u64, count: usize) -> Vec<Question> {
    let mut rng = Rng::seeded(seed);
    let mut kinds: Vec<(Kind, Vec<Question>)> = Vec::new();
    for question in pool {
        match kinds.iter_mut().find(|(kind, _)| *kind == question.kind) {
            Some((_, list)) => list.push(question),
            None => kinds.push((question.kind, vec![question])),
        }
    }
    rng.shuffle(&mut kinds);
    for (_, list) in &mut kinds {
        rng.shuffle(list);
    }
    let mut paper = Vec::new();
    while paper.len() < count && kinds.iter().any(|(_, list)| !list.is_empty()) {
        let room = count - paper.len();
        paper.extend(kinds.iter_mut().filter_map(|(_, list)| list.pop()).take(room));
    }
    paper
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(frame: u64) -> Draft {
        Draft {
            prompt: String::new(),
            shown: Vec::new(),
            task: Task::Number { right: frame, traps: Vec::new() },
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

    #[test]
    fn a_paper_gives_each_kind_its_turn() {
        let mut pool = Pool::new("x", 1, &[Kind::Ack, Kind::Seq, Kind::Flags], 20, Vec::new());
        for frame in 0..20 {
            for kind in [Kind::Ack, Kind::Seq] {
                pool.offer(kind, frame, |_| Some(draft(frame)));
            }
        }
        pool.offer(Kind::Flags, 3, |_| Some(draft(3)));
        let paper = choose(pool.finish().1, 5, 7);
        let of = |kind| paper.iter().filter(|q| q.kind == kind).count();
        assert_eq!((of(Kind::Ack), of(Kind::Seq), of(Kind::Flags)), (3, 3, 1));
    }
}
