//! Bytes as a source of choices.

/// Choices, taken from bytes until there are none; then always the first.
pub(super) struct Source<'a> {
    data: &'a [u8],
}

impl<'a> Source<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        match self.data.split_first() {
            Some((first, rest)) => {
                self.data = rest;
                *first
            }
            None => 0,
        }
    }

    /// One of so many; 0 if there are none.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let choice = usize::from(self.byte()) | usize::from(self.byte()) << 8;
        choice.checked_rem(count).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, count: u8) -> bool {
        self.byte().checked_rem(count) == Some(1)
    }

    pub(super) fn pick<'b, T>(&mut self, of: &'b [T]) -> Option<&'b T> {
        of.get(self.below(of.len()))
    }

    pub(super) fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }
}
