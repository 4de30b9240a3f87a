//! What the capture itself does to a packet: artefacts, which are no faults of the network.

use super::{Here, Rule, always};
use crate::model::{FieldDef, LinkType};
use crate::proto::checksum::{self, Status};
use crate::proto::{frame, ipv4, tcp, udp};

pub(super) const TEXT: &str = include_str!("text/capture.toml");

/// Ethernet's usual most: 1500 bytes of payload (IEEE 802.3 §3.2.7), a header of 14 and two VLAN tags.
const USUAL_MOST: u32 = 1500 + 14 + 8;

pub(super) static RULES: &[Rule] = &[
    Rule::inferred("frame-larger-than-mtu", &[&frame::ABOUT], &[&frame::LEN], |h| {
        h.packet().len > USUAL_MOST && h.packet().link == LinkType::ETHERNET && !h.on_loopback()
    }),
    Rule::observed("frame-large-on-loopback", &[&frame::ABOUT], &[&frame::LEN], |h| {
        h.packet().len > USUAL_MOST && h.on_loopback()
    }),
    Rule::observed("frame-cut", &[&frame::ABOUT], &[&frame::LEN, &frame::CAP_LEN], |h| {
        h.packet().cap_len < h.packet().len
    }),
    Rule::observed("frame-comment", &[&frame::ABOUT], &[&frame::COMMENT], always).where_has(&frame::COMMENT),
    // A checksum is said to be wrong only where nothing explains it away.
    Rule::observed("checksum-pending", &[&tcp::ABOUT, &udp::ABOUT], &[&tcp::CHECKSUM, &udp::CHECKSUM], |h| {
        h.packet().checksum_pending
    })
    .where_unchecked(),
    Rule::inferred("checksum-loopback", &[&tcp::ABOUT, &udp::ABOUT], &[&tcp::CHECKSUM, &udp::CHECKSUM], |h| {
        bad(h) && !h.packet().checksum_pending && h.on_loopback()
    })
    .where_unchecked(),
    Rule::inferred("checksum-offload", &[&tcp::ABOUT, &udp::ABOUT], &[&tcp::CHECKSUM, &udp::CHECKSUM], |h| {
        bad(h) && !h.packet().checksum_pending && !h.on_loopback() && is_half_done(h)
    })
    .where_unchecked(),
    Rule::inferred("checksum-bad", &[&tcp::ABOUT, &udp::ABOUT], &[&tcp::CHECKSUM, &udp::CHECKSUM], |h| {
        bad(h) && !h.packet().checksum_pending && !h.on_loopback() && !is_half_done(h)
    })
    .where_unchecked(),
    Rule::inferred("ip-checksum-zero", &[&ipv4::ABOUT], &[&ipv4::CHECKSUM], |h| h.uint(&ipv4::CHECKSUM) == Some(0))
        .where_equals(&ipv4::CHECKSUM_STATUS, Status::Bad as u64),
    Rule::inferred("ip-checksum-bad", &[&ipv4::ABOUT], &[&ipv4::CHECKSUM], |h| h.uint(&ipv4::CHECKSUM) != Some(0))
        .where_equals(&ipv4::CHECKSUM_STATUS, Status::Bad as u64),
    Rule::inferred("ip-len-zero", &[&ipv4::ABOUT], &[&ipv4::LEN], |h| {
        // The value is what Wireshark presumes; the bytes tell.
        h.own(&ipv4::LEN).next().is_some_and(|f| h.packet().bytes(f.span) == [0, 0])
    }),
];

/// Where a transport checksum's verdict is.
pub(super) static STATUS: [&FieldDef; 2] = [&tcp::CHECKSUM_STATUS, &udp::CHECKSUM_STATUS];

fn status(h: &Here<'_>) -> Option<u64> {
    STATUS.into_iter().find_map(|def| h.uint(def))
}

fn bad(h: &Here<'_>) -> bool {
    status(h) == Some(Status::Bad as u64)
}

pub(super) fn unchecked(h: &Here<'_>) -> bool {
    bad(h) || status(h) == Some(Status::Unverified as u64)
}

/// Whether the checksum is what a sender leaves for its card to finish: the sum over the
/// pseudo-header alone (RFC 9293 §3.1), not complemented; for a large segment without its length.
fn is_half_done(h: &Here<'_>) -> bool {
    let Some(found) = h.uint(&tcp::CHECKSUM).or_else(|| h.uint(&udp::CHECKSUM)) else { return false };
    let proto = if h.has(&tcp::CHECKSUM) { 6 } else { 17 };
    let Some(addresses) = addresses(h) else { return false };
    let header = u64::from(h.layer.span.len);
    let len = h.uint(&udp::LENGTH).or_else(|| Some(header + h.uint(&tcp::LEN)?)).unwrap_or(header);
    [len, 0].into_iter().any(|len| u64::from(checksum::fold(addresses + len + proto)) == found)
}

/// The sum over the two innermost IP addresses.
fn addresses(h: &Here<'_>) -> Option<u64> {
    super::here::ADDRESSES.iter().find_map(|&(src, dst)| {
        let (src, dst) = (h.field(src)?, h.field(dst)?);
        let sum = checksum::add(0, super::here::octets(h.packet(), src)?);
        Some(checksum::add(sum, super::here::octets(h.packet(), dst)?))
    })
}
