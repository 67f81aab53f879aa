//! Shuffles of whole warps by numbers that are known, which a group does without waiting.

use super::device::compare;

/// Rows that are warps, and some that end in the middle of one.
const BLOCKS: [[u32; 3]; 4] = [[32, 1, 1], [64, 2, 1], [16, 2, 1], [40, 1, 1]];

/// A loop that shuffles what each thread read and adds what it got; `before` comes in front of the shuffle. One register that differs
/// between threads is all that the loop carries, so that a group is a warp.
fn body(shuffle: &str, before: &str) -> String {
    format!(
        "ld.param.u64 %d0, [out]; ld.param.u64 %d1, [in]; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %ntid.x;
         mov.u32 %r4, %ctaid.x; mad.lo.u32 %r13, %r2, %r3, %r1; mad.lo.u32 %r14, %r4, 128, %r13;
         mul.wide.u32 %d2, %r14, 4; add.s64 %d3, %d1, %d2; ld.global.u32 %r5, [%d3];
         mov.u32 %r6, 0; mov.u32 %r7, 0; mov.u32 %r8, -1;
         $again: {before}
         {shuffle}
         @%p1 add.u32 %r5, %r5, 3; mad.lo.u32 %r5, %r5, 5, %r9; add.u32 %r6, %r6, 1;
         setp.lt.u32 %p2, %r6, 3; @%p2 bra $again;
         mul.wide.u32 %d4, %r14, 4; add.s64 %d5, %d0, %d4; st.global.u32 [%d5], %r5; ret;"
    )
}

fn assert_same(shuffle: &str, before: &str) {
    for block in BLOCKS {
        assert_eq!(compare(&body(shuffle, before), block), Ok(()));
    }
}

#[test]
fn every_mode_and_distance_reads_the_same_lanes_as_threads_that_wait() {
    for mode in ["up", "down", "bfly", "idx"] {
        for distance in [0, 1, 2, 3, 4, 6, 8, 13, 16, 31] {
            // Whole warps, and segments of eight lanes.
            for bound in [0x1f, 0x181f, 0x1800, 0x00] {
                let numbers = format!("{distance}, {bound}, -1");
                assert_same(
                    &format!("shfl.sync.{mode}.b32 %r9|%p1, %r5, {numbers};"),
                    "",
                );
            }
        }
    }
}

#[test]
fn numbers_in_registers_are_known_if_nothing_else_is_moved_there() {
    let shuffle = "shfl.sync.down.b32 %r9|%p1, %r5, %r10, %r11, %r8;";
    let bound = "mov.u32 %r11, 31;";
    assert_same(shuffle, &format!("mov.u32 %r10, 4; {bound}"));
    assert_same(shuffle, &format!("shl.b32 %r10, 1, %r6; {bound}"));
    assert_same(
        shuffle,
        &format!("mov.u32 %r10, 4; @%p2 mov.u32 %r10, 1; {bound}"),
    );
}

#[test]
fn floats_and_results_that_nobody_reads_are_shuffled() {
    let read = "mov.b32 %f1, %r5; setp.eq.u32 %p1, %r6, 1;";
    assert_same(
        "shfl.sync.bfly.b32 %f2, %f1, 3, 31, -1; mov.b32 %r9, %f2;",
        read,
    );
    assert_same("shfl.sync.bfly.b32 %r9, %r5, 9, 31, -1;", read);
    assert_same(
        "shfl.sync.up.b32 %r5, %r5, 1, 0, -1; mov.u32 %r9, %r5;",
        read,
    );
}

#[test]
fn warps_whose_threads_have_parted_wait_for_each_other() {
    let parts = "and.b32 %r12, %r5, 3; setp.eq.u32 %p3, %r12, 2; @!%p3 bra $join; add.u32 %r5, %r5, 1000; $join:";
    let shuffle = "shfl.sync.down.b32 %r9|%p1, %r5, 2, 31, -1;";
    assert_same(shuffle, parts);
    let late = "setp.eq.u32 %p3, %r6, 2; setp.gt.s32 %p3, %r1, 20; @%p3 bra $join; xor.b32 %r5, %r5, 85; $join:";
    assert_same(shuffle, late);
}
