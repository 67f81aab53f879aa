//! Launches that are checked once.

use crate::bindings::wasi::cuda::execution;
use crate::{Arguments, Function, KernelArgument, LaunchConfig, Result};

/// A launch whose arguments are already checked, made by [`Function::prepare`].
///
/// It keeps the buffers of its arguments alive.
///
/// ```no_run
/// # fn main() -> wasi_cuda::Result<()> {
/// # let device = wasi_cuda::Device::get(0)?;
/// # let stream = device.stream()?;
/// # let step = device.load_ptx("")?.function("step")?;
/// let mut state = stream.alloc_zeros::<f32>(1024)?;
/// let launch = step.prepare(wasi_cuda::LaunchConfig::for_num_elems(1024), (&mut state, 0u32))?;
/// for round in 0..1000u32 {
///     launch.set_argument(1, round)?;
///     stream.launch_prepared(&launch)?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PreparedLaunch {
    raw: execution::PreparedLaunch,
}

impl PreparedLaunch {
    pub(crate) fn new(
        function: &Function,
        config: LaunchConfig,
        arguments: impl Arguments,
    ) -> Result<Self> {
        arguments.with(|list| {
            let raw = execution::PreparedLaunch::new(function.raw(), config, list)?;
            Ok(Self { raw })
        })
    }

    /// Replaces the argument at `index`, counted from 0, for later launches.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when the kernel has no such
    /// parameter or the argument does not fit it.
    pub fn set_argument(&self, index: u32, argument: impl KernelArgument) -> Result<()> {
        Ok(self.raw.set_argument(index, argument.argument())?)
    }

    /// The generated binding.
    pub fn raw(&self) -> &execution::PreparedLaunch {
        &self.raw
    }
}
