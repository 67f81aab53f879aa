//! Sums of several words.

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, Integer};

/// What `a`, `b`, `c` and a carry give, before it is cut to the type's width.
type Wide = fn(Integer, [i128; 3], i128) -> i128;

fn unsigned(ty: Integer, value: i128) -> i128 {
    ty.wrap(value).into()
}

/// The two halves of a product, as numbers without a sign.
fn product(ty: Integer, [a, b, _]: [i128; 3], high: bool) -> i128 {
    let product = a.wrapping_mul(b);
    let half = match (high, ty.signed) {
        (false, _) => product,
        (true, true) => product >> ty.bits,
        (true, false) => (product as u128 >> ty.bits) as i128,
    };
    unsigned(ty, half)
}

/// Each instruction, the one that reads the carry too, and their operands.
const SUMS: [(&str, &str, &str, Wide); 4] = [
    ("add", "addc", "%a, %b", |ty, [a, b, _], carry| {
        unsigned(ty, a) + unsigned(ty, b) + carry
    }),
    ("sub", "subc", "%a, %b", |ty, [a, b, _], carry| {
        unsigned(ty, a) - unsigned(ty, b) - carry
    }),
    ("mad.lo", "madc.lo", "%a, %b, %c", |ty, values, carry| {
        product(ty, values, false) + unsigned(ty, values[2]) + carry
    }),
    ("mad.hi", "madc.hi", "%a, %b, %c", |ty, values, carry| {
        product(ty, values, true) + unsigned(ty, values[2]) + carry
    }),
];

fn carried() -> impl Iterator<Item = Integer> {
    ARITHMETIC.into_iter().filter(|ty| ty.bits >= 32)
}

#[test]
fn a_sum_leaves_its_carry_for_the_next() {
    let mut cases = Vec::new();
    for ty in carried() {
        for (name, next, operands, wide) in SUMS {
            let t = ty.name;
            let values = move |bits: [u64; 3]| bits.map(|bits| ty.value(bits));
            let carry = move |bits, before| {
                let sum = wide(ty, values(bits), before);
                i128::from(sum < 0 || sum >> ty.bits != 0)
            };
            // The carry itself, as a sum of zeros.
            let take = if name == "sub" { "subc" } else { "addc" };
            let body = format!("{name}.cc.{t} %d, {operands};\n{take}.{t} %d, 0, 0;");
            cases.push(Case::new(body, t, t, move |bits| {
                let carry = carry(bits, 0);
                ty.wrap(if take == "subc" { -carry } else { carry })
            }));
            let body = format!("{name}.cc.{t} %d, {operands};");
            cases.push(Case::new(body, t, t, move |bits| {
                ty.wrap(wide(ty, values(bits), 0))
            }));
            let body = format!("{name}.cc.{t} %d, {operands};\n{next}.{t} %d, {operands};");
            cases.push(Case::new(body, t, t, move |bits| {
                ty.wrap(wide(ty, values(bits), carry(bits, 0)))
            }));
            let body = format!(
                "{name}.cc.{t} %d, {operands};\n{next}.cc.{t} %d, {operands};\n{take}.{t} %d, 0, 0;"
            );
            cases.push(Case::new(body, t, t, move |bits| {
                let carry = carry(bits, carry(bits, 0));
                ty.wrap(if take == "subc" { -carry } else { carry })
            }));
        }
    }
    check(cases);
}

#[test]
fn a_predicate_keeps_the_carry_of_an_instruction_that_does_not_run() {
    let body = "setp.ne.u32 %p0, %c, 0;\nadd.cc.u32 %d, %a, %b;\n@%p0 add.cc.u32 %d, 0, 0;\naddc.u32 %d, 0, 0;";
    check(vec![Case::new(body.into(), "u32", "u32", |[a, b, c]| {
        let carry = (a as u32).overflowing_add(b as u32).1;
        u64::from(carry && c as u32 == 0)
    })]);
}

#[test]
fn a_comparison_writes_both_predicates_under_the_guard_that_it_began_with() {
    let body = "setp.lt.s32 %p0, %c, 0;\nsetp.eq.s32 %p1, 0, 0;\n@%p0 setp.lt.s32 %p0|%p1, %a, %b;\nmov.pred %d, %p1;";
    check(vec![Case::new(body.into(), "pred", "s32", |[a, b, c]| {
        let runs = (c as i32) < 0;
        u64::from(!runs || a as i32 >= b as i32)
    })]);
}

#[test]
fn a_borrow_is_the_lack_of_a_carry() {
    // What GPUs do: they subtract by adding the complement.
    let types = ["u32", "u64"];
    let mut cases = Vec::new();
    for ty in ARITHMETIC.into_iter().filter(|ty| types.contains(&ty.name)) {
        let body = format!("add.cc.{0} %d, %a, %b;\nsubc.{0} %d, %c, %a;", ty.name);
        cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
            let carry = (ty.value(a) + ty.value(b)) >> ty.bits;
            ty.wrap(ty.value(c) - ty.value(a) - (1 - carry))
        }));
        let body = format!("sub.cc.{0} %d, %a, %b;\naddc.{0} %d, %c, %a;", ty.name);
        cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
            let carry = i128::from(ty.value(a) >= ty.value(b));
            ty.wrap(ty.value(c) + ty.value(a) + carry)
        }));
    }
    check(cases);
}
