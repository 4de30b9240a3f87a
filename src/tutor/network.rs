//! Layer 3: from host to host over any number of hops.

use super::{Here, Rule};
use crate::proto::ipv4;

pub(super) const TEXT: &str = include_str!("text/network.toml");

pub(super) static RULES: &[Rule] = &[
    Rule::observed("ip-packet", &[&ipv4::ABOUT], &[&ipv4::SRC, &ipv4::DST, &ipv4::TTL], |_| true),
    Rule::observed("ip-last-hop", &[&ipv4::ABOUT], &[&ipv4::TTL], |h| h.uint(&ipv4::TTL) == Some(1) && !group(h)),
    Rule::observed("ip-dont-fragment", &[&ipv4::ABOUT], &[&ipv4::FLAGS_DF], |h| h.is(&ipv4::FLAGS_DF)),
    Rule::observed("ip-first-fragment", &[&ipv4::ABOUT], &[&ipv4::FLAGS_MF, &ipv4::ID], |h| {
        h.is(&ipv4::FLAGS_MF) && h.uint(&ipv4::FRAG_OFFSET) == Some(0)
    }),
    Rule::observed("ip-fragment", &[&ipv4::ABOUT], &[&ipv4::FRAG_OFFSET, &ipv4::FLAGS_MF, &ipv4::ID], |h| {
        h.uint(&ipv4::FRAG_OFFSET).is_some_and(|n| n > 0)
    }),
    Rule::observed("ip-fragments", &[ipv4::JOINED.about], &[&ipv4::FRAGMENT, &ipv4::FRAGMENT_COUNT], |_| true),
    Rule::observed("ip-options", &[&ipv4::ABOUT], &[&ipv4::OPT_TYPE], |h| h.has(&ipv4::OPT_TYPE)),
    Rule::observed("ip-congestion", &[&ipv4::ABOUT], &[&ipv4::ECN_], |h| h.uint(&ipv4::ECN_) == Some(3)),
    Rule::observed("ip-tunnel", &[&ipv4::ABOUT], &[&ipv4::SRC, &ipv4::DST], |h| h.inside(&ipv4::ABOUT)),
    Rule::observed("quoted", &[], &[], |_| true).of_quotations(),
];

/// 224.0.0.0/4: a group of hosts (RFC 1112 §4), where a TTL of 1 is usual.
fn group(h: &Here<'_>) -> bool {
    h.octets(&ipv4::DST).and_then(|b| b.first()).is_some_and(|b| b >> 4 == 14)
}
