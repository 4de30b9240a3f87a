//! Protocols that are named and not read: who speaks is known by the port, or by how the bytes begin, and where
//! their messages end is known, too. What the messages say is not told here yet.
//!
//! A row that learns to read its fields moves to a file of its own.

use super::prelude::*;
use super::{Framing, StreamCtx};

/// One row each: its name, title, layer and specification, where it follows, how it is cut into messages.
macro_rules! rows {
    ($($row:ident = $name:literal, $title:literal, $osi:ident, $spec:literal, [$($key:expr),*], $over:expr;)*) => {
        $(
            #[doc = concat!("The row of ", $title, ".")]
            pub static $row: Protocol = Protocol {
                about: &Identity {
                    name: $name, title: $title, osi: Osi::$osi, spec: $spec, fields: &[], summary: None,
                },
                follows: &[$($key),*],
                over: $over,
                dissect: |c| Ok(Next::end(c.len())),
            };
        )*
    };
}

rows! {
    ECHO = "echo", "Echo", Application, "RFC 862", [Key::TcpPort(7)], Over::Packet;
    DAYTIME = "daytime", "Daytime", Application, "RFC 867", [Key::TcpPort(13)], Over::Packet;
    CHARGEN = "chargen", "Character Generator", Application, "RFC 864", [Key::TcpPort(19)], Over::Packet;
    TIME = "time", "Time Protocol", Application, "RFC 868", [Key::TcpPort(37)], Over::Packet;
    WINS = "winsrepl", "WINS Replication", Application, "MS-WINSRA", [Key::TcpPort(42)], Over::Stream(by_length::<0, 4, 4, false>);
    WHOIS = "whois", "Whois", Application, "RFC 3912", [Key::TcpPort(43)], Over::Stream(by_line);
    TACPLUS = "tacplus", "TACACS+", Application, "RFC 8907", [Key::TcpPort(49)], Over::Stream(by_length::<8, 4, 12, false>);
    GOPHER = "gopher", "Gopher", Application, "RFC 1436", [Key::TcpPort(70)], Over::Packet;
    FINGER = "finger", "Finger", Application, "RFC 1288", [Key::TcpPort(79)], Over::Stream(by_line);
    KERBEROS = "kerberos", "Kerberos", Application, "RFC 4120", [Key::TcpPort(88)], Over::Stream(by_length::<0, 4, 4, false>);
    TPKT = "tpkt", "ISO Transport on TCP", Transport, "RFC 1006", [Key::TcpPort(102), Key::TcpPort(3389)], Over::Stream(tpkt);
    RPC = "rpc", "Remote Procedure Call", Session, "RFC 5531", [Key::TcpPort(111)], Over::Packet;
    RPC_GUESSED = "rpc", "Remote Procedure Call", Session, "RFC 5531", [Key::Guess], Over::Stream(rpc);
    NNTP = "nntp", "Network News Transfer Protocol", Application, "RFC 3977", [Key::TcpPort(119)], Over::Stream(text_then_tls);
    NBSS = "nbss", "NetBIOS Session Service", Session, "RFC 1002", [Key::TcpPort(139), Key::TcpPort(445)], Over::Stream(nbss);
    BGP = "bgp", "Border Gateway Protocol", Application, "RFC 4271", [Key::TcpPort(179)], Over::Stream(bgp);
    SNMP = "snmp", "Simple Network Management Protocol", Application, "RFC 3416", [Key::TcpPort(161), Key::TcpPort(162)], Over::Packet;
    LDAP = "ldap", "Lightweight Directory Access Protocol", Application, "RFC 4511", [Key::TcpPort(389), Key::TcpPort(3268)], Over::Stream(ber);
    KPASSWD = "kpasswd", "Kerberos Password Change", Application, "RFC 3244", [Key::TcpPort(464)], Over::Stream(by_length::<0, 4, 4, false>);
    MODBUS = "mbtcp", "Modbus/TCP", Application, "Modbus Messaging on TCP/IP", [Key::TcpPort(502)], Over::Stream(modbus);
    EXEC = "exec", "Remote Execution", Application, "4.2BSD rexec", [Key::TcpPort(512)], Over::Packet;
    RLOGIN = "rlogin", "Remote Login", Application, "RFC 1282", [Key::TcpPort(513)], Over::Packet;
    RSH = "rsh", "Remote Shell", Application, "4.2BSD rsh", [Key::TcpPort(514)], Over::Packet;
    LPD = "lpd", "Line Printer Daemon", Application, "RFC 1179", [Key::TcpPort(515)], Over::Packet;
    AFP = "dsi", "Data Stream Interface", Application, "Apple AFP over TCP", [Key::TcpPort(548)], Over::Stream(by_length::<8, 4, 16, false>);
    RTSP = "rtsp", "Real Time Streaming Protocol", Application, "RFC 2326", [Key::TcpPort(554), Key::TcpPort(7236), Key::TcpPort(8554)], Over::Packet;
    LDP = "ldp", "Label Distribution Protocol", Application, "RFC 5036", [Key::TcpPort(646)], Over::Stream(ldp);
    RSYNC = "rsync", "Rsync", Application, "rsync protocol", [Key::TcpPort(873)], Over::Packet;
    SOCKS = "socks", "SOCKS", Application, "RFC 1928", [Key::TcpPort(1080)], Over::Packet;
    RMI = "rmi", "Java Remote Method Invocation", Application, "Java RMI specification", [Key::TcpPort(1099)], Over::Packet;
    OPENVPN = "openvpn", "OpenVPN", Application, "OpenVPN protocol", [Key::TcpPort(1194)], Over::Stream(by_length::<0, 2, 2, false>);
    TDS = "tds", "Tabular Data Stream", Application, "MS-TDS", [Key::TcpPort(1433), Key::TcpPort(2433)], Over::Stream(by_length::<2, 2, 0, false>);
    TNS = "tns", "Transparent Network Substrate", Application, "Oracle Net", [Key::TcpPort(1521)], Over::Stream(tns);
    PPTP = "pptp", "Point-to-Point Tunneling Protocol", Application, "RFC 2637", [Key::TcpPort(1723)], Over::Stream(pptp);
    MSNMS = "msnms", "MSN Messenger", Application, "MSNP", [Key::TcpPort(1863)], Over::Packet;
    RTMP = "rtmpt", "Real Time Messaging Protocol", Application, "RTMP 1.0", [Key::TcpPort(1935)], Over::Packet;
    IEC104 = "iec60870_104", "IEC 60870-5-104", Application, "IEC 60870-5-104", [Key::TcpPort(2404)], Over::Stream(by_length::<1, 1, 2, false>);
    MYSQL = "mysql", "MySQL", Application, "MySQL protocol", [Key::TcpPort(3306)], Over::Stream(mysql);
    EPMD = "epmd", "Erlang Port Mapper", Application, "Erlang distribution", [Key::TcpPort(4369)], Over::Packet;
    EDONKEY = "edonkey", "eDonkey", Application, "eDonkey protocol", [Key::TcpPort(4661), Key::TcpPort(4662), Key::TcpPort(4663)], Over::Stream(edonkey);
    OPCUA = "opcua", "OPC Unified Architecture", Application, "IEC 62541-6", [Key::TcpPort(4840)], Over::Stream(by_length::<4, 4, 0, true>);
    XMPP = "xmpp", "Extensible Messaging and Presence", Application, "RFC 6120", [Key::TcpPort(5222)], Over::Stream(xmpp);
    PGSQL = "pgsql", "PostgreSQL", Application, "PostgreSQL protocol 3.0", [Key::TcpPort(5432)], Over::Stream(pgsql);
    VNC = "vnc", "Virtual Network Computing", Application, "RFC 6143", [Key::TcpPort(5500), Key::TcpPort(5501), Key::TcpPort(5900), Key::TcpPort(5901)], Over::Packet;
    VNC_GUESSED = "vnc", "Virtual Network Computing", Application, "RFC 6143", [Key::Guess], Over::Stream(starts::<VNC_START>);
    AMQP = "amqp", "Advanced Message Queuing Protocol", Application, "AMQP 0-9-1", [Key::TcpPort(5672)], Over::Stream(amqp);
    X11 = "x11", "X Window System", Application, "X11 protocol", [Key::TcpPort(6000), Key::TcpPort(6001), Key::TcpPort(6002), Key::TcpPort(6003), Key::TcpPort(6004), Key::TcpPort(6005), Key::TcpPort(6006), Key::TcpPort(6007), Key::TcpPort(6008), Key::TcpPort(6009), Key::TcpPort(6010), Key::TcpPort(6011), Key::TcpPort(6012), Key::TcpPort(6013), Key::TcpPort(6014), Key::TcpPort(6015), Key::TcpPort(6016), Key::TcpPort(6017), Key::TcpPort(6018), Key::TcpPort(6019), Key::TcpPort(6020), Key::TcpPort(6021), Key::TcpPort(6022), Key::TcpPort(6023), Key::TcpPort(6024), Key::TcpPort(6025), Key::TcpPort(6026), Key::TcpPort(6027), Key::TcpPort(6028), Key::TcpPort(6029), Key::TcpPort(6030), Key::TcpPort(6031), Key::TcpPort(6032), Key::TcpPort(6033), Key::TcpPort(6034), Key::TcpPort(6035), Key::TcpPort(6036), Key::TcpPort(6037), Key::TcpPort(6038), Key::TcpPort(6039), Key::TcpPort(6040), Key::TcpPort(6041), Key::TcpPort(6042), Key::TcpPort(6043), Key::TcpPort(6044), Key::TcpPort(6045), Key::TcpPort(6046), Key::TcpPort(6047), Key::TcpPort(6048), Key::TcpPort(6049), Key::TcpPort(6050), Key::TcpPort(6051), Key::TcpPort(6052), Key::TcpPort(6053), Key::TcpPort(6054), Key::TcpPort(6055), Key::TcpPort(6056), Key::TcpPort(6057), Key::TcpPort(6058), Key::TcpPort(6059), Key::TcpPort(6060), Key::TcpPort(6061), Key::TcpPort(6062), Key::TcpPort(6063)], Over::Packet;
    GNUTELLA = "gnutella", "Gnutella", Application, "Gnutella 0.6", [Key::TcpPort(6346)], Over::Packet;
    OPENFLOW = "openflow", "OpenFlow", Application, "OpenFlow 1.3", [Key::TcpPort(6653)], Over::Stream(by_length::<2, 2, 0, false>);
    IRC = "irc", "Internet Relay Chat", Application, "RFC 2812", [Key::TcpPort(6667), Key::TcpPort(57000)], Over::Packet;
    BITTORRENT = "bittorrent", "BitTorrent", Application, "BEP 3", [Key::TcpPort(6881), Key::TcpPort(6882), Key::TcpPort(6883), Key::TcpPort(6884), Key::TcpPort(6885), Key::TcpPort(6886), Key::TcpPort(6887), Key::TcpPort(6888), Key::TcpPort(6889)], Over::Packet;
    BITTORRENT_GUESSED = "bittorrent", "BitTorrent", Application, "BEP 3", [Key::Guess], Over::Stream(starts::<BITTORRENT_START>);
    KAFKA = "kafka", "Kafka", Application, "Kafka protocol", [Key::TcpPort(9092)], Over::Stream(by_length::<0, 4, 4, false>);
    GIT = "git", "Git", Application, "Git pack protocol", [Key::TcpPort(9418)], Over::Packet;
    MEMCACHE = "memcache", "Memcached", Application, "memcached protocol", [Key::TcpPort(11211)], Over::Packet;
    DOIP = "doip", "Diagnostics over IP", Application, "ISO 13400-2", [Key::TcpPort(13400)], Over::Stream(by_length::<4, 4, 8, false>);
    DNP3 = "dnp3", "Distributed Network Protocol", Application, "IEEE 1815", [Key::TcpPort(20000)], Over::Stream(starts::<DNP3_START>);
    ENIP = "enip", "EtherNet/IP", Application, "CIP volume 2", [Key::TcpPort(44818)], Over::Stream(by_length::<2, 2, 24, true>);
    SRVLOC = "srvloc", "Service Location Protocol", Application, "RFC 2608", [Key::TcpPort(427)], Over::Stream(by_length::<2, 3, 0, false>);
    ICAP = "icap", "Internet Content Adaptation Protocol", Application, "RFC 3507", [Key::TcpPort(1344)], Over::Packet;
    SLSK = "slsk", "Soulseek", Application, "Soulseek protocol", [Key::TcpPort(2234), Key::TcpPort(2240), Key::TcpPort(5534)], Over::Stream(by_length::<0, 4, 4, true>);
    CVS = "cvspserver", "CVS pserver", Application, "CVS client/server", [Key::TcpPort(2401)], Over::Packet;
    STUN = "stun", "Session Traversal Utilities for NAT", Application, "RFC 8489", [Key::TcpPort(3478)], Over::Stream(by_length::<2, 2, 20, false>);
    WOW = "wow", "World of Warcraft", Application, "WoW protocol", [Key::TcpPort(3724)], Over::Packet;
    WOWW = "woww", "World of Warcraft World", Application, "WoW protocol", [Key::TcpPort(8085)], Over::Packet;
    IPFIX = "cflow", "IP Flow Information Export", Application, "RFC 7011", [Key::TcpPort(4739)], Over::Stream(by_length::<2, 2, 0, false>);
    SYNPHASOR = "synphasor", "Synchrophasor", Application, "IEEE C37.118", [Key::TcpPort(4712)], Over::Stream(by_length::<2, 2, 0, false>);
    COAP = "coap", "Constrained Application Protocol", Application, "RFC 8323", [Key::TcpPort(5683)], Over::Packet;
    TIBIA = "tibia", "Tibia", Application, "Tibia protocol", [Key::TcpPort(7171), Key::TcpPort(7172)], Over::Stream(by_length::<0, 2, 2, true>);
    AJP = "ajp13", "Apache JServ Protocol", Application, "AJP 1.3", [Key::TcpPort(8009)], Over::Stream(by_length::<2, 2, 4, false>);
    GADU = "gadu-gadu", "Gadu-Gadu", Application, "Gadu-Gadu protocol", [Key::TcpPort(8074)], Over::Stream(by_length::<4, 4, 8, true>);
    ELASTIC = "elasticsearch", "Elasticsearch", Application, "Elasticsearch transport", [Key::TcpPort(9300)], Over::Packet;
    DBLSP = "db-lsp", "Dropbox LAN Sync", Application, "Dropbox LAN sync protocol", [Key::TcpPort(17500)], Over::Packet;
    SYNERGY = "synergy", "Synergy", Application, "Synergy protocol", [Key::TcpPort(24800)], Over::Stream(by_length::<0, 4, 4, false>);
    DCERPC = "dcerpc", "Distributed Computing Environment RPC", Session, "C706", [Key::Guess], Over::Stream(dcerpc);
}

const VNC_START: u8 = 0;
const BITTORRENT_START: u8 = 1;
const DNP3_START: u8 = 2;
/// How bytes begin that are surely of one protocol.
const STARTS: [&[u8]; 3] = [b"RFB 003.", b"\x13BitTorrent protocol", b"\x05\x64"];

/// So many bytes make a message.
fn whole(size: usize, bytes: &[u8]) -> Framing {
    match size {
        0 => Framing::Message(bytes.len()),
        n if n > bytes.len() => Framing::Need(n),
        n => Framing::Message(n),
    }
}

/// The number of `width` bytes at `at`; `None` while they are not here.
fn number(bytes: &[u8], at: usize, width: usize, little: bool) -> Option<usize> {
    let digits = bytes.get(at..at + width)?;
    let add = |n: usize, b: &u8| n << 8 | usize::from(*b);
    Some(if little { digits.iter().rev().fold(0, add) } else { digits.iter().fold(0, add) })
}

/// A length of `WIDTH` bytes stands at `AT`; with `ADD` it counts the whole message.
fn by_length<const AT: usize, const WIDTH: usize, const ADD: usize, const LITTLE: bool>(
    _: &mut StreamCtx<'_>,
    bytes: &[u8],
) -> Framing {
    let shortest = (AT + WIDTH).max(ADD);
    number(bytes, AT, WIDTH, LITTLE).map_or(Framing::NeedMore, |n| whole(n.saturating_add(ADD).max(shortest), bytes))
}

/// What is here is a message once it holds a whole line.
fn by_line(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.get(ctx.side.searched..).unwrap_or(&[]).contains(&b'\n') {
        return Framing::Message(bytes.len());
    }
    ctx.side.searched = bytes.len();
    Framing::NeedMore
}

/// Text until the two agree on TLS, whose first record no text looks like.
fn text_then_tls(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ => Framing::Message(bytes.len()),
    }
}

/// RFC 6120 §5: stanzas of XML, until `<proceed/>` answers `<starttls/>`.
fn xmpp(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let proceeds: &mut bool = ctx.dialogue.state();
    if *proceeds {
        return Framing::Switch(Key::TcpPort(443));
    }
    *proceeds = bytes.starts_with(b"<proceed");
    Framing::Message(bytes.len())
}

/// A length of three bytes and a number stand before each packet; the client's first one may ask for TLS (its flag
/// `CLIENT_SSL`, and nothing behind the 32 bytes that all first packets share).
fn mysql(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    const SSL: usize = 0x0800;
    const ASKS: usize = 4 + 32;
    let secure: &mut bool = ctx.dialogue.state();
    if *secure {
        return Framing::Switch(Key::TcpPort(443));
    }
    let Some(size) = number(bytes, 0, 3, true) else { return Framing::NeedMore };
    let asks = size + 4 == ASKS && bytes.get(3) == Some(&1) && number(bytes, 4, 4, true).is_some_and(|n| n & SSL != 0);
    *secure = asks && bytes.len() >= ASKS;
    whole(size + 4, bytes)
}

/// Bytes that begin as no others do.
fn starts<const WHICH: u8>(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let start = STARTS.get(usize::from(WHICH)).copied().unwrap_or(&[]);
    // RFC 6143 §7.1.1: `RFB 003.008` and a line feed.
    let whole = WHICH != VNC_START
        || matches!(bytes.get(8..12), Some([digits @ .., b'\n']) if digits.iter().all(u8::is_ascii_digit));
    if *ctx.dialogue.state::<bool>() || whole && bytes.starts_with(start) {
        *ctx.dialogue.state::<bool>() = true;
        return Framing::Message(bytes.len());
    }
    Framing::NotMine
}

/// RFC 1006 §6: version 3, a reserved byte, the length of the whole.
fn tpkt(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [3, 0, high, low, ..] => whole(usize::from(u16::from_be_bytes([*high, *low])).max(4), bytes),
        [3] | [3, 0] | [3, 0, _] => Framing::NeedMore,
        // RDP goes on in TLS, or in its own short form.
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ if reads_as_text(bytes) => Framing::NotMine,
        _ => Framing::Message(bytes.len()),
    }
}

/// Lines of another protocol on a port whose own messages are binary.
fn reads_as_text(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && bytes.iter().take(4).all(|b| b.is_ascii_graphic() || *b == b' ')
}

/// RFC 5531 §11: the top bit says that a record is whole. A call or an answer of version 2 follows.
fn rpc(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let Some(mark) = number(bytes, 0, 4, false) else { return Framing::NotMine };
    let known = *ctx.dialogue.state::<bool>();
    let call = number(bytes, 8, 4, false) == Some(0) && number(bytes, 12, 4, false) == Some(2);
    let opens = call && mark >> 31 == 1 && mark & 0x7fff_ffff < 1 << 20;
    if !known && !opens {
        return Framing::NotMine;
    }
    *ctx.dialogue.state::<bool>() = true;
    whole(4 + (mark & 0x7fff_ffff), bytes)
}

/// RFC 1002 §4.3.1: a type, flags, 17 bits of length. Anything else is a piece of a message.
fn nbss(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0 | 0x81..=0x85, 0 | 1, _, _, ..] => whole(4 + (number(bytes, 1, 3, false).unwrap_or(0) & 0x1_ffff), bytes),
        [0 | 0x81..=0x85] | [0 | 0x81..=0x85, 0 | 1] | [0 | 0x81..=0x85, 0 | 1, _] => Framing::NeedMore,
        _ => Framing::Message(bytes.len()),
    }
}

/// RFC 4271 §4.1: sixteen bytes of ones, the length of the whole, a type.
fn bgp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if bytes.iter().take(16).any(|&b| b != 0xff) {
        return Framing::Message(bytes.len());
    }
    number(bytes, 16, 2, false).map_or(Framing::NeedMore, |n| whole(n.max(19), bytes))
}

/// A BER sequence (X.690 §8.1) says its length.
fn ber(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [0x30, short @ 0..=0x7f, ..] => whole(2 + usize::from(*short), bytes),
        [0x30, long @ 0x81..=0x84, ..] => {
            let width = usize::from(long & 0x7f);
            number(bytes, 2, width, false).map_or(Framing::NeedMore, |n| whole(2 + width + n, bytes))
        }
        [0x30] => Framing::NeedMore,
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        _ if reads_as_text(bytes) => Framing::NotMine,
        _ => Framing::Message(bytes.len()),
    }
}

/// Transaction (2), protocol (2, zero), length of the rest (2).
fn modbus(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 2, 2, false), number(bytes, 4, 2, false)) {
        (Some(0), Some(n @ 2..=254)) => whole(6 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// RFC 5036 §3.1: version 1, the length of the rest.
fn ldp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), number(bytes, 2, 2, false)) {
        (Some(1), Some(n @ 6..)) => whole(4 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// The length of the whole (2), checksums, a type of at most 14 or so.
fn tns(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), bytes.get(4)) {
        (Some(n @ 8..), Some(1..=15)) => whole(n, bytes),
        _ => Framing::NotMine,
    }
}

/// RFC 2637 §1.4: the length of the whole, a type, a magic number.
fn pptp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (number(bytes, 0, 2, false), bytes.get(4..8)) {
        (Some(n @ 12..), Some(b"\x1a\x2b\x3c\x4d")) => whole(n, bytes),
        _ => Framing::Message(bytes.len()),
    }
}

/// A mark, then a length in little-endian order.
fn edonkey(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match (bytes.first(), number(bytes, 1, 4, true)) {
        (Some(0xe3 | 0xc5 | 0xd4), Some(n)) => whole(5 + n, bytes),
        _ => Framing::NotMine,
    }
}

/// A start without a type, or a type; the length counts itself and what follows.
fn pgsql(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let typed = usize::from(bytes.first().is_some_and(|&b| b != 0));
    match bytes {
        [0x16, 3, 0..=4, ..] => Framing::Switch(Key::TcpPort(443)),
        // The answer to a wish for TLS is one letter.
        [b'S' | b'N'] => Framing::Message(1),
        _ => number(bytes, typed, 4, false).map_or(Framing::NeedMore, |n| whole(typed + n.max(4), bytes)),
    }
}

/// A header of eight bytes, then frames: type (1), channel (2), length (4), so many bytes, an end (1).
fn amqp(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    match bytes {
        [b'A', b'M', b'Q', b'P', ..] => whole(8, bytes),
        [1..=8, ..] => number(bytes, 3, 4, false).map_or(Framing::NeedMore, |n| whole(n.saturating_add(8), bytes)),
        _ => number(bytes, 0, 4, false).map_or(Framing::NeedMore, |n| whole(n.max(8), bytes)),
    }
}

/// C706 §12.6.3: version 5, a type, the byte order, the length of the fragment.
fn dcerpc(_: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    let [5, 0 | 1, 0..=19, _, order @ (0x10 | 0x11 | 0 | 1), 0..=3, ..] = bytes else { return Framing::NotMine };
    match number(bytes, 8, 2, order & 0x10 != 0) {
        Some(n @ 16..) => whole(n, bytes),
        _ => Framing::NotMine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{REGISTRY, Streams};

    fn ask(row: &Protocol, bytes: &[u8]) -> Framing {
        match row.over {
            Over::Stream(frame) => frame(&mut Streams::default().view(true), bytes),
            Over::Packet | Over::Datagram(_) => Framing::Message(bytes.len()),
        }
    }

    #[test]
    fn a_length_is_waited_for_and_then_so_many_bytes() {
        assert_eq!(ask(&KERBEROS, b"\0\0\0"), Framing::NeedMore);
        assert_eq!(ask(&KERBEROS, b"\0\0\0\x02a"), Framing::Need(6));
        assert_eq!(ask(&KERBEROS, b"\0\0\0\x02abc"), Framing::Message(6));
        assert_eq!(ask(&MYSQL, b"\x02\0\0\0ab"), Framing::Message(6));
        assert_eq!(ask(&LDAP, b"\x30\x82\x01\0"), Framing::Need(260));
        assert_eq!(ask(&BGP, &[0xff; 18]), Framing::Need(0xffff));
        assert_eq!(ask(&PGSQL, b"Q\0\0\0\x05;"), Framing::Message(6));
    }

    #[test]
    fn tls_begins_where_both_have_agreed_on_it() {
        let mut talk = Streams::default();
        let mut ask = |row: &Protocol, forward, bytes: &[u8]| match row.over {
            Over::Stream(frame) => frame(&mut talk.view(forward), bytes),
            Over::Packet | Over::Datagram(_) => panic!("a stream"),
        };
        assert_eq!(ask(&XMPP, true, b"<starttls/>"), Framing::Message(11));
        assert_eq!(ask(&XMPP, false, b"<proceed/>"), Framing::Message(10));
        assert_eq!(ask(&XMPP, true, b"\x16\x03\x01"), Framing::Switch(Key::TcpPort(443)));
        let mut talk = Streams::default();
        let mut ask = |bytes: &[u8]| mysql(&mut talk.view(true), bytes);
        let asks = [b"\x20\0\0\x01\x85\xae\0\0".as_slice(), &[0; 28]].concat();
        assert_eq!(ask(&[b"\x20\0\0\x01\x85\xa6\0\0".as_slice(), &[0; 28]].concat()), Framing::Message(36));
        assert_eq!(ask(&asks), Framing::Message(36));
        assert_eq!(ask(b"\x16\x03\x01\0\x04abcd"), Framing::Switch(Key::TcpPort(443)));
    }

    #[test]
    fn what_does_not_begin_as_it_must_is_not_taken() {
        for row in [&MODBUS, &DNP3, &DCERPC, &RPC_GUESSED, &VNC_GUESSED, &BITTORRENT_GUESSED, &TNS] {
            for bytes in [&b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..], b"hello world\r\n", b""] {
                assert_eq!(ask(row, bytes), Framing::NotMine, "{} {bytes:?}", row.about.name);
            }
        }
        assert_eq!(ask(&DNP3, b"\x05\x64\x05"), Framing::Message(3));
    }

    #[test]
    fn no_framing_asks_for_an_empty_message() {
        for row in REGISTRY.iter().filter(|row| row.about.fields.is_empty()) {
            for bytes in [&[0; 64][..], &[0xff; 64], &[1; 64], &[3; 64], b"\x30\x80\0\0"] {
                assert_ne!(ask(row, bytes), Framing::Message(0), "{}", row.about.name);
            }
        }
    }
}
