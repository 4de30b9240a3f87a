//! What will happen when: entries by their moment; of two at one moment, the one entered first comes first.
//!
//! Frames on a cable arrive in the order in which they left, so most entries come behind one that was entered before.
//! They wait in rows, and the first of all is the first of a row. What fits into no row waits in a heap.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

/// How many rows there are: frames leave and arrive, at ends that take longer or less long.
const ROWS: usize = 4;

/// When the first entry of an empty row is due.
const NEVER: u128 = u128::MAX;

/// Entries that wait for their moment. It has no clock.
#[derive(Debug)]
pub struct Agenda<E> {
    rows: [Row<E>; ROWS],
    rest: BinaryHeap<Reverse<Due<E>>>,
    /// [`Due::when`] of the first of all.
    first: u128,
    entered: u64,
    length: usize,
}

/// Entries of which each is due after the one before it.
#[derive(Debug)]
struct Row<E> {
    entries: VecDeque<Due<E>>,
    /// [`Due::when`] of its first entry.
    first: u128,
    /// The moment of the last entry that it took in.
    last: u64,
}

/// An entry, and when its moment comes.
#[derive(Debug)]
struct Due<E> {
    /// The moment, in nanoseconds.
    at: u64,
    /// The order of entering.
    entered: u64,
    what: E,
}

impl<E> Due<E> {
    /// The moment above the order of entering: this is compared often, and is one number.
    fn when(&self) -> u128 {
        u128::from(self.at) << 64 | u128::from(self.entered)
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.when().cmp(&other.when())
    }
}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.when() == other.when()
    }
}

impl<E> Eq for Due<E> {}

impl<E> Agenda<E> {
    /// One on which nothing stands.
    pub fn new() -> Self {
        let rows = std::array::from_fn(|_| Row { entries: VecDeque::new(), first: NEVER, last: 0 });
        Self { rows, rest: BinaryHeap::new(), first: NEVER, entered: 0, length: 0 }
    }

    /// Enters what will happen at a moment.
    #[inline]
    pub fn enter(&mut self, at: Duration, what: E) {
        self.entered += 1;
        self.length += 1;
        let due = Due { at: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), entered: self.entered, what };
        self.first = self.first.min(due.when());
        // The row that ends latest: the others take what comes sooner.
        match self.rows.iter_mut().filter(|row| row.last <= due.at).max_by_key(|row| row.last) {
            Some(row) => {
                row.first = row.first.min(due.when());
                row.last = due.at;
                row.entries.push_back(due);
            }
            None => self.rest.push(Reverse(due)),
        }
    }

    /// Takes what comes first, with its moment.
    pub fn take(&mut self) -> Option<(Duration, E)> {
        let due = match self.rows.iter_mut().find(|row| row.first == self.first) {
            Some(row) => {
                let due = row.entries.pop_front();
                row.first = row.entries.front().map_or(NEVER, Due::when);
                due
            }
            None => self.rest.pop().map(|Reverse(due)| due),
        }?;
        self.length -= 1;
        let rest = self.rest.peek().map_or(NEVER, |Reverse(due)| due.when());
        self.first = self.rows.iter().fold(rest, |first, row| first.min(row.first));
        Some((Duration::from_nanos(due.at), due.what))
    }

    /// When that will be.
    pub fn next(&self) -> Option<Duration> {
        u64::try_from(self.first >> 64).ok().filter(|_| self.first != NEVER).map(Duration::from_nanos)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_first_is_taken_first_and_of_two_at_once_the_one_entered_first() {
        let mut agenda = Agenda::new();
        for (at, what) in [(30, 'd'), (10, 'a'), (20, 'b'), (20, 'c')] {
            agenda.enter(Duration::from_micros(at), what);
        }
        assert_eq!(agenda.next(), Some(Duration::from_micros(10)));
        let taken: String = std::iter::from_fn(|| agenda.take()).map(|(_, what)| what).collect();
        assert_eq!(taken, "abcd");
    }

    proptest! {
        #[test]
        fn it_gives_what_a_search_for_the_soonest_gives(
            steps in prop::collection::vec((0_u64..40, any::<bool>()), 0..200),
        ) {
            let (mut agenda, mut all) = (Agenda::new(), Vec::new());
            for (entered, (at, takes)) in steps.into_iter().enumerate() {
                agenda.enter(Duration::from_nanos(at), entered);
                all.push((Duration::from_nanos(at), entered));
                if takes {
                    let soonest = all.iter().copied().min().unwrap();
                    all.retain(|entry| *entry != soonest);
                    prop_assert_eq!(agenda.next(), Some(soonest.0));
                    prop_assert_eq!(agenda.take(), Some(soonest));
                }
                prop_assert_eq!(agenda.len(), all.len());
            }
            all.sort_unstable();
            prop_assert_eq!(std::iter::from_fn(|| agenda.take()).collect::<Vec<_>>(), all);
            prop_assert_eq!(agenda.next(), None);
        }
    }
}
