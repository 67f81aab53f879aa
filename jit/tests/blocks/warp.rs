//! Exchanges and votes of a warp.

use crate::device::Device;
use wasi_cuda_jit::cpu::FaultKind;

/// Stores `%r1` of each thread as one word.
const STORE: &str =
    "\nmul.wide.u32 %rd1, %t, 4;\nadd.s64 %rd1, %rd1, %window;\nst.global.u32 [%rd1], %r1;";

/// What each of so many threads has in `%r1` at the end.
fn words(body: &str, threads: u32) -> Vec<u32> {
    let device = Device::of_body(&format!("{body}{STORE}")).threads(threads);
    device.results(0, threads as usize)
}

/// What a lane reads, and whether it lies in its segment (PTX ISA, `shfl`, "Semantics").
fn shuffled(mode: &str, lane: i32, b: i32, c: i32) -> (i32, bool) {
    let (value, clamp, mask) = (b & 31, c & 31, c >> 8 & 31);
    let highest = (lane & mask) | (clamp & !mask);
    let lowest = lane & mask;
    let (source, inside) = match mode {
        "up" => (lane - value, lane - value >= highest),
        "down" => (lane + value, lane + value <= highest),
        "bfly" => (lane ^ value, lane ^ value <= highest),
        _ => {
            let source = lowest | (value & !mask);
            (source, source <= highest)
        }
    };
    if inside {
        (source, true)
    } else {
        (lane, false)
    }
}

#[test]
fn lanes_read_each_other_in_every_mode_and_segment() {
    for mode in ["up", "down", "bfly", "idx"] {
        for width in [32, 16, 8, 4] {
            for b in [0, 1, 3, 5, 16, 31] {
                let clamp = if mode == "up" { 0 } else { 31 };
                let c = (32 - width) << 8 | clamp;
                let found = words(
                    &format!(
                        "add.u32 %r0, %t, 100;\nshfl.sync.{mode}.b32 %r1|%p0, %r0, {b}, {c}, 0xffffffff;\n\
                         selp.u32 %r2, 1000, 0, %p0;\nadd.u32 %r1, %r1, %r2;"
                    ),
                    32,
                );
                let wanted: Vec<u32> = (0..32)
                    .map(|lane| {
                        let (source, inside) = shuffled(mode, lane, b, c);
                        100 + source as u32 + if inside { 1000 } else { 0 }
                    })
                    .collect();
                assert_eq!(found, wanted, "{mode} {width} {b}");
            }
        }
    }
}

#[test]
fn a_sum_of_a_warp_by_exchanges_is_every_lanes() {
    let rounds: String = [16, 8, 4, 2, 1]
        .map(|distance| {
            format!("shfl.sync.bfly.b32 %r2, %r1, {distance}, 31, -1;\nadd.u32 %r1, %r1, %r2;\n")
        })
        .concat();
    let found = words(&format!("mov.u32 %r1, %t;\n{rounds}"), 64);
    let (first, second): (u32, u32) = ((0..32).sum(), (32..64).sum());
    assert_eq!(found, [vec![first; 32], vec![second; 32]].concat());
}

#[test]
fn votes_tell_each_lane_of_all() {
    let body = "setp.lt.u32 %p0, %t, 5;\nsetp.lt.u32 %p1, %t, 99;\n\
        vote.sync.ballot.b32 %r1, %p0, -1;\n\
        vote.sync.all.pred %p2, %p0, -1;\nvote.sync.all.pred %p3, %p1, -1;\n\
        vote.sync.any.pred %p4, %p0, -1;\nvote.sync.any.pred %p5, !%p1, -1;\n\
        vote.sync.uni.pred %p6, %p0, -1;\nvote.sync.uni.pred %p7, !%p1, -1;\n";
    let flags: String = (2..8)
        .map(|flag| {
            format!(
                "selp.u32 %r2, {}, 0, %p{flag};\nor.b32 %r1, %r1, %r2;\n",
                1 << (flag + 6)
            )
        })
        .collect();
    let wanted = 0b11111 | 1 << 9 | 1 << 10 | 1 << 13;
    assert_eq!(words(&format!("{body}{flags}"), 32), vec![wanted; 32]);
}

#[test]
fn a_vote_of_half_a_warp_counts_that_half() {
    let body = "setp.lt.u32 %p0, %t, 16;\nsetp.ne.u32 %p1, %t, 3;\n@%p0 bra low;\n\
        vote.sync.ballot.b32 %r1, %p1, 0xffff0000;\nbra done;\n\
        low:\nvote.sync.ballot.b32 %r1, %p1, 0xffff;\ndone:";
    let found = words(body, 32);
    assert_eq!(found, [vec![0xfff7; 16], vec![0xffff_0000; 16]].concat());
}

#[test]
fn lanes_find_those_with_the_same_value() {
    let found = words("and.b32 %r0, %t, 3;\nmatch.any.sync.b32 %r1, %r0, -1;", 32);
    let wanted: Vec<u32> = (0..32).map(|lane| 0x1111_1111 << (lane % 4)).collect();
    assert_eq!(found, wanted);
    let all = "cvt.u64.u32 %rd0, %t;\nshr.u64 %rd0, %rd0, SHIFT;\nmatch.all.sync.b64 %r1|%p0, %rd0, -1;\n\
        selp.u32 %r2, 5, 0, %p0;\nxor.b32 %r1, %r1, %r2;";
    assert_eq!(words(&all.replace("SHIFT", "5"), 32), vec![!5; 32]);
    assert_eq!(words(&all.replace("SHIFT", "4"), 32), vec![0; 32]);
}

#[test]
fn a_warp_reduces_what_its_lanes_hold() {
    for (operation, wanted) in [
        (
            "add.u32",
            (0..32).map(|lane| lane * 3).sum::<u32>() - 32 * 40,
        ),
        ("min.s32", 0u32.wrapping_sub(40)),
        ("max.s32", 53),
        ("min.u32", 2),
        ("max.u32", u32::MAX),
        (
            "and.b32",
            (0..32).fold(u32::MAX, |all, lane: u32| all & (lane * 3).wrapping_sub(40)),
        ),
        (
            "or.b32",
            (0..32).fold(0, |all, lane: u32| all | (lane * 3).wrapping_sub(40)),
        ),
        (
            "xor.b32",
            (0..32).fold(0, |all, lane: u32| all ^ (lane * 3).wrapping_sub(40)),
        ),
    ] {
        let body = format!(
            "mul.lo.u32 %r0, %t, 3;\nsub.u32 %r0, %r0, 40;\nredux.sync.{operation} %r1, %r0, -1;"
        );
        assert_eq!(words(&body, 32), vec![wanted; 32], "{operation}");
    }
}

#[test]
fn one_lane_is_elected() {
    let body = "elect.sync %r1|%p0, 0xffffffff;\n@%p0 add.u32 %r1, %r1, 7;";
    let found = words(body, 32);
    assert_eq!(found.iter().filter(|word| **word == 7).count(), 1);
    assert_eq!(found.iter().filter(|word| **word == 0).count(), 31);
}

#[test]
fn the_active_lanes_are_those_that_came_along() {
    let body =
        "setp.lt.u32 %p0, %t, 7;\nmov.u32 %r1, 0;\n@!%p0 bra done;\nactivemask.b32 %r1;\ndone:";
    let found = words(body, 32);
    assert_eq!(found, [vec![0x7f; 7], vec![0; 25]].concat());
}

#[test]
fn lanes_that_have_ended_are_not_waited_for() {
    let body = "setp.ge.u32 %p0, %t, 20;\n@%p0 ret;\nvote.sync.ballot.b32 %r1, 1, -1;"
        .replace(", 1,", ", %p1,");
    let body = format!("setp.ge.u32 %p1, %t, 0;\n{body}");
    let found = words(&body, 32);
    assert_eq!(found, [vec![0xf_ffff; 20], vec![0; 12]].concat());
    // A block's last warp may have fewer lanes.
    let partial = words(
        "setp.ge.u32 %p1, %t, 0;\nvote.sync.ballot.b32 %r1, %p1, -1;",
        40,
    );
    assert_eq!(partial, [vec![u32::MAX; 32], vec![0xff; 8]].concat());
}

#[test]
fn lanes_that_wait_for_each_other_in_two_places_fault() {
    let body = "setp.lt.u32 %p0, %t, 16;\n@%p0 bra low;\nshfl.sync.idx.b32 %r1, %t, 0, 31, -1;\nbra done;\n\
        low:\nshfl.sync.idx.b32 %r1, %t, 1, 31, -1;\ndone:";
    let fault = Device::of_body(body).run().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Divergence);
}

#[test]
fn a_warp_that_parted_meets_again() {
    let body = "mov.u32 %r1, %t;\nmov.u32 %r2, 0;\n\
        again:\nsetp.ge.u32 %p0, %r2, %t;\n@%p0 bra met;\nadd.u32 %r2, %r2, 1;\nbra again;\n\
        met:\nbar.warp.sync -1;\nshfl.sync.idx.b32 %r1, %r2, 31, 31, -1;";
    assert_eq!(words(body, 32), vec![31; 32]);
}
