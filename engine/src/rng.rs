//! The dice: one seed, always the same throws.
//!
//! This is splitmix64 (Steele, Lea and Flood, 2014). It is no cryptography. A simulated network wants
//! repeatable bytes; a real program seeds it from the system before it sends anything.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream that nobody can foresee. The standard library seeds its hash tables from the system; that serves for
    /// masking keys and session ids too.
    pub fn from_system() -> Self {
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// A stream of its own for someone else, so that neither disturbs the other.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.roll())
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to just below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or(0)
    }

    /// Puts these into a random order, each as likely as any other (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).unwrap_or(0);
            items.swap(last, other);
        }
    }

    /// As many random bytes as wanted.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills these bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let throw = self.roll().to_be_bytes();
            chunk.copy_from_slice(&throw[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_zero_throws_what_the_reference_throws() {
        let mut rng = Rng::seeded(0);
        assert_eq!(rng.roll(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(rng.roll(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn the_same_seed_throws_the_same() {
        let throws = |seed| Rng::seeded(seed).bytes::<20>();
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        assert_eq!(Rng::seeded(1).below(0), 0);
    }
}
