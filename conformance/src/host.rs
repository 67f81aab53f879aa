use crate::Setup;
use std::fmt;
use wasmtime::Engine;
use wasmtime::component::Linker;
use wasmtime_wasi::{WasiCtx, WasiView};

/// A host of `wasi:cuda` that the suite can judge.
///
/// The suite adds WASI 0.2 to the linker itself; a host adds `wasi:cuda` and says what a guest's store holds.
pub trait Host: Send + Sync + 'static {
    /// What the store of a guest holds.
    type Data: WasiView + 'static;

    /// The engine that compiles and runs the programs.
    ///
    /// With [`Config::epoch_interruption`](wasmtime::Config::epoch_interruption) on, a guest that spins past the
    /// time limit of its case is stopped; otherwise its thread stays behind until the process ends.
    fn engine(&self) -> &Engine;

    /// Adds `wasi:cuda`, with as much behind unstable features as the host has. One that lacks some answers
    /// [`NotRun`] to setups that ask for them.
    fn add_to_linker(&self, linker: &mut Linker<Self::Data>) -> wasmtime::Result<()>;

    /// What the store holds for a guest that is set up as asked.
    fn data(&self, setup: &Setup, wasi: WasiCtx) -> Result<Self::Data, NotRun>;

    /// What declares the devices of this guest lost while it runs; none when the host cannot, which leaves
    /// the cases that ask for it unrun.
    fn lose_devices(&self, _data: &Self::Data) -> Option<LoseDevices> {
        None
    }
}

/// Declares devices lost.
pub type LoseDevices = Box<dyn FnOnce() + Send>;

/// Why a host cannot run a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRun(pub String);

impl NotRun {
    /// With the reason, in one line.
    pub fn because(reason: impl fmt::Display) -> Self {
        NotRun(reason.to_string())
    }
}
