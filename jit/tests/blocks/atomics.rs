//! Atomic operations of many threads on one place, or on one place each.

use crate::device::Device;
use half::{bf16, f16};

/// What is in memory after each of 64 threads has done the operation to one place with its number as `%r1` or `%rd2`, and before.
fn done_to_one(
    space: &str,
    operation: &str,
    ty: &str,
    start: u64,
    operand: &str,
) -> (u64, Vec<u64>) {
    let wide = ty.ends_with("64");
    let (old, address) = (
        if wide { "%rd5" } else { "%r5" },
        if space == "shared" { "place" } else { "%rd3" },
    );
    let load = if wide { "u64 %rd6" } else { "u32 %r6" };
    let body = format!(
        ".shared .align 8 .b64 place;\nadd.s64 %rd3, %window, 8192;\nld.global.u64 %rd7, [%rd3];\nst.shared.u64 [place], %rd7;\nbar.sync 0;\n\
         add.u32 %r1, %t, 1;\ncvt.u64.u32 %rd2, %r1;\nmov.u64 %rd5, 0;\nmov.u64 %rd6, 0;\n\
         atom.{space}.{operation}.{ty} {old}, [{address}], {operand};\n\
         bar.sync 0;\nld.{space}.{load}, [{address}];\n{}\
         mul.wide.u32 %rd8, %t, 8;\nadd.s64 %rd8, %rd8, %window;\nst.global.u64 [%rd8], %rd5;\nst.global.u64 [%rd8+1024], %rd6;",
        if wide {
            ""
        } else {
            "cvt.u64.u32 %rd5, %r5;\ncvt.u64.u32 %rd6, %r6;\n"
        }
    );
    let mut device = Device::of_body(&body).threads(64);
    device.write(8192, &[start]);
    device.run().unwrap();
    let after = device.read::<u64>(1024, 64);
    assert!(after.iter().all(|word| *word == after[0]));
    (after[0], device.read(0, 64))
}

#[test]
fn integers_are_changed_once_by_each_thread() {
    let sum: u64 = (1..=64).sum();
    let xor = (1..=64).fold(0, |all, next| all ^ next);
    for space in ["global", "shared"] {
        for (operation, ty, start, wanted) in [
            ("add", "u32", 5, sum + 5),
            ("add", "s32", 5, sum + 5),
            ("add", "u64", 1 << 40, sum + (1 << 40)),
            ("min", "u32", 50, 1),
            ("max", "u32", 50, 64),
            ("min", "s32", 0xffff_fff0, 0xffff_fff0),
            ("max", "s32", 0xffff_fff0, 64),
            ("min", "s64", u64::MAX, u64::MAX),
            ("max", "s64", u64::MAX, 64),
            ("min", "u64", u64::MAX, 1),
            ("max", "u64", 1 << 50, 1 << 50),
            ("and", "b32", 0xff, 0),
            ("or", "b32", 0x100, 0x17f),
            ("xor", "b32", 0x100, xor ^ 0x100),
            ("or", "b64", 1 << 60, 0x7f | 1 << 60),
        ] {
            let operand = if ty.ends_with("64") { "%rd2" } else { "%r1" };
            let (after, before) = done_to_one(space, operation, ty, start, operand);
            assert_eq!(after, wanted, "{space} {operation} {ty}");
            assert!(
                before.contains(&start),
                "{space} {operation} {ty}: nobody came first"
            );
        }
    }
}

#[test]
fn counters_wrap_and_exchanges_chain() {
    for space in ["global", "shared"] {
        assert_eq!(done_to_one(space, "inc", "u32", 0, "9").0, 64 % 10);
        assert_eq!(done_to_one(space, "dec", "u32", 3, "9").0, 9);
        let (after, before) = done_to_one(space, "exch", "b32", 1000, "%r1");
        let mut all = [before, vec![after]].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=64).chain([1000]).collect::<Vec<u64>>());
        let (after, before) = done_to_one(space, "cas", "b32", 1000, "1000, %r1");
        assert_eq!(
            before.iter().filter(|old| **old == 1000).count(),
            1,
            "{before:?}"
        );
        assert!((1..=64).contains(&after));
    }
}

#[test]
fn floats_are_added_one_after_the_other() {
    let body = "
        add.s64 %rd3, %window, 8192; mov.f32 %f0, 0f3F000000; mov.f64 %fd0, 0d3FD0000000000000;
        mov.b16 %h0, 0x3c00; mov.b32 %r2, 0x3c003800; mov.b16 %h1, 0x3f80; mov.b32 %r3, 0x3f803f00;
        red.global.add.f32 [%rd3], %f0;
        red.global.add.f64 [%rd3+8], %fd0;
        red.global.add.noftz.f16 [%rd3+16], %h0;
        red.global.add.noftz.f16x2 [%rd3+20], %r2;
        red.global.add.noftz.bf16 [%rd3+24], %h1;
        red.global.add.noftz.bf16x2 [%rd3+28], %r3;";
    let mut device = Device::of_body(body);
    device.run().unwrap();
    assert_eq!(device.read::<f32>(8192, 1), [16.0]);
    assert_eq!(device.read::<f64>(8200, 1), [8.0]);
    let half = |at| f16::from_bits(device.read::<u16>(at, 1)[0]).to_f32();
    let bfloat = |at| bf16::from_bits(device.read::<u16>(at, 1)[0]).to_f32();
    assert_eq!([half(8208), half(8212), half(8214)], [32.0, 16.0, 32.0]);
    assert_eq!(
        [bfloat(8216), bfloat(8220), bfloat(8222)],
        [32.0, 16.0, 32.0]
    );
}
