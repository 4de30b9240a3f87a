//! Numbers of earlier frames, in half the room.

/// The number of an earlier frame: its last 32 bits. Which frame that is, the present one tells, unless four thousand
/// million came since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Past(u32);

impl Past {
    /// No frame.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(frame: u64) -> Self {
        Self(u32::try_from(frame & u64::from(u32::MAX)).unwrap_or(0))
    }

    /// The frame's number, at a later frame; 0 for none.
    pub(super) fn frame(self, now: u64) -> u64 {
        if self == Self::NONE { 0 } else { now.saturating_sub(u64::from(Self::of(now).0.wrapping_sub(self.0))) }
    }

    /// Whether it comes after another one; any does after none.
    pub(super) fn is_after(self, other: Self) -> bool {
        self != other && (other == Self::NONE || self.0.wrapping_sub(other.0).cast_signed() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_told_from_the_present_one_across_the_wrap() {
        let round = 1 << 32;
        for (frame, now) in [(1, 1), (1, 7), (round - 1, round + 5), (round + 3, 2 * round + 2), (0, 9)] {
            assert_eq!(Past::of(frame).frame(now), frame, "at {now}");
        }
        assert!(Past::of(round + 2).is_after(Past::of(round - 2)));
        assert!(!Past::of(5).is_after(Past::of(5)) && Past::of(1).is_after(Past::NONE));
    }
}
