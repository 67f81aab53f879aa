//! Bits that are cut off at one end or the other.
//!
//! What is left of a value above its lowest bits is the value without them: so that what a kernel takes away again cancels out.

use super::Analysis;
use super::atoms::{Atom, Form};
use super::polynomial::Polynomial;
use crate::proof::interval::Interval;
use crate::proof::program::Width;

/// Bits that are followed, at most: sums of numbers of 64 bits are held in as many.
const MOST_BITS: u32 = 62;

impl Analysis<'_> {
    /// Whether a mask keeps bits side by side of a value of which something is known.
    pub(super) fn can_be_taken_apart(&self, of: &Form, mask: u64, width: Width) -> bool {
        let (first, end) = ends(mask);
        let is_run = mask != 0 && mask.count_ones() == end - first;
        let is_unknown = |atom| matches!(self.atoms.get(atom), Atom::Unknown { .. });
        // The highest bits of a number of which nothing is known have no sign.
        let is_known = first == 0 || end < width.bits || !of.sum.atoms().any(is_unknown);
        is_run && first <= MOST_BITS && (end <= MOST_BITS || end == width.bits) && is_known
    }

    /// The bits of a value that a mask keeps.
    pub(super) fn masked(&mut self, of: Form, mask: u64, width: Width) -> Option<Form> {
        let (first, end) = ends(mask);
        let upper = match end {
            end if end == width.bits && first > 0 => of,
            end => self.low_bits(of, end)?,
        };
        if first == 0 {
            return Some(upper);
        }
        let lower = self.low_bits(upper.clone(), first)?;
        Form::joined(upper.sum.minus(&lower.sum), &upper, &lower)
    }

    pub(super) fn low_bits(&mut self, of: Form, bits: u32) -> Option<Form> {
        let range = Interval::of_bits(bits, false);
        if self.atoms.outline(&of.sum).lies_in(range) {
            return Some(of);
        }
        let reduced = Form {
            sum: reduced(&of.sum, bits),
            needs: of.needs,
        };
        if self.atoms.outline(&reduced.sum).lies_in(range) {
            return Some(reduced);
        }
        let of = reduced;
        self.atom(Atom::LowBits { of, bits }).map(Form::atom)
    }
}

/// The first bit of a mask, and the one behind its last.
fn ends(mask: u64) -> (u32, u32) {
    (mask.trailing_zeros(), u64::BITS - mask.leading_zeros())
}

/// A sum that leaves the same on division by a power of two, without what leaves nothing.
fn reduced(sum: &Polynomial, bits: u32) -> Polynomial {
    if bits > MOST_BITS {
        return sum.clone();
    }
    let mut kept = sum.clone();
    kept.constant &= (1 << bits) - 1;
    kept.terms
        .retain(|(_, factor)| factor.trailing_zeros() < bits);
    kept
}
