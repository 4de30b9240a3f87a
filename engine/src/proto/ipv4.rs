//! IPv4 — RFC 791. An address for every host, and a header that every router reads.
//!
//! ```text
//!  0       4       8               16    19                      31
//! | vers. | IHL   | DSCP      |ECN| total length                  |
//! | identification                |flags| fragment offset         |
//! | time to live  | protocol      | header checksum               |
//! | source address                                                |
//! | destination address                                           |
//! | options …                                                     |
//! ```

use super::Joined;
use super::checksum::{self, Status};
use super::memory::{Address, Fragment};
use super::numbers::{DSCP, ECN, PROTOCOLS, ip_version};
use super::prelude::*;
use crate::model::clamp;

/// IPv4.
pub static ABOUT: Identity = Identity {
    name: "ip",
    title: "Internet Protocol Version 4",
    osi: Osi::Network,
    spec: "RFC 791",
    fields: FIELDS,
    summary: Some(summary),
};

const OPTIONS: &[(u64, &str)] = &[
    (0, "End of options"),
    (1, "No operation"),
    (7, "Record route"),
    (11, "MTU probe"),
    (12, "MTU reply"),
    (25, "Quick start"),
    (68, "Timestamp"),
    (82, "Traceroute"),
    (130, "Security"),
    (131, "Loose source route"),
    (133, "Extended security"),
    (134, "Commercial security"),
    (136, "Stream identifier"),
    (137, "Strict source route"),
    (148, "Router alert"),
    (149, "Selective broadcast"),
];

fields! {
    VERSION     = ip_version("Which version of IP: always 4 here.");
    HDR_LEN     = u8_at(0, "ip.hdr_len", "Header length", "Bytes of this header; the wire counts words of 4.").bits(0x0f).scaled(4).detail();
    DSFIELD     = u8_at(1, "ip.dsfield", "Differentiated services", "How urgently routers should treat the packet.").hex().detail();
    DSCP_       = u8_at(1, "ip.dsfield.dscp", "Code point", "Which class of service it asks for.").bits(0xfc).names(DSCP).detail();
    ECN_        = u8_at(1, "ip.dsfield.ecn", "Congestion notification", "Lets a router say that it is congested without a loss.").bits(0x03).names(ECN).detail();
    LEN         = u16_at(2, "ip.len", "Total length", "Header and payload together, in bytes.").detail();
    ID          = u16_at(4, "ip.id", "Identification", "Tells which fragments belong together.").hex().detail();
    FLAGS       = u8_at(6, "ip.flags", "Flags", "Three bits that steer fragmentation.").bits(0xe0).hex().detail();
    FLAGS_RB    = bit_at(6, 1, 0x80, "ip.flags.rb", "Reserved bit", "Must be zero.").detail();
    FLAGS_DF    = bit_at(6, 1, 0x40, "ip.flags.df", "Don't fragment", "Routers may not cut the packet; too large means refused.").detail();
    FLAGS_MF    = bit_at(6, 1, 0x20, "ip.flags.mf", "More fragments", "More pieces of this datagram follow.").detail();
    FRAG_OFFSET = u16_at(6, "ip.frag_offset", "Fragment offset", "Where this piece lies in the datagram, in units of 8 bytes.").bits(0x1fff).detail();
    TTL         = u8_at(8, "ip.ttl", "Time to live", "Each router takes one off; at zero the packet is dropped.").detail();
    PROTO       = u8_at(9, "ip.proto", "Protocol", "Which protocol the packet carries.").names(PROTOCOLS).detail();
    CHECKSUM    = u16_at(10, "ip.checksum", "Header checksum", "Detects damage to this header; each router renews it.").hex().detail();
    CHECKSUM_STATUS = derived(Kind::Uint(8), "ip.checksum.status", "Header checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS).detail();
    SRC         = ipv4_at(12, "ip.src", "Source address", "The host that sent the packet.");
    DST         = ipv4_at(16, "ip.dst", "Destination address", "The host that the packet is for.");
    CUR_RT      = dynamic(Kind::Ipv4, "ip.cur_rt", "Current stop", "Where the packet goes next, on a route that the sender chose.");
    OPT_TYPE    = dynamic(Kind::Uint(8), "ip.opt.type", "Option", "What an optional part of the header asks for.").names(OPTIONS).detail();
    OPT_LEN     = dynamic(Kind::Uint(8), "ip.opt.len", "Option length", "Bytes of this option, type and length included.").detail();
}

/// The layer that says which fragments made a datagram.
pub static JOINED: Joined =
    Joined { about: &FRAGMENTS, frame: &FRAGMENT, count: &FRAGMENT_COUNT, length: &REASSEMBLED_LENGTH };

static FRAGMENTS: Identity = Identity {
    name: "ip.fragments",
    title: "Reassembled IPv4 fragments",
    osi: Osi::Network,
    spec: "RFC 791 §3.2",
    fields: JOINED_FIELDS,
    summary: None,
};
/// A frame that gave a fragment.
pub static FRAGMENT: FieldDef =
    derived(Kind::Frame, "ip.fragment", "Fragment", "A frame that carried a piece of this datagram.");
/// How many fragments.
pub static FRAGMENT_COUNT: FieldDef =
    derived(Kind::Uint(32), "ip.fragment.count", "Fragments", "How many pieces the datagram came in.");
/// Bytes in all.
pub static REASSEMBLED_LENGTH: FieldDef =
    derived(Kind::Uint(32), "ip.reassembled.length", "Reassembled length", "Bytes of the whole datagram's payload.");
static JOINED_FIELDS: &[&FieldDef] = &[&FRAGMENT, &FRAGMENT_COUNT, &REASSEMBLED_LENGTH];

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::EtherType(0x0800), Key::Sap(0x06), Key::IpProto(4), Key::Link(228), Key::Ppp(0x0021)],
    over: Over::Packet,
    dissect,
};

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let first = c.u8(0)?;
    let header = usize::from(first & 15) * 4;
    if first >> 4 != 4 || header < 20 {
        c.put(&VERSION)?;
        if first >> 4 == 4 {
            c.put(&HDR_LEN)?;
        }
        return Err(c.malformed("an IPv4 header starts with the digit 4 and is at least 20 bytes long"));
    }
    let total = c.u16(2)?;
    // 0 is what a sender with segmentation offload hands to its card: the frame's length counts.
    if usize::from(total) >= header {
        c.limit(usize::from(total), &LEN);
    } else if total != 0 {
        c.group(&BEFORE_LEN)?;
        c.put(&LEN)?;
        return Err(c.malformed("the total length is shorter than the header"));
    }
    c.group(&BEFORE_LEN)?;
    if total == 0 {
        c.push(&LEN, 2, 2, Value::Uint(c.promised() as u64));
    } else {
        c.put(&LEN)?;
    }
    c.group(&AFTER_LEN)?;
    c.compute(&CHECKSUM_STATUS, |c| Value::Uint(checksum_status(c, header) as u64));
    address(c, &SRC, 12)?;
    let last_stop = if header > 20 { last_stop(c, header) } else { None };
    address(c, if last_stop.is_some() { &CUR_RT } else { &DST }, 16)?;
    rest(c, header, last_stop)
}

/// The rows before the total length.
static BEFORE_LEN: Group = Group::of(&[&VERSION, &HDR_LEN, &DSFIELD, &DSCP_, &ECN_]);

/// The rows from the total length to the checksum.
static AFTER_LEN: Group =
    Group::of(&[&ID, &FLAGS, &FLAGS_RB, &FLAGS_DF, &FLAGS_MF, &FRAG_OFFSET, &TTL, &PROTO, &CHECKSUM]);

#[inline]
fn address(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize) -> Result<(), Trouble> {
    c.slice(at, 4)?;
    c.push(def, at, 4, Value::Bytes(c.span(at, 4)));
    Ok(())
}

/// Options, and who comes next.
fn rest(c: &mut Cursor<'_>, header: usize, last_stop: Option<usize>) -> Result<Next, Trouble> {
    c.slice(0, header)?;
    if header > 20 {
        options(c, header, last_stop)?;
    }
    let &[_, _, _, _, id, id_low, place, place_low, _, proto, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = c.head()?;
    c.context.ends.src = Address::v4([s0, s1, s2, s3]);
    c.context.ends.dst = Address::v4(if let Some(stop) = last_stop { four(c, stop)? } else { [d0, d1, d2, d3] });
    c.context.ip_proto = proto;
    c.context.ip_id = u16::from_be_bytes([id, id_low]);
    let next = Next::to(Key::IpProto(proto), header);
    let place = u16::from_be_bytes([place, place_low]);
    let (offset, more) = (usize::from(place & 0x1fff) * 8, place & 0x2000 != 0);
    if offset == 0 && !more {
        return Ok(next);
    }
    let ends = c.context.ends;
    let fragment = Fragment {
        src: ends.src,
        dst: ends.dst,
        id: clamp(c.uint(&ID)),
        proto,
        offset: clamp(offset),
        more,
        time: c.time(),
    };
    let payload = c.len().saturating_sub(header);
    // A piece that is not wholly here cannot be joined; the first one still tells who speaks.
    if c.is_cut() || c.uint(&LEN) > c.len() {
        return Ok(if offset == 0 { next } else { Next::data(header) });
    }
    match c.defragment(&fragment, header, payload, &JOINED) {
        Some(joined) => Ok(joined.key(Key::IpProto(proto))),
        None => Ok(Next::data(header)),
    }
}

fn four(c: &Cursor<'_>, at: usize) -> Result<[u8; 4], Trouble> {
    Ok(c.slice(at, 4)?.try_into().unwrap_or_default())
}

fn checksum_status(c: &Cursor<'_>, header: usize) -> Status {
    match c.slice(0, header) {
        Ok(bytes) => checksum::verify(bytes),
        Err(_) => Status::Unverified,
    }
}

/// RFC 791 §3.1: a list of type (1), length (1), data; types 0 and 1 have no length.
fn options(c: &mut Cursor<'_>, header: usize, last_stop: Option<usize>) -> Result<(), Trouble> {
    let mut at = 20;
    while at < header {
        let kind = c.u8(at)?;
        // Of an option that it does not know, Wireshark shows no type and no length.
        let known = OPTIONS.iter().any(|&(known, _)| known == u64::from(kind));
        if known {
            c.read(&OPT_TYPE, at, 1)?;
        }
        match kind {
            0 => return Ok(()),
            1 => at += 1,
            _ => {
                if at + 1 >= header {
                    c.doubt(c.malformed("an option has no room for its length"));
                    return Ok(());
                }
                let len = usize::from(c.u8(at + 1)?);
                if known {
                    c.nested(|c| c.read(&OPT_LEN, at + 1, 1))?;
                }
                if len < 2 || at + len > header {
                    c.doubt(c.malformed("an option's length does not fit into the header"));
                    return Ok(());
                }
                if let Some(stop) = last_stop.filter(|stop| (at..at + len).contains(stop)) {
                    c.nested(|c| c.read(&DST, stop, 4))?;
                }
                at += len;
            }
        }
    }
    Ok(())
}

/// Where the address at which a source route ends stands, if the packet has not been there yet: the
/// destination of the header is the next stop only (RFC 791 §3.1, "Loose Source and Record Route").
fn last_stop(c: &Cursor<'_>, header: usize) -> Option<usize> {
    const LOOSE_ROUTE: u8 = 131;
    const STRICT_ROUTE: u8 = 137;
    let mut at = 20;
    while at < header {
        let len = match c.u8(at).ok()? {
            0 => return None,
            1 => 1,
            kind => {
                let len = usize::from(c.u8(at + 1).ok()?);
                let ahead = usize::from(c.u8(at + 2).ok()?) < len;
                if matches!(kind, LOOSE_ROUTE | STRICT_ROUTE) && len >= 7 && at + len <= header && ahead {
                    return Some(at + len - 4);
                }
                len.max(2)
            }
        };
        at += len;
    }
    None
}

/// `carries 47 (GRE)`, or `fragment at 1480 of 0x1234, carries 17 (UDP)`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(&[id, id_low, place, place_low]) = packet.bytes(layer.span).get(4..8) {
        let (id, place) = (u16::from_be_bytes([id, id_low]), u16::from_be_bytes([place, place_low]));
        let (offset, more) = (u64::from(place & 0x1fff) * 8, place & 0x2000 != 0);
        if offset > 0 || more {
            out.push_str(if more { "fragment at " } else { "last fragment at " });
            show::number(offset, out);
            out.push_str(" of ");
            show::hex(u64::from(id), 4, out);
            out.push_str(", ");
        }
    }
    // A header that is none says nothing.
    if let Some(&[first, _, high, low, _, _, _, _, _, proto]) = packet.bytes(layer.span).first_chunk()
        && let (header, total) = (u16::from(first & 15) * 4, u16::from_be_bytes([high, low]))
        && first >> 4 == 4
        && header >= 20
        && (total == 0 || total >= header)
    {
        out.push_str("carries ");
        show::number_of(&PROTO, proto.into(), out);
    }
}
