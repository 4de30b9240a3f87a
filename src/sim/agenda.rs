//! What will happen when: entries by their moment; of two at one moment, the one entered first comes first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Entries that wait for their moment. It has no clock.
#[derive(Debug)]
pub struct Agenda<E> {
    entries: BinaryHeap<Entry<E>>,
    entered: u64,
}

#[derive(Debug)]
struct Entry<E> {
    at: Duration,
    order: u64,
    what: E,
}

impl<E> Agenda<E> {
    /// One on which nothing stands.
    pub fn new() -> Self {
        Self { entries: BinaryHeap::new(), entered: 0 }
    }

    /// Enters what will happen at a moment.
    pub fn enter(&mut self, at: Duration, what: E) {
        self.entered += 1;
        self.entries.push(Entry { at, order: self.entered, what });
    }

    /// Takes what comes first, with its moment.
    pub fn take(&mut self) -> Option<(Duration, E)> {
        self.entries.pop().map(|entry| (entry.at, entry.what))
    }

    /// When that will be.
    pub fn next(&self) -> Option<Duration> {
        self.entries.peek().map(|entry| entry.at)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> Ord for Entry<E> {
    /// A heap gives its greatest: that is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<E> Eq for Entry<E> {}

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
