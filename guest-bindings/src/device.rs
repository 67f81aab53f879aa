//! Granted devices.

use alloc::{borrow::ToOwned, format, string::String, sync::Arc, vec::Vec};
use core::time::Duration;

use bytemuck::Pod;

use crate::bindings::wasi::cuda::{device, execution, module::Source};
use crate::{DeviceBuffer, Error, MemoryUsage, Module, Properties, Result, SharedBuffer, Stream};

/// A device that the host grants to this guest.
///
/// Clones are the same device.
///
/// ```no_run
/// # fn main() -> wasi_cuda::Result<()> {
/// let device = wasi_cuda::Device::get(0)?;
/// println!("running on {}", device.name());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Device {
    raw: Arc<device::Device>,
}

impl Device {
    /// The granted device at `index`.
    ///
    /// Errors: [`Error::NotFound`] when the host grants fewer devices.
    pub fn get(index: usize) -> Result<Self> {
        let devices = Self::all();
        let count = devices.len();
        devices.into_iter().nth(index).ok_or_else(|| {
            Error::NotFound(match count {
                0 => "the host grants this guest no device; a flag such as `--device cpu` does"
                    .to_owned(),
                1 => format!("device {index}; the host grants one, device 0"),
                _ => format!("device {index}; the host grants {count}, counted from 0"),
            })
        })
    }

    /// All granted devices, always in the same order; none if the host grants none.
    pub fn all() -> Vec<Self> {
        device::get_devices()
            .into_iter()
            .map(|raw| Self { raw: Arc::new(raw) })
            .collect()
    }

    /// What the device is and can do.
    pub fn properties(&self) -> Properties {
        self.raw.properties()
    }

    /// Its name for people, such as "NVIDIA H200".
    pub fn name(&self) -> String {
        self.properties().name
    }

    /// How much of the device's memory this guest uses, in bytes.
    pub fn memory_usage(&self) -> MemoryUsage {
        self.raw.memory_usage()
    }

    /// A new stream.
    ///
    /// Errors: [`Error::QuotaExceeded`] when there are too many.
    pub fn stream(&self) -> Result<Stream> {
        Stream::new(self)
    }

    /// Allocates a buffer of `len` zeroed elements; at least one.
    ///
    /// Errors: [`Error::InvalidArgument`] when `len` is 0; [`Error::QuotaExceeded`] when the guest has
    /// too much memory or too many buffers; [`Error::OutOfMemory`].
    pub fn alloc_zeros<T: Pod>(&self, len: usize) -> Result<DeviceBuffer<T>> {
        DeviceBuffer::new(self, len)
    }

    /// Allocates `len` zeroed elements in the guest's own memory, at least one, in which the device works in place.
    ///
    /// Unstable: see [`SharedBuffer`].
    ///
    /// Errors: [`Error::InvalidArgument`] when `len` is 0 or more than the guest has memory for;
    /// [`Error::QuotaExceeded`] when the guest shares too much memory or has too many buffers;
    /// [`Error::Unsupported`] where the device and the guest can share no memory; [`Error::OutOfMemory`].
    pub fn share_zeros<T: Pod>(&self, len: usize) -> Result<SharedBuffer<T>> {
        SharedBuffer::new(self, len)
    }

    /// Loads kernels from PTX text.
    ///
    /// Errors: [`Error::Rejected`] with the lines that the host refuses; [`Error::QuotaExceeded`] when
    /// there are too many modules, or this one is too long or takes too long to compile.
    pub fn load_ptx(&self, text: &str) -> Result<Module> {
        Module::load(self, Source::Ptx(text))
    }

    /// Loads kernels from a core WebAssembly module; its exported functions are kernels.
    ///
    /// Errors: as [`load_ptx`](Self::load_ptx), and [`Error::Unsupported`] when the host does not compile
    /// such modules.
    pub fn load_wasm(&self, module: &[u8]) -> Result<Module> {
        Module::load(self, Source::Wasm(module))
    }

    /// Loads a module that the host ships, such as `linalg`.
    ///
    /// Errors: [`Error::NotFound`] when it ships none of that name; [`Error::QuotaExceeded`].
    pub fn load_builtin(&self, name: &str) -> Result<Module> {
        Module::load(self, Source::Builtin(name))
    }

    /// The generated binding.
    pub fn raw(&self) -> &device::Device {
        &self.raw
    }
}

/// How long until the host stops this guest's device work; none when it will not.
pub fn time_remaining() -> Option<Duration> {
    execution::time_remaining().map(Duration::from_nanos)
}
