//! Machine code in memory.

use super::codegen::{self, Destination, Externals, Untranslatable, Way};
use super::kernel::{Entry, InStep, Program};
use super::proved::{Proved, variant};
use super::step;
use super::suspension::{self, Segmented};
use super::target::{Effort, declare_externals, internal, new_module};
use crate::diagnostics::Diagnostic;
use crate::ir::{self, FaultSite};
use crate::limits::MAX_FRAME_BYTES;
use cranelift_codegen::Context;
use cranelift_codegen::ir::{AbiParam, Signature, UserFuncName, types};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::JITModule;
use cranelift_module::{FuncId, Module as _};
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
    /// Compiles every kernel of a module; adds each one's machine code to `listings`, as text, if there are any.
    pub(super) fn compile(
        source: &ir::Module,
        proved: &[Option<Proved>],
        mut listings: Option<&mut Vec<String>>,
    ) -> Result<(Self, Vec<Compiled>), Diagnostic> {
        let effort = Effort::of(source);
        match Self::compile_with(effort, source, proved, listings.as_deref_mut()) {
            Err(Failure::NeedsLessEffort) => {
                if let Some(listings) = &mut listings {
                    listings.clear();
                }
                let compiled = Self::compile_with(Effort::Little, source, proved, listings);
                compiled.map_err(|failure| match failure {
                    Failure::Refused(error) => error,
                    Failure::NeedsLessEffort => internal("no effort is little enough"),
                })
            }
            Err(Failure::Refused(error)) => Err(error),
            Ok(compiled) => Ok(compiled),
        }
    }

    fn compile_with(
        effort: Effort,
        source: &ir::Module,
        proved: &[Option<Proved>],
        listings: Option<&mut Vec<String>>,
    ) -> Result<(Self, Vec<Compiled>), Failure> {
        // From here on whoever returns early frees what was compiled.
        let mut code = Self {
            module: Some(new_module(effort)?),
        };
        let Some(module) = &mut code.module else {
            return Err(Failure::NeedsLessEffort);
        };
        let externals = declare_externals(module)?;
        let mut compiler = Compiler {
            context: module.make_context(),
            frontend: FunctionBuilderContext::new(),
            module,
            externals,
            most_operations: effort.most_operations(source),
            most_translated: Effort::Little.most_operations(source),
            listings,
        };
        let mut pending = Vec::with_capacity(source.functions.len());
        for (index, function) in source.functions.iter().enumerate() {
            if let Some(listings) = &mut compiler.listings {
                listings.push(String::new());
            }
            pending.push(compiler.kernel(function, variant(proved, index))?);
        }
        module.finalize_definitions().map_err(internal)?;
        let compiled = pending.into_iter().map(|kernel| kernel.finish(module));
        let compiled = compiled.collect();
        Ok((code, compiled))
    }
}

/// Why a module was not compiled.
enum Failure {
    /// It is refused.
    Refused(Diagnostic),
    /// A kernel is too large for so much effort.
    NeedsLessEffort,
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Self {
        Self::Refused(error)
    }
}

/// A kernel whose code has no address yet.
struct Pending {
    /// Without segments one function; else one a segment.
    ids: Vec<FuncId>,
    /// The same for threads in step.
    in_step: Vec<FuncId>,
    /// What the segments are; without suspensions there is one.
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
        let entries = self.ids.iter().map(entry).collect();
        let group = self.segmented.as_ref().and_then(|cut| cut.in_step.as_ref());
        let in_step = group
            .filter(|_| !self.in_step.is_empty())
            .map(|in_step| InStep {
                entries: self.in_step.iter().map(entry).collect(),
                group: in_step.group,
            });
        let (suspensions, frames) = match self.segmented {
            Some(segmented) => (segmented.suspensions, segmented.frames),
            None => Default::default(),
        };
        Compiled {
            program: Program {
                entries,
                in_step,
                suspensions,
                frames,
            },
            sites: self.sites,
        }
    }
}

/// Operations that an instruction becomes, about, where threads run in step.
const OPERATIONS_OF_AN_INSTRUCTION: usize = 4;

/// What compiling one function after another needs.
struct Compiler<'m> {
    module: &'m mut JITModule,
    context: Context,
    frontend: FunctionBuilderContext,
    externals: Externals<FuncId>,
    /// Operations of one function that may be compiled with this effort.
    most_operations: usize,
    /// Operations of one function that may be translated at all.
    most_translated: usize,
    listings: Option<&'m mut Vec<String>>,
}

impl Compiler<'_> {
    fn kernel(
        &mut self,
        function: &ir::Function,
        proved: Option<&Proved>,
    ) -> Result<Pending, Failure> {
        // With little effort the code is not worth it, and a kernel that will become too large is not tried.
        let fits = self.most_operations < self.most_translated
            && function.instruction_count() * OPERATIONS_OF_AN_INSTRUCTION < self.most_operations;
        if fits
            && let Some(group) = step::group(function)
            && let Some(pending) = self.in_step(function, group)?
        {
            return Ok(pending);
        }
        if !suspension::waits(function) {
            return Ok(Pending {
                ids: vec![self.whole(function, proved)?],
                in_step: Vec::new(),
                segmented: None,
                sites: function.sites.clone(),
            });
        }
        let segmented = Segmented::of(function, None)?;
        let most = self.most_translated;
        let entries = 0..=segmented.suspensions.len();
        let ids = entries.map(|entry| self.segment(&segmented, Way::Alone(entry), None, most));
        Ok(Pending {
            ids: ids.collect::<Result<_, _>>()?,
            in_step: Vec::new(),
            sites: segmented.function.sites.clone(),
            segmented: Some(segmented),
        })
    }

    /// A kernel whose threads run in step: for each segment the function that runs threads alone, which is one and the same, and
    /// the one that runs them in step. None if they become too large: a kernel can do without.
    fn in_step(&mut self, function: &ir::Function, group: u32) -> Result<Option<Pending>, Failure> {
        let Ok(segmented) = Segmented::of(function, Some(group)) else {
            return Ok(None);
        };
        let most = self.most_operations;
        let mut ways = vec![Way::Any];
        let worth = segmented.worth_in_step();
        let in_step = worth.iter().enumerate().filter(|(_, worth)| **worth);
        ways.extend(in_step.map(|(entry, _)| Way::InStep(entry)));
        let mut ids: Vec<FuncId> = Vec::with_capacity(ways.len());
        let listed = self
            .listings
            .as_ref()
            .and_then(|listings| listings.last().map(String::len));
        for way in ways {
            match self.segment(&segmented, way, ids.first().copied(), most) {
                Ok(id) => ids.push(id),
                Err(Failure::NeedsLessEffort) => {
                    let listing = self
                        .listings
                        .as_mut()
                        .and_then(|listings| listings.last_mut());
                    if let (Some(listing), Some(length)) = (listing, listed) {
                        listing.truncate(length);
                    }
                    return Ok(None);
                }
                Err(refused) => return Err(refused),
            }
        }
        let any = ids.remove(0);
        let mut ids = ids.into_iter();
        let in_step = worth.iter().map(|worth| match worth {
            true => ids.next().unwrap_or(any),
            false => any,
        });
        Ok(Some(Pending {
            ids: vec![any; worth.len()],
            in_step: in_step.collect(),
            sites: segmented.function.sites.clone(),
            segmented: Some(segmented),
        }))
    }

    fn segment(
        &mut self,
        segmented: &Segmented,
        way: Way,
        any: Option<FuncId>,
        most: usize,
    ) -> Result<FuncId, Failure> {
        let id = self.declare()?;
        let translated = self.translate(id, any, most, |destination| {
            codegen::translate_segment(segmented, way, destination)
        });
        match translated {
            Err(error) if error.too_large && most < self.most_translated => {
                return Err(Failure::NeedsLessEffort);
            }
            translated => translated.map_err(Untranslatable::refused)?,
        }
        self.define(&segmented.function, id)?;
        Ok(id)
    }

    /// A kernel whose threads do not wait for each other.
    fn whole(
        &mut self,
        function: &ir::Function,
        proved: Option<&Proved>,
    ) -> Result<FuncId, Failure> {
        let id = self.declare()?;
        let mut with = |proved| {
            self.translate(id, None, self.most_translated, |destination| {
                codegen::translate(function, proved, destination)
            })
        };
        let mut translated = with(proved);
        if matches!(&translated, Err(error) if error.too_large) {
            // A kernel can do without the variant that spares guards.
            translated = with(None);
        }
        translated.map_err(Untranslatable::refused)?;
        self.define(function, id)?;
        Ok(id)
    }

    fn declare(&mut self) -> Result<FuncId, Diagnostic> {
        let signature = entry_signature(self.module);
        self.module
            .declare_anonymous_function(&signature)
            .map_err(internal)
    }

    /// Puts a translation into the context.
    fn translate(
        &mut self,
        id: FuncId,
        any: Option<FuncId>,
        most_operations: usize,
        translate: impl FnOnce(Destination<'_>) -> Result<(), Untranslatable>,
    ) -> Result<(), Untranslatable> {
        let (module, context) = (&mut *self.module, &mut self.context);
        module.clear_context(context);
        context.set_disasm(self.listings.is_some());
        context.func.signature = entry_signature(module);
        context.func.name = UserFuncName::user(0, id.as_u32());
        let externals = &self.externals;
        let externals = externals.map(|id| module.declare_func_in_func(id, &mut context.func));
        let any = any.map(|any| module.declare_func_in_func(any, &mut context.func));
        let translated = translate(Destination {
            target: module.target_config(),
            function: &mut context.func,
            frontend: &mut self.frontend,
            externals: &externals,
            any,
            most_operations,
        });
        if translated.is_err() {
            // It was left in the middle of a function.
            self.frontend = FunctionBuilderContext::new();
        }
        translated
    }

    /// Compiles what is in the context.
    fn define(&mut self, kernel: &ir::Function, id: FuncId) -> Result<(), Failure> {
        let (module, context) = (&mut *self.module, &mut self.context);
        if codegen::operations(&context.func) > self.most_operations {
            return Err(Failure::NeedsLessEffort);
        }
        module.define_function(id, context).map_err(|error| {
            let name = &kernel.name;
            let message = format!("the kernel `{name}` could not be compiled: {error}");
            Diagnostic::error(kernel.span, message)
        })?;
        check_frame(kernel, context)?;
        if let Some(listing) = self
            .listings
            .as_mut()
            .and_then(|listings| listings.last_mut())
        {
            let code = context.compiled_code();
            listing.push_str(
                code.and_then(|code| code.vcode.as_deref())
                    .unwrap_or_default(),
            );
        }
        Ok(())
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
