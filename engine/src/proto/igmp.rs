//! IGMP — RFC 1112 (v1), RFC 2236 (v2), RFC 3376 (v3). Hosts tell their router which multicast groups they want.
//!
//! ```text
//! | type (8) | maximum response time (8) | checksum (16) | group address (32) | v3: more … |
//! ```

use super::checksum;
use super::lookup;
use super::prelude::*;

/// IGMP.
pub static ABOUT: Identity = Identity {
    name: "igmp",
    title: "Internet Group Management Protocol",
    osi: Osi::Network,
    spec: "RFC 3376",
    fields: FIELDS,
    summary: Some(summary),
};

const TYPES: &[(u64, &str)] = &[
    (0x11, "Membership query"),
    (0x12, "Report (v1)"),
    (0x16, "Report (v2)"),
    (0x17, "Leave group"),
    (0x22, "Report (v3)"),
];
const RECORDS: &[(u64, &str)] = &[
    (1, "Include"),
    (2, "Exclude"),
    (3, "Changed to include"),
    (4, "Changed to exclude"),
    (5, "Allow new sources"),
    (6, "Block old sources"),
];

fields! {
    VERSION  = derived(Kind::Uint(8), "igmp.version", "Version", "Which version of the protocol this is.");
    TYPE     = u8_at(0, "igmp.type", "Type", "A router's question, or a host's report.").hex().names(TYPES);
    MAX_RESP = dynamic(Kind::Uint(8), "igmp.max_resp", "Maximum response time", "How long hosts may wait, in tenths of a second.");
    CHECKSUM = u16_at(2, "igmp.checksum", "Checksum", "Detects damage on the way.").hex();
    CHECKSUM_STATUS = derived(Kind::Uint(8), "igmp.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS);
    MADDR    = dynamic(Kind::Ipv4, "igmp.maddr", "Group", "The multicast group; 0.0.0.0 asks about all of them.");
    S        = dynamic(Kind::Bool, "igmp.s", "Suppress", "Routers that hear this leave their timers alone.").bits(0x08);
    QRV      = dynamic(Kind::Uint(8), "igmp.qrv", "Robustness", "How many losses the querier allows for.").bits(0x07);
    QQIC     = dynamic(Kind::Uint(8), "igmp.qqic", "Query interval", "How often the querier asks, in seconds.");
    NUM_SRC  = dynamic(Kind::Uint(16), "igmp.num_src", "Sources", "How many source addresses follow.");
    NUM_GRP  = dynamic(Kind::Uint(16), "igmp.num_grp_recs", "Group records", "How many groups the report speaks of.");
    RECORD_TYPE = dynamic(Kind::Uint(8), "igmp.record_type", "Record type", "What the host wants of this group.").names(RECORDS);
    AUX_LEN  = dynamic(Kind::Uint(8), "igmp.aux_data_len", "Auxiliary length", "Words of 4 bytes after the sources.");
    DATA     = dynamic(Kind::Bytes, "igmp.data", "Data", "What the message says; its type is not known here.");
    SADDR    = dynamic(Kind::Ipv4, "igmp.saddr", "Source", "A sender that the host wants, or does not want, to hear.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(2)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const QUERY: u8 = 0x11;
    const REPORT_V1: u8 = 0x12;
    const REPORT_V2: u8 = 0x16;
    const LEAVE: u8 = 0x17;
    const REPORT_V3: u8 = 0x22;
    let kind = c.u8(0)?;
    if let Some(row) = lookup(Key::Igmp(kind)) {
        return Ok(Next::instead(row));
    }
    // Router discovery (RFC 4286), for one, has types of its own.
    if !matches!(kind, QUERY | REPORT_V1 | REPORT_V2 | LEAVE | REPORT_V3) {
        c.put(&TYPE)?;
        if c.len() > 1 {
            c.read(&DATA, 1, c.len() - 1)?;
        }
        return Ok(Next::end(c.len()));
    }
    let version = match kind {
        QUERY if c.promised() >= 12 => 3,
        QUERY if c.u8(1)? == 0 => 1,
        REPORT_V1 => 1,
        REPORT_V3 => 3,
        _ => 2,
    };
    c.derive(&VERSION, Value::Uint(version));
    c.put(&TYPE)?;
    if version == 3 && kind == QUERY {
        c.push(&MAX_RESP, 1, 1, Value::Uint(tenths(c.u8(1)?)));
    } else if version == 2 {
        c.read(&MAX_RESP, 1, 1)?;
    }
    c.put(&CHECKSUM)?;
    let status = checksum::plain(c);
    c.derive(&CHECKSUM_STATUS, Value::Uint(status as u64));
    if kind == REPORT_V3 {
        return report(c);
    }
    c.read(&MADDR, 4, 4)?;
    if version < 3 {
        return Ok(Next::end(8));
    }
    for (def, at, len) in [(&S, 8, 1), (&QRV, 8, 1), (&QQIC, 9, 1), (&NUM_SRC, 10, 2)] {
        c.read(def, at, len)?;
    }
    let count = usize::from(c.u16(10)?);
    sources(c, 12, count)?;
    Ok(Next::end(12 + 4 * count))
}

/// RFC 3376 §4.1.1: from 128 on, four bits and a power of two.
fn tenths(code: u8) -> u64 {
    let (exponent, mantissa) = (code >> 4 & 7, u64::from(code & 0xf));
    if code < 0x80 { u64::from(code) } else { (mantissa | 0x10) << (exponent + 3) }
}

/// RFC 3376 §4.2.
fn report(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let mut at = 8;
    for _ in 0..c.read(&NUM_GRP, 6, 2)? {
        c.read(&RECORD_TYPE, at, 1)?;
        let (aux, count) = (usize::from(c.u8(at + 1)?), usize::from(c.u16(at + 2)?));
        at = c.nested(|c| {
            c.read(&AUX_LEN, at + 1, 1)?;
            c.read(&NUM_SRC, at + 2, 2)?;
            c.read(&MADDR, at + 4, 4)?;
            sources(c, at + 8, count)?;
            Ok(at + 8 + 4 * (count + aux))
        })?;
    }
    c.slice(0, at)?;
    Ok(Next::end(at))
}

fn sources(c: &mut Cursor<'_>, at: usize, count: usize) -> Result<(), Trouble> {
    (0..count).try_for_each(|i| c.read(&SADDR, at + 4 * i, 4).map(drop))
}

/// `Membership report, version 2, 239.255.255.250`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &TYPE, out);
    show::parts(packet, layer, &[(", ", &MADDR)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    #[test]
    fn long_waits_are_written_as_a_power() {
        for (code, wait) in [(0, 0), (127, 127), (0x80, 128), (0x8f, 248), (0xff, 31744)] {
            assert_eq!(tenths(code), wait);
        }
    }
    use etherparse::{IpNumber, PacketBuilder};

    fn message(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [224, 0, 0, 22], 1)
            .write(&mut out, IpNumber::IGMP, bytes)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn a_version_2_report_names_one_group() {
        let p = read(228, &message(&[0x16, 0, 0x09, 4, 224, 0, 0, 251]));
        assert_eq!((p.uint(&VERSION), p.octets(&MADDR)), (Some(2), Some(&[224, 0, 0, 251][..])));
        assert_eq!(p.uint(&CHECKSUM_STATUS), Some(1));
    }

    #[test]
    fn a_version_3_report_lists_groups_and_sources() {
        let p = read(228, &message(&[0x22, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 1, 224, 0, 0, 9, 192, 0, 2, 9]));
        assert_eq!((p.uint(&NUM_GRP), p.uint(&RECORD_TYPE)), (Some(1), Some(3)));
        assert_eq!(p.octets(&SADDR), Some(&[192, 0, 2, 9][..]));
    }

    #[test]
    fn a_count_that_lies_stops_at_the_last_byte() {
        let p = read(228, &message(&[0x22, 0, 0, 0, 0, 0, 0xff, 0xff, 3, 0, 0, 0, 224, 0, 0, 9]));
        assert_eq!(p.all(&MADDR).count(), 1);
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_unknown_type_survives() {
        assert_eq!(read(228, &message(&[0x99, 0, 0, 0, 1, 2, 3, 4])).uint(&TYPE), Some(0x99));
    }
}
