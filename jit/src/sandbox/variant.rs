//! The second variant of a kernel: without the guards that a proof stands in for.

use super::warps::gains_from_whole_rows;
use super::{ModuleLayout, Options, Unwatched, instrument_bounded};
use crate::analysis::affine::{Access, Findings, Part, analyse};
use crate::ir::{BlockId, Function, Module, Operand};
use crate::proof::Proof;
use std::num::NonZeroU32;

/// A kernel for launches of which its proof holds.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) function: Function,
    pub(crate) proof: Proof,
    /// Where loops begin that do not look at the stop word.
    pub(crate) unwatched: Vec<BlockId>,
}

/// What was found out of a kernel's accesses, and what variants of it that need fewer guards rest on.
#[derive(Clone, Debug)]
pub(crate) struct Prospect {
    pub(crate) accesses: Vec<Access>,
    /// How many loops it has, and how many of them a launch bounds.
    pub(crate) loops: (usize, usize),
    /// Two at most: what the variant with the fewest guards rests on, and what one does that more launches may use.
    parts: Vec<Part>,
}

impl Prospect {
    /// The variants of the kernel that was looked at, each made when it is asked for: they are as large as the kernel.
    pub(crate) fn variants(
        self,
        function: &Function,
        layout: &ModuleLayout,
        options: &Options,
    ) -> impl Iterator<Item = Variant> {
        let Self {
            accesses, parts, ..
        } = self;
        parts.into_iter().map(move |part| {
            let mut function = function.clone();
            cover(&mut function, &accesses, &part);
            let unwatched = Unwatched {
                headers: &part.unwatched,
                within: part.within,
                whole_rows: part.proof.whole_rows,
            };
            instrument_bounded(&mut function, layout, options, unwatched);
            Variant {
                function,
                proof: part.proof,
                unwatched: part.unwatched,
            }
        })
    }
}

/// Looks at each kernel of a verified module that no guard is in yet.
pub(crate) fn prospects(module: &Module, options: &Options) -> Vec<Prospect> {
    let offsets = module.variable_layout().0;
    let functions = module.functions.iter();
    functions
        .map(|function| {
            let Findings {
                accesses,
                loops,
                mut parts,
            } = analyse(function, &offsets);
            if options.gpu && gains_from_whole_rows(function) {
                if let [only] = parts.as_slice() {
                    // Launches in other blocks have theirs.
                    parts.push(only.clone());
                }
                if let Some(first) = parts.first_mut() {
                    first.proof.whole_rows = true;
                }
            }
            Prospect {
                accesses,
                loops,
                parts,
            }
        })
        .collect()
}

/// Marks the accesses that a proof covers.
fn cover(function: &mut Function, accesses: &[Access], part: &Part) {
    for (claim, place) in part.covered.iter().enumerate() {
        let access = &accesses[*place];
        let block = &mut function.blocks[access.block.index()];
        if let Operand::Address(address) =
            &mut block.instructions[access.index].operands[access.operand]
        {
            address.covered = NonZeroU32::new(claim as u32 + 1);
        }
    }
}
