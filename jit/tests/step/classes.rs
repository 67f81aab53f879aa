//! Values at the ends of their widths step no more.

use super::device::compare;

/// Enough that differs between threads: else they run alone.
const DIFFERING: &str = "ld.param.u64 %d0, [out]; ld.param.u64 %d1, [in]; ld.param.u32 %r9, [n]; mov.u32 %r1, %tid.x; \
mov.u32 %r12, %ntid.x; mov.u32 %r13, %ctaid.x; mad.lo.u32 %r14, %r13, %r12, %r1; mul.wide.u32 %d2, %r14, 160; add.u64 %d2, %d2, %d0; \
mul.wide.u32 %d3, %r1, 4; add.u64 %d3, %d3, %d1; ld.global.u32 %r10, [%d3];
add.u32 %r11, %r10, 1; add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10;
add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10; add.u32 %r11, %r11, %r10; st.global.u32 [%d2], %r11;\n";

/// What a thread of a row computes in `%r2` and `%d4` is the same in step as alone.
fn assert_same(body: &str) {
    let body =
        format!("{DIFFERING}{body} st.global.u32 [%d2+4], %r2; st.global.u64 [%d2+8], %d4; ret;");
    for width in [4, 8, 32, 64] {
        if let Err(difference) = compare(&body, [width, 1, 1]) {
            panic!("{difference}");
        }
    }
}

#[test]
fn steps_that_leave_a_width_are_none_in_a_wider_register() {
    assert_same("shl.b32 %r3, %r1, 16; shl.b32 %r2, %r3, 16; cvt.u64.u32 %d4, %r2;");
    assert_same(
        "shl.b32 %r4, %r1, 16; shl.b32 %r3, %r4, 16; shr.u32 %r2, %r3, 16; cvt.u64.u32 %d4, %r3;",
    );
    assert_same("shl.b32 %r3, %r1, 31; cvt.u64.u32 %d4, %r3; shr.u32 %r2, %r3, 1;");
}

#[test]
fn steps_that_reach_the_sign_are_none_once_it_is_extended() {
    assert_same("shl.b32 %r3, %r1, 30; cvt.s64.s32 %d4, %r3; shr.s32 %r2, %r3, 1;");
    assert_same("shl.b32 %r3, %r1, 27; mul.wide.s32 %d4, %r3, 4; shr.s32 %r2, %r3, 1;");
    assert_same("cvt.u64.u32 %d5, %r1; shl.b64 %d6, %d5, 60; shr.s64 %d4, %d6, 2; mov.b32 %r2, 0;");
}

#[test]
fn conversions_into_wider_registers_cut_steps() {
    assert_same(
        "cvt.u64.u32 %d5, %r1; shl.b64 %d6, %d5, 31; cvt.u32.u64 %d4, %d6; mov.b32 %r2, 0;",
    );
    assert_same("cvt.u64.u32 %d5, %r1; sub.u64 %d6, %d5, 2; cvt.s32.s64 %d4, %d6; mov.b32 %r2, 0;");
    assert_same("cvt.u64.u32 %d5, %r1; sub.u64 %d6, %d5, 2; cvt.u64.u32 %d4, %d6; mov.b32 %r2, 0;");
    assert_same(
        "cvt.u64.u32 %d5, %r1; shl.b64 %d6, %d5, 32; cvt.u64.u32 %d4, %d6; mov.b32 %r2, 0;",
    );
}

#[test]
fn huge_steps_are_computed_or_given_up() {
    let (most, least) = (i64::MAX, i64::MIN);
    assert_same(&format!(
        "cvt.u64.u32 %d5, %r1; mul.lo.u64 %d4, %d5, {most}; mov.b32 %r2, 0;"
    ));
    assert_same(&format!(
        "cvt.u64.u32 %d5, %r1; mul.lo.s64 %d6, %d5, {least}; sub.s64 %d4, 5, %d6; mov.b32 %r2, 0;"
    ));
    assert_same(
        "mul.lo.u32 %r2, %r1, 0x7fffffff; add.u32 %r3, %r2, %r2; mov.b64 %d4, 0; xor.b32 %r2, %r3, %r10;",
    );
}

#[test]
fn floats_whose_bits_step_are_held() {
    assert_same(
        "mov.b32 %f1, %r1; mov.b32 %r2, %f1; cvt.u64.u32 %d5, %r1; mov.b64 %g1, %d5; mov.b64 %d4, %g1;",
    );
    assert_same("mov.b32 %f1, %r1; st.global.f32 [%d2+16], %f1; mov.b32 %r2, %f1; mov.b64 %d4, 0;");
}
