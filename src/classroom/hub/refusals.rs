//! What was refused, and why: since the terminal heard of it, and ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Kinds of refusals that are counted.
const REASONS: usize = 32;

/// How often each reason was given.
pub(super) type Counts = BTreeMap<String, u32>;

/// All that was refused in one place.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Both>);

#[derive(Debug, Default)]
struct Both {
    new: Counts,
    all: Counts,
}

impl Refusals {
    /// Something was refused, so often.
    pub(super) fn note(&self, why: &str, times: u32) {
        let mut both = self.both();
        let known = both.all.len() < REASONS || both.all.contains_key(why);
        let why = if known { why } else { "other reasons" };
        let Both { new, all } = &mut *both;
        for counts in [new, all] {
            let count = counts.entry(why.to_owned()).or_default();
            *count = count.saturating_add(times);
        }
    }

    /// All of it, and what was refused elsewhere.
    pub(super) fn with(&self, others: &Self) -> Counts {
        let mut all = self.both().all.clone();
        for (why, count) in &others.both().all {
            *all.entry(why.clone()).or_default() += count;
        }
        all
    }

    /// What the terminal has not heard yet.
    pub(super) fn news(&self) -> Vec<String> {
        let new = std::mem::take(&mut self.both().new);
        new.into_iter().map(|(why, count)| format!("Refused {count}: {why}.")).collect()
    }

    fn both(&self) -> MutexGuard<'_, Both> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_told_once_and_kept_and_reasons_are_bounded() {
        let (class, all) = (Refusals::default(), Refusals::default());
        class.note("too fast", 2);
        all.note("wrong code", 1);
        assert_eq!((class.news(), class.news()), (vec!["Refused 2: too fast.".to_owned()], Vec::new()));
        assert_eq!(
            class.with(&all).into_iter().collect::<Vec<_>>(),
            [("too fast".into(), 2), ("wrong code".into(), 1)]
        );
        (0..99).for_each(|n| class.note(&format!("reason {n}"), 1));
        assert_eq!((class.with(&all).len(), class.with(&all)["other reasons"]), (REASONS + 2, 68));
    }
}
