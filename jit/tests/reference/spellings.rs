//! Every spelling of every instruction that computes is translated, or refused for a reason.

use std::fmt::Write as _;

use wasi_cuda_jit::ir::{Effect, Row, Type, rows};
use wasi_cuda_jit::{CompileOptions, compile_ptx};

/// Instructions in one kernel: its compilation takes a time that grows faster than they do.
const BATCH: usize = 64;

/// A spelling of a row, and the types that it chose.
#[derive(Clone, Debug, Default)]
struct Spelling {
    mnemonic: String,
    t: Option<Type>,
    u: Option<Type>,
}

/// All spellings of what is left of a row's mnemonic, behind what was spelt before.
fn spell(before: Spelling, rest: &str, row: &Row, found: &mut Vec<Spelling>) {
    let Some(first) = rest.chars().next() else {
        found.push(before);
        return;
    };
    let with = |word: &str| {
        let mut spelling = before.clone();
        spelling.mnemonic.push_str(word);
        spelling
    };
    match first {
        '{' | '(' => {
            let close = if first == '{' { '}' } else { ')' };
            let (choices, rest) = rest[1..].split_once(close).expect("braces are closed");
            if first == '{' {
                spell(before.clone(), rest, row, found);
            }
            for word in choices.split('|') {
                spell(with(word), rest, row, found);
            }
        }
        _ => {
            let end = rest[1..]
                .find(['.', '{', '('])
                .map_or(rest.len(), |at| at + 1);
            let (word, rest) = rest.split_at(end);
            match word {
                ".T" | ".U" => {
                    for ty in if word == ".T" { row.t } else { row.u } {
                        let mut spelling = with(&format!(".{}", ty.name()));
                        *(if word == ".T" {
                            &mut spelling.t
                        } else {
                            &mut spelling.u
                        }) = Some(*ty);
                        spell(spelling, rest, row, found);
                    }
                }
                word => spell(with(word), rest, row, found),
            }
        }
    }
}

/// The type of the registers that hold values of this one.
fn register(ty: &str) -> &str {
    match ty {
        "u8" | "s8" | "f16x2" | "bf16x2" | "u16x2" | "s16x2" => "b32",
        "f16" | "bf16" => "b16",
        ty => ty,
    }
}

/// An operand of a row, in a spelling of it; nothing if PTX writes none.
fn operand(role: &str, spelling: &Spelling) -> Option<String> {
    let role = role.trim_start_matches('?');
    let (name, ty) = role.split_once(':')?;
    if name.starts_with('^') {
        return None;
    }
    let constant = ty.ends_with('#');
    let ty = ty.trim_end_matches(['!', '>', '#']);
    let name_of = |ty: Option<Type>| ty.expect("the spelling has chosen a type").name();
    let ty = match ty {
        "T" => name_of(spelling.t),
        "U" => name_of(spelling.u),
        "W" => name_of(spelling.t.and_then(Type::widened)),
        "tT" => {
            let part = name_of(spelling.t.and_then(|t| t.element(2)));
            return Some(format!("{{%{part}_0, %{part}_1}}"));
        }
        ty => ty,
    };
    Some(match constant {
        true if ty == "f32" => "0f3F800000".to_owned(),
        true => "1".to_owned(),
        false => format!(
            "%{}_{}",
            register(ty),
            u32::from(name.trim_start_matches('&') != "d")
        ),
    })
}

/// The instruction, with all operands that it may have.
fn instruction(operands: &str, spelling: &Spelling) -> String {
    let combines = [".and", ".or", ".xor"]
        .iter()
        .any(|word| spelling.mnemonic.contains(word));
    let operands = if combines {
        operands.to_owned()
    } else {
        operands.replace("{, c:pred!}", "")
    };
    let spread = operands
        .replace("{|", "|")
        .replace("{,", ",")
        .replace('}', "")
        .replace('|', ",&");
    let mut text = spelling.mnemonic.clone();
    for (index, role) in spread.split(',').map(str::trim).enumerate() {
        let Some(operand) = operand(role, spelling) else {
            continue;
        };
        let between = match index {
            0 => " ",
            _ if role.starts_with('&') => "|",
            _ => ", ",
        };
        text += between;
        text += &operand;
    }
    text + ";"
}

fn kernel(instructions: &[String]) -> String {
    let mut declarations = String::new();
    for ty in [
        "pred", "b8", "b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64",
    ] {
        let _ = writeln!(declarations, ".reg .{ty} %{ty}_<2>;");
    }
    format!(
        ".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry spelt()\n{{\n{declarations}{}\nret;\n}}\n",
        instructions.join("\n")
    )
}

fn refusal(instructions: &[String]) -> Option<String> {
    let refused = compile_ptx(&kernel(instructions), &CompileOptions::default()).err()?;
    Some(format!("{refused:?}"))
}

#[test]
fn every_spelling_is_translated_or_refused_for_a_reason() {
    for row in rows().filter(|row| row.effect == Effect::Pure && !row.syntax.contains(['[', '*'])) {
        let (mnemonic, operands) = row.syntax.split_once(' ').expect("a row has operands");
        let end = mnemonic.find(['.', '{', '(']).unwrap_or(mnemonic.len());
        let begin = Spelling {
            mnemonic: mnemonic[..end].to_owned(),
            ..Spelling::default()
        };
        let mut spellings = Vec::new();
        spell(begin, &mnemonic[end..], row, &mut spellings);
        let instructions: Vec<_> = spellings
            .iter()
            .map(|spelling| instruction(operands, spelling))
            .collect();
        // Of the combinations of a conversion many are no PTX.
        let batch = if mnemonic.starts_with("cvt{") {
            1
        } else {
            BATCH
        };
        for instructions in instructions.chunks(batch) {
            let Some(refusal) = refusal(instructions) else {
                continue;
            };
            let is_reason = batch == 1
                && !refusal.contains("no translation")
                && !refusal.contains("could not be compiled");
            assert!(is_reason, "{}: {instructions:?}: {refusal}", row.syntax);
        }
    }
}

#[test]
fn conversions_that_are_no_ptx_are_refused_with_what_to_do() {
    let cases = [
        ("cvt.f16.f32 %b16_0, %f32_1;", "loses bits needs .rn"),
        ("cvt.bf16.f16 %b16_0, %b16_1;", "loses bits needs .rn"),
        ("cvt.rni.f16.bf16 %b16_0, %b16_1;", "loses bits needs .rn"),
        ("cvt.rni.f32.f16 %f32_0, %b16_1;", "needs two equal types"),
        ("cvt.rn.f32.f16 %f32_0, %b16_1;", "nothing is rounded here"),
        (
            "cvt.rn.bf16.bf16 %b16_0, %b16_1;",
            "nothing is rounded here",
        ),
        ("cvt.f16.s32 %b16_0, %s32_1;", "from an integer needs .rn"),
        ("cvt.s32.bf16 %s32_0, %b16_1;", "to an integer needs .rni"),
        (
            "cvt.rn.sat.bf16.f32 %b16_0, %f32_1;",
            "no .bf16 is saturated",
        ),
        ("cvt.sat.f32.bf16 %f32_0, %b16_1;", "no .bf16 is saturated"),
        ("cvt.rn.ftz.f16.f64 %b16_0, %f64_1;", "leave out .ftz"),
        ("cvt.rzi.ftz.s32.f16 %s32_0, %b16_1;", "leave out .ftz"),
        ("cvt.sat.u64.u32 %u64_0, %u32_1;", "leave out .sat"),
        ("cvt.rn.s32.s64 %s32_0, %s64_1;", "integers are not rounded"),
        (
            "min.relu.u16x2 %b32_0, %b32_1, %b32_1;",
            "unknown instruction",
        ),
        (
            "add.ftz.bf16 %b16_0, %b16_1, %b16_1;",
            "unknown instruction",
        ),
    ];
    for (instruction, reason) in cases {
        let refusal = refusal(&[instruction.to_owned()]).unwrap_or_default();
        assert!(refusal.contains(reason), "`{instruction}`: {refusal:?}");
    }
}
