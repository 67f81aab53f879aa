//! Machine code in memory.

use super::block::Segments;
use super::codegen::{self, Externals, Untranslatable};
use super::kernel::{Entry, Program};
use super::proved::{Proved, variant};
use super::runtime::Runtime;
use super::suspension::{self, Segmented};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{self, FaultSite};
use crate::limits::MAX_FRAME_BYTES;
use cranelift_codegen::Context;
use cranelift_codegen::ir::{AbiParam, FuncRef, Function, Signature, UserFuncName, types};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetFrontendConfig};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _};
use std::fmt;

/// The code of a module.
pub(super) struct Code {
    /// Owns the memory of the code; taken when it is freed.
    module: Option<JITModule>,
}

/// A kernel's code, and what it may record.
pub(super) struct Compiled {
    pub(super) program: Program,
    pub(super) sites: Vec<FaultSite>,
}

// SAFETY: after compilation the module is only kept for its memory, which nothing writes any more; entries are
// plain code.
unsafe impl Send for Code {}
// SAFETY: as above: nothing reachable through a shared reference changes.
unsafe impl Sync for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: kernels hold the code while they run, so none of its functions is running.
            unsafe { module.free_memory() };
        }
    }
}

impl Code {
    /// Compiles every kernel of a module.
    pub(super) fn compile(
        source: &ir::Module,
        proved: &[Option<Proved>],
    ) -> Result<(Self, Vec<Compiled>), Diagnostic> {
        let mut compiler = Compiler::new(Effort::of(source))?;
        let mut pending = Vec::with_capacity(source.functions.len());
        for (index, function) in source.functions.iter().enumerate() {
            pending.push(compiler.kernel(function, variant(proved, index))?);
        }
        compiler.module.finalize_definitions().map_err(internal)?;
        let compiled = pending
            .into_iter()
            .map(|kernel| kernel.finish(&compiler.module));
        let compiled = compiled.collect();
        let code = Self {
            module: Some(compiler.module),
        };
        Ok((code, compiled))
    }
}

/// A kernel whose code has no address yet.
struct Pending {
    ids: Vec<FuncId>,
    segmented: Option<Segmented>,
    sites: Vec<FaultSite>,
}

impl Pending {
    fn finish(self, module: &JITModule) -> Compiled {
        let entry = |id: &FuncId| {
            let address = module.get_finalized_function(*id);
            // SAFETY: the address is that of a function that was defined with this very signature.
            unsafe { std::mem::transmute::<*const u8, Entry>(address) }
        };
        let program = match self.segmented {
            None => Program::Whole(entry(&self.ids[0])),
            Some(segmented) => Program::Segments(Segments {
                entries: self.ids.iter().map(entry).collect(),
                suspensions: segmented.suspensions,
                frames: segmented.frames,
            }),
        };
        Compiled {
            program,
            sites: self.sites,
        }
    }
}

/// What compiling one function after another needs.
struct Compiler {
    module: JITModule,
    context: Context,
    frontend: FunctionBuilderContext,
    externals: Externals<FuncId>,
}

impl Compiler {
    fn new(effort: Effort) -> Result<Self, Diagnostic> {
        let mut module = new_module(effort)?;
        let externals = declare_externals(&mut module)?;
        Ok(Self {
            context: module.make_context(),
            frontend: FunctionBuilderContext::new(),
            externals,
            module,
        })
    }

    fn kernel(
        &mut self,
        function: &ir::Function,
        proved: Option<&Proved>,
    ) -> Result<Pending, Diagnostic> {
        if !suspension::waits(function) {
            let id = self.define(function, |target, into, frontend, externals| {
                codegen::translate(function, proved, target, into, frontend, externals)
            })?;
            return Ok(Pending {
                ids: vec![id],
                segmented: None,
                sites: function.sites.clone(),
            });
        }
        let segmented = Segmented::of(function)?;
        let mut ids = Vec::with_capacity(segmented.suspensions.len() + 1);
        for entry in 0..=segmented.suspensions.len() {
            let id = self.define(function, |target, into, frontend, externals| {
                codegen::translate_segment(&segmented, entry, target, into, frontend, externals)
            })?;
            ids.push(id);
        }
        Ok(Pending {
            ids,
            sites: segmented.function.sites.clone(),
            segmented: Some(segmented),
        })
    }

    /// Compiles one function of the kernel.
    fn define(
        &mut self,
        kernel: &ir::Function,
        translate: impl FnOnce(
            TargetFrontendConfig,
            &mut Function,
            &mut FunctionBuilderContext,
            &Externals<FuncRef>,
        ) -> Result<(), Untranslatable>,
    ) -> Result<FuncId, Diagnostic> {
        let Self {
            module,
            context,
            frontend,
            externals,
        } = self;
        let signature = entry_signature(module);
        let id = module
            .declare_anonymous_function(&signature)
            .map_err(internal)?;
        context.func.signature = signature;
        context.func.name = UserFuncName::user(0, id.as_u32());
        let externals = externals.map(|id| module.declare_func_in_func(id, &mut context.func));
        let target = module.target_config();
        translate(target, &mut context.func, frontend, &externals)
            .map_err(|error| Diagnostic::error(error.span, error.message))?;
        module.define_function(id, context).map_err(|error| {
            let message = format!(
                "the kernel `{}` could not be compiled: {error}",
                kernel.name
            );
            Diagnostic::error(kernel.span, message)
        })?;
        check_frame(kernel, context)?;
        module.clear_context(context);
        Ok(id)
    }
}

/// Kernels run on threads whose stacks have megabytes; a kernel that needs a large part of one is refused.
fn check_frame(function: &ir::Function, context: &Context) -> Result<(), Diagnostic> {
    let layout = context
        .compiled_code()
        .and_then(|code| code.buffer.frame_layout());
    let bytes = layout.map_or(0, |layout| layout.frame_to_fp_offset);
    if bytes > MAX_FRAME_BYTES {
        let message = format!(
            "the kernel `{}` needs {bytes} bytes of stack for values that do not fit registers; at most {MAX_FRAME_BYTES} \
             are accepted: split it",
            function.name
        );
        return Err(Diagnostic::error(function.span, message));
    }
    Ok(())
}

fn entry_signature(module: &JITModule) -> Signature {
    let pointer = module.target_config().pointer_type();
    let mut signature = module.make_signature();
    signature.params.extend([AbiParam::new(pointer); 2]);
    signature.returns.push(AbiParam::new(types::I32));
    signature
}

/// Blocks, guards included, from which on a kernel is compiled with little effort: the full one takes a time that grows with
/// their square, a third of a second for so many.
const LARGE: usize = 2048;

/// How hard the code is optimised.
#[derive(Clone, Copy)]
enum Effort {
    Full,
    Little,
}

impl Effort {
    fn of(module: &ir::Module) -> Self {
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
}

fn new_module(effort: Effort) -> Result<JITModule, Diagnostic> {
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
        ("probestack_strategy", "inline"),
    ] {
        flags.set(name, value).map_err(internal)?;
    }
    let builder = cranelift_native::builder().map_err(internal)?;
    builder
        .finish(settings::Flags::new(flags))
        .map_err(internal)
}

fn libcall_name(call: cranelift_codegen::ir::LibCall) -> String {
    cranelift_module::default_libcall_names()(call)
}

fn declare_externals(module: &mut JITModule) -> Result<Externals<FuncId>, Diagnostic> {
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

fn internal(error: impl fmt::Display) -> Diagnostic {
    Diagnostic::error(
        Span::default(),
        format!("the compiler for this processor failed: {error}"),
    )
}
