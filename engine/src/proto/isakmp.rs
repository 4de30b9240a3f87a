//! ISAKMP — RFC 2408, `IKEv2` — RFC 7296: two ends agree on keys for IPsec. Behind a NAT both it and ESP go over UDP port
//! 4500 (RFC 3948).
//!
//! ```text
//! | initiator's SPI (64) | responder's SPI (64) |
//! | next payload (8) | major, minor version (4, 4) | exchange type (8) | flags (8) | message id (32) | length (32) |
//! ```

use super::Guess;
use super::prelude::*;

/// ISAKMP and IKE.
pub static ABOUT: Identity = Identity {
    name: "isakmp",
    title: "Internet Security Association and Key Management Protocol",
    osi: Osi::Session,
    spec: "RFC 7296",
    fields: IKE_FIELDS,
    summary: Some(summary),
};

/// ESP and IKE in UDP.
pub static ENCAP: Identity = Identity {
    name: "udpencap",
    title: "UDP Encapsulation of IPsec Packets",
    osi: Osi::Network,
    spec: "RFC 3948",
    fields: ENCAP_FIELDS,
    summary: None,
};

const EXCHANGES: &[(u64, &str)] = &[
    (1, "Base"),
    (2, "Identity protection (main mode)"),
    (3, "Authentication only"),
    (4, "Aggressive"),
    (5, "Informational"),
    (6, "Transaction (config mode)"),
    (32, "Quick mode"),
    (33, "New group mode"),
    (34, "IKE_SA_INIT"),
    (35, "IKE_AUTH"),
    (36, "CREATE_CHILD_SA"),
    (37, "INFORMATIONAL"),
];

const PAYLOADS: &[(u64, &str)] = &[
    (0, "None"),
    (1, "Security association"),
    (2, "Proposal"),
    (3, "Transform"),
    (4, "Key exchange"),
    (5, "Identification"),
    (8, "Hash"),
    (10, "Nonce"),
    (11, "Notification"),
    (12, "Delete"),
    (13, "Vendor ID"),
    (33, "Security association"),
    (34, "Key exchange"),
    (40, "Nonce"),
    (41, "Notify"),
    (46, "Encrypted and authenticated"),
];

fields! {
    ISPI     = dynamic(Kind::Bytes, "isakmp.ispi", "Initiator SPI", "Names the agreement at the end that began.");
    RSPI     = dynamic(Kind::Bytes, "isakmp.rspi", "Responder SPI", "Names it at the other end; zero in the first message.");
    NEXT     = dynamic(Kind::Uint(8), "isakmp.nextpayload", "Next payload", "The type of the first payload, or of the one after this.").names(PAYLOADS);
    VERSION  = u8_at(17, "isakmp.version", "Version", "0x10 is IKEv1, 0x20 is IKEv2.").hex();
    EXCHANGE = u8_at(18, "isakmp.exchangetype", "Exchange type", "Which step of the agreement this is.").names(EXCHANGES);
    FLAGS    = u8_at(19, "isakmp.flags", "Flags", "Who speaks, and whether the rest is encrypted.").hex();
    MESSAGE  = u32_at(20, "isakmp.messageid", "Message ID", "Ties an answer to its question, and reveals repetitions.").hex();
    PAYLOAD  = dynamic(Kind::Uint(8), "isakmp.typepayload", "Payload", "A piece of the message.").names(PAYLOADS);
    PAYLOAD_LENGTH = dynamic(Kind::Uint(16), "isakmp.payloadlength", "Payload length", "Bytes of the piece, its header counted.");
    LENGTH   = u32_at(24, "isakmp.length", "Length", "Bytes of the whole message.");
    KEEPALIVE = dynamic(Kind::Flag, "udpencap.nat_keepalive", "NAT keepalive", "One byte, so that the NAT on the way does not forget the port.");
    MARKER   = dynamic(Kind::Flag, "udpencap.non_esp_marker", "Non-ESP marker", "Four zeros where ESP has an SPI: what follows is IKE.");
}
static IKE_FIELDS: &[&FieldDef] =
    &[&ISPI, &RSPI, &NEXT, &VERSION, &EXCHANGE, &FLAGS, &MESSAGE, &LENGTH, &PAYLOAD, &PAYLOAD_LENGTH];
static ENCAP_FIELDS: &[&FieldDef] = &[&KEEPALIVE, &MARKER];

/// The row of IKE.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(500)], over: Over::Datagram(guess), dissect };

/// The row of port 4500.
pub static ENCAP_PROTOCOL: Protocol =
    Protocol { about: &ENCAP, follows: &[Key::UdpPort(4500)], over: Over::Packet, dissect: encapsulated };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &ENCAP_PROTOCOL];

const HEADER: usize = 28;

/// The length counts at least the header.
fn guess(bytes: &[u8]) -> Guess {
    let len = bytes.get(24..).and_then(<[u8]>::first_chunk).map_or(0, |b| u32::from_be_bytes(*b));
    if len as usize >= HEADER { Guess::This } else { Guess::No }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ENCRYPTED: u8 = 1;
    c.read(&ISPI, 0, 8)?;
    c.read(&RSPI, 8, 8)?;
    c.read(&NEXT, 16, 1)?;
    c.fixed(IKE_FIELDS)?;
    let first = c.u8(17)?;
    if first >> 4 == 1 && c.u8(19)? & ENCRYPTED != 0 {
        return Ok(Next::end(c.len()));
    }
    let (kind, end) = (c.u8(16)?, c.uint(&LENGTH).min(c.len()));
    if let Err(trouble) = payloads(c, kind, HEADER, end, 0) {
        c.doubt(trouble);
    }
    Ok(Next::end(c.len()))
}

/// Payloads, each of which names the next one (RFC 7296 §3.2). Proposals and transforms stand inside an association.
fn payloads(c: &mut Cursor<'_>, mut kind: u8, mut at: usize, end: usize, level: u8) -> Result<(), Trouble> {
    const PROPOSAL: u8 = 2;
    const TRANSFORM: u8 = 3;
    while kind != 0 && at + 4 <= end {
        let next = c.u8(at)?;
        let len = usize::from(c.u16(at + 2)?);
        if len < 4 {
            return Err(c.malformed("a payload is shorter than its own header"));
        }
        let inner = (at + len).min(end).min(c.len());
        c.push(&PAYLOAD, at, inner.saturating_sub(at), Value::Uint(u64::from(kind)));
        let done = c.nested(|c| {
            c.read(&NEXT, at, 1)?;
            c.read(&PAYLOAD_LENGTH, at + 2, 2)?;
            match (kind, level) {
                (1, 0) => payloads(c, PROPOSAL, at + 12, inner, 1),
                (33, 0) => payloads(c, PROPOSAL, at + 4, inner, 1),
                (PROPOSAL, 1) => payloads(c, TRANSFORM, at + 8 + usize::from(c.u8(at + 6)?), inner, 2),
                _ => Ok(()),
            }
        });
        done?;
        // What is encrypted names its first payload inside.
        if matches!((kind, level), (46 | 53, 0)) {
            return Ok(());
        }
        (kind, at) = (next, at + len);
    }
    Ok(())
}

fn encapsulated(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ESP: Key = Key::IpProto(50);
    if c.len() == 1 && c.u8(0)? == 0xff {
        c.push(&KEEPALIVE, 0, 1, Value::None);
        return Ok(Next::end(1));
    }
    if c.u32(0)? != 0 {
        return Ok(Next::to(ESP, 0));
    }
    c.push(&MARKER, 0, 4, Value::None);
    Ok(if guess(c.rest(4)).is_mine() { Next::row(&PROTOCOL, 4) } else { Next::data(4) })
}

/// `IKE_SA_INIT`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(f) = packet.field_in(layer, &EXCHANGE) {
        show::value(packet, f, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use etherparse::PacketBuilder;

    fn datagram(port: u16, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(port, port).write(&mut out, body).unwrap();
        out
    }

    fn names(bytes: &[u8]) -> Vec<&'static str> {
        read(228, bytes).layers.iter().skip(3).map(|l| l.proto.name).collect()
    }

    #[test]
    fn port_4500_carries_three_things() {
        let ike = [&[1; 8][..], &[0; 8], &[33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 28]].concat();
        assert_eq!(names(&datagram(500, &ike)), ["isakmp"]);
        assert_eq!(names(&datagram(4500, &[&[0; 4][..], &ike].concat())), ["udpencap", "isakmp"]);
        assert_eq!(names(&datagram(4500, &[0, 0, 1, 0, 0, 0, 0, 1, 9])), ["udpencap", "esp"]);
        assert_eq!(names(&datagram(4500, &[0xff])), ["udpencap"]);
    }

    #[test]
    fn a_length_below_the_header_is_no_message() {
        assert_eq!(names(&datagram(500, &[0; 28])), ["data"]);
    }
}
