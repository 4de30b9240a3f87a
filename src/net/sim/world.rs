//! The world: a virtual clock, hosts, wires, and the agenda of what happens next.
//!
//! [`Simulation`] is a [`Source`]: each call lets the world go on just as far as the next frame that the
//! watched host's card sends or receives. So a capture of any length is never held in memory.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use super::host::Host;
use super::wire::Link;
use crate::model::{Interface, LinkType, RawFrame, Time};
use crate::net::rng::Rng;
use crate::net::scenario::Scenario;
use crate::source::{Source, SourceError, Step};

/// When every simulation begins: 2026-01-01T00:00:00Z.
pub const START: Time = Time(1_767_225_600_000_000_000);
/// How long behind another a frame arrives that comes twice, or was overtaken.
const TWIN: Duration = Duration::from_micros(5);
/// No scenario goes on for longer than this.
const LIMIT: Duration = Duration::from_mins(10);

/// What becomes of a frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver,
    /// It is lost.
    Drop,
    /// It arrives so much later.
    Delay(Duration),
    /// It arrives twice.
    Duplicate,
    /// It arrives with the last bit turned over.
    Corrupt,
    /// It arrives just after the next frame that its sender sends; never, if there is none.
    Overtake,
}

impl Fate {
    /// What the capture remarks on a frame that meets this fate.
    pub(in crate::net) fn remark(self) -> &'static str {
        match self {
            Self::Deliver => "",
            Self::Drop => "simulated fault: lost on the way",
            Self::Delay(_) => "simulated fault: late",
            Self::Duplicate => "simulated fault: arrives twice",
            Self::Corrupt => "simulated fault: one bit is turned over on the way",
            Self::Overtake => "simulated fault: held back until the next one has passed",
        }
    }
}

/// Decides each frame's fate. Frames are numbered as they are sent, from 1, over all wires: see
/// [`Simulation::sent_as`].
pub type Fault = Box<dyn FnMut(&RawFrame) -> Fate + Send>;

/// Hosts on wires, seen from one host's card; from the first one's, unless it is told otherwise.
pub struct Simulation {
    now: Duration,
    hosts: Vec<Host>,
    /// When each host has something to do by itself.
    wakes: Vec<Option<Duration>>,
    links: Vec<Link>,
    agenda: BinaryHeap<Reverse<Entry>>,
    entries: u64,
    fault: Option<Fault>,
    rng: Rng,
    /// The host whose card we watch, and the name that the capture gives it.
    watched: usize,
    interface: Arc<Interface>,
    captured: u64,
    sent: RawFrame,
    /// Frames on their way that the sender's next one will overtake.
    overtaken: Vec<Way>,
    /// The number, as sent, of the frame that was given last.
    given: u64,
}

/// A frame on a wire.
#[derive(Clone)]
struct Way {
    from: usize,
    to: usize,
    /// Its number as sent, over all wires.
    number: u64,
    remark: &'static str,
    frame: Vec<u8>,
}

/// Something that will happen at a known moment.
struct Entry {
    at: Duration,
    /// Of two at the same moment, the one entered first comes first.
    order: u64,
    event: Event,
}

enum Event {
    /// The first bit leaves a card; the last will arrive at the moment given.
    Leaves { from: usize, to: usize, arrives: Duration, frame: Vec<u8> },
    /// The last bit has arrived.
    Arrives(Way),
}

impl Simulation {
    /// A world as the scenario says, in which the seed decides all that is random.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        let links = scenario.links.iter().filter_map(|plan| {
            let [a, b] = &plan.between;
            let ends = [scenario.host(a.as_ref())?, scenario.host(b.as_ref())?];
            let delay = Duration::from_micros(plan.delay_us.into());
            Some(Link::new(ends, delay, plan.rate_kbit.map(std::num::NonZeroU32::get)))
        });
        let name = scenario.hosts.first().map(|host| host.name.as_ref().clone()).unwrap_or_default();
        Self {
            now: Duration::ZERO,
            hosts: scenario.hosts.iter().map(|plan| Host::new(plan, rng.fork())).collect(),
            wakes: vec![Some(Duration::ZERO); scenario.hosts.len()],
            links: links.collect(),
            agenda: BinaryHeap::new(),
            entries: 0,
            fault: None,
            rng,
            watched: 0,
            interface: Arc::new(Interface { name, loopback: false }),
            captured: 0,
            sent: RawFrame::default(),
            overtaken: Vec::new(),
            given: 0,
        }
    }

    /// The same world, seen from the card of another host. `None` where the scenario has no such host.
    #[must_use]
    pub fn seen_from(mut self, scenario: &Scenario, host: &str) -> Option<Self> {
        self.watched = scenario.host(host)?;
        self.interface = Arc::new(Interface { name: host.to_owned(), loopback: false });
        Some(self)
    }

    /// The number, as sent over all wires, of the frame that was given last; 0 before the first.
    pub fn sent_as(&self) -> u64 {
        self.given
    }

    /// The same world, in which `fault` decides what becomes of each frame.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Goes on by one event; gives the frame if the watched card sent or received one.
    fn advance(&mut self) -> Option<Way> {
        let wake = self.wakes.iter().copied().enumerate().filter_map(|(host, at)| Some((at?, host))).min();
        let due = self.agenda.peek().map(|Reverse(entry)| entry.at);
        if let Some((at, host)) = wake.filter(|&(at, _)| due.is_none_or(|due| at < due)) {
            self.now = at.max(self.now);
            self.run(host);
            return None;
        }
        let Reverse(entry) = self.agenda.pop()?;
        self.now = entry.at;
        let way = match entry.event {
            Event::Leaves { from, to, arrives, frame } => self.leave(from, to, arrives, frame),
            Event::Arrives(way) => {
                self.hosts[way.to].port.received.push_back(way.frame.clone());
                self.run(way.to);
                (way.to == self.watched).then_some(way)
            }
        }?;
        self.given = way.number;
        Some(way)
    }

    /// A frame leaves for another host, and meets its fate; gives it if the watched card sent it.
    fn leave(&mut self, from: usize, to: usize, arrives: Duration, frame: Vec<u8>) -> Option<Way> {
        let fate = self.fate(&frame);
        let sent = Way { from, to, number: self.sent.number, remark: fate.remark(), frame };
        let seen = (from == self.watched).then(|| sent.clone());
        match fate {
            Fate::Drop => {}
            Fate::Deliver => self.enter(arrives, Event::Arrives(sent)),
            Fate::Delay(by) => self.enter(arrives + by, Event::Arrives(sent)),
            Fate::Duplicate => {
                self.enter(arrives, Event::Arrives(sent.clone()));
                self.enter(arrives + TWIN, Event::Arrives(sent));
            }
            Fate::Corrupt => {
                let mut damaged = sent;
                if let Some(last) = damaged.frame.last_mut() {
                    *last ^= 1;
                }
                self.enter(arrives, Event::Arrives(damaged));
            }
            Fate::Overtake => {
                self.overtaken.push(sent);
                return seen;
            }
        }
        for way in self.overtaken.extract_if(.., |way| way.from == from).collect::<Vec<_>>() {
            self.enter(arrives + TWIN, Event::Arrives(way));
        }
        seen
    }

    /// Lets a host act now, and puts what it sends on its wire.
    fn run(&mut self, host: usize) {
        self.hosts[host].run(self.now);
        self.wakes[host] = self.hosts[host].wake(self.now);
        let Some((link, end, to)) = self.wire_of(host) else { return };
        while let Some(frame) = self.hosts[host].port.sent.pop_front() {
            // A real host needs a moment, and not always the same.
            let ready = self.now + Duration::from_nanos(20_000 + self.rng.below(30_000));
            let (leaves, arrives) = self.links[link].book(end, ready, frame.len());
            self.enter(leaves, Event::Leaves { from: host, to, arrives, frame });
        }
    }

    fn wire_of(&self, host: usize) -> Option<(usize, usize, usize)> {
        let on = |(at, link): (usize, &Link)| link.end_of(host).map(|(end, to)| (at, end, to));
        self.links.iter().enumerate().find_map(on)
    }

    fn enter(&mut self, at: Duration, event: Event) {
        self.entries += 1;
        self.agenda.push(Reverse(Entry { at, order: self.entries, event }));
    }

    fn fate(&mut self, frame: &[u8]) -> Fate {
        self.sent.number += 1;
        let Some(fault) = &mut self.fault else { return Fate::Deliver };
        let (number, interface) = (self.sent.number, Some(Arc::clone(&self.interface)));
        fill(&mut self.sent, number, self.now, frame, interface);
        fault(&self.sent)
    }

    /// Nothing is under way and nobody has anything left to say. To be asked before the clock moves:
    /// the next event may be the end of a TIME-WAIT, seconds later.
    fn is_done(&self) -> bool {
        self.agenda.is_empty() && self.hosts.iter().all(Host::is_done)
    }
}

impl Source for Simulation {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        while !self.is_done() && self.now < LIMIT {
            if self.agenda.is_empty() && self.wakes.iter().all(Option::is_none) {
                break;
            }
            if let Some(way) = self.advance() {
                self.captured += 1;
                fill(frame, self.captured, self.now, &way.frame, Some(Arc::clone(&self.interface)));
                frame.comment.push_str(way.remark);
                return Ok(Step::Frame);
            }
        }
        Ok(Step::End)
    }
}

fn fill(frame: &mut RawFrame, number: u64, now: Duration, bytes: &[u8], interface: Option<Arc<Interface>>) {
    let since = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
    frame.number = number;
    frame.time = Time(START.0.saturating_add(since));
    frame.len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    frame.bytes.clear();
    frame.bytes.extend_from_slice(bytes);
    frame.link = LinkType::ETHERNET;
    frame.interface = interface;
    frame.comment.clear();
    frame.checksum_pending = false;
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}
