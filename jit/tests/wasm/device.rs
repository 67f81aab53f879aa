//! Runs kernels written in WebAssembly's text format.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wasi_cuda_jit::cpu::{Fault, FaultKind, FaultSlot, Launch, Module, Outcome};
use wasi_cuda_jit::{CompileOptions, Diagnostic, compile_wasm, sandboxed_wasm};

/// What kernels see as the window's first byte.
pub(crate) const BASE: u64 = 0x10_0000_0000;
/// Bytes that kernels may touch.
pub(crate) const MAPPED: usize = 1 << 15;
/// Bytes reserved for the window.
const RESERVED: usize = 1 << 16;

/// The imports that most kernels use.
pub(crate) const IMPORTS: &str = r#"
    (import "cuda" "memory" (memory i64 0))
    (import "cuda" "threadIdx.x" (func $thread (result i32)))
    (import "cuda" "blockIdx.x" (func $block (result i32)))
    (import "cuda" "blockDim.x" (func $width (result i32)))
    (import "cuda" "gridDim.x" (func $blocks (result i32)))
"#;

/// A module of these functions behind the imports.
pub(crate) fn assemble(functions: &str) -> Vec<u8> {
    let text = format!("(module {IMPORTS} {functions})");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn compile(bytes: &[u8]) -> Result<Module, Vec<Diagnostic>> {
    compile_wasm(bytes, &CompileOptions::default())
}

/// The messages with which a module is refused.
pub(crate) fn refusal(bytes: &[u8]) -> String {
    let found = compile(bytes).expect_err("the module is accepted");
    let messages: Vec<String> = found.iter().map(ToString::to_string).collect();
    messages.join("\n")
}

/// What became of a launch.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) fault: Option<Fault>,
    /// The mapped part of the window.
    pub(crate) memory: Vec<u8>,
}

impl Ended {
    pub(crate) fn word(&self, index: usize) -> u32 {
        u32::from_le_bytes(self.memory[4 * index..][..4].try_into().unwrap())
    }

    pub(crate) fn double(&self, index: usize) -> u64 {
        u64::from_le_bytes(self.memory[8 * index..][..8].try_into().unwrap())
    }

    pub(crate) fn words(&self, count: usize) -> Vec<u32> {
        (0..count).map(|index| self.word(index)).collect()
    }

    /// The kind of the fault that the launch ended with.
    pub(crate) fn fault_kind(&self) -> FaultKind {
        assert_eq!(self.outcome, Outcome::Faulted);
        self.fault.as_ref().expect("a fault is recorded").kind
    }
}

/// A launch to be, of the only kernel of a module.
pub(crate) struct Test {
    bytes: Vec<u8>,
    arguments: Vec<u64>,
    memory: Vec<u8>,
    block: u32,
    blocks: u32,
    stop_after: Option<Duration>,
}

impl Test {
    /// One thread of the kernel of these functions, which gets the window's address.
    pub(crate) fn new(functions: &str) -> Self {
        Self {
            bytes: assemble(functions),
            arguments: vec![BASE],
            memory: vec![0; MAPPED],
            block: 1,
            blocks: 1,
            stop_after: None,
        }
    }

    /// The arguments as bits, each cut to its parameter's size.
    pub(crate) fn arguments(mut self, arguments: &[u64]) -> Self {
        self.arguments = arguments.to_vec();
        self
    }

    pub(crate) fn threads(mut self, blocks: u32, block: u32) -> Self {
        (self.blocks, self.block) = (blocks, block);
        self
    }

    /// What the window holds at first, from an offset on.
    pub(crate) fn words(mut self, offset: usize, words: impl IntoIterator<Item = u32>) -> Self {
        for (index, word) in words.into_iter().enumerate() {
            self.memory[offset + 4 * index..][..4].copy_from_slice(&word.to_le_bytes());
        }
        self
    }

    pub(crate) fn stop_after(mut self, time: Duration) -> Self {
        self.stop_after = Some(time);
        self
    }

    /// What a driver would get to see.
    pub(crate) fn ptx(&self) -> String {
        sandboxed_wasm(&self.bytes, &CompileOptions::default())
            .unwrap_or_else(|found| panic!("{found:?}"))
    }

    pub(crate) fn run(self) -> Ended {
        let module = compile(&self.bytes).unwrap_or_else(|found| panic!("{found:?}"));
        let [kernel] = module.kernels() else {
            panic!("the module has one kernel");
        };
        let signature = kernel.signature();
        assert_eq!(signature.parameters.len(), self.arguments.len());
        let mut parameters = [0u128; 8];
        for (parameter, value) in signature.parameters.iter().zip(&self.arguments) {
            let shift = 8 * (parameter.offset % 16);
            parameters[parameter.offset as usize / 16] |=
                (u128::from(*value) & (u128::MAX >> (128 - 8 * parameter.size))) << shift;
        }
        let mut window = self.memory;
        window.resize(RESERVED, 0xa5);
        let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
        let launch = Launch {
            parameters: parameters.as_ptr().cast(),
            window_host: window.as_mut_ptr(),
            window_base: BASE,
            window_mapped: MAPPED as u64,
            window_mask: RESERVED as u64 - 1,
            granules: std::ptr::null(),
            stop: &raw const stop,
            fault: &raw const slot,
            grid: [self.blocks, 1, 1],
            block: [self.block, 1, 1],
            dynamic_shared: 0,
            variables: 0,
        };
        let stop_word = &stop;
        let outcome = std::thread::scope(|scope| {
            if let Some(time) = self.stop_after {
                scope.spawn(move || {
                    std::thread::sleep(time);
                    stop_word.store(1, Ordering::Relaxed);
                });
            }
            // SAFETY: window, parameters, stop word and slot outlive the call, and have the sizes told.
            unsafe { kernel.run_blocks(&launch, 0..u64::from(self.blocks)) }
        });
        assert!(
            window[MAPPED..].iter().all(|byte| *byte == 0xa5),
            "a kernel wrote outside of its window"
        );
        window.truncate(MAPPED);
        Ended {
            outcome,
            fault: kernel.fault(&slot),
            memory: window,
        }
    }
}
