//! NTP — RFC 5905. A client asks what time it is; four timestamps tell the answer and its delay.
//!
//! ```text
//! | leap (2 bits) | version (3) | mode (3) | stratum (1) | poll (1) | precision (1) |
//! | root delay (4) | root dispersion (4) | reference id (4)                        |
//! | reference (8), origin (8), receive (8), transmit timestamp (8)                |
//! ```

use super::prelude::*;

/// NTP.
pub static ABOUT: Identity = Identity {
    name: "ntp",
    title: "Network Time Protocol",
    osi: Osi::Application,
    spec: "RFC 5905",
    fields: FIELDS,
    summary: None,
};

const LEAPS: &[(u64, &str)] = &[
    (0, "No warning"),
    (1, "The day's last minute has 61 seconds"),
    (2, "It has 59 seconds"),
    (3, "Not synchronised"),
];
const MODES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Symmetric active"),
    (2, "Symmetric passive"),
    (3, "Client"),
    (4, "Server"),
    (5, "Broadcast"),
    (6, "Control message"),
    (7, "Private use"),
];

fields! {
    FLAGS      = u8_at(0, "ntp.flags", "Flags", "Leap indicator, version and mode.").hex();
    FLAGS_LI   = u8_at(0, "ntp.flags.li", "Leap indicator", "Whether a leap second is coming.").bits(0xc0).names(LEAPS);
    FLAGS_VN   = u8_at(0, "ntp.flags.vn", "Version", "Which version of NTP the sender speaks.").bits(0x38);
    FLAGS_MODE = u8_at(0, "ntp.flags.mode", "Mode", "Who speaks: a client, a server, a peer.").bits(0x07).names(MODES);
    STRATUM    = u8_at(1, "ntp.stratum", "Stratum", "How many steps away a true clock is; 1 has one attached.");
    PPOLL      = u8_at(2, "ntp.ppoll", "Poll interval", "Seconds between questions, as a power of two.");
    PRECISION  = u8_at(3, "ntp.precision", "Precision", "How fine the clock ticks, as a power of two.");
    ROOTDELAY  = u32_at(4, "ntp.rootdelay", "Root delay", "Round trip to the true clock, in 65536ths of a second.");
    ROOTDISPERSION = u32_at(8, "ntp.rootdispersion", "Root dispersion", "How far off it may be, in 65536ths of a second.");
    REFID      = dynamic(Kind::Bytes, "ntp.refid", "Reference ID", "The clock that the sender follows: an address or four letters.");
    REFTIME    = dynamic(Kind::Moment, "ntp.reftime", "Reference time", "When the sender's clock was last set.");
    ORG        = dynamic(Kind::Moment, "ntp.org", "Origin time", "When the client asked, by its own clock.");
    REC        = dynamic(Kind::Moment, "ntp.rec", "Receive time", "When the question reached the server.");
    XMT        = dynamic(Kind::Moment, "ntp.xmt", "Transmit time", "When this message left.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(123)], over: Over::Packet, dissect };

/// Seconds from 1900, where NTP counts from, to 1970 (RFC 5905 §6).
const TO_1970: i64 = 2_208_988_800;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const PRIVATE: usize = 7;
    c.put(&FLAGS)?;
    // A private message has other bits in its place: whether it answers, and whether more follow.
    if c.uint(&FLAGS_MODE) != PRIVATE {
        c.put(&FLAGS_LI)?;
    }
    c.put(&FLAGS_VN)?;
    c.put(&FLAGS_MODE)?;
    if c.uint(&FLAGS_MODE) < 6 {
        for def in [&STRATUM, &PPOLL, &PRECISION, &ROOTDELAY, &ROOTDISPERSION] {
            c.put(def)?;
        }
        c.read(&REFID, 12, 4)?;
        for (def, at) in [(&REFTIME, 16), (&ORG, 24), (&REC, 32), (&XMT, 40)] {
            timestamp(c, def, at)?;
        }
    }
    Ok(Next::end(c.len()))
}

/// Seconds since 1900, and 2^32nds of one; they wrap in 2036 (RFC 4330 §3: a clear top bit is after that).
fn timestamp(c: &mut Cursor<'_>, def: &'static FieldDef, at: usize) -> Result<(), Trouble> {
    let (seconds, fraction) = (i64::from(c.u32(at)?), i64::from(c.u32(at + 4)?));
    let era = if seconds & 0x8000_0000 == 0 && (seconds, fraction) != (0, 0) { 1 << 32 } else { 0 };
    let nanos = (fraction * 1_000_000_000) >> 32;
    c.push(def, at, 8, Value::Nanos((seconds + era - TO_1970).saturating_mul(1_000_000_000).saturating_add(nanos)));
    Ok(())
}
