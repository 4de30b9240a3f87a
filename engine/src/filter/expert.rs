//! What deserves attention in a packet, in Wireshark's words: how grave, of which kind, and why.
//!
//! Most findings are fields that a dissector wrote; one table says which field means which finding.

use super::item::{Scratch, write_to};
use super::text::line;
use crate::model::{Field, FieldDef, Kind, Layer, Packet, Trouble, Value, Why};
use crate::proto::{dns, frame, http, icmp, icmpv6, igmp, ipv4, ipv6_extension, tcp};
use std::fmt::Write as _;

/// How grave, as Wireshark counts it.
pub(super) const SEVERITIES: &[(u64, &str)] =
    &[(COMMENT, "Comment"), (CHAT, "Chat"), (NOTE, "Note"), (WARNING, "Warning"), (ERROR, "Error")];
const COMMENT: u64 = 0x0010_0000;
const CHAT: u64 = 0x0020_0000;
const NOTE: u64 = 0x0040_0000;
const WARNING: u64 = 0x0060_0000;
const ERROR: u64 = 0x0080_0000;

/// Of which kind.
pub(super) const GROUPS: &[(u64, &str)] = &[
    (CHECKSUM, "Checksum"),
    (SEQUENCE, "Sequence"),
    (0x0300_0000, "Response"),
    (0x0400_0000, "Request"),
    (0x0500_0000, "Undecoded"),
    (0x0600_0000, "Reassemble"),
    (MALFORMED, "Malformed"),
    (0x0800_0000, "Debug"),
    (PROTOCOL, "Protocol"),
    (0x0a00_0000, "Security"),
    (COMMENTS, "Comment"),
    (0x0c00_0000, "Decryption"),
    (0x0d00_0000, "Assumption"),
    (DEPRECATED, "Deprecated"),
];
const CHECKSUM: u64 = 0x0100_0000;
const SEQUENCE: u64 = 0x0200_0000;
const MALFORMED: u64 = 0x0700_0000;
const PROTOCOL: u64 = 0x0900_0000;
const COMMENTS: u64 = 0x0b00_0000;
const DEPRECATED: u64 = 0x0e00_0000;

/// One finding.
#[derive(Clone, Copy)]
pub(super) struct Finding<'a> {
    pub severity: u64,
    pub group: u64,
    pub message: &'a [u8],
}

/// Takes findings one by one; true means that it has seen enough.
pub(super) type Taker<'a> = &'a mut dyn FnMut(Finding<'_>) -> bool;

/// A field that means a finding.
struct Row {
    of: &'static FieldDef,
    /// The value that it must have; `None` for any.
    value: Option<u64>,
    severity: u64,
    group: u64,
    message: &'static str,
    /// A field of the same layer whose number goes into the message, and what follows it.
    number: Option<(&'static FieldDef, &'static str)>,
}

const fn row(of: &'static FieldDef, severity: u64, group: u64, message: &'static str) -> Row {
    Row { of, value: None, severity, group, message, number: None }
}

impl Row {
    const fn with(mut self, field: &'static FieldDef, after: &'static str) -> Self {
        self.number = Some((field, after));
        self
    }

    const fn at(mut self, value: u64) -> Self {
        self.value = Some(value);
        self
    }

    /// What TCP had to repair, and what Wireshark warns of.
    fn is_unusual(&self) -> bool {
        self.severity >= WARNING || tcp::is_verdict(self.of)
    }

    fn holds(&self, field: &Field) -> bool {
        std::ptr::eq(self.of, field.def) && self.value.is_none_or(|value| field.value.uint() == Some(value))
    }
}

const BAD: &str = "Bad checksum";

/// As in Wireshark, which judges the checksums of IPv4, TCP and UDP only when it is told to: a card that fills them in
/// later makes too many look bad. `tcp.checksum.status == 0` asks for them here.
static ROWS: &[Row] = &[
    row(&tcp::CONNECTION_SYN, CHAT, SEQUENCE, "Connection establish request (SYN): server port ")
        .with(&tcp::DSTPORT, ""),
    row(&tcp::CONNECTION_SYNACK, CHAT, SEQUENCE, "Connection establish acknowledge (SYN+ACK): server port ")
        .with(&tcp::SRCPORT, ""),
    row(&tcp::CONNECTION_FIN, CHAT, SEQUENCE, "Connection finish (FIN)"),
    row(&tcp::CONNECTION_FIN_ACTIVE, NOTE, SEQUENCE, "This frame initiates the connection closing"),
    row(&tcp::CONNECTION_FIN_PASSIVE, NOTE, SEQUENCE, "This frame undergoes the connection closing"),
    row(&tcp::CONNECTION_RST, WARNING, SEQUENCE, "Connection reset (RST)"),
    row(&tcp::RETRANSMISSION, NOTE, SEQUENCE, "This frame is a (suspected) retransmission"),
    row(&tcp::FAST_RETRANSMISSION, NOTE, SEQUENCE, "This frame is a (suspected) fast retransmission"),
    row(&tcp::SPURIOUS_RETRANSMISSION, NOTE, SEQUENCE, "This frame is a (suspected) spurious retransmission"),
    row(&tcp::OUT_OF_ORDER, WARNING, SEQUENCE, "This frame is a (suspected) out-of-order segment"),
    row(&tcp::LOST_SEGMENT, WARNING, SEQUENCE, "Previous segment(s) not captured (common at capture start)"),
    row(&tcp::ACK_LOST_SEGMENT, WARNING, SEQUENCE, "ACKed segment that wasn't captured (common at capture start)"),
    row(&tcp::DUPLICATE_ACK, NOTE, SEQUENCE, "Duplicate ACK (#").with(&tcp::DUPLICATE_ACK_NUM, ")"),
    row(&tcp::ZERO_WINDOW, WARNING, SEQUENCE, "TCP Zero Window segment"),
    row(&tcp::ZERO_WINDOW_PROBE, NOTE, SEQUENCE, "TCP Zero Window Probe"),
    row(&tcp::ZERO_WINDOW_PROBE_ACK, NOTE, SEQUENCE, "ACK to a TCP Zero Window Probe"),
    row(&tcp::WINDOW_UPDATE, CHAT, SEQUENCE, "TCP window update"),
    row(&tcp::WINDOW_FULL, WARNING, SEQUENCE, "TCP window specified by the receiver is now completely full"),
    row(&tcp::KEEP_ALIVE, NOTE, SEQUENCE, "TCP keep-alive segment"),
    row(&tcp::KEEP_ALIVE_ACK, NOTE, SEQUENCE, "ACK to a TCP keep-alive segment"),
    row(
        &tcp::REUSED_PORTS,
        NOTE,
        SEQUENCE,
        "A new tcp session is started with the same ports as an earlier session in this trace",
    ),
    row(&icmp::CHECKSUM_STATUS, WARNING, CHECKSUM, BAD).at(0),
    row(&icmpv6::CHECKSUM_STATUS, WARNING, CHECKSUM, BAD).at(0),
    row(&igmp::CHECKSUM_STATUS, ERROR, CHECKSUM, BAD).at(0),
    row(&ipv6_extension::ROUTING_TYPE, NOTE, DEPRECATED, "Routing header type is deprecated").at(0),
    row(&dns::RETRANSMIT_REQUEST_IN, WARNING, PROTOCOL, "DNS query retransmission. Original request in frame ")
        .with(&dns::RETRANSMIT_REQUEST_IN, ""),
    row(&dns::RETRANSMIT_RESPONSE_IN, WARNING, PROTOCOL, "DNS response retransmission. Original response in frame ")
        .with(&dns::RETRANSMIT_RESPONSE_IN, ""),
];

/// The rows that a field may mean: most fields are of a kind that none means.
fn rows_of(field: &Field) -> &'static [Row] {
    let may = matches!(field.def.kind, Kind::Flag | Kind::Frame) || field.value.uint() == Some(0);
    if may { ROWS } else { &[] }
}

/// Whether something in it is unusual: what TCP had to repair, what is malformed, what Wireshark warns of. A FIN or SYN is
/// none of it.
///
/// The filter [`UNUSUAL`] selects the same packets, more slowly, and needs fields that [`Wanted::line`](crate::model::Wanted::line) leaves out.
pub fn is_unusual(packet: &Packet) -> bool {
    packet.layers.iter().any(|layer| {
        let unusual =
            |field: &Field| is_reset(field) || rows_of(field).iter().any(|row| row.holds(field) && row.is_unusual());
        layer.trouble.is_some_and(|trouble| kind(trouble, layer).is_some())
            || packet.fields_of(layer).iter().any(unusual)
    })
}

/// The flags of a segment that is a reset: `tcp.connection.rst` is a detail.
fn is_reset(field: &Field) -> bool {
    std::ptr::eq(field.def, &raw const tcp::FLAGS)
        && field.value.uint().is_some_and(|flags| flags & u64::from(tcp::flag::RST) != 0)
}

/// The filter for [`is_unusual`].
pub const UNUSUAL: &str = "tcp.analysis.flags || _ws.malformed || _ws.expert.severity >= 0x00600000";

/// Gives every finding of a packet to `take`, layer by layer, until it has seen enough.
pub(super) fn each(packet: &Packet, take: Taker<'_>) -> bool {
    packet.layers.iter().any(|layer| {
        packet.fields_of(layer).iter().any(|field| {
            rows_of(field).iter().filter(|row| row.holds(field)).any(|row| told(row, packet, layer, take))
                || comment(field, packet, take)
        }) || acknowledges_nothing(packet, layer, take)
            || first_line(packet, layer, take)
            || layer.trouble.is_some_and(|trouble| wrong(trouble, packet, layer, take))
    })
}

/// Whether something in it cannot be read: a length or a value that cannot be true.
pub(super) fn is_malformed(packet: &Packet) -> bool {
    packet
        .layers
        .iter()
        .any(|layer| layer.trouble.is_some_and(|trouble| matches!(kind(trouble, layer), Some(MALFORMED))))
}

/// Whether the capture kept less of it than a dissector wanted.
pub(super) fn is_short(packet: &Packet) -> bool {
    packet.layers.iter().any(|layer| matches!(layer.trouble, Some(Trouble::CutByCapture { .. })))
}

fn told(row: &Row, packet: &Packet, layer: &Layer, take: Taker<'_>) -> bool {
    let mut text = Scratch::default();
    text.extend(row.message.as_bytes());
    if let Some((def, after)) = row.number {
        write_to(&mut text, packet.uint_in(layer, def).unwrap_or(0));
        text.extend(after.as_bytes());
    }
    take(Finding { severity: row.severity, group: row.group, message: text.bytes() })
}

fn comment(field: &Field, packet: &Packet, take: Taker<'_>) -> bool {
    match field.value {
        Value::Text(text) if std::ptr::eq(field.def, &raw const frame::COMMENT) => {
            take(Finding { severity: COMMENT, group: COMMENTS, message: packet.bytes(text) })
        }
        _ => false,
    }
}

/// An acknowledgment number without the flag that makes it count.
fn acknowledges_nothing(packet: &Packet, layer: &Layer, take: Taker<'_>) -> bool {
    let flags = packet.uint_in(layer, &tcp::FLAGS).unwrap_or(u64::from(tcp::flag::ACK));
    let number = packet.uint_in(layer, &tcp::ACK_RAW).unwrap_or(0);
    let message = b"The acknowledgment number field is nonzero while the ACK flag is not set";
    flags & u64::from(tcp::flag::ACK) == 0 && number != 0 && take(Finding { severity: NOTE, group: PROTOCOL, message })
}

/// The first line of a request or an answer of HTTP.
fn first_line(packet: &Packet, layer: &Layer, take: Taker<'_>) -> bool {
    let begins = packet.field_in(layer, &http::REQUEST).or(packet.field_in(layer, &http::RESPONSE)).is_some();
    begins && {
        let mut text = Scratch::default();
        line(packet.bytes(layer.span), &mut text);
        take(Finding { severity: CHAT, group: SEQUENCE, message: text.bytes() })
    }
}

/// Which group a layer's trouble belongs to, if Wireshark reports it at all.
fn kind(trouble: Trouble, layer: &Layer) -> Option<u64> {
    let ip = std::ptr::eq(layer.proto, &raw const ipv4::ABOUT);
    match trouble {
        Trouble::LengthLies { .. } | Trouble::Malformed(_) if ip => Some(PROTOCOL),
        Trouble::LengthLies { .. } | Trouble::Malformed(_) => Some(MALFORMED),
        Trouble::Breaks(_) => Some(PROTOCOL),
        Trouble::CutByCapture { .. } | Trouble::Unshown(_) => None,
    }
}

fn wrong(trouble: Trouble, packet: &Packet, layer: &Layer, take: Taker<'_>) -> bool {
    let Some(group) = kind(trouble, layer) else { return false };
    let mut text = Scratch::default();
    let severity = match trouble {
        Trouble::LengthLies { .. } if group == PROTOCOL => {
            let total = packet.uint_in(layer, &ipv4::LEN).unwrap_or(0);
            // Writing to a scratch cannot fail.
            let _ = write!(
                text,
                "IPv4 total length exceeds packet length ({} bytes)",
                layer.end.saturating_sub(layer.span.start).min(u32::try_from(total).unwrap_or(u32::MAX))
            );
            ERROR
        }
        Trouble::Malformed(Why(why)) if group == PROTOCOL => {
            text.extend(why.as_bytes());
            ERROR
        }
        Trouble::Breaks(Why(why)) => {
            text.extend(why.as_bytes());
            WARNING
        }
        _ => {
            text.extend(b"Malformed Packet (Exception occurred)");
            ERROR
        }
    };
    take(Finding { severity, group, message: text.bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};

    fn packet(bytes: Vec<u8>) -> Packet {
        let mut packet = Packet::new();
        walk(&RawFrame::whole(1, bytes), &mut NoMemory::default(), &mut packet);
        packet
    }

    fn tcp(flags: u8, ack: u32, payload: &[u8]) -> Packet {
        let builder = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let mut header = etherparse::TcpHeader::new(50000, 80, 7, 1024);
        (header.syn, header.rst, header.ack) = (flags & 2 != 0, flags & 4 != 0, flags & 16 != 0);
        header.acknowledgment_number = ack;
        let mut bytes = Vec::new();
        builder.tcp_header(header).write(&mut bytes, payload).unwrap();
        packet(bytes)
    }

    fn messages(packet: &Packet) -> Vec<(u64, u64, String)> {
        let mut list = Vec::new();
        each(packet, &mut |f| {
            list.push((f.severity, f.group, String::from_utf8_lossy(f.message).into_owned()));
            false
        });
        list
    }

    #[test]
    fn a_finding_has_wireshark_s_words_and_its_numbers() {
        let syn = messages(&tcp(2, 0, b""));
        assert_eq!(syn, [(CHAT, SEQUENCE, "Connection establish request (SYN): server port 80".to_owned())]);
        assert_eq!(messages(&tcp(4 | 16, 1, b"")), [(WARNING, SEQUENCE, "Connection reset (RST)".to_owned())]);
        assert_eq!(messages(&tcp(16, 1, b"")), []);
        assert_eq!(messages(&tcp(2, 9, b"")).last().map(|f| (f.0, f.1)), Some((NOTE, PROTOCOL)));
        let get = messages(&tcp(16, 1, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
        assert_eq!(get, [(CHAT, SEQUENCE, "GET / HTTP/1.1\\r\\n".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_malformed_and_what_the_capture_cut_is_short() {
        let ends = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let mut bytes = Vec::new();
        ends.udp(40000, 53).write(&mut bytes, b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x09ab").unwrap();
        let lies = packet(bytes.clone());
        assert!(is_malformed(&lies) && !is_short(&lies));
        assert_eq!(messages(&lies).len(), 1);
        let mut raw = RawFrame::whole(1, bytes);
        raw.bytes.truncate(30);
        let mut cut = Packet::new();
        walk(&raw, &mut NoMemory::default(), &mut cut);
        assert!(is_short(&cut) && !is_malformed(&cut));
    }

    #[test]
    fn every_row_is_of_a_field_that_is_looked_at_for_rows() {
        for row in ROWS {
            let looked_at = matches!(row.of.kind, Kind::Flag | Kind::Frame) || row.value == Some(0);
            assert!(looked_at, "{}", row.of.name);
            let known = !row.of.detail || std::ptr::eq(row.of, &raw const tcp::CONNECTION_RST);
            assert!(!row.is_unusual() || known, "{} is missing where only a line is shown", row.of.name);
        }
    }

    #[test]
    fn severities_and_groups_ascend() {
        for names in [SEVERITIES, GROUPS] {
            assert!(names.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
