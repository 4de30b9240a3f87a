//! Finding a lesson's packets in a source: the first conversation that has them all, in order; where
//! none has, the one that has most. A lesson about a whole capture takes its packets from all of it.

use super::compute::Expr;
use super::error::Placed;
use super::format::{Lesson, Page, Probe, ProbeId, Proof, Scope, Wanted};
use super::hosts::Hosts;
use crate::filter::Filter;
use crate::flow::reader::Reader;
use crate::flow::{Connection, Endpoint, Event, Limits, State, Tracker};
use crate::model::{KERNEL, Packet, Remark, Value};
use crate::proto::memory::Ends;
use crate::proto::stream::Upgrade;
use crate::proto::{arp, ethernet, frame, ipv4, ipv6, tcp};
use crate::source::{Source, SourceError, Step};
use crate::tutor::Moment;

/// Conversations that are followed at the same time.
const MOST_CANDIDATES: usize = 256;
/// Packets that are kept of each.
const MOST_HITS: usize = 96;

/// A packet that a lesson may show.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The packet.
    pub packet: Packet,
    /// Who sent it: the client, or the one that spoke first, stands left.
    pub sender: Option<Endpoint>,
    /// Both endpoints' states after it, client then server, inferred from the segments.
    pub states: Option<[State; 2]>,
    /// The same before it.
    pub before: Option<[State; 2]>,
    /// Which frame of the lesson's conversation it is.
    pub place: u64,
    events: Vec<Event>,
    connection: Option<Connection>,
    upgrade: Option<Upgrade>,
}

/// What was found: for each page its packets. A page without any is one that the source lacks.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Indexed like [`Lesson::pages`].
    pub pages: Vec<Vec<Hit>>,
    /// Indexed like [`Lesson::probes`].
    pub probes: Vec<Option<Hit>>,
    /// The TCP stream that was chosen.
    pub stream: Option<u32>,
    /// Who takes part.
    pub hosts: Hosts,
}

/// Looks at one packet after the other.
#[derive(Debug)]
pub struct Finder<'l> {
    lesson: &'l Lesson,
    /// The pages that show packets.
    wanted: Vec<usize>,
    candidates: Vec<Candidate>,
    hosts: Hosts,
}

#[derive(Debug)]
struct Candidate {
    stream: Option<u32>,
    /// The number of its first packet.
    born: u64,
    /// How many of its frames have been seen.
    frames: u64,
    hits: Vec<(u64, Hit)>,
    probes: Vec<Seen>,
    /// The address of whoever spoke first, where no connection says who is the client.
    first: Option<Vec<u8>>,
    /// How many packets the lesson has got so far, strictly in order.
    next: (usize, usize),
}

/// The candidate that has most, so far.
struct Best<'c> {
    /// How many steps, then how many probes have their packets.
    score: (usize, usize),
    /// For each step the hit that begins it.
    chosen: Vec<Option<usize>>,
    candidate: &'c Candidate,
}

/// What was seen of one probe.
#[derive(Debug, Default)]
struct Seen {
    /// How often it matched.
    count: u64,
    hit: Option<Hit>,
    /// The filter for the answer, once that is known.
    filter: Option<Filter>,
}

/// Feeds a finder until a conversation has everything, or the source ends; what ends it too early comes
/// beside what was found. `hosts` are those that are known before.
pub fn search(
    lesson: &Lesson,
    hosts: Hosts,
    source: &mut dyn Source,
    stop: &mut dyn FnMut() -> bool,
) -> (Trace, Result<(), SourceError>) {
    let mut finder = Finder::new(lesson).among(hosts);
    let mut reader = Reader::new(Limits::default());
    let ended = loop {
        if stop() {
            break Ok(());
        }
        match reader.next(source) {
            Ok(Step::Frame) if finder.take(&reader.packet, &reader.tracker) => break Ok(()),
            Ok(Step::Frame | Step::Idle) => {}
            Ok(Step::End) => break Ok(()),
            Err(e) => break Err(e),
        }
    };
    (finder.finish(), ended)
}

impl<'l> Finder<'l> {
    /// For a lesson of at most 64 pages that show packets.
    pub fn new(lesson: &'l Lesson) -> Self {
        let wanted = lesson.pages.iter().enumerate().filter(|(_, p)| p.show().is_some()).map(|(i, _)| i).take(64);
        Self { lesson, wanted: wanted.collect(), candidates: Vec::new(), hosts: Hosts::new(lesson.osi) }
    }

    /// With hosts that are known before their packets come.
    #[must_use]
    pub fn among(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// Takes a packet, right after `tracker` served its walk. `true`: a conversation has everything.
    pub fn take(&mut self, packet: &Packet, tracker: &Tracker) -> bool {
        // What an ICMP error quotes was sent by somebody else, before: no step of a lesson is that.
        let own = packet.unquoted();
        let seen = own.as_ref().unwrap_or(packet);
        self.hosts.see(seen);
        let mut matched = 0u64;
        for (bit, &page) in self.wanted.iter().enumerate() {
            let show = self.lesson.pages.get(page).and_then(|p| p.show());
            matched |= u64::from(show.is_some_and(|s| s.filter.matches(seen))) << bit;
        }
        let mut useful = matched != 0;
        let picks: Vec<bool> = self
            .lesson
            .probes
            .iter()
            .map(|probe| match &probe.what {
                Wanted::Pick(pick) => pick.matches(seen),
                Wanted::Answer { .. } => false,
            })
            .collect();
        useful |= picks.contains(&true);
        let stream = match self.lesson.scope {
            Scope::Capture => None,
            Scope::Conversation => tracker.current().map(|c| c.number),
        };
        let known = self.candidates.iter().position(|c| c.stream == stream);
        let index = match known {
            Some(index) => index,
            None if !useful => return self.wanted.is_empty() && self.lesson.probes.is_empty(),
            None => self.begin(stream, packet),
        };
        let lesson = self.lesson;
        let frames: Vec<usize> = self.wanted.iter().map(|&p| self.frames(p)).collect();
        let Some(candidate) = self.candidates.get_mut(index) else { return false };
        candidate.frames += 1;
        let place = candidate.frames;
        let mut hit = None;
        let make = |first: Option<&[u8]>| Hit { place, ..Hit::new(packet, tracker, first) };
        for (probe, id) in candidate.probes.iter_mut().zip(0..) {
            if probe.hit.is_none() && probe.wants(lesson.probes.get(id), picks.get(id) == Some(&true)) {
                probe.hit = Some(hit.get_or_insert_with(|| make(candidate.first.as_deref())).clone());
            }
        }
        candidate.answers(lesson);
        for probe in candidate.probes.iter_mut().filter(|s| s.hit.is_none()) {
            if probe.filter.as_ref().is_some_and(|f| f.matches(seen)) {
                probe.hit = Some(hit.get_or_insert_with(|| make(candidate.first.as_deref())).clone());
            }
        }
        if matched != 0 {
            let hit = hit.unwrap_or_else(|| make(candidate.first.as_deref()));
            candidate.step(matched, hit, &frames);
        }
        let done = |(seen, probe): (&Seen, &Probe)| seen.hit.is_some() || !probe.needed;
        candidate.next.0 >= self.wanted.len() && candidate.probes.iter().zip(&lesson.probes).all(done)
    }

    /// A new candidate; where there are too many, in the place of the oldest of those that have least.
    fn begin(&mut self, stream: Option<u32>, packet: &Packet) -> usize {
        let probes = self.lesson.probes.iter().map(|_| Seen::default()).collect();
        let first = Hit::source(packet);
        let new = Candidate { stream, born: packet.number, frames: 0, hits: Vec::new(), probes, first, next: (0, 0) };
        if self.candidates.len() < MOST_CANDIDATES {
            self.candidates.push(new);
            return self.candidates.len() - 1;
        }
        let poorest = self.candidates.iter().enumerate().min_by_key(|(_, c)| (c.next, c.born)).map_or(0, |(i, _)| i);
        if let Some(slot) = self.candidates.get_mut(poorest) {
            *slot = new;
        }
        poorest
    }

    /// The best of what was seen.
    pub fn finish(mut self) -> Trace {
        self.candidates.sort_by_key(|c| c.born);
        let mut best: Option<Best<'_>> = None;
        for candidate in &self.candidates {
            let chosen = self.align(candidate);
            let score = (chosen.iter().flatten().count(), candidate.probes.iter().filter(|s| s.hit.is_some()).count());
            if best.as_ref().is_none_or(|best| score > best.score) {
                best = Some(Best { score, chosen, candidate });
            }
        }
        let mut trace = Trace {
            pages: self.lesson.pages.iter().map(|_| Vec::new()).collect(),
            probes: self.lesson.probes.iter().map(|_| None).collect(),
            stream: None,
            hosts: std::mem::take(&mut self.hosts),
        };
        let Some(Best { chosen, candidate, .. }) = best else { return trace };
        trace.stream = candidate.stream;
        trace.probes = candidate.probes.iter().map(|seen| seen.hit.clone()).collect();
        for (bit, (first, &page)) in chosen.iter().zip(&self.wanted).enumerate() {
            let Some(first) = *first else { continue };
            let frames = self.frames(page);
            let hits = candidate.hits.iter().skip(first).filter(|(m, _)| m >> bit & 1 == 1).take(frames);
            if let Some(slot) = trace.pages.get_mut(page) {
                slot.extend(hits.map(|(_, h)| h.clone()));
            }
        }
        let hits = trace.pages.iter().flatten().chain(trace.probes.iter().flatten());
        trace.hosts.settle(hits.map(|hit| (&hit.packet, hit.sender)));
        trace
    }

    fn frames(&self, page: usize) -> usize {
        self.lesson.pages.get(page).and_then(|p| p.show()).map_or(1, |s| s.frames)
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
}

impl Candidate {
    /// Keeps a packet that pages may show.
    fn step(&mut self, matched: u64, hit: Hit, frames: &[usize]) {
        let (step, had) = self.next;
        let useful = step < frames.len() && matched >> step & 1 == 1;
        // Packets that come in order are kept in any case; of the others, only so many.
        if useful || self.hits.len() < MOST_HITS {
            self.hits.push((matched, hit));
        }
        if useful {
            let full = had + 1 >= frames.get(step).copied().unwrap_or(1);
            self.next = if full { (step + 1, 0) } else { (step, had + 1) };
        }
    }

    /// Makes the filters of those probes whose answer can now be computed.
    fn answers(&mut self, lesson: &Lesson) {
        for (id, probe) in lesson.probes.iter().enumerate() {
            let Wanted::Answer { proof, of, answer } = &probe.what else { continue };
            if self.probes.get(id).is_none_or(|seen| seen.filter.is_some()) {
                continue;
            }
            let filter = self.answer(*of, answer, proof);
            if let Some(seen) = self.probes.get_mut(id) {
                seen.filter = filter;
            }
        }
    }

    fn answer(&self, of: ProbeId, answer: &Expr, proof: &Placed<Proof>) -> Option<Filter> {
        let hit = self.probes.get(of)?.hit.as_ref()?;
        let value = answer.value(Some(&hit.moment()), &[], &[]).ok()?;
        proof.with(&value.to_string())
    }
}

impl Seen {
    /// Whether the packet is the one that a probe by filter wants.
    fn wants(&mut self, probe: Option<&Probe>, matches: bool) -> bool {
        let Some(Wanted::Pick(pick)) = probe.map(|p| &p.what) else { return false };
        self.count += u64::from(matches);
        matches && self.count == pick.nth
    }
}

/// The innermost address that a packet comes from; one that an error of ICMP quotes is another packet's.
fn source_of(packet: &Packet) -> Option<&[u8]> {
    let own = || packet.layers.iter().rev().filter(|l| !l.quoted);
    let of = |def| {
        own().find_map(|l| packet.field_in(l, def)).and_then(|f| match f.value {
            Value::Bytes(s) => Some(packet.bytes(s)),
            _ => None,
        })
    };
    of(&ipv4::SRC).or_else(|| of(&ipv6::SRC)).or_else(|| of(&arp::SRC_IPV4)).or_else(|| of(&ethernet::SRC))
}

impl Hit {
    /// A packet, right after `tracker` served its walk; `first` is the address of whoever spoke first.
    pub(super) fn new(packet: &Packet, tracker: &Tracker, first: Option<&[u8]>) -> Self {
        let moment = Moment::new(packet, tracker);
        let current = tracker.current();
        let connection = current.and_then(|c| tracker.connection(c));
        let mut before = connection.map(|c| c.states);
        for event in tracker.events().iter().rev() {
            if let (Event::StateChanged { endpoint, from, .. }, Some([client, server])) = (event, &mut before) {
                *(if *endpoint == Endpoint::Client { client } else { server }) = *from;
            }
        }
        let by_address = first.map(|first| {
            let own = source_of(packet) == Some(first) || packet.octets(&ethernet::SRC) == Some(first);
            if own { Endpoint::Client } else { Endpoint::Server }
        });
        Self {
            packet: packet.clone(),
            events: tracker.events().to_vec(),
            sender: current.zip(connection).map(|(c, k)| k.sender(c.forward)).or(by_address),
            states: connection.map(|c| c.states),
            before,
            place: packet.number,
            connection,
            upgrade: moment.upgrade.cloned(),
        }
    }

    /// Where a packet comes from, for [`Hit::new`].
    /// Whoever has no address yet (0.0.0.0, ::) is known by its card.
    pub(super) fn source(packet: &Packet) -> Option<Vec<u8>> {
        let source = source_of(packet)?;
        let none = source.iter().all(|b| *b == 0);
        let known = if none { packet.octets(&ethernet::SRC).unwrap_or(source) } else { source };
        Some(known.to_vec())
    }

    /// What is said beside it: by the simulated network that it comes from, or by whoever kept it.
    pub fn said(&self) -> Option<&str> {
        let own = self.comment().split(KERNEL).next().unwrap_or_default().trim_end();
        (!own.is_empty()).then_some(own)
    }

    /// What the kernels of both its ends knew when it passed, a line each: only a live lab says so.
    pub fn kernel(&self) -> impl Iterator<Item = &str> {
        self.comment().lines().filter(|line| line.starts_with(KERNEL))
    }

    fn comment(&self) -> &str {
        self.packet.octets(&frame::COMMENT).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// The number of its TCP connection.
    pub fn stream(&self) -> Option<u32> {
        self.connection.as_ref().and_then(|_| self.packet.uint(&tcp::STREAM)).and_then(|n| u32::try_from(n).ok())
    }

    /// Whether the simulated network lost it on its way.
    pub fn is_lost(&self) -> bool {
        self.packet.remark.is_some_and(Remark::is_loss)
    }

    /// The moment of this packet, to be explained.
    pub fn moment(&self) -> Moment<'_> {
        Moment {
            packet: &self.packet,
            events: &self.events,
            connection: self.connection,
            upgrade: self.upgrade.as_ref(),
        }
    }
}

impl Trace {
    /// Whether any page has a packet.
    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(Vec::is_empty)
    }

    /// How many steps of a lesson have their packets, and say what holds for them.
    pub fn found(&self, lesson: &Lesson) -> usize {
        let holds = |page: &Page| page.when.is_none_or(|id| self.probe(id).is_some());
        let steps = self.pages.iter().zip(&lesson.pages).filter(|(_, page)| page.show().is_some());
        steps.filter(|(hits, page)| !hits.is_empty() && holds(page)).count()
    }

    /// Whether that is enough to play it: half of the steps, or two that are a quarter. Of the others, the lesson says
    /// what is missing.
    pub fn plays(&self, lesson: &Lesson) -> bool {
        let (found, all) = (self.found(lesson), lesson.shows().count());
        found > 0 && (found * 2 >= all || (found >= 2 && found * 4 >= all))
    }

    /// The ends of the TCP connection that was chosen.
    pub fn ends(&self) -> Option<Ends> {
        let hits = self.pages.iter().flatten().chain(self.probes.iter().flatten());
        hits.filter_map(|hit| hit.connection.as_ref()).map(|c| c.ends).next()
    }

    /// The packet of a probe.
    pub fn probe(&self, id: ProbeId) -> Option<&Hit> {
        self.probes.get(id)?.as_ref()
    }

    /// The packet that was shown last before a page.
    pub fn shown_before(&self, page: usize) -> Option<&Hit> {
        self.pages.iter().take(page).rev().find_map(|hits| hits.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::simulate;

    /// Who sent the first packet of each filter, seen from `at`.
    fn senders(scenario: &str, at: &str, filters: [&str; 2]) -> Vec<Option<Endpoint>> {
        let show =
            |filter| format!("```show\nfilter = '{filter}'\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n");
        let front = format!("source = {{ scenario = '{scenario}', seed = 1, at = '{at}' }}\nscope = 'capture'");
        let front = format!("+++\nid = 'x'\ntitle = 'T'\nosi = 'network'\nminutes = 1\n{front}\n+++\n");
        let text = format!("{front}{}", filters.map(show).concat());
        let lesson = Lesson::parse("10-x.md", &text).unwrap_or_else(|e| panic!("{e}"));
        let trace = simulate::trace(&lesson, None).unwrap();
        trace.pages.iter().map(|hits| hits[0].sender).collect()
    }

    #[test]
    fn an_error_of_icmp_comes_from_the_router_and_not_from_the_packet_that_it_quotes() {
        let both = senders("routers", "client", ["udp && !icmp", "icmp.type == 11"]);
        assert_eq!(both, [Some(Endpoint::Client), Some(Endpoint::Server)]);
    }

    #[test]
    fn a_frame_is_counted_in_its_own_conversation() {
        let show = |flags| {
            format!("```show\nfilter = 'tcp.flags == {flags}'\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n")
        };
        let front = "+++\nid = 'x'\ntitle = 'T'\nosi = 'transport'\nminutes = 1\nsource = { scenario = 'ports', seed = 1 }\n+++\n";
        let text = format!("{front}{}{}", show("0x002"), show("0x012"));
        let lesson = Lesson::parse("10-x.md", &text).unwrap_or_else(|e| panic!("{e}"));
        let trace = simulate::trace(&lesson, None).unwrap();
        let [syn, answer] = [0, 1].map(|page| &trace.pages[page][0]);
        assert!(answer.packet.number > syn.packet.number + 1, "two more connections are opened between them");
        assert_eq!((syn.place, answer.place), (1, 2));
    }

    #[test]
    fn who_got_its_address_meanwhile_is_still_the_client() {
        let both = senders("web-request", "laptop", ["dhcp.option.dhcp == 1", "dns.flags.response == 0"]);
        assert_eq!(both, [Some(Endpoint::Client), Some(Endpoint::Client)]);
    }

    #[test]
    fn a_filter_does_not_match_what_an_error_of_icmp_quotes() {
        let lesson = "+++\nid = 'x'\ntitle = 'T'\nosi = 'network'\nminutes = 1\nscope = 'capture'\nsource = { scenario = 'routers', seed = 1, at = 'client' }\n+++\n```show\nfilter = 'udp && icmp'\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n";
        let lesson = Lesson::parse("10-x.md", lesson).unwrap_or_else(|e| panic!("{e}"));
        assert!(simulate::trace(&lesson, None).unwrap().is_empty());
    }
}
