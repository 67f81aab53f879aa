//! Variables become places in memory that the sandbox hands out.
//!
//! A module's own variables lie in the guest's window, one instance a loaded module: compiled code is shared between guests and may name
//! none. A kernel's shared and local variables lie one behind the other in one array each, so that one check holds for all of them.

use super::editor::{add_register, binary, convert};
use crate::ir::{
    Address, AddressBase, Function, Hidden, Instruction, Module, Opcode, Operand, Register, Space,
    Symbol, Type,
};

/// Where variables lie.
struct Layout {
    module: Vec<Place>,
    function: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    space: Space,
    offset: u64,
    /// Size in bytes; none where a launch decides it.
    bytes: Option<u64>,
    align: u32,
}

/// Where a module's own variables lie.
pub(crate) struct ModuleLayout(Vec<Place>);

impl ModuleLayout {
    pub(crate) fn of(module: &Module) -> Self {
        let (offsets, _) = module.variable_layout();
        let places = module.variables.iter().zip(offsets);
        Self(
            places
                .map(|(variable, offset)| Place {
                    space: variable.space,
                    offset,
                    bytes: Some(variable.bytes),
                    align: variable.align,
                })
                .collect(),
        )
    }
}

impl Layout {
    fn of(module: &ModuleLayout, function: &Function) -> Self {
        let shared = function.variable_layout(Space::Shared).0;
        let local = function.variable_layout(Space::Local).0;
        let places = function.variables.iter().zip(shared.iter().zip(&local));
        Self {
            module: module.0.clone(),
            function: places
                .map(|(variable, (shared, local))| Place {
                    space: variable.space,
                    offset: if variable.space == Space::Shared {
                        *shared
                    } else {
                        *local
                    },
                    bytes: (!variable.dynamic).then_some(variable.bytes),
                    align: variable.align,
                })
                .collect(),
        }
    }

    fn place(&self, symbol: Symbol) -> Option<Place> {
        match symbol {
            Symbol::Module(index) => self.module.get(index as usize).copied(),
            Symbol::Function(index) => self.function.get(index as usize).copied(),
        }
    }
}

pub(super) fn run(function: &mut Function, module: &ModuleLayout) {
    let layout = Layout::of(module, function);
    for index in 0..function.blocks.len() {
        if !function.blocks[index]
            .instructions
            .iter()
            .any(names_variable)
        {
            continue;
        }
        let instructions = std::mem::take(&mut function.blocks[index].instructions);
        let mut relocated = Vec::with_capacity(instructions.len());
        for mut instruction in instructions {
            relocate(function, &layout, &mut instruction, &mut relocated);
            relocated.push(instruction);
        }
        function.blocks[index].instructions = relocated;
    }
}

fn names_variable(instruction: &Instruction) -> bool {
    instruction.operands.iter().any(is_variable)
}

fn is_variable(operand: &Operand) -> bool {
    match operand {
        Operand::Symbol(..) => true,
        Operand::Address(address) => matches!(address.base, AddressBase::Variable(_)),
        Operand::Vector(elements) => elements.iter().any(is_variable),
        _ => false,
    }
}

fn relocate(
    function: &mut Function,
    layout: &Layout,
    instruction: &mut Instruction,
    before: &mut Vec<Instruction>,
) {
    let size = instruction.access_bytes();
    let is_plain = instruction.effect().is_access() && instruction.opcode() != Opcode::CpAsync;
    let types: Vec<Option<Type>> = (instruction.form.form().roles.iter())
        .map(|role| role.value_type(instruction))
        .collect();
    for (operand, ty) in instruction.operands.iter_mut().zip(types) {
        match operand {
            Operand::Symbol(symbol, offset) => {
                let (symbol, offset) = (*symbol, *offset);
                *operand = symbol_value(function, layout, symbol, offset, ty, before);
            }
            Operand::Vector(elements) => {
                for element in elements {
                    if let Operand::Symbol(symbol, offset) = *element {
                        *element = symbol_value(function, layout, symbol, offset, ty, before);
                    }
                }
            }
            Operand::Address(address) => {
                let AddressBase::Variable(symbol) = address.base else {
                    continue;
                };
                let Some(place) = layout.place(symbol) else {
                    continue;
                };
                let proved = is_plain && lies_inside(place, address.offset, size);
                let total = place.offset.wrapping_add(address.offset as u64);
                let register = sum(function, base(symbol, place.space), total, before);
                *address = Address {
                    proved,
                    covered: address.covered,
                    ..Address::new(AddressBase::Register(register), 0)
                };
            }
            _ => {}
        }
    }
}

/// Whether an access at a constant place of a variable lies inside and is aligned.
fn lies_inside(place: Place, offset: i64, size: u32) -> bool {
    let size = u64::from(size);
    let (Some(bytes), Ok(offset)) = (place.bytes, u64::try_from(offset)) else {
        return false;
    };
    let is_aligned =
        size > 0 && u64::from(place.align).is_multiple_of(size) && offset.is_multiple_of(size);
    is_aligned && offset.checked_add(size).is_some_and(|end| end <= bytes)
}

fn symbol_value(
    function: &mut Function,
    layout: &Layout,
    symbol: Symbol,
    offset: i64,
    ty: Option<Type>,
    before: &mut Vec<Instruction>,
) -> Operand {
    let Some(place) = layout.place(symbol) else {
        return Operand::Immediate(0);
    };
    let total = place.offset.wrapping_add(offset as u64);
    let wide = sum(function, base(symbol, place.space), total, before);
    if ty.is_none_or(|ty| ty.bits() != 32) {
        return Operand::Register(wide);
    }
    let narrow = add_register(function, Type::B32);
    before.push(convert(Type::U32, Type::U64, narrow, wide));
    Operand::Register(narrow)
}

fn sum(
    function: &mut Function,
    base: Hidden,
    offset: u64,
    before: &mut Vec<Instruction>,
) -> Register {
    let register = add_register(function, Type::B64);
    let (base, offset) = (Operand::Hidden(base), Operand::Immediate(offset));
    before.push(binary(Opcode::Add, Type::U64, register, base, offset));
    register
}

fn base(symbol: Symbol, space: Space) -> Hidden {
    match (symbol, space) {
        (Symbol::Module(_), _) => Hidden::Variables,
        (Symbol::Function(_), Space::Shared) => Hidden::SharedBase,
        (Symbol::Function(_), _) => Hidden::LocalBase,
    }
}
