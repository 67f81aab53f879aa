//! Lanes of a warp wait for each other only where all of them come.
//!
//! A GPU hangs for ever where lanes wait in two places for each other, or in one place for different lanes. An operation that all
//! lanes come to together, and which names all of them, is left alone. Before any other one the lanes that are there are counted:
//! if one is missing that is named, or names other lanes itself, that is the fault `divergence`. A lane that does not name itself
//! is named besides: some operations are illegal instructions without.
//!
//! Lanes that wait at the block's barrier have not left: a GPU was seen to wait for them.
//!
//! Operations on matrices name all lanes, and give anything where one is elsewhere, even one that has left.

use super::editor::{
    add_block, add_fault, add_register, binary, branch, compare, form_of, instruction, site,
};
use crate::analysis::Convergence;
use crate::ir::{
    Block, BlockId, Effect, FaultCause, Function, Instruction, Modifier, Opcode, Operand, Register,
    SpecialRegister, Terminator, Type, form_for,
};
use smallvec::smallvec;

/// The mask that names every lane.
const ALL: u64 = u32::MAX as u64;

/// What is known of where lanes are together.
struct Known {
    /// Lanes that have left are not waited for.
    waiting: Convergence,
    /// No lane has left, either.
    complete: Convergence,
}

impl Known {
    fn of(function: &Function, whole_rows: bool) -> Self {
        let waits = |instruction: &Instruction| {
            waits(instruction) || instruction.effect() == Effect::Collective
        };
        Self {
            waiting: Convergence::of(function, waits, whole_rows),
            complete: Convergence::of_all(function, whole_rows),
        }
    }

    fn named(&self, mask: Operand) -> Operand {
        self.waiting.named(&mask)
    }

    /// Whether an operation of a block can be left as it is.
    fn is_safe(&self, block: usize, instruction: &Instruction) -> bool {
        let block = BlockId(block as u32);
        match is_of_matrices(instruction) {
            true => self.complete.is_together(block),
            false => {
                let mask = mask(instruction).map(|mask| self.named(mask));
                mask == Some(Operand::Immediate(ALL)) && self.waiting.is_together(block)
            }
        }
    }
}

/// Whether fewer operations need a guard in blocks in which no warp has threads of two rows.
pub(super) fn gains_from_whole_rows(function: &Function) -> bool {
    let unsafe_ones = |whole_rows| {
        let known = Known::of(function, whole_rows);
        let blocks = function.blocks.iter().enumerate();
        let all =
            blocks.flat_map(|(index, block)| block.instructions.iter().map(move |it| (index, it)));
        all.filter(|(index, it)| waits(it) && !known.is_safe(*index, it))
            .count()
    };
    function.instructions().any(waits) && unsafe_ones(true) < unsafe_ones(false)
}

/// With `whole_rows`, for launches in blocks in which no warp has threads of two rows.
pub(super) fn run(function: &mut Function, whole_rows: bool) {
    if !function.instructions().any(waits) {
        return;
    }
    let known = Known::of(function, whole_rows);
    for index in 0..function.blocks.len() {
        let needs =
            |instruction: &Instruction| waits(instruction) && !known.is_safe(index, instruction);
        if !function.blocks[index].instructions.iter().any(needs) {
            continue;
        }
        let instructions = std::mem::take(&mut function.blocks[index].instructions);
        let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
        let mut current = index;
        for mut instruction in instructions {
            if needs(&instruction)
                && let Some(mask) = mask(&instruction).map(|mask| known.named(mask))
            {
                let is_one = known.waiting.is_uniform(&mask) && mask != Operand::Immediate(0);
                current = guard(function, current, &mut instruction, mask, is_one);
            }
            function.blocks[current].instructions.push(instruction);
        }
        function.blocks[current].terminator = last;
    }
}

/// Whether lanes wait for one another there.
fn waits(instruction: &Instruction) -> bool {
    mask(instruction).is_some()
}

/// The lanes that an operation names; none if it waits for nobody.
fn mask(instruction: &Instruction) -> Option<Operand> {
    match instruction.opcode() {
        Opcode::Shfl
        | Opcode::Vote
        | Opcode::Match
        | Opcode::Redux
        | Opcode::BarWarp
        | Opcode::Elect => instruction.operands.last().cloned(),
        _ => is_of_matrices(instruction).then_some(Operand::Immediate(ALL)),
    }
}

fn is_of_matrices(instruction: &Instruction) -> bool {
    matches!(
        instruction.opcode(),
        Opcode::Mma
            | Opcode::LdMatrix
            | Opcode::StMatrix
            | Opcode::MovMatrix
            | Opcode::WmmaLoad
            | Opcode::WmmaStore
            | Opcode::WmmaMma
    )
}

/// Counts who is there, and goes on in a new block.
fn guard(
    function: &mut Function,
    current: usize,
    operation: &mut Instruction,
    mask: Operand,
    is_one: bool,
) -> usize {
    let mut done = Vec::new();
    let [own, named, here, met] = [(); 4].map(|()| add_register(function, Type::B32));
    let missing = add_register(function, Type::Pred);
    let register = Operand::Register;
    done.push(form_of(Opcode::ActiveMask, smallvec![register(here)]));
    let special = Operand::Special(SpecialRegister::LanemaskEq);
    done.push(instruction(
        Opcode::Mov,
        Type::U32,
        smallvec![register(own), special],
    ));
    done.push(binary(
        Opcode::Or,
        Type::B32,
        named,
        register(own),
        mask.clone(),
    ));
    // One mask for all lanes must name this one; of masks that differ it is made to.
    let wanted = if is_one { mask } else { register(named) };
    if !is_one {
        done.push(same_mask(here, register(named)));
        if let Some(last) = operation.operands.last_mut() {
            *last = register(named);
        }
    }
    done.push(binary(Opcode::And, Type::B32, met, register(here), wanted));
    done.push(compare(
        Modifier::Ne,
        Type::U32,
        missing,
        register(met),
        register(named),
    ));
    let site = site(FaultCause::Divergence, 0, operation.span);
    let fault = add_fault(function, site, None);
    let next = add_block(function, Block::ending(Terminator::Exit));
    let block = &mut function.blocks[current];
    block.instructions.extend(done);
    block.terminator = branch(missing, fault, next);
    next.index()
}

/// `match.any.sync here, mask, here`: of the lanes that are here, those that name the same ones.
fn same_mask(here: Register, mask: Operand) -> Instruction {
    let here = Operand::Register(here);
    let found = instruction(
        Opcode::Match,
        Type::B32,
        smallvec![here.clone(), mask, here],
    );
    Instruction {
        form: form_for(Opcode::Match, Type::B32),
        ..found
    }
    .with_modifiers(&[Modifier::Any, Modifier::Sync])
}

#[cfg(test)]
mod tests {
    use crate::{CompileOptions, sandboxed_ptx};

    /// How often lanes are counted in a kernel with this body, which has `%tid.x` in `%r0`, a number that is the launch's in `%n`.
    fn counted(body: &str) -> usize {
        let text = format!(
            "
.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 data, .param .u32 n) {{
    .reg .pred %p, %q, %s;
    .reg .b32 %r<12>, %n;
    .reg .b64 %d<4>;
    ld.param.u64 %d0, [data];
    ld.param.u32 %n, [n];
    mov.u32 %r0, %tid.x;
    setp.ge.u32 %p, %r0, %n;
    setp.ge.u32 %q, %n, 7;
    {body}
}}"
        );
        let printed = sandboxed_ptx(&text, &CompileOptions::default()).unwrap();
        printed.matches("activemask").count()
    }

    const SHUFFLE: &str = "shfl.sync.idx.b32 %r1, %r0, 0, 31, -1;";

    #[test]
    fn lanes_are_not_counted_where_all_come() {
        let join = format!("@%p bra J; ld.global.u32 %r2, [%d0]; J: {SHUFFLE} ret;");
        assert_eq!(counted(&join), 0, "behind a branch whose ways have met");
        assert_eq!(counted(&format!("@%p ret; {SHUFFLE} ret;")), 0, "some left");
        let by_launch = format!("@%q bra J; {SHUFFLE} J: {SHUFFLE} ret;");
        assert_eq!(counted(&by_launch), 0, "all lanes take the same way");
        let behind =
            format!("L: add.u32 %r3, %r3, %r0; setp.lt.u32 %p, %r3, 9; @%p bra L; {SHUFFLE} ret;");
        assert_eq!(counted(&behind), 0, "behind a loop that lanes leave apart");
        let voted = format!("L: vote.sync.any.pred %s, %p, -1; {SHUFFLE} @%s bra L; ret;");
        assert_eq!(counted(&voted), 0, "what lanes vote is the same for all");
        let by_register = "mov.u32 %r5, 0; L: mov.u32 %r6, -1; vote.sync.all.pred %s, %p, %r6; not.pred %q, %s; add.s32 %r5, %r5, 1;\
             setp.lt.s32 %s, %r5, %n; and.pred %q, %s, %q; @%q bra L; ret;";
        assert_eq!(
            counted(by_register),
            0,
            "the mask is a number in a register"
        );
        let in_parts = "L: @%p bra J; ld.global.u32 %r2, [%d0]; J: vote.sync.all.pred %s, %p, -1; @%s bra L; ret;";
        assert_eq!(
            counted(in_parts),
            0,
            "ways that meet in a loop that is left together"
        );
        let never_left =
            "L: @%p bra J; ld.global.u32 %r2, [%d0]; J: vote.sync.all.pred %s, %p, -1; bra L;";
        assert_eq!(
            counted(never_left),
            1,
            "nothing is known of a loop that is never left"
        );
    }

    #[test]
    fn lanes_are_counted_where_some_may_be_elsewhere() {
        assert_eq!(
            counted(&format!("@%p bra J; {SHUFFLE} J: {SHUFFLE} ret;")),
            1
        );
        let within =
            format!("L: {SHUFFLE} add.u32 %r3, %r3, %r0; setp.lt.u32 %p, %r3, 9; @%p bra L; ret;");
        assert_eq!(counted(&within), 1, "in a loop that lanes leave apart");
        let barrier = format!("@%p bra J; {SHUFFLE} J: bar.sync 0; ret;");
        assert_eq!(counted(&barrier), 1, "the others wait for the block");
        let loaded = format!(
            "ld.global.u32 %r2, [%d0]; setp.eq.u32 %q, %r2, 0; @%q bra J; {SHUFFLE} J: {SHUFFLE} ret;"
        );
        assert_eq!(
            counted(&loaded),
            1,
            "what is loaded may differ from lane to lane"
        );
        let set = format!(
            "mov.u32 %r4, 0; @%p bra J; mov.u32 %r4, 1; J: setp.eq.u32 %q, %r4, 0; @%q bra K; {SHUFFLE} K: {SHUFFLE} ret;"
        );
        assert_eq!(counted(&set), 1, "a register that some lanes have written");
        assert_eq!(
            counted("shfl.sync.idx.b32 %r1, %r0, 0, 31, 15; ret;"),
            1,
            "some are named"
        );
    }
}
