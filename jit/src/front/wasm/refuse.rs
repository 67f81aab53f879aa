//! What no kernel may hold, by name.

use wasmparser::{Operator, Payload};

/// Words before the first dot in an instruction's name.
const PREFIXES: [&str; 19] = [
    "i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2",
    "memory", "table", "global", "data", "elem", "ref", "struct", "array",
];

/// The name and the offset of a section that no kernel has; none if the section is no such one.
pub(super) fn section(payload: &Payload<'_>) -> Option<(&'static str, usize)> {
    Some(match payload {
        Payload::TableSection(section) => ("table", section.range().start),
        Payload::MemorySection(section) => ("memory", section.range().start),
        Payload::TagSection(section) => ("tag", section.range().start),
        Payload::GlobalSection(section) => ("global", section.range().start),
        Payload::StartSection { range, .. } => ("start", range.start),
        Payload::ElementSection(section) => ("element", section.range().start),
        Payload::DataCountSection { range, .. } => ("data count", range.start),
        Payload::DataSection(section) => ("data", section.range().start),
        _ => return None,
    })
}

/// What to do without a section.
pub(super) fn advice(section: &str) -> &'static str {
    match section {
        "memory" => "import the device's: `(import \"cuda\" \"memory\" (memory i64 0))`",
        "data" | "data count" => "pass constants in a buffer",
        "global" => "pass it as a parameter or keep it in a local",
        "start" => "nothing runs before a kernel",
        "table" | "element" => "there are no indirect calls; choose with `br_table`",
        _ => "leave it out",
    }
}

macro_rules! define_name_and_support {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// The Rust name of an instruction's visitor and the proposal that brought it.
        fn described(operator: &Operator<'_>) -> (&'static str, &'static str) {
            match operator {
                $( Operator::$op { .. } => (stringify!($visit), stringify!($proposal)), )*
                _ => ("visit_unknown", "unknown"),
            }
        }
    };
}

wasmparser::for_each_operator!(define_name_and_support);

/// Whether kernels may hold an instruction.
pub(super) fn supports(operator: &Operator<'_>) -> bool {
    use Operator as O;
    match described(operator).1 {
        "mvp" => !matches!(
            operator,
            O::CallIndirect { .. }
                | O::GlobalGet { .. }
                | O::GlobalSet { .. }
                | O::MemorySize { .. }
                | O::MemoryGrow { .. }
        ),
        "sign_extension" | "saturating_float_to_int" => true,
        _ => matches!(operator, O::TypedSelect { .. }),
    }
}

/// An instruction's name as the text format spells it.
pub(super) fn name(operator: &Operator<'_>) -> String {
    let visitor = described(operator).0;
    let words = visitor.strip_prefix("visit_").unwrap_or(visitor);
    match words.split_once('_') {
        Some((prefix, rest)) if PREFIXES.contains(&prefix) => {
            format!("{prefix}.{}", rest.replace("atomic_", "atomic."))
        }
        _ => words.to_owned(),
    }
}
