//! A set of disjoint ranges.

use std::collections::BTreeMap;

/// Disjoint ranges of offsets; neighbours are merged.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// Start to end.
    ends: BTreeMap<u64, u64>,
    total: u64,
}

impl Ranges {
    /// Bytes in all ranges.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Adds a range that overlaps none of the set.
    pub(super) fn insert(&mut self, start: u64, length: u64) {
        let (mut start, mut end) = (start, start + length);
        self.total += length;
        if let Some((&before, &before_end)) = self.ends.range(..start).next_back()
            && before_end == start
        {
            self.ends.remove(&before);
            start = before;
        }
        if let Some(after_end) = self.ends.remove(&end) {
            end = after_end;
        }
        self.ends.insert(start, end);
    }

    /// Removes whatever lies in a range, and says what did, as (start, length).
    pub(super) fn remove(&mut self, start: u64, length: u64) -> Vec<(u64, u64)> {
        let end = start + length;
        let mut removed = Vec::new();
        while let Some((&from, &to)) = self
            .ends
            .range(..end)
            .next_back()
            .filter(|(_, to)| **to > start)
        {
            self.ends.remove(&from);
            if from < start {
                self.ends.insert(from, start);
            }
            if to > end {
                self.ends.insert(end, to);
            }
            let (from, to) = (from.max(start), to.min(end));
            self.total -= to - from;
            removed.push((from, to - from));
        }
        removed
    }

    /// Removes everything.
    pub(super) fn take(&mut self) -> Vec<(u64, u64)> {
        self.total = 0;
        std::mem::take(&mut self.ends)
            .into_iter()
            .map(|(start, end)| (start, end - start))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neighbours_merge_and_cuts_keep_both_sides() {
        let mut ranges = Ranges::default();
        ranges.insert(0, 10);
        ranges.insert(20, 10);
        ranges.insert(10, 10);
        assert_eq!(ranges.remove(5, 20), [(5, 20)]);
        assert_eq!(ranges.take(), [(0, 5), (25, 5)]);
    }

    proptest! {
        #[test]
        fn it_is_a_set_of_bytes(steps in prop::collection::vec((any::<bool>(), 0u64..60, 1u64..12), 1..60)) {
            let mut ranges = Ranges::default();
            let mut model = [false; 72];
            for (insert, start, length) in steps {
                let bytes = start as usize..(start + length) as usize;
                if insert && !model[bytes.clone()].contains(&true) {
                    ranges.insert(start, length);
                    model[bytes].fill(true);
                } else {
                    let removed: u64 = ranges.remove(start, length).iter().map(|(_, length)| length).sum();
                    prop_assert_eq!(removed as usize, model[bytes.clone()].iter().filter(|byte| **byte).count());
                    model[bytes].fill(false);
                }
                prop_assert_eq!(ranges.total() as usize, model.iter().filter(|byte| **byte).count());
            }
        }
    }
}
