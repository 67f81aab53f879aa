//! Devices that an embedder opens and grants.

use crate::backend::cuda::{CodeCache, PtxCompiler};
use crate::backend::{Backend, cpu, cuda};
use crate::between::Copier;
use crate::compiler::Compiler;
use crate::error::CudaError;
use crate::grant::Grant;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread;

use crate::bindings::wasi::cuda::types::ErrorCode;

/// Why a device cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There may be such a device, but this build cannot use it.
    #[error("device `{name}` is not supported: {reason}")]
    Unsupported {
        /// The name that was asked for.
        name: String,
        /// Why, and what to do instead.
        reason: String,
    },
    /// No device has this name.
    #[error("there is no device `{name}`; known are {known}")]
    NotFound {
        /// The name that was asked for.
        name: String,
        /// The names that are known, for people.
        known: String,
    },
    /// Several devices have names that begin like this.
    #[error("the name `{name}` begins those of several devices: {matching}")]
    Ambiguous {
        /// The name that was asked for.
        name: String,
        /// The names that begin so, for people.
        matching: String,
    },
    /// The machine did not give what the device needs.
    #[error("device `{name}` could not be opened: {reason}")]
    Resources {
        /// The name that was asked for.
        name: String,
        /// What was missing.
        reason: String,
    },
}

/// The names that there may be, for people.
const KNOWN: &str = "`cpu`, `cuda:N` where N is a GPU's number, and `cuda:GPU-…` or `cuda:MIG-…` with the UUID that \
                     `nvidia-smi -L` prints";

/// What executes a device's kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceBackend {
    /// An NVIDIA GPU, through the CUDA driver.
    Cuda,
    /// The host's processor.
    Cpu,
}

impl fmt::Display for DeviceBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cuda => "cuda",
            Self::Cpu => "cpu",
        })
    }
}

/// What a device is and can do: what guests see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceProperties {
    /// Name for people.
    pub name: String,
    /// What executes the kernels.
    pub backend: DeviceBackend,
    /// Highest target that the device accepts, as (major, minor).
    pub compute_capability: (u32, u32),
    /// Blocks that make progress at a time: multiprocessors or worker threads.
    pub multiprocessors: u32,
    /// Threads in a warp.
    pub warp_size: u32,
    /// Highest number of threads in a block.
    pub max_threads_per_block: u32,
    /// Highest extent of a block, x first.
    pub max_block: [u32; 3],
    /// Highest extent of a grid, x first.
    pub max_grid: [u32; 3],
    /// Memory for all guests, in bytes.
    pub total_memory: u64,
    /// Shared memory of a block, static and dynamic, in bytes.
    pub max_shared_memory_per_block: u32,
    /// Highest PTX version that the device accepts, as (major, minor).
    pub ptx_version: (u32, u32),
}

/// How the CPU device is made.
///
/// ```
/// use wasmtime_wasi_cuda::{CpuOptions, Device};
///
/// let device = Device::cpu(CpuOptions { total_memory: Some(64 << 20), ..CpuOptions::default() })?;
/// assert_eq!(device.properties().total_memory, 64 << 20);
/// # Ok::<(), wasmtime_wasi_cuda::DeviceError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CpuOptions {
    /// Threads that run kernels; none for one on each processor.
    pub workers: Option<NonZeroUsize>,
    /// Bytes of memory for all guests; none for half of the machine's.
    pub total_memory: Option<u64>,
}

/// How a GPU is opened.
///
/// ```
/// use wasmtime_wasi_cuda::{CudaOptions, Device};
///
/// let options = CudaOptions { total_memory: Some(1 << 30), ..CudaOptions::default() };
/// match Device::cuda(0, options) {
///     Ok(device) => assert_eq!(device.properties().total_memory, 1 << 30),
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CudaOptions {
    /// Bytes of memory for all guests; none for all that the GPU has.
    pub total_memory: Option<u64>,
    /// Where the driver's compiler runs.
    pub compiler: PtxCompiler,
    /// Where machine code is kept, which [`PtxCompiler::Worker`] makes; none to compile in every process anew.
    pub code_cache: Option<CodeCache>,
}

/// One device of this machine, or why it cannot be used.
#[derive(Clone, Debug)]
pub struct DeviceListing {
    /// The name to open it by.
    pub name: String,
    /// By which it can be opened, too, behind `cuda:`: `GPU-` or, for a slice of a GPU, `MIG-` and the driver's UUID. A GPU keeps
    /// it, whichever number it has. None for the CPU device, and where it is not known.
    pub uuid: Option<String>,
    /// What it is and can do.
    pub properties: Result<DeviceProperties, DeviceError>,
}

/// A device that can be granted to any number of guests. Clones are the same device.
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    backend: Arc<dyn Backend>,
    compiler: Compiler,
    copier: Copier,
    /// Bytes that all guests use.
    used: AtomicU64,
    lost: OnceLock<String>,
    grants: Mutex<Vec<Weak<Grant>>>,
}

impl Device {
    /// Opens a device by its name: `cpu`; `cuda:N` for the GPU with the number N; or `cuda:GPU-…` or `cuda:MIG-…` for the one
    /// with this UUID, as `nvidia-smi -L` prints it, or of which it begins only one.
    ///
    /// Each call opens another one, with threads and memory accounts of its own, so an embedder opens
    /// a device once and grants clones.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Unsupported`] for a GPU where there is no CUDA driver, [`DeviceError::NotFound`] for a name that
    /// no device has, [`DeviceError::Ambiguous`] for the beginning of several UUIDs, and [`DeviceError::Resources`] when the
    /// machine does not give what it needs.
    pub fn open(name: &str) -> Result<Self, DeviceError> {
        if name == cpu::NAME {
            return Self::cpu(CpuOptions::default());
        }
        Self::cuda_named(name, CudaOptions::default())
    }

    /// Opens a GPU by its number.
    ///
    /// # Errors
    ///
    /// As [`Device::open`].
    pub fn cuda(ordinal: u32, options: CudaOptions) -> Result<Self, DeviceError> {
        Self::cuda_named(&cuda::name(ordinal), options)
    }

    /// Opens a GPU by any of the names that [`Device::open`] knows.
    ///
    /// # Errors
    ///
    /// As [`Device::open`].
    pub fn cuda_named(name: &str, options: CudaOptions) -> Result<Self, DeviceError> {
        if !cuda::may_be_name(name) {
            return Err(DeviceError::NotFound {
                name: name.to_owned(),
                known: KNOWN.to_owned(),
            });
        }
        let (backend, name) = cuda::Cuda::open(name, &options)?;
        Ok(Self::with_backend(&name, Arc::new(backend)))
    }

    /// Opens the CPU device. Its threads start with the first guest that uses it.
    ///
    /// # Errors
    ///
    /// [`DeviceError::Unsupported`] on processors for which kernels cannot be compiled.
    pub fn cpu(options: CpuOptions) -> Result<Self, DeviceError> {
        let backend = cpu::Cpu::open(&options)?;
        Ok(Self::with_backend(cpu::NAME, Arc::new(backend)))
    }

    pub(crate) fn with_backend(name: &str, backend: Arc<dyn Backend>) -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let compiles = u32::try_from(processors).unwrap_or(u32::MAX);
        let compiles = compiles.min(backend.properties().multiprocessors);
        let inner = Arc::new(Inner {
            name: name.to_owned(),
            backend,
            compiler: Compiler::new(compiles),
            copier: Copier::default(),
            used: AtomicU64::new(0),
            lost: OnceLock::new(),
            grants: Mutex::new(Vec::new()),
        });
        let weak = Arc::downgrade(&inner);
        inner.backend.on_loss(Box::new(move |reason| {
            if let Some(inner) = weak.upgrade() {
                Self { inner }.mark_lost(reason);
            }
        }));
        Self { inner }
    }

    /// The devices that this build knows of, usable or not. Opens no GPU: one that is listed may still lack what
    /// [`Device::open`] needs.
    pub fn list() -> Vec<DeviceListing> {
        let cpu = Self::open(cpu::NAME);
        let cpu = DeviceListing {
            name: cpu::NAME.to_owned(),
            uuid: None,
            properties: cpu.map(|device| device.properties().clone()),
        };
        let gpus = match cuda::list() {
            Ok(gpus) => gpus.into_iter().zip(0..).map(Self::listing).collect(),
            // Where no GPU can be used the first one's name says why.
            Err(reason) => {
                let name = cuda::name(0);
                vec![DeviceListing {
                    name: name.clone(),
                    uuid: None,
                    properties: Err(DeviceError::Unsupported { name, reason }),
                }]
            }
        };
        std::iter::once(cpu).chain(gpus).collect()
    }

    fn listing((gpu, ordinal): (Result<cuda::Description, String>, u32)) -> DeviceListing {
        let name = cuda::name(ordinal);
        let uuid = gpu.as_ref().ok().and_then(|gpu| gpu.uuid);
        DeviceListing {
            uuid: uuid.map(|uuid| uuid.to_string()),
            properties: match gpu {
                Ok(gpu) => Ok(gpu.properties),
                Err(reason) => Err(DeviceError::Resources {
                    name: name.clone(),
                    reason,
                }),
            },
            name,
        }
    }

    /// The name by which it was opened, with the whole UUID where that was by one.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// `GPU-` or `MIG-` and the driver's UUID, which a GPU keeps whichever number it has; none for the CPU device.
    pub fn uuid(&self) -> Option<String> {
        self.inner.backend.uuid()
    }

    /// What it is and can do.
    pub fn properties(&self) -> &DeviceProperties {
        self.inner.backend.properties()
    }

    /// Bytes of its memory that all guests use now.
    pub fn memory_used(&self) -> u64 {
        self.inner.used.load(SeqCst)
    }

    /// Declares the device lost: pending and later calls of every guest answer `device-lost`, and what
    /// runs is stopped. There is no way back; open another one.
    pub fn mark_lost(&self, reason: &str) {
        if self.inner.lost.set(reason.to_owned()).is_err() {
            return;
        }
        tracing::warn!(device = self.name(), reason, "device lost");
        let grants: Vec<_> = crate::lock(&self.inner.grants)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let suspects: Vec<_> = grants.iter().map(|grant| grant.take_suspects()).collect();
        let all = suspects.iter().map(Vec::len).sum();
        for (grant, own) in grants.iter().zip(&suspects) {
            grant.lose(reason, own, all);
        }
    }

    /// Why the device was lost, if it was.
    pub fn lost(&self) -> Option<&str> {
        self.inner.lost.get().map(String::as_str)
    }

    pub(crate) fn check(&self) -> Result<(), CudaError> {
        match self.inner.lost.get() {
            None => Ok(()),
            Some(_) => Err(ErrorCode::DeviceLost.into()),
        }
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.inner.backend
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.inner.compiler
    }

    /// What copies to it from other devices.
    pub(crate) fn copier(&self) -> &Copier {
        &self.inner.copier
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Counts bytes of memory; false when the device has no more.
    pub(crate) fn take_memory(&self, bytes: u64) -> bool {
        let total = self.properties().total_memory;
        let taken = self.inner.used.fetch_update(SeqCst, SeqCst, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= total)
        });
        taken.is_ok()
    }

    pub(crate) fn give_memory(&self, bytes: u64) {
        self.inner.used.fetch_sub(bytes, SeqCst);
    }

    /// Remembers a guest, to tell it when the device is lost.
    pub(crate) fn register(&self, grant: &Arc<Grant>) {
        let mut grants = crate::lock(&self.inner.grants);
        grants.retain(|known| known.strong_count() > 0);
        grants.push(Arc::downgrade(grant));
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("name", &self.name())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_opened_say_why() {
        for name in ["gpu", "cuda:x", "cuda:", "cuda:-1", "cpu:0"] {
            let text = Device::open(name).unwrap_err().to_string();
            assert_eq!(
                text,
                format!("there is no device `{name}`; known are {KNOWN}")
            );
        }
        // Where there are GPUs, not as many, or another; where there are none, no driver.
        for name in [
            "cuda:4000000000",
            "cuda:GPU-00000000-0000-0000-0000-000000000000",
        ] {
            let text = Device::open(name).unwrap_err().to_string();
            assert!(
                text.contains("driver") || text.contains("known are"),
                "{text}"
            );
        }
    }

    #[test]
    fn memory_of_the_device_is_shared_by_all_guests() {
        let device = Device::cpu(CpuOptions {
            total_memory: Some(1000),
            ..CpuOptions::default()
        })
        .unwrap();
        assert!(device.take_memory(600));
        assert!(!device.clone().take_memory(600));
        assert!(!device.take_memory(u64::MAX));
        device.give_memory(600);
        assert!(device.take_memory(1000));
    }

    #[test]
    fn a_listing_has_the_cpu_device_and_says_what_is_missing() {
        let listing = Device::list();
        assert!(
            listing
                .iter()
                .any(|device| device.name == "cpu" && device.properties.is_ok())
        );
        assert!(listing.iter().any(|device| device.name == "cuda:0"));
    }
}
