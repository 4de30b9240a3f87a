//! What a host learns about its network: from DHCP its address, gateway and resolver (RFC 2131), from DNS
//! the addresses of names.

use std::net::IpAddr;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::{dhcpv4, dns};
use smoltcp::wire::{DnsQueryType, IpAddress};

use super::card::Card;
use crate::sim::scenario::{self, Prefix};

pub(super) struct Settings {
    /// The DHCP client, on the first card.
    dhcp: Option<SocketHandle>,
    resolver: Option<Resolver>,
}

/// Who is asked for names, over which card.
struct Resolver {
    card: usize,
    handle: SocketHandle,
    server: Option<IpAddr>,
}

/// A question that is under way.
pub(super) struct Question(dns::QueryHandle);

/// What came of it.
pub(super) enum Answer {
    Waiting,
    Address(IpAddr),
    /// There is no such name, or nobody answers.
    Nothing,
}

impl Settings {
    pub(super) fn new(plan: &scenario::Host, cards: &mut [Card]) -> Self {
        let dhcp = plan.dhcp.then(|| cards.first_mut().map(|card| card.sockets.add(dhcpv4::Socket::new()))).flatten();
        let card = plan.resolver.map_or(Some(0), |to| super::card_towards(cards, to));
        let resolver = card.filter(|_| plan.resolver.is_some() || plan.dhcp).and_then(|at| {
            let servers: Vec<IpAddress> = plan.resolver.into_iter().map(Into::into).collect();
            let handle = cards.get_mut(at)?.sockets.add(dns::Socket::new(&servers, Vec::new()));
            Some(Resolver { card: at, handle, server: plan.resolver })
        });
        Self { dhcp, resolver }
    }

    /// Does what the DHCP server says.
    pub(super) fn poll(&mut self, cards: &mut [Card]) {
        let Some((handle, card)) = self.dhcp.zip(cards.first_mut()) else { return };
        let (prefix, gateway, servers) = match card.sockets.get_mut::<dhcpv4::Socket<'_>>(handle).poll() {
            None => return,
            Some(dhcpv4::Event::Deconfigured) => (None, None, Vec::new()),
            Some(dhcpv4::Event::Configured(lease)) => {
                let (address, length) = (lease.address.address().into(), lease.address.prefix_len());
                let servers = lease.dns_servers.iter().map(|server| IpAddress::Ipv4(*server)).collect();
                (Some(Prefix { address, length }), lease.router.map(IpAddr::from), servers)
            }
        };
        card.set_ipv4(prefix, gateway);
        if let Some(resolver) = self.resolver.as_mut().filter(|resolver| resolver.card == 0 && !servers.is_empty()) {
            resolver.server = servers.first().map(|server| IpAddr::from(*server));
            card.sockets.get_mut::<dns::Socket<'_>>(resolver.handle).update_servers(&servers[..1]);
        }
    }

    /// Whether the host has an address, or needs to wait for none.
    pub(super) fn is_ready(&self, cards: &[Card]) -> bool {
        self.dhcp.is_none() || cards.first().is_some_and(Card::has_ipv4)
    }

    /// Asks for a name; `None` where nobody can be asked.
    pub(super) fn ask(&self, now: Duration, name: &str, cards: &mut [Card]) -> Option<Question> {
        let resolver = self.resolver.as_ref()?;
        let has_ipv4 = cards.iter().any(Card::has_ipv4);
        let card = cards.get_mut(resolver.card)?;
        if let Some(server) = resolver.server {
            card.may_ask(server, now);
        }
        let kind = if has_ipv4 { DnsQueryType::A } else { DnsQueryType::Aaaa };
        let socket = card.sockets.get_mut::<dns::Socket<'_>>(resolver.handle);
        socket.start_query(card.interface.context(), name, kind).ok().map(Question)
    }

    /// Looks what came of a question. After any answer but `Waiting` it must not be asked for again.
    pub(super) fn answer(&self, question: &Question, cards: &mut [Card]) -> Answer {
        let card = self.resolver.as_ref().and_then(|resolver| Some((cards.get_mut(resolver.card)?, resolver.handle)));
        let Some((card, handle)) = card else { return Answer::Nothing };
        match card.sockets.get_mut::<dns::Socket<'_>>(handle).get_query_result(question.0) {
            Ok(found) => found.first().map_or(Answer::Nothing, |address| Answer::Address((*address).into())),
            Err(dns::GetQueryResultError::Pending) => Answer::Waiting,
            Err(dns::GetQueryResultError::Failed) => Answer::Nothing,
        }
    }
}
