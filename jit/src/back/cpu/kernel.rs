//! Compiled modules and their kernels.

use super::arena::{Arena, Needs};
use super::block::Block;
use super::fault::{Fault, FaultSlot};
use super::jit::Code;
use super::launch::{BlockContext, Launch, Outcome};
use super::proved::{Proved, variant};
use super::suspension::{FrameLayout, Suspension};
use crate::diagnostics::Diagnostic;
use crate::ir::{self, FaultSite, SharedSize, Space};
use crate::limits::MAX_THREADS_PER_BLOCK;
use crate::signature::Signature;
use crate::verify::Accepted;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What compiled code looks like: the launch, the block; 0 for the end, 1 for a fault, 2 for a stop.
pub(super) type Entry = unsafe extern "C" fn(*const Launch, *mut BlockContext) -> u32;

/// A kernel's code.
#[derive(Debug)]
pub(super) struct Program {
    /// The first one begins the kernel; each other one goes on behind the suspension before it.
    pub(super) entries: Vec<Entry>,
    /// The same for threads in step, if there is any.
    pub(super) in_step: Option<InStep>,
    /// Where threads wait for each other.
    pub(super) suspensions: Vec<Suspension>,
    pub(super) frames: FrameLayout,
}

/// Code that runs groups of threads in step.
#[derive(Debug)]
pub(super) struct InStep {
    pub(super) entries: Vec<Entry>,
    /// How many threads a group is. A row of threads must be groups.
    pub(super) group: u32,
}

impl Program {
    /// The code for a launch with these extents of a block, and how many threads it runs in step.
    pub(super) fn code(&self, block: [u32; 3]) -> (&[Entry], u32) {
        match &self.in_step {
            Some(in_step) if block[0].is_multiple_of(in_step.group) => {
                (&in_step.entries, in_step.group)
            }
            _ => (&self.entries, 1),
        }
    }
}

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Module {
    variables: Vec<ir::Variable>,
    kernels: Vec<Kernel>,
    diagnostics: Vec<Diagnostic>,
}

/// A compiled kernel. It keeps its code alive.
#[derive(Clone, Debug)]
pub struct Kernel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    signature: Signature,
    sites: Vec<FaultSite>,
    program: Program,
    memory: KernelMemory,
    /// Where the program's code is.
    _code: Arc<Code>,
}

/// The memory that a kernel's variables need.
#[derive(Debug)]
struct KernelMemory {
    shared: SharedSize,
    local: u64,
}

impl KernelMemory {
    fn of(function: &ir::Function) -> Self {
        Self {
            shared: SharedSize::of(function),
            local: function.variable_bytes(Space::Local),
        }
    }
}

/// Compiles a module that the verifier accepted and [`crate::sandbox`] instrumented.
pub(crate) fn compile(
    module: &ir::Module,
    proved: &[Option<Proved>],
    accepted: Accepted,
) -> Result<Module, Diagnostic> {
    let (code, programs) = Code::compile(module, proved, None)?;
    let code = Arc::new(code);
    let functions = module.functions.iter().zip(accepted.signatures);
    let kernels = functions.zip(programs).enumerate();
    let kernels = kernels.map(|(index, ((function, signature), compiled))| {
        let mut sites = compiled.sites;
        // The second variant's sites come behind the first's, as its code counts them.
        sites.extend(
            variant(proved, index)
                .into_iter()
                .flat_map(|variant| &variant.function.sites),
        );
        Kernel(Arc::new(Inner {
            signature,
            sites,
            program: compiled.program,
            memory: KernelMemory::of(function),
            _code: Arc::clone(&code),
        }))
    });
    Ok(Module {
        variables: module.variables.clone(),
        kernels: kernels.collect(),
        diagnostics: accepted.diagnostics,
    })
}

/// The machine code of each kernel of such a module, as text.
pub(crate) fn assembly(
    module: &ir::Module,
    proved: &[Option<Proved>],
) -> Result<Vec<String>, Diagnostic> {
    let mut listings = Vec::with_capacity(module.functions.len());
    Code::compile(module, proved, Some(&mut listings))?;
    Ok(listings)
}

impl Module {
    /// The kernels, in the order of the source.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// The kernel of this name.
    pub fn kernel(&self, name: &str) -> Option<Kernel> {
        self.kernels
            .iter()
            .find(|kernel| kernel.signature().name == name)
            .cloned()
    }

    /// Bytes of memory that a loaded module needs for its own variables; 0 if it has none.
    pub fn variable_bytes(&self) -> u64 {
        ir::variable_layout(&self.variables).1
    }

    /// What is in that memory before the first kernel runs, if it begins at this address of the guest's window.
    pub fn initial_variables(&self, address: u64) -> Vec<u8> {
        ir::initial_bytes(&self.variables, address)
    }

    /// Warnings and notes of the compilation.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl Kernel {
    /// What a launch must pass.
    pub fn signature(&self) -> &Signature {
        &self.0.signature
    }

    /// Runs the blocks of the grid with these numbers, x fastest, on the calling thread. It looks at the stop
    /// word before each block. Blocks without threads, or of more than a device's, are not run: the outcome is
    /// [`Outcome::Stopped`].
    ///
    /// # Safety
    ///
    /// Until the call returns:
    /// * `launch.parameters` points to [`Signature::parameter_bytes`] readable bytes, aligned to 16;
    /// * `launch.window_host` points to `window_mask + 1` reserved bytes, of which `window_mapped` can be read and written;
    ///   everyone else who uses them expects a kernel's data races;
    /// * if the module was compiled with `checked`, `launch.granules` points to `window_mapped / 256` entries;
    /// * `launch.variables` is an address in the window from which on the module's variables lie, if it has any;
    /// * `launch.stop` and `launch.fault` point to what their types say;
    /// * `window_mask + 1` is a power of two, 2^64 only where the caller wants to see the guards stand alone,
    ///   and `window_base` and `window_mapped` are what [`Launch`] says.
    pub unsafe fn run_blocks(&self, launch: &Launch, blocks: Range<u64>) -> Outcome {
        let [width, height, _] = launch.grid.map(u64::from);
        if !has_valid_block(launch) {
            return Outcome::Stopped;
        }
        let mut arena = self.arena(launch);
        for block in blocks {
            // SAFETY: the caller vouches for `stop`.
            if unsafe { &*launch.stop }.load(Ordering::Relaxed) != 0 {
                return Outcome::Stopped;
            }
            // Extents are at least 1 in any grid that has a block; a caller's zero must not divide.
            let row = block / width.max(1);
            let (x, y, z) = (
                block % width.max(1),
                row % height.max(1),
                row / height.max(1),
            );
            let index = [x as u32, y as u32, z as u32];
            // SAFETY: the caller promises what this asks for.
            let outcome = unsafe { self.run_block(launch, &mut arena, index) };
            if outcome != Outcome::Completed {
                return outcome;
            }
        }
        Outcome::Completed
    }

    /// # Safety
    ///
    /// As [`Kernel::run_blocks`].
    unsafe fn run_block(&self, launch: &Launch, arena: &mut Arena, index: [u32; 3]) -> Outcome {
        let program = &self.0.program;
        if !program.suspensions.is_empty() {
            // SAFETY: as above.
            return unsafe { Block::new(program, launch, arena, index).run() };
        }
        let (entries, _) = program.code(launch.block);
        let mut context = arena.begin_block(index);
        context.last = launch.block.iter().product();
        arena.place_threads(&mut context);
        let Some(entry) = entries.first() else {
            return Outcome::Stopped;
        };
        // SAFETY: the entry was compiled with this signature; the context points to the arena, which outlives the call, and the
        // caller vouches for the launch.
        match unsafe { entry(launch, &raw mut context) } {
            0 => Outcome::Completed,
            1 => Outcome::Faulted,
            _ => Outcome::Stopped,
        }
    }

    /// Memory for the blocks that one worker runs.
    fn arena(&self, launch: &Launch) -> Arena {
        let threads: u64 = launch
            .block
            .iter()
            .map(|extent| u64::from(*extent))
            .product();
        let threads = threads.min(u64::from(MAX_THREADS_PER_BLOCK));
        let memory = &self.0.memory;
        let mut needs = Needs {
            shared: memory.shared.bytes(launch.dynamic_shared),
            local: memory.local,
            local_threads: 1,
            frames: 0,
        };
        let program = &self.0.program;
        if program.suspensions.is_empty() && program.in_step.is_none() {
            return Arena::new(&needs, 0);
        }
        needs.local_threads = threads;
        needs.frames = u64::from(program.frames.bytes);
        Arena::new(&needs, threads as usize)
    }

    /// The fault that a launch of this kernel recorded, if it did.
    pub fn fault(&self, slot: &FaultSlot) -> Option<Fault> {
        let raw = slot.raw()?;
        let site = self.0.sites.get(raw.site as usize)?;
        Some(Fault::at(site, raw.address, raw.block, raw.thread))
    }
}

/// Whether blocks have threads, and no more than there is room for: compiled code divides by the extents, and counts threads into
/// arrays of the arena.
fn has_valid_block(launch: &Launch) -> bool {
    let extents = launch.block.map(u64::from);
    let threads = extents.into_iter().try_fold(1u64, u64::checked_mul);
    threads.is_some_and(|threads| (1..=u64::from(MAX_THREADS_PER_BLOCK)).contains(&threads))
}
