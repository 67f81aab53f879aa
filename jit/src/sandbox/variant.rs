//! The second variant of a kernel: without the guards that a proof stands in for.

use super::{ModuleLayout, Options, instrument_bounded};
use crate::analysis::affine::{Access, State, analyse};
use crate::ir::{Function, Module, Operand};
use crate::proof::Proof;

/// A kernel for launches of which its proof holds.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) function: Function,
    pub(crate) proof: Proof,
}

/// What was found out of a kernel's accesses, and its second variant, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Prospect {
    pub(crate) accesses: Vec<Access>,
    /// How many loops it has, and how many of them the proof bounds.
    pub(crate) loops: (usize, usize),
    pub(crate) variant: Option<Variant>,
}

/// Looks at each kernel of a verified module that no guard is in yet.
pub(crate) fn prospects(module: &Module, options: &Options) -> Vec<Prospect> {
    let offsets = module.variable_layout().0;
    let layout = ModuleLayout::of(module);
    let functions = module.functions.iter();
    functions
        .map(|function| {
            let findings = analyse(function, &offsets);
            let variant = (!findings.proof.is_empty()).then(|| {
                let mut function = function.clone();
                cover(&mut function, &findings.accesses);
                instrument_bounded(&mut function, &layout, options, &findings.bounded);
                Variant {
                    function,
                    proof: findings.proof,
                }
            });
            Prospect {
                accesses: findings.accesses,
                loops: (findings.loops, findings.bounded.len()),
                variant,
            }
        })
        .collect()
}

/// Marks the accesses that a proof covers.
fn cover(function: &mut Function, accesses: &[Access]) {
    for access in accesses
        .iter()
        .filter(|access| access.state != State::Guarded)
    {
        let block = &mut function.blocks[access.block.index()];
        if let Operand::Address(address) =
            &mut block.instructions[access.index].operands[access.operand]
        {
            address.covered = true;
        }
    }
}
