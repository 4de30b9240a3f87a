//! IPsec — RFC 4302 (AH: unchanged and authentic) and RFC 4303 (ESP: unreadable as well).
//!
//! ```text
//! AH   | next header (8) | length (8) | reserved (16) | SPI (32) | sequence number (32) | check value … |
//! ESP  | SPI (32) | sequence number (32) | encrypted … |
//! ```

use super::numbers::PROTOCOLS;
use super::prelude::*;

/// AH.
pub static AH: Identity = Identity {
    name: "ah",
    title: "Authentication Header",
    osi: Osi::Network,
    spec: "RFC 4302",
    fields: AH_FIELDS,
    summary: None,
};

/// ESP.
pub static ESP: Identity = Identity {
    name: "esp",
    title: "Encapsulating Security Payload",
    osi: Osi::Network,
    spec: "RFC 4303",
    fields: ESP_FIELDS,
    summary: None,
};

fields! {
    AH_NEXT_HEADER = u8_at(0, "ah.next_header", "Next header", "What follows this header.").names(PROTOCOLS);
    AH_LENGTH   = u8_at(1, "ah.length", "Length", "In words of 4 bytes, two not counted.");
    AH_RESERVED = dynamic(Kind::Bytes, "ah.reserved", "Reserved", "Must be zero.");
    AH_SPI      = u32_at(4, "ah.spi", "Security parameters index", "Which agreement between the two ends applies.").hex();
    AH_SEQUENCE = u32_at(8, "ah.sequence", "Sequence number", "Lets the receiver refuse a repeated packet.");
    AH_ICV      = dynamic(Kind::Bytes, "ah.icv", "Integrity check value", "Proves that nobody changed the packet.");
    ESP_SPI      = u32_at(0, "esp.spi", "Security parameters index", "Which agreement between the two ends applies.").hex();
    ESP_SEQUENCE = u32_at(4, "esp.sequence", "Sequence number", "Lets the receiver refuse a repeated packet.");
}
static AH_FIELDS: &[&FieldDef] = &[&AH_NEXT_HEADER, &AH_LENGTH, &AH_RESERVED, &AH_SPI, &AH_SEQUENCE, &AH_ICV];
static ESP_FIELDS: &[&FieldDef] = &[&ESP_SPI, &ESP_SEQUENCE];

/// AH.
pub static PROTOCOL: Protocol = Protocol { about: &AH, follows: &[Key::IpProto(51)], over: Over::Packet, dissect: ah };

/// ESP.
pub static ESP_PROTOCOL: Protocol =
    Protocol { about: &ESP, follows: &[Key::IpProto(50)], over: Over::Packet, dissect: esp };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &ESP_PROTOCOL];

fn ah(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&AH_NEXT_HEADER)?;
    c.put(&AH_LENGTH)?;
    c.read(&AH_RESERVED, 2, 2)?;
    c.put(&AH_SPI)?;
    c.put(&AH_SEQUENCE)?;
    let end = 8 + 4 * usize::from(c.u8(1)?);
    if end < 12 {
        c.doubt(c.malformed("the length is shorter than the header"));
    }
    if end > 12 {
        c.read(&AH_ICV, 12, end - 12)?;
    }
    let next = c.u8(0)?;
    c.context.ip_proto = next;
    Ok(Next::to(Key::IpProto(next), end))
}

fn esp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(ESP_FIELDS)?;
    Ok(Next::end(c.len()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(proto: IpNumber, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .write(&mut out, proto, body)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn an_authenticated_packet_is_read_on() {
        let body = [17, 2, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 1, 2, 3, 4, 0, 9, 0, 9, 0, 8, 0, 0];
        let p = read(228, &packet(IpNumber::AUTHENTICATION_HEADER, &body));
        assert_eq!((p.uint(&AH_SPI), p.octets(&AH_ICV)), (Some(5), Some(&[1, 2, 3, 4][..])));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("udp"));
    }

    #[test]
    fn an_encrypted_packet_ends_there() {
        let p = read(228, &packet(IpNumber::ENCAPSULATING_SECURITY_PAYLOAD, &[0, 0, 0, 5, 0, 0, 0, 6, 9, 9]));
        assert_eq!(p.uint(&ESP_SEQUENCE), Some(6));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("esp"));
    }

    #[test]
    fn a_length_that_lies_is_trouble() {
        for body in [&[17, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6][..], &[17, 255, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6]] {
            let p = read(228, &packet(IpNumber::AUTHENTICATION_HEADER, body));
            assert!(p.layer(&AH).is_some_and(|l| l.trouble.is_some()));
        }
    }
}
