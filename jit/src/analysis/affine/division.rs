//! Divisions by constants, which compilers write as products: the upper half of a product with a rounded inverse, shifted.

use super::Analysis;
use super::atoms::{Atom, Form};
use super::polynomial::AtomId;
use crate::proof::program::{Operation, Width};

/// The upper half of a value's product with a constant, shifted to the right.
struct Product {
    product: AtomId,
    of: Form,
    inverse: u64,
    shift: u32,
}

impl Analysis<'_> {
    /// A sum that divides a number with sign: the product's part above, and one more where that is negative.
    pub(super) fn quotient_by_product(&mut self, a: &Form, b: &Form, bits: u32) -> Option<Form> {
        for (part, sign) in [(a, b), (b, a)] {
            let signed = |signed| Width { bits, signed };
            let Some(found) = self.product(part, signed(true)) else {
                continue;
            };
            let Some((of, by)) = self.shifted_atom(sign, signed(false)) else {
                continue;
            };
            let is_sign = by == bits - 1 && of == found.product;
            if is_sign && found.inverse < 1 << (bits - 1) {
                return self.quotient(found, signed(true), bits - 1);
            }
        }
        None
    }

    /// A product's part above that divides a number without sign.
    pub(super) fn quotient_of_unsigned(&mut self, shifted: &Form, bits: u32) -> Option<Form> {
        let width = Width {
            bits,
            signed: false,
        };
        let found = self.product(shifted, width)?;
        self.quotient(found, width, bits)
    }

    /// The quotient that a product is, for all numbers of which so many bits tell how large they are.
    fn quotient(&mut self, found: Product, width: Width, bits: u32) -> Option<Form> {
        let Product {
            of, inverse, shift, ..
        } = found;
        let power = width.bits + shift;
        if width.bits > 32 || inverse == 0 || power > 100 {
            return None;
        }
        let (one, inverse) = (1u128 << power, u128::from(inverse));
        let divisor = one.div_ceil(inverse);
        // `x * inverse / one` is `x / divisor` and less than `1 / divisor` more, but more.
        let error = inverse * divisor - one;
        let is_exact = error > 0 && error << bits < one && divisor > 1;
        let divisor = i64::try_from(divisor).ok().filter(|_| is_exact)?;
        self.apply(Operation::Divide, of, Form::constant(divisor), width)
    }

    /// A value that is the upper half of a product with a constant, shifted or as it is.
    fn product(&self, form: &Form, width: Width) -> Option<Product> {
        let (product, shift) = match self.shifted_atom(form, width) {
            Some(shifted) => shifted,
            None => (as_atom(form)?, 0),
        };
        let Atom::Apply {
            operation: Operation::HighProduct,
            a,
            b,
            width: own,
        } = self.atoms.get(product)
        else {
            return None;
        };
        let (of, inverse) = match (a.sum.as_constant(), b.sum.as_constant()) {
            (None, Some(inverse)) => (a, inverse),
            (Some(inverse), None) => (b, inverse),
            _ => return None,
        };
        let mask = u64::MAX >> (64 - width.bits);
        (*own == width).then(|| Product {
            product,
            of: of.clone(),
            inverse: inverse as u64 & mask,
            shift,
        })
    }

    /// What a value is that is shifted to the right by a constant, and by how much.
    fn shifted_atom(&self, form: &Form, width: Width) -> Option<(AtomId, u32)> {
        let Atom::Apply {
            operation: Operation::ShiftRight,
            a,
            b,
            width: own,
        } = self.atoms.get(as_atom(form)?)
        else {
            return None;
        };
        let by = u32::try_from(b.sum.as_constant()?).ok()?;
        let of = as_atom(a).filter(|_| a.needs.is_empty())?;
        (*own == width && by < width.bits).then_some((of, by))
    }
}

/// The atom that a value is, with nothing added.
fn as_atom(form: &Form) -> Option<AtomId> {
    form.sum.as_atom().filter(|_| form.sum.constant == 0)
}
