//! Threads that run in step leave what threads leave that run alone.

mod classes;
mod device;
mod kernel;

use device::compare;
use proptest::prelude::*;

/// Rows of groups of each size, and some that are none.
const BLOCKS: [[u32; 3]; 9] = [
    [4, 1, 1],
    [8, 3, 1],
    [12, 1, 2],
    [16, 2, 2],
    [20, 3, 1],
    [32, 1, 1],
    [64, 1, 1],
    [36, 2, 1],
    [96, 2, 1],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_kernels_do_the_same_in_step_as_alone(body in kernel::body(), block in 0..BLOCKS.len()) {
        compare(&body, BLOCKS[block]).map_err(TestCaseError::fail)?;
    }
}
