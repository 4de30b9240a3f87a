//! The room code, which may change from time to time: who is in stays in, and the one before is good for a while.

use crate::ask::session::Millis;

/// How long the code before is good.
const GRACE: Millis = 60_000;
const MINUTE: Millis = 60_000;
/// Codes of a class that are remembered for its members.
const REMEMBERED: usize = 1_000;

/// The codes of one class, without a clock.
#[derive(Clone, Debug)]
pub struct Codes {
    /// Each code that it ever had; the last one is the newest.
    all: Vec<String>,
    /// How often there is a new one.
    every: Option<Millis>,
    /// When it came.
    came: Millis,
    /// The one before is still good.
    both: bool,
}

impl Codes {
    /// This code from now on; `minutes` later a new one, if it is to change.
    pub fn new(code: Option<String>, minutes: Option<u16>, now: Millis) -> Self {
        let every = minutes.map(|minutes| Millis::from(minutes.max(1)) * MINUTE);
        Self { all: code.into_iter().collect(), every, came: now, both: false }
    }

    /// The newest one, if there is any.
    pub fn newest(&self) -> Option<&str> {
        self.all.last().map(String::as_str)
    }

    /// Those that let somebody in: the newest, and for a while the one before.
    pub fn good(&self) -> &[String] {
        let good = if self.both { 2 } else { 1 };
        self.all.get(self.all.len().saturating_sub(good)..).unwrap_or_default()
    }

    /// Whether this is, or was, a code of this class: a member's phone may remember an old one.
    pub fn knows(&self, code: &str) -> bool {
        self.all.iter().any(|known| known == code)
    }

    /// What the time changes: [`good`](Self::good) has others now, and whether one of them is new.
    pub fn turn(&mut self, now: Millis, fresh: impl FnOnce() -> String) -> Option<bool> {
        let passed = now.saturating_sub(self.came);
        if self.every.is_some_and(|every| passed >= every) && !self.all.is_empty() {
            if self.all.len() >= REMEMBERED {
                self.all.remove(0);
            }
            self.all.push(fresh());
            (self.came, self.both) = (now, true);
            return Some(true);
        }
        (self.both && passed >= GRACE).then(|| {
            self.both = false;
            false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> Codes {
        Codes::new(Some("first".into()), Some(5), 1_000)
    }

    #[test]
    fn a_code_changes_in_its_time_and_the_one_before_is_good_for_a_minute() {
        let mut codes = codes();
        let fresh = || "second".to_owned();
        assert_eq!((codes.turn(1_000 + 5 * MINUTE - 1, fresh), codes.good()), (None, &["first".to_owned()][..]));
        assert_eq!(codes.turn(1_000 + 5 * MINUTE, fresh), Some(true));
        assert_eq!((codes.newest(), codes.good().len()), (Some("second"), 2));
        assert_eq!(codes.turn(1_000 + 6 * MINUTE - 1, fresh), None);
        assert_eq!((codes.turn(1_000 + 6 * MINUTE, fresh), codes.good()), (Some(false), &["second".to_owned()][..]));
        assert!(codes.knows("first") && codes.knows("second") && !codes.knows("third"));
    }

    #[test]
    fn a_code_that_changes_each_minute_has_always_one_before() {
        let mut codes = Codes::new(Some("0".into()), Some(1), 0);
        for n in 1..=2 * REMEMBERED {
            assert_eq!(codes.turn(n as Millis * MINUTE, || n.to_string()), Some(true));
            assert_eq!(codes.good(), [(n - 1).to_string(), n.to_string()]);
        }
        assert_eq!(codes.all.len(), REMEMBERED);
    }

    #[test]
    fn what_is_not_to_change_and_a_class_without_a_code_stay_as_they_are() {
        let mut stays = Codes::new(Some("tulip".into()), None, 0);
        let mut open = Codes::new(None, Some(1), 0);
        let far = 1_000 * MINUTE;
        assert_eq!((stays.turn(far, String::new), open.turn(far, String::new)), (None, None));
        assert_eq!((stays.newest(), open.newest(), open.good().len()), (Some("tulip"), None, 0));
    }
}
