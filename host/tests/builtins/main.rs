//! Every kernel that the host ships gives the same bits on the CPU device as its reference in plain Rust.

mod device;
mod references;
mod values;

use wasi_cuda_jit::cpu::{FaultKind, Module};
use wasi_cuda_jit::signature::ParameterType as Compiled;
use wasi_cuda_jit::{CompileOptions, compile_ptx};
use wasi_cuda_kernels::{Access, KernelSignature, Number, ParameterType};

use device::{WINDOW_BASE, run_on_device};
use references::run_reference;
use values::{
    Spread,
    Values::{self, U32},
};

/// Counts for up to three parameters, and the grid's blocks with their threads, where a kernel leaves them open.
const CASES: [([u64; 3], [u32; 2]); 11] = [
    ([0, 7, 3], [1, 32]),
    ([4, 0, 2], [2, 32]),
    ([1, 1, 1], [1, 1]),
    ([31, 40, 0], [1, 32]),
    ([257, 2, 31], [3, 64]),
    ([1000, 1, 1], [2, 7]),
    ([64, 64, 32], [9, 128]),
    ([17, 33, 47], [1, 64]),
    ([3, 700, 5], [2, 96]),
    ([5, 2100, 1], [3, 32]),
    ([2500, 3, 2], [2, 256]),
];

fn modules() -> impl Iterator<Item = (Module, &'static [KernelSignature])> {
    wasi_cuda_kernels::builtins().iter().copied().map(module)
}

fn module(name: &str) -> (Module, &'static [KernelSignature]) {
    let ptx = wasi_cuda_kernels::builtin(name).expect("the module is shipped");
    // In checked mode an access outside the arrays is a fault.
    let module = compile_ptx(
        ptx,
        &CompileOptions {
            checked: true,
            ..CompileOptions::default()
        },
    )
    .unwrap_or_else(|refused| panic!("module {name} is refused: {refused:?}"));
    (
        module,
        wasi_cuda_kernels::signatures(name).expect("its kernels are documented"),
    )
}

/// The counts of a kernel by their names.
fn named_counts(kernel: &KernelSignature, counts: [u64; 3]) -> Vec<(&'static str, u64)> {
    let names = kernel
        .parameters
        .iter()
        .filter(|parameter| parameter.ty == ParameterType::Count)
        .map(|parameter| parameter.name);
    names.zip(counts).collect()
}

/// Scalars and arrays for a kernel.
fn arguments(
    kernel: &KernelSignature,
    spread: Spread,
    counts: &[(&str, u64)],
    bits: &mut impl FnMut() -> u64,
) -> (Vec<Values>, Vec<Values>) {
    let count = |name: &str| {
        counts
            .iter()
            .find(|count| count.0 == name)
            .map(|count| count.1)
    };
    let (mut scalars, mut arrays) = (Vec::new(), Vec::new());
    for parameter in kernel.parameters {
        match parameter.ty {
            ParameterType::Scalar(number) => scalars.push(Values::random(number, spread, 1, bits)),
            ParameterType::Array {
                element, length, ..
            } => {
                let elements = length.elements(count).expect("the length's counts exist");
                arrays.push(Values::random(element, spread, elements, bits));
            }
            ParameterType::Count => {}
        }
    }
    (scalars, arrays)
}

#[test]
fn kernels_agree_with_their_references_in_every_grid() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bits = move || {
        // xorshift64*: any spread of values will do, and the same one in every run.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    for (module, kernels) in modules() {
        for kernel in kernels {
            for (counts, grid) in CASES {
                for spread in [Spread::Small, Spread::Wide, Spread::Special] {
                    compare(&module, kernel, spread, counts, grid, &mut bits);
                }
            }
        }
    }
}

fn compare(
    module: &Module,
    kernel: &KernelSignature,
    spread: Spread,
    counts: [u64; 3],
    grid: [u32; 2],
    bits: &mut impl FnMut() -> u64,
) {
    let named = named_counts(kernel, counts);
    let (scalars, mut arrays) = arguments(kernel, spread, &named, bits);
    let mut expected = arrays.clone();
    let counts: Vec<_> = named.iter().map(|count| count.1).collect();
    let sizes: Vec<_> = counts.iter().map(|count| *count as usize).collect();
    run_reference(kernel.name, &scalars, &mut expected, &sizes);
    let fault = run_on_device(module, kernel, &scalars, &mut arrays, &counts, grid);
    let launch = format!("{kernel} of {spread:?} numbers with {named:?} in grid {grid:?}");
    assert!(fault.is_none(), "{launch}: {fault:?}");
    for (array, expected) in arrays.iter().zip(&expected) {
        assert!(
            array.same(expected),
            "{launch}: {array:?} is not {expected:?}"
        );
    }
}

#[test]
fn kernels_take_what_their_signatures_say() {
    for (module, kernels) in modules() {
        assert_signatures(&module, kernels);
    }
}

fn assert_signatures(module: &Module, kernels: &[KernelSignature]) {
    let names: Vec<_> = module
        .kernels()
        .iter()
        .map(|kernel| kernel.signature().name.clone())
        .collect();
    let documented: Vec<_> = kernels.iter().map(|kernel| kernel.name).collect();
    assert_eq!(names, documented);
    for (kernel, compiled) in kernels.iter().zip(module.kernels()) {
        let expected = kernel
            .parameters
            .iter()
            .map(|parameter| match parameter.ty {
                ParameterType::Scalar(Number::U32) => Compiled::U32,
                ParameterType::Scalar(Number::F32) => Compiled::F32,
                ParameterType::Scalar(Number::F64) => Compiled::F64,
                ParameterType::Array { .. } => Compiled::Pointer,
                ParameterType::Count => Compiled::U64,
            });
        let actual = compiled
            .signature()
            .parameters
            .iter()
            .map(|parameter| parameter.ty);
        assert!(
            actual.eq(expected),
            "{kernel} is compiled as {:?}",
            compiled.signature()
        );
    }
}

#[test]
fn an_array_that_is_too_short_is_a_fault_and_not_a_value() {
    let (module, kernels) = module("linalg");
    let kernel = kernels
        .iter()
        .find(|kernel| kernel.name == "fill_u32")
        .expect("the kernel exists");
    assert!(matches!(
        kernel.parameters[1].ty,
        ParameterType::Array {
            access: Access::Write,
            ..
        }
    ));
    let mut out = [U32(vec![0; 10])];
    let fault = run_on_device(&module, kernel, &[U32(vec![7])], &mut out, &[11], [1, 32]);
    let fault = fault.expect("the eleventh element is in no array");
    assert_eq!((fault.kind, fault.size), (FaultKind::GlobalOutOfBounds, 4));
    assert_eq!(
        (fault.address, fault.thread),
        (WINDOW_BASE + 40, [10, 0, 0])
    );
}
