//! VRRP — RFC 5798, and Cisco's HSRP — RFC 2281. Several routers share one address; one of them answers for it, and another
//! takes over when it falls silent.
//!
//! ```text
//! VRRP: | version (4), type (4) | virtual router (8) | priority (8) | addresses (8) | interval (16) | checksum (16) | … |
//! HSRP: | version (8) | opcode (8) | state (8) | hello (8) | hold (8) | priority (8) | group (8) | 0 (8) | password | address |
//! ```

use super::prelude::*;

/// VRRP.
pub static ABOUT: Identity = Identity {
    name: "vrrp",
    title: "Virtual Router Redundancy Protocol",
    osi: Osi::Network,
    spec: "RFC 5798",
    fields: VRRP_FIELDS,
    summary: None,
};

/// HSRP.
pub static HSRP: Identity = Identity {
    name: "hsrp",
    title: "Cisco Hot Standby Router Protocol",
    osi: Osi::Network,
    spec: "RFC 2281",
    fields: HSRP_FIELDS,
    summary: None,
};

const OPCODES: &[(u64, &str)] = &[(0, "Hello"), (1, "Coup"), (2, "Resign"), (3, "Advertise")];
const STATES: &[(u64, &str)] =
    &[(0, "Initial"), (1, "Learn"), (2, "Listen"), (4, "Speak"), (8, "Standby"), (16, "Active")];

fn vrrp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(VRRP_FIELDS)?;
    if c.context.ends.src.is_v4() {
        for i in 0..usize::from(c.u8(3)?) {
            c.read(&ADDRESS, 8 + 4 * i, 4)?;
        }
    }
    Ok(Next::end(c.len()))
}

/// Version 1 has this shape; version 2, on the same port, another one that is not read.
fn hsrp(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const ADVERTISE: u8 = 3;
    if c.u8(0)? != 0 {
        return Ok(Next::end(c.len()));
    }
    if c.u8(1)? >= ADVERTISE {
        // Which of the groups are active: another shape behind the first two bytes.
        c.put(&HSRP_VERSION)?;
        c.put(&OPCODE)?;
        return Ok(Next::end(c.len()));
    }
    c.fixed(HSRP_FIELDS)?;
    let password = c.slice(8, 8)?;
    let len = password.iter().position(|&b| b == 0).unwrap_or(password.len());
    c.push(&PASSWORD, 8, 8, Value::Text(c.span(8, len)));
    Ok(Next::end(c.len()))
}

fields! {
    VERSION = u8_at(0, "vrrp.version", "Version", "2, or 3, which knows IPv6.").bits(0xf0);
    TYPE = u8_at(0, "vrrp.type", "Type", "1: the master says that it is alive.").bits(0x0f);
    ROUTER = u8_at(1, "vrrp.virt_rtr_id", "Virtual router", "Which shared address this is about.");
    PRIORITY = u8_at(2, "vrrp.prio", "Priority", "The highest one becomes master; 0 gives up.");
    COUNT = u8_at(3, "vrrp.addr_count", "Addresses", "How many addresses are shared.");
    CHECKSUM = u16_at(6, "vrrp.checksum", "Checksum", "Detects damage on the way.").hex();
    ADDRESS = dynamic(Kind::Ipv4, "vrrp.ip_addr", "Address", "An address that the routers share.");
    HSRP_VERSION = u8_at(0, "hsrp.version", "Version", "Always 0.");
    OPCODE = u8_at(1, "hsrp.opcode", "Opcode", "Alive, taking over, or giving up.").names(OPCODES);
    STATE = u8_at(2, "hsrp.state", "State", "Whether the sender answers for the address or waits.").names(STATES);
    HELLO = u8_at(3, "hsrp.hellotime", "Hello time", "Seconds between two such messages.");
    HOLD = u8_at(4, "hsrp.holdtime", "Hold time", "Seconds of silence after which another takes over.");
    HSRP_PRIORITY = u8_at(5, "hsrp.priority", "Priority", "The highest one answers for the address.");
    GROUP = u8_at(6, "hsrp.group", "Group", "Which shared address this is about.");
    PASSWORD = dynamic(Kind::Text, "hsrp.auth_data", "Password", "In the clear, so that it protects from mistakes only.");
    VIRTUAL = ipv4_at(16, "hsrp.virt_ip", "Virtual address", "The address that the routers share.");
}
static VRRP_FIELDS: &[&FieldDef] = &[&VERSION, &TYPE, &ROUTER, &PRIORITY, &COUNT, &CHECKSUM, &ADDRESS];
static HSRP_FIELDS: &[&FieldDef] =
    &[&HSRP_VERSION, &OPCODE, &STATE, &HELLO, &HOLD, &HSRP_PRIORITY, &GROUP, &PASSWORD, &VIRTUAL];

/// The row of VRRP.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::IpProto(112)], over: Over::Packet, dissect: vrrp };

/// The row of HSRP.
pub static HSRP_PROTOCOL: Protocol =
    Protocol { about: &HSRP, follows: &[Key::UdpPort(1985), Key::UdpPort(2029)], over: Over::Packet, dissect: hsrp };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &HSRP_PROTOCOL];

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::{IpNumber, PacketBuilder};

    fn packet(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [224, 0, 0, 5], 1).write(&mut out, IpNumber(112), body).unwrap();
        out
    }

    #[test]
    fn every_shared_address_is_shown() {
        let p = read(228, &packet(&[0x21, 5, 100, 2, 0, 1, 0, 0, 192, 0, 2, 7, 192, 0, 2, 8]));
        assert_eq!((p.uint(&ROUTER), p.all(&ADDRESS).count()), (Some(5), 2));
    }

    #[test]
    fn a_header_cut_short_says_so() {
        assert!(read(228, &packet(&[0x21, 5])).layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }
}
