//! How much a matrix in rows touches (PTX ISA, "Matrix Storage for WMMA").

use super::super::refusal::Reason;
use super::super::text::{Instruction, Operand};
use super::access::{Extent, memory_named};
use super::value::ValueId;
use super::walk::State;

/// What an instruction's words say of a matrix.
struct Shape {
    rows: u32,
    columns: u32,
    /// Bits of an element.
    bits: u32,
}

/// No more is asked of any address.
const MOST_ALIGN: u32 = 32;

/// Nor of the distance of rows: the CUDA C++ programming guide lets them be 16 bytes apart.
const MOST_STRIDE_ALIGN: u32 = 16;

impl State<'_, '_> {
    /// `wmma.load` and `wmma.store`.
    pub(super) fn matrix(
        &mut self,
        instruction: &Instruction<'_>,
    ) -> Result<Option<ValueId>, Reason> {
        let wrong = || Reason::Operands(instruction.name.text.to_owned());
        let shape = Shape::of(instruction)
            .ok_or_else(|| Reason::NotAllowed(instruction.name.text.to_owned()))?;
        let operands = instruction.operands.as_ref();
        let address = operands
            .iter()
            .find(|it| matches!(it, Operand::Address(..)));
        let address = address.ok_or_else(wrong)?;
        let fragment = operands.iter().find_map(|operand| match operand {
            Operand::Vector(elements) => Some(self.fragment_bytes(elements)),
            _ => None,
        });
        let row_bytes = shape.columns * shape.bits / 8;
        let align = fragment.ok_or_else(wrong)?.min(row_bytes).min(MOST_ALIGN);
        let align = 1 << (u32::BITS - 1 - align.max(1).leading_zeros());
        let stride = match operands.get(2) {
            Some(stride) => self.operand(stride, 32).ok_or_else(wrong)?,
            None => self.values.constant(32, u64::from(shape.columns)),
        };
        let memory = memory_named(instruction)?;
        let (bits, all_bits) = (shape.bits, shape.bits * (shape.rows - 1));
        let (bits, all_bits) = (
            self.values.constant(32, u64::from(bits)),
            self.values.constant(32, u64::from(all_bits)),
        );
        let distance = self.values.wide_product(stride, bits);
        let stride_align = align.min(MOST_STRIDE_ALIGN);
        let rows = self.values.wide_product(stride, all_bits);
        let rows = self.values.shift_right(rows, 3);
        let extent = Extent {
            bytes: row_bytes,
            align,
            rows: Some(rows),
        };
        let claim = self.assumed.of(self.line, memory);
        let rows_align = claim.and_then(|claim| claim.rows_align);
        if rows_align.is_some_and(|it| it.is_multiple_of(stride_align))
            && self.is_assumed(memory, address, extent)
        {
            return Ok(None);
        }
        let zeros = self.facts.zeros(&mut self.values, distance);
        if zeros < (8 * stride_align).trailing_zeros() && !self.facts.contradict() {
            return Err(Reason::Misaligned {
                memory,
                align: stride_align,
            });
        }
        let address = self.address(instruction, address)?;
        self.prove(memory, address, extent)?;
        Ok(None)
    }

    /// Bytes that one lane holds.
    fn fragment_bytes(&self, elements: &[Operand<'_>]) -> u32 {
        let bits = elements.iter().map(|element| match element {
            Operand::Register(register) => self.width(*register),
            _ => 32,
        });
        bits.max().unwrap_or(32) / 8 * elements.len() as u32
    }
}

impl Shape {
    fn of(instruction: &Instruction<'_>) -> Option<Self> {
        let name = instruction.name;
        let [m, n, k] = name.words().find_map(dimensions)?;
        let (rows, columns) = match name.row.name.bytes().last()? {
            b'a' => (m, k),
            b'b' => (k, n),
            _ => (m, n),
        };
        let bits = name.words().filter_map(element_bits).last()?;
        let by_columns = match (name.has("row"), name.has("col")) {
            (true, false) => false,
            (false, true) => true,
            _ => return None,
        };
        let (rows, columns) = if by_columns {
            (columns, rows)
        } else {
            (rows, columns)
        };
        Some(Self {
            rows,
            columns,
            bits,
        })
    }
}

/// The numbers of `m16n16k16`.
fn dimensions(word: &str) -> Option<[u32; 3]> {
    let (m, rest) = word.strip_prefix('m')?.split_once('n')?;
    let (n, k) = rest.split_once('k')?;
    let number = |text: &str| text.parse().ok().filter(|it| (1..=256).contains(it));
    Some([number(m)?, number(n)?, number(k)?])
}

fn element_bits(word: &str) -> Option<u32> {
    Some(match word {
        "f64" => 64,
        "f32" | "tf32" | "s32" => 32,
        "f16" | "bf16" => 16,
        "u8" | "s8" => 8,
        "u4" | "s4" => 4,
        "b1" => 1,
        _ => return None,
    })
}
