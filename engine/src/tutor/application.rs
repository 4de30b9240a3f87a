//! Layer 7: names and addresses (DNS, DHCP), and data that no protocol here reads.

use super::{Here, Rule};
use crate::model::{FieldDef, Identity};
use crate::proto::{data, dhcp, dns, icmp, icmpv6, ipv4, ipv6_extension, socketio};

pub(super) const TEXT: &str = include_str!("text/application.toml");

use dhcp::{IP_CLIENT, IP_YOUR, LEASE_TIME, MESSAGE_TYPE, REQUESTED_ADDRESS, SERVER_ID};
use dns::{
    A, AAAA, CNAME, COUNT_ANSWERS, FLAGS_OPCODE, FLAGS_RCODE, FLAGS_RESPONSE, FLAGS_TRUNCATED, ID, QRY_NAME, QRY_TYPE,
    RESP_NAME, RESP_TTL,
};

pub(super) static RULES: &[Rule] = &[
    Rule::observed("dns-question", &[&dns::ABOUT], &[&QRY_NAME, &QRY_TYPE, &ID], |h| !answers(h)),
    Rule::observed("dns-answer", &[&dns::ABOUT], &[&RESP_NAME, &A, &AAAA, &RESP_TTL, &ID], |h| {
        answers(h) && went_well(h) && h.uint(&COUNT_ANSWERS) > Some(0)
    }),
    Rule::observed("dns-alias", &[&dns::ABOUT], &[&CNAME], |h| answers(h) && h.has(&CNAME)),
    Rule::observed("dns-no-data", &[&dns::ABOUT], &[&QRY_NAME, &QRY_TYPE, &COUNT_ANSWERS], |h| {
        answers(h) && went_well(h) && h.uint(&COUNT_ANSWERS) == Some(0) && is_whole_query(h)
    }),
    Rule::observed("dns-no-such-name", &[&dns::ABOUT], &[&FLAGS_RCODE, &QRY_NAME], |h| {
        answers(h) && h.uint(&FLAGS_RCODE) == Some(3)
    }),
    Rule::observed("dns-failed", &[&dns::ABOUT], &[&FLAGS_RCODE], |h| {
        answers(h) && !went_well(h) && h.uint(&FLAGS_RCODE) != Some(3)
    }),
    Rule::observed("dns-truncated", &[&dns::ABOUT], &[&FLAGS_TRUNCATED], |h| h.is(&FLAGS_TRUNCATED)),
    Rule::observed("mdns-question", &[&dns::MDNS, &dns::LLMNR], &[&QRY_NAME, &QRY_TYPE], |h| !answers(h)),
    Rule::observed("mdns-answer", &[&dns::MDNS, &dns::LLMNR], &[&RESP_NAME], answers),
    // RFC 2131 §3.1: four steps to an address.
    Rule::observed("dhcp-discover", DHCP, &[&MESSAGE_TYPE, &dhcp::ID], |h| step(h) == Some(1)),
    Rule::observed("dhcp-offer", DHCP, &[&MESSAGE_TYPE, &IP_YOUR, &SERVER_ID], |h| step(h) == Some(2)),
    Rule::observed("dhcp-request", DHCP, &[&MESSAGE_TYPE, &REQUESTED_ADDRESS, &SERVER_ID], |h| {
        step(h) == Some(3) && !has_address(h, &IP_CLIENT)
    }),
    Rule::observed("dhcp-renew", DHCP, &[&MESSAGE_TYPE, &IP_CLIENT], |h| {
        step(h) == Some(3) && has_address(h, &IP_CLIENT)
    }),
    Rule::observed("dhcp-ack", DHCP, &[&MESSAGE_TYPE, &IP_YOUR, &LEASE_TIME], |h| step(h) == Some(5) && !settings(h)),
    Rule::observed("dhcp-settings", DHCP, &[&MESSAGE_TYPE, &IP_YOUR], settings),
    Rule::observed("dhcp-nak", DHCP, &[&MESSAGE_TYPE, &dhcp::MESSAGE], |h| step(h) == Some(6)),
    Rule::observed("dhcp-other", DHCP, &[&MESSAGE_TYPE], |h| !matches!(step(h), Some(1 | 2 | 3 | 5 | 6))),
    Rule::observed("data-echo", &[&data::ABOUT], &[&data::LEN], echoed),
    Rule::observed("data-piece", &[&data::ABOUT], &[&data::LEN], piece),
    Rule::observed("data-unknown", &[&data::ABOUT], &[&data::LEN], |h| {
        !echoed(h) && !piece(h) && !h.inside(&socketio::ABOUT)
    }),
    Rule::observed("data-attachment", &[&data::ABOUT], &[&data::LEN], |h| h.inside(&socketio::ABOUT)),
];

/// Bytes that an echo carries there and back (RFC 792, RFC 4443 §4).
pub(super) fn echoed(h: &Here<'_>) -> bool {
    let kind = |def| h.field(def).and_then(|f| f.value.uint());
    matches!(kind(&icmp::TYPE), Some(0 | 8)) || matches!(kind(&icmpv6::TYPE), Some(128 | 129))
}

/// Bytes of an IP fragment, which make sense only when all are together.
pub(super) fn piece(h: &Here<'_>) -> bool {
    let value = |def| h.field(def).and_then(|f| f.value.uint());
    let cut = value(&ipv4::FRAG_OFFSET) > Some(0) || value(&ipv4::FLAGS_MF) == Some(1);
    let joined = h.inside(ipv4::JOINED.about) || h.inside(ipv6_extension::JOINED.about);
    // An atomic fragment is a whole packet (RFC 6946).
    let cut_v6 = value(&ipv6_extension::FRAGHDR_OFFSET) > Some(0) || value(&ipv6_extension::FRAGHDR_MORE) == Some(1);
    (cut || cut_v6) && !joined
}

const DHCP: &[&Identity] = &[&dhcp::ABOUT];

fn step(h: &Here<'_>) -> Option<u64> {
    h.uint(&MESSAGE_TYPE)
}

fn has_address(h: &Here<'_>, def: &'static FieldDef) -> bool {
    h.octets(def).is_some_and(|address| address != [0; 4])
}

/// RFC 2131 §4.3.5: the answer to an Inform gives no address.
fn settings(h: &Here<'_>) -> bool {
    step(h) == Some(5) && h.octets(&IP_YOUR) == Some(&[0; 4])
}

/// Whether it answers a standard query, and isn't cut off: then what is missing doesn't exist.
fn is_whole_query(h: &Here<'_>) -> bool {
    !h.is(&FLAGS_TRUNCATED) && h.uint(&FLAGS_OPCODE).unwrap_or(0) == 0
}

fn answers(h: &Here<'_>) -> bool {
    h.is(&FLAGS_RESPONSE)
}

fn went_well(h: &Here<'_>) -> bool {
    h.uint(&FLAGS_RCODE) == Some(0)
}
