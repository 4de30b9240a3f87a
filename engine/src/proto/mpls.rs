//! MPLS — RFC 3032. A stack of labels: routers forward by the top one and never look at the address below.
//!
//! ```text
//! | label (20) | experimental (3) | bottom of stack (1) | time to live (8) |
//! ```

use super::lookup;
use super::numbers::LONGEST_802_3;
use super::prelude::*;

/// One entry of the stack.
pub static ABOUT: Identity = Identity {
    name: "mpls",
    title: "Multiprotocol Label Switching",
    osi: Osi::Link,
    spec: "RFC 3032",
    fields: LABEL_FIELDS,
    summary: None,
};

/// The control word before an Ethernet frame.
pub static CONTROL_WORD: Identity = Identity {
    name: "pwethcw",
    title: "Pseudowire Ethernet control word",
    osi: Osi::Link,
    spec: "RFC 4448",
    fields: &[&SEQUENCE],
    summary: None,
};

/// The header of what both ends of a path say to each other.
pub static CHANNEL: Identity = Identity {
    name: "pwach",
    title: "Pseudowire associated channel",
    osi: Osi::Link,
    spec: "RFC 4385",
    fields: CHANNEL_FIELDS,
    summary: None,
};

const RESERVED: &[(u64, &str)] = &[
    (0, "IPv4 explicit null"),
    (1, "Router alert"),
    (2, "IPv6 explicit null"),
    (3, "Implicit null"),
    (13, "Associated channel"),
];

fields! {
    LABEL  = u32_at(0, "mpls.label", "Label", "Which path through the network the packet takes.").bits(0xffff_f000).names(RESERVED);
    EXP    = u32_at(0, "mpls.exp", "Traffic class", "How urgently routers should treat the packet.").bits(0x0e00);
    BOTTOM = u32_at(0, "mpls.bottom", "Bottom of stack", "1: this is the last label.").bits(0x0100);
    TTL    = u32_at(0, "mpls.ttl", "Time to live", "Each router takes one off; at zero the packet is dropped.").bits(0xff);
    SEQUENCE = u16_at(2, "pweth.cw.sequence_number", "Sequence number", "Puts the frames back in order; 0: nobody counts them.");
    CHANNEL_VERSION = u8_at(0, "pwach.ver", "Version", "0 so far.").bits(0x0f);
    CHANNEL_RESERVED = u8_at(1, "pwach.res", "Reserved", "Must be zero.").hex();
    CHANNEL_TYPE = u16_at(2, "pwach.channel_type", "Channel type", "Which protocol the message belongs to.").hex().names(CHANNELS);
}
static LABEL_FIELDS: &[&FieldDef] = &[&LABEL, &EXP, &BOTTOM, &TTL];
static CHANNEL_FIELDS: &[&FieldDef] = &[&CHANNEL_VERSION, &CHANNEL_RESERVED, &CHANNEL_TYPE];

const CHANNELS: &[(u64, &str)] = &[(0x0007, "BFD"), (0x0021, "IPv4"), (0x0057, "IPv6")];

/// The row; each label is a layer of its own.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[
        Key::EtherType(0x8847),
        Key::EtherType(0x8848),
        Key::IpProto(137),
        Key::Ppp(0x0281),
        Key::Ppp(0x0283),
        Key::UdpPort(6635),
    ],
    over: Over::Packet,
    dissect,
};

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ASSOCIATED: usize = 13;
    const OAM: usize = 14;
    c.fixed(LABEL_FIELDS)?;
    if c.uint(&BOTTOM) == 0 {
        return Ok(Next::to(Key::EtherType(0x8847), 4));
    }
    // Nothing names what follows: both ends of the path know. IP gives itself away by its version, a channel of
    // the ends' own by 1, and a control word by 0 (RFC 4385 §3).
    let body = c.rest(4);
    Ok(match (c.uint(&LABEL), body.first().map_or(0, |b| b >> 4)) {
        (OAM, _) => Next::data(4),
        (ASSOCIATED, _) | (_, 1) => Next::row(&CHANNEL_PROTOCOL, 4),
        (_, 4) => Next::to(Key::EtherType(0x0800), 4),
        (_, 6) => Next::to(Key::EtherType(0x86dd), 4),
        (_, 0) if is_bare_frame(body) => Next::to(BRIDGED, 4),
        (_, 0) if body.len() >= 4 => Next::row(&CONTROL_WORD_PROTOCOL, 4),
        _ => Next::data(4),
    })
}

/// An Ethernet frame.
const BRIDGED: Key = Key::EtherType(0x6558);

/// Whether an Ethernet frame begins here, and not behind a control word: many of their addresses begin with 0, too.
fn is_bare_frame(body: &[u8]) -> bool {
    const WORD: usize = 4;
    let number = |at: usize| match body.get(at..at + 2) {
        Some(&[high, low]) => u16::from_be_bytes([high, low]),
        _ => 0,
    };
    let named = |at: usize| number(at) > LONGEST_802_3 && lookup(Key::EtherType(number(at))).is_some();
    let sized = |at: usize| (3..=LONGEST_802_3).contains(&number(at)) && usize::from(number(at)) + at + 2 == body.len();
    named(12) || !named(12 + WORD) && !sized(12 + WORD) && sized(12)
}

/// The row of a control word: nobody but a label leads to it.
pub static CONTROL_WORD_PROTOCOL: Protocol =
    Protocol { about: &CONTROL_WORD, follows: &[], over: Over::Packet, dissect: control_word };

/// The row of an associated channel.
pub static CHANNEL_PROTOCOL: Protocol =
    Protocol { about: &CHANNEL, follows: &[], over: Over::Packet, dissect: channel };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &CONTROL_WORD_PROTOCOL, &CHANNEL_PROTOCOL];

fn control_word(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.put(&SEQUENCE)?;
    Ok(Next::to(BRIDGED, 4))
}

fn channel(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const BFD: u16 = 3784;
    c.fixed(CHANNEL_FIELDS)?;
    Ok(match c.u16(2)? {
        0x0007 => Next::to(Key::UdpPort(BFD), 4),
        0x0021 => Next::to(Key::EtherType(0x0800), 4),
        0x0057 => Next::to(Key::EtherType(0x86dd), 4),
        _ => Next::data(4),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn frame(labels: &[u8]) -> Vec<u8> {
        [&[0xff; 12][..], &[0x88, 0x47], labels].concat()
    }

    #[test]
    fn each_label_is_a_layer_and_the_version_names_the_payload() {
        let p = read(1, &frame(&[0, 0x0f, 0xe0, 60, 0, 6, 0x31, 60, 0x45]));
        let labels: Vec<_> = p.all(&LABEL).filter_map(|f| f.value.uint()).collect();
        assert_eq!(labels, [254, 99]);
        assert_eq!(p.layers.last().map(|l| l.proto.name), Some("ip"));
    }

    #[test]
    fn a_stack_without_a_bottom_ends_with_the_frame() {
        let p = read(1, &frame(&[0; 4 * 200]));
        assert!(p.layers.len() <= 101);
        assert!(p.layers.last().is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn a_frame_may_stand_inside_with_a_control_word_or_without() {
        let inner =
            |number: [u8; 2]| [&[0, 0x1b, 0x21, 1, 2, 3, 0, 0x1b, 0x21, 3, 2, 1][..], &number, &[0x45; 40]].concat();
        let layers = |word: &[u8], number| {
            let p = read(1, &frame(&[&[0, 6, 0x31, 60], word, &inner(number)].concat()));
            p.layers.iter().skip(3).map(|l| l.proto.name).take(2).collect::<Vec<_>>()
        };
        assert_eq!(layers(&[], [8, 0]), ["eth", "ip"]);
        assert_eq!(layers(&[0, 0, 0, 7], [8, 0]), ["pwethcw", "eth"]);
        assert_eq!(layers(&[], [0x81, 0]), ["eth", "vlan"]);
        assert_eq!(layers(&[0, 0, 0, 0], [0, 40]), ["pwethcw", "eth"]);
        assert_eq!(layers(&[], [0, 40]), ["eth", "llc"]);
        let p = read(1, &frame(&[0, 6, 0x31, 60, 0x10, 0, 0, 0x21, 0x45]));
        assert_eq!(p.layers.iter().map(|l| l.proto.name).skip(3).collect::<Vec<_>>(), ["pwach", "ip"]);
    }

    #[test]
    fn an_unknown_payload_is_data() {
        assert_eq!(read(1, &frame(&[0, 6, 0x31, 60, 0x99])).layers.last().map(|l| l.proto.name), Some("data"));
    }
}
