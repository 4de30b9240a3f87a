//! What a host sets out to do, and when: one visit after the other, or several at a time.

use std::net::SocketAddr;
use std::time::Duration;

use super::card::Card;
use super::settings::{Answer, Question, Settings};
use crate::sim::scenario::{self, Whom};

pub(super) struct Visits {
    all: Vec<Visit>,
}

struct Visit {
    plan: scenario::Visit,
    stage: Stage,
}

enum Stage {
    /// Until the visit before it has ended (or begun), and the host has an address.
    Waiting,
    /// Until this moment.
    Planned(Duration),
    /// Its target's name is looked up.
    Asking(Question),
    Running,
    Over,
}

/// A visit that begins now; `to` is nothing where its target has no address.
pub(super) struct Due {
    pub(super) to: Option<SocketAddr>,
    pub(super) plan: scenario::Visit,
}

impl Visits {
    pub(super) fn new(plans: &[scenario::Visit]) -> Self {
        let all = plans.iter().map(|plan| Visit { plan: plan.clone(), stage: Stage::Waiting }).collect();
        let mut visits = Self { all };
        visits.plan(Duration::ZERO, true, |_| false);
        visits
    }

    /// The next visit that begins now, with its place in the list.
    pub(super) fn due(&mut self, now: Duration, cards: &mut [Card], settings: &Settings) -> Option<(usize, Due)> {
        let is_ready = settings.is_ready(cards);
        for (at, visit) in self.all.iter_mut().enumerate() {
            let address = match &visit.stage {
                Stage::Planned(when) if *when <= now && is_ready => match &visit.plan.to.as_ref().host {
                    Whom::Address(address) => Some(*address),
                    Whom::Name(name) => match settings.ask(now, name, cards) {
                        Some(question) => {
                            visit.stage = Stage::Asking(question);
                            continue;
                        }
                        None => None,
                    },
                },
                Stage::Asking(question) => match settings.answer(question, cards) {
                    Answer::Waiting => continue,
                    Answer::Address(address) => Some(address),
                    Answer::Nothing => None,
                },
                _ => continue,
            };
            visit.stage = Stage::Running;
            let port = visit.plan.to.as_ref().port.map_or(0, std::num::NonZeroU16::get);
            let to = address.map(|address| SocketAddr::new(address, port));
            return Some((at, Due { to, plan: visit.plan.clone() }));
        }
        None
    }

    /// Ends visits that `runs` no longer knows, and plans those whose turn it is.
    pub(super) fn plan(&mut self, now: Duration, is_ready: bool, runs: impl Fn(usize) -> bool) {
        let (mut all_over, mut last_begun) = (true, true);
        for (at, visit) in self.all.iter_mut().enumerate() {
            if matches!(visit.stage, Stage::Running) && !runs(at) {
                visit.stage = Stage::Over;
            }
            if matches!(visit.stage, Stage::Waiting) && is_ready {
                let turn = if visit.plan.parallel { last_begun } else { all_over };
                let after = now + Duration::from_millis(visit.plan.after_ms.into());
                match visit.plan.at_ms {
                    Some(ms) => visit.stage = Stage::Planned(now.max(Duration::from_millis(ms.into()))),
                    None if turn => visit.stage = Stage::Planned(after),
                    None => {}
                }
            }
            // A visit at a moment of its own keeps nobody waiting.
            if visit.plan.at_ms.is_none() {
                all_over &= matches!(visit.stage, Stage::Over);
                last_begun = matches!(visit.stage, Stage::Running | Stage::Over);
            }
        }
    }

    /// When the next one begins.
    pub(super) fn wake(&self) -> Option<Duration> {
        let planned = self.all.iter().filter_map(|visit| match visit.stage {
            Stage::Planned(at) => Some(at),
            _ => None,
        });
        planned.min()
    }

    /// Nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.all.iter().all(|visit| matches!(visit.stage, Stage::Over))
    }
}
