//! Arithmetic that rounds in a direction of its own.

use crate::cases::{Case, check};
use crate::exact::{F32, F64, Format, Operation, ROUNDINGS, Rounding};

const OPERATIONS: [(&str, Operation); 8] = [
    ("add", Operation::Add),
    ("sub", Operation::Sub),
    ("mul", Operation::Mul),
    ("fma", Operation::Fma),
    ("mad", Operation::Fma),
    ("div", Operation::Div),
    ("rcp", Operation::Rcp),
    ("sqrt", Operation::Sqrt),
];

/// The operands as PTX, as many as an operation takes.
pub(crate) fn operands(operation: Operation) -> &'static str {
    match operation {
        Operation::Fma => "%d, %a, %b, %c",
        Operation::Rcp | Operation::Sqrt => "%d, %a",
        _ => "%d, %a, %b",
    }
}

fn case(
    name: &str,
    operation: Operation,
    format: Format,
    rounding: (&str, Rounding),
    suffix: &'static str,
) -> Case {
    let operands = operands(operation);
    let body = format!("{name}.{}{suffix}.{} {operands};", rounding.0, format.name);
    let flush = move |bits| {
        if suffix.contains("ftz") {
            format.flushed(bits)
        } else {
            bits
        }
    };
    Case::new(body, format.name, format.name, move |bits| {
        let values = bits.map(|bits| format.value(flush(bits)));
        let result = flush(operation.of(values, format, rounding.1));
        if suffix.contains("sat") {
            format.saturated(result)
        } else {
            result
        }
    })
}

fn all(format: Format, suffix: &'static str, named: impl Fn(&str) -> bool) -> Vec<Case> {
    let operations = OPERATIONS.into_iter().filter(|(name, _)| named(name));
    let cases = operations.flat_map(|(name, operation)| {
        ROUNDINGS.map(|rounding| case(name, operation, format, rounding, suffix))
    });
    cases.collect()
}

#[test]
fn single_precision_rounds_in_every_direction() {
    check(all(F32, "", |_| true));
}

#[test]
fn double_precision_rounds_in_every_direction() {
    check(all(F64, "", |_| true));
}

#[test]
fn results_are_flushed_and_saturated_after_they_are_rounded() {
    check(all(F32, ".ftz", |_| true));
    let saturates = |name: &str| ["add", "sub", "mul", "fma", "mad"].contains(&name);
    check(all(F32, ".sat", saturates));
    check(all(F32, ".ftz.sat", saturates));
}
