//! Numbers that several protocols share, so that no protocol file need import another.

use super::Key;
use crate::model::field::row::u8_at;
use crate::model::{FieldDef, Time};

/// Wireshark's name for the first four bits of either IP header.
pub(super) const fn ip_version(about: &'static str) -> FieldDef {
    u8_at(0, "ip.version", "Version", about).bits(0xf0).detail()
}

/// The greatest value of Ethernet's third field that is a length (IEEE 802.3 §3.2.6).
pub(super) const LONGEST_802_3: u16 = 1500;

/// LLC has no EtherType; Linux calls it by this small number, and so does a cooked capture.
pub(super) const LLC: Key = Key::EtherType(4);

/// NetWare's 802.3 frames without LLC, by Linux's number.
pub(super) const RAW_802_3: Key = Key::EtherType(1);

/// The names of EtherTypes.
pub(super) const ETHER_TYPES: &[(u64, &str)] = &[
    (0x0800, "IPv4"),
    (0x0806, "ARP"),
    (0x0842, "Wake-on-LAN"),
    (0x6558, "Transparent Ethernet"),
    (0x8035, "RARP"),
    (0x8100, "802.1Q VLAN tag"),
    (0x8137, "IPX"),
    (0x86dd, "IPv6"),
    (0x8808, "Ethernet flow control"),
    (0x8809, "Slow protocols"),
    (0x880b, "PPP"),
    (0x8847, "MPLS unicast"),
    (0x8848, "MPLS multicast"),
    (0x8863, "PPPoE discovery"),
    (0x8864, "PPPoE session"),
    (0x888e, "802.1X authentication"),
    (0x88a8, "802.1ad service tag"),
    (0x88cc, "LLDP"),
    (0x88e5, "MACsec"),
    (0x88f7, "PTP"),
    (0x9000, "Loopback test"),
    (0x9100, "QinQ (old)"),
];

/// Names of hardware types (ARP's registry, which Linux uses for its cooked captures too).
pub(super) const HARDWARE: &[(u64, &str)] = &[
    (1, "Ethernet"),
    (6, "IEEE 802"),
    (7, "ARCNET"),
    (15, "Frame Relay"),
    (19, "ATM"),
    (24, "FireWire"),
    (27, "EUI-64"),
    (32, "InfiniBand"),
    (512, "PPP"),
    (768, "IPv4 tunnel"),
    (769, "IPv6 tunnel"),
    (772, "Loopback"),
    (776, "IPv6 in IPv4"),
    (778, "GRE over IPv4"),
    (801, "IEEE 802.11"),
    (803, "IEEE 802.11 with radiotap"),
    (824, "Netlink"),
    (65534, "None"),
];

/// Names of IP protocol numbers, for IPv4 and IPv6.
pub(super) const PROTOCOLS: &[(u64, &str)] = &[
    (0, "IPv6 hop-by-hop options"),
    (1, "ICMP"),
    (2, "IGMP"),
    (4, "IPv4 in IP"),
    (6, "TCP"),
    (17, "UDP"),
    (41, "IPv6 in IP"),
    (43, "IPv6 routing"),
    (44, "IPv6 fragment"),
    (47, "GRE"),
    (50, "ESP"),
    (51, "AH"),
    (58, "ICMPv6"),
    (59, "No next header"),
    (60, "IPv6 destination options"),
    (88, "EIGRP"),
    (89, "OSPF"),
    (103, "PIM"),
    (112, "VRRP"),
    (132, "SCTP"),
    (135, "IPv6 mobility"),
];

/// Names of the two ECN bits (RFC 3168 §5), for IPv4 and IPv6.
pub(super) const ECN: &[(u64, &str)] =
    &[(0, "Not ECN-capable"), (1, "ECN-capable (1)"), (2, "ECN-capable (0)"), (3, "Congestion experienced")];

/// Names of DiffServ code points (RFC 2474, 2597, 3246), for IPv4 and IPv6.
pub(super) const DSCP: &[(u64, &str)] = &[
    (0, "Default"),
    (8, "Class selector 1"),
    (10, "Assured forwarding 11"),
    (16, "Class selector 2"),
    (18, "Assured forwarding 21"),
    (24, "Class selector 3"),
    (26, "Assured forwarding 31"),
    (32, "Class selector 4"),
    (34, "Assured forwarding 41"),
    (40, "Class selector 5"),
    (46, "Expedited forwarding"),
    (48, "Class selector 6"),
    (56, "Class selector 7"),
];

/// What a conversation of pings remembers: who asked when, by sequence number. Bounded: beyond
/// [`Echoes::MOST`] unanswered requests the oldest is forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Echoes(std::collections::VecDeque<(u16, u64, Time)>);

impl Echoes {
    const MOST: usize = 64;

    /// A request in this frame.
    pub(super) fn asked(&mut self, seq: u16, frame: u64, time: Time) {
        if self.0.len() >= Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back((seq, frame, time));
    }

    /// The frame and time of the request that this answers; a request is answered once.
    pub(super) fn answered(&mut self, seq: u16) -> Option<(u64, Time)> {
        let i = self.0.iter().rposition(|&(s, ..)| s == seq)?;
        self.0.remove(i).map(|(_, frame, time)| (frame, time))
    }
}
