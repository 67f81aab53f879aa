//! Whole kernels.

use super::device::{BASE, Test, assemble, compile};
use wasi_cuda_jit::cpu::Outcome;

const VECTOR_ADD: &str = r#"
    (func (export "add") (param $a i64) (param $b i64) (param $sum i64) (param $n i32)
        (local $i i32) (local $at i64)
        (local.set $i (i32.add (i32.mul (call $block) (call $width)) (call $thread)))
        (br_if 0 (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $at (i64.shl (i64.extend_i32_u (local.get $i)) (i64.const 2)))
        (f32.store (i64.add (local.get $sum) (local.get $at))
            (f32.add
                (f32.load (i64.add (local.get $a) (local.get $at)))
                (f32.load (i64.add (local.get $b) (local.get $at))))))
"#;

/// y = a * x + y, each thread in strides of the grid.
pub(crate) const SAXPY: &str = r#"
    (func (export "saxpy") (param $a f32) (param $x i64) (param $y i64) (param $n i32)
        (local $i i32) (local $stride i32) (local $at i64) (local $to i64)
        (local.set $i (i32.add (i32.mul (call $block) (call $width)) (call $thread)))
        (local.set $stride (i32.mul (call $blocks) (call $width)))
        (block $done
            (loop $next
                (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
                (local.set $at (i64.mul (i64.extend_i32_u (local.get $i)) (i64.const 4)))
                (f32.store
                    (local.tee $to (i64.add (local.get $y) (local.get $at)))
                    (f32.add
                        (f32.mul (local.get $a) (f32.load (i64.add (local.get $x) (local.get $at))))
                        (f32.load (local.get $to))))
                (local.set $i (i32.add (local.get $i) (local.get $stride)))
                (br $next))))
"#;

fn numbers(count: usize, step: f32) -> impl Iterator<Item = u32> {
    (0..count).map(move |index| (index as f32 * step).to_bits())
}

#[test]
fn vectors_are_added() {
    let ended = Test::new(VECTOR_ADD)
        .words(0, numbers(100, 1.0))
        .words(1024, numbers(100, 0.5))
        .arguments(&[BASE, BASE + 1024, BASE + 2048, 100])
        .threads(4, 32)
        .run();
    assert_eq!(ended.outcome, Outcome::Completed);
    for index in 0..100 {
        let sum = f32::from_bits(ended.word(512 + index));
        assert_eq!(sum.to_bits(), (index as f32 * 1.5).to_bits());
    }
    assert_eq!(ended.word(612), 0, "threads past the end write nothing");
}

#[test]
fn saxpy_goes_on_in_strides() {
    let ended = Test::new(SAXPY)
        .words(0, numbers(200, 1.0))
        .words(1024, numbers(200, 10.0))
        .arguments(&[u64::from(3f32.to_bits()), BASE, BASE + 1024, 200])
        .threads(2, 16)
        .run();
    assert_eq!(ended.outcome, Outcome::Completed);
    for index in 0..200 {
        let y = f32::from_bits(ended.word(256 + index));
        assert_eq!(y.to_bits(), (index as f32 * 13.0).to_bits());
    }
}

#[test]
fn the_signature_is_that_of_the_function() {
    let bytes = assemble(SAXPY);
    let module = compile(&bytes).unwrap();
    let kernel = module.kernel("saxpy").unwrap();
    let parameters: Vec<(String, String, u32)> = kernel
        .signature()
        .parameters
        .iter()
        .map(|parameter| {
            let name = parameter.name.clone();
            (name, parameter.ty.to_string(), parameter.offset)
        })
        .collect();
    let expected = [
        ("a", "f32", 0),
        ("x", "pointer", 8),
        ("y", "pointer", 16),
        ("n", "u32", 24),
    ];
    let expected = expected.map(|(name, ty, at)| (name.to_owned(), ty.to_owned(), at));
    assert_eq!(parameters, expected);
    assert_eq!(kernel.signature().parameter_bytes, 28);
}

#[test]
fn parameters_without_names_are_numbered() {
    let bytes = assemble(r#"(func (export "k") (param i32 i64 f64))"#);
    let module = compile(&bytes).unwrap();
    let parameters = &module.kernels()[0].signature().parameters;
    let parameters: Vec<String> = parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, parameter.ty))
        .collect();
    assert_eq!(parameters, ["p0: u32", "p1: u64", "p2: f64"]);
}

#[test]
fn every_exported_function_is_a_kernel_and_no_other() {
    let bytes = assemble(
        r#"(func $hidden) (func (export "b")) (func $a (export "a")) (export "c" (func $a))
           (export "memory" (memory 0))"#,
    );
    let module = compile(&bytes).unwrap();
    let names: Vec<&str> = module
        .kernels()
        .iter()
        .map(|kernel| kernel.signature().name.as_str())
        .collect();
    assert_eq!(names, ["b", "a", "c"]);
}

#[test]
fn each_index_function_gives_its_part_of_the_index() {
    let names = ["threadIdx", "blockIdx", "blockDim", "gridDim"];
    let all = names
        .iter()
        .flat_map(|name| ["x", "y", "z"].map(|axis| format!("{name}.{axis}")));
    let (mut imports, mut stores) = (String::new(), String::new());
    for (index, name) in all.enumerate() {
        imports += &format!(r#"(import "cuda" "{name}" (func ${name} (result i32)))"#);
        let offset = 4 * index;
        stores += &format!("(i32.store offset={offset} (local.get 0) (call ${name}))");
    }
    // The last thread of the last block writes last.
    let ended = Test::new(&format!(
        r#"{imports} (func (export "k") (param i64) {stores})"#
    ))
    .threads(3, 5)
    .run();
    assert_eq!(ended.words(12), [4, 0, 0, 2, 0, 0, 5, 1, 1, 3, 1, 1]);
}

#[test]
fn a_call_is_the_body_of_what_it_calls() {
    let ended = Test::new(
        r#"
        (func $sum_to (param $n i32) (result i32) (local $sum i32)
            (loop $next (result i32)
                (if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
                (local.set $sum (i32.add (local.get $sum) (local.get $n)))
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br $next)))
        (func $swap (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
        (func (export "k") (param $out i64) (local $i i32)
            ;; A callee's locals are zero at each call.
            (loop $next
                (i32.store
                    (i64.add (local.get $out) (i64.extend_i32_u (i32.shl (local.get $i) (i32.const 2))))
                    (call $sum_to (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $i) (i32.const 5))))
            (i32.store offset=20 (local.get $out) (i32.sub (call $swap (i32.const 3) (call $sum_to (i32.const 4))))))
        "#,
    )
    .run();
    assert_eq!(ended.outcome, Outcome::Completed);
    assert_eq!(ended.words(6), [0, 1, 3, 6, 10, 7]);
}
