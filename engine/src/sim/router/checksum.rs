//! The Internet checksum, brought up to date when a word under it changes — RFC 1624.
//!
//! A device that changes a header does not sum up the payload anew: then damage that was there would pass
//! as right.

/// The checksum after one of the words that it covers has changed.
pub(super) fn update(checksum: u16, old: u16, new: u16) -> u16 {
    // Equation 3: HC' = ~(~HC + ~m + m').
    let sum = u32::from(!checksum) + u32::from(!old) + u32::from(new);
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded).unwrap_or(u16::MAX)
}

/// The same for two words, such as an IPv4 address.
pub(super) fn update_long(checksum: u16, old: u32, new: u32) -> u16 {
    let halves = |long: u32| {
        let [a, b, c, d] = long.to_be_bytes();
        [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
    };
    halves(old).into_iter().zip(halves(new)).fold(checksum, |sum, (old, new)| update(sum, old, new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The checksum by its definition (RFC 1071).
    fn whole(words: &[u16]) -> u16 {
        let sum = words.iter().fold(0_u32, |sum, &word| {
            let sum = sum + u32::from(word);
            (sum & 0xffff) + (sum >> 16)
        });
        !u16::try_from(sum).unwrap()
    }

    proptest! {
        #[test]
        fn an_update_gives_what_summing_up_anew_gives(
            mut words in prop::collection::vec(any::<u16>(), 1..40),
            at in any::<prop::sample::Index>(),
            new in any::<u16>(),
        ) {
            // A header is never all zero: there the two zeros of one's complement would differ.
            words.push(0x4500);
            let before = whole(&words);
            let at = at.index(words.len() - 1);
            let old = std::mem::replace(&mut words[at], new);
            prop_assert_eq!(update(before, old, new), whole(&words));
        }

        #[test]
        fn two_words_change_like_one_after_the_other(checksum: u16, old: u32, new: u32) {
            let half = |long: u32, shift: u32| u16::try_from(long >> shift & 0xffff).unwrap();
            let one = update(checksum, half(old, 16), half(new, 16));
            prop_assert_eq!(update_long(checksum, old, new), update(one, half(old, 0), half(new, 0)));
        }
    }
}
