//! Generic addresses are resolved to their spaces.
//!
//! A kernel without variables in shared or local memory has no address there, and neither has a parameter: both are taken for
//! addresses in the window, and a guard faults on what is none. Elsewhere the address decides at each access, but that of a matrix's rows,
//! which lie in shared memory.

use super::editor::{add_block, add_register, binary, branch, cast, is_space};
use super::sums::Pointers;
use crate::ir::{
    Address, AddressBase, Block, FormId, Function, Instruction, Modifier, Opcode, Operand,
    Register, Space, Terminator, Type, form_for,
};

pub(super) fn run(function: &mut Function) {
    name_shared(function);
    let has = |space| {
        let mut variables = function.variables.iter();
        variables.any(|variable| variable.space == space)
    };
    let spaces = (has(Space::Shared), has(Space::Local));
    if spaces == (false, false) {
        return;
    }
    let pointers = Pointers::of(function);
    let mut index = 0;
    while index < function.blocks.len() {
        let instructions = &function.blocks[index].instructions;
        let generic = instructions
            .iter()
            .position(|instruction| is_generic(instruction, &pointers));
        if let Some(place) = generic {
            resolve(function, index, place, spaces);
        } else {
            index += 1;
        }
    }
}

/// Rows of matrices lie in shared memory and nowhere else: any other address is held against it and faults.
fn name_shared(function: &mut Function) {
    let is_unnamed = |instruction: &Instruction| {
        matches!(instruction.opcode(), Opcode::LdMatrix | Opcode::StMatrix)
            && instruction.space() == Space::Generic
    };
    for index in 0..function.blocks.len() {
        if !function.blocks[index].instructions.iter().any(is_unnamed) {
            continue;
        }
        let instructions = std::mem::take(&mut function.blocks[index].instructions);
        for access in instructions {
            if !is_unnamed(&access) {
                function.blocks[index].instructions.push(access);
                continue;
            }
            let (sum, address) = sum_of(function, &access);
            let small = add_register(function, Type::B64);
            let named = at(&access, Modifier::Shared, small);
            let instructions = &mut function.blocks[index].instructions;
            instructions.extend(sum);
            instructions.push(cast(Modifier::Shared, small, address));
            instructions.push(named);
        }
    }
}

/// The address of an access, and what computes it.
fn sum_of(function: &mut Function, access: &Instruction) -> (Option<Instruction>, Register) {
    let address = add_register(function, Type::B64);
    let sum = access.address().map(|place| {
        let base = match place.base {
            AddressBase::Register(base) => Operand::Register(base),
            _ => Operand::Immediate(0),
        };
        let offset = Operand::Immediate(place.offset as u64);
        binary(Opcode::Add, Type::U64, address, base, offset)
    });
    (sum, address)
}

fn is_generic(instruction: &Instruction, pointers: &Pointers) -> bool {
    let is_access = instruction.is_access()
        && !matches!(instruction.opcode(), Opcode::LdSandbox | Opcode::CpAsync)
        && instruction.space() == Space::Generic;
    let Some(Address {
        base: AddressBase::Register(register),
        covered,
        ..
    }) = instruction.address()
    else {
        return false;
    };
    // What is proved of a generic address is that it lies in the window.
    is_access && covered.is_none() && !pointers.is_parameter(*register)
}

/// Splits a block at a generic access, and puts one access for each space in its place.
fn resolve(function: &mut Function, index: usize, place: usize, spaces: (bool, bool)) {
    let rest = function.blocks[index].instructions.split_off(place + 1);
    let Some(access) = function.blocks[index].instructions.pop() else {
        return;
    };
    let cold = function.blocks[index].cold;
    let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
    let after = add_block(
        function,
        Block {
            instructions: rest,
            terminator: last,
            cold,
        },
    );
    let (sum, address) = sum_of(function, &access);
    let inside = add_register(function, Type::Pred);
    function.blocks[index].instructions.extend(sum);
    let mut current = index;
    let in_local = spaces.1 && matches!(access.opcode(), Opcode::Ld | Opcode::St);
    for (space, possible) in [(Modifier::Shared, spaces.0), (Modifier::Local, in_local)] {
        if !possible {
            continue;
        }
        let small = add_register(function, Type::B64);
        let block = Block {
            instructions: vec![cast(space, small, address), at(&access, space, small)],
            ..Block::ending(Terminator::Jump(after))
        };
        let there = add_block(function, block);
        let elsewhere = add_block(function, Block::ending(Terminator::Exit));
        let test = is_space(space, inside, address);
        function.blocks[current].instructions.push(test);
        function.blocks[current].terminator = branch(inside, there, elsewhere);
        current = elsewhere.index();
    }
    let global = at(&access, Modifier::Global, address);
    function.blocks[current].instructions.push(global);
    function.blocks[current].terminator = Terminator::Jump(after);
}

/// The access in one space, at an address of that space.
fn at(access: &Instruction, space: Modifier, address: Register) -> Instruction {
    let mut access = access.clone();
    let mut wanted = access.modifiers.to_vec();
    if let (true, Some(form)) = (space != Modifier::Global, plain_form(&access)) {
        wanted.retain(|modifier| means_something(*modifier, space));
        access.form = form;
        access.operands.truncate(form.form().roles.len());
    }
    wanted.push(space);
    let mut access = access.with_modifiers(&wanted);
    for operand in &mut access.operands {
        if matches!(operand, Operand::Address(_)) {
            *operand = Operand::Address(Address::new(AddressBase::Register(address), 0));
        }
    }
    access
}

/// The form of a load or store that takes any space.
fn plain_form(access: &Instruction) -> Option<FormId> {
    let opcode = match access.opcode() {
        Opcode::Ld | Opcode::Ldu => Opcode::Ld,
        Opcode::St => Opcode::St,
        _ => return None,
    };
    Some(form_for(opcode, access.t?))
}

/// Whether a word means something in the memory of a block or a thread: what it says of caches does not, and other threads see
/// nothing of a thread's own.
fn means_something(modifier: Modifier, space: Modifier) -> bool {
    match modifier {
        Modifier::V2 | Modifier::V4 => true,
        Modifier::Volatile
        | Modifier::Relaxed
        | Modifier::Acquire
        | Modifier::Release
        | Modifier::Cta
        | Modifier::Cluster
        | Modifier::Gpu
        | Modifier::Sys => space == Modifier::Shared,
        _ => false,
    }
}
