//! Teredo — RFC 4380. IPv6 for a host behind an IPv4 NAT: whole IPv6 packets inside UDP, port 3544.
//!
//! ```text
//! | optional: 1 (16), id length (8), value length (8), id …, value …, nonce (64), confirmation (8) |
//! | optional: 0 (16), port, bits inverted (16), IPv4 address, bits inverted (32) |
//! | IPv6 packet … |
//! ```

use super::prelude::*;

/// Teredo.
pub static ABOUT: Identity = Identity {
    name: "teredo",
    title: "Teredo IPv6 over UDP tunnelling",
    osi: Osi::Network,
    spec: "RFC 4380",
    fields: FIELDS,
    summary: None,
};

fields! {
    AUTH_IDLEN = dynamic(Kind::Uint(8), "teredo.auth.idlen", "Client id length", "Bytes of the client's identifier.");
    AUTH_AULEN = dynamic(Kind::Uint(8), "teredo.auth.aulen", "Authentication length", "Bytes of the authentication value.");
    AUTH_ID    = dynamic(Kind::Bytes, "teredo.auth.id", "Client identifier", "Who asks the server.");
    AUTH_VALUE = dynamic(Kind::Bytes, "teredo.auth.value", "Authentication value", "Proves that the client knows a secret.");
    AUTH_NONCE = dynamic(Kind::Bytes, "teredo.auth.nonce", "Nonce", "A random number that the answer repeats.");
    AUTH_CONF  = dynamic(Kind::Bytes, "teredo.auth.conf", "Confirmation", "Whether the client needs a new key.");
    ORIG_PORT  = dynamic(Kind::Uint(16), "teredo.orig.port", "Origin port", "The client's port as the server saw it.");
    ORIG_ADDR  = dynamic(Kind::Ipv4, "teredo.orig.addr", "Origin address", "The client's address as the server saw it.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(3544)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ORIGIN: u16 = 0;
    const AUTHENTICATION: u16 = 1;
    let mut at = 0;
    if c.u16(at)? == AUTHENTICATION {
        at = authentication(c)?;
    }
    if c.u16(at)? == ORIGIN {
        // Inverted, so that no NAT on the way rewrites them (RFC 4380 §5.1.1).
        c.push(&ORIG_PORT, at + 2, 2, Value::Uint(u64::from(!c.u16(at + 2)?)));
        let address = (!c.u32(at + 4)?).to_be_bytes();
        let kept = c.keep(&address);
        c.push(&ORIG_ADDR, at + 4, 4, Value::Bytes(kept));
        at += 8;
    }
    Ok(if c.u8(at)? >> 4 == 6 { Next::to(Key::EtherType(0x86dd), at) } else { Next::data(at) })
}

fn authentication(c: &mut Cursor<'_>) -> Result<usize, Trouble> {
    let id = usize::try_from(c.read(&AUTH_IDLEN, 2, 1)?).unwrap_or(0);
    let value = usize::try_from(c.read(&AUTH_AULEN, 3, 1)?).unwrap_or(0);
    let mut at = 4;
    for (def, len) in [(&AUTH_ID, id), (&AUTH_VALUE, value), (&AUTH_NONCE, 8), (&AUTH_CONF, 1)] {
        if len > 0 {
            c.read(def, at, len)?;
        }
        at += len;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
            .udp(50000, 3544)
            .write(&mut out, body)
            .unwrap_or_else(|e| panic!("{e}"));
        out
    }

    #[test]
    fn both_headers_may_stand_before_the_packet() {
        let mut body = vec![0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        body.extend([0, 0, 0xf2, 0x27, 0x3f, 0xff, 0xfd, 0xfe, 0x60]);
        let p = read(228, &datagram(&body));
        assert_eq!((p.uint(&ORIG_PORT), p.octets(&ORIG_ADDR)), (Some(3544), Some(&[192, 0, 2, 1][..])));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ipv6"));
    }

    #[test]
    fn lengths_that_lie_are_trouble() {
        let p = read(228, &datagram(&[0, 1, 255, 255, 0]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
