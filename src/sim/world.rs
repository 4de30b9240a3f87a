//! The world: a virtual clock, devices, links, and the agenda of what happens next.
//!
//! [`Simulation`] is a [`Source`]: each call lets the world go on just as far as the next frame that is seen
//! from the vantage point. So a capture of any length is never held in memory.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use super::device::Device;
use super::endpoint::Endpoint;
use super::journal::{Deed, Journal, Note};
use super::port::Frame;
use super::vantage::Vantage;
use super::wire::Link;
use crate::model::{Interface, LinkType, RawFrame, Remark, Time};
use crate::peers::START;
use crate::rng::Rng;
use crate::sim::scenario::{Place, Scenario};
use crate::source::{Source, SourceError, Step};

/// How long behind another a frame arrives that comes twice, or was overtaken.
const TWIN: Duration = Duration::from_micros(5);
/// So many bytes of frames may be under way; what would be more is lost.
const UNDER_WAY: usize = 256 << 20;
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
    pub(crate) fn remark(self) -> Option<Remark> {
        match self {
            Self::Deliver => None,
            Self::Drop => Some(Remark::Dropped),
            Self::Delay(_) => Some(Remark::Late),
            Self::Duplicate => Some(Remark::Twice),
            Self::Corrupt => Some(Remark::Damaged),
            Self::Overtake => Some(Remark::HeldBack),
        }
    }
}

/// Decides the fate of each frame that leaves on a link which the vantage point sees. Frames are numbered as
/// they are sent, from 1, over all links: see [`Simulation::sent_as`].
pub type Judge = Box<dyn FnMut(&RawFrame) -> Fate + Send>;

/// Devices on links, seen from a vantage point: the scenario's own, else the first host.
pub struct Simulation {
    now: Duration,
    devices: Vec<Device>,
    /// When each device has something to do by itself.
    wakes: Vec<Option<Duration>>,
    /// When each device falls silent.
    silent: Vec<Option<Duration>>,
    links: Vec<Link>,
    /// For each device and card: which link it stands on, and at which end.
    wires: Vec<Vec<(usize, usize)>>,
    agenda: BinaryHeap<Reverse<Entry>>,
    entries: u64,
    /// Bytes of frames in the agenda.
    under_way: usize,
    judge: Option<Judge>,
    rng: Rng,
    vantage: Option<Vantage>,
    /// All links, for whoever follows a packet; faults still meet what the vantage point sees.
    everywhere: Option<Vantage>,
    captured: u64,
    sent: RawFrame,
    /// How many packets there were.
    packets: u64,
    /// Frames on their way that the sender's next one will overtake.
    overtaken: Vec<Way>,
    given: Passing,
    journal: Journal,
    /// What a device sends just now.
    outbox: Vec<(usize, Frame)>,
}

/// How a frame passed the vantage point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// Its number as sent, over all links.
    pub number: u64,
    /// The packet in it. Devices that pass a packet on keep its identity, whatever they change.
    pub packet: u64,
    /// On which link.
    pub link: usize,
    /// From which card.
    pub from: Place,
    /// To which card.
    pub to: Place,
    /// At which moment of its way.
    pub moment: Moment,
}

/// A moment of a frame's way over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The first bit leaves.
    Leaves,
    /// The last bit has arrived.
    Arrives,
}

/// A frame on a link.
#[derive(Clone)]
struct Way {
    link: usize,
    from: Place,
    to: Place,
    /// Its number as sent, over all links.
    number: u64,
    remark: Option<Remark>,
    frame: Frame,
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
    Leaves { way: Way, arrives: Duration, mishap: Option<Remark> },
    /// The last bit has arrived.
    Arrives(Way),
}

impl Event {
    /// How many bytes it holds.
    fn size(&self) -> usize {
        match self {
            Self::Leaves { way, .. } | Self::Arrives(way) => way.frame.bytes.len(),
        }
    }
}

impl Simulation {
    /// A world as the scenario says, in which the seed decides all that is random.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        let devices = Device::all(scenario, &mut rng);
        // Links have dice of their own, so that one that loses nothing changes nothing.
        let mut link_rng = Rng::seeded(seed ^ 0x6c69_6e6b);
        let mut wires = vec![Vec::new(); devices.len()];
        for (device, wires) in wires.iter_mut().enumerate() {
            wires.resize(scenario.cards(device).len(), (usize::MAX, 0));
        }
        let mut links = Vec::new();
        for plan in &scenario.links {
            // A checked scenario has no link without ends.
            let Some(mut ends) = scenario.ends(plan) else { continue };
            for (side, end) in ends.iter_mut().enumerate() {
                let own = &mut wires[end.device];
                // A switch has as many ports as links.
                if scenario.cards(end.device).is_empty() {
                    end.card = own.len();
                    own.push((links.len(), side));
                } else {
                    own[end.card] = (links.len(), side);
                }
            }
            links.push(Link::new(plan, ends, link_rng.fork()));
        }
        let mut silent: Vec<_> =
            scenario.hosts.iter().map(|host| host.silent_at_ms.map(|ms| Duration::from_millis(ms.into()))).collect();
        silent.resize(devices.len(), None);
        let first = scenario.devices().next().map_or("", |name| name.as_ref().as_str());
        let at = scenario.vantage.as_ref().map_or(first, |at| at.as_ref().as_str());
        let nowhere = Place { device: 0, card: 0 };
        Self {
            now: Duration::ZERO,
            wakes: vec![Some(Duration::ZERO); devices.len()],
            devices,
            silent,
            links,
            wires,
            agenda: BinaryHeap::new(),
            entries: 0,
            under_way: 0,
            judge: None,
            rng,
            vantage: Vantage::new(scenario, at),
            everywhere: None,
            captured: 0,
            sent: RawFrame::default(),
            packets: 0,
            overtaken: Vec::new(),
            given: Passing { number: 0, packet: 0, link: 0, from: nowhere, to: nowhere, moment: Moment::Leaves },
            journal: Journal::default(),
            outbox: Vec::new(),
        }
    }

    /// The same world, seen from another place: a host, switch or router, one of its cards (`router:lan`), a link,
    /// or `all` links. `None` where the scenario has no such place.
    #[must_use]
    pub fn seen_from(mut self, scenario: &Scenario, place: &str) -> Option<Self> {
        self.vantage = Some(Vantage::new(scenario, place)?);
        Some(self)
    }

    /// The same world, of which every link is shown. Faults meet what they would meet without this.
    #[must_use]
    pub fn seen_everywhere(mut self, scenario: &Scenario) -> Self {
        self.everywhere = Vantage::new(scenario, "all");
        self
    }

    /// The number, as sent over all links, of the frame that was given last; 0 before the first.
    pub fn sent_as(&self) -> u64 {
        self.given.number
    }

    /// How the frame that was given last passed.
    pub fn passing(&self) -> Passing {
        self.given
    }

    /// The same world, in which `judge` decides what becomes of each frame.
    #[must_use]
    pub fn with_fault(mut self, judge: Judge) -> Self {
        self.judge = Some(judge);
        self
    }

    /// The same world, which keeps notes of what devices do: [`Simulation::notes`] must be called now and then.
    #[must_use]
    pub fn with_notes(mut self) -> Self {
        self.journal.open();
        self
    }

    /// What devices did with packets since the last call.
    pub fn notes(&mut self) -> Vec<Note> {
        self.journal.take()
    }

    /// Lets everything happen up to this moment, what happens then included.
    pub fn pass(&mut self, until: Time) {
        let until = Duration::from_nanos(until.since(START).unwrap_or(0).max(0).unsigned_abs());
        let mut unseen = RawFrame::default();
        loop {
            let wake = self.wakes.iter().copied().flatten().min();
            let due = self.agenda.peek().map(|Reverse(entry)| entry.at);
            match wake.into_iter().chain(due).min() {
                Some(at) if at <= until && !self.is_done() => self.advance(&mut unseen),
                _ => return,
            };
        }
    }

    /// What the stack of each host holds now.
    pub fn endpoints(&mut self) -> Vec<Endpoint> {
        let hosts = self.devices.iter_mut().enumerate().filter_map(|(at, device)| match device {
            Device::Host(host) => Some(host.endpoint(at, self.now)),
            Device::Switch(_) | Device::Router(_) => None,
        });
        hosts.collect()
    }

    /// Goes on by one event; says whether that put a frame into `shown`.
    fn advance(&mut self, shown: &mut RawFrame) -> bool {
        let wake = self.wakes.iter().copied().enumerate().filter_map(|(device, at)| Some((at?, device))).min();
        let due = self.agenda.peek().map(|Reverse(entry)| entry.at);
        if let Some((at, device)) = wake.filter(|&(at, _)| due.is_none_or(|due| at < due)) {
            self.now = at.max(self.now);
            self.run(device);
            return false;
        }
        let Some(Reverse(entry)) = self.agenda.pop() else { return false };
        self.now = entry.at;
        self.under_way = self.under_way.saturating_sub(entry.event.size());
        match entry.event {
            Event::Leaves { way, arrives, mishap } => self.leave(way, arrives, mishap, shown),
            Event::Arrives(way) => {
                let seen = self.show(&way, Moment::Arrives, shown);
                self.arrive(way);
                seen
            }
        }
    }

    /// A frame leaves, and meets its fate.
    fn leave(&mut self, mut way: Way, arrives: Duration, mishap: Option<Remark>, shown: &mut RawFrame) -> bool {
        self.sent.number += 1;
        way.number = self.sent.number;
        let loses = self.links.get_mut(way.link).is_some_and(Link::loses_next);
        let mishap = mishap.or(loses.then_some(Remark::Lost));
        let fate = self.fate(&way);
        way.remark = mishap.filter(|_| fate != Fate::Drop).or(fate.remark());
        let seen = self.show(&way, Moment::Leaves, shown);
        let from = way.from;
        match fate {
            _ if mishap.is_some() || fate == Fate::Drop => {
                self.journal.device = way.to.device;
                self.journal.note(way.frame.id, Deed::Lost);
            }
            Fate::Deliver | Fate::Drop => self.enter(arrives, Event::Arrives(way)),
            Fate::Delay(by) => self.enter(arrives + by, Event::Arrives(way)),
            Fate::Duplicate => {
                self.enter(arrives, Event::Arrives(way.clone()));
                self.enter(arrives + TWIN, Event::Arrives(way));
            }
            Fate::Corrupt => {
                if let Some(last) = way.frame.bytes.last_mut() {
                    *last ^= 1;
                }
                self.enter(arrives, Event::Arrives(way));
            }
            Fate::Overtake => {
                self.overtaken.push(way);
                return seen;
            }
        }
        if !self.overtaken.is_empty() {
            for way in self.overtaken.extract_if(.., |way| way.from == from).collect::<Vec<_>>() {
                self.enter(arrives + TWIN, Event::Arrives(way));
            }
        }
        seen
    }

    /// A frame arrives at a device, which does what it can with it.
    fn arrive(&mut self, way: Way) {
        let device = way.to.device;
        if self.is_silent(device) {
            return;
        }
        self.journal.device = device;
        let mut out = std::mem::take(&mut self.outbox);
        self.devices[device].receive(self.now, way.to.card, way.frame, &mut out, &mut self.journal);
        self.send(device, &mut out);
        self.outbox = out;
    }

    /// Lets a device act now.
    fn run(&mut self, device: usize) {
        if self.is_silent(device) {
            self.wakes[device] = None;
            return;
        }
        self.journal.device = device;
        let mut out = std::mem::take(&mut self.outbox);
        self.devices[device].run(self.now, &mut out, &mut self.journal);
        self.send(device, &mut out);
        self.outbox = out;
    }

    /// Puts what a device sends on its links.
    fn send(&mut self, device: usize, out: &mut Vec<(usize, Frame)>) {
        self.wakes[device] = self.devices[device].wake(self.now);
        for (card, mut frame) in out.drain(..) {
            if frame.id == 0 {
                self.packets += 1;
                frame.id = self.packets;
            }
            let Some(&(at, end)) = self.wires[device].get(card) else { continue };
            let ready = self.now + self.devices[device].needs(&mut self.rng);
            let Some(link) = self.links.get_mut(at) else { continue };
            if self.under_way > UNDER_WAY {
                self.journal.note(frame.id, Deed::Dropped("too much is under way already"));
                continue;
            }
            let Some(passage) = link.book(end, ready, frame.bytes.len()) else {
                self.journal.note(frame.id, Deed::Dropped("too many frames wait for the link already"));
                continue;
            };
            let (from, to) = (Place { device, card }, link.other(end));
            let way = Way { link: at, from, to, number: 0, remark: None, frame };
            let event = Event::Leaves { way, arrives: passage.arrives, mishap: passage.mishap };
            self.enter(passage.leaves, event);
        }
    }

    fn is_silent(&self, device: usize) -> bool {
        self.silent[device].is_some_and(|at| at <= self.now)
    }

    fn enter(&mut self, at: Duration, event: Event) {
        self.entries += 1;
        self.under_way += event.size();
        self.agenda.push(Reverse(Entry { at, order: self.entries, event }));
    }

    fn fate(&mut self, way: &Way) -> Fate {
        let watched = self.vantage.as_ref().is_some_and(|at| at.watches(way.link, &self.links[way.link].ends));
        let Some(judge) = self.judge.as_mut().filter(|_| watched) else { return Fate::Deliver };
        fill(&mut self.sent, way.number, self.now, &way.frame.bytes, None);
        judge(&self.sent)
    }

    /// Shows a frame where it is seen from the vantage point.
    fn show(&mut self, way: &Way, moment: Moment, shown: &mut RawFrame) -> bool {
        let on = self
            .everywhere
            .as_ref()
            .or(self.vantage.as_ref())
            .and_then(|at| at.shows(way.link, way.from, way.to, moment));
        let Some(interface) = on else { return false };
        self.captured += 1;
        fill(shown, self.captured, self.now, &way.frame.bytes, Some(Arc::clone(interface)));
        shown.remark = way.remark;
        let Way { link, from, to, number, .. } = *way;
        self.given = Passing { number, packet: way.frame.id, link, from, to, moment };
        true
    }

    /// Nothing is under way and nobody has anything left to say. To be asked before the clock moves:
    /// the next event may be the end of a TIME-WAIT, seconds later.
    fn is_done(&self) -> bool {
        let done = |(at, device): (usize, &Device)| device.is_done() || self.is_silent(at);
        self.agenda.is_empty() && self.devices.iter().enumerate().all(done)
    }
}

impl Source for Simulation {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        while !self.is_done() && self.now < LIMIT {
            if self.agenda.is_empty() && self.wakes.iter().all(Option::is_none) {
                break;
            }
            if self.advance(frame) {
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
    frame.remark = None;
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
