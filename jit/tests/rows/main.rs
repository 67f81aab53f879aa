//! Every row of the opcode table is spelt as the vendor's assembler spells it: for each choice that a row offers, a kernel of one
//! instruction is read, printed, and assembled, and printed once more with its guards unless the row is refused.
//!
//! Words that may be left out are left out, or the first of each choice stands there; of words that must be there, and of types,
//! every one stands there once.

mod choice;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod spelling;

use choice::{choices, form_of};
use spelling::{instruction, kernel};
use wasi_cuda_jit::ir::{Form, Opcode, rows};
use wasi_cuda_jit::{CompileOptions, back, front, sandboxed_ptx};

/// What the texts are assembled for: the target of their heads.
const TARGET: &str = "sm_90a";

const HEAD: &str = ".version 8.8\n.target sm_90a\n.address_size 64\n";

/// The forms that stand in a kernel by themselves: a call and a table of labels need more than operands.
fn forms() -> Vec<&'static Form> {
    let alone = |form: &&Form| {
        !matches!(
            form.row.opcode,
            Opcode::Call | Opcode::Brx | Opcode::StParam
        ) && !form.row.syntax.contains(".sandbox")
    };
    rows().map(form_of).filter(alone).collect()
}

/// The texts of one form's choices: as they are read and printed, and with their guards.
fn prints(form: &Form, problems: &mut Vec<String>) -> Vec<String> {
    let mut texts = Vec::new();
    for choice in choices(form) {
        let line = instruction(form, &choice);
        let source = format!("{HEAD}{}", kernel("k", &line));
        match front::ptx::parse(&source) {
            Ok(module) => texts.push(back::ptx::print(&module)),
            Err(found) => {
                problems.push(format!("{line}: not read: {}", found[0]));
                continue;
            }
        }
        if form.row.refused.is_some() {
            continue;
        }
        match sandboxed_ptx(
            &source,
            &CompileOptions {
                checked: true,
                ..CompileOptions::default()
            },
        ) {
            Ok(text) => texts.push(text),
            // What the verifier refuses need not be taken by anybody.
            Err(_) => {
                texts.pop();
            }
        }
    }
    if texts.is_empty() {
        problems.push(format!("{}: nothing of it is accepted", form.row.syntax));
    }
    texts
}

/// Several printed modules as one.
fn joined(texts: &[String]) -> String {
    let mut module = HEAD.to_owned();
    if texts.iter().any(|text| text.contains("\n.extern .shared")) {
        module += ".extern .shared .align 128 .b8 shared_memory[];\n";
    }
    for (number, text) in texts.iter().enumerate() {
        let start = text.find(".visible").unwrap_or(0);
        module += &text[start..].replacen("kernel0", &format!("kernel{number}"), 1);
    }
    module
}

#[test]
fn the_vendors_assembler_takes_every_row() {
    let Some(assembler) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder = std::env::temp_dir().join(format!("wasi-cuda-jit-rows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut problems = Vec::new();
    let mut assembled = 0;
    for form in forms() {
        let texts = prints(form, &mut problems);
        assembled += texts.len();
        if ptxas::assemble(&assembler, &folder, TARGET, &joined(&texts)).is_ok() {
            continue;
        }
        for text in texts {
            if let Err(log) = ptxas::assemble(&assembler, &folder, TARGET, &text) {
                let first = log.lines().next().unwrap_or_default().to_owned();
                let line = log
                    .lines()
                    .next()
                    .and_then(|line| line.split("line ").nth(1));
                let number = line.and_then(|rest| rest.split(';').next()?.parse::<usize>().ok());
                let wrong = number
                    .and_then(|number| text.lines().nth(number - 1))
                    .unwrap_or_default();
                problems.push(format!("{}\n    {wrong}\n    {first}", form.row.syntax));
            }
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
    eprintln!("{} assembled {assembled} texts", assembler.display());
}
