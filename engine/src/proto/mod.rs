//! Rank 1: protocols. Bytes in, fields out.
//!
//! Read [`Protocol`] (what one is), then `udp.rs` (the smallest whole one), then [`walk`](walk()) (who
//! comes after whom). Adding a protocol is one new file, its `mod` line and its line in `registry.rs`;
//! one that has only a name is a row in `named.rs`.

pub mod arp;
pub mod bfd;
pub mod checksum;
pub mod coap;
mod coding;
mod compressed;
mod cursor;
pub mod data;
pub mod dhcp;
pub mod dhcpv6;
mod digit;
pub mod dns;
pub mod dtls;
pub mod eapol;
pub mod eigrp;
pub mod engineio;
pub mod ethernet;
pub mod form;
pub mod frame;
pub mod ftp;
pub mod gre;
pub mod gtp;
mod hardware;
mod hpack;
pub mod http;
pub mod http2;
pub mod icmp;
pub mod icmp_extension;
pub mod icmpv6;
pub mod igmp;
pub mod imap;
pub mod imf;
mod inflate;
pub mod ipp;
pub mod ipsec;
pub mod ipv4;
pub mod ipv6;
pub mod ipv6_extension;
pub mod ipv6_option;
pub mod isakmp;
pub mod json;
mod jsontext;
pub mod l2tp;
pub mod llc;
pub mod lldp;
pub mod memory;
pub mod mpls;
pub mod mqtt;
pub mod multipart;
pub mod named;
pub mod nat_pmp;
pub mod nbdgm;
pub mod nbns;
mod next;
pub mod ntp;
pub mod null;
mod numbers;
pub mod ospf;
mod pieces;
pub mod pim;
pub mod pop;
pub mod ppp;
pub mod pppoe;
pub(crate) mod prelude;
pub mod quic;
pub mod radiotap;
pub mod radius;
pub mod raw;
mod registry;
pub mod resp;
pub mod rip;
pub mod rtp;
pub mod sctp;
pub mod sdp;
pub mod shelf;
pub mod sip;
pub mod sll;
pub mod smtp;
pub mod snmp;
pub mod socketio;
pub mod ssh;
pub mod stp;
pub mod stream;
pub mod stun;
pub mod syslog;
mod table;
pub mod tcp;
pub mod telnet;
pub mod teredo;
#[cfg(test)]
pub(crate) mod testing;
pub mod tftp;
pub mod tls;
mod trailer;
pub mod tunnel;
pub mod udp;
pub mod vlan;
pub mod vrrp;
pub mod vxlan;
mod walk;
pub mod websocket;
pub mod wlan;
mod words;

pub use cursor::{Context, Cursor, New, PatchError, Takes, patch};
pub use memory::{Address, Conversation, ConversationKind, Ends, Fragment, Memory, NoMemory, Segment, TcpFacts};
pub(crate) use next::To;
pub use next::{Joined, Next};
pub use registry::REGISTRY;
pub use stream::{Delivery, Framing, Gap, Place, StreamCtx, Streams};
pub(crate) use table::datagram_guesses;
pub use table::{by_query, guesses, identities, is_asked_for, lookup, media, upgrade, within};
pub use walk::{walk, walk_moving, walk_on};

use crate::model::{Identity, Trouble};

/// What is put together: the datagrams and streams that are shown as wholes.
static JOINED: [&Joined; 3] = [&tcp::JOINED, &ipv4::JOINED, &ipv6_extension::JOINED];

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

impl Protocol {
    /// Whether it is the row of bytes that nobody reads.
    pub fn is_data(&self) -> bool {
        std::ptr::eq(self, &raw const data::PROTOCOL)
    }
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
    /// What has a type in IGMP and is none of its messages.
    Igmp(u8),
    /// PPP protocol number.
    Ppp(u16),
    /// TCP port, of either end.
    TcpPort(u16),
    /// UDP port, of either end.
    UdpPort(u16),
    /// All TCP ports from one to another, of either end.
    TcpPorts(u16, u16),
    /// The same of UDP.
    UdpPorts(u16, u16),
    /// HTTP upgrade token, lower case.
    Upgrade(&'static str),
    /// Media type (`Content-Type` without parameters), lower case; `+json` stands for every type that ends so.
    Media(&'static str),
    /// TLS handshake messages without records, as QUIC carries them (RFC 9001 §4).
    Handshake,
    /// What another protocol has announced for a port: `rtp`.
    Announced(&'static str),
    /// What Cisco numbers inside SNAP.
    Cisco(u16),
    /// All of these stand in the query of the target (RFC 3986 §3.4) of the request that a body answers or
    /// belongs to, or that asked for the WebSocket: `EIO=4`.
    Query(Carrier, &'static [&'static str]),
    /// Inside the messages of this protocol, where the row's framing function recognises its own.
    Within(&'static str),
    /// No key: on a stream of an unknown port its framing function is asked, about a datagram its looking function, in
    /// registry order.
    Guess,
}

/// What brings the bytes that [`Key::Query`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// The body of an HTTP message.
    Body,
    /// The same, where the row's framing function recognises it: then the media type does not count.
    Claimed,
    /// A text message of a WebSocket.
    Text,
    /// A binary message of a WebSocket.
    Binary,
}

/// How a protocol gets its bytes.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// What its carrier carries is one packet.
    Packet,
    /// A stream of bytes, cut into messages by this function.
    Stream(stream::Frame),
    /// One packet. This function looks whether a datagram is one; a row that follows [`Key::Guess`] is asked about
    /// datagrams on ports that nobody follows, too.
    Datagram(Look),
}

/// Looks at a datagram's bytes.
pub type Look = fn(&[u8]) -> Guess;

/// What a protocol says about a datagram on ports that nobody follows.
#[derive(Clone, Copy, Debug)]
pub enum Guess {
    /// Not mine.
    No,
    /// This one is mine; the next one may be another's.
    This,
    /// This one is mine. The conversation's next ones are shown to that row before their ports count: one that looks
    /// at bytes may refuse them.
    Follow(&'static Protocol),
}

impl Guess {
    /// Whether the datagram is mine.
    pub const fn is_mine(self) -> bool {
        !matches!(self, Self::No)
    }
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
