//! A routing table: of all lines that fit, the one with the longest prefix counts — RFC 1812 §5.2.4.3.

use std::net::IpAddr;

use crate::sim::scenario::{self, Network};

#[derive(Debug)]
pub(super) struct Table {
    /// Longer prefixes first.
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    to: Network,
    card: usize,
    /// The next router; nothing where the network is on the link itself.
    via: Option<IpAddr>,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) card: usize,
    /// Who gets the frame: the next router, or the receiver.
    pub(super) next: IpAddr,
    /// The length of the prefix that fitted.
    pub(super) prefix: u8,
}

impl Table {
    pub(super) fn new(plan: &scenario::Router) -> Self {
        let mut lines = Vec::new();
        for (card, own) in plan.cards.iter().enumerate() {
            lines.extend(own.addresses.as_ref().iter().map(|prefix| Line { to: prefix.network(), card, via: None }));
        }
        for route in &plan.routes {
            let via = *route.via.as_ref();
            let on = |line: &&Line| line.via.is_none() && line.to.contains(via);
            // A checked scenario has no route that leads nowhere.
            let Some(card) = lines.iter().find(on).map(|line| line.card) else { continue };
            lines.push(Line { to: route.to, card, via: Some(via) });
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.to.length));
        Self { lines }
    }

    /// The way to an address.
    pub(super) fn way(&self, to: IpAddr) -> Option<Way> {
        let line = self.lines.iter().find(|line| line.to.contains(to))?;
        Some(Way { card: line.card, next: line.via.unwrap_or(to), prefix: line.to.length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(routes: &[(&str, usize)]) -> Table {
        let network = |text: &str| Network::try_from(text.to_owned()).unwrap();
        let mut lines: Vec<_> = routes.iter().map(|&(to, card)| Line { to: network(to), card, via: None }).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.to.length));
        Table { lines }
    }

    #[test]
    fn the_longest_prefix_wins_whatever_the_order() {
        let table = table(&[("0.0.0.0/0", 0), ("10.0.0.0/8", 1), ("10.1.0.0/16", 2), ("10.1.2.3/32", 3), ("::/0", 4)]);
        let card = |to: &str| table.way(to.parse().unwrap()).map(|way| way.card);
        let found = ["192.0.2.1", "10.9.9.9", "10.1.9.9", "10.1.2.3", "2001:db8::1"].map(card);
        assert_eq!(found, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(self::table(&[("10.0.0.0/8", 0)]).way("11.0.0.1".parse().unwrap()), None);
    }

    proptest! {
        #[test]
        fn it_finds_what_a_search_bit_by_bit_finds(
            routes in prop::collection::vec((any::<u32>(), 0_u8..=32), 0..40),
            to in any::<u32>(),
            near in any::<prop::sample::Index>(),
            flip in 0_u32..32,
        ) {
            // Half of the time an address near a route, or few would fit.
            let to = if routes.is_empty() || to % 2 == 0 { to } else { near.get(&routes).0 ^ (1 << flip) };
            let lines = routes.iter().enumerate().map(|(card, &(address, length))| {
                let address = IpAddr::V4(address.into());
                Line { to: Network { address, length }, card, via: None }
            });
            let mut lines: Vec<_> = lines.collect();
            lines.sort_by_key(|line| std::cmp::Reverse(line.to.length));
            let found = Table { lines }.way(IpAddr::V4(to.into()));
            let fits = |&(address, length): &(u32, u8)| (0..length).all(|bit| (address ^ to) << bit >> 31 == 0);
            let longest = routes.iter().filter(|route| fits(route)).map(|&(_, length)| length).max();
            prop_assert_eq!(found.map(|way| way.prefix), longest);
            if let Some(way) = found {
                prop_assert!(fits(&routes[way.card]));
            }
        }
    }
}
