//! Layer 3: from host to host over any number of hops.

use super::here::octets;
use super::{Here, Meant, Rule, always};
use crate::model::Identity;
use crate::proto::{ethernet, icmp, icmpv6, igmp, ipv4, ipv6, ipv6_extension as extension};

pub(super) const TEXT: &str = include_str!("text/network.toml");

const ICMP: &[&Identity] = &[&icmp::ABOUT];
const ICMPV6: &[&Identity] = &[&icmpv6::ABOUT];

pub(super) static RULES: &[Rule] = &[
    Rule::observed("ip-packet", &[&ipv4::ABOUT], &[&ipv4::SRC, &ipv4::DST, &ipv4::TTL], always)
        .where_meant_for(Meant::One),
    Rule::observed("ip-broadcast", &[&ipv4::ABOUT], &[&ipv4::DST, &ipv4::SRC], always).where_meant_for(Meant::All),
    Rule::inferred("ip-to-the-link", &[&ipv4::ABOUT], &[&ipv4::DST, &ipv4::SRC], always).where_meant_for(Meant::Link),
    Rule::observed("ip-group", &[&ipv4::ABOUT], &[&ipv4::DST, &ipv4::SRC, &ipv4::TTL], always)
        .where_meant_for(Meant::Group),
    Rule::observed("ip-inside", &[&ipv4::ABOUT], &[&ipv4::SRC, &ipv4::DST], always).where_meant_for(Meant::Itself),
    Rule::observed("ip-last-hop", &[&ipv4::ABOUT], &[&ipv4::TTL], |h| meant(h) != Meant::Group)
        .where_equals(&ipv4::TTL, 1),
    Rule::observed("ip-dont-fragment", &[&ipv4::ABOUT], &[&ipv4::FLAGS_DF], always).where_is(&ipv4::FLAGS_DF),
    Rule::observed("ip-first-fragment", &[&ipv4::ABOUT], &[&ipv4::FLAGS_MF, &ipv4::ID], |h| {
        h.uint(&ipv4::FRAG_OFFSET) == Some(0)
    })
    .where_is(&ipv4::FLAGS_MF),
    Rule::observed("ip-fragment", &[&ipv4::ABOUT], &[&ipv4::FRAG_OFFSET, &ipv4::FLAGS_MF, &ipv4::ID], always)
        .where_is(&ipv4::FRAG_OFFSET),
    Rule::observed("ip-fragments", &[ipv4::JOINED.about], &[&ipv4::FRAGMENT, &ipv4::FRAGMENT_COUNT], always),
    Rule::observed("ip-options", &[&ipv4::ABOUT], &[&ipv4::OPT_TYPE], always).where_has(&ipv4::OPT_TYPE),
    Rule::observed("ip-congestion", &[&ipv4::ABOUT], &[&ipv4::ECN_], |h| h.uint(&ipv4::ECN_) == Some(3))
        .where_is(&ipv4::ECN_),
    Rule::observed("ip-tunnel", &[&ipv4::ABOUT], &[&ipv4::SRC, &ipv4::DST], tunnelled),
    Rule::observed("ipv6-packet", &[&ipv6::ABOUT], &[&ipv6::SRC, &ipv6::DST, &ipv6::HLIM], always)
        .where_meant_for(Meant::One),
    Rule::observed("ipv6-group", &[&ipv6::ABOUT], &[&ipv6::DST, &ipv6::SRC, &ipv6::HLIM], always)
        .where_meant_for(Meant::Group),
    Rule::observed("ipv6-inside", &[&ipv6::ABOUT], &[&ipv6::SRC, &ipv6::DST], always).where_meant_for(Meant::Itself),
    Rule::observed("ipv6-tunnel", &[&ipv6::ABOUT], &[&ipv6::SRC, &ipv6::DST], tunnelled),
    Rule::observed(
        "ipv6-fragment",
        &[&extension::FRAGHDR],
        &[&extension::FRAGHDR_OFFSET, &extension::FRAGHDR_IDENT],
        |h| !atomic(h),
    ),
    Rule::observed(
        "ipv6-atomic-fragment",
        &[&extension::FRAGHDR],
        &[&extension::FRAGHDR_OFFSET, &extension::FRAGHDR_MORE],
        atomic,
    ),
    Rule::observed("ipv6-fragments", &[extension::JOINED.about], &[], always),
    // RFC 792.
    Rule::observed("icmp-echo", ICMP, &[&icmp::TYPE, &icmp::IDENT, &icmp::SEQ], |h| icmp_type(h) == Some(8)),
    Rule::observed("icmp-echo-reply", ICMP, &[&icmp::TYPE, &icmp::IDENT, &icmp::SEQ], |h| icmp_type(h) == Some(0)),
    Rule::observed("icmp-too-big", ICMP, &[&icmp::TYPE, &icmp::CODE, &icmp::MTU], too_big),
    Rule::observed("icmp-unreachable", ICMP, &[&icmp::TYPE, &icmp::CODE], |h| icmp_type(h) == Some(3) && !too_big(h)),
    Rule::observed("icmp-time-exceeded", ICMP, &[&icmp::TYPE, &icmp::CODE], |h| {
        icmp_type(h) == Some(11) && h.uint(&icmp::CODE) != Some(1)
    }),
    Rule::observed("icmp-reassembly-time", ICMP, &[&icmp::TYPE, &icmp::CODE], |h| {
        icmp_type(h) == Some(11) && h.uint(&icmp::CODE) == Some(1)
    }),
    Rule::observed("icmp-redirect", ICMP, &[&icmp::TYPE, &icmp::REDIR_GW], |h| icmp_type(h) == Some(5)),
    // RFC 4443, RFC 4861.
    Rule::observed("icmpv6-echo", ICMPV6, &[&icmpv6::TYPE], |h| v6_type(h) == Some(128)),
    Rule::observed("icmpv6-echo-reply", ICMPV6, &[&icmpv6::TYPE], |h| v6_type(h) == Some(129)),
    Rule::observed("icmpv6-unreachable", ICMPV6, &[&icmpv6::TYPE, &icmpv6::CODE], |h| v6_type(h) == Some(1)),
    Rule::observed("icmpv6-too-big", ICMPV6, &[&icmpv6::TYPE, &icmpv6::MTU], |h| v6_type(h) == Some(2)),
    Rule::observed("icmpv6-time-exceeded", ICMPV6, &[&icmpv6::TYPE, &icmpv6::CODE], |h| {
        v6_type(h) == Some(3) && h.uint(&icmpv6::CODE) != Some(1)
    }),
    Rule::observed("icmpv6-reassembly-time", ICMPV6, &[&icmpv6::TYPE, &icmpv6::CODE], |h| {
        v6_type(h) == Some(3) && h.uint(&icmpv6::CODE) == Some(1)
    }),
    Rule::observed("ndp-router-solicitation", ICMPV6, &[&icmpv6::TYPE], |h| v6_type(h) == Some(133)),
    Rule::observed("ndp-router-advertisement", ICMPV6, &[&icmpv6::TYPE, &icmpv6::OPT_PREFIX], |h| {
        v6_type(h) == Some(134)
    }),
    Rule::observed("ndp-solicitation", ICMPV6, &[&icmpv6::TYPE, &icmpv6::NS_TARGET], |h| v6_type(h) == Some(135)),
    Rule::observed("ndp-advertisement", ICMPV6, &[&icmpv6::TYPE, &icmpv6::NA_TARGET], |h| v6_type(h) == Some(136)),
    Rule::observed("igmp", &[&igmp::ABOUT], &[&igmp::TYPE, &igmp::MADDR], always),
    Rule::observed("quoted", &[], &[], always).of_quotations(),
];

/// A fragment header on a packet that was not cut (RFC 6946).
fn atomic(h: &Here<'_>) -> bool {
    h.uint(&extension::FRAGHDR_OFFSET) == Some(0) && !h.is(&extension::FRAGHDR_MORE)
}

fn tunnelled(h: &Here<'_>) -> bool {
    h.inside(&ipv4::ABOUT) || h.inside(&ipv6::ABOUT)
}

fn icmp_type(h: &Here<'_>) -> Option<u64> {
    h.uint(&icmp::TYPE)
}

fn v6_type(h: &Here<'_>) -> Option<u64> {
    h.uint(&icmpv6::TYPE)
}

/// "Fragmentation needed and DF set" (RFC 1191 §4).
fn too_big(h: &Here<'_>) -> bool {
    icmp_type(h) == Some(3) && h.uint(&icmp::CODE) == Some(4)
}

/// Whom an IPv4 packet is meant for.
pub(super) fn meant(h: &Here<'_>) -> Meant {
    match h.octets(&ipv4::DST) {
        // 255.255.255.255: every host on the link (RFC 919 §7).
        Some([0xff, 0xff, 0xff, 0xff]) => Meant::All,
        // 224.0.0.0/4: a group of hosts (RFC 1112 §4), where a TTL of 1 is usual.
        Some([first, ..]) if first >> 4 == 14 => Meant::Group,
        // 127.0.0.0/8: never on a wire (RFC 1122 §3.2.1.3).
        Some([127, ..]) => Meant::Itself,
        _ if to_the_link(h) => Meant::Link,
        _ => Meant::One,
    }
}

/// One address in a frame for every card: what a directed broadcast looks like to those who don't know the mask.
fn to_the_link(h: &Here<'_>) -> bool {
    let frame = h.field(&ethernet::DST).and_then(|field| octets(h.packet(), field));
    frame == Some(&[0xff; 6]) && !tunnelled(h)
}

/// Whom an IPv6 packet is meant for.
pub(super) fn meant_v6(h: &Here<'_>) -> Meant {
    match h.octets(&ipv6::DST) {
        // `ff00::/8`: a group of interfaces (RFC 4291 §2.7).
        Some([0xff, ..]) => Meant::Group,
        // `::1`: the host itself (RFC 4291 §2.5.3).
        Some([zeros @ .., 1]) if zeros == [0; 15] => Meant::Itself,
        _ => Meant::One,
    }
}
