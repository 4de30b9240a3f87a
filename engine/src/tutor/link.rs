//! Layer 2: one hop. Whose cards a frame names, and how ARP finds them.

use super::{Here, Meant, Rule, always};
use crate::model::Identity;
use crate::proto::{arp, ethernet, ipv4, ipv6, null, sll, vlan};

pub(super) const TEXT: &str = include_str!("text/link.toml");

use arp::{DST_IPV4, OPCODE, SRC_IPV4, SRC_MAC};
use ethernet::{DST, SRC};

const ARP: &[&Identity] = &[&arp::ABOUT];

pub(super) static RULES: &[Rule] = &[
    Rule::observed("eth-loopback", &[&ethernet::ABOUT], &[&DST, &SRC], always).where_meant_for(Meant::Nobody),
    Rule::observed("eth-hop", &[&ethernet::ABOUT], &[&DST, &SRC], always).where_meant_for(Meant::One),
    Rule::observed("eth-rewritten", &[&ethernet::ABOUT], &[&DST, &SRC], |h| {
        h.carries(&ipv4::ABOUT) || h.carries(&ipv6::ABOUT)
    })
    .where_meant_for(Meant::One),
    Rule::observed("eth-broadcast", &[&ethernet::ABOUT], &[&DST], always).where_meant_for(Meant::All),
    Rule::observed("eth-multicast", &[&ethernet::ABOUT], &[&DST], always).where_meant_for(Meant::Group),
    Rule::observed("vlan", &[&vlan::ABOUT, &vlan::SERVICE], &[&vlan::ID], always),
    Rule::observed("cooked", &[&sll::ABOUT], &[&sll::PKTTYPE], always),
    Rule::observed("bsd-loopback", &[&null::ABOUT], &[&null::FAMILY], always),
    // RFC 826; announcements and probes: RFC 5227.
    Rule::observed("arp-request", ARP, &[&OPCODE, &DST_IPV4, &SRC_MAC], |h| opcode(h) == Some(1) && asks(h)),
    Rule::observed("arp-reply", ARP, &[&OPCODE, &SRC_IPV4, &SRC_MAC], |h| opcode(h) == Some(2) && asks(h)),
    Rule::observed("arp-gratuitous", ARP, &[&SRC_IPV4, &DST_IPV4, &SRC_MAC], |h| h.is(&arp::IS_GRATUITOUS)),
    Rule::observed("arp-probe", ARP, &[&SRC_IPV4, &DST_IPV4], |h| h.is(&arp::IS_PROBE)),
];

fn opcode(h: &Here<'_>) -> Option<u64> {
    h.uint(&OPCODE)
}

/// Whether it is an ordinary question or answer.
fn asks(h: &Here<'_>) -> bool {
    !h.is(&arp::IS_GRATUITOUS) && !h.is(&arp::IS_PROBE)
}

/// IEEE 802.3 §3.2.3: the lowest bit of the first byte marks a group address.
pub(super) fn meant(h: &Here<'_>) -> Meant {
    match h.octets(&DST) {
        Some([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) => Meant::All,
        Some([first, ..]) if first & 1 != 0 => Meant::Group,
        Some([0, 0, 0, 0, 0, 0]) if h.octets(&SRC) == Some(&[0; 6]) => Meant::Nobody,
        _ => Meant::One,
    }
}
