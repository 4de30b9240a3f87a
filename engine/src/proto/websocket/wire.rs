//! A frame's header, the mask and the proof of the handshake — RFC 6455 §1.3, §5.2, §5.3. Whoever reads or writes
//! WebSocket takes them from here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest as _, Sha1};

/// What every server adds to the key (RFC 6455 §1.3): nobody does so by accident.
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What `Sec-WebSocket-Accept` must answer to a key (RFC 6455 §4.2.2): SHA-1 of the key and [`GUID`], in Base64.
pub fn accept_for(key: &str) -> String {
    BASE64.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Bytes combined with a masking key (XOR); twice is nothing (RFC 6455 §5.3).
pub fn masked(bytes: &[u8], key: [u8; 4]) -> impl Iterator<Item = u8> {
    bytes.iter().zip(key.into_iter().cycle()).map(|(byte, key)| byte ^ key)
}

/// The header of a frame (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// It is the last of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 the highest.
    pub rsv: u8,
    /// Four bits: what the frame is for.
    pub opcode: u8,
    /// The key that the payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload that follow.
    pub payload: u64,
    /// Whether fewer bytes would have held the length.
    pub long_winded: bool,
    /// Bytes of the header itself, 2 to 14.
    pub len: usize,
}

/// The longest header: two bytes, eight of length, four of masking key.
pub const LONGEST: usize = 14;

impl Header {
    /// Reads it where it is whole.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let &[first, second, ..] = bytes else { return None };
        let extended = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let number = bytes.get(2..2 + extended)?.iter().fold(0, |n, &b| n << 8 | u64::from(b));
        let masked = second & 0x80 != 0;
        let mask = if masked { Some(bytes.get(2 + extended..6 + extended)?.try_into().ok()?) } else { None };
        let payload = if extended == 0 { u64::from(second & 0x7f) } else { number };
        Some(Self {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 7,
            opcode: first & 0x0f,
            mask,
            payload,
            long_winded: extended == 2 && payload < 126 || extended == 8 && payload < 1 << 16,
            len: 2 + extended + if masked { 4 } else { 0 },
        })
    }

    /// Appends the header: the shortest that says this length.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.fin) << 7 | (self.rsv & 7) << 4 | self.opcode & 0x0f);
        let masked = u8::from(self.mask.is_some()) << 7;
        match (u8::try_from(self.payload), u16::try_from(self.payload)) {
            (Ok(length @ 0..=125), _) => out.push(masked | length),
            (_, Ok(length)) => {
                out.push(masked | 0x7e);
                out.extend(length.to_be_bytes());
            }
            _ => {
                out.push(masked | 0x7f);
                out.extend(self.payload.to_be_bytes());
            }
        }
        out.extend(self.mask.iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_key_gives_the_standards_proof() {
        assert_eq!(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_header_is_read_as_it_was_written_and_not_before_it_is_whole() {
        for payload in [0, 125, 126, 65_535, 65_536, u64::MAX] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let mut bytes = Vec::new();
                Header { fin: true, opcode: 2, mask, payload, ..Header::default() }.write(&mut bytes);
                let read = Header::read(&bytes).unwrap();
                assert_eq!((read.mask, read.payload, read.len, read.long_winded), (mask, payload, bytes.len(), false));
                assert!(read.len <= LONGEST);
                assert!((0..bytes.len()).all(|cut| Header::read(&bytes[..cut]).is_none()));
            }
        }
        assert!(Header::read(&[0x81, 126, 0, 125]).unwrap().long_winded);
    }

    #[test]
    fn masking_twice_is_nothing() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let once: Vec<u8> = masked(b"Hello", key).collect();
        assert_eq!(once, b"\x7f\x9f\x4d\x51\x58");
        assert!(masked(&once, key).eq(*b"Hello"));
    }
}
