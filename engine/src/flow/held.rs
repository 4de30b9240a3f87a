//! A list that is copied quickly: a copy shares with it what neither has changed since.
//!
//! What is shared is an `Arc`, and changing that means to ask first, with an atomic instruction, whether it still is. Most
//! items change often between two copies, so a part is the list's own until it's shared, and is again once it was changed.

use std::sync::Arc;

/// A list in parts of `PART` items, which its copies share if it is told to before.
#[derive(Clone, Debug)]
pub(super) struct Held<T, const PART: usize> {
    parts: Vec<Part<T>>,
    len: usize,
    /// How many items no copy has shared any more since somebody asked.
    parted: usize,
}

#[derive(Clone, Debug)]
enum Part<T> {
    Own(Vec<T>),
    Shared(Arc<Vec<T>>),
}

impl<T: Clone> Part<T> {
    #[inline]
    fn items(&self) -> &Vec<T> {
        match self {
            Self::Own(items) => items,
            Self::Shared(items) => items,
        }
    }

    /// Is not shared any more. How many items others still have as they were.
    #[cold]
    fn take_back(&mut self, room: usize) -> usize {
        let Self::Shared(shared) = self else { return 0 };
        let mut own = Vec::with_capacity(room);
        let last = Arc::get_mut(shared).map(|items| own.append(items)).is_some();
        if !last {
            own.extend_from_slice(shared);
        }
        *self = Self::Own(own);
        if last { 0 } else { room }
    }
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
            self.parts.push(Part::Own(Vec::with_capacity(PART)));
        }
        if let Some(last) = self.own(self.len / PART) {
            last.push(item);
            self.len += 1;
        }
    }

    /// From here on, copies share all there is now.
    pub(super) fn share(&mut self) {
        for part in &mut self.parts {
            if let Part::Own(items) = part {
                *part = Part::Shared(Arc::new(std::mem::take(items)));
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.parts.get(at / PART)?.items().get(at % PART)
    }

    /// To change it: here only.
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.own(at / PART)?.get_mut(at % PART)
    }

    /// The items of a part, which nobody shares then.
    #[inline]
    fn own(&mut self, which: usize) -> Option<&mut Vec<T>> {
        let part = self.parts.get_mut(which)?;
        if let Part::Shared(_) = part {
            self.parted += part.take_back(PART);
        }
        match part {
            Part::Own(items) => Some(items),
            Part::Shared(_) => None,
        }
    }

    /// About how many bytes of its items were changed since this was asked last, of those that a copy had shared.
    pub(super) fn changed(&mut self) -> usize {
        std::mem::take(&mut self.parted) * size_of::<T>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(Part::items)
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
        list.share();
        let copy = list.clone();
        *list.get_mut(50).unwrap() = 7;
        list.push(100);
        assert_eq!((copy.len(), copy.get(50), copy.get(100)), (100, Some(&50), None));
        assert_eq!((list.len(), list.get(50), list.get(100)), (101, Some(&7), Some(&100)));
        assert!(copy.iter().copied().eq(0..100));
        let shared = list.parts.iter().zip(&copy.parts).filter(|parts| match parts {
            (Part::Shared(a), Part::Shared(b)) => Arc::ptr_eq(a, b),
            _ => false,
        });
        let shared = shared.count();
        assert_eq!(shared, 5, "of 7 parts, one was changed and one grew");
        assert_eq!((list.changed(), list.changed()), (2 * 16 * size_of::<i32>(), 0));
        drop(copy);
        *list.get_mut(0).unwrap() = 9;
        assert_eq!((list.get(0), list.get(15)), (Some(&9), Some(&15)));
        assert_eq!(list.changed(), 0, "nobody else had that part any more");
    }
}
