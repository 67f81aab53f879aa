//! What is timed.

use crate::device::{Grid, WINDOW_BASE, Window};
use crate::rust;
use std::time::{Duration, Instant};
use wasi_cuda_jit::cpu::Kernel;
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Elements of vectors: too many for any cache.
const LENGTH: usize = 16 << 20;

/// Rows and columns of matrices.
const SIDE: usize = 512;

/// Threads of a block of the reduction.
const BLOCK: usize = 256;

/// Blocks of the reduction.
const BLOCKS: usize = 128;

/// What a side in Rust does with the window's floats, on so many threads.
type InRust = Box<dyn Fn(&mut [f32], usize)>;

/// One piece of work, done by both sides from the same input.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) compiled_in: Duration,
    kernel: Kernel,
    grid: [u32; 3],
    block: u32,
    parameters: Vec<u128>,
    window: Window,
    /// What each side gives, as floats of the window.
    result: std::ops::Range<usize>,
    rust: InRust,
    expected: Window,
    /// How far the sides may differ, of the larger: both add in different orders.
    tolerance: f32,
}

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/corpus/ptx/nvrtc-13.5/sm_80/",
            $name,
            ".ptx"
        ))
    };
}

pub(crate) fn all() -> Vec<Work> {
    vec![vector_add(), saxpy(), reduction(), matmul()]
}

impl Work {
    pub(crate) fn on_device(&mut self, threads: usize) {
        let launch = Grid {
            kernel: &self.kernel,
            grid: self.grid,
            block: [self.block, 1, 1],
            dynamic_shared: 0,
            parameters: &self.parameters,
        };
        self.window.run(&launch, threads);
    }

    pub(crate) fn in_rust(&mut self, threads: usize) {
        let length = self.result.len();
        (self.rust)(&mut self.expected.floats_mut()[..length], threads);
    }

    /// Both sides have run equally often, so that what they add to is equal, too.
    pub(crate) fn check(&mut self) {
        let result = &self.window.floats()[self.result.clone()];
        let expected = self.expected.floats();
        for (index, (actual, expected)) in result.iter().zip(expected).enumerate() {
            let bound = self.tolerance * expected.abs().max(1.0);
            assert!(
                (actual - expected).abs() <= bound,
                "{} [{index}]: {actual} instead of {expected}",
                self.name
            );
        }
    }
}

fn compiled(text: &str, kernel: &str) -> (Kernel, Duration) {
    let begun = Instant::now();
    let module = compile_ptx(text, &CompileOptions::default()).expect("the corpus compiles");
    let kernel = module.kernel(kernel).expect("the corpus has this kernel");
    (kernel, begun.elapsed())
}

/// The parameter block: pointers and numbers of these sizes, each at its alignment.
fn block(parameters: &[(u64, usize)]) -> Vec<u128> {
    let mut bytes = Vec::new();
    for (value, size) in parameters {
        bytes.resize(bytes.len().next_multiple_of(*size), 0u8);
        bytes.extend_from_slice(&value.to_le_bytes()[..*size]);
    }
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let words = bytes
        .chunks(16)
        .map(|word| u128::from_le_bytes(word.try_into().unwrap()));
    words.collect()
}

/// The address of a float of the window.
fn address(index: usize) -> (u64, usize) {
    (WINDOW_BASE + 4 * index as u64, 8)
}

/// Numbers whose sums and products stay small.
fn numbers(length: usize, seed: u32) -> Window {
    let mut state = seed;
    Window::of((0..length).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    }))
}

fn vector_add() -> Work {
    let (kernel, compiled_in) = compiled(corpus!("vector_add"), "vector_add");
    let (a, b) = (numbers(LENGTH, 1), numbers(LENGTH, 2));
    let mut window = Window::new(3 * LENGTH * 4);
    window.floats_mut()[..LENGTH].copy_from_slice(&a.floats()[..LENGTH]);
    window.floats_mut()[LENGTH..2 * LENGTH].copy_from_slice(&b.floats()[..LENGTH]);
    let n = (LENGTH as u64, 4);
    Work {
        name: "vector add, 16 Mi floats",
        compiled_in,
        kernel,
        grid: [(LENGTH / 256) as u32, 1, 1],
        block: 256,
        parameters: block(&[address(0), address(LENGTH), address(2 * LENGTH), n]),
        window,
        result: 2 * LENGTH..3 * LENGTH,
        rust: Box::new(move |out, threads| rust::vector_add(a.floats(), b.floats(), out, threads)),
        expected: Window::new(LENGTH * 4),
        tolerance: 0.0,
    }
}

fn saxpy() -> Work {
    let (kernel, compiled_in) = compiled(corpus!("saxpy"), "saxpy");
    let (x, y) = (numbers(LENGTH, 3), numbers(LENGTH, 4));
    let mut window = Window::new(2 * LENGTH * 4);
    window.floats_mut()[..LENGTH].copy_from_slice(&x.floats()[..LENGTH]);
    window.floats_mut()[LENGTH..2 * LENGTH].copy_from_slice(&y.floats()[..LENGTH]);
    let factor = 0.5f32;
    let scalars = [(LENGTH as u64, 4), (u64::from(factor.to_bits()), 4)];
    Work {
        name: "saxpy, 16 Mi floats",
        compiled_in,
        kernel,
        grid: [(LENGTH / 256) as u32, 1, 1],
        block: 256,
        parameters: block(&[scalars[0], scalars[1], address(0), address(LENGTH)]),
        window,
        result: LENGTH..2 * LENGTH,
        rust: Box::new(move |y, threads| rust::saxpy(factor, x.floats(), y, threads)),
        expected: y,
        tolerance: 1e-6,
    }
}

fn reduction() -> Work {
    let (kernel, compiled_in) = compiled(corpus!("reduction"), "reduce_shuffle");
    let input = numbers(LENGTH, 5);
    let mut window = Window::new((LENGTH + BLOCKS) * 4);
    window.floats_mut()[..LENGTH].copy_from_slice(&input.floats()[..LENGTH]);
    Work {
        name: "reduction by shuffles, 16 Mi floats",
        compiled_in,
        kernel,
        grid: [BLOCKS as u32, 1, 1],
        block: BLOCK as u32,
        parameters: block(&[address(0), address(LENGTH), (LENGTH as u64, 4)]),
        window,
        result: LENGTH..LENGTH + BLOCKS,
        rust: Box::new(move |sums, threads| {
            rust::reduce(&input.floats()[..LENGTH], sums, BLOCK, threads)
        }),
        expected: Window::new(BLOCKS * 4),
        tolerance: 1e-3,
    }
}

fn matmul() -> Work {
    let (kernel, compiled_in) = compiled(corpus!("matmul_registers"), "matmul_registers");
    let size = SIDE * SIDE;
    let (a, b) = (numbers(size, 6), numbers(size, 7));
    let mut window = Window::new(3 * size * 4);
    window.floats_mut()[..size].copy_from_slice(&a.floats()[..size]);
    window.floats_mut()[size..2 * size].copy_from_slice(&b.floats()[..size]);
    let side = (SIDE as u64, 4);
    Work {
        name: "register-blocked matmul, 512 x 512 floats",
        compiled_in,
        kernel,
        grid: [(SIDE / 64) as u32, (SIDE / 64) as u32, 1],
        block: 256,
        parameters: block(&[
            address(0),
            address(size),
            address(2 * size),
            side,
            side,
            side,
        ]),
        window,
        result: 2 * size..3 * size,
        rust: Box::new(move |c, threads| rust::matmul(a.floats(), b.floats(), c, SIDE, threads)),
        expected: Window::new(size * 4),
        tolerance: 1e-4,
    }
}
