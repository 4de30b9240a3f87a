//! Finding a lesson's packets in a source: the first conversation that has them all, in order; where
//! none has, the one that has most.

use super::format::Lesson;
use crate::flow::{Connection, Endpoint, Event, State, Tracker};
use crate::model::Packet;
use crate::proto::stream::Upgrade;
use crate::tutor::{Audience, Moment};
use std::sync::Arc;

/// Conversations that are followed at the same time.
const MOST_CANDIDATES: usize = 256;
/// Packets that are kept of each.
const MOST_HITS: usize = 96;

/// A packet that a lesson may show.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The packet.
    pub packet: Packet,
    /// Who sent it; `None` outside a TCP connection.
    pub sender: Option<Endpoint>,
    /// Both endpoints' states after it, client then server, inferred from the segments.
    pub states: Option<[State; 2]>,
    /// The same before it.
    pub before: Option<[State; 2]>,
    events: Vec<Event>,
    connection: Option<Arc<Connection>>,
    upgrade: Option<Upgrade>,
    /// For each page that may show it: the page's texts, filled.
    texts: Vec<(usize, [String; 3])>,
}

/// What was found: for each page its packets. A page without any is one that the source lacks.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Indexed like [`Lesson::pages`].
    pub pages: Vec<Vec<Hit>>,
    /// The TCP stream that was chosen.
    pub stream: Option<u32>,
}

/// Looks at one packet after the other.
#[derive(Debug)]
pub struct Finder<'l> {
    lesson: &'l Lesson,
    /// The pages that show packets.
    wanted: Vec<usize>,
    candidates: Vec<Candidate>,
}

#[derive(Debug)]
struct Candidate {
    stream: Option<u32>,
    hits: Vec<(u64, Hit)>,
    /// How many packets the lesson has got so far, strictly in order.
    next: (usize, usize),
}

impl<'l> Finder<'l> {
    /// For a lesson of at most 64 pages that show packets.
    pub fn new(lesson: &'l Lesson) -> Self {
        let wanted =
            lesson.pages.iter().enumerate().filter(|(_, p)| p.show.is_some()).map(|(i, _)| i).take(64).collect();
        Self { lesson, wanted, candidates: Vec::new() }
    }

    /// Takes a packet, right after `tracker` served its walk. `true`: a conversation has everything.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) -> bool {
        let mut matched = 0u64;
        for (bit, &page) in self.wanted.iter().enumerate() {
            let show = self.lesson.pages.get(page).and_then(|p| p.show.as_ref());
            matched |= u64::from(show.is_some_and(|s| s.filter.matches(packet))) << bit;
        }
        if matched == 0 {
            return self.wanted.is_empty();
        }
        let current = tracker.current();
        let stream = current.map(|c| c.number);
        let known = self.candidates.iter().position(|c| c.stream == stream);
        let index = match known {
            Some(i) => i,
            None if self.candidates.len() < MOST_CANDIDATES => {
                self.candidates.push(Candidate { stream, hits: Vec::new(), next: (0, 0) });
                self.candidates.len() - 1
            }
            None => return false,
        };
        let hit = self.hit(packet, tracker, matched);
        let frames: Vec<usize> = self.wanted.iter().map(|&p| self.frames(p)).collect();
        let Some(candidate) = self.candidates.get_mut(index) else { return false };
        let (step, had) = candidate.next;
        let useful = matched >> step & 1 == 1;
        // Packets that come in order are kept in any case; of the others, only so many.
        if useful || candidate.hits.len() < MOST_HITS {
            candidate.hits.push((matched, hit));
        }
        if useful {
            let full = had + 1 >= frames.get(step).copied().unwrap_or(1);
            candidate.next = if full { (step + 1, 0) } else { (step, had + 1) };
        }
        candidate.next.0 >= self.wanted.len()
    }

    /// The best of what was seen.
    pub fn finish(self) -> Trace {
        let mut best: Option<(usize, Vec<Option<usize>>, &Candidate)> = None;
        for candidate in &self.candidates {
            let chosen = self.align(candidate);
            let score = chosen.iter().flatten().count();
            if best.as_ref().is_none_or(|(s, ..)| score > *s) {
                best = Some((score, chosen, candidate));
            }
        }
        let mut trace = Trace { pages: self.lesson.pages.iter().map(|_| Vec::new()).collect(), stream: None };
        let Some((_, chosen, candidate)) = best else { return trace };
        trace.stream = candidate.stream;
        for (bit, (first, &page)) in chosen.iter().zip(&self.wanted).enumerate() {
            let Some(first) = *first else { continue };
            let frames = self.frames(page);
            let hits = candidate.hits.iter().skip(first).filter(|(m, _)| m >> bit & 1 == 1).take(frames);
            if let Some(slot) = trace.pages.get_mut(page) {
                slot.extend(hits.map(|(_, h)| h.clone()));
            }
        }
        trace
    }

    fn frames(&self, page: usize) -> usize {
        self.lesson.pages.get(page).and_then(|p| p.show.as_ref()).map_or(1, |s| s.frames)
    }

    /// For each step the hit that begins it, so that as many steps as possible have one, in order
    /// (the longest common subsequence of steps and hits).
    fn align(&self, candidate: &Candidate) -> Vec<Option<usize>> {
        let (steps, hits) = (self.wanted.len(), candidate.hits.len());
        let width = hits + 1;
        let mut best = vec![0u16; (steps + 1) * width];
        let at = |s: usize, h: usize| s * width + h;
        for s in (0..steps).rev() {
            for h in (0..hits).rev() {
                let mut value = best[at(s + 1, h)].max(best[at(s, h + 1)]);
                if candidate.hits[h].0 >> s & 1 == 1 {
                    value = value.max(best[at(s + 1, (h + self.frames(self.wanted[s])).min(hits))] + 1);
                }
                best[at(s, h)] = value;
            }
        }
        let mut chosen = vec![None; steps];
        let (mut s, mut h) = (0, 0);
        while s < steps && h < hits {
            let matches = candidate.hits[h].0 >> s & 1 == 1;
            let after = (h + self.frames(self.wanted[s])).min(hits);
            if matches && best[at(s, h)] == best[at(s + 1, after)] + 1 {
                chosen[s] = Some(h);
                (s, h) = (s + 1, after);
            } else if best[at(s, h)] == best[at(s + 1, h)] {
                // Nothing is lost without this step, and the later ones get their earliest packets.
                s += 1;
            } else {
                h += 1;
            }
        }
        chosen
    }

    fn hit(&self, packet: &Packet, tracker: &Tracker, matched: u64) -> Hit {
        let moment = Moment::new(packet, tracker);
        let current = tracker.current();
        let connection = current.and_then(|c| tracker.connection(c));
        let mut before = connection.map(|c| c.states);
        for event in tracker.events().iter().rev() {
            if let (Event::StateChanged { endpoint, from, .. }, Some([client, server])) = (event, &mut before) {
                *(if *endpoint == Endpoint::Client { client } else { server }) = *from;
            }
        }
        let mut texts = Vec::new();
        for (bit, &page) in self.wanted.iter().enumerate().filter(|(bit, _)| matched >> bit & 1 == 1) {
            let Some(show) = self.lesson.pages.get(page).and_then(|p| p.show.as_ref()) else { continue };
            debug_assert!(matched >> bit & 1 == 1);
            texts.push((page, Audience::ALL.map(|a| show.text(a).fill(&moment))));
        }
        Hit {
            packet: packet.clone(),
            events: tracker.events().to_vec(),
            sender: current.zip(connection).map(|(c, k)| k.sender(c.forward)),
            states: connection.map(|c| c.states),
            before,
            connection: connection.map(|c| Arc::new(c.snapshot())),
            upgrade: moment.upgrade.cloned(),
            texts,
        }
    }
}

impl Hit {
    /// The moment of this packet, to be explained.
    pub fn moment(&self) -> Moment<'_> {
        Moment {
            packet: &self.packet,
            events: &self.events,
            connection: self.connection.as_deref(),
            upgrade: self.upgrade.as_ref(),
        }
    }

    /// What a page says of this packet.
    pub fn text(&self, page: usize, audience: Audience) -> &str {
        let index = match audience {
            Audience::Newcomer => 0,
            Audience::Student => 1,
            Audience::Engineer => 2,
        };
        self.texts.iter().find(|(p, _)| *p == page).and_then(|(_, t)| t.get(index)).map_or("", String::as_str)
    }
}

impl Trace {
    /// Whether any page has a packet.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(Vec::is_empty)
    }

    /// How many pages have their packets.
    pub fn found(&self) -> usize {
        self.pages.iter().filter(|hits| !hits.is_empty()).count()
    }
}
