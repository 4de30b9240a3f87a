//! Rank 1: protocols. Bytes in, fields out.
//!
//! Read [`Protocol`] (what one is), then `udp.rs` (the smallest whole one), then [`walk`](walk()) (who
//! comes after whom). Adding a protocol is one new file, its `mod` line and its row in [`REGISTRY`].

mod cursor;
pub mod memory;
mod numbers;
pub mod stream;
#[cfg(test)]
pub(crate) mod testing;
mod walk;

pub mod arp;
pub mod checksum;
pub mod data;
pub mod dhcp;
pub mod dhcpv6;
pub mod dns;
pub mod ethernet;
pub mod frame;
pub mod ftp;
pub mod gre;
pub mod http;
pub mod http2;
pub mod icmp;
pub mod icmpv6;
pub mod igmp;
mod inflate;
pub mod ipp;
pub mod ipsec;
pub mod ipv4;
pub mod ipv6;
pub mod ipv6_extension;
pub mod json;
pub mod llc;
pub mod mpls;
pub mod multipart;
pub mod named;
pub mod nbns;
pub mod ntp;
pub mod null;
pub mod ppp;
pub mod pppoe;
pub mod radiotap;
pub mod raw;
pub mod sll;
pub mod smtp;
pub mod ssh;
pub mod stp;
pub mod tcp;
pub mod teredo;
pub mod tls;
pub mod udp;
pub mod vlan;
pub mod websocket;
pub mod wlan;

pub use cursor::{Context, Cursor};
pub use memory::{Address, Conversation, Ends, Fragment, Memory, NoMemory, Segment, Talk, TcpFacts};
pub use stream::{Delivery, Framing, Place, StreamCtx, Streams};
pub use walk::{walk, walk_moving};

use crate::model::{FieldDef, Identity, Trouble};

/// Every row, in the order in which help and field lists show them.
pub static REGISTRY: &[&Protocol] = &[
    &frame::PROTOCOL,
    &ethernet::PROTOCOL,
    &vlan::PROTOCOL,
    &vlan::SERVICE_PROTOCOL,
    &llc::PROTOCOL,
    &stp::PROTOCOL,
    &sll::PROTOCOL,
    &sll::V2,
    &null::PROTOCOL,
    &null::LOOP,
    &raw::PROTOCOL,
    &radiotap::PROTOCOL,
    &wlan::PROTOCOL,
    &wlan::WITH_FCS,
    &mpls::PROTOCOL,
    &pppoe::PROTOCOL,
    &pppoe::SESSION_PROTOCOL,
    &ppp::PROTOCOL,
    &ppp::LCP_PROTOCOL,
    &ppp::PAP_PROTOCOL,
    &ppp::CHAP_PROTOCOL,
    &ppp::IPCP_PROTOCOL,
    &ppp::IPV6CP_PROTOCOL,
    &arp::PROTOCOL,
    &ipv4::PROTOCOL,
    &ipv6::PROTOCOL,
    &ipv6_extension::PROTOCOL,
    &ipv6_extension::ROUTING_PROTOCOL,
    &ipv6_extension::FRAGHDR_PROTOCOL,
    &ipv6_extension::DSTOPTS_PROTOCOL,
    &icmp::PROTOCOL,
    &icmpv6::PROTOCOL,
    &igmp::PROTOCOL,
    &gre::PROTOCOL,
    &ipsec::PROTOCOL,
    &ipsec::ESP_PROTOCOL,
    &teredo::PROTOCOL,
    &tcp::PROTOCOL,
    &udp::PROTOCOL,
    &dns::PROTOCOL,
    &dns::OVER_TCP,
    &dns::OVER_MULTICAST,
    &dns::LINK_LOCAL,
    &dhcp::PROTOCOL,
    &http::PROTOCOL,
    &http::GUESSED,
    &http::TUNNEL,
    &http::SSDP,
    &http2::PROTOCOL,
    &websocket::PROTOCOL,
    &multipart::PROTOCOL,
    &ipp::PROTOCOL,
    &json::PROTOCOL,
    &tls::PROTOCOL,
    &tls::GUESSED,
    &dhcpv6::PROTOCOL,
    &ntp::PROTOCOL,
    &nbns::PROTOCOL,
    &ftp::PROTOCOL,
    &ftp::DATA,
    &smtp::PROTOCOL,
    &ssh::PROTOCOL,
    &named::ECHO,
    &named::DAYTIME,
    &named::CHARGEN,
    &named::TELNET,
    &named::TIME,
    &named::WINS,
    &named::WHOIS,
    &named::TACPLUS,
    &named::GOPHER,
    &named::FINGER,
    &named::KERBEROS,
    &named::TPKT,
    &named::POP,
    &named::RPC,
    &named::RPC_GUESSED,
    &named::NNTP,
    &named::NBSS,
    &named::IMAP,
    &named::BGP,
    &named::SNMP,
    &named::LDAP,
    &named::KPASSWD,
    &named::MODBUS,
    &named::EXEC,
    &named::RLOGIN,
    &named::RSH,
    &named::LPD,
    &named::AFP,
    &named::RTSP,
    &named::LDP,
    &named::RSYNC,
    &named::SOCKS,
    &named::RMI,
    &named::OPENVPN,
    &named::TDS,
    &named::TNS,
    &named::PPTP,
    &named::MSNMS,
    &named::MQTT,
    &named::RTMP,
    &named::IEC104,
    &named::MYSQL,
    &named::EPMD,
    &named::EDONKEY,
    &named::OPCUA,
    &named::SIP,
    &named::SIP_GUESSED,
    &named::XMPP,
    &named::PGSQL,
    &named::VNC,
    &named::VNC_GUESSED,
    &named::AMQP,
    &named::X11,
    &named::GNUTELLA,
    &named::RESP,
    &named::OPENFLOW,
    &named::IRC,
    &named::BITTORRENT,
    &named::BITTORRENT_GUESSED,
    &named::KAFKA,
    &named::GIT,
    &named::MEMCACHE,
    &named::DOIP,
    &named::DNP3,
    &named::ENIP,
    &named::SRVLOC,
    &named::ICAP,
    &named::SLSK,
    &named::CVS,
    &named::STUN,
    &named::WOW,
    &named::WOWW,
    &named::IPFIX,
    &named::SYNPHASOR,
    &named::COAP,
    &named::TIBIA,
    &named::AJP,
    &named::GADU,
    &named::ELASTIC,
    &named::DBLSP,
    &named::SYNERGY,
    &named::DCERPC,
    &data::PROTOCOL,
];

/// One way to find and read a protocol. A protocol that lives over several carriers has several rows
/// with one [`Identity`].
#[derive(Debug)]
pub struct Protocol {
    /// What it is and which fields it gives.
    pub about: &'static Identity,
    /// Where it may follow.
    pub follows: &'static [Key],
    /// How it gets its bytes.
    pub over: Over,
    /// Reads one packet or message.
    pub dissect: fn(&mut Cursor<'_>) -> Result<Next, Trouble>,
}

/// What a carrier says comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The capture's `LINKTYPE_`.
    Link(u16),
    /// EtherType (also of LLC/SNAP, GRE and cooked captures).
    EtherType(u16),
    /// LLC service access point.
    Sap(u8),
    /// IPv4 protocol or IPv6 next header.
    IpProto(u8),
    /// PPP protocol number.
    Ppp(u16),
    /// TCP port, of either end.
    TcpPort(u16),
    /// UDP port, of either end.
    UdpPort(u16),
    /// HTTP upgrade token, lower case.
    Upgrade(&'static str),
    /// Media type (`Content-Type` without parameters), lower case; `+json` stands for every type that ends so.
    Media(&'static str),
    /// No key: on a stream of an unknown port its framing function is asked, in registry order.
    Guess,
}

/// How a protocol gets its bytes.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// What its carrier carries is one packet.
    Packet,
    /// A stream of bytes, cut into messages by this function.
    Stream(stream::Frame),
}

/// What a dissector says comes after its header.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    to: To,
    header: usize,
    buffer: Option<(u8, Option<&'static Joined>)>,
}

#[derive(Clone, Copy, Debug)]
enum To {
    End,
    Key(Key),
    Ports(u16, u16),
    Stream(Segment, &'static Joined),
    Row(&'static Protocol),
    Data,
}

/// The layer that tells from which frames a buffer was put together.
#[derive(Debug)]
pub struct Joined {
    /// What the layer is called.
    pub about: &'static Identity,
    /// One for each frame.
    pub frame: &'static FieldDef,
    /// How many.
    pub count: &'static FieldDef,
    /// How many bytes in all.
    pub length: &'static FieldDef,
}

impl Next {
    /// Nothing follows; this layer is `len` bytes long.
    pub const fn end(len: usize) -> Self {
        Self { to: To::End, header: len, buffer: None }
    }

    /// After `header` bytes follows whoever follows `key`, or plain data if nobody does.
    pub const fn to(key: Key, header: usize) -> Self {
        Self { to: To::Key(key), header, buffer: None }
    }

    /// After `header` bytes of a datagram follows whoever follows one of its ports, the lower first.
    pub const fn ports(src: u16, dst: u16, header: usize) -> Self {
        Self { to: To::Ports(src, dst), header, buffer: None }
    }

    /// After `header` bytes follows a piece of a stream; messages that it completes come next.
    pub const fn stream(segment: Segment, header: usize, joined: &'static Joined) -> Self {
        Self { to: To::Stream(segment, joined), header, buffer: None }
    }

    /// After `header` bytes follows this protocol.
    pub const fn row(row: &'static Protocol, header: usize) -> Self {
        Self { to: To::Row(row), header, buffer: None }
    }

    /// After `header` bytes follows what no protocol here claims.
    pub const fn data(header: usize) -> Self {
        Self { to: To::Data, header, buffer: None }
    }

    /// What follows is the whole of buffer `id`, and not the bytes behind this header.
    #[must_use]
    pub const fn buffer(mut self, id: u8, joined: &'static Joined) -> Self {
        self.buffer = Some((id, Some(joined)));
        self
    }

    /// What follows is the whole of buffer `id`, which this dissector uncovered itself.
    #[must_use]
    pub const fn within(mut self, id: u8) -> Self {
        self.buffer = Some((id, None));
        self
    }

    /// The same payload for another key.
    #[must_use]
    pub const fn key(mut self, key: Key) -> Self {
        self.to = To::Key(key);
        self
    }
}

/// The protocol that follows `key`.
pub fn lookup(key: Key) -> Option<&'static Protocol> {
    let index = match key {
        Key::Link(n) => *LINKS.get(usize::from(n))?,
        Key::EtherType(n) => *ETHER_TYPES.get(usize::from(n))?,
        Key::IpProto(n) => *IP_PROTOS.get(usize::from(n))?,
        Key::TcpPort(n) => *TCP_PORTS.get(usize::from(n))?,
        Key::UdpPort(n) => *UDP_PORTS.get(usize::from(n))?,
        _ => return REGISTRY.iter().find(|p| p.follows.contains(&key)).copied(),
    };
    REGISTRY.get(usize::from(index).checked_sub(1)?).copied()
}

/// The protocol that reads bodies of this media type (RFC 9110 §8.3; suffixes: RFC 6839).
pub fn media(content_type: &[u8]) -> Option<&'static Protocol> {
    let essence = content_type.split(|&b| b == b';').next().unwrap_or(&[]).trim_ascii();
    let matches = |name: &str| match essence.len().checked_sub(name.len()) {
        Some(0) => essence.eq_ignore_ascii_case(name.as_bytes()),
        Some(cut) if name.starts_with('+') => {
            essence.get(cut..).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        }
        _ => false,
    };
    REGISTRY.iter().copied().find(|p| p.follows.iter().any(|k| matches!(k, Key::Media(name) if matches(name))))
}

/// The key of an upgrade token (RFC 9110 §7.8); one that nobody follows where it is unknown.
pub fn upgrade(token: &[u8]) -> Key {
    let keys = REGISTRY.iter().flat_map(|p| p.follows);
    let known = keys.copied().find(|k| matches!(k, Key::Upgrade(name) if token.eq_ignore_ascii_case(name.as_bytes())));
    known.unwrap_or(Key::Upgrade(""))
}

/// The protocols that are asked about a stream whose port says nothing.
pub fn guesses() -> impl Iterator<Item = &'static Protocol> {
    GUESSES.iter().map_while(|&row| row)
}

/// Those rows, found by the compiler: every segment of an unknown stream asks for them.
static GUESSES: [Option<&'static Protocol>; 32] = {
    let (mut rows, mut found, mut row) = ([None; 32], 0, 0);
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            if matches!(REGISTRY[row].follows[k], Key::Guess) {
                rows[found] = Some(REGISTRY[row]);
                found += 1;
            }
            k += 1;
        }
        row += 1;
    }
    rows
};

/// Every identity once, in registry order.
pub fn identities() -> impl Iterator<Item = &'static Identity> {
    let joined = [tcp::JOINED.about, ipv4::JOINED.about, ipv6_extension::JOINED.about];
    let rows =
        REGISTRY.iter().enumerate().filter(|(i, p)| !REGISTRY.iter().take(*i).any(|q| p.about.name == q.about.name));
    rows.map(|(_, p)| p.about).chain(joined)
}

/// Which kind of key a table below is indexed by.
#[derive(Clone, Copy)]
enum Index {
    Link,
    EtherType,
    IpProto,
    TcpPort,
    UdpPort,
}

static LINKS: [u8; 1 << 16] = rows_by(Index::Link);
static ETHER_TYPES: [u8; 1 << 16] = rows_by(Index::EtherType);
static IP_PROTOS: [u8; 1 << 8] = rows_by(Index::IpProto);
static TCP_PORTS: [u8; 1 << 16] = rows_by(Index::TcpPort);
static UDP_PORTS: [u8; 1 << 16] = rows_by(Index::UdpPort);

/// For each number, 1 + the place in [`REGISTRY`] of the row that follows it; 0 for none. The table
/// is made by the compiler; where two rows claim one key, it refuses.
const fn rows_by<const N: usize>(index: Index) -> [u8; N] {
    let mut table = [0; N];
    let mut row = 0;
    let mut place = 1u8;
    assert!(REGISTRY.len() < 255, "a table's cell is one byte");
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            let n = match (index, REGISTRY[row].follows[k]) {
                (Index::IpProto, Key::IpProto(n)) => Some(n as usize),
                (Index::Link, Key::Link(n))
                | (Index::EtherType, Key::EtherType(n))
                | (Index::TcpPort, Key::TcpPort(n))
                | (Index::UdpPort, Key::UdpPort(n)) => Some(n as usize),
                _ => None,
            };
            if let Some(n) = n {
                assert!(table[n] == 0, "two rows follow one key");
                table[n] = place;
            }
            k += 1;
        }
        row += 1;
        place += 1;
    }
    table
}

/// The static rows of one protocol file: `NAME = constructor(…);` each, and `FIELDS` with all of them.
macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $row:expr;)*) => {
        $(
            #[doc = concat!("See [`FIELDS`]: ", stringify!($name), ".")]
            $(#[$doc])*
            pub static $name: $crate::model::FieldDef = $row;
        )*
        /// This protocol's fields, in order of display.
        pub static FIELDS: &[&$crate::model::FieldDef] = &[$(&$name),*];
    };
}
pub(crate) use fields;

/// What nearly every protocol file needs.
pub(crate) mod prelude {
    pub(crate) use super::{Cursor, Key, Next, Over, Protocol, fields};
    pub(crate) use crate::model::field::row::*;
    pub(crate) use crate::model::{FieldDef, Identity, Kind, Layer, Osi, Packet, Trouble, Value, show};
}
