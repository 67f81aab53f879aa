//! What an embedder learns of, and decides about, its guests' work.

mod info;

pub use info::{
    Direction, FaultInfo, FinishedInfo, LaunchEnd, LaunchInfo, LossCause, LossInfo, MemoryInfo,
    ModuleInfo, ModuleOutcome, StopCause, StopInfo, StreamInfo, TransferInfo,
};

/// Callbacks of one guest. Every method has a default that does nothing.
///
/// They run on the guest's thread or on one of the device's, so they must be quick and must not block. Locks may be held
/// meanwhile: of this crate a hook may call what reads, such as [`WasiCudaCtx::accounts`](crate::WasiCudaCtx::accounts), and
/// nothing that stops work. A hook that panics is logged, and else as if it had done nothing; [`admit`](Self::admit) then
/// refuses the launch.
pub trait WasiCudaHooks: Send + Sync {
    /// Admission: asked before each launch is enqueued; for a graph, once for each launch in it.
    ///
    /// # Errors
    ///
    /// A text refuses the launch: the guest gets it as the error `other`.
    fn admit(&self, launch: &LaunchInfo<'_>) -> Result<(), String> {
        let _ = launch;
        Ok(())
    }

    /// Audit: a launch was admitted and is about to be enqueued.
    fn on_launch(&self, launch: &LaunchInfo<'_>) {
        let _ = launch;
    }

    /// Accounting: a launch that ran is over, told before anyone who waits for it learns so. One that never ran, because its
    /// stream had failed before it, is not told.
    fn on_finished(&self, finished: &FinishedInfo<'_>) {
        let _ = finished;
    }

    /// Accounting: bytes were copied, or were enqueued to be; for a graph, once for each direction.
    fn on_transfer(&self, transfer: &TransferInfo<'_>) {
        let _ = transfer;
    }

    /// Audit: a module was loaded, or was not.
    fn on_module(&self, module: &ModuleInfo<'_>) {
        let _ = module;
    }

    /// Audit: a buffer was made, or variables of a module.
    fn on_allocate(&self, memory: &MemoryInfo<'_>) {
        let _ = memory;
    }

    /// Audit: a buffer was freed: its guest and all enqueued work have let go of it.
    fn on_free(&self, memory: &MemoryInfo<'_>) {
        let _ = memory;
    }

    /// Audit: a stream was made.
    fn on_stream(&self, stream: &StreamInfo<'_>) {
        let _ = stream;
    }

    /// Audit: a stream's work was stopped, by its guest, by the embedder, or because a launch took too long.
    fn on_stop(&self, stop: &StopInfo<'_>) {
        let _ = stop;
    }

    /// Audit: a launch faulted.
    fn on_fault(&self, fault: &FaultInfo<'_>) {
        let _ = fault;
    }

    /// One of the guest's devices was lost: all its pending and later calls fail. Told to each guest that has the device.
    fn on_device_lost(&self, loss: &LossInfo<'_>) {
        let _ = loss;
    }
}

#[cfg(test)]
mod tests;
