//! Every kernel that the host ships gives the same bits on the CPU device as its reference in plain Rust.

use std::sync::atomic::AtomicU32;

use wasi_cuda_jit::cpu::{Fault, FaultKind, FaultSlot, Launch, Module, Outcome};
use wasi_cuda_jit::signature::ParameterType as Compiled;
use wasi_cuda_jit::{CompileOptions, compile_ptx};
use wasi_cuda_kernels::{Access, KernelSignature, Number, ParameterType, reference};

use Values::{F32, F64, U32};

/// A scalar, as the only element, or an array.
#[derive(Clone, Debug)]
enum Values {
    U32(Vec<u32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    /// So many numbers from the generator: ordinary ones, and those at which arithmetic behaves in a special way.
    fn random(number: Number, count: u64, bits: &mut impl FnMut() -> u64) -> Self {
        let special = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            1e-40,
            3e38,
            5e-324,
        ];
        let mut float = || match bits() {
            bits if bits % 4 == 0 => special[(bits >> 8) as usize % special.len()],
            bits => (bits as i64) as f64 / 2f64.powi(50),
        };
        match number {
            Number::U32 => U32((0..count).map(|_| bits() as u32).collect()),
            Number::F32 => F32((0..count).map(|_| float() as f32).collect()),
            Number::F64 => F64((0..count).map(|_| float()).collect()),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            U32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            F32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            F64(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    /// As the bytes that a device wrote in place of these values.
    fn read_back(&self, bytes: &[u8]) -> Self {
        match self {
            U32(_) => U32(bytes
                .chunks_exact(4)
                .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
            F32(_) => F32(bytes
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
            F64(_) => F64(bytes
                .chunks_exact(8)
                .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
        }
    }

    /// Whether all bits are equal, or both are some NaN: which one an operation gives is the device's choice.
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (U32(left), U32(right)) => left == right,
            (F32(left), F32(right)) => left.iter().zip(right).all(|(left, right)| {
                left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
            }),
            (F64(left), F64(right)) => left.iter().zip(right).all(|(left, right)| {
                left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
            }),
            _ => false,
        }
    }
}

/// Runs the reference of a kernel in place.
fn run_reference(kernel: &str, scalars: &[Values], arrays: &mut [Values]) {
    match (kernel, scalars, arrays) {
        ("vector_add", [], [F32(a), F32(b), F32(out)]) => reference::vector_add(a, b, out),
        ("vector_add_f64", [], [F64(a), F64(b), F64(out)]) => reference::vector_add_f64(a, b, out),
        ("vector_add_u32", [], [U32(a), U32(b), U32(out)]) => reference::vector_add_u32(a, b, out),
        ("hadamard", [], [F32(a), F32(b), F32(out)]) => reference::hadamard(a, b, out),
        ("hadamard_f64", [], [F64(a), F64(b), F64(out)]) => reference::hadamard_f64(a, b, out),
        ("scale", [F32(a)], [F32(x), F32(out)]) => reference::scale(a[0], x, out),
        ("scale_f64", [F64(a)], [F64(x), F64(out)]) => reference::scale_f64(a[0], x, out),
        ("saxpy", [F32(a)], [F32(x), F32(y)]) => reference::saxpy(a[0], x, y),
        ("daxpy", [F64(a)], [F64(x), F64(y)]) => reference::daxpy(a[0], x, y),
        ("axpby", [F32(a), F32(b)], [F32(x), F32(y)]) => reference::axpby(a[0], b[0], x, y),
        ("axpby_f64", [F64(a), F64(b)], [F64(x), F64(y)]) => reference::axpby_f64(a[0], b[0], x, y),
        ("sum_pairs_u32", [], [U32(x), U32(out)]) => reference::sum_pairs_u32(x, out),
        ("relu", [], [F32(x), F32(out)]) => reference::relu(x, out),
        ("clamp", [F32(low), F32(high)], [F32(x), F32(out)]) => {
            reference::clamp(low[0], high[0], x, out)
        }
        ("clamp_u32", [U32(low), U32(high)], [U32(x), U32(out)]) => {
            reference::clamp_u32(low[0], high[0], x, out)
        }
        ("fill", [F32(value)], [F32(out)]) => reference::fill(value[0], out),
        ("fill_f64", [F64(value)], [F64(out)]) => reference::fill_f64(value[0], out),
        ("fill_u32", [U32(value)], [U32(out)]) => reference::fill_u32(value[0], out),
        ("iota_u32", [U32(start)], [U32(out)]) => reference::iota_u32(start[0], out),
        (kernel, scalars, arrays) => {
            panic!("no reference of `{kernel}` takes {scalars:?} and {arrays:?}")
        }
    }
}

/// Where kernels see the window, and its size: a power of two.
const WINDOW_BASE: u64 = 0x10_0000_0000;
const WINDOW_BYTES: usize = 1 << 18;
/// Arrays begin at multiples of this; in checked mode each has an entry of the map.
const GRANULE: usize = 256;

/// A guest's memory with nothing between its arrays that a kernel may touch.
struct Window {
    words: Vec<u64>,
    granules: Vec<u16>,
    used: usize,
}

impl Window {
    fn new() -> Self {
        Self {
            words: vec![0; WINDOW_BYTES / 8],
            granules: vec![0; WINDOW_BYTES / GRANULE],
            used: 0,
        }
    }

    /// Puts an array in and returns its place.
    fn insert(&mut self, bytes: &[u8]) -> usize {
        let place = self.used;
        // A granule between arrays stays closed.
        self.used += (bytes.len() / GRANULE + 2) * GRANULE;
        bytemuck::cast_slice_mut(&mut self.words)[place..][..bytes.len()].copy_from_slice(bytes);
        for (index, granule) in self.granules[place / GRANULE..].iter_mut().enumerate() {
            let rest = bytes.len().saturating_sub(index * GRANULE);
            *granule = rest.min(GRANULE) as u16;
            if rest == 0 {
                break;
            }
        }
        place
    }

    fn bytes(&self, place: usize, length: usize) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[place..][..length]
    }
}

/// A parameter block: each parameter at a multiple of its size.
#[derive(Default)]
struct Parameters(Vec<u8>);

impl Parameters {
    fn push(&mut self, bytes: &[u8]) {
        self.0.resize(self.0.len().next_multiple_of(bytes.len()), 0);
        self.0.extend(bytes);
    }

    /// Aligned to 16 bytes.
    fn aligned(&self) -> Vec<u128> {
        let mut block = vec![0u128; self.0.len().div_ceil(16)];
        bytemuck::cast_slice_mut(&mut block)[..self.0.len()].copy_from_slice(&self.0);
        block
    }
}

/// Runs a kernel on the CPU device in place; gives the fault if there is one.
fn run_on_device(
    module: &Module,
    kernel: &KernelSignature,
    scalars: &[Values],
    arrays: &mut [Values],
    n: u64,
    [blocks, threads]: [u32; 2],
) -> Option<Fault> {
    let (mut window, mut parameters) = (Window::new(), Parameters::default());
    let places: Vec<_> = arrays
        .iter()
        .map(|array| window.insert(&array.bytes()))
        .collect();
    let (mut scalars, mut next_place) = (scalars.iter(), places.iter());
    for parameter in kernel.parameters {
        match parameter.ty {
            ParameterType::Scalar(_) => parameters.push(&scalars.next().unwrap().bytes()),
            ParameterType::Array { .. } => {
                parameters.push(&(WINDOW_BASE + *next_place.next().unwrap() as u64).to_le_bytes());
            }
            ParameterType::Count => parameters.push(&n.to_le_bytes()),
        }
    }
    let compiled = module
        .kernel(kernel.name)
        .expect("the module has the documented kernels");
    assert_eq!(
        parameters.0.len(),
        compiled.signature().parameter_bytes as usize,
        "{kernel}"
    );

    let block = parameters.aligned();
    let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
    let launch = Launch {
        parameters: block.as_ptr().cast(),
        window_host: window.words.as_mut_ptr().cast(),
        window_base: WINDOW_BASE,
        window_mapped: WINDOW_BYTES as u64,
        window_mask: WINDOW_BYTES as u64 - 1,
        granules: window.granules.as_ptr(),
        stop: &raw const stop,
        fault: &raw const fault,
        grid: [blocks, 1, 1],
        block: [threads, 1, 1],
        dynamic_shared: 0,
        variables: 0,
    };
    // SAFETY: the parameters are laid out as the kernel's signature says; they, the window and its map, the stop word and the
    // fault slot live until the call is over, and no one else uses them.
    let outcome = unsafe { compiled.run_blocks(&launch, 0..u64::from(blocks)) };
    let fault = compiled.fault(&fault);
    assert_eq!(
        outcome == Outcome::Completed,
        fault.is_none(),
        "{kernel}: {outcome:?}, {fault:?}"
    );
    for (array, place) in arrays.iter_mut().zip(places) {
        *array = array.read_back(window.bytes(place, array.bytes().len()));
    }
    fault
}

fn linalg() -> (Module, &'static [KernelSignature]) {
    let ptx = wasi_cuda_kernels::builtin("linalg").expect("the module is shipped");
    // In checked mode an access outside the arrays is a fault.
    let module = compile_ptx(
        ptx,
        &CompileOptions {
            checked: true,
            ..CompileOptions::default()
        },
    )
    .expect("the module is accepted");
    (
        module,
        wasi_cuda_kernels::signatures("linalg").expect("its kernels are documented"),
    )
}

#[test]
fn kernels_agree_with_their_references_in_every_grid() {
    let (module, kernels) = linalg();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bits = move || {
        // xorshift64*: any spread of values will do, and the same one in every run.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    for kernel in kernels {
        for (n, grid) in [
            (0, [1, 32]),
            (1, [1, 1]),
            (31, [1, 32]),
            (257, [3, 64]),
            (1000, [2, 7]),
            (64, [9, 128]),
        ] {
            let (mut scalars, mut arrays) = (Vec::new(), Vec::new());
            for parameter in kernel.parameters {
                match parameter.ty {
                    ParameterType::Scalar(number) => {
                        scalars.push(Values::random(number, 1, &mut bits))
                    }
                    ParameterType::Array {
                        element, per_index, ..
                    } => {
                        arrays.push(Values::random(element, n * u64::from(per_index), &mut bits));
                    }
                    ParameterType::Count => {}
                }
            }
            let mut expected = arrays.clone();
            run_reference(kernel.name, &scalars, &mut expected);
            let fault = run_on_device(&module, kernel, &scalars, &mut arrays, n, grid);
            assert!(
                fault.is_none(),
                "{kernel} of {n} elements in grid {grid:?}: {fault:?}"
            );
            for (array, expected) in arrays.iter().zip(&expected) {
                assert!(
                    array.same(expected),
                    "{kernel} of {n} elements in grid {grid:?}: {array:?} is not {expected:?}"
                );
            }
        }
    }
}

#[test]
fn kernels_take_what_their_signatures_say() {
    let (module, kernels) = linalg();
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
    let (module, kernels) = linalg();
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
    let fault = run_on_device(&module, kernel, &[U32(vec![7])], &mut out, 11, [1, 32]);
    let fault = fault.expect("the eleventh element is in no array");
    assert_eq!((fault.kind, fault.size), (FaultKind::GlobalOutOfBounds, 4));
    assert_eq!(
        (fault.address, fault.thread),
        (WINDOW_BASE + 40, [10, 0, 0])
    );
}
