//! What is to be built: a scenario in the words of kernels. Each host becomes a network namespace with its programs,
//! each link a virtual cable; a switch would become a bridge, a router a namespace that forwards.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::net::apps::Peer;
use crate::net::apps::web;
use crate::net::rng::Rng;
use crate::net::scenario::Scenario;

/// Ethernet's longest IP packet, in bytes (RFC 894).
const ETHERNET_MTU: u16 = 1500;

/// Devices and the cables between them.
#[derive(Default)]
pub struct Plan {
    pub(super) devices: Vec<Device>,
    pub(super) cables: Vec<Cable>,
    /// The device whose cards are watched.
    pub(super) watched: usize,
    /// Decides which frames are lost by chance.
    pub(super) seed: u64,
}

/// A namespace of its own.
pub(super) struct Device {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) cards: Vec<Card>,
    /// Network, length of its prefix, and the next router. Length 0 is all that has no better way.
    pub(super) routes: Vec<(IpAddr, u8, IpAddr)>,
    pub(super) servers: Vec<Server>,
    pub(super) visits: Vec<Visit>,
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
    pub(super) traits: Traits,
}

/// How a cable differs from one that is short, fast and sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Traits {
    pub(super) delay: Duration,
    /// By how much more, at random; frames keep their order.
    pub(super) jitter: Duration,
    /// How many of a million frames are lost, at random.
    pub(super) loss: u64,
    /// How many bits can be sent in a millisecond.
    pub(super) kbit: Option<u32>,
    /// How many frames may wait to be sent.
    pub(super) queue: Option<u32>,
}

pub(super) struct Server {
    pub(super) port: u16,
    /// Makes the peer that holds a new connection.
    pub(super) accept: Box<dyn FnMut(Rng) -> Box<dyn Peer + Send> + Send>,
}

pub(super) struct Visit {
    pub(super) to: SocketAddr,
    /// How long after the visit before it.
    pub(super) after: Duration,
    pub(super) peer: Box<dyn FnOnce(Rng) -> Box<dyn Peer + Send> + Send>,
}

impl Plan {
    /// The plan of a scenario, watched at the device called `at`, or at the first host.
    ///
    /// # Errors
    /// There is no such device, or the scenario has something that no kernel plays; a clause.
    pub fn new(scenario: &Scenario, seed: u64, at: Option<&str>) -> Result<Self, String> {
        let mut plan = Self { seed, ..Self::default() };
        for host in &scenario.hosts {
            let addresses = host.addresses.as_ref().iter().map(|a| (a.address, a.length)).collect();
            let card = Card { name: "eth0".into(), mac: Some(host.mac.0), addresses, mtu: ETHERNET_MTU };
            let servers = host.serve.iter().map(|serve| server(serve.port.get(), &serve.web)).collect();
            let visits = host.visit.iter().map(|visit| {
                let (to, web) = (*visit.to.as_ref(), visit.web.clone());
                let peer = move |rng| Box::new(web::Client::new(web, rng)) as Box<dyn Peer + Send>;
                Visit { to, after: Duration::from_millis(visit.after_ms.into()), peer: Box::new(peer) }
            });
            plan.devices.push(Device {
                name: host.name.as_ref().clone(),
                role: Role::Host,
                cards: vec![card],
                routes: Vec::new(),
                servers,
                visits: visits.collect(),
            });
        }
        for link in &scenario.links {
            let [a, b] = link.between.each_ref().map(|name| scenario.host(name.as_ref()));
            let (Some(a), Some(b)) = (a, b) else { continue };
            let traits = Traits {
                delay: Duration::from_micros(link.delay_us.into()),
                kbit: link.rate_kbit.map(std::num::NonZeroU32::get),
                ..Traits::default()
            };
            plan.cables.push(Cable { ends: [(a, 0), (b, 0)], traits });
        }
        if let Some(at) = at {
            let named = plan.devices.iter().position(|device| device.name == at);
            plan.watched = named.ok_or_else(|| format!("nobody in this scenario is called '{}'", at.escape_debug()))?;
        }
        Ok(plan)
    }
}

fn server(port: u16, site: &web::Site) -> Server {
    let site = Arc::new(site.clone());
    let accept = move |rng| Box::new(web::Server::new(Arc::clone(&site), rng)) as Box<dyn Peer + Send>;
    Server { port, accept: Box::new(accept) }
}
