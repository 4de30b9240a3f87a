//! What is at the ends of links: a host, a switch, a router. To the world they are alike.

use std::time::Duration;

use super::host::Host;
use super::journal::{Deed, Journal};
use super::port::Frame;
use super::router::{self, Router};
use super::switch::{self, Switch};
use crate::rng::Rng;
use crate::sim::scenario::Scenario;

pub(super) enum Device {
    Host(Box<Host>),
    Switch(Switch),
    Router(Box<Router>),
}

impl Device {
    /// All devices of a scenario, in its order.
    pub(super) fn all(scenario: &Scenario, rng: &mut Rng) -> Vec<Self> {
        let host = |(at, plan)| Self::Host(Box::new(Host::new(scenario, at, plan, rng.fork())));
        let mut all: Vec<_> = scenario.hosts.iter().enumerate().map(host).collect();
        for plan in &scenario.switches {
            let ends = scenario.links.iter().flat_map(|link| &link.between);
            let ports = ends.filter(|end| end.as_ref() == plan.name.as_ref()).count();
            all.push(Self::Switch(Switch::new(ports, Duration::from_secs(plan.forgets_after_s.into()))));
        }
        for plan in &scenario.routers {
            let at = all.len();
            all.push(Self::Router(Box::new(Router::new(scenario, at, plan))));
        }
        all
    }

    /// A frame arrives at a card; what leaves goes into `out`, each with its card.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        card: usize,
        frame: Frame,
        out: &mut Vec<(usize, Frame)>,
        journal: &mut Journal,
    ) {
        match self {
            Self::Host(host) => {
                if journal.is_open() {
                    let is_meant = host.is_meant(card, &frame);
                    let ignored = Deed::Dropped("its card reads the address and finds that it is not meant");
                    journal.note(frame.id, if is_meant { Deed::Delivered } else { ignored });
                }
                host.receive(now, card, frame);
                self.run(now, out, journal);
            }
            Self::Switch(switch) => switch.receive(now, card, frame, out, journal),
            Self::Router(router) => router.receive(now, card, frame, out, journal),
        }
    }

    /// Does what time alone brings.
    pub(super) fn run(&mut self, now: Duration, out: &mut Vec<(usize, Frame)>, journal: &mut Journal) {
        match self {
            Self::Host(host) => {
                host.run(now);
                for (card, port) in host.ports().enumerate() {
                    out.extend(port.sent.drain(..).map(|frame| (card, frame)));
                }
            }
            Self::Switch(_) => {}
            Self::Router(router) => router.tick(now, out, journal),
        }
    }

    /// When time alone brings something to do.
    pub(super) fn wake(&mut self, now: Duration) -> Option<Duration> {
        match self {
            Self::Host(host) => host.wake(now),
            Self::Switch(_) => None,
            Self::Router(router) => router.wake(),
        }
    }

    /// Nothing is left to do but what time alone brings.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Host(host) => host.is_done(),
            Self::Switch(_) => true,
            Self::Router(router) => router.is_done(),
        }
    }

    /// How long it needs for a frame. A host's program needs a moment, and not always the same.
    pub(super) fn needs(&self, rng: &mut Rng) -> Duration {
        match self {
            Self::Host(_) => Duration::from_nanos(20_000 + rng.below(30_000)),
            Self::Switch(_) => switch::NEEDS,
            Self::Router(_) => router::NEEDS,
        }
    }
}
