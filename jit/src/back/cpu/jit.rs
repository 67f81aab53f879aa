//! Machine code in memory.

use super::codegen::{self, Externals};
use super::launch::Launch;
use super::proved::{Proved, variant};
use super::runtime::{approx, libcall, record_fault};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir;
use crate::limits::MAX_FRAME_BYTES;
use cranelift_codegen::ir::{AbiParam, Signature, types};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, ir::UserFuncName};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _};
use std::fmt;

/// What a compiled kernel looks like: the launch, the block's index; 0 for the end, 1 for a fault, 2 for a stop.
///
/// The index comes by address: values that only a fault needs then take no register in the loop over the threads.
pub(super) type Entry = unsafe extern "C" fn(*const Launch, *const [u32; 3]) -> u32;

/// The code of a module.
pub(super) struct Code {
    entries: Vec<Entry>,
    /// Owns the memory of the entries; taken when it is freed.
    module: Option<JITModule>,
}

// SAFETY: after compilation the module is only kept for its memory, which nothing writes any more; entries are
// plain code.
unsafe impl Send for Code {}
// SAFETY: as above: nothing reachable through a shared reference changes.
unsafe impl Sync for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("entries", &self.entries.len())
            .finish()
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
    pub(super) fn entry(&self, index: usize) -> Entry {
        self.entries[index]
    }

    pub(super) fn compile(
        source: &ir::Module,
        proved: &[Option<Proved>],
    ) -> Result<Self, Diagnostic> {
        Self::compile_listing(source, proved, None)
    }

    /// As [`Code::compile`]; adds each kernel's machine code to `listings`, as text.
    pub(super) fn compile_listing(
        source: &ir::Module,
        proved: &[Option<Proved>],
        mut listings: Option<&mut Vec<String>>,
    ) -> Result<Self, Diagnostic> {
        let mut module = new_module(Effort::of(source))?;
        let externals = declare_externals(&mut module)?;
        let mut context = module.make_context();
        let mut frontend = FunctionBuilderContext::new();
        let mut ids = Vec::with_capacity(source.functions.len());
        for (index, function) in source.functions.iter().enumerate() {
            let id = module
                .declare_function(
                    &format!("kernel{index}"),
                    Linkage::Local,
                    &entry_signature(&module),
                )
                .map_err(internal)?;
            context.set_disasm(listings.is_some());
            define(
                &mut module,
                &mut context,
                &mut frontend,
                &externals,
                function,
                variant(proved, index),
                id,
            )?;
            if let Some(listings) = &mut listings {
                let code = context.compiled_code();
                listings.push(code.and_then(|code| code.vcode.clone()).unwrap_or_default());
            }
            module.clear_context(&mut context);
            ids.push(id);
        }
        module.finalize_definitions().map_err(internal)?;
        let entry = |id: &FuncId| {
            let address = module.get_finalized_function(*id);
            // SAFETY: the address is that of a function defined above with this very signature.
            unsafe { std::mem::transmute::<*const u8, Entry>(address) }
        };
        let entries = ids.iter().map(entry).collect();
        Ok(Self {
            entries,
            module: Some(module),
        })
    }
}

fn define(
    module: &mut JITModule,
    context: &mut Context,
    frontend: &mut FunctionBuilderContext,
    externals: &Externals<FuncId>,
    function: &ir::Function,
    proved: Option<&Proved>,
    id: FuncId,
) -> Result<(), Diagnostic> {
    context.func.signature = entry_signature(module);
    context.func.name = UserFuncName::user(0, id.as_u32());
    let externals = externals.map(|id| module.declare_func_in_func(id, &mut context.func));
    let target = module.target_config();
    codegen::translate(
        function,
        proved,
        target,
        &mut context.func,
        frontend,
        &externals,
    )
    .map_err(|error| Diagnostic::error(error.span, error.message))?;
    module.define_function(id, context).map_err(|error| {
        Diagnostic::error(
            function.span,
            format!(
                "the kernel `{}` could not be compiled: {error}",
                function.name
            ),
        )
    })?;
    check_frame(function, context)
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
    builder.symbol("record_fault", record_fault as *const u8);
    builder.symbol("sin", approx::sin as *const u8);
    builder.symbol("cos", approx::cos as *const u8);
    builder.symbol("ex2", approx::ex2 as *const u8);
    builder.symbol("lg2", approx::lg2 as *const u8);
    builder.symbol("tanh", approx::tanh as *const u8);
    builder.symbol("rsqrt", approx::rsqrt as *const u8);
    builder.symbol("fmaf", libcall::fmaf as *const u8);
    builder.symbol("fma", libcall::fma as *const u8);
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
    let pointer = module.target_config().pointer_type();
    let mut record = module.make_signature();
    record.params.extend([AbiParam::new(pointer); 2]);
    record.params.push(AbiParam::new(types::I32));
    record.params.push(AbiParam::new(types::I64));
    record.params.extend([AbiParam::new(types::I32); 3]);
    let mut unary = module.make_signature();
    unary.params.push(AbiParam::new(types::F32));
    unary.returns.push(AbiParam::new(types::F32));
    let mut import = |name: &str, signature: &Signature| {
        module
            .declare_function(name, Linkage::Import, signature)
            .map_err(internal)
    };
    Ok(Externals {
        record_fault: import("record_fault", &record)?,
        sin: import("sin", &unary)?,
        cos: import("cos", &unary)?,
        ex2: import("ex2", &unary)?,
        lg2: import("lg2", &unary)?,
        tanh: import("tanh", &unary)?,
        rsqrt: import("rsqrt", &unary)?,
    })
}

fn internal(error: impl fmt::Display) -> Diagnostic {
    Diagnostic::error(
        Span::default(),
        format!("the compiler for this processor failed: {error}"),
    )
}
