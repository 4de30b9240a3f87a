//! From a capture to a paper: each packet goes to every kind of question, and a paper is drawn from what they made.

use super::pairs::Messages;
use super::segments::Connections;
use super::{Line, Pool, fields};
use crate::ask::question::{Kind, Question};
use crate::flow::Tracker;
use crate::model::Packet;
use crate::rng::Rng;

/// Makes questions from the packets of one capture.
pub struct Maker {
    pool: Pool,
    line: Line,
    connections: Connections,
    messages: Messages,
}

impl Maker {
    /// For a capture that ids call `source`. Keeps at most `keep` questions of each of `kinds`, and all of `wanted`
    /// (kind and frame) that it meets.
    pub fn new(source: &str, seed: u64, kinds: &[Kind], keep: usize, wanted: Vec<(Kind, u64)>, line: Line) -> Self {
        Self {
            pool: Pool::new(source, seed, kinds, keep, wanted),
            line,
            connections: Connections::default(),
            messages: Messages::default(),
        }
    }

    /// Takes a packet, right after `tracker` served its walk.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) {
        fields::take(packet, self.line, &mut self.pool);
        let segment = self.connections.take(packet, tracker, self.line, &mut self.pool);
        self.messages.take(packet, segment, &self.connections, self.line, &mut self.pool);
    }

    /// Those missed before that were found again, and a sample of the others; both by kind, then by frame.
    pub fn finish(mut self) -> (Vec<Question>, Vec<Question>) {
        self.messages.finish(&self.connections, &mut self.pool);
        self.pool.finish()
    }
}

/// Those of the ids that are questions of this source: kind and frame.
pub fn wanted(source: &str, due: &[String]) -> Vec<(Kind, u64)> {
    let all = due.iter().filter_map(|id| Question::read_id(id)).filter(|(of, ..)| *of == source);
    all.map(|(_, kind, frame)| (kind, frame)).collect()
}

/// First what was missed, then others up to `count`.
pub fn fill(again: Vec<Question>, fresh: Vec<Question>, seed: u64, count: usize) -> Vec<Question> {
    let mut questions = again;
    questions.truncate(count);
    let fresh: Vec<Question> = fresh.into_iter().filter(|q| questions.iter().all(|o| o.id != q.id)).collect();
    questions.extend(choose(fresh, seed, count - questions.len()));
    questions
}

/// Draws a paper of at most `count` from the pool: one kind after the other, so that all get their turn.
fn choose(pool: Vec<Question>, seed: u64, count: usize) -> Vec<Question> {
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
    use super::super::tests::draft;
    use super::*;

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
