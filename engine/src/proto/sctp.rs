//! SCTP — RFC 9260. Reliable like TCP, but in whole messages and in several streams at once; telephone networks use it.
//!
//! ```text
//! | source port (16) | destination port (16) | verification tag (32) | checksum (32) |
//! | chunk: type (8) | flags (8) | length (16) | so many bytes less four, padded to 32 bits … |
//! ```

use super::prelude::*;

/// SCTP.
pub static ABOUT: Identity = Identity {
    name: "sctp",
    title: "Stream Control Transmission Protocol",
    osi: Osi::Transport,
    spec: "RFC 9260",
    fields: FIELDS,
    summary: Some(summary),
};

const CHUNKS: &[(u64, &str)] = &[
    (0, "DATA"),
    (1, "INIT"),
    (2, "INIT_ACK"),
    (3, "SACK"),
    (4, "HEARTBEAT"),
    (5, "HEARTBEAT_ACK"),
    (6, "ABORT"),
    (7, "SHUTDOWN"),
    (8, "SHUTDOWN_ACK"),
    (9, "ERROR"),
    (10, "COOKIE_ECHO"),
    (11, "COOKIE_ACK"),
    (14, "SHUTDOWN_COMPLETE"),
];

fields! {
    SRCPORT  = u16_at(0, "sctp.srcport", "Source port", "Which program on the sender spoke.");
    DSTPORT  = u16_at(2, "sctp.dstport", "Destination port", "Which program should listen.");
    TAG      = u32_at(4, "sctp.verification_tag", "Verification tag", "What the receiver chose, so that no stranger can meddle.").hex();
    CHECKSUM = u32_at(8, "sctp.checksum", "Checksum", "Detects damage on the way (CRC-32C).").hex();
    CHUNK_TYPE = dynamic(Kind::Uint(8), "sctp.chunk_type", "Chunk type", "Data, an acknowledgment, or a step of beginning or ending.").names(CHUNKS);
    CHUNK_FLAGS = dynamic(Kind::Hex(8), "sctp.chunk_flags", "Chunk flags", "What they mean depends on the type.");
    CHUNK_LENGTH = dynamic(Kind::Uint(16), "sctp.chunk_length", "Chunk length", "Bytes of the chunk, header included, filling not.");
    STREAM   = dynamic(Kind::Hex(16), "sctp.data_sid", "Stream", "Which of the association's streams; each keeps its own order.");
    SEQUENCE = dynamic(Kind::Uint(16), "sctp.data_ssn", "Stream sequence", "Counts the messages of one stream.");
    PAYLOAD  = dynamic(Kind::Uint(32), "sctp.data_payload_proto_id", "Payload protocol", "What the message is, as the programs agreed; 0: not said.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::IpProto(132)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const DATA: u64 = 0;
    /// First and last piece in one: a whole message.
    const WHOLE: u64 = 3;
    c.fixed(FIELDS)?;
    let mut at = 12;
    while at + 4 <= c.len() {
        let kind = c.read(&CHUNK_TYPE, at, 1)?;
        let flags = c.read(&CHUNK_FLAGS, at + 1, 1)?;
        let len = c.read_len(&CHUNK_LENGTH, at + 2, 2)?;
        if len < 4 {
            return Err(c.malformed("a chunk is shorter than its own header"));
        }
        c.slice(at, len)?;
        let next = at + len.next_multiple_of(4);
        if kind == DATA && len >= 16 {
            c.read(&STREAM, at + 8, 2)?;
            c.read(&SEQUENCE, at + 10, 2)?;
            let unknown = c.read(&PAYLOAD, at + 12, 4)? == 0;
            if unknown && flags & WHOLE == WHOLE && next >= c.len() && len > 16 {
                c.limit(at + len, &CHUNK_LENGTH);
                return Ok(Next::data(at + 16));
            }
        }
        at = next;
    }
    Ok(Next::end(c.len()))
}

/// `5000 → 5001 INIT`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::parts(packet, layer, &[("", &SRCPORT), (" → ", &DSTPORT)], out);
    out.push(' ');
    show::name(packet, layer, &CHUNK_TYPE, out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(chunks: &[u8]) -> Packet {
        let mut out = Vec::new();
        let body = [&[0x13, 0x88, 0x13, 0x89, 0, 0, 0, 1, 0, 0, 0, 0][..], chunks].concat();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).write(&mut out, IpNumber::SCTP, &body).unwrap();
        read(228, &out)
    }

    #[test]
    fn a_message_stands_in_a_chunk() {
        let p = packet(&[5, 0, 0, 4, 0, 3, 0, 18, 0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 7, 8, 0, 0]);
        assert_eq!((p.uint(&STREAM), p.all(&CHUNK_TYPE).count()), (Some(2), 2));
        assert_eq!(p.layers.last().map(|l| (l.proto.name, l.span.len)), Some(("data", 2)));
    }

    #[test]
    fn a_chunk_without_length_is_trouble() {
        assert!(packet(&[5, 0, 0, 3]).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
