//! Kernels of one source give the same results whoever compiled them: what differs is how the compilers wrote it down,
//! so a mistake in a loop, a branch or a vector access shows. Some are compared with plain Rust besides.

use std::path::Path;
use std::sync::atomic::AtomicU32;

use wasi_cuda_jit::cpu::{FaultSlot, Kernel, Launch, Module, Outcome};
use wasi_cuda_jit::signature::ParameterType;
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// The compilers and targets, as in the corpus's folders.
const COMPILERS: [&str; 8] = [
    "clang-19/sm_75",
    "clang-19/sm_80-O1",
    "clang-19/sm_90",
    "nvrtc-12.9/sm_75",
    "nvrtc-12.9/sm_90",
    "nvrtc-13.5/sm_80",
    "nvrtc-13.5/sm_80-lineinfo",
    "nvrtc-13.5/sm_90",
];

/// Where kernels see the window; each pointer parameter gets a buffer of its own in it.
const WINDOW_BASE: u64 = 0x10_0000_0000;
const WINDOW_BYTES: usize = 1 << 17;
const BUFFER_BYTES: usize = 1 << 14;
/// Every scalar that is an integer: the number of elements, the width and height, the number of steps.
const COUNT: u64 = 12;
/// Every scalar that is a float.
const FACTOR: f64 = 1.25;

/// The kernels whose threads have two dimensions or more; elsewhere threads that differ in y would repeat each other's work.
const PLANES: [&str; 2] = ["mandelbrot", "transpose_tiles"];

/// What buffers are filled with.
#[derive(Clone, Copy, Debug)]
enum Fill {
    /// Any bits.
    Random,
    /// Words that are floats between 1 and 3.5, and pairs of them that are doubles between 0 and 128.
    Moderate,
    /// Bytes below 8, few zeros among them.
    Digits,
}

impl Fill {
    fn words(self) -> Vec<u32> {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let next = || {
            // xorshift64*: any spread of values will do, and the same one in every run.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            let word = (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32;
            match self {
                Self::Random => word,
                Self::Moderate => 0x3f80_0000 + word % 0x00e0_0000,
                Self::Digits => u32::from_le_bytes(
                    word.to_le_bytes()
                        .map(|byte| if byte < 8 { 0 } else { byte % 4 + 1 }),
                ),
            }
        };
        std::iter::repeat_with(next)
            .take(WINDOW_BYTES / 4)
            .collect()
    }
}

/// Runs a kernel over a window filled like that and gives what is in the window then.
fn run(kernel: &Kernel, fill: Fill) -> Vec<u32> {
    let mut words = fill.words();
    let mut parameters = [0u128; 16];
    let mut buffers = 0;
    for parameter in &kernel.signature().parameters {
        let value = match parameter.ty {
            ParameterType::Pointer => {
                buffers += 1;
                WINDOW_BASE + (buffers - 1) * BUFFER_BYTES as u64
            }
            ParameterType::F32 => u64::from((FACTOR as f32).to_bits()),
            ParameterType::F64 => FACTOR.to_bits(),
            _ => COUNT,
        };
        let (place, size) = (parameter.offset as usize, parameter.size as usize);
        let (word, byte) = (place / 16, place % 16);
        let mut bytes = parameters[word].to_le_bytes();
        bytes[byte..byte + size].copy_from_slice(&value.to_le_bytes()[..size]);
        parameters[word] = u128::from_le_bytes(bytes);
    }
    assert!(
        buffers as usize * BUFFER_BYTES <= WINDOW_BYTES,
        "the window holds every buffer"
    );

    // Some threads more than elements.
    let plane = PLANES.contains(&kernel.signature().name.as_str());
    let (grid, block) = if plane {
        ([2, 3, 2], [4, 3, 2])
    } else {
        ([2, 1, 1], [8, 1, 1])
    };
    let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
    let launch = Launch {
        parameters: parameters.as_ptr().cast(),
        window_host: words.as_mut_ptr().cast(),
        window_base: WINDOW_BASE,
        window_mapped: WINDOW_BYTES as u64,
        window_mask: WINDOW_BYTES as u64 - 1,
        granules: std::ptr::null(),
        stop: &raw const stop,
        fault: &raw const fault,
        grid,
        block,
        dynamic_shared: 0,
        variables: 0,
    };
    // SAFETY: the parameters are laid out as the signature says; they, the window, a power of two long, the stop word and the
    // fault slot live until the call is over, and no one else uses them.
    let outcome = unsafe {
        kernel.run_blocks(
            &launch,
            0..grid.iter().map(|&extent| u64::from(extent)).product(),
        )
    };
    assert_eq!(
        outcome,
        Outcome::Completed,
        "{}: {:?}",
        kernel.signature().name,
        kernel.fault(&fault)
    );
    words
}

/// What every compiler made of one source.
fn modules(source: &str) -> Vec<(&'static str, Module)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ptx");
    let compile = |compiler: &'static str| {
        let path = corpus.join(compiler).join(source).with_extension("ptx");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let module = compile_ptx(&text, &CompileOptions::default());
        (
            compiler,
            module.unwrap_or_else(|found| panic!("{}: {found:?}", path.display())),
        )
    };
    COMPILERS.map(compile).into()
}

/// Where two results differ, if they do. Which NaN an operation gives is the device's choice.
fn difference(left: &[u32], right: &[u32]) -> Option<usize> {
    let single = |words: &[u32], at: usize| f32::from_bits(words[at]).is_nan();
    let double = |words: &[u32], at: usize| {
        f64::from_bits(u64::from(words[at | 1]) << 32 | u64::from(words[at & !1])).is_nan()
    };
    (0..left.len()).find(|&at| {
        let both_nan =
            (single(left, at) && single(right, at)) || (double(left, at) && double(right, at));
        left[at] != right[at] && !both_nan
    })
}

/// Compares the results of all compilers for the kernels of a source.
fn agree(source: &str, fills: &[Fill]) {
    let modules = modules(source);
    let (first_compiler, first) = &modules[0];
    for kernel in first.kernels() {
        let name = &kernel.signature().name;
        for &fill in fills {
            let expected = run(kernel, fill);
            assert!(
                difference(&fill.words(), &expected).is_some(),
                "{name} writes nothing"
            );
            for (compiler, module) in &modules[1..] {
                let kernel = module
                    .kernel(name)
                    .unwrap_or_else(|| panic!("{compiler} has no kernel {name}"));
                if let Some(at) = difference(&expected, &run(&kernel, fill)) {
                    panic!(
                        "{name} of {fill:?} words: {first_compiler} and {compiler} differ at byte {}",
                        4 * at
                    );
                }
            }
        }
    }
}

#[test]
fn vector_addition_agrees() {
    agree("vector_add", &[Fill::Random, Fill::Moderate]);
}

#[test]
fn saxpy_agrees() {
    agree("saxpy", &[Fill::Random, Fill::Moderate]);
}

#[test]
fn grid_stride_loops_agree() {
    agree("grid_stride", &[Fill::Random, Fill::Moderate]);
}

#[test]
fn integer_arithmetic_agrees() {
    agree("integer", &[Fill::Random, Fill::Moderate, Fill::Digits]);
}

#[test]
fn float_arithmetic_agrees() {
    agree("float", &[Fill::Moderate, Fill::Digits]);
}

#[test]
fn branches_agree() {
    // Random words would keep the interpreter's innermost loop busy for minutes.
    agree("branches", &[Fill::Digits]);
}

#[test]
fn vector_accesses_agree() {
    agree("vectors", &[Fill::Random, Fill::Moderate, Fill::Digits]);
}

#[test]
fn conversions_agree() {
    // C++ leaves open what a float becomes that is beyond an integer's limits.
    agree("conversions", &[Fill::Moderate]);
}

/// The words of a kernel's buffers, in the order of its pointer parameters.
fn buffers(words: &[u32]) -> Vec<&[u32]> {
    words.chunks(BUFFER_BYTES / 4).collect()
}

#[test]
fn results_are_what_the_source_says() {
    type Check = fn(before: &[&[u32]], after: &[&[u32]], at: usize) -> bool;
    let checks: [(&str, &str, Check); 6] = [
        ("vector_add", "vector_add", |before, after, at| {
            f32::from_bits(after[2][at])
                == f32::from_bits(before[0][at]) + f32::from_bits(before[1][at])
        }),
        ("saxpy", "saxpy", |before, after, at| {
            let (x, y) = (f32::from_bits(before[0][at]), f32::from_bits(before[1][at]));
            f32::from_bits(after[1][at]) == x.mul_add(FACTOR as f32, y)
        }),
        ("grid_stride", "scale_all", |before, after, at| {
            f32::from_bits(after[0][at]) == f32::from_bits(before[0][at]) * FACTOR as f32
        }),
        ("integer", "hash_words", |before, after, at| {
            after[1][at] == murmur(before[0][at], COUNT as u32)
        }),
        ("vectors", "rotate_uint4", |before, after, at| {
            let vector = at / 4 * 4;
            after[0][at] == before[0][vector + (at + 1) % 4]
        }),
        ("branches", "collatz", |before, after, at| {
            let value = u64::from(before[0][2 * at + 1]) << 32 | u64::from(before[0][2 * at]);
            after[1][at] == collatz(value, COUNT as u32)
        }),
    ];
    for (source, kernel, check) in checks {
        for (compiler, module) in modules(source) {
            let compiled = module.kernel(kernel).expect("the kernel is in the corpus");
            let (before, after) = (Fill::Moderate.words(), run(&compiled, Fill::Moderate));
            for at in 0..COUNT as usize {
                assert!(
                    check(&buffers(&before), &buffers(&after), at),
                    "{compiler}: {kernel} is wrong at {at}"
                );
            }
        }
    }
}

fn murmur(word: u32, seed: u32) -> u32 {
    let mut hash = (seed ^ word.wrapping_mul(0xcc9e_2d51)).rotate_left(15);
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

fn collatz(mut value: u64, limit: u32) -> u32 {
    let mut steps = 0;
    while value > 1 && steps < limit {
        value = if value % 2 == 1 {
            value.wrapping_mul(3).wrapping_add(1)
        } else {
            value / 2
        };
        steps += 1;
    }
    steps
}

/// Those that not every compiler has for every target take more than buffers of any numbers; `tests/execution` holds each of their
/// kernels, whoever compiled it, against plain Rust.
#[test]
fn every_source_that_all_compilers_have_is_compared() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let text = include_str!("agreement.rs");
    let mut compared = 0;
    for source in std::fs::read_dir(corpus.join("cuda")).expect("the sources are there") {
        let path = source.expect("the folder can be read").path();
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("sources have names");
        let has = |compiler: &&str| corpus.join(format!("ptx/{compiler}/{name}.ptx")).exists();
        if COMPILERS.iter().all(has) {
            let is_compared = text.contains(&format!("agree(\"{name}\""));
            assert!(is_compared, "no test above compares {name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 8, "sources that all compilers have");
}
