//! Layer 4: TCP's steps, what an onlooker concludes from them, and UDP.

use super::{Here, Rule, always};
use crate::flow::{Endpoint, Event, State};
use crate::model::{FieldDef, Identity, Seq};
use crate::proto::{tcp, udp};

pub(super) const TEXT: &str = include_str!("text/transport.toml");

use tcp::{FLAGS_ACK, FLAGS_FIN, FLAGS_RESET, FLAGS_SYN};

const TCP: &[&Identity] = &[&tcp::ABOUT];
/// The field that is there with each verdict of the analysis.
const VERDICT: &FieldDef = &tcp::ANALYSIS_FLAGS;

pub(super) static RULES: &[Rule] = &[
    // RFC 9293 §3.5: opening.
    Rule::observed("tcp-syn", TCP, &[&FLAGS_SYN, &tcp::SEQ_RAW], |h| {
        !h.is(&FLAGS_ACK) && !h.is(&FLAGS_RESET) && !crossing(h) && !refused(h)
    })
    .where_is(&FLAGS_SYN),
    Rule::inferred("tcp-syn-crossing", TCP, &[&FLAGS_SYN, &tcp::SEQ_RAW], |h| {
        !h.is(&FLAGS_ACK) && !h.is(&FLAGS_RESET) && crossing(h)
    })
    .where_is(&FLAGS_SYN),
    Rule::inferred("tcp-syn-challenged", TCP, &[&FLAGS_SYN, &tcp::SEQ_RAW], |h| {
        !h.is(&FLAGS_RESET) && !crossing(h) && refused(h)
    })
    .where_is(&FLAGS_SYN),
    Rule::observed("tcp-syn-ack", TCP, &[&FLAGS_SYN, &FLAGS_ACK, &tcp::SEQ_RAW, &tcp::ACK_RAW], |h| {
        h.is(&FLAGS_ACK) && !h.is(&FLAGS_RESET) && !crossing(h) && !refused(h)
    })
    .where_is(&FLAGS_SYN),
    Rule::inferred("tcp-syn-ack-crossing", TCP, &[&FLAGS_SYN, &FLAGS_ACK, &tcp::SEQ_RAW, &tcp::ACK_RAW], |h| {
        h.is(&FLAGS_ACK) && !h.is(&FLAGS_RESET) && crossing(h)
    })
    .where_is(&FLAGS_SYN),
    Rule::observed("tcp-syn-options", TCP, &[&tcp::MSS_VAL, &tcp::WSCALE_SHIFT, &tcp::SACK_PERM], |h| {
        h.has(&tcp::MSS_VAL)
    })
    .where_is(&FLAGS_SYN),
    Rule::inferred("tcp-third-ack", TCP, &[&FLAGS_ACK, &tcp::SEQ_RAW, &tcp::ACK_RAW], third).where_something_happened(),
    // §3.10: established.
    Rule::observed("tcp-data", TCP, &[&tcp::SEQ, &tcp::LEN, &tcp::NXTSEQ], |h| {
        !h.is(&FLAGS_SYN) && !h.is(&FLAGS_RESET) && !h.has(&tcp::KEEP_ALIVE)
    })
    .where_is(&tcp::LEN),
    Rule::observed("tcp-push", TCP, &[&tcp::FLAGS_PUSH], |h| has_data(h) && !h.carries_application())
        .where_is(&tcp::FLAGS_PUSH),
    Rule::observed("tcp-ack", TCP, &[&FLAGS_ACK, &tcp::ACK], |h| {
        bare(h) && !third(h) && !h.moved(closes) && !h.has(&tcp::KEEP_ALIVE)
    })
    .where_is(&FLAGS_ACK),
    Rule::observed("tcp-sack", TCP, &[&tcp::SACK_LE, &tcp::SACK_RE], |h| !duplicate_block(h)).where_has(&tcp::SACK_LE),
    Rule::observed("tcp-dsack", TCP, &[&tcp::SACK_LE, &tcp::SACK_RE], duplicate_block).where_has(&tcp::SACK_LE),
    // §3.6: closing.
    Rule::inferred("tcp-fin-first", TCP, &[&FLAGS_FIN, &tcp::SEQ, &tcp::NXTSEQ], |h| {
        h.moved(|_, _, to| to == State::FinWait1)
    })
    .where_is(&FLAGS_FIN),
    Rule::inferred("tcp-fin-second", TCP, &[&FLAGS_FIN, &tcp::SEQ, &tcp::NXTSEQ], |h| {
        h.moved(|_, _, to| matches!(to, State::LastAck | State::Closing))
    })
    .where_is(&FLAGS_FIN),
    Rule::observed("tcp-fin", TCP, &[&FLAGS_FIN, &tcp::NXTSEQ], |h| {
        !h.moved(|_, _, to| matches!(to, State::FinWait1 | State::LastAck | State::Closing))
    })
    .where_is(&FLAGS_FIN),
    Rule::inferred("tcp-fin-acked", TCP, &[&FLAGS_ACK, &tcp::ACK], |h| {
        bare(h) && h.moved(|_, _, to| to == State::FinWait2)
    })
    .where_something_happened(),
    Rule::inferred("tcp-last-ack", TCP, &[&FLAGS_ACK, &tcp::ACK], |h| {
        bare(h) && h.moved(|_, _, to| matches!(to, State::Closed | State::TimeWait))
    })
    .where_something_happened(),
    Rule::observed("tcp-rst-refused", TCP, &[&FLAGS_RESET, &FLAGS_ACK], refuses).where_is(&FLAGS_RESET),
    Rule::observed("tcp-rst", TCP, &[&FLAGS_RESET], |h| !refuses(h) && !refused(h)).where_is(&FLAGS_RESET),
    Rule::inferred("tcp-rst-challenged", TCP, &[&FLAGS_RESET, &tcp::SEQ], |h| {
        h.happened(|e| matches!(e, Event::Refused { challenged: true, .. }))
    })
    .where_is(&FLAGS_RESET),
    Rule::inferred("tcp-rst-ignored", TCP, &[&FLAGS_RESET, &tcp::SEQ], |h| {
        h.happened(|e| matches!(e, Event::Refused { challenged: false, .. }))
    })
    .where_is(&FLAGS_RESET),
    Rule::inferred("tcp-captured-twice", TCP, &[&tcp::SEQ_RAW, &tcp::ACK_RAW, &tcp::CHECKSUM], twice)
        .where_something_happened(),
    // What Wireshark's analysis concludes. A capture sees one place only, so all of it is inferred.
    Rule::inferred("tcp-retransmission", TCP, &[&tcp::RETRANSMISSION, &tcp::RTO_FRAME, &tcp::SEQ], |h| {
        timed_out(h) && !unseen(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-retransmission-unseen", TCP, &[&tcp::RETRANSMISSION, &tcp::RTO_FRAME, &tcp::SEQ], |h| {
        timed_out(h) && unseen(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-fast-retransmission", TCP, &[&tcp::FAST_RETRANSMISSION, &tcp::RTO_FRAME, &tcp::SEQ], |h| {
        h.has(&tcp::FAST_RETRANSMISSION) && !twice(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-spurious-retransmission", TCP, &[&tcp::SPURIOUS_RETRANSMISSION, &tcp::SEQ], |h| {
        h.has(&tcp::SPURIOUS_RETRANSMISSION) && !twice(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-out-of-order", TCP, &[&tcp::OUT_OF_ORDER, &tcp::SEQ], |h| {
        h.has(&tcp::OUT_OF_ORDER) && !twice(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-duplicate-ack", TCP, &[&tcp::DUPLICATE_ACK_FRAME, &tcp::DUPLICATE_ACK_NUM, &tcp::ACK], |h| {
        h.has(&tcp::DUPLICATE_ACK) && !duplicate_block(h) && !twice(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-lost-segment", TCP, &[&tcp::LOST_SEGMENT, &tcp::SEQ], |h| h.has(&tcp::LOST_SEGMENT))
        .where_has(VERDICT),
    Rule::inferred("tcp-ack-lost-segment", TCP, &[&tcp::ACK_LOST_SEGMENT, &tcp::ACK], |h| {
        h.has(&tcp::ACK_LOST_SEGMENT)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-zero-window", TCP, &[&tcp::ZERO_WINDOW, &tcp::WINDOW_SIZE_VALUE], |h| h.has(&tcp::ZERO_WINDOW))
        .where_has(VERDICT),
    Rule::inferred("tcp-zero-window-probe", TCP, &[&tcp::ZERO_WINDOW_PROBE, &tcp::SEQ], |h| {
        h.has(&tcp::ZERO_WINDOW_PROBE)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-zero-window-probe-ack", TCP, &[&tcp::ZERO_WINDOW_PROBE_ACK, &tcp::ACK], |h| {
        h.has(&tcp::ZERO_WINDOW_PROBE_ACK)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-window-update", TCP, &[&tcp::WINDOW_UPDATE, &tcp::WINDOW_SIZE], |h| h.has(&tcp::WINDOW_UPDATE))
        .where_has(VERDICT),
    Rule::inferred("tcp-window-full", TCP, &[&tcp::WINDOW_FULL, &tcp::BYTES_IN_FLIGHT], |h| h.has(&tcp::WINDOW_FULL))
        .where_has(VERDICT),
    Rule::inferred("tcp-keep-alive", TCP, &[&tcp::KEEP_ALIVE, &tcp::SEQ], |h| h.has(&tcp::KEEP_ALIVE))
        .where_has(VERDICT),
    Rule::inferred("tcp-keep-alive-ack", TCP, &[&tcp::KEEP_ALIVE_ACK, &tcp::ACK], |h| {
        h.has(&tcp::KEEP_ALIVE_ACK) && !twice(h)
    })
    .where_has(VERDICT),
    Rule::inferred("tcp-reused-ports", TCP, &[&tcp::REUSED_PORTS, &tcp::SRCPORT], |h| h.has(&tcp::REUSED_PORTS))
        .where_has(VERDICT),
    Rule::observed("tcp-segments", &[tcp::JOINED.about], &[&tcp::SEGMENT, &tcp::SEGMENT_COUNT], |h| {
        h.uint(&tcp::SEGMENT_COUNT).is_some_and(|n| n > 1)
    }),
    // RFC 768.
    Rule::observed("udp-datagram", &[&udp::ABOUT], &[&udp::SRCPORT, &udp::DSTPORT, &udp::LENGTH], always),
    Rule::observed("udp-no-checksum", &[&udp::ABOUT], &[&udp::CHECKSUM], |h| h.uint(&udp::CHECKSUM_STATUS) == Some(3)),
];

fn has_data(h: &Here<'_>) -> bool {
    h.uint(&tcp::LEN).is_some_and(|n| n > 0)
}

/// Nothing but an acknowledgment. A header that is cut does not tell its length.
fn bare(h: &Here<'_>) -> bool {
    h.is(&FLAGS_ACK)
        && h.uint(&tcp::LEN) == Some(0)
        && ![&FLAGS_SYN, &FLAGS_FIN, &FLAGS_RESET].into_iter().any(|f| h.is(f))
}

/// The segment by which the server learns that the client knows its number.
fn third(h: &Here<'_>) -> bool {
    h.moved(|end, from, to| end == Endpoint::Server && from == State::SynReceived && to == State::Established)
        && h.is(&FLAGS_ACK)
        && !h.is(&FLAGS_SYN)
        && !h.is(&FLAGS_RESET)
        && !crossing(h)
}

fn closes(_: Endpoint, _: State, to: State) -> bool {
    matches!(to, State::FinWait2 | State::Closed | State::TimeWait)
}

/// RFC 9293 §3.10.7.1: where nobody listens, a SYN is answered with sequence number 0 and an ACK of it.
/// Without an ACK it's the client that gives up.
fn refuses(h: &Here<'_>) -> bool {
    h.is(&FLAGS_ACK)
        && !refused(h)
        && (h.moved(|end, from, _| end == Endpoint::Client && from == State::SynSent)
            || h.uint(&tcp::SEQ_RAW) == Some(0))
}

/// The receiver doesn't believe it.
fn refused(h: &Here<'_>) -> bool {
    h.happened(|e| matches!(e, Event::Refused { .. }))
}

/// Both ends called at once.
fn crossing(h: &Here<'_>) -> bool {
    h.connection().is_some_and(|c| c.simultaneous)
}

/// The same packet, seen twice by the capture.
fn twice(h: &Here<'_>) -> bool {
    h.happened(|e| matches!(e, Event::CapturedTwice { .. }))
}

fn timed_out(h: &Here<'_>) -> bool {
    let otherwise = [&tcp::FAST_RETRANSMISSION, &tcp::SPURIOUS_RETRANSMISSION].into_iter().any(|def| h.has(def));
    // In a simultaneous open each end says its SYN again, with an ACK.
    let answers = crossing(h) && h.is(&FLAGS_SYN);
    h.has(&tcp::RETRANSMISSION) && !otherwise && !twice(h) && !answers
}

/// Nothing before it carried its bytes.
pub(super) fn unseen(h: &Here<'_>) -> bool {
    h.happened(|e| matches!(e, Event::Retransmitted { unseen: true, .. }))
}

/// The first SACK block tells of bytes that came twice: below the ACK, or inside the next block (RFC 2883 §4).
fn duplicate_block(h: &Here<'_>) -> bool {
    let seq = |number: u64| u32::try_from(number).map(Seq).ok();
    let mut left = h.own(&tcp::SACK_LE).filter_map(|f| seq(f.value.uint()?));
    let mut right = h.own(&tcp::SACK_RE).filter_map(|f| seq(f.value.uint()?));
    let ack = h.uint(&tcp::ACK).and_then(seq);
    let (Some(from), Some(to), Some(ack)) = (left.next(), right.next(), ack) else { return false };
    let inside = left.next().zip(right.next()).is_some_and(|(a, b)| !a.is_after(from) && !to.is_after(b));
    !to.is_after(ack) || inside
}
