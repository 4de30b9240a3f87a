//! Wi-Fi — IEEE 802.11 §9.2. The header of a frame on the air, as far as the way to its payload needs it.
//!
//! ```text
//! | frame control (16) | duration (16) | receiver (48) | transmitter (48) | third address (48) | sequence (16) |
//! | fourth address (48), if it goes from one access point to another | QoS (16) | payload … | check sequence (32) |
//! ```
//!
//! Two bits say on which side of the access point sender and receiver are; the addresses' roles follow from them.

use super::prelude::*;

/// Wi-Fi.
pub static ABOUT: Identity = Identity {
    name: "wlan",
    title: "IEEE 802.11 wireless LAN",
    osi: Osi::Link,
    spec: "IEEE 802.11 §9.2",
    fields: FIELDS,
    summary: Some(summary),
};

/// Table 9-1: what a frame is, by its type and subtype.
const KINDS: &[(u64, &str)] = &[
    (0x00, "Association Request"),
    (0x01, "Association Response"),
    (0x02, "Reassociation Request"),
    (0x03, "Reassociation Response"),
    (0x04, "Probe Request"),
    (0x05, "Probe Response"),
    (0x08, "Beacon frame"),
    (0x09, "ATIM"),
    (0x0a, "Disassociate"),
    (0x0b, "Authentication"),
    (0x0c, "Deauthentication"),
    (0x0d, "Action"),
    (0x0e, "Action No Ack"),
    (0x15, "VHT/HE/EHT/RANGING NDP Announcement"),
    (0x17, "Control Wrapper"),
    (0x18, "802.11 Block Ack Req"),
    (0x19, "802.11 Block Ack"),
    (0x1a, "Power-Save poll"),
    (0x1b, "Request-to-send"),
    (0x1c, "Clear-to-send"),
    (0x1d, "Acknowledgement"),
    (0x1e, "CF-End (Control-frame)"),
    (0x1f, "CF-End + CF-Ack (Control-frame)"),
    (0x20, "Data"),
    (0x24, "Null function (No data)"),
    (0x28, "QoS Data"),
    (0x2c, "QoS Null function (No data)"),
];

/// Of the management frames that name their network: how many bytes stand before their elements.
const FIXED: &[(u8, usize)] = &[(0, 4), (2, 10), (4, 0), (5, 12), (8, 12)];

const TYPES: &[(u64, &str)] = &[(0, "Management"), (1, "Control"), (2, "Data"), (3, "Extension")];

fields! {
    FC_VERSION = u8_at(0, "wlan.fc.version", "Version", "Always 0.").bits(0x03);
    FC_TYPE    = u8_at(0, "wlan.fc.type", "Type", "Managing the network, control of the air, or data.").bits(0x0c).names(TYPES);
    FC_SUBTYPE = u8_at(0, "wlan.fc.subtype", "Subtype", "Which kind of that type.").bits(0xf0);
    FC_TYPE_SUBTYPE = derived(Kind::Hex(16), "wlan.fc.type_subtype", "Type and subtype", "Both in one number: 0x08 is a beacon, 0x28 plain data.").names(KINDS).hidden().told();
    FC_TODS    = bit_at(1, 1, 0x01, "wlan.fc.tods", "To the access point", "The frame goes to an access point.");
    FC_FROMDS  = bit_at(1, 1, 0x02, "wlan.fc.fromds", "From the access point", "The frame comes from an access point.");
    FC_FRAG    = bit_at(1, 1, 0x04, "wlan.fc.frag", "More fragments", "More pieces follow.");
    FC_RETRY   = bit_at(1, 1, 0x08, "wlan.fc.retry", "Retry", "The frame was sent before and not acknowledged.");
    FC_PROTECTED = bit_at(1, 1, 0x40, "wlan.fc.protected", "Protected", "The payload is encrypted.");
    DURATION   = dynamic(Kind::Uint(16), "wlan.duration", "Duration", "For how many microseconds the air is taken.").bits(0x7fff);
    RA         = dynamic(Kind::Ether, "wlan.ra", "Receiver", "The radio that should take the frame.");
    TA         = dynamic(Kind::Ether, "wlan.ta", "Transmitter", "The radio that sent the frame.");
    DA         = dynamic(Kind::Ether, "wlan.da", "Destination", "Where the data goes in the end.");
    SA         = dynamic(Kind::Ether, "wlan.sa", "Source", "Where the data came from at first.");
    BSSID      = dynamic(Kind::Ether, "wlan.bssid", "Network", "The access point that the network belongs to.");
    FRAG       = dynamic(Kind::Uint(16), "wlan.frag", "Fragment number", "Which piece of a frame this is.").bits(0x000f);
    SEQ        = dynamic(Kind::Uint(16), "wlan.seq", "Sequence number", "Counts the frames of this sender.").bits(0xfff0);
    QOS_TID    = dynamic(Kind::Uint(16), "wlan.qos.tid", "Traffic identifier", "How urgent the data is.").bits(0x000f);
    SSID       = dynamic(Kind::Bytes, "wlan.ssid", "Network name", "What people call the network; empty where it hides or any will do.");
    FCS        = dynamic(Kind::Hex(32), "wlan.fcs", "Frame check sequence", "Detects damage on the air.");
}

/// Without a frame check sequence.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Link(105)], over: Over::Packet, dissect: |c| dissect(c, false) };

/// With one: radiotap says so, by a number that no `LINKTYPE_` has.
pub static WITH_FCS: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Link(0xff69)], over: Over::Packet, dissect: |c| dissect(c, true) };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &WITH_FCS];

const DATA: u8 = 2;
const MANAGEMENT: u8 = 0;
const CONTROL: u8 = 1;
/// Has a number that the access point gave where others have a duration (§9.3.1.5).
const POWER_SAVE_POLL: u8 = 0x1a;

/// §9.3.1: some are acknowledgments without a sender, and of some the access point is one end.
fn control(c: &mut Cursor<'_>, subtype: u8) -> Result<Next, Trouble> {
    match subtype {
        0x5 | 0x8 | 0x9 | 0xb => drop(c.read(&TA, 10, 6)?),
        0xa => {
            c.read(&BSSID, 4, 6)?;
            c.read(&TA, 10, 6)?;
        }
        0xe | 0xf => drop(c.read(&BSSID, 10, 6)?),
        _ => {}
    }
    Ok(Next::end(c.len()))
}

/// What encryption puts around a payload: how many bytes before it, and how many behind (§12.3).
fn protection(c: &Cursor<'_>, at: usize) -> Option<(usize, usize)> {
    const EXTENDED: u8 = 0x20;
    const WEP: (usize, usize) = (4, 4);
    let key = c.u8(at + 3).ok()?;
    if key & EXTENDED == 0 {
        return Some(WEP);
    }
    // TKIP's second byte follows from its first.
    let temporal = c.u8(at + 1).ok()? == (c.u8(at).ok()? | 0x20) & 0x7f;
    Some((8, if temporal { 4 } else { 0 }))
}

/// The encrypted payload of a frame.
fn encrypted(c: &mut Cursor<'_>, at: usize) -> Next {
    let Some((before, behind)) = protection(c, at).filter(|(before, behind)| at + before + behind <= c.len()) else {
        return Next::data(at);
    };
    if behind > 0 && !c.is_cut() {
        c.limit(c.len() - behind, &FC_PROTECTED);
    }
    Next::data(at + before)
}

fn dissect(c: &mut Cursor<'_>, check_sequence: bool) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    let (first, flags) = (c.u8(0)?, c.u8(1)?);
    let (kind, subtype) = (first >> 2 & 3, first >> 4);
    c.derive(&FC_TYPE_SUBTYPE, Value::Uint(u64::from(kind << 4 | subtype)));
    let duration = u64::from(c.u16(2)?.swap_bytes());
    if kind << 4 | subtype != POWER_SAVE_POLL {
        c.push(&DURATION, 2, 2, Value::Uint(duration & 0x7fff));
    }
    c.read(&RA, 4, 6)?;
    if check_sequence && !c.is_cut() && c.len() >= 14 {
        let at = c.len() - 4;
        c.push(&FCS, at, 4, Value::Uint(u64::from(c.u32(at)?.swap_bytes())));
        c.limit(at, &FCS);
    }
    if kind == CONTROL {
        return control(c, subtype);
    }
    if kind != DATA && kind != MANAGEMENT {
        return Ok(Next::end(c.len()));
    }
    c.read(&TA, 10, 6)?;
    roles(c, flags & 3)?;
    let sequence = u64::from(c.u16(22)?.swap_bytes());
    c.push(&FRAG, 22, 2, Value::Uint(sequence & 0x0f));
    c.push(&SEQ, 22, 2, Value::Uint(sequence >> 4));
    let mut at = if flags & 3 == 3 { 30 } else { 24 };
    if kind == MANAGEMENT {
        if flags & 0x40 == 0
            && let Some((_, fixed)) = FIXED.iter().find(|(of, _)| *of == subtype)
        {
            name(c, at + if flags & 0x80 != 0 { 4 } else { 0 } + fixed)?;
        }
        return Ok(Next::end(c.len()));
    }
    let (qos, no_data) = (subtype & 8 != 0, subtype & 4 != 0);
    let mut aggregate = false;
    if qos {
        let control = c.u16(at)?.swap_bytes();
        c.push(&QOS_TID, at, 2, Value::Uint(u64::from(control & 0x0f)));
        aggregate = control & 0x80 != 0;
        at += 2;
        // The order bit of a QoS frame announces four bytes of high-throughput control.
        at += if flags & 0x80 != 0 { 4 } else { 0 };
    }
    Ok(match () {
        () if no_data => Next::end(at),
        () if flags & 0x40 != 0 => encrypted(c, at),
        () if flags & 4 != 0 || sequence & 0x0f != 0 || aggregate => Next::data(at),
        () => Next::to(super::numbers::LLC, at),
    })
}

/// §9.4.2: elements of a number, a length and a value; number 0 is the network's name.
fn name(c: &mut Cursor<'_>, mut at: usize) -> Result<(), Trouble> {
    while at + 2 <= c.len() {
        let (number, len) = (c.u8(at)?, usize::from(c.u8(at + 1)?));
        if number == 0 {
            c.slice(at + 2, len)?;
            let value = Value::Bytes(c.span(at + 2, len));
            c.push(&SSID, at + 2, len, value);
            break;
        }
        at += 2 + len;
    }
    Ok(())
}

/// `Beacon frame 02:…:01 → ff:ff:ff:ff:ff:ff`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if let Some(kind) = packet.uint_in(layer, &FC_TYPE_SUBTYPE).and_then(|kind| FC_TYPE_SUBTYPE.name_of(kind)) {
        out.push_str(kind);
        out.push(' ');
    }
    for (def, before) in [(&TA, ""), (&RA, "→ ")] {
        if let Some(field) = packet.field_in(layer, def) {
            out.push_str(before);
            show::value(packet, field, out);
            out.push(' ');
        }
    }
    if let Some(name) = packet.octets_in(layer, &SSID).filter(|name| !name.is_empty()) {
        out.push_str("SSID=");
        show::escape(name, out);
    }
    out.truncate(out.trim_end().len());
}

/// Table 9-30: what each address means, by the two bits.
fn roles(c: &mut Cursor<'_>, ds: u8) -> Result<(), Trouble> {
    let [da, sa, bssid] = match ds {
        0 => [Some(4), Some(10), Some(16)],
        1 => [Some(16), Some(10), Some(4)],
        2 => [Some(4), Some(16), Some(10)],
        _ => [Some(16), Some(24), None],
    };
    for (def, at) in [(&DA, da), (&SA, sa), (&BSSID, bssid)] {
        if let Some(at) = at {
            c.read(def, at, 6)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn frame(control: [u8; 2], rest: &[u8]) -> Vec<u8> {
        let mut out = vec![control[0], control[1], 44, 0];
        out.extend([1; 6]);
        out.extend([2; 6]);
        out.extend([3; 6]);
        out.extend([0x10, 0]);
        out.extend(rest);
        out
    }

    #[test]
    fn data_to_an_access_point_carries_llc() {
        let p = read(105, &frame([0x08, 1], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45]));
        assert_eq!((p.octets(&BSSID), p.octets(&DA)), (Some(&[1; 6][..]), Some(&[3; 6][..])));
        assert_eq!((p.uint(&SEQ), p.uint(&DURATION)), (Some(1), Some(44)));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
    }

    #[test]
    fn a_beacon_names_its_network_and_a_line_says_so() {
        let p = read(105, &frame([0x80, 0], b"\0\0\0\0\0\0\0\0\x64\0\x11\x04\x01\x01\x82\0\x04cafe"));
        assert_eq!((p.uint(&FC_TYPE_SUBTYPE), p.octets(&SSID)), (Some(8), Some(&b"cafe"[..])));
        let mut line = String::new();
        summary(&p, p.layer(&ABOUT).unwrap(), &mut line);
        assert_eq!(line, "Beacon frame 02:02:02:02:02:02 → 01:01:01:01:01:01 SSID=cafe");
        let hides = read(105, &frame([0x40, 0], b"\0\0"));
        assert_eq!(hides.octets(&SSID), Some(&[][..]));
        let cut = read(105, &frame([0x40, 0], b"\0\x09caf"));
        assert!(cut.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn an_encrypted_payload_is_data() {
        let p = read(105, &frame([0x88, 0x41], &[0, 0, 9, 9, 9]));
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("data"));
    }

    #[test]
    fn a_frame_cut_short_keeps_its_receiver() {
        let p = read(105, &frame([0x08, 1], &[])[..12]);
        assert_eq!(p.octets(&RA), Some(&[1; 6][..]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
