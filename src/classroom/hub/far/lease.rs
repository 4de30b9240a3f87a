//! Until when the claim to a class certainly holds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long Redis keeps a claim.
pub(super) const HOLDS: Duration = Duration::from_secs(4);
/// How long an owner counts on it: it gives up before Redis does.
const COUNTS: Duration = Duration::from_millis(3_500);

/// Until when.
#[derive(Debug)]
pub(super) struct Lease(Mutex<Instant>);

impl Lease {
    /// It was asked for at this moment.
    pub(super) fn new(asked: Instant) -> Self {
        Self(Mutex::new(asked + COUNTS))
    }

    /// It was asked for again.
    pub(super) fn renewed(&self, asked: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asked + COUNTS;
    }

    /// Whether it holds now.
    pub(super) fn holds(&self) -> bool {
        Instant::now() < *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_before_the_key_does() {
        let now = Instant::now();
        let lease = Lease::new(now);
        assert!(lease.holds());
        lease.renewed(now.checked_sub(COUNTS).expect("this machine has run for some seconds"));
        assert!(!lease.holds() && COUNTS < HOLDS);
    }
}
