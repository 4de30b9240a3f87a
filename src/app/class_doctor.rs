//! `osi-tutor doctor class`: whether phones in this room reach this machine.

use super::class::opened;
use super::rights::as_caller;
use super::{Failure, error};
use crate::classroom::hub::{Open, Seen};
use crate::classroom::qr;
use crate::cli::PORT;
use crate::rights::{self, Files, Needs};
use crate::serve::own_address;
use std::io::{self, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;

/// Phones that may try.
const PHONES: usize = 64;
/// Kinds of news that are told once each.
const MOST: usize = 256;

/// Runs it.
pub(super) fn run(listen: Option<SocketAddr>) -> Result<(), Failure> {
    let wanted = listen.unwrap_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), PORT));
    let open = opened(wanted, listen.is_some(), PHONES, "osi-tutor doctor class --listen")?;
    as_caller();
    let own = addresses();
    rights::seal(&Needs { files: Files::Only { read: Vec::new(), write: Vec::new() }, ..Needs::default() });
    for line in told(&open, &own) {
        error::tell(&line);
    }
    let known = Mutex::new(Vec::new());
    Ok(open.probe(own, move |seen: Seen| {
        let Ok(mut known) = known.lock() else { return };
        if !known.contains(&seen) && known.len() < MOST {
            known.push(seen);
            error::tell(&seen.told());
        }
    })?)
}

/// The addresses of this machine; those that strangers may use come first.
fn addresses() -> Vec<IpAddr> {
    let mut own: Vec<IpAddr> = [true, false].into_iter().filter_map(own_address).collect();
    #[cfg(feature = "live")]
    for nic in crate::source::live::interfaces() {
        own.extend(nic.addresses.iter().map(|(ip, _)| *ip));
    }
    let mut seen = Vec::new();
    own.retain(|ip| {
        !ip.is_loopback() && !seen.contains(ip) && {
            seen.push(*ip);
            true
        }
    });
    own
}

/// Where a phone should look, and what to conclude if it can't.
fn told(open: &Open, own: &[IpAddr]) -> Vec<String> {
    let at = open.address();
    let here: Vec<SocketAddr> = if at.ip().is_unspecified() {
        own.iter().filter(|ip| ip.is_ipv4()).map(|ip| SocketAddr::new(*ip, at.port())).collect()
    } else {
        vec![at]
    };
    let mut lines = Vec::new();
    if let Some(first) = here.first().filter(|_| io::stderr().is_terminal()) {
        lines.extend(qr::lines(&format!("http://{first}/")));
    }
    lines.push("Connect a phone to the network of the class, and open:".to_owned());
    lines.extend(here.iter().map(|at| format!("  http://{at}/")));
    if here.is_empty() {
        lines.push("  nothing: this machine has no address but its own; connect it to a network".to_owned());
    }
    lines.push(
        "If the page doesn't come, the network keeps its guests apart, or a firewall of this machine does: open the port, \
         use a hotspot, or count hands. Ctrl-C ends the wait."
            .to_owned(),
    );
    lines
}
