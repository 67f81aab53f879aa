//! `ldmatrix`, `stmatrix`, `movmatrix`, and a product of matrices written with them.

use crate::device::{Device, kernel};
use crate::numbers::{Ending, Matrix, Number, Random, assert_product};

/// Shared memory that holds the numbers from 0 on, and the address of each lane's row in `%r1`.
fn filled(rest: &str) -> Device {
    Device::of_body(&format!(
        ".shared .align 128 .b8 tile[512];\n\
         mov.u32 %r0, tile;\nshl.b32 %r1, %t, 4;\nadd.u32 %r1, %r1, %r0;\n\
         mul.lo.u32 %r2, %t, 8;\nshl.b32 %r3, %t, 4;\nadd.u32 %r3, %r3, %r0;\n\
         mov.u32 %r4, 0;\n\
         fill:\ncvt.u16.u32 %h0, %r2;\nst.shared.u16 [%r3], %h0;\nadd.u32 %r2, %r2, 1;\nadd.u32 %r3, %r3, 2;\n\
         add.u32 %r4, %r4, 1;\nsetp.lt.u32 %p0, %r4, 8;\n@%p0 bra fill;\n\
         bar.sync 0;\n\
         shl.b32 %r5, %t, 4;\ncvt.u64.u32 %rd0, %r5;\nadd.s64 %rd0, %rd0, %window;\n{rest}"
    ))
}

/// What each lane stored: up to eight halves.
fn halves(device: Device, each: usize) -> Vec<Vec<u16>> {
    let all: Vec<u16> = device.results(0, 32 * 8);
    all.chunks(8).map(|lane| lane[..each].to_vec()).collect()
}

#[test]
fn each_lane_gets_two_elements_of_a_row_of_each_matrix() {
    for count in [1, 2, 4] {
        let registers: Vec<String> = (0..count).map(|n| format!("%r{}", 10 + n)).collect();
        let stores: String = (0..count)
            .map(|n| format!("st.global.b32 [%rd0+{}], %r{};\n", 4 * n, 10 + n))
            .collect();
        for spelling in [format!("m8n8.x{count}"), format!("x{count}.m8n8")] {
            for space in ["", ".shared", ".shared::cta"] {
                let address = if space.is_empty() {
                    "cvt.u64.u32 %rd1, %r1;\ncvta.shared.u64 %rd1, %rd1;\n"
                } else {
                    ""
                };
                let base = if space.is_empty() { "%rd1" } else { "%r1" };
                let device = filled(&format!(
                    "{address}ldmatrix.sync.aligned.{spelling}{space}.b16 {{{}}}, [{base}];\n{stores}",
                    registers.join(", ")
                ));
                for (lane, found) in halves(device, 2 * count).into_iter().enumerate() {
                    let first = |matrix: usize| (matrix * 64 + lane / 4 * 8 + lane % 4 * 2) as u16;
                    let wanted: Vec<u16> =
                        (0..count).flat_map(|n| [first(n), first(n) + 1]).collect();
                    assert_eq!(found, wanted, "lane {lane} of {spelling}{space}");
                }
            }
        }
    }
}

#[test]
fn a_transposed_load_gives_each_lane_two_elements_of_a_column() {
    let device = filled(
        "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r10, %r11}, [%r1];\nst.global.v2.b32 [%rd0], {%r10, %r11};\n",
    );
    for (lane, found) in halves(device, 4).into_iter().enumerate() {
        let first = |matrix: usize| (matrix * 64 + lane % 4 * 16 + lane / 4) as u16;
        assert_eq!(
            found,
            [first(0), first(0) + 8, first(1), first(1) + 8],
            "lane {lane}"
        );
    }
}

#[test]
fn a_matrix_is_turned_over_in_registers() {
    let device = filled(
        "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r10}, [%r1];\nmovmatrix.sync.aligned.m8n8.trans.b16 %r11, %r10;\n\
         st.global.b32 [%rd0], %r11;\n",
    );
    for (lane, found) in halves(device, 2).into_iter().enumerate() {
        let first = (lane % 4 * 16 + lane / 4) as u16;
        assert_eq!(found, [first, first + 8], "lane {lane}");
    }
}

#[test]
fn what_is_stored_in_rows_is_what_was_loaded() {
    for (load, store) in [("", ""), (".trans", ".trans"), ("", ".trans")] {
        let device = filled(&format!(
            "ldmatrix.sync.aligned.m8n8.x4{load}.shared.b16 {{%r10, %r11, %r12, %r13}}, [%r1];\n\
             stmatrix.sync.aligned.m8n8.x4{store}.shared.b16 [%r1], {{%r12, %r13, %r10, %r11}};\nbar.sync 0;\n\
             ld.shared.v4.b32 {{%r20, %r21, %r22, %r23}}, [%r1];\nst.global.v4.b32 [%rd0], {{%r20, %r21, %r22, %r23}};\n"
        ));
        for (lane, found) in halves(device, 8).into_iter().enumerate() {
            let (matrix, row) = ((lane / 8) ^ 2, lane % 8);
            let turned = load != store;
            let wanted: Vec<u16> = (0..8)
                .map(|column| {
                    (matrix * 64
                        + if turned {
                            column * 8 + row
                        } else {
                            row * 8 + column
                        }) as u16
                })
                .collect();
            assert_eq!(found, wanted, "lane {lane}, {load} {store}");
        }
    }
}

#[test]
fn a_warp_multiplies_matrices_of_halves_through_shared_memory() {
    let body = "
        .shared .align 16 .b8 a[512];
        .shared .align 16 .b8 b[256];
        // Each thread copies 16 bytes of a, and the first half 16 of b.
        shl.b32 %r0, %t, 4;
        cvt.u64.u32 %rd0, %r0;
        add.s64 %rd1, %window, %rd0;
        ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd1];
        mov.u32 %r5, a;
        add.u32 %r6, %r5, %r0;
        st.shared.v4.b32 [%r6], {%r1, %r2, %r3, %r4};
        setp.ge.u32 %p0, %t, 16;
        @%p0 bra copied;
        ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%rd1+4096];
        mov.u32 %r7, b;
        add.u32 %r8, %r7, %r0;
        st.shared.v4.b32 [%r8], {%r1, %r2, %r3, %r4};
    copied:
        bar.sync 0;
        // Rows of a: the lane modulo 16 is the row, the upper half of the lanes gives the right half.
        and.b32 %r9, %t, 15;
        shl.b32 %r9, %r9, 5;
        shr.u32 %r10, %t, 4;
        shl.b32 %r10, %r10, 4;
        add.u32 %r9, %r9, %r10;
        add.u32 %r9, %r9, %r5;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r11, %r12, %r13, %r14}, [%r9];
        // Rows of b are its k, so it is turned over.
        and.b32 %r15, %t, 15;
        shl.b32 %r15, %r15, 4;
        mov.u32 %r16, b;
        add.u32 %r15, %r15, %r16;
        ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r17, %r18}, [%r15];
        mov.f32 %f0, 0f00000000;
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r11, %r12, %r13, %r14}, {%r17, %r18}, {%f0, %f0, %f0, %f0};
        shr.u32 %r20, %t, 2;
        and.b32 %r21, %t, 3;
        shl.b32 %r20, %r20, 5;
        shl.b32 %r21, %r21, 3;
        add.u32 %r20, %r20, %r21;
        cvt.u64.u32 %rd2, %r20;
        add.s64 %rd2, %rd2, %window;
        st.global.v2.f32 [%rd2+8192], {%f1, %f2};
        st.global.v2.f32 [%rd2+8448], {%f3, %f4};";
    let mut device = Device::compile(&kernel(body));
    let mut random = Random(3);
    let a = Matrix::random(Number::F16, 16, 16, &mut random);
    let b = Matrix::random(Number::F16, 16, 8, &mut random);
    let halves = |matrix: &Matrix| {
        matrix
            .bits
            .iter()
            .map(|bits| *bits as u16)
            .collect::<Vec<u16>>()
    };
    device.write(0, &halves(&a));
    device.write(4096, &halves(&b));
    device.run().unwrap();
    let bits = device
        .read::<u32>(8192, 128)
        .into_iter()
        .map(u64::from)
        .collect();
    let zero = Matrix {
        ty: Number::F32,
        rows: 16,
        columns: 8,
        bits: vec![0; 128],
    };
    let product = Matrix {
        bits,
        ..zero.clone()
    };
    assert_product("the product", [&a, &b, &zero, &product], Ending::Wraps);
}
