//! What is to be built: a scenario in the words of kernels. Each host becomes a network namespace with its programs,
//! each switch one with a bridge, each router one that forwards; each link becomes a virtual cable.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use crate::rng::Rng;
use crate::sim::link::{self, Link};
use crate::sim::scenario::{self, Congestion, Scenario, Service, Whom};

/// Devices and the cables between them.
#[derive(Default)]
pub struct Plan {
    pub(super) devices: Vec<Device>,
    pub(super) cables: Vec<Cable>,
    pub(super) watched: Vec<Watched>,
}

/// A card that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    /// Its device, and its place there.
    pub(super) end: (usize, usize),
    /// What its capture's interface is called: as in the simulation.
    pub(super) name: String,
    /// Whether only what it sends counts: a link shows each frame once, as it leaves.
    pub(super) sent_only: bool,
}

/// A namespace of its own.
pub(super) struct Device {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) cards: Vec<Card>,
    /// Network, length of its prefix, and the next router. Length 0 is all that has no better way.
    pub(super) routes: Vec<(IpAddr, u8, IpAddr)>,
    /// Settings below `/proc/sys/net`.
    pub(super) settings: Vec<(&'static str, &'static str)>,
    pub(super) programs: Programs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Host,
    /// Its cards are the ports of a bridge.
    Switch,
    /// It forwards what is not for itself.
    Router,
}

pub(super) struct Card {
    pub(super) name: String,
    pub(super) mac: Option<[u8; 6]>,
    pub(super) addresses: Vec<(IpAddr, u8)>,
    pub(super) mtu: u16,
}

/// From one card to another, each named by device and place.
pub(super) struct Cable {
    pub(super) ends: [(usize, usize); 2],
    /// What it does to frames; the simulator's would do the same.
    pub(super) link: Link<Vec<u8>>,
    /// Whether a card at one of its ends is watched: only there faults befall frames.
    pub(super) watched: bool,
}

/// What runs on a host.
#[derive(Default)]
pub(super) struct Programs {
    /// Port and program.
    pub(super) servers: Vec<(u16, Service)>,
    pub(super) visits: Vec<scenario::Visit>,
    /// Who knows names.
    pub(super) resolver: Option<IpAddr>,
    /// How many bytes a connection keeps until its program reads them.
    pub(super) buffer: Option<u32>,
    /// How long its programs read nothing from TCP; for ever, where it is the longest time there is.
    pub(super) deaf: Duration,
    /// Whether it speaks IPv4.
    pub(super) ipv4: bool,
}

impl Plan {
    /// The plan of a scenario, watched at the device, card or link called `at`, or where the scenario says.
    ///
    /// # Errors
    /// There is no such place, or the scenario has something that no kernel plays; a clause.
    pub fn new(scenario: &Scenario, seed: u64, at: Option<&str>) -> Result<Self, String> {
        let mut rng = Rng::seeded(seed);
        let mut plan = Self::default();
        for (at, host) in scenario.hosts.iter().enumerate() {
            let mut device = device(scenario, at, host.name.as_ref(), Role::Host);
            device.routes = host.gateways().iter().map(|via| (*via, 0, *via)).collect();
            device.settings.extend(settings(host));
            device.programs = programs(host, &mut rng)?;
            plan.devices.push(device);
        }
        for switch in &scenario.switches {
            plan.devices.push(device(scenario, plan.devices.len(), switch.name.as_ref(), Role::Switch));
        }
        for router in &scenario.routers {
            if router.nat.is_some() {
                return Err(format!("{} translates addresses, which the live lab cannot do", router.name.as_ref()));
            }
            let mut device = device(scenario, plan.devices.len(), router.name.as_ref(), Role::Router);
            device.routes = router.routes.iter().map(|r| (r.to.address, r.to.length, *r.via.as_ref())).collect();
            plan.devices.push(device);
        }
        if let Some(refused) = plan.devices.iter().find_map(too_small_for_ipv6) {
            return Err(refused);
        }
        let mut dice = link::dice(seed);
        for link in &scenario.links {
            let Some(ends) = scenario.ends(link) else { continue };
            let ends = ends.map(|end| (end.device, plan.port(end.device, end.card)));
            plan.cables.push(Cable { ends, link: Link::new(link, dice.fork()), watched: false });
        }
        let first = scenario.devices().next().map_or("", |name| name.as_ref().as_str());
        let at = at.or_else(|| scenario.vantage.as_ref().map(|at| at.as_ref().as_str())).unwrap_or(first);
        plan.watched = plan
            .place(scenario, at)
            .ok_or_else(|| format!("no host, switch, router, card or link here is called '{}'", at.escape_debug()))?;
        for cable in &mut plan.cables {
            cable.watched = plan.watched.iter().any(|card| cable.ends.contains(&card.end));
        }
        Ok(plan)
    }

    /// A card by its place; a switch gets a new port.
    fn port(&mut self, device: usize, card: usize) -> usize {
        match self.devices.get_mut(device) {
            Some(Device { role: Role::Switch, cards, .. }) => {
                let name = format!("port{}", cards.len() + 1);
                cards.push(Card { name, mac: None, addresses: Vec::new(), mtu: scenario::ETHERNET_MTU });
                cards.len() - 1
            }
            _ => card,
        }
    }

    /// The cards that a name means.
    fn place(&self, scenario: &Scenario, name: &str) -> Option<Vec<Watched>> {
        let card = |device: usize, card: usize| {
            let own = self.devices.get(device)?;
            let name = match &own.cards[..] {
                [_] => own.name.clone(),
                cards => format!("{}:{}", own.name, cards.get(card)?.name),
            };
            Some(Watched { end: (device, card), name, sent_only: false })
        };
        let link = |at: usize| {
            let (cable, name) = (self.cables.get(at)?, &scenario.links.get(at)?.name);
            Some(cable.ends.map(|end| Watched { end, name: name.clone(), sent_only: true }))
        };
        match (name, scenario.link(name)) {
            ("all", _) => Some((0..self.cables.len()).filter_map(link).flatten().collect()),
            (_, Some(at)) => link(at).map(Vec::from),
            (_, None) => {
                let (device, only) = scenario.device(name)?;
                let cards = 0..self.devices.get(device)?.cards.len();
                Some(cards.filter(|at| only.is_none_or(|only| only == *at)).filter_map(|at| card(device, at)).collect())
            }
        }
    }
}

fn device(scenario: &Scenario, at: usize, name: &str, role: Role) -> Device {
    let card = |(place, card): (usize, &scenario::Card)| Card {
        name: card.name.as_ref().clone(),
        mac: Some(card.mac.0),
        addresses: card.addresses.as_ref().iter().map(|prefix| (prefix.address, prefix.length)).collect(),
        mtu: scenario.mtu(scenario::Place { device: at, card: place }),
    };
    Device {
        name: name.to_owned(),
        role,
        cards: scenario.cards(at).iter().enumerate().map(card).collect(),
        routes: Vec::new(),
        settings: Vec::new(),
        programs: Programs::default(),
    }
}

/// Why a kernel would refuse this device's addresses: below 1280 bytes there is no IPv6 (RFC 8200 §5).
fn too_small_for_ipv6(device: &Device) -> Option<String> {
    let has_ipv6 = |card: &&Card| card.addresses.iter().any(|(address, _)| address.is_ipv6());
    let card = device.cards.iter().find(|card| has_ipv6(card) && card.mtu < IPV6_LEAST_MTU)?;
    let (name, mtu) = (&device.name, card.mtu);
    Some(format!(
        "{name} has an IPv6 address on a card with an MTU of {mtu}, and IPv6 needs at least {IPV6_LEAST_MTU} bytes: raise the MTU or use IPv4"
    ))
}

const IPV6_LEAST_MTU: u16 = 1280;

/// Every kernel knows Reno, and nearly every CUBIC; one that shall use none uses its own.
fn settings(host: &scenario::Host) -> Vec<(&'static str, &'static str)> {
    let control = match host.congestion {
        Congestion::None => None,
        Congestion::Reno => Some(("ipv4/tcp_congestion_control", "reno")),
        Congestion::Cubic => Some(("ipv4/tcp_congestion_control", "cubic")),
    };
    let fragment = (!host.dont_fragment).then_some(("ipv4/ip_no_pmtu_disc", "1"));
    control.into_iter().chain(fragment).collect()
}

fn programs(host: &scenario::Host, rng: &mut Rng) -> Result<Programs, String> {
    let name = host.name.as_ref();
    if host.dhcp {
        return Err(format!("{name} gets its address by DHCP, which the live lab cannot do"));
    }
    if host.silent_at_ms.is_some() {
        return Err(format!("{name} falls silent, which the live lab cannot do"));
    }
    let names = host.visit.iter().any(|visit| matches!(visit.to.as_ref().host, Whom::Name(_)));
    if names && host.resolver.is_none() {
        return Err(format!("{name} has nobody to ask for names"));
    }
    let mut addresses = host.cards.iter().flat_map(|card| card.addresses.as_ref()).map(|prefix| prefix.address);
    let own = addresses.find_map(|address| if let IpAddr::V4(v4) = address { Some(v4) } else { None });
    Ok(Programs {
        servers: host.serve.iter().map(|serve| (serve.port.get(), serve.start(own, rng))).collect(),
        visits: host.visit.clone(),
        resolver: host.resolver,
        buffer: host.receive_buffer.as_ref().map(|bytes| *bytes.as_ref()),
        deaf: if host.not_reading { Duration::MAX } else { Duration::from_millis(host.reads_from_ms.into()) },
        ipv4: own.is_some(),
    })
}

/// The port of a visit; 0 where it needs none.
pub(super) fn port(visit: &scenario::Visit) -> u16 {
    visit.to.as_ref().port.map_or(0, NonZeroU16::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_over_too_small_an_mtu_is_refused_in_a_sentence_and_ipv4_is_not() {
        let plan = |name: &str, mtu| {
            let mut scenario = Scenario::ready(name).unwrap().unwrap();
            scenario.set_mtu(None, mtu).unwrap();
            Plan::new(&scenario, 1, None).err()
        };
        let why = plan("two-hosts-ipv6", 1279).unwrap();
        assert!(why.contains("MTU of 1279") && why.contains("at least 1280"), "{why}");
        assert_eq!((plan("two-hosts-ipv6", 1280), plan("two-hosts", 576)), (None, None));
    }
}
