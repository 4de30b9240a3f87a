//! `simulate --endpoints`: after each frame, what the hosts' stacks hold now.

use super::{Failure, columns, json_line};
use crate::flow::reader::Reader;
use crate::flow::{Endpoint as Side, Limits, Tracker};
use crate::model::{Packet, Time, show};
use crate::sim::{Endpoint, START, Simulation};
use crate::source::Step;
use crate::stats::series::Series;
use crate::view::Theme;
use crate::view::brief::Brief;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write as _;

/// Connections whose bytes in flight are inferred.
const MOST_STREAMS: usize = 1024;

/// Shows each frame, and under it what it changed. `names` are the devices' names in their order.
pub(super) fn run(
    simulation: &mut Simulation,
    names: &[&str],
    (as_json, count): (bool, Option<u64>),
    theme: &Theme,
) -> Result<(), Failure> {
    let mut reader = Reader::new(Limits::default());
    let mut brief = Brief::new(theme.clone(), columns());
    let mut flights = Flights::default();
    let mut known: Vec<Endpoint> = Vec::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut shown = 0;
    let mut text = String::new();
    while count.is_none_or(|most| shown < most) {
        match reader.next(simulation)? {
            Step::Frame => {}
            Step::Idle => continue,
            Step::End => break,
        }
        let packet = &reader.packet;
        shown += 1;
        flights.add(packet, &reader.tracker);
        let now = simulation.endpoints();
        text.clear();
        if as_json {
            let all: Vec<_> = now.iter().map(|it| object(name(names, it), it)).collect();
            let seen =
                json!({ "v": 1, "frame": packet.number, "time_relative": seconds(packet.time), "endpoints": all });
            text = json_line(&seen);
        } else {
            brief.line(packet, &mut text);
            for endpoint in &now {
                let before = known.iter().find(|before| before.device == endpoint.device);
                changes(name(names, endpoint), before, endpoint, &flights, theme, &mut text);
            }
        }
        known = now;
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}

/// A device's name.
fn name<'n>(names: &[&'n str], endpoint: &Endpoint) -> &'n str {
    names.get(endpoint.device).copied().unwrap_or_default()
}

/// What is new at a host, a line each.
fn changes(name: &str, before: Option<&Endpoint>, now: &Endpoint, flights: &Flights, theme: &Theme, out: &mut String) {
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
pub(super) fn object(name: &str, endpoint: &Endpoint) -> Value {
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

fn seconds(at: Time) -> String {
    let mut text = String::new();
    show::seconds(at.since(START).unwrap_or(0), 9, &mut text);
    text
}

/// What each end of each connection has in flight, inferred from the frames.
#[derive(Default)]
struct Flights(HashMap<(std::net::SocketAddr, std::net::SocketAddr), Series>);

impl Flights {
    fn add(&mut self, packet: &Packet, tracker: &Tracker) {
        let Some(conversation) = tracker.current() else { return };
        let Some(connection) = tracker.connection(conversation) else { return };
        let ends = connection.ends;
        let client = std::net::SocketAddr::new(ends.src.ip(), ends.src_port);
        let server = std::net::SocketAddr::new(ends.dst.ip(), ends.dst_port);
        if self.0.len() < MOST_STREAMS || self.0.contains_key(&(client, server)) {
            let series = self.0.entry((client, server)).or_default();
            series.add(packet, connection.sender(conversation.forward) == Side::Client);
        }
    }

    /// Of what `local` sends to `remote`.
    fn of(&self, local: std::net::SocketAddr, remote: std::net::SocketAddr) -> Option<u64> {
        let way = match (self.0.get(&(local, remote)), self.0.get(&(remote, local))) {
            (Some(series), _) => series.ways.first(),
            (None, Some(series)) => series.ways.last(),
            (None, None) => None,
        };
        way?.flight.all().last().map(|point| point.1)
    }
}
