//! Machine code: compiled by the driver's compiler in a process of its own, once, and kept on disk.
//!
//! The driver's compiler is written for trusted sources: there are legal ones that keep it busy for minutes. So it runs in
//! a [`worker`] that is killed when it takes too long or too much memory; a hostile source costs its guest a diagnostic.
//! What it made is kept in a [`cache`] on disk, where the embedder names a folder.

mod cache;
mod options;
mod protocol;
mod worker;

pub use options::{CodeCache, PtxCompiler};
pub use worker::run_ptx_compiler;

use super::driver::GpuProperties;
use crate::backend::CompileClock;
use cache::{Cache, Key};
use std::time::Duration;
use worker::Workers;

/// What a source may take of the driver's compiler.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    time: Duration,
    /// Bytes of resident memory, of the whole worker.
    memory: u64,
}

/// Why there is no machine code, for people.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodeError {
    #[error("the driver's compiler refused it:\n{0}")]
    Refused(String),
    #[error(
        "the driver's compiler took longer than {0:?}; make the kernels smaller, or fewer in a module"
    )]
    Time(Duration),
    #[error(
        "the driver's compiler took more than {} MiB of memory; make the kernels smaller, or fewer in a module",
        .0 >> 20
    )]
    Memory(u64),
    #[error("the compiling process could not be used: {0}")]
    Worker(#[from] std::io::Error),
}

/// Makes machine code for one GPU, or finds it made.
pub(super) struct MachineCode {
    cache: Option<Cache>,
    workers: Option<Workers>,
    gpu: String,
}

impl MachineCode {
    /// # Errors
    ///
    /// When the cache's folder cannot be used.
    pub(super) fn new(
        compiler: &PtxCompiler,
        cache: Option<&CodeCache>,
        ordinal: u32,
        gpu: &GpuProperties,
    ) -> std::io::Result<Self> {
        let ((major, minor), cuda) = (gpu.compute_capability, gpu.cuda);
        Ok(Self {
            cache: cache.map(Cache::open).transpose()?,
            workers: Workers::new(compiler, ordinal),
            gpu: format!(
                "sm_{major}{minor}, CUDA {}.{}, {}",
                cuda.0,
                cuda.1,
                driver_release()
            ),
        })
    }

    /// The machine code of a text; none when the driver is to compile it itself, on loading.
    pub(super) fn of(
        &self,
        text: &str,
        clock: &dyn CompileClock,
    ) -> Result<Option<Vec<u8>>, CodeError> {
        let Some(workers) = &self.workers else {
            return Ok(None);
        };
        let key = self.key(text);
        if let Some(code) = self.cache.as_ref().and_then(|cache| cache.find(&key)) {
            return Ok(Some(code));
        }
        // That a process starts is no fault of the source.
        clock.pause();
        workers.prepare();
        clock.begin();
        let code = workers.compile(text)?;
        if let Some(cache) = &self.cache
            && let Err(error) = cache.keep(&key, &code)
        {
            tracing::warn!(%error, "machine code is not kept on disk");
        }
        Ok(Some(code))
    }

    fn key(&self, text: &str) -> Key {
        Key::of(&[&self.gpu, env!("CARGO_PKG_VERSION"), text])
    }

    /// Forgets machine code that the driver did not load, so that it is compiled again.
    pub(super) fn forget(&self, text: &str) {
        if let Some(cache) = &self.cache {
            cache.remove(&self.key(text));
        }
    }
}

/// The kernel module's own version, which decides the code besides CUDA's; empty where the system does not tell.
fn driver_release() -> String {
    std::fs::read_to_string("/sys/module/nvidia/version")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}
