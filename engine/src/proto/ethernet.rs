//! Ethernet II and IEEE 802.3 — how a frame crosses one link.
//!
//! ```text
//! | destination (6) | source (6) | type, or length of an 802.3 frame (2) | payload … |
//! ```
//!
//! A number of 1536 or more in the third field is an EtherType; up to 1500 it is the length of an
//! 802.3 frame with an LLC header (IEEE 802.3 §3.2.6).

use super::prelude::*;

/// Ethernet.
pub static ABOUT: Identity = Identity {
    name: "eth",
    title: "Ethernet II",
    osi: Osi::Link,
    spec: "IEEE 802.3",
    fields: FIELDS,
    summary: Some(summary),
};

fields! {
    DST  = mac_at(0,  "eth.dst",  "Destination", "The card on this link that should take the frame.");
    SRC  = mac_at(6,  "eth.src",  "Source",      "The card on this link that sent the frame.");
    TYPE = dynamic(Kind::Hex(16),  "eth.type", "Type",   "Which protocol the frame carries.").names(super::numbers::ETHER_TYPES).detail();
    LEN  = dynamic(Kind::Uint(16), "eth.len",  "Length", "How many bytes follow; such a frame has no type.").detail();
    INVALID = dynamic(Kind::Hex(16), "eth.invalid_lentype", "Neither length nor type", "1501 to 1535 has no meaning.").detail();
    PADDING = dynamic(Kind::Bytes, "eth.padding", "Padding", "Zeros that fill the frame up to its least length of 60 bytes.").detail();
    TRAILER = dynamic(Kind::Bytes, "eth.trailer", "Trailer", "Bytes after the packet that no header accounts for.").detail();
    FCS  = dynamic(Kind::Hex(32),  "eth.fcs", "Frame check sequence", "Detects damage on this link; few captures hold it.").detail();
    FCS_STATUS = derived(Kind::Uint(8), "eth.fcs.status", "Check sequence status", "Whether the sequence was verified.").names(super::checksum::STATUS).detail();
}

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Link(1), Key::EtherType(0x6558), Key::IpProto(143)],
    over: Over::Packet,
    dissect,
};

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    for (def, at) in [(&DST, 0), (&SRC, 6)] {
        c.slice(at, 6)?;
        c.push(def, at, 6, Value::Bytes(c.span(at, 6)));
    }
    let number = c.u16(12)?;
    // A length of 0 would be an empty frame: Wireshark takes it for a type that nobody has.
    if number >= 1536 || number == 0 {
        c.read(&TYPE, 12, 2)?;
        return Ok(Next::to(Key::EtherType(number), 14));
    }
    if number > super::numbers::LONGEST_802_3 {
        c.read(&INVALID, 12, 2)?;
        c.doubt(c.malformed("1501 to 1535 is neither a length nor a type"));
        return Ok(Next::data(14));
    }
    c.read(&LEN, 12, 2)?;
    c.limit(14 + usize::from(number), &LEN);
    // NetWare once put IPX here without LLC; it begins with 0xffff, which no LLC header does. Where the capture kept
    // less, nothing says that LLC follows.
    if c.rest(14).iter().take(2).all(|&b| b == 0xff) {
        return Ok(Next::to(super::numbers::RAW_802_3, 14));
    }
    Ok(Next::to(super::numbers::LLC, 14))
}

/// `carries 0x88cc (LLDP)`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let Some(&[high, low]) = packet.bytes(layer.span).get(12..14) else { return };
    let number = u16::from_be_bytes([high, low]);
    let (before, def) = match number {
        0 | 1536.. => ("carries ", &TYPE),
        1501..=1535 => return,
        _ => ("802.3 frame, length ", &LEN),
    };
    out.push_str(before);
    show::number_of(def, number.into(), out);
}
