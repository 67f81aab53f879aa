//! Numbers of registers and variables, by where the code first names them.
//!
//! Calls that are inlined and parameters that are copied name them in another order than the text does that is printed of the kernel;
//! what nothing names is left out. So the same code has the same numbers, however it was written.

use crate::ir::{AddressBase, Block, Operand, Register, Symbol, Terminator, Type, Variable};

/// Numbers a kernel's registers and variables anew.
pub(super) fn renumber(
    blocks: &mut [Block],
    registers: Vec<Type>,
    variables: Vec<Variable>,
) -> (Vec<Type>, Vec<Variable>) {
    let mut numbers = Numbers {
        registers: Order::of(registers),
        variables: Order::of(variables),
    };
    for block in blocks {
        for instruction in &mut block.instructions {
            if let Some(predicate) = &mut instruction.predicate {
                numbers.register(&mut predicate.register);
            }
            for operand in &mut instruction.operands {
                numbers.operand(operand);
            }
        }
        match &mut block.terminator {
            Terminator::Branch { predicate, .. } => numbers.register(&mut predicate.register),
            Terminator::Switch { index, .. } => numbers.register(index),
            _ => {}
        }
    }
    (numbers.registers.new, numbers.variables.new)
}

struct Numbers {
    registers: Order<Type>,
    variables: Order<Variable>,
}

impl Numbers {
    fn register(&mut self, register: &mut Register) {
        register.0 = self.registers.number(register.0);
    }

    fn symbol(&mut self, symbol: &mut Symbol) {
        if let Symbol::Function(index) = symbol {
            *index = self.variables.number(*index);
        }
    }

    fn base(&mut self, base: &mut AddressBase) {
        match base {
            AddressBase::Register(register) => self.register(register),
            AddressBase::Variable(symbol) => self.symbol(symbol),
            _ => {}
        }
    }

    fn operand(&mut self, operand: &mut Operand) {
        match operand {
            Operand::Register(register) | Operand::Negated(register) => self.register(register),
            Operand::Symbol(symbol, _) => self.symbol(symbol),
            Operand::Address(address) => self.base(&mut address.base),
            Operand::Tensor(place) => {
                self.base(&mut place.address.base);
                let coordinates = place.coordinates.iter_mut();
                coordinates.for_each(|operand| self.operand(operand));
            }
            Operand::Vector(elements) => elements
                .iter_mut()
                .for_each(|operand| self.operand(operand)),
            _ => {}
        }
    }
}

/// Things in the order in which they are first asked for.
struct Order<T> {
    /// By old number; what has moved is none.
    old: Vec<Option<T>>,
    /// By old number, the new one.
    numbers: Vec<u32>,
    new: Vec<T>,
}

impl<T> Order<T> {
    fn of(things: Vec<T>) -> Self {
        Self {
            numbers: vec![0; things.len()],
            old: things.into_iter().map(Some).collect(),
            new: Vec::new(),
        }
    }

    fn number(&mut self, old: u32) -> u32 {
        let index = old as usize;
        if let Some(thing) = self.old.get_mut(index).and_then(Option::take) {
            self.numbers[index] = self.new.len() as u32;
            self.new.push(thing);
        }
        self.numbers.get(index).copied().unwrap_or(0)
    }
}
