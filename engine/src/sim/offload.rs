//! What a network card does for the stack above it: TCP's checksums. No segment is ever in fragments here: the stack sets
//! IPv4's DF on each, and IPv6's routers cut nothing.

use std::ops::Range;

use smoltcp::wire::{EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Packet, Ipv6Packet};

use crate::proto::checksum::{add, fold};

/// Where in a segment its checksum is (RFC 9293 §3.1).
const CHECKSUM: Range<usize> = 16..18;

/// Writes the checksum of the segment that a frame carries, if it does. The stack has left it 0.
pub(super) fn seal(frame: &mut [u8]) {
    let Some((sum, segment)) = segment(frame).and_then(|(sum, at)| Some((sum, frame.get_mut(at)?))) else { return };
    let sum = !fold(add(sum, segment));
    if let Some(checksum) = segment.get_mut(CHECKSUM) {
        checksum.copy_from_slice(&sum.to_be_bytes());
    }
}

/// Whether the checksum of the segment that a frame carries is right, if it carries one. A card need not ask of a frame
/// that nothing changed on its way.
pub(super) fn is_sound(frame: &[u8]) -> bool {
    let segment = segment(frame).and_then(|(sum, at)| Some((sum, frame.get(at)?)));
    segment.is_none_or(|(sum, segment)| fold(add(sum, segment)) == 0xffff)
}

/// The sum of a segment's pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1), and where in the frame the segment is.
fn segment(frame: &[u8]) -> Option<(u64, Range<usize>)> {
    let frame = EthernetFrame::new_checked(frame).ok()?;
    let (protocol, ends, header, len) = match frame.ethertype() {
        EthernetProtocol::Ipv4 => {
            let ip = Ipv4Packet::new_checked(frame.payload()).ok()?;
            let ends = add(add(0, &ip.src_addr().octets()), &ip.dst_addr().octets());
            (ip.next_header(), ends, usize::from(ip.header_len()), ip.payload().len())
        }
        EthernetProtocol::Ipv6 => {
            let ip = Ipv6Packet::new_checked(frame.payload()).ok()?;
            let ends = add(add(0, &ip.src_addr().octets()), &ip.dst_addr().octets());
            (ip.next_header(), ends, ip.header_len(), ip.payload().len())
        }
        _ => return None,
    };
    let start = EthernetFrame::<&[u8]>::header_len() + header;
    let sum = ends + u64::from(u8::from(protocol)) + len as u64;
    (protocol == IpProtocol::Tcp).then_some((sum, start..start + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::port::ETHERNET_HEADER;
    use etherparse::PacketBuilder;

    #[test]
    fn a_segment_is_sealed_as_another_library_seals_it_and_one_that_was_changed_is_not_sound() {
        let ethernet = || PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        for len in [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 1460] {
            let payload: Vec<u8> = (0..len).map(|n: u32| n.to_le_bytes()[0].wrapping_mul(37)).collect();
            let over = vec![
                ethernet().ipv4([192, 0, 2, 1], [203, 0, 113, 80], 64),
                ethernet().ipv6([0x20; 16], [0xfe; 16], 64),
            ];
            for (ip, header) in over.into_iter().zip([20, 40]) {
                let mut right = Vec::new();
                ip.tcp(40_000, 80, 7, 1000).write(&mut right, &payload).unwrap();
                let (mut frame, at) = (right.clone(), ETHERNET_HEADER + header + CHECKSUM.start);
                frame[at..at + 2].fill(0);
                seal(&mut frame);
                assert_eq!(frame, right);
                assert!(is_sound(&frame));
                *frame.last_mut().unwrap() ^= 4;
                assert!(!is_sound(&frame));
            }
        }
    }

    #[test]
    fn what_carries_no_segment_stays_as_it_is() {
        let mut frame = Vec::new();
        let ip = PacketBuilder::ethernet2([2; 6], [2; 6]).ipv4([10; 4], [10; 4], 64);
        ip.udp(1, 2).write(&mut frame, b"hello").unwrap();
        for mut bytes in [frame.clone(), frame[..20].to_vec(), Vec::new()] {
            let before = bytes.clone();
            seal(&mut bytes);
            assert!(is_sound(&bytes) && bytes == before);
        }
    }
}
