//! What the passes use to change a function.

use crate::diagnostics::Span;
use crate::ir::{
    Address, AddressBase, Block, BlockId, FaultCause, FaultSite, Function, Hidden, Instruction,
    Modifier, Opcode, Operand, Predicate, Register, Terminator, Type, form_for, only_form,
};
use smallvec::{SmallVec, smallvec};

/// Puts an empty block before the first one, which loops may lead back to.
pub(super) fn add_prelude(function: &mut Function) {
    let moved = BlockId(function.blocks.len() as u32);
    for block in &mut function.blocks {
        block
            .terminator
            .map_successors(|_, target| if target == BlockId(0) { moved } else { target });
    }
    let prelude = Block::ending(Terminator::Jump(moved));
    if function.blocks.is_empty() {
        function.blocks.push(Block::ending(Terminator::Exit));
        return;
    }
    let first = std::mem::replace(&mut function.blocks[0], prelude);
    function.blocks.push(first);
}

/// A new register.
pub(super) fn add_register(function: &mut Function, ty: Type) -> Register {
    function.registers.push(ty);
    Register(function.registers.len() as u32 - 1)
}

/// A new block.
pub(super) fn add_block(function: &mut Function, block: Block) -> BlockId {
    function.blocks.push(block);
    BlockId(function.blocks.len() as u32 - 1)
}

/// A new block, hardly ever entered, that records a fault.
pub(super) fn add_fault(
    function: &mut Function,
    site: FaultSite,
    offset: Option<Register>,
) -> BlockId {
    let index = function.sites.len() as u32;
    function.sites.push(site);
    let terminator = Terminator::Fault {
        site: index,
        offset,
    };
    add_block(
        function,
        Block {
            cold: true,
            ..Block::ending(terminator)
        },
    )
}

/// A site of this cause.
pub(super) fn site(cause: FaultCause, size: u32, span: Span) -> FaultSite {
    FaultSite { cause, size, span }
}

/// An instruction of the sandbox's own.
pub(super) fn instruction(
    opcode: Opcode,
    t: Type,
    operands: SmallVec<[Operand; 4]>,
) -> Instruction {
    Instruction {
        form: form_for(opcode, t),
        t: Some(t),
        u: None,
        modifiers: SmallVec::new(),
        predicate: None,
        operands,
        span: Span::default(),
    }
}

/// `d = a op b`
pub(super) fn binary(opcode: Opcode, t: Type, d: Register, a: Operand, b: Operand) -> Instruction {
    instruction(opcode, t, smallvec![Operand::Register(d), a, b])
}

/// `d = a compared with b`
pub(super) fn compare(how: Modifier, t: Type, d: Register, a: Operand, b: Operand) -> Instruction {
    let operands = smallvec![Operand::Register(d), Operand::Absent, a, b, Operand::Absent];
    Instruction {
        modifiers: smallvec![how],
        ..instruction(Opcode::Setp, t, operands)
    }
}

/// Puts the stop word into a register.
pub(super) fn read_stop_word(function: &mut Function, word: Register) -> [Instruction; 2] {
    let address = add_register(function, Type::B64);
    let stop = Operand::Hidden(Hidden::Stop);
    let place = Operand::Address(Address::new(AddressBase::Register(address), 0));
    [
        instruction(
            Opcode::Mov,
            Type::U64,
            smallvec![Operand::Register(address), stop],
        ),
        instruction(
            Opcode::LdSandbox,
            Type::U32,
            smallvec![Operand::Register(word), place],
        ),
    ]
}

/// `cvt.to.from`
pub(super) fn convert(to: Type, from: Type, d: Register, a: Register) -> Instruction {
    let operands = smallvec![Operand::Register(d), Operand::Register(a)];
    Instruction {
        u: Some(from),
        ..instruction(Opcode::Cvt, to, operands)
    }
}

/// `cvta.to.space`: a generic address as one of the space.
pub(super) fn cast(space: Modifier, d: Register, a: Register) -> Instruction {
    let operands = smallvec![Operand::Register(d), Operand::Register(a)];
    instruction(Opcode::Cvta, Type::U64, operands).with_modifiers(&[Modifier::To, space])
}

/// `isspacep.space`
pub(super) fn is_space(space: Modifier, d: Register, a: Register) -> Instruction {
    let operands = smallvec![Operand::Register(d), Operand::Register(a)];
    Instruction {
        t: Some(Type::U64),
        ..form_of(Opcode::IsSpace, operands).with_modifiers(&[space])
    }
}

/// `d = p ? a : b`
pub(super) fn select(t: Type, d: Register, a: Operand, b: Operand, p: Register) -> Instruction {
    instruction(
        Opcode::Selp,
        t,
        smallvec![Operand::Register(d), a, b, Operand::Register(p)],
    )
}

/// An instruction of the first form that an opcode has.
pub(super) fn form_of(opcode: Opcode, operands: SmallVec<[Operand; 4]>) -> Instruction {
    Instruction {
        form: only_form(opcode),
        t: None,
        u: None,
        modifiers: SmallVec::new(),
        predicate: None,
        operands,
        span: Span::default(),
    }
}

/// To one block if the register is true, to the other if not.
pub(super) fn branch(register: Register, then: BlockId, otherwise: BlockId) -> Terminator {
    Terminator::Branch {
        predicate: Predicate {
            register,
            negated: false,
        },
        then,
        otherwise,
    }
}
