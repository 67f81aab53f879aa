//! What is known of a module that was accepted, for people and tools.

use crate::analysis::affine::{Access, State};
use crate::back::cpu::Proved as Rows;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{self, Address, AddressBase, Effect, Function, Instruction, Module, Opcode};
use crate::sandbox::Prospect;
use crate::signature::Signature;
use crate::verify::Accepted;
use crate::versions::spelling;
use std::fmt;

/// What was found in a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// PTX version, as (major, minor), as the device gets it.
    pub version: (u32, u32),
    /// The target, as the device gets it.
    pub target: String,
    /// The kernels, in the order of the source.
    pub kernels: Vec<KernelReport>,
    /// Warnings and notes.
    pub diagnostics: Vec<Diagnostic>,
}

/// What was found in a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelReport {
    /// What a launch must pass, and what memory and registers a block and a thread take.
    pub signature: Signature,
    /// Instructions of the source, ends of basic blocks not counted.
    pub instructions: usize,
    /// The same with all guards.
    pub guarded_instructions: usize,
    /// The accesses to memory, those of one kind counted together, in the order of the first of each.
    pub accesses: Vec<Accesses>,
    /// Every access to memory, with what is known of it before it is done; those to parameters are left out.
    pub proofs: Vec<AccessProof>,
    /// How many loops there are.
    pub loops: usize,
    /// How many of them end soon where a launch's proof holds, so that they need no look at the stop word.
    pub bounded_loops: usize,
    /// How many of the checked accesses the CPU device runs without a check of their own where one check of the ends of a
    /// row of threads implies theirs.
    pub checked_by_row: usize,
}

/// Accesses of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accesses {
    /// The memory that they name.
    pub space: Space,
    /// What they do.
    pub direction: Direction,
    /// What keeps them inside.
    pub guard: Guard,
    /// How many there are in the source.
    pub count: usize,
}

/// What is known of an access before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessProof {
    /// Where it stands in the source.
    pub span: Span,
    /// The memory that it names.
    pub space: Space,
    /// What it does. A copy reads global memory and writes shared memory.
    pub direction: Direction,
    /// When it is known to lie inside.
    pub proved: Proved,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$case])* $variant,)* }

        impl $name {
            /// In words.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// The memory that an access names.
    Space {
        /// A kernel's parameters.
        Parameter = "param",
        /// Memory of the guest.
        Global = "global",
        /// Memory of a block.
        Shared = "shared",
        /// Memory of a thread.
        Local = "local",
        /// Constants of a module.
        Constant = "const",
        /// Whatever the address says.
        Generic = "generic",
    }
}

words! {
    /// What an access does.
    Direction {
        /// Reads.
        Load = "load",
        /// Writes, or reads and writes.
        Store = "store",
    }
}

words! {
    /// What keeps an access inside what its guest may touch.
    Guard {
        /// Its place is a constant that lies inside a declaration.
        Declared = "inside its declaration",
        /// Code before it compares the address, and ends the launch with a fault.
        Checked = "checked before each access",
        /// The compiler proved it.
        Proved = "proved when compiled",
    }
}

words! {
    /// When an access is known to lie inside what its guest may touch.
    Proved {
        /// In every launch.
        AtLoad = "proved at load",
        /// Where a launch's grid, block, arguments and memory allow it, before it begins.
        AtLaunch = "proved at launch",
        /// When it is done, by its guard.
        Guarded = "guarded",
    }
}

impl Report {
    /// A report of a module before and after its guards were added.
    pub(crate) fn new(
        module: &Module,
        guarded: &Module,
        rows: &[Option<Rows>],
        prospects: &[Prospect],
        accepted: Accepted,
    ) -> Self {
        let functions = module.functions.iter().zip(&guarded.functions).enumerate();
        let kernels = functions.zip(accepted.signatures);
        let kernels = kernels.map(|((index, (source, guarded)), signature)| {
            let variant = rows.get(index).and_then(Option::as_ref);
            let prospect = prospects.get(index);
            KernelReport {
                signature,
                instructions: source.instruction_count(),
                guarded_instructions: guarded.instruction_count(),
                accesses: accesses(guarded),
                loops: prospect.map_or(0, |found| found.loops.0),
                bounded_loops: prospect.map_or(0, |found| found.loops.1),
                proofs: prospect.map_or(Vec::new(), |found| proofs(source, &found.accesses)),
                checked_by_row: variant.map_or(0, |variant| along_rows(&variant.function)),
            }
        });
        Self {
            version: module.version,
            target: module.target_name.clone(),
            kernels: kernels.collect(),
            diagnostics: accepted.diagnostics,
        }
    }
}

/// The source's own accesses, with their addresses; the sandbox's are left out.
fn own_accesses(function: &Function) -> impl Iterator<Item = (&Instruction, &Address)> {
    let instructions = function.blocks.iter().flat_map(|block| &block.instructions);
    instructions
        .filter(|instruction| instruction.opcode() != Opcode::LdSandbox)
        .filter_map(|instruction| Some((instruction, instruction.address()?)))
}

fn proofs(function: &Function, accesses: &[Access]) -> Vec<AccessProof> {
    let proof = |access: &Access| {
        let instruction = &function.blocks[access.block.index()].instructions[access.index];
        let is_copy = instruction.effect() == Effect::Copy;
        let direction = match instruction.effect() {
            Effect::Load | Effect::Collective => Direction::Load,
            _ if is_copy && access.space != ir::Space::Shared => Direction::Load,
            _ => Direction::Store,
        };
        AccessProof {
            span: instruction.span,
            space: match access.space {
                ir::Space::Global => Space::Global,
                ir::Space::Shared => Space::Shared,
                ir::Space::Local => Space::Local,
                ir::Space::Const => Space::Constant,
                ir::Space::Param => Space::Parameter,
                ir::Space::Generic => Space::Generic,
            },
            direction,
            proved: match access.state {
                State::ProvedAtLoad => Proved::AtLoad,
                State::ProvedAtLaunch => Proved::AtLaunch,
                State::Guarded => Proved::Guarded,
            },
        }
    };
    accesses.iter().map(proof).collect()
}

fn along_rows(function: &Function) -> usize {
    own_accesses(function)
        .filter(|(_, address)| address.row.is_some())
        .count()
}

fn accesses(function: &Function) -> Vec<Accesses> {
    let mut found: Vec<Accesses> = Vec::new();
    for (instruction, address) in own_accesses(function) {
        let kind = Accesses {
            space: space(&spelling(instruction), address),
            direction: match instruction.effect() {
                Effect::Store => Direction::Store,
                _ => Direction::Load,
            },
            guard: match address.base {
                _ if address.guarded.is_some() => Guard::Checked,
                AddressBase::Parameter(_) => Guard::Declared,
                _ => Guard::Proved,
            },
            count: 1,
        };
        let known = found.iter_mut().find(|known| {
            Accesses {
                count: 1,
                ..(*known).clone()
            } == kind
        });
        match known {
            Some(known) => known.count += 1,
            None => found.push(kind),
        }
    }
    found
}

/// The memory that an instruction's spelling names.
fn space(spelling: &str, address: &Address) -> Space {
    if matches!(address.base, AddressBase::Parameter(_)) {
        return Space::Parameter;
    }
    let words = spelling
        .split('.')
        .map(|word| word.split("::").next().unwrap_or(word));
    let mut named = words.filter_map(|word| match word {
        "param" => Some(Space::Parameter),
        "global" => Some(Space::Global),
        "shared" => Some(Space::Shared),
        "local" => Some(Space::Local),
        "const" => Some(Space::Constant),
        _ => None,
    });
    // Where a copy names two, the first is that of its first address.
    named.next().unwrap_or(Space::Generic)
}
