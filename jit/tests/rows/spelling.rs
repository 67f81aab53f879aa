//! An instruction's text, and a kernel around it.

use crate::choice::Choice;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use wasi_cuda_jit::ir::{Count, Form, Modifier, Opcode, Role, RoleKind, RoleType, Slot, Type};

/// The instruction's text.
pub(crate) fn instruction(form: &Form, choice: &Choice) -> String {
    let mut text = form.name.to_owned();
    for (slot, word) in form.slots.iter().zip(&choice.words) {
        let word = match slot {
            Slot::T => choice.t.map(Type::name),
            Slot::U => choice.u.map(Type::name),
            Slot::Fixed(ty) => Some(ty.name()),
            _ => word.map(Modifier::name),
        };
        if let Some(word) = word {
            text = text + "." + word;
        }
    }
    let mut separator = " ";
    for (index, role) in form.roles.iter().enumerate() {
        if role.implicit || (role.optional && !choice.has_operand(form, role)) {
            continue;
        }
        text += if role.paired { "|" } else { separator };
        text += &operand(form, choice, index, role);
        separator = ", ";
    }
    text
}

fn operand(form: &Form, choice: &Choice, index: usize, role: &Role) -> String {
    let has = |word| choice.words.contains(&Some(word));
    // What arrives at another block's barrier gets no state back.
    if role.destination && form.name == "mbarrier" && has(Modifier::SharedCluster) {
        return "_".to_owned();
    }
    let ty = match role.kind {
        RoleKind::Label => return "done".to_owned(),
        RoleKind::Address if form.row.opcode == Opcode::LdParam => return "[window]".to_owned(),
        RoleKind::Address => return address(form, choice, index),
        RoleKind::Value(RoleType::T) => choice.t,
        RoleKind::Value(RoleType::U) => choice.u,
        RoleKind::Value(RoleType::Wide) => choice.t.and_then(Type::widened),
        RoleKind::Value(RoleType::Fixed(ty)) => Some(ty),
    };
    let ty = ty.expect("the operand has a type");
    if role.constant {
        return constant(form, ty).to_owned();
    }
    if matches!(
        form.row.opcode,
        Opcode::Bar | Opcode::BarRed | Opcode::BarArrive
    ) && ty == Type::U32
        && !role.destination
    {
        let is_number = form.roles.iter().position(|role| !role.destination) == Some(index);
        return if is_number { "0" } else { "64" }.to_owned();
    }
    let count = match role.count {
        _ if role.tuple => 2,
        Count::Single => return register(ty, index, 0),
        Count::Vector if has(Modifier::V2) => 2,
        Count::Vector if has(Modifier::V4) => 4,
        Count::Vector => return register(ty, index, 0),
        Count::Exactly(count) => usize::from(count),
        Count::Matrices if has(Modifier::X4) => 4,
        Count::Matrices if has(Modifier::X2) => 2,
        Count::Matrices => 1,
        Count::Any => accumulators(choice),
    };
    let ty = if role.tuple {
        ty.element(2).expect("the type has halves")
    } else {
        ty
    };
    let elements: Vec<String> = (0..count)
        .map(|element| register(ty, index, element))
        .collect();
    format!("{{{}}}", elements.join(", "))
}

/// How many registers hold the product of a `wgmma`.
fn accumulators(choice: &Choice) -> usize {
    let shape = choice
        .words
        .iter()
        .flatten()
        .find_map(|word| word.name().strip_prefix("m64n"));
    let columns: usize = shape
        .and_then(|rest| rest.split_once('k'))
        .map_or(8, |(n, _)| n.parse().unwrap());
    if choice.words.contains(&Some(Modifier::WordF16)) {
        columns / 4
    } else {
        columns / 2
    }
}

fn address(form: &Form, choice: &Choice, index: usize) -> String {
    let dimensions = [
        Modifier::Dim1,
        Modifier::Dim2,
        Modifier::Dim3,
        Modifier::Dim4,
        Modifier::Dim5,
    ];
    let chosen = dimensions
        .iter()
        .position(|word| choice.words.contains(&Some(*word)));
    // The tensor is what a copy into shared memory reads, and what one out of it writes.
    let is_load = form
        .roles
        .iter()
        .filter(|role| role.kind == RoleKind::Address)
        .count()
        != 2;
    match chosen {
        Some(last)
            if (is_load && index == 1)
                || !is_load && index == 0
                || form.roles.len() < 3 && index == 0 =>
        {
            let coordinates: Vec<String> =
                (0..=last).map(|at| register(Type::B32, 9, at)).collect();
            format!("[%at, {{{}}}]", coordinates.join(", "))
        }
        _ => "[%at]".to_owned(),
    }
}

fn constant(form: &Form, ty: Type) -> &'static str {
    match form.name {
        _ if ty == Type::F32 => "0f3F800000",
        "cp" if form.row.opcode == Opcode::CpAsync => "16",
        "setmaxnreg" => "64",
        // The bytes of a tensor map, of which there is one size.
        _ if form.row.syntax.contains(".tensormap::generic") => "128",
        _ => "1",
    }
}

/// A register of an operand, or of an element of it. Its type is what stands before the first `_`.
fn register(ty: Type, operand: usize, element: usize) -> String {
    let declared = match ty {
        Type::Pred => "pred",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::F16 => "f16",
        ty => match ty.bits() {
            8 | 16 => "b16",
            32 => "b32",
            128 => "b128",
            _ => "b64",
        },
    };
    format!("%{declared}_{operand}_{element}")
}

/// A kernel that declares the instruction's registers and does it.
pub(crate) fn kernel(name: &str, instruction: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let names: BTreeSet<&str> = instruction
        .split('%')
        .skip(1)
        .map(|rest| {
            rest.split(|character| !is_part(character))
                .next()
                .unwrap_or(rest)
        })
        .collect();
    let mut text = format!(".visible .entry {name}(.param .u64 window)\n{{\n");
    for register in names {
        let ty = register.split('_').next().unwrap_or(register);
        if ty != "at" {
            let _ = writeln!(text, ".reg .{ty} %{register};");
        }
    }
    let _ = write!(
        text,
        ".reg .b64 %at;\nld.param.u64 %at, [window];\n{instruction};\ndone:\nret;\n}}\n"
    );
    text
}
