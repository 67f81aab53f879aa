//! Each instruction, run on the CPU device, gives the bits that the PTX ISA asks for.
//!
//! A test compiles a small kernel for each spelling of an instruction and compares it with a reference in plain Rust, for
//! random operands and for those at which instructions behave in a special way.

use wasi_cuda_jit::ir::Effect;

mod approximate;
mod bits;
mod carry;
mod cases;
mod compare;
mod convert;
mod device;
mod exact;
mod fields;
mod float;
mod half;
mod integer;
mod narrow;
mod numbers;
mod packed;
mod rounding;
mod spellings;
mod video;
mod video_words;
mod words;

/// The texts of the modules above, which spell every instruction that is tried.
const TEXTS: [&str; 15] = [
    include_str!("approximate.rs"),
    include_str!("bits.rs"),
    include_str!("carry.rs"),
    include_str!("compare.rs"),
    include_str!("convert.rs"),
    include_str!("fields.rs"),
    include_str!("float.rs"),
    include_str!("half.rs"),
    include_str!("integer.rs"),
    include_str!("narrow.rs"),
    include_str!("packed.rs"),
    include_str!("rounding.rs"),
    include_str!("video.rs"),
    include_str!("video_words.rs"),
    include_str!("words.rs"),
];

#[test]
fn every_instruction_that_computes_is_tried() {
    for row in wasi_cuda_jit::ir::rows().filter(|row| row.effect == Effect::Pure) {
        let name = row
            .syntax
            .split(['.', '{', '(', ' '])
            .next()
            .expect("a row begins with a name");
        // Parameters and addresses are what every kernel of these tests begins with.
        if ["ld", "cvta"].contains(&name) {
            continue;
        }
        // An instruction is spelt out, or its name stands alone where a test adds the types.
        let openings = [
            format!("\"{name}."),
            format!("\"{name}\""),
            format!("\\n{name}."),
        ];
        let spelt = TEXTS
            .iter()
            .any(|text| openings.iter().any(|opening| text.contains(opening)));
        assert!(spelt, "no test tries `{}`", row.syntax);
    }
}
