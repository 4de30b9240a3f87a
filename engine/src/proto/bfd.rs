//! BFD — RFC 5880. Two routers ask each other many times a second: are you there?
//!
//! ```text
//! | version (3), diagnostic (5) | state (2), flags (6) | multiplier (8) | length (8) | my, your number (32, 32) | intervals … |
//! ```

use super::prelude::*;

/// BFD.
pub static ABOUT: Identity = Identity {
    name: "bfd",
    title: "Bidirectional Forwarding Detection",
    osi: Osi::Network,
    spec: "RFC 5880",
    fields: FIELDS,
    summary: None,
};

const STATES: &[(u64, &str)] = &[(0, "Admin Down"), (1, "Down"), (2, "Init"), (3, "Up")];

fields! {
    VERSION = u8_at(0, "bfd.version", "Version", "Always 1.").bits(0xe0);
    DIAGNOSTIC = u8_at(0, "bfd.diag", "Diagnostic", "Why the state has changed.").bits(0x1f);
    STATE = u8_at(1, "bfd.sta", "State", "What the sender believes of the path.").bits(0xc0).names(STATES);
    MULTIPLIER = u8_at(2, "bfd.detect_time_multiplier", "Multiplier", "How many messages may be lost before the path counts as down.");
    LENGTH = u8_at(3, "bfd.message_length", "Length", "Bytes of the whole message.");
    MINE = u32_at(4, "bfd.my_discriminator", "My discriminator", "The sender's number for this session.").hex();
    YOURS = u32_at(8, "bfd.your_discriminator", "Your discriminator", "The other side's number for it; 0 while unknown.").hex();
    TX = u32_at(12, "bfd.desired_min_tx_interval", "Sending interval", "Microseconds between messages, if the sender may choose.");
    RX = u32_at(16, "bfd.required_min_rx_interval", "Receiving interval", "The fastest that the sender can take, in microseconds.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(3784), Key::UdpPort(4784), Key::UdpPort(6784), Key::UdpPort(7784)],
    over: Over::Packet,
    dissect: |c| c.fixed(FIELDS).map(|()| Next::end(c.len())),
};

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 255).udp(50000, 3784).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn the_state_is_two_bits() {
        let body = [&[0x20, 0xc0, 3, 24, 0, 0, 0, 1, 0, 0, 0, 2][..], &[0; 12]].concat();
        let p = read(228, &datagram(&body));
        assert_eq!((p.uint(&STATE), p.uint(&YOURS)), (Some(3), Some(2)));
        assert!(read(228, &datagram(&body[..7])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
