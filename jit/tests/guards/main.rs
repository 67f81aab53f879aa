//! What a kernel cannot do.

mod first_fault;
mod window;

use proptest::prelude::*;
use std::time::Duration;
use wasi_cuda_jit::cpu::{FaultKind, Outcome};
use window::{BASE, MAPPED, Test};

/// Stores `%r1` at `p0 + p1`.
const STORE: &str = "ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1];
add.s64 %rd3, %rd1, %rd2; mov.u32 %r1, 7;
st.global.u32 [%rd3], %r1;
ret;";
/// The line of the store in the source.
const STORE_LINE: u32 = 9;

fn store_at(offset: u64) -> window::Ended {
    Test::new(STORE).arguments([BASE, offset]).run()
}

#[test]
fn a_store_in_the_window_is_done() {
    let ended = store_at(8);
    assert_eq!(
        (ended.outcome, ended.word(2), ended.escaped),
        (Outcome::Completed, 7, false)
    );
}

#[test]
fn a_store_outside_the_window_faults_where_it_stands() {
    for offset in [
        MAPPED as u64,
        1 << 40,
        u64::MAX - 3,
        (-4096i64) as u64,
        BASE.wrapping_neg(),
    ] {
        let ended = store_at(offset);
        let fault = ended
            .fault
            .unwrap_or_else(|| panic!("no fault at {offset:#x}"));
        assert_eq!(ended.outcome, Outcome::Faulted);
        assert_eq!((fault.kind, fault.size), (FaultKind::GlobalOutOfBounds, 4));
        assert_eq!(fault.address, BASE.wrapping_add(offset));
        assert_eq!((fault.span.line, fault.span.column), (STORE_LINE, 1));
        assert!(!ended.escaped);
    }
}

#[test]
fn an_odd_address_faults_as_misaligned() {
    let fault = store_at(9).fault.unwrap();
    assert_eq!(
        (fault.kind, fault.address, fault.size),
        (FaultKind::Misaligned, BASE + 9, 4)
    );
}

#[test]
fn a_vector_access_is_held_against_its_whole_size() {
    let load = "ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1]; add.s64 %rd3, %rd1, %rd2;
        ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd3]; ret;";
    let at = |offset| Test::new(load).arguments([BASE, offset]).run();
    assert_eq!(at(MAPPED as u64 - 16).outcome, Outcome::Completed);
    assert_eq!(
        at(MAPPED as u64 - 8).fault.map(|fault| fault.kind),
        Some(FaultKind::Misaligned)
    );
    assert_eq!(at(MAPPED as u64).fault.map(|fault| fault.size), Some(16));
}

#[test]
fn an_offset_in_the_address_is_part_of_it() {
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, 1; st.global.u32 [%rd1-4], %r1; ret;";
    let fault = Test::new(body).run().fault.unwrap();
    assert_eq!(
        (fault.kind, fault.address),
        (FaultKind::GlobalOutOfBounds, BASE - 4)
    );
    let absolute = Test::new("mov.u32 %r1, 1; st.u32 [64], %r1; ret;")
        .run()
        .fault
        .unwrap();
    assert_eq!(absolute.address, 64);
}

#[test]
fn checked_mode_reports_what_lies_between_buffers() {
    let at = |offset| {
        Test::new(STORE)
            .arguments([BASE, offset])
            .valid(&[0, 256, 100])
            .run()
            .fault
    };
    assert_eq!(at(256), None);
    assert_eq!(at(512 + 96), None);
    for outside in [252, 512 + 100, 1024] {
        assert_eq!(
            at(outside).map(|fault| fault.kind),
            Some(FaultKind::GlobalOutOfBounds),
            "{outside}"
        );
    }
}

#[test]
fn a_predicated_access_faults_only_where_it_happens() {
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 5;
        @%p1 st.global.u32 [%rd1+8192], %r1; ret;";
    assert_eq!(
        Test::new(body).threads(1, [5, 1, 1]).run().outcome,
        Outcome::Completed
    );
    let fault = Test::new(body).threads(1, [8, 1, 1]).run().fault.unwrap();
    assert_eq!(fault.thread, [5, 0, 0]);
}

#[test]
fn a_fault_names_its_block_and_thread() {
    let body = "mov.u32 %r1, %ctaid.x; setp.ne.u32 %p1, %r1, 2; @%p1 ret;
        mov.u32 %r2, %tid.y; setp.ne.u32 %p1, %r2, 1; @%p1 ret; trap;";
    let ended = Test::new(body).threads(4, [3, 2, 1]).run();
    let fault = ended.fault.unwrap();
    assert_eq!(
        (fault.kind, fault.block, fault.thread),
        (FaultKind::Trap, [2, 0, 0], [0, 1, 0])
    );
    assert_eq!((fault.address, fault.size), (0, 0));
}

#[test]
fn threads_of_a_block_run_in_three_dimensions() {
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z;
        mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y; mad.lo.u32 %r6, %r3, %r5, %r2; mad.lo.u32 %r6, %r6, %r4, %r1;
        mul.wide.u32 %rd2, %r6, 4; add.s64 %rd3, %rd1, %rd2; add.u32 %r7, %r6, 1; st.global.u32 [%rd3], %r7; ret;";
    let ended = Test::new(body).threads(1, [3, 4, 5]).run();
    assert!((0..60).all(|index| ended.word(index) == index as u32 + 1));
    assert_eq!(ended.word(60), 0);
}

#[test]
fn loops_without_end_are_stopped() {
    let nested = "OUTER: mov.u32 %r1, 0; INNER: add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 3; @%p1 bra INNER; bra OUTER;";
    for body in ["SELF: bra SELF;", "A: bra B; B: bra A;", nested] {
        let ended = Test::new(body)
            .threads(2, [64, 1, 1])
            .stop_after(Duration::from_millis(20))
            .run();
        assert_eq!(ended.outcome, Outcome::Stopped, "{body}");
    }
}

#[test]
fn long_threads_with_short_loops_are_stopped() {
    let sines = "sin.approx.f32 %f1, %f1; ".repeat(500);
    let body =
        format!("L: {sines} add.u32 %r1, %r1, 1; setp.lt.u32 %p1, %r1, 1000; @%p1 bra L; ret;");
    let straight = format!("{} ret;", "sin.approx.f32 %f1, %f1; ".repeat(8_000));
    for body in [body, straight] {
        let begun = std::time::Instant::now();
        let ended = Test::new(&body)
            .threads(1, [1024, 1, 1])
            .stop_after(Duration::from_millis(20))
            .run();
        assert_eq!(ended.outcome, Outcome::Stopped);
        // To its end the kernel would run for many times as long.
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "stopped after {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn an_irreducible_loop_is_stopped() {
    let body = "ld.param.u64 %rd1, [p1]; setp.eq.u64 %p1, %rd1, 0; @%p1 bra SECOND;
        FIRST: add.u32 %r1, %r1, 1; bra SECOND; SECOND: add.u32 %r2, %r2, 1; bra FIRST;";
    let ended = Test::new(body).stop_after(Duration::from_millis(20)).run();
    assert_eq!(ended.outcome, Outcome::Stopped);
}

#[test]
fn registers_that_were_never_written_are_zero_in_every_thread() {
    // Each thread would see what the one before left in %r2 and %f1, if they were not zeroed.
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mul.wide.u32 %rd2, %r1, 4; add.s64 %rd3, %rd1, %rd2;
        st.global.u32 [%rd3], %r2; st.global.f32 [%rd3+256], %f1; add.u32 %r2, %r1, 77; mov.f32 %f1, 0f3F800000;
        setp.eq.u32 %p1, %r1, 0; @%p1 mov.u32 %r3, 9; st.global.u32 [%rd3+512], %r3; ret;";
    let ended = Test::new(body).threads(1, [16, 1, 1]).run();
    assert!((0..16).all(|thread| ended.word(thread) == 0 && ended.word(64 + thread) == 0));
    assert_eq!((ended.word(128), ended.word(129)), (9, 0));
}

#[test]
fn no_integer_operation_faults() {
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, -2147483648; mov.u32 %r2, 0; mov.u32 %r3, -1;
        div.s32 %r4, %r1, %r2; rem.s32 %r5, %r1, %r3; div.s32 %r6, %r1, %r3; rem.u32 %r7, %r1, %r2;
        st.global.v4.u32 [%rd1], {%r4, %r5, %r6, %r7}; ret;";
    let ended = Test::new(body).run();
    assert_eq!(ended.outcome, Outcome::Completed);
    assert_eq!(
        (ended.word(0), ended.word(1), ended.word(2)),
        (u32::MAX, 0, 1 << 31)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_access_at_any_address_leaves_the_window(
        base in prop_oneof![Just(BASE), any::<u64>(), (0u64..1 << 17).prop_map(|offset| BASE + offset)],
        offset in prop_oneof![0u64..1 << 14, any::<u64>()],
        access in prop::sample::select(vec![
            "st.global.u8 [%rd3], %r1;", "st.global.u16 [%rd3+2], %h1;", "st.u32 [%rd3-4], %r1;",
            "st.global.v2.u32 [%rd3+8], {%r1, %r2};", "st.volatile.global.u64 [%rd3], %rd1;",
            "st.global.v2.u64 [%rd3-16], {%rd1, %rd2};", "@!%p1 st.global.u32 [%rd3], %r1;",
        ]),
    ) {
        let body = format!("ld.param.u64 %rd1, [p0]; ld.param.u64 %rd2, [p1]; add.s64 %rd3, %rd1, %rd2;
            mov.u32 %r1, -1; mov.u32 %r2, -1; {access} ret;");
        let ended = Test::new(&body).arguments([base, offset]).run();
        prop_assert!(!ended.escaped);
        prop_assert_eq!(ended.fault.is_some(), ended.outcome == Outcome::Faulted);
        if ended.outcome == Outcome::Faulted {
            prop_assert!(ended.memory.iter().all(|byte| *byte == 0));
        }
    }
}

/// `out[i] = i + 1` where `i < p1`, for a row of threads at a time.
const EVEN: &str = "ld.param.u64 %rd1, [p0]; ld.param.u32 %r4, [p1]; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x;
    mov.u32 %r3, %tid.x; mad.lo.s32 %r5, %r1, %r2, %r3; setp.ge.s32 %p1, %r5, %r4; @%p1 bra DONE;
    mul.wide.s32 %rd2, %r5, 4; add.s64 %rd3, %rd1, %rd2; add.u32 %r6, %r5, 1; st.global.u32 [%rd3+8], %r6;
    DONE: ret;";

#[test]
fn a_row_that_lies_inside_and_one_that_does_not_give_the_same() {
    // The last rows end outside of the window, but their threads there do nothing.
    let words = (MAPPED / 4 - 2) as u32;
    let ended = Test::new(EVEN)
        .arguments([BASE, u64::from(words)])
        .threads(20, [64, 1, 1])
        .run();
    assert_eq!((ended.outcome, ended.escaped), (Outcome::Completed, false));
    assert!((0..words).all(|index| ended.word(index as usize + 2) == index + 1));
    let fault = Test::new(EVEN)
        .arguments([BASE, u64::from(words) + 1])
        .threads(20, [64, 1, 1])
        .run()
        .fault
        .unwrap();
    assert_eq!(fault.address, BASE + MAPPED as u64);
    assert_eq!(
        (fault.block[0] * 64 + fault.thread[0], fault.kind),
        (words, FaultKind::GlobalOutOfBounds)
    );
}

#[test]
fn a_row_whose_index_wraps_around_is_guarded() {
    // Thread 1's index is 2^31, as a signed number the lowest one: it lies far before the buffer.
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; add.u32 %r2, %r1, 2147483647; mul.wide.s32 %rd2, %r2, 4;
        add.s64 %rd3, %rd1, %rd2; st.global.u32 [%rd3], %r1; ret;";
    let first = BASE.wrapping_sub(4 * 0x7fff_ffff);
    let ended = Test::new(body)
        .arguments([first, 0])
        .threads(1, [2, 1, 1])
        .run();
    assert!(!ended.escaped);
    assert_eq!(ended.fault.map(|fault| fault.thread[0]), Some(1));
}

#[test]
fn a_row_at_an_odd_address_faults_as_misaligned() {
    let fault = Test::new(EVEN)
        .arguments([BASE + 2, 100])
        .threads(1, [64, 1, 1])
        .run()
        .fault
        .unwrap();
    assert_eq!(
        (fault.kind, fault.address, fault.thread),
        (FaultKind::Misaligned, BASE + 10, [0, 0, 0])
    );
}

#[test]
fn each_row_of_a_block_is_held_against_the_window_anew() {
    // Row y begins at 1024 * y, so that the last one leaves the window.
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; shl.b32 %r3, %r2, 8; add.u32 %r4, %r3, %r1;
        mul.wide.u32 %rd2, %r4, 4; add.s64 %rd3, %rd1, %rd2; st.global.u32 [%rd3], %r4; ret;";
    let inside = Test::new(body).threads(1, [256, 4, 1]).run();
    assert_eq!(
        (inside.outcome, inside.word(1023)),
        (Outcome::Completed, 1023)
    );
    let fault = Test::new(body).threads(1, [200, 5, 1]).run().fault.unwrap();
    assert_eq!((fault.thread, fault.address), ([0, 4, 0], BASE + 4096));
}

#[test]
fn a_register_written_on_one_way_only_is_no_proof() {
    // Where the branch is taken, %rd3 was never written and reads as zero: the address is far outside.
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, %tid.x; setp.gt.u32 %p1, %r1, 3; @%p1 bra SKIP; mul.wide.u32 %rd2, %r1, 4;
        add.s64 %rd3, %rd1, %rd2; SKIP: st.global.u32 [%rd3], %r1; ret;";
    let ended = Test::new(body).threads(1, [8, 1, 1]).run();
    assert_eq!(
        ended.fault.map(|fault| (fault.thread[0], fault.address)),
        Some((4, 0))
    );
}

#[test]
fn a_pointer_that_a_loop_moves_is_no_proof() {
    let body = "ld.param.u64 %rd1, [p0]; mov.u32 %r1, 0; LOOP: st.global.u32 [%rd1], %r1; add.s64 %rd1, %rd1, 4;
        add.u32 %r1, %r1, 1; bra LOOP;";
    let fault = Test::new(body).run().fault.unwrap();
    assert_eq!(fault.address, BASE + MAPPED as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_row_behaves_as_its_threads_one_by_one(
        base in prop_oneof![Just(0i64), -64i64..64, 3900i64..4200, any::<i64>()],
        first in prop_oneof![-40i32..40, any::<i32>()],
        shift in 0u32..6,
        offset in -64i64..64,
        width in 1u32..80,
        access in prop::sample::select(vec![("u8", 1u64), ("u16", 2), ("u32", 4), ("v2.u32", 8)]),
        widen in prop::sample::select(vec!["cvt.s64.s32 %rd2, %r2;", "cvt.u64.u32 %rd2, %r2;", "mul.wide.s32 %rd2, %r2, 1;"]),
    ) {
        let (name, size) = access;
        let value = if name.starts_with('v') { "{%r3, %r3}" } else if size == 4 { "%r3" } else { "%h1" };
        let base = BASE.wrapping_add(base as u64);
        let source = |start: &str, extra: &str| format!(
            "ld.param.u64 %rd1, [p0]; {start} add.s32 %r2, %r1, {first}; {widen} shl.b64 %rd2, %rd2, {shift};
            add.s64 %rd3, %rd1, %rd2; add.u32 %r3, %r2, 1; cvt.u16.u32 %h1, %r3; {extra}
            st.global.{name} [%rd3{offset:+}], {value}; ret;");
        // Alike, but for the address: a register with two definitions is never planned.
        let planned = source("mov.u32 %r1, %tid.x;", "");
        let guarded = source("mov.u32 %r1, %tid.x;", "add.s64 %rd3, %rd3, 1; sub.s64 %rd3, %rd3, 1;");
        let run = |body: &str| Test::new(body).arguments([base, 0]).threads(1, [width, 1, 1]).run();
        let (rows, threads) = (run(&planned), run(&guarded));
        prop_assert!(!rows.escaped && !threads.escaped);
        prop_assert_eq!(rows.outcome, threads.outcome);
        let told = |ended: &window::Ended| ended.fault.map(|fault| (fault.kind, fault.address, fault.thread));
        prop_assert_eq!(told(&rows), told(&threads));
        prop_assert_eq!(rows.memory, threads.memory);
    }
}
