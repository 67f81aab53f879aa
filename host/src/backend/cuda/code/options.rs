//! What the embedder decides about compiling.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Where the driver's compiler runs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum PtxCompiler {
    /// In the host's own process, without any bound: for trusted guests, and where no other process can be started. Machine
    /// code is not kept.
    #[default]
    InProcess,
    /// In processes of its own, started as they are needed and ended when they are idle.
    Worker {
        /// A program that calls [`run_ptx_compiler`](crate::run_ptx_compiler), such as the embedder's own.
        program: PathBuf,
        /// What it is started with.
        arguments: Vec<OsString>,
        /// How long one source may take.
        time: Duration,
        /// Bytes of memory that the process may take.
        memory: u64,
    },
}

impl PtxCompiler {
    /// Time for one source: about a hundred times what a kernel of a thousand instructions takes.
    pub const DEFAULT_TIME: Duration = Duration::from_secs(20);

    /// Memory for a worker: the driver's context takes some 200 MiB of it.
    pub const DEFAULT_MEMORY: u64 = 4 << 30;

    /// A worker with the default bounds.
    pub fn worker(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        Self::Worker {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            time: Self::DEFAULT_TIME,
            memory: Self::DEFAULT_MEMORY,
        }
    }
}

/// A folder where machine code is kept from one process to the next, and shared by many.
#[derive(Clone, Debug)]
pub struct CodeCache {
    /// The folder. It is made where there is none; nobody but its owner may write to it.
    pub folder: PathBuf,
    /// Bytes that it may hold; what was used longest ago goes first.
    pub bytes: u64,
}
