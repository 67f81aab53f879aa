//! Recorded work.

use crate::bindings::wasi::cuda::execution;
use crate::{KernelArgument, Result};

/// Recorded work that is launched as a whole, made by
/// [`Stream::end_capture`](crate::Stream::end_capture).
///
/// It keeps the buffers that it uses alive.
#[derive(Debug)]
pub struct Graph {
    raw: execution::CudaGraph,
}

impl Graph {
    pub(crate) fn from_raw(raw: execution::CudaGraph) -> Self {
        Self { raw }
    }

    /// The number of recorded operations.
    pub fn size(&self) -> u32 {
        self.raw.size()
    }

    /// Replaces the argument at `index` of the launch that was recorded as the operation at `operation`,
    /// both counted from 0, for later replays.
    ///
    /// Errors: [`Error::InvalidArgument`](crate::Error::InvalidArgument) when there is no such operation
    /// or parameter, the operation is no launch, or the argument does not fit.
    pub fn set_argument(
        &self,
        operation: u32,
        index: u32,
        argument: impl KernelArgument,
    ) -> Result<()> {
        Ok(self
            .raw
            .set_argument(operation, index, argument.argument())?)
    }

    /// The generated binding.
    pub fn raw(&self) -> &execution::CudaGraph {
        &self.raw
    }
}
