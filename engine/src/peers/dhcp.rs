//! A DHCP server — RFC 2131, its options RFC 2132.
//!
//! ```text
//! client                                   server
//! DISCOVER  is there a server?        →    picks an address of its pool
//!           you may have this one     ←    OFFER
//! REQUEST   I take it                 →    writes the lease down
//!           it is yours for so long   ←    ACK (or NAK: not any more)
//! ```
//!
//! Answers go to everybody on the wire, because the client has no address yet.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use super::{Datagram, DatagramPeer, Heard, Want};

/// The port of servers; clients listen at [`CLIENT`].
pub const SERVER: u16 = 67;
/// The port of clients.
pub const CLIENT: u16 = 68;
/// How long an offered address is kept for who was offered it.
const OFFER: Duration = Duration::from_mins(1);
/// The fixed part of a message, up to and with the magic number (RFC 2131 §2).
const FIXED: usize = 240;
const MAGIC: [u8; 4] = [99, 130, 83, 99];
/// A message is never shorter (RFC 951 §3).
const SHORTEST: usize = 300;
/// Addresses in a pool.
const MAX_POOL: u32 = 4_096;

/// What a server gives out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The first and the last address of its pool; at most 4,096 are used.
    pub pool: [Ipv4Addr; 2],
    /// The mask of their network.
    #[serde(default = "default_mask")]
    pub mask: Ipv4Addr,
    /// The router for all that lies outside.
    pub router: Option<Ipv4Addr>,
    /// The name servers.
    #[serde(default)]
    pub dns: Vec<Ipv4Addr>,
    /// How long an address is given for, in seconds.
    #[serde(default = "default_lease")]
    pub lease_s: u32,
}

impl Plan {
    /// What makes no sense about it.
    pub fn wrong(&self) -> Option<&'static str> {
        let [first, last] = self.pool;
        let networks = [first, last].map(|address| u32::from(address) & u32::from(self.mask));
        match () {
            () if first > last => Some("a pool's first address is not above its last"),
            () if networks[0] != networks[1] => Some("a pool lies in one network: see mask"),
            () if self.lease_s == 0 => Some("a lease lasts at least one second"),
            () => None,
        }
    }
}

fn default_mask() -> Ipv4Addr {
    Ipv4Addr::new(255, 255, 255, 0)
}

fn default_lease() -> u32 {
    3_600
}

/// What a message is for: option 53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

/// Who has an address, and until when.
#[derive(Clone, Debug)]
struct Lease {
    client: Vec<u8>,
    until: Duration,
}

/// A server with its leases.
#[derive(Debug)]
pub struct Server {
    plan: Plan,
    own: Ipv4Addr,
    leases: BTreeMap<Ipv4Addr, Lease>,
}

/// What we read in a client's message.
struct Message<'a> {
    bytes: &'a [u8],
    kind: Kind,
    client: Vec<u8>,
    /// The address that it has, and the one that it asks for.
    has: Ipv4Addr,
    wants: Option<Ipv4Addr>,
    /// The server that it speaks to.
    server: Option<Ipv4Addr>,
}

impl Server {
    /// A server whose own address is `own`.
    pub fn new(plan: Plan, own: Ipv4Addr) -> Self {
        Self { plan, own, leases: BTreeMap::new() }
    }

    fn answer(&mut self, now: Duration, message: &Message<'_>) -> Option<(Kind, Ipv4Addr)> {
        self.leases.retain(|_, lease| lease.until > now);
        match message.kind {
            Kind::Discover => {
                let address = self.choose(message)?;
                self.lease(address, message, now + OFFER);
                Some((Kind::Offer, address))
            }
            Kind::Request => self.request(now, message),
            Kind::Release => {
                self.leases.retain(|address, lease| *address != message.has || lease.client != message.client);
                None
            }
            // Somebody else uses that address, whoever he is: it is given to nobody for a while.
            Kind::Decline => {
                let wanted = message.wants.filter(|wanted| self.is_own(*wanted, message))?;
                let until = now + Duration::from_secs(self.plan.lease_s.into());
                self.leases.insert(wanted, Lease { client: Vec::new(), until });
                None
            }
            Kind::Inform => Some((Kind::Ack, Ipv4Addr::UNSPECIFIED)),
            Kind::Offer | Kind::Ack | Kind::Nak => None,
        }
    }

    /// RFC 2131 §4.3.2: an offer is taken, an old address is asked for again, or a lease is made longer.
    fn request(&mut self, now: Duration, message: &Message<'_>) -> Option<(Kind, Ipv4Addr)> {
        if message.server.is_some_and(|server| server != self.own) {
            // It takes another server's offer: ours is free again.
            self.leases.retain(|_, lease| lease.client != message.client);
            return None;
        }
        let wanted = message.wants.unwrap_or(message.has);
        let free = self.in_pool(wanted) && !self.leases.contains_key(&wanted) && message.server.is_none();
        if !free && !self.is_own(wanted, message) {
            return Some((Kind::Nak, Ipv4Addr::UNSPECIFIED));
        }
        self.lease(wanted, message, now + Duration::from_secs(self.plan.lease_s.into()));
        Some((Kind::Ack, wanted))
    }

    /// The client's own address, or the one that it wishes, or the first that is free (RFC 2131 §4.3.1).
    fn choose(&self, message: &Message<'_>) -> Option<Ipv4Addr> {
        let own = self.leases.iter().find(|(_, lease)| lease.client == message.client).map(|(address, _)| *address);
        let wish = message.wants.filter(|wish| self.in_pool(*wish) && !self.leases.contains_key(wish));
        own.or(wish).or_else(|| self.pool().find(|address| !self.leases.contains_key(address)))
    }

    fn lease(&mut self, address: Ipv4Addr, message: &Message<'_>, until: Duration) {
        self.leases.retain(|other, lease| *other == address || lease.client != message.client);
        self.leases.insert(address, Lease { client: message.client.clone(), until });
    }

    fn is_own(&self, address: Ipv4Addr, message: &Message<'_>) -> bool {
        self.leases.get(&address).is_some_and(|lease| lease.client == message.client)
    }

    fn pool(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        let [first, last] = self.plan.pool.map(u32::from);
        (first..=last.min(first.saturating_add(MAX_POOL - 1))).map(Ipv4Addr::from)
    }

    fn in_pool(&self, address: Ipv4Addr) -> bool {
        let [first, last] = self.plan.pool;
        (first..=last).contains(&address) && u32::from(address) - u32::from(first) < MAX_POOL
    }

    fn write(&self, message: &Message<'_>, kind: Kind, address: Ipv4Addr) -> Vec<u8> {
        let mut out = message.bytes.get(..FIXED).unwrap_or_default().to_vec();
        let mut put = |at: usize, bytes: &[u8]| {
            if let Some(place) = out.get_mut(at..at + bytes.len()) {
                place.copy_from_slice(bytes);
            }
        };
        put(0, &[2]); // BOOTREPLY
        put(3, &[0]); // hops
        put(8, &[0, 0]); // secs
        if kind == Kind::Nak {
            put(12, &[0; 4]);
        }
        put(16, &address.octets());
        put(20, &[0; 4]); // no next server
        put(44, &[0; 192]); // neither a name nor a file
        put(236, &MAGIC);
        let mut option = |code: u8, value: &[u8]| {
            out.extend_from_slice(&[code, u8::try_from(value.len()).unwrap_or(u8::MAX)]);
            out.extend_from_slice(value);
        };
        option(53, &[kind as u8]);
        option(54, &self.own.octets());
        if kind != Kind::Nak {
            if message.kind != Kind::Inform {
                let lease = self.plan.lease_s;
                option(51, &lease.to_be_bytes());
                option(58, &(lease / 2).to_be_bytes());
                option(59, &(lease - lease / 8).to_be_bytes());
            }
            option(1, &self.plan.mask.octets());
            if let Some(router) = self.plan.router {
                option(3, &router.octets());
            }
            // Sixty addresses fill an option.
            let servers: Vec<_> = self.plan.dns.iter().take(60).flat_map(Ipv4Addr::octets).collect();
            if !servers.is_empty() {
                option(6, &servers);
            }
        }
        out.push(255);
        out.resize(out.len().max(SHORTEST), 0);
        out
    }
}

impl<'a> Message<'a> {
    /// A client's message, or nothing where it is none.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let four = |at: usize| bytes.get(at..at + 4)?.first_chunk::<4>().copied();
        if bytes.first() != Some(&1) || four(236)? != MAGIC {
            return None;
        }
        let hardware = usize::from(*bytes.get(2)?).min(16);
        let mut message = Self {
            bytes,
            kind: Kind::Offer,
            client: bytes.get(28..28 + hardware)?.to_vec(),
            has: four(12)?.into(),
            wants: None,
            server: None,
        };
        let mut rest = bytes.get(FIXED..)?;
        while let [code, tail @ ..] = rest {
            if *code == 255 {
                break;
            }
            if *code == 0 {
                rest = tail;
                continue;
            }
            let (length, tail) = tail.split_first()?;
            let value = tail.get(..usize::from(*length))?;
            let address = || value.first_chunk::<4>().copied().map(Ipv4Addr::from);
            match code {
                50 => message.wants = address(),
                53 => message.kind = Kind::of(*value.first()?)?,
                54 => message.server = address(),
                // The client's own name for itself, if it has one.
                61 if !value.is_empty() => message.client = value.to_vec(),
                _ => {}
            }
            rest = tail.get(usize::from(*length)..)?;
        }
        Some(message)
    }

    /// RFC 2131 §4.1: to the relay, to the address that it has, or to everybody.
    fn answer_to(&self, kind: Kind) -> SocketAddr {
        let relay = self.bytes.get(24..28).and_then(|bytes| bytes.first_chunk::<4>().copied()).map(Ipv4Addr::from);
        let to = match relay.filter(|relay| !relay.is_unspecified()) {
            Some(relay) => SocketAddrV4::new(relay, SERVER),
            None if kind != Kind::Nak && !self.has.is_unspecified() => SocketAddrV4::new(self.has, CLIENT),
            None => SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT),
        };
        to.into()
    }
}

impl Kind {
    fn of(code: u8) -> Option<Self> {
        let all = [
            Self::Discover,
            Self::Offer,
            Self::Request,
            Self::Decline,
            Self::Ack,
            Self::Nak,
            Self::Release,
            Self::Inform,
        ];
        all.into_iter().find(|kind| *kind as u8 == code)
    }
}

impl DatagramPeer for Server {
    fn step(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        if let Heard::Datagram { bytes, .. } = heard
            && let Some(message) = Message::read(bytes)
            && let Some((kind, address)) = self.answer(now, &message)
        {
            out.push(Datagram { to: message.answer_to(kind), bytes: self.write(&message, kind, address) });
        }
        Want::Input
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn server() -> Server {
        let pool = [Ipv4Addr::new(192, 0, 2, 100), Ipv4Addr::new(192, 0, 2, 101)];
        let (router, dns) = (Some(Ipv4Addr::new(192, 0, 2, 1)), vec![Ipv4Addr::new(192, 0, 2, 53)]);
        Server::new(Plan { pool, mask: default_mask(), router, dns, lease_s: 600 }, Ipv4Addr::new(192, 0, 2, 1))
    }

    /// A client's message: its card's last byte, what it has, and its options.
    fn message(card: u8, has: [u8; 4], options: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        bytes[..4].copy_from_slice(&[1, 1, 6, 0]);
        bytes[4..8].copy_from_slice(b"xid!");
        bytes[12..16].copy_from_slice(&has);
        bytes[28..34].copy_from_slice(&[2, 0, 0, 0, 0, card]);
        bytes[236..].copy_from_slice(&MAGIC);
        bytes.extend_from_slice(options);
        bytes.push(255);
        bytes
    }

    /// The answer's kind, address, destination, if there is one.
    fn ask(server: &mut Server, at: u64, bytes: &[u8]) -> Option<(u8, [u8; 4], SocketAddr)> {
        let mut out = Vec::new();
        let heard = Heard::Datagram { from: "0.0.0.0:68".parse().unwrap(), bytes };
        server.step(Duration::from_secs(at), heard, &mut out);
        let answer = out.pop()?;
        assert!(answer.bytes.len() >= SHORTEST && answer.bytes[4..8] == *b"xid!" && answer.bytes[0] == 2);
        assert_eq!(answer.bytes[FIXED..FIXED + 2], [53, 1]);
        Some((answer.bytes[FIXED + 2], answer.bytes[16..20].try_into().unwrap(), answer.to))
    }

    const DISCOVER: &[u8] = &[53, 1, 1];
    const TAKE_100: &[u8] = &[53, 1, 3, 54, 4, 192, 0, 2, 1, 50, 4, 192, 0, 2, 100];

    #[test]
    fn an_address_is_offered_taken_and_made_longer() {
        let (mut server, everybody) = (server(), "255.255.255.255:68".parse().unwrap());
        let first = [192, 0, 2, 100];
        assert_eq!(ask(&mut server, 0, &message(1, [0; 4], DISCOVER)), Some((2, first, everybody)));
        assert_eq!(ask(&mut server, 1, &message(1, [0; 4], TAKE_100)), Some((5, first, everybody)));
        let renewed = ask(&mut server, 300, &message(1, first, &[53, 1, 3]));
        assert_eq!(renewed, Some((5, first, "192.0.2.100:68".parse().unwrap())));
        // The lease now ends at 900 s; a second client gets the other address, a third none.
        assert_eq!(ask(&mut server, 800, &message(2, [0; 4], DISCOVER)).unwrap().1, [192, 0, 2, 101]);
        assert_eq!(ask(&mut server, 800, &message(3, [0; 4], DISCOVER)), None);
        assert_eq!(ask(&mut server, 901, &message(3, [0; 4], DISCOVER)).unwrap().1, first);
    }

    #[test]
    fn who_asks_for_what_is_not_his_hears_no() {
        let mut server = server();
        ask(&mut server, 0, &message(1, [0; 4], DISCOVER));
        ask(&mut server, 0, &message(1, [0; 4], TAKE_100));
        assert_eq!(ask(&mut server, 1, &message(2, [0; 4], TAKE_100)).unwrap().0, 6);
        let foreign = &[53, 1, 3, 50, 4, 10, 0, 0, 9];
        assert_eq!(ask(&mut server, 1, &message(2, [0; 4], foreign)).unwrap().0, 6);
    }

    #[test]
    fn what_is_released_is_free_and_what_is_declined_is_not() {
        let mut server = server();
        ask(&mut server, 0, &message(1, [0; 4], DISCOVER));
        ask(&mut server, 0, &message(1, [0; 4], TAKE_100));
        assert_eq!(ask(&mut server, 1, &message(1, [192, 0, 2, 100], &[53, 1, 7])), None);
        assert_eq!(ask(&mut server, 2, &message(2, [0; 4], DISCOVER)).unwrap().1, [192, 0, 2, 100]);
        assert_eq!(ask(&mut server, 3, &message(2, [0; 4], &[53, 1, 4, 50, 4, 192, 0, 2, 100])), None);
        assert_eq!(ask(&mut server, 4, &message(2, [0; 4], DISCOVER)).unwrap().1, [192, 0, 2, 101]);
    }

    #[test]
    fn another_servers_offer_frees_ours() {
        let mut server = server();
        ask(&mut server, 0, &message(1, [0; 4], DISCOVER));
        assert_eq!(ask(&mut server, 0, &message(1, [0; 4], &[53, 1, 3, 54, 4, 192, 0, 2, 9])), None);
        assert!(server.leases.is_empty());
    }

    #[test]
    fn noise_is_not_answered() {
        let (mut server, mut rng) = (server(), Rng::seeded(6));
        let whole = message(1, [0; 4], TAKE_100);
        for length in 0..whole.len() {
            // It can be cut between two options only.
            let between = [0, 3, 9, 15].map(|options| FIXED + options).contains(&length);
            assert_eq!(Message::read(&whole[..length]).is_some(), between, "{length}");
        }
        for _ in 0..2_000 {
            let noise: [u8; 20] = rng.bytes();
            ask(&mut server, 0, &message(1, [0; 4], &noise));
            assert_eq!(ask(&mut server, 0, &noise), None);
        }
        assert!(server.leases.len() <= 2);
    }
}
