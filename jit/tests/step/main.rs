//! Threads that run in step leave what threads leave that run alone.

mod classes;
mod device;
mod kernel;
mod shuffles;

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

/// Neighbouring threads add neighbouring words.
const ROW: &str = "ld.param.u64 %d0, [out]; ld.param.u64 %d1, [in]; mov.u32 %r1, %tid.x; mul.wide.u32 %d3, %r1, 4;
add.u64 %d2, %d0, %d3; add.u64 %d4, %d1, %d3; ld.global.u32 %r2, [%d4+4]; ld.global.u32 %r3, [%d4+8];
add.u32 %r4, %r2, %r3; xor.b32 %r5, %r4, 77; ld.global.u32 %r6, [%d4+12]; add.u32 %r7, %r5, %r6; st.global.u32 [%d2+4], %r7; ret;";

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_kernels_do_the_same_in_step_as_alone(body in kernel::body(true), block in 0..BLOCKS.len()) {
        compare(&body, BLOCKS[block]).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn random_kernels_whose_threads_share_nothing_do_the_same_in_step_as_alone(
        body in kernel::body(false),
        block in 0..BLOCKS.len(),
    ) {
        compare(&body, BLOCKS[block]).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn words_that_are_accessed_as_vectors_are_aligned_as_words() {
    for width in [4, 8, 16, 32] {
        assert_eq!(compare(ROW, [width, 1, 1]), Ok(()));
    }
}

#[test]
fn blocks_without_threads_or_with_too_many_are_not_run() {
    let source = device::source(ROW);
    for extents in [
        [0, 1, 1],
        [4, 0, 1],
        [2048, 1, 1],
        [1 << 16, 1 << 16, 1 << 16],
        [u32::MAX, u32::MAX, u32::MAX],
    ] {
        assert!(device::is_stopped(&source, extents), "{extents:?}");
    }
}
