//! What lies behind the packet in an Ethernet frame: padding, a trailer, the frame check sequence.
//!
//! ```text
//! | Ethernet header (14) | packet … | zeros up to 60 bytes | anything else … | frame check sequence (4) |
//! ```
//!
//! A frame has at least 60 bytes, so a card fills up a short packet. Only the packet knows where it ends: these
//! fields are added to the layer that carries it once it has been read. The rules are Wireshark's.

use super::{arp, checksum, ethernet, ipv4, ipv6, vlan};
use crate::model::{Field, FieldDef, Group, Identity, Layer, Packet, Span, Value, clamp};

/// The shortest frame, without its check sequence (IEEE 802.3 §4A.4.2).
const SHORTEST: u32 = 60;
/// How many bytes a frame check sequence takes.
const FCS: u32 = 4;

/// Those fields.
static BEHIND: Group =
    Group::of(&[&ethernet::PADDING, &ethernet::TRAILER, &ethernet::FCS, &ethernet::FCS_STATUS, &vlan::TRAILER]);

fn is(layer: &Layer, about: &'static Identity) -> bool {
    std::ptr::eq(layer.proto, about)
}

/// Adds the fields to the innermost of the outer layers that are Ethernet or a tag.
pub(super) fn add(packet: &mut Packet) {
    if !packet.wanted.has_any(&BEHIND) {
        return;
    }
    let Some((index, end)) = find(packet) else { return };
    let Some(tagged) = packet.layers.get(index).map(|carrier| !is(carrier, &ethernet::ABOUT)) else { return };
    let (len, kept) = (packet.len.max(packet.cap_len), clamp(packet.frame().len()));
    let zeros = SHORTEST.saturating_sub(end);
    let fill = packet.bytes(Span { buf: 0, start: end, len: zeros.min(kept.saturating_sub(end)) });
    let padded = len >= SHORTEST && fill.len() == zeros as usize && fill.iter().all(|&b| b == 0);
    let trailer = if padded { end + zeros } else { end };
    // Only a frame that is long enough to be whole without it can have been captured with its check sequence.
    let checked = !tagged && len >= SHORTEST + FCS && len.saturating_sub(trailer) >= FCS;
    let fcs = if checked { len - FCS } else { len };
    put(packet, index, &ethernet::PADDING, end, trailer);
    put(packet, index, if tagged { &vlan::TRAILER } else { &ethernet::TRAILER }, trailer, fcs.min(kept));
    if checked && kept == len {
        let span = Span { buf: 0, start: fcs, len: FCS };
        let sent = packet.bytes(span).iter().fold(0, |n, &b| n << 8 | u64::from(b));
        insert(packet, index, Field { def: &ethernet::FCS, value: Value::Uint(sent), span, depth: 0 });
        // Most captures hold no check sequence: what is there may be anything, so nothing is called bad.
        let value = Value::Uint(checksum::Status::Unverified as u64);
        insert(packet, index, Field { def: &ethernet::FCS_STATUS, value, span: Span::default(), depth: 0 });
    }
}

/// The layer that gets the fields, and where in the frame that which it carries ends, if bytes follow.
fn find(packet: &Packet) -> Option<(usize, u32)> {
    let kept = clamp(packet.frame().len());
    let mut carriers = packet.layers.iter().enumerate().skip(1);
    let (mut index, mut carrier) = carriers.next().filter(|(_, l)| is(l, &ethernet::ABOUT))?;
    for (at, layer) in carriers {
        // An 802.3 frame says itself how much it carries.
        if carrier.end < kept {
            break;
        }
        if is(layer, &vlan::ABOUT) {
            (index, carrier) = (at, layer);
        } else {
            let sized = layer.span.buf == 0 && layer.trouble.is_none();
            let end = if sized && (is(layer, &ipv4::ABOUT) || is(layer, &ipv6::ABOUT)) {
                layer.end
            } else if sized && is(layer, &arp::ABOUT) {
                layer.span.end()
            } else {
                return None;
            };
            return (end < kept).then_some((index, end));
        }
    }
    (carrier.end < kept && carrier.trouble.is_none()).then_some((index, carrier.end))
}

/// Adds the bytes from `start` to `end`, if there are any.
fn put(packet: &mut Packet, index: usize, def: &'static FieldDef, start: u32, end: u32) {
    if start < end {
        let span = Span { buf: 0, start, len: end - start };
        insert(packet, index, Field { def, value: Value::Bytes(span), span, depth: 0 });
    }
}

/// Adds a field behind those that the layer has; the fields of the layers inside it move on.
fn insert(packet: &mut Packet, index: usize, field: Field) {
    let Some(at) = packet.layers.get(index).map(|l| l.fields.end) else { return };
    if at as usize > packet.fields.len() || !packet.wants(field.def) {
        return;
    }
    packet.fields.insert(at as usize, field);
    for (i, layer) in packet.layers.iter_mut().enumerate().skip(index) {
        if i > index {
            layer.fields.start += 1;
        }
        layer.fields.end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, read};
    use super::*;

    const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

    /// An IPv4 packet of 40 bytes, behind the bytes of `outer`, with `tail` behind it.
    fn ip(outer: &[u8], tail: &[u8]) -> Vec<u8> {
        let header = [0x45, 0, 0, 40, 0, 2, 0x40, 0, 64, 253, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        [&MACS[..], outer, &header, &[0x11; 20], tail].concat()
    }

    fn tail(frame: &[u8]) -> [Option<Vec<u8>>; 3] {
        let p = read(1, frame);
        [&ethernet::PADDING, &ethernet::TRAILER, &vlan::TRAILER].map(|def| p.octets(def).map(<[u8]>::to_vec))
    }

    #[test]
    fn zeros_up_to_60_bytes_are_padding_and_anything_else_is_a_trailer() {
        assert_eq!(tail(&ip(&[8, 0], &[0; 6])), [Some(vec![0; 6]), None, None]);
        assert_eq!(tail(&ip(&[8, 0], b"SECRET")), [None, Some(b"SECRET".to_vec()), None]);
        assert_eq!(tail(&ip(&[8, 0], &[0; 3])), [None, Some(vec![0; 3]), None]);
        assert_eq!(tail(&ip(&[8, 0], b"\0\0\0\0\0\0ab")), [Some(vec![0; 6]), Some(b"ab".to_vec()), None]);
        assert_eq!(tail(&ip(&[8, 0], b"")), [None, None, None]);
    }

    #[test]
    fn a_long_enough_frame_ends_in_its_check_sequence() {
        let p = read(1, &ip(&[8, 0], b"\0\0\0\0\0\0TRAILFCS!"));
        assert_eq!(p.octets(&ethernet::TRAILER), Some(&b"TRAIL"[..]));
        assert_eq!((p.uint(&ethernet::FCS), p.uint(&ethernet::FCS_STATUS)), (Some(0x4643_5321), Some(2)));
    }

    #[test]
    fn arp_a_tag_and_a_length_end_their_packets_too() {
        let arp = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 2];
        let asks = |tail: &[u8]| [&MACS[..], &[8, 6], &arp, tail].concat();
        assert_eq!(tail(&asks(&[0; 18])), [Some(vec![0; 18]), None, None]);
        assert_eq!(tail(&asks(&[7; 18])), [None, Some(vec![7; 18]), None]);
        let tag = [0x81, 0, 0, 5, 8, 0];
        assert_eq!(tail(&ip(&tag, &[0; 2])), [Some(vec![0; 2]), None, None]);
        assert_eq!(tail(&ip(&tag, b"zz")), [None, None, Some(b"zz".to_vec())]);
        let llc = [&MACS[..], &[0, 38, 0xaa, 0xaa, 3], &[1; 35], &[0; 8]].concat();
        assert_eq!(tail(&llc), [Some(vec![0; 8]), None, None]);
    }

    #[test]
    fn a_cut_anywhere_keeps_layers_and_fields_together() {
        let whole = ip(&[8, 0], b"\0\0\0\0\0\0TRAILFCS!");
        for keep in 0..whole.len() {
            let p = cut(1, &whole, keep);
            assert!(p.layers.iter().all(|l| l.fields.end as usize <= p.fields.len()), "{keep}");
        }
    }
}
