//! Which numbers of words SIMD video instructions take and leave (PTX ISA, "SIMD Video Instructions").
//!
//! `vadd2.s32.s32.s32 d.h0, a.h13, b, c` adds to the halves of `b` one of `b` and one of `a`, and leaves the lower sum beside the upper half of
//! `c`. Forms know operands in their order and all results alone: others are put in order before, and put together behind, by
//! `prmt` and `and`.

use super::super::ast::{self, OperandKind};
use super::Lowering;
use super::select::Selected;
use super::video::without_component;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{Instruction, Modifier, Opcode, Operand, Predicate, Role, RoleType, Type};
use smallvec::{SmallVec, smallvec};

/// The numbers that a word holds.
#[derive(Clone, Copy)]
struct Lanes {
    count: u32,
}

impl Lanes {
    fn of(selected: &Selected) -> Self {
        let count = if selected.form.form().name.ends_with('4') {
            4
        } else {
            2
        };
        Self { count }
    }

    /// The digits behind the letter of a choice, that of the lowest number first.
    fn digits(self, name: &str) -> Option<Vec<u32>> {
        let letter = if self.count == 4 { 'b' } else { 'h' };
        let digits = name.strip_prefix(letter)?.chars().rev();
        digits.map(|digit| digit.to_digit(10)).collect()
    }

    /// What `prmt` takes to choose these of the numbers of two words.
    fn permutation(self, chosen: &[u32]) -> u64 {
        let bytes = 4 / self.count;
        let places = chosen
            .iter()
            .flat_map(|number| (0..bytes).map(move |byte| number * bytes + byte));
        places
            .enumerate()
            .fold(0, |all, (place, byte)| all | u64::from(byte) << (4 * place))
    }

    /// The operands that are chosen from both words, as `prmt` takes it.
    fn operand(self, name: &str) -> Option<u64> {
        let chosen = self.digits(name)?;
        let is_fit = chosen.len() == self.count as usize
            && chosen.iter().all(|number| *number < 2 * self.count);
        is_fit.then(|| self.permutation(&chosen))
    }

    /// The results that are left, each as a bit.
    fn results(self, name: &str) -> Option<u32> {
        let left = self.digits(name)?;
        let is_fit = !left.is_empty()
            && left.is_sorted_by(|a, b| a < b)
            && left.iter().all(|number| *number < self.count);
        is_fit.then(|| left.iter().fold(0, |all, number| all | 1 << number))
    }

    /// Some lowest bits of each of these numbers.
    fn bits(self, numbers: u32, bits: u64) -> u64 {
        let width = 32 / self.count;
        let places = (0..self.count).filter(|number| numbers >> number & 1 != 0);
        places.fold(0, |all, number| all | bits << (number * width))
    }

    fn all(self) -> u32 {
        (1 << self.count) - 1
    }
}

impl<'a> Lowering<'a, '_> {
    /// An instruction that chooses among the numbers of its words; false if it does not.
    pub(super) fn numbers_of_words(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
    ) -> Result<bool, Diagnostic> {
        let [d, a, b, c] = source.operands.as_slice() else {
            return Ok(false);
        };
        let lanes = Lanes::of(selected);
        let [d_whole, a_whole, b_whole] = [d, a, b].map(without_component);
        if [&d_whole, &a_whole, &b_whole]
            .into_iter()
            .all(Option::is_none)
        {
            return Ok(false);
        }
        let span = source.name.span;
        let results = match choice(d) {
            Some(name) => lanes.results(name).ok_or_else(|| no_choice(d, name))?,
            None => lanes.all(),
        };
        let (from_a, from_b) = (whole_or(&a_whole, a), whole_or(&b_whole, b));
        let source_role = Role::value(RoleType::Fixed(Type::B32));
        let (first, second) = (
            self.word_of(from_a, &source_role)?,
            self.word_of(from_b, &source_role)?,
        );
        let mut chosen = [first.clone(), second.clone()];
        for (place, operand) in [a, b].into_iter().enumerate() {
            let Some(name) = choice(operand) else {
                continue;
            };
            let order = lanes
                .operand(name)
                .ok_or_else(|| no_choice(operand, name))?;
            let order = Operand::Immediate(order);
            chosen[place] = self.in_register(Opcode::Prmt, [&first, &second, &order], span)?;
        }
        let third = self.word_of(c, &source_role)?;
        let destination_role = &selected.form.form().roles[0];
        let destination = self.word_of(whole_or(&d_whole, d), destination_role)?;
        let is_partial = results != lanes.all();
        let is_sum = selected.modifiers.contains(&Modifier::Add);
        if is_partial && is_sum {
            chosen = self.nothing_elsewhere(chosen, lanes, results, selected, span)?;
        }
        self.spend(source.operands.len())?;
        let [a, b] = chosen;
        let merges = is_partial && !is_sum;
        let word = match merges {
            true => Operand::Register(self.registers.unnamed(Type::B32, span)?),
            false => destination.clone(),
        };
        self.blocks.push(Instruction {
            form: selected.form,
            t: selected.t,
            u: selected.u,
            modifiers: selected.modifiers.clone(),
            predicate: predicate.filter(|_| !merges),
            operands: smallvec![word.clone(), a, b, third.clone()],
            span,
        });
        if merges {
            let places = 0..lanes.count;
            let from_third = |number: &u32| {
                if results >> number & 1 != 0 {
                    0
                } else {
                    lanes.count
                }
            };
            let taken: Vec<u32> = places.map(|number| number + from_third(&number)).collect();
            let order = Operand::Immediate(lanes.permutation(&taken));
            self.plain(
                Opcode::Prmt,
                Type::B32,
                smallvec![destination, word, third, order],
                predicate,
            );
        }
        Ok(true)
    }

    /// Both operands, so that where no result is left it is nothing, which may then be added.
    fn nothing_elsewhere(
        &mut self,
        operands: [Operand; 2],
        lanes: Lanes,
        results: u32,
        selected: &Selected,
        span: Span,
    ) -> Result<[Operand; 2], Diagnostic> {
        let elsewhere = lanes.all() & !results;
        let width = 32 / lanes.count;
        let kept = Operand::Immediate(lanes.bits(results, (1 << width) - 1));
        let ones = Operand::Immediate(lanes.bits(elsewhere, 1));
        // Of zeros these comparisons hold.
        let has = |word| selected.modifiers.contains(&word);
        let is_one = [has(Modifier::Le), has(Modifier::Eq) || has(Modifier::Ge)];
        let mut cut = Vec::with_capacity(2);
        for (operand, is_one) in operands.iter().zip(is_one) {
            let mut word = self.in_register(Opcode::And, [operand, &kept], span)?;
            if is_one {
                word = self.in_register(Opcode::Or, [&word, &ones], span)?;
            }
            cut.push(word);
        }
        let [second, first] = [cut.pop(), cut.pop()].map(|word| word.unwrap_or(Operand::Absent));
        Ok([first, second])
    }

    /// The result of an instruction for words, in a register of its own.
    fn in_register<const COUNT: usize>(
        &mut self,
        opcode: Opcode,
        operands: [&Operand; COUNT],
        span: Span,
    ) -> Result<Operand, Diagnostic> {
        let register = Operand::Register(self.registers.unnamed(Type::B32, span)?);
        let mut all: SmallVec<[Operand; 4]> = smallvec![register.clone()];
        all.extend(operands.into_iter().cloned());
        self.spend(1)?;
        self.plain(opcode, Type::B32, all, None);
        Ok(register)
    }
}

/// The operand without its choice, or as it is if it has none.
fn whole_or<'o, 'a>(
    whole: &'o Option<ast::Operand<'a>>,
    operand: &'o ast::Operand<'a>,
) -> &'o ast::Operand<'a> {
    whole.as_ref().unwrap_or(operand)
}

/// Which of its numbers an operand means, as it says.
fn choice<'a>(operand: &ast::Operand<'a>) -> Option<&'a str> {
    without_component(operand)?;
    match operand.kind {
        OperandKind::Name(_, component) => component,
        _ => None,
    }
}

fn no_choice(operand: &ast::Operand<'_>, name: &str) -> Diagnostic {
    let message = format!(
        "`.{name}` chooses no numbers of a word here: `.h10` and `.b3210` do, and results that are left stand in this order"
    );
    Diagnostic::error(operand.span, message)
}
