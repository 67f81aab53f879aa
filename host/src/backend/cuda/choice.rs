//! Which variant of a kernel a launch runs: the one without the guards that a proof stands in for, where that holds.

use super::module::CudaKernel;
use super::space::Memory;
use crate::launch::{Launch, Parameters};
use std::sync::{Arc, Weak};
use wasi_cuda_jit::back::ptx::LaunchRecord;
use wasi_cuda_jit::proof::{self, LaunchFacts, Scratch};

/// Chooses for one stream after the other launch. The last answer is remembered: many launches are like the one before.
#[derive(Default)]
pub(super) struct Choices {
    scratch: Scratch,
    last: Option<Answered>,
}

/// A launch, and what it runs.
struct Answered {
    /// Not held: as long as this is there, no other kernel has its address.
    code: Weak<CudaKernel>,
    shape: ([u32; 3], [u32; 3], u32),
    parameters: Parameters,
    variables: u64,
    /// Bytes of the window that are backed.
    backed: u64,
    entry: usize,
}

impl Choices {
    /// The number of the kernel's entry that the launch runs.
    pub(super) fn entry(
        &mut self,
        memory: &Memory,
        launch: &Launch,
        code: &Arc<CudaKernel>,
    ) -> usize {
        if !code.has_variants() {
            return 0;
        }
        let mut told = LaunchRecord::default();
        memory.describe(&mut told);
        let variables = launch.variables.as_ref();
        let variables = variables.map_or(0, |variables| variables.address());
        let shape = (launch.grid, launch.block, launch.dynamic_shared);
        let known = self.last.as_ref().filter(|last| {
            last.code.as_ptr() == Arc::as_ptr(code)
                && last.shape == shape
                && last.parameters.bytes() == launch.parameters.bytes()
                && (last.variables, last.backed) == (variables, told.window_mapped)
        });
        if let Some(known) = known {
            return known.entry;
        }
        let facts = LaunchFacts {
            grid: launch.grid,
            block: launch.block,
            dynamic_shared: launch.dynamic_shared,
            parameters: launch.parameters.bytes(),
            memory: proof::Memory::Window {
                base: told.window_base,
                mapped: told.window_mapped,
            },
            variables,
        };
        let entry = code.guarded.choose(&facts, &mut self.scratch);
        self.last = Some(Answered {
            code: Arc::downgrade(code),
            shape,
            parameters: launch.parameters.clone(),
            variables,
            backed: told.window_mapped,
            entry,
        });
        entry
    }
}
