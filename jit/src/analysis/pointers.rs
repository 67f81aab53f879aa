//! Which 64-bit parameters are addresses.
//!
//! PTX declares a pointer as `.u64`. A parameter is one if it is converted to a global address (`cvta.to.global`), if
//! it alone reaches the base of a memory access through moves, additions and selections, or if it says `.ptr`. Where two
//! parameters are added, neither is taken for one: the sum does not tell which is the address.

use crate::ir::{
    Address, AddressBase, Function, Instruction, Modifier, Opcode, Operand, Register, Space,
};

/// The parameter that a register was computed from, as an address would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// None: it is no address.
    None,
    /// This one.
    Parameter(u32),
    /// None: it is the generic address of shared or local memory.
    Small,
    /// This one, or shared or local memory.
    Mixed(u32),
    /// One or another.
    Several,
}

impl Root {
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, root) | (root, Self::None) => root,
            (left, right) if left == right => left,
            (Self::Parameter(index) | Self::Mixed(index), Self::Small)
            | (Self::Small, Self::Parameter(index) | Self::Mixed(index)) => Self::Mixed(index),
            (Self::Parameter(left), Self::Mixed(right))
            | (Self::Mixed(left), Self::Parameter(right))
                if left == right =>
            {
                Self::Mixed(left)
            }
            _ => Self::Several,
        }
    }
}

/// For each parameter whether it is an address.
pub(crate) fn pointer_parameters(function: &Function) -> Vec<bool> {
    let roots = roots(function);
    let root = |register: &Register| roots.get(register.index()).copied().unwrap_or(Root::None);
    let mut pointers: Vec<bool> = function
        .parameters
        .iter()
        .map(|parameter| parameter.pointer)
        .collect();
    for instruction in instructions(function) {
        let address = match instruction.opcode() {
            opcode
                if opcode != Opcode::CpAsync
                    && instruction.is_access()
                    && !matches!(instruction.space(), Space::Shared | Space::Local) =>
            {
                match instruction.address() {
                    Some(Address {
                        base: AddressBase::Register(register),
                        ..
                    }) => root(register),
                    _ => Root::None,
                }
            }
            Opcode::Cvta => source_root(instruction, 1, &root),
            Opcode::CpAsync => copied_root(instruction, &root),
            _ => Root::None,
        };
        if let Root::Parameter(index) | Root::Mixed(index) = address
            && let Some(pointer) = pointers.get_mut(index as usize)
        {
            *pointer = true;
        }
    }
    pointers
}

/// The roots of all registers: a fixed point, reached after at most three rises of each register. Each rise looks again at the
/// instructions that read the register, so that the order of the text does not matter.
pub(crate) fn roots(function: &Function) -> Vec<Root> {
    let all: Vec<&Instruction> = instructions(function).collect();
    let mut readers = vec![Vec::new(); function.registers.len()];
    for (index, instruction) in all.iter().enumerate() {
        for operand in instruction.operands.iter().skip(1) {
            if let Operand::Register(register) = operand {
                readers[register.index()].push(index);
            }
        }
    }
    let mut roots = vec![Root::None; function.registers.len()];
    let mut waiting: Vec<usize> = (0..all.len()).rev().collect();
    while let Some(index) = waiting.pop() {
        let root = |register: &Register| roots.get(register.index()).copied().unwrap_or(Root::None);
        let produced = produced_root(function, all[index], &root);
        if let Some(Operand::Register(register)) = all[index].operands.first()
            && let Some(old) = roots.get_mut(register.index())
        {
            let joined = old.join(produced);
            if joined != *old {
                *old = joined;
                waiting.extend(&readers[register.index()]);
            }
        }
    }
    roots
}

/// Whether the generic address of shared or local memory may turn up again in a register of which the roots say otherwise: it is
/// stored, handed to another thread, or computed with in a way that roots do not follow.
pub(crate) fn small_addresses_escape(function: &Function, roots: &[Root]) -> bool {
    let is_small = |operand: &Operand| match operand {
        Operand::Register(register) => {
            let root = roots.get(register.index()).copied();
            matches!(root, Some(Root::Small | Root::Mixed(_) | Root::Several))
        }
        _ => false,
    };
    if !instructions(function).any(casts_small) {
        return false;
    }
    instructions(function).any(|instruction| {
        let mut operands = instruction.operands.iter().enumerate().skip(1);
        // What a store stores comes behind its address; what an access has for an address is none of its values.
        operands.any(|(index, operand)| match operand {
            Operand::Vector(elements) => elements.iter().any(is_small),
            operand => is_small(operand) && !is_followed(instruction, index),
        })
    })
}

/// Whether it makes a generic address of one of shared or local memory.
fn casts_small(instruction: &Instruction) -> bool {
    instruction.opcode() == Opcode::Cvta
        && !instruction.has(Modifier::To)
        && matches!(instruction.space(), Space::Shared | Space::Local)
}

/// Whether roots say what becomes of this operand, or nothing does.
fn is_followed(instruction: &Instruction, index: usize) -> bool {
    match instruction.opcode() {
        Opcode::Mov | Opcode::Cvta => {
            matches!(instruction.operands.first(), Some(Operand::Register(_)))
        }
        Opcode::Add | Opcode::Sub | Opcode::Selp | Opcode::Setp | Opcode::IsSpace => true,
        Opcode::Mad | Opcode::MadWide => index == 3,
        _ => false,
    }
}

fn produced_root(
    function: &Function,
    instruction: &Instruction,
    root: &impl Fn(&Register) -> Root,
) -> Root {
    match instruction.opcode() {
        Opcode::LdParam => match instruction.address() {
            Some(Address {
                base: AddressBase::Parameter(index),
                offset: 0,
                ..
            }) if function
                .parameters
                .get(*index as usize)
                .is_some_and(|p| p.array.is_none() && p.size() == 8) =>
            {
                Root::Parameter(*index)
            }
            _ => Root::None,
        },
        _ if casts_small(instruction) => Root::Small,
        Opcode::Mov | Opcode::Cvta | Opcode::Sub => source_root(instruction, 1, root),
        Opcode::Add | Opcode::Selp => {
            source_root(instruction, 1, root).join(source_root(instruction, 2, root))
        }
        Opcode::Mad | Opcode::MadWide => source_root(instruction, 3, root),
        _ => Root::None,
    }
}

fn source_root(instruction: &Instruction, index: usize, root: &impl Fn(&Register) -> Root) -> Root {
    match instruction.operands.get(index) {
        Some(Operand::Register(register)) => root(register),
        _ => Root::None,
    }
}

/// The root of what `cp.async` reads, its second address.
fn copied_root(instruction: &Instruction, root: &impl Fn(&Register) -> Root) -> Root {
    match instruction.operands.get(1) {
        Some(Operand::Address(Address {
            base: AddressBase::Register(register),
            ..
        })) => root(register),
        _ => Root::None,
    }
}

fn instructions(function: &Function) -> impl Iterator<Item = &Instruction> {
    function.blocks.iter().flat_map(|block| &block.instructions)
}
