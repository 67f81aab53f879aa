//! Whether each instruction's operands are what its form takes (PTX ISA, "Operand Type Checking").

use crate::diagnostics::Diagnostics;
use crate::ir::{
    Address, AddressBase, Class, Effect, Function, Instruction, Modifier, Module, NAMED_BARRIERS,
    Opcode, Operand, Register, Role, RoleKind, Space, Symbol, Type,
};

/// The largest access, in bytes (PTX ISA, "Vectors").
const MAX_ACCESS_BYTES: u32 = 16;

pub(super) fn check(module: &Module, function: &Function, found: &mut Diagnostics) {
    for instruction in function.instructions() {
        if found.is_full() {
            return;
        }
        if let Err(message) = check_instruction(module, function, instruction) {
            let name = instruction.form.form().name;
            found.error(instruction.span, format!("`{name}`: {message}"));
        }
    }
}

fn check_instruction(
    module: &Module,
    function: &Function,
    instruction: &Instruction,
) -> Result<(), String> {
    if let Some(why) = instruction.form.form().row.refused {
        return Err(format!("not for untrusted kernels: {why}"));
    }
    for (role, operand) in instruction
        .form
        .form()
        .roles
        .iter()
        .zip(&instruction.operands)
    {
        check_operand(function, instruction, role, operand)?;
    }
    match instruction.opcode() {
        Opcode::Cvt => check_rounding(instruction),
        Opcode::LdParam => {
            check_access(instruction).and_then(|()| check_parameter(function, instruction))
        }
        Opcode::StParam => Err("a kernel's parameters are read only".into()),
        Opcode::Bar | Opcode::BarRed => check_barrier(instruction),
        Opcode::CpAsync => check_copy(instruction),
        _ if instruction.effect().is_access() => check_access(instruction),
        _ => Ok(()),
    }?;
    check_spaces(module, function, instruction)
}

fn check_operand(
    function: &Function,
    instruction: &Instruction,
    role: &Role,
    operand: &Operand,
) -> Result<(), String> {
    let ty = match role.kind {
        RoleKind::Label => return Ok(()),
        RoleKind::Address => return check_address(function, instruction, operand),
        RoleKind::Value(_) => role.value_type(instruction),
    };
    let ty = ty.ok_or("the instruction has no type")?;
    match operand {
        Operand::Register(register) | Operand::Negated(register) => {
            check_register(function, *register, ty, role.wider)
        }
        Operand::Special(special) => {
            let fits = if role.wider {
                ty.accepts_wider(special.ty())
            } else {
                ty.accepts(special.ty())
            };
            if fits {
                Ok(())
            } else {
                Err(format!(
                    "`{}` is {} where {ty} is expected",
                    special.name(),
                    special.ty()
                ))
            }
        }
        Operand::Vector(elements) if role.tuple => {
            let ty = ty
                .element(elements.len())
                .ok_or("2 or 4 registers share these bits")?;
            elements.iter().try_for_each(|element| match element {
                Operand::Register(register) => check_register(function, *register, ty, false),
                _ => Ok(()),
            })
        }
        Operand::Vector(elements) => elements
            .iter()
            .try_for_each(|element| check_operand(function, instruction, role, element)),
        Operand::Immediate(_) | Operand::Hidden(_) | Operand::Sink | Operand::Absent => Ok(()),
        Operand::Symbol(..) if role.destination => {
            Err("the address of a variable cannot be written".into())
        }
        Operand::Symbol(..) if ty.is_integer() && ty.bits() >= 32 => Ok(()),
        Operand::Symbol(..) => Err(format!("an address stands where {ty} is expected")),
        Operand::Address(_) | Operand::Tensor(..) => {
            Err("an address stands where a value is expected".into())
        }
    }
}

fn check_register(
    function: &Function,
    register: Register,
    ty: Type,
    wider: bool,
) -> Result<(), String> {
    let actual = function
        .registers
        .get(register.index())
        .ok_or("a register does not exist")?;
    let fits = if wider {
        ty.accepts_wider(*actual)
    } else {
        ty.accepts(*actual)
    };
    if fits {
        Ok(())
    } else {
        Err(format!("a {actual} register stands where {ty} is expected"))
    }
}

fn check_address(
    function: &Function,
    instruction: &Instruction,
    operand: &Operand,
) -> Result<(), String> {
    let address = match operand {
        Operand::Address(address) => address,
        Operand::Tensor(place) => &place.address,
        _ => return Err("an address in brackets is expected".into()),
    };
    let AddressBase::Register(register) = address.base else {
        return Ok(());
    };
    // Addresses in the small spaces may have 32 bits.
    let is_small = matches!(
        instruction.space(),
        Space::Shared | Space::Local | Space::Const
    );
    let wide = check_register(function, register, Type::B64, false);
    match wide {
        Err(_) if is_small => check_register(function, register, Type::B32, false),
        wide => wide,
    }
    .map_err(|error| format!("address: {error}"))
}

/// A barrier that all threads of the block pass, and those that have ended release.
fn check_barrier(instruction: &Instruction) -> Result<(), String> {
    let reads_value = instruction.opcode() == Opcode::BarRed;
    let barrier = instruction.operands.get(usize::from(reads_value));
    let counts = !reads_value && instruction.operands.len() > 1;
    if barrier != Some(&Operand::Immediate(0)) || counts {
        return Err(format!("not for untrusted kernels: {NAMED_BARRIERS}"));
    }
    Ok(())
}

/// PTX ISA, `cp.async`: 4, 8 or 16 bytes, with `.cg` 16.
fn check_copy(instruction: &Instruction) -> Result<(), String> {
    let size = match instruction.operands.get(2) {
        Some(Operand::Immediate(size)) => *size,
        _ => 0,
    };
    let sizes: &[u64] = if instruction.has(Modifier::Cg) {
        &[16]
    } else {
        &[4, 8, 16]
    };
    if sizes.contains(&size) {
        Ok(())
    } else {
        Err(format!("{size} bytes cannot be copied; {sizes:?} can"))
    }
}

/// A variable is accessed in the space where it lies.
fn check_spaces(
    module: &Module,
    function: &Function,
    instruction: &Instruction,
) -> Result<(), String> {
    for operand in &instruction.operands {
        let Operand::Address(Address {
            base: AddressBase::Variable(symbol),
            ..
        }) = operand
        else {
            continue;
        };
        let variable = match symbol {
            Symbol::Module(index) => module.variables.get(*index as usize),
            Symbol::Function(index) => function.variables.get(*index as usize),
        };
        let variable = variable.ok_or("a variable does not exist")?;
        let accessed = if instruction.opcode() == Opcode::CpAsync {
            variable.space
        } else {
            instruction.space()
        };
        let generic =
            accessed == Space::Generic && matches!(variable.space, Space::Global | Space::Const);
        if accessed != variable.space && !generic {
            let (name, space) = (&variable.name, variable.space);
            return Err(format!(
                "`{name}` lies in {space} memory and is accessed in {accessed}"
            ));
        }
        if variable.space == Space::Const && instruction.effect() != Effect::Load {
            return Err(format!("`{}` is constant", variable.name));
        }
    }
    Ok(())
}

fn check_access(instruction: &Instruction) -> Result<(), String> {
    if instruction.has(Modifier::Nc) && instruction.space() != Space::Global {
        return Err("what never changes is read by `.global.nc`".into());
    }
    let bytes = instruction.access_bytes();
    if bytes > MAX_ACCESS_BYTES {
        return Err(format!(
            "an access of {bytes} bytes is larger than {MAX_ACCESS_BYTES}"
        ));
    }
    Ok(())
}

fn check_parameter(function: &Function, instruction: &Instruction) -> Result<(), String> {
    if instruction.has(Modifier::ParamFunc) {
        return Err("a kernel's parameters are read by `ld.param`".into());
    }
    let Some(Address {
        base: AddressBase::Parameter(index),
        offset,
        ..
    }) = instruction.address()
    else {
        return Err("a parameter's name is expected".into());
    };
    let parameter = function
        .parameters
        .get(*index as usize)
        .ok_or("the parameter does not exist")?;
    let bytes = i64::from(instruction.access_bytes());
    let inside = offset
        .checked_add(bytes)
        .is_some_and(|end| *offset >= 0 && end <= i64::from(parameter.size()));
    if !inside {
        let (name, size) = (&parameter.name, parameter.size());
        return Err(format!(
            "{bytes} bytes at offset {offset} are not in the parameter `{name}` of {size} bytes"
        ));
    }
    let place = i64::from(parameter.offset) + offset;
    if place % bytes != 0 {
        return Err(format!(
            "offset {offset} is no multiple of the access's {bytes} bytes"
        ));
    }
    Ok(())
}

/// PTX ISA, `cvt`: which conversions need a rounding modifier, and of which kind.
fn check_rounding(instruction: &Instruction) -> Result<(), String> {
    let (Some(to), Some(from)) = (instruction.t, instruction.u) else {
        return Err("two types are expected".into());
    };
    let to_integer = [Modifier::Rni, Modifier::Rzi, Modifier::Rmi, Modifier::Rpi];
    let rounds_to_integer = to_integer.iter().any(|modifier| instruction.has(*modifier));
    let directed = [Modifier::Rn, Modifier::Rz, Modifier::Rm, Modifier::Rp];
    let rounds = directed.iter().any(|modifier| instruction.has(*modifier));
    let is_number = |ty: Type| matches!(ty.class(), Class::Float | Class::BFloat);
    if instruction.has(Modifier::Ftz) && to != Type::F32 && from != Type::F32 {
        return Err("only .f32 has small numbers to flush; leave out .ftz".into());
    }
    match (is_number(from), is_number(to)) {
        (true, false) if !rounds_to_integer => {
            Err("a conversion to an integer needs .rni, .rzi, .rmi or .rpi".into())
        }
        (false, true) if !rounds => Err("a conversion from an integer needs .rn".into()),
        (true, true) if from.bits() == to.bits() && from != to && !rounds => {
            Err("a conversion that loses bits needs .rn".into())
        }
        (true, true) if from.bits() > to.bits() && !rounds => {
            Err("a conversion that loses bits needs .rn".into())
        }
        (true, true) if from != to && rounds_to_integer => {
            Err("rounding to an integer needs two equal types".into())
        }
        (true, true) if (from == to || from.bits() < to.bits()) && rounds => {
            Err("nothing is rounded here; leave out .rn".into())
        }
        (false, false) if rounds || rounds_to_integer => Err("integers are not rounded".into()),
        (false, false) if instruction.has(Modifier::Sat) && holds_all(to, from) => {
            Err(format!("every {from} fits {to}; leave out .sat"))
        }
        _ if instruction.has(Modifier::Sat) && [to, from].contains(&Type::Bf16) => {
            Err("no .bf16 is saturated; leave out .sat, or convert by way of .f32".into())
        }
        _ if instruction.has(Modifier::Ftz) && ![to, from].contains(&Type::F32) => {
            Err("only an .f32 is flushed; leave out .ftz".into())
        }
        _ => Ok(()),
    }
}

/// Whether every value of one integer type is a value of the other.
fn holds_all(to: Type, from: Type) -> bool {
    match (from.is_signed(), to.is_signed()) {
        (true, false) => false,
        (false, true) => from.bits() < to.bits(),
        _ => from.bits() <= to.bits(),
    }
}
