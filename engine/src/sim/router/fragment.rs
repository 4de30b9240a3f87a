//! Fragmentation: a packet that is too long for the next link goes on in pieces — RFC 791 §3.2.

use smoltcp::wire::Ipv4Packet;

use crate::sim::port::ETHERNET_HEADER;

/// Cuts a frame's IPv4 packet into pieces of at most `mtu` bytes, each behind the frame's Ethernet header. `None` where
/// the MTU has no room for a piece, or the frame holds no such packet.
pub(super) fn fragment(frame: &[u8], mtu: u16) -> Option<Vec<Vec<u8>>> {
    let (ethernet, packet) = frame.split_at_checked(ETHERNET_HEADER)?;
    let ip = Ipv4Packet::new_checked(packet).ok()?;
    let (header, payload) = (packet.get(..usize::from(ip.header_len()))?, ip.payload());
    // Offsets count eight bytes each.
    let room = usize::from(mtu).checked_sub(header.len())? / 8 * 8;
    if room == 0 {
        return None;
    }
    let last = payload.len().div_ceil(room).saturating_sub(1);
    let pieces = payload.chunks(room).enumerate().map(|(at, chunk)| {
        let mut bytes = [ethernet, header, chunk].concat();
        let mut piece = Ipv4Packet::new_unchecked(bytes.get_mut(ETHERNET_HEADER..)?);
        piece.set_total_len(u16::try_from(header.len() + chunk.len()).ok()?);
        // A piece of a piece keeps its place in the whole.
        piece.set_frag_offset(ip.frag_offset().checked_add(u16::try_from(at * room).ok()?)?);
        piece.set_more_frags(at < last || ip.more_frags());
        piece.fill_checksum();
        Some(bytes)
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A frame with this payload; its offset and whether more follow as given.
    fn frame(payload: &[u8], offset: u16, more: bool) -> Vec<u8> {
        let mut bytes = vec![0; ETHERNET_HEADER + 20];
        bytes.extend_from_slice(payload);
        let mut ip = Ipv4Packet::new_unchecked(&mut bytes[ETHERNET_HEADER..]);
        ip.set_version(4);
        ip.set_header_len(20);
        ip.set_total_len(u16::try_from(20 + payload.len()).unwrap());
        ip.set_ident(77);
        ip.set_hop_limit(9);
        ip.set_frag_offset(offset);
        ip.set_more_frags(more);
        ip.fill_checksum();
        bytes
    }

    proptest! {
        #[test]
        fn pieces_fit_and_put_together_they_are_the_packet(
            payload in prop::collection::vec(any::<u8>(), 1..4000),
            mtu in 28_u16..1600,
            offset in 0_u16..1000,
            more: bool,
        ) {
            let whole = frame(&payload, offset * 8, more);
            let pieces = fragment(&whole, mtu).unwrap();
            let mut together = Vec::new();
            for (at, bytes) in pieces.iter().enumerate() {
                let piece = Ipv4Packet::new_checked(&bytes[ETHERNET_HEADER..]).unwrap();
                prop_assert!(piece.verify_checksum() && bytes.len() <= usize::from(mtu) + ETHERNET_HEADER);
                prop_assert_eq!((piece.ident(), piece.hop_limit(), piece.dont_frag()), (77, 9, false));
                prop_assert_eq!(usize::from(piece.frag_offset()), usize::from(offset) * 8 + together.len());
                prop_assert_eq!(piece.more_frags(), more || at + 1 < pieces.len());
                together.extend_from_slice(piece.payload());
            }
            prop_assert_eq!(together, payload);
        }
    }

    #[test]
    fn an_mtu_without_room_for_a_piece_gives_none() {
        assert_eq!(fragment(&frame(&[1; 100], 0, false), 27), None);
        assert_eq!(fragment(&[0; 20], 600), None);
    }
}
