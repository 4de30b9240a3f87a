//! RIP — RFC 2453, and `RIPng` for IPv6 — RFC 2080. Every half minute a router tells its neighbours how many routers away
//! everything is.
//!
//! ```text
//! | command (8) | version (8) | 0 (16) | family (16) | tag (16) | network (32) | mask (32) | next hop (32) | metric (32) | … |
//! ```

use super::prelude::*;

/// RIP.
pub static ABOUT: Identity = Identity {
    name: "rip",
    title: "Routing Information Protocol",
    osi: Osi::Network,
    spec: "RFC 2453",
    fields: RIP_FIELDS,
    summary: None,
};

/// `RIPng`.
pub static NG: Identity =
    Identity { name: "ripng", title: "RIPng", osi: Osi::Network, spec: "RFC 2080", fields: NG_FIELDS, summary: None };

const COMMANDS: &[(u64, &str)] = &[(1, "Request"), (2, "Response")];

fn rip(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ENTRY: usize = 20;
    const UNSPECIFIED: u16 = 0;
    const IP: u16 = 2;
    c.fixed(RIP_FIELDS)?;
    let second = c.u8(1)? >= 2;
    let mut at = 4;
    while at + ENTRY <= c.len() {
        // A request for everything names no network (RFC 2453 §3.9.1); 0xffff is no network but a password (§4.1).
        let family = c.u16(at)?;
        if family == UNSPECIFIED || family == IP {
            c.read(&FAMILY, at, 2)?;
            if second {
                c.read(&TAG, at + 2, 2)?;
            }
            if family == IP {
                c.read(&NETWORK, at + 4, 4)?;
            }
            if second {
                c.read(&MASK, at + 8, 4)?;
                c.read(&NEXT_HOP, at + 12, 4)?;
            }
            c.push(&METRIC, at + 16, 4, Value::Uint(u64::from(c.u32(at + 16)?)));
        }
        at += ENTRY;
    }
    Ok(Next::end(c.len()))
}

fields! {
    COMMAND = u8_at(0, "rip.command", "Command", "A question, or the table.").names(COMMANDS);
    VERSION = u8_at(1, "rip.version", "Version", "2 knows masks.");
    FAMILY = dynamic(Kind::Uint(16), "rip.family", "Family", "2: an IP network follows.");
    TAG = dynamic(Kind::Uint(16), "rip.route_tag", "Route tag", "Where the route came from.");
    NETWORK = dynamic(Kind::Ipv4, "rip.ip", "Network", "Which network the route leads to.");
    MASK = dynamic(Kind::Ipv4, "rip.netmask", "Mask", "Which bits of the address name the network.");
    NEXT_HOP = dynamic(Kind::Ipv4, "rip.next_hop", "Next hop", "Whom to send to; 0.0.0.0 is the sender itself.");
    METRIC = dynamic(Kind::Uint(16), "rip.metric", "Metric", "How many routers away; 16 means not at all.");
    NG_COMMAND = u8_at(0, "ripng.cmd", "Command", "A question, or the table.").names(COMMANDS);
    NG_VERSION = u8_at(1, "ripng.version", "Version", "Always 1.");
}
static RIP_FIELDS: &[&FieldDef] = &[&COMMAND, &VERSION, &FAMILY, &TAG, &NETWORK, &MASK, &NEXT_HOP, &METRIC];
static NG_FIELDS: &[&FieldDef] = &[&NG_COMMAND, &NG_VERSION];

/// The row of RIP.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(520)], over: Over::Packet, dissect: rip };

/// The row of `RIPng`.
pub static NG_PROTOCOL: Protocol = Protocol {
    about: &NG,
    follows: &[Key::UdpPort(521)],
    over: Over::Packet,
    dissect: |c| c.fixed(NG_FIELDS).map(|()| Next::end(c.len())),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &NG_PROTOCOL];

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 520).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn a_table_has_an_entry_for_each_network() {
        let p = read(228, &datagram(&[2, 2, 0, 0, 0, 2, 0, 0, 192, 0, 2, 0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 3]));
        assert_eq!((p.octets(&NETWORK), p.uint(&METRIC)), (Some(&[192, 0, 2, 0][..]), Some(3)));
    }

    #[test]
    fn what_is_cut_short_says_so() {
        assert!(read(228, &datagram(&[2])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
