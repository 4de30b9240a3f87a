//! Spanning tree — IEEE 802.1D §9 (STP), 802.1w (RSTP). Bridges agree on a tree, so that no frame runs in a circle.
//!
//! ```text
//! | protocol (16) | version (8) | type (8) | flags (8) | root (64) | cost to root (32) | bridge (64) |
//! | port (16) | message age (16) | maximum age (16) | hello time (16) | forward delay (16) | … |
//! ```
//!
//! A bridge identifier is a priority (4 bits), a VLAN (12) and a MAC address. Times count in 1/256 seconds.

use super::prelude::*;

/// Spanning tree.
pub static ABOUT: Identity = Identity {
    name: "stp",
    title: "Spanning Tree Protocol",
    osi: Osi::Link,
    spec: "IEEE 802.1D §9",
    fields: FIELDS,
    summary: None,
};

const TYPES: &[(u64, &str)] =
    &[(0x00, "Configuration"), (0x02, "Rapid/multiple spanning tree"), (0x80, "Topology change")];
const VERSIONS: &[(u64, &str)] = &[(0, "Spanning tree"), (2, "Rapid spanning tree"), (3, "Multiple spanning tree")];
const ROLES: &[(u64, &str)] = &[(0, "Unknown"), (1, "Alternate or backup"), (2, "Root"), (3, "Designated")];

fields! {
    PROTOCOL_ID = u16_at(0, "stp.protocol", "Protocol identifier", "0 is the spanning tree.").hex();
    VERSION     = u8_at(2, "stp.version", "Version", "Which spanning tree protocol the bridge speaks.").names(VERSIONS);
    TYPE        = u8_at(3, "stp.type", "BPDU type", "What the bridge tells its neighbours.").hex().names(TYPES);
    FLAGS       = u8_at(4, "stp.flags", "Flags", "What changes and, in RSTP, the port's role and state.").hex();
    TCACK       = bit_at(4, 1, 0x80, "stp.flags.tcack", "Topology change acknowledged", "The root has heard of the change.");
    AGREEMENT   = bit_at(4, 1, 0x40, "stp.flags.agreement", "Agreement", "The neighbour may start to forward at once.");
    FORWARDING  = bit_at(4, 1, 0x20, "stp.flags.forwarding", "Forwarding", "The port passes frames on.");
    LEARNING    = bit_at(4, 1, 0x10, "stp.flags.learning", "Learning", "The port learns addresses.");
    PORT_ROLE   = u8_at(4, "stp.flags.port_role", "Port role", "What the port does in the tree.").bits(0x0c).names(ROLES);
    PROPOSAL    = bit_at(4, 1, 0x02, "stp.flags.proposal", "Proposal", "The bridge offers to lead on this link.");
    TC          = bit_at(4, 1, 0x01, "stp.flags.tc", "Topology change", "The tree has changed; addresses must be learnt again.");
    ROOT_PRIO   = dynamic(Kind::Uint(16), "stp.root.prio", "Root priority", "The lowest priority becomes the root of the tree.");
    ROOT_EXT    = u16_at(5, "stp.root.ext", "Root system extension", "Which VLAN the tree belongs to.").bits(0x0fff);
    ROOT_HW     = mac_at(7, "stp.root.hw", "Root bridge", "The bridge that is the root of the tree.");
    ROOT_COST   = u32_at(13, "stp.root.cost", "Root path cost", "How far the root is; fast links cost less.");
    BRIDGE_PRIO = dynamic(Kind::Uint(16), "stp.bridge.prio", "Bridge priority", "The sender's own priority.");
    BRIDGE_EXT  = u16_at(17, "stp.bridge.ext", "Bridge system extension", "Which VLAN the sender speaks of.").bits(0x0fff);
    BRIDGE_HW   = mac_at(19, "stp.bridge.hw", "Bridge", "The bridge that sent this.");
    PORT        = u16_at(25, "stp.port", "Port", "The port that sent this.").hex();
    MSG_AGE     = dynamic(Kind::Duration, "stp.msg_age", "Message age", "How old the root's information is.");
    MAX_AGE     = dynamic(Kind::Duration, "stp.max_age", "Maximum age", "When such information expires.");
    HELLO       = dynamic(Kind::Duration, "stp.hello", "Hello time", "How often the root speaks.");
    FORWARD     = dynamic(Kind::Duration, "stp.forward", "Forward delay", "How long a port waits before it forwards.");
    VERSION_1_LENGTH = u8_at(35, "stp.version_1_length", "Version 1 length", "Always 0; only RSTP carries it.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::Sap(0x42)], over: Over::Packet, dissect };

const TOPOLOGY_CHANGE: u8 = 0x80;
const RAPID: u8 = 2;

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    for def in [&PROTOCOL_ID, &VERSION, &TYPE] {
        c.put(def)?;
    }
    let (version, kind) = (c.u8(2)?, c.u8(3)?);
    if kind == TOPOLOGY_CHANGE {
        return Ok(Next::end(4));
    }
    if kind != 0 && kind != RAPID {
        return Ok(Next::end(c.len()));
    }
    flags(c, kind == RAPID)?;
    bridge(c, 5, &ROOT_PRIO, &ROOT_EXT, &ROOT_HW)?;
    c.put(&ROOT_COST)?;
    bridge(c, 17, &BRIDGE_PRIO, &BRIDGE_EXT, &BRIDGE_HW)?;
    c.put(&PORT)?;
    for (at, def) in [(27, &MSG_AGE), (29, &MAX_AGE), (31, &HELLO), (33, &FORWARD)] {
        let nanos = i64::from(c.u16(at)?) * 1_000_000_000 / 256;
        c.push(def, at, 2, Value::Nanos(nanos));
    }
    if kind != RAPID {
        return Ok(Next::end(35));
    }
    c.put(&VERSION_1_LENGTH)?;
    // What follows in version 3 (regions of MSTP) stays unread, but it is part of the message.
    Ok(Next::end(if version > RAPID { c.len() } else { 36 }))
}

fn flags(c: &mut Cursor<'_>, rapid: bool) -> Result<(), Trouble> {
    c.put(&FLAGS)?;
    c.nested(|c| {
        c.put(&TCACK)?;
        if rapid {
            for def in [&AGREEMENT, &FORWARDING, &LEARNING, &PORT_ROLE, &PROPOSAL] {
                c.put(def)?;
            }
        }
        c.put(&TC)
    })?;
    Ok(())
}

/// Four bits of priority count in steps of 4096 (802.1t).
fn bridge(
    c: &mut Cursor<'_>,
    at: usize,
    prio: &'static FieldDef,
    ext: &'static FieldDef,
    hw: &'static FieldDef,
) -> Result<(), Trouble> {
    let n = c.u16(at)? & 0xf000;
    c.push(prio, at, 1, Value::Uint(u64::from(n)));
    c.put(ext)?;
    c.put(hw)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;

    fn bpdu(kind: u8, version: u8) -> Vec<u8> {
        let mut b = vec![0, 0, version, kind, 0x3d];
        b.extend([0x80, 1, 0, 0x19, 6, 0xea, 0xb8, 0x80, 0, 0, 0, 4]);
        b.extend([0x90, 2, 0, 0x19, 6, 0xea, 0xb8, 0x81, 0x80, 5]);
        b.extend([1, 0x80, 20, 0, 2, 0, 15, 0, 0]);
        b
    }

    fn frame(bpdu: &[u8]) -> Vec<u8> {
        let len = u8::try_from(bpdu.len() + 3).unwrap_or(0);
        [&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, len, 0x42, 0x42, 3], bpdu].concat()
    }

    #[test]
    fn a_configuration_names_root_and_bridge() {
        let p = read(1, &frame(&bpdu(0, 0)));
        assert_eq!((p.uint(&ROOT_PRIO), p.uint(&ROOT_EXT), p.uint(&ROOT_COST)), (Some(32768), Some(1), Some(4)));
        assert_eq!(
            (p.uint(&BRIDGE_PRIO), p.octets(&BRIDGE_HW)),
            (Some(36864), Some(&[0, 0x19, 6, 0xea, 0xb8, 0x81][..]))
        );
        assert_eq!(p.field(&MSG_AGE).map(|f| f.value), Some(Value::Nanos(1_500_000_000)));
        assert_eq!(p.uint(&PORT_ROLE), None);
    }

    #[test]
    fn rapid_spanning_tree_adds_role_and_state() {
        let p = read(1, &frame(&bpdu(2, 2)));
        assert_eq!((p.uint(&PORT_ROLE), p.flag(&FORWARDING), p.flag(&PROPOSAL)), (Some(3), true, false));
    }

    #[test]
    fn a_topology_change_is_four_bytes_long() {
        let p = read(1, &frame(&[0, 0, 0, 0x80]));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_none() && l.span.len == 4));
    }

    #[test]
    fn a_bpdu_cut_short_keeps_its_root() {
        let p = read(1, &frame(&bpdu(0, 0)[..20]));
        assert_eq!(p.uint(&ROOT_PRIO), Some(32768));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
