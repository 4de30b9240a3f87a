//! The world: a virtual clock, devices, links, and the agenda of what happens next.
//!
//! [`Simulation`] is a [`Source`]: each call lets the world go on just as far as the next frame that is seen
//! from the vantage point. So a capture of any length is never held in memory.

use std::sync::Arc;
use std::time::Duration;

use super::Moment;
use super::agenda::Agenda;
use super::device::Device;
use super::endpoint::Endpoint;
use super::journal::{Deed, Journal, Note};
use super::link::{self, Fate, Link, Passage};
use super::port::Frame;
use super::vantage::Vantage;
use crate::model::{Interface, LinkType, RawFrame, Remark, Time};
use crate::peers::START;
use crate::rng::Rng;
use crate::sim::scenario::{Place, Scenario};
use crate::source::{Source, SourceError, Step};

/// So many bytes of frames may be under way; what would be more is lost.
const UNDER_WAY: usize = 256 << 20;
/// No scenario goes on for longer than this.
const LIMIT: Duration = Duration::from_mins(10);

/// Decides the fate of each frame that leaves on a link which the vantage point sees. Frames are numbered as
/// they are sent, from 1, over all links: see [`Simulation::sent_as`].
pub type Judge = Box<dyn FnMut(&RawFrame) -> Fate + Send>;

/// Devices on links, seen from a vantage point: the scenario's own, else the first host.
pub struct Simulation {
    now: Duration,
    devices: Vec<Device>,
    /// When each device has something to do by itself.
    wakes: Vec<Option<Duration>>,
    /// The first of them, and whose it is.
    next_wake: Option<(Duration, usize)>,
    /// When each device falls silent.
    silent: Vec<Option<Duration>>,
    links: Vec<Wire>,
    /// For each device and card: which link it stands on, and at which end.
    wires: Vec<Vec<(usize, usize)>>,
    under_way: UnderWay,
    judge: Option<Judge>,
    rng: Rng,
    captured: u64,
    sent: RawFrame,
    /// How many packets there were.
    packets: u64,
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

/// A link, and the cards at its two ends.
struct Wire {
    ends: [Place; 2],
    link: Link<Way>,
    /// Whether the judge decides what becomes of its frames.
    judged: bool,
    /// Where its frames show, for those that leave from each end: as they leave, as they arrive.
    shows: [[Option<Arc<Interface>>; 2]; 2],
}

/// A frame on a link.
#[derive(Clone)]
struct Way {
    link: usize,
    /// From which of its ends.
    end: usize,
    /// Its number as sent, over all links.
    number: u64,
    /// What befalls it.
    remark: Option<Remark>,
    frame: Frame,
}

/// What will happen at a known moment.
enum Event {
    /// The first bit leaves a card.
    Leaves { way: Way, arrives: Duration },
    /// The last bit has arrived.
    Arrives(Way),
}

/// Frames that will leave, or arrive.
#[derive(Default)]
struct UnderWay {
    agenda: Agenda<Event>,
    bytes: usize,
}

impl AsMut<Vec<u8>> for Way {
    fn as_mut(&mut self) -> &mut Vec<u8> {
        &mut self.frame.bytes
    }
}

impl Event {
    /// How many bytes it holds.
    fn size(&self) -> usize {
        match self {
            Self::Leaves { way, .. } | Self::Arrives(way) => way.frame.bytes.len(),
        }
    }
}

impl UnderWay {
    #[inline]
    fn enter(&mut self, at: Duration, event: Event) {
        self.bytes += event.size();
        self.agenda.enter(at, event);
    }

    fn take(&mut self) -> Option<(Duration, Event)> {
        let (at, event) = self.agenda.take()?;
        self.bytes = self.bytes.saturating_sub(event.size());
        Some((at, event))
    }
}

impl Wire {
    fn new(ends: [Place; 2], link: Link<Way>) -> Self {
        Self { ends, link, judged: false, shows: Default::default() }
    }

    /// The cards of a frame that leaves from an end: its sender's, its receiver's.
    fn cards(&self, end: usize) -> (Place, Place) {
        (self.ends[end], self.ends[1 - end])
    }
}

impl Simulation {
    /// A world as the scenario says, in which the seed decides all that is random.
    pub fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut rng = Rng::seeded(seed);
        let devices = Device::all(scenario, &mut rng);
        let mut dice = link::dice(seed);
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
            links.push(Wire::new(ends, Link::new(plan, dice.fork())));
        }
        let mut silent: Vec<_> =
            scenario.hosts.iter().map(|host| host.silent_at_ms.map(|ms| Duration::from_millis(ms.into()))).collect();
        silent.resize(devices.len(), None);
        let first = scenario.devices().next().map_or("", |name| name.as_ref().as_str());
        let at = scenario.vantage.as_ref().map_or(first, |at| at.as_ref().as_str());
        let nowhere = Place { device: 0, card: 0 };
        let mut world = Self {
            now: Duration::ZERO,
            wakes: vec![Some(Duration::ZERO); devices.len()],
            next_wake: (!devices.is_empty()).then_some((Duration::ZERO, 0)),
            devices,
            silent,
            links,
            wires,
            under_way: UnderWay::default(),
            judge: None,
            rng,
            captured: 0,
            sent: RawFrame::default(),
            packets: 0,
            given: Passing { number: 0, packet: 0, link: 0, from: nowhere, to: nowhere, moment: Moment::Leaves },
            journal: Journal::default(),
            outbox: Vec::new(),
        };
        if let Some(vantage) = Vantage::new(scenario, at) {
            world.watch_from(&vantage);
        }
        world
    }

    fn watch_from(&mut self, vantage: &Vantage) {
        for (at, wire) in self.links.iter_mut().enumerate() {
            wire.judged = vantage.watches(at, &wire.ends);
        }
        self.show_from(vantage);
    }

    fn show_from(&mut self, vantage: &Vantage) {
        for (at, wire) in self.links.iter_mut().enumerate() {
            wire.shows = [0, 1].map(|end| {
                let (from, to) = wire.cards(end);
                [Moment::Leaves, Moment::Arrives].map(|moment| vantage.shows(at, from, to, moment).cloned())
            });
        }
    }

    /// The same world, seen from another place: a host, switch or router, one of its cards (`router:lan`), a link,
    /// or `all` links. `None` where the scenario has no such place.
    #[must_use]
    pub fn seen_from(mut self, scenario: &Scenario, place: &str) -> Option<Self> {
        self.watch_from(&Vantage::new(scenario, place)?);
        Some(self)
    }

    /// The same world with every link shown, to follow a packet. Faults meet what they would meet without this.
    #[must_use]
    pub fn seen_everywhere(mut self, scenario: &Scenario) -> Self {
        if let Some(vantage) = Vantage::new(scenario, "all") {
            self.show_from(&vantage);
        }
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
            let wake = self.next_wake.map(|(at, _)| at);
            match wake.into_iter().chain(self.under_way.agenda.next()).min() {
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
        let due = self.under_way.agenda.next();
        if let Some((at, device)) = self.next_wake.filter(|&(at, _)| due.is_none_or(|due| at < due)) {
            self.now = at.max(self.now);
            self.run(device);
            return false;
        }
        let Some((at, event)) = self.under_way.take() else { return false };
        self.now = at;
        match event {
            Event::Leaves { way, arrives } => self.leave(way, arrives, shown),
            Event::Arrives(way) => {
                let seen = self.show(&way, Moment::Arrives, shown);
                self.arrive(way);
                seen
            }
        }
    }

    /// A frame leaves, and meets its fate.
    fn leave(&mut self, mut way: Way, arrives: Duration, shown: &mut RawFrame) -> bool {
        self.sent.number += 1;
        way.number = self.sent.number;
        let mut fate = self.fate(&way);
        way.remark = self.links[way.link].link.meets(way.remark, fate);
        let seen = self.show(&way, Moment::Leaves, shown);
        if way.remark.is_some_and(Remark::is_loss) {
            fate = Fate::Drop;
            self.journal.device = self.links[way.link].cards(way.end).1.device;
            self.journal.note(way.frame.id, Deed::Lost);
        }
        let link = &mut self.links[way.link].link;
        link.carry(way.end, arrives, fate, way, |at, way| self.under_way.enter(at, Event::Arrives(way)));
        seen
    }

    /// A frame arrives at a device, which does what it can with it.
    fn arrive(&mut self, mut way: Way) {
        let Place { device, card } = self.links[way.link].cards(way.end).1;
        if self.is_silent(device) {
            return;
        }
        self.journal.device = device;
        way.frame.is_damaged |= way.remark == Some(Remark::Damaged);
        let mut out = std::mem::take(&mut self.outbox);
        self.devices[device].receive(self.now, card, way.frame, &mut out, &mut self.journal);
        self.send(device, &mut out);
        self.outbox = out;
    }

    /// Lets a device act now.
    fn run(&mut self, device: usize) {
        if self.is_silent(device) {
            self.wake_at(device, None);
            return;
        }
        self.journal.device = device;
        let mut out = std::mem::take(&mut self.outbox);
        self.devices[device].run(self.now, &mut out, &mut self.journal);
        self.send(device, &mut out);
        self.outbox = out;
    }

    /// A device has something to do by itself at this moment.
    fn wake_at(&mut self, device: usize, at: Option<Duration>) {
        if std::mem::replace(&mut self.wakes[device], at) != at {
            let wakes = self.wakes.iter().enumerate().filter_map(|(device, at)| Some(((*at)?, device)));
            self.next_wake = wakes.min();
        }
    }

    /// Puts what a device sends on its links.
    fn send(&mut self, device: usize, out: &mut Vec<(usize, Frame)>) {
        let wake = self.devices[device].wake(self.now);
        self.wake_at(device, wake);
        for (card, mut frame) in out.drain(..) {
            if frame.id == 0 {
                self.packets += 1;
                frame.id = self.packets;
            }
            let Some(&(at, end)) = self.wires[device].get(card) else { continue };
            let ready = self.now + self.devices[device].needs(&mut self.rng);
            let Some(wire) = self.links.get_mut(at) else { continue };
            if self.under_way.bytes > UNDER_WAY {
                self.journal.note(frame.id, Deed::Dropped("too much is under way already"));
                continue;
            }
            let Some(Passage { leaves, arrives, loss }) = wire.link.book(end, ready, frame.bytes.len()) else {
                self.journal.note(frame.id, Deed::Dropped("too many frames wait for the link already"));
                continue;
            };
            let way = Way { link: at, end, number: 0, remark: loss, frame };
            self.under_way.enter(leaves, Event::Leaves { way, arrives });
        }
    }

    fn is_silent(&self, device: usize) -> bool {
        self.silent[device].is_some_and(|at| at <= self.now)
    }

    fn fate(&mut self, way: &Way) -> Fate {
        let Some(judge) = self.judge.as_mut().filter(|_| self.links[way.link].judged) else { return Fate::Deliver };
        fill(&mut self.sent, way.number, self.now, &way.frame.bytes, None);
        judge(&self.sent)
    }

    /// Shows a frame where it is seen from the vantage point.
    fn show(&mut self, way: &Way, moment: Moment, shown: &mut RawFrame) -> bool {
        let Way { link, end, number, .. } = *way;
        let wire = &self.links[link];
        let Some(interface) = &wire.shows[end][moment as usize] else { return false };
        let (from, to) = wire.cards(end);
        self.captured += 1;
        fill(shown, self.captured, self.now, &way.frame.bytes, Some(interface));
        shown.remark = way.remark;
        self.given = Passing { number, packet: way.frame.id, link, from, to, moment };
        true
    }

    /// Nothing is under way and nobody has anything left to say. To be asked before the clock moves:
    /// the next event may be the end of a TIME-WAIT, seconds later.
    fn is_done(&self) -> bool {
        let done = |(at, device): (usize, &Device)| device.is_done() || self.is_silent(at);
        self.under_way.agenda.is_empty() && self.devices.iter().enumerate().all(done)
    }
}

impl Source for Simulation {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        while !self.is_done() && self.now < LIMIT {
            if self.under_way.agenda.is_empty() && self.next_wake.is_none() {
                break;
            }
            if self.advance(frame) {
                return Ok(Step::Frame);
            }
        }
        Ok(Step::End)
    }
}

fn fill(frame: &mut RawFrame, number: u64, now: Duration, bytes: &[u8], interface: Option<&Arc<Interface>>) {
    let since = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
    frame.number = number;
    frame.time = Time(START.0.saturating_add(since));
    frame.len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    frame.bytes.clear();
    frame.bytes.extend_from_slice(bytes);
    frame.link = LinkType::ETHERNET;
    if frame.interface.as_ref().map(Arc::as_ptr) != interface.map(Arc::as_ptr) {
        frame.interface = interface.cloned();
    }
    frame.remark = None;
    frame.comment.clear();
    frame.checksum_pending = false;
}
