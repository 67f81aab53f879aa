//! What can be said of each access.

use super::atoms::{Atom, Form};
use super::facts::FactId;
use super::forms::At;
use super::polynomial::Polynomial;
use super::{Analysis, ModuleOffsets, samples};
use crate::ir::{
    Address, AddressBase, BlockId, Effect, Function, Instruction, Opcode, Operand, Space,
};
use crate::proof::program::{Node, NodeId, Start, Width};
use crate::proof::{Answer, Claim, Proof, RowsClaim, Target};
use crate::sandbox::{Extent, ExtentRows};

/// How an access is kept inside its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In every launch it lies inside.
    ProvedAtLoad,
    /// It does where the launch's proof holds.
    ProvedAtLaunch,
    /// Nobody can tell before it is done.
    Guarded,
}

/// An access that needs a guard, or a proof.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) block: BlockId,
    /// Its place in the block.
    pub(crate) index: usize,
    /// The address's place among the operands.
    pub(crate) operand: usize,
    pub(crate) space: Space,
    pub(crate) state: State,
}

/// What was found out of a kernel.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// With the state that they have where the first of the proofs holds.
    pub(crate) accesses: Vec<Access>,
    /// How many loops there are, and how many of them a launch bounds.
    pub(crate) loops: (usize, usize),
    /// What launches are held against, in the order in which they are: first what is likely to hold, then what does nearly always.
    pub(crate) parts: Vec<Part>,
}

/// A proof, and what needs no guard where it holds.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) proof: Proof,
    /// By claim the access that it is about, by its place among [`Findings::accesses`].
    pub(crate) covered: Vec<usize>,
    /// Where loops begin that need not look at the stop word, as the proof bounds what they do.
    pub(crate) unwatched: Vec<BlockId>,
    /// Instructions that they do at most in one round of a loop that does look.
    pub(crate) within: usize,
}

/// Looks at every access and loop of a verified kernel that no guard is in yet.
pub(crate) fn analyse(function: &Function, module: &ModuleOffsets) -> Findings {
    let mut findings = Findings {
        accesses: accesses(function),
        ..Findings::default()
    };
    let Some(mut analysis) = Analysis::of(function, module) else {
        return findings;
    };
    let mut proof = Proof::default();
    let mut owners = Vec::new();
    for (place, access) in findings.accesses.iter().enumerate() {
        if let Some(claim) = analysis.claim(access) {
            proof.claims.push(claim);
            owners.push(place);
        }
    }
    let loops = analysis.loops_with_bounds();
    proof.program = analysis.program.clone();
    let at_load = samples::answers_of_any_launch(function, &proof);
    let trials = samples::try_all(function, &proof);
    let is_at_load = |number: usize| matches!(at_load[number], Answer::Holds | Answer::Unreached);
    for (number, owner) in owners.iter().enumerate() {
        findings.accesses[*owner].state = match (is_at_load(number), trials.is_likely(number)) {
            (true, _) => State::ProvedAtLoad,
            (_, true) => State::ProvedAtLaunch,
            _ => State::Guarded,
        };
    }
    let is_sure = |number: usize| is_at_load(number) || trials.is_sure(number);
    let all_are_sure = (0..owners.len())
        .all(|number| is_sure(number) || findings.accesses[owners[number]].state == State::Guarded);
    let mut plans = vec![(false, analysis.unwatched(&loops, &trials.values, true))];
    findings.loops = (loops.len(), plans[0].1.bounded);
    let has_outermost = plans[0].1.outermost;
    if !all_are_sure || has_outermost {
        plans.push((true, analysis.unwatched(&loops, &trials.values, false)));
    }
    for (sure_alone, unwatched) in plans {
        let kept = |number: &usize| match sure_alone {
            true => is_sure(*number),
            false => findings.accesses[owners[*number]].state != State::Guarded,
        };
        let kept: Vec<usize> = (0..owners.len()).filter(kept).collect();
        let mut proof = Proof {
            program: analysis.program.clone(),
            claims: kept.iter().map(|it| proof.claims[*it].clone()).collect(),
            work: unwatched.limits,
            whole_rows: false,
        };
        proof.prune();
        if !proof.is_empty() {
            findings.parts.push(Part {
                proof,
                covered: kept.iter().map(|it| owners[*it]).collect(),
                unwatched: unwatched.headers,
                within: unwatched.within,
            });
        }
    }
    findings
}

fn accesses(function: &Function) -> Vec<Access> {
    let mut found = Vec::new();
    for (number, block) in function.blocks.iter().enumerate() {
        for (index, instruction) in block.instructions.iter().enumerate() {
            if !instruction.is_access() {
                continue;
            }
            let operands = instruction.operands.iter().enumerate();
            let addresses = operands.filter(|(_, operand)| matches!(operand, Operand::Address(_)));
            for (place, (operand, _)) in addresses.take(2).enumerate() {
                let space = match (instruction.opcode(), place) {
                    (Opcode::CpAsync, 0) => Space::Shared,
                    (Opcode::CpAsync, _) => Space::Global,
                    _ => instruction.space(),
                };
                let block = BlockId(number as u32);
                found.push(Access {
                    block,
                    index,
                    operand,
                    space,
                    state: State::Guarded,
                });
            }
        }
    }
    found
}

impl Analysis<'_> {
    /// What has to hold for an access to need no guard; none where no launch can tell.
    fn claim(&mut self, access: &Access) -> Option<Claim> {
        if self.is_full() {
            return None;
        }
        let function = self.function;
        let instruction = &function.blocks[access.block.index()].instructions[access.index];
        let at = (access.block, access.index);
        let Some(Operand::Address(address)) = instruction.operands.get(access.operand) else {
            return None;
        };
        let extent = Extent::of(instruction)?;
        let form = self.address(access.space, at, *address)?;
        let (memory, start) = self.target(access.space, &form)?;
        let sum = match start {
            Some(start) => form
                .sum
                .minus(&Polynomial::atom(self.atom(Atom::Start(start))?))?,
            None => form.sum.clone(),
        };
        let mut facts = self.facts_at(at, instruction.predicate);
        if instruction.effect() == Effect::Copy
            && access.space == Space::Global
            && instruction.reads_size()
        {
            // A copy of no bytes fills with zeros and may name any address.
            facts = self.assume_some(at, instruction, facts);
        }
        let place: NodeId = self.form_node(
            &Form {
                sum,
                needs: form.needs,
            },
            facts,
        );
        let place = self.where_reached(place, facts);
        let rows = match extent.rows {
            Some(rows) => Some(self.rows(at, &rows, facts)?),
            None => None,
        };
        Some(Claim {
            span: instruction.span,
            place,
            memory,
            size: extent.size,
            align: extent.align,
            rows,
        })
    }

    fn address(&mut self, space: Space, at: At, address: Address) -> Option<Form> {
        match address.base {
            AddressBase::Register(register) => {
                let value = self.values.read(at.0, at.1, register)?;
                let mut form = self.form(value)?;
                let bits = self.function.registers[register.index()].bits();
                if bits < 64 && !matches!(space, Space::Shared | Space::Local) {
                    form = self.widened(
                        form,
                        Width {
                            bits,
                            signed: false,
                        },
                    );
                }
                Some(Form {
                    sum: form.sum.plus(&Polynomial::constant(address.offset))?,
                    ..form
                })
            }
            AddressBase::Variable(symbol) => {
                let (space, start) = self.variable_offset(symbol)?;
                self.address_in(
                    space,
                    i64::try_from(start).ok()?.checked_add(address.offset)?,
                )
            }
            AddressBase::Parameter(_) | AddressBase::Absolute => None,
        }
    }

    /// How the rows of a matrix lie, whose stride is a number of 32 bits without a sign.
    fn rows(&mut self, at: At, rows: &ExtentRows, facts: Option<FactId>) -> Option<RowsClaim> {
        let stride = match rows.stride {
            Operand::Immediate(stride) => Form::constant(i64::try_from(stride).ok()?),
            Operand::Register(register) => {
                let value = self.values.read(at.0, at.1, register)?;
                self.form(value)?
            }
            _ => return None,
        };
        let of = self.form_node(&stride, facts);
        let stride = self.node(Node::LowBits { of, bits: 32 });
        let mut times = |bytes: u32| {
            self.node(Node::Sum {
                constant: 0,
                terms: [(i64::from(bytes), [stride].into())].into(),
            })
        };
        Some(RowsClaim {
            to_last: times(rows.element * rows.behind),
            apart: times(rows.element),
            align: rows.align,
        })
    }

    /// What holds where a copy reads any bytes.
    fn assume_some(
        &mut self,
        at: At,
        instruction: &Instruction,
        facts: Option<FactId>,
    ) -> Option<FactId> {
        let Some(Operand::Register(size)) = instruction.operands.get(3) else {
            return facts;
        };
        match self.values.read(at.0, at.1, *size) {
            Some(value) => self.assume_nonzero(value, facts),
            None => facts,
        }
    }

    /// The memory of a space, and where its addresses begin if no launch tells.
    fn target(&mut self, space: Space, form: &Form) -> Option<(Target, Option<Start>)> {
        let start = match space {
            Space::Shared => Start::Shared,
            Space::Local => Start::Local,
            _ => {
                let small = [Start::Shared, Start::Local];
                let is_small = form.sum.atoms().any(|atom| {
                    matches!(self.atoms.get(atom), Atom::Start(start) if small.contains(start))
                });
                return (!is_small).then_some((Target::Global, None));
            }
        };
        let atom = self.atom(Atom::Start(start))?;
        if form.sum.factor_of(&[atom]) != 1 {
            return None;
        }
        let (_, bytes) = self.function.variable_layout(space);
        let target = match start {
            Start::Local => Target::Local { bytes },
            _ => Target::Shared {
                bytes,
                dynamic: self.dynamic_start(bytes),
            },
        };
        Some((target, Some(start)))
    }

    /// Where the shared memory begins whose size a launch decides, if there is any.
    fn dynamic_start(&self, bytes: u64) -> Option<u64> {
        let dynamic = self
            .function
            .variables
            .iter()
            .filter(|variable| variable.dynamic);
        let align = dynamic.map(|variable| u64::from(variable.align)).max()?;
        Some(bytes.next_multiple_of(align.max(1)))
    }
}
