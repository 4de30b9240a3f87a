//! What the words of a filter mean: fields, protocols, and the names that exist in filters only.

use super::error::{Fault, brief};
use super::made::{self, Made};
use crate::model::{FieldDef, Identity, Kind};
use crate::proto::{self, ethernet, frame, ipv4, ipv6, tcp, udp};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

/// A name that no field has: it stands for several fields, or shows one in another way.
#[derive(Debug)]
pub struct Alias {
    /// Wireshark's name for it.
    pub name: &'static str,
    /// One beginner sentence.
    pub about: &'static str,
    /// The fields it stands for.
    pub of: &'static [&'static FieldDef],
    /// How their values are read.
    pub view: View,
}

/// How a filter reads the values of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// As they are.
    #[default]
    Value,
    /// An address as the text people write.
    Text,
    /// Seconds since 1970 as a date and time of day.
    Date,
    /// The bytes that the layer of the field carries.
    Payload,
    /// Whether a bit of the first byte of an address is set.
    Bit(u8),
    /// Made from the whole packet; the field is none that a packet holds.
    Made(Made),
}

const fn alias(name: &'static str, about: &'static str, of: &'static [&'static FieldDef], view: View) -> Alias {
    Alias { name, about, of, view }
}

/// The bits of a link address that have a meaning (IEEE 802-2014 §8.2.2).
const GROUP: View = View::Bit(0x01);
const LOCAL: View = View::Bit(0x02);

/// Every such name. Only filters know them; a packet's layers never show them.
pub static ALIASES: &[Alias] = &[
    alias("frame.time", "When it was captured, as date and time of day in UTC.", &[&frame::TIME_EPOCH], View::Date),
    alias("eth.addr", "The link address of either end.", &[&ethernet::DST, &ethernet::SRC], View::Value),
    alias("eth.ig", "Whether either link address is that of a group.", &[&ethernet::DST, &ethernet::SRC], GROUP),
    alias("eth.dst.ig", "Whether it is meant for a group of cards.", &[&ethernet::DST], GROUP),
    alias(
        "eth.src.ig",
        "Whether the sender's address is that of a group; it never should be.",
        &[&ethernet::SRC],
        GROUP,
    ),
    alias(
        "eth.lg",
        "Whether either address was set locally, not by a maker.",
        &[&ethernet::DST, &ethernet::SRC],
        LOCAL,
    ),
    alias("eth.dst.lg", "Whether the receiver's address was set locally, not by a maker.", &[&ethernet::DST], LOCAL),
    alias("eth.src.lg", "Whether the sender's address was set locally, not by a maker.", &[&ethernet::SRC], LOCAL),
    alias("ip.addr", "The IPv4 address of either end.", &[&ipv4::SRC, &ipv4::DST], View::Value),
    alias("ip.host", "The IPv4 address of either end, as text.", &[&ipv4::SRC, &ipv4::DST], View::Text),
    alias("ip.src_host", "The sender's IPv4 address, as text.", &[&ipv4::SRC], View::Text),
    alias("ip.dst_host", "The receiver's IPv4 address, as text.", &[&ipv4::DST], View::Text),
    alias("ipv6.addr", "The IPv6 address of either end.", &[&ipv6::SRC, &ipv6::DST], View::Value),
    alias("ipv6.host", "The IPv6 address of either end, as text.", &[&ipv6::SRC, &ipv6::DST], View::Text),
    alias("ipv6.src_host", "The sender's IPv6 address, as text.", &[&ipv6::SRC], View::Text),
    alias("ipv6.dst_host", "The receiver's IPv6 address, as text.", &[&ipv6::DST], View::Text),
    alias("tcp.port", "The TCP port of either end.", &[&tcp::SRCPORT, &tcp::DSTPORT], View::Value),
    alias("udp.port", "The UDP port of either end.", &[&udp::SRCPORT, &udp::DSTPORT], View::Value),
    alias("tcp.payload", "The data of a segment.", &[&tcp::LEN], View::Payload),
    alias("udp.payload", "The data of a datagram.", &[&udp::LENGTH], View::Payload),
    made(&[&made::PROTOCOLS], Made::Protocols),
    made(&[&made::INTERFACE_ID], Made::InterfaceId),
    made(&[&made::ENCAPSULATION], Made::Encapsulation),
    made(&[&made::MARKED], Made::Marked),
    made(&[&made::DELTA_DISPLAYED], Made::DeltaDisplayed),
    made(&[&made::EXPERT], Made::Expert),
    made(&[&made::SEVERITY], Made::Severity),
    made(&[&made::GROUP], Made::Group),
    made(&[&made::MESSAGE], Made::Message),
    made(&[&made::MALFORMED], Made::Malformed),
    made(&[&made::SHORT], Made::Short),
    made(&[&made::LINES], Made::Lines),
    made(&[&made::FORM], Made::Form),
    made(&[&made::FORM_KEY], Made::FormKey),
    made(&[&made::FORM_VALUE], Made::FormValue),
    made(&[&made::PDU_SIZE], Made::PduSize),
];

/// A name whose values are made from the whole packet.
const fn made(of: &'static [&'static FieldDef], view: Made) -> Alias {
    let (name, about) = if let [def, ..] = of { (def.name, def.about) } else { ("", "") };
    alias(name, about, of, View::Made(view))
}

/// What protocols were called before Wireshark 3.0, and what they are called since.
const OLD_NAMES: &[(&str, &str)] = &[("ssl", "tls"), ("bootp", "dhcp")];

/// Names whose values only later packets know. Wireshark has them once it has read the whole capture; here each packet
/// is read once, in its turn.
const LATER: &[(&str, &str)] = &[
    ("tcp.reassembled_in", "`tcp.segment` is in the packet that completes the message, and names the others"),
    ("tcp.segment_data", "`tcp.segment` is in the packet that completes the message, and names the others"),
    ("ip.reassembled_in", "`ip.fragment` is in the packet that completes the datagram, and names the others"),
    ("ipv6.reassembled.in", "`ipv6.fragment` is in the packet that completes the datagram, and names the others"),
    ("icmp.resp_in", "`icmp.resp_to` is in the answer, and names the request"),
    ("icmpv6.resp_in", "`icmpv6.resp_to` is in the answer, and names the request"),
    ("dns.response_in", "`dns.response_to` is in the answer, and names the query"),
    ("http.response_in", "`http.request_in` is in the answer, and names the request"),
    ("http.next_request_in", "`http.request_in` is in each answer, and names the request"),
    ("http.next_response_in", "`http.request_in` is in each answer, and names the request"),
    ("tcp.pdu.last_frame", "`tcp.segment` is in the packet that completes the message, and names the others"),
];

/// The old and the new name of the protocol that the word begins with, if it has been renamed.
pub(super) fn renamed(word: &str) -> Option<(&'static str, &'static str)> {
    OLD_NAMES.iter().find(|(old, _)| word.split('.').next() == Some(old)).copied()
}

/// What a name stands for: fields, a protocol, or both where two share one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) fields: Vec<&'static FieldDef>,
    pub(super) protocols: Vec<&'static Identity>,
    pub(super) view: View,
}

impl Named {
    /// Whether it stands for a protocol and nothing else.
    pub(super) fn is_protocol(&self) -> bool {
        self.fields.is_empty() && self.view == View::Value
    }

    /// Its row, if it stands for one as it is and for nothing else.
    pub(super) fn row(&self) -> Option<&'static FieldDef> {
        match *self.fields {
            [def] if self.protocols.is_empty() && self.view == View::Value => Some(def),
            _ => None,
        }
    }

    /// The kind of its values, by its first field; `None` for a bare protocol.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.fields.first().map(|def| def.kind)
    }
}

/// All names: those of the registry, and those of these protocols.
pub(super) struct Names<'a>(pub(super) &'a [&'static Identity]);

impl Names<'_> {
    fn identities(&self) -> impl Iterator<Item = &'static Identity> {
        proto::identities().chain(self.0.iter().copied())
    }

    pub(super) fn find(&self, word: &str) -> Option<Named> {
        self.named(word).or_else(|| {
            let (old, new) = renamed(word)?;
            let rest = word.strip_prefix(old)?;
            self.named(&format!("{new}{rest}"))
        })
    }

    fn named(&self, word: &str) -> Option<Named> {
        if let Some(alias) = ALIASES.iter().find(|alias| alias.name == word) {
            let own = |i: &&Identity| alias.of.iter().any(|def| i.fields.contains(def));
            return Some(match alias.view {
                View::Payload => {
                    let protocols = proto::identities().filter(own).collect();
                    Named { fields: Vec::new(), protocols, view: alias.view }
                }
                view => Named { fields: alias.of.to_vec(), protocols: Vec::new(), view },
            });
        }
        let own = self.0.iter().copied().flat_map(meanings).filter(|(name, _)| *name == word);
        let mut named = Named::default();
        for meant in registered(word).chain(own.map(|(_, meant)| meant)) {
            match meant {
                Meant::Field(def) => named.fields.push(def),
                Meant::Protocol(identity) => named.protocols.push(identity),
            }
        }
        (!named.fields.is_empty() || !named.protocols.is_empty()).then_some(named)
    }

    /// `word` is unknown; perhaps one of the known names was meant.
    pub(super) fn unknown(&self, word: &str, span: &Range<usize>) -> Fault {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return Fault::new(span, format!("`{}` alone is no condition: compare a field with it", brief(word)));
        }
        if let Some((name, instead)) = LATER.iter().find(|(name, _)| *name == word) {
            let why =
                format!("`{name}` is told by packets that come later, and each is read once here; instead, {instead}");
            return Fault::new(span, why);
        }
        Fault::new(span, format!("`{}` is neither a field nor a protocol", brief(word)))
            .near(word, self.known().into_iter())
    }

    fn known(&self) -> BTreeSet<&'static str> {
        let fields = self.identities().flat_map(|identity| identity.fields).map(|def| def.name);
        let protocols = self.identities().map(|identity| identity.name);
        fields.chain(protocols).chain(ALIASES.iter().map(|alias| alias.name)).collect()
    }
}

/// One thing that a name may stand for.
#[derive(Clone, Copy)]
enum Meant {
    Field(&'static FieldDef),
    Protocol(&'static Identity),
}

fn meanings(of: &'static Identity) -> impl Iterator<Item = (&'static str, Meant)> {
    let fields = of.fields.iter().map(|def| (def.name, Meant::Field(def)));
    std::iter::once((of.name, Meant::Protocol(of))).chain(fields)
}

/// What the registry means by a name.
fn registered(word: &str) -> impl Iterator<Item = Meant> {
    static INDEX: LazyLock<Index> = LazyLock::new(Index::new);
    INDEX.find(word)
}

/// The field of this name; of several, the one registered last.
pub fn field(name: &str) -> Option<&'static FieldDef> {
    registered(name).filter_map(|meant| if let Meant::Field(def) = meant { Some(def) } else { None }).last()
}

/// All names of the registry. It has thousands, and most programs ask for one or two, so they are put into buckets, not sorted.
struct Index {
    /// Each name with the number of the next one in its bucket.
    all: Vec<(&'static str, Meant, usize)>,
    /// The first of each bucket.
    buckets: Vec<usize>,
}

impl Index {
    /// A power of two, about as many as there are names.
    const BUCKETS: usize = 1 << 12;
    /// The end of a heap.
    const END: usize = usize::MAX;

    fn new() -> Self {
        let mut all = Vec::with_capacity(Self::BUCKETS);
        for identity in proto::identities() {
            all.extend(meanings(identity).map(|(name, meant)| (name, meant, Self::END)));
        }
        let mut buckets = vec![Self::END; Self::BUCKETS];
        // From the last to the first, so that names that are alike keep their order.
        for (i, (name, _, next)) in all.iter_mut().enumerate().rev() {
            if let Some(first) = buckets.get_mut(Self::bucket(name)) {
                *next = std::mem::replace(first, i);
            }
        }
        Self { all, buckets }
    }

    /// Names differ most in their length and at their ends.
    fn bucket(name: &str) -> usize {
        let end = name.as_bytes().last_chunk().map_or(0, |&end| u32::from_le_bytes(end));
        let mixed = (u64::from(end) ^ (name.len() as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The upper bits of a product depend on all bits below them (Fibonacci hashing).
        usize::try_from(mixed >> 48).unwrap_or(0) % Self::BUCKETS
    }

    fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = Meant> + 'a {
        let first = self.buckets.get(Self::bucket(word)).and_then(|&first| self.all.get(first));
        let bucket = std::iter::successors(first, |(.., next)| self.all.get(*next));
        bucket.filter(move |(name, ..)| *name == word).map(|(_, meant, _)| *meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_alias_hides_a_field_or_a_protocol() {
        for identity in proto::identities() {
            for alias in ALIASES {
                assert!(alias.name != identity.name, "{} is a protocol", alias.name);
                assert!(identity.fields.iter().all(|def| def.name != alias.name), "{} is a field", alias.name);
            }
        }
    }

    #[test]
    fn every_name_is_found_with_all_that_it_means() {
        let address = |meant| match meant {
            Meant::Field(def) => std::ptr::from_ref::<FieldDef>(def).addr(),
            Meant::Protocol(identity) => std::ptr::from_ref::<Identity>(identity).addr(),
        };
        let mut meant = std::collections::BTreeMap::<_, Vec<_>>::new();
        for (name, means) in proto::identities().flat_map(meanings) {
            meant.entry(name).or_default().push(address(means));
        }
        assert!(meant.values().any(|all| all.len() > 1), "some names mean several things");
        for (name, all) in meant {
            assert_eq!(registered(name).map(address).collect::<Vec<_>>(), all, "{name}");
            assert!(registered(&name[1..]).all(|found| !all.contains(&address(found))), "{name} by its end");
        }
    }

    #[test]
    fn a_name_that_later_packets_tell_is_not_known_and_what_to_use_instead_is() {
        for (name, instead) in LATER {
            assert!(Names(&[]).find(name).is_none(), "{name}");
            let meant = instead.split('`').nth(1).unwrap_or_default();
            assert!(Names(&[]).find(meant).is_some(), "{meant}");
        }
    }

    #[test]
    fn the_fields_of_an_alias_are_of_one_kind() {
        for alias in ALIASES {
            assert!(!alias.of.is_empty() && alias.of.iter().all(|def| def.kind == alias.of[0].kind), "{}", alias.name);
            assert!(alias.about.len() <= 90 && alias.about.ends_with('.'), "{}", alias.name);
        }
    }
}
