//! Compiled modules and their kernels.

use super::fault::{Fault, FaultKind, FaultSlot};
use super::jit::Code;
use super::launch::{Launch, Outcome};
use super::proved::{Proved, variant};
use crate::diagnostics::Diagnostic;
use crate::ir::{self, FaultCause, FaultSite};
use crate::signature::Signature;
use crate::verify::Accepted;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Module {
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
    code: Arc<Code>,
    /// Its place among the functions of `code`.
    index: usize,
}

/// Compiles a module that the verifier accepted and [`crate::sandbox`] instrumented.
pub(crate) fn compile(
    module: &ir::Module,
    proved: &[Option<Proved>],
    accepted: Accepted,
) -> Result<Module, Diagnostic> {
    let code = Arc::new(Code::compile(module, proved)?);
    let functions = module.functions.iter().zip(accepted.signatures).enumerate();
    let kernels = functions.map(|(index, (function, signature))| {
        let mut sites = function.sites.clone();
        // The second variant's sites come behind the first's, as its code counts them.
        sites.extend(
            variant(proved, index)
                .into_iter()
                .flat_map(|variant| &variant.function.sites),
        );
        Kernel(Arc::new(Inner {
            signature,
            sites,
            code: Arc::clone(&code),
            index,
        }))
    });
    Ok(Module {
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
    Code::compile_listing(module, proved, Some(&mut listings))?;
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
    /// word before each block.
    ///
    /// # Safety
    ///
    /// Until the call returns:
    /// * `launch.parameters` points to [`Signature::parameter_bytes`] readable bytes, aligned to 16;
    /// * `launch.window_host` points to `window_mask + 1` reserved bytes, of which `window_mapped` can be read and written;
    ///   everyone else who uses them expects a kernel's data races;
    /// * if the module was compiled with `checked`, `launch.granules` points to `window_mapped / 256` entries;
    /// * `launch.stop` and `launch.fault` point to what their types say;
    /// * `window_mask + 1` is a power of two and `window_base` and `window_mapped` are what [`Launch`] says.
    pub unsafe fn run_blocks(&self, launch: &Launch, blocks: Range<u64>) -> Outcome {
        let entry = self.0.code.entry(self.0.index);
        let [width, height, _] = launch.grid.map(u64::from);
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
            // SAFETY: the entry was compiled with this signature, and the caller vouches for what it reads.
            match unsafe { entry(launch, &raw const index) } {
                0 => {}
                1 => return Outcome::Faulted,
                _ => return Outcome::Stopped,
            }
        }
        Outcome::Completed
    }

    /// The fault that a launch of this kernel recorded, if it did.
    pub fn fault(&self, slot: &FaultSlot) -> Option<Fault> {
        let raw = slot.raw()?;
        let site = self.0.sites.get(raw.site as usize)?;
        let kind = match site.cause {
            FaultCause::GlobalOutOfBounds => FaultKind::GlobalOutOfBounds,
            FaultCause::Misaligned => FaultKind::Misaligned,
            FaultCause::Trap => FaultKind::Trap,
            FaultCause::DivideByZero => FaultKind::DivideByZero,
            FaultCause::IntegerOverflow => FaultKind::IntegerOverflow,
        };
        let size = site.size;
        let address = if size == 0 { 0 } else { raw.address };
        Some(Fault {
            kind,
            span: site.span,
            address,
            size,
            block: raw.block,
            thread: raw.thread,
        })
    }
}
