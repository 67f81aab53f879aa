//! Barriers of a block.

use crate::device::Device;

const STORE: &str =
    "\nmul.wide.u32 %rd1, %t, 4;\nadd.s64 %rd1, %rd1, %window;\nst.global.u32 [%rd1], %r1;";

fn words(body: &str, threads: u32) -> Vec<u32> {
    let device = Device::of_body(&format!("{body}{STORE}")).threads(threads);
    device.results(0, threads as usize)
}

/// Each thread's word of shared memory at `%r10`, and its neighbour's at `%r11`.
const NEIGHBOURS: &str = ".shared .align 4 .b32 words[256];\nmov.u32 %r12, words;\nshl.b32 %r10, %t, 2;\nadd.u32 %r10, %r10, %r12;\n\
    mov.u32 %r13, %ntid.x;\nadd.u32 %r11, %t, 1;\nrem.u32 %r11, %r11, %r13;\nshl.b32 %r11, %r11, 2;\nadd.u32 %r11, %r11, %r12;\n";

#[test]
fn a_loop_of_barriers_hands_values_around() {
    for barrier in [
        "bar.sync 0",
        "bar.cta.sync 0",
        "barrier.sync 0",
        "barrier.sync.aligned 0",
    ] {
        let body = format!(
            "{NEIGHBOURS}mov.u32 %r1, %t;\nmov.u32 %r2, 0;\n\
             again:\nst.shared.u32 [%r10], %r1;\n{barrier};\nld.shared.u32 %r1, [%r11];\n{barrier};\n\
             add.u32 %r2, %r2, 1;\nsetp.lt.u32 %p0, %r2, 5;\n@%p0 bra again;"
        );
        let wanted: Vec<u32> = (0..96).map(|thread| (thread + 5) % 96).collect();
        assert_eq!(words(&body, 96), wanted, "{barrier}");
    }
}

#[test]
fn threads_that_have_ended_are_not_waited_for() {
    let body = format!(
        "{NEIGHBOURS}setp.lt.u32 %p0, %t, 33;\n@%p0 ret;\nst.shared.u32 [%r10], %t;\nbar.sync 0;\nld.shared.u32 %r1, [%r11];"
    );
    let found = words(&body, 80);
    assert_eq!(found[..33], [0; 33]);
    let wanted: Vec<u32> = (33..80)
        .map(|thread| if thread == 79 { 0 } else { thread + 1 })
        .collect();
    assert_eq!(found[33..], wanted);
}

#[test]
fn a_barrier_counts_and_combines_predicates() {
    let body = "setp.lt.u32 %p0, %t, 50;\nsetp.lt.u32 %p1, %t, 99;\n\
        bar.red.popc.u32 %r1, 0, %p0;\nbar.red.popc.u32 %r2, 0, !%p0;\nshl.b32 %r2, %r2, 8;\nor.b32 %r1, %r1, %r2;\n\
        barrier.red.and.pred %p2, 0, %p0;\nbarrier.red.or.pred %p3, 0, %p0;\n\
        bar.red.and.pred %p4, 0, %p1;\nbar.red.or.pred %p5, 0, !%p1;\n";
    let flags: String = (2..6)
        .map(|flag| {
            format!(
                "selp.u32 %r2, {}, 0, %p{flag};\nor.b32 %r1, %r1, %r2;\n",
                1 << (flag + 14)
            )
        })
        .collect();
    let wanted = 50 | 20 << 8 | 1 << 17 | 1 << 18;
    assert_eq!(words(&format!("{body}{flags}"), 70), vec![wanted; 70]);
}

#[test]
fn warps_may_come_to_different_barriers_of_the_text() {
    let body = format!(
        "{NEIGHBOURS}st.shared.u32 [%r10], %t;\nsetp.lt.u32 %p0, %t, 32;\n@%p0 bra low;\nbar.sync 0;\nbra met;\nlow:\nbar.sync 0;\n\
         met:\nld.shared.u32 %r1, [%r11];"
    );
    let wanted: Vec<u32> = (0..64).map(|thread| (thread + 1) % 64).collect();
    assert_eq!(words(&body, 64), wanted);
}

#[test]
fn every_block_of_a_grid_begins_with_empty_shared_memory() {
    let body = format!(
        "{NEIGHBOURS}ld.shared.u32 %r1, [%r10];\nbar.sync 0;\nst.shared.u32 [%r10], -1;\nbar.sync 0;\n\
         mov.u32 %r2, %ctaid.x;\nmad.lo.u32 %r3, %r2, %r13, %t;\nmul.wide.u32 %rd1, %r3, 4;\nadd.s64 %rd1, %rd1, %window;\n\
         add.u32 %r1, %r1, %r2;\nst.global.u32 [%rd1], %r1;"
    );
    let mut device = Device::of_body(&body).threads(64);
    device.grid = [4, 1, 1];
    let wanted: Vec<u32> = (0..256).map(|word| word / 64).collect();
    assert_eq!(device.results::<u32>(0, 256), wanted);
}
