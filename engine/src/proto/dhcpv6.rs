//! `DHCPv6` — RFC 8415: addresses and settings for IPv6 hosts. A client asks everybody, a server answers; a relay carries
//! both where no server is on the link.
//!
//! ```text
//! client, server: | type (8) | transaction (24) | option: code (16), length (16), so many bytes … |
//! relay:          | type (8) | hops (8) | link address (128) | peer address (128) | options … |
//! ```

use super::hardware::{hexadecimal, link_address};
use super::prelude::*;

/// `DHCPv6`.
pub static ABOUT: Identity = Identity {
    name: "dhcpv6",
    title: "Dynamic Host Configuration Protocol for IPv6",
    osi: Osi::Application,
    spec: "RFC 8415",
    fields: FIELDS,
    summary: Some(summary),
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

const OPTIONS: &[(u64, &str)] = &[
    (1, "Client identifier"),
    (2, "Server identifier"),
    (3, "Identity association for non-temporary addresses"),
    (4, "Identity association for temporary addresses"),
    (5, "Address"),
    (6, "Option request"),
    (7, "Preference"),
    (8, "Elapsed time"),
    (9, "Relayed message"),
    (11, "Authentication"),
    (12, "Server unicast"),
    (13, "Status code"),
    (14, "Rapid commit"),
    (15, "User class"),
    (16, "Vendor class"),
    (17, "Vendor-specific information"),
    (18, "Interface id"),
    (19, "Reconfigure message"),
    (20, "Reconfigure accept"),
    (23, "DNS servers"),
    (24, "Domain search list"),
    (25, "Identity association for prefix delegation"),
    (26, "Prefix"),
    (32, "Information refresh time"),
    (37, "Relay's remote id"),
    (39, "Client's domain name"),
    (43, "Echo request"),
    (45, "Lease query's client data"),
    (82, "Maximum retransmission time of a solicit"),
];

const DUIDS: &[(u64, &str)] = &[
    (1, "Link-layer address and time"),
    (2, "Assigned by the vendor"),
    (3, "Link-layer address"),
    (4, "Universally unique identifier"),
];

const STATUSES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "UnspecFail"),
    (2, "NoAddrsAvail"),
    (3, "NoBinding"),
    (4, "NotOnLink"),
    (5, "UseMulticast"),
    (6, "NoPrefixAvail"),
];

fields! {
    MSGTYPE  = dynamic(Kind::Uint(8), "dhcpv6.msgtype", "Message type", "Which step this is: solicit, advertise, request, reply.").names(MESSAGES);
    XID      = dynamic(Kind::Hex(24), "dhcpv6.xid", "Transaction ID", "A number that ties question and answer together.");
    HOPCOUNT = dynamic(Kind::Uint(8), "dhcpv6.hopcount", "Hop count", "How many relays have carried the message.");
    LINKADDR = dynamic(Kind::Ipv6, "dhcpv6.linkaddr", "Link address", "Tells the server on which link the client is.");
    PEERADDR = dynamic(Kind::Ipv6, "dhcpv6.peeraddr", "Peer address", "Who gave the message to the relay, or should get it.");
    OPTION_TYPE = dynamic(Kind::Uint(16), "dhcpv6.option.type", "Option", "What the option is about.").names(OPTIONS);
    OPTION_LENGTH = dynamic(Kind::Uint(16), "dhcpv6.option.length", "Option length", "Bytes of the option.");
    DUID     = dynamic(Kind::Bytes, "dhcpv6.duid.bytes", "DUID", "A name for the machine that never changes.");
    DUID_TYPE = dynamic(Kind::Uint(16), "dhcpv6.duid.type", "DUID type", "What the name was made from.").names(DUIDS);
    LLT_HWTYPE = dynamic(Kind::Uint(16), "dhcpv6.duidllt.hwtype", "Hardware type", "1: Ethernet.");
    LL_HWTYPE = dynamic(Kind::Uint(16), "dhcpv6.duidll.hwtype", "Hardware type", "1: Ethernet.");
    LLT_ADDRESS = dynamic(Kind::Text, "dhcpv6.duidllt.link_layer_addr", "Link-layer address", "The address of a network card that the machine once had.");
    LL_ADDRESS = dynamic(Kind::Text, "dhcpv6.duidll.link_layer_addr", "Link-layer address", "The address of the machine's network card.");
    IAID     = dynamic(Kind::Text, "dhcpv6.iaid", "Association ID", "Which of the client's interfaces the addresses are for.");
    IATA     = dynamic(Kind::Text, "dhcpv6.iata", "Association ID", "Which of the client's interfaces the temporary addresses are for.");
    T1       = dynamic(Kind::Uint(32), "dhcpv6.iaid.t1", "T1", "Seconds until the client asks the same server again.");
    T2       = dynamic(Kind::Uint(32), "dhcpv6.iaid.t2", "T2", "Seconds until it asks any server.");
    ADDRESS  = dynamic(Kind::Ipv6, "dhcpv6.iaaddr.ip", "Address", "The address that is lent, or wished for.");
    PREFERRED = dynamic(Kind::Uint(32), "dhcpv6.iaaddr.pref_lifetime", "Preferred lifetime", "Seconds during which new connections may use the address.");
    VALID    = dynamic(Kind::Uint(32), "dhcpv6.iaaddr.valid_lifetime", "Valid lifetime", "Seconds after which the address must be given up.");
    REQUESTED = dynamic(Kind::Uint(16), "dhcpv6.requested_option_code", "Requested option", "What the client would like to know.").names(OPTIONS);
    PREFERENCE = dynamic(Kind::Uint(8), "dhcpv6.option_preference", "Preference", "Of several servers the client takes the one with the highest.");
    ELAPSED  = dynamic(Kind::Uint(16), "dhcpv6.elapsed_time", "Elapsed time", "How long the client has been trying, in milliseconds.");
    STATUS   = dynamic(Kind::Uint(16), "dhcpv6.status_code", "Status", "Whether it went well.").names(STATUSES);
    STATUS_MESSAGE = dynamic(Kind::Text, "dhcpv6.status_msg", "Status message", "The same in words.");
    DNS_SERVER = dynamic(Kind::Ipv6, "dhcpv6.dns_server", "DNS server", "Whom to ask for names.");
    INTERFACE_ID = dynamic(Kind::Bytes, "dhcpv6.interface_id", "Interface ID", "Where the relay heard the client; the answer brings it back.");
    PREFIX_LENGTH = dynamic(Kind::Uint(8), "dhcpv6.iaprefix.pref_len", "Prefix length", "How many bits of the address belong to the network.");
    PREFIX   = dynamic(Kind::Ipv6, "dhcpv6.iaprefix.pref_addr", "Prefix", "A whole network that the client may hand out.");
}

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::UdpPort(546), Key::UdpPort(547)], over: Over::Packet, dissect };

/// So many options and messages may stand inside each other.
const DEEPEST: u8 = 16;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    message(c, 0, c.len(), 0)?;
    Ok(Next::end(c.len()))
}

fn message(c: &mut Cursor<'_>, at: usize, end: usize, depth: u8) -> Result<(), Trouble> {
    // A relay's messages have hops and addresses instead of a transaction (RFC 8415 §9).
    if matches!(c.read(&MSGTYPE, at, 1)?, 12 | 13) {
        c.read(&HOPCOUNT, at + 1, 1)?;
        c.read(&LINKADDR, at + 2, 16)?;
        c.read(&PEERADDR, at + 18, 16)?;
        return options(c, at + 34, end, depth);
    }
    c.read(&XID, at + 1, 3)?;
    options(c, at + 4, end, depth)
}

fn options(c: &mut Cursor<'_>, mut at: usize, end: usize, depth: u8) -> Result<(), Trouble> {
    if depth > DEEPEST {
        return Err(c.malformed("more options stand inside each other than are followed here"));
    }
    while at < end {
        let kind = c.read(&OPTION_TYPE, at, 2)?;
        let stop = c.nested(|c| {
            let len = c.read_len(&OPTION_LENGTH, at + 2, 2)?;
            let stop = at + 4 + len;
            if stop > end {
                return Err(c.missing(stop));
            }
            c.slice(at + 4, len)?;
            option(c, kind, at + 4, stop, depth + 1)?;
            Ok(stop)
        })?;
        at = stop;
    }
    Ok(())
}

/// RFC 8415 §21.
fn option(c: &mut Cursor<'_>, kind: u64, at: usize, end: usize, depth: u8) -> Result<(), Trouble> {
    let len = end - at;
    match kind {
        1 | 2 if len >= 2 => duid(c, at, len)?,
        3 | 25 if len >= 12 => {
            hexadecimal(c, &IAID, (at, 4), b"")?;
            c.read(&T1, at + 4, 4)?;
            c.read(&T2, at + 8, 4)?;
            options(c, at + 12, end, depth)?;
        }
        4 if len >= 4 => {
            hexadecimal(c, &IATA, (at, 4), b"")?;
            options(c, at + 4, end, depth)?;
        }
        5 if len >= 24 => {
            c.read(&ADDRESS, at, 16)?;
            c.read(&PREFERRED, at + 16, 4)?;
            c.read(&VALID, at + 20, 4)?;
            options(c, at + 24, end, depth)?;
        }
        26 if len >= 25 => {
            c.read(&PREFIX_LENGTH, at + 8, 1)?;
            c.read(&PREFIX, at + 9, 16)?;
            options(c, at + 25, end, depth)?;
        }
        6 | 43 => (0..len / 2).try_for_each(|i| c.read(&REQUESTED, at + 2 * i, 2).map(drop))?,
        7 if len == 1 => drop(c.read(&PREFERENCE, at, 1)?),
        // The wire counts hundredths of a second, Wireshark thousandths.
        8 if len == 2 => c.push(&ELAPSED, at, 2, Value::Uint(10 * u64::from(c.u16(at)?))),
        45 => options(c, at, end, depth)?,
        9 if len > 0 => message(c, at, end, depth)?,
        13 if len >= 2 => {
            c.read(&STATUS, at, 2)?;
            if len > 2 {
                c.read(&STATUS_MESSAGE, at + 2, len - 2)?;
            }
        }
        18 if len > 0 => drop(c.read(&INTERFACE_ID, at, len)?),
        23 => (0..len / 16).try_for_each(|i| c.read(&DNS_SERVER, at + 16 * i, 16).map(drop))?,
        _ => {}
    }
    Ok(())
}

/// RFC 8415 §11.
fn duid(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    c.read(&DUID, at, len)?;
    let kind = c.read(&DUID_TYPE, at, 2)?;
    let (hardware, address, from) = match kind {
        1 if len > 8 => (&LLT_HWTYPE, &LLT_ADDRESS, 8),
        3 if len > 4 => (&LL_HWTYPE, &LL_ADDRESS, 4),
        _ => return Ok(()),
    };
    let kind = c.read(hardware, at + 2, 2)?;
    link_address(c, address, u16::try_from(kind).unwrap_or(0), (at + from, len - from))
}

/// `Request 2001:db8::1`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &MSGTYPE, out);
    show::parts(packet, layer, &[(" ", &ADDRESS), (" ", &PREFIX)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(546, 547).write(&mut out, body).unwrap();
        out
    }

    #[test]
    fn an_address_stands_inside_its_association() {
        let mut body = vec![3, 0, 0, 7, 0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
        body.extend([0, 3, 0, 40, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 24]);
        body.extend([7; 16]);
        body.extend([0, 0, 0, 3, 0, 0, 0, 4]);
        let p = read(229, &datagram(&body));
        assert_eq!((p.octets(&ADDRESS), p.uint(&VALID)), (Some(&[7; 16][..]), Some(4)));
        assert_eq!((p.octets(&LL_ADDRESS), p.octets(&IAID)), (Some(&b"02:00:00:00:00:01"[..]), Some(&b"00000005"[..])));
    }

    #[test]
    fn a_temporary_address_stands_inside_its_association() {
        let mut body = vec![3, 0, 0, 7, 0, 43, 0, 2, 0, 23, 0, 4, 0, 32, 0, 0, 0, 2, 0, 5, 0, 24];
        body.extend([7; 16]);
        body.extend([0, 0, 0, 3, 0, 0, 0, 4]);
        let p = read(229, &datagram(&body));
        assert_eq!((p.uint(&REQUESTED), p.octets(&ADDRESS), p.uint(&VALID)), (Some(23), Some(&[7; 16][..]), Some(4)));
        assert_eq!(p.octets(&IATA), Some(&b"00000002"[..]));
    }

    #[test]
    fn an_address_that_is_no_ethernet_address_has_no_colons() {
        let body = [1, 0, 0, 9, 0, 1, 0, 12, 0, 3, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(read(229, &datagram(&body)).octets(&LL_ADDRESS), Some(&b"0102030405060708"[..]));
    }

    #[test]
    fn a_relay_carries_a_whole_message() {
        let body = [&[12, 1][..], &[7; 16], &[8; 16], &[0, 9, 0, 4, 1, 0, 0, 9]].concat();
        let p = read(229, &datagram(&body));
        assert_eq!((p.uint(&HOPCOUNT), p.uint(&XID), p.all(&MSGTYPE).count()), (Some(1), Some(9), 2));
    }

    #[test]
    fn options_in_options_for_ever_end_somewhere() {
        let mut body = vec![1, 0, 0, 9];
        for n in (0..40u16).rev() {
            let head = [12, 0];
            body = [&head[..], &[0; 32], &[0, 9], &u16::try_from(body.len()).unwrap().to_be_bytes(), &body].concat();
            let _ = n;
        }
        assert!(read(229, &datagram(&body)).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_option_that_is_too_long_is_trouble() {
        let p = read(229, &datagram(&[1, 0, 0, 9, 0, 8, 0, 9, 0]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
