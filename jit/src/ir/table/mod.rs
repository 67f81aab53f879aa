//! The opcode table: one row a form that is understood.
//!
//! A row's syntax is spelt as the PTX ISA spells it:
//!
//! * `.T` and `.U` stand for a type of the row's lists, `{.a|.b}` for at most one of the words, `(.a|.b)` for
//!   exactly one, `.word` for itself.
//! * Operands are `role:type`, destinations with role `d`; the type is `T`, `U`, `W` (twice as wide as `T`) or a
//!   type's name. `[a]` is an address; `v` before a type lets `.v2` and `.v4` ask for a vector,
//!   `t` is a tuple of two or four that share the type's bits, a number a vector of so many, `x` one of as many as `.x1`, `.x2`
//!   or `.x4` say; `!` after it lets a predicate be negated; `>` after it lets registers be wider than the type; `#` after it
//!   wants a constant.
//! * `{|q:pred}` and `{, c:pred}` are operands that may be left out; `^k:pred` is one that is never written: the carry flag.
//!
//! What an instruction does besides writing its destinations is said behind the row, and so is why untrusted kernels may not use it.

mod arithmetic;
mod float;
mod hopper;
mod matrix;
mod memory;
mod video;
mod warp;

use super::opcode::{Effect, Opcode};
use super::types::Type;

/// One form of an instruction.
#[derive(Debug)]
pub struct Row {
    /// What it does.
    pub opcode: Opcode,
    /// How it is spelt.
    pub syntax: &'static str,
    /// What `T` may be.
    pub t: &'static [Type],
    /// What `U` may be.
    pub u: &'static [Type],
    /// What it does besides writing its destinations.
    pub effect: Effect,
    /// Why untrusted kernels may not use it, if so.
    pub refused: Option<&'static str>,
}

impl Row {
    const fn u(mut self, u: &'static [Type]) -> Self {
        self.u = u;
        self
    }

    const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    const fn refused(mut self, why: &'static str) -> Self {
        self.refused = Some(why);
        self
    }
}

const NONE: &[Type] = &[];

const fn row(opcode: Opcode, syntax: &'static str, t: &'static [Type]) -> Row {
    Row {
        opcode,
        syntax,
        t,
        u: NONE,
        effect: Effect::Pure,
        refused: None,
    }
}

pub(crate) use memory::NAMED;

/// Every form, by subject. Those of one name are tried in this order.
static SUBJECTS: [&[Row]; 7] = [
    arithmetic::ROWS,
    float::ROWS,
    video::ROWS,
    memory::ROWS,
    warp::ROWS,
    matrix::ROWS,
    hopper::ROWS,
];

/// Every form. Those of one name are tried in this order.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    SUBJECTS.iter().flat_map(|rows| rows.iter())
}
