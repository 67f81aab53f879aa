//! Shared, local, constant and the module's own memory.

use crate::device::{Device, kernel};
use wasi_cuda_jit::cpu::FaultKind;
use wasi_cuda_jit::{CompileOptions, sandboxed_ptx};

const STORE: &str =
    "\nmul.wide.u32 %rd1, %t, 4;\nadd.s64 %rd1, %rd1, %window;\nst.global.u32 [%rd1], %r1;";

#[test]
fn dynamic_shared_memory_lies_behind_the_static() {
    let source = format!(
        ".extern .shared .align 16 .b8 rest[];\n{}",
        kernel(&format!(
            ".shared .align 4 .b8 first[12];\nmov.u32 %r2, first;\nmov.u32 %r3, rest;\nshl.b32 %r4, %t, 2;\nadd.u32 %r4, %r4, %r3;\n\
             st.shared.u32 [%r4], %t;\nst.shared.u32 [first+8], 77;\nbar.sync 0;\nxor.b32 %r5, %t, 1;\nshl.b32 %r5, %r5, 2;\n\
             add.u32 %r5, %r5, %r3;\nld.shared.u32 %r1, [%r5];\nld.shared.u32 %r6, [first+8];\nmad.lo.u32 %r1, %r6, 1000, %r1;{STORE}"
        ))
    );
    let mut device = Device::compile(&source);
    device.dynamic_shared = 128;
    let wanted: Vec<u32> = (0..32).map(|thread| 77_000 + (thread ^ 1)).collect();
    assert_eq!(device.results::<u32>(0, 32), wanted);
    let mut small = Device::compile(&source);
    small.dynamic_shared = 64;
    let fault = small.run().unwrap_err();
    assert_eq!(
        (fault.kind, fault.thread[0]),
        (FaultKind::SharedOutOfBounds, 16)
    );
}

#[test]
fn each_thread_has_its_own_local_array_across_a_barrier() {
    let body = format!(
        ".local .align 4 .b8 own[64];\nmov.u64 %rd2, own;\nand.b32 %r2, %t, 15;\nmul.wide.u32 %rd3, %r2, 4;\nadd.s64 %rd3, %rd2, %rd3;\n\
         st.local.u32 [%rd3], %t;\nbar.sync 0;\nld.local.u32 %r1, [%rd3];\nld.local.u32 %r3, [own+60];\nmad.lo.u32 %r1, %r3, 1000, %r1;{STORE}"
    );
    let wanted: Vec<u32> = (0..64)
        .map(|t| t + if t % 16 == 15 { 1000 * t } else { 0 })
        .collect();
    assert_eq!(
        Device::of_body(&body).threads(64).results::<u32>(0, 64),
        wanted
    );
}

#[test]
fn a_local_access_outside_of_the_array_faults() {
    for offset in [64, -4, 1i64 << 33] {
        let body = format!(
            ".local .align 4 .b8 own[64];\nmov.u64 %rd2, own;\nmov.u64 %rd3, {offset};\nadd.s64 %rd3, %rd3, %rd2;\nst.local.u32 [%rd3], %t;"
        );
        let fault = Device::of_body(&body).run().unwrap_err();
        assert_eq!(fault.kind, FaultKind::LocalOutOfBounds, "{offset}");
    }
}

#[test]
fn generic_addresses_say_where_they_point() {
    let body = format!(
        ".shared .align 4 .b8 ours[128];\n.local .align 4 .b8 own[8];\n\
         mov.u64 %rd2, ours;\ncvta.shared.u64 %rd2, %rd2;\nmov.u64 %rd3, own;\ncvta.local.u64 %rd3, %rd3;\n\
         mul.wide.u32 %rd4, %t, 4;\nadd.s64 %rd2, %rd2, %rd4;\n\
         rem.u32 %r2, %t, 3;\nsetp.eq.u32 %p0, %r2, 0;\nsetp.eq.u32 %p1, %r2, 1;\n\
         add.s64 %rd5, %window, %rd4;\nadd.s64 %rd5, %rd5, 4096;\nselp.b64 %rd5, %rd3, %rd5, %p1;\nselp.b64 %rd5, %rd2, %rd5, %p0;\n\
         st.u32 [%rd5], %t;\nbar.sync 0;\nld.u32 %r1, [%rd5];\n\
         isspacep.shared %p2, %rd5;\nisspacep.local %p3, %rd5;\nisspacep.global %p4, %rd5;\n\
         selp.u32 %r3, 100, 0, %p2;\nadd.u32 %r1, %r1, %r3;\nselp.u32 %r3, 200, 0, %p3;\nadd.u32 %r1, %r1, %r3;\n\
         selp.u32 %r3, 400, 0, %p4;\nadd.u32 %r1, %r1, %r3;{STORE}"
    );
    let wanted: Vec<u32> = (0..32)
        .map(|t| t + [100, 200, 400][t as usize % 3])
        .collect();
    assert_eq!(Device::of_body(&body).results::<u32>(0, 32), wanted);
}

#[test]
fn asynchronous_copies_are_there_after_the_wait() {
    for (size, cache) in [(4, "ca"), (8, "ca"), (16, "ca"), (16, "cg")] {
        let body = format!(
            ".shared .align 16 .b8 tile[512];\nmov.u32 %r2, tile;\nmul.lo.u32 %r3, %t, 16;\nadd.u32 %r2, %r2, %r3;\n\
             cvt.u64.u32 %rd2, %r3;\nadd.s64 %rd2, %rd2, %window;\n\
             st.shared.v4.u32 [%r2], {{-1, -1, -1, -1}};\n\
             cp.async.{cache}.shared.global [%r2], [%rd2+4096], {size};\ncp.async.commit_group;\ncp.async.wait_group 0;\nbar.sync 0;\n\
             ld.shared.v4.u32 {{%r4, %r5, %r6, %r7}}, [%r2];\nst.global.v4.u32 [%rd2], {{%r4, %r5, %r6, %r7}};"
        );
        let body = body.replace("{-1, -1, -1, -1}", "{%r40, %r41, %r42, %r43}");
        let fill: String = (40..44)
            .map(|register| format!("mov.u32 %r{register}, -1;\n"))
            .collect();
        let mut device = Device::of_body(&format!("{fill}{body}"));
        let words: Vec<u32> = (1..129).collect();
        device.write(4096, &words);
        let found = device.results::<u32>(0, 128);
        let copied = size / 4;
        let wanted: Vec<u32> = words
            .iter()
            .enumerate()
            .map(|(at, word)| if at % 4 < copied { *word } else { u32::MAX })
            .collect();
        assert_eq!(found, wanted, "{size} bytes by .{cache}");
    }
}

#[test]
fn a_copy_fills_with_zeros_what_it_does_not_read() {
    let body = "
        .shared .align 16 .b8 tile[512];
        mov.u32 %r2, tile; mul.lo.u32 %r3, %t, 16; add.u32 %r2, %r2, %r3;
        cvt.u64.u32 %rd2, %r3; add.s64 %rd2, %rd2, %window;
        and.b32 %r8, %t, 15;
        // What reads nothing may point anywhere.
        setp.eq.u32 %p0, %r8, 0; mov.u64 %rd4, 0; add.s64 %rd3, %rd2, 4096; selp.b64 %rd3, %rd4, %rd3, %p0;
        cp.async.cg.shared.global [%r2], [%rd3], 16, %r8;
        cp.async.wait_all; bar.sync 0;
        ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r2]; st.global.v4.u32 [%rd2], {%r4, %r5, %r6, %r7};";
    let mut device = Device::of_body(body);
    device.write(4096, &[7u8; 512]);
    let found = device.results::<u8>(0, 512);
    let wanted: Vec<u8> = (0..512)
        .map(|at| if at % 16 < at / 16 % 16 { 7 } else { 0 })
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_modules_variables_begin_as_they_are_declared_and_stay() {
    let source = format!(
        ".const .align 4 .b32 factors[4] = {{3, 5, 7, 11}};\n.global .align 4 .u32 counter = 40;\n.global .align 8 .u64 where_it_is = counter;\n\
         .global .align 4 .f32 half = 0f3F000000;\n{}",
        kernel(&format!(
            "and.b32 %r2, %t, 3;\nmul.wide.u32 %rd2, %r2, 4;\nmov.u64 %rd3, factors;\nadd.s64 %rd3, %rd3, %rd2;\nld.const.u32 %r3, [%rd3];\n\
             ld.global.u64 %rd4, [where_it_is];\nld.global.u32 %r4, [%rd4];\nbar.sync 0;\nmul.lo.u32 %r1, %r3, %r4;\n\
             setp.eq.u32 %p0, %t, 0;\n@%p0 atom.global.add.u32 %r5, [counter], 2;\n\
             ld.global.f32 %f0, [half];\ncvt.rzi.u32.f32 %r6, %f0;\nadd.u32 %r1, %r1, %r6;{STORE}"
        ))
    );
    let mut device = Device::compile(&source);
    for counter in [40, 42] {
        device.run().unwrap();
        let wanted: Vec<u32> = (0..32).map(|t| [3, 5, 7, 11][t % 4] * counter).collect();
        assert_eq!(device.read::<u32>(0, 32), wanted);
    }
}

#[test]
fn a_volatile_generic_access_is_a_plain_one_in_local_memory() {
    let body = "
        .local .align 4 .b8 own[8];
        mov.u64 %rd2, own; cvta.local.u64 %rd2, %rd2;
        st.volatile.u32 [%rd2], %t; ld.relaxed.gpu.u32 %r1, [%rd2];";
    let body = format!("{body}{STORE}");
    let source = format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n{}",
        kernel(&body)
    );
    let printed = sandboxed_ptx(&source, &CompileOptions::default()).unwrap();
    let in_local: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains(".local.u32"))
        .collect();
    assert_eq!(in_local.len(), 2, "{printed}");
    assert!(
        in_local
            .iter()
            .all(|line| line.contains("\tst.local") || line.contains("\tld.local")),
        "{in_local:?}"
    );
    let wanted: Vec<u32> = (0..32).collect();
    assert_eq!(Device::of_body(&body).results::<u32>(0, 32), wanted);
}
