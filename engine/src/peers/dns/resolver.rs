//! A resolver: it asks other servers on behalf of its clients, and remembers what they say until its TTL is over. Either it
//! passes questions on to one server, or it starts at a root and follows referrals (RFC 1034 §5.3.3).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Code, Head, Name, Question, Writer, referral, ttls};
use crate::peers::{Datagram, DatagramPeer, Heard, Want};
use crate::rng::Rng;

/// Answers that are remembered, and questions that are open, at a time.
const MAX_CACHE: usize = 1_024;
const MAX_OPEN: usize = 256;
/// How many referrals are followed for one question.
const MAX_HOPS: u8 = 8;
/// How long an answer is waited for before the question is sent again, and how often it is sent.
const PATIENCE: Duration = Duration::from_secs(1);
const TRIES: u8 = 2;

/// Whom a resolver asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The server's address and port.
    pub upstream: SocketAddr,
    /// Whether that server is a root: the resolver asks it without a wish for recursion, and then whom it names.
    #[serde(default)]
    pub iterates: bool,
}

/// A resolver with its cache.
#[derive(Debug)]
pub struct Resolver {
    plan: Plan,
    rng: Rng,
    cache: BTreeMap<Question, Known>,
    /// Zones whose servers are known, and until when.
    zones: BTreeMap<Name, (SocketAddr, Duration)>,
    /// Questions that were passed on, by the id that they got.
    open: BTreeMap<u16, Open>,
}

/// An answer, and where its TTLs stand.
#[derive(Debug)]
struct Known {
    bytes: Vec<u8>,
    places: Vec<usize>,
    since: Duration,
    until: Duration,
}

#[derive(Debug)]
struct Open {
    client: SocketAddr,
    id: u16,
    question: Question,
    /// Who was asked, and how many before.
    server: SocketAddr,
    hops: u8,
    until: Duration,
    tries: u8,
}

impl Resolver {
    /// A resolver that knows nothing yet.
    pub fn new(plan: Plan, rng: Rng) -> Self {
        Self { plan, rng, cache: BTreeMap::new(), zones: BTreeMap::new(), open: BTreeMap::new() }
    }

    fn hear(&mut self, now: Duration, from: SocketAddr, bytes: &[u8], out: &mut Vec<Datagram>) {
        let Some(head) = Head::read(bytes) else { return };
        match (head.is_response(), head.question) {
            (true, Some(question)) => {
                // Only what was asked for, by whom it was asked, is believed.
                if self.open.get(&head.id).is_some_and(|open| open.server == from && open.question == question) {
                    self.answer(now, head.id, head.end, bytes, out);
                }
            }
            (false, Some(question)) => self.ask(now, from, head.id, question, out),
            (false, None) => out.push(refusal(from, head.id, None, Code::FormErr)),
            (true, None) => {}
        }
    }

    /// A client asks: the cache answers, or the question is passed on.
    fn ask(&mut self, now: Duration, client: SocketAddr, id: u16, question: Question, out: &mut Vec<Datagram>) {
        self.cache.retain(|_, known| known.until > now);
        if let Some(known) = self.cache.get(&question) {
            out.push(Datagram { to: client, bytes: known.told(now, id) });
            return;
        }
        if self.open.len() >= MAX_OPEN {
            return out.push(refusal(client, id, Some(&question), Code::ServFail));
        }
        self.zones.retain(|_, (_, until)| *until > now);
        let nearest = self.zones.iter().filter(|(zone, _)| question.name.is_within(zone));
        let nearest = nearest.max_by_key(|(zone, _)| zone.labels().count());
        let server = nearest.map_or(self.plan.upstream, |(_, (server, _))| *server);
        self.pass_on(Open { client, id, question, server, hops: 0, until: now + PATIENCE, tries: 1 }, out);
    }

    /// Asks a server, under an id that nobody can guess (RFC 5452 §4.3), and that is not in use.
    fn pass_on(&mut self, open: Open, out: &mut Vec<Datagram>) {
        let mut ours = self.rng.bytes::<2>();
        while self.open.contains_key(&u16::from_be_bytes(ours)) {
            ours = self.rng.bytes();
        }
        let ours = u16::from_be_bytes(ours);
        out.push(self.query(ours, &open));
        self.open.insert(ours, open);
    }

    fn query(&self, ours: u16, open: &Open) -> Datagram {
        let flags = if self.plan.iterates { 0 } else { 0x0100 };
        Datagram { to: open.server, bytes: Writer::new(ours, flags, Some(&open.question)).bytes }
    }

    /// The server answers, or says who knows more.
    fn answer(&mut self, now: Duration, ours: u16, end: usize, bytes: &[u8], out: &mut Vec<Datagram>) {
        let Some(mut open) = self.open.remove(&ours) else { return };
        if self.plan.iterates
            && open.hops < MAX_HOPS
            && let Some(next) = referral(bytes, end).filter(|next| open.question.name.is_within(&next.zone))
        {
            open.server = SocketAddr::new(next.server.into(), self.plan.upstream.port());
            (open.hops, open.tries, open.until) = (open.hops + 1, 1, now + PATIENCE);
            if self.zones.len() < MAX_CACHE {
                self.zones.insert(next.zone, (open.server, now + Duration::from_secs(next.ttl.into())));
            }
            return self.pass_on(open, out);
        }
        let Some((places, ttl)) = ttls(bytes, end) else {
            return out.push(refusal(open.client, open.id, Some(&open.question), Code::ServFail));
        };
        // RFC 2181 §8: a TTL with its first bit set is none.
        let ttl = if places.is_empty() || ttl > i32::MAX.unsigned_abs() { 0 } else { ttl };
        let known = Known { bytes: bytes.to_vec(), places, since: now, until: now + Duration::from_secs(ttl.into()) };
        out.push(Datagram { to: open.client, bytes: known.told(now, open.id) });
        let truncated = bytes.get(2).is_some_and(|flags| flags & 0x02 != 0);
        if ttl > 0 && !truncated && self.cache.len() < MAX_CACHE {
            self.cache.insert(open.question, known);
        }
    }

    /// Asks again, or gives up.
    fn tick(&mut self, now: Duration, out: &mut Vec<Datagram>) {
        let late: Vec<u16> = self.open.iter().filter(|(_, open)| open.until <= now).map(|(ours, _)| *ours).collect();
        for open in late.iter().filter_map(|ours| self.open.remove(ours)).collect::<Vec<_>>() {
            if open.tries < TRIES {
                // A new question, with a new id: an answer to the old one may be anybody's.
                self.pass_on(Open { tries: open.tries + 1, until: now + PATIENCE, ..open }, out);
            } else {
                out.push(refusal(open.client, open.id, Some(&open.question), Code::ServFail));
            }
        }
    }
}

impl Known {
    /// The answer for another client: its id, no authority of our own, and TTLs that have run down.
    fn told(&self, now: Duration, id: u16) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        super::put(&mut bytes, 0, id);
        let flags = super::word(&bytes, 2).unwrap_or_default();
        super::put(&mut bytes, 2, flags & !0x0400 | 0x0180);
        let age = u32::try_from(now.saturating_sub(self.since).as_secs()).unwrap_or(u32::MAX);
        for place in &self.places {
            if let Some(ttl) = bytes.get_mut(*place..).and_then(|rest| rest.first_chunk_mut::<4>()) {
                *ttl = u32::from_be_bytes(*ttl).saturating_sub(age).to_be_bytes();
            }
        }
        bytes
    }
}

impl DatagramPeer for Resolver {
    fn step(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        if let Heard::Datagram { from, bytes } = heard {
            self.hear(now, from, bytes, out);
        }
        self.tick(now, out);
        self.open.values().map(|open| open.until).min().map_or(Want::Input, Want::Wake)
    }
}

fn refusal(to: SocketAddr, id: u16, question: Option<&Question>, code: Code) -> Datagram {
    Datagram { to, bytes: Writer::new(id, 0x8180 | code as u16, question).bytes }
}

#[cfg(test)]
mod tests {
    use super::super::server::{Server, tests::zone};
    use super::super::tests::name;
    use super::super::{Kind, word};
    use super::*;

    const CLIENT: &str = "192.0.2.10:5000";
    const UPSTREAM: &str = "198.51.100.53:53";

    struct World {
        resolver: Resolver,
        server: Server,
        asked: usize,
    }

    impl World {
        fn new() -> Self {
            let plan = Plan { upstream: UPSTREAM.parse().unwrap(), iterates: false };
            Self { resolver: Resolver::new(plan, Rng::seeded(1)), server: Server::new(zone()), asked: 0 }
        }

        /// Asks at this second; gives the answer that comes back.
        fn ask(&mut self, at: u64, text: &str) -> Vec<u8> {
            let now = Duration::from_secs(at);
            let question = Question { name: name(text), kind: Kind::A };
            let mut wire = Vec::new();
            let bytes = Writer::new(77, 0x0100, Some(&question)).bytes;
            self.resolver.step(now, Heard::Datagram { from: CLIENT.parse().unwrap(), bytes: &bytes }, &mut wire);
            while let Some(datagram) = wire.pop() {
                if datagram.to == CLIENT.parse().unwrap() {
                    assert_eq!(word(&datagram.bytes, 0), Some(77));
                    return datagram.bytes;
                }
                self.asked += 1;
                let (mut back, bytes) = (Vec::new(), datagram.bytes);
                self.server.step(now, Heard::Datagram { from: datagram.to, bytes: &bytes }, &mut back);
                let answer = back.remove(0).bytes;
                self.resolver.step(now, Heard::Datagram { from: datagram.to, bytes: &answer }, &mut wire);
            }
            panic!("no answer");
        }
    }

    fn ttl(bytes: &[u8]) -> u32 {
        let (places, _) = ttls(bytes, Head::read(bytes).unwrap().end).unwrap();
        u32::from_be_bytes(*bytes[places[0]..].first_chunk().unwrap())
    }

    #[test]
    fn the_second_answer_comes_from_the_cache_with_a_smaller_ttl() {
        let mut world = World::new();
        let first = world.ask(0, "www.example.com");
        assert_eq!((word(&first, 2), ttl(&first), world.asked), (Some(0x8180), 300, 1));
        let second = world.ask(100, "www.example.com");
        assert_eq!((ttl(&second), world.asked), (200, 1));
        world.ask(300, "www.example.com");
        assert_eq!(world.asked, 2, "the TTL is over");
        assert_eq!(word(&world.ask(301, "no.example.com"), 2), Some(0x8183));
        world.ask(302, "no.example.com");
        assert_eq!(world.asked, 3, "a no is remembered too");
    }

    #[test]
    fn a_silent_server_is_asked_twice_and_then_given_up() {
        let mut world = World::new();
        let question = Question { name: name("www.example.com"), kind: Kind::A };
        let bytes = Writer::new(5, 0x0100, Some(&question)).bytes;
        let (mut out, seconds) = (Vec::new(), Duration::from_secs);
        let asked = Heard::Datagram { from: CLIENT.parse().unwrap(), bytes: &bytes };
        assert_eq!(world.resolver.step(seconds(0), asked, &mut out), Want::Wake(seconds(1)));
        assert_eq!(world.resolver.step(seconds(1), Heard::Tick, &mut out), Want::Wake(seconds(2)));
        assert_eq!(world.resolver.step(seconds(2), Heard::Tick, &mut out), Want::Input);
        let to: Vec<_> = out.iter().map(|datagram| datagram.to.to_string()).collect();
        assert_eq!(to, [UPSTREAM, UPSTREAM, CLIENT]);
        assert_eq!(word(&out[2].bytes, 2), Some(0x8182));
    }

    #[test]
    fn referrals_lead_from_the_root_to_the_zone_and_are_remembered() {
        let zone = |text: &str| Server::new(toml::from_str(text).unwrap());
        let mut servers = [
            ("192.0.2.51:53", zone("zone = '.'\nnames = { 'com' = 'NS ns.com', 'ns.com' = '192.0.2.52' }")),
            (
                "192.0.2.52:53",
                zone("zone = 'com'\nnames = { 'example.com' = 'NS ns.example.com', 'ns.example.com' = '192.0.2.54' }"),
            ),
            (
                "192.0.2.54:53",
                zone(
                    "zone = 'example.com'\nnames = { 'www.example.com' = '192.0.2.80', 'a.example.com' = '192.0.2.81' }",
                ),
            ),
        ];
        let plan = Plan { upstream: "192.0.2.51:53".parse().unwrap(), iterates: true };
        let mut resolver = Resolver::new(plan, Rng::seeded(1));
        let mut ask = |text: &str| {
            let question = Question { name: name(text), kind: Kind::A };
            let (mut wire, mut asked) = (Vec::new(), Vec::new());
            let bytes = Writer::new(77, 0x0100, Some(&question)).bytes;
            resolver.step(Duration::ZERO, Heard::Datagram { from: CLIENT.parse().unwrap(), bytes: &bytes }, &mut wire);
            while let Some(Datagram { to, bytes }) = wire.pop() {
                let Some((_, server)) = servers.iter_mut().find(|(address, _)| address.parse() == Ok(to)) else {
                    assert_eq!((to, word(&bytes, 2)), (CLIENT.parse().unwrap(), Some(0x8180)));
                    break;
                };
                assert_eq!(word(&bytes, 2), Some(0), "no recursion is desired");
                asked.push(to.to_string());
                let mut back = Vec::new();
                server.step(Duration::ZERO, Heard::Datagram { from: to, bytes: &bytes }, &mut back);
                resolver.step(Duration::ZERO, Heard::Datagram { from: to, bytes: &back.remove(0).bytes }, &mut wire);
            }
            asked
        };
        assert_eq!(ask("www.example.com"), ["192.0.2.51:53", "192.0.2.52:53", "192.0.2.54:53"]);
        assert_eq!(ask("a.example.com"), ["192.0.2.54:53"], "the zone's server is known");
    }

    #[test]
    fn an_answer_that_nobody_asked_for_is_not_believed() {
        let mut world = World::new();
        let question = Question { name: name("www.example.com"), kind: Kind::A };
        let mut out = Vec::new();
        for id in 0..1_000 {
            let mut forged = Writer::new(id, 0x8180, Some(&question));
            forged.record(1, &question.name, 300, &super::super::Data::A([6, 6, 6, 6].into()));
            for from in [UPSTREAM, "203.0.113.6:53"] {
                let heard = Heard::Datagram { from: from.parse().unwrap(), bytes: &forged.bytes };
                world.resolver.step(Duration::ZERO, heard, &mut out);
            }
        }
        assert!(out.is_empty() && world.resolver.cache.is_empty());
    }
}
