//! What will happen when: entries by their moment; of two at one moment, the one entered first comes first.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

/// Entries that wait for their moment. It has no clock.
#[derive(Debug)]
pub struct Agenda<E> {
    /// A heap moves what it holds, and frames are large: they stay in `entries`.
    moments: BinaryHeap<Reverse<Due>>,
    entries: Vec<Option<E>>,
    /// Places that are empty.
    free: Vec<usize>,
    entered: u64,
}

/// Where an entry is, and when its moment comes.
#[derive(Clone, Copy, Debug)]
struct Due {
    /// The nanoseconds of the moment above the order of entering: a heap compares often, and this is one number.
    when: u128,
    place: usize,
}

impl Due {
    fn moment(self) -> Duration {
        Duration::from_nanos_u128(self.when >> 64)
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.when.cmp(&other.when)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.when == other.when
    }
}

impl Eq for Due {}

impl<E> Agenda<E> {
    /// One on which nothing stands.
    pub fn new() -> Self {
        Self { moments: BinaryHeap::new(), entries: Vec::new(), free: Vec::new(), entered: 0 }
    }

    /// Enters what will happen at a moment.
    pub fn enter(&mut self, at: Duration, what: E) {
        self.entered += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        if let Some(entry) = self.entries.get_mut(place) {
            *entry = Some(what);
        }
        let when = at.as_nanos() << 64 | u128::from(self.entered);
        self.moments.push(Reverse(Due { when, place }));
    }

    /// Takes what comes first, with its moment.
    pub fn take(&mut self) -> Option<(Duration, E)> {
        let Reverse(due) = self.moments.pop()?;
        self.free.push(due.place);
        Some((due.moment(), self.entries.get_mut(due.place)?.take()?))
    }

    /// When that will be.
    pub fn next(&self) -> Option<Duration> {
        self.moments.peek().map(|Reverse(due)| due.moment())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
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
}
