//! Who can reach a server, and by which address.

use std::net::IpAddr;

/// Who can reach a server at this address.
pub fn reach(ip: IpAddr) -> &'static str {
    let ip = ip.to_canonical();
    let private = match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if ip.is_unspecified() {
        "every network that this machine is connected to"
    } else if private {
        "the local network, and everyone on it"
    } else {
        "possibly the whole Internet"
    }
}

/// The address by which others on the network know this machine, as the routing table has it; nothing is sent.
pub fn own_address(v4: bool) -> Option<IpAddr> {
    // Of the documentation's networks (RFC 5737, RFC 3849): they are beyond every router.
    let (own, far) = if v4 { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    let socket = std::net::UdpSocket::bind(own).ok()?;
    socket.connect(far).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_reach_an_address_is_told() {
        let cases = [
            ("0.0.0.0", "every network"),
            ("::", "every network"),
            ("192.168.1.7", "the local network"),
            ("fe80::1", "the local network"),
            ("203.0.113.5", "possibly the whole Internet"),
        ];
        for (ip, wanted) in cases {
            assert!(reach(ip.parse().unwrap()).starts_with(wanted), "{ip}");
        }
    }
}
