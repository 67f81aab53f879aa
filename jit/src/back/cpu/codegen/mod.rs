//! IR to Cranelift's IR: one function a kernel, which runs one block of it.

mod arithmetic;
mod bits;
mod carry;
mod cells;
mod compare;
mod convert;
mod fields;
mod float;
mod half;
mod lanes;
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
mod video;
mod video_word;

use super::proved::Proved;
use super::runtime::Runtime;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir;
use cranelift_codegen::ir::{Function, InstBuilder};
use cranelift_frontend::FunctionBuilder;
pub(super) use segments::{Destination, Way, translate_segment};
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

/// Why a kernel that was accepted cannot be translated: it becomes too large, or a row of the table has no translation.
#[derive(Debug)]
pub(super) struct Untranslatable {
    /// Whether it is for its size alone.
    pub(super) too_large: bool,
    pub(super) span: Span,
    pub(super) message: String,
}

impl Untranslatable {
    /// What the guest is told.
    pub(super) fn refused(self) -> Diagnostic {
        Diagnostic::error(self.span, self.message)
    }
}

/// How many operations a function has, values that blocks hand on included.
pub(super) fn operations(function: &Function) -> usize {
    function.dfg.num_insts().max(function.dfg.num_values())
}

fn check_operations(
    builder: &FunctionBuilder<'_>,
    kernel: &ir::Function,
    most: usize,
) -> Result<(), Untranslatable> {
    if operations(builder.func) <= most {
        return Ok(());
    }
    Err(Untranslatable {
        too_large: true,
        span: kernel.span,
        message: format!(
            "the kernel `{}` becomes more than {most} operations for this processor, as many as a source of this size \
             may: split it",
            kernel.name
        ),
    })
}

/// Fills a function with a kernel's translation.
///
/// With a second variant each row of threads, those that differ in `%tid.x` alone, is held against the window first, and
/// runs without the guards that the proof stands in for if it holds.
pub(super) fn translate(
    kernel: &ir::Function,
    proved: Option<&Proved>,
    destination: Destination<'_>,
) -> Result<(), Untranslatable> {
    let Destination {
        externals,
        most_operations,
        ..
    } = destination;
    let mut builder = FunctionBuilder::new(destination.function, destination.frontend);
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
                most_operations,
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
        most_operations,
    };
    Translator::new(kernel, &mut builder, scope).run()?;
    threads.end(&mut builder, externals.get(Runtime::RecordFault));
    builder.seal_all_blocks();
    check_operations(&builder, kernel, most_operations)?;
    builder.finalize(destination.target);
    Ok(())
}
