//! Who can reach a server, and by which address.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
#[cfg(unix)]
use std::os::unix::fs::FileExt as _;

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

/// Linux's routes, opened once: a program that may open nothing more can still look where others find this machine.
#[derive(Debug)]
pub struct Routes {
    routes: File,
    /// All addresses, its own among them.
    addresses: File,
}

impl Routes {
    /// As much of a table as is read, in bytes.
    #[cfg(unix)]
    const MOST: usize = 1 << 20;

    /// Opens them; `None` where the system has none.
    pub fn open() -> Option<Self> {
        let open = |name| File::open(format!("/proc/net/{name}")).ok();
        Some(Self { routes: open("route")?, addresses: open("fib_trie")? })
    }

    /// The IPv4 address by which others know this machine now.
    ///
    /// # Errors
    /// The tables can't be read.
    pub fn own_address(&self) -> io::Result<Option<IpAddr>> {
        let (routes, addresses) = (Self::text(&self.routes)?, Self::text(&self.addresses)?);
        Ok(own(&routes, &addresses).map(IpAddr::V4))
    }

    #[cfg(not(unix))]
    fn text(_: &File) -> io::Result<String> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The system writes them anew for who begins again.
    #[cfg(unix)]
    fn text(file: &File) -> io::Result<String> {
        let (mut text, mut part) = (Vec::new(), vec![0; 1 << 14]);
        while text.len() < Self::MOST {
            let read = file.read_at(&mut part, text.len() as u64)?;
            if read == 0 {
                break;
            }
            text.extend_from_slice(part.get(..read).unwrap_or_default());
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Of this machine's addresses, the one in the network of the default route; without such a route, in any network.
fn own(routes: &str, addresses: &str) -> Option<Ipv4Addr> {
    // Interface, destination, gateway, flags, two counters, metric, mask; numbers as they are in memory.
    let number = |hex: &str| u32::from_str_radix(hex, 16).ok().map(u32::from_be);
    let route = |line: &str| {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [name, to, by, _, _, _, metric, mask, ..] = parts.as_slice() else { return None };
        Some(((*name).to_owned(), number(to)?, number(by)?, metric.parse::<u32>().ok()?, number(mask)?))
    };
    let routes: Vec<_> = routes.lines().skip(1).filter_map(route).collect();
    let default = routes.iter().filter(|(_, to, _, _, mask)| (*to, *mask) == (0, 0)).min_by_key(|route| route.3);
    let mut networks = routes
        .iter()
        .filter(|(name, _, by, _, mask)| *by == 0 && *mask != 0 && default.is_none_or(|(its, ..)| its == name));
    // "|-- ADDRESS", and on the next line what it is.
    let lines: Vec<&str> = addresses.lines().collect();
    let local = lines.windows(2).filter_map(|pair| match pair {
        [address, kind] if kind.contains("/32 host LOCAL") => address.trim().strip_prefix("|-- ")?.parse().ok(),
        _ => None,
    });
    let local: Vec<Ipv4Addr> = local.filter(|ip: &Ipv4Addr| !ip.is_loopback()).collect();
    networks.find_map(|(_, to, _, _, mask)| local.iter().find(|ip| u32::from(**ip) & mask == *to).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESSES: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
        |-- 127.0.0.1
           /32 host LOCAL
     +-- 172.17.0.0/16 2 0 2
           |-- 172.17.0.1
              /32 host LOCAL
        |-- 192.168.1.23
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
";

    #[test]
    fn the_address_in_the_network_of_the_default_route_is_this_machines() {
        let head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n";
        let bridge = "docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0\n";
        let home = "wlan0 0001A8C0 00000000 0001 0 0 600 00FFFFFF 0 0 0\n";
        let default = "wlan0 00000000 0101A8C0 0003 0 0 600 00000000 0 0 0\n";
        let own = |routes: &[&str]| own(&(head.to_owned() + &routes.concat()), ADDRESSES).map(|ip| ip.to_string());
        assert_eq!(own(&[bridge, default, home]).as_deref(), Some("192.168.1.23"));
        assert_eq!(own(&[home]).as_deref(), Some("192.168.1.23"), "a network without a way out");
        assert_eq!((own(&[]), own(&["nonsense\n", "x y z\n"])), (None, None));
    }

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
