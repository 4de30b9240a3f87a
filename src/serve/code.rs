//! The code of the room: who does not know it stays outside.
//!
//! It keeps strangers of the network out, not those who can read it: nothing here is encrypted. Guesses are slowed
//! down, right ones and wrong ones alike, once many were wrong; nobody is locked out, since a whole classroom may come
//! from one address.

use std::fmt;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use socketioxide::socket::Sid;
use tokio::time::sleep;

/// Letters of a code that is made up, none of which looks like another: 32, for five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many of them.
const MADE: usize = 8;
/// So many guesses may be wrong at once, and one more in so long.
const WRONG: f64 = 20.0;
const PARDON: Duration = Duration::from_secs(2);
/// How long an answer takes when too many were.
const SLOW: Duration = Duration::from_secs(3);

/// A code, or several that lead to different places, and what was guessed of late.
pub struct Code {
    /// Each with the number of the place that it leads to.
    texts: RwLock<Vec<(String, usize)>>,
    guesses: Mutex<(f64, Instant)>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

/// A new code, hard to guess and easy to say.
pub fn make_up() -> String {
    // An id of Engine.IO is random, six bits a letter; five are taken.
    let letter = |c: u8| char::from(LETTERS.get(usize::from(c & 31)).copied().unwrap_or(b'a'));
    Sid::new().to_string().bytes().map(scatter).take(MADE).map(letter).collect()
}

/// The place of a letter among the 64 of which ids are made.
fn scatter(c: u8) -> u8 {
    match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'-' => 62,
        _ => 63,
    }
}

impl Code {
    /// This code.
    pub fn new(text: String) -> Self {
        Self::of(vec![(text, 0)])
    }

    /// These codes, and where each leads.
    pub fn of(texts: Vec<(String, usize)>) -> Self {
        Self { texts: RwLock::new(texts), guesses: Mutex::new((WRONG, Instant::now())) }
    }

    /// From now on it's these.
    pub fn set(&self, texts: Vec<(String, usize)>) {
        *self.texts.write().unwrap_or_else(PoisonError::into_inner) = texts;
    }

    /// Whether this is it. The answer may take its time.
    pub async fn admits(&self, guess: &str) -> bool {
        self.which(guess).await.is_some()
    }

    /// Where this one leads. The answer may take its time.
    pub async fn which(&self, guess: &str) -> Option<usize> {
        let place = |found: Option<usize>, (text, to): &(String, usize)| {
            if same(guess.as_bytes(), text.as_bytes()) { Some(*to) } else { found }
        };
        let found = self.texts.read().unwrap_or_else(PoisonError::into_inner).iter().fold(None, place);
        if self.count(found.is_some(), Instant::now()) {
            sleep(SLOW).await;
        }
        found
    }

    /// Takes a guess down; whether the answer is to be slow.
    fn count(&self, right: bool, now: Instant) -> bool {
        let mut guesses = self.guesses.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = *guesses;
        let pardoned = now.saturating_duration_since(since).as_secs_f64() / PARDON.as_secs_f64();
        let left = (left + pardoned).min(WRONG);
        let slow = left < 1.0;
        *guesses = (if right || slow { left } else { left - 1.0 }, now);
        slow
    }
}

/// A new secret of 192 random bits, which a link may carry.
pub fn secret() -> String {
    format!("{}{}", Sid::new(), Sid::new())
}

/// Compares in a time that tells nothing of where they differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let differ = a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b));
    std::hint::black_box(differ) == 0 && a.len() == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_itself_is_right() {
        for (guess, right) in
            [("tulip-7", true), ("tulip-8", false), ("tulip-", false), ("tulip-77", false), ("", false)]
        {
            assert_eq!(same(guess.as_bytes(), b"tulip-7"), right, "{guess}");
        }
    }

    #[test]
    fn codes_that_are_made_up_differ() {
        let codes: std::collections::HashSet<String> = (0..100).map(|_| make_up()).collect();
        assert!(codes.len() == 100 && codes.iter().all(|code| code.len() == MADE && code.is_ascii()));
    }

    #[test]
    fn many_wrong_guesses_slow_all_down_and_time_heals() {
        let (code, now) = (Code::new("tulip".into()), Instant::now());
        assert!((0..20).all(|_| !code.count(false, now)));
        assert!(code.count(false, now) && code.count(true, now));
        assert!(!code.count(true, now + Duration::from_secs(3)));
    }
}
