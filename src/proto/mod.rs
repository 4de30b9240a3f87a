//! Rank 1: protocols. Bytes in, fields out.
//!
//! Read [`Protocol`] (what one is), then `udp.rs` (the smallest whole one), then [`walk`](walk()) (who
//! comes after whom). Adding a protocol is one new file, its `mod` line and its row in [`REGISTRY`].

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
pub mod named_streams;
pub mod nbdgm;
pub mod nbns;
mod next;
pub mod ntp;
pub mod null;
mod numbers;
pub mod ospf;
pub mod pim;
pub mod pop;
pub mod ppp;
pub mod pppoe;
pub(crate) mod prelude;
pub mod quic;
pub mod radiotap;
pub mod radius;
pub mod raw;
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

pub use cursor::{Context, Cursor};
pub use memory::{Address, Conversation, Ends, Fragment, Memory, NoMemory, Segment, Talk, TcpFacts};
pub(crate) use next::To;
pub use next::{Joined, Next};
pub use stream::{Delivery, Framing, Gap, Place, StreamCtx, Streams};
pub(crate) use table::datagram_guesses;
pub use table::{by_query, guesses, identities, is_asked_for, lookup, media, upgrade, within};
pub use walk::{walk, walk_moving, walk_on};

use crate::model::{Identity, Trouble};

/// What is put together: the datagrams and streams that are shown as wholes.
static JOINED: [&Joined; 3] = [&tcp::JOINED, &ipv4::JOINED, &ipv6_extension::JOINED];

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
    &mpls::CONTROL_WORD_PROTOCOL,
    &mpls::CHANNEL_PROTOCOL,
    &pppoe::PROTOCOL,
    &pppoe::SESSION_PROTOCOL,
    &ppp::PROTOCOL,
    &ppp::LCP_PROTOCOL,
    &ppp::PAP_PROTOCOL,
    &ppp::CHAP_PROTOCOL,
    &ppp::IPCP_PROTOCOL,
    &ppp::IPV6CP_PROTOCOL,
    &eapol::PROTOCOL,
    &eapol::EAP_PROTOCOL,
    &lldp::PROTOCOL,
    &lldp::CDP_PROTOCOL,
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
    &tunnel::ETHERIP_PROTOCOL,
    &tunnel::LISP_PROTOCOL,
    &tunnel::ERSPAN_PROTOCOL,
    &tunnel::TZSP_PROTOCOL,
    &ipsec::PROTOCOL,
    &ipsec::ESP_PROTOCOL,
    &isakmp::PROTOCOL,
    &isakmp::ENCAP_PROTOCOL,
    &l2tp::PROTOCOL,
    &gtp::PROTOCOL,
    &gtp::V2_PROTOCOL,
    &teredo::PROTOCOL,
    &vxlan::PROTOCOL,
    &vxlan::GPE_PROTOCOL,
    &vxlan::GENEVE_PROTOCOL,
    &ospf::PROTOCOL,
    &eigrp::PROTOCOL,
    &pim::PROTOCOL,
    &pim::V1_PROTOCOL,
    &vrrp::PROTOCOL,
    &vrrp::HSRP_PROTOCOL,
    &bfd::PROTOCOL,
    &rip::PROTOCOL,
    &rip::NG_PROTOCOL,
    &tcp::PROTOCOL,
    &udp::PROTOCOL,
    &rtp::PROTOCOL,
    &rtp::RTCP_PROTOCOL,
    &sctp::PROTOCOL,
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
    &http2::GUESSED,
    &websocket::PROTOCOL,
    &engineio::POLLING,
    &engineio::CLAIMED,
    &engineio::TEXT_MESSAGE,
    &engineio::BINARY_MESSAGE,
    &socketio::PROTOCOL,
    &socketio::ATTACHMENT_PROTOCOL,
    &multipart::PROTOCOL,
    &ipp::PROTOCOL,
    &json::PROTOCOL,
    &tls::PROTOCOL,
    &tls::GUESSED,
    &tls::BARE,
    &stun::PROTOCOL,
    &quic::PROTOCOL,
    &quic::FOLLOWED,
    &stun::GUESSED,
    &dtls::PROTOCOL,
    &dtls::GUESSED,
    &dhcpv6::PROTOCOL,
    &tftp::PROTOCOL,
    &tftp::GUESSED,
    &dns::GUESSED,
    &ntp::PROTOCOL,
    &nbns::PROTOCOL,
    &nbdgm::PROTOCOL,
    &nbdgm::MAILSLOT_PROTOCOL,
    &snmp::PROTOCOL,
    &radius::PROTOCOL,
    &syslog::PROTOCOL,
    &coap::PROTOCOL,
    &ftp::PROTOCOL,
    &ftp::DATA,
    &smtp::PROTOCOL,
    &imf::PROTOCOL,
    &ssh::PROTOCOL,
    &named::ECHO,
    &named::DAYTIME,
    &named::CHARGEN,
    &named::TIME,
    &named::TACACS,
    &named::PORTMAP,
    &named::IPX,
    &named::PTP,
    &named::CLDAP,
    &named::SRVLOC,
    &named::MIP,
    &named::KPASSWD,
    &named::AUTO_RP,
    &named::WHO,
    &named::NCP,
    &named::TSP,
    &named::LMP,
    &named::DLEP,
    &named::KINK,
    &named::OPENVPN,
    &named::MS_PROXY,
    &named::MSMMS,
    &named::RAS,
    &named::H501,
    &named::AMT,
    &named::WLCCP,
    &named::MEGACO,
    &named::H248,
    &named::WSP,
    &named::WTP,
    &named::WTLS,
    &named::DIS,
    &named::ICP,
    &named::RDP_UDP,
    &named::HIQNET,
    &named::LISP,
    &named::IAX2,
    &named::ROCE,
    &named::DPNET,
    &named::TIPC,
    &named::RDT,
    &named::ADP,
    &named::ASTERIX,
    &named::TS2,
    &named::PFCP,
    &named::SAP,
    &named::MEMCACHE,
    &named::VUZE,
    &named::DROPBOX,
    &named::RAKNET_PORT,
    &named::MINT,
    &named::COLLECTD,
    &named::QUAKE2,
    &named::UAUDP,
    &named::MANOLITO,
    &named::ENIP,
    &named::HCRT,
    &named::ELASTIC,
    &named::IGRP,
    &named::DCCP,
    &named::RSVP,
    &named::NHRP,
    &named::IPCOMP,
    &named::PGM,
    &named::LACP,
    &named::LOOP,
    &named::WAKE,
    &named::DVMRP,
    &named::MSNIP,
    &named::CGMP,
    &named::MAC_CONTROL,
    &named::AARP,
    &named::DSR,
    &named::XTP,
    &named::AOE,
    &named::MACSEC,
    &named::CFM,
    &named::HOMEPLUG_AV,
    &named::HOMEPLUG,
    &named::REALTEK,
    &named::LLTD,
    &named::PN_RT,
    &named::GOOSE,
    &named::OSI_NETWORK,
    &named::NETBIOS,
    &named::BVLC,
    &named::DNP3,
    &named::BABEL,
    &named::SFLOW,
    &named::CFLOW,
    &named::LDP,
    &named::MGCP,
    &named::WCCP,
    &named::DOIP,
    &named::QUAKE3,
    &named::EDONKEY,
    &named::STEAM,
    &named::GVCP,
    &named::HIP,
    &named::MNDP,
    &named::WIREGUARD,
    &named::RTPS,
    &named::RPC,
    &named::RAKNET,
    &named::MPEG,
    &named::ARTNET,
    &named::BT_DHT,
    &named::GQUIC,
    &named::DCERPC,
    &named::CLASSIC_STUN,
    &named::PAGP,
    &named::UDLD,
    &named::VTP,
    &named::DTP,
    &named::BFD_ECHO,
    &named::XYPLEX,
    &named::RSP,
    &named::ACDR,
    &named::LWRES,
    &named::FIND,
    &named::C1222,
    &named::PKTC,
    &named::CNIP,
    &named::GPRS_NS,
    &named::CIPIO,
    &named::MTA_FQDN,
    &named::MIKEY,
    &named::IAPP,
    &named::KNET,
    &named::HICP,
    &named::AX4000,
    &named::SABP,
    &named::DOF,
    &named::KIP,
    &named::ASAP,
    &named::MIH,
    &named::RSIP,
    &named::VRT,
    &named::AYIYA,
    &named::MIPV6,
    &named::ECMP,
    &named::TETRA,
    &named::NANO,
    &named::IDN,
    &named::ULP,
    &named::IPVS,
    &named::ENRP,
    &named::AJNS,
    &named::KDP,
    &named::A21,
    &named::BJNP,
    &named::RPC_FOLLOWED,
    &named::GQUIC_GUESSED,
    &named_streams::ECHO,
    &named_streams::DAYTIME,
    &named_streams::CHARGEN,
    &telnet::PROTOCOL,
    &named_streams::TIME,
    &named_streams::WINS,
    &named_streams::WHOIS,
    &named_streams::TACPLUS,
    &named_streams::GOPHER,
    &named_streams::FINGER,
    &named_streams::KERBEROS,
    &named_streams::TPKT,
    &pop::PROTOCOL,
    &named_streams::RPC,
    &named_streams::RPC_GUESSED,
    &named_streams::NNTP,
    &named_streams::NBSS,
    &imap::PROTOCOL,
    &named_streams::BGP,
    &named_streams::SNMP,
    &named_streams::LDAP,
    &named_streams::KPASSWD,
    &named_streams::MODBUS,
    &named_streams::EXEC,
    &named_streams::RLOGIN,
    &named_streams::RSH,
    &named_streams::LPD,
    &named_streams::AFP,
    &named_streams::RTSP,
    &named_streams::LDP,
    &named_streams::RSYNC,
    &named_streams::SOCKS,
    &named_streams::RMI,
    &named_streams::OPENVPN,
    &named_streams::TDS,
    &named_streams::TNS,
    &named_streams::PPTP,
    &named_streams::MSNMS,
    &mqtt::PROTOCOL,
    &named_streams::RTMP,
    &named_streams::IEC104,
    &named_streams::MYSQL,
    &named_streams::EPMD,
    &named_streams::EDONKEY,
    &named_streams::OPCUA,
    &sip::OVER_TCP,
    &sip::GUESSED,
    &sip::PROTOCOL,
    &sdp::PROTOCOL,
    &named_streams::XMPP,
    &named_streams::PGSQL,
    &named_streams::VNC,
    &named_streams::VNC_GUESSED,
    &named_streams::AMQP,
    &named_streams::X11,
    &named_streams::GNUTELLA,
    &resp::PROTOCOL,
    &named_streams::OPENFLOW,
    &named_streams::IRC,
    &named_streams::BITTORRENT,
    &named_streams::BITTORRENT_GUESSED,
    &named_streams::KAFKA,
    &named_streams::GIT,
    &named_streams::MEMCACHE,
    &named_streams::DOIP,
    &named_streams::DNP3,
    &named_streams::ENIP,
    &named_streams::SRVLOC,
    &named_streams::ICAP,
    &named_streams::SLSK,
    &named_streams::CVS,
    &named_streams::STUN,
    &named_streams::WOW,
    &named_streams::WOWW,
    &named_streams::IPFIX,
    &named_streams::SYNPHASOR,
    &named_streams::COAP,
    &named_streams::TIBIA,
    &named_streams::AJP,
    &named_streams::GADU,
    &named_streams::ELASTIC,
    &named_streams::DBLSP,
    &named_streams::SYNERGY,
    &named_streams::DCERPC,
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
