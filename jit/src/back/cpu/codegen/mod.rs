//! IR to Cranelift's IR: one function a kernel, which runs one block of it.

mod arithmetic;
mod bits;
mod carry;
mod compare;
mod convert;
mod fields;
mod float;
mod half;
mod lop3;
mod memory;
mod narrow;
mod packed;
mod products;
mod registers;
mod rows;
mod segments;
mod synchronize;
mod threads;
mod translate;
mod values;

use super::proved::Proved;
use super::runtime::Runtime;
use crate::diagnostics::Span;
use crate::ir;
use cranelift_codegen::ir::{FuncRef, Function, InstBuilder};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
pub(super) use segments::translate_segment;
use threads::ThreadLoop;
use translate::{Scope, Translator};

/// The functions that compiled code calls, by the numbers of [`Runtime`].
#[derive(Clone, Debug)]
pub(super) struct Externals<T>(pub(super) Vec<T>);

impl<T: Copy> Externals<T> {
    pub(super) fn map<U>(&self, change: impl FnMut(T) -> U) -> Externals<U> {
        Externals(self.0.iter().copied().map(change).collect())
    }

    pub(super) fn get(&self, function: Runtime) -> T {
        self.0[function as usize]
    }
}

/// Why a kernel that was accepted cannot be translated: a row of the table without a translation.
#[derive(Debug)]
pub(super) struct Untranslatable {
    pub(super) span: Span,
    pub(super) message: String,
}

/// Fills a function with a kernel's translation.
///
/// With a second variant each row of threads, those that differ in `%tid.x` alone, is held against the window first, and
/// runs without the guards that the proof stands in for if it holds.
pub(super) fn translate(
    kernel: &ir::Function,
    proved: Option<&Proved>,
    target: TargetFrontendConfig,
    function: &mut Function,
    frontend: &mut FunctionBuilderContext,
    externals: &Externals<FuncRef>,
) -> Result<(), Untranslatable> {
    let mut builder = FunctionBuilder::new(function, frontend);
    let threads = ThreadLoop::begin(&mut builder);
    let guarded = threads.new_body(&mut builder);
    match proved {
        Some(proved) => {
            let fast = threads.new_body(&mut builder);
            let rows = rows::prove(&proved.plan, &threads, &mut builder);
            let (then, otherwise) = (fast.body, guarded.body);
            builder.ins().brif(rows.hold, then, &[], otherwise, &[]);
            let first_site = kernel.sites.len() as u32;
            let scope = Scope {
                threads: &threads,
                thread: &fast,
                externals,
                rows: &rows.bases,
                first_site,
                segment: None,
            };
            Translator::new(&proved.function, &mut builder, scope).run()?;
        }
        None => {
            builder.ins().jump(guarded.body, &[]);
        }
    }
    let scope = Scope {
        threads: &threads,
        thread: &guarded,
        externals,
        rows: &[],
        first_site: 0,
        segment: None,
    };
    Translator::new(kernel, &mut builder, scope).run()?;
    threads.end(&mut builder, externals.get(Runtime::RecordFault));
    builder.seal_all_blocks();
    builder.finalize(target);
    Ok(())
}
