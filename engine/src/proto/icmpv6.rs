//! ICMPv6 — RFC 4443 (errors, echo), RFC 4861 (neighbour discovery), RFC 2710 and 3810 (multicast listeners).
//!
//! ```text
//! | type (8) | code (8) | checksum (16) |
//! | depends on the type                 |
//! | error: the packet that caused it …  | neighbour discovery: options: type (8), length in 8s (8), data … |
//! ```
//!
//! In IPv6 it also does ARP's work: a host finds its neighbours and routers with it.

use super::checksum;
use super::icmp_extension::{self, STATES};
use super::memory::ConversationKind;
use super::numbers::Echoes;
use super::prelude::*;
use super::table;

/// ICMPv6.
pub static ABOUT: Identity = Identity {
    name: "icmpv6",
    title: "Internet Control Message Protocol v6",
    osi: Osi::Network,
    spec: "RFC 4443",
    fields: &ALL,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (1, "Destination unreachable"),
    (2, "Packet too big"),
    (3, "Time exceeded"),
    (4, "Parameter problem"),
    (128, "Echo request"),
    (129, "Echo reply"),
    (130, "Multicast listener query"),
    (131, "Multicast listener report"),
    (132, "Multicast listener done"),
    (133, "Router solicitation"),
    (134, "Router advertisement"),
    (135, "Neighbour solicitation"),
    (136, "Neighbour advertisement"),
    (137, "Redirect"),
    (143, "Multicast listener report v2"),
    (160, "Extended echo request"),
    (161, "Extended echo reply"),
];
const OPTIONS: &[(u64, &str)] = &[
    (1, "Source link-layer address"),
    (2, "Target link-layer address"),
    (3, "Prefix information"),
    (4, "Redirected header"),
    (5, "MTU"),
    (7, "Advertisement interval"),
    (8, "Home agent information"),
    (14, "Nonce"),
    (24, "Route information"),
    (25, "Recursive DNS server"),
    (31, "DNS search list"),
];
const PREFERENCES: &[(u64, &str)] = &[(0, "Medium"), (1, "High"), (2, "Reserved"), (3, "Low")];
const RECORDS: &[(u64, &str)] = &[
    (1, "Include"),
    (2, "Exclude"),
    (3, "Changed to include"),
    (4, "Changed to exclude"),
    (5, "Allow new sources"),
    (6, "Block old sources"),
];

fields! {
    TYPE     = u8_at(0, "icmpv6.type", "Type", "What the message is for.").names(TYPES);
    CODE     = u8_at(1, "icmpv6.code", "Code", "What exactly, among messages of this type.");
    CHECKSUM = u16_at(2, "icmpv6.checksum", "Checksum", "Detects damage on the way.").hex();
    CHECKSUM_STATUS = derived(Kind::Uint(8), "icmpv6.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS);
    RESERVED = dynamic(Kind::Bytes, "icmpv6.reserved", "Reserved", "Must be zero.");
    DATA     = dynamic(Kind::Bytes, "icmpv6.data", "Data", "What a message of this type says; it is not read further here.");
    MTU      = dynamic(Kind::Uint(32), "icmpv6.mtu", "MTU", "The largest packet that the next link can take.");
    POINTER  = dynamic(Kind::Uint(32), "icmpv6.pointer", "Pointer", "Which byte of the quoted packet is wrong.");
    ECHO_IDENTIFIER = dynamic(Kind::Hex(16), "icmpv6.echo.identifier", "Identifier", "Which ping the message belongs to.");
    ECHO_SEQUENCE = dynamic(Kind::Uint(16), "icmpv6.echo.sequence_number", "Sequence number", "Which of that ping's messages this is.");
    RESP_TO  = derived(Kind::Frame, "icmpv6.resp_to", "Answers frame", "The frame with the request that this answers.");
    RESPTIME = derived(Kind::Millis, "icmpv6.resptime", "Response time", "How long the answer took, in milliseconds.");
    RA_CUR_HOP_LIMIT = dynamic(Kind::Uint(8), "icmpv6.nd.ra.cur_hop_limit", "Hop limit to use", "What hosts should put into their packets' hop limit.");
    RA_FLAG  = dynamic(Kind::Hex(8), "icmpv6.nd.ra.flag", "Flags", "How hosts should get their addresses.");
    RA_FLAG_M = dynamic(Kind::Bool, "icmpv6.nd.ra.flag.m", "Managed addresses", "Addresses come from DHCPv6.").bits(0x80);
    RA_FLAG_O = dynamic(Kind::Bool, "icmpv6.nd.ra.flag.o", "Other configuration", "Everything but addresses comes from DHCPv6.").bits(0x40);
    RA_FLAG_H = dynamic(Kind::Bool, "icmpv6.nd.ra.flag.h", "Home agent", "The router serves mobile hosts.").bits(0x20);
    RA_FLAG_PRF = dynamic(Kind::Uint(8), "icmpv6.nd.ra.flag.prf", "Router preference", "Which router to take first.").bits(0x18).names(PREFERENCES);
    RA_FLAG_P = dynamic(Kind::Bool, "icmpv6.nd.ra.flag.p", "Proxy", "The router passes it on for another link.").bits(0x04);
    RA_ROUTER_LIFETIME = dynamic(Kind::Uint(16), "icmpv6.nd.ra.router_lifetime", "Router lifetime", "For how many seconds the router may be used; 0: not at all.");
    RA_REACHABLE_TIME = dynamic(Kind::Uint(32), "icmpv6.nd.ra.reachable_time", "Reachable time", "For how many milliseconds a neighbour counts as alive.");
    RA_RETRANS_TIMER = dynamic(Kind::Uint(32), "icmpv6.nd.ra.retrans_timer", "Retransmission timer", "How many milliseconds lie between two solicitations.");
    NS_TARGET = dynamic(Kind::Ipv6, "icmpv6.nd.ns.target_address", "Target address", "The address whose owner is asked for.");
    NA_FLAG  = dynamic(Kind::Hex(32), "icmpv6.nd.na.flag", "Flags", "Who answers, and how.");
    NA_FLAG_R = dynamic(Kind::Bool, "icmpv6.nd.na.flag.r", "Router", "The sender is a router.").bits(0x8000_0000);
    NA_FLAG_S = dynamic(Kind::Bool, "icmpv6.nd.na.flag.s", "Solicited", "It answers a solicitation.").bits(0x4000_0000);
    NA_FLAG_O = dynamic(Kind::Bool, "icmpv6.nd.na.flag.o", "Override", "Replace what was known before.").bits(0x2000_0000);
    NA_TARGET = dynamic(Kind::Ipv6, "icmpv6.nd.na.target_address", "Target address", "The address whose owner speaks.");
    RD_TARGET = dynamic(Kind::Ipv6, "icmpv6.nd.rd.target_address", "Better first hop", "Where to send packets for this destination.");
    RD_DESTINATION = dynamic(Kind::Ipv6, "icmpv6.rd.na.destination_address", "Destination", "The destination that the redirect is about.");
    OPT_TYPE = dynamic(Kind::Uint(8), "icmpv6.opt.type", "Option", "What an optional part of the message says.").names(OPTIONS);
    OPT_LENGTH = dynamic(Kind::Uint(8), "icmpv6.opt.length", "Option length", "In units of 8 bytes.");
    OPT_LINKADDR = dynamic(Kind::Bytes, "icmpv6.opt.linkaddr", "Link-layer address", "The card that has the address.");
    OPT_PREFIX_LENGTH = dynamic(Kind::Uint(8), "icmpv6.opt.prefix.length", "Prefix length", "How many bits the addresses of this link share.");
    OPT_PREFIX_FLAG = dynamic(Kind::Hex(8), "icmpv6.opt.prefix.flag", "Prefix flags", "How the prefix may be used.");
    OPT_PREFIX_L = dynamic(Kind::Bool, "icmpv6.opt.prefix.flag.l", "On link", "Addresses with this prefix are neighbours.").bits(0x80);
    OPT_PREFIX_A = dynamic(Kind::Bool, "icmpv6.opt.prefix.flag.a", "Autonomous", "Hosts may make their own address from it.").bits(0x40);
    OPT_PREFIX_R = dynamic(Kind::Bool, "icmpv6.opt.prefix.flag.r", "Router address", "The prefix is the router's whole address.").bits(0x20);
    OPT_VALID = dynamic(Kind::Uint(32), "icmpv6.opt.prefix.valid_lifetime", "Valid lifetime", "For how many seconds the prefix holds.");
    OPT_PREFERRED = dynamic(Kind::Uint(32), "icmpv6.opt.prefix.preferred_lifetime", "Preferred lifetime", "For how many seconds new connections may use it.");
    OPT_PREFIX = dynamic(Kind::Ipv6, "icmpv6.opt.prefix", "Prefix", "What the addresses of this link begin with.");
    OPT_ROUTE_LIFETIME = dynamic(Kind::Uint(32), "icmpv6.opt.route_lifetime", "Route lifetime", "For how many seconds the router knows the way there.");
    OPT_MTU  = dynamic(Kind::Uint(32), "icmpv6.opt.mtu", "Link MTU", "The largest packet on this link.");
    OPT_INTERVAL = dynamic(Kind::Uint(32), "icmpv6.opt.advertisement_interval", "Advertisement interval", "How many milliseconds lie between two advertisements.");
    OPT_NONCE = dynamic(Kind::Bytes, "icmpv6.opt.nonce", "Nonce", "A random number by which a sender knows its own question again.");
    OPT_RDNSS_LIFETIME = dynamic(Kind::Uint(32), "icmpv6.opt.rdnss.lifetime", "DNS server lifetime", "For how many seconds these servers may be asked.");
    OPT_RDNSS = dynamic(Kind::Ipv6, "icmpv6.opt.rdnss", "DNS server", "A server that hosts on this link may ask.");
    MLD_DELAY = dynamic(Kind::Uint(16), "icmpv6.mld.maximum_response_delay", "Maximum response delay", "How long listeners may wait, in milliseconds.");
    MLD_CODE = dynamic(Kind::Uint(16), "icmpv6.mld.maximum_response_code", "Maximum response code", "How long listeners may wait, in milliseconds.");
    MLD_ADDRESS = dynamic(Kind::Ipv6, "icmpv6.mld.multicast_address", "Group", "The multicast group; :: asks about all of them.");
    MLD_S    = dynamic(Kind::Bool, "icmpv6.mld.flag.s", "Suppress", "Routers that hear this leave their timers alone.").bits(0x08);
    MLD_QRV  = dynamic(Kind::Uint(8), "icmpv6.mld.flag.qrv", "Robustness", "How many losses the querier allows for.").bits(0x07);
    MLD_QQI  = dynamic(Kind::Uint(8), "icmpv6.mld.qqi", "Query interval", "How often the querier asks, in seconds.");
    MLD_SOURCES = dynamic(Kind::Uint(16), "icmpv6.mld.nb_sources", "Sources", "How many source addresses follow.");
    MLD_SOURCE = dynamic(Kind::Ipv6, "icmpv6.mld.source_address", "Source", "A sender that the querier asks about.");
    MLDR_RECORDS = dynamic(Kind::Uint(16), "icmpv6.mldr.nb_mcast_records", "Group records", "How many groups the report speaks of.");
    MLDR_TYPE = dynamic(Kind::Uint(8), "icmpv6.mldr.mar.record_type", "Record type", "What the host wants of this group.").names(RECORDS);
    MLDR_AUX = dynamic(Kind::Uint(8), "icmpv6.mldr.mar.aux_data_len", "Auxiliary length", "Words of 4 bytes after the sources.");
    MLDR_SOURCES = dynamic(Kind::Uint(16), "icmpv6.mldr.mar.nb_sources", "Sources", "How many source addresses follow.");
    MLDR_ADDRESS = dynamic(Kind::Ipv6, "icmpv6.mldr.mar.multicast_address", "Group", "The multicast group.");
    LENGTH   = dynamic(Kind::Uint(8), "icmpv6.length", "Quotation length", "Units of 8 bytes that the quoted packet takes.");
    PROBE_SEQ = dynamic(Kind::Uint(8), "icmpv6.ext.echo.seq", "Sequence number", "Which of that probe's messages this is.");
    PROBE_RESERVED = dynamic(Kind::Hex(8), "icmpv6.ext.echo.req.res", "Reserved", "Must be zero.").bits(0xfe);
    PROBE_LOCAL = dynamic(Kind::Bool, "icmpv6.ext.echo.req.local", "Local", "The interface asked about is the node's own.").bits(0x01);
    STATE    = dynamic(Kind::Uint(8), "icmpv6.ext.echo.rsp.state", "State", "What the node knows of a neighbour asked about.").bits(0xe0).names(STATES);
    STATE_RESERVED = dynamic(Kind::Hex(8), "icmpv6.ext.echo.rsp.res", "Reserved", "Must be zero.").bits(0x18);
    ACTIVE   = dynamic(Kind::Bool, "icmpv6.ext.echo.rsp.active", "Active", "The interface asked about is up.").bits(0x04);
    RUNS_IPV4 = dynamic(Kind::Bool, "icmpv6.ext.echo.rsp.ipv4", "IPv4 runs", "IPv4 runs on that interface.").bits(0x02);
    RUNS_IPV6 = dynamic(Kind::Bool, "icmpv6.ext.echo.rsp.ipv6", "IPv6 runs", "IPv6 runs on that interface.").bits(0x01);
    MLDR_SOURCE = dynamic(Kind::Ipv6, "icmpv6.mldr.mar.source_address", "Source", "A sender that the host wants, or does not want, to hear.");
}

static ALL: [&FieldDef; FIELDS.len() + icmp_extension::FIELDS.len()] = table::joined(FIELDS, icmp_extension::FIELDS);

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(58)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    for def in [&TYPE, &CODE, &CHECKSUM] {
        c.put(def)?;
    }
    // A router quotes as much as fits, and changed the hop limit on the way: nobody verifies a quotation.
    c.compute(&CHECKSUM_STATUS, |c| {
        let status = if c.context.quoted { checksum::Status::Unverified } else { checksum::transport(c, 58) };
        Value::Uint(status as u64)
    });
    let kind = c.u8(0)?;
    match kind {
        1..=4 => error(c, kind),
        128 | 129 => echo(c, kind == 129),
        130..=132 => listener(c, kind),
        133..=137 => neighbour(c, kind),
        143 => report(c),
        160 | 161 => probe(c, kind == 161),
        141 | 142 => {
            c.read(&RESERVED, 4, 4)?;
            options(c, 8)
        }
        _ => {
            let end = c.len();
            if end > 4 {
                c.read(&DATA, 4, end - 4)?;
            }
            Ok(Next::end(end))
        }
    }
}

/// RFC 4443 §3: as much of the packet that caused it as fits.
fn error(c: &mut Cursor<'_>, kind: u8) -> Result<Next, Trouble> {
    match kind {
        2 => drop(c.read(&MTU, 4, 4)?),
        4 => drop(c.read(&POINTER, 4, 4)?),
        // RFC 4884 §4.4 and §4.5: units of eight bytes that the quotation takes.
        _ if c.u8(4)? > 0 => {
            c.read(&LENGTH, 4, 1)?;
            c.read(&RESERVED, 5, 3)?;
            let end = 8 + 8 * usize::from(c.u8(4)?);
            if c.promised() > end {
                icmp_extension::read(c, end)?;
            }
            c.limit(end, &LENGTH);
        }
        _ => drop(c.read(&RESERVED, 4, 4)?),
    }
    c.context.quoted = true;
    Ok(Next::to(Key::EtherType(0x86dd), 8))
}

fn echo(c: &mut Cursor<'_>, reply: bool) -> Result<Next, Trouble> {
    c.read(&ECHO_IDENTIFIER, 4, 2)?;
    c.read(&ECHO_SEQUENCE, 6, 2)?;
    let (ident, seq) = (c.u16(4)?, c.u16(6)?);
    c.context.ends.src_port = ident;
    c.context.ends.dst_port = ident;
    if c.converse(ConversationKind::Icmp).is_some() {
        let (frame, time) = (c.frame(), c.time());
        let echoes: &mut Echoes = c.stream().dialogue.state();
        if !reply {
            echoes.asked(seq, frame, time);
        } else if let Some((request, asked)) = echoes.answered(seq) {
            c.derive(&RESP_TO, Value::Uint(request));
            c.derive_duration(&RESPTIME, time.since(asked));
        }
    }
    Ok(Next::data(8))
}

/// RFC 8335 §2 and §3: one interface is asked about another.
fn probe(c: &mut Cursor<'_>, reply: bool) -> Result<Next, Trouble> {
    c.read(&ECHO_IDENTIFIER, 4, 2)?;
    let bits: &[&'static FieldDef] = if reply {
        &[&STATE, &STATE_RESERVED, &ACTIVE, &RUNS_IPV4, &RUNS_IPV6]
    } else {
        &[&PROBE_RESERVED, &PROBE_LOCAL]
    };
    icmp_extension::probe(c, &PROBE_SEQ, bits, reply)
}

/// RFC 4861 §4.
fn neighbour(c: &mut Cursor<'_>, kind: u8) -> Result<Next, Trouble> {
    let body = match kind {
        133 => {
            c.read(&RESERVED, 4, 4)?;
            8
        }
        134 => {
            c.read(&RA_CUR_HOP_LIMIT, 4, 1)?;
            c.read(&RA_FLAG, 5, 1)?;
            each(c, 5, 1, &[&RA_FLAG_M, &RA_FLAG_O, &RA_FLAG_H, &RA_FLAG_PRF, &RA_FLAG_P])?;
            c.read(&RA_ROUTER_LIFETIME, 6, 2)?;
            c.read(&RA_REACHABLE_TIME, 8, 4)?;
            c.read(&RA_RETRANS_TIMER, 12, 4)?;
            16
        }
        135 => {
            c.read(&RESERVED, 4, 4)?;
            c.read(&NS_TARGET, 8, 16)?;
            24
        }
        136 => {
            c.read(&NA_FLAG, 4, 4)?;
            each(c, 4, 4, &[&NA_FLAG_R, &NA_FLAG_S, &NA_FLAG_O])?;
            c.read(&NA_TARGET, 8, 16)?;
            24
        }
        _ => {
            c.read(&RESERVED, 4, 4)?;
            c.read(&RD_TARGET, 8, 16)?;
            c.read(&RD_DESTINATION, 24, 16)?;
            40
        }
    };
    options(c, body)
}

/// Several rows over the same bytes, one level deeper.
fn each(c: &mut Cursor<'_>, at: usize, len: usize, defs: &[&'static FieldDef]) -> Result<(), Trouble> {
    c.nested(|c| defs.iter().try_for_each(|def| c.read(def, at, len).map(drop)))
}

/// RFC 4861 §4.6: type (8), length in units of 8 bytes (8), data.
fn options(c: &mut Cursor<'_>, mut at: usize) -> Result<Next, Trouble> {
    const REDIRECTED: u64 = 4;
    let mut quotation = None;
    while at < c.promised() {
        let kind = c.read(&OPT_TYPE, at, 1)?;
        let len = 8 * usize::from(c.u8(at + 1)?);
        c.nested(|c| c.read(&OPT_LENGTH, at + 1, 1))?;
        if len == 0 {
            c.doubt(c.malformed("an option of no length would never end"));
            break;
        }
        c.slice(at, len)?;
        c.nested(|c| option(c, kind, at, len))?;
        if kind == REDIRECTED && len > 8 {
            quotation = Some(at + 8);
        }
        at += len;
    }
    Ok(match quotation {
        // RFC 4861 §4.6.3: the header and data of a packet that would have had a better way.
        Some(at) => {
            c.context.quoted = true;
            Next::to(Key::EtherType(0x86dd), at)
        }
        None => Next::end(c.len()),
    })
}

fn option(c: &mut Cursor<'_>, kind: u64, at: usize, len: usize) -> Result<(), Trouble> {
    match kind {
        // RFC 2464 §6: six bytes on Ethernet, which fill the option.
        1 | 2 => drop(c.read(&OPT_LINKADDR, at + 2, len - 2)?),
        3 if len >= 32 => {
            c.read(&OPT_PREFIX_LENGTH, at + 2, 1)?;
            c.read(&OPT_PREFIX_FLAG, at + 3, 1)?;
            each(c, at + 3, 1, &[&OPT_PREFIX_L, &OPT_PREFIX_A, &OPT_PREFIX_R])?;
            c.read(&OPT_VALID, at + 4, 4)?;
            c.read(&OPT_PREFERRED, at + 8, 4)?;
            c.read(&OPT_PREFIX, at + 16, 16)?;
        }
        // RFC 4191 §2.3: the prefix is cut to 0, 8 or 16 bytes; those that are missing are zeros.
        24 => {
            c.read(&OPT_PREFIX_LENGTH, at + 2, 1)?;
            c.read(&OPT_ROUTE_LIFETIME, at + 4, 4)?;
            let (given, mut prefix) = ((len - 8).min(16), [0; 16]);
            prefix.iter_mut().zip(c.slice(at + 8, given)?).for_each(|(to, from)| *to = *from);
            let value = c.keep(&prefix);
            if given > 0 {
                c.push(&OPT_PREFIX, at + 8, given, Value::Bytes(value));
            }
        }
        5 => drop(c.read(&OPT_MTU, at + 4, 4)?),
        7 => drop(c.read(&OPT_INTERVAL, at + 4, 4)?),
        14 => drop(c.read(&OPT_NONCE, at + 2, len - 2)?),
        25 => {
            c.read(&OPT_RDNSS_LIFETIME, at + 4, 4)?;
            for server in (at + 8..at + len).step_by(16).filter(|s| s + 16 <= at + len) {
                c.read(&OPT_RDNSS, server, 16)?;
            }
        }
        22 | 39.. if len > 2 => drop(c.read(&DATA, at + 2, len - 2)?),
        _ => {}
    }
    Ok(())
}

/// RFC 2710 §3; a query of 28 bytes or more is RFC 3810's (§8.1).
fn listener(c: &mut Cursor<'_>, kind: u8) -> Result<Next, Trouble> {
    let second = kind == 130 && c.promised() >= 28;
    if second {
        c.push(&MLD_CODE, 4, 2, Value::Uint(floating(c.u16(4)?.into(), 12)));
    } else {
        c.read(&MLD_DELAY, 4, 2)?;
    }
    c.read(&RESERVED, 6, 2)?;
    c.read(&MLD_ADDRESS, 8, 16)?;
    if !second {
        return Ok(Next::end(24));
    }
    each(c, 24, 1, &[&MLD_S, &MLD_QRV])?;
    c.push(&MLD_QQI, 25, 1, Value::Uint(floating(c.u8(25)?.into(), 4)));
    c.read(&MLD_SOURCES, 26, 2)?;
    let count = usize::from(c.u16(26)?);
    (0..count).try_for_each(|i| c.read(&MLD_SOURCE, 28 + 16 * i, 16).map(drop))?;
    Ok(Next::end(28 + 16 * count))
}

/// RFC 3810 §5.1.3 and §5.1.9: where the top bit is set, three bits are an exponent, and `digits` bits the mantissa.
fn floating(code: u64, digits: u32) -> u64 {
    match code >> (digits + 3) {
        0 => code,
        _ => (code & ((1 << digits) - 1) | 1 << digits) << ((code >> digits & 7) + 3),
    }
}

/// RFC 3810 §5.2.
fn report(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.read(&RESERVED, 4, 2)?;
    let mut at = 8;
    for _ in 0..c.read(&MLDR_RECORDS, 6, 2)? {
        c.read(&MLDR_TYPE, at, 1)?;
        let (aux, count) = (usize::from(c.u8(at + 1)?), usize::from(c.u16(at + 2)?));
        c.nested(|c| {
            c.read(&MLDR_AUX, at + 1, 1)?;
            c.read(&MLDR_SOURCES, at + 2, 2)?;
            c.read(&MLDR_ADDRESS, at + 4, 16)?;
            (0..count).try_for_each(|i| c.read(&MLDR_SOURCE, at + 20 + 16 * i, 16).map(drop))
        })?;
        at += 20 + 16 * count + 4 * aux;
    }
    c.slice(0, at)?;
    Ok(Next::end(at))
}

/// `Neighbor solicitation for fe80::1`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &TYPE, out);
    if packet.uint_in(layer, &CODE).is_some_and(|code| code > 0) {
        show::parts(packet, layer, &[(", code ", &CODE)], out);
    }
    let echo = [(" id=", &ECHO_IDENTIFIER), (" seq=", &ECHO_SEQUENCE), (", MTU ", &MTU)];
    show::parts(packet, layer, &echo, out);
    show::parts(packet, layer, &[(" for ", &NS_TARGET), (" for ", &NA_TARGET), (", use ", &RD_TARGET)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, read};
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn message(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv6([0xfe; 16], [0xff; 16], 255)
            .write(&mut out, IpNumber::IPV6_ICMP, bytes)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn a_ping_is_read_back() {
        let mut frame = Vec::new();
        PacketBuilder::ipv6([0xfe; 16], [0xff; 16], 64)
            .icmpv6_echo_request(7, 1)
            .write(&mut frame, b"data")
            .unwrap_or_else(|e| panic!("{e}"));
        let p = read(229, &frame);
        assert_eq!((p.uint(&ECHO_IDENTIFIER), p.uint(&ECHO_SEQUENCE)), (Some(7), Some(1)));
        assert_eq!(p.uint(&CHECKSUM_STATUS), Some(1));
    }

    #[test]
    fn a_solicitation_names_its_target_and_its_senders_card() {
        let mut m = vec![135, 0, 0, 0, 0, 0, 0, 0];
        m.extend([0x20; 16]);
        m.extend([1, 1, 2, 0, 0, 0, 0, 1]);
        let p = read(229, &message(&m));
        assert_eq!((p.octets(&NS_TARGET), p.uint(&OPT_TYPE)), (Some(&[0x20; 16][..]), Some(1)));
        assert_eq!(p.octets(&OPT_LINKADDR), Some(&[2, 0, 0, 0, 0, 1][..]));
    }

    #[test]
    fn an_advertisement_tells_hosts_their_prefix() {
        let mut m = vec![
            134, 0, 0, 0, 64, 0xc8, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 64, 0xc0, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 0,
        ];
        m.extend([0x20; 16]);
        let p = read(229, &message(&m));
        assert!(p.flag(&RA_FLAG_M) && p.flag(&OPT_PREFIX_A) && !p.flag(&OPT_PREFIX_R));
        assert_eq!(
            (p.uint(&RA_FLAG_PRF), p.uint(&OPT_PREFIX_LENGTH), p.uint(&OPT_VALID)),
            (Some(1), Some(64), Some(9))
        );
    }

    #[test]
    fn a_route_s_prefix_is_filled_up_with_zeros() {
        let mut m = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 24, 2, 48, 0, 0, 0, 0, 9];
        m.extend([0x20, 1, 0xd, 0xb8, 0, 6, 0, 0]);
        let p = read(229, &message(&m));
        assert_eq!((p.uint(&OPT_PREFIX_LENGTH), p.uint(&OPT_ROUTE_LIFETIME)), (Some(48), Some(9)));
        assert_eq!(p.octets(&OPT_PREFIX), Some(&[0x20, 1, 0xd, 0xb8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..]));
    }

    #[test]
    fn an_option_without_length_does_not_hang() {
        let p = read(229, &message(&[133, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_error_quotes_a_packet_which_counts_as_sent_before() {
        let p = read(229, &message(&[&[2, 0, 0, 0, 0, 0, 5, 0][..], &message(&[128, 0, 0, 0])].concat()));
        assert_eq!(p.uint(&MTU), Some(1280));
        assert!(p.layers.iter().any(|l| l.quoted && l.proto.name == "ipv6"));
    }

    #[test]
    fn a_redirect_quotes_a_packet() {
        let mut m = vec![137, 0, 0, 0, 0, 0, 0, 0];
        m.extend([0x20; 32]);
        m.extend([4, 7, 0, 0, 0, 0, 0, 0]);
        PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(33, 44).write(&mut m, b"").unwrap();
        let p = read(229, &message(&m));
        let quoted: Vec<_> = p.layers.iter().filter(|l| l.quoted).map(|l| l.proto.name).collect();
        assert_eq!(quoted, ["ipv6", "udp"]);
    }

    #[test]
    fn long_waits_are_written_with_an_exponent() {
        for (code, wait, byte, interval) in [(0x7fff, 32767, 125, 125), (0x8123, 0x1123 << 3, 0xff, 31 << 10)] {
            let mut m = vec![130, 0, 0, 0];
            m.extend(u16::to_be_bytes(code));
            m.extend([0; 18]);
            m.extend([2, byte, 0, 0]);
            let p = read(229, &message(&m));
            assert_eq!((p.uint(&MLD_CODE), p.uint(&MLD_QQI)), (Some(wait), Some(interval)));
        }
    }

    #[test]
    fn an_unknown_option_s_data_is_shown() {
        let mut m = vec![133, 0, 0, 0, 0, 0, 0, 0];
        m.extend([253, 1, 1, 2, 3, 4, 5, 6]);
        assert_eq!(read(229, &message(&m)).octets(&DATA), Some(&[1, 2, 3, 4, 5, 6][..]));
    }

    #[test]
    fn the_data_of_an_unknown_type_stays_the_message_s_own() {
        let p = read(229, &message(&[200, 0, 0, 0, 1, 2]));
        assert_eq!((p.octets(&DATA), p.layers.last().map(|l| l.proto.name)), (Some(&[1, 2][..]), Some("icmpv6")));
    }

    #[test]
    fn a_report_with_a_lying_count_stops_at_the_last_byte() {
        let mut m = vec![143, 0, 0, 0, 0, 0, 0xff, 0xff, 4, 0, 0, 0];
        m.extend([0xff; 16]);
        let p = read(229, &message(&m));
        assert_eq!(p.all(&MLDR_ADDRESS).count(), 1);
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn a_cut_anywhere_is_no_panic_and_an_unknown_type_survives() {
        let whole = message(&[250, 1, 0, 0, 9, 9]);
        assert_eq!(read(229, &whole).uint(&TYPE), Some(250));
        for keep in 0..whole.len() {
            cut(229, &whole, keep);
        }
    }
}
