//! This processor as a target: how hard code is optimised for it, and what compiled code may call.

use super::codegen::Externals;
use super::runtime::Runtime;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir;
use crate::limits::{max_operations, max_thorough_operations};
use cranelift_codegen::ir::{AbiParam, LibCall};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _};
use std::fmt;

/// Blocks, guards included, from which on a kernel is compiled with little effort: the full one takes a time that grows with
/// their square, a third of a second for so many.
const LARGE: usize = 2048;

/// Whether Cranelift holds our code against its rules.
const VERIFIES: &str = if cfg!(debug_assertions) {
    "true"
} else {
    "false"
};

/// How hard the code is optimised.
#[derive(Clone, Copy)]
pub(super) enum Effort {
    Full,
    Little,
}

impl Effort {
    pub(super) fn of(module: &ir::Module) -> Self {
        let largest = module
            .functions
            .iter()
            .map(|function| function.blocks.len())
            .max();
        if largest.unwrap_or(0) > LARGE {
            Self::Little
        } else {
            Self::Full
        }
    }

    /// Operations of one kernel that are compiled with so much effort.
    pub(super) fn most_operations(self, source: &ir::Module) -> usize {
        let (bytes, instructions) = (source.source_bytes, source.instruction_count());
        match self {
            Self::Full => max_thorough_operations(bytes, instructions),
            Self::Little => max_operations(bytes, instructions),
        }
    }
}

pub(super) fn new_module(effort: Effort) -> Result<JITModule, Diagnostic> {
    let isa = native_isa(effort)?;
    let mut builder = JITBuilder::with_isa(isa, Box::new(libcall_name));
    for function in Runtime::ALL {
        builder.symbol(function.name(), function.address());
    }
    Ok(JITModule::new(builder))
}

fn native_isa(effort: Effort) -> Result<OwnedTargetIsa, Diagnostic> {
    let mut flags = settings::builder();
    let (optimize, allocate) = match effort {
        Effort::Full => ("speed", "backtracking"),
        Effort::Little => ("none", "single_pass"),
    };
    for (name, value) in [
        ("opt_level", optimize),
        ("regalloc_algorithm", allocate),
        ("is_pic", "false"),
        ("use_colocated_libcalls", "false"),
        // A frame never reaches past a guard page unseen.
        ("enable_probestack", "true"),
        // As Wasmtime has it: for who works on the compiler, a fifth of whose time it takes.
        ("enable_verifier", VERIFIES),
        ("probestack_strategy", "inline"),
    ] {
        flags.set(name, value).map_err(internal)?;
    }
    let builder = cranelift_native::builder().map_err(internal)?;
    builder
        .finish(settings::Flags::new(flags))
        .map_err(internal)
}

fn libcall_name(call: LibCall) -> String {
    cranelift_module::default_libcall_names()(call)
}

pub(super) fn declare_externals(module: &mut JITModule) -> Result<Externals<FuncId>, Diagnostic> {
    let declare = |function: &Runtime| {
        let mut signature = module.make_signature();
        let parameters = function.parameters().iter();
        signature
            .params
            .extend(parameters.map(|ty| AbiParam::new(*ty)));
        signature
            .returns
            .extend(function.result().map(AbiParam::new));
        module
            .declare_function(function.name(), Linkage::Import, &signature)
            .map_err(internal)
    };
    let declared: Result<Vec<FuncId>, Diagnostic> = Runtime::ALL.iter().map(declare).collect();
    declared.map(Externals)
}

/// A mistake of the compiler's own, or of what it rests on.
pub(super) fn internal(error: impl fmt::Display) -> Diagnostic {
    Diagnostic::error(
        Span::default(),
        format!("the compiler for this processor failed: {error}"),
    )
}

/// Whether this processor multiplies and adds vectors in one step, rounding once.
pub(super) fn fuses_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}
