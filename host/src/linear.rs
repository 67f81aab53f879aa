//! Linear memories that devices can map besides the guest.
//!
//! A guest shares a range of its memory by handing it to `buffer.share`. For a kernel to work in place, the same pages have to
//! appear in the guest's window on the device, and to outlive the guest as long as work uses them. So the pages are of the kind
//! that the system lets a process map more than once, and keeps for each mapping; a [`registry`] tells from an address whether
//! such pages lie there.

#[cfg(target_os = "linux")]
mod memory;
mod registry;

pub(crate) use registry::{Pages, pages};

use std::sync::Arc;
use wasmtime::{Config, LinearMemory, MemoryCreator, MemoryType};

/// Makes linear memories of which a guest can share ranges with its devices, through `buffer.share`.
///
/// Such a memory stays where it is when it grows, as far as the engine's configuration reserves for it and to 4 GiB at least.
/// Memories from elsewhere, of the pooling allocator for instance, cannot be shared: guests get `unsupported`.
///
/// ```
/// use wasmtime::{Config, Engine};
/// use wasmtime_wasi_cuda::MappedMemory;
///
/// let mut config = Config::new();
/// MappedMemory::configure(&mut config);
/// let engine = Engine::new(&config)?;
/// # Ok::<(), wasmtime::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MappedMemory;

impl MappedMemory {
    /// Has an engine make such memories: sets [`Config::with_host_memory`], and turns [`Config::memory_init_cow`] off, which
    /// does not go with it. Where the system is not Linux it changes nothing.
    pub fn configure(config: &mut Config) {
        if cfg!(target_os = "linux") {
            config
                .with_host_memory(Arc::new(Self))
                .memory_init_cow(false);
        }
    }
}

#[cfg(target_os = "linux")]
// SAFETY: each memory is new, zeroed, of the size asked for, surrounded by the guard asked for, and never moves; only mappings
// of shared ranges see it besides, through which the host writes while the guest waits for it.
unsafe impl MemoryCreator for MappedMemory {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        memory::Memory::new(minimum, maximum, reserved, guard)
            .map(|memory| Box::new(memory) as Box<dyn LinearMemory>)
            .map_err(|error| format!("no memory of {minimum} bytes for a guest: {error}"))
    }
}

#[cfg(not(target_os = "linux"))]
// SAFETY: it makes no memory.
unsafe impl MemoryCreator for MappedMemory {
    fn new_memory(
        &self,
        _ty: MemoryType,
        _minimum: usize,
        _maximum: Option<usize>,
        _reserved: Option<usize>,
        _guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        Err("memory that devices can map is made on Linux only".to_owned())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
