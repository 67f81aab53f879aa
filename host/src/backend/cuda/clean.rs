//! Which free memory is known to be zero, so that it is not made zero again.

use std::collections::BTreeMap;

/// Ranges that are zero, until anything runs that may write somewhere.
#[derive(Debug, Default)]
pub(super) struct Clean {
    /// Start to end; they neither touch nor overlap.
    ranges: BTreeMap<u64, u64>,
}

impl Clean {
    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.ranges.clear();
    }

    /// Whether a whole range is zero.
    pub(super) fn contains(&self, start: u64, end: u64) -> bool {
        let before = self.ranges.range(..=start).next_back();
        before.is_some_and(|(_, known)| end <= *known)
    }

    /// A range was made zero.
    pub(super) fn insert(&mut self, start: u64, end: u64) {
        let (mut start, mut end) = (start, end);
        let touching: Vec<u64> = self
            .ranges
            .range(..=end)
            .rev()
            .take_while(|(_, known)| **known >= start)
            .map(|(known, _)| *known)
            .collect();
        for known in touching {
            if let Some(known_end) = self.ranges.remove(&known) {
                start = start.min(known);
                end = end.max(known_end);
            }
        }
        self.ranges.insert(start, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_known_to_be_zero_was_made_so(
            steps in prop::collection::vec((0u64..60, 1u64..12), 1..40),
            asked in prop::collection::vec((0u64..60, 1u64..12), 20),
        ) {
            let mut clean = Clean::default();
            let mut zero = [false; 80];
            for (start, length) in steps {
                clean.insert(start, start + length);
                zero[start as usize..(start + length) as usize].fill(true);
            }
            for (start, length) in asked {
                let all = zero[start as usize..(start + length) as usize].iter().all(|zero| *zero);
                prop_assert_eq!(clean.contains(start, start + length), all);
            }
            clean.forget();
            prop_assert!(!clean.contains(0, 1));
        }
    }
}
