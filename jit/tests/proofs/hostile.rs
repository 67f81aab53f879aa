//! Arguments that are made to deceive a proof.

use crate::window::BASE;
use wasi_cuda_jit::proof::{LaunchFacts, Memory, Scratch};
use wasi_cuda_jit::{CompileOptions, Source, compile_proved};

/// Bytes of the window.
const MAPPED: u64 = 1 << 16;

/// A kernel of this body with a pointer in `%base`, words in `%n` and `%m`, and more registers of each kind.
fn source(body: &str) -> String {
    format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n\
         .visible .entry k(.param .u64 data, .param .u32 n, .param .u32 m, .param .u64 wide)\n{{\n\
         .reg .pred %p<4>; .reg .b32 %r<9>, %n, %m; .reg .b64 %d<9>, %base, %wide;\n\
         .shared .align 16 .b8 tile[1024];\n\
         ld.param.u64 %base, [data]; ld.param.u32 %n, [n]; ld.param.u32 %m, [m]; ld.param.u64 %wide, [wide];\n\
         mov.u32 %r0, %tid.x;\n{body}\nret;\n}}\n"
    )
}

/// Whether the proof of a kernel holds for these numbers, in one block of 32 threads; it must cover something.
fn holds(body: &str, n: u32, m: u32, wide: u64) -> bool {
    holds_at(body, BASE, n, m, wide)
}

fn holds_at(body: &str, data: u64, n: u32, m: u32, wide: u64) -> bool {
    let source = source(body);
    let (_, proofs) = compile_proved(Source::Ptx(&source), &CompileOptions::default()).unwrap();
    assert!(!proofs[0].is_empty(), "nothing is proved of {body}");
    let parameters: Vec<u8> = (data.to_le_bytes().into_iter())
        .chain(n.to_le_bytes())
        .chain(m.to_le_bytes())
        .chain(wide.to_le_bytes())
        .collect();
    let facts = LaunchFacts {
        grid: [1, 1, 1],
        block: [32, 1, 1],
        dynamic_shared: 0,
        parameters: &parameters,
        memory: Memory::Window {
            base: BASE,
            mapped: MAPPED,
        },
        variables: 0,
    };
    proofs[0].holds(&facts, &mut Scratch::default())
}

const MINUS: fn(u32) -> u32 = u32::wrapping_neg;

#[test]
fn an_offset_below_zero_is_none() {
    let body = "add.s32 %r1, %r0, %n; mul.wide.s32 %d1, %r1, 4; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;";
    assert!(holds(body, 5, 0, 0));
    for n in [MINUS(1), MINUS(32), 1 << 31, u32::MAX >> 1] {
        assert!(!holds(body, n, 0, 0), "{n:#x}");
    }
    assert!(holds_at(body, BASE + 400, MINUS(100), 0, 0));
}

#[test]
fn a_product_that_wraps_around_to_a_small_number_is_none() {
    // n * m is zero modulo 2^32.
    let body = "mad.lo.s32 %r1, %n, %m, %r0; mul.wide.u32 %d1, %r1, 4; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;";
    assert!(holds(body, 16, 16, 0));
    // One launch has one n and one m: all its threads wrap around alike, so that the numbers are known all the same.
    assert!(!holds(body, 1 << 16, (1 << 16) - 1, 0));
    assert!(!holds(body, u32::MAX, u32::MAX >> 1, 0));
}

#[test]
fn threads_of_which_some_wrap_around_are_no_proof() {
    let body = "add.u32 %r1, %r0, %n; cvt.u64.u32 %d1, %r1; shl.b64 %d1, %d1, 2; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;";
    assert!(holds(body, 100, 0, 0));
    // The last thread's index is 0, the others' just below 2^32.
    assert!(!holds(body, MINUS(31), 0, 0));
}

#[test]
fn a_comparison_of_what_has_wrapped_around_bounds_nothing() {
    // r1 = tid + n, compared without a sign, but used with one, times four.
    let body =
        "add.u32 %r1, %r0, %n; setp.ge.u32 %p1, %r1, %m; @%p1 bra DONE; mul.wide.s32 %d1, %r1, 4;
        add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0; DONE:";
    assert!(holds(body, 0, 16, 0));
    assert!(
        holds(body, 1 << 30, 16, 0),
        "no thread passes the comparison"
    );
    assert!(!holds(body, 1 << 31, u32::MAX, 0));
}

#[test]
fn a_bound_that_is_negative_lets_no_thread_pass_or_all() {
    let signed = "setp.ge.s32 %p1, %r0, %n; @%p1 bra DONE; mul.wide.s32 %d1, %r0, 4096; add.s64 %d2, %base, %d1;
        st.global.u32 [%d2], %r0; DONE:";
    assert!(holds(signed, 16, 0, 0) && holds(signed, MINUS(1), 0, 0));
    assert!(!holds(signed, 17, 0, 0));
    let unsigned = signed.replace(".ge.s32", ".ge.u32");
    assert!(holds(&unsigned, 16, 0, 0) && !holds(&unsigned, MINUS(1), 0, 0));
}

#[test]
fn a_loop_whose_counter_can_wrap_around_is_no_proof() {
    let body = "mov.u32 %r1, 0; LOOP: mul.wide.s32 %d1, %r1, 4; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;
        add.s32 %r1, %r1, %m; setp.lt.s32 %p1, %r1, %n; @%p1 bra LOOP;";
    assert!(holds(body, 100, 1, 0) && holds(body, 0, 1, 0));
    for (n, m) in [
        (100, 0),
        (100, MINUS(1)),
        (u32::MAX >> 1, 2),
        (1 << 20, 1),
        (16, 1 << 31),
    ] {
        assert!(!holds(body, n, m, 0), "{n:#x} {m:#x}");
    }
}

#[test]
fn a_counter_that_steps_over_the_largest_number_bounds_no_pointer() {
    let body =
        "mov.u32 %r1, 0; mov.u64 %d2, %base; LOOP: st.global.u32 [%d2], %r0; add.s64 %d2, %d2, 4;
        add.s32 %r1, %r1, %m; setp.lt.s32 %p1, %r1, %n; @%p1 bra LOOP;";
    assert!(holds(body, 100, 1 << 30, 0) && holds(body, 1 << 30, 1 << 29, 0));
    // From 2^30 the counter goes on to less than zero, and round and round.
    assert!(!holds(body, u32::MAX >> 1, 1 << 30, 0));
    let unsigned = body.replace(".lt.s32", ".lt.u32");
    assert!(holds(&unsigned, u32::MAX >> 1, 1 << 30, 0));
    assert!(!holds(&unsigned, u32::MAX, 1 << 30, 0));
    let falling = body
        .replace("add.s32", "sub.s32")
        .replace(".lt.s32", ".gt.s32");
    assert!(holds(&falling, MINUS(100), 8, 0));
    assert!(!holds(&falling, 1 << 31, 1 << 30, 0));
}

#[test]
fn a_loop_that_misses_the_number_it_waits_for_is_no_proof() {
    let body = "mov.u32 %r1, 0; LOOP: mul.wide.u32 %d1, %r1, 4; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;
        add.s32 %r1, %r1, 4; setp.ne.s32 %p1, %r1, %n; @%p1 bra LOOP;";
    assert!(holds(body, 64, 0, 0));
    for n in [0, 3, 66, MINUS(4), 1 << 31] {
        assert!(!holds(body, n, 0, 0), "{n:#x}");
    }
}

#[test]
fn a_pointer_that_a_loop_moves_is_held_with_its_rounds() {
    let body =
        "mov.u32 %r1, %n; mov.u64 %d2, %base; LOOP: st.global.u32 [%d2], %r0; add.s64 %d2, %d2, 16;
        add.s32 %r1, %r1, -1; setp.ne.s32 %p1, %r1, 0; @%p1 bra LOOP;";
    assert!(holds(body, (MAPPED / 16) as u32, 0, 0));
    assert!(!holds(body, (MAPPED / 16) as u32 + 1, 0, 0));
    assert!(
        !holds(body, 0, 0, 0),
        "zero is passed over, and the loop goes round 2^32 times"
    );
}

#[test]
fn wide_arguments_are_held_in_all_their_bits() {
    let body = "shl.b64 %d1, %wide, 2; add.s64 %d2, %base, %d1; st.global.u32 [%d2], %r0;";
    assert!(holds(body, 0, 0, MAPPED / 4 - 1));
    for wide in [MAPPED / 4, 1 << 32, u64::MAX, 1 << 63] {
        assert!(!holds(body, 0, 0, wide), "{wide:#x}");
    }
    // Times four, 2^62 is nothing to the kernel; the proof need not know, but may not be wrong.
    let _ = holds(body, 0, 0, 1 << 62);
}

#[test]
fn what_is_cut_to_32_bits_is_not_what_it_was() {
    let body = "cvt.u32.u64 %r1, %wide; cvt.u64.u32 %d1, %r1; add.s64 %d2, %base, %d1; st.global.u8 [%d2], %r0;";
    assert!(holds(body, 0, 0, 100));
    assert!(!holds(body, 0, 0, 0xffff_ffff) && !holds(body, 0, 0, u64::MAX));
}

#[test]
fn a_stride_that_is_not_aligned_is_no_proof() {
    let body = "mul.wide.u32 %d1, %r0, %n; add.s64 %d2, %base, %d1; st.global.v4.u32 [%d2], {%r0, %r0, %r0, %r0};";
    assert!(holds(body, 16, 0, 0) && holds(body, 48, 0, 0));
    assert!(!holds(body, 8, 0, 0) && !holds(body, 17, 0, 0));
    assert!(!holds_at(body, BASE + 8, 16, 0, 0));
}

#[test]
fn shared_memory_ends_where_it_is_declared_to() {
    let body = "mad.lo.s32 %r1, %r0, %n, %m; mov.u32 %r2, tile; add.s32 %r3, %r2, %r1; st.shared.u32 [%r3], %r0;";
    assert!(holds(body, 32, 0, 0) && holds(body, 4, 896, 0));
    assert!(!holds(body, 32, 32, 0) && !holds(body, 4, MINUS(4), 0) && !holds(body, 4, 2, 0));
}

#[test]
fn a_work_that_takes_long_is_no_proof() {
    let body = "mov.u32 %r1, 0; LOOP: add.s32 %r1, %r1, 1; setp.lt.s32 %p1, %r1, %n; @%p1 bra LOOP; st.global.u32 [%base], %r1;";
    assert!(holds(body, 1000, 0, 0));
    assert!(
        !holds(body, 1 << 24, 0, 0),
        "it would not be stopped for milliseconds"
    );
}

#[test]
fn an_argument_that_is_missing_is_no_proof() {
    let source = source("st.global.u32 [%base], %r0;");
    let (_, proofs) = compile_proved(Source::Ptx(&source), &CompileOptions::default()).unwrap();
    let facts = LaunchFacts {
        grid: [1, 1, 1],
        block: [1, 1, 1],
        dynamic_shared: 0,
        parameters: &[0; 4],
        memory: Memory::Window {
            base: BASE,
            mapped: MAPPED,
        },
        variables: 0,
    };
    assert!(!proofs[0].holds(&facts, &mut Scratch::default()));
}

#[test]
fn what_a_loop_goes_around_with_must_begin_where_it_goes() {
    let body = |first: &str| {
        format!(
            "mov.u32 %r1, {first}; mov.u32 %r2, 0; LOOP: mad.lo.s32 %r3, %r1, 256, 0; mov.u32 %r4, tile; add.s32 %r3, %r3, %r4;
             st.shared.u32 [%r3], %r0; add.s32 %r5, %r1, 1; setp.gt.s32 %p1, %r5, 3; selp.b32 %r1, 0, %r5, %p1;
             add.s32 %r2, %r2, 1; setp.lt.s32 %p2, %r2, %n; @%p2 bra LOOP; st.global.u32 [%base], %r0;"
        )
    };
    let proved = |first: &str| {
        let source = source(&body(first));
        let report =
            wasi_cuda_jit::report(Source::Ptx(&source), &CompileOptions::default()).unwrap();
        report.kernels[0].proofs[0].proved
    };
    use wasi_cuda_jit::report::Proved;
    assert_eq!(proved("0"), Proved::AtLoad);
    assert_eq!(proved("3"), Proved::AtLoad);
    for first in ["-1", "4", "2147483647", "-2147483648", "%n"] {
        assert_ne!(proved(first), Proved::AtLoad, "{first}");
    }
}

#[test]
fn a_value_that_is_exchanged_each_round_is_one_of_two() {
    for (change, second) in [
        ("xor.b32 %r1, %r1, 1024;", 1024),
        ("sub.s32 %r1, 2048, %r1;", 2048),
    ] {
        let body = format!(
            "mov.u32 %r1, 0; mov.u32 %r2, 0; LOOP: cvt.u64.u32 %d1, %r1; add.s64 %d1, %d1, %base; st.global.u32 [%d1], %r0;
             {change} add.s32 %r2, %r2, 1; setp.lt.s32 %p1, %r2, %n; @%p1 bra LOOP;"
        );
        let last = BASE + MAPPED - second - 4;
        assert!(holds_at(&body, last, 7, 0, 0), "{change}");
        assert!(!holds_at(&body, last + 4, 7, 0, 0), "{change}");
    }
}
