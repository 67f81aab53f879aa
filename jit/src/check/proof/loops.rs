//! Every way back looks at the stop word now and then.
//!
//! *Fuel* is a register that falls on some edges, and is tested right there; it is filled up only before all loops, and where the stop word
//! is looked at. There are two ways to test it:
//!
//! * for more than zero, with sign: an edge that is taken only then is taken so often and no more;
//! * for zero: then every fall is of one step that divides what it is filled with, and where it is used up, a block follows that looks at the
//!   stop word and fills it up again.
//!
//! With the edges that burn fuel taken away, and those on which the stop word was seen to be zero, no cycle may be left.

use super::super::assumed::Assumptions;
use super::super::graph::Graph;
use super::super::refusal::{Found, Reason};
use super::super::text::{BlockId, End, Instruction, Kernel, Operand, RegisterId};
use super::super::work::Work;
use super::names::each_write;
use super::walk::Look;
use std::collections::{HashMap, HashSet};

/// Edges that may burn one filling, at most.
const MOST_BURNS: u64 = 1 << 16;

/// What fuel is filled with, at most, and by how much it falls in all blocks together: far from where a number with sign wraps around.
const MOST_FILLING: u64 = 1 << 24;

/// How fuel is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    /// Whether none is left.
    ForZero,
    /// Whether some is left.
    ForMore,
}

/// How a register is used as fuel, wherever it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Use {
    test: Test,
    step: u64,
}

/// A block whose end burns fuel.
struct Burn {
    block: BlockId,
    fuel: RegisterId,
    used: Use,
    /// The instruction that lets it fall.
    fall: usize,
    /// Where it goes on when the fuel is used up, and when it is not.
    empty: BlockId,
    goes_on_at: BlockId,
}

pub(super) fn prove(
    kernel: &Kernel<'_>,
    assumed: &Assumptions,
    graph: &Graph,
    looks: &[Option<Look>],
    work: &mut Work,
) -> Found<()> {
    let at_start = |reason| (kernel.line, reason);
    let everywhere = |_: BlockId, _: BlockId| true;
    let (cyclic, _) = cycles(graph, everywhere, work).map_err(at_start)?;
    if !cyclic.iter().any(|it| *it) {
        return Ok(());
    }
    let endless = leads_to(graph, &cyclic);
    let burns: Vec<Burn> = graph
        .order
        .iter()
        .filter_map(|block| burn(kernel, *block))
        .collect();
    let uses = uses(&burns);
    let falls: u64 = burns.iter().map(|burn| burn.used.step).sum();
    if falls > MOST_FILLING {
        return Err((kernel.line, Reason::Endless));
    }
    let filled = fillings(kernel, graph, &uses, looks, &cyclic);
    let mut cut = bounded(kernel, assumed, graph, work).map_err(at_start)?;
    for (block, look) in looks.iter().enumerate() {
        if let Some(look) = look
            && !endless[look.stops_at as usize]
        {
            cut.insert((block as BlockId, look.goes_on_at));
        }
    }
    for burn in &burns {
        let looks_when_empty = looks[burn.empty as usize].is_some()
            && filled.by_block.contains(&(burn.empty, burn.fuel));
        // Else looks would let it fall until it goes around.
        let filled_at_looks = || {
            graph.order.iter().all(|block| {
                looks[*block as usize].is_none()
                    || !cyclic[*block as usize]
                    || filled.by_block.contains(&(*block, burn.fuel))
            })
        };
        let is_sound = uses.get(&burn.fuel) == Some(&Some(burn.used))
            && !filled.spoilt.contains(&burn.fuel)
            && match burn.used.test {
                Test::ForMore => filled_at_looks(),
                Test::ForZero => looks_when_empty,
            }
            && burn.empty != burn.goes_on_at;
        if is_sound {
            cut.insert((burn.block, burn.goes_on_at));
        }
    }
    let (_, left) = cycles(graph, |from, to| !cut.contains(&(from, to)), work).map_err(at_start)?;
    match left {
        Some(block) => Err((kernel.blocks[block as usize].line, Reason::Endless)),
        None => Ok(()),
    }
}

/// Ways back of loops that end by themselves: to a block whose label is in an assumed line, from blocks that it dominates.
fn bounded(
    kernel: &Kernel<'_>,
    assumed: &Assumptions,
    graph: &Graph,
    work: &mut Work,
) -> Result<HashSet<(BlockId, BlockId)>, Reason> {
    let mut ways = HashSet::new();
    for line in &assumed.loops {
        let Some(&first) = kernel.labelled.get(line) else {
            continue;
        };
        for &from in &graph.predecessors[first as usize] {
            let mut above = Some(from);
            while let Some(block) = above.filter(|block| *block != first) {
                work.spend(1)?;
                above = graph.dominator(block);
            }
            if above.is_some() {
                ways.insert((from, first));
            }
        }
    }
    Ok(ways)
}

/// Registers and the one way in which they are used as fuel; none if there are several.
fn uses(burns: &[Burn]) -> HashMap<RegisterId, Option<Use>> {
    let mut uses = HashMap::new();
    for burn in burns {
        let used = uses.entry(burn.fuel).or_insert(Some(burn.used));
        if *used != Some(burn.used) {
            *used = None;
        }
    }
    uses
}

/// `add.u32 %fuel, %fuel, -step; setp.eq.u32 %empty, %fuel, 0; @%empty bra …` at the end of a block, or
/// `setp.gt.and.s32 %more, %fuel, 0, %other; @%more bra …`.
fn burn(kernel: &Kernel<'_>, index: BlockId) -> Option<Burn> {
    let block = &kernel.blocks[index as usize];
    let End::Branch {
        register,
        negated,
        then,
        otherwise,
    } = block.end
    else {
        return None;
    };
    let last_write = |register, instructions: &[Instruction<'_>]| {
        instructions.iter().rposition(|it| writes(it, register))
    };
    let test_place = last_write(register, &block.instructions)?;
    let compare = &block.instructions[test_place];
    let (fuel, joined) = match compare.operands.as_ref() {
        [_, Operand::Register(fuel), Operand::Number(0)] => (fuel, false),
        [_, Operand::Register(fuel), Operand::Number(0), _] => (fuel, true),
        _ => return None,
    };
    let (test, when_empty) = match (compare.name.text, joined, compare.guard) {
        ("setp.eq.u32", false, None) => (Test::ForZero, !negated),
        ("setp.ne.u32", false, None) => (Test::ForZero, negated),
        ("setp.gt.s32", false, None) | ("setp.gt.and.s32", true, None) => (Test::ForMore, negated),
        ("setp.le.s32", false, None) => (Test::ForMore, !negated),
        _ => return None,
    };
    let fall = last_write(*fuel, &block.instructions)?;
    let step = (fall < test_place).then(|| fall_of(&block.instructions[fall], *fuel))??;
    let (empty, goes_on_at) = if when_empty {
        (then, otherwise)
    } else {
        (otherwise, then)
    };
    Some(Burn {
        block: index,
        fuel: *fuel,
        used: Use { test, step },
        fall,
        empty,
        goes_on_at,
    })
}

/// By how much an instruction lets fuel fall, if that is all it does to it.
fn fall_of(instruction: &Instruction<'_>, fuel: RegisterId) -> Option<u64> {
    let [
        Operand::Register(to),
        Operand::Register(from),
        Operand::Number(number),
    ] = instruction.operands.as_ref()
    else {
        return None;
    };
    let step = match instruction.name.text {
        "add.u32" | "add.s32" => (*number as u32).wrapping_neg(),
        "sub.u32" | "sub.s32" => *number as u32,
        _ => return None,
    };
    let falls = *to == fuel && *from == fuel && instruction.guard.is_none();
    (falls && step != 0 && u64::from(step) <= MOST_BURNS).then_some(u64::from(step))
}

/// What a register is filled with, if an instruction does that.
fn filling_of(instruction: &Instruction<'_>) -> Option<u64> {
    match (instruction.name.text, instruction.operands.as_ref()) {
        ("mov.u32" | "mov.b32", [Operand::Register(_), Operand::Number(number)]) => {
            instruction.guard.is_none().then_some(*number)
        }
        _ => None,
    }
}

fn writes(instruction: &Instruction<'_>, register: RegisterId) -> bool {
    let mut found = false;
    each_write(instruction, &mut |written| found |= written == register);
    found
}

struct Fillings {
    /// Registers that are not fuel after all: something else is done to them.
    spoilt: HashSet<RegisterId>,
    /// Blocks that fill them.
    by_block: HashSet<(BlockId, RegisterId)>,
}

/// Finds where fuel is filled: before all loops, or where the stop word is looked at.
fn fillings(
    kernel: &Kernel<'_>,
    graph: &Graph,
    uses: &HashMap<RegisterId, Option<Use>>,
    looks: &[Option<Look>],
    cyclic: &[bool],
) -> Fillings {
    let mut filled = Fillings {
        spoilt: HashSet::new(),
        by_block: HashSet::new(),
    };
    for &block in &graph.order {
        let may_fill = looks[block as usize].is_some() || !cyclic[block as usize];
        let burn = burn(kernel, block);
        let instructions = kernel.blocks[block as usize].instructions.iter();
        for (place, instruction) in instructions.enumerate() {
            each_write(instruction, &mut |register| {
                let Some(used) = uses.get(&register) else {
                    return;
                };
                let filling = filling_of(instruction).filter(|filling| {
                    let fits = |used: &Use| {
                        filling.is_multiple_of(used.step) && filling / used.step <= MOST_BURNS
                    };
                    *filling > 0
                        && *filling <= MOST_FILLING
                        && may_fill
                        && used.as_ref().is_some_and(fits)
                });
                let is_fall = |burn: &Burn| burn.fuel == register && burn.fall == place;
                let falls = burn.as_ref().is_some_and(is_fall);
                if filling.is_some() {
                    filled.by_block.insert((block, register));
                } else if !falls {
                    filled.spoilt.insert(register);
                }
            });
        }
    }
    filled
}

/// Blocks from which a cycle can be reached.
fn leads_to(graph: &Graph, cyclic: &[bool]) -> Vec<bool> {
    let mut leads = cyclic.to_vec();
    let mut open: Vec<BlockId> = graph
        .order
        .iter()
        .copied()
        .filter(|block| cyclic[*block as usize])
        .collect();
    while let Some(block) = open.pop() {
        for &from in &graph.predecessors[block as usize] {
            if !std::mem::replace(&mut leads[from as usize], true) {
                open.push(from);
            }
        }
    }
    leads
}

/// Blocks that lie on a cycle of the edges that are kept, and one of them (Tarjan, without recursion).
fn cycles(
    graph: &Graph,
    keeps: impl Fn(BlockId, BlockId) -> bool,
    work: &mut Work,
) -> Result<(Vec<bool>, Option<BlockId>), Reason> {
    let mut search = Search {
        places: vec![Place::default(); graph.successors.len()],
        stack: Vec::new(),
        entered: 0,
    };
    let (mut cyclic, mut found) = (vec![false; graph.successors.len()], None);
    for &root in &graph.order {
        if search.places[root as usize].number != 0 {
            continue;
        }
        search.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((block, edge)) = path.pop() {
            work.spend(1)?;
            let Some(&to) = graph.successors[block as usize].get(edge) else {
                search.leave(block, &mut |member, alone| {
                    let on_itself = graph.successors[member as usize].contains(&member);
                    if !alone || (on_itself && keeps(member, member)) {
                        cyclic[member as usize] = true;
                        found = Some(member);
                    }
                });
                if let Some((above, _)) = path.last() {
                    search.raise(*above, block);
                }
                continue;
            };
            path.push((block, edge + 1));
            if !keeps(block, to) {
                continue;
            }
            if search.places[to as usize].number == 0 {
                search.enter(to);
                path.push((to, 0));
            } else {
                search.raise(block, to);
            }
        }
    }
    Ok((cyclic, found))
}

/// Where the search stands with a block.
#[derive(Clone, Copy, Default)]
struct Place {
    /// When it was entered; 0 if not yet.
    number: u32,
    /// The first that was entered of those it leads back to.
    first: u32,
    open: bool,
}

struct Search {
    places: Vec<Place>,
    stack: Vec<BlockId>,
    entered: u32,
}

impl Search {
    fn enter(&mut self, block: BlockId) {
        self.entered += 1;
        self.places[block as usize] = Place {
            number: self.entered,
            first: self.entered,
            open: true,
        };
        self.stack.push(block);
    }

    fn raise(&mut self, block: BlockId, to: BlockId) {
        let to = self.places[to as usize];
        if to.open {
            let first = &mut self.places[block as usize].first;
            *first = to.first.min(*first);
        }
    }

    /// Calls back for each block of a component that is complete, and whether it is the only one.
    fn leave(&mut self, block: BlockId, call: &mut impl FnMut(BlockId, bool)) {
        let place = self.places[block as usize];
        if place.first != place.number {
            return;
        }
        let alone = self.stack.last() == Some(&block);
        while let Some(member) = self.stack.pop() {
            self.places[member as usize].open = false;
            call(member, alone);
            if member == block {
                break;
            }
        }
    }
}
