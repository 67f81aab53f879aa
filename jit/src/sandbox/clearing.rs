//! Shared and local memory are zero when a block begins: on a GPU they hold what the kernel before left there.
//!
//! Its loops stop as the kernel's own do, and their conditions are the guards of their stores. A block's memory is mostly no more than a
//! few stores of each thread: those are written out, and lead past the loop, which hardly anybody enters.

use super::editor::{
    add_block, add_register, binary, branch, compare, convert, form_of, instruction,
};
use crate::ir::{
    Address, AddressBase, Block, BlockId, Function, Hidden, Instruction, Modifier, Opcode, Operand,
    Register, Space, SpecialRegister, Terminator, Type,
};
use smallvec::smallvec;

/// Bytes of local memory up to which each store is written out.
const WRITTEN_OUT: u64 = 256;

/// Stores of a thread to its block's memory that stand before the loop.
const BEFORE_THE_LOOP: usize = 4;

/// Bytes of the widest store.
const WIDEST: u64 = 16;

/// Puts what clears a function's memory behind its prelude.
pub(super) fn run(function: &mut Function) {
    let has = |space| {
        let mut variables = function.variables.iter();
        variables.any(|variable| variable.space == space)
    };
    let (shared, local) = (has(Space::Shared), has(Space::Local));
    let Some(Terminator::Jump(first)) = function.blocks.first().map(|it| it.terminator.clone())
    else {
        return;
    };
    let mut clearing = Clearing {
        current: BlockId(0),
        zero: Register(0),
        function,
    };
    if local {
        clearing.clear_local();
    }
    if shared {
        clearing.clear_shared();
    }
    let current = clearing.current;
    function.blocks[current.index()].terminator = Terminator::Jump(first);
}

struct Clearing<'a> {
    function: &'a mut Function,
    /// Where the next instruction goes.
    current: BlockId,
    zero: Register,
}

/// A loop that stores zeros: from a byte on, in steps, as long as a store ends at or before another.
#[derive(Clone)]
struct Sweep {
    space: Modifier,
    base: Hidden,
    bytes: u64,
    at: Register,
    step: Operand,
    end: Operand,
}

impl Clearing<'_> {
    fn push(&mut self, instruction: Instruction) {
        let block = &mut self.function.blocks[self.current.index()];
        block.instructions.push(instruction);
    }

    fn register(&mut self, ty: Type) -> Register {
        add_register(self.function, ty)
    }

    fn move_in(&mut self, ty: Type, value: Operand) -> Register {
        let register = self.register(ty);
        let t = if ty.bits() == 64 {
            Type::U64
        } else {
            Type::U32
        };
        let operands = smallvec![Operand::Register(register), value];
        self.push(instruction(Opcode::Mov, t, operands));
        register
    }

    fn compute(&mut self, opcode: Opcode, a: Register, b: Operand) -> Register {
        let result = self.register(Type::B32);
        let ty = match opcode {
            Opcode::And => Type::B32,
            _ => Type::U32,
        };
        let done = binary(opcode, ty, result, Operand::Register(a), b);
        // The lower half of a product; other operations have no such word.
        self.push(done.with_modifiers(&[Modifier::Lo]));
        result
    }

    fn make_zero(&mut self) {
        self.zero = self.move_in(Type::B32, Operand::Immediate(0));
    }

    /// A thread's own memory: its size is known.
    fn clear_local(&mut self) {
        let bytes = self.function.variable_bytes(Space::Local);
        if bytes == 0 {
            return;
        }
        self.make_zero();
        let mut at = 0;
        if bytes > WRITTEN_OUT {
            at = bytes / WIDEST * WIDEST;
            let begin = self.move_in(Type::B32, Operand::Immediate(0));
            self.sweep(&Sweep {
                space: Modifier::Local,
                base: Hidden::LocalBase,
                bytes: WIDEST,
                at: begin,
                step: Operand::Immediate(WIDEST),
                end: Operand::Immediate(bytes),
            });
        }
        while at < bytes {
            let width = [16, 8, 4, 1]
                .into_iter()
                .find(|width| at + width <= bytes)
                .unwrap_or(1);
            let place = self.register(Type::B64);
            let (base, offset) = (Operand::Hidden(Hidden::LocalBase), Operand::Immediate(at));
            self.push(binary(Opcode::Add, Type::U64, place, base, offset));
            self.store(Modifier::Local, width, place);
            at += width;
        }
    }

    /// A block's memory: its threads share the work, and wait for each other.
    fn clear_shared(&mut self) {
        self.make_zero();
        use SpecialRegister::{NtidX, NtidY, NtidZ, TidX, TidY, TidZ};
        let [x, y, z, width, height, depth] = [TidX, TidY, TidZ, NtidX, NtidY, NtidZ]
            .map(|special| self.move_in(Type::B32, Operand::Special(special)));
        let rows = self.compute(Opcode::Mul, z, Operand::Register(height));
        let row = self.compute(Opcode::Add, rows, Operand::Register(y));
        let before = self.compute(Opcode::Mul, row, Operand::Register(width));
        let thread = self.compute(Opcode::Add, before, Operand::Register(x));
        let plane = self.compute(Opcode::Mul, width, Operand::Register(height));
        let threads = self.compute(Opcode::Mul, plane, Operand::Register(depth));
        let end = Operand::Hidden(Hidden::SharedSize);
        let widest = Operand::Immediate(WIDEST);
        let begin = self.compute(Opcode::Mul, thread, widest.clone());
        let step = self.compute(Opcode::Mul, threads, widest);
        self.sweep_mostly_before_the_loop(&Sweep {
            space: Modifier::Shared,
            base: Hidden::SharedBase,
            bytes: WIDEST,
            at: begin,
            step: Operand::Register(step),
            end: end.clone(),
        });
        let mut after = None;
        if self.may_have_a_rest() {
            let wide = self.move_in(Type::B64, end.clone());
            let size = self.register(Type::B32);
            self.push(convert(Type::U32, Type::U64, size, wide));
            after = Some(self.unless_multiple(size));
            let whole = Operand::Immediate(u64::from(!(WIDEST as u32 - 1)));
            let whole = self.compute(Opcode::And, size, whole);
            let begin = self.compute(Opcode::Add, whole, Operand::Register(thread));
            self.sweep(&Sweep {
                space: Modifier::Shared,
                base: Hidden::SharedBase,
                bytes: 1,
                at: begin,
                step: Operand::Register(threads),
                end,
            });
        }
        if let Some(after) = after {
            self.function.blocks[self.current.index()].terminator = Terminator::Jump(after);
            self.current = after;
        }
        let barrier = form_of(Opcode::Bar, smallvec![Operand::Immediate(0)]);
        self.push(barrier.with_modifiers(&[]));
    }

    /// Whether the size may be no multiple of the widest store's: it is one where all of it is declared and fits.
    fn may_have_a_rest(&self) -> bool {
        let mut variables = self.function.variables.iter();
        let is_dynamic = variables.any(|it| it.dynamic && it.space == Space::Shared);
        is_dynamic
            || !self
                .function
                .variable_bytes(Space::Shared)
                .is_multiple_of(WIDEST)
    }

    /// Goes on in a block that is for sizes which are no multiple of the widest store's; hands back the one that is for all.
    fn unless_multiple(&mut self, size: Register) -> BlockId {
        let low_bits = self.compute(Opcode::And, size, Operand::Immediate(WIDEST - 1));
        let is_multiple = self.register(Type::Pred);
        let (rest, none) = (Operand::Register(low_bits), Operand::Immediate(0));
        self.push(compare(Modifier::Eq, Type::U32, is_multiple, rest, none));
        let rest = self.cold_block();
        let after = add_block(self.function, Block::ending(Terminator::Exit));
        self.function.blocks[self.current.index()].terminator = branch(is_multiple, after, rest);
        self.current = rest;
        after
    }

    fn cold_block(&mut self) -> BlockId {
        let block = Block {
            cold: true,
            ..Block::ending(Terminator::Exit)
        };
        add_block(self.function, block)
    }

    /// The first rounds of a sweep one after the other, each of which leads past all others where it is at the end.
    fn sweep_mostly_before_the_loop(&mut self, sweep: &Sweep) {
        let after = add_block(self.function, Block::ending(Terminator::Exit));
        let mut at = sweep.at;
        for _ in 0..BEFORE_THE_LOOP {
            let body = add_block(self.function, Block::ending(Terminator::Exit));
            let offset = self.leave_at_end(sweep, at, body, after);
            self.store_at(sweep, offset);
            at = self.compute(Opcode::Add, at, sweep.step.clone());
        }
        let rest = self.cold_block();
        self.function.blocks[self.current.index()].terminator = Terminator::Jump(rest);
        self.current = rest;
        let at = self.move_in(Type::B32, Operand::Register(at));
        self.sweep(&Sweep {
            at,
            ..sweep.clone()
        });
        self.function.blocks[self.current.index()].terminator = Terminator::Jump(after);
        self.current = after;
    }

    /// Goes on in a block where a store at this offset ends in time, else in another one; the offset in 64 bits.
    fn leave_at_end(
        &mut self,
        sweep: &Sweep,
        at: Register,
        body: BlockId,
        after: BlockId,
    ) -> Register {
        let [offset, end] = [(); 2].map(|()| self.register(Type::B64));
        self.push(convert(Type::U64, Type::U32, offset, at));
        let (from, bytes) = (Operand::Register(offset), Operand::Immediate(sweep.bytes));
        self.push(binary(Opcode::Add, Type::U64, end, from, bytes));
        let ends = self.register(Type::Pred);
        let (end, limit) = (Operand::Register(end), sweep.end.clone());
        self.push(compare(Modifier::Gt, Type::U64, ends, end, limit));
        self.function.blocks[self.current.index()].terminator = branch(ends, after, body);
        self.current = body;
        offset
    }

    fn store_at(&mut self, sweep: &Sweep, offset: Register) {
        let place = self.register(Type::B64);
        let (offset, base) = (Operand::Register(offset), Operand::Hidden(sweep.base));
        self.push(binary(Opcode::Add, Type::U64, place, offset, base));
        self.store(sweep.space, sweep.bytes, place);
    }

    /// `for (; at + bytes <= end; at += step) store(base + at);`, where the condition is the guard of the store.
    fn sweep(&mut self, sweep: &Sweep) {
        let cold = self.function.blocks[self.current.index()].cold;
        let [head, body, after] = [(); 3].map(|()| match cold {
            true => self.cold_block(),
            false => add_block(self.function, Block::ending(Terminator::Exit)),
        });
        self.function.blocks[self.current.index()].terminator = Terminator::Jump(head);
        self.current = head;
        // It is a multiple already; here it is one that can be seen.
        let multiple = Operand::Immediate(u64::from(!(sweep.bytes as u32 - 1)));
        let at = self.compute(Opcode::And, sweep.at, multiple);
        let offset = self.leave_at_end(sweep, at, body, after);
        self.store_at(sweep, offset);
        let at = Operand::Register(sweep.at);
        self.push(binary(
            Opcode::Add,
            Type::U32,
            sweep.at,
            at,
            sweep.step.clone(),
        ));
        self.function.blocks[body.index()].terminator = Terminator::Jump(head);
        self.current = after;
    }

    fn store(&mut self, space: Modifier, bytes: u64, place: Register) {
        let zero = Operand::Register(self.zero);
        let place = Address {
            proved: true,
            ..Address::new(AddressBase::Register(place), 0)
        };
        let count = (bytes / 4).max(1);
        let (ty, value) = match count {
            1 => (if bytes == 1 { Type::B8 } else { Type::B32 }, zero),
            _ => (Type::B32, Operand::Vector(vec![zero; count as usize])),
        };
        let store = instruction(Opcode::St, ty, smallvec![Operand::Address(place), value]);
        let wanted = match count {
            1 => vec![space],
            2 => vec![space, Modifier::V2],
            _ => vec![space, Modifier::V4],
        };
        self.push(store.with_modifiers(&wanted));
    }
}
