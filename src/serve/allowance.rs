//! How much one may say: a burst at first, then so much each second.

use std::time::Duration;

/// So many refused words a good one makes up for: a flood has a good one now and then, too, as time gives it more.
const MADE_UP: u32 = 10;

/// A bucket of words that fills again with time. It has no clock: the time is handed in.
#[derive(Clone, Debug)]
pub struct Allowance {
    burst: f64,
    rate: f64,
    left: f64,
    since: Duration,
    refused: u32,
    missed: u32,
}

impl Allowance {
    /// A full one: `burst` words at once, then `rate` of them each second.
    pub fn new(burst: f64, rate: f64, now: Duration) -> Self {
        Self { burst, rate, left: burst, since: now, refused: 0, missed: 0 }
    }

    /// Takes as many words, if there are as many.
    pub fn takes(&mut self, words: f64, now: Duration) -> bool {
        let passed = now.saturating_sub(self.since).as_secs_f64();
        self.since = now;
        self.left = (self.left + passed * self.rate).min(self.burst);
        if self.left < words {
            self.refused += 1;
            return false;
        }
        self.left -= words;
        true
    }

    /// So many words were refused before they were heard, because others waited. No good one makes up for them.
    pub fn missed(&mut self, words: u32) {
        self.missed = self.missed.saturating_add(words);
    }

    /// A word was answered: with an error, or not.
    pub fn answered(&mut self, error: bool) {
        self.refused = if error { self.refused.saturating_add(1) } else { self.refused.saturating_sub(MADE_UP) };
    }

    /// Words refused that no good one made up for, and those that were never heard.
    pub fn refused(&self) -> u32 {
        self.refused.saturating_add(self.missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_then_time_gives_more() {
        let mut words = Allowance::new(3.0, 2.0, Duration::ZERO);
        assert_eq!((0..5).filter(|_| words.takes(1.0, Duration::ZERO)).count(), 3);
        assert_eq!(words.refused(), 2);
        assert_eq!((0..5).filter(|_| words.takes(1.0, Duration::from_secs(1))).count(), 2);
        words.answered(false);
        assert_eq!(words.refused(), 0);
        assert_eq!((0..50).filter(|_| words.takes(1.0, Duration::from_secs(1))).count(), 0);
        words.answered(false);
        assert_eq!(words.refused(), 40, "a good word makes up for ten");
        (0..9).for_each(|_| words.answered(false));
        words.missed(7);
        words.answered(false);
        assert_eq!(words.refused(), 7, "a good word makes up for none that was not heard");
        assert!(words.takes(3.0, Duration::from_mins(1)) && !words.takes(1.0, Duration::from_mins(1)), "never more");
    }
}
