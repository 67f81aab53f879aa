//! How values differ between neighbouring threads that run in step.
//!
//! A group is some neighbours of a row, a power of two of them, the first one's `%tid.x` a multiple of their number. As long as all
//! of a group take the same way, a register holds in them one value, values that step evenly, or anything. What is found here holds for
//! a register wherever it is written: each of its definitions says so.
//!
//! Sums that step evenly could wrap around between two threads. Values are known to be multiples of a power of two, and where that is as
//! large as all steps of a group together, no carry leaves the bits that the steps use, so that nothing wraps and shifts and masks
//! act on these bits alone.

mod facts;

use crate::ir::{
    Address, AddressBase, Effect, Function, Hidden, Instruction, Modifier, Opcode, Operand,
    Register, SpecialRegister, Type,
};
use facts::{
    Fact, NOTHING, add, constant, fit, logic_most, logic_zeros, mask, multiply, plain, scaled,
};

/// How a register differs between the threads of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// One value.
    Uniform,
    /// The first thread's value, and each next one's is larger by this.
    Even(i64),
    /// Anything.
    Varying,
}

/// Definitions after whose growth a bound is given up: a loop counts up without an end that is seen here.
const PATIENCE: u32 = 4;

/// The classes of a function's registers for groups of so many threads.
pub(crate) fn lanes(function: &Function, group: u32) -> Vec<Lanes> {
    let mut analysis = Analysis {
        function,
        group: u64::from(group),
        facts: vec![NOTHING; function.registers.len()],
        growth: vec![0; function.registers.len()],
    };
    let mut changed = true;
    while changed {
        changed = false;
        for instruction in function.instructions() {
            changed |= analysis.visit(instruction);
        }
    }
    // What is never written is zero in every thread.
    let facts = analysis.facts.into_iter();
    facts
        .map(|fact| fact.lanes.unwrap_or(Lanes::Uniform))
        .collect()
}

struct Analysis<'a> {
    function: &'a Function,
    group: u64,
    facts: Vec<Fact>,
    growth: Vec<u32>,
}

impl Analysis<'_> {
    /// Joins what an instruction writes to what is known; says whether that is news.
    fn visit(&mut self, instruction: &Instruction) -> bool {
        let mut fact = self.result(instruction);
        let mut changed = false;
        for register in instruction.destinations() {
            let predicate = instruction.predicate.map(|predicate| predicate.register);
            match predicate.map(|register| self.facts[register.index()].lanes) {
                None | Some(Some(Lanes::Uniform)) => {}
                Some(None) => continue,
                Some(Some(_)) => fact = plain(Lanes::Varying),
            }
            changed |= self.join(register, fact);
        }
        changed
    }

    fn join(&mut self, register: Register, fact: Fact) -> bool {
        let index = register.index();
        let old = self.facts[index];
        let ty = self.function.registers[index];
        let mask = mask(ty);
        let lanes = match (old.lanes, fact.lanes.map(|lanes| fit(lanes, ty))) {
            (None, lanes) | (lanes, None) => lanes,
            (left, right) if left == right => left,
            _ => Some(Lanes::Varying),
        };
        let mut most = old.most.max(fact.most.min(mask));
        if most > old.most {
            self.growth[index] += 1;
            if self.growth[index] > PATIENCE {
                most = mask;
            }
        }
        let joined = Fact {
            lanes,
            zeros: old.zeros.min(fact.zeros),
            most,
        };
        self.facts[index] = joined;
        joined != old
    }

    fn operand(&self, instruction: &Instruction, index: usize) -> Fact {
        match instruction.operands.get(index) {
            Some(operand) => self.value(operand),
            None => plain(Lanes::Varying),
        }
    }

    fn value(&self, operand: &Operand) -> Fact {
        match operand {
            Operand::Register(register) => self.facts[register.index()],
            Operand::Negated(register) => Fact {
                zeros: 0,
                most: 1,
                ..self.facts[register.index()]
            },
            Operand::Immediate(bits) => constant(*bits),
            Operand::Special(special) => self.special(*special),
            Operand::Hidden(hidden) => Fact {
                lanes: Some(Lanes::Uniform),
                zeros: match hidden {
                    Hidden::SharedBase | Hidden::LocalBase => 64,
                    Hidden::WindowBase => 16,
                    _ => 0,
                },
                most: match hidden {
                    Hidden::SharedBase | Hidden::LocalBase => 0,
                    _ => u64::MAX,
                },
            },
            Operand::Address(Address { base, .. }) => match base {
                AddressBase::Register(register) => self.facts[register.index()],
                _ => plain(Lanes::Uniform),
            },
            Operand::Absent | Operand::Sink => plain(Lanes::Uniform),
            _ => plain(Lanes::Varying),
        }
    }

    fn special(&self, special: SpecialRegister) -> Fact {
        use SpecialRegister as S;
        let group_zeros = self.group.trailing_zeros();
        match special {
            S::TidX | S::LaneId => Fact {
                lanes: Some(Lanes::Even(1)),
                zeros: group_zeros,
                most: if special == S::TidX { 1023 } else { 31 },
            },
            // A kernel runs in groups only where its rows are groups.
            S::NtidX => Fact {
                lanes: Some(Lanes::Uniform),
                zeros: group_zeros,
                most: 1024,
            },
            S::TidY | S::TidZ | S::NtidY | S::NtidZ | S::WarpId => Fact {
                lanes: Some(Lanes::Uniform),
                zeros: 0,
                most: 1024,
            },
            S::LanemaskEq | S::LanemaskLe | S::LanemaskLt | S::LanemaskGe | S::LanemaskGt => {
                plain(Lanes::Varying)
            }
            _ => plain(Lanes::Uniform),
        }
    }

    /// Whether the steps of a group stay in bits that are zero in the first thread's value, among so many lowest ones: what is
    /// carried out of a value's width is lost, and a sign is extended.
    fn is_contained(&self, fact: Fact, step: i64, bits: u32) -> bool {
        step > 0
            && (step as u64).is_power_of_two()
            && (step as u64)
                .checked_mul(self.group)
                .map(u64::trailing_zeros)
                .is_some_and(|reach| fact.zeros >= reach && reach <= bits)
    }

    /// The bits that differ between the threads of a group.
    fn moving_bits(&self, step: i64) -> u64 {
        step as u64 * (self.group - 1)
    }

    fn result(&self, instruction: &Instruction) -> Fact {
        let t = instruction.t;
        let is_integer = t.is_some_and(Type::is_integer);
        match instruction.opcode() {
            Opcode::Mov if t != Some(Type::Pred) => self.operand(instruction, 1),
            Opcode::Cvta
                if instruction.has(Modifier::Global) || instruction.has(Modifier::Const) =>
            {
                self.operand(instruction, 1)
            }
            Opcode::Add | Opcode::Sub if is_integer && !instruction.has(Modifier::Sat) => {
                let (a, b) = (self.operand(instruction, 1), self.operand(instruction, 2));
                add(a, b, instruction.opcode() == Opcode::Sub)
            }
            Opcode::Mul if is_integer && instruction.has(Modifier::Lo) => {
                multiply(self.factor(instruction, 1), self.factor(instruction, 2))
            }
            Opcode::Mad if is_integer && instruction.has(Modifier::Lo) => {
                let product = multiply(self.factor(instruction, 1), self.factor(instruction, 2));
                add(product, self.operand(instruction, 3), false)
            }
            Opcode::MulWide | Opcode::MadWide if t.is_some_and(|t| t.bits() == 32) => {
                let product = multiply(self.widened(instruction, 1), self.widened(instruction, 2));
                if instruction.opcode() == Opcode::MulWide {
                    product
                } else {
                    add(product, self.operand(instruction, 3), false)
                }
            }
            Opcode::Shl if t.is_some_and(|t| t.bits() >= 32) => self.shift_left(instruction),
            Opcode::Shr if t.is_some_and(|t| t.bits() >= 32) => self.shift_right(instruction),
            Opcode::And | Opcode::Or | Opcode::Xor if t != Some(Type::Pred) => {
                self.logic(instruction)
            }
            Opcode::Cvt if is_integer && instruction.u.is_some_and(Type::is_integer) => {
                self.convert(instruction)
            }
            Opcode::Min if is_integer && t.is_some_and(|t| !t.is_signed()) => {
                let (a, b) = (self.operand(instruction, 1), self.operand(instruction, 2));
                Fact {
                    most: a.most.min(b.most),
                    ..self.of_all(instruction)
                }
            }
            _ => self.of_all(instruction),
        }
    }

    /// Uniform if all that an instruction reads is.
    fn of_all(&self, instruction: &Instruction) -> Fact {
        let gives_one_value = match instruction.effect() {
            Effect::Pure => true,
            Effect::Load => !instruction.is_ordered() || instruction.opcode() == Opcode::LdSandbox,
            _ => false,
        };
        if !gives_one_value {
            return plain(Lanes::Varying);
        }
        let roles = &instruction.form.form().roles;
        let read = roles
            .iter()
            .zip(&instruction.operands)
            .filter(|(role, _)| !role.destination);
        let mut known = true;
        for (_, operand) in read {
            let elements = match operand {
                Operand::Vector(elements) => elements.as_slice(),
                single => std::slice::from_ref(single),
            };
            for element in elements {
                match self.value(element).lanes {
                    Some(Lanes::Uniform) => {}
                    None => known = false,
                    _ => return plain(Lanes::Varying),
                }
            }
        }
        if known {
            plain(Lanes::Uniform)
        } else {
            NOTHING
        }
    }

    /// An operand, and its value if it is a constant.
    fn factor(&self, instruction: &Instruction, index: usize) -> (Fact, Option<i64>) {
        let value = match instruction.operands.get(index) {
            Some(Operand::Immediate(bits)) => {
                let unused = 64 - instruction.t.map_or(64, Type::bits);
                Some((bits << unused) as i64 >> unused)
            }
            _ => None,
        };
        (self.operand(instruction, index), value)
    }

    /// As [`Analysis::factor`], of 32 bits made 64.
    fn widened(&self, instruction: &Instruction, index: usize) -> (Fact, Option<i64>) {
        let (fact, value) = self.factor(instruction, index);
        let is_signed = instruction.t.is_some_and(Type::is_signed);
        let value = value.map(|value| {
            if is_signed {
                value
            } else {
                i64::from(value as u32)
            }
        });
        let mut wide = self.widen(fact, 32, is_signed);
        if let Some(value) = value {
            wide = constant(value as u64);
        }
        (wide, value)
    }

    fn widen(&self, fact: Fact, from: u32, is_signed: bool) -> Fact {
        let sign_is_clear = fact.most < 1 << (from - 1);
        let most = if is_signed && !sign_is_clear {
            u64::MAX
        } else {
            fact.most
        };
        let lanes = match fact.lanes {
            Some(Lanes::Even(step))
                if !self.is_contained(fact, step, from - u32::from(is_signed)) =>
            {
                Some(Lanes::Varying)
            }
            lanes => lanes,
        };
        // An immediate is held in its width.
        Fact {
            lanes,
            zeros: fact.zeros,
            most,
        }
    }

    fn convert(&self, instruction: &Instruction) -> Fact {
        let (Some(to), Some(from)) = (instruction.t, instruction.u) else {
            return plain(Lanes::Varying);
        };
        let fact = self.operand(instruction, 1);
        let has_width = |operand: Option<&Operand>, ty: Type| match operand {
            Some(Operand::Register(register)) => {
                self.function.registers[register.index()].bits() == ty.bits()
            }
            _ => true,
        };
        // A register may be wider than the type: what is above it is cut off, or filled.
        let fits = has_width(instruction.operands.first(), to)
            && has_width(instruction.operands.get(1), from);
        let is_plain =
            fits && to.bits() >= 32 && from.bits() >= 32 && !instruction.has(Modifier::Sat);
        if !is_plain {
            return self.of_all(instruction);
        }
        if to.bits() > from.bits() {
            self.widen(fact, from.bits(), from.is_signed())
        } else {
            fact
        }
    }

    fn amount(&self, instruction: &Instruction) -> Option<u32> {
        let bits = instruction.t.map_or(0, Type::bits);
        match instruction.operands.get(2) {
            Some(Operand::Immediate(amount)) if *amount < u64::from(bits) => Some(*amount as u32),
            _ => None,
        }
    }

    fn shift_left(&self, instruction: &Instruction) -> Fact {
        let fact = self.operand(instruction, 1);
        let Some(amount) = self.amount(instruction) else {
            return self.of_all(instruction);
        };
        let most = fact.most.checked_shl(amount);
        Fact {
            lanes: scaled(fact.lanes, 1 << amount),
            zeros: (fact.zeros + amount).min(64),
            most: most
                .filter(|most| most >> amount == fact.most)
                .unwrap_or(u64::MAX),
        }
    }

    fn shift_right(&self, instruction: &Instruction) -> Fact {
        let fact = self.operand(instruction, 1);
        let (Some(amount), Some(t)) = (self.amount(instruction), instruction.t) else {
            return self.of_all(instruction);
        };
        let lanes = match fact.lanes {
            Some(Lanes::Even(step))
                if self.is_contained(fact, step, t.bits() - u32::from(t.is_signed())) =>
            {
                let moving = self.moving_bits(step);
                match moving >> amount {
                    0 => Some(Lanes::Uniform),
                    _ if step >> amount << amount == step => Some(Lanes::Even(step >> amount)),
                    _ => Some(Lanes::Varying),
                }
            }
            Some(Lanes::Even(_)) => Some(Lanes::Varying),
            lanes => lanes,
        };
        let sign_is_clear = fact.most < 1 << (t.bits() - 1);
        let most = if t.is_signed() && !sign_is_clear {
            u64::MAX
        } else {
            fact.most >> amount
        };
        Fact {
            lanes,
            zeros: if most == 0 {
                64
            } else {
                fact.zeros.saturating_sub(amount)
            },
            most,
        }
    }

    fn logic(&self, instruction: &Instruction) -> Fact {
        let (a, b) = (self.operand(instruction, 1), self.operand(instruction, 2));
        let (even, other, constant) = match (a.lanes, b.lanes, &instruction.operands[2]) {
            (Some(Lanes::Even(_)), Some(Lanes::Uniform), Operand::Immediate(bits)) => {
                (a, b, Some(*bits))
            }
            (Some(Lanes::Even(_)), Some(Lanes::Uniform), _) => (a, b, None),
            (Some(Lanes::Uniform), Some(Lanes::Even(_)), _) => (b, a, None),
            _ => {
                return Fact {
                    zeros: logic_zeros(instruction.opcode(), a, b),
                    most: logic_most(instruction.opcode(), a, b),
                    ..self.of_all(instruction)
                };
            }
        };
        let Some(Lanes::Even(step)) = even.lanes else {
            return plain(Lanes::Varying);
        };
        let is_low_mask = |bits: u64| bits & bits.wrapping_add(1) == 0;
        let lanes = if instruction.opcode() == Opcode::And
            && constant.is_some_and(|bits| is_low_mask(bits) && step as u64 & bits == 0)
        {
            // The steps do not reach the bits that are kept.
            Lanes::Uniform
        } else if self.is_contained(even, step, instruction.t.map_or(0, Type::bits)) {
            self.logic_lanes(instruction.opcode(), step, other, constant)
        } else {
            Lanes::Varying
        };
        Fact {
            lanes: Some(lanes),
            zeros: logic_zeros(instruction.opcode(), even, other),
            most: logic_most(instruction.opcode(), even, other),
        }
    }

    /// Of evenly stepping values and one value, whose bits are known if it is a constant.
    fn logic_lanes(&self, opcode: Opcode, step: i64, other: Fact, constant: Option<u64>) -> Lanes {
        let moving = self.moving_bits(step);
        // Bits of the other value at the moving ones; none if they are not known.
        let met = match constant {
            Some(bits) => Some(bits & moving),
            None if other.zeros >= 64 - moving.leading_zeros() => Some(0),
            None => None,
        };
        match (opcode, met) {
            (Opcode::And, Some(0)) => Lanes::Uniform,
            (Opcode::And, Some(met)) if met == moving => Lanes::Even(step),
            (Opcode::Or | Opcode::Xor, Some(0)) => Lanes::Even(step),
            (Opcode::Or, Some(met)) if met == moving => Lanes::Uniform,
            _ => Lanes::Varying,
        }
    }
}
