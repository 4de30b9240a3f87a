//! `DHCPv6` — RFC 8415: DHCP for IPv6. The message type and transaction are read; the options are not.

use super::prelude::*;

/// `DHCPv6`.
pub static ABOUT: Identity = Identity {
    name: "dhcpv6",
    title: "Dynamic Host Configuration Protocol for IPv6",
    osi: Osi::Application,
    spec: "RFC 8415",
    fields: FIELDS,
    summary: None,
};

const MESSAGES: &[(u64, &str)] = &[
    (1, "Solicit"),
    (2, "Advertise"),
    (3, "Request"),
    (4, "Confirm"),
    (5, "Renew"),
    (6, "Rebind"),
    (7, "Reply"),
    (8, "Release"),
    (9, "Decline"),
    (10, "Reconfigure"),
    (11, "Information request"),
    (12, "Relay forward"),
    (13, "Relay reply"),
];

fields! {
    MSGTYPE = u8_at(0, "dhcpv6.msgtype", "Message type", "Which step this is: solicit, advertise, request, reply.").names(MESSAGES);
    XID     = dynamic(Kind::Hex(24), "dhcpv6.xid", "Transaction ID", "A number that ties question and answer together.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(546), Key::UdpPort(547)], over: Over::Packet, dissect };

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    // A relay's messages have hops and addresses instead (RFC 8415 §9).
    if !matches!(c.put(&MSGTYPE)?, 12 | 13) {
        c.read(&XID, 1, 3)?;
    }
    Ok(Next::end(c.len()))
}
