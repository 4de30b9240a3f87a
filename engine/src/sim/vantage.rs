//! Where a capture is taken: at a device's cards, at one card, on a link, or on all links.

use std::sync::Arc;

use super::Moment;
use crate::model::Interface;
use crate::sim::scenario::{Place, Scenario};

/// A place to watch from.
#[derive(Debug)]
pub(super) struct Vantage {
    what: What,
    /// By link, then one a card of the device; frames share them.
    links: Vec<Arc<Interface>>,
    cards: Vec<Arc<Interface>>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    All,
    Link(usize),
    Device(usize, Option<usize>),
}

impl Vantage {
    /// At the place of this name. A device with one card gives its capture's interface its own name, one with
    /// several `device:card`; a switch and a wire give it the link's.
    pub(super) fn new(scenario: &Scenario, name: &str) -> Option<Self> {
        let what = if name == "all" {
            What::All
        } else if let Some((device, card)) = scenario.device(name) {
            What::Device(device, card)
        } else {
            What::Link(scenario.link(name)?)
        };
        let interface = |name: String| Arc::new(Interface { name, loopback: false });
        let links = scenario.links.iter().map(|link| interface(link.name.clone())).collect();
        let cards = match what {
            What::Device(device, _) => {
                let own = scenario.devices().nth(device).map_or("", |name| name.as_ref().as_str());
                match scenario.cards(device) {
                    [_] => vec![interface(own.to_owned())],
                    many => many.iter().map(|card| interface(format!("{own}:{}", card.name.as_ref()))).collect(),
                }
            }
            What::All | What::Link(_) => Vec::new(),
        };
        Some(Self { what, links, cards })
    }

    /// Whether it sees what passes this link.
    pub(super) fn watches(&self, link: usize, ends: &[Place; 2]) -> bool {
        match self.what {
            What::All => true,
            What::Link(own) => own == link,
            What::Device(device, card) => ends.iter().any(|end| is_at(*end, device, card)),
        }
    }

    /// The interface on which a frame shows at this moment of its way; a wire shows it once, as it leaves.
    pub(super) fn shows(&self, link: usize, from: Place, to: Place, moment: Moment) -> Option<&Arc<Interface>> {
        match self.what {
            What::All => self.links.get(link).filter(|_| moment == Moment::Leaves),
            What::Link(own) => self.links.get(link).filter(|_| moment == Moment::Leaves && own == link),
            What::Device(device, card) => {
                let here = if moment == Moment::Leaves { from } else { to };
                let seen = is_at(here, device, card);
                seen.then(|| self.cards.get(here.card).or_else(|| self.links.get(link))).flatten()
            }
        }
    }
}

fn is_at(place: Place, device: usize, card: Option<usize>) -> bool {
    place.device == device && card.is_none_or(|card| card == place.card)
}
