//! TCP — RFC 9293. A stream of bytes in each direction, numbered byte by byte.
//!
//! ```text
//!  0       4       8               16                            31
//! | source port                   | destination port              |
//! | sequence number                                               |
//! | acknowledgment number                                         |
//! | offset| rsvd  |C E U A P R S F| window                        |
//! | checksum                      | urgent pointer                |
//! | options …                                                     |
//! ```
//!
//! Relative numbers, the connection's number and the `tcp.analysis` verdicts need earlier packets;
//! they come from [`Memory::segment`](super::Memory::segment). The verdicts are Wireshark's.

mod flags;
mod mptcp;
mod options;

use super::Joined;
use super::checksum;
use super::memory::{Segment, TcpFacts};
use super::prelude::*;
use crate::model::short::Short;
use crate::model::{Seq, clamp};

/// TCP.
pub static ABOUT: Identity = Identity {
    name: "tcp",
    title: "Transmission Control Protocol",
    osi: Osi::Transport,
    spec: "RFC 9293",
    fields: FIELDS,
    summary: Some(summary),
};

/// The flag bits of [`Segment::flags`] (RFC 9293 §3.1, RFC 3168 §6.1).
#[expect(missing_docs, reason = "the names are the RFC's")]
pub mod flag {
    pub const FIN: u16 = 0x001;
    pub const SYN: u16 = 0x002;
    pub const RST: u16 = 0x004;
    pub const PSH: u16 = 0x008;
    pub const ACK: u16 = 0x010;
    pub const URG: u16 = 0x020;
    pub const ECE: u16 = 0x040;
    pub const CWR: u16 = 0x080;
    pub const AE: u16 = 0x100;
}

/// What the packets of a connection have shown of it.
#[expect(missing_docs, reason = "the names are the flags'")]
pub mod complete {
    use super::flag;

    pub const SYN: u8 = 0x01;
    pub const SYN_ACK: u8 = 0x02;
    pub const ACK: u8 = 0x04;
    pub const DATA: u8 = 0x08;
    pub const FIN: u8 = 0x10;
    pub const RST: u8 = 0x20;

    /// The same with one more segment. As in Wireshark, the first one counts only where it asks for a connection, and
    /// one that asks counts only where it is the first.
    pub fn with(before: Option<u8>, flags: u16, len: u32) -> u8 {
        let is = |mask: u16, set: u16| flags & mask == set;
        let asks = is(flag::SYN | flag::ACK, flag::SYN);
        let Some(before) = before else {
            return if asks { SYN | if len > 0 { DATA } else { 0 } } else { 0 };
        };
        let acknowledges = is(flag::SYN | flag::ACK, flag::ACK);
        let rows = [
            (is(flag::SYN | flag::ACK, flag::SYN | flag::ACK), SYN_ACK),
            (acknowledges && len > 0, DATA),
            (acknowledges && len == 0, ACK),
            (is(flag::FIN | flag::ACK, flag::FIN | flag::ACK), FIN),
            (is(flag::RST, flag::RST), RST),
        ];
        rows.iter().filter(|row| row.0).fold(before, |all, row| all | row.1)
    }
}

/// What a factor below 0 means, by its bits.
const SCALES: &[(u64, &str)] =
    &[(u64::MAX - 1, "no window scaling used"), (u64::MAX, "unknown: the handshake wasn't captured")];

fields! {
    SRCPORT   = u16_at(0, "tcp.srcport", "Source port", "Which program on the sender spoke.");
    DSTPORT   = u16_at(2, "tcp.dstport", "Destination port", "Which program should listen.");
    STREAM    = derived(Kind::Uint(32), "tcp.stream", "Stream index", "Which TCP connection of this capture, counted from 0.").detail();
    COMPLETENESS = derived(Kind::Uint(8), "tcp.completeness", "Seen before", "What of the connection came before: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32.").hidden().detail();
    LEN       = derived(Kind::Uint(32), "tcp.len", "Segment length", "Bytes of data in this segment, header not counted.");
    SEQ       = dynamic(Kind::Uint(32), "tcp.seq", "Sequence number", "Number of the first data byte, counted from this connection's start.");
    SEQ_RAW   = u32_at(4, "tcp.seq_raw", "Sequence number (raw)", "The same number as the wire carries it.").detail();
    NXTSEQ    = derived(Kind::Uint(32), "tcp.nxtseq", "Next sequence number", "What the sender's next new segment will start with.").detail();
    ACK       = dynamic(Kind::Uint(32), "tcp.ack", "Acknowledgment number", "The next byte that the sender expects from the other side.");
    ACK_RAW   = u32_at(8, "tcp.ack_raw", "Acknowledgment number (raw)", "The same number as the wire carries it.").detail();
    HDR_LEN   = u8_at(12, "tcp.hdr_len", "Header length", "Bytes of this header; the wire counts words of 4.").bits(0xf0).scaled(4).detail();
    FLAGS     = u16_at(12, "tcp.flags", "Flags", "Twelve bits that say what the segment is for.").bits(0x0fff).hex();
    FLAGS_RES = u16_at(12, "tcp.flags.res", "Reserved", "Three bits that must be zero.").bits(0x0e00).typed(Kind::Bool).detail();
    FLAGS_AE  = bit_at(12, 2, 0x0100, "tcp.flags.ae", "Accurate ECN", "Counts congestion marks more exactly.").detail();
    FLAGS_CWR = bit_at(13, 1, 0x80, "tcp.flags.cwr", "Congestion window reduced", "The sender has slowed down, as it was asked to.").detail();
    FLAGS_ECE = bit_at(13, 1, 0x40, "tcp.flags.ece", "ECN echo", "The receiver reports that a router marked congestion.").detail();
    FLAGS_ACE = dynamic(Kind::Uint(8), "tcp.flags.ace", "ACE counter", "Packets that arrived with a congestion mark, modulo 8.").detail();
    FLAGS_URG = bit_at(13, 1, 0x20, "tcp.flags.urg", "Urgent", "The urgent pointer counts.").detail();
    FLAGS_ACK = bit_at(13, 1, 0x10, "tcp.flags.ack", "Acknowledgment", "The acknowledgment number counts.").detail();
    FLAGS_PUSH = bit_at(13, 1, 0x08, "tcp.flags.push", "Push", "Hand the data to the program now.").detail();
    FLAGS_RESET = bit_at(13, 1, 0x04, "tcp.flags.reset", "Reset", "The connection is refused or broken off.").detail();
    FLAGS_SYN = bit_at(13, 1, 0x02, "tcp.flags.syn", "Synchronise", "Opens one direction and says where its numbers start.").detail();
    FLAGS_FIN = bit_at(13, 1, 0x01, "tcp.flags.fin", "Finish", "The sender has no more data to send.").detail();
    FLAGS_STR = derived(Kind::Text, "tcp.flags.str", "Flags in letters", "The twelve flags, each as its letter where it is set.").hidden();
    CONNECTION_SYN = derived(Kind::Flag, "tcp.connection.syn", "Connection request", "A SYN asks for a connection.").hidden();
    CONNECTION_SYNACK = derived(Kind::Flag, "tcp.connection.synack", "Connection accepted", "A SYN with ACK accepts a connection.").hidden();
    CONNECTION_FIN = derived(Kind::Flag, "tcp.connection.fin", "Connection finish", "A FIN ends one direction.").hidden();
    CONNECTION_FIN_ACTIVE = derived(Kind::Flag, "tcp.connection.fin_active", "Begins to close", "A FIN of the end that closes first.").hidden();
    CONNECTION_FIN_PASSIVE = derived(Kind::Flag, "tcp.connection.fin_passive", "Closes, too", "A FIN of the end that closes second.").hidden();
    CONNECTION_RST = derived(Kind::Flag, "tcp.connection.rst", "Connection reset", "A RST breaks the connection off.").hidden();
    WINDOW_SIZE_VALUE = u16_at(14, "tcp.window_size_value", "Window", "How much the sender can take in, as the wire carries it.").detail();
    WINDOW_SIZE = derived(Kind::Uint(32), "tcp.window_size", "Calculated window", "How many bytes the sender can take in.");
    WINDOW_SCALE = derived(Kind::Int(32), "tcp.window_size_scalefactor", "Window scaling factor", "What the window is multiplied with; -1 unknown, -2 not in use.").names(SCALES).detail();
    CHECKSUM  = u16_at(16, "tcp.checksum", "Checksum", "Detects damage on the way.").hex().detail();
    CHECKSUM_STATUS = derived(Kind::Uint(8), "tcp.checksum.status", "Checksum status", "What a recomputation of the checksum says.").names(checksum::STATUS).detail();
    URGENT_POINTER = u16_at(18, "tcp.urgent_pointer", "Urgent pointer", "Where urgent data ends, if the urgent flag is set.").detail();
    OPTIONS   = dynamic(Kind::Bytes, "tcp.options", "Options", "The optional part of the header, as it is on the wire.").hidden();
    OPTION_KIND = dynamic(Kind::Uint(8), "tcp.option_kind", "Option", "What an optional part of the header says.").names(options::KINDS).detail();
    OPTION_LEN  = dynamic(Kind::Uint(8), "tcp.option_len", "Option length", "Bytes of this option, kind and length included.").detail();
    HAS_EOL = dynamic(Kind::Flag, "tcp.options.eol", "End of options", "An option of this kind is here.").hidden();
    HAS_NOP = dynamic(Kind::Flag, "tcp.options.nop", "No operation", "An option of this kind is here.").hidden();
    HAS_MSS = dynamic(Kind::Flag, "tcp.options.mss", "Maximum segment size", "An option of this kind is here.").hidden();
    HAS_WSCALE = dynamic(Kind::Flag, "tcp.options.wscale", "Window scale", "An option of this kind is here.").hidden();
    HAS_SACK = dynamic(Kind::Flag, "tcp.options.sack", "Selective acknowledgment", "An option of this kind is here.").hidden();
    HAS_ECHO = dynamic(Kind::Flag, "tcp.options.echo", "Echo", "An option of this kind is here.").hidden();
    HAS_ECHOREPLY = dynamic(Kind::Flag, "tcp.options.echoreply", "Echo reply", "An option of this kind is here.").hidden();
    HAS_TIMESTAMP = dynamic(Kind::Flag, "tcp.options.timestamp", "Timestamps", "An option of this kind is here.").hidden();
    HAS_CC = dynamic(Kind::Flag, "tcp.options.cc", "Connection count", "An option of this kind is here.").hidden();
    HAS_CCNEW = dynamic(Kind::Flag, "tcp.options.ccnew", "New connection count", "An option of this kind is here.").hidden();
    HAS_CCECHO = dynamic(Kind::Flag, "tcp.options.ccecho", "Echoed connection count", "An option of this kind is here.").hidden();
    HAS_MD5 = dynamic(Kind::Flag, "tcp.options.md5", "MD5 signature", "An option of this kind is here.").hidden();
    HAS_SCPS = dynamic(Kind::Flag, "tcp.options.scps", "SCPS capabilities", "An option of this kind is here.").hidden();
    HAS_SNACK = dynamic(Kind::Flag, "tcp.options.snack", "Selective negative acknowledgment", "An option of this kind is here.").hidden();
    HAS_SCPSREC = dynamic(Kind::Flag, "tcp.options.scpsrec", "SCPS record boundary", "An option of this kind is here.").hidden();
    HAS_SCPSCOR = dynamic(Kind::Flag, "tcp.options.scpscor", "SCPS corruption", "An option of this kind is here.").hidden();
    HAS_QS = dynamic(Kind::Flag, "tcp.options.qs", "Quick start", "An option of this kind is here.").hidden();
    HAS_USER_TO = dynamic(Kind::Flag, "tcp.options.user_to", "User timeout", "An option of this kind is here.").hidden();
    HAS_AO = dynamic(Kind::Flag, "tcp.options.ao", "Authentication", "An option of this kind is here.").hidden();
    HAS_TFO = dynamic(Kind::Flag, "tcp.options.tfo", "Fast open", "An option of this kind is here.").hidden();
    HAS_RVBD_PROBE = dynamic(Kind::Flag, "tcp.options.rvbd.probe", "Riverbed probe", "An option of this kind is here.").hidden();
    HAS_RVBD_TRPY = dynamic(Kind::Flag, "tcp.options.rvbd.trpy", "Riverbed transparency", "An option of this kind is here.").hidden();
    HAS_ACC_ECN = dynamic(Kind::Flag, "tcp.options.acc_ecn", "Accurate ECN", "An option of this kind is here.").hidden();
    HAS_EXPERIMENTAL = dynamic(Kind::Flag, "tcp.options.experimental", "Experiment", "An option of this kind is here.").hidden();
    HAS_UNKNOWN = dynamic(Kind::Flag, "tcp.options.unknown", "Unknown option", "An option of this kind is here.").hidden();
    MSS_VAL   = dynamic(Kind::Uint(16), "tcp.options.mss_val", "Maximum segment size", "The most data bytes that the sender will take in one segment.");
    WSCALE_SHIFT = dynamic(Kind::Uint(8), "tcp.options.wscale.shift", "Window shift", "How many bits the sender's windows are shifted.").detail();
    WSCALE_MULTIPLIER = dynamic(Kind::Uint(16), "tcp.options.wscale.multiplier", "Window multiplier", "What the sender's windows are multiplied with.");
    SACK_PERM = dynamic(Kind::Flag, "tcp.options.sack_perm", "SACK permitted", "The sender understands selective acknowledgments.");
    SACK_LE   = dynamic(Kind::Uint(32), "tcp.options.sack_le", "SACK left edge", "First byte of a block that has arrived out of order.");
    SACK_RE   = dynamic(Kind::Uint(32), "tcp.options.sack_re", "SACK right edge", "One past the last byte of that block.");
    TSVAL     = dynamic(Kind::Uint(32), "tcp.options.timestamp.tsval", "Timestamp value", "The sender's clock when it sent this.").detail();
    TSECR     = dynamic(Kind::Uint(32), "tcp.options.timestamp.tsecr", "Timestamp echo reply", "The last clock value that came from the other side.").detail();
    MPTCP_SUBTYPE = dynamic(Kind::Uint(8), "tcp.options.mptcp.subtype", "Multipath TCP", "What this option of Multipath TCP does.").bits(0xf0).names(mptcp::SUBTYPES);
    MPTCP_VERSION = dynamic(Kind::Uint(8), "tcp.options.mptcp.version", "Version", "Which version of Multipath TCP the sender speaks: 1 is RFC 8684.").bits(0x0f).detail();
    MPTCP_FLAGS = dynamic(Kind::Uint(8), "tcp.options.mptcp.flags", "Flags", "The option's flags, as the wire carries them.").hex().detail();
    MPTCP_CHECKSUM_REQUIRED = dynamic(Kind::Uint(8), "tcp.options.mptcp.checksumreq.flags", "Checksum required", "Each piece of data carries its own checksum.").bits(0x80).names(mptcp::SET).detail();
    MPTCP_EXTENSIBILITY = dynamic(Kind::Uint(8), "tcp.options.mptcp.extensibility.flag", "Extensibility", "Kept for later versions; now always 0.").bits(0x40).names(mptcp::SET).detail();
    MPTCP_NO_MORE = dynamic(Kind::Uint(8), "tcp.options.mptcp.nomoresubflows.flag", "No more paths here", "Open no further path to this address and port.").bits(0x20).names(mptcp::SET).detail();
    MPTCP_SHA1 = dynamic(Kind::Uint(8), "tcp.options.mptcp.sha1.flag", "HMAC-SHA1", "How both sides prove that they know the keys (version 0).").bits(0x01).names(mptcp::SET).detail();
    MPTCP_SHA256 = dynamic(Kind::Uint(8), "tcp.options.mptcp.sha256.flag", "HMAC-SHA256", "How both sides prove that they know the keys.").bits(0x01).names(mptcp::SET).detail();
    MPTCP_RESERVED_FLAGS = dynamic(Kind::Uint(8), "tcp.options.mptcp.reserved.flag", "Reserved flags", "Bits that nobody uses yet.").hex().bits(0x3e).detail();
    MPTCP_BACKUP = dynamic(Kind::Uint(8), "tcp.options.mptcp.backup.flag", "Backup path", "Use this path only when the others fail.").bits(0x01).names(mptcp::SET).detail();
    MPTCP_DATA_FIN = dynamic(Kind::Uint(8), "tcp.options.mptcp.datafin.flag", "Data FIN", "The sender has no more data, on any path.").bits(0x10).names(mptcp::SET).detail();
    MPTCP_DSN8 = dynamic(Kind::Uint(8), "tcp.options.mptcp.dseqn8.flag", "Long data number", "Whether it takes all 8 bytes or only the last 4.").bits(0x08).names(mptcp::SET).detail();
    MPTCP_DSN_PRESENT = dynamic(Kind::Uint(8), "tcp.options.mptcp.dseqnpresent.flag", "Mapping present", "The option says where this segment's data belongs.").bits(0x04).names(mptcp::SET).detail();
    MPTCP_ACK8 = dynamic(Kind::Uint(8), "tcp.options.mptcp.dataack8.flag", "Long data ACK", "Whether it takes all 8 bytes or only the last 4.").bits(0x02).names(mptcp::SET).detail();
    MPTCP_ACK_PRESENT = dynamic(Kind::Uint(8), "tcp.options.mptcp.dataackpresent.flag", "Data ACK present", "Data of all paths is acknowledged.").bits(0x01).names(mptcp::SET).detail();
    MPTCP_U = dynamic(Kind::Bool, "tcp.options.mptcp.flag_U.flag", "Flag U", "Not used yet.").bits(0x08).detail();
    MPTCP_V = dynamic(Kind::Bool, "tcp.options.mptcp.flag_V.flag", "Flag V", "Not used yet.").bits(0x04).detail();
    MPTCP_W = dynamic(Kind::Bool, "tcp.options.mptcp.flag_W.flag", "Flag W", "Not used yet.").bits(0x02).detail();
    MPTCP_T = dynamic(Kind::Bool, "tcp.options.mptcp.flag_T.flag", "Transient", "What caused the reset may pass: a new path may be tried later.").bits(0x01).detail();
    MPTCP_REASON = dynamic(Kind::Uint(8), "tcp.options.mptcp.rst_reason", "Reason", "Why this path is broken off.").names(mptcp::REASONS);
    MPTCP_RESERVED = dynamic(Kind::Uint(16), "tcp.options.mptcp.reserved", "Reserved", "Bits that nobody uses yet.").hex().bits(0x0fff).detail();
    MPTCP_ADDRESS_ID = dynamic(Kind::Uint(8), "tcp.options.mptcp.addrid", "Address ID", "The number by which both sides call an address.");
    MPTCP_SENDER_KEY = dynamic(Kind::Uint(64), "tcp.options.mptcp.sendkey", "Sender's key", "The sender's secret for proving later paths; it is sent once, here.");
    MPTCP_RECEIVER_KEY = dynamic(Kind::Uint(64), "tcp.options.mptcp.recvkey", "Receiver's key", "The other side's key, sent back to it.");
    MPTCP_TOKEN = dynamic(Kind::Uint(32), "tcp.options.mptcp.recvtok", "Receiver's token", "Names the connection that this new path joins.");
    MPTCP_NONCE = dynamic(Kind::Uint(32), "tcp.options.mptcp.sendrand", "Sender's random number", "Makes the proof for this path unlike any other.").detail();
    MPTCP_SHORT_HMAC = dynamic(Kind::Uint(64), "tcp.options.mptcp.sendtrunchmac", "Sender's HMAC, first half", "Proves that the sender knows both keys.").detail();
    MPTCP_HMAC = dynamic(Kind::Bytes, "tcp.options.mptcp.sendhmac", "Sender's HMAC", "Proves that the sender knows both keys.").detail();
    MPTCP_ADDRESS_HMAC = dynamic(Kind::Uint(64), "tcp.options.mptcp.addaddrtrunchmac", "HMAC of the address", "Proves that the address comes from somebody who knows both keys.").detail();
    MPTCP_DATA_ACK = dynamic(Kind::Uint(64), "tcp.options.mptcp.rawdataack", "Data ACK", "The next byte expected of the whole connection, over all paths.");
    MPTCP_DATA_SEQ = dynamic(Kind::Uint(64), "tcp.options.mptcp.rawdataseqno", "Data sequence number", "Where this data belongs in the whole connection, over all paths.");
    MPTCP_SUBFLOW_SEQ = dynamic(Kind::Uint(32), "tcp.options.mptcp.subflowseqno", "Subflow sequence number", "Where the same data starts on this path, relative to its SYN.").detail();
    MPTCP_LENGTH = dynamic(Kind::Uint(16), "tcp.options.mptcp.datalvllen", "Data length", "How many bytes this mapping covers.");
    MPTCP_CHECKSUM = dynamic(Kind::Uint(16), "tcp.options.mptcp.checksum", "Data checksum", "Detects that something on the way changed the data.").hex().detail();
    MPTCP_IP_VERSION = dynamic(Kind::Uint(8), "tcp.options.mptcp.ipver", "IP version", "Whether the address is IPv4 or IPv6 (version 0 of Multipath TCP).").bits(0x0f).detail();
    MPTCP_ECHO = dynamic(Kind::Uint(8), "tcp.options.mptcp.echo", "Echo", "1: the address has arrived; the receiver says so by sending it back.").bits(0x01).detail();
    MPTCP_IPV4 = dynamic(Kind::Ipv4, "tcp.options.mptcp.ipv4", "Address", "Another address at which the sender can be reached.");
    MPTCP_IPV6 = dynamic(Kind::Ipv6, "tcp.options.mptcp.ipv6", "Address", "Another address at which the sender can be reached.");
    MPTCP_PORT = dynamic(Kind::Uint(16), "tcp.options.mptcp.port", "Port", "The port to use with that address.");
    MPTCP_REMOVED = dynamic(Kind::Uint(8), "mptcp.rm_addr.count", "Removed addresses", "How many addresses can no longer be used.").detail();
    TIME_RELATIVE = derived(Kind::Duration, "tcp.time_relative", "Since first frame", "Seconds since this connection's first frame.").detail();
    TIME_DELTA = derived(Kind::Duration, "tcp.time_delta", "Since previous frame", "Seconds since this connection's previous frame.").detail();
    ANALYSIS  = derived(Kind::Flag, "tcp.analysis", "Analysis", "Earlier segments tell something about this one.").detail().hidden();
    ANALYSIS_FLAGS = derived(Kind::Flag, "tcp.analysis.flags", "Analysis flags", "At least one verdict of the analysis holds.").detail().hidden();
    ACKS_FRAME = derived(Kind::Frame, "tcp.analysis.acks_frame", "Acknowledges frame", "The frame whose segment this acknowledges.").detail();
    ACK_RTT   = derived(Kind::Duration, "tcp.analysis.ack_rtt", "Time to acknowledge", "Seconds from that segment to this acknowledgment.").detail();
    INITIAL_RTT = derived(Kind::Duration, "tcp.analysis.initial_rtt", "Initial round trip", "Seconds that the three-way handshake took.").detail();
    BYTES_IN_FLIGHT = derived(Kind::Uint(32), "tcp.analysis.bytes_in_flight", "Bytes in flight", "Data sent this way and not yet acknowledged.").detail();
    PUSH_BYTES = derived(Kind::Uint(32), "tcp.analysis.push_bytes_sent", "Bytes since the last PSH", "Data sent this way since the last segment with PSH set.").detail();
    RTO       = derived(Kind::Duration, "tcp.analysis.rto", "Retransmission timeout", "Seconds since the frame that the timer is counted from.").detail();
    RTO_FRAME = derived(Kind::Frame, "tcp.analysis.rto_frame", "Timed from frame", "The frame of the oldest data without an ACK: the timer is counted from it.").detail();
    DUPLICATE_ACK_NUM = derived(Kind::Uint(32), "tcp.analysis.duplicate_ack_num", "Duplicate ACK number", "How many times in a row this ACK has been repeated.").detail();
    DUPLICATE_ACK_FRAME = derived(Kind::Frame, "tcp.analysis.duplicate_ack_frame", "Duplicate of frame", "The frame with the first of these equal ACKs.").detail();
    RETRANSMISSION = derived(Kind::Flag, "tcp.analysis.retransmission", "Retransmission", "This data seems to have been sent before.");
    FAST_RETRANSMISSION = derived(Kind::Flag, "tcp.analysis.fast_retransmission", "Fast retransmission", "Sent again at once, because duplicate ACKs asked for it.");
    SPURIOUS_RETRANSMISSION = derived(Kind::Flag, "tcp.analysis.spurious_retransmission", "Spurious retransmission", "Sent again although it had already been acknowledged.");
    OUT_OF_ORDER = derived(Kind::Flag, "tcp.analysis.out_of_order", "Out of order", "A later segment overtook this one.");
    LOST_SEGMENT = derived(Kind::Flag, "tcp.analysis.lost_segment", "Previous segment not captured", "Bytes before this segment were not seen.");
    ACK_LOST_SEGMENT = derived(Kind::Flag, "tcp.analysis.ack_lost_segment", "ACKed unseen segment", "It acknowledges data that this capture never saw.");
    DUPLICATE_ACK = derived(Kind::Flag, "tcp.analysis.duplicate_ack", "Duplicate ACK", "It repeats the last ACK: often something is missing in between.");
    ZERO_WINDOW = derived(Kind::Flag, "tcp.analysis.zero_window", "Zero window", "The sender cannot take in a single byte now.");
    ZERO_WINDOW_PROBE = derived(Kind::Flag, "tcp.analysis.zero_window_probe", "Zero window probe", "One byte, to learn whether the window has opened.");
    ZERO_WINDOW_PROBE_ACK = derived(Kind::Flag, "tcp.analysis.zero_window_probe_ack", "Zero window probe ACK", "The answer to such a probe.");
    WINDOW_UPDATE = derived(Kind::Flag, "tcp.analysis.window_update", "Window update", "It says nothing new but a larger window.");
    WINDOW_FULL = derived(Kind::Flag, "tcp.analysis.window_full", "Window full", "With it, the receiver's window is used up.");
    KEEP_ALIVE = derived(Kind::Flag, "tcp.analysis.keep_alive", "Keep-alive", "Asks whether the other side is still there.");
    KEEP_ALIVE_ACK = derived(Kind::Flag, "tcp.analysis.keep_alive_ack", "Keep-alive ACK", "The answer: it is.");
    RESET_CAUSE = dynamic(Kind::Text, "tcp.reset_cause", "Reset cause", "Why the connection is broken off, where the sender says it.");
    REUSED_PORTS = derived(Kind::Flag, "tcp.analysis.reused_ports", "Port numbers reused", "A new connection on the ports of an earlier one.");
}

/// The verdicts of `tcp.analysis`, as bits of [`TcpFacts::verdicts`].
#[expect(missing_docs, reason = "each is the field of that name")]
pub mod verdict {
    pub const RETRANSMISSION: u32 = 1;
    pub const LOST_SEGMENT: u32 = 1 << 1;
    pub const ACK_LOST_SEGMENT: u32 = 1 << 2;
    pub const KEEP_ALIVE: u32 = 1 << 3;
    pub const DUPLICATE_ACK: u32 = 1 << 4;
    pub const ZERO_WINDOW: u32 = 1 << 5;
    pub const ZERO_WINDOW_PROBE: u32 = 1 << 6;
    pub const ZERO_WINDOW_PROBE_ACK: u32 = 1 << 7;
    pub const KEEP_ALIVE_ACK: u32 = 1 << 8;
    pub const OUT_OF_ORDER: u32 = 1 << 9;
    pub const FAST_RETRANSMISSION: u32 = 1 << 10;
    pub const WINDOW_UPDATE: u32 = 1 << 11;
    pub const WINDOW_FULL: u32 = 1 << 12;
    pub const REUSED_PORTS: u32 = 1 << 13;
    pub const SPURIOUS_RETRANSMISSION: u32 = 1 << 14;
}

const VERDICTS: &[(u32, &FieldDef)] = &[
    (verdict::REUSED_PORTS, &REUSED_PORTS),
    (verdict::LOST_SEGMENT, &LOST_SEGMENT),
    (verdict::ACK_LOST_SEGMENT, &ACK_LOST_SEGMENT),
    (verdict::RETRANSMISSION, &RETRANSMISSION),
    (verdict::FAST_RETRANSMISSION, &FAST_RETRANSMISSION),
    (verdict::SPURIOUS_RETRANSMISSION, &SPURIOUS_RETRANSMISSION),
    (verdict::OUT_OF_ORDER, &OUT_OF_ORDER),
    (verdict::DUPLICATE_ACK, &DUPLICATE_ACK),
    (verdict::ZERO_WINDOW, &ZERO_WINDOW),
    (verdict::ZERO_WINDOW_PROBE, &ZERO_WINDOW_PROBE),
    (verdict::ZERO_WINDOW_PROBE_ACK, &ZERO_WINDOW_PROBE_ACK),
    (verdict::WINDOW_UPDATE, &WINDOW_UPDATE),
    (verdict::WINDOW_FULL, &WINDOW_FULL),
    (verdict::KEEP_ALIVE, &KEEP_ALIVE),
    (verdict::KEEP_ALIVE_ACK, &KEEP_ALIVE_ACK),
];

/// Whether a field is one of the verdicts.
pub fn is_verdict(def: &FieldDef) -> bool {
    VERDICTS.iter().any(|(_, verdict)| std::ptr::eq(*verdict, def))
}

/// The layer that says which segments made a message.
pub static JOINED: Joined =
    Joined { about: &SEGMENTS, frame: &SEGMENT, count: &SEGMENT_COUNT, length: &REASSEMBLED_LENGTH };

static SEGMENTS: Identity = Identity {
    name: "tcp.segments",
    title: "Reassembled TCP segments",
    osi: Osi::Transport,
    spec: "RFC 9293 §3.10.7.4",
    fields: JOINED_FIELDS,
    summary: None,
};
/// A frame that gave a segment.
pub static SEGMENT: FieldDef =
    derived(Kind::Frame, "tcp.segment", "Segment", "A frame that carried a piece of this message.");
/// How many segments.
pub static SEGMENT_COUNT: FieldDef =
    derived(Kind::Uint(32), "tcp.segment.count", "Segments", "How many segments the message came in.");
/// Bytes in all.
pub static REASSEMBLED_LENGTH: FieldDef = derived(
    Kind::Uint(32),
    "tcp.reassembled.length",
    "Reassembled length",
    "Bytes of the message that this segment completes.",
);
static JOINED_FIELDS: &[&FieldDef] = &[&SEGMENT, &SEGMENT_COUNT, &REASSEMBLED_LENGTH];

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(6)], over: Over::Packet, dissect };

/// Bytes of the header that the connection's memory needs.
const UP_TO_WINDOW: usize = 16;

impl Segment {
    /// The number of its first byte of data: a SYN uses up one number before it (RFC 9293 §3.4).
    pub fn first(&self) -> Seq {
        self.seq + u32::from(self.flags & flag::SYN != 0)
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    if c.len() < UP_TO_WINDOW && !c.context.quoted {
        // What there is of a cut header still counts.
        let _ = c.fixed(FIELDS);
        return Err(c.missing(20));
    }
    let src = c.u16(0)?;
    c.push(&SRCPORT, 0, 2, Value::Uint(u64::from(src)));
    let dst = c.u16(2)?;
    c.push(&DSTPORT, 2, 2, Value::Uint(u64::from(dst)));
    (c.context.ends.src_port, c.context.ends.dst_port) = (src, dst);
    if c.context.quoted && c.len() < UP_TO_WINDOW {
        // RFC 792 quotes eight bytes of it: the ports and the sequence number.
        if c.context.ends.src.is_v4() {
            c.read(&SEQ, 4, 4)?;
        }
        return Ok(Next::end(c.len()));
    }
    let &[_, _, _, _, s0, s1, s2, s3, a0, a1, a2, a3, f0, f1, w0, w1] = c.head::<UP_TO_WINDOW>()?;
    let header = usize::from(f0 >> 4) * 4;
    let mut segment = Segment {
        seq: Seq(u32::from_be_bytes([s0, s1, s2, s3])),
        ack: Seq(u32::from_be_bytes([a0, a1, a2, a3])),
        flags: u16::from_be_bytes([f0, f1]) & 0x0fff,
        window: u16::from_be_bytes([w0, w1]),
        len: clamp(c.promised().saturating_sub(header)),
        checksum: c.u16(16).unwrap_or(0),
        ip_id: c.context.ip_id,
        ..Segment::default()
    };
    // Of a quotation, and of a segment too short for its own header, nobody knows how long the data was.
    let whole = !c.context.quoted && c.promised() >= header;
    if header < 20 {
        // Enough to say whose it is; where the data begins is anybody's guess.
        let facts = if whole { c.segment(&segment) } else { c.glimpse() };
        numbered(c, facts.as_ref(), &segment, whole)?;
        c.put(&HDR_LEN)?;
        return Err(c.malformed("the data offset is shorter than the TCP header"));
    }
    let bytes = c.rest(20).get(..header.saturating_sub(20)).unwrap_or(&[]);
    let plain = options::note(bytes, &mut segment);
    segment.multipath = !plain && options::carries(bytes, 30);
    let facts = if whole { c.segment(&segment) } else { c.glimpse() };
    rest_of_header(c, facts.as_ref(), &segment, whole)?;
    c.slice(0, header)?;
    if !plain || c.wants_any(&options::PLAIN) {
        options::dissect(c, header, facts.as_ref())?;
    }
    if let Some(facts) = &facts {
        analysis(c, facts);
    }
    if segment.flags & flag::RST != 0 && !c.context.quoted {
        // RFC 9293 §3.5.3: a reset may tell its reason in words; they belong to no stream.
        if c.len() > header {
            c.read(&RESET_CAUSE, header, c.len() - header)?;
        }
        return Ok(Next::end(c.len()));
    }
    c.carry(segment);
    Ok(Next::stream(header, &JOINED))
}

/// The flags one by one.
static FLAG_BITS: Group = Group::of(&[
    &FLAGS_RES,
    &FLAGS_AE,
    &FLAGS_CWR,
    &FLAGS_ECE,
    &FLAGS_URG,
    &FLAGS_ACK,
    &FLAGS_PUSH,
    &FLAGS_RESET,
    &FLAGS_SYN,
    &FLAGS_FIN,
]);

/// Connection, length and sequence number, which is given.
#[inline]
fn numbered(c: &mut Cursor<'_>, facts: Option<&TcpFacts>, segment: &Segment, whole: bool) -> Result<Seq, Trouble> {
    if let Some(f) = facts {
        c.derive(&STREAM, Value::Uint(u64::from(f.conversation.number)));
        c.derive(&COMPLETENESS, Value::Uint(u64::from(f.completeness)));
    }
    if whole {
        c.derive(&LEN, Value::Uint(u64::from(segment.len)));
    }
    let seq = Seq(segment.seq - facts.map_or(Seq(0), |f| f.seq_base));
    c.push(&SEQ, 4, 4, Value::Uint(u64::from(seq.0)));
    // Of what ICMP over IPv4 quotes, the number is shown once: nothing makes it relative.
    let given_once = c.context.quoted && c.context.ends.src.is_v4();
    if !given_once {
        c.put(&SEQ_RAW)?;
    }
    Ok(seq)
}

fn rest_of_header(c: &mut Cursor<'_>, facts: Option<&TcpFacts>, segment: &Segment, whole: bool) -> Result<(), Trouble> {
    let seq = numbered(c, facts, segment, whole)?;
    // SYN and FIN each use up one number (RFC 9293 §3.4).
    let one = u32::from(segment.flags & (flag::SYN | flag::FIN) != 0);
    let next = seq + segment.len + one;
    if whole {
        c.derive(&NXTSEQ, Value::Uint(u64::from(next.0)));
    }
    // An acknowledgment number without the flag counts for nothing; Wireshark shows it as sent.
    let ack =
        if segment.flags & flag::ACK != 0 { segment.ack - facts.map_or(Seq(0), |f| f.ack_base) } else { segment.ack.0 };
    c.push(&ACK, 8, 4, Value::Uint(u64::from(ack)));
    c.put(&ACK_RAW)?;
    flags::dissect(c, segment, facts)?;
    let shift = facts.map_or(-1, |f| f.window_shift);
    // A SYN's own window is never scaled (RFC 7323 §2.2).
    let scaled = segment.flags & flag::SYN == 0;
    let factor = 1u32 << shift.clamp(0, 14);
    let multiplier = if scaled && shift >= 0 && whole { factor } else { 1 };
    c.derive(&WINDOW_SIZE, Value::Uint(u64::from(segment.window) * u64::from(multiplier)));
    if scaled && (facts.is_some() || c.context.quoted) {
        c.derive(&WINDOW_SCALE, Value::Int(if shift >= 0 { i64::from(factor) } else { i64::from(shift) }));
    }
    c.put(&CHECKSUM)?;
    c.compute(&CHECKSUM_STATUS, |c| Value::Uint(checksum::transport(c, 6) as u64));
    c.put(&URGENT_POINTER)?;
    Ok(())
}

/// `40000 → 80 [Retransmission] [SYN] Seq=0 Win=64240 Len=0 MSS=1460`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    tell(packet, layer, true, out);
}

/// Appends what a segment says, without its ports: `[SYN] Seq=0 Win=64240 Len=0 MSS=1460`.
pub fn gist(packet: &Packet, layer: &Layer, out: &mut String) {
    tell(packet, layer, false, out);
}

fn tell(packet: &Packet, layer: &Layer, ports: bool, out: &mut String) {
    // One walk along the fields, in the order in which they were written; a cut header lacks some.
    let mut rest = packet.fields_of(layer);
    let mut of = |def: &FieldDef| {
        let at = rest.iter().position(|f| std::ptr::eq(f.def, def))?;
        let (found, after) = rest.get(at..)?.split_first()?;
        rest = after;
        found.value.uint()
    };
    let mut short = Short::new();
    let (from, to) = (of(&SRCPORT), of(&DSTPORT));
    if ports {
        short.number(from.unwrap_or(0));
        short.put(b" \xe2\x86\x92 ");
        short.number(to.unwrap_or(0));
        short.put(b" ");
    }
    let (len, seq, ack, flags, window) = (of(&LEN), of(&SEQ), of(&ACK), of(&FLAGS), of(&WINDOW_SIZE));
    for verdict in rest.iter().filter(|f| f.def.kind == Kind::Flag && f.span.len == 0 && !f.def.hidden) {
        short.move_to(out);
        out.push('[');
        out.push_str(verdict.def.label);
        out.push_str("] ");
    }
    if let Some(flags) = flags {
        show_flags(flags, &mut short);
    }
    let acknowledges = flags.is_some_and(|flags| flags & u64::from(flag::ACK) != 0);
    let mut say = |before: &[u8; 5], n: Option<u64>| {
        if let Some(n) = n {
            short.put(before);
            short.number(n);
        }
    };
    say(b" Seq=", seq);
    say(b" Ack=", ack.filter(|_| acknowledges));
    say(b" Win=", window);
    say(b" Len=", len);
    short.append_to(out);
    for field in rest.iter().filter(|f| f.depth > 0) {
        let Some((_, before)) = TOLD.iter().find(|(def, _)| std::ptr::eq(*def, field.def)) else { continue };
        out.push_str(before);
        if let Some(n) = field.value.uint() {
            show::number(n, out);
        }
    }
}

/// The options that [`gist`] tells, and the text before each.
static TOLD: [(&FieldDef, &str); 4] =
    [(&MSS_VAL, " MSS="), (&WSCALE_MULTIPLIER, " WS="), (&SACK_LE, " SLE="), (&SACK_RE, " SRE=")];

/// Appends the names of the flags that are set: `SYN, ACK`.
pub fn flag_names(flags: u64, out: &mut String) {
    let mut short = Short::new();
    show_flags(flags, &mut short);
    let from = out.len();
    short.append_to(out);
    let bare = out.get(from..).unwrap_or_default().trim_matches(['[', ']']).to_owned();
    out.truncate(from);
    out.push_str(&bare);
}

/// `[SYN, ACK]`
fn show_flags(flags: u64, out: &mut Short) {
    // The two that nearly all segments have.
    match flags {
        0x010 => return out.put(b"[ACK]"),
        0x018 => return out.put(b"[PSH, ACK]"),
        _ => {}
    }
    let names = [b"FIN", b"SYN", b"RST", b"PSH", b"ACK", b"URG", b"ECE", b"CWR"].into_iter().enumerate();
    out.put(b"[");
    let mut others = false;
    for (_, name) in names.filter(|(bit, _)| flags >> bit & 1 != 0) {
        if std::mem::replace(&mut others, true) {
            out.put(b", ");
        }
        out.put(name);
    }
    // The ninth has the shorter name (RFC 9768).
    match (flags >> 8 & 1 != 0, others) {
        (true, true) => out.put(b", AE"),
        (true, false) => out.put(b"AE"),
        (false, true) => {}
        (false, false) => out.put(b"no flags"),
    }
    out.put(b"]");
}

/// The rows of the analysis that are no verdicts.
static MEASURED: Group = Group::of(&[
    &TIME_RELATIVE,
    &TIME_DELTA,
    &ANALYSIS,
    &ANALYSIS_FLAGS,
    &ACKS_FRAME,
    &ACK_RTT,
    &INITIAL_RTT,
    &BYTES_IN_FLIGHT,
    &PUSH_BYTES,
    &RTO,
    &RTO_FRAME,
    &DUPLICATE_ACK_NUM,
    &DUPLICATE_ACK_FRAME,
]);

fn analysis(c: &mut Cursor<'_>, f: &TcpFacts) {
    if c.wants_any(&MEASURED) {
        measured(c, f);
    }
    if f.verdicts != 0 {
        for (bit, def) in VERDICTS {
            if f.verdicts & bit != 0 {
                c.derive(def, Value::None);
            }
        }
    }
}

fn measured(c: &mut Cursor<'_>, f: &TcpFacts) {
    c.derive_duration(&TIME_RELATIVE, f.time_relative);
    c.derive_duration(&TIME_DELTA, f.time_delta);
    if f.told {
        c.derive(&ANALYSIS, Value::None);
    }
    if f.verdicts != 0 {
        c.derive(&ANALYSIS_FLAGS, Value::None);
    }
    if let Some((frame, rtt)) = f.acks {
        c.derive(&ACKS_FRAME, Value::Uint(frame));
        c.derive_duration(&ACK_RTT, rtt.filter(|&rtt| rtt != 0));
    }
    if let Some(rtt) = f.initial_rtt {
        c.derive(&INITIAL_RTT, Value::Nanos(rtt));
    }
    if let Some((flying, pushed)) = f.bytes_in_flight {
        c.derive(&BYTES_IN_FLIGHT, Value::Uint(u64::from(flying)));
        c.derive(&PUSH_BYTES, Value::Uint(u64::from(pushed)));
    }
    if let Some((time, frame)) = f.rto {
        c.derive(&RTO, Value::Nanos(time));
        c.derive(&RTO_FRAME, Value::Uint(frame));
    }
    if let Some((n, frame)) = f.duplicate_ack {
        c.derive(&DUPLICATE_ACK_NUM, Value::Uint(u64::from(n)));
        c.derive(&DUPLICATE_ACK_FRAME, Value::Uint(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, fields, read, summary};
    use super::*;
    use etherparse::{PacketBuilder, TcpOptionElement as Opt};

    /// Where TCP begins: behind Ethernet and IPv4.
    const BEGIN: usize = 14 + 20;

    /// A SYN with four bytes of options, and data, which it may carry.
    fn syn(data: &[u8]) -> Vec<u8> {
        let ip =
            PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
        let tcp = ip.tcp(50_000, 80, 0xffff_fff0, 64_240).syn().options(&[Opt::MaximumSegmentSize(1460)]).unwrap();
        let mut bytes = Vec::new();
        tcp.write(&mut bytes, data).unwrap();
        bytes
    }

    #[test]
    fn each_field_has_its_value_and_its_place() {
        let packet = read(1, &syn(b""));
        let told = fields(&packet, "tcp");
        let told: Vec<_> = told.iter().map(|(name, value, place)| (*name, value.as_str(), place.clone())).collect();
        let expected = [
            ("tcp.srcport", "50000", 0..2),
            ("tcp.dstport", "80", 2..4),
            ("tcp.len", "0", 0..0),
            ("tcp.seq", "4294967280", 4..8),
            ("tcp.seq_raw", "4294967280", 4..8),
            ("tcp.nxtseq", "4294967281", 0..0),
            ("tcp.ack", "0", 8..12),
            ("tcp.ack_raw", "0", 8..12),
            ("tcp.hdr_len", "24", 12..13),
            ("tcp.flags", "0x002", 12..14),
            ("tcp.flags.res", "not set", 12..14),
            ("tcp.flags.ae", "not set", 12..14),
            ("tcp.flags.cwr", "not set", 13..14),
            ("tcp.flags.ece", "not set", 13..14),
            ("tcp.flags.urg", "not set", 13..14),
            ("tcp.flags.ack", "not set", 13..14),
            ("tcp.flags.push", "not set", 13..14),
            ("tcp.flags.reset", "not set", 13..14),
            ("tcp.flags.syn", "set", 13..14),
            ("tcp.flags.fin", "not set", 13..14),
            ("tcp.window_size_value", "64240", 14..16),
            ("tcp.flags.str", "··········S·", 0..0),
            ("tcp.connection.syn", "", 0..0),
            ("tcp.window_size", "64240", 0..0),
            ("tcp.checksum", "0x55a0", 16..18),
            ("tcp.checksum.status", "1 (Good)", 0..0),
            ("tcp.urgent_pointer", "0", 18..20),
            ("tcp.options", "02:04:05:b4", 20..24),
            ("tcp.options.mss", "", 20..24),
            ("tcp.option_kind", "2 (Maximum segment size)", 20..21),
            ("tcp.option_len", "4", 21..22),
            ("tcp.options.mss_val", "1460", 22..24),
        ];
        assert_eq!(told, expected);
        assert_eq!(summary(&packet), "50000 → 80 [SYN] Seq=4294967280 Win=64240 Len=0 MSS=1460");
    }

    #[test]
    fn a_segment_that_is_cut_anywhere_keeps_what_was_read() {
        let bytes = syn(b"data");
        for keep in 0..bytes.len() {
            let packet = cut(1, &bytes, keep);
            let Some(layer) = packet.layer(&ABOUT) else {
                assert!(keep <= BEGIN, "{keep}");
                continue;
            };
            let rows: [(&FieldDef, usize); 6] =
                [(&SRCPORT, 2), (&DSTPORT, 4), (&SEQ_RAW, 8), (&ACK_RAW, 12), (&WINDOW_SIZE_VALUE, 16), (&MSS_VAL, 24)];
            for (def, ends) in rows {
                let read = packet.fields_of(layer).iter().any(|f| std::ptr::eq(f.def, def));
                assert_eq!(read, keep >= BEGIN + ends, "{} of {keep} bytes", def.name);
            }
            let cut = packet.layers.iter().any(|l| matches!(l.trouble, Some(Trouble::CutByCapture { .. })));
            assert!(cut || keep >= BEGIN + 24, "{keep}");
        }
    }

    #[test]
    fn a_data_offset_that_lies_is_said_and_the_numbers_are_read() {
        let with = |offset: u8| {
            let mut bytes = syn(b"");
            bytes[BEGIN + 12] = offset << 4;
            let packet = read(1, &bytes);
            assert_eq!((packet.uint(&DSTPORT), packet.uint(&SEQ)), (Some(80), Some(0xffff_fff0)));
            packet.layer(&ABOUT).unwrap().trouble
        };
        assert!(matches!(with(4), Some(Trouble::Malformed(why)) if why.0.contains("shorter than the TCP header")));
        assert!(matches!(with(15), Some(Trouble::LengthLies { need: 60, have: 24, .. })));
    }

    #[test]
    fn what_was_shown_of_a_connection_grows_with_each_segment() {
        let mut shown = None;
        let mut say = |flags, len| {
            let before = shown.unwrap_or(0);
            shown = Some(complete::with(shown, flags, len));
            before
        };
        let script = [
            (flag::SYN, 0, 0),
            (flag::SYN | flag::ACK, 0, 1),
            (flag::ACK, 0, 3),
            (flag::ACK | flag::PSH, 9, 7),
            (flag::ACK | flag::FIN, 0, 15),
            (flag::RST, 0, 31),
            (flag::ACK, 0, 63),
        ];
        for (flags, len, before) in script {
            assert_eq!(say(flags, len), before, "before {flags:#x}");
        }
        assert_eq!(complete::with(None, flag::ACK, 9), 0, "the first one asks for nothing");
        assert_eq!(complete::with(Some(0), flag::SYN, 0), 0, "the request is not the first");
    }
}
