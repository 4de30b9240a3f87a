//! What the grammar cannot say: names that are unique and known, cards on exactly one link, addresses that
//! fit, visits that can be made.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;

use toml::Spanned;

use super::{Card, Host, Link, Network, Prefix, Router, Scenario, Whom};

/// Where, and why.
pub(super) type Wrong = (Range<usize>, String);

/// More hosts than these make no lesson.
const MAX_HOSTS: usize = 64;
/// More switches or routers neither.
const MAX_DEVICES: usize = 32;
/// More servers, or visits, on one host neither.
const MAX_SERVERS: usize = 16;
const MAX_VISITS: usize = 256;
/// More cards on one device, or addresses on one card, neither. The TCP/IP stack has room for so many.
const MAX_CARDS: usize = 16;
const MAX_ADDRESSES: usize = 8;
const MAX_ROUTES: usize = 1000;
const MAX_LINKS: usize = 256;
/// Ten seconds: further than anybody is.
const MAX_DELAY_US: u32 = 10_000_000;
/// Bytes that a connection may keep for its program.
const BUFFERS: std::ops::RangeInclusive<u32> = 256..=4 << 20;

/// Whether an MTU is possible at all: every IPv4 network carries 68 bytes (RFC 791), ours at most 9,216.
pub(super) fn mtu(mtu: u16) -> Result<(), String> {
    if (68..=9216).contains(&mtu) { Ok(()) } else { Err("an MTU is 68 to 9216 bytes".into()) }
}

fn wrong<T>(span: Range<usize>, why: impl Into<String>) -> Result<T, Wrong> {
    Err((span, why.into()))
}

impl Scenario {
    /// Finds what makes no sense.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        self.check_names()?;
        self.check_links()?;
        let mut macs = HashSet::new();
        for device in 0..self.devices().count() {
            for card in self.cards(device) {
                card.check()?;
                if !macs.insert(card.mac) {
                    return wrong(card.name.span(), format!("another card has the address {} already", card.mac));
                }
            }
        }
        self.hosts.iter().try_for_each(Host::check)?;
        self.routers.iter().try_for_each(Router::check)?;
        if let Some(at) = &self.vantage
            && at.as_ref() != "all"
            && self.device(at.as_ref()).is_none()
            && self.link(at.as_ref()).is_none()
        {
            return wrong(at.span(), "no device and no link has this name");
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Wrong> {
        if self.hosts.is_empty() {
            return wrong(0..0, "there is no host");
        }
        if let Some(host) = self.hosts.get(MAX_HOSTS) {
            return wrong(host.name.span(), format!("there are more than {MAX_HOSTS} hosts"));
        }
        let others = self.switches.len() + self.routers.len();
        if others > MAX_DEVICES {
            return wrong(0..0, format!("there are more than {MAX_DEVICES} switches and routers"));
        }
        let mut names = HashSet::new();
        for name in self.devices() {
            check_name(name)?;
            if !names.insert(name.as_ref().as_str()) {
                return wrong(name.span(), "another device has this name");
            }
        }
        for link in &self.links {
            if !names.insert(&link.name) {
                let taken = format!("the name '{}' is taken; give this link another: name = \"…\"", link.name);
                return wrong(link.between[0].span(), taken);
            }
        }
        Ok(())
    }

    fn check_links(&self) -> Result<(), Wrong> {
        if let Some(link) = self.links.get(MAX_LINKS) {
            return wrong(link.between[0].span(), format!("there are more than {MAX_LINKS} links"));
        }
        let mut used = HashSet::new();
        // Which switch each switch is joined to, and that one in turn.
        let mut joined: Vec<usize> = (0..self.devices().count()).collect();
        for link in &self.links {
            let mut devices = Vec::new();
            for name in &link.between {
                let Some((device, card)) = self.device(name.as_ref()) else {
                    return wrong(name.span(), "no host has this name, no switch and no router's card");
                };
                let cards = self.cards(device).len();
                if card.is_none() && cards > 1 {
                    let cards: Vec<_> = self.cards(device).iter().map(|card| card.name.as_ref().as_str()).collect();
                    return wrong(
                        name.span(),
                        format!("say which card: {name}:{}", cards.join(" or :"), name = name.as_ref()),
                    );
                }
                devices.push(device);
                let is_switch = cards == 0;
                if !used.insert((device, card.unwrap_or(0))) && !is_switch {
                    return wrong(name.span(), "this card is on a wire already");
                }
            }
            if devices[0] == devices[1] {
                return wrong(link.between[1].span(), "a link joins two different devices");
            }
            // Switches that stand in a ring would send what is for all round for ever.
            if devices.iter().all(|device| self.cards(*device).is_empty()) {
                let [one, other] = [root(&joined, devices[0]), root(&joined, devices[1])];
                if one == other {
                    let ring = "these switches are joined already: in a ring, what is for all would go round forever";
                    return wrong(link.between[1].span(), ring);
                }
                joined[one] = other;
            }
            link.check()?;
        }
        for (device, name) in self.devices().enumerate() {
            for card in 0..self.cards(device).len().max(1) {
                if !used.contains(&(device, card)) {
                    let lone = "no link joins this to another device";
                    let place = self.cards(device).get(card).map_or(name.span(), |card| card.name.span());
                    return wrong(place, lone);
                }
            }
        }
        Ok(())
    }
}

/// The last one in a chain of joined switches.
fn root(joined: &[usize], mut device: usize) -> usize {
    while joined[device] != device {
        device = joined[device];
    }
    device
}

impl Link {
    pub(super) fn check(&self) -> Result<(), Wrong> {
        let place = || self.between[0].span();
        if !(0.0..=100.0).contains(&self.loss_percent) {
            return wrong(place(), "loss_percent is 0 to 100");
        }
        if self.delay_us.max(self.jitter_us) > MAX_DELAY_US {
            return wrong(
                place(),
                format!("a frame travels for at most 10 seconds: delay_us and jitter_us are at most {MAX_DELAY_US}"),
            );
        }
        if let Some(limit) = &self.mtu {
            mtu(*limit.as_ref()).map_err(|why| (limit.span(), why))?;
        }
        Ok(())
    }
}

impl Card {
    fn check(&self) -> Result<(), Wrong> {
        check_name(&self.name)?;
        let all = self.addresses.as_ref();
        if all.len() > MAX_ADDRESSES {
            return wrong(self.addresses.span(), format!("a card has at most {MAX_ADDRESSES} addresses"));
        }
        if let Some(limit) = &self.mtu {
            mtu(*limit.as_ref()).map_err(|why| (limit.span(), why))?;
            if *limit.as_ref() < 1280 && all.iter().any(|prefix| prefix.address.is_ipv6()) {
                return wrong(limit.span(), "IPv6 needs an MTU of at least 1280 bytes (RFC 8200 §5)");
            }
        }
        Ok(())
    }
}

impl Host {
    fn check(&self) -> Result<(), Wrong> {
        let place = || self.name.span();
        check_cards(&self.cards, place())?;
        if self.serve.len() > MAX_SERVERS || self.visit.len() > MAX_VISITS {
            return wrong(place(), format!("more than {MAX_SERVERS} servers or {MAX_VISITS} visits are on this host"));
        }
        let mut ports = HashSet::new();
        for serve in &self.serve {
            if !ports.insert((serve.port, serve.program.is_datagram())) {
                return wrong(place(), format!("two servers wait at port {}", serve.port));
            }
        }
        let own = || self.cards.iter().flat_map(|card| card.addresses.as_ref());
        for (at, card) in self.cards.iter().enumerate() {
            let bare = card.addresses.as_ref().is_empty();
            if self.dhcp && at == 0 && card.addresses.as_ref().iter().any(|prefix| prefix.address.is_ipv4()) {
                return wrong(card.addresses.span(), "with dhcp = true the first card can't have a fixed IPv4 address");
            }
            if bare && !(self.dhcp && at == 0) {
                return wrong(card.addresses.span(), "a card has at least one address");
            }
        }
        for gateway in self.gateways() {
            if !own().any(|prefix| prefix.network().contains(*gateway)) {
                let span = self.gateway.as_ref().map_or(0..0, Spanned::span);
                return wrong(span, format!("the gateway {gateway} is on none of this host's networks"));
            }
        }
        if let Some(bytes) = &self.receive_buffer
            && !BUFFERS.contains(bytes.as_ref())
        {
            let (least, most) = (BUFFERS.start(), BUFFERS.end());
            return wrong(bytes.span(), format!("a receive buffer has {least} to {most} bytes"));
        }
        let speaks = |v4: bool| own().any(|prefix: &Prefix| prefix.address.is_ipv4() == v4) || (v4 && self.dhcp);
        self.check_visits(&speaks)
    }

    fn check_visits(&self, speaks: &dyn Fn(bool) -> bool) -> Result<(), Wrong> {
        for visit in &self.visit {
            let (to, span) = (visit.to.as_ref(), visit.to.span());
            match &to.host {
                Whom::Address(address) if !speaks(address.is_ipv4()) => {
                    return wrong(span, "the host has no address of this kind");
                }
                Whom::Name(_) if self.resolver.is_none() && !self.dhcp => {
                    return wrong(span, "a name needs a resolver: give the host one, or dhcp = true");
                }
                _ => {}
            }
            match (visit.errand.needs_port(), to.port) {
                (true, None) => return wrong(span, "this visit needs a port, like \"192.0.2.80:80\""),
                (false, Some(_)) => return wrong(span, "this visit goes to a host, not to a port"),
                _ => {}
            }
            if let Some(why) = visit.errand.wrong() {
                return wrong(span, why);
            }
        }
        Ok(())
    }
}

impl Router {
    fn check(&self) -> Result<(), Wrong> {
        check_cards(&self.cards, self.name.span())?;
        if self.routes.len() > MAX_ROUTES {
            return wrong(self.name.span(), format!("there are more than {MAX_ROUTES} routes"));
        }
        let networks = || self.cards.iter().flat_map(|card| card.addresses.as_ref()).map(|prefix| prefix.network());
        for route in &self.routes {
            let via = *route.via.as_ref();
            if !networks().any(|network: Network| network.contains(via)) {
                return wrong(route.via.span(), "the next router is on none of this router's networks");
            }
            if via.is_ipv4() != route.to.address.is_ipv4() {
                return wrong(route.via.span(), "a route of IPv4 leads over IPv4, one of IPv6 over IPv6");
            }
        }
        let Some(nat) = &self.nat else { return Ok(()) };
        for name in [&nat.inside, &nat.outside] {
            if !self.cards.iter().any(|card| card.name.as_ref() == name.as_ref()) {
                return wrong(name.span(), "this router has no such card");
            }
        }
        let outside = self.cards.iter().find(|card| card.name.as_ref() == nat.outside.as_ref());
        let hides =
            outside.is_some_and(|card| card.addresses.as_ref().iter().any(|a| matches!(a.address, IpAddr::V4(_))));
        if nat.inside.as_ref() == nat.outside.as_ref() || !hides {
            return wrong(nat.outside.span(), "the outside is another card, with an IPv4 address");
        }
        Ok(())
    }
}

fn check_cards(cards: &[Card], place: Range<usize>) -> Result<(), Wrong> {
    if cards.is_empty() || cards.len() > MAX_CARDS {
        return wrong(place, format!("a device has 1 to {MAX_CARDS} cards"));
    }
    let mut names = HashSet::new();
    for card in cards {
        if !names.insert(card.name.as_ref()) {
            return wrong(card.name.span(), "another card of this device has this name");
        }
    }
    Ok(())
}

/// A name is a word: it stands in `--at` and beside a colon.
fn check_name(name: &Spanned<String>) -> Result<(), Wrong> {
    let text = name.as_ref();
    let right = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > 64 || text == "all" || !text.chars().all(right) {
        return wrong(name.span(), "a name is a word of letters, digits, '-', '_' and '.', and not 'all'");
    }
    Ok(())
}
