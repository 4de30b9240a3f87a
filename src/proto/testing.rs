//! What the tests of protocol files share: one frame in, one packet out, nothing remembered.

use super::{NoMemory, walk};
use crate::model::{LinkType, Packet, RawFrame};

/// Dissects a whole frame of this link type.
pub(crate) fn read(link: u16, bytes: &[u8]) -> Packet {
    cut(link, bytes, bytes.len())
}

/// Dissects a frame of which the capture kept the first `keep` bytes.
pub(crate) fn cut(link: u16, bytes: &[u8], keep: usize) -> Packet {
    let raw = RawFrame {
        number: 1,
        len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        bytes: bytes.get(..keep).unwrap_or(bytes).to_vec(),
        link: LinkType(link),
        ..RawFrame::default()
    };
    let mut packet = Packet::new();
    walk(&raw, &mut NoMemory::default(), &mut packet);
    packet
}
