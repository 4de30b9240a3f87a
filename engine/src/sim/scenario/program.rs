//! What runs on a host: the programs that wait at a port, and the errands of its visits.
//!
//! A new application is one variant of [`Program`] or [`Errand`], one key beside it, and one line in the
//! function that starts it. Nobody else knows which applications there are. TLS goes around those that use TCP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde::Deserialize;

use super::{Serve, Target, Visit};
use crate::peers::{DatagramPeer, Peer, bulk, datagrams, dhcp, dns, socketio, tls, web};
use crate::rng::Rng;

/// A program that waits at a port.
#[derive(Clone, Debug)]
pub enum Program {
    /// A web server.
    Web(web::Site),
    /// A Socket.IO server.
    SocketIo(socketio::server::Site),
    /// A name server.
    Dns(dns::server::Zone),
    /// A resolver with a cache.
    Resolver(dns::resolver::Plan),
    /// A server that gives addresses out.
    Dhcp(dhcp::Plan),
    /// One end of a transfer over TCP.
    Bulk(bulk::Plan),
    /// A receiver of datagrams.
    Datagrams(datagrams::Receiver),
}

/// What a host wants on a visit.
#[derive(Clone, Debug)]
pub enum Errand {
    /// A browser's.
    Web(web::Visit),
    /// A Socket.IO client's.
    SocketIo(socketio::client::Visit),
    /// To ask a name server.
    Dns(dns::client::Plan),
    /// The other end of a transfer over TCP.
    Bulk(bulk::Plan),
    /// To send datagrams.
    Datagrams(datagrams::Plan),
    /// To know whether somebody is there: ICMP echo (RFC 792, RFC 4443 §4.1).
    Ping(Ping),
    /// To know the way: UDP with a growing TTL.
    Traceroute(Traceroute),
    /// To break a connection off: TCP with an RST at the end.
    Reset(Reset),
}

/// `ping = { count, size }`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// How many requests, 1 to 100.
    #[serde(default = "four")]
    pub count: u8,
    /// How many bytes of data in each.
    #[serde(default = "usual_size")]
    pub size: u16,
    /// Milliseconds from one to the next.
    #[serde(default = "second")]
    pub every_ms: u32,
}

/// `traceroute = { max_hops }`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traceroute {
    /// The largest TTL that is tried.
    #[serde(default = "thirty")]
    pub max_hops: u8,
}

/// `reset = { say, after_bytes, after_ms }`: opens a connection, says something, and breaks off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// What it says first.
    #[serde(default)]
    pub say: String,
    /// Breaks off when so many bytes have come.
    pub after_bytes: Option<u32>,
    /// Breaks off so long after the connection stands.
    pub after_ms: Option<u32>,
}

/// A program as it runs on a host.
pub enum Service {
    /// Over TCP: each connection gets a peer of its own, made from dice of its own.
    Stream(Box<dyn FnMut(Rng) -> Box<dyn Peer + Send> + Send>),
    /// Over UDP: one peer hears all that comes to the port.
    Datagram(Box<dyn DatagramPeer + Send>),
}

/// An errand as it runs on a host.
pub enum Job {
    /// Over a TCP connection.
    Stream(Box<dyn Peer + Send>),
    /// Over UDP, from a port of its own.
    Datagram(Box<dyn DatagramPeer + Send>),
    /// By ICMP echo.
    Ping(Ping),
    /// By UDP with a growing TTL.
    Traceroute(Traceroute),
    /// Over a TCP connection that is broken off.
    Reset(Reset),
}

impl Serve {
    /// Starts its program on a host with this IPv4 address.
    pub fn start(&self, own: Option<Ipv4Addr>, rng: &mut Rng) -> Service {
        match (self.program.start(own, rng), self.tls) {
            (Service::Stream(mut new_peer), Some(certificate)) => Service::Stream(Box::new(move |mut rng| {
                let dice = rng.fork();
                Box::new(tls::Tls::server(certificate, new_peer(rng), dice))
            })),
            (service, _) => service,
        }
    }
}

impl Visit {
    /// Starts its errand. `to` is where it goes, `rng` its own dice.
    pub fn start(&self, to: SocketAddr, mut rng: Rng) -> Job {
        let Some(name) = &self.tls else { return self.errand.start(to, rng) };
        let dice = rng.fork();
        match self.errand.start(to, rng) {
            Job::Stream(peer) => Job::Stream(Box::new(tls::Tls::client(name.clone(), peer, dice))),
            job => job,
        }
    }
}

impl Program {
    /// Starts it on a host with this IPv4 address.
    fn start(&self, own: Option<Ipv4Addr>, rng: &mut Rng) -> Service {
        match self {
            Self::Web(site) => {
                let site = Arc::new(site.clone());
                Service::Stream(Box::new(move |rng| Box::new(web::Server::new(Arc::clone(&site), rng))))
            }
            Self::SocketIo(site) => {
                let server = socketio::server::Server::new(site, rng.fork());
                Service::Stream(Box::new(move |_| Box::new(server.accept())))
            }
            Self::Dns(zone) => Service::Datagram(Box::new(dns::server::Server::new(zone.clone()))),
            Self::Resolver(plan) => Service::Datagram(Box::new(dns::resolver::Resolver::new(*plan, rng.fork()))),
            Self::Dhcp(plan) => {
                let own = own.unwrap_or(Ipv4Addr::UNSPECIFIED);
                Service::Datagram(Box::new(dhcp::Server::new(plan.clone(), own)))
            }
            Self::Bulk(plan) => {
                let plan = plan.clone();
                Service::Stream(Box::new(move |_| Box::new(bulk::Bulk::new(plan.clone()))))
            }
            Self::Datagrams(receiver) => Service::Datagram(Box::new(*receiver)),
        }
    }

    /// Whether it waits at a UDP port; else at a TCP port.
    pub fn is_datagram(&self) -> bool {
        match self {
            Self::Web(_) | Self::SocketIo(_) | Self::Bulk(_) => false,
            Self::Dns(_) | Self::Resolver(_) | Self::Dhcp(_) | Self::Datagrams(_) => true,
        }
    }
}

impl Program {
    /// What makes no sense about it.
    fn wrong(&self) -> Option<&'static str> {
        match self {
            Self::Bulk(plan) => plan.wrong(),
            Self::Dhcp(plan) => plan.wrong(),
            Self::SocketIo(site) if site.transports.is_empty() => Some("a server speaks at least one transport"),
            _ => None,
        }
    }
}

impl Errand {
    /// Starts it. `to` is where it goes, `rng` its own dice.
    fn start(&self, to: SocketAddr, rng: Rng) -> Job {
        match self {
            Self::Web(visit) => Job::Stream(Box::new(web::Client::new(visit.clone(), rng))),
            Self::SocketIo(visit) => Job::Stream(Box::new(visit.clone().begin(rng))),
            Self::Dns(plan) => Job::Datagram(Box::new(dns::client::Client::new(plan.clone(), to, rng))),
            Self::Bulk(plan) => Job::Stream(Box::new(bulk::Bulk::new(plan.clone()))),
            Self::Datagrams(plan) => Job::Datagram(Box::new(datagrams::Sender::new(plan.clone(), to))),
            Self::Ping(ping) => Job::Ping(*ping),
            Self::Traceroute(trace) => Job::Traceroute(*trace),
            Self::Reset(reset) => Job::Reset(reset.clone()),
        }
    }

    /// Whether its target needs a port.
    pub fn needs_port(&self) -> bool {
        !matches!(self, Self::Ping(_) | Self::Traceroute(_))
    }

    /// The name that its requests give the server; `None` where it does not use a TCP connection of its own.
    fn host(&self) -> Option<&str> {
        match self {
            Self::Web(visit) => Some(&visit.host),
            Self::SocketIo(visit) => Some(&visit.host),
            Self::Bulk(_) => Some(""),
            Self::Dns(_) | Self::Datagrams(_) | Self::Ping(_) | Self::Traceroute(_) | Self::Reset(_) => None,
        }
    }

    /// What makes no sense about it.
    pub(super) fn wrong(&self) -> Option<&'static str> {
        match self {
            Self::Ping(Ping { count: 0 | 101.., .. }) => Some("a ping asks 1 to 100 times"),
            Self::Ping(Ping { size: 65_001.., .. }) => Some("a ping carries at most 65000 bytes"),
            Self::Traceroute(Traceroute { max_hops: 0 }) => Some("a traceroute tries at least one hop"),
            Self::Reset(Reset { after_bytes: None, after_ms: None, .. }) => {
                Some("a reset comes after_bytes or after_ms, or whichever is first")
            }
            Self::SocketIo(visit) if visit.transports.is_empty() => Some("a client has at least one transport"),
            Self::Bulk(plan) => plan.wrong(),
            Self::Datagrams(plan) => plan.wrong(),
            _ => None,
        }
    }
}

/// `[[host.serve]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeKeys {
    port: std::num::NonZeroU16,
    web: Option<web::Site>,
    socketio: Option<socketio::server::Site>,
    dns: Option<dns::server::Zone>,
    resolver: Option<dns::resolver::Plan>,
    dhcp: Option<dhcp::Plan>,
    bulk: Option<bulk::Plan>,
    datagrams: Option<datagrams::Receiver>,
    #[serde(default)]
    tls: TlsKey<tls::Certificate>,
}

/// `[[host.visit]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitKeys {
    to: toml::Spanned<Target>,
    #[serde(default)]
    after_ms: u32,
    at_ms: Option<u32>,
    #[serde(default)]
    parallel: bool,
    web: Option<web::Visit>,
    ping: Option<Ping>,
    traceroute: Option<Traceroute>,
    reset: Option<Reset>,
    socketio: Option<socketio::client::Visit>,
    dns: Option<dns::client::Plan>,
    bulk: Option<bulk::Plan>,
    datagrams: Option<datagrams::Plan>,
    #[serde(default)]
    tls: TlsKey<String>,
}

/// `tls` as it is written: `true`, or which certificate a server shows, or which name a client asks for.
#[derive(Default, Deserialize)]
#[serde(untagged, expecting = "tls is true, a server's certificate (example, expired, untrusted) or a client's name")]
enum TlsKey<T> {
    #[default]
    Missing,
    Plain(bool),
    Chosen(T),
}

impl<T> TlsKey<T> {
    /// `None` for no TLS, else what was chosen, or what there is by default.
    fn or(self, default: impl FnOnce() -> T) -> Option<T> {
        match self {
            Self::Missing | Self::Plain(false) => None,
            Self::Plain(true) => Some(default()),
            Self::Chosen(chosen) => Some(chosen),
        }
    }
}

impl TryFrom<ServeKeys> for Serve {
    type Error = String;

    fn try_from(keys: ServeKeys) -> Result<Self, String> {
        let program = only(
            "a server runs",
            [
                ("web", keys.web.map(Program::Web)),
                ("socketio", keys.socketio.map(Program::SocketIo)),
                ("dns", keys.dns.map(Program::Dns)),
                ("resolver", keys.resolver.map(Program::Resolver)),
                ("dhcp", keys.dhcp.map(Program::Dhcp)),
                ("bulk", keys.bulk.map(Program::Bulk)),
                ("datagrams", keys.datagrams.map(Program::Datagrams)),
            ],
        )?;
        if let Some(why) = program.wrong() {
            return Err(why.into());
        }
        let tls = keys.tls.or(tls::Certificate::default);
        if tls.is_some() && program.is_datagram() {
            return Err("tls wraps what uses TCP: web, socketio, bulk".into());
        }
        Ok(Self { port: keys.port, program, tls })
    }
}

impl TryFrom<VisitKeys> for Visit {
    type Error = String;

    fn try_from(keys: VisitKeys) -> Result<Self, String> {
        let errand = only(
            "a visit has",
            [
                ("web", keys.web.map(Errand::Web)),
                ("ping", keys.ping.map(Errand::Ping)),
                ("traceroute", keys.traceroute.map(Errand::Traceroute)),
                ("reset", keys.reset.map(Errand::Reset)),
                ("socketio", keys.socketio.map(Errand::SocketIo)),
                ("dns", keys.dns.map(Errand::Dns)),
                ("bulk", keys.bulk.map(Errand::Bulk)),
                ("datagrams", keys.datagrams.map(Errand::Datagrams)),
            ],
        )?;
        let host = errand.host();
        let tls = match keys.tls.or(|| host.unwrap_or_default().to_owned()) {
            Some(_) if host.is_none() => return Err("tls wraps what uses TCP: web, socketio, bulk".into()),
            Some(name) => Some(tls::Name::new(&name).ok_or("tls wants the server's name, such as www.example.com")?),
            None => None,
        };
        let VisitKeys { to, after_ms, at_ms, parallel, .. } = keys;
        Ok(Self { to, after_ms, at_ms, parallel, errand, tls })
    }
}

/// The one that is there.
fn only<T, const N: usize>(who: &str, choices: [(&str, Option<T>); N]) -> Result<T, String> {
    let names = choices.each_ref().map(|(name, _)| *name).join(", ");
    let mut there = choices.into_iter().filter_map(|(_, choice)| choice);
    match (there.next(), there.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(format!("{who} exactly one of: {names}")),
    }
}

fn four() -> u8 {
    4
}

fn thirty() -> u8 {
    30
}

/// What ping sends on most systems.
fn usual_size() -> u16 {
    56
}

fn second() -> u32 {
    1000
}
