//! Each block in turn, behind its dominator, with the registers' values and what the branches on the way have shown.

use super::super::assumed::Assumptions;
use super::super::graph::Graph;
use super::super::refusal::{Found, Reason};
use super::super::text::{BlockId, End, Kernel, Operand, RegisterId};
use super::super::work::Work;
use super::facts::Facts;
use super::given;
use super::names::Names;
use super::value::{Comparison, Given, Node, ValueId, Values, largest};

/// What was found of a kernel besides that it is safe.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Findings {
    /// Accesses that a guard holds.
    pub(in super::super) guarded: usize,
    /// Accesses at a constant place of what the launch gives.
    pub(in super::super) constant: usize,
    /// Accesses that were assumed to be safe.
    pub(in super::super) assumed: usize,
    /// Bytes of shared memory that those need.
    pub(in super::super) shared_bytes: u64,
    /// Bytes of the module's variables that those need.
    pub(in super::super) variable_bytes: u64,
}

/// A block's end that goes on only if the stop word is zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) stops_at: BlockId,
    pub(super) goes_on_at: BlockId,
}

/// A register that holds nothing yet.
const NOTHING: ValueId = ValueId::MAX;

/// What is known at one place.
pub(super) struct State<'k, 'a> {
    pub(super) kernel: &'k Kernel<'a>,
    /// What need not be proved.
    pub(super) assumed: &'k Assumptions,
    /// The line that is looked at.
    pub(super) line: u32,
    pub(super) values: Values,
    pub(super) facts: Facts,
    pub(super) findings: Findings,
    pub(super) block: BlockId,
    /// By register.
    held: Vec<ValueId>,
    /// What registers held before, the last first.
    before: Vec<(RegisterId, ValueId)>,
}

/// A step of the walk.
enum Step {
    Enter(BlockId),
    /// Back to what held before a block was entered.
    Leave {
        facts: usize,
        before: usize,
    },
}

pub(super) fn walk(
    kernel: &Kernel<'_>,
    assumed: &Assumptions,
    graph: &Graph,
    names: &Names,
    work: &mut Work,
) -> Found<(Findings, Vec<Option<Look>>)> {
    let mut children = vec![Vec::new(); kernel.blocks.len()];
    for &block in &graph.order {
        if let Some(above) = graph.dominator(block) {
            children[above as usize].push(block);
        }
    }
    let mut state = State {
        kernel,
        assumed,
        line: 0,
        values: Values::default(),
        facts: Facts::default(),
        findings: Findings::default(),
        block: 0,
        held: vec![NOTHING; kernel.registers.len()],
        before: Vec::new(),
    };
    let mut looks = vec![None; kernel.blocks.len()];
    let mut steps = vec![Step::Enter(0)];
    while let Some(step) = steps.pop() {
        let block = match step {
            Step::Enter(block) => block,
            Step::Leave { facts, before } => {
                state.facts.forget(facts);
                state.restore(before);
                continue;
            }
        };
        steps.push(Step::Leave {
            facts: state.facts.mark(),
            before: state.before.len(),
        });
        state.enter(block, graph, names);
        looks[block as usize] = state.run(work)?;
        steps.extend(
            children[block as usize]
                .iter()
                .map(|child| Step::Enter(*child)),
        );
    }
    Ok((state.findings, looks))
}

impl State<'_, '_> {
    fn restore(&mut self, mark: usize) {
        for (register, value) in self.before.drain(mark..).rev() {
            self.held[register as usize] = value;
        }
    }

    fn enter(&mut self, block: BlockId, graph: &Graph, names: &Names) {
        self.block = block;
        // The first block has one more way to it: the kernel's start.
        if let [from] = graph.predecessors[block as usize].as_slice()
            && block != 0
            && let End::Branch {
                register,
                negated,
                then,
                ..
            } = self.kernel.blocks[*from as usize].end
        {
            let predicate = self.held(register);
            let holds = (then == block) != negated;
            self.facts.learn(&mut self.values, predicate, holds);
        }
        for &register in &names.new_at[block as usize] {
            let width = self.width(register);
            let value = self.values.unknown(width, largest(width));
            self.hold(register, value);
        }
    }

    /// Proves the block's instructions, and says whether its end looks at the stop word.
    fn run(&mut self, work: &mut Work) -> Found<Option<Look>> {
        let kernel = self.kernel;
        let block = &kernel.blocks[self.block as usize];
        for instruction in &block.instructions {
            let at_line = |reason| (instruction.line, reason);
            work.spend(1).map_err(at_line)?;
            self.line = instruction.line;
            self.instruction(instruction).map_err(at_line)?;
        }
        match &block.end {
            End::Branch {
                register,
                negated,
                then,
                otherwise,
            } => {
                let predicate = self.held(*register);
                let (set, clear) = if *negated {
                    (otherwise, then)
                } else {
                    (then, otherwise)
                };
                Ok(self.stops_when(predicate).map(|when_set| {
                    let (stops_at, goes_on_at) = if when_set { (set, clear) } else { (clear, set) };
                    Look {
                        stops_at: *stops_at,
                        goes_on_at: *goes_on_at,
                    }
                }))
            }
            End::Switch(register, targets) => {
                let index = self.held(*register);
                if self.values.most(index) < targets.len() as u64 {
                    Ok(None)
                } else {
                    Err((block.line, Reason::JumpTable(targets.len())))
                }
            }
            _ => Ok(None),
        }
    }

    /// For a predicate that compares the stop word, as read in this block, with zero: its value when the word is set.
    fn stops_when(&self, predicate: ValueId) -> Option<bool> {
        match *self.values.node(predicate) {
            Node::Not(inner) => self.stops_when_equal(inner).map(|()| true),
            _ => self.stops_when_equal(predicate).map(|()| false),
        }
    }

    fn stops_when_equal(&self, predicate: ValueId) -> Option<()> {
        let Node::Compare(Comparison::Equal, a, b) = *self.values.node(predicate) else {
            return None;
        };
        let is_word = |value| match self.values.node(value) {
            Node::StopWord { block, .. } => *block == self.block,
            _ => false,
        };
        let is_zero = |value| self.values.as_constant(value) == Some(0);
        ((is_word(a) && is_zero(b)) || (is_word(b) && is_zero(a))).then_some(())
    }

    pub(super) fn width(&self, register: RegisterId) -> u32 {
        self.kernel.registers[register as usize].width
    }

    /// What a register holds. Where it may hold nothing, that is not used either: `names` has seen to it.
    pub(super) fn held(&mut self, register: RegisterId) -> ValueId {
        match self.held[register as usize] {
            NOTHING => {
                let width = self.width(register);
                self.values.unknown(width, largest(width))
            }
            value => value,
        }
    }

    pub(super) fn hold(&mut self, register: RegisterId, value: ValueId) {
        let before = std::mem::replace(&mut self.held[register as usize], value);
        self.before.push((register, before));
    }

    pub(super) fn given(&mut self, given: Given) -> ValueId {
        let zeros = match (given, self.kernel.local) {
            (Given::LocalBase, Some(local)) => local.align.trailing_zeros(),
            _ => given::zeros(given),
        };
        self.values.given(given, given::most(given), zeros)
    }

    /// The value of an operand that is as wide as this.
    pub(super) fn operand(&mut self, operand: &Operand<'_>, width: u32) -> Option<ValueId> {
        match operand {
            Operand::Register(register) if self.width(*register) == width => {
                Some(self.held(*register))
            }
            Operand::Not(register) if width == 1 => {
                let inner = self.held(*register);
                Some(self.values.predicate(Node::Not(inner)))
            }
            Operand::Number(number) => Some(self.values.constant(width, *number)),
            Operand::Space("shared_memory") if width == 64 => Some(self.given(Given::SharedBase)),
            Operand::Space("local_memory") if width == 64 => Some(self.given(Given::LocalBase)),
            _ => None,
        }
    }
}
