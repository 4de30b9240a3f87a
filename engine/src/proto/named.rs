//! Protocols that have a name only: who speaks is known by a number, or by how the bytes begin. What they say isn't read,
//! but the name alone tells a reader what runs there.
//!
//! A protocol is one row of the table. One that learns to read its fields leaves it for a file of its own.

mod frame;
mod look;

use super::prelude::*;
use super::stream::Frame;
#[allow(clippy::wildcard_imports, reason = "the table names all of them")]
use {frame::*, look::*};

/// A table of protocols: Wireshark's name, the title, the layer, the specification, where it follows, how it is found.
/// A row that others refer to is a static, and stands here by its name.
macro_rules! table {
    ($($(#[$doc:meta])* $group:ident: [$(($($cell:tt)+))+])+) => {$(
        $(#[$doc])*
        pub const $group: &[&Protocol] = &[$(table!(@ $($cell)+)),+];
    )+};
    (@ $static:ident) => { &$static };
    (@ $name:literal, $title:literal, $osi:ident, $spec:literal, [$($key:expr),*], $over:expr) => {
        &Protocol {
            about: &Identity { name: $name, title: $title, osi: Osi::$osi, spec: $spec, fields: &[], summary: None },
            follows: &[$($key),*],
            over: $over,
            dissect: UNREAD,
        }
    };
}

/// Found by a number, if these bytes come first.
macro_rules! begins {
    ($($byte:literal),*) => { looks(|b| if_this(matches!(b, [$($byte),*, ..]))) };
}

const fn tcp(port: u16) -> Key {
    Key::TcpPort(port)
}

const fn tcps(first: u16, last: u16) -> Key {
    Key::TcpPorts(first, last)
}

const fn udp(port: u16) -> Key {
    Key::UdpPort(port)
}

const fn udps(first: u16, last: u16) -> Key {
    Key::UdpPorts(first, last)
}

const fn ip(number: u8) -> Key {
    Key::IpProto(number)
}

const fn ether(number: u16) -> Key {
    Key::EtherType(number)
}

const fn cisco(number: u16) -> Key {
    Key::Cisco(number)
}

/// The number alone is believed; over TCP, each piece of the stream counts as one message.
const ANY: Over = Over::Packet;

/// The number is believed if this function says so.
const fn looks(look: super::Look) -> Over {
    Over::Datagram(look)
}

/// The stream is cut into messages by this function.
const fn cut(frame: Frame) -> Over {
    Over::Stream(frame)
}

/// The whole message is the layer.
const UNREAD: fn(&mut Cursor<'_>) -> Result<Next, Trouble> = |c| Ok(Next::end(c.len()));

table! {
    /// All of them. Of those that are found by their first bytes, the first one counts.
    ROWS: [
        // Found by a number alone.
        ("echo", "Echo", Application, "RFC 862", [udp(7)], ANY)
        ("daytime", "Daytime Protocol", Application, "RFC 867", [udp(13)], ANY)
        ("chargen", "Character Generator Protocol", Application, "RFC 864", [udp(19)], ANY)
        ("time", "Time Protocol", Application, "RFC 868", [udp(37)], ANY)
        ("tacacs", "TACACS", Application, "RFC 1492", [udp(49)], ANY)
        (PORTMAP)
        ("ipx", "Internetwork Packet eXchange", Network, "Novell", [udp(213), ether(0x8137), Key::Sap(0xe0)], ANY)
        ("ptp", "Precision Time Protocol", Application, "IEEE 1588", [udps(319, 320), ether(0x88f7)], ANY)
        ("cldap", "Connectionless LDAP", Application, "RFC 1798", [udp(389)], ANY)
        ("srvloc", "Service Location Protocol", Application, "RFC 2608", [udp(427)], ANY)
        ("mip", "Mobile IP", Network, "RFC 5944", [udp(434)], ANY)
        ("kpasswd", "Kerberos password change", Application, "RFC 3244", [udp(464)], ANY)
        ("auto_rp", "Cisco Auto-RP", Network, "Cisco", [udp(496)], ANY)
        ("who", "Who", Application, "BSD rwhod", [udp(513)], ANY)
        ("ncp", "NetWare Core Protocol", Application, "Novell", [udp(524)], ANY)
        ("tsp", "Time Synchronization Protocol", Application, "BSD timed", [udp(525)], ANY)
        ("lmp", "Link Management Protocol", Network, "RFC 4204", [udp(701)], ANY)
        ("dlep", "Dynamic Link Exchange Protocol", Network, "RFC 8175", [udp(854)], ANY)
        ("kink", "Kerberized Internet Negotiation of Keys", Application, "RFC 4430", [udp(910)], ANY)
        ("openvpn", "OpenVPN", Application, "OpenVPN", [udp(1194)], ANY)
        ("msproxy", "MS Proxy", Application, "Microsoft", [udp(1745)], ANY)
        ("msmms", "Microsoft Media Server", Application, "Microsoft", [udp(1755)], ANY)
        ("h225", "H.225.0", Session, "ITU-T H.225.0", [udps(1718, 1719)], ANY)
        ("h501", "H.501", Session, "ITU-T H.501", [udp(2099)], ANY)
        ("amt", "Automatic Multicast Tunneling", Network, "RFC 7450", [udp(2268)], ANY)
        ("wlccp", "Cisco Wireless LAN Context Control", Link, "Cisco", [udp(2887), ether(0x872d)], ANY)
        ("megaco", "MEGACO", Session, "RFC 3525", [udp(2944)], ANY)
        ("h248", "H.248", Session, "ITU-T H.248", [udp(2945)], ANY)
        ("wsp", "Wireless Session Protocol", Session, "WAP", [udp(2948), udp(9200)], ANY)
        ("wtp", "Wireless Transaction Protocol", Transport, "WAP", [udp(9201)], ANY)
        ("wtls", "Wireless Transport Layer Security", Presentation, "WAP", [udp(2949), udps(9202, 9203)], ANY)
        ("dis", "Distributed Interactive Simulation", Application, "IEEE 1278", [udp(3000)], ANY)
        ("icp", "Internet Cache Protocol", Application, "RFC 2186", [udp(3130)], ANY)
        ("rdpudp", "UDP Remote Desktop Protocol", Transport, "MS-RDPEUDP", [udp(3389)], ANY)
        ("hiqnet", "Harman HiQnet", Application, "Harman", [udp(3804)], ANY)
        ("lisp", "LISP control", Network, "RFC 9301", [udp(4342)], ANY)
        ("iax2", "Inter-Asterisk eXchange v2", Session, "RFC 5456", [udp(4569)], ANY)
        ("infiniband", "InfiniBand", Transport, "RoCEv2", [udp(4791)], ANY)
        ("dpnet", "DirectPlay 8", Application, "Microsoft", [udp(6073)], ANY)
        ("tipc", "Transparent Inter Process Communication", Transport, "TIPC", [udp(6118), ether(0x88ca)], ANY)
        ("rdt", "Real Data Transport", Application, "RealNetworks", [udp(6970)], ANY)
        ("adp", "Aruba Discovery Protocol", Application, "Aruba", [udp(8200)], ANY)
        ("asterix", "ASTERIX surveillance data", Application, "EUROCONTROL", [udp(8600)], ANY)
        ("ts2", "Teamspeak2 Protocol", Application, "TeamSpeak", [udp(8767)], ANY)
        ("pfcp", "Packet Forwarding Control Protocol", Network, "3GPP TS 29.244", [udp(8805)], ANY)
        ("sap", "Session Announcement Protocol", Application, "RFC 2974", [udp(9875)], ANY)
        ("memcache", "Memcache Protocol", Application, "memcached", [udp(11211)], ANY)
        ("vuze-dht", "Vuze DHT Protocol", Application, "Vuze", [udp(11273)], ANY)
        ("db-lsp-disc", "Dropbox LAN sync Discovery", Application, "Dropbox", [udp(17500)], ANY)
        (RAKNET_PORT)
        ("mint", "Media independent Network Transport", Network, "Motorola", [udps(24576, 24577), ether(0x8783)], ANY)
        ("collectd", "collectd network data", Application, "collectd", [udp(25826)], ANY)
        ("quake2", "Quake II Network Protocol", Application, "id Software", [udp(27910)], ANY)
        ("uaudp", "UA/UDP Encapsulation Protocol", Session, "Alcatel", [udp(32000), udp(32512)], ANY)
        ("manolito", "Blubster/Piolet MANOLITO Protocol", Application, "Blubster", [udp(41170)], ANY)
        ("enip", "EtherNet/IP", Application, "ODVA", [udp(44818)], ANY)
        ("hcrt", "Hotline Command-Response Transaction", Application, "Hotline", [udp(47000)], ANY)
        ("elasticsearch", "Elasticsearch", Application, "Elasticsearch", [udp(54328)], ANY)
        ("bfd_echo", "BFD echo", Network, "RFC 5881", [udp(3785)], ANY)
        ("xyplex", "Xyplex", Session, "Xyplex", [udp(173)], ANY)
        ("rsp", "Alert Standard Forum secure session", Session, "ASF", [udp(664)], ANY)
        ("acdr", "AudioCodes Debug Recording", Application, "AudioCodes", [udp(925)], ANY)
        ("lwres", "Light Weight DNS RESolver", Application, "BIND", [udp(921)], ANY)
        ("find", "Find identification", Application, "Cisco", [udp(1001)], ANY)
        ("c1222", "ANSI C12.22", Application, "ANSI C12.22", [udp(1153)], ANY)
        ("pktc", "PacketCable", Application, "PacketCable", [udp(1293)], ANY)
        ("cnip", "Component Network over IP", Network, "CEA-852", [udps(1628, 1629)], ANY)
        ("gprs-ns", "GPRS Network Service", Network, "3GPP TS 48.016", [udp(2157), udp(19999)], ANY)
        ("cipio", "Common Industrial Protocol, I/O", Application, "ODVA", [udp(2222)], ANY)
        ("pktc.mtafqdn", "PacketCable MTA FQDN", Application, "PacketCable", [udp(2246)], ANY)
        ("mikey", "Multimedia Internet KEYing", Session, "RFC 3830", [udp(2269)], ANY)
        ("iapp", "Inter-Access-Point Protocol", Link, "IEEE 802.11F", [udp(2313)], ANY)
        ("knet", "kNet Protocol", Transport, "kNet", [udp(2345)], ANY)
        ("hicp", "Host IP Configuration Protocol", Application, "HMS", [udp(3250)], ANY)
        ("ax4000", "AX/4000 Test Block", Application, "Spirent", [udp(3357)], ANY)
        ("sabp", "UTRAN IuBC interface SABP", Application, "3GPP TS 25.419", [udp(3452)], ANY)
        ("dof", "Distributed Object Framework", Application, "OpenDOF", [udp(3567), udp(5567)], ANY)
        ("kip", "KNXnet/IP", Application, "KNX", [udp(3671)], ANY)
        ("asap", "Aggregate Server Access Protocol", Session, "RFC 5352", [udp(3863)], ANY)
        ("mih", "Media Independent Handover", Link, "IEEE 802.21", [udp(4551)], ANY)
        ("rsip", "Realm Specific IP", Network, "RFC 3103", [udp(4555)], ANY)
        ("vrt", "VITA 49 radio transport", Application, "VITA 49", [udp(4991)], ANY)
        ("ayiya", "Anything in Anything", Network, "AYIYA", [udp(5072)], ANY)
        ("mipv6", "Mobile IPv6", Network, "RFC 6275", [udp(5436), ip(135)], ANY)
        ("ecmp", "ECMP", Application, "Control Techniques", [udp(6160)], ANY)
        ("tetra", "TETRA", Link, "ETSI TETRA", [udp(7074)], ANY)
        ("nano", "Nano Protocol", Application, "Nano", [udp(7075)], ANY)
        ("idn", "ILDA Digital Network", Application, "ILDA", [udp(7255)], ANY)
        ("ulp", "OMA UserPlane Location Protocol", Application, "OMA", [udp(7275)], ANY)
        ("ipvs", "IP Virtual Services Sync Daemon", Network, "Linux", [udp(8848)], ANY)
        ("enrp", "Endpoint Handlespace Redundancy Protocol", Session, "RFC 5353", [udp(9901)], ANY)
        ("ajns", "AllJoyn Name Service", Application, "AllJoyn", [udp(9956)], ANY)
        ("kdp", "Kontiki Delivery Protocol", Application, "Kontiki", [udp(19948)], ANY)
        ("a21", "A21 Protocol", Application, "3GPP2", [udp(23272)], ANY)
        (GQUIC)
        ("igrp", "Cisco Interior Gateway Routing Protocol", Network, "Cisco", [ip(9)], ANY)
        ("dccp", "Datagram Congestion Control Protocol", Transport, "RFC 4340", [ip(33)], ANY)
        ("rsvp", "Resource ReserVation Protocol", Network, "RFC 2205", [ip(46), udp(3455)], ANY)
        ("nhrp", "NBMA Next Hop Resolution Protocol", Network, "RFC 2332", [ip(54)], ANY)
        ("ipcomp", "IP Payload Compression", Network, "RFC 3173", [ip(108)], ANY)
        ("pgm", "Pragmatic General Multicast", Transport, "RFC 3208", [ip(113)], ANY)
        ("pagp", "Port Aggregation Protocol", Link, "Cisco", [cisco(0x0104)], ANY)
        ("udld", "Unidirectional Link Detection", Link, "RFC 5171", [cisco(0x0111)], ANY)
        ("vtp", "VLAN Trunking Protocol", Link, "Cisco", [cisco(0x2003)], ANY)
        ("dtp", "Dynamic Trunking Protocol", Link, "Cisco", [cisco(0x2004)], ANY)
        ("slow", "Slow Protocols", Link, "IEEE 802.3", [ether(0x8809)], ANY)
        ("loop", "Configuration Test Protocol (loopback)", Link, "Ethernet V2", [ether(0x9000)], ANY)
        ("dvmrp", "Distance Vector Multicast Routing Protocol", Network, "RFC 1075", [Key::Igmp(0x13)], ANY)
        ("msnip", "Multicast Source Notification of Interest Protocol", Network, "draft-ietf-magma-msnip", [Key::Igmp(0x23), Key::Igmp(0x24), Key::Igmp(0x25)], ANY)
        ("cgmp", "Cisco Group Management Protocol", Link, "Cisco", [cisco(0x2001), ether(0x2001)], ANY)
        ("macc", "MAC Control", Link, "IEEE 802.3 §31", [ether(0x8808)], ANY)
        ("aarp", "AppleTalk Address Resolution Protocol", Network, "Apple", [ether(0x80f3)], ANY)
        ("dsr", "Dynamic Source Routing", Network, "RFC 4728", [ip(48)], ANY)
        ("xtp", "Xpress Transport Protocol", Transport, "XTP 4.0", [ip(36)], ANY)
        ("wol", "Wake On LAN", Link, "AMD", [ether(0x0842), Key::Guess], looks(magic_packet))
        ("aoe", "ATA over Ethernet", Link, "AoE", [ether(0x88a2)], ANY)
        ("macsec", "802.1AE Security tag", Link, "IEEE 802.1AE", [ether(0x88e5)], ANY)
        ("cfm", "Connectivity Fault Management", Link, "IEEE 802.1ag", [ether(0x8902)], ANY)
        ("homeplug-av", "HomePlug AV", Link, "HomePlug", [ether(0x88e1)], ANY)
        ("homeplug", "HomePlug", Link, "HomePlug", [ether(0x887b)], ANY)
        ("realtek", "Realtek Layer 2 Protocols", Link, "Realtek", [ether(0x8899)], ANY)
        ("lltd", "Link Layer Topology Discovery", Link, "Microsoft", [ether(0x88d9)], ANY)
        ("pn_rt", "PROFINET Real-Time Protocol", Link, "PROFINET", [ether(0x8892)], ANY)
        ("goose", "GOOSE", Application, "IEC 61850-8-1", [ether(0x88b8)], ANY)
        ("osi", "ISO network layer", Network, "ISO 8473", [Key::Sap(0xfe)], ANY)
        ("netbios", "NetBIOS", Session, "IBM", [Key::Sap(0xf0)], ANY)
        // Found by a number, if the bytes do not speak against it.
        ("bvlc", "BACnet Virtual Link Control", Network, "ASHRAE 135", [udp(47808)], begins!(0x81))
        ("dnp3", "Distributed Network Protocol 3.0", Application, "IEEE 1815", [udp(20000)], begins!(5, 0x64))
        ("babel", "Babel Routing Protocol", Network, "RFC 8966", [udp(6696)], begins!(42, 2))
        ("sflow", "InMon sFlow", Application, "sFlow", [udp(6343)], looks(|b| if_this(matches!(b, [0, 0, 0, 2 | 4 | 5, ..]))))
        ("cflow", "Cisco NetFlow/IPFIX", Application, "RFC 7011", [udp(2055), udp(4739), udp(9996)], looks(|b| if_this(matches!(b, [0, 1 | 5 | 7 | 8 | 9 | 10, ..]))))
        ("ldp", "Label Distribution Protocol", Network, "RFC 5036", [udp(646)], begins!(0, 1))
        ("mgcp", "Media Gateway Control Protocol", Session, "RFC 3435", [udp(2427), udp(2727)], looks(mgcp))
        ("bjnp", "Canon BJNP", Application, "Canon", [udps(8611, 8614)], looks(|b| if_this(b.starts_with(b"BJN") || b.starts_with(b"MFNP"))))
        ("wccp", "Web Cache Coordination Protocol", Network, "Cisco", [udp(2048)], begins!(0, 0, 0))
        ("doip", "Diagnostics over IP", Application, "ISO 13400", [udp(13400)], ANY)
        ("quake3", "Quake III Arena Network Protocol", Application, "id Software", [udps(27960, 27963)], begins!(0xff, 0xff, 0xff, 0xff))
        ("edonkey", "eDonkey Protocol", Application, "eDonkey", [udp(4665), udp(4672)], looks(|b| if_this(matches!(b, [0xe3 | 0xc5 | 0xd4 | 0xe4 | 0xe5, ..]))))
        ("steam_ihs_discovery", "Steam In-Home Streaming Discovery", Application, "Valve", [udp(27036)], begins!(0xff, 0xff, 0xff, 0xff, 0x21, 0x4c, 0x5f, 0xa0))
        ("gvcp", "GigE Vision Control Protocol", Application, "GigE Vision", [udp(3956)], begins!(0x42))
        ("hip", "Host Identity Protocol", Network, "RFC 7401", [ip(139)], ANY)
        ("mndp", "MikroTik Neighbor Discovery", Link, "MikroTik", [udp(5678)], looks(|b| if_this(matches!(b, [_, _, _, _, 0, 1..=20, ..]))))
        // Found by their first bytes, on any port.
        ("wg", "WireGuard", Network, "WireGuard", [Key::Guess], looks(wireguard))
        ("rtps", "Real-Time Publish-Subscribe", Application, "DDS RTPS", [Key::Guess], looks(|b| if_this(b.starts_with(b"RTPS") || b.starts_with(b"RTPX"))))
        (RPC)
        (RPC_FOLLOWED)
        (RAKNET)
        ("mp2t", "MPEG transport stream", Presentation, "ISO 13818-1", [Key::Guess], looks(transport_stream))
        ("artnet", "Art-Net", Application, "Art-Net", [Key::Guess], looks(|b| if_this(b.starts_with(b"Art-Net\0"))))
        ("bt-dht", "BitTorrent DHT Protocol", Application, "BEP 5", [Key::Guess], looks(bt_dht))
        ("dcerpc", "Distributed Computing Environment / RPC", Session, "DCE 1.1", [Key::Guess], looks(dce_rpc))
        ("classicstun", "Simple Traversal of UDP Through NAT", Application, "RFC 3489", [Key::Guess], looks(classic_stun))
        (GQUIC_GUESSED)
        // Over TCP: where a message ends is known, too.
        ("echo", "Echo", Application, "RFC 862", [tcp(7)], ANY)
        ("daytime", "Daytime", Application, "RFC 867", [tcp(13)], ANY)
        ("chargen", "Character Generator", Application, "RFC 864", [tcp(19)], ANY)
        ("time", "Time Protocol", Application, "RFC 868", [tcp(37)], ANY)
        ("winsrepl", "WINS Replication", Application, "MS-WINSRA", [tcp(42)], cut(by_length::<0, 4, 4, false>))
        ("whois", "Whois", Application, "RFC 3912", [tcp(43)], cut(by_line))
        ("tacplus", "TACACS+", Application, "RFC 8907", [tcp(49)], cut(by_length::<8, 4, 12, false>))
        ("gopher", "Gopher", Application, "RFC 1436", [tcp(70)], ANY)
        ("finger", "Finger", Application, "RFC 1288", [tcp(79)], cut(by_line))
        ("kerberos", "Kerberos", Application, "RFC 4120", [tcp(88)], cut(by_length::<0, 4, 4, false>))
        ("tpkt", "ISO Transport on TCP", Transport, "RFC 1006", [tcp(102), tcp(3389)], cut(tpkt))
        ("rpc", "Remote Procedure Call", Session, "RFC 5531", [tcp(111)], ANY)
        ("rpc", "Remote Procedure Call", Session, "RFC 5531", [Key::Guess], cut(frame::rpc))
        ("nntp", "Network News Transfer Protocol", Application, "RFC 3977", [tcp(119)], cut(text_then_tls))
        ("nbss", "NetBIOS Session Service", Session, "RFC 1002", [tcp(139), tcp(445)], cut(nbss))
        ("bgp", "Border Gateway Protocol", Application, "RFC 4271", [tcp(179)], cut(bgp))
        ("snmp", "Simple Network Management Protocol", Application, "RFC 3416", [tcps(161, 162)], ANY)
        ("ldap", "Lightweight Directory Access Protocol", Application, "RFC 4511", [tcp(389), tcp(3268)], cut(ber))
        ("kpasswd", "Kerberos Password Change", Application, "RFC 3244", [tcp(464)], cut(by_length::<0, 4, 4, false>))
        ("mbtcp", "Modbus/TCP", Application, "Modbus Messaging on TCP/IP", [tcp(502)], cut(modbus))
        ("exec", "Remote Execution", Application, "4.2BSD rexec", [tcp(512)], ANY)
        ("rlogin", "Remote Login", Application, "RFC 1282", [tcp(513)], ANY)
        ("rsh", "Remote Shell", Application, "4.2BSD rsh", [tcp(514)], ANY)
        ("lpd", "Line Printer Daemon", Application, "RFC 1179", [tcp(515)], ANY)
        ("dsi", "Data Stream Interface", Application, "Apple AFP over TCP", [tcp(548)], cut(by_length::<8, 4, 16, false>))
        ("rtsp", "Real Time Streaming Protocol", Application, "RFC 2326", [tcp(554), tcp(7236), tcp(8554)], ANY)
        ("ldp", "Label Distribution Protocol", Application, "RFC 5036", [tcp(646)], cut(ldp))
        ("rsync", "Rsync", Application, "rsync protocol", [tcp(873)], ANY)
        ("socks", "SOCKS", Application, "RFC 1928", [tcp(1080)], ANY)
        ("rmi", "Java Remote Method Invocation", Application, "Java RMI specification", [tcp(1099)], ANY)
        ("openvpn", "OpenVPN", Application, "OpenVPN protocol", [tcp(1194)], cut(by_length::<0, 2, 2, false>))
        ("tds", "Tabular Data Stream", Application, "MS-TDS", [tcp(1433), tcp(2433)], cut(by_length::<2, 2, 0, false>))
        ("tns", "Transparent Network Substrate", Application, "Oracle Net", [tcp(1521)], cut(tns))
        ("pptp", "Point-to-Point Tunneling Protocol", Application, "RFC 2637", [tcp(1723)], cut(pptp))
        ("msnms", "MSN Messenger", Application, "MSNP", [tcp(1863)], ANY)
        ("rtmpt", "Real Time Messaging Protocol", Application, "RTMP 1.0", [tcp(1935)], ANY)
        ("iec60870_104", "IEC 60870-5-104", Application, "IEC 60870-5-104", [tcp(2404)], cut(by_length::<1, 1, 2, false>))
        ("mysql", "MySQL", Application, "MySQL protocol", [tcp(3306)], cut(mysql))
        ("epmd", "Erlang Port Mapper", Application, "Erlang distribution", [tcp(4369)], ANY)
        ("edonkey", "eDonkey", Application, "eDonkey protocol", [tcps(4661, 4663)], cut(edonkey))
        ("opcua", "OPC Unified Architecture", Application, "IEC 62541-6", [tcp(4840)], cut(by_length::<4, 4, 0, true>))
        ("xmpp", "Extensible Messaging and Presence", Application, "RFC 6120", [tcp(5222)], cut(xmpp))
        ("pgsql", "PostgreSQL", Application, "PostgreSQL protocol 3.0", [tcp(5432)], cut(pgsql))
        ("vnc", "Virtual Network Computing", Application, "RFC 6143", [tcps(5500, 5501), tcps(5900, 5901)], ANY)
        ("vnc", "Virtual Network Computing", Application, "RFC 6143", [Key::Guess], cut(starts::<VNC_START>))
        ("amqp", "Advanced Message Queuing Protocol", Application, "AMQP 0-9-1", [tcp(5672)], cut(amqp))
        ("x11", "X Window System", Application, "X11 protocol", [tcps(6000, 6063)], ANY)
        ("gnutella", "Gnutella", Application, "Gnutella 0.6", [tcp(6346)], ANY)
        ("openflow", "OpenFlow", Application, "OpenFlow 1.3", [tcp(6653)], cut(by_length::<2, 2, 0, false>))
        ("irc", "Internet Relay Chat", Application, "RFC 2812", [tcp(6667), tcp(57000)], ANY)
        ("bittorrent", "BitTorrent", Application, "BEP 3", [tcps(6881, 6889)], ANY)
        ("bittorrent", "BitTorrent", Application, "BEP 3", [Key::Guess], cut(starts::<BITTORRENT_START>))
        ("kafka", "Kafka", Application, "Kafka protocol", [tcp(9092)], cut(by_length::<0, 4, 4, false>))
        ("git", "Git", Application, "Git pack protocol", [tcp(9418)], ANY)
        ("memcache", "Memcached", Application, "memcached protocol", [tcp(11211)], ANY)
        ("doip", "Diagnostics over IP", Application, "ISO 13400-2", [tcp(13400)], cut(by_length::<4, 4, 8, false>))
        ("dnp3", "Distributed Network Protocol", Application, "IEEE 1815", [tcp(20000)], cut(starts::<DNP3_START>))
        ("enip", "EtherNet/IP", Application, "CIP volume 2", [tcp(44818)], cut(by_length::<2, 2, 24, true>))
        ("srvloc", "Service Location Protocol", Application, "RFC 2608", [tcp(427)], cut(by_length::<2, 3, 0, false>))
        ("icap", "Internet Content Adaptation Protocol", Application, "RFC 3507", [tcp(1344)], ANY)
        ("slsk", "Soulseek", Application, "Soulseek protocol", [tcp(2234), tcp(2240), tcp(5534)], cut(by_length::<0, 4, 4, true>))
        ("cvspserver", "CVS pserver", Application, "CVS client/server", [tcp(2401)], ANY)
        ("stun", "Session Traversal Utilities for NAT", Application, "RFC 8489", [tcp(3478)], cut(by_length::<2, 2, 20, false>))
        ("wow", "World of Warcraft", Application, "WoW protocol", [tcp(3724)], ANY)
        ("woww", "World of Warcraft World", Application, "WoW protocol", [tcp(8085)], ANY)
        ("cflow", "IP Flow Information Export", Application, "RFC 7011", [tcp(4739)], cut(by_length::<2, 2, 0, false>))
        ("synphasor", "Synchrophasor", Application, "IEEE C37.118", [tcp(4712)], cut(by_length::<2, 2, 0, false>))
        ("coap", "Constrained Application Protocol", Application, "RFC 8323", [tcp(5683)], ANY)
        ("tibia", "Tibia", Application, "Tibia protocol", [tcps(7171, 7172)], cut(by_length::<0, 2, 2, true>))
        ("ajp13", "Apache JServ Protocol", Application, "AJP 1.3", [tcp(8009)], cut(by_length::<2, 2, 4, false>))
        ("gadu-gadu", "Gadu-Gadu", Application, "Gadu-Gadu protocol", [tcp(8074)], cut(by_length::<4, 4, 8, true>))
        ("elasticsearch", "Elasticsearch", Application, "Elasticsearch transport", [tcp(9300)], ANY)
        ("db-lsp", "Dropbox LAN Sync", Application, "Dropbox LAN sync protocol", [tcp(17500)], ANY)
        ("synergy", "Synergy", Application, "Synergy protocol", [tcp(24800)], cut(by_length::<0, 4, 4, false>))
        ("dcerpc", "Distributed Computing Environment RPC", Session, "C706", [Key::Guess], cut(dcerpc))
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Framing, Streams};

    #[test]
    fn no_framing_asks_for_an_empty_message() {
        for row in ROWS {
            for bytes in [&[0; 64][..], &[0xff; 64], &[1; 64], &[3; 64], b"\x30\x80\0\0"] {
                if let Over::Stream(frame) = row.over {
                    let said = frame(&mut Streams::default().view(true), bytes);
                    assert_ne!(said, Framing::Message(0), "{}", row.about.name);
                }
            }
        }
    }
}
