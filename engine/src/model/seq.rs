//! TCP's sequence numbers.

use std::ops::{Add, Sub};

/// A sequence number of TCP, 32 bits that begin anew at 0 behind the last one (RFC 9293 §3.4). So the difference of two
/// numbers is always right, and which of them comes first is a question of the shorter way round: hence no `Ord`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// Whether it comes after another number.
    pub fn is_after(self, other: Self) -> bool {
        (self - other).cast_signed() > 0
    }

    /// The number counted on beyond 32 bits: of those that look like it, the one nearest to `near`.
    pub fn counted_on(self, near: u64) -> u64 {
        const ROUND: u64 = 1 << 32;
        let same_round = near - near % ROUND + u64::from(self.0);
        if same_round > near + ROUND / 2 && same_round >= ROUND {
            same_round - ROUND
        } else if same_round + ROUND / 2 < near {
            same_round + ROUND
        } else {
            same_round
        }
    }
}

impl Add<u32> for Seq {
    type Output = Self;

    fn add(self, bytes: u32) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

impl Sub<u32> for Seq {
    type Output = Self;

    fn sub(self, bytes: u32) -> Self {
        Self(self.0.wrapping_sub(bytes))
    }
}

/// How many numbers lie between an earlier one and this.
impl Sub for Seq {
    type Output = u32;

    fn sub(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_round() {
        assert_eq!(Seq(u32::MAX) + 1, Seq(0));
        assert_eq!(Seq(0) - 1, Seq(u32::MAX));
        assert_eq!(Seq(4) - Seq(u32::MAX - 5), 10);
    }

    #[test]
    fn numbers_go_on_when_32_bits_are_used_up() {
        let round = 1u64 << 32;
        assert_eq!(Seq(5).counted_on(0), 5);
        assert_eq!(Seq(4).counted_on(round - 10), round + 4);
        assert_eq!(Seq(u32::MAX - 9).counted_on(round + 4), round - 10, "an old one");
        assert_eq!(Seq(8).counted_on(5 * round + 7), 5 * round + 8);
    }

    #[test]
    fn the_shorter_way_round_says_which_comes_after() {
        for start in [0, 1, 1 << 31, u32::MAX - 3, u32::MAX] {
            let start = Seq(start);
            assert!(!start.is_after(start));
            for ahead in [1, 10, (1 << 31) - 1] {
                assert!((start + ahead).is_after(start) && !start.is_after(start + ahead), "{start:?} {ahead}");
            }
        }
    }
}
