//! Where registers' values are held while a kernel is translated.
//!
//! A register that is written at one place is the value that is computed there; only others need a variable, for which the frontend keeps
//! a word for each block before the last one that writes it.

use super::super::suspension::Segmented;
use crate::analysis::for_each_written;
use crate::ir::{Function, Register};
use cranelift_codegen::ir::{Type, Value};
use cranelift_frontend::{FunctionBuilder, Variable};
use smallvec::SmallVec;

/// One value, a vector, or a thread's part of a register.
#[derive(Clone, Copy)]
enum Cell {
    Variable(Variable),
    /// The one value that is written, once it was.
    Value(Option<Value>),
}

/// The cells of all registers.
pub(super) struct Cells(Vec<SmallVec<[Cell; 1]>>);

impl Cells {
    /// Cells for a function's registers, so many of such a type for each.
    pub(super) fn new(
        function: &Function,
        cut: Option<&Segmented>,
        builder: &mut FunctionBuilder<'_>,
        cells: impl Fn(Register) -> (u32, Type),
    ) -> Self {
        let is_value = written_once(function, cut);
        let registers = 0..function.registers.len();
        let cells = registers.map(|index| {
            let (count, ty) = cells(Register(index as u32));
            let cell = |_| match is_value[index] {
                true => Cell::Value(None),
                false => Cell::Variable(builder.declare_var(ty)),
            };
            (0..count).map(cell).collect()
        });
        Self(cells.collect())
    }

    /// What a register's cell holds; none if it is one whose only definition was not translated.
    pub(super) fn read(
        &self,
        builder: &mut FunctionBuilder<'_>,
        register: Register,
        cell: usize,
    ) -> Option<Value> {
        match *self.0.get(register.index())?.get(cell)? {
            Cell::Variable(variable) => Some(builder.use_var(variable)),
            Cell::Value(value) => value,
        }
    }

    pub(super) fn write(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        register: Register,
        cell: usize,
        value: Value,
    ) {
        let cells = self.0.get_mut(register.index());
        match cells.and_then(|cells| cells.get_mut(cell)) {
            Some(Cell::Variable(variable)) => builder.def_var(*variable, value),
            Some(Cell::Value(only)) => *only = Some(value),
            None => {}
        }
    }
}

/// For each register whether it is written at one place, which then comes before every use: what might be read earlier is zeroed at
/// the start, a second place. What threads keep while they wait is written where they go on, too.
fn written_once(function: &Function, cut: Option<&Segmented>) -> Vec<bool> {
    let mut writes = vec![0u8; function.registers.len()];
    for instruction in function.instructions() {
        let mut count = |register: Register| {
            let writes = &mut writes[register.index()];
            *writes = writes.saturating_add(1);
        };
        for_each_written(instruction, &mut count);
        if instruction.predicate.is_some() {
            let mut always = instruction.clone();
            always.predicate = None;
            for_each_written(&always, &mut count);
        }
        // What an operation gives is written where threads go on.
        if instruction.effect() == crate::ir::Effect::Collective {
            for_each_written(instruction, &mut count);
        }
    }
    let mut once: Vec<bool> = writes.into_iter().map(|writes| writes == 1).collect();
    for entry in 0..cut.map_or(0, Segmented::entries) {
        let kept = cut.map_or(&[][..], |cut| cut.entry(entry).kept);
        for register in kept {
            once[register.index()] = false;
        }
    }
    once
}
