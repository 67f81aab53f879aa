//! A guest's window with canaries around what kernels may touch.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wasi_cuda_jit::cpu::{Fault, FaultSlot, Launch, Outcome};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// What kernels see as the window's first byte.
pub(crate) const BASE: u64 = 0x10_0000_0000;
/// Bytes reserved for the window.
pub(crate) const RESERVED: usize = 1 << 16;
/// Bytes of it that kernels may touch.
pub(crate) const MAPPED: usize = 1 << 12;
/// What the rest is filled with.
const CANARY: u8 = 0xa5;

/// What became of a launch.
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) fault: Option<Fault>,
    /// The mapped part of the window.
    pub(crate) memory: Vec<u8>,
    /// Whether anything outside of it has changed.
    pub(crate) escaped: bool,
}

impl Ended {
    pub(crate) fn word(&self, index: usize) -> u32 {
        u32::from_le_bytes(self.memory[4 * index..4 * index + 4].try_into().unwrap())
    }
}

/// A launch to be.
pub(crate) struct Test<'a> {
    body: &'a str,
    arguments: Vec<u64>,
    block: [u32; 3],
    blocks: u32,
    valid: Option<Vec<u16>>,
    stop_after: Option<Duration>,
}

impl<'a> Test<'a> {
    /// A kernel with the 64-bit parameters `p0` and `p1`, and registers of each kind.
    pub(crate) fn new(body: &'a str) -> Self {
        Self {
            body,
            arguments: vec![BASE, 0],
            block: [1, 1, 1],
            blocks: 1,
            valid: None,
            stop_after: None,
        }
    }

    pub(crate) fn arguments(mut self, arguments: [u64; 2]) -> Self {
        self.arguments = arguments.to_vec();
        self
    }

    pub(crate) fn threads(mut self, blocks: u32, block: [u32; 3]) -> Self {
        (self.blocks, self.block) = (blocks, block);
        self
    }

    /// Checked mode; of each 256 bytes from the window's start so many lie in a buffer.
    pub(crate) fn valid(mut self, granules: &[u16]) -> Self {
        let mut table = granules.to_vec();
        table.resize(MAPPED / 256, 0);
        self.valid = Some(table);
        self
    }

    pub(crate) fn stop_after(mut self, time: Duration) -> Self {
        self.stop_after = Some(time);
        self
    }

    pub(crate) fn source(&self) -> String {
        format!(
            ".version 8.0\n.target sm_80\n.address_size 64\n\
             .visible .entry kernel(.param .u64 p0, .param .u64 p1)\n{{\n\
             .reg .pred %p<9>; .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>; .reg .b16 %h<9>;\n{}\n}}\n",
            self.body
        )
    }

    pub(crate) fn run(self) -> Ended {
        let options = CompileOptions {
            checked: self.valid.is_some(),
            ..CompileOptions::default()
        };
        let module =
            compile_ptx(&self.source(), &options).unwrap_or_else(|found| panic!("{found:?}"));
        let kernel = module.kernel("kernel").unwrap();
        let mut window = vec![CANARY; RESERVED];
        window[..MAPPED].fill(0);
        let (stop, slot) = (AtomicU32::new(0), FaultSlot::new());
        let granules = self
            .valid
            .as_ref()
            .map_or(std::ptr::null(), |table| table.as_ptr());
        let launch = Launch {
            parameters: self.arguments.as_ptr().cast(),
            window_host: window.as_mut_ptr(),
            window_base: BASE,
            window_mapped: MAPPED as u64,
            window_mask: RESERVED as u64 - 1,
            granules,
            stop: &raw const stop,
            fault: &raw const slot,
            grid: [self.blocks, 1, 1],
            block: self.block,
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
            // SAFETY: window, parameters, table, stop word and slot outlive the call, and have the sizes told.
            unsafe { kernel.run_blocks(&launch, 0..u64::from(self.blocks)) }
        });
        Ended {
            outcome,
            fault: kernel.fault(&slot),
            memory: window[..MAPPED].to_vec(),
            escaped: window[MAPPED..].iter().any(|byte| *byte != CANARY),
        }
    }
}
