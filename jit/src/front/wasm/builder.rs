//! Registers, blocks and instructions of the kernel that is being made.

use super::span;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{
    Block, BlockId, FaultCause, FaultSite, Instruction, Modifier, Opcode, Operand, Predicate,
    Register, Terminator, Type, form_for,
};
use crate::limits::{MAX_INSTRUCTIONS, MAX_REGISTERS, max_lowered_instructions};
use smallvec::SmallVec;

/// What the kernels of a module may still become, all together.
pub(super) struct Budget {
    /// Instructions of WebAssembly that are read, those of inlined functions each time.
    operators: usize,
    /// Instructions and blocks that are written.
    instructions: usize,
    /// How many these were at first.
    most_instructions: usize,
}

impl Budget {
    /// What a module of so many bytes may become.
    pub(super) fn of_module(bytes: usize) -> Self {
        let most_instructions = max_lowered_instructions(bytes);
        Self {
            operators: MAX_INSTRUCTIONS,
            instructions: most_instructions,
            most_instructions,
        }
    }
}

/// A kernel in the making.
///
/// What passes a limit is left out and remembered, so that those who write need not ask: [`Builder::check`] tells them.
pub(super) struct Builder<'b> {
    budget: &'b mut Budget,
    exceeded: Option<Diagnostic>,
    pub(super) registers: Vec<Type>,
    pub(super) blocks: Vec<Block>,
    pub(super) sites: Vec<FaultSite>,
    current: BlockId,
    span: Span,
}

impl<'b> Builder<'b> {
    /// A kernel with one empty block.
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        Self {
            budget,
            exceeded: None,
            registers: Vec::new(),
            blocks: vec![Block::ending(Terminator::Exit)],
            sites: Vec::new(),
            current: BlockId(0),
            span: Span::default(),
        }
    }

    /// Goes to the next instruction of the source.
    pub(super) fn at(&mut self, offset: usize) {
        self.span = span(offset);
        match self.budget.operators.checked_sub(1) {
            Some(left) => self.budget.operators = left,
            None => self.exceed_instructions(MAX_INSTRUCTIONS),
        }
    }

    /// What was exceeded, if anything was.
    pub(super) fn check(&mut self) -> Result<(), Diagnostic> {
        self.exceeded.take().map_or(Ok(()), Err)
    }

    fn exceed(&mut self, message: String) {
        let span = self.span;
        self.exceeded
            .get_or_insert_with(|| Diagnostic::error(span, message));
    }

    fn exceed_instructions(&mut self, most: usize) {
        self.exceed(format!(
            "the kernels become more than {most} instructions, each call counted as what it calls: split the module"
        ));
    }

    /// Whether one more instruction or block may be written.
    fn spend(&mut self) -> bool {
        match self.budget.instructions.checked_sub(1) {
            Some(left) => self.budget.instructions = left,
            None => self.exceed_instructions(self.budget.most_instructions),
        }
        self.exceeded.is_none()
    }

    /// Where the instruction that is being lowered stands.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// A new register.
    pub(super) fn register(&mut self, ty: Type) -> Register {
        if self.registers.len() >= MAX_REGISTERS {
            self.exceed(format!(
                "a kernel uses more than {MAX_REGISTERS} registers: split it"
            ));
            return Register(0);
        }
        self.registers.push(ty);
        Register(self.registers.len() as u32 - 1)
    }

    /// The type of a register.
    pub(super) fn type_of(&self, register: Register) -> Type {
        self.registers
            .get(register.index())
            .copied()
            .unwrap_or(Type::B32)
    }

    /// A new block, which [`Builder::enter`] begins.
    pub(super) fn block(&mut self) -> BlockId {
        if !self.spend() {
            return BlockId(0);
        }
        self.blocks.push(Block::ending(Terminator::Exit));
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// The block that instructions are added to.
    pub(super) fn current(&self) -> BlockId {
        self.current
    }

    /// From here on, instructions are added to this block.
    pub(super) fn enter(&mut self, block: BlockId) {
        self.current = block;
    }

    /// Ends the current block.
    pub(super) fn end(&mut self, terminator: Terminator) {
        if let Some(block) = self.blocks.get_mut(self.current.index()) {
            block.terminator = terminator;
        }
    }

    /// Ends the current block with a choice.
    pub(super) fn branch(&mut self, predicate: Predicate, then: BlockId, otherwise: BlockId) {
        self.end(Terminator::Branch {
            predicate,
            then,
            otherwise,
        });
    }

    /// Ends the kernel with a fault where the predicate holds; goes on in a new block.
    pub(super) fn fault_if(&mut self, predicate: Predicate, cause: FaultCause) {
        let (fault, next) = (self.block(), self.block());
        self.branch(predicate, fault, next);
        self.enter(fault);
        let site = self.sites.len() as u32;
        self.end(Terminator::Fault { site, offset: None });
        if let Some(block) = self.blocks.get_mut(fault.index()) {
            block.cold = true;
        }
        self.sites.push(FaultSite {
            cause,
            size: 0,
            span: self.span,
        });
        self.enter(next);
    }

    /// Adds an instruction to the current block.
    pub(super) fn emit(
        &mut self,
        opcode: Opcode,
        types: (Type, Option<Type>),
        modifiers: &[Modifier],
        operands: impl IntoIterator<Item = Operand>,
    ) {
        let (current, span) = (self.current, self.span);
        if !self.spend() {
            return;
        }
        if let Some(block) = self.blocks.get_mut(current.index()) {
            block.instructions.push(Instruction {
                form: form_for(opcode, types.0),
                t: Some(types.0),
                u: types.1,
                modifiers: SmallVec::from_slice(modifiers),
                predicate: None,
                operands: operands.into_iter().collect(),
                span,
            });
        }
    }

    /// `d = opcode(operands)`, in a new register that holds the instruction's type.
    pub(super) fn compute<const N: usize>(
        &mut self,
        opcode: Opcode,
        t: Type,
        modifiers: &[Modifier],
        operands: [Operand; N],
    ) -> Register {
        let d = self.register(held(t));
        let operands = std::iter::once(Operand::Register(d)).chain(operands);
        self.emit(opcode, (t, None), modifiers, operands);
        d
    }

    /// `cvt.to.from`, in a new register of type `d`.
    pub(super) fn convert(
        &mut self,
        d: Type,
        to: Type,
        from: Type,
        rounding: &[Modifier],
        a: Register,
    ) -> Register {
        let d = self.register(d);
        let operands = [Operand::Register(d), Operand::Register(a)];
        self.emit(Opcode::Cvt, (to, Some(from)), rounding, operands);
        d
    }

    /// `setp`, in a new predicate register.
    pub(super) fn compare(&mut self, how: Modifier, t: Type, a: Operand, b: Operand) -> Register {
        let d = self.register(Type::Pred);
        let operands = [Operand::Register(d), Operand::Absent, a, b, Operand::Absent];
        self.emit(Opcode::Setp, (t, None), &[how], operands);
        d
    }

    /// `selp`, in a new register.
    pub(super) fn choose(&mut self, t: Type, a: Operand, b: Operand, c: Predicate) -> Register {
        let d = self.register(t);
        self.choose_into(d, t, a, b, c);
        d
    }

    /// `selp`
    pub(super) fn choose_into(
        &mut self,
        d: Register,
        t: Type,
        a: Operand,
        b: Operand,
        c: Predicate,
    ) {
        let (a, b) = if c.negated { (b, a) } else { (a, b) };
        let operands = [Operand::Register(d), a, b, Operand::Register(c.register)];
        self.emit(Opcode::Selp, (t, None), &[], operands);
    }

    /// `mov`
    pub(super) fn copy(&mut self, d: Register, a: Operand) {
        let t = self.type_of(d);
        self.emit(Opcode::Mov, (t, None), &[], [Operand::Register(d), a]);
    }
}

/// The type of registers for an instruction's results: stack slots have a width and are a number or bits.
pub(super) fn held(t: Type) -> Type {
    match t.bits() {
        _ if t.is_float() => t,
        1 => Type::Pred,
        64 => Type::B64,
        _ => Type::B32,
    }
}

/// The predicate that a register is.
pub(super) fn holds(register: Register) -> Predicate {
    Predicate {
        register,
        negated: false,
    }
}
