//! Which addresses a kernel computes, as far as its launch decides them.
//!
//! Every register's value becomes a sum of products of *atoms* ([`atoms`]): parameters, special registers, the numbers of the rounds of
//! loops, and what is computed otherwise. Sums are those of numbers, not of registers: they are equal to what the registers hold
//! modulo their width, and where a value is widened, the form says that it *needs* to be what its bits hold.
//! Comparisons that dominate an access bound its atoms ([`facts`]); tests that a loop goes on by bound its rounds ([`rounds`]).
//! All that ends in a [`Proof`], which a launch evaluates.

mod accesses;
mod atoms;
mod carried;
mod composites;
mod division;
mod facts;
mod forms;
mod integer;
mod invariants;
mod masks;
mod natural;
mod nodes;
mod polynomial;
mod rounds;
mod samples;
mod ssa;
mod work;

use super::dominators::Dominators;
use crate::ir::{BlockId, Function, Space, Symbol};
use crate::proof::interval::Interval;
use crate::proof::launch::Ranges;
use crate::proof::program::{Node, NodeId, Program, Width};
pub(crate) use accesses::{Access, Findings, Part, State, analyse};
use atoms::{Atom, Atoms, Form, NeedId};
use facts::{Comparison, Fact, FactId};
use natural::{LoopId, Loops};
use polynomial::{AtomId, Polynomial};
use ssa::{ValueId, Values};
use std::collections::HashMap;

/// Where a module's own variables lie, in bytes from their start.
pub(crate) type ModuleOffsets = Vec<u64>;

/// How a value that a loop carries changes each round.
#[derive(Clone, Debug)]
enum Step {
    /// This is added to it.
    Plus(Form),
    DividedBy(u32),
    MultipliedBy(u32),
    /// It is taken from this, so that every other round has the first again.
    TakenFrom(Form),
    /// Bits of it are exchanged, likewise.
    Exchanged(i64),
    /// One is added to it until it would be larger than this; then it is `first` again.
    Around {
        first: i64,
        last: i64,
    },
}

/// What is found out of a kernel, step by step.
struct Analysis<'a> {
    function: &'a Function,
    module: &'a ModuleOffsets,
    values: Values,
    dominators: Dominators,
    loops: Loops,
    any: Ranges<'static>,
    atoms: Atoms,
    needs: Vec<(Polynomial, Width)>,
    need_places: HashMap<(Polynomial, Width), NeedId>,
    /// By value; none before it is reached, and for predicates.
    forms: Vec<Option<Form>>,
    /// How what loops carry changes, once that is known.
    steps: Option<HashMap<ValueId, Step>>,
    choices: HashMap<ValueId, Vec<(Form, Option<FactId>)>>,
    facts: Vec<Fact>,
    /// What holds where loops begin, by the block that they begin with.
    invariants: HashMap<BlockId, Vec<Comparison>>,
    facts_of_blocks: HashMap<BlockId, Option<FactId>>,
    program: Program,
    /// By node what is known of it in every launch.
    in_any_launch: Vec<Interval>,
    places: HashMap<Node, NodeId>,
    atom_nodes: HashMap<(AtomId, Option<FactId>), NodeId>,
    core_nodes: HashMap<(Polynomial, Option<FactId>), NodeId>,
    /// Whether a place can be reached at all, by what holds there.
    reached_nodes: HashMap<FactId, NodeId>,
    tests: HashMap<LoopId, Vec<rounds::LoopTest>>,
    /// Nodes that are being made.
    open_nodes: u32,
}

impl<'a> Analysis<'a> {
    /// None for a function that is too large to be followed.
    fn of(function: &'a Function, module: &'a ModuleOffsets) -> Option<Self> {
        let values = Values::of(function)?;
        let dominators = Dominators::of(function);
        let loops = Loops::of(function, &values.order, &values.predecessors, &dominators);
        let mut analysis = Self {
            function,
            module,
            forms: vec![None; values.len()],
            values,
            dominators,
            loops,
            any: Ranges::of_any(function.max_threads),
            atoms: Atoms::default(),
            needs: Vec::new(),
            need_places: HashMap::new(),
            steps: None,
            choices: HashMap::new(),
            facts: Vec::new(),
            invariants: HashMap::new(),
            facts_of_blocks: HashMap::new(),
            program: Program::default(),
            in_any_launch: Vec::new(),
            places: HashMap::new(),
            atom_nodes: HashMap::new(),
            core_nodes: HashMap::new(),
            reached_nodes: HashMap::new(),
            tests: HashMap::new(),
            open_nodes: 0,
        };
        analysis.walk();
        let steps = analysis.steps_of_loops();
        analysis.forms = vec![None; analysis.values.len()];
        analysis.choices.clear();
        analysis.steps = Some(steps);
        analysis.walk();
        if analysis.find_invariants() {
            analysis.forms = vec![None; analysis.values.len()];
            analysis.choices.clear();
            analysis.walk();
        }
        // What stands in for nodes that are too many.
        analysis.node(Node::Anything);
        Some(analysis)
    }

    /// None for one that is made of too much.
    fn atom(&mut self, atom: Atom) -> Option<AtomId> {
        let block = match &atom {
            Atom::Unknown { value, .. }
            | Atom::Carried(value)
            | Atom::Choice(value)
            | Atom::Shrinking { value, .. }
            | Atom::Growing { value, .. } => self.values.get(*value).block(),
            Atom::Round(around) => Some(self.loops.get(*around).header),
            _ => None,
        };
        self.atoms.add(atom, block, &self.any)
    }

    fn need(&mut self, sum: &Polynomial, width: Width) -> NeedId {
        let key = (sum.clone(), width);
        if let Some(known) = self.need_places.get(&key) {
            return *known;
        }
        let id = self.needs.len() as NeedId;
        self.needs.push(key.clone());
        self.need_places.insert(key, id);
        id
    }

    fn register_bits(&self, value: ValueId) -> u32 {
        let register = self.values.register(value);
        register.map_or(64, |register| {
            self.function.registers[register.index()].bits()
        })
    }

    /// Where a variable lies in its space, in bytes.
    fn variable_offset(&self, symbol: Symbol) -> Option<(Space, u64)> {
        match symbol {
            Symbol::Module(index) => Some((Space::Global, *self.module.get(index as usize)?)),
            Symbol::Function(index) => {
                let variable = self.function.variables.get(index as usize)?;
                let (offsets, _) = self.function.variable_layout(variable.space);
                Some((variable.space, *offsets.get(index as usize)?))
            }
        }
    }
}
