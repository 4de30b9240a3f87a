//! ICMP — RFC 792. How IP reports errors, and how `ping` works.
//!
//! ```text
//!  0       8       16                31
//! | type  | code  | checksum          |
//! | depends on the type               |
//! | error: the packet that caused it … | echo: data … |
//! ```
//!
//! An error quotes the packet that it is about: that packet was sent before, by the receiver of the error.

use super::checksum;
use super::icmp_extension::{self, STATES};
use super::memory::ConversationKind;
use super::numbers::Echoes;
use super::prelude::*;
use super::table;

/// ICMP.
pub static ABOUT: Identity = Identity {
    name: "icmp",
    title: "Internet Control Message Protocol",
    osi: Osi::Network,
    spec: "RFC 792",
    fields: &ALL,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (0, "Echo reply"),
    (3, "Destination unreachable"),
    (4, "Source quench"),
    (5, "Redirect"),
    (8, "Echo request"),
    (9, "Router advertisement"),
    (10, "Router solicitation"),
    (11, "Time exceeded"),
    (12, "Parameter problem"),
    (13, "Timestamp request"),
    (14, "Timestamp reply"),
    (15, "Information request"),
    (16, "Information reply"),
    (17, "Address mask request"),
    (18, "Address mask reply"),
    (42, "Extended echo request"),
    (43, "Extended echo reply"),
];

fields! {
    TYPE     = u8_at(0, "icmp.type", "Type", "What the message is for.").names(TYPES);
    CODE     = u8_at(1, "icmp.code", "Code", "What exactly, among messages of this type.");
    CHECKSUM = u16_at(2, "icmp.checksum", "Checksum", "Detects damage on the way.").hex();
    CHECKSUM_STATUS = derived(Kind::Uint(8), "icmp.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS);
    UNUSED   = dynamic(Kind::Bytes, "icmp.unused", "Unused", "Must be zero.");
    LENGTH   = dynamic(Kind::Uint(8), "icmp.length", "Quotation length", "Words of 4 bytes that the quoted packet takes.");
    IDENT    = dynamic(Kind::Uint(16), "icmp.ident", "Identifier", "Which ping the message belongs to.");
    IDENT_LE = dynamic(Kind::Uint(16), "icmp.ident_le", "Identifier (swapped)", "The same two bytes, low byte first.");
    SEQ      = dynamic(Kind::Uint(16), "icmp.seq", "Sequence number", "Which of that ping's messages this is.");
    SEQ_LE   = dynamic(Kind::Uint(16), "icmp.seq_le", "Sequence (swapped)", "The same two bytes, low byte first.");
    RESP_TO  = derived(Kind::Frame, "icmp.resp_to", "Answers frame", "The frame with the request that this answers.");
    RESPTIME = derived(Kind::Millis, "icmp.resptime", "Response time", "How long the answer took, in milliseconds.");
    DATA_TIME = dynamic(Kind::Moment, "icmp.data_time", "Time sent", "When the request was sent, as the sender noted it.");
    MTU      = dynamic(Kind::Uint(16), "icmp.mtu", "Next-hop MTU", "The largest packet that the next link can take.");
    REDIR_GW = dynamic(Kind::Ipv4, "icmp.redir_gw", "Gateway", "The router to use for this destination from now on.");
    POINTER  = dynamic(Kind::Uint(32), "icmp.pointer", "Pointer", "Which byte of the quoted header is wrong.");
    NUM_ADDRS = dynamic(Kind::Uint(8), "icmp.num_addrs", "Addresses", "How many routers are listed.");
    ENTRY_SIZE = dynamic(Kind::Uint(8), "icmp.addr_entry_size", "Entry size", "Words of 4 bytes for each router.");
    LIFETIME = dynamic(Kind::Uint(16), "icmp.lifetime", "Lifetime", "For how many seconds the list holds.");
    ROUTER   = dynamic(Kind::Ipv4, "icmp.router_address", "Router", "A router on this link.");
    PREF     = dynamic(Kind::Int(32), "icmp.pref_level", "Preference", "Which router to take first.");
    ORIGINATE = dynamic(Kind::Uint(32), "icmp.originate_timestamp", "Originate time", "When the request was sent, in milliseconds since midnight.");
    RECEIVE  = dynamic(Kind::Uint(32), "icmp.receive_timestamp", "Receive time", "When the request arrived.");
    TRANSMIT = dynamic(Kind::Uint(32), "icmp.transmit_timestamp", "Transmit time", "When the answer was sent.");
    MASK     = dynamic(Kind::Ipv4, "icmp.address_mask", "Address mask", "The subnet mask of this link.");
    PROBE_SEQ = dynamic(Kind::Uint(8), "icmp.ext.echo.seq", "Sequence number", "Which of that probe's messages this is.");
    PROBE_RESERVED = dynamic(Kind::Hex(8), "icmp.ext.echo.req.res", "Reserved", "Must be zero.").bits(0xfe);
    PROBE_LOCAL = dynamic(Kind::Bool, "icmp.ext.echo.req.local", "Local", "The interface asked about is the node's own.").bits(0x01);
    STATE    = dynamic(Kind::Uint(8), "icmp.ext.echo.rsp.state", "State", "What the node knows of a neighbour asked about.").bits(0xe0).names(STATES);
    STATE_RESERVED = dynamic(Kind::Hex(8), "icmp.ext.echo.rsp.res", "Reserved", "Must be zero.").bits(0x18);
    ACTIVE   = dynamic(Kind::Bool, "icmp.ext.echo.rsp.active", "Active", "The interface asked about is up.").bits(0x04);
    RUNS_IPV4 = dynamic(Kind::Bool, "icmp.ext.echo.rsp.ipv4", "IPv4 runs", "IPv4 runs on that interface.").bits(0x02);
    RUNS_IPV6 = dynamic(Kind::Bool, "icmp.ext.echo.rsp.ipv6", "IPv6 runs", "IPv6 runs on that interface.").bits(0x01);
}

static ALL: [&FieldDef; FIELDS.len() + icmp_extension::FIELDS.len()] = table::joined(FIELDS, icmp_extension::FIELDS);

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(1)], over: Over::Packet, dissect };

/// Where a quotation, or an echo's data, begins.
const BODY: usize = 8;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    for def in [&TYPE, &CODE, &CHECKSUM] {
        c.put(def)?;
    }
    c.compute(&CHECKSUM_STATUS, |c| Value::Uint(checksum::plain(c) as u64));
    let (kind, code) = (c.u8(0)?, c.u8(1)?);
    match kind {
        0 | 8 => echo(c, kind == 0),
        3 | 4 | 5 | 11 | 12 => error(c, kind, code),
        9 => routers(c),
        10 => c.read(&UNUSED, 4, 4).map(|_| Next::end(BODY)),
        13 | 14 => {
            identify(c)?;
            c.read(&ORIGINATE, 8, 4)?;
            c.read(&RECEIVE, 12, 4)?;
            c.read(&TRANSMIT, 16, 4)?;
            Ok(Next::end(20))
        }
        15 | 16 => identify(c).map(|()| Next::end(BODY)),
        17 | 18 => {
            identify(c)?;
            c.read(&MASK, 8, 4)?;
            Ok(Next::end(12))
        }
        42 | 43 => probe(c, kind == 43),
        _ => Ok(Next::end(c.len())),
    }
}

/// RFC 8335 §2 and §3: one interface is asked about another.
fn probe(c: &mut Cursor<'_>, reply: bool) -> Result<Next, Trouble> {
    c.read(&IDENT, 4, 2)?;
    c.push(&IDENT_LE, 4, 2, Value::Uint(u64::from(c.u16(4)?.swap_bytes())));
    let bits: &[&'static FieldDef] = if reply {
        &[&STATE, &STATE_RESERVED, &ACTIVE, &RUNS_IPV4, &RUNS_IPV6]
    } else {
        &[&PROBE_RESERVED, &PROBE_LOCAL]
    };
    icmp_extension::probe(c, &PROBE_SEQ, bits, reply)
}

/// Some senders fill these in the order of their processor: Wireshark shows both readings.
fn identify(c: &mut Cursor<'_>) -> Result<(), Trouble> {
    for (def, swapped, at) in [(&IDENT, &IDENT_LE, 4), (&SEQ, &SEQ_LE, 6)] {
        c.read(def, at, 2)?;
        c.push(swapped, at, 2, Value::Uint(u64::from(c.u16(at)?.swap_bytes())));
    }
    Ok(())
}

fn echo(c: &mut Cursor<'_>, reply: bool) -> Result<Next, Trouble> {
    identify(c)?;
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
    let stamped = timestamp(c);
    if let Some(sent) = stamped {
        c.push(&DATA_TIME, BODY, 8, Value::Nanos(sent));
    }
    Ok(Next::data(if stamped.is_some() { BODY + 8 } else { BODY }))
}

/// Unix pings begin their data with the time, in seconds and microseconds of the sender's byte order.
/// It is taken for one if it lies within a day of the capture.
fn timestamp(c: &Cursor<'_>) -> Option<i64> {
    const DAY: i64 = 24 * 3600;
    let now = Some(c.time()).filter(|now| now.is_known())?.secs();
    let (secs, micros) = (c.u32(BODY).ok()?, c.u32(BODY + 4).ok()?);
    [(secs, micros), (secs.swap_bytes(), micros.swap_bytes())].into_iter().find_map(|(secs, micros)| {
        let plausible = (i64::from(secs) - now).abs() < DAY && micros < 1_000_000;
        plausible.then_some(i64::from(secs) * 1_000_000_000 + i64::from(micros) * 1000)
    })
}

fn error(c: &mut Cursor<'_>, kind: u8, code: u8) -> Result<Next, Trouble> {
    const UNREACHABLE: u8 = 3;
    const FRAGMENTATION_NEEDED: u8 = 4;
    const QUENCH: u8 = 4;
    const REDIRECT: u8 = 5;
    const PARAMETER: u8 = 12;
    // RFC 4884 §4.1: a router that adds an extension says where the quotation ends.
    let words = if matches!(kind, QUENCH | REDIRECT) { 0 } else { c.u8(5)? };
    match kind {
        REDIRECT => {
            c.read(&REDIR_GW, 4, 4)?;
            // RFC 792: the header and eight bytes. What follows stays unread, as Wireshark has it.
            let header = c.u8(BODY).map_or(0, |b| 4 * usize::from(b & 0xf));
            c.limit(BODY + header + 8, &LENGTH);
        }
        QUENCH => {}
        PARAMETER => {
            c.read(&POINTER, 4, 1)?;
            quoted_length(c, 5, words, 3)?;
        }
        UNREACHABLE if code == FRAGMENTATION_NEEDED => {
            quoted_length(c, 4, words, 1)?;
            c.read(&MTU, 6, 2)?;
        }
        _ => quoted_length(c, 4, words, 3)?,
    }
    let given = 4 * usize::from(words);
    if let Some(at) = icmp_extension::find(c, BODY, given) {
        icmp_extension::read(c, at)?;
        c.limit(at, &LENGTH);
    } else if given > 0 {
        c.limit(BODY + given, &LENGTH);
    }
    c.context.quoted = true;
    Ok(Next::to(Key::EtherType(0x0800), BODY))
}

/// The unused bytes from `at`, and among them the length of the quotation where it is given.
fn quoted_length(c: &mut Cursor<'_>, at: usize, words: u8, after: usize) -> Result<(), Trouble> {
    if words == 0 {
        return c.read(&UNUSED, at, 5 - at + after).map(drop);
    }
    if at < 5 {
        c.read(&UNUSED, at, 1)?;
    }
    c.read(&LENGTH, 5, 1)?;
    if after > 1 {
        c.read(&UNUSED, 6, 2)?;
    }
    Ok(())
}

/// RFC 1256.
fn routers(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let count = usize::try_from(c.read(&NUM_ADDRS, 4, 1)?).unwrap_or(0);
    let size = 4 * usize::try_from(c.read(&ENTRY_SIZE, 5, 1)?).unwrap_or(0);
    c.read(&LIFETIME, 6, 2)?;
    if size < 8 {
        return Err(c.malformed("a router's entry has no room for an address and a preference"));
    }
    for i in 0..count {
        c.read(&ROUTER, BODY + size * i, 4)?;
        c.read(&PREF, BODY + size * i + 4, 4)?;
    }
    Ok(Next::end(BODY + size * count))
}

/// `Echo request id=1 seq=2`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &TYPE, out);
    if packet.uint_in(layer, &CODE).is_some_and(|code| code > 0) {
        show::parts(packet, layer, &[(", code ", &CODE)], out);
    }
    show::parts(packet, layer, &[(" id=", &IDENT), (" seq=", &SEQ), (", MTU ", &MTU), (", use ", &REDIR_GW)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, read};
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn built(write: impl FnOnce(&mut Vec<u8>) -> Result<(), etherparse::err::packet::BuildWriteError>) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out).unwrap_or_else(|e| panic!("{e}"));
        out
    }

    fn message(bytes: &[u8]) -> Vec<u8> {
        built(|out| PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).write(out, IpNumber::ICMP, bytes))
    }

    #[test]
    fn a_ping_is_read_back() {
        let frame = built(|out| {
            PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).icmpv4_echo_request(7, 1).write(out, b"data")
        });
        let p = read(228, &frame);
        assert_eq!(
            (p.uint(&TYPE), p.uint(&IDENT), p.uint(&SEQ), p.uint(&SEQ_LE)),
            (Some(8), Some(7), Some(1), Some(256))
        );
        assert_eq!(p.uint(&CHECKSUM_STATUS), Some(1));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn an_error_quotes_a_packet_which_counts_as_sent_before() {
        let inner = built(|out| PacketBuilder::ipv4([192, 0, 2, 2], [192, 0, 2, 1], 1).udp(33, 44).write(out, b"x"));
        let p = read(228, &message(&[&[11, 0, 0, 0, 0, 0, 0, 0][..], &inner].concat()));
        let quoted: Vec<_> = p.layers.iter().filter(|l| l.quoted).map(|l| l.proto.name).collect();
        assert_eq!(quoted.first().zip(quoted.get(1)), Some((&"ip", &"udp")));
    }

    #[test]
    fn a_quotation_s_data_belongs_to_no_stream_and_a_redirect_s_ends_after_eight_bytes() {
        let names = |kind, port| {
            let inner = PacketBuilder::ipv4([192, 0, 2, 2], [192, 0, 2, 1], 1).tcp(33, port, 5, 6);
            let inner = built(|out| inner.write(out, b"x"));
            let p = read(228, &message(&[&[kind, 0, 0, 0, 0, 0, 0, 0][..], &inner].concat()));
            let found = p.layers.iter().filter(|l| l.quoted).map(|l| l.proto.name).collect::<Vec<_>>();
            (found, p.uint(&crate::proto::tcp::WINDOW_SIZE_VALUE).is_some())
        };
        assert_eq!(names(11, 44), (vec!["ip", "tcp"], true));
        assert_eq!(names(11, 80), (vec!["ip", "tcp", "http"], true));
        assert_eq!(names(5, 44), (vec!["ip", "tcp"], false));
    }

    #[test]
    fn a_parameter_problem_points_at_a_byte_and_leaves_three_unused() {
        let p = read(228, &message(&[12, 0, 0, 0, 20, 0, 0, 0]));
        assert_eq!((p.uint(&POINTER), p.octets(&UNUSED)), (Some(20), Some(&[0; 3][..])));
    }

    #[test]
    fn fragmentation_needed_names_the_mtu() {
        assert_eq!(read(228, &message(&[3, 4, 0, 0, 0, 0, 5, 0xdc])).uint(&MTU), Some(1500));
    }

    #[test]
    fn an_unknown_type_survives() {
        let p = read(228, &message(&[200, 9, 0, 0, 1]));
        assert_eq!((p.uint(&TYPE), p.uint(&CODE)), (Some(200), Some(9)));
    }

    #[test]
    fn a_cut_anywhere_is_no_panic() {
        let whole = message(&[3, 3, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 99]);
        for keep in 0..whole.len() {
            cut(228, &whole, keep);
        }
    }
}
