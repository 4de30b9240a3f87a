//! A list that is copied quickly: a copy shares with it what neither has changed since.

use std::sync::Arc;

/// A list in parts of `PART` items, which its copies share.
#[derive(Clone, Debug)]
pub(super) struct Held<T, const PART: usize> {
    parts: Vec<Arc<Vec<T>>>,
    len: usize,
    /// How many items no copy has shared any more since somebody asked.
    parted: usize,
}

impl<T: Clone, const PART: usize> Held<T, PART> {
    pub(super) fn new() -> Self {
        Self { parts: Vec::new(), len: 0, parted: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, item: T) {
        if self.len.is_multiple_of(PART) {
            self.parts.push(Arc::new(Vec::with_capacity(PART)));
        }
        if let Some(last) = self.parts.last_mut() {
            self.parted += if Arc::strong_count(last) > 1 { PART } else { 0 };
            Arc::make_mut(last).push(item);
            self.len += 1;
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.parts.get(at / PART)?.get(at % PART)
    }

    /// To change it: here only.
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let part = self.parts.get_mut(at / PART)?;
        if Arc::strong_count(part) > 1 {
            self.parted += PART;
        }
        Arc::make_mut(part).get_mut(at % PART)
    }

    /// About how many bytes of its items were changed since this was asked last, of those that a copy had shared.
    pub(super) fn changed(&mut self) -> usize {
        std::mem::take(&mut self.parted) * size_of::<T>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_it_had_and_shares_what_nobody_changed() {
        let mut list = Held::<_, 16>::new();
        for n in 0..100 {
            list.push(n);
        }
        let copy = list.clone();
        *list.get_mut(50).unwrap() = 7;
        list.push(100);
        assert_eq!((copy.len(), copy.get(50), copy.get(100)), (100, Some(&50), None));
        assert_eq!((list.len(), list.get(50), list.get(100)), (101, Some(&7), Some(&100)));
        assert!(copy.iter().copied().eq(0..100));
        let shared = list.parts.iter().zip(&copy.parts).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        assert_eq!(shared, 5, "of 7 parts, one was changed and one grew");
        assert_eq!((list.changed(), list.changed()), (2 * 16 * size_of::<i32>(), 0));
    }
}
