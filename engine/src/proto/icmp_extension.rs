//! What a router adds behind the packet that its ICMP error quotes — RFC 4884, for ICMP and ICMPv6.
//!
//! ```text
//! | version (4) | reserved (12) | checksum (16) |
//! | length (16) | class (8) | type (8) | data … |  once for each object
//! ```
//!
//! Objects: MPLS labels (RFC 4950), the interface that the packet came in on (RFC 5837), the interface that a probe
//! asks about (RFC 8335).

use super::checksum;
use super::prelude::*;

const CLASSES: &[(u64, &str)] =
    &[(1, "MPLS label stack"), (2, "Interface information"), (3, "Interface identification")];
const ROLES: &[(u64, &str)] = &[
    (0, "Interface that the packet came in on"),
    (1, "Part of that interface below IP"),
    (2, "Interface that the packet would have left by"),
    (3, "Next hop"),
];
const FAMILIES: &[(u64, &str)] = &[(1, "IPv4"), (2, "IPv6")];

/// What an extended echo says of the interface that it asks about (RFC 8335 §3).
pub(super) const STATES: &[(u64, &str)] =
    &[(0, "Reserved"), (1, "Incomplete"), (2, "Reachable"), (3, "Stale"), (4, "Delay"), (5, "Probe"), (6, "Failed")];

fields! {
    EXT      = dynamic(Kind::Flag, "icmp.ext", "Extension", "What the router adds to its quotation.");
    VERSION  = dynamic(Kind::Uint(8), "icmp.ext.version", "Extension version", "The version of what follows the quotation: 2.").bits(0xf0);
    RESERVED = dynamic(Kind::Hex(16), "icmp.ext.res", "Reserved", "Must be zero.").bits(0x0fff);
    CHECKSUM = dynamic(Kind::Hex(16), "icmp.ext.checksum", "Extension checksum", "Detects damage to the extension.");
    CHECKSUM_STATUS = derived(Kind::Uint(8), "icmp.ext.checksum.status", "Extension checksum status", "What a recomputation of that checksum says.").names(checksum::STATUS);
    LENGTH   = dynamic(Kind::Uint(16), "icmp.ext.length", "Object length", "Bytes of this object, its header included.");
    CLASS    = dynamic(Kind::Uint(8), "icmp.ext.class", "Object class", "What the router adds: 1 is its MPLS labels.").names(CLASSES);
    CTYPE    = dynamic(Kind::Uint(8), "icmp.ext.ctype", "Object type", "Which form of that class.");
    DATA     = dynamic(Kind::Bytes, "icmp.ext.data", "Object data", "What the object says; its class is not known here.");
    MPLS_LABEL = dynamic(Kind::Uint(24), "icmp.mpls.label", "MPLS label", "The label that the packet carried.").bits(0xff_fff0);
    MPLS_EXP = dynamic(Kind::Uint(24), "icmp.mpls.exp", "Traffic class", "How urgently routers should treat the packet.").bits(0x00_000e);
    MPLS_S   = dynamic(Kind::Bool, "icmp.mpls.s", "Bottom of stack", "No further label lies under it.").bits(0x00_0001);
    MPLS_TTL = dynamic(Kind::Uint(8), "icmp.mpls.ttl", "MPLS time to live", "The label's own hop count.");
    ROLE     = dynamic(Kind::Uint(8), "icmp.int_info.role", "Interface role", "Which interface the object is about.").bits(0xc0).names(ROLES);
    ROLE_RESERVED = dynamic(Kind::Uint(8), "icmp.int_info.reserved", "Reserved", "Must be zero.").bits(0x30);
    HAS_INDEX = dynamic(Kind::Bool, "icmp.int_info.ifindex", "Has an index", "The interface's number follows.").bits(0x08);
    HAS_ADDRESS = dynamic(Kind::Bool, "icmp.int_info.ipaddr", "Has an address", "The interface's address follows.").bits(0x04);
    HAS_NAME = dynamic(Kind::Bool, "icmp.int_info.name_present", "Has a name", "The interface's name follows.").bits(0x02);
    HAS_MTU  = dynamic(Kind::Bool, "icmp.int_info.mtu_present", "Has an MTU", "The largest packet of that interface follows.").bits(0x01);
    INDEX    = dynamic(Kind::Uint(32), "icmp.int_info.index", "Interface index", "The router's number for the interface.");
    FAMILY   = dynamic(Kind::Uint(16), "icmp.int_info.afi", "Address family", "1: IPv4, 2: IPv6.").names(FAMILIES);
    IPV4     = dynamic(Kind::Ipv4, "icmp.int_info.ipv4", "Interface address", "The interface's IPv4 address.");
    IPV6     = dynamic(Kind::Ipv6, "icmp.int_info.ipv6", "Interface address", "The interface's IPv6 address.");
    NAME_LENGTH = dynamic(Kind::Uint(8), "icmp.int_info.name_length", "Name length", "Bytes of the name, this byte included.");
    NAME     = dynamic(Kind::Text, "icmp.int_info.name", "Interface name", "What the router calls the interface.");
    MTU      = dynamic(Kind::Uint(32), "icmp.int_info.mtu", "Interface MTU", "The largest packet that the interface takes.");
    IDENT_NAME = dynamic(Kind::Text, "icmp.int_ident.name", "Name asked for", "The interface that the probe asks about.");
    IDENT_INDEX = dynamic(Kind::Uint(32), "icmp.int_ident.index", "Index asked for", "The number of the interface that the probe asks about.");
    IDENT_FAMILY = dynamic(Kind::Uint(16), "icmp.int_ident.afi", "Address family", "1: IPv4, 2: IPv6.").names(FAMILIES);
    IDENT_LENGTH = dynamic(Kind::Uint(8), "icmp.int_ident.addr_length", "Address length", "Bytes of the address.");
    IDENT_RESERVED = dynamic(Kind::Bytes, "icmp.int_ident.reserved", "Reserved", "Must be zero.");
    IDENT_IPV4 = dynamic(Kind::Ipv4, "icmp.int_ident.ipv4", "Address asked for", "The address of the interface that the probe asks about.");
    IDENT_IPV6 = dynamic(Kind::Ipv6, "icmp.int_ident.ipv6", "Address asked for", "The address of the interface that the probe asks about.");
}

/// How many bytes its header takes.
const HEADER: usize = 4;
/// A quotation with an extension behind it is filled up to this many bytes (RFC 4884 §4).
const SHORTEST: usize = 128;

/// Where the extension of an ICMP error begins, whose quotation starts at `body` and says that it takes `given` bytes.
///
/// Routers older than RFC 4884 add one behind 128 bytes and say nothing: it is one if the quoted packet, which says its
/// own length, ends before, and the extension has a version (§5.5).
pub(super) fn find(c: &Cursor<'_>, body: usize, given: usize) -> Option<usize> {
    let at = body + if given > 0 { given } else { SHORTEST };
    if given > 0 {
        return (given >= SHORTEST && c.promised() > at).then_some(at);
    }
    let quoted = usize::from(c.u16(body + 2).ok()?);
    (quoted <= SHORTEST && c.promised() >= at + HEADER && c.u8(at).is_ok_and(is_known)).then_some(at)
}

/// Whether the objects behind a header of this first byte can be read: of version 1 or 2.
const fn is_known(first: u8) -> bool {
    matches!(first >> 4, 1 | 2)
}

/// The rest of an extended echo, behind its identifier — RFC 8335 §2 and §3: the sequence number, the bits of the last
/// byte, and in a request the interface that is asked about.
pub(super) fn probe(
    c: &mut Cursor<'_>,
    seq: &'static FieldDef,
    bits: &[&'static FieldDef],
    reply: bool,
) -> Result<Next, Trouble> {
    const BODY: usize = 8;
    c.read(seq, 6, 1)?;
    bits.iter().try_for_each(|def| c.read(def, 7, 1).map(drop))?;
    if !reply && c.len() > BODY {
        read(c, BODY)?;
        return Ok(Next::end(c.len()));
    }
    Ok(Next::end(BODY))
}

/// Reads it, from `at` to the end of this layer.
pub(super) fn read(c: &mut Cursor<'_>, at: usize) -> Result<(), Trouble> {
    c.push(&EXT, at, c.len().saturating_sub(at), Value::None);
    c.nested(|c| {
        c.read(&VERSION, at, 1)?;
        c.read(&RESERVED, at, 2)?;
        c.read(&CHECKSUM, at + 2, 2)?;
        let status = match c.u16(at + 2)? {
            _ if c.is_cut() || c.context.quoted => checksum::Status::Unverified,
            0 => checksum::Status::NotPresent,
            _ => checksum::verify(c.rest(at)),
        };
        c.derive(&CHECKSUM_STATUS, Value::Uint(status as u64));
        if is_known(c.u8(at)?) { objects(c, at + HEADER) } else { Ok(()) }
    })
}

fn objects(c: &mut Cursor<'_>, mut at: usize) -> Result<(), Trouble> {
    const NUMBERED: (u8, u8) = (1, 1);
    while at + HEADER <= c.len() {
        let len = c.read_len(&LENGTH, at, 2)?;
        let (class, kind) = (c.u8(at + 2)?, c.u8(at + 3)?);
        c.read(&CLASS, at + 2, 1)?;
        if len < HEADER {
            c.doubt(c.malformed("an extension object's length is too short for its own header"));
            return Ok(());
        }
        c.read(&CTYPE, at + 3, 1)?;
        if at + len > c.len() {
            c.doubt(c.malformed("an extension object's length does not fit into the message"));
            return Ok(());
        }
        let (from, end) = (at + HEADER, at + len);
        c.nested(|c| match (class, kind) {
            NUMBERED => labels(c, from, end),
            (2, _) => interface(c, kind, from, end),
            (3, _) => identification(c, kind, from, end),
            _ if from < end => c.read(&DATA, from, end - from).map(drop),
            _ => Ok(()),
        })?;
        at = end;
    }
    Ok(())
}

/// RFC 4950 §3.
fn labels(c: &mut Cursor<'_>, from: usize, end: usize) -> Result<(), Trouble> {
    (from..end).step_by(4).filter(|entry| entry + 4 <= end).try_for_each(|entry| {
        c.read(&MPLS_LABEL, entry, 3)?;
        c.read(&MPLS_EXP, entry + 2, 1)?;
        c.read(&MPLS_S, entry + 2, 1)?;
        c.read(&MPLS_TTL, entry + 3, 1).map(drop)
    })
}

/// RFC 5837 §4: the type says which parts follow. A part that the object has no room for ends it.
fn interface(c: &mut Cursor<'_>, kind: u8, mut at: usize, end: usize) -> Result<(), Trouble> {
    for def in [&ROLE, &ROLE_RESERVED, &HAS_INDEX, &HAS_ADDRESS, &HAS_NAME, &HAS_MTU] {
        c.read(def, at - 1, 1)?;
    }
    let has = |bit| kind & bit != 0;
    if has(0x08) {
        if at + 4 > end {
            return Ok(());
        }
        c.read(&INDEX, at, 4)?;
        at += 4;
    }
    if has(0x04) {
        let (def, len) = match c.u16(at).unwrap_or(0) {
            1 => (&IPV4, 4),
            2 => (&IPV6, 16),
            _ => return Ok(()),
        };
        if at + 4 + len > end {
            return Ok(());
        }
        c.read(&FAMILY, at, 2)?;
        c.read(def, at + 4, len)?;
        at += 4 + len;
    }
    if has(0x02) && at < end {
        let len = usize::from(c.u8(at)?);
        if len == 0 || at + len > end {
            return Ok(());
        }
        c.read(&NAME_LENGTH, at, 1)?;
        text(c, &NAME, at + 1, at + len)?;
        at += len;
    }
    if has(0x01) && at + 4 <= end {
        c.read(&MTU, at, 4)?;
    }
    Ok(())
}

/// RFC 8335 §2.1.
fn identification(c: &mut Cursor<'_>, kind: u8, at: usize, end: usize) -> Result<(), Trouble> {
    match kind {
        1 => text(c, &IDENT_NAME, at, end)?,
        2 if at + 4 <= end => drop(c.read(&IDENT_INDEX, at, 4)?),
        3 if at + 4 <= end => {
            let family = c.read(&IDENT_FAMILY, at, 2)?;
            let len = c.read_len(&IDENT_LENGTH, at + 2, 1)?;
            c.read(&IDENT_RESERVED, at + 3, 1)?;
            match (family, len) {
                (1, 4) if at + 8 <= end => drop(c.read(&IDENT_IPV4, at + 4, 4)?),
                (2, 16) if at + 20 <= end => drop(c.read(&IDENT_IPV6, at + 4, 16)?),
                _ => {}
            }
        }
        _ => {}
    }
    Ok(())
}

/// A name, filled up with zeros.
fn text(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, end: usize) -> Result<(), Trouble> {
    let bytes = c.slice(at, end.saturating_sub(at))?;
    let len = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let value = Value::Text(c.span(at, len));
    c.push(def, at, bytes.len(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn built(write: impl FnOnce(&mut Vec<u8>) -> Result<(), etherparse::err::packet::BuildWriteError>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out).unwrap_or_else(|e| panic!("{e}"));
        out
    }

    /// An extension of these objects, with its checksum.
    fn extension(objects: &[u8]) -> Vec<u8> {
        let mut out = [&[0x20, 0, 0, 0][..], objects].concat();
        let sum = !checksum::fold(checksum::add(0, &out));
        out[2..4].copy_from_slice(&sum.to_be_bytes());
        out
    }

    const LABELS: &[u8] = &[0, 12, 1, 1, 0x00, 0x3e, 0xfe, 5, 0x00, 0x3e, 0xf1, 6];

    /// Time exceeded: the first `quoted` bytes of a probe whose header promises `total`, and the extension.
    fn exceeded(words: u8, total: u8, quoted: usize, extension: &[u8]) -> Packet {
        let mut inner =
            built(|out| PacketBuilder::ipv4([192, 0, 2, 2], [192, 0, 2, 1], 1).udp(33, 44).write(out, &[7; 200]));
        inner[3] = total;
        inner.truncate(quoted);
        let m = [&[11, 0, 0, 0, 0, words, 0, 0], &inner[..], extension].concat();
        read(228, &built(|out| PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).write(out, IpNumber::ICMP, &m)))
    }

    #[test]
    fn it_lies_where_the_length_says_or_behind_128_bytes() {
        let labels = extension(LABELS);
        let found = |p: Packet| p.all(&MPLS_LABEL).filter_map(|f| f.value.uint()).collect::<Vec<_>>();
        for (words, total, quoted) in [(32, 60, 128), (32, 228, 128), (40, 60, 160), (0, 60, 128), (0, 128, 128)] {
            assert_eq!(found(exceeded(words, total, quoted, &labels)), [1007, 1007], "{words} {total} {quoted}");
        }
        // RFC 4884 knows no quotation under 128 bytes, and who quotes more than that without a length adds nothing.
        for (words, total, quoted) in [(17, 60, 68), (17, 60, 128), (0, 60, 68), (0, 160, 128), (0, 60, 160)] {
            assert_eq!(found(exceeded(words, total, quoted, &labels)), [0; 0], "{words} {total} {quoted}");
        }
    }

    #[test]
    fn its_checksum_is_verified() {
        let good = extension(LABELS);
        let bad = [&good[..3], &[good[3] ^ 1], &good[4..]].concat();
        let absent = [&[0x20, 0, 0, 0], LABELS].concat();
        for (bytes, status) in [(good, 1), (bad, 0), (absent, 3)] {
            assert_eq!(exceeded(32, 60, 128, &bytes).uint(&CHECKSUM_STATUS), Some(status));
        }
    }

    #[test]
    fn an_interface_says_its_index_address_name_and_mtu() {
        let object = [&[0, 28, 2, 0x4f, 0, 0, 0, 7, 0, 1, 0, 0, 192, 0, 2, 1, 8][..], b"eth0\0\0\0", &[0, 0, 5, 0xdc]];
        let p = exceeded(32, 60, 128, &extension(&object.concat()));
        assert_eq!((p.uint(&ROLE), p.uint(&INDEX), p.uint(&MTU)), (Some(1), Some(7), Some(1500)));
        assert_eq!((p.octets(&IPV4), p.octets(&NAME)), (Some(&[192, 0, 2, 1][..]), Some(&b"eth0"[..])));
    }

    #[test]
    fn an_unknown_class_is_bytes_and_a_lying_length_is_told() {
        let p = exceeded(32, 60, 128, &extension(&[0, 6, 9, 1, 1, 2, 0, 99, 1, 1]));
        assert_eq!(p.octets(&DATA), Some(&[1, 2][..]));
        assert!(p.layers.iter().any(|l| l.trouble.is_some()));
    }

    #[test]
    fn a_quotation_in_icmpv6_counts_eight_bytes_at_a_time() {
        let mut inner = Vec::new();
        let builder = PacketBuilder::ipv6([0x20; 16], [0x30; 16], 1).udp(33, 44);
        builder.write(&mut inner, &[7; 80]).unwrap_or_else(|e| panic!("{e}"));
        let m = [&[3, 0, 0, 0, 16, 0, 0, 0], &inner[..], &extension(LABELS)].concat();
        let mut frame = Vec::new();
        let builder = PacketBuilder::ipv6([0x40; 16], [0x20; 16], 64);
        builder.write(&mut frame, IpNumber::IPV6_ICMP, &m).unwrap_or_else(|e| panic!("{e}"));
        let p = read(229, &frame);
        assert_eq!((p.all(&MPLS_LABEL).count(), p.uint(&CHECKSUM_STATUS)), (2, Some(1)));
    }

    #[test]
    fn a_probe_names_the_interface_that_it_asks_about() {
        let m = [&[42, 0, 0, 0, 0, 5, 1, 1][..], &extension(&[0, 8, 3, 1, b'e', b't', b'h', b'0'])].concat();
        let p = read(
            228,
            &built(|out| PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).write(out, IpNumber::ICMP, &m)),
        );
        assert_eq!(p.octets(&IDENT_NAME), Some(&b"eth0"[..]));
    }
}
