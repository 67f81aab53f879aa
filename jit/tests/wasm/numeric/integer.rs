//! Integer arithmetic, logic, comparisons and counting.

use super::{Nan, check_binary, check_unary};
use wasi_cuda_jit::cpu::FaultKind;

macro_rules! of_both_widths {
    ($check:ident, $narrow:ident, $wide:ident) => {
        fn $narrow(name: &str, reference: impl Fn(i32, i32) -> i64) {
            let name = format!("i32.{name}");
            $check(&name, "i32", "i32", Nan::Exact, &|a, b| {
                Ok(u64::from(reference(a as i32, b as i32) as u32))
            });
        }

        fn $wide(name: &str, reference: impl Fn(i64, i64) -> i64) {
            let name = format!("i64.{name}");
            $check(&name, "i64", "i64", Nan::Exact, &|a, b| {
                Ok(reference(a as i64, b as i64) as u64)
            });
        }
    };
}

of_both_widths!(check_binary, narrow, wide);
of_both_widths!(check_unary, narrow_unary, wide_unary);

#[test]
fn arithmetic_wraps() {
    narrow("add", |a, b| a.wrapping_add(b).into());
    narrow("sub", |a, b| a.wrapping_sub(b).into());
    narrow("mul", |a, b| a.wrapping_mul(b).into());
    wide("add", i64::wrapping_add);
    wide("sub", i64::wrapping_sub);
    wide("mul", i64::wrapping_mul);
}

#[test]
fn logic_works_on_every_bit() {
    narrow("and", |a, b| (a & b).into());
    narrow("or", |a, b| (a | b).into());
    narrow("xor", |a, b| (a ^ b).into());
    wide("and", |a, b| a & b);
    wide("or", |a, b| a | b);
    wide("xor", |a, b| a ^ b);
}

#[test]
fn shifts_and_rotations_take_their_amount_modulo_the_width() {
    narrow("shl", |a, b| a.wrapping_shl(b as u32).into());
    narrow("shr_s", |a, b| a.wrapping_shr(b as u32).into());
    narrow("shr_u", |a, b| (a as u32).wrapping_shr(b as u32).into());
    narrow("rotl", |a, b| a.rotate_left(b as u32 % 32).into());
    narrow("rotr", |a, b| a.rotate_right(b as u32 % 32).into());
    wide("shl", |a, b| a.wrapping_shl(b as u32));
    wide("shr_s", |a, b| a.wrapping_shr(b as u32));
    wide("shr_u", |a, b| (a as u64).wrapping_shr(b as u32) as i64);
    wide("rotl", |a, b| a.rotate_left(b as u32 % 64));
    wide("rotr", |a, b| a.rotate_right(b as u32 % 64));
}

#[test]
fn bits_are_counted() {
    narrow_unary("clz", |a, _| a.leading_zeros().into());
    narrow_unary("ctz", |a, _| a.trailing_zeros().into());
    narrow_unary("popcnt", |a, _| a.count_ones().into());
    wide_unary("clz", |a, _| a.leading_zeros().into());
    wide_unary("ctz", |a, _| a.trailing_zeros().into());
    wide_unary("popcnt", |a, _| a.count_ones().into());
}

type Comparison = fn(i128, i128) -> bool;

#[test]
fn comparisons_are_signed_or_not() {
    let comparisons: [(&str, Comparison); 6] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("gt", |a, b| a > b),
        ("le", |a, b| a <= b),
        ("ge", |a, b| a >= b),
    ];
    for (name, holds) in comparisons {
        for signed in [true, false] {
            let suffix = match (name, signed) {
                ("eq" | "ne", true) => "",
                ("eq" | "ne", false) => continue,
                (_, true) => "_s",
                (_, false) => "_u",
            };
            let narrow = |bits: u64| match signed {
                true => i128::from(bits as i32),
                false => i128::from(bits as u32),
            };
            let wide = |bits: u64| match signed {
                true => i128::from(bits as i64),
                false => i128::from(bits),
            };
            let name_32 = format!("i32.{name}{suffix}");
            check_binary(&name_32, "i32", "i32", Nan::Exact, &|a, b| {
                Ok(holds(narrow(a), narrow(b)).into())
            });
            let name_64 = format!("i64.{name}{suffix}");
            check_binary(&name_64, "i64", "i32", Nan::Exact, &|a, b| {
                Ok(holds(wide(a), wide(b)).into())
            });
        }
    }
    check_unary("i32.eqz", "i32", "i32", Nan::Exact, &|a, _| {
        Ok((a == 0).into())
    });
    check_unary("i64.eqz", "i64", "i32", Nan::Exact, &|a, _| {
        Ok((a == 0).into())
    });
}

/// A quotient or a remainder as WebAssembly defines it.
fn divided<T: Copy + PartialEq + Default>(
    a: T,
    b: T,
    operation: impl Fn(T, T) -> Option<T>,
    bits: impl Fn(T) -> u64,
) -> Result<u64, FaultKind> {
    if b == T::default() {
        return Err(FaultKind::DivideByZero);
    }
    operation(a, b).map(bits).ok_or(FaultKind::IntegerOverflow)
}

#[test]
fn divisions_fault_where_they_have_no_quotient() {
    let word = |value: i32| u64::from(value as u32);
    check_binary("i32.div_s", "i32", "i32", Nan::Exact, &|a, b| {
        divided(a as i32, b as i32, i32::checked_div, word)
    });
    check_binary("i32.div_u", "i32", "i32", Nan::Exact, &|a, b| {
        divided(a as u32, b as u32, u32::checked_div, u64::from)
    });
    check_binary("i64.div_s", "i64", "i64", Nan::Exact, &|a, b| {
        divided(a as i64, b as i64, i64::checked_div, |value| value as u64)
    });
    check_binary("i64.div_u", "i64", "i64", Nan::Exact, &|a, b| {
        divided(a, b, u64::checked_div, |value| value)
    });
}

#[test]
fn remainders_fault_by_zero_alone() {
    let word = |value: i32| u64::from(value as u32);
    check_binary("i32.rem_s", "i32", "i32", Nan::Exact, &|a, b| {
        divided(a as i32, b as i32, |a, b| Some(a.wrapping_rem(b)), word)
    });
    check_binary("i32.rem_u", "i32", "i32", Nan::Exact, &|a, b| {
        divided(a as u32, b as u32, u32::checked_rem, u64::from)
    });
    check_binary("i64.rem_s", "i64", "i64", Nan::Exact, &|a, b| {
        divided(
            a as i64,
            b as i64,
            |a, b| Some(a.wrapping_rem(b)),
            |value| value as u64,
        )
    });
    check_binary("i64.rem_u", "i64", "i64", Nan::Exact, &|a, b| {
        divided(a, b, u64::checked_rem, |value| value)
    });
}
