//! MPLS — RFC 3032. A stack of labels: routers forward by the top one and never look at the address below.
//!
//! ```text
//! | label (20) | experimental (3) | bottom of stack (1) | time to live (8) |
//! ```

use super::prelude::*;

/// One entry of the stack.
pub static ABOUT: Identity = Identity {
    name: "mpls",
    title: "Multiprotocol Label Switching",
    osi: Osi::Link,
    spec: "RFC 3032",
    fields: FIELDS,
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
}

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
    c.fixed(FIELDS)?;
    if c.uint(&BOTTOM) == 0 {
        return Ok(Next::to(Key::EtherType(0x8847), 4));
    }
    // Nothing names what follows: both ends of the path know. IP gives itself away by its version.
    Ok(match (c.uint(&LABEL), c.u8(4).unwrap_or(0) >> 4) {
        (0, _) | (_, 4) => Next::to(Key::EtherType(0x0800), 4),
        (2, _) | (_, 6) => Next::to(Key::EtherType(0x86dd), 4),
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
    fn an_unknown_payload_is_data() {
        assert_eq!(read(1, &frame(&[0, 6, 0x31, 60, 0x99])).layers.last().map(|l| l.proto.name), Some("data"));
    }
}
