//! Layer 2: one hop. Whose cards a frame names, and how ARP finds them.

use super::{Here, Rule};
use crate::proto::ethernet;

pub(super) const TEXT: &str = include_str!("text/link.toml");

use ethernet::{DST, SRC};

pub(super) static RULES: &[Rule] = &[
    Rule::observed("eth-loopback", &[&ethernet::ABOUT], &[&DST, &SRC], zeros),
    Rule::observed("eth-hop", &[&ethernet::ABOUT], &[&DST, &SRC], |h| !zeros(h) && !group(h)),
    Rule::observed("eth-broadcast", &[&ethernet::ABOUT], &[&DST], broadcast),
    Rule::observed("eth-multicast", &[&ethernet::ABOUT], &[&DST], |h| group(h) && !broadcast(h)),
];

fn zeros(h: &Here<'_>) -> bool {
    [&DST, &SRC].into_iter().all(|def| h.octets(def) == Some(&[0; 6]))
}

fn broadcast(h: &Here<'_>) -> bool {
    h.octets(&DST) == Some(&[0xff; 6])
}

/// IEEE 802.3 §3.2.3: the lowest bit of the first byte marks a group address.
fn group(h: &Here<'_>) -> bool {
    h.octets(&DST).and_then(|b| b.first()).is_some_and(|b| b & 1 != 0)
}
