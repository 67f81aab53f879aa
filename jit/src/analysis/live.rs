//! How many values blocks hand on.

use super::exposed::{exposed_registers, visit_block};
use super::order::{predecessor_counts, reverse_postorder};
use crate::ir::{Block, Function, Register};

/// Registers that hold a value which is used later, counted where paths join: each may become a parameter of a block.
pub(crate) fn values_at_joins(function: &Function) -> usize {
    let sets = live_at_start(function);
    let counts = predecessor_counts(function);
    let joins = sets.iter().zip(counts).filter(|(_, count)| *count > 1);
    joins
        .map(|(set, _)| {
            set.iter()
                .map(|word| word.count_ones() as usize)
                .sum::<usize>()
        })
        .sum()
}

/// What a block does to the registers that pass between blocks, as sets of bits.
struct Effects {
    reads: Vec<u64>,
    writes: Vec<u64>,
}

/// For each block the set of registers that are read later before they are written.
fn live_at_start(function: &Function) -> Vec<Vec<u64>> {
    let mut places = vec![None; function.registers.len()];
    let exposed = exposed_registers(function).into_iter().enumerate();
    let mut count: usize = 0;
    for (register, _) in exposed.filter(|(_, exposed)| *exposed) {
        places[register] = Some(count);
        count += 1;
    }
    let words = count.div_ceil(64);
    let mut written_in = vec![usize::MAX; function.registers.len()];
    let blocks = function.blocks.iter().enumerate();
    let effects =
        blocks.map(|(number, block)| effects(block, number, &places, words, &mut written_in));
    let effects: Vec<Effects> = effects.collect();
    let mut live: Vec<Vec<u64>> = effects
        .iter()
        .map(|effects| effects.reads.clone())
        .collect();
    let order = reverse_postorder(function);
    let mut changed = true;
    while changed {
        changed = false;
        for block in order.iter().rev() {
            // A block that follows itself adds nothing to its own set.
            let mut set = std::mem::take(&mut live[block.index()]);
            for successor in function.blocks[block.index()].terminator.successors() {
                let writes = &effects[block.index()].writes;
                for ((word, later), written) in
                    set.iter_mut().zip(&live[successor.index()]).zip(writes)
                {
                    let through = later & !written;
                    changed |= through & !*word != 0;
                    *word |= through;
                }
            }
            live[block.index()] = set;
        }
    }
    live
}

fn effects(
    block: &Block,
    number: usize,
    places: &[Option<usize>],
    words: usize,
    written_in: &mut [usize],
) -> Effects {
    let mut effects = Effects {
        reads: vec![0; words],
        writes: vec![0; words],
    };
    let mark = |set: &mut [u64], register: Register| {
        if let Some(place) = places[register.index()] {
            set[place / 64] |= 1 << (place % 64);
        }
    };
    let (reads, writes) = (&mut effects.reads, &mut effects.writes);
    visit_block(
        block,
        number,
        written_in,
        &mut |register| mark(reads, register),
        &mut |register| mark(writes, register),
    );
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(body: &str) -> usize {
        let source = format!(
            ".version 8.0\n.target sm_80\n.entry k(.param .u64 p) {{ .reg .b32 %r<9>; .reg .pred %p; .reg .b64 %d; {body} ret; }}"
        );
        let module = crate::front::ptx::parse(&source).unwrap();
        values_at_joins(&module.functions[0])
    }

    #[test]
    fn a_loop_hands_on_what_it_uses_and_what_is_used_behind_it() {
        assert_eq!(
            values("mov.u32 %r1, 1; L: add.u32 %r1, %r1, 1; @%p bra L;"),
            2
        );
        assert_eq!(
            values("mov.u32 %r2, 5; L: mov.u32 %r1, 1; @%p bra L; st.u32 [%d], %r2;"),
            3
        );
    }

    #[test]
    fn what_is_written_before_it_is_read_is_not_handed_on() {
        assert_eq!(
            values("@%p bra L; mov.u32 %r1, 1; L: mov.u32 %r1, 2; st.u32 [64], %r1;"),
            0
        );
    }
}
