//! The shape of a launch.

use crate::{Dim3, LaunchConfig};

/// Threads in a block of [`LaunchConfig::for_num_elems`]: a multiple of every warp size, and few
/// enough that kernels with many registers still fit several blocks on a multiprocessor.
const THREADS: u32 = 256;

impl LaunchConfig {
    /// `grid` blocks of `block` threads, without shared memory and clusters.
    ///
    /// Both take a number, or two or three in a tuple, the fastest varying first.
    ///
    /// ```
    /// use wasi_cuda::LaunchConfig;
    ///
    /// let config = LaunchConfig::new((4, 2), 64);
    /// assert_eq!((config.grid.x, config.grid.y, config.grid.z), (4, 2, 1));
    /// assert_eq!((config.block.x, config.block.y, config.block.z), (64, 1, 1));
    /// ```
    pub fn new(grid: impl Into<Dim3>, block: impl Into<Dim3>) -> Self {
        Self {
            grid: grid.into(),
            block: block.into(),
            shared_memory: 0,
            cluster: None,
        }
    }

    /// At least `elements` threads in one dimension: one thread an element.
    ///
    /// There are up to 255 threads more, so the kernel compares its index with the number of elements.
    /// For 0 elements one block runs, whose threads all have nothing to do.
    ///
    /// ```
    /// use wasi_cuda::LaunchConfig;
    ///
    /// assert_eq!(LaunchConfig::for_num_elems(1000), LaunchConfig::new(4, 256));
    /// ```
    pub fn for_num_elems(elements: u32) -> Self {
        Self::new(elements.div_ceil(THREADS).max(1), THREADS)
    }

    /// The same with `bytes` of dynamic shared memory in each block.
    pub fn with_shared_memory(self, bytes: u32) -> Self {
        Self {
            shared_memory: bytes,
            ..self
        }
    }

    /// The same with blocks in clusters of this shape, on devices that have them.
    pub fn with_cluster(self, blocks: impl Into<Dim3>) -> Self {
        Self {
            cluster: Some(blocks.into()),
            ..self
        }
    }
}

impl From<u32> for Dim3 {
    fn from(x: u32) -> Self {
        Self { x, y: 1, z: 1 }
    }
}

impl From<(u32, u32)> for Dim3 {
    fn from((x, y): (u32, u32)) -> Self {
        Self { x, y, z: 1 }
    }
}

impl From<(u32, u32, u32)> for Dim3 {
    fn from((x, y, z): (u32, u32, u32)) -> Self {
        Self { x, y, z }
    }
}
