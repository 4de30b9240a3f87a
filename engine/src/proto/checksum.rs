//! The Internet checksum — RFC 1071: the ones' complement sum of 16-bit words, complemented.
//!
//! A receiver that sums over the data, its checksum included, gets `0xffff` when nothing changed.

use super::Cursor;

/// Names of [`Status`], with Wireshark's numbers.
pub(super) const STATUS: &[(u64, &str)] =
    &[(0, "Bad"), (1, "Good"), (2, "Unverified"), (3, "Not present"), (4, "Illegal")];

/// What a recomputation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does not match.
    Bad = 0,
    /// It matches.
    Good = 1,
    /// It could not be computed: bytes are missing, or the kernel had not filled it in yet.
    Unverified = 2,
    /// The sender did not compute one.
    NotPresent = 3,
    /// The sender did not compute one, although it must (RFC 8200 §8.1).
    Illegal = 4,
}

/// The ones' complement sum over `bytes`, added to `sum`; not yet folded.
pub fn add(sum: u64, bytes: &[u8]) -> u64 {
    // Summed in this machine's order: only the bytes of the result change places. And by wider words: 2¹⁶ - 1 divides
    // 2³² - 1 and 2⁶⁴ - 1 (RFC 1071 §2).
    let (lines, rest) = bytes.as_chunks::<32>();
    // Four sums, of which none waits for another.
    let mut sums = [0_u128; 4];
    for line in lines {
        for (sum, &word) in sums.iter_mut().zip(line.as_chunks().0) {
            *sum += u128::from(u64::from_ne_bytes(word));
        }
    }
    let (words, rest) = rest.as_chunks::<8>();
    // What is left of a word is filled up with zeros.
    let last = rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)).to_le_bytes();
    let words = words.iter().chain([&last]).map(|&word| u128::from(u64::from_ne_bytes(word)));
    let wide = sums.into_iter().chain(words).sum::<u128>();
    let halves = [wide & u128::from(u64::MAX), wide >> 64].map(|half| u64::try_from(half).unwrap_or_default());
    let [low, high] = halves.map(|half| (half >> 32) + (half & u64::from(u32::MAX)));
    sum + u64::from(u16::from_be(fold(low + high)))
}

/// Folds a sum of words into 16 bits.
pub fn fold(mut sum: u64) -> u16 {
    loop {
        match u16::try_from(sum) {
            Ok(folded) => return folded,
            Err(_) => sum = (sum >> 16) + (sum & 0xffff),
        }
    }
}

/// Verifies data that holds its own checksum.
pub fn verify(bytes: &[u8]) -> Status {
    if fold(add(0, bytes)) == 0xffff { Status::Good } else { Status::Bad }
}

/// Verifies everything in this layer, without a pseudo-header (ICMP, RFC 792).
pub fn plain(c: &Cursor<'_>) -> Status {
    if c.is_cut() || c.context.quoted {
        return Status::Unverified;
    }
    verify(c.rest(0))
}

/// Verifies a transport layer with the pseudo-header of its IP addresses (RFC 9293 §3.1, RFC 8200 §8.1).
pub fn transport(c: &Cursor<'_>, proto: u8) -> Status {
    if c.is_cut() || c.checksum_pending() {
        return Status::Unverified;
    }
    let bytes = c.rest(0);
    let ends = &c.context.ends;
    // Mapping an IPv4 address adds 0xffff, which is zero in ones' complement arithmetic.
    let sum = add(0, &ends.src.0.to_be_bytes()) + add(0, &ends.dst.0.to_be_bytes());
    let sum = add(sum + bytes.len() as u64 + u64::from(proto), bytes);
    if fold(sum) == 0xffff { Status::Good } else { Status::Bad }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_sums_as_printed() {
        let sum = fold(add(0, &[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]));
        assert_eq!(sum, 0xddf2);
    }

    #[test]
    fn long_data_sums_like_its_words_one_by_one() {
        for len in [31, 32, 33, 64, 1448, 65_535] {
            for byte in [0x01, 0x7f, 0xff] {
                let bytes: Vec<u8> = (0..len).map(|n: usize| byte ^ (n.to_le_bytes()[0] & 0x70)).collect();
                let words = bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0)));
                assert_eq!(fold(add(0, &bytes)), fold(words.sum()), "{len} bytes like {byte}");
            }
        }
    }

    #[test]
    fn an_odd_last_byte_counts_as_the_high_half_of_a_word() {
        assert_eq!(fold(add(0, &[0x12])), 0x1200);
        assert_eq!(fold(add(0, &[0, 0, 0, 0, 0x12, 0x34, 0x56])), 0x1234 + 0x5600);
    }
}
