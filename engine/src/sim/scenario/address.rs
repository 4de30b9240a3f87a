//! Addresses as a scenario writes them: a card's, a network's, and where a visit goes.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;

use serde::Deserialize;

/// The address of a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Mac(pub [u8; 6]);

/// An address and how many of its first bits name the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Prefix {
    /// The address.
    pub address: IpAddr,
    /// The bits of the network.
    pub length: u8,
}

/// Where a route leads: any address, of which only the first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    /// Any address of the network.
    pub address: IpAddr,
    /// The bits that count.
    pub length: u8,
}

/// Where a visit goes: `192.0.2.80:80`, `[2001:db8::80]:80`, `www.example.com:80`, or without a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Target {
    /// Who.
    pub host: Whom,
    /// At which port; `None` for what needs none.
    pub port: Option<NonZeroU16>,
}

/// Who is visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By address.
    Address(IpAddr),
    /// By a name, which the host's resolver knows.
    Name(String),
}

impl Prefix {
    /// The network it stands in.
    pub fn network(self) -> Network {
        Network { address: self.address, length: self.length }
    }
}

impl Network {
    /// Whether an address belongs to it.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let apart = own.to_bits() ^ other.to_bits();
                apart.leading_zeros() >= u32::from(self.length)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let apart = own.to_bits() ^ other.to_bits();
                apart.leading_zeros() >= u32::from(self.length)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl TryFrom<String> for Mac {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bad = "a MAC address is six bytes, like \"02:00:00:00:00:01\"";
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or(bad)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| bad)?;
        }
        match (parts.next(), bytes[0] & 1) {
            (Some(_), _) => Err(bad),
            (None, 1) => Err("this MAC address names a group, not one card"),
            (None, _) if bytes == [0; 6] => Err("no card has this MAC address"),
            (None, _) => Ok(Self(bytes)),
        }
    }
}

impl TryFrom<String> for Prefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (address, length) = split(&text, "an address needs its prefix length, like \"192.0.2.10/24\"")?;
        if is_unicast(address) { Ok(Self { address, length }) } else { Err("no single host can have this address") }
    }
}

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (address, length) = split(&text, "a route leads to a network, like \"198.51.100.0/24\" or \"0.0.0.0/0\"")?;
        Ok(Self { address, length })
    }
}

fn split(text: &str, bad: &'static str) -> Result<(IpAddr, u8), &'static str> {
    let (address, length) = text.split_once('/').ok_or(bad)?;
    let (address, length): (IpAddr, u8) = (address.parse().map_err(|_| bad)?, length.parse().map_err(|_| bad)?);
    let longest = if address.is_ipv4() { 32 } else { 128 };
    if length > longest { Err("the prefix is longer than the address") } else { Ok((address, length)) }
}

impl TryFrom<String> for Target {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let nobody = "nobody can be visited at this address";
        let (host, port) = if let Ok(socket) = text.parse::<SocketAddr>() {
            (Whom::Address(socket.ip()), Some(socket.port()))
        } else if let Ok(address) = text.parse::<IpAddr>() {
            (Whom::Address(address), None)
        } else {
            let bad = "a visit goes to an address or a name, mostly with a port, like \"192.0.2.80:80\" or \
                       \"www.example.com:80\"";
            let (name, port) = match text.split_once(':') {
                Some((name, port)) => (name, Some(port.parse::<u16>().map_err(|_| bad)?)),
                None => (text.as_str(), None),
            };
            let right = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(right);
            let all_digits = name.chars().all(|c| c.is_ascii_digit() || c == '.');
            if name.len() > 253 || all_digits || !name.split('.').all(label) {
                return Err(bad);
            }
            (Whom::Name(name.to_owned()), port)
        };
        if matches!(&host, Whom::Address(address) if !is_unicast(*address)) {
            return Err(nobody);
        }
        let port = port.map(|port| NonZeroU16::new(port).ok_or(nobody)).transpose()?;
        Ok(Self { host, port })
    }
}

/// Whether one host can have this address.
pub(super) fn is_unicast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || broadcast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_share_its_first_bits() {
        let network = |text: &str| Network::try_from(text.to_owned()).unwrap();
        let holds = |n: &str, a: &str| network(n).contains(a.parse().unwrap());
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8:1::/48", "2001:db8:1:ffff::1") && !holds("2001:db8:1::/48", "2001:db8:2::1"));
        assert!(holds("10.0.0.1/32", "10.0.0.1") && !holds("10.0.0.1/32", "10.0.0.0"));
    }

    #[test]
    fn a_target_is_an_address_or_a_name_with_or_without_a_port() {
        let target = |text: &str| Target::try_from(text.to_owned());
        assert_eq!(target("[2001:db8::1]:80").unwrap().port, NonZeroU16::new(80));
        assert_eq!(target("192.0.2.1").unwrap(), Target { host: Whom::Address([192, 0, 2, 1].into()), port: None });
        assert_eq!(target("www.example.com:8080").unwrap().host, Whom::Name("www.example.com".into()));
        for bad in ["", "192.0.2.1:0", "224.0.0.1:80", "a..b:80", "www:http", "192.0.2.300:80", "www example:80"] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
