//! Whether each instruction's operands are what its form takes (PTX ISA, "Operand Type Checking").

use crate::diagnostics::Diagnostics;
use crate::ir::{
    Address, AddressBase, Function, Instruction, Modifier, Opcode, Operand, Register, Role,
    RoleKind, RoleType, Type,
};

/// The largest access, in bytes (PTX ISA, "Vectors").
const MAX_ACCESS_BYTES: u32 = 16;

pub(super) fn check(function: &Function, found: &mut Diagnostics) {
    for instruction in function.blocks.iter().flat_map(|block| &block.instructions) {
        if found.is_full() {
            return;
        }
        if let Err(message) = check_instruction(function, instruction) {
            let name = instruction.form.form().name;
            found.error(instruction.span, format!("`{name}`: {message}"));
        }
    }
}

fn check_instruction(function: &Function, instruction: &Instruction) -> Result<(), String> {
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
        Opcode::Ld | Opcode::St => check_access(instruction),
        Opcode::LdParam => {
            check_access(instruction).and_then(|()| check_parameter(function, instruction))
        }
        _ => Ok(()),
    }
}

fn check_operand(
    function: &Function,
    instruction: &Instruction,
    role: &Role,
    operand: &Operand,
) -> Result<(), String> {
    let ty = match role.kind {
        RoleKind::Label => return Ok(()),
        RoleKind::Address => return check_address(function, operand),
        RoleKind::Value(RoleType::T) => instruction.t,
        RoleKind::Value(RoleType::U) => instruction.u,
        RoleKind::Value(RoleType::Wide) => instruction.t.and_then(Type::widened),
        RoleKind::Value(RoleType::Fixed(ty)) => Some(ty),
    };
    let ty = ty.ok_or("the instruction has no type")?;
    match operand {
        Operand::Register(register) | Operand::Negated(register) => {
            check_register(function, *register, ty, role.wider)
        }
        Operand::Special(special) => {
            let fits = if role.wider {
                ty.accepts_wider(Type::U32)
            } else {
                ty.accepts(Type::U32)
            };
            if fits {
                Ok(())
            } else {
                Err(format!(
                    "`{}` is .u32 where {ty} is expected",
                    special.name()
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
        Operand::Address(_) => Err("an address stands where a value is expected".into()),
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

fn check_address(function: &Function, operand: &Operand) -> Result<(), String> {
    match operand {
        Operand::Address(Address {
            base: AddressBase::Register(register),
            ..
        }) => check_register(function, *register, Type::B64, false)
            .map_err(|error| format!("address: {error}")),
        Operand::Address(_) => Ok(()),
        _ => Err("an address in brackets is expected".into()),
    }
}

fn check_access(instruction: &Instruction) -> Result<(), String> {
    let bytes = instruction.access_bytes();
    if bytes > MAX_ACCESS_BYTES {
        return Err(format!(
            "an access of {bytes} bytes is larger than {MAX_ACCESS_BYTES}"
        ));
    }
    Ok(())
}

fn check_parameter(function: &Function, instruction: &Instruction) -> Result<(), String> {
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
    let rounds = instruction.has(Modifier::Rn);
    match (from.is_float(), to.is_float()) {
        (true, false) if !rounds_to_integer => {
            Err("a conversion to an integer needs .rni, .rzi, .rmi or .rpi".into())
        }
        (false, true) if !rounds => Err("a conversion from an integer needs .rn".into()),
        (true, true) if from.bits() > to.bits() && !rounds => {
            Err("a conversion that loses bits needs .rn".into())
        }
        (true, true) if from.bits() != to.bits() && rounds_to_integer => {
            Err("rounding to an integer needs two equal types".into())
        }
        (true, true) if from.bits() <= to.bits() && rounds => {
            Err("nothing is rounded here; leave out .rn".into())
        }
        (false, false) if rounds || rounds_to_integer => Err("integers are not rounded".into()),
        (false, false) if instruction.has(Modifier::Sat) && holds_all(to, from) => {
            Err(format!("every {from} fits {to}; leave out .sat"))
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
