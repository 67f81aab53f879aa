//! Kernels in truth: the text that a driver gets, compiled for this processor and run at the addresses that it is given.

use super::kernels::Run;
use std::ptr;
use std::sync::Arc;
use wasi_cuda_jit::cpu::{FaultSlot, Kernel, Launch};
use wasi_cuda_jit::{CompileOptions, Diagnostic, compile_ptx};

/// All addresses that a process has.
const ADDRESSES: u64 = 1 << 47;

/// A kernel of guarded text, which does without this processor's guards: all addresses are its window.
pub(super) struct RealKernel {
    kernel: Kernel,
}

/// The kernels of a text with their names.
pub(super) fn compile(text: &str) -> Result<Vec<(String, Arc<RealKernel>)>, Vec<Diagnostic>> {
    let module = compile_ptx(text, &CompileOptions::default())?;
    let kernels = module.kernels().iter().map(|kernel| {
        let name = kernel.signature().name.clone();
        let kernel = kernel.clone();
        (name, Arc::new(RealKernel { kernel }))
    });
    Ok(kernels.collect())
}

impl RealKernel {
    /// Runs all blocks of a launch.
    pub(super) fn run(&self, run: &Run<'_>) {
        let shape = run.shape();
        let (fault, never) = (FaultSlot::default(), Default::default());
        // The text brings its own copy of what the record says, behind its parameters.
        let mut parameters = vec![0u64; run.launched.parameters.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut parameters)[..run.launched.parameters.len()]
            .copy_from_slice(&run.launched.parameters);
        let launch = Launch {
            parameters: parameters.as_ptr().cast(),
            window_host: ptr::null_mut(),
            window_base: 0,
            window_mapped: ADDRESSES,
            window_mask: ADDRESSES - 1,
            granules: ptr::null(),
            stop: &raw const never,
            fault: &raw const fault,
            grid: shape.grid,
            block: shape.block,
            dynamic_shared: shape.shared,
            variables: 0,
        };
        let blocks = shape.grid.iter().map(|extent| u64::from(*extent)).product();
        // SAFETY: what the launch points to lives meanwhile; where its code accesses memory the text's own guards answer
        // for, and the driver's caller, as on a GPU.
        unsafe { self.kernel.run_blocks(&launch, 0..blocks) };
        if let Some(fault) = self.kernel.fault(&fault) {
            run.shared
                .violation(format!("guarded code did what no GPU takes: {fault:?}"));
        }
    }
}
