//! Runs one block, or some, of a kernel on the CPU device.

use std::sync::atomic::AtomicU32;
use wasi_cuda_jit::cpu::{Fault, FaultSlot, Kernel, Launch, Module, Outcome};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// What kernels see as the window's first byte.
pub(crate) const WINDOW_BASE: u64 = 0x10_0000_0000;
/// Bytes that may be accessed.
pub(crate) const MAPPED: usize = 1 << 16;
/// Where the module's variables lie in the window.
const VARIABLES: usize = 0xc000;

/// A kernel named `k` and its window. Its parameter is the window's address.
pub(crate) struct Device {
    kernel: Kernel,
    module: Module,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
    window: Vec<u128>,
}

impl Device {
    /// Compiles a module without its head, for one warp.
    pub(crate) fn compile(source: &str) -> Self {
        Self::compile_with(source, &CompileOptions::default())
    }

    pub(crate) fn compile_with(source: &str, options: &CompileOptions) -> Self {
        let ptx = format!(".version 8.8\n.target sm_90a\n.address_size 64\n{source}");
        let module = compile_ptx(&ptx, options)
            .unwrap_or_else(|findings| panic!("refused: {findings:?}\n{ptx}"));
        let mut device = Self {
            kernel: module.kernel("k").expect("the kernel was compiled"),
            module,
            grid: [1, 1, 1],
            block: [32, 1, 1],
            dynamic_shared: 0,
            window: vec![0; 2 * MAPPED / 16],
        };
        let variables = device
            .module
            .initial_variables(WINDOW_BASE + VARIABLES as u64);
        device.write(VARIABLES, &variables);
        device
    }

    /// A kernel of this body, which finds the window's address in `%window` and its thread's number in `%t`.
    pub(crate) fn of_body(body: &str) -> Self {
        Self::compile(&kernel(body))
    }

    pub(crate) fn threads(mut self, threads: u32) -> Self {
        self.block = [threads, 1, 1];
        self
    }

    pub(crate) fn write<T: bytemuck::NoUninit>(&mut self, at: usize, values: &[T]) {
        let bytes = bytemuck::cast_slice::<T, u8>(values);
        bytemuck::cast_slice_mut::<u128, u8>(&mut self.window)[at..at + bytes.len()]
            .copy_from_slice(bytes);
    }

    pub(crate) fn read<T: bytemuck::AnyBitPattern>(&self, at: usize, count: usize) -> Vec<T> {
        let bytes = &bytemuck::cast_slice::<u128, u8>(&self.window)[at..][..count * size_of::<T>()];
        bytes
            .chunks_exact(size_of::<T>())
            .map(bytemuck::pod_read_unaligned)
            .collect()
    }

    /// Runs the grid; what a thread faulted on, if one did.
    pub(crate) fn run(&mut self) -> Result<(), Fault> {
        let parameters = AlignedParameters([WINDOW_BASE, 0]);
        let (stop, fault) = (AtomicU32::new(0), FaultSlot::new());
        // Every 256 bytes belong to a buffer, but for the window's last quarter.
        let granules: Vec<u16> = (0..MAPPED / 256)
            .map(|granule| {
                if granule < MAPPED / 256 * 3 / 4 {
                    256
                } else {
                    0
                }
            })
            .collect();
        let launch = Launch {
            parameters: (&raw const parameters).cast(),
            window_host: self.window.as_mut_ptr().cast(),
            window_base: WINDOW_BASE,
            window_mapped: MAPPED as u64,
            window_mask: 2 * MAPPED as u64 - 1,
            granules: granules.as_ptr(),
            stop: &raw const stop,
            fault: &raw const fault,
            grid: self.grid,
            block: self.block,
            dynamic_shared: self.dynamic_shared,
            variables: WINDOW_BASE + VARIABLES as u64,
        };
        let blocks = self.grid.map(u64::from).iter().product();
        // SAFETY: the window, a power of two long, the parameters, the granules, the stop word and the fault slot live until the
        // call is over, and no one else uses them.
        match unsafe { self.kernel.run_blocks(&launch, 0..blocks) } {
            Outcome::Completed => Ok(()),
            outcome => Err(self
                .kernel
                .fault(&fault)
                .unwrap_or_else(|| panic!("{outcome:?} without a fault"))),
        }
    }

    /// Runs the grid, which must not fault, and gives what it left in the window.
    pub(crate) fn results<T: bytemuck::AnyBitPattern>(mut self, at: usize, count: usize) -> Vec<T> {
        let outcome = self.run();
        assert!(outcome.is_ok(), "{outcome:?}");
        self.read(at, count)
    }
}

/// A kernel `k` of this body.
pub(crate) fn kernel(body: &str) -> String {
    format!(
        ".visible .entry k(.param .u64 .ptr .global window)\n{{\n\
         .reg .b64 %window;\n.reg .b32 %t;\n.reg .b32 %r<64>;\n.reg .f32 %f<64>;\n.reg .f64 %fd<64>;\n.reg .b64 %rd<16>;\n\
         .reg .pred %p<8>;\n.reg .b16 %h<16>;\n\
         ld.param.u64 %window, [window];\nmov.u32 %t, %tid.x;\n{body}\nret;\n}}\n"
    )
}

#[repr(C, align(16))]
struct AlignedParameters([u64; 2]);
