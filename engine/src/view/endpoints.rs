//! What the stacks of simulated hosts hold: what a frame changed there, and everything as objects.

use super::Theme;
use crate::model::{Packet, show};
use crate::sim::{Endpoint, START};
use crate::stats::series::Flights;
use serde_json::{Value, json};

/// A device's name; `names` are all, in the order of the devices.
pub fn name<'n>(names: &[&'n str], endpoint: &Endpoint) -> &'n str {
    names.get(endpoint.device).copied().unwrap_or_default()
}

/// Appends what is new at a host, a line each.
pub fn changes(
    name: &str,
    before: Option<&Endpoint>,
    now: &Endpoint,
    flights: &Flights,
    theme: &Theme,
    out: &mut String,
) {
    let mut lines: Vec<(String, bool)> = Vec::new();
    let old = before.map_or(&[][..], |before| &before.sockets);
    for socket in now.sockets.iter().filter(|socket| !old.contains(socket)) {
        lines.push((socket.to_string(), false));
        let flight = socket.remote.and_then(|remote| flights.of(socket.local, remote)).filter(|bytes| *bytes > 1);
        if let Some(bytes) = flight {
            lines.push((format!("  inferred: {bytes} bytes in flight, so its congestion window is no smaller"), true));
        }
    }
    let ends = |endpoint: &Endpoint| endpoint.sockets.iter().map(|s| (s.local, s.remote)).collect::<Vec<_>>();
    let left = ends(now);
    for socket in old.iter().filter(|socket| socket.remote.is_some() && !left.contains(&(socket.local, socket.remote)))
    {
        lines.push((
            format!("gone: {} – {}", socket.local, socket.remote.map_or(String::new(), |r| r.to_string())),
            false,
        ));
    }
    if before.is_none_or(|before| (&before.addresses, &before.gateways) != (&now.addresses, &now.gateways)) {
        for own in &now.addresses {
            lines.push((format!("route: {}/{} on the link", own.address, own.length), false));
        }
        for gateway in &now.gateways {
            lines.push((format!("route: everything else via {gateway}"), false));
        }
    }
    let knew = before.map_or(&[][..], |before| &before.neighbours);
    for (address, mac) in now.neighbours.iter().filter(|neighbour| !knew.contains(neighbour)) {
        lines.push((format!("inferred: it knows that {address} is at {mac}"), true));
    }
    let mut host = String::new();
    show::escape(name.as_bytes(), &mut host);
    for (line, inferred) in lines {
        out.push_str("        ");
        theme.strong.paint(&host, out);
        out.push_str("  ");
        if inferred { &theme.inferred } else { &theme.observed }.paint(&line, out);
        out.push('\n');
    }
}

/// A host as an object: what the stack holds, and apart from it what is inferred.
pub fn object(name: &str, endpoint: &Endpoint) -> Value {
    let sockets: Vec<_> = endpoint
        .sockets
        .iter()
        .map(|socket| {
            json!({ "transport": socket.transport.name(), "state": socket.transport.state(),
                    "local": socket.local.to_string(), "remote": socket.remote.map(|remote| remote.to_string()),
                    "send_queue": socket.send_queue, "receive_queue": socket.receive_queue })
        })
        .collect();
    let addresses: Vec<_> = endpoint.addresses.iter().map(|own| format!("{}/{}", own.address, own.length)).collect();
    let neighbours: Vec<_> = endpoint
        .neighbours
        .iter()
        .map(|(address, mac)| json!({ "address": address.to_string(), "link_address": mac.to_string() }))
        .collect();
    json!({
        "host": name, "sockets": sockets, "addresses": addresses,
        "gateways": endpoint.gateways.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "inferred": { "neighbours": neighbours, "acts_at": endpoint.acts_at.map(|at| format!("{:.9}", at.as_secs_f64())) },
    })
}

/// What all hosts hold after a frame, as one object, after `schema/endpoints.json`.
pub fn seen(packet: &Packet, now: &[Endpoint], names: &[&str]) -> Value {
    let mut at = String::new();
    show::seconds(packet.time.since(START).unwrap_or(0), 9, &mut at);
    let all: Vec<_> = now.iter().map(|it| object(name(names, it), it)).collect();
    json!({ "v": 1, "frame": packet.number, "time_relative": at, "endpoints": all })
}
