//! Matrices that do not lie where they may.

use crate::device::{Device, MAPPED, kernel};
use wasi_cuda_jit::CompileOptions;
use wasi_cuda_jit::cpu::FaultKind;

/// What the body faults on, and in which thread.
fn fault_of(body: &str) -> Option<(FaultKind, u32)> {
    let fault = Device::of_body(body).run().err()?;
    Some((fault.kind, fault.thread[0]))
}

/// A load of rows whose address is that of lane 5 plus `offset`, and 0 in all other lanes.
fn load_rows(count: usize, lane: u32, offset: i64) -> String {
    let registers: Vec<String> = (0..count).map(|n| format!("%r{}", 10 + n)).collect();
    format!(
        ".shared .align 16 .b8 tile[512];\nsetp.eq.u32 %p0, %t, {lane};\nmov.u64 %rd0, tile;\n\
         add.s64 %rd1, %rd0, {offset};\nselp.b64 %rd0, %rd1, %rd0, %p0;\n\
         ldmatrix.sync.aligned.m8n8.x{count}.shared.b16 {{{}}}, [%rd0];",
        registers.join(", ")
    )
}

#[test]
fn a_row_outside_of_shared_memory_faults() {
    for offset in [512, 1 << 20, -16, i64::from(i32::MIN), i64::MAX - 15] {
        assert_eq!(
            fault_of(&load_rows(1, 5, offset)),
            Some((FaultKind::SharedOutOfBounds, 5)),
            "{offset}"
        );
    }
    assert_eq!(fault_of(&load_rows(1, 5, 496)), None);
}

#[test]
fn a_row_that_is_not_aligned_faults() {
    for offset in [1, 2, 4, 8, 15] {
        assert_eq!(
            fault_of(&load_rows(4, 31, offset)),
            Some((FaultKind::Misaligned, 31)),
            "{offset}"
        );
    }
}

#[test]
fn addresses_of_lanes_that_give_no_row_are_not_looked_at() {
    for (count, first) in [(1, 8), (2, 16)] {
        assert_eq!(fault_of(&load_rows(count, first, 1 << 20)), None);
        let last = fault_of(&load_rows(count, first - 1, 1 << 20));
        assert_eq!(last, Some((FaultKind::SharedOutOfBounds, first - 1)));
    }
}

#[test]
fn rows_at_an_address_that_is_not_shared_fault() {
    for tile in ["", ".shared .align 16 .b8 tile[512];\n"] {
        let body = format!("{tile}ldmatrix.sync.aligned.m8n8.x1.b16 {{%r1}}, [%window];");
        assert_eq!(
            fault_of(&body),
            Some((FaultKind::SharedOutOfBounds, 0)),
            "{tile}"
        );
    }
}

#[test]
fn a_store_of_rows_is_guarded_like_a_load() {
    let body = ".shared .align 16 .b8 tile[128];\nmov.u32 %r0, tile;\nadd.u32 %r0, %r0, 120;\n\
                stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r0], {%r1};";
    assert_eq!(fault_of(body), Some((FaultKind::Misaligned, 0)));
    let beyond = body.replace("120", "128");
    assert_eq!(fault_of(&beyond), Some((FaultKind::SharedOutOfBounds, 0)));
}

/// A load of 16 by 16 floats at an offset of the window or of 4 KiB of shared memory, its rows so many elements apart.
fn load_matrix(space: &str, offset: usize, stride: u64) -> String {
    let base = if space == ".global" {
        "%window"
    } else {
        "%rd1"
    };
    format!(
        ".shared .align 128 .b8 tile[4096];\nmov.u64 %rd1, tile;\nmov.u32 %r0, {stride};\nadd.s64 %rd0, {base}, {offset};\n\
         wmma.load.c.sync.aligned.row.m16n16k16{space}.f32 {{%f0, %f1, %f2, %f3, %f4, %f5, %f6, %f7}}, [%rd0], %r0;"
    )
}

#[test]
fn a_matrix_whose_last_row_lies_outside_faults() {
    for (space, size, kind) in [
        (".global", MAPPED, FaultKind::GlobalOutOfBounds),
        (".shared", 4096, FaultKind::SharedOutOfBounds),
    ] {
        let last = size - 1024;
        assert_eq!(fault_of(&load_matrix(space, last, 16)), None, "{space}");
        assert_eq!(
            fault_of(&load_matrix(space, last + 32, 16)),
            Some((kind, 0)),
            "{space}"
        );
        assert_eq!(
            fault_of(&load_matrix(space, last, 20)),
            Some((kind, 0)),
            "{space}"
        );
        assert_eq!(
            fault_of(&load_matrix(space, 0, 0xffff_fffc)),
            Some((kind, 0)),
            "{space}"
        );
        assert_eq!(
            fault_of(&load_matrix(space, 1 << 40, 16)),
            Some((kind, 0)),
            "{space}"
        );
    }
}

#[test]
fn a_matrix_or_a_row_that_is_not_aligned_faults() {
    for space in [".global", ".shared"] {
        for (offset, stride) in [(4, 16), (16, 16), (0, 17), (0, 18)] {
            let found = fault_of(&load_matrix(space, offset, stride));
            assert_eq!(
                found,
                Some((FaultKind::Misaligned, 0)),
                "{space} {offset} {stride}"
            );
        }
        assert_eq!(fault_of(&load_matrix(space, 32, 20)), None, "{space}");
    }
}

#[test]
fn a_store_of_a_matrix_is_guarded_like_a_load() {
    let store = |offset: usize| {
        format!(
            "add.s64 %rd0, %window, {offset};\n\
             wmma.store.d.sync.aligned.col.m16n16k16.global.s32 [%rd0], {{%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}};"
        )
    };
    assert_eq!(fault_of(&store(MAPPED - 1024)), None);
    assert_eq!(
        fault_of(&store(MAPPED - 512)),
        Some((FaultKind::GlobalOutOfBounds, 0))
    );
    assert_eq!(fault_of(&store(8)), Some((FaultKind::Misaligned, 0)));
}

#[test]
fn in_checked_mode_a_matrix_begins_and_ends_in_a_buffer() {
    let found = |offset: usize| {
        let source = kernel(&load_matrix(".global", offset, 64));
        let options = CompileOptions {
            checked: true,
            ..CompileOptions::default()
        };
        Device::compile_with(&source, &options)
            .run()
            .err()
            .map(|fault| fault.kind)
    };
    let end = MAPPED / 4 * 3;
    // The last of 16 rows, 256 bytes apart, has 64 bytes.
    let last = end - 15 * 256 - 64;
    assert_eq!(found(0), None);
    // A row may lie in two granules.
    assert_eq!(found(224), None);
    assert_eq!(found(last), None);
    assert_eq!(found(last + 32), Some(FaultKind::GlobalOutOfBounds));
    assert_eq!(found(end), Some(FaultKind::GlobalOutOfBounds));
}
