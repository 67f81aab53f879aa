//! `wmma`: whole matrices are loaded, multiplied and stored, in every shape and type, by rows and by columns, with and without a stride,
//! in global and in shared memory. What a lane holds meanwhile is nobody's business.

use crate::device::{Device, kernel};
use crate::numbers::{Ending, Matrix, Number, Random, assert_product};

/// How a matrix lies in memory.
#[derive(Clone, Copy, Debug)]
struct Storage {
    by_column: bool,
    /// Elements from one row, or column, to the next; none if the instruction shall not say.
    stride: Option<usize>,
}

impl Storage {
    fn layout(self) -> &'static str {
        if self.by_column { "col" } else { "row" }
    }

    fn distance(self, matrix: &Matrix, row: usize, column: usize) -> usize {
        let (line, place, length) = match self.by_column {
            true => (column, row, matrix.rows),
            false => (row, column, matrix.columns),
        };
        line * self.stride.unwrap_or(length) + place
    }
}

/// Where `a`, `b`, `c` and `d` lie in the window or in shared memory.
const PLACES: [usize; 4] = [0, 0x1000, 0x2000, 0x4000];
const SHARED_BYTES: usize = 0x8000;

fn put(device: &mut Device, at: usize, matrix: &Matrix, storage: Storage) {
    let width = matrix.ty.bits();
    let mut bytes = vec![0u8; 0x2000];
    for row in 0..matrix.rows {
        for column in 0..matrix.columns {
            let bit = storage.distance(matrix, row, column) * width;
            let value = matrix.at(row, column).to_le_bytes();
            if width < 8 {
                bytes[bit / 8] |= value[0] << (bit % 8);
            } else {
                bytes[bit / 8..][..width / 8].copy_from_slice(&value[..width / 8]);
            }
        }
    }
    let length = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    device.write(at, &bytes[..length]);
}

fn get(device: &Device, at: usize, like: &Matrix, storage: Storage) -> Matrix {
    let bytes = like.ty.bits() / 8;
    let mut matrix = like.clone();
    for row in 0..like.rows {
        for column in 0..like.columns {
            let mut value = [0; 8];
            let place = at + storage.distance(like, row, column) * bytes;
            value[..bytes].copy_from_slice(&device.read::<u8>(place, bytes));
            matrix.bits[row * like.columns + column] = u64::from_le_bytes(value);
        }
    }
    matrix
}

/// A `wmma` of one shape and type.
#[derive(Clone, Copy)]
struct Case {
    shape: [usize; 3],
    /// `d`, `a` and `b`, `c`.
    types: [&'static str; 3],
    /// Registers of `a`, `b`, `c` and `d`.
    registers: [usize; 4],
    /// What the product is called, with `LAYOUT` for its layouts.
    product: &'static str,
    ending: Ending,
}

impl Case {
    fn name(&self) -> String {
        let [m, n, k] = self.shape;
        format!("m{m}n{n}k{k}")
    }

    /// A kernel that copies memory to the space, if it is shared, does the operation there, and copies it back.
    fn kernel(&self, storages: [Storage; 4], space: &str) -> String {
        let [d, factor, c] = self.types;
        let is_shared = space.starts_with(".shared");
        let base = if is_shared { "%rd1" } else { "%window" };
        let mut body = format!(".shared .align 128 .b8 memory[{SHARED_BYTES}];\n");
        if is_shared {
            body += "mov.u64 %rd1, memory;\n";
            body += &copy(
                "in",
                "ld.global.u32 %r63, [%rd3];\nst.shared.u32 [%rd4], %r63;\n",
            );
        }
        if space.is_empty() {
            body += "cvta.shared.u64 %rd1, %rd1;\n";
        }
        let list = |operand: usize| {
            let ty = [factor, factor, c, d][operand];
            let prefix = match ty {
                "f64" => "%fd",
                "f32" => "%f",
                _ => "%r",
            };
            let names: Vec<String> = (0..self.registers[operand])
                .map(|register| format!("{prefix}{}", operand * 8 + register))
                .collect();
            format!("{{{}}}", names.join(", "))
        };
        let stride = |operand: usize| match storages[operand].stride {
            Some(stride) => format!("mov.u32 %r62, {stride};\n",),
            None => String::new(),
        };
        let has_stride = |operand: usize| {
            if storages[operand].stride.is_some() {
                ", %r62"
            } else {
                ""
            }
        };
        for (operand, part) in ["a", "b", "c"].into_iter().enumerate() {
            let ty = [factor, factor, c][operand];
            body += &format!(
                "{}wmma.load.{part}.sync.aligned.{}.{}{space}.{ty} {}, [{base}+{}]{};\n",
                stride(operand),
                storages[operand].layout(),
                self.name(),
                list(operand),
                PLACES[operand],
                has_stride(operand),
            );
        }
        let layouts = format!("{}.{}", storages[0].layout(), storages[1].layout());
        let product = self
            .product
            .replace("LAYOUT", &format!("{layouts}.{}", self.name()));
        body += &format!(
            "{product} {}, {}, {}, {};\n",
            list(3),
            list(0),
            list(1),
            list(2)
        );
        body += &format!(
            "{}wmma.store.d.sync.aligned.{}.{}{space}.{d} [{base}+{}], {}{};\n",
            stride(3),
            storages[3].layout(),
            self.name(),
            PLACES[3],
            list(3),
            has_stride(3),
        );
        if is_shared {
            body += &copy(
                "out",
                "ld.shared.u32 %r63, [%rd4];\nst.global.u32 [%rd3], %r63;\n",
            );
        }
        kernel(&body)
    }

    fn check(&self, storages: [Storage; 4], space: &str) {
        let [m, n, k] = self.shape;
        let [d, factor, c] = self.types.map(Number::named);
        let mut random = Random(k as u64);
        let matrices = [
            Matrix::random(factor, m, k, &mut random),
            Matrix::random(factor, k, n, &mut random),
            Matrix::random(c, m, n, &mut random),
        ];
        let mut device = Device::compile(&self.kernel(storages, space));
        for ((matrix, storage), at) in matrices.iter().zip(storages).zip(PLACES) {
            put(&mut device, at, matrix, storage);
        }
        let what = format!("{} {} {storages:?} in `{space}`", self.product, self.name());
        device
            .run()
            .unwrap_or_else(|fault| panic!("{what}: {fault:?}"));
        let like = Matrix {
            ty: d,
            rows: m,
            columns: n,
            bits: vec![0; m * n],
        };
        let product = get(&device, PLACES[3], &like, storages[3]);
        let [a, b, c] = &matrices;
        assert_product(&what, [a, b, c, &product], self.ending);
    }

    /// By rows, by columns, with and without strides, in every space.
    fn check_all(&self) {
        let small = ["u4", "s4", "b1"].contains(&self.types[1]);
        let spaces = [".global", ".shared", ".shared::cta", ""];
        for (number, space) in spaces.into_iter().enumerate() {
            for mask in [0u32, 0b0110, 0b1001, 0b1111] {
                let by_column = |operand: usize| match operand {
                    // These lie in one way only.
                    0 if small => false,
                    1 if small => true,
                    _ => mask >> operand & 1 != 0,
                };
                let longer = if small { 256 } else { 48 };
                let storages = std::array::from_fn(|operand| Storage {
                    by_column: by_column(operand),
                    stride: ((number + operand) % 2 == 0).then_some(if operand < 2 {
                        longer
                    } else {
                        48
                    }),
                });
                self.check(storages, space);
            }
        }
    }
}

/// A loop in which the warp moves every word of the memory.
fn copy(label: &str, body: &str) -> String {
    format!(
        "bar.sync 0;\nshl.b32 %r61, %t, 2;\n\
         {label}:\ncvt.u64.u32 %rd2, %r61;\nadd.s64 %rd3, %window, %rd2;\nmov.u64 %rd4, memory;\nadd.s64 %rd4, %rd4, %rd2;\n\
         {body}add.u32 %r61, %r61, 128;\nsetp.lt.u32 %p0, %r61, {SHARED_BYTES};\n@%p0 bra {label};\nbar.sync 0;\n"
    )
}

#[test]
fn halves_are_multiplied_in_three_shapes() {
    for shape in [[16, 16, 16], [32, 8, 16], [8, 32, 16]] {
        for (d, c) in [
            ("f32", "f32"),
            ("f16", "f16"),
            ("f32", "f16"),
            ("f16", "f32"),
        ] {
            let registers = |ty| if ty == "f32" { 8 } else { 4 };
            let product = format!("wmma.mma.sync.aligned.LAYOUT.{d}.{c}").leak();
            let case = Case {
                shape,
                types: [d, "f16", c],
                registers: [8, 8, registers(c), registers(d)],
                product,
                ending: Ending::Wraps,
            };
            case.check_all();
        }
    }
}

#[test]
fn floats_of_16_and_19_bits_are_multiplied() {
    for (shape, a, b, ty) in [
        ([16, 16, 16], 4, 4, "bf16"),
        ([8, 32, 16], 2, 8, "bf16"),
        ([32, 8, 16], 8, 2, "bf16"),
        ([16, 16, 8], 4, 4, "tf32"),
    ] {
        let product = format!("wmma.mma.sync.aligned.LAYOUT.f32.{ty}.{ty}.f32").leak();
        let case = Case {
            shape,
            types: ["f32", ty, "f32"],
            registers: [a, b, 8, 8],
            product,
            ending: Ending::Wraps,
        };
        case.check_all();
    }
}

#[test]
fn doubles_are_multiplied_bit_for_bit() {
    for product in [
        "wmma.mma.sync.aligned.LAYOUT.f64.f64.f64.f64",
        "wmma.mma.sync.aligned.LAYOUT.rn.f64.f64.f64.f64",
    ] {
        let case = Case {
            shape: [8, 8, 4],
            types: ["f64"; 3],
            registers: [1, 1, 2, 2],
            product,
            ending: Ending::Wraps,
        };
        case.check_all();
    }
}

#[test]
fn bytes_are_multiplied_in_three_shapes() {
    for (shape, a, b) in [
        ([16, 16, 16], 2, 2),
        ([32, 8, 16], 4, 1),
        ([8, 32, 16], 1, 4),
    ] {
        for ty in ["u8", "s8"] {
            for (after, ending) in [("", Ending::Wraps), (".satfinite", Ending::Saturates)] {
                let product =
                    format!("wmma.mma.sync.aligned.LAYOUT.s32.{ty}.{ty}.s32{after}").leak();
                let case = Case {
                    shape,
                    types: ["s32", ty, "s32"],
                    registers: [a, b, 8, 8],
                    product,
                    ending,
                };
                case.check_all();
            }
        }
    }
}

#[test]
fn nibbles_and_bits_are_multiplied() {
    for (k, ty, product, ending) in [
        (
            32,
            "u4",
            "wmma.mma.sync.aligned.LAYOUT.s32.u4.u4.s32",
            Ending::Wraps,
        ),
        (
            32,
            "s4",
            "wmma.mma.sync.aligned.LAYOUT.s32.s4.s4.s32.satfinite",
            Ending::Saturates,
        ),
        (
            128,
            "b1",
            "wmma.mma.xor.popc.sync.aligned.LAYOUT.s32.b1.b1.s32",
            Ending::CountsOne,
        ),
        (
            128,
            "b1",
            "wmma.mma.and.popc.sync.aligned.LAYOUT.s32.b1.b1.s32",
            Ending::CountsBoth,
        ),
    ] {
        let case = Case {
            shape: [8, 8, k],
            types: ["s32", ty, "s32"],
            registers: [1, 1, 2, 2],
            product,
            ending,
        };
        case.check_all();
    }
}
