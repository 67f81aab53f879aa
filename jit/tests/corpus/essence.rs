//! Modules without what printing does not keep.

use wasi_cuda_jit::ir::{Module, Terminator, Variable};

/// A module without names, places in the source and its size.
pub(crate) fn essence(mut module: Module) -> Module {
    module.source_bytes = 0;
    module.target_span = Default::default();
    forget_names(&mut module.variables);
    for (index, function) in module.functions.iter_mut().enumerate() {
        function.name = format!("kernel{index}");
        function.span = Default::default();
        forget_names(&mut function.variables);
        for (index, parameter) in function.parameters.iter_mut().enumerate() {
            parameter.name = format!("p{index}");
        }
        for block in &mut function.blocks {
            for instruction in &mut block.instructions {
                instruction.span = Default::default();
            }
            if let Terminator::Trap(span) = &mut block.terminator {
                *span = Default::default();
            }
        }
    }
    module
}

fn forget_names(variables: &mut [Variable]) {
    for variable in variables {
        variable.name.clear();
        variable.span = Default::default();
    }
}

/// Where two modules differ first, with some lines around it.
pub(crate) fn first_difference(left: &Module, right: &Module) -> String {
    const AROUND: usize = 8;
    let (left, right) = (format!("{left:#?}"), format!("{right:#?}"));
    let (mut before, mut after) = (left.lines(), right.lines());
    let same = before.by_ref().zip(after.by_ref());
    let at = same.take_while(|(left, right)| left == right).count();
    let around = |text: &str| -> String {
        let lines = text
            .lines()
            .skip(at.saturating_sub(AROUND))
            .take(2 * AROUND);
        lines.map(|line| format!("{line}\n")).collect()
    };
    format!("{}-- is read as --\n{}", around(&left), around(&right))
}
