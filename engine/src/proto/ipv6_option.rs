//! The options of IPv6's extension headers, each by its type: what follows type (8) and length (8).

use super::memory::Address;
use super::prelude::*;

const ALERTS: &[(u64, &str)] = &[(0, "MLD"), (1, "RSVP"), (2, "Active networks")];

fields! {
    PADN         = dynamic(Kind::Bytes, "ipv6.opt.padn", "Padding", "Fills the header up to a multiple of 8 bytes.");
    TEL          = dynamic(Kind::Uint(8), "ipv6.opt.tel", "Tunnel limit", "How many more tunnels may be nested.");
    ROUTER_ALERT = dynamic(Kind::Uint(16), "ipv6.opt.router_alert", "Router alert", "Why routers should look at this packet closely.").names(ALERTS);
    JUMBO        = dynamic(Kind::Uint(32), "ipv6.opt.jumbo", "Jumbo length", "The payload's length where 16 bits are too few.");
    HOME_ADDRESS = dynamic(Kind::Ipv6, "ipv6.opt.mipv6.home_address", "Home address", "Where a mobile host that is away has its home.");
    RPL_FLAGS    = dynamic(Kind::Hex(8), "ipv6.opt.rpl.flag", "RPL flags", "Which way the packet goes in a network of sensors.");
    RPL_DOWN     = dynamic(Kind::Bool, "ipv6.opt.rpl.flag.o", "Down", "The packet goes away from the root.").bits(0x80);
    RPL_RANK_ERROR = dynamic(Kind::Bool, "ipv6.opt.rpl.flag.r", "Rank error", "A hop did not come nearer to where it should.").bits(0x40);
    RPL_FORWARD_ERROR = dynamic(Kind::Bool, "ipv6.opt.rpl.flag.f", "Forwarding error", "A node knew no way on.").bits(0x20);
    RPL_RESERVED = dynamic(Kind::Hex(8), "ipv6.opt.rpl.flag.rsv", "Reserved", "Must be zero.").bits(0x1f);
    RPL_INSTANCE = dynamic(Kind::Hex(8), "ipv6.opt.rpl.instance_id", "RPL instance", "Which of the network's graphs the packet follows.");
    RPL_RANK     = dynamic(Kind::Hex(16), "ipv6.opt.rpl.sender_rank", "Sender's rank", "How far the sender is from the root.");
    PDM_SCALE_RECEIVED = dynamic(Kind::Uint(8), "ipv6.opt.pdm.scale_dtlr", "Scale, received", "The power of two that counts the first delta.");
    PDM_SCALE_SENT = dynamic(Kind::Uint(8), "ipv6.opt.pdm.scale_dtls", "Scale, sent", "The power of two that counts the second delta.");
    PDM_THIS     = dynamic(Kind::Uint(16), "ipv6.opt.pdm.psn_this_pkt", "This packet", "The number of this packet.");
    PDM_LAST     = dynamic(Kind::Uint(16), "ipv6.opt.pdm.psn_last_recv", "Last received", "The number of the last packet from the other side.");
    PDM_RECEIVED = dynamic(Kind::Uint(16), "ipv6.opt.pdm.delta_last_recv", "Time since received", "How long ago that packet came.");
    PDM_SENT     = dynamic(Kind::Uint(16), "ipv6.opt.pdm.delta_last_sent", "Time since sent", "How long the other side took.");
    QS_FUNCTION  = dynamic(Kind::Uint(8), "ipv6.opt.qs_func", "Quick-Start function", "0 asks for a rate, 8 reports one.").bits(0xf0);
    QS_RATE      = dynamic(Kind::Uint(8), "ipv6.opt.qs_rate", "Quick-Start rate", "The rate, as a power of two.").bits(0x0f);
    QS_TTL       = dynamic(Kind::Uint(8), "ipv6.opt.qs_ttl", "Quick-Start hops", "Each router that agrees takes one off.");
    QS_UNUSED    = dynamic(Kind::Uint(8), "ipv6.opt.qs_unused", "Unused", "Must be zero.");
    QS_NONCE     = dynamic(Kind::Hex(32), "ipv6.opt.qs_nonce", "Quick-Start nonce", "Tells whether a router made the rate smaller.").bits(0xffff_fffc);
    QS_RESERVED  = dynamic(Kind::Hex(32), "ipv6.opt.qs_reserved", "Reserved", "Must be zero.").bits(0x3);
    CALIPSO_DOI  = dynamic(Kind::Uint(32), "ipv6.opt.calipso.doi", "Label's domain", "Whose rules say what the label means.");
    CALIPSO_LENGTH = dynamic(Kind::Uint(8), "ipv6.opt.calipso.cmpt.length", "Bitmap's length", "Words of 4 bytes.");
    CALIPSO_LEVEL = dynamic(Kind::Uint(8), "ipv6.opt.calipso.sens_level", "Sensitivity", "How secret the packet is.");
    CALIPSO_CHECKSUM = dynamic(Kind::Hex(16), "ipv6.opt.calipso.checksum", "Label's checksum", "Detects damage to the label.");
    CALIPSO_BITMAP = dynamic(Kind::Bytes, "ipv6.opt.calipso.cmpt_bitmap", "Compartments", "Who may know of it.");
    MPL_FLAGS    = dynamic(Kind::Hex(8), "ipv6.opt.mpl.flag", "MPL flags", "How the message to a group of sensors is spread.");
    MPL_SEED_LENGTH = dynamic(Kind::Uint(8), "ipv6.opt.mpl.flag.s", "Seed's form", "How long the seed's name is.").bits(0xc0);
    MPL_LARGEST  = dynamic(Kind::Bool, "ipv6.opt.mpl.flag.m", "Largest", "No later message of the seed is known.").bits(0x20);
    MPL_VERSION  = dynamic(Kind::Bool, "ipv6.opt.mpl.flag.v", "Version", "Must be zero.").bits(0x10);
    MPL_RESERVED = dynamic(Kind::Hex(8), "ipv6.opt.mpl.flag.rsv", "Reserved", "Must be zero.").bits(0x0f);
    MPL_SEQUENCE = dynamic(Kind::Hex(8), "ipv6.opt.mpl.sequence", "MPL sequence", "The number of the seed's message.");
    MPL_SEED     = dynamic(Kind::Bytes, "ipv6.opt.mpl.seed_id", "MPL seed", "Who began to spread the message.");
    DFF_FLAGS    = dynamic(Kind::Hex(8), "ipv6.opt.dff.flags", "DFF flags", "How the packet searches its way.");
    DFF_VERSION  = dynamic(Kind::Uint(8), "ipv6.opt.dff.flag.ver", "Version", "Of this way of searching.").bits(0xc0);
    DFF_DUPLICATE = dynamic(Kind::Bool, "ipv6.opt.dff.flag.dup", "Duplicate", "The packet may have come twice.").bits(0x20);
    DFF_RETURNED = dynamic(Kind::Bool, "ipv6.opt.dff.flag.ret", "Returned", "The packet came back from a dead end.").bits(0x10);
    DFF_RESERVED = dynamic(Kind::Hex(8), "ipv6.opt.dff.flag.rsv", "Reserved", "Must be zero.").bits(0x0f);
    DFF_SEQUENCE = dynamic(Kind::Uint(16), "ipv6.opt.dff.sequence_number", "DFF sequence", "Tells the packets of one sender apart.");
    NONCE        = dynamic(Kind::Bytes, "ipv6.opt.ilnp_nonce", "ILNP nonce", "A number that only the two ends know.");
    LINE_LENGTH  = dynamic(Kind::Uint(8), "ipv6.opt.lio.length", "Line's length", "Bytes of the line's name.");
    LINE         = dynamic(Kind::Text, "ipv6.opt.lio.line_id", "Line", "Which subscriber's line the packet came in on.");
    EXPERIMENTAL = dynamic(Kind::Bytes, "ipv6.opt.experimental", "Experiment", "What the experiment's participants have agreed on.");
    UNKNOWN      = dynamic(Kind::Bytes, "ipv6.opt.unknown", "Option data", "What the option says.");
}

/// A row, where it lies in the option's data, and how many bytes it takes; 0: all that are left.
type Part = (&'static FieldDef, usize, usize);

/// Of each type: how many bytes its data has at least, exactly where the second says so, and its parts.
static KNOWN: &[(u8, usize, bool, &[Part])] = &[
    (0x01, 0, false, &[(&PADN, 0, 0)]),
    (0x04, 1, true, &[(&TEL, 0, 1)]),
    (0x05, 2, true, &[(&ROUTER_ALERT, 0, 2)]),
    (0x07, 8, false, &CALIPSO),
    (0x0f, 10, true, &PDM),
    (0x26, 6, true, &QUICK_START),
    (0x63, 4, false, &RPL),
    (0x6d, 2, false, &MPL),
    (0x8b, 0, false, &[(&NONCE, 0, 0)]),
    (0x8c, 1, false, &[(&LINE_LENGTH, 0, 1), (&LINE, 1, 0)]),
    (0xc2, 4, true, &[(&JUMBO, 0, 4)]),
    (HOME, 16, true, &[(&HOME_ADDRESS, 0, 16)]),
    (0xee, 3, true, &DFF),
    // RFC 4727 §3.5: the same low five bits, whatever is to happen to those that do not know it.
    (0x1e, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0x3e, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0x5e, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0x7e, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0x9e, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0xbe, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0xde, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
    (0xfe, 0, false, &[(&EXPERIMENTAL, 0, 0)]),
];

/// RFC 6275 §6.3.
const HOME: u8 = 0xc9;
/// RFC 5570 §5.1.
static CALIPSO: [Part; 5] = [
    (&CALIPSO_DOI, 0, 4),
    (&CALIPSO_LENGTH, 4, 1),
    (&CALIPSO_LEVEL, 5, 1),
    (&CALIPSO_CHECKSUM, 6, 2),
    (&CALIPSO_BITMAP, 8, 0),
];
/// RFC 8250 §3.2.
static PDM: [Part; 6] = [
    (&PDM_SCALE_RECEIVED, 0, 1),
    (&PDM_SCALE_SENT, 1, 1),
    (&PDM_THIS, 2, 2),
    (&PDM_LAST, 4, 2),
    (&PDM_RECEIVED, 6, 2),
    (&PDM_SENT, 8, 2),
];
/// RFC 4782 §3.
static QUICK_START: [Part; 5] =
    [(&QS_FUNCTION, 0, 1), (&QS_RATE, 0, 1), (&QS_TTL, 1, 1), (&QS_NONCE, 2, 4), (&QS_RESERVED, 2, 4)];
/// RFC 6553 §3.
static RPL: [Part; 7] = [
    (&RPL_FLAGS, 0, 1),
    (&RPL_DOWN, 0, 1),
    (&RPL_RANK_ERROR, 0, 1),
    (&RPL_FORWARD_ERROR, 0, 1),
    (&RPL_RESERVED, 0, 1),
    (&RPL_INSTANCE, 1, 1),
    (&RPL_RANK, 2, 2),
];
/// RFC 7731 §6.1.
static MPL: [Part; 7] = [
    (&MPL_FLAGS, 0, 1),
    (&MPL_SEED_LENGTH, 0, 1),
    (&MPL_LARGEST, 0, 1),
    (&MPL_VERSION, 0, 1),
    (&MPL_RESERVED, 0, 1),
    (&MPL_SEQUENCE, 1, 1),
    (&MPL_SEED, 2, 0),
];
/// RFC 6971 §13.
static DFF: [Part; 6] = [
    (&DFF_FLAGS, 0, 1),
    (&DFF_VERSION, 0, 1),
    (&DFF_DUPLICATE, 0, 1),
    (&DFF_RETURNED, 0, 1),
    (&DFF_RESERVED, 0, 1),
    (&DFF_SEQUENCE, 1, 2),
];

/// Reads the `len` bytes of an option's data at `at`.
pub(super) fn read(c: &mut Cursor<'_>, kind: u8, at: usize, len: usize) -> Result<(), Trouble> {
    let fits =
        |&&(known, least, exact, _): &&(u8, usize, bool, _)| known == kind && len >= least && (len == least || !exact);
    let Some((.., parts)) = KNOWN.iter().find(fits) else { return c.read(&UNKNOWN, at, len).map(drop) };
    for &(mut def, from, width) in *parts {
        // RFC 4782 §3: a report has no hops to count.
        if std::ptr::eq(def, &raw const QS_TTL) && c.u8(at)? >> 4 == 8 {
            def = &QS_UNUSED;
        }
        let width = if width == 0 { len.saturating_sub(from) } else { width };
        // What has room for nothing but itself is there even if it is empty.
        if width > 0 || from == 0 {
            c.read(def, at + from, width)?;
        }
    }
    if kind == HOME {
        // The sender's transport counted from where it is at home (RFC 6275 §6.3, §11.3.1).
        c.context.ends.src = Address::v6(c.slice(at, 16)?.try_into().unwrap_or_default());
    }
    Ok(())
}
