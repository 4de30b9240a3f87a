//! NAT-PMP — RFC 6886. A program asks the router at home to open a port, so that the Internet can reach it through the
//! router's address translation.
//!
//! ```text
//! request:  | version (8), opcode (8) | 0 (16)                             | ports (16, 16) | lifetime (32) |
//! response: | version (8), opcode (8) | result (16) | router's clock (32) | address (32), or ports and lifetime |
//! ```

use super::Guess;
use super::prelude::*;

/// NAT-PMP.
pub static ABOUT: Identity = Identity {
    name: "nat-pmp",
    title: "NAT Port Mapping Protocol",
    osi: Osi::Application,
    spec: "RFC 6886",
    fields: FIELDS,
    summary: Some(summary),
};

/// Its successor, on the same ports; known by name only.
static PCP: Identity = Identity {
    name: "portcontrol",
    title: "Port Control Protocol",
    osi: Osi::Application,
    spec: "RFC 6887",
    fields: &[],
    summary: None,
};

const OPCODES: &[(u64, &str)] = &[
    (0, "External address request"),
    (1, "Map UDP request"),
    (2, "Map TCP request"),
    (128, "External address response"),
    (129, "Map UDP response"),
    (130, "Map TCP response"),
];
const RESULTS: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Unsupported version"),
    (2, "Refused"),
    (3, "Network failure"),
    (4, "Out of resources"),
    (5, "Unsupported opcode"),
];

fields! {
    VERSION  = u8_at(0, "nat-pmp.version", "Version", "Always 0; PCP, its successor, is version 2.").detail();
    OPCODE   = u8_at(1, "nat-pmp.opcode", "Opcode", "What is asked; the answer has 128 added.").names(OPCODES);
    RESERVED = u16_at(2, "nat-pmp.reserved", "Reserved", "Always 0.").detail();
    RESULT   = u16_at(2, "nat-pmp.result_code", "Result code", "Whether the router did it: 0, or why not.").names(RESULTS);
    CLOCK    = u32_at(4, "nat-pmp.sssoe", "Router's clock", "Seconds since the router's table of mappings began. If it starts over, they are lost.").detail();
    ADDRESS  = ipv4_at(8, "nat-pmp.external_ip", "External address", "The router's address on the Internet side.");
    INTERNAL = dynamic(Kind::Uint(16), "nat-pmp.internal_port", "Internal port", "The port where the program at home listens.");
    EXTERNAL = dynamic(Kind::Uint(16), "nat-pmp.external_port", "External port", "The router's port that leads there. A request only suggests it.");
    LIFETIME = dynamic(Kind::Uint(32), "nat-pmp.pml", "Lifetime", "Seconds that the mapping lasts; 0 removes it.");
}

/// The row. Clients hear of a new external address on port 5350 (RFC 6886 §3.2.1).
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(5350), Key::UdpPort(5351)],
    over: Over::Datagram(guess),
    dissect,
};

/// The row of PCP.
pub static PCP_PROTOCOL: Protocol =
    Protocol { about: &PCP, follows: &[], over: Over::Packet, dissect: |c| Ok(Next::end(c.len())) };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &PCP_PROTOCOL];

fn guess(bytes: &[u8]) -> Guess {
    match bytes {
        [0..=2, ..] => Guess::This,
        _ => Guess::No,
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    if c.u8(0)? != 0 {
        return Ok(Next::instead(&PCP_PROTOCOL));
    }
    c.put(&VERSION)?;
    match c.put(&OPCODE)? {
        1 | 2 => {
            c.put(&RESERVED)?;
            mapping(c, 4)?;
        }
        128..=130 if c.put(&RESULT)? != 0 && c.promised() == 8 => {
            // A refusal may end here: it has nothing more to say.
            c.put(&CLOCK)?;
        }
        128 => {
            c.put(&CLOCK)?;
            c.put(&ADDRESS)?;
        }
        129 | 130 => {
            c.put(&CLOCK)?;
            mapping(c, 8)?;
        }
        _ => {}
    }
    Ok(Next::end(c.len()))
}

fn mapping(c: &mut Cursor<'_>, at: usize) -> Result<(), Trouble> {
    c.read(&INTERNAL, at, 2)?;
    c.read(&EXTERNAL, at + 2, 2)?;
    c.read(&LIFETIME, at + 4, 4)?;
    Ok(())
}

/// `Map UDP response: internal 51820, external 40000, seconds 7200`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    if packet.uint_in(layer, &OPCODE).is_some_and(|opcode| OPCODE.name_of(opcode).is_none()) {
        out.push_str("Opcode ");
    }
    show::name(packet, layer, &OPCODE, out);
    if packet.uint_in(layer, &RESULT).is_some_and(|result| result != 0) {
        out.push_str(": ");
        return show::name(packet, layer, &RESULT, out);
    }
    let parts = [(": ", &ADDRESS), (": internal ", &INTERNAL), (", external ", &EXTERNAL), (", seconds ", &LIFETIME)];
    show::parts(packet, layer, &parts, out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, read, summary};
    use super::*;
    use etherparse::PacketBuilder;

    fn answer(bytes: &[u8]) -> Packet {
        message(&PROTOCOL, (5351, 49152), bytes)
    }

    #[test]
    fn a_request_suggests_a_port_and_the_answer_grants_another() {
        let asked = message(&PROTOCOL, (49152, 5351), &[0, 1, 0, 0, 0xca, 0x6c, 0xca, 0x6c, 0, 0, 0x1c, 0x20]);
        assert_eq!(summary(&asked), "Map UDP request: internal 51820, external 51820, seconds 7200");
        let granted = answer(&[0, 129, 0, 0, 0, 0, 0, 9, 0xca, 0x6c, 0x9c, 0x40, 0, 0, 0x1c, 0x20]);
        assert_eq!(summary(&granted), "Map UDP response: internal 51820, external 40000, seconds 7200");
        assert_eq!(granted.uint(&CLOCK), Some(9));
    }

    #[test]
    fn a_refusal_says_why_whether_or_not_it_repeats_the_request() {
        let short = answer(&[0, 128, 0, 1, 0, 0, 0, 9]);
        assert_eq!(summary(&short), "External address response: Unsupported version");
        assert_eq!(short.layers[0].trouble, None);
        let whole = answer(&[0, 130, 0, 2, 0, 0, 0, 9, 0, 22, 0, 0, 0, 0, 0, 0]);
        assert_eq!((summary(&whole).as_str(), whole.uint(&INTERNAL)), ("Map TCP response: Refused", Some(22)));
    }

    #[test]
    fn an_unknown_opcode_is_a_number() {
        assert_eq!(summary(&answer(&[0, 135, 0, 5, 0, 0, 0, 9])), "Opcode 135");
    }

    #[test]
    fn the_successor_is_named_and_other_bytes_are_nobodys() {
        let innermost = |version| {
            let mut out = Vec::new();
            let ip = PacketBuilder::ipv4([192, 0, 2, 10], [192, 0, 2, 1], 64);
            ip.udp(49152, 5351).write(&mut out, &[version, 0]).unwrap();
            read(228, &out).layers.last().unwrap().proto.name
        };
        assert_eq!([0, 2, 3].map(innermost), ["nat-pmp", "portcontrol", "data"]);
    }

    #[test]
    fn a_message_that_is_cut_short_says_so() {
        let bytes = [0, 130, 0, 0, 0, 0, 0, 9, 0, 22, 0, 22, 0, 0, 0, 60];
        for keep in 0..bytes.len() {
            assert!(answer(&bytes[..keep]).layers[0].trouble.is_some(), "{keep}");
        }
    }
}
