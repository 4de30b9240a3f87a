//! The keys of Initial packets — RFC 9001 §5. They come from the connection id that the client's first packet shows to
//! everybody: Initial packets are protected against accidents and blind attackers, and secret from nobody.
//!
//! ```text
//! client's first DCID + the version's salt ─HKDF→ one secret for each side ─HKDF→ key, iv, header key
//! ```

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::{BlockEncrypt, KeyInit};
use aes_gcm::{AeadInPlace, Aes128Gcm};
use hkdf::Hkdf;
use sha2::Sha256;

/// QUIC version 2 (RFC 9369).
pub(super) const V2: u32 = 0x6b33_43cf;
/// The bytes that an encrypted payload ends with: nobody changed it.
pub(super) const TAG: usize = 16;

/// What one side protects its Initial packets with.
#[derive(Clone)]
pub(super) struct Keys {
    payload: Aes128Gcm,
    header: Aes128,
    iv: [u8; 12],
}

/// The draft that a version was made from, as far as its keys and headers go (34: version 1, 100: version 2); 0 for
/// what is no QUIC of the IETF's shape.
pub(super) const fn draft(version: u32) -> u8 {
    match version {
        0xff00_0000..=0xff00_00ff => version.to_be_bytes()[3],
        0xface_b001 => 22,
        // Facebook's, and Google's Q050, T050, T051, have the shape of draft 27.
        0xface_b002 | 0xface_b00e | 0x5130_3530 | 0x5430_3530 | 0x5430_3531 => 27,
        1 => 34,
        V2 => 100,
        // Kept for asking a server which versions it has (RFC 9000 §15).
        _ if version & 0x0f0f_0f0f == 0x0a0a_0a0a => 29,
        _ => 0,
    }
}

/// RFC 9001 §5.2: each version has its own, so that a middlebox that knows one cannot meddle with the next.
const fn salt(version: u32) -> [u8; 20] {
    match (version, draft(version)) {
        (0x5130_3530, _) => *b"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45",
        (0x5430_3530, _) => *b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10",
        (0x5430_3531, _) => *b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d",
        (_, 0..=22) => *b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a",
        (_, 23..=28) => *b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
        (_, 29..=32) => *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
        (_, 33..=34) => *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
        _ => *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// The client's keys and the server's.
    pub(super) fn initial(version: u32, dcid: &[u8]) -> Option<[Self; 2]> {
        let (_, secret) = Hkdf::<Sha256>::extract(Some(&salt(version)), dcid);
        let labels: [&[u8]; 3] = if version == V2 {
            [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"]
        } else {
            [b"quic key", b"quic iv", b"quic hp"]
        };
        let side = |label: &[u8]| {
            let mut own = [0; 32];
            expand(&secret, label, &mut own)?;
            Self::of(&Hkdf::from_prk(&own).ok()?, labels)
        };
        Some([side(b"client in")?, side(b"server in")?])
    }

    fn of(secret: &Hkdf<Sha256>, [key, iv, hp]: [&[u8]; 3]) -> Option<Self> {
        let (mut payload, mut header, mut nonce) = ([0; 16], [0; 16], [0; 12]);
        expand(secret, key, &mut payload)?;
        expand(secret, iv, &mut nonce)?;
        expand(secret, hp, &mut header)?;
        Some(Self {
            payload: Aes128Gcm::new(&GenericArray::from(payload)),
            header: Aes128::new(&GenericArray::from(header)),
            iv: nonce,
        })
    }

    /// What to combine the first byte and the packet number with (RFC 9001 §5.4.1); `sample` begins four bytes after
    /// the packet number does.
    pub(super) fn mask(&self, sample: [u8; 16]) -> [u8; 5] {
        let mut block = GenericArray::from(sample);
        self.header.encrypt_block(&mut block);
        let block: [u8; 16] = block.into();
        block.first_chunk().copied().unwrap_or_default()
    }

    /// Decrypts a payload in place and cuts its tag off; `false` when somebody changed it or the keys are others.
    pub(super) fn open(&self, number: u64, header: &[u8], payload: &mut Vec<u8>) -> bool {
        let mut nonce = self.iv;
        for (n, b) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *n ^= b;
        }
        let Some(len) = payload.len().checked_sub(TAG) else { return false };
        let (text, tag) = payload.split_at_mut(len);
        let Ok(tag) = <[u8; TAG]>::try_from(&*tag) else { return false };
        let nonce = GenericArray::<u8, U12>::from(nonce);
        if self.payload.decrypt_in_place_detached(&nonce, header, text, &tag.into()).is_err() {
            return false;
        }
        payload.truncate(len);
        true
    }
}

#[cfg(test)]
impl Keys {
    /// What a client would send.
    pub(super) fn seal(&self, number: u64, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv;
        for (n, b) in nonce.iter_mut().rev().zip(number.to_le_bytes()) {
            *n ^= b;
        }
        let mut out = payload.to_vec();
        let tag = self.payload.encrypt_in_place_detached(&nonce.into(), header, &mut out).unwrap();
        out.extend_from_slice(&tag);
        out
    }
}

/// HKDF-Expand-Label (RFC 8446 §7.1) with an empty context.
fn expand(secret: &Hkdf<Sha256>, label: &[u8], out: &mut [u8]) -> Option<()> {
    let len = u16::try_from(out.len()).ok()?.to_be_bytes();
    let named = u8::try_from(6 + label.len()).ok()?;
    secret.expand_multi_info(&[&len, &[named], b"tls13 ", label, &[0]], out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9001 §A.1 and §A.2 print what must come out.
    #[test]
    fn the_rfcs_example_gives_the_rfcs_keys() {
        let [client, server] = Keys::initial(1, &[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08]).unwrap();
        assert_eq!(client.iv, *b"\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c");
        assert_eq!(server.iv, *b"\x0a\xc1\x49\x3c\xa1\x90\x58\x53\xb0\xbb\xa0\x3e");
        let sample = *b"\xd1\xb1\xc9\x8d\xd7\x68\x9f\xb8\xec\x11\xd2\x42\xb1\x23\xdc\x9b";
        assert_eq!(client.mask(sample), *b"\x43\x7b\x9a\xec\x36");
    }

    #[test]
    fn a_changed_payload_is_not_opened() {
        let [client, _] = Keys::initial(1, b"abcdefgh").unwrap();
        assert!(!client.open(0, b"header", &mut vec![0; 40]));
        assert!(!client.open(0, b"header", &mut vec![0; 3]));
    }

    #[test]
    fn versions_that_are_not_quic_have_no_draft() {
        assert_eq!(draft(1), 34);
        assert_eq!(draft(0xff00_001d), 29);
        assert_eq!(draft(0x1a2a_3a4a), 29);
        assert_eq!([draft(0), draft(0x5130_3433), draft(0xdead_beef)], [0, 0, 0]);
    }
}
