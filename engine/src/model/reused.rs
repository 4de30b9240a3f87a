//! A list that each packet fills anew.

use std::ops::{Deref, DerefMut};

/// A list that keeps its places when it's emptied: to add to it is hardly ever more than to write. It differs from a
/// [`Vec`] in that alone; where most of all time is spent in adding, that counts (measured: a third of an addition).
#[derive(Debug)]
pub struct Reused<T> {
    places: Vec<T>,
    used: usize,
}

impl<T> Reused<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self { places: Vec::new(), used: 0 }
    }

    /// Adds an item.
    pub fn push(&mut self, item: T) {
        self.push_with(|| item);
    }

    /// Adds an item that is made where it belongs: put together elsewhere, it would be written twice.
    #[inline]
    pub fn push_with(&mut self, item: impl FnOnce() -> T) {
        match self.places.get_mut(self.used) {
            Some(place) => {
                *place = item();
                self.used += 1;
            }
            None => self.grow(item()),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, item: T) {
        self.places.push(item);
        self.used = self.places.len();
    }

    /// Puts an item before the one at this place, or at the end.
    pub fn insert(&mut self, at: usize, item: T) {
        self.push(item);
        if let Some(moved) = self.get_mut(at..) {
            moved.rotate_right(1);
        }
    }

    /// Takes the last item off.
    pub fn pop(&mut self) {
        self.used = self.used.saturating_sub(1);
    }

    /// Keeps the first items only.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.used = self.used.min(len);
    }

    /// Empties it.
    #[inline]
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Keeps those of which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.places.truncate(self.used);
        self.places.retain(keep);
        self.used = self.places.len();
    }
}

impl<T: Clone> Clone for Reused<T> {
    fn clone(&self) -> Self {
        Self { places: self.to_vec(), used: self.used }
    }
}

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Reused<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.places.get(..self.used).unwrap_or(&[])
    }
}

impl<T> DerefMut for Reused<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        self.places.get_mut(..self.used).unwrap_or(&mut [])
    }
}

impl<'a, T> IntoIterator for &'a Reused<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Reused<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> Extend<T> for Reused<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Act {
        Push(u8),
        PushWith(u8),
        Pop,
        Truncate(usize),
        Clear,
        Insert(usize, u8),
        Retain(u8),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            3 => any::<u8>().prop_map(Act::Push),
            3 => any::<u8>().prop_map(Act::PushWith),
            1 => Just(Act::Pop),
            1 => (0..8_usize).prop_map(Act::Truncate),
            1 => Just(Act::Clear),
            1 => (0..8_usize, any::<u8>()).prop_map(|(at, item)| Act::Insert(at, item)),
            1 => (1..4_u8).prop_map(Act::Retain),
        ]
    }

    proptest! {
        /// Whatever was there before is not seen again.
        #[test]
        fn it_holds_what_a_vec_would_hold(acts in prop::collection::vec(act(), 0..60)) {
            let (mut reused, mut vec) = (Reused::new(), Vec::new());
            for act in acts {
                match act {
                    Act::Push(item) => {
                        reused.push(item);
                        vec.push(item);
                    }
                    Act::PushWith(item) => {
                        reused.push_with(|| item);
                        vec.push(item);
                    }
                    Act::Pop => {
                        reused.pop();
                        vec.pop();
                    }
                    Act::Truncate(len) => {
                        reused.truncate(len);
                        vec.truncate(len);
                    }
                    Act::Clear => {
                        reused.clear();
                        vec.clear();
                    }
                    Act::Insert(at, item) => {
                        reused.insert(at.min(vec.len()), item);
                        vec.insert(at.min(vec.len()), item);
                    }
                    Act::Retain(divisor) => {
                        reused.retain(|item| item % divisor == 0);
                        vec.retain(|item| item % divisor == 0);
                    }
                }
                prop_assert_eq!(&reused[..], &vec[..]);
                prop_assert_eq!(&reused.clone()[..], &vec[..]);
            }
        }
    }
}
