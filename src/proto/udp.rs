//! UDP — RFC 768. A datagram: two ports, a length, a checksum, and no promise.
//!
//! ```text
//!  0                 16                31
//! | source port     | destination port  |
//! | length          | checksum          |
//! ```

use super::checksum::{self, Status};
use super::memory::Talk;
use super::prelude::*;

/// UDP.
pub static ABOUT: Identity = Identity {
    name: "udp",
    title: "User Datagram Protocol",
    osi: Osi::Transport,
    spec: "RFC 768",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    SRCPORT  = u16_at(0, "udp.srcport",  "Source port",      "Which program on the sender spoke.");
    DSTPORT  = u16_at(2, "udp.dstport",  "Destination port", "Which program should listen.");
    LENGTH   = u16_at(4, "udp.length",   "Length",           "Header and data together, in bytes.");
    CHECKSUM = u16_at(6, "udp.checksum", "Checksum",         "Detects damage on the way.").hex().detail();
    CHECKSUM_STATUS = derived(Kind::Uint(8),  "udp.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS).detail();
    STREAM          = derived(Kind::Uint(32), "udp.stream",          "Stream index",    "Which UDP conversation of this capture, counted from 0.").detail();
    TIME_RELATIVE   = derived(Kind::Duration, "udp.time_relative",   "Since first frame",    "Seconds since this conversation's first frame.").hidden().detail();
    TIME_DELTA      = derived(Kind::Duration, "udp.time_delta",      "Since previous frame", "Seconds since this conversation's previous frame.").hidden().detail();
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(17)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let (src, dst, len) = (c.u16(0)?, c.u16(2)?, c.uint(&LENGTH));
    // A length of 0 in a jumbogram means: all that the IP header promises (RFC 2675 §4).
    if len >= 8 {
        c.limit(len, &LENGTH);
    } else if len != 0 || c.context.ends.src.is_v4() {
        return Err(c.malformed("a UDP length under 8 does not even hold the header"));
    }
    c.context.ends.src_port = src;
    c.context.ends.dst_port = dst;
    let absent = c.u16(6)? == 0;
    // An ICMP error need not quote all of the datagram.
    let partial = c.context.quoted && len > c.len();
    c.compute(&CHECKSUM_STATUS, |c| {
        let status = match absent {
            false if partial => Status::Unverified,
            false => checksum::transport(c, 17),
            true if c.context.ends.src.is_v4() || c.context.quoted => Status::NotPresent,
            true => Status::Illegal,
        };
        Value::Uint(status as u64)
    });
    if let Some(talk) = c.converse(Talk::Udp) {
        c.derive(&STREAM, Value::Uint(u64::from(talk.number)));
        if !c.context.quoted {
            // A datagram without data is not counted, and its conversation's times are not shown with it.
            let counts = c.promised() > 8;
            let (first, before) = c.memory.pace(talk, c.time(), counts);
            c.derive_duration(&TIME_RELATIVE, first.filter(|_| counts));
            c.derive_duration(&TIME_DELTA, before.filter(|_| counts));
        }
    }
    Ok(Next::ports(src, dst, 8))
}

/// `5353 → 53 Len=28`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let of = |def| packet.uint_in(layer, def).unwrap_or(0);
    show::number(of(&SRCPORT), out);
    out.push_str(" → ");
    show::number(of(&DSTPORT), out);
    out.push_str(" Len=");
    show::number(of(&LENGTH).saturating_sub(8), out);
}
