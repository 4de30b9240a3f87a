//! RTP and RTCP — RFC 3550. Speech and pictures, one short piece a packet, and reports of how they arrive.
//!
//! ```text
//! RTP:  | version (2) | P | X | CSRC count (4) | M | payload type (7) | sequence (16) | timestamp (32) | SSRC (32) | … |
//! RTCP: | version (2) | P | count (5) | packet type (8) | words, less one (16) | SSRC (32) | … |
//! ```
//!
//! No port is RTP's own: a call's signalling announces one ([`Key::Announced`]). RTCP is recognised by its bytes.

use super::Guess;
use super::prelude::*;

/// RTP.
pub static ABOUT: Identity = Identity {
    name: "rtp",
    title: "Real-Time Transport Protocol",
    osi: Osi::Transport,
    spec: "RFC 3550",
    fields: RTP_FIELDS,
    summary: Some(summary),
};

/// RTCP.
pub static RTCP: Identity = Identity {
    name: "rtcp",
    title: "Real-time Transport Control Protocol",
    osi: Osi::Transport,
    spec: "RFC 3550",
    fields: RTCP_FIELDS,
    summary: Some(report_summary),
};

const PAYLOADS: &[(u64, &str)] = &[
    (0, "ITU-T G.711 PCMU"),
    (3, "GSM 06.10"),
    (4, "ITU-T G.723"),
    (8, "ITU-T G.711 PCMA"),
    (9, "ITU-T G.722"),
    (13, "Comfort noise"),
    (14, "MPEG-I/II Audio"),
    (18, "ITU-T G.729"),
    (26, "JPEG video"),
    (31, "ITU-T H.261"),
    (32, "MPEG-I/II Video"),
    (33, "MPEG-II transport streams"),
    (34, "ITU-T H.263"),
];

const REPORTS: &[(u64, &str)] = &[
    (200, "Sender Report"),
    (201, "Receiver Report"),
    (202, "Source description"),
    (203, "Goodbye"),
    (204, "Application specific"),
    (205, "Generic RTP Feedback"),
    (206, "Payload-specific"),
    (207, "Extended report (RFC 3611)"),
];

fields! {
    VERSION   = u8_at(0, "rtp.version", "Version", "Always 2.").bits(0xc0);
    PADDING   = bit_at(0, 1, 0x20, "rtp.padding", "Padding", "The packet ends in bytes that mean nothing.");
    EXTENSION = bit_at(0, 1, 0x10, "rtp.ext", "Extension", "The header goes on.");
    CSRC_COUNT = u8_at(0, "rtp.cc", "Contributors", "How many senders a mixer has put together here.").bits(0x0f);
    MARKER    = bit_at(1, 1, 0x80, "rtp.marker", "Marker", "Often: speech begins here, or a picture ends.");
    PAYLOAD_TYPE = u8_at(1, "rtp.p_type", "Payload type", "How sound or picture is coded; from 96 on, as the call agreed.").bits(0x7f).names(PAYLOADS);
    SEQUENCE  = u16_at(2, "rtp.seq", "Sequence number", "Counts packets: shows what was lost or overtaken.");
    TIMESTAMP = u32_at(4, "rtp.timestamp", "Timestamp", "When to play this piece, in the codec's own ticks.");
    SSRC      = u32_at(8, "rtp.ssrc", "Source", "A random number for each stream of a sender.").hex();
    CSRC      = dynamic(Kind::Hex(32), "rtp.csrc.item", "Contributor", "One of the senders that a mixer put together.");
    PAYLOAD   = dynamic(Kind::Bytes, "rtp.payload", "Payload", "A piece of sound or picture.");
    RTCP_VERSION = dynamic(Kind::Uint(8), "rtcp.version", "Version", "Always 2.").bits(0xc0);
    RTCP_PADDING = dynamic(Kind::Bool, "rtcp.padding", "Padding", "The packet ends in bytes that mean nothing.").bits(0x20);
    RTCP_COUNT = dynamic(Kind::Uint(8), "rtcp.rc", "Report count", "How many streams the packet reports on.").bits(0x1f);
    RTCP_SOURCES = dynamic(Kind::Uint(8), "rtcp.sc", "Source count", "How many senders the packet describes, or says goodbye for.").bits(0x1f);
    RTCP_TYPE = dynamic(Kind::Uint(8), "rtcp.pt", "Packet type", "What is reported.").names(REPORTS);
    RTCP_LENGTH = dynamic(Kind::Uint(16), "rtcp.length", "Length", "Words of 4 bytes, one not counted.");
    RTCP_SSRC = dynamic(Kind::Hex(32), "rtcp.senderssrc", "Sender", "The stream of who reports.");
    PACKETS   = dynamic(Kind::Uint(32), "rtcp.sender.packetcount", "Packets sent", "How many packets the sender has sent so far.");
    OCTETS    = dynamic(Kind::Uint(32), "rtcp.sender.octetcount", "Bytes sent", "How many bytes of sound or picture it has sent.");
}
static RTP_FIELDS: &[&FieldDef] = &[
    &VERSION,
    &PADDING,
    &EXTENSION,
    &CSRC_COUNT,
    &MARKER,
    &PAYLOAD_TYPE,
    &SEQUENCE,
    &TIMESTAMP,
    &SSRC,
    &CSRC,
    &PAYLOAD,
];
static RTCP_FIELDS: &[&FieldDef] = &[
    &RTCP_VERSION,
    &RTCP_PADDING,
    &RTCP_COUNT,
    &RTCP_SOURCES,
    &RTCP_TYPE,
    &RTCP_LENGTH,
    &RTCP_SSRC,
    &PACKETS,
    &OCTETS,
];

/// The row of RTP.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Announced("rtp")], over: Over::Packet, dissect: rtp };

/// The row of RTCP.
pub static RTCP_PROTOCOL: Protocol = Protocol {
    about: &RTCP,
    follows: &[Key::Announced("rtcp"), Key::Guess],
    over: Over::Datagram(guess),
    dissect: rtcp,
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &RTCP_PROTOCOL];

/// RFC 3550 §A.2: version 2, whole words, and one of the types that may stand first.
fn guess(bytes: &[u8]) -> Guess {
    match *bytes {
        // Its length counts words without the first. Encrypted bytes that look like the first two are common.
        [0x80..=0xbf, 200 | 201 | 203 | 204 | 206, high, low, ..] if bytes.len().is_multiple_of(4) => {
            let len = 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
            if len <= bytes.len() { Guess::This } else { Guess::No }
        }
        _ => Guess::No,
    }
}

fn rtp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(RTP_FIELDS)?;
    let mut at = 12;
    for _ in 0..c.uint(&CSRC_COUNT) {
        c.read(&CSRC, at, 4)?;
        at += 4;
    }
    if c.u8(0)? & 0x10 != 0 {
        at += 4 + 4 * usize::from(c.u16(at + 2)?);
        c.slice(0, at)?;
    }
    let end = c.len().saturating_sub(padding(c));
    if end > at {
        c.read(&PAYLOAD, at, end - at)?;
    }
    Ok(Next::end(c.len()))
}

/// How many bytes at the end mean nothing: the last one says it (RFC 3550 §5.1).
fn padding(c: &Cursor<'_>) -> usize {
    const PADDED: u8 = 0x20;
    match (c.u8(0), c.rest(0).last()) {
        (Ok(first), Some(&count)) if first & PADDED != 0 && !c.is_cut() => usize::from(count),
        _ => 0,
    }
}

/// Several packets stand one behind the other (RFC 3550 §6.1).
fn rtcp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const SENDER_REPORT: u64 = 200;
    let mut at = 0;
    while at + 4 <= c.len() && c.u8(at)? >> 6 == 2 {
        c.read(&RTCP_VERSION, at, 1)?;
        c.read(&RTCP_PADDING, at, 1)?;
        // What the five bits behind them count depends on the type.
        match c.u8(at + 1)? {
            200 | 201 => drop(c.read(&RTCP_COUNT, at, 1)?),
            202 | 203 => drop(c.read(&RTCP_SOURCES, at, 1)?),
            _ => {}
        }
        let kind = c.read(&RTCP_TYPE, at + 1, 1)?;
        let len = 4 + 4 * c.read_len(&RTCP_LENGTH, at + 2, 2)?;
        c.slice(at, len)?;
        if len >= 8 && matches!(kind, 200 | 201 | 205..=207) {
            c.read(&RTCP_SSRC, at + 4, 4)?;
        }
        if kind == SENDER_REPORT && len >= 28 {
            c.read(&PACKETS, at + 20, 4)?;
            c.read(&OCTETS, at + 24, 4)?;
        }
        at += len;
    }
    Ok(Next::end(c.len()))
}

/// `PT=ITU-T G.711 PCMU, Seq=7, Time=160`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    out.push_str("PT=");
    show::name(packet, layer, &PAYLOAD_TYPE, out);
    show::parts(packet, layer, &[(", Seq=", &SEQUENCE), (", Time=", &TIMESTAMP)], out);
}

/// `Sender Report`
fn report_summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &RTCP_TYPE, out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 50001).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn reports_come_several_in_one_datagram() {
        let p = read(228, &datagram(&[0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 203, 0, 1, 0, 0, 0, 9]));
        assert_eq!((p.all(&RTCP_TYPE).count(), p.uint(&RTCP_SSRC)), (2, Some(9)));
    }

    #[test]
    fn media_without_a_call_is_data() {
        let p = read(228, &datagram(&[0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 5]));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_length_that_lies_is_trouble() {
        let p = read(228, &datagram(&[0x80, 201, 0, 1, 0, 0, 0, 9, 0x80, 200, 9, 9]));
        assert!(p.layer(&RTCP).is_some_and(|l| l.trouble.is_some()));
    }
}
