//! IPv6 extension headers — RFC 8200 §4: hop-by-hop options, routing, fragment, destination options.
//!
//! ```text
//! | next header (8) | length (8), in units of 8 bytes beyond the first 8 | body … |
//! ```
//!
//! They form a chain: each names the header behind it, the last one names the transport.

use super::Joined;
use super::memory::{Address, Fragment};
use super::numbers::PROTOCOLS;
use super::prelude::*;
use crate::model::clamp;

/// Options that every router on the way reads (§4.3).
pub static HOPOPTS: Identity = identity("ipv6.hopopts", "IPv6 hop-by-hop options", "RFC 8200 §4.3", HOPOPTS_FIELDS);
/// The way a packet shall take (§4.4).
pub static ROUTING: Identity = identity("ipv6.routing", "IPv6 routing header", "RFC 8200 §4.4", ROUTING_FIELDS);
/// A piece of a datagram (§4.5).
pub static FRAGHDR: Identity = identity("ipv6.fraghdr", "IPv6 fragment header", "RFC 8200 §4.5", FRAGHDR_FIELDS);
/// Options that only the destination reads (§4.6).
pub static DSTOPTS: Identity = identity("ipv6.dstopts", "IPv6 destination options", "RFC 8200 §4.6", DSTOPTS_FIELDS);

const fn identity(
    name: &'static str,
    title: &'static str,
    spec: &'static str,
    fields: &'static [&'static FieldDef],
) -> Identity {
    Identity { name, title, osi: Osi::Network, spec, fields, summary: None }
}

/// Hop-by-hop options.
pub static PROTOCOL: Protocol =
    Protocol { about: &HOPOPTS, follows: &[Key::IpProto(0)], over: Over::Packet, dissect: hop_by_hop };
/// Routing.
pub static ROUTING_PROTOCOL: Protocol =
    Protocol { about: &ROUTING, follows: &[Key::IpProto(43)], over: Over::Packet, dissect: routing };
/// Fragment.
pub static FRAGHDR_PROTOCOL: Protocol =
    Protocol { about: &FRAGHDR, follows: &[Key::IpProto(44)], over: Over::Packet, dissect: fragment };
/// Destination options.
pub static DSTOPTS_PROTOCOL: Protocol =
    Protocol { about: &DSTOPTS, follows: &[Key::IpProto(60)], over: Over::Packet, dissect: for_destination };

const OPTIONS: &[(u64, &str)] = &[
    (0x00, "Pad1"),
    (0x01, "PadN"),
    (0x04, "Tunnel encapsulation limit"),
    (0x05, "Router alert"),
    (0x07, "CALIPSO"),
    (0x26, "Quick-start"),
    (0x30, "Path MTU"),
    (0x63, "RPL"),
    (0x6d, "MPL"),
    (0xc2, "Jumbo payload"),
    (0xc9, "Home address"),
];
const ROUTING_TYPES: &[(u64, &str)] =
    &[(0, "Source route (deprecated)"), (2, "Mobile IP"), (3, "RPL"), (4, "Segment routing")];
const ALERTS: &[(u64, &str)] = &[(0, "MLD"), (1, "RSVP"), (2, "Active networks")];
const NEXT: &str = "What follows this header.";
const LENGTH: &str = "In units of 8 bytes, the first 8 not counted.";

fields! {
    HOPOPTS_NXT  = u8_at(0, "ipv6.hopopts.nxt", "Next header", NEXT).names(PROTOCOLS);
    HOPOPTS_LEN  = u8_at(1, "ipv6.hopopts.len", "Length", LENGTH);
    DSTOPTS_NXT  = u8_at(0, "ipv6.dstopts.nxt", "Next header", NEXT).names(PROTOCOLS);
    DSTOPTS_LEN  = u8_at(1, "ipv6.dstopts.len", "Length", LENGTH);
    OPT_TYPE     = dynamic(Kind::Hex(8), "ipv6.opt.type", "Option", "What an optional part of the header asks for.").names(OPTIONS);
    OPT_LENGTH   = dynamic(Kind::Uint(8), "ipv6.opt.length", "Option length", "Bytes of the option's data.");
    OPT_PAD1     = dynamic(Kind::Flag, "ipv6.opt.pad1", "Pad1", "One byte that fills the header up.");
    OPT_PADN     = dynamic(Kind::Bytes, "ipv6.opt.padn", "Padding", "Fills the header up to a multiple of 8 bytes.");
    OPT_TEL      = dynamic(Kind::Uint(8), "ipv6.opt.tel", "Tunnel limit", "How many more tunnels may be nested.");
    OPT_ROUTER_ALERT = dynamic(Kind::Uint(16), "ipv6.opt.router_alert", "Router alert", "Why routers should look at this packet closely.").names(ALERTS);
    OPT_JUMBO    = dynamic(Kind::Uint(32), "ipv6.opt.jumbo", "Jumbo length", "The payload's length where 16 bits are too few.");
    OPT_EXPERIMENTAL = dynamic(Kind::Bytes, "ipv6.opt.experimental", "Experiment", "What those who try something out agreed upon.");
    OPT_UNKNOWN  = dynamic(Kind::Bytes, "ipv6.opt.unknown", "Option data", "What the option says.");
    ROUTING_NXT  = u8_at(0, "ipv6.routing.nxt", "Next header", NEXT).names(PROTOCOLS);
    ROUTING_LEN  = u8_at(1, "ipv6.routing.len", "Length", LENGTH);
    ROUTING_TYPE = u8_at(2, "ipv6.routing.type", "Routing type", "Which kind of routing header this is.").names(ROUTING_TYPES);
    ROUTING_SEGLEFT = u8_at(3, "ipv6.routing.segleft", "Segments left", "How many of the listed stops are still ahead.");
    ROUTING_ADDR = dynamic(Kind::Ipv6, "ipv6.routing.src.addr", "Stop", "An address that the packet visits on its way.");
    SRH_LAST     = dynamic(Kind::Uint(8), "ipv6.routing.srh.last_entry", "Last entry", "The index of the list's last segment.");
    SRH_FLAGS    = dynamic(Kind::Hex(8), "ipv6.routing.srh.flags", "Flags", "None are in use yet.");
    SRH_TAG      = dynamic(Kind::Bytes, "ipv6.routing.srh.tag", "Tag", "Marks packets that belong to one group.");
    SRH_ADDR     = dynamic(Kind::Ipv6, "ipv6.routing.srh.addr", "Segment", "A stop on the way; the list runs backwards.");
    FRAGHDR_NXT  = u8_at(0, "ipv6.fraghdr.nxt", "Next header", NEXT).names(PROTOCOLS);
    FRAGHDR_RESERVED = u8_at(1, "ipv6.fraghdr.reserved_octet", "Reserved", "Must be zero.").hex();
    FRAGHDR_OFFSET = u16_at(2, "ipv6.fraghdr.offset", "Fragment offset", "Where this piece lies in the datagram, in units of 8 bytes.").bits(0xfff8);
    FRAGHDR_RESERVED_BITS = u16_at(2, "ipv6.fraghdr.reserved_bits", "Reserved bits", "Must be zero.").bits(0x0006);
    FRAGHDR_MORE = bit_at(2, 2, 0x0001, "ipv6.fraghdr.more", "More fragments", "More pieces of this datagram follow.");
    FRAGHDR_IDENT = u32_at(4, "ipv6.fraghdr.ident", "Identification", "Tells which fragments belong together.").hex();
}

/// Each option field is listed once, with the first header that can hold it.
static HOPOPTS_FIELDS: &[&FieldDef] = &[
    &HOPOPTS_NXT,
    &HOPOPTS_LEN,
    &OPT_TYPE,
    &OPT_LENGTH,
    &OPT_PAD1,
    &OPT_PADN,
    &OPT_TEL,
    &OPT_ROUTER_ALERT,
    &OPT_JUMBO,
    &OPT_EXPERIMENTAL,
    &OPT_UNKNOWN,
];
static ROUTING_FIELDS: &[&FieldDef] = &[
    &ROUTING_NXT,
    &ROUTING_LEN,
    &ROUTING_TYPE,
    &ROUTING_SEGLEFT,
    &ROUTING_ADDR,
    &SRH_LAST,
    &SRH_FLAGS,
    &SRH_TAG,
    &SRH_ADDR,
];
static FRAGHDR_FIELDS: &[&FieldDef] =
    &[&FRAGHDR_NXT, &FRAGHDR_RESERVED, &FRAGHDR_OFFSET, &FRAGHDR_RESERVED_BITS, &FRAGHDR_MORE, &FRAGHDR_IDENT];
static DSTOPTS_FIELDS: &[&FieldDef] = &[&DSTOPTS_NXT, &DSTOPTS_LEN];

/// The layer that says which fragments made a datagram.
pub static JOINED: Joined =
    Joined { about: &FRAGMENTS, frame: &FRAGMENT, count: &FRAGMENT_COUNT, length: &REASSEMBLED_LENGTH };

static FRAGMENTS: Identity = Identity {
    name: "ipv6.fragments",
    title: "Reassembled IPv6 fragments",
    osi: Osi::Network,
    spec: "RFC 8200 §4.5",
    fields: &[&FRAGMENT, &FRAGMENT_COUNT, &REASSEMBLED_LENGTH],
    summary: None,
};
/// A frame that gave a fragment.
pub static FRAGMENT: FieldDef =
    derived(Kind::Frame, "ipv6.fragment", "Fragment", "A frame that carried a piece of this datagram.");
/// How many fragments.
pub static FRAGMENT_COUNT: FieldDef =
    derived(Kind::Uint(32), "ipv6.fragment.count", "Fragments", "How many pieces the datagram came in.");
/// Bytes in all.
pub static REASSEMBLED_LENGTH: FieldDef =
    derived(Kind::Uint(32), "ipv6.reassembled.length", "Reassembled length", "Bytes of the whole datagram's payload.");

fn hop_by_hop(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&HOPOPTS_NXT)?;
    c.put(&HOPOPTS_LEN)?;
    options(c)
}

fn for_destination(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&DSTOPTS_NXT)?;
    c.put(&DSTOPTS_LEN)?;
    options(c)
}

fn follow(c: &mut Cursor<'_>, len: usize) -> Result<Next, Trouble> {
    let next = c.u8(0)?;
    c.context.ip_proto = next;
    Ok(Next::to(Key::IpProto(next), len))
}

/// §4.2: a list of type (8), length (8), data; type 0 is a single byte.
fn options(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let end = 8 + 8 * usize::from(c.u8(1)?);
    let mut at = 2;
    while at < end {
        let kind = c.read(&OPT_TYPE, at, 1)?;
        if kind == 0 {
            c.nested(|c| c.read(&OPT_PAD1, at, 1))?;
            at += 1;
            continue;
        }
        let len = usize::from(c.u8(at + 1)?);
        c.nested(|c| c.read(&OPT_LENGTH, at + 1, 1))?;
        if at + 2 + len > end {
            c.doubt(c.malformed("an option's length does not fit into the header"));
            break;
        }
        let (def, exact) = match kind {
            0x01 => (&OPT_PADN, len),
            0x04 => (&OPT_TEL, 1),
            0x05 => (&OPT_ROUTER_ALERT, 2),
            0xc2 => (&OPT_JUMBO, 4),
            // RFC 4727 §3.5: the same low five bits, whatever is to happen to those that do not know it.
            0x1e | 0x3e | 0x5e | 0x7e | 0x9e | 0xbe | 0xde | 0xfe => (&OPT_EXPERIMENTAL, len),
            _ => (&OPT_UNKNOWN, len),
        };
        let def = if len == exact { def } else { &OPT_UNKNOWN };
        c.nested(|c| c.read(def, at + 2, len))?;
        at += 2 + len;
    }
    c.slice(0, end)?;
    follow(c, end)
}

/// §4.4, RFC 8754 §2 (segment routing).
fn routing(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const SOURCE_ROUTE: u8 = 0;
    const MOBILE: u8 = 2;
    const SEGMENT_ROUTING: u8 = 4;
    for def in [&ROUTING_NXT, &ROUTING_LEN, &ROUTING_TYPE, &ROUTING_SEGLEFT] {
        c.put(def)?;
    }
    let (units, kind, left) = (usize::from(c.u8(1)?), c.u8(2)?, c.u8(3)?);
    let end = 8 + 8 * units;
    let stops = units / 2;
    match kind {
        SOURCE_ROUTE | MOBILE => {
            for i in 0..stops {
                c.read(&ROUTING_ADDR, 8 + 16 * i, 16)?;
            }
        }
        SEGMENT_ROUTING => {
            let last = c.read(&SRH_LAST, 4, 1)?;
            c.read(&SRH_FLAGS, 5, 1)?;
            c.read(&SRH_TAG, 6, 2)?;
            for i in 0..stops.min(usize::try_from(last).unwrap_or(0) + 1) {
                c.read(&SRH_ADDR, 8 + 16 * i, 16)?;
            }
        }
        _ => {}
    }
    // The transport's checksum covers the last stop, wherever the packet is now (§8.1).
    let last = match kind {
        SOURCE_ROUTE | MOBILE => 8 + 16 * stops.saturating_sub(1),
        _ => 8,
    };
    if left > 0 && stops > 0 && matches!(kind, SOURCE_ROUTE | MOBILE | SEGMENT_ROUTING) {
        c.context.ends.dst = Address::v6(c.slice(last, 16)?.try_into().unwrap_or_default());
    }
    c.slice(0, end)?;
    follow(c, end)
}

/// §4.5.
fn fragment(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const HEADER: usize = 8;
    c.fixed(FRAGHDR_FIELDS)?;
    let next = follow(c, HEADER)?;
    let (offset, more) = (c.uint(&FRAGHDR_OFFSET) * 8, c.uint(&FRAGHDR_MORE) != 0);
    if offset == 0 && !more {
        return Ok(next);
    }
    if c.is_cut() {
        return Ok(if offset == 0 { next } else { Next::data(HEADER) });
    }
    let ends = c.context.ends;
    let fragment = Fragment {
        src: ends.src,
        dst: ends.dst,
        id: clamp(c.uint(&FRAGHDR_IDENT)),
        proto: 0,
        offset: clamp(offset),
        more,
        time: c.time(),
    };
    let payload = c.len().saturating_sub(HEADER);
    match c.defragment(&fragment, HEADER, payload, &JOINED) {
        Some(joined) => Ok(joined.key(Key::IpProto(c.u8(0)?))),
        None => Ok(Next::data(HEADER)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram() -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv6([0xfe; 16], [0x20; 16], 64)
            .udp(5000, 9)
            .write(&mut out, b"hi")
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn every_extension_header_is_followed_to_the_transport() {
        let whole = datagram();
        let mut frame = whole[..40].to_vec();
        (frame[5], frame[6]) = (10 + 8 + 24 + 8 + 8, 0);
        frame.extend([43, 0, 5, 2, 0, 0, 1, 0]); // hop-by-hop: router alert, PadN
        frame.extend([60, 2, 0, 1, 0, 0, 0, 0]); // routing type 0: one address
        frame.extend([0x30; 16]);
        frame.extend([44, 0, 1, 4, 0, 0, 0, 0]); // destination options: PadN
        frame.extend([17, 0, 0, 0, 0, 0, 0, 7]); // fragment header of a whole datagram
        frame.extend(&whole[40..]);
        let p = read(229, &frame);
        let names: Vec<_> = p.layers.iter().map(|l| l.proto.name).skip(1).collect();
        let chain = ["ipv6", "ipv6.hopopts", "ipv6.routing", "ipv6.dstopts", "ipv6.fraghdr", "udp", "data"];
        assert_eq!(names, chain);
        assert_eq!(
            (p.uint(&OPT_ROUTER_ALERT), p.uint(&ROUTING_SEGLEFT), p.uint(&FRAGHDR_IDENT)),
            (Some(0), Some(1), Some(7))
        );
        assert_eq!(p.octets(&ROUTING_ADDR), Some(&[0x30; 16][..]));
    }

    #[test]
    fn an_option_that_leaves_its_header_is_doubted() {
        let mut frame = datagram()[..40].to_vec();
        (frame[5], frame[6]) = (8, 60);
        frame.extend([59, 0, 1, 200, 0, 0, 0, 0]);
        let p = read(229, &frame);
        assert!(p.layers.iter().any(|l| l.proto.name == "ipv6.dstopts" && l.trouble.is_some()));
    }
}
