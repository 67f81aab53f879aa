//! `mma` of every shape and type: matrices are put into fragments as the PTX ISA's figures say, and the product's fragment is read likewise.

use crate::device::Device;
use crate::numbers::{Ending, Matrix, Number, Random, assert_product};

/// Which matrix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    A,
    B,
    Sum,
}

/// Row and column of element `i` of a lane's fragment (PTX ISA, "Matrix Fragments for mma").
fn place(part: Part, ty: Number, m: usize, lane: usize, i: usize) -> (usize, usize) {
    let (group, member) = (lane >> 2, lane % 4);
    let (packed, halves) = (ty.packed(), m / 8);
    let (register, inner) = (i / packed, i % packed);
    match part {
        Part::A => {
            let block = register / halves;
            (
                group + register % halves * 8,
                block * 4 * packed + member * packed + inner,
            )
        }
        Part::B => (register * 4 * packed + member * packed + inner, group),
        Part::Sum => (group + i / 2 * 8, member * 2 + i % 2),
    }
}

/// The same for `mma.m8n8k4` in `.f16`, of the product that the lane takes part in.
fn quad_place(part: Part, ty: Number, column_major: bool, lane: usize, i: usize) -> (usize, usize) {
    let upper = if lane < 16 { 0 } else { 4 };
    match (part, column_major) {
        (Part::A, false) => (lane % 4 + upper, i),
        (Part::A, true) => (i % 4 + upper, lane % 4),
        (Part::B, false) => (lane % 4, i + upper),
        (Part::B, true) => (i, lane % 4 + upper),
        (Part::Sum, _) if ty == Number::F16 => (lane % 4 + upper, i),
        (Part::Sum, _) => {
            let row = (lane & 1) + (i & 2);
            (row + upper, (i & 4) + (lane & 2) + (i & 1))
        }
    }
}

/// Where each fragment's registers are in the window, and the result's.
const PLACES: [usize; 4] = [0, 0x2000, 0x4000, 0x8000];

/// A kernel that loads three fragments of so many registers, does `operation` and stores its result.
fn product_kernel(operation: &str, types: [Number; 4], registers: [usize; 4]) -> Device {
    let mut body = String::from(
        "mul.lo.u32 %r0, %t, 64;\ncvt.u64.u32 %rd0, %r0;\nadd.s64 %rd0, %rd0, %window;\n",
    );
    let name = |index: usize, register: usize| match types[index] {
        Number::F64 => format!("%fd{}", index * 12 + register),
        Number::F32 => format!("%f{}", index * 12 + register),
        _ => format!("%r{}", 1 + index * 12 + register),
    };
    let width = |index: usize| match types[index] {
        Number::F64 => ("f64", 8),
        Number::F32 => ("f32", 4),
        _ => ("b32", 4),
    };
    let list = |index: usize| {
        let names: Vec<String> = (0..registers[index]).map(|at| name(index, at)).collect();
        format!("{{{}}}", names.join(", "))
    };
    for index in 0..3 {
        let (ty, bytes) = width(index);
        for register in 0..registers[index] {
            let at = PLACES[index] + register * bytes;
            body += &format!("ld.global.{ty} {}, [%rd0+{at}];\n", name(index, register));
        }
    }
    body += &format!(
        "{operation} {}, {}, {}, {};\n",
        list(3),
        list(0),
        list(1),
        list(2)
    );
    let (ty, bytes) = width(3);
    for register in 0..registers[3] {
        let at = PLACES[3] + register * bytes;
        body += &format!("st.global.{ty} [%rd0+{at}], {};\n", name(3, register));
    }
    Device::of_body(&body)
}

/// Multiplies random matrices by a `mma` of these types, and holds the product against the numbers.
fn check(shape: [usize; 3], operation: &str, types: [&str; 4], ending: Ending) {
    let [d, a, b, c] = types.map(Number::named);
    let [m, n, k] = shape;
    let types = [a, b, c, d];
    let counts = [m * k, k * n, m * n, m * n];
    let registers: [usize; 4] =
        std::array::from_fn(|index| counts[index] / 32 / types[index].packed());
    let mut device = product_kernel(operation, types, registers);
    let mut random = Random(m as u64 * 31 + k as u64);
    let matrices = [
        Matrix::random(a, m, k, &mut random),
        Matrix::random(b, k, n, &mut random),
        Matrix::random(c, m, n, &mut random),
    ];
    let parts = [Part::A, Part::B, Part::Sum, Part::Sum];
    for index in 0..3 {
        let matrix = &matrices[index];
        for lane in 0..32 {
            put_fragment(&mut device, index, lane, matrix.ty, registers[index], |i| {
                let (row, column) = place(parts[index], matrix.ty, m, lane, i);
                matrix.at(row, column)
            });
        }
    }
    device
        .run()
        .unwrap_or_else(|fault| panic!("{operation}: {fault:?}"));
    let mut product = Matrix {
        ty: d,
        rows: m,
        columns: n,
        bits: vec![0; m * n],
    };
    for lane in 0..32 {
        for (i, bits) in fragment(&device, lane, d, registers[3])
            .into_iter()
            .enumerate()
        {
            let (row, column) = place(Part::Sum, d, m, lane, i);
            product.bits[row * n + column] = bits;
        }
    }
    let [a, b, c] = &matrices;
    assert_product(operation, [a, b, c, &product], ending);
}

/// Writes the registers that a lane loads for one operand.
fn put_fragment(
    device: &mut Device,
    operand: usize,
    lane: usize,
    ty: Number,
    registers: usize,
    element: impl Fn(usize) -> u64,
) {
    let bytes = if ty == Number::F64 { 8 } else { 4 };
    for register in 0..registers {
        let parts = (0..ty.packed())
            .map(|part| element(register * ty.packed() + part) << (part * ty.bits() % 64));
        let word = parts.fold(0, |word, part| word | part);
        let at = PLACES[operand] + lane * 64 + register * bytes;
        device.write(at, &word.to_le_bytes()[..bytes]);
    }
}

/// The elements of the result that a lane stored.
fn fragment(device: &Device, lane: usize, ty: Number, registers: usize) -> Vec<u64> {
    let bytes = if ty == Number::F64 { 8 } else { 4 };
    let mask = u64::MAX >> (64 - ty.bits());
    let mut elements = Vec::new();
    for register in 0..registers {
        let mut word = [0; 8];
        word[..bytes]
            .copy_from_slice(&device.read::<u8>(PLACES[3] + lane * 64 + register * bytes, bytes));
        let word = u64::from_le_bytes(word);
        elements.extend((0..ty.packed()).map(|part| word >> (part * ty.bits() % 64) & mask));
    }
    elements
}

/// Checks a `mma` whose name is its shape, what stands before its types, and those.
fn check_named(shape: [usize; 3], before: &str, types: [&str; 4], after: &str, ending: Ending) {
    let [m, n, k] = shape;
    let operation = format!(
        "mma.sync.aligned.m{m}n{n}k{k}.row.col{before}.{}{after}",
        types.join(".")
    );
    check(shape, &operation, types, ending);
}

#[test]
fn halves_are_multiplied_into_floats_and_halves() {
    for k in [8, 16] {
        let shape = [16, 8, k];
        check_named(shape, "", ["f32", "f16", "f16", "f32"], "", Ending::Wraps);
        check_named(shape, "", ["f16", "f16", "f16", "f16"], "", Ending::Wraps);
        check_named(shape, "", ["f32", "bf16", "bf16", "f32"], "", Ending::Wraps);
    }
}

#[test]
fn floats_of_19_bits_are_multiplied() {
    for k in [4, 8] {
        check_named(
            [16, 8, k],
            "",
            ["f32", "tf32", "tf32", "f32"],
            "",
            Ending::Wraps,
        );
    }
}

#[test]
fn quarters_are_multiplied_in_every_mixture() {
    for k in [16, 32] {
        for a in ["e4m3", "e5m2"] {
            for b in ["e4m3", "e5m2"] {
                check_named([16, 8, k], "", ["f32", a, b, "f32"], "", Ending::Wraps);
                check_named([16, 8, k], "", ["f16", a, b, "f16"], "", Ending::Wraps);
            }
        }
    }
}

#[test]
fn doubles_are_multiplied_bit_for_bit() {
    for (m, k) in [(8, 4), (16, 4), (16, 8), (16, 16)] {
        check_named([m, 8, k], "", ["f64"; 4], "", Ending::Wraps);
        check_named([m, 8, k], ".rn", ["f64"; 4], "", Ending::Wraps);
    }
}

#[test]
fn bytes_and_nibbles_are_multiplied_in_every_mixture() {
    let bytes: [&str; 2] = ["u8", "s8"];
    let nibbles: [&str; 2] = ["u4", "s4"];
    for (types, shapes) in [
        (bytes, [[8, 8, 16], [16, 8, 16], [16, 8, 32]]),
        (nibbles, [[8, 8, 32], [16, 8, 32], [16, 8, 64]]),
    ] {
        for shape in shapes {
            for a in types {
                for b in types {
                    let types = ["s32", a, b, "s32"];
                    check_named(shape, "", types, "", Ending::Wraps);
                    check_named(shape, ".satfinite", types, "", Ending::Saturates);
                }
            }
        }
    }
}

#[test]
fn bits_are_counted() {
    for shape in [[8, 8, 128], [16, 8, 128], [16, 8, 256]] {
        let types = ["s32", "b1", "b1", "s32"];
        check_named(shape, "", types, ".and.popc", Ending::CountsBoth);
        check_named(shape, "", types, ".xor.popc", Ending::CountsOne);
    }
}

#[test]
fn four_products_of_halves_are_made_at_once() {
    for (d, c) in [("f16", "f16"), ("f32", "f16"), ("f32", "f32")] {
        for (row_a, row_b) in [
            ("row", "row"),
            ("row", "col"),
            ("col", "row"),
            ("col", "col"),
        ] {
            check_quads(d, c, row_a, row_b);
        }
    }
}

fn check_quads(d: &str, c: &str, layout_a: &str, layout_b: &str) {
    let operation = format!("mma.sync.aligned.m8n8k4.{layout_a}.{layout_b}.{d}.f16.f16.{c}");
    let types = [Number::F16, Number::F16, Number::named(c), Number::named(d)];
    let registers = [2, 2, 8 / types[2].packed(), 8 / types[3].packed()];
    let mut device = product_kernel(&operation, types, registers);
    let mut random = Random(7);
    let products: Vec<[Matrix; 3]> = (0..4)
        .map(|_| {
            [
                Matrix::random(types[0], 8, 4, &mut random),
                Matrix::random(types[1], 4, 8, &mut random),
                Matrix::random(types[2], 8, 8, &mut random),
            ]
        })
        .collect();
    let parts = [Part::A, Part::B, Part::Sum];
    let by_column = [layout_a == "col", layout_b == "col", false];
    for lane in 0..32 {
        for index in 0..3 {
            let matrix = &products[lane / 4 % 4][index];
            put_fragment(&mut device, index, lane, matrix.ty, registers[index], |i| {
                let (row, column) = quad_place(parts[index], matrix.ty, by_column[index], lane, i);
                matrix.at(row, column)
            });
        }
    }
    device.run().unwrap();
    for (number, [a, b, c]) in products.iter().enumerate() {
        let mut product = Matrix {
            ty: types[3],
            rows: 8,
            columns: 8,
            bits: vec![0; 64],
        };
        for lane in (0..32).filter(|lane| lane / 4 % 4 == number) {
            for (i, bits) in fragment(&device, lane, types[3], registers[3])
                .into_iter()
                .enumerate()
            {
                let (row, column) = quad_place(Part::Sum, types[3], false, lane, i);
                product.bits[row * 8 + column] = bits;
            }
        }
        assert_product(&operation, [a, b, c, &product], Ending::Wraps);
    }
}

/// One `m16n8k8` of halves whose first row of `a` and first column of `b` are these, and whose `c` is zero: its first element.
fn first_element(a: [u16; 2], b: [u16; 2]) -> u32 {
    let mut device = product_kernel(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32",
        [Number::F16, Number::F16, Number::F32, Number::F32],
        [2, 1, 4, 4],
    );
    device.write(PLACES[0], &a);
    device.write(PLACES[1], &b);
    device.run().unwrap();
    device.read::<u32>(PLACES[3], 1)[0]
}

#[test]
fn infinities_and_what_is_no_number_pass_through() {
    let (one, infinity, minus_infinity, nan) = (0x3c00, 0x7c00, 0xfc00, 0x7e00);
    assert_eq!(
        first_element([infinity, one], [one, one]),
        f32::INFINITY.to_bits()
    );
    for (a, b) in [
        ([infinity, minus_infinity], [one, one]),
        ([infinity, one], [0, one]),
        ([one, nan], [one, one]),
    ] {
        assert!(
            f32::from_bits(first_element(a, b)).is_nan(),
            "{a:x?} {b:x?}"
        );
    }
}

#[test]
fn the_smallest_halves_are_not_lost() {
    let subnormal = f32::from_bits(first_element([1, 0], [0x3c00, 0]));
    assert_eq!(subnormal, 2f32.powi(-24));
}
