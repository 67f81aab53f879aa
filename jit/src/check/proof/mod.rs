//! The proofs, over a kernel as it was read.
//!
//! | file | what it shows |
//! | --- | --- |
//! | `names` | where ways with different values of a register meet, and that none is read before it is written |
//! | `walk` | each block in turn, behind its dominator, with what is known there |
//! | `instruction` | what an instruction's results are |
//! | `access` | that an access lies in its memory, at a multiple of what it must |
//! | `matrix` | how much a matrix in rows touches |
//! | `loops` | that every way back looks at the stop word now and then |

mod access;
mod facts;
mod given;
mod instruction;
mod loops;
mod matrix;
mod names;
mod value;
mod walk;

pub(super) use walk::Findings;

use super::assumed::Assumptions;
use super::graph::Graph;
use super::refusal::Found;
use super::text::Kernel;
use super::work::Work;

/// Proves all of a kernel.
pub(super) fn prove(
    kernel: &Kernel<'_>,
    assumed: &Assumptions,
    work: &mut Work,
) -> Found<Findings> {
    let at_start = |reason| (kernel.line, reason);
    let graph = Graph::of(&kernel.blocks, work).map_err(at_start)?;
    let names = names::Names::of(kernel, &graph, work)?;
    let (findings, looks) = walk::walk(kernel, assumed, &graph, &names, work)?;
    loops::prove(kernel, assumed, &graph, &looks, work)?;
    Ok(findings)
}
