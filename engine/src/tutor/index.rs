//! Where a packet's fields are. Rules ask for many fields that a packet lacks: here that costs one look, not a walk
//! over all fields.

use crate::model::{FieldDef, Packet, clamp};

/// Chains of fields; a power of two, several times what a usual packet has.
const CHAINS: usize = 256;
/// The end of a chain.
const END: u32 = u32::MAX;

/// The fields of one packet, found by their rows. Its memory serves the next packet.
#[derive(Debug)]
pub(super) struct Index {
    /// The first field of each chain.
    first: [u32; CHAINS],
    /// After each field, the next of its chain.
    next: Vec<u32>,
}

impl Default for Index {
    fn default() -> Self {
        Self { first: [END; CHAINS], next: Vec::new() }
    }
}

impl Index {
    /// Forgets the last packet, and notes the fields of this one.
    pub(super) fn fill(&mut self, packet: &Packet) {
        self.first = [END; CHAINS];
        self.next.clear();
        self.next.resize(packet.fields.len(), END);
        // From the last one on, so that each chain ascends.
        for ((at, field), next) in packet.fields.iter().enumerate().zip(&mut self.next).rev() {
            if let Some(first) = self.first.get_mut(chain(field.def)) {
                *next = std::mem::replace(first, clamp(at));
            }
        }
    }

    /// The first place in [`Packet::fields`] where a field of this row may be; no place is behind all others.
    #[inline]
    pub(super) fn first(&self, def: &FieldDef) -> u32 {
        self.first.get(chain(def)).copied().unwrap_or(END)
    }

    /// The next such place after `at`.
    #[inline]
    pub(super) fn after(&self, at: u32) -> u32 {
        self.next.get(at as usize).copied().unwrap_or(END)
    }
}

/// Rows of one protocol lie side by side in memory, so that each gets its own chain.
fn chain(def: &FieldDef) -> usize {
    std::ptr::from_ref(def).addr() / size_of::<FieldDef>() % CHAINS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, ethernet, ipv4, tcp, udp, walk};

    #[test]
    fn a_field_is_found_where_a_walk_over_all_fields_finds_it() {
        let mut bytes = Vec::new();
        let outer = etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let outer = outer.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
        let mut inner = Vec::new();
        let segment = etherparse::PacketBuilder::ipv4([10, 0, 0, 3], [10, 0, 0, 4], 64).tcp(40_000, 80, 7, 64_240);
        segment.write(&mut inner, b"GET / HTTP/1.1\r\n\r\n").unwrap();
        outer
            .icmpv4(etherparse::Icmpv4Type::TimeExceeded(etherparse::icmpv4::TimeExceededCode::TtlExceededInTransit))
            .write(&mut bytes, &inner)
            .unwrap();
        let (mut packet, mut index) = (Packet::new(), Index::default());
        for bytes in [bytes.clone(), bytes[..40].to_vec(), Vec::new(), bytes] {
            walk(&RawFrame::whole(1, bytes), &mut NoMemory::default(), &mut packet);
            index.fill(&packet);
            for def in [&ethernet::DST, &ipv4::SRC, &ipv4::TTL, &tcp::SRCPORT, &tcp::FLAGS_ACK, &udp::SRCPORT] {
                let walked: Vec<usize> =
                    packet.fields.iter().enumerate().filter(|(_, f)| f.def == def).map(|(at, _)| at).collect();
                let mut found = Vec::new();
                let mut at = index.first(def);
                while let Some(field) = packet.fields.get(at as usize) {
                    found.extend((field.def == def).then_some(at as usize));
                    at = index.after(at);
                }
                assert_eq!(found, walked, "{}", def.name);
            }
        }
        assert_eq!(packet.all(&ipv4::SRC).count(), 2, "a quoted header repeats the field");
    }
}
