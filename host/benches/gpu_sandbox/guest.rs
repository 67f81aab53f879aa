//! A guest: a window of device memory between those of two neighbours, and what the sandbox needs outside of it.

use crate::driver::{Function, Memory, Shape, Stream, load};
use anyhow::{Result, bail, ensure};
use std::time::Duration;
use wasi_cuda_jit::back::ptx::{FAULT_RECORD_BYTES, GuardedKernel, GuardedModule, LaunchRecord};
use wasi_cuda_jit::cpu::Fault;

/// Bytes of a window, and of each neighbour's.
pub(crate) const WINDOW: usize = 1 << 20;
/// What the neighbours hold, and the window where no buffer lies.
const CANARY: u8 = 0xa5;
/// A run that nobody stops must have ended after this time.
const PATIENCE: Duration = Duration::from_secs(2);
/// A run that was told to stop must have.
const STOPPED_AFTER: Duration = Duration::from_secs(5);

/// Where the stop word and the fault record lie in the sandbox's own memory.
const STOP: usize = 0;
const FAULT: usize = 256;
const GRANULES: usize = 512;
const CONTROL_BYTES: usize = GRANULES + 2 * WINDOW / 256;

/// Loaded kernels with what their launches need.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) module: GuardedModule,
    functions: Vec<Function>,
}

impl Loaded {
    pub(crate) fn new(module: GuardedModule) -> Result<Self> {
        let names: Vec<&str> = module.kernels.iter().map(|it| it.entry.as_str()).collect();
        let functions = load(&module.text, &names)?;
        Ok(Self { module, functions })
    }

    /// The kernel that the source calls so.
    pub(crate) fn kernel(&self, name: &str) -> Option<(&GuardedKernel, &Function)> {
        let mut kernels = self.module.kernels.iter().zip(&self.functions);
        kernels.find(|(kernel, _)| kernel.signature.name == name)
    }
}

/// What a launch is.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    pub(crate) dynamic_shared: u32,
    pub(crate) parameters: Vec<u8>,
    /// What lies in the window, one behind the other, each at a multiple of 256 bytes.
    pub(crate) buffers: Vec<Vec<u8>>,
    pub(crate) variables: Vec<u8>,
    /// When it is told to stop.
    pub(crate) stop: Option<Duration>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Ended {
    Completed(Vec<Vec<u8>>),
    Faulted(Fault),
    Stopped,
}

/// A kernel that runs on although it was told to stop. Nothing ends it but the end of the process.
#[derive(Debug, thiserror::Error)]
#[error("HUNG: the kernel did not stop when it was told to")]
pub(crate) struct Hung;

/// A guest between two neighbours.
#[derive(Debug)]
pub(crate) struct Guest {
    memory: Memory,
    control: Memory,
    stream: Stream,
    stopper: Stream,
}

impl Guest {
    pub(crate) fn new() -> Result<Self> {
        let memory = Memory::new(3 * WINDOW)?;
        memory.fill(0, CANARY, 3 * WINDOW)?;
        Ok(Self {
            memory,
            control: Memory::new(CONTROL_BYTES)?,
            stream: Stream::new()?,
            stopper: Stream::with_priority(-5)?,
        })
    }

    /// The address of the window's first byte.
    pub(crate) fn base(&self) -> u64 {
        self.memory.address + WINDOW as u64
    }

    /// Launches a kernel and waits for its end. An error means that the sandbox did not hold.
    pub(crate) fn run(
        &self,
        (kernel, function): (&GuardedKernel, &Function),
        request: &Request,
    ) -> Result<Ended> {
        let mapped = self.fill(request)?;
        let shared_bytes = kernel.shared_bytes(request.dynamic_shared);
        let record = LaunchRecord {
            window_base: self.base(),
            window_mapped: mapped as u64,
            granules: self.control.address + GRANULES as u64,
            stop: self.control.address + STOP as u64,
            fault: self.control.address + FAULT as u64,
            variables: self.base()
                + (mapped - request.variables.len().next_multiple_of(256)) as u64,
            shared_bytes,
            look: false,
        };
        let shape = Shape {
            grid: request.grid,
            block: request.block,
            shared: u32::try_from(shared_bytes)?,
        };
        if shape.shared > 48 << 10 {
            function.allow_shared(shape.shared)?;
        }
        let parameters = kernel.parameters(&request.parameters, &record);
        function.launch(&self.stream, &shape, &parameters)?;
        let stopped = self.watch(request.stop)?;
        self.check_canaries(request, mapped)?;
        let record: [u8; FAULT_RECORD_BYTES] = self
            .control
            .read(FAULT, FAULT_RECORD_BYTES)?
            .try_into()
            .unwrap_or([0; FAULT_RECORD_BYTES]);
        // A fault may come first to be recorded when the other threads are stopped: the record counts.
        if record[0] != 0 {
            return match kernel.fault(0, &record) {
                Some(fault) => Ok(Ended::Faulted(fault)),
                None => bail!("the fault record is incomplete or names no site: {record:?}"),
            };
        }
        if stopped {
            ensure!(
                request.stop.is_some(),
                "it did not end by itself in {PATIENCE:?}"
            );
            return Ok(Ended::Stopped);
        }
        let mut at = WINDOW;
        let contents = request.buffers.iter().map(|buffer| {
            let read = self.memory.read(at, buffer.len());
            at += buffer.len().next_multiple_of(256);
            read
        });
        Ok(Ended::Completed(contents.collect::<Result<_>>()?))
    }

    /// Puts the buffers and variables into the window, and clears the sandbox's words: how much of the window is mapped.
    fn fill(&self, request: &Request) -> Result<usize> {
        self.control.fill(0, 0, CONTROL_BYTES)?;
        self.memory.fill(WINDOW, CANARY, WINDOW)?;
        let mut at = 0;
        let mut granules: Vec<u8> = Vec::new();
        for buffer in request.buffers.iter().chain([&request.variables]) {
            let end = at + buffer.len().next_multiple_of(256);
            ensure!(
                end <= WINDOW,
                "the buffers do not fit a window of the bench"
            );
            self.memory.write(WINDOW + at, buffer)?;
            let valid = buffer.chunks(256).map(|chunk| chunk.len() as u16);
            granules.extend(valid.flat_map(u16::to_le_bytes));
            at = end;
        }
        self.control.write(GRANULES, &granules)?;
        Ok(at)
    }

    /// Waits for the end: whether it was told to stop.
    fn watch(&self, stop: Option<Duration>) -> Result<bool> {
        if self.stream.wait(stop.unwrap_or(PATIENCE))? {
            return Ok(false);
        }
        self.stopper.write_word(&self.control, STOP, 1)?;
        if !self.stream.wait(STOPPED_AFTER)? {
            return Err(Hung.into());
        }
        Ok(true)
    }

    fn check_canaries(&self, request: &Request, mapped: usize) -> Result<()> {
        let all = self.memory.read(0, 3 * WINDOW)?;
        let mut free = 0;
        let mut at = WINDOW;
        let check = |from: usize, to: usize| match (from..to).find(|at| all[*at] != CANARY) {
            Some(place) => bail!(
                "it wrote at byte {} from its window's start, where no buffer lies; {mapped} are mapped",
                place as i64 - WINDOW as i64
            ),
            None => Ok(()),
        };
        for buffer in request.buffers.iter().chain([&request.variables]) {
            check(free, at)?;
            free = at + buffer.len();
            at += buffer.len().next_multiple_of(256);
        }
        check(free, 3 * WINDOW)
    }
}
