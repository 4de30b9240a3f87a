//! Raw IP — `LINKTYPE_RAW`, by the tcpdump group. No link header at all: tunnels and VPNs give such frames.
//!
//! The first four bits of the first byte say which version of IP it is.

use super::prelude::*;

/// Raw IP.
pub static ABOUT: Identity = Identity {
    name: "raw",
    title: "Raw packet data",
    osi: Osi::Link,
    spec: "LINKTYPE_RAW",
    fields: &[],
    summary: None,
};

/// The row; 12 and 14 are what some systems wrote for 101.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Link(101), Key::Link(12), Key::Link(14)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    Ok(match c.u8(0)? >> 4 {
        4 => Next::to(Key::EtherType(0x0800), 0),
        6 => Next::to(Key::EtherType(0x86dd), 0),
        _ => Next::data(0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;

    #[test]
    fn the_first_digit_chooses_the_version() {
        for (byte, name) in [(0x45, "ip"), (0x60, "ipv6"), (0x10, "data")] {
            assert_eq!(read(101, &[byte, 0]).layers.last().map(|l| l.proto.name), Some(name));
        }
    }

    #[test]
    fn an_empty_frame_is_no_panic() {
        assert!(read(101, &[]).layers.len() <= 2);
    }
}
