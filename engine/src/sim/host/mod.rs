//! A host: network cards, a TCP/IP stack on each, and the programs on it.
//!
//! [`Host::run`] lets all of them do what they can now; [`Host::wake`] says when there is more to do
//! although no frame arrives (RFC 9293 §3.8.1's retransmission timer, a program's pause). `visits` is what
//! the host sets out to do; a `connection`, a `dialogue`, a `ping`, a `trace` is how it does it.

mod card;
mod connection;
mod dialogue;
mod notice;
mod ping;
mod settings;
mod trace;
mod view;
mod visits;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};

use super::port::{Frame, Port};
use crate::peers::Peer;
use crate::rng::Rng;
use crate::sim::scenario::{self, Job, Scenario, Service};
use card::Card;
use connection::{Breaker, Connection, Sockets, is_over};
use dialogue::Dialogue;
use notice::{Kind, Notice};
use ping::Ping;
use settings::Settings;
use trace::Trace;
use visits::Visits;

/// Where the ports begin that a client's system picks from (RFC 6335 §6).
const DYNAMIC_PORTS: u16 = 49_152;
/// How often a host lets stack and programs take turns at one moment. Each turn does something new, so only a
/// program that never stops talking gets so far; it goes on a little later.
const TURNS: u32 = 10_000;

pub(super) struct Host {
    cards: Vec<Card>,
    listeners: Vec<Listener>,
    services: Vec<Dialogue>,
    tasks: Vec<Task>,
    visits: Visits,
    settings: Settings,
    sockets: Sockets,
    /// From when on programs read what arrives; `None` is never.
    reads_from: Option<Duration>,
    next_port: u16,
    timestamp_offset: u32,
    rng: Rng,
}

/// A program that waits for TCP connections.
struct Listener {
    /// A listening socket a card.
    handles: Vec<SocketHandle>,
    port: u16,
    new_peer: Box<dyn FnMut(Rng) -> Box<dyn Peer + Send> + Send>,
}

/// Something under way, and the visit that it belongs to.
struct Task {
    visit: Option<usize>,
    kind: Doing,
}

enum Doing {
    Connection(Connection),
    Dialogue(Dialogue),
    Ping(Ping),
    Trace(Trace),
}

impl Host {
    /// The host at this place of the scenario.
    pub(super) fn new(scenario: &Scenario, at: usize, plan: &scenario::Host, mut rng: Rng) -> Self {
        let card = |(index, card): (usize, &scenario::Card), seed| {
            let gateways: Vec<_> = plan.gateways().iter().copied().filter(|g| holds(card, *g)).collect();
            Card::new(card, scenario.mtu(scenario::Place { device: at, card: index }), &gateways, seed)
        };
        let seed = rng.roll();
        let mut cards: Vec<_> = plan.cards.iter().enumerate().take(1).map(|one| card(one, seed)).collect();
        let next_port = DYNAMIC_PORTS | u16::try_from(rng.below(1 << 14)).unwrap_or_default();
        let timestamp_offset = u32::try_from(rng.below(1 << 32)).unwrap_or_default();
        cards.extend(plan.cards.iter().enumerate().skip(1).map(|one| card(one, rng.roll())));
        if !plan.dont_fragment {
            for card in &mut cards {
                card.allow_fragments(u16::try_from(rng.below(1 << 16)).unwrap_or_default().max(1));
            }
        }
        let settings = Settings::new(plan, &mut cards);
        let mut host = Self {
            cards,
            listeners: Vec::new(),
            services: Vec::new(),
            tasks: Vec::new(),
            visits: Visits::new(&plan.visit),
            settings,
            sockets: Sockets::new(plan),
            reads_from: (!plan.not_reading).then(|| Duration::from_millis(plan.reads_from_ms.into())),
            next_port,
            timestamp_offset,
            rng,
        };
        for serve in &plan.serve {
            host.serve(serve, first_ipv4(plan));
        }
        host
    }

    fn serve(&mut self, serve: &scenario::Serve, own: Option<Ipv4Addr>) {
        let port = serve.port.get();
        match serve.start(own, &mut self.rng) {
            Service::Stream(new_peer) => {
                let listen = |card: &mut Card| card.sockets.add(self.sockets.listening(port));
                let handles = self.cards.iter_mut().map(listen).collect();
                self.listeners.push(Listener { handles, port, new_peer });
            }
            Service::Datagram(peer) => self.services.push(Dialogue::new(&mut self.cards, port, peer)),
        }
    }

    /// Its network cards.
    pub(super) fn ports(&mut self) -> impl Iterator<Item = &mut Port> {
        self.cards.iter_mut().map(|card| &mut card.port)
    }

    /// Whether a frame is for this card, or for all.
    pub(super) fn is_meant(&self, card: usize, frame: &Frame) -> bool {
        self.cards.get(card).is_some_and(|card| card.is_meant(&frame.bytes))
    }

    /// A frame arrives at a card.
    pub(super) fn receive(&mut self, now: Duration, card: usize, frame: Frame) {
        if let Some(notice) = Notice::read(&frame.bytes) {
            self.heed(now, card, &notice);
        }
        if let Some(card) = self.cards.get_mut(card) {
            card.receive(frame);
        }
    }

    /// Somebody says that a packet of ours did not get through.
    fn heed(&mut self, now: Duration, card: usize, notice: &Notice) {
        let Some(on) = self.cards.get_mut(card) else { return };
        if let Kind::TooBig(mtu) = notice.kind {
            let least = if notice.to.is_ipv4() { 68 } else { 1280 };
            if (least..on.mtu()).contains(&mtu) {
                on.set_mtu(mtu, now);
            }
            return;
        }
        for task in &mut self.tasks {
            match &mut task.kind {
                Doing::Trace(trace) => trace.notice(notice),
                // A connection that does not stand yet is given up at once; one that stands goes on trying
                // (RFC 1122 §4.2.3.9).
                Doing::Connection(connection) if notice.is_tcp && connection.card == card => {
                    let socket = on.sockets.get_mut::<Socket<'_>>(connection.handle);
                    let ours = socket.local_endpoint().is_some_and(|own| own.port == notice.from_port);
                    let theirs = socket
                        .remote_endpoint()
                        .is_some_and(|their| SocketAddr::new(their.addr.into(), their.port) == notice.to);
                    if ours && theirs && socket.state() == State::SynSent {
                        *socket = self.sockets.socket();
                    }
                }
                _ => {}
            }
        }
    }

    /// Lets stack and programs do all that they can at this moment.
    pub(super) fn run(&mut self, now: Duration) {
        let millis = u32::try_from(now.as_millis() & u128::from(u32::MAX)).unwrap_or_default();
        connection::set_timestamp(self.timestamp_offset.wrapping_add(millis));
        self.start_visits(now);
        for _ in 0..TURNS {
            for card in &mut self.cards {
                card.poll(now);
            }
            self.settings.poll(&mut self.cards);
            self.accept();
            // A name that was just found begins a visit.
            let begun = self.start_visits(now);
            if !self.work(now) && !begun {
                break;
            }
        }
        self.sweep(now);
        let tasks = &self.tasks;
        let is_ready = self.settings.is_ready(&self.cards);
        self.visits.plan(now, is_ready, |visit| tasks.iter().any(|task| task.visit == Some(visit)));
    }

    /// Each task and service does what it can; says whether the stack has something new to do.
    fn work(&mut self, now: Duration) -> bool {
        let reads = self.reads_from.is_some_and(|from| from <= now);
        let mut busy = false;
        for task in &mut self.tasks {
            busy |= match &mut task.kind {
                Doing::Connection(connection) => {
                    let card = &mut self.cards[connection.card];
                    connection.run(now, card.sockets.get_mut(connection.handle), reads)
                }
                Doing::Dialogue(dialogue) => dialogue.run(now, &mut self.cards),
                Doing::Ping(ping) => ping.run(now, &mut self.cards[ping.card]),
                Doing::Trace(trace) => trace.run(now, &mut self.cards[trace.card]),
            };
        }
        for service in &mut self.services {
            busy |= service.run(now, &mut self.cards);
        }
        busy | self.open_more()
    }

    /// When there is something to do although no frame arrives.
    pub(super) fn wake(&mut self, now: Duration) -> Option<Duration> {
        // What could not be done now can be done a little later, or the clock would stand still.
        let later = now + Duration::from_millis(1);
        let stack = self.cards.iter_mut().filter_map(|card| {
            let at = card.interface.poll_at(card::instant(now), &card.sockets)?;
            Some(Duration::from_micros(u64::try_from(at.total_micros()).unwrap_or(0)))
        });
        let stack = stack.min();
        let tasks = self.tasks.iter().filter_map(|task| match &task.kind {
            Doing::Connection(connection) if connection.has_news() => Some(later),
            Doing::Connection(connection) => connection.wake(),
            Doing::Dialogue(dialogue) => dialogue.wake(),
            Doing::Ping(ping) => ping.wake(now),
            Doing::Trace(trace) => trace.wake(),
        });
        let services = self.services.iter().filter_map(Dialogue::wake);
        let reads = self.reads_from.filter(|&from| from > now && !self.tasks.is_empty());
        let all = tasks.chain(services).chain(stack).chain(reads).chain(self.visits.wake());
        all.min().map(|at| if at <= now { later } else { at })
    }

    /// Every visit was made, and no connection will say more: what remains waits only for time to pass.
    pub(super) fn is_done(&self) -> bool {
        self.visits.is_over() && self.tasks.iter().all(|task| self.is_silent(task))
    }

    fn is_silent(&self, task: &Task) -> bool {
        match &task.kind {
            Doing::Connection(connection) => is_over(self.cards[connection.card].sockets.get(connection.handle)),
            Doing::Dialogue(_) | Doing::Ping(_) | Doing::Trace(_) => false,
        }
    }

    /// Says whether any visit began.
    fn start_visits(&mut self, now: Duration) -> bool {
        let mut any = false;
        while let Some((at, visit)) = self.visits.due(now, &mut self.cards, &self.settings) {
            // A name without an address, an address without a way there: the visit is over.
            if let Some(to) = visit.to
                && let Some(card) = card_towards(&self.cards, to.ip())
            {
                self.cards[card].may_ask(to.ip(), now);
                self.start(at, card, to, &visit.plan);
            }
            any = true;
        }
        any
    }

    fn start(&mut self, visit: usize, at: usize, to: SocketAddr, plan: &scenario::Visit) {
        let rng = self.rng.fork();
        let mut connect = |peer| self.connect(at, to, peer);
        let kind = match plan.start(to, rng) {
            Job::Stream(peer) => connect(peer).map(Doing::Connection),
            Job::Reset(plan) => connect(Box::new(Breaker::new(plan))).map(Doing::Connection),
            Job::Datagram(peer) => {
                let local = self.new_port();
                Some(Doing::Dialogue(Dialogue::new(&mut self.cards, local, peer)))
            }
            Job::Ping(plan) => {
                let identifier = self.new_port();
                Some(Doing::Ping(Ping::new(at, &mut self.cards[at], to.ip(), identifier, plan)))
            }
            Job::Traceroute(plan) => {
                let local = self.new_port();
                Some(Doing::Trace(Trace::new(at, &mut self.cards[at], to.ip(), local, plan.max_hops)))
            }
        };
        self.tasks.extend(kind.map(|kind| Task { visit: Some(visit), kind }));
    }

    /// Opens a connection. `None` where it cannot even be tried.
    fn connect(&mut self, at: usize, to: SocketAddr, peer: Box<dyn Peer + Send>) -> Option<Connection> {
        let local = self.new_port();
        let (mut socket, card) = (self.sockets.socket(), self.cards.get_mut(at)?);
        socket.connect(card.interface.context(), to, local).ok()?;
        Some(Connection::new(at, card.sockets.add(socket), peer))
    }

    /// The next port of the host's own choice.
    fn new_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = DYNAMIC_PORTS | port.wrapping_add(1);
        port
    }

    /// Opens the further connections that programs want, each to where its first one leads.
    fn open_more(&mut self) -> bool {
        let mut wanted = Vec::new();
        for task in &mut self.tasks {
            let Doing::Connection(connection) = &mut task.kind else { continue };
            if connection.more.is_empty() {
                continue;
            }
            let socket = self.cards[connection.card].sockets.get::<Socket<'_>>(connection.handle);
            let to = socket.remote_endpoint().map(|to| SocketAddr::new(to.addr.into(), to.port));
            for peer in std::mem::take(&mut connection.more) {
                wanted.extend(to.map(|to| (task.visit, connection.card, to, peer)));
            }
        }
        let any = !wanted.is_empty();
        for (visit, card, to, peer) in wanted {
            let kind = self.connect(card, to, peer).map(Doing::Connection);
            self.tasks.extend(kind.map(|kind| Task { visit, kind }));
        }
        any
    }

    /// Forgets what has ended for good, and ends visits that will say no more.
    fn sweep(&mut self, now: Duration) {
        let cards = &mut self.cards;
        self.tasks.retain_mut(|task| match &task.kind {
            Doing::Connection(connection) => {
                let sockets = &mut cards[connection.card].sockets;
                let socket = sockets.get::<Socket<'_>>(connection.handle);
                if is_over(socket) {
                    task.visit = None;
                }
                let ended = socket.state() == State::Closed;
                if ended {
                    sockets.remove(connection.handle);
                }
                !ended
            }
            Doing::Dialogue(dialogue) => {
                let over = dialogue.is_over(cards);
                if over {
                    dialogue.close(cards);
                }
                !over
            }
            Doing::Ping(Ping { card, handle, .. }) if matches!(&task.kind, Doing::Ping(p) if p.is_over(now)) => {
                cards[*card].sockets.remove(*handle);
                false
            }
            Doing::Trace(trace) if trace.is_over() => {
                cards[trace.card].sockets.remove(trace.handle);
                false
            }
            Doing::Ping(_) | Doing::Trace(_) => true,
        });
    }

    /// A listening socket that was spoken to becomes a connection, and a new one listens in its place.
    fn accept(&mut self) {
        for listener in &mut self.listeners {
            for (at, (card, handle)) in self.cards.iter_mut().zip(&mut listener.handles).enumerate() {
                if card.sockets.get::<Socket<'_>>(*handle).state() != State::Listen {
                    let fresh = card.sockets.add(self.sockets.listening(listener.port));
                    let taken = std::mem::replace(handle, fresh);
                    let peer = (listener.new_peer)(self.rng.fork());
                    let kind = Doing::Connection(Connection::new(at, taken, peer));
                    self.tasks.push(Task { visit: None, kind });
                }
            }
        }
    }
}

/// The card over which an address is best reached: the longest prefix wins, a gateway comes last.
fn card_towards(cards: &[Card], to: IpAddr) -> Option<usize> {
    let suits = cards.iter().enumerate().filter_map(|(at, card)| Some((card.suits(to)?, std::cmp::Reverse(at))));
    suits.max().map(|(_, std::cmp::Reverse(at))| at)
}

/// A host's first IPv4 address.
fn first_ipv4(plan: &scenario::Host) -> Option<Ipv4Addr> {
    let mut all = plan.cards.iter().flat_map(|card| card.addresses.as_ref());
    all.find_map(|prefix| if let IpAddr::V4(address) = prefix.address { Some(address) } else { None })
}

/// Whether a card is in this address's network.
fn holds(card: &scenario::Card, address: IpAddr) -> bool {
    card.addresses.as_ref().iter().any(|prefix| prefix.network().contains(address))
}
