//! Instructions, spelt as their rows say.

use crate::ir::{
    Address, AddressBase, Function, Hidden, Instruction, Operand, Predicate, Register, Slot,
    Symbol, Type,
};

/// The name of the launch record's address in a sandboxed kernel.
pub(super) const RECORD: &str = "%launch";

/// Where the fields of the launch record lie that the printed code reads.
pub(super) fn hidden_offset(hidden: Hidden) -> u32 {
    match hidden {
        Hidden::WindowBase => 0,
        Hidden::WindowMapped => 8,
        Hidden::Granules => 16,
        Hidden::Stop => 24,
        Hidden::Variables => 40,
        Hidden::SharedSize => 48,
        Hidden::Look => 56,
        // The addresses of two arrays, which no launch decides.
        Hidden::SharedBase | Hidden::LocalBase => 0,
    }
}

/// What a variable is called.
pub(super) fn variable_name(function: &Function, symbol: Symbol) -> String {
    match symbol {
        Symbol::Module(index) => module_variable_name(index),
        Symbol::Function(index) => match function.variables.get(index as usize) {
            Some(variable) if variable.dynamic => dynamic_name(variable.align),
            _ => format!("f{index}"),
        },
    }
}

/// What one of the module's own variables is called.
pub(super) fn module_variable_name(index: u32) -> String {
    format!("v{index}")
}

/// What the shared memory is called whose size a launch decides: all of one alignment begins at one place.
pub(super) fn dynamic_name(align: u32) -> String {
    format!("d{align}")
}

/// Where the address of the fault record lies in the launch record.
pub(super) const FAULT_OFFSET: u32 = 32;

/// Bytes of the launch record.
pub(super) const RECORD_BYTES: u32 = 64;

pub(super) fn register(function: &Function, register: Register) -> String {
    let prefix = match function.registers.get(register.index()) {
        Some(Type::Pred) => "%p",
        Some(ty) if ty.is_float() && ty.bits() == 32 => "%f",
        Some(ty) if ty.is_float() && ty.bits() == 64 => "%fd",
        Some(ty) if ty.bits() == 64 => "%rd",
        Some(ty) if ty.bits() == 32 => "%r",
        Some(ty) if ty.bits() == 8 => "%rb",
        _ => "%rs",
    };
    format!("{prefix}{}", register.0)
}

pub(super) fn predicate(function: &Function, predicate: Predicate) -> String {
    let negation = if predicate.negated { "!" } else { "" };
    format!("@{negation}{} ", register(function, predicate.register))
}

/// One instruction with its end of line.
pub(super) fn print(text: &mut String, function: &Function, instruction: &Instruction) {
    text.push('\t');
    if let Some(condition) = instruction.predicate {
        text.push_str(&predicate(function, condition));
    }
    print_name(text, instruction);
    for (index, (role, given)) in instruction
        .form
        .form()
        .roles
        .iter()
        .zip(&instruction.operands)
        .enumerate()
    {
        if *given == Operand::Absent || role.implicit {
            continue;
        }
        text.push_str(match (index, role.paired) {
            (0, _) => " ",
            (_, true) => "|",
            (_, false) => ", ",
        });
        let ty = role.value_type(instruction);
        text.push_str(&operand(function, given, ty.unwrap_or(Type::B64)));
    }
    text.push_str(";\n");
}

/// Name, modifiers and types of an instruction, as they are printed.
pub(crate) fn print_name(text: &mut String, instruction: &Instruction) {
    let form = instruction.form.form();
    text.push_str(form.name);
    let mut chosen = instruction.modifiers.iter().peekable();
    for slot in &form.slots {
        let word = match slot {
            Slot::Modifier { choices, .. } => chosen
                .next_if(|modifier| choices.contains(modifier))
                .map(|chosen| chosen.name()),
            Slot::T => instruction.t.map(Type::name),
            Slot::Fixed(ty) => Some(ty.name()),
            Slot::U => instruction.u.map(Type::name),
            // The sandbox's own memory is global memory, on a GPU. Who writes the stop word meanwhile must be seen, past any cache.
            Slot::Internal => Some(match instruction.t {
                Some(Type::U32) => "volatile.global",
                _ => "global",
            }),
        };
        if let Some(word) = word {
            text.push('.');
            text.push_str(word);
        }
    }
}

fn operand(function: &Function, operand: &Operand, ty: Type) -> String {
    match operand {
        Operand::Register(value) => register(function, *value),
        Operand::Negated(value) => format!("!{}", register(function, *value)),
        Operand::Immediate(bits) => immediate(*bits, ty),
        Operand::Special(special) => special.name().to_owned(),
        Operand::Hidden(hidden) => hidden_register(*hidden).to_owned(),
        Operand::Symbol(symbol, 0) => variable_name(function, *symbol),
        Operand::Symbol(symbol, offset) => {
            format!("{}{offset:+}", variable_name(function, *symbol))
        }
        Operand::Address(address) => format!("[{}]", self::address(function, address)),
        Operand::Tensor(place) => {
            let address = address(function, &place.address);
            let coordinates = braced(function, &place.coordinates, Type::B32);
            format!("[{address}, {coordinates}]")
        }
        Operand::Vector(elements) => braced(function, elements, ty),
        Operand::Sink => "_".to_owned(),
        Operand::Absent => String::new(),
    }
}

fn braced(function: &Function, elements: &[Operand], ty: Type) -> String {
    let elements = elements
        .iter()
        .map(|element| operand(function, element, ty));
    format!("{{{}}}", elements.collect::<Vec<_>>().join(", "))
}

/// The registers that hold the launch record's fields in a sandboxed kernel.
pub(super) fn hidden_register(hidden: Hidden) -> &'static str {
    match hidden {
        Hidden::WindowBase => "%window_base",
        Hidden::WindowMapped => "%window_mapped",
        Hidden::Granules => "%granules",
        Hidden::Stop => "%stop",
        Hidden::Variables => "%variables",
        Hidden::SharedBase => "%shared_base",
        Hidden::SharedSize => "%shared_size",
        Hidden::Look => "%look",
        Hidden::LocalBase => "%local_base",
    }
}

fn address(function: &Function, address: &Address) -> String {
    let base = match address.base {
        AddressBase::Register(base) => register(function, base),
        AddressBase::Parameter(index) => format!("p{index}"),
        AddressBase::Variable(symbol) => variable_name(function, symbol),
        AddressBase::Absolute => return address.offset.to_string(),
    };
    match address.offset {
        0 => base,
        // The vendor's assembler takes `+-4`, but not `-4`.
        offset => format!("{base}+{offset}"),
    }
}

fn immediate(bits: u64, ty: Type) -> String {
    match ty {
        Type::F32 => format!("0f{bits:08X}"),
        Type::F64 => format!("0d{bits:016X}"),
        // There is no spelling for the bits of a small float, but its value has one.
        Type::F16 => double(half::f16::from_bits(bits as u16).to_f64()),
        Type::Bf16 => double(half::bf16::from_bits(bits as u16).to_f64()),
        _ if ty.is_signed() => {
            let unused = 64 - ty.bits();
            ((bits << unused) as i64 >> unused).to_string()
        }
        _ => bits.to_string(),
    }
}

fn double(value: f64) -> String {
    format!("0d{:016X}", value.to_bits())
}
