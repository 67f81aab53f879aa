//! A kernel with its arguments, checked and packed.

use crate::backend::Kernel;
use crate::memory::Allocation;
use crate::quota::Permit;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// The parameter block of a launch, aligned for every parameter type.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    words: SmallVec<[u128; 8]>,
    size: usize,
}

impl Parameters {
    /// So many zero bytes.
    pub(crate) fn zeroed(size: usize) -> Self {
        Self {
            words: smallvec![0; size.div_ceil(size_of::<u128>())],
            size,
        }
    }

    /// Puts `bytes` at `offset`; false when they do not fit.
    #[must_use]
    pub(crate) fn set(&mut self, offset: usize, bytes: &[u8]) -> bool {
        let all: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        let place = offset
            .checked_add(bytes.len())
            .filter(|end| *end <= self.size)
            .and_then(|end| all.get_mut(offset..end));
        match place {
            Some(place) => {
                place.copy_from_slice(bytes);
                true
            }
            None => false,
        }
    }

    /// The whole block.
    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.size]
    }
}

/// Everything that decides what a launch does. It keeps the buffers of its arguments alive.
#[derive(Clone)]
pub(crate) struct Launch {
    pub(crate) kernel: Arc<Kernel>,
    /// Counts the module of the kernel, whose code stays as long as any launch of it.
    pub(crate) _module: Arc<Permit>,
    pub(crate) parameters: Parameters,
    /// The memory of the module's own variables.
    pub(crate) variables: Option<Arc<Allocation>>,
    /// The buffer of each parameter that points to one.
    pub(crate) buffers: SmallVec<[Option<Arc<Allocation>>; 8]>,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
}

impl Launch {
    /// About how many bytes of the host's memory it takes.
    pub(crate) fn held_bytes(&self) -> u64 {
        let parameters = size_of_val(&self.parameters.words[..]);
        let buffers = size_of_val(&self.buffers[..]);
        (size_of::<Self>() + parameters + buffers) as u64
    }

    /// Blocks in the grid.
    pub(crate) fn blocks(&self) -> u64 {
        self.grid.iter().map(|&extent| u64::from(extent)).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stay_in_their_block() {
        let mut parameters = Parameters::zeroed(12);
        assert!(parameters.set(8, &7u32.to_le_bytes()));
        assert!(
            !parameters.set(9, &7u32.to_le_bytes()),
            "13 bytes do not fit 12"
        );
        assert!(!parameters.set(usize::MAX, &[0; 4]));
        assert_eq!(parameters.bytes(), [0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0]);
    }
}
