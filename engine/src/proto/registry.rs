//! All protocols. One with a single row is listed by it; one with several, by the `ROWS` that its file owns.

#[allow(clippy::wildcard_imports, reason = "the list below names all of them")]
use super::*;

/// In the order in which help and field lists show them. Rows that look at the bytes of unknown ports are asked in this
/// order, too: whoever is easily mistaken comes late, and the bytes that nobody reads come last.
const GROUPS: &[&[&Protocol]] = &[
    &[&frame::PROTOCOL],
    &[&ethernet::PROTOCOL],
    vlan::ROWS,
    &[&llc::PROTOCOL],
    &[&stp::PROTOCOL],
    sll::ROWS,
    null::ROWS,
    &[&raw::PROTOCOL],
    &[&radiotap::PROTOCOL],
    wlan::ROWS,
    mpls::ROWS,
    pppoe::ROWS,
    ppp::ROWS,
    eapol::ROWS,
    lldp::ROWS,
    &[&arp::PROTOCOL],
    &[&ipv4::PROTOCOL],
    &[&ipv6::PROTOCOL],
    ipv6_extension::ROWS,
    &[&icmp::PROTOCOL],
    &[&icmpv6::PROTOCOL],
    &[&igmp::PROTOCOL],
    &[&gre::PROTOCOL],
    tunnel::ROWS,
    ipsec::ROWS,
    isakmp::ROWS,
    &[&l2tp::PROTOCOL],
    gtp::ROWS,
    &[&teredo::PROTOCOL],
    vxlan::ROWS,
    &[&ospf::PROTOCOL],
    &[&eigrp::PROTOCOL],
    pim::ROWS,
    vrrp::ROWS,
    &[&bfd::PROTOCOL],
    rip::ROWS,
    &[&tcp::PROTOCOL],
    &[&udp::PROTOCOL],
    rtp::ROWS,
    &[&sctp::PROTOCOL],
    dns::ROWS,
    &[&dhcp::PROTOCOL],
    http::ROWS,
    http2::ROWS,
    &[&websocket::PROTOCOL],
    engineio::ROWS,
    socketio::ROWS,
    &[&multipart::PROTOCOL],
    &[&ipp::PROTOCOL],
    &[&json::PROTOCOL],
    tls::ROWS,
    stun::ROWS,
    quic::ROWS,
    dtls::ROWS,
    &[&dhcpv6::PROTOCOL],
    tftp::ROWS,
    &[&dns::GUESSED],
    &[&ntp::PROTOCOL],
    &[&nbns::PROTOCOL],
    nbdgm::ROWS,
    &[&snmp::PROTOCOL],
    &[&radius::PROTOCOL],
    &[&syslog::PROTOCOL],
    &[&coap::PROTOCOL],
    ftp::ROWS,
    &[&smtp::PROTOCOL],
    &[&imf::PROTOCOL],
    &[&ssh::PROTOCOL],
    &[&telnet::PROTOCOL],
    &[&pop::PROTOCOL],
    &[&imap::PROTOCOL],
    &[&mqtt::PROTOCOL],
    sip::ROWS,
    &[&sdp::PROTOCOL],
    &[&resp::PROTOCOL],
    named::ROWS,
    nat_pmp::ROWS,
    &[&data::PROTOCOL],
];

/// Every row, in the order of the groups.
pub static REGISTRY: &[&Protocol] = &chained::<{ rows(GROUPS) }>(GROUPS);

const fn rows(groups: &[&[&Protocol]]) -> usize {
    let (mut rows, mut i) = (0, 0);
    while i < groups.len() {
        rows += groups[i].len();
        i += 1;
    }
    rows
}

/// What the groups hold, one behind the other.
const fn chained<const N: usize>(groups: &[&[&'static Protocol]]) -> [&'static Protocol; N] {
    let (mut all, mut found, mut i) = ([groups[0][0]; N], 0, 0);
    while i < groups.len() {
        let mut k = 0;
        while k < groups[i].len() {
            all[found] = groups[i][k];
            found += 1;
            k += 1;
        }
        i += 1;
    }
    all
}
