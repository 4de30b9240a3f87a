//! What will happen when: entries by their moment; of two at one moment, the one entered first comes first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Entries that wait for their moment. It has no clock.
#[derive(Debug)]
pub struct Agenda<E> {
    /// When, and the place in `entries`: a heap moves what it holds, and frames are large.
    moments: BinaryHeap<Reverse<(When, usize)>>,
    entries: Vec<Option<E>>,
    /// Places that are empty.
    free: Vec<usize>,
    entered: u64,
}

/// The nanoseconds of a moment above the order of entering: a heap compares often, and numbers are compared in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct When(u128);

impl When {
    fn new(at: Duration, order: u64) -> Self {
        Self(at.as_nanos() << 64 | u128::from(order))
    }

    fn moment(self) -> Duration {
        Duration::from_nanos_u128(self.0 >> 64)
    }
}

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
        self.moments.push(Reverse((When::new(at, self.entered), place)));
    }

    /// Takes what comes first, with its moment.
    pub fn take(&mut self) -> Option<(Duration, E)> {
        let Reverse((when, place)) = self.moments.pop()?;
        self.free.push(place);
        Some((when.moment(), self.entries.get_mut(place)?.take()?))
    }

    /// When that will be.
    pub fn next(&self) -> Option<Duration> {
        self.moments.peek().map(|Reverse((when, _))| when.moment())
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
