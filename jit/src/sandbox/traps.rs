//! `trap` and `brkpt` become recorded faults: on a GPU either would end every context of the process.

use super::editor::site;
use crate::ir::{FaultCause, Function, Terminator};

pub(super) fn run(function: &mut Function) {
    for block in &mut function.blocks {
        if let Terminator::Trap(span) = block.terminator {
            let site_index = function.sites.len() as u32;
            function.sites.push(site(FaultCause::Trap, 0, span));
            block.terminator = Terminator::Fault {
                site: site_index,
                offset: None,
            };
        }
    }
}
