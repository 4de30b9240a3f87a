//! Protocols that are known by their number, or by their first bytes, and not read any further: the name alone tells
//! a reader what runs on that port. Where Wireshark looks before it believes the port, so does the row.

use super::Guess;
use super::prelude::*;

/// One row each: its static, Wireshark's name, the title, the layer, the specification, its keys, how it is found.
macro_rules! named {
    ($($row:ident $name:literal $title:literal $osi:ident $spec:literal [$($key:expr),*] $over:expr;)*) => {$(
        #[doc = concat!("`", $name, "`, by its name only.")]
        pub static $row: Protocol = Protocol {
            about: &Identity {
                name: $name, title: $title, osi: Osi::$osi, spec: $spec, fields: &[], summary: None,
            },
            follows: &[$($key),*],
            over: $over,
            dissect: |c| Ok(Next::end(c.len())),
        };
    )*};
}

/// Found by a number, if these bytes come first.
macro_rules! begins {
    ($($byte:literal),*) => { Over::Datagram(|b| if_this(matches!(b, [$($byte),*, ..]))) };
}

const fn udp(port: u16) -> Key {
    Key::UdpPort(port)
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

const ANY: Over = Over::Packet;

// Found by a number alone.
named! {
    ECHO "echo" "Echo" Application "RFC 862" [udp(7)] ANY;
    DAYTIME "daytime" "Daytime Protocol" Application "RFC 867" [udp(13)] ANY;
    CHARGEN "chargen" "Character Generator Protocol" Application "RFC 864" [udp(19)] ANY;
    TIME "time" "Time Protocol" Application "RFC 868" [udp(37)] ANY;
    TACACS "tacacs" "TACACS" Application "RFC 1492" [udp(49)] ANY;
    PORTMAP "rpc" "Remote Procedure Call" Session "RFC 5531" [udp(111)] ANY;
    IPX "ipx" "Internetwork Packet eXchange" Network "Novell" [udp(213), ether(0x8137), Key::Sap(0xe0)] ANY;
    PTP "ptp" "Precision Time Protocol" Application "IEEE 1588" [udp(319), udp(320), ether(0x88f7)] ANY;
    CLDAP "cldap" "Connectionless LDAP" Application "RFC 1798" [udp(389)] ANY;
    SRVLOC "srvloc" "Service Location Protocol" Application "RFC 2608" [udp(427)] ANY;
    MIP "mip" "Mobile IP" Network "RFC 5944" [udp(434)] ANY;
    KPASSWD "kpasswd" "Kerberos password change" Application "RFC 3244" [udp(464)] ANY;
    AUTO_RP "auto_rp" "Cisco Auto-RP" Network "Cisco" [udp(496)] ANY;
    WHO "who" "Who" Application "BSD rwhod" [udp(513)] ANY;
    NCP "ncp" "NetWare Core Protocol" Application "Novell" [udp(524)] ANY;
    TSP "tsp" "Time Synchronization Protocol" Application "BSD timed" [udp(525)] ANY;
    LMP "lmp" "Link Management Protocol" Network "RFC 4204" [udp(701)] ANY;
    DLEP "dlep" "Dynamic Link Exchange Protocol" Network "RFC 8175" [udp(854)] ANY;
    KINK "kink" "Kerberized Internet Negotiation of Keys" Application "RFC 4430" [udp(910)] ANY;
    OPENVPN "openvpn" "OpenVPN" Application "OpenVPN" [udp(1194)] ANY;
    MS_PROXY "msproxy" "MS Proxy" Application "Microsoft" [udp(1745)] ANY;
    MSMMS "msmms" "Microsoft Media Server" Application "Microsoft" [udp(1755)] ANY;
    RAS "h225" "H.225.0" Session "ITU-T H.225.0" [udp(1718), udp(1719)] ANY;
    H501 "h501" "H.501" Session "ITU-T H.501" [udp(2099)] ANY;
    AMT "amt" "Automatic Multicast Tunneling" Network "RFC 7450" [udp(2268)] ANY;
    WLCCP "wlccp" "Cisco Wireless LAN Context Control" Link "Cisco" [udp(2887), ether(0x872d)] ANY;
    MEGACO "megaco" "MEGACO" Session "RFC 3525" [udp(2944)] ANY;
    H248 "h248" "H.248" Session "ITU-T H.248" [udp(2945)] ANY;
    WSP "wsp" "Wireless Session Protocol" Session "WAP" [udp(2948), udp(9200)] ANY;
    WTP "wtp" "Wireless Transaction Protocol" Transport "WAP" [udp(9201)] ANY;
    WTLS "wtls" "Wireless Transport Layer Security" Presentation "WAP" [udp(2949), udp(9202), udp(9203)] ANY;
    DIS "dis" "Distributed Interactive Simulation" Application "IEEE 1278" [udp(3000)] ANY;
    ICP "icp" "Internet Cache Protocol" Application "RFC 2186" [udp(3130)] ANY;
    RDP_UDP "rdpudp" "UDP Remote Desktop Protocol" Transport "MS-RDPEUDP" [udp(3389)] ANY;
    HIQNET "hiqnet" "Harman HiQnet" Application "Harman" [udp(3804)] ANY;
    LISP "lisp" "LISP control" Network "RFC 9301" [udp(4342)] ANY;
    IAX2 "iax2" "Inter-Asterisk eXchange v2" Session "RFC 5456" [udp(4569)] ANY;
    ROCE "infiniband" "InfiniBand" Transport "RoCEv2" [udp(4791)] ANY;
    DPNET "dpnet" "DirectPlay 8" Application "Microsoft" [udp(6073)] ANY;
    TIPC "tipc" "Transparent Inter Process Communication" Transport "TIPC" [udp(6118), ether(0x88ca)] ANY;
    RDT "rdt" "Real Data Transport" Application "RealNetworks" [udp(6970)] ANY;
    ADP "adp" "Aruba Discovery Protocol" Application "Aruba" [udp(8200)] ANY;
    ASTERIX "asterix" "ASTERIX surveillance data" Application "EUROCONTROL" [udp(8600)] ANY;
    TS2 "ts2" "Teamspeak2 Protocol" Application "TeamSpeak" [udp(8767)] ANY;
    PFCP "pfcp" "Packet Forwarding Control Protocol" Network "3GPP TS 29.244" [udp(8805)] ANY;
    SAP "sap" "Session Announcement Protocol" Application "RFC 2974" [udp(9875)] ANY;
    MEMCACHE "memcache" "Memcache Protocol" Application "memcached" [udp(11211)] ANY;
    VUZE "vuze-dht" "Vuze DHT Protocol" Application "Vuze" [udp(11273)] ANY;
    DROPBOX "db-lsp-disc" "Dropbox LAN sync Discovery" Application "Dropbox" [udp(17500)] ANY;
    RAKNET_PORT "raknet" "RakNet game networking protocol" Transport "RakNet" [udp(19132)] ANY;
    MINT "mint" "Media independent Network Transport" Network "Motorola" [udp(24576), udp(24577), ether(0x8783)] ANY;
    COLLECTD "collectd" "collectd network data" Application "collectd" [udp(25826)] ANY;
    QUAKE2 "quake2" "Quake II Network Protocol" Application "id Software" [udp(27910)] ANY;
    UAUDP "uaudp" "UA/UDP Encapsulation Protocol" Session "Alcatel" [udp(32000), udp(32512)] ANY;
    MANOLITO "manolito" "Blubster/Piolet MANOLITO Protocol" Application "Blubster" [udp(41170)] ANY;
    ENIP "enip" "EtherNet/IP" Application "ODVA" [udp(44818)] ANY;
    HCRT "hcrt" "Hotline Command-Response Transaction" Application "Hotline" [udp(47000)] ANY;
    ELASTIC "elasticsearch" "Elasticsearch" Application "Elasticsearch" [udp(54328)] ANY;
    BFD_ECHO "bfd_echo" "BFD echo" Network "RFC 5881" [udp(3785)] ANY;
    XYPLEX "xyplex" "Xyplex" Session "Xyplex" [udp(173)] ANY;
    RSP "rsp" "Alert Standard Forum secure session" Session "ASF" [udp(664)] ANY;
    ACDR "acdr" "AudioCodes Debug Recording" Application "AudioCodes" [udp(925)] ANY;
    LWRES "lwres" "Light Weight DNS RESolver" Application "BIND" [udp(921)] ANY;
    FIND "find" "Find identification" Application "Cisco" [udp(1001)] ANY;
    C1222 "c1222" "ANSI C12.22" Application "ANSI C12.22" [udp(1153)] ANY;
    PKTC "pktc" "PacketCable" Application "PacketCable" [udp(1293)] ANY;
    CNIP "cnip" "Component Network over IP" Network "CEA-852" [udp(1628), udp(1629)] ANY;
    GPRS_NS "gprs-ns" "GPRS Network Service" Network "3GPP TS 48.016" [udp(2157), udp(19999)] ANY;
    CIPIO "cipio" "Common Industrial Protocol, I/O" Application "ODVA" [udp(2222)] ANY;
    MTA_FQDN "pktc.mtafqdn" "PacketCable MTA FQDN" Application "PacketCable" [udp(2246)] ANY;
    MIKEY "mikey" "Multimedia Internet KEYing" Session "RFC 3830" [udp(2269)] ANY;
    IAPP "iapp" "Inter-Access-Point Protocol" Link "IEEE 802.11F" [udp(2313)] ANY;
    KNET "knet" "kNet Protocol" Transport "kNet" [udp(2345)] ANY;
    HICP "hicp" "Host IP Configuration Protocol" Application "HMS" [udp(3250)] ANY;
    AX4000 "ax4000" "AX/4000 Test Block" Application "Spirent" [udp(3357)] ANY;
    SABP "sabp" "UTRAN IuBC interface SABP" Application "3GPP TS 25.419" [udp(3452)] ANY;
    DOF "dof" "Distributed Object Framework" Application "OpenDOF" [udp(3567), udp(5567)] ANY;
    KIP "kip" "KNXnet/IP" Application "KNX" [udp(3671)] ANY;
    ASAP "asap" "Aggregate Server Access Protocol" Session "RFC 5352" [udp(3863)] ANY;
    MIH "mih" "Media Independent Handover" Link "IEEE 802.21" [udp(4551)] ANY;
    RSIP "rsip" "Realm Specific IP" Network "RFC 3103" [udp(4555)] ANY;
    VRT "vrt" "VITA 49 radio transport" Application "VITA 49" [udp(4991)] ANY;
    AYIYA "ayiya" "Anything in Anything" Network "AYIYA" [udp(5072)] ANY;
    MIPV6 "mipv6" "Mobile IPv6" Network "RFC 6275" [udp(5436), ip(135)] ANY;
    ECMP "ecmp" "ECMP" Application "Control Techniques" [udp(6160)] ANY;
    TETRA "tetra" "TETRA" Link "ETSI TETRA" [udp(7074)] ANY;
    NANO "nano" "Nano Protocol" Application "Nano" [udp(7075)] ANY;
    IDN "idn" "ILDA Digital Network" Application "ILDA" [udp(7255)] ANY;
    ULP "ulp" "OMA UserPlane Location Protocol" Application "OMA" [udp(7275)] ANY;
    IPVS "ipvs" "IP Virtual Services Sync Daemon" Network "Linux" [udp(8848)] ANY;
    ENRP "enrp" "Endpoint Handlespace Redundancy Protocol" Session "RFC 5353" [udp(9901)] ANY;
    AJNS "ajns" "AllJoyn Name Service" Application "AllJoyn" [udp(9956)] ANY;
    KDP "kdp" "Kontiki Delivery Protocol" Application "Kontiki" [udp(19948)] ANY;
    A21 "a21" "A21 Protocol" Application "3GPP2" [udp(23272)] ANY;
    GQUIC "gquic" "GQUIC (Google Quick UDP Internet Connections)" Transport "Google" [] ANY;
    IGRP "igrp" "Cisco Interior Gateway Routing Protocol" Network "Cisco" [ip(9)] ANY;
    DCCP "dccp" "Datagram Congestion Control Protocol" Transport "RFC 4340" [ip(33)] ANY;
    RSVP "rsvp" "Resource ReserVation Protocol" Network "RFC 2205" [ip(46), udp(3455)] ANY;
    NHRP "nhrp" "NBMA Next Hop Resolution Protocol" Network "RFC 2332" [ip(54)] ANY;
    IPCOMP "ipcomp" "IP Payload Compression" Network "RFC 3173" [ip(108)] ANY;
    PGM "pgm" "Pragmatic General Multicast" Transport "RFC 3208" [ip(113)] ANY;
    PAGP "pagp" "Port Aggregation Protocol" Link "Cisco" [cisco(0x0104)] ANY;
    UDLD "udld" "Unidirectional Link Detection" Link "RFC 5171" [cisco(0x0111)] ANY;
    VTP "vtp" "VLAN Trunking Protocol" Link "Cisco" [cisco(0x2003)] ANY;
    DTP "dtp" "Dynamic Trunking Protocol" Link "Cisco" [cisco(0x2004)] ANY;
    LACP "slow" "Slow Protocols" Link "IEEE 802.3" [ether(0x8809)] ANY;
    LOOP "loop" "Configuration Test Protocol (loopback)" Link "Ethernet V2" [ether(0x9000)] ANY;
    DVMRP "dvmrp" "Distance Vector Multicast Routing Protocol" Network "RFC 1075" [Key::Igmp(0x13)] ANY;
    MSNIP "msnip" "Multicast Source Notification of Interest Protocol" Network "draft-ietf-magma-msnip" [Key::Igmp(0x23), Key::Igmp(0x24), Key::Igmp(0x25)] ANY;
    CGMP "cgmp" "Cisco Group Management Protocol" Link "Cisco" [cisco(0x2001), ether(0x2001)] ANY;
    MAC_CONTROL "macc" "MAC Control" Link "IEEE 802.3 §31" [ether(0x8808)] ANY;
    AARP "aarp" "AppleTalk Address Resolution Protocol" Network "Apple" [ether(0x80f3)] ANY;
    DSR "dsr" "Dynamic Source Routing" Network "RFC 4728" [ip(48)] ANY;
    XTP "xtp" "Xpress Transport Protocol" Transport "XTP 4.0" [ip(36)] ANY;
    WAKE "wol" "Wake On LAN" Link "AMD" [ether(0x0842), Key::Guess] Over::Datagram(magic_packet);
    AOE "aoe" "ATA over Ethernet" Link "AoE" [ether(0x88a2)] ANY;
    MACSEC "macsec" "802.1AE Security tag" Link "IEEE 802.1AE" [ether(0x88e5)] ANY;
    CFM "cfm" "Connectivity Fault Management" Link "IEEE 802.1ag" [ether(0x8902)] ANY;
    HOMEPLUG_AV "homeplug-av" "HomePlug AV" Link "HomePlug" [ether(0x88e1)] ANY;
    HOMEPLUG "homeplug" "HomePlug" Link "HomePlug" [ether(0x887b)] ANY;
    REALTEK "realtek" "Realtek Layer 2 Protocols" Link "Realtek" [ether(0x8899)] ANY;
    LLTD "lltd" "Link Layer Topology Discovery" Link "Microsoft" [ether(0x88d9)] ANY;
    PN_RT "pn_rt" "PROFINET Real-Time Protocol" Link "PROFINET" [ether(0x8892)] ANY;
    GOOSE "goose" "GOOSE" Application "IEC 61850-8-1" [ether(0x88b8)] ANY;
    OSI_NETWORK "osi" "ISO network layer" Network "ISO 8473" [Key::Sap(0xfe)] ANY;
    NETBIOS "netbios" "NetBIOS" Session "IBM" [Key::Sap(0xf0)] ANY;
}

// Found by a number, if the bytes do not speak against it.
named! {
    BVLC "bvlc" "BACnet Virtual Link Control" Network "ASHRAE 135" [udp(47808)] begins!(0x81);
    DNP3 "dnp3" "Distributed Network Protocol 3.0" Application "IEEE 1815" [udp(20000)] begins!(5, 0x64);
    BABEL "babel" "Babel Routing Protocol" Network "RFC 8966" [udp(6696)] begins!(42, 2);
    SFLOW "sflow" "InMon sFlow" Application "sFlow" [udp(6343)] Over::Datagram(|b| if_this(matches!(b, [0, 0, 0, 2 | 4 | 5, ..])));
    CFLOW "cflow" "Cisco NetFlow/IPFIX" Application "RFC 7011" [udp(2055), udp(4739), udp(9996)] Over::Datagram(|b| if_this(matches!(b, [0, 1 | 5 | 7 | 8 | 9 | 10, ..])));
    LDP "ldp" "Label Distribution Protocol" Network "RFC 5036" [udp(646)] begins!(0, 1);
    MGCP "mgcp" "Media Gateway Control Protocol" Session "RFC 3435" [udp(2427), udp(2727)] Over::Datagram(mgcp);
    BJNP "bjnp" "Canon BJNP" Application "Canon" [udp(8611), udp(8612), udp(8613), udp(8614)] Over::Datagram(|b| if_this(b.starts_with(b"BJN") || b.starts_with(b"MFNP")));
    WCCP "wccp" "Web Cache Coordination Protocol" Network "Cisco" [udp(2048)] begins!(0, 0, 0);
    DOIP "doip" "Diagnostics over IP" Application "ISO 13400" [udp(13400)] ANY;
    QUAKE3 "quake3" "Quake III Arena Network Protocol" Application "id Software" [udp(27960), udp(27961), udp(27962), udp(27963)] begins!(0xff, 0xff, 0xff, 0xff);
    EDONKEY "edonkey" "eDonkey Protocol" Application "eDonkey" [udp(4665), udp(4672)] Over::Datagram(|b| if_this(matches!(b, [0xe3 | 0xc5 | 0xd4 | 0xe4 | 0xe5, ..])));
    STEAM "steam_ihs_discovery" "Steam In-Home Streaming Discovery" Application "Valve" [udp(27036)] begins!(0xff, 0xff, 0xff, 0xff, 0x21, 0x4c, 0x5f, 0xa0);
    GVCP "gvcp" "GigE Vision Control Protocol" Application "GigE Vision" [udp(3956)] begins!(0x42);
    HIP "hip" "Host Identity Protocol" Network "RFC 7401" [ip(139)] ANY;
    MNDP "mndp" "MikroTik Neighbor Discovery" Link "MikroTik" [udp(5678)] Over::Datagram(|b| if_this(matches!(b, [_, _, _, _, 0, 1..=20, ..])));
}

// Found by their first bytes, on any port.
named! {
    WIREGUARD "wg" "WireGuard" Network "WireGuard" [Key::Guess] Over::Datagram(wireguard);
    RTPS "rtps" "Real-Time Publish-Subscribe" Application "DDS RTPS" [Key::Guess] Over::Datagram(|b| if_this(b.starts_with(b"RTPS") || b.starts_with(b"RTPX")));
    MPEG "mp2t" "MPEG transport stream" Presentation "ISO 13818-1" [Key::Guess] Over::Datagram(transport_stream);
    ARTNET "artnet" "Art-Net" Application "Art-Net" [Key::Guess] Over::Datagram(|b| if_this(b.starts_with(b"Art-Net\0")));
    BT_DHT "bt-dht" "BitTorrent DHT Protocol" Application "BEP 5" [Key::Guess] Over::Datagram(bt_dht);
    DCERPC "dcerpc" "Distributed Computing Environment / RPC" Session "DCE 1.1" [Key::Guess] Over::Datagram(dce_rpc);
    CLASSIC_STUN "classicstun" "Simple Traversal of UDP Through NAT" Application "RFC 3489" [Key::Guess] Over::Datagram(classic_stun);
}

/// A call on another port than the directory's.
pub static RPC: Protocol =
    Protocol { about: PORTMAP.about, follows: &[Key::Guess], over: Over::Datagram(rpc), dissect: PORTMAP.dissect };

/// What follows it.
pub static RPC_FOLLOWED: Protocol =
    Protocol { about: PORTMAP.about, follows: &[], over: Over::Datagram(rpc_followed), dissect: PORTMAP.dissect };

/// `RakNet` on another port.
pub static RAKNET: Protocol = Protocol {
    about: RAKNET_PORT.about,
    follows: &[Key::Guess],
    over: Over::Datagram(raknet),
    dissect: RAKNET_PORT.dissect,
};

/// Google's QUIC, by its first packet.
pub static GQUIC_GUESSED: Protocol =
    Protocol { about: GQUIC.about, follows: &[Key::Guess], over: Over::Datagram(google_quic), dissect: GQUIC.dissect };

const fn if_follow(mine: bool, next: &'static Protocol) -> Guess {
    if mine { Guess::Follow(next) } else { Guess::No }
}

const fn if_this(mine: bool) -> Guess {
    if mine { Guess::This } else { Guess::No }
}

/// One of the messages of `WireGuard` (its paper, §5.4), whose lengths are fixed.
fn wireguard(bytes: &[u8]) -> Guess {
    let [kind @ 1..=4, 0, 0, 0, ..] = bytes else { return Guess::No };
    if_this(match kind {
        1 => bytes.len() == 148,
        2 => bytes.len() == 92,
        3 => bytes.len() == 64,
        _ => bytes.len() >= 32,
    })
}

/// Six bytes of ones, then sixteen times the address of who shall wake.
fn magic_packet(bytes: &[u8]) -> Guess {
    let Some((&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], rest)) = bytes.split_first_chunk() else { return Guess::No };
    let Some(address) = rest.get(..6) else { return Guess::No };
    if_this(rest.get(..96).is_some_and(|all| all.chunks(6).all(|a| a == address)))
}

/// RFC 5531 §9: a call of version 2 to one of the programs that have a number of Sun's.
fn rpc(bytes: &[u8]) -> Guess {
    let [_, _, _, _, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, high, low, 0, 0, 0, _, ..] = *bytes else { return Guess::No };
    if_follow((0x86a0..0x8800).contains(&u16::from_be_bytes([high, low])), &RPC_FOLLOWED)
}

/// Another call, or an answer: 1, then whether it was accepted.
fn rpc_followed(bytes: &[u8]) -> Guess {
    match *bytes {
        [_, _, _, _, 0, 0, 0, 1, 0, 0, 0, 0 | 1, ..] => Guess::This,
        _ => rpc(bytes),
    }
}

/// A message before a connection is established has sixteen fixed bytes in it.
fn raknet(bytes: &[u8]) -> Guess {
    const MAGIC: &[u8] = b"\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78";
    let at = match bytes.first() {
        Some(1 | 2) => 9,
        Some(0x1c) => 17,
        Some(5..=8) => 1,
        _ => return Guess::No,
    };
    if_follow(bytes.get(at..).is_some_and(|rest| rest.starts_with(MAGIC)), &RAKNET_PORT)
}

/// ISO 13818-1 §2.4.3: packets of 188 bytes, each with one byte to find it by.
fn transport_stream(bytes: &[u8]) -> Guess {
    let mut packets = bytes.chunks(188);
    if_this(bytes.first() == Some(&0x47) && packets.all(|p| p.len() == 188 && p.first() == Some(&0x47)))
}

/// BEP 5: a bencoded dictionary of a question, an answer or an error.
fn bt_dht(bytes: &[u8]) -> Guess {
    let starts = [&b"d1:ad"[..], b"d1:rd", b"d2:ip", b"d1:el"];
    if_this(bytes.first() == Some(&b'd') && starts.iter().any(|s| bytes.starts_with(s)))
}

/// QUIC before there was a standard: flags, an id of eight bytes, and a version like Q043; Q046 has a long header.
fn google_quic(bytes: &[u8]) -> Guess {
    let mine = match *bytes {
        [flags, _, _, _, _, _, _, _, _, b'Q', b'0', b'2'..=b'4', _, ..] if flags & 0x09 == 0x09 => true,
        [flags, b'Q', b'0', b'4', b'6', _, _, _, _, _, _, _, _, ..] => flags & 0xc0 == 0xc0,
        _ => false,
    };
    if_follow(mine, &GQUIC)
}

/// The connectionless form (C706 §12.5): version 4, a type, flags, and how the sender writes numbers.
fn dce_rpc(bytes: &[u8]) -> Guess {
    let [4, kind @ 0..=19, flags, 0..=3, order, float @ 0..=3, ..] = *bytes else { return Guess::No };
    let _ = (kind, float);
    if_this(bytes.len() >= 80 && flags & 1 == 0 && order & 0xee == 0)
}

/// RFC 3489 §11.1: a type, and a length that is right; without the cookie that STUN has had since.
fn classic_stun(bytes: &[u8]) -> Guess {
    let [0 | 1, kind, high, low, ..] = *bytes else { return Guess::No };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if_this(matches!(kind, 1 | 2 | 0x11 | 0x12) && bytes.len() == len + 20)
}

/// RFC 3435 §3.1: a verb of four letters, or an answer's three digits.
fn mgcp(bytes: &[u8]) -> Guess {
    let Some((word, [b' ', ..])) = bytes.split_at_checked(4).filter(|(w, _)| w.iter().all(u8::is_ascii_uppercase))
    else {
        return if_this(matches!(bytes, [a, b, c, b' ', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit())));
    };
    if_this(matches!(word, b"EPCF" | b"CRCX" | b"MDCX" | b"DLCX" | b"RQNT" | b"NTFY" | b"AUEP" | b"AUCX" | b"RSIP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_marks_must_fit() {
        let all: [(crate::proto::Look, Vec<u8>); 6] = [
            (wireguard, [&[1, 0, 0, 0][..], &[7; 144]].concat()),
            (magic_packet, [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1].repeat(16)].concat()),
            (transport_stream, [&[0x47][..], &[0; 187]].concat()),
            (classic_stun, [&[0, 1, 0, 0][..], &[0; 16]].concat()),
            (google_quic, b"\x0dabcdefghQ039\x01".to_vec()),
            (mgcp, b"RSIP 1 a@b MGCP 1.0\r\n".to_vec()),
        ];
        for (guess, mut bytes) in all {
            assert!(guess(&bytes).is_mine());
            bytes.truncate(3);
            assert!(!guess(&bytes).is_mine());
        }
    }
}
