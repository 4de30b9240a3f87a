//! On which line of the ladder each packet begins and ends: data for any picture of some packets.
//!
//! Each host has one line, with its name where the scenario names it. A host with several TCP connections in the
//! picture has a line for each of its ports. Where more lines are wanted than there is room for, those that have least
//! to say share one.

use super::find::Hit;
use super::hosts::{End, Hosts, Who, address_of, card_of};
use crate::flow::Endpoint;
use crate::model::show;
use crate::proto::{arp, ipv4, ipv6, tcp, udp};
use std::net::IpAddr;

/// A picture of some packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifelines {
    /// The lines, from left to right: at least two, where there are packets.
    pub lines: Vec<Lifeline>,
    /// The way of each packet, in their order.
    pub ways: Vec<Way>,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifeline {
    /// What the scenario calls its host; without a name, `client` or `server` where a connection tells; else empty.
    /// Of a line that hosts share: all their names.
    pub name: String,
    /// Its addresses; where there is none, that of its card.
    pub addresses: Vec<String>,
    /// Its ports in this picture.
    pub ports: Vec<u16>,
    /// How many lines are drawn as this one: 1, but where hosts share it.
    pub shares: usize,
}

/// The way of one packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The line of its sender.
    pub from: usize,
    /// The line of its receiver; `None`: everybody on the link.
    pub to: Option<usize>,
    /// Its TCP connection.
    pub talk: Option<Talk>,
    /// Where packets are followed from card to card: what changes on the way, and what stays.
    pub hop: Option<Hop>,
    /// Who sent it and who receives it, where the line alone does not say it.
    pub who: [Option<String>; 2],
}

/// The TCP connection of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Talk {
    /// The connection's number (`tcp.stream`).
    pub stream: u32,
    /// The line of its client.
    pub client: usize,
    /// The line of its server.
    pub server: usize,
}

/// One hop of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The time to live (IPv4), or hop limit (IPv6), that is left.
    pub ttl: u64,
    /// The IP addresses of both ends.
    pub addresses: [String; 2],
    /// The MAC addresses of this hop's ends.
    pub cards: [String; 2],
}

/// Who a line belongs to: a host, or one port of it.
type Key = (Who, Option<u16>);

/// What is known of one packet before lines are given out.
struct Sketch {
    ends: [Who; 2],
    /// The ports of TCP; those of UDP, too, where a host talks to itself.
    ports: [Option<u16>; 2],
    asked: Option<Who>,
}

impl Hosts {
    /// Lines for some packets: at most `most`, and at least two.
    pub fn lifelines(&self, hits: &[&Hit], most: usize) -> Lifelines {
        if hits.is_empty() {
            return Lifelines::default();
        }
        let sketches: Vec<Sketch> = hits.iter().map(|hit| self.sketch(hit)).collect();
        let mut picture = Picture { hosts: self, hits, sketches: &sketches, split: true };
        let mut keys = picture.keys();
        if keys.len() > most.max(2) {
            picture.split = false;
            keys = picture.keys();
        }
        let shared = picture.shared(&keys, most.max(2));
        picture.draw(&keys, &shared)
    }

    fn sketch(&self, hit: &Hit) -> Sketch {
        let ends = self.way(&hit.packet, hit.sender);
        let of = |layer: Option<&crate::model::Layer>, src, dst| {
            let port = |def| hit.packet.uint_in(layer?, def).and_then(|port| u16::try_from(port).ok());
            [port(src), port(dst)]
        };
        let [from, to] = ends;
        let segment = hit.packet.layer(&tcp::ABOUT).filter(|_| !self.hops());
        let mut ports = of(segment, &tcp::SRCPORT, &tcp::DSTPORT);
        if from == to && ports == [None; 2] {
            ports = of(hit.packet.layer(&udp::ABOUT), &udp::SRCPORT, &udp::DSTPORT);
        }
        // A host that ARP asks for need not have spoken yet.
        let asked = hit.packet.layer(&arp::ABOUT).and_then(|l| hit.packet.octets_in(l, &arp::DST_IPV4));
        let asked = asked.and_then(|b| <[u8; 4]>::try_from(b).ok()).map(|b| self.holder(IpAddr::from(b)));
        Sketch { ends, ports, asked: asked.filter(|who| to == Who::Everyone && *who != from) }
    }
}

struct Picture<'p> {
    hosts: &'p Hosts,
    hits: &'p [&'p Hit],
    sketches: &'p [Sketch],
    /// A host with several ports has a line for each.
    split: bool,
}

impl Picture<'_> {
    /// All lines that are wanted, from left to right.
    fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for sketch in self.sketches {
            let ends = [0, 1].map(|end| self.key(sketch, end));
            for key in ends.into_iter().flatten().chain(sketch.asked.map(|who| (who, None))) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        // What has no port of its own is drawn on the first line of its host.
        let split: Vec<Who> = keys.iter().filter(|(_, port)| port.is_some()).map(|(who, _)| *who).collect();
        keys.retain(|(who, port)| port.is_some() || !split.contains(who));
        keys.sort_by_key(|&(who, port)| (self.hosts.place(who), self.serves((who, port)), port));
        if keys.len() < 2 {
            keys.push((Who::Everyone, None));
        }
        keys
    }

    /// The line of one end; `None`: everyone.
    fn key(&self, sketch: &Sketch, end: usize) -> Option<Key> {
        let who = sketch.ends[end];
        if who == Who::Everyone {
            return None;
        }
        let alone = sketch.ends[0] == sketch.ends[1];
        let split = alone || (self.split && self.ports(who).len() > 1);
        Some((who, sketch.ports[end].filter(|_| split)))
    }

    /// The ports that a host's connections have.
    fn ports(&self, who: Who) -> Vec<u16> {
        let mut ports = Vec::new();
        for sketch in self.sketches {
            for (own, port) in sketch.ends.iter().zip(sketch.ports) {
                if let Some(port) = port.filter(|port| *own == who && !ports.contains(port)) {
                    ports.push(port);
                }
            }
        }
        ports
    }

    /// Which line each key is drawn as: those with least packets share one where there is no room for all.
    fn shared(&self, keys: &[Key], most: usize) -> Vec<usize> {
        if keys.len() <= most {
            return (0..keys.len()).collect();
        }
        let uses = |key: &Key| {
            let ends = self.sketches.iter().flat_map(|s| [self.key(s, 0), self.key(s, 1)]);
            ends.flatten().filter(|own| own == key).count()
        };
        // Neighbours share, so that nobody's side changes; of equals, those on the right.
        let uses: Vec<usize> = keys.iter().map(uses).collect();
        let many = keys.len() - most + 1;
        let least = uses.windows(many).enumerate().rev().min_by_key(|(_, run)| run.iter().sum::<usize>());
        let first = least.map_or(0, |(at, _)| at);
        (0..keys.len()).map(|at| if at < first { at } else { first.max((at + 1).saturating_sub(many)) }).collect()
    }

    /// Whether a line is a server's.
    fn serves(&self, (who, port): Key) -> bool {
        let mut all = self.hits.iter().zip(self.sketches).filter(|(hit, _)| hit.stream().is_some());
        all.any(|(hit, sketch)| {
            let server = usize::from(hit.sender != Some(Endpoint::Server));
            sketch.ends[server] == who && sketch.ports[server] == port
        })
    }

    fn draw(&self, keys: &[Key], shared: &[usize]) -> Lifelines {
        let count = shared.iter().max().map_or(0, |last| last + 1);
        let mut lines = vec![Lifeline::default(); count];
        for (key, &at) in keys.iter().zip(shared) {
            let (own, Some(line)) = (self.line(*key), lines.get_mut(at)) else { continue };
            if line.shares > 0 && !line.name.is_empty() {
                line.name.push_str(", ");
            }
            line.name.push_str(&own.name);
            line.addresses.extend(own.addresses);
            line.ports.extend(own.ports);
            line.shares += 1;
        }
        let at = |key: Key| {
            let exact = keys.iter().position(|own| *own == key);
            let place = exact.or_else(|| keys.iter().position(|(who, _)| *who == key.0));
            place.and_then(|place| shared.get(place).copied())
        };
        let ways = self.hits.iter().zip(self.sketches).map(|(hit, sketch)| {
            let [from, to] = [0, 1].map(|end| self.key(sketch, end));
            let from = from.and_then(at).unwrap_or(0);
            let to = to.map(|to| at(to).unwrap_or(0));
            let several = |end: usize, line: Option<usize>| {
                let line = lines.get(line?)?;
                let port = sketch.ports.get(end).copied().flatten().filter(|_| line.ports.len() > 1);
                if line.shares == 1 {
                    return port.map(|port| format!(":{port}"));
                }
                let own = self.line((*sketch.ends.get(end)?, None));
                let name = if own.name.is_empty() { own.addresses.join(" ") } else { own.name };
                Some(name)
            };
            let talk = hit.stream().filter(|_| !self.hosts.hops()).zip(to).map(|(stream, to)| {
                let back = hit.sender == Some(Endpoint::Server);
                let [client, server] = if back { [to, from] } else { [from, to] };
                Talk { stream, client, server }
            });
            Way { from, to, talk, hop: self.hop(hit), who: [several(0, Some(from)), several(1, to)] }
        });
        let ways = ways.collect();
        Lifelines { lines, ways }
    }

    /// One line alone.
    fn line(&self, (who, port): Key) -> Lifeline {
        let mut line = Lifeline { name: self.hosts.name(who).to_owned(), shares: 1, ..Lifeline::default() };
        let mut roles = Vec::new();
        let mut add = |text: String| {
            if !line.addresses.contains(&text) {
                line.addresses.push(text);
            }
        };
        for (hit, sketch) in self.hits.iter().zip(self.sketches) {
            for (at, end) in [End::From, End::To].into_iter().enumerate() {
                if sketch.ends[at] != who || port.is_some_and(|port| sketch.ports[at] != Some(port)) {
                    continue;
                }
                let address = address_of(&hit.packet, end).filter(|ip| self.hosts.holder(*ip) == who);
                address.into_iter().filter(|ip| !ip.is_unspecified()).for_each(|ip| add(ip.to_string()));
                if hit.stream().is_some() && !self.hosts.hops() {
                    roles.push((hit.sender == Some(Endpoint::Client)) == (end == End::From));
                }
            }
        }
        if line.addresses.is_empty() {
            line.addresses.extend(self.hosts.address(who).map(|ip| ip.to_string()));
        }
        match who {
            Who::Card(card) if line.addresses.is_empty() => line.addresses.push(mac(&card)),
            Who::Everyone => "everyone".clone_into(&mut line.name),
            Who::Side(Endpoint::Client) => "client".clone_into(&mut line.name),
            Who::Side(Endpoint::Server) => "server".clone_into(&mut line.name),
            _ => {}
        }
        if line.name.is_empty()
            && let Some(&client) = roles.first()
            && roles.iter().all(|role| *role == client)
        {
            (if client { "client" } else { "server" }).clone_into(&mut line.name);
        }
        line.ports = port.map_or_else(|| self.ports(who), |port| vec![port]);
        line
    }

    /// What is beside the arrow where packets are followed from card to card.
    fn hop(&self, hit: &Hit) -> Option<Hop> {
        let packet = &hit.packet;
        let own = packet.layers.iter().filter(|l| !l.quoted);
        let left = |l| packet.uint_in(l, &ipv4::TTL).or_else(|| packet.uint_in(l, &ipv6::HLIM));
        let ttl = own.filter(|_| self.hosts.hops()).find_map(left)?;
        let both = |of: &dyn Fn(End) -> Option<String>| Some([of(End::From)?, of(End::To)?]);
        Some(Hop {
            ttl,
            addresses: both(&|end| address_of(packet, end).map(|ip| ip.to_string()))?,
            cards: both(&|end| card_of(packet, end).map(|card| mac(&card)))?,
        })
    }
}

fn mac(card: &[u8]) -> String {
    let mut text = String::new();
    show::mac(card, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::find::search;
    use crate::lesson::{built_in, course, simulate};
    use crate::source::file::File;

    /// The lines of all packets that a lesson shows: their names, and each packet's way.
    fn drawn(id: &str, most: usize) -> (Vec<String>, Lifelines) {
        let lesson = built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let hits: Vec<&Hit> = trace.pages.iter().flatten().collect();
        let lines = trace.hosts.lifelines(&hits, most);
        (lines.lines.iter().map(|line| line.name.clone()).collect(), lines)
    }

    #[test]
    fn a_third_host_has_a_line_of_its_own() {
        assert_eq!(drawn("arp", 9).0, ["client", "near"]);
        assert_eq!(drawn("routing", 9).0, ["client", "near", "far"]);
        assert_eq!(drawn("dns", 9).0, ["client", "resolver", "root", "com", "server"]);
        assert_eq!(drawn("chat", 4).0, ["Ada", "Ben", "Cleo", "server"]);
    }

    #[test]
    fn two_connections_are_two_lines() {
        let (names, drawn) = drawn("ports-and-sockets", 9);
        assert_eq!(names.iter().filter(|name| *name == "client").count(), names.len() - 3, "{names:?}");
        let ports: Vec<&[u16]> = drawn.lines.iter().map(|line| line.ports.as_slice()).collect();
        assert!(ports.iter().all(|ports| ports.len() == 1) && ports.contains(&&[8080][..]), "{ports:?}");
        let mut talks: Vec<Talk> = drawn.ways.iter().filter_map(|way| way.talk).collect();
        talks.sort_by_key(|talk| talk.stream);
        talks.dedup();
        let mut clients: Vec<usize> = talks.iter().map(|talk| talk.client).collect();
        clients.dedup();
        assert_eq!((talks.len(), clients.len()), (4, 4));
    }

    #[test]
    fn where_there_is_no_room_hosts_share_a_line_and_each_packet_says_whose_it_is() {
        let (names, drawn) = drawn("dns", 3);
        assert_eq!(names, ["client", "resolver", "root, com, server"]);
        assert_eq!(drawn.lines[2].shares, 3);
        assert!(drawn.ways.iter().any(|way| way.who[0].as_deref() == Some("com")), "{:?}", drawn.ways);
        assert!(drawn.ways.iter().all(|way| way.from != 1 || way.who[0].is_none()));
    }

    #[test]
    fn at_a_router_a_hop_says_what_is_left_to_live_and_which_cards() {
        let hops: Vec<Hop> = drawn("routing", 9).1.ways.into_iter().filter_map(|way| way.hop).collect();
        let same = |a: &Hop, b: &Hop| a.addresses == b.addresses && a.ttl == b.ttl + 1 && a.cards[1] != b.cards[1];
        assert!(hops.iter().any(|a| hops.iter().any(|b| same(a, b))), "{hops:?}");
        assert!(drawn("handshake", 9).1.ways.iter().all(|way| way.hop.is_none()));
    }

    #[test]
    fn on_loopback_both_ends_have_a_line() {
        let lesson = built_in("upgrade").unwrap().unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/captures/socketio.pcapng");
        let mut file = File::open(path.as_ref()).unwrap();
        let (trace, _) = search(&lesson, Hosts::new(lesson.osi), &mut file, &mut || false);
        let hits: Vec<&Hit> = trace.pages.iter().flatten().collect();
        let drawn = trace.hosts.lifelines(&hits, 4);
        let names: Vec<&str> = drawn.lines.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["client", "server"]);
        assert!(drawn.ways.iter().all(|way| way.to != Some(way.from)));
    }

    #[test]
    fn every_way_of_every_lesson_on_every_capture_begins_and_ends_on_a_line() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
        let course = course().unwrap();
        let mut ways = 0;
        for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            for lesson in &course {
                let Ok(mut file) = File::open(&path) else { continue };
                let (trace, _) = search(lesson, Hosts::new(lesson.osi), &mut file, &mut || false);
                let hits: Vec<&Hit> = trace.pages.iter().flatten().collect();
                for most in [0, 2, 3, 9] {
                    let drawn = trace.hosts.lifelines(&hits, most);
                    let count = drawn.lines.len();
                    let fits = (2..=most.max(2)).contains(&count);
                    assert!(fits || hits.is_empty(), "{}: {path:?}", lesson.id);
                    let inside = |way: &Way| way.from < count && way.to.is_none_or(|to| to < count);
                    assert!(drawn.ways.len() == hits.len() && drawn.ways.iter().all(inside), "{}: {path:?}", lesson.id);
                    ways += drawn.ways.len();
                }
            }
        }
        assert!(ways > 1_000, "{ways}");
    }
}
