//! `gateway = "192.0.2.1"` or `gateway = ["192.0.2.1", "2001:db8::1"]`.

use std::fmt;
use std::net::IpAddr;

use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

/// One address, or one a family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateways(Vec<IpAddr>);

impl Gateways {
    /// All of them.
    pub(super) fn all(&self) -> &[IpAddr] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Gateways {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Gateways;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the address of a router, or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Gateways, E> {
                let address = text.parse().map_err(|_| E::custom("a gateway is an address, like \"192.0.2.1\""))?;
                Ok(Gateways(vec![address]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Gateways, A::Error> {
                let mut all = Vec::<IpAddr>::new();
                while let Some(address) = list.next_element::<IpAddr>()? {
                    if all.iter().any(|other| other.is_ipv4() == address.is_ipv4()) {
                        return Err(A::Error::custom("there is at most one gateway for IPv4 and one for IPv6"));
                    }
                    all.push(address);
                }
                Ok(Gateways(all))
            }
        }

        from.deserialize_any(Either)
    }
}
