//! A scenario: which hosts, switches and routers there are, how they are joined, and what each host does.
//!
//! It is a TOML file; `lessons/scenarios/` holds the ready ones, and they are compiled in. A key that we
//! do not know is an error, and so is a value that makes no sense: both say where. Read this file for what
//! can be written, `program` for what a host may run, `check` for what fits together.

mod address;
mod change;
mod check;
mod error;
mod gateway;
mod program;
mod ready;

pub use address::{Mac, Network, Prefix, Target, Whom};
pub use error::Error;
pub use program::{Errand, Job, Ping, Program, Reset, Service, Traceroute};
pub use ready::READY;

use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::ops::Range;
use std::sync::OnceLock;

use serde::Deserialize;
use toml::Spanned;

use crate::peers::tls;
use gateway::Gateways;

/// The longest IP packet that a card takes where nothing else is said, in bytes (RFC 894).
pub const ETHERNET_MTU: u16 = 1500;

/// Hosts, switches, routers, the links between them, and what each host does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is, in a few words.
    pub title: String,
    /// What there is to see, in a sentence.
    pub about: String,
    /// The seed where none is asked for.
    #[serde(default = "one")]
    pub seed: u64,
    /// Where the capture is taken unless told otherwise: a host, switch, router, card, link, or `all`. Without it,
    /// at the first host.
    #[serde(rename = "at")]
    pub vantage: Option<Spanned<String>>,
    /// The hosts.
    #[serde(rename = "host", default)]
    pub hosts: Vec<Host>,
    /// The switches.
    #[serde(rename = "switch", default)]
    pub switches: Vec<Switch>,
    /// The routers.
    #[serde(rename = "router", default)]
    pub routers: Vec<Router>,
    /// The wires.
    #[serde(rename = "link", default)]
    pub links: Vec<Link>,
}

/// One host. With one card it is written short: `mac` and `addresses` stand on the host itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name in this scenario.
    pub name: Spanned<String>,
    mac: Option<Mac>,
    addresses: Option<Spanned<Vec<Prefix>>>,
    mtu: Option<Spanned<u16>>,
    /// Its network cards.
    #[serde(rename = "card", default)]
    pub cards: Vec<Card>,
    /// The routers that it sends to what is not on its own networks: at most one a family.
    #[serde(default)]
    pub gateway: Option<Spanned<Gateways>>,
    /// The DNS server that it asks for names.
    pub resolver: Option<IpAddr>,
    /// Whether its first card gets address, gateway and resolver from a DHCP server.
    #[serde(default)]
    pub dhcp: bool,
    /// Whether what is not TCP forbids routers to fragment it (IPv4); TCP always does.
    #[serde(default = "yes")]
    pub dont_fragment: bool,
    /// How many bytes a connection of this host keeps until its program reads them.
    pub receive_buffer: Option<Spanned<u32>>,
    /// How this host's TCP keeps from flooding the network.
    #[serde(default)]
    pub congestion: Congestion,
    /// When it falls silent, in milliseconds: from then on it neither sends nor receives.
    pub silent_at_ms: Option<u32>,
    /// Its programs never read what arrives over TCP.
    #[serde(default)]
    pub not_reading: bool,
    /// Its programs read nothing before this moment, in milliseconds.
    #[serde(default)]
    pub reads_from_ms: u32,
    /// The programs that wait on it.
    #[serde(default)]
    pub serve: Vec<Serve>,
    /// The visits that it makes, one after the other unless they say otherwise.
    #[serde(default)]
    pub visit: Vec<Visit>,
}

/// How a host's TCP reacts to loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Congestion {
    /// It knows only the receiver's window.
    #[default]
    None,
    /// RFC 5681.
    Reno,
    /// RFC 9438.
    Cubic,
}

/// A network card.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its name on its host.
    pub name: Spanned<String>,
    /// Its address on the link.
    pub mac: Mac,
    /// Its IP addresses, with the length of their network's prefix.
    #[serde(default = "nothing")]
    pub addresses: Spanned<Vec<Prefix>>,
    /// The longest IP packet that it sends, in bytes; without it, the link's.
    pub mtu: Option<Spanned<u16>>,
}

/// A switch: it learns who is behind which of its links.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Its name in this scenario.
    pub name: Spanned<String>,
    /// How long it remembers an address that is not heard of, in seconds.
    #[serde(default = "five_minutes")]
    pub forgets_after_s: u32,
}

/// A router between networks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Its name in this scenario.
    pub name: Spanned<String>,
    /// Its network cards.
    #[serde(rename = "card", default)]
    pub cards: Vec<Card>,
    /// Where it sends what is not on its own networks.
    #[serde(rename = "route", default)]
    pub routes: Vec<Route>,
    /// Whose addresses it hides behind its own.
    pub nat: Option<Nat>,
}

/// A line of a routing table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The network that it leads to.
    pub to: Network,
    /// The next router on the way.
    pub via: Spanned<IpAddr>,
}

/// Network address and port translation (RFC 3022).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nat {
    /// The card of the hidden network.
    pub inside: Spanned<String>,
    /// The card whose first IPv4 address the world sees.
    pub outside: Spanned<String>,
}

/// A program that waits at a port.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "program::ServeKeys")]
pub struct Serve {
    /// Its TCP or UDP port.
    pub port: NonZeroU16,
    /// What it is.
    pub program: Program,
    /// It talks through TLS and shows this certificate.
    pub tls: Option<tls::Certificate>,
}

/// Something that a host does at another.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "program::VisitKeys")]
pub struct Visit {
    /// Where.
    pub to: Spanned<Target>,
    /// How long the host waits after the visit before this one has ended, in milliseconds.
    pub after_ms: u32,
    /// When it begins whatever the other visits do, in milliseconds.
    pub at_ms: Option<u32>,
    /// It waits for the visit before it to begin, not to end.
    pub parallel: bool,
    /// What for.
    pub errand: Errand,
    /// It talks through TLS, with the server of this name.
    pub tls: Option<tls::Name>,
}

/// A wire between two cards, or between switches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Its name: `client-router` where none is given.
    #[serde(default)]
    pub name: String,
    /// The two: `host`, `switch`, `router:card`.
    pub between: [Spanned<String>; 2],
    /// How long a signal travels, in microseconds.
    #[serde(default)]
    pub delay_us: u32,
    /// By how much more, at random, in microseconds; frames keep their order.
    #[serde(default)]
    pub jitter_us: u32,
    /// How many of a hundred frames are lost, at random.
    #[serde(default)]
    pub loss_percent: f64,
    /// Which frames are lost, counted as they leave on this link, from 1.
    #[serde(default)]
    pub loses: Vec<u64>,
    /// How many bits can be sent in a millisecond (kbit/s); without it, sending takes no time.
    pub rate_kbit: Option<NonZeroU32>,
    /// How many frames may wait to be sent; one more is dropped. Without it, 1000.
    pub queue: Option<NonZeroU32>,
    /// The longest IP packet that crosses it, in bytes; longer ones are lost.
    pub mtu: Option<Spanned<u16>>,
}

/// One end of a link: a device and which of its cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Hosts come first, then switches, then routers.
    pub device: usize,
    /// Which card; 0 for a switch, whose ports are its links.
    pub card: usize,
}

impl Scenario {
    /// A ready scenario by its name.
    pub fn ready(name: &str) -> Option<Result<Self, Error>> {
        /// Each as it was read first.
        static READ: [OnceLock<Scenario>; READY.len()] = [const { OnceLock::new() }; READY.len()];
        let ((_, text), read) = READY.iter().zip(&READ).find(|((n, _), _)| *n == name)?;
        if let Some(scenario) = read.get() {
            return Some(Ok(scenario.clone()));
        }
        Some(Self::parse(&format!("{name}.toml"), text).inspect(|scenario| {
            let _ = read.set(scenario.clone());
        }))
    }

    /// Reads a scenario. `file` is the name for error messages.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let error = |span: Range<usize>, message: &str| Error::at(file, text, span, message);
        let mut scenario: Self = toml::from_str(text).map_err(|e| error(e.span().unwrap_or(0..0), e.message()))?;
        scenario.settle().and_then(|()| scenario.check()).map_err(|(span, message)| error(span, &message))?;
        Ok(scenario)
    }

    /// The place of a host by its name.
    pub fn host(&self, name: &str) -> Option<usize> {
        self.hosts.iter().position(|host| host.name.as_ref() == name)
    }

    /// The place of a link by its name.
    pub fn link(&self, name: &str) -> Option<usize> {
        self.links.iter().position(|link| link.name == name)
    }

    /// The names of all devices in their order: hosts, switches, routers.
    pub fn devices(&self) -> impl Iterator<Item = &Spanned<String>> {
        let hosts = self.hosts.iter().map(|host| &host.name);
        let switches = self.switches.iter().map(|switch| &switch.name);
        hosts.chain(switches).chain(self.routers.iter().map(|router| &router.name))
    }

    /// The cards of a device; a switch has none of its own.
    pub fn cards(&self, device: usize) -> &[Card] {
        if let Some(host) = self.hosts.get(device) {
            return &host.cards;
        }
        let router = device.checked_sub(self.hosts.len() + self.switches.len());
        router.and_then(|router| self.routers.get(router)).map_or(&[], |router| &router.cards)
    }

    /// A device, and its card where one is named: `client`, `router:lan`.
    pub fn device(&self, name: &str) -> Option<(usize, Option<usize>)> {
        let find = |name: &str| self.devices().position(|device| device.as_ref() == name);
        if let Some(device) = find(name) {
            return Some((device, None));
        }
        let (device, card) = name.rsplit_once(':')?;
        let device = find(device)?;
        let card = self.cards(device).iter().position(|own| own.name.as_ref() == card)?;
        Some((device, Some(card)))
    }

    /// The two ends of a link; `None` where a name is wrong, which no checked scenario has.
    pub fn ends(&self, link: &Link) -> Option<[Place; 2]> {
        let end = |name: &Spanned<String>| {
            let (device, card) = self.device(name.as_ref())?;
            Some(Place { device, card: card.unwrap_or(0) })
        };
        Some([end(&link.between[0])?, end(&link.between[1])?])
    }

    /// The longest IP packet that a card sends: its own word, else its link's, else Ethernet's.
    pub fn mtu(&self, place: Place) -> u16 {
        let own = self.cards(place.device).get(place.card).and_then(|card| card.mtu.as_ref());
        let link = || self.links.iter().find(|link| self.ends(link).is_some_and(|ends| ends.contains(&place)));
        let words = own.or_else(|| link()?.mtu.as_ref());
        words.map_or(ETHERNET_MTU, |mtu| *mtu.as_ref())
    }

    /// Turns short forms into long ones.
    fn settle(&mut self) -> Result<(), check::Wrong> {
        for host in &mut self.hosts {
            let short = host.mac.is_some() || host.addresses.is_some() || host.mtu.is_some();
            let mac = match host.mac.take() {
                Some(mac) if host.cards.is_empty() => mac,
                None if !short && !host.cards.is_empty() => continue,
                _ => {
                    let either = "a host has either mac and addresses, or [[host.card]]";
                    return Err((host.name.span(), either.into()));
                }
            };
            let name = Spanned::new(host.name.span(), "eth0".to_owned());
            let addresses = host.addresses.take().unwrap_or_else(|| Spanned::new(host.name.span(), Vec::new()));
            host.cards.push(Card { name, mac, addresses, mtu: host.mtu.take() });
        }
        for link in &mut self.links {
            if link.name.is_empty() {
                let [a, b] = &link.between;
                let device = |name: &Spanned<String>| name.as_ref().split(':').next().unwrap_or_default().to_owned();
                link.name = format!("{}-{}", device(a), device(b));
            }
        }
        Ok(())
    }
}

impl Host {
    /// The gateways: at most one a family.
    pub fn gateways(&self) -> &[IpAddr] {
        self.gateway.as_ref().map_or(&[], |gateways| gateways.as_ref().all())
    }
}

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}

fn nothing() -> Spanned<Vec<Prefix>> {
    Spanned::new(0..0, Vec::new())
}

/// IEEE 802.1D suggests five minutes.
fn five_minutes() -> u32 {
    300
}

#[cfg(test)]
mod tests;
