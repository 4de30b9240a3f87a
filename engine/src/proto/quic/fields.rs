//! The fields of QUIC: headers, and the frames of an Initial packet.

use crate::proto::prelude::*;

const U8: Kind = Kind::Uint(8);
const U64: Kind = Kind::Uint(64);
const H32: Kind = Kind::Hex(32);

const FORMS: &[(u64, &str)] = &[(0, "Short header"), (1, "Long header")];
const TYPES: &[(u64, &str)] = &[(0, "Initial"), (1, "0-RTT"), (2, "Handshake"), (3, "Retry")];
const TYPES_V2: &[(u64, &str)] = &[(0, "Retry"), (1, "Initial"), (2, "0-RTT"), (3, "Handshake")];
const LENGTHS: &[(u64, &str)] = &[(0, "1 byte"), (1, "2 bytes"), (2, "3 bytes"), (3, "4 bytes")];

const VERSIONS: &[(u64, &str)] = &[
    (0, "Version Negotiation"),
    (1, "1"),
    (0x5130_3433, "Google Q043"),
    (0x5130_3436, "Google Q046"),
    (0x5130_3530, "Google Q050"),
    (0x5430_3530, "Google T050"),
    (0x5430_3531, "Google T051"),
    (0x6b33_43cf, "2"),
    (0xface_b001, "Facebook mvfst (draft 22)"),
    (0xface_b002, "Facebook mvfst (draft 27)"),
    (0xff00_0016, "draft 22"),
    (0xff00_0017, "draft 23"),
    (0xff00_0018, "draft 24"),
    (0xff00_0019, "draft 25"),
    (0xff00_001b, "draft 27"),
    (0xff00_001c, "draft 28"),
    (0xff00_001d, "draft 29"),
    (0xff00_001e, "draft 30"),
    (0xff00_001f, "draft 31"),
    (0xff00_0020, "draft 32"),
    (0xff00_0021, "draft 33"),
    (0xff00_0022, "draft 34"),
];

const FRAMES: &[(u64, &str)] = &[
    (0x00, "PADDING"),
    (0x01, "PING"),
    (0x02, "ACK"),
    (0x03, "ACK with ECN counts"),
    (0x06, "CRYPTO"),
    (0x1c, "CONNECTION_CLOSE (transport)"),
    (0x1d, "CONNECTION_CLOSE (application)"),
];

const ERRORS: &[(u64, &str)] = &[
    (0x00, "NO_ERROR"),
    (0x01, "INTERNAL_ERROR"),
    (0x02, "CONNECTION_REFUSED"),
    (0x03, "FLOW_CONTROL_ERROR"),
    (0x04, "STREAM_LIMIT_ERROR"),
    (0x05, "STREAM_STATE_ERROR"),
    (0x06, "FINAL_SIZE_ERROR"),
    (0x07, "FRAME_ENCODING_ERROR"),
    (0x08, "TRANSPORT_PARAMETER_ERROR"),
    (0x09, "CONNECTION_ID_LIMIT_ERROR"),
    (0x0a, "PROTOCOL_VIOLATION"),
    (0x0b, "INVALID_TOKEN"),
    (0x0c, "APPLICATION_ERROR"),
    (0x0d, "CRYPTO_BUFFER_EXCEEDED"),
    (0x0e, "KEY_UPDATE_ERROR"),
    (0x0f, "AEAD_LIMIT_REACHED"),
    (0x10, "NO_VIABLE_PATH"),
];

fields! {
    PACKET_LENGTH = derived(Kind::Uint(32), "quic.packet_length", "Packet length", "Bytes of this packet; a datagram may hold several.");
    SHORT = dynamic(Kind::Flag, "quic.short", "Short header", "The packets after the handshake: all but a few bits are secret.");
    HEADER_FORM = dynamic(U8, "quic.header_form", "Header form", "Long while the connection is set up, short from then on.").bits(0x80).names(FORMS);
    FIXED_BIT = dynamic(Kind::Bool, "quic.fixed_bit", "Fixed bit", "Set, so that QUIC can share a port with other protocols.").bits(0x40);
    PACKET_TYPE = dynamic(U8, "quic.long.packet_type", "Packet type", "Which step of setting up the connection this is.").bits(0x30).names(TYPES);
    PACKET_TYPE_V2 = dynamic(U8, "quic.long.packet_type_v2", "Packet type", "The same step, with version 2's numbers.").bits(0x30).names(TYPES_V2);
    RESERVED = dynamic(U8, "quic.long.reserved", "Reserved", "Zero, once the header's protection is taken off.").bits(0x0c);
    NUMBER_LENGTH = dynamic(U8, "quic.packet_number_length", "Packet number length", "How many bytes the packet number has.").bits(0x03).names(LENGTHS);
    VN_UNUSED = dynamic(U8, "quic.vn.unused", "Unused", "Bits that mean nothing in this packet.").bits(0x7f);
    SPIN_BIT = dynamic(Kind::Bool, "quic.spin_bit", "Spin bit", "Flips once a round trip, so that others can measure the delay.").bits(0x20);
    VERSION = dynamic(H32, "quic.version", "Version", "Which QUIC the sender speaks; 0 only in a version negotiation.").names(VERSIONS);
    DCIL = dynamic(U8, "quic.dcil", "Destination ID length", "Bytes of the receiver's connection id.");
    DCID = dynamic(Kind::Bytes, "quic.dcid", "Destination connection ID", "Names the connection to the receiver, even when addresses change.");
    SCIL = dynamic(U8, "quic.scil", "Source ID length", "Bytes of the sender's connection id.");
    SCID = dynamic(Kind::Bytes, "quic.scid", "Source connection ID", "What the other side should put into its packets.");
    SUPPORTED_VERSION = dynamic(H32, "quic.supported_version", "Supported version", "A version that the server would accept.").names(VERSIONS);
    TOKEN_LENGTH = dynamic(U64, "quic.token_length", "Token length", "Bytes of the token.");
    TOKEN = dynamic(Kind::Bytes, "quic.token", "Token", "Proves to the server that the client's address is no forgery.");
    RETRY_TOKEN = dynamic(Kind::Bytes, "quic.retry_token", "Retry token", "The client must begin again and bring this along.");
    RETRY_TAG = dynamic(Kind::Bytes, "quic.retry_integrity_tag", "Retry integrity tag", "Shows that the retry answers this client's packet.");
    LENGTH = dynamic(U64, "quic.length", "Length", "Bytes of packet number and payload; another packet may follow.");
    PACKET_NUMBER = dynamic(U64, "quic.packet_number", "Packet number", "Counts packets; no number is ever used twice.");
    PAYLOAD = dynamic(Kind::Bytes, "quic.payload", "Payload", "The frames as they crossed the wire, encrypted.");
    REMAINING = dynamic(Kind::Bytes, "quic.remaining_payload", "Remaining payload", "Encrypted; without the connection's keys nothing more is seen.");
    FRAME = dynamic(Kind::Flag, "quic.frame", "Frame", "One thing that the sender says in this packet.");
    FRAME_TYPE = dynamic(U64, "quic.frame_type", "Frame type", "What the frame is for.").names(FRAMES);
    PADDING_LENGTH = dynamic(Kind::Uint(32), "quic.padding_length", "Padding length", "Zeros: a first packet must be big, lest it serve attacks.");
    ACK_LARGEST = dynamic(U64, "quic.ack.largest_acknowledged", "Largest acknowledged", "The highest packet number that has arrived.");
    ACK_DELAY = dynamic(U64, "quic.ack.ack_delay", "ACK delay", "How long the sender waited before it said so.");
    ACK_RANGE_COUNT = dynamic(U64, "quic.ack.ack_range_count", "ACK range count", "How many gaps there are in what has arrived.");
    ACK_FIRST_RANGE = dynamic(U64, "quic.ack.first_ack_range", "First ACK range", "How many packets before the largest have arrived, too.");
    ACK_GAP = dynamic(U64, "quic.ack.gap", "Gap", "How many packets are missing, less one.");
    ACK_RANGE = dynamic(U64, "quic.ack.ack_range", "ACK range", "How many packets in a row have arrived, less one.");
    ACK_ECT0 = dynamic(U64, "quic.ack.ect0_count", "ECT(0) count", "Packets that arrived marked ECT(0).");
    ACK_ECT1 = dynamic(U64, "quic.ack.ect1_count", "ECT(1) count", "Packets that arrived marked ECT(1).");
    ACK_CE = dynamic(U64, "quic.ack.ecn_ce_count", "ECN-CE count", "Packets that a router on the way marked: it was congested.");
    CRYPTO_OFFSET = dynamic(U64, "quic.crypto.offset", "Offset", "Where in the handshake's bytes this piece belongs.");
    CRYPTO_LENGTH = dynamic(U64, "quic.crypto.length", "Length", "Bytes of this piece of the handshake.");
    CRYPTO_DATA = dynamic(Kind::Flag, "quic.crypto.crypto_data", "Crypto data", "A piece of the TLS handshake.");
    CLOSE_CODE = dynamic(U64, "quic.cc.error_code", "Error code", "Why the connection ends.").names(ERRORS);
    CLOSE_APP = dynamic(U64, "quic.cc.error_code.app", "Application error code", "Why the program ends the connection.");
    CLOSE_FRAME = dynamic(U64, "quic.cc.frame_type", "Frame type", "The frame that was at fault.");
    CLOSE_REASON_LENGTH = dynamic(U64, "quic.cc.reason_phrase.length", "Reason length", "Bytes of the reason.");
    CLOSE_REASON = dynamic(Kind::Text, "quic.cc.reason_phrase", "Reason", "The reason in words.");
}
