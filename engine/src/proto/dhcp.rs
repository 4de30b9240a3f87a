//! DHCP — RFC 2131, with the options of RFC 2132. A host without an address asks for one, and for
//! all else that it needs: discover, offer, request, acknowledgment.
//!
//! ```text
//! | op (1) | hardware type (1) | its length (1) | hops (1) | transaction id (4)               |
//! | seconds (2) | flags (2) | client's (4), your (4), next server's (4), relay's address (4) |
//! | client's hardware address (16) | server name (64) | boot file name (128)                |
//! | magic cookie (4) | options: code (1), length (1), so many bytes …                       |
//! ```

use super::hardware::{hexadecimal, link_address};
use super::prelude::*;
use crate::model::{Layer, Packet, show};

/// DHCP.
pub static ABOUT: Identity = Identity {
    name: "dhcp",
    title: "Dynamic Host Configuration Protocol",
    osi: Osi::Application,
    spec: "RFC 2131",
    fields: FIELDS,
    summary: Some(summary),
};

const SERVER_NAME: usize = 44;
const BOOT_FILE: usize = 108;
const MAGIC: usize = 236;
const OPTIONS: usize = 240;
const COOKIE_BYTES: [u8; 4] = [99, 130, 83, 99];

const OPERATIONS: &[(u64, &str)] = &[(1, "Request"), (2, "Reply")];

/// RFC 2132 §9.6.
const MESSAGES: &[(u64, &str)] = &[
    (1, "Discover"),
    (2, "Offer"),
    (3, "Request"),
    (4, "Decline"),
    (5, "ACK"),
    (6, "NAK"),
    (7, "Release"),
    (8, "Inform"),
    (9, "Force renew"),
    (10, "Lease query"),
    (11, "Lease unassigned"),
    (12, "Lease unknown"),
    (13, "Lease active"),
];

const CODES: &[(u64, &str)] = &[
    (0, "Padding, or the end"),
    (1, "Subnet mask"),
    (2, "Time offset"),
    (3, "Router"),
    (4, "Time server"),
    (5, "Name server"),
    (6, "Domain name server"),
    (7, "Log server"),
    (12, "Host name"),
    (13, "Boot file size"),
    (15, "Domain name"),
    (17, "Root path"),
    (19, "IP forwarding"),
    (22, "Maximum datagram to reassemble"),
    (23, "Default time to live"),
    (26, "Interface MTU"),
    (28, "Broadcast address"),
    (31, "Perform router discovery"),
    (33, "Static route"),
    (42, "NTP server"),
    (43, "Vendor-specific information"),
    (44, "NetBIOS name server"),
    (46, "NetBIOS node type"),
    (47, "NetBIOS scope"),
    (50, "Requested IP address"),
    (51, "Lease time"),
    (52, "Option overload"),
    (53, "DHCP message type"),
    (54, "DHCP server identifier"),
    (55, "Parameter request list"),
    (56, "Message"),
    (57, "Maximum DHCP message size"),
    (58, "Renewal time"),
    (59, "Rebinding time"),
    (60, "Vendor class identifier"),
    (61, "Client identifier"),
    (66, "TFTP server name"),
    (67, "Boot file name"),
    (69, "SMTP server"),
    (77, "User class"),
    (81, "Client's full domain name"),
    (82, "Relay agent information"),
    (90, "Authentication"),
    (93, "Client system architecture"),
    (94, "Client network interface"),
    (97, "Client machine identifier"),
    (100, "Time zone"),
    (101, "Time zone name"),
    (108, "IPv6-only preferred"),
    (114, "Captive portal"),
    (116, "Auto-configuration"),
    (118, "Subnet selection"),
    (119, "Domain search"),
    (120, "SIP servers"),
    (121, "Classless static route"),
    (125, "Vendor-specific information (V-I)"),
    (150, "TFTP server address"),
    (249, "Classless static route (Microsoft)"),
    (252, "Proxy autodiscovery"),
    (255, "End"),
];

/// RFC 8415 §11.
const DUIDS: &[(u64, &str)] = &[
    (1, "Link-layer address and time"),
    (2, "Assigned by the vendor"),
    (3, "Link-layer address"),
    (4, "Universally unique identifier"),
];

const HARDWARE: &[(u64, &str)] = &[(1, "Ethernet"), (6, "IEEE 802"), (7, "ARCNET"), (32, "InfiniBand")];
const OVERLOADS: &[(u64, &str)] = &[(1, "Boot file name"), (2, "Server name"), (3, "Both names")];

fields! {
    TYPE        = u8_at(0, "dhcp.type", "Message type", "1 from a client to a server, 2 back.").names(OPERATIONS);
    HW_TYPE     = u8_at(1, "dhcp.hw.type", "Hardware type", "What kind of link the client sits on.").hex().names(HARDWARE);
    HW_LEN      = u8_at(2, "dhcp.hw.len", "Hardware address length", "Bytes of the client's hardware address.");
    HOPS        = u8_at(3, "dhcp.hops", "Hops", "How many relays have passed it on.");
    ID          = u32_at(4, "dhcp.id", "Transaction ID", "A number that ties question and answer together.").hex();
    SECS        = dynamic(Kind::Uint(16), "dhcp.secs", "Seconds elapsed", "Since when the client has been trying.");
    FLAGS       = u16_at(10, "dhcp.flags", "Flags", "Sixteen bits, of which one is in use.").hex();
    FLAGS_BC    = bit_at(10, 2, 0x8000, "dhcp.flags.bc", "Broadcast", "Answer to everybody: the client cannot take in its own address yet.");
    FLAGS_RESERVED = u16_at(10, "dhcp.flags.reserved", "Reserved", "Fifteen bits that must be zero.").bits(0x7fff).hex();
    IP_CLIENT   = ipv4_at(12, "dhcp.ip.client", "Client's address", "The address that the client has already, if it has one.");
    IP_YOUR     = ipv4_at(16, "dhcp.ip.your", "Your address", "The address that the server gives to the client.");
    IP_SERVER   = ipv4_at(20, "dhcp.ip.server", "Next server", "The server to load the operating system from.");
    IP_RELAY    = ipv4_at(24, "dhcp.ip.relay", "Relay agent", "The router that passed this on from another link.");
    MAC_ADDR    = dynamic(Kind::Ether, "dhcp.hw.mac_addr", "Client's MAC address", "The client's card, by which the server knows it.");
    HW_ADDR     = dynamic(Kind::Bytes, "dhcp.hw.addr", "Client's hardware address", "The client's card, where it is no Ethernet card.");
    ADDR_PADDING = dynamic(Kind::Bytes, "dhcp.hw.addr_padding", "Padding", "Fills the address up to 16 bytes.");
    SERVER      = dynamic(Kind::Text, "dhcp.server", "Server name", "The name of the server, mostly left empty.");
    FILE        = dynamic(Kind::Text, "dhcp.file", "Boot file name", "What to load at the start, mostly left empty.");
    COOKIE      = dynamic(Kind::Ipv4, "dhcp.cookie", "Magic cookie", "Four fixed numbers that say: options follow.");
    OPTION_TYPE = dynamic(Kind::Uint(8), "dhcp.option.type", "Option", "What the next bytes are about.").names(CODES);
    OPTION_LENGTH = dynamic(Kind::Uint(8), "dhcp.option.length", "Option length", "Bytes of this option's value.");
    ANY_VALUE   = dynamic(Kind::Bytes, "dhcp.option.value", "Value", "What the option says, byte for byte.").hidden();
    VALUE       = dynamic(Kind::Bytes, "dhcp.option.value", "Value", "What the option says, byte for byte.");
    END         = dynamic(Kind::Uint(8), "dhcp.option.end", "End", "No more options follow.");
    PADDING     = dynamic(Kind::Bytes, "dhcp.option.padding", "Padding", "Filler without meaning.");
    SUBNET_MASK = dynamic(Kind::Ipv4, "dhcp.option.subnet_mask", "Subnet mask", "Which part of the address all hosts on the link share.");
    TIME_OFFSET = dynamic(Kind::Int(32), "dhcp.option.time_offset", "Time offset", "Seconds that local time is ahead of universal time.");
    ROUTER      = dynamic(Kind::Ipv4, "dhcp.option.router", "Router", "Where to send packets for other networks.");
    TIME_SERVER = dynamic(Kind::Ipv4, "dhcp.option.time_server", "Time server", "Whom to ask for the time.");
    NAME_SERVER = dynamic(Kind::Ipv4, "dhcp.option.name_server", "Name server", "A name server of the kind before DNS.");
    DOMAIN_NAME_SERVER = dynamic(Kind::Ipv4, "dhcp.option.domain_name_server", "DNS server", "Whom to ask for names.");
    LOG_SERVER  = dynamic(Kind::Ipv4, "dhcp.option.log_server", "Log server", "Where to send log messages.");
    HOSTNAME    = dynamic(Kind::Text, "dhcp.option.hostname", "Host name", "What the client is called.");
    DOMAIN_NAME = dynamic(Kind::Text, "dhcp.option.domain_name", "Domain name", "The domain that the client belongs to.");
    ROOT_PATH   = dynamic(Kind::Text, "dhcp.option.root_path", "Root path", "Where a diskless client finds its files.");
    IP_FORWARDING = dynamic(Kind::Bool, "dhcp.option.ip_forwarding", "IP forwarding", "Whether the client should act as a router.");
    INTERFACE_MTU = dynamic(Kind::Uint(16), "dhcp.option.interface_mtu", "Interface MTU", "The largest packet on this link.");
    BROADCAST_ADDRESS = dynamic(Kind::Ipv4, "dhcp.option.broadcast_address", "Broadcast address", "The address that reaches every host on the link.");
    STATIC_ROUTE_IP = dynamic(Kind::Ipv4, "dhcp.option.static_route.ip", "Route to", "An address that has its own router.");
    STATIC_ROUTE_ROUTER = dynamic(Kind::Ipv4, "dhcp.option.static_route.router", "Route through", "That router.");
    NTP_SERVER  = dynamic(Kind::Ipv4, "dhcp.option.ntp_server", "NTP server", "Whom to ask for the exact time.");
    NETBIOS_NAME_SERVER = dynamic(Kind::Ipv4, "dhcp.option.netbios_over_tcpip_name_server", "NetBIOS name server", "Whom to ask for Windows names.");
    NETBIOS_NODE_TYPE = dynamic(Kind::Uint(8), "dhcp.option.netbios_over_tcpip_node_type", "NetBIOS node type", "How to look for Windows names.");
    VENDOR_VALUE = dynamic(Kind::Bytes, "dhcp.option.vendor.value", "Vendor's value", "Bytes that only the maker understands.");
    REQUESTED_ADDRESS = dynamic(Kind::Ipv4, "dhcp.option.requested_ip_address", "Requested address", "The address that the client would like to have.");
    LEASE_TIME  = dynamic(Kind::Uint(32), "dhcp.option.ip_address_lease_time", "Lease time", "For how many seconds the address is lent.");
    OVERLOAD    = dynamic(Kind::Uint(8), "dhcp.option.option_overload", "Option overload", "Which of the two names hold options instead.").names(OVERLOADS);
    MESSAGE_TYPE = dynamic(Kind::Uint(8), "dhcp.option.dhcp", "DHCP message type", "Which step this is: discover, offer, request, acknowledgment.").names(MESSAGES);
    SERVER_ID   = dynamic(Kind::Ipv4, "dhcp.option.dhcp_server_id", "DHCP server", "Which server this is from, or for.");
    REQUEST_LIST_ITEM = dynamic(Kind::Uint(8), "dhcp.option.request_list_item", "Wanted", "Something that the client would like to be told.").names(CODES);
    MESSAGE     = dynamic(Kind::Text, "dhcp.option.message", "Message", "Why it failed, in words.");
    MAX_MESSAGE_SIZE = dynamic(Kind::Uint(16), "dhcp.option.dhcp_max_message_size", "Maximum message size", "The longest message that the client can take in.");
    RENEWAL_TIME = dynamic(Kind::Uint(32), "dhcp.option.renewal_time_value", "Renewal time", "Seconds after which the client asks its server for more time.");
    REBINDING_TIME = dynamic(Kind::Uint(32), "dhcp.option.rebinding_time_value", "Rebinding time", "Seconds after which it asks any server.");
    VENDOR_CLASS_ID = dynamic(Kind::Text, "dhcp.option.vendor_class_id", "Vendor class", "What kind of client it is.");
    CLIENT_ID_TYPE = dynamic(Kind::Uint(8), "dhcp.client_id.type", "Identifier type", "0: a name of the client's choice follows.");
    CLIENT_ID_UNDEF = dynamic(Kind::Text, "dhcp.client_id.undef", "Client identifier", "A name that the client goes by.");
    CLIENT_ID_IAID = dynamic(Kind::Text, "dhcp.client_id.iaid", "Association ID", "Which of the client's interfaces this is.");
    CLIENT_ID_DUID = dynamic(Kind::Uint(16), "dhcp.client_id.duid_type", "DUID type", "What the client's name was made from.").names(DUIDS);
    CLIENT_ID_LLT_HARDWARE = dynamic(Kind::Uint(16), "dhcp.client_id.duid_llt_hw_type", "Hardware type", "1: Ethernet.");
    CLIENT_ID_LL_HARDWARE = dynamic(Kind::Uint(16), "dhcp.client_id.duid_ll_hw_type", "Hardware type", "1: Ethernet.");
    CLIENT_ID_TIME = dynamic(Kind::Uint(32), "dhcp.client_id.time", "Time", "When the name was made, in seconds since 2000.");
    CLIENT_ID_ADDRESS = dynamic(Kind::Text, "dhcp.client_id.link_layer_address", "Link-layer address", "The address of a network card that the machine has, or had.");
    CLIENT_ID_ENTERPRISE = dynamic(Kind::Uint(32), "dhcp.client_id.enterprise_num", "Enterprise number", "Which maker gave the name.");
    CLIENT_ID   = dynamic(Kind::Bytes, "dhcp.client_id", "Identifier", "The name that the maker gave.");
    TFTP_SERVER_NAME = dynamic(Kind::Text, "dhcp.option.tftp_server_name", "TFTP server name", "Where the boot file lies.");
    BOOTFILE_NAME = dynamic(Kind::Text, "dhcp.option.bootfile_name", "Boot file name", "What to load at the start.");
    FQDN_FLAGS  = dynamic(Kind::Hex(8), "dhcp.fqdn.flags", "Name flags", "Who tells the DNS of the client's name.");
    FQDN_RCODE1 = dynamic(Kind::Uint(8), "dhcp.fqdn.rcode1", "A result", "No longer in use.");
    FQDN_RCODE2 = dynamic(Kind::Uint(8), "dhcp.fqdn.rcode2", "PTR result", "No longer in use.");
    FQDN_NAME   = dynamic(Kind::Text, "dhcp.fqdn.name", "Client's full name", "The client's name with its domain.");
    SUBOPTION   = dynamic(Kind::Uint(8), "dhcp.option.agent_information_option.suboption", "Relay suboption", "What the relay says about where the client sits.");
    SUBOPTION_LENGTH = dynamic(Kind::Uint(8), "dhcp.option.suboption_length", "Suboption length", "Bytes of its value.");
    CIRCUIT_ID  = dynamic(Kind::Bytes, "dhcp.option.agent_information_option.agent_circuit_id", "Circuit", "Through which port of the relay it came.");
    REMOTE_ID   = dynamic(Kind::Bytes, "dhcp.option.agent_information_option.agent_remote_id", "Remote end", "Who sits at that port's other end.");
    CLASSLESS_ROUTE = dynamic(Kind::Bytes, "dhcp.option.classless_static_route", "Classless route", "A network, and the router that leads there.");
    AUTO_CONFIGURATION = dynamic(Kind::Uint(8), "dhcp.option.dhcp_auto_configuration", "Auto-configuration", "Whether the client may choose a link-local address.");
    PROXY_AUTODISCOVERY = dynamic(Kind::Text, "dhcp.option.private_proxy_autodiscovery", "Proxy autodiscovery", "Where a browser learns which proxy to use.");
}

/// How an option's value is read.
#[derive(Clone, Copy)]
enum Form {
    /// One value of so many bytes.
    One(&'static FieldDef, usize),
    /// A byte, and nothing should follow it.
    First(&'static FieldDef),
    /// Values of so many bytes, one after the other.
    Many(&'static FieldDef, usize),
    /// Two kinds of value, by turns.
    Pairs(&'static FieldDef, &'static FieldDef),
    /// Text; a zero byte ends it.
    Text(&'static FieldDef),
    /// All bytes as they are.
    Raw(&'static FieldDef),
    /// In its own way: where the value starts, and its length.
    Own(fn(&mut Cursor<'_>, usize, usize) -> Result<(), Trouble>),
}
use Form::{First, Many, One, Own, Pairs, Raw, Text};

/// The options that are read here, ascending.
static FORMS: &[(u8, Form)] = &[
    (1, One(&SUBNET_MASK, 4)),
    (2, One(&TIME_OFFSET, 4)),
    (3, Many(&ROUTER, 4)),
    (4, Many(&TIME_SERVER, 4)),
    (5, Many(&NAME_SERVER, 4)),
    (6, Many(&DOMAIN_NAME_SERVER, 4)),
    (7, Many(&LOG_SERVER, 4)),
    (12, Text(&HOSTNAME)),
    (15, Text(&DOMAIN_NAME)),
    (17, Text(&ROOT_PATH)),
    (19, One(&IP_FORWARDING, 1)),
    (26, One(&INTERFACE_MTU, 2)),
    (28, One(&BROADCAST_ADDRESS, 4)),
    (33, Pairs(&STATIC_ROUTE_IP, &STATIC_ROUTE_ROUTER)),
    (42, Many(&NTP_SERVER, 4)),
    (43, Raw(&VENDOR_VALUE)),
    (44, Many(&NETBIOS_NAME_SERVER, 4)),
    (46, One(&NETBIOS_NODE_TYPE, 1)),
    (50, One(&REQUESTED_ADDRESS, 4)),
    (51, One(&LEASE_TIME, 4)),
    (52, First(&OVERLOAD)),
    (53, First(&MESSAGE_TYPE)),
    (54, One(&SERVER_ID, 4)),
    (55, Many(&REQUEST_LIST_ITEM, 1)),
    (56, Text(&MESSAGE)),
    (57, One(&MAX_MESSAGE_SIZE, 2)),
    (58, One(&RENEWAL_TIME, 4)),
    (59, One(&REBINDING_TIME, 4)),
    (60, Text(&VENDOR_CLASS_ID)),
    (61, Own(client_id)),
    (66, Text(&TFTP_SERVER_NAME)),
    (67, Text(&BOOTFILE_NAME)),
    (81, Own(full_name)),
    (82, Own(relay_information)),
    (116, One(&AUTO_CONFIGURATION, 1)),
    (121, Own(classless_routes)),
    (249, Own(classless_routes)),
    (252, Text(&PROXY_AUTODISCOVERY)),
];

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(67), Key::UdpPort(68), Key::UdpPort(4011)],
    over: Over::Packet,
    dissect,
};

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let secs = FIELDS.iter().position(|def| std::ptr::eq(*def, &raw const SECS)).unwrap_or(0);
    let (before, after) = FIELDS.split_at(secs);
    c.slice(0, 3)?;
    c.fixed(before)?;
    let sent = c.u16(8)?;
    // Some clients send it in the wrong order; no wait is a whole number of 256 seconds.
    let swapped = sent > 0xff && sent.trailing_zeros() >= 8;
    c.push(&SECS, 8, 2, Value::Uint(u64::from(if swapped { sent.swap_bytes() } else { sent })));
    c.fixed(after)?;
    let hardware = c.uint(&HW_LEN);
    if !(1..=16).contains(&hardware) {
        // No address that could be there.
    } else if hardware == 6 && matches!(c.u8(1)?, 1 | 6) {
        c.read(&MAC_ADDR, 28, 6)?;
    } else {
        c.read(&HW_ADDR, 28, hardware)?;
    }
    if (1..16).contains(&hardware) {
        c.read(&ADDR_PADDING, 28 + hardware, 16 - hardware)?;
    }
    let overloaded = overload(c);
    for (def, at, len, bit) in [(&SERVER, SERVER_NAME, 64, 2), (&FILE, BOOT_FILE, 128, 1)] {
        c.slice(at, len)?;
        if overloaded & bit == 0 {
            text(c, def, at, len)?;
        } else {
            c.nested(|c| options(c, at, at + len))?;
        }
    }
    if c.slice(MAGIC, 4)? != COOKIE_BYTES {
        // BOOTP of RFC 951, whose last 64 bytes belong to the vendor.
        return Ok(Next::end(c.len()));
    }
    c.read(&COOKIE, MAGIC, 4)?;
    let end = c.len();
    let at = options(c, OPTIONS, end)?;
    if at < end {
        c.read(&PADDING, at, end - at)?;
    }
    Ok(Next::end(end))
}

/// Reads options from `at` to `end` or the end mark, and gives where they ended.
fn options(c: &mut Cursor<'_>, mut at: usize, end: usize) -> Result<usize, Trouble> {
    while at < end {
        match c.u8(at)? {
            0 => {
                let zeros = c.slice(at, end - at)?.iter().take_while(|&&b| b == 0).count();
                c.read(&OPTION_TYPE, at, 1)?;
                c.nested(|c| c.read(&PADDING, at, zeros))?;
                at += zeros;
            }
            255 => {
                // Wireshark 4.0 gives the end mark the type 0.
                c.push(&OPTION_TYPE, at, 1, Value::Uint(0));
                c.nested(|c| c.read(&END, at, 1))?;
                return Ok(at + 1);
            }
            code => {
                let len = usize::from(c.u8(at + 1)?);
                c.slice(at, 2 + len)?;
                c.push(&OPTION_TYPE, at, 2 + len, Value::Uint(u64::from(code)));
                c.nested(|c| option(c, code, at + 2, len))?;
                at += 2 + len;
            }
        }
    }
    Ok(at)
}

fn option(c: &mut Cursor<'_>, code: u8, at: usize, len: usize) -> Result<(), Trouble> {
    c.read(&OPTION_LENGTH, at - 1, 1)?;
    let form = FORMS.binary_search_by_key(&code, |&(n, _)| n).ok().and_then(|i| FORMS.get(i));
    if len == 0 {
        return if let Some((_, Text(def))) = form { text(c, def, at, 0) } else { Ok(()) };
    }
    if form.is_some() {
        c.read(&ANY_VALUE, at, len)?;
    }
    match form.map_or(Raw(&VALUE), |&(_, form)| form) {
        One(def, n) if len < n => c.doubt(c.malformed(too_short(def))),
        One(_, n) if len > n => c.doubt(c.malformed("an option is too long for its value")),
        One(def, n) => drop(c.read(def, at, n)?),
        First(def) => {
            if len > 1 {
                c.doubt(c.malformed("an option is too long for its number"));
            }
            c.read(def, at, 1)?;
        }
        Many(def, n) => {
            for i in 0..len / n {
                c.read(def, at + i * n, n)?;
            }
        }
        Pairs(first, second) => {
            for i in 0..len / 8 {
                c.read(first, at + i * 8, 4)?;
                c.read(second, at + i * 8 + 4, 4)?;
            }
        }
        Text(def) => text(c, def, at, len)?,
        Raw(def) => drop(c.read(def, at, len)?),
        Own(body) => body(c, at, len)?,
    }
    Ok(())
}

fn too_short(def: &'static FieldDef) -> &'static str {
    match def.kind {
        Kind::Ipv4 => "an option is too short for an address",
        _ => "an option is too short for its number",
    }
}

/// Writes text that ends at its first zero byte, or where its place ends.
fn text(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, len: usize) -> Result<(), Trouble> {
    let used = c.slice(at, len)?.iter().position(|&b| b == 0).unwrap_or(len);
    let value = Value::Text(c.span(at, used));
    c.push(def, at, len, value);
    Ok(())
}

/// Looks ahead: which of the two names hold options instead (RFC 2132 §9.3)?
fn overload(c: &Cursor<'_>) -> u8 {
    let mut bytes = c.rest(MAGIC).strip_prefix(&COOKIE_BYTES).unwrap_or(&[]);
    while let [code, rest @ ..] = bytes {
        bytes = match (code, rest) {
            (255, _) => break,
            (0, rest) => rest,
            (52, [len, which, ..]) if *len > 0 => return *which,
            (_, [len, rest @ ..]) => rest.get(usize::from(*len)..).unwrap_or(&[]),
            _ => break,
        };
    }
    0
}

/// RFC 2132 §9.14: the client's card, or a name.
fn client_id(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    match (c.u8(at)?, len) {
        (1 | 6, 7) => {
            c.read(&HW_TYPE, at, 1)?;
            c.read(&MAC_ADDR, at + 1, 6)?;
        }
        (0, 2..) => {
            c.read(&CLIENT_ID_TYPE, at, 1)?;
            text(c, &CLIENT_ID_UNDEF, at + 1, len - 1)?;
        }
        (255, 7..) => unique_id(c, at + 1, len - 1)?,
        _ => {}
    }
    Ok(())
}

/// RFC 4361 §6.1: an interface, and the name that the client has in `DHCPv6`, too.
fn unique_id(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    let (from, end) = (at + 6, at + len);
    hexadecimal(c, &CLIENT_ID_IAID, (at, 4), b"")?;
    match (c.read(&CLIENT_ID_DUID, at + 4, 2)?, len) {
        (1, 13..) => {
            c.read(&CLIENT_ID_LLT_HARDWARE, from, 2)?;
            c.read(&CLIENT_ID_TIME, from + 2, 4)?;
            link_address(c, &CLIENT_ID_ADDRESS, c.u16(from)?, (from + 6, end - from - 6))?;
        }
        (2, 11..) => {
            c.read(&CLIENT_ID_ENTERPRISE, from, 4)?;
            c.read(&CLIENT_ID, from + 4, end - from - 4)?;
        }
        (3, 9..) => {
            c.read(&CLIENT_ID_LL_HARDWARE, from, 2)?;
            link_address(c, &CLIENT_ID_ADDRESS, c.u16(from)?, (from + 2, end - from - 2))?;
        }
        _ => {}
    }
    Ok(())
}

/// RFC 4702 §2.
fn full_name(c: &mut Cursor<'_>, at: usize, len: usize) -> Result<(), Trouble> {
    if len < 3 {
        c.doubt(c.malformed("a full domain name starts with three bytes of flags"));
        return Ok(());
    }
    for (def, at) in [(&FQDN_FLAGS, at), (&FQDN_RCODE1, at + 1), (&FQDN_RCODE2, at + 2)] {
        c.read(def, at, 1)?;
    }
    match (len, c.u8(at)? & 0x04) {
        (3, _) => Ok(()),
        (_, 0) => text(c, &FQDN_NAME, at + 3, len - 3),
        _ => labels(c, &FQDN_NAME, at + 3, len - 3),
    }
}

/// A name as DNS writes it, but without pointers (RFC 4702 §2.3.1).
fn labels(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize, len: usize) -> Result<(), Trouble> {
    let mut bytes = c.slice(at, len)?;
    let start = c.start_text();
    let mut between: &[u8] = b"";
    while let [size @ 1..=63, rest @ ..] = bytes {
        let (label, rest) = rest.split_at(rest.len().min(usize::from(*size)));
        c.add_text(between);
        c.add_text(label);
        (bytes, between) = (rest, b".");
    }
    let value = Value::Text(c.end_text(start));
    c.push(def, at, len, value);
    Ok(())
}

/// RFC 3046 §2: what the relay knows, as options within the option.
fn relay_information(c: &mut Cursor<'_>, mut at: usize, len: usize) -> Result<(), Trouble> {
    let end = at + len;
    while at + 2 <= end {
        let (code, len) = (c.u8(at)?, usize::from(c.u8(at + 1)?));
        if at + 2 + len > end {
            c.doubt(c.malformed("a relay's suboption is longer than the option around it"));
            return Ok(());
        }
        c.push(&SUBOPTION, at, 2 + len, Value::Uint(u64::from(code)));
        c.nested(|c| {
            c.read(&SUBOPTION_LENGTH, at + 1, 1)?;
            match code {
                1 if len > 0 => c.read(&CIRCUIT_ID, at + 2, len),
                2 if len > 0 => c.read(&REMOTE_ID, at + 2, len),
                _ => Ok(0),
            }
        })?;
        at += 2 + len;
    }
    Ok(())
}

/// RFC 3442: a prefix length, the bytes of the prefix that count, and a router.
fn classless_routes(c: &mut Cursor<'_>, mut at: usize, len: usize) -> Result<(), Trouble> {
    let end = at + len;
    while at < end {
        let prefix = usize::from(c.u8(at)?);
        let whole = 1 + prefix.div_ceil(8) + 4;
        if prefix > 32 || at + whole > end {
            c.doubt(c.malformed("a route does not fit into its option"));
            return Ok(());
        }
        c.read(&CLASSLESS_ROUTE, at, whole)?;
        at += whole;
    }
    Ok(())
}

/// `Offer 192.168.1.10`.
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let kind = packet.uint_in(layer, &MESSAGE_TYPE).and_then(|n| MESSAGE_TYPE.name_of(n));
    out.push_str(kind.unwrap_or("BOOTP"));
    for def in [&IP_YOUR, &REQUESTED_ADDRESS] {
        if let Some(field) = packet.field_in(layer, def).filter(|_| packet.octets_in(layer, def) != Some(&[0; 4])) {
            out.push(' ');
            show::value(packet, field, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    fn read(file: &[u8], options: &[u8]) -> Packet {
        let mut message = vec![2, 1, 6, 0, 0, 0, 0, 9];
        message.resize(BOOT_FILE, 0);
        message.extend_from_slice(file);
        message.resize(MAGIC, 0);
        message.extend_from_slice(&COOKIE_BYTES);
        message.extend_from_slice(options);
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(67, 68);
        builder.write(&mut bytes, &message).expect("a vector takes everything");
        let mut packet = Packet::new();
        walk(&RawFrame::whole(1, bytes), &mut NoMemory::default(), &mut packet);
        packet
    }

    #[test]
    fn options_are_read_up_to_the_end_mark() {
        let p = read(b"", &[53, 1, 2, 51, 4, 0, 0, 2, 88, 255, 0, 0]);
        assert_eq!(p.uint(&MESSAGE_TYPE), Some(2));
        assert_eq!(p.uint(&LEASE_TIME), Some(600));
        assert_eq!(p.uint(&END), Some(255));
    }

    #[test]
    fn a_full_name_may_be_written_as_dns_writes_it() {
        let p = read(b"", &[81, 9, 5, 0, 0, 1, b'a', 2, b'b', b'c', 0, 255]);
        assert_eq!(p.octets(&FQDN_NAME), Some(&b"a.bc"[..]));
        let p = read(b"", &[81, 7, 0, 0, 0, b'a', b'.', b'b', b'c', 255]);
        assert_eq!(p.octets(&FQDN_NAME), Some(&b"a.bc"[..]));
    }

    #[test]
    fn a_client_may_go_by_its_dhcpv6_name() {
        let p = read(b"", &[61, 15, 255, 1, 2, 3, 4, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1, 255]);
        assert_eq!(p.octets(&CLIENT_ID_IAID), Some(&b"01020304"[..]));
        assert_eq!(p.octets(&CLIENT_ID_ADDRESS), Some(&b"02:00:00:00:00:01"[..]));
        let p = read(b"", &[61, 12, 255, 1, 2, 3, 4, 0, 2, 0, 0, 0, 9, 7, 255]);
        assert_eq!((p.uint(&CLIENT_ID_ENTERPRISE), p.octets(&CLIENT_ID)), (Some(9), Some(&[7][..])));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_none()));
    }

    #[test]
    fn an_empty_name_is_a_name_and_a_long_number_none() {
        let p = read(b"", &[12, 0, 19, 2, 1, 1, 255]);
        assert_eq!((p.octets(&HOSTNAME), p.uint(&IP_FORWARDING)), (Some(&b""[..]), None));
    }

    #[test]
    fn the_boot_file_name_may_hold_options_instead() {
        let p = read(&[12, 2, b'h', b'i', 255], &[52, 1, 1, 255]);
        assert_eq!(p.octets(&HOSTNAME), Some(&b"hi"[..]));
        assert!(p.field(&FILE).is_none());
    }

    #[test]
    fn an_option_that_promises_too_much_is_a_trouble() {
        let p = read(b"", &[53, 1, 1, 12, 200, b'x']);
        assert_eq!(p.uint(&MESSAGE_TYPE), Some(1));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
