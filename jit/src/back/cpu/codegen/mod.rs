//! IR to Cranelift's IR: one function a kernel, which runs one block of it.

mod arithmetic;
mod bits;
mod compare;
mod convert;
mod float;
mod memory;
mod order;
mod threads;
mod translate;
mod values;

use crate::diagnostics::Span;
use crate::ir;
use cranelift_codegen::ir::{FuncRef, Function};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::FunctionBuilderContext;

/// The functions that compiled code calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Externals<T> {
    pub(super) record_fault: T,
    pub(super) sin: T,
    pub(super) cos: T,
    pub(super) ex2: T,
    pub(super) lg2: T,
    pub(super) tanh: T,
    pub(super) rsqrt: T,
}

impl<T: Copy> Externals<T> {
    pub(super) fn map<U>(&self, mut change: impl FnMut(T) -> U) -> Externals<U> {
        Externals {
            record_fault: change(self.record_fault),
            sin: change(self.sin),
            cos: change(self.cos),
            ex2: change(self.ex2),
            lg2: change(self.lg2),
            tanh: change(self.tanh),
            rsqrt: change(self.rsqrt),
        }
    }
}

/// Why a kernel that was accepted cannot be translated: a row of the table without a translation.
#[derive(Debug)]
pub(super) struct Untranslatable {
    pub(super) span: Span,
    pub(super) message: String,
}

/// Fills a function with a kernel's translation.
pub(super) fn translate(
    kernel: &ir::Function,
    target: TargetFrontendConfig,
    function: &mut Function,
    frontend: &mut FunctionBuilderContext,
    externals: &Externals<FuncRef>,
) -> Result<(), Untranslatable> {
    translate::Translator::new(kernel, target, function, frontend, externals).run()
}
