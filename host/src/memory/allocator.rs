//! Finding room in a window.

use std::collections::{BTreeMap, BTreeSet};

/// Hands out ranges, the smallest free one that fits and the lowest of those, so that the end of the
/// window, which is not backed yet, is used last. All operations take logarithmic time.
#[derive(Debug)]
pub(super) struct Allocator {
    /// Free ranges, start to length.
    by_start: BTreeMap<u64, u64>,
    /// The same as (length, start).
    by_length: BTreeSet<(u64, u64)>,
}

impl Allocator {
    /// Everything in `start..end` is free.
    pub(super) fn new(start: u64, end: u64) -> Self {
        let mut allocator = Self {
            by_start: BTreeMap::new(),
            by_length: BTreeSet::new(),
        };
        if start < end {
            allocator.add(start, end - start);
        }
        allocator
    }

    /// A range of so many bytes, at least one; none when no free range is large enough.
    pub(super) fn allocate(&mut self, length: u64) -> Option<u64> {
        let &(found, start) = self.by_length.range((length, 0)..).next()?;
        self.remove(start, found);
        if found > length {
            self.add(start + length, found - length);
        }
        Some(start)
    }

    /// Takes back what [`Allocator::allocate`] gave.
    pub(super) fn free(&mut self, start: u64, length: u64) {
        let (mut start, mut length) = (start, length);
        let before = self
            .by_start
            .range(..start)
            .next_back()
            .map(|(start, length)| (*start, *length));
        if let Some((before, before_length)) = before
            && before + before_length == start
        {
            self.remove(before, before_length);
            start = before;
            length += before_length;
        }
        if let Some(&after_length) = self.by_start.get(&(start + length)) {
            self.remove(start + length, after_length);
            length += after_length;
        }
        self.add(start, length);
    }

    fn add(&mut self, start: u64, length: u64) {
        self.by_start.insert(start, length);
        self.by_length.insert((length, start));
    }

    fn remove(&mut self, start: u64, length: u64) {
        self.by_start.remove(&start);
        self.by_length.remove(&(length, start));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_lowest_fitting_hole_is_reused_first() {
        let mut allocator = Allocator::new(256, 1 << 20);
        let first = allocator.allocate(512).unwrap();
        let second = allocator.allocate(512).unwrap();
        assert_eq!((first, second), (256, 768));
        allocator.free(first, 512);
        assert_eq!(allocator.allocate(512), Some(256));
    }

    #[test]
    fn a_full_window_answers_none() {
        let mut allocator = Allocator::new(0, 1024);
        assert_eq!(allocator.allocate(2048), None);
        assert_eq!(allocator.allocate(u64::MAX), None);
        assert_eq!(allocator.allocate(1024), Some(0));
        assert_eq!(allocator.allocate(1), None);
    }

    proptest! {
        #[test]
        fn ranges_never_overlap_and_all_room_comes_back(
            steps in prop::collection::vec((any::<bool>(), 1u64..40, any::<prop::sample::Index>()), 1..200),
        ) {
            const END: u64 = 1 << 10;
            let mut allocator = Allocator::new(0, END);
            let mut held: Vec<(u64, u64)> = Vec::new();
            for (allocate, length, which) in steps {
                if allocate || held.is_empty() {
                    if let Some(start) = allocator.allocate(length) {
                        prop_assert!(start + length <= END);
                        for &(other, other_length) in &held {
                            prop_assert!(start + length <= other || other + other_length <= start);
                        }
                        held.push((start, length));
                    }
                } else {
                    let (start, length) = held.swap_remove(which.index(held.len()));
                    allocator.free(start, length);
                }
            }
            for (start, length) in held {
                allocator.free(start, length);
            }
            prop_assert_eq!(allocator.by_start, BTreeMap::from([(0, END)]));
            prop_assert_eq!(allocator.by_length, BTreeSet::from([(END, 0)]));
        }
    }
}
