//! One guard for several accesses, one branch: on a GPU each branch costs more than the comparison before it.
//!
//! Accesses at constant distances from one register are held against their memory by the first and the last of them: where the
//! first begins before the end, and the last ends there, no sum between them has wrapped around. The code that is branched to when
//! a guard fails is never run else; it looks at one access after the other, to tell which it was.

use super::editor::{
    add_block, add_fault, add_register, binary, branch, compare, convert, instruction, site,
};
use super::held::{AtEnds, Held, Shown, space_of};
use super::runs::{Run, base, is_simple};
use super::small::small_base;
use super::sums::{Pointers, Sum, Sums};
use crate::diagnostics::Span;
use crate::ir::{
    Address, AddressBase, Block, BlockId, FaultCause, Function, Hidden, Instruction, Modifier,
    Opcode, Operand, Register, Space, Terminator, Type,
};
use smallvec::smallvec;

/// Bytes between accesses that are held against their memory together, at most.
const MOST_BYTES: i64 = 1 << 16;

pub(super) fn run(function: &mut Function) {
    let simple = |function: &Function| {
        let mut instructions = function.instructions();
        instructions.any(|instruction| is_simple(function, instruction))
    };
    if !simple(function) {
        return;
    }
    let pointers = Pointers::of(function);
    let mut at_ends = AtEnds::of(function);
    for block in at_ends.order() {
        let mut shown = at_ends.before(block);
        let index = block.index();
        let mut instructions = std::mem::take(&mut function.blocks[index].instructions);
        shown.mark(function, &mut instructions);
        let is_guarded = instructions.iter().any(|it| is_simple(function, it));
        function.blocks[index].instructions = instructions;
        if is_guarded {
            guard_block(function, index, &pointers, &mut shown);
        } else {
            let instructions = function.blocks[index].instructions.iter();
            instructions.for_each(|instruction| shown.after(instruction));
        }
        at_ends.set(block, shown);
    }
}

fn guard_block(function: &mut Function, index: usize, pointers: &Pointers, shown: &mut Shown) {
    let mut rest = std::mem::take(&mut function.blocks[index].instructions);
    let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
    let mut guard = Guard {
        function,
        current: BlockId(index as u32),
    };
    let mut sums = Sums::default();
    loop {
        let first = rest.iter().position(|it| is_simple(guard.function, it));
        let behind = rest.split_off(first.unwrap_or(rest.len()));
        for instruction in rest {
            sums.after(&instruction, pointers);
            shown.after(&instruction);
            guard.push(instruction);
        }
        if behind.is_empty() {
            break;
        }
        let run = Run::of(guard.function, &behind);
        let mut groups = Group::all(guard.function, &behind, &run);
        let mut behind = behind.into_iter();
        let mut kept = Vec::new();
        for (place, mut instruction) in behind.by_ref().take(run.length).enumerate() {
            if run.before[place] {
                sums.after(&instruction, pointers);
                shown.after(&instruction);
                guard.push(instruction);
            } else {
                mark(&mut instruction, run.accesses.contains(&place));
                kept.push((place, instruction));
            }
        }
        guard.stand_before(&mut groups, &sums);
        shown.add(groups.iter().map(Group::held));
        for (place, mut instruction) in kept {
            if let Some(group) = groups.iter().find(|group| group.holds(place)) {
                group.rebase(&mut instruction);
            }
            sums.after(&instruction, pointers);
            shown.after(&instruction);
            guard.push(instruction);
        }
        rest = behind.collect();
        shown.mark(guard.function, &mut rest);
    }
    let current = guard.current;
    function.blocks[current.index()].terminator = last;
}

fn mark(instruction: &mut Instruction, is_guarded: bool) {
    for operand in &mut instruction.operands {
        if let Operand::Address(address) = operand {
            address.proved |= is_guarded;
        }
    }
}

/// An access of a group.
#[derive(Clone, Copy)]
struct Member {
    /// Its place in the run.
    place: usize,
    /// What is added to the group's register.
    offset: i64,
    bytes: u32,
    span: Span,
}

/// Accesses at constant distances from one register.
struct Group {
    space: Space,
    base: Register,
    is_narrow: bool,
    members: Vec<Member>,
    /// Where the first access lies in its memory; and of small memory also as an address of 64 bits.
    first: Register,
    address: Option<Register>,
}

impl Group {
    fn all(function: &Function, instructions: &[Instruction], run: &Run) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for place in &run.accesses {
            let access = &instructions[*place];
            let (Some(base), Some(address)) = (base(access), access.address()) else {
                continue;
            };
            let space = space_of(access);
            let member = Member {
                place: *place,
                offset: address.offset,
                bytes: access.access_bytes(),
                span: access.span,
            };
            let fits = |group: &&mut Self| {
                let near = |other: &Member| {
                    let distance = other.offset.checked_sub(member.offset);
                    distance.is_some_and(|it| it.abs() < MOST_BYTES)
                };
                group.space == space && group.base == base && group.members.iter().all(near)
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.members.push(member),
                None => groups.push(Self {
                    space,
                    base,
                    is_narrow: function.registers[base.index()].bits() == 32,
                    members: vec![member],
                    first: base,
                    address: None,
                }),
            }
        }
        groups
    }

    fn holds(&self, place: usize) -> bool {
        self.members.iter().any(|member| member.place == place)
    }

    fn is_small(&self) -> bool {
        self.space != Space::Global
    }

    fn least(&self) -> i64 {
        let offsets = self.members.iter().map(|member| member.offset);
        offsets.min().unwrap_or(0)
    }

    /// Bytes from where the first access begins to where the last ends.
    fn extent(&self) -> u64 {
        let ends = self.members.iter();
        let ends = ends.map(|member| self.distance(member) + u64::from(member.bytes));
        ends.max().unwrap_or(0)
    }

    /// What is known once its guard has been passed.
    fn held(&self) -> Held {
        let aligned = self
            .members
            .iter()
            .map(|member| (member.offset, member.bytes));
        Held {
            space: self.space,
            base: self.base,
            least: self.least(),
            end: self.least().saturating_add_unsigned(self.extent()),
            aligned: aligned.collect(),
            address: self.address,
        }
    }

    fn distance(&self, member: &Member) -> u64 {
        (member.offset - self.least()) as u64
    }

    /// The accesses whose alignment implies that of all: no other one is as wide at a multiple of its bytes from there.
    fn widest(&self) -> Vec<Member> {
        let mut by_size = self.members.clone();
        by_size.sort_by_key(|member| std::cmp::Reverse(member.bytes));
        let mut widest: Vec<Member> = Vec::new();
        for member in by_size {
            let implied = |other: &Member| {
                (other.offset - member.offset)
                    .unsigned_abs()
                    .is_multiple_of(u64::from(member.bytes.max(1)))
            };
            if member.bytes > 1 && !widest.iter().any(implied) {
                widest.push(member);
            }
        }
        widest
    }

    /// Lets an access to small memory count from the address of 64 bits.
    fn rebase(&self, instruction: &mut Instruction) {
        let Some(register) = self.address else { return };
        for operand in &mut instruction.operands {
            if let Operand::Address(address) = operand {
                *address = Address {
                    base: AddressBase::Register(register),
                    offset: address.offset - self.least(),
                    ..*address
                };
            }
        }
    }
}

/// Writes guards at the end of a block, and goes on in a new one after each.
struct Guard<'a> {
    function: &'a mut Function,
    current: BlockId,
}

impl Guard<'_> {
    fn push(&mut self, instruction: Instruction) {
        let block = &mut self.function.blocks[self.current.index()];
        block.instructions.push(instruction);
    }

    fn compute(&mut self, opcode: Opcode, a: Operand, b: Operand) -> Register {
        let result = add_register(self.function, Type::B64);
        let ty = match opcode {
            Opcode::And => Type::B64,
            _ => Type::U64,
        };
        self.push(binary(opcode, ty, result, a, b));
        result
    }

    fn is(&mut self, how: Modifier, a: Register, b: Operand) -> Register {
        let result = add_register(self.function, Type::Pred);
        let a = Operand::Register(a);
        self.push(compare(how, Type::U64, result, a, b));
        result
    }

    /// Puts a guard for all groups, and one branch.
    fn stand_before(&mut self, groups: &mut [Group], sums: &Sums) {
        let mut failed: Vec<Register> = Vec::new();
        for group in groups.iter_mut() {
            self.resolve(group, sums);
            for member in group.widest() {
                let low_bits = Operand::Immediate(u64::from(member.bytes) - 1);
                let place = self.place(group, &member, u64::from(member.bytes));
                let rest = self.compute(Opcode::And, Operand::Register(place), low_bits);
                failed.push(self.is(Modifier::Ne, rest, Operand::Immediate(0)));
            }
            self.hold_extent(group, &mut failed);
        }
        let mut failed = failed.into_iter();
        let Some(mut any) = failed.next() else { return };
        for next in failed {
            let both = add_register(self.function, Type::Pred);
            let (a, b) = (Operand::Register(any), Operand::Register(next));
            self.push(binary(Opcode::Or, Type::Pred, both, a, b));
            any = both;
        }
        let which = self.find_out(groups);
        let next = add_block(self.function, Block::ending(Terminator::Exit));
        self.function.blocks[self.current.index()].terminator = branch(any, which, next);
        self.current = next;
    }

    /// Where an access of a group lies, as far as its lowest bits tell.
    fn place(&mut self, group: &Group, member: &Member, multiple: u64) -> Register {
        match group.distance(member) {
            distance if distance.is_multiple_of(multiple) => group.first,
            distance => {
                let first = Operand::Register(group.first);
                self.compute(Opcode::Add, first, Operand::Immediate(distance))
            }
        }
    }

    /// Puts the first access's offset in its memory into a register.
    fn resolve(&mut self, group: &mut Group, sums: &Sums) {
        let least = Operand::Immediate(group.least() as u64);
        let base = Operand::Register(group.base);
        if group.is_small() && group.is_narrow {
            self.resolve_narrow(group);
            return;
        }
        let start = match group.is_small() {
            true => Operand::Hidden(small_base(group.space)),
            false => Operand::Hidden(Hidden::WindowBase),
        };
        let sum = (!group.is_small()).then(|| sums.find(group.base)).flatten();
        group.first = match sum {
            // The difference does not change where the index does.
            Some(Sum { pointer, index, .. }) => {
                let from = self.compute(Opcode::Sub, Operand::Register(pointer), start);
                let (from, index) = (Operand::Register(from), Operand::Register(index));
                self.compute(Opcode::Add, from, index)
            }
            None => self.compute(Opcode::Sub, base, start),
        };
        if group.least() != 0 {
            group.first = self.compute(Opcode::Add, Operand::Register(group.first), least);
        }
    }

    /// Addresses of 32 bits wrap around in 32 bits.
    fn resolve_narrow(&mut self, group: &mut Group) {
        let start = Operand::Hidden(small_base(group.space));
        let [sum, low, narrow] = [(); 3].map(|()| add_register(self.function, Type::B32));
        let least = Operand::Immediate(u64::from(group.least() as u32));
        let base = Operand::Register(group.base);
        self.push(binary(Opcode::Add, Type::U32, sum, base, least));
        let operands = smallvec![Operand::Register(low), start.clone()];
        self.push(Instruction {
            u: Some(Type::U64),
            ..instruction(Opcode::Cvt, Type::U32, operands)
        });
        let (total, low) = (Operand::Register(sum), Operand::Register(low));
        self.push(binary(Opcode::Sub, Type::U32, narrow, total, low));
        let first = add_register(self.function, Type::B64);
        self.push(convert(Type::U64, Type::U32, first, narrow));
        group.first = first;
        group.address = Some(self.compute(Opcode::Add, Operand::Register(first), start));
    }

    /// What tells that a group leaves its memory.
    fn hold_extent(&mut self, group: &Group, failed: &mut Vec<Register>) {
        let limit = match group.space {
            Space::Shared => Operand::Hidden(Hidden::SharedSize),
            Space::Local => Operand::Immediate(self.function.variable_bytes(Space::Local)),
            _ => Operand::Hidden(Hidden::WindowMapped),
        };
        let mut first = group.first;
        if !group.is_small() {
            failed.push(self.is(Modifier::Ge, first, limit.clone()));
            if group.members.iter().all(|it| group.distance(it) == 0) {
                // The memory ends at a multiple of any access's size.
                return;
            }
        } else if !group.is_narrow {
            // A longer address is cut to 2^32, which lies outside all the same.
            let most = Operand::Immediate(1 << 32);
            first = self.compute(Opcode::Min, Operand::Register(first), most);
        }
        let extent = Operand::Immediate(group.extent());
        let end = self.compute(Opcode::Add, Operand::Register(first), extent);
        failed.push(self.is(Modifier::Gt, end, limit));
    }

    /// Blocks that are entered when a guard has failed: they look at each access, in order, and record the first that is wrong.
    fn find_out(&mut self, groups: &[Group]) -> BlockId {
        let back = self.current;
        let cold = |terminator| Block {
            cold: true,
            ..Block::ending(terminator)
        };
        let entry = add_block(self.function, cold(Terminator::Exit));
        self.current = entry;
        let mut members: Vec<(&Group, &Member)> = groups
            .iter()
            .flat_map(|group| group.members.iter().map(move |member| (group, member)))
            .collect();
        members.sort_by_key(|(_, member)| member.place);
        for (group, member) in members {
            let single = Group {
                members: vec![*member],
                first: self.place(group, member, u64::MAX),
                ..*group
            };
            if member.bytes > 1 {
                let low_bits = Operand::Immediate(u64::from(member.bytes) - 1);
                let rest = self.compute(Opcode::And, Operand::Register(single.first), low_bits);
                let wrong = self.is(Modifier::Ne, rest, Operand::Immediate(0));
                let cause = match group.is_small() {
                    true => FaultCause::MisalignedSmall,
                    false => FaultCause::Misaligned,
                };
                self.fault_if(wrong, cause, &single);
            }
            let mut failed = Vec::new();
            self.hold_extent(&single, &mut failed);
            let cause = match group.space {
                Space::Shared => FaultCause::SharedOutOfBounds,
                Space::Local => FaultCause::LocalOutOfBounds,
                _ => FaultCause::GlobalOutOfBounds,
            };
            for wrong in failed {
                self.fault_if(wrong, cause, &single);
            }
        }
        // One of them was wrong: nothing comes here.
        self.function.blocks[self.current.index()].terminator = Terminator::Stop;
        self.current = back;
        entry
    }

    fn fault_if(&mut self, wrong: Register, cause: FaultCause, single: &Group) {
        let Some(member) = single.members.first() else {
            return;
        };
        let site = site(cause, member.bytes, member.span);
        let fault = add_fault(self.function, site, Some(single.first));
        let next = Block {
            cold: true,
            ..Block::ending(Terminator::Exit)
        };
        let next = add_block(self.function, next);
        self.function.blocks[self.current.index()].terminator = branch(wrong, fault, next);
        self.current = next;
    }
}
