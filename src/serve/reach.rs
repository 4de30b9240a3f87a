//! Who can reach a server, in words.

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
