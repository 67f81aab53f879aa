//! What an embedder learns of, and decides about, its guests' work.

/// A launch that passed every check and is about to be enqueued.
#[derive(Clone, Copy, Debug)]
pub struct LaunchInfo<'a> {
    /// The device's name, as it was opened.
    pub device: &'a str,
    /// The kernel's name.
    pub kernel: &'a str,
    /// Blocks in the grid, x first.
    pub grid: [u32; 3],
    /// Threads in a block, x first.
    pub block: [u32; 3],
}

/// A launch that its sandbox stopped.
#[derive(Clone, Copy, Debug)]
pub struct FaultInfo<'a> {
    /// The device's name, as it was opened.
    pub device: &'a str,
    /// The kernel's name.
    pub kernel: &'a str,
    /// Line of the faulting instruction in the module's source; 0 when unknown.
    pub line: u32,
    /// One line for people: what happened and where.
    pub message: &'a str,
}

/// Callbacks of one guest. Every method has a default that does nothing.
///
/// They run on the guest's thread or on a worker of the device, so they must be quick and must not block.
pub trait WasiCudaHooks: Send + Sync {
    /// Asked before each launch is enqueued; for a graph, once for each launch in it.
    ///
    /// # Errors
    ///
    /// A text refuses the launch: the guest gets it as the error `other`.
    fn admit(&self, launch: &LaunchInfo<'_>) -> Result<(), String> {
        let _ = launch;
        Ok(())
    }

    /// A launch was admitted and is about to be enqueued.
    fn on_launch(&self, launch: &LaunchInfo<'_>) {
        let _ = launch;
    }

    /// A launch faulted.
    fn on_fault(&self, fault: &FaultInfo<'_>) {
        let _ = fault;
    }

    /// One of the guest's devices was lost: all its pending and later calls fail.
    fn on_device_lost(&self, device: &str, reason: &str) {
        let _ = (device, reason);
    }
}
