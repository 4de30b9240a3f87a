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
use super::{ipv6_option, table};
use crate::model::clamp;

/// Options that every router on the way reads (§4.3).
pub static HOPOPTS: Identity = identity("ipv6.hopopts", "IPv6 hop-by-hop options", "RFC 8200 §4.3", &HOPOPTS_FIELDS);
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

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &ROUTING_PROTOCOL, &FRAGHDR_PROTOCOL, &DSTOPTS_PROTOCOL];

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
    ROUTING_NXT  = u8_at(0, "ipv6.routing.nxt", "Next header", NEXT).names(PROTOCOLS);
    ROUTING_LEN  = u8_at(1, "ipv6.routing.len", "Length", LENGTH);
    ROUTING_TYPE = u8_at(2, "ipv6.routing.type", "Routing type", "Which kind of routing header this is.").names(ROUTING_TYPES);
    ROUTING_SEGLEFT = u8_at(3, "ipv6.routing.segleft", "Segments left", "How many of the listed stops are still ahead.");
    ROUTING_ADDR = dynamic(Kind::Ipv6, "ipv6.routing.src.addr", "Stop", "An address that the packet visits on its way.");
    ROUTING_SRC_RESERVED = dynamic(Kind::Bytes, "ipv6.routing.src.reserved", "Reserved", "Must be zero.");
    ROUTING_MOBILE_RESERVED = dynamic(Kind::Bytes, "ipv6.routing.mipv6.reserved", "Reserved", "Must be zero.");
    ROUTING_HOME = dynamic(Kind::Ipv6, "ipv6.routing.mipv6.home_address", "Home address", "Where the mobile host that this is for has its home.");
    ROUTING_UNKNOWN = dynamic(Kind::Bytes, "ipv6.routing.unknown_data", "Route", "What the header says; its type is not known here.");
    RPL_COMPRESSED = dynamic(Kind::Uint(32), "ipv6.routing.rpl.cmprI", "Left out", "Bytes that each stop but the last has in common with the destination.").bits(0xf000_0000);
    RPL_COMPRESSED_LAST = dynamic(Kind::Uint(32), "ipv6.routing.rpl.cmprE", "Left out of the last", "Bytes that the last stop has in common with the destination.").bits(0x0f00_0000);
    RPL_PAD      = dynamic(Kind::Uint(32), "ipv6.routing.rpl.pad", "Padding", "Bytes that fill the header up.").bits(0x00f0_0000);
    RPL_RESERVED = dynamic(Kind::Uint(32), "ipv6.routing.rpl.reserved", "Reserved", "Must be zero.").bits(0x000f_ffff);
    RPL_ADDRESS  = dynamic(Kind::Bytes, "ipv6.routing.rpl.address", "Stop, as written", "The end of an address that the packet visits.");
    RPL_FULL     = dynamic(Kind::Ipv6, "ipv6.routing.rpl.full_address", "Stop", "An address that the packet visits on its way.");
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
static HOPOPTS_FIELDS: [&FieldDef; OWN.len() + ipv6_option::FIELDS.len()] = table::joined(OWN, ipv6_option::FIELDS);
static OWN: &[&FieldDef] = &[&HOPOPTS_NXT, &HOPOPTS_LEN, &OPT_TYPE, &OPT_LENGTH, &OPT_PAD1];
static ROUTING_FIELDS: &[&FieldDef] = &[
    &ROUTING_NXT,
    &ROUTING_LEN,
    &ROUTING_TYPE,
    &ROUTING_SEGLEFT,
    &ROUTING_SRC_RESERVED,
    &ROUTING_ADDR,
    &ROUTING_MOBILE_RESERVED,
    &ROUTING_HOME,
    &RPL_COMPRESSED,
    &RPL_COMPRESSED_LAST,
    &RPL_PAD,
    &RPL_RESERVED,
    &RPL_ADDRESS,
    &RPL_FULL,
    &ROUTING_UNKNOWN,
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
        c.nested(|c| ipv6_option::read(c, u8::try_from(kind).unwrap_or(0), at + 2, len))?;
        at += 2 + len;
    }
    c.slice(0, end)?;
    follow(c, end)
}

/// §4.4, RFC 8754 §2 (segment routing).
fn routing(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const SOURCE_ROUTE: u8 = 0;
    const MOBILE: u8 = 2;
    const RPL: u8 = 3;
    const SEGMENT_ROUTING: u8 = 4;
    for def in [&ROUTING_NXT, &ROUTING_LEN, &ROUTING_TYPE, &ROUTING_SEGLEFT] {
        c.put(def)?;
    }
    let (units, kind, left) = (usize::from(c.u8(1)?), c.u8(2)?, c.u8(3)?);
    let end = 8 + 8 * units;
    let last = match (kind, units / 2) {
        (SOURCE_ROUTE, stops) => {
            c.read(&ROUTING_SRC_RESERVED, 4, 4)?;
            (0..stops).try_for_each(|i| c.read(&ROUTING_ADDR, 8 + 16 * i, 16).map(drop))?;
            stops.checked_sub(1).and_then(|last| address(c, 8 + 16 * last))
        }
        // RFC 6275 §6.4: one address, that of the host's home.
        (MOBILE, 1..) => {
            c.read(&ROUTING_MOBILE_RESERVED, 4, 4)?;
            c.read(&ROUTING_HOME, 8, 16)?;
            address(c, 8)
        }
        (RPL, _) => rpl(c, end)?,
        (SEGMENT_ROUTING, stops) => {
            let last = c.read(&SRH_LAST, 4, 1)?;
            c.read(&SRH_FLAGS, 5, 1)?;
            c.read(&SRH_TAG, 6, 2)?;
            for i in 0..stops.min(usize::try_from(last).unwrap_or(0) + 1) {
                c.read(&SRH_ADDR, 8 + 16 * i, 16)?;
            }
            if stops > 0 { address(c, 8) } else { None }
        }
        _ if end > 4 => {
            c.read(&ROUTING_UNKNOWN, 4, end - 4)?;
            None
        }
        _ => None,
    };
    // The transport's checksum covers the last stop, wherever the packet is now (§8.1).
    if let Some(last) = last.filter(|_| left > 0) {
        c.context.ends.dst = last;
    }
    c.slice(0, end)?;
    follow(c, end)
}

fn address(c: &Cursor<'_>, at: usize) -> Option<Address> {
    Some(Address::v6(c.slice(at, 16).ok()?.try_into().ok()?))
}

/// RFC 6554 §3: each address is written without the bytes that it has in common with the packet's destination. Gives
/// the last one.
fn rpl(c: &mut Cursor<'_>, end: usize) -> Result<Option<Address>, Trouble> {
    for def in [&RPL_COMPRESSED, &RPL_COMPRESSED_LAST, &RPL_PAD, &RPL_RESERVED] {
        c.read(def, 4, 4)?;
    }
    let (common, pad) = (c.u8(4)?, usize::from(c.u8(5)? >> 4));
    let (inner, outer) = (16 - usize::from(common >> 4), 16 - usize::from(common & 0xf));
    let Some(room) = (end - 8).checked_sub(pad + outer) else { return Ok(None) };
    let (mut at, mut whole) = (8, c.context.ends.dst.0.to_be_bytes());
    for len in std::iter::repeat_n(inner, room / inner).chain([outer]) {
        c.read(&RPL_ADDRESS, at, len)?;
        let bytes = c.slice(at, len)?;
        whole.iter_mut().rev().zip(bytes.iter().rev()).for_each(|(to, from)| *to = *from);
        let value = c.keep(&whole);
        c.push(&RPL_FULL, at, len, Value::Bytes(value));
        at += len;
    }
    Ok(Some(Address::v6(whole)))
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
            (p.uint(&ipv6_option::ROUTER_ALERT), p.uint(&ROUTING_SEGLEFT), p.uint(&FRAGHDR_IDENT)),
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

    /// A datagram whose checksum counts from `src` to `dst`, behind `header`, in a packet between other addresses.
    fn checked(first: u8, header: &[u8], src: [u8; 16], dst: [u8; 16]) -> Packet {
        let mut whole = Vec::new();
        let builder = PacketBuilder::ipv6(src, dst, 64).udp(5000, 9);
        builder.write(&mut whole, b"hi").unwrap_or_else(|e| panic!("{e}"));
        let mut frame = [&whole[..40], header, &whole[40..]].concat();
        frame[5] += u8::try_from(header.len()).unwrap_or(0);
        frame[6] = first;
        frame[8..24].copy_from_slice(&[0xfe; 16]);
        frame[24..40].copy_from_slice(&[0x20; 16]);
        read(229, &frame)
    }

    #[test]
    fn the_transport_counts_from_the_home_address_to_the_last_stop() {
        let good = |p: &Packet| p.uint(&super::super::udp::CHECKSUM_STATUS);
        let (here, there) = ([0xfe; 16], [0x20; 16]);
        let home = [&[17, 2, 1, 2, 0, 0, 0xc9, 16][..], &[7; 16]].concat();
        let p = checked(60, &home, [7; 16], there);
        assert_eq!((good(&p), p.octets(&ipv6_option::HOME_ADDRESS)), (Some(1), Some(&[7; 16][..])));
        assert_eq!(good(&checked(60, &home, here, there)), Some(0));
        for (kind, left, last) in [(0, 1, [9; 16]), (2, 1, [9; 16]), (4, 1, [9; 16]), (2, 0, there), (4, 0, there)] {
            let route = [&[17, 2, kind, left, 0, 0, 0, 0][..], &[9; 16]].concat();
            assert_eq!(good(&checked(43, &route, here, last)), Some(1), "type {kind}, {left} left");
        }
        // RPL: two stops, of which fifteen bytes are the destination's.
        let route = [17, 1, 3, 2, 0xff, 0x60, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0];
        let last = std::array::from_fn(|i| if i == 15 { 2 } else { 0x20 });
        let p = checked(43, &route, here, last);
        assert_eq!((good(&p), p.all(&RPL_FULL).count()), (Some(1), 2));
    }

    #[test]
    fn an_option_is_read_by_its_type_or_shown_as_bytes() {
        let p = checked(0, &[17, 0, 0x63, 4, 0xa0, 5, 1, 0], [0xfe; 16], [0x20; 16]);
        assert!(p.flag(&ipv6_option::RPL_DOWN) && p.flag(&ipv6_option::RPL_FORWARD_ERROR));
        assert_eq!(p.uint(&ipv6_option::RPL_RANK), Some(256));
        let p = checked(0, &[17, 0, 0x63, 3, 0xa0, 5, 1, 0], [0xfe; 16], [0x20; 16]);
        assert_eq!(p.octets(&ipv6_option::UNKNOWN), Some(&[0xa0, 5, 1][..]));
    }
}
