//! Building: a namespace for each device, a veth pair for each cable, addresses, routes.
//!
//! A cable with delay, loss or faults is two veth pairs with the relay between them.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::mpsc::Sender;

use super::netlink::{End, Netlink};
use super::plan::{Device, Plan, Role};
use super::refusal::{Refusal, Wanted};
use super::relay::{Met, Relay};
use super::space::{self, Space};
use super::sys;
use crate::sim::Judge;

/// The number of loopback in every namespace.
const LOOPBACK: u32 = 1;
/// The numbers of a device's cards, its bridge, and the relay's ports.
const FIRST_CARD: u32 = 10;
const BRIDGE: u32 = 9;
const FIRST_PORT: u32 = 1000;
/// What a relay's port takes: any card's longest packet.
const PORT_MTU: u16 = 9000;

/// What was built.
pub(super) struct Rig {
    /// A namespace for each device, in the plan's order.
    pub(super) spaces: Vec<Space>,
    pub(super) relay: Relay,
}

/// Builds it. This thread stands in `workshop`, and does again afterwards.
pub(super) fn build(plan: &Plan, judge: Option<Judge>, workshop: &Space, met: Sender<Met>) -> Result<Rig, Refusal> {
    let no = |wanted: Wanted| move |error: io::Error| Refusal::new(wanted, &error);
    let mut relay = Relay::new(judge, met);
    let mut spaces = Vec::new();
    for device in &plan.devices {
        spaces.push(Space::new().map_err(no(Wanted::Net))?);
        prepare(device).map_err(no(Wanted::Setting))?;
    }
    workshop.enter().map_err(no(Wanted::Net))?;
    quiet();
    let mut netlink = Netlink::open().map_err(no(Wanted::Link))?;
    let mut ports = FIRST_PORT..;
    for cable in &plan.cables {
        let [Some(a), Some(b)] = cable.ends.map(|(device, card)| end(plan, &spaces, device, card)) else { continue };
        if !relay.wants(cable) {
            netlink.cable(a, b).map_err(no(Wanted::Link))?;
            continue;
        }
        let mut sockets = Vec::new();
        for (far, index) in [a, b].into_iter().zip(&mut ports) {
            let name = format!("port{index}");
            let near = End { space: workshop.as_fd(), name: &name, index, mac: None, mtu: PORT_MTU };
            netlink.cable(far, near).map_err(no(Wanted::Link))?;
            netlink.no_offload(&name).and_then(|()| netlink.up(index)).map_err(no(Wanted::Link))?;
            sockets.push(sys::port(index).map_err(no(Wanted::Capture))?);
        }
        if let Ok(ends) = <[_; 2]>::try_from(sockets) {
            relay.add(ends, cable);
        }
    }
    for (device, space) in plan.devices.iter().zip(&spaces) {
        space.enter().and_then(|()| furnish(device)).map_err(no(Wanted::Setting))?;
    }
    workshop.enter().map_err(no(Wanted::Net))?;
    Ok(Rig { spaces, relay })
}

/// A card as the end of a cable.
fn end<'a>(plan: &'a Plan, spaces: &'a [Space], device: usize, card: usize) -> Option<End<'a>> {
    let space = spaces.get(device)?.as_fd();
    let own = plan.devices.get(device)?.cards.get(card)?;
    Some(End { space, name: &own.name, index: number(card), mac: own.mac, mtu: own.mtu })
}

fn number(card: usize) -> u32 {
    FIRST_CARD.saturating_add(u32::try_from(card).unwrap_or(u32::MAX))
}

/// The settings of the namespace that this thread is in; before there are cards, because they copy them.
fn prepare(device: &Device) -> io::Result<()> {
    let mut addresses = device.cards.iter().flat_map(|card| &card.addresses);
    let speaks_ipv6 = addresses.any(|(address, _)| address.is_ipv6());
    if device.role == Role::Switch || !speaks_ipv6 {
        quiet();
    }
    // Nobody here is asked whether an address is taken, and there is no router to be asked for.
    for (key, value) in [("accept_dad", "0"), ("router_solicitations", "0"), ("accept_ra", "0")] {
        let _ = space::set(&format!("ipv6/conf/default/{key}"), value);
    }
    for (key, value) in &device.settings {
        space::set(key, value)?;
    }
    // Everybody may ask for an echo, without a right (icmp(7)).
    let _ = space::set("ipv4/ping_group_range", "0 0");
    if device.role == Role::Router {
        space::set("ipv4/ip_forward", "1")?;
        if speaks_ipv6 {
            space::set("ipv6/conf/all/forwarding", "1")?;
        }
    }
    let mut netlink = Netlink::open()?;
    if device.role == Role::Switch {
        netlink.bridge("bridge", BRIDGE)?;
        netlink.up(BRIDGE)?;
    }
    netlink.up(LOOPBACK)
}

/// Where nobody speaks IPv6, its cards shall not ask around either. A kernel without IPv6 has no such setting.
fn quiet() {
    let _ = space::set("ipv6/conf/default/disable_ipv6", "1");
}

/// Addresses and routes; this thread is in the device's namespace, and the cards are there.
fn furnish(device: &Device) -> io::Result<()> {
    let mut netlink = Netlink::open()?;
    for (card, at) in device.cards.iter().zip(0..) {
        let index = number(at);
        netlink.no_offload(&card.name)?;
        if device.role == Role::Switch {
            netlink.plug(index, BRIDGE)?;
        }
        for &(address, length) in &card.addresses {
            netlink.address(index, address, length)?;
        }
        netlink.up(index)?;
    }
    // IPv4 takes a route only over a card that is up.
    for &(to, length, via) in &device.routes {
        let nowhere = if via.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
        netlink.route(if length == 0 { nowhere } else { to }, length, via)?;
    }
    Ok(())
}
