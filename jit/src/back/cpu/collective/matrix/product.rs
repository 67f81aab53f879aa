//! `mma` and `wmma.mma`.

use super::super::{Warp, values};
use super::element;
use super::layout::{Layout, Part, Spread};
use super::sum::{Matrices, Sum, float_bits, integer_bits};
use crate::ir::{Instruction, MatrixShape, Modifier, Opcode, Slot, Type};

#[derive(Debug)]
pub(in super::super) struct Product {
    shape: MatrixShape,
    a: Fragment,
    b: Fragment,
    c: Fragment,
    d: Fragment,
    sum: Sum,
}

/// A matrix in registers.
#[derive(Debug)]
struct Fragment {
    ty: Type,
    layout: Layout,
    /// Which of the operation's arguments or results is its first register.
    first: usize,
}

/// The types of `d`, `a`, `b` and `c`.
struct Types {
    d: Type,
    a: Type,
    b: Type,
    c: Type,
}

impl Product {
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        let shape = MatrixShape::of(instruction);
        let types = Types::of(instruction)?;
        let spreads = spreads(instruction, shape, types.a);
        let lengths = lengths(instruction)?;
        let fragment = |part, spread, ty: Type, registers, first| Fragment {
            ty,
            layout: Layout::of(part, shape, spread, ty.element_bits(), registers),
            first,
        };
        let [d, a, b, c] = lengths;
        Some(Self {
            shape,
            a: fragment(Part::A, spreads[0], types.a, a, 0),
            b: fragment(Part::B, spreads[1], types.b, b, a),
            c: fragment(Part::Sum, spreads[0], types.c, c, a + b),
            d: fragment(Part::Sum, spreads[0], types.d, d, 0),
            sum: Sum::of(instruction, types.a),
        })
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        let Self { shape, sum, .. } = self;
        if sum.is_of_floats() {
            let [a, b, c] = [&self.a, &self.b, &self.c]
                .map(|fragment| fragment.gather(warp, element::float, 0.0));
            let sums = sum.of_floats(*shape, Matrices { a: &a, b: &b, c });
            self.d.scatter(warp, &sums, float_bits);
        } else {
            let [a, b, c] = [&self.a, &self.b, &self.c]
                .map(|fragment| fragment.gather(warp, element::integer, 0));
            let sums = sum.of_integers(*shape, Matrices { a: &a, b: &b, c });
            self.d.scatter(warp, &sums, |value, _| integer_bits(value));
        }
    }
}

impl Fragment {
    /// The matrix, row by row. What lanes hold that do not take part is zero.
    fn gather<T: Copy>(&self, warp: &Warp<'_>, read: impl Fn(u64, Type) -> T, zero: T) -> Vec<T> {
        let mut matrix = vec![zero; self.layout.elements];
        for register in 0..self.layout.registers {
            for lane in warp.lanes() {
                let bits = warp.argument(self.first + register, lane);
                for place in 0..self.layout.packed {
                    if let Some(index) = self.layout.element(register, lane, place) {
                        matrix[index] = read(element::part(bits, self.ty, place), self.ty);
                    }
                }
            }
        }
        matrix
    }

    fn scatter<T: Copy>(&self, warp: &mut Warp<'_>, matrix: &[T], write: impl Fn(T, Type) -> u64) {
        for register in 0..self.layout.registers {
            for lane in warp.lanes() {
                let mut bits = 0;
                for place in 0..self.layout.packed {
                    if let Some(index) = self.layout.element(register, lane, place) {
                        bits |= write(matrix[index], self.ty)
                            << (place as u32 * self.ty.element_bits());
                    }
                }
                warp.set_result(self.first + register, lane, bits);
            }
        }
    }
}

impl Types {
    /// They are spelt in this order; a `wmma.mma` that names two means those of the sums, and factors of `.f16`.
    fn of(instruction: &Instruction) -> Option<Self> {
        let slots = instruction.form.form().slots.iter();
        let mut types = slots.filter_map(|slot| match slot {
            Slot::Fixed(ty) => Some(*ty),
            Slot::T => instruction.t,
            Slot::U => instruction.u,
            _ => None,
        });
        let (first, second) = (types.next()?, types.next()?);
        Some(match (types.next(), types.next()) {
            (Some(b), Some(c)) => Self {
                d: first,
                a: second,
                b,
                c,
            },
            _ => Self {
                d: first,
                a: Type::F16,
                b: Type::F16,
                c: second,
            },
        })
    }
}

/// How the two factors are spread. The layouts of other instructions say what memory they came from, which means nothing here.
fn spreads(instruction: &Instruction, shape: MatrixShape, factor: Type) -> [Spread; 2] {
    let is_quads = instruction.opcode() == Opcode::Mma && shape.k == 4 && factor == Type::F16;
    let mut layouts = instruction
        .modifiers
        .iter()
        .filter(|modifier| matches!(modifier, Modifier::Row | Modifier::Col));
    [(); 2].map(|()| match layouts.next() {
        Some(layout) if is_quads => Spread::Quads {
            by_column: *layout == Modifier::Col,
        },
        _ => Spread::Tiles,
    })
}

/// The registers of `d`, `a`, `b` and `c`.
fn lengths(instruction: &Instruction) -> Option<[usize; 4]> {
    use crate::ir::Operand;
    let length = |operand: &Operand| match operand {
        Operand::Vector(elements) => elements.len(),
        _ => 1,
    };
    let operands: Vec<usize> = instruction.operands.iter().map(length).collect();
    debug_assert_eq!(
        operands.iter().sum::<usize>(),
        values(instruction, true).len() + values(instruction, false).len()
    );
    operands.try_into().ok()
}
